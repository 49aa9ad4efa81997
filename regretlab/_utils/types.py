"""Array types used in signatures."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Array", "ArrayLike", "Rounds"]

Array = NDArray[np.float64]
"""Real numbers."""

Rounds = NDArray[np.int64]
"""Rounds t = 1, 2, ..."""

"""Array types used in signatures."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Array", "ArrayLike", "Rounds"]

Array = NDArray[np.float64]
"""Real numbers."""

Rounds = NDArray[np.int64 | np.float64] | NDArray[Any]
"""Rounds t = 1, 2, ..."""

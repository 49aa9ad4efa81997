"""Checkpoints for periodic loss sequences."""

from __future__ import annotations

import numpy as np

from regretlab._utils.types import Rounds

__all__ = ["ends_of_periods"]


def ends_of_periods(period: int, horizon: int, per_decade: int = 16) -> Rounds:
    """Multiples of the period up to ``horizon``, log-spaced: checkpoints that show no oscillation within a period."""
    n = 1 + int(per_decade * np.log10(max(1.0, horizon / period)))
    t = period * np.round(10.0 ** (np.arange(n) / per_decade)).astype(np.int64)
    return np.unique(t[t <= horizon])

"""How fast regret grows with the horizon: the exponent a in R_T ~ T^a, with an interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from regretlab._typing import Array, ArrayLike

__all__ = ["Growth", "growth"]

_RESAMPLES = 400
_FEWEST = 4


class Growth(NamedTuple):
    """The exponent of T in the mean regret, with an interval [low, high] around it.

    ``exponent`` is -inf where the regret has stopped being positive.
    """

    exponent: float
    low: float
    high: float


def growth(horizons: ArrayLike, regret: ArrayLike, *, confidence: float = 0.999) -> Growth:
    """Least squares slope of ln mean R_T against ln T, with an interval.

    The interval covers what the slope does when the seeds are drawn again
    (bootstrap) and when single horizons are left out.  A mean regret that is
    not positive at the last horizon has the exponent -inf, since any bound
    R_T = O(T^a) holds for it; earlier horizons without positive regret are left out.

    Parameters
    ----------
    horizons : (n,) increasing
    regret : (n, seeds)
        R_T of each game at the horizons.
    confidence : float
        Of the bootstrap interval.

    Raises
    ------
    ValueError
        For fewer than four horizons, or arrays that do not fit together.
    """
    T, R = np.asarray(horizons, dtype=np.float64), np.asarray(regret, dtype=np.float64)
    if R.ndim != 2 or R.shape[0] != T.size:
        raise ValueError(f"regret has shape {R.shape}; it must be ({T.size}, seeds) for {T.size} horizons")
    if T.size < _FEWEST or (np.diff(T) <= 0.0).any():
        raise ValueError(f"horizons={T.tolist()}: an exponent needs at least {_FEWEST} increasing horizons")
    exponent = _slope(T, R.mean(axis=1))
    rng = np.random.default_rng(0)
    slopes = [_slope(np.delete(T, i), np.delete(R, i, axis=0).mean(axis=1)) for i in range(T.size)]
    if R.shape[1] > 1:
        draws = rng.integers(0, R.shape[1], (_RESAMPLES, R.shape[1]))
        again = [_slope(T, R[:, draw].mean(axis=1)) for draw in draws]
        tail = 0.5 * (1.0 - confidence)
        slopes += np.quantile(again, [tail, 1.0 - tail], method="nearest").tolist()
    return Growth(exponent, min(exponent, *slopes), max(exponent, *slopes))


def _slope(T: Array, mean: Array) -> float:
    positive = mean > 0.0
    if not mean[-1] > 0.0 or positive.sum() < 2:
        return -np.inf
    return float(np.polyfit(np.log(T[positive]), np.log(mean[positive]), 1)[0])

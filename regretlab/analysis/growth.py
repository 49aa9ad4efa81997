r"""The exponent a of regret R_T = b + c T^a, with an interval, from R_T at several T.

Let D_j = R_{T_{j+1}} - R_{T_j} be the regret gained from a horizon to the next.  For R_T = b + c T^a,
D_j is proportional to

    h_j(a) = (T_{j+1}^a - T_j^a) / a,   h_j(0) = ln(T_{j+1} / T_j),

so a constant b, such as the cost of a bad start, drops out; no logarithm of a regret is needed; and a = 0 stands for
log T.  Let l_j be the midpoint of ln T_j and ln T_{j+1}, and w_j = T_{j+1}^{-1/2}: with these weights the noise of
a random walk has the same size in every octave.  The exponent is the a for which the gains h_j(a) are centred at the
same l as the regret gained:

    sum_j w_j l_j h_j(a) / sum_j w_j h_j(a) = sum_j w_j l_j E D_j / sum_j w_j E D_j.

The left-hand side increases with a.  The right-hand side is a ratio of two means over seeds; Fieller (1954) gives
its interval from Student's t.  Seeds must be independent, horizons need not be: one game recorded at many rounds and
new games for every horizon are treated alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from regretlab._utils.types import Array

__all__ = ["average", "exponent_of", "fieller", "gains", "in_unit", "std"]

FEWEST_HORIZONS, FEWEST_DOUBLINGS, FEWEST_SEEDS = 4, 4, 8

_MISFIT = 0.95  # largest confidence of the jackknife when seeds differ, and Fieller's interval accounts for chance
_EXPONENTS = np.linspace(-3.0, 3.0, 601)


def exponent_of(T: Array, R: Array, confidence: float) -> tuple[float, float, float, str]:
    """The exponent, the two ends of its interval, and the reason why there can be no verdict, else an empty string.

    Parameters
    ----------
    T : array (n,)
        Increasing horizons.
    R : array (n, seeds)
        Finite regret.
    confidence : float
        In (0, 1).
    """
    R, _ = in_unit(R)  # the exponent does not depend on the unit of R
    seeds, differ = R.shape[1], bool(np.ptp(R, axis=1).any())
    if reason := _too_little(T, seeds if differ else None):
        return np.nan, -np.inf, np.inf, reason
    R = R if differ else R[:, :1]
    if (sign := _sign(R[-1], confidence)) <= 0:
        return _no_growth(sign, f"the regret at T = {T[-1]:,.0f} is not positive: any bound O(T^a) holds",
                     f"the regret at T = {T[-1]:,.0f} does not differ from 0 by more than its noise")  # fmt: skip
    logs = np.log(T)
    middles, weights = 0.5 * (logs[1:] + logs[:-1]), np.exp(-0.5 * logs[1:])
    gained = weights[:, None] * np.diff(R, axis=0)
    if (sign := _sign(gained.sum(axis=0), confidence)) <= 0:
        return _no_growth(sign, "the regret does not grow with the horizon: a bound O(1) fits",
                     "the regret does not grow by more than its noise")  # fmt: skip
    model = weights * gains(logs, _EXPONENTS)

    def exponent(centre: float, used: Any = slice(None)) -> float:
        """The a for which the gains h_j(a) of the intervals used are centred at this l."""
        centres = model[:, used] @ middles[used] / model[:, used].sum(axis=1)
        return float(np.interp(centre, centres, _EXPONENTS, left=-np.inf, right=np.inf))

    found, low, high = (exponent(x) for x in fieller(middles @ gained, gained.sum(axis=0), confidence))
    mean, each = gained.mean(axis=1), np.arange(middles.size)
    without = np.array([exponent(_ratio(middles[each != j], mean[each != j]), each != j) for j in each])
    misfit = _jackknife(without, min(confidence, _MISFIT) if differ else confidence)
    if not np.isfinite(misfit):
        return found, -np.inf, np.inf, ""
    return found, min(low, found - misfit), max(high, found + misfit), ""


def _too_little(T: Array, seeds: int | None) -> str:
    """Why there are too few horizons or seeds for an exponent, else empty; ``seeds`` is None if all are alike."""
    doublings = float(np.log2(T[-1] / T[0]))
    if T.size < FEWEST_HORIZONS:
        return f"{T.size} horizons; an exponent needs at least {FEWEST_HORIZONS}"
    if doublings < FEWEST_DOUBLINGS - 1e-9:
        return f"the horizons span {doublings:.2g} doublings; an exponent needs at least {FEWEST_DOUBLINGS}"
    if seeds is not None and seeds < FEWEST_SEEDS:
        return f"{seeds} seeds; random regret needs at least {FEWEST_SEEDS}"
    return ""


def _sign(values: Array, confidence: float) -> int:
    """1 if the interval of the mean over seeds lies above 0, -1 if no part of it does, else 0."""
    _, low, high = _mean(values, confidence)
    return -1 if high <= 0.0 else (0 if low <= 0.0 else 1)


def _no_growth(sign: int, negative: str, undecided: str) -> tuple[float, float, float, str]:
    """What :func:`exponent_of` returns for regret that is not positive or does not grow."""
    return (-np.inf, -np.inf, -np.inf, negative) if sign < 0 else (-np.inf, -np.inf, np.inf, undecided)


def gains(logs: Array, exponents: Array) -> Array:
    """h_j(a), by exponent a and interval j: (m, n - 1), from ln T (n,) and a (m,)."""
    a, width = exponents[:, None], np.diff(logs)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(a == 0.0, width, np.expm1(a * width) / a)
    found: Array = np.exp(a * logs[:-1]) * relative
    return found


def fieller(M: Array, N: Array, confidence: float) -> tuple[float, float, float]:
    """E M / E N for E N > 0, with the interval {r : E (M - r N) = 0 is not rejected by Student's t test}."""
    m, n, S = M.mean(), N.mean(), M.size
    c, t2 = (np.cov(M, N) / S, _quantile(confidence, S) ** 2) if S > 1 else (np.zeros((2, 2)), 0.0)
    A, B, C = n * n - t2 * c[1, 1], m * n - t2 * c[0, 1], m * m - t2 * c[0, 0]
    root = np.sqrt(max(0.0, B * B - A * C))
    return float(m / n), float((B - root) / A), float((B + root) / A)


def in_unit(values: Array) -> tuple[Array, int]:
    """``values`` / 2^k, of which the largest is at least 1/2 and below 1 in absolute value, and k."""
    k = int(np.frexp(np.abs(values).max(initial=0.0))[1])
    half = k // 2  # 2^k itself may not be a float
    return np.ldexp(np.ldexp(values, -half), half - k), k


def average(values: Array) -> Array:
    """The mean over the last axis; no sum overflows."""
    scaled, k = in_unit(values)
    found: Array = np.ldexp(scaled.mean(axis=-1), k)
    return found


def std(values: Array) -> Array:
    """The standard deviation over the last axis; 0 for a single value.  No square overflows or underflows."""
    scaled, k = in_unit(values)
    found: Array = np.ldexp(np.std(scaled, axis=-1, ddof=1 if values.shape[-1] > 1 else 0), k)
    return found


def _ratio(middles: Array, gained: Array) -> float:
    """The l at which the gains of regret are centred; NaN if their sum is not positive."""
    total = gained.sum()
    return float(middles @ gained / total) if total > 0.0 else np.nan


def _mean(values: Array, confidence: float) -> tuple[float, float, float]:
    """The mean and the ends of its interval by Student's t; three times the same number for a single value."""
    mean = float(values.mean())
    half = float(_quantile(confidence, values.size) * std(values) / np.sqrt(values.size)) if values.size > 1 else 0.0
    return mean, mean - half, mean + half


def _jackknife(without: Array, confidence: float) -> float:
    """Half the width of Student's interval by the jackknife, from the estimates that each leave out one part."""
    if not np.isfinite(without).all():
        return np.inf
    k = without.size
    return float(_quantile(confidence, k) * np.sqrt((k - 1) / k * ((without - without.mean()) ** 2).sum()))


def _quantile(confidence: float, n: int) -> float:
    """The quantile (1 + confidence)/2 of Student's t with n - 1 degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, 0.5 + 0.5 * confidence))

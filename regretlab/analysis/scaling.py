r"""How fast regret grows with the horizon: R_T ~ b + c T^a, or b + c log T, from the regret at several horizons.

What counts is the regret gained from a horizon to the next, D_j = R_{T_{j+1}} - R_{T_j}: a constant b
(a bad start) drops out, logarithms are never taken of a regret, and growth like c T^a gains

    h_j(a) = (T_{j+1}^a - T_j^a) / a,   h_j(0) = ln(T_{j+1} / T_j),

so that a = 0 is log T, 1/2 is sqrt T, and 1 is linear.  With l_j the middle of the interval from
ln T_j to ln T_{j+1} and weights w_j = T_{j+1}^{-1/2}, for which the noise of a random walk is the
same in every octave, the exponent is the a that puts the regret gained where it was gained:

    sum_j w_j l_j h_j(a) / sum_j w_j h_j(a) = sum_j w_j l_j E D_j / sum_j w_j E D_j.

The left side increases with a.  The right side is a ratio of two means over seeds, with the
interval of Fieller (1954) from Student's t: no horizon is taken to be independent of another, only
seeds are.  So one game read at many rounds, and new games for every horizon, are treated alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.analysis.horizons import AnyLearner, default_horizons, play_to
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["FORMS", "Scaling", "fit", "measure"]

FORMS = {"log T": 0.0, "sqrt T": 0.5, "linear": 1.0}
"""The verdicts, with their exponents."""

NEAR = 1 / 8
"""How far an exponent may be from a verdict's: half the way to T^(1/4) or T^(3/4), and room for logarithms, since a
factor log T looks like T^(1/ln T): T^0.12 at T = 2^12."""

FEWEST_HORIZONS, FEWEST_DOUBLINGS, FEWEST_SEEDS = 4, 4, 8

_MISFIT = 0.95  # the jackknife's confidence where seeds speak for chance
_EXPONENTS = np.linspace(-3.0, 3.0, 601)


@dataclass(frozen=True, eq=False, repr=False)
class Scaling:
    """The growth of regret with the horizon.

    Attributes
    ----------
    verdict : str
        "log T", "sqrt T", "linear" or "undecided".
    reason : str
        Why it is undecided, else empty.
    exponent, low, high : float
        a in R_T ~ b + c T^a and its interval.  -inf where the regret is not positive or does not grow, since
        then every bound O(T^a) holds; nan, with the interval (-inf, inf), for too few horizons or seeds.
    confidence : float
        Of the interval, two-sided.
    horizons : array (n,)
    regret : array (n, seeds)
    """

    verdict: str
    reason: str
    exponent: float
    low: float
    high: float
    confidence: float
    horizons: Array
    regret: Array

    @property
    def table(self) -> pd.DataFrame:
        """By horizon T: mean, std and max of R_T over seeds, and mean / log T, mean / sqrt T, mean / T."""
        import pandas as pd

        T, R = self.horizons, self.regret
        mean = R.mean(axis=1)
        columns = {"mean": mean, "std": _std(R), "max": R.max(axis=1)}
        columns |= {"mean / log T": mean / np.log(np.maximum(T, 2.0))}
        columns |= {"mean / sqrt T": mean / np.sqrt(T), "mean / T": mean / T}
        return pd.DataFrame(columns, index=pd.Index(T.astype(np.int64), name="T"))

    def plot(self) -> Figure:
        """The mean regret with two standard errors, and the three forms through its first and last horizon."""
        from regretlab.analysis.plots import new_figure

        T, R = self.horizons, self.regret
        mean, error = R.mean(axis=1), _std(R) / np.sqrt(R.shape[1])
        figure = new_figure(6.0, 4.2)
        axes = figure.subplots()
        axes.errorbar(T, mean, 2.0 * error, fmt="o", color="black", capsize=2.0, label="mean $R_T$")
        for (name, a), line in zip(FORMS.items(), (":", "--", "-."), strict=True):
            gained = np.append(0.0, np.cumsum(_gains(np.log(T), np.array([a]))[0]))
            curve = mean[0] + (mean[-1] - mean[0]) * gained / gained[-1]
            axes.plot(T, curve, line, color="0.45", label=name)
        axes.set_xscale("log")
        axes.set_yscale("log" if (mean - 2.0 * error > 0.0).all() else "linear")
        axes.set_xlabel("horizon $T$")
        axes.set_ylabel("regret $R_T$")
        axes.set_title(self._headline(), fontsize="medium")
        axes.legend()
        return figure

    def _headline(self) -> str:
        return f"{self.verdict}: exponent {self.exponent:.3f} in [{self.low:.3f}, {self.high:.3f}]"

    def __repr__(self) -> str:
        T = self.horizons
        rows = [
            f"Scaling {self._headline()} at confidence {self.confidence:g}",
            *([f"  reason    {self.reason}"] if self.reason else []),
            f"  horizons  {len(T)} from {T[0]:,.0f} to {T[-1]:,.0f}",
            f"  seeds     {self.regret.shape[1]}",
        ]
        return "\n".join(rows)


def fit(horizons: ArrayLike, regret: ArrayLike, *, confidence: float = 0.99) -> Scaling:
    """The exponent a of R_T ~ b + c T^a with an interval, and a verdict.

    The interval covers two uncertainties.  Chance: Fieller's interval over seeds.  Misfit: Student's interval
    of the jackknife that leaves out one D_j after the other, at confidence 0.95; at ``confidence`` for a single
    game, where it is all there is, and says how well that game is described by one exponent, not what another
    seed would do.

    The verdict is the one form whose exponent is within 1/8 of the interval, if it is within 1/8 of ``exponent``
    too.  When there are several in reach of the interval, or none, it is "undecided", and so it is for regret
    that is not positive or does not grow beyond its noise.

    In 1,000 repetitions with the horizons 2^5, ..., 2^16 and noise like a random walk (the laws are in
    tests/test_analysis_scaling.py) the interval at 0.99 covered in at least 98.6%.  The right verdict came in 76% for
    sqrt T |N(0, 1)|, 98% for log T and 100% for T/10 with 32 seeds, in 98%, 100% and 100% with 64; a wrong one
    never, nor any for T^0.75.  A single random game gets none in 99.6% for sqrt T, but 0.3% of them get a wrong
    one for log T, and 3.5% for T^0.75: play several seeds.

    Parameters
    ----------
    horizons : (n,) increasing
        Four or more over at least four doublings, and a multiple of the period each where the sequence has
        one: R_T goes up and down within a period.  Short ones are worth having, for they tell b.
    regret : (n, seeds), or (n,) for one game
        R_T at the horizons.  Seeds are independent of one another, or all alike; at least eight if they differ.
    confidence : float

    Raises
    ------
    ValueError
        For arrays that do not fit together or are not finite, and a confidence outside (0, 1).
    """
    T, R = np.array(horizons, dtype=np.float64), np.array(regret, dtype=np.float64)
    R = R[:, None] if R.ndim == 1 else R
    if T.ndim != 1 or not T.size or R.ndim != 2 or len(R) != T.size or not R.size:
        raise ValueError(f"regret has shape {R.shape}; it must be ({T.size}, seeds) for horizons of shape {T.shape}")
    if not (np.isfinite(T).all() and T[0] >= 1.0 and (np.diff(T) > 0.0).all()):
        raise ValueError(f"horizons={T.tolist()} must be increasing rounds, from 1 on")
    if not np.isfinite(R).all():
        raise ValueError(f"regret at T = {T[~np.isfinite(R).all(axis=1)][0]:,.0f} is not finite")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence={confidence!r} must be between 0 and 1")
    exponent, low, high, reason = _exponent(T, R, confidence)
    verdict = "undecided"
    if not reason:
        verdict, reason = _verdict(exponent, low, high)
    return Scaling(verdict, reason, exponent, low, high, confidence, T, R)


def _verdict(exponent: float, low: float, high: float) -> tuple[str, str]:
    inside = [name for name, a in FORMS.items() if low - NEAR <= a <= high + NEAR]
    if len(inside) > 1:
        return "undecided", f"{' and '.join(inside)} fit; more seeds or longer horizons may tell them apart"
    if inside and abs(exponent - FORMS[inside[0]]) <= NEAR:
        return inside[0], ""
    return "undecided", f"the exponent is not within {NEAR:g} of {', '.join(f'{a:g} ({f})' for f, a in FORMS.items())}"


def _exponent(T: Array, R: Array, confidence: float) -> tuple[float, float, float, str]:
    """Exponent, low, high, and why there cannot be a verdict."""
    seeds, differ = R.shape[1], bool(np.ptp(R, axis=1).any())
    doublings = float(np.log2(T[-1] / T[0]))
    unknown = (np.nan, -np.inf, np.inf)
    if T.size < FEWEST_HORIZONS:
        return *unknown, f"{T.size} horizons; an exponent needs at least {FEWEST_HORIZONS}"
    if doublings < FEWEST_DOUBLINGS - 1e-9:
        return *unknown, f"the horizons span {doublings:.2g} doublings; an exponent needs at least {FEWEST_DOUBLINGS}"
    if differ and seeds < FEWEST_SEEDS:
        return *unknown, f"{seeds} seeds; random regret needs at least {FEWEST_SEEDS}"
    R = R if differ else R[:, :1]
    _, least, most = _mean(R[-1], confidence)
    if most <= 0.0:
        return -np.inf, -np.inf, -np.inf, f"the regret at T = {T[-1]:,.0f} is not positive: any bound O(T^a) holds"
    if least <= 0.0:
        return -np.inf, -np.inf, np.inf, f"the regret at T = {T[-1]:,.0f} does not differ from 0 by more than its noise"
    logs = np.log(T)
    middles, weights = 0.5 * (logs[1:] + logs[:-1]), np.exp(-0.5 * logs[1:])
    gained = weights[:, None] * np.diff(R, axis=0)
    model = weights * _gains(logs, _EXPONENTS)
    _, least, most = _mean(gained.sum(axis=0), confidence)
    if most <= 0.0:
        return -np.inf, -np.inf, -np.inf, "the regret does not grow with the horizon: a bound O(1) fits"
    if least <= 0.0:
        return -np.inf, -np.inf, np.inf, "the regret does not grow by more than its noise"

    def exponent(ratio: float, kept: Any = slice(None)) -> float:
        centres = model[:, kept] @ middles[kept] / model[:, kept].sum(axis=1)
        return float(np.interp(ratio, centres, _EXPONENTS, left=-np.inf, right=np.inf))

    found, low, high = (exponent(x) for x in _fieller(middles @ gained, gained.sum(axis=0), confidence))
    mean, each = gained.mean(axis=1), np.arange(middles.size)
    without = np.array([exponent(_ratio(middles[each != j], mean[each != j]), each != j) for j in each])
    misfit = _jackknife(without, min(confidence, _MISFIT) if differ else confidence)
    if not np.isfinite(misfit):
        return found, -np.inf, np.inf, ""
    return found, min(low, found - misfit), max(high, found + misfit), ""


def _gains(logs: Array, exponents: Array) -> Array:
    """h_j(a) for exponents a (m,): (m, n - 1)."""
    a, width = exponents[:, None], np.diff(logs)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(a == 0.0, width, np.expm1(a * width) / a)
    gains: Array = np.exp(a * logs[:-1]) * relative
    return gains


def _ratio(middles: Array, gained: Array) -> float:
    total = gained.sum()
    return float(middles @ gained / total) if total > 0.0 else np.nan


def _fieller(M: Array, N: Array, confidence: float) -> tuple[float, float, float]:
    """E M / E N for E N > 0, with the interval {r : E (M - r N) = 0 is not rejected by Student's t test}."""
    m, n, S = M.mean(), N.mean(), M.size
    c, t2 = (np.cov(M, N) / S, _quantile(confidence, S) ** 2) if S > 1 else (np.zeros((2, 2)), 0.0)
    A, B, C = n * n - t2 * c[1, 1], m * n - t2 * c[0, 1], m * m - t2 * c[0, 0]
    root = np.sqrt(max(0.0, B * B - A * C))
    return float(m / n), float((B - root) / A), float((B + root) / A)


def _mean(values: Array, confidence: float) -> tuple[float, float, float]:
    """The mean and its interval by Student's t; for one value that value."""
    mean = float(values.mean())
    half = float(_quantile(confidence, values.size) * _std(values) / np.sqrt(values.size)) if values.size > 1 else 0.0
    return mean, mean - half, mean + half


def _jackknife(without: Array, confidence: float) -> float:
    """Half the width of Student's interval around a number, from the numbers found without one part each."""
    if not np.isfinite(without).all():
        return np.inf
    k = without.size
    return float(_quantile(confidence, k) * np.sqrt((k - 1) / k * ((without - without.mean()) ** 2).sum()))


def _quantile(confidence: float, n: int) -> float:
    """Student's t with n - 1 degrees of freedom at (1 + confidence)/2."""
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, 0.5 + 0.5 * confidence))


def _std(values: Array) -> Array:
    std: Array = np.std(values, axis=-1, ddof=1 if values.shape[-1] > 1 else 0)
    return std


# -- playing -----------------------------------------------------------------------


def measure(
    learner: AnyLearner,
    losses: Losses,
    feasible_set: FeasibleSet,
    *,
    horizons: Iterable[int] | None = None,
    seeds: Iterable[int] = range(64),
    confidence: float = 0.99,
    **options: Any,
) -> Scaling:
    """Play, and :func:`fit` the regret.

    Parameters
    ----------
    learner : Learner, or a function horizon -> Learner
        A learner is played once for each seed, to the longest horizon, and read at all of them.  A function
        makes a learner for each horizon, played anew: for stepsizes such as c / sqrt(T).
    horizons : iterable of int, optional
        By default :func:`regretlab.analysis.horizons.default_horizons`.
    seeds : iterable of int
        One is enough for a sequence that is not random.
    options
        Further keywords of :func:`regretlab.comparison.play_all`, e.g. start.
    """
    T = default_horizons(losses) if horizons is None else horizons
    rounds, regret, _ = play_to(learner, losses, feasible_set, T, seeds, **options)
    return fit(rounds, regret, confidence=confidence)

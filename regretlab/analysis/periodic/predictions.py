"""What the limit cycle implies for a whole game on periodic linear losses: end point, regret, number of rounds."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, isfinite

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array, ArrayLike
from regretlab.analysis.periodic.drifts import cycles_of, drift, periodic_losses
from regretlab.analysis.periodic.limit_cycles import LimitCycle
from regretlab.learners import Algorithm1
from regretlab.losses.counterexamples import PeriodicLosses
from regretlab.schedules import Constant, Schedule, power_of
from regretlab.sets import Box

__all__ = ["Prediction", "predict", "travel_time"]


@dataclass(frozen=True, eq=False)
class Prediction:
    """Where a game on periodic linear losses and a box ends, and what it costs.

    Attributes
    ----------
    drift, error : arrays (d,)
        h = sum_k m_k / w_k over a period, and about how far h may be off by rounding, by coordinate.
    end : array (d,)
        The lower end of F where h > 0, the upper end where h < 0, and NaN where |h| <= error: undecided.
    best : array (d,)
        The u in F with the least mean loss.
    average_regret : float
        lim R_T / T; NaN where an end is undecided and the limit depends on it.
    rounds : array (d,)
        About the number of rounds from x_1 to the end, see :func:`travel_time`; infinite where the end is undecided.
    """

    drift: Array
    error: Array
    end: Array
    best: Array
    average_regret: float
    rounds: Array

    @property
    def succeeds(self) -> bool:
        """Whether every coordinate ends at its best point."""
        return bool((self.end == self.best).all())


def predict(
    learner: Algorithm1,
    losses: PeriodicLosses | ArrayLike,
    feasible_set: Box,
    *,
    start: ArrayLike | None = None,
    rounds: int = 10**6,
) -> Prediction:
    """The end point to which x_t goes, lim R_T / T, and about how many rounds x_t needs to get there.

    For alpha_t -> 0, lim R_T / T is the mean loss at the end minus that at the best point.  With a constant stepsize
    x_t does not converge: near the end it repeats a closed walk, the limit cycle of x <- clip(x - alpha m_k / w_k).
    Then lim R_T / T is computed from the losses on this walk.

    Parameters
    ----------
    learner : Algorithm1
        With alpha_t = alpha, alpha / sqrt(t), alpha / t or alpha / t^gamma, gamma <= 1, and other hyperparameters that
        do not depend on t.
    losses : PeriodicLosses, or an array (P,) or (P, d) of gradients
    feasible_set : Box
    start : float or array (d,), optional
        x_1; by default the point of F nearest to the origin.
    rounds : int
        The largest number of rounds to play where the limit cycle has no closed form, see :func:`limit_cycle`.

    Raises
    ------
    TypeError
        For a set that is no Box, and as for :func:`drift`.
    ValueError
        For another stepsize, a start outside F, and as for :func:`drift`.
    RuntimeError
        As for :func:`drift`.

    Examples
    --------
    >>> import regretlab as rl
    >>> adam = rl.learners.Adam(beta1=0.0, beta2=0.1)
    >>> found = rl.periodic.predict(adam, rl.losses.Mod3(C=3.0), rl.sets.Box(-1.0, 1.0))
    >>> found.end, found.best, round(found.average_regret, 4)
    (array([1.]), array([-1.]), 0.6667)
    """
    sequence = periodic_losses(losses)
    if not unchanged(feasible_set, Box):
        raise TypeError(f"feasible_set={feasible_set!r} must be a Box: elsewhere the coordinates are not on their own")
    F = feasible_set.with_dimension(sequence.dimension)
    x1 = np.broadcast_to(F.nearest_to_origin() if start is None else np.asarray(start, np.float64), sequence.dimension)
    if not F.contains(x1):
        raise ValueError(f"start={start!r} is not in {F!r}")
    lo, hi = np.broadcast_to(F.lo, x1.shape), np.broadcast_to(F.hi, x1.shape)
    cycles = cycles_of(learner, sequence, rounds)
    h, error = (np.array([getattr(cycle, name) for cycle in cycles]) for name in ("drift", "error"))
    end = np.where(np.abs(h) <= error, np.nan, np.where(h > 0.0, lo, hi))
    mean = sequence.pattern.mean(axis=0)
    best = F.minimize_linear(mean)
    alpha, P = _stepsize(learner), len(sequence.pattern)
    if unchanged(alpha, Constant):
        g, ends = sequence.pattern.T, (lo, hi)
        paid = [_walk(cycle, alpha.scale, g[i], end[i], *(b[i] for b in ends)) for i, cycle in enumerate(cycles)]
    else:
        paid = [float(mean[i] * end[i]) if mean[i] else 0.0 for i in range(len(cycles))]
    distance = np.abs(end - x1)
    needed = [_rounds(alpha, P * s / abs(r)) if isfinite(s) else inf for s, r in zip(distance, h, strict=True)]
    return Prediction(h, error, end, best, sum(paid) - float(mean @ best), np.array(needed))


def travel_time(
    learner: Algorithm1, losses: PeriodicLosses | ArrayLike, distance: float = 1.0, *, rounds: int = 10**6
) -> Array:
    """About the T for which |x_T - x_1| = distance, that is sum_{t<=T} alpha_t |h| / P = distance, by coordinate (d,).

    For alpha_t = alpha / sqrt(t), T = (P distance / (2 alpha |h|))^2; infinite where h = 0.  The rounds in which the
    moments have not settled yet are neglected.  They shift x by a multiple of alpha, which should be small compared
    with the distance.

    Parameters
    ----------
    learner, losses, rounds
        As for :func:`predict`.
    distance : float
        Positive.

    Raises
    ------
    ValueError
        For a distance that is not positive, and as for :func:`predict`.
    TypeError, RuntimeError
        As for :func:`drift`.
    """
    if not (distance > 0.0 and isfinite(distance)):
        raise ValueError(f"distance={distance!r} must be positive")
    sequence = periodic_losses(losses)
    P, alpha = len(sequence.pattern), _stepsize(learner)
    h = np.abs(drift(learner, sequence, rounds=rounds))
    return np.array([_rounds(alpha, P * distance / rate) if rate else inf for rate in h])


def _stepsize(learner: Algorithm1) -> Schedule:
    """The learner's alpha, if :func:`_rounds` knows its sums; else ``ValueError``."""
    alpha = learner.schedules["alpha"]
    if not power_of(alpha) <= 1.0:
        raise ValueError(f"alpha={alpha!r} must be alpha, alpha/sqrt(t), alpha/t or alpha/t^gamma with gamma <= 1")
    return Constant(alpha.scale) if power_of(alpha) == 0.0 else alpha


def _rounds(alpha: Schedule, total: float) -> float:
    """About the T with alpha_1 + ... + alpha_T = total."""
    gamma, ratio = power_of(alpha), total / alpha.scale
    if gamma == 1.0:
        return exp(ratio - np.euler_gamma) if ratio < 700.0 else inf
    return float(((1.0 - gamma) * ratio) ** (1.0 / (1.0 - gamma)))


def _walk(cycle: LimitCycle, alpha: float, g: Array, end: float, lo: float, hi: float) -> float:
    """The mean of g_k x_k on the closed walk x <- clip(x - alpha m_k / w_k) that starts near ``end``."""
    if not isfinite(end):
        return np.nan
    steps, x, seen = (alpha * cycle.steps).tolist(), end, set[float]()
    while x not in seen:  # x is monotone from period to period, and clipped at the end at least once
        seen.add(x)
        first, paid = x, 0.0
        for k, step in enumerate(steps):
            paid += g[k % g.size] * x
            x = min(max(x - step, lo), hi)
    return float(paid) / len(steps) if x == first else np.nan

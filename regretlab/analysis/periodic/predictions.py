"""What the limit cycle says of a whole game on periodic linear losses: the end point, the regret, the time it takes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from math import exp, inf, isfinite
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.analysis.periodic.limit_cycles import LimitCycle, limit_cycle
from regretlab.learners import Algorithm1
from regretlab.losses.counterexamples import Periodic, PeriodicLosses
from regretlab.schedules import Constant, Inverse, InverseSqrt, Schedule
from regretlab.sets import Box

__all__ = ["Prediction", "boundary", "drift", "predict", "travel_time"]


@dataclass(frozen=True, eq=False)
class Prediction:
    """Where a game on periodic linear losses and a box ends, and at what cost.

    Attributes
    ----------
    drift, error : arrays (d,)
        h = sum_k m_k / w_k over a period, by coordinate, and how far rounding may have put it off.
    end : array (d,)
        The lower end of F where h > 0, the upper end where h < 0, NaN where |h| <= error: undecided.
    best : array (d,)
        argmin_{u in F} of the mean loss.
    average_regret : float
        lim R_T / T; NaN where an end is undecided that matters.
    rounds : array (d,)
        About how many rounds it takes from x_1 to the end, see :func:`travel_time`; infinite where undecided.
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


def drift(learner: Algorithm1, losses: PeriodicLosses | ArrayLike, **how: Any) -> Array:
    """h = sum_k m_k / w_k over a period of the limit cycle, by coordinate (d,): x moves by about -alpha_t h.

    The sum over a period of alpha_t m_t / w_t differs from alpha_t h by O(t^{-3/2}) for alpha_t = alpha / sqrt(t),
    which is summable: x_t goes to the lower end of an interval if h > 0, to the upper one if h < 0.

    Parameters
    ----------
    losses : PeriodicLosses, or an array (P,) or (P, d) of gradients
    how
        Keywords of :func:`limit_cycle`, which says what is raised.
    """
    return np.array([cycle.drift for cycle in _cycles(learner, _periodic(losses), **how)])


def predict(
    learner: Algorithm1,
    losses: PeriodicLosses | ArrayLike,
    feasible_set: Box,
    *,
    start: ArrayLike | None = None,
    **how: Any,
) -> Prediction:
    """The end point x_t goes to, lim R_T / T, and about how many rounds it takes.

    For alpha_t -> 0, lim R_T / T is the mean loss at the end less that at the best point.
    With a constant stepsize x_t moves round the end for ever, within the period: the losses are
    paid on that walk, from the limit cycle of x <- clip(x - alpha m_k / w_k).

    Parameters
    ----------
    losses : PeriodicLosses, or an array (P,) or (P, d) of gradients
    feasible_set : Box
    start : float or array (d,), optional
        x_1; by default the point of F nearest to the origin.
    how
        Keywords of :func:`limit_cycle`, which says what is raised; besides

    Raises
    ------
    ValueError
        For a stepsize other than alpha, alpha / sqrt(t), alpha / t or alpha / t^gamma with gamma <= 1.
    """
    sequence = _periodic(losses)
    if not isinstance(feasible_set, Box):
        raise TypeError(f"feasible_set={feasible_set!r} must be a Box: elsewhere the coordinates are not on their own")
    F = feasible_set.with_dimension(sequence.dimension)
    x1 = np.broadcast_to(F.nearest_to_origin() if start is None else np.asarray(start, np.float64), sequence.dimension)
    if not F.contains(x1):
        raise ValueError(f"start={start!r} is not in {F!r}")
    lo, hi = np.broadcast_to(F.lo, x1.shape), np.broadcast_to(F.hi, x1.shape)
    cycles = _cycles(learner, sequence, **how)
    h, error = (np.array([getattr(cycle, name) for cycle in cycles]) for name in ("drift", "error"))
    end = np.where(np.abs(h) <= error, np.nan, np.where(h > 0.0, lo, hi))
    mean = sequence.pattern.mean(axis=0)
    best = F.minimize_linear(mean)
    alpha, P = _stepsize(learner), len(sequence.pattern)
    if isinstance(alpha, Constant):
        g, ends = sequence.pattern.T, (lo, hi)
        paid = [_walk(cycle, alpha.scale, g[i], end[i], *(b[i] for b in ends)) for i, cycle in enumerate(cycles)]
    else:
        paid = [float(mean[i] * end[i]) if mean[i] else 0.0 for i in range(len(cycles))]
    distance = np.abs(end - x1)
    rounds = [_rounds(alpha, P * s / abs(r)) if isfinite(s) else inf for s, r in zip(distance, h, strict=True)]
    return Prediction(h, error, end, best, sum(paid) - float(mean @ best), np.array(rounds))


def travel_time(learner: Algorithm1, losses: PeriodicLosses | ArrayLike, distance: float = 1.0, **how: Any) -> Array:
    """(d,): about how many rounds T it takes for |x_T - x_1| = distance: sum_{t<=T} alpha_t |h| / P = distance.

    For alpha_t = alpha / sqrt(t), T = (P distance / (2 alpha |h|))^2.  Infinite where h = 0.  The first rounds, in
    which the moments settle, are left out: they shift x by a multiple of alpha, which matters when that
    is not small against the distance.  ``how`` and what is raised: as for :func:`predict`.
    """
    if not (distance > 0.0 and isfinite(distance)):
        raise ValueError(f"distance={distance!r} must be positive")
    sequence = _periodic(losses)
    P, alpha = len(sequence.pattern), _stepsize(learner)
    h = np.abs(drift(learner, sequence, **how))
    return np.array([_rounds(alpha, P * distance / rate) if rate else inf for rate in h])


def boundary(
    learner: Algorithm1,
    losses: PeriodicLosses,
    parameter: str,
    bracket: tuple[float, float],
    **how: Any,
) -> float:
    """The value of ``parameter``, a field of the learner or of the losses, at which the drift h changes sign.

    For example ``boundary(Adam(beta1=0.9), ReddiOnline(), "beta2", (0.99, 0.9999))``.

    Parameters
    ----------
    bracket : (float, float)
        Two values with drifts of opposite signs.

    Raises
    ------
    ValueError
        When the drift has the same sign at both ends of the bracket, the losses are not one-dimensional,
        or not one of ``learner`` and ``losses`` has a field of that name.
    """
    from scipy.optimize import brentq

    sequence = _periodic(losses)
    if sequence.dimension != 1:
        raise ValueError(f"losses={losses!r} have dimension {sequence.dimension}: a boundary is of one coordinate")
    names = [{field.name for field in dataclasses.fields(part) if field.init} for part in (learner, sequence)]  # type: ignore[arg-type]
    if (parameter in names[0]) == (parameter in names[1]):
        raise ValueError(
            f"parameter={parameter!r} must be a field of the learner or of the losses: {sorted(names[0] ^ names[1])}"
        )

    def h(value: float) -> float:
        if parameter in names[0]:
            return float(drift(dataclasses.replace(learner, **{parameter: value}), sequence, **how)[0])
        changed = dataclasses.replace(sequence, **{parameter: value})  # type: ignore[type-var]
        return float(drift(learner, changed, **how)[0])

    low, high = bracket
    at = h(low), h(high)
    if at[0] * at[1] > 0.0:
        raise ValueError(
            f"bracket={bracket!r}: the drift does not change sign, it is {at[0]:.6g} at {parameter}={low!r} "
            f"and {at[1]:.6g} at {high!r}"
        )
    return float(brentq(h, low, high, xtol=1e-15))


# -- inside --------------------------------------------------------------------------------


def _periodic(losses: PeriodicLosses | ArrayLike) -> PeriodicLosses:
    if isinstance(losses, PeriodicLosses):
        return losses
    try:
        return Periodic(losses)
    except TypeError as error:
        raise ValueError(f"losses={losses!r} are not periodic: give PeriodicLosses or an array of gradients") from error


def _cycles(learner: Algorithm1, losses: PeriodicLosses, **how: Any) -> list[LimitCycle]:
    known: dict[bytes, LimitCycle] = {}  # coordinates are often alike
    columns = [np.ascontiguousarray(column) for column in losses.pattern.T]
    for i, column in enumerate(columns):
        if not column.any():
            raise ValueError(f"losses={losses!r}: the gradients of coordinate {i} are zero everywhere, it never moves")
        if column.tobytes() not in known:
            known[column.tobytes()] = limit_cycle(learner, column, **how)
    return [known[column.tobytes()] for column in columns]


def _stepsize(learner: Algorithm1) -> Schedule:
    alpha = learner.schedules["alpha"]
    power = getattr(alpha, "gamma", inf)
    if not (isinstance(alpha, Constant | InverseSqrt | Inverse) or 0.0 <= power <= 1.0):
        raise ValueError(f"alpha={alpha!r} must be alpha, alpha/sqrt(t), alpha/t or alpha/t^gamma with gamma <= 1")
    return Constant(alpha.scale) if power == 0.0 else alpha


def _rounds(alpha: Schedule, total: float) -> float:
    """The T with alpha_1 + ... + alpha_T = total, about."""
    gamma = {Constant: 0.0, InverseSqrt: 0.5, Inverse: 1.0}.get(type(alpha), getattr(alpha, "gamma", 0.0))
    ratio = total / alpha.scale
    if gamma == 1.0:
        return exp(ratio - np.euler_gamma) if ratio < 700.0 else inf
    return float(((1.0 - gamma) * ratio) ** (1.0 / (1.0 - gamma)))


def _walk(cycle: LimitCycle, alpha: float, g: Array, end: float, lo: float, hi: float) -> float:
    """The mean of g_k x_k on the closed walk x <- clip(x - alpha m_k / w_k) that starts near ``end``."""
    if not isfinite(end):
        return np.nan
    steps, x, seen = (alpha * cycle.steps).tolist(), end, set[float]()
    while x not in seen:  # x is monotone from one turn to the next, and held up at the end at least once
        seen.add(x)
        first, paid = x, 0.0
        for k, step in enumerate(steps):
            paid += g[k % g.size] * x
            x = min(max(x - step, lo), hi)
    return float(paid) / len(steps) if x == first else np.nan

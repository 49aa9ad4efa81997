"""How a period of gradients changes the moments of a learner, and the fixed point of that map.

Let k be the moments of one coordinate at the end of a period.  A period of gradients maps them to F(k), and the limit
cycle starts at a fixed point of F.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array
from regretlab.learners import Algorithm1
from regretlab.learners.base import refuse_own_methods
from regretlab.schedules import Constant

__all__ = ["EPS", "Moments", "PeriodMap", "Round", "fixed_point"]

EPS = float(np.finfo(np.float64).eps)
_NEWTON_STEPS = 8

Moments = tuple[float, ...]
"""The moments of one coordinate, in the order of ``learner.moment_names``."""

Round = tuple[Moments, float, float]
"""What a rule returns in one round: the moments after it, and m and w of the step -alpha_t m / w."""


@dataclass(frozen=True)
class PeriodMap:
    """A learner's rule with its constant hyperparameters, applied to a period of gradients.

    Attributes
    ----------
    rule : callable
        The rule of the learner.
    gradients : list of float
        g_1, ..., g_P.
    arguments : tuple of float
        A value for each argument of the rule; gradient, moments and ``varying`` are replaced in every round.
    places : dict of int
        Position of each moment among the arguments, by name.
    g : int
        Position of the gradient.
    varying : dict of callables
        The arguments that depend on the round, alpha_t and t: functions of an array of rounds, by position.
    """

    rule: Callable[..., Any]
    gradients: list[float]
    arguments: tuple[float, ...]
    places: Mapping[str, int]
    g: int
    varying: Mapping[int, Callable[..., Any]]
    rests: bool = False
    """Whether the learner makes no step where w = 0, whatever m is; then m counts as 0."""

    @classmethod
    def of(cls, learner: Algorithm1, gradients: Array) -> PeriodMap:
        """The map of this learner.

        Raises
        ------
        TypeError
            For a learner with its own ``start`` or ``update``, or not of Algorithm 1.
        ValueError
            If a hyperparameter other than alpha varies with the round.
        """
        refuse_own_methods(learner, "limit_cycle")
        rule, names = learner.signature()
        schedules = {name: schedule for name, schedule in learner.schedules.items() if name in names}
        fixed = {name: schedule.scale for name, schedule in schedules.items() if unchanged(schedule, Constant)}
        varying: dict[int, Callable[..., Any]] = {}
        for name, schedule in schedules.items():
            if name in fixed:
                continue
            if name != "alpha":
                raise ValueError(
                    f"{name}={schedule!r} of {learner!r} varies with the round: "
                    "a hyperparameter other than alpha must be constant for the moments to become periodic"
                )
            varying[names.index(name)] = schedule
        if "t" in names:
            varying[names.index("t")] = lambda rounds: rounds
        places = {name: names.index(name) for name in learner.moment_names}
        arguments = tuple(fixed.get(name, 0.0) for name in names)
        return cls(rule, gradients.tolist(), arguments, places, names.index("g"), varying, learner.rests_at_zero)

    def play(self, moments: Moments, first: int = 1, periods: int = 1) -> list[Round]:
        """The rounds of this many periods, from round ``first`` on and starting from ``moments``."""
        arguments, places, played = list(self.arguments), self.places.values(), []
        gradients = self.gradients * periods
        rounds = np.arange(first, first + len(gradients))
        varying = [(place, values(rounds).tolist()) for place, values in self.varying.items()]
        for k, g in enumerate(gradients):
            arguments[self.g] = g
            for place, values in varying:
                arguments[place] = values[k]
            for place, moment in zip(places, moments, strict=True):
                arguments[place] = moment
            moments, m, w = self.rule(*arguments)
            if w == 0.0 and self.rests:
                m = 0.0
            played.append((moments, m, w))
        return played

    def __call__(self, moments: Array) -> Array:
        """F(k), the moments after a period that starts with k: (K,)."""
        return np.array(self.play(tuple(moments.tolist()))[-1][0], dtype=np.float64)


def fixed_point(F: PeriodMap) -> tuple[Moments, float] | None:
    """The fixed point of F and its memory, if the moments are exponential averages; else None.

    F must not depend on the round.  The moments are exponential averages if no two of them depend on each other,
    directly or through others, and each F_i is affine in its own k_i with the same slope in [0, 1) everywhere.  Then F
    has one fixed point, and the moments converge to it from every start.  Newton's method needs one step for each link
    of a chain such as g -> v -> m.  The memory is P / (1 - slope), about the number of rounds after which the initial
    moments no longer matter.
    """
    K, P = len(F.places), len(F.gradients)
    if not K:
        return (), float(P)
    try:
        first = F.play((0.0,) * K, periods=2)
        k = np.array(first[-1][0], dtype=np.float64)
        size = np.abs([moments for moments, _, _ in first[P:]]).max(axis=0)
        size[size == 0.0] = 1.0
        slopes, moved = [np.diag(_jacobian(F, k, size))], np.inf
        for step in range(_NEWTON_STEPS + K):
            J = _jacobian(F, k, size)
            change = np.linalg.solve(np.eye(K) - J, F(k) - k)
            k = k + change
            size = np.maximum(size, np.abs(k))
            before, moved = moved, float(np.abs(change / size).max())
            if moved == 0.0 or (step > K and moved >= before):
                break
        slopes += [np.diag(_jacobian(F, k, delta)) for delta in (size, 2.0 * size)]
    except (ArithmeticError, ValueError, np.linalg.LinAlgError):  # e.g. the root of a negative number
        return None
    slope = float(slopes[0].max())
    memory = P / (1.0 - slope) if slope < 1.0 else np.inf
    affine = all(np.abs(one - other).max() < 1e-12 for one, other in pairwise(slopes))
    links = (J != 0.0) & ~np.eye(K, dtype=bool)
    chain = not np.linalg.matrix_power(links.astype(np.int64), K).any()
    settled = min(moved, before) < 64.0 * EPS * memory
    averages = affine and chain and 0.0 <= slopes[0].min() and slope < 1.0 and settled
    return (tuple(k.tolist()), memory) if averages else None


def _jacobian(F: PeriodMap, k: Array, size: Array) -> Array:
    """(K, K): the difference quotients (F(k + size_j e_j) - F(k)) / size_j, exact for exponential averages."""
    value = F(k)
    columns = [(F(k + step) - value) / size[j] for j, step in enumerate(np.diag(size))]
    return np.array(columns).T

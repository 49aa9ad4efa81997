"""How a round loop calls a learner's rule: the values of its hyperparameters, and an account of it."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from regretlab._utils.types import Array, Rounds
from regretlab.kernels import RuleCall
from regretlab.kernels.fingerprints import identity
from regretlab.learners.ledger import account, account_scheduled, names_kept_by
from regretlab.schedules import Constant, Geometric, Inverse, InverseSqrt, OneMinusInverse, Schedule, Values

__all__ = ["BETA", "FINITE", "POSITIVE", "Hyperparameter", "Range", "RuleBinding", "as_schedule"]

Hyperparameter = float | Schedule | Callable[[Any], Any]
"""A number, a schedule, or a function of an array of rounds."""


class Range(NamedTuple):
    """What a hyperparameter may be: a text that ends "must be ...", and which values of an array are so."""

    text: str
    holds: Callable[[Any], Any]


POSITIVE = Range("positive", lambda a: a > 0.0)
BETA = Range("in [0, 1)", lambda a: (a >= 0.0) & (a < 1.0))
FINITE = Range("finite", np.isfinite)

_IN_RANGE = (Geometric, Inverse, InverseSqrt, OneMinusInverse)
"""Schedules that leave no range at a later round, if they are in it at the first ones."""

_RULE = ("g", "t")
_ACCOUNT = ("g", "x", "m", "w", "t")
"""What a loop knows without a schedule or a state, for a rule and for an account of it."""


@dataclass(frozen=True)
class _Reciprocal(Schedule):
    """value_t = scale / of_t, for an ``of`` at scale one."""

    of: Schedule = dataclasses.field(default_factory=Constant)

    def shape(self, t: Rounds) -> Array:
        reciprocal: Array = 1.0 / self.of.unit(t)
        return reciprocal


@dataclass(frozen=True)
class RuleBinding:
    """The schedules of a rule's hyperparameters, and how its arguments are filled from them.

    ``ledger_names`` are the names of what an account adds to the state, if there is one.
    """

    schedules: Mapping[str, Schedule]
    ranges: Mapping[str, Range]
    make_call: Callable[[], RuleCall]
    ledger_names: tuple[str, ...] = ()

    @cached_property
    def call(self) -> RuleCall:
        """Found when it is asked for: of many games in one loop, one is."""
        return self.make_call()

    @classmethod
    def of(
        cls,
        function: Callable[..., Any],
        names: Sequence[str],
        schedules: Mapping[str, Schedule],
        ranges: Mapping[str, Range],
        *,
        ledger: bool = False,
    ) -> RuleBinding:
        """Of a rule and the names of its arguments, with an account of it if ``ledger``."""

        def make_call(slots: dict[str, tuple[int, int]]) -> RuleCall:
            return RuleCall(function, _filled(names, slots, _RULE), slots["alpha"], identity(function))

        if not ledger:
            return cls(schedules, ranges, lambda: make_call(_slots(schedules)))
        alpha, beta1 = schedules["alpha"], schedules.get("beta1", Constant(0.0))
        constant = isinstance(beta1, Constant) and isinstance(schedules.get("beta2", beta1), Constant)
        keeps = account if constant else account_scheduled
        schedules = {**schedules, "beta1": beta1, "per_alpha": _reciprocal(alpha)}
        slots = _slots(schedules)
        wants = _filled(list(inspect.signature(keeps).parameters), slots, _ACCOUNT)
        return cls(
            schedules,
            ranges,
            lambda: make_call(slots)._replace(account=keeps, account_arguments=wants),
            names_kept_by(keeps),
        )

    def schedule_values(self, t: Rounds) -> Array:
        """(Q, n): the shapes of the schedules that are not constant, at rounds t of shape (n,)."""
        rows = []
        for name, schedule in self.schedules.items():
            if not isinstance(schedule, Constant):
                rows.append(schedule.unit(t))
                if type(schedule) not in _IN_RANGE:
                    _check_range(name, schedule, t, schedule.scale * rows[-1], self.ranges.get(name, FINITE))
        return rows[0][None] if len(rows) == 1 else np.array(rows).reshape(len(rows), t.size)

    def coefficients(self) -> Array:
        """(P,): the scales of the schedules."""
        return np.array([s.scale for s in self.schedules.values()], dtype=np.float64)


def _reciprocal(schedule: Schedule) -> Schedule:
    if isinstance(schedule, Constant):
        return Constant(1.0 / schedule.scale)
    return _Reciprocal(1.0 / schedule.scale, schedule.same_shape())


def _slots(schedules: Mapping[str, Schedule]) -> dict[str, tuple[int, int]]:
    """The row of the coefficients and the row of the shapes (-1: constant) of each hyperparameter."""
    slots, q = {}, 0
    for p, (name, schedule) in enumerate(schedules.items()):
        constant = isinstance(schedule, Constant)
        slots[name] = (p, -1 if constant else q)
        q += not constant
    return slots


def _filled(
    names: Sequence[str], slots: dict[str, tuple[int, int]], given: tuple[str, ...]
) -> tuple[str | tuple[int, int], ...]:
    """What the arguments of a rule or an account are filled with; what is not known is kept in the state."""
    return tuple(name if name in given else slots.get(name, "state") for name in names)


def as_schedule(name: str, value: object, allowed: Range) -> Schedule:
    """The schedule that a hyperparameter's value stands for, checked."""
    if isinstance(value, bool) or not (isinstance(value, Real | Schedule) or callable(value)):
        raise TypeError(f"{name}={value!r}: a hyperparameter is a number, a schedule or a function of t")
    plain = value.scale if isinstance(value, Constant) else value
    if isinstance(plain, Real):
        number = float(plain)
        if name == "beta2" and allowed is BETA:  # as a constant, 0 would keep no memory at all
            allowed = Range("in (0, 1)", lambda a: (a > 0.0) & (a < 1.0))
        if not (math.isfinite(number) and allowed.holds(np.array(number))):
            raise ValueError(f"{name}={value!r} must be {allowed.text}")
        return InverseSqrt(number) if name == "alpha" and plain is value else Constant(number)
    schedule = value if isinstance(value, Schedule) else Values(function=value)  # type: ignore[arg-type]
    t = np.unique(np.geomspace(1, 1e6, 50).astype(np.int64))
    _check_range(name, value, t, schedule(t), allowed)
    return schedule


def _check_range(name: str, value: object, t: Rounds, values: Array, allowed: Range) -> None:
    """``ValueError`` unless the values of a hyperparameter at rounds t are what its name promises."""
    fine = np.isfinite(values) & allowed.holds(values)
    if not fine.all():
        at = int(np.argmin(fine))
        raise ValueError(f"{name}={value!r} is {values[at]} at round {t[at]}: it must be {allowed.text}")

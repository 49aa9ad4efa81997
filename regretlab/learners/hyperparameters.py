"""Hyperparameters: which values they may have, and what a plain number means."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.messages import one_line
from regretlab._utils.types import Array, Rounds
from regretlab._utils.validation import number
from regretlab.schedules import Constant, Geometric, Inverse, InverseSqrt, OneMinusInverse, Schedule, Values

__all__ = [
    "BETA",
    "FINITE",
    "NONNEGATIVE",
    "POSITIVE",
    "STAYS_IN_RANGE",
    "Hyperparameter",
    "Range",
    "as_schedule",
    "as_schedules",
    "check_range",
    "sample_rounds",
]

Hyperparameter = float | Schedule | Callable[[Any], Any]
"""A number, a schedule, or a function of an array of rounds."""


class Range(NamedTuple):
    """The values a hyperparameter may have: in words that follow "must be", and as a test of an array of values."""

    text: str
    holds: Callable[[Any], Any]


POSITIVE = Range("positive", lambda a: a > 0.0)
NONNEGATIVE = Range("0 or positive", lambda a: a >= 0.0)
BETA = Range("in [0, 1)", lambda a: (a >= 0.0) & (a < 1.0))
FINITE = Range("finite", np.isfinite)

STAYS_IN_RANGE = (Constant, Geometric, Inverse, InverseSqrt, OneMinusInverse)
"""Schedules that are in range at every round if they are in range at the sampled rounds."""


def sample_rounds() -> Rounds:
    """The rounds, up to 10^6, at which a schedule is checked before round 1; a game checks the rest as it plays."""
    t = np.unique(np.geomspace(1, 1e6, 50).astype(np.int64))
    t.setflags(write=False)  # a function that changes its argument fails
    return t


def as_schedules(
    values: Mapping[str, object], ranges: Mapping[str, Range], stepsize: type[Schedule]
) -> dict[str, Schedule]:
    """Each hyperparameter as a schedule, checked: a number alpha means ``stepsize(alpha)``, any other a constant."""
    return {
        name: as_schedule(name, value, ranges.get(name, FINITE), stepsize if name == "alpha" else Constant)
        for name, value in values.items()
    }


def as_schedule(name: str, value: object, allowed: Range, of_number: type[Schedule] = Constant) -> Schedule:
    """The schedule that ``value`` means; a number a means ``of_number(a)``.

    Raises
    ------
    TypeError
        For anything but a number, a schedule or a function.
    ValueError
        When a value at one of the sampled rounds is not ``allowed``.
    """
    if isinstance(value, bool) or not (isinstance(value, Real | Schedule) or callable(value)):
        raise TypeError(f"{name}={value!r}: a hyperparameter is a number, a schedule or a function of t")
    if isinstance(value, type):
        raise TypeError(f"{name}={value!r} is a class; give one of its objects, such as {value.__name__}(0.1)")
    scale = value.scale if unchanged(value, Constant) else value
    if isinstance(scale, Real):
        if name == "beta2" and allowed is BETA:  # with a constant 0, v_t would be g_t^2
            allowed = Range("in (0, 1)", lambda a: (a > 0.0) & (a < 1.0))
        if not (math.isfinite(scale) and allowed.holds(np.array(float(scale)))):
            raise ValueError(f"{name}={value!r} must be {allowed.text}")
        schedule = (Constant if scale is not value else of_number)(float(scale))
        if type(schedule) in STAYS_IN_RANGE:
            return schedule
    else:
        schedule = value if isinstance(value, Schedule) else Values(function=value)  # type: ignore[arg-type]
    t = sample_rounds()
    check_range(name, value, t, _values(name, value, schedule, t), allowed)
    return schedule


def _values(name: str, value: object, schedule: Schedule, t: Rounds) -> Array:
    """The values of a hyperparameter at the rounds t; an error unless each of them depends on its round alone."""
    try:
        number(scale=schedule.scale)
        values, again = schedule(t), schedule(t[-2:0:-2].copy())
    except Exception as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}={value!r} has no values at the rounds 1, ..., 10^6: {one_line(error)}") from error
    other = np.flatnonzero(~np.isclose(values[-2:0:-2], again, 1e-9, 0.0, equal_nan=True))
    if other.size:
        k = int(other[-1])
        raise ValueError(
            f"{name}={value!r} is {values[-2 - 2 * k]} at round {t[-2 - 2 * k]}, and {again[k]} when it is "
            "asked with other rounds or again; a value of a schedule must depend on its round alone"
        )
    return values


def check_range(name: str, value: object, t: Rounds, values: Array, allowed: Range) -> None:
    """``ValueError``, with the first bad round, unless all ``values`` of a hyperparameter at rounds t are allowed."""
    fine = np.isfinite(values) & allowed.holds(values)
    if not fine.all():
        at = int(np.argmin(fine))
        raise ValueError(f"{name}={value!r} is {values[at]} at round {t[at]}: it must be {allowed.text}")

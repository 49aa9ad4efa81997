"""Checks that a learner's states are States and that its points are in F."""

from __future__ import annotations

from contextlib import suppress
from types import NoneType

import numpy as np

from regretlab._utils.extending import Extensible, shipped
from regretlab._utils.types import Array
from regretlab.learners.base import Algorithm1, Learner, State
from regretlab.schedules import Constant, Inverse, InverseSqrt, OneMinusInverse
from regretlab.sets import FeasibleSet

__all__ = ["check_start", "check_state", "is_inside", "is_shipped", "size_of"]

_ATOMS = frozenset({float, int, str, bool, dict, NoneType, Constant, Inverse, InverseSqrt, OneMinusInverse})
"""Types of fields that hold no learner and no set."""

_SLACK = 1e-6
"""How far a point may be outside of F, relative to the size of F, of the point and of the one before it.

An iterative projection of a user stops early.
"""


def is_shipped(part: object) -> bool:
    """Whether a learner or a set, and the learners and sets in its fields, are of classes of this package."""
    if type(part) in (tuple, list):
        return all(map(is_shipped, part))  # type: ignore[call-overload]
    if not isinstance(part, Extensible):
        return True
    inner = [value for value in vars(part).values() if type(value) not in _ATOMS]
    return shipped(type(part)) and all(map(is_shipped, inner))


def size_of(F: FeasibleSet, x: Array) -> float:
    """The largest of |x_i| and the diameter of F, 1 if F is unbounded: what errors of points are measured by."""
    diameter = 1.0
    with suppress(Exception):  # of a set whose diameter is unknown
        diameter = float(F.diameter())
    return max(float(np.abs(x).max(initial=0.0)), diameter if np.isfinite(diameter) else 1.0)


def is_inside(F: FeasibleSet, x: Array, size: float | None = None) -> bool:
    """Whether x is in F, up to a slack relative to x and to ``size``, by default that of F."""
    return F.contains(x, _SLACK * (size_of(F, x) if size is None else max(size, float(np.abs(x).max()))))


def check_start(learner: Learner, state: object, F: FeasibleSet, start: Array | None) -> None:
    """Check what ``learner.start(F, start)`` has returned, before round 1; this package's own are trusted.

    Raises
    ------
    TypeError
        Unless it is a State of arrays.
    ValueError
        For another round than 0, a point of another dimension, not in F or not the ``start``, and for moments that
        are not those of the learner's rule.
    """
    if F.shipped and is_shipped(learner):
        return
    name, d = f"{type(learner).__name__}.start", F.dimension
    if not isinstance(state, State):
        raise TypeError(f"{name} returned {state!r}; it must return a State")
    x = state.point
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "fiu" or x.shape != (d,) or state.t != 0:
        raise ValueError(
            f"{name} returned a State with t={state.t} and point={x!r}; t must be 0, the point real ({d},)"
        )
    if isinstance(learner, Algorithm1):
        if tuple(state.moments) != learner.kept:
            raise ValueError(f"{name} has the moments {list(state.moments)}; its rule keeps {list(learner.kept)}")
        for what, array in {"point": x, **state.moments}.items():
            if array.shape != (d,) or array.dtype != np.float64:
                raise ValueError(f"{name}: {what} has shape {array.shape}, {array.dtype}; it must be ({d},) of floats")
    if start is not None and not np.array_equal(x, start):
        raise ValueError(f"{name} was given start={start}, but its point is {x}")
    if not np.isfinite(x).all() or not is_inside(F, x):
        raise ValueError(f"{name} returned x_1={x}, which is not in {F!r}")


def check_state(state: object, t: int, x: Array, F: FeasibleSet | None, size: float) -> None:
    """Check that a learner's update has led from x_t = ``x`` to the state after round t, with a point in F if given."""
    if not isinstance(state, State):
        raise TypeError(f"update returned {state!r}; it must return a State")
    y = state.point
    if state.t != t or np.shape(y) != x.shape:
        raise ValueError(
            f"update returned a State with t={state.t} and a point of shape {np.shape(y)}; "
            f"after round {t} it must have t={t} and a point of shape {x.shape}"
        )
    if not np.isfinite(y).all():
        raise FloatingPointError(f"the learner's next point is {y}")
    if F is not None and not is_inside(F, y, max(size, float(np.abs(x).max()))):
        raise ValueError(f"the learner's next point x_{t + 1} = {y} is not in {F!r}: project it")

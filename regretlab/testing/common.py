"""What the checks share: their error, checks of frozen dataclasses and of equality and hash, points of a set."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any, NoReturn

import numpy as np

from regretlab._utils.types import Array
from regretlab.sets import FeasibleSet

__all__ = ["CheckFailed", "check_frozen", "check_value", "fail", "points"]


class CheckFailed(AssertionError):
    """A check failed: the message says what is wrong and shows numbers that prove it."""


def fail(message: str, cause: BaseException | None = None) -> NoReturn:
    """Raise :class:`CheckFailed`, from the error that caused it if there is one."""
    raise CheckFailed(message) from cause


def check_frozen(value: Any) -> None:
    """Check that a learner, a sequence or a set is a frozen dataclass."""
    if not (dataclasses.is_dataclass(value) and getattr(value, "__dataclass_params__").frozen):  # noqa: B009
        fail(
            f"{type(value).__name__} is not a frozen dataclass; write @dataclass(frozen=True), "
            "so that playing cannot change it"
        )


def check_value(value: Any) -> None:
    """Check that a learner, a sequence or a set equals a copy of itself, and has the same hash."""
    name, copied = type(value).__name__, copy.deepcopy(value)
    hint = "with arrays, declare it with @dataclass(frozen=True, eq=False) and let the base class compare"
    try:
        equal, hashes = bool(value == copied), (hash(value), hash(copied))
    except (TypeError, ValueError) as error:
        fail(f"{name} cannot be compared and be a key of a dict: {error}; {hint}", error)
    if not equal:
        fail(f"{name}: {value!r} is not equal to a copy of itself, though it has the same content")
    if hashes[0] != hashes[1]:
        fail(f"{name}: {value!r} is equal to a copy of itself, but their hashes are {hashes[0]} and {hashes[1]}")


def points(F: FeasibleSet, rng: np.random.Generator) -> Array:
    """(n, d): points of F: extreme points, the one nearest to the origin, and convex mixtures of them.

    If F is unbounded, projections of random points take the place of extreme points.
    """
    first = F.nearest_to_origin()
    d = first.size
    if F.bounded:
        ends = F.minimize_linear(rng.standard_normal((12, d)))
    else:
        ends = np.array([F.project(10.0 ** rng.integers(-1, 3) * rng.standard_normal(d)) for _ in range(12)])
    ends = np.vstack([first, ends])
    return np.vstack([ends, rng.dirichlet(np.ones(len(ends)), 20) @ ends])

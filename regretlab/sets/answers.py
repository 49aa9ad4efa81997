"""Whether the methods of a user's set answer with what they should: checked once, before a game begins."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from regretlab._utils.types import Array
from regretlab._utils.validation import reals
from regretlab.sets.base import FeasibleSet

__all__ = ["check_answers"]


def check_answers(F: Any, d: int) -> None:
    """Check that ``with_dimension(d)`` gave a set F of a user, of dimension d, and what some of its methods answer.

    An error that a method raises is left to whoever asks it.

    Raises
    ------
    TypeError
        When F is no set, or a method answers with something else than real numbers, or than True or False.
    ValueError
        For an array of a wrong shape, or numbers that are not finite.
    """
    name = type(F).__name__
    if not isinstance(F, FeasibleSet):
        raise TypeError(f"with_dimension({d}) returned {F!r}; it must return a feasible set in R^{d}")
    if F.dimension != d:
        raise ValueError(f"with_dimension({d}) returned {F!r}, whose dimension is {F.dimension!r}; it must be {d}")
    if F.shipped:
        return
    ones = np.ones(d)
    for call, shape, answer in (
        ("minimize_linear(c)", (d,), _of(F, "minimize_linear", ones)),
        ("minimize_linear(c) of two rows c", (2, d), _of(F, "minimize_linear", np.array([ones, -ones]))),
        ("nearest_to_origin()", (d,), _of(F, "nearest_to_origin")),
        ("parameters()", None, _of(F, "parameters")),
    ):
        for value in answer:
            _check_numbers(f"{name}.{call}", value, shape)
    for value in _of(F, "diameter"):
        D = reals(f"{name}.diameter()", value, "a number")
        if D.shape or not D >= 0.0:
            raise ValueError(f"{name}.diameter()={value!r} must be a number, 0 or positive")
    for value in (F.bounded, *_of(F, "contains", ones)):
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{name}: contains(x) or bounded is {value!r}; it must be True or False")


def _of(F: FeasibleSet, method: str, *arguments: Array) -> list[Any]:
    """What a method answers, in a list; an empty list if it raises an error."""
    with suppress(Exception):
        return [getattr(F, method)(*arguments)]
    return []


def _check_numbers(name: str, value: Any, shape: tuple[int, ...] | None) -> None:
    """Check that ``value`` holds finite real numbers, and has the shape."""
    numbers = reals(name, value, "an array of real numbers")
    if shape is not None and numbers.shape != shape:
        raise ValueError(f"{name} has shape {numbers.shape}; it must be {shape}")
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name}={value!r} must be finite")

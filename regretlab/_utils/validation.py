"""Checks of arguments: a wrong type is a ``TypeError``, a wrong value a ``ValueError``.

Each message names the argument, its value and what is allowed.  A number is a real number of Python or numpy, or an
array of shape () that holds one; True and False are not numbers.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import math
import reprlib
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import numpy as np

from regretlab._utils.types import Array, ArrayLike

Item = TypeVar("Item")
Result = TypeVar("Result")
P = ParamSpec("P")

_WORDS = {
    "T": "horizon", "n": "horizon", "rounds": "horizon", "steps": "horizon", "F": "feasible_set", "set": "feasible_set",
    "x1": "start", "x_1": "start", "x0": "start", "record": "checkpoints", "random_state": "seed", "loss": "losses",
}  # fmt: skip
"""What some users call an argument."""

__all__ = [
    "finite",
    "flag",
    "known_arguments",
    "listed",
    "nearest",
    "number",
    "positive",
    "real_array",
    "reals",
    "rounds_to_play",
    "whole",
    "within",
]


def number(**values: object) -> None:
    """Check that each value is a number, possibly infinite or NaN."""
    _check(values, Real, "a number", lambda _: True)


def finite(**values: object) -> None:
    """Check that each value is a finite number."""
    _check(values, Real, "a finite number", _is_finite)


def positive(**values: object) -> None:
    """Check that each value is a finite number > 0."""
    _check(values, Real, "a positive number", lambda number: _is_finite(number) and number > 0)


def within(interval: str, **values: object) -> None:
    """Check that each value is a finite number in ``interval``, such as ``"[0, 1)"`` or ``"[0, inf)"``."""
    low, high = map(float, interval[1:-1].split(","))

    def holds(number: Any) -> bool:
        above = number >= low if interval[0] == "[" else number > low
        return _is_finite(number) and above and (number <= high if interval[-1] == "]" else number < high)

    _check(values, Real, f"a number in {interval}", holds)


def whole(least: int, **values: object) -> None:
    """Check that each value is an integer >= ``least``; 2.0 is not an integer."""
    _check(values, Integral, f"an integer of at least {least}", lambda number: number >= least)


def flag(**values: object) -> None:
    """Check that each value is True, False or None."""
    for name, value in values.items():
        if not (value is None or isinstance(value, bool | np.bool_)):
            raise TypeError(f"{name}={value!r} must be True, False or None")


def known_arguments(function: Callable[P, Result]) -> Callable[P, Result]:
    """A decorator: ``TypeError`` with the nearest name for a keyword that is none of the function's arguments."""
    names = inspect.signature(function).parameters

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> Result:
        for name in kwargs.keys() - names.keys():
            meant = f"; did you mean {_WORDS[name]}?" if _WORDS.get(name) in names else nearest(name, list(names))
            raise TypeError(f"{function.__name__} has no argument {name}{meant}")
        return function(*args, **kwargs)

    return checked


def listed(name: str, values: Iterable[Item]) -> list[Item]:
    """The items of an iterable; ``TypeError`` for what is none, such as one learner or one seed."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name}={values!r} must be an iterable, such as a list; for one write [{values!r}]")
    return list(values)


def rounds_to_play(horizon: object) -> int:
    """``horizon`` as an int >= 1; a float with an integer value, such as 1e6, is accepted too."""
    _check(
        {"horizon": horizon},
        Real,
        "a number of rounds: an integer of at least 1",
        lambda number: _is_finite(number) and number >= 1 and number == math.floor(number),
    )
    return int(horizon)  # type: ignore[call-overload,no-any-return]


def _check(values: dict[str, object], kind: type, allowed: str, holds: Callable[[Any], bool]) -> None:
    """Check that each value is a number of the type ``kind`` for which ``holds`` is true."""
    for name, value in values.items():
        number = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
        if isinstance(number, bool) or not isinstance(number, kind):
            raise TypeError(f"{name}={value!r} must be {allowed}")
        if not holds(number):
            raise ValueError(f"{name}={value!r} must be {allowed}")


def _is_finite(number: Any) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer beyond the range of floats
        return False


def reals(name: str, value: ArrayLike, allowed: str = "real numbers", *, boolean: bool = False) -> Array:
    """``value`` as a float64 array of any shape, without a copy if it is one; its numbers may be infinite or NaN.

    ``TypeError``, which says what is ``allowed``, for complex numbers, texts, objects, lists of different lengths,
    masked arrays and, unless ``boolean``, True and False.
    """
    try:
        given = np.asarray(value)
    except ValueError:  # rows of different lengths
        given = np.empty(0, dtype=object)
    if given.dtype.kind not in ("fiub" if boolean and given.ndim else "fiu") or isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name}={reprlib.repr(value)} must be {allowed}")
    return np.asarray(given, dtype=np.float64)


def real_array(name: str, value: ArrayLike, shape: str, *dimensions: int, boolean: bool = False) -> Array:
    """A read-only float64 copy of ``value``, checked to be a nonempty array of finite real numbers.

    ``dimensions`` are the values of ``ndim`` that are allowed; ``shape`` describes them in the messages.
    ``boolean`` allows arrays of True and False, which are 1 and 0.
    """
    given = reals(name, value, f"an array {shape} of real numbers", boolean=boolean)
    if given.ndim not in dimensions or given.size == 0:
        raise ValueError(f"{name} has shape {given.shape}; it must be {shape} and not empty")
    array = np.array(given, order="C")
    known = np.isfinite(array)
    if not known.all():
        at = tuple(int(i) for i in np.unravel_index(int(known.argmin()), array.shape))
        raise ValueError(f"{name}{list(at) if at else ''}={array[at]} must be a finite number")
    array.setflags(write=False)
    return array


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of a message: ``; did you mean ...?`` with the one or two ``names`` nearest to ``name``, or all names."""
    known = {other.lower(): other for other in names}
    close = [known[other] for other in difflib.get_close_matches(name.lower(), known, n=2)]
    return f"; did you mean {' or '.join(close)}?" if close else f"; there are: {', '.join(known.values()) or 'none'}"

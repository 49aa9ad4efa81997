"""Checks of numbers that name the argument, its value and what is allowed."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from numbers import Integral, Real

import numpy as np

__all__ = ["finite", "nearest", "positive", "rounds_to_play", "whole"]


def finite(**values: object) -> None:
    """``ValueError`` unless each value is a finite real number."""
    for name, value in values.items():
        if not _is_finite(value):
            raise ValueError(f"{name}={value!r} must be a finite number")


def positive(**values: object) -> None:
    """``ValueError`` unless each value is a finite real number above zero."""
    for name, value in values.items():
        if not (_is_finite(value) and value > 0):  # type: ignore[operator]
            raise ValueError(f"{name}={value!r} must be a positive number")


def whole(least: int, **values: object) -> None:
    """``ValueError`` unless each value is an integer of at least ``least``."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            raise ValueError(f"{name}={value!r} must be an integer of at least {least}")


def _is_finite(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def rounds_to_play(horizon: object) -> int:
    """``horizon`` as an integer; ``ValueError`` unless it is a number of rounds, at least 1."""
    whole = isinstance(horizon, int | np.integer) or (isinstance(horizon, float) and horizon.is_integer())
    if isinstance(horizon, bool) or not whole or horizon < 1:  # type: ignore[operator]
        raise ValueError(f"horizon={horizon!r} must be a number of rounds: an integer of at least 1")
    return int(horizon)  # type: ignore[call-overload,no-any-return]


def nearest(name: str, names: Iterable[str]) -> str:
    """``; did you mean ...?`` with the one or two nearest of ``names``, or else all of them."""
    known = {other.lower(): other for other in names}
    close = [known[other] for other in difflib.get_close_matches(name.lower(), known, n=2)]
    return f"; did you mean {' or '.join(close)}?" if close else f"; there are: {', '.join(known.values()) or 'none'}"

"""Checks of numbers that name the argument, its value and what is allowed."""

from __future__ import annotations

import math
from numbers import Integral, Real

__all__ = ["finite", "positive", "whole"]


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

"""Checks of what sequences are made of: each names argument, value and range."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import finite

__all__ = ["class_labels", "features", "nonnegative", "numbers", "probability", "shown", "targets"]

_SHOWN = 16  # numbers


def nonnegative(**values: Any) -> None:
    """``ValueError`` unless each value is a finite number >= 0."""
    finite(**values)
    for name, value in values.items():
        if value < 0:
            raise ValueError(f"{name}={value!r} must not be negative")


def probability(**values: Any) -> None:
    """``ValueError`` unless each value is a number in [0, 1]."""
    finite(**values)
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name}={value!r} must be a probability, in [0, 1]")


def features(value: ArrayLike) -> Array:
    """(N, d): a read-only copy of finite numbers, one example in a row."""
    return numbers("features", value, 2, "(N, d)")


def targets(value: ArrayLike, N: int) -> Array:
    """(N,): a read-only copy of finite numbers."""
    return _one_each("targets", numbers("targets", value, 1, "(N,)"), N)


def class_labels(value: ArrayLike, N: int, classes: int | None) -> NDArray[np.int64]:
    """(N,): a read-only copy of whole numbers 0, ..., ``classes`` - 1."""
    y = _one_each("labels", numbers("labels", value, 1, "(N,)"), N)
    bad = (y < 0.0) | (y != np.floor(y)) | (y >= (math.inf if classes is None else classes))
    if bad.any():
        i = int(bad.argmax())
        raise ValueError(f"labels[{i}]={y[i]:g} must be one of 0, 1, ..., {'k' if classes is None else classes} - 1")
    whole = y.astype(np.int64)
    whole.setflags(write=False)
    return whole


def _one_each(name: str, array: Array, N: int) -> Array:
    if len(array) != N:
        raise ValueError(f"{name} has shape {array.shape}, and features has {N} rows: there must be one for each")
    return array


def numbers(name: str, value: ArrayLike, ndim: int, shape: str) -> Array:
    """A read-only copy of finite numbers, in ``ndim`` dimensions."""
    given = np.asarray(value)
    if given.dtype.kind not in "fiub":
        raise TypeError(f"{name} has type {given.dtype}; it must be an array {shape} of real numbers")
    if given.ndim != ndim or given.size == 0:
        raise ValueError(f"{name} has shape {given.shape}; it must be {shape} and not empty")
    array = np.array(given, dtype=np.float64, order="C")
    known = np.isfinite(array)
    if not known.all():
        at = tuple(int(i) for i in np.unravel_index(int(known.argmin()), array.shape))
        raise ValueError(f"{name}[{', '.join(map(str, at))}]={array[at]} must be a finite number")
    array.setflags(write=False)
    return array


def shown(sequence: Any) -> str:
    """The repr of a dataclass, with the shape instead of the numbers of a long array."""
    parts = []
    for field in dataclasses.fields(sequence):
        value = getattr(sequence, field.name)
        if isinstance(value, np.ndarray):
            value = value.tolist() if value.size <= _SHOWN else f"<array {value.shape}>"
        parts.append(f"{field.name}={value if isinstance(value, str) else repr(value)}")
    return f"{type(sequence).__name__}({', '.join(parts)})"

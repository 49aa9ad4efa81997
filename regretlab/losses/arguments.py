"""Checks of given examples, and how a sequence that holds them is printed."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import real_array, whole

__all__ = ["LONGEST", "class_labels", "dimension", "features", "shown", "targets"]

LONGEST = 2**24
"""The largest dimension, and the largest number of entries in the table of one period."""

_SHOWN = 16  # the size of the largest array whose numbers are shown


def dimension(**d: object) -> None:
    """Check that a dimension is an integer of at least 1, and that a few vectors of it fit into memory."""
    whole(1, **d)
    for name, value in d.items():
        if value > LONGEST:  # type: ignore[operator]
            raise ValueError(f"{name}={value!r} must be at most {LONGEST}")


def features(value: ArrayLike) -> Array:
    """(N, d): a read-only copy of finite numbers, one example per row."""
    return real_array("features", value, "(N, d)", 2, boolean=True)


def targets(value: ArrayLike, N: int) -> Array:
    """(N,): a read-only copy of finite numbers."""
    return _one_each("targets", value, N)


def class_labels(value: ArrayLike, N: int, classes: int | None) -> NDArray[np.int64]:
    """(N,): a read-only copy of whole numbers 0, ..., ``classes`` - 1; with None, k is how many occur."""
    y = _one_each("labels", value, N)
    bad = (y < 0.0) | (y != np.floor(y)) | (y >= (math.inf if classes is None else classes))
    if bad.any():
        i = int(bad.argmax())
        raise ValueError(f"labels[{i}]={y[i]:g} must be one of 0, 1, ..., {'k' if classes is None else classes} - 1")
    labels = y.astype(np.int64)
    labels.setflags(write=False)
    found = np.unique(labels)
    if classes is None and not (len(found) > 1 and found[-1] == len(found) - 1):
        raise ValueError(
            f"labels has the values {found[:8].tolist()}{'...' if len(found) > 8 else ''}, which are not all of "
            "0, 1, ..., k - 1 for a k of at least 2; say classes=k, or number the classes that occur: "
            "classes, labels = numpy.unique(labels, return_inverse=True)"
        )
    return labels


def _one_each(name: str, value: ArrayLike, N: int) -> Array:
    array = real_array(name, value, "(N,)", 1, boolean=True)
    if len(array) != N:
        raise ValueError(f"{name} has shape {array.shape}, and features has {N} rows: there must be one for each")
    return array


def shown(sequence: Any) -> str:
    """The repr of a dataclass, with the shape of a long array in place of its numbers."""
    parts = []
    for field in dataclasses.fields(sequence):
        value = getattr(sequence, field.name)
        if isinstance(value, np.ndarray):
            value = value.tolist() if value.size <= _SHOWN else f"<array {value.shape}>"
        parts.append(f"{field.name}={value if isinstance(value, str) else repr(value)}")
    return f"{type(sequence).__name__}({', '.join(parts)})"

"""Checks of the fields of sets, and of the points and directions that are passed to sets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import positive, real_array, whole

__all__ = ["directions", "euclidean", "point", "short", "store_dimension", "store_equations", "store_positive"]


def store_positive(F: Any, *names: str) -> None:
    """Check that these fields of a set are positive numbers, and store them as floats."""
    for name in names:
        value = getattr(F, name)
        positive(**{name: value})
        object.__setattr__(F, name, float(value))


def store_dimension(F: Any) -> None:
    """Check that ``F.dimension`` is None or a whole number >= 1, and store the number as an int."""
    if F.dimension is not None:
        whole(1, dimension=F.dimension)
        object.__setattr__(F, "dimension", int(F.dimension))


def store_equations(F: Any) -> tuple[Array, Array]:
    """Check the fields A (k, d) and b (k,) of a set, and store and return them as read-only arrays."""
    A, b = real_array("A", F.A, "(k, d)", 2), real_array("b", F.b, "(k,)", 1)
    if b.shape != A.shape[:1]:
        raise ValueError(f"b has shape {b.shape}, A has shape {A.shape}: b needs a number for each row of A")
    object.__setattr__(F, "A", A)
    object.__setattr__(F, "b", b)
    return A, b


def point(x: ArrayLike, dimension: int | None) -> Array:
    """x as an array (d,)."""
    array = np.atleast_1d(np.asarray(x, dtype=np.float64))
    if array.ndim != 1 or (dimension is not None and array.size != dimension):
        raise ValueError(f"x has shape {array.shape}, the set needs ({dimension or 'd'},)")
    return array


def directions(c: ArrayLike, dimension: int | None) -> Array:
    """c as an array (..., d)."""
    array = np.asarray(c, dtype=np.float64)
    if array.ndim == 0 or (dimension is not None and array.shape[-1] != dimension):
        raise ValueError(f"c has shape {array.shape}, the set needs (..., {dimension or 'd'})")
    return array


def euclidean(norm: float) -> bool:
    """Whether ``norm`` is 2; ``ValueError`` unless it is 2 or inf."""
    if norm not in (2, math.inf):
        raise ValueError(f"norm={norm!r} must be 2 or inf")
    return norm == 2


def short(array: Array | None) -> str:
    """The numbers of a small array, the shape of a large one."""
    if array is None or array.size <= 32:
        return repr(None if array is None else array.tolist())
    return f"<array {array.shape}>"

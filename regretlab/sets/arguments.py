"""Checks of the fields of sets, and of the points and directions that are passed to sets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import positive, real_array, reals, whole

__all__ = [
    "directions",
    "euclidean",
    "length",
    "point",
    "short",
    "store_dimension",
    "store_equations",
    "store_positive",
]


def store_positive(F: Any, *names: str) -> None:
    """Check that these fields of a set are positive numbers with a finite double, and store them as floats."""
    for name in names:
        value = getattr(F, name)
        positive(**{name: value})
        if 2.0 * float(value) == math.inf:
            raise ValueError(f"{name}={value!r}: twice this number overflows, it must be smaller")
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
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        far = A.any(axis=1) & ~np.isfinite(b / np.abs(A).max(axis=1))
    if far.any():
        k = int(np.argmax(far))
        raise ValueError(f"A[{k}]={A[k]!r}, b[{k}]={b[k]}: the points with <A[{k}], x> = b[{k}] overflow")
    object.__setattr__(F, "A", A)
    object.__setattr__(F, "b", b)
    return A, b


def point(x: ArrayLike, dimension: int | None) -> Array:
    """x as an array (d,)."""
    array = np.atleast_1d(reals("x", x))
    if array.ndim != 1 or (dimension is not None and array.size != dimension):
        raise ValueError(f"x has shape {array.shape}, the set needs ({dimension or 'd'},)")
    return array


def directions(c: ArrayLike, dimension: int | None) -> Array:
    """c as an array (..., d) of finite numbers."""
    array = reals("c", c)
    if array.ndim == 0 or (dimension is not None and array.shape[-1] != dimension):
        raise ValueError(f"c has shape {array.shape}, the set needs (..., {dimension or 'd'})")
    if not np.isfinite(array).all():
        raise ValueError(f"c={array!r} must be finite")
    return array


def length(x: ArrayLike) -> float:
    """||x||_2, also where the squares overflow or underflow."""
    array = np.asarray(x, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        norm = float(np.linalg.norm(array))
    return norm if 1e-150 < norm < math.inf else math.hypot(*array)


def euclidean(norm: float) -> bool:
    """Whether ``norm`` is 2; ``ValueError`` unless it is 2 or inf."""
    if norm not in (2, math.inf):
        raise ValueError(f"norm={norm!r} must be 2 or inf, the norms of the theorems")
    return norm == 2


def short(array: Array | None) -> str:
    """The numbers of a small array, the shape of a large one."""
    if array is None or array.size <= 32:
        return repr(None if array is None else array.tolist())
    return f"<array {array.shape}>"

"""Checks of the numbers and arrays that sets are made of."""

from __future__ import annotations

import math
from numbers import Integral, Real

import numpy as np

from regretlab._utils.types import Array, ArrayLike

__all__ = ["count", "directions", "euclidean", "matrix", "point", "positive", "real", "short", "vector"]


def real(name: str, value: object) -> float:
    """A finite number."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}={value!r} must be a number")
    if not math.isfinite(value):
        raise ValueError(f"{name}={value!r} must be finite")
    return float(value)


def positive(name: str, value: object) -> float:
    """A finite number > 0."""
    number = real(name, value)
    if not number > 0.0:
        raise ValueError(f"{name}={value!r} must be positive")
    return number


def count(name: str, value: object) -> int | None:
    """A number of coordinates, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name}={value!r} must be a whole number")
    if value < 1:
        raise ValueError(f"{name}={value!r} must be at least 1")
    return int(value)


def vector(name: str, value: ArrayLike) -> Array:
    """A read-only copy of finite numbers of shape (n,), n >= 1."""
    return _array(name, value, 1, "(n,)")


def matrix(name: str, value: ArrayLike) -> Array:
    """A read-only copy of finite numbers of shape (k, n), k, n >= 1."""
    return _array(name, value, 2, "(k, n)")


def _array(name: str, value: ArrayLike, ndim: int, shape: str) -> Array:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}={value!r} must be an array {shape} of numbers") from error
    if array.ndim != ndim or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}, it must be {shape} with at least one number")
    if not np.isfinite(array).all():
        at = np.unravel_index(int(np.argmin(np.isfinite(array))), array.shape)
        raise ValueError(f"{name}{[int(i) for i in at]}={array[at]} must be finite")
    array.setflags(write=False)
    return array


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
    """Whether ``norm`` is 2; otherwise it has to be inf."""
    if norm not in (2, math.inf):
        raise ValueError(f"norm={norm!r} must be 2 or inf")
    return norm == 2


def short(array: Array | None) -> str:
    """The numbers of a small array, the shape of a large one."""
    if array is None or array.size <= 32:
        return repr(None if array is None else array.tolist())
    return f"<array {array.shape}>"

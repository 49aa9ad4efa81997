"""Boxes: one interval for each coordinate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regretlab._typing import Array, ArrayLike
from regretlab.sets.base import FeasibleSet

__all__ = ["Box"]


@dataclass(frozen=True, eq=False)
class Box(FeasibleSet):
    """F = {x : lo_i <= x_i <= hi_i for every i}.

    Parameters
    ----------
    lo, hi : float or array (d,)
        Finite bounds with lo <= hi.  Two scalars make an interval that takes the
        dimension of the sequence it is used with.

    Notes
    -----
    The weighted projection onto a box is clipping whatever the weights:
    the problem separates into coordinates.
    """

    lo: float | Array = -1.0
    hi: float | Array = 1.0

    def __post_init__(self) -> None:
        bounds = {}
        for name in ("lo", "hi"):
            value = np.array(getattr(self, name), dtype=np.float64)
            if value.ndim > 1 or value.size == 0:
                raise ValueError(f"{name} has shape {value.shape}: a bound is a number or an array (d,)")
            if not np.isfinite(value).all():
                raise ValueError(f"{name}={getattr(self, name)!r}: the bounds of a Box must be finite numbers")
            bounds[name] = value
        lo, hi = bounds["lo"], bounds["hi"]
        if lo.ndim and hi.ndim and lo.shape != hi.shape:
            raise ValueError(f"lo has shape {lo.shape} and hi has shape {hi.shape}: they must agree")
        if lo.ndim or hi.ndim:
            lo, hi = (np.array(a) for a in np.broadcast_arrays(lo, hi))
        if (lo > hi).any():
            i = int(np.argmax(lo > hi))
            raise ValueError(f"lo={np.ravel(lo)[i]} > hi={np.ravel(hi)[i]} at coordinate {i}: the Box is empty")
        for name, value in (("lo", lo), ("hi", hi)):
            if value.ndim:
                value.setflags(write=False)
            object.__setattr__(self, name, value if value.ndim else float(value))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Box):
            return NotImplemented
        return np.array_equal(self.lo, other.lo) and np.array_equal(self.hi, other.hi)

    def __hash__(self) -> int:
        return hash((np.asarray(self.lo).tobytes(), np.asarray(self.hi).tobytes()))

    def __repr__(self) -> str:
        lo, hi = (np.asarray(b).tolist() for b in (self.lo, self.hi))
        return f"Box({lo}, {hi})"

    @property
    def dimension(self) -> int | None:
        return self.lo.size if isinstance(self.lo, np.ndarray) else None

    def with_dimension(self, d: int) -> Box:
        if self.dimension is None:
            return Box(np.full(d, self.lo), np.full(d, self.hi))
        super().with_dimension(d)
        return self

    def _project(self, y: Array, weights: Array) -> Array:
        return np.where(y < self.lo, self.lo, np.where(y > self.hi, self.hi, y))

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        point = np.asarray(x, dtype=np.float64)
        return bool((point >= self.lo - tolerance).all() and (point <= self.hi + tolerance).all())

    def diameter(self, norm: float = np.inf) -> float:
        sides = np.atleast_1d(np.subtract(self.hi, self.lo))
        if self.dimension is None and norm != np.inf:
            raise ValueError(f"norm={norm}: {self!r} has no dimension yet; use with_dimension(d) first")
        return float(np.linalg.norm(sides, norm))

    def minimize_linear(self, c: ArrayLike) -> Array:
        return np.where(np.asarray(c) > 0.0, self.lo, self.hi)

"""Feasible sets F: convex, closed, and able to project in a learner's own metric."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from regretlab._typing import Array, ArrayLike

__all__ = ["Box", "FeasibleSet"]


class FeasibleSet(ABC):
    """A convex closed set F in R^d.

    A set of your own is a frozen dataclass with the five abstract members below
    in plain numpy.  Sets are values: they hold no state between calls.
    """

    @property
    @abstractmethod
    def dimension(self) -> int | None:
        """d, or None for a set that takes the dimension of the sequence it is used with."""

    @abstractmethod
    def _project(self, y: Array, weights: Array) -> Array:
        """argmin_{x in F} sum_i w_i (x_i - y_i)^2 for checked ``y``, ``weights`` of shape (d,)."""

    @abstractmethod
    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        """Whether x is in F, up to ``tolerance`` in each constraint."""

    @abstractmethod
    def diameter(self, norm: float = np.inf) -> float:
        """max_{x, y in F} ||x - y||, in the inf-norm (D_inf of the theorems) or, with ``norm=2``, D_2."""

    @abstractmethod
    def minimize_linear(self, c: ArrayLike) -> Array:
        """argmin_{x in F} <c, x>; ``c`` of shape (..., d) gives points of the same shape."""

    def with_dimension(self, d: int) -> FeasibleSet:
        """This set in R^d; ``ValueError`` if it lives elsewhere."""
        if self.dimension != d:
            raise ValueError(f"feasible_set {self!r} has dimension {self.dimension}, the losses have dimension {d}")
        return self

    def project(self, y: ArrayLike, weights: ArrayLike | None = None) -> Array:
        """argmin_{x in F} sum_i w_i (x_i - y_i)^2.

        With w = sqrt(v) this is the projection Pi_{F, sqrt(V)} of Algorithm 1 of
        Reddi et al. (2018); with w = 1, the default, the Euclidean one.

        Parameters
        ----------
        y : array (d,)
            The point to project.
        weights : array (d,), optional
            Finite and positive.

        Raises
        ------
        ValueError
            For NaN in y, weights that are not positive and finite, or a wrong shape.
        """
        point = np.atleast_1d(np.asarray(y, dtype=np.float64))
        if point.ndim != 1 or (self.dimension is not None and point.size != self.dimension):
            raise ValueError(f"y has shape {point.shape}, {self!r} needs ({self.dimension or 'd'},)")
        if np.isnan(point).any():
            raise ValueError(f"y={point!r} has NaN at coordinate {int(np.isnan(point).argmax())}")
        if weights is None:
            return self._project(point, np.ones_like(point))
        w = np.broadcast_to(np.asarray(weights, dtype=np.float64), point.shape)
        bad = ~(np.isfinite(w) & (w > 0.0))
        if bad.any():
            i = int(bad.argmax())
            raise ValueError(f"weights[{i}]={w[i]!r}: weights must be positive and finite")
        return self._project(point, w)

    def nearest_to_origin(self) -> Array:
        """The default start x_1: the point of F nearest to the origin."""
        if self.dimension is None:
            raise ValueError(f"{self!r} has no dimension yet; use with_dimension(d) first")
        return self.project(np.zeros(self.dimension))


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

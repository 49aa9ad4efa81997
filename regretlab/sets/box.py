"""Products of intervals, one for each coordinate: boxes, balls of the inf-norm, R^d; and what all balls share."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import real_array, whole
from regretlab.kernels import clip
from regretlab.sets.arguments import directions, euclidean, length, point, short, store_dimension, store_positive
from regretlab.sets.base import FeasibleSet

__all__ = ["Ball", "Box", "LinfBall", "Reals"]

_DEFAULT = float("1")  # an object of its own, so that it can be told from a 1.0 that a caller gives


@dataclass(frozen=True, eq=False)
class Box(FeasibleSet):
    """F = {x : lo_i <= x_i <= hi_i for every i}.

    Parameters
    ----------
    lo, hi : float or array (d,)
        Finite bounds with lo <= hi.  If both are numbers, the box takes the
        dimension of the losses it is used with.  With an array lo, hi must be given.

    Raises
    ------
    TypeError
        For bounds that are no numbers.
    ValueError
        For bounds that are not finite, of different shapes, with lo > hi, or so far apart that hi - lo overflows.

    Notes
    -----
    The projection is clipping, whatever the weights, since the problem separates
    into coordinates.
    """

    lo: float | Array = -1.0
    hi: float | Array = _DEFAULT

    def __post_init__(self) -> None:
        if self.hi is _DEFAULT and np.ndim(self.lo):
            ends = reprlib.repr(self.lo)
            raise ValueError(f"lo={ends} has an entry for each coordinate and hi is not given: give both, Box(lo, hi)")
        lo, hi = (real_array(name, getattr(self, name), "() or (d,)", 0, 1) for name in ("lo", "hi"))
        if lo.ndim and hi.ndim and lo.shape != hi.shape:
            raise ValueError(f"lo has shape {lo.shape} and hi has shape {hi.shape}: they must agree")
        if lo.ndim or hi.ndim:
            lo, hi = (np.array(a) for a in np.broadcast_arrays(lo, hi))
        if (lo > hi).any():
            i = int(np.argmax(lo > hi))
            raise ValueError(f"lo={np.ravel(lo)[i]} > hi={np.ravel(hi)[i]} at coordinate {i}: the Box is empty")
        with np.errstate(over="ignore"):
            if not np.isfinite(hi - lo).all():
                raise ValueError(f"lo={self.lo!r}, hi={self.hi!r}: the difference hi - lo overflows")
        for name, value in (("lo", lo), ("hi", hi)):
            if value.ndim:
                value.setflags(write=False)
            object.__setattr__(self, name, value if value.ndim else float(value))

    def __repr__(self) -> str:
        lo, hi = np.atleast_1d(self.lo), np.atleast_1d(self.hi)
        if (lo == lo[0]).all() and (hi == hi[0]).all():
            return f"Box({lo[0]}, {hi[0]})" + (f"^{lo.size}" if lo.size > 1 else "")
        short = [np.array2string(b, separator=", ", threshold=8, max_line_width=1000) for b in (lo, hi)]
        return f"Box({short[0]}, {short[1]})"

    @property
    def dimension(self) -> int | None:
        return self.lo.size if isinstance(self.lo, np.ndarray) else None

    def with_dimension(self, d: int) -> Box:
        if self.dimension is None:
            whole(1, dimension=d)
            return replace(self, lo=np.full(d, self.lo), hi=np.full(d, self.hi))
        super().with_dimension(d)
        return self

    @staticmethod
    def projection(x: Any, w: Any, p: Any) -> None:  # noqa: ARG004
        """Clip each coordinate, whatever w; p holds lo, then hi, each one number or d numbers."""
        k = len(p) // 2
        for i in range(len(x)):
            j = i if k > 1 else 0
            x[i] = clip(x[i], p[j], p[k + j])

    def parameters(self) -> Array:
        return np.concatenate([np.atleast_1d(self.lo), np.atleast_1d(self.hi)])

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        given = point(x, self.dimension)
        return bool((given >= self.lo - tolerance).all() and (given <= self.hi + tolerance).all())

    def diameter(self, norm: float = np.inf) -> float:
        sides = np.atleast_1d(np.subtract(self.hi, self.lo))
        if not euclidean(norm):
            return float(sides.max())
        if self.dimension is None:
            raise ValueError(f"norm={norm}: {self!r} has no dimension yet; use with_dimension(d) first")
        return length(sides)

    def minimize_linear(self, c: ArrayLike) -> Array:
        return np.where(directions(c, self.dimension) > 0.0, self.lo, self.hi)


@dataclass(frozen=True, eq=False)
class Ball(FeasibleSet):
    """What balls of all norms share: the fields, their checks and the repr, e.g. ``L2Ball(1.0, dimension=3)``."""

    radius: float
    center: Array | None = None
    dimension: int | None = None

    def __post_init__(self) -> None:
        store_positive(self, "radius")
        store_dimension(self)
        if self.center is not None:
            if isinstance(self.center, Integral):
                hint = f"{type(self).__name__}({self.radius}, dimension={self.center})"
                raise ValueError(f"center={self.center!r} must be an array (d,); for R^{self.center} write {hint}")
            center = real_array("center", self.center, "(d,)", 1)
            if self.dimension not in (None, center.size):
                raise ValueError(f"dimension={self.dimension}, but center has shape {center.shape}: they must agree")
            if float(np.abs(center).max()) + 2.0 * self.radius == np.inf:
                raise ValueError(f"radius={self.radius}, center={short(center)}: points of the ball overflow")
            object.__setattr__(self, "center", center)
            object.__setattr__(self, "dimension", center.size)

    def __repr__(self) -> str:
        given = [repr(self.radius)]
        if self.center is not None:
            given.append(f"center={short(self.center)}")
        elif self.dimension is not None:
            given.append(f"dimension={self.dimension}")
        return f"{type(self).__name__}({', '.join(given)})"


@dataclass(frozen=True, eq=False, repr=False)
class LinfBall(Ball):
    """F = {x : max_i |x_i - center_i| <= radius}.

    Parameters
    ----------
    radius : float
        Positive.
    center : array (d,), optional
        The origin by default.
    dimension : int, optional
        d; by default that of ``center``, or else of the losses it is used with.

    Raises
    ------
    TypeError, ValueError
        For a radius, center or dimension of a wrong type or value, or a center of another dimension.

    Notes
    -----
    This is a box; the projection is clipping, whatever the weights.
    """

    @cached_property
    def box(self) -> Box:
        """The same set as a :class:`Box`."""
        if self.center is not None:
            return Box(self.center - self.radius, self.center + self.radius)
        box = Box(-self.radius, self.radius)
        return box if self.dimension is None else box.with_dimension(self.dimension)

    projection = staticmethod(Box.projection)

    def parameters(self) -> Array:
        return self.box.parameters()

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        return self.box.contains(point(x, self.dimension), tolerance)

    def diameter(self, norm: float = np.inf) -> float:
        return self.box.diameter(norm)

    def minimize_linear(self, c: ArrayLike) -> Array:
        return self.box.minimize_linear(directions(c, self.dimension))


@dataclass(frozen=True, eq=False)
class Reals(FeasibleSet):
    """F = R^d, for learners that need no projection.

    Parameters
    ----------
    dimension : int, optional
        d; by default that of the losses it is used with.

    Raises
    ------
    TypeError, ValueError
        For a dimension that is not an integer, or is below 1.
    """

    dimension: int | None = None

    def __post_init__(self) -> None:
        store_dimension(self)

    @staticmethod
    def projection(x: Any, w: Any, p: Any) -> None:  # noqa: ARG004
        """Leave x as it is: every point is its own projection."""
        return

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        return bool(np.isfinite(point(x, self.dimension)).all())

    def diameter(self, norm: float = np.inf) -> float:
        return np.inf

    def minimize_linear(self, c: ArrayLike) -> Array:
        costs = directions(c, self.dimension)
        if costs.any():
            raise ValueError(f"<c, x> has no minimum over {self!r}, which is unbounded: c={costs!r} is not zero")
        return np.zeros_like(costs)

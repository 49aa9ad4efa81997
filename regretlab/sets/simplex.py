"""Sets with a bound on sum_i x_i or sum_i |x_i|: simplex, capped simplex, L1 ball."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.sets.arguments import directions, euclidean, length, point, store_dimension, store_positive
from regretlab.sets.base import FeasibleSet
from regretlab.sets.compensated import EPS, exact_sum, two_product
from regretlab.sets.water_filling import fill, mass_of

__all__ = ["CappedSimplex", "L1Ball", "Simplex"]

_ROUNDING = 4.0 * EPS


@dataclass(frozen=True, eq=False)
class Simplex(FeasibleSet):
    """F = {x : x_i >= 0, sum_i x_i = mass}.

    Parameters
    ----------
    dimension : int, optional
        d; by default that of the losses it is used with.
    mass : float
        Positive.

    Raises
    ------
    TypeError, ValueError
        For a dimension or mass of a wrong type or out of range.

    Notes
    -----
    The projection in the metric w is x_i = max(0, y_i - tau / w_i), with the tau
    for which sum_i x_i = mass (Duchi et al., "Efficient projections onto
    the l1-ball", 2008, for w = 1), found by :func:`~regretlab.sets.water_filling.fill`.
    """

    dimension: int | None = None
    mass: float = 1.0

    def __post_init__(self) -> None:
        store_dimension(self)
        store_positive(self, "mass")

    @staticmethod
    def projection(x: Any, w: Any, p: Any) -> None:
        """Project x in place, as the class notes say; p holds the mass."""
        if not abs(mass_of(x, math.inf, False) - p[0]) <= _ROUNDING * p[0]:
            fill(x, w, p[0], math.inf, False)

    def parameters(self) -> Array:
        return np.array([self.mass])

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        return _in_capped_simplex(point(x, self.dimension), self.mass, np.inf, tolerance)

    def diameter(self, norm: float = np.inf) -> float:
        side = math.sqrt(2.0) if euclidean(norm) else 1.0
        return 0.0 if self.dimension == 1 else side * self.mass

    def minimize_linear(self, c: ArrayLike) -> Array:
        costs = directions(c, self.dimension)
        return _vertex(np.argmin(costs, axis=-1), costs.shape, self.mass)


@dataclass(frozen=True, eq=False)
class CappedSimplex(FeasibleSet):
    """F = {x : 0 <= x_i <= cap, sum_i x_i = mass}.

    Parameters
    ----------
    dimension : int, optional
        d; by default that of the losses it is used with.
    cap, mass : float
        Positive, mass <= d cap.

    Raises
    ------
    TypeError, ValueError
        For values of a wrong type or out of range, or if mass > d cap, so that F is empty.

    Notes
    -----
    The projection in the metric w is x_i = min(cap, max(0, y_i - tau / w_i)), with
    the tau for which sum_i x_i = mass (:func:`~regretlab.sets.water_filling.fill`).
    """

    dimension: int | None = None
    cap: float = 1.0
    mass: float = 1.0

    def __post_init__(self) -> None:
        store_dimension(self)
        store_positive(self, "cap", "mass")
        if self.dimension is not None and self.cap * self.dimension < self.mass * (1.0 - _ROUNDING):
            raise ValueError(
                f"cap={self.cap}: {self.dimension} numbers up to cap do not reach mass={self.mass}, "
                f"the CappedSimplex is empty; cap must be at least {self.mass / self.dimension}"
            )

    @staticmethod
    def projection(x: Any, w: Any, p: Any) -> None:
        """Project x in place, as the class notes say; p holds the mass, then the cap."""
        if not abs(mass_of(x, p[1], False) - p[0]) <= _ROUNDING * p[0]:
            fill(x, w, p[0], p[1], False)

    def parameters(self) -> Array:
        return np.array([self.mass, self.cap])

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        return _in_capped_simplex(point(x, self.dimension), self.mass, self.cap, tolerance)

    def diameter(self, norm: float = np.inf) -> float:
        if self.dimension is None:
            raise ValueError(f"{self!r} has no dimension yet; use with_dimension(d) first")
        vertex = self.minimize_linear(np.arange(float(self.dimension)))
        farthest = self.minimize_linear(vertex)  # all vertices have the same norm
        return length(vertex - farthest) if euclidean(norm) else float(np.abs(vertex - farthest).max())

    def minimize_linear(self, c: ArrayLike) -> Array:
        order = np.argsort(directions(c, self.dimension), axis=-1, kind="stable")
        full = min(int(self.mass / self.cap), order.shape[-1])
        product, error = two_product(float(full), self.cap)
        filled = np.zeros(order.shape[-1])
        filled[:full] = self.cap
        filled[full : full + 1] = max((self.mass - product) - error, 0.0)
        x = np.empty(order.shape)
        np.put_along_axis(x, order, np.broadcast_to(filled, order.shape), axis=-1)
        return x


@dataclass(frozen=True, eq=False)
class L1Ball(FeasibleSet):
    """F = {x : sum_i |x_i| <= radius}.

    Parameters
    ----------
    radius : float
        Positive.
    dimension : int, optional
        d; by default that of the losses it is used with.

    Raises
    ------
    TypeError, ValueError
        For a radius or dimension of a wrong type or out of range.

    Notes
    -----
    For a point y outside F, project |y| onto the simplex of mass ``radius`` in the
    metric w, and give the result the signs of y (Duchi et al., "Efficient projections
    onto the l1-ball", 2008, for w = 1).
    """

    radius: float
    dimension: int | None = None

    def __post_init__(self) -> None:
        store_positive(self, "radius")
        store_dimension(self)

    @staticmethod
    def projection(x: Any, w: Any, p: Any) -> None:
        """Project x in place, as the class notes say; p holds the radius."""
        if not mass_of(x, math.inf, True) <= (1.0 + _ROUNDING) * p[0]:
            fill(x, w, p[0], math.inf, True)

    def parameters(self) -> Array:
        return np.array([self.radius])

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        return exact_sum(*np.abs(point(x, self.dimension))) <= self.radius * (1.0 + _ROUNDING) + tolerance

    def diameter(self, norm: float = np.inf) -> float:
        euclidean(norm)
        return 2.0 * self.radius

    def minimize_linear(self, c: ArrayLike) -> Array:
        costs = directions(c, self.dimension)
        return -np.sign(costs) * _vertex(np.argmax(np.abs(costs), axis=-1), costs.shape, self.radius)


def _vertex(at: Any, shape: tuple[int, ...], mass: float) -> Array:
    """Points with ``mass`` at the coordinates ``at`` of the last axis, and 0 elsewhere."""
    x = np.zeros(shape)
    np.put_along_axis(x, np.expand_dims(at, -1), mass, axis=-1)
    return x


def _in_capped_simplex(x: Array, mass: float, cap: float, tolerance: float) -> bool:
    """Whether 0 <= x_i <= cap and sum_i x_i = mass, up to ``tolerance`` and rounding."""
    inside = (x >= -tolerance).all() and (x <= cap + tolerance).all()
    return bool(inside) and abs(exact_sum(*x) - mass) <= _ROUNDING * mass + tolerance

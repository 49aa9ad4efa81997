"""Sets with one linear constraint: halfspaces and hyperplanes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import finite, real_array
from regretlab.sets.arguments import directions, euclidean, point, short
from regretlab.sets.base import FeasibleSet
from regretlab.sets.compensated import EPS, exact_sum, two_product, two_sum, unit, weight

__all__ = ["Halfspace", "Hyperplane", "excess", "normalized"]

_ROUNDING = 4.0 * EPS
_PASSES = 5  # from the second on, they remove rounding errors
_PARALLEL = 1e-12


@dataclass(frozen=True, eq=False)
class LinearConstraint(FeasibleSet):
    """What sets with one constraint on <a, x> share: the fields a (d,) and b, their checks, the parameters b, a."""

    a: Array
    b: float

    def __post_init__(self) -> None:
        a = real_array("a", self.a, "(d,)", 1)
        if not a.any():
            raise ValueError(f"a={a!r} must not be zero: <a, x> does not depend on x")
        finite(b=self.b)
        if not np.isfinite(normalized(a, float(self.b))).all():
            raise ValueError(f"a={a!r}, b={self.b!r}: the points with <a, x> = b overflow")
        object.__setattr__(self, "a", a)
        object.__setattr__(self, "b", float(self.b))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({short(self.a)}, {self.b})"

    @property
    def dimension(self) -> int:
        return self.a.size

    def parameters(self) -> Array:
        return normalized(self.a, self.b)

    def _excess(self, x: ArrayLike) -> tuple[float, float]:
        """<a, x> - b, and an upper bound on its rounding error."""
        terms = self.a * point(x, self.dimension)
        return exact_sum(*terms, -self.b), _ROUNDING * (abs(self.b) + float(np.abs(terms).sum()))

    def _minimizer(self, c: ArrayLike, largest: float) -> Array:
        """(..., d): the point of <a, x> = b nearest to the origin, for each c.

        ``ValueError`` unless each c is a multiple m a of a, with m <= ``largest``.
        """
        b, *a = normalized(self.a, self.b)
        costs, normal = directions(c, self.dimension), np.array(a)
        multiple = (costs @ normal / (normal @ normal))[..., None]
        aside = np.abs(costs - multiple * normal).max(axis=-1) > _PARALLEL * np.abs(costs).max(axis=-1)
        wrong = aside | (multiple[..., 0] > largest)
        if wrong.any():
            first = costs.reshape(-1, normal.size)[int(np.argmax(wrong))]
            raise ValueError(f"<c, x> has no minimum over {self!r}, which is unbounded towards -c, c={first!r}")
        return np.broadcast_to(b * normal / (normal @ normal), costs.shape).copy()


@dataclass(frozen=True, eq=False, repr=False)
class Hyperplane(LinearConstraint):
    """F = {x : <a, x> = b}.

    Parameters
    ----------
    a : array (d,)
        Not zero.
    b : float

    Raises
    ------
    TypeError, ValueError
        For values that are not finite numbers, or a = 0.

    Notes
    -----
    The projection in the metric w is y - (<a, y> - b) (a / w) / sum_i a_i^2 / w_i.
    """

    @staticmethod
    def projection(x: Any, w: Any, p: Any) -> None:
        """Project x in place, as the class notes say; p holds b, then a, both divided by a power of two."""
        onto_plane(x, w, p)

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        over, rounding = self._excess(x)
        return abs(over) <= tolerance * float(np.abs(self.a).max()) + rounding

    def diameter(self, norm: float = np.inf) -> float:
        euclidean(norm)
        return 0.0 if self.dimension == 1 else np.inf

    def minimize_linear(self, c: ArrayLike) -> Array:
        return self._minimizer(c, math.inf)


@dataclass(frozen=True, eq=False, repr=False)
class Halfspace(LinearConstraint):
    """F = {x : <a, x> <= b}.

    Parameters
    ----------
    a : array (d,)
        Not zero.
    b : float

    Raises
    ------
    TypeError, ValueError
        For values that are not finite numbers, or a = 0.

    Notes
    -----
    The projection in the metric w is y - max(0, <a, y> - b) (a / w) / sum_i a_i^2 / w_i.
    """

    @staticmethod
    def projection(x: Any, w: Any, p: Any) -> None:
        """Project x in place, as the class notes say; p holds b, then a, both divided by a power of two."""
        over, rounding = excess(x, p, 1, p[0])
        if not over <= rounding:
            onto_plane(x, w, p)

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        over, rounding = self._excess(x)
        return over <= tolerance * float(np.abs(self.a).max()) + rounding

    def diameter(self, norm: float = np.inf) -> float:
        euclidean(norm)
        return np.inf

    def minimize_linear(self, c: ArrayLike) -> Array:
        return self._minimizer(c, 0.0)


def onto_plane(x: Any, w: Any, p: Any) -> None:
    """Project x in place onto <a, x> = b, where p holds b, then a."""
    scale, rate = unit(w), 0.0
    for i in range(len(x)):
        rate += p[i + 1] * p[i + 1] / weight(w[i], scale)
    for _ in range(_PASSES):
        over, rounding = excess(x, p, 1, p[0])
        if abs(over) <= rounding:
            break
        for i in range(len(x)):
            x[i] -= over * (p[i + 1] / weight(w[i], scale) / rate)


def excess(x: Any, a: Any, start: int, b: float) -> tuple[float, float]:
    """<a, x> - b, where ``a`` holds the vector from ``start`` on, and how much of this the rounding of x may cause."""
    total, error, size = -b, 0.0, abs(b)
    for i in range(len(x)):
        product, low = two_product(a[start + i], x[i])
        total, error = two_sum(total, error + low, product)
        size += abs(product)
    return total + error, 2.0 * EPS * size


def normalized(a: Array, b: float) -> Array:
    """(1 + d,): b, then a, divided by the power of two that makes the largest |a_i| about 1."""
    exponent = -math.frexp(float(np.abs(a).max()))[1]
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.ldexp(np.concatenate([[b], a]), exponent))

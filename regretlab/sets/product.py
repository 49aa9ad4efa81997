"""Products of sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.sets.arguments import directions, euclidean, length, point
from regretlab.sets.base import FeasibleSet

__all__ = ["Product"]


@dataclass(frozen=True, eq=False, init=False)
class Product(FeasibleSet):
    """F = F_1 x F_2 x ...: each block of coordinates has a set of its own.

    Parameters
    ----------
    *sets : FeasibleSet
        The factors, in the order of their coordinates; each must have a dimension.
    factors : sequence of FeasibleSet
        More factors, after ``sets``.

    Raises
    ------
    TypeError, ValueError
        When there is no factor, one is no FeasibleSet, or one has no dimension.

    Notes
    -----
    The weighted projection separates into those of the factors.  The product has
    a ``projection`` that can be compiled if all factors have one.
    """

    factors: tuple[FeasibleSet, ...]

    def __init__(self, *sets: FeasibleSet, factors: Sequence[FeasibleSet] = ()) -> None:
        given = (*sets, *factors)
        if not given:
            raise TypeError("missing a required argument: a Product is made of at least one set")
        for i, F in enumerate(given):
            if not isinstance(F, FeasibleSet):
                raise TypeError(f"sets[{i}]={F!r} must be a feasible set")
            if F.dimension is None:
                raise ValueError(f"sets[{i}]={F!r} has no dimension; use with_dimension(d) first")
        object.__setattr__(self, "factors", given)

    def __repr__(self) -> str:
        return f"Product({', '.join(map(repr, self.factors))})"

    @property
    def dimension(self) -> int:
        return sum(_sizes(self.factors))

    @property
    def projection(self) -> Callable[[Any, Any, Any], None] | None:
        """The factors' projections, one after the other; None if a factor has none.

        A run is the longest sequence of factors next to each other that share a projection; one loop serves it.
        """
        runs = [key for key, _ in groupby(self.factors, key=lambda F: F.scalar_projection)]
        return None if None in runs else _composed(tuple(runs))

    def parameters(self) -> Array:
        """For each run of factors with the same projection: their number, then d, k and the k parameters of each."""
        numbers: list[Any] = []
        for _, group in groupby(self.factors, key=lambda F: F.projection):
            run = list(group)
            numbers.append([float(len(run))])
            for F in run:
                own = F.parameters() if F.shipped else F.numbers()
                numbers += [[float(F.dimension or 0), float(own.size)], own]
        return np.concatenate(numbers)

    def _project(self, y: Array, weights: Array) -> Array:
        if self.projection is not None:
            return super()._project(y, weights)
        parts = zip(self.factors, self._split(y), self._split(weights), strict=True)
        return np.concatenate([F.step_onto(part, w) for F, part, w in parts])

    _project.asks_projection = True  # type: ignore[attr-defined]

    @property
    def shipped(self) -> bool:
        return super().shipped and all(F.shipped for F in self.factors)

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        parts = self._split(point(x, self.dimension))
        return all(F.contains(part, tolerance) for F, part in zip(self.factors, parts, strict=True))

    def diameter(self, norm: float = np.inf) -> float:
        diameters = [F.diameter(norm) for F in self.factors]
        return length(diameters) if euclidean(norm) else max(diameters)

    @property
    def bounded(self) -> bool:
        return all(F.bounded for F in self.factors)

    def minimize_linear(self, c: ArrayLike) -> Array:
        parts = self._split(directions(c, self.dimension))
        return np.concatenate([F.minimize_linear(part) for F, part in zip(self.factors, parts, strict=True)], axis=-1)

    def _split(self, x: Array) -> list[Array]:
        """The coordinates of each factor, along the last axis."""
        return np.split(x, np.cumsum(_sizes(self.factors))[:-1], axis=-1)


def _sizes(factors: Iterable[FeasibleSet]) -> list[int]:
    """The dimensions of the factors."""
    return [F.dimension or 0 for F in factors]


@cache
def _composed(projections: tuple[Callable[[Any, Any, Any], None], ...]) -> Callable[[Any, Any, Any], None]:
    """The projection of a product whose runs of factors have these projections, one for each run."""
    first, rest = projections[0], _composed(projections[1:]) if projections[1:] else _nothing

    def projection(x: Any, w: Any, p: Any) -> None:
        at, q = 0, 1
        for _ in range(int(p[0])):
            d, k = int(p[q]), int(p[q + 1])
            first(x[at : at + d], w[at : at + d], p[q + 2 : q + 2 + k])
            at, q = at + d, q + 2 + k
        rest(x[at:], w[at:], p[q:])

    return projection


def _nothing(x: Any, w: Any, p: Any) -> None:
    """The projection onto a product of no factors."""
    return

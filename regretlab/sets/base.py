"""Feasible sets F: convex, closed, and able to project in a learner's own metric."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from regretlab._typing import Array, ArrayLike

__all__ = ["FeasibleSet"]


class FeasibleSet(ABC):
    """A convex closed set F in R^d.

    A set of your own is a frozen dataclass with the abstract members below and
    ``_project`` in plain numpy.  Sets are values: they hold no state between calls.
    """

    @property
    @abstractmethod
    def dimension(self) -> int | None:
        """d, or None for a set that takes the dimension of the sequence it is used with."""

    projection: ClassVar[Callable[[Array, Array, Array], None] | None] = None
    """Optional: the projection as scalar arithmetic that the round loops can compile.

    A static method (x, w, p): replaces x, an array (d,), by its projection in
    the metric w > 0, where p are the numbers in :meth:`parameters`.
    """

    def parameters(self) -> Array:
        """The numbers (k,) that :attr:`projection` works with."""
        return np.empty(0)

    def _project(self, y: Array, weights: Array) -> Array:
        """argmin_{x in F} sum_i w_i (x_i - y_i)^2 for checked ``y``, ``weights`` of shape (d,).

        By :attr:`projection`, unless a set overrides it.
        """
        raise NotImplementedError(f"{type(self).__name__} has neither projection nor _project")

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

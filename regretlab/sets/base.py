"""The base class of feasible sets F: convex, closed, and able to project in a weighted metric."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, Self

import numpy as np

from regretlab._utils.extending import Extensible, shipped
from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.unused_fields import refuse_unused_fields
from regretlab._utils.validation import reals
from regretlab.kernels.compiling import jit
from regretlab.sets.methods import check_methods

__all__ = ["FeasibleSet"]

_COMPILE_FROM = 64
"""The dimension from which :meth:`FeasibleSet.project` compiles; the results have the same bits either way."""


class FeasibleSet(Extensible, ABC):
    """A convex closed set F in R^d.

    A set of your own is a frozen dataclass with the abstract members below and a
    projection: ``project(y, weights=None)``, in plain numpy, or ``projection``, in
    scalar arithmetic, with which games are faster.  Calls do not change a set.
    Declare the class with ``@dataclass(frozen=True, eq=False)``: then two of its
    sets are equal if their fields are, arrays included.

    A subclass of any set may override any method.  Games and comparators use what
    it defines, and no formula of the class it overrides.

    Raises
    ------
    TypeError
        When a class is made with a method that cannot be called as the one it overrides, or one that nothing calls;
        when the first set of a class is made that has a field that none of its methods reads.
    """

    hooks: ClassVar[frozenset[str]] = frozenset({"project", "projection", "parameters"})
    _asks_projection: ClassVar[bool]
    _is_shipped: ClassVar[bool]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_methods(cls, FeasibleSet)
        if "projection" in vars(cls) and "_project" not in vars(cls) and not hasattr(cls._project, "asks_projection"):
            cls._project = FeasibleSet._project  # type: ignore[method-assign]
        cls._asks_projection = cls.project is FeasibleSet.project and hasattr(cls._project, "asks_projection")
        cls._is_shipped = shipped(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls, *args, **kwargs)
        refuse_unused_fields(cls)
        return made

    @property
    @abstractmethod
    def dimension(self) -> int | None:
        """d, or None for a set that takes the dimension of the losses it is used with."""

    projection: ClassVar[Any] = None
    """Optional: the projection in scalar arithmetic, which the loops over rounds can compile.

    A static method (x, w, p) that replaces x, an array (d,), by its projection in
    the metric w > 0; p are the numbers in :meth:`parameters`.  The method must end
    for any input, and leave NaN in x when there is no projection.
    """

    def parameters(self) -> Array:
        """(k,): the numbers that :attr:`projection` gets as p."""
        return np.empty(0)

    def _project(self, y: Array, weights: Array) -> Array:
        """argmin_{x in F} sum_i w_i (x_i - y_i)^2, for ``y`` and ``weights`` (d,) that :meth:`project` has checked.

        Computed by :attr:`projection`, unless a set overrides this method.
        """
        if self.projection is None:
            raise TypeError(f"{type(self).__name__} has no projection: it must define project(self, y, weights=None)")
        x, w, p = np.array(y), np.array(weights), self.parameters() if self._is_shipped else self.numbers()
        with np.errstate(all="ignore"):
            (_compiled(self.projection) if x.size >= _COMPILE_FROM else self.projection)(x, w, p)
        return x

    _project.asks_projection = True  # type: ignore[attr-defined]

    @property
    def scalar_projection(self) -> Callable[[Any, Any, Any], None] | None:
        """:attr:`projection` if it is what :meth:`project` computes; None if a subclass overrides the latter."""
        return self.projection if self._asks_projection else None

    def numbers(self) -> Array:
        """:meth:`parameters`; ``ValueError`` unless a shipped projection gets as many numbers as it indexes."""
        p = np.array(self.parameters(), dtype=np.float64)
        if not self.shipped:
            base: Any = next(base for base in type(self).__mro__ if "projection" in vars(base))
            if shipped(base) and base is not FeasibleSet and p.shape != (n := base.parameters(self).shape):
                raise ValueError(f"{type(self).__name__}.parameters() has shape {p.shape}; {base.__name__} needs {n}")
        return p

    def step_onto(self, y: Array, weights: Array) -> Array:
        """:meth:`project` for ``y`` and ``weights`` (d,) that need no checks, as games call it in each round."""
        overridden = type(self).project is not FeasibleSet.project
        return self._asked(self.project if overridden else self._project, y, weights)

    def _asked(self, method: Callable[[Array, Array], Array], y: Array, weights: Array) -> Array:
        """What ``method`` returns; ``TypeError`` or ``ValueError`` unless it is real numbers, as many as in y."""
        x = method(y, weights)
        if self.shipped:
            return x
        what = f"{type(self).__name__}.{method.__name__}(y, weights)"
        x = np.array(reals(what, x))  # a copy: a user may keep the array
        if x.shape != y.shape:
            raise ValueError(f"{what} has shape {x.shape}, y has shape {y.shape}: they must agree")
        return x

    @abstractmethod
    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        """Whether x satisfies each constraint of F, up to ``tolerance``, in units of x, and rounding errors."""

    @property
    def shipped(self) -> bool:
        """Whether the class of this set, and those of its factors, are this package's."""
        return self._is_shipped

    @abstractmethod
    def diameter(self, norm: float = np.inf) -> float:
        """max_{x, y in F} ||x - y||, in the inf-norm (D_inf in the theorems) or, with ``norm=2``, the 2-norm (D_2).

        It is inf for an unbounded set.
        """

    @property
    def bounded(self) -> bool:
        """Whether F has a finite diameter, without which regret against the best point of F may be infinite."""
        return bool(np.isfinite(self.diameter()))

    @abstractmethod
    def minimize_linear(self, c: ArrayLike) -> Array:
        """(..., d): argmin_{x in F} <c, x>, for each c in an array (..., d).

        Raises
        ------
        ValueError
            When <c, x> has no minimum because F is unbounded towards -c.
        """

    def with_dimension(self, d: int) -> FeasibleSet:
        """This set in R^d; ``ValueError`` if it has another dimension."""
        if self.dimension is None and dataclasses.is_dataclass(self) and _fields(self).get("dimension", 0) is None:
            return dataclasses.replace(self, dimension=d)
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
        weights : array (d,) or float, optional
            w, finite and positive; one number stands for d equal weights.

        Raises
        ------
        ValueError
            For NaN in y, weights that are not positive and finite, a wrong shape,
            or a projection that overflows (y too far away) or does not exist.
        """
        point = np.atleast_1d(reals("y", y))
        if point.ndim != 1 or (self.dimension is not None and point.size != self.dimension):
            raise ValueError(f"y has shape {point.shape}, {self!r} needs ({self.dimension or 'd'},)")
        if np.isnan(point).any():
            raise ValueError(f"y={point!r} has NaN at coordinate {int(np.isnan(point).argmax())}")
        w = np.ones_like(point)
        if weights is not None:
            w = reals("weights", weights)
            if w.shape not in ((), (1,), point.shape):
                raise ValueError(f"weights has shape {w.shape}, y has shape {point.shape}: they must agree")
            w = np.broadcast_to(w, point.shape)
        bad = ~(np.isfinite(w) & (w > 0.0))
        if bad.any():
            i = int(bad.argmax())
            raise ValueError(f"weights[{i}]={w[i]!r}: weights must be positive and finite")
        F = self if self.dimension is not None else self.with_dimension(point.size)
        x = F._asked(F._project, point, w)
        if np.isnan(x).any():
            raise ValueError(f"the projection of y={point!r} onto {self!r} overflows or does not exist")
        return x

    def nearest_to_origin(self) -> Array:
        """The default start x_1: the point of F nearest to the origin."""
        if self.dimension is None:
            raise ValueError(f"{self!r} has no dimension yet; use with_dimension(d) first")
        if "_nearest" not in self.__dict__:  # computed once
            x = self.project(np.zeros(self.dimension))
            self.__dict__["_nearest"] = np.array(reals(f"{type(self).__name__}.project(0)", x))
        return self.__dict__["_nearest"].copy()  # type: ignore[no-any-return]

    def __eq__(self, other: object) -> bool:
        if not dataclasses.is_dataclass(self) or type(other) is not type(self):
            return NotImplemented if self is not other else True
        return _content(self) == _content(other)

    def __hash__(self) -> int:
        return hash((type(self), _content(self))) if dataclasses.is_dataclass(self) else object.__hash__(self)


@cache
def _compiled(projection: Callable[[Any, Any, Any], None]) -> Callable[[Any, Any, Any], None]:
    """The compiled :attr:`FeasibleSet.projection`."""
    return jit(projection, keep=True)


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass by name."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _content(value: Any) -> tuple[Any, ...]:
    """The values of a dataclass's fields, hashable: arrays as their shapes and numbers."""
    fields = _fields(value).values()
    return tuple((a.shape, *a.ravel().tolist()) if isinstance(a, np.ndarray) else a for a in fields)

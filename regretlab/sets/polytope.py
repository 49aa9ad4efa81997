"""Polytopes: any number of linear inequalities."""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.sets.active_set import onto_equations, project_from
from regretlab.sets.arguments import directions, euclidean, length, point, short, store_equations
from regretlab.sets.base import FeasibleSet
from regretlab.sets.compensated import EPS
from regretlab.sets.halfspace import normalized

__all__ = ["Polytope"]

_OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}  # HiGHS takes no smaller
_EMPTY = 1e-9
_ORDINARY = 20


@dataclass(frozen=True, eq=False)
class Polytope(FeasibleSet):
    """F = {x : A x <= b}.

    Parameters
    ----------
    A : array (k, d)
    b : array (k,)
        At least one point must satisfy all inequalities.

    Raises
    ------
    TypeError, ValueError
        For arrays of a wrong type or shape, or if no point satisfies A x <= b.
    ImportError
        When daqp is needed for a projection and is not installed.

    Notes
    -----
    The projection is a quadratic program without a closed form.  DAQP solves it
    (Arnström, Bemporad, Axehill, "A dual active-set solver for embedded
    quadratic programming using recursive LDL^T updates", 2022) in the coordinates
    sqrt(w_i) (x_i - y_i), and returns the active constraints.  Then
    :mod:`regretlab.sets.active_set` computes the point that solves their equations
    to the last digits, and corrects the active set where it is wrong, which happens
    when the weights span more than eight orders of magnitude.  An interior-point
    solver returns a point up to a tolerance instead: Clarabel violates constraints
    by up to 1e-5 in such metrics.

    HiGHS, in scipy, solves the linear programs: for ``minimize_linear``, diameters
    and the test that F is not empty.  With ``norm=2`` the diameter is an upper
    bound, the diagonal of the bounding box.
    """

    A: Array
    b: Array

    def __post_init__(self) -> None:
        A, b = store_equations(self)
        if self._least_violation() > _EMPTY:
            raise ValueError(f"A={short(A)}, b={short(b)}: no point satisfies A x <= b, the Polytope is empty")

    def __repr__(self) -> str:
        return f"Polytope({short(self.A)}, {short(self.b)})"

    @property
    def dimension(self) -> int:
        return int(self.A.shape[1])

    def _project(self, y: Array, weights: Array) -> Array:
        A, b = self._constraints
        if self.contains(y):
            return y.copy()
        x = project_from(_active(A, b, y, weights), A, b, y, weights) if np.isfinite(y).all() else None
        return np.full_like(y, np.nan) if x is None else x

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        given = point(x, self.dimension)
        if not np.isfinite(given).all():
            return False
        terms = self.A * given
        over = terms.sum(axis=1) - self.b
        rounding = (8.0 + self.dimension) * EPS * (np.abs(self.b) + np.abs(terms).sum(axis=1))
        return bool((over <= tolerance * np.abs(self.A).max(axis=1) + rounding).all())

    def diameter(self, norm: float = np.inf) -> float:
        two = euclidean(norm)
        if not self.bounded:
            return np.inf
        return length(self._widths) if two else float(self._widths.max())

    @cached_property
    def bounded(self) -> bool:
        """Whether F is bounded: A has rank d, and 0 is a positive combination of all its rows (Stiemke's lemma)."""
        rows = self._constraints[0]
        if not rows.size or np.linalg.matrix_rank(rows) < self.dimension:
            return False
        result = _linprog()(np.zeros(len(rows)), A_eq=rows.T, b_eq=np.zeros(self.dimension), bounds=(1.0, None))
        return bool(result.status == 0)

    def minimize_linear(self, c: ArrayLike) -> Array:
        costs = directions(c, self.dimension)
        return np.array([self._vertex(cost) for cost in costs.reshape(-1, self.dimension)]).reshape(costs.shape)

    def _vertex(self, c: Array) -> Array:
        """argmin_{x in F} <c, x>, for one c (d,)."""
        A, b = self._constraints
        largest = np.abs(c).max()
        if largest == 0.0:
            return self.nearest_to_origin()
        if not A.size:
            raise ValueError(f"<c, x> has no minimum over {self!r}, which is all of R^d")
        result = _linprog()(c / largest, A_ub=A, b_ub=b / self._unit, bounds=(None, None), options=_OPTIONS)
        if result.status == 3 or (result.status != 0 and not self.bounded):
            raise ValueError(f"<c, x> has no minimum over {self!r}, which is unbounded towards -c, c={c!r}")
        if result.status != 0:
            raise ArithmeticError(f"the linear program of {self!r} for c={c!r} was not solved: {result.message}")
        tight = np.flatnonzero(np.abs(result.ineqlin.marginals) > 0.0).tolist()
        return self._project(onto_equations(tight, A, b, self._unit * np.asarray(result.x)), np.ones_like(c))

    @cached_property
    def _constraints(self) -> tuple[Array, Array]:
        """A and b without the rows that are zero, each row divided by a power of two."""
        rows = [normalized(a, b) for a, b in zip(self.A, self.b, strict=True) if a.any()]
        both = np.array(rows).reshape(len(rows), self.dimension + 1)
        return np.ascontiguousarray(both[:, 1:]), np.ascontiguousarray(both[:, 0])

    @cached_property
    def _unit(self) -> float:
        """A power of two in whose unit the linear programs are neither tiny nor huge: HiGHS has absolute tolerances."""
        b = self._constraints[1]
        exponent = math.frexp(float(np.abs(b).max(initial=0.0)))[1]
        return 1.0 if abs(exponent) <= _ORDINARY else math.ldexp(1.0, exponent)

    @cached_property
    def _widths(self) -> Array:
        """(d,): max x_i - min x_i over F."""
        unit = np.eye(self.dimension)
        extremes = [self.minimize_linear(sign * unit).diagonal() for sign in (-1.0, 1.0)]
        return np.asarray(extremes[0] - extremes[1])

    def _least_violation(self) -> float:
        """min_x max(0, max_j (A x - b)_j), relative to the largest |b_j|, for the A and b in ``_constraints``."""
        if (self.b[~self.A.any(axis=1)] < 0.0).any():
            return math.inf
        A, b = self._constraints
        if not A.size:
            return 0.0
        b = b / self._unit
        size = max(1.0, float(np.abs(b).max()))
        extended = np.column_stack([A, -np.ones(len(A))])
        bounds = [(None, None)] * self.dimension + [(0.0, None)]
        result = _linprog()(
            [0.0] * self.dimension + [1.0], A_ub=extended, b_ub=b / size, bounds=bounds, options=_OPTIONS
        )
        return float(result.fun) if result.status == 0 else math.inf


def _linprog() -> Any:
    """scipy's ``linprog``, imported at first use."""
    from scipy.optimize import linprog

    return linprog


def _active(A: Array, b: Array, y: Array, w: Array) -> list[int]:
    """The constraints that DAQP finds active in min ||z||^2 / 2 over G z <= h, where z = sqrt(w) (x - y)."""
    try:
        solve = importlib.import_module("daqp").solve
    except ImportError as error:
        raise ImportError("a Polytope needs the solver daqp to project: pip install daqp") from error
    G = A * np.sqrt(w.max() / w)
    length = np.linalg.norm(G, axis=1)
    h = (b - A @ y) / length
    H, f, scale = np.eye(y.size), np.zeros(y.size), float(np.abs(h).max())
    _, _, flag, info = solve(H, f, G / length[:, None], h / scale, primal_tol=1e-13, dual_tol=1e-14)
    return np.flatnonzero(info["lam"] > 0.0).tolist() if flag == 1 else []

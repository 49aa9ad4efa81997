"""Learners whose metric is a full matrix, for small d: the online Newton step and full-matrix AdaGrad."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array, ArrayLike
from regretlab.learners.hyperparameters import POSITIVE, Hyperparameter
from regretlab.learners.state import State, first_state
from regretlab.learners.vector import VectorLearner
from regretlab.sets import Box, FeasibleSet, L2Ball, Polytope, Reals, Simplex

if TYPE_CHECKING:
    from regretlab.losses.base import Losses

__all__ = ["FullMatrixAdaGrad", "OnlineNewtonStep"]


@dataclass(frozen=True)
class _MatrixLearner(VectorLearner):
    """A learner whose only moment is a matrix A (d, d)."""

    moment_names = ("A",)

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = first_state(feasible_set, point, ())
        F, d = state.feasible_set, state.point.size
        if not unchanged(F, *_SETS):
            names = ", ".join(cls.__name__ for cls in _SETS)
            raise ValueError(f"feasible_set={F!r}: {type(self).__name__} projects in a full matrix onto {names} only")
        return State(0, state.point, {"A": np.zeros((d, d))}, F)


@dataclass(frozen=True)
class OnlineNewtonStep(_MatrixLearner):
    """A_t = eps I + sum_{s<=t} g_s g_s^T,   x_{t+1} = Pi_F^{A_t}(x_t - A_t^{-1} g_t / gamma).

    Hazan, Agarwal, Kale (2007), Logarithmic regret algorithms for online convex optimization, for
    alpha-exp-concave losses, gamma = (1/2) min(1/(G D), alpha) and eps = 1/(gamma D)^2, with Euclidean
    D and G.  The last bits of x_t depend on the kind of processor, on which BLAS multiplies matrices in an order of
    its own.  The projection is in the metric of A_t and costs O(d^3) a round.  Numbers gamma and eps are
    constant: the stepsize 1/gamma is not divided by sqrt(t), since A_t grows.

    Guarantee: R_T <= (1/(2 gamma)) (d ln(1 + T/(4d)) + 1) for exp-concave losses and these gamma and eps.
    Counterexample: linear losses are not exp-concave.

    Raises
    ------
    ValueError
        By ``check``, for linear losses; by ``start``, for sets other than boxes, Euclidean balls,
        simplices, polytopes and R^d.
    """

    gamma: Hyperparameter = 0.1
    eps: Hyperparameter = 1.0

    ranges: ClassVar = VectorLearner.ranges | {"gamma": POSITIVE, "eps": POSITIVE}

    def check(self, losses: Losses) -> None:
        if losses.linear:
            raise ValueError(
                f"losses={losses!r} are linear, hence not exp-concave, which OnlineNewtonStep needs; "
                "OGD, AdaGrad or FullMatrixAdaGrad play on them"
            )

    def step(
        self, t: int, g: Array, x: Array, moments: Mapping[str, Array], F: FeasibleSet
    ) -> tuple[Array, dict[str, Array]]:
        A = moments["A"] + np.outer(g, g)
        M = A + self.value("eps", t) * np.eye(g.size)
        return _project(F, x - np.linalg.solve(M, g) / self.value("gamma", t), M), {"A": A}


@dataclass(frozen=True)
class FullMatrixAdaGrad(_MatrixLearner):
    """A_t = sum_{s<=t} g_s g_s^T,   H_t = eps I + A_t^{1/2},   x_{t+1} = Pi_F^{H_t}(x_t - eta H_t^{-1} g_t).

    Duchi, Hazan, Singer (2011), Figure 1 with full matrices.  A number eta is a
    constant stepsize, not divided by sqrt(t), since H_t grows.  The last bits of x_t depend on the kind of processor,
    as those of :class:`OnlineNewtonStep` do.

    Guarantee: R_T <= (D_2^2/(2 eta) + eta) tr(A_T^{1/2}) + eps D_2^2/(2 eta) for a constant eta.

    Raises
    ------
    ValueError
        By ``start``, for sets other than boxes, Euclidean balls, simplices, polytopes and R^d.
    """

    eta: Hyperparameter = 0.1
    eps: Hyperparameter = 1e-8

    ranges: ClassVar = VectorLearner.ranges | {"eta": POSITIVE, "eps": POSITIVE}

    def step(
        self, t: int, g: Array, x: Array, moments: Mapping[str, Array], F: FeasibleSet
    ) -> tuple[Array, dict[str, Array]]:
        A = moments["A"] + np.outer(g, g)
        values, Q = np.linalg.eigh(A)
        roots = self.value("eps", t) + np.sqrt(np.maximum(values, 0.0))
        y = x - self.value("eta", t) * (Q @ ((Q.T @ g) / roots))
        return _project(F, y, (Q * roots) @ Q.T), {"A": A}


# -- projection in the metric of a full matrix ---------------------------------------------------------------

_SETS = (Reals, Box, L2Ball, Simplex, Polytope)
_FAR = 1e30  # daqp reads a bound this large as none


def _project(F: FeasibleSet, y: Array, M: Array) -> Array:
    """argmin_{x in F} (x - y)^T M (x - y) for a symmetric positive definite M."""
    if F.contains(y):
        return y
    if unchanged(F, L2Ball):  # in the eigenbasis of M, F is a ball too and M is diagonal
        values, Q = np.linalg.eigh(M)
        centre = np.zeros(y.size) if F.center is None else F.center
        turned = L2Ball(F.radius, dimension=y.size).project(Q.T @ (y - centre), np.maximum(values, 1e-300))
        return F.project(centre + Q @ turned)
    A, lower, upper, sense = _constraints(F, y.size)
    H = M / float(np.abs(M).max())
    solve = importlib.import_module("daqp").solve
    x, _, flag, _ = solve(H, -H @ y, A, upper, lower, sense, primal_tol=1e-11, dual_tol=1e-12)
    if flag != 1:
        raise ArithmeticError(f"the projection of {y} onto {F!r} in the matrix {M.tolist()} was not found ({flag})")
    return F.project(np.asarray(x, dtype=np.float64))  # the rounded solution may lie just outside F


def _constraints(F: FeasibleSet, d: int) -> tuple[Array, Array, Array, Array]:
    """(A, lower, upper, sense) for daqp: F = {x : lower <= (x, A x) <= upper}; for a polytope lower <= A x <= upper.

    ``sense`` is daqp's: 0 for an inequality, 5 for an equality.
    """
    if unchanged(F, Polytope):
        return np.array(F.A), np.full(len(F.b), -_FAR), np.array(F.b), np.zeros(len(F.b), dtype=np.int32)
    if unchanged(F, Simplex):
        lower, upper = np.append(np.zeros(d), F.mass), np.append(np.full(d, _FAR), F.mass)
        return np.ones((1, d)), lower, upper, np.append(np.zeros(d), 5).astype(np.int32)
    lower, upper = F.parameters().reshape(2, d)
    return np.empty((0, d)), np.array(lower), np.array(upper), np.zeros(d, dtype=np.int32)

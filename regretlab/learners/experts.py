"""Exponential weights on a simplex."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array, ArrayLike
from regretlab.learners.hyperparameters import Hyperparameter
from regretlab.learners.state import State, first_state
from regretlab.learners.vector import VectorLearner
from regretlab.sets import FeasibleSet, Simplex

__all__ = ["ExponentiatedGradient", "Hedge", "start_on_simplex"]


@dataclass(frozen=True)
class ExponentiatedGradient(VectorLearner):
    """x_{t+1,i} = mass x_{t,i} exp(-alpha_t g_{t,i}) / sum_j x_{t,j} exp(-alpha_t g_{t,j}), on a simplex,
    alpha_t = alpha / sqrt(t).

    Kivinen, Warmuth (1997): mirror descent with the entropy.  It is computed as
    mass x_{1,i} exp(-s_{t,i}) / sum_j x_{1,j} exp(-s_{t,j}) with s_t = sum_{r<=t} alpha_r g_r, so that a weight may
    fall to nothing and come back.

    Guarantee: for mass 1, ||g_t||_inf <= G, x_1 uniform and the constant stepsize sqrt(2 ln d / T) / G,
    R_T <= G sqrt(2 T ln d).

    Raises
    ------
    ValueError
        By ``start``, when the set is not a simplex or a coordinate of x_1 is 0.
    """

    alpha: Hyperparameter = 0.1

    moment_names = ("x1", "s")

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        return _start(self, feasible_set, point)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        s = moments["s"] + self.value("alpha", t) * g
        return _shares(np.log(moments["x1"]) - s, F.mass), {"x1": moments["x1"].copy(), "s": s}


@dataclass(frozen=True)
class Hedge(VectorLearner):
    """x_{t+1,i} = mass x_{1,i} exp(-alpha_{t+1} S_{t,i}) / sum_j x_{1,j} exp(-alpha_{t+1} S_{t,j}),
    S_t = sum_{s<=t} g_s, on a simplex,   alpha_t = alpha / sqrt(t).

    Freund, Schapire (1997): follow the regularized leader with the entropy; with a constant
    stepsize it is :class:`ExponentiatedGradient`.

    Guarantee: for mass 1, losses g_{t,i} in [0, 1], x_1 uniform and the constant stepsize sqrt(8 ln d / T),
    R_T <= sqrt(T ln d / 2).

    Raises
    ------
    ValueError
        By ``start``, when the set is not a simplex or a coordinate of x_1 is 0.
    """

    alpha: Hyperparameter = 0.1

    moment_names = ("x1", "s")

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        return _start(self, feasible_set, point)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        s = moments["s"] + g
        y = np.log(moments["x1"]) - self.value("alpha", t + 1) * s
        return _shares(y, F.mass), {"x1": moments["x1"].copy(), "s": s}


def _start(learner: VectorLearner, feasible_set: FeasibleSet, point: ArrayLike | None) -> State:
    """The state before round 1, with x_1; ``ValueError`` unless x_1 is in the relative interior of a simplex."""
    state = start_on_simplex(learner, feasible_set, point)
    return replace(state, moments={**state.moments, "x1": state.point.copy()})


def start_on_simplex(learner: VectorLearner, feasible_set: FeasibleSet, point: ArrayLike | None) -> State:
    """The state before round 1; ``ValueError`` unless x_1 is in the relative interior of a simplex."""
    state, name = first_state(feasible_set, point, learner.moment_names), type(learner).__name__
    x, F = state.point, state.feasible_set
    if not unchanged(F, Simplex):
        raise ValueError(f"feasible_set={F!r}: {name} needs a Simplex")
    if not (x > 0.0).all():
        raise ValueError(f"start={x}: {name} needs an x_1 without zeros: a coordinate that is 0 stays 0")
    return state


def _shares(logarithms: Array, mass: float) -> Array:
    """mass exp(l_i) / sum_j exp(l_j) for l = ``logarithms``, cut off so that no share is 0."""
    x = np.exp(np.maximum(logarithms - logarithms.max(), -700.0))
    shares: Array = mass * (x / x.sum())
    return shares

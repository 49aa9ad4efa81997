"""Learners that keep the sum of all gradients: dual averaging and online Frank-Wolfe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab.learners.hyperparameters import Hyperparameter
from regretlab.learners.state import State, first_state
from regretlab.learners.vector import VectorLearner
from regretlab.schedules import Schedule
from regretlab.sets import FeasibleSet

__all__ = ["DualAveraging", "InverseThreeQuarters", "OnlineFrankWolfe"]


@dataclass(frozen=True)
class InverseThreeQuarters(Schedule):
    """value_t = scale / t^(3/4)."""

    def shape(self, t: Rounds) -> Array:
        power: Array = np.power(t.astype(np.float64), -0.75)
        return power


@dataclass(frozen=True)
class DualAveraging(VectorLearner):
    """x_{t+1} = Pi_F(x_1 - alpha_{t+1} sum_{s<=t} g_s)
    = argmin_{x in F} sum_{s<=t} <g_s, x> + ||x - x_1||^2 / (2 alpha_{t+1}),   alpha_t = alpha / sqrt(t).

    Nesterov (2009); follow the regularized leader (FTRL) with linearized losses.

    Guarantee: R_T <= max_{x in F} ||x - x_1||_2^2 / (2 alpha_T) + (1/2) sum_t alpha_t ||g_t||_2^2 for any
    non-increasing alpha_t.
    """

    alpha: Hyperparameter = 0.1

    moment_names = ("x1", "s")

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = first_state(feasible_set, point, self.moment_names)
        return State(0, state.point, {**state.moments, "x1": state.point.copy()}, state.feasible_set)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        s = moments["s"] + g
        y = moments["x1"] - self.value("alpha", t + 1) * s
        return F.project(y), {"x1": moments["x1"].copy(), "s": s}


@dataclass(frozen=True)
class OnlineFrankWolfe(VectorLearner):
    """x_{t+1} = (1 - sigma_t) x_t + sigma_t argmin_{u in F} <alpha_t sum_{s<=t} g_s + 2 (x_t - x_1), u>,
    sigma_t = min(1, 2 / sqrt t),   alpha_t = alpha / t^(3/4).

    Hazan, Kale (2012), arXiv:1206.4657, in the form that Hazan's (2016) book calls online conditional
    gradient: linear minimization replaces the projection.  A number alpha means
    alpha_t = alpha / t^(3/4): the theorem's constant stepsize with t in place of T.

    Guarantee: with the constant stepsize D_2 / (2 G_2 T^(3/4)), R_T <= 8 D_2 G_2 T^(3/4).

    Raises
    ------
    ValueError
        By ``start``, when the set is not bounded.
    """

    alpha: Hyperparameter = 0.1

    stepsize: ClassVar = InverseThreeQuarters
    moment_names = ("x1", "s")

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = first_state(feasible_set, point, self.moment_names)
        if not state.feasible_set.bounded:
            raise ValueError(f"feasible_set={state.feasible_set!r}: OnlineFrankWolfe needs a bounded set")
        return State(0, state.point, {**state.moments, "x1": state.point.copy()}, state.feasible_set)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        s = moments["s"] + g
        u = F.minimize_linear(self.value("alpha", t) * s + 2.0 * (x - moments["x1"]))
        sigma = min(1.0, 2.0 / np.sqrt(t))
        return F.project((1.0 - sigma) * x + sigma * u), {"x1": moments["x1"].copy(), "s": s}

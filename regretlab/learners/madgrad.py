"""MADGRAD: dual averaging with cube roots and momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from regretlab._utils.types import ArrayLike
from regretlab.learners.base import Algorithm1
from regretlab.learners.hyperparameters import NONNEGATIVE, Hyperparameter
from regretlab.learners.state import State, first_state
from regretlab.learners.vector import VectorLearner
from regretlab.schedules import Constant
from regretlab.sets import FeasibleSet

__all__ = ["MADGRAD"]


@dataclass(frozen=True)
class MADGRAD(VectorLearner):
    """lambda_t = alpha_t sqrt t,   s_t = s_{t-1} + lambda_t g_t,   v_t = v_{t-1} + lambda_t g_t^2,
    z_{t+1} = Pi_F^{W_t}(x_1 - s_t / W_t),   W_t = v_t^{1/3} + eps,   x_{t+1} = beta1 x_t + (1 - beta1) z_{t+1},
    alpha_t = alpha.

    Defazio, Jelassi (2021), arXiv:2101.11075; the projection is ours.  A number alpha is a constant stepsize; the
    root of t is in lambda_t.  The paper's averaging weight c is 1 - beta1.

    Claim: for beta1 = 1 - c, c the paper's schedule, the rate of AdaGrad up to a factor for a fixed convex function.
    Guarantee: none known for the regret.
    """

    alpha: Hyperparameter = 0.01
    beta1: Hyperparameter = 0.9
    eps: Hyperparameter = 1e-6

    stepsize: ClassVar = Constant
    moment_names = ("x1", "s", "v")
    ranges: ClassVar = Algorithm1.ranges | {"eps": NONNEGATIVE}

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = first_state(feasible_set, point, self.moment_names)
        return State(0, state.point, {**state.moments, "x1": state.point.copy()}, state.feasible_set)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        beta1, scale = self.value("beta1", t), self.value("alpha", t) * np.sqrt(t)
        s, v = moments["s"] + scale * g, moments["v"] + scale * g * g
        w = np.cbrt(v) + self.value("eps", t)
        w = np.where(w > 0.0, w, 1.0)  # then s is 0 as well
        z = F.project(moments["x1"] - s / w, w)
        return beta1 * x + (1.0 - beta1) * z, {"x1": moments["x1"].copy(), "s": s, "v": v}

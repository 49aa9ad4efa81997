"""Schedule-free learners: an average of the points takes the place of a falling stepsize.

Three points are kept apart: z_t, which moves by gradients; x_t, the average of the z; and y_t between them, where the
gradient is taken.  A game plays y_t, and pays for it.  The papers' result is x_t, ``state.moments["x"]``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.learners.base import Algorithm1
from regretlab.learners.hyperparameters import NONNEGATIVE, Hyperparameter
from regretlab.learners.state import State, first_state
from regretlab.learners.vector import VectorLearner
from regretlab.schedules import Constant
from regretlab.sets import FeasibleSet

__all__ = ["ScheduleFree", "ScheduleFreeAdamW", "ScheduleFreeSGD"]


@dataclass(frozen=True)
class ScheduleFree(VectorLearner):
    """z_{t+1} = Pi_F^{W_t}(z_t - alpha_t d_t),   x_{t+1} = (1 - c_t) x_t + c_t z_{t+1},
    y_{t+1} = (1 - beta1) z_{t+1} + beta1 x_{t+1},   x_1 = y_1 = z_1,
    c_t = a_t^2 / sum_{s<=t} a_s^2,   a_t = max_{s<=t} alpha_s,

    where the subclass makes d_t and W_t of the gradient at y_t.  Games play y_t.
    """

    moment_names: ClassVar[tuple[str, ...]] = ("x", "z", "largest", "total")
    stepsize: ClassVar = Constant

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = first_state(feasible_set, point, self.moment_names)
        y = state.point
        return State(0, y, {**state.moments, "x": y.copy(), "z": y.copy()}, state.feasible_set)

    @abstractmethod
    def direction(
        self, t: int, g: Array, y: Array, moments: Mapping[str, Array]
    ) -> tuple[Array, Array, dict[str, Array]]:
        """d_t (d,), W_t (d,), and the moments that they are made from."""

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        alpha, beta1 = self.value("alpha", t), self.value("beta1", t)
        direction, w, kept = self.direction(t, g, x, moments)
        z = F.project(moments["z"] - alpha * direction, w)
        largest = np.maximum(moments["largest"], alpha)
        total = moments["total"] + largest**2
        c = largest**2 / total
        average = (1.0 - c) * moments["x"] + c * z
        y = (1.0 - beta1) * z + beta1 * average
        return y, {"x": average, "z": z, "largest": largest, "total": total, **kept}


@dataclass(frozen=True)
class ScheduleFreeSGD(ScheduleFree):
    """z_{t+1} = Pi_F(z_t - alpha_t g_t),   x_{t+1} = (1 - c_t) x_t + c_t z_{t+1},
    y_{t+1} = (1 - beta1) z_{t+1} + beta1 x_{t+1},   x_1 = y_1 = z_1,   c_t = 1/t for the constant alpha_t = alpha.

    g_t is the gradient at y_t, which games play; the result is the average x_t.  Defazio, Yang, Mehta, Mishchenko,
    Khaled, Cutkosky (2024), arXiv:2405.15682, as the authors' code weighs the average; in the paper c_t = 1/(t + 1).
    A number alpha is a constant stepsize.

    Claim: for a fixed convex function and alpha = D_2 / (G_2 sqrt T), f(x_T) - f(u) <= D_2 G_2 / sqrt T for any beta1.
    Guarantee: none for the regret of y_t with beta1 near 1; with beta1 = 0 it is OGD.
    """

    alpha: Hyperparameter = 1.0
    beta1: Hyperparameter = 0.9

    def direction(self, t, g, y, moments):  # type: ignore[no-untyped-def]
        return g, np.ones_like(g), {}


@dataclass(frozen=True)
class ScheduleFreeAdamW(ScheduleFree):
    """v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,   W_t = sqrt(v_t / (1 - beta2^t)) + eps,
    z_{t+1} = Pi_F^{W_t}(z_t - alpha_t (g_t / W_t + decay y_t)),   x_{t+1} = (1 - c_t) x_t + c_t z_{t+1},
    y_{t+1} = (1 - beta1) z_{t+1} + beta1 x_{t+1},   x_1 = y_1 = z_1,   c_t = 1/t for the constant alpha_t = alpha.

    g_t is the gradient at y_t, which games play; the result is the average x_t.  Defazio et al. (2024),
    arXiv:2405.15682, as the authors' code weighs the average.  A number alpha is a constant stepsize.

    Guarantee: none known for the regret; with beta1 = 0 and decay = 0 it is a bias-corrected RMSProp.
    """

    alpha: Hyperparameter = 0.0025
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    eps: Hyperparameter = 1e-8
    decay: Hyperparameter = 0.0

    moment_names = (*ScheduleFree.moment_names, "v", "c2")
    ranges: ClassVar = Algorithm1.ranges | {"eps": NONNEGATIVE, "decay": NONNEGATIVE}

    def direction(self, t, g, y, moments):  # type: ignore[no-untyped-def]
        beta2 = self.value("beta2", t)
        v = beta2 * moments["v"] + (1.0 - beta2) * g * g
        c2 = beta2 * moments["c2"] + (1.0 - beta2)
        w = np.sqrt(v / c2) + self.value("eps", t)
        w = np.where(w > 0.0, w, 1.0)  # then g is 0 as well
        return g / w + self.value("decay", t) * y, w, {"v": v, "c2": c2}

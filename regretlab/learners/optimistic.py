"""Optimistic learners: they guess the next gradient, the hint, and pay for the error of the guess only."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.learners.hyperparameters import Hyperparameter
from regretlab.learners.state import State, first_state
from regretlab.learners.vector import VectorLearner
from regretlab.schedules import Constant
from regretlab.sets import Box, FeasibleSet

__all__ = ["OptimisticAdaGrad", "OptimisticLearner", "OptimisticOGD"]


@dataclass(frozen=True)
class OptimisticLearner(VectorLearner):
    """y_{t+1} = Pi_F(y_t - eta_t g_t),   x_{t+1} = Pi_F(y_{t+1} - eta_{t+1} h_{t+1}),   y_1 = x_1,   h_1 = 0.

    Chiang, Yang, Lee, Mahdavi, Lu, Jin, Zhu (2012); Rakhlin, Sridharan (2013), arXiv:1208.3728.  The hint h_{t+1}
    guesses g_{t+1}.  By default it is the last gradient; a subclass may override ``hint``.
    """

    moment_names = ("y", "h", "s")

    def hint(self, t: int, g: Array) -> Array:
        """(d,): h_{t+1}, the guess of g_{t+1} after the gradient g_t = ``g`` of round t."""
        return g

    @abstractmethod
    def rate(self, t: int, s: Array) -> float | Array:
        """eta_t, a number or (d,), from s = sum_{r<t} (g_r - h_r)^2 (d,)."""

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = first_state(feasible_set, point, self.moment_names)
        return State(0, state.point, {**state.moments, "y": state.point.copy()}, state.feasible_set)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        h = np.array(self.hint(t, g), dtype=np.float64)
        if h.shape != g.shape or not np.isfinite(h).all():
            raise ValueError(f"{type(self).__name__}.hint is {h} after round {t}: it must be {g.size} finite numbers")
        y = F.project(moments["y"] - self.rate(t, moments["s"]) * g)
        s = moments["s"] + (g - moments["h"]) ** 2
        return F.project(y - self.rate(t + 1, s) * h), {"y": y, "h": h, "s": s}


@dataclass(frozen=True)
class OptimisticOGD(OptimisticLearner):
    """y_{t+1} = Pi_F(y_t - alpha_t g_t),   x_{t+1} = Pi_F(y_{t+1} - alpha_{t+1} h_{t+1}),   y_1 = x_1,   h_1 = 0,
    h_{t+1} = g_t unless a subclass overrides ``hint``,   alpha_t = alpha / sqrt(t).

    Chiang et al. (2012); Rakhlin, Sridharan (2013), arXiv:1208.3728.

    Guarantee: R_T <= D_2^2 / (2 alpha_T) + (1/2) sum_t alpha_t ||g_t - h_t||_2^2 for any non-increasing alpha_t.
    """

    alpha: Hyperparameter = 0.1

    def rate(self, t: int, s: Array) -> float:
        return self.value("alpha", t)


@dataclass(frozen=True)
class OptimisticAdaGrad(OptimisticLearner):
    """y_{t+1} = Pi_F(y_t - eta_t g_t),   x_{t+1} = Pi_F(y_{t+1} - eta_{t+1} h_{t+1}),   y_1 = x_1,   h_1 = 0,
    eta_{t,i} = alpha_t / sqrt(sum_{s<t} (g_{s,i} - h_{s,i})^2),   alpha_t / 0 := 0,   alpha_t = alpha,
    h_{t+1} = g_t unless a subclass overrides ``hint``; on a box.

    The stepsizes of Rakhlin, Sridharan (2013), arXiv:1311.1869, for each coordinate: large where the hints are good.
    A number alpha is a constant, in units of x.

    Guarantee (ours): for a constant alpha, with S_i = sum_t (g_{t,i} - h_{t,i})^2 and D_i the length of the box in
    coordinate i, R_T <= sum_i (D_i^2 / (2 alpha) + sqrt(2) alpha + (2 + sqrt 2) D_i) sqrt(S_i).

    Raises
    ------
    ValueError
        By ``start``, when the set is not a box.
    """

    alpha: Hyperparameter = 1.0

    stepsize: ClassVar = Constant

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = super().start(feasible_set, point)
        if not isinstance(state.feasible_set, Box):
            raise ValueError(f"feasible_set={state.feasible_set!r}: OptimisticAdaGrad needs a Box")
        return state

    def rate(self, t: int, s: Array) -> Array:
        return np.divide(self.value("alpha", t), np.sqrt(s), out=np.zeros_like(s), where=s > 0.0)

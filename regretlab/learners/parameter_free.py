"""Learners that estimate the distance to the comparator as they go, instead of being given a stepsize."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from regretlab._utils.types import ArrayLike
from regretlab.learners.base import Algorithm1
from regretlab.learners.hyperparameters import NONNEGATIVE, POSITIVE, Hyperparameter
from regretlab.learners.state import State, first_state
from regretlab.learners.vector import VectorLearner
from regretlab.schedules import Constant
from regretlab.sets import FeasibleSet

__all__ = ["DoG"]


@dataclass(frozen=True)
class DoG(VectorLearner):
    """x_{t+1} = Pi_F(x_t - alpha_t (rbar_t / sqrt(G_t + eps)) g_t),   alpha_t = alpha,
    rbar_t = max(first (1 + ||x_1||_2), max_{s<=t} ||x_s - x_1||_2),   G_t = sum_{s<=t} ||g_s||_2^2.

    Ivgi, Hinder, Carmon (2023), arXiv:2302.12022: distance over gradients.  ``first`` decides the first step.
    A number alpha is a constant factor; the paper has 1.

    Claim: with bounded iterates and averaging, the rate of the best tuned stepsize up to logarithms.
    Guarantee: none for its own points x_t: the theorems are about weighted averages, and without a bound on the
    distance DoG may diverge.
    """

    alpha: Hyperparameter = 1.0
    first: Hyperparameter = 1e-6
    eps: Hyperparameter = 1e-8

    stepsize: ClassVar = Constant
    moment_names = ("x1", "rbar", "s")
    ranges: ClassVar = Algorithm1.ranges | {"first": POSITIVE, "eps": NONNEGATIVE}

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = first_state(feasible_set, point, self.moment_names)
        x = state.point
        rbar = np.full(x.size, self.value("first", 1) * (1.0 + np.linalg.norm(x)))
        return State(0, x, {**state.moments, "x1": x.copy(), "rbar": rbar}, state.feasible_set)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        rbar = np.maximum(moments["rbar"], np.linalg.norm(x - moments["x1"]))
        s = moments["s"] + g @ g
        root = np.sqrt(s[0] + self.value("eps", t))
        y = x - self.value("alpha", t) * rbar[0] / root * g if root > 0.0 else x
        return F.project(y), {"x1": moments["x1"].copy(), "rbar": rbar, "s": s}

"""Gradient descent with normalized or clipped gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from regretlab.learners.base import Algorithm1
from regretlab.learners.hyperparameters import POSITIVE, Hyperparameter
from regretlab.learners.vector import VectorLearner

__all__ = ["ClippedGD", "NormalizedGD"]


@dataclass(frozen=True)
class NormalizedGD(VectorLearner):
    """x_{t+1} = Pi_F(x_t - alpha_t g_t / ||g_t||_2),   0/0 := 0,   alpha_t = alpha / sqrt(t).

    Hazan, Levy, Shalev-Shwartz (2015), arXiv:1507.02030; for convex functions Nesterov (1984).

    Claim: for a fixed quasi-convex function it finds a minimum.
    Counterexample: in one dimension it is :class:`SignSGD`, which goes to the wrong end where one large gradient
    outweighs many small ones.
    """

    alpha: Hyperparameter = 0.1

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        norm = np.linalg.norm(g)
        return F.project(x - self.value("alpha", t) * g / norm if norm > 0.0 else x), {}


@dataclass(frozen=True)
class ClippedGD(VectorLearner):
    """x_{t+1} = Pi_F(x_t - alpha_t min(1, c / ||g_t||_2) g_t),   alpha_t = alpha / sqrt(t).

    Pascanu, Mikolov, Bengio (2013), arXiv:1211.5063; Zhang, He, Sra, Jadbabaie (2020), arXiv:1905.11881.

    Guarantee: with c >= G_2 it is OGD: with alpha_t = D_2 / (G_2 sqrt t), R_T <= 1.5 D_2 G_2 sqrt T.
    Counterexample: with c = 1, f_t(x) = C x if t mod 3 = 1, else -x with C > 2: the clipped gradients 1, -1, -1 lead to
    +1, and R_T/T tends to (2 C - 4)/3 on [-1, 1].
    """

    alpha: Hyperparameter = 0.1
    c: Hyperparameter = 1.0

    ranges: ClassVar = Algorithm1.ranges | {"c": POSITIVE}

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        c, norm = self.value("c", t), np.linalg.norm(g)
        return F.project(x - self.value("alpha", t) * (g if norm <= c else g * (c / norm))), {}

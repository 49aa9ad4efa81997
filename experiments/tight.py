r"""Games on [-1, 1] from x_1 = 1 whose regret nearly attains the bounds of OGD, AdaGrad and AMSGrad.

For a projected step, with w_t = sqrt(V_t)/alpha_t and u = -1, the proofs use

    <g_t, x_t - u> <= (w_t/2) (|x_t - u|^2 - |x_{t+1} - u|^2) + g_t^2/(2 w_t),

which is an equality unless the step leaves [-1, 1].  Summed over t, the bounds replace |x_t - u|^2 by D^2 in
the terms (w_t - w_{t-1}) |x_t - u|^2 / 2.  This costs little if x_t is near +1 while w_t grows.  So the games
have two phases.  In the first, gradients of alternating signs keep x_t near +1, each undoing the step before.  In the
second the learner moves to -1, in few rounds or on small gradients, so that w_t grows little.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from regretlab._utils.types import Array, Rounds
from regretlab.learners import OGD, AdaBound, AdaGrad, Adam, AdamNC, AdamX, Algorithm1, AMSGrad
from regretlab.losses import LinearLosses, Mod3
from regretlab.schedules import Constant, Geometric

__all__ = ["D", "GrowingHold", "Hold", "pairs"]

D = 2.0
"""The diameter of [-1, 1]."""


@dataclass(frozen=True)
class Hold(LinearLosses):
    """f_t(x) = hold sqrt(t/(t+1)) x for odd t, -hold x for even t, until round ``rounds``; then slope x.

    With alpha_t = a/sqrt(t) the step of an even round undoes the step before.
    """

    hold: float = 1.0
    rounds: int = 4096
    slope: float = 1.0

    def gradients(self, t: Rounds) -> Array:
        held = np.where(t % 2 == 1, self.hold * np.sqrt(t / (t + 1.0)), -self.hold)
        return np.where(t > self.rounds, self.slope, held)[:, None]


@dataclass(frozen=True)
class GrowingHold(LinearLosses):
    """f_t(x) = (-1)^t e^{growth (t - rounds)} x until round ``rounds``, then slope x.

    Round 1 has ``sum`` times that gradient, so that ||g_{1:t}|| = sum |g_t| in every round t <= rounds: the
    steps of AdaGrad have the same length, and every other one undoes the step before.
    """

    rounds: int = 4096
    growth: float = 1e-3
    slope: float = 1.0

    @property
    def sum(self) -> float:
        """||g_{1:t}||/|g_t| for t <= rounds."""
        return float(1.0 / np.sqrt(-np.expm1(-2.0 * self.growth)))

    def gradients(self, t: Rounds) -> Array:
        held = np.where(t % 2 == 1, -1.0, 1.0) * np.exp(self.growth * np.minimum(t - self.rounds, 0))
        return np.where(t > self.rounds, self.slope, np.where(t == 1, self.sum * held, held))[:, None]


def pairs(T: int) -> Iterator[tuple[Algorithm1, LinearLosses]]:
    """Learners, each with losses on which it nearly attains a bound at round T; last, Adam where its claim fails."""
    yield OGD(Constant(D / T)), Hold(0.0, 0, 1.0)
    for a in (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0):
        run = int(D * sqrt(T) / a)  # rounds of the second phase, with steps a/sqrt(T)
        if run > T // 2:
            continue
        for hold in (Hold(1.0, T - run), Hold(0.0, T - run)):
            yield OGD(a), hold
            for beta2 in (0.05, 0.5):
                yield AMSGrad(a, beta1=0.0, beta2=beta2), hold
                yield AdamX(a, beta1=0.0, beta2=beta2), hold
            yield AMSGrad(a, beta1=0.5, beta2=0.5), hold
            yield AMSGrad(a, beta1=Geometric(0.1, ratio=0.1), beta2=0.05), hold
            yield AdaBound(a, beta1=0.0, beta2=0.5, lower=a, upper=a), hold
    run = T // 2
    growing = GrowingHold(T - run, 16.0 / T)
    for a in (0.1, 0.2, 0.5, 1.0, sqrt(2.0)):
        losses = replace(growing, slope=D * growing.sum / (a * run))  # steps of length a slope/sum
        yield AdaGrad(a), losses
        yield AdamNC(a, beta1=0.0), losses
        yield AdamNC(a, beta1=0.5), losses
        yield AdamNC(a, beta1=Geometric(0.1, ratio=0.1)), losses
    yield Adam(0.9 * sqrt(0.9), beta1=0.0, beta2=0.1), Mod3(3.0)

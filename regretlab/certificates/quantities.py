"""The argument of a theorem's function: the quantities of a game, with methods that check hypotheses on the game."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array, Rounds
from regretlab.certificates.measurements import Measurements
from regretlab.learners.ledger import ROUNDING
from regretlab.schedules import Constant, Inverse, InverseSqrt, OneMinusInverse, Schedule

__all__ = ["Hypothesis", "Quantities"]


class Hypothesis(NamedTuple):
    """One condition of a theorem, checked on one game."""

    name: str
    """The condition, such as "F bounded"."""
    holds: bool
    measured: str
    """What was measured, such as "D_inf = 2"."""
    first_violated: int | None = None
    """The first round in which a condition on rounds fails, else None."""


class Quantities(Measurements):
    """A game in the notation of the theorems; the function of a theorem computes its :class:`Bound` from it.

    Attributes are the symbols of the papers, such as ``q.D`` and ``q.N``; the docstrings of :class:`Measurements` have
    their formulas and the parameters of both classes.  Methods such as ``q.bounded()`` check a hypothesis on the game.
    """

    def bounded(self) -> Hypothesis:
        """F is bounded."""
        return Hypothesis("F bounded", math.isfinite(self.D), f"D_inf = {self.D:.6g}")

    def convex(self) -> Hypothesis:
        """f_t is convex.  A game cannot show this: the class of the losses promises it."""
        promised = f"as {type(self.game.losses).__name__} promises (check_losses looks at it)"
        return Hypothesis("f_t convex", True, "linear" if self.game.losses.linear else promised)

    def strongly_convex(self) -> Hypothesis:
        """f_t is mu-strongly convex for the mu > 0 of the losses."""
        return Hypothesis("f_t mu-strongly convex", self.mu > 0.0, f"mu = {self.mu:g}")

    def gradients(self) -> Hypothesis:
        """||g_t||_inf <= G, which always holds: G is the largest ||g_t||_inf in the game."""
        return Hypothesis("||g_t||_inf <= G", True, f"G = {self.G[-1]:.6g}, the largest seen")

    def momentum(self) -> Hypothesis:
        """m_t = beta_{1,t} m_{t-1} + (1 - beta_{1,t}) g_t in every round, up to rounding."""
        missed, size = float(self.sum("mismatch")[-1]), float(self.N[-1]) + 1e-300
        holds = missed <= ROUNDING * size * math.sqrt(self.T)
        return Hypothesis("m_t = beta_1 m_{t-1} + (1 - beta_1) g_t", holds, f"sum of |differences| = {missed:.3g}")

    def monotone(self) -> Hypothesis:
        """Gamma_t >= 0 in every coordinate and round, up to rounding."""
        first = self.each("first_fall")[-1]
        violated = first[first > 0.0]
        falls = float(self.each("falls")[-1].max())
        measured = f"min Gamma_t = {float(self.each('least')[-1].min()):.6g}"
        if violated.size:
            measured += f", negative in {falls:,.0f} of {self.T:,} rounds"
        return Hypothesis("Gamma_t >= 0", not violated.size, measured, int(violated.min()) if violated.size else None)

    def root_stepsize(self) -> Hypothesis:
        """alpha_t = alpha / sqrt(t)."""
        return Hypothesis("alpha_t = alpha / sqrt(t)", unchanged(self.alpha, InverseSqrt), repr(self.alpha))

    def constant_stepsize(self) -> Hypothesis:
        """alpha_t = alpha."""
        return Hypothesis("alpha_t = alpha", unchanged(self.alpha, Constant), repr(self.alpha))

    def constant_beta1(self) -> Hypothesis:
        """beta_{1,t} = beta_1."""
        return Hypothesis("beta_{1,t} = beta_1", unchanged(self.beta1, Constant), repr(self.beta1))

    def beta1_below_first(self) -> Hypothesis:
        """beta_{1,t} <= beta_{1,1} < 1, checked in the first 1,000 rounds and at the checkpoints."""
        t, values = self._values(self.beta1)
        above = values > self.b1
        first = int(t[above.argmax()]) if above.any() else None
        holds = first is None and self.b1 < 1.0
        return Hypothesis("beta_{1,t} <= beta_{1,1} < 1", holds, f"{self.b1:g} at t = 1", first)

    def no_momentum(self) -> Hypothesis:
        """beta_{1,t} = 0, checked in the first 1,000 rounds and at the checkpoints."""
        _, values = self._values(self.beta1)
        return Hypothesis("beta_1 = 0", not values.any(), f"{values.max():g}")

    def geometric_beta1(self) -> Hypothesis:
        """beta_{1,t} = beta_1 lambda^{t-1}."""
        return Hypothesis("beta_{1,t} = beta_1 lambda^{t-1}, lambda < 1", not math.isnan(self.lam), repr(self.beta1))

    def inverse_beta1(self) -> Hypothesis:
        """beta_{1,t} = beta_1 / t."""
        holds = unchanged(self.beta1, Inverse) or self.b1 == 0.0
        return Hypothesis("beta_{1,t} = beta_1 / t", holds, repr(self.beta1))

    def constant_beta2(self) -> Hypothesis:
        """beta_{2,t} = beta_2."""
        return Hypothesis("beta_{2,t} = beta_2", unchanged(self.beta2, Constant), repr(self.beta2))

    def beta2_of_a_mean(self) -> Hypothesis:
        """beta_{2,t} = 1 - 1/t: v_t is the mean of g_1^2, ..., g_t^2."""
        holds = unchanged(self.beta2, OneMinusInverse) and self.beta2.scale == 1.0
        return Hypothesis("beta_{2,t} = 1 - 1/t", holds, repr(self.beta2))

    def gamma_below_one(self) -> Hypothesis:
        """beta_1 < sqrt(beta_2)."""
        return Hypothesis("beta_1 < sqrt(beta_2)", self.gamma_R < 1.0, f"beta_1 / sqrt(beta_2) = {self.gamma_R:.6g}")

    def falling_stepsize(self) -> Hypothesis:
        """alpha_t does not increase, checked in the first 1,000 rounds and at the checkpoints."""
        t, values = self._values(self.alpha)
        rises = np.flatnonzero(np.diff(values) > ROUNDING * values[1:])
        first = int(t[rises[0] + 1]) if rises.size else None
        return Hypothesis("alpha_t non-increasing", first is None, repr(self.alpha), first)

    def _values(self, schedule: Schedule) -> tuple[Rounds, Array]:
        """The first 1,000 rounds and the checkpoints (n,), and the values of a schedule in these rounds (n,)."""
        t = np.union1d(np.arange(1, min(self.T, 1000) + 1), self.t.astype(np.int64))
        return t, schedule(t)

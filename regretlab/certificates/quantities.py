"""The argument of a theorem's function: the quantities of a game, with methods that check hypotheses on the game."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from regretlab._utils.extending import shipped, unchanged
from regretlab._utils.types import Array
from regretlab.certificates.measurements import Measurements, blocks
from regretlab.learners.ledger import ROUNDING
from regretlab.schedules import Constant, Geometric, Inverse, InversePower, InverseSqrt, OneMinusInverse, Schedule

__all__ = ["Hypothesis", "Quantities"]

_FALLING = (Constant, InverseSqrt, Inverse, InversePower, Geometric)
_AXES = 16  # how many coordinates and points
_SLACK = 1e-6  # relative: the gradients of a user may be finite differences


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
        """F is bounded, and no two points of the game or ends of F are further apart than its diameters."""
        far, far_2 = self._apart
        near = far <= self.D * (1.0 + _SLACK) and far_2 <= self.D_2 * (1.0 + _SLACK)
        holds = math.isfinite(self.D) and bool(near)
        wrong = "" if holds or math.isinf(self.D) else f", D_2 = {self.D_2:.6g}; two points are {far:.6g} apart"
        return Hypothesis("F bounded", holds, f"D_inf = {self.D:.6g}{wrong}")

    def convex(self) -> Hypothesis:
        """f_t is convex.  The class of the losses promises it; the regret of losses that break it is an error."""
        promised = f"as {type(self.game.losses).__name__} promises (check_losses looks at it)"
        return Hypothesis("f_t convex", True, "linear" if self.game.losses.linear else promised)

    def strongly_convex(self) -> Hypothesis:
        """f_t is mu-strongly convex for the mu > 0 of the losses, checked in some 16 rounds."""
        t = self._not_strongly_convex if self.mu > 0.0 else None
        below = "" if t is None else "; f_t(u) is below its tangent at x_t plus (mu/2) ||u - x_t||^2 for a u in F"
        return Hypothesis("f_t mu-strongly convex", self.mu > 0.0 and t is None, f"mu = {self.mu:g}{below}", t)

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
        """alpha_t = alpha / sqrt(t), alpha > 0."""
        holds = unchanged(self.alpha, InverseSqrt) and self.alpha.scale > 0.0
        return Hypothesis("alpha_t = alpha / sqrt(t)", holds, repr(self.alpha))

    def constant_stepsize(self) -> Hypothesis:
        """alpha_t = alpha > 0."""
        holds = unchanged(self.alpha, Constant) and self.alpha.scale > 0.0
        return Hypothesis("alpha_t = alpha", holds, repr(self.alpha))

    def falling_stepsize(self) -> Hypothesis:
        """alpha_t > 0 does not increase, in any round."""
        first = self._rising_stepsize
        return Hypothesis("alpha_t non-increasing", first is None, repr(self.alpha), first)

    def positive_stepsize(self) -> Hypothesis:
        """alpha_t > 0 in every round."""
        first = self._first(self.alpha, lambda alpha, _: ~(alpha > 0.0))
        return Hypothesis("alpha_t > 0", first is None, repr(self.alpha), first)

    def constant_beta1(self) -> Hypothesis:
        """0 <= beta_{1,t} = beta_1 < 1."""
        holds = unchanged(self.beta1, Constant) and 0.0 <= self.b1 < 1.0
        return Hypothesis("beta_{1,t} = beta_1 < 1", holds, repr(self.beta1))

    def beta1_below_first(self) -> Hypothesis:
        """0 <= beta_{1,t} <= beta_{1,1} < 1 in every round."""
        first = self._growing_beta1
        return Hypothesis("beta_{1,t} <= beta_{1,1} < 1", first is None, f"{self.b1:g} at t = 1", first)

    def nonnegative_beta1(self) -> Hypothesis:
        """beta_{1,t} >= 0 in every round."""
        first = self._first(self.beta1, lambda beta1, _: ~(beta1 >= 0.0))
        return Hypothesis("beta_{1,t} >= 0", first is None, repr(self.beta1), first)

    def no_momentum(self) -> Hypothesis:
        """beta_{1,t} = 0 in every round."""
        first = self._first(self.beta1, lambda beta1, _: beta1 != 0.0)
        value = 0.0 if first is None else float(self.beta1(first))
        return Hypothesis("beta_1 = 0", first is None, f"{value:g}", first)

    def geometric_beta1(self) -> Hypothesis:
        """beta_{1,t} = beta_1 lambda^{t-1}."""
        return Hypothesis("beta_{1,t} = beta_1 lambda^{t-1}, lambda < 1", not math.isnan(self.lam), repr(self.beta1))

    def inverse_beta1(self) -> Hypothesis:
        """beta_{1,t} = beta_1 / t."""
        holds = unchanged(self.beta1, Inverse) or (unchanged(self.beta1, Constant) and self.b1 == 0.0)
        return Hypothesis("beta_{1,t} = beta_1 / t", holds, repr(self.beta1))

    def constant_beta2(self) -> Hypothesis:
        """0 < beta_{2,t} = beta_2 < 1."""
        return Hypothesis("beta_{2,t} = beta_2", bool(0.0 < self.b2 < 1.0), repr(self.beta2))

    def beta2_of_a_mean(self) -> Hypothesis:
        """beta_{2,t} = 1 - 1/t: v_t is the mean of g_1^2, ..., g_t^2."""
        holds = unchanged(self.beta2, OneMinusInverse) and self.beta2.scale == 1.0
        return Hypothesis("beta_{2,t} = 1 - 1/t", holds, repr(self.beta2))

    def gamma_below_one(self) -> Hypothesis:
        """beta_1 < sqrt(beta_2)."""
        return Hypothesis("beta_1 < sqrt(beta_2)", self.gamma_R < 1.0, f"beta_1 / sqrt(beta_2) = {self.gamma_R:.6g}")

    # -- every round --------------------------------------------------------------------

    @cached_property
    def _rising_stepsize(self) -> int | None:
        """The first round with alpha_t > alpha_{t-1} up to rounding, or alpha_t <= 0."""
        return self._first(self.alpha, lambda alpha, before: ~(alpha > 0.0) | (alpha > before * (1.0 + ROUNDING)))

    @cached_property
    def _growing_beta1(self) -> int | None:
        """The first round with beta_{1,t} > beta_{1,1}, or outside of [0, 1)."""
        return self._first(self.beta1, lambda beta1, _: ~((beta1 >= 0.0) & (beta1 <= self.b1) & (beta1 < 1.0)))

    def _first(self, schedule: Schedule, wrong: Callable[[Array, Array], Any]) -> int | None:
        """The first round t <= T for which ``wrong(value_t, value_{t-1})`` holds, where value_0 is value_1."""
        T = min(self.T, 2) if unchanged(schedule, *_FALLING) else self.T  # for these two rounds show it
        for t in blocks(T):
            bad = wrong(schedule(t), schedule(np.maximum(t - 1, 1)))
            if np.any(bad):
                return int(t[np.argmax(bad)])
        return None

    @cached_property
    def _apart(self) -> tuple[float, float]:
        """The largest distances, in the inf-norm and the Euclidean norm, between some points of a set of a user."""
        F, X = self.F, self.game.record.point
        if shipped(type(F)) or not F.bounded:
            return 0.0, 0.0
        axes = np.eye(self.d)[:_AXES]
        ends = np.concatenate([F.minimize_linear(axes), F.minimize_linear(-axes), X[-_AXES:]])
        steps = ends[:, None] - ends
        return float(np.abs(steps).max()), float(np.sqrt((steps**2).sum(axis=2)).max())

    @cached_property
    def _not_strongly_convex(self) -> int | None:
        """The first of 16 recorded rounds in which some u of F shows that f_t is not mu-strongly convex, if any.

        That is f_t(u) < f_t(x_t) + <g_t, u - x_t> + (mu/2) ||u - x_t||^2.
        """
        game, F, X = self.game, self.F, self.game.record.point
        some = np.unique(np.linspace(0, len(X) - 1, 16).astype(int))
        directions = np.random.default_rng(0).standard_normal((4, self.d))
        ends = F.minimize_linear(np.concatenate([directions, -directions])) if F.bounded else X[:1] + directions
        U = np.concatenate([X[some[::4]], F.nearest_to_origin()[None], game.point[None], ends])
        for t, x in zip(game.record.t[some].tolist(), X[some], strict=True):
            f, steps = game.losses.reveal(t, x.copy(), game.seed), U - x
            value, values = float(f.value(x.copy())), np.array([float(f.value(u.copy())) for u in U])
            tangent = steps @ np.asarray(f.gradient(x.copy()), dtype=np.float64)
            slack = _SLACK * (np.abs(values) + abs(value) + np.abs(tangent))
            if (values < value + tangent + 0.5 * self.mu * (steps**2).sum(axis=1) - slack).any():
                return int(t)
        return None

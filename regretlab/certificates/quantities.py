"""What a theorem is told of a played game, and the hypotheses that can be checked on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from regretlab._utils.types import Array, Rounds
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.ledger import ROUNDING
from regretlab.schedules import Constant, Geometric, Inverse, InverseSqrt, Schedule

__all__ = ["Hypothesis", "Quantities", "inverse"]


class Hypothesis(NamedTuple):
    """One condition of a theorem, looked at in one game."""

    name: str
    holds: bool
    measured: str
    first_violated: int | None = None
    """The first round at which it does not hold, where that is a matter of rounds."""


def inverse(x: float) -> float:
    """1/x for x > 0, else inf: a constant of a bound outside the range where the bound means anything."""
    return 1.0 / x if x > 0.0 else math.inf


class Quantities:
    """A game with a ledger, in the notation of the theorems; sums and maxima are those up to each checkpoint.

    Parameters
    ----------
    game : Trajectory
        With a ledger (``ledger=True``).
    t : int array (h,)
        Checkpoints of the game.

    Attributes
    ----------
    D, D_2 : diameters of F in the inf-norm and the Euclidean norm; inf if it is unbounded.
    d : dimension.
    G, G_2 : (h,), the largest |g_{s,i}|, and a bound of the largest ||g_s||_2 that is exact for d = 1.
    alpha, beta1, beta2 : schedules; beta1 is 0 for a learner without.
    """

    def __init__(self, game: Trajectory, t: Rounds) -> None:
        self.game, self.learner, self.F = game, game.learner, game.feasible_set
        self.t, self.T = t.astype(np.float64), game.horizon
        self.d = game.point.size
        at = np.searchsorted(game.record.t, t)
        self._entries: dict[str, Array] = dict(
            zip(game.state.ledger, np.moveaxis(game.record.ledger[at], 1, 0), strict=True)
        )
        self.D, self.D_2 = self.F.diameter(), self.F.diameter(2)
        self.schedules: dict[str, Schedule] = getattr(self.learner, "schedules", {})
        schedules = self.schedules
        self.alpha = schedules.get("alpha", Constant(1.0))
        self.beta1 = schedules.get("beta1", Constant(0.0))
        self.beta2 = schedules.get("beta2")

    # -- the ledger -------------------------------------------------------------------

    def sum(self, entry: str) -> Array:
        """(h,): an entry of the ledger, added up over coordinates."""
        return np.asarray(self.each(entry).sum(axis=1))

    def each(self, entry: str) -> Array:
        """(h, d): an entry of the ledger by coordinate; ``TypeError`` if the learner keeps none."""
        entries: Array = self._kept(self._entries, entry)
        return entries

    def schedule(self, name: str) -> Schedule:
        """A hyperparameter of the learner; ``TypeError`` if it has none of this name."""
        schedule: Schedule = self._kept(self.schedules, name)
        return schedule

    def _kept(self, kept: Mapping[str, Any], name: str) -> Any:
        if name not in kept:
            raise TypeError(f"{self.learner!r} has no {name!r}: this theorem is about other learners")
        return kept[name]

    @cached_property
    def N(self) -> Array:
        """sum_i ||g_{1:t,i}||_2."""
        return np.asarray(np.sqrt(self.each("square")).sum(axis=1))

    @cached_property
    def metric(self) -> Array:
        """sum_i W_{t,i}, for instance sum_i sqrt(vhat_{t,i})."""
        return self.sum("weight") * self.alpha(self.t.astype(np.int64))

    @cached_property
    def S(self) -> Array:
        """sum_{s<=t} sum_i beta_{1,s} W_{s,i} / alpha_s."""
        return self.sum("momentum")

    @cached_property
    def lag(self) -> Array:
        """sum_{s<=t} sum_i beta_{1,s} alpha_s (g_{s,i} - m_{s-1,i})^2 / W_{s,i}; inf where it is not kept."""
        if "lag" in self._entries:
            return self.sum("lag")
        return np.full(self.t.size, 0.0 if self.b1 == 0.0 else np.inf)  # the ledger of constant betas is without

    @cached_property
    def zeta(self) -> Array:
        """max_{s<=t} max_i ||g_{1:s,i}||_2 alpha_s / W_{s,i}; inf where it is not kept."""
        return np.sqrt(self.each("zeta2").max(axis=1)) if "zeta2" in self._entries else np.full(self.t.size, np.inf)

    @cached_property
    def G(self) -> Array:
        return np.asarray(self.each("largest").max(axis=1))

    @cached_property
    def G_2(self) -> Array:
        if "longest" in self._entries:
            return self.each("longest")[:, 0]
        return np.asarray(np.sqrt((self.each("largest") ** 2).sum(axis=1)))

    @cached_property
    def L(self) -> Array:
        """L_t = sqrt(1 + ln t)."""
        return np.asarray(np.sqrt(1.0 + np.log(self.t)))

    @property
    def b1(self) -> float:
        """beta_{1,1}."""
        return float(self.beta1(1))

    @property
    def b2(self) -> float:
        """beta_2, if it is constant; else NaN."""
        return float(self.beta2.scale) if isinstance(self.beta2, Constant) else math.nan

    @property
    def gamma_R(self) -> float:
        """beta_1 / sqrt(beta_2)."""
        return self.b1 / math.sqrt(self.b2)

    @property
    def gamma_A(self) -> float:
        """beta_1^2 / beta_2."""
        return self.b1**2 / self.b2

    @property
    def lam(self) -> float:
        """lambda of beta_{1,t} = beta_1 lambda^{t-1}; else NaN."""
        return self.beta1.ratio if isinstance(self.beta1, Geometric) else (0.0 if self.b1 == 0.0 else math.nan)

    # -- hypotheses -------------------------------------------------------------------

    def bounded(self) -> Hypothesis:
        return Hypothesis("F bounded", math.isfinite(self.D), f"D_inf = {self.D:.6g}")

    def convex(self) -> Hypothesis:
        measured = (
            "linear"
            if self.game.losses.linear
            else f"as {type(self.game.losses).__name__} promises (check_losses looks at it)"
        )
        return Hypothesis("f_t convex", True, measured)

    def gradients(self) -> Hypothesis:
        return Hypothesis("||g_t||_inf <= G", True, f"G = {self.G[-1]:.6g}, the largest seen")

    def momentum(self) -> Hypothesis:
        """m_t = beta_{1,t} m_{t-1} + (1 - beta_{1,t}) g_t."""
        missed, size = float(self.sum("mismatch")[-1]), float(self.N[-1]) + 1e-300
        holds = missed <= ROUNDING * size * math.sqrt(self.T)
        return Hypothesis("m_t = beta_1 m_{t-1} + (1 - beta_1) g_t", holds, f"sum of |differences| = {missed:.3g}")

    def monotone(self) -> Hypothesis:
        """Gamma_t >= 0 in every coordinate and round."""
        first = self.each("first_fall")[-1]
        violated = first[first > 0.0]
        falls = float(self.each("falls")[-1].max())
        measured = f"min Gamma_t = {float(self.each('least')[-1].min()):.6g}"
        if violated.size:
            measured += f", negative in {falls:,.0f} of {self.T:,} rounds"
        return Hypothesis("Gamma_t >= 0", not violated.size, measured, int(violated.min()) if violated.size else None)

    def root_stepsize(self) -> Hypothesis:
        return Hypothesis("alpha_t = alpha / sqrt(t)", isinstance(self.alpha, InverseSqrt), repr(self.alpha))

    def constant_beta1(self) -> Hypothesis:
        return Hypothesis("beta_{1,t} = beta_1", isinstance(self.beta1, Constant), repr(self.beta1))

    def beta1_below_first(self) -> Hypothesis:
        """0 <= beta_{1,t} <= beta_{1,1} < 1."""
        t, values = self._values(self.beta1)
        above = values > self.b1
        first = int(t[above.argmax()]) if above.any() else None
        return Hypothesis(
            "beta_{1,t} <= beta_{1,1} < 1", first is None and self.b1 < 1.0, f"{self.b1:g} at t = 1", first
        )

    def geometric_beta1(self) -> Hypothesis:
        return Hypothesis("beta_{1,t} = beta_1 lambda^{t-1}, lambda < 1", not math.isnan(self.lam), repr(self.beta1))

    def inverse_beta1(self) -> Hypothesis:
        return Hypothesis(
            "beta_{1,t} = beta_1 / t", isinstance(self.beta1, Inverse) or self.b1 == 0.0, repr(self.beta1)
        )

    def constant_beta2(self) -> Hypothesis:
        return Hypothesis("beta_{2,t} = beta_2", isinstance(self.beta2, Constant), repr(self.beta2))

    def gamma_below_one(self) -> Hypothesis:
        return Hypothesis("beta_1 < sqrt(beta_2)", self.gamma_R < 1.0, f"beta_1 / sqrt(beta_2) = {self.gamma_R:.6g}")

    def falling_stepsize(self) -> Hypothesis:
        t, values = self._values(self.alpha)
        rises = np.flatnonzero(np.diff(values) > ROUNDING * values[1:])
        first = int(t[rises[0] + 1]) if rises.size else None
        return Hypothesis("alpha_t non-increasing", first is None, repr(self.alpha), first)

    def _values(self, schedule: Schedule) -> tuple[Rounds, Array]:
        """A schedule at the first thousand rounds and at the checkpoints."""
        t = np.union1d(np.arange(1, min(self.T, 1000) + 1), self.t.astype(np.int64))
        return t, schedule(t)

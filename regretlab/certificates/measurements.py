"""The quantities in the bounds of theorems, measured on a played game."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping
from functools import cached_property, reduce
from typing import TypeVar

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array, Rounds
from regretlab.engine.trajectory import Trajectory
from regretlab.losses.base import read_only
from regretlab.schedules import Constant, Geometric, Schedule

__all__ = ["Measurements", "blocks", "inverse", "product"]

Value = TypeVar("Value")

_BLOCK = 2**20


def inverse(x: float) -> float:
    """1/x for x > 0, else inf: so a bound is infinite outside the range of its constants, e.g. for beta_1 = 1."""
    return 1.0 / x if x > 0.0 else math.inf


def product(*factors: float | Array) -> Array:
    """The product; 0 where a factor is 0, even if another one is inf because F is unbounded."""
    zero = reduce(np.logical_or, (np.equal(factor, 0.0) for factor in factors))
    return np.where(zero, 0.0, reduce(operator.mul, factors))


def blocks(T: float) -> Iterator[Rounds]:
    """The rounds 1, ..., T in arrays of at most 2^20."""
    for start in range(1, int(T) + 1, _BLOCK):
        yield np.arange(start, min(start + _BLOCK, int(T) + 1))


class Measurements:
    """A game in the symbols of the papers; sums and maxima are taken over the rounds s <= t, for each checkpoint t.

    Parameters
    ----------
    game : Game
        Played with a ledger.
    t : int array (h,)
        Checkpoints of the game.

    Attributes
    ----------
    game, learner, F
        The game, its learner and its feasible set.
    t, T : array (h,) and int
        The checkpoints and the horizon.
    d : int
        The dimension.
    D, D_2 : float
        Diameters of F in the inf-norm and the Euclidean norm; inf if F is unbounded.
    schedules : dict
        The schedules of the learner's hyperparameters, by name.
    alpha, beta1, beta2 : Schedule
        The schedules of these names; the constants 1 and 0, and None, for a learner that lacks them.
    """

    def __init__(self, game: Trajectory, t: Rounds) -> None:
        self.game, self.learner, self.F = game, game.learner, game.feasible_set
        self.t, self.T = read_only(t.astype(np.float64)), game.horizon
        self.d = game.point.size
        at = np.searchsorted(game.record.t, t)
        rows = read_only(np.moveaxis(game.record.ledger[at], 1, 0))
        self._ledger: dict[str, Array] = dict(zip(game.state.ledger, rows, strict=True))
        self.D, self.D_2 = np.float64(self.F.diameter()), np.float64(self.F.diameter(2))  # their squares may be inf
        self.schedules: dict[str, Schedule] = getattr(self.learner, "schedules", {})
        self.alpha = self.schedules.get("alpha", Constant(1.0))
        self.beta1 = self.schedules.get("beta1", Constant(0.0))
        self.beta2 = self.schedules.get("beta2")

    # -- what the learner has -----------------------------------------------------------

    def each(self, name: str) -> Array:
        """A row of the ledger by checkpoint and coordinate (h, d); ``TypeError`` if the learner has none of this name.

        The rows are those of :mod:`regretlab.learners.ledger`.
        """
        return self._value(self._ledger, name)

    def sum(self, name: str) -> Array:
        """A row of the ledger, summed over coordinates: (h,)."""
        return np.asarray(self.each(name).sum(axis=1))

    def schedule(self, name: str) -> Schedule:
        """A hyperparameter of the learner; ``TypeError`` if it has none of this name."""
        return self._value(self.schedules, name)

    def _value(self, of: Mapping[str, Value], name: str) -> Value:
        if name not in of:
            raise TypeError(f"{self.learner!r} has no {name!r}: this theorem is about other learners")
        return of[name]

    # -- the symbols of the papers ------------------------------------------------------

    @cached_property
    def N(self) -> Array:
        """sum_i ||g_{1:t,i}||_2: (h,)."""
        return read_only(np.sqrt(self.each("square")).sum(axis=1))

    @cached_property
    def metric(self) -> Array:
        """sum_i W_{t,i}, for instance sum_i sqrt(vhat_{t,i}): (h,)."""
        return read_only(self.sum("weight") * self.alpha(self.t.astype(np.int64)))

    @cached_property
    def S(self) -> Array:
        """sum_{s<=t} sum_i beta_{1,s} W_{s,i} / alpha_s: (h,)."""
        return read_only(self.sum("momentum"))

    @cached_property
    def lag(self) -> Array:
        """sum_{s<=t} sum_i beta_{1,s} alpha_s (g_{s,i} - m_{s-1,i})^2 / W_{s,i}: (h,).

        For constant betas, whose ledger lacks this sum: inf if beta_1 > 0.
        """
        if "lag" in self._ledger:
            return read_only(self.sum("lag"))
        return read_only(np.full(self.t.size, 0.0 if self.b1 == 0.0 else np.inf))

    @cached_property
    def zeta(self) -> Array:
        """max_{s<=t} max_i ||g_{1:s,i}||_2 alpha_s / W_{s,i}: (h,); inf for constant betas, whose ledger lacks it."""
        known = "zeta2" in self._ledger
        return read_only(np.sqrt(self.each("zeta2").max(axis=1)) if known else np.full(self.t.size, np.inf))

    @cached_property
    def G(self) -> Array:
        """max_{s<=t} ||g_s||_inf: (h,)."""
        return read_only(self.each("largest").max(axis=1))

    @cached_property
    def G_2(self) -> Array:
        """max_{s<=t} ||g_s||_2, or an upper bound that is exact for d = 1: (h,)."""
        if "longest" in self._ledger:
            return self.each("longest")[:, 0]
        return read_only(np.sqrt((self.each("largest") ** 2).sum(axis=1)))

    @cached_property
    def L(self) -> Array:
        """sqrt(1 + ln t): (h,)."""
        return read_only(np.sqrt(1.0 + np.log(self.t)))

    @property
    def mu(self) -> float:
        """The modulus of strong convexity that the losses state, or 0; a field mu of linear losses is none."""
        return 0.0 if self.game.losses.linear else float(getattr(self.game.losses, "mu", 0.0))

    @property
    def b1(self) -> float:
        """beta_{1,1}."""
        return float(self.beta1(1))

    @property
    def b2(self) -> np.float64:
        """beta_2 if it is constant, else NaN."""
        return np.float64(self.beta2.scale if unchanged(self.beta2, Constant) else math.nan)

    @property
    def gamma_R(self) -> float:
        """beta_1 / sqrt(beta_2)."""
        return float(self.b1 / np.sqrt(self.b2))

    @property
    def gamma_A(self) -> float:
        """beta_1^2 / beta_2."""
        return float(self.b1**2 / self.b2)

    @property
    def lam(self) -> float:
        """lambda of beta_{1,t} = beta_1 lambda^{t-1}; 0 for a constant beta_1 = 0, NaN for other schedules."""
        if unchanged(self.beta1, Geometric):
            return float(self.beta1.ratio)
        return 0.0 if unchanged(self.beta1, Constant) and self.b1 == 0.0 else math.nan

"""What is known of min F so far: a point and its value above, a bound below."""

from __future__ import annotations

import math

import numpy as np

from regretlab._typing import Array
from regretlab.comparators.sums import Sums, Tangent

__all__ = ["Bracket"]

_AIM = 1e-10
_TOLERATED = 1e-8
_PROGRAM = 1e-10  # tolerance of a linear program, relative to its largest cost and the size of its variables


class Bracket:
    """lower <= min F <= value = F(point), from tangents of F alone.

    A tangent at u with the minorant c + <G, v> gives the value F(u) and the bound
    c + min_{z in F} <G, z>.  If it touches F at u the two differ by the
    Frank-Wolfe gap <G, u> - min_{z in F} <G, z>.

    Parameters
    ----------
    sums : Sums
        F.
    paid : float
        sum_s f_s(x_s): says, together with sum_s |f_s(u)|, what a small gap is.
    """

    def __init__(self, sums: Sums, paid: float) -> None:
        self.feasible_set = sums.feasible_set
        self.point: Array = np.empty(0)
        self.value = math.inf
        self.lower = -math.inf
        self._best: Tangent | None = None
        self._paid = abs(paid)
        closed = self.feasible_set.projection is not None
        self._inexact = 0.0 if closed else _PROGRAM * float(np.abs(sums.reach).sum())

    def add(self, u: Array, tangent: Tangent) -> float:
        """Take in the tangent at u in F, and tell <G, u> - min_{z in F} <G, z>."""
        if tangent.value < self.value:
            self.point, self.value, self._best = u, tangent.value, tangent
        least = self.least(tangent.gradient)
        self.below(tangent.constant + least - tangent.noise)
        return float(tangent.gradient @ u) - least

    def least(self, G: Array) -> float:
        """min_{z in F} <G, z>, or less where a linear program has to find it."""
        return float(G @ self.feasible_set.minimize_linear(G)) - self._inexact * float(np.abs(G).max())

    def below(self, bound: float) -> None:
        """Take in a lower bound of min F that allows for rounding errors."""
        self.lower = max(self.lower, bound)

    @property
    def gap(self) -> float:
        """How far the value may be above min F, rounding errors included."""
        return max(0.0, self.value - self.lower) + (0.0 if self._best is None else self._best.error)

    @property
    def aim(self) -> float:
        """The gap to aim at."""
        if self._best is None:
            return 0.0
        inexact = 3.0 * self._inexact * float(np.abs(self._best.gradient).max())
        return max(_AIM * self._scale, 4.0 * self._best.error, inexact)

    @property
    def done(self) -> bool:
        """Whether the gap is small enough."""
        return self.gap <= self.aim

    @property
    def tolerated(self) -> bool:
        """Whether the gap is small enough for nobody to be told."""
        return self.gap <= _TOLERATED * self._scale

    @property
    def _scale(self) -> float:
        return 1.0 + max(self._paid, 0.0 if self._best is None else self._best.size)

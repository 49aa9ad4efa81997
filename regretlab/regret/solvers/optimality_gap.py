"""What is known of min F so far: a point and its value above, a bound below.

How the gap is computed, and why it bounds the error of R_t
-----------------------------------------------------------
Of F = sum_{s<=t} f_s a pass over the rounds at a point u of the feasible set tells
F(u) and an affine minorant, c + <G, v> <= F(v) for all v in F
(:class:`~regretlab.regret.cumulative_loss.Tangent`).  So ::

    c + min_{z in F} <G, z>  <=  min_{v in F} F(v)  <=  F(u),

and the left side takes one linear problem, which every set solves.  The
largest left side and the smallest F(u) met so far are kept, whatever method chose the
points: ``gap`` is their difference, plus bounds of the rounding errors of both.
For a tangent at u it is the Frank-Wolfe gap <G, u> - min_{z in F} <G, z>, which is 0 at
a minimum if F is differentiable there; convex combinations of minorants, which
are minorants too, do the same at kinks.

With R_t = sum_{s<=t} f_s(x_s) - min F, the column ``regret`` has F(u) in the place of
min F.  It is at most R_t, and R_t is at most ``regret + gap``.  Nothing is
assumed on the way but that the losses are convex and their gradients right.
"""

from __future__ import annotations

import math

import numpy as np

from regretlab._utils.types import Array
from regretlab.regret.cumulative_loss import Sums, Tangent

__all__ = ["TOLERATED", "Bracket"]

TOLERATED = 1e-8
"""The gap of which nobody is told, relative to 1 + the size of the sum."""

_AIM = 1e-10
_PROGRAM = 1e-10  # tolerance of a linear program, relative to its largest cost and the size of its variables


class Bracket:
    """lower <= min F <= value = F(point), from tangents of F alone.

    A small gap is one that is small beside the sums sum_s |f_s(u)| at the best point
    and at the first one, which should be an ordinary point of F.
    """

    def __init__(self, sums: Sums) -> None:
        self.feasible_set = sums.feasible_set
        self.point: Array = np.empty(0)
        self.value = math.inf
        self.lower = -math.inf
        self._first: Tangent | None = None
        self._best: Tangent | None = None
        closed = self.feasible_set.projection is not None
        self._inexact = 0.0 if closed else _PROGRAM * float(np.abs(sums.reach).sum())

    def add(self, u: Array, tangent: Tangent) -> float:
        """Take in the tangent at u in F, and tell <G, u> - min_{z in F} <G, z>."""
        self._first = self._first or tangent
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
        if self._best is None or self._first is None:
            return 0.0
        inexact = 3.0 * self._inexact * float(np.abs(self._best.gradient).max())
        return max(_AIM * (1.0 + max(self.size, self._first.size)), 4.0 * self._best.error, inexact)

    @property
    def done(self) -> bool:
        """Whether the gap is small enough."""
        return self.gap <= self.aim

    @property
    def tolerated(self) -> bool:
        """Whether the gap is small enough for nobody to be told, whatever was paid."""
        return self.gap <= TOLERATED * (1.0 + self.size)

    @property
    def size(self) -> float:
        """sum_s |f_s(u)| at the point u."""
        return 0.0 if self._best is None else self._best.size

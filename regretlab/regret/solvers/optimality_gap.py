"""The optimality gap: bounds lower <= min_{v in F} S(v) <= S(u) from the points evaluated so far.

How the gap is computed, and why it bounds the error of R_t
-----------------------------------------------------------
Let S = sum_{s<=t} f_s be the cumulative loss and F the feasible set.  Evaluating S at a point u of F gives S(u) and an
affine minorant: c + <G, v> <= S(v) for all v in F (:class:`~regretlab.regret.cumulative_loss.Tangent`).  So ::

    c + min_{z in F} <G, z>  <=  min_{v in F} S(v)  <=  S(u),

and the left side takes one minimisation of a linear function, which every set offers.  The largest left side and the
smallest S(u) so far are kept, whatever solver chose the points: ``gap`` is S(u) minus that left side, plus bounds on
the rounding errors of both.  For one minorant, tangent at u, the gap is the Frank-Wolfe gap
<G, u> - min_{z in F} <G, z>, which is 0 at a minimum if S is differentiable there.  If S has a kink there, a convex
combination of minorants, which is a minorant too, closes the gap.

While R_t = sum_{s<=t} f_s(x_s) - min_{v in F} S(v), the column ``regret`` has S(u) in the place of the minimum.  So
``regret`` <= R_t <= ``regret + gap``.

The assumptions are these.  The losses are convex and their gradients right; for losses that are not known to be so,
:mod:`regretlab.regret.evidence` compares the minorants with sums at other points of F, and raises an error where they
contradict each other.  Losses in Python are right up to the rounding errors that
:class:`~regretlab.regret.cumulative_loss.CallableSums` states; for a method ``prefix_sum``, which does not show the
slopes of single rounds, the bound on these errors is an estimate.  A linear program is solved up to 1e-10 of its size.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from regretlab._utils.types import Array
from regretlab.regret.cumulative_loss import Sums, Tangent

__all__ = ["WARN_ABOVE", "Minimum"]

WARN_ABOVE = 1e-8
"""A gap above this times 1 + sum_s |f_s(u)| is worth a warning."""

_AIM = 1e-10
_PROGRAM = 1e-10  # tolerance of a linear program, relative to its largest cost and the size of its variables


class Minimum:
    """lower <= min_{v in F} S(v) <= value = S(point), for S the sum of f_s over the rounds start, ..., stop - 1.

    Solvers call :meth:`evaluate`, and :meth:`add_lower_bound` for bounds of their own.  They stop when ``done``: the
    gap is at most ``aim``, which is small beside sum_s |f_s(u)| at the best point so far or at the first point,
    whichever is larger, or beside 1 where losses are not all tiny.  So the first point should be an ordinary point of
    F, where that sum has its usual size.

    Attributes
    ----------
    point, value : array (d,), float
        The best point so far, and S there.
    lower : float
        The largest lower bound so far.
    evaluations : int
        How often S was evaluated; each evaluation is a pass over the rounds.
    frank_wolfe_gap : float
        <G, u> - min_{z in F} <G, z> at the point u evaluated last, with G the slope of its minorant.
    tangents : deque
        The last points that were evaluated, at most ``kept``, each with what was found there.
    """

    def __init__(self, loss: Sums, start: int, stop: int, kept: int = 0) -> None:
        self.loss, self.start, self.stop = loss, start, stop
        self.feasible_set = loss.feasible_set
        self.point: Array = np.empty(0)
        self.value, self.lower = math.inf, -math.inf
        self.evaluations, self.frank_wolfe_gap = 0, math.inf
        self.tangents: deque[tuple[Array, Tangent]] = deque(maxlen=kept)
        self._first: Tangent | None = None
        self._best: Tangent | None = None
        self._largest = 0.0
        closed = self.feasible_set.scalar_projection is not None
        self._inexact = 0.0 if closed else _PROGRAM * float(np.abs(loss.reach).sum())

    def evaluate(self, u: Array, width: float = 0.0, *, hessian: bool = False) -> Tangent:
        """S at a point u of F, as :meth:`Sums.at` returns it; this updates the bounds."""
        self.evaluations += 1
        found = self.loss.at(u, self.start, self.stop, width, hessian=hessian)
        self._first = self._first or found
        self._largest = max(self._largest, found.size)
        self.tangents.append((u, found))
        if found.value < self.value:
            self.point, self.value, self._best = u, found.value, found
        least = self.least(found.gradient)
        self.frank_wolfe_gap = float(found.gradient @ u) - least
        self.add_lower_bound(found.constant + least - found.minorant_error)
        return found

    def least(self, G: Array) -> float:
        """A lower bound of min_{z in F} <G, z>: the minimum itself where the set has a closed form."""
        return float(G @ self.feasible_set.minimize_linear(G)) - self._inexact * float(np.abs(G).max())

    def add_lower_bound(self, bound: float) -> None:
        """Take into account a lower bound of min_{v in F} S(v); the caller has subtracted rounding errors from it."""
        self.lower = max(self.lower, bound)

    @property
    def gap(self) -> float:
        """An upper bound on S(point) - min_{v in F} S(v), rounding errors included."""
        return max(0.0, self.value - self.lower) + (0.0 if self._best is None else self._best.value_error)

    @property
    def aim(self) -> float:
        """The gap at which solvers stop; not below what rounding errors and the tolerance of linear programs allow."""
        if self._best is None or self._first is None:
            return 0.0
        inexact = 3.0 * self._inexact * float(np.abs(self._best.gradient).max())
        aim = _AIM * (self._one + max(self.size, self._first.size))
        return max(aim, 4.0 * self._best.value_error, inexact)

    @property
    def done(self) -> bool:
        """Whether the gap is at most ``aim``."""
        return self.gap <= self.aim

    @property
    def tolerated(self) -> bool:
        """Whether the gap is too small for a warning, whatever the learner paid."""
        return self.gap <= WARN_ABOVE * (self._one + self.size)

    @property
    def _one(self) -> float:
        """1, or less if the sum is below 1/100 wherever it was evaluated, so that a gap shrinks with the unit."""
        return min(1.0, 100.0 * self._largest)

    @property
    def size(self) -> float:
        """sum_s |f_s(u)| at the best point u."""
        return 0.0 if self._best is None else self._best.size

"""Sums of losses minimised by Newton's method; sums with kinks, after smoothing, by their kinks."""

from __future__ import annotations

import numpy as np

from regretlab._utils.types import Array
from regretlab.regret.cumulative_loss import Sums, Tangent
from regretlab.regret.cumulative_prediction_loss import PredictionSums
from regretlab.regret.solvers.optimality_gap import Bracket
from regretlab.regret.solvers.piecewise_linear import minimize_kinks
from regretlab.regret.solvers.quadratic_program import QuadraticSolver

__all__ = ["MOST_KINKS", "Newton", "Secants", "descend_measured", "descend_smoothed"]

MOST_KINKS = 2000
"""Rows with a kink that are dealt with one by one."""

_PER_MEASUREMENT = 10  # passes after which secants are given up, unless they have halved the gap
_APART = 1e-5  # points at which gradients are measured, relative to the size of F
_MOST_PASSES = 200
_IDLE = 12  # passes, besides d, that do not halve the gap
_NARROWER = 0.3  # factor of the width of smoothing
_OVERSHOOT = 0.1  # slope at the end of a step, relative to that at its start
_POLISHES = 8


class Secants:
    """Second derivatives of F from its gradients at successive points: the BFGS update."""

    def __init__(self) -> None:
        self._matrix: Array | None = None
        self._last: tuple[Array, Array] | None = None

    def bend(self, u: Array, gradient: Array, diameter: float) -> Array:
        """About the second derivative at u."""
        if self._last is not None:
            s, y = u - self._last[0], gradient - self._last[1]
            rise = float(s @ y)
            if rise > 1e-12 * float(np.linalg.norm(s) * np.linalg.norm(y)) > 0.0:
                B = float(y @ y) / rise * np.eye(u.size) if self._matrix is None else self._matrix
                Bs = B @ s
                self._matrix = B - np.outer(Bs, Bs) / float(s @ Bs) + np.outer(y, y) / rise
        self._last = u, gradient
        if self._matrix is None:
            return max(float(np.linalg.norm(gradient)), 1e-300) / diameter * np.eye(u.size)
        return self._matrix

    def measure(self, sums: Sums, span: tuple[int, int], u: Array, gradient: Array) -> None:
        """Forget all, and look at the gradients of F a little aside from u, in every direction that F has.

        The points u + s_i are projections of u +- h e_i onto F, the farther one of
        each two; with the changes y_i of the gradient there the matrix is the one with
        B s_i = y_i, as nearly as a symmetric one can.
        """
        F, d = sums.feasible_set, u.size
        apart = _APART * max(float(sums.reach.max()), 1e-300)
        S, Y = np.zeros((d, d)), np.zeros((d, d))
        for i in range(d):
            aside = np.zeros(d)
            aside[i] = apart
            S[i] = max((F.project(u + s) - u for s in (aside, -aside)), key=np.linalg.norm)
            if S[i].any():
                Y[i] = sums.at(u + S[i], *span).gradient - gradient
        B = np.linalg.solve(S.T @ S + 1e-12 * apart**2 * np.eye(d), S.T @ Y)
        B = 0.5 * (B + B.T)
        self._matrix, self._last = B + 1e-9 * max(float(np.abs(B).max()), 1e-300) * np.eye(d), (u, gradient)

    def scale(self, factor: float) -> None:
        """From now on F is about ``factor`` times what it was."""
        self._last = None
        if self._matrix is not None:
            self._matrix = factor * self._matrix


class Newton:
    """Newton's method on F over the rounds ``span``, smoothed over intervals of half-width ``width``.

    Second derivatives are those of the sum where it can tell them, and otherwise
    secants of its gradients.
    """

    def __init__(
        self,
        sums: Sums,
        span: tuple[int, int],
        u: Array,
        bracket: Bracket,
        quadratic: QuadraticSolver,
        secants: Secants,
    ) -> None:
        self.sums, self.span, self.bracket, self.quadratic, self.secants = sums, span, bracket, quadratic, secants
        self.width, self.damping, self.passes = 0.0, 0.0, 0
        self.tangents: list[Tangent] = []
        self.go_to(u)

    def go_to(self, u: Array) -> None:
        """Look at F at u, from where the next step starts."""
        self.u, (self.tangent, self.gap) = u, self._look(u)

    def run(self, most: int | None = None) -> None:
        """Steps until the bracket is narrow enough, or does not get narrower, or ``most`` passes are made."""
        best, since = self.bracket.gap, self.passes
        last = _MOST_PASSES if most is None else self.passes + most
        while self.passes < last and not self.bracket.done and self.step():
            if self.bracket.gap < 0.5 * best:
                best, since = self.bracket.gap, self.passes
            elif self.sums.smooth is None and self.passes > since + _IDLE + self.u.size:
                return  # it may have kinks

    def step(self) -> bool:
        """Minimise the quadratic model, and go there or to where the slope on the way is no longer positive."""
        H, aim = self.tangent.bend, self.bracket.aim
        if H is None:
            H = self.secants.bend(self.u, self.tangent.gradient, self.sums.diameter)
        if self.damping > 0.0:
            H = H + self.damping * (float(np.trace(H)) or 1.0) / len(H) * np.eye(len(H))
        step = self.quadratic.minimize(self.tangent.gradient, H, self.u, max(1e-4 * self.gap, 0.1 * aim)) - self.u
        slope = float(self.tangent.gradient @ step)
        length = 1.0
        while slope < 0.0 and length > 1e-10 and self.passes < _MOST_PASSES:
            v = self.quadratic.inside(self.u + length * step)
            after, gap = self._look(v)
            end = float(after.gradient @ step)
            if end <= -_OVERSHOOT * slope:
                self.u, self.tangent, self.gap = v, after, gap
                self.damping *= 0.1 if length == 1.0 else 10.0
                return True
            length *= min(0.9, max(0.05, -slope / (end - slope)))
        return False

    def _look(self, u: Array) -> tuple[Tangent, float]:
        """The tangent at u, and its Frank-Wolfe gap."""
        self.passes += 1
        tangent = self.sums.at(u, *self.span, self.width, bend=self.sums.bends)
        if not self.sums.bends:
            self.tangents.append(tangent)
        return tangent, self.bracket.add(u, tangent)


def descend_measured(newton: Newton) -> None:
    """Newton's method with measured second derivatives and secants, measured anew where secants no longer do.

    A measurement takes a pass for each of the d directions.
    """
    bracket, gap = newton.bracket, np.inf
    while not bracket.tolerated and bracket.gap <= 0.5 * gap:
        gap = bracket.gap
        newton.secants.measure(newton.sums, newton.span, newton.u, newton.tangent.gradient)
        newton.run(_PER_MEASUREMENT)


def descend_smoothed(newton: Newton, sums: PredictionSums) -> None:
    """Minimise a sum of links with kinks: smoothed less and less, and in the end kink by kink.

    Each link is averaged over an interval of half-width h.  Once the Frank-Wolfe
    gap of that problem is below what averaging costs, h gets smaller, until few
    kinks are left in these intervals: then those are kept, and the other rows
    replaced by their tangents (:mod:`regretlab.regret.solvers.piecewise_linear`).
    """
    span, bracket = newton.span, newton.bracket
    if sums.count(*span) <= MOST_KINKS:
        newton.width = sums.width(*span)
        if _polish(newton, sums):
            return
    newton.width = max(newton.tangent.size / (span[1] - span[0]), 1e-300)
    newton.damping, smallest = 1e-9, 1e-14 * newton.width
    newton.go_to(bracket.point)
    while newton.passes < _MOST_PASSES and not bracket.done and newton.width > smallest:
        t = newton.tangent
        blur = t.value - t.constant - float(t.gradient @ newton.u)
        if newton.gap > max(0.5 * blur, 0.1 * bracket.aim):
            if not newton.step():
                return
        elif newton.tangent.kinks <= MOST_KINKS // 2 and _polish(newton, sums):
            return
        else:
            newton.width *= _NARROWER
            newton.go_to(newton.u)


def _polish(newton: Newton, sums: PredictionSums) -> bool:
    """Keep the kinks near the best point, minimise, look whether others matter; whether that was enough."""
    bracket, other = newton.bracket, newton.u
    for _ in range(_POLISHES):
        centre = bracket.point
        model = sums.kinks(centre, other, *newton.span, newton.width, MOST_KINKS)
        if model is None or model.missed > bracket.aim:
            return False
        other, lower = minimize_kinks(model, centre, 0.3 * bracket.aim, newton.quadratic)
        bracket.below(lower - model.noise)
        newton.passes += 2
        bracket.add(other, sums.at(other, *newton.span))
        if bracket.gap <= max(bracket.aim, 3.0 * model.noise):
            return True
        if other is centre:
            return False
    return False

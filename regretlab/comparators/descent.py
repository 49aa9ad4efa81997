"""Sums of losses minimised by Newton's method; sums with kinks, after smoothing, by their kinks."""

from __future__ import annotations

import numpy as np

from regretlab._typing import Array
from regretlab.comparators.bracket import Bracket
from regretlab.comparators.kinks import minimize_kinks
from regretlab.comparators.links import LinkSums
from regretlab.comparators.quadratic import Quadratic
from regretlab.comparators.sums import Sums, Tangent

__all__ = ["Secants", "descend", "descend_smoothed"]

MOST_KINKS = 2000
"""Rows with a kink that are dealt with one by one."""

_MOST_PASSES = 200
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

    def scale(self, factor: float) -> None:
        """From now on F is about ``factor`` times what it was."""
        self._last = None
        if self._matrix is not None:
            self._matrix = factor * self._matrix


class _Descent:
    """Newton's method on F, smoothed over intervals of half-width ``width``."""

    def __init__(self, sums: Sums, span: tuple[int, int], bracket: Bracket, quadratic: Quadratic, exact: bool) -> None:
        self.sums, self.span, self.bracket, self.quadratic, self.exact = sums, span, bracket, quadratic, exact
        self.width, self.passes, self.damping = 0.0, 0, 0.0
        self.u: Array = np.empty(0)
        self.gap = np.inf
        self.tangent: Tangent

    def look(self, u: Array) -> tuple[Tangent, float]:
        """The tangent at u, and its Frank-Wolfe gap."""
        self.passes += 1
        tangent = self.sums.at(u, *self.span, self.width, bend=self.exact)
        return tangent, self.bracket.add(u, tangent)

    def go_to(self, u: Array) -> None:
        self.u, (self.tangent, self.gap) = u, self.look(u)

    def step(self, H: Array, aim: float) -> bool:
        """Minimise the quadratic model, and go there or to where the slope on the way is no longer positive."""
        if self.damping > 0.0:
            H = H + self.damping * (float(np.trace(H)) or 1.0) / len(H) * np.eye(len(H))
        step = self.quadratic.minimize(self.tangent.gradient, H, self.u, max(1e-4 * self.gap, 0.1 * aim)) - self.u
        slope = float(self.tangent.gradient @ step)
        length = 1.0
        while slope < 0.0 and length > 1e-10 and self.passes < _MOST_PASSES:
            v = self.u + length * step
            after, gap = self.look(v)
            end = float(after.gradient @ step)
            if end <= -_OVERSHOOT * slope:
                self.u, self.tangent, self.gap = v, after, gap
                self.damping *= 0.1 if length == 1.0 else 10.0
                return True
            length *= min(0.9, max(0.05, -slope / (end - slope)))
        return False


def descend(
    sums: Sums, span: tuple[int, int], u: Array, bracket: Bracket, aim: float, quadratic: Quadratic, secants: Secants
) -> None:
    """Newton steps from u until ``bracket`` is as narrow as ``aim``, or does not get narrower.

    Second derivatives are those of the sum where it can tell them, and if d is
    large or it cannot, secants of its gradients.
    """
    diameter = 2.0 * float(np.linalg.norm(sums.reach)) or 1.0
    newton = _Descent(sums, span, bracket, quadratic, sums.bends and u.size <= 64)
    newton.go_to(u)
    while newton.passes < _MOST_PASSES and bracket.gap > aim:
        H = newton.tangent.bend
        if H is None:
            H = secants.bend(newton.u, newton.tangent.gradient, diameter)
        if not newton.step(H, aim):
            break


def descend_smoothed(
    sums: LinkSums, span: tuple[int, int], u: Array, bracket: Bracket, aim: float, quadratic: Quadratic
) -> None:
    """Minimise a sum of links with kinks: smoothed less and less, and in the end kink by kink.

    Each link is averaged over an interval of half-width h.  Once the Frank-Wolfe
    gap of that problem is below what averaging costs, h gets smaller, until
    few kinks are left in these intervals: then those are kept and the
    other rows replaced by their tangents (:mod:`regretlab.comparators.kinks`).
    """
    newton = _Descent(sums, span, bracket, quadratic, True)
    newton.go_to(u)
    if sums.count(*span) <= MOST_KINKS:
        newton.width = 4.0 * float(np.abs(sums.reach).sum()) + 1.0
        if _polish(sums, span, newton, aim):
            return
    newton.width = max(newton.tangent.size / (span[1] - span[0]), 1e-300)
    newton.damping, smallest = 1e-9, 1e-14 * newton.width
    newton.go_to(bracket.point)
    while newton.passes < _MOST_PASSES and bracket.gap > aim and newton.width > smallest:
        t = newton.tangent
        blur = t.value - t.constant - float(t.gradient @ newton.u)
        if newton.gap > max(0.5 * blur, 0.1 * aim):
            assert t.bend is not None
            if not newton.step(t.bend, aim):
                break
        else:
            if t.kinks <= MOST_KINKS // 2 and _polish(sums, span, newton, aim):
                break
            newton.width *= _NARROWER
            newton.go_to(newton.u)


def _polish(sums: LinkSums, span: tuple[int, int], newton: _Descent, aim: float) -> bool:
    """Keep the kinks near the best point, minimise, look whether others matter; whether that reached ``aim``."""
    bracket, other, width = newton.bracket, newton.u, newton.width
    for _ in range(_POLISHES):
        centre = bracket.point
        model = sums.kinks(centre, other, *span, width, MOST_KINKS)
        if model is None or model.missed > aim:
            return False
        other, lower = minimize_kinks(model, centre, 0.3 * aim, newton.quadratic)
        bracket.below(lower - model.noise)
        newton.passes += 2
        bracket.add(other, sums.at(other, *span))
        if bracket.gap <= aim:
            return True
        if other is centre:
            return False
    return False

"""Convex functions of which only values and subgradients are known, with kinks anywhere: a bundle of tangents.

    min_{v in F} max_i (c_i + <g_i, v>) + (1/2) <v - u, H (v - u)>

is the model that the next point comes from: the tangents found so far, and a
term that keeps the point near the best one, u.  Each convex combination of the
tangents is a minorant of the function, so that the model's own solution
bounds the minimum from below.  See Kiwiel, "Proximity control in bundle methods
for convex nondifferentiable minimization" (1990).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regretlab._utils.types import Array
from regretlab.regret.cumulative_loss import EPS, Sums, Tangent
from regretlab.regret.solvers.optimality_gap import Bracket
from regretlab.regret.solvers.quadratic_program import QuadraticSolver, step_length

__all__ = ["Bundle"]

_MOST_PASSES = 300
_IDLE = 60  # passes that do not narrow the bracket
_OUTER, _INNER = 40, 30


class Bundle:
    """The last tangents of F: c (k,), g (k, d)."""

    def __init__(self, tangents: Sequence[Tangent]) -> None:
        self.c = np.array([t.constant for t in tangents])
        self.g = np.array([t.gradient for t in tangents])
        self.noise = max(t.noise for t in tangents)
        self._forget()

    def narrow(self, sums: Sums, span: tuple[int, int], bracket: Bracket, quadratic: QuadraticSolver) -> None:
        """Go on from the best point of ``bracket`` until it is narrow enough, or does not get narrower."""
        d = self.g.shape[1]
        weights = np.full(self.c.size, 1.0 / self.c.size)
        diameter = sums.diameter
        stay, idle = max(float(np.linalg.norm(self.g, axis=1).max()) / diameter, 1e-300), 0
        for _ in range(_MOST_PASSES):
            u, aim = bracket.point, bracket.aim
            v, weights = minimize_model(self.c, self.g, stay * np.eye(d), u, weights, 0.01 * aim, quadratic, diameter)
            bracket.below(float(weights @ self.c) + bracket.least(weights @ self.g) - self.noise)
            promised = bracket.value - float((self.c + self.g @ v).max())
            if bracket.done:
                return
            if not promised > 0.1 * aim:  # it is the term that holds v back, or rounding errors are all that is left
                stay, idle = 0.1 * stay, idle + 6
                if idle > _IDLE:
                    return
                continue
            value, gap = bracket.value, bracket.gap
            tangent = sums.at(v, *span)
            bracket.add(v, tangent)
            weights = self._add(tangent, weights)
            gained = (value - bracket.value) / promised
            stay *= 0.3 if gained > 0.5 else (1.0 if gained > 0.1 else 1.3)
            idle = 0 if bracket.gap < 0.99 * gap else idle + 1
            if idle > _IDLE:
                return

    def _add(self, tangent: Tangent, weights: Array) -> Array:
        """Take in a tangent; the weights of all of them, those that matter to the model last."""
        order = np.argsort(weights > 0.0, kind="stable")
        self.c = np.append(self.c[order], tangent.constant)
        self.g = np.vstack([self.g[order], tangent.gradient])
        self.noise = max(self.noise, tangent.noise)
        self._forget()
        weights = np.append(weights[order], 0.0)[-self.c.size :]
        return np.asarray(weights / weights.sum())

    def _forget(self) -> None:
        most = 4 * self.g.shape[1] + 40
        self.c, self.g = self.c[-most:], self.g[-most:]


def minimize_model(
    c: Array, g: Array, H: Array, u: Array, weights: Array, aim: float, quadratic: QuadraticSolver, diameter: float
) -> tuple[Array, Array]:
    """The minimum of the model, up to ``aim`` or a hundredth of what it gains, and the weights of its tangents.

    The method of multipliers, as for :func:`regretlab.regret.solvers.piecewise_linear.minimize_kinks`:
    max_i t_i is rounded to max_w <w, t> - (h/2) ||w - w'||^2 over weights w >= 0
    of sum 1, minimised by Newton's method, and w' replaced by the weights found.
    """
    F, v = quadratic.feasible_set, u
    heights = c + g @ v
    size, steepest = float((np.abs(c) + np.abs(g) @ np.abs(v)).max()), float(np.linalg.norm(g, axis=1).max())
    narrowest = max(EPS * size * steepest * diameter / aim, aim)  # or else rounding errors decide the weights
    h = max(float(np.std(heights)), narrowest)
    damping = 1e-9
    for _ in range(_OUTER):
        centre = weights
        for _ in range(_INNER):
            heights = c + g @ v
            weights = _to_simplex(centre + (heights - heights.max()) / h)
            gradient = weights @ g + H @ (v - u)
            gap = float(gradient @ (v - F.minimize_linear(gradient)))
            blur = float(heights.max() - weights @ heights)
            gained = float((c + g @ u).max() - heights.max())
            if gap + blur <= max(aim, 0.01 * gained):
                return v, weights
            if gap <= max(0.3 * blur, 0.1 * aim):
                break
            active = g[weights > 0.0]
            active = active - active.mean(axis=0)
            bend = active.T @ active / h + H
            bend += damping * float(np.trace(bend)) / v.size * np.eye(v.size)
            step = quadratic.minimize(gradient, bend, v, max(1e-3 * gap, 0.03 * aim)) - v
            if not float(gradient @ step) < 0.0:
                break
            length = _along(heights, g @ step, centre, h, float((H @ (v - u)) @ step), float(step @ H @ step))
            damping = min(max(damping * (0.1 if length == 1.0 else 3.0), 1e-12), 100.0)
            v = quadratic.inside(v + length * step)
        h = max(0.5 * h, narrowest)
    return v, weights


def _along(heights: Array, across: Array, centre: Array, h: float, linear: float, square: float) -> float:
    """How far to go along a step on the rounded model."""

    def slope(length: float) -> float:
        there = heights + length * across
        return float(_to_simplex(centre + (there - there.max()) / h) @ across) + linear + length * square

    return step_length(slope)


def _to_simplex(y: Array) -> Array:
    """The nearest weights w >= 0 of sum 1."""
    y = y - y.max()
    falling = np.sort(y)[::-1]
    levels = (np.cumsum(falling) - 1.0) / np.arange(1, y.size + 1)
    level = levels[np.flatnonzero(falling > levels)[-1]]
    w = np.maximum(y - level, 0.0)
    return np.asarray(w / w.sum())

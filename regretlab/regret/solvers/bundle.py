"""Convex functions known by values and subgradients only, with kinks anywhere: a proximal bundle method.

    min_{v in F} max_i (c_i + <g_i, v>) + (1/2) <v - u, H (v - u)>

is the model.  Its first term is the largest of the affine minorants found so far; the second keeps v near the best
point u.  The minimiser of the model is the next point to evaluate.  Each convex combination of the minorants is a
minorant of the function; the one with the weights that solve the model bounds the minimum of the function from below.
See Kiwiel, "Proximity control in bundle methods for convex nondifferentiable minimization" (1990).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regretlab._utils.types import Array
from regretlab.regret.cumulative_loss import EPS, Tangent
from regretlab.regret.solvers.optimality_gap import Minimum
from regretlab.regret.solvers.quadratic_program import QuadraticSolver, step_length

__all__ = ["Bundle"]

_MOST_PASSES = 300
_IDLE = 60  # stop after about so many passes that do not make the gap smaller
_OUTER, _INNER = 40, 30


class Bundle:
    """The latest affine minorants of the function: constants c (k,) and gradients g (k, d)."""

    def __init__(self, evaluations: Sequence[Tangent]) -> None:
        self.c = np.array([found.constant for found in evaluations])
        self.g = np.array([found.gradient for found in evaluations])
        self.error = max(found.minorant_error for found in evaluations)
        self._drop_oldest()

    def minimize(self, minimum: Minimum, quadratic: QuadraticSolver) -> None:
        """Improve ``minimum``, from its best point on, until it is done or its gap stops falling."""
        d = self.g.shape[1]
        weights = np.full(self.c.size, 1.0 / self.c.size)
        diameter = minimum.loss.diameter
        proximity, idle = max(float(np.linalg.norm(self.g, axis=1).max()) / diameter, 1e-300), 0
        for _ in range(_MOST_PASSES):
            u, aim, H = minimum.point, minimum.aim, proximity * np.eye(d)
            v, weights = minimize_model(self.c, self.g, H, u, weights, 0.01 * aim, quadratic, diameter)
            minimum.add_lower_bound(float(weights @ self.c) + minimum.least(weights @ self.g) - self.error)
            promised = minimum.value - float((self.c + self.g @ v).max())
            if minimum.done:
                return
            if not promised > 0.1 * aim:  # the proximal term holds v back, or only rounding errors are left
                proximity, idle = 0.1 * proximity, idle + 6
                if idle > _IDLE:
                    return
                continue
            value, gap = minimum.value, minimum.gap
            weights = self._add(minimum.evaluate(v), weights)
            gained = (value - minimum.value) / promised
            proximity *= 0.3 if gained > 0.5 else (1.0 if gained > 0.1 else 1.3)
            idle = 0 if minimum.gap < 0.99 * gap else idle + 1
            if idle > _IDLE:
                return

    def _add(self, evaluation: Tangent, weights: Array) -> Array:
        """Add a minorant, and return the weights of all; minorants of weight zero now count as the oldest."""
        order = np.argsort(weights > 0.0, kind="stable")
        self.c = np.append(self.c[order], evaluation.constant)
        self.g = np.vstack([self.g[order], evaluation.gradient])
        self.error = max(self.error, evaluation.minorant_error)
        self._drop_oldest()
        weights = np.append(weights[order], 0.0)[-self.c.size :]
        return np.asarray(weights / weights.sum())

    def _drop_oldest(self) -> None:
        most = 4 * self.g.shape[1] + 40
        self.c, self.g = self.c[-most:], self.g[-most:]


def minimize_model(
    c: Array, g: Array, H: Array, u: Array, weights: Array, aim: float, quadratic: QuadraticSolver, diameter: float
) -> tuple[Array, Array]:
    """The minimiser of the model, up to ``aim`` or a hundredth of the decrease from u, and the minorants' weights.

    This is the method of multipliers, as in
    :func:`regretlab.regret.solvers.piecewise_linear.minimize_piecewise_linear`.  With t_i = c_i + <g_i, v>, the term
    max_i t_i is rounded to max_w <w, t> - (h/2) ||w - w'||^2 over weights w >= 0 of sum 1.  Newton's method minimises
    the rounded model, and the maximising weights w replace w'.
    """
    F, v = quadratic.feasible_set, u
    heights = c + g @ v
    size, steepest = float((np.abs(c) + np.abs(g) @ np.abs(v)).max()), float(np.linalg.norm(g, axis=1).max())
    narrowest = max(EPS * size * steepest * diameter / aim, aim)  # with a smaller h, rounding would decide the weights
    h = max(float(np.std(heights)), narrowest)
    damping = 1e-9
    for _ in range(_OUTER):
        centre = weights
        for _ in range(_INNER):
            heights = c + g @ v
            weights = _to_simplex(centre + (heights - heights.max()) / h)
            gradient = weights @ g + H @ (v - u)
            gap = float(gradient @ (v - F.minimize_linear(gradient)))
            rounded_off = float(heights.max() - weights @ heights)
            gained = float((c + g @ u).max() - heights.max())
            if gap + rounded_off <= max(aim, 0.01 * gained):
                return v, weights
            if gap <= max(0.3 * rounded_off, 0.1 * aim):
                break
            active = g[weights > 0.0]
            active = active - active.mean(axis=0)
            hessian = active.T @ active / h + H
            hessian += damping * float(np.trace(hessian)) / v.size * np.eye(v.size)
            step = quadratic.minimize(gradient, hessian, v, max(1e-3 * gap, 0.03 * aim)) - v
            if not float(gradient @ step) < 0.0:
                break
            length = _step_length(heights, g @ step, centre, h, float((H @ (v - u)) @ step), float(step @ H @ step))
            damping = min(max(damping * (0.1 if length == 1.0 else 3.0), 1e-12), 100.0)
            v = quadratic.inside(v + length * step)
        h = max(0.5 * h, narrowest)
    return v, weights


def _step_length(heights: Array, across: Array, centre: Array, h: float, linear: float, square: float) -> float:
    """The length in (0, 1] that about minimises the rounded model along a step."""

    def slope(length: float) -> float:
        there = heights + length * across
        return float(_to_simplex(centre + (there - there.max()) / h) @ across) + linear + length * square

    return step_length(slope)


def _to_simplex(y: Array) -> Array:
    """The Euclidean projection of y onto the weights w >= 0 of sum 1."""
    y = y - y.max()
    falling = np.sort(y)[::-1]
    levels = (np.cumsum(falling) - 1.0) / np.arange(1, y.size + 1)
    level = levels[np.flatnonzero(falling > levels)[-1]]
    w = np.maximum(y - level, 0.0)
    return np.asarray(w / w.sum())

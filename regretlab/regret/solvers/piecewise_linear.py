"""Sums of functions with one kink each, minimised over a feasible set.

    F(v) = constant + <g, v> + sum_j w_j max(low_j (<a_j, v> - k_j), high_j (<a_j, v> - k_j)) + (mu/2) ||v||^2

is what absolute, hinge and quantile losses sum up to.  Every choice of slopes low_j <= c_j <= high_j gives a smooth
minorant of F, and so a lower bound of its minimum.  The slopes with the largest lower bound solve the dual problem.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from regretlab._utils.types import Array
from regretlab.regret.cumulative_prediction_loss import PiecewiseLinear
from regretlab.regret.solvers.quadratic_program import QuadraticSolver, step_length

__all__ = ["minimize_piecewise_linear"]

_OUTER = 60
_INNER = 30
_NARROWER = 0.5


def minimize_piecewise_linear(
    F: PiecewiseLinear, u: Array, aim: float, quadratic: QuadraticSolver, least: Callable[[Array], float]
) -> tuple[Array, float]:
    """A point of the feasible set that minimises F up to ``aim``, found from u on, and a lower bound of min F.

    ``least`` gives a lower bound of <g, v> over points v of the set.

    This is the method of multipliers: the kink of row j is rounded to

        max_c c r_j - (h/2) (c - c_j)^2 over low_j <= c <= high_j, r_j = <a_j, v> - k_j.

    Newton's method minimises the rounded F, the maximising slopes at its minimum replace the c_j, and so on.  Unlike
    in plain smoothing, h need not go to zero.  See Li, Sun, Toh, "A highly efficient semismooth Newton augmented
    Lagrangian method for solving Lasso problems" (2018).
    """
    feasible_set, (a, w, k, low, high) = quadratic.feasible_set, F[:5]
    c = 0.5 * (low + high)
    h = 0.3 * float(np.abs(a @ u - k).mean()) / float((high - low).mean()) if k.size else 1.0
    h = max(h, 1e-12)
    best, value, lower, damping = u, np.inf, -np.inf, 1e-6
    for _ in range(_OUTER):
        centre = c
        for _ in range(_INNER):
            r = a @ u - k
            c = np.clip(centre + r / h, low, high)
            gradient = F.gradient + (w * c) @ a + F.mu * u
            square = 0.5 * F.mu * float(u @ u)
            here = F.constant + float(F.gradient @ u) + float(w @ np.maximum(low * r, high * r)) + square
            if here < value:
                best, value = u, here
            atom = feasible_set.minimize_linear(gradient)
            bound = F.constant - float(w @ (c * k)) - square
            lower = max(lower, bound + least(gradient))
            if value - lower <= aim:
                return best, lower
            # the Frank-Wolfe gap of the rounded F, and how far F is above its minorant with the slopes c
            gap, rounded_off = float(gradient @ (u - atom)), here - bound - float(gradient @ u)
            if gap <= max(0.3 * rounded_off, 0.1 * aim):
                break
            inside = (c > low) & (c < high)
            H = (a[inside].T * (w[inside] / h)) @ a[inside] + F.mu * np.eye(u.size)
            scale = float(np.trace(H)) or float(w @ (a * a).sum(axis=1)) / h or 1.0
            H += damping * scale / u.size * np.eye(u.size)
            step = quadratic.minimize(gradient, H, u, max(1e-3 * gap, 0.1 * aim)) - u
            if not float(gradient @ step) < 0.0:
                break
            length = _step_length(F, u, r, centre, h, step)
            damping = min(max(damping * (0.1 if length == 1.0 else 3.0), 1e-12), 100.0)
            u = quadratic.inside(u + length * step)
        h *= _NARROWER
    return best, lower


def _step_length(F: PiecewiseLinear, u: Array, r: Array, centre: Array, h: float, step: Array) -> float:
    """The length in (0, 1] that about minimises the rounded F along ``step``."""
    across, square = F.a @ step, F.mu * float(step @ step)
    linear = float(F.gradient @ step) + F.mu * float(u @ step)

    def slope(length: float) -> float:
        c = np.clip(centre + (r + length * across) / h, F.low, F.high)
        return linear + length * square + float((F.w * c) @ across)

    return step_length(slope)

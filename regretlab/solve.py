"""Best points in hindsight found numerically, with a bound on how far from the minimum they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize

from regretlab._typing import Array, Rounds

if TYPE_CHECKING:
    from regretlab.game import Game

__all__ = ["minimize_sums", "sums_at"]

_BISECTIONS = 100


def sums_at(game: Game, t: Rounds, u: Array) -> Array:
    """(h,): sum_{s<=t} f_s(u) for increasing rounds t of shape (h,), by asking every round again."""
    values, sums, start = [], 0.0, 1
    for stop in t:
        sums += sum(game.losses.reveal(s, u, game.seed).value(u) for s in range(start, int(stop) + 1))
        values.append(sums)
        start = int(stop) + 1
    return np.array(values)


def minimize_sums(game: Game, t: Rounds) -> tuple[Array, Array, Array]:
    """u_t = argmin_{u in F} F_t(u), F_t = sum_{s<=t} f_s: points (h, d), values (h,) and gaps (h,).

    In one dimension by bisection on the sign of the subgradient, with the gap
    between the value and the crossing of the last two tangents; otherwise by
    L-BFGS-B on the bounding box of F, with the Frank-Wolfe gap
    <grad F(u), u> - min_{z in F} <grad F(u), z>.  In both cases
    F(u) - gap <= min F for convex losses.
    """
    u, points, values, gaps = game.feasible_set.nearest_to_origin(), [], [], []
    for stop in t:

        def objective(x: Array, stop: int = int(stop)) -> tuple[float, Array]:
            value, gradient = 0.0, np.zeros_like(x)
            for s in range(1, stop + 1):
                f = game.losses.reveal(s, x, game.seed)
                value += f.value(x)
                gradient += f.gradient(x)
            return value, gradient

        u, value, gap = _on_an_interval(game, objective) if u.size == 1 else _on_a_box(game, objective, u)
        points.append(u)
        values.append(value)
        gaps.append(gap)
    return np.array(points), np.array(values), np.array(gaps)


Objective = Callable[[Array], tuple[float, Array]]


def _on_an_interval(game: Game, objective: Objective) -> tuple[Array, float, float]:
    a, b = (game.feasible_set.minimize_linear(np.array([sign])) for sign in (1.0, -1.0))
    (fa, ga), (fb, gb) = objective(a), objective(b)
    for _ in range(_BISECTIONS):
        if ga[0] >= 0.0:
            return a, fa, 0.0
        if gb[0] <= 0.0:
            return b, fb, 0.0
        middle = 0.5 * (a + b)
        if not a < middle < b:
            break
        f, g = objective(middle)
        if g[0] < 0.0:
            a, fa, ga = middle, f, g
        else:
            b, fb, gb = middle, f, g
    u, value = (a, fa) if fa <= fb else (b, fb)
    crossing = float((fb - fa + ga[0] * a[0] - gb[0] * b[0]) / (ga[0] - gb[0]))
    below = min(fa + ga[0] * (crossing - a[0]), value)
    return u, value, float(value - below)


def _on_a_box(game: Game, objective: Objective, u: Array) -> tuple[Array, float, float]:
    F, identity = game.feasible_set, np.eye(u.size)
    lower = np.array([F.minimize_linear(e)[i] for i, e in enumerate(identity)])
    upper = np.array([F.minimize_linear(-e)[i] for i, e in enumerate(identity)])
    found = optimize.minimize(
        objective,
        u,
        jac=True,
        method="L-BFGS-B",
        bounds=optimize.Bounds(lower, upper),
        options={"ftol": 1e-15, "gtol": 1e-10},
    )
    u = F.project(found.x)
    value, gradient = objective(u)
    return u, value, max(0.0, float(gradient @ (u - F.minimize_linear(gradient))))

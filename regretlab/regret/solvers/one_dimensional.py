"""Sums of convex functions of one variable, minimised over an interval."""

from __future__ import annotations

import math

import numpy as np

from regretlab._utils.types import Array
from regretlab.regret.cumulative_loss import Sums, Tangent
from regretlab.regret.solvers.optimality_gap import Bracket

__all__ = ["minimize_on_interval"]

_MOST_PASSES = 200


def minimize_on_interval(sums: Sums, span: tuple[int, int], u: Array, bracket: Bracket) -> None:
    """Close in on the point where the subgradient changes its sign, from u on.

    The tangents at two points with slopes of different sign bound the minimum by
    the value where they cross.  The next point is where they cross, which ends
    at a kink, or where the line through the two slopes is zero, which is fast
    if there is none; and the middle whenever that has not halved the interval.
    """
    F = sums.feasible_set
    ends = [F.minimize_linear(np.array([sign])) for sign in (1.0, -1.0)]

    def look(x: Array) -> tuple[float, Tangent]:
        tangent = sums.at(x, *span)
        bracket.add(x, tangent)
        return float(x[0]), tangent

    sides: list[tuple[float, Tangent] | None] = [None, None]
    for end in (u, *ends):
        if not bracket.done:
            at = look(end)
            side = 0 if at[1].gradient[0] < 0.0 else 1
            known = sides[side]
            if known is None or (at[0] > known[0]) == (side == 0):
                sides[side] = at
    left, right = sides
    if left is None or right is None:
        return  # the minimum is at an end, and the gap there says how exactly
    turn, length = 0, math.inf
    for _ in range(_MOST_PASSES):
        a, f = left
        b, g = right
        slope_a, slope_b = float(f.gradient[0]), float(g.gradient[0])
        crossing = (f.value - g.value + slope_b * b - slope_a * a) / (slope_b - slope_a)
        crossing = min(max(crossing, a), b)
        below = min(f.value + slope_a * (crossing - a), g.value + slope_b * (crossing - b))
        bracket.below(below - max(f.error, g.error))
        if bracket.done:
            return
        if b - a > 0.5 * length:
            x = 0.5 * (a + b)
        else:
            x = crossing if turn % 2 else a - slope_a * (b - a) / (slope_b - slope_a)
            x = min(max(x, a + 1e-3 * (b - a)), b - 1e-3 * (b - a))
        turn, length = turn + 1, b - a
        if not a < x < b:
            return
        at = look(np.array([x]))
        left, right = (at, right) if at[1].gradient[0] < 0.0 else (left, at)

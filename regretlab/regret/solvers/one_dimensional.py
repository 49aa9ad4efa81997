"""Sums of convex functions of one variable, minimised over an interval."""

from __future__ import annotations

import math

import numpy as np

from regretlab._utils.types import Array
from regretlab.regret.cumulative_loss import Tangent
from regretlab.regret.solvers.optimality_gap import Minimum

__all__ = ["minimize_on_interval"]

_MOST_PASSES = 200


def minimize_on_interval(minimum: Minimum, u: Array) -> None:
    """Close in on the point where the subgradient changes its sign, from u on.

    Where the slopes at two points differ in sign, the two tangents cross between the points, and the value there bounds
    the minimum from below.  The next point is, by turns, this crossing, which is exact at a kink, or the zero of the
    line through the two slopes, which is fast for smooth functions.  If the last point has not halved the interval, the
    next point is the midpoint.
    """
    F = minimum.feasible_set
    ends = [F.minimize_linear(np.array([sign])) for sign in (1.0, -1.0)]
    sides: list[tuple[float, Tangent] | None] = [None, None]
    for point in (u, *ends):
        if not minimum.done:
            at = float(point[0]), minimum.evaluate(point)
            side = 0 if at[1].gradient[0] < 0.0 else 1
            nearest = sides[side]
            if nearest is None or (at[0] > nearest[0]) == (side == 0):
                sides[side] = at
    left, right = sides
    if left is None or right is None:
        return  # the minimum is at an end, where the Frank-Wolfe gap is exact
    turn, length, reach = 0, math.inf, float(minimum.loss.reach[0]) or 1.0
    for _ in range(_MOST_PASSES):
        a, f = left
        b, g = right
        slope_a, slope_b = float(f.gradient[0]), float(g.gradient[0])
        crossing = (f.value - g.value + slope_b * b - slope_a * a) / (slope_b - slope_a)
        crossing = min(max(crossing, a), b)
        bound = min(f.value + slope_a * (crossing - a), g.value + slope_b * (crossing - b))
        minimum.add_lower_bound(bound - max(_error(f, (b - a) / reach, reach), _error(g, (b - a) / reach, reach)))
        if minimum.done:
            return
        if b - a > 0.5 * length:
            x = 0.5 * (a + b)
        else:
            x = crossing if turn % 2 else a - slope_a * (b - a) / (slope_b - slope_a)
            x = min(max(x, a + 1e-3 * (b - a)), b - 1e-3 * (b - a))
        turn, length = turn + 1, b - a
        if not a < x < b:
            return
        at = x, minimum.evaluate(np.array([x]))
        left, right = (at, right) if at[1].gradient[0] < 0.0 else (left, at)


def _error(tangent: Tangent, apart: float, reach: float) -> float:
    """An upper bound on the error of a tangent between the two points, and of its minimum beyond its own point.

    ``apart`` is the distance of the points relative to ``reach``, the largest |v| in F.  The error of the slope is at
    most half of ``minorant_error`` / ``reach``; a slope that is larger certainly has the right sign.
    """
    sure = abs(float(tangent.gradient[0])) * reach > tangent.minorant_error
    return tangent.value_error + tangent.minorant_error * (min(apart, 1.0) if sure else 1.0)

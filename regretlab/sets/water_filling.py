"""Water-filling: the weighted projection onto sum_i x_i = mass in a box (the continuous quadratic knapsack)."""

from __future__ import annotations

import math
from typing import Any

from regretlab.sets.compensated import EPS, add, middle, shifted, two_product, two_sum, unit, weight

__all__ = ["fill", "magnitude", "mass_of"]

_MISSED = 1e-6


def fill(x: Any, w: Any, mass: float, cap: float, signed: bool) -> None:
    """x_i <- min(cap, max(0, y_i - tau / w_i)), in place, with the tau at which these numbers sum to ``mass``.

    Here y = x; if ``signed``, y = |x| and the results get the signs of x.

    The sum decreases in tau, piecewise linearly.  Newton's method (Cominetti,
    Mascarenhas, Silva, "A Newton's method for the continuous quadratic knapsack
    problem", 2014) ends in finitely many steps.  Without a cap the sum is convex,
    so that iterates that start left of the root stay there (Michelot 1986; Condat
    2016).  With a cap, a step may leave the bracket of the root; then :func:`between`
    gives the next tau.

    y must be finite, and 0 < mass <= d cap.  At most 2 d + 200 passes are made; x
    becomes NaN when the data are not finite or overflow.  When y is so much larger than
    the mass that tau has too few digits, the results are scaled to sum to ``mass``.
    """
    d, scale = len(x), unit(w)
    tau, lower, upper = start(x, w, scale, mass, cap, signed)
    for _ in range(2 * d + 200):
        total, error, between_ends, rate = 0.0, 0.0, 0.0, 0.0
        for i in range(d):
            metric = weight(w[i], scale)
            inverse = 1.0 / metric
            t = shifted(magnitude(x[i], signed), tau[0], tau[1], metric, inverse)
            if t >= cap:
                total, error = two_sum(total, error, cap)
            elif not t <= 0.0:  # includes NaN
                total, error = two_sum(total, error, t)
                between_ends += t
                rate += inverse
        gap = (total - mass) + error
        if not abs(gap) > 2.0 * EPS * (between_ends + 1e-4 * mass if rate > 0.0 else mass):
            break
        step = add(tau[0], tau[1], gap / rate) if rate > 0.0 else tau
        if gap > 0.0:
            lower = tau
        else:
            upper = tau
        if step <= lower or step >= upper:
            step = between(x, w, scale, cap, signed, lower, upper)
        if step in (lower, upper):
            break
        tau = step
    filled = 0.0
    for i in range(d):
        metric = weight(w[i], scale)
        t = shifted(magnitude(x[i], signed), tau[0], tau[1], metric, 1.0 / metric)
        t = 0.0 if t < 0.0 else (cap if t > cap else t)
        x[i] = math.copysign(t, x[i]) if signed else t
        filled += t
    if abs(filled - mass) > _MISSED * mass:
        for i in range(d):
            x[i] = x[i] / filled * mass if filled > 0.0 and cap == math.inf else math.nan


def magnitude(x: float, signed: bool) -> float:
    """|x| if ``signed``, else x."""
    return abs(x) if signed else x


def mass_of(x: Any, cap: float, signed: bool) -> float:
    """The sum of the x_i, or of the |x_i| if ``signed``; inf if one of these numbers is not in [0, cap]."""
    s, error = 0.0, 0.0
    for i in range(len(x)):
        y = magnitude(x[i], signed)
        if not 0.0 <= y <= cap:
            return math.inf
        s, error = two_sum(s, error, y)
    return s + error


def start(
    x: Any, w: Any, scale: float, mass: float, cap: float, signed: bool
) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """The first tau, and a lower and an upper bound of the root tau; each is a pair (high, low)."""
    everything, rate, lowest, highest, first, j = 0.0, 0.0, math.inf, -math.inf, -math.inf, 0
    for i in range(len(x)):
        y, metric = magnitude(x[i], signed), weight(w[i], scale)
        highest = max(highest, metric * y)
        if cap < math.inf:
            everything += y
            rate += 1.0 / metric
            lowest = min(lowest, metric * (y - cap))
        elif metric * (y - mass) > first:
            first, j = metric * (y - mass), i
    upper = (highest + 4.0 * EPS * abs(highest), 0.0)
    if cap < math.inf:  # the root if no x_i left [0, cap]
        return ((everything - mass) / rate, 0.0), (lowest - 4.0 * EPS * abs(lowest), 0.0), upper
    metric = weight(w[j], scale)  # the root if coordinate j had the whole mass
    high, low = two_product(metric, magnitude(x[j], signed))
    tau = add(high, low, -metric * mass)
    return tau, tau, upper


def between(
    x: Any, w: Any, scale: float, cap: float, signed: bool, lower: tuple[float, float], upper: tuple[float, float]
) -> tuple[float, float]:
    """The next tau, between the bounds.

    Of the tau there at which some coordinate is cap / 2, take the middle one in the order of the coordinates; if there
    is none, the midpoint.
    """
    n = 0
    if cap < math.inf:
        for i in range(len(x)):
            if lower[0] < weight(w[i], scale) * (magnitude(x[i], signed) - 0.5 * cap) < upper[0]:
                n += 1
        k = n // 2
        for i in range(len(x)):
            candidate = weight(w[i], scale) * (magnitude(x[i], signed) - 0.5 * cap)
            if lower[0] < candidate < upper[0]:
                if k == 0:
                    return candidate, 0.0
                k -= 1
    return middle(lower, upper)

"""Sets of non-negative numbers, or magnitudes, that share a given sum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from regretlab.sets.arithmetic import EPS, add, jitable, middle, shifted, two_product, two_sum, unit, weight


@jitable
def between(x, w, scale, cap, lower, upper, signed):
    n = 0
    if cap < math.inf:
        for i in range(len(x)):
            y = abs(x[i]) if signed else x[i]
            if lower[0] < weight(w[i], scale) * (y - 0.5 * cap) < upper[0]:
                n += 1
        k = n // 2
        for i in range(len(x)):
            y = abs(x[i]) if signed else x[i]
            m = weight(w[i], scale) * (y - 0.5 * cap)
            if lower[0] < m < upper[0]:
                if k == 0:
                    return m, 0.0
                k -= 1
    return middle(lower, upper)

@jitable
def fill(x: Any, w: Any, mass: float, cap: float, signed: bool) -> None:
    d = len(x)
    scale = unit(w)
    total, inverses = 0.0, 0.0
    best, j, lowest, highest = -math.inf, 0, math.inf, -math.inf
    for i in range(d):
        y, v = (abs(x[i]) if signed else x[i]), weight(w[i], scale)
        total += y
        inverses += 1.0 / v
        if v * (y - mass) > best:
            best, j = v * (y - mass), i
        lowest = min(lowest, v * (y - cap))
        highest = max(highest, v * y)
    if cap == math.inf:
        v = weight(w[j], scale)
        high, low = two_product(v, abs(x[j]) if signed else x[j])
        tau = add(high, low, -v * mass)
        lower = tau
    else:
        tau = ((total - mass) / inverses, 0.0)
        lower = (lowest - 4.0 * EPS * abs(lowest), 0.0)
    upper = (highest + 4.0 * EPS * abs(highest), 0.0)
    passes = 0
    for _ in range(2 * d + 200):
        passes += 1
        total, error, rate = 0.0, 0.0, 0.0
        for i in range(d):
            y, v = (abs(x[i]) if signed else x[i]), weight(w[i], scale)
            inverse = 1.0 / v
            t = shifted(y, tau[0], tau[1], v, inverse)
            if t >= cap:
                total, error = two_sum(total, error, cap)
            elif not t <= 0.0:
                total, error = two_sum(total, error, t)
                rate += inverse
        gap = (total - mass) + error
        if abs(gap) <= 2.0 * EPS * mass or gap != gap:
            break
        if gap > 0.0:
            lower = tau
        else:
            upper = tau
        step = tau
        if rate > 0.0:
            step = add(tau[0], tau[1], gap / rate)
        if step <= lower or step >= upper:
            step = between(x, w, scale, cap, lower, upper, signed)
        if step == lower or step == upper:
            break
        tau = step
    for i in range(d):
        y, v = (abs(x[i]) if signed else x[i]), weight(w[i], scale)
        t = shifted(y, tau[0], tau[1], v, 1.0 / v)
        t = min(max(t, 0.0), cap)
        x[i] = math.copysign(t, x[i]) if signed else t
    return passes

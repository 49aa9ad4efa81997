"""Sums of smooth losses in many dimensions: the accelerated projected gradient method, which keeps no matrix."""

from __future__ import annotations

import numpy as np

from regretlab._typing import Array
from regretlab.comparators.bracket import Bracket
from regretlab.comparators.sums import Sums, Tangent

__all__ = ["accelerate"]

_MOST_PASSES = 400


def accelerate(
    sums: Sums, span: tuple[int, int], u: Array, bracket: Bracket, aim: float, steepness: float = 0.0
) -> float:
    """Projected gradient steps of length 1/L with momentum from u, until ``bracket`` is as narrow as ``aim``.

    Momentum is given up where it leads uphill (O'Donoghue, Candès, "Adaptive
    restart for accelerated gradient schemes", 2015).  L is the largest change of
    the gradient that was met; ``steepness`` is what to begin with.

    Returns
    -------
    float
        L.
    """
    F = sums.feasible_set
    L = steepness

    def look(x: Array) -> Tangent:
        tangent = sums.at(x, *span)
        bracket.add(x, tangent)
        return tangent

    tangent = look(u)
    if L <= 0.0:
        slope = float(np.linalg.norm(tangent.gradient))
        L = max(slope / (2.0 * float(np.linalg.norm(sums.reach)) or 1.0), 1e-300)
    x, v, momentum, passes = u, u, 1.0, 1
    while passes < _MOST_PASSES and bracket.gap > aim:
        after = F.project(v - tangent.gradient / L)
        moved = after - v
        length = float(moved @ moved)
        if length == 0.0:
            break
        if float((v - after) @ (after - x)) > 0.0:
            momentum, v = 1.0, x
            x, tangent, passes = x, look(x), passes + 1
            continue
        ahead = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * momentum * momentum))
        x_before, x = x, after
        v = F.project(x + (momentum - 1.0) / ahead * (x - x_before))
        found = look(v)
        passes += 1
        met = float((found.gradient - tangent.gradient) @ (v - (after - moved))) / max(
            float((v - (after - moved)) @ (v - (after - moved))), 1e-300
        )
        if met > L:
            L = 1.5 * met
        momentum, tangent = ahead, found
    return L

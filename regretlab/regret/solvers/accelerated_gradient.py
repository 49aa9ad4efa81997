"""Sums of smooth losses in many dimensions: the accelerated projected gradient method, which keeps no matrix."""

from __future__ import annotations

import math

import numpy as np

from regretlab._utils.types import Array
from regretlab.regret.cumulative_loss import Sums, Tangent
from regretlab.regret.solvers.optimality_gap import Bracket

__all__ = ["accelerate"]

_MOST_PASSES = 500
_IDLE = 150  # passes that do not halve the gap
_LONGER = 0.97  # factor of L in a pass
_STEEPER = 2.0  # changes of the gradient, relative to L, that are not put up with


def accelerate(sums: Sums, span: tuple[int, int], u: Array, bracket: Bracket, steepness: float) -> float:
    """Projected gradient steps of length 1/L with momentum from u, until ``bracket`` is narrow or gets no narrower.

    Momentum is given up where it leads uphill (O'Donoghue, Candès, "Adaptive
    restart for accelerated gradient schemes", 2015).  L is a little more than the
    change of the gradient in the last steps: where that is larger than L it
    rises, otherwise it falls a little in every step, since the curvature on the way
    to the minimum may be far below that at the start.  No bound depends on it.

    Parameters
    ----------
    steepness : float
        L to start with; 0 if it is not known.

    Returns
    -------
    float
        L.
    """
    F, passes = sums.feasible_set, 0

    def look(x: Array) -> Tangent:
        nonlocal passes
        passes += 1
        tangent = sums.at(x, *span)
        bracket.add(x, tangent)
        return tangent

    x, v, momentum = u, u, 1.0
    tangent = look(v)
    L = steepness if steepness > 0.0 else max(float(np.linalg.norm(tangent.gradient)) / sums.diameter, 1e-300)
    narrowest, since = bracket.gap, passes
    while passes < _MOST_PASSES and not bracket.done:
        if bracket.gap <= 0.5 * narrowest:
            narrowest, since = bracket.gap, passes
        elif passes > since + _IDLE:
            break
        L *= _LONGER
        after = F.project(v - tangent.gradient / L)
        if momentum > 1.0 and float((v - after) @ (after - x)) > 0.0:
            momentum, v = 1.0, x
            tangent = look(v)
            continue
        ahead = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * momentum * momentum))
        there = F.project(after + (momentum - 1.0) / ahead * (after - x))
        moved = there - v
        square = float(moved @ moved)
        if square == 0.0:
            break
        found = look(there)
        met = float((found.gradient - tangent.gradient) @ moved) / square
        if met > _STEEPER * L:  # that was too long a step: back to v
            L = 1.5 * met
            continue
        L = 1.5 * met if met > L else L
        x, v, momentum, tangent = after, there, ahead, found
    return L

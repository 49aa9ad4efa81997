"""Sums of smooth losses in many dimensions: the accelerated projected gradient method, which keeps no matrix."""

from __future__ import annotations

import math

import numpy as np

from regretlab._utils.types import Array
from regretlab.regret.solvers.optimality_gap import Minimum

__all__ = ["accelerate"]

_MOST_PASSES = 500
_IDLE = 150  # stop after so many passes that do not halve the gap
_LONGER = 0.97  # factor of L in a pass
_STEEPER = 2.0  # undo a step if the curvature along it is above this times L


def accelerate(minimum: Minimum, u: Array, steepness: float) -> float:
    """Take projected gradient steps of length 1/L with momentum from u, and return the last L.

    The method ends when ``minimum`` is done or its gap stops falling.  Momentum is dropped where it leads uphill
    (O'Donoghue, Candès, "Adaptive restart for accelerated gradient schemes", 2015).  L estimates the Lipschitz constant
    of the gradient.  It falls by 3% in every step, since the curvature near the minimum may be far below that at the
    start.  Let q = <g' - g, v' - v> / ||v' - v||^2 be the curvature along a step from v to v', with the gradients g and
    g'.  If q > L, then L becomes 1.5 q; if q > 2 L, the step is also undone.  No bound depends on L.

    Parameters
    ----------
    minimum : Minimum
        Evaluates the sum and keeps the best point.
    u : array (d,)
        A point of F.
    steepness : float
        L to start with; 0 if it is not known.
    """
    F, last = minimum.feasible_set, minimum.evaluations + _MOST_PASSES
    x, v, momentum = u, u, 1.0
    here = minimum.evaluate(v)
    L = steepness if steepness > 0.0 else max(float(np.linalg.norm(here.gradient)) / minimum.loss.diameter, 1e-300)
    narrowest, since = minimum.gap, minimum.evaluations
    while minimum.evaluations < last and not minimum.done:
        if minimum.gap <= 0.5 * narrowest:
            narrowest, since = minimum.gap, minimum.evaluations
        elif minimum.evaluations > since + _IDLE:
            break
        L *= _LONGER
        after = F.project(v - here.gradient / L)
        if momentum > 1.0 and float((v - after) @ (after - x)) > 0.0:
            momentum, v = 1.0, x
            here = minimum.evaluate(v)
            continue
        ahead = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * momentum * momentum))
        there = F.project(after + (momentum - 1.0) / ahead * (after - x))
        moved = there - v
        square = float(moved @ moved)
        if square == 0.0:
            break
        found = minimum.evaluate(there)
        steep = float((found.gradient - here.gradient) @ moved) / square
        if steep > _STEEPER * L:  # that was too long a step: back to v
            L = 1.5 * steep
            continue
        L = 1.5 * steep if steep > L else L
        x, v, momentum, here = after, there, ahead, found
    return L

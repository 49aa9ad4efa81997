"""The Euclidean ball, whose weighted projection is the root of a secular equation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.sets.arguments import directions, euclidean, point
from regretlab.sets.box import Ball
from regretlab.sets.compensated import EPS, two_sum, unit, weight

__all__ = ["L2Ball"]

_ROUNDING = 4.0 * EPS
_NEWTON_STEPS = 100  # extreme weights take about twelve


@dataclass(frozen=True, eq=False, repr=False)
class L2Ball(Ball):
    """F = {x : ||x - center||_2 <= radius}.

    Parameters
    ----------
    radius : float
        Positive.
    center : array (d,), optional
        The origin by default.
    dimension : int, optional
        d; by default that of ``center``, or else of the losses it is used with.

    Raises
    ------
    TypeError, ValueError
        For a radius, center or dimension of a wrong type or value, or a center of another dimension.

    Notes
    -----
    In the metric w the projection of y = center + radius v, ||v|| > 1, is
    center + radius q(lambda), where ::

        q_i(lambda) = w_i v_i / (w_i + lambda),   ||q(lambda)|| = 1.

    Newton's method on 1 - 1 / ||q(lambda)|| finds the root lambda (Moré, Sorensen,
    "Computing a trust region step", 1983).  Since 1 / ||q|| is concave, iterates
    that start below the root increase and stay below it.  The start,
    max(0, max_i w_i (|v_i| - 1)), is not above the root and has |q_i| <= 1, so that
    nothing overflows for any weights and distance.
    """

    @staticmethod
    def projection(x: Any, w: Any, p: Any) -> None:
        """Project x in place, as the class notes say; p holds the radius, then the center, if there is one."""
        d, scale, inverse = len(x), unit(w), 1.0 / p[0]
        lam, square, error, reach = 0.0, 0.0, 0.0, 0.0
        for i in range(d):
            v = offset(x, p, i) * inverse
            lam = max(lam, weight(w[i], scale) * (abs(v) - 1.0))
            square, error = two_sum(square, error, v * v)
            reach += abs(v * x[i])
        if reach < math.inf and square + error <= 1.0 + _ROUNDING * (1.0 + reach * inverse):
            return
        for _ in range(_NEWTON_STEPS):
            square, error, slope = 0.0, 0.0, 0.0
            for i in range(d):
                metric = weight(w[i], scale)
                share = 1.0 / (metric + lam)
                q = metric * share * (offset(x, p, i) * inverse)
                square, error = two_sum(square, error, q * q)
                slope += q * q * share
            square += error
            step = square / slope * (math.sqrt(square) - 1.0)
            lam = max(lam + step, 0.0)
            if not step > 1e-9 * lam:  # the next step is below rounding
                break
        for i in range(d):
            metric = weight(w[i], scale)
            u = offset(x, p, i)
            if lam < metric:  # nearer to y than to the center
                x[i] -= lam / (metric + lam) * u
            else:
                x[i] = metric / (metric + lam) * u + (p[i + 1] if len(p) > 1 else 0.0)

    def parameters(self) -> Array:
        return np.array([self.radius, *([] if self.center is None else self.center)])

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        center = np.zeros(1) if self.center is None else self.center
        distance = math.hypot(*(point(x, self.dimension) - center))
        return distance <= self.radius + tolerance + _ROUNDING * (2.0 * self.radius + math.hypot(*center))

    def diameter(self, norm: float = np.inf) -> float:
        euclidean(norm)
        return 2.0 * self.radius

    def minimize_linear(self, c: ArrayLike) -> Array:
        costs = directions(c, self.dimension)
        largest = np.abs(costs).max(axis=-1, keepdims=True)
        costs = costs / np.where(largest > 0.0, largest, 1.0)
        length = np.linalg.norm(costs, axis=-1, keepdims=True)
        x = -self.radius * (costs / np.where(length > 0.0, length, 1.0))
        return x if self.center is None else self.center + x


def offset(x: Any, p: Any, i: int) -> float:
    """x_i - center_i."""
    return x[i] - p[i + 1] if len(p) > 1 else x[i]  # type: ignore[no-any-return]

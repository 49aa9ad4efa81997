"""What is known of min F so far: a point and its value above, a bound below."""

from __future__ import annotations

import math

import numpy as np

from regretlab._typing import Array
from regretlab.comparators.sums import Tangent
from regretlab.sets import FeasibleSet

__all__ = ["Bracket"]

_PROGRAM = 1e-10
"""Tolerance of a linear program, relative to its largest cost and the size of its variables."""


class Bracket:
    """lower <= min F <= value = F(point), from tangents of F alone.

    A tangent at u with the minorant c + <G, v> gives the value F(u) and the bound
    c + min_{z in F} <G, z>.  If it touches F at u the two differ by the
    Frank-Wolfe gap <G, u> - min_z <G, z>.
    """

    def __init__(self, feasible_set: FeasibleSet, reach: Array) -> None:
        self.feasible_set = feasible_set
        self.point: Array = np.empty(0)
        self.value = math.inf
        self.lower = -math.inf
        self.noise = 0.0
        self.size = 0.0
        closed = feasible_set.projection is not None
        self._tolerance = 0.0 if closed else _PROGRAM * float(np.abs(reach).sum())

    def add(self, u: Array, tangent: Tangent) -> float:
        """Take in the tangent at u in F, and tell <G, u> - min_{z in F} <G, z>."""
        if tangent.value < self.value:
            self.point, self.value, self.noise, self.size = u, tangent.value, tangent.noise, tangent.size
        atom = self.feasible_set.minimize_linear(tangent.gradient)
        below = tangent.constant + float(tangent.gradient @ atom)
        self.below(below - tangent.noise - self.inexactness(tangent.gradient))
        return float(tangent.gradient @ (u - atom))

    def inexactness(self, gradient: Array) -> float:
        """How far <G, z> may be above min_{z in F} <G, z>: 0 in closed form, or else the tolerance of a linear program."""
        return self._tolerance * float(np.abs(gradient).max())

    def below(self, bound: float) -> None:
        """Take in a lower bound of min F that allows for rounding errors."""
        self.lower = max(self.lower, bound)

    @property
    def gap(self) -> float:
        """How far the value may be above min F, rounding errors included."""
        return max(0.0, self.value - self.lower) + self.noise

"""Cumulative losses S(u) = sum_{start <= s < stop} f_s(u), evaluated at any point by a new pass over the rounds.

Every evaluation gives an affine minorant of S, whose minimum over the feasible set F bounds that of S from below, and
bounds on the rounding errors.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from regretlab._utils.types import Array
from regretlab.kernels import two_sum
from regretlab.losses.base import Losses, RandomConvexLosses, generator
from regretlab.sets import FeasibleSet

__all__ = ["CACHED", "EPS", "CallableSums", "Sums", "Tangent", "Total"]

EPS = float(np.finfo(np.float64).eps)

CACHED = 2**23
"""How many floats of data are cached; the data of other rounds are generated whenever they are needed."""

_BATCH = 1024  # how many values one exact sum adds up
_DIRECTIONS = 64  # how many linear functions are minimised at once
_PREFIX_ROUNDINGS = 1024  # roundings that one evaluation of a prefix sum is expected to make


class Tangent(NamedTuple):
    """The cumulative loss S at a point u: its value, and an affine minorant,

        S(v) >= constant + <gradient, v> - minorant_error for all v in the feasible set F.

    Without smoothing, the minorant is the tangent at u.  With smoothing, the minorant at u is below S(u) by
    value - constant - <gradient, u>.
    """

    value: float
    gradient: Array
    constant: float
    minorant_error: float
    """An upper bound on the rounding errors of the minorant."""
    value_error: float
    """An upper bound on the rounding error of the value."""
    size: float
    """sum_s |f_s(u)|."""
    hessian: Array | None = None
    """(d, d): about the Hessian of the smoothed S.  It steers solvers; no bound depends on it."""
    kinks: int = 0
    """The number of rows whose pointwise loss changes its slope in the interval of smoothing."""


class Total:
    """A running sum of numbers or arrays, kept with its rounding error."""

    def __init__(self, zero: Any = 0.0) -> None:
        self.sum, self.error = zero, zero

    def add(self, term: Any, error: Any = 0.0) -> None:
        self.sum, self.error = two_sum(self.sum, self.error + error, term)

    @property
    def value(self) -> Any:
        return self.sum + self.error


class Sums(ABC):
    """S(u) = sum_{start <= s < stop} f_s(u) for any rounds start, stop, on a feasible set F.

    Minorants and error bounds are valid only if F is bounded; values are valid on any F.

    Attributes
    ----------
    smooth : bool or None
        Whether the gradient of S is continuous; None if that is not known.
    has_hessian : bool
        Whether :meth:`at` can give the Hessian, and smooth S.
    """

    smooth: bool | None = None
    has_hessian: bool = False

    def __init__(self, losses: Losses, feasible_set: FeasibleSet, seed: int) -> None:
        self.losses, self.feasible_set, self.seed = losses, feasible_set, seed

    @cached_property
    def reach(self) -> Array:
        """(d,): max_{v in F} |v_i|, found by minimising v_i and -v_i; 0 if F is unbounded."""
        d = self.losses.dimension
        reach = np.zeros(d)
        if self.feasible_set.bounded:
            for first in range(0, d, _DIRECTIONS):
                here = np.arange(first, min(first + _DIRECTIONS, d))
                for sign in (1.0, -1.0):
                    directions = np.zeros((here.size, d))
                    directions[here - first, here] = sign
                    extremes = self.feasible_set.minimize_linear(directions)[here - first, here]
                    reach[here] = np.maximum(reach[here], np.abs(extremes))
        return reach

    @cached_property
    def diameter(self) -> float:
        """An upper bound on the Euclidean diameter of F; 1 if the bound is 0."""
        return 2.0 * float(np.linalg.norm(self.reach)) or 1.0

    @abstractmethod
    def at(self, u: Array, start: int, stop: int, width: float = 0.0, *, hessian: bool = False) -> Tangent:
        """S(u), a minorant and, if ``hessian``, the Hessian.

        ``width`` is the half-width of the intervals over which pointwise losses are averaged for the minorant and the
        Hessian; 0 for no smoothing.
        """

    def value(self, u: Array, start: int, stop: int) -> float:
        """S(u).

        Raises
        ------
        FloatingPointError
            When S(u) is not finite.
        """
        total = Total()
        for first in range(start, stop, _BATCH):
            total.add(math.fsum(self.along(np.broadcast_to(u, (min(_BATCH, stop - first), u.size)), first)))
        return self._finite(float(total.value), u, start, stop)

    def _finite(self, value: float, u: Array, start: int, stop: int, gradient: Array | float = 0.0) -> float:
        """``value``, which is S(u); ``FloatingPointError`` unless it and the gradient are finite."""
        if math.isfinite(value) and np.isfinite(gradient).all():
            return value
        name = type(self.losses).__name__
        raise FloatingPointError(
            f"{name}: the losses of the rounds {start}, ..., {stop - 1} or their gradients are infinite or NaN at {u}: "
            f"they sum to {value} and {gradient}"
        )

    def along(self, points: Array, start: int) -> Array:
        """(n,): f_s(u_s) for the rounds s = start, start + 1, ... and the rows u_s of ``points`` (n, d)."""
        reveal = self.losses.reveal
        return np.array([reveal(start + k, u, self.seed).value(u) for k, u in enumerate(points)], dtype=np.float64)


class CallableSums(Sums):
    """S for sequences given by Python functions: f_s is called for each round, or a sum of many rounds once.

    A sequence may have a method ``prefix_sum(t, seed)`` that returns sum_{s<=t} f_s as one
    :class:`~regretlab.losses.Loss`.

    Attributes
    ----------
    by_prefix : bool
        Whether it has.

    The bounds on rounding errors assume that f_s(u) and its gradient g are right up to d + 10 roundings of
    |f_s(u)| + max_{v in F} sum_i |g_i v_i|, and a prefix sum up to d + 1024 roundings of the same terms.
    """

    def __init__(self, losses: Losses, feasible_set: FeasibleSet, seed: int) -> None:
        super().__init__(losses, feasible_set, seed)
        self._draws: dict[int, Any] = {}
        self._room = CACHED
        self._prefixes: dict[int, Any] = {}
        self._steepest = 0.0
        self.by_prefix = getattr(losses, "prefix_sum", None) is not None

    def value(self, u: Array, start: int, stop: int) -> float:
        if not self.by_prefix:
            return super().value(u, start, stop)
        parts = [sign * float(self.prefix(t).value(u)) for t, sign in ((stop - 1, 1.0), (start - 1, -1.0)) if t > 0]
        return self._finite(sum(parts), u, start, stop)

    def at(self, u: Array, start: int, stop: int, width: float = 0.0, *, hessian: bool = False) -> Tangent:
        u = u.copy()
        by = self._by_prefix if self.by_prefix else self._by_round
        with np.errstate(all="ignore"):
            value, gradient, size, minorant_error, value_error = by(u, start, stop)
        self._finite(value, u, start, stop, gradient)
        return Tangent(value, gradient, value - float(gradient @ u), minorant_error, value_error, size)

    def _by_round(self, u: Array, start: int, stop: int) -> tuple[float, Array, float, float, float]:
        """S(u), its gradient, sum_s |f_s(u)|, and bounds on the rounding errors of minorant and value."""
        values, total, gradient, steep = [], Total(), Total(np.zeros(u.size)), np.zeros(u.size)
        size = 0.0
        for s in range(start, stop):
            f, g = self._round(s, u)
            values.append(f)
            gradient.add(g)
            steep += np.abs(g)
            if len(values) == _BATCH or s == stop - 1:
                size += math.fsum(map(abs, values))
                total.add(math.fsum(values))
                values.clear()
        errors = [(u.size + 10) * EPS * (size + 2.0 * float(steep @ bound)) for bound in (self.reach, np.abs(u))]
        return float(total.value), gradient.value, size, errors[0], errors[1]

    def _by_prefix(self, u: Array, start: int, stop: int) -> tuple[float, Array, float, float, float]:
        """What :meth:`_by_round` returns, from two prefix sums.

        The slopes of single rounds are not known; the steepest average slope of all calls so far stands for them.
        """
        value, gradient, size = 0.0, np.zeros(u.size), 0.0
        for t, sign in ((stop - 1, 1.0), (start - 1, -1.0)):
            if t > 0:
                f = self.prefix(t)
                part = float(f.value(u))
                value += sign * part
                gradient = gradient + sign * np.asarray(f.gradient(u), dtype=np.float64)
                size += abs(part)
        self._steepest = max(self._steepest, float(np.abs(gradient) @ self.reach) / (stop - start))
        error = (u.size + _PREFIX_ROUNDINGS) * EPS * (size + 2.0 * (stop - 1) * self._steepest)
        return value, gradient, size, error, error

    def prefix(self, t: int) -> Any:
        """sum_{s<=t} f_s; the last two are cached."""
        if t not in self._prefixes:
            self._prefixes = dict(list(self._prefixes.items())[-1:])
            self._prefixes[t] = self.losses.prefix_sum(t, self.seed)  # type: ignore[attr-defined]
        return self._prefixes[t]

    def _round(self, s: int, u: Array) -> tuple[float, Any]:
        """f_s(u) and its gradient; what a random sequence drew for the round is cached."""
        losses = self.losses
        if not isinstance(losses, RandomConvexLosses) or type(losses).reveal is not RandomConvexLosses.reveal:
            f = losses.reveal(s, u, self.seed)
            return float(f.value(u)), np.asarray(f.gradient(u), dtype=np.float64)
        z = self._draws.get(s)
        if z is None:
            z = losses.draw(generator(self.seed, s))
            floats = _floats(z)
            if floats is not None and floats <= self._room:
                self._draws[s] = z
                self._room -= floats
        return float(losses.value(z, u)), np.asarray(losses.gradient(z, u), dtype=np.float64)


def _floats(z: Any) -> int | None:
    """The memory that a draw takes, in floats; None for a type of unknown memory."""
    if isinstance(z, int | float | np.number):
        return 8
    if isinstance(z, np.ndarray):
        return z.size + 16
    if isinstance(z, tuple):
        parts = [_floats(part) for part in z]
        return None if None in parts else 8 + sum(part for part in parts if part is not None)
    return None

"""Sums of losses F(u) = sum_{start <= s < stop} f_s(u), evaluated by asking the rounds again.

Every evaluation brings an affine minorant, whose minimum over the feasible set
bounds min F from below, and a bound on the rounding errors made on the way.
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

__all__ = ["EPS", "KEPT", "CallableSums", "Sums", "Tangent", "Total"]

EPS = float(np.finfo(np.float64).eps)

KEPT = 2**23
"""Floats of the first rounds that are kept in memory; others are generated whenever they are needed."""

_TOGETHER = 1024  # values in an exact sum
_DIRECTIONS = 64  # linear functions that are minimised at once
_INSIDE = 1024  # roundings that a sum given as one function is expected to make


class Tangent(NamedTuple):
    """What one pass over the rounds tells about F: its value at u, and a minorant.

    For all v in F: F(v) >= constant + <gradient, v> - noise, and the value is
    right up to ``error``.  The minorant touches F at u, or nearly, if smoothing was
    asked for: it is below F(u) by ``value - constant - <gradient, u>``.
    """

    value: float
    gradient: Array
    constant: float
    noise: float
    error: float
    size: float
    """sum_s |f_s(u)|."""
    bend: Array | None = None
    """(d, d), about the second derivative of F, smoothed: it steers solvers, and no bound depends on it."""
    kinks: int = 0
    """How many rows have a slope that changes where they are smoothed."""


class Total:
    """A sum of numbers or arrays with its rounding error."""

    def __init__(self, zero: Any = 0.0) -> None:
        self.sum, self.error = zero, zero

    def add(self, term: Any, error: Any = 0.0) -> None:
        self.sum, self.error = two_sum(self.sum, self.error + error, term)

    @property
    def value(self) -> Any:
        return self.sum + self.error


class Sums(ABC):
    """F(u) = sum_{start <= s < stop} f_s(u) for any rounds start, stop, on a feasible set.

    Lower bounds and errors are those on a bounded set; values need none.

    Attributes
    ----------
    smooth : bool or None
        Whether the gradient of F is continuous; None if that is not known.
    bends : bool
        Whether :meth:`at` can tell the second derivative, and smooth F.
    """

    smooth: bool | None = None
    bends: bool = False

    def __init__(self, losses: Losses, feasible_set: FeasibleSet, seed: int) -> None:
        self.losses, self.feasible_set, self.seed = losses, feasible_set, seed

    @cached_property
    def reach(self) -> Array:
        """(d,): max_{v in F} |v_i|, by minimising v_i and -v_i; 0 if F is unbounded."""
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
        """A Euclidean length that no two points of F are farther apart than; 1 if that is 0."""
        return 2.0 * float(np.linalg.norm(self.reach)) or 1.0

    @abstractmethod
    def at(self, u: Array, start: int, stop: int, width: float = 0.0, *, bend: bool = False) -> Tangent:
        """F, a minorant and, if ``bend``, the second derivative at u; ``width`` is that of smoothing."""

    def value(self, u: Array, start: int, stop: int) -> float:
        """F(u)."""
        total = Total()
        for first in range(start, stop, _TOGETHER):
            total.add(math.fsum(self.at_path(np.broadcast_to(u, (min(_TOGETHER, stop - first), u.size)), first)))
        return self._finite(float(total.value), u, start, stop)

    def _finite(self, value: float, u: Array, start: int, stop: int, gradient: Array | float = 0.0) -> float:
        """The value of F at u, if it and the gradient are finite."""
        if math.isfinite(value) and np.isfinite(gradient).all():
            return value
        name = type(self.losses).__name__
        raise FloatingPointError(f"{name}: the rounds {start}..{stop - 1} sum to {value} at {u}, gradient {gradient}")

    def at_path(self, points: Array, start: int) -> Array:
        """(n,): f_s(u_s) for the rounds s = start, start + 1, ... and the rows u_s of ``points``."""
        reveal = self.losses.reveal
        return np.array([reveal(start + k, u, self.seed).value(u) for k, u in enumerate(points)], dtype=np.float64)


class CallableSums(Sums):
    """F(u) = sum_s f_s(u) for sequences that reveal their rounds one by one, or sum them with ``prefix_sum``.

    ``prefix_sum(t, seed)`` is sum_{s<=t} f_s as one :class:`~regretlab.losses.Loss`,
    an optional method of a sequence.

    The noise takes f_s(u) and its gradient g to be right to d + 10 roundings of
    |f_s(u)| + max_{v in F} sum_i |g_i v_i|; of a prefix sum, to about a thousand.
    """

    def __init__(self, losses: Losses, feasible_set: FeasibleSet, seed: int) -> None:
        super().__init__(losses, feasible_set, seed)
        self._kept: dict[int, Any] = {}
        self._room = KEPT
        self._prefixes: dict[int, Any] = {}
        self._steep = 0.0

    def value(self, u: Array, start: int, stop: int) -> float:
        if not hasattr(self.losses, "prefix_sum"):
            return super().value(u, start, stop)
        parts = [sign * float(self._prefix(t).value(u)) for t, sign in ((stop - 1, 1.0), (start - 1, -1.0)) if t > 0]
        return self._finite(sum(parts), u, start, stop)

    def at(self, u: Array, start: int, stop: int, width: float = 0.0, *, bend: bool = False) -> Tangent:
        u = u.copy()
        with np.errstate(all="ignore"):
            if hasattr(self.losses, "prefix_sum"):
                value, gradient, size, noise, error = self._by_prefix(u, start, stop)
            else:
                value, gradient, size, noise, error = self._by_round(u, start, stop)
        self._finite(value, u, start, stop, gradient)
        return Tangent(value, gradient, value - float(gradient @ u), noise, error, size)

    def _by_round(self, u: Array, start: int, stop: int) -> tuple[float, Array, float, float, float]:
        values, total, gradient, steep = [], Total(), Total(np.zeros(u.size)), np.zeros(u.size)
        size = 0.0
        for s in range(start, stop):
            f, g = self._ask(s, u)
            values.append(f)
            gradient.add(g)
            steep += np.abs(g)
            if len(values) == _TOGETHER or s == stop - 1:
                size += math.fsum(map(abs, values))
                total.add(math.fsum(values))
                values.clear()
        noise, error = (size + 2.0 * float(steep @ far) for far in (self.reach, np.abs(u)))
        unit = (u.size + 10) * EPS
        return float(total.value), gradient.value, size, unit * noise, unit * error

    def _by_prefix(self, u: Array, start: int, stop: int) -> tuple[float, Array, float, float, float]:
        value, gradient, size = 0.0, np.zeros(u.size), 0.0
        for t, sign in ((stop - 1, 1.0), (start - 1, -1.0)):
            if t > 0:
                f = self._prefix(t)
                part = float(f.value(u))
                value += sign * part
                gradient = gradient + sign * np.asarray(f.gradient(u), dtype=np.float64)
                size += abs(part)
        self._steep = max(self._steep, float(np.abs(gradient) @ self.reach) / (stop - start))
        noise = (u.size + _INSIDE) * EPS * (size + 2.0 * (stop - 1) * self._steep)
        return value, gradient, size, noise, noise

    def _prefix(self, t: int) -> Any:
        if t not in self._prefixes:
            self._prefixes = dict(list(self._prefixes.items())[-1:])
            self._prefixes[t] = self.losses.prefix_sum(t, self.seed)  # type: ignore[attr-defined]
        return self._prefixes[t]

    def _ask(self, s: int, u: Array) -> tuple[float, Any]:
        losses = self.losses
        if not isinstance(losses, RandomConvexLosses):
            f = losses.reveal(s, u, self.seed)
            return float(f.value(u)), np.asarray(f.gradient(u), dtype=np.float64)
        z = self._kept.get(s)
        if z is None:
            z = losses.draw(generator(self.seed, s))
            floats = _floats(z)
            if floats is not None and floats <= self._room:
                self._kept[s] = z
                self._room -= floats
        return float(losses.value(z, u)), np.asarray(losses.gradient(z, u), dtype=np.float64)


def _floats(z: Any) -> int | None:
    """The memory that a draw takes, in floats; None if that is not known, or if it could be changed."""
    if isinstance(z, int | float | np.number):
        return 8
    if isinstance(z, np.ndarray):
        return z.size + 16
    if isinstance(z, tuple):
        parts = [_floats(part) for part in z]
        return None if None in parts else 8 + sum(part for part in parts if part is not None)
    return None

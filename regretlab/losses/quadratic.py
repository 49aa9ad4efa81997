"""Quadratics with a moving centre: f_t(x) = (mu/2) ||x - c_t||^2.

Compiled loops play them as <-mu c_t, x> + (mu/2) ||c_t||^2 + (mu/2) ||x||^2.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from regretlab._utils.extending import not_overridable
from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab._utils.validation import positive, real_array, whole
from regretlab.losses import arguments
from regretlab.losses.base import DRAWN_TOGETHER, generator, read_only
from regretlab.losses.linear_predictions import PredictionLosses
from regretlab.losses.pointwise import Linear, PointwiseLoss
from regretlab.losses.shortcuts import ask, named, shortcut

if TYPE_CHECKING:
    from regretlab.sets import FeasibleSet

__all__ = ["CirclingQuadratics", "PeriodicQuadratics", "Quadratics", "WalkingQuadratics"]

_NUMBERS_PER_SUM = 2**18  # the size of the array of centres that one numpy call adds up
_LINEAR = Linear()
_LONGEST_WALK = 2**48  # rounds


class Quadratics(PredictionLosses):
    """f_t(x) = (mu/2) ||x - c_t||^2.

    A sequence of your own is a frozen dataclass with, if need be, ``mu`` and one
    method, ``centres``; the shape that it returns decides d.
    """

    link: PointwiseLoss = _LINEAR
    mu: float = 1.0

    @abstractmethod
    def centres(self, t: Rounds) -> Array:
        """(n, d): c_t for the rounds ``t``, an int64 array (n,)."""

    def block(self, start: int, stop: int, seed: int) -> Array:
        """(stop - start, d): c_start, ..., c_{stop-1}."""
        n, name = stop - start, f"{type(self).__name__}.centres"
        c = np.asarray(ask(self.centres, np.arange(start, stop), seed=seed))
        if c.dtype.kind not in "fiu":
            raise TypeError(f"{name} returned {c.dtype} for {n} rounds; it must return real numbers")
        if c.ndim != 2 or len(c) != n or c.shape[1] == 0:
            raise ValueError(f"{name} returned shape {c.shape} for {n} rounds; it must be ({n}, d)")
        if not np.isfinite(c).all():
            k = int(np.isfinite(c).all(axis=1).argmin())
            raise ValueError(f"{name} returned {c[k]} for round {start + k}; a centre must be finite")
        return c.astype(np.float64)

    @not_overridable("override centres")
    def rows(self, t: Rounds) -> tuple[Array, Array]:
        raise NotImplementedError(f"{type(self).__name__} has centres instead of rows: use data(start, stop, seed)")

    def data(self, start: int, stop: int, seed: int) -> tuple[Array, ...]:
        c = self.block(start, stop, seed)
        return -self.mu * c[:, None, :], -0.5 * self.mu * (c * c).sum(axis=1, keepdims=True)

    @cached_property
    @named
    def dimension(self) -> int:  # type: ignore[override]
        return int(self.block(1, 3, 0).shape[1])

    @shortcut("data", "link")
    def best_in_hindsight(self, feasible_set: FeasibleSet, t: Rounds, seed: int = 0) -> tuple[Array, Array]:
        """argmin_{u in F} sum_{s<=t} f_s(u) and the minimum, in closed form, for increasing rounds t (h,).

        Let m_t be the mean of c_1, ..., c_t.  Since sum_{s<=t} ||u - c_s||^2 =
        t ||u - m_t||^2 + sum_{s<=t} ||c_s - m_t||^2, the minimizer is the Euclidean
        projection of m_t onto F.

        Returns
        -------
        points : array (h, d)
            The minimizers.
        values : array (h,)
            The minima.
        """
        points, values = [], []
        n, mean, spread = 0, np.zeros(self.dimension), 0.0
        at_once = max(1, _NUMBERS_PER_SUM // self.dimension)
        for stop in np.asarray(t).tolist():
            while n < stop:
                c = self.block(n + 1, min(n + at_once, stop) + 1, seed)
                here = c.mean(axis=0)
                step = here - mean
                spread += float(((c - here) ** 2).sum() + (step @ step) * (n * len(c) / (n + len(c))))
                mean = mean + step * (len(c) / (n + len(c)))
                n += len(c)
            u = feasible_set.project(mean)
            points.append(u)
            values.append(0.5 * self.mu * (n * float((u - mean) @ (u - mean)) + spread))
        return np.array(points), np.array(values)


@dataclass(frozen=True, eq=False, repr=False)
class PeriodicQuadratics(Quadratics):
    """f_t(x) = (mu/2) ||x - c_{(t-1) mod P}||^2 for a pattern of centres c_0, ..., c_{P-1}.

    The pattern is an array (P, d), or (P,) in one dimension.
    """

    pattern: ArrayLike
    mu: float = 1.0

    def __post_init__(self) -> None:
        positive(mu=self.mu)
        c = real_array("pattern", self.pattern, "(P,) or (P, d)", 1, 2)
        object.__setattr__(self, "pattern", c[:, None] if c.ndim == 1 else c)

    def __repr__(self) -> str:
        return arguments.shown(self)

    def centres(self, t: Rounds) -> Array:
        c = np.asarray(self.pattern)
        return c[(np.asarray(t) - 1) % len(c)]


@dataclass(frozen=True)
class CirclingQuadratics(Quadratics):
    """f_t(x) = (mu/2) ||x - c_t||^2 with c_{t,i} = radius cos(2 pi (t-1) / period - (i-1) pi / 2).

    Each coordinate swings between -radius and radius, a quarter of the period
    behind the one before it: for d = 2 the centre goes round a circle.
    """

    d: int = 2
    radius: float = 0.5
    period: int = 1000
    mu: float = 1.0

    def __post_init__(self) -> None:
        arguments.dimension(d=self.d)
        whole(2, period=self.period)
        if self.period * self.d > arguments.LONGEST:
            raise ValueError(f"period={self.period!r} times d={self.d!r} must be at most {arguments.LONGEST}")
        positive(radius=self.radius, mu=self.mu)

    @cached_property
    def _pattern(self) -> Array:
        turns = np.arange(self.period)[:, None] / self.period - np.arange(self.d) / 4.0
        return read_only(self.radius * np.cos(2.0 * np.pi * turns))

    def centres(self, t: Rounds) -> Array:
        return self._pattern[(np.asarray(t) - 1) % self.period]


@dataclass(frozen=True)
class WalkingQuadratics(Quadratics):
    """f_t(x) = (mu/2) ||x - c_t||^2 with c_t a random walk, c_0 = 0, in steps of independent N(0, step^2).

    The walk is reflected at the sides of the box [-radius, radius]^d.  Any c_t can be
    computed without those before it: the walk is first drawn at rounds far apart,
    and then between two of these, conditional on both (a Gaussian bridge).  The
    result has the distribution of a walk drawn step by step.
    """

    d: int = 1
    step: float = 0.01
    radius: float = 1.0
    mu: float = 1.0

    def __post_init__(self) -> None:
        arguments.dimension(d=self.d)
        positive(step=self.step, radius=self.radius, mu=self.mu)

    def centres(self, t: Rounds, seed: int = 0) -> Array:
        rounds = np.asarray(t, dtype=np.int64)
        index, c = (rounds - 1) // self._piece_steps, np.empty((len(rounds), self.d))
        for b in np.unique(index):
            here = index == b
            c[here] = self._reflected(int(b), seed)[(rounds[here] - 1) % self._piece_steps]
        return c

    @shortcut("centres", slow=Quadratics.block)
    def block(self, start: int, stop: int, seed: int) -> Array:
        L = self._piece_steps
        first, last = (start - 1) // L, (stop - 2) // L
        if last * L >= _LONGEST_WALK:
            raise ValueError(f"round {stop - 1}: a walk has at most {_LONGEST_WALK} rounds")
        parts = [self._reflected(b, seed)[max(start - 1 - b * L, 0) : stop - 1 - b * L] for b in range(first, last + 1)]
        return np.concatenate(parts)

    @property
    def _piece_steps(self) -> int:
        """L, how many steps are drawn at once; a step of level k spans L^k rounds."""
        return max(64, DRAWN_TOGETHER // self.d)

    @cached_property
    def _coarsest(self) -> int:
        """The level at which L steps are longer than any game."""
        return math.ceil(math.log(_LONGEST_WALK, self._piece_steps)) - 1

    def _reflected(self, b: int, seed: int) -> Array:
        """(L, d): c_t, the reflected walk, for the rounds t = b L + 1, ..., (b + 1) L."""
        r = self.radius
        return np.abs(np.mod(self._piece(0, b, seed)[1:] - r, 4.0 * r) - 2.0 * r) - r

    def _piece(self, level: int, b: int, seed: int) -> Array:
        """(L + 1, d): the walk before it is reflected, at the rounds j L^level for j = b L, ..., (b + 1) L."""
        cached: dict[int, tuple[int, int, Array]] = self.__dict__.setdefault("_cached_pieces", {})
        known = cached.get(level)
        if known is None or known[:2] != (b, seed):
            L = self._piece_steps
            steps = generator(seed, level * 2**56 + b).standard_normal((L, self.d))
            piece = np.zeros((L + 1, self.d))
            np.cumsum(self.step * math.sqrt(float(L) ** level) * steps, axis=0, out=piece[1:])
            if level < self._coarsest:
                above = self._piece(level + 1, b // L, seed)
                start, end = above[b % L], above[b % L + 1]  # the coarser level fixes both ends
                piece += start + np.linspace(0.0, 1.0, L + 1)[:, None] * (end - start - piece[-1])
            cached[level] = known = (b, seed, piece)
        return known[2]

"""Loss sequences f_1, f_2, ... and the promises they make.

From the least to the most a sequence promises, and so from slow to fast:

* :class:`ConvexLosses`: value and gradient of f_t at a point, in Python.
* :class:`AdaptiveLosses`: linear, with a gradient that may answer x_t.
* :class:`LinearLosses`: f_t(x) = <g_t, x>, with g_t for an array of rounds.

The random ones get a generator that depends on the seed and the rounds only, so
any round can be had again at any time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regretlab._typing import Array, Rounds

__all__ = [
    "AdaptiveLosses",
    "ConvexLosses",
    "LinearLosses",
    "Loss",
    "Losses",
    "RandomConvexLosses",
    "RandomLinearLosses",
]


DRAWN_TOGETHER = 4096
"""Random numbers drawn from one generator; fixed for ever, since it decides the draws."""


class Loss(NamedTuple):
    """One revealed convex function f_t."""

    value: Callable[[Array], float]
    gradient: Callable[[Array], Array]


class Losses(ABC):
    """A sequence f_1, f_2, ... of convex functions on R^d; a frozen dataclass of its parameters."""

    dimension: int = 1
    """d."""

    @abstractmethod
    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        """f_t, after the learner has played x_t = ``x``."""


class ConvexLosses(Losses):
    """f_t by its value and a subgradient, in Python, round by round.

    A sequence of your own has two methods, and ``dimension`` unless d = 1.
    """

    @abstractmethod
    def value(self, t: int, x: Array) -> float:
        """f_t(x)."""

    @abstractmethod
    def gradient(self, t: int, x: Array) -> Array:
        """(d,): a subgradient of f_t at x."""

    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        return Loss(lambda u: self.value(t, u), lambda u: self.gradient(t, u))


class RandomConvexLosses(Losses):
    """f_t(x) = f(x; z_t) with z_1, z_2, ... independent draws."""

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Any:
        """z_t."""

    @abstractmethod
    def value(self, z: Any, x: Array) -> float:
        """f(x; z)."""

    @abstractmethod
    def gradient(self, z: Any, x: Array) -> Array:
        """(d,): a subgradient of f(.; z) at x."""

    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        z = self.draw(_generator(seed, t))
        return Loss(lambda u: self.value(z, u), lambda u: self.gradient(z, u))


class AdaptiveLosses(Losses):
    """f_t(u) = <g_t, u> with g_t chosen after the learner's point x_t was seen."""

    @abstractmethod
    def answer(self, t: int, x: Array) -> Array:
        """(d,): g_t, knowing x_t = ``x``."""

    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        return _linear(np.asarray(self.answer(t, x), dtype=np.float64))


class LinearLosses(Losses):
    """f_t(x) = <g_t, x>, with the gradients given for an array of rounds; plays at compiled speed.

    A sequence of your own has one method, ``gradients``; d is what it returns.
    """

    @abstractmethod
    def gradients(self, t: Rounds) -> Array:
        """(n, d): g_t for the rounds ``t``, an int64 array (n,) of numbers from 1 on."""

    def block(self, start: int, stop: int, seed: int) -> Array:
        """(stop - start, d): g_start, ..., g_{stop-1}."""
        return self._checked(self.gradients(np.arange(start, stop)), stop - start)

    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        return _linear(self.block(t, t + 1, seed)[0])

    @cached_property
    def dimension(self) -> int:  # type: ignore[override]
        return int(self.block(1, 3, 0).shape[1])  # two rounds: a constant answer is not one row per round

    def _checked(self, g: Any, n: int) -> Array:
        name = f"{type(self).__name__}.{'sample' if isinstance(self, RandomLinearLosses) else 'gradients'}"
        array = np.asarray(g)
        if array.dtype.kind not in "fiu":
            raise TypeError(f"{name} returned {array.dtype} for {n} rounds; it must return real numbers")
        if array.ndim != 2 or array.shape[0] != n or array.shape[1] == 0:
            raise ValueError(f"{name} returned shape {array.shape} for {n} rounds; it must be ({n}, d)")
        return np.ascontiguousarray(array, dtype=np.float64)


class RandomLinearLosses(LinearLosses):
    """f_t(x) = <g_t, x> with random g_t: the rounds are drawn in blocks, each from its own generator."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, n: int) -> Array:
        """(n, d): the gradients of n consecutive rounds."""

    def gradients(self, t: Rounds, seed: int = 0) -> Array:
        t = np.asarray(t, dtype=np.int64)
        rows = np.empty((t.size, self.dimension))
        index = (t - 1) // self._rounds
        for b in np.unique(index):
            here = index == b
            rows[here] = self._drawn(int(b), seed)[(t[here] - 1) % self._rounds]
        return rows

    def block(self, start: int, stop: int, seed: int) -> Array:
        n = self._rounds
        first, last = (start - 1) // n, (stop - 2) // n
        parts = []
        for b in range(first, last + 1):
            low, high = max(start - 1 - b * n, 0), min(stop - 1 - b * n, n)
            parts.append(self._drawn(b, seed)[low:high])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    @cached_property
    def dimension(self) -> int:  # type: ignore[override]
        return int(self._checked(self.sample(_generator(0, 0), 2), 2).shape[1])

    @cached_property
    def _rounds(self) -> int:
        """Rounds drawn together: a property of the sequence, so that no caller can change a draw."""
        return max(1, DRAWN_TOGETHER // self.dimension)

    def _drawn(self, b: int, seed: int) -> Array:
        key, drawn = self.__dict__.get("_last", (None, None))
        if key != (b, seed) or drawn is None:
            drawn = self._checked(self.sample(_generator(seed, b), self._rounds), self._rounds)
            self.__dict__["_last"] = ((b, seed), drawn)
        return drawn  # type: ignore[no-any-return]


def _linear(g: Array) -> Loss:
    return Loss(lambda u: float(g @ u), lambda u: g)


def _generator(seed: int, block: int) -> np.random.Generator:
    """Counter-based: a function of (seed, block), independent between different pairs."""
    return np.random.Generator(np.random.Philox(key=_key(seed), counter=[0, 0, 0, block]))


@lru_cache(maxsize=4096)
def _key(seed: int) -> NDArray[np.unsignedinteger[Any]]:
    return np.random.SeedSequence(seed).generate_state(2, np.uint64)

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
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from regretlab._utils.types import Array, Rounds

__all__ = [
    "AdaptiveLosses",
    "BlockLosses",
    "ConvexLosses",
    "LinearLosses",
    "Loss",
    "Losses",
    "RandomConvexLosses",
    "RandomLinearLosses",
    "generator",
    "read_only",
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
    linear: ClassVar[bool] = False
    """Whether f_t(x) = <g_t, x>, so that sums of gradients say all about them."""

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
        z = self.draw(generator(seed, t))
        return Loss(lambda u: self.value(z, u), lambda u: self.gradient(z, u))


class AdaptiveLosses(Losses):
    """f_t(u) = <g_t, u> with g_t chosen after the learner's point x_t was seen."""

    linear = True

    @abstractmethod
    def answer(self, t: int, x: Array) -> Array:
        """(d,): g_t, knowing x_t = ``x``."""

    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        return _linear(np.asarray(self.answer(t, x), dtype=np.float64))


class BlockLosses(Losses):
    """A sequence that tells many rounds at once, so that compiled loops can play it."""

    @abstractmethod
    def data(self, start: int, stop: int, seed: int) -> tuple[Array, ...]:
        """What the rounds start, ..., stop - 1 are made of: arrays with one row per round."""

    @abstractmethod
    def _checked(self, answer: Any, n: int) -> tuple[Array, ...]:
        """The data of n rounds, if ``answer`` is that."""

    def _drawn(self, start: int, stop: int, seed: int, together: int) -> tuple[Array, ...]:
        """The data of rounds that a method ``sample(rng, n)`` draws, ``together`` of them from one generator."""
        parts = []
        for b in range((start - 1) // together, (stop - 2) // together + 1):
            key, drawn = self.__dict__.get("_last", (None, ()))
            if key != (b, seed):
                drawn = self._checked(self.sample(generator(seed, b), together), together)  # type: ignore[attr-defined]
                self.__dict__["_last"] = ((b, seed), drawn)
            first = b * together + 1
            parts.append([array[max(start - first, 0) : stop - first] for array in drawn])
        return tuple(column[0] if len(column) == 1 else np.concatenate(column) for column in zip(*parts, strict=True))


class LinearLosses(BlockLosses):
    """f_t(x) = <g_t, x>, with the gradients given for an array of rounds; plays at compiled speed.

    A sequence of your own has one method, ``gradients``; d is what it returns.
    """

    linear = True

    @abstractmethod
    def gradients(self, t: Rounds) -> Array:
        """(n, d): g_t for the rounds ``t``, an int64 array (n,) of numbers from 1 on."""

    def block(self, start: int, stop: int, seed: int) -> Array:
        """(stop - start, d): g_start, ..., g_{stop-1}."""
        return self._checked(self.gradients(np.arange(start, stop)), stop - start)[0]

    def data(self, start: int, stop: int, seed: int) -> tuple[Array, ...]:
        return (self.block(start, stop, seed),)

    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        return _linear(self.block(t, t + 1, seed)[0])

    @cached_property
    def dimension(self) -> int:  # type: ignore[override]
        return int(self.block(1, 3, 0).shape[1])  # two rounds: a constant answer is not one row per round

    def _checked(self, answer: Any, n: int) -> tuple[Array, ...]:
        name = f"{type(self).__name__}.{'sample' if isinstance(self, RandomLinearLosses) else 'gradients'}"
        g = np.asarray(answer)
        if g.dtype.kind not in "fiu":
            raise TypeError(f"{name} returned {g.dtype} for {n} rounds; it must return real numbers")
        if g.ndim != 2 or g.shape[0] != n or g.shape[1] == 0:
            raise ValueError(f"{name} returned shape {g.shape} for {n} rounds; it must be ({n}, d)")
        return (read_only(np.ascontiguousarray(g, dtype=np.float64)),)


class RandomLinearLosses(LinearLosses):
    """f_t(x) = <g_t, x> with random g_t: the rounds are drawn in blocks, each from its own generator."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, n: int) -> Array:
        """(n, d): the gradients of n consecutive rounds."""

    def gradients(self, t: Rounds, seed: int = 0) -> Array:
        rows = np.empty((len(t), self.dimension))
        index = (np.asarray(t, dtype=np.int64) - 1) // self._together
        for b in np.unique(index):
            first, here = int(b) * self._together + 1, index == b
            rows[here] = self.block(first, first + self._together, seed)[t[here] - first]
        return rows

    def block(self, start: int, stop: int, seed: int) -> Array:
        return self._drawn(start, stop, seed, self._together)[0]

    @cached_property
    def dimension(self) -> int:  # type: ignore[override]
        return int(self._checked(self.sample(generator(0, 0), 2), 2)[0].shape[1])

    @cached_property
    def _together(self) -> int:
        """Rounds drawn from one generator: a property of the sequence, so that no caller can change a draw."""
        return max(1, DRAWN_TOGETHER // self.dimension)


def read_only(array: Array) -> Array:
    """A view that cannot be written to."""
    view = array.view()
    view.setflags(write=False)
    return view


def _linear(g: Array) -> Loss:
    return Loss(lambda u: float(g @ u), lambda u: g)


def generator(seed: int, block: int) -> np.random.Generator:
    """Counter-based: a function of (seed, block), independent between different pairs."""
    return np.random.Generator(np.random.Philox(key=_key(seed), counter=[0, 0, 0, block]))


@lru_cache(maxsize=4096)
def _key(seed: int) -> NDArray[np.unsignedinteger[Any]]:
    return np.random.SeedSequence(seed).generate_state(2, np.uint64)

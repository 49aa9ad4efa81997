"""Loss sequences f_1, f_2, ...: the base classes, and the random generator of a round.

The more a base class knows about f_t, the faster a game runs.  From slow to fast:

* :class:`ConvexLosses`: value and gradient of f_t at a point, computed in Python.
* :class:`AdaptiveLosses`: f_t(u) = <g_t, u>, where g_t may depend on the learner's point x_t.
* :class:`~regretlab.losses.PredictionLosses`: functions of linear predictions <a, x>, in compiled loops.
* :class:`LinearLosses`: f_t(x) = <g_t, x>, with g_t for many rounds at once, in compiled loops.

A random sequence draws from generators that depend on the seed and the round only, so any round can be drawn again
at any time.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, ClassVar, NamedTuple, Self
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from regretlab._utils.extending import Extensible, not_overridable, shipped, unused_fields
from regretlab._utils.types import Array, Rounds
from regretlab._utils.validation import reals
from regretlab.losses.shortcuts import CLOSED_FORMS, ask, drop_shortcuts, named, take_seed

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


_MADE: WeakSet[type] = WeakSet()
"""The classes of which an object has been made."""

DRAWN_TOGETHER = 4096
"""About how many random numbers one generator draws; never to be changed, since that would change the draws."""


class Loss(NamedTuple):
    """A convex function f_t, as two functions of a point (d,): its value and a subgradient."""

    value: Callable[[Array], float]
    gradient: Callable[[Array], Array]


class Losses(Extensible, ABC):
    """A sequence f_1, f_2, ... of convex functions on R^d, written as a frozen dataclass of its parameters.

    A subclass that overrides a method by which a faster one was found plays with the slower one
    (:mod:`regretlab.losses.shortcuts`); what nothing would call is refused when the class is made.
    """

    hooks = frozenset([
        "answer", "batch", "best_in_hindsight", "block", "centres", "counts", "data", "draw", "examples", "gradient",
        "gradients", "labels", "linear", "link", "noises", "pattern", "prefix_sum", "rows", "sample", "value",
    ])  # fmt: skip
    dimension: int = 1
    """d."""
    linear: ClassVar[bool] = False
    """Whether f_t(x) = <g_t, x>; then the sum of the gradients determines the sum of the losses."""
    _linear_by_form: ClassVar[bool | None] = None
    """Whether the losses are linear, where the form that a base class gives f_t decides it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        drop_shortcuts(cls)
        for name in CLOSED_FORMS:
            if vars(cls).get(name) is not None and not callable(vars(cls)[name]):
                raise TypeError(f"{cls.__name__}.{name} = {vars(cls)[name]!r} must be a method, or None")
        if cls._linear_by_form not in (None, cls.linear):
            raise TypeError(
                f"{cls.__name__} has linear = {cls.linear!r}, but the form of its losses decides it: they are "
                f"{'' if cls._linear_by_form else 'not '}<g_t, x>; losses of any form derive from ConvexLosses"
            )

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        missing = sorted(getattr(cls, "__abstractmethods__", ()))
        if missing:
            raise TypeError(
                f"{cls.__name__} does not say what f_t is: define {' and '.join(_call(cls, name) for name in missing)}"
            )
        if cls not in _MADE:
            drop_shortcuts(cls)  # for methods that were put into the class after it was made
            unused = sorted(set(unused_fields(cls)) - {"mu"})  # a theorem and a learner ask for mu
            if unused:
                raise TypeError(f"{cls.__name__} has the field {unused[0]}, which none of its methods uses")
            _MADE.add(cls)
        return super().__new__(cls, *args, **kwargs)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        for value in state.values():  # a copy of a read-only array can be written to
            if isinstance(value, np.ndarray) and shipped(type(self)):
                value.setflags(write=False)

    @abstractmethod
    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        """f_t, chosen after the learner has played x_t = ``x``; ``seed`` decides the random draws."""


class ConvexLosses(Losses):
    """f_t given by its value and a subgradient, computed in Python round by round.

    A sequence of your own defines two methods, ``value`` and ``gradient``, and ``dimension`` unless d = 1.
    It may also define ``best_in_hindsight(feasible_set, t, seed)``, which returns the best points (h, d) for the
    increasing rounds t (h,) and their sums of losses (h,), and ``prefix_sum(t, seed)``, which returns f_1 + ... + f_t
    as one :class:`Loss`.
    """

    best_in_hindsight: ClassVar[Callable[..., Any] | None] = None
    prefix_sum: ClassVar[Callable[..., Any] | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.reveal is ConvexLosses.reveal and take_seed(cls, "value", "gradient"):
            cls.reveal = _reveal_with_seed  # type: ignore[assignment]

    @abstractmethod
    def value(self, t: int, x: Array) -> float:
        """f_t(x)."""

    @abstractmethod
    def gradient(self, t: int, x: Array) -> Array:
        """(d,): a subgradient of f_t at x."""

    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        return Loss(lambda u: self.value(t, u), lambda u: self.gradient(t, u))


class RandomConvexLosses(Losses):
    """f_t(x) = f(x; z_t) with independent random z_1, z_2, ...

    A sequence of your own defines ``draw``, ``value`` and ``gradient``, and ``dimension`` unless d = 1.  It may define
    ``best_in_hindsight`` and ``prefix_sum``, as :class:`ConvexLosses` may.
    """

    best_in_hindsight: ClassVar[Callable[..., Any] | None] = None
    prefix_sum: ClassVar[Callable[..., Any] | None] = None

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Any:
        """z_t, drawn from the generator of round t."""

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
    """f_t(u) = <g_t, u>, where g_t may depend on the learner's point x_t.

    An adversary of your own defines ``answer``, and ``dimension`` unless d = 1.
    """

    linear = True
    _linear_by_form = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if take_seed(cls, "answer"):
            cls.reveal = _answer_with_seed  # type: ignore[assignment,method-assign]

    @abstractmethod
    def answer(self, t: int, x: Array) -> Array:
        """(d,): g_t, given x_t = ``x``."""

    @not_overridable("override answer; an adversary of other losses derives from Losses and defines reveal")
    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        return _linear(_real(self, t, self.answer(t, x)))


class BlockLosses(Losses):
    """Losses that give the data of many rounds at once, so that compiled loops can play them."""

    _linear_by_form = False

    @abstractmethod
    def data(self, start: int, stop: int, seed: int) -> tuple[Array, ...]:
        """The arrays that define f_start, ..., f_{stop-1}, each with one row per round."""

    def _checked_data(self, data: Any, n: int) -> tuple[Array, ...]:
        """What ``data`` has returned for n rounds, as float64 arrays; an error for anything else."""
        return self._validated(data, n)

    @abstractmethod
    def _validated(self, answer: Any, n: int) -> tuple[Array, ...]:
        """The float64 arrays in ``answer``, which the subclass returned for n rounds; an error for anything else."""

    def _draw(self, start: int, stop: int, seed: int, rounds_per_block: int) -> tuple[Array, ...]:
        """The arrays of rounds start, ..., stop - 1, drawn by the method ``sample`` in blocks of equal length.

        The seed and b determine the generator of block b.  The block drawn last is cached.
        """
        parts = []
        n = rounds_per_block
        for b in range((start - 1) // n, (stop - 2) // n + 1):
            key, block = self.__dict__.get("_last_block", (None, ()))
            if key != (b, seed):
                drawn = self._validated(self.sample(generator(seed, b), n), n)  # type: ignore[attr-defined]
                if any(map(np.may_share_memory, drawn, block)):
                    raise ValueError(f"{type(self).__name__}.sample returned the same array twice; return a new one")
                block = drawn
                self.__dict__["_last_block"] = ((b, seed), block)
            first = b * n + 1
            parts.append([array[max(start - first, 0) : stop - first] for array in block])
        return tuple(column[0] if len(column) == 1 else np.concatenate(column) for column in zip(*parts, strict=True))


class LinearLosses(BlockLosses):
    """f_t(x) = <g_t, x>, with the gradients of many rounds at once; played by compiled loops.

    A sequence of your own defines one method, ``gradients``; the shape that it returns decides d.
    """

    linear = True
    _linear_by_form = True

    @abstractmethod
    def gradients(self, t: Rounds) -> Array:
        """(n, d): g_t for the rounds ``t``, an int64 array (n,) of rounds >= 1."""

    def block(self, start: int, stop: int, seed: int) -> Array:
        """(stop - start, d): g_start, ..., g_{stop-1}."""
        return self._validated(ask(self.gradients, np.arange(start, stop), seed=seed), stop - start)[0]

    @not_overridable("override gradients, or block for many rounds at once; other losses derive from ConvexLosses")
    def data(self, start: int, stop: int, seed: int) -> tuple[Array, ...]:
        return (self.block(start, stop, seed),)

    @not_overridable("override gradients, or block for many rounds at once; other losses derive from ConvexLosses")
    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        return _linear(self.block(t, t + 1, seed)[0])

    @cached_property
    @named
    def dimension(self) -> int:  # type: ignore[override]
        return int(self.block(1, 3, 0).shape[1])  # two rounds: one row for all of them is an error

    def _checked_data(self, data: Any, n: int) -> tuple[Array, ...]:
        return self._validated(data[0], n)

    def _validated(self, answer: Any, n: int) -> tuple[Array, ...]:
        name = f"{type(self).__name__}.{'sample' if isinstance(self, RandomLinearLosses) else 'gradients'}"
        g = np.asarray(answer)
        if g.dtype.kind not in "fiu":
            raise TypeError(f"{name} returned {g.dtype} for {n} rounds; it must return real numbers")
        if g.ndim != 2 or g.shape[0] != n or g.shape[1] == 0:
            raise ValueError(f"{name} returned shape {g.shape} for {n} rounds; it must be ({n}, d)")
        return (read_only(np.ascontiguousarray(g, dtype=np.float64)),)


class RandomLinearLosses(LinearLosses):
    """f_t(x) = <g_t, x> with random g_t.

    A sequence of your own defines one method, ``sample``.  Rounds are drawn in blocks, each from its own generator.
    """

    @abstractmethod
    def sample(self, rng: np.random.Generator, n: int) -> Array:
        """(n, d): the gradients of n consecutive rounds, drawn from ``rng``."""

    @not_overridable("override sample; a sequence whose gradients are not drawn derives from LinearLosses")
    def gradients(self, t: Rounds, seed: int = 0) -> Array:
        rows = np.empty((len(t), self.dimension))
        index = (np.asarray(t, dtype=np.int64) - 1) // self._rounds_per_block
        for b in np.unique(index):
            first, here = int(b) * self._rounds_per_block + 1, index == b
            rows[here] = self.block(first, first + self._rounds_per_block, seed)[t[here] - first]
        return rows

    def block(self, start: int, stop: int, seed: int) -> Array:
        return self._draw(start, stop, seed, self._rounds_per_block)[0]

    @cached_property
    @named
    def dimension(self) -> int:  # type: ignore[override]
        return int(self._validated(self.sample(generator(0, 0), 2), 2)[0].shape[1])

    @cached_property
    def _rounds_per_block(self) -> int:
        """How many rounds one generator draws; this depends on d only, so that no caller can change a draw."""
        return max(1, DRAWN_TOGETHER // self.dimension)


def read_only(array: Array) -> Array:
    """A read-only view of ``array``."""
    view = array.view()
    view.setflags(write=False)
    return view


def _call(cls: type, name: str) -> str:
    """How a method of a class is called, such as ``value(t, x)``."""
    method = inspect.getattr_static(cls, name)
    return f"{name}({', '.join([*inspect.signature(method).parameters][1:])})" if callable(method) else name


def _reveal_with_seed(losses: ConvexLosses, t: int, x: Array, seed: int) -> Loss:
    """f_t of losses whose value or gradient asks for the seed."""
    return Loss(lambda u: ask(losses.value, t, u, seed=seed), lambda u: ask(losses.gradient, t, u, seed=seed))


def _answer_with_seed(losses: AdaptiveLosses, t: int, x: Array, seed: int) -> Loss:
    """f_t of an adversary that asks for the seed."""
    return _linear(_real(losses, t, ask(losses.answer, t, x, seed=seed)))


def _real(losses: AdaptiveLosses, t: int, answer: Any) -> Array:
    """The answer of an adversary as an array of real numbers."""
    g = np.asarray(answer)
    return g if g.dtype.char == "d" else reals(f"{type(losses).__name__}.answer({t}, x)", g)


def _linear(g: Array) -> Loss:
    """f(u) = <g, u>."""
    return Loss(lambda u: float(g @ u), lambda u: g)


def generator(seed: int, block: int) -> np.random.Generator:
    """The random generator of a block; different pairs (seed, block) have independent generators."""
    return np.random.Generator(np.random.Philox(key=_key(seed), counter=[0, 0, 0, block]))


@lru_cache(maxsize=4096)
def _key(seed: int) -> NDArray[np.unsignedinteger[Any]]:
    """The key that a seed gives the counter-based generator Philox."""
    return np.random.SeedSequence(seed).generate_state(2, np.uint64)

"""Learners, sequences and sets that remember: something in them can change while a game is played.

Such a part belongs to one game.  Of games side by side each gets a copy of its own.  A game whose part has served
another game in the meantime is played once more before it goes on, and has to be the same game.
"""

from __future__ import annotations

import copy
import pickle
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, cached_property
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from regretlab._utils.types import Array
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.base import Learner
from regretlab.losses.base import BlockLosses, Losses
from regretlab.losses.pointwise import PointwiseLoss
from regretlab.schedules import Schedule
from regretlab.sets import FeasibleSet

__all__ = ["beginning", "check_same", "has_changed", "keep", "own", "separate"]

Kind = TypeVar("Kind", bound=Trajectory)

_PARTS = ("learner", "losses", "feasible_set")
_ATOMS = (float, int, str, type(None))  # the commonest
_FIXED = (
    int, float, complex, str, bytes, type, type(None), range, slice, np.generic, np.dtype,
    ModuleType, FunctionType, BuiltinFunctionType, np.ufunc, type(np.ones_like),
)  # fmt: skip
_VALUES = (Learner, Losses, PointwiseLoss, Schedule, FeasibleSet)
_DATA = 2**16  # an array of more numbers is data, and no memory
_CACHES = ("_last_block", "_last_corners", "_cached_tables", "_cached_pieces", "_nearest")
_SAME = 1e-9  # relative: powers that are compiled may differ from interpreted ones in the last bit

_LEFT: WeakKeyDictionary[Trajectory, bytes] = WeakKeyDictionary()
"""What the parts of a game remembered after its last round."""


def separate(games: Sequence[Trajectory]) -> None:
    """Give each of several new games a copy of a part that remembers and that another one of them has too.

    ``TypeError`` for a part that cannot be copied.
    """
    if len(games) < 2:
        return
    for name in _PARTS:
        shared = Counter(id(getattr(game, name)) for game in games)
        first: dict[int, Any] = {}
        for game in games:
            part = getattr(game, name)
            if shared[id(part)] > 1 and id(part) not in first:
                first[id(part)] = part if _is_of_one_game(part) else None
            elif first.get(id(part)) is not None and game.horizon == 0:
                setattr(game, name, _copied(part))
                game.state = replace(game.state, feasible_set=game.feasible_set)


def _is_of_one_game(part: object) -> bool:
    """Whether a part remembers.

    A sequence that gives many rounds at once is asked for them in any order; what it keeps in lists and arrays is no
    memory of a game, but a generator is.
    """
    kinds = list, dict, set, np.ndarray
    return any(not (isinstance(part, BlockLosses) and isinstance(leaf, kinds)) for leaf in _memory(part))


def own(part: Any) -> Any:
    """The part, or a copy if it remembers; ``TypeError`` for one that cannot be copied."""
    return part if next(_memory(part), None) is None else _copied(part)


def keep(games: Sequence[Trajectory]) -> None:
    """Note what the parts of games remember after their last round."""
    known: dict[int, list[object]] = {}
    for game in games:
        memory = []
        for part in (game.learner, game.losses, game.feasible_set):
            if id(part) not in known:
                known[id(part)] = list(_memory(part))
            memory += known[id(part)]
        if memory:
            _LEFT[game] = _written(memory)


def has_changed(game: Trajectory) -> bool:
    """Whether the parts of a game remember something else than after its last round."""
    memory = [leaf for name in _PARTS for leaf in _memory(getattr(game, name))] if game.horizon else []
    return bool(memory) and _LEFT.get(game) != (_written(memory) or None)


def beginning(game: Trajectory, kind: type[Kind], **options: Any) -> Kind:
    """A game of the class ``kind`` with the parts, seed and start of ``game``, before round 1."""
    start = game.record.point[0] if game.horizon else game.point
    default = np.array_equal(game.learner.start(game.feasible_set).point, start)
    return kind(
        game.learner, game.losses, game.feasible_set, seed=game.seed, start=None if default else start, **options
    )  # fmt: skip


def check_same(game: Trajectory, again: Trajectory) -> None:
    """``ValueError`` unless a game that was played again paid the same, in total and up to each checkpoint."""
    here, there = np.isin(game.record.t, again.record.t), np.isin(again.record.t, game.record.t)
    x, y = ([one.point, *one.record.point[at]] for one, at in ((game, here), (again, there)))
    G, H = ([one.gradient, *one.record.gradient[at]] for one, at in ((game, here), (again, there)))
    f, h = ([one.loss, *one.record.loss[at]] for one, at in ((game, here), (again, there)))
    size = np.abs(G).max() * np.abs(x).max() + np.abs(f).max()  # the losses may cancel
    if not (_close(x, y) and _close(G, H) and _close(f, h, size)):
        raise ValueError(
            f"played again, {game.learner!r} against {game.losses!r} paid {again.loss.sum()} and not "
            f"{game.loss.sum()}, or went elsewhere: what a learner and a sequence answer must depend on the arguments "
            "alone, and their code must be the same as before"
        )


def _close(a: list[Array], b: list[Array], size: float = 0.0) -> bool:
    """Whether numbers are equal, up to rounding in the largest of them, or in ``size``."""
    size = max(size, float(np.abs(a).max()))
    return len(a) == len(b) and bool(np.allclose(a, b, rtol=0.0, atol=_SAME * size))


def _memory(value: object) -> Iterator[object]:
    """Whatever in a value can change: lists, dicts, sets, generators, arrays that can be written to, other objects."""
    if isinstance(value, _FIXED):
        return
    if isinstance(value, np.ndarray):
        if value.flags.writeable and value.size <= _DATA:
            yield value
    elif isinstance(value, tuple | frozenset):
        for item in value:
            yield from _memory(item)
    elif isinstance(value, _VALUES) or getattr(getattr(value, "__dataclass_params__", None), "frozen", False):
        kind: Any = type(value)
        caches = _caches(kind)
        for name, item in vars(value).items():
            if not (type(item) in _ATOMS or name in caches or isinstance(item, _FIXED)):
                yield from _memory(item)
    else:
        yield value


@cache
def _caches(cls: Any) -> frozenset[str]:
    """The attributes of an object of this class that hold what was computed from the others."""
    bodies = [vars(base).items() for base in cls.__mro__]
    return frozenset(_CACHES) | {name for body in bodies for name, value in body if isinstance(value, cached_property)}


def _written(memory: list[object]) -> bytes:
    """What is remembered, as bytes; empty if that cannot be written."""
    try:
        return pickle.dumps(memory)
    except Exception:  # an object of a user may raise anything
        return b""


def _copied(part: Any) -> Any:
    try:
        return copy.deepcopy(part)
    except Exception as error:
        raise TypeError(
            f"{part!r} remembers something that cannot be copied ({error}), and games side by side would share it; "
            "play them one by one"
        ) from error

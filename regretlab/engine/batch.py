"""The interface through which the driver plays games side by side."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress

import numpy as np

from regretlab._utils.extending import shipped
from regretlab._utils.types import Array
from regretlab.engine.errors import failure
from regretlab.engine.trajectory import Trajectory
from regretlab.losses.base import AdaptiveLosses, BlockLosses, Loss, Losses
from regretlab.losses.convexity import far_points, fault_of, pointwise_fault
from regretlab.losses.linear_predictions import PredictionLosses
from regretlab.losses.pointwise import PointwiseLoss

__all__ = ["Batch", "Draws", "block_data", "loss_and_gradient"]

_TOLERANCE, _FLOOR = 1e-6, 1e-14
"""Relative and absolute: what may be missing to convexity in a game, since gradients may be differences."""

_TESTED = {2**k for k in range(50)} | {3, 5, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584, 4181, 6765, 10946}
"""The rounds in which a game tests whether f_t is convex: powers of 2, and Fibonacci numbers for rounds that repeat."""

_LINK_ROUNDS, _LINK_GRID = 64, 33

Draws = dict[tuple[int, int], tuple[Array, ...]]
"""The data of a block of rounds, by the ``id`` of the sequence and the seed.

All batches with this sequence and seed share the data.
"""


class Batch(ABC):
    """One or more games at the same round, which the driver advances block by block.

    A batch computes on copies and commits each block, or each round, with a single
    assignment.  Hence after an error or Ctrl-C the batch is at the end of some round,
    and ``finish`` appends the rounds up to there to the games.
    """

    @property
    @abstractmethod
    def t(self) -> int:
        """The number of rounds played and committed."""

    @property
    @abstractmethod
    def block(self) -> int:
        """The number of rounds that the batch prefers to play at a time."""

    @abstractmethod
    def play(self, stop: int, horizon: int, draws: Draws, compiled: bool | None) -> None:
        """Play and commit the rounds t + 1, ..., ``stop`` of games that are to have ``horizon`` rounds.

        The batch takes the data of these rounds from ``draws``, and adds to ``draws`` what is missing.
        ``compiled`` says whether to compile the loop; with None the batch compiles where that is faster.

        Raises
        ------
        GameError
            When a round fails; the batch may then not have committed all rounds before it.
        """

    @abstractmethod
    def finish(self) -> None:
        """Append the committed rounds to the games."""


def loss_and_gradient(game: Trajectory, t: int, x: Array) -> tuple[float, Array]:
    """f_t(x) and g_t of a game's sequence.

    In round 1, f_t is evaluated at two more points of the set, and in ever fewer later rounds at one more.

    Raises
    ------
    TypeError
        Unless they are a number and real numbers of shape (d,).
    ValueError
        If the values at the points show that f_t is not convex, or not linear though the sequence says so.
    """
    losses, asked = game.losses, "reveal"
    try:
        revealed = losses.reveal(t, x, game.seed)
        asked = "value"
        value = revealed.value(x)
        asked = "gradient"
        g = np.array(revealed.gradient(x), ndmin=1)
    except Exception as error:
        hint, d = "", 0
        if isinstance(error, IndexError | ValueError):
            with suppress(Exception):
                d = np.size(revealed.gradient(x)) if asked == "value" else 0
            hint = _hint(game, d)
        error.add_note(f"{asked} of {type(losses).__name__}{hint}")
        raise
    if not isinstance(value, float):
        value = _number(value)
    if g.shape != x.shape or g.dtype.kind not in "fiu":
        raise TypeError(f"the gradient is {g!r}; it must be real numbers of shape {x.shape}{_hint(game, g.size)}")
    gradient = g.astype(np.float64, copy=False)
    linear = losses.linear and not isinstance(losses, AdaptiveLosses)
    if linear or (t in _TESTED and not shipped(type(losses))):
        _check_shape(game, t, revealed, x, float(value), gradient, linear)
    return float(value), gradient


def _hint(game: Trajectory, d: int = 0) -> str:
    """What to say of an error if a sequence states no dimension; ``d`` is the one that it seems to have."""
    kind = type(game.losses)
    stated = any("dimension" in vars(base) for base in kind.__mro__ if base is not Losses)
    return "" if stated else f"; {kind.__name__} says no dimension, so d = 1; write dimension = {d or '...'} in it"


def _number(value: object) -> float:
    """A value of a loss that is no float, as one."""
    array = np.asarray(value)
    if array.ndim:
        raise TypeError(f"the value is {value!r}, an array; it must be a number")
    if array.dtype.kind not in "fiu":
        raise TypeError(f"the value is {value!r}, {array.dtype}; it must be a real number")
    return float(array)


def _check_shape(game: Trajectory, t: int, f: Loss, x: Array, value: float, g: Array, linear: bool) -> None:
    """``ValueError`` if values at two points of the set show that f_t is not what the sequence says of it.

    An error of f_t there, where nobody plays, is none.
    """
    if not (np.isfinite(value) and np.isfinite(g).all()):
        return
    faults: list[str | None] = []
    with suppress(Exception):
        points = far_points(game.feasible_set, x, g)
        for y in points if linear or t == 1 else points[t % 2 :][:1]:
            faults.append(fault_of(f, x, value, g, y, tolerance=_TOLERANCE, floor=_FLOOR, linear=linear))
    for fault in filter(None, faults):
        raise ValueError(f"f_{t} of {type(game.losses).__name__}: {fault}")


def block_data(game: Trajectory, start: int, stop: int) -> tuple[Array, ...]:
    """The data of the rounds start, ..., stop of a game's sequence; a ``GameError`` if their dimension is not d."""
    assert isinstance(game.losses, BlockLosses)
    try:
        n, data = stop + 1 - start, game.losses.data(start, stop + 1, game.seed)
        if not _is_sound(game.losses, data, n):  # as a method of a user may return
            data = game.losses._checked_data(data, n)
        if data[0].shape[-1] != game.state.point.size:
            raise ValueError(f"the gradients have dimension {data[0].shape[-1]}, the game has {game.state.point.size}")
        if start == 1 and isinstance(game.losses, PredictionLosses) and not shipped(type(game.losses.link)):
            _check_link(game, game.losses.link, *data)
    except Exception as error:
        raise failure(game, start, error) from error
    return data


def _is_sound(losses: BlockLosses, data: tuple[Array, ...], n: int) -> bool:
    """Whether the data of n rounds have the types and shapes that the compiled loops rely on."""
    if not (isinstance(data, tuple) and all(type(part) is np.ndarray and part.dtype.char == "d" for part in data)):
        return False
    if isinstance(losses, PredictionLosses):
        return len(data) == 2 and data[0].ndim == 3 and len(data[0]) == n and data[0].shape[:2] == data[1].shape
    return len(data) == 1 and data[0].ndim == 2 and len(data[0]) == n


def _check_link(game: Trajectory, link: PointwiseLoss, a: Array, y: Array) -> None:
    """``ValueError`` if a pointwise loss is not convex, or its derivative wrong, at predictions of the first rounds."""
    x = game.state.point
    points = np.array([x, *far_points(game.feasible_set, x, np.zeros(x.size))])
    z = a[:_LINK_ROUNDS] @ points.T
    grid = np.linspace(z.min(), z.max(), _LINK_GRID)
    fault = pointwise_fault(link, y[:_LINK_ROUNDS], grid, _TOLERANCE) if z.max() > z.min() else None
    if fault is not None:
        raise ValueError(f"{type(game.losses).__name__}: {fault}")

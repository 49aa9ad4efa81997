"""The interface through which the driver plays games side by side."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from regretlab._utils.types import Array
from regretlab.engine.errors import failure
from regretlab.engine.trajectory import Trajectory
from regretlab.losses.base import BlockLosses

__all__ = ["Batch", "Draws", "block_data", "loss_and_gradient"]

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
    """f_t(x) and g_t of a game's sequence; a ``TypeError`` unless they are a number and real numbers of shape (d,)."""
    revealed = game.losses.reveal(t, x, game.seed)
    value, g = revealed.value(x), np.array(revealed.gradient(x), ndmin=1)
    if np.ndim(value):
        raise TypeError(f"the value is {value!r}, an array; it must be a number")
    if g.shape != x.shape or g.dtype.kind not in "fiu":
        raise TypeError(f"the gradient is {g!r}; it must be real numbers of shape {x.shape}")
    return float(value), g.astype(np.float64, copy=False)


def block_data(game: Trajectory, start: int, stop: int) -> tuple[Array, ...]:
    """The data of the rounds start, ..., stop of a game's sequence; a ``GameError`` if their dimension is not d."""
    assert isinstance(game.losses, BlockLosses)
    try:
        data = game.losses.data(start, stop + 1, game.seed)
        if data[0].shape[-1] != game.state.point.size:
            raise ValueError(f"the gradients have dimension {data[0].shape[-1]}, the game has {game.state.point.size}")
    except Exception as error:
        raise failure(game, start, error) from error
    return data

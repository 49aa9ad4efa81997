"""The driver's interface: what it can do with the games that it plays side by side."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from regretlab._utils.types import Array
from regretlab.engine.errors import failure
from regretlab.engine.trajectory import Trajectory
from regretlab.losses.base import BlockLosses

__all__ = ["Batch", "Draws", "block_data", "loss_and_gradient"]

Draws = dict[tuple[int, int], tuple[Array, ...]]
"""The data of a block of rounds by sequence (its ``id``) and seed: all batches that meet a sequence share its data."""


class Batch(ABC):
    """One or more games at the same round, that the driver plays on block by block.

    A batch computes on copies and commits each block, or each round, with a single
    assignment.  So after an error or Ctrl-C it is at the end of some round, and
    ``finish`` hands the games the rounds up to there.
    """

    @property
    @abstractmethod
    def t(self) -> int:
        """Rounds played and committed."""

    @property
    @abstractmethod
    def block(self) -> int:
        """How many rounds it prefers to play at a time."""

    @abstractmethod
    def play(self, stop: int, horizon: int, draws: Draws, compiled: bool | None) -> None:
        """Play the rounds t + 1, ..., ``stop``, of a game that is to have ``horizon`` rounds.

        Takes the data of the rounds from ``draws``, and adds data that are missing there.
        ``compiled`` says whether to compile; None: where that is faster.

        Raises
        ------
        GameError
            When a round fails; rounds before it may be not committed either.
        """

    @abstractmethod
    def finish(self) -> None:
        """Append the committed rounds to the games."""


def loss_and_gradient(game: Trajectory, t: int, x: Array) -> tuple[float, Array]:
    """f_t(x) and g_t of a game's sequence, checked: a number and real numbers (d,)."""
    revealed = game.losses.reveal(t, x, game.seed)
    value, g = revealed.value(x), np.array(revealed.gradient(x), ndmin=1)
    if np.ndim(value):
        raise TypeError(f"the value is {value!r}, an array; it must be a number")
    if g.shape != x.shape or g.dtype.kind not in "fiu":
        raise TypeError(f"the gradient is {g!r}; it must be real numbers of shape {x.shape}")
    return float(value), g.astype(np.float64, copy=False)


def block_data(game: Trajectory, start: int, stop: int) -> tuple[Array, ...]:
    """The data of the rounds start, ..., stop of a game's sequence, checked to have the game's dimension."""
    assert isinstance(game.losses, BlockLosses)
    try:
        data = game.losses.data(start, stop + 1, game.seed)
        if data[0].shape[-1] != game.state.point.size:
            raise ValueError(f"the gradients have dimension {data[0].shape[-1]}, the game has {game.state.point.size}")
    except Exception as error:
        raise failure(game, start, error) from error
    return data

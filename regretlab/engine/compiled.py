"""A batch of games in one array, played by the compiled loops."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from regretlab._utils.types import Array, Rounds
from regretlab.engine.batch import Batch, Draws, block_data, loss_and_gradient
from regretlab.engine.checkpoints import Record
from regretlab.engine.errors import GameError, failure
from regretlab.engine.membership import is_inside, is_shipped
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.base import Algorithm1
from regretlab.learners.binding import RuleBinding
from regretlab.losses.base import DRAWN_TOGETHER, read_only
from regretlab.losses.counterexamples import PeriodicLosses

__all__ = ["CompiledBatch", "rounds_in_block"]

_BLOCK = 4 * DRAWN_TOGETHER  # the largest number of rounds in a block
_DATA = 2**19  # numbers in the data of a block of more than one round, at most
_INTERPRET = 10_000  # cells times rounds that the interpreter plays in less time than it takes to compile


class _Packed(NamedTuple):
    """Arrays in one piece of memory, so that one call copies or checks all of them."""

    memory: Array
    arrays: tuple[Array, ...]

    @classmethod
    def of(cls, *arrays: Array) -> _Packed:
        """Copies of ``arrays``."""
        memory = np.concatenate([array.ravel() for array in arrays])
        parts = np.split(memory, np.cumsum([array.size for array in arrays])[:-1])
        return cls(memory, tuple(part.reshape(a.shape) for part, a in zip(parts, arrays, strict=True)))


class _Committed(NamedTuple):
    """The batch after its last committed round t."""

    t: int
    sums: _Packed
    """After round t: the points x_{t+1}, the states, the sums of losses, and of gradients."""
    records: int
    """How many of the batch's ``records`` belong to rounds up to t."""
    last: tuple[Array, ...]
    """The record of round t, if it is not a checkpoint."""


class CompiledBatch(Batch):
    """Games at the same round, whose learners have one class and schedules of one shape.

    Each coordinate of each game is a cell.  An array of the batch has one column for
    each cell: game by game, or coordinate by coordinate if all games meet the same
    gradients.
    """

    one_sequence = False
    """Whether all games meet the same gradients."""

    def __init__(self, games: Sequence[Trajectory]) -> None:
        self.games = games
        self.d = d = games[0].state.point.size
        self.first = games[0].horizon
        self.binding = _binding_of(games[0])
        sets = {id(game.feasible_set): game.feasible_set for game in games}
        self.asks_set = not all(map(is_shipped, sets.values()))
        """Whether the set of some game is a user's, which is asked after each block whether the points are in it."""
        self.coefficients = self._stack([np.tile(_binding_of(game).coefficients(), (d, 1)).T for game in games])
        gradients = [game.gradient for game in games]
        arrays = (
            self._stack([game.state.point for game in games]),
            self._stack([game.state.stacked() for game in games]),
            self._stack([game.loss for game in games]),
            np.ascontiguousarray(gradients[0]) if self.one_sequence else self._stack(gradients),
        )
        self.records: list[tuple[Array, ...]] = []
        """The checkpoints, block by block: rounds, points, sums of losses, sums of gradients, ledger rows."""
        self.scratch = _Packed.of(*arrays)
        self.committed = _Committed(self.first, _Packed.of(*arrays), 0, ())

    @abstractmethod
    def _data(self, stop: int, draws: Draws) -> tuple[Any, ...]:
        """The data of the rounds t + 1, ..., ``stop``, in the form that ``_loop`` takes."""

    @abstractmethod
    def _loop(
        self, t0: int, n: int, data: tuple[Any, ...], schedule_values: Array, compiled: bool, arrays: Any
    ) -> None:
        """Play the rounds t0, ..., t0 + n - 1: change the arrays in place."""

    @property
    def t(self) -> int:
        return self.committed.t

    def play(self, stop: int, horizon: int, draws: Draws, compiled: bool | None) -> None:
        if compiled is None:
            compiled = (horizon - self.first) * self.coefficients.shape[1] > _INTERPRET
        try:
            self._commit(stop, self._data(stop, draws), compiled)
        except GameError:
            raise
        except Exception as error:
            raise self._failure(error) from error

    def finish(self) -> None:
        t, sums, records, last = self.committed
        parts = [*self.records[:records], *([last] if last else [])]
        if not parts:
            return
        x, state, loss, gradient = sums.arrays
        recorded, *columns = (np.concatenate(column) for column in zip(*parts, strict=True))
        for j, game in enumerate(self.games):
            own = [self._of_game(j, array).copy() for array in (x, state, loss)]
            own.append((gradient if self.one_sequence else self._of_game(j, gradient)).copy())
            points, losses, gradients, ledger_rows = columns
            rows = [self._of_game(j, points), self._of_game(j, losses)]
            rows += [gradients if self.one_sequence else self._of_game(j, gradients), self._of_game(j, ledger_rows)]
            if len(self.games) > 1:  # copies, because a view of one game's part keeps the arrays of all games alive
                rows = [column.copy() for column in rows]
            record = Record(recorded.astype(np.int64), *rows)
            game.append(game.state.after(t, own[0], own[1]), own[2], own[3], [record])

    def _commit(self, stop: int, data: tuple[Any, ...], compiled: bool) -> None:
        """Play the rounds up to ``stop`` on a copy, and commit the copy if all of its numbers are finite.

        A test after the last round suffices: an infinite or NaN moment stays so,
        unless the rule forgets it within the block.
        """
        (t, old, records, _), new = self.committed, self.scratch
        np.copyto(new.memory, old.memory)
        checkpoints = self.games[0].checkpoints.between(t, stop)
        recorded: Rounds = checkpoints if stop in checkpoints[-1:] else np.append(checkpoints, stop)
        x, state, loss, gradient = new.arrays
        ledger = state[len(state) - len(self.binding.ledger_names) :]
        record = [np.empty((recorded.size, *array.shape)) for array in (x, loss, gradient, ledger)]
        schedule_values = self.binding.schedule_values(np.arange(t + 1, stop + 1))
        with np.errstate(all="ignore"):  # an interpreted rule may still raise where a compiled one has inf or NaN
            self._loop(t + 1, stop - t, data, schedule_values, compiled, (*new.arrays, recorded, *record))
        if not np.isfinite(new.memory).all():
            raise FloatingPointError("the sum of the gradients overflows")
        for j, game in enumerate(self.games if self.asks_set else ()):
            if not is_inside(game.feasible_set, point := self._of_game(j, x)):
                raise failure(game, stop, f"the projection gives {point}, which is not in {game.feasible_set!r}")
        rows, n = (recorded, *record), checkpoints.size
        self.records[records:] = [tuple(column[:n] for column in rows)] if n else []
        last = tuple(column[n:] for column in rows) if recorded.size > n else ()
        self.committed = _Committed(stop, new, len(self.records), last)
        self.scratch = old

    def _failure(self, error: Exception) -> GameError:
        """The error of round t + 1: plays it with ``update``, and reports the first game that fails."""
        t, sums, *_ = self.committed
        x, states, loss, _ = sums.arrays
        for j, game in enumerate(self.games):
            point = self._of_game(j, x).copy()
            state = game.state.after(t, point, self._of_game(j, states).copy())
            try:
                with np.errstate(all="ignore"):
                    f, g = loss_and_gradient(game, t + 1, point)
                    total = self._of_game(j, loss)[0].sum() + f
                game.learner.update(state, g)
                if not np.isfinite(total):
                    return failure(game, t + 1, f"the loss overflows, the gradient is {g}")
            except Exception as own:
                return failure(game, t + 1, own)
        return failure(self.games[0], t + 1, error)

    def _stack(self, per_game: Sequence[Array]) -> Array:
        """(..., cells): the arrays (..., d) of the games as one array."""
        stacked = np.stack(per_game)
        cells = np.moveaxis(stacked, 0, -1 if self.one_sequence else -2)
        return np.ascontiguousarray(cells.reshape(*stacked.shape[1:-1], len(stacked) * self.d))

    def _of_game(self, j: int, cells: Array) -> Array:
        """(..., d): the part of game j in an array (..., cells)."""
        if self.one_sequence:
            return cells[..., j :: len(self.games)]
        return cells[..., j * self.d : (j + 1) * self.d]

    def _add_missing(self, stop: int, draws: Draws) -> Draws:
        """``draws`` with the data of the games' sequences up to round ``stop``."""
        for game in self.games:
            if (id(game.losses), game.seed) not in draws:
                draws[id(game.losses), game.seed] = block_data(game, self.t + 1, stop)
        return draws

    def _gradients(self, stop: int, draws: Draws) -> Array:
        """(n, R, 1 or B): the gradients of linear losses in the rounds up to ``stop``."""
        games = self.games[:1] if self.one_sequence else self.games
        if len(games) > 1 and self._period is not None:
            return read_only(self._period[np.arange(self.t, stop) % len(self._period)])[:, None, :]
        draws = self._add_missing(stop, draws)
        rows = [draws[id(game.losses), game.seed][0] for game in games]
        if self.one_sequence:
            return rows[0][:, :, None]
        return read_only(rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1))[:, None, :]

    @cached_property
    def _period(self) -> Array | None:
        """(P, cells): one period of all sequences side by side, if all are periodic with the same period P.

        To repeat its rows is faster than to join the columns of many sequences:
        64 games of AMSGrad on 64 sequences take 4.2 ns per game-round instead of
        11.9, and 1024 on 1024 take 11 instead of 28.
        """
        periods = [losses.one_period for game in self.games if isinstance(losses := game.losses, PeriodicLosses)
                   and type(losses).block is PeriodicLosses.block]  # fmt: skip
        if (
            len(periods) < len(self.games)
            or len({period.shape for period in periods} | {(len(periods[0]), self.d)}) > 1
        ):
            return None
        return np.concatenate(periods, axis=1)


def rounds_in_block(per_round: int) -> int:
    """The number of rounds in a block whose data have ``per_round`` numbers per round.

    A multiple of ``DRAWN_TOGETHER`` if it is larger than that.
    """
    n = min(_BLOCK, max(1, _DATA // per_round))
    return n - n % DRAWN_TOGETHER if n > DRAWN_TOGETHER else n


def _binding_of(game: Trajectory) -> RuleBinding:
    assert isinstance(game.learner, Algorithm1)
    return game.learner.binding_with_ledger if game.state.ledger else game.learner.binding

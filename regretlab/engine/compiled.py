"""Games side by side in one array, played by the compiled loops.

A block of rounds is computed on copies and committed with a single assignment to
``now``, so that an interruption or an error leaves the games as they were after
some round.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from regretlab._utils.types import Array, Rounds
from regretlab.engine.checkpoints import Record
from regretlab.engine.errors import GameError, failure
from regretlab.engine.trajectory import Trajectory
from regretlab.kernels import cell_gradient, compose, compose_joint, reveal_linear, reveal_with, row_gradient
from regretlab.kernels.memory import Aligned
from regretlab.learners.base import Algorithm1
from regretlab.learners.binding import RuleBinding
from regretlab.losses.base import DRAWN_TOGETHER, BlockLosses, read_only
from regretlab.losses.counterexamples import PeriodicLosses
from regretlab.losses.linear_predictions import PredictionLosses

__all__ = ["CompiledBatch", "Draws", "JointBatch", "SeparableBatch", "ask", "drawn"]

_BLOCK = 4 * DRAWN_TOGETHER  # rounds in a block, if their data are few
_DATA = 2**19  # numbers in the data of a block
_IN_REGISTERS = 8  # fewer cells than this are faster one after the other
_INTERPRET = 10_000  # cell-rounds that are over before a compiler has started

Draws = dict[tuple[int, int], tuple[Array, ...]]
"""The data of a block of rounds by (sequence, seed): drawn once for all who meet them."""


class CompiledBatch(ABC):
    """Games with one class of learner and one form of schedules, at the same round."""

    shared = False
    """Whether all games meet the same gradients; then the cells of a coordinate are next to each other."""

    def __init__(self, games: Sequence[Trajectory]) -> None:
        self.games = games
        self.d = d = games[0].state.point.size
        self.first = games[0].horizon
        self.binding = _binding_of(games[0])
        coefficients = self._cells([np.tile(_binding_of(game).coefficients(), (d, 1)).T for game in games])
        (self.coefficients,) = Aligned.of(coefficients).arrays
        arrays = (
            self._cells([game.state.point for game in games]),
            self._cells([game.state.stacked() for game in games]),
            self._cells([game.loss for game in games]),
            np.ascontiguousarray(games[0].gradient) if self.shared else self._cells([g.gradient for g in games]),
        )
        self.records: list[tuple[Array, ...]] = []  # the checkpoints
        self.spare = Aligned.of(*arrays)
        self.now: tuple[int, Aligned, int, tuple[Array, ...]] = (games[0].horizon, Aligned.of(*arrays), 0, ())
        """Rounds played, what they left, and the records: how many are at checkpoints, and that of the last round."""

    @property
    @abstractmethod
    def block(self) -> int:
        """Rounds to play at a time."""

    @abstractmethod
    def _data(self, stop: int, draws: Draws) -> tuple[Any, ...]:
        """The data of the rounds up to ``stop``, as the loop wants them."""

    @abstractmethod
    def _loop(self, t0: int, n: int, data: tuple[Any, ...], shapes: Array, compiled: bool, arrays: Any) -> None:
        """Play the rounds t0, ..., t0 + n - 1: change the arrays in place."""

    @property
    def t(self) -> int:
        """Rounds played."""
        return self.now[0]

    def play(self, stop: int, horizon: int, draws: Draws, compiled: bool | None) -> None:
        """Play the rounds up to ``stop``, on the way to ``horizon``."""
        if compiled is None:
            compiled = (horizon - self.first) * self.coefficients.shape[1] > _INTERPRET
        try:
            self._commit(stop, self._data(stop, draws), compiled)
        except GameError:
            raise
        except Exception as error:
            raise self._failure(error) from error

    def finish(self) -> None:
        """Hand every game what was played of it."""
        t, (_, (x, numbers, loss, gradient)), count, last = self.now
        parts = [*self.records[:count], *([last] if last else [])]
        if not parts:
            return
        hits, *recorded = (np.concatenate(column) for column in zip(*parts, strict=True))
        for lane, game in enumerate(self.games):
            own = [self._lane(array, lane).copy() for array in (x, numbers, loss)]
            total = gradient if self.shared else self._lane(gradient, lane)
            points, losses, gradients, notes = recorded
            columns = [self._lane(column, lane) for column in (points, losses)]
            columns += [gradients if self.shared else self._lane(gradients, lane), self._lane(notes, lane)]
            if len(self.games) > 1:  # else they are all of what was just made
                columns = [column.copy() for column in columns]
            record = Record(hits.astype(np.int64), *columns)
            game.append(game.state.after(t, own[0], own[1]), own[2], total.copy(), [record])

    def _commit(self, stop: int, data: tuple[Any, ...], compiled: bool) -> None:
        """Play the rounds up to ``stop`` and keep the result, if all of it is finite.

        The numbers are looked at after the last round: what a rule keeps stays
        infinite or NaN, unless the rule forgets it within the block.
        """
        (t, old, *_), new = self.now, self.spare
        np.copyto(new.memory, old.memory)
        checkpoints = self.games[0].checkpoints.between(t, stop)
        hits: Rounds = checkpoints if stop in checkpoints[-1:] else np.append(checkpoints, stop)
        x, numbers, loss, gradient = new.arrays
        notes = numbers[len(numbers) - len(self.binding.ledger_names) :]
        record = [np.empty((hits.size, *array.shape)) for array in (x, loss, gradient, notes)]
        shapes = self.binding.schedule_values(np.arange(t + 1, stop + 1))
        with np.errstate(all="ignore"):  # but an interpreted rule may raise where a compiled one has inf or NaN
            self._loop(t + 1, stop - t, data, shapes, compiled, (*new.arrays, hits, *record))
        if not np.isfinite(new.memory).all():
            raise FloatingPointError("the sum of the gradients overflows")
        rows = (hits, *record)
        if checkpoints.size:
            self.records.append(tuple(column[: checkpoints.size] for column in rows))
        last = tuple(column[checkpoints.size :] for column in rows) if hits.size > checkpoints.size else ()
        self.now = (stop, new, len(self.records), last)
        self.spare = old

    def _failure(self, error: Exception) -> GameError:
        """Of the next round, and of the first game that cannot play it by hand."""
        t, (_, (x, numbers, loss, _)), *_ = self.now
        for lane, game in enumerate(self.games):
            point = self._lane(x, lane).copy()
            state = game.state.after(t, point, self._lane(numbers, lane).copy())
            try:
                with np.errstate(all="ignore"):
                    f, g = ask(game, t + 1, point)
                    total = self._lane(loss, lane)[0].sum() + f
                game.learner.update(state, g)
                if not np.isfinite(total):
                    return failure(game, t + 1, f"the loss overflows, the gradient is {g}")
            except Exception as own:
                return failure(game, t + 1, own)
        return failure(self.games[0], t + 1, error)

    def _cells(self, per_game: Sequence[Array]) -> Array:
        """(..., cells) from an array (..., d) for each game."""
        stacked = np.stack(per_game)
        cells = np.moveaxis(stacked, 0, -1 if self.shared else -2)
        return np.ascontiguousarray(cells.reshape(*stacked.shape[1:-1], len(stacked) * self.d))

    def _lane(self, cells: Array, lane: int) -> Array:
        """(..., d), one game's part of an array (..., cells)."""
        if self.shared:
            return cells[..., lane :: len(self.games)]
        return cells[..., lane * self.d : (lane + 1) * self.d]

    def _drawn(self, stop: int, draws: Draws) -> Draws:
        """``draws`` with those of the games' sequences."""
        for game in self.games:
            if (id(game.losses), game.seed) not in draws:
                draws[id(game.losses), game.seed] = drawn(game, self.t + 1, stop)
        return draws

    def _gradients(self, stop: int, draws: Draws) -> Array:
        """(n, R, 1 or B): the gradients of linear losses in the rounds up to ``stop``."""
        games = self.games[:1] if self.shared else self.games
        if len(games) > 1 and self._period is not None:
            return read_only(self._period[np.arange(self.t, stop) % len(self._period)])[:, None, :]
        draws = self._drawn(stop, draws)
        rows = [draws[id(game.losses), game.seed][0] for game in games]
        if self.shared:
            return rows[0][:, :, None]
        return read_only(rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1))[:, None, :]

    @cached_property
    def _period(self) -> Array | None:
        """(P, cells): the patterns of periodic sequences side by side, if all have the same period.

        To repeat their rows costs a tenth of joining the columns of several sequences.
        """
        periods = [losses.one_period for game in self.games if isinstance(losses := game.losses, PeriodicLosses)
                   and type(losses).block is PeriodicLosses.block]  # fmt: skip
        if len(periods) < len(self.games) or len({len(period) for period in periods}) > 1:
            return None
        return np.concatenate(periods, axis=1)


class SeparableBatch(CompiledBatch):
    """Linear losses on boxes, where every coordinate of every game is on its own."""

    def __init__(self, games: Sequence[Trajectory]) -> None:
        self.shared = len(games) > 1 and len({(id(game.losses), game.seed) for game in games}) == 1
        super().__init__(games)
        corners = [game.feasible_set.parameters().reshape(2, self.d) for game in games]
        self.lower, self.upper = Aligned.of(*self._cells(corners)).arrays

    @property
    def block(self) -> int:
        return _rounds(self.d if self.shared else self.coefficients.shape[1])

    def _data(self, stop: int, draws: Draws) -> tuple[Any, ...]:
        return (self._gradients(stop, draws),)

    def _loop(self, t0: int, n: int, data: tuple[Any, ...], shapes: Array, compiled: bool, arrays: Any) -> None:
        loops = compose(self.binding.call, row_gradient if self.shared else cell_gradient, compiled)
        play = loops.by_cell if arrays[0].size < _IN_REGISTERS else loops.by_tile
        play(t0, *data, self.coefficients, shapes, self.lower, self.upper, *arrays)


class JointBatch(CompiledBatch):
    """Losses or sets that look at all coordinates of a game: linear ones, or one sequence of linear predictions."""

    def __init__(self, games: Sequence[Trajectory]) -> None:
        super().__init__(games)
        self.geometry = np.array([game.feasible_set.parameters() for game in games])
        seeds = list(dict.fromkeys(game.seed for game in games))
        self.seeds = seeds
        self.which = np.array([seeds.index(game.seed) for game in games])

    @property
    def block(self) -> int:
        losses = self.games[0].losses
        per_round = losses.size if isinstance(losses, PredictionLosses) else self.d * len(self.games)
        return _rounds(per_round)

    def _data(self, stop: int, draws: Draws) -> tuple[Any, ...]:
        losses = self.games[0].losses
        if not isinstance(losses, PredictionLosses):
            return (self._gradients(stop, draws),)
        draws = self._drawn(stop, draws)
        columns = zip(*(draws[id(losses), seed] for seed in self.seeds), strict=True)
        a, y = (parts[0][None] if len(parts) == 1 else np.stack(parts) for parts in columns)
        return a, y, self.which, *losses.constants

    def _loop(self, t0: int, n: int, data: tuple[Any, ...], shapes: Array, compiled: bool, arrays: Any) -> None:
        game = self.games[0]
        reveal = reveal_with(game.losses.oracle) if isinstance(game.losses, PredictionLosses) else reveal_linear
        play = compose_joint(self.binding.call, reveal, game.feasible_set.projection, compiled)
        play(t0, n, data, self.coefficients, shapes, self.geometry, *arrays)


def ask(game: Trajectory, t: int, x: Array) -> tuple[float, Array]:
    """f_t(x) and g_t of a game's sequence, checked to be a number and real numbers (d,)."""
    revealed = game.losses.reveal(t, x, game.seed)
    value, g = revealed.value(x), np.array(revealed.gradient(x), ndmin=1)
    if np.ndim(value):
        raise TypeError(f"the value is {value!r}, an array; it must be a number")
    if g.shape != x.shape or g.dtype.kind not in "fiu":
        raise TypeError(f"the gradient is {g!r}; it must be real numbers of shape {x.shape}")
    return float(value), g.astype(np.float64, copy=False)


def drawn(game: Trajectory, start: int, stop: int) -> tuple[Array, ...]:
    """The data of the rounds start..stop of a game's sequence."""
    assert isinstance(game.losses, BlockLosses)
    try:
        data = game.losses.data(start, stop + 1, game.seed)
        if data[0].shape[-1] != game.state.point.size:
            raise ValueError(f"the gradients have dimension {data[0].shape[-1]}, the game has {game.state.point.size}")
    except Exception as error:
        raise failure(game, start, error) from error
    return data


def _rounds(per_round: int) -> int:
    """Rounds in a block, if a round has so many numbers; whole draws where possible."""
    n = min(_BLOCK, max(1, _DATA // per_round))
    return n - n % DRAWN_TOGETHER if n > DRAWN_TOGETHER else n


def _binding_of(game: Trajectory) -> RuleBinding:
    assert isinstance(game.learner, Algorithm1)
    return game.learner.binding_with_ledger if game.state.ledger else game.learner.binding

"""Games as the driver plays them: many as lanes of one array, or one round by round.

Both kinds compute on copies and commit with a single assignment to ``now``, so
that an interruption or an error leaves them as they were after some round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regretlab._typing import Array
from regretlab.compiling import Uncompilable
from regretlab.kernels import compose, each, shared, two_sum
from regretlab.learners.base import Algorithm1, State
from regretlab.losses.base import DRAWN_TOGETHER, LinearLosses
from regretlab.record import Record
from regretlab.sets import Box

if TYPE_CHECKING:
    from regretlab.game import Game

__all__ = ["Batch", "Draws", "GameError", "Lanes", "OneByOne", "batches"]

_CELLS = 256  # cells in a batch: their arrays stay in the first-level cache
_BLOCK = 4 * DRAWN_TOGETHER  # rounds in a block, if the gradients are few
_GRADIENTS = 2**19  # numbers in a block of gradients
_IN_REGISTERS = 8  # fewer cells than this are faster one after the other
_INTERPRET = 10_000  # cell-rounds that are over before a compiler has started

Draws = dict[tuple[int, int], Array]
"""Gradients (n, d) of a block of rounds by (sequence, seed): drawn once for all who meet them."""


class GameError(RuntimeError):
    """A game could not go on at round ``t``; ``games`` holds what was played before it."""

    def __init__(self, message: str, t: int = 0) -> None:  # t = 0 so that it can be pickled
        super().__init__(message)
        self.t = t
        self.games: Sequence[Game] = ()

    @property
    def game(self) -> Game:
        """The only or first of ``games``."""
        return self.games[0]


def batches(games: Sequence[Game]) -> list[Batch]:
    """Games that can share a compiled loop become lanes; each other game is by itself."""
    kinds: dict[Any, list[Game]] = {}
    result: list[Batch] = []
    for game in games:
        learner, d = game.learner, game.state.point.size
        plain = isinstance(learner, Algorithm1) and type(learner).update is Algorithm1.update
        if plain and isinstance(game.losses, LinearLosses) and type(game.feasible_set) is Box:
            key = (type(learner), _shapes(_algorithm1(learner)), game.horizon, game.checkpoints, d)
            kinds.setdefault(key, []).append(game)
        else:
            result.append(OneByOne(game))
    for (*_, d), kind in kinds.items():
        lanes = max(1, _CELLS // d)
        result += [Lanes(kind[i : i + lanes]) for i in range(0, len(kind), lanes)]
    return result


class Lanes:
    """Games with one class of learner on linear losses and boxes, side by side in one array."""

    def __init__(self, games: Sequence[Game]) -> None:
        self.games = games
        self.learners = [_algorithm1(game.learner) for game in games]
        self.first = games[0].horizon
        self.d = games[0].state.point.size
        sequences = {(id(game.losses), game.seed) for game in games}
        self.shared = len(sequences) == 1 and len(games) > 1
        n = min(_BLOCK, max(1, _GRADIENTS // (self.d * (1 if self.shared else len(games)))))
        self.block = n - n % DRAWN_TOGETHER if n > DRAWN_TOGETHER else n
        d = self.d
        self.lower, self.upper = (
            self._cells([np.asarray(getattr(game.feasible_set, side)) for game in games]) for side in ("lo", "hi")
        )
        self.coefficients = self._cells(
            [np.repeat(learner.coefficients()[:, None], d, axis=1) for learner in self.learners]
        )
        arrays = (
            self._cells([game.state.point for game in games]),
            self._cells([np.array(list(game.state.moments.values())).reshape(-1, d) for game in games]),
            self._cells([game.loss for game in games]),
            np.ascontiguousarray(games[0].gradient) if self.shared else self._cells([g.gradient for g in games]),
        )
        self.records: list[tuple[Array, ...]] = []  # the checkpoints
        self.now: tuple[int, tuple[Array, ...], int, tuple[Array, ...]] = (games[0].horizon, arrays, 0, ())
        """Rounds played, what they left, and the records: how many are at checkpoints, and that of the last round."""

    @property
    def t(self) -> int:
        """Rounds played."""
        return self.now[0]

    def play(self, stop: int, horizon: int, draws: Draws, compiled: bool | None) -> None:
        """Play the rounds up to ``stop``, on the way to ``horizon``."""
        G = self._gradients(stop, draws)
        if compiled is None:
            compiled = (horizon - self.first) * self.lower.size > _INTERPRET
        try:
            self._commit(G, compiled)
        except Exception as error:
            raise self._failure(G[0], error) from error

    def finish(self) -> None:
        """Hand every game what was played of it."""
        t, (x, moments, loss, gradient), count, last = self.now
        parts = [*self.records[:count], *([last] if last else [])]
        for lane, game in enumerate(self.games):
            own = [self._lane(array, lane).copy() for array in (x, moments, loss)]
            total = gradient if self.shared else self._lane(gradient, lane)
            state = State(t, own[0], dict(zip(game.state.moments, own[1], strict=True)), game.feasible_set)
            record = [
                Record(
                    hits.astype(np.int64),
                    self._lane(points, lane).copy(),
                    self._lane(losses, lane).copy(),
                    (gradients if self.shared else self._lane(gradients, lane)).copy(),
                )
                for hits, points, losses, gradients in parts
            ]
            game.append(state, own[2], total.copy(), record)

    def _commit(self, G: Array, compiled: bool) -> None:
        """Play the rounds of G and keep the result, if all of it is finite."""
        t, arrays, *_ = self.now
        stop = t + len(G)
        arrays = tuple(array.copy() for array in arrays)
        checkpoints = self.games[0].checkpoints.between(t, stop)
        hits = np.union1d(checkpoints, [stop])
        x, _, loss, gradient = arrays
        record = [np.empty((hits.size, *array.shape)) for array in (x, loss, gradient)]
        shapes = self.learners[0].shapes(np.arange(t + 1, stop + 1))
        loops = compose(self.learners[0].binding, shared if self.shared else each, compiled)
        play = loops.by_cell if x.size < _IN_REGISTERS else loops.by_round
        with np.errstate(all="ignore"):  # but an interpreted rule may raise where a compiled one has inf or NaN
            play(t + 1, G, self.coefficients, shapes, self.lower, self.upper, *arrays, hits, *record)
        if not all(np.isfinite(array).all() for array in arrays):
            raise FloatingPointError("the sum of the gradients overflows")
        rows = (hits, *record)
        if checkpoints.size:
            self.records.append(tuple(column[: checkpoints.size] for column in rows))
        last = tuple(column[checkpoints.size :] for column in rows) if hits.size > checkpoints.size else ()
        self.now = (stop, arrays, len(self.records), last)

    def _gradients(self, stop: int, draws: Draws) -> Array:
        """(n, R, 1 or B): the gradients of the rounds up to ``stop``, as the loops want them."""
        for game in self.games:
            key = (id(game.losses), game.seed)
            if key not in draws:
                draws[key] = _drawn(game, self.t + 1, stop)
        if self.shared:
            return draws[id(self.games[0].losses), self.games[0].seed][:, :, None]
        rows = [draws[id(game.losses), game.seed] for game in self.games]
        return (rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1))[:, None, :]

    def _failure(self, G: Array, error: Exception) -> GameError:
        """Of the next round, with the gradients G, and of the first game that cannot play it by hand."""
        t = self.t + 1
        for lane, game in enumerate(self.games):
            g = G[:, 0] if self.shared else G[0, lane * self.d : (lane + 1) * self.d]
            try:
                game.learner.update(self._state(lane), g)
            except Exception as own:
                return _failure(game, t, own)
            with np.errstate(all="ignore"):
                loss = self._lane(self.now[1][2], lane)[0] + g * self._lane(self.now[1][0], lane)
            if not np.isfinite(loss).all():
                return _failure(game, t, f"the loss overflows, the gradient is {g}")
        return _failure(self.games[0], t, error)

    def _state(self, lane: int) -> State:
        t, (x, moments, *_), *_ = self.now
        game = self.games[lane]
        kept = dict(zip(game.state.moments, self._lane(moments, lane), strict=True))
        return State(t, self._lane(x, lane), kept, game.feasible_set)

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


class OneByOne:
    """Any learner on any losses and any set: one game, round by round in Python."""

    block = 256

    def __init__(self, game: Game) -> None:
        self.game = game
        self.records: list[Record] = []  # the checkpoints
        self.now: tuple[State, Array, Array, int, Record | None] = (game.state, game.loss, game.gradient, 0, None)

    @property
    def t(self) -> int:
        """Rounds played."""
        return self.now[0].t

    def play(self, stop: int, horizon: int, draws: Draws, compiled: bool | None) -> None:
        """Play the rounds up to ``stop``, on the way to ``horizon``."""
        game = self.game
        start = self.t + 1
        checkpoints = set(game.checkpoints.between(self.t, stop).tolist())
        G = _drawn(game, start, stop) if isinstance(game.losses, LinearLosses) else None
        for t in range(start, stop + 1):
            state, loss, gradient, *_ = self.now
            x = state.point
            try:
                with np.errstate(all="ignore"):
                    f, g = self._pay(t, x) if G is None else (G[t - start] * x, G[t - start])
                    loss = np.array(two_sum(loss[0], loss[1], f))  # type: ignore[arg-type]
                    gradient = np.array(two_sum(gradient[0], gradient[1], g))  # type: ignore[arg-type]
                    after = game.learner.update(state, g)
                _check_state(after, t, x)
                if not np.isfinite(loss).all():
                    raise FloatingPointError(f"the loss is {f.sum()}, their sum {loss[0].sum()}")
                if not np.isfinite(gradient).all():
                    raise FloatingPointError(f"the gradient is {g}, their sum {gradient[0]}")
            except Exception as error:
                raise _failure(game, t, error) from error
            last = Record(np.array([t]), x[None], loss[None], gradient[None])
            if t in checkpoints:
                self.records.append(last)
            self.now = (after, loss, gradient, len(self.records), None if t in checkpoints else last)

    def finish(self) -> None:
        """Hand the game what was played of it."""
        state, loss, gradient, count, last = self.now
        self.game.append(state, loss, gradient, [*self.records[:count], *([last] if last else [])])

    def _pay(self, t: int, x: Array) -> tuple[Array, Array]:
        """f_t(x_t), at the first coordinate, and g_t."""
        revealed = self.game.losses.reveal(t, x, self.game.seed)
        value, g = revealed.value(x), np.array(revealed.gradient(x), ndmin=1)
        if np.ndim(value):
            raise TypeError(f"the value is {value!r}, an array; it must be a number")
        if g.shape != x.shape or g.dtype.kind not in "fiu":
            raise TypeError(f"the gradient is {g!r}; it must be real numbers of shape {x.shape}")
        f = np.zeros(x.size)
        f[0] = value
        return f, g.astype(np.float64)


Batch = Lanes | OneByOne


def _algorithm1(learner: object) -> Algorithm1:
    assert isinstance(learner, Algorithm1)
    return learner


def _shapes(learner: Algorithm1) -> object:
    """What schedules must share to be played side by side; if they cannot be compared, the learner itself."""
    shapes = tuple(schedule.same_shape() for schedule in learner.schedules.values())
    try:
        hash(shapes)
    except TypeError:
        return id(learner)
    return shapes


def _check_state(state: object, t: int, x: Array) -> None:
    """Whether a learner's update has led from x_t = ``x`` to the state after round t."""
    if not isinstance(state, State):
        raise TypeError(f"update returned {state!r}; it must return a State")
    if state.t != t or state.point.shape != x.shape:
        raise ValueError(
            f"update returned a State with t={state.t} and a point of shape {state.point.shape}; "
            f"after round {t} it must have t={t} and a point of shape {x.shape}"
        )
    if not np.isfinite(state.point).all():
        raise FloatingPointError(f"the learner's next point is {state.point}")


def _drawn(game: Game, start: int, stop: int) -> Array:
    """(n, d): the gradients of the rounds start..stop."""
    assert isinstance(game.losses, LinearLosses)
    try:
        G = game.losses.block(start, stop + 1, game.seed)
        if G.shape[1] != game.state.point.size:
            raise ValueError(f"the gradients have dimension {G.shape[1]}, the game has {game.state.point.size}")
    except Exception as error:
        raise _failure(game, start, error) from error
    return G


def _failure(game: Game, t: int, reason: str | Exception) -> GameError:
    if isinstance(reason, Uncompilable):
        reason = f"the rule cannot be compiled, but compiled=False plays it: {reason}"
    told = isinstance(reason, str | ArithmeticError | TypeError | ValueError)
    return GameError(
        f"round {t}: {reason if told else repr(reason)} (learner {game.learner!r}, losses {game.losses!r}, "
        f"seed {game.seed}); the {t - 1} rounds before it are kept in this error's .games",
        t,
    )

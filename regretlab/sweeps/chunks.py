"""A piece of a sweep: games that one worker plays, and the rows of the table that come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from regretlab._utils.types import Array, Rounds
from regretlab.engine.checkpoints import Checkpoints
from regretlab.engine.driver import advance
from regretlab.engine.errors import GameError
from regretlab.engine.trajectory import Trajectory
from regretlab.losses.base import BlockLosses, LinearLosses
from regretlab.regret.measures import Comparators, best_in_hindsight, is_linear, total
from regretlab.sweeps.parameters import Place, make
from regretlab.sweeps.points import Points

__all__ = ["NUMBERS", "Chunk", "Rows", "cut", "one_line", "play_chunk"]

NUMBERS = ("loss", "comparator_loss", "regret", "gap")
"""The numbers of a row."""

_GAMES = 8192  # in a chunk at most
_LANES = 32  # and at least, if it can be: as many as are played at once
_ROUNDS = 2**29  # game-rounds of a chunk, in one dimension: about half a second
_IN_PYTHON = 2**14  # times slower
_ALONE = 64  # games that meet the same draws are played without others from here on
_TOGETHER = 256  # games played together otherwise


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of the table.

    Attributes
    ----------
    point, t : int arrays (n,)
        Which point of the chunk, and the round.
    numbers : array (n, 4)
        Loss, comparator loss, regret and gap; NaN where there is none.
    x : array (n, d)
        x_t; NaN behind the last coordinate of a game of lower dimension.
    errors : dict
        Why a point of the chunk has no numbers.
    """

    point: Rounds
    t: Rounds
    numbers: Array
    x: Array
    errors: dict[int, str]


@dataclass(frozen=True, eq=False)
class Chunk:
    """Points and all that decides their games.

    Attributes
    ----------
    templates : dict
        Learner, sequence and set that the points are variations of.
    places : list of Place
        What the columns of the points are.
    points : Points
        Those of this chunk.
    horizon, rounds : int, tuple of int
        T, and the rounds that have a row.
    """

    templates: dict[str, Any]
    places: list[Place]
    points: Points
    horizon: int
    rounds: tuple[int, ...]

    def select(self, index: Rounds) -> Chunk:
        """The points ``index`` alone, with their values in order of appearance."""
        codes = self.points.codes[index]
        values = {}
        for k, (name, column) in enumerate(self.points.values.items()):
            used, inverse = np.unique(codes[:, k], return_inverse=True)
            values[name] = [column[i] for i in used]
            codes[:, k] = inverse
        return Chunk(self.templates, self.places, Points(values, codes), self.horizon, self.rounds)

    def key(self, i: int, parts: Sequence[str]) -> tuple[int, ...]:
        """What decides the given parts of point i."""
        return tuple(int(self.points.codes[i, k]) for k, place in enumerate(self.places) if place.part in parts)

    def made(self, i: int, part: str) -> Any:
        """A part of the game of point i."""
        values = self._values(i)
        template = values.pop(Place(part), self.templates.get(part))
        return make(template, {place.field: value for place, value in values.items() if place.part == part})

    def value(self, i: int, name: str, default: Any) -> Any:
        """The value of ``seed`` or ``start`` at point i."""
        return self._values(i).get(Place(name), default)

    def _values(self, i: int) -> dict[Place, Any]:
        row = self.points.codes[i].tolist()
        return {place: column[c] for place, column, c in zip(self.places, self._columns, row, strict=True)}

    @cached_property
    def _columns(self) -> list[list[Any]]:
        return list(self.points.values.values())


# -- cutting ---------------------------------------------------------------------------


def cut(whole: Chunk) -> list[Rounds]:
    """Indices of the points of each chunk.

    The points of a sequence and seed are next to each other, and if possible in
    one chunk: their games meet the same draws and are played side by side.
    """
    points, order = whole.points, _order(whole)
    n = _games_in_chunk(whole)
    stops = np.append(_starts(whole, order)[1:], len(points))
    pieces, start = [], 0
    while start < len(points):
        last = int(np.searchsorted(stops, start + n, "right")) - 1
        stop = int(stops[last]) if last >= 0 and stops[last] > start else min(start + n, len(points))
        pieces.append(order[start:stop])
        start = stop
    return pieces


def _order(chunk: Chunk) -> Rounds:
    """Points of the same sequence and seed next to each other, then those of the same set."""
    weight = {"losses": 0, "seed": 1, "feasible_set": 2, "learner": 3, "start": 4}
    columns = sorted(range(len(chunk.places)), key=lambda k: (weight[chunk.places[k].part], chunk.places[k].field))
    codes = chunk.points.codes
    return np.lexsort([codes[:, k] for k in reversed(columns)]) if columns else np.arange(len(codes))


def _starts(chunk: Chunk, order: Rounds) -> Rounds:
    """Where in ``order`` another sequence or seed begins."""
    columns = [k for k, place in enumerate(chunk.places) if place.part in ("losses", "seed")]
    codes = chunk.points.codes[order][:, columns]
    changes = (codes[1:] != codes[:-1]).any(axis=1)
    return np.concatenate([[0], 1 + np.flatnonzero(changes)])


def _games_in_chunk(chunk: Chunk) -> int:
    """So many games take about a second, whatever else is in the sweep."""
    candidates: Any = chunk.points.values.get("losses", [chunk.templates["losses"]])
    cost = 1
    for losses in candidates:
        of = losses if isinstance(losses, type) else type(losses)
        d = 1 if isinstance(losses, type) else int(losses.dimension)
        cost = max(cost, d if issubclass(of, LinearLosses) else 64 * d if issubclass(of, BlockLosses) else _IN_PYTHON)
    most = max(min(_GAMES, _ROUNDS // (cost * chunk.horizon)), 1 if cost >= _IN_PYTHON else _LANES)
    for full in (_TOGETHER, _LANES):  # no lanes left over
        if most > full:
            return most - most % full
    return most


# -- playing ---------------------------------------------------------------------------


def play_chunk(chunk: Chunk) -> Rows:
    """The rows of a chunk; a point that is invalid or fails gets one row and an error, the others go on.

    The row of an error has the number of rounds that could be played, and no other number.
    """
    rows: list[tuple[Any, Array, Array]] = []
    errors: dict[int, str] = {}
    for piece in _pieces(chunk):
        rows += _play(chunk, piece, errors)
    d = max(x.shape[1] for _, _, x in rows)
    points = np.full((sum(len(t) for t, _, _ in rows), d), np.nan)
    stop = 0
    for t, _, x in rows:
        points[stop : stop + len(t), : x.shape[1]] = x
        stop += len(t)
    return Rows(
        np.repeat(np.arange(len(rows)), [len(t) for t, _, _ in rows]),
        np.concatenate([t for t, _, _ in rows]).astype(np.int64),
        np.concatenate([numbers for _, numbers, _ in rows]),
        points,
        errors,
    )


def _pieces(chunk: Chunk) -> Iterator[range]:
    """The points to play together: the many of one sequence and seed, or else some of several."""
    starts = _starts(chunk, np.arange(len(chunk.points))).tolist()
    first = 0
    for start, stop in pairwise([*starts, len(chunk.points)]):
        if first < start and (stop - start >= _ALONE or stop - first > _TOGETHER):
            yield range(first, start)
            first = start
        if stop - start >= _ALONE:
            yield range(start, stop)
            first = stop
    if first < len(chunk.points):
        yield range(first, len(chunk.points))


def _play(chunk: Chunk, piece: range, errors: dict[int, str]) -> Iterator[tuple[Any, Array, Array]]:
    """t, numbers and x_t of each point of a piece."""
    games = _games(chunk, piece, errors)
    for i, error in _advance(games, chunk.horizon):
        errors[i] = one_line(error)
    known: dict[Any, Comparators] = {}
    for i in piece:
        if i not in errors:
            try:
                yield _read(games[i], chunk.rounds, known)
                continue
            except Exception as error:
                errors[i] = one_line(error)
        played = games[i].horizon if i in games else 0
        yield [played], np.full((1, len(NUMBERS)), np.nan), np.full((1, 1), np.nan)


def _games(chunk: Chunk, piece: range, errors: dict[int, str]) -> dict[int, Trajectory]:
    """The games of a piece that can be made; equal parts are one object."""
    made: dict[Any, Any] = {}
    checkpoints = Checkpoints.of(chunk.rounds)
    games = {}

    def once(i: int, part: str) -> Any:
        key = part, chunk.key(i, [part])
        if key not in made:
            made[key] = chunk.made(i, part)
        return made[key]

    for i in piece:
        try:
            learner, losses, F = chunk.made(i, "learner"), once(i, "losses"), once(i, "feasible_set")
            key = chunk.key(i, ["losses", "feasible_set"])
            if key not in made:
                made[key] = F.with_dimension(losses.dimension)
            start, seed = chunk.value(i, "start", None), chunk.value(i, "seed", 0)
            games[i] = Trajectory(learner, losses, made[key], seed=seed, start=start, checkpoints=checkpoints)
        except Exception as error:  # a user's class may raise anything
            errors[i] = one_line(error)
    return games


def _advance(games: dict[int, Trajectory], horizon: int) -> Iterator[tuple[int, Exception]]:
    """Play the games; those that fail, found by halves, with their errors.

    What is played stays played, and does not depend on what is played beside it.
    """
    try:
        advance(list(games.values()), horizon, progress=False)
    except GameError as error:
        if len(games) == 1:
            yield next(iter(games)), error
            return
        index = list(games)
        for half in (index[: len(index) // 2], index[len(index) // 2 :]):
            yield from _advance({i: games[i] for i in half}, horizon)


def _read(game: Trajectory, rounds: tuple[int, ...], known: dict[Any, Comparators]) -> tuple[Rounds, Array, Array]:
    """t, numbers and x_t at the given rounds; games that differ in the learner alone share the comparators found."""
    if rounds[0] > 1:  # the first round is always recorded
        game.record = game.record.rows(slice(1, None))
    if is_linear(game):
        comparators = best_in_hindsight(game)
        record = comparators.record
    else:
        key = id(game.losses), id(game.feasible_set), game.seed
        if key not in known:
            known[key] = best_in_hindsight(game)
        comparators = known[key]
        record = game.record.rows(np.flatnonzero(np.isin(game.record.t, comparators.record.t)).tolist())
    loss = total(record.loss)
    gap = comparators.gap if comparators.solved else np.full(len(loss), np.nan)
    numbers = np.stack([loss, comparators.loss, loss - comparators.loss, gap], axis=1)
    return record.t, numbers, record.point


def one_line(error: BaseException) -> str:
    """The message of an error in one line, with its type where it is not plain bad input."""
    text = " ".join(str(error).split())
    return text if text and isinstance(error, GameError | TypeError | ValueError) else f"{type(error).__name__}: {text}"

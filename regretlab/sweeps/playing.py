"""Play the games of a chunk, and measure them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from regretlab._utils.messages import one_line
from regretlab._utils.types import Array, Rounds
from regretlab.engine.checkpoints import Checkpoints
from regretlab.engine.driver import advance
from regretlab.engine.errors import GameError
from regretlab.engine.memory import own
from regretlab.engine.trajectory import Trajectory
from regretlab.regret.measures import Comparators, best_in_hindsight, is_linear, total
from regretlab.sweeps.chunks import Chunk, same_draws

__all__ = ["MEASURES", "Rows", "padded", "play_chunk"]

MEASURES = ("loss", "comparator_loss", "regret", "gap")
"""What :class:`Rows` has for a game after each round of the table."""

_ALONE = 64  # so many games with the same draws, or more, are a batch of their own
_TOGETHER = 256  # other batches have at most so many games


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of the table of a sweep.

    Attributes
    ----------
    point : int array (n,)
        The index of each row's point in the chunk.
    t : int array (n,)
        The round.
    measures : array (n, 4)
        Loss, comparator loss, regret and gap after round t; NaN for a number that does not exist.
    x : array (n, d)
        x_t; NaN after the last coordinate of a game of lower dimension.
    errors : dict
        For the index of each point that lacks measures, the reason.
    """

    point: Rounds
    t: Rounds
    measures: Array
    x: Array
    errors: dict[int, str]


def play_chunk(chunk: Chunk) -> Rows:
    """The rows of a chunk, in the order of its points.

    A point that is invalid, or whose game fails, has one row, with the number of rounds that were played, an error and
    no measures.  A game without a comparator has its loss and x_t, and an error.  The other games go on.
    """
    rows: list[tuple[Any, Array, Array]] = []
    errors: dict[int, str] = {}
    for batch in _batches(chunk):
        rows += _play(chunk, batch, errors)
    return Rows(
        np.repeat(np.arange(len(rows)), [len(t) for t, _, _ in rows]),
        np.concatenate([t for t, _, _ in rows]).astype(np.int64),
        np.concatenate([measures for _, measures, _ in rows]),
        padded([x for _, _, x in rows]),
        errors,
    )


def padded(arrays: Sequence[Array]) -> Array:
    """The arrays (n, d) one after the other; NaN after the last coordinate of those with a smaller d."""
    joined = np.full((sum(len(x) for x in arrays), max(x.shape[1] for x in arrays)), np.nan)
    stop = 0
    for x in arrays:
        joined[stop : stop + len(x), : x.shape[1]] = x
        stop += len(x)
    return joined


def _batches(chunk: Chunk) -> Iterator[range]:
    """Runs of points to play side by side: one large group with the same losses and seed, or several small ones."""
    starts = same_draws(chunk, np.arange(len(chunk.points))).tolist()
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


def _play(chunk: Chunk, batch: range, errors: dict[int, str]) -> Iterator[tuple[Any, Array, Array]]:
    """Play a batch, and yield t, measures and x_t for each of its points; why a point has none goes into ``errors``."""
    games = _games(chunk, batch, errors)
    for i, error in _advance(games, chunk.horizon):
        errors[i] = one_line(error)
    cache: dict[Any, Comparators] = {}
    for i in batch:
        if i not in errors:
            t, measures, x, unknown = _measure(games[i], chunk.rounds, cache)
            if unknown:
                errors[i] = one_line(unknown)
            yield t, measures, x
            continue
        played = games[i].horizon if i in games else 0
        yield [played], np.full((1, len(MEASURES)), np.nan), np.full((1, 1), np.nan)


def _games(chunk: Chunk, batch: range, errors: dict[int, str]) -> dict[int, Trajectory]:
    """The games of a batch before round 1, by point; equal losses are one object, and equal sets as well."""
    shared: dict[Any, Any] = {}
    checkpoints = Checkpoints.of(chunk.rounds)
    games = {}

    def part(i: int, name: str) -> Any:
        key = name, chunk.part_key(i, [name])
        if key not in shared:
            shared[key] = own(chunk.part(i, name))  # a template is shared with other batches and threads
        return shared[key]

    for i in batch:
        try:
            learner, losses, F = own(chunk.part(i, "learner")), part(i, "losses"), part(i, "feasible_set")
            key = chunk.part_key(i, ["losses", "feasible_set"])
            if key not in shared:
                shared[key] = F.with_dimension(losses.dimension)
            start, seed = chunk.value(i, "start", None), chunk.value(i, "seed", 0)
            games[i] = Trajectory(learner, losses, shared[key], seed=seed, start=start, checkpoints=checkpoints)
        except Exception as error:  # a user's class may raise anything
            errors[i] = one_line(error)
    return games


def _advance(games: dict[int, Trajectory], horizon: int) -> Iterator[tuple[int, Exception]]:
    """Play the games, and yield the index and the error of each game that fails.

    Bisection finds these games: rounds that are played stay played, and do not depend on what is played beside them.
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


def _measure(
    game: Trajectory, rounds: tuple[int, ...], cache: dict[Any, Comparators]
) -> tuple[Rounds, Array, Array, Exception | None]:
    """t, measures and x_t at the given rounds; and why there is no comparator, which leaves loss and x_t."""
    if rounds[0] > 1:  # the first round is always recorded
        game.record = game.record.rows(slice(1, None))
    record, unknown = game.record, np.full(len(game.record.t), np.nan)
    try:
        comparators = _comparators(game, cache)
    except Exception as error:  # the set is unbounded, or a user's class fails
        loss = total(record.loss)
        return record.t, np.stack([loss, unknown, unknown, unknown], axis=1), record.point, error
    record = record.rows(np.flatnonzero(np.isin(record.t, comparators.record.t)).tolist())
    loss = total(record.loss)
    gap = comparators.gap if comparators.solved else np.full(len(loss), np.nan)
    measures = np.stack([loss, comparators.loss, loss - comparators.loss, gap], axis=1)
    return record.t, measures, record.point, None


def _comparators(game: Trajectory, cache: dict[Any, Comparators]) -> Comparators:
    """The best points in hindsight; games with the same losses, set and seed share those of losses not linear."""
    if is_linear(game):
        return best_in_hindsight(game)
    key = id(game.losses), id(game.feasible_set), game.seed
    if key not in cache:
        cache[key] = best_in_hindsight(game)
    return cache[key]

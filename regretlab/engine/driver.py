"""The driver plays all games block by block, through the interface of :class:`~regretlab.engine.batch.Batch`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from regretlab._utils.blas import one_blas_thread
from regretlab._utils.progress import progress_bar
from regretlab._utils.types import ArrayLike
from regretlab._utils.validation import flag, listed, rounds_to_play, whole
from regretlab.engine.batch import Batch, Draws
from regretlab.engine.checkpoints import Checkpoints
from regretlab.engine.errors import GameError, GameInterrupted
from regretlab.engine.grouping import group
from regretlab.engine.memory import beginning, check_same, has_changed, keep, separate
from regretlab.engine.trajectory import Trajectory
from regretlab.kernels.compiling import Uncompilable
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet

__all__ = ["advance", "play_on", "play_side_by_side"]

Kind = TypeVar("Kind", bound=Trajectory)


@one_blas_thread()
def advance(
    games: Sequence[Trajectory],
    horizon: int,
    *,
    block: int | None = None,
    compiled: bool | None = None,
    progress: bool | None = None,
) -> None:
    """Play every game on until ``horizon`` rounds are played.

    Parameters
    ----------
    games : sequence of Trajectory
        Games that can share a compiled loop are played together; the result is the same, bit for bit.
    horizon : int
        T.  Games that have T rounds or more stay as they are.
    block : int, optional
        Rounds per block.  The result is the same, bit for bit.
    compiled : bool, optional
        Whether to compile; by default only where that is faster.  The result is the same, bit for bit.
    progress : bool, optional
        Show a progress bar; by default on a terminal.

    Raises
    ------
    TypeError, ValueError
        When ``block`` is not an integer of at least 1.
    GameError
        When a gradient is not finite, a moment overflows or the sequence fails;
        the message names round, learner, sequence and seed.
    GameInterrupted
        On Ctrl-C.  After either error the games have the rounds played so far.
    """
    if block is not None:
        whole(1, block=block)
    flag(compiled=compiled, progress=progress)
    unfinished = [game for game in games if game.horizon < horizon]
    separate(unfinished)
    for game in unfinished:
        if has_changed(game):
            _recall(game)
    todo = group(unfinished)
    by_round: dict[int, list[Batch]] = {}
    for batch in todo:
        by_round.setdefault(batch.t, []).append(batch)
    try:
        with progress_bar(sum(horizon - batch.t for batch in todo), progress) as tick:
            for t, batches in by_round.items():
                n = block or min(batch.block for batch in batches)
                while t < horizon:
                    stop = min(horizon, (t // n + 1) * n)
                    draws: Draws = {}
                    for batch in batches:
                        _play(batch, stop, horizon, draws, compiled)
                        tick(stop - t)
                    t = stop
    except KeyboardInterrupt as interrupt:
        _finish(todo)
        stopped = GameInterrupted(
            f"stopped after round {min(game.horizon for game in games):,} of {horizon:,}; "
            "the games so far are in this exception's .games, and game.extend goes on with them"
        )
        stopped.games = games
        raise stopped from interrupt
    except GameError as error:
        error.games = games
        raise
    finally:
        _finish(todo)
        keep(unfinished)


def _recall(game: Trajectory) -> None:
    """Play the rounds of a game once more, so that its parts remember them and not those of another game."""
    again = beginning(game, Trajectory, checkpoints=game.checkpoints)
    advance([again], game.horizon, progress=False)
    check_same(game, again)


def play_on(
    game: Trajectory,
    horizon: int,
    *,
    block: int | None = None,
    compiled: bool | None = None,
    progress: bool | None = None,
) -> None:
    """Play one game on until ``horizon`` rounds are played; parameters and errors are those of :func:`advance`.

    Raises
    ------
    TypeError, ValueError
        When ``horizon`` is not a number of rounds, or more rounds are played already.
    """
    T = rounds_to_play(horizon)
    if T < game.horizon:
        raise ValueError(f"horizon={horizon!r}: {game.horizon} rounds are played already")
    advance([game], T, block=block, compiled=compiled, progress=progress)


def play_side_by_side(
    kind: type[Kind],
    learners: Iterable[Learner],
    losses: Losses,
    feasible_set: FeasibleSet,
    horizon: int,
    *,
    seeds: Iterable[int] = (0,),
    start: ArrayLike | None = None,
    checkpoints: Iterable[int] | Checkpoints | None = None,
    ledger: bool = False,
    block: int | None = None,
    compiled: bool | None = None,
    progress: bool | None = None,
) -> list[Kind]:
    """A game of the class ``kind`` for each learner and each seed: all seeds of the first learner, then of the next.

    For a seed all learners meet the same sequence; parameters and errors are those of :func:`regretlab.play_all`.
    """
    T = rounds_to_play(horizon)
    each, each_seed = listed("learners", learners), listed("seeds", seeds)
    for seed in each_seed:
        whole(0, seed=seed)
    if len(each_seed) > len(set(each_seed)):
        twice = next(seed for i, seed in enumerate(each_seed) if seed in each_seed[:i])
        raise ValueError(f"seeds={each_seed!r}: {twice!r} stands twice, and its games would be the same")
    chosen, F = Checkpoints.of(checkpoints), feasible_set
    if isinstance(losses, Losses) and isinstance(F, FeasibleSet):
        F = F.with_dimension(losses.dimension)  # once for all games
    games = [
        kind(learner, losses, F, seed=seed, start=start, checkpoints=chosen, ledger=ledger)
        for learner in each
        for seed in each_seed
    ]
    advance(games, T, block=block, compiled=compiled, progress=progress)
    return games


def _play(batch: Batch, stop: int, horizon: int, draws: Draws, compiled: bool | None) -> None:
    """Play the rounds up to ``stop``; if that fails, bisect, to find the failing round and keep those before it."""
    try:
        return batch.play(stop, horizon, draws, compiled)
    except GameError as error:
        if stop == batch.t + 1 or isinstance(error.__cause__, Uncompilable):
            raise
    _play(batch, (batch.t + stop) // 2, horizon, {}, compiled)
    return _play(batch, stop, horizon, {}, compiled)


def _finish(todo: list[Batch]) -> None:
    """Finish each batch once, even when Ctrl-C interrupts this function and it is called again."""
    while todo:
        todo.pop().finish()

"""R_T at several horizons T: recorded in one long game, or in a new game for each horizon."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import rounds_to_play
from regretlab.engine.driver import play_side_by_side
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.losses.counterexamples import PeriodicLosses
from regretlab.regret import best_in_hindsight, regret_frame
from regretlab.sets import FeasibleSet

__all__ = ["AnyLearner", "check_distinct", "default_horizons", "play_to"]

AnyLearner = Learner | Callable[[int], Learner]
"""A learner; or, where it depends on the horizon, a function horizon -> learner."""


def default_horizons(losses: Losses) -> list[int]:
    """The twelve smallest P 2^k >= 32 with k >= 0, where P is the period of periodic losses, and 1 for others."""
    first = len(losses.pattern) if isinstance(losses, PeriodicLosses) else 1
    while first < 32:
        first *= 2
    return [first * 2**k for k in range(12)]


def play_to(
    learner: AnyLearner,
    losses: Losses,
    feasible_set: FeasibleSet,
    horizons: Iterable[int],
    seeds: Iterable[int],
    *,
    start: ArrayLike | None = None,
    ledger: bool = False,
    block: int | None = None,
    compiled: bool | None = None,
    progress: bool | None = None,
) -> tuple[list[int], Array, list[Trajectory]]:
    """R_T at each horizon and seed, and the games of the longest horizon.

    Parameters
    ----------
    learner : Learner, or a function horizon -> Learner
        A learner plays one game for each seed, to the longest horizon, and R_T is taken at the shorter ones on the way.
        A function makes a learner for each horizon, which plays new games.
    losses : Losses
    feasible_set : FeasibleSet
    horizons : iterable of int
        In any order; each T counts once.
    seeds : iterable of int
    start, ledger, block, compiled, progress
        As for :func:`regretlab.play_all`.

    Returns
    -------
    horizons : list of int (n,)
        Increasing.
    regret : array (n, seeds)
        R_T.  Where comparators are found numerically, it is the lower end of [regret, regret + gap].
    games : list of Trajectory
        Of the longest horizon, one for each seed.

    Raises
    ------
    ValueError
        When there is no horizon or no seed, a seed stands twice, a horizon is not a number of rounds, or comparators
        are found numerically and none is computed at a horizon.
    TypeError, GameError, GameInterrupted
        As for :func:`regretlab.play_all`.
    """
    rounds, each_seed = sorted({rounds_to_play(T) for T in horizons}), list(seeds)
    if not rounds or not each_seed:
        raise ValueError(f"horizons={rounds!r}, seeds={each_seed!r}: there must be at least one of each")
    check_distinct(each_seed)

    def play(one: Learner, recorded: list[int]) -> tuple[Array, list[Trajectory]]:
        """R_T at the recorded rounds (n, seeds), and the games."""
        games = play_side_by_side(
            Trajectory, [one], losses, feasible_set, recorded[-1], seeds=each_seed, checkpoints=recorded,
            start=start, ledger=ledger, block=block, compiled=compiled, progress=progress,
        )  # fmt: skip
        return np.array([_regret_at(game, recorded) for game in games]).T, games

    if isinstance(learner, Learner | type) or not callable(learner):  # a class is refused before round 1
        return rounds, *play(learner, rounds)  # type: ignore[arg-type]
    rows, games = [], list[Trajectory]()
    for T in rounds:
        regret, games = play(learner(T), [T])
        rows.append(regret)
    return rounds, np.concatenate(rows), games


def check_distinct(seeds: list[int]) -> None:
    """Raise ``ValueError`` when a seed stands twice: its game would count as two independent ones."""
    twice = [seed for i, seed in enumerate(seeds) if seed in seeds[:i]]
    if twice:
        raise ValueError(f"seeds={seeds!r}: {twice[0]!r} stands twice, but games with the same seed are the same game")


def _regret_at(game: Trajectory, rounds: list[int]) -> Array:
    """R_T at these rounds (n,); ``ValueError`` where no comparator is computed at one of them."""
    column = regret_frame(best_in_hindsight(game))["regret"]
    if missing := sorted(set(rounds) - set(column.index)):
        raise ValueError(
            f"horizons={rounds}: the comparator is found numerically, at some eight rounds per decade, and not at "
            f"{missing[0]}; take horizons a factor 1.34 or more apart"
        )
    return column.loc[rounds].to_numpy(dtype=np.float64)

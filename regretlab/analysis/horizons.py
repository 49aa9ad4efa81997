"""Regret at several horizons: read off one long game, or of learners that know the horizon and are played anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from regretlab._utils.types import Array
from regretlab._utils.validation import rounds_to_play
from regretlab.engine.driver import play_side_by_side
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.losses.counterexamples import PeriodicLosses
from regretlab.regret import best_in_hindsight, regret_frame
from regretlab.sets import FeasibleSet

__all__ = ["AnyLearner", "default_horizons", "play_to"]

AnyLearner = Learner | Callable[[int], Learner]
"""A learner, or for learners that must know the horizon a function horizon -> learner."""


def default_horizons(losses: Losses) -> list[int]:
    """P 2^k, twelve of them from 32 on, with P the period of a :class:`~regretlab.losses.PeriodicLosses`, else 1."""
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
    **options: Any,
) -> tuple[list[int], Array, list[Trajectory]]:
    """Horizons (n,) in order, R_T (n, seeds), and the games of the longest horizon.

    Where comparators are found numerically, R_T is the lower end of [regret, regret + gap].
    """
    rounds, each_seed = sorted({rounds_to_play(T) for T in horizons}), list(seeds)
    if not rounds or not each_seed:
        raise ValueError(f"horizons={rounds!r}, seeds={each_seed!r}: there must be at least one of each")
    if isinstance(learner, Learner) or not callable(learner):
        games = play_side_by_side(
            Trajectory, [learner], losses, feasible_set, rounds[-1], seeds=each_seed, checkpoints=rounds, **options
        )
        return rounds, np.array([_read(game, rounds) for game in games]).T, games
    rows = []
    for T in rounds:
        games = play_side_by_side(
            Trajectory, [learner(T)], losses, feasible_set, T, seeds=each_seed, checkpoints=[T], **options
        )
        rows.append([_read(game, [T])[0] for game in games])
    return rounds, np.array(rows), games


def _read(game: Trajectory, rounds: list[int]) -> Array:
    column = regret_frame(best_in_hindsight(game))["regret"]
    if missing := sorted(set(rounds) - set(column.index)):
        raise ValueError(
            f"horizons={rounds}: the comparator is found numerically, at some eight rounds per decade, and not at "
            f"{missing[0]}; take horizons a factor 1.34 or more apart"
        )
    return column.loc[rounds].to_numpy(dtype=np.float64)

"""Several games at once: every learner at every seed, side by side, in one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from regretlab._typing import ArrayLike
from regretlab.driver import advance
from regretlab.game import Game, rounds_to_play
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.record import Checkpoints
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compare", "play_all", "tidy"]


def play_all(
    learners: Iterable[Learner],
    losses: Losses,
    feasible_set: FeasibleSet,
    horizon: int,
    *,
    seeds: Iterable[int] = (0,),
    start: ArrayLike | None = None,
    checkpoints: Iterable[int] | Checkpoints | None = None,
    ledger: bool = False,
    **how: Any,
) -> list[Game]:
    """A game of each learner at each seed, side by side; on a seed all meet the same sequence."""
    T = rounds_to_play(horizon)
    chosen, each_seed = Checkpoints.of(checkpoints), list(seeds)
    F = feasible_set
    if isinstance(losses, Losses) and isinstance(F, FeasibleSet):
        F = F.with_dimension(losses.dimension)  # once for all games
    games = [
        Game(learner, losses, F, seed=seed, start=start, checkpoints=chosen, ledger=ledger)
        for learner in learners
        for seed in each_seed
    ]
    advance(games, T, **how)
    return games


def compare(
    learners: Mapping[str, Learner] | Iterable[Learner],
    losses: Losses,
    feasible_set: FeasibleSet,
    horizon: int,
    **options: Any,
) -> pd.DataFrame:
    """Play every learner at every seed and put the games in one table.

    Parameters
    ----------
    learners : mapping or iterable of Learner
        A mapping gives the labels of the column ``learner``; otherwise a label
        is the class name, or the whole learner where a class occurs twice.
    options
        Those of :func:`play_all`: seeds, start, checkpoints, ledger.

    Returns
    -------
    DataFrame
        learner, seed, t, loss, comparator_loss, regret, average_regret, x_1..x_d:
        a row for every checkpoint of every game.
    """
    named = learners if isinstance(learners, Mapping) else _labels(list(learners))
    games = play_all(named.values(), losses, feasible_set, horizon, **options)
    per_learner = len(games) // max(1, len(named))
    return tidy(games, [label for label in named for _ in range(per_learner)])


def tidy(games: Sequence[Game], labels: Sequence[str] | None = None) -> pd.DataFrame:
    """One table of several games, a row for every checkpoint of every game; columns as in :func:`compare`."""
    import pandas as pd

    names = labels or [repr(game.learner) for game in games]
    frames = []
    for name, game in zip(names, games, strict=True):
        frame = game.regret.join(game.points).reset_index()
        frame.insert(0, "learner", name)
        frame.insert(1, "seed", game.seed)
        frames.append(frame)
    if not frames:
        raise ValueError("there is no game to put in a table: learners or seeds is empty")
    return pd.concat(frames, ignore_index=True)


def _labels(learners: Sequence[Learner]) -> dict[str, Learner]:
    names = [type(learner).__name__ for learner in learners]
    labels: dict[str, Learner] = {}
    for name, learner in zip(names, learners, strict=True):
        label = name if names.count(name) == 1 else repr(learner)
        again = sum(other == learner for other in labels.values())
        labels[f"{label} #{again + 1}" if again else label] = learner
    return labels

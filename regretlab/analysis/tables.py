"""Several played games in one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from regretlab._utils.validation import listed
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.base import Learner
from regretlab.regret import best_in_hindsight, regret_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["labelled", "to_frame"]


def to_frame(games: Sequence[Trajectory], labels: Sequence[str] | None = None) -> pd.DataFrame:
    """One table of several games, with a row for every checkpoint of every game.

    Parameters
    ----------
    games : sequence of Game
        Games of different dimensions have NaN for the coordinates that they lack.
    labels : sequence of str, optional
        The column ``learner``, one label for each game; by default the learners' reprs.

    Returns
    -------
    DataFrame
        Columns learner, seed, t, loss, comparator_loss, regret, average_regret, x_1..x_d, and gap where a comparator
        is found numerically.

    Raises
    ------
    TypeError
        For anything but games.
    ValueError
        When there is no game, or not one label for each game.

    Examples
    --------
    >>> import regretlab as rl
    >>> game = rl.play(rl.learners.OGD(alpha=0.5), rl.losses.Mod3(C=3.0), rl.sets.Box(-1.0, 1.0), 30)
    >>> rl.to_frame([game], ["OGD"])[["learner", "t", "loss"]].tail(1)
       learner   t      loss
    24     OGD  30 -0.070978
    """
    import pandas as pd

    each = listed("games", games)
    for game in each:
        if not isinstance(game, Trajectory):
            raise TypeError(f"games={games!r}: {game!r} is not a Game")
    names = [repr(game.learner) for game in each] if labels is None else listed("labels", labels)
    if len(names) != len(each):
        raise ValueError(f"labels={labels!r}: the argument must have one label for each of the {len(each)} games")
    frames = []
    for name, game in zip(names, each, strict=True):
        frame = regret_frame(best_in_hindsight(game)).join(game.points).reset_index()
        frame.insert(0, "learner", name)
        frame.insert(1, "seed", game.seed)
        frames.append(frame)
    if not frames:
        raise ValueError("there is no game to put in a table: learners or seeds is empty")
    return pd.concat(frames, ignore_index=True)


def labelled(learners: Sequence[Learner]) -> dict[str, Learner]:
    """Learners by class name, or by their repr where a class occurs twice; copies of one learner are numbered."""
    names = [type(learner).__name__ for learner in learners]
    labels: dict[str, Learner] = {}
    seen: Counter[str] = Counter()
    for name, learner in zip(names, learners, strict=True):
        label = name if names.count(name) == 1 else repr(learner)
        seen[label] += 1
        labels[f"{label} #{seen[label]}" if seen[label] > 1 else label] = learner
    return labels

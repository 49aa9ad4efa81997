"""Regret of a played game: R_t = sum_{s<=t} f_s(x_s) - min_{u in F} sum_{s<=t} f_s(u)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab.engine.checkpoints import Record
from regretlab.engine.trajectory import Trajectory
from regretlab.losses.base import AdaptiveLosses, BlockLosses, ConvexLosses, RandomConvexLosses
from regretlab.regret.dynamic import follow
from regretlab.regret.hindsight import minimize_sums, sums_at
from regretlab.regret.interval import largest_regret
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


__all__ = [
    "Comparators",
    "against",
    "against_path",
    "best_at_the_end",
    "best_in_hindsight",
    "best_in_hindsight_at",
    "last_linear_regret",
    "linear_comparators",
    "over_windows",
    "regret_frame",
]

_SOLVED_PER_DECADE = 8


class Comparators(NamedTuple):
    """Comparators at the checkpoints of ``record``, and what they paid.

    ``gap`` bounds how far ``loss`` may be above the minimum: it is 0 for closed
    forms and for comparators that are given, and the regret at a checkpoint lies
    in [R_t, R_t + gap].  ``solved`` says that they were found numerically, and
    ``path_length`` is that of a comparator that moves.
    """

    record: Record
    point: Array
    loss: Array
    gap: Array
    path_length: Array | None = None
    solved: bool = False


def total(sums: Array) -> Array:
    """(h,): the sums (h, 2, d) and their rounding errors added up over coordinates, exactly rounded."""
    return np.array([math.fsum(row.ravel()) for row in sums])


def best_in_hindsight(game: Trajectory) -> Comparators:
    """u_t = argmin_{u in F} sum_{s<=t} f_s(u) for every checkpoint t: the best point for the prefix.

    For linear losses u_t minimises <G_t, u>, with G_t the sum of the gradients
    that were played (adaptive adversaries included).  A sequence may have a
    closed form, a method ``best_in_hindsight(F, t, seed)``; on a set that does not
    project in closed form its points get a gap.  Otherwise u_t is found
    numerically, at some eight checkpoints per decade, with a gap
    (:mod:`regretlab.regret.solvers.optimality_gap` says how), and once for all games that have
    the sequence, the set and the seed in common.

    Raises
    ------
    TypeError
        For an adaptive sequence that is not linear: its rounds cannot be asked
        again at another point.
    ValueError
        When F is unbounded, so that there need not be a best point.

    Warns
    -----
    ComparatorWarning
        Once for a game, when a gap is not small.
    """
    if is_linear(game):
        return _best(game, game.record)
    return _best(game, game.record.rows(_thinned(game.record.t, _SOLVED_PER_DECADE)))


def best_in_hindsight_at(game: Trajectory, rounds: ArrayLike) -> Comparators:
    """:func:`best_in_hindsight` at these checkpoints only: see :meth:`regretlab.Game.regret_at`."""
    asked = np.unique(np.asarray(rounds))
    if asked.size and asked.dtype.kind not in "iu":
        raise TypeError(f"rounds={rounds!r} must be integers")
    missing = np.setdiff1d(asked, game.record.t).tolist()
    if missing:
        first = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
        raise ValueError(
            f"rounds={rounds!r}: nothing is recorded at {first}; a game records the rounds that are given to it "
            "as checkpoints, the first and the last"
        )
    return _best(game, game.record.rows(np.searchsorted(game.record.t, asked).tolist()))


def _best(game: Trajectory, record: Record) -> Comparators:
    """The best points for the prefixes that end at the rounds of ``record``."""
    F = game.feasible_set
    if is_linear(game):
        return linear_comparators(record, F)
    check_oblivious(game)
    closed, points = getattr(game.losses, "best_in_hindsight", None), None
    if closed is not None and len(record.t):
        points, losses = closed(F, record.t, game.seed)
        if F.projection is not None or not F.bounded:
            return Comparators(record, points, losses, np.zeros(len(record.t)))
    check_bounded(F)
    return Comparators(record, *minimize_sums(game, record.t, points), solved=True)


def linear_comparators(record: Record, F: FeasibleSet) -> Comparators:
    """u_t = argmin_{u in F} <G_t, u> for the sums G_t of gradients of linear losses."""
    try:
        u = F.minimize_linear(record.gradient.sum(axis=1))
    except ValueError:
        check_bounded(F)
        raise
    return Comparators(record, u, _inner(record.gradient, u), np.zeros(len(record.t)))


def last_linear_regret(game: Trajectory) -> float:
    """R_T of a played game of linear losses on a bounded set."""
    record = game.record.rows(slice(-1, None))
    return float(total(record.loss)[0] - linear_comparators(record, game.feasible_set).loss[0])


def best_at_the_end(game: Trajectory) -> Comparators:
    """u = argmin_{v in F} sum_{s<=T} f_s(v) at every checkpoint: the best point for the whole horizon T.

    Of the gaps the last one alone can be above 0: at T the comparator should be
    the best point, before it is just a fixed one.  Errors and warnings are those of
    :func:`best_in_hindsight`.
    """
    best = _best(game, game.record.rows(slice(-1, None)))
    if not game.horizon:
        return best
    comparators = against(game, best.point[0])
    comparators.gap[-1] = best.gap[0]
    return comparators._replace(solved=best.solved)


def against(game: Trajectory, u: ArrayLike) -> Comparators:
    """One fixed comparator u in F at every checkpoint.

    Raises
    ------
    ValueError
        When u is not in F.
    TypeError
        For an adaptive sequence that is not linear.
    """
    d = game.state.point.size
    point = np.array(u, dtype=np.float64, ndmin=1)
    if point.shape != (d,) or not game.feasible_set.contains(point, 1e-12):
        raise ValueError(f"u={u!r} is not a point of {game.feasible_set!r}")
    record = game.record
    points = np.broadcast_to(point, (len(record.t), d))
    if is_linear(game):
        return Comparators(record, points, _inner(record.gradient, points), np.zeros(len(record.t)))
    check_oblivious(game)
    return Comparators(record, points, sums_at(game, record.t, point), np.zeros(len(record.t)))


def against_path(game: Trajectory, path: ArrayLike | Callable[[Rounds], ArrayLike]) -> Comparators:
    """A comparator u_1, u_2, ... that moves: see :meth:`regretlab.Game.dynamic_regret`."""
    check_oblivious(game)
    return Comparators(game.record, *follow(game, path))


def over_windows(game: Trajectory, lengths: ArrayLike | None = None, stride: int | None = None) -> pd.DataFrame:
    """The largest regret over windows of rounds: see :meth:`regretlab.Game.interval_regret`."""
    check_oblivious(game)
    check_bounded(game.feasible_set)
    return largest_regret(game, lengths, stride)


def regret_frame(comparators: Comparators) -> pd.DataFrame:
    """Columns loss, comparator_loss, regret, average_regret by round t; path_length and gap where there are any."""
    import pandas as pd

    t = comparators.record.t
    loss = total(comparators.record.loss)
    regret = loss - comparators.loss
    columns = {"loss": loss, "comparator_loss": comparators.loss, "regret": regret, "average_regret": regret / t}
    if comparators.path_length is not None:
        columns["path_length"] = comparators.path_length
    if comparators.gap.any() or (comparators.solved and len(t)):
        columns["gap"] = comparators.gap
    return pd.DataFrame(columns, index=pd.Index(t, name="t"))


def is_linear(game: Trajectory) -> bool:
    """Whether the losses are linear, so that sums of gradients say all about them."""
    return game.losses.linear


def check_oblivious(game: Trajectory) -> None:
    """``TypeError`` unless it is known what any point would have paid."""
    if not isinstance(game.losses, AdaptiveLosses | BlockLosses | ConvexLosses | RandomConvexLosses):
        raise TypeError(
            f"{type(game.losses).__name__} is neither linear nor oblivious, so what another point would have paid is "
            "not known; derive it from ConvexLosses, RandomConvexLosses, AdaptiveLosses, PredictionLosses or "
            "LinearLosses"
        )


def check_bounded(F: FeasibleSet) -> None:
    """``ValueError`` unless F is bounded."""
    if not F.bounded:
        raise ValueError(
            f"{F!r} is unbounded, so the regret against its best point is not known to be finite; "
            "game.regret_against(u) is the regret against a given one"
        )


def _inner(sums: Array, u: Array) -> Array:
    """(h,): <G_t, u_t> for sums (h, 2, d) of gradients."""
    return total(sums * u[:, None, :])


def _thinned(t: Rounds, per_decade: int) -> list[int]:
    """Indices of checkpoints a factor 10^(1/per_decade) apart, the first and the last always."""
    chosen: list[int] = []
    for i in range(len(t)):
        if i in (0, len(t) - 1) or t[i] >= t[chosen[-1]] * 10.0 ** (1.0 / per_decade):
            chosen.append(i)
    return chosen

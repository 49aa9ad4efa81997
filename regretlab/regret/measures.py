"""Regret of a played game: R_t = sum_{s<=t} f_s(x_s) - sum_{s<=t} f_s(u), for several choices of the comparator u.

A function that chooses comparators takes a :class:`~regretlab.engine.trajectory.Trajectory` and returns
:class:`Comparators`, which :func:`regret_frame` turns into a table.  h is the number of checkpoints, d the dimension.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regretlab._utils.blas import one_blas_thread
from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab._utils.validation import real_array
from regretlab.engine.checkpoints import Record
from regretlab.engine.trajectory import Trajectory
from regretlab.regret.claims import check_least
from regretlab.regret.closed_forms import closed_form
from regretlab.regret.dynamic import losses_along_path
from regretlab.regret.hindsight import minimize_sums, sums_at
from regretlab.regret.interval import interval_regret
from regretlab.regret.requirements import check_bounded, check_oblivious, slack_of
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
    "interval_regret",
    "last_linear_regret",
    "linear_comparators",
    "regret_frame",
]

_SOLVED_PER_DECADE = 8  # checkpoints with a best point, for losses that are not linear


class Comparators(NamedTuple):
    """Comparators at the h checkpoints of ``record``, and their cumulative losses."""

    record: Record
    point: Array
    """(h, d): u_t."""
    loss: Array
    """(h,): sum_{s<=t} f_s(u_t)."""
    gap: Array
    """(h,): upper bounds of ``loss`` - min_{u in F} sum_{s<=t} f_s(u), for u_t that a solver found.

    They are 0 for closed forms and for given comparators."""
    path_length: Array | None = None
    """(h,): sum_{2<=s<=t} ||u_s - u_{s-1}||_2 of a comparator that moves."""
    solved: bool = False
    """Whether a solver found the comparators, so that there is a gap."""


def total(sums: Array) -> Array:
    """(h,): the sum over the d coordinates, rounded once, of ``sums`` (h, 2, d): numbers and their rounding errors."""
    return np.array([math.fsum(row.ravel()) for row in sums])


@one_blas_thread()
def best_in_hindsight(game: Trajectory) -> Comparators:
    """u_t = argmin_{u in F} sum_{s<=t} f_s(u): the best point for the prefix that ends at a checkpoint t.

    The checkpoints are all of the game's for linear losses, and otherwise about eight of them per decade.

    * Linear losses: u_t minimises <G_t, u>, where G_t is the sum of the gradients that the learner received (from an
      adaptive adversary, too).
    * A sequence with a method ``best_in_hindsight(F, t, seed)``: the method gives u_t.  On a bounded set whose
      projection is not a closed form, a solver starts from there and gives a gap.
    * Other losses: a solver finds u_t, with a gap (:mod:`regretlab.regret.solvers.optimality_gap` says how).

    The results of solvers are cached for all games that have the sequence, the set and the seed in common.

    Raises
    ------
    TypeError
        For an adaptive sequence that is not linear: its losses at other points are not known.
    ValueError
        When F is unbounded, unless a closed form gives the best point.  When the losses are not convex, a gradient is
        wrong (:mod:`regretlab.regret.evidence`), or a closed form gives another sum.

    Warns
    -----
    ComparatorWarning
        Once for a game, when a gap is above 1e-8 (1 + max(|sum_s f_s(x_s)|, sum_s |f_s(u_t)|)).
    """
    if is_linear(game):
        return _best(game, game.record)
    return _best(game, game.record.rows(_thinned(game.record.t, _SOLVED_PER_DECADE)))


@one_blas_thread()
def best_in_hindsight_at(game: Trajectory, rounds: ArrayLike) -> Comparators:
    """The comparators of :func:`best_in_hindsight` at the checkpoints ``rounds`` only, in increasing order.

    Raises
    ------
    TypeError, ValueError
        As for :func:`best_in_hindsight`.  Also TypeError when ``rounds`` are not integers, and ValueError when a round
        is not a checkpoint.
    """
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
    """The best points for the prefixes that end at the checkpoints of ``record``."""
    F = game.feasible_set
    if is_linear(game):
        found = linear_comparators(record, F)
        if len(record.t):
            check_least(F, record.gradient[-1].sum(axis=0), found.point[-1], game.record.point)
        return found
    check_oblivious(game)
    closed, points = getattr(game.losses, "best_in_hindsight", None), None
    if closed is not None and len(record.t):
        points, losses = closed_form(game, record.t)
        if F.scalar_projection is not None or not F.bounded:
            return Comparators(record, points, losses, np.zeros(len(record.t)))
    check_bounded(F)
    return Comparators(record, *minimize_sums(game, record.t, points), solved=True)


def linear_comparators(record: Record, F: FeasibleSet) -> Comparators:
    """u_t = argmin_{u in F} <G_t, u> for linear losses, with G_t the sum of the gradients up to round t."""
    try:
        u = F.minimize_linear(record.gradient.sum(axis=1))
    except ValueError:
        check_bounded(F)
        raise
    return Comparators(record, u, _inner(record.gradient, u), np.zeros(len(record.t)))


def last_linear_regret(game: Trajectory) -> float:
    """R_T against the best point, for linear losses on a bounded set."""
    record = game.record.rows(slice(-1, None))
    return float(total(record.loss)[0] - linear_comparators(record, game.feasible_set).loss[0])


@one_blas_thread()
def best_at_the_end(game: Trajectory) -> Comparators:
    """u = argmin_{v in F} sum_{s<=T} f_s(v) at every checkpoint: the best point for the whole horizon T.

    Only the last gap can be above 0: before T, u is a given comparator.  Errors and warnings are those of
    :func:`best_in_hindsight`.
    """
    best = _best(game, game.record.rows(slice(-1, None)))
    if not game.horizon:
        return best
    comparators = against(game, best.point[0])
    comparators.gap[-1] = best.gap[0]
    return comparators._replace(solved=best.solved)


@one_blas_thread()
def against(game: Trajectory, u: ArrayLike) -> Comparators:
    """A given comparator u at every checkpoint.

    Parameters
    ----------
    game : Trajectory
    u : array (d,), or a number for d = 1
        A point of F.

    Raises
    ------
    ValueError
        When u is not in F, has another shape, or is not finite.
    TypeError
        When u is not made of real numbers; for an adaptive sequence that is not linear.
    """
    d = game.state.point.size
    point = np.atleast_1d(real_array("u", u, "(d,)", 0, 1))
    if point.shape != (d,) or not game.feasible_set.contains(point, slack_of(game.feasible_set)):
        raise ValueError(f"u={u!r} is not a point of {game.feasible_set!r}")
    record = game.record
    points = np.broadcast_to(point, (len(record.t), d))
    if is_linear(game):
        return Comparators(record, points, _inner(record.gradient, points), np.zeros(len(record.t)))
    check_oblivious(game)
    return Comparators(record, points, sums_at(game, record.t, point), np.zeros(len(record.t)))


@one_blas_thread()
def against_path(game: Trajectory, path: ArrayLike | Callable[[Rounds], ArrayLike]) -> Comparators:
    """A comparator that moves along a path u_1, u_2, ..., an array (T, d) or a function of rounds (n,).

    Raises
    ------
    ValueError
        For a wrong shape, NaN, or a point that is not in F.
    TypeError
        For an adaptive sequence that is not linear.
    """
    return Comparators(game.record, *losses_along_path(game, path))


def regret_frame(comparators: Comparators) -> pd.DataFrame:
    """A table by round t with the columns loss, comparator_loss, regret, average_regret.

    There is a column path_length for a comparator that moves, and a column gap for one that a solver found: R_t lies in
    [regret, regret + gap].
    """
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
    """Whether the losses are linear: then the sums of gradients determine the cumulative loss at any point."""
    return game.losses.linear


def _inner(sums: Array, u: Array) -> Array:
    """(h,): <G_t, u_t> for sums (h, 2, d) of gradients."""
    return total(sums * u[:, None, :])


def _thinned(t: Rounds, per_decade: int) -> list[int]:
    """Indices of checkpoints that are at least a factor 10^(1/per_decade) apart; the first and the last always."""
    chosen: list[int] = []
    for i in range(len(t)):
        if i in (0, len(t) - 1) or t[i] >= t[chosen[-1]] * 10.0 ** (1.0 / per_decade):
            chosen.append(i)
    return chosen

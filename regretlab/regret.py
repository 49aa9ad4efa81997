"""Regret of a played game: R_t = sum_{s<=t} f_s(x_s) - min_{u in F} sum_{s<=t} f_s(u)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regretlab._typing import Array, ArrayLike, Rounds
from regretlab.losses.base import AdaptiveLosses, ConvexLosses, LinearLosses, RandomConvexLosses
from regretlab.record import Record
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    import pandas as pd

    from regretlab.game import Game

__all__ = ["Comparators", "against", "best_in_hindsight", "regret_frame"]

_SOLVED_PER_DECADE = 8


class Comparators(NamedTuple):
    """Comparators at the checkpoints of ``record``, and what they paid.

    ``gap`` bounds how far ``loss`` may be above the minimum: it is 0 for closed
    forms, and the regret at a checkpoint lies in [R_t, R_t + gap].
    """

    record: Record
    point: Array
    loss: Array
    gap: Array


def total(sums: Array) -> Array:
    """(h,): the sums (h, 2, d) and their rounding errors added up over coordinates, exactly rounded."""
    return np.array([math.fsum(row.ravel()) for row in sums])


def best_in_hindsight(game: Game) -> Comparators:
    """u_t = argmin_{u in F} sum_{s<=t} f_s(u) for every checkpoint t: the best point for the prefix.

    For linear losses u_t minimises <G_t, u>, with G_t the sum of the gradients
    that were played (adaptive adversaries included); otherwise it is found
    numerically at some eight checkpoints per decade (:mod:`regretlab.solve`).

    Raises
    ------
    TypeError
        For an adaptive sequence that is not linear: its rounds cannot be asked
        again at another point.
    """
    record = game.record
    if isinstance(game.losses, LinearLosses | AdaptiveLosses):
        return linear_comparators(record, game.feasible_set)
    _check_oblivious(game)
    from regretlab.solve import minimize_sums  # scipy is imported when used

    record = record.rows(_thinned(record.t, _SOLVED_PER_DECADE))
    return Comparators(record, *minimize_sums(game, record.t))


def linear_comparators(record: Record, F: FeasibleSet) -> Comparators:
    """u_t = argmin_{u in F} <G_t, u> for the sums G_t of gradients of linear losses."""
    u = F.minimize_linear(record.gradient.sum(axis=1))
    return Comparators(record, u, _inner(record.gradient, u), np.zeros(len(record.t)))


def against(game: Game, u: ArrayLike) -> Comparators:
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
    if isinstance(game.losses, LinearLosses | AdaptiveLosses):
        return Comparators(record, points, _inner(record.gradient, points), np.zeros(len(record.t)))
    _check_oblivious(game)
    from regretlab.solve import sums_at

    return Comparators(record, points, sums_at(game, record.t, point), np.zeros(len(record.t)))


def regret_frame(comparators: Comparators) -> pd.DataFrame:
    """Columns loss, comparator_loss, regret, average_regret by round t; and gap where there is one."""
    import pandas as pd

    t = comparators.record.t
    loss = total(comparators.record.loss)
    regret = loss - comparators.loss
    columns = {"loss": loss, "comparator_loss": comparators.loss, "regret": regret, "average_regret": regret / t}
    if comparators.gap.any():
        columns["gap"] = comparators.gap
    return pd.DataFrame(columns, index=pd.Index(t, name="t"))


def _check_oblivious(game: Game) -> None:
    if not isinstance(game.losses, ConvexLosses | RandomConvexLosses):
        raise TypeError(
            f"{type(game.losses).__name__} is neither linear nor oblivious, so what another point would have paid is "
            "not known; derive it from ConvexLosses, RandomConvexLosses, AdaptiveLosses or LinearLosses"
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

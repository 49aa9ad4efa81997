"""Whether what a sequence or a set says of itself is so: the same losses again, least points.

A claim that does not hold is a ``ValueError`` that shows where.
"""

from __future__ import annotations

import numpy as np

from regretlab._utils.extending import shipped
from regretlab._utils.types import Array
from regretlab.engine.trajectory import Trajectory
from regretlab.regret.cumulative_loss import Sums
from regretlab.regret.evidence import SLACK
from regretlab.sets import FeasibleSet

__all__ = ["check_least", "check_unchanged"]

_CHECKED = 8  # rounds


def check_unchanged(game: Trajectory, loss: Sums) -> None:
    """Raise ``ValueError`` when the losses paid in the first rounds are others now: the sequence has changed."""
    record = game.record
    paid = np.diff(record.loss.sum(axis=(1, 2)), prepend=0.0)
    for i in np.flatnonzero(np.diff(record.t, prepend=0) == 1)[:_CHECKED]:
        t, x = int(record.t[i]), record.point[i]
        now = float(loss.along(x[None].copy(), t)[0])
        if abs(now - paid[i]) > SLACK * max(abs(now), float(np.abs(record.loss[: i + 1]).sum())):
            raise ValueError(
                f"{type(game.losses).__name__} has changed since the game was played: x_{t} = {x} paid {paid[i]:.6g} "
                f"in round {t}, and would pay {now:.6g} now; a sequence must give the same losses at every call"
            )


def check_least(feasible_set: FeasibleSet, G: Array, u: Array, played: Array) -> None:
    """Raise ``ValueError`` when u is not in F, or <G, v> < <G, u> at a point v that was played or is a projection.

    Sets of this package are trusted.
    """
    if shipped(type(feasible_set)) or not len(played):
        return
    F, name = feasible_set, type(feasible_set).__name__
    size = float(np.abs(G).max()) or 1.0
    far = 100.0 * float(F.diameter(2)) if F.bounded else 1.0
    others = np.vstack([played, F.project(u - far * G / size), F.project(u - far * np.sign(G))])
    scale = float(np.abs(G) @ np.maximum(np.abs(u), np.abs(others).max(axis=0)))
    least = others[int((others @ G).argmin())]
    if not F.contains(u, SLACK) or float(G @ least) < float(G @ u) - SLACK * scale:
        raise ValueError(
            f"{name}.minimize_linear({G}) is {u}, where <c, u> = {float(G @ u):.6g}; but {least} is a point of the "
            f"set, too, and <c, u> = {float(G @ least):.6g} there; see check_set"
        )

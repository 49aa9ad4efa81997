"""Whether what a sequence or a set says of itself is so: linear losses, the same losses again, least points.

A claim that does not hold is a ``ValueError`` that shows where.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from regretlab._utils.extending import shipped
from regretlab._utils.types import Array
from regretlab.engine.trajectory import Trajectory
from regretlab.losses.base import AdaptiveLosses, LinearLosses
from regretlab.regret.cumulative_loss import Sums
from regretlab.regret.evidence import SLACK, points_of, value_at
from regretlab.sets import FeasibleSet

__all__ = ["check_least", "check_linear", "check_unchanged"]

_EXACT = 1e-9  # relative difference of two ways to compute the same number
_CHECKED = 8  # rounds

_LINEAR: WeakKeyDictionary[Trajectory, int] = WeakKeyDictionary()
"""For each game whose losses were found to be linear, the rounds that this took."""


def check_linear(game: Trajectory) -> None:
    """Raise ``ValueError`` when the losses say that they are linear, and f_t(v) is not <g_t, v> in some round t.

    Every round is tried, at the points that were played.  For classes whose f_t is linear by construction, nothing is
    to be done.
    """
    if not game.losses.linear:
        return
    kind = next((base for base in (LinearLosses, AdaptiveLosses) if isinstance(game.losses, base)), None)
    if kind is not None and type(game.losses).reveal is kind.reveal:
        return
    state, points = (
        game.learner.start(game.feasible_set, game.record.point[0] if game.horizon else None),
        points_of(game),
    )
    for s in range(1, game.horizon + 1 if _LINEAR.get(game, 0) < game.horizon else 0):
        f = game.losses.reveal(s, state.point, game.seed)
        g = np.asarray(f.gradient(state.point), dtype=np.float64)
        claimed, values = points @ g, np.array([value_at(f, v) for v in points])
        if not np.allclose(values, claimed, rtol=_EXACT, atol=_EXACT * float((np.abs(points) @ np.abs(g)).max())):
            i = int(np.abs(values - claimed).argmax())
            raise ValueError(
                f"{type(game.losses).__name__} says linear = True, but in round {s} f_{s}(u) = {values[i]:.6g} at "
                f"u = {points[i]}, where <g_{s}, u> = {claimed[i]:.6g}; leave out linear = True"
            )
        state = game.learner.update(state, g)
    _LINEAR[game] = game.horizon


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

"""Which games are played side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regretlab.engine.callback import CallbackBatch
from regretlab.engine.compiled import JointBatch, SeparableBatch
from regretlab.engine.interpreted import InterpretedGame
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.base import Algorithm1
from regretlab.losses.base import LinearLosses
from regretlab.losses.linear_predictions import PredictionLosses
from regretlab.sets import Box, FeasibleSet, Product

__all__ = ["Batch", "group"]

_CELLS = 256  # cells in a batch: their arrays stay in the first-level cache

Batch = SeparableBatch | JointBatch | CallbackBatch | InterpretedGame


def group(games: Sequence[Trajectory]) -> list[Batch]:
    """Games that can share a compiled loop become lanes; each other game is by itself."""
    kinds: dict[Any, list[Trajectory]] = {}
    result: list[Batch] = []
    for game in games:
        if (key := _grouping_key(game)) is None:
            result.append(InterpretedGame(game))
        else:
            kinds.setdefault((*key, game.horizon, game.checkpoints), []).append(game)
    for (lanes, *_), kind in kinds.items():
        n = max(1, _CELLS // kind[0].state.point.size)
        result += [lanes(kind[i : i + n]) for i in range(0, len(kind), n)]
    return result


def _grouping_key(game: Trajectory) -> tuple[Any, ...] | None:
    """The kind of lanes a game can be in, and what it must share with the others there; None if it is by itself."""
    learner, losses, F = game.learner, game.losses, game.feasible_set
    if not isinstance(learner, Algorithm1) or type(learner).update is not Algorithm1.update:
        return None
    rule = (learner.signature(), _shapes(learner), tuple(game.state.ledger), game.state.point.size)
    if isinstance(losses, LinearLosses) and type(F) is Box:
        return SeparableBatch, *rule
    if F.projection is None or type(F)._project not in (FeasibleSet._project, Product._project):
        return None
    joint = (*rule, F.projection, F.parameters().size)
    if isinstance(losses, LinearLosses):
        return JointBatch, *joint
    return (JointBatch, *joint, id(losses)) if isinstance(losses, PredictionLosses) else (CallbackBatch, *joint)


def _shapes(learner: Algorithm1) -> object:
    """What schedules must share to be played side by side; if they cannot be compared, the learner itself."""
    shapes = tuple(schedule.same_shape() for schedule in learner.schedules.values())
    try:
        hash(shapes)
    except TypeError:
        return id(learner)
    return shapes

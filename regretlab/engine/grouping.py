"""Which games share a compiled loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regretlab.engine.batch import Batch
from regretlab.engine.callback import CallbackBatch
from regretlab.engine.interpreted import InterpretedGame
from regretlab.engine.joint import JointBatch
from regretlab.engine.separable import SeparableBatch
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.base import Algorithm1
from regretlab.losses.base import LinearLosses
from regretlab.losses.linear_predictions import PredictionLosses
from regretlab.sets import Box, FeasibleSet, Product

__all__ = ["group"]

_CELLS = 256  # cells in a batch at most, if it has several games: their arrays stay in the first-level cache


def group(games: Sequence[Trajectory]) -> list[Batch]:
    """The games in batches: games that can share a compiled loop are together, every other game is alone."""
    sharing: dict[Any, list[Trajectory]] = {}
    result: list[Batch] = []
    for game in games:
        if (key := _grouping_key(game)) is None:
            result.append(InterpretedGame(game))
        else:
            sharing.setdefault((*key, game.horizon, game.checkpoints), []).append(game)
    for (kind, *_), alike in sharing.items():
        n = max(1, _CELLS // alike[0].state.point.size)
        result += [kind(alike[i : i + n]) for i in range(0, len(alike), n)]
    return result


def _grouping_key(game: Trajectory) -> tuple[Any, ...] | None:
    """The class of batch for a game, then what all games of that batch share; None if no compiled loop can play it."""
    learner, losses, F = game.learner, game.losses, game.feasible_set
    if not isinstance(learner, Algorithm1) or type(learner).update is not Algorithm1.update:
        return None
    rule = (learner.signature(), _same_shapes(learner), tuple(game.state.ledger), game.state.point.size)
    if isinstance(losses, LinearLosses) and type(F) is Box:
        return SeparableBatch, *rule
    if F.projection is None or type(F)._project not in (FeasibleSet._project, Product._project):
        return None
    joint = (*rule, F.projection, F.parameters().size)
    if isinstance(losses, LinearLosses):
        return JointBatch, *joint
    return (JointBatch, *joint, id(losses)) if isinstance(losses, PredictionLosses) else (CallbackBatch, *joint)


def _same_shapes(learner: Algorithm1) -> object:
    """The shapes of a learner's schedules, or the learner's ``id`` if a shape cannot be hashed.

    Learners with equal shapes share a batch; the scales of their schedules may differ.
    """
    shapes = tuple(schedule.same_shape() for schedule in learner.schedules.values())
    try:
        hash(shapes)
    except TypeError:
        return id(learner)
    return shapes

"""Which games share a compiled loop."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from types import NoneType
from typing import Any

from regretlab._utils.extending import shipped
from regretlab.engine.batch import Batch
from regretlab.engine.callback import CallbackBatch
from regretlab.engine.interpreted import InterpretedGame
from regretlab.engine.joint import JointBatch
from regretlab.engine.separable import SeparableBatch
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.base import Algorithm1
from regretlab.losses.base import LinearLosses
from regretlab.losses.linear_predictions import PredictionLosses
from regretlab.schedules import Constant, Inverse, InverseSqrt, OneMinusInverse, Schedule, Values
from regretlab.sets import Box

__all__ = ["group"]

_NO_MORE = (Constant, Inverse, InverseSqrt, OneMinusInverse)  # schedules with no field but the scale

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
    names = (learner.kept, tuple(learner.schedules), learner.rests_at_zero)
    rule = (learner.signature(), names, _same_shapes(learner), tuple(game.state.ledger), game.state.point.size)
    if isinstance(losses, LinearLosses) and type(F) is Box:
        return SeparableBatch, *rule
    if F.scalar_projection is None:
        return None
    joint = (*rule, F.scalar_projection, F.numbers().size)
    if isinstance(losses, LinearLosses):
        return JointBatch, *joint
    return (JointBatch, *joint, id(losses)) if isinstance(losses, PredictionLosses) else (CallbackBatch, *joint)


def _same_shapes(learner: Algorithm1) -> object:
    """What decides the values of a learner's schedules, up to their scales.

    Learners for which it is the same share a batch.  A user may define what ``==`` means, hence it is not asked.
    Whether a user's values are in their range depends on the scale.
    """
    return tuple(type(s) if type(s) in _NO_MORE else _content(s) for s in learner.schedules.values())


def _content(value: object) -> object:
    """A number, a text or a schedule by its content; anything else by identity."""
    if isinstance(value, Schedule):
        scaled = not shipped(type(value)) or type(value) is Values
        parts = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        parts |= vars(value) | {"scale": value.scale if scaled else 1.0}
        return (type(value), *((name, _content(part)) for name, part in sorted(parts.items())))
    return (type(value), repr(value)) if type(value) in (int, float, bool, str, NoneType) else id(value)

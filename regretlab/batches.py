"""Which games are played side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from regretlab.lanes import JointLanes, LinearLanes
from regretlab.learners.base import Algorithm1
from regretlab.losses.base import LinearLosses
from regretlab.losses.regression import LinkLosses
from regretlab.one_by_one import OneByOne
from regretlab.sets import Box, FeasibleSet, Product
from regretlab.told import ToldLanes

if TYPE_CHECKING:
    from regretlab.game import Game

__all__ = ["Batch", "batches"]

_CELLS = 256  # cells in a batch: their arrays stay in the first-level cache

Batch = LinearLanes | JointLanes | ToldLanes | OneByOne


def batches(games: Sequence[Game]) -> list[Batch]:
    """Games that can share a compiled loop become lanes; each other game is by itself."""
    kinds: dict[Any, list[Game]] = {}
    result: list[Batch] = []
    for game in games:
        if (form := _form(game)) is None:
            result.append(OneByOne(game))
        else:
            kinds.setdefault((*form, game.horizon, game.checkpoints), []).append(game)
    for (lanes, *_), kind in kinds.items():
        n = max(1, _CELLS // kind[0].state.point.size)
        result += [lanes(kind[i : i + n]) for i in range(0, len(kind), n)]
    return result


def _form(game: Game) -> tuple[Any, ...] | None:
    """The kind of lanes a game can be in, and what it must share with the others there; None if it is by itself."""
    learner, losses, F = game.learner, game.losses, game.feasible_set
    if not isinstance(learner, Algorithm1) or type(learner).update is not Algorithm1.update:
        return None
    rule = (learner.signature(), _shapes(learner), tuple(game.state.ledger), game.state.point.size)
    if isinstance(losses, LinearLosses) and type(F) is Box:
        return LinearLanes, *rule
    if F.projection is None or type(F)._project not in (FeasibleSet._project, Product._project):
        return None
    joint = (*rule, F.projection, F.parameters().size)
    if isinstance(losses, LinearLosses):
        return JointLanes, *joint
    return (JointLanes, *joint, id(losses)) if isinstance(losses, LinkLosses) else (ToldLanes, *joint)


def _shapes(learner: Algorithm1) -> object:
    """What schedules must share to be played side by side; if they cannot be compared, the learner itself."""
    shapes = tuple(schedule.same_shape() for schedule in learner.schedules.values())
    try:
        hash(shapes)
    except TypeError:
        return id(learner)
    return shapes

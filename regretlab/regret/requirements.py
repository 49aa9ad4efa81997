"""What a regret requires of the losses and the set of a game."""

from __future__ import annotations

from regretlab.engine.trajectory import Trajectory
from regretlab.losses.base import AdaptiveLosses, BlockLosses, ConvexLosses, RandomConvexLosses
from regretlab.sets import FeasibleSet

__all__ = ["check_bounded", "check_oblivious", "slack_of"]


def check_oblivious(game: Trajectory) -> None:
    """Raise ``TypeError`` unless the game's losses can be evaluated at any point."""
    if not isinstance(game.losses, AdaptiveLosses | BlockLosses | ConvexLosses | RandomConvexLosses):
        raise TypeError(
            f"{type(game.losses).__name__} is neither linear nor oblivious, so what another point would have paid is "
            "not known; derive it from ConvexLosses, RandomConvexLosses, AdaptiveLosses, PredictionLosses or "
            "LinearLosses"
        )


def check_bounded(F: FeasibleSet) -> None:
    """Raise ``ValueError`` unless F is bounded."""
    if not F.bounded:
        raise ValueError(
            f"{F!r} is unbounded, so the regret against its best point is not known to be finite; "
            "game.regret_against(u) is the regret against a given one"
        )


def slack_of(F: FeasibleSet) -> float:
    """By how much a given comparator may lie outside F: 1e-12, or less in a set that is smaller than 1."""
    return 1e-12 * min(1.0, float(F.diameter())) if F.bounded else 1e-12

"""Loss sequences: the adversary's side of the game."""

from regretlab.losses.adaptive import Opposing
from regretlab.losses.base import (
    AdaptiveLosses,
    ConvexLosses,
    LinearLosses,
    Loss,
    Losses,
    RandomConvexLosses,
    RandomLinearLosses,
)
from regretlab.losses.counterexamples import Mod3, Periodic, PeriodicLosses, ReddiOnline, ReddiTheorem2
from regretlab.losses.stochastic import Rademacher, RandomLinear, ReddiStochastic, ReddiTheorem3

__all__ = [
    "AdaptiveLosses",
    "ConvexLosses",
    "LinearLosses",
    "Loss",
    "Losses",
    "Mod3",
    "Opposing",
    "Periodic",
    "PeriodicLosses",
    "Rademacher",
    "RandomConvexLosses",
    "RandomLinear",
    "RandomLinearLosses",
    "ReddiOnline",
    "ReddiStochastic",
    "ReddiTheorem2",
    "ReddiTheorem3",
]

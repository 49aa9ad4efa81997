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
from regretlab.losses.links import Absolute, Hinge, Huber, Link, Logistic, Quantile, Squared
from regretlab.losses.regression import Examples, LinkLosses, RandomLinkLosses
from regretlab.losses.stochastic import Rademacher, RandomLinear, ReddiStochastic, ReddiTheorem3

__all__ = [
    "Absolute",
    "AdaptiveLosses",
    "ConvexLosses",
    "Examples",
    "Hinge",
    "Huber",
    "LinearLosses",
    "Link",
    "LinkLosses",
    "Logistic",
    "Loss",
    "Losses",
    "Mod3",
    "Opposing",
    "Periodic",
    "PeriodicLosses",
    "Quantile",
    "Rademacher",
    "RandomConvexLosses",
    "RandomLinear",
    "RandomLinearLosses",
    "RandomLinkLosses",
    "ReddiOnline",
    "ReddiStochastic",
    "ReddiTheorem2",
    "ReddiTheorem3",
    "Squared",
]

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
from regretlab.losses.data import mnist, read_idx
from regretlab.losses.examples import Examples, OverExamples, SampledExamples, ShuffledExamples
from regretlab.losses.links import Absolute, Hinge, Huber, Linear, Link, Logistic, Quantile, Squared
from regretlab.losses.quadratic import CirclingQuadratics, PeriodicQuadratics, Quadratics, WalkingQuadratics
from regretlab.losses.random_convex import RandomAbsolute, RandomLeastSquares, RandomLogistic, RandomModel
from regretlab.losses.regression import LinkLosses, RandomLinkLosses
from regretlab.losses.softmax import SampledSoftmaxRegression, ShuffledSoftmaxRegression, SoftmaxRegression
from regretlab.losses.stochastic import Rademacher, RandomLinear, ReddiStochastic, ReddiTheorem3

__all__ = [
    "Absolute",
    "AdaptiveLosses",
    "CirclingQuadratics",
    "ConvexLosses",
    "Examples",
    "Hinge",
    "Huber",
    "Linear",
    "LinearLosses",
    "Link",
    "LinkLosses",
    "Logistic",
    "Loss",
    "Losses",
    "Mod3",
    "Opposing",
    "OverExamples",
    "Periodic",
    "PeriodicLosses",
    "PeriodicQuadratics",
    "Quadratics",
    "Quantile",
    "Rademacher",
    "RandomAbsolute",
    "RandomConvexLosses",
    "RandomLeastSquares",
    "RandomLinear",
    "RandomLinearLosses",
    "RandomLinkLosses",
    "RandomLogistic",
    "RandomModel",
    "ReddiOnline",
    "ReddiStochastic",
    "ReddiTheorem2",
    "ReddiTheorem3",
    "SampledExamples",
    "SampledSoftmaxRegression",
    "ShuffledExamples",
    "ShuffledSoftmaxRegression",
    "SoftmaxRegression",
    "Squared",
    "WalkingQuadratics",
    "mnist",
    "read_idx",
]

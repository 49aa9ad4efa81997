"""Loss sequences: the adversary's side of the game."""

from regretlab.losses.adaptive import SignAdversary
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
from regretlab.losses.examples import Examples, OverExamples, SampledExamples, ShuffledExamples
from regretlab.losses.idx_files import mnist, read_idx
from regretlab.losses.linear_predictions import PredictionLosses, RandomPredictionLosses
from regretlab.losses.pointwise import Absolute, Hinge, Huber, Linear, Logistic, PointwiseLoss, Quantile, Squared
from regretlab.losses.quadratic import CirclingQuadratics, PeriodicQuadratics, Quadratics, WalkingQuadratics
from regretlab.losses.random_convex import RandomAbsolute, RandomLeastSquares, RandomLogistic, RandomModel
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
    "Logistic",
    "Loss",
    "Losses",
    "Mod3",
    "OverExamples",
    "Periodic",
    "PeriodicLosses",
    "PeriodicQuadratics",
    "PointwiseLoss",
    "PredictionLosses",
    "Quadratics",
    "Quantile",
    "Rademacher",
    "RandomAbsolute",
    "RandomConvexLosses",
    "RandomLeastSquares",
    "RandomLinear",
    "RandomLinearLosses",
    "RandomLogistic",
    "RandomModel",
    "RandomPredictionLosses",
    "ReddiOnline",
    "ReddiStochastic",
    "ReddiTheorem2",
    "ReddiTheorem3",
    "SampledExamples",
    "SampledSoftmaxRegression",
    "ShuffledExamples",
    "ShuffledSoftmaxRegression",
    "SignAdversary",
    "SoftmaxRegression",
    "Squared",
    "WalkingQuadratics",
    "mnist",
    "read_idx",
]


def __dir__() -> list[str]:
    return __all__

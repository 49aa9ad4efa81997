"""The loops over rounds, compiled or interpreted, and the scalar arithmetic that they share with ``learner.update``.

All compiling is done here.  A loop is composed of a learner's rule, an oracle for the
gradients and a projection.
"""

from regretlab.kernels.joint import (
    PointwiseOracle,
    compose_joint,
    prediction_loss,
    reveal_given,
    reveal_linear,
    reveal_with,
)
from regretlab.kernels.linear import Loops, cell_gradient, compose, row_gradient
from regretlab.kernels.rule import (
    RuleCall,
    checked_step,
    clip,
    positive_weights,
    resting_step,
    scaled_step,
    traced,
    two_sum,
)

__all__ = [
    "Loops",
    "PointwiseOracle",
    "RuleCall",
    "cell_gradient",
    "checked_step",
    "clip",
    "compose",
    "compose_joint",
    "positive_weights",
    "prediction_loss",
    "resting_step",
    "reveal_given",
    "reveal_linear",
    "reveal_with",
    "row_gradient",
    "scaled_step",
    "traced",
    "two_sum",
]

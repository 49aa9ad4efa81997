"""Compiled loops over rounds, and the scalar arithmetic they share with stepping by hand."""

from regretlab.kernels.joint import (
    PointwiseOracle,
    compose_joint,
    prediction_loss,
    reveal_given,
    reveal_linear,
    reveal_with,
)
from regretlab.kernels.linear import Loops, cell_gradient, compose, row_gradient
from regretlab.kernels.rule import RuleCall, clip, positive_weights, scaled_step, two_sum

__all__ = [
    "Loops",
    "PointwiseOracle",
    "RuleCall",
    "cell_gradient",
    "clip",
    "compose",
    "compose_joint",
    "positive_weights",
    "prediction_loss",
    "reveal_given",
    "reveal_linear",
    "reveal_with",
    "row_gradient",
    "scaled_step",
    "two_sum",
]

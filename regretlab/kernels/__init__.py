"""Compiled loops over rounds, and the scalar arithmetic they share with stepping by hand."""

from regretlab.kernels.joint import (
    LinkOracle,
    compose_joint,
    link_loss,
    reveal_linear,
    reveal_told,
    reveal_with,
)
from regretlab.kernels.linear import Loops, compose, each, shared
from regretlab.kernels.rule import Binding, clip, positive_weights, scaled_step, two_sum

__all__ = [
    "Binding",
    "LinkOracle",
    "Loops",
    "clip",
    "compose",
    "compose_joint",
    "each",
    "link_loss",
    "positive_weights",
    "reveal_linear",
    "reveal_told",
    "reveal_with",
    "scaled_step",
    "shared",
    "two_sum",
]

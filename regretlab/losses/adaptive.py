"""Adversaries that choose the loss after they have seen the learner's point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regretlab._utils.types import Array
from regretlab._utils.validation import positive
from regretlab.losses.arguments import dimension
from regretlab.losses.base import AdaptiveLosses

__all__ = ["SignAdversary"]


@dataclass(frozen=True)
class SignAdversary(AdaptiveLosses):
    """f_t(u) = slope <sign(x_t), u> with sign(0) := 1: the learner always pays slope ||x_t||_1.

    The regret R_T = slope sum_t ||x_t||_1 - min_u <g_1 + ... + g_T, u> evaluates u
    on the gradients that this learner received; another learner receives others.
    """

    d: int = 1
    slope: float = 1.0

    def __post_init__(self) -> None:
        dimension(d=self.d)
        positive(slope=self.slope)

    @property
    def dimension(self) -> int:  # type: ignore[override]
        return self.d

    def answer(self, t: int, x: Array) -> Array:
        return np.where(x >= 0.0, self.slope, -self.slope)

"""The doubling trick: a learner that needs to know the horizon, played without knowing it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from regretlab._utils.types import ArrayLike
from regretlab.learners.base import Algorithm1, Learner, State
from regretlab.schedules import Constant
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    from regretlab.losses.base import Losses

__all__ = ["DoublingTrick"]


@dataclass(frozen=True)
class DoublingTrick(Learner):
    """In the rounds 2^k, ..., 2^{k+1} - 1 the learner with alpha_t = alpha / sqrt(2^k), its memory begun anew.

    ``learner`` has a constant stepsize, ``Constant(alpha)``, that for a horizon of one round; for a
    horizon T it would be alpha / sqrt(T).  The point is kept from one phase to the next.

    Guarantee: where the learner with alpha / sqrt(T) has R_T <= c sqrt(T) for every T and start, R_T <=
    sqrt(2)/(sqrt(2) - 1) c sqrt(T), without knowing T (Cesa-Bianchi, Lugosi 2006, Section 2.3).

    Raises
    ------
    TypeError
        For a learner that is not of Algorithm 1 with a constant stepsize.
    """

    learner: Algorithm1

    def __post_init__(self) -> None:
        if not isinstance(self.learner, Algorithm1) or not isinstance(self.learner.schedules["alpha"], Constant):
            raise TypeError(
                f"learner={self.learner!r} must be in the form of Algorithm 1 with a constant stepsize, "
                "e.g. OGD(alpha=Constant(1.0))"
            )

    def check(self, losses: Losses) -> None:
        self.learner.check(losses)

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        return self.learner.start(feasible_set, point)

    def update(self, state: State, gradient: ArrayLike) -> State:
        t = state.t + 1
        first = 1 << (t.bit_length() - 1)  # 2^k, the first round of the phase
        alpha = float(self.learner.schedules["alpha"].scale) / np.sqrt(first)
        now = dataclasses.replace(self.learner, alpha=Constant(alpha))
        if t == first:
            state = now.start(state.feasible_set, state.point)
        after = now.update(dataclasses.replace(state, t=t - first), gradient)
        return dataclasses.replace(after, t=t)

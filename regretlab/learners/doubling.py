"""The doubling trick: plays a learner whose stepsize needs the horizon T, without knowing T."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import ArrayLike
from regretlab.learners.base import Algorithm1
from regretlab.learners.combinators import Combinator, Wrapper
from regretlab.learners.state import State
from regretlab.schedules import Constant

__all__ = ["DoublingTrick"]


@dataclass(frozen=True)
class DoublingTrick(Wrapper):
    """The learner with alpha_t = alpha / sqrt(2^k) in rounds 2^k, ..., 2^{k+1} - 1, its moments reset to 0 before 2^k.

    ``learner`` has the constant stepsize alpha that suits a horizon T = 1; alpha / sqrt(T) would suit
    a horizon T.  A phase starts at the point where the previous one ended.

    Guarantee: if the learner with alpha / sqrt(T) has R_T <= c sqrt(T) for every T and every x_1, then
    R_T <= sqrt(2)/(sqrt(2) - 1) c sqrt(T) without knowing T (Cesa-Bianchi, Lugosi 2006, Section 2.3).

    Raises
    ------
    TypeError
        For a learner that is not in the form of Algorithm 1 with a constant stepsize.
    """

    learner: Algorithm1

    def __post_init__(self) -> None:
        if not isinstance(self.learner, Algorithm1) or not unchanged(self.learner.schedules["alpha"], Constant):
            raise TypeError(
                f"learner={self.learner!r} must be in the form of Algorithm 1 with a constant stepsize, "
                "e.g. OGD(alpha=Constant(1.0))"
            )
        super().__post_init__()

    def update(self, state: State, gradient: ArrayLike) -> State:
        t = state.t + 1
        first = 1 << (t.bit_length() - 1)  # 2^k, the first round of the phase
        alpha = float(self.learner.schedules["alpha"].scale) / np.sqrt(first)
        learner = _with_stepsize(self.learner, Constant(alpha))
        if t == first:
            state = learner.start(state.feasible_set, state.point)
        after = learner.update(dataclasses.replace(state, t=t - first), gradient)
        return dataclasses.replace(after, t=t)


def _with_stepsize(learner: Algorithm1, alpha: Constant) -> Algorithm1:
    """The learner with another alpha, which in a combinator is that of its innermost learner."""
    if isinstance(learner, Combinator):
        return dataclasses.replace(learner, learner=_with_stepsize(learner.learner, alpha))
    return dataclasses.replace(learner, alpha=alpha)

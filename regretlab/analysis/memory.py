"""How many numbers a learner keeps between rounds, counted in its state."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from regretlab.learners import Learner, State
from regretlab.sets import Box, Simplex

__all__ = ["Memory", "memory"]

_SIZES = (3, 6, 9)  # dimensions in which a state is counted


class Memory(NamedTuple):
    """A learner keeps matrix d^2 + per_coordinate d + fixed numbers besides the point x_t in R^d."""

    per_coordinate: int
    matrix: int = 0
    fixed: int = 0
    names: tuple[str, ...] = ()
    """What the state calls them."""

    def __str__(self) -> str:
        each = [("d" if self.matrix == 1 else f"{self.matrix} d") if self.matrix else "", str(self.per_coordinate)]
        text = " + ".join(part for part in each if part and part != "0") or "0"
        text += " per coordinate besides x" + (f" and {self.fixed} more" if self.fixed else "")
        return f"{text}: {', '.join(self.names)}" if self.names else text


def memory(learner: Learner) -> Memory:
    """The numbers that a learner keeps besides x_t, counted in its states after a round in R^3, R^6 and R^9.

    The set is the box [-1, 1]^d, or the simplex for a learner that does not play on boxes.
    """
    states = [_after_a_round(learner, d) for d in _SIZES]
    counts = [sum(moment.size for moment in state.moments.values()) for state in states]
    matrix, per_coordinate, fixed = np.rint(np.linalg.solve(np.vander(_SIZES), counts)).astype(int).tolist()
    return Memory(per_coordinate, matrix, fixed, tuple(states[0].moments))


def _after_a_round(learner: Learner, d: int) -> State:
    try:
        state = learner.start(Box(-1.0, 1.0).with_dimension(d))
    except ValueError:  # it needs a simplex
        state = learner.start(Simplex(d))
    return learner.update(state, np.full(d, 1.0 / d))

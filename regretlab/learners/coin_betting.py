"""Coin betting: learners without a stepsize."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import ArrayLike
from regretlab.learners.hyperparameters import POSITIVE
from regretlab.learners.state import State, first_state
from regretlab.learners.vector import VectorLearner
from regretlab.schedules import Constant
from regretlab.sets import Box, FeasibleSet

__all__ = ["CoinBetting"]


@dataclass(frozen=True)
class CoinBetting(VectorLearner):
    """x_{t+1} = Pi_F(x_1 + w_{t+1}),   w_{t+1} = (theta_t / (t + 1)) (scale + sum_{s<=t} c_s w_s),
    theta_t = sum_{s<=t} c_s,   c_t = -g_t / G, but 0 where that would move w_t further out of F.

    Each coordinate is played on its own, on a box.  Orabona, Pal (2016), arXiv:1602.04128: the bets of the
    Krichevsky-Trofimov estimator, without a stepsize.  ``scale`` is the initial wealth, in units
    of x; ``G`` is an upper bound on all |g_{t,i}|.  The one-dimensional reduction of
    Cutkosky, Orabona (2018), arXiv:1802.06293, handles the box.

    Guarantee: for every u, with r_i = |u_i - x_{1,i}|,
    R_T(u) <= G sum_i [ scale + r_i sqrt(T ln(1 + 24 T^2 r_i^2 / scale^2)) ].

    Raises
    ------
    ValueError
        By ``start``, when the set is not a box; by ``update``, when some |g_{t,i}| is larger than G.
    """

    G: float = 1.0
    scale: float = 1.0

    moment_names = ("x1", "w", "theta", "gain")
    ranges: ClassVar = {"G": POSITIVE, "scale": POSITIVE}

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, schedule in self.schedules.items():
            if not unchanged(schedule, Constant):
                raise TypeError(f"{name}={getattr(self, name)!r} must be a number")

    @property
    def largest_gradient(self) -> float:
        """G, the bound on every |g_{t,i}|."""
        return self.value("G", 1)

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = first_state(feasible_set, point, self.moment_names)
        if not unchanged(state.feasible_set, Box):
            raise ValueError(f"feasible_set={state.feasible_set!r}: CoinBetting needs a Box")
        return State(0, state.point, {**state.moments, "x1": state.point.copy()}, state.feasible_set)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        G, x1, w = self.value("G", t), moments["x1"], moments["w"]
        if (np.abs(g) > G).any():
            raise ValueError(f"gradient={g} at round {t}: CoinBetting with G={self.G} needs |g_i| <= G")
        c = np.where(g * (x1 + w - x) < 0.0, 0.0, -g / G)
        theta, gain = moments["theta"] + c, moments["gain"] + c * w
        w = theta / (t + 1) * (self.value("scale", t) + gain)
        return F.project(x1 + w), {"x1": x1.copy(), "w": w, "theta": theta, "gain": gain}

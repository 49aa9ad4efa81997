"""Learners for comparators that change: fixed share, restarts, Ader, and a strongly adaptive learner.

Their bounds hold for the dynamic regret sum_t [f_t(x_t) - f_t(u_t)] against a path u_1, ..., u_T
(:meth:`regretlab.Game.dynamic_regret`), or for the regret on each interval of rounds
(:meth:`regretlab.Game.interval_regret`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import positive, whole
from regretlab.learners.base import Algorithm1, Learner, refuse_own_methods
from regretlab.learners.combinators import Wrapper
from regretlab.learners.experts import start_on_simplex
from regretlab.learners.gradient_descent import OGD
from regretlab.learners.hyperparameters import BETA, Hyperparameter
from regretlab.learners.state import State, checked_gradient, first_state
from regretlab.learners.vector import VectorLearner
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    from regretlab.losses.base import Losses

__all__ = ["Ader", "FixedShare", "Restarts", "StronglyAdaptive"]

_LEVELS = 48
"""Intervals of up to 2^47 rounds."""


@dataclass(frozen=True)
class FixedShare(VectorLearner):
    """w_{t+1,i} = (1 - share) x_{t,i} exp(-alpha_t g_{t,i}) / sum_j x_{t,j} exp(-alpha_t g_{t,j}) + share / d,
    x_{t+1} = mass w_{t+1}, on a simplex,   alpha_t = alpha / sqrt(t).

    Herbster, Warmuth (1998): exponential weights that keep a share for every expert, so that any of them can come back.

    Guarantee: for mass 1, 0 <= g_{t,i} <= 1, x_1 uniform, constant alpha and share, and any path of vertices with m
    switches, R_T(u_1..u_T) <= (1/alpha) [ln d + m ln(d / share) + (T - 1 - m) ln(1 / (1 - share))] + alpha T / 8.

    Raises
    ------
    ValueError
        By ``start``, when the set is not a simplex or a coordinate of x_1 is 0.
    """

    alpha: Hyperparameter = 0.1
    share: Hyperparameter = 0.01

    ranges: ClassVar = Algorithm1.ranges | {"share": BETA}

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        return start_on_simplex(self, feasible_set, point)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        share = self.value("share", t)
        with np.errstate(divide="ignore"):
            logarithms = np.log(x) - self.value("alpha", t) * g
        w = np.exp(logarithms - logarithms.max())
        return F.mass * ((1.0 - share) * w / w.sum() + share / x.size), {}


@dataclass(frozen=True)
class Restarts(Wrapper):
    """The learner, started again at its current point after every ``every`` rounds: t = 1 and all moments 0.

    Besbes, Gur, Zeevi (2015), arXiv:1307.5449.

    Guarantee: if the learner has R_T <= c sqrt(T) for every T and x_1, then for a path that changes only at restarts
    R_T(u_1..u_T) <= c ceil(T / every) sqrt(every), and, for losses with the variation
    V = sum_t sup_x |f_{t+1}(x) - f_t(x)|, at most 2 every V more for any path.
    """

    learner: Learner
    every: int = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.learner, Learner):
            raise TypeError(f"learner={self.learner!r} must be a learner")
        whole(1, every=self.every)

    def update(self, state: State, gradient: ArrayLike) -> State:
        t, age = state.t + 1, state.t % self.every
        if age == 0 and t > 1:
            state = self.learner.start(state.feasible_set, state.point)
        after = self.learner.update(dataclasses.replace(state, t=age), gradient)
        return dataclasses.replace(after, t=t)


@dataclass(frozen=True)
class Ader(Learner):
    """x_t = sum_k w_{t,k} x_{t,k},   x_{t+1,k} = Pi_F(x_{t,k} - eta_k g_t),   w_{t+1,k} prop. to
    w_{t,k} exp(-alpha <g_t, x_{t,k}>),   eta_k = 2^(k-1) (D_2 / G) sqrt(7 / (2 T)),   k = 1..N,
    N = ceil(log2(1 + 4 T / 7) / 2) + 1,   w_{1,k} = (1 + 1/N) / (k (k + 1)),   alpha = sqrt(8 / T) / (G D_2).

    Zhang, Lu, Zhou (2018), arXiv:1810.10815, the form with one gradient a round: gradient descents with stepsizes for
    every path length, and exponential weights over them.  G is an upper bound on ||g_t||_2, and T = ``horizon``.  Our
    alpha is that of the range G D_2 of <g_t, x>.

    Guarantee: R_T(u_1..u_T) <= (3 G / 4) sqrt(2 T (7 D_2^2 + 4 D_2 P)) + (G D_2 sqrt(2 T) / 4) (1 + 2 ln(k + 1)),
    P = sum_t ||u_{t+1} - u_t||_2,   k = floor(log2(1 + 4 P / (7 D_2)) / 2) + 1.

    Raises
    ------
    ValueError
        By ``start``, when the set is not bounded; by ``update``, when ||g_t||_2 > G or t > ``horizon``.
    """

    horizon: int = 1000
    G: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        whole(1, horizon=self.horizon)
        positive(G=self.G)

    @property
    def largest_gradient(self) -> float:
        """G: where ||g_t||_2 <= G, no coordinate is larger."""
        return self.G

    @property
    def experts(self) -> int:
        """N."""
        return int(np.ceil(np.log2(1.0 + 4.0 * self.horizon / 7.0) / 2.0)) + 1

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = first_state(feasible_set, point, ())
        if not state.feasible_set.bounded:
            raise ValueError(f"feasible_set={state.feasible_set!r}: Ader needs a bounded set")
        k = np.arange(1.0, self.experts + 1.0)
        points = np.tile(state.point, (self.experts, 1))
        return State(0, state.point, {"points": points, "logs": -np.log(k * (k + 1.0))}, state.feasible_set)

    def update(self, state: State, gradient: ArrayLike) -> State:
        g, t, F = _bounded_gradient(self, state, gradient), state.t + 1, state.feasible_set
        if t > self.horizon:
            raise ValueError(f"round {t}: this Ader is made for horizon={self.horizon} rounds")
        points, D = state.moments["points"], F.diameter(2)
        alpha = np.sqrt(8.0 / self.horizon) / (self.G * D) if D > 0.0 else 0.0
        logs = state.moments["logs"] - alpha * (points @ g)
        logs = logs - logs.max()
        eta = 2.0 ** np.arange(self.experts) * (D / self.G) * np.sqrt(3.5 / self.horizon)
        points = np.array([F.project(x - step * g) for x, step in zip(points, eta, strict=True)])
        w = np.exp(logs)
        return State(t, _mixed(F, w, points), {"points": points, "logs": logs}, F)


@dataclass(frozen=True)
class StronglyAdaptive(Learner):
    """x_t = sum_I w_{t,I} x_{t,I} / sum_I w_{t,I}   over the intervals I = [i 2^k, (i + 1) 2^k - 1], i >= 1, around t,
    w_{t+1,I} = w_{t,I} (1 + eta_I <g_t, x_t - x_{t,I}> / (G D_2)),   eta_I = min(1/2, |I|^(-1/2)),

    where x_{t,I} is the point of ``learner``, which starts with I, at the point played in the round before; then
    w_{t,I} = eta_I.

    Daniely, Gonen, Shalev-Shwartz (2015), arXiv:1502.07073, on linearized losses.  G is an upper bound on ||g_t||_2.
    At most 1 + log2 t intervals contain t.

    Guarantee: if the learner has R_T <= c sqrt(T) for every T and x_1, then on every interval of n rounds that ends at
    s the regret is at most (4 c / (sqrt 2 - 1)) sqrt(n) + 40 G D_2 ln(s + 1) sqrt(n).

    Raises
    ------
    ValueError
        By ``start``, when the set is not bounded; by ``update``, when ||g_t||_2 > G.
    """

    learner: Algorithm1 = dataclasses.field(default_factory=OGD)
    G: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_own_methods(self.learner, "StronglyAdaptive", "start")
        positive(G=self.G)

    def check(self, losses: Losses) -> None:
        self.learner.check(losses)

    @property
    def largest_gradient(self) -> float:
        """G: where ||g_t||_2 <= G, no coordinate is larger."""
        return self.G

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = self.learner.start(feasible_set, point)
        if not state.feasible_set.bounded:
            raise ValueError(f"feasible_set={state.feasible_set!r}: StronglyAdaptive needs a bounded set")
        rows = np.zeros((_LEVELS, 1 + len(state.moments), state.point.size))
        rows[:, 0] = state.point
        weights = np.zeros(_LEVELS)
        weights[0] = 0.5
        return State(0, state.point, {"rows": rows, "weights": weights}, state.feasible_set)

    def update(self, state: State, gradient: ArrayLike) -> State:
        g, t, F = _bounded_gradient(self, state, gradient), state.t + 1, state.feasible_set
        D = F.diameter(2)
        rows, weights = state.moments["rows"].copy(), state.moments["weights"].copy()
        active = t.bit_length()  # the levels k with 2^k <= t
        for k in range(active):
            x, n = rows[k, 0], 1 << k
            if D > 0.0:
                weights[k] *= 1.0 + min(0.5, n**-0.5) * float(g @ (state.point - x)) / (self.G * D)
            moments = dict(zip(self.learner.moment_names, rows[k, 1:], strict=True))
            after = self.learner.update(State(t % n, x.copy(), moments, F), g)
            rows[k] = np.array([after.point, *after.moments.values()])
        for k in range((t + 1).bit_length()):
            n = 1 << k
            if (t + 1) % n == 0:  # an interval of n rounds begins
                rows[k], weights[k] = 0.0, min(0.5, n**-0.5)
                rows[k, 0] = state.point
        x = _mixed(F, weights, rows[:, 0])
        return State(t, x, {"rows": rows, "weights": weights}, F)


def _bounded_gradient(learner: Ader | StronglyAdaptive, state: State, gradient: ArrayLike) -> Array:
    """The gradient as a float array (d,); ``ValueError`` unless ||g||_2 <= G, up to rounding."""
    g, name = checked_gradient(state, gradient), type(learner).__name__
    if np.linalg.norm(g) > learner.G * (1.0 + 1e-12):
        raise ValueError(f"gradient={g} at round {state.t + 1}: {name} with G={learner.G} needs ||g||_2 <= G")
    return g


def _mixed(F: FeasibleSet, weights: Array, points: Array) -> Array:
    """(d,): the mean of points (N, d) of F with these weights (N,); projected, since rounding may leave F."""
    return F.project(weights @ points / weights.sum())

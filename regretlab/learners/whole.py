"""Learners that look at all coordinates at once, in plain numpy; they are played round by round.

What a learner needs of its set it says in ``start``, hence before round 1.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from regretlab._typing import Array, ArrayLike
from regretlab.learners.base import (
    FINITE,
    POSITIVE,
    Algorithm1,
    Hyperparameter,
    Learner,
    State,
    as_schedule,
    checked_gradient,
    first_state,
)
from regretlab.schedules import Constant, InversePower, Schedule
from regretlab.sets import Box, FeasibleSet, Simplex

__all__ = [
    "AdaGradNorm",
    "AvaGrad",
    "CoinBetting",
    "DualAveraging",
    "ExponentiatedGradient",
    "Hedge",
    "OnlineFrankWolfe",
    "WholeLearner",
]

_THREE_QUARTERS = InversePower(0.1, gamma=0.75)


@dataclass(frozen=True)
class WholeLearner(Learner):
    """A learner with hyperparameters that are schedules, and a step for all coordinates at once.

    A subclass names in ``memory`` the arrays (d,) it keeps, zero at the start, and has ``step``.
    """

    memory: ClassVar[tuple[str, ...]] = ()
    ranges: ClassVar = Algorithm1.ranges

    def __post_init__(self) -> None:
        _ = self.schedules

    @cached_property
    def schedules(self) -> dict[str, Schedule]:
        """The hyperparameters as schedules; a number alpha means alpha / sqrt(t)."""
        return {
            name: as_schedule(name, getattr(self, name), self.ranges.get(name, FINITE))
            for name in (field.name for field in dataclasses.fields(self))
        }

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        return first_state(feasible_set, point, self.memory)

    def update(self, state: State, gradient: ArrayLike) -> State:
        g, t = checked_gradient(state, gradient), state.t + 1
        with np.errstate(all="ignore"):
            x, moments = self.step(t, g, state.point, state.moments, state.feasible_set)
        if not all(np.isfinite(array).all() for array in (x, *moments.values())):
            raise FloatingPointError(f"the step of round {t} overflows: gradient {g}, memory {moments}, point {x}")
        return State(t, x, moments, state.feasible_set)

    @abstractmethod
    def step(
        self, t: int, g: Array, x: Array, moments: Mapping[str, Array], F: FeasibleSet
    ) -> tuple[Array, dict[str, Array]]:
        """x_{t+1} and what is kept, in new arrays, after g_t was seen at x_t = ``x``."""

    def value(self, name: str, t: int) -> float:
        """A hyperparameter at round t."""
        return float(self.schedules[name](t))


@dataclass(frozen=True)
class AdaGradNorm(WholeLearner):
    """V_t = (1/t) sum_{s<=t} ||g_s||_2^2,   x_{t+1} = Pi_F(x_t - alpha_t g_t / sqrt V_t).

    Streeter, McMahan (2010), arXiv:1002.4862: AdaGrad with a single stepsize; with
    alpha_t = alpha / sqrt(t) it is alpha / sqrt(sum_{s<=t} ||g_s||^2).

    Guarantee: R_T <= (D_2^2 / (2 alpha) + alpha) sqrt(sum_t ||g_t||_2^2).
    """

    alpha: Hyperparameter = 0.1

    memory = ("s",)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        s = moments["s"] + g @ g
        root = np.sqrt(s[0] / t)
        y = x - self.value("alpha", t) * g / root if root > 0.0 else x
        return F.project(y), {"s": s}


@dataclass(frozen=True)
class AvaGrad(WholeLearner):
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t,   v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,
    x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t),   W_t = ||eta_t||_2 / (sqrt d eta_t),
    eta_t = 1 / (sqrt v_{t-1} + eps).

    Savarese, McAllester, Babu, Maire (2019), arXiv:1912.01823: a delayed Adam whose rates are
    normalized, so that alpha does not depend on the scale of the gradients.  In one dimension
    W_t = 1, and it is :class:`OGDMomentum`.

    Claim: the nonconvex rate of SGD.
    Guarantee: in one dimension that of OGDMomentum; none known for d > 1.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99
    eps: Hyperparameter = 0.1

    memory = ("m", "v")
    ranges: ClassVar = Algorithm1.ranges | {"eps": POSITIVE}

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        beta1, beta2 = self.value("beta1", t), self.value("beta2", t)
        m = beta1 * moments["m"] + (1.0 - beta1) * g
        eta = 1.0 / (np.sqrt(moments["v"]) + self.value("eps", t))
        w = np.sqrt(np.mean(eta * eta)) / eta
        v = beta2 * moments["v"] + (1.0 - beta2) * g * g
        return F.project(x - self.value("alpha", t) * m / w, w), {"m": m, "v": v}


@dataclass(frozen=True)
class DualAveraging(WholeLearner):
    """x_{t+1} = Pi_F(x_1 - alpha_{t+1} sum_{s<=t} g_s)
    = argmin_{x in F} sum_{s<=t} <g_s, x> + ||x - x_1||^2 / (2 alpha_{t+1}).

    Nesterov (2009); follow the regularized leader (FTRL) with linearized losses.

    Guarantee: R_T <= max_{x in F} ||x - x_1||_2^2 / (2 alpha_T) + (1/2) sum_t alpha_t ||g_t||_2^2 for any
    non-increasing alpha_t.
    """

    alpha: Hyperparameter = 0.1

    memory = ("x1", "s")

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = first_state(feasible_set, point, self.memory)
        return State(0, state.point, {**state.moments, "x1": state.point.copy()}, state.feasible_set)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        s = moments["s"] + g
        y = moments["x1"] - self.value("alpha", t + 1) * s
        return F.project(y), {"x1": moments["x1"].copy(), "s": s}


@dataclass(frozen=True)
class ExponentiatedGradient(WholeLearner):
    """x_{t+1,i} = mass x_{t,i} exp(-alpha_t g_{t,i}) / sum_j x_{t,j} exp(-alpha_t g_{t,j}), on a simplex.

    Kivinen, Warmuth (1997): mirror descent with the entropy.

    Guarantee: for mass 1, ||g_t||_inf <= G, x_1 uniform and the constant stepsize sqrt(2 ln d / T) / G,
    R_T <= G sqrt(2 T ln d).

    Raises
    ------
    ValueError
        By ``start``, when the set is not a simplex or a coordinate of x_1 is 0.
    """

    alpha: Hyperparameter = 0.1

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        return _inside_simplex(self, first_state(feasible_set, point, self.memory))

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        return _shares(np.log(x) - self.value("alpha", t) * g, F.mass), {}


@dataclass(frozen=True)
class Hedge(WholeLearner):
    """x_{t+1,i} = mass x_{1,i} exp(-alpha_{t+1} S_{t,i}) / sum_j x_{1,j} exp(-alpha_{t+1} S_{t,j}),
    S_t = sum_{s<=t} g_s, on a simplex.

    Freund, Schapire (1997): follow the regularized leader with the entropy; with a constant
    stepsize it is :class:`ExponentiatedGradient`.

    Guarantee: for mass 1, losses g_{t,i} in [0, 1], x_1 uniform and the constant stepsize sqrt(8 ln d / T),
    R_T <= sqrt(T ln d / 2).

    Raises
    ------
    ValueError
        By ``start``, when the set is not a simplex or a coordinate of x_1 is 0.
    """

    alpha: Hyperparameter = 0.1

    memory = ("x1", "s")

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = _inside_simplex(self, first_state(feasible_set, point, self.memory))
        return State(0, state.point, {**state.moments, "x1": state.point.copy()}, state.feasible_set)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        s = moments["s"] + g
        y = np.log(moments["x1"]) - self.value("alpha", t + 1) * s
        return _shares(y, F.mass), {"x1": moments["x1"].copy(), "s": s}


def _inside_simplex(learner: Learner, state: State) -> State:
    name, F = type(learner).__name__, state.feasible_set
    if not isinstance(F, Simplex):
        raise ValueError(f"feasible_set={F!r}: {name} needs a Simplex")
    if not (state.point > 0.0).all():
        raise ValueError(f"start={state.point}: {name} needs an x_1 without zeros, which would stay zero")
    return state


def _shares(logarithms: Array, mass: float) -> Array:
    """Numbers with the given logarithms up to a common term, and the given sum; none of them zero."""
    x = np.exp(np.maximum(logarithms - logarithms.max(), -700.0))
    shares: Array = mass * (x / x.sum())
    return shares


@dataclass(frozen=True)
class OnlineFrankWolfe(WholeLearner):
    """x_{t+1} = (1 - sigma_t) x_t + sigma_t argmin_{u in F} <alpha_t sum_{s<=t} g_s + 2 (x_t - x_1), u>,
    sigma_t = min(1, 2 / sqrt t).

    Hazan, Kale (2012), arXiv:1206.4657, as the online conditional gradient algorithm of
    Hazan's (2016) book: linear minimization in place of the projection.

    Guarantee: with the constant stepsize D_2 / (2 G_2 T^(3/4)), R_T <= 8 D_2 G_2 T^(3/4).

    Raises
    ------
    ValueError
        By ``start``, when the set is not bounded.
    """

    alpha: Hyperparameter = _THREE_QUARTERS

    memory = ("x1", "s")

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = first_state(feasible_set, point, self.memory)
        if not state.feasible_set.bounded:
            raise ValueError(f"feasible_set={state.feasible_set!r}: OnlineFrankWolfe needs a bounded set")
        return State(0, state.point, {**state.moments, "x1": state.point.copy()}, state.feasible_set)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        s = moments["s"] + g
        u = F.minimize_linear(self.value("alpha", t) * s + 2.0 * (x - moments["x1"]))
        sigma = min(1.0, 2.0 / np.sqrt(t))
        return F.project((1.0 - sigma) * x + sigma * u), {"x1": moments["x1"].copy(), "s": s}


@dataclass(frozen=True)
class CoinBetting(WholeLearner):
    """x_{t+1} = Pi_F(x_1 + w_{t+1}),   w_{t+1} = (theta_t / (t + 1)) (scale + sum_{s<=t} c_s w_s),
    theta_t = sum_{s<=t} c_s,   c_t = -g_t / G, but 0 where that would move w_t further out of F.

    By coordinate, on a box.  Orabona, Pal (2016), arXiv:1602.04128: the bets of the
    Krichevsky-Trofimov estimator, no stepsize.
    ``scale`` is the money at the start, in units of x; ``G`` bounds all |g_{t,i}|.  Onto the box by the
    reduction of Cutkosky, Orabona (2018), arXiv:1802.06293, in one dimension.

    Guarantee: for every u, with r_i = |u_i - x_{1,i}|,
    R_T(u) <= G sum_i [ scale + r_i sqrt(T ln(1 + 24 T^2 r_i^2 / scale^2)) ].

    Raises
    ------
    ValueError
        By ``start``, when the set is not a box; by ``update``, when a gradient is larger than G.
    """

    G: float = 1.0
    scale: float = 1.0

    memory = ("x1", "w", "theta", "gain")
    ranges: ClassVar = {"G": POSITIVE, "scale": POSITIVE}

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, schedule in self.schedules.items():
            if not isinstance(schedule, Constant):
                raise TypeError(f"{name}={getattr(self, name)!r} must be a number")

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        state = first_state(feasible_set, point, self.memory)
        if not isinstance(state.feasible_set, Box):
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

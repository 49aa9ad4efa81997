"""Learners whose step needs all coordinates at once, in plain numpy; games play them round by round.

A learner that needs a certain kind of set checks its set in ``start``, hence before round 1.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.learners.base import Algorithm1, Learner
from regretlab.learners.declarations import check_fields
from regretlab.learners.hyperparameters import POSITIVE, Hyperparameter, as_schedules
from regretlab.learners.state import State, check_kept, checked_gradient, first_state
from regretlab.schedules import Schedule
from regretlab.sets import FeasibleSet

__all__ = ["AdaGradNorm", "AvaGrad", "VectorLearner"]


@dataclass(frozen=True)
class VectorLearner(Learner):
    """A learner with hyperparameters that are schedules, and a step for all coordinates at once.

    A subclass is a frozen dataclass of hyperparameters with the method ``step``; ``moment_names`` are the
    names of the arrays (d,) that it keeps between rounds, zero at the start.  A number alpha means
    ``stepsize(alpha)``, alpha_t = alpha / sqrt(t) unless the class says otherwise; any other number
    is constant.
    """

    moment_names: ClassVar[tuple[str, ...]] = ()
    ranges: ClassVar = Algorithm1.ranges

    @classmethod
    def _check_declared(cls) -> None:
        check_fields(cls, (), VectorLearner, ())

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.schedules  # raises for bad values

    @cached_property
    def schedules(self) -> dict[str, Schedule]:
        """The hyperparameters as schedules."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return as_schedules(values, self.ranges, type(self).stepsize)

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        return first_state(feasible_set, point, self.moment_names)

    def update(self, state: State, gradient: ArrayLike) -> State:
        check_kept(self, state, self.moment_names, self.ledger_names)
        g, t = checked_gradient(state, gradient), state.t + 1
        with np.errstate(all="ignore"):
            x, moments = self.step(t, g, state.point, state.moments, state.feasible_set)
        if not all(np.isfinite(array).all() for array in (x, *moments.values())):
            raise FloatingPointError(f"the step of round {t} overflows: gradient {g}, moments {moments}, point {x}")
        return State(t, x, moments, state.feasible_set, self._sums(t, g, state.ledger))

    def ledger_names(self) -> tuple[str, ...]:
        """The rows of the ledger; ``longest`` and ``steps_inf`` are made of norms, hence equal in all coordinates."""
        return ("square", "largest", "steps", "longest", "steps_inf")

    def _sums(self, t: int, g: Array, ledger: Mapping[str, Array]) -> dict[str, Array]:
        """sum g_i^2, max |g_i|, sum alpha_t g_i^2, max ||g_t||_2, sum alpha_t ||g_t||_inf^2; empty without a ledger."""
        if not ledger:
            return {}
        alpha = self.value("alpha", t) if "alpha" in self.schedules else 0.0
        return {
            "square": ledger["square"] + g * g,
            "largest": np.maximum(ledger["largest"], np.abs(g)),
            "steps": ledger["steps"] + alpha * g * g,
            "longest": np.maximum(ledger["longest"], np.linalg.norm(g)),
            "steps_inf": ledger["steps_inf"] + alpha * np.abs(g).max() ** 2,
        }

    @abstractmethod
    def step(
        self, t: int, g: Array, x: Array, moments: Mapping[str, Array], F: FeasibleSet
    ) -> tuple[Array, dict[str, Array]]:
        """x_{t+1} and the moments, in new arrays, from the gradient g_t = ``g`` at x_t = ``x``."""

    def value(self, name: str, t: int) -> float:
        """The value of a hyperparameter at round t."""
        return float(self.schedules[name](t))


@dataclass(frozen=True)
class AdaGradNorm(VectorLearner):
    """V_t = (1/t) sum_{s<=t} ||g_s||_2^2,   x_{t+1} = Pi_F(x_t - alpha_t g_t / sqrt V_t),
    alpha_t = alpha / sqrt(t).

    Streeter, McMahan (2010), arXiv:1002.4862: AdaGrad with a single stepsize,
    alpha / sqrt(sum_{s<=t} ||g_s||^2).

    Guarantee: R_T <= (D_2^2 / (2 alpha) + alpha) sqrt(sum_t ||g_t||_2^2).
    """

    alpha: Hyperparameter = 0.1

    moment_names = ("s",)

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        s = moments["s"] + g @ g
        root = np.sqrt(s[0] / t)
        if root == 0.0 and g.any():
            raise FloatingPointError(f"the step of round {t} underflows: ||g||^2 is 0 for g={g}")
        y = x - self.value("alpha", t) * g / root if root > 0.0 else x
        return F.project(y), {"s": s}


@dataclass(frozen=True)
class AvaGrad(VectorLearner):
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t,   v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,
    x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t),   W_t = ||eta_t||_2 / (sqrt d eta_t),
    eta_t = 1 / (sqrt v_{t-1} + eps),   alpha_t = alpha / sqrt(t).

    Savarese, McAllester, Babu, Maire (2019), arXiv:1912.01823: a delayed Adam whose rates eta_t are
    normalized to a root mean square of 1 over the coordinates.  In one dimension
    W_t = 1, and it is :class:`OGDMomentum`.

    Claim: the nonconvex rate of SGD.
    Guarantee: in one dimension that of OGDMomentum; none known for d > 1.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99
    eps: Hyperparameter = 0.1

    moment_names = ("m", "v")
    ranges: ClassVar = Algorithm1.ranges | {"eps": POSITIVE}

    def step(self, t, g, x, moments, F):  # type: ignore[no-untyped-def]
        beta1, beta2 = self.value("beta1", t), self.value("beta2", t)
        m = beta1 * moments["m"] + (1.0 - beta1) * g
        eta = 1.0 / (np.sqrt(moments["v"]) + self.value("eps", t))
        w = np.sqrt(np.mean(eta * eta)) / eta
        v = beta2 * moments["v"] + (1.0 - beta2) * g * g
        return F.project(x - self.value("alpha", t) * m / w, w), {"m": m, "v": v}

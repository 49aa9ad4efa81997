"""AdaBound and AMSBound: Adam and AMSGrad with stepsizes clipped between two bounds, by default with a common limit."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any, ClassVar

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array, Rounds
from regretlab.learners.base import Algorithm1
from regretlab.learners.hyperparameters import POSITIVE, Hyperparameter, sample_rounds
from regretlab.schedules import Constant, Schedule

__all__ = ["AMSBound", "AdaBound", "LowerBound", "UpperBound"]

_FINAL = 0.1
"""a*, the limit of the paper's two bounds."""


@dataclass(frozen=True)
class LowerBound(Schedule):
    """value_t = scale * (1 - 1 / (rate t + 1)), from almost 0 up to the scale; the paper's rate is 1 - beta2."""

    rate: float = 0.01

    def __post_init__(self) -> None:
        _check_rate(self.rate)

    def shape(self, t: Rounds) -> Array:
        rising: Array = 1.0 - 1.0 / (self.rate * t.astype(np.float64) + 1.0)
        return rising


@dataclass(frozen=True)
class UpperBound(Schedule):
    """value_t = scale * (1 + 1 / (rate t)), from far above down to the scale; the paper's rate is 1 - beta2."""

    rate: float = 0.01

    def __post_init__(self) -> None:
        _check_rate(self.rate)

    def shape(self, t: Rounds) -> Array:
        falling: Array = 1.0 + 1.0 / (self.rate * t.astype(np.float64))
        return falling


def _check_rate(rate: float) -> None:
    if not (rate > 0.0 and np.isfinite(rate)):
        raise ValueError(f"rate={rate!r} must be positive")


@dataclass(frozen=True)
class _Bounded(Algorithm1):
    """The fields of AdaBound and AMSBound, and the bounds, which by default depend on beta2."""

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99
    lower: Hyperparameter | None = None
    upper: Hyperparameter | None = None

    ranges: ClassVar = Algorithm1.ranges | {"lower": POSITIVE, "upper": POSITIVE}

    def __post_init__(self) -> None:
        super().__post_init__()
        t = sample_rounds()
        lower, upper = (self.schedules[name](t) for name in ("lower", "upper"))
        if (lower > upper).any():
            k = int(np.argmax(lower > upper))
            raise ValueError(f"lower={self.lower!r} is {lower[k]} at round {t[k]}: it must be at most {upper[k]}")

    @cached_property
    def schedules(self) -> dict[str, Schedule]:
        """The hyperparameters as schedules, alpha first; bounds that are None are replaced by the paper's."""
        if self.lower is not None and self.upper is not None:
            return super().schedules
        beta2 = self.beta2.scale if unchanged(self.beta2, Constant) else self.beta2
        if isinstance(beta2, Schedule) or callable(beta2):
            raise ValueError(f"beta2={self.beta2!r} is not constant: lower and upper have to be given")
        fixed = dataclasses.replace(self, lower=_FINAL, upper=_FINAL)  # raises for a beta2 out of range
        rate = 1.0 - fixed.schedules["beta2"].scale
        lower = LowerBound(_FINAL, rate) if self.lower is None else self.lower
        upper = UpperBound(_FINAL, rate) if self.upper is None else self.upper
        return dataclasses.replace(self, lower=lower, upper=upper).schedules


@dataclass(frozen=True)
class AdaBound(_Bounded):
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t,   v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,
    etahat_t = Clip(alpha / sqrt v_t, lower_t, upper_t),   eta_t = etahat_t / sqrt(t),
    x_{t+1} = Pi_F^{1/eta_t}(x_t - eta_t m_t).

    Luo, Xiong, Liu, Sun (2019), arXiv:1902.09843.  ``lower_t`` and ``upper_t``
    bound etahat_t, in units of x over g.  A number is a constant bound.  None is the paper's bound,
    lower_t = 0.1 (1 - 1/((1 - beta2) t + 1)) or upper_t = 0.1 (1 + 1/((1 - beta2) t)); 0.1 is the
    ``final_lr`` of the authors' code.

    A number alpha means alpha_t = alpha / sqrt(t), as in the formula.  For any other schedule
    eta_t = (alpha_t / alpha_1) Clip(alpha_1 / sqrt v_t, lower_t, upper_t); a constant
    schedule gives the form of the paper's experiments.  In the notation of Algorithm 1,
    W_t = alpha_t / eta_t = Clip(sqrt v_t, alpha_1 / upper_t, alpha_1 / lower_t).

    Claim: R_T = O(sqrt T).
    Counterexample: the proof needs 1/eta_t not to decrease, which the bounds do not ensure
    (Savarese 2019, arXiv:1908.04457); until they are active this is Adam.
    Guarantee: R_T = O(sqrt T) when t/lower_t - (t-1)/upper_{t-1} is bounded, as it is for
    the default bounds, with a large constant.

    Raises
    ------
    ValueError
        When a bound is not positive, the lower bound is above the upper one, or a bound is
        None and beta2 is not constant.
    """

    @staticmethod
    def rule(
        g: float,
        m: float,
        v: float,
        alpha1: float,
        alpha: float,
        beta1: float,
        beta2: float,
        lower: float,
        upper: float,
        t: int,
    ) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        alpha1 = alpha if t == 1 else alpha1
        return (m, v, alpha1), m, min(max(sqrt(v), alpha1 / upper), alpha1 / lower)


@dataclass(frozen=True)
class AMSBound(_Bounded):
    """AdaBound with the maximum of AMSGrad: etahat_t = Clip(alpha / sqrt vhat_t, lower_t, upper_t),
    vhat_t = max(vhat_{t-1}, v_t),   eta_t = etahat_t / sqrt(t).

    Luo, Xiong, Liu, Sun (2019), arXiv:1902.09843.  Hyperparameters as for :class:`AdaBound`.

    Claim: R_T = O(sqrt T), but the proof has the same gap as AdaBound's: the rising lower bound can still
    make 1/eta_t decrease.
    Guarantee: as for AdaBound.
    """

    @staticmethod
    def rule(
        g: float,
        m: float,
        v: float,
        vhat: float,
        alpha1: float,
        alpha: float,
        beta1: float,
        beta2: float,
        lower: float,
        upper: float,
        t: int,
    ) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        vhat = max(vhat, v)
        alpha1 = alpha if t == 1 else alpha1
        return (m, v, vhat, alpha1), m, min(max(sqrt(vhat), alpha1 / upper), alpha1 / lower)

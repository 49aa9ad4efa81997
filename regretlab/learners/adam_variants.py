"""Relatives of Adam with another first or second moment, in the same form: no bias correction, no eps, 0/0 := 0.

In each, m_t = beta1 m_{t-1} + (1 - beta1) g_t unless another m_t is given, and
x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

from regretlab.kernels import traced
from regretlab.learners.base import Algorithm1
from regretlab.learners.hyperparameters import POSITIVE, Hyperparameter, Range
from regretlab.schedules import Inverse, InversePower, OneMinusInverse

if TYPE_CHECKING:
    from regretlab.losses.base import Losses

__all__ = [
    "AMSBelief",
    "AdaBelief",
    "Nadam",
    "NosAdam",
    "Padam",
    "QHAdam",
    "SAdam",
    "UnmaximizedPadam",
    "Yogi",
]

_ONE_MINUS_INVERSE = OneMinusInverse()
_HYPER_HARMONIC = InversePower(gamma=0.1)
_HALF = {"p": Range("in (0, 1/2]", lambda a: (a > 0.0) & (a <= 0.5))}
_SHARES = {name: Range("in [0, 1]", lambda a: (a >= 0.0) & (a <= 1.0)) for name in ("nu1", "nu2")}


@dataclass(frozen=True)
class Padam(Algorithm1):
    """v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,   vhat_t = max(vhat_{t-1}, v_t),   W_t = vhat_t^p,
    alpha_t = alpha / sqrt(t).

    Chen, Zhou, Tang, Yang, Cao, Gu (2018), arXiv:1806.06763: the partially adaptive method, which is AMSGrad
    for p = 1/2 and tends to gradient descent with momentum as p -> 0.  alpha has the units of x times those of g to the
    power 2p - 1.  Compiled and interpreted powers may differ in the last bit.

    Claim: R_T = O(sqrt T) for convex losses.
    Guarantee: W_t / alpha_t does not decrease, so R_T = O(sqrt T) for constant
    beta1 < sqrt(beta2) too.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99
    p: Hyperparameter = 0.125

    ranges: ClassVar = Algorithm1.ranges | _HALF

    @staticmethod
    def rule(g: float, m: float, v: float, vhat: float, beta1: float, beta2: float, p: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        vhat = max(vhat, v)
        return (m, v, vhat), m, vhat**p


@dataclass(frozen=True)
class UnmaximizedPadam(Algorithm1):
    """v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,   W_t = v_t^p,   alpha_t = alpha / sqrt(t).

    Many implementations of Padam compute this; the paper's algorithm is :class:`Padam`, with
    the running maximum.  For p = 1/2 it is Adam.

    Counterexample: on the losses of Figure 1 of Reddi et al. (2018) and p = 1/4 it goes to the
    wrong end, as Adam does.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99
    p: Hyperparameter = 0.125

    ranges: ClassVar = Algorithm1.ranges | _HALF

    @staticmethod
    def rule(g: float, m: float, v: float, beta1: float, beta2: float, p: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        return (m, v), m, v**p


@dataclass(frozen=True)
class NosAdam(Algorithm1):
    """v_t = sum_{s<=t} b_s g_s^2 / B_t,   B_t = sum_{s<=t} b_s,   W_t = sqrt v_t,   alpha_t = alpha / sqrt(t).

    Huang, Wang, Dong (2018), arXiv:1805.07557: Adam with beta_{2,t} = B_{t-1} / B_t.  The default
    b_t = t^-0.1 is their NosAdam-HH.  A number b is constant, and any constant gives AdamNC.

    Claim: R_T = O(sqrt T) when B_t / t does not increase.
    Guarantee: for beta1 = 0, R_T <= (D^2 / (2 alpha)) sum_i sqrt(T v_{T,i})
    + alpha max_{t<=T}(sqrt(B_t / t) / b_t) sum_i sqrt(sum_t b_t g_{t,i}^2).
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    b: Hyperparameter = _HYPER_HARMONIC

    ranges: ClassVar = Algorithm1.ranges | {"b": POSITIVE}

    @staticmethod
    def rule(g: float, m: float, s: float, B: float, beta1: float, b: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        s = s + b * g * g
        B = B + b
        return (m, s, B), m, sqrt(s / B)


@dataclass(frozen=True)
class Yogi(Algorithm1):
    """v_t = v_{t-1} - (1 - beta2) sign(v_{t-1} - g_t^2) g_t^2,   W_t = sqrt v_t,
    alpha_t = alpha / sqrt(t).

    Zaheer, Reddi, Sachan, Kale, Kumar (2018), Adaptive Methods for Nonconvex Optimization: v_t goes up
    or down by (1 - beta2) g_t^2, where Adam's changes by (1 - beta2) |v_{t-1} - g_t^2|.  Here v_0 = 0.

    Claim: it finds stationary points of nonconvex problems with growing minibatches.
    Guarantee: none known for the regret.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99

    @staticmethod
    def rule(g: float, m: float, v: float, beta1: float, beta2: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        change = (1.0 - beta2) * g * g
        if v > g * g:
            v = v - change
        elif v < g * g:
            v = v + change
        return (m, v), m, sqrt(v)


@dataclass(frozen=True)
class AdaBelief(Algorithm1):
    """s_t = beta2 s_{t-1} + (1 - beta2) (g_t - m_t)^2,   W_t = sqrt s_t,   alpha_t = alpha / sqrt(t).

    Zhuang, Tang, Ding, Tatikonda, Dvornek, Papademetris, Duncan (2020), arXiv:2010.07468.
    Here there is no eps; the paper adds eps to s_t in each round.  Without it, a constant gradient makes
    W_t tend to 0, and with beta1 = 0 the learner never moves, since W_t = 0.

    Claim: R_T = O(sqrt T), for the version with a running maximum, :class:`AMSBelief`.
    Counterexample: it fails on the losses of Figure 1 of Reddi et al. (2018), as Adam does.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99

    rests_at_zero: ClassVar = True

    @staticmethod
    def rule(g: float, m: float, s: float, beta1: float, beta2: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        s = traced(beta2 * s + (1.0 - beta2) * (g - m) * (g - m), g - m)
        return (m, s), m, sqrt(s)


@dataclass(frozen=True)
class AMSBelief(Algorithm1):
    """s_t = beta2 s_{t-1} + (1 - beta2) (g_t - m_t)^2,   shat_t = max(shat_{t-1}, s_t),   W_t = sqrt shat_t,
    alpha_t = alpha / sqrt(t).

    AdaBelief with the running maximum that the regret theorem of its paper assumes: Zhuang et
    al. (2020), arXiv:2010.07468.

    Claim: R_T = O(sqrt T).
    Guarantee: W_t / alpha_t does not decrease; the rest of the bound,
    sum_t alpha_t m_t^2 / W_t, is O(sqrt T) while shat_t stays away from 0.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99

    rests_at_zero: ClassVar = True

    @staticmethod
    def rule(g: float, m: float, s: float, shat: float, beta1: float, beta2: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        s = traced(beta2 * s + (1.0 - beta2) * (g - m) * (g - m), g - m)
        shat = max(shat, s)
        return (m, s, shat), m, sqrt(shat)


@dataclass(frozen=True)
class QHAdam(Algorithm1):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t ((1 - nu1) g_t + nu1 m_t) / W_t),   W_t = sqrt((1 - nu2) g_t^2 + nu2 v_t),
    v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,   alpha_t = alpha / sqrt(t).

    Ma, Yarats (2018), arXiv:1810.06801, without its bias corrections of m_t and v_t.
    nu1 = nu2 = 1 is Adam, nu1 = 0 and nu2 = 1 RMSProp.

    Guarantee: none known for the regret; for beta1 = 0 and nu2 < 1 a step is at most
    alpha_t / sqrt(1 - nu2).
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.995
    beta2: Hyperparameter = 0.999
    nu1: Hyperparameter = 0.7
    nu2: Hyperparameter = 1.0

    ranges: ClassVar = Algorithm1.ranges | _SHARES

    @staticmethod
    def rule(g: float, m: float, v: float, beta1: float, beta2: float, nu1: float, nu2: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        return (m, v), (1.0 - nu1) * g + nu1 * m, sqrt((1.0 - nu2) * g * g + nu2 * v)


@dataclass(frozen=True)
class Nadam(Algorithm1):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (beta1 m_t / (1 - beta1^{t+1}) + (1 - beta1) g_t / (1 - beta1^t)) / W_t),
    v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,   W_t = sqrt(v_t / (1 - beta2^t)),   alpha_t = alpha / sqrt(t).

    Dozat (2016), Incorporating Nesterov Momentum into Adam, with a constant beta1.  The bias
    corrections stay, since the look-ahead needs them.

    Guarantee: none known for the regret.
    Counterexample: with beta1 = 0 it is a bias-corrected RMSProp, which fails on the losses of
    Theorem 1 of Reddi et al. (2018) with beta2 = 1/(1 + C^2).
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99

    @staticmethod
    def rule(g: float, m: float, v: float, c1: float, c2: float, beta1: float, beta2: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        c1 = beta1 * c1 + (1.0 - beta1)  # 1 - beta1^t
        c2 = beta2 * c2 + (1.0 - beta2)
        ahead = beta1 * c1 + (1.0 - beta1)
        return (m, v, c1, c2), beta1 * m / ahead + (1.0 - beta1) * g / c1, sqrt(v / c2)


@dataclass(frozen=True)
class SAdam(Algorithm1):
    """v_t = beta_{2,t} v_{t-1} + (1 - beta_{2,t}) g_t^2,   W_t = v_t + delta / t,   alpha_t = alpha / t.

    Wang, Lu, Cheng, Tu, Zhang (2020), arXiv:1905.02957, for strongly convex losses: no square root,
    and a number alpha means alpha_t = alpha / t.  alpha has the units of x times those of g.

    Claim: R_T = O(log T) for mu-strongly convex losses and alpha >= G^2 / mu.
    Guarantee: for mu-strongly convex losses, alpha >= G^2 / mu, beta_{2,t} = 1 - 1/t and constant beta1,
    R_T <= d delta D^2 / (2 alpha) + (beta1 / (1 - beta1)) d G D
    + alpha (1 + beta1) / (2 (1 - beta1)) sum_i ln(1 + ||g_{1:T,i}||^2 / delta).
    """

    alpha: Hyperparameter = 1.0
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = _ONE_MINUS_INVERSE
    delta: Hyperparameter = 1e-2

    stepsize: ClassVar = Inverse
    ranges: ClassVar = Algorithm1.ranges | {"delta": POSITIVE}

    def check(self, losses: Losses) -> None:
        if losses.linear or not getattr(losses, "mu", 0.0) > 0.0:
            raise ValueError(
                f"losses={losses!r} have no mu > 0: SAdam is for mu-strongly convex losses, which say their mu; "
                "AMSGrad or AdamNC play on any convex ones"
            )

    @staticmethod
    def rule(g: float, m: float, v: float, beta1: float, beta2: float, delta: float, t: int) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        return (m, v), m, v + delta / t

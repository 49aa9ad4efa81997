"""Adam and the methods of Reddi, Kale, Kumar (2018), in the paper's form.

No bias correction, no eps, 0/0 := 0.  ``beta1`` and ``beta2`` multiply the old
moment: v_t = beta2 v_{t-1} + (1 - beta2) g_t^2.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

from regretlab.learners.base import Algorithm1
from regretlab.learners.hyperparameters import Hyperparameter
from regretlab.schedules import Geometric, OneMinusInverse

_ONE_MINUS_INVERSE = OneMinusInverse()
_DECAYING = Geometric(0.9, ratio=0.99)

__all__ = ["AMSGrad", "Adam", "AdamNC", "AdamX", "RMSProp"]


@dataclass(frozen=True)
class RMSProp(Algorithm1):
    """v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,   x_{t+1} = Pi_F^{sqrt v_t}(x_t - alpha_t g_t / sqrt v_t),
    alpha_t = alpha / sqrt(t).

    Tieleman, Hinton (2012); Adam with beta1 = 0.

    Counterexample: the losses of Theorem 1 of Reddi et al. (2018), with beta2 = 1/(1 + C^2).
    """

    alpha: Hyperparameter = 0.1
    beta2: Hyperparameter = 0.99

    @staticmethod
    def rule(g: float, v: float, beta2: float) -> Any:
        v = beta2 * v + (1.0 - beta2) * g * g
        return (v,), g, sqrt(v)


@dataclass(frozen=True)
class Adam(Algorithm1):
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t,   v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,
    x_{t+1} = Pi_F^{sqrt v_t}(x_t - alpha_t m_t / sqrt v_t),   alpha_t = alpha / sqrt(t).

    Kingma, Ba (2015), arXiv:1412.6980, as stated by Reddi et al. (2018): without bias correction
    or eps.  :class:`TorchAdam` has both.

    Claim: R_T = O(sqrt T) (Theorem 4.1), which is false.
    Counterexample: Theorems 1 to 3 of Reddi et al. give sequences on which R_T/T does not tend to 0.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99

    @staticmethod
    def rule(g: float, m: float, v: float, beta1: float, beta2: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        return (m, v), m, sqrt(v)


@dataclass(frozen=True)
class AMSGrad(Algorithm1):
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t,   v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,
    vhat_t = max(vhat_{t-1}, v_t),   x_{t+1} = Pi_F^{sqrt vhat_t}(x_t - alpha_t m_t / sqrt vhat_t),
    alpha_t = alpha / sqrt(t).

    Algorithm 2 of Reddi, Kale, Kumar (2018), arXiv:1904.09237.  The maximum is over the moving
    averages v_t.

    Guarantee: R_T = O(sqrt T) for alpha_t = alpha / sqrt(t), beta1 < sqrt(beta2)
    (Theorem 4 for decaying beta_{1,t}).
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99

    @staticmethod
    def rule(g: float, m: float, v: float, vhat: float, beta1: float, beta2: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        vhat = max(vhat, v)
        return (m, v, vhat), m, sqrt(vhat)


@dataclass(frozen=True)
class AdamX(Algorithm1):
    """m_t = beta_{1,t} m_{t-1} + (1 - beta_{1,t}) g_t,   v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,
    vhat_t = max(((1 - beta_{1,t}) / (1 - beta_{1,t-1}))^2 vhat_{t-1}, v_t),   vhat_1 = v_1,
    x_{t+1} = Pi_F^{sqrt vhat_t}(x_t - alpha_t m_t / sqrt vhat_t),   alpha_t = alpha / sqrt(t).

    Tran, Phong (2019), arXiv:1904.03590, who found that the proof of AMSGrad's Theorem 4
    needs sqrt(vhat_t) / (alpha_t (1 - beta_{1,t})) not to decrease in t; the maximum above
    ensures this.  A number beta1 is constant, which makes it AMSGrad; the default decays, 0.9 * 0.99^(t-1).

    Guarantee: R_T = O(sqrt T) for alpha_t = alpha / sqrt(t), beta1 < sqrt(beta2) and
    beta_{1,t} = beta1 lambda^(t-1) or beta1 / t (Theorem 5.1).
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = _DECAYING
    beta2: Hyperparameter = 0.99

    @staticmethod
    def rule(g: float, m: float, v: float, vhat: float, before: float, beta1: float, beta2: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        ratio = (1.0 - beta1) / (1.0 - before)
        vhat = max(ratio * ratio * vhat, v)
        return (m, v, vhat, beta1), m, sqrt(vhat)


@dataclass(frozen=True)
class AdamNC(Algorithm1):
    """Adam with an increasing beta_{2,t}, by default 1 - 1/t: v_t = (1/t) sum_{s<=t} g_s^2,
    alpha_t = alpha / sqrt(t).

    Algorithm 3 of Reddi, Kale, Kumar (2018), arXiv:1904.09237.  NC means *non-constant* beta2, not
    "no correction": Adam without bias correction is :class:`Adam`.  With beta1 = 0 it is AdaGrad.
    A number beta2 is constant, which makes it Adam.

    Guarantee: R_T = O(sqrt T) (Theorem 5, Corollary 2).
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = _ONE_MINUS_INVERSE

    rule = staticmethod(Adam.rule)

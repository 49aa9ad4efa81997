"""Learners that move by the sign of a gradient or of a momentum: every step has the length alpha_t."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regretlab.learners.base import Algorithm1
from regretlab.learners.hyperparameters import Hyperparameter

__all__ = ["Lion", "SignSGD"]


@dataclass(frozen=True)
class SignSGD(Algorithm1):
    """x_{t+1,i} = Pi_F(x_t - alpha_t sign(g_t))_i,   sign(0) = 0,   alpha_t = alpha / sqrt(t).

    Bernstein, Wang, Azizzadenesheli, Anandkumar (2018), arXiv:1802.04434.  It is Adam with beta1 = 0 and
    beta2 -> 0.

    Claim: the nonconvex rate of SGD, for noise that is unimodal and symmetric in each coordinate.
    Counterexample: any periodic losses in one dimension whose gradients have the sum > 0 and more negative than
    positive entries, e.g. f_t(x) = C x if t mod 3 = 1, else -x with C > 2: it goes to +1, and R_T/T tends to
    (2 C - 4)/3 on [-1, 1].
    """

    alpha: Hyperparameter = 0.1

    @staticmethod
    def rule(g: float) -> Any:
        return (), 1.0 if g > 0.0 else (-1.0 if g < 0.0 else 0.0), 1.0


@dataclass(frozen=True)
class Lion(Algorithm1):
    """c_t = beta1 m_{t-1} + (1 - beta1) g_t,   x_{t+1} = Pi_F(x_t - alpha_t sign(c_t)),
    m_t = beta2 m_{t-1} + (1 - beta2) g_t,   sign(0) = 0,   alpha_t = alpha / sqrt(t).

    Chen, Liang, Huang, Real, Wang, Liu, Pham, Dong, Luong, Hsieh, Lu, Le (2023), arXiv:2302.06675.  The averages
    c_t and m_t have different weights.  The paper's weight decay is :class:`DecoupledWeightDecay`.

    Counterexample: the losses of Figure 1 of Reddi, Kale, Kumar (2018), 1010 x if t mod 101 = 1, else -10 x, with the
    default betas: c_t < 0 in 63 of the 101 rounds of a period in the long run, so Lion goes to +1, and R_T/T tends to
    20/101 on [-1, 1].  Also, with beta1 = 0 or small, those of :class:`SignSGD`.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99

    @staticmethod
    def rule(g: float, m: float, beta1: float, beta2: float) -> Any:
        c = beta1 * m + (1.0 - beta1) * g
        m = beta2 * m + (1.0 - beta2) * g
        return (m,), 1.0 if c > 0.0 else (-1.0 if c < 0.0 else 0.0), 1.0

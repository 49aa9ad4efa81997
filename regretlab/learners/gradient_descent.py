"""Online gradient descent, with and without momentum, and AdaGrad."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

from regretlab.learners.base import Algorithm1
from regretlab.learners.hyperparameters import Hyperparameter

__all__ = ["OGD", "AdaGrad", "OGDMomentum"]


@dataclass(frozen=True)
class OGD(Algorithm1):
    """x_{t+1} = Pi_F(x_t - alpha_t g_t),   alpha_t = alpha / sqrt(t): online gradient descent.

    Zinkevich (2003).

    Guarantee: with alpha_t = D_2 / (G_2 sqrt t), R_T <= 1.5 D_2 G_2 sqrt T; for mu-strongly convex
    losses and alpha_t = 1 / (mu t), ``OGD(alpha=Inverse(1 / mu))``,
    R_T <= (G_2^2 / (2 mu)) (1 + ln T) (Hazan, Agarwal, Kale 2007).
    """

    alpha: Hyperparameter = 0.1

    @staticmethod
    def rule(g: float) -> Any:
        return (), g, 1.0


@dataclass(frozen=True)
class OGDMomentum(Algorithm1):
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t,   x_{t+1} = Pi_F(x_t - alpha_t m_t),   alpha_t = alpha / sqrt(t).

    Gradient descent with an exponential average of the gradients.  Frameworks use
    sum_{s<=t} beta1^(t-s) g_s instead, which is m_t / (1 - beta1).

    Guarantee: R_T = O(sqrt T) for alpha_t = alpha / sqrt(t) and constant beta1, since W_t = 1.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9

    @staticmethod
    def rule(g: float, m: float, beta1: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        return (m,), m, 1.0


@dataclass(frozen=True)
class AdaGrad(Algorithm1):
    """V_t = (1/t) sum_{s<=t} g_s^2,   x_{t+1} = Pi_F^{sqrt V_t}(x_t - alpha_t g_t / sqrt V_t),
    alpha_t = alpha / sqrt(t).

    Duchi, Hazan, Singer (2011), diagonal form, written as an instance of
    Algorithm 1: the step is alpha g_t / sqrt(sum_{s<=t} g_s^2).

    Guarantee: R_T <= (D^2/(2 alpha) + alpha) sum_i ||g_{1:T,i}||.
    """

    alpha: Hyperparameter = 0.1

    @staticmethod
    def rule(g: float, s: float, t: int) -> Any:
        s = s + g * g
        return (s,), g, sqrt(s / t)

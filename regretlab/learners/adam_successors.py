"""Successors of Adam with bias correction and eps: RAdam, Adan and AdEMAMix."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar

from regretlab.learners.base import Algorithm1
from regretlab.learners.hyperparameters import BETA, NONNEGATIVE, Hyperparameter
from regretlab.schedules import Constant

__all__ = ["AdEMAMix", "Adan", "RAdam"]


@dataclass(frozen=True)
class RAdam(Algorithm1):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (m_t / (1 - beta1^t)) / W_t),
    W_t = (sqrt v_t + eps) / (r_t sqrt(1 - beta2^t)) if rho_t > 5, else 1,
    rho_t = rho_inf - 2 t beta2^t / (1 - beta2^t),   rho_inf = 2 / (1 - beta2) - 1,
    r_t = sqrt((rho_t - 4) (rho_t - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho_t)),
    alpha_t = alpha / sqrt(t).

    Liu, Jiang, He, Chen, Liu, Gao, Han (2020), arXiv:1908.03265, as ``torch.optim.RAdam`` computes it: rho_t > 5
    where the paper has rho_t > 4.  At first, when v_t averages too few gradients, it is gradient descent with momentum.
    r_t increases to 1.

    Guarantee: none known for the regret.
    Counterexample: those of :class:`Adam`, since it is a bias-corrected Adam in the long run.

    Raises
    ------
    TypeError
        When beta2 is not constant.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    eps: Hyperparameter = 1e-8

    ranges: ClassVar = Algorithm1.ranges | {"eps": NONNEGATIVE}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.schedules["beta2"], Constant):
            raise TypeError(f"beta2={self.beta2!r} must be a number: rho_t is defined for a constant beta2")

    @staticmethod
    def rule(g: float, m: float, v: float, c1: float, c2: float, beta1: float, beta2: float, eps: float, t: int) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        c1 = beta1 * c1 + (1.0 - beta1)
        c2 = beta2 * c2 + (1.0 - beta2)
        most = 2.0 / (1.0 - beta2) - 1.0
        rho = most - 2.0 * t * (1.0 - c2) / c2
        w = 1.0
        if rho > 5.0:
            r = sqrt((rho - 4.0) * (rho - 2.0) * most / ((most - 4.0) * (most - 2.0) * rho))
            w = (sqrt(v) + eps) / (r * sqrt(c2))
        return (m, v, c1, c2), m / c1, w


@dataclass(frozen=True)
class Adan(Algorithm1):
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t,   v_t = beta2 v_{t-1} + (1 - beta2) (g_t - g_{t-1}),
    n_t = beta3 n_{t-1} + (1 - beta3) (g_t + beta2 (g_t - g_{t-1}))^2,
    x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (m_t / (1 - beta1^t) + beta2 v_t / (1 - beta2^t)) / W_t),
    W_t = sqrt(n_t / (1 - beta3^t)) + eps,   g_0 = g_1,   alpha_t = alpha / sqrt(t).

    Xie, Zhou, Li, Lin, Yan (2022), arXiv:2208.06677, with the bias correction of the authors' code.  Here a beta is the
    weight of the past, 1 minus the paper's.  ``optax.adan`` has 1 - beta2 where the authors have beta2: another
    method.

    Claim: the best known rates for nonconvex problems.
    Guarantee: none known for the regret.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.98
    beta2: Hyperparameter = 0.92
    beta3: Hyperparameter = 0.99
    eps: Hyperparameter = 1e-8

    ranges: ClassVar = Algorithm1.ranges | {"beta3": BETA, "eps": NONNEGATIVE}

    @staticmethod
    def rule(
        g: float, m: float, v: float, n: float, last: float, c1: float, c2: float, c3: float,
        beta1: float, beta2: float, beta3: float, eps: float, t: int,
    ) -> Any:  # fmt: skip
        change = g - last if t > 1 else 0.0
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * change
        n = beta3 * n + (1.0 - beta3) * (g + beta2 * change) * (g + beta2 * change)
        c1 = beta1 * c1 + (1.0 - beta1)
        c2 = beta2 * c2 + (1.0 - beta2)
        c3 = beta3 * c3 + (1.0 - beta3)
        return (m, v, n, g, c1, c2, c3), m / c1 + beta2 * v / c2, sqrt(n / c3) + eps


@dataclass(frozen=True)
class AdEMAMix(Algorithm1):
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t,   s_t = beta3 s_{t-1} + (1 - beta3) g_t,
    v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,
    x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (m_t / (1 - beta1^t) + mix s_t) / W_t),
    W_t = sqrt(v_t / (1 - beta2^t)) + eps,   alpha_t = alpha / sqrt(t).

    Pagliardini, Ablin, Grangier (2024), arXiv:2409.03137: a second, slow average of the gradients, whose bias stays.
    ``mix`` is the paper's alpha, and s_t its m_2.  The paper warms up mix and beta3: give them as schedules.

    Guarantee: none known for the regret.
    Counterexample: with mix = 0 it is TorchAdam with another stepsize, hence those of :class:`Adam`.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    beta3: Hyperparameter = 0.9999
    mix: Hyperparameter = 5.0
    eps: Hyperparameter = 1e-8

    ranges: ClassVar = Algorithm1.ranges | {"beta3": BETA, "mix": NONNEGATIVE, "eps": NONNEGATIVE}

    @staticmethod
    def rule(
        g: float, m: float, s: float, v: float, c1: float, c2: float,
        beta1: float, beta2: float, beta3: float, mix: float, eps: float,
    ) -> Any:  # fmt: skip
        m = beta1 * m + (1.0 - beta1) * g
        s = beta3 * s + (1.0 - beta3) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        c1 = beta1 * c1 + (1.0 - beta1)
        c2 = beta2 * c2 + (1.0 - beta2)
        return (m, s, v, c1, c2), m / c1 + mix * s, sqrt(v / c2) + eps

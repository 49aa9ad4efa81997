"""What the frameworks compute under the names of the papers' methods, each by its own name.

All of them are in the form of Algorithm 1, and their W_t, with bias correction and eps, is the
metric of the projection, which the frameworks do not have.  The default stepsize is constant, as
there; a number still means alpha / sqrt(t).  AdamW is
``DecoupledWeightDecay(TorchAdam(), decay)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar

from regretlab.learners.adam import Adam, AMSGrad
from regretlab.learners.base import Algorithm1, Hyperparameter
from regretlab.learners.combinators import NONNEGATIVE, BiasCorrected
from regretlab.schedules import Constant

__all__ = ["KerasAMSGrad", "OptaxAMSGrad", "TorchAMSGrad", "TorchAdam", "TorchNAdam"]

_LR = Constant(1e-3)
_NADAM_LR = Constant(2e-3)
_EPS = Algorithm1.ranges | {"eps": NONNEGATIVE}

_adam, _amsgrad, _corrected = Adam.rule, AMSGrad.rule, BiasCorrected.rule


@dataclass(frozen=True)
class TorchAdam(Algorithm1):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (m_t / (1 - beta1^t)) / W_t),   W_t = sqrt(v_t / (1 - beta2^t)) + eps.

    ``torch.optim.Adam``, ``optax.adam``, and the algorithm of Kingma, Ba (2015), arXiv:1412.6980: Adam
    with both bias corrections and eps outside the root, WithEpsilon(BiasCorrected(Adam())).

    Counterexample: bias correction does not change where Adam goes in the end; see :class:`Adam`.
    """

    alpha: Hyperparameter = _LR
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    eps: Hyperparameter = 1e-8

    ranges: ClassVar = _EPS

    @staticmethod
    def rule(g: float, m: float, v: float, c1: float, c2: float, beta1: float, beta2: float, eps: float) -> Any:
        kept, m, w = _adam(g, m, v, beta1, beta2)
        kept, m, w = _corrected(kept, m, w, c1, c2, beta1, beta2)
        return kept, m, w + eps


@dataclass(frozen=True)
class TorchAMSGrad(Algorithm1):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (m_t / (1 - beta1^t)) / W_t),   W_t = sqrt(vhat_t / (1 - beta2^t)) + eps,
    vhat_t = max(vhat_{t-1}, v_t).

    ``torch.optim.Adam(amsgrad=True)``: WithEpsilon(BiasCorrected(AMSGrad())).  The maximum is of the
    uncorrected v_t, and is corrected afterwards, so that after an early spike the rate
    sqrt(1 - beta2^t) / ((1 - beta1^t) sqrt vhat_t) falls until t = 12 and then grows to 6.57
    times as much, for the default betas.

    Guarantee: with the default constant stepsize none: W_t / alpha_t may decrease, and the regret can
    be linear, as that of AMSGrad.  With alpha_t = alpha / sqrt(t) it does not, since t / (1 - beta2^t)
    increases, and R_T = O(sqrt(T log T)) for beta1 < sqrt(beta2).
    """

    alpha: Hyperparameter = _LR
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    eps: Hyperparameter = 1e-8

    ranges: ClassVar = _EPS

    @staticmethod
    def rule(
        g: float, m: float, v: float, vhat: float, c1: float, c2: float, beta1: float, beta2: float, eps: float
    ) -> Any:
        kept, m, w = _amsgrad(g, m, v, vhat, beta1, beta2)
        kept, m, w = _corrected(kept, m, w, c1, c2, beta1, beta2)
        return kept, m, w + eps


@dataclass(frozen=True)
class KerasAMSGrad(Algorithm1):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (m_t / (1 - beta1^t)) / W_t),   W_t = (sqrt vhat_t + eps) / sqrt(1 - beta2^t),
    vhat_t = max(vhat_{t-1}, v_t).

    ``keras.optimizers.Adam(amsgrad=True)``: BiasCorrected(WithEpsilon(AMSGrad())).  Unlike in
    PyTorch, eps is added before the correction, the "epsilon hat" of Kingma, Ba (2015).

    Guarantee: as for :class:`TorchAMSGrad`.
    """

    alpha: Hyperparameter = _LR
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    eps: Hyperparameter = 1e-7

    ranges: ClassVar = _EPS

    @staticmethod
    def rule(
        g: float, m: float, v: float, vhat: float, c1: float, c2: float, beta1: float, beta2: float, eps: float
    ) -> Any:
        kept, m, w = _amsgrad(g, m, v, vhat, beta1, beta2)
        return _corrected(kept, m, w + eps, c1, c2, beta1, beta2)


@dataclass(frozen=True)
class OptaxAMSGrad(Algorithm1):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (m_t / (1 - beta1^t)) / W_t),   W_t = sqrt(vhat_t) + eps,
    vhat_t = max(vhat_{t-1}, v_t / (1 - beta2^t)).

    ``optax.amsgrad``: here the maximum is of the corrected v_t, which keeps what the first few
    gradients made of it.  W_t does not decrease; with
    ``bias_correction_mu=bias_correction_nu=False`` optax has the paper's :class:`AMSGrad`.

    Guarantee: R_T = O(sqrt T) for alpha_t = alpha / sqrt(t) and constant beta1 < sqrt(beta2), as for
    AMSGrad with the stepsize alpha_t / (1 - beta1^t), since W_t (1 - beta1^t) / alpha_t does not decrease.
    """

    alpha: Hyperparameter = _LR
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    eps: Hyperparameter = 1e-8

    ranges: ClassVar = _EPS

    @staticmethod
    def rule(
        g: float, m: float, v: float, vhat: float, c1: float, c2: float, beta1: float, beta2: float, eps: float
    ) -> Any:
        (m, v), _, _ = _adam(g, m, v, beta1, beta2)
        c1 = beta1 * c1 + (1.0 - beta1)
        c2 = beta2 * c2 + (1.0 - beta2)
        vhat = max(vhat, v / c2)
        return (m, v, vhat, c1, c2), m / c1, sqrt(vhat) + eps


@dataclass(frozen=True)
class TorchNAdam(Algorithm1):
    """mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2),   P_t = mu_1 ... mu_t,
    x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (mu_{t+1} m_t / (1 - P_{t+1}) + (1 - mu_t) g_t / (1 - P_t)) / W_t),
    W_t = sqrt(v_t / (1 - beta2^t)) + eps.

    ``torch.optim.NAdam``: Dozat's (2016) look-ahead with his schedule mu_t, while m_t is the average
    with a constant beta1.  ``optax.nadam`` has a constant mu_t: :class:`Nadam`.  Compiled and
    interpreted powers may differ in the last bit.

    Guarantee: none known for the regret.
    """

    alpha: Hyperparameter = _NADAM_LR
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999
    momentum_decay: Hyperparameter = 4e-3
    eps: Hyperparameter = 1e-8

    ranges: ClassVar = _EPS | {"momentum_decay": NONNEGATIVE}

    @staticmethod
    def rule(
        g: float,
        m: float,
        v: float,
        c1: float,
        c2: float,
        beta1: float,
        beta2: float,
        momentum_decay: float,
        eps: float,
        t: int,
    ) -> Any:
        (m, v), _, _ = _adam(g, m, v, beta1, beta2)
        now = beta1 * (1.0 - 0.5 * 0.96 ** (t * momentum_decay))
        ahead = beta1 * (1.0 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
        c1 = now * c1 + (1.0 - now)  # 1 - P_t
        c2 = beta2 * c2 + (1.0 - beta2)
        step = ahead * m / (ahead * c1 + (1.0 - ahead)) + (1.0 - now) * g / c1
        return (m, v, c1, c2), step, sqrt(v / c2) + eps

"""Adam, AMSGrad and NAdam as PyTorch, Keras, optax and tutorials compute them.

All are in the form of Algorithm 1.  The frameworks have no projection; here it is in the metric W_t, with
bias correction and eps.  A number alpha is a constant stepsize, as in the frameworks;
``InverseSqrt(alpha)`` is alpha / sqrt(t).  AdamW is ``DecoupledWeightDecay(TorchAdam(), decay)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar

from regretlab.learners.adam import Adam, AMSGrad
from regretlab.learners.base import Algorithm1
from regretlab.learners.combinators import BiasCorrected, FirstMomentCorrected, WithEpsilon
from regretlab.learners.hyperparameters import NONNEGATIVE, Hyperparameter
from regretlab.schedules import Constant

__all__ = ["KerasAMSGrad", "OptaxAMSGrad", "TextbookAMSGrad", "TorchAMSGrad", "TorchAdam", "TorchNAdam"]

_adam: Callable[..., Any] = Adam.rule
_amsgrad: Callable[..., Any] = AMSGrad.rule
_corrected: Callable[..., Any] = BiasCorrected.rule
_first_moment_corrected: Callable[..., Any] = FirstMomentCorrected.rule
_with_eps: Callable[..., Any] = WithEpsilon.rule


@dataclass(frozen=True)
class _Framework(Algorithm1):
    """The defaults that the frameworks share."""

    alpha: Hyperparameter = 1e-3
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.999

    stepsize: ClassVar = Constant
    ranges: ClassVar = Algorithm1.ranges | {"eps": NONNEGATIVE}


@dataclass(frozen=True)
class TorchAdam(_Framework):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (m_t / (1 - beta1^t)) / W_t),   W_t = sqrt(v_t / (1 - beta2^t)) + eps,
    alpha_t = alpha.

    ``torch.optim.Adam``, ``optax.adam``, and the algorithm of Kingma, Ba (2015), arXiv:1412.6980: Adam
    with both bias corrections and eps outside the root, WithEpsilon(BiasCorrected(Adam())).
    A number alpha is a constant stepsize.

    Counterexample: those of :class:`Adam`, since bias correction does not change where Adam goes in the end.
    """

    eps: Hyperparameter = 1e-8

    @staticmethod
    def rule(g: float, m: float, v: float, c1: float, c2: float, beta1: float, beta2: float, eps: float) -> Any:
        return _with_eps(*_corrected(*_adam(g, m, v, beta1, beta2), c1, c2, beta1, beta2), eps)


@dataclass(frozen=True)
class TorchAMSGrad(_Framework):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (m_t / (1 - beta1^t)) / W_t),   W_t = sqrt(vhat_t / (1 - beta2^t)) + eps,
    vhat_t = max(vhat_{t-1}, v_t),   alpha_t = alpha.

    ``torch.optim.Adam(amsgrad=True)``: WithEpsilon(BiasCorrected(AMSGrad())).  PyTorch takes the maximum
    of the uncorrected v_t and corrects it afterwards.  If an early spike fixes vhat_t, the rate
    sqrt(1 - beta2^t) / ((1 - beta1^t) sqrt vhat_t) therefore falls until t = 12 and then grows by a factor
    of 6.57, for the default betas.  A number alpha is a constant stepsize.

    Guarantee: none with the default constant stepsize: W_t / alpha_t may decrease, and the regret can
    be linear, as AMSGrad's can.  With alpha_t = alpha / sqrt(t), W_t / alpha_t does not decrease, since
    t / (1 - beta2^t) increases, and R_T = O(sqrt(T log T)) for beta1 < sqrt(beta2).
    """

    eps: Hyperparameter = 1e-8

    @staticmethod
    def rule(
        g: float, m: float, v: float, vhat: float, c1: float, c2: float, beta1: float, beta2: float, eps: float
    ) -> Any:
        return _with_eps(*_corrected(*_amsgrad(g, m, v, vhat, beta1, beta2), c1, c2, beta1, beta2), eps)


@dataclass(frozen=True)
class KerasAMSGrad(_Framework):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (m_t / (1 - beta1^t)) / W_t),   W_t = (sqrt vhat_t + eps) / sqrt(1 - beta2^t),
    vhat_t = max(vhat_{t-1}, v_t),   alpha_t = alpha.

    ``keras.optimizers.Adam(amsgrad=True)``: BiasCorrected(WithEpsilon(AMSGrad())).  Unlike in
    PyTorch, eps is added before the correction, the "epsilon hat" of Kingma, Ba (2015).
    A number alpha is a constant stepsize.

    Guarantee: as for :class:`TorchAMSGrad`.
    """

    eps: Hyperparameter = 1e-7

    @staticmethod
    def rule(
        g: float, m: float, v: float, vhat: float, c1: float, c2: float, beta1: float, beta2: float, eps: float
    ) -> Any:
        return _corrected(*_with_eps(*_amsgrad(g, m, v, vhat, beta1, beta2), eps), c1, c2, beta1, beta2)


@dataclass(frozen=True)
class OptaxAMSGrad(_Framework):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (m_t / (1 - beta1^t)) / W_t),   W_t = sqrt(vhat_t) + eps,
    vhat_t = max(vhat_{t-1}, v_t / (1 - beta2^t)),   alpha_t = alpha.

    ``optax.amsgrad`` takes the maximum of the corrected v_t.  So the first few gradients, which the
    correction scales up, stay in the maximum.  W_t does not decrease.  With
    ``bias_correction_mu=bias_correction_nu=False`` optax has the paper's :class:`AMSGrad`.
    A number alpha is a constant stepsize.

    Guarantee: R_T = O(sqrt T) for alpha_t = alpha / sqrt(t) and constant beta1 < sqrt(beta2), as for
    AMSGrad with the stepsize alpha_t / (1 - beta1^t), since W_t (1 - beta1^t) / alpha_t does not decrease.
    """

    eps: Hyperparameter = 1e-8

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
class TextbookAMSGrad(_Framework):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (m_t / (1 - beta1^t)) / W_t),   W_t = sqrt(vhat_t) + eps,
    vhat_t = max(vhat_{t-1}, v_t),   alpha_t = alpha.

    The AMSGrad of many tutorials, numpy or PyTorch: WithEpsilon(FirstMomentCorrected(AMSGrad())).  Only the first
    moment is corrected.  So the first step is alpha / sqrt(1 - beta2) for any first gradient, 31.6 alpha for the
    default betas, where :class:`TorchAMSGrad`, which corrects vhat_t as well, makes a step alpha.  W_t does not
    decrease.  A number alpha is a constant stepsize.  With weight decay tutorials mean :class:`L2Penalty`.

    Guarantee: with alpha_t = alpha / sqrt(t) that of AMSGrad with the stepsize alpha_t / (1 - beta1^t), which does not
    increase: R_T = O(sqrt T) for constant beta1 < sqrt(beta2).
    Counterexample: with the default constant stepsize the regret is linear: on f_t(x) = (-1)^t x, R_T/T tends to
    a positive constant, as for :class:`AMSGrad`.
    """

    eps: Hyperparameter = 1e-8

    @staticmethod
    def rule(g: float, m: float, v: float, vhat: float, c1: float, beta1: float, beta2: float, eps: float) -> Any:
        return _with_eps(*_first_moment_corrected(*_amsgrad(g, m, v, vhat, beta1, beta2), c1, beta1), eps)


@dataclass(frozen=True)
class TorchNAdam(_Framework):
    """mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2),   P_t = mu_1 ... mu_t,
    x_{t+1} = Pi_F^{W_t}(x_t - alpha_t (mu_{t+1} m_t / (1 - P_{t+1}) + (1 - mu_t) g_t / (1 - P_t)) / W_t),
    W_t = sqrt(v_t / (1 - beta2^t)) + eps,   alpha_t = alpha.

    ``torch.optim.NAdam``: Dozat's (2016) look-ahead with his schedule mu_t, while m_t is the average
    with a constant beta1.  ``optax.nadam`` has a constant mu_t: :class:`Nadam`.  Compiled and
    interpreted powers may differ in the last bit.  A number alpha is a constant stepsize.

    Guarantee: none known for the regret.
    """

    alpha: Hyperparameter = 2e-3
    momentum_decay: Hyperparameter = 4e-3
    eps: Hyperparameter = 1e-8

    ranges: ClassVar = _Framework.ranges | {"momentum_decay": NONNEGATIVE}

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

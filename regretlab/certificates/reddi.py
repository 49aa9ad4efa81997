"""Reddi, Kale, Kumar (2018): Theorem 4 and Corollary 1 on AMSGrad, Theorem 5 and Corollary 2 on AdamNC.

With A = sum_i sqrt(vhat_{T,i}), S = sum_t sum_i beta_{1,t} sqrt(vhat_{t,i})/alpha_t, N = sum_i ||g_{1:T,i}||_2,
gamma = beta_1/sqrt(beta_2), L_T = sqrt(1 + ln T), D = D_inf, G = G_inf.  For AdamNC, S has v_t in place of vhat_t.
Theorem 4 exists in three printings.  ``amsgrad_schedule`` is a sharper form; its proof is in paper_notes.md.
"""

from __future__ import annotations

import numpy as np

from regretlab._utils.types import Array
from regretlab.certificates.certificate import Bound, theorem
from regretlab.certificates.measurements import inverse
from regretlab.certificates.quantities import Hypothesis, Quantities
from regretlab.learners.adam import AdamNC, AMSGrad

__all__ = [
    "adamnc_corollary2",
    "adamnc_corollary2_printed",
    "adamnc_theorem5",
    "amsgrad_corollary1",
    "amsgrad_corollary1_iclr",
    "amsgrad_corollary1_printed",
    "amsgrad_corollary1_revised",
    "amsgrad_schedule",
    "amsgrad_theorem4_iclr",
    "amsgrad_theorem4_revised",
    "amsgrad_theorem4_submission",
]

_PAPER = "Reddi, Kale, Kumar (2018), arXiv 1904.09237"


def _amsgrad(q: Quantities) -> list[Hypothesis]:
    """The hypotheses of Theorem 4."""
    return [
        q.convex(), q.bounded(), q.gradients(), q.root_stepsize(),
        q.beta1_below_first(), q.constant_beta2(), q.gamma_below_one(),
    ]  # fmt: skip


def _metric(q: Quantities) -> Array:
    """sqrt(T) A / alpha = sum_i w_{T,i}."""
    return q.sum("weight")


def _last(q: Quantities) -> Array:
    """alpha L_T N / ((1-beta_1)^2 (1-gamma) sqrt(1-beta_2))."""
    return inverse(1.0 - q.b1) * _moments(q)


def _moments(q: Quantities) -> Array:
    """alpha L_T N / ((1-beta_1)(1-gamma) sqrt(1-beta_2)), which is at least sum_t alpha_t sum_i m^2/sqrt(vhat)."""
    constants = inverse(1.0 - q.b1) * inverse(1.0 - q.gamma_R) / np.sqrt(1.0 - q.b2)
    return np.asarray(q.alpha.scale * constants * q.L * q.N)


@theorem(_PAPER + ", Theorem 4, sharper form", AMSGrad)
def amsgrad_schedule(q: Quantities) -> Bound:
    """R_T <= D^2 sqrt(T)/(2 alpha) A + (D^2/2) S + (1/2) sum_t alpha_t sum_i (m_{t,i}^2
    + beta_{1,t} (g_{t,i} - m_{t-1,i})^2) / sqrt(vhat_{t,i}).

    The last term, with its factor 1/2, is replaced by its upper bound
    (1/2 + beta_1 + beta_1 (1-beta_1)(1-gamma)) alpha L_T N / ((1-beta_1)(1-gamma) sqrt(1-beta_2))
    if that is smaller, or if the ledger lacks the sum of the (g_{t,i} - m_{t-1,i})^2.
    """
    b1 = q.b1
    bound = (0.5 + b1 + b1 * (1.0 - b1) * (1.0 - q.gamma_R)) * _moments(q)
    terms = {
        "D^2 sqrt(T)/(2 alpha) A": 0.5 * q.D**2 * _metric(q),
        "(D^2/2) S": 0.5 * q.D**2 * q.S,
        "steps and lags": np.minimum(0.5 * (q.sum("step") + q.lag), bound),
    }
    return Bound(terms, _amsgrad(q))


@theorem(_PAPER + ", Theorem 4 as in the OpenReview submission: no alpha in the first term", AMSGrad, true=False)
def amsgrad_theorem4_submission(q: Quantities) -> Bound:
    """R_T <= D^2 sqrt(T)/(1-beta_1) A + D^2/(2(1-beta_1)) S + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2))."""
    return _theorem4(q, q.alpha.scale * inverse(1.0 - q.b1), 0.5 * inverse(1.0 - q.b1))


@theorem(_PAPER + ", Theorem 4 as in the ICLR proceedings", AMSGrad)
def amsgrad_theorem4_iclr(q: Quantities) -> Bound:
    """R_T <= D^2 sqrt(T)/(alpha (1-beta_1)) A + D^2/(2(1-beta_1)) S
    + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2)).

    The printed proof is wrong (Tran, Phong 2019), but the statement is true: the bound is at least that of
    ``amsgrad_schedule``.
    """
    return _theorem4(q, inverse(1.0 - q.b1), 0.5 * inverse(1.0 - q.b1))


@theorem(_PAPER + ", Theorem 4 as revised in 2019", AMSGrad)
def amsgrad_theorem4_revised(q: Quantities) -> Bound:
    """R_T <= D^2 sqrt(T)/(alpha (1-beta_1)) A + D^2/(1-beta_1)^2 S
    + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2)).
    """
    return _theorem4(q, inverse(1.0 - q.b1), inverse(1.0 - q.b1) ** 2)


def _theorem4(q: Quantities, first: float, second: float) -> Bound:
    """first D^2 sqrt(T) A/alpha + second D^2 S + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2))."""
    terms = {
        "D^2 sqrt(T) A": first * q.D**2 * _metric(q),
        "D^2 S": second * q.D**2 * q.S,
        "alpha L_T N": _last(q),
    }
    return Bound(terms, _amsgrad(q))


def _corollary1(q: Quantities, first: float, second: float, last: Array) -> Bound:
    """first D^2 sqrt(T) A/alpha + second beta_1 D^2 G/(1-lambda)^2 + last, for beta_{1,t} = beta_1 lambda^{t-1}."""
    terms = {
        "D^2 sqrt(T) A": first * q.D**2 * _metric(q),
        "decay of beta_1": second * inverse(1.0 - q.lam) ** 2 * q.b1 * q.D**2 * q.G,
        "alpha L_T N": last,
    }
    return Bound(terms, [*_amsgrad(q), q.geometric_beta1()])


@theorem(_PAPER + ", Corollary 1, from the sharper form of Theorem 4", AMSGrad)
def amsgrad_corollary1(q: Quantities) -> Bound:
    """R_T <= D^2 sqrt(T)/(2 alpha) A + d beta_1 D^2 G/(2 alpha (1-lambda)^2)
    + (1/2 + beta_1 + beta_1 (1-beta_1)(1-gamma)) alpha L_T N/((1-beta_1)(1-gamma) sqrt(1-beta_2)).
    """
    b1 = q.b1
    last = (0.5 + b1 + b1 * (1.0 - b1) * (1.0 - q.gamma_R)) * _moments(q)
    return _corollary1(q, 0.5, 0.5 * q.d / q.alpha.scale, last)


@theorem(_PAPER + ", Corollary 1, from Theorem 4 of the ICLR proceedings, with its factor d/alpha", AMSGrad)
def amsgrad_corollary1_iclr(q: Quantities) -> Bound:
    """R_T <= D^2 sqrt(T)/(alpha (1-beta_1)) A + d beta_1 D^2 G/(2 alpha (1-beta_1)(1-lambda)^2)
    + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2)).
    """
    one = inverse(1.0 - q.b1)
    return _corollary1(q, one, 0.5 * q.d / q.alpha.scale * one, _last(q))


@theorem(_PAPER + ", Corollary 1, from Theorem 4 as revised in 2019, with its factor d/alpha", AMSGrad)
def amsgrad_corollary1_revised(q: Quantities) -> Bound:
    """R_T <= D^2 sqrt(T)/(alpha (1-beta_1)) A + d beta_1 D^2 G/(alpha (1-beta_1)^2 (1-lambda)^2)
    + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2)).
    """
    one = inverse(1.0 - q.b1)
    return _corollary1(q, one, q.d / q.alpha.scale * one**2, _last(q))


@theorem(_PAPER + ", Corollary 1 as printed in 2019: no factor d/alpha", AMSGrad, true=False)
def amsgrad_corollary1_printed(q: Quantities) -> Bound:
    """R_T <= D^2 sqrt(T)/(alpha (1-beta_1)) A + beta_1 D^2 G/((1-beta_1)^2 (1-lambda)^2)
    + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2)).
    """
    one = inverse(1.0 - q.b1)
    return _corollary1(q, one, one**2, _last(q))


# -- AdamNC -----------------------------------------------------------------------------------


def _adamnc(q: Quantities) -> list[Hypothesis]:
    """The hypotheses of Theorem 5 other than those on v_t."""
    return [q.convex(), q.bounded(), q.gradients(), q.root_stepsize(), q.beta1_below_first()]


@theorem(_PAPER + ", Theorem 5, with condition (1) at every t", AdamNC)
def adamnc_theorem5(q: Quantities) -> Bound:
    """R_T <= D^2 sqrt(T)/(2 alpha (1-beta_1)) sum_i sqrt(v_{T,i}) + D^2/(1-beta_1)^2 S + 2 zeta/(1-beta_1)^3 N.

    zeta is the smallest number with sqrt(v_{t,i})/alpha_t >= ||g_{1:t,i}||_2/zeta for all t <= T.
    """
    one = inverse(1.0 - q.b1)
    zeta = q.zeta
    terms = {
        "D^2 sqrt(T)/(2 alpha (1-beta_1)) sum_i sqrt(v_T)": 0.5 * one * q.D**2 * _metric(q),
        "D^2/(1-beta_1)^2 S": one**2 * q.D**2 * q.S,
        "2 zeta/(1-beta_1)^3 N": 2.0 * zeta * one**3 * q.N,
    }
    measured = Hypothesis(
        "sqrt(v_t)/alpha_t >= ||g_{1:t}||/zeta", bool(np.isfinite(zeta[-1])), f"zeta = {zeta[-1]:.6g}"
    )
    return Bound(terms, [*_adamnc(q), measured, q.monotone()])


def _corollary2(q: Quantities, decay: float) -> Bound:
    """(D^2/(2 alpha (1-beta_1)) + 2 alpha/(1-beta_1)^3) N + decay beta_1 D^2 G/((1-beta_1)^2 (1-lambda)^2)."""
    a, one = q.alpha.scale, inverse(1.0 - q.b1)
    terms = {
        "(D^2/(2 alpha (1-beta_1)) + 2 alpha/(1-beta_1)^3) N": (0.5 * q.D**2 * one / a + 2.0 * a * one**3) * q.N,
        "decay of beta_1": decay * q.b1 * q.D**2 * one**2 * inverse(1.0 - q.lam) ** 2 * q.G,
    }
    return Bound(terms, [*_adamnc(q), q.geometric_beta1(), q.beta2_of_a_mean()])


@theorem(_PAPER + ", Corollary 2, with its factor d/alpha and zeta = alpha", AdamNC)
def adamnc_corollary2(q: Quantities) -> Bound:
    """R_T <= (D^2/(2 alpha (1-beta_1)) + 2 alpha/(1-beta_1)^3) N + d beta_1 D^2 G/(alpha (1-beta_1)^2 (1-lambda)^2)."""
    return _corollary2(q, q.d / q.alpha.scale)


@theorem(_PAPER + ", Corollary 2 as printed: no factor d/alpha", AdamNC, true=False)
def adamnc_corollary2_printed(q: Quantities) -> Bound:
    """(D^2/(2 alpha (1-beta_1)) + 2 alpha/(1-beta_1)^3) N + beta_1 D^2 G/((1-beta_1)^2 (1-lambda)^2)."""
    return _corollary2(q, 1.0)

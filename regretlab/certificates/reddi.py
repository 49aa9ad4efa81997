"""Reddi, Kale, Kumar (2018): Theorem 4 and Corollary 1 on AMSGrad, Theorem 5 and Corollary 2 on AdamNC.

With A = sum_i sqrt(vhat_{T,i}), S = sum_t sum_i beta_{1,t} sqrt(vhat_{t,i})/alpha_t, N = sum_i ||g_{1:T,i}||_2,
gamma = beta_1/sqrt(beta_2), L_T = sqrt(1 + ln T), D = D_inf, G = G_inf.  Theorem 4 exists in three
printings.  ``amsgrad_schedule`` is a sharper form with a proof of six lines (paper_notes.md).
"""

from __future__ import annotations

import math

import numpy as np

from regretlab._typing import Array
from regretlab.certificates.certificate import Bound, theorem
from regretlab.certificates.facts import Facts, Hypothesis, over
from regretlab.learners.adam import AdamNC, AMSGrad
from regretlab.schedules import OneMinusInverse

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


def _amsgrad(facts: Facts) -> list[Hypothesis]:
    return [
        facts.convex(), facts.bounded(), facts.gradients(), facts.root_stepsize(),
        facts.beta1_below_first(), facts.constant_beta2(), facts.gamma_below_one(),
    ]  # fmt: skip


def _metric(facts: Facts) -> Array:
    """sqrt(T) A / alpha = sum_i w_{T,i}."""
    return facts.sum("weight")


def _last(facts: Facts) -> Array:
    """alpha L_T N / ((1-beta_1)^2 (1-gamma) sqrt(1-beta_2))."""
    return over(1.0 - facts.b1) * _moments(facts)


def _moments(facts: Facts) -> Array:
    """alpha L_T N / ((1-beta_1)(1-gamma) sqrt(1-beta_2)), which is at least sum_t alpha_t sum_i m^2/sqrt(vhat)."""
    constants = over(1.0 - facts.b1) * over(1.0 - facts.gamma_R) / math.sqrt(1.0 - facts.b2)
    return np.asarray(facts.alpha.scale * constants * facts.L * facts.N)


@theorem(_PAPER + ", Theorem 4, sharper form", AMSGrad)
def amsgrad_schedule(facts: Facts) -> Bound:
    """R_T <= D^2 sqrt(T)/(2 alpha) A + (D^2/2) S + (1/2) sum_t alpha_t sum_i (m_{t,i}^2
    + beta_{1,t} (g_{t,i} - m_{t-1,i})^2) / sqrt(vhat_{t,i}).

    Where the last sum was not kept, its bound
    (1/2 + beta_1 + beta_1 (1-beta_1)(1-gamma)) alpha L_T N / ((1-beta_1)(1-gamma) sqrt(1-beta_2)).
    """
    b1 = facts.b1
    bound = (0.5 + b1 + b1 * (1.0 - b1) * (1.0 - facts.gamma_R)) * _moments(facts)
    terms = {
        "D^2 sqrt(T)/(2 alpha) A": 0.5 * facts.D**2 * _metric(facts),
        "(D^2/2) S": 0.5 * facts.D**2 * facts.S,
        "steps and lags": np.minimum(0.5 * (facts.sum("step") + facts.lag), bound),
    }
    return Bound(terms, _amsgrad(facts))


@theorem(_PAPER + ", Theorem 4 as in the OpenReview submission: no alpha in the first term", AMSGrad, true=False)
def amsgrad_theorem4_submission(facts: Facts) -> Bound:
    """R_T <= D^2 sqrt(T)/(1-beta_1) A + D^2/(2(1-beta_1)) S + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2))."""
    return _theorem4(facts, facts.alpha.scale * over(1.0 - facts.b1), 0.5 * over(1.0 - facts.b1))


@theorem(_PAPER + ", Theorem 4 as in the ICLR proceedings", AMSGrad)
def amsgrad_theorem4_iclr(facts: Facts) -> Bound:
    """R_T <= D^2 sqrt(T)/(alpha (1-beta_1)) A + D^2/(2(1-beta_1)) S
    + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2)).

    The printed proof is wrong (Tran, Phong 2019), the statement is true: it is above the sharper form.
    """
    return _theorem4(facts, over(1.0 - facts.b1), 0.5 * over(1.0 - facts.b1))


@theorem(_PAPER + ", Theorem 4 as revised in 2019", AMSGrad)
def amsgrad_theorem4_revised(facts: Facts) -> Bound:
    """R_T <= D^2 sqrt(T)/(alpha (1-beta_1)) A + D^2/(1-beta_1)^2 S
    + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2)).
    """
    return _theorem4(facts, over(1.0 - facts.b1), over(1.0 - facts.b1) ** 2)


def _theorem4(facts: Facts, first: float, second: float) -> Bound:
    """first D^2 sqrt(T) A/alpha + second D^2 S + Q."""
    terms = {
        "D^2 sqrt(T) A": first * facts.D**2 * _metric(facts),
        "D^2 S": second * facts.D**2 * facts.S,
        "alpha L_T N": _last(facts),
    }
    return Bound(terms, _amsgrad(facts))


def _corollary1(facts: Facts, first: float, second: float, last: Array) -> Bound:
    """first D^2 sqrt(T) A/alpha + second D^2 G + last, for beta_{1,t} = beta_1 lambda^{t-1}."""
    terms = {
        "D^2 sqrt(T) A": first * facts.D**2 * _metric(facts),
        "decay of beta_1": second * over(1.0 - facts.lam) ** 2 * facts.b1 * facts.D**2 * facts.G,
        "alpha L_T N": last,
    }
    return Bound(terms, [*_amsgrad(facts), facts.geometric_beta1()])


@theorem(_PAPER + ", Corollary 1, from the sharper form of Theorem 4", AMSGrad)
def amsgrad_corollary1(facts: Facts) -> Bound:
    """R_T <= D^2 sqrt(T)/(2 alpha) A + d beta_1 D^2 G/(2 alpha (1-lambda)^2)
    + (1/2 + beta_1 + beta_1 (1-beta_1)(1-gamma)) alpha L_T N/((1-beta_1)(1-gamma) sqrt(1-beta_2)).
    """
    b1 = facts.b1
    last = (0.5 + b1 + b1 * (1.0 - b1) * (1.0 - facts.gamma_R)) * _moments(facts)
    return _corollary1(facts, 0.5, 0.5 * facts.d / facts.alpha.scale, last)


@theorem(_PAPER + ", Corollary 1, from Theorem 4 of the ICLR proceedings, with its factor d/alpha", AMSGrad)
def amsgrad_corollary1_iclr(facts: Facts) -> Bound:
    """R_T <= D^2 sqrt(T)/(alpha (1-beta_1)) A + d beta_1 D^2 G/(2 alpha (1-beta_1)(1-lambda)^2)
    + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2)).
    """
    one = over(1.0 - facts.b1)
    return _corollary1(facts, one, 0.5 * facts.d / facts.alpha.scale * one, _last(facts))


@theorem(_PAPER + ", Corollary 1, from Theorem 4 as revised in 2019, with its factor d/alpha", AMSGrad)
def amsgrad_corollary1_revised(facts: Facts) -> Bound:
    """R_T <= D^2 sqrt(T)/(alpha (1-beta_1)) A + d beta_1 D^2 G/(alpha (1-beta_1)^2 (1-lambda)^2)
    + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2)).
    """
    one = over(1.0 - facts.b1)
    return _corollary1(facts, one, facts.d / facts.alpha.scale * one**2, _last(facts))


@theorem(_PAPER + ", Corollary 1 as printed in 2019: no factor d/alpha", AMSGrad, true=False)
def amsgrad_corollary1_printed(facts: Facts) -> Bound:
    """R_T <= D^2 sqrt(T)/(alpha (1-beta_1)) A + beta_1 D^2 G/((1-beta_1)^2 (1-lambda)^2)
    + alpha L_T N/((1-beta_1)^2 (1-gamma) sqrt(1-beta_2)).
    """
    one = over(1.0 - facts.b1)
    return _corollary1(facts, one, one**2, _last(facts))


# -- AdamNC -----------------------------------------------------------------------------------


def _adamnc(facts: Facts) -> list[Hypothesis]:
    return [
        facts.convex(), facts.bounded(), facts.gradients(), facts.root_stepsize(),
        facts.beta1_below_first(),
    ]  # fmt: skip


@theorem(_PAPER + ", Theorem 5, with condition (1) at every t", AdamNC)
def adamnc_theorem5(facts: Facts) -> Bound:
    """R_T <= D^2 sqrt(T)/(2 alpha (1-beta_1)) sum_i sqrt(v_{T,i}) + D^2/(1-beta_1)^2 S + 2 zeta/(1-beta_1)^3 N.

    zeta is the smallest number with sqrt(v_{t,i})/alpha_t >= ||g_{1:t,i}||_2/zeta for all t <= T.
    """
    one = over(1.0 - facts.b1)
    zeta = facts.zeta
    terms = {
        "D^2 sqrt(T)/(2 alpha (1-beta_1)) sum_i sqrt(v_T)": 0.5 * one * facts.D**2 * _metric(facts),
        "D^2/(1-beta_1)^2 S": one**2 * facts.D**2 * facts.S,
        "2 zeta/(1-beta_1)^3 N": 2.0 * zeta * one**3 * facts.N,
    }
    measured = Hypothesis(
        "sqrt(v_t)/alpha_t >= ||g_{1:t}||/zeta", bool(np.isfinite(zeta[-1])), f"zeta = {zeta[-1]:.6g}"
    )
    return Bound(terms, [*_adamnc(facts), measured, facts.monotone()])


def _corollary2(facts: Facts, decay: float) -> Bound:
    a, one = facts.alpha.scale, over(1.0 - facts.b1)
    terms = {
        "(D^2/(2 alpha (1-beta_1)) + 2 alpha/(1-beta_1)^3) N": (0.5 * facts.D**2 * one / a + 2.0 * a * one**3)
        * facts.N,
        "decay of beta_1": decay * facts.b1 * facts.D**2 * one**2 * over(1.0 - facts.lam) ** 2 * facts.G,
    }
    schedule = facts.schedules.get("beta2")
    mean = Hypothesis("beta_{2,t} = 1 - 1/t", schedule == OneMinusInverse(), repr(schedule))
    return Bound(terms, [*_adamnc(facts), facts.geometric_beta1(), mean])


@theorem(_PAPER + ", Corollary 2, with its factor d/alpha and zeta = alpha", AdamNC)
def adamnc_corollary2(facts: Facts) -> Bound:
    """R_T <= (D^2/(2 alpha (1-beta_1)) + 2 alpha/(1-beta_1)^3) N + d beta_1 D^2 G/(alpha (1-beta_1)^2 (1-lambda)^2)."""
    return _corollary2(facts, facts.d / facts.alpha.scale)


@theorem(_PAPER + ", Corollary 2 as printed: no factor d/alpha", AdamNC, true=False)
def adamnc_corollary2_printed(facts: Facts) -> Bound:
    """(D^2/(2 alpha (1-beta_1)) + 2 alpha/(1-beta_1)^3) N + beta_1 D^2 G/((1-beta_1)^2 (1-lambda)^2)."""
    return _corollary2(facts, 1.0)

"""Constant beta_1: Alacaoglu, Malitsky, Mertikopoulos, Cevher (2020), for AMSGrad and AdamNC.

Use these bounds for the usual settings: with a constant beta_1 the second term of Theorem 4 of Reddi et al. grows like
T^{3/2}.
"""

from __future__ import annotations

import numpy as np

from regretlab.certificates.certificate import Bound, theorem
from regretlab.certificates.measurements import inverse
from regretlab.certificates.quantities import Hypothesis, Quantities
from regretlab.learners.adam import AdamNC, AMSGrad
from regretlab.learners.gradient_descent import AdaGrad
from regretlab.schedules import OneMinusInverse

__all__ = ["adamnc_constant_beta1", "amsgrad_constant_beta1", "amsgrad_constant_beta1_posterior"]

_SOURCE = "Alacaoglu, Malitsky, Mertikopoulos, Cevher (2020), arXiv 2003.09729"


def _hypotheses(q: Quantities) -> list[Hypothesis]:
    return [q.convex(), q.bounded(), q.constant_beta1(), q.root_stepsize()]


@theorem(_SOURCE, AMSGrad)
def amsgrad_constant_beta1(q: Quantities) -> Bound:
    """R_T <= D^2 sqrt(T)/(2 alpha (1-beta_1)) sum_i sqrt(vhat_{T,i})
    + alpha L_T N/sqrt((1-beta_2)(1-beta_1^2/beta_2)).

    L_T = sqrt(1 + ln T), N = sum_i ||g_{1:T,i}||_2.
    """
    one, g = inverse(1.0 - q.b1), q.gamma_A
    terms = {
        "D^2 sqrt(T)/(2 alpha (1-beta_1)) A": 0.5 * one * q.D**2 * q.sum("weight"),
        "alpha L_T N": q.alpha.scale * np.sqrt(inverse((1.0 - q.b2) * (1.0 - g))) * q.L * q.N,
    }
    rest = [q.constant_beta2(), q.gamma_below_one()]
    return Bound(terms, [*_hypotheses(q), *rest])


@theorem(_SOURCE + ", with the steps that were made", AMSGrad)
def amsgrad_constant_beta1_posterior(q: Quantities) -> Bound:
    """R_T <= (2-beta_1) D^2 sqrt(T)/(4 alpha (1-beta_1)) sum_i sqrt(vhat_{T,i})
    + (1+beta_1)/(2(1-beta_1)) sum_t alpha_t sum_i m_{t,i}^2/sqrt(vhat_{t,i}).

    This is the master inequality for Gamma_t >= 0, and holds for any beta_2.
    """
    b1, one = q.b1, inverse(1.0 - q.b1)
    terms = {
        "(2-beta_1) D^2 sqrt(T)/(4 alpha (1-beta_1)) A": 0.25 * (2.0 - b1) * one * q.D**2 * q.sum("weight"),
        "steps": 0.5 * (1.0 + b1) * one * q.sum("step"),
    }
    rest = [q.monotone(), q.momentum()]
    return Bound(terms, [*_hypotheses(q), *rest])


@theorem(_SOURCE, AdamNC, AdaGrad)
def adamnc_constant_beta1(q: Quantities) -> Bound:
    """R_T <= [(2-beta_1) D^2/(4 alpha (1-beta_1)) + alpha (1+beta_1)/(1-beta_1)] sum_i ||g_{1:T,i}||_2.

    For beta_{2,t} = 1 - 1/t; the best alpha is (D/2) sqrt((2-beta_1)/(1+beta_1)).
    """
    a, b1, one = q.alpha.scale, q.b1, inverse(1.0 - q.b1)
    terms = {
        "(2-beta_1) D^2/(4 alpha (1-beta_1)) N": 0.25 * (2.0 - b1) * q.D**2 * one / a * q.N,
        "alpha (1+beta_1)/(1-beta_1) N": np.asarray(a * (1.0 + b1) * one * q.N),
    }
    schedule = q.schedules.get("beta2", OneMinusInverse())  # AdaGrad has no beta2, and v_t is the mean
    mean = Hypothesis("beta_{2,t} = 1 - 1/t", schedule == OneMinusInverse(), repr(schedule))
    return Bound(terms, [*_hypotheses(q), mean])

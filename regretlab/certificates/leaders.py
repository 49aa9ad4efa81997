"""Learners that follow a regularized leader, exponential weights, and AdaGrad's single stepsize.

They look at all coordinates of a point at once.  sum_t alpha_t ||g_t||^2 is that of the
gradients really seen.
"""

from __future__ import annotations

import numpy as np

from regretlab._typing import Array
from regretlab.certificates.certificate import Bound, theorem
from regretlab.certificates.facts import Facts, Hypothesis
from regretlab.learners.experts import ExponentiatedGradient, Hedge
from regretlab.learners.leaders import DualAveraging
from regretlab.learners.whole import AdaGradNorm
from regretlab.schedules import Constant
from regretlab.sets import Simplex

__all__ = ["adagrad_norm", "dual_averaging", "exponential_weights"]


@theorem("Streeter, McMahan (2010), arXiv 1002.4862", AdaGradNorm)
def adagrad_norm(facts: Facts) -> Bound:
    """R_T <= (D_2^2/(2 alpha) + alpha) sqrt(sum_t ||g_t||_2^2).

    With alpha = D_2/sqrt(2) it is sqrt(2) D_2 sqrt(sum_t ||g_t||_2^2).
    """
    a, length = facts.alpha.scale, np.sqrt(facts.sum("square"))
    terms = {"D_2^2/(2 alpha) ||g_{1:T}||": 0.5 * facts.D_2**2 / a * length, "alpha ||g_{1:T}||": a * length}
    return Bound(terms, [facts.convex(), facts.bounded(), facts.root_stepsize()])


@theorem("follow the regularized leader; Xiao (2010), dual averaging", DualAveraging)
def dual_averaging(facts: Facts) -> Bound:
    """R_T <= D_2^2/(2 alpha_T) + (1/2) sum_t alpha_t ||g_t||_2^2, for non-increasing alpha_t."""
    terms = {"D_2^2/(2 alpha_T)": 0.5 * facts.D_2**2 / _alpha(facts), "steps": 0.5 * facts.sum("steps")}
    return Bound(terms, [facts.convex(), facts.bounded(), facts.falling_stepsize()])


@theorem("follow the regularized leader with the entropy; Freund, Schapire (1997)", Hedge, ExponentiatedGradient)
def exponential_weights(facts: Facts) -> Bound:
    """R_T <= s (ln(s/min_i x_{1,i})/alpha_T + (1/2) sum_t alpha_t ||g_t||_inf^2), on a simplex of mass s.

    For non-increasing alpha_t, which have to be constant for the exponentiated gradient.
    With x_1 uniform, s = 1 and alpha = sqrt(2 ln d/T)/G it is G sqrt(2 T ln d).
    """
    F, first = facts.F, facts.game.record.point[0]
    s = F.mass if isinstance(F, Simplex) else 1.0
    steps = facts.each("steps_inf")[:, 0]
    far = s * float(np.log(s / first.min()))
    terms = {"s ln(s/min x_1)/alpha_T": far / _alpha(facts), "steps": 0.5 * s * steps}
    hypotheses = [facts.convex(), facts.bounded(), facts.falling_stepsize()]
    if isinstance(facts.learner, ExponentiatedGradient):
        hypotheses.append(Hypothesis("alpha_t = alpha", isinstance(facts.alpha, Constant), repr(facts.alpha)))
    return Bound(terms, hypotheses)


def _alpha(facts: Facts) -> Array:
    """alpha_t at the checkpoints."""
    return np.broadcast_to(facts.alpha(facts.t.astype(np.int64)), facts.t.shape)

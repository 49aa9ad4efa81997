"""Follow the regularized leader, exponential weights, and AdaGrad with one stepsize for all coordinates.

The sums of alpha_t ||g_t||^2 are taken over the gradients of the game.
"""

from __future__ import annotations

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array
from regretlab.certificates.certificate import Bound, theorem
from regretlab.certificates.quantities import Quantities
from regretlab.learners.experts import ExponentiatedGradient, Hedge
from regretlab.learners.ftrl import DualAveraging
from regretlab.learners.vector import AdaGradNorm
from regretlab.sets import Simplex

__all__ = ["adagrad_norm", "dual_averaging", "exponential_weights"]


@theorem("Streeter, McMahan (2010), arXiv 1002.4862", AdaGradNorm)
def adagrad_norm(q: Quantities) -> Bound:
    """R_T <= (D_2^2/(2 alpha) + alpha) sqrt(sum_t ||g_t||_2^2).

    With alpha = D_2/sqrt(2) the bound is sqrt(2) D_2 sqrt(sum_t ||g_t||_2^2).
    """
    a, length = q.alpha.scale, np.sqrt(q.sum("square"))
    terms = {"D_2^2/(2 alpha) ||g_{1:T}||": 0.5 * q.D_2**2 / a * length, "alpha ||g_{1:T}||": a * length}
    return Bound(terms, [q.convex(), q.bounded(), q.root_stepsize()])


@theorem("follow the regularized leader; Xiao (2010), dual averaging", DualAveraging)
def dual_averaging(q: Quantities) -> Bound:
    """R_T <= D_2^2/(2 alpha_T) + (1/2) sum_t alpha_t ||g_t||_2^2, for non-increasing alpha_t."""
    terms = {"D_2^2/(2 alpha_T)": 0.5 * q.D_2**2 / _alpha(q), "steps": 0.5 * q.sum("steps")}
    return Bound(terms, [q.convex(), q.bounded(), q.falling_stepsize()])


@theorem("follow the regularized leader with the entropy; Freund, Schapire (1997)", Hedge, ExponentiatedGradient)
def exponential_weights(q: Quantities) -> Bound:
    """R_T <= s (ln(s/min_i x_{1,i})/alpha_T + (1/2) sum_t alpha_t ||g_t||_inf^2), on a simplex of mass s.

    For non-increasing alpha_t; for the exponentiated gradient alpha_t must be constant.
    With x_1 uniform, s = 1 and alpha = sqrt(2 ln d/T)/G the bound is G sqrt(2 T ln d).
    """
    F, first = q.F, q.game.record.point[0]
    s = F.mass if unchanged(F, Simplex) else 1.0
    steps = q.each("steps_inf")[:, 0]
    far = s * float(np.log(s / first.min()))
    terms = {"s ln(s/min x_1)/alpha_T": far / _alpha(q), "steps": 0.5 * s * steps}
    hypotheses = [q.convex(), q.bounded(), q.falling_stepsize()]
    if isinstance(q.learner, ExponentiatedGradient):
        hypotheses.append(q.constant_stepsize())
    return Bound(terms, hypotheses)


def _alpha(q: Quantities) -> Array:
    """alpha_t at the checkpoints: (h,)."""
    return np.broadcast_to(q.alpha(q.t.astype(np.int64)), q.t.shape)

"""Variants of Adam with bounds of their own: NosAdam's weighted mean of squares, SAdam for strongly convex losses."""

from __future__ import annotations

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab.certificates.certificate import Bound, theorem
from regretlab.certificates.measurements import blocks, inverse
from regretlab.certificates.quantities import Hypothesis, Quantities
from regretlab.learners.adam_variants import NosAdam, SAdam
from regretlab.schedules import Constant, Inverse

__all__ = ["nosadam", "sadam_constant_beta1"]


@theorem("Huang, Wang, Dong (2018), arXiv 1805.07557, for beta_1 = 0; derived anew", NosAdam)
def nosadam(q: Quantities) -> Bound:
    """R_T <= (D^2/(2 alpha)) sum_i sqrt(T v_{T,i})
    + alpha max_{t<=T}(sqrt(B_t/t)/b_t) sum_i sqrt(sum_t b_t g_{t,i}^2).

    b_t is the weight of g_t^2 in the mean, and B_t = b_1 + ... + b_t.
    """
    stops, a = q.t.astype(np.int64), q.alpha.scale
    B, steepest = np.empty(stops.size), np.empty(stops.size)
    total, top = 0.0, 0.0
    for t in blocks(stops[-1]):
        b = np.broadcast_to(q.schedule("b")(t), t.shape)
        sums = total + np.cumsum(b)
        tops = np.maximum(top, np.maximum.accumulate(np.sqrt(sums / t) / b))
        here = (stops >= t[0]) & (stops <= t[-1])
        B[here], steepest[here] = sums[stops[here] - t[0]], tops[stops[here] - t[0]]
        total, top = float(sums[-1]), float(tops[-1])
    terms = {
        "(D^2/(2 alpha)) sum_i sqrt(T v_T)": 0.5 * q.D**2 * q.sum("weight"),
        "alpha max(sqrt(B_t/t)/b_t) sum_i sqrt(B_T v_T)": a * steepest * np.sqrt(B) * q.metric,
    }
    return Bound(terms, [q.convex(), q.bounded(), q.root_stepsize(), q.monotone(), q.no_momentum()])


@theorem("Wang, Lu, Cheng, Tu, Zhang (2020), arXiv 1905.02957, for a constant beta_1; derived anew", SAdam)
def sadam_constant_beta1(q: Quantities) -> Bound:
    """R_T <= d delta D^2/(2 alpha) + beta_1/(1-beta_1) d G D
    + alpha (1+beta_1)/(2(1-beta_1)) sum_i ln(1 + ||g_{1:T,i}||^2/delta).

    For alpha_t = alpha/t, beta_{2,t} = 1 - 1/t, a constant delta in V_t = v_t + delta/t, and mu-strongly convex losses
    with alpha >= G^2/mu.
    """
    a, b1, one = q.alpha.scale, q.b1, inverse(1.0 - q.b1)
    schedule = q.schedule("delta")
    delta = float(schedule(1))
    logarithms = np.log1p(q.each("square") / delta).sum(axis=1)
    terms = {
        "d delta D^2/(2 alpha)": np.full(q.t.size, 0.5 * q.d * delta * q.D**2 / a),
        "beta_1/(1-beta_1) d G D": b1 * one * q.d * q.G * q.D,
        "sum_i ln(1 + ||g_{1:T,i}||^2/delta)": 0.5 * a * (1.0 + b1) * one * logarithms,
    }
    G = float(q.G[-1])
    hypotheses = [
        q.bounded(),
        q.strongly_convex(),
        Hypothesis("alpha >= G^2/mu", q.mu > 0.0 and a >= G**2 / q.mu, f"alpha = {a:g}, G = {G:g}"),
        Hypothesis("alpha_t = alpha/t", unchanged(q.alpha, Inverse), repr(q.alpha)),
        q.constant_beta1(),
        q.beta2_of_a_mean(),
        Hypothesis("delta constant", unchanged(schedule, Constant), repr(schedule)),
    ]
    return Bound(terms, hypotheses)

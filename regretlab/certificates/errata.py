"""Bounds that correct a published proof: Tran, Phong (2019) for AMSGrad and AdamX, Savarese (2019) for AdaBound."""

from __future__ import annotations

import math

import numpy as np

from regretlab._utils.types import Array
from regretlab.certificates.certificate import Bound, theorem
from regretlab.certificates.measurements import blocks, inverse
from regretlab.certificates.quantities import Hypothesis, Quantities
from regretlab.learners.adabound import AdaBound, AMSBound
from regretlab.learners.adam import AdamX, AMSGrad
from regretlab.schedules import Constant

__all__ = ["adabound_savarese", "adamx_theorem51", "amsgrad_tran_phong", "amsgrad_tran_phong_inverse"]

_TRAN_PHONG = "Tran, Phong (2019), arXiv 1904.03590"


def _hypotheses(q: Quantities) -> list[Hypothesis]:
    """The hypotheses that all bounds of Tran and Phong share."""
    return [
        q.convex(), q.bounded(), q.gradients(), q.root_stepsize(), q.beta1_below_first(),
        q.constant_beta2(), q.gamma_below_one(),
    ]  # fmt: skip


def _moments(q: Quantities) -> Array:
    """alpha sqrt(ln T + 1) N / ((1-beta_1)^2 sqrt(1-beta_2) (1-gamma))."""
    constants = inverse(1.0 - q.b1) ** 2 * inverse(1.0 - q.gamma_R) / np.sqrt(1.0 - q.b2)
    return np.asarray(q.alpha.scale * constants * q.L * q.N)


def _unit(q: Quantities) -> Array:
    """d D^2 G / (2 alpha (1-beta_1))."""
    return np.asarray(0.5 * q.d * q.D**2 * q.G / q.alpha.scale * inverse(1.0 - q.b1))


def last_fall(b1: float, lam: float) -> int:
    """t0, the last t >= 1 with sqrt(t+1)/(1 - b1 lam^t) < sqrt(t)/(1 - b1 lam^{t-1}), or 1 if there is none.

    For real t, sqrt(t)/(1 - b1 lam^{t-1}) decreases where b1 lam^{t-1} (1 + 2 t ln(1/lam)) > 1.  The left-hand side
    decreases for t > 1/(2 ln(1/lam)), so there is a last such t, which bisection finds.
    """
    if b1 == 0.0 or lam == 0.0:
        return 1
    rate = -math.log(lam)

    def slope(t: float) -> float:
        return float(b1 * lam ** (t - 1.0) * (1.0 + 2.0 * t * rate))

    low = max(1.0, 0.5 / rate)
    if slope(low) <= 1.0:
        return 1
    high = 2.0 * low
    while slope(high) > 1.0:
        high *= 2.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(middle) > 1.0 else (low, middle)

    def falls(t: int) -> bool:
        return bool(math.sqrt(t + 1.0) / (1.0 - b1 * lam**t) < math.sqrt(t) / (1.0 - b1 * lam ** (t - 1.0)))

    last = math.floor(high)
    return next((t for t in range(last, max(0, last - 4), -1) if falls(t)), 1)


@theorem(_TRAN_PHONG + ", Theorem 4.1, with gamma < 1 in place of gamma <= 1", AMSGrad)
def amsgrad_tran_phong(q: Quantities) -> Bound:
    """R_T <= d D^2 G/(2 alpha (1-beta_1)) (sum_{t<=t0} sqrt(t) + sqrt(T)) + d D^2 G/(2 alpha (1-beta_1)(1-lambda)^2)
    + alpha sqrt(ln T + 1) N/((1-beta_1)^2 sqrt(1-beta_2)(1-gamma)).

    For beta_{1,t} = beta_1 lambda^{t-1}, and gamma = beta_1/sqrt(beta_2).  t0 is the last t for which
    sqrt(t)/(1-beta_{1,t}) is smaller at t+1 than at t, or 1.
    """
    unit, root = _unit(q), np.sqrt(q.t)
    known = not math.isnan(q.lam)
    before = sum(math.sqrt(t) for t in range(1, last_fall(q.b1, q.lam) + 1)) if known else math.inf
    terms = {
        "d D^2 G (sum of sqrt(t) to t0 + sqrt(T))": unit * (before + root),
        "decay of beta_1": unit * inverse(1.0 - q.lam) ** 2,
        "alpha L_T N": _moments(q),
    }
    return Bound(terms, [*_hypotheses(q), q.geometric_beta1()])


@theorem(_TRAN_PHONG + ", Theorem 4.1 for beta_{1,t} = beta_1/t", AMSGrad)
def amsgrad_tran_phong_inverse(q: Quantities) -> Bound:
    """R_T <= d D^2 G/(2 alpha (1-beta_1)) (sum_{t<=t0} sqrt(t) + sqrt(T)) + d D^2 G sqrt(T)/(alpha (1-beta_1))
    + alpha sqrt(ln T + 1) N/((1-beta_1)^2 sqrt(1-beta_2)(1-gamma)).

    For beta_{1,t} = beta_1/t, and gamma = beta_1/sqrt(beta_2).  t0 is the last t for which
    sqrt(t)/(1-beta_1/t) is smaller at t+1 than at t, or 1.
    """
    unit, root = _unit(q), np.sqrt(q.t)
    t = np.arange(1.0, 10_001.0)
    w = np.sqrt(t) / (1.0 - q.b1 / t)
    falls = np.flatnonzero(np.diff(w) < 0.0)
    before = float(np.sqrt(t[: falls[-1] + 1]).sum()) if falls.size else 1.0
    terms = {
        "d D^2 G (sum of sqrt(t) to t0 + sqrt(T))": unit * (before + root),
        "d D^2 G sqrt(T)": 2.0 * unit * root,
        "alpha L_T N": _moments(q),
    }
    return Bound(terms, [*_hypotheses(q), q.inverse_beta1()])


@theorem(_TRAN_PHONG + ", Theorem 5.1, with (1-beta_1)^2 in the second term", AdamX)
def adamx_theorem51(q: Quantities) -> Bound:
    """R_T <= d D^2 G sqrt(T)/(2 alpha (1-beta_1)) + d D^2 G/(2 alpha (1-beta_1)^2) sum_{t=2}^T beta_{1,t} sqrt(t-1)
    + alpha sqrt(ln T + 1) N/((1-beta_1)^2 sqrt(1-beta_2)(1-gamma)).
    """
    unit = _unit(q)
    terms = {
        "d D^2 G sqrt(T)": unit * np.sqrt(q.t),
        "d D^2 G sum of beta_{1,t} sqrt(t-1)": unit * inverse(1.0 - q.b1) * _decay(q),
        "alpha L_T N": _moments(q),
    }
    return Bound(terms, [*_hypotheses(q)])


def _decay(q: Quantities) -> Array:
    """sum_{2<=s<=t} beta_{1,s} sqrt(s-1) at the checkpoints: (h,)."""
    total, sums = 0.0, np.empty(q.t.size)
    stops = q.t.astype(np.int64)
    for s in blocks(stops[-1]):
        running = total + np.cumsum(q.beta1(s) * np.sqrt(s - 1.0))
        here = (stops >= s[0]) & (stops <= s[-1])
        sums[here] = running[stops[here] - s[0]]
        total = float(running[-1])
    return sums


@theorem("Savarese (2019), arXiv 1908.04457, condition on the bounds; derived anew", AdaBound, AMSBound)
def adabound_savarese(q: Quantities) -> Bound:
    """R_T <= ((2 sqrt(T) - 1)/2) (d M D^2 + R G_2^2 (1+beta_1)/(1-beta_1)) + beta_1/(1-beta_1) d G D.

    For AdaBound and AMSBound with alpha_t = alpha/sqrt(t) and a constant beta_1, with
    M = max_{t<=T} (t/lower_t - (t-1)/upper_{t-1}) and R = max_{t<=T} upper_t.
    """
    schedules = {"lower": Constant(math.nan), "upper": Constant(math.nan)} | dict(q.schedules)
    M = R = -math.inf
    for t in blocks(q.T):
        lower, upper, previous = schedules["lower"](t), schedules["upper"](t), schedules["upper"](np.maximum(t - 1, 1))
        M = max(M, float(np.max(t / lower - (t - 1) / previous)))
        R = max(R, float(np.max(upper)))
    M, R = (M, R) if math.isfinite(M) else (math.inf, math.inf)  # the learner has no bounds
    root = 0.5 * (2.0 * np.sqrt(q.t) - 1.0)
    one = inverse(1.0 - q.b1)
    terms = {
        "d M D^2": root * q.d * M * q.D**2,
        "R G_2^2": root * R * q.G_2**2 * (1.0 + q.b1) * one,
        "d G D": q.b1 * one * q.d * q.G * q.D,
    }
    condition = Hypothesis("t/lower_t - (t-1)/upper_{t-1} <= M", math.isfinite(M), f"M = {M:.6g} up to T")
    rest = [q.constant_beta1(), q.root_stepsize(), condition]
    return Bound(terms, [q.convex(), q.bounded(), *rest])

"""Online gradient descent and AdaGrad: the classical bounds; and the bound of Kingma and Ba on Adam, which is false.

D_2 is the Euclidean diameter of F, and G_2 the largest ||g_t||_2.  Where the ledger lacks that maximum and d > 1, G_2
is an upper bound on it: the norm of the vector of each coordinate's largest |g_{t,i}|.
"""

from __future__ import annotations

import math

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab.certificates.certificate import Bound, theorem
from regretlab.certificates.measurements import inverse
from regretlab.certificates.quantities import Hypothesis, Quantities
from regretlab.learners.adam import Adam, AdamNC
from regretlab.learners.gradient_descent import OGD, AdaGrad
from regretlab.schedules import Inverse
from regretlab.sets import L2Ball

__all__ = [
    "adagrad",
    "kingma_ba_theorem41",
    "ogd",
    "ogd_centred",
    "ogd_constant",
    "ogd_root",
    "ogd_strongly_convex",
]

_ZINKEVICH = "Zinkevich (2003), Theorem 1"


def _ogd(q: Quantities) -> list[Hypothesis]:
    """The hypotheses of all bounds on online gradient descent."""
    return [q.convex(), q.bounded()]


@theorem(_ZINKEVICH + ", any non-increasing stepsize", OGD)
def ogd(q: Quantities) -> Bound:
    """R_T <= D_2^2/(2 alpha_T) + (1/2) sum_t alpha_t ||g_t||_2^2."""
    last = q.each("weight")[:, 0]  # 1 / alpha_T
    terms = {"D_2^2/(2 alpha_T)": 0.5 * q.D_2**2 * last, "steps": 0.5 * q.sum("step")}
    return Bound(terms, [*_ogd(q), q.falling_stepsize()])


@theorem(_ZINKEVICH, OGD)
def ogd_root(q: Quantities) -> Bound:
    """R_T <= D_2^2 sqrt(T)/(2 alpha) + alpha (sqrt(T) - 1/2) G_2^2.

    For alpha_t = alpha/sqrt(t).  With alpha = D_2/G_2 the bound is below 1.5 D_2 G_2 sqrt(T), with
    alpha = D_2/(sqrt(2) G_2) below sqrt(2) D_2 G_2 sqrt(T).  Zinkevich has alpha = 1.
    """
    a, root = q.alpha.scale, np.sqrt(q.t)
    terms = {
        "D_2^2 sqrt(T)/(2 alpha)": 0.5 * q.D_2**2 * root / a,
        "alpha (sqrt(T) - 1/2) G_2^2": a * (root - 0.5) * q.G_2**2,
    }
    return Bound(terms, [*_ogd(q), q.gradients(), q.root_stepsize()])


@theorem(_ZINKEVICH + ", constant stepsize for a known horizon", OGD)
def ogd_constant(q: Quantities) -> Bound:
    """R_T <= D_2^2/(2 alpha) + alpha T G_2^2/2.

    With alpha = D_2/(G_2 sqrt(T)) the bound is D_2 G_2 sqrt(T).
    """
    a = q.alpha.scale
    terms = {
        "D_2^2/(2 alpha)": np.full(q.t.size, 0.5 * q.D_2**2 / a),
        "steps": 0.5 * a * q.t * q.G_2**2,
    }
    return Bound(terms, [*_ogd(q), q.gradients(), q.constant_stepsize()])


@theorem(_ZINKEVICH + ", constant stepsize from the centre of a ball", OGD)
def ogd_centred(q: Quantities) -> Bound:
    """R_T <= r^2/(2 alpha) + (alpha/2) sum_t ||g_t||_2^2, for a ball of radius r and x_1 its centre.

    With alpha = r/(G_2 sqrt(T)) the bound is at most r G_2 sqrt(T).
    """
    F, a = q.F, q.alpha.scale
    first = q.game.record.point[0]
    r, centred = float(q.D_2), False
    if unchanged(F, L2Ball):
        r, centred = F.radius, bool(np.array_equal(first, np.zeros(q.d) if F.center is None else F.center))
    terms = {"r^2/(2 alpha)": np.full(q.t.size, 0.5 * r**2 / a), "steps": 0.5 * q.sum("step")}
    start = Hypothesis("F a ball, x_1 its centre", centred, f"x_1 = {first}")
    return Bound(terms, [*_ogd(q), q.constant_stepsize(), start])


@theorem("Hazan, Agarwal, Kale (2007), Theorem 1", OGD)
def ogd_strongly_convex(q: Quantities) -> Bound:
    """R_T <= (1/(2 mu)) sum_t ||g_t||_2^2/t <= (G_2^2/(2 mu)) (1 + ln T), for alpha_t = 1/(mu t).

    mu is ``losses.mu``, and the losses must be mu-strongly convex.
    """
    fits = unchanged(q.alpha, Inverse) and math.isclose(q.alpha.scale * q.mu, 1.0, rel_tol=1e-12)
    stepsize = Hypothesis("alpha_t = 1/(mu t)", fits, repr(q.alpha))
    return Bound({"steps": 0.5 * q.sum("step")}, [q.strongly_convex(), stepsize])


@theorem("Duchi, Hazan, Singer (2011), diagonal AdaGrad", AdaGrad, AdamNC)
def adagrad(q: Quantities) -> Bound:
    """R_T <= (D^2/(2 alpha) + alpha) sum_i ||g_{1:T,i}||_2.

    N = sum_i ||g_{1:T,i}||_2.  With alpha = D/sqrt(2) the bound is sqrt(2) D N.
    """
    a = q.alpha.scale
    terms = {"D^2/(2 alpha) N": 0.5 * q.D**2 / a * q.N, "alpha N": a * q.N}
    mean = Hypothesis("v_t the mean of g_s^2", _is_mean(q), repr(q.learner))
    return Bound(terms, [q.convex(), q.bounded(), q.root_stepsize(), q.no_momentum(), mean])


def _is_mean(q: Quantities) -> bool:
    """Whether w_t = ||g_{1:t}||/alpha, as for the mean of squares and alpha_t = alpha/sqrt(t).

    For AdaGrad and beta_{2,t} = 1 - 1/t it is so; for other schedules it is checked at the checkpoints, and that in
    between w_t is not smaller.
    """
    a, exact = q.alpha.scale, np.sqrt(q.each("square")) / q.alpha.scale
    if not np.allclose(q.each("weight"), exact, rtol=1e-9, atol=0.0):
        return False
    return q.beta2 is None or q.beta2_of_a_mean().holds or bool(q.zeta[-1] <= a * (1.0 + 1e-9) and q.monotone().holds)


@theorem("Kingma, Ba (2015), Theorem 4.1: false (Reddi, Kale, Kumar 2018, Theorem 1)", Adam, true=False)
def kingma_ba_theorem41(q: Quantities) -> Bound:
    """R_T <= D^2/(2 alpha (1-beta_1)) sum_i sqrt(T vhat_{T,i})
    + alpha (1+beta_1) G/((1-beta_1) sqrt(1-beta_2) (1-gamma)^2) N
    + d D^2 G sqrt(1-beta_2)/(2 alpha (1-beta_1) (1-lambda)^2).

    gamma = beta_1^2/sqrt(beta_2), vhat_T = v_T/(1-beta_2^T), N = sum_i ||g_{1:T,i}||_2.  For Adam, with
    beta_{1,t} = beta_1 lambda^{t-1} and alpha_t = alpha/sqrt(t).
    """
    a, b1, b2, one, D, G = q.alpha.scale, q.b1, q.b2, inverse(1.0 - q.b1), q.D, q.G
    gamma = b1**2 / np.sqrt(b2)
    corrected = q.sum("weight") / np.sqrt(-np.expm1(q.t * np.log(b2)))
    terms = {
        "D^2/(2 alpha (1-beta_1)) sum_i sqrt(T vhat_T)": 0.5 * D**2 * one * corrected,
        "alpha (1+beta_1) G N": a * (1.0 + b1) * G * one / np.sqrt(1.0 - b2) * inverse(1.0 - gamma) ** 2 * q.N,
        "decay of beta_1": q.d * D**2 * G * np.sqrt(1.0 - b2) * 0.5 / a * one * inverse(1.0 - q.lam) ** 2,
    }
    small = Hypothesis("beta_1^2 < sqrt(beta_2)", gamma < 1.0, f"beta_1^2/sqrt(beta_2) = {gamma:.6g}")
    rest = [q.constant_beta2(), q.geometric_beta1(), small]
    return Bound(terms, [q.convex(), q.bounded(), q.root_stepsize(), *rest])

"""The learners, sequences and sets that the conformance tests cross, and what every game must satisfy.

A new learner is one line of ``LEARNERS``: the learner, and its alpha_t, m_t and V_t
as functions of the whole history g_1..g_t, as Algorithm 1 of Reddi et al. (2018) states
them. These are written with numpy alone and never call the package's rules.
"""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from regretlab import losses as L
from regretlab import play
from regretlab.learners import (
    ADOPT,
    OGD,
    ACProp,
    AdaBelief,
    AdaBound,
    AdaGrad,
    Adam,
    AdamNC,
    AdamX,
    Adan,
    AdaShift,
    AdEMAMix,
    AMSBelief,
    AMSBound,
    AMSGrad,
    BiasCorrected,
    ClippedADOPT,
    DelayedAdam,
    EpsilonInsideRoot,
    FirstMomentCorrected,
    KerasAMSGrad,
    Lion,
    Nadam,
    NosAdam,
    OGDMomentum,
    OptaxAMSGrad,
    Padam,
    QHAdam,
    RAdam,
    RMSProp,
    SAdam,
    SignSGD,
    TextbookAMSGrad,
    TorchAdam,
    TorchAMSGrad,
    TorchNAdam,
    UnmaximizedPadam,
    WithEpsilon,
    Yogi,
)
from regretlab.schedules import Constant, Geometric, Inverse, InverseSqrt, OneMinusInverse, Values
from regretlab.sets import Box, L1Ball, L2Ball, Simplex

HORIZON = 48

# -- the paper's formulas, from the whole history ---------------------------------------------


def root(a):
    return lambda t: a / np.sqrt(t)


def flat(a):
    return lambda t: np.full(len(t), a)


def over_t(a):
    return lambda t: a / t


def geometric(a, ratio):
    return lambda t: a * ratio ** (t - 1)


def one_minus_inverse(t):
    return (t - 1) / t


def increasing(t):
    return 1.0 - t**-0.7


@cache
def weights(beta, T):
    """(T, T): row t has the weights (1 - beta_s) prod_{s < r <= t} beta_r of rounds s <= t in an average."""
    b = beta(np.arange(1.0, T + 1.0))
    W = np.zeros((T, T))
    for s in range(T):
        W[s:, s] = (1.0 - b[s]) * np.cumprod(np.append(1.0, b[s + 1 :]))
    return W


def latest(G):
    return G


def ones(G):
    return np.ones_like(G)


def mean_square(G):
    return np.cumsum(G**2, axis=0) / np.arange(1, len(G) + 1)[:, None]


def average(beta):
    return lambda G: weights(beta, len(G)) @ G


def average_square(beta):
    return lambda G: weights(beta, len(G)) @ G**2


def running_max(V):
    return lambda G: np.maximum.accumulate(V(G), axis=0)


# -- learners ---------------------------------------------------------------------------------


class Case(NamedTuple):
    learner: object
    alpha: Callable  # rounds (T,) -> alpha_t
    m: Callable  # g_1..g_T (T, d) -> m_1..m_T
    V: Callable  # likewise; the metric is its square root


def decaying(t):
    """A hyperparameter given as a function."""
    return 0.8 / np.sqrt(t)


def mean_ema(b1, b2):
    return average(b1), average_square(b2)


def maximal(b1, b2):
    return average(b1), running_max(average_square(b2))


def rescaled_max(b1, b2):
    """AdamX in closed form: vhat_t = max over s <= t of ((1 - beta_{1,t}) / (1 - beta_{1,s}))^2 v_s."""

    def vhat(G):
        rest = 1.0 - b1(np.arange(1.0, len(G) + 1.0))[:, None]
        return rest**2 * np.maximum.accumulate(average_square(b2)(G) / rest**2, axis=0)

    return average(b1), vhat


def clipped(V, alpha, lower, upper):
    """The V of AdaBound for alpha_t = alpha s_t and eta_t = s_t Clip(alpha / sqrt V_t, lower_t, upper_t)."""

    def bounded(G):
        t = np.arange(1.0, len(G) + 1.0)[:, None]
        with np.errstate(divide="ignore"):
            return (alpha / np.clip(alpha / np.sqrt(V(G)), lower(t), upper(t))) ** 2

    return bounded


def from_below(rate):
    return lambda t: 0.1 - 0.1 / (rate * t + 1.0)


def from_above(rate):
    return lambda t: 0.1 + 0.1 / (rate * t)


def power(V, p):
    """The V of W = V^p."""
    return lambda G: V(G) ** (2.0 * p)


def later(V, n=1):
    """V of n rounds before, at first 0."""
    return lambda G: np.vstack([np.zeros((n, G.shape[1])), V(G)[:-n]])


def plus(V, eps):
    """The V of W = sqrt(V) + eps."""
    return lambda G: (np.sqrt(V(G)) + eps) ** 2


def unbiased(average, beta):
    """Divided by the sum of the weights, 1 - beta^t."""
    return lambda G: average(G) / (1.0 - beta ** np.arange(1.0, len(G) + 1.0))[:, None]


def around_mean(b1, b2):
    """The average of (g_t - m_t)^2."""
    return lambda G: weights(b2, len(G)) @ (G - average(b1)(G)) ** 2


def weighted_square(gamma):
    def V(G):
        b = np.arange(1.0, len(G) + 1.0)[:, None] ** -gamma
        return np.cumsum(b * G**2, axis=0) / np.cumsum(b, axis=0)

    return V


def mix(nu, one, other):
    return lambda G: (1.0 - nu) * one(G) + nu * other(G)


def squares(G):
    return G**2


def yogi(b2):
    def V(G):
        v = [np.zeros(G.shape[1])]
        for square in G**2:
            v.append(v[-1] - (1.0 - b2) * np.sign(v[-1] - square) * square)
        return np.array(v[1:])

    return V


def look_ahead(b1, mu):
    """mu_{t+1} m_t / (1 - mu_1...mu_{t+1}) + (1 - mu_t) g_t / (1 - mu_1...mu_t)."""

    def m(G):
        values = mu(np.arange(1.0, len(G) + 2.0))[:, None]
        rest = 1.0 - np.cumprod(values, axis=0)
        return values[1:] * average(flat(b1))(G) / rest[1:] + (1.0 - values[:-1]) * G / rest[:-1]

    return m


def divided_first(b1, b2):
    """ADOPT's m_t: the average of g_t / sqrt v_{t-1}, for each coordinate from its first gradient on."""

    def m(G):
        M = np.zeros_like(G)
        for i, g in enumerate(G.T):
            first = np.argmax(g != 0.0)
            if not g.any() or first == len(g) - 1:
                continue
            g = g[first:]
            k = np.arange(len(g))
            v = np.array([b2**n * g[0] ** 2 + (1.0 - b2) * (b2 ** (n - k[1 : n + 1])) @ g[1 : n + 1] ** 2 for n in k])
            M[first + 1 :, i] = weights(flat(b1), len(g) - 1) @ (g[1:] / np.sqrt(v[:-1]))
        return M

    return m


def window(b1, n):
    """AdaShift's m_t."""
    w = b1 ** np.arange(n)
    return lambda G: np.array([w[: t + 1] @ G[t::-1][:n] for t in range(len(G))]) / w.sum()


def sum_square(delta):
    """The V of SAdam, of W = v + delta / t."""
    return lambda G: (mean_square(G) + delta / np.arange(1, len(G) + 1)[:, None]) ** 2


def corrected_mean(b1):
    return unbiased(average(flat(b1)), b1)


def corrected_square(b2):
    return unbiased(average_square(flat(b2)), b2)


def warm(t):
    return 0.9 * (1.0 - 0.5 * 0.96 ** (t * 0.004))


def signs(m):
    return lambda G: np.sign(m(G))


def interpolated(b1, b2):
    """Lion's c_t."""
    return lambda G: b1 * np.vstack([0.0 * G[:1], average(flat(b2))(G)[:-1]]) + (1.0 - b1) * G


def rectified(b2, eps):
    """The V of RAdam."""

    def V(G):
        t, most = np.arange(1.0, len(G) + 1.0)[:, None], 2.0 / (1.0 - b2) - 1.0
        rho = most - 2.0 * t * b2**t / (1.0 - b2**t)
        with np.errstate(invalid="ignore"):
            r = np.sqrt((rho - 4.0) * (rho - 2.0) * most / ((most - 4.0) * (most - 2.0) * rho))
            w = (np.sqrt(average_square(flat(b2))(G)) + eps) / (r * np.sqrt(1.0 - b2**t))
        return np.where(rho > 5.0, w, 1.0) ** 2

    return V


def changes(G):
    return np.vstack([0.0 * G[:1], np.diff(G, axis=0)])


def adan_mean(b1, b2):
    return lambda G: corrected_mean(b1)(G) + b2 * unbiased(average(flat(b2)), b2)(changes(G))


def adan_square(b2, b3, eps):
    return plus(lambda G: unbiased(average_square(flat(b3)), b3)(G + b2 * changes(G)), eps)


def two_means(b1, b3, mix):
    return lambda G: corrected_mean(b1)(G) + mix * average(flat(b3))(G)


def clipped_first(b1, b2, eps):
    """ClippedADOPT's m_t."""

    def m(G):
        v, now, M = G[0] ** 2, 0.0 * G[0], [0.0 * G[0]]
        for t, g in enumerate(G[1:], start=1):
            now = b1 * now + (1.0 - b1) * np.clip(g / np.maximum(np.sqrt(v), eps), -(t**0.25), t**0.25)
            v = b2 * v + (1.0 - b2) * g * g
            M.append(now)
        return np.array(M)

    return m


# fmt: off
LEARNERS = [
    Case(OGD(), root(0.1), latest, ones),
    Case(OGD(alpha=Constant(0.2)), flat(0.2), latest, ones),
    Case(OGD(alpha=Inverse(2.0)), over_t(2.0), latest, ones),
    Case(AdaGrad(alpha=0.7), root(0.7), latest, mean_square),
    Case(AdaGrad(alpha=Constant(0.05)), flat(0.05), latest, mean_square),
    Case(RMSProp(alpha=0.3, beta2=0.9), root(0.3), latest, average_square(flat(0.9))),
    Case(RMSProp(alpha=0.3, beta2=decaying), root(0.3), latest, average_square(root(0.8))),
    Case(Adam(), root(0.1), *mean_ema(flat(0.9), flat(0.99))),
    Case(Adam(alpha=0.5, beta1=0.0, beta2=0.1), root(0.5), *mean_ema(flat(0.0), flat(0.1))),
    Case(Adam(alpha=Constant(0.02), beta1=Inverse(0.9), beta2=0.999), flat(0.02), *mean_ema(over_t(0.9), flat(0.999))),
    Case(AMSGrad(), root(0.1), *maximal(flat(0.9), flat(0.99))),
    Case(AMSGrad(alpha=1.0, beta1=0.0, beta2=0.5), root(1.0), *maximal(flat(0.0), flat(0.5))),
    Case(AMSGrad(alpha=InverseSqrt(0.5), beta1=Geometric(0.9, ratio=0.5), beta2=0.95),
         root(0.5), *maximal(geometric(0.9, 0.5), flat(0.95))),
    Case(AMSGrad(alpha=Inverse(3.0), beta1=decaying, beta2=OneMinusInverse()),
         over_t(3.0), *maximal(root(0.8), one_minus_inverse)),
    Case(AdamNC(alpha=0.5), root(0.5), *mean_ema(flat(0.9), one_minus_inverse)),
    Case(AdamNC(alpha=0.5, beta1=0.0), root(0.5), *mean_ema(flat(0.0), one_minus_inverse)),
    Case(AdamNC(alpha=0.2, beta1=Inverse(0.5), beta2=Values(function=increasing)),
         root(0.2), *mean_ema(over_t(0.5), increasing)),
    Case(AdamX(alpha=0.5), root(0.5), *rescaled_max(geometric(0.9, 0.99), flat(0.99))),
    Case(AdamX(alpha=Constant(0.02), beta1=Inverse(0.9), beta2=0.5), flat(0.02), *rescaled_max(over_t(0.9), flat(0.5))),
    Case(AdaBound(alpha=0.5), root(0.5), average(flat(0.9)),
         clipped(average_square(flat(0.99)), 0.5, from_below(0.01), from_above(0.01))),
    Case(AdaBound(alpha=Constant(0.05), beta1=0.5, beta2=0.9, upper=Constant(0.2)), flat(0.05), average(flat(0.5)),
         clipped(average_square(flat(0.9)), 0.05, from_below(0.1), lambda t: 0.2 + 0 * t)),
    Case(AMSBound(alpha=0.5, beta2=0.5), root(0.5), average(flat(0.9)),
         clipped(running_max(average_square(flat(0.5))), 0.5, from_below(0.5), from_above(0.5))),
    Case(AMSBound(alpha=0.5, lower=0.01, upper=2.0), root(0.5), average(flat(0.9)),
         clipped(running_max(average_square(flat(0.99))), 0.5, lambda t: 0.01 + 0 * t, lambda t: 2.0 + 0 * t)),
    Case(OGDMomentum(alpha=0.5), root(0.5), average(flat(0.9)), ones),
    Case(Padam(alpha=0.5, p=0.25), root(0.5), average(flat(0.9)),
         power(running_max(average_square(flat(0.99))), 0.25)),
    Case(UnmaximizedPadam(alpha=0.5), root(0.5), average(flat(0.9)), power(average_square(flat(0.99)), 0.125)),
    Case(NosAdam(alpha=0.5), root(0.5), average(flat(0.9)), weighted_square(0.1)),
    Case(Yogi(alpha=0.5, beta2=0.9), root(0.5), average(flat(0.9)), yogi(0.9)),
    Case(AdaBelief(alpha=0.5, beta1=0.5), root(0.5), average(flat(0.5)), around_mean(flat(0.5), flat(0.99))),
    Case(AMSBelief(alpha=0.5, beta2=0.5), root(0.5), average(flat(0.9)),
         running_max(around_mean(flat(0.9), flat(0.5)))),
    Case(QHAdam(alpha=0.5, nu2=0.5), root(0.5), mix(0.7, latest, average(flat(0.995))),
         mix(0.5, squares, average_square(flat(0.999)))),
    Case(Nadam(alpha=0.5), root(0.5), look_ahead(0.9, flat(0.9)), corrected_square(0.99)),
    Case(SAdam(alpha=2.0, delta=0.5), over_t(2.0), average(flat(0.9)), sum_square(0.5)),
    Case(DelayedAdam(alpha=0.5), root(0.5), average(flat(0.9)), later(average_square(flat(0.99)))),
    Case(ACProp(alpha=0.5), root(0.5), latest, later(around_mean(flat(0.9), flat(0.99)))),
    Case(ADOPT(alpha=0.5, beta2=0.9), root(0.5), divided_first(0.9, 0.9), ones),
    Case(AdaShift(alpha=0.5, n=3), root(0.5), window(0.9, 3), later(corrected_square(0.99), 3)),
    Case(AdaShift(alpha=0.5, n=1), root(0.5), latest, later(corrected_square(0.99))),
    Case(TorchAdam(alpha=0.5, beta2=0.99, eps=0.1), flat(0.5), corrected_mean(0.9), plus(corrected_square(0.99), 0.1)),
    Case(TorchAMSGrad(alpha=0.5, beta2=0.99, eps=0.1), flat(0.5), corrected_mean(0.9),
         plus(unbiased(running_max(average_square(flat(0.99))), 0.99), 0.1)),
    Case(KerasAMSGrad(alpha=0.5, beta2=0.99, eps=0.1), flat(0.5), corrected_mean(0.9),
         unbiased(plus(running_max(average_square(flat(0.99))), 0.1), 0.99)),
    Case(OptaxAMSGrad(alpha=0.5, beta2=0.99, eps=0.1), flat(0.5), corrected_mean(0.9),
         plus(running_max(corrected_square(0.99)), 0.1)),
    Case(TextbookAMSGrad(alpha=0.5, beta2=0.99, eps=0.1), flat(0.5), corrected_mean(0.9),
         plus(running_max(average_square(flat(0.99))), 0.1)),
    Case(TorchNAdam(alpha=0.5, beta2=0.99, eps=0.1), flat(0.5), look_ahead(0.9, warm),
         plus(corrected_square(0.99), 0.1)),
    Case(SignSGD(alpha=0.5), root(0.5), signs(latest), ones),
    Case(Lion(alpha=0.5, beta1=0.7, beta2=0.8), root(0.5), signs(interpolated(0.7, 0.8)), ones),
    Case(RAdam(alpha=0.5, beta2=0.9, eps=0.1), root(0.5), corrected_mean(0.9), rectified(0.9, 0.1)),
    Case(Adan(alpha=0.5, beta1=0.9, beta2=0.7, eps=0.1), root(0.5), adan_mean(0.9, 0.7), adan_square(0.7, 0.99, 0.1)),
    Case(AdEMAMix(alpha=0.5, beta2=0.99, beta3=0.995, mix=2.0, eps=0.1), root(0.5), two_means(0.9, 0.995, 2.0),
         plus(corrected_square(0.99), 0.1)),
    Case(ClippedADOPT(alpha=0.5, beta2=0.9), root(0.5), clipped_first(0.9, 0.9, 1e-6), ones),
    Case(BiasCorrected(Adam(alpha=0.5)), root(0.5), corrected_mean(0.9), corrected_square(0.99)),
    Case(FirstMomentCorrected(Padam(alpha=0.5)), root(0.5), corrected_mean(0.9),
         power(running_max(average_square(flat(0.99))), 0.125)),
    Case(WithEpsilon(RMSProp(alpha=0.5), eps=InverseSqrt(0.1)), root(0.5), latest,
         lambda G: (np.sqrt(average_square(flat(0.99))(G)) + 0.1 / np.sqrt(np.arange(1, len(G) + 1))[:, None]) ** 2),
    Case(EpsilonInsideRoot(AdaGrad(alpha=0.5), eps=0.1), root(0.5), latest, lambda G: mean_square(G) + 0.1),
]
# fmt: on


def accepts(learner, losses):
    """Whether the learner is made for such losses; it says so before round 1."""
    try:
        learner.check(losses)
    except ValueError:
        return False
    return True


# -- sequences --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sawtooth(L.LinearLosses):
    """f_t(x) = c_t x with c_t = (t mod p) - q: a sequence as a user writes one."""

    p: int = 5
    q: float = 1.5

    def gradients(self, t):
        return ((t % self.p) - self.q)[:, None]


@dataclass(frozen=True)
class Distances(L.ConvexLosses):
    """f_t(x) = |x - sin t|."""

    def value(self, t, x):
        return abs(x[0] - math.sin(t))

    def gradient(self, t, x):
        return np.sign(x - math.sin(t))

    def minimum(self, T, seed, lo, hi):
        """min over [lo, hi] of the sum of T rounds: at a kink or an end, since it is piecewise linear."""
        kinks = [math.sin(t) for t in range(1, T + 1)]
        candidates = [*np.clip(kinks, lo[0], hi[0]), lo[0], hi[0]]
        return min(math.fsum(abs(u - c) for c in kinks) for u in candidates)


@dataclass(frozen=True)
class Bowls(L.RandomConvexLosses):
    """f_t(x) = |x - z_t|^2 / 2 with z_t uniform on [-1/2, 3/2]^2."""

    dimension = 2
    mu = 1.0

    def draw(self, rng):
        return rng.uniform(-0.5, 1.5, self.dimension)

    def value(self, z, x):
        return 0.5 * float((x - z) @ (x - z))

    def gradient(self, z, x):
        return x - z

    def minimum(self, T, seed, lo, hi):
        """min over the box of the sum of T rounds: at the projected mean, since all curvatures are 1."""
        values = [[self.reveal(t, lo, seed).gradient(np.zeros(2))[i] for t in range(1, T + 1)] for i in range(2)]
        z = -np.array(values).T
        u = np.clip(z.mean(axis=0), lo, hi)
        return math.fsum(0.5 * (u[i] - zi) ** 2 for row in z for i, zi in enumerate(row))


SEQUENCES = [
    L.Mod3(C=3.0),
    L.ReddiOnline(height=1010.0, slope=10.0, period=17),
    L.ReddiTheorem2(C=6),
    L.Periodic([[0.0, 1.0, 0.0], [0.0, -4.0, 2.0], [0.0, 1.5, 0.0], [0.0, 0.0, -1.0]]),  # x_1 never sees a gradient
    L.ReddiStochastic(p=0.05),
    L.ReddiTheorem3(C=5.0, delta=0.5),
    L.Rademacher(d=3, drift=0.2),
    L.RandomLinear(d=2, mean=0.2, std=3.0),
    L.SignAdversary(d=2, slope=0.5),
    Sawtooth(),
    Distances(),
    Bowls(),
]

# -- sets: F and the start, for a dimension ---------------------------------------------------


def interval(d):
    return Box(-1.0, 1.0), None


def off_the_origin(d):
    return Box(0.25, 2.0), np.full(d, 1.75)


def uneven(d):
    """Every side another length, the last one a point."""
    lo, hi = -1.0 - np.arange(d), 0.5 + np.arange(d)
    if d > 1:
        lo[-1] = hi[-1] = 0.125
    return Box(lo, hi), None


SETS = [interval, off_the_origin, uneven]

# -- sets on which the metric of the projection matters, for d >= 2; on a box it does not ------


def off_centre_ball(d):
    return L2Ball(0.5, np.linspace(-0.25, 0.5, d)), None


def probabilities(d):
    return Simplex(d), None


def octahedron(d):
    return L1Ball(0.125, d), np.full(d, 0.0625 / d)


CURVED = [off_centre_ball, probabilities, octahedron]


def support(F, n):
    """max over z in F of <n, z>."""
    if isinstance(F, L2Ball):
        return n @ F.center + F.radius * np.sqrt(n @ n)
    return F.radius * np.abs(n).max() if isinstance(F, L1Ball) else F.mass * n.max()


# -- what every game must satisfy -------------------------------------------------------------


def is_linear(losses):
    return isinstance(losses, L.LinearLosses | L.AdaptiveLosses)


def short_game(learner, losses, feasible_set, start=None, horizon=HORIZON, seed=5):
    """Played without a compiler, all rounds recorded."""
    return play(
        learner,
        losses,
        feasible_set,
        horizon,
        start=start,
        seed=seed,
        checkpoints=range(1, horizon + 1),
        compiled=False,
    )


def replay(game):
    """x_1..x_{T+1}, f_t(x_t) and g_t of a game with all rounds recorded, asked of the sequence round by round."""
    x = np.vstack([game.record.point, game.point])
    revealed = [game.losses.reveal(t, x[t - 1], game.seed) for t in range(1, game.horizon + 1)]
    f = np.array([float(r.value(x[k])) for k, r in enumerate(revealed)])
    g = np.array([r.gradient(x[k]) for k, r in enumerate(revealed)], dtype=float)
    return x, f, g


def check_points(game, start):
    """x_1 is the start, and every point is a finite point of F."""
    F, x = game.feasible_set, np.vstack([game.record.point, game.point])
    assert game.record.t.tolist() == list(range(1, game.horizon + 1))
    assert np.isfinite(x).all()
    assert ((np.asarray(F.lo) <= x) & (x <= np.asarray(F.hi))).all()
    assert all(F.contains(point) for point in x)
    first = np.clip(0.0, F.lo, F.hi) if start is None else start
    assert np.array_equal(x[0], np.broadcast_to(first, x[0].shape))


def check_rounds(game, case):
    """x_{t+1} = clip(x_t - alpha_t m_t / sqrt V_t), 0/0 := 0, with m_t and V_t from the whole history."""
    x, _, g = replay(game)
    alpha, m, w = case.alpha(np.arange(1.0, len(g) + 1.0)), case.m(g), np.sqrt(case.V(g))
    steps = np.where(w > 0.0, m / np.where(w > 0.0, w, 1.0), 0.0) * alpha[:, None]
    expected = np.minimum(np.maximum(x[:-1] - steps, game.feasible_set.lo), game.feasible_set.hi)
    np.testing.assert_allclose(x[1:], expected, rtol=0.0, atol=1e-12 * (1.0 + np.abs(steps).max()))


def check_projections(game, case):
    """x_{t+1} is the point of F nearest to y_t = x_t - alpha_t m_t / W_t in the metric W_t of the whole history.

    That is, <W_t (y_t - x_{t+1}), z - x_{t+1}> <= 0 for all z in F.  Returns the number of rounds with y_t outside F.
    """
    x, _, g = replay(game)
    alpha, m, w = case.alpha(np.arange(1.0, len(g) + 1.0)), case.m(g), np.sqrt(case.V(g))
    y = x[:-1] - np.where(w > 0.0, m / np.where(w > 0.0, w, 1.0), 0.0) * alpha[:, None]
    for y_t, w_t, after in zip(y, w, x[1:], strict=True):
        normal = w_t * (y_t - after)
        farthest = support(game.feasible_set, normal)
        assert farthest - normal @ after <= 1e-10 * (w_t @ (np.abs(y_t) + np.abs(after)))
        assert game.feasible_set.contains(after)
    return int((np.abs(y - x[1:]).max(axis=1) > 1e-3).sum())


def check_regret(game):
    """Each loss is charged at the point before the update; R_t is against the best point for the prefix."""
    _, f, g = replay(game)
    frame, linear = game.regret, is_linear(game.losses)
    assert frame.index[0] == 1
    assert frame.index[-1] == game.horizon
    assert not linear or len(frame) == game.horizon
    assert not linear or "gap" not in frame
    lo, hi = np.asarray(game.feasible_set.lo), np.asarray(game.feasible_set.hi)
    gap = frame["gap"].to_numpy() if "gap" in frame else np.zeros(len(frame))
    largest = max(1.0, np.abs(lo).max(), np.abs(hi).max())
    table = frame[["loss", "comparator_loss", "regret", "average_regret"]].to_numpy()
    for t, e, (loss, comparator, regret, average) in zip(frame.index.tolist(), gap, table, strict=True):
        paid = math.fsum(f[:t])
        best = _best_box_sum(g[:t], lo, hi) if linear else game.losses.minimum(t, game.seed, lo, hi)
        near = 1e-13 * (1.0 + largest * np.abs(g[:t]).sum() + np.abs(f[:t]).sum())
        assert abs(loss - paid) <= near
        assert best - near <= comparator <= best + e + near
        assert paid - best - e - near <= regret <= paid - best + near
        assert average == regret / t
        assert 0.0 <= e <= 1e-6 * (1.0 + np.abs(f[:t]).sum())


def _best_box_sum(g, lo, hi):
    """min_u <sum_t g_t, u> over a box: each coordinate at one of its ends."""
    sums = [math.fsum(column) for column in g.T]
    return math.fsum(min(a * s, b * s) for a, b, s in zip(lo, hi, sums, strict=True))


def check_by_hand(game):
    """``start`` and ``update`` give the bits of the game; states are values."""
    x, _, g = replay(game)
    states = [game.learner.start(game.feasible_set, x[0])]
    copies = [_copy(states[0])]
    for gradient in g:
        states.append(game.learner.update(states[-1], gradient))
        copies.append(_copy(states[-1]))
    assert np.array([s.point for s in states]).tobytes() == x.tobytes()
    assert [s.t for s in states] == list(range(len(x)))
    assert _copy(states[-1]) == _copy(game.state)
    for state, copy in zip(states, copies, strict=True):
        assert _copy(state) == copy  # no later update has touched it
        assert not any(array.flags.writeable for array in (state.point, *state.moments.values()))
    middle = len(g) // 2
    again = game.learner.update(states[middle], g[middle])
    assert _copy(again) == copies[middle + 1]
    with pytest.raises(dataclasses.FrozenInstanceError):
        again.t = 0
    with pytest.raises(ValueError, match="read-only"):
        again.point[0] = 7.0


def check_values(learner, losses, feasible_set):
    """Learners, sequences and sets are immutable and can be keys."""
    for value in (learner, losses, feasible_set):
        assert hash(value) == hash(value)
        for field in dataclasses.fields(value):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(value, field.name, getattr(value, field.name))
    twin = dataclasses.replace(learner)
    assert twin is not learner
    assert twin == learner
    assert hash(twin) == hash(learner)
    twin = dataclasses.replace(feasible_set)
    assert twin == feasible_set
    assert hash(twin) == hash(feasible_set)


def check_same_bits(one, other):
    """Two games have the same points, losses, gradients, moments and records."""
    assert one.horizon == other.horizon
    assert _copy(one.state) == _copy(other.state)
    for a, b in (
        (one.loss, other.loss),
        (one.gradient, other.gradient),
        *((getattr(one.record, name), getattr(other.record, name)) for name in ("t", "point", "loss", "gradient")),
    ):
        assert a.shape == b.shape
        assert a.tobytes() == b.tobytes()


def _copy(state):
    return state.t, state.point.tobytes(), {name: array.tobytes() for name, array in state.moments.items()}

"""Every bound by hand: from all gradients of a game, in plain numpy, and twice as large on two equal coordinates.

The games are in three dimensions that differ in everything: range, sizes of gradients, and the round of the largest
one, which is neither the first nor the last.  Nothing here calls a rule or a ledger of the package.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from certificate_pieces import Given, Tilted

import regretlab as rl
from regretlab.certificates import THEOREMS, certify
from regretlab.schedules import Constant, Geometric, Inverse, Values

L = rl.learners
T, D_INF = 23, 3.0
CHECKPOINTS = [1, 2, 6, 11, 16, 23]
BOX = rl.sets.Box([-1.0, -0.5, 0.2], [2.0, 0.3, 0.9])
BALL = rl.sets.L2Ball(1.5, np.array([0.1, -0.2, 0.3]))
SIMPLEX = rl.sets.Simplex(3, 2.0)
ALPHA, B1, LAM, B2 = 0.7, 0.8, 0.9, 0.95
TIME = np.arange(1.0, T + 1.0)


def gradients():
    """(T, 3): the first coordinate starts with 0; the largest entry is in round 10 and the second coordinate."""
    G = np.round(np.random.default_rng(7).standard_normal((T, 3)) * [1.0, 0.6, 1.7], 2)
    G[0, 0], G[9], G[-1] = 0.0, [1.5, -7.0, 2.0], [0.3, 0.2, -2.5]
    return G


G = gradients()
LOSSES = Given(tuple(map(tuple, G)))


def norms(g):
    """||g_{1:t,i}||_2 for every t: (T, d)."""
    return np.sqrt(np.cumsum(g * g, axis=0))


def largest(g):
    """G_inf at every t."""
    return np.maximum.accumulate(np.abs(g)).max(axis=1)


def longest(g):
    """At every t the norm of the vector of each coordinate's largest |g_i|, which stands for G_2."""
    return np.sqrt((np.maximum.accumulate(np.abs(g)) ** 2).sum(axis=1))


def averages(g, beta):
    """m_t = beta_t m_{t-1} + (1 - beta_t) g_t: (T, d)."""
    m, rows = np.zeros(g.shape[1]), []
    for row, b in zip(g, np.broadcast_to(beta, len(g)), strict=True):
        m = b * m + (1.0 - b) * row
        rows.append(m)
    return np.array(rows)


def before(rows):
    """rows[t - 1], and zeros for the first round."""
    return np.vstack([np.zeros_like(rows[:1]), rows[:-1]])


def ratio(a, b):
    """a / b, with 0/0 = 0."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0.0)


def master(g, m, W, alpha, b1, D, constant):
    """The master inequality at every t, for the steps x_t - alpha_t m_t / W_t."""
    m, alpha, b1 = np.where(W > 0.0, m, 0.0), alpha[:, None], np.broadcast_to(b1, len(g))[:, None]
    w, old = W / alpha, before(m)
    rises = np.cumsum(np.maximum(w - before(w), 0.0).sum(axis=1))
    steps = np.cumsum((alpha * ratio(m * m, W)).sum(axis=1))
    missed = np.cumsum(np.abs(m - b1 * old - (1.0 - b1) * g).sum(axis=1))
    if constant:
        b = b1[0, 0]
        return (
            D**2 / 2.0 * rises
            + b / (1.0 - b) * D**2 / 4.0 * w.sum(axis=1)
            + (1.0 + b) / (2.0 * (1.0 - b)) * steps
            + D / (1.0 - b) * missed
        )
    lags = np.cumsum((b1 * alpha * ratio((g - old) ** 2, W)).sum(axis=1))
    missed += np.cumsum(np.where(W > 0.0, 0.0, b1 * np.abs(g - old)).sum(axis=1))
    late = np.cumsum((b1 * w).sum(axis=1))
    return D**2 / 2.0 * rises + D**2 / 2.0 * late + (steps + lags) / 2.0 + D * missed


ROOT = ALPHA / np.sqrt(TIME)  # alpha_t
B1_T = B1 * LAM ** (TIME - 1.0)
L_T = np.sqrt(1.0 + np.log(TIME))
GAMMA = B1 / math.sqrt(B2)


def amsgrad(g, b1=B1_T, alpha=ROOT, D=D_INF):
    """A, S, N, G of Theorem 4 at every t, the sum of steps and lags, and d."""
    root = np.sqrt(np.maximum.accumulate(averages(g * g, B2)))
    m, b1, a = averages(g, b1), np.broadcast_to(b1, len(g))[:, None], alpha[:, None]
    S = np.cumsum((b1 * root / a).sum(axis=1))
    steps = np.cumsum((a * ratio(m * m, root)).sum(axis=1))
    lags = np.cumsum((a * b1 * ratio((g - before(m)) ** 2, root)).sum(axis=1))
    return root.sum(axis=1), S, norms(g).sum(axis=1), largest(g), steps, lags, g.shape[1]


def q_of(N, b1=B1):
    """alpha L_T N / ((1-beta_1)^2 (1-gamma) sqrt(1-beta_2))."""
    return ALPHA * L_T * N / ((1 - b1) ** 2 * (1 - b1 / math.sqrt(B2)) * math.sqrt(1 - B2))


def schedule_of_constant(g, D):
    """Without the sum of lags, which the ledger of constant betas lacks."""
    A, S, N, *_ = amsgrad(g, CB1)
    known = (0.5 + CB1 + CB1 * (1 - CB1) * (1 - CB1 / math.sqrt(B2))) * (1 - CB1) * q_of(N, CB1)
    return D**2 * np.sqrt(TIME) / (2 * ALPHA) * A + D**2 / 2 * S + known


def schedule(g, D):
    A, S, N, _, steps, lags, _ = amsgrad(g)
    known = (0.5 + B1 + B1 * (1 - B1) * (1 - GAMMA)) * (1 - B1) * q_of(N)
    last = np.minimum((steps + lags) / 2, known)
    return D**2 * np.sqrt(TIME) / (2 * ALPHA) * A + D**2 / 2 * S + last


def theorem4(first, second):
    def bound(g, D):
        A, S, N, *_ = amsgrad(g)
        return first * D**2 * np.sqrt(TIME) * A + second * D**2 * S + q_of(N)

    return bound


def corollary1(first, second, last):
    def bound(g, D):
        A, _, N, most, *_, d = amsgrad(g)
        decay = second * d * B1 * D**2 * most / (1 - LAM) ** 2
        return first * D**2 * np.sqrt(TIME) * A + decay + last * q_of(N)

    return bound


def corollary1_printed(g, D):
    A, _, N, most, *_ = amsgrad(g)
    decay = B1 * D**2 * most / ((1 - B1) ** 2 * (1 - LAM) ** 2)
    return D**2 * np.sqrt(TIME) / (ALPHA * (1 - B1)) * A + decay + q_of(N)


def tran_phong(g, D):
    *_, d = amsgrad(g)
    t = np.arange(1.0, 10_000.0)
    falls = t[:-1][np.diff(np.sqrt(t) / (1 - B1 * LAM ** (t - 1))) < 0.0]
    until = np.sqrt(np.arange(1.0, falls.max() + 1.0)).sum()
    unit = d * D**2 * largest(g) / (2 * ALPHA * (1 - B1))
    return unit * (until + np.sqrt(TIME)) + unit / (1 - LAM) ** 2 + q_of(norms(g).sum(axis=1))


LARGE = 0.95  # sqrt(t)/(1 - LARGE/t) falls twice


def tran_phong_inverse(g, D):
    t, N = np.arange(1.0, 10_000.0), norms(g).sum(axis=1)
    falls = t[:-1][np.diff(np.sqrt(t) / (1 - LARGE / t)) < 0.0]
    assert falls.max() == 2.0
    until = np.sqrt(np.arange(1.0, falls.max() + 1.0)).sum()
    unit = g.shape[1] * D**2 * largest(g) / (ALPHA * (1 - LARGE))
    return unit / 2 * (until + np.sqrt(TIME)) + unit * np.sqrt(TIME) + q_of(N, LARGE)


def adamx(g, D):
    unit = g.shape[1] * D**2 * largest(g) / (2 * ALPHA * (1 - B1))
    decay = np.cumsum(np.where(TIME >= 2.0, B1_T * np.sqrt(TIME - 1.0), 0.0))
    return unit * np.sqrt(TIME) + unit / (1 - B1) * decay + q_of(norms(g).sum(axis=1))


CB1 = 0.6  # a constant beta_1


def constant_beta1(g, D):
    A, _, N, *_ = amsgrad(g)
    last = ALPHA * L_T * N / math.sqrt((1 - B2) * (1 - CB1**2 / B2))
    return D**2 * np.sqrt(TIME) / (2 * ALPHA * (1 - CB1)) * A + last


def posterior(g, D):
    A, _, _, _, steps, *_ = amsgrad(g, CB1)
    return (2 - CB1) * D**2 * np.sqrt(TIME) / (4 * ALPHA * (1 - CB1)) * A + (1 + CB1) / (2 * (1 - CB1)) * steps


def adamnc_constant(b1):
    return lambda g, D: ((2 - b1) * D**2 / (4 * ALPHA * (1 - b1)) + ALPHA * (1 + b1) / (1 - b1)) * norms(g).sum(axis=1)


def lazy(t):
    """beta_{2,t} >= 1 - 1/t, so that w_t does not fall; from round 5 on a large gradient is underrated for a while."""
    return 1.0 - np.where(t < 5, 1.0, 0.5) / t


def theorem5(g, D):
    root = np.sqrt(averages(g * g, lazy(TIME)))
    w = root / ROOT[:, None]
    zeta = np.maximum.accumulate(ratio(norms(g), w).max(axis=1))
    S = np.cumsum((B1_T[:, None] * w).sum(axis=1))
    first = D**2 * np.sqrt(TIME) / (2 * ALPHA * (1 - B1)) * root.sum(axis=1)
    return first + D**2 / (1 - B1) ** 2 * S + 2 * zeta / (1 - B1) ** 3 * norms(g).sum(axis=1)


def corollary2(printed):
    def bound(g, D):
        N, factor = norms(g).sum(axis=1), 1.0 if printed else g.shape[1] / ALPHA
        decay = factor * B1 * D**2 * largest(g) / ((1 - B1) ** 2 * (1 - LAM) ** 2)
        return (D**2 / (2 * ALPHA * (1 - B1)) + 2 * ALPHA / (1 - B1) ** 3) * N + decay

    return bound


def kingma_ba(g, D):
    gamma, v = B1**2 / math.sqrt(B2), averages(g * g, B2) / (1 - B2**TIME)[:, None]
    first = D**2 / (2 * ALPHA * (1 - B1)) * np.sqrt(TIME[:, None] * v).sum(axis=1)
    second = ALPHA * (1 + B1) * largest(g) / ((1 - B1) * math.sqrt(1 - B2) * (1 - gamma) ** 2)
    third = g.shape[1] * D**2 * largest(g) * math.sqrt(1 - B2) / (2 * ALPHA * (1 - B1) * (1 - LAM) ** 2)
    return first + second * norms(g).sum(axis=1) + third


LOW = Values(function=lambda t: 0.3 - 0.25 / t - 0.1 * (t == 7))  # M is attained in round 7
HIGH = Values(function=lambda t: 0.3 + 2.0 / t)


def adabound(g, D):
    low, high = LOW.function(TIME), HIGH.function(TIME)
    M = max(t / low[i] - ((t - 1) / high[i - 1] if i else 0.0) for i, t in enumerate(TIME))
    d = g.shape[1]
    both = d * M * D**2 + high.max() * longest(g) ** 2 * (1 + CB1) / (1 - CB1)
    return (2 * np.sqrt(TIME) - 1) / 2 * both + CB1 / (1 - CB1) * d * largest(g) * D


def falling(t):
    """Weights for which sqrt(B_t/t)/b_t is largest in round 8."""
    return np.where(t < 8, 1.0, 0.2)


def nosadam(g, D, b=TIME**-0.1):
    sums = np.cumsum(b[:, None] * g * g, axis=0)
    v = sums / np.cumsum(b)[:, None]
    steepest = np.maximum.accumulate(np.sqrt(np.cumsum(b) / TIME) / b)
    first = D**2 / (2 * ALPHA) * np.sqrt(TIME[:, None] * v).sum(axis=1)
    return first + ALPHA * steepest * np.sqrt(sums).sum(axis=1)


MU, SCALE, DELTA = 2.0, 40.0, 0.2  # G_inf^2/mu < SCALE < G_2^2/mu


def sadam(g, D):
    d, logs = g.shape[1], np.log(1 + norms(g) ** 2 / DELTA).sum(axis=1)
    first = d * DELTA * D**2 / (2 * SCALE) + CB1 / (1 - CB1) * d * largest(g) * D
    return first + SCALE * (1 + CB1) / (2 * (1 - CB1)) * logs


def squares(g):
    return (g * g).sum(axis=1)


def adam_steps(g, b1):
    """m_t and W_t of Adam."""
    return averages(g, b1), np.sqrt(averages(g * g, B2))


def quasi(g, b1):
    """m_t and W_t of QHAdam with nu1 = 0.7, nu2 = 0.9: its m_t is no moving average."""
    return 0.3 * g + 0.7 * averages(g, b1), np.sqrt(0.1 * g * g + 0.9 * averages(g * g, B2))


class Case(NamedTuple):
    """A theorem, a learner, and the bound at every t from the gradients (T, d) and a diameter of F."""

    theorem: str
    learner: Any
    bound: Callable
    F: Any = BOX
    losses: Any = LOSSES
    norm: float = np.inf
    """The norm of the diameter."""
    start: Any = None


AMS = L.AMSGrad(alpha=ALPHA, beta1=Geometric(B1, LAM), beta2=B2)
STILL = L.AMSGrad(alpha=ALPHA, beta1=CB1, beta2=B2)
ONE = 1 - B1
SHARP = (0.5 + B1 + B1 * ONE * (1 - GAMMA)) * ONE
CASES = [
    Case("amsgrad_schedule", AMS, schedule),
    Case("amsgrad_schedule", STILL, schedule_of_constant),
    Case("amsgrad_theorem4_submission", AMS, theorem4(1 / ONE, 1 / (2 * ONE))),
    Case("amsgrad_theorem4_iclr", AMS, theorem4(1 / (ALPHA * ONE), 1 / (2 * ONE))),
    Case("amsgrad_theorem4_revised", AMS, theorem4(1 / (ALPHA * ONE), 1 / ONE**2)),
    Case("amsgrad_corollary1", AMS, corollary1(1 / (2 * ALPHA), 1 / (2 * ALPHA), SHARP)),
    Case("amsgrad_corollary1_iclr", AMS, corollary1(1 / (ALPHA * ONE), 1 / (2 * ALPHA * ONE), 1.0)),
    Case("amsgrad_corollary1_revised", AMS, corollary1(1 / (ALPHA * ONE), 1 / (ALPHA * ONE**2), 1.0)),
    Case("amsgrad_corollary1_printed", AMS, corollary1_printed),
    Case("amsgrad_tran_phong", AMS, tran_phong),
    Case("amsgrad_tran_phong_inverse", L.AMSGrad(ALPHA, Inverse(LARGE), B2), tran_phong_inverse),
    Case("adamx_theorem51", L.AdamX(ALPHA, Geometric(B1, LAM), B2), adamx),
    Case("amsgrad_constant_beta1", STILL, constant_beta1),
    Case("amsgrad_constant_beta1_posterior", STILL, posterior),
    Case("adamnc_constant_beta1", L.AdamNC(ALPHA, CB1), adamnc_constant(CB1)),
    Case("adamnc_constant_beta1", L.AdaGrad(ALPHA), adamnc_constant(0.0)),
    Case("adamnc_theorem5", L.AdamNC(ALPHA, Geometric(B1, LAM), Values(function=lazy)), theorem5),
    Case("adamnc_corollary2", L.AdamNC(ALPHA, Geometric(B1, LAM)), corollary2(False)),
    Case("adamnc_corollary2_printed", L.AdamNC(ALPHA, Geometric(B1, LAM)), corollary2(True)),
    Case("kingma_ba_theorem41", L.Adam(ALPHA, Geometric(B1, LAM), B2), kingma_ba),
    Case("adabound_savarese", L.AdaBound(ALPHA, CB1, B2, LOW, HIGH), adabound),
    Case("adabound_savarese", L.AMSBound(ALPHA, CB1, B2, LOW, HIGH), adabound),
    Case("nosadam", L.NosAdam(ALPHA, 0.0), nosadam),
    Case("nosadam", L.NosAdam(ALPHA, 0.0, Values(function=falling)), lambda g, D: nosadam(g, D, falling(TIME))),
    Case("sadam_constant_beta1", L.SAdam(SCALE, CB1, delta=DELTA), sadam, losses=Tilted(LOSSES.rows, MU)),
    Case("adagrad", L.AdaGrad(ALPHA), lambda g, D: (D**2 / (2 * ALPHA) + ALPHA) * norms(g).sum(axis=1)),
    Case("adagrad", L.AdamNC(ALPHA, 0.0), lambda g, D: (D**2 / (2 * ALPHA) + ALPHA) * norms(g).sum(axis=1)),
    Case("ogd", L.OGD(ALPHA), lambda g, D: D**2 / (2 * ROOT) + np.cumsum(ROOT * squares(g)) / 2, norm=2),
    Case("ogd", L.OGD(ALPHA), lambda g, D: D**2 / (2 * ROOT) + np.cumsum(ROOT * squares(g)) / 2, BALL, norm=2),
    Case(
        "ogd_root", L.OGD(ALPHA),
        lambda g, D: D**2 * np.sqrt(TIME) / (2 * ALPHA) + ALPHA * (np.sqrt(TIME) - 0.5) * longest(g) ** 2, norm=2,
    ),
    Case(
        "ogd_constant", L.OGD(Constant(ALPHA)),
        lambda g, D: D**2 / (2 * ALPHA) + ALPHA * TIME * longest(g) ** 2 / 2, norm=2,
    ),
    Case(
        "ogd_centred", L.OGD(Constant(ALPHA)),
        lambda g, D: (D / 2) ** 2 / (2 * ALPHA) + ALPHA / 2 * np.cumsum(squares(g)), BALL, norm=2, start=BALL.center,
    ),
    Case(
        "ogd_strongly_convex", L.OGD(Inverse(1.0 / MU)),
        lambda g, D: np.cumsum(squares(g) / TIME) / (2 * MU), BALL, Tilted(LOSSES.rows, MU), norm=2,
    ),
    Case(
        "adagrad_norm", L.AdaGradNorm(ALPHA),
        lambda g, D: (D**2 / (2 * ALPHA) + ALPHA) * np.sqrt(np.cumsum(squares(g))), norm=2,
    ),
    Case(
        "dual_averaging", L.DualAveraging(ALPHA),
        lambda g, D: D**2 / (2 * ROOT) + np.cumsum(ROOT * squares(g)) / 2, norm=2,
    ),
    Case(
        "exponential_weights", L.Hedge(ALPHA),
        lambda g, D: 2 * (math.log(2 / 0.3) / ROOT + np.cumsum(ROOT * np.abs(g).max(axis=1) ** 2) / 2),
        SIMPLEX, start=[1.2, 0.3, 0.5],
    ),
    Case(
        "exponential_weights", L.ExponentiatedGradient(Constant(0.1)),
        lambda g, D: 2 * (math.log(3) / 0.1 + 0.1 * np.cumsum(np.abs(g).max(axis=1) ** 2) / 2), SIMPLEX,
    ),
    Case("master", L.Adam(ALPHA, CB1, B2), lambda g, D: master(g, *adam_steps(g, CB1), ROOT, CB1, D, True)),
    Case("master", L.QHAdam(ALPHA, CB1, B2, 0.7, 0.9), lambda g, D: master(g, *quasi(g, CB1), ROOT, CB1, D, True)),
    Case(
        "master_schedule", L.Adam(ALPHA, Geometric(B1, LAM), B2),
        lambda g, D: master(g, *adam_steps(g, B1_T), ROOT, B1_T, D, False),
    ),
    Case(
        "master_schedule", L.QHAdam(Inverse(ALPHA), Geometric(B1, LAM), B2, 0.7, 0.9),
        lambda g, D: master(g, *quasi(g, B1_T), ALPHA / TIME, B1_T, D, False),
    ),
]  # fmt: skip


FALSE = {
    "amsgrad_theorem4_submission",
    "amsgrad_corollary1_printed",
    "adamnc_corollary2_printed",
    "kingma_ba_theorem41",
}


def played(case, losses=None, F=None):
    return rl.play(
        case.learner, case.losses if losses is None else losses, F or case.F, T,
        checkpoints=range(1, T + 1), start=case.start, ledger=True, compiled=False,
    )  # fmt: skip


def seen(game):
    """(T, d): the gradients of a game, from its losses and the points that were played."""
    x = game.record.point
    return np.array([game.losses.reveal(t, x[t - 1], 0).gradient(x[t - 1]) for t in range(1, len(x) + 1)])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.theorem}-{type(case.learner).__name__}")
def test_the_bound_is_that_of_the_history(case):
    game = played(case)
    corners = {np.inf: np.ptp(case.F.parameters().reshape(2, -1), axis=0).max()} if case.F is BOX else {}
    D = {2: 2 * 1.5 if case.F is BALL else math.sqrt(9.0 + 0.64 + 0.49), **corners}.get(case.norm, 2.0)
    found = certify(game, case.theorem)
    curve, expected = found.curve, case.bound(seen(game), D)
    assert found.certified == (case.theorem not in FALSE), found
    assert curve["bound"].to_numpy() == pytest.approx(expected[curve.index - 1], rel=1e-9)


@pytest.mark.parametrize("name", ["adabound_savarese", "adamx_theorem51", "nosadam"])
def test_sums_over_all_rounds_go_on_from_block_to_block(name, monkeypatch):
    monkeypatch.setattr("regretlab.certificates.measurements._BLOCK", 5)
    case = next(case for case in CASES if case.theorem == name)
    curve = certify(played(case), name).curve
    assert curve["bound"].to_numpy() == pytest.approx(case.bound(G, D_INF)[curve.index - 1], rel=1e-9)


def test_zeta_is_the_largest_ratio_of_the_game():
    case = next(case for case in CASES if case.theorem == "adamnc_theorem5")
    w = np.sqrt(averages(G * G, lazy(TIME))) / ROOT[:, None]
    ratios = ratio(norms(G), w).max(axis=1)
    assert max(ratios[0], ratios[-1]) < 0.95 * ratios.max()
    assert f"zeta = {ratios.max():.6g}" in repr(certify(played(case), case.theorem))


def test_every_theorem_is_computed_by_hand():
    assert {case.theorem for case in CASES} == set(THEOREMS)


SUMS = [
    case for case in CASES
    if case.theorem not in ("adagrad_norm", "exponential_weights", "ogd_centred") and "printed" not in case.theorem
]  # fmt: skip


@pytest.mark.parametrize("case", SUMS, ids=lambda case: f"{case.theorem}-{type(case.learner).__name__}")
def test_two_equal_coordinates_pay_twice(case):
    """What the theorem says is a sum over coordinates, or the square of a Euclidean norm."""
    column = G[:, 1:2]
    bounds = []
    for d in (1, 2):
        rows = tuple(map(tuple, np.repeat(column, d, axis=1)))
        losses = Tilted(rows, MU) if isinstance(case.losses, Tilted) else Given(rows)
        game = played(case, losses, rl.sets.Box(np.full(d, -1.0), np.full(d, 1.5)))
        bounds.append(certify(game, case.theorem).curve["bound"].to_numpy())
    assert bounds[1] == pytest.approx(2.0 * bounds[0], rel=1e-12)

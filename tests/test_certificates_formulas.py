"""Bounds are those of the formulas, computed by hand."""

import math

import numpy as np
import pytest
from certificate_pieces import Given
from pieces import INTERVAL, cube

import regretlab as rl
from regretlab import play
from regretlab.certificates import Quantities, certify
from regretlab.certificates.errata import last_fall
from regretlab.schedules import Constant, Geometric, Inverse


def by_hand(T=300):
    """AMSGrad with beta_{1,t} = 0.8 * 0.9^(t-1) on alternating signs, and its sums, in plain Python."""
    alpha, b1, lam, b2, D = 0.7, 0.8, 0.9, 0.95, 2.0
    learner = rl.learners.AMSGrad(alpha=alpha, beta1=Geometric(b1, lam), beta2=b2)
    game = play(learner, Given(((1.0,), (-2.0,))), INTERVAL, T)
    m = v = vhat = S = steps = squares = 0.0
    for t in range(1, T + 1):
        g, beta, a = (1.0 if t % 2 else -2.0), b1 * lam ** (t - 1), alpha / math.sqrt(t)
        before, m = m, beta * m + (1.0 - beta) * g
        v = b2 * v + (1.0 - b2) * g * g
        vhat = max(vhat, v)
        S += beta * math.sqrt(vhat) / a
        steps += 0.5 * a * (m * m + beta * (g - before) ** 2) / math.sqrt(vhat)
        squares += g * g
    L, N, gamma = math.sqrt(1.0 + math.log(T)), math.sqrt(squares), b1 / math.sqrt(b2)
    A, Q = math.sqrt(vhat), alpha * L * N / ((1 - b1) ** 2 * (1 - gamma) * math.sqrt(1 - b2))
    root, G = math.sqrt(T), 2.0
    expected = {
        "amsgrad_schedule": D**2 * root * A / (2 * alpha) + D**2 / 2 * S + steps,
        "master_schedule": D**2 * root * A / (2 * alpha) + D**2 / 2 * S + steps,
        "amsgrad_theorem4_submission": D**2 * root * A / (1 - b1) + D**2 * S / (2 * (1 - b1)) + Q,
        "amsgrad_theorem4_iclr": D**2 * root * A / (alpha * (1 - b1)) + D**2 * S / (2 * (1 - b1)) + Q,
        "amsgrad_theorem4_revised": D**2 * root * A / (alpha * (1 - b1)) + D**2 * S / (1 - b1) ** 2 + Q,
        "amsgrad_corollary1": D**2 * root * A / (2 * alpha) + b1 * D**2 * G / (2 * alpha * (1 - lam) ** 2)
        + (0.5 + b1 + b1 * (1 - b1) * (1 - gamma)) * (1 - b1) * Q,
        "amsgrad_corollary1_iclr": D**2 * root * A / (alpha * (1 - b1))
        + b1 * D**2 * G / (2 * alpha * (1 - b1) * (1 - lam) ** 2) + Q,
        "amsgrad_corollary1_revised": D**2 * root * A / (alpha * (1 - b1))
        + b1 * D**2 * G / (alpha * (1 - b1) ** 2 * (1 - lam) ** 2) + Q,
        "amsgrad_corollary1_printed": D**2 * root * A / (alpha * (1 - b1))
        + b1 * D**2 * G / ((1 - b1) ** 2 * (1 - lam) ** 2) + Q,
        "amsgrad_tran_phong": D**2 * G / (2 * alpha * (1 - b1))
        * (sum(math.sqrt(t) for t in range(1, last_fall(b1, lam) + 1)) + root)
        + D**2 * G / (2 * alpha * (1 - b1) * (1 - lam) ** 2) + Q,
    }  # fmt: skip
    return game, expected


def test_bounds_of_amsgrad_are_those_of_the_formulas():
    game, expected = by_hand()
    for name, value in expected.items():
        assert certify(game, name).total == pytest.approx(value, rel=1e-10), name


@pytest.mark.parametrize("b1", [0.0, 0.6])
def test_bounds_for_a_constant_beta1_are_those_of_the_formulas(b1):
    alpha, b2, T, D = 0.7, 0.95, 200, 2.0
    signs = Given(((1.0,), (-1.0,)))
    ams = play(rl.learners.AMSGrad(alpha=alpha, beta1=b1, beta2=b2), signs, INTERVAL, T)
    nc = play(rl.learners.AdamNC(alpha=alpha, beta1=b1), signs, INTERVAL, T)
    root, L, A = math.sqrt(T), math.sqrt(1 + math.log(T)), math.sqrt(1 - b2**T)
    first = D**2 * root * A / (2 * alpha * (1 - b1))
    assert certify(ams, "amsgrad_constant_beta1").total == pytest.approx(
        first + alpha * L * root / math.sqrt((1 - b2) * (1 - b1**2 / b2)), rel=1e-9
    )
    assert certify(nc, "adamnc_constant_beta1").total == pytest.approx(
        ((2 - b1) * D**2 / (4 * alpha * (1 - b1)) + alpha * (1 + b1) / (1 - b1)) * root, rel=1e-9
    )
    for game in (ams, nc):
        master = certify(game, "master")
        steps = master.terms["steps"]
        weight = (2 - b1) * D**2 / (4 * (1 - b1)) * (root * (A if game is ams else 1.0) / alpha)
        assert master.total == pytest.approx(weight + steps, rel=1e-9)
    assert certify(ams, "amsgrad_constant_beta1_posterior").total == pytest.approx(
        certify(ams, "master").total, rel=1e-12
    )


def test_bounds_of_adamnc_are_those_of_the_formulas():
    alpha, b1, lam, T, D = 0.7, 0.5, 0.8, 150, 2.0
    game = play(rl.learners.AdamNC(alpha=alpha, beta1=Geometric(b1, lam)), Given(((1.0,), (-1.0,))), INTERVAL, T)
    N = math.sqrt(T)
    S = sum(b1 * lam ** (t - 1) * math.sqrt(t) / alpha for t in range(1, T + 1))
    theorem5 = certify(game, "adamnc_theorem5")
    expected = D**2 * N / (2 * alpha * (1 - b1)) + D**2 / (1 - b1) ** 2 * S + 2 * alpha / (1 - b1) ** 3 * N
    assert theorem5.total == pytest.approx(expected, rel=1e-9)
    assert "zeta = 0.7" in repr(theorem5)
    second = D**2 / (2 * alpha * (1 - b1)) * N + 2 * alpha / (1 - b1) ** 3 * N
    rest = b1 * D**2 / ((1 - b1) ** 2 * (1 - lam) ** 2)
    assert certify(game, "adamnc_corollary2").total == pytest.approx(second + rest / alpha, rel=1e-9)
    assert certify(game, "adamnc_corollary2_printed").total == pytest.approx(second + rest, rel=1e-9)


def test_bounds_of_gradient_descent_at_the_three_stepsizes():
    """T = 10^4, D = 2, G = 1, alternating signs: 198.145, 140.402 and 100 of regret against 300, 282.84 and 200."""
    T, signs = 10_000, Given(((1.0,), (-1.0,)))
    cases = [
        (2.0, "ogd_root", 1.5 * 2 * 100 - 1.0, 198.145),
        (2.0 / math.sqrt(2.0), "ogd_root", 2 * math.sqrt(2) * 100 - 0.5 * math.sqrt(2), 140.402),
        (Constant(2.0 / 100.0), "ogd_constant", 200.0, 100.0),
    ]
    for alpha, name, bound, regret in cases:
        game = play(rl.learners.OGD(alpha=alpha), signs, INTERVAL, T, start=[1.0])
        found = certify(game, name)
        assert found.certified
        assert found.total == pytest.approx(bound, rel=1e-12)
        assert certify(game, "ogd").total <= found.total * (1.0 + 1e-12)
        assert game.regret["regret"].iloc[-1] == pytest.approx(regret, abs=2.0)
    centred = play(rl.learners.OGD(alpha=Constant(0.01)), signs, rl.sets.L2Ball(1.0), T)
    assert certify(centred, "ogd_centred").total == pytest.approx(100.0)
    assert certify(centred, "ogd_centred").certified
    assert not certify(play(rl.learners.OGD(alpha=Constant(0.01)), signs, INTERVAL, 9), "ogd_centred").certified


def test_bound_of_strongly_convex_losses():
    losses = rl.losses.CirclingQuadratics(mu=0.5, d=2)
    game = play(rl.learners.OGD(alpha=Inverse(2.0)), losses, rl.sets.L2Ball(1.0), 3000)
    found = certify(game)
    assert found.theorem.name == "ogd_strongly_convex"
    assert found.violations.empty
    G = float(Quantities(game.with_ledger(), game.regret.index.to_numpy()).G_2[-1])
    assert found.total <= G**2 / (2 * 0.5) * (1 + math.log(3000))
    assert not certify(
        play(rl.learners.OGD(alpha=1.0), losses, rl.sets.L2Ball(1.0), 10), "ogd_strongly_convex"
    ).certified


def test_bounds_of_adax_and_adabound_are_those_of_the_formulas():
    alpha, b1, b2, T, D = 0.7, 0.8, 0.95, 100, 2.0
    signs = Given(((1.0,), (-1.0,)))
    x = play(rl.learners.AdamX(alpha=alpha, beta1=Inverse(b1), beta2=b2), signs, INTERVAL, T)
    decay = sum(b1 / t * math.sqrt(t - 1) for t in range(2, T + 1))
    L, gamma = math.sqrt(1 + math.log(T)), b1 / math.sqrt(b2)
    expected = D**2 * 10 / (2 * alpha * (1 - b1)) + D**2 / (2 * alpha * (1 - b1) ** 2) * decay
    expected += alpha * L * 10 / ((1 - b1) ** 2 * math.sqrt(1 - b2) * (1 - gamma))
    assert certify(x, "adamx_theorem51").total == pytest.approx(expected, rel=1e-9)

    bound = play(rl.learners.AdaBound(alpha=0.5, beta1=b1, beta2=0.999), signs, INTERVAL, T)
    t = np.arange(1, T + 1)
    lower, before = 0.1 * (1 - 1 / (0.001 * t + 1)), 0.1 * (1 + 1 / (0.001 * np.maximum(t - 1, 1)))
    M, R = float(np.max(t / lower - (t - 1) / before)), 0.1 * (1 + 1 / 0.001)
    expected = 9.5 * (M * D**2 + R * (1 + b1) / (1 - b1)) + b1 / (1 - b1) * D
    found = certify(bound, "adabound_savarese")
    assert M < (1 + 2 / 0.001) / 0.1  # what it tends to
    assert f"M = {M:.6g} up to T" in repr(found)
    assert found.total == pytest.approx(expected, rel=1e-9)
    assert found.certified


@pytest.mark.parametrize(
    ("b1", "lam"), [(0.9, 0.001), (0.9, 0.99), (0.5, 0.9999), (0.9, 0.99999), (0.0, 0.5), (0.9, 0.0)]
)
def test_last_fall(b1, lam):
    """After round t0, sqrt(t)/(1 - beta_{1,t}) increases."""
    t0, t = last_fall(b1, lam), np.arange(1.0, 10**6)
    rate = np.sqrt(t) / (1.0 - b1 * lam ** (t - 1.0))
    falls = t[:-1][np.diff(rate) < 0.0]
    assert t0 == (falls[-1] if falls.size else 1)


def test_bounds_of_other_learners_are_those_of_the_formulas():
    T, rows = 100, Given(((1.0, 0.0, -1.0), (2.0, 1.0, 0.0)))
    t = np.arange(1.0, T + 1.0)
    squares, largest = np.where(t % 2 == 1, 2.0, 5.0), np.where(t % 2 == 1, 1.0, 2.0)
    ball = rl.sets.L2Ball(1.5, dimension=3)
    found = certify(play(rl.learners.AdaGradNorm(alpha=0.7), rows, ball, T), "adagrad_norm")
    assert found.total == pytest.approx((9.0 / 1.4 + 0.7) * math.sqrt(squares.sum()))
    found = certify(play(rl.learners.DualAveraging(alpha=0.7), rows, ball, T), "dual_averaging")
    assert found.total == pytest.approx(9.0 / 1.4 * 10.0 + 0.5 * (0.7 / np.sqrt(t) * squares).sum())
    found = certify(play(rl.learners.Hedge(alpha=0.7), rows, rl.sets.Simplex(3, 2.0), T), "exponential_weights")
    assert found.total == pytest.approx(
        2.0 * (math.log(3.0) / 0.07 + 0.5 * (0.7 / np.sqrt(t) * largest**2).sum()), rel=1e-12
    )
    b = t**-0.1
    v = (b[:, None] * rows.gradients(t.astype(int)) ** 2).sum(axis=0)
    steepest = (np.sqrt(np.cumsum(b) / t) / b).max()
    found = certify(play(rl.learners.NosAdam(alpha=0.7, beta1=0.0), rows, cube(3), T), "nosadam")
    first = 4.0 / 1.4 * np.sqrt(T * v / b.sum()).sum()
    assert found.total == pytest.approx(first + 0.7 * steepest * np.sqrt(v).sum(), rel=1e-12)

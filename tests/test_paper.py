"""Games agree with the theorems of Reddi, Kale, Kumar (2018) and with elementary mathematics.

The expected numbers are published, or come from independent programs; where a formula exists, a test evaluates it in
plain Python or numpy.
"""

import math

import numpy as np
import pytest
from conformance import LEARNERS, accepts
from conftest import label

from regretlab import losses, play, play_all
from regretlab.learners import OGD, AdaGrad, Adam, AdamNC, AMSGrad, RMSProp
from regretlab.regret.measures import best_in_hindsight, total
from regretlab.schedules import Constant, Geometric
from regretlab.sets import Box

INTERVAL = Box(-1.0, 1.0)


def last_average(game):
    return game.regret["average_regret"].iloc[-1]


# -- Theorem 1: Adam on f_t(x) = C x if t mod 3 = 1, else -x ----------------------------------

# R_T/T at T = 3e5 in the setting of the theorem, by C: with alpha/sqrt(t), and with a constant stepsize
THEOREM_1 = {
    2.5: (0.334698, 0.706714),
    3.0: (0.668052, 1.045771),
    4.0: (1.334735, 1.716999),
    6.0: (2.668078, 3.052891),
    10.0: (5.334748, 5.720649),
}


def theorem_1(C, constant=False):
    beta2 = 1.0 / (1.0 + C**2)
    alpha = 0.9 * math.sqrt(1.0 - beta2)
    return Adam(Constant(alpha) if constant else alpha, beta1=0.0, beta2=beta2)


def simulate_theorem_1(C, constant, T):
    """R_T of Theorem 1's game, from a loop that shares no code with the package."""
    b = 1.0 / (1.0 + C * C)
    a = 0.9 * math.sqrt(1.0 - b)
    x, v, terms, slopes = 1.0, 0.0, [], 0.0
    for t in range(1, T + 1):
        g = C if t % 3 == 1 else -1.0
        terms.append(g * x)
        slopes += g
        v = b * v + (1.0 - b) * g**2
        x = max(-1.0, min(1.0, x - (a if constant else a * t**-0.5) * g / v**0.5))
    return math.fsum(terms) + abs(slopes)


@pytest.mark.parametrize("constant", [False, True], ids=["alpha/sqrt(t)", "constant alpha"])
def test_theorem_1_block_by_block(constant):
    """x_{3k+1} = 1 exactly and R_{3K} >= K (2C - 4), for every k and K up to T = 3e5."""
    C, T = 3.0, 300_000
    game = play(theorem_1(C, constant), losses.Mod3(C), INTERVAL, T, start=1.0, checkpoints=range(1, T + 1))
    x = game.record.point[:, 0]
    assert (x[::3] == 1.0).all()
    assert (x > 0.0).all()
    assert game.point.tolist() == [1.0]
    R = game.regret["regret"].to_numpy()
    K = np.arange(1, T // 3 + 1)
    assert (R[2::3] >= K * (2.0 * C - 4.0)).all()
    assert (np.diff(R[2::3]) >= 2.0 * C - 4.0 - 1e-9).all()  # every block of three rounds costs at least 2C - 4
    assert R[-1] == pytest.approx(simulate_theorem_1(C, constant, T), rel=1e-12)


@pytest.mark.parametrize("C", THEOREM_1)
def test_theorem_1_average_regret(C):
    T = 300_000
    for constant, expected in zip((False, True), THEOREM_1[C], strict=True):
        game = play(theorem_1(C, constant), losses.Mod3(C), INTERVAL, T, start=1.0)
        assert last_average(game) == pytest.approx(expected, rel=0.0, abs=5.1e-7)
        assert last_average(game) >= (2.0 * C - 4.0) / 3.0
        assert game.point.tolist() == [1.0]


def test_theorem_1_needs_the_spike_in_round_1():
    """Round 1 has the slope C: x_2, x_3 and R_1 = 2C follow. With the slopes one round late R_1 would be 0."""
    game = play(theorem_1(3.0), losses.Mod3(3.0), INTERVAL, 3, start=1.0, checkpoints=[1, 2, 3], compiled=False)
    alpha, b = 0.9 * math.sqrt(0.9), 0.1
    x2 = 1.0 - alpha * 3.0 / math.sqrt(0.9 * 9.0)
    v2 = b * 0.9 * 9.0 + (1 - b)
    x3 = x2 + alpha / math.sqrt(2.0) / math.sqrt(v2)
    assert game.record.point[:, 0] == pytest.approx([1.0, x2, x3], rel=1e-14)
    assert game.regret["regret"].tolist() == pytest.approx([6.0, 3.0 - x2 + 2.0, 3.0 - x2 - x3 + 1.0], rel=1e-14)


# -- Figure 1: 1010 x once in 101 rounds, else -10 x -----------------------------------------


def test_figure_1():
    """alpha = 0.5, x_1 = 0, T = 1.01e6: Adam ends at +1, AMSGrad and AdamNC near -1."""
    adam, amsgrad, adamnc = (
        play(learner, losses.ReddiOnline(), INTERVAL, 1_010_000)
        for learner in (Adam(0.5, 0.9, 0.99), AMSGrad(0.5, 0.9, 0.99), AdamNC(0.5, 0.9))
    )
    assert adam.point[0] > 0.999
    assert amsgrad.point[0] == pytest.approx(-0.997, abs=1e-3)
    assert adamnc.point[0] == pytest.approx(-0.997, abs=1e-3)
    assert last_average(adam) == pytest.approx(0.228, abs=5.1e-4)
    assert last_average(amsgrad) == pytest.approx(0.0345, abs=5.1e-5)
    assert last_average(adamnc) == pytest.approx(0.071, abs=5.1e-4)
    late = adam.regret.loc[100_000:]
    assert (late["average_regret"] > 20.0 / 101.0).all()  # R_T/T of a learner that stays at +1


@pytest.mark.parametrize(("beta1", "beta2", "end"), [(0.0, 0.99, 1), (0.9, 0.999, 1), (0.9, 0.9999, -1)])
def test_other_betas_on_the_sequence_of_figure_1(beta1, beta2, end):
    """Adam fails at beta2 = 0.99 without momentum and at 0.999, and goes to -1 at 0.9999."""
    game = play(Adam(1.0, beta1, beta2), losses.ReddiOnline(), INTERVAL, 5_000_000)
    assert float(game.point[0]) == pytest.approx(end, abs=0.02)


def test_the_stochastic_sequence_of_figure_1():
    """alpha = 1, T = 4e6: on each of eight fixed seeds Adam ends near +1 and AMSGrad near -1."""
    T = 4_000_000
    games = play_all(
        [Adam(1.0, 0.9, 0.99), AMSGrad(1.0, 0.9, 0.99)], losses.ReddiStochastic(), INTERVAL, T, seeds=range(8)
    )
    ends = [float(game.point[0]) for game in games]
    assert min(ends[:8]) > 0.9
    assert max(ends[8:]) < -0.8


# -- Theorem 2's family -----------------------------------------------------------------------


def test_theorem_2_adam_pays_2_per_period_forever():
    """At beta = (0, 0.5) and C = 20, a period that the proof covers, Adam's R_T/T stays above 2/C; AMSGrad's falls."""
    C, T = 20, 2_000_000
    adam, amsgrad = (
        play(learner, losses.ReddiTheorem2(C=C), INTERVAL, T, start=1.0)
        for learner in (Adam(0.5, 0.0, 0.5), AMSGrad(0.5, 0.0, 0.5))
    )
    late = adam.regret.loc[1000:]
    whole = late[late.index % C == 0]
    assert adam.point.tolist() == [1.0]
    assert last_average(adam) >= 2.0 / C
    assert (whole["average_regret"] >= 2.0 / C).all()
    assert last_average(amsgrad) < 0.2 / C


# -- Example 3.2 of Tran and Phong ------------------------------------------------------------


def test_the_first_rounds_of_tran_and_phong():
    """x_2 and x_3 of AMSGrad fix the indices of alpha/sqrt(t) and of beta_{1,t} = beta1 lambda^(t-1) from t = 1."""
    learner = AMSGrad(alpha=0.001, beta1=Geometric(0.9, ratio=0.001), beta2=0.999)
    game = play(learner, losses.ReddiOnline(), INTERVAL, 3, start=1.0, checkpoints=[1, 2, 3], compiled=False)
    x = game.record.point[:, 0]
    assert x[0] == 1.0
    assert x[1] == pytest.approx(0.9968377223, rel=0.0, abs=5.1e-11)
    assert x[2] == pytest.approx(0.9970569035, rel=0.0, abs=5.1e-11)
    m1, v1 = 0.1 * 1010.0, 0.001 * 1010.0**2
    m2, v2 = 0.0009 * m1 + 0.9991 * -10.0, 0.999 * v1 + 0.001 * 100.0
    expected = 1.0 - 0.001 * m1 / math.sqrt(v1) - 0.001 / math.sqrt(2.0) * m2 / math.sqrt(max(v1, v2))
    assert x[2] == pytest.approx(expected, rel=1e-15)


# -- AdamNC without momentum is AdaGrad -------------------------------------------------------


@pytest.mark.parametrize(
    "sequence",
    [losses.Mod3(), losses.ReddiOnline(), losses.Rademacher(d=3, drift=0.1), losses.RandomLinear(d=2, std=5.0)],
    ids=label,
)
def test_adamnc_without_momentum_is_adagrad(sequence):
    T = 5_000
    adamnc, adagrad = (
        play(learner, sequence, INTERVAL, T, seed=3, checkpoints=range(1, T + 1))
        for learner in (AdamNC(0.7, beta1=0.0), AdaGrad(0.7))
    )
    np.testing.assert_allclose(adamnc.record.point, adagrad.record.point, rtol=0.0, atol=1e-12)
    g = np.diff(adagrad.record.gradient.sum(axis=1), axis=0, prepend=0.0)
    x = np.zeros(g.shape[1])
    for t in range(1, 200):  # AdaGrad's step is alpha g_t / sqrt(sum g^2)
        assert adagrad.record.point[t - 1] == pytest.approx(x, rel=0.0, abs=1e-12)
        x = np.clip(x - 0.7 * g[t - 1] / np.sqrt((g[:t] ** 2).sum(axis=0)), -1.0, 1.0)


# -- a constant stepsize has linear regret ----------------------------------------------------


@pytest.mark.parametrize("beta2", [0.5, 0.99])
@pytest.mark.parametrize("beta1", [0.0, 0.5, 0.9])
def test_amsgrad_with_a_constant_stepsize_has_linear_regret(beta1, beta2):
    """On +x, -x, +x, ...: R_T/T -> alpha (1 - beta1) / (2 (1 + beta1)); with alpha/sqrt(t) it tends to 0."""
    alpha, T = 0.3, 4_000_000
    alternating = losses.Periodic([1.0, -1.0])
    game = play(AMSGrad(Constant(alpha), beta1, beta2), alternating, INTERVAL, T)
    limit = alpha * (1.0 - beta1) / (2.0 * (1.0 + beta1))
    assert last_average(game) == pytest.approx(limit, rel=1e-4)
    last = game.regret.iloc[-1]
    assert last["comparator_loss"] == 0.0
    decaying = play(AMSGrad(alpha, beta1, beta2), alternating, INTERVAL, T)
    assert abs(last_average(decaying)) < 0.01 * limit


# -- on random signs every learner has the same expected regret -------------------------------


def mean_absolute_sum(T):
    """E|S_T| of T random signs: 2 k binom(T, k) / 2^T with k = ceil(T/2)."""
    k = -(-T // 2)
    return 2 * k * math.comb(T, k) / 2**T


def test_the_mean_absolute_sum():
    for T, expected in {1: 1.0, 2: 1.0, 3: 1.5, 4: 1.5, 10: 2.4609375, 100: 7.9589237387}.items():
        assert mean_absolute_sum(T) == pytest.approx(expected, rel=0.0, abs=5e-11)


ON_LINEAR = [case for case in LEARNERS if accepts(case.learner, losses.Rademacher())]


@pytest.mark.parametrize("case", ON_LINEAR, ids=[label(case.learner) for case in ON_LINEAR])
def test_all_sign_sequences_together_cost_exactly_the_expectation(case):
    """A game whose coordinates are the 2^T sign sequences of T rounds has R_T = 2^T E|S_T| exactly, for any learner."""
    T = 10
    signs = 1.0 - 2.0 * ((np.arange(2**T) >> np.arange(T)[:, None]) & 1)
    game = play(case.learner, losses.Periodic(signs), INTERVAL, T, compiled=False)
    moved = np.abs(game.point).max()
    assert moved > 0.01
    assert game.regret["regret"].iloc[-1] / 2**T == pytest.approx(mean_absolute_sum(T), rel=1e-13)
    assert game.regret["loss"].iloc[-1] / 2**T == pytest.approx(0.0, abs=1e-13)


def test_random_signs_cost_the_expectation_over_seeds():
    """The mean of R_T over n seeds is within 2 eps of d E|S_T|, for all learners, with probability above 1 - 1e-9.

    The loss of a learner is a sum of n d T martingale differences in [-1, 1], and the sum of |S_T| changes by at most
    2 with one of the n d T signs. So the mean over the seeds of either one deviates by more than eps with probability
    at most 2 exp(-eps^2 n / (2 d T)), by the inequalities of Azuma and McDiarmid. The seeds are fixed, and with them
    the outcome.
    """
    d, T, n = 256, 100, 128
    chosen = [OGD(0.3), AdaGrad(1.0), RMSProp(0.3, 0.9), Adam(0.3), AMSGrad(0.3), AdamNC(0.5)]
    eps = math.sqrt(2.0 * d * T / n * math.log(2 * (len(chosen) + 1) / 1e-9))
    games = play_all(chosen, losses.Rademacher(d=d), INTERVAL, T, seeds=range(n))
    expected = d * mean_absolute_sum(T)
    assert 2.0 * eps < 0.1 * expected  # the tolerance is well below what it is compared with
    for k in range(len(chosen)):
        own = games[k * n : (k + 1) * n]
        assert [game.seed for game in own] == list(range(n))
        regrets = [total(game.record.loss[-1:])[0] - best_in_hindsight(game).loss[-1] for game in own]
        assert abs(math.fsum(regrets) / n - expected) <= 2.0 * eps


# -- exact sums -------------------------------------------------------------------------------


def test_regret_agrees_with_exact_summation():
    """On 1e6 random signs R_T agrees with math.fsum within 1e-9 of sum |f_t(x_t)|, and the loss within 1e-15 of it."""
    T = 1_000_000
    learner, sequence = AMSGrad(0.5), losses.Rademacher(drift=0.1)
    signs = sequence.block(1, T + 1, 11)[:, 0].tolist()
    x, m, v, vhat, points = 0.0, 0.0, 0.0, 0.0, []
    for t, g in enumerate(signs, start=1):
        points.append(x)
        m = 0.9 * m + (1.0 - 0.9) * g
        v = 0.99 * v + (1.0 - 0.99) * g * g
        vhat = max(vhat, v)
        x = min(1.0, max(-1.0, x - 0.5 / math.sqrt(t) * m / math.sqrt(vhat)))
    paid = [g * y for g, y in zip(signs, points, strict=True)]  # without rounding, as the slopes are signs
    R = math.fsum(paid) + abs(math.fsum(signs))
    size = math.fsum(map(abs, paid))
    game = play(learner, sequence, INTERVAL, T, seed=11)
    assert game.regret["regret"].iloc[-1] == pytest.approx(R, rel=0.0, abs=1e-9 * size)
    assert abs(R) > 1.0
    recorded = play(learner, sequence, INTERVAL, T, seed=11, checkpoints=range(1, T + 1))
    own = (recorded.record.point[:, 0] * signs).tolist()
    assert game.regret["loss"].iloc[-1] == pytest.approx(math.fsum(own), rel=0.0, abs=1e-15 * size)
    for t in (10, 1000, 56_234):
        assert game.regret["loss"][t] == pytest.approx(math.fsum(own[:t]), rel=0.0, abs=1e-15 * t)


@pytest.mark.parametrize("compiled", [True, False])
def test_sums_survive_cancellation(compiled):
    """On F = {1} the loss is the sum of the slopes; slopes of 1e100 and -1e100 cancel without a rounding error."""
    game = play(OGD(), losses.Periodic([1.0, 1e100, 1.0, -1e100]), Box(1.0, 1.0), 4_000, compiled=compiled)
    last = game.regret.iloc[-1]
    assert last["loss"] == 2_000.0
    assert last["comparator_loss"] == 2_000.0
    assert last["regret"] == 0.0


# -- regret can be negative; bounds hold ------------------------------------------------------


def test_average_regret_may_tend_to_a_negative_number():
    """On signs in blocks of doubling length AMSGrad does better than every fixed point, by 0.5 a round."""
    blocks = [s * np.ones(2**k) for k, s in enumerate([1.0, -1.0] * 9)]
    game = play(AMSGrad(1.0), losses.Periodic(np.concatenate(blocks)), INTERVAL, sum(map(len, blocks)))
    assert last_average(game) < -0.5


@pytest.mark.parametrize(
    "sequence",
    [
        losses.Mod3(),
        losses.ReddiOnline(),
        losses.Periodic([1.0, -1.0]),
        losses.Rademacher(d=2),
        losses.SignAdversary(d=2),
    ],
    ids=label,
)
def test_classical_bounds(sequence):
    """OGD with D_2/(G_2 sqrt t): 1.5 D_2 G_2 sqrt T; AdaGrad with D/sqrt 2: sqrt 2 D sum_i ||g_{1:T,i}||."""
    T = 2_000
    d = sequence.dimension
    probe = play(OGD(), sequence, INTERVAL, T, checkpoints=range(1, T + 1))
    G2 = np.sqrt((np.diff(probe.record.gradient.sum(axis=1), axis=0, prepend=0.0) ** 2).sum(axis=1)).max()
    D2 = INTERVAL.with_dimension(d).diameter(norm=2)
    ogd = play(OGD(D2 / G2), sequence, INTERVAL, T, checkpoints=range(1, T + 1)).regret["regret"]
    assert (ogd.to_numpy() <= 1.5 * D2 * G2 * np.sqrt(ogd.index)).all()
    adagrad = play(AdaGrad(2.0 / math.sqrt(2.0)), sequence, INTERVAL, T, checkpoints=range(1, T + 1))
    g = np.diff(adagrad.record.gradient.sum(axis=1), axis=0, prepend=0.0)
    bound = math.sqrt(2.0) * 2.0 * np.sqrt(np.cumsum(g**2, axis=0)).sum(axis=1)
    assert (adagrad.regret["regret"].to_numpy() <= bound).all()


def test_gradient_descent_on_alternating_signs():
    """T = 1e4, D = 2, G = 1: regrets 198.145, 140.402 and 100 against the bounds 300, 282.84 and 200."""
    T = 10_000
    for alpha, R in ((2.0, 198.145), (2.0 / math.sqrt(2.0), 140.402), (Constant(2.0 / math.sqrt(T)), 100.0)):
        game = play(OGD(alpha), losses.Periodic([1.0, -1.0]), INTERVAL, T)
        assert game.regret["regret"].iloc[-1] == pytest.approx(R, rel=0.0, abs=5.1e-4)

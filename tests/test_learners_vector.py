"""Learners that look at all coordinates at once: their formulas, their bounds, and what they need of a set."""

import math

import numpy as np
import pytest

from regretlab import play
from regretlab.learners import (
    OGD,
    AdaGrad,
    AdaGradNorm,
    AvaGrad,
    CoinBetting,
    DualAveraging,
    ExponentiatedGradient,
    Hedge,
    OGDMomentum,
    OnlineFrankWolfe,
)
from regretlab.losses import Periodic, Rademacher, RandomLinear, SignAdversary
from regretlab.schedules import Constant, InversePower, InverseSqrt
from regretlab.sets import Box, Halfspace, L2Ball, Simplex
from regretlab.testing import check_learner

T = 400
BALL = L2Ball(1.5).with_dimension(3)
ON_SIMPLICES = [ExponentiatedGradient(0.7), Hedge(0.7)]
ANYWHERE = [AdaGradNorm(0.7), AvaGrad(0.7), DualAveraging(0.7), OnlineFrankWolfe(0.7)]


def points(learner, gradients, F, start=None):
    state = learner.start(F, start)
    path = [state.point]
    for g in gradients:
        state = learner.update(state, g)
        path.append(state.point)
    return np.array(path)


def noise(d=3, n=60, seed=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)) * 10.0 ** rng.uniform(-1, 1, (n, 1))


@pytest.mark.parametrize("learner", ANYWHERE, ids=lambda learner: type(learner).__name__)
def test_promises(learner):
    check_learner(learner)
    check_learner(learner, Simplex(3))


@pytest.mark.parametrize("learner", ON_SIMPLICES, ids=lambda learner: type(learner).__name__)
def test_promises_on_simplices(learner):
    check_learner(learner, Simplex(4))
    check_learner(learner, Simplex(3, mass=2.5))


# -- formulas, from the whole history ---------------------------------------------------------


def test_adagrad_norm():
    g = noise()
    x, s = np.zeros(3), 0.0
    for t, expected in enumerate(points(AdaGradNorm(0.7), g, BALL)[1:]):
        s += g[t] @ g[t]
        x = x - 0.7 * g[t] / math.sqrt(s)
        x = x * min(1.0, 1.5 / np.linalg.norm(x))
        np.testing.assert_allclose(x, expected, rtol=0.0, atol=1e-13)


def test_adagrad_norm_is_adagrad_in_one_dimension():
    g = noise(d=1)
    np.testing.assert_allclose(points(AdaGradNorm(0.7), g, Box()), points(AdaGrad(0.7), g, Box()), rtol=0, atol=1e-13)


def test_avagrad_is_momentum_in_one_dimension():
    g = noise(d=1)
    one, other = points(AvaGrad(0.7, eps=0.3), g, Box()), points(OGDMomentum(0.7), g, Box())
    np.testing.assert_allclose(one, other, rtol=0.0, atol=1e-13)


def test_avagrad():
    """x_{t+1} = x_t - alpha_t sqrt(d) / ||eta_t|| eta_t m_t inside a wide box."""
    g, F = noise(), Box(-100.0, 100.0).with_dimension(3)
    x, m, v = np.zeros(3), np.zeros(3), np.zeros(3)
    for t, expected in enumerate(points(AvaGrad(0.7, 0.8, 0.9, 0.3), g, F)[1:], start=1):
        m = 0.8 * m + 0.2 * g[t - 1]
        eta = 1.0 / (np.sqrt(v) + 0.3)
        x = x - 0.7 / math.sqrt(t) * math.sqrt(3) / np.linalg.norm(eta) * eta * m
        v = 0.9 * v + 0.1 * g[t - 1] ** 2
        np.testing.assert_allclose(x, expected, rtol=0.0, atol=1e-12)


def test_dual_averaging_is_gradient_descent_where_nothing_is_projected():
    g, F = noise(), Box(-1e6, 1e6).with_dimension(3)
    one, other = (points(learner(Constant(0.2)), g, F, [1.0, 2.0, 3.0]) for learner in (DualAveraging, OGD))
    np.testing.assert_allclose(one, other, rtol=0.0, atol=1e-11)
    for t in (1, 7, 60):
        x = points(DualAveraging(0.7), g[:t], BALL, [1.0, 0.0, 0.0])[-1]
        y = np.array([1.0, 0.0, 0.0]) - 0.7 / math.sqrt(t + 1) * g[:t].sum(axis=0)
        np.testing.assert_allclose(x, y * min(1.0, 1.5 / np.linalg.norm(y)), rtol=0.0, atol=1e-13)


@pytest.mark.parametrize("mass", [1.0, 2.5])
def test_exponential_weights(mass):
    g, F, x1 = noise(d=4), Simplex(4, mass), mass * np.array([0.1, 0.2, 0.3, 0.4])
    hedge, mirror = points(Hedge(0.3), g, F, x1), points(ExponentiatedGradient(0.3), g, F, x1)
    for t in (1, 2, 30, 60):
        y = x1 * np.exp(-0.3 / math.sqrt(t + 1) * g[:t].sum(axis=0))
        np.testing.assert_allclose(hedge[t], mass * y / y.sum(), rtol=1e-12)
        y = x1 * np.exp(-0.3 * (g[:t] / np.sqrt(np.arange(1, t + 1))[:, None]).sum(axis=0))
        np.testing.assert_allclose(mirror[t], mass * y / y.sum(), rtol=1e-12)
    one, other = points(Hedge(Constant(0.3)), g, F, x1), points(ExponentiatedGradient(Constant(0.3)), g, F, x1)
    np.testing.assert_allclose(one, other, rtol=1e-11)


def test_exponential_weights_survive_any_gradient():
    g = np.array([[1e6, 0.0], [0.0, 1e300], [1e300, 0.0], [0.0, 1.0]])
    for learner in ON_SIMPLICES:
        x = points(learner, g, Simplex(2))
        assert (x > 0.0).all()
        np.testing.assert_allclose(x.sum(axis=1), 1.0, rtol=1e-15)


def test_frank_wolfe_walks_towards_vertices():
    g, F = noise(), Simplex(3)
    x, x1, s = np.full(3, 1.0 / 3.0), np.full(3, 1.0 / 3.0), np.zeros(3)
    for t, expected in enumerate(points(OnlineFrankWolfe(0.7), g, F)[1:], start=1):
        s = s + g[t - 1]
        vertex = np.eye(3)[np.argmin(0.7 / t**0.75 * s + 2.0 * (x - x1))]
        sigma = min(1.0, 2.0 / math.sqrt(t))
        x = (1.0 - sigma) * x + sigma * vertex
        np.testing.assert_allclose(x, expected, rtol=0.0, atol=1e-13)


# -- the bounds of the docstrings ----------------------------------------------------------------

SEQUENCES = [
    Rademacher(d=3),
    SignAdversary(d=3),
    RandomLinear(d=3, mean=0.2),
    Periodic([[1.0, -1.0, 0.5], [-1.0, 0.5, 0.0], [0.0, 1.0, -1.0]]),
]


def met(game):
    """g_1..g_T, from the points of the game."""
    x = np.vstack([game.record.point, game.point])
    return np.array([game.losses.reveal(t, x[t - 1], game.seed).gradient(x[t - 1]) for t in range(1, T + 1)])


def regret_and_gradients(learner, losses, F):
    game = play(learner, losses, F, T, checkpoints=range(1, T + 1))
    return game.regret["regret"].iloc[-1], met(game)


@pytest.mark.parametrize("losses", SEQUENCES, ids=lambda losses: type(losses).__name__)
def test_bounds_on_a_ball(losses):
    D = 3.0
    R, g = regret_and_gradients(AdaGradNorm(D / math.sqrt(2.0)), losses, BALL)
    assert R <= math.sqrt(2.0) * D * math.sqrt((g**2).sum()) + 1e-9
    alpha = 0.4 / np.sqrt(np.arange(1, T + 1))
    R, g = regret_and_gradients(DualAveraging(0.4), losses, BALL)
    assert R <= 1.5**2 / (2.0 * alpha[-1]) + 0.5 * (alpha * (g**2).sum(axis=1)).sum() + 1e-9
    G = 4.0 if isinstance(losses, RandomLinear) else math.sqrt(3.0)
    R, g = regret_and_gradients(OnlineFrankWolfe(Constant(D / (2.0 * G * T**0.75))), losses, BALL)
    assert (np.linalg.norm(g, axis=1) <= G).all()
    assert R <= 8.0 * D * G * T**0.75


EXPERTS = [Periodic([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]), Periodic(np.eye(3)), Periodic([[0.2, 0.9, 1.0]])]


@pytest.mark.parametrize("losses", EXPERTS, ids=["two", "one", "same"])
def test_bounds_of_experts(losses):
    R, _ = regret_and_gradients(Hedge(Constant(math.sqrt(8.0 * math.log(3) / T))), losses, Simplex(3))
    assert R <= math.sqrt(T * math.log(3) / 2.0)
    R, _ = regret_and_gradients(ExponentiatedGradient(Constant(math.sqrt(2.0 * math.log(3) / T))), losses, Simplex(3))
    assert R <= math.sqrt(2.0 * T * math.log(3))


# -- betting ----------------------------------------------------------------------------------------


def test_coin_betting_keeps_its_promises():
    check_learner(CoinBetting(G=1e5), Box(-1.0, 1.0))


def test_coin_betting_inside_the_box_is_the_estimator():
    """Wealth_t = scale prod_{s<=t} (1 + c_s beta_s), the fraction beta_s = theta_{s-1} / s."""
    rng = np.random.default_rng(5)
    g = rng.uniform(-1.0, 1.0, 80)
    x = points(CoinBetting(G=2.0, scale=0.3), g[:, None], Box(-1e6, 1e6))[:, 0]
    wealth, theta = 0.3, 0.0
    for t, c in enumerate(-g / 2.0, start=1):
        assert x[t - 1] == pytest.approx(theta / t * wealth, rel=1e-11, abs=1e-15)
        wealth *= 1.0 + c * theta / t
        theta += c
        assert wealth > 0.0


@pytest.mark.parametrize("losses", SEQUENCES[:2] + SEQUENCES[3:], ids=lambda losses: type(losses).__name__)
@pytest.mark.parametrize("scale", [0.01, 1.0])
def test_the_bound_of_coin_betting(losses, scale):
    side = 1.5
    R, _ = regret_and_gradients(CoinBetting(scale=scale), losses, Box(-side, side))
    assert R <= 3.0 * (scale + side * math.sqrt(T * math.log(1.0 + 24.0 * T**2 * side**2 / scale**2)))


def test_coin_betting_comes_back_from_the_end_of_the_box_at_once():
    """The coins that would carry w_t further out are not counted."""
    x = points(CoinBetting(), np.array([[-1.0]] * 200 + [[1.0]] * 60), Box(-1.0, 1.0))[:, 0]
    assert x[150] == x[200] == 1.0
    assert x[210] < 0.5
    assert x[-1] == -1.0


def test_coin_betting_needs_a_box_and_a_bound():
    with pytest.raises(ValueError, match=r"feasible_set=L2Ball.*: CoinBetting needs a Box"):
        CoinBetting().start(BALL)
    with pytest.raises(ValueError, match=r"gradient=\[2.\] at round 1: CoinBetting with G=1.0 needs \|g_i\| <= G"):
        CoinBetting().update(CoinBetting().start(Box()), 2.0)
    with pytest.raises(TypeError, match=r"scale=InverseSqrt.* must be a number"):
        CoinBetting(scale=InverseSqrt(1.0))


def test_frank_wolfe_learns():
    game = play(OnlineFrankWolfe(InversePower(1.0, gamma=0.75)), Periodic([[1.0, 0.0, -0.5]]), BALL, 3000)
    assert game.regret["average_regret"].iloc[-1] < 0.05 * 1.5 * math.sqrt(1.25)


# -- what they need -------------------------------------------------------------------------------


@pytest.mark.parametrize("learner", ON_SIMPLICES, ids=lambda learner: type(learner).__name__)
def test_only_on_simplices_and_before_round_one(learner):
    name = type(learner).__name__
    with pytest.raises(ValueError, match=rf"feasible_set=Box.*: {name} needs a Simplex"):
        play(learner, RandomLinear(d=3), Box(), 5)
    with pytest.raises(ValueError, match=rf"start=\[0. 1.\]: {name} needs an x_1 without zeros"):
        learner.start(Simplex(2), [0.0, 1.0])


def test_frank_wolfe_needs_a_bounded_set():
    with pytest.raises(ValueError, match=r"feasible_set=Halfspace.*: OnlineFrankWolfe needs a bounded set"):
        OnlineFrankWolfe().start(Halfspace([1.0, 1.0], 1.0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hedge(alpha=-1.0), r"alpha=-1.0 must be positive"),
        (lambda: AvaGrad(eps=0.0), r"eps=0.0 must be positive"),
        (lambda: AvaGrad(beta1=1.0), r"beta1=1.0 must be in \[0, 1\)"),
        (lambda: CoinBetting(G=0.0), r"G=0.0 must be positive"),
        (lambda: CoinBetting(scale=-1.0), r"scale=-1.0 must be positive"),
        (lambda: AdaGradNorm(alpha=InverseSqrt(0.0)), r"alpha=InverseSqrt.* must be positive"),
    ],
)
def test_bad_hyperparameters(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("learner", [*ANYWHERE, *ON_SIMPLICES], ids=lambda learner: type(learner).__name__)
def test_bad_gradients_are_reported_with_the_round(learner):
    state = learner.update(learner.start(Simplex(2)), [1.0, 0.0])
    with pytest.raises(ValueError, match=r"gradient has shape \(3,\) at round 2, the point has \(2,\)"):
        learner.update(state, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"gradient=\[nan  0.\] at round 2 is not finite"):
        learner.update(state, [math.nan, 0.0])


def test_overflow_is_reported_with_the_round():
    state = AdaGradNorm().start(BALL)
    with pytest.raises(FloatingPointError, match="the step of round 1 overflows"):
        AdaGradNorm().update(state, [1e200, 0.0, 0.0])

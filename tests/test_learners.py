"""Learners one step at a time: hyperparameters, rules, 0/0, and what sets each apart from its relatives."""

import math
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pytest

from regretlab import GameError, play
from regretlab.learners import OGD, AdaGrad, Adam, AdamNC, Algorithm1, AMSGrad, RMSProp
from regretlab.losses import Periodic
from regretlab.schedules import Constant, OneMinusInverse
from regretlab.sets import Box

WIDE = Box(-1e9, 1e9)


def steps(learner, gradients, feasible_set=WIDE, start=None):
    """The states before each round and after the last one."""
    states = [learner.start(feasible_set, start)]
    for g in gradients:
        states.append(learner.update(states[-1], g))
    return states


def points(learner, gradients, **options):
    return np.array([float(state.point[0]) for state in steps(learner, gradients, **options)])


# -- hyperparameters --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OGD(alpha=0.0), r"alpha=0.0 must be positive"),
        (lambda: Adam(alpha=-1), r"alpha=-1 must be positive"),
        (lambda: AMSGrad(alpha=math.inf), r"alpha=inf must be positive"),
        (lambda: AdaGrad(alpha=math.nan), r"alpha=nan must be positive"),
        (lambda: Adam(beta1=1.0), r"beta1=1.0 must be in \[0, 1\)"),
        (lambda: Adam(beta1=-0.1), r"beta1=-0.1 must be in \[0, 1\)"),
        (lambda: AdamNC(beta1=math.nan), r"beta1=nan must be in \[0, 1\)"),
        (lambda: RMSProp(beta2=0.0), r"beta2=0.0 must be in \(0, 1\)"),
        (lambda: AMSGrad(beta2=1), r"beta2=1 must be in \(0, 1\)"),
        (lambda: Adam(beta2=1.5), r"beta2=1.5 must be in \(0, 1\)"),
        (lambda: Adam(beta2=math.nan), r"beta2=nan must be in \(0, 1\)"),
    ],
)
def test_a_value_outside_the_range_is_named_with_the_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("value", ["0.5", None, True, [0.5], np.array([0.5, 0.5]), 1j])
@pytest.mark.parametrize("name", ["alpha", "beta1", "beta2"])
def test_a_value_of_another_type_is_named(name, value):
    with pytest.raises(TypeError, match=rf"{name}=.*a number, a schedule or a function"):
        Adam(**{name: value})


def test_numbers_of_numpy_and_whole_numbers_will_do():
    learner = Adam(alpha=np.float64(1.0), beta1=np.int64(0), beta2=np.float32(0.5))
    twin = Adam(alpha=1, beta1=0, beta2=0.5)
    assert points(learner, [1.0, -2.0]).tolist() == points(twin, [1.0, -2.0]).tolist()


def test_beta2_of_zero_is_refused_however_it_is_written():
    with pytest.raises(ValueError, match="beta2"):
        Adam(beta2=Constant(0.0))


def test_defaults_are_those_of_the_theory():
    """alpha_t = alpha / sqrt(t), constant betas, AdamNC's beta_{2,t} = 1 - 1/t; no bias correction, no eps."""
    assert points(OGD(alpha=0.5), [1.0] * 3) == pytest.approx(
        [0.0, -0.5, -0.5 - 0.5 / sqrt(2), -0.5 - 0.5 / sqrt(2) - 0.5 / sqrt(3)]
    )
    first = points(Adam(alpha=0.5, beta1=0.9, beta2=0.99), [1e-8])[1]  # an eps would show
    assert first == pytest.approx(-0.5 * 0.1 / sqrt(0.01), rel=1e-14)
    assert AdamNC().schedules["beta2"] == OneMinusInverse()
    assert list(Adam().schedules) == ["alpha", "beta1", "beta2"]
    assert AMSGrad().moment_names == ("m", "v", "vhat")


# -- rules of one's own -----------------------------------------------------------------------


@dataclass(frozen=True)
class Momentum(Algorithm1):
    """Heavy ball, as a user writes it; t is the round and friction a field of its own."""

    alpha: float = 0.1
    friction: float = 0.5

    @staticmethod
    def rule(g, m, friction, t):
        m = friction * m + g / t
        return (m,), m, 1.0


def test_a_learner_of_ones_own():
    a, friction, gradients = 0.2, 0.5, [1.0, -3.0, 2.0, 0.5]
    x, m, expected = 0.0, 0.0, [0.0]
    for t, g in enumerate(gradients, start=1):
        m = friction * m + g / t
        x = min(max(x - a / sqrt(t) * m, -1.0), 1.0)
        expected.append(x)
    learner = Momentum(alpha=a)
    assert points(learner, gradients, feasible_set=Box()) == pytest.approx(expected, rel=1e-15, abs=1e-15)
    game = play(learner, Periodic(gradients), Box(), 4, checkpoints=range(1, 5), compiled=False)
    assert game.record.point[:, 0].tolist() == points(learner, gradients, feasible_set=Box()).tolist()[:4]
    assert Momentum().moment_names == ("m",)


def test_a_misspelt_argument_is_reported():
    @dataclass(frozen=True)
    class Misspelt(Algorithm1):
        alpha: float = 0.1
        beta1: float = 0.9

        @staticmethod
        def rule(g, m, betta1):
            m = betta1 * m + (1.0 - betta1) * g
            return (m,), m, 1.0

    with pytest.raises(TypeError, match=r"beta1, which decides nothing: its rule takes g, m, betta1"):
        Misspelt()


def test_rules_that_cannot_be_used():
    @dataclass(frozen=True)
    class NoRule(Algorithm1):
        pass

    @dataclass(frozen=True)
    class NoGradient(Algorithm1):
        @staticmethod
        def rule(m):
            return (m,), m, 1.0

    @dataclass(frozen=True)
    class NoMetric(Algorithm1):
        @staticmethod
        def rule(g, m):
            return (m,), m

    @dataclass(frozen=True)
    class NoTuple(Algorithm1):
        @staticmethod
        def rule(g, m):
            return m, m, 1.0

    for cls, message in (
        (NoRule, r"NoRule needs a static method rule"),
        (NoGradient, r"NoGradient.rule\(m\) does not take g"),
        (NoMetric, r"NoMetric.rule\(g, m\) returned .* it must return \(moments...\), m, w"),
        (NoTuple, r"NoTuple.rule\(g, m\) returned .* it must return \(moments...\), m, w"),
    ):
        with pytest.raises(TypeError, match=message):
            cls()


# -- start and update -------------------------------------------------------------------------


def test_the_start():
    assert OGD().start(Box(0.5, 2.0)).point.tolist() == [0.5]
    assert OGD().start(Box([-1.0, -3.0], [1.0, -2.0])).point.tolist() == [0.0, -2.0]
    state = AMSGrad().start(Box(), [0.25, -0.5])
    assert state.t == 0
    assert state.point.tolist() == [0.25, -0.5]
    assert list(state.moments) == ["m", "v", "vhat"]
    assert all(array.tolist() == [0.0, 0.0] for array in state.moments.values())
    assert state.feasible_set == Box([-1.0, -1.0], [1.0, 1.0])


def test_the_start_keeps_no_hold_on_its_argument():
    x = np.array([0.25])
    state = OGD().start(Box(), x)
    x[0] = 0.75
    assert state.point.tolist() == [0.25]
    assert x.flags.writeable


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ([2.0], r"start=\[2.\] is not in Box"),
        ([math.nan], r"start\[0\]=nan must be a finite number"),
        ([[0.0]], r"start has shape \(1, 1\)"),
    ],
)
def test_a_start_outside(point, message):
    with pytest.raises(ValueError, match=message):
        OGD().start(Box(), point)


def test_a_start_of_another_dimension():
    with pytest.raises(ValueError, match="dimension 2"):
        OGD().start(Box([0.0, 0.0], [1.0, 1.0]), [0.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("gradient", "message"),
    [
        ([1.0, 2.0], r"gradient has shape \(2,\) at round 2, the point has \(1,\)"),
        (math.nan, r"gradient=\[nan\] at round 2 is not finite"),
        ([-math.inf], r"gradient=\[-inf\] at round 2 is not finite"),
    ],
)
def test_a_bad_gradient_is_reported_with_the_round(gradient, message):
    state = Adam().update(Adam().start(Box()), 1.0)
    with pytest.raises(ValueError, match=message):
        Adam().update(state, gradient)


def test_an_update_leaves_the_gradient_alone():
    g = np.array([3.0, -4.0])
    learner = AMSGrad()
    learner.update(learner.start(Box([-1.0, -1.0], [1.0, 1.0])), g)
    assert g.tolist() == [3.0, -4.0]
    assert g.flags.writeable


# -- 0/0 := 0, and the ends of the floats -----------------------------------------------------

ADAPTIVE = [AdaGrad(0.5), RMSProp(0.5), Adam(0.5), AMSGrad(0.5), AdamNC(0.5)]


@pytest.mark.parametrize("learner", ADAPTIVE, ids=lambda learner: type(learner).__name__)
def test_a_coordinate_without_a_gradient_does_not_move(learner):
    g = [[0.0, 1.0], [0.0, -2.0], [0.0, 0.0], [3.0, 0.0]]
    states = steps(learner, g, feasible_set=Box(-5.0, 5.0), start=[0.75, 0.75])
    x = np.array([state.point for state in states])
    assert x[:4, 0].tolist() == [0.75] * 4
    assert (np.diff(x[:3, 1]) != 0.0).all()
    assert x[4, 0] < 0.75
    alone = steps(learner, [0.0, 0.0, 0.0], feasible_set=Box())
    assert [float(state.point[0]) for state in alone] == [0.0] * 4


@pytest.mark.parametrize("learner", ADAPTIVE, ids=lambda learner: type(learner).__name__)
def test_overflow_of_the_square_is_reported_with_the_round(learner):
    """g is finite, g^2 is not."""
    state = learner.update(learner.start(Box()), 1.0)
    with pytest.raises(FloatingPointError, match=r"(?=.*overflow)(?=.*round 2)"):
        learner.update(state, 1e200)
    for compiled in (True, False):
        with pytest.raises(GameError, match=r"round 3: .*overflow") as error:
            play(learner, Periodic([1.0, -1.0, 1e200]), Box(), 5, compiled=compiled)
        assert error.value.t == 3
        assert error.value.game.horizon == 2
        assert np.isfinite(error.value.game.regret.to_numpy()).all()


def test_gradient_descent_squares_nothing():
    game = play(OGD(alpha=0.5), Periodic([1.0, -1e200]), Box(), 4, compiled=False)
    assert game.point.tolist() == [1.0]


@pytest.mark.parametrize("scale", [1e-140, 1e-60, 1.0, 1e60, 1e140])
@pytest.mark.parametrize("learner", ADAPTIVE, ids=lambda learner: type(learner).__name__)
def test_adaptive_learners_do_not_see_the_scale_of_the_gradients(learner, scale):
    g = np.array([1.0, -2.0, 0.5, 4.0, 0.0, -1.0])
    assert points(learner, g * scale) == pytest.approx(points(learner, g), rel=1e-12, abs=1e-12)


def test_a_step_that_leaves_the_floats_is_treated_alike_in_a_game_and_by_hand():
    learner = OGD(alpha=Constant(1e308))
    try:
        by_hand = learner.update(learner.start(Box()), 10.0).point.tolist()
    except FloatingPointError:
        by_hand = "overflow"
    try:
        game = play(learner, Periodic([10.0]), Box(), 1, compiled=False).point.tolist()
    except GameError:
        game = "overflow"
    assert by_hand == game


# -- what AMSGrad is about --------------------------------------------------------------------

ADAM = Adam(alpha=Constant(1.0), beta1=0.0, beta2=0.9)
AMSGRAD = AMSGrad(alpha=Constant(1.0), beta1=0.0, beta2=0.9)


@pytest.mark.parametrize("before", [0, 1, 50], ids=lambda n: f"after {n} rounds")
def test_frozen_after_a_spike(before):
    """After one huge gradient AMSGrad's steps never grow again, not even on a cold start; Adam's do."""
    spike, calm = 1e4, 300
    gradients = [1.0] * before + [spike] + [1.0] * calm
    length = {learner: np.abs(np.diff(points(learner, gradients)))[before + 1 :] for learner in (AMSGRAD, ADAM)}
    frozen = 1.0 / sqrt(steps(AMSGRAD, gradients)[before + 1].moments["v"][0])
    assert length[AMSGRAD] == pytest.approx([frozen] * calm, rel=1e-12)
    assert frozen < 1e-3
    assert length[ADAM][0] < 1e-3
    assert length[ADAM][-1] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("beta1", [0.0, 0.9])
@pytest.mark.parametrize("alpha", [0.3, Constant(0.3)], ids=["root", "constant"])
def test_effective_stepsizes_never_grow(alpha, beta1):
    """alpha_t / sqrt(vhat_t) is non-increasing in every coordinate, on spikes that fade (Gamma_t >= 0)."""
    t = np.arange(1, 400)
    gradients = np.stack([np.where(t % 17 == 1, 400.0 / t, 1.0), np.sin(t) * (t % 29 == 3) * 50.0, 1.0 / t], axis=1)
    growth = {}
    for learner in (AMSGrad(alpha, beta1, 0.9), Adam(alpha, beta1, 0.9)):
        states = steps(learner, gradients, feasible_set=Box([-1.0] * 3, [1.0] * 3))[1:]
        v = np.array([state.moments["vhat" if isinstance(learner, AMSGrad) else "v"] for state in states])
        with np.errstate(divide="ignore"):
            rate = learner.schedules["alpha"](t)[:, None] / np.sqrt(v)
        growth[type(learner)] = rate[1:] > rate[:-1]
    assert not growth[AMSGrad].any()
    assert growth[Adam].any()


def test_the_maximum_is_over_the_averages_and_not_over_squares():
    """After a single spike G the metric is sqrt(1 - beta2) G, not G."""
    state = steps(AMSGRAD, [7.0] + [0.0] * 20)[-1]
    assert float(state.moments["vhat"][0]) == pytest.approx(0.1 * 49.0, rel=1e-14)
    assert points(AMSGRAD, [7.0])[1] == pytest.approx(-1.0 / sqrt(0.1), rel=1e-14)


def test_the_maximum_is_carried_on_and_v_is_not_the_maximum():
    """vhat_t = max(vhat_{t-1}, v_t) with v_t an average of g^2 only: after a spike v forgets, vhat does not."""
    g = [1.0, 5.0, 0.0, 0.0, 2.0, 8.0, 0.0]
    v = vhat = 0.0
    for t, state in enumerate(steps(AMSGRAD, g)[1:]):
        v = 0.9 * v + 0.1 * g[t] ** 2
        vhat = max(vhat, v)
        assert float(state.moments["v"][0]) == pytest.approx(v, rel=1e-14)
        assert float(state.moments["vhat"][0]) == pytest.approx(vhat, rel=1e-14)
    assert vhat > v


def test_coordinates_do_not_mix():
    rng = np.random.default_rng(0)
    g = rng.standard_normal((30, 3)) * [1.0, 100.0, 0.01]
    for learner in (OGD(0.5), *ADAPTIVE):
        together = np.array([state.point for state in steps(learner, g, feasible_set=Box([-1.0] * 3, [1.0] * 3))])
        for i in range(3):
            assert together[:, i].tolist() == points(learner, g[:, i], feasible_set=Box()).tolist()


# -- special cases ----------------------------------------------------------------------------


def test_special_cases_have_the_same_points():
    rng = np.random.default_rng(1)
    g = rng.standard_normal(200) * np.where(rng.random(200) < 0.1, 30.0, 1.0)
    assert points(RMSProp(0.4, 0.8), g).tolist() == points(Adam(0.4, 0.0, 0.8), g).tolist()
    assert points(AdamNC(0.4, 0.7), g).tolist() == points(Adam(0.4, 0.7, OneMinusInverse()), g).tolist()
    growing = np.cumsum(np.abs(g))  # v_t only grows, so the maximum changes nothing
    assert points(AMSGrad(0.4, 0.7, 0.8), growing).tolist() == points(Adam(0.4, 0.7, 0.8), growing).tolist()
    assert points(AMSGrad(0.4, 0.0, 0.8), g).tolist() != points(Adam(0.4, 0.0, 0.8), g).tolist()

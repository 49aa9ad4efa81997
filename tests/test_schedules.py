"""Schedules: their values from t = 1 on, schedules of one's own, and that a game really uses them."""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regretlab import GameError, play, play_all
from regretlab.learners import OGD, Adam, AMSGrad
from regretlab.losses import Periodic
from regretlab.schedules import (
    Constant,
    Geometric,
    Inverse,
    InversePower,
    InverseSqrt,
    OneMinusInverse,
    Schedule,
    Values,
)
from regretlab.sets import Box

WIDE = Box(-1e9, 1e9)


@dataclass(frozen=True)
class Warmup(Schedule):
    """value_t = scale * min(t, length)/length: a schedule as a user writes one."""

    length: int = 4

    def shape(self, t):
        return np.minimum(t, self.length) / self.length


def halving(t):
    return 0.5 ** (t // 3)


def alternating(t):
    return np.where(t % 2 == 1, 1.0, 0.25)


ALL = [
    (Constant(0.3), lambda t: 0.3),
    (InverseSqrt(0.5), lambda t: 0.5 / math.sqrt(t)),
    (Inverse(2.0), lambda t: 2.0 / t),
    (Geometric(0.9, ratio=0.8), lambda t: 0.9 * 0.8 ** (t - 1)),
    (InversePower(0.9, gamma=0.7), lambda t: 0.9 * t**-0.7),
    (InversePower(0.9, gamma=0.0), lambda t: 0.9),
    (Geometric(0.9, ratio=0.0), lambda t: 0.9 if t == 1 else 0.0),
    (OneMinusInverse(), lambda t: 1.0 - 1.0 / t),
    (OneMinusInverse(0.5), lambda t: 0.5 * (t - 1) / t),
    (Values(2.0, function=halving), lambda t: 2.0 * 0.5 ** (t // 3)),
    (Warmup(0.7), lambda t: 0.7 * min(t, 4) / 4),
]
IDS = [repr(schedule).split("(")[0] for schedule, _ in ALL]


@pytest.mark.parametrize(("schedule", "formula"), ALL, ids=IDS)
def test_values_from_round_1_on(schedule, formula):
    t = np.arange(1, 40)
    np.testing.assert_allclose(schedule(t), [formula(s) for s in t.tolist()], rtol=1e-14, atol=0.0)
    assert float(schedule(1)) == pytest.approx(formula(1), rel=1e-14, abs=0.0)
    assert np.shape(schedule(7)) == ()
    assert schedule(t.reshape(3, 13)).shape == (3, 13)
    if formula(10**6) > 0.0:
        assert float(schedule(10**6)) == pytest.approx(formula(10**6), rel=1e-9, abs=0.0)


def test_schedules_are_values():
    assert len({Constant(0.3), Constant(0.3), Constant(0.4), Geometric(0.3), Geometric(0.3, ratio=0.5)}) == 4
    assert Inverse(3.0).same_shape() == Inverse(0.1).same_shape() == Inverse(1.0)
    assert Geometric(0.9, ratio=0.5).same_shape() != Geometric(0.9, ratio=0.6).same_shape()
    assert Warmup(0.5, length=3).same_shape() == Warmup(1.0, length=3)


@pytest.mark.parametrize("ratio", [-0.1, 1.0, 1.5, math.nan])
def test_a_geometric_schedule_decays(ratio):
    with pytest.raises(ValueError, match=r"ratio=.*0 <= ratio < 1"):
        Geometric(0.9, ratio=ratio)


def test_one_value_per_round():
    with pytest.raises(ValueError, match=r"shape \(\) for rounds of shape \(5,\).*one value per round"):
        Values(function=lambda t: 0.5)(np.arange(1, 6))
    with pytest.raises(ValueError, match="one value per round"):
        OGD(alpha=lambda t: 0.5)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("alpha", Constant(0.0), r"alpha=Constant.*0.0.* must be positive"),
        ("alpha", Inverse(-1.0), r"alpha=Inverse.*-1.0 at round 1: it must be positive"),
        ("alpha", lambda t: 3.0 - t, r"alpha=.*0.0 at round 3: it must be positive"),
        ("alpha", lambda t: np.log(t - 1.0 + (t == 1)), r"alpha=.*0.0 at round 1: it must be positive"),
        ("alpha", Constant(math.inf), r"alpha=Constant.*inf.* must be positive"),
        ("alpha", Constant(math.nan), r"alpha=Constant.*nan.* must be positive"),
        ("beta1", Inverse(1.0), r"beta1=Inverse.*1.0 at round 1: it must be in \[0, 1\)"),
        ("beta1", Geometric(-0.5), r"beta1=Geometric.*-0.5 at round 1: it must be in \[0, 1\)"),
        ("beta1", lambda t: t / 100.0, r"beta1=.* at round \d+: it must be in \[0, 1\)"),
        ("beta2", Constant(1.0), r"beta2=Constant.*1.0.* must be in [\[(]0, 1\)"),
    ],
)
def test_schedules_that_leave_the_range(name, value, message):
    with pytest.raises(ValueError, match=message):
        Adam(**{name: value})


# -- a game uses them -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "formula"),
    [
        (0.5, lambda t: 0.5 / math.sqrt(t)),
        (Constant(0.5), lambda t: 0.5),
        (Inverse(0.5), lambda t: 0.5 / t),
        (InverseSqrt(0.5), lambda t: 0.5 / math.sqrt(t)),
        (Geometric(0.5, ratio=0.9999), lambda t: 0.5 * 0.9999 ** (t - 1)),
        (alternating, lambda t: 1.0 if t % 2 else 0.25),
        (Values(0.5, function=alternating), lambda t: 0.5 if t % 2 else 0.125),
        (Warmup(0.5), lambda t: 0.5 * min(t, 4) / 4),
    ],
    ids=["number", "constant", "inverse", "root", "geometric", "function", "values", "own"],
)
def test_the_stepsize_of_every_round_is_used(schedule, formula):
    T = 40
    game = play(OGD(alpha=schedule), Periodic([1.0]), WIDE, T, checkpoints=range(1, T + 1), compiled=False)
    x = np.append(game.record.point[:, 0], game.point)
    np.testing.assert_allclose(-np.diff(x), [formula(t) for t in range(1, T + 1)], rtol=0.0, atol=1e-13)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_number_as_alpha_means_alpha_over_sqrt_t(compiled):
    T = 20_000  # more than a block of rounds
    game = play(OGD(alpha=0.25), Periodic([-1.0]), WIDE, T, compiled=compiled)
    exact = math.fsum(0.25 / math.sqrt(t) for t in range(1, T + 1))
    assert float(game.point[0]) == pytest.approx(exact, rel=1e-12)
    constant = play(OGD(alpha=Constant(0.25)), Periodic([-1.0]), WIDE, T, compiled=compiled)
    assert float(constant.point[0]) == 0.25 * T


# After the gradients 1, 0, 0, ... the moments show the betas themselves.
@pytest.mark.parametrize(
    ("beta", "formula"),
    [
        (0.9, lambda t: 0.9),
        (Inverse(0.9), lambda t: 0.9 / t),
        (Geometric(0.9, ratio=0.5), lambda t: 0.9 * 0.5 ** (t - 1)),
        (halving, None),
        (Warmup(0.8), lambda t: 0.8 * min(t, 4) / 4),
    ],
    ids=["constant", "inverse", "geometric", "function", "own"],
)
@pytest.mark.parametrize("name", ["beta1", "beta2"])
def test_the_beta_of_every_round_is_used(name, beta, formula):
    if formula is None:
        beta, formula = (lambda t: 0.6 * halving(t)), (lambda t: 0.6 * 0.5 ** (t // 3))
    impulse = Periodic([1.0] + [0.0] * 99)
    for T in (1, 2, 3, 6):
        moments = play(AMSGrad(**{name: beta}), impulse, Box(), T, compiled=False).state.moments
        product = math.prod(formula(t) for t in range(2, T + 1))
        moment = moments["m" if name == "beta1" else "v"]
        assert float(moment[0]) == pytest.approx((1.0 - formula(1)) * product, rel=1e-13)


def test_one_minus_inverse_makes_v_the_mean_square():
    g = [3.0, -1.0, 0.5, 0.0, 2.0]
    for T in range(1, 6):
        game = play(Adam(beta2=OneMinusInverse()), Periodic(g), Box(), T, compiled=False)
        mean = math.fsum(x * x for x in g[:T]) / T
        assert float(game.state.moments["v"][0]) == pytest.approx(mean, rel=1e-14)


def test_schedules_of_functions_play_long_games_too():
    def root(t):
        return 0.25 / np.sqrt(t)

    T = 20_000
    by_function = play(OGD(alpha=root), Periodic([-1.0, 0.5]), WIDE, T)
    by_number = play(OGD(alpha=0.25), Periodic([-1.0, 0.5]), WIDE, T)
    assert float(by_function.point[0]) == pytest.approx(float(by_number.point[0]), rel=1e-12)


def test_a_schedule_that_turns_bad_in_a_round_of_the_game_is_reported_with_the_round():
    def hole(t):
        return np.where(t == 999, np.nan, 0.1)

    with pytest.raises(GameError, match="round 999: ") as error:
        play(OGD(alpha=hole), Periodic([1.0]), Box(), 2000, compiled=False)
    assert error.value.game.horizon == 998


@pytest.mark.parametrize(("name", "usual", "wrong"), [("alpha", 0.1, -1.0), ("beta1", 0.5, 1.5), ("beta2", 0.5, -0.5)])
def test_a_schedule_that_leaves_its_range_in_a_round_of_the_game_is_reported(name, usual, wrong):
    def dip(t):
        return np.where(t == 999, wrong, usual)

    with pytest.raises((GameError, ValueError), match=r"999"):
        play(Adam(**{name: dip}), Periodic([1.0, -0.5]), Box(), 1200, compiled=False)


# -- random schedules of users ----------------------------------------------------------------


@st.composite
def schedules_of_users(draw):
    """A schedule with values in (0, 1): a shipped one, or a subclass with a shape, fields or an ``==`` of its own."""
    kind = draw(st.sampled_from([Constant, InverseSqrt, Inverse, InversePower, Schedule]))
    scale = draw(st.sampled_from([0.1, 0.3, 0.6]))
    if kind is not Schedule and draw(st.booleans()):
        return kind(scale)
    body = {
        "__annotations__": {"n": int},
        "n": dataclasses.field(default=draw(st.integers(1, 20)), compare=draw(st.booleans())),
        "shape": draw(st.sampled_from([_rising, _falling, _of_scale])),
    }
    if draw(st.booleans()):
        body |= {"__eq__": lambda self, other: True, "__hash__": lambda self: 0}
    return dataclass(frozen=True)(type("Own", (kind,), body))(scale)


def _rising(self, t):
    return np.minimum(1.0, t / self.n)


def _falling(self, t):
    return np.minimum(1.0, self.n / t)


def _of_scale(self, t):
    return np.where(t % self.n == 0, self.scale, 1.0)


def by_hand(alpha, beta1, beta2, g):
    """x_{T+1} of AMSGrad from 0, with scale * shape(t) asked for one round at a time."""
    x = m = v = vhat = 0.0
    for t, g_t in enumerate(g, start=1):
        a, b1, b2 = (float(s.scale * s.shape(np.array([t]))[0]) for s in (alpha, beta1, beta2))
        m, v = b1 * m + (1.0 - b1) * g_t, b2 * v + (1.0 - b2) * g_t**2
        vhat = max(vhat, v)
        x -= a * m / math.sqrt(vhat)
    return x


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[schedules_of_users()] * 3), min_size=2, max_size=4), st.integers(1, 30))
def test_side_by_side_every_learner_has_the_schedules_it_was_given(schedules, T):
    learners = [AMSGrad(*three) for three in schedules]
    g = [1.0, -2.0, 0.5, 3.0]
    games = play_all(learners, Periodic(g), WIDE, T, compiled=False)
    for three, game in zip(schedules, games, strict=True):
        expected = by_hand(*three, np.resize(g, T))
        assert float(game.point[0]) == pytest.approx(expected, rel=1e-9, abs=1e-12)
        assert game.with_ledger().point.tobytes() == game.point.tobytes()

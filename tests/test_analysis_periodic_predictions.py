"""Drifts, end points, regret and travel times on periodic losses, against games."""

import math

import numpy as np
import pytest
from periodic_patterns import ONLINE, mod3, spike
from pieces import INTERVAL

from regretlab import losses, play, play_all
from regretlab.analysis.periodic import (
    adam_drift,
    beta2_star,
    boundary,
    drift,
    limit_cycle,
    predict,
    travel_time,
)
from regretlab.learners import (
    ADOPT,
    OGD,
    ACProp,
    Adam,
    AdamNC,
    AMSGrad,
    RMSProp,
    SAdam,
    TorchAdam,
)
from regretlab.losses import Mod3, Periodic, ReddiOnline, ReddiTheorem2
from regretlab.schedules import Constant, Geometric, Inverse, InversePower, InverseSqrt
from regretlab.sets import Box, L2Ball


def last_average(game):
    return game.regret["average_regret"].iloc[-1]


def test_the_drift_that_is_exactly_zero():
    """C = 5/2, beta1 = 1/2, beta2 = 1/4: m = 1, 0, -1/2 and v = 5, ., 5/4."""
    cycle = limit_cycle(Adam(beta1=0.5, beta2=0.25), mod3(2.5))
    assert cycle.m == pytest.approx([1.0, 0.0, -0.5], rel=0.0, abs=1e-15)
    assert cycle.moments["v"][[0, 2]] == pytest.approx([5.0, 1.25], rel=1e-15)
    assert abs(cycle.drift) < 1e-14
    assert abs(adam_drift(mod3(2.5), 0.5, 0.25)) < 1e-14
    found = predict(Adam(beta1=0.5, beta2=0.25), Mod3(2.5), INTERVAL)
    assert np.isnan(found.end).all()
    assert math.isnan(found.average_regret)
    assert found.rounds.tolist() == [math.inf]
    assert not found.succeeds


def test_the_sequence_of_figure_1_changes_sides():
    assert boundary(Adam(beta1=0.9), ReddiOnline(), "beta2", (0.99, 0.9999)) == pytest.approx(0.999515888, abs=5e-10)


def test_the_other_learners_go_where_they_are_predicted():
    """mod-3 with C = 1.9, optimum +1: ADOPT goes to -1; so does ACProp for C above its threshold."""
    golden = 0.5 * (1.0 + math.sqrt(5.0))
    assert boundary(ADOPT(beta1=0.9, beta2=0.5), Mod3(), "C", (1.2, 1.99)) == pytest.approx(1.692109525, abs=5e-10)
    assert boundary(ADOPT(beta1=0.0, beta2=1e-12), Mod3(), "C", (1.2, 1.99)) == pytest.approx(golden, abs=1e-9)
    for learner in (ADOPT, Adam, ACProp, AMSGrad):
        chosen = learner(Constant(0.01), 0.5, 0.5)
        found = predict(chosen, Mod3(1.9), INTERVAL)
        game = play(chosen, Mod3(1.9), INTERVAL, 20_000, compiled=False)
        assert game.point == pytest.approx(found.end, abs=0.05)
        assert found.succeeds == (learner in (Adam, AMSGrad))
        assert last_average(game) == pytest.approx(found.average_regret, abs=0.01)


DRIFTS = [
    (Mod3(3.0), mod3(3.0), 0.9, 0.999, 0.522180),
    (Mod3(3.0), mod3(3.0), 0.0, 0.999, 0.521473),
    (Mod3(3.0), mod3(3.0), 0.9, 0.1, 0.605403),
    (Mod3(3.0), mod3(3.0), 0.0, 0.1, -0.680950),
    (Mod3(2.5), mod3(2.5), 0.5, 0.25, 0.0),
    (ReddiOnline(), ONLINE, 0.9, 0.99, -1.900855),
    (ReddiOnline(), ONLINE, 0.9, 0.999, -0.105022),
    (ReddiOnline(), ONLINE, 0.0, 0.99, -2.279785),
    (ReddiOnline(), ONLINE, 0.9, 0.9999, 0.078527),
    (Periodic(spike(73.0, 1.0, 73)), spike(73.0, 1.0, 73), 0.9, 0.999, 1.871e-3),
    (ReddiTheorem2(C=74), spike(74.0, 1.0, 74), 0.9, 0.999, -1.807e-3),
]


@pytest.mark.parametrize(
    ("sequence", "pattern", "beta1", "beta2", "known"), DRIFTS, ids=[f"{d[0]!r}-{d[2]}-{d[3]}" for d in DRIFTS]
)
def test_adam_drifts_as_the_closed_form_says(sequence, pattern, beta1, beta2, known):
    """Far from the ends and with alpha_t = 1, Adam moves by -h in each period once its averages have settled."""
    P = len(pattern)
    settled = math.ceil(40.0 / (1.0 - max(beta1, beta2)) / P) * P  # the start is forgotten to e^-40
    game = play(
        Adam(Constant(1.0), beta1, beta2),
        sequence,
        Box(-1e6, 1e6),
        settled + P,
        checkpoints=[settled + 1],
    )
    moved = float(game.point[0]) - game.points["x_1"][settled + 1]
    for h in (float(adam_drift(pattern, beta1, beta2)), float(drift(Adam(0.1, beta1, beta2), sequence)[0])):
        assert h == pytest.approx(known, rel=0.0, abs=5.1e-7)
        assert -moved == pytest.approx(h, rel=0.0, abs=1e-8)


@pytest.mark.parametrize("C", [2.5, 3.0, 4.0, 6.0, 10.0])
def test_adam_fails_below_the_boundary_and_succeeds_above(C):
    """At beta2* -+ 0.02, whatever the start: the game of T = 6e5 ends at +1, or near -1."""
    star = float(beta2_star(C))
    pair = [Adam(0.5, 0.0, star - 0.02), Adam(0.5, 0.0, star + 0.02)]
    predicted = [predict(learner, Mod3(C), INTERVAL) for learner in pair]
    assert [found.end.tolist() for found in predicted] == [[1.0], [-1.0]]
    assert predicted[0].average_regret == pytest.approx((2.0 * C - 4.0) / 3.0, rel=1e-14)
    assert predicted[1].average_regret == 0.0
    for start in (1.0, 0.0, -1.0):
        below, above = play_all(pair, Mod3(C), INTERVAL, 600_000, start=[start])
        assert below.point[0] > 0.999
        assert above.point[0] < -0.99
        assert last_average(above) < 0.1 * (2.0 * C - 4.0) / 3.0 < last_average(below)


@pytest.mark.parametrize(("beta1", "beta2", "end"), [(0.9, 0.999, -1), (0.0, 0.999, -1), (0.9, 0.1, -1), (0.0, 0.1, 1)])
def test_defaults_on_the_mod_3_sequence(beta1, beta2, end):
    """With the usual (0.9, 0.999) Adam ends at -1: it does not fail here."""
    learner = Adam(0.5, beta1, beta2)
    found = predict(learner, Mod3(3.0), INTERVAL)
    game = play(learner, Mod3(3.0), INTERVAL, 300_000)
    assert found.end.tolist() == [end]
    assert found.succeeds == (end == -1)
    assert float(game.point[0]) == pytest.approx(end, abs=2e-3)
    assert last_average(game) == pytest.approx(found.average_regret, abs=0.01)


@pytest.mark.parametrize("C", [2.5, 3.0, 10.0])
def test_regret_of_a_constant_stepsize(C):
    """The walk round +1 within the period, in the setting of Theorem 1: R_T/T is more than (2C - 4)/3."""
    beta2 = 1.0 / (1.0 + C * C)
    learner = Adam(Constant(0.9 * math.sqrt(1.0 - beta2)), beta1=0.0, beta2=beta2)
    found = predict(learner, Mod3(C), INTERVAL, start=1.0)
    game = play(learner, Mod3(C), INTERVAL, 300_000, start=1.0)
    assert last_average(game) == pytest.approx(found.average_regret, abs=2e-5)
    assert found.average_regret > (2.0 * C - 4.0) / 3.0 + 0.3


@pytest.mark.parametrize("beta2", [0.99, 0.999])
def test_bias_corrected_adam_on_the_losses_of_figure_1(beta2):
    """With a constant stepsize both of the usual beta2 end near +1, at some cost for going round."""
    learner = TorchAdam(Constant(1e-2), beta2=beta2)
    found = predict(learner, ReddiOnline(), INTERVAL)
    game = play(learner, ReddiOnline(), INTERVAL, 1_010_000)
    late = game.regret["loss"].diff().iloc[-1] / game.regret.index.to_series().diff().iloc[-1]
    assert found.average_regret == pytest.approx(late + 10.0 / 101.0, abs=0.02)
    assert 0.4 < found.average_regret < 0.7


@pytest.mark.parametrize("seed", range(4))
def test_random_patterns_in_several_dimensions(seed):
    rng = np.random.default_rng(seed)
    pattern = rng.standard_normal((int(rng.integers(2, 7)), 4)) * rng.choice([1.0, 8.0], (1, 4)) + 0.3
    F = Box(-np.arange(1.0, 5.0), np.array([0.5, 1.0, 2.0, 4.0]))
    beta1, beta2 = rng.uniform(0.0, 0.9), rng.uniform(0.1, 0.95)
    for learner in (Adam, AMSGrad):
        for alpha in (Constant(0.02), 0.5):
            chosen = learner(alpha, beta1, beta2)
            found = predict(chosen, pattern, F)
            slow = found.rounds > 30_000
            T = 1000 + int(3.0 * found.rounds[~slow].max(initial=0.0))
            game = play(chosen, Periodic(pattern), F, T)
            swing = 0.02 * len(pattern) * 8.0 if isinstance(alpha, Constant) else 8.0 * 0.5 * len(pattern) / T**0.5
            off = np.abs(game.point - found.end)[~slow]
            assert (off <= min(swing, 0.45)).all(), (chosen, off)
            np.testing.assert_allclose(found.drift, [limit_cycle(chosen, g).drift for g in pattern.T], rtol=1e-12)


@pytest.mark.parametrize(
    ("learner", "T"),
    [
        (Adam(1.0, 0.9, 0.99), 26.6**2),
        (AMSGrad(1.0, 0.9, 0.99), 640.7**2),
        (Adam(Constant(1e-3), 0.9, 0.99), 5.31e4),
        (AMSGrad(Constant(1e-3), 0.9, 0.99), 1.281e6),
    ],
    ids=repr,
)
def test_travel_time(learner, T):
    """Rounds for a way of length 1 on the losses of Figure 1."""
    assert travel_time(learner, ReddiOnline()) == pytest.approx([T], rel=3e-3)
    assert predict(learner, ReddiOnline(), INTERVAL).rounds == pytest.approx([T], rel=3e-3)


@pytest.mark.parametrize(
    ("learner", "sequence", "distance", "settled"),
    [
        (Adam(0.2, 0.9, 0.99), ReddiOnline(), 1.0, 40),
        (AMSGrad(1.0, 0.9, 0.99), ReddiOnline(), 0.3, 400),
        (Adam(Constant(1e-3), 0.9, 0.99), ReddiOnline(), 1.0, 40),
        (AdamNC(0.3), Mod3(3.0), 3.0, 1000),
        (OGD(Inverse(0.5)), Mod3(3.0), 1.0, 5),
        (RMSProp(InversePower(0.5, gamma=0.6), beta2=0.1), Mod3(3.0), 4.0, 100),
    ],
    ids=repr,
)
def test_travel_time_against_games(learner, sequence, distance, settled):
    """Once the moments have settled, x_t goes as far in the rounds in which alpha_t has the same sum."""
    (T,) = travel_time(learner, sequence, distance)
    alpha, P = learner.schedules["alpha"], len(sequence.pattern)
    total, first = alpha(np.arange(1, int(T) + 1)).sum(), settled * P + 1
    last = first + int(np.searchsorted(np.cumsum(alpha(np.arange(first, 200_000))), total)) // P * P
    game = play(learner, sequence, Box(-1e9, 1e9), last, checkpoints=[first, last])
    way = game.points["x_1"][first] - game.points["x_1"][last]
    assert last < 190_000
    assert abs(way) == pytest.approx(distance, rel=0.07)
    assert np.sign(way) == np.sign(drift(learner, sequence))


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"bracket=\(0\.6, 0\.9\): the drift does not change sign, it is 0\.5"):
        boundary(Adam(), Mod3(), "beta2", (0.6, 0.9))
    with pytest.raises(ValueError, match=r"parameter='gamma' must be a field .*'C', 'alpha', 'beta1', 'beta2'"):
        boundary(Adam(), Mod3(), "gamma", (0.6, 0.9))
    with pytest.raises(ValueError, match="dimension 2"):
        boundary(Adam(), Periodic(np.ones((3, 2))), "beta2", (0.6, 0.9))
    with pytest.raises(ValueError, match=r"beta1=.* varies with the round"):
        drift(Adam(beta1=Geometric(0.9)), Mod3())
    with pytest.raises(RuntimeError, match="do not repeat within 96 rounds"):
        drift(SAdam(beta2=0.9), Mod3(), rounds=100)
    with pytest.raises(TypeError, match=r"Rademacher.* not periodic"):
        drift(Adam(), losses.Rademacher())
    with pytest.raises(TypeError, match="unexpected keyword argument 'round'"):
        drift(Adam(), Mod3(), round=10)
    with pytest.raises(ValueError, match="coordinate 1 are zero everywhere"):
        drift(Adam(), [[1.0, 0.0], [2.0, 0.0]])
    with pytest.raises(TypeError, match="must be a Box"):
        predict(Adam(), Mod3(), L2Ball(1.0))
    with pytest.raises(ValueError, match=r"start=2\.0 is not in"):
        predict(Adam(), Mod3(), INTERVAL, start=2.0)
    for alpha in (Geometric(0.5, ratio=0.9999), lambda t: 1.0 / t**2):
        with pytest.raises(ValueError, match=r"alpha=.* must be alpha, alpha/sqrt"):
            predict(Adam(alpha), Mod3(), INTERVAL)
    assert predict(Adam(InverseSqrt(0.5)), Mod3(), INTERVAL).succeeds
    with pytest.raises(ValueError, match=r"distance=0\.0"):
        travel_time(Adam(), Mod3(), 0.0)

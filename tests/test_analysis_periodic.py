"""Where games on periodic losses end, before they are played: closed forms, limit cycles and predictions.

Oracles: exact rational and 50-digit arithmetic, sums over all gradient histories, and played games.
"""

import itertools
import math
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate

from regretlab import losses, play, play_all
from regretlab.analysis.periodic import (
    adam_drift,
    average,
    beta2_star,
    boundary,
    drift,
    first_order_beta2,
    first_order_stochastic_beta2,
    limit_cycle,
    predict,
    smallest_failing_period,
    stochastic_beta2_star,
    stochastic_drift,
    travel_time,
)
from regretlab.analysis.periodic.stochastic import _at
from regretlab.learners import (
    ADOPT,
    OGD,
    ACProp,
    AdaBelief,
    AdaBound,
    AdaGrad,
    Adam,
    AdamNC,
    AdaShift,
    Algorithm1,
    AMSBelief,
    AMSBound,
    AMSGrad,
    BiasCorrected,
    DelayedAdam,
    Nadam,
    NosAdam,
    OGDMomentum,
    OptaxAMSGrad,
    Padam,
    QHAdam,
    RMSProp,
    SAdam,
    TorchAdam,
    TorchAMSGrad,
    UnmaximizedPadam,
    WithEpsilon,
    Yogi,
)
from regretlab.losses import Mod3, Periodic, ReddiOnline, ReddiStochastic, ReddiTheorem2, ReddiTheorem3
from regretlab.schedules import Constant, Geometric, Inverse, InversePower, InverseSqrt
from regretlab.sets import Box, L2Ball

INTERVAL = Box(-1.0, 1.0)


def mod3(C):
    return [C, -1.0, -1.0]


def spike(height, slope, period):
    return [height] + [-slope] * (period - 1)


ONLINE = spike(1010.0, 10.0, 101)


def last_average(game):
    return game.regret["average_regret"].iloc[-1]


# -- Adam in closed form ----------------------------------------------------------------------


def exact_average(g, beta):
    """(1 - beta) sum_{j<P} beta^j g_{k-j} / (1 - beta^P) in rational arithmetic."""
    P = len(g)
    return [(1 - beta) * sum(beta**j * g[(k - j) % P] for j in range(P)) / (1 - beta**P) for k in range(P)]


@pytest.mark.parametrize("beta", [0.0, 1e-12, 0.25, 0.9, 0.999, 1.0 - 1e-9])
@pytest.mark.parametrize("g", [mod3(3.0), spike(1010.0, 10.0, 11), [2.0], [0.0, 1.5, -4.0, 0.0]], ids=str)
def test_average_against_rational_arithmetic(g, beta):
    exact = [float(m) for m in exact_average([Fraction(x) for x in g], Fraction(beta))]
    assert average(g, beta) == pytest.approx(exact, rel=1e-14, abs=1e-14 * max(map(abs, g)))


def test_average_of_many_betas_and_patterns():
    beta = np.array([[0.1], [0.9]])
    assert average(ONLINE, beta).shape == (2, 1, 101)
    assert average(np.ones((4, 1, 3, 5)), beta).shape == (4, 2, 3, 5)
    np.testing.assert_array_equal(average(ONLINE, beta)[1, 0], average(ONLINE, 0.9))
    assert adam_drift(ONLINE, beta, np.array([0.99, 0.999, 0.5])).shape == (2, 3)
    assert adam_drift(ONLINE, 0.9, 0.99).shape == ()


def h3(C, b):
    """h = C/sqrt v1 - 1/sqrt v2 - 1/sqrt v3 for Adam with beta1 = 0 on the mod-3 sequence, in 50 digits."""
    with localcontext(prec=50):
        C, b = Decimal(C), Decimal(b)
        S = 1 + b + b * b
        v = (C * C + b + b * b) / S, (1 + b * C * C + b * b) / S, (1 + b + b * b * C * C) / S
        return C / v[0].sqrt() - 1 / v[1].sqrt() - 1 / v[2].sqrt()


@pytest.mark.parametrize("C", [2.1, 3.0, 10.0, 100.0])
def test_drift_without_momentum_on_the_mod_3_sequence(C):
    for beta2 in (1e-6, 0.1, 0.5, 0.9, 0.999, 1.0 - 1e-8):
        assert float(adam_drift(mod3(C), 0.0, beta2)) == pytest.approx(float(h3(C, beta2)), rel=1e-13, abs=1e-15)


# C: beta2*(C), and h at beta2 = 1/(1 + C^2)
BETA2_STAR = {
    2.1: (0.885926458146, -0.689622),
    2.5: (0.629188058720, -0.681328),
    3.0: (0.472313140059, -0.680950),
    4.0: (0.317014462435, -0.686855),
    6.0: (0.187480153989, -0.696009),
    10.0: (0.098347290310, -0.702674),
    100.0: (0.005663551498, -0.707060),
}


def test_beta2_star():
    C = list(BETA2_STAR)
    stars, at_the_papers = zip(*BETA2_STAR.values(), strict=True)
    assert beta2_star(C) == pytest.approx(stars, rel=0.0, abs=1e-12)
    for c, star, h in zip(C, stars, at_the_papers, strict=True):
        assert adam_drift(mod3(c), 0.0, 1.0 / (1.0 + c * c)) == pytest.approx(h, abs=5.1e-7)
        assert boundary(RMSProp(), Mod3(c), "beta2", (1.0 / (1.0 + c * c), 0.99)) == pytest.approx(star, abs=1e-12)


@pytest.mark.parametrize("C", [2.0 + 1e-4, 2.01, 2.3, 2.7, 3.3, 5.0, 7.5, 17.0, 50.0, 1e3, 1e4])
def test_beta2_star_is_the_one_root_to_1e_9(C):
    star = float(beta2_star(C))
    width = min(1e-9, 1e-6 * star, 1e-6 * (1.0 - star))
    assert h3(C, star - width) < 0 < h3(C, star + width)
    others = 1.0 / (1.0 + np.exp(np.linspace(15.0, -15.0, 601)))
    assert ((adam_drift(mod3(C), 0.0, others) > 0.0) == (others > star)).all()


def test_beta2_star_in_the_limits():
    assert (1.0 - beta2_star(2.0 + 1e-5)) / 1e-5 == pytest.approx(4.0 / 3.0, rel=1e-4)
    assert beta2_star(1e8) / (2.0 / 1e8**3) ** 0.4 == pytest.approx(1.0, abs=2e-3)
    assert beta2_star(np.array([[3.0, 4.0]])).shape == (1, 2)


MOMENTUM = {  # beta1: beta2* by C = 2.1, 2.5, 3, 4, 6, 10; 0: Adam never fails
    0.0: (0.88592646, 0.62918806, 0.47231314, 0.31701446, 0.18748015, 0.09834729),
    0.1: (0.87288890, 0.59166743, 0.42270638, 0.25818674, 0.12343829, 0.01458004),
    0.3: (0.83040280, 0.47318993, 0.26153922, 0.0, 0.0, 0.0),
    0.5: (0.75087935, 0.25, 0.0, 0.0, 0.0, 0.0),
    0.7: (0.57743044, 0.0, 0.0, 0.0, 0.0, 0.0),
    0.9: (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
}


@pytest.mark.parametrize("beta1", MOMENTUM)
def test_beta2_star_with_momentum(beta1):
    assert beta2_star([2.1, 2.5, 3.0, 4.0, 6.0, 10.0], beta1) == pytest.approx(MOMENTUM[beta1], rel=0.0, abs=5.1e-9)


@pytest.mark.parametrize("C", [2.1, 2.5, 3.0, 4.0, 6.0, 10.0])
def test_too_much_momentum_for_failure(C):
    """For beta2 -> 0, h -> 0 where beta1 = (-1 + sqrt(1 + 4C/(C^2 - C - 1)))/2."""
    beta1 = 0.5 * (math.sqrt(1.0 + 4.0 * C / (C * C - C - 1.0)) - 1.0)
    assert adam_drift(mod3(C), beta1, 1e-200) == pytest.approx(0.0, abs=1e-13)
    assert beta2_star(C, beta1 - 1e-3) > 0.0
    assert beta2_star(C, beta1 + 1e-3) == 0.0


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


# -- longer periods ---------------------------------------------------------------------------


def test_the_usual_betas_fail_from_period_74_on():
    assert adam_drift(spike(73.0, 1.0, 73), 0.9, 0.999) == pytest.approx(1.871e-3, abs=5e-7)
    assert adam_drift(spike(74.0, 1.0, 74), 0.9, 0.999) == pytest.approx(-1.807e-3, abs=5e-7)


@pytest.mark.parametrize(("beta1", "beta2", "C"), [(0.0, 0.5, 4), (0.9, 0.99, 30), (0.9, 0.999, 74)])
def test_smallest_failing_period(beta1, beta2, C):
    assert smallest_failing_period(beta1, beta2) == C
    fails = [adam_drift(spike(P, 1.0, P), beta1, beta2) < 0.0 for P in range(2, 401)]
    assert fails == [C <= P for P in range(2, 401)]  # and for every longer period


def test_whoever_fails_on_a_period_fails_on_all_longer_ones():
    beta1 = np.array([0.0, 0.3, 0.7, 0.9, 0.95, 0.98])[:, None]
    beta2 = np.array([1e-3, 0.1, 0.35, 0.7, 0.9, 0.98, 0.99, 0.999])
    fails = np.array([adam_drift(spike(C, 1.0, C), beta1, beta2) < 0.0 for C in range(2, 201)])
    assert (fails[1:] >= fails[:-1]).all()
    for (i, j), C in np.ndenumerate(2 + fails.argmax(axis=0)):
        if fails[-1, i, j]:
            assert smallest_failing_period(float(beta1[i, 0]), float(beta2[j])) == C


@pytest.mark.parametrize(("beta1", "beta2", "C"), [(0.0, 0.5, 3), (0.0, 0.5, 4), (0.9, 0.99, 27), (0.9, 0.99, 33)])
def test_games_on_both_sides_of_the_smallest_failing_period(beta1, beta2, C):
    found = predict(Adam(Constant(0.005), beta1, beta2), spike(C, 1.0, C), INTERVAL)
    game = play(Adam(Constant(0.005), beta1, beta2), Periodic(spike(C, 1.0, C)), INTERVAL, 4 * int(found.rounds[0]))
    assert found.succeeds == (smallest_failing_period(beta1, beta2) > C)
    assert game.point == pytest.approx(found.end, abs=0.1)


def test_failure_does_not_need_the_condition_on_beta1():
    """Theorem 2 has beta1 < sqrt(beta2); at (0.9, 0.1), with beta1 = 2.8 sqrt(beta2), Adam fails from period 10 on."""
    assert smallest_failing_period(0.9, 0.1) == 10
    learner = Adam(Constant(0.005), 0.9, 0.1)
    for C in (8, 12):
        game = play(learner, Periodic(spike(C, 1.0, C)), INTERVAL, 20_000)
        assert game.point == pytest.approx([-1.0 if C < 10 else 1.0], abs=0.1)


def test_smallest_failing_period_without_momentum():
    for q in (1e-4, 1e-6):
        assert smallest_failing_period(0.0, 1.0 - q) == pytest.approx(2.0 / math.sqrt(q), rel=0.02)


def test_the_sequence_of_figure_1_changes_sides():
    assert boundary(Adam(beta1=0.9), ReddiOnline(), "beta2", (0.99, 0.9999)) == pytest.approx(0.999515888, abs=5e-10)


def test_safe_beta2_to_first_order():
    exact = boundary(RMSProp(), ReddiOnline(), "beta2", (0.99, 0.9999))
    assert 1.0 - first_order_beta2(ReddiOnline()) == pytest.approx(3.960e-4, abs=5e-8)
    assert 1.0 - exact == pytest.approx(3.972e-4, abs=5e-8)
    for C in (2.001, 2.01):
        assert 1.0 - first_order_beta2(Mod3(C)) == pytest.approx(
            2.0 * (C - 2.0) * (C * C + 2.0) / ((C * C - 1.0) * (C + 1.0)), rel=1e-9
        )
        assert 1.0 - first_order_beta2(Mod3(C)) == pytest.approx(1.0 - float(beta2_star(C)), rel=2.0 * (C - 2.0))
    assert first_order_beta2(Periodic([1.0, 1.0])) == 0.0
    for bad in (Periodic([1.0, -1.0]), Periodic(np.ones((2, 2)))):
        with pytest.raises(ValueError, match="one-dimensional"):
            first_order_beta2(bad)


# -- any learner: the limit cycle through its own rule -----------------------------------------


@dataclass(frozen=True)
class Thrifty(Algorithm1):
    """A user's own learner: an average of an average."""

    alpha: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.9

    @staticmethod
    def rule(g, m, n, v, beta1, beta2):
        m = beta1 * m + (1.0 - beta1) * g
        n = beta1 * n + (1.0 - beta1) * m / math.sqrt(1.0 + v)
        v = beta2 * v + (1.0 - beta2) * (g - m) * (g - m)
        return (m, n, v), n, 1.0


@dataclass(frozen=True)
class Winding(Algorithm1):
    """m and n depend on each other: no chain of averages, but they settle."""

    alpha: float = 0.1

    @staticmethod
    def rule(g, m, n):
        return (0.95 * n + g, 0.9 * m), m, 1.0


@dataclass(frozen=True)
class Hoarding(Algorithm1):
    """s grows for ever."""

    alpha: float = 0.1

    @staticmethod
    def rule(g, s):
        return (s + g * g,), g, s + g * g


ONE = Constant(1.0)
FAMILY = [
    OGD(ONE),
    OGDMomentum(ONE, beta1=0.8),
    RMSProp(ONE, beta2=0.9),
    Adam(ONE, beta1=0.8, beta2=0.9),
    AMSGrad(ONE, beta1=0.8, beta2=0.9),
    DelayedAdam(ONE, beta1=0.8, beta2=0.9),
    ADOPT(ONE, beta1=0.8, beta2=0.9),
    ACProp(ONE, beta1=0.8, beta2=0.9),
    AdaShift(ONE, beta1=0.8, beta2=0.9, n=4),
    AdaBelief(ONE, beta1=0.8, beta2=0.9),
    AMSBelief(ONE, beta1=0.8, beta2=0.9),
    QHAdam(ONE, beta1=0.8, beta2=0.9, nu1=0.7, nu2=0.6),
    Nadam(ONE, beta1=0.8, beta2=0.9),
    Padam(ONE, beta1=0.8, beta2=0.9, p=0.25),
    UnmaximizedPadam(ONE, beta1=0.8, beta2=0.9, p=0.25),
    Yogi(ONE, beta1=0.8, beta2=0.75),
    TorchAdam(ONE, beta1=0.8, beta2=0.9, eps=0.1),
    TorchAMSGrad(ONE, beta1=0.8, beta2=0.9),
    OptaxAMSGrad(ONE, beta1=0.8, beta2=0.9),
    AdaBound(ONE, beta1=0.8, beta2=0.9, lower=0.03, upper=0.4),
    AMSBound(ONE, beta1=0.8, beta2=0.9, lower=0.03, upper=0.4),
    BiasCorrected(Adam(ONE, beta1=0.8, beta2=0.9)),
    WithEpsilon(Yogi(ONE, beta1=0.8, beta2=0.75), 0.5),
    Thrifty(ONE, beta1=0.8, beta2=0.9),
    Winding(ONE),
]
PLAYED = (AMSGrad, AMSBelief, Padam, TorchAMSGrad, OptaxAMSGrad, AMSBound, AdaBound, AdaShift, Yogi, Winding)


@pytest.mark.parametrize("learner", FAMILY, ids=repr)
@pytest.mark.parametrize("pattern", [[4.0, -1.0, 0.0, -1.5, -1.0], [-2.0, 0.5]], ids=str)
def test_the_limit_cycle_is_where_updates_lead(learner, pattern):
    """All moments, and the way x goes in a period, after many updates by hand."""
    cycle = limit_cycle(learner, pattern)
    P, L = len(pattern), len(cycle.m)
    state = learner.start(Box(-1e9, 1e9))
    for t in range(800 // L * L):
        state = learner.update(state, pattern[t % P])
    before = float(state.point[0])
    for k in range(L):
        state = learner.update(state, pattern[k % P])
        if k % P == P - 1 and cycle.periods == 1:
            for name, values in cycle.moments.items():
                assert state.moments[name][0] == pytest.approx(values[k], rel=1e-9, abs=1e-9), name
    assert before - float(state.point[0]) == pytest.approx(cycle.drift * cycle.periods, rel=1e-8, abs=1e-8)
    assert cycle.m.size == cycle.w.size == P * cycle.periods


@pytest.mark.parametrize("learner", FAMILY, ids=repr)
def test_averages_are_solved_for_and_nothing_else_is(learner):
    """Chains of averages take no rounds however slowly they forget; the others are played from their start."""
    if not isinstance(getattr(learner, "learner", learner), PLAYED):
        assert limit_cycle(learner, mod3(3.0), rounds=0).periods == 1
    else:
        with pytest.raises(RuntimeError, match="do not repeat within"):
            limit_cycle(learner, spike(30.0, 1.0, 7), rounds=0)


def test_slow_averages_in_closed_form():
    """beta2 = 1 - 1e-9 forgets in 1e10 rounds."""
    cycle = limit_cycle(Adam(beta1=0.9, beta2=1.0 - 1e-9), ONLINE)
    assert cycle.moments["v"] == pytest.approx(average(np.square(ONLINE), 1.0 - 1e-9), rel=1e-6)
    assert limit_cycle(Adam(beta1=0.9, beta2=0.999), ONLINE).drift == pytest.approx(
        float(adam_drift(ONLINE, 0.9, 0.999)), rel=1e-12
    )


def test_the_error_bar_covers_the_rounding():
    for beta2 in (0.1, 0.9, 0.999, 1.0 - 1e-6):
        cycle = limit_cycle(RMSProp(beta2=beta2), mod3(3.0))
        exact = float(h3(3.0, beta2))
        assert abs(cycle.drift - exact) <= cycle.error < 1e-8


@pytest.mark.parametrize(
    "learner", [AdaGrad(ONE), AdamNC(ONE, 0.9), NosAdam(ONE, 0.9), NosAdam(ONE, 0.9, b=2.0)], ids=repr
)
def test_running_means_tend_to_the_mean(learner):
    """x moves by -h in the period after round 4000, where v is still O(1/t) off."""
    g = np.array(spike(30.0, 1.0, 10))
    cycle = limit_cycle(learner, g)
    assert cycle.moments["v"] == pytest.approx(np.full(10, (g * g).mean()), rel=1e-15)
    assert cycle.drift == pytest.approx(g.sum() / math.sqrt((g * g).mean()), rel=1e-13)
    game = play(learner, Periodic(g), Box(-1e9, 1e9), 4010, checkpoints=[4001], compiled=False)
    assert game.points["x_1"][4001] - float(game.point[0]) == pytest.approx(cycle.drift, rel=5e-3)


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


# -- predictions against played games ---------------------------------------------------------

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


# -- independent gradients --------------------------------------------------------------------

CURVES = [  # height, slope, p, beta1, by beta2 = .1, .5, .9, .99, .999
    (1010.0, 10.0, 0.01, 0.0, (-0.951315, -0.882939, -0.563883, -0.061112, -0.003013)),
    (1010.0, 10.0, 0.01, 0.9, (-0.303363, -0.578019, -0.541039, -0.059139, -0.002971)),
    (100.0, 10.0, 0.1, 0.0, (-0.708000, -0.499017, -0.112850, +0.016907, +0.028968)),
    (100.0, 10.0, 0.1, 0.9, (-0.069221, -0.146244, -0.061867, +0.017993, +0.028980)),
]


@pytest.mark.parametrize(("height", "slope", "p", "beta1", "known"), CURVES)
def test_stochastic_drift(height, slope, p, beta1, known):
    sequence = ReddiStochastic(height, slope, p)
    found = [stochastic_drift(sequence, beta1, beta2) for beta2 in (0.1, 0.5, 0.9, 0.99, 0.999)]
    assert found == pytest.approx(known, rel=0.0, abs=5.1e-7)


@pytest.mark.parametrize("sequence", [ReddiTheorem3(3.0, 0.5), ReddiStochastic(2.0, 7.0, 0.9)], ids=repr)
@pytest.mark.parametrize(("beta1", "beta2"), [(0.0, 0.0), (0.0, 0.1), (0.1, 0.1), (0.15, 0.02)])
def test_stochastic_drift_against_all_histories(sequence, beta1, beta2):
    """E[m / sqrt v] as a sum over the 2^13 last gradients; what is older weighs less than 1e-12."""
    if isinstance(sequence, ReddiTheorem3):
        a, b, p = sequence.C, 1.0, (1.0 + sequence.delta) / (sequence.C + 1.0)
    else:
        a, b, p = sequence.height, sequence.slope, sequence.p
    n = 13
    up = np.array(list(itertools.product([True, False], repeat=n)))
    g = np.where(up, a, -b)
    chance = np.where(up, p, 1.0 - p).prod(axis=1)
    m = ((1.0 - beta1) * beta1 ** np.arange(n) * g).sum(axis=1) + beta1**n * chance @ g[:, 0]
    v = ((1.0 - beta2) * beta2 ** np.arange(n) * g * g).sum(axis=1) + beta2**n * chance @ g[:, 0] ** 2
    tail = max(beta1, beta2) ** n * 30.0
    assert stochastic_drift(sequence, beta1, beta2) == pytest.approx(chance @ (m / np.sqrt(v)), abs=1e-12 + tail)


@pytest.mark.parametrize(
    ("sequence", "a", "b", "p", "beta1", "beta2"),
    [
        (ReddiStochastic(), 1010.0, 10.0, 0.01, 0.9, 0.99),
        (ReddiTheorem3(209.0, 1.0), 209.0, 1.0, 2.0 / 210.0, 0.0, 0.9),
    ],
    ids=repr,
)
def test_the_quadrature_is_good_to_1e_12(sequence, a, b, p, beta1, beta2):
    """Against adaptive Gauss-Kronrod quadrature of the same integrand."""

    def integrand(s):
        return _at(s * s * (1.0 - beta2), a, b, p, beta1, beta2)

    ends = sorted(x / y for x in (0.0, 0.1, 0.3, 1.0, 3.0, 8.0) for y in (a, b))
    pieces = [integrate.quad(integrand, *c, epsabs=1e-15, epsrel=1e-12)[0] for c in itertools.pairwise(ends)]
    expected = 2.0 / math.sqrt(math.pi) * math.fsum(pieces)
    assert stochastic_drift(sequence, beta1, beta2) == pytest.approx(expected, rel=0.0, abs=1e-12)


def test_stochastic_boundaries():
    online, toy = ReddiStochastic(), ReddiStochastic(100.0, 10.0, 0.1)
    assert stochastic_beta2_star(toy) == pytest.approx(0.97773737, abs=5.1e-9)
    assert stochastic_beta2_star(toy, 0.9) == pytest.approx(0.97305540, abs=5.1e-9)
    for beta1, star in ((0.0, 0.99960000), (0.9, 0.99959860)):
        assert stochastic_drift(online, beta1, star - 1e-8) < 0.0 < stochastic_drift(online, beta1, star + 1e-8)
    for k, q, exact in ((10, 2.224e-2, 2.226e-2), (50, 8.163e-4, 8.1634e-4)):
        sequence = ReddiStochastic(float(k * k), float(k), 1.0 / k)
        assert 1.0 - first_order_stochastic_beta2(sequence) == pytest.approx(q, rel=2e-4)
        below, above = (stochastic_drift(sequence, 0.0, 1.0 - exact * factor) for factor in (1.0005, 0.9995))
        assert below < 0.0 < above
    assert 1.0 - first_order_stochastic_beta2(online) == pytest.approx(4.0000e-4, rel=1e-5)


def test_theorem_3_needs_no_large_C():
    """The smallest C, by (beta1, beta2) and delta, at which i.i.d. losses turn Adam round."""
    for betas, delta, C in [((0.0, 0.5), 1.0, 6), ((0.0, 0.5), 0.1, 2), ((0.0, 0.9), 1.0, 24), ((0.9, 0.9), 1.0, 32),
                            ((0.9, 0.99), 0.1, 23), ((0.0, 0.99), 1.0, 209)]:  # fmt: skip
        assert (
            stochastic_drift(ReddiTheorem3(C - 1.0, delta), *betas)
            > 0.0
            > stochastic_drift(ReddiTheorem3(float(C), delta), *betas)
        )


def test_stochastic_drift_against_a_simulation():
    """The mean of m/sqrt v over 256 games of 2e4 rounds, within 7 standard errors; the seeds are fixed."""
    T, settled = 20_000, 1_000
    sequence = ReddiStochastic(100.0, 10.0, 0.1)
    for beta1, beta2 in ((0.0, 0.9), (0.9, 0.98)):
        games = play_all(
            [Adam(Constant(1.0), beta1, beta2)], sequence, Box(-1e9, 1e9), T, seeds=range(256), checkpoints=[settled]
        )
        moved = np.array([game.points["x_1"][settled] - float(game.point[0]) for game in games]) / (T - settled + 1)
        error = moved.std(ddof=1) / math.sqrt(len(games))
        assert moved.mean() == pytest.approx(stochastic_drift(sequence, beta1, beta2), abs=7.0 * error)
        assert error < 0.002


# -- bad input --------------------------------------------------------------------------------


def test_what_is_refused():
    for C in (2.0, [3.0, 1.5], math.nan):
        with pytest.raises(ValueError, match=r"C=.* must be larger than 2"):
            beta2_star(C)
    with pytest.raises(ValueError, match=r"bracket=\(0\.6, 0\.9\): the drift does not change sign, it is 0\.5"):
        boundary(Adam(), Mod3(), "beta2", (0.6, 0.9))
    with pytest.raises(ValueError, match=r"parameter='gamma' must be a field .*'C', 'alpha', 'beta1', 'beta2'"):
        boundary(Adam(), Mod3(), "gamma", (0.6, 0.9))
    with pytest.raises(ValueError, match="dimension 2"):
        boundary(Adam(), Periodic(np.ones((3, 2))), "beta2", (0.6, 0.9))
    for learner in (Adam(beta1=Geometric(0.9)), SAdam(), AdamNC(beta1=Geometric(0.9)), AdaBound()):
        with pytest.raises(ValueError, match=r"(beta1|beta2|lower)=.* varies with the round"):
            drift(learner, Mod3())
    with pytest.raises(ValueError, match=r"b=.* varies with the round"):
        drift(NosAdam(b=Inverse(1.0)), Mod3())
    for learner in (Hoarding(), SAdam(beta2=0.9)):
        with pytest.raises(RuntimeError, match="do not repeat within"):
            drift(learner, Mod3(), rounds=10_000)
    with pytest.raises(TypeError, match=r"Rademacher.* not periodic"):
        drift(Adam(), losses.Rademacher())
    with pytest.raises(TypeError, match="unexpected keyword argument 'round'"):
        drift(Adam(), Mod3(), round=10)
    with pytest.raises(ValueError, match="coordinate 1 are zero everywhere"):
        drift(Adam(), [[1.0, 0.0], [2.0, 0.0]])
    with pytest.raises(ValueError, match="zero everywhere"):
        limit_cycle(Adam(), [0.0, 0.0])
    with pytest.raises(ValueError, match="not all zero"):
        adam_drift([0.0, 0.0], 0.9, 0.99)
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        limit_cycle(Adam(), np.ones((2, 2)))
    with pytest.raises(TypeError, match="not in the form of Algorithm 1"):
        limit_cycle("adam", [1.0])
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
    with pytest.raises(ValueError, match=r"beta=.*1\.0.* must be in \[0, 1\)"):
        average([1.0], 1.0)
    with pytest.raises(ValueError, match=r"beta1=0\.9, beta2=0\.1: Adam fails for no period up to 4"):
        smallest_failing_period(0.9, 0.1, largest=4)
    with pytest.raises(ValueError, match="beta2=1"):
        stochastic_drift(ReddiStochastic(), 0.9, 1.0)
    with pytest.raises(ValueError, match="probability inside"):
        stochastic_drift(ReddiStochastic(p=0.0), 0.9, 0.99)
    with pytest.raises(TypeError, match="must be ReddiStochastic or ReddiTheorem3"):
        stochastic_drift(Mod3(), 0.9, 0.99)
    with pytest.raises(ValueError, match=r"mean slope -.* must be positive"):
        stochastic_beta2_star(ReddiStochastic(p=0.001))

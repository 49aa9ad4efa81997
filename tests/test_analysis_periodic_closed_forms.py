"""Adam on periodic losses in closed form, against exact rational and 50-digit arithmetic, and against games."""

import math
from fractions import Fraction

import numpy as np
import pytest
from periodic_patterns import ONLINE, h3, mod3, spike
from pieces import INTERVAL

from regretlab import play
from regretlab.analysis.periodic import (
    adam_drift,
    average,
    beta2_star,
    boundary,
    first_order_beta2,
    predict,
    smallest_failing_period,
)
from regretlab.learners import (
    Adam,
    RMSProp,
)
from regretlab.losses import Mod3, Periodic, ReddiOnline
from regretlab.schedules import Constant


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


def test_bad_arguments():
    for C in (2.0, [3.0, 1.5], math.nan):
        with pytest.raises(ValueError, match=r"C=.* must be larger than 2"):
            beta2_star(C)
    with pytest.raises(ValueError, match="not all zero"):
        adam_drift([0.0, 0.0], 0.9, 0.99)
    with pytest.raises(ValueError, match=r"beta=.*1\.0.* must be in \[0, 1\)"):
        average([1.0], 1.0)
    with pytest.raises(ValueError, match=r"beta1=0\.9, beta2=0\.1: Adam fails for no period up to 4"):
        smallest_failing_period(0.9, 0.1, largest=4)

"""Exponents and verdicts, on laws of growth that are known and on games whose regret is known."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import regretlab as rl
from regretlab import experiments
from regretlab.analysis import growth, scaling
from regretlab.analysis.horizons import play_to
from regretlab.analysis.scaling import fit, measure
from regretlab.learners import OGD, AdaGrad, Adam, AdamNC, AMSGrad
from regretlab.losses import Mod3, PeriodicQuadratics, Rademacher, RandomLeastSquares, Squared
from regretlab.losses.linear_predictions import RandomPredictionLosses
from regretlab.schedules import Inverse

experiment = experiments.scaling
SQUARED = Squared()
INTERVAL = rl.sets.Box(-1.0, 1.0)
T = 2.0 ** np.arange(5, 17)
BETA2 = 0.1  # Theorem 1 of Reddi et al. (2018) for C = 3
ALPHA = 0.9 * sqrt(1.0 - BETA2)
THEOREM1 = Adam(ALPHA, beta1=0.0, beta2=BETA2)


def walk(rng, horizons, seeds):
    """A random walk at the horizons: (n, seeds), with independent increments of variance T_{j+1} - T_j."""
    steps = np.diff(np.append(0.0, horizons))[:, None]
    return np.cumsum(np.sqrt(steps) * rng.standard_normal((len(horizons), seeds)), axis=0)


LAWS = {
    # R_T of a learner on random signs: |S_T| for the comparator, a martingale for what the learner pays
    "sqrt T": lambda rng, t, seeds: np.abs(walk(rng, t, seeds)) + 0.7 * walk(rng, t, seeds),
    "log T": lambda rng, t, seeds: np.cumsum(
        np.diff(np.append(0.0, np.log(t)))[:, None] * rng.chisquare(1, (len(t), seeds)), axis=0
    ),
    "linear": lambda rng, t, seeds: 0.1 * t[:, None] + walk(rng, t, seeds),
    "T^0.75": lambda rng, t, seeds: t[:, None] ** 0.75 + 2.0 * walk(rng, t, seeds),
    "0": walk,
    "-linear": lambda rng, t, seeds: -0.1 * t[:, None] + walk(rng, t, seeds),
}
EXPONENT = {"log T": 0.0, "sqrt T": 0.5, "linear": 1.0, "T^0.75": 0.75}


@lru_cache
def repetitions(law, seeds, confidence):
    rng = np.random.default_rng(7)
    return [fit(T, LAWS[law](rng, T, seeds), confidence=confidence) for _ in range(1000)]


# -- exact laws ----------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0.0, -5.0, 100.0])
@pytest.mark.parametrize(
    ("law", "a", "verdict"),
    [
        (lambda t: 2.0 * np.log(t), 0.0, "log T"),
        (lambda t: 0.3 * np.sqrt(t), 0.5, "sqrt T"),
        (lambda t: 0.01 * t, 1.0, "linear"),
        (lambda t: t**0.25, 0.25, "undecided"),
        (lambda t: t**0.75, 0.75, "undecided"),
        (lambda t: 0.01 * t**1.5, 1.5, "undecided"),
    ],
)
@pytest.mark.parametrize("horizons", [T, T[:6] + 3.0, np.array([10, 25, 130, 170, 900, 20_000.0])])
def test_exact_laws_come_out_exactly_whatever_is_added(law, a, verdict, offset, horizons):
    found = fit(horizons, 200.0 * law(horizons) + offset)
    assert found.exponent == pytest.approx(a, abs=1e-4)
    assert [found.low, found.high] == pytest.approx([a, a], abs=1e-3)
    assert found.verdict == verdict
    assert bool(found.reason) == (verdict == "undecided")


def test_the_exponent_does_not_depend_on_the_unit_of_regret():
    R = LAWS["sqrt T"](np.random.default_rng(1), T, 32)
    one, other = fit(T, R), fit(T, 1e-6 * R)
    assert [one.exponent, one.low, one.high] == pytest.approx([other.exponent, other.low, other.high], abs=1e-9)


@pytest.mark.parametrize("power", [-1000, -500, -3, 3, 500, 1010])
def test_nothing_depends_on_the_unit(power):
    """Powers of 2 change no bit, down to squares that underflow and sums over seeds that overflow."""
    rng = np.random.default_rng(3)
    for law in ("sqrt T", "log T", "-linear"):
        R = LAWS[law](rng, T, 16)
        one, other = fit(T, R), fit(T, np.ldexp(R, power))
        assert (one.exponent, one.low, one.high) == (other.exponent, other.low, other.high)
        assert (one.verdict, one.reason) == (other.verdict, other.reason)
        if power > -1000:  # then differences of regrets may not be floats any more
            assert np.ldexp(one.table.to_numpy(), power) == pytest.approx(other.table.to_numpy(), rel=1e-15)
    alike = fit(T, np.ldexp(np.sqrt(T), power))
    assert alike.exponent == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_means_and_deviations_in_any_unit(scale):
    values = np.random.default_rng(1).standard_normal((3, 8))
    assert growth.average(scale * values) / scale == pytest.approx(values.mean(axis=1), rel=1e-13)
    assert growth.std(scale * values) / scale == pytest.approx(values.std(axis=1, ddof=1), rel=1e-13)
    assert growth.average(np.zeros((2, 3))).tolist() == growth.std(np.zeros((2, 3))).tolist() == [0.0, 0.0]
    assert np.isfinite(growth.average(np.full((1, 4), 1.7e308))).all()


@pytest.mark.parametrize(
    ("horizons", "regret", "message"),
    [
        ([1, 2, 4, 8, 16], np.arange(5) + 0j, "regret="),
        ([1, 2, 4, 8, 16], list("12345"), "regret="),
        ([1, 2, 4, 8, 16], [True] * 5, "regret="),
        ([1, 2, 4, 8, 16], [None] * 5, "regret="),
        ([1, 2, 4, 8, 16], [[1], [2], [3], [4], [5, 6]], "regret="),
        (list("12345"), np.arange(5), "horizons="),
        ([1j, 2, 4, 8, 16], np.arange(5), "horizons="),
    ],
)
def test_what_is_no_number_is_not_cast(horizons, regret, message):
    with pytest.raises(TypeError, match=message):
        fit(horizons, regret)
    for confidence in ("0.9", True, 0.9 + 0j, None):
        with pytest.raises(TypeError, match="confidence="):
            fit([1, 2, 4, 8, 16], np.arange(5), confidence=confidence)


def test_seeds_that_stand_twice_are_not_independent():
    with pytest.raises(ValueError, match=r"seeds=\[0, 1, 2, 3, 4, 5, 6, 7, 1\]: 1 stands twice"):
        measure(OGD(), Rademacher(), INTERVAL, horizons=[4, 8, 16, 64], seeds=[*range(8), 1])


def test_what_fit_was_given_is_copied():
    R = np.sqrt(T)
    found = fit(T, R)
    R[:] = 0.0
    assert found.regret[-1, 0] == np.sqrt(T[-1])


@pytest.mark.parametrize("factor", [lambda t: np.log(t), lambda t: np.sqrt(np.log(t)), lambda t: 1.0 + 8.0 / np.log(t)])
def test_logarithmic_factors_do_not_hide_sqrt(factor):
    assert fit(T, np.sqrt(T) * factor(T)).verdict == "sqrt T"


def test_the_square_of_a_logarithm_is_neither_linear_nor_sqrt():
    assert fit(T, np.log(T) ** 2).verdict in ("log T", "undecided")


def test_alternating_remainders_widen_the_interval():
    sign = (-1.0) ** np.arange(T.size)
    clean, swinging = fit(T, np.sqrt(T)), fit(T, np.sqrt(T) * (1.0 + 0.1 * sign))
    assert swinging.low < 0.5 < swinging.high
    assert swinging.high - swinging.low > 0.1 > clean.high - clean.low


def test_growth_that_changes_its_law_is_undecided():
    assert fit(T, np.minimum(T, 1024.0) + np.sqrt(T)).verdict == "undecided"


# -- nothing to conclude ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("regret", "reason"),
    [
        (-0.1 * T, "not positive"),
        (-np.sqrt(T), "not positive"),
        (0.0 * T, "not positive"),
        (np.full(T.size, 3.0), "does not grow"),
        (5.0 - 1e-6 * T, "does not grow"),
        (np.where(T > 3e4, -1.0, T), "not positive"),
    ],
)
def test_regret_that_is_not_positive_or_does_not_grow(regret, reason):
    found = fit(T, regret)
    assert (found.verdict, found.exponent, found.low, found.high) == ("undecided", -np.inf, -np.inf, -np.inf)
    assert reason in found.reason


def test_negative_regret_at_short_horizons_is_no_obstacle():
    assert fit(T, T - 3000.0).verdict == "linear"


@pytest.mark.parametrize(
    ("horizons", "seeds", "reason"),
    [
        (T[:3], 20, "3 horizons"),
        (T[:4], 20, "3 doublings"),
        (np.arange(100.0, 200.0), 20, "doublings"),
        (T, 7, "7 seeds"),
    ],
)
def test_too_little_to_say_anything(horizons, seeds, reason):
    found = fit(horizons, LAWS["linear"](np.random.default_rng(0), horizons, seeds))
    assert found.verdict == "undecided"
    assert reason in found.reason
    assert np.isnan(found.exponent)
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_the_table_by_hand():
    horizons, R = np.array([8.0, 16.0, 32.0, 128.0]), np.array([[1.0, 3.0], [2.0, 8.0], [5.0, -1.0], [4.0, 4.5]])
    table = fit(horizons, R).table
    assert table.index.tolist() == [8, 16, 32, 128]
    assert table["mean"].tolist() == [2.0, 5.0, 2.0, 4.25]
    assert table["max"].tolist() == [3.0, 8.0, 5.0, 4.5]
    assert table["std"].to_numpy() == pytest.approx(np.sqrt([2.0, 18.0, 18.0, 0.125]))
    assert table["mean / T"].tolist() == [0.25, 0.3125, 0.0625, 4.25 / 128]
    assert table["mean / sqrt T"].to_numpy() == pytest.approx([2.0, 5.0, 2.0, 4.25] / np.sqrt(horizons))
    assert table["mean / log T"].to_numpy() == pytest.approx([2.0, 5.0, 2.0, 4.25] / np.log(horizons))


def test_the_jackknife_by_hand():
    """Leaving out one of six; the variance of a mean by it is that of the mean."""
    x = np.array([1.0, 4.0, 2.0, 8.0, 5.0, 7.0])
    without = (x.sum() - x) / 5
    half = stats.t.ppf(0.975, 5) * x.std(ddof=1) / np.sqrt(6)
    assert growth._jackknife(without, 0.95) == pytest.approx(half, rel=1e-12)
    assert growth._jackknife(np.append(without, np.nan), 0.95) == np.inf


def test_the_estimator_by_hand_at_irregular_horizons():
    """The exponent whose gains are centred where those of the regret are, with weights T_{j+1}^(-1/2)."""
    times = np.array([10.0, 13.0, 40.0, 170.0, 900.0, 1000.0, 5000.0])
    R = np.cumsum([3.0, 1.0, 9.0, 22.0, 70.0, 4.0, 160.0])
    w = 1.0 / np.sqrt(times[1:])
    centres = 0.5 * np.log(times[1:] * times[:-1])

    def apart(a):
        h = (times[1:] ** a - times[:-1] ** a) / a
        return (w * centres * h).sum() / (w * h).sum() - (w * centres * np.diff(R)).sum() / (w * np.diff(R)).sum()

    assert fit(times, R).exponent == pytest.approx(optimize.brentq(apart, 0.01, 2.0), abs=1e-4)


def test_games_that_are_all_alike_count_as_one():
    R = np.sqrt(T) * (1.0 + 0.02 * np.cos(T))
    one, many = fit(T, R), fit(T, np.tile(R[:, None], 5))
    assert (one.exponent, one.low, one.high) == (many.exponent, many.low, many.high)
    assert "seeds     5, all with the same regret: they count as one" in repr(many)
    assert repr(one).endswith("seeds     1")


@pytest.mark.parametrize(
    ("horizons", "regret", "options", "message"),
    [
        (T, np.ones((3, 2)), {}, r"regret has shape \(3, 2\); it must be \(12, seeds\)"),
        (T, np.ones((12, 0)), {}, "regret has shape"),
        (T[::-1], T, {}, "increasing"),
        (T - T[0], T, {}, "from 1 on"),
        (T, np.where(T > 100.0, np.nan, 1.0), {}, "regret at T = 128 is not finite"),
        (T, T, {"confidence": 1.0}, "confidence=1.0"),
    ],
)
def test_bad_arguments(horizons, regret, options, message):
    with pytest.raises(ValueError, match=message):
        fit(horizons, regret, **options)


# -- chance ----------------------------------------------------------------------------


def test_the_interval_of_a_ratio_is_that_of_students_test():
    """scipy's t test of E(M - r N) = 0 has the p-value 1 - confidence at both ends."""
    rng = np.random.default_rng(3)
    N = 2.0 + rng.standard_normal(20)
    M = 5.0 * N + rng.standard_normal(20)
    ratio, low, high = growth.fieller(M, N, 0.97)
    assert ratio == pytest.approx(M.mean() / N.mean(), rel=1e-12)
    assert [stats.ttest_1samp(M - r * N, 0.0).pvalue for r in (low, high)] == pytest.approx([0.03, 0.03], rel=1e-9)
    assert low < ratio < high


@pytest.mark.parametrize(
    ("law", "seeds", "right"),
    [("sqrt T", 32, 0.75), ("sqrt T", 64, 0.97), ("log T", 32, 0.98), ("log T", 64, 0.999), ("linear", 32, 1.0)],
)
def test_verdicts_over_a_thousand_repetitions(law, seeds, right):
    """The interval covers, the right verdict is found as often as stated, and a wrong one hardly ever."""
    found = repetitions(law, seeds, 0.99)
    a = EXPONENT[law]
    assert np.mean([f.low <= a <= f.high for f in found]) >= 0.985
    verdicts = Counter(f.verdict for f in found)
    assert verdicts[law] >= 1000 * right
    assert verdicts[law] + verdicts["undecided"] == 1000


@pytest.mark.parametrize(("law", "reason"), [("0", "by more than its noise"), ("-linear", "is not positive")])
def test_noise_and_negative_regret_get_no_verdict(law, reason):
    found = repetitions(law, 16, 0.99)
    assert Counter(f.verdict for f in found) == {"undecided": 1000}
    assert sum("the regret at T = 65,536 " in f.reason and reason in f.reason for f in found) >= 980
    assert {f.exponent for f in found if reason in f.reason} == {-np.inf}


@pytest.mark.parametrize("seeds", [8, 32])
def test_an_exponent_between_two_forms_is_not_taken_for_one(seeds):
    assert Counter(f.verdict for f in repetitions("T^0.75", seeds, 0.99)) == {"undecided": 1000}


@pytest.mark.parametrize(
    ("law", "seeds", "least", "most"),
    [("sqrt T", 8, 0, 0), ("sqrt T", 32, 0, 0), ("0", 32, 0, 0), ("T^0.75", 16, 1000, 1000), ("linear", 8, 1000, 1000)],
)
def test_how_often_the_assertion_would_fail(law, seeds, least, most):
    """False alarms on T^0.5, and alarms on T^0.75 and T, in 1,000 repetitions."""
    assert least <= sum(f.low > 0.55 for f in repetitions(law, seeds, 0.999)) <= most


def test_a_single_random_game_hardly_ever_gets_a_wrong_verdict_or_an_alarm():
    verdicts = Counter(f.verdict for f in repetitions("sqrt T", 1, 0.99))
    assert verdicts["sqrt T"] + verdicts["undecided"] == 1000
    assert not any(f.low > 0.55 for f in repetitions("sqrt T", 1, 0.999))


def test_a_jump_at_the_end_has_no_exponent_to_rely_on():
    found = fit(T, np.where(T == T[-1], 1000.0, 1.0))
    assert (found.verdict, found.low, found.high) == ("undecided", -np.inf, np.inf)


def test_real_games_give_no_false_alarms():
    """Random signs, 32 groups of 16 seeds: E R_T ~ sqrt(2 T / pi) for every learner."""
    horizons = [2**k for k in range(4, 12)]
    _, regret, _ = play_to(OGD(0.5), Rademacher(), INTERVAL, horizons, range(512))
    mean, error = regret.mean(axis=1), regret.std(axis=1) / np.sqrt(512)
    assert (abs(mean - np.sqrt(2.0 * np.array(horizons) / np.pi)) < 4.0 * error + 0.2).all()
    groups = np.split(regret, 32, axis=1)
    assert all(fit(horizons, group, confidence=0.999).low <= 0.5 for group in groups)
    assert {fit(horizons, group).verdict for group in groups} <= {"sqrt T", "undecided"}


# -- games -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Signs(RandomPredictionLosses):
    """f_t(x) = (x - c_t)^2 / 2 with signs c_t / 2: strongly convex with mu = 1."""

    link: Squared = SQUARED

    def sample(self, rng, n):
        return np.ones((n, 1)), rng.choice([-0.5, 0.5], n)


@pytest.mark.parametrize("learner", [OGD(0.5), AdaGrad(0.5), AMSGrad(0.5), AdamNC(0.5)], ids=repr)
def test_sqrt_on_random_signs(learner):
    found = measure(learner, Rademacher(), INTERVAL, horizons=[2**k for k in range(4, 15)], seeds=range(96))
    assert found.verdict == "sqrt T", found
    assert found.low <= 0.5 <= found.high


def test_adam_is_linear_on_the_sequence_of_theorem_1():
    found = measure(THEOREM1, Mod3(3.0), INTERVAL, seeds=[0], start=1.0)
    assert found.verdict == "linear", found
    assert found.low > 0.95
    repaired = measure(AMSGrad(ALPHA, beta1=0.0, beta2=BETA2), Mod3(3.0), INTERVAL, seeds=[0], start=1.0)
    assert repaired.verdict == "sqrt T", repaired


def test_log_for_strongly_convex_losses():
    """R_T of OGD with alpha_t = 1/(mu t), that is of the mean of c_1..c_{t-1}, is sum_t (x_t - c_t)^2 / (2 t)."""
    horizons = [2**k for k in range(5, 13)]
    found = measure(OGD(Inverse(1.0)), Signs(), INTERVAL, horizons=horizons, seeds=range(16))
    assert found.verdict == "log T", found
    for seed in (0, 15):
        _, y = Signs().data(1, horizons[-1] + 1, seed)
        t, c = np.arange(1, horizons[-1] + 1), y.ravel()
        x = np.append(0.0, np.cumsum(c)[:-1] / t[:-1])
        expected = np.cumsum((x - c) ** 2 / (2.0 * t))[np.array(horizons) - 1]
        np.testing.assert_allclose(found.regret[:, seed], expected, rtol=1e-9, atol=1e-9)


def test_log_for_least_squares_and_deterministic_quadratics():
    ball = rl.sets.L2Ball(3.0)
    losses = RandomLeastSquares(d=2, mu=1.0, noise=1.0)
    found = measure(OGD(Inverse(1.0)), losses, ball, horizons=[2**k for k in range(5, 12)], seeds=range(8))
    assert found.exponent < 0.25
    assert found.high < 0.5
    quadratics = PeriodicQuadratics([1.0, -1.0, -0.5, 0.2])
    assert measure(OGD(Inverse(1.0)), quadratics, INTERVAL, seeds=[0]).verdict == "log T"


@pytest.mark.parametrize(
    ("case", "verdict"),
    [(case, "sqrt T") for case in experiment.CASES if "signs" in case]
    + [
        ("Adam, Theorem 1", "linear"),
        ("AMSGrad, Theorem 1", "sqrt T"),
        ("AMSGrad, constant stepsize, x, -x, ...", "linear"),
        ("OGD, 1/t, least squares", "log T"),
    ],
)
def test_the_figure_shows_these_verdicts(case, verdict):
    frame = pd.read_csv(Path(__file__).parents[1] / "figures" / "scaling.csv")
    rows = frame[frame["case"] == case]
    assert set(rows["verdict"]) == {verdict}
    learner, losses, F, start = experiment.CASES[case]
    if losses in (experiment.THEOREM1, experiment.ALTERNATING):
        found = measure(learner, losses, F, horizons=rows["T"].tolist(), seeds=[0], start=start)
        np.testing.assert_allclose(found.regret[:, 0], rows["mean"], rtol=1e-9)
        assert [found.exponent, found.low, found.high] == pytest.approx(rows.iloc[0][["exponent", "low", "high"]])


# -- showing ---------------------------------------------------------------------------


def test_repr_table_and_picture():
    R = LAWS["sqrt T"](np.random.default_rng(2), T, 64)
    found = fit(T, R)
    assert re.match(r"Scaling sqrt T: exponent 0\.\d{3} in \[0\.\d{3}, 0\.\d{3}\] at confidence 0.99\n", repr(found))
    assert "12 from 32 to 65,536" in repr(found)
    assert "reason" not in repr(found)
    assert "reason    3 horizons" in repr(fit(T[:3], R[:3]))
    table = found.table
    assert table.index.tolist() == T.tolist()
    np.testing.assert_allclose(table["mean"], R.mean(axis=1), rtol=1e-15)
    np.testing.assert_allclose(table["std"], R.std(axis=1, ddof=1), rtol=1e-15)
    np.testing.assert_allclose(table["mean / sqrt T"], R.mean(axis=1) / np.sqrt(T), rtol=1e-15)
    (axes,) = found.plot().axes
    curves = {line.get_label(): line.get_ydata() for line in axes.lines}
    for name in scaling.FORMS:
        assert curves[name][[0, -1]] == pytest.approx(R.mean(axis=1)[[0, -1]], rel=1e-12)
    np.testing.assert_allclose(np.diff(curves["log T"]), np.diff(curves["log T"])[0], rtol=1e-9)
    assert fit(T, -T).plot().axes[0].get_yscale() == "linear"

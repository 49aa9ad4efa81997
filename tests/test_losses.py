"""Loss sequences: rounds from 1 on, the same losses in any order of calls, honest draws, comparators.

Tests of random draws have fixed seeds, so they never change their mind; the
probability that an honest generator fails one, over the choice of seed, is stated
and below 1e-9.
"""

import math
from dataclasses import dataclass

import conformance
import numpy as np
import pytest
from conformance import SEQUENCES, Bowls, Distances, Sawtooth
from conftest import label
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from regretlab import GameError, check_losses, losses, play, play_all
from regretlab.learners import OGD, Adam, AMSGrad
from regretlab.schedules import Constant
from regretlab.sets import Box

ALL_LINEAR = [s for s in SEQUENCES if isinstance(s, losses.LinearLosses)]
RANDOM = [s for s in ALL_LINEAR if isinstance(s, losses.RandomLinearLosses)]
FIXED = [s for s in ALL_LINEAR if s not in RANDOM]


def _name(value):
    return type(value).__name__


# -- the patterns -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sequence", "slope"),
    [
        (losses.Mod3(), lambda t: 3.0 if t % 3 == 1 else -1.0),
        (losses.Mod3(C=7.5), lambda t: 7.5 if t % 3 == 1 else -1.0),
        (losses.ReddiOnline(), lambda t: 1010.0 if t % 101 == 1 else -10.0),
        (losses.ReddiOnline(height=5.0, slope=0.5, period=4), lambda t: 5.0 if t % 4 == 1 else -0.5),
        (losses.ReddiTheorem2(), lambda t: 74.0 if t % 74 == 1 else -1.0),
        (losses.ReddiTheorem2(C=8), lambda t: 8.0 if t % 8 == 1 else -1.0),
        (losses.Periodic([1.0, 2.0, 4.0, 8.0]), lambda t: 2.0 ** ((t - 1) % 4)),
        (Sawtooth(), lambda t: [-1.5, -0.5, 0.5, 1.5, 2.5][t % 5]),
    ],
    ids=lambda value: repr(value) if isinstance(value, losses.Losses) else "",
)
def test_deterministic_slopes_from_round_1_on(sequence, slope):
    T = 70_000  # more rounds than any table holds
    expected = np.array([slope(t) for t in range(1, T + 1)])
    assert np.array_equal(sequence.block(1, T + 1, 0)[:, 0], expected)
    assert np.array_equal(sequence.gradients(np.arange(1, T + 1))[:, 0], expected)
    assert sequence.dimension == 1
    for t in (1, 2, 3, 4, 101, 102, 65_537):
        f = sequence.reveal(t, np.array([0.3]), 0)
        assert f.value(np.array([0.25])) == 0.25 * slope(t)
        assert f.gradient(np.array([0.25])).tolist() == [slope(t)]


def test_the_first_round_is_the_spike():
    """t = 1, not t = 0: public scripts that count from 0 start with the small slope."""
    for sequence in (losses.Mod3(), losses.ReddiOnline(), losses.ReddiTheorem2()):
        game = play(OGD(alpha=Constant(1e-3)), sequence, Box(), 1, compiled=False)
        height = sequence.pattern.max()
        assert game.gradient[0].tolist() == [height]
        assert float(game.point[0]) == pytest.approx(-1e-3 * height if height < 1000.0 else -1.0)


def test_patterns_in_several_dimensions():
    rows = [[1.0, -1.0], [0.5, 2.0], [0.0, 3.0]]
    sequence = losses.Periodic(rows)
    assert sequence.dimension == 2
    assert sequence.block(1, 8, 0).tolist() == [rows[(t - 1) % 3] for t in range(1, 8)]
    assert sequence.reveal(5, np.zeros(2), 0).value(np.array([2.0, 1.0])) == 3.0


def test_a_sequence_keeps_no_hold_on_what_it_was_made_of():
    values = np.array([1.0, 2.0])
    sequence = losses.Periodic(values)
    values[0] = 9.0
    assert sequence.block(1, 3, 0).ravel().tolist() == [1.0, 2.0]


@pytest.mark.parametrize("sequence", [losses.Mod3(), losses.Rademacher()], ids=_name)
def test_nobody_changes_a_sequence_through_what_it_returns(sequence):
    before = sequence.block(1, 10, 0).copy()
    for array in (sequence.block(1, 10, 0), sequence.reveal(1, np.zeros(1), 0).gradient(np.zeros(1))):
        try:
            array *= 7.0
        except ValueError:  # read-only is as good as a copy
            continue
    assert np.array_equal(sequence.block(1, 10, 0), before)


# -- the same losses in any order of calls ------------------------------------------------------------


@pytest.mark.parametrize("sequence", SEQUENCES, ids=_name)
def test_what_check_losses_asks_of_every_sequence(sequence):
    check_losses(sequence, Box(-1.0, 1.0))
    check_losses(sequence, Box(0.25, 2.0), rounds=20, seed=3)


starts = st.one_of(st.integers(1, 200), st.integers(1, 200_000), st.integers(4_000, 4_200), st.just(2**40))


@pytest.mark.parametrize("sequence", ALL_LINEAR, ids=_name)
@given(start=starts, n=st.integers(1, 300), cut=st.integers(0, 300), seed=st.integers(0, 3))
def test_any_block_has_the_same_rounds(sequence, start, n, cut, seed):
    whole = sequence.block(start, start + n, seed)
    assert whole.shape == (n, sequence.dimension)
    assert whole.dtype == np.float64
    cut = min(cut, n - 1)
    if cut:
        parts = np.vstack([sequence.block(start, start + cut, seed), sequence.block(start + cut, start + n, seed)])
        assert np.array_equal(parts, whole)
    t = start + cut
    assert np.array_equal(sequence.block(t, t + 1, seed)[0], whole[cut])
    x = np.full(sequence.dimension, 0.5)
    f = sequence.reveal(t, x, seed)
    assert np.array_equal(f.gradient(x), whole[cut])
    assert f.value(x) == pytest.approx(math.fsum(0.5 * whole[cut]), rel=1e-15)


@pytest.mark.parametrize("sequence", ALL_LINEAR, ids=_name)
@given(t=st.lists(starts, min_size=1, max_size=20))
def test_rounds_in_any_order(sequence, t):
    rounds = np.array(t)
    expected = np.vstack([sequence.block(s, s + 1, 0) for s in t])
    assert np.array_equal(sequence.gradients(rounds), expected)


@pytest.mark.parametrize("sequence", RANDOM, ids=_name)
def test_a_random_round_depends_on_the_seed_and_the_round_only(sequence):
    """Whatever rounds were computed before, by this object or by another one."""
    fresh = type(sequence)
    fields = {name: getattr(sequence, name) for name in sequence.__dataclass_fields__}
    asked = [(9000, 1), (1, 0), (4096, 0), (4097, 0), (1, 1), (9000, 0), (1365, 2), (1, 0), (123_456, 0), (1366, 2)]
    warm = {key: sequence.block(key[0], key[0] + 3, key[1]) for key in asked}
    for t, seed in reversed(asked):
        assert np.array_equal(fresh(**fields).block(t, t + 3, seed), warm[t, seed])
        assert np.array_equal(fresh(**fields).gradients(np.arange(t, t + 3), seed), warm[t, seed])


def test_a_random_convex_round_depends_on_the_seed_and_the_round_only():
    x = np.array([0.1, 0.2])
    first = {(t, seed): Bowls().reveal(t, x, seed).gradient(x) for t in (1, 2, 700) for seed in (0, 1)}
    for (t, seed), g in reversed(first.items()):
        assert np.array_equal(Bowls().reveal(t, x, seed).gradient(x), g)
    assert len({tuple(g) for g in first.values()}) == 6


# -- the draws --------------------------------------------------------------------------------

LOG_ODDS = math.log(2e9)  # two-sided bounds below hold with probability at least 1 - 1e-9


def bernstein(n, variance, largest):
    """|mean of n independent terms - its expectation| exceeds this with probability < 1e-9."""
    a = largest * LOG_ODDS / (3.0 * n)
    return a + math.sqrt(a * a + 2.0 * variance * LOG_ODDS / n)


@pytest.mark.parametrize(
    ("sequence", "high", "low", "p"),
    [
        (losses.ReddiStochastic(), 1010.0, -10.0, 0.01),
        (losses.ReddiStochastic(height=5.0, slope=1.0, p=0.3), 5.0, -1.0, 0.3),
        (losses.ReddiTheorem3(C=10.0, delta=1.0), 10.0, -1.0, 2.0 / 11.0),
        (losses.ReddiTheorem3(C=50.0, delta=0.1), 50.0, -1.0, 1.1 / 51.0),
        (losses.Rademacher(), 1.0, -1.0, 0.5),
        (losses.Rademacher(d=3, drift=0.4), 1.0, -1.0, 0.7),
    ],
    ids=label,
)
@pytest.mark.parametrize("seed", [0, 1])
def test_frequencies(sequence, high, low, p, seed):
    """By Bernstein's inequality each coordinate fails with probability below 1e-9."""
    n = 200_000
    g = sequence.block(1, n + 1, seed)
    assert ((g == high) | (g == low)).all()
    assert np.abs((g == high).mean(axis=0) - p).max() <= bernstein(n, p * (1.0 - p), max(p, 1.0 - p))


def test_the_mean_slope_of_theorem_3_is_delta():
    for C, delta in ((10.0, 1.0), (50.0, 0.1)):
        p = (1.0 + delta) / (C + 1.0)
        assert C * p - (1.0 - p) == pytest.approx(delta)
        g = losses.ReddiTheorem3(C=C, delta=delta).block(1, 200_001, 0)
        spread = (C + 1.0) * max(p, 1.0 - p)
        assert abs(g.mean() - delta) <= bernstein(200_000, (C + 1.0) ** 2 * p * (1.0 - p), spread)


@pytest.mark.parametrize("seed", [0, 1])
def test_normal_draws(seed):
    """Mean and variance, each within its exact 1 - 1e-9 interval; and the distribution function by Bernstein."""
    n, d = 100_000, 2
    g = losses.RandomLinear(d=d, mean=0.5, std=3.0).block(1, n + 1, seed)
    z = ((g - 0.5) / 3.0).ravel()
    assert abs(z.mean()) <= -special.ndtri(0.5e-9) / math.sqrt(z.size)
    low, high = (special.chdtri(z.size, q) for q in (1.0 - 0.5e-9, 0.5e-9))
    assert low <= (z**2).sum() <= high
    for point in (-2.0, -0.5, 0.0, 1.0, 2.5):
        p = special.ndtr(point)
        assert abs((z <= point).mean() - p) <= bernstein(z.size, p * (1.0 - p), 1.0)


def test_signs_are_independent():
    """A product of two different independent signs is a sign: between rounds, coordinates, blocks and seeds.

    By Hoeffding's inequality each mean fails with probability below 1e-9.
    """
    n, d = 3 * 4096, 4
    sequence = losses.Rademacher(d=d)
    g = sequence.block(1, n + 1, 0)
    apart = 4096 // d  # rounds that come from different generators
    products = [g[:-lag] * g[lag:] for lag in (1, 2, 3, apart, 2 * apart, 4096)]
    products += [g[:, [0]] * g[:, 1:], g[:, [1]] * g[:, 2:], g * sequence.block(1, n + 1, 1)]
    products += [sequence.block(1, n + 1, s) * sequence.block(1, n + 1, s + 1) for s in range(1, 5)]
    for product in products:
        for column in product.T:
            assert abs(column.mean()) <= math.sqrt(2.0 * LOG_ODDS / column.size)


def test_seeds_give_different_sequences():
    """Two seeds agree on 64 signs with probability 2^-64; over all pairs of 300 seeds, below 1e-14."""
    seeds = [*range(200), *(2**k for k in range(8, 108))]
    assert len({losses.Rademacher().block(1, 65, seed).tobytes() for seed in seeds}) == len(seeds)
    assert len({losses.RandomLinear(d=2).block(5000, 5032, seed).tobytes() for seed in seeds}) == len(seeds)


def test_scale_and_mean_move_the_same_draws():
    plain = losses.RandomLinear(d=3).block(1, 100, 4)
    assert np.array_equal(losses.RandomLinear(d=3, mean=2.0, std=0.5).block(1, 100, 4), 2.0 + 0.5 * plain)
    assert losses.RandomLinear(d=1, mean=1.5, std=0.0).block(1, 4, 0).tolist() == [[1.5]] * 3


# -- bad parameters ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.Mod3(C=0.0), r"C=0.0 must be a positive number"),
        (lambda: losses.Mod3(C=math.nan), r"C=nan must be a positive number"),
        (lambda: losses.ReddiOnline(height=-1.0), r"height=-1.0 must be a positive number"),
        (lambda: losses.ReddiOnline(slope=math.inf), r"slope=inf must be a positive number"),
        (lambda: losses.ReddiOnline(period=1), r"period=1 must be an integer of at least 2"),
        (lambda: losses.ReddiTheorem2(C=7), r"C=7 must be an even integer"),
        (lambda: losses.ReddiTheorem2(C=0), r"C=0 must be an integer of at least 2"),
        (lambda: losses.Periodic([]), r"values has shape \(0,\)"),
        (lambda: losses.Periodic([[[1.0]]]), r"values has shape \(1, 1, 1\)"),
        (lambda: losses.Periodic([1.0, math.nan]), r"values\[1\]=nan must be a finite number"),
        (lambda: losses.ReddiStochastic(p=1.5), r"p=1.5 must be a number in \[0, 1\]"),
        (lambda: losses.ReddiStochastic(p=math.nan), r"p=nan must be"),
        (lambda: losses.ReddiStochastic(height=math.inf), r"height=inf must be a positive number"),
        (lambda: losses.ReddiTheorem3(C=2.0, delta=3.0), r"C=2.0, delta=3.0.*0 < delta <= C"),
        (lambda: losses.ReddiTheorem3(delta=0.0), r"delta=0.0 must be a positive number"),
        (lambda: losses.Rademacher(d=0), r"d=0 must be an integer of at least 1"),
        (lambda: losses.Rademacher(drift=1.5), r"drift=1.5 must be a number in \[-1, 1\]"),
        (lambda: losses.RandomLinear(std=-1.0), r"std=-1.0 must be a number in \[0, inf\)"),
        (lambda: losses.RandomLinear(mean=math.nan), r"mean=nan must be a finite number"),
    ],
)
def test_bad_parameters(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.ReddiOnline(period=10.5), r"period=10.5 must be an integer"),
        (lambda: losses.Rademacher(d=True), r"d=True must be an integer"),
        (lambda: losses.RandomLinear(d=2.0), r"d=2.0 must be an integer"),
        (lambda: losses.SignAdversary(d=1.5), r"d=1.5 must be an integer"),
        (lambda: losses.Periodic(["1"]), r"values=\['1'\] must be an array \(P,\) or \(P, d\) of real numbers"),
        (lambda: losses.Quantile("half"), r"q='half' must be a number in \(0, 1\)"),
        (lambda: losses.Huber(None), r"delta=None must be a positive number"),
    ],
)
def test_parameters_of_a_wrong_type(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize("wrong", [{"d": 0}, {"slope": math.nan}, {"slope": math.inf}])
def test_bad_parameters_of_the_sign_adversary(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        losses.SignAdversary(**wrong)


@dataclass(frozen=True)
class Answers(losses.LinearLosses):
    """A sequence whose gradients a test chooses."""

    what: object

    def gradients(self, t):
        return self.what(t)


@pytest.mark.parametrize(
    ("what", "error", "message"),
    [
        (lambda t: np.ones(t.size), ValueError, r"Answers.gradients returned shape \(\d+,\).*must be \(\d+, d\)"),
        (lambda t: np.ones((1, 1)), ValueError, r"returned shape \(1, 1\) for 2 rounds; it must be \(2, d\)"),
        (lambda t: np.ones((t.size, 0)), ValueError, r"returned shape \(2, 0\)"),
        (lambda t: np.ones((t.size, 1), complex), TypeError, r"returned complex128.*real numbers"),
        (lambda t: [["a"]] * t.size, TypeError, r"returned <U1.*real numbers"),
        (lambda t: None, TypeError, r"returned object.*real numbers"),
    ],
)
def test_what_a_sequence_may_not_return(what, error, message):
    with pytest.raises(error, match=message):
        play(OGD(), Answers(what), Box(), 5)


def test_whole_numbers_will_do():
    game = play(OGD(), Answers(lambda t: (t % 3)[:, None]), Box(), 7, compiled=False)
    assert game.gradient[0].tolist() == [7.0]


# -- adversaries that look --------------------------------------------------------------------


@pytest.mark.parametrize("learner", [OGD(alpha=0.5), AMSGrad(alpha=0.5), Adam(alpha=0.3, beta1=0.0)], ids=_name)
def test_the_opposing_adversary_answers_the_point_and_its_regret_is_that_of_the_game_played(learner):
    T, slope = 300, 2.0
    F = Box([-1.0, -0.5, 0.5], [1.0, 2.0, 3.0])
    game = play(
        learner, losses.SignAdversary(d=3, slope=slope), F, T, start=[0.0, -0.5, 1.0], checkpoints=range(1, T + 1)
    )
    x = game.record.point
    g = np.array([[slope if x_i >= 0.0 else -slope for x_i in row] for row in x])
    assert np.array_equal(np.diff(game.record.gradient[:, 0], axis=0, prepend=0.0), g)
    for t in (1, 2, 17, T):
        paid = math.fsum(slope * np.abs(x[:t]).ravel())
        sums = g[:t].sum(axis=0)
        best = sum(min(a * s, b * s) for a, b, s in zip(F.lo, F.hi, sums, strict=True))
        row = game.regret.loc[t]
        assert row["loss"] == pytest.approx(paid, rel=1e-14)
        assert row["regret"] == pytest.approx(paid - best, rel=1e-13)


@dataclass(frozen=True)
class Remembering(losses.AdaptiveLosses):
    """The slope grows with the round and has the sign of x_t - 1/4."""

    def answer(self, t, x):
        return np.sign(x - 0.25) * t


def test_an_adaptive_adversary_is_told_the_round_and_the_point():
    T = 50
    game = play(OGD(alpha=0.1), Remembering(), Box(), T, checkpoints=range(1, T + 1))
    x = game.record.point[:, 0]
    slopes = np.diff(game.record.gradient[:, 0, 0], prepend=0.0)
    assert slopes.tolist() == [float(np.sign(x_t - 0.25)) * t for t, x_t in enumerate(x, start=1)]
    assert len(set(slopes < 0)) == 2


# -- sequences of one's own, and their best points --------------------------------------------


def test_the_regret_of_the_sawtooth():
    T = 2_000
    game = play(AMSGrad(alpha=0.5), Sawtooth(), Box(-1.0, 2.0), T, checkpoints=range(1, T + 1), compiled=False)
    c = [(t % 5) - 1.5 for t in range(1, T + 1)]
    paid = total = 0.0
    for t, row in zip(range(1, T + 1), game.regret.to_numpy(), strict=True):
        paid += c[t - 1] * game.record.point[t - 1, 0]
        total += c[t - 1]
        best = min(-total, 2.0 * total)
        assert row[:3] == pytest.approx([paid, best, paid - best], rel=1e-11, abs=1e-11)


@dataclass(frozen=True)
class Corners(losses.ConvexLosses):
    """f_t(x) = sum_i |x_i - c_{t,i}|: no curvature anywhere, in several dimensions."""

    dimension = 3

    def centre(self, t):
        return np.sin(t * np.array([1.0, 2.0, 3.0]))

    def value(self, t, x):
        return float(np.abs(x - self.centre(t)).sum())

    def gradient(self, t, x):
        return np.sign(x - self.centre(t))

    def minimum(self, T, seed, lo, hi):
        c = np.array([self.centre(t) for t in range(1, T + 1)])
        return math.fsum(
            min(math.fsum(np.abs(u - c[:, i])) for u in [*np.clip(c[:, i], lo[i], hi[i]), lo[i], hi[i]])
            for i in range(3)
        )


@dataclass(frozen=True)
class Ellipses(losses.ConvexLosses):
    """f_t(x) = <x - c_t, A (x - c_t)>/2 with one A that turns and stretches."""

    dimension = 2
    A = np.array([[10.0, 3.0], [3.0, 1.0]])

    def centre(self, t):
        return np.array([np.cos(t), 2.0 * np.sin(3 * t) + 0.5])

    def value(self, t, x):
        return 0.5 * float((x - self.centre(t)) @ self.A @ (x - self.centre(t)))

    def gradient(self, t, x):
        return self.A @ (x - self.centre(t))

    def minimum(self, T, seed, lo, hi):
        """Least squares with bounds, a method that shares nothing with the package's."""
        c = np.array([self.centre(t) for t in range(1, T + 1)])
        R = np.linalg.cholesky(self.A).T
        if (lo == hi).all():
            return math.fsum(self.value(t, lo) for t in range(1, T + 1))
        u = optimize.lsq_linear(R, R @ c.mean(axis=0), bounds=(lo, hi), method="bvls", tol=1e-15).x
        return math.fsum(self.value(t, u) for t in range(1, T + 1))


@dataclass(frozen=True)
class Draws(losses.RandomConvexLosses):
    """f_t(x) = |x - z_t| with z_t exponential."""

    def draw(self, rng):
        return rng.exponential()

    def value(self, z, x):
        return abs(float(x[0]) - z)

    def gradient(self, z, x):
        return np.sign(x - z)

    def minimum(self, T, seed, lo, hi):
        z = [self.reveal(t, lo, seed).value(np.zeros(1)) for t in range(1, T + 1)]  # |0 - z| = z
        return min(math.fsum(abs(u - c) for c in z) for u in [*np.clip(z, lo[0], hi[0]), lo[0], hi[0]])


@pytest.mark.filterwarnings("ignore:the best point of .* is only known up to a gap:UserWarning")
@pytest.mark.parametrize("box", [(-1.0, 1.0), (0.1, 0.3), (-3.0, -2.0), (0.5, 0.5)], ids=str)
@pytest.mark.parametrize("sequence", [Distances(), Bowls(), Draws(), Ellipses(), Corners()], ids=_name)
def test_the_gap_of_a_numerical_comparator_is_honest(sequence, box):
    """The minimum, computed by other means, lies in [comparator_loss - gap, comparator_loss]."""
    T = 30 if isinstance(sequence, Corners) else 120  # corners are the slowest to solve
    game = play(OGD(alpha=0.3), sequence, Box(*box), T, seed=7, checkpoints=range(1, T + 1))
    conformance.check_points(game, None)
    frame = game.regret
    gaps = frame["gap"] if "gap" in frame else 0.0 * frame["regret"]
    F = game.feasible_set
    for t in frame.index:
        best = sequence.minimum(int(t), 7, F.lo, F.hi)
        found, near = frame.loc[t, "comparator_loss"], 1e-12 * (1.0 + abs(best))
        assert best - near <= found, "a point outside of F?"
        assert found - gaps[t] <= best + near
        assert gaps[t] >= 0.0
    paid = math.fsum(sequence.reveal(t, x, 7).value(x) for t, x in enumerate(game.record.point, start=1))
    assert frame["loss"].iloc[-1] == pytest.approx(paid, rel=1e-13)


@pytest.mark.parametrize(
    ("sequence", "box"),
    [
        (Distances(), (-1.0, 1.0)),
        (Draws(), (0.1, 3.0)),
        (Bowls(), (-1.0, 1.0)),
        (Bowls(), (0.1, 0.3)),
        (Ellipses(), (-1.0, 1.0)),
        (Ellipses(), (0.1, 0.3)),  # from a bad start L-BFGS-B stops early here
    ],
)
def test_the_gap_is_small_in_one_dimension_and_for_smooth_losses(sequence, box):
    game = play(OGD(alpha=0.3), sequence, Box(*box), 120, seed=7, checkpoints=range(1, 121))
    frame = game.regret
    if "gap" in frame:
        assert (frame["gap"] <= 1e-9 * (1.0 + frame["comparator_loss"].abs())).all()


def test_random_convex_games_on_a_seed_meet_the_same_losses():
    games = play_all([OGD(alpha=0.1), OGD(alpha=0.9)], Bowls(), Box(), 30, seeds=(0, 1))
    at_zero = [game.regret_against([0.0, 0.0])["comparator_loss"].iloc[-1] for game in games]
    assert at_zero[0] == at_zero[2]
    assert at_zero[1] == at_zero[3]
    assert at_zero[0] != at_zero[1]


@dataclass(frozen=True)
class Broken(losses.ConvexLosses):
    """Fails in round 5."""

    how: str = "raise"

    def value(self, t, x):
        return float(x[0]) if t < 5 or self.how != "nan" else math.nan

    def gradient(self, t, x):
        if t < 5:
            return np.ones(1)
        if self.how == "raise":
            raise RuntimeError("no data for today")
        return np.ones(2) if self.how == "shape" else np.array([math.inf if self.how == "inf" else 1.0])


@pytest.mark.parametrize("how", ["raise", "shape", "inf", "nan"])
def test_a_sequence_that_fails_is_reported_with_the_round(how):
    with pytest.raises(GameError, match=r"round 5: .*Broken") as error:
        play(OGD(), Broken(how), Box(), 10)
    assert error.value.t == 5
    assert error.value.game.horizon == 4

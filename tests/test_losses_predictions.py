"""Convex sequences beyond linear ones: their formulas in plain numpy, their draws, their blocks, their games.

Tests of random draws have fixed seeds, so they never change their mind; the probability
that an honest generator fails one, over the choice of seed, is stated and below 1e-9.
"""

import dataclasses
import math
import time
from dataclasses import dataclass

import numpy as np
import pytest
from conftest import label
from hypothesis import given, settings
from hypothesis import strategies as st
from pieces import contents
from scipy import optimize, special, stats

import regretlab as rl
from regretlab import losses as L
from regretlab.learners import AMSGrad

RNG = np.random.default_rng(20)
N, D = 23, 3
A = RNG.uniform(-1.0, 1.0, (N, D))
REAL = RNG.standard_normal(N)
SIGNS = np.where(REAL > 0.0, 1.0, -1.0)
CLASSES = np.arange(N) % 4

EXAMPLES = [
    L.Examples(A, REAL, L.Squared(), batch=5, mu=0.1),
    L.ShuffledExamples(A, SIGNS, L.Logistic(), batch=4),
    L.SampledExamples(A, REAL, L.Huber(0.5), batch=3, mu=0.2),
    L.Examples(A, SIGNS, L.Hinge(), batch=50),  # more than there are
    L.ShuffledExamples(A, REAL, L.Quantile(0.3)),
    L.SampledExamples(A[:, :1], REAL, L.Absolute()),
]
SOFTMAX = [
    L.SoftmaxRegression(A, CLASSES, batch=5, mu=0.1),
    L.ShuffledSoftmaxRegression(A, CLASSES, batch=4, classes=6),
    L.SampledSoftmaxRegression(A, CLASSES % 2, batch=30),
]
MODELS = [
    L.RandomLeastSquares(),
    L.RandomLeastSquares(d=1, drift=0.01, mu=0.5),
    L.RandomAbsolute(d=4, conditioning=10.0, density=0.3, noise=0.5, drift=0.001, change=30),
    L.RandomLogistic(d=2, flip=0.1, conditioning=3.0),
    L.RandomLogistic(d=700, change=5),
]
QUADRATICS = [
    L.PeriodicQuadratics([0.5, -0.25, 2.0], mu=2.0),
    L.PeriodicQuadratics(A),
    L.CirclingQuadratics(),
    L.CirclingQuadratics(d=5, radius=1.5, period=7, mu=0.3),
    L.WalkingQuadratics(),
    L.WalkingQuadratics(d=3, step=0.4, radius=0.5, mu=0.1),
]
BLOCKS = [*EXAMPLES, *MODELS, *QUADRATICS]
ALL = [*BLOCKS, *SOFTMAX]
SEEDED = (L.ShuffledExamples, L.SampledExamples, L.ShuffledSoftmaxRegression, L.SampledSoftmaxRegression)
SEEDED = (*SEEDED, L.RandomModel, L.WalkingQuadratics)


def name(value):
    return type(value).__name__


def fresh(sequence):
    """An equal sequence with nothing in its caches."""
    return dataclasses.replace(sequence)


def revealed(sequence, t, seed, x=None):
    x = np.linspace(-0.5, 0.7, sequence.dimension) if x is None else x
    f = sequence.reveal(t, x, seed)
    return f.value(x), f.gradient(x).tobytes()


# -- the same losses in any order of calls ------------------------------------------------------


@pytest.mark.parametrize("sequence", ALL, ids=name)
def test_what_check_losses_asks(sequence):
    if sequence.dimension < 100:
        rl.check_losses(sequence, rl.sets.Box(-1.0, 1.0))
    rl.check_losses(sequence, rl.sets.Box(0.25, 2.0), rounds=5, seed=3)


starts = st.one_of(st.integers(1, 200), st.integers(1, 200_000), st.integers(4_000, 4_200), st.just(2**40))


@pytest.mark.parametrize("sequence", BLOCKS, ids=name)
@settings(max_examples=40)
@given(start=starts, n=st.integers(1, 300), cut=st.integers(0, 299), seed=st.integers(0, 3))
def test_any_block_has_the_same_rounds(sequence, start, n, cut, seed):
    whole = sequence.data(start, start + n, seed)
    assert whole[0].shape[::2] == (n, sequence.dimension)
    assert whole[1].shape == whole[0].shape[:2]
    assert all(part.dtype == np.float64 and part.flags.c_contiguous for part in whole)
    cut = min(cut, n - 1)
    after = fresh(sequence).data(start + cut, start + n, seed)
    before = sequence.data(start, start + cut, seed) if cut else [part[:0] for part in whole]
    one = sequence.data(start + cut, start + cut + 1, seed)
    for i in range(2):
        assert np.concatenate([before[i], after[i]]).tobytes() == whole[i].tobytes()
        assert one[i].tobytes() == whole[i][cut : cut + 1].tobytes()


@pytest.mark.parametrize("sequence", ALL, ids=name)
def test_a_round_depends_on_the_seed_and_the_round_only(sequence):
    asked = [(9000, 1), (1, 0), (4096, 0), (4097, 0), (1, 1), (9000, 0), (1365, 2), (1, 0), (123_456, 0), (1366, 2)]
    known = {key: revealed(sequence, *key) for key in asked}
    for t, seed in reversed(asked):
        assert revealed(fresh(sequence), t, seed) == known[t, seed]
        assert revealed(sequence, t, seed) == known[t, seed]
    rounds = {seed: [revealed(sequence, t, seed) for t in range(1, 60)] for seed in (0, 1)}
    assert (rounds[0] != rounds[1]) == isinstance(sequence, SEEDED)


@pytest.mark.parametrize("sequence", BLOCKS, ids=name)
def test_nobody_changes_a_sequence_through_what_it_returns(sequence):
    before = [part.tobytes() for part in sequence.data(1, 9, 0)]
    for part in sequence.data(1, 9, 0):
        part *= 7.0
    assert [part.tobytes() for part in sequence.data(1, 9, 0)] == before


# -- examples ---------------------------------------------------------------------------------

FORMULAS = {
    L.Squared: (lambda z, y: (z - y) ** 2 / 2, lambda z, y: z - y),
    L.Absolute: (lambda z, y: np.abs(z - y), lambda z, y: np.sign(z - y)),
    L.Huber: (
        lambda z, y: np.where(np.abs(z - y) <= 0.5, (z - y) ** 2 / 2, 0.5 * (np.abs(z - y) - 0.25)),
        lambda z, y: np.clip(z - y, -0.5, 0.5),
    ),
    L.Logistic: (lambda z, y: np.logaddexp(0.0, -y * z), lambda z, y: -y * special.expit(-y * z)),
    L.Hinge: (lambda z, y: np.maximum(0.0, 1.0 - y * z), lambda z, y: -y * (y * z < 1.0)),
    L.Quantile: (
        lambda z, y: np.maximum(0.3 * (y - z), 0.7 * (z - y)),
        lambda z, y: np.where(z < y, -0.3, 0.7),
    ),
}


@pytest.mark.parametrize("sequence", [*EXAMPLES, *MODELS], ids=name)
def test_losses_of_linear_predictions(sequence):
    """Value and gradient from the formula of the pointwise loss and the rows."""
    ell, slope = FORMULAS[type(sequence.link)]
    rng = np.random.default_rng(3)
    for t in (1, 2, 5, 29, 30, 31, 10_000):
        (a,), (y,) = sequence.data(t, t + 1, 2)
        x = rng.uniform(-1.0, 1.0, sequence.dimension)
        f = sequence.reveal(t, x, 2)
        value = ell(a @ x, y).mean() + sequence.mu / 2 * np.sum(x**2)
        assert f.value(x) == pytest.approx(value, rel=1e-12)
        gradient = (slope(a @ x, y)[:, None] * a).mean(axis=0) + sequence.mu * x
        np.testing.assert_allclose(f.gradient(x), gradient, rtol=1e-11, atol=1e-14)


def test_value_and_gradient_of_a_round_are_one_pass_over_its_rows():
    asked = []

    class Counted(L.Squared):
        @staticmethod
        def value(z, y):
            asked.append(y)
            return 0.5 * (z - y) * (z - y)

    f = L.Examples(A, REAL, Counted(), batch=5).reveal(1, A[0], 0)
    x = A[0].copy()
    value, gradient = f.value(x), f.gradient(x)
    assert asked == REAL[:5].tolist()
    gradient *= 2.0  # what was handed out is the caller's
    assert np.array_equal(f.gradient(x), gradient / 2.0)
    x += 1.0  # and so is the point
    assert f.value(x) != value
    assert asked == 2 * REAL[:5].tolist()


@pytest.mark.parametrize("sequence", EXAMPLES, ids=name)
def test_a_block_has_the_examples_of_its_rounds(sequence):
    """Also across the ends of epochs, and of the tables of 4096 draws."""
    for start, stop in ((1, 40), (810, 830), (5000, 9000)):
        index = fresh(sequence).examples(np.arange(start, stop)[::-1], seed=3)[::-1]
        a, y = sequence.data(start, stop, 3)
        assert np.array_equal(a, np.asarray(sequence.features)[index])
        assert np.array_equal(y, np.asarray(sequence.targets)[index])
        one = sequence._examples_of_round(start, 3)
        assert np.array_equal(np.arange(N)[one], index[0])


@pytest.mark.parametrize("b", [1, 5, 23, 50])
def test_rounds_in_order_go_on_at_the_end_of_an_epoch(b):
    sequence = L.Examples(A, REAL, batch=b)
    positions = [[((t - 1) * b + j) % N for j in range(b)] for t in range(1, 100)]
    assert sequence.examples(np.arange(1, 100)).tolist() == positions
    a, y = sequence.data(1, 100, 0)
    assert np.array_equal(a, A[positions])
    assert np.array_equal(y, REAL[positions])
    assert sequence.reveal(7, A[0], 0).value(A[0]) == L.Examples(A, REAL, batch=b).reveal(7, A[0], 9).value(A[0])


@pytest.mark.parametrize("n", [1, 2, 23, 5000])
def test_shuffled_epochs_are_permutations(n):
    features = np.arange(n, dtype=float)[:, None]
    sequence = L.ShuffledExamples(features, features[:, 0], batch=7)
    epochs = 60 if n < 5000 else 7
    order = sequence.examples(np.arange(1, n * epochs // 7 + 2), seed=4).ravel()[: n * epochs].reshape(epochs, n)
    assert np.array_equal(np.sort(order, axis=1), np.tile(np.arange(n), (epochs, 1)))
    if n >= 23:
        assert len({row.tobytes() for row in order}) == epochs
        other = sequence.examples(np.arange(1, n // 7), seed=5).ravel()
        assert not np.array_equal(other, order[0][: other.size])
    a, _ = sequence.data(1, 50, 4)
    assert np.array_equal(a[:, :, 0], sequence.examples(np.arange(1, 50), seed=4))


def test_every_order_is_as_likely():
    """P(fails) < 1e-9: chi-squared tests of 6 orders over 6000 epochs, and of 23 x 23 places over 2300."""
    three = L.ShuffledExamples(np.eye(3), np.zeros(3), batch=3).examples(np.arange(1, 6001), seed=1)
    _, counts = np.unique(three, axis=0, return_counts=True)
    assert stats.chisquare(counts).pvalue > 1e-10
    order = L.ShuffledExamples(A, REAL, batch=N).examples(np.arange(1, 2301), seed=1)
    places = np.stack([np.bincount(column, minlength=N) for column in order.T])
    chi2 = ((places - 100.0) ** 2 / 100.0).sum()
    assert stats.chi2((N - 1) ** 2).sf(chi2) > 1e-10


def test_draws_with_replacement_are_uniform_and_independent():
    """P(fails) < 1e-9: chi-squared tests of examples, and of pairs in a row."""
    drawn = L.SampledExamples(A[:10], REAL[:10], batch=2).examples(np.arange(1, 10_001), seed=2)
    assert stats.chisquare(np.bincount(drawn.ravel(), minlength=10)).pvalue > 1e-10
    assert stats.chisquare(np.bincount(10 * drawn[:, 0] + drawn[:, 1], minlength=100)).pvalue > 1e-10


@pytest.mark.parametrize("sequence", [*EXAMPLES, *SOFTMAX], ids=name)
@pytest.mark.parametrize("t", [1, 2, 6, 60, 3000])
def test_counts(sequence, t):
    listed = sequence.examples(np.arange(1, t + 1), seed=3)
    assert listed.shape == (t, sequence.batch)
    assert np.array_equal(sequence.counts(t, 3), np.bincount(listed.ravel(), minlength=N))


@pytest.mark.parametrize("sequence", [L.ShuffledExamples(A, REAL, batch=2), L.SampledExamples(A, REAL)], ids=name)
def test_rounds_of_examples_in_any_order(sequence):
    t = np.array([70_000, 3, 1, 2, 10**9, 3, 5000])
    a, y = sequence.rows(t, 1)
    for k, s in enumerate(t.tolist()):
        alone = sequence.data(s, s + 1, 1)
        assert np.array_equal(a[k], alone[0][0])
        assert np.array_equal(y[k], alone[1][0])
    assert sequence.examples(np.empty(0, dtype=np.int64)).shape == (0, sequence.batch)


@pytest.mark.parametrize("sequence", [*EXAMPLES, *SOFTMAX, L.PeriodicQuadratics(A)], ids=name)
def test_sequences_keep_their_own_arrays_and_show_their_shape(sequence):
    arrays = [getattr(sequence, field.name) for field in dataclasses.fields(sequence)]
    arrays = [value for value in arrays if isinstance(value, np.ndarray)]
    assert arrays
    assert not any(value.flags.writeable or np.shares_memory(value, given) for value in arrays for given in (A, REAL))
    assert f"<array ({N}, " in repr(sequence)
    assert len(repr(sequence)) < 150
    assert hash(sequence) == hash(sequence)


# -- softmax ----------------------------------------------------------------------------------


def softmax_formula(sequence, index, x):
    """Mean over the examples in ``index`` of logsumexp(X a) - (X a)_y, plus (mu/2) ||X||^2, and its gradient."""
    X = x.reshape(sequence.classes, -1)
    value, gradient = sequence.mu / 2 * np.sum(X**2), sequence.mu * X
    for a, y in zip(sequence.features[index], sequence.labels[index], strict=True):
        z = X @ a
        value += (special.logsumexp(z) - z[y]) / len(index)
        gradient = gradient + np.outer(special.softmax(z) - np.eye(len(z))[y], a) / len(index)
    return value, gradient.ravel()


@pytest.mark.parametrize("sequence", SOFTMAX, ids=name)
def test_softmax_formula(sequence):
    rng = np.random.default_rng(5)
    assert sequence.dimension == sequence.classes * D
    for t in (1, 2, 5, 6, 1000):
        index = sequence.examples(np.array([t]), 1)[0]
        f = sequence.reveal(t, np.zeros(sequence.dimension), 1)
        for scale in (0.0, 1.0, 1000.0):
            x = scale * rng.uniform(-1.0, 1.0, sequence.dimension)
            value, gradient = softmax_formula(sequence, index, x)
            assert f.value(x) == pytest.approx(value, rel=1e-12)
            np.testing.assert_allclose(f.gradient(x), gradient, rtol=1e-10, atol=1e-13)
            numerical = optimize.approx_fprime(x, f.value, 1e-7) if scale == 1.0 else gradient
            np.testing.assert_allclose(f.gradient(x), numerical, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sequence", SOFTMAX, ids=name)
@pytest.mark.parametrize("t", [1, 4, 50])
def test_a_prefix_is_one_function(sequence, t):
    x = np.random.default_rng(6).uniform(-1.0, 1.0, sequence.dimension)
    rounds = [sequence.reveal(s, x, 2) for s in range(1, t + 1)]
    total = sequence.prefix_sum(t, 2)
    assert total.value(x) == pytest.approx(math.fsum(f.value(x) for f in rounds), rel=1e-13)
    np.testing.assert_allclose(total.gradient(x), sum(f.gradient(x) for f in rounds), rtol=1e-11, atol=1e-12)


def test_what_a_softmax_round_remembers_is_no_secret():
    """Value and gradient share a product; a point that changes, or another one, is seen."""
    sequence = SOFTMAX[0]
    x, other = np.zeros(12), np.ones(12)
    f = sequence.reveal(3, x, 0)
    at_zero, g_zero = f.value(x), f.gradient(x).copy()
    x += 1.0  # in place
    assert f.value(x) == sequence.reveal(3, other, 0).value(other) != at_zero
    assert np.array_equal(f.gradient(x), sequence.reveal(3, other, 0).gradient(other))
    x.setflags(write=False)
    assert f.value(x) == f.value(other)
    assert f.value(np.zeros(12)) == at_zero
    g = f.gradient(np.zeros(12))
    assert np.array_equal(g, g_zero)
    g *= 5.0
    assert np.array_equal(f.gradient(np.zeros(12)), g_zero)
    assert sequence.value(3, other) == f.value(other)
    assert np.array_equal(sequence.gradient(3, other), f.gradient(other))


def test_two_classes_are_logistic_regression():
    """With X = (-x/2, x/2) the softmax of two classes is ln(1 + exp(-y <a, x>))."""
    two = L.ShuffledSoftmaxRegression(A, (SIGNS > 0.0).astype(int), batch=6)
    one = L.ShuffledExamples(A, SIGNS, L.Logistic(), batch=6)
    x = np.array([0.5, -1.0, 2.0])
    for t in (1, 4, 5, 77):
        f, g = two.reveal(t, np.zeros(6), 3), one.reveal(t, x, 3)
        u = np.concatenate([-x / 2, x / 2])
        assert f.value(u) == pytest.approx(g.value(x), rel=1e-13)
        np.testing.assert_allclose(f.gradient(u)[3:], g.gradient(x), rtol=1e-12)


# -- quadratics -------------------------------------------------------------------------------


@pytest.mark.parametrize("sequence", QUADRATICS, ids=name)
def test_quadratics_formula(sequence):
    rng = np.random.default_rng(7)
    for t in (1, 2, 8, 999, 1001, 70_000):
        (c,) = sequence.block(t, t + 1, 2)
        x = rng.uniform(-1.0, 1.0, sequence.dimension)
        f = sequence.reveal(t, x, 2)
        assert f.value(x) == pytest.approx(sequence.mu / 2 * np.sum((x - c) ** 2), rel=1e-11, abs=1e-15)
        np.testing.assert_allclose(f.gradient(x), sequence.mu * (x - c), rtol=1e-12, atol=1e-15)
        assert abs(f.value(c)) <= 1e-15 * (1.0 + sequence.mu * (c @ c))


def test_centres():
    pattern = L.PeriodicQuadratics([0.5, -0.25, 2.0])
    assert pattern.block(1, 8, 0).ravel().tolist() == [0.5, -0.25, 2.0, 0.5, -0.25, 2.0, 0.5]
    assert L.PeriodicQuadratics(A).block(N, N + 2, 0).tolist() == [A[-1].tolist(), A[0].tolist()]
    for sequence in (L.CirclingQuadratics(radius=2.0, period=12), L.CirclingQuadratics(d=5, period=7)):
        c = sequence.block(1, 40, 0)
        for t in range(1, 40):
            angle = 2.0 * math.pi * (t - 1) / sequence.period
            expected = [sequence.radius * math.cos(angle - i * math.pi / 2) for i in range(sequence.d)]
            np.testing.assert_allclose(c[t - 1], expected, atol=1e-14)


def test_quadratics_of_your_own():
    @dataclass(frozen=True)
    class Away(L.Quadratics):
        """c_t = (1/t, -1/t)."""

        mu: float = 0.5

        def centres(self, t):
            return np.stack([1.0 / t, -1.0 / t], axis=1)

    assert Away().dimension == 2
    assert Away().reveal(4, np.zeros(2), 0).value(np.array([1.0, 0.0])) == pytest.approx(0.25 * (0.75**2 + 0.25**2))
    rl.check_losses(Away(), rl.sets.Box(-1.0, 1.0))

    for answer, error, message in (
        (np.zeros(3), ValueError, r"Away\.centres returned shape \(3,\) for 3 rounds; it must be \(3, d\)"),
        (np.zeros((2, 2)), ValueError, r"shape \(2, 2\) for 3 rounds"),
        (np.array([[1.0], [np.nan], [0.0]]), ValueError, r"returned \[nan\] for round 6; a centre must be finite"),
        (np.array([["a"]] * 3), TypeError, r"must return real numbers"),
    ):
        broken = type("Away", (L.Quadratics,), {"centres": lambda self, t, answer=answer: answer})
        with pytest.raises(error, match=message):
            broken().data(5, 8, 0)


def test_a_walk_is_a_random_walk():
    """P(fails) < 1e-9: Kolmogorov-Smirnov tests of steps and of far positions, each at 1e-10."""
    free = L.WalkingQuadratics(d=2, step=0.5, radius=1e9)
    c = free.block(1, 20_001, 3)
    steps = np.diff(np.vstack([np.zeros(2), c]), axis=0)  # over several pieces, from c_0 = 0
    for column in steps.T:
        assert stats.kstest(column / 0.5, "norm").pvalue > 1e-10
        assert abs(np.corrcoef(column[1:], column[:-1])[0, 1]) < 6.5 / math.sqrt(len(column))
    assert abs(np.corrcoef(steps.T)[0, 1]) < 6.5 / math.sqrt(len(steps))
    for t in (100, 4096, 4097, 10**6):
        positions = [free.block(t, t + 1, seed)[0, 0] / (0.5 * math.sqrt(t)) for seed in range(300)]
        assert stats.kstest(positions, "norm").pvalue > 1e-10
    lag = [float(np.diff(free.block(5000, 9001, seed)[[0, -1], 0])[0]) for seed in range(300)]
    assert stats.kstest(np.array(lag) / (0.5 * math.sqrt(4000)), "norm").pvalue > 1e-10


def test_a_walk_is_reflected():
    free, kept = (L.WalkingQuadratics(d=2, step=0.3, radius=r).block(1, 5001, 1) for r in (1000.0, 1.0))
    assert np.abs(kept).max() <= 1.0
    for path, at in ((free[:, 0], kept[:, 0]), (free[:, 1], kept[:, 1])):
        for w, c in zip(path, at, strict=True):
            while abs(w) > 1.0:  # mirrored at the side it has passed
                w = 2.0 - w if w > 1.0 else -2.0 - w
            assert c == pytest.approx(w, abs=1e-11)


def test_a_walk_far_away_is_had_at_once():
    sequence = L.WalkingQuadratics(d=3)
    begin = time.process_time()
    late = sequence.block(10**12, 10**12 + 3, 0)
    assert time.process_time() - begin < 1.0
    assert np.array_equal(late, fresh(sequence).block(10**12 - 7, 10**12 + 3, 0)[7:])
    t = np.array([10**9, 2, 5000, 10**9 + 1])
    assert np.array_equal(sequence.centres(t, 5), np.vstack([sequence.block(s, s + 1, 5) for s in t.tolist()]))
    with pytest.raises(ValueError, match="a walk has at most"):
        sequence.block(2**60, 2**60 + 1, 0)


@pytest.mark.parametrize("sequence", QUADRATICS, ids=name)
@pytest.mark.parametrize("F", [rl.sets.Box(-0.1, 0.2), rl.sets.L2Ball(0.3)], ids=label)
def test_the_best_centre_in_hindsight(sequence, F):
    """It meets the optimality condition, and its value is the sum of the losses there."""
    F = F.with_dimension(sequence.dimension)
    t = np.array([1, 2, 17, 60])
    points, values = sequence.best_in_hindsight(F, t, seed=4)
    for stop, u, value in zip(t.tolist(), points, values, strict=True):
        rounds = [sequence.reveal(s, u, 4) for s in range(1, stop + 1)]
        g = sum(f.gradient(u) for f in rounds)
        assert value == pytest.approx(math.fsum(f.value(u) for f in rounds), rel=1e-11, abs=1e-13)
        assert F.contains(u, 1e-12)
        assert float(g @ (u - F.minimize_linear(g))) <= 1e-9 * (1.0 + np.abs(g).sum())


# -- random models ----------------------------------------------------------------------------

T = 40_000
WIDE = 6.5 / math.sqrt(T)  # standard errors of a mean of T terms of variance 1; P < 1e-10 each


def parts(sequence, seed=1, n=T):
    a, y = sequence.data(1, n + 1, seed)
    return a[:, 0], y[:, 0]


def test_features():
    """P(fails) < 1e-9: means of bounded terms within 6.5 standard errors."""
    sequence = L.RandomLeastSquares(d=3, conditioning=100.0, density=0.25)
    a, _ = parts(sequence)
    assert sequence.scales.tolist() == pytest.approx([1.0, 0.1, 0.01])
    scaled = a / sequence.scales
    assert np.abs(scaled).max() <= 1.0
    assert np.abs((scaled != 0.0).mean(axis=0) - 0.25).max() < WIDE * math.sqrt(0.25 * 0.75)
    second = scaled.T @ scaled / T
    assert np.abs(second - 0.25 / 3.0 * np.eye(3)).max() < WIDE * math.sqrt(0.25 / 5.0)
    assert np.abs(scaled.mean(axis=0)).max() < WIDE * math.sqrt(0.25 / 3.0)
    assert L.RandomLeastSquares(d=1, conditioning=100.0).scales.tolist() == [1.0]
    dense, _ = parts(L.RandomLeastSquares(d=2))
    for column in dense.T:
        assert stats.kstest(column, stats.uniform(-1.0, 2.0).cdf).pvalue > 1e-10


@pytest.mark.parametrize(
    ("sequence", "law"),
    [(L.RandomLeastSquares(noise=0.3), "norm"), (L.RandomAbsolute(noise=2.0, drift=0.01, change=99), "laplace")],
    ids=name,
)
def test_noise(sequence, law):
    """P(fails) < 1e-9."""
    a, y = parts(sequence)
    rest = y - np.sum(a * sequence.true_parameter(np.arange(1, T + 1), 1), axis=1)
    assert stats.kstest(rest / sequence.noise, law).pvalue > 1e-10
    quiet = dataclasses.replace(sequence, noise=0.0)
    a, y = parts(quiet, n=200)
    np.testing.assert_allclose(y, np.sum(a * quiet.true_parameter(np.arange(1, 201), 1), axis=1), atol=1e-15)


@pytest.mark.parametrize("flip", [0.0, 0.2])
def test_logistic_labels(flip):
    """P(fails) < 1e-9: P(y = 1) = 1 / (1 + exp(-<a, theta>)), then flipped, in ten bins of <a, theta>."""
    sequence = L.RandomLogistic(d=4, flip=flip)
    a, y = parts(sequence)
    assert set(y.tolist()) == {-1.0, 1.0}
    p = special.expit(a @ sequence.true_parameter(np.array([1]), 1)[0])
    p = (1.0 - flip) * p + flip * (1.0 - p)
    order = np.argsort(p)
    for index in np.array_split(order, 10):
        deviation = ((y[index] > 0.0) - p[index]).sum()
        assert abs(deviation) < 6.5 * math.sqrt((p[index] * (1.0 - p[index])).sum()) + 10.0
    a, y = parts(dataclasses.replace(sequence, noise=0.0))
    against = y * (a @ sequence.true_parameter(np.array([1]), 1)[0]) < 0.0
    assert abs(against.mean() - flip) <= WIDE * math.sqrt(flip * (1.0 - flip))


@pytest.mark.parametrize("cls", [L.RandomLeastSquares, L.RandomAbsolute, L.RandomLogistic])
def test_the_mean_loss_has_its_minimum_at_the_true_parameter(cls):
    """P(fails) < 1e-9: mean gradients there within 6.5 standard errors of zero, and the bounds hold."""
    sequence = cls(d=3)
    a, y = parts(sequence)
    theta = sequence.true_parameter(np.array([1]), 1)[0]
    slope = FORMULAS[type(sequence.link)][1]
    g = slope(a @ theta, y)[:, None] * a
    assert np.all(np.abs(g.mean(axis=0)) < 6.5 * g.std(axis=0) / math.sqrt(T))
    if cls is not L.RandomLeastSquares:
        assert np.abs(slope(a @ np.full(3, -1.0), y)[:, None] * a).max() <= 1.0


def test_the_true_parameter():
    thetas = np.vstack([L.RandomLeastSquares(d=3).true_parameter(np.array([1, 10**6]), seed) for seed in range(400)])
    np.testing.assert_allclose(np.linalg.norm(thetas, axis=1), 1.0, rtol=1e-14)
    assert np.array_equal(thetas[::2], thetas[1::2])  # without a drift it stays
    assert np.abs(thetas[::2].mean(axis=0)).max() < 6.5 / math.sqrt(3 * 400)  # P(fails) < 1e-9
    assert np.array_equal(L.RandomLogistic(d=3).true_parameter(np.array([5]), 7), thetas[[14]])


def test_drift_goes_round_a_square():
    sequence = L.RandomLeastSquares(d=5, drift=1.0 / 400.0)
    theta = sequence.true_parameter(np.arange(1, 1202), 3)
    p, q = theta[0], theta[100]
    assert np.linalg.norm(q) == pytest.approx(1.0, rel=1e-14)
    assert p @ q == pytest.approx(0.0, abs=1e-15)
    for corner, expected in ((200, -p), (300, -q), (400, p), (1100, -q), (1200, p)):
        np.testing.assert_allclose(theta[corner], expected, atol=1e-12)
    np.testing.assert_allclose(theta[30], 0.7 * p + 0.3 * q, atol=1e-13)
    np.testing.assert_allclose(theta[150], 0.5 * q - 0.5 * p, atol=1e-13)
    steps = np.linalg.norm(np.diff(theta, axis=0), axis=1)
    np.testing.assert_allclose(steps, 4.0 * math.sqrt(2.0) / 400.0, rtol=1e-9)
    line = L.RandomLeastSquares(d=1, drift=1.0 / 400.0).true_parameter(np.arange(1, 402), 3)[:, 0]
    np.testing.assert_allclose(line[[0, 100, 200, 250, 400]] / line[0], [1.0, 0.0, -1.0, -0.5, 1.0], atol=1e-13)


def test_an_abrupt_change_turns_the_true_parameter_round():
    calm, torn = L.RandomLeastSquares(d=2, noise=0.0), L.RandomLeastSquares(d=2, noise=0.0, change=50)
    (a, y), (b, z) = parts(calm, n=100), parts(torn, n=100)
    assert np.array_equal(a, b)
    assert np.array_equal(y[:49], z[:49])
    assert np.array_equal(y[49:], -z[49:])


# -- games ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class InPython(L.ConvexLosses):
    """Another sequence, value and gradient in Python, round by round."""

    inner: L.Losses
    seed: int

    @property
    def dimension(self):
        return self.inner.dimension

    def value(self, t, x):
        return self.inner.reveal(t, x, self.seed).value(x)

    def gradient(self, t, x):
        return self.inner.reveal(t, x, self.seed).gradient(x)


LEARNER = AMSGrad(alpha=0.3)
COMPILED = (EXAMPLES[0], MODELS[2], MODELS[3], QUADRATICS[4])  # one for each of some links


@pytest.mark.parametrize("sequence", ALL, ids=name)
def test_round_by_round_in_python_is_the_same_game(sequence):
    options = {"seed": 3, "checkpoints": [1, 2, 30]}
    games = [
        rl.play(LEARNER, losses, rl.sets.Box(-0.5, 0.75), 150, compiled=compiled, **options)
        for losses, compiled in ((sequence, False), (InPython(sequence, 3), False))
    ]
    if sequence in COMPILED:
        games.append(rl.play(LEARNER, sequence, rl.sets.Box(-0.5, 0.75), 150, compiled=True, **options))
    assert all(contents(game) == contents(games[0]) for game in games)


@pytest.mark.parametrize("sequence", [s for s in ALL if s.dimension < 100], ids=name)
def test_a_game_can_be_kept_and_go_on(sequence, tmp_path):
    whole = rl.play(LEARNER, sequence, rl.sets.Box(), 60, seed=2, compiled=False)
    rl.play(LEARNER, sequence, rl.sets.Box(), 25, seed=2, compiled=False).save(tmp_path / "game.npz")
    again = rl.Game.load(tmp_path / "game.npz")
    assert repr(again.losses) == repr(sequence)
    assert contents(again.extend(60, compiled=False)) == contents(whole)


def test_a_learner_learns():
    """The last points are near the true parameter, and near the mean of the centres."""
    model = L.RandomLeastSquares(d=3, noise=0.01)
    game = rl.play(AMSGrad(alpha=0.5), model, rl.sets.Box(-1.0, 1.0), 3000, seed=1, compiled=False)
    np.testing.assert_allclose(game.point, model.true_parameter(np.array([1]), 1)[0], atol=0.02)
    game = rl.play(AMSGrad(alpha=0.5), L.PeriodicQuadratics(A[:4]), rl.sets.Box(-1.0, 1.0), 4000, compiled=False)
    np.testing.assert_allclose(game.point, A[:4].mean(axis=0), atol=0.05)
    game = rl.play(AMSGrad(alpha=0.5), SOFTMAX[0], rl.sets.Box(-1.0, 1.0), 600, checkpoints=[600])
    best = optimize.minimize(
        SOFTMAX[0].prefix_sum(600).value, np.zeros(12), jac=SOFTMAX[0].prefix_sum(600).gradient, bounds=[(-1, 1)] * 12
    )
    assert best.fun <= game.loss.sum() <= best.fun + 60.0


# -- bad input --------------------------------------------------------------------------------

HOLE = A.copy()
HOLE[4, 2] = np.nan


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.Examples(HOLE, REAL), r"features\[4, 2\]=nan must be a finite number"),
        (lambda: L.Examples(A[:, 0], REAL), r"features has shape \(23,\); it must be \(N, d\) and not empty"),
        (lambda: L.Examples(A[:0], REAL[:0]), r"features has shape \(0, 3\); it must be \(N, d\) and not empty"),
        (lambda: L.Examples(A, REAL[:-1]), r"targets has shape \(22,\), and features has 23 rows"),
        (lambda: L.Examples(A, np.append(REAL[:-1], np.inf)), r"targets\[22\]=inf must be a finite number"),
        (lambda: L.Examples(A, REAL, L.Logistic()), r"label .* at index \(0,\): a label of Logistic must be one of"),
        (lambda: L.ShuffledExamples(A, REAL, batch=0), r"batch=0 must be an integer of at least 1"),
        (lambda: L.Examples(A, REAL, mu=-1.0), r"mu=-1.0 must be a number in \[0, inf\)"),
        (lambda: L.SoftmaxRegression(A, REAL), r"labels\[\d+\]=.* must be one of 0, 1, ..., k - 1"),
        (lambda: L.SoftmaxRegression(A, CLASSES - 1), r"labels\[0\]=-1 must be one of 0, 1, ..., k - 1"),
        (lambda: L.SoftmaxRegression(A, CLASSES, classes=3), r"labels\[3\]=3 must be one of 0, 1, ..., 3 - 1"),
        (lambda: L.SoftmaxRegression(A, CLASSES, classes=1), r"classes=1 must be an integer of at least 2"),
        (lambda: L.SoftmaxRegression(A, CLASSES[1:]), r"labels has shape \(22,\), and features has 23 rows"),
        (lambda: L.SoftmaxRegression(HOLE, CLASSES), r"features\[4, 2\]=nan must be a finite number"),
        (lambda: L.SoftmaxRegression(A, CLASSES, mu=np.nan), r"mu=nan must be a number in"),
        (lambda: L.RandomLeastSquares(d=0), r"d=0 must be an integer of at least 1"),
        (lambda: L.RandomLeastSquares(conditioning=0.5), r"conditioning=0.5 must be a number in \[1, inf\)"),
        (lambda: L.RandomLeastSquares(conditioning=0.0), r"conditioning=0.0 must be a number in \[1, inf\)"),
        (lambda: L.RandomAbsolute(density=0.0), r"density=0.0 must be a number in \(0, 1\]"),
        (lambda: L.RandomAbsolute(density=1.1), r"density=1.1 must be a number in \(0, 1\]"),
        (lambda: L.RandomAbsolute(noise=-1.0), r"noise=-1.0 must be a number in \[0, inf\)"),
        (lambda: L.RandomAbsolute(drift=0.3), r"drift=0.3 must be a number in \[0, 0.25\]"),
        (lambda: L.RandomAbsolute(change=0), r"change=0 must be an integer of at least 1"),
        (lambda: L.RandomLogistic(flip=1.5), r"flip=1.5 must be a number in \[0, 1\]"),
        (lambda: L.RandomLogistic(flip=-0.5), r"flip=-0.5 must be a number in \[0, 1\]"),
        (lambda: L.RandomLogistic(mu=-0.5), r"mu=-0.5 must be a number in \[0, inf\)"),
        (lambda: L.PeriodicQuadratics([]), r"pattern has shape .*; it must be \(P,\) or \(P, d\) and not empty"),
        (lambda: L.PeriodicQuadratics(3.0), r"pattern has shape \(\); it must be \(P,\) or \(P, d\)"),
        (lambda: L.PeriodicQuadratics([1.0, np.inf]), r"pattern\[1\]=inf must be a finite number"),
        (lambda: L.PeriodicQuadratics([1.0], mu=0.0), r"mu=0.0 must be a positive number"),
        (lambda: L.CirclingQuadratics(period=1), r"period=1 must be an integer of at least 2"),
        (lambda: L.CirclingQuadratics(radius=0.0), r"radius=0.0 must be a positive number"),
        (lambda: L.WalkingQuadratics(step=0.0), r"step=0.0 must be a positive number"),
        (lambda: L.WalkingQuadratics(radius=np.inf), r"radius=inf must be a positive number"),
    ],
)
def test_bad_values_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.Examples([["a"]], [1.0]), r"features=.* must be an array \(N, d\) of real numbers"),
        (lambda: L.Examples(A, REAL, link="squared"), r"link='squared' must be a PointwiseLoss"),
        (lambda: L.Examples(A, REAL, link=L.Squared), r"link=.* must be a PointwiseLoss"),
        (lambda: L.SoftmaxRegression(A, ["x"] * N), r"labels=.* must be an array \(N,\) of real numbers"),
        (lambda: L.PeriodicQuadratics(["x"]), r"pattern=\['x'\] must be an array"),
        (lambda: L.SampledExamples(A, REAL, batch=1.5), r"batch=1.5 must be an integer of at least 1"),
        (lambda: L.SoftmaxRegression(A, CLASSES, batch=True), r"batch=True must be an integer of at least 1"),
        (lambda: L.RandomAbsolute(noise="loud"), r"noise='loud' must be a number in \[0, inf\)"),
        (lambda: L.CirclingQuadratics(d=2.0), r"d=2.0 must be an integer of at least 1"),
    ],
)
def test_bad_types_are_named(make, message):
    with pytest.raises(TypeError, match=message):
        make()

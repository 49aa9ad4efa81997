"""Solvers for comparators: the same answer whatever the way to it, with a gap that is never too small."""

import cvxpy as cp
import numpy as np
import pytest
from conftest import label
from oracles.cumulative_losses import LINKS, agree, exact, objective_of, problem, solved
from pieces import INTERVAL, Distances, Squares, cube

import regretlab as rl
from regretlab import play
from regretlab.learners import OGD
from regretlab.losses import (
    Absolute,
    ConvexLosses,
    Examples,
    Hinge,
    Huber,
    Logistic,
    Quantile,
    SoftmaxRegression,
    Squared,
)
from regretlab.regret import Solver, Tangent, minimize_sums, sums_of
from regretlab.regret.solvers import newton, one_dimensional, quadratic_program
from regretlab.regret.solvers.accelerated_gradient import accelerate
from regretlab.regret.solvers.bundle import Bundle
from regretlab.regret.solvers.optimality_gap import Minimum
from regretlab.regret.solvers.quadratic_program import QuadraticSolver
from regretlab.sets import Box, CappedSimplex, L1Ball, L2Ball, Simplex


def test_the_smallest_quadratics_on_every_set():
    """<g, v> + <v, H v>/2 with H of condition 1 and 1e10: the Frank-Wolfe gap is that of rounding errors."""
    rng = np.random.default_rng(0)
    for d in (2, 7, 30):
        for F in (cube(d), Simplex(d), L1Ball(1.0, d), L2Ball(1.0, dimension=d), CappedSimplex(d, 2.0 / d)):
            quadratic = QuadraticSolver(F)
            for condition in (1.0, 1e4, 1e10):
                Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
                H = (Q * np.logspace(0.0, -np.log10(condition), d)) @ Q.T
                g = -H @ rng.standard_normal(d)
                v = quadratic.minimize(g, H, np.zeros(d), 1e-13)
                slope = g + H @ v
                assert float(slope @ (v - F.minimize_linear(slope))) <= 1e-11
                assert F.contains(v, 1e-12)


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (0.0, [0.0, 1e-6, 1.0, 1e6, 3.0])], ids=["cube", "slanted"])
def test_quadratics_on_a_box_by_daqp_and_without(bounds, monkeypatch):
    """Bounds are met exactly, whatever the lengths of the edges; where daqp fails, Wolfe's method has the answer."""
    rng = np.random.default_rng(3)
    box = Box(*(np.broadcast_to(bound, 5) for bound in bounds))
    A = rng.standard_normal((8, 5))
    g, H, u = 10.0 * rng.standard_normal(5), A.T @ A, box.project(rng.standard_normal(5))
    v = QuadraticSolver(box).minimize(g, H, u, 0.0)
    slope = g + H @ (v - u)
    free = (v > box.lo) & (v < box.hi)
    assert 0 < free.sum() < 5
    assert np.abs(slope[free]).max() <= 1e-9 * np.abs(slope).max()
    assert (slope[v == box.lo] >= 0.0)[box.lo[v == box.lo] < box.hi[v == box.lo]].all()
    monkeypatch.setattr(quadratic_program, "_daqp", lambda *problem: None)
    other = QuadraticSolver(box).minimize(g, H, u, 0.0)
    value, least = (float(g @ (x - u) + 0.5 * (x - u) @ H @ (x - u)) for x in (other, v))
    assert value == pytest.approx(least, rel=1e-9)


@pytest.mark.parametrize("link", [Squared(), Logistic(), Absolute(), Hinge()], ids=label)
@pytest.mark.parametrize("F", [cube(4), L2Ball(0.5, dimension=4)], ids=label)
def test_where_it_starts_does_not_matter(link, F):
    a, y = problem(next(name for name in LINKS if LINKS[name] == link), 4, 120, 1, np.random.default_rng(2))
    game = play(OGD(), Examples(a, y, link), F, 120)
    stops = [1, 2, 5, 17, 60, 120]
    warm = Solver(sums_of(game))
    one_after_the_other = [warm.minimize(1, t + 1) for t in stops]
    agree(one_after_the_other, [Solver(sums_of(game)).minimize(1, t + 1) for t in stops])
    start = F.minimize_linear(np.arange(4.0) - 1.5)
    agree(one_after_the_other, [Solver(sums_of(game), start).minimize(1, t + 1) for t in stops])
    assert all(best.tolerated() for best in one_after_the_other)


@pytest.mark.parametrize("link", [Absolute(), Hinge(), Quantile(0.3)], ids=label)
@pytest.mark.parametrize("F", [cube(3), L2Ball(0.5, dimension=3), Simplex(3)], ids=label)
def test_few_kinks_and_many_have_the_same_answer(link, F, monkeypatch):
    """All kinks at once, smoothing until few are left, and smoothing alone."""
    rng = np.random.default_rng(4)
    a, z = rng.standard_normal((300, 3)), rng.standard_normal(300)
    game = play(OGD(), Examples(a, np.sign(z) if link.labels else z, link), F, 300)
    found = []
    for most in (2000, 60, 0):
        monkeypatch.setattr(newton, "MOST_KINKS", most)
        found.append([Solver(sums_of(game)).minimize(1, t + 1) for t in (7, 300)])
    agree(found[0], found[1])
    agree(found[0], found[2])
    assert all(best.tolerated() for best in (*found[0], *found[1]))


def test_dimensions_beyond_second_derivatives():
    rng = np.random.default_rng(7)
    a, y = problem("logistic", 70, 200, 1, rng)
    game = play(OGD(), Examples(a / 10.0, y, Logistic(), mu=0.01), L2Ball(1.0, dimension=70), 200, checkpoints=[200])
    frame = game.regret
    assert (frame["gap"] <= 1e-8 * (1.0 + frame["loss"])).all()
    found = sums_of(game)
    minimum = Minimum(found, 1, 201)
    accelerate(minimum, np.zeros(70), 0.0)  # what more than 1000 dimensions get
    assert minimum.value - minimum.gap <= frame["comparator_loss"].iloc[-1] <= minimum.value + frame["gap"].iloc[-1]
    assert minimum.gap <= 1e-6 * (1.0 + frame["loss"].iloc[-1])


def separable(d, classes, n):
    """Softmax regression that almost any examples allow to solve without a mistake: flat, far from the origin."""
    rng = np.random.default_rng(d)
    a = rng.random((n, d)) * (rng.random((n, d)) < 0.5)
    return SoftmaxRegression(a, rng.integers(0, classes, n), batch=n // 2, classes=classes)


@pytest.mark.parametrize(
    "F", [Box(-1.0, 1.0), L2Ball(10.0), L1Ball(20.0), Simplex(120, 20.0), Box(0.1, 0.1)], ids=label
)
def test_softmax_regression_in_many_dimensions(F):
    """At t = 1 too, where the least loss is small; no point of F pays less than the gap allows."""
    losses, rng = separable(30, 4, 60), np.random.default_rng(1)
    game = play(OGD(), losses, F, 3)
    sums = sums_of(game)
    solver = Solver(sums)
    for t in (1, 3):
        best = solver.minimize(1, t + 1)
        assert best.tolerated()
        assert game.feasible_set.contains(best.point)
        assert best.value == pytest.approx(sum(losses.value(s, best.point) for s in range(1, t + 1)), rel=1e-12)
        for _ in range(50):
            step = 10.0 ** rng.uniform(-6, 0) * rng.standard_normal(120)
            v = game.feasible_set.project(best.point + step)
            assert sum(losses.value(s, v) for s in range(1, t + 1)) >= best.value - best.gap


@pytest.mark.parametrize("F", [cube(70), L2Ball(0.5, dimension=70), Simplex(70)], ids=label)
def test_measured_second_derivatives(F):
    """Of a quadratic they are exact in the directions that F has, at corners and inside."""
    rng = np.random.default_rng(5)
    a, y = rng.standard_normal((90, 70)), rng.standard_normal(90)
    game = play(OGD(), Examples(a, y, Squared()), F, 90, checkpoints=[90])
    found = sums_of(game)
    for u in (F.nearest_to_origin(), F.minimize_linear(a[0]), F.project(0.02 * a[1])):
        quasi_newton = newton.QuasiNewton()
        quasi_newton.measure(found, 1, 91, u, found.at(u, 1, 91).gradient)
        B = quasi_newton._matrix
        ways = np.array([F.minimize_linear(c) for c in rng.standard_normal((20, 70))]) - F.nearest_to_origin()
        assert ways @ B @ ways.T == pytest.approx((ways @ a.T) @ (ways @ a.T).T, rel=1e-6, abs=1e-4)


def test_accelerated_gradients_step_back_from_steps_that_are_too_long():
    """A step of the first length goes far beyond the minimum, to where changes of the gradient say little."""
    rng = np.random.default_rng(0)
    losses = SoftmaxRegression(rng.random((200, 150)), rng.integers(0, 10, 200), batch=128, classes=10)
    game = play(OGD(0.01), losses, L2Ball(10.0), 2)
    found = sums_of(game)
    minimum = Minimum(found, 1, 3)
    accelerate(minimum, np.zeros(1500), 0.0)
    assert minimum.gap <= 1e-3 * found.value(np.zeros(1500), 1, 3)


def test_kinks_in_many_dimensions():
    rng = np.random.default_rng(3)
    a, y = problem("hinge", 80, 200, 1, rng)
    row = play(OGD(), Examples(a, y, Hinge()), L2Ball(2.0, dimension=80), 200, checkpoints=[200]).regret.iloc[-1]
    x = cp.Variable(80)
    least = solved(objective_of("hinge", a @ x, y), [cp.norm(x, 2) <= 2.0])
    assert abs(row["comparator_loss"] - least) <= row["gap"] + 1e-6 * (1.0 + least)
    assert row["gap"] <= 1e-8 * (1.0 + row["loss"])


@pytest.mark.parametrize("link", [Absolute(), Quantile(0.25), Hinge(), Squared(), Logistic(), Huber(0.1)], ids=label)
def test_one_dimension_is_exact(link):
    rng = np.random.default_rng(11)
    n = 90
    a = rng.choice([-1.0, 1.0, 2.0], n)[:, None]
    y = rng.choice([-1.0, 1.0], n) if link.labels else np.round(rng.standard_normal(n), 1)
    for F in (Box(-0.7, 0.9), Box(0.2, 0.25), Box(-2.0, -1.5)):
        game = play(OGD(), Examples(a, y, link), F, n, checkpoints=[2, 7, n])
        frame = game.regret
        for t, row in frame.iterrows():
            kinks = np.clip(np.concatenate([(y / a[:, 0])[:t], np.linspace(F.lo, F.hi, 41)]), F.lo, F.hi)
            least = min(exact(game, t, np.array([u])) for u in kinks)
            if not link.smooth:  # linear between the kinks
                assert row["comparator_loss"] == pytest.approx(least, rel=1e-13, abs=1e-13)
            assert row["comparator_loss"] <= least + 1e-13 * (1.0 + least)
            assert row["comparator_loss"] - row["gap"] <= least
            assert row["gap"] <= 2e-10 * (1.0 + row["loss"])


def test_a_bundle_of_one_tangent_is_no_loss():
    """The first model is linear; nothing is divided by zero."""
    game = play(OGD(), Distances(2), cube(2), 5)
    found = sums_of(game)
    minimum = Minimum(found, 1, 6)
    Bundle([minimum.evaluate(np.zeros(2))]).minimize(minimum, QuadraticSolver(game.feasible_set))
    assert minimum.gap <= 1e-8


def game_of(losses, F=None, T=40, seed=0):
    return play(OGD(0.3), losses, F or cube(losses.dimension), T, seed=seed)


def centres(losses, t):
    return np.array([losses.centre(s) for s in range(1, t + 1)])


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize(
    "F", [cube, lambda d: rl.sets.Box(np.full(d, 0.1), np.full(d, 0.4))], ids=["inside", "at the bound"]
)
def test_squares_are_least_at_the_mean(d, F):
    losses, t = Squares(d), np.array([1, 3, 20])
    F = F(d)
    points, values, gaps = minimize_sums(game_of(losses, F), t)
    for row, stop in enumerate(t):
        z = centres(losses, stop)
        best = F.project(z.mean(axis=0))
        assert points[row] == pytest.approx(best, abs=1e-6)
        assert values[row] == pytest.approx(((z - best) ** 2).sum(), rel=1e-10)
        assert 0.0 <= gaps[row] <= 1e-6
        assert F.contains(points[row])


@pytest.mark.parametrize("F", [INTERVAL, rl.sets.Box(-0.9, -0.3), rl.sets.Box(0.25, 0.25)], ids=label)
def test_distances_are_least_at_the_median(F):
    losses, t = Distances(), np.arange(1, 21)
    points, values, gaps = minimize_sums(game_of(losses, F), t)
    for row, stop in enumerate(t):
        z = centres(losses, stop)
        best = np.abs(z - F.project(np.median(z))).sum()
        assert values[row] == pytest.approx(best, abs=1e-12)
        assert values[row] - gaps[row] <= best + 1e-12
        assert F.contains(points[row])


@pytest.mark.parametrize("d", [2, 4])
def test_the_gap_is_honest_where_the_losses_have_kinks(d):
    losses, t = Distances(d), np.array([2, 11, 30])
    points, values, gaps = minimize_sums(game_of(losses), t)
    for row, stop in enumerate(t):
        z = centres(losses, stop)
        best = np.abs(z - np.median(z, axis=0)).sum()
        assert values[row] == pytest.approx(np.abs(z - points[row]).sum(), rel=1e-12)
        assert values[row] - gaps[row] <= best + 1e-12
        assert values[row] >= best - 1e-12


class Flat(ConvexLosses):
    def value(self, t, x):
        return 2.5

    def gradient(self, t, x):
        return np.zeros(1)


class Tilted(ConvexLosses):
    def value(self, t, x):
        return float(-3.0 * x[0])

    def gradient(self, t, x):
        return np.array([-3.0])


class Steep(ConvexLosses):
    """max(-x, 1e9 (x - 1e-7)): a minimum that bisection has to look for."""

    def value(self, t, x):
        return float(max(-x[0], 1e9 * (x[0] - 1e-7)))

    def gradient(self, t, x):
        return np.array([-1.0 if -x[0] >= 1e9 * (x[0] - 1e-7) else 1e9])


@pytest.mark.parametrize(("losses", "best"), [(Flat(), 2.5), (Tilted(), -3.0), (Steep(), -1e-7 / (1.0 + 1e-9))])
def test_one_round_in_one_dimension(losses, best):
    (point,), (value,), (gap,) = minimize_sums(game_of(losses, INTERVAL, T=1), np.array([1]))
    assert INTERVAL.contains(point)
    assert value == losses.value(1, point)
    assert value == pytest.approx(best, abs=1e-12)
    assert value - gap <= best + 1e-22
    assert gap >= 0.0


def test_the_gap_is_in_the_table_of_the_regret():
    game = game_of(Distances(2))
    frame = game.regret
    assert list(frame.columns) == ["loss", "comparator_loss", "regret", "average_regret", "gap"]
    assert (frame["gap"] >= 0.0).all()
    z = centres(game.losses, 40)
    best = np.abs(z - np.median(z, axis=0)).sum()
    last = frame.iloc[-1]
    assert last["regret"] - 1e-12 <= last["loss"] - best <= last["regret"] + last["gap"] + 1e-12


def test_a_box_of_one_point():
    F = rl.sets.Box([0.2, 0.3], [0.2, 0.3])
    points, values, gaps = minimize_sums(game_of(Squares(2), F), np.array([1, 5]))
    assert points.tolist() == [[0.2, 0.3]] * 2
    assert gaps == pytest.approx(0.0, abs=1e-12)
    assert values[0] == Squares(2).value(1, np.array([0.2, 0.3]))


@pytest.mark.parametrize(("slope", "apart", "error"), [(2.0, 0.01, 0.105), (-2.0, 3.0, 0.6), (0.2, 0.01, 0.6)])
def test_errors_of_tangents_between_two_points(slope, apart, error):
    """That of the value, and of the slope over the distance; over all of F where the slope may have the other sign."""
    tangent = Tangent(1.0, np.array([slope]), 0.0, minorant_error=0.5, value_error=0.1, size=1.0)
    assert one_dimensional._error(tangent, apart, 1.0) == pytest.approx(error)

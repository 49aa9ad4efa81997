"""Comparators against an independent convex solver; their error bars are never too small."""

import gc
import math
import tracemalloc
import warnings
from dataclasses import dataclass
from typing import ClassVar

import cvxpy as cp
import numpy as np
import pytest
from conftest import label
from pieces import INTERVAL, Distances, Following, NoisySquares, Squares, Waves, cube
from scipy import optimize

import regretlab as rl
from regretlab import play
from regretlab.learners import OGD, Adam, AMSGrad, Learner, State
from regretlab.losses import (
    Absolute,
    ConvexLosses,
    Examples,
    Hinge,
    Huber,
    Logistic,
    Mod3,
    PointwiseLoss,
    Quantile,
    RandomAbsolute,
    RandomConvexLosses,
    RandomLeastSquares,
    RandomLinear,
    RandomLogistic,
    ShuffledExamples,
    SignAdversary,
    SoftmaxRegression,
    Squared,
)
from regretlab.regret import (
    ComparatorWarning,
    Solver,
    hindsight,
    best_points,
    cumulative_loss_of,
)
from regretlab.regret import (
    cumulative_loss as sums,
)
from regretlab.regret import (
    cumulative_prediction_loss as links,
)
from regretlab.regret.solvers import newton as descent_module
from regretlab.regret.solvers.accelerated_gradient import accelerate
from regretlab.regret.solvers.bundle import Bundle
from regretlab.regret.solvers.optimality_gap import Minimum
from regretlab.regret.solvers.quadratic_program import QuadraticSolver
from regretlab.sets import (
    Box,
    CappedSimplex,
    Halfspace,
    L1Ball,
    L2Ball,
    LinfBall,
    Polytope,
    Product,
    Reals,
    Simplex,
)

LINKS = {"squared": Squared(), "logistic": Logistic(), "absolute": Absolute(), "hinge": Hinge()}
EPS = np.finfo(float).eps


def set_of(kind, d, rng):
    """A feasible set, and the constraints that say the same to cvxpy."""
    r = float(rng.uniform(0.2, 1.5))
    if kind == "box":
        lo = rng.uniform(-1.0, 0.3, d)
        hi = lo + rng.uniform(0.1, 1.5, d)
        return Box(lo, hi), lambda x: [x >= lo, x <= hi]
    if kind == "ball":
        centre = rng.uniform(-0.5, 0.5, d)
        return L2Ball(r, centre), lambda x: [cp.norm(x - centre, 2) <= r]
    if kind == "simplex":
        return Simplex(d, r), lambda x: [x >= 0, cp.sum(x) == r]
    return L1Ball(r, d), lambda x: [cp.norm(x, 1) <= r]


def value_of(link, z, y):
    """The link in numpy, written once more."""
    return {
        "Squared": lambda: 0.5 * (z - y) ** 2,
        "Absolute": lambda: np.abs(z - y),
        "Logistic": lambda: np.logaddexp(0.0, -y * z),
        "Hinge": lambda: np.maximum(0.0, 1.0 - y * z),
        "Quantile": lambda: np.where(z < y, link.q * (y - z), (1.0 - link.q) * (z - y)),
        "Huber": lambda: np.where(
            np.abs(z - y) <= link.delta, 0.5 * (z - y) ** 2, link.delta * (np.abs(z - y) - 0.5 * link.delta)
        ),
    }[type(link).__name__]()


def objective_of(name, z, y):
    """The link for cvxpy, summed."""
    return {
        "squared": lambda: 0.5 * cp.sum_squares(z - y),
        "absolute": lambda: cp.sum(cp.abs(z - y)),
        "logistic": lambda: cp.sum(cp.logistic(-cp.multiply(y, z))),
        "hinge": lambda: cp.sum(cp.pos(1 - cp.multiply(y, z))),
    }[name]()


def problem(name, d, T, batch, rng):
    a = rng.standard_normal((T * batch, d)) * rng.uniform(0.3, 3.0, d)
    z = a @ rng.standard_normal(d) + rng.uniform(0.0, 2.0) * rng.standard_normal(T * batch)
    return a, (np.where(z >= 0.0, 1.0, -1.0) if LINKS[name].labels else z)


def data_of(game, t):
    """All rows of the rounds 1..t."""
    a, y = game.losses.data(1, t + 1, game.seed)
    return a.reshape(-1, a.shape[2]), y.ravel()


def exact(game, t, u):
    """sum_{s<=t} f_s(u), without the code under test."""
    a, y = data_of(game, t)
    return math.fsum(value_of(game.losses.link, a @ u, y)) * t / len(y) + 0.5 * t * game.losses.mu * float(u @ u)


# -- an independent solver --------------------------------------------------------------


def solved(objective, constraints):
    """The minimum, by a solver that says that it found it."""
    peer = cp.Problem(cp.Minimize(objective), constraints)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the first one gives up now and then
        peer.solve(solver="CLARABEL")
        if peer.status != "optimal":
            peer.solve(solver="SCS", eps=1e-9)
    assert peer.status == "optimal"
    return peer.value


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("kind", ["box", "ball", "simplex", "l1ball"])
def test_random_problems_against_cvxpy(name, kind):
    """13 problems each, 208 in all, with 1 to 6 dimensions, single rows and minibatches, strongly convex or not."""
    for k in range(13):
        rng = np.random.default_rng([k, *map(ord, name + kind)])
        d, T, batch, mu = 1 + k % 6, int(rng.integers(3, 60)), 1 + k % 2, (0.0, 0.1)[k % 3 == 0]
        a, y = problem(name, d, T, batch, rng)
        F, constraints = set_of(kind, d, rng)
        game = play(OGD(0.1), Examples(a, y, LINKS[name], batch, mu), F, T, checkpoints=[T])
        frame = game.regret
        row = frame.iloc[-1]
        x = cp.Variable(d)
        objective = objective_of(name, a @ x, y) / batch + 0.5 * T * mu * cp.sum_squares(x)
        least = solved(objective, constraints(x))
        scale = 1.0 + abs(row["loss"])
        tolerance = 2e-7 * scale  # of the peer
        assert abs(row["comparator_loss"] - least) <= row["gap"] + tolerance
        # its point, put into F, is one of those that the lower bound is about
        there = exact(game, T, F.project(x.value))
        assert row["comparator_loss"] - row["gap"] <= there
        assert row["comparator_loss"] <= there + 1e-8 * scale
        assert 0.0 <= row["gap"] <= 1e-8 * scale
        u = rl.regret.best_in_hindsight(game).point[-1]
        assert F.contains(u)
        assert exact(game, T, u) == pytest.approx(row["comparator_loss"], rel=1e-13, abs=1e-14)


def test_kinks_agree_with_a_linear_program():
    """Least absolute deviations on a box: HiGHS finds the vertex."""
    rng = np.random.default_rng(5)
    for n, d in ((4, 6), (40, 3), (200, 5)):
        a, y = problem("absolute", d, n, 1, rng)
        game = play(OGD(0.1), Examples(a, y, Absolute()), cube(d), n, checkpoints=[n])
        row = game.regret.iloc[-1]
        eye = np.eye(n)
        program = optimize.linprog(
            np.concatenate([np.zeros(d), np.ones(n)]),
            A_ub=np.block([[a, -eye], [-a, -eye]]),
            b_ub=np.concatenate([y, -y]),
            bounds=[(-1.0, 1.0)] * d + [(0.0, None)] * n,
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        assert abs(row["comparator_loss"] - program.fun) <= row["gap"] + 1e-9 * program.fun
        assert row["gap"] <= 1e-9 * program.fun + 1e-11


# -- the gap ------------------------------------------------------------------------------


def nasty(kind, n, d, rng):
    a = rng.standard_normal((n, d))
    if kind == "scales":
        a *= 10.0 ** rng.uniform(-6, 3, d)
    elif kind == "collinear":
        a[:, 1:] = a[:, :1] * (1.0 + 1e-9 * rng.standard_normal(d - 1))
    elif kind == "repeated":
        a = np.tile(np.round(a[: max(1, n // 8)]), (8, 1))[:n]
    elif kind == "zero":
        a[::2] = 0.0
        a[:, -1] = 0.0
    elif kind == "far":
        a += 1e4
    return a


@pytest.mark.parametrize("kind", ["scales", "collinear", "repeated", "zero", "far"])
@pytest.mark.parametrize("link", [Squared(), Logistic(), Absolute(), Hinge(), Quantile(0.9), Huber(0.2)], ids=label)
def test_the_gap_is_never_understated(kind, link):
    """Whatever the data: no point of F pays less than comparator_loss - gap, and the value is that of the point."""
    rng = np.random.default_rng(len(kind))
    n, d = 48, 4
    a = nasty(kind, n, d, rng)
    z = a @ rng.standard_normal(d)
    y = np.where(z >= 0.0, 1.0, -1.0) if link.labels else z + rng.standard_normal(n)
    for F in (cube(d), L2Ball(0.7, dimension=d), Simplex(d)):
        game = play(OGD(0.1), Examples(a, y, link), F, n, checkpoints=[1, 3, n])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ComparatorWarning)
            best = rl.regret.best_in_hindsight(game)
        for t, u, value, gap in zip(best.record.t.tolist(), best.point, best.loss, best.gap, strict=True):
            others = [F.project(u + 10.0 ** rng.uniform(-9, 0) * rng.standard_normal(d)) for _ in range(60)]
            others += list(F.minimize_linear(rng.standard_normal((20, d))))
            least = min(exact(game, t, v) for v in [*others, u])
            far = np.abs(data_of(game, t)[0]) @ np.full(d, 1.0)
            rounding = 8 * d * EPS * float((far * (1.0 + far)).sum() + np.abs(y).sum())
            assert value - gap <= least + rounding
            assert value == pytest.approx(exact(game, t, u), rel=1e-12, abs=rounding)
            assert gap >= 0.0


@pytest.mark.parametrize("kind", ["repeated", "zero", "collinear"])
@pytest.mark.parametrize("link", [Squared(), Logistic(), Absolute(), Hinge(), Quantile(0.9), Huber(0.2)], ids=label)
def test_degenerate_data_are_solved_all_the_same(kind, link):
    rng = np.random.default_rng(3)
    a = nasty(kind, 48, 4, rng)
    y = np.where(a @ rng.standard_normal(4) >= 0.0, 1.0, -1.0)
    for F in (cube(4), L2Ball(0.7, dimension=4), Simplex(4)):
        frame = play(OGD(0.1), Examples(a, y, link), F, 48, checkpoints=[3, 48]).regret  # a warning is an error
        assert (frame["gap"] <= 1e-8 * (1.0 + frame["loss"])).all()


@pytest.mark.parametrize("link", LINKS.values(), ids=label)
@pytest.mark.parametrize(
    "F",
    [
        CappedSimplex(5, 0.4),
        LinfBall(0.3, dimension=5),
        Product(L2Ball(0.5, dimension=2), Simplex(3)),
        Polytope(np.vstack([np.eye(5), -np.ones((1, 5)), -np.eye(5)]), np.array([0.5] * 5 + [0.2] + [0.3] * 5)),
    ],
    ids=lambda F: type(F).__name__,
)
def test_other_sets(F, link):
    rng = np.random.default_rng(8)
    a, y = problem(next(name for name in LINKS if LINKS[name] == link), 5, 80, 1, rng)
    game = play(OGD(0.1), Examples(a, y, link), F, 80, checkpoints=[4, 80])
    best = rl.regret.best_in_hindsight(game)
    assert (best.gap <= 1e-8 * (1.0 + best.loss)).all()
    for v in F.minimize_linear(rng.standard_normal((20, 5))):
        for step in (1.0, 1e-2, 1e-4):
            there = best.point[-1] + step * (v - best.point[-1])
            assert best.loss[-1] - best.gap[-1] <= exact(game, 80, there)


def test_a_set_that_only_projects_and_minimizes():
    @dataclass(frozen=True)
    class Lens(rl.sets.FeasibleSet):
        """A ball, with nothing but the abstract methods."""

        @property
        def dimension(self):
            return 3

        def _project(self, y, weights):
            return L2Ball(0.5, dimension=3).project(y, weights)

        def contains(self, x, tolerance=0.0):
            return L2Ball(0.5, dimension=3).contains(x, tolerance)

        def diameter(self, norm=np.inf):
            return 1.0

        def minimize_linear(self, c):
            return L2Ball(0.5, dimension=3).minimize_linear(c)

    a, y = problem("logistic", 3, 40, 1, np.random.default_rng(1))
    for link in (Logistic(), Absolute()):
        one, other = (play(OGD(), Examples(a, y, link), F, 40).regret for F in (Lens(), L2Ball(0.5, dimension=3)))
        assert one["comparator_loss"].to_numpy() == pytest.approx(other["comparator_loss"].to_numpy(), rel=1e-8)
        assert (one["gap"] <= 1e-8 * (1.0 + one["loss"])).all()


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


# -- one answer, whatever the way -----------------------------------------------------------


def agree(some, others):
    for one, other in zip(some, others, strict=True):
        assert one.value - one.gap <= other.value
        assert other.value - other.gap <= one.value


@pytest.mark.parametrize("link", [Squared(), Logistic(), Absolute(), Hinge()], ids=label)
@pytest.mark.parametrize("F", [cube(4), L2Ball(0.5, dimension=4)], ids=label)
def test_where_it_starts_does_not_matter(link, F):
    a, y = problem(next(name for name in LINKS if LINKS[name] == link), 4, 120, 1, np.random.default_rng(2))
    game = play(OGD(), Examples(a, y, link), F, 120)
    stops = [1, 2, 5, 17, 60, 120]
    warm = Solver(cumulative_loss_of(game))
    one_after_the_other = [warm.minimize(1, t + 1) for t in stops]
    agree(one_after_the_other, [Solver(cumulative_loss_of(game)).minimize(1, t + 1) for t in stops])
    start = F.minimize_linear(np.arange(4.0) - 1.5)
    agree(one_after_the_other, [Solver(cumulative_loss_of(game), start).minimize(1, t + 1) for t in stops])
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
        monkeypatch.setattr(descent_module, "MOST_KINKS", most)
        found.append([Solver(cumulative_loss_of(game)).minimize(1, t + 1) for t in (7, 300)])
    agree(found[0], found[1])
    agree(found[0], found[2])
    assert all(best.tolerated() for best in (*found[0], *found[1]))


@pytest.mark.parametrize("losses", [RandomLogistic(3), RandomAbsolute(3), RandomLeastSquares(3)], ids=label)
def test_compiled_or_not_and_kept_or_not(losses, monkeypatch):
    game = play(OGD(), losses, L2Ball(0.4, dimension=3), 3000, checkpoints=[3000])
    stops = [10, 1500, 3000]
    found = [[Solver(cumulative_loss_of(game)).minimize(1, t + 1) for t in stops]]
    monkeypatch.setattr(links, "CACHED", 0)
    found.append([Solver(cumulative_loss_of(game)).minimize(1, t + 1) for t in stops])
    monkeypatch.setattr(links, "_COMPILE_FROM", math.inf)
    found.append([Solver(cumulative_loss_of(game)).minimize(1, t + 1) for t in stops[:2]])
    for one, other in zip(found[0], found[1], strict=True):
        assert one.value == other.value
        assert one.gap == other.gap
    agree(found[0][:2], found[2])


@pytest.mark.parametrize("cls", [Examples, ShuffledExamples])
@pytest.mark.parametrize("link", [Logistic(), Absolute()], ids=label)
def test_many_epochs_are_summed_example_by_example(cls, link):
    a, y = problem("logistic", 3, 20, 1, np.random.default_rng(6))
    losses = cls(a, y, link, 3)
    game = play(OGD(), losses, cube(3), 77, seed=5, checkpoints=[30, 77])
    best = rl.regret.best_in_hindsight(game)
    for t, u, value in zip(best.record.t.tolist(), best.point, best.loss, strict=True):
        assert exact(game, t, u) == pytest.approx(value, rel=1e-13)
    found = cumulative_loss_of(game).at(best.point[-1], 11, 78)
    assert found.value == pytest.approx(exact(game, 77, u) - exact(game, 10, u), rel=1e-12)


def test_dimensions_beyond_second_derivatives():
    rng = np.random.default_rng(7)
    a, y = problem("logistic", 70, 200, 1, rng)
    game = play(OGD(), Examples(a / 10.0, y, Logistic(), mu=0.01), L2Ball(1.0, dimension=70), 200, checkpoints=[200])
    frame = game.regret
    assert (frame["gap"] <= 1e-8 * (1.0 + frame["loss"])).all()
    found = cumulative_loss_of(game)
    minimum = Minimum(found, 1, 201)
    accelerate(minimum, np.zeros(70), 0.0)  # what more than 1000 dimensions get
    assert minimum.value - minimum.gap <= frame["comparator_loss"].iloc[-1] <= minimum.value + frame["gap"].iloc[-1]
    assert minimum.gap <= 1e-6 * (1.0 + frame["loss"].iloc[-1])


def test_memory_does_not_grow_with_the_horizon(monkeypatch):
    monkeypatch.setattr(links, "CACHED", 2**14)
    losses, peaks = RandomLogistic(4), []
    for T in (20_000, 160_000):
        game = play(OGD(), losses, cube(4), T, checkpoints=[T], progress=False)
        game.regret  # noqa: B018  # compiles, imports
        solver = Solver(cumulative_loss_of(game))
        tracemalloc.start()
        solver.minimize(1, T + 1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] <= peaks[0] + 200_000
    assert peaks[1] <= 2_000_000  # bytes; the rows alone are 5 120 000


# -- links of one's own ---------------------------------------------------------------------


@dataclass(frozen=True)
class Bent(PointwiseLoss):
    """ell(z, y) = |r| + r^2/2, r = z - y: a kink, and curvature everywhere."""

    smooth: ClassVar[bool] = False

    @staticmethod
    def value(z, y):
        return abs(z - y) + 0.5 * (z - y) * (z - y)

    @staticmethod
    def derivative(z, y):
        r = z - y
        return r + (1.0 if r > 0.0 else (-1.0 if r < 0.0 else 0.0))


@dataclass(frozen=True)
class Uncompiled(PointwiseLoss):
    """The squared link by way of a text, which no compiler understands."""

    @staticmethod
    def value(z, y):
        return float(str(0.5 * (z - y) * (z - y)))

    @staticmethod
    def derivative(z, y):
        return z - y


def test_a_link_with_kinks_and_curvature():
    rng = np.random.default_rng(9)
    a, y = problem("absolute", 3, 60, 1, rng)
    x = cp.Variable(3)
    r = a @ x - y
    least = solved(cp.norm1(r) + 0.5 * cp.sum_squares(r), [cp.norm(x, 2) <= 0.5])
    row = play(OGD(), Examples(a, y, Bent()), L2Ball(0.5, dimension=3), 60, checkpoints=[60]).regret.iloc[-1]
    assert abs(row["comparator_loss"] - least) <= row["gap"] + 1e-6
    assert row["gap"] <= 1e-8 * (1.0 + row["loss"])


def test_a_link_that_is_not_compiled(monkeypatch):
    a, y = problem("squared", 2, 30, 1, np.random.default_rng(1))
    games = [play(OGD(), Examples(a, y, link), cube(2), 30, compiled=False) for link in (Squared(), Uncompiled())]
    expected = games[0].regret["comparator_loss"].to_numpy()
    monkeypatch.setattr(links, "_COMPILE_FROM", 1)
    assert games[1].regret["comparator_loss"].to_numpy() == pytest.approx(expected, rel=1e-9, abs=1e-12)


# -- losses given by values and gradients ----------------------------------------------------


@dataclass(frozen=True)
class Norms(ConvexLosses):
    """f_t(x) = ||x - c_t|| in the 1-, 2- or inf-norm, c_t = sin(t, 2t, ..., dt)."""

    d: int = 3
    norm: float = 1.0

    @property
    def dimension(self):
        return self.d

    def centre(self, t):
        return np.sin(t * np.arange(1.0, self.d + 1.0))

    def value(self, t, x):
        return float(np.linalg.norm(x - self.centre(t), self.norm))

    def gradient(self, t, x):
        r = x - self.centre(t)
        if self.norm == 1.0:
            return np.sign(r)
        if self.norm == 2.0:
            return r / (np.linalg.norm(r) or 1.0)
        g = np.zeros(self.d)
        g[np.argmax(np.abs(r))] = np.sign(r[np.argmax(np.abs(r))])
        return g


@pytest.mark.parametrize("norm", [1.0, 2.0, np.inf])
@pytest.mark.parametrize("F", [cube(3), L2Ball(0.6, dimension=3), Simplex(3)], ids=label)
def test_functions_with_kinks_anywhere(norm, F):
    losses, T = Norms(3, norm), 60
    game = play(OGD(), losses, F, T, checkpoints=[T])
    c = np.array([losses.centre(t) for t in range(1, T + 1)])
    x = cp.Variable(3)
    constraints = {
        Box: [x >= -1, x <= 1],
        L2Ball: [cp.norm(x, 2) <= 0.6],
        Simplex: [x >= 0, cp.sum(x) == 1],
    }[type(F)]
    total = sum(cp.norm(x - row, "inf" if norm == np.inf else int(norm)) for row in c)
    least = solved(total, constraints)
    row = game.regret.iloc[-1]
    assert abs(row["comparator_loss"] - least) <= row["gap"] + 1e-6
    assert row["comparator_loss"] - row["gap"] <= np.linalg.norm(F.project(x.value) - c, norm, axis=1).sum() + 1e-12
    assert row["gap"] <= 1e-8 * (1.0 + row["loss"])


@dataclass(frozen=True)
class Clouds(RandomConvexLosses):
    """f_t(x) = <x - z_t, A (x - z_t)>/2 with z_t ~ N(0, 1), and A of condition 1e4."""

    d: int = 4

    @property
    def dimension(self):
        return self.d

    @property
    def A(self):
        H = np.fromfunction(lambda i, j: 1.0 / (i + j + 1.0), (self.d, self.d))
        return H + 1e-4 * np.eye(self.d)

    def draw(self, rng):
        return rng.standard_normal(self.d)

    def value(self, z, x):
        return 0.5 * float((x - z) @ self.A @ (x - z))

    def gradient(self, z, x):
        return self.A @ (x - z)


@pytest.mark.parametrize("F", [cube(4), L2Ball(0.05, dimension=4), Simplex(4)], ids=label)
def test_smooth_functions_in_python(F, monkeypatch):
    game = play(OGD(), Clouds(), F, 60, seed=3, checkpoints=[60])
    row = game.regret.iloc[-1]
    assert row["gap"] <= 1e-9 * (1.0 + row["loss"])
    solver = Solver(cumulative_loss_of(game))
    found = [solver.minimize(1, t + 1) for t in (1, 60)][-1]
    monkeypatch.setattr(sums, "CACHED", 0)  # draws are made again and again
    solver = Solver(cumulative_loss_of(game))
    again = [solver.minimize(1, t + 1) for t in (1, 60)][-1]
    assert found.value == again.value == row["comparator_loss"]
    assert found.gap == again.gap == row["gap"]


def test_softmax_regression_by_its_prefix_sums():
    rng = np.random.default_rng(2)
    a, labels = rng.standard_normal((40, 3)), rng.integers(0, 3, 40)
    game = play(OGD(0.1), SoftmaxRegression(a, labels, batch=4), L2Ball(1.5), 25, checkpoints=[25])
    X = cp.Variable((3, 3))
    counts = game.losses.counts(25)
    total = sum(n * (cp.log_sum_exp(X @ row) - X[k] @ row) for n, row, k in zip(counts, a, labels, strict=True)) / 4
    least = solved(total, [cp.norm(cp.vec(X, order="C"), 2) <= 1.5])
    row = game.regret.iloc[-1]
    assert abs(row["comparator_loss"] - least) <= row["gap"] + 1e-6
    assert row["gap"] <= 1e-8 * (1.0 + row["loss"])
    windows = game.interval_regret([10])
    first, last = (int(windows.iloc[0][name]) for name in ("first", "last"))
    u = np.zeros(9)
    paid = sum(game.losses.value(t, u) for t in range(first, last + 1))
    assert windows["comparator_loss"].iloc[0] <= paid


def test_closed_forms_are_taken_where_there_are_any():
    losses = rl.losses.PeriodicQuadratics([[0.3, -0.8], [0.9, 0.7], [-0.2, 0.4]], mu=2.0)
    game = play(OGD(), losses, L2Ball(0.3), 50)
    assert list(game.regret.columns) == ["loss", "comparator_loss", "regret", "average_regret"]
    best = rl.regret.best_in_hindsight(game)
    points, values, gaps = best_points(game, best.record.t)
    assert points == pytest.approx(best.point, abs=1e-5)
    assert (values - gaps <= best.loss + 1e-12).all()
    assert values == pytest.approx(best.loss, rel=1e-10)


def test_closed_forms_on_a_set_that_projects_by_a_program_have_a_gap():
    """A polytope that is the box: the same points, each certified by a tangent."""
    losses = rl.losses.PeriodicQuadratics([[0.3, -0.8], [0.9, 0.7], [-0.2, 0.4]], mu=2.0)
    polytope = Polytope(np.vstack([np.eye(2), -np.eye(2)]), np.full(4, 0.25))
    game, other = (play(OGD(), losses, F, 50) for F in (polytope, Box(-0.25, 0.25)))
    frame, exactly = game.regret, other.regret.loc[game.regret.index]
    assert (frame["gap"] <= 1e-8 * (1.0 + frame["loss"])).all()
    assert frame["comparator_loss"].to_numpy() == pytest.approx(exactly["comparator_loss"].to_numpy(), rel=1e-12)
    free = play(OGD(0.01), losses, Polytope([[1.0, 0.0]], [0.5]), 50)  # unbounded, and yet there is a best point
    assert free.regret["comparator_loss"].iloc[-1] <= frame["comparator_loss"].iloc[-1]


# -- many dimensions -------------------------------------------------------------------------


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
    sums = cumulative_loss_of(game)
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
    found = cumulative_loss_of(game)
    for u in (F.nearest_to_origin(), F.minimize_linear(a[0]), F.project(0.02 * a[1])):
        quasi_newton = descent_module.QuasiNewton()
        quasi_newton.measure(found, 1, 91, u, found.at(u, 1, 91).gradient)
        B = quasi_newton._matrix
        ways = np.array([F.minimize_linear(c) for c in rng.standard_normal((20, 70))]) - F.nearest_to_origin()
        assert ways @ B @ ways.T == pytest.approx((ways @ a.T) @ (ways @ a.T).T, rel=1e-6, abs=1e-4)


def test_accelerated_gradients_step_back_from_steps_that_are_too_long():
    """A step of the first length goes far beyond the minimum, to where changes of the gradient say little."""
    rng = np.random.default_rng(0)
    losses = SoftmaxRegression(rng.random((200, 150)), rng.integers(0, 10, 200), batch=128, classes=10)
    game = play(OGD(0.01), losses, L2Ball(10.0), 2)
    found = cumulative_loss_of(game)
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


def test_how_far_a_set_reaches_takes_little_memory():
    d = 3000
    F = Box(np.linspace(-2.0, -1.0, d), np.linspace(0.5, 3.0, d))
    game = play(OGD(), Examples(np.ones((2, d)), np.ones(2), Logistic()), F, 2)
    tracemalloc.start()
    found = cumulative_loss_of(game)
    assert found.reach.tolist() == np.maximum(-F.lo, F.hi).tolist()
    found.at(game.point, 1, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 24_000_000  # bytes; a matrix (d, d) has 72 000 000


@pytest.mark.parametrize("scale", [1e-140, 1e-20, 1e20, 1e140])
@pytest.mark.parametrize("link", [Absolute(), Squared()], ids=label)
def test_tiny_and_huge_labels(scale, link):
    """Sums of squares of 1e280 are summed too."""
    rng = np.random.default_rng(1)
    a, y = rng.standard_normal((12, 3)), scale * rng.standard_normal(12)
    for F in (L2Ball(scale, dimension=3), Box([-scale] * 3, [scale] * 3)):
        game = play(OGD(1e-3), Examples(a, y, link), F, 12, checkpoints=[12])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ComparatorWarning)
            best = rl.regret.best_in_hindsight(game)
        for v in scale * rng.uniform(-0.5, 0.5, (50, 3)):
            assert best.loss[-1] - best.gap[-1] <= exact(game, 12, v) * (1.0 + 1e-12)


# -- one dimension ----------------------------------------------------------------------------


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


# -- warnings, errors --------------------------------------------------------------------------


def test_a_gap_that_is_not_small_is_a_wide_bar_and_one_warning(monkeypatch):
    monkeypatch.setattr(descent_module, "_MOST_PASSES", 2)
    a, y = problem("logistic", 4, 50, 1, np.random.default_rng(3))
    game = play(OGD(), Examples(a, y, Logistic()), cube(4), 50)
    with pytest.warns(ComparatorWarning, match=r"Box\(-1.0, 1.0\).*Examples\(.*t = \d+.* gap of") as caught:
        frame = game.regret
    assert len(caught) == 1
    assert frame["gap"].max() > 1e-8 * (1.0 + frame["loss"].max())
    assert game.regret.equals(frame)  # once for a game: another warning would be an error
    game.extend(60)
    game.regret  # noqa: B018
    monkeypatch.undo()
    exactly = play(OGD(), Examples(a, y, Logistic()), cube(4), 50).regret
    assert (exactly["regret"] >= frame["regret"] - 1e-12).all()
    assert (exactly["regret"] <= frame["regret"] + frame["gap"]).all()


def test_what_was_found_is_not_looked_for_again(monkeypatch):
    game = play(OGD(), RandomLogistic(2), cube(2), 100)
    frame = game.regret
    monkeypatch.setattr(Solver, "minimize", None)
    assert game.regret.equals(frame)
    assert game.regret_against_best()["gap"].iloc[-1] == frame["gap"].iloc[-1]
    monkeypatch.undo()
    longer = game.extend(150).regret
    assert longer.loc[frame.index[:-1]].equals(frame.iloc[:-1])


def test_the_best_point_is_found_once_for_all_learners(monkeypatch):
    learners, options = [OGD(0.3), Adam(0.3), AMSGrad(0.3)], {"seeds": (0, 1), "checkpoints": [10]}
    games = rl.play_all(learners, RandomLogistic(2), cube(2), 60, **options)
    alone = [Solver(cumulative_loss_of(game)).minimize(1, 61) for game in games[:2]]
    assert games[0].regret["comparator_loss"].iloc[-1] == pytest.approx(alone[0].value, rel=1e-9)
    games[1].regret  # noqa: B018
    monkeypatch.setattr(Solver, "minimize", None)
    for k, game in enumerate(games):
        frame = game.regret
        assert frame["comparator_loss"].equals(games[k % 2].regret["comparator_loss"])
        assert frame["gap"].equals(games[k % 2].regret["gap"])
        assert frame["loss"].iloc[-1] == pytest.approx(game.loss.sum(), rel=1e-14)
    again = rl.play_all(learners[:1], RandomLogistic(2), cube(2), 60, seeds=(1,), checkpoints=[10])
    assert again[0].regret.equals(games[1].regret)  # an equal sequence is the same one
    monkeypatch.undo()
    for losses, F, seed in ((RandomLogistic(2), cube(2), 2), (RandomLogistic(2, mu=0.1), cube(2), 0)):
        other = play(OGD(0.3), losses, F, 60, seed=seed, checkpoints=[10]).regret["comparator_loss"]
        assert (other != games[0].regret["comparator_loss"]).any()
    assert len(hindsight._caches) >= 2
    del games, again, game
    gc.collect()
    assert not any(key[0] == RandomLogistic(2) for key in hindsight._caches)


def test_what_cannot_be_compared_is_shared_by_identity():
    @dataclass(frozen=True)
    class Weighted(ConvexLosses):
        w: np.ndarray

        def value(self, t, x):
            return float(self.w[0] * x[0] ** 2 + self.w[1] * x[0])

        def gradient(self, t, x):
            return np.array([2.0 * self.w[0] * x[0] + self.w[1]])

    one, other = Weighted(np.array([1.0, 1.0])), Weighted(np.array([1.0, -2.0]))
    found = [play(OGD(), losses, INTERVAL, 8).regret["comparator_loss"].iloc[-1] for losses in (one, other, one)]
    assert found == pytest.approx([-2.0, -8.0, -2.0])


def test_a_shared_gap_is_judged_beside_what_each_learner_paid():
    """2e-6 is nothing beside 1e6 and worth a warning beside 1."""
    best = hindsight.Best(np.zeros(1), 0.5, 2e-6, 0.5)
    assert best.tolerated(1e6)
    assert not best.tolerated(1.0)
    assert not best.tolerated()


@pytest.mark.parametrize("F", [Reals(2), Halfspace([1.0, 1.0], 0.5)], ids=label)
def test_an_unbounded_set_has_no_best_point(F):
    game = play(OGD(0.01), RandomLeastSquares(2), F, 30)
    for regret in (lambda: game.regret, game.regret_against_best, game.interval_regret):
        with pytest.raises(ValueError, match=r"unbounded.*regret_against"):
            regret()
    assert len(game.regret_against([0.0, 0.0])) > 0
    assert len(game.dynamic_regret(np.zeros((30, 2)))) > 0
    linear = play(OGD(0.01), RandomLinear(2), F, 30)
    with pytest.raises(ValueError, match=r"unbounded.*regret_against"):
        linear.regret  # noqa: B018


def test_adversaries_that_are_neither_linear_nor_oblivious():
    game = play(OGD(), Following(), INTERVAL, 20)
    for regret in (game.regret_against_best, game.interval_regret, lambda: game.dynamic_regret(np.zeros(20))):
        with pytest.raises(TypeError, match="Following is neither linear nor oblivious"):
            regret()


@dataclass(frozen=True)
class Endless(ConvexLosses):
    """1/(1 - x) on [-1, 1]: infinite at an end of the set."""

    def value(self, t, x):
        return math.inf if x[0] >= 1.0 else 1.0 / (1.0 - x[0])

    def gradient(self, t, x):
        return np.array([self.value(t, x) ** 2])


def test_a_loss_that_is_not_finite_on_the_set():
    game = play(OGD(0.1), Endless(), INTERVAL, 5)
    with pytest.raises(FloatingPointError, match="Endless"):
        game.regret_against(1.0)


# -- the best point for the horizon ------------------------------------------------------------


@pytest.mark.parametrize("losses", [RandomLogistic(2), Waves(2), Squares(2), SignAdversary(2)], ids=label)
def test_the_best_point_for_the_whole_horizon(losses):
    game = play(AMSGrad(0.3), losses, cube(2), 200)
    best, fixed = game.regret, game.regret_against_best()
    assert fixed.index.tolist() == game.record.t.tolist()
    assert fixed["comparator_loss"].iloc[-1] == pytest.approx(best["comparator_loss"].iloc[-1], rel=1e-12)
    both = fixed.loc[best.index]
    assert (both["regret"] <= best["regret"] + best.get("gap", 0.0) + 1e-12).all()
    if "gap" in fixed:
        assert (fixed["gap"].iloc[:-1] == 0.0).all()
        assert fixed["gap"].iloc[-1] == best["gap"].iloc[-1]


# -- paths -------------------------------------------------------------------------------------


def spiral(t):
    t = np.asarray(t, dtype=float)[:, None]
    return 0.7 * np.cos(t / 50.0 + np.arange(2.0))


@pytest.mark.parametrize(
    "losses",
    [Waves(2), RandomLinear(2), SignAdversary(2), RandomAbsolute(2), Squares(2), Clouds(2)],
    ids=label,
)
def test_dynamic_regret_by_hand(losses, monkeypatch):
    monkeypatch.setattr(rl.regret.dynamic, "_BLOCK", 64)
    monkeypatch.setattr(rl.engine.replay, "_NUMBERS", 64 * 11)
    T = 300
    game = play(AMSGrad(0.2), losses, cube(2), T, seed=2, start=[0.5, -0.25])
    frame = game.dynamic_regret(spiral)
    assert frame.equals(game.dynamic_regret(spiral(np.arange(1, T + 1))))
    assert frame.index.tolist() == game.record.t.tolist()
    every = play(AMSGrad(0.2), losses, cube(2), T, seed=2, start=[0.5, -0.25], checkpoints=range(1, T + 1))
    u, x = spiral(np.arange(1, T + 1)), every.record.point
    revealed = [losses.reveal(t, x[t - 1], 2) for t in range(1, T + 1)]
    paid = np.cumsum([f.value(v) for f, v in zip(revealed, u, strict=True)])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(u, axis=0), axis=1))])
    at = frame.index.to_numpy() - 1
    assert frame["comparator_loss"].to_numpy() == pytest.approx(paid[at], rel=1e-12, abs=1e-12)
    assert frame["path_length"].to_numpy() == pytest.approx(length[at], rel=1e-13)
    assert frame["regret"].to_numpy() == pytest.approx((frame["loss"] - frame["comparator_loss"]).to_numpy())


def test_a_path_that_does_not_move():
    game = play(Adam(), RandomLogistic(2), cube(2), 150)
    u = np.array([0.2, -0.1])
    frame, fixed = game.dynamic_regret(np.tile(u, (150, 1))), game.regret_against(u)
    assert frame["regret"].to_numpy() == pytest.approx(fixed["regret"].to_numpy(), abs=1e-12)
    assert (frame["path_length"] == 0.0).all()
    best = play(Adam(), Mod3(), INTERVAL, 30)
    each = -np.sign(best.losses.block(1, 31, 0))  # the best point of every round
    assert best.dynamic_regret(each)["comparator_loss"].iloc[-1] == -50.0
    assert best.dynamic_regret(each[:, 0])["path_length"].iloc[-1] == 38.0


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (np.zeros((19, 2)), r"shape \(19, 2\); it must be \(20, 2\)"),
        (np.zeros((20, 3)), r"shape \(20, 3\)"),
        (np.zeros(20), r"shape \(20,\)"),
        (lambda t: np.zeros((len(t), 1)), r"shape \(20, 1\)"),
        (lambda t: np.where(t[:, None] < 7, 0.0, [1.5, 0.0]), r"u_7 = \[1.5 0. \] is not a point of Box"),
        (lambda t: np.where(t[:, None] == 20, math.nan, [0.5, 0.0]), r"u_20 = \[nan nan\]"),
    ],
)
def test_bad_paths(path, message):
    for losses in (Waves(2), RandomLogistic(2), SignAdversary(2)):
        with pytest.raises(ValueError, match=message):
            play(Adam(), losses, cube(2), 20).dynamic_regret(path)


# -- windows -----------------------------------------------------------------------------------


def worst_window(game, w, stride, least):
    """(regret, first), by going through all windows."""
    every = play(
        game.learner,
        game.losses,
        game.feasible_set,
        game.horizon,
        seed=game.seed,
        checkpoints=range(1, game.horizon + 1),
    )
    loss = np.concatenate([[0.0], every.record.loss.sum(axis=(1, 2))])
    G = np.concatenate([np.zeros((1, every.point.size)), every.record.gradient.sum(axis=1)])
    return max(
        (loss[r + w] - loss[r] - least(G[r + w] - G[r], r + 1, r + w), r + 1)
        for r in range(0, game.horizon - w + 1, stride)
    )


@pytest.mark.parametrize("losses", [Waves(3), RandomLinear(3), SignAdversary(3), Waves(1)], ids=label)
@pytest.mark.parametrize("F", [cube, lambda d: L2Ball(0.5, dimension=d)], ids=["box", "ball"])
def test_interval_regret_of_linear_losses(losses, F, monkeypatch):
    d, T = losses.dimension, 200
    monkeypatch.setattr(rl.engine.replay, "_NUMBERS", 37 * (5 * d + 1))  # blocks of 37 rounds
    game = play(Adam(0.3), losses, F(d), T, seed=1)
    F = game.feasible_set

    def least(G, first, last):
        return float(G @ F.minimize_linear(G))

    frame = game.interval_regret([1, 7, 64, 200], stride=1)
    assert frame.index.tolist() == [1, 7, 64, 200]
    for w, row in frame.iterrows():
        regret, first = worst_window(game, w, 1, least)
        assert row["regret"] == pytest.approx(regret, abs=1e-11)
        assert row["last"] - row["first"] + 1 == w
        assert row["average_regret"] == row["regret"] / w
        assert int(row["first"]) == first or losses == Waves(1)
    assert frame.loc[200, "regret"] == pytest.approx(game.regret["regret"].iloc[-1], abs=1e-12)
    default = game.interval_regret()
    assert default.index.tolist() == [1, 3, 6, 12, 25, 50, 100, 200]
    assert default.loc[100, "regret"] == pytest.approx(worst_window(game, 100, 1, least)[0], abs=1e-11)
    strided = game.interval_regret(50, stride=20)
    assert strided.loc[50, "regret"] == pytest.approx(worst_window(game, 50, 20, least)[0], abs=1e-11)


def test_interval_regret_of_other_losses():
    losses = NoisySquares()
    game = play(OGD(0.3), losses, INTERVAL, 64, seed=3)
    frame = game.interval_regret([8, 64])

    def least(G, first, last):
        rounds = [losses.reveal(t, np.zeros(1), 3) for t in range(first, last + 1)]
        return optimize.minimize_scalar(
            lambda u: sum(f.value(np.array([u])) for f in rounds), bounds=(-1.0, 1.0), method="bounded"
        ).fun

    for w, row in frame.iterrows():
        regret, _ = worst_window(game, w, w // 2, least)
        assert row["regret"] - 1e-6 <= regret <= row["regret"] + row["gap"] + 1e-6
    assert frame.loc[64, "regret"] == pytest.approx(game.regret["regret"].iloc[-1], abs=1e-9)
    assert game.interval_regret().index.tolist() == [1, 2, 4, 8, 16, 32, 64]


def test_interval_regret_sees_what_regret_does_not():
    """The sign of the slope changes half-way: regret is negative, over the second half it is linear."""

    @dataclass(frozen=True)
    class Turn(rl.losses.LinearLosses):
        def gradients(self, t):
            return np.where(t <= 500, 1.0, -1.0)[:, None]

    game = play(OGD(1.0), Turn(), INTERVAL, 1000)
    frame = game.interval_regret([500, 1000], stride=1)
    assert frame.loc[500, "average_regret"] > 0.05
    assert frame.loc[500, "first"] > 400
    assert frame.loc[500, "regret"] > frame.loc[1000, "regret"]


@pytest.mark.parametrize(
    ("lengths", "stride", "error"),
    [
        (0, None, ValueError),
        ([5, 21], None, ValueError),
        (2.5, None, TypeError),
        ([], None, ValueError),
        ("a", None, TypeError),
        (3, 0, ValueError),
        (3, 1.5, TypeError),
        (3, True, TypeError),
    ],
)
def test_bad_windows(lengths, stride, error):
    with pytest.raises(error, match=r"lengths=|stride="):
        play(Adam(), Mod3(), INTERVAL, 20).interval_regret(lengths, stride)


@dataclass(frozen=True)
class Moody(Learner):
    """Its steps depend on how often it was asked."""

    asked: list

    def start(self, feasible_set, point=None):
        return State(0, np.zeros(1), {}, feasible_set)

    def update(self, state, gradient):
        self.asked.append(1)
        return State(state.t + 1, np.array([math.sin(len(self.asked))]), {}, state.feasible_set)


def test_a_game_that_is_not_the_same_again():
    game = play(Moody([]), Mod3(), INTERVAL, 20)
    with pytest.raises(ValueError, match=r"played again, Moody.*must be values"):
        game.interval_regret()


def test_no_rounds_no_regret():
    for losses in (Mod3(), RandomLogistic(1)):
        game = rl.Game(Adam(), losses, INTERVAL)
        assert game.regret_against_best().empty
        assert game.dynamic_regret(np.zeros((0, 1))).empty
        assert game.interval_regret().empty


def test_a_bundle_of_one_tangent_is_no_loss():
    """The first model is linear; nothing is divided by zero."""
    game = play(OGD(), Distances(2), cube(2), 5)
    found = cumulative_loss_of(game)
    minimum = Minimum(found, 1, 6)
    Bundle([minimum.evaluate(np.zeros(2))]).minimize(minimum, QuadraticSolver(game.feasible_set))
    assert minimum.gap <= 1e-8

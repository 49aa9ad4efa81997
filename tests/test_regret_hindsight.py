"""The best point in hindsight against an independent convex solver; its error bars are never too small."""

import gc
import warnings
from dataclasses import dataclass
from typing import ClassVar

import cvxpy as cp
import numpy as np
import pytest
from conftest import label
from oracles.cumulative_losses import LINKS, data_of, exact, objective_of, problem, set_of, solved
from pieces import INTERVAL, Following, Squares, Waves, cube
from scipy import optimize

import regretlab as rl
from regretlab import play
from regretlab.learners import OGD, Adam, AMSGrad
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
    RandomLeastSquares,
    RandomLinear,
    RandomLogistic,
    SignAdversary,
    SoftmaxRegression,
    Squared,
)
from regretlab.regret import ComparatorWarning, Solver, hindsight, minimize_sums, sums_of
from regretlab.regret.solvers import newton
from regretlab.sets import Box, CappedSimplex, Halfspace, L2Ball, LinfBall, Polytope, Product, Reals, Simplex

EPS = np.finfo(float).eps


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


def test_a_link_with_kinks_and_curvature():
    rng = np.random.default_rng(9)
    a, y = problem("absolute", 3, 60, 1, rng)
    x = cp.Variable(3)
    r = a @ x - y
    least = solved(cp.norm1(r) + 0.5 * cp.sum_squares(r), [cp.norm(x, 2) <= 0.5])
    row = play(OGD(), Examples(a, y, Bent()), L2Ball(0.5, dimension=3), 60, checkpoints=[60]).regret.iloc[-1]
    assert abs(row["comparator_loss"] - least) <= row["gap"] + 1e-6
    assert row["gap"] <= 1e-8 * (1.0 + row["loss"])


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
    points, values, gaps = minimize_sums(game, best.record.t)
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


def test_a_gap_that_is_not_small_is_a_wide_bar_and_one_warning(monkeypatch):
    monkeypatch.setattr(newton, "_MOST_PASSES", 2)
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
    exactly = play(OGD(), Examples(a, y, Logistic()), cube(4), 50, seed=1).regret  # the seed only keeps it apart
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
    alone = [Solver(sums_of(game)).minimize(1, 61) for game in games[:2]]
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
    assert not any(cache.keys[0] == RandomLogistic(2) for cache in hindsight._caches.values())


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


def test_no_rounds_no_regret():
    for losses in (Mod3(), RandomLogistic(1)):
        game = rl.Game(Adam(), losses, INTERVAL)
        assert game.regret_against_best().empty
        assert game.dynamic_regret(np.zeros((0, 1))).empty
        assert game.interval_regret().empty

"""Losses that are not convex, or have wrong gradients, have no regret; that of convex ones contains the truth."""

import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from conftest import label
from hypothesis import given, settings
from hypothesis import strategies as st
from pieces import INTERVAL, Squares, cube

import regretlab as rl
from regretlab import play
from regretlab.engine import batch
from regretlab.learners import OGD
from regretlab.losses import ConvexLosses, Examples, Loss, PredictionLosses, Squared
from regretlab.regret import ComparatorWarning, sums_of
from regretlab.regret.evidence import Evidence, points_of, trusted
from regretlab.regret.solvers.optimality_gap import Minimum
from regretlab.sets import Box, L1Ball, L2Ball, Polytope, Reals, Simplex

SLICE = Polytope(np.vstack([np.eye(3), -np.eye(3), [[1.0, 1.0, 1.0]]]), np.array([1.0, 0.8, 0.6, 0.5, 1.0, 0.2, 1.1]))


@dataclass(frozen=True)
class Bent(ConvexLosses):
    """(x - 1/4)^2, and in the rounds ``where`` another function of the user's choice."""

    where: tuple = ()
    value_: object = None
    gradient_: object = None

    def value(self, t, x):
        return float(self.value_(x)) if t in self.where else float(((x - 0.25) ** 2).sum())

    def gradient(self, t, x):
        return self.gradient_(x) if t in self.where else 2.0 * (x - 0.25)


def wave(where, size=1.0):
    return Bent(where, lambda x: size * np.cos(3 * x[0]), lambda x: -3 * size * np.sin(3 * x))


@pytest.fixture
def _games_do_not_look(monkeypatch):
    """Games test some rounds themselves."""
    monkeypatch.setattr(batch, "_check_shape", lambda *round: None)


@pytest.mark.usefixtures("_games_do_not_look")
@pytest.mark.parametrize("t", [3, 5, 7, 33])
def test_the_round_that_is_not_convex_is_named(t):
    game = play(OGD(), wave((t,)), INTERVAL, 40)
    with pytest.raises(ValueError, match=rf"Bent: round {t} has a loss .*f_{t}\(\[.*is below the tangent of f_{t} at"):
        game.regret  # noqa: B018
    with pytest.raises(ValueError, match=rf"round {t} has a loss"):
        game.interval_regret([40])


@pytest.mark.usefixtures("_games_do_not_look")
def test_a_large_round_that_no_sample_meets_shows_in_the_sum():
    T = 2000
    spread = {*np.linspace(1, T, 64).astype(int).tolist(), *np.geomspace(1, T, 64).astype(int).tolist()}
    missed = next(t for t in range(1500, T) if t not in spread)
    game = play(OGD(), wave((missed,), 1e5), INTERVAL, T)
    with pytest.raises(ValueError, match=rf"Bent: round {missed} has a loss that is not convex"):
        game.regret  # noqa: B018
    small = play(OGD(), wave((missed,), 1e-3), INTERVAL, T).regret.iloc[-1]  # the sum is convex all the same
    grid = np.linspace(-1, 1, 20001)
    least = ((T - 1) * (grid - 0.25) ** 2 + 1e-3 * np.cos(3 * grid)).min()
    assert small["comparator_loss"] - small["gap"] <= least <= small["comparator_loss"] + 1e-9


@pytest.mark.usefixtures("_games_do_not_look")
@pytest.mark.parametrize(
    "gradient",
    [lambda x: 2.0 * (x - 0.25) + 0.03, lambda x: -2.0 * (x - 0.25), lambda x: 0.0 * x, lambda x: 3.0 * (x - 0.25)],
    ids=["beside", "sign", "zero", "factor"],
)
def test_wrong_gradients_of_convex_losses(gradient):
    losses = Bent((3, 5, 6, 7), lambda x: (x[0] - 0.25) ** 2, gradient)
    with pytest.raises(ValueError, match=r"round 3 has a loss that is not convex, or a wrong gradient"):
        play(OGD(), losses, INTERVAL, 7).regret  # noqa: B018


@pytest.mark.parametrize("slip", [1e-9, -1e-9])
def test_rounding_is_no_contradiction(slip):
    losses = Bent(
        tuple(range(1, 9)), lambda x: (x[0] - 0.25) ** 2 + slip * np.sin(1e6 * x[0]), lambda x: 2.0 * (x - 0.25)
    )
    row = play(OGD(), losses, INTERVAL, 8).regret.iloc[-1]
    assert abs(row["comparator_loss"]) <= 1e-8


def test_a_bound_that_is_a_little_too_high_is_lowered():
    """A kink of the value that the gradient does not know: the gap has it."""
    losses = Bent(tuple(range(1, 9)), lambda x: (x[0] - 0.25) ** 2 - 1e-6 * (x[0] == 1.0), lambda x: 2.0 * (x - 0.25))
    evidence = Evidence(game := play(OGD(), losses, INTERVAL, 8), loss := sums_of(game), [8])
    minimum = Minimum(loss, 1, 9, 8)
    minimum.evaluate(np.array([1.0]))
    assert evidence.check(1, 9, minimum.tangents) <= 8 * (0.75**2 - 1e-6) + 1e-12


def test_the_gap_has_what_is_known_to_be_lower():
    """A dip that may be rounding, at a point where no solver looks."""
    losses = Bent(tuple(range(1, 9)), lambda x: 1.0 - 1e-7 * (x[0] == 1.0), lambda x: 0.0 * x)
    with pytest.warns(ComparatorWarning, match="gap of 8e-07"):
        frame = play(OGD(), losses, INTERVAL, 8).regret
    assert frame["gap"].iloc[-1] == pytest.approx(8e-7, rel=1e-6)


def test_sums_are_those_of_the_losses():
    for losses, F in ((Squares(2), cube(2)), (Examples(np.eye(2), np.ones(2), Squared()), L2Ball(1.0, dimension=2))):
        game = play(OGD(), losses, F, 300)
        evidence = Evidence(game, sums_of(game), [7, 300, 20, 0])
        assert sorted(evidence.values) == [0, 7, 20, 300]
        for t, sums in evidence.values.items():
            each = [[losses.reveal(s, v, 0).value(v) for v in evidence.points] for s in range(1, t + 1)]
            assert sums == pytest.approx(np.sum(each, axis=0) if t else 0.0 * sums, rel=1e-12)


def test_how_far_above_a_sum_a_minorant_may_be():
    game = play(OGD(), Squares(2), cube(2), 20)
    evidence, u = Evidence(game, loss := sums_of(game), [20]), np.array([0.5, -0.5])
    found = loss.at(u, 1, 21)
    size = found.size + float(np.abs(found.gradient).sum())
    assert evidence.check(1, 21, [(u, found._replace(constant=found.constant + 1e-7 * size))]) > 0.0
    with pytest.raises(
        ValueError, match=r"Squares: the sum of the rounds 1, ..., 20 is not convex, or its gradient is"
    ):
        evidence.check(1, 21, [(u, found._replace(constant=found.constant + 1e-4 * size))])


def test_a_window_is_compared_with_its_own_rounds():
    game = play(OGD(), Squares(2), cube(2), 20)
    evidence = Evidence(game, sums_of(game), [4, 20])
    each = [sum(game.losses.value(s, v) for s in range(5, 21)) for v in evidence.points]
    assert evidence.check(5, 21, []) == pytest.approx(min(each), rel=1e-12)


@pytest.mark.parametrize("F", [INTERVAL, cube(3), L2Ball(0.5, dimension=3), Simplex(4), SLICE], ids=label)
def test_points_are_in_the_set_and_meet_its_ends(F):
    d = F.dimension or 1
    game = play(OGD(), Squares(d), F, 9)
    points = points_of(game)
    F = game.feasible_set
    assert all(F.contains(v, 1e-9) for v in points)
    for axis in (*np.eye(d)[:3], *-np.eye(d)[:3]):
        assert float((points @ axis).min()) == pytest.approx(float(axis @ F.minimize_linear(axis)), abs=1e-9)
    for x in (game.record.point[0], game.record.point[-1], game.point):
        assert (points == x).all(axis=1).any()
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert 0.0 < apart[apart > 0].min() <= 1e-2 * float(F.diameter(2))


def test_points_of_an_unbounded_set_are_those_played():
    game = play(OGD(0.1), Squares(2), Reals(2), 9)
    assert {tuple(v) for v in points_of(game)} <= {tuple(x) for x in (*game.record.point, game.point)}


def test_what_is_convex_by_construction():
    @dataclass(frozen=True)
    class Rows(PredictionLosses):
        def rows(self, t):
            return np.ones((len(t), 2)), np.zeros(len(t))

    @dataclass(frozen=True)
    class Concave(Rows):
        mu = -1.0

    @dataclass(frozen=True)
    class Own(Squared):
        pass

    assert trusted(Rows())
    assert trusted(rl.losses.SoftmaxRegression(np.eye(2), [0, 1], batch=1))
    assert not trusted(Concave())
    assert not trusted(Examples(np.eye(2), np.ones(2), Own()))
    assert not trusted(Squares())


def test_a_sequence_that_changes_after_its_game():
    centre = [0.5]

    @dataclass(frozen=True)
    class Follows(ConvexLosses):
        def value(self, t, x):
            return float((x[0] - centre[0]) ** 2)

        def gradient(self, t, x):
            return 2.0 * (x - centre[0])

    game = play(OGD(), Follows(), INTERVAL, 10)
    assert game.regret["comparator_loss"].iloc[-1] == pytest.approx(0.0, abs=1e-12)
    other = play(OGD(), Follows(), INTERVAL, 10)
    centre[0] = 0.6
    with pytest.raises(
        ValueError, match=r"Follows has changed since the game was played: x_1 = \[0.\] paid 0.25 in .* 0.36"
    ):
        other.regret  # noqa: B018


# -- sets whose minimize_linear is wrong -----------------------------------------------------


@dataclass(frozen=True, eq=False)
class Half(Box):
    def minimize_linear(self, c):
        return 0.5 * super().minimize_linear(c)


@dataclass(frozen=True, eq=False)
class Beyond(Box):
    def minimize_linear(self, c):
        return 1.5 * super().minimize_linear(c)


@pytest.mark.parametrize("F", [Half(-1.0, 1.0), Beyond(-1.0, 1.0)], ids=label)
def test_least_points_are_compared_with_projections(F):
    for game in (play(OGD(), rl.losses.Mod3(), F, 30), play(OGD(), Squares(), F, 30)):
        for regret in (lambda game=game: game.regret, lambda game=game: game.interval_regret([30])):
            with pytest.raises(ValueError, match=rf"{type(F).__name__}.minimize_linear\(\[.*see check_set"):
                regret()


# -- property: the truth is in [value - gap, value] --------------------------------------------


@dataclass(frozen=True)
class Mixed(ConvexLosses):
    """A random convex function per round: quadratics, largest of planes, norms, exponentials of planes."""

    seed: int = 0
    dimension = 3

    @cache  # noqa: B019
    def _round(self, t):
        rng = np.random.default_rng([self.seed, t])
        return t % 4, rng.standard_normal((3, 3)), rng.standard_normal(3)

    def value(self, t, x):
        kind, A, b = self._round(t)
        r = A @ x - b
        return float((0.5 * r @ r, r.max(), np.linalg.norm(r), np.exp(0.3 * r).sum())[kind])

    def gradient(self, t, x):
        kind, A, b = self._round(t)
        r = A @ x - b
        return A.T @ (r, np.eye(3)[r.argmax()], r / (np.linalg.norm(r) or 1.0), 0.3 * np.exp(0.3 * r))[kind]


def fine(F, rng):
    """Points of F: projections of a cloud of points in and around it."""
    return np.array([F.project(v) for v in rng.uniform(-1.5, 1.5, (300, 3))])


SETS = [L2Ball(0.8, dimension=3), Simplex(3), SLICE, L1Ball(0.9, 3)]


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), which=st.integers(0, len(SETS) - 1))
def test_random_convex_sums_against_brute_force(seed, which):
    """A grid of 300 points, and twenty rounds of a pattern search from its best: none pays less than value - gap."""
    F, T, rng = SETS[which], 8, np.random.default_rng(seed)
    game = play(OGD(0.1), Mixed(seed), F, T, checkpoints=[3, T])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ComparatorWarning)  # kinks everywhere: the gap may be 1e-7
        best, frame = rl.regret.best_in_hindsight(game), game.regret
    for t, u, value, gap in zip(best.record.t.tolist(), best.point, best.loss, best.gap, strict=True):

        def total(v, t=t):
            return sum(game.losses.value(s, v) for s in range(1, t + 1))

        at, step = min(fine(F, rng)[:: 1 if t == T else 10], key=total), 0.3
        for _ in range(20):
            near = [F.project(at + step * v) for v in rng.standard_normal((8, 3))]
            at, step = min([*near, at], key=total), 0.7 * step
        size = sum(abs(game.losses.value(s, u)) for s in range(1, t + 1))
        assert F.contains(u, 1e-9)
        assert total(u) == pytest.approx(value, rel=1e-12, abs=1e-12 * size)
        assert value - gap <= total(at) + 1e-12 * size
        assert value <= total(at) + 1e-7 * (1.0 + size)
        assert 0.0 <= gap <= 1e-6 * (1.0 + size)
    paid = game.loss.sum()
    assert frame["loss"].iloc[-1] == pytest.approx(paid, rel=1e-13)
    assert frame["regret"].iloc[-1] == pytest.approx(paid - best.loss[-1], rel=1e-12, abs=1e-12)


def test_prefix_sums_are_compared_with_the_losses():
    @dataclass(frozen=True)
    class Sum(Squares):
        late: int = 10**9

        def prefix_sum(self, t, seed=0):
            factor = 2.0 if t >= self.late else 1.0
            c = np.array([self.centre(s) for s in range(1, t + 1)])
            return Loss(lambda u: factor * float(((u - c) ** 2).sum()), lambda u: factor * 2.0 * (u - c).sum(axis=0))

    right, plain = (play(OGD(), losses, cube(2), 30).regret for losses in (Sum(2), Squares(2)))
    assert right["comparator_loss"].to_numpy() == pytest.approx(plain["comparator_loss"].to_numpy(), rel=1e-9)
    with pytest.raises(ValueError, match=r"Sum.prefix_sum\(30\) is .* but f_1, ..., f_30 sum to"):
        play(OGD(), Sum(2, 30), cube(2), 30).regret  # noqa: B018

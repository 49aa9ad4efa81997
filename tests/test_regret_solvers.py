"""Comparators found numerically: the gap they come with is never too small."""

import numpy as np
import pytest
from conftest import label
from pieces import INTERVAL, Distances, NoisySquares, Squares, cube

import regretlab as rl
from regretlab import play
from regretlab.learners import OGD
from regretlab.losses import ConvexLosses
from regretlab.regret import best_points, cumulative_loss_at


def game_of(losses, F=None, T=40, seed=0):
    return play(OGD(0.3), losses, F or cube(losses.dimension), T, seed=seed)


@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize("losses", [Squares(), Squares(3), Distances(2), NoisySquares()], ids=label)
def test_sums_at_a_point(losses, seed):
    game = game_of(losses, seed=seed)
    u = np.full(losses.dimension, 0.3)
    values = [losses.reveal(t, u, seed).value(u) for t in range(1, 41)]
    assert cumulative_loss_at(game, np.array([1, 2, 7, 40]), u) == pytest.approx(
        np.cumsum(values)[[0, 1, 6, 39]], rel=1e-13
    )
    assert cumulative_loss_at(game, np.array([], dtype=int), u).shape == (0,)


def centres(losses, t):
    return np.array([losses.centre(s) for s in range(1, t + 1)])


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize(
    "F", [cube, lambda d: rl.sets.Box(np.full(d, 0.1), np.full(d, 0.4))], ids=["inside", "at the bound"]
)
def test_squares_are_least_at_the_mean(d, F):
    losses, t = Squares(d), np.array([1, 3, 20])
    F = F(d)
    points, values, gaps = best_points(game_of(losses, F), t)
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
    points, values, gaps = best_points(game_of(losses, F), t)
    for row, stop in enumerate(t):
        z = centres(losses, stop)
        best = np.abs(z - F.project(np.median(z))).sum()
        assert values[row] == pytest.approx(best, abs=1e-12)
        assert values[row] - gaps[row] <= best + 1e-12
        assert F.contains(points[row])


@pytest.mark.parametrize("d", [2, 4])
def test_the_gap_is_honest_where_the_losses_have_kinks(d):
    losses, t = Distances(d), np.array([2, 11, 30])
    points, values, gaps = best_points(game_of(losses), t)
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
    (point,), (value,), (gap,) = best_points(game_of(losses, INTERVAL, T=1), np.array([1]))
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
    points, values, gaps = best_points(game_of(Squares(2), F), np.array([1, 5]))
    assert points.tolist() == [[0.2, 0.3]] * 2
    assert gaps == pytest.approx(0.0, abs=1e-12)
    assert values[0] == Squares(2).value(1, np.array([0.2, 0.3]))

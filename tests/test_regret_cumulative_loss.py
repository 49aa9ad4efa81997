"""Cumulative losses at any point: cached or generated again, compiled or not, in little memory."""

import math
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest
from conftest import label
from oracles.cumulative_losses import Clouds, agree, exact, problem
from pieces import INTERVAL, Distances, NoisySquares, Squares, cube

import regretlab as rl
from regretlab import play
from regretlab.learners import OGD
from regretlab.losses import (
    Absolute,
    ConvexLosses,
    Examples,
    Logistic,
    PointwiseLoss,
    RandomAbsolute,
    RandomLeastSquares,
    RandomLogistic,
    ShuffledExamples,
    Squared,
)
from regretlab.regret import Solver, cumulative_loss, cumulative_prediction_loss, sums_at, sums_of
from regretlab.sets import Box, L2Ball, Simplex


@pytest.mark.parametrize("losses", [RandomLogistic(3), RandomAbsolute(3), RandomLeastSquares(3)], ids=label)
def test_compiled_or_not_and_kept_or_not(losses, monkeypatch):
    game = play(OGD(), losses, L2Ball(0.4, dimension=3), 3000, checkpoints=[3000])
    stops = [10, 1500, 3000]
    found = [[Solver(sums_of(game)).minimize(1, t + 1) for t in stops]]
    monkeypatch.setattr(cumulative_prediction_loss, "CACHED", 0)
    found.append([Solver(sums_of(game)).minimize(1, t + 1) for t in stops])
    monkeypatch.setattr(cumulative_prediction_loss, "_COMPILE_FROM", math.inf)
    found.append([Solver(sums_of(game)).minimize(1, t + 1) for t in stops[:2]])
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
    found = sums_of(game).at(best.point[-1], 11, 78)
    assert found.value == pytest.approx(exact(game, 77, u) - exact(game, 10, u), rel=1e-12)


def test_memory_does_not_grow_with_the_horizon(monkeypatch):
    monkeypatch.setattr(cumulative_prediction_loss, "CACHED", 2**14)
    losses, peaks = RandomLogistic(4), []
    for T in (20_000, 160_000):
        game = play(OGD(), losses, cube(4), T, checkpoints=[T], progress=False)
        game.regret  # noqa: B018  # compiles, imports
        solver = Solver(sums_of(game))
        tracemalloc.start()
        solver.minimize(1, T + 1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] <= peaks[0] + 200_000
    assert peaks[1] <= 2_000_000  # bytes; the rows alone are 5 120 000


@dataclass(frozen=True)
class Uncompiled(PointwiseLoss):
    """The squared link by way of a text, which no compiler understands."""

    @staticmethod
    def value(z, y):
        return float(str(0.5 * (z - y) * (z - y)))

    @staticmethod
    def derivative(z, y):
        return z - y


def test_a_link_that_is_not_compiled(monkeypatch):
    a, y = problem("squared", 2, 30, 1, np.random.default_rng(1))
    games = [play(OGD(), Examples(a, y, link), cube(2), 30, compiled=False) for link in (Squared(), Uncompiled())]
    expected = games[0].regret["comparator_loss"].to_numpy()
    monkeypatch.setattr(cumulative_prediction_loss, "_COMPILE_FROM", 1)
    assert games[1].regret["comparator_loss"].to_numpy() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("F", [cube(4), L2Ball(0.05, dimension=4), Simplex(4)], ids=label)
def test_smooth_functions_in_python(F, monkeypatch):
    game = play(OGD(), Clouds(), F, 60, seed=3, checkpoints=[60])
    row = game.regret.iloc[-1]
    assert row["gap"] <= 1e-9 * (1.0 + row["loss"])
    solver = Solver(sums_of(game))
    found = [solver.minimize(1, t + 1) for t in (1, 60)][-1]
    monkeypatch.setattr(cumulative_loss, "CACHED", 0)  # draws are made again and again
    solver = Solver(sums_of(game))
    again = [solver.minimize(1, t + 1) for t in (1, 60)][-1]
    assert found.value == again.value == row["comparator_loss"]
    assert found.gap == again.gap == row["gap"]


def test_how_far_a_set_reaches_takes_little_memory():
    d = 3000
    F = Box(np.linspace(-2.0, -1.0, d), np.linspace(0.5, 3.0, d))
    game = play(OGD(), Examples(np.ones((2, d)), np.ones(2), Logistic()), F, 2)
    tracemalloc.start()
    found = sums_of(game)
    assert found.reach.tolist() == np.maximum(-F.lo, F.hi).tolist()
    found.at(game.point, 1, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 24_000_000  # bytes; a matrix (d, d) has 72 000 000


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


@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize("losses", [Squares(), Squares(3), Distances(2), NoisySquares()], ids=label)
def test_cumulative_losses_at_a_point(losses, seed):
    game = play(OGD(0.3), losses, cube(losses.dimension), 40, seed=seed)
    u = np.full(losses.dimension, 0.3)
    values = [losses.reveal(t, u, seed).value(u) for t in range(1, 41)]
    assert sums_at(game, np.array([1, 2, 7, 40]), u) == pytest.approx(np.cumsum(values)[[0, 1, 6, 39]], rel=1e-13)
    assert sums_at(game, np.array([], dtype=int), u).shape == (0,)

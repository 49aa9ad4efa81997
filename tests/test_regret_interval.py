"""Interval regret: the worst windows, against going through all of them."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from conftest import label
from pieces import INTERVAL, NoisySquares, Waves, cube
from scipy import optimize

import regretlab as rl
from regretlab import play
from regretlab.learners import OGD, Adam, Learner, State
from regretlab.losses import Mod3, RandomLinear, SignAdversary
from regretlab.regret import ComparatorWarning, interval
from regretlab.sets import L2Ball


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
    with pytest.raises(ValueError, match=r"played again, Moody.*must depend on the arguments alone"):
        game.interval_regret()


def test_windows_of_sums_that_cancel_are_exact():
    """The rounding errors of the sums count: 5e16 + 0.5 is no float."""
    game = play(OGD(1e-30), rl.losses.Periodic([1e17, 1.0, -1e17, 1.0]), rl.sets.Box(0.5, 0.5), 40)
    frame = game.interval_regret([1, 2, 3, 4], stride=1)
    assert frame["regret"].tolist() == [0.0] * 4
    assert frame.loc[4, "loss"] == 1.0


def test_the_gap_covers_windows_that_are_almost_as_bad():
    windows = interval._Windows(2, 1)
    ended = interval._Ended(np.array([1, 2, 3]), np.array([1.0, 0.9, 0.2]), np.zeros((3, 1)))
    windows.keep_worst(ended, np.zeros(3), np.array([0.0, 0.5, 0.6]))
    assert (windows.worst.first, windows.worst.regret) == (1, 1.0)
    assert windows.worst.gap == pytest.approx(0.4)


def test_the_warning_has_the_gap_of_its_window(monkeypatch):
    game = play(OGD(), NoisySquares(), INTERVAL, 12)
    monkeypatch.setattr(
        interval.Solver, "minimize", lambda self, start, stop: interval.Best(self.u, 1.0, 1e-3 * start, 1.0)
    )
    with pytest.warns(
        ComparatorWarning, match=r"up to round t = 12 is only known up to a gap of 0.009, .* 2 more rounds"
    ):
        game.interval_regret([4], stride=4)

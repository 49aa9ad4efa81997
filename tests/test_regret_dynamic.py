"""Dynamic regret: losses and length of comparator paths, by hand."""

import math

import numpy as np
import pytest
from conftest import label
from oracles.cumulative_losses import Clouds
from pieces import INTERVAL, Squares, Waves, cube

import regretlab as rl
from regretlab import play
from regretlab.learners import Adam, AMSGrad
from regretlab.losses import Mod3, RandomAbsolute, RandomLinear, RandomLogistic, SignAdversary


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

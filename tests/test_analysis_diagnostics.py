"""Diagnostics of a game, against its whole history made with numpy alone."""

import numpy as np
import pytest
from pieces import INTERVAL, Sawtooth, Waves, cube

import regretlab as rl
from regretlab import play
from regretlab.analysis.diagnostics import diagnose
from regretlab.game import Game
from regretlab.schedules import Constant

T = 300


def moving(squares, beta2):
    v, V = np.zeros(squares.shape[1]), np.empty_like(squares)
    for t, square in enumerate(squares):
        V[t] = v = beta2 * v + (1.0 - beta2) * square
    return V


METRICS = {
    "Adam": (rl.learners.Adam(0.3, beta1=0.5, beta2=0.6), lambda G: moving(G**2, 0.6)),
    "AMSGrad": (
        rl.learners.AMSGrad(Constant(0.3), beta1=0.5, beta2=0.6),
        lambda G: np.maximum.accumulate(moving(G**2, 0.6), axis=0),
    ),
    "AdaGrad": (rl.learners.AdaGrad(0.3), lambda G: np.cumsum(G**2, axis=0) / np.arange(1, len(G) + 1)[:, None]),
    "OGD": (rl.learners.OGD(0.3), np.ones_like),
}


def history(learner, V, game):
    """Gamma_t and eta_t of every round and coordinate."""
    t = np.arange(1, T + 1)
    weight = np.sqrt(V) / learner.schedules["alpha"](t)[:, None]
    gamma = np.diff(np.vstack([np.zeros_like(weight[:1]), weight]), axis=0)
    return gamma, 1.0 / weight, np.vstack([np.zeros_like(V[:1]), weight[:-1]])


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("losses", [Waves(3), Sawtooth()], ids=["waves", "sawtooth"])
def test_as_the_whole_history_says(name, losses):
    learner, metric = METRICS[name]
    d = losses.dimension
    game = play(learner, losses, cube(d), T, checkpoints=range(1, T + 1))
    G, x = losses.gradients(np.arange(1, T + 1)), game.record.point
    assert (G != 0.0).all()
    gamma, eta, before = history(learner, metric(G), game)
    falls = gamma < -1e-12 * before
    way = np.vstack([np.zeros((1, d)), np.abs(np.diff(x, axis=0))]).cumsum(axis=0)
    found = diagnose(game)

    expected = {
        "least_gamma": np.minimum.accumulate(gamma.min(axis=1)),
        "falls": falls.cumsum(axis=0).max(axis=1),
        "stepsize_min": eta.min(axis=1),
        "stepsize_median": np.median(eta, axis=1),
        "stepsize_max": eta.max(axis=1),
        "G_inf": np.maximum.accumulate(np.abs(G).max(axis=1)),
        "travelled": way.sum(axis=1),
    }
    assert list(found.curve.columns) == list(expected)
    assert found.curve.index.tolist() == list(range(1, T + 1))
    for column, values in expected.items():
        np.testing.assert_allclose(found.curve[column], values, rtol=1e-9, atol=1e-11, err_msg=column)

    each = found.coordinates
    assert each.index.tolist() == list(range(1, d + 1))
    np.testing.assert_allclose(each["least_gamma"], gamma.min(axis=0), rtol=1e-9, atol=1e-11)
    np.testing.assert_array_equal(each["falls"], falls.sum(axis=0))
    np.testing.assert_array_equal(each["first_fall"], np.where(falls.any(axis=0), 1 + falls.argmax(axis=0), 0))
    np.testing.assert_allclose(each["fraction"], falls.mean(axis=0))
    np.testing.assert_allclose(each["stepsize"], eta[-1], rtol=1e-9)
    np.testing.assert_allclose(each["rise"], (eta / np.minimum.accumulate(eta, axis=0)).max(axis=0), rtol=1e-9)
    np.testing.assert_allclose(each["G_inf"], np.abs(G).max(axis=0))
    np.testing.assert_allclose(each["travelled"], way[-1], rtol=1e-9)

    assert found.monotone == (not falls.any()) == (name != "Adam")
    assert found.first_violation == (1 + falls.any(axis=1).argmax() if falls.any() else None)


def test_the_text_says_what_was_found():
    adam = play(rl.learners.Adam(0.5, beta1=0.0, beta2=0.1), rl.losses.Mod3(C=3.0), INTERVAL, 3000).diagnose()
    assert adam.first_violation == 2
    assert "first negative in round 2; in 0.667 of the rounds" in repr(adam)  # in two of three
    assert f"rises, up to {adam.coordinates['rise'].max():.4g} times" in repr(adam)
    amsgrad = play(rl.learners.AMSGrad(), rl.losses.Mod3(C=3.0), INTERVAL, 3000).diagnose()
    assert "never negative" in repr(amsgrad)
    assert "never rises" in repr(amsgrad)
    several = play(rl.learners.Adam(beta2=0.1), Waves(3), cube(3), 3000).diagnose()
    assert "(3 of 3 coordinates)" in repr(several)


def test_a_coordinate_without_gradients_has_no_stepsize():
    losses = rl.losses.Periodic([[1.0, 0.0], [-1.0, 0.0]])
    found = play(rl.learners.AMSGrad(), losses, cube(2), 50).diagnose()
    assert np.isnan(found.coordinates.loc[2, "stepsize"])
    assert np.isnan(found.coordinates.loc[2, "rise"])
    assert found.coordinates.loc[1, "rise"] == 1.0
    assert found.curve["stepsize_max"].iloc[-1] == found.coordinates.loc[1, "stepsize"]
    still = play(rl.learners.AMSGrad(), rl.losses.Periodic([0.0]), INTERVAL, 50).diagnose()
    assert still.curve["stepsize_median"].isna().all()
    assert still.monotone
    assert "no step" in repr(still)
    still.plot()


@pytest.mark.parametrize("d", [1, 3])
def test_the_picture(d):
    figure = play(rl.learners.Adam(beta2=0.1), Waves(d), cube(d), 200).diagnose().plot()
    figure.draw_without_rendering()
    left, centre, right = figure.axes
    assert "stepsize" in left.get_ylabel()
    assert "Gamma" in centre.get_ylabel()
    assert right.get_ylabel() == "distance travelled"
    assert len(centre.lines) == 2  # the share, and the first round with Gamma < 0


def test_a_game_without_rounds():
    game = Game(rl.learners.Adam(), Sawtooth(), INTERVAL)
    with pytest.raises(ValueError, match="horizon=0"):
        game.diagnose()


def test_a_learner_without_a_ledger():
    game = play(rl.learners.AdaGradNorm(), Sawtooth(), INTERVAL, 5)
    with pytest.raises(TypeError, match=r"AdaGradNorm.*keeps no ledger"):
        game.diagnose()

"""The ledger of a game, against sums over its whole history made with numpy alone."""

import numpy as np
import pytest
from conformance import LEARNERS, accepts
from conftest import label
from pieces import INTERVAL, Sawtooth, Waves, assert_same, bits, cube

import regretlab as rl
from regretlab import play
from regretlab.game import Game
from regretlab.learners import ledger
from regretlab.schedules import Constant

T = 60


def quotient(a, b):
    return np.divide(a, b, out=np.zeros_like(a), where=b != 0.0)


def history(case, x, G):
    """The rows of the ledger after each round, from the formulas of a case, the points played and the gradients."""
    t = np.arange(1.0, len(G) + 1.0)
    alpha, W = case.alpha(t)[:, None], np.sqrt(case.V(G))
    m = np.where(W > 0.0, case.m(G), 0.0)
    schedules = case.learner.schedules
    beta1 = np.broadcast_to(schedules.get("beta1", Constant(0.0))(t.astype(int)), t.shape)[:, None]
    w, before = W / alpha, np.vstack([np.zeros_like(m[:1]), m[:-1]])
    gamma = np.diff(np.vstack([np.zeros_like(w[:1]), w]), axis=0)
    moved = np.vstack([np.zeros_like(x[:1]), np.abs(np.diff(x, axis=0))])
    square = np.cumsum(G**2, axis=0)
    return {
        "m": m,
        "weight": w,
        "rise": np.cumsum(np.maximum(gamma, 0.0), axis=0),
        "least": np.minimum.accumulate(gamma, axis=0),
        "momentum": np.cumsum(beta1 * w, axis=0),
        "step": np.cumsum(quotient(alpha * m**2, W), axis=0),
        "square": square,
        "largest": np.maximum.accumulate(np.abs(G), axis=0),
        "mismatch": np.cumsum(np.abs(m - beta1 * before - (1.0 - beta1) * G), axis=0),
        "x": x,
        "travelled": np.cumsum(moved, axis=0),
        "lag": np.cumsum(quotient(beta1 * alpha * (G - before) ** 2, W), axis=0),
        "zeta2": np.maximum.accumulate(quotient(square, w**2), axis=0),
    }


@pytest.mark.parametrize(
    ("case", "losses"),
    [(case, losses) for case in LEARNERS for losses in (Sawtooth(), Waves(3)) if accepts(case.learner, losses)],
    ids=lambda value: label(getattr(value, "learner", value)),
)
def test_rows_are_sums_over_the_history(case, losses):
    game = play(case.learner, losses, cube(losses.dimension), T, ledger=True, checkpoints=range(1, T + 1))
    expected = history(case, game.record.point, losses.gradients(np.arange(1, T + 1)))
    for name, recorded in zip(game.state.ledger, np.moveaxis(game.record.ledger, 1, 0), strict=True):
        if name in expected:
            scale = 1e-11 * (1.0 + np.abs(expected[name]).max())
            assert recorded == pytest.approx(expected[name], rel=1e-9, abs=scale), name


def test_falls_of_the_metric_are_counted_and_dated():
    learner = rl.learners.Adam(alpha=1.0, beta1=0.0, beta2=0.1)
    game = play(learner, rl.losses.Mod3(C=3.0), INTERVAL, T, ledger=True)
    V = np.zeros(T + 1)
    for t in range(1, T + 1):
        g = 3.0 if t % 3 == 1 else -1.0
        V[t] = 0.1 * V[t - 1] + 0.9 * g * g
    gamma = np.diff(np.sqrt(V) * np.sqrt(np.arange(T + 1.0)))
    assert game.state.ledger["falls"] == (gamma < 0.0).sum() > 10
    assert game.state.ledger["first_fall"] == 1 + np.argmax(gamma < 0.0) == 2


@pytest.mark.parametrize("name", ["OGD", "AdaGrad", "AMSGrad", "AdamNC"])
def test_metrics_that_do_not_fall_are_not_said_to_fall_by_rounding(name):
    losses = rl.losses.Rademacher(d=2)
    game = play(getattr(rl.learners, name)(), losses, cube(2), 3000, ledger=True)
    assert not game.state.ledger["falls"].any()
    assert not game.state.ledger["first_fall"].any()


@pytest.mark.parametrize("F", [INTERVAL, rl.sets.Box(-2.0, 0.5)], ids=label)
def test_a_ledger_changes_nothing(F):
    plain = play(rl.learners.AMSGrad(), Sawtooth(), F, 500)
    with_ledger = play(rl.learners.AMSGrad(), Sawtooth(), F, 500, ledger=True)
    assert plain.state.ledger == {}
    assert_same(plain, with_ledger)


@pytest.mark.parametrize("make", [Waves, rl.losses.Rademacher, lambda d: rl.losses.CirclingQuadratics(d=d)])
@pytest.mark.parametrize("F", [rl.sets.Box(-1.0, 1.0), rl.sets.L2Ball(1.0), rl.sets.Simplex(3)], ids=label)
def test_the_same_bits_however_it_is_kept(make, F):
    losses, learner = make(3), rl.learners.AMSGrad(beta1=rl.schedules.Geometric(0.9, 0.9))
    whole = play(learner, losses, F, 200, ledger=True)
    blocks = play(learner, losses, F, 200, ledger=True, block=7, compiled=False)
    parts = play(learner, losses, F, 90, ledger=True, compiled=True).extend(200)
    state = learner.with_ledger(learner.start(whole.feasible_set))
    for t in range(1, 201):
        state = learner.update(state, losses.reveal(t, state.point, 0).gradient(state.point))
    for other in (blocks, parts):
        assert_same(whole, other)
        assert bits(whole.record.ledger) == bits(other.record.ledger)
    for name, row in whole.state.ledger.items():
        assert bits(row) == bits(parts.state.ledger[name]) == bits(state.ledger[name])


def test_alone_or_with_others_in_one_loop():
    losses = rl.losses.Rademacher(d=2)
    learners = [rl.learners.AMSGrad(alpha=0.1 * k) for k in range(1, 41)]
    games = [Game(each, losses, cube(2), ledger=True) for each in learners]
    rl.engine.driver.advance(games, 300)
    for k in (0, 17, 39):
        alone = play(learners[k], losses, cube(2), 300, ledger=True)
        assert bits(alone.record.ledger) == bits(games[k].record.ledger)


def test_any_losses_and_any_set():
    learner = rl.learners.Adam()
    callback = play(learner, rl.losses.SignAdversary(d=2), rl.sets.L2Ball(1.0), 50, ledger=True)
    square = rl.sets.Polytope(np.vstack([np.eye(2), -np.eye(2)]), np.ones(4))
    interpreted = play(learner, rl.losses.SignAdversary(d=2), square, 50, ledger=True)
    for game in (callback, interpreted):
        assert game.state.ledger["square"] == pytest.approx([50.0, 50.0])
        assert (game.state.ledger["travelled"] > 0.0).all()


def test_saved_and_loaded(tmp_path):
    game = play(rl.learners.AMSGrad(), Sawtooth(), INTERVAL, 70, ledger=True)
    game.save(tmp_path / "game.npz")
    again = rl.Game.load(tmp_path / "game.npz").extend(100)
    assert bits(again.record.ledger) == bits(game.extend(100).record.ledger)


def test_played_again_with_a_ledger():
    game = play(rl.learners.AMSGrad(), Sawtooth(), INTERVAL, 70, start=[0.25], seed=4, checkpoints=[3, 8])
    again = game.with_ledger()
    assert_same(game, again)
    assert game.with_ledger() is again
    assert again.with_ledger() is again
    game.extend(90)
    assert_same(game, game.with_ledger())


def test_a_learner_that_knows_no_ledger_keeps_none():
    class Still(rl.learners.Learner):
        def start(self, feasible_set, point=None):
            return rl.learners.State(0, np.zeros(1), {}, feasible_set)

        def update(self, state, gradient):
            return rl.learners.State(state.t + 1, state.point, {}, state.feasible_set)

    game = play(Still(), Sawtooth(), INTERVAL, 5, ledger=True)
    with pytest.raises(TypeError, match="keeps no ledger"):
        game.with_ledger()


def test_names_of_the_rows():
    assert ledger.names_in_ledger(ledger.account_scheduled) == (*ledger.names_in_ledger(ledger.account), "lag", "zeta2")

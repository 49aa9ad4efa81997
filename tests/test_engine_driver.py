"""The driver: blocks, progress, and Ctrl-C at any moment."""

import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from pieces import INTERVAL, Averaging, Interrupted, PythonBox, Squares, Waves, assert_same, bits, contents, from_hex

import regretlab as rl
from regretlab import play, play_all
from regretlab.engine import driver
from regretlab.engine.batch import Batch
from regretlab.learners import OGD, Adam, AMSGrad, Learner, State

LONE = PythonBox([-1.0], [1.0])


@pytest.mark.parametrize("block", [0, -1, 1.5, "10", [5], True, float("nan"), float("inf")])
def test_a_block_is_a_number_of_rounds(block):
    with pytest.raises(ValueError if block in (0, -1) else TypeError, match="block="):
        play(Adam(), Waves(), INTERVAL, 10, block=block)


def test_unknown_keywords():
    with pytest.raises(TypeError, match="blocks"):
        play(Adam(), Waves(), INTERVAL, 10, blocks=3)


def test_numpy_integers_are_integers():
    game = play(Adam(), Waves(), INTERVAL, np.int64(10), block=np.int32(3), seed=np.uint8(2))
    assert (game.horizon, game.seed, type(game.seed)) == (10, 2, int)
    assert_same(game, play(Adam(), Waves(), INTERVAL, 10, seed=2))


def test_sequences_are_asked_once_for_all_who_meet_them():
    asked = []

    class Counted(Waves):
        def gradients(self, t):
            asked.extend(t.tolist())
            return super().gradients(t)

    losses = Counted()
    assert losses.dimension == 1
    asked.clear()
    play_all([OGD(), OGD(0.5), Adam(), AMSGrad()], losses, INTERVAL, 100, block=30)
    assert asked == list(range(1, 101))


def test_progress_is_silent_when_piped_and_shown_on_request(capsys, monkeypatch):
    play(Adam(), Waves(), INTERVAL, 50)
    play(Adam(), Waves(), INTERVAL, 50, progress=False)
    assert capsys.readouterr() == ("", "")
    import tqdm

    bar = tqdm.tqdm
    monkeypatch.setattr(tqdm, "tqdm", lambda **how: bar(**(how | {"delay": 0.0, "leave": True})))
    play_all([Adam(), OGD()], Waves(), INTERVAL, 50, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "100/100" in err.replace(".0", "")


def test_the_driver_plays_any_batch(monkeypatch):
    """It calls what the abstract class Batch has, and nothing else."""
    stops = []

    class Counter(Batch):
        t, block = 0, 40

        def play(self, stop, horizon, draws, compiled):
            stops.append((stop, horizon, draws, compiled))
            self.t = stop

        def finish(self):
            stops.append("finished")

    monkeypatch.setattr(driver, "group", lambda games: [Counter()])
    driver.advance([rl.Game(Adam(), Waves(), INTERVAL)], 100, compiled=False, progress=False)
    assert stops == [(40, 100, {}, False), (80, 100, {}, False), (100, 100, {}, False), "finished"]


def test_no_games_at_all():
    assert play_all([], Waves(), INTERVAL, 10) == []
    driver.advance([], 10)


# -- Ctrl-C ----------------------------------------------------------------------------


@pytest.mark.parametrize("F", [INTERVAL, LONE], ids=["compiled", "round by round"])
@pytest.mark.parametrize(("at", "kept"), [(1, 0), (50, 0), (51, 50), (333, 300), (1000, 950)])
def test_ctrl_c_inside_a_sequence(F, at, kept):
    losses = Interrupted(at, 1, [True])
    assert losses.dimension == 1
    losses.pressed.clear()
    with pytest.raises(rl.GameInterrupted) as caught:
        play(Adam(), losses, F, 1000, block=50, compiled=False)
    game = caught.value.game
    assert isinstance(caught.value, KeyboardInterrupt)
    assert isinstance(caught.value.__cause__, KeyboardInterrupt)
    assert caught.value.games == [game]
    assert f"round {kept} of 1,000" in str(caught.value)
    assert game.horizon == kept
    if kept:
        assert_same(game, play(Adam(), losses, F, kept))
    assert_same(game.extend(1000), play(Adam(), losses, F, 1000))


def test_ctrl_c_leaves_every_game_after_some_round():
    learners = [OGD(), OGD(0.3), Averaging(), Adam(), AMSGrad()]
    losses = Interrupted(205, 1, [True])
    assert losses.dimension == 1
    losses.pressed.clear()
    with pytest.raises(rl.GameInterrupted) as caught:
        play_all(learners, losses, INTERVAL, 400, seeds=[0, 1], block=40)
    games = caught.value.games
    assert [(game.learner, game.seed) for game in games] == [(x, seed) for x in learners for seed in (0, 1)]
    for game in games:
        assert game.horizon in (200, 240)
        assert_same(game, play(game.learner, losses, INTERVAL, game.horizon, seed=game.seed))
    driver.advance(games, 400)
    for game in games:
        assert_same(game, play(game.learner, losses, INTERVAL, 400, seed=game.seed))


def pressing(times):
    """A function that presses Ctrl-C at the given calls."""
    calls = iter(range(1, 10**9))

    def press():
        if next(calls) in times:
            raise KeyboardInterrupt

    return press


def test_ctrl_c_inside_a_rule():
    press = pressing({260})

    class Slow(rl.learners.Algorithm1):
        @staticmethod
        def rule(g, kept):
            press()
            return (kept + g,), g, 1.0

    learner = Slow()  # one call
    with pytest.raises(rl.GameInterrupted) as caught:
        play(learner, Waves(2), rl.sets.Box(-1, 1), 300, block=20)
    game = caught.value.game
    assert game.horizon == 120  # rounds are done block by block, two cells each
    assert_same(game.extend(300), play(Slow(), Waves(2), rl.sets.Box(-1, 1), 300))


@pytest.mark.parametrize("call", [1, 2, 17, 60])
def test_ctrl_c_inside_a_learner(call):
    press = pressing({call})

    class Slow(Learner):
        def start(self, feasible_set, point=None):
            return State(0, feasible_set.nearest_to_origin(), {}, feasible_set)

        def update(self, state, gradient):
            press()
            point = state.feasible_set.project(state.point - 0.1 * gradient)
            return State(state.t + 1, point, {}, state.feasible_set)

    with pytest.raises(rl.GameInterrupted) as caught:
        play(Slow(), Squares(2), rl.sets.Box(-1, 1), 60)
    game = caught.value.game
    assert game.horizon == call - 1
    assert game.record.t.tolist()[-1:] == ([call - 1] if call > 1 else [])
    assert_same(game.extend(60), play(Slow(), Squares(2), rl.sets.Box(-1, 1), 60))


def test_ctrl_c_twice():
    losses = Squares()
    press = pressing({5, 12})

    class Slow(Averaging):
        def update(self, state, gradient):
            press()
            return super().update(state, gradient)

    games = [rl.Game(Slow(), losses, INTERVAL) for _ in range(2)]
    for rounds in ([4, 0], [10, 0]):
        with pytest.raises(rl.GameInterrupted) as caught:
            driver.advance(games, 30)
        assert caught.value.games is games
        assert [game.horizon for game in games] == rounds
    driver.advance(games, 30)
    for game in games:
        assert contents(game) == contents(play(Averaging(), losses, INTERVAL, 30))


def test_ctrl_c_from_a_terminal():
    """A real signal, at a moment nobody chose, to a game that would take hours."""
    script = """
        import signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored where jobs run in the background
        import regretlab as rl

        class Printing(rl.losses.Rademacher):
            def sample(self, rng, n):
                print("playing", flush=True)
                return super().sample(rng, n)

        game = rl.Game(rl.learners.AMSGrad(), Printing(), rl.sets.Box(-1.0, 1.0), seed=5)
        try:
            game.extend(10**9, compiled=False, block=300)
            print("done")
        except rl.GameInterrupted as stopped:
            assert stopped.game is game
            print("stopped", game.horizon, game.point.tobytes().hex(), len(game.regret), flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        for _ in range(4):  # the dimension, and some blocks of draws
            assert process.stdout.readline() == "playing\n", process.stderr.read()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert err == ""
    assert process.returncode == 0
    word, T, point, rows = out.splitlines()[-1].split()
    assert word == "stopped"
    assert int(T) % 300 == 0
    assert int(T) > 0
    again = play(AMSGrad(), rl.losses.Rademacher(), INTERVAL, int(T), seed=5)
    assert bits(again.point) == bits(np.array([from_hex(point)]))
    assert len(again.regret) == int(rows)

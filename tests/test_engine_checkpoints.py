"""Which rounds are recorded, and how records are joined."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pieces import INTERVAL, Waves, bits

import regretlab as rl
from regretlab.engine.checkpoints import Checkpoints, Record


def per_decade(T):
    """About 32 rounds per decade, evenly spaced in log t, as integers."""
    return sorted({round(10 ** (k / 32)) for k in range(32 * 19)} & set(range(1, T + 1)))


@pytest.mark.parametrize("T", [1, 2, 9, 10, 11, 1000, 54321])
def test_usual_checkpoints(T):
    assert Checkpoints().between(0, T).tolist() == per_decade(T)


def test_about_32_per_decade():
    for k in range(2, 17):
        assert 31 <= Checkpoints().between(10**k, 10 ** (k + 1)).size <= 32
    assert Checkpoints().between(0, 10**6).size < 200
    assert np.all(np.diff(Checkpoints().between(0, 10**17)) > 0)


@given(st.sets(st.integers(1, 99)), st.integers(0, 100), st.integers(0, 100))
def test_between(rounds, after, until):
    if not rounds:
        return
    checkpoints = Checkpoints.of(rounds)
    expected = sorted(t for t in rounds | {1} if after < t <= until)
    assert checkpoints.between(after, until).tolist() == expected
    assert checkpoints.between(after, until).dtype == np.int64
    assert [t for t in range(1, 100) if t in checkpoints] == sorted(rounds | {1})


@pytest.mark.parametrize(
    "given_", [[5, 2, 5], (2, 5), {2, 5}, iter([2, 5]), range(2, 6, 3), np.array([5, 2]), np.array([2, 5], np.uint8)]
)
def test_any_iterable_of_rounds(given_):
    game = rl.play(rl.learners.OGD(), Waves(), INTERVAL, 7, checkpoints=given_)
    assert game.record.t.tolist() == [1, 2, 5, 7]
    assert game.record.t.dtype == np.int64
    assert game.checkpoints == Checkpoints((2, 5))
    assert hash(game.checkpoints) == hash(Checkpoints((2, 5)))


def test_one_number_is_one_checkpoint():
    assert rl.play(rl.learners.OGD(), Waves(), INTERVAL, 9, checkpoints=4).record.t.tolist() == [1, 4, 9]


def test_checkpoints_beyond_the_horizon_wait():
    game = rl.play(rl.learners.OGD(), Waves(), INTERVAL, 7, checkpoints=[3, 20])
    assert game.record.t.tolist() == [1, 3, 7]
    assert game.extend(20).record.t.tolist() == [1, 3, 20]
    assert game.extend(25).record.t.tolist() == [1, 3, 20, 25]


@pytest.mark.parametrize(
    "bad", [[], [0], [-3], 0, [1.0], 2.5, [True], [1, None], "10", ["1"], [1 + 0j], [[1], [2, 3]], {}, [float("nan")]]
)
def test_what_are_no_rounds(bad):
    right = ValueError if bad in ([], [0], [-3], 0, {}, [[1], [2, 3]]) else TypeError
    with pytest.raises(right, match=r"checkpoints=|inhomogeneous"):
        rl.play(rl.learners.OGD(), Waves(), INTERVAL, 7, checkpoints=bad)
    with pytest.raises(right, match=r"checkpoints=|inhomogeneous"):
        rl.play_all([rl.learners.OGD()], Waves(), INTERVAL, 7, checkpoints=bad)


def test_every_round_recorded_is_the_round_played():
    """x_t, sum_{s<=t} <g_s, x_s> and sum_{s<=t} g_s against the game stepped by hand."""
    losses, learner, F = Waves(2), rl.learners.Adam(0.4), rl.sets.Box([-1.0, 0.2], [1.0, 0.6])
    game = rl.play(learner, losses, F, 50, checkpoints=range(1, 51))
    state, loss, G = learner.start(F), np.zeros(2), np.zeros(2)
    for t in range(1, 51):
        g = losses.gradients(np.array([t]))[0]
        loss, G = loss + g * state.point, G + g
        assert bits(game.record.point[t - 1]) == bits(state.point)
        assert game.record.loss[t - 1].sum(axis=0) == pytest.approx(loss, rel=1e-13, abs=1e-13)
        assert game.record.gradient[t - 1].sum(axis=0) == pytest.approx(G, rel=1e-13, abs=1e-13)
        state = learner.update(state, g)
    assert bits(game.point) == bits(state.point)


def test_join_and_rows():
    parts = [
        Record(
            np.array(t),
            np.array(t, float)[:, None],
            np.ones((len(t), 2, 1)),
            np.zeros((len(t), 2, 1)),
            np.zeros((len(t), 0, 1)),
        )
        for t in ([1, 2], [], [7])
    ]
    parts[1] = Record.empty(1)
    joined = Record.join(parts)
    assert joined.t.tolist() == [1, 2, 7]
    assert joined.t.dtype == np.int64
    assert joined.point.shape == (3, 1)
    assert joined.loss.shape == joined.gradient.shape == (3, 2, 1)
    assert joined.rows(slice(-1)).t.tolist() == [1, 2]
    assert joined.rows([0, 2]).point[:, 0].tolist() == [1.0, 7.0]

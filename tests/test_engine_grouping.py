"""A game's numbers do not depend, bit for bit, on blocks, on the compiler, or on what shares its batch."""

import dataclasses
import warnings
from math import sqrt

import numpy as np
import pytest
from conftest import label
from hypothesis import given
from hypothesis import strategies as st
from pieces import (
    INTERVAL,
    LEARNERS,
    Amplifier,
    Averaging,
    Fails,
    FailsConvex,
    Frozen,
    JointBox,
    Pause,
    PythonBox,
    Squares,
    Table,
    Waves,
    assert_same,
    contents,
    cube,
)

import regretlab as rl
from regretlab import play, play_all
from regretlab.engine import driver, grouping, separable
from regretlab.learners import OGD, AdaGrad, Adam, AdamNC, AMSGrad, Learner, RMSProp, State
from regretlab.losses import Mod3, Rademacher, RandomLinear, ReddiOnline, SignAdversary

SEQUENCES = [
    (Mod3(3.0), INTERVAL, 1200),
    (ReddiOnline(), INTERVAL, 1200),
    (Rademacher(1, 0.1), INTERVAL, 1200),
    (RandomLinear(3), rl.sets.Box([-1.0, -2.0, 0.1], [1.0, 0.5, 0.1]), 400),
    (Waves(300), cube(300), 9),
]
BLOCKS = [1, 7, 1000, 65536]
JOINT_LOSSES = [Rademacher(2, 0.2), rl.losses.RandomLeastSquares(3), rl.losses.RandomLogistic(3)]


def kind(x):
    return type(x).__name__


def names(x):
    return type(x).__name__ if isinstance(x, Learner) else None


# -- blocks and the compiler -----------------------------------------------------------


@pytest.mark.parametrize("learner", LEARNERS, ids=names)
@pytest.mark.parametrize(
    ("losses", "F", "T"), SEQUENCES, ids=lambda x: repr(x) if isinstance(x, rl.losses.Losses) else ""
)
def test_same_bits_for_every_block_size(learner, losses, F, T):
    games = [play(learner, losses, F, T, seed=3, block=block, compiled=False) for block in BLOCKS]
    games.append(play(learner, losses, F, T, seed=3, compiled=False))
    for game in games[1:]:
        assert contents(game) == contents(games[0])
    assert_same(games[0], games[-1])


@pytest.mark.parametrize("losses", [Squares(3), SignAdversary(2), Rademacher(2)], ids=label)
def test_same_bits_for_every_block_size_round_by_round(losses):
    F = PythonBox(np.full(losses.dimension, -1.0), np.full(losses.dimension, 1.0))
    games = [play(Adam(), losses, F, 60, block=block) for block in BLOCKS]
    for game in games[1:]:
        assert_same(games[0], game)


@pytest.mark.parametrize(
    "learner", [OGD(), AdaGrad(0.2), Adam(0.5, 0.9, 0.999), AMSGrad(), AdamNC(), RMSProp()], ids=names
)
def test_compiled_and_interpreted_have_the_same_bits(learner):
    losses, T = Rademacher(3, 0.2), 300
    interpreted = play(learner, losses, cube(3), T, compiled=False)
    assert_same(play(learner, losses, cube(3), T, compiled=True), interpreted)
    assert_same(play(learner, losses, cube(3), T, compiled=True, block=77), interpreted)


@pytest.mark.parametrize("seeds", [[5], range(4)], ids=["one sequence", "several sequences"])
def test_compiled_batches_and_one_interpreted_game_have_the_same_bits(seeds):
    learners = [AMSGrad(alpha=0.1 * k, beta1=0.8) for k in range(1, 9)]
    games = play_all(learners, RandomLinear(2, mean=0.1), cube(2), 200, seeds=seeds, compiled=True)
    for game in (games[0], games[len(games) // 2], games[-1]):
        alone = play(game.learner, game.losses, game.feasible_set, 200, seed=game.seed, compiled=False)
        assert_same(game, alone)


def test_round_by_round_in_high_dimension_is_compiled_with_the_same_bits():
    d, T = 100, 12
    F = PythonBox(np.full(d, -1.0), np.full(d, 1.0))
    assert_same(play(AMSGrad(), Waves(d), F, T), play(AMSGrad(), Waves(d), cube(d), T, compiled=False))


def spy_on_compiler(monkeypatch):
    """Play interpreted whatever is asked for, and note what is asked for."""
    asked, compose = [], separable.compose

    def spy(*arguments):
        asked.append(arguments[-1])
        return compose(*arguments[:-1], False)

    monkeypatch.setattr(separable, "compose", spy)
    return asked


@pytest.mark.parametrize(("T", "compiled"), [(10_000, False), (10_001, True)])
def test_short_games_are_not_compiled(T, compiled, monkeypatch):
    asked = spy_on_compiler(monkeypatch)
    play(OGD(), Mod3(), INTERVAL, T, block=2500)
    assert asked == [compiled] * -(-T // 2500)  # the last rounds of a long game are no short game


def test_all_games_count_towards_the_compiler(monkeypatch):
    asked = spy_on_compiler(monkeypatch)
    play_all([OGD(0.1 * k) for k in range(1, 21)], Mod3(), INTERVAL, 501)
    assert asked == [True]


# -- company ---------------------------------------------------------------------------


def test_alone_or_among_64_learners_on_one_sequence():
    learners = [AMSGrad(alpha=0.01 * 1.2**k, beta1=0.01 * k, beta2=0.99 - 0.01 * k) for k in range(64)]
    games = play_all(learners, Waves(2), cube(2), 40, start=0.25, compiled=False)
    assert len(grouping.group([rl.Game(x, games[0].losses, cube(2)) for x in learners])) == 1
    for learner, game in zip(learners, games, strict=True):
        assert game.learner is learner
        assert_same(game, play(learner, Waves(2), cube(2), 40, start=0.25, compiled=False))


def test_alone_or_among_64_seeds():
    games = play_all([Adam()], Rademacher(2), cube(2), 40, seeds=range(64), compiled=False)
    assert len({contents(game)["point"] for game in games}) == 64
    for seed, game in enumerate(games):
        assert game.seed == seed
        assert_same(game, play(Adam(), Rademacher(2), cube(2), 40, seed=seed, compiled=False))


@pytest.mark.parametrize(("d", "n"), [(1, 300), (3, 100), (100, 5), (300, 2)])
def test_more_cells_than_a_batch_holds(d, n):
    learners = [OGD(alpha=0.05 * (k + 1)) for k in range(n)]
    games = play_all(learners, Waves(d), cube(d), 6, compiled=False)
    batches = grouping.group([rl.Game(x, games[0].losses, cube(d)) for x in learners])
    assert len(batches) > 1
    assert sum(len(batch.games) for batch in batches) == n
    for k in (0, n // 2, n - 1):
        assert_same(games[k], play(learners[k], Waves(d), cube(d), 6, compiled=False))


def test_learners_of_different_classes_in_one_call():
    learners = [
        *LEARNERS,
        Averaging(),
        OGD(0.7),
        Adam(alpha=Table()),
        AMSGrad(beta1=rl.schedules.Inverse(0.9)),
        Frozen(),
    ]
    games = play_all(learners, Rademacher(2), cube(2), 50, seeds=[4, 9], start=[0.5, -0.5])
    assert [(game.learner, game.seed) for game in games] == [(x, seed) for x in learners for seed in (4, 9)]
    for game in games:
        alone = play(game.learner, Rademacher(2), cube(2), 50, seed=game.seed, start=[0.5, -0.5], block=7)
        assert_same(game, alone)


def test_games_on_different_boxes_and_starts_share_a_batch():
    boxes = [rl.sets.Box(-1.0, 1.0), rl.sets.Box(0.2, 3.0), rl.sets.Box(-5.0, -5.0)]
    losses = Waves()
    games = [rl.Game(Adam(alpha=0.3), losses, box) for box in boxes]
    assert len(grouping.group(games)) == 1
    driver.advance(games, 30)
    for game, box in zip(games, boxes, strict=True):
        assert_same(game, play(Adam(alpha=0.3), Waves(), box, 30))


@pytest.mark.parametrize("learner", LEARNERS, ids=names)
def test_three_ways_to_play_on_a_box(learner):
    """Cells by themselves, games by themselves, and round by round in Python."""
    bounds = [-1.0, -2.0, 0.1], [1.0, 0.5, 0.1]
    sets = [rl.sets.Box(*bounds), JointBox(*bounds), PythonBox(*bounds)]
    kinds = {type(grouping.group([rl.Game(learner, RandomLinear(3), F)])[0]).__name__ for F in sets}
    assert len(kinds) == 3
    games = [play(learner, RandomLinear(3), F, 80, seed=2) for F in sets]
    for game in games[1:]:
        assert_same(game, games[0])


@pytest.mark.parametrize("losses", JOINT_LOSSES, ids=kind)
@pytest.mark.parametrize("learner", [AMSGrad(0.3), OGD(0.2)], ids=names)
def test_games_whose_coordinates_meet(losses, learner):
    """Same bits in any block, compiled or not, alone or not, and round by round in Python."""
    d, T = losses.dimension, 70
    F = JointBox(np.full(d, -1.0), np.full(d, 0.5))
    alone = play(learner, losses, F, T, seed=5, compiled=False)
    for block in (1, 7, 65536):
        assert contents(play(learner, losses, F, T, seed=5, block=block, compiled=False)) == contents(alone)
    python = PythonBox(np.full(d, -1.0), np.full(d, 0.5))
    assert contents(play(learner, losses, python, T, seed=5)) == contents(alone)
    assert contents(play(learner, losses, F, 33, seed=5).extend(T)) == contents(alone)
    company = [dataclasses.replace(learner, alpha=0.01 * k) for k in range(1, 10)]
    games = play_all([*company, learner], losses, F, T, seeds=[5, 0, 9], compiled=False)
    assert contents(games[-3]) == contents(alone)
    if learner == AMSGrad(0.3) and isinstance(losses, rl.losses.RandomLogistic):
        assert contents(play(learner, losses, F, T, seed=5, compiled=True)) == contents(alone)


@pytest.mark.parametrize("bad", [np.nan, 1e200])
def test_errors_of_games_whose_coordinates_meet(bad):
    F = JointBox(np.full(2, -1.0), np.full(2, 0.5))
    fail(23, AMSGrad(), Fails(23, bad, 2), 60, F=F)
    fail(23, AMSGrad(), Fails(23, Refuses("gone"), 2), 60, F=F, block=9)


def test_a_learner_that_overrides_update_is_played_by_its_update():
    assert play(Frozen(), Mod3(), INTERVAL, 20, start=0.5).point == 0.5
    assert play(Adam(), Mod3(), INTERVAL, 20, start=0.5).point != 0.5


@pytest.mark.parametrize("table", [np.array([1.0, 0.5]), [1.0, 0.5]])
def test_schedules_need_not_be_hashable(table):
    games = play_all(
        [OGD(alpha=Table(0.3, table)), OGD(alpha=Table(0.3, (1.0, 0.5)))], Waves(), INTERVAL, 30, seeds=[0, 1]
    )
    assert len({contents(game)["point"] for game in games}) == 1


# -- in one go or in pieces ------------------------------------------------------------


@given(
    splits=st.lists(st.integers(1, 70), max_size=4).map(sorted),
    block=st.sampled_from([None, 1, 3, 64]),
    learner=st.sampled_from([Adam(), AdamNC(), OGD(), Averaging()]),
    saved=st.booleans(),
)
def test_in_one_go_or_in_pieces(splits, block, learner, saved, tmp_path_factory):
    whole = play(learner, Rademacher(2, 0.1), cube(2), 70, seed=6, checkpoints=[2, 30, 31])
    game = rl.Game(learner, Rademacher(2, 0.1), cube(2), seed=6, checkpoints=[2, 30, 31])
    for T in [*splits, 70]:
        game.extend(T, block=block)
        assert game.horizon == T
        assert game.record.t[-1] == T
        if saved:
            path = tmp_path_factory.getbasetemp() / "piece.npz"
            game.save(path)
            game = rl.Game.load(path)
    assert_same(game, whole)


def test_games_at_different_rounds_are_played_on_together():
    losses = Rademacher(1)
    games = [rl.Game(Adam(0.1 * (k + 1)), losses, INTERVAL, seed=k % 3) for k in range(9)]
    for k, game in enumerate(games):
        if k % 4:
            game.extend(10 * (k % 4))
    driver.advance(games, 64, block=13)
    for game in games:
        assert_same(game, play(game.learner, losses, INTERVAL, 64, seed=game.seed))


def test_games_that_are_there_already_stay_as_they_are():
    done, short = (play(Adam(), Waves(), INTERVAL, T) for T in (50, 20))
    before = contents(done)
    driver.advance([done, short, short], 40)
    assert contents(done) == before
    assert_same(short, play(Adam(), Waves(), INTERVAL, 40))


def test_playing_on_leaves_copies_alone():
    import copy

    game = play(Adam(), Waves(2), cube(2), 20)
    other, state = copy.copy(game), game.state
    before = contents(other)
    game.extend(40)
    assert contents(other) == before
    assert state.t == 20
    assert_same(other.extend(40), game)


@pytest.mark.parametrize("learner", [Adam(), Averaging()], ids=names)
def test_memory_does_not_grow_with_the_horizon(learner):
    T = 3000
    game = play(learner, Waves(), INTERVAL, T, block=1)
    usual = np.unique(np.round(10 ** (np.arange(32 * 4) / 32)).astype(int))
    assert game.record.t.tolist() == [*usual[usual < T].tolist(), T]
    assert all(
        len(column) == len(game.record.t) for column in (game.record.point, game.record.loss, game.record.gradient)
    )
    batch = grouping.group([rl.Game(learner, Waves(), INTERVAL)])[0]
    for stop in range(1, 500):
        batch.play(stop, 500, {}, False)
    assert len(batch.records) <= len(usual)


def test_nothing_of_a_game_can_be_written_to():
    game = play(Adam(), Waves(), INTERVAL, 5)
    for array in (game.point, *game.state.moments.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7.0


# -- what goes wrong at round t ----------------------------------------------------------


def fail(t, learner, losses, T=100, F=None, **how):
    """The error of a game that fails at round t, after checking what it keeps."""
    F = F or cube(losses.dimension)
    with pytest.raises(rl.GameError, match=rf"^round {t}: ") as caught:
        play(learner, losses, F, T, **how)
    error = caught.value
    assert error.t == t
    assert repr(learner) in str(error)
    assert type(losses).__name__ in str(error)
    game = error.game
    assert error.games == [game]
    assert game.horizon == t - 1
    assert len(game.points) == len(game.record.t)
    if t == 1:
        assert game.regret.empty
    else:
        assert game.regret.index[-1] == game.record.t[-1] == t - 1
        assert np.isfinite(game.regret).all(axis=None)
        rest = {key: value for key, value in how.items() if key in ("seed", "compiled")}
        assert contents(game) == contents(play(learner, losses, F, t - 1, **rest))
    before = contents(game)
    with pytest.raises(rl.GameError, match=rf"^round {t}: "):  # it cannot go on, and says so again
        game.extend(T)
    assert contents(game) == before
    return error


@pytest.mark.parametrize("block", [None, 1, 10])
@pytest.mark.parametrize("t", [1, 2, 11, 37, 100])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite(bad, t, block):
    losses = Fails(t, bad, 3)
    error = fail(t, Adam(), losses, block=block)
    assert "not finite" in str(error)
    assert str(bad) in str(error)


@pytest.mark.parametrize("learner", LEARNERS, ids=names)
@pytest.mark.parametrize("compiled", [False, True])
def test_every_learner_reports_a_gradient_that_is_not_finite(learner, compiled):
    fail(23, learner, Fails(23, np.nan), 60, compiled=compiled)


def test_a_gradient_that_is_not_finite_round_by_round():
    box = PythonBox(np.full(2, -1.0), np.full(2, 1.0))
    fail(23, AMSGrad(), Fails(23, np.nan, 2), 60, F=box)
    fail(23, Averaging(), Fails(23, np.nan, 2), 60)
    fail(300, Averaging(), Fails(300, np.inf), 400)


@pytest.mark.parametrize("learner", [AdaGrad(), RMSProp(), Adam(), AMSGrad(), AdamNC()], ids=names)
@pytest.mark.parametrize("compiled", [False, True])
def test_overflow_of_the_square_of_a_gradient(learner, compiled):
    error = fail(31, learner, Fails(31, 1e200), 60, compiled=compiled)
    assert "overflow" in str(error)


def test_a_gradient_whose_square_overflows_is_fine_without_squares():
    game = play(OGD(), Fails(31, 1e200), INTERVAL, 60)
    assert game.horizon == 60
    assert game.point == pytest.approx(-1.0, abs=0.2)


@pytest.mark.parametrize("F", [rl.sets.Box(4.0, 5.0), PythonBox([4.0], [5.0])], ids=["compiled", "round by round"])
def test_overflow_of_the_loss(F):
    error = fail(17, OGD(), Fails(17, 1e308), 60, F=F)
    assert "loss" in str(error)


@pytest.mark.parametrize("F", [rl.sets.Box(0.0, 1e-9), PythonBox([0.0], [1e-9])], ids=["compiled", "round by round"])
def test_overflow_of_the_sum_of_the_gradients(F):
    losses = rl.losses.Periodic([1e308])
    error = fail(2, OGD(), losses, 60, F=F)
    assert "gradient" in str(error)


class Refuses(Exception):
    pass


@pytest.mark.parametrize(
    "error", [Refuses("no more data"), IndexError(12), KeyError("t"), ZeroDivisionError(), AssertionError()]
)
@pytest.mark.parametrize("F", [INTERVAL, PythonBox([-1.0], [1.0])], ids=["compiled", "round by round"])
def test_a_sequence_that_raises(error, F):
    found = fail(45, Adam(), Fails(45, error), F=F)
    assert type(error).__name__ in str(found) or str(error) in str(found)
    assert found.__cause__ is error


@pytest.mark.parametrize(
    "answer",
    [
        lambda g: g[:, 0],
        lambda g: g[:-1],
        lambda g: g.T[:, :, None],
        lambda g: 3.0,
        lambda g: None,
        lambda g: [],
        lambda g: g[:, :0],
        lambda g: g + 0j,
        lambda g: g.astype(object),
        lambda g: g.astype(str),
        lambda g: g > 0,
    ],
    ids=["1-d", "short", "3-d", "scalar", "None", "empty", "no columns", "complex", "object", "text", "bool"],
)
@pytest.mark.parametrize("t", [1, 2, 40])
def test_gradients_of_the_wrong_shape_or_type(answer, t):
    losses = Fails(t, answer)
    if t <= 2:  # it shows before round 1
        with pytest.raises((TypeError, ValueError, rl.GameError)) as caught:
            play(Adam(), losses, INTERVAL, 60)
        assert "gradient" in str(caught.value)
        return
    error = fail(t, Adam(), losses)
    assert "gradients" in str(error)


def test_gradients_of_another_dimension_later_on():
    error = fail(40, Adam(), Fails(40, lambda g: np.hstack([g, g])))
    assert "dimension 2" in str(error)


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint16, np.float32, np.float16])
def test_gradients_of_any_real_type(kind):
    losses = rl.losses.Periodic([3.0, -1.0, -1.0, 2.0])

    class Typed(rl.losses.LinearLosses):
        def gradients(self, t):
            g = np.abs(losses.gradients(t)) if kind is np.uint16 else losses.gradients(t)
            return g.astype(kind)

    game = play(Adam(), Typed(), INTERVAL, 20)
    assert game.gradient.dtype == np.float64
    assert game.gradient[0, 0] == (35.0 if kind is np.uint16 else 15.0)


def test_gradients_may_be_read_only_or_broadcast():
    class Constant(rl.losses.LinearLosses):
        def gradients(self, t):
            return np.broadcast_to(np.array([1.0, -2.0]), (len(t), 2))

    game = play(OGD(), Constant(), cube(2), 20)
    assert game.gradient[0].tolist() == [20.0, -40.0]


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        ({"value_": np.nan}, "nan"),
        ({"value_": -np.inf}, "inf"),
        ({"value_": np.array([1.0])}, "must be a number"),
        ({"value_": np.ones((1, 1))}, "must be a number"),
        ({"value_": None, "gradient_": [1.0, 2.0, 3.0]}, "shape"),
        ({"value_": 1j}, "complex"),
        ({"value_": "text"}, "text"),
        ({"value_": Refuses("gone")}, "gone"),
        ({"gradient_": np.array([np.nan, 0.0])}, "not finite"),
        ({"gradient_": np.array([0.0, np.inf])}, "not finite"),
        ({"gradient_": np.ones(3)}, "shape"),
        ({"gradient_": np.ones(1)}, "shape"),
        ({"gradient_": 1.0}, "shape"),
        ({"gradient_": np.ones((1, 2))}, "shape"),
        ({"gradient_": np.ones(2, complex)}, "real"),
        ({"gradient_": np.array(["a", "b"])}, "real"),
        ({"gradient_": Refuses("gone")}, "gone"),
    ],
)
def test_convex_losses_that_go_wrong(replaced, words):
    for t in (1, 9):
        error = fail(t, Adam(), FailsConvex(t, **replaced, d=2), 20)
        assert words in str(error)


@pytest.mark.parametrize("learner", [Adam(), Averaging()], ids=names)
def test_bad_gradients_of_convex_losses_for_any_learner(learner):
    for bad in (np.full(2, np.nan), np.ones(1), np.ones((2, 2))):
        fail(9, learner, FailsConvex(9, gradient_=bad, d=2), 20)


def test_an_adversary_that_answers_nonsense():
    class Bad(rl.losses.AdaptiveLosses):
        def answer(self, t, x):
            return np.ones(1 if t < 5 else 3)

    class Missing(rl.losses.AdaptiveLosses):
        def answer(self, t, x):
            return None if t == 5 else np.ones(1)

    fail(5, Adam(), Bad(), 20)
    fail(5, Adam(), Missing(), 20)


def test_a_schedule_that_fails_at_some_round():
    error = fail(123, OGD(alpha=Pause()), Waves(), 400)
    assert "no stepsize for round 123" in str(error)
    error = fail(123, OGD(alpha=Pause()), Waves(), 400, F=PythonBox([-1.0], [1.0]))
    assert "no stepsize for round 123" in str(error)


def test_a_schedule_that_turns_to_nan_at_some_round():
    def stepsize(t):
        return np.where(t == 700, np.nan, 1.0 / np.sqrt(t))

    fail(700, OGD(alpha=stepsize), Waves(), 800)


def test_a_rule_that_raises_is_named():
    class Picky(rl.learners.Algorithm1):
        @staticmethod
        def rule(g, t):
            if t == 50:
                raise Refuses("not today")
            return (), g, 1.0

    learner = Picky()
    with pytest.raises(rl.GameError, match=r"^round 50: .*not today") as caught:
        play(learner, Waves(), INTERVAL, 80)
    assert caught.value.game.horizon == 49


def test_among_many_games_the_one_that_fails_is_named():
    learners = [Amplifier(gain=g) for g in (1.0, 2.0, 1e308, 3.0)]
    losses = rl.losses.Periodic([0.5, 1.0, 4.0, 0.25])
    with pytest.raises(rl.GameError, match=r"^round 3: .*gain=1e\+308") as caught:
        play_all(learners, losses, INTERVAL, 50)
    error = caught.value
    assert [game.learner for game in error.games] == learners
    assert error.game is error.games[2]
    for game in error.games:
        assert_same(game, play(game.learner, losses, INTERVAL, 2))
    for game in error.games:
        if game.learner.gain < 10:
            assert_same(game.extend(50), play(game.learner, losses, INTERVAL, 50))


def test_a_rule_may_divide_by_zero_compiled_or_not():
    """As a rule with bounds on its stepsize does, while all gradients are 0."""

    class Bounded(rl.learners.Algorithm1):
        @staticmethod
        def rule(g, v):
            v = v + g * g
            return (v,), g * min(1.0 / sqrt(v), 10.0), 1.0

    losses = rl.losses.Periodic([0.0, 1.0, -2.0])
    compiled = play(Bounded(), losses, INTERVAL, 40, compiled=True)
    assert_same(compiled, play(Bounded(), losses, INTERVAL, 40, compiled=False))


def test_the_seed_that_fails_is_named():
    class Spikes(rl.losses.RandomLinearLosses):
        def sample(self, rng, n):
            return np.where(rng.random((n, 1)) < 0.004, np.nan, 1.0)

    losses = Spikes()
    first = [int(np.flatnonzero(np.isnan(losses.block(1, 2001, seed)[:, 0]))[0]) + 1 for seed in range(6)]
    with pytest.raises(rl.GameError) as caught:
        play_all([Adam()], losses, INTERVAL, 2000, seeds=range(6))
    assert caught.value.t == min(first)
    assert f"seed {first.index(min(first))}" in str(caught.value)
    assert {game.horizon for game in caught.value.games} == {min(first) - 1}


def test_an_error_among_several_batches_leaves_every_game_usable():
    losses = Fails(500, np.nan)
    learners = [Adam(), OGD(), Averaging(), AMSGrad()]
    with pytest.raises(rl.GameError) as caught:
        play_all(learners, losses, INTERVAL, 1000, block=64)
    games = caught.value.games
    assert [game.learner for game in games] == learners
    for game in games:
        assert 448 <= game.horizon <= 499
        assert_same(game, play(game.learner, losses, INTERVAL, game.horizon))


def test_errors_travel_between_processes():
    import pickle

    with pytest.raises(rl.GameError) as caught:
        play(Adam(), Fails(9, np.nan), INTERVAL, 20)
    error = pickle.loads(pickle.dumps(caught.value))
    assert (type(error), str(error), error.t) == (rl.GameError, str(caught.value), 9)
    assert_same(error.game, caught.value.game)


# -- learners that break their promise -----------------------------------------------------


def learner_returning(answer):
    class Bad(Learner):
        def start(self, feasible_set, point=None):
            return State(0, feasible_set.nearest_to_origin(), {}, feasible_set)

        def update(self, state, gradient):
            good = State(state.t + 1, state.point, {}, state.feasible_set)
            return answer(state) if state.t == 6 else good

    return Bad()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda s: State(s.t, s.point, {}, s.feasible_set), "t=6"),
        (lambda s: State(s.t + 2, s.point, {}, s.feasible_set), "t=8"),
        (lambda s: State(s.t + 1, np.zeros(2), {}, s.feasible_set), "shape"),
        (lambda s: State(s.t + 1, np.array([np.nan]), {}, s.feasible_set), "nan"),
        (lambda s: s.point, "State"),
        (lambda s: None, "State"),
    ],
)
def test_a_learner_that_returns_nonsense(answer, words):
    with pytest.raises(rl.GameError, match=rf"^round 7: .*{words}") as caught:
        play(learner_returning(answer), Waves(), INTERVAL, 20)
    assert caught.value.game.horizon == 6


def test_play_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(rl.GameError):
            play(Adam(), Fails(30, 1e300), INTERVAL, 60)
        with pytest.raises(rl.GameError):
            play(Adam(), Fails(30, np.inf), PythonBox([-1.0], [1.0]), 60)

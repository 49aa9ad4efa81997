"""Regret is exact: comparators against brute force, sums against exact summation."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from conftest import label
from hypothesis import example, given
from hypothesis import strategies as st
from pieces import (
    INTERVAL,
    LEARNERS,
    Averaging,
    Distances,
    Following,
    NoisySquares,
    PythonBox,
    Sawtooth,
    Squares,
    Waves,
    cube,
)

import regretlab as rl
from regretlab import play
from regretlab.learners import OGD, Adam, AMSGrad
from regretlab.losses import Mod3, Rademacher, RandomLinear, ReddiOnline, SignAdversary
from regretlab.regret.measures import against, best_in_hindsight, regret_frame, total

COLUMNS = ["loss", "comparator_loss", "regret", "average_regret"]
SLANTED = rl.sets.Box([-1.0, -2.0, 0.1], [1.0, 0.5, 0.4])


def corners(F):
    lo, hi = np.atleast_1d(F.lo), np.atleast_1d(F.hi)
    return [np.array(corner) for corner in itertools.product(*zip(lo, hi, strict=True))]


def history(game):
    """x_t and g_t of every round, by stepping the learner by hand."""
    state = game.learner.start(game.feasible_set, game.record.point[0])
    X, G = [], []
    for t in range(1, game.horizon + 1):
        g = game.losses.reveal(t, state.point, game.seed).gradient(state.point)
        X.append(state.point)
        G.append(g)
        state = game.learner.update(state, g)
    return np.array(X), np.array(G)


# -- linear losses: closed form --------------------------------------------------------


@pytest.mark.parametrize("learner", [*LEARNERS, Averaging()], ids=lambda x: type(x).__name__)
@pytest.mark.parametrize(
    ("losses", "F"),
    [
        (Mod3(3.0), INTERVAL),
        (ReddiOnline(7.0, 1.0, 5), rl.sets.Box(-3.0, 0.5)),
        (Sawtooth(), INTERVAL),
        (Waves(3), SLANTED),
        (RandomLinear(3), SLANTED),
        (Rademacher(2), PythonBox([-1.0, 0.0], [1.0, 2.0])),
    ],
    ids=lambda x: type(x).__name__,
)
def test_best_in_hindsight_against_every_corner(learner, losses, F):
    """A linear function on a box is least at a corner; here by exact summation over all of them."""
    game = play(learner, losses, F, 60, seed=3, checkpoints=range(1, 61))
    X, G = history(game)
    frame = game.regret
    assert list(frame.columns) == COLUMNS
    assert frame.index.name == "t"
    for t, row in frame.iterrows():
        paid = math.fsum((X[:t] * G[:t]).ravel())
        best = min(math.fsum((G[:t] * u).ravel()) for u in corners(game.feasible_set))
        scale = np.abs(G[:t]).sum() * 3.0
        assert row["loss"] == pytest.approx(paid, abs=1e-15 * scale)
        assert row["comparator_loss"] == pytest.approx(best, abs=1e-15 * scale)
        assert row["regret"] == row["loss"] - row["comparator_loss"]
        assert row["average_regret"] == row["regret"] / t


def test_the_comparator_is_the_best_for_the_prefix():
    game = play(OGD(0.1), rl.losses.Periodic([3.0, -1.0, -1.0, -5.0]), INTERVAL, 4, checkpoints=range(1, 5))
    best = best_in_hindsight(game)
    assert best.point[:3, 0].tolist() == [-1.0, -1.0, -1.0]
    assert best.point[3, 0] == 1.0
    assert best.loss.tolist() == [-3.0, -2.0, -1.0, -4.0]
    assert best.gap.tolist() == [0.0] * 4


def test_the_first_and_the_last_round_are_always_there():
    for T in (1, 2, 77):
        index = play(Adam(), Mod3(), INTERVAL, T).regret.index
        assert index[0] == 1
        assert index[-1] == T
        assert index.is_monotonic_increasing


def test_an_adversary_is_charged_for_what_it_really_played():
    game = play(AMSGrad(0.4), SignAdversary(2, 1.5), cube(2), 40, checkpoints=range(1, 41), start=[0.3, -0.6])
    X, G = history(game)
    paid = np.cumsum(1.5 * np.abs(X).sum(axis=1))
    best = -np.abs(np.cumsum(G, axis=0)).sum(axis=1)
    assert game.regret["loss"].to_numpy() == pytest.approx(paid, rel=1e-13)
    assert game.regret["comparator_loss"].to_numpy() == pytest.approx(best, rel=1e-13)


def test_regret_against_a_point():
    game = play(Adam(), Waves(3), SLANTED, 50, checkpoints=range(1, 51))
    X, G = history(game)
    for u in ([0.0, 0.0, 0.2], [1.0, -2.0, 0.1], (0.5, 0.5, 0.4)):
        frame = game.regret_against(u)
        assert list(frame.columns) == COLUMNS
        expected = np.array([math.fsum((G[:t] * (X[:t] - u)).ravel()) for t in range(1, 51)])
        assert frame["regret"].to_numpy() == pytest.approx(expected, abs=1e-13)
        assert (frame["regret"] <= game.regret["regret"] + 1e-12).all()
    best = best_in_hindsight(game).point[-1]
    assert game.regret_against(best)["regret"].iloc[-1] == game.regret["regret"].iloc[-1]
    assert game.regret_against(best).loc[50, "comparator_loss"] == game.regret.loc[50, "comparator_loss"]


@pytest.mark.parametrize(
    "u", [2.0, [1.0 + 1e-9], float("nan"), float("inf"), [0.0, 0.0], [[0.0]], [], 1.5, "a", None, -1.1], ids=label
)
def test_a_fixed_comparator_is_a_point_of_the_set(u):
    game = play(Adam(), Mod3(), INTERVAL, 20)
    with pytest.raises((ValueError, TypeError), match=r"u=|u has shape"):
        game.regret_against(u)


@pytest.mark.parametrize("u", [1, 0.5, [0.5], np.float32(0.5), np.array([-1.0])], ids=label)
def test_what_is_a_point_of_the_interval(u):
    assert play(Adam(), Mod3(), INTERVAL, 20).regret_against(u).index[-1] == 20


@pytest.mark.parametrize("scale", [1e-200, 1e-13, 1.0])
def test_a_point_beside_a_small_set_is_outside(scale):
    game = play(OGD(scale), Mod3(), rl.sets.Box(-scale, scale), 5)
    assert game.regret_against(scale * (1.0 + 1e-13)).index[-1] == 5
    assert len(game.dynamic_regret(np.full(5, -scale)))
    with pytest.raises(ValueError, match="not a point"):
        game.regret_against(1.01 * scale)
    with pytest.raises(ValueError, match="not a point"):
        game.dynamic_regret(np.full(5, 1.01 * scale))


def test_a_game_before_its_first_round():
    for losses in (Mod3(), Squares(), SignAdversary()):
        game = rl.Game(Adam(), losses, INTERVAL)
        for frame in (game.regret, game.regret_against(0.5)):
            assert frame.empty
            assert list(frame.columns) == COLUMNS
        assert game.points.empty
        assert "0 rounds" in repr(game)


# -- sums --------------------------------------------------------------------------------


finite = st.floats(-1e200, 1e200)


@given(st.lists(st.lists(finite, min_size=6, max_size=6), min_size=1, max_size=4))
@example([[1e200, 1.0, -1e200, 1e-200, 0.0, -0.0]])
@example([[1.0, 2.0**-53, 2.0**-106, 0.0, 0.0, 0.0]])
def test_total_is_exactly_rounded(rows):
    sums = np.array(rows).reshape(-1, 2, 3)
    for row, value in zip(rows, total(sums), strict=True):
        exact = sum(map(Fraction, row))
        assert value == float(exact)  # the float next to the exact sum


def test_total_of_nothing():
    assert total(np.empty((0, 2, 3))).shape == (0,)


@pytest.mark.slow
@pytest.mark.parametrize(("losses", "T"), [(Rademacher(1, 0.1), 10**6), (RandomLinear(1, mean=0.1), 10**5)])
def test_regret_after_many_rounds_agrees_with_exact_summation(losses, T):
    """Random gradients with a drift: to 1e-9 relative to sum |f_t(x_t)| is asked; it is far better."""
    seed, some = 7, [1, 10, 12_345, T]
    frame = play(AMSGrad(0.5), losses, INTERVAL, T, seed=seed, checkpoints=some).regret
    x = play(AMSGrad(0.5), losses, INTERVAL, T, seed=seed, checkpoints=range(1, T + 1)).record.point[:, 0]
    g = losses.block(1, T + 1, seed)[:, 0]
    scale = math.fsum(np.abs(g * x))
    assert frame.index.tolist() == some
    for t, row in frame.iterrows():
        u = -math.copysign(1.0, math.fsum(g[:t]))
        exact = math.fsum((g * x)[:t]) - math.fsum(g[:t] * u)
        assert abs(row["regret"] - exact) <= 1e-9 * scale
        assert abs(row["regret"] - exact) <= 4 * np.spacing(abs(row["loss"]) + abs(row["comparator_loss"]))


# -- other losses ------------------------------------------------------------------------


@pytest.mark.parametrize("losses", [Squares(), Distances(), NoisySquares()], ids=label)
def test_convex_losses_in_one_dimension_against_a_grid(losses):
    game = play(AMSGrad(0.3), losses, INTERVAL, 30, seed=4)
    frame = game.regret
    grid = np.linspace(-1.0, 1.0, 4001)
    for t, row in frame.iterrows():
        rounds = [losses.reveal(s, np.zeros(1), 4) for s in range(1, t + 1)]
        at = np.array([sum(f.value(np.array([u])) for f in rounds) for u in grid[:: 1 if t < 4 else 40]])
        assert row["comparator_loss"] - row.get("gap", 0.0) <= at.min() + 1e-12 * t
        assert row["comparator_loss"] <= at.min() + 1e-12 * t
        assert row["regret"] == row["loss"] - row["comparator_loss"]


def test_checkpoints_of_solved_comparators_are_thinned():
    index = play(OGD(), Squares(), INTERVAL, 100).regret.index
    assert index[0] == 1
    assert index[-1] == 100
    ratios = np.array(index[1:-1]) / np.array(index[:-2])
    assert (ratios >= 10 ** (1 / 8) - 1e-12).all()


@pytest.mark.parametrize("losses", [Squares(), Mod3()], ids=label)
def test_regret_at_chosen_checkpoints(losses):
    game = play(OGD(), losses, INTERVAL, 100, checkpoints=[3, 40, 41, 42])
    frame = game.regret_at([100, 41, 40, 41])
    assert frame.index.tolist() == [40, 41, 100]
    assert list(frame.columns) == list(game.regret.columns)
    assert game.regret_at(100)["regret"].tolist() == frame["regret"].loc[[100]].tolist()
    assert game.regret_at([]).empty
    both = game.regret.index.intersection(frame.index)
    assert len(both)
    assert frame["regret"].loc[both].to_numpy() == pytest.approx(game.regret["regret"].loc[both].to_numpy(), abs=1e-8)
    with pytest.raises(ValueError, match=r"rounds=.*nothing is recorded at 2, 43, 101; a game records"):
        game.regret_at([1, 101, 43, 2])
    with pytest.raises(ValueError, match=r"recorded at 43, 44, 45, 46, 47, \.\.\.;"):
        game.regret_at(range(40, 60))
    for rounds in ([1.5], "all", [True]):
        with pytest.raises(TypeError, match="rounds="):
            game.regret_at(rounds)


def test_regret_at_looks_for_no_other_comparators(monkeypatch):
    asked, solve = [], rl.regret.Solver.minimize
    monkeypatch.setattr(rl.regret.Solver, "minimize", lambda self, *span: asked.append(span) or solve(self, *span))
    play(OGD(), Squares(2), cube(2), 100, checkpoints=[10, 50]).regret_at([50, 100])
    assert asked == [(1, 51), (1, 101)]


def test_convex_losses_against_a_point():
    game = play(OGD(0.4), Squares(2), cube(2), 25, checkpoints=range(1, 26))
    X, _ = history(game)
    u = np.array([0.25, -0.5])
    paid = np.cumsum([game.losses.value(t, x) - game.losses.value(t, u) for t, x in enumerate(X, 1)])
    assert game.regret_against(u)["regret"].to_numpy() == pytest.approx(paid, abs=1e-12)
    assert len(game.regret_against(u)) == 25


def test_random_convex_losses_against_a_point():
    game = play(OGD(0.4), NoisySquares(), INTERVAL, 25, seed=9, checkpoints=range(1, 26))
    rounds = [game.losses.reveal(t, np.zeros(1), 9) for t in range(1, 26)]
    paid = np.cumsum([f.value(np.array([0.5])) for f in rounds])
    assert game.regret_against(0.5)["comparator_loss"].to_numpy() == pytest.approx(paid, rel=1e-13)


def test_what_is_neither_linear_nor_oblivious_has_no_comparator():
    game = play(OGD(0.4), Following(), INTERVAL, 25)
    for regret in (lambda: game.regret, lambda: game.regret_against(0.5), lambda: best_in_hindsight(game)):
        with pytest.raises(TypeError, match="Following is neither linear nor oblivious"):
            regret()
    assert len(game.points) > 1


def test_frames_of_comparators():
    game = play(Adam(), Mod3(), INTERVAL, 9)
    assert regret_frame(best_in_hindsight(game)).equals(game.regret)
    comparators = against(game, -1.0)
    assert comparators.point.shape == (len(game.record.t), 1)
    assert regret_frame(comparators._replace(gap=np.ones(len(game.record.t)))).columns[-1] == "gap"

"""Games as a user meets them: what is refused before round 1, what is shown, and tables of several games."""

import copy
import dataclasses
import pickle
import re

import numpy as np
import pandas as pd
import pytest
from pieces import (
    INTERVAL,
    LEARNERS,
    Averaging,
    Distances,
    Following,
    PythonBox,
    Sawtooth,
    Squares,
    Waves,
    assert_same,
    contents,
    cube,
)

import regretlab as rl
from regretlab import compare, play, play_all, to_frame
from regretlab.analysis import summary
from regretlab.engine.trajectory import Trajectory
from regretlab.learners import OGD, Adam, AMSGrad
from regretlab.losses import Mod3, Rademacher, SignAdversary

# -- programs of the first minute --------------------------------------------------------


def test_a_first_game():
    game = rl.play(rl.learners.Adam(alpha=0.5, beta1=0.0, beta2=0.1), rl.losses.Mod3(C=3.0), INTERVAL, horizon=3000)
    assert game.point.tolist() == [1.0]  # the wrong end
    assert isinstance(game.regret, pd.DataFrame)
    assert game.regret.index.name == "t"
    assert list(game.regret.columns) == ["loss", "comparator_loss", "regret", "average_regret"]
    assert list(game.points.columns) == ["x_1"]
    assert game.points.index.equals(game.regret.index)
    assert game.horizon == 3000


def test_a_sequence_of_ones_own():
    game = rl.play(AMSGrad(), Sawtooth(), INTERVAL, 200)
    rl.check_losses(Sawtooth(), INTERVAL)
    assert game.regret["regret"].iloc[-1] == pytest.approx(game.loss.sum() + abs(game.gradient.sum()))


def test_by_hand_and_by_game_are_the_same():
    for learner in LEARNERS:
        state = learner.start(cube(2))
        for t in range(1, 31):
            state = learner.update(state, Waves(2).gradients(np.array([t]))[0])
        game = play(learner, Waves(2), cube(2), 30)
        assert np.array_equal(state.point, game.point)
        assert all(np.array_equal(state.moments[name], game.state.moments[name]) for name in state.moments)


def test_defaults():
    game = rl.Game(Adam(), Mod3(), rl.sets.Box(0.25, 3.0))
    assert (game.horizon, game.seed) == (0, 0)
    assert game.point.tolist() == [0.25]  # the point of F nearest to the origin
    assert game.feasible_set == rl.sets.Box([0.25], [3.0])


@pytest.mark.parametrize("start", [0.5, [0.5], (0.5,), np.array([0.5]), np.float32(0.5), [1], 1])
def test_starts(start):
    game = play(Adam(), Mod3(), INTERVAL, 3, start=start)
    assert game.points.loc[1, "x_1"] == float(np.ravel(start)[0])


def test_a_number_as_start_is_that_in_every_coordinate():
    assert play(Adam(), Waves(3), cube(3), 3, start=0.5).points.loc[1].tolist() == [0.5] * 3


def test_a_start_is_copied():
    start = np.array([0.5])
    game = play(Adam(), Mod3(), INTERVAL, 3, start=start)
    start[0] = 0.75
    assert game.points.loc[1, "x_1"] == 0.5
    assert start.flags.writeable


def test_extend_returns_the_game():
    game = play(Adam(), Mod3(), INTERVAL, 3)
    assert game.extend(9) is game
    assert game.extend(9) is game  # nothing left to do
    assert game.horizon == 9


# -- what is refused before round 1 --------------------------------------------------------


class Untouchable(rl.losses.LinearLosses):
    """Fails the test if a round is played."""

    dimension = 1

    def gradients(self, t):
        raise AssertionError("a round was played")


@pytest.mark.parametrize("horizon", [0, -1, 1.5, True, False, "10", None, [3], np.nan, np.inf, -np.inf, 1j, b"1", 0.5])
def test_horizons(horizon):
    message = re.escape(f"horizon={horizon!r}")
    error = ValueError if type(horizon) in (int, float) else TypeError
    for way in (
        lambda: play(Adam(), Untouchable(), INTERVAL, horizon),
        lambda: play_all([Adam()], Untouchable(), INTERVAL, horizon),
        lambda: compare([Adam()], Untouchable(), INTERVAL, horizon),
        lambda: rl.Game(Adam(), Untouchable(), INTERVAL).extend(horizon),
    ):
        with pytest.raises(error, match=message):
            way()


@pytest.mark.parametrize("horizon", [7, 7.0, np.int8(7), np.uint64(7), np.float64(7.0)])
def test_whole_numbers_are_horizons(horizon):
    game = play(Adam(), Mod3(), INTERVAL, horizon)
    assert game.horizon == 7
    assert type(game.horizon) is int


def test_a_game_cannot_be_shortened():
    game = play(Adam(), Mod3(), INTERVAL, 9)
    before = contents(game)
    with pytest.raises(ValueError, match="horizon=8: 9 rounds are played already"):
        game.extend(8)
    assert contents(game) == before


@pytest.mark.parametrize("seed", [-1, 1.5, 1.0, True, None, "0", [1], np.nan])
def test_seeds(seed):
    message = re.escape(f"seed={seed!r}")
    error = ValueError if type(seed) is int else TypeError
    with pytest.raises(error, match=message):
        play(Adam(), Untouchable(), INTERVAL, 5, seed=seed)
    with pytest.raises(error, match=message):
        play_all([Adam()], Untouchable(), INTERVAL, 5, seeds=[0, seed])


def test_large_seeds():
    one, other = (play(OGD(), Rademacher(), INTERVAL, 50, seed=seed) for seed in (2**64 + 1, 1))
    assert contents(one) != contents(other)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (2.0, "start"),
        ([1.0 + 1e-15], "start"),
        (np.nan, "start"),
        (np.inf, "start"),
        ([0.0, 0.0], r"start has shape \(2,\), the losses have dimension 1"),
        ([[0.0]], r"start has shape \(1, 1\)"),
        ([], r"start has shape \(0,\)"),
        ("a", "start='a' must be an array"),
        (True, "start=True must be"),
        ([None], r"start=\[None\] must be"),
    ],
)
def test_infeasible_starts(start, words):
    with pytest.raises((ValueError, TypeError), match=words):
        play(Adam(), Untouchable(), INTERVAL, 5, start=start)


@pytest.mark.parametrize("learner", [Adam(), Averaging()], ids=lambda x: type(x).__name__)
def test_shapes_that_disagree(learner):
    with pytest.raises(ValueError, match="dimension 2, the losses have dimension 1"):
        play(learner, Untouchable(), cube(2), 5)
    with pytest.raises(ValueError, match="dimension 1, the losses have dimension 3"):
        play(learner, Waves(3), rl.sets.Box([0.0], [1.0]), 5)


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, Adam, "learner=<class .*Adam'> is not a Learner; make an instance of it"),
        (1, Mod3, "losses=<class .*Mod3'> is not a Losses; make an instance of it"),
        (2, rl.sets.Box, "feasible_set=<class .*Box'> is not a FeasibleSet; make an instance of it"),
        (0, "adam", "learner='adam' is not a Learner"),
        (0, None, "learner=None"),
        (1, lambda x: x, "losses=<function"),
        (2, (-1.0, 1.0), r"feasible_set=\(-1.0, 1.0\) is not a FeasibleSet"),
        (0, Mod3(), "learner=Mod3"),
        (1, Adam(), "losses=Adam"),
    ],
)
def test_pieces_of_the_wrong_kind(position, value, message):
    pieces = [Adam(), Untouchable(), INTERVAL]
    pieces[position] = value
    with pytest.raises(TypeError, match=message):
        play(*pieces, 5)
    with pytest.raises(TypeError, match=message):
        play_all([pieces[0]], *pieces[1:], 5)


def test_nothing_is_played_when_one_of_several_games_is_refused():
    with pytest.raises(TypeError, match="learner="):
        play_all([Adam(), AMSGrad], Untouchable(), INTERVAL, 5)
    with pytest.raises(ValueError, match="seed=-2"):
        play_all([Adam(), OGD()], Untouchable(), INTERVAL, 5, seeds=[0, -2])


def test_one_learner_is_no_list_of_learners():
    for learners in (Adam(), "adam", None):
        for way in (play_all, compare):
            with pytest.raises(TypeError, match=r"learners=.* must be an iterable, such as a list; for one write \["):
                way(learners, Untouchable(), INTERVAL, 5)
    for seeds in (3, "3", None):
        with pytest.raises(TypeError, match=r"seeds=.* must be an iterable"):
            play_all([Adam()], Untouchable(), INTERVAL, 5, seeds=seeds)


@pytest.mark.parametrize("seeds", [[3, 0, 3], (0, np.int64(0)), [1, 2, 1, 1]])
def test_a_seed_stands_once(seeds):
    for way in (play_all, compare):
        with pytest.raises(ValueError, match=r"seeds=.* stands twice, and its games would be the same"):
            way([Adam()], Untouchable(), INTERVAL, 5, seeds=seeds)


def test_a_kind_of_box_stays_what_it_is():
    assert type(rl.Game(Adam(), Mod3(), PythonBox(-1.0, 1.0)).feasible_set) is PythonBox


# -- what is shown -------------------------------------------------------------------------


def test_repr_says_what_was_played():
    game = play(Adam(0.5), Rademacher(2), cube(2), 1234, seed=17)
    text = repr(game)
    assert text.splitlines()[0] == "Game of 1,234 rounds"
    for piece in (game.learner, game.losses, game.feasible_set):
        assert repr(piece) in text
    assert "17" in text
    assert f"{game.regret['regret'].iloc[-1]:.6g}" in text
    assert f"{game.regret['average_regret'].iloc[-1]:.6g}" in text
    shown = re.search(r"x_\{T\+1\} +\[(.*)\]", text)[1].split()
    assert np.array(shown, float) == pytest.approx(game.point, abs=1e-6)


def test_repr_is_short_in_high_dimension():
    assert len(repr(play(Adam(), Waves(300), rl.sets.Box(-1.0, 1.0), 2))) < 1000


def test_html_is_a_table_with_everything_escaped():
    @dataclasses.dataclass(frozen=True)
    class Tagged(Mod3):
        name: str = "<script>alert(1)</script> & more"

    game = play(Adam(), Tagged(), INTERVAL, 1234)
    html = game._repr_html_()
    assert html.startswith("<table>")
    assert html.endswith("</table>")
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in html
    for name, text in summary._rows(game).items():
        assert f"<th>{name}</th>" in html
        assert text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;") in html
    assert "1,234" in html


@pytest.mark.parametrize("losses", [Squares(), Distances(2), Following()], ids=lambda x: type(x).__name__)
def test_repr_solves_nothing(losses, monkeypatch):
    game = play(OGD(), losses, INTERVAL, 300)

    def forbidden(*_):
        raise AssertionError("the comparator was looked for")

    monkeypatch.setattr("regretlab.regret.measures.best_in_hindsight", forbidden)
    for text in (repr(game), game._repr_html_()):
        assert "300 rounds" in text
        assert f"{game.loss.sum():.6g}" in text
        assert "R_T" not in text


def test_repr_looks_at_the_last_round_only(monkeypatch):
    from regretlab.regret import measures as regret

    game = play(OGD(), Mod3(), INTERVAL, 500, checkpoints=range(1, 501))
    rows, total = [], regret.total
    monkeypatch.setattr(regret, "total", lambda sums: rows.append(len(sums)) or total(sums))
    repr(game)
    assert max(rows) == 1


def test_the_summary_of_an_adversary_has_its_regret():
    assert "R_T" in repr(play(OGD(), SignAdversary(), INTERVAL, 20))


def test_points_have_a_column_per_coordinate():
    points = play(OGD(), Waves(3), cube(3), 20, checkpoints=[4, 9]).points
    assert list(points.columns) == ["x_1", "x_2", "x_3"]
    assert points.index.tolist() == [1, 4, 9, 20]
    assert points.index.name == "t"


def test_tables_are_fresh_copies():
    game = play(OGD(), Waves(), INTERVAL, 20)
    before = contents(game)
    for table in (game.points, game.regret):
        table.iloc[:, 0] = 99.0
    assert contents(game) == before
    assert (game.points["x_1"] < 2.0).all()


def test_games_can_be_copied_and_sent():
    game = play(Adam(), Rademacher(2), cube(2), 20, seed=3)
    copies = copy.deepcopy(game), pickle.loads(pickle.dumps(game)), copy.copy(game)
    for other in copies:
        assert_same(other, game)
    longer = play(Adam(), Rademacher(2), cube(2), 50, seed=3)
    for other in copies:
        assert_same(other.extend(50), longer)
    assert game.horizon == 20


# -- several games ---------------------------------------------------------------------------


def test_play_all_takes_any_iterables():
    learners, seeds = [Adam(), OGD()], [3, 0, 7]
    games = play_all(iter(learners), Rademacher(), INTERVAL, 10, seeds=iter(seeds), checkpoints=iter([4]))
    assert [(game.learner, game.seed) for game in games] == [(x, seed) for x in learners for seed in seeds]
    for game in games:
        assert_same(game, play(game.learner, Rademacher(), INTERVAL, 10, seed=game.seed, checkpoints=[4]))


def test_on_a_seed_all_meet_the_same_sequence():
    games = play_all(LEARNERS, Rademacher(), INTERVAL, 40, seeds=[1, 2])
    sums = {(game.seed, game.gradient.tobytes()) for game in games}
    assert len(sums) == 2


COLUMNS = ["learner", "seed", "t", "loss", "comparator_loss", "regret", "average_regret", "x_1", "x_2"]


def test_compare():
    learners = [Adam(0.1), Adam(0.2), OGD(), AMSGrad()]
    table = compare(learners, Rademacher(2), INTERVAL, 40, seeds=[0, 7], checkpoints=[5, 20])
    assert list(table.columns) == COLUMNS
    assert table.index.tolist() == list(range(len(table)))
    labels = [repr(learners[0]), repr(learners[1]), "OGD", "AMSGrad"]
    assert list(table["learner"].unique()) == labels
    for label, learner in zip(labels, learners, strict=True):
        for seed in (0, 7):
            game = play(learner, Rademacher(2), INTERVAL, 40, seed=seed, checkpoints=[5, 20])
            rows = table[(table["learner"] == label) & (table["seed"] == seed)]
            assert rows["t"].tolist() == [1, 5, 20, 40]
            assert rows["regret"].tolist() == game.regret["regret"].tolist()
            assert rows[["x_1", "x_2"]].to_numpy().tolist() == game.points.to_numpy().tolist()
    assert len(table) == 4 * 2 * 4


def test_compare_with_labels():
    table = compare({"a": Adam(), "b": Adam(), "c": OGD()}, Mod3(), INTERVAL, 20, seeds=range(2))
    assert table.groupby(["learner", "seed"], sort=False).ngroups == 6
    assert list(table["learner"].unique()) == ["a", "b", "c"]


def test_compare_takes_what_play_takes():
    table = compare((x for x in [Adam(), OGD()]), Mod3(), INTERVAL, 50, start=0.5, block=7, compiled=False)
    assert table.loc[table["t"] == 1, "x_1"].tolist() == [0.5, 0.5]
    with pytest.raises(TypeError, match="alpha"):
        compare([Adam()], Mod3(), INTERVAL, 50, alpha=3)


@pytest.mark.parametrize("how", [{"learners": []}, {"learners": {}}, {"learners": [Adam()], "seeds": []}])
def test_tables_of_nothing(how):
    learners = how.pop("learners")
    with pytest.raises(ValueError, match="no game"):
        compare(learners, Mod3(), INTERVAL, 20, **how)
    with pytest.raises(ValueError, match="no game"):
        to_frame([])


def test_compare_plays_equal_learners_as_often_as_they_are_given():
    assert len(compare([Adam(), Adam()], Mod3(), INTERVAL, 5, checkpoints=[5])) == 4


def test_to_frame():
    games = [play(Adam(), Mod3(), INTERVAL, 20), play(OGD(), Squares(), INTERVAL, 9, seed=4)]
    table = to_frame(games)
    assert set(table["learner"]) == {repr(Adam()), repr(OGD())}
    assert to_frame(games, ["first", "second"])["learner"].unique().tolist() == ["first", "second"]
    assert table.loc[table["seed"] == 4, "t"].max() == 9
    for labels in (["one"], ["one", "two", "three"]):
        with pytest.raises(ValueError, match="argument"):
            to_frame(games, labels)


def test_a_game_overrides_nothing_of_a_trajectory():
    python_own = {"__module__", "__doc__", "__firstlineno__", "__static_attributes__"}
    assert not set(vars(rl.Game)) & set(vars(Trajectory)) - python_own
    game = play(Adam(), Mod3(), INTERVAL, 5)
    assert vars(game).keys() == vars(Trajectory(Adam(), Mod3(), INTERVAL)).keys()


def test_the_next_point_is_the_point():
    game = play(Adam(), Mod3(), INTERVAL, 5)
    assert game.next_point is game.point
    assert game.next_point[0] != game.points["x_1"].iloc[-1]

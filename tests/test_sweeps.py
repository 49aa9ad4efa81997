"""Sweeps: the numbers are those of the games, whatever runs them; finished chunks are neither lost nor played twice."""

import importlib
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from conftest import missing, peer
from pieces import INTERVAL, Deadly, Fails, HalfWritten, Sawtooth, Squares, Waves, cube

import regretlab as rl
from regretlab import sweep
from regretlab.engine import driver
from regretlab.learners import OGD, Adam, AMSGrad
from regretlab.losses import LinearLosses, Mod3, Periodic, Rademacher, RandomLeastSquares, ReddiTheorem2
from regretlab.schedules import Constant, Values
from regretlab.sweeps import Points, cache, chunks, executors, log_uniform, playing, random_points, run, uniform
from regretlab.sweeps.cache import Folder

GRID = {"C": [2.5, 4.0], "beta2": [0.1, 0.5, 0.9], "seed": [0, 3]}
NUMBERS = ["loss", "comparator_loss", "regret", "average_regret"]


WAVES = Waves(1)


def processes():
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


@pytest.fixture
def small_chunks(monkeypatch):
    """At most four games in a chunk."""
    monkeypatch.setattr(chunks, "_GAMES", 4)
    monkeypatch.setattr(chunks, "_LANES", 1)


@pytest.fixture
def played(monkeypatch):
    """The chunks that are played, in order."""
    calls = []

    def play_chunk(chunk, play=run.play_chunk):
        calls.append(chunk)
        return play(chunk)

    monkeypatch.setattr(run, "play_chunk", play_chunk)
    return calls


def row_of(game, t):
    return [*game.regret.loc[t, NUMBERS], *game.points.loc[t]]


def numbers(frame):
    return frame[[*NUMBERS, *[name for name in frame if name.startswith("x_")]]].to_numpy()


# -- the numbers -----------------------------------------------------------------------


def test_every_row_is_that_of_the_game_played_by_itself():
    frame = sweep(Adam(0.5, 0.0), Mod3, INTERVAL, GRID, 1000, checkpoints=[10, 100])
    assert list(frame) == ["C", "beta2", "seed", "t", *NUMBERS, "x_1", "error"]
    expected = []
    for C in GRID["C"]:
        for beta2 in GRID["beta2"]:
            for seed in GRID["seed"]:
                game = rl.play(
                    Adam(0.5, 0.0, beta2), Mod3(C), INTERVAL, 1000, seed=seed, checkpoints=[10, 100], compiled=False
                )
                expected += [[C, beta2, seed, t, *row_of(game, t)] for t in (10, 100, 1000)]
    assert frame.drop(columns="error").to_numpy().tolist() == expected
    assert frame["error"].isna().all()


def test_learners_meet_the_same_draws_on_a_seed():
    learners = [OGD(0.3), AMSGrad(0.3)]
    grid = {"learner": learners, "seed": range(3)}
    frame = sweep(OGD(), Rademacher(2, 0.1), cube(2), grid, 500)
    alone = rl.compare(learners, Rademacher(2, 0.1), cube(2), 500, seeds=range(3), checkpoints=[500])
    alone = alone[alone["t"] == 500].reset_index(drop=True)
    pd.testing.assert_frame_equal(frame.drop(columns="error"), alone, check_dtype=False, check_exact=True)


def test_fields_of_all_parts_and_whole_parts():
    points = [
        {"learner": Adam, "alpha": 0.2, "losses.d": 2, "feasible_set": rl.sets.Box(-2.0, 1.0), "start": 0.5},
        {"learner": OGD(), "alpha": 0.4, "losses.d": 1, "feasible_set": rl.sets.L2Ball(1.0), "start": None},
    ]
    frame = sweep(Adam, Waves, INTERVAL, points, 50)
    first = rl.play(Adam(0.2), Waves(2), rl.sets.Box(-2.0, 1.0), 50, start=0.5)
    second = rl.play(OGD(0.4), Waves(1), rl.sets.L2Ball(1.0), 50)
    assert numbers(frame)[0].tolist() == row_of(first, 50)
    assert numbers(frame)[1, :-1].tolist() == row_of(second, 50)
    assert np.isnan(frame["x_2"][1])
    assert frame["learner"].tolist() == ["Adam", "OGD"]
    assert frame["seed"].tolist() == [0, 0]


def test_a_comparator_that_is_found_has_a_gap_and_is_found_once(monkeypatch):
    found = []
    best = playing.best_in_hindsight
    monkeypatch.setattr(playing, "best_in_hindsight", lambda game: found.append(game) or best(game))
    losses, grid = RandomLeastSquares(2), {"alpha": [0.1, 0.5], "seed": [0, 1]}
    frame = sweep(OGD(), losses, cube(2), grid, 200, checkpoints=[20, 21])
    assert len(found) == 2  # a seed each
    for (alpha, seed), rows in frame.groupby(["alpha", "seed"]):
        regret = rl.play(OGD(alpha), losses, cube(2), 200, seed=seed, checkpoints=[20, 21]).regret
        assert rows["t"].tolist() == [20, 200]  # 21 is too near to 20
        assert rows["loss"].tolist() == regret["loss"][[20, 200]].tolist()
        np.testing.assert_allclose(rows["regret"], regret["regret"][[20, 200]], atol=1e-6)
        assert (rows["gap"] >= 0.0).all()
        assert (rows["gap"] < 1e-6).all()


def test_games_with_python_losses_and_sets_of_several_dimensions():
    frame = sweep(OGD(0.3), Squares, rl.sets.L2Ball(1.0), {"d": [1, 3]}, 40)
    assert frame["x_3"].isna().tolist() == [True, False]
    game = rl.play(OGD(0.3), Squares(3), rl.sets.L2Ball(1.0), 40)
    assert frame.loc[1, ["x_1", "x_2", "x_3"]].tolist() == game.points.loc[40].tolist()


def test_periodic_sequences_side_by_side_have_the_bits_of_one_alone():
    sequences = [Mod3(2.5), Mod3(3.0), Periodic([1.0, -2.0, 0.5])]
    for losses in (sequences, [*sequences, ReddiTheorem2(6)]):
        games = [rl.Game(Adam(0.5, 0.0, 0.3), each, INTERVAL) for each in losses]
        driver.advance(games, 500, block=7)
        for game, each in zip(games, losses, strict=True):
            alone = rl.play(Adam(0.5, 0.0, 0.3), each, INTERVAL, 500)
            assert game.regret.equals(alone.regret)
            assert game.points.equals(alone.points)


# -- points ----------------------------------------------------------------------------


def test_a_grid_and_the_list_of_its_points_are_the_same():
    points = [{"C": C, "beta2": b} for C in (2.5, 3.0) for b in (0.1, 0.2)]
    grid = {"C": np.array([2.5, 3.0]), "beta2": (0.1, 0.2)}
    assert sweep(Adam, Mod3, INTERVAL, points, 50).equals(sweep(Adam, Mod3, INTERVAL, grid, 50))


def test_values_that_cannot_be_hashed():
    points = [{"start": start, "losses": Waves(2)} for start in ([0.5, 0.1], ([0.2], [0.3]), [0.5, 0.1])]
    frame = sweep(OGD(0.1), Waves, INTERVAL, points, 5, checkpoints=[1])
    assert frame["x_1"][[0, 3]].tolist() == [0.5, 0.5]
    assert frame["error"].notna().tolist() == [False, False, True, False, False]


@dataclass(frozen=True)
class Shifted(rl.losses.ConvexLosses):
    """f_t(x) = (x - c)^2; all are equal."""

    c: float = field(default=0.0, compare=False)

    def value(self, t, x):
        return float((x[0] - self.c) ** 2)

    def gradient(self, t, x):
        return 2.0 * (x - self.c)


def test_parts_that_are_equal_and_different():
    parts = [Shifted(0.5), Shifted(-0.5)]
    assert parts[0] == parts[1]
    for points in ([{"losses": each} for each in parts], {"losses": parts}):
        frame = sweep(OGD(Constant(0.5)), Shifted, INTERVAL, points, 2)
        assert frame["x_1"].tolist() == [0.5, -0.5]


def test_random_points_are_in_range_and_stay_when_there_are_more():
    ranges = {"alpha": log_uniform(1e-3, 10.0), "beta2": uniform(0.2, 0.4), "seed": range(5)}
    few, many = random_points(ranges, 100, seed=7), random_points(ranges, 4000, seed=7)
    columns = {}
    for k, (name, values) in enumerate(many.values.items()):
        columns[name] = np.array(values)[many.codes[:, k]]
        short = np.array(few.values[name])[few.codes[:, k]]
        assert (columns[name][:100] == short).all()
    assert (columns["alpha"] >= 1e-3).all()
    assert (columns["alpha"] < 10.0).all()
    assert abs(np.median(np.log10(columns["alpha"])) + 1.0) < 0.2
    assert (np.abs(columns["beta2"] - 0.3) <= 0.1).all()
    assert set(columns["seed"]) == set(range(5))
    frame = sweep(Adam, Mod3, INTERVAL, few, 20)
    assert frame["alpha"].tolist() == columns["alpha"][:100].tolist()


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ({}, None),
        ({"beta_2": [0.1]}, "there is no parameter 'beta_2'; did you mean beta2"),
        ({"learner.C": [0.1]}, "the learner has no parameter 'C'"),
        ({"losses.c": [0.1]}, "the losses has no parameter 'c'; did you mean C"),
        ({"horizon": [10]}, "there is no parameter 'horizon'"),
        ({"beta2": []}, "beta2 has no values, so the grid is empty"),
        ({"beta2": 0.1}, "beta2=0.1 must be a list of values"),
        ({"C": "34"}, "C='34' must be a list of values"),
        ({"seed": [0, 1, 0]}, "seed=0 stands twice"),
        ({"C": [3, 3.0]}, r"C=3\.0 stands twice"),
        ({"losses": [WAVES, WAVES]}, r"losses=.* stands twice"),
        ({3: [1]}, "3 must be the name of a parameter"),
        ({"C": [3.0], "losses.C": [4.0]}, "losses.C is given twice|C is given twice"),
        ([], "there is no point to play"),
        ([{"C": 3.0}, {"beta2": 0.1}], r"points\[1\] has the names \['beta2'\], points\[0\] has \['C'\]"),
        ([3.0], r"points\[0\]=3.0 must be a mapping"),
        ({"learner": [3.0]}, "learner=3.0 is not a Learner"),
    ],
)
def test_bad_points_are_refused_before_round_1(points, message, played):
    if message is None:
        assert len(sweep(Adam, Mod3, INTERVAL, points, 10)) == 1  # the parts as they are
        return
    with pytest.raises((TypeError, ValueError), match=message):
        sweep(Adam, Mod3, INTERVAL, points, 10)
    assert not played


@dataclass(frozen=True)
class Slope(LinearLosses):
    alpha: float = 1.0

    def gradients(self, t):
        return np.full((len(t), 1), self.alpha)


def test_a_name_that_two_parts_have_is_written_with_its_part():
    with pytest.raises(ValueError, match=r"alpha is a parameter of learner and of losses; write learner\.alpha"):
        sweep(OGD, Slope, INTERVAL, {"alpha": [1.0]}, 10)
    frame = sweep(OGD, Slope, INTERVAL, {"losses.alpha": [1.0, 2.0], "learner.alpha": [0.1]}, 10)
    assert frame["comparator_loss"].tolist() == [-10.0, -20.0]


def test_other_bad_arguments():
    with pytest.raises(TypeError, match=r"learner=.* is not a Learner"):
        sweep(Mod3, Adam, INTERVAL, GRID, 10)
    with pytest.raises(ValueError, match="horizon=0 must be a number of rounds"):
        sweep(Adam, Mod3, INTERVAL, GRID, 0)
    with pytest.raises(TypeError, match=r"executor=2 .* neither an executor nor a function"):
        sweep(Adam, Mod3, INTERVAL, GRID, 10, executor=2)
    with pytest.raises(TypeError, match=r"makes \{\}, which is no executor"):
        sweep(Adam, Mod3, INTERVAL, GRID, 10, executor=dict)
    for bad in (3.0, "ab"):
        with pytest.raises(TypeError, match=f"alpha={bad!r} must be a list of values"):
            random_points({"alpha": bad}, 5)
    for bad in ([], lambda rng, n: [0.1], lambda rng, n: 0.1):
        with pytest.raises(ValueError, match="alpha"):
            random_points({"alpha": bad}, 5)
    with pytest.raises(ValueError, match="n=0 must be an integer of at least 1"):
        random_points({"alpha": [1.0]}, 0)
    with pytest.raises(TypeError, match=r"n=2\.0 must be an integer of at least 1"):
        random_points({"alpha": [1.0]}, 2.0)
    with pytest.raises(ValueError, match="seed=-1 must be an integer of at least 0"):
        random_points({"alpha": [1.0]}, 2, seed=-1)
    for function in (uniform, log_uniform):
        with pytest.raises(ValueError, match=r"low=1\.0 must be below high=1\.0"):
            function(1.0, 1.0)
        with pytest.raises(ValueError, match="high=inf"):
            function(0.5, np.inf)
        with pytest.raises(TypeError, match="low='0'"):
            function("0", 1.0)
    with pytest.raises(ValueError, match=r"low=0\.0"):
        log_uniform(0.0, 1.0)


# -- points that fail ------------------------------------------------------------------


def test_an_invalid_point_has_a_row_with_the_reason_and_the_others_go_on():
    grid = {"C": [3.0, -3.0], "beta2": [0.1, 1.5], "seed": [0, -1]}
    frame = sweep(Adam(0.5, 0.0), Mod3, INTERVAL, grid, 100)
    fine = frame["error"].isna()
    assert fine.tolist() == [True] + [False] * 7
    assert numbers(frame)[0].tolist() == row_of(rl.play(Adam(0.5, 0.0, 0.1), Mod3(3.0), INTERVAL, 100), 100)
    assert np.isnan(numbers(frame)[1:]).all()
    assert (frame["t"][1:] == 0).all()
    assert frame["error"][1] == "seed=-1 must be an integer of at least 0"
    assert frame["error"][2] == "beta2=1.5 must be in (0, 1)"
    assert "C=-3.0" in frame["error"][4]


def test_a_game_that_fails_at_a_round_has_a_row_and_the_others_have_the_bits_they_have_alone():
    losses = [Waves(1), Fails(77, np.inf), Fails(33, ZeroDivisionError("mine")), Waves(1)]
    points = [{"losses": each, "alpha": a} for each in losses for a in (0.1, 0.2, 0.3)]
    frame = sweep(OGD(), Waves, INTERVAL, points, 120)
    good = frame["error"].isna()
    assert good.tolist() == [True] * 3 + [False] * 6 + [True] * 3
    assert frame["t"].tolist() == [120] * 3 + [76] * 3 + [32] * 3 + [120] * 3
    assert frame["error"][3].startswith("round 77: ")
    assert "mine" in frame["error"][6]
    for i in np.flatnonzero(good):
        alone = rl.play(OGD(points[i]["alpha"]), Waves(1), INTERVAL, 120)
        assert numbers(frame)[i].tolist() == row_of(alone, 120)


def test_without_a_comparator_loss_and_point_are_kept_and_the_row_says_why():
    frame = sweep(OGD(), Mod3, rl.sets.Reals(), {"C": [3.0, 4.0]}, 10, checkpoints=[5])
    assert frame["error"].str.contains("unbounded").all()
    assert frame["t"].tolist() == [5, 10, 5, 10]
    assert frame[["regret", "average_regret", "comparator_loss"]].isna().all(axis=None)
    for C, rows in frame.groupby("C"):
        game = rl.play(OGD(), Mod3(C), rl.sets.Reals(), 10, checkpoints=[5])
        assert rows["x_1"].tolist() == game.points["x_1"][[5, 10]].tolist()
        assert rows["loss"].iloc[-1] == game.loss.sum()


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_errors_are_texts_or_none_however_many_games_fail(bad):
    frame = sweep(Adam, Mod3, INTERVAL, {"beta2": [2.0, 3.0][:bad] + [0.5, 0.6][bad:]}, 10)
    assert [type(error) for error in frame["error"]] == [str] * bad + [type(None)] * (2 - bad)
    assert frame["regret"].isna().tolist() == [True] * bad + [False] * (2 - bad)


def test_the_table_says_what_was_swept():
    frame = sweep(OGD(0.5), Mod3, INTERVAL, {"C": [3.0]}, 10)
    expected = {"learner": "OGD(alpha=0.5)", "losses": "Mod3", "feasible_set": "Box(-1.0, 1.0)", "horizon": 10}
    assert frame.attrs == {"regretlab": rl.__version__, **expected}


@dataclass(frozen=True)
class Follower(rl.losses.AdaptiveLosses):
    """g_t = the number of rounds that this object has played."""

    asked: list = field(default_factory=list, compare=False)

    def answer(self, t, x):
        self.asked.append(t)
        return np.array([float(len(self.asked))])


def test_each_game_has_a_sequence_that_remembers_for_itself(small_chunks):
    frame = sweep(OGD(), Follower(), INTERVAL, {"alpha": [0.1, 0.2, 0.3, 0.4, 0.5], "seed": [0, 1, 2]}, 4)
    assert frame["comparator_loss"].tolist() == [-10.0] * 15


# -- chunks ----------------------------------------------------------------------------


def whole(points, horizon, losses=Mod3):
    templates = {"learner": Adam, "losses": losses, "feasible_set": INTERVAL}
    chosen = Points.of(points)
    parameters = run.find_parameters(chosen.names, chosen.values, templates)
    return chunks.Chunk(templates, parameters, chosen, horizon, (horizon,))


@pytest.mark.parametrize("horizon", [1, 10**5, 10**9])
def test_chunks_have_every_point_once_and_keep_sequences_together(horizon):
    sweep_ = whole({"beta2": np.linspace(0.1, 0.9, 30), "C": np.linspace(2.1, 6.0, 40), "seed": range(9)}, horizon)
    cuts = chunks.cut(sweep_)
    assert (np.sort(np.concatenate(cuts)) == np.arange(30 * 40 * 9)).all()
    sizes = [len(cut) for cut in cuts]
    assert max(sizes) <= max(32, min(8192, 2**29 // horizon))
    assert max(sizes[:-1]) - min(sizes[:-1]) == 0
    for cut in cuts:  # whole runs of a sequence
        _, counts = np.unique(sweep_.points.codes[cut][:, 1:], axis=0, return_counts=True)
        assert (counts == 30).all()


def test_python_losses_make_small_chunks():
    assert len(chunks.cut(whole({"seed": range(8)}, 10**6, Squares(1)))) == 8


def test_batches_cover_a_chunk():
    points = [
        {"C": float(C), "beta2": b} for C, n in ((3, 100), (4, 5), (5, 300), (6, 2)) for b in np.linspace(0.1, 0.9, n)
    ]
    points += [{"C": 7.0 + i, "beta2": 0.5} for i in range(600)]
    chunk = whole(points, 10)
    batches = list(playing._batches(chunk))
    assert [i for batch in batches for i in batch] == list(range(len(points)))
    assert [len(batch) for batch in batches] == [100, 5, 300, 256, 256, 90]


# -- the folder ------------------------------------------------------------------------


def test_what_is_finished_is_not_played_again(tmp_path, small_chunks, played):
    arguments = (Adam(0.5, 0.0), Mod3, INTERVAL, GRID, 500)
    first = sweep(*arguments, folder=tmp_path)
    assert len(played) == 4
    files = sorted(tmp_path.glob("*.npz"))
    stamps = [file.stat().st_mtime_ns for file in files]
    assert sweep(*arguments, folder=tmp_path).equals(first)
    assert len(played) == 4
    assert [file.stat().st_mtime_ns for file in files] == stamps
    files[1].unlink()
    assert sweep(*arguments, folder=tmp_path).equals(first)
    assert len(played) == 5
    assert sweep(*arguments).equals(first)


def test_a_longer_grid_plays_what_is_new(tmp_path, small_chunks, played):
    grid = {"seed": range(4), "C": [3.0, 4.0]}
    sweep(Adam, Mod3, INTERVAL, grid, 100, folder=tmp_path)
    sweep(Adam, Mod3, INTERVAL, {**grid, "C": [3.0, 4.0, 5.0]}, 100, folder=tmp_path)
    assert [len(chunk.points) for chunk in played] == [4, 4, 4]


def test_what_changes_the_numbers_is_another_question(tmp_path, played, monkeypatch):
    def files(*parts, horizon=50, **options):
        sweep(*parts, {"seed": [0]}, horizon, folder=tmp_path, **options)
        return len(list(tmp_path.glob("*.npz")))

    parts = (Adam(0.5, 0.0), Sawtooth(), INTERVAL)
    assert files(*parts) == 1
    assert files(*parts) == 1
    assert files(*parts, horizon=51) == 2
    assert files(*parts, checkpoints=[7]) == 3
    assert files(Adam(0.4, 0.0), *parts[1:]) == 4
    assert files(parts[0], Sawtooth(6), INTERVAL) == 5
    assert files(*parts[:2], rl.sets.Box(-1.0, 2.0)) == 6
    with monkeypatch.context() as m:
        m.setattr(rl._utils.version, "__version__", "0.0.0")
        assert files(*parts) == 7
    with monkeypatch.context() as m:  # somebody edits a sequence
        m.setattr(Sawtooth, "gradients", lambda self, t: ((t % self.p) + self.q)[:, None])
        assert files(*parts) == 8
    with monkeypatch.context() as m:  # and a rule
        m.setattr(Adam, "rule", staticmethod(lambda g, m, v, beta1, beta2: ((m, v + 1.0), g, 2.0)))
        assert files(*parts) == 9
    with monkeypatch.context() as m:  # and what a number means as a stepsize
        m.setattr(Adam, "stepsize", Constant)
        assert files(Adam(0.5, 0.0), *parts[1:]) == 10
    assert len(played) == 10
    assert files(*parts) == 10


def test_a_part_that_cannot_be_named_cannot_be_kept(tmp_path):
    learner = OGD(Values(function=lambda t: 1.0 / t))
    assert len(sweep(learner, Mod3, INTERVAL, {"C": [3.0]}, 10)) == 1
    with pytest.raises(TypeError, match="cannot be saved"):
        sweep(learner, Mod3, INTERVAL, {"C": [3.0]}, 10, folder=tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"hello",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(data[300:308], b"\x13" * 8, 1),
    ],
    ids=["empty", "text", "cut off", "changed bytes"],
)
def test_a_damaged_file_is_named_and_left_as_it_is(tmp_path, damage, played):
    arguments = (Adam(0.5, 0.0), Mod3, INTERVAL, GRID, 50)
    sweep(*arguments, folder=tmp_path)
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(damage(file.read_bytes()))
    left = file.read_bytes()
    with pytest.raises(ValueError, match=rf"{file.name} is (damaged|not the file it was)"):
        sweep(*arguments, folder=tmp_path)
    assert file.read_bytes() == left
    assert len(played) == 1


def test_a_file_of_another_chunk_is_not_believed(tmp_path, small_chunks):
    arguments = (Adam(0.5, 0.0), Mod3, INTERVAL, GRID, 50)
    sweep(*arguments, folder=tmp_path)
    one, other, *_ = sorted(tmp_path.glob("*.npz"))
    one.write_bytes(other.read_bytes())
    with pytest.raises(ValueError, match=rf"{one.name} is not the file it was written as"):
        sweep(*arguments, folder=tmp_path)


@pytest.mark.parametrize("mark", [b'{"format": 99}', b"{", b"3"])
def test_a_folder_of_another_format_is_refused(tmp_path, mark, played):
    (tmp_path / "sweep.json").write_bytes(mark)
    with pytest.raises(ValueError, match=r"sweep\.json.*(format 99|damaged)"):
        sweep(Adam, Mod3, INTERVAL, GRID, 50, folder=tmp_path)
    assert not played
    assert (tmp_path / "sweep.json").read_bytes() == mark


def test_a_folder_of_the_first_format_says_why_it_is_not_used(tmp_path, played):
    (tmp_path / "sweep.json").write_bytes(b'{"format": 1}\n')
    with pytest.raises(ValueError, match=r"has format 1, written by regretlab 0\.1\.0; this version, .* has format 2"):
        sweep(Adam, Mod3, INTERVAL, GRID, 50, folder=tmp_path)
    assert not played


def test_a_folder_says_which_version_made_it(tmp_path):
    sweep(Adam, Mod3, INTERVAL, {"C": [3.0]}, 50, folder=tmp_path)
    assert json.loads((tmp_path / "sweep.json").read_text()) == {"format": 2, "regretlab": rl.__version__}


def test_keys_name_classes_by_their_public_path():
    templates = {"learner": rl.learners.BiasCorrected(Adam(Constant(0.1))), "losses": Mod3, "feasible_set": INTERVAL}
    points = Points.of({"learner": [templates["learner"], OGD], "losses": [Mod3(3.0), Waves], "seed": [0]})
    parameters = run.find_parameters(points.names, points.values, templates)
    text = cache.describe(chunks.Chunk(templates, parameters, points, 10, (10,)))
    paths = set(re.findall(r'"([\w.]+:[\w.]+)"', text))
    names = ("learners:BiasCorrected", "learners:Adam", "learners:OGD", "schedules:Constant", "losses:Mod3", "sets:Box")
    assert paths == {*(f"regretlab.{name}" for name in names), "pieces:Waves"}


def test_a_folder_that_is_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(OSError, match="cannot write to the folder"):
        sweep(Adam, Mod3, INTERVAL, GRID, 50, folder=path)


def test_what_a_killed_sweep_left_half_written_is_removed_later(tmp_path):
    old, new = (tmp_path / f".{i:032x}.npz.abcdefgh" for i in range(2))
    old.write_text("")
    new.write_text("")
    os.utime(old, (0, 0))
    Folder(tmp_path)
    assert not old.exists()
    assert new.exists()  # perhaps somebody is writing to it


FULL = """
    import resource, sys
    import numpy as np
    import regretlab as rl

    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    try:
        rl.sweep(rl.learners.Adam, rl.losses.Mod3, rl.sets.Box(-1.0, 1.0), {"C": [3.0, 4.0]}, 10, folder=sys.argv[1])
    except OSError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    done = python(FULL, tmp_path)
    assert "cannot write" in done.stdout
    assert "the chunks that are finished are kept" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.json"]


def python(script, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=True, **options,
    )  # fmt: skip


KILLED = """
    import os, signal, sys
    from concurrent.futures import ThreadPoolExecutor
    import numpy as np
    import regretlab as rl
    from regretlab.sweeps import chunks, run

    def play_chunk(chunk, play=run.play_chunk):
        with open(sys.argv[2], "a") as log:
            log.write(run.chunk_key(chunk) + "\\n")
        with open(sys.argv[2]) as log:
            if 0 < int(sys.argv[4]) <= len(log.read().split()):
                os.kill(os.getpid(), signal.SIGKILL)
        return play(chunk)

    if __name__ == "__main__":
        chunks._GAMES, run.play_chunk = 32, play_chunk
        grid = {"beta2": np.linspace(0.1, 0.9, 32), "C": np.linspace(2.1, 6.0, 40)}
        frame = rl.sweep(rl.learners.Adam(0.5, 0.0), rl.losses.Mod3, rl.sets.Box(-1.0, 1.0), grid, 50_000,
                         folder=sys.argv[1], executor=lambda: ThreadPoolExecutor(2))
        frame.to_pickle(sys.argv[3])
"""


def test_killed_and_started_again(tmp_path):
    """kill -9 as the tenth chunk begins: what is finished is kept, whole, and the table has the same bits."""
    results, log = tmp_path / "results", tmp_path / "log"
    arguments = [sys.executable, "-c", textwrap.dedent(KILLED), str(results), str(log), str(tmp_path / "table")]
    killed = subprocess.run([*arguments, "10"], timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL
    finished = {path.stem for path in results.glob("*.npz")}
    assert 6 <= len(finished) <= 10  # two threads, and two chunks ahead of each
    log.write_text("")
    subprocess.run([*arguments, "0"], timeout=120, check=True)
    assert not finished & set(log.read_text().split())
    assert len(list(results.glob("*.npz"))) == 40
    grid = {"beta2": np.linspace(0.1, 0.9, 32), "C": np.linspace(2.1, 6.0, 40)}
    frame = sweep(Adam(0.5, 0.0), Mod3, INTERVAL, grid, 50_000)
    assert pd.read_pickle(tmp_path / "table").equals(frame)


def test_two_sweeps_share_a_folder_at_the_same_time(tmp_path):
    arguments = [[sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path / "results"), str(tmp_path / f"log{i}"),
                  str(tmp_path / f"table{i}"), "0"] for i in range(2)]  # fmt: skip
    for process in [subprocess.Popen(each) for each in arguments]:
        assert process.wait(timeout=120) == 0
    assert pd.read_pickle(tmp_path / "table0").equals(pd.read_pickle(tmp_path / "table1"))
    assert len(list((tmp_path / "results").iterdir())) == 41  # forty chunks, and what the folder is


def test_a_task_looks_for_its_file_as_it_begins(tmp_path, small_chunks, played):
    """Another sweep finishes everything after the tasks are handed out."""
    arguments = (Adam(0.5, 0.0), Mod3, INTERVAL, GRID, 50)

    class Late(ThreadPoolExecutor):
        def submit(self, function, task):
            if not list(tmp_path.glob("*.npz")):
                sweep(*arguments, folder=tmp_path)
            return super().submit(function, task)

    frame = sweep(*arguments, folder=tmp_path, executor=partial(Late, 1))
    assert len(played) == 4
    assert frame.equals(sweep(*arguments))


# -- executors -------------------------------------------------------------------------


def test_the_same_bits_from_threads_and_processes(small_chunks, tmp_path):
    arguments = (Adam(0.5, 0.0), Rademacher(1, 0.1), INTERVAL, {"beta2": [0.1, 0.5, 0.9], "seed": range(5)}, 300)
    here = sweep(*arguments, executor=partial(ThreadPoolExecutor, 1))
    assert sweep(*arguments).equals(here)
    with ThreadPoolExecutor(3) as pool:
        assert sweep(*arguments, executor=pool).equals(here)
        assert pool.submit(int).result() == 0  # it is not ours to shut down
    assert sweep(*arguments, executor=processes, folder=tmp_path).equals(here)


def test_after_a_broken_pool_the_tasks_that_ran_are_run_one_at_a_time():
    queue = executors._Queue(iter("abc"))
    first = list(queue.ready(0, 2))
    assert first == [("a", 1), ("b", 1)]
    assert all(queue.retry(attempt, BrokenExecutor()) for attempt in first)
    assert list(queue.ready(1, 4)) == []
    assert list(queue.ready(0, 4)) == [("a", 2)]
    assert list(queue.ready(1, 4)) == []
    assert list(queue.ready(0, 4)) == [("b", 2)]
    assert queue.retry(executors._Attempt("b", 2), ValueError())  # its worker lived: others may run beside it
    assert list(queue.ready(0, 4)) == [("b", 3), ("c", 1)]
    assert not queue.retry(executors._Attempt("b", 3), ValueError())
    assert list(queue.ready(0, 4)) == []


def deadly(tmp_path, times, **options):
    points = {"fatal": [False, True], "slope": [1.0, 2.0, 3.0, 4.0]}
    return sweep(OGD(), Deadly(times=times, deaths=str(tmp_path / "deaths")), INTERVAL, points, 20, **options)


def test_a_chunk_whose_worker_dies_is_run_again(tmp_path, small_chunks):
    frame = deadly(tmp_path, 2, executor=processes)
    assert frame["error"].isna().all()
    assert (tmp_path / "deaths").stat().st_size == 2
    assert frame.equals(deadly(tmp_path, 0))


def test_a_chunk_whose_worker_always_dies_is_reported_and_not_kept(tmp_path, small_chunks):
    frame = deadly(tmp_path, 10**6, executor=processes, folder=tmp_path / "results")
    assert (tmp_path / "deaths").stat().st_size == 3
    assert frame["error"].notna().tolist() == [False] * 4 + [True] * 4
    assert frame["error"][4].startswith("its worker failed three times: ")
    (tmp_path / "deaths").unlink()
    assert len(list((tmp_path / "results").glob("*.npz"))) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_worker_that_dies_while_it_sends_its_rows(tmp_path, small_chunks, monkeypatch):
    """The pool waits for the rest for ever."""
    monkeypatch.setattr(executors, "_STUCK", 0.5)
    points = {"fatal": [False, True], "slope": [1.0, 2.0, 3.0, 4.0]}
    frame = sweep(OGD(), HalfWritten(deaths=str(tmp_path / "death")), INTERVAL, points, 20, executor=processes)
    assert (tmp_path / "death").exists()
    assert frame["error"].isna().all()
    assert frame.equals(sweep(OGD(), HalfWritten(deaths=str(tmp_path / "death")), INTERVAL, points, 20))


def test_an_executor_that_breaks_and_cannot_be_made_again(tmp_path, small_chunks):
    with processes() as pool, pytest.raises(BrokenExecutor, match="executor=ProcessPoolExecutor"):
        deadly(tmp_path, 1, executor=pool)


class Breaks(ThreadPoolExecutor):
    """Its second task is not accepted, as by a pool that has noticed that a worker died."""

    made = 0

    def __init__(self, first=1):
        super().__init__(1)
        Breaks.made += 1
        self.left = 1 if Breaks.made == first else 10**6

    def submit(self, function, *arguments):
        self.left -= 1
        if self.left < 0:
            raise BrokenExecutor("a worker died")
        return super().submit(function, *arguments)


def test_a_pool_that_breaks_as_it_takes_a_task_loses_none(small_chunks, monkeypatch):
    monkeypatch.setattr(Breaks, "made", 0)
    arguments = (Adam(0.5, 0.0), Mod3, INTERVAL, GRID, 50)
    assert sweep(*arguments, executor=Breaks).equals(sweep(*arguments))
    assert Breaks.made == 2
    with Breaks(3) as pool, pytest.raises(BrokenExecutor, match="with a function that makes executors"):
        sweep(*arguments, executor=pool)


def test_workers_that_die_as_they_start_end_the_sweep(small_chunks):
    made = []

    def dead():
        pool = ThreadPoolExecutor(1, initializer=lambda: 1 / 0)
        made.append(pool)
        return pool

    logging.getLogger("concurrent.futures").disabled = True
    try:
        with pytest.raises(BrokenExecutor, match=r"die as soon as they start\. .* below if __name__"):
            sweep(Adam, Mod3, INTERVAL, GRID, 50, executor=dead)
    finally:
        logging.getLogger("concurrent.futures").disabled = False
    assert len(made) == 4


def test_a_cluster_that_has_lost_its_workers_is_reported(small_chunks, monkeypatch):
    class Cluster(ThreadPoolExecutor):
        _client = SimpleNamespace(nthreads=dict)

        def submit(self, function, task):
            return super().submit(lambda: [time.sleep(0.2), function(task)][1])

    monkeypatch.setattr(executors, "_STUCK", 0.01)
    with pytest.warns(RuntimeWarning, match="the cluster has no worker"):
        frame = sweep(Adam, Mod3, INTERVAL, {"C": [3.0]}, 10, executor=partial(Cluster, 1))
    assert frame["error"].isna().all()


UNGUARDED = """
    from concurrent.futures import ProcessPoolExecutor
    from functools import partial
    from multiprocessing import get_context
    import regretlab as rl
    pool = partial(ProcessPoolExecutor, 1, mp_context=get_context("spawn"))
    rl.sweep(rl.learners.Adam, rl.losses.Mod3, rl.sets.Box(-1.0, 1.0), {"C": [3.0, 4.0]}, 10, executor=pool)
"""


@pytest.mark.slow
def test_a_script_without_a_main_guard_is_told_so(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(UNGUARDED))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "the workers of the executor die as soon as they start" in last
    assert 'in a script the call must stand below if __name__ == "__main__":' in last


def test_a_worker_that_cannot_import_a_class_says_which(small_chunks, monkeypatch):
    elsewhere = ModuleType("elsewhere")
    monkeypatch.setitem(sys.modules, "elsewhere", elsewhere)
    elsewhere.Mine = type("Mine", (Mod3,), {"__module__": "elsewhere"})
    with pytest.raises(RuntimeError, match=r"No module named 'elsewhere'; .* in a module that the workers can import"):
        sweep(Adam, elsewhere.Mine(), INTERVAL, {"seed": range(8)}, 10, executor=processes)


def test_workers_make_no_progress_bars(small_chunks, monkeypatch):
    """Each bar takes a lock, which a worker that is killed would keep; comparators have bars too."""
    import tqdm

    made, bar = [], tqdm.tqdm
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(tqdm, "tqdm", lambda **how: made.append(how) or bar(**how))
    arguments = (OGD(), RandomLeastSquares(2), cube(2), {"seed": range(8)}, 30)
    sweep(*arguments, progress=False)
    assert made == []
    sweep(*arguments)
    assert [how["total"] for how in made] == [240]


def test_when_no_chunk_can_be_played(small_chunks):
    class Local(Mod3):
        """Cannot be sent to another process."""

    with pytest.raises(RuntimeError, match=r"no games could be played: .*Local"):
        sweep(Adam, Local(), INTERVAL, {"seed": range(8)}, 10, executor=processes)


def test_a_worker_with_another_version_is_refused(small_chunks, monkeypatch):
    class Other(ThreadPoolExecutor):
        def submit(self, function, task):
            return super().submit(function, task._replace(version="0.0.1"))

    with pytest.raises(RuntimeError, match=r"the sweep is of 0\.0\.1"):
        sweep(Adam, Mod3, INTERVAL, {"seed": range(8)}, 10, executor=partial(Other, 1))


def test_a_worker_that_lacks_a_module_of_this_version(small_chunks):
    class Old(ThreadPoolExecutor):
        def submit(self, function, task):
            return super().submit(importlib.import_module, "regretlab.sweeps.gone")

    with pytest.raises(RuntimeError, match=rf"sweeps\.gone'; do the workers have regretlab {rl.__version__}\?"):
        sweep(Adam, Mod3, INTERVAL, {"seed": range(8)}, 10, executor=partial(Old, 1))


@pytest.mark.slow
def test_dask_workers_and_one_that_is_killed(small_chunks, tmp_path):
    distributed = peer("distributed", "dask")
    arguments = (Adam(0.5, 0.0), Mod3, INTERVAL, {"C": np.linspace(2.1, 6.0, 10), "beta2": [0.1, 0.2, 0.3, 0.4]}, 10**4)
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL") as cluster,
        distributed.Client(cluster) as client,
    ):
        before = set(client.run(os.getpid).values())
        frame = sweep(*arguments, executor=client.get_executor, folder=tmp_path)
        survived = deadly(tmp_path, 1, executor=client.get_executor())
        client.wait_for_workers(2)
        after = set(client.run(os.getpid).values())
    assert len(before) == 2
    assert len(before & after) == 1  # in the middle of a chunk one was killed, and another took its place
    assert frame.equals(sweep(*arguments))
    assert survived.equals(deadly(tmp_path, 0))


MPI = """
    import sys
    import regretlab as rl
    from regretlab.sweeps import chunks

    if __name__ == "__main__":
        from mpi4py import MPI
        from mpi4py.futures import MPIPoolExecutor

        assert MPI.COMM_WORLD.size == 2
        chunks._GAMES = chunks._LANES = 4
        grid = {"beta2": [0.1, 0.5, 0.9], "seed": range(5)}
        frame = rl.sweep(rl.learners.Adam(0.5, 0.0), rl.losses.Rademacher(1, 0.1), rl.sets.Box(-1.0, 1.0), grid, 300,
                         executor=MPIPoolExecutor)
        frame.to_pickle(sys.argv[1])
"""


@pytest.mark.slow
def test_two_ranks_of_mpi(tmp_path):
    peer("mpi4py", "mpi")
    if shutil.which("mpiexec") is None:
        missing("there is no mpiexec, of the package openmpi-bin for instance")
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(MPI))
    environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                   "OMPI_MCA_rmaps_base_oversubscribe": "1", "PYTHONPATH": os.pathsep.join(sys.path)}  # fmt: skip
    command = ["mpiexec", "-n", "2", sys.executable, "-m", "mpi4py.futures", script, tmp_path / "table"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    frame = sweep(Adam(0.5, 0.0), Rademacher(1, 0.1), INTERVAL, {"beta2": [0.1, 0.5, 0.9], "seed": range(5)}, 300)
    assert pd.read_pickle(tmp_path / "table").equals(frame)

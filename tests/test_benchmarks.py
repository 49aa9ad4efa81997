"""The benchmarks: all competitors play the same games, and what is measured is written down whole."""

import csv
import importlib
import math
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import peer

import regretlab as rl

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module", autouse=True)
def on_the_path():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        yield


def module(name):
    return importlib.import_module(name)


def agree(a, b, relative=1e-9):
    for ours, theirs in zip((*a.x, *a.regret), (*b.x, *b.regret), strict=True):
        assert theirs == pytest.approx(ours, rel=relative, abs=relative)


# -- the same games ---------------------------------------------------------------------------


def test_play_and_play_all_are_the_same_game():
    players = module("players")
    one, many = players.one_game(3000, 1), players.many_games(3000, 1)
    assert (one.x, one.regret) == (many.x, many.regret)
    assert one.regret[0] > 0.0


@pytest.fixture(scope="module", params=["strict", "contracted"])
def loops(request, tmp_path_factory):
    """The C loops, compiled."""
    players = module("players")
    flags = (players.STRICT,) if request.param == "strict" else ()
    try:
        return players.reference(tmp_path_factory.mktemp("reference"), *flags)
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("horizon", [1, 101, 512, 5000])
def test_one_game_in_c_is_the_game_of_regretlab(loops, horizon):
    ours = module("players").one_game(horizon, 1)
    agree(ours, loops("fused")(horizon, 1))
    agree(ours, loops("ahead")(horizon, 1))


@pytest.mark.parametrize("lanes", [1, 3, 64, 70])
def test_lanes_in_c_are_the_games_of_regretlab(loops, lanes):
    agree(module("players").many_games(2000, lanes), loops("lanes")(2000, lanes))


def test_the_program_refuses_what_it_cannot_play(loops):
    for kind, horizon, lanes in (("other", 10, 1), ("fused", 10, 2), ("lanes", 0, 1), ("lanes", 10, -1)):
        with pytest.raises(subprocess.CalledProcessError):
            loops(kind)(horizon, lanes)


@pytest.mark.parametrize("lanes", [1, 3])
def test_the_numpy_class_plays_the_games_of_regretlab(lanes):
    agree(module("players").many_games(3000, lanes), module("peers").numpy_player()(3000, lanes))


@pytest.mark.parametrize("each_round", [True, False])
def test_optax_plays_the_games_of_regretlab(monkeypatch, each_round):
    peer("optax")
    monkeypatch.setenv("XLA_FLAGS", "")  # not to be changed for other tests
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = module("peers").optax_player(each_round)(3000, 3)
    agree(module("players").many_games(3000, 3), answer)


def test_torch_plays_games(monkeypatch):
    peer("torch")
    answer = module("peers").torch_player()(202, 3)
    assert -1.0 <= answer.x[0] <= 1.0
    assert answer.regret[0] == answer.regret[1] > 0.0
    assert answer.ns > 0.0


# -- convex losses ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """Rows, the file C reads them from, and the program."""
    convex = module("convex")
    folder = tmp_path_factory.mktemp("convex")
    rng = np.random.default_rng(0)
    a = rng.uniform(-1.0, 1.0, (300, convex.D))
    y = a @ np.linspace(0.4, 0.8, convex.D) + 0.1 * rng.standard_normal(300)
    np.column_stack([a, y]).tofile(folder / "rows")
    program = convex.compiled_c(folder)
    if program is None:
        pytest.skip("there is no C compiler")
    return rl.losses.Examples(a, y), folder / "rows", program


@pytest.mark.parametrize("horizon", [1, 299, 1000])
@pytest.mark.parametrize("name", ["box", "ball"])
def test_least_squares_in_c_is_the_game_of_regretlab(examples, name, horizon):
    convex, (losses, table, program) = module("convex"), examples
    feasible_set = {"box": rl.sets.Box(-0.5, 0.5), "ball": rl.sets.L2Ball(1.0)}[name]
    theirs = convex.run([program, name, str(convex.SIZES[name]), table, "300", str(horizon)])
    _, ours = convex.game(losses, feasible_set, horizon)
    convex.check_same(ours, theirs)
    assert horizon == 1 or np.abs(ours.point).max() == 0.5 or np.linalg.norm(ours.point) == pytest.approx(1.0)
    theirs["loss"] *= 1.0 + 1e-6
    with pytest.raises(AssertionError, match="regretlab ends at"):
        convex.check_same(ours, theirs)


def test_the_matrix_products_are_those_of_the_batches_of_the_game():
    convex = module("convex")
    features = np.arange(500.0)[:, None] + np.zeros(3)
    for sequence in (rl.losses.SoftmaxRegression, rl.losses.ShuffledSoftmaxRegression):
        losses = sequence(features, np.arange(500) % 10, batch=128)
        for rows in losses.examples(np.arange(1, 9)):  # also over the end of an epoch
            assert np.array_equal(convex.gathered(features, rows), features[rows])
        assert convex.products(losses, 3) > 0.0
        assert convex.products(losses, 3, gather=True) > 0.0


def test_players_are_compared_turn_by_turn_with_the_first():
    convex, calls = module("convex"), []

    def player(name, *times):
        answers = iter((1e9, *times))  # the first call compiles
        return lambda: calls.append(name) or next(answers)

    players = {"C": player("C", 10.0, 20.0, 10.0), "ours": player("ours", 25.0, 80.0, 15.0)}
    base, ours = convex.in_turns("a game", players, 3, {"ours": 2.0})
    assert calls == ["C", "ours"] * 4
    assert base == ("a game", "C", 10.0, None, None, None, None)
    assert ours == ("a game", "ours", 25.0, 2.5, 1.5, 4.0, 2.0)
    assert (base.verdict, ours.verdict, ours._replace(ratio=2.0).verdict) == ("", "missed", "met")


def test_the_results_of_convex_losses_are_one_page_and_one_table(tmp_path):
    convex = module("convex")
    rows = [convex.Row("a game", "C", 10.0), convex.Row("a game", "ours", 25.0, 2.5, 1.5, 4.0, 3.0)]
    convex.write(tmp_path, [*rows, convex.Row("per call", "simplex", 2e3, limit=1e3)], "a machine")
    page = (tmp_path / "benchmarks_convex.md").read_text()
    assert "| ours |  25 |   2.5 | 1.5 - 4 |   <= 3 | met |" in page
    assert "10,000 rounds" in page
    with (tmp_path / "benchmarks_convex.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [row["verdict"] for row in table] == ["", "met", "missed"]
    assert [row["ratio"] for row in table] == ["", "2.5", ""]


# -- what is written --------------------------------------------------------------------------


def no_library():
    raise ImportError("No module named 'peer'")


def lines(run, **ratios):
    """As of a run with the given ratios, in which nothing else was measured."""
    line = module("report").Line
    found = [
        line(f"{workload}: ns per game-round", who, None, "ns", ratios.get(who.partition(",")[0]), note="not installed")
        for workload in ("One game", "64 lanes", "1024 lanes")
        for who in ("C, one loop, strict", "C, lanes, strict", "optax, regret of each round", "optax, last regret only")
    ]
    start = [line("Start", "import regretlab", 0.25, "s")]
    counts = [line("Counts", "files a second process adds or changes", 1, "number")]
    return [*found, *start, *counts, *[line("Memory", f"T = {T}", 100.0 + T, "MiB") for T in (1, 60)]]


def test_competitors_are_compared_pair_by_pair_and_may_be_missing():
    run, problem = module("run"), module("problem")
    calls = []

    def player(name, ns):
        def play(horizon, lanes):
            calls.append((name, horizon, lanes))
            return problem.Outcome(ns * (1 + len(calls)), (0.5, 0.5), (1.0, 1.0))

        return play

    others = [
        run.Competitor("C", lambda: player("C", 20.0)),
        run.Competitor("slow", lambda: player("slow", 1e4), work=300),
        run.Competitor("peer", no_library),
    ]
    ours, c, slow, missing = run.compared(run.Workload("3 lanes", player("ours", 10.0), 3, 1000), others, 5)
    assert calls[1:12] == [("C", 1000, 3), *[("ours", 1000, 3), ("C", 1000, 3)] * 5]
    assert calls[12:] == [("slow", 100, 3), *[("ours", 1000, 3), ("slow", 100, 3)] * 3]
    assert (ours.who, ours.ratio) == ("regretlab", 1.0)
    assert 2.0 < c.low <= c.ratio <= c.high < 4.0
    assert slow.ratio > 1000.0
    assert (missing.value, missing.ratio, missing.note) == (None, None, "not installed")


def test_a_competitor_that_plays_another_game_is_found_out():
    run, outcome = module("run"), module("problem").Outcome
    ours = outcome(1.0, (0.5, -1.0), (1e6, 2e6))
    run.check_same(ours, outcome(2.0, (0.5, -1.0), (1e6 + 1e-4, 2e6)))
    for other in (outcome(2.0, (0.5, -0.9), (1e6, 2e6)), outcome(2.0, (math.nan, -1.0), (1e6, 2e6))):
        with pytest.raises(AssertionError, match="regretlab ends at"):
            run.check_same(ours, other)


def test_the_targets_are_met_missed_or_not_measured():
    run = module("run")
    verdicts = {goal.what: goal.verdict for goal in run.targets(lines(run, C=0.8))}
    assert verdicts["one game: time over that of C in one loop"] == "met"
    assert verdicts["64 lanes: time over that of C"] == "missed"
    assert verdicts["64 lanes: times as fast as optax, last regret only"] == "not measured"
    assert verdicts["growth of peak memory in T, MiB"] == "missed"
    assert verdicts["import, s"] == "met"
    assert verdicts["files a second process adds"] == "missed"


def test_the_results_are_one_page_and_one_table(tmp_path):
    run, report = module("run"), module("report")
    measured = lines(run, C=0.8, optax=12.0)
    report.write(tmp_path / "new", measured, run.targets(measured), "a machine")
    page = (tmp_path / "new" / "benchmarks.md").read_text()
    assert "| import regretlab | 0.25 |" in page
    assert "not installed" in page
    with (tmp_path / "new" / "benchmarks.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(measured)
    assert rows[0]["ratio"] == "0.8"
    assert rows[0]["value"] == ""
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["benchmarks.csv", "benchmarks.md"]


def test_the_set_up_names_versions_and_no_places():
    setup = module("run").described(quick=False)
    assert setup.count("\n") == 0
    assert "numpy" in setup
    assert "/" not in setup


# -- other costs ------------------------------------------------------------------------------


def test_the_import_is_light():
    assert module("costs").importing(1).heavy == []


@pytest.mark.slow
def test_a_second_process_compiles_nothing_and_memory_does_not_grow(tmp_path):
    costs = module("costs")
    first, second = costs.first_call(tmp_path), costs.first_call(tmp_path)
    assert first.files > 0
    assert second.files == 0
    small, large = (costs.peak_memory(T, tmp_path) for T in (10**4, 10**7))  # of T floats: 76 MiB more
    assert large - small < 50.0

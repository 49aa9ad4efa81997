"""The published figures: the numbers in figures/ are computed again, and agree with the paper."""

import json

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from stored_figures import FIGURES, data, stored

import regretlab as rl
from regretlab import experiments

EXPERIMENTS, reproduce = experiments.EXPERIMENTS, experiments.reproduce
figure1, theorem1, periods = experiments.figure1, experiments.theorem1, experiments.periods
phase_diagram = experiments.phase_diagram

EXACT = 1e-9  # relative


# -- what is in figures/ is what the code computes ---------------------------------


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_data_and_fingerprint_agree(name):
    assert EXPERIMENTS[name].fingerprint(data(name)) == pytest.approx(stored(name), rel=EXACT)


def test_theorem1_comes_out_the_same():
    assert theorem1.fingerprint(theorem1.compute()) == pytest.approx(stored("theorem1"), rel=EXACT)


@pytest.mark.slow
def test_figure1_online_and_its_first_seed_come_out_the_same():
    """All online rounds, and all stochastic rounds of one seed."""
    numbers, expected = figure1.fingerprint(figure1.compute(seeds=[0])), stored("figure1")
    assert numbers.keys() == expected.keys()
    medians = {key for key in numbers if key.startswith("stochastic") and key.endswith(": x_T")}
    assert len(medians) == 6  # of one seed only: the next test recomputes quantiles
    for key in numbers.keys() - medians:
        assert numbers[key] == pytest.approx(expected[key], rel=EXACT), key


@pytest.mark.slow
def test_figure1_quantiles_of_all_seeds_come_out_the_same():
    """All 64 seeds, up to round 200 000."""
    key = ["problem", "regime", "quantity", "learner", "t"]
    frame = figure1.compute(horizon=101, stochastic_horizon=200_000)
    both = frame[frame["problem"] == "stochastic"].merge(data("figure1"), on=key, suffixes=("", "_stored"))
    assert both["t"].max() == 200_000
    assert len(both) == 2 * 2 * 3 * 6  # quantities, regimes, learners, common rounds
    for column in ("low", "value", "high"):
        np.testing.assert_allclose(both[column], both[f"{column}_stored"], rtol=EXACT)


# -- and it is what the paper says -------------------------------------------------


@pytest.mark.parametrize(("learner", "measured"), [("Adam", 0.228), ("AMSGrad", 0.0345), ("AdamNC", 0.071)])
def test_average_regret_at_the_stated_round(learner, measured):
    value = stored("figure1")[f"online, alpha/sqrt(t), {learner}: R_1010000/1010000"]
    assert value == pytest.approx(measured, abs=0.5 * 10.0 ** -len(f"{measured}"[2:]))


@pytest.mark.parametrize("regime", figure1.REGIMES)
def test_adam_ends_at_the_wrong_end_and_the_others_at_the_right_one(regime):
    numbers = stored("figure1")
    for problem, wrong, right in (("online", 1.0, -0.99), ("stochastic", 0.99, -0.8)):
        assert numbers[f"{problem}, {regime}, Adam: x_T"] >= wrong
        for learner in ("AMSGrad", "AdamNC"):
            assert numbers[f"{problem}, {regime}, {learner}: x_T"] <= right
    assert numbers[f"online, {regime}, Adam: R_T/T"] >= 20 / 101
    for learner in ("AMSGrad", "AdamNC"):
        assert numbers[f"online, {regime}, {learner}: R_T/T"] < 0.25 * 20 / 101


def test_theorem_1_at_its_setting():
    numbers = stored("theorem1")
    assert numbers["T"] == 3e5
    assert numbers["Adam: R_T/T"] == pytest.approx(0.668052, abs=5e-7)
    assert numbers["Adam, constant stepsize: R_T/T"] == pytest.approx(1.045771, abs=5e-7)
    for adam in ("Adam", "Adam, constant stepsize"):
        assert numbers[f"{adam}: min x_{{3k+1}}"] == 1.0  # exactly
        assert numbers[f"{adam}: R_T/T"] >= numbers["(2C-4)/3"]
    assert numbers["Adam, betas (0.9, 0.999): x_{T-2}"] == -1.0  # it takes a small beta2 to fail
    for learner in ("AMSGrad", "AdamNC"):
        assert numbers[f"{learner}: x_{{T-2}}"] < -0.99
        assert numbers[f"{learner}: R_T/T"] < 0.01


def test_theorem_1_holds_at_every_block_shown():
    frame = data("theorem1")
    regret = frame[(frame["quantity"] == "R_t/t") & frame["learner"].isin(["Adam", "Adam, constant stepsize"])]
    assert (regret["value"] >= theorem1.FLOOR).all()


# -- the phase diagram -------------------------------------------------------------


def test_the_phase_diagram_played_is_that_in_closed_form():
    frame = data("phase_diagram")
    assert len(frame) == 2 * 60 * 60
    assert phase_diagram.disagreements(frame).empty
    near = phase_diagram.disagreements(frame, margin=0.0)
    assert len(near) < 0.01 * len(frame)
    wrong = frame.assign(average_regret=frame["C"] - 2.0)  # as if all failed
    star = frame["beta2_star"]
    assert len(phase_diagram.disagreements(wrong)) == (frame["beta2"] - star >= 0.02).sum()


def test_cells_of_the_phase_diagram_come_out_the_same():
    for row in data("phase_diagram").iloc[::600].itertuples():
        adam, losses = rl.learners.Adam(1.0, row.beta1, row.beta2), rl.losses.Mod3(row.C)
        regret = rl.play(adam, losses, rl.sets.Box(-1.0, 1.0), row.T, checkpoints=[row.T]).regret
        assert regret["average_regret"][row.T] == pytest.approx(row.average_regret, abs=6e-7)


# -- the pictures ------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_quick_run_writes_three_files_and_the_same_bytes_again(name, tmp_path):
    if name == "network":
        pytest.importorskip("torch", reason="it is trained by PyTorch: pip install 'regretlab[torch]'")
    paths = reproduce(name, tmp_path, quick=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.csv", f"{name}.json", f"{name}.png"]
    assert {path.name for path in paths} == {path.name for path in tmp_path.iterdir()}
    first = {path.name: path.read_bytes() for path in paths}
    assert first[f"{name}.png"].startswith(b"\x89PNG")
    with mpl.rc_context({"font.size": 20.0, "axes.grid": True}):  # whatever the user's own style
        assert {path.name: path.read_bytes() for path in reproduce(name, tmp_path, quick=True)} == first
    numbers = json.loads(first[f"{name}.json"])
    again = EXPERIMENTS[name].fingerprint(pd.read_csv(tmp_path / f"{name}.csv"))
    assert again == pytest.approx(numbers, rel=EXACT)


@pytest.mark.parametrize("name", ["figure1", "theorem1"])
def test_the_data_in_figures_make_the_picture(name):
    figure = EXPERIMENTS[name].draw(data(name))
    for axes in figure.axes:
        assert axes.get_xlabel() == "round $t$"
        assert axes.get_ylabel() in ("average regret $R_t/t$", "point played $x_t$")
        assert {"Adam", "AMSGrad", "AdamNC"} <= {line.get_label() for line in axes.lines}
    figure.draw_without_rendering()
    for axes in figure.axes:
        title, view = axes.title.get_window_extent(), axes.get_tightbbox()
        assert figure.bbox.x0 < title.x0 < title.x1 < figure.bbox.x1
        assert figure.bbox.x0 < view.x0 < view.x1 < figure.bbox.x1
    assert (FIGURES / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert all((FIGURES / f"{name}.csv").stat().st_size < 300_000 for name in EXPERIMENTS)


def test_figure1_says_what_the_paper_does_not():
    figure = figure1.draw(data("figure1"))
    titles = [panel.get_suptitle() for panel in figure.subfigs]
    assert len(titles) == 2
    assert all("does not state" in title for title in titles)


def test_an_unknown_experiment_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"figure7.*figure1, theorem1"):
        reproduce("figure7", tmp_path)
    assert not list(tmp_path.iterdir())


# -- checkpoints -------------------------------------------------------------------


@pytest.mark.parametrize(("period", "horizon"), [(3, 3), (3, 10), (101, 100), (101, 10**7), (1, 1)])
def test_checkpoints_end_periods(period, horizon):
    t = periods.ends_of_periods(period, horizon)
    assert (t % period == 0).all()
    assert (np.diff(t) > 0).all()
    assert ((t >= period) & (t <= horizon)).all()
    assert (t.size == 0) == (horizon < period)
    if t.size:
        assert t[-1] > 0.8 * horizon - period  # sixteen per decade


def test_theorem1_plays_whole_blocks():
    with pytest.raises(ValueError, match="multiple of 3"):
        theorem1.compute(horizon=100)

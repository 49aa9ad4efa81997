"""The convex panel of Figure 2 and the random convex losses: cheap parts of figures/ are computed again."""

from pathlib import Path

import numpy as np
import pytest
from stored_figures import FIGURES, data, stored

from regretlab import experiments
from regretlab.losses import mnist

figure2, random_convex, reproduce = experiments.figure2, experiments.random_convex, experiments.reproduce

MNIST = Path(__file__).parents[2] / "shared" / "data" / "mnist"
MODULES = {"figure2": figure2, "figure2_mnist": figure2, "random_convex": random_convex}
SOLVED = 1e-6  # relative: comparators are found up to a gap


@pytest.fixture(autouse=True)
def digits():
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's: pip install 'regretlab[experiments]'")


# -- what is in figures/ -----------------------------------------------------------


@pytest.mark.parametrize("name", MODULES)
def test_data_picture_and_fingerprint_are_there_and_agree(name):
    assert MODULES[name].fingerprint(data(name)) == pytest.approx(stored(name), rel=1e-9)
    assert (FIGURES / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert (FIGURES / f"{name}.csv").stat().st_size < 300_000


@pytest.mark.parametrize("name", MODULES)
def test_nothing_in_the_picture_is_cut_off(name):
    figure = MODULES[name].draw(data(name))
    figure.draw_without_rendering()
    parts = [figure._suptitle, figure.legends[0], *figure.axes, *(axes.title for axes in figure.axes)]
    for part in parts:
        view = part.get_tightbbox() if part in figure.axes else part.get_window_extent()
        assert figure.bbox.x0 <= view.x0 <= view.x1 <= figure.bbox.x1


# -- Figure 2 ----------------------------------------------------------------------


def test_figure2_comes_out_the_same_up_to_round_100():
    """Only the stepsize that is best for beta2 = 0.99."""
    frame = figure2.compute(horizon=100, alphas=[0.1], solved=[])
    both = frame.merge(data("figure2"), on=["data", "radius", "quantity", "learner", "alpha", "t"])
    assert sorted(both["quantity"].unique()) == ["R_t", "held-out loss", "loss"]
    both = both[both["quantity"] != "loss"]  # a mean over other rounds
    assert len(both) == 2 * (1 + 3)  # held-out losses of three rounds, one regret
    np.testing.assert_allclose(both["value_x"], both["value_y"], rtol=SOLVED)


def test_figure2_as_it_is_drawn():
    frame = data("figure2")
    regret = frame[frame["quantity"] == "R_t"]
    assert set(regret["t"]) == {*figure2.SOLVED, 2000}
    assert (regret["low"] == regret["value"]).all()
    assert (regret["high"] - regret["value"]).between(0.0, 1e-5).all()  # the error bar
    grid = frame[frame["quantity"] == "R_T/T"]
    assert set(grid["alpha"]) == set(figure2.ALPHAS)
    best = grid.loc[grid.groupby("learner")["value"].idxmin()].set_index("learner")
    assert best["alpha"].between(min(figure2.ALPHAS), max(figure2.ALPHAS), inclusive="neither").all()
    assert (regret.groupby("learner")["alpha"].first() == best["alpha"]).all()
    last = regret[regret["t"] == 2000].set_index("learner")["value"]
    np.testing.assert_allclose(last / 2000, best["value"].loc[last.index], rtol=1e-9)


def test_regret_grows_slower_than_the_root_of_t():
    for name in ("figure2", "figure2_mnist"):
        frame = data(name)
        regret = frame[frame["quantity"] == "R_t"].set_index(["t", "learner"])["value"]
        first, last = frame["t"][frame["quantity"] == "R_t"].agg(["min", "max"])
        assert (regret[last] / regret[first] < np.sqrt(last / first)).all()


def test_amsgrad_is_less_sensitive_to_a_large_alpha():
    for name in ("figure2", "figure2_mnist"):
        numbers = stored(name)
        for beta2 in (0.99, 0.999):
            for alpha in ("0.3", "1"):
                adam, amsgrad = (numbers[f"{k}, beta2 = {beta2}, alpha = {alpha}: R_T/T"] for k in ("Adam", "AMSGrad"))
                assert amsgrad < adam


def test_figure2_says_what_the_paper_does_not():
    title = figure2.draw(data("figure2")).get_suptitle()
    assert "does not state" in title
    assert r"\leq 10" in title


@pytest.mark.skipif(not MNIST.is_dir(), reason="MNIST's files are not here")
def test_mnist_is_played_where_its_folder_is_named(tmp_path):
    (a, y), (held_a, held_y), name = figure2._examples(MNIST)
    assert a.shape == (8000, 784)
    assert held_a.shape == (2000, 784)
    assert name.startswith("8000 of MNIST")
    assert np.sort(np.append(y, held_y)).tolist() == np.sort(mnist(MNIST)[1]).tolist()


def test_mnist_is_for_figure2_only_and_must_be_there(tmp_path):
    with pytest.raises(ValueError, match=r"random_convex does not play on MNIST"):
        reproduce("random_convex", tmp_path, mnist=tmp_path)
    with pytest.raises(FileNotFoundError, match="t10k-images"):
        reproduce("figure2", tmp_path / "out", mnist=tmp_path)
    assert not any((tmp_path / "out").glob("*"))


# -- random convex losses ----------------------------------------------------------


def test_random_convex_is_complete():
    frame = data("random_convex")
    assert len(random_convex.FAMILIES) == 6
    assert len(random_convex.SETS) == 3
    assert set(frame["learner"]) == {"OGD", "AdaGrad", "RMSProp", "Adam", "AMSGrad", "AdamNC"}
    assert (frame.groupby(["family", "set", "learner"]).size() == len(random_convex.checkpoints(10_000))).all()
    assert len(frame.groupby(["family", "set"])) == 18
    assert ((frame["low"] <= frame["value"]) & (frame["value"] <= frame["high"])).all()
    assert (frame["gap"] < 1e-5).all()


def test_random_convex_comes_out_the_same_up_to_round_46():
    """One family with all seeds."""
    key = ["family", "set", "learner", "t"]
    frame = random_convex.compute(horizon=46, families=["least squares"])
    both = frame.merge(data("random_convex"), on=key, suffixes=("", "_stored"))
    assert len(both) == 3 * 6 * 3
    for column in ("low", "value", "high"):
        np.testing.assert_allclose(both[column], both[f"{column}_stored"], rtol=SOLVED)


def test_one_comparator_serves_all_learners_of_a_seed():
    """R_t equals the regret of the game alone."""
    import regretlab as rl

    losses, F, rounds = random_convex.FAMILIES["logistic"], rl.sets.L1Ball(1.0), random_convex.checkpoints(60)
    games = rl.play_all(random_convex.LEARNERS.values(), losses, F, 60, seeds=[3, 8], checkpoints=rounds)
    table = random_convex._regrets(games, 2)
    for k, game in enumerate(games):
        own = game.regret
        rows = table.iloc[k * len(own) : (k + 1) * len(own)]
        assert set(rows["learner"]) == {type(game.learner).__name__}
        np.testing.assert_allclose(rows["regret"], own["regret"], rtol=0, atol=1e-6)


def test_regret_of_zero_or_less_is_left_out_and_the_panel_says_so():
    frame = data("random_convex")
    negative = frame[frame["value"] <= 0.0]
    assert set(negative["family"]) == {"least squares, drifting"}
    panels = negative[["family", "set"]].drop_duplicates()
    notes = [text.get_text() for axes in random_convex.draw(frame).axes for text in axes.texts]
    assert len(notes) == len(panels)
    assert all("left out" in note for note in notes)


def test_momentum_lags_behind_a_moving_optimum():
    """The true parameter turns in 50 rounds: with beta1 = 0.9 the regret is a multiple of that without momentum."""
    numbers = stored("random_convex")
    for F in ("Box", "L2Ball", "L1Ball"):
        last = {k: numbers[f"least squares, drifting, {F}, {k}: median R_T"] for k in random_convex.LEARNERS}
        assert min(last[k] for k in ("Adam", "AMSGrad", "AdamNC")) > 2.5 * max(
            last[k] for k in ("OGD", "AdaGrad", "RMSProp")
        )


@pytest.mark.parametrize(("horizon", "expected"), [(100, [10, 22, 46, 100]), (60, [10, 22, 60]), (11, [11])])
def test_checkpoints_end_at_the_horizon(horizon, expected):
    assert random_convex.checkpoints(horizon) == expected

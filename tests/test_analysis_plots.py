"""Figures: the curves equal the tables, for regret of any sign, and no round is left out without a word."""

import pickle
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

import regretlab as rl
from regretlab.analysis import plots
from regretlab.learners import OGD, Adam, AMSGrad
from regretlab.losses import ConvexLosses, Mod3, Periodic, Rademacher

F = rl.sets.Box(-1.0, 1.0)


@dataclass(frozen=True)
class Parabolas(ConvexLosses):
    """f_t(x) = (x - sin t)^2: the best point in hindsight is found numerically."""

    def value(self, t, x):
        return float((x[0] - np.sin(t)) ** 2)

    def gradient(self, t, x):
        return 2.0 * (x - np.sin(t))


def render(figure):
    """Draw for real, so that whatever matplotlib has to warn of fails the test."""
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def curve(axes, label):
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


# -- one game ----------------------------------------------------------------------


def test_a_game_is_drawn_as_its_tables_say():
    game = rl.play(AMSGrad(alpha=0.5), Mod3(3.0), F, horizon=1000)
    figure = game.plot()
    average, regret, points = figure.axes
    for axes, values in (
        (average, game.regret["average_regret"]),
        (regret, game.regret["regret"]),
        (points, game.points["x_1"]),
    ):
        t, y = curve(axes, "AMSGrad")
        np.testing.assert_array_equal(t, values.index)
        np.testing.assert_array_equal(y, values)
        assert axes.get_xlabel() == "round $t$"
        assert axes.get_xscale() == "log"
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "average regret $R_t/t$",
        "regret $R_t$",
        "point played $x_t$",
    ]
    assert regret.get_yscale() == "log"
    assert legend(figure) == ["AMSGrad", r"guide $\propto\sqrt{t}$", "best point in hindsight $u_T$"]
    assert curve(points, "best point in hindsight $u_T$")[1].tolist() == [-1.0, -1.0]
    assert render(figure).startswith(b"\x89PNG")


def test_the_guide_has_slope_one_half_and_ends_with_the_curve():
    game = rl.play(AMSGrad(alpha=0.5), Mod3(3.0), F, horizon=1000)
    (t0, t1), (y0, y1) = curve(game.plot().axes[1], r"guide $\propto\sqrt{t}$")
    assert (t0, t1) == (1.0, 1000.0)
    assert np.log(y1 / y0) / np.log(t1 / t0) == pytest.approx(0.5, rel=1e-12)
    assert y1 == pytest.approx(game.regret["regret"].iloc[-1], rel=1e-12)


def test_rounds_with_negative_regret_are_a_gap_and_the_title_says_so():
    game = rl.play(OGD(alpha=0.5), Periodic([-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]), F, horizon=1000, start=1.0)
    regret = game.regret["regret"]
    assert (regret < 0.0).any()
    assert (regret > 0.0).any()
    figure = game.plot()
    axes = figure.axes[1]
    t, y = curve(axes, "OGD")
    np.testing.assert_array_equal(t, regret.index)  # a gap, not a line across it
    np.testing.assert_array_equal(y, regret.where(regret > 0.0))
    assert axes.get_title() == "only where $R_t > 0$"
    assert curve(figure.axes[0], "OGD")[1].min() < 0.0  # average regret is drawn whatever its sign
    render(figure)


@pytest.mark.parametrize("value", [0.0, -2.0])
def test_without_any_positive_regret_the_axes_say_so(value):
    table = pd.DataFrame({"learner": "OGD", "t": [1, 10], "low": value, "value": value, "high": value})
    figure = plots.new_figure(4.0, 3.0)
    axes = figure.subplots()
    plots.draw_regret(axes, table)
    assert axes.get_title() == "nothing to draw: $R_t \\leq 0$ at every $t$"
    assert axes.get_yscale() == "linear"
    assert not axes.lines
    render(figure)


def test_a_game_without_regret_is_drawn():
    game = rl.play(OGD(), Periodic([-1.0]), F, horizon=30, start=1.0)
    assert (game.regret["regret"] == 0.0).all()
    render(game.plot())


def test_a_few_coordinates_get_a_curve_each():
    game = rl.play(AMSGrad(alpha=0.5), Rademacher(3, drift=0.3), F, horizon=1000)
    figure = game.plot()
    points = figure.axes[2]
    for i in range(3):
        t, y = curve(points, f"$x_{{t,{i + 1}}}$")
        np.testing.assert_array_equal(t, game.points.index)
        np.testing.assert_array_equal(y, game.points[f"x_{i + 1}"])
    colours = {line.get_color() for line in points.lines}
    assert len(colours) == 3  # each coordinate and its best value in the same colour
    assert len(legend(figure)) == 6
    render(figure)


def test_many_coordinates_are_a_median_and_a_range():
    game = rl.play(OGD(alpha=0.5), Rademacher(30), F, horizon=1000)
    figure = game.plot()
    (line,) = figure.axes[2].lines
    np.testing.assert_allclose(line.get_ydata(), game.points.median(axis=1), rtol=1e-15)
    (band,) = figure.axes[2].collections
    outline = band.get_paths()[0].vertices[:, 1]
    assert (outline.min(), outline.max()) == (game.points.min(axis=None), game.points.max(axis=None))
    assert "median and range" in line.get_label()
    render(figure)


def test_a_comparator_found_numerically_has_fewer_rounds_than_the_points():
    game = rl.play(OGD(alpha=0.5), Parabolas(), F, horizon=100)
    regret, points = game.regret, game.points
    assert len(regret) < len(points)
    figure = game.plot()
    np.testing.assert_array_equal(curve(figure.axes[1], "OGD")[0], regret.index)
    np.testing.assert_array_equal(curve(figure.axes[2], "OGD")[0], points.index)
    render(figure)


def test_a_misspelt_keyword_is_named():
    axes = plots.new_figure(4.0, 3.0).subplots()
    table = pd.DataFrame({"learner": "OGD", "t": [1, 10], "low": 1.0, "value": 1.0, "high": 1.0})
    for draw in (plots.draw_average_regret, plots.draw_bands, plots.draw_points, plots.draw_regret):
        with pytest.raises(TypeError, match="unexpected keyword argument 'line_style'"):
            draw(axes, table, line_style={})


def test_an_error_bar_of_the_regret_is_a_band():
    table = pd.DataFrame({"learner": "OGD", "t": [1, 10], "low": [1.0, 2.0], "value": [1.0, 2.0], "high": [1.0, 5.0]})
    figure = plots.new_figure(4.0, 3.0)
    axes = figure.subplots()
    plots.draw_regret(axes, table)
    (band,) = axes.collections
    assert band.get_paths()[0].vertices[:, 1].max() == 5.0
    render(figure)


def test_a_single_round_shows_a_marker():
    figure = rl.play(OGD(), Mod3(), F, horizon=1).plot()
    for axes in figure.axes:
        (line,) = [line for line in axes.lines if line.get_label() == "OGD"]
        assert line.get_marker() == "o"
    render(figure)


def test_a_game_that_is_not_played_cannot_be_drawn():
    with pytest.raises(ValueError, match="no round"):
        rl.Game(OGD(), Mod3(), F).plot()


def test_long_names_are_cut():
    game = rl.play(OGD(), Periodic(np.arange(1.0, 100.0)), F, horizon=10)
    figure = game.plot()
    assert all(len(line) < 250 for line in figure.get_suptitle().split("\n"))
    render(figure)


# -- several games -----------------------------------------------------------------


@pytest.fixture(scope="module")
def comparison():
    learners = {"Adam": Adam(0.5), "AMSGrad": AMSGrad(0.5), "OGD": OGD(0.1)}
    return rl.compare(learners, Rademacher(drift=0.2), F, 500, seeds=range(5))


def test_a_comparison_shows_the_median_over_seeds(comparison):
    figure = plots.plot_comparison(comparison)
    for axes, column in zip(figure.axes, ("average_regret", "regret", "x_1"), strict=True):
        median = comparison.groupby(["learner", "t"])[column].median()
        for learner in ("Adam", "AMSGrad", "OGD"):
            t, y = curve(axes, learner)
            np.testing.assert_array_equal(t, median[learner].index)
            shown = ~np.isnan(y)
            np.testing.assert_allclose(y[shown], median[learner][shown], rtol=1e-15)
            if column != "regret":
                assert shown.all()
    assert legend(figure) == ["Adam", "AMSGrad", "OGD", r"guide $\propto\sqrt{t}$"]
    assert "5 seeds" in figure.get_suptitle()
    render(figure)


def test_bands_are_quantiles_over_seeds(comparison):
    table = plots.bands(comparison, "regret", quantiles=(0.0, 0.5, 1.0))
    groups = comparison.groupby(["learner", "t"])["regret"]
    table = table.set_index(["learner", "t"]).sort_index()
    for name, expected in (("low", groups.min()), ("value", groups.median()), ("high", groups.max())):
        np.testing.assert_allclose(table[name], expected.sort_index(), rtol=1e-15)


def test_a_comparison_in_several_dimensions_pools_the_coordinates():
    frame = rl.compare([OGD(0.1)], Rademacher(4), F, 50, seeds=range(3))
    figure = plots.plot_comparison(frame)
    last = frame[frame["t"] == 50][[f"x_{i}" for i in range(1, 5)]]
    assert curve(figure.axes[2], "OGD")[1][-1] == pytest.approx(np.median(last), rel=1e-12)
    render(figure)


# -- colours -----------------------------------------------------------------------


def test_a_learner_has_the_same_colour_in_every_picture():
    alone = plots.styles(["AMSGrad"])
    among = plots.styles(["Yogi", "Adam", "AMSGrad", "AdamNC"])
    assert alone["AMSGrad"] == among["AMSGrad"]
    assert len({style["color"] for style in among.values()}) == 4


def test_labels_of_one_class_share_the_colour_and_differ_in_line_style():
    line_styles = plots.styles(["Adam(alpha=0.1)", "Adam, constant stepsize", "AdamNC"])
    first, second, third = line_styles.values()
    assert first["color"] == second["color"] != third["color"]
    assert first["linestyle"] != second["linestyle"]


def test_many_labels_remain_distinct():
    line_styles = plots.styles([f"OGD(alpha={k})" for k in range(12)])
    assert len({(style["color"], style["linestyle"]) for style in line_styles.values()}) == 12


# -- displays ----------------------------------------------------------------------


def test_a_figure_shows_itself_in_a_notebook_and_survives_pickling():
    figure = rl.play(OGD(), Mod3(), F, horizon=30).plot()
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert pickle.loads(pickle.dumps(figure))._repr_png_().startswith(b"\x89PNG")


def test_plotting_needs_no_global_state_and_importing_needs_no_plotting():
    program = """
import sys
import regretlab as rl
import regretlab.analysis.plots
assert not {"matplotlib", "pandas"} & set(sys.modules)
figure = rl.play(rl.learners.OGD(), rl.losses.Mod3(), rl.sets.Box(-1.0, 1.0), 30).plot()
figure.savefig(sys.stdout.buffer, format="png")
assert "matplotlib.pyplot" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.startswith(b"\x89PNG")

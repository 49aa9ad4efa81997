r"""Pictures of games: average regret, regret beside a :math:`\sqrt t` guide, points played.

What is drawn is a table of *bands*, a row for every round t of every curve: a
``value`` and the range ``low`` to ``high`` around it.  :func:`bands` makes one of
the games of :func:`regretlab.compare`; ``draw_*`` put one on axes of your own;
``plot_*`` make a whole figure.  No display is needed and no global state of
matplotlib is touched.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import partial
from io import BytesIO
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from regretlab.engine.trajectory import Trajectory
from regretlab.regret import measures as _regret

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


__all__ = [
    "bands",
    "draw_average_regret",
    "draw_bands",
    "draw_best_point",
    "draw_points",
    "draw_regret",
    "legend_below",
    "new_figure",
    "plot_comparison",
    "plot_game",
    "styles",
]

COLOURS = {
    "Adam": "#D55E00",
    "AMSGrad": "#0072B2",
    "AdamNC": "#009E73",
    "AdaGrad": "#E69F00",
    "OGD": "#000000",
    "RMSProp": "#CC79A7",
}
"""One colour for each learner, from the palette of Okabe and Ito for all kinds of colour vision."""

_FURTHER = ("#56B4E9", "#7F7F7F", "#8C510A", "#5E3C99")
_LINES = ("-", "--", "-.", ":")
_FEW = 12  # points on a curve that get a marker each
_COORDINATES = 8  # coordinates of x_t that get a curve each


# -- tables ------------------------------------------------------------------------


def bands(
    frame: pd.DataFrame, column: str, *, by: str = "learner", quantiles: tuple[float, float, float] = (0.05, 0.5, 0.95)
) -> pd.DataFrame:
    """Median and quantiles of ``column`` over seeds, at every round.

    Parameters
    ----------
    frame : DataFrame
        A row for every round of every game, with the columns t, ``by`` and ``column``.

    Returns
    -------
    DataFrame
        ``by``, t, low, value, high.
    """
    import pandas as pd

    groups = frame.groupby([by, "t"], sort=False)[column]
    parts = {name: groups.quantile(q) for name, q in zip(("low", "value", "high"), quantiles, strict=True)}
    return pd.DataFrame(parts).reset_index()


def styles(labels: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Colour and line style for each label.

    The word a label opens with decides the colour, the same in every picture
    for the learners of this package; labels that open alike differ in line style.
    """
    further, colours = cycle(_FURTHER), dict(COLOURS)
    seen: Counter[str] = Counter()
    looks = {}
    for label in dict.fromkeys(labels):
        word = re.split(r"\W", label, maxsplit=1)[0]
        k = seen[word]
        if word not in colours or (k and k % len(_LINES) == 0):  # a new word, or its line styles are used up
            colours[word] = next(further)
        looks[label] = {"color": colours[word], "linestyle": _LINES[k % len(_LINES)]}
        seen[word] += 1
    return looks


# -- curves on axes ----------------------------------------------------------------


def draw_bands(
    axes: Axes, table: pd.DataFrame, *, by: str = "learner", looks: dict[str, dict[str, Any]] | None = None
) -> None:
    """A line for each ``by`` of a table of bands, shaded from low to high, over log-spaced rounds."""
    looks = looks or styles(table[by].unique())
    for label, rows in table.groupby(by, sort=False):
        rows = rows.sort_values("t")
        look = looks[str(label)]
        axes.plot(rows["t"], rows["value"], label=str(label), marker="o" if len(rows) < _FEW else "", ms=3, **look)
        if (rows["high"] > rows["low"]).any():
            axes.fill_between(rows["t"], rows["low"], rows["high"], color=look["color"], alpha=0.18, linewidth=0)
    axes.set_xscale("log")
    axes.set_xlabel("round $t$")


def draw_average_regret(axes: Axes, table: pd.DataFrame, **how: Any) -> None:
    """R_t / t over log-spaced rounds, beside zero."""
    axes.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
    draw_bands(axes, table, **how)
    axes.set_ylabel("average regret $R_t/t$")


def draw_regret(axes: Axes, table: pd.DataFrame, **how: Any) -> None:
    r"""R_t on log-log axes beside a guide :math:`\propto\sqrt t` that ends with the lowest curve.

    A logarithm has no room for R_t <= 0: curves have a gap there, and the title says so.
    """
    positive = table["value"] > 0.0
    axes.set_ylabel("regret $R_t$")
    if not positive.any():
        axes.set_title("nothing to draw: $R_t \\leq 0$ at every $t$", fontsize="medium")
        draw_bands(axes, table.iloc[:0], **how)
        return
    floor = table["value"][positive].min() / 2.0
    shown = table.assign(value=table["value"].where(positive), low=table["low"].clip(lower=floor).where(positive))
    draw_bands(axes, shown, **how)
    last = table[positive].sort_values("t").groupby(how.get("by", "learner")).last()
    t = np.array([table["t"].min(), table["t"].max()], dtype=np.float64)
    c = (last["value"] / np.sqrt(last["t"])).min()
    axes.plot(t, c * np.sqrt(t), color="0.45", linestyle=(0, (1, 2)), zorder=1, label=r"guide $\propto\sqrt{t}$")
    axes.set_yscale("log")
    if not positive.all():
        axes.set_title("only where $R_t > 0$", fontsize="medium")


def draw_points(axes: Axes, table: pd.DataFrame, **how: Any) -> None:
    """x_t over log-spaced rounds."""
    draw_bands(axes, table, **how)
    axes.set_ylabel("point played $x_t$")


def draw_best_point(axes: Axes, u: float, color: Any = "0.45") -> None:
    """The best point in hindsight, or a coordinate of it, for comparison with x_t."""
    axes.axhline(u, color=color, linestyle=(0, (4, 3)), linewidth=1.0, zorder=0, label="best point in hindsight $u_T$")


# -- figures -----------------------------------------------------------------------


def new_figure(width: float, height: float) -> Figure:
    """An empty figure (inches) that needs no display and shows itself at the end of a notebook cell."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    setattr(figure, "_repr_png_", partial(_png, figure))  # noqa: B010 - a name for notebooks, not for readers
    return figure


def legend_below(figure: Figure, columns: int = 6) -> None:
    """One legend for all axes, below them, where it covers no curve."""
    entries: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    if entries:
        ncols = min(columns, len(entries))
        figure.legend(list(entries.values()), list(entries), loc="outside lower center", ncols=ncols, frameon=False)


def plot_game(game: Trajectory) -> Figure:
    r"""Three axes: R_t / t; R_t beside a :math:`\sqrt t` guide on log-log axes; x_t and the best point in hindsight.

    Of x_t each coordinate is drawn, or from the ninth on their median and range.
    Where the comparator is found numerically, a band shows how far R_t may be off.

    Raises
    ------
    ValueError
        Before the first round: there is nothing to draw.
    """
    if not game.horizon:
        raise ValueError("no round of this game has been played, so there is nothing to draw")
    name = type(game.learner).__name__
    comparators = _regret.best_in_hindsight(game)
    frame = _regret.regret_frame(comparators).reset_index().assign(learner=name)
    R = frame["regret"]
    table = frame[["learner", "t"]].assign(low=R, value=R, high=R + frame.get("gap", 0.0))

    figure = new_figure(11.0, 3.9)
    left, centre, right = figure.subplots(1, 3)
    draw_average_regret(left, table.assign(**{k: table[k] / table["t"] for k in ("low", "value", "high")}))
    draw_regret(centre, table)

    points = game.points
    d = points.shape[1]
    by, looks = "coordinate", dict[str, dict[str, Any]]()
    if d == 1:
        by, coordinates = "learner", points.melt(var_name="learner", ignore_index=False).assign(learner=name)
    elif d <= _COORDINATES:
        labels = [f"$x_{{t,{i + 1}}}$" for i in range(d)]
        coordinates = points.set_axis(labels, axis=1).melt(var_name=by, ignore_index=False)
        looks = {label: {"color": colour} for label, colour in zip(labels, _shades(d), strict=True)}
    else:
        label = f"coordinates $x_{{t,i}}$, $i \\leq {d}$: median and range"
        coordinates = points.melt(var_name=by, ignore_index=False).assign(coordinate=label)
        looks = {label: {"color": COLOURS.get(name, _FURTHER[0])}}
    draw_points(right, bands(coordinates.reset_index(), "value", by=by, quantiles=(0.0, 0.5, 1.0)), by=by, looks=looks)
    if d <= _COORDINATES:
        for u, colour in zip(comparators.point[-1], ["0.45"] if d == 1 else _shades(d), strict=True):
            draw_best_point(right, u, color=colour)

    learner, losses, F = (_cut(repr(part)) for part in (game.learner, game.losses, game.feasible_set))
    title = f"{learner}\n{losses}  on  {F},  seed {game.seed},  T = {game.horizon:,}"
    figure.suptitle(title, fontsize="medium", parse_math=False)
    legend_below(figure)
    return figure


def plot_comparison(frame: pd.DataFrame) -> Figure:
    """The axes of :func:`plot_game` for a table of :func:`regretlab.compare`, a colour for each learner.

    Lines are medians over the seeds, bands reach from the 5% to the 95%
    quantile; x_t pools coordinates with seeds.
    """
    figure = new_figure(11.0, 3.9)
    left, centre, right = figure.subplots(1, 3)
    draw_average_regret(left, bands(frame, "average_regret"))
    draw_regret(centre, bands(frame, "regret"))
    coordinates = [column for column in frame.columns if str(column).startswith("x_")]
    points = frame.melt(id_vars=["learner", "t"], value_vars=coordinates, value_name="point")
    draw_points(right, bands(points, "point"))
    if (seeds := frame["seed"].nunique()) > 1:
        figure.suptitle(f"median and 5% to 95% quantiles over {seeds} seeds", fontsize="medium")
    legend_below(figure)
    return figure


def _cut(text: str, length: int = 70) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _shades(n: int) -> list[tuple[float, ...]]:
    """n colours from dark to light that stay distinct in grey."""
    from matplotlib import colormaps

    return [tuple(colour) for colour in colormaps["viridis"](np.linspace(0.0, 0.9, n))]


def _png(figure: Figure) -> bytes:
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()

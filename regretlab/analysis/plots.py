"""Figures of one game or of a comparison, and the parts from which to make your own (:mod:`.curves`).

No display is needed, and no global state of matplotlib is touched.
"""

from __future__ import annotations

import reprlib
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from regretlab.analysis.curves import (
    COLOURS,
    FURTHER_COLOURS,
    bands,
    draw_average_regret,
    draw_bands,
    draw_best_point,
    draw_points,
    draw_regret,
    styles,
)
from regretlab.engine.trajectory import Trajectory, check_played
from regretlab.regret import best_in_hindsight, regret_frame

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

_COORDINATES = 8  # up to so many coordinates of x_t get a curve each


def new_figure(width: float, height: float) -> Figure:
    """An empty matplotlib figure of this size in inches; a notebook shows it when it is the result of a cell."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    setattr(figure, "_repr_png_", partial(_png, figure))  # noqa: B010 - the name that notebooks look for
    return figure


def legend_below(figure: Figure, columns: int = 6) -> None:
    """Add one legend for all axes below them, where it covers no curve; a label that several axes have appears once."""
    handles: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if handles:
        ncols = min(columns, len(handles))
        figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=ncols, frameon=False)


def plot_game(game: Trajectory) -> Figure:
    r"""A figure of one game: R_t/t; R_t beside a :math:`\sqrt t` guide on log-log axes; x_t and the best point.

    Up to eight coordinates of x_t have a curve each; with more, median and range over the coordinates are drawn.  Where
    the comparator is found numerically, a band shows the error bar of R_t.

    Raises
    ------
    TypeError
        For anything but a game.
    ValueError
        For a game of no rounds, or when no best point exists because F is unbounded.
    """
    check_played(game)
    name = type(game.learner).__name__
    comparators = best_in_hindsight(game)
    frame = regret_frame(comparators).reset_index().assign(learner=name)
    R = frame["regret"]
    table = frame[["learner", "t"]].assign(low=R, value=R, high=R + frame.get("gap", 0.0))

    figure = new_figure(11.0, 3.9)
    left, centre, right = figure.subplots(1, 3)
    draw_average_regret(left, table.assign(**{k: table[k] / table["t"] for k in ("low", "value", "high")}))
    draw_regret(centre, table)
    _draw_coordinates(right, game.points, comparators.point[-1], name)

    learner, losses, F = (_shortened(repr(part)) for part in (game.learner, game.losses, game.feasible_set))
    title = f"{learner}\n{losses}  on  {F},  seed {game.seed},  T = {game.horizon:,}"
    figure.suptitle(title, fontsize="medium", parse_math=False)
    legend_below(figure)
    return figure


def plot_comparison(frame: pd.DataFrame) -> Figure:
    """The three axes of :func:`plot_game` for a table of :func:`regretlab.compare`, a colour for each learner.

    Lines are medians over the seeds, and bands reach from the 5% to the 95% quantile.  For x_t these are quantiles over
    seeds and coordinates.

    Raises
    ------
    TypeError
        For anything but such a table.
    """
    needed = ("learner", "seed", "t", "regret", "average_regret")
    if not set(needed) <= set(getattr(frame, "columns", ())):
        raise TypeError(f"frame={reprlib.repr(frame)} must be a table of compare, with columns {', '.join(needed)}")
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


def _draw_coordinates(axes: Axes, points: pd.DataFrame, best: Any, name: str) -> None:
    """Draw the points (h, d) of one game and, for few coordinates, the best point (d,)."""
    d = points.shape[1]
    line_styles: dict[str, dict[str, Any]] = {}
    by, colours = "coordinate", ["0.45"] if d == 1 else _shades(min(d, _COORDINATES))
    if d == 1:
        by, table = "learner", points.melt(var_name="learner", ignore_index=False).assign(learner=name)
    elif d <= _COORDINATES:
        labels = [f"$x_{{t,{i + 1}}}$" for i in range(d)]
        table = points.set_axis(labels, axis=1).melt(var_name=by, ignore_index=False)
        line_styles = {label: {"color": colour} for label, colour in zip(labels, colours, strict=True)}
    else:
        label = f"coordinates $x_{{t,i}}$, $i \\leq {d}$: median and range"
        table = points.melt(var_name=by, ignore_index=False).assign(coordinate=label)
        line_styles = {label: {"color": COLOURS.get(name, FURTHER_COLOURS[0])}}
    curves = bands(table.reset_index(), "value", by=by, quantiles=(0.0, 0.5, 1.0))
    draw_points(axes, curves, by=by, line_styles=line_styles)
    if d <= _COORDINATES:
        for u, colour in zip(best, colours, strict=True):
            draw_best_point(axes, u, color=colour)


def _shortened(text: str, length: int = 70) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _shades(n: int) -> list[Any]:
    """n colours from dark to light that stay distinct in grey."""
    from matplotlib import colormaps

    return [tuple(colour) for colour in colormaps["viridis"](np.linspace(0.0, 0.9, n))]


def _png(figure: Figure) -> bytes:
    """The figure as a file in PNG format."""
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def __dir__() -> list[str]:
    return __all__

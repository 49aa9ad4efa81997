r"""Curves on axes of your own: average regret, regret beside a :math:`\sqrt t` guide, points played.

A table of *bands* has a row for every round t of every curve: ``value`` and the range from ``low`` to ``high`` around
it.  :func:`bands` makes one from a table of :func:`regretlab.compare`; each ``draw_*`` draws one on axes of matplotlib.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = [
    "COLOURS",
    "FURTHER_COLOURS",
    "bands",
    "draw_average_regret",
    "draw_bands",
    "draw_best_point",
    "draw_points",
    "draw_regret",
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
"""The colours of six learners, from the palette of Okabe and Ito for all kinds of colour vision."""

FURTHER_COLOURS = ("#56B4E9", "#7F7F7F", "#8C510A", "#5E3C99")
"""The colours of all other labels, in turn."""

_LINES = ("-", "--", "-.", ":")
_MARKED_BELOW = 12  # a curve of fewer points gets a marker at each


def bands(
    frame: pd.DataFrame, column: str, *, by: str = "learner", quantiles: tuple[float, float, float] = (0.05, 0.5, 0.95)
) -> pd.DataFrame:
    """Quantiles of ``column`` over seeds, for every curve and round.

    Parameters
    ----------
    frame : DataFrame
        A row for every round of every game, such as :func:`regretlab.compare` returns.
    column : str
        Such as ``"regret"``.
    by : str
        The column with the labels of the curves.  ``frame`` must also have a column ``t`` for the round.
    quantiles : three floats in [0, 1]
        The orders of the quantiles ``low``, ``value`` and ``high``.

    Returns
    -------
    DataFrame
        Columns ``by``, t, low, value, high; a row for every curve and round.

    Examples
    --------
    >>> import pandas as pd
    >>> import regretlab as rl
    >>> frame = pd.DataFrame({"learner": "OGD", "seed": [0, 1, 2], "t": 10, "regret": [1.0, 4.0, 2.0]})
    >>> rl.plots.bands(frame, "regret", quantiles=(0.0, 0.5, 1.0))
      learner   t  low  value  high
    0     OGD  10  1.0    2.0   4.0
    """
    import pandas as pd

    groups = frame.groupby([by, "t"], sort=False)[column]
    columns = {name: groups.quantile(q) for name, q in zip(("low", "value", "high"), quantiles, strict=True)}
    return pd.DataFrame(columns).reset_index()


def styles(labels: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Colour and line style of each label, as keywords of ``axes.plot``.

    The first word of a label decides the colour.  The learners in :data:`COLOURS` have the same colour in every figure.
    Labels with the same first word differ in line style, and after every fourth the colour changes.
    """
    further, colours = cycle(FURTHER_COLOURS), dict(COLOURS)
    seen: Counter[str] = Counter()
    chosen = {}
    for label in dict.fromkeys(labels):
        word = re.split(r"\W", label, maxsplit=1)[0]
        k = seen[word]
        if word not in colours or (k and k % len(_LINES) == 0):  # a new word, or its line styles are used up
            colours[word] = next(further)
        chosen[label] = {"color": colours[word], "linestyle": _LINES[k % len(_LINES)]}
        seen[word] += 1
    return chosen


def draw_bands(
    axes: Axes, table: pd.DataFrame, *, by: str = "learner", line_styles: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Draw a line for each curve of a table of bands, shaded from low to high, over a logarithmic axis of rounds.

    Parameters
    ----------
    axes : matplotlib Axes
    table : DataFrame
        Columns ``by``, t, low, value, high, see :func:`bands`.
    by : str
        The column with the labels of the curves.
    line_styles : mapping, optional
        Keywords of ``axes.plot`` for each label, a ``color`` among them; by default those of :func:`styles`.
    """
    chosen = line_styles or styles(table[by].unique())
    for label, rows in table.groupby(by, sort=False):
        rows = rows.sort_values("t")
        style = chosen[str(label)]
        marker = "o" if len(rows) < _MARKED_BELOW else ""
        axes.plot(rows["t"], rows["value"], label=str(label), marker=marker, ms=3, **style)
        if (rows["high"] > rows["low"]).any():
            axes.fill_between(rows["t"], rows["low"], rows["high"], color=style["color"], alpha=0.18, linewidth=0)
    axes.set_xscale("log")
    axes.set_xlabel("round $t$")


def draw_average_regret(
    axes: Axes, table: pd.DataFrame, *, by: str = "learner", line_styles: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Draw R_t/t, with a line at zero; parameters as for :func:`draw_bands`."""
    axes.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
    draw_bands(axes, table, by=by, line_styles=line_styles)
    axes.set_ylabel("average regret $R_t/t$")


def draw_regret(
    axes: Axes, table: pd.DataFrame, *, by: str = "learner", line_styles: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    r"""Draw R_t on log-log axes, with a guide :math:`\propto\sqrt t` that meets the lowest curve at its last round.

    Rounds with R_t <= 0 cannot be drawn on a logarithmic axis: the curve has a gap there, and the title says so.
    Parameters are those of :func:`draw_bands`.
    """
    positive = table["value"] > 0.0
    axes.set_ylabel("regret $R_t$")
    if not positive.any():
        axes.set_title("nothing to draw: $R_t \\leq 0$ at every $t$", fontsize="medium")
        draw_bands(axes, table.iloc[:0], by=by, line_styles=line_styles)
        return
    floor = table["value"][positive].min() / 2.0
    shown = table.assign(value=table["value"].where(positive), low=table["low"].clip(lower=floor).where(positive))
    draw_bands(axes, shown, by=by, line_styles=line_styles)
    last = table[positive].sort_values("t").groupby(by).last()
    t = np.array([table["t"].min(), table["t"].max()], dtype=np.float64)
    c = (last["value"] / np.sqrt(last["t"])).min()
    axes.plot(t, c * np.sqrt(t), color="0.45", linestyle=(0, (1, 2)), zorder=1, label=r"guide $\propto\sqrt{t}$")
    axes.set_yscale("log")
    if not positive.all():
        axes.set_title("only where $R_t > 0$", fontsize="medium")


def draw_points(
    axes: Axes, table: pd.DataFrame, *, by: str = "learner", line_styles: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Draw the points x_t; parameters as for :func:`draw_bands`."""
    draw_bands(axes, table, by=by, line_styles=line_styles)
    axes.set_ylabel("point played $x_t$")


def draw_best_point(axes: Axes, u: float, color: Any = "0.45") -> None:
    """Draw a horizontal line at ``u``, a coordinate of the best point in hindsight."""
    axes.axhline(u, color=color, linestyle=(0, (4, 3)), linewidth=1.0, zorder=0, label="best point in hindsight $u_T$")

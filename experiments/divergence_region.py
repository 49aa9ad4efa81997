r"""Where Adam diverges in the plane of its betas, and how that region grows with the period.

f_t(x) = 10 P x if t mod P = 1, else -10 x, on F = [-1, 1]: for P = 101 the losses of Figure 1 of Reddi, Kale, Kumar
(2018).  The best point is -1.  Adam goes to +1 where its drift, with the m_k and v_k of the limit cycle, is negative:

    h(beta1, beta2) = sum_{k<=P} m_k / sqrt(v_k) < 0.

For each beta2 this holds for all beta1 below a boundary.  For a fixed P Adam succeeds on a margin along beta2 = 1
and beta1 = 1; as P grows, the region where it fails fills [0, 1)^2 (Zhang, Chen, Shi, Sun, Luo 2022,
arXiv:2208.09632, find the same for their finite sums).  Markers are games with P = 101 and
alpha_t = 1 / sqrt(t) from x_1 = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import regretlab as rl
from regretlab._utils.types import Array
from regretlab.analysis.periodic import adam_drift, boundary
from regretlab.analysis.plots import legend_below, new_figure
from regretlab.learners import Adam, RMSProp
from regretlab.losses import ReddiOnline

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

QUICK = {"points": 9, "periods": (11, 101), "horizon": 101 * 100}

PERIODS = (3, 5, 11, 31, 101, 301, 1001)
FIGURE1 = 101
GAMES = [
    (beta1, 1.0 - q) for beta1 in (0.0, 0.5, 0.9, 0.97, 0.99, 0.997) for q in (0.5, 0.1, 0.01, 1e-3, 3e-4, 1e-4, 3e-5)
]
DEFAULTS = {"(0.9, 0.99)": (0.9, 0.99), "(0.9, 0.999)": (0.9, 0.999)}


def compute(points: int = 133, periods: Sequence[int] = PERIODS, horizon: int = 101 * 40_000) -> pd.DataFrame:
    """Compute the boundary of every period, and play the games.

    Returns
    -------
    DataFrame
        quantity ("boundary" or "game"), period, beta1, beta2, value: 1 - beta1 on the boundary, or
        x_{T+1} of the game.
    """
    import pandas as pd

    parts = []
    for P in periods:
        beta2 = _between(points)
        top = boundary(RMSProp(), _losses(P), "beta2", (beta2[0], beta2[-1]))  # beta1 = 0
        beta2 = np.append(beta2[beta2 < top], top)
        rest = np.array([_boundary(P, b) for b in beta2])
        parts.append(pd.DataFrame({"period": P, "beta1": 1.0 - rest, "beta2": beta2, "value": rest}))
    table = pd.concat(parts).assign(quantity="boundary")
    chosen = [Adam(1.0, beta1, beta2) for beta1, beta2 in GAMES]
    games = rl.play_all(chosen, ReddiOnline(), rl.sets.Box(-1.0, 1.0), horizon, checkpoints=[horizon])
    rows = [(FIGURE1, *pair, float(game.point[0])) for pair, game in zip(GAMES, games, strict=True)]
    played = pd.DataFrame(rows, columns=["period", "beta1", "beta2", "value"]).assign(quantity="game")
    return pd.concat([table, played], ignore_index=True)[["quantity", "period", "beta1", "beta2", "value"]]


def _between(points: int) -> Array:
    """Values of beta2 in (0, 1), dense near both ends."""
    logit = np.linspace(-9.0, 13.0, points)
    return 1.0 / (1.0 + np.exp(-logit))


def _losses(P: int) -> ReddiOnline:
    """f_t(x) = 10 P x if t mod P = 1, else -10 x."""
    return ReddiOnline(10.0 * P, 10.0, P)


def _boundary(P: int, beta2: float) -> float:
    """1 - beta1 for the largest beta1 at which the drift changes its sign; 1 if Adam fails for no beta1."""
    from scipy.optimize import brentq

    pattern = _losses(P).pattern[:, 0]

    def h(log_rest: float) -> float:
        return float(adam_drift(pattern, -np.expm1(log_rest), beta2))

    grid = np.linspace(0.0, -14.0, 141)
    fails = np.flatnonzero(adam_drift(pattern, -np.expm1(grid), beta2) < 0.0)
    if not fails.size:
        return 1.0
    last = fails[-1]
    return float(np.exp(brentq(h, grid[last], grid[last + 1], xtol=1e-12)))


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the regions on the unit square, and near the usual betas on logarithmic axes."""
    from matplotlib import colormaps

    figure = new_figure(11.0, 5.2)
    left, right = figure.subplots(1, 2)
    boundaries = frame[frame["quantity"] == "boundary"]
    periods = sorted(boundaries["period"].unique(), reverse=True)
    colours = colormaps["YlOrRd"](np.linspace(0.08, 0.85, len(periods)))
    for P, colour in zip(periods, colours, strict=True):
        rows = boundaries[boundaries["period"] == P].sort_values("beta2")
        style = {"facecolor": colour, "edgecolor": "0.3", "linewidth": 0.6, "label": f"fails for $P = {P}$"}
        beta2, rest = rows["beta2"].to_numpy(), rows["value"].to_numpy()
        left.fill_betweenx(beta2, 0.0, 1.0 - rest, **style)
        right.fill_betweenx(1.0 - beta2, rest, 1.0, **style)
    _mark(right, frame)
    for name, (beta1, beta2) in DEFAULTS.items():
        left.plot(beta1, beta2, "k+", ms=9)
        right.plot(1.0 - beta1, 1.0 - beta2, "k+", ms=11, mew=1.6)
        right.annotate(name, (1.0 - beta1, 1.0 - beta2), (5, 5), textcoords="offset points", fontsize="small")
    left.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0), xlabel=r"$\beta_1$", ylabel=r"$\beta_2$")
    left.set_title("the whole square", fontsize="medium")
    right.set(xscale="log", yscale="log", xlim=(1.15, 2e-4), ylim=(1.0, 1e-5))
    right.set(xlabel=r"$1 - \beta_1$", ylabel=r"$1 - \beta_2$")
    right.set_title("near $(1, 1)$, with games for $P = 101$", fontsize="medium")
    figure.suptitle(
        r"Adam on $10P\,x$ once in $P$ rounds, else $-10x$ (best point $-1$): where its drift $h < 0$, it goes to $+1$",
        fontsize="large",
    )
    legend_below(figure, columns=4)
    return figure


def _mark(axes: Axes, frame: pd.DataFrame) -> None:
    """Draw a marker for each game, by where it ended."""
    games = frame[frame["quantity"] == "game"]
    marks: list[tuple[str, dict[str, Any], pd.DataFrame]] = [
        ("a game ended at $+1$", {"marker": "^", "color": "black"}, games[games["value"] > 0.9]),
        (
            "a game ended at $-1$",
            {"marker": "v", "color": "white", "edgecolors": "black"},
            games[games["value"] < -0.9],
        ),
        ("a game ended in between", {"marker": "o", "color": "0.6", "s": 14}, games[games["value"].abs() <= 0.9]),
    ]
    for label, style, rows in marks:
        if len(rows):
            axes.scatter(1.0 - rows["beta1"], 1.0 - rows["beta2"], label=label, zorder=3, **({"s": 34} | style))


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """By period the share of the square on which Adam fails, and its largest betas; by game x_{T+1}."""
    numbers: dict[str, float] = {}
    for P, rows in frame[frame["quantity"] == "boundary"].groupby("period"):
        rows = rows.sort_values("beta2")
        numbers[f"P = {P}: share of the square"] = float(np.trapezoid(rows["beta1"], rows["beta2"]))
        numbers[f"P = {P}: beta2* for beta1 = 0"] = float(rows["beta2"].max())
        numbers[f"P = {P}: largest beta1"] = float(rows["beta1"].max())
    for _, row in frame[frame["quantity"] == "game"].iterrows():
        numbers[f"beta1 = {row['beta1']:g}, 1 - beta2 = {1.0 - row['beta2']:g}: x_(T+1)"] = float(row["value"])
    return numbers

r"""Adam's drift on random gradients: the exact integral and games.

Gradients are independent, a with probability p and -b otherwise.  E g > 0, so that -1 is the best point:

* 1010 with p = 0.01, else -10: the stochastic losses of Figure 1 of Reddi, Kale, Kumar (2018);
* 100 with p = 0.1, else -10: those of a toy problem of ADOPT (Taniguchi et al. 2024, arXiv:2411.02853) for k = 10.

Lines are E[m / sqrt v] by quadrature (:func:`regretlab.analysis.periodic.stochastic_drift`); Adam goes to +1 where it
is negative.  Points are the mean steps of games with alpha_t = 1 on an interval whose ends are never reached: means
over the seeds with two standard errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

import regretlab as rl
from regretlab.analysis.periodic import first_order_stochastic_beta2, stochastic_beta2_star, stochastic_drift
from regretlab.analysis.plots import legend_below, new_figure
from regretlab.learners import Adam
from regretlab.losses import ReddiStochastic
from regretlab.schedules import Constant

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

QUICK = {"points": 5, "horizon": 4000, "seeds": range(4), "problems": ("100 or -10",)}

PROBLEMS = {"1010 or -10": ReddiStochastic(), "100 or -10": ReddiStochastic(100.0, 10.0, 0.1)}
BETA1 = (0.0, 0.9)
_COLOURS = {0.0: "#0072B2", 0.9: "#D55E00"}


def compute(
    points: int = 61,
    horizon: int = 200_000,
    seeds: Sequence[int] = range(64),
    problems: Sequence[str] = tuple(PROBLEMS),
) -> pd.DataFrame:
    """Compute the drift on a grid of beta2 by quadrature, and at about a dozen of its points by games.

    Returns
    -------
    DataFrame
        problem, quantity ("exact", "played", "boundary" or "first order"), beta1, beta2, value (the drift) and
        error (the standard error of the mean over the games).
    """
    import pandas as pd

    grid = 1.0 - np.geomspace(0.95, 2e-4, points)
    rows = []
    for problem in problems:
        losses = PROBLEMS[problem]
        for beta1 in BETA1:
            exact = [stochastic_drift(losses, beta1, float(beta2)) for beta2 in grid]
            rows += [(problem, "exact", beta1, b, h, 0.0) for b, h in zip(grid, exact, strict=True)]
            rows.append((problem, "boundary", beta1, stochastic_beta2_star(losses, beta1), 0.0, 0.0))
        rows.append((problem, "first order", 0.0, first_order_stochastic_beta2(losses), 0.0, 0.0))
        played = [(beta1, float(beta2)) for beta1 in BETA1 for beta2 in grid[:: max(1, points // 12)]]
        learners = [Adam(Constant(1.0), *pair) for pair in played]
        settled = horizon // 2  # the first half is left out: the moments start at 0, not in their stationary state
        games = rl.play_all(learners, losses, rl.sets.Box(-1e9, 1e9), horizon, seeds=seeds, checkpoints=[settled])
        distances = [game.points["x_1"][settled] - float(game.point[0]) for game in games]
        drifts = np.reshape(distances, (len(played), -1)) / (horizon - settled + 1)
        for pair, each in zip(played, drifts, strict=True):
            rows.append((problem, "played", *pair, each.mean(), each.std(ddof=1) / np.sqrt(each.size)))
    return pd.DataFrame(rows, columns=["problem", "quantity", "beta1", "beta2", "value", "error"])


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the drift, and below it the part near zero, a column of axes for each problem."""
    figure = new_figure(11.0, 6.4)
    problems = list(frame["problem"].unique())
    grid = figure.subplots(2, len(problems), squeeze=False, sharex=True, height_ratios=[1.6, 1.0])
    for column, problem in enumerate(problems):
        here = frame[frame["problem"] == problem]
        for axes in grid[:, column]:
            axes.axhline(0.0, color="0.75", linewidth=0.8, zorder=0)
            for beta1, colour in _COLOURS.items():
                exact, played, star = (
                    here[(here["quantity"] == name) & (here["beta1"] == beta1)]
                    for name in ("exact", "played", "boundary")
                )
                label = rf"$\beta_1 = {beta1:g}$"
                axes.plot(1.0 - exact["beta2"], exact["value"], color=colour, label=f"exact, {label}")
                axes.errorbar(
                    1.0 - played["beta2"], played["value"], 2.0 * played["error"],
                    color=colour, linestyle="", marker="o", ms=3.5, capsize=2, label=f"games, {label}",
                )  # fmt: skip
                axes.axvline(
                    1.0 - star["beta2"].item(),
                    color=colour,
                    linestyle=":",
                    linewidth=1.1,
                    label=rf"$\beta_2^*$, {label}",
                )
            rule = here[here["quantity"] == "first order"]["beta2"].item()
            axes.axvline(
                1.0 - rule, color="0.4", linestyle=(0, (4, 3)), linewidth=1.0, label=r"$\beta_2^*$ to first order"
            )
            axes.set_xscale("log")
            axes.set_xlim(1.0, 2e-4)
            axes.set_ylabel(r"drift $E[m/\sqrt{v}]$")
        top, bottom = grid[:, column]
        losses = PROBLEMS[problem]
        top.set_title(
            f"${losses.height:g}\\,x$ with probability {losses.p:g}, else $-{losses.slope:g}\\,x$", fontsize="medium"
        )
        highest = here.loc[here["quantity"] == "exact", "value"].max()
        bottom.set_ylim(-4.0 * highest, 1.5 * highest)
        bottom.set_xlabel(r"$1 - \beta_2$")
        bottom.set_title("the drift near zero", fontsize="small")
    figure.suptitle(
        "Adam on random losses whose best point is $-1$: where the drift is negative, it goes to $+1$", fontsize="large"
    )
    legend_below(figure, columns=4)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """beta2* exactly and to first order, the drifts of the games, and their largest distance in standard errors."""
    numbers: dict[str, float] = {}
    for problem, rows in frame.groupby("problem", sort=False):
        for quantity in ("boundary", "first order"):
            for _, row in rows[rows["quantity"] == quantity].iterrows():
                numbers[f"{problem}, beta1 = {row['beta1']:g}: beta2*, {quantity}"] = float(row["beta2"])
        exact, played = (rows[rows["quantity"] == name] for name in ("exact", "played"))
        both = played.merge(exact, on=["beta1", "beta2"], suffixes=("", "_exact"))
        for _, row in both.iterrows():
            key = f"{problem}, beta1 = {row['beta1']:g}, 1 - beta2 = {1.0 - row['beta2']:.4g}"
            numbers[f"{key}: exact"], numbers[f"{key}: played"] = float(row["value_exact"]), float(row["value"])
        far = ((both["value"] - both["value_exact"]) / both["error"]).abs().max()
        numbers[f"{problem}: largest distance in standard errors"] = float(far)
    return numbers

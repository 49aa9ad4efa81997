r"""Regret on random convex losses: six families, three feasible sets, 32 seeds, d = 5.

Rows are feasible sets, columns are families of random losses
(:mod:`regretlab.losses.random_convex`) whose true parameter is a unit vector.
Lines are medians of R_t over the seeds, bands reach from quartile to quartile,
and the dotted line is proportional to sqrt(t).  Medians <= 0 have no logarithm: they
are left out, with a note on the axes.

Nothing is tuned: alpha_t = alpha / sqrt(t) with alpha = 1 for OGD and alpha = 0.5, a
quarter of the sets' diameter in the maximum norm, for all others; beta1 = 0.9
for Adam, AMSGrad, AdamNC and beta2 = 0.99 for RMSProp, Adam, AMSGrad.

The best point in hindsight does not depend on the learner, so it is computed once
for each family, set and seed: R_t = sum_{s<=t} f_s(x_s) - min_u sum_{s<=t} f_s(u),
up to a duality gap that is in the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

import regretlab as rl
from regretlab.analysis.plots import bands, draw_regret, legend_below, new_figure, styles
from regretlab.learners import OGD, AdaGrad, Adam, AdamNC, AMSGrad, RMSProp
from regretlab.losses import RandomAbsolute, RandomLeastSquares, RandomLogistic
from regretlab.regret.measures import total
from regretlab.sets import Box, L1Ball, L2Ball

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from regretlab.game import Game

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

QUICK = {"horizon": 100, "seeds": range(2), "families": ("least squares", "absolute, sparse")}

D = 5
LEARNERS = {
    "OGD": OGD(1.0),
    "AdaGrad": AdaGrad(0.5),
    "RMSProp": RMSProp(0.5, beta2=0.99),
    "Adam": Adam(0.5, beta1=0.9, beta2=0.99),
    "AMSGrad": AMSGrad(0.5, beta1=0.9, beta2=0.99),
    "AdamNC": AdamNC(0.5, beta1=0.9),
}
FAMILIES = {
    "least squares": RandomLeastSquares(D),
    "least squares, conditioning 100": RandomLeastSquares(D, conditioning=100.0),
    "least squares, drifting": RandomLeastSquares(D, drift=0.02),
    "logistic": RandomLogistic(D),
    "logistic, strongly convex": RandomLogistic(D, mu=0.1),
    "absolute, sparse": RandomAbsolute(D, density=0.1),
}
SETS = {
    r"box $\|x\|_\infty \leq 1$": Box(-1.0, 1.0),
    r"ball $\|x\|_2 \leq 1$": L2Ball(1.0),
    r"ball $\|x\|_1 \leq 1$": L1Ball(1.0),
}
_NOTES = {
    "least squares, conditioning 100": "scales of features 1 to 1/100",
    "least squares, drifting": "a turn in 50 rounds",
    "logistic, strongly convex": r"$\mu = 0.1$",
    "absolute, sparse": "a tenth of the features",
}


def compute(
    horizon: int = 10_000, seeds: Sequence[int] = range(32), families: Sequence[str] = tuple(FAMILIES)
) -> pd.DataFrame:
    """Play every learner on every family, set and seed.

    Returns
    -------
    DataFrame
        family, set, learner, t, low, value and high (the quartiles of R_t over the
        seeds) and gap (the largest duality gap of a seed).
    """
    import pandas as pd

    rounds = checkpoints(horizon)
    parts = []
    for family in families:
        for name, F in SETS.items():
            games = rl.play_all(LEARNERS.values(), FAMILIES[family], F, horizon, seeds=seeds, checkpoints=rounds)
            table = _regrets(games, len(seeds))
            table = table[table["t"] >= 10]
            shown = bands(table, "regret", quantiles=(0.25, 0.5, 0.75)).assign(family=family, set=name)
            widest = table.groupby("t")["gap"].max()
            parts.append(shown.assign(gap=shown["t"].map(widest)))
    table = pd.concat(parts, ignore_index=True)
    return table[["family", "set", "learner", "t", "low", "value", "high", "gap"]]


def checkpoints(horizon: int) -> list[int]:
    """Three rounds per decade from round 10 on, and the last round."""
    rounds = np.round(10.0 ** (np.arange(3, 3 * np.log10(horizon) - 0.5) / 3.0)).astype(int)
    return [*rounds.tolist(), horizon]


def _regrets(games: list[Game], seeds: int) -> pd.DataFrame:
    """The columns learner, t, regret, gap of all games; those of one seed share their comparator."""
    import pandas as pd

    best = [game.regret for game in games[:seeds]]
    rows = []
    for k, game in enumerate(games):
        comparator = best[k % seeds]
        paid = pd.Series(total(game.record.loss), index=game.record.t)[comparator.index]
        gap = comparator.get("gap", 0.0)
        rows.append(
            pd.DataFrame({"regret": paid - comparator["comparator_loss"], "gap": gap})
            .rename_axis("t")
            .reset_index()
            .assign(learner=list(LEARNERS)[k // seeds])
        )
    return pd.concat(rows, ignore_index=True)


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the regret on a grid of axes: sets by families."""
    families, sets = frame["family"].unique(), frame["set"].unique()
    figure = new_figure(max(2.55 * len(families) + 0.6, 10.0), 2.5 * len(sets) + 1.0)
    grid = list(figure.subplots(len(sets), len(families), squeeze=False, sharex=True, sharey="col"))
    line_styles = styles(LEARNERS)
    for row, name in zip(grid, sets, strict=True):
        for axes, family in zip(row, families, strict=True):
            here = frame[(frame["family"] == family) & (frame["set"] == name)]
            draw_regret(axes, here, line_styles=line_styles)
            axes.set_title("\n".join([family, _NOTES.get(family, "")]) if row is grid[0] else "", fontsize="medium")
            _note_what_is_left_out(axes, here)
            axes.set_xlabel("round $t$" if row is grid[-1] else "")
            axes.set_ylabel(f"{name}\nregret $R_t$" if axes is row[0] else "")
    figure.suptitle(
        f"Regret on random convex losses, $d = {D}$: median and quartiles over the seeds, only where $R_t > 0$\n"
        r"nothing is tuned: $\alpha_t = \alpha/\sqrt{t}$ with $\alpha = 1$ for OGD and $\alpha = 0.5$ for all others",
        fontsize="large",
    )
    legend_below(figure, columns=7)
    return figure


def _note_what_is_left_out(axes: Axes, rows: pd.DataFrame) -> None:
    """Write on the axes which learners have medians <= 0."""
    negative = rows.loc[rows["value"] <= 0.0, "learner"].unique()
    if len(negative):
        who = ", ".join(negative) if len(negative) < 3 else f"{len(negative)} learners"
        axes.text(0.97, 0.03, f"left out: some $R_t \\leq 0$\nof {who}", ha="right", transform=axes.transAxes, size=8)


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, and the median of R_T for every learner, family and set."""
    T = frame["t"].max()
    numbers = {"T": float(T)}
    last = frame.loc[frame["t"] == T, ["family", "set", "learner", "value"]]
    for family, name, learner, value in last.itertuples(index=False, name=None):
        numbers[f"{family}, {type(SETS[name]).__name__}, {learner}: median R_T"] = float(value)
    return numbers

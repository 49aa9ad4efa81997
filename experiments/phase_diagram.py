r"""Where Adam fails on mod-3: its average regret over (C, beta2), and the boundary in closed form.

On F = [-1, 1]: f_t(x) = C x if t mod 3 = 1, else -x, with C > 2, so that -1 is the
best point.  Once the moments have become periodic, x moves in a period by about
-alpha_t h with h = sum_k m_k / sqrt(v_k) (:mod:`regretlab.analysis.periodic`).  Adam goes to
the wrong end +1 where h < 0, and then R_T / T -> (2C - 4)/3; where h > 0 it goes to
-1.  The boundary beta2*(C) is the root of h: Adam fails for smaller beta2, for instance
for 1/(1 + C^2) of Theorem 1 of Reddi, Kale, Kumar (ICLR 2018).  With momentum it
fails for small C only.

The games have alpha_t = 1/sqrt(t) and x_1 = 0.  A learner that stays there has average
regret (C - 2)/3; a game with a larger one counts as failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import regretlab as rl
from regretlab.analysis.periodic import beta2_star
from regretlab.analysis.plots import new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "disagreements", "draw", "fingerprint"]

QUICK = {"cells": 12, "horizon": 3 * 10**3}

BETA1 = (0.0, 0.3)
_DIGITS = 6


def compute(cells: int = 60, horizon: int = 10**5) -> pd.DataFrame:
    """Play ``cells`` values of C times ``cells`` of beta2, for both beta1.

    Returns
    -------
    DataFrame
        T, beta1, C, beta2, average_regret (of the game), beta2_star (closed form; 0 where Adam never fails).
    """
    C = np.linspace(2.1, 6.0, cells).round(4)
    grid: dict[str, Any] = {"beta1": BETA1, "C": C, "beta2": ((np.arange(cells) + 0.5) / cells).round(4)}
    frame = rl.sweep(rl.learners.Adam(alpha=1.0), rl.losses.Mod3, rl.sets.Box(-1.0, 1.0), grid, horizon)
    star = {(b, c): s for b in BETA1 for c, s in zip(C, beta2_star(C, b).round(_DIGITS), strict=True)}
    frame["beta2_star"] = [star[pair] for pair in zip(frame["beta1"], frame["C"], strict=True)]
    frame["average_regret"] = frame["average_regret"].round(_DIGITS)
    return frame.rename(columns={"t": "T"})[["T", "beta1", "C", "beta2", "average_regret", "beta2_star"]]


def disagreements(frame: pd.DataFrame, margin: float = 0.02) -> pd.DataFrame:
    """The rows at least ``margin`` away from the boundary where game and closed form disagree on failure."""
    failed = frame["average_regret"] > (frame["C"] - 2.0) / 3.0
    star = frame["beta2_star"]
    return frame[(failed != (frame["beta2"] < star)) & ((frame["beta2"] - star).abs() >= margin)]


def draw(frame: pd.DataFrame) -> Figure:
    """Draw R_T / T as colour, with beta2* and the beta2 of Theorem 1 as lines."""
    from matplotlib.colors import PowerNorm

    figure = new_figure(11.0, 4.8)
    norm = PowerNorm(0.5, 0.0, float(frame["average_regret"].max()))
    panels = figure.subplots(1, frame["beta1"].nunique(), sharey=True)
    for axes, (beta1, rows) in zip(panels, frame.groupby("beta1"), strict=True):
        table = rows.pivot_table(index="beta2", columns="C", values="average_regret")
        C = table.columns.to_numpy()
        mesh = axes.pcolormesh(C, table.index, table.clip(lower=0.0), norm=norm, cmap="cividis", rasterized=True)
        star = rows.groupby("C")["beta2_star"].first()
        axes.plot(star.index, star, color="w", linewidth=1.8, label=r"closed form $\beta_2^*(C)$")
        if beta1 == 0.0:
            axes.plot(C, 1.0 / (1.0 + C * C), "w:", linewidth=1.8, label=r"Theorem 1: $\beta_2 = 1/(1+C^2)$")
        axes.set_title(rf"$\beta_1 = {beta1:g}$", fontsize="medium")
        axes.set_xlabel("$C$")
        axes.set_xlim(C[0], C[-1])
        axes.set_ylim(0.0, 1.0)
    panels[0].set_ylabel(r"$\beta_2$")
    panels[0].legend(loc="upper right", facecolor="0.25", labelcolor="w", framealpha=0.9, fontsize="small")
    figure.colorbar(mesh, ax=panels, label="average regret $R_T/T$")
    figure.suptitle(
        rf"Adam on mod-3, $\alpha_t = 1/\sqrt{{t}}$, $T = {frame['T'].max():,}$: it fails below the line",
        fontsize="medium",
    )
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, the number of disagreements, the share of failed games, the mean R_T / T, and R_T / T in two corners."""
    numbers = {"T": float(frame["T"].max()), "disagreements": float(len(disagreements(frame)))}
    for beta1, rows in frame.groupby("beta1"):
        failed = rows["average_regret"] > (rows["C"] - 2.0) / 3.0
        numbers[f"beta1 = {beta1:g}: failed"] = float(failed.mean())
        numbers[f"beta1 = {beta1:g}: mean R_T/T"] = float(rows["average_regret"].mean())
        for i in (0, -1):
            corner = rows.sort_values(["C", "beta2"]).iloc[i]
            name = f"beta1 = {beta1:g}, C = {corner['C']:g}, beta2 = {corner['beta2']:g}: R_T/T"
            numbers[name] = float(corner["average_regret"])
    return numbers

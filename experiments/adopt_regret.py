r"""ADOPT can have linear regret: f_t(x) = C x if t mod 3 = 1, else -x on [-1, 1], with C < 2; the best point is +1.

In the long run v is periodic.  With beta = beta2 and S = 1 + beta + beta^2

    v_1 = (C^2 + beta + beta^2) / S,   v_2 = (1 + beta C^2 + beta^2) / S,   v_3 = (1 + beta + beta^2 C^2) / S

after the three rounds of a block.  ADOPT divides g_t by sqrt v_{t-1}, so that a block moves x by

    -alpha_t h(C),   h(C) = C / sqrt v_3 - 1 / sqrt v_1 - 1 / sqrt v_2,

for every beta1.  At C = 2, where the losses sum to zero, h is positive.  So x goes to -1 already for C > C_lo(beta2),
the zero of h in (1, 2), and then R_T / T -> 2 (2 - C) / 3.  C_lo(0) is the golden ratio, since h = C - 1/C - 1 for
beta2 = 0.  The reason: the large slope is divided by a mean of small ones, and so it counts too much.  For C > 2, where
Adam fails, this helps ADOPT; for C < 2, where Adam does not fail, it harms.  The case C = 1.9 without momentum
comes from a review of the paper.

On independent losses v_{t-1} is independent of g_t, so that ADOPT drifts against the mean gradient, as it should.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

import regretlab as rl
from regretlab.analysis.plots import legend_below, new_figure
from regretlab.learners import ADOPT, Adam, AMSGrad

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["QUICK", "boundary", "compute", "draw", "drift", "fingerprint"]

ALPHA = 0.5
SMALLEST = 1e-12  # stands for beta2 = 0, which is not allowed
BETA2S = (SMALLEST, 0.5)
BETA1S = (0.0, 0.9)
SLOPES = (1.1, 1.3, 1.5, 1.55, 1.59, 1.61, 1.63, 1.65, 1.67, 1.68, 1.7, 1.72, 1.75, 1.8, 1.85, 1.9, 1.95, 1.99)
QUICK = {"horizon": 3 * 150, "slopes": (1.5, 1.9)}


def drift(C: float, beta2: float) -> float:
    """h(C): in the long run ADOPT moves by -alpha_t h in a block of three rounds."""
    b, square = beta2, C * C
    S = 1.0 + b + b * b
    v1, v2, v3 = (square + b + b * b) / S, (1.0 + b * square + b * b) / S, (1.0 + b + b * b * square) / S
    return C / sqrt(v3) - 1.0 / sqrt(v1) - 1.0 / sqrt(v2)


def boundary(beta2: float) -> float:
    """C_lo(beta2), the zero of h in (1, 2)."""
    from scipy.optimize import brentq

    return float(brentq(drift, 1.0, 2.0, args=(beta2,), xtol=1e-14))


def compute(horizon: int = 3 * 10**5, slopes: Sequence[float] = SLOPES) -> pd.DataFrame:
    """Play ADOPT, Adam and AMSGrad for every C, beta1 and beta2.

    Returns
    -------
    DataFrame
        learner, beta1, beta2, C, T, x (the point after round T), average_regret, C_lo (of ADOPT, else NaN).
    """
    import pandas as pd

    rows = []
    pairs = [(b1, b2) for b2 in BETA2S for b1 in BETA1S]
    for C in slopes:
        played = [kind(ALPHA, beta1=b1, beta2=b2) for kind in (ADOPT, Adam, AMSGrad) for b1, b2 in pairs]
        games = rl.play_all(played, rl.losses.Mod3(C), rl.sets.Box(-1.0, 1.0), horizon, checkpoints=[horizon])
        for learner, game in zip(played, games, strict=True):
            given = {name: float(schedule(1)) for name, schedule in learner.schedules.items()}
            rows.append(
                {
                    "learner": type(learner).__name__,
                    "beta1": given["beta1"],
                    "beta2": given["beta2"],
                    "C": C,
                    "T": horizon,
                    "x": float(game.state.point[0]),
                    "average_regret": float(game.regret["average_regret"].iloc[-1]),
                    "C_lo": boundary(given["beta2"]) if isinstance(learner, ADOPT) else np.nan,
                }
            )
    return pd.DataFrame(rows).sort_values(["learner", "beta2", "beta1", "C"], kind="stable", ignore_index=True)


_MARKERS = {0.0: ("o", "-"), 0.9: ("s", "--")}
_COLOURS = ("#CC79A7", "#5E3C99")
_OTHERS = {"Adam": "#D55E00", "AMSGrad": "#0072B2"}


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the end point and the average regret over C, with the boundaries C_lo."""
    figure = new_figure(11.0, 4.6)
    left, right = figure.subplots(1, 2)
    for axes, column in ((left, "x"), (right, "average_regret")):
        adopt = frame[frame["learner"] == "ADOPT"]
        for colour, (beta2, own) in zip(_COLOURS, adopt.groupby("beta2"), strict=True):
            shown = "10^{-12}" if float(str(beta2)) < 0.1 else f"{beta2:g}"
            for beta1, rows in own.groupby("beta1"):
                marker, line = _MARKERS[float(str(beta1))]
                label = rf"ADOPT, $\beta_1 = {beta1:g}$, $\beta_2 = {shown}$"
                axes.plot(rows["C"], rows[column], color=colour, marker=marker, ms=4, linestyle=line, label=label)
            C_lo = float(own["C_lo"].iloc[0])
            label = rf"$C_{{lo}}(\beta_2)$ = {C_lo:.6f}" + (", the golden ratio" if C_lo < 1.62 else "")
            axes.axvline(C_lo, color=colour, linewidth=1.0, linestyle=":", label=label)
        for name, colour in _OTHERS.items():
            rows = frame[(frame["learner"] == name) & (frame["beta1"] == 0.0) & (frame["beta2"] == 0.5)]
            label = rf"{name}, $\beta_1 = 0$, $\beta_2 = 0.5$"
            axes.plot(rows["C"], rows[column], color=colour, linewidth=1.2, label=label, zorder=1)
        axes.set_xlabel("$C$")
    C = np.linspace(1.4, 2.0, 2)
    right.plot(C, 2.0 * (2.0 - C) / 3.0, color="0.45", linestyle=(0, (1, 2)), label="$2(2-C)/3$: always playing $-1$")
    left.axhline(
        1.0, color="0.45", linestyle=(0, (4, 3)), linewidth=1.0, zorder=0, label="best point in hindsight $u_T$"
    )
    left.set_ylabel("point $x_{T+1}$")
    right.set_ylabel("average regret $R_T/T$")
    right.set_ylim(-0.01, 0.36)
    figure.suptitle(
        rf"$f_t(x) = C x$ if $t$ mod $3 = 1$, else $-x$: for $C < 2$ the best point is $+1$.  "
        rf"$\alpha_t = {ALPHA}/\sqrt{{t}}$, $x_1 = 0$, $T = {frame['T'].max():,}$",
        fontsize="medium",
    )
    legend_below(figure, columns=3)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, C_lo, and the end point and the average regret of ADOPT."""
    numbers = {"T": float(frame["T"].max())}
    adopt = frame[frame["learner"] == "ADOPT"]
    for beta2, C_lo in zip(adopt["beta2"], adopt["C_lo"], strict=True):
        numbers[f"C_lo({beta2:g})"] = float(C_lo)
    rows = adopt[["beta1", "beta2", "C", "x", "average_regret"]].itertuples(index=False, name=None)
    for beta1, beta2, C, x, average in rows:
        numbers[f"beta1 = {beta1:g}, beta2 = {beta2:g}, C = {C:g}: x"] = float(x)
        numbers[f"beta1 = {beta1:g}, beta2 = {beta2:g}, C = {C:g}: R_T/T"] = float(average)
    return numbers

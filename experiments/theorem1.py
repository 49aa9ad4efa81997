r"""Games of Theorem 1 of Reddi, Kale, Kumar, "On the Convergence of Adam and Beyond" (ICLR 2018).

On F = [-1, 1]: f_t(x) = C x if t mod 3 = 1, else -x, with C = 3.  The best point is -1.

For Adam with beta1 = 0, beta2 = 1/(1 + C^2), alpha < sqrt(1 - beta2) and x_1 = 1,
both with alpha_t = alpha / sqrt(t) and with alpha_t = alpha, the theorem says

    x_{3k+1} = 1  and  R_{3K} >= K (2C - 4)  for all k, K,  hence  R_T / T >= (2C - 4)/3.

Here alpha = 0.9 sqrt(1 - beta2).  AMSGrad and AdamNC with the same parameters go
to -1, and so does Adam with the usual beta1 = 0.9, beta2 = 0.999: on so short a
period Adam fails for small beta2 only.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

import regretlab as rl
from regretlab.analysis.plots import (
    draw_average_regret,
    draw_best_point,
    draw_points,
    legend_below,
    new_figure,
    styles,
)
from regretlab.learners import Adam, AdamNC, AMSGrad
from regretlab.schedules import Constant

from .periods import ends_of_periods

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

QUICK = {"horizon": 3 * 1000}

C = 3.0
BETA2 = 1.0 / (1.0 + C * C)
ALPHA = 0.9 * sqrt(1.0 - BETA2)
FLOOR = (2.0 * C - 4.0) / 3.0

LEARNERS = {
    "Adam": Adam(ALPHA, beta1=0.0, beta2=BETA2),
    "Adam, constant stepsize": Adam(Constant(ALPHA), beta1=0.0, beta2=BETA2),
    "Adam, betas (0.9, 0.999)": Adam(ALPHA, beta1=0.9, beta2=0.999),
    "AMSGrad": AMSGrad(ALPHA, beta1=0.0, beta2=BETA2),
    "AdamNC": AdamNC(ALPHA, beta1=0.0),
}


def compute(horizon: int = 3 * 10**5) -> pd.DataFrame:
    """Play ``horizon`` rounds, a multiple of 3, from x_1 = 1.

    Returns
    -------
    DataFrame
        quantity, learner, t, low, value, high, where t = 3K is the last round of a
        block.  For R_t/t all three numbers are the average regret; for x_t value is
        x_{3K-2}, the first point of the block, and low and high are its extreme points.
    """
    import pandas as pd

    if horizon % 3:
        raise ValueError(f"horizon={horizon!r} must be a multiple of 3, the period of the losses")
    ends = np.union1d(ends_of_periods(3, horizon), [horizon])
    frame = rl.compare(
        LEARNERS,
        rl.losses.Mod3(C),
        rl.sets.Box(-1.0, 1.0),
        horizon,
        start=1.0,
        checkpoints=np.concatenate([ends - 2, ends - 1, ends]),
    )
    frame["t"] = (frame["t"] + 2) // 3 * 3  # the end of the block
    blocks = frame.groupby(["learner", "t"], sort=False)
    regret, x = blocks["average_regret"].last(), blocks["x_1"]
    parts = {
        "R_t/t": pd.DataFrame({"low": regret, "value": regret, "high": regret}),
        "x_t": pd.DataFrame({"low": x.min(), "value": x.first(), "high": x.max()}),
    }
    return pd.concat(parts, names=["quantity"]).reset_index()


def draw(frame: pd.DataFrame) -> Figure:
    """Draw R_t / t with its lower bound, and x_t at the first round of a block with the range of the block."""
    figure = new_figure(11.0, 4.4)
    left, right = figure.subplots(1, 2)
    line_styles = styles(LEARNERS)
    line_styles["Adam, constant stepsize"]["color"] = "#7A3500"  # it plays the same x_{3k+1} as Adam
    draw_average_regret(left, frame[frame["quantity"] == "R_t/t"], line_styles=line_styles)
    left.axhline(FLOOR, color="0.45", linestyle=":", linewidth=1.2, label="$(2C-4)/3$, the bound of Theorem 1")
    draw_points(right, frame[frame["quantity"] == "x_t"], line_styles=line_styles)
    draw_best_point(right, -1.0)
    right.set_ylim(-1.08, 1.08)
    left.set_title("average regret", fontsize="medium")
    right.set_title("point played: $x_{3k+1}$; shaded: range of its three rounds", fontsize="medium")
    figure.suptitle(
        r"Theorem 1: $C = 3$, $\beta_1 = 0$, $\beta_2 = 1/(1+C^2)$, $\alpha_t = \alpha/\sqrt{t}$"
        r" unless constant, $\alpha = 0.9\,\sqrt{1-\beta_2}$, $x_1 = 1$",
        fontsize="medium",
    )
    legend_below(figure, columns=3)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, the lower bound, R_T / T and x_{T-2} of every learner, and the least x_{3k+1} of Adam."""
    T = frame["t"].max()
    points = frame[frame["quantity"] == "x_t"]
    numbers = {"T": float(T), "(2C-4)/3": FLOOR}
    for quantity, name in (("R_t/t", "R_T/T"), ("x_t", "x_{T-2}")):
        last = frame[(frame["t"] == T) & (frame["quantity"] == quantity)].set_index("learner")["value"]
        numbers |= {f"{learner}: {name}": float(value) for learner, value in last.items()}
    for learner in ("Adam", "Adam, constant stepsize"):
        numbers[f"{learner}: min x_{{3k+1}}"] = float(points.loc[points["learner"] == learner, "value"].min())
    return numbers

r"""Figure 1 of Reddi, Kale, Kumar, "On the Convergence of Adam and Beyond" (ICLR 2018).

On F = [-1, 1], with beta1 = 0.9 and beta2 = 0.99:

* online: f_t(x) = 1010 x if t mod 101 = 1, else -10 x; R_t / t (left) and x_t (centre);
* stochastic: 1010 x with probability 0.01, else -10 x; x_t (right).

In both the best point is -1 in the long run.  Adam goes to +1, and its average
regret online ends above 20/101; AMSGrad and AdamNC (beta_{2,t} = 1 - 1/t) go to -1.

The paper states neither alpha, nor the schedule of the stepsize, nor x_1, nor
the number of rounds.  Two stepsizes that agree with its figure are drawn, from x_1 = 0:

* alpha_t = 0.5 / sqrt(t), the schedule of the theorems.  AMSGrad needs about
  (640 / alpha)^2 rounds to move by 1, hence alpha = 0.5 and T = 10^7;
* alpha_t = 10^-3, the constant stepsize of public reproductions such as
  torchbearer's.  No theorem covers it, and the average regret of AMSGrad and
  AdamNC tends to a small positive number.

The online curves have a point at the end of a period; the stochastic ones are medians
over the seeds, shaded from the 5% to the 95% quantile.  A thin line is the game of the first seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

import regretlab as rl
from regretlab.analysis.plots import (
    bands,
    draw_average_regret,
    draw_best_point,
    draw_points,
    legend_below,
    new_figure,
    styles,
)
from regretlab.learners import Adam, AdamNC, AMSGrad
from regretlab.schedules import Constant, InverseSqrt

from .periods import ends_of_periods

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

QUICK = {"horizon": 101 * 90, "stochastic_horizon": 2_000, "seeds": range(4)}

REGIMES = {"alpha/sqrt(t)": InverseSqrt(0.5), "constant": Constant(1e-3)}
STATED = 1_010_000  # a round for which averages are published, see the tests

_TITLES = {
    "alpha/sqrt(t)": r"$\alpha_t = 0.5/\sqrt{t}$, as in the theorems",
    "constant": r"$\alpha_t = 10^{-3}$ for all $t$, as in public reproductions",
}
_UNSTATED = r"(the paper does not state $\alpha$, its schedule, $x_1$ or $T$)"


def compute(
    horizon: int = 10**7, stochastic_horizon: int = 4 * 10**6, seeds: Sequence[int] = range(64)
) -> pd.DataFrame:
    """Play both problems with both stepsizes.

    Returns
    -------
    DataFrame
        problem, regime (of the stepsize), quantity (R_t/t, x_t or x_t at the first seed), learner,
        and t, low, value, high as :func:`regretlab.analysis.plots.bands` returns them.
    """
    import pandas as pd

    F = rl.sets.Box(-1.0, 1.0)
    learners = {
        f"{regime}: {name}": learner
        for regime, alpha in REGIMES.items()
        for name, learner in {
            "Adam": Adam(alpha, beta1=0.9, beta2=0.99),
            "AMSGrad": AMSGrad(alpha, beta1=0.9, beta2=0.99),
            "AdamNC": AdamNC(alpha, beta1=0.9),
        }.items()
    }
    periods = np.append(ends_of_periods(101, horizon), STATED)
    online = rl.compare(learners, rl.losses.ReddiOnline(), F, horizon, checkpoints=periods)
    even = np.ceil(np.linspace(0, stochastic_horizon, 101)).astype(np.int64).clip(1)
    stochastic = rl.compare(learners, rl.losses.ReddiStochastic(), F, stochastic_horizon, seeds=seeds, checkpoints=even)
    first = stochastic[stochastic["seed"] == seeds[0]]
    parts = [
        bands(frame, column).assign(problem=problem, quantity=quantity)
        for problem, quantity, frame, column in (
            ("online", "R_t/t", online, "average_regret"),
            ("online", "x_t", online, "x_1"),
            ("stochastic", "x_t", stochastic, "x_1"),
            ("stochastic", "x_t at the first seed", first, "x_1"),
        )
    ]
    table = pd.concat(parts, ignore_index=True)
    table[["regime", "learner"]] = [label.split(": ") for label in table["learner"]]
    return table[["problem", "regime", "quantity", "learner", "t", "low", "value", "high"]]


def draw(frame: pd.DataFrame) -> Figure:
    """Draw R_t / t and x_t online and x_t on the stochastic problem, a row of axes for each stepsize."""
    figure = new_figure(11.0, 6.6)
    panels = figure.subfigures(2, 1, squeeze=False).flat
    line_styles = styles(frame["learner"].unique())
    for panel, (regime, rows) in zip(panels, frame.groupby("regime", sort=False), strict=True):
        left, centre, right = panel.subplots(1, 3)
        online = rows[(rows["problem"] == "online") & (rows["t"] >= 101)]
        stochastic = rows[rows["problem"] == "stochastic"]
        draw_average_regret(left, online[online["quantity"] == "R_t/t"], line_styles=line_styles)
        left.axhline(20 / 101, color="0.45", linestyle=":", linewidth=1.2, label="$R_t/t$ of always playing $+1$")
        left.set_ylim(-0.05, 1.0)
        draw_points(centre, online[online["quantity"] == "x_t"], line_styles=line_styles)
        draw_points(right, stochastic[stochastic["quantity"] == "x_t"], line_styles=line_styles)
        for learner, path in stochastic[stochastic["quantity"] == "x_t at the first seed"].groupby("learner"):
            right.plot(path["t"], path["value"], color=line_styles[str(learner)]["color"], linewidth=0.6, alpha=0.7)
        right.plot([], [], color="0.3", linewidth=0.6, label="the first seed")
        right.set_xscale("linear")
        right.ticklabel_format(axis="x", style="sci", scilimits=(0, 0), useMathText=True)
        for axes in (centre, right):
            draw_best_point(axes, -1.0)
            axes.set_ylim(-1.08, 1.08)
        left.set_title("online: average regret", fontsize="medium")
        centre.set_title("online: point played", fontsize="medium")
        right.set_title("stochastic: median, 5% to 95%", fontsize="medium")
        panel.suptitle(f"{_TITLES[str(regime)]}  {_UNSTATED}", fontsize="large")
    legend_below(figure)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, and the last value of every curve; online also the average regret at round 1,010,000."""
    numbers = {f"{problem}: T": float(rows["t"].max()) for problem, rows in frame.groupby("problem", sort=False)}
    stated = frame[(frame["t"] == STATED) & (frame["quantity"] == "R_t/t")]
    last = frame[frame["t"] == frame.groupby("problem")["t"].transform("max")]
    for rows, t in ((last, "T"), (stated, f"{STATED}")):
        columns = ["problem", "regime", "learner", "quantity", "value"]
        for problem, regime, learner, quantity, value in rows[columns].itertuples(index=False, name=None):
            name = quantity.replace("_t", f"_{t}").replace("/t", f"/{t}")
            numbers[f"{problem}, {regime}, {learner}: {name}"] = float(value)
    return numbers

r"""How many rounds each learner needs from x_1 = 0 to |x_t| = 0.9 on [-1, 1], measured and predicted.

On the losses of Figure 1 of Reddi, Kale, Kumar (2018), 1010 x if t mod 101 = 1, else -10 x.
In the limit cycle of its moments a learner moves by -alpha_t h in a period of P = 101 rounds, so the
round at which |x_t| = 0.9 is about

    T = 0.9 P / (alpha |h|)             for alpha_t = alpha,
    T = (0.9 P / (2 alpha |h|))^2       for alpha_t = alpha / sqrt(t).

Lines are these predictions (:func:`regretlab.analysis.periodic.travel_time`).  Points are games: the last round
of the first period with |x_t| >= 0.9 on the side that x_t moves to.  Adam, DelayedAdam and AdaBelief move to the
wrong end, +1.  The prediction ignores the first rounds, in which the moments are not periodic yet.  With
alpha_t = alpha / sqrt(t) these rounds move x_t by a multiple of alpha, for instance AMSGrad by 3.4 alpha
towards -1.  For large alpha the difference is visible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import regretlab as rl
from regretlab._utils.types import Array
from regretlab.analysis.periodic import drift, travel_time
from regretlab.analysis.plots import legend_below, new_figure, styles
from regretlab.learners import ADOPT, AdaBelief, Adam, AdamNC, Algorithm1, AMSGrad, DelayedAdam
from regretlab.losses import ReddiOnline
from regretlab.schedules import Constant, InverseSqrt, Schedule

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

QUICK = {"longest": 10**4}

LOSSES, INTERVAL, DISTANCE = ReddiOnline(), rl.sets.Box(-1.0, 1.0), 0.9
FAMILIES: dict[str, type[Algorithm1]] = {
    family.__name__: family for family in (Adam, DelayedAdam, AdaBelief, AMSGrad, AdamNC, ADOPT)
}
REGIMES: dict[str, tuple[type[Schedule], Array]] = {
    "constant": (Constant, 10.0 ** np.arange(-5.0, -1.9, 0.5)),
    "alpha/sqrt(t)": (InverseSqrt, 10.0 ** np.arange(-2.0, 0.1, 0.5)),
}
_TITLES = {"constant": r"$\alpha_t = \alpha$", "alpha/sqrt(t)": r"$\alpha_t = \alpha/\sqrt{t}$"}


def compute(longest: int = 4 * 10**7) -> pd.DataFrame:
    """Play every learner at every alpha for which the prediction is at most ``longest`` rounds.

    Returns
    -------
    DataFrame
        regime, learner, alpha, drift (h), predicted and measured (rounds; measured is NaN if the game was not
        played or x_t did not arrive), end (+1 or -1).
    """
    import pandas as pd

    rows = []
    P = len(LOSSES.pattern)
    for regime, (schedule, alphas) in REGIMES.items():
        for name, family in FAMILIES.items():
            (h,) = drift(family(), LOSSES)
            for alpha in alphas:
                learner = family(schedule(float(alpha)))
                (predicted,) = travel_time(learner, LOSSES, DISTANCE)
                measured, end = np.nan, -np.sign(h)
                if predicted <= longest:
                    ends = np.unique(np.geomspace(1.0, 5.0 + 6.0 * predicted / P, 600).astype(np.int64)) * P + 1
                    game = rl.play(learner, LOSSES, INTERVAL, int(ends[-1]), checkpoints=ends)
                    x = game.record.point[np.isin(game.record.t, ends), 0]
                    there = ends[end * x >= DISTANCE]
                    measured = float(there[0]) if there.size else np.nan
                rows.append((regime, name, alpha, h, predicted, measured, end))
    return pd.DataFrame(rows, columns=["regime", "learner", "alpha", "drift", "predicted", "measured", "end"])


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the rounds over alpha on logarithmic axes, for each schedule."""
    figure = new_figure(11.0, 4.9)
    line_styles = styles(FAMILIES)
    regimes = list(frame.groupby("regime", sort=False))
    for axes, (regime, table) in zip(figure.subplots(1, len(regimes), squeeze=False)[0], regimes, strict=True):
        for name, rows in table.groupby("learner", sort=False):
            wrong = bool((rows["drift"] < 0.0).all())
            color = line_styles[str(name)]["color"]
            label = f"{name} to {'$+1$, the wrong end' if wrong else '$-1$'}"
            line = "--" if wrong else "-"
            axes.plot(rows["alpha"], rows["predicted"], label=label, linewidth=1.3, color=color, linestyle=line)
            axes.plot(rows["alpha"], rows["measured"], linestyle="", marker="o", ms=5, color=color, alpha=0.8)
        axes.plot([], [], linestyle="", marker="o", ms=5, color="0.4", label="games")
        axes.set(xscale="log", yscale="log", xlabel=r"$\alpha$", ylabel="rounds until $|x_t| = 0.9$")
        axes.set_title(_TITLES[str(regime)], fontsize="medium")
    figure.suptitle(
        r"How fast $x_t$ moves from $x_1 = 0$ on $1010\,x$ once in 101 rounds, else $-10x$: predictions and games",
        fontsize="large",
    )
    legend_below(figure, columns=4)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """The drift of every learner, and the predicted and measured rounds of every game that arrived."""
    numbers = {f"{name}: drift": float(rows["drift"].iloc[0]) for name, rows in frame.groupby("learner", sort=False)}
    for _, row in frame.dropna().iterrows():
        key = f"{row['learner']}, {row['regime']}, alpha = {row['alpha']:.3g}"
        numbers[f"{key}: predicted"], numbers[f"{key}: measured"] = float(row["predicted"]), float(row["measured"])
    return numbers

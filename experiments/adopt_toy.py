r"""The toy problem of ADOPT's paper: a rare large slope against many small ones.

On F = [-1, 1]: f_t(x) = k^2 x with probability 1/k, else -k x, independently, for k in {10, 50}.  The mean slope
is k - (k - 1) = 1, so the best point is -1 in the long run.  beta1 = 0.9, beta2 in {0.1, 0.5, 0.999},
alpha_t = 0.01 / sqrt(1 + 0.01 (t - 1)), x_1 = 0; no bias correction and no eps.  The problem is that of Taniguchi
et al. (2024), arXiv:2411.02853, with the parameters of a public re-implementation.  Here
there are more seeds, and the regret.

Adam goes to +1 unless beta2 is above a threshold that depends on k: 0.9731 for k = 10 and 0.9992 for k = 50,
so that 0.999 is enough for k = 10 only.  ADOPT drifts towards -1 for every beta2, since v_{t-1} is independent
of g_t.  So does AMSGrad, but slowly, since it divides by the root of the largest v_t so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

import regretlab as rl
from regretlab.analysis.plots import bands, draw_points, legend_below, new_figure, styles
from regretlab.learners import ADOPT, AdaGrad, Adam, AdamNC, AMSGrad, DelayedAdam
from regretlab.schedules import Values

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from regretlab._utils.types import Array, Rounds

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

KS = (10, 50)
BETA2S = (0.1, 0.5, 0.999)
SHOWN = ("Adam", "AMSGrad", "ADOPT")
QUICK = {"horizon": 300, "seeds": range(2), "ks": (10,), "beta2s": (0.5,)}


def _stepsize(t: Rounds) -> Array:
    root: Array = 1.0 / np.sqrt(1.0 + 0.01 * (t - 1.0))
    return root


ALPHA = Values(0.01, _stepsize)


def learners(beta2: float) -> dict[str, rl.learners.Learner]:
    """The learners of the figure, and others that are in the table only."""
    return {
        "Adam": Adam(ALPHA, beta1=0.9, beta2=beta2),
        "AMSGrad": AMSGrad(ALPHA, beta1=0.9, beta2=beta2),
        "ADOPT": ADOPT(ALPHA, beta1=0.9, beta2=beta2),
        "DelayedAdam": DelayedAdam(ALPHA, beta1=0.9, beta2=beta2),
        "AdamNC": AdamNC(ALPHA, beta1=0.9),
        "AdaGrad": AdaGrad(ALPHA),
    }


def compute(
    horizon: int = 10**6, seeds: Sequence[int] = range(32), ks: Sequence[int] = KS, beta2s: Sequence[float] = BETA2S
) -> pd.DataFrame:
    """Play all learners for all k and beta2.

    Returns
    -------
    DataFrame
        k, beta2, quantity (x_t or R_t/t), learner, t, and low, value, high: the quantiles 5%, 50% and 95%
        over the seeds.
    """
    import pandas as pd

    even = np.unique(np.geomspace(1, horizon, 49).round().astype(np.int64))
    parts = []
    for k in ks:
        losses = rl.losses.ReddiStochastic(height=float(k * k), slope=float(k), p=1.0 / k)
        labelled = {f"{beta2}: {name}": each for beta2 in beta2s for name, each in learners(beta2).items()}
        frame = rl.compare(labelled, losses, rl.sets.Box(-1.0, 1.0), horizon, seeds=seeds, start=0.0, checkpoints=even)
        for quantity, column in (("x_t", "x_1"), ("R_t/t", "average_regret")):
            parts.append(bands(frame, column).assign(k=k, quantity=quantity))
    table = pd.concat(parts, ignore_index=True)
    table[["beta2", "learner"]] = [label.split(": ") for label in table["learner"]]
    table["beta2"] = table["beta2"].astype(float)
    return table[["k", "beta2", "quantity", "learner", "t", "low", "value", "high"]]


def draw(frame: pd.DataFrame) -> Figure:
    """Draw x_t: a row of axes for each k, a column for each beta2."""
    ks, beta2s = sorted(frame["k"].unique()), sorted(frame["beta2"].unique())
    figure = new_figure(11.0, 0.8 + 2.9 * len(ks))
    panels = figure.subplots(len(ks), len(beta2s), sharex=True, sharey=True, squeeze=False)
    line_styles = styles(SHOWN)
    line_styles["ADOPT"]["color"] = "#009E73"
    for row, k in zip(panels, ks, strict=True):
        for axes, beta2 in zip(row, beta2s, strict=True):
            own = frame[(frame["k"] == k) & (frame["beta2"] == beta2) & (frame["quantity"] == "x_t")]
            draw_points(axes, own[own["learner"].isin(SHOWN)], line_styles=line_styles)
            axes.axhline(-1.0, color="0.45", linestyle=(0, (4, 3)), linewidth=1.0, label="best point in the long run")
            axes.set_ylim(-1.08, 1.08)
            axes.set_title(rf"$k = {k}$, $\beta_2 = {beta2:g}$", fontsize="medium")
            axes.label_outer()
    figure.suptitle(
        r"$f_t(x) = k^2 x$ with probability $1/k$, else $-k x$;  $\beta_1 = 0.9$, "
        r"$\alpha_t = 0.01/\sqrt{1 + 0.01\,(t-1)}$, $x_1 = 0$.  Medians over the seeds, 5% to 95%",
        fontsize="medium",
    )
    legend_below(figure)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, and the medians of x_T and R_T / T."""
    T = frame["t"].max()
    numbers = {"T": float(T)}
    last = frame.loc[frame["t"] == T, ["k", "beta2", "learner", "quantity", "value"]]
    for k, beta2, learner, quantity, value in last.itertuples(index=False, name=None):
        name = quantity.replace("_t", "_T").replace("/t", "/T")
        numbers[f"k = {k}, beta2 = {beta2:g}, {learner}: median {name}"] = float(value)
    return numbers

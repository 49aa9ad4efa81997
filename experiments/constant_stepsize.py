r"""AMSGrad with a constant stepsize has linear regret: its theorems need alpha_t = alpha/sqrt(t).

On F = [-1, 1] from x_1 = 0, f_t(x) = x, -x, x, -x, ...: every comparator u has loss 0 over two
rounds.  In the long run vhat = 1 and m_t = (-1)^{t-1} (1 - beta1)/(1 + beta1), so x_t alternates
by alpha_t (1 - beta1)/(1 + beta1), and is larger when the slope is +1.  Hence

    alpha_t = alpha:           R_T/T -> alpha (1 - beta1)/(2 (1 + beta1)),
    alpha_t = alpha/sqrt(t):   R_T/T ~ alpha (1 - beta1)/((1 + beta1) sqrt(T)).

The term of the bounds that is no longer O(sqrt T) is sum_t alpha_t m_t^2/sqrt(vhat_t): it is of order T.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import regretlab as rl
from regretlab.analysis.plots import legend_below, new_figure
from regretlab.learners import AMSGrad
from regretlab.schedules import Constant, InverseSqrt, Schedule

from .periods import ends_of_periods

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "draw", "fingerprint", "limit"]

QUICK = {"horizon": 1000}

ALPHAS = (0.5, 0.1, 0.02)
BETA1S = (0.0, 0.5, 0.9)
BETA2 = 0.99
STEPSIZES: dict[str, type[Schedule]] = {"alpha": Constant, "alpha/sqrt(t)": InverseSqrt}

_COLOURS: dict[Any, str] = dict(zip(BETA1S, ("#0072B2", "#009E73", "#D55E00"), strict=True))


def limit(alpha: float, beta1: float) -> float:
    """alpha (1 - beta1)/(2 (1 + beta1)): the limit of R_T/T for alpha_t = alpha."""
    return 0.5 * alpha * (1.0 - beta1) / (1.0 + beta1)


def compute(horizon: int = 10**6) -> pd.DataFrame:
    """Play both stepsizes for each alpha and beta1; ``horizon`` must be even.

    Returns
    -------
    DataFrame
        stepsize, alpha, beta1, t (even), value (R_t/t), limit (of R_t/t for the constant stepsize).
    """
    import pandas as pd

    if horizon % 2:
        raise ValueError(f"horizon={horizon!r} must be even, a multiple of the period of the losses")
    cases = [(name, a, b) for name in STEPSIZES for a in ALPHAS for b in BETA1S]
    learners = [AMSGrad(STEPSIZES[name](a), beta1=b, beta2=BETA2) for name, a, b in cases]
    ends = np.union1d(ends_of_periods(2, horizon), [horizon])
    F, losses = rl.sets.Box(-1.0, 1.0), rl.losses.Periodic([1.0, -1.0])
    parts = []
    games = rl.play_all(learners, losses, F, horizon, start=0.0, checkpoints=ends)
    for (name, a, b), game in zip(cases, games, strict=True):
        R = game.regret["average_regret"].loc[ends]
        parts.append(
            pd.DataFrame({"stepsize": name, "alpha": a, "beta1": b, "t": ends, "value": R, "limit": limit(a, b)})
        )
    return pd.concat(parts, ignore_index=True)


def draw(frame: pd.DataFrame) -> Figure:
    """Draw R_t/t of both stepsizes and the limit of the constant one, on axes for each alpha."""
    figure = new_figure(11.0, 4.2)
    grid = figure.subplots(1, frame["alpha"].nunique(), sharey=True)
    for axes, (alpha, panel) in zip(grid, frame.groupby("alpha", sort=False), strict=True):
        for (stepsize, beta1), rows in panel.groupby(["stepsize", "beta1"], sort=False):
            constant = stepsize == "alpha"
            name = r"$\alpha_t = \alpha$" if constant else r"$\alpha_t = \alpha/\sqrt{t}$"
            line = "-" if constant else (0, (4, 2))
            label = rf"$\beta_1 = {beta1:g}$, {name}"
            axes.plot(rows["t"], rows["value"], color=_COLOURS[beta1], linestyle=line, label=label)
            if constant:
                name = r"$\alpha (1-\beta_1) / (2 (1+\beta_1))$"
                axes.axhline(rows["limit"].iloc[0], color="0.45", linestyle=":", linewidth=1.2, label=name)
        axes.set_title(rf"$\alpha = {alpha:g}$", fontsize="medium")
        axes.set(xscale="log", yscale="log", xlabel="round $t$")
    grid[0].set_ylabel("average regret $R_t/t$")
    figure.suptitle(
        r"AMSGrad on $f_t(x) = x, -x, x, -x, \ldots$ over $[-1, 1]$: linear regret for a constant stepsize",
        fontsize="large",
    )
    legend_below(figure, columns=4)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, and R_T/T by stepsize, alpha and beta1; for the constant stepsize also its ratio to the limit."""
    T = frame["t"].max()
    numbers = {"T": float(T)}
    last = frame.loc[frame["t"] == T, ["stepsize", "alpha", "beta1", "value", "limit"]]
    for stepsize, alpha, beta1, value, bound in last.itertuples(index=False, name=None):
        name = f"alpha_t = {stepsize}, alpha = {alpha:g}, beta1 = {beta1:g}: R_T/T"
        numbers[name] = float(value)
        if stepsize == "alpha":
            numbers[f"{name} over its limit"] = float(value / bound)
    return numbers

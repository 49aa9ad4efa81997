r"""The effective stepsize after a spike: PyTorch's ``amsgrad=True`` lets it rise, AMSGrad of the paper does not.

The first gradient is 1000, all later ones are smaller.  The rate is the factor of m_t in the step.  With
alpha_t = alpha, as in frameworks, or alpha_t = alpha/sqrt(t), as in the theorems, it is

    Adam:          alpha_t/sqrt(v_t)                                          rises as v_t decays;
    AMSGrad:       alpha_t/sqrt(vhat_t)                                       never rises;
    TorchAMSGrad:  alpha_t sqrt(1 - beta2^t)/((1 - beta1^t) sqrt(vhat_t))     may rise.

PyTorch takes the maximum vhat_t of the uncorrected v_t and corrects its bias afterwards.  After the spike
vhat_t is constant, and only the factor sqrt(1 - beta2^t)/(1 - beta1^t) changes: with the betas (0.9, 0.999)
it falls to 0.1522 at t = 12 and then rises to 1, that is 6.57 times.  Where later gradients are large enough to
increase the maximum, the rate rises less or not at all.  With alpha/sqrt(t) the rate does not rise:
t/(1 - beta2^t), 1 - beta1^t and vhat_t are nondecreasing in t.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import regretlab as rl
from regretlab.analysis.plots import legend_below, new_figure, styles
from regretlab.learners import Adam, Algorithm1, AMSGrad, TorchAMSGrad
from regretlab.schedules import Constant, InverseSqrt

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["QUICK", "Spike", "compute", "draw", "fingerprint"]

QUICK = {"horizon": 200}

BETAS = {"beta1": 0.9, "beta2": 0.999}
HEIGHT = 1000.0
GRADIENTS = (0.1, 1.0, 10.0, 100.0, 1000.0)
STEPSIZES = {"constant": Constant(1e-3), "alpha/sqrt(t)": InverseSqrt(1e-3)}


@dataclass(frozen=True)
class Spike(rl.losses.LinearLosses):
    """f_t(x) = height x for t = 1, then gradient x."""

    height: float = HEIGHT
    gradient: float = 1.0

    def gradients(self, t: np.ndarray) -> np.ndarray:
        return np.where(t == 1, self.height, self.gradient)[:, None]


def learners(stepsize: str) -> dict[str, Algorithm1]:
    """The learners of the papers and of PyTorch, with PyTorch's betas and without eps."""
    alpha = STEPSIZES[stepsize]
    return {
        "Adam": Adam(alpha, **BETAS),
        "AMSGrad": AMSGrad(alpha, **BETAS),
        "TorchAMSGrad": TorchAMSGrad(alpha, **BETAS, eps=0.0),
    }


def compute(horizon: int = 10**4) -> pd.DataFrame:
    """Play every learner for every later gradient, and compute the rate in every round.

    Returns
    -------
    DataFrame
        stepsize, gradient (after the spike), learner, t (about 30 per decade), rate (divided
        by alpha), and rise, the maximum of rate_r/rate_s over all rounds s <= r <= t.
    """
    import pandas as pd

    every = np.arange(1, horizon + 1)
    shown = np.unique(np.append(np.geomspace(1, horizon, 121).astype(int), [12, horizon])) - 1
    F, parts = rl.sets.Box(-1.0, 1.0), []
    for stepsize in STEPSIZES:
        for gradient in GRADIENTS:
            named = learners(stepsize)
            games = rl.play_all(named.values(), Spike(HEIGHT, gradient), F, horizon, checkpoints=every, ledger=True)
            for name, game in zip(named, games, strict=True):
                weight = game.record.ledger[:, list(game.state.ledger).index("weight"), 0]  # W_t/alpha_t
                factor = 1.0 - BETAS["beta1"] ** every if name == "TorchAMSGrad" else 1.0  # m_t is divided by it
                rate = 1.0 / (weight * factor * STEPSIZES[stepsize].scale)
                rise = np.maximum.accumulate(rate / np.minimum.accumulate(rate))
                columns = {"t": every[shown], "rate": rate[shown], "rise": rise[shown]}
                parts.append(pd.DataFrame({"stepsize": stepsize, "gradient": gradient, "learner": name, **columns}))
    return pd.concat(parts, ignore_index=True)


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the rates after the spike for both stepsizes, and PyTorch's for several later gradients."""
    figure = new_figure(11.0, 4.3)
    grid = figure.subplots(1, 3, sharey=True)
    line_styles = styles(["Adam", "AMSGrad", "TorchAMSGrad"])
    titles = (r"constant $\alpha$, gradients $1000, 1, 1, \ldots$", r"$\alpha_t = \alpha/\sqrt{t}$, the same gradients")
    for axes, stepsize, title in zip(grid[:2], STEPSIZES, titles, strict=True):
        here = frame[(frame["stepsize"] == stepsize) & (frame["gradient"] == 1.0)]
        for learner, rows in here.groupby("learner", sort=False):
            axes.plot(rows["t"], rows["rate"], label=str(learner), **line_styles[str(learner)])
        axes.set_title(title, fontsize="medium")
    torch = frame[(frame["stepsize"] == "constant") & (frame["learner"] == "TorchAMSGrad")]
    names = {10.0: "0.1, 1 or 10: the same", 100.0: "100", 1000.0: "1000: no spike"}
    for (gradient, name), line in zip(names.items(), ("-", "--", ":"), strict=True):
        rows, style = torch[torch["gradient"] == gradient], line_styles["TorchAMSGrad"] | {"linestyle": line}
        grid[2].plot(rows["t"], rows["rate"], label=f"TorchAMSGrad, later gradients {name}", **style)
    grid[2].set_title(r"constant $\alpha$, other gradients after the spike", fontsize="medium")
    _mark_the_rise(grid[0], torch[torch["gradient"] == 1.0])
    for axes in grid:
        axes.set(xscale="log", yscale="log", xlabel="round $t$")
    grid[0].set_ylabel(r"rate (the factor of $m_t$ in the step) $/\,\alpha$")
    figure.suptitle(
        "After a spike the rate of PyTorch's AMSGrad can rise: it corrects the bias after the maximum; "
        r"$\beta_1 = 0.9$, $\beta_2 = 0.999$, no $\epsilon$",
        fontsize="large",
    )
    legend_below(figure, columns=3)
    return figure


def _mark_the_rise(axes: Axes, rows: pd.DataFrame) -> None:
    """Mark the least rate, and write by how much the rate rises after it."""
    least, rise = rows.iloc[int(rows["rate"].argmin())], rows["rise"].iloc[-1]
    text = f"$\\times\\,{rise:.2f}$ from $t = {least['t']:.0f}$ on"
    axes.annotate(text, (least["t"], least["rate"]), (2.0, least["rate"] / 2.0))
    axes.plot(least["t"], least["rate"], "o", ms=4, color="0.3")


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, the last rate and the largest rise of every learner, and the round of the least rate of TorchAMSGrad."""
    numbers = {"T": float(frame["t"].max())}
    for (stepsize, gradient, learner), rows in frame.groupby(["stepsize", "gradient", "learner"], sort=False):
        case = f"{stepsize}, later gradients {gradient:g}, {learner}"
        numbers[f"{case}: rise"] = float(rows["rise"].iloc[-1])
        numbers[f"{case}: rate_T/alpha"] = float(rows["rate"].iloc[-1])
        if learner == "TorchAMSGrad" and rows["rise"].iloc[-1] > 1.001:
            numbers[f"{case}: round of the least rate"] = float(rows["t"].iloc[int(rows["rate"].argmin())])
    return numbers

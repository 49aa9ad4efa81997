r"""A noisy quadratic with a spike in every seventh round, on a bounded set, with the regret.

f_t(x) = (x - c_t)^2 / 2 on F = [-2, 2], x_1 = 2: the gradient x_t - c_t is that of x^2/2 with the noise -c_t.

    c_t = 0.1 n_t,   n_t ~ N(0, 1);   if t mod 7 = 0,   c_t = 10 s_t,

* with s_t = +-1 at random: the best point in hindsight tends to 0, the minimum of x^2;
* with s_t = -1 always: it tends to -10/7.  A learner that treats spikes as outliers and stays near 0 has
  linear regret: the spikes are losses like the others.

Learners are compared by their regret, not by x_t^2: it is the losses f_t(x_t) that count.
All have alpha_t = 0.5 / sqrt(t), except OGD with alpha_t = 1/t, since f_t is strongly convex.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import regretlab as rl
from regretlab._utils.types import Array, Rounds
from regretlab.analysis.plots import (
    bands,
    draw_average_regret,
    draw_best_point,
    draw_points,
    legend_below,
    new_figure,
    styles,
)
from regretlab.learners import OGD, AdaGrad, Adam, AMSGrad
from regretlab.losses.base import DRAWN_TOGETHER, generator
from regretlab.losses.quadratic import Quadratics
from regretlab.schedules import Inverse

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["QUICK", "SpikedQuadratics", "compute", "draw", "fingerprint"]

QUICK = {"horizon": 140, "seeds": range(2)}

ALPHA = 0.5

LEARNERS = {
    "Adam": Adam(ALPHA, beta1=0.9, beta2=0.99),
    "AMSGrad": AMSGrad(ALPHA, beta1=0.9, beta2=0.99),
    "AdaGrad": AdaGrad(ALPHA),
    "OGD": OGD(Inverse(1.0)),
}


@dataclass(frozen=True)
class SpikedQuadratics(Quadratics):
    """f_t(x) = (mu/2) (x - c_t)^2 with c_t = noise N(0, 1), but height s_t when t mod period = 0.

    s_t = +-1 at random, P(s_t = 1) = ``up``.
    """

    up: float = 0.5
    noise: float = 0.1
    height: float = 10.0
    period: int = 7
    mu: float = 1.0

    def centres(self, t: Rounds, seed: int = 0) -> Array:
        rounds = np.asarray(t, dtype=np.int64)
        blocks, c = (rounds - 1) // DRAWN_TOGETHER, np.empty((len(rounds), 1))
        for b in np.unique(blocks):
            here, rng = blocks == b, generator(seed, int(b))
            normal, uniform = rng.standard_normal(DRAWN_TOGETHER), rng.random(DRAWN_TOGETHER)
            k = (rounds[here] - 1) % DRAWN_TOGETHER
            spike = np.where(uniform[k] < self.up, self.height, -self.height)
            c[here, 0] = np.where(rounds[here] % self.period == 0, spike, self.noise * normal[k])
        return c

    def block(self, start: int, stop: int, seed: int) -> Array:
        return self.centres(np.arange(start, stop), seed)


_BEST = {"either sign": 0.0, "always down": -10.0 / 7.0}  # in the long run
PROBLEMS = {"either sign": SpikedQuadratics(up=0.5), "always down": SpikedQuadratics(up=0.0)}


def compute(horizon: int = 7 * 10**4, seeds: Sequence[int] = range(16)) -> pd.DataFrame:
    """Play both problems.

    Returns
    -------
    DataFrame
        spikes ("either sign" or "always down"), quantity (R_t/t or x_t), learner, t, and low, value, high:
        the quantiles 5%, 50% and 95% over the seeds.
    """
    import pandas as pd

    t = np.unique(7 * np.geomspace(1, horizon // 7, 40).round().astype(np.int64))  # ends of periods
    parts = []
    for spikes, losses in PROBLEMS.items():
        frame = rl.compare(LEARNERS, losses, rl.sets.Box(-2.0, 2.0), horizon, seeds=seeds, start=2.0, checkpoints=t)
        frame = frame[frame["t"].isin(t)]
        for quantity, column in (("R_t/t", "average_regret"), ("x_t", "x_1")):
            parts.append(bands(frame, column).assign(spikes=spikes, quantity=quantity))
    return pd.concat(parts, ignore_index=True)[["spikes", "quantity", "learner", "t", "low", "value", "high"]]


def draw(frame: pd.DataFrame) -> Figure:
    """Draw R_t / t, and x_t in the rounds with a spike, a row of axes for each problem."""
    figure = new_figure(11.0, 6.4)
    panels = figure.subplots(len(PROBLEMS), 2)
    line_styles = styles(LEARNERS)
    line_styles["AMSGrad"]["linestyle"] = "--"  # it is close to Adam
    for (left, right), (spikes, u) in zip(panels, _BEST.items(), strict=True):
        own = frame[frame["spikes"] == spikes]
        draw_average_regret(left, own[own["quantity"] == "R_t/t"], line_styles=line_styles)
        draw_points(right, own[own["quantity"] == "x_t"], line_styles=line_styles)
        if (own["low"][own["quantity"] == "R_t/t"] > 0.0).all():
            left.set_yscale("log")
        draw_best_point(right, u)
        right.set_ylim(-2.1, 2.1)
        left.set_title(f"spikes of 10, {spikes}: average regret", fontsize="medium")
        right.set_title("point played in rounds with a spike", fontsize="medium")
        for axes in (left, right):
            axes.label_outer()
            axes.yaxis.set_tick_params(labelleft=True)
        right.set_ylabel("point played $x_t$")
    figure.suptitle(
        r"$f_t(x) = (x - c_t)^2/2$, $c_t = \pm 10$ if $t$ mod $7 = 0$, else $N(0, 0.1^2)$; on $[-2, 2]$, $x_1 = 2$;"
        "  medians over the seeds, 5% to 95%",
        fontsize="medium",
    )
    legend_below(figure)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, and the medians of R_T / T and x_T."""
    T = frame["t"].max()
    numbers = {"T": float(T)}
    last = frame.loc[frame["t"] == T, ["spikes", "learner", "quantity", "value"]]
    for spikes, learner, quantity, value in last.itertuples(index=False, name=None):
        name = quantity.replace("_t", "_T").replace("/t", "/T")
        numbers[f"{spikes}, {learner}: median {name}"] = float(value)
    return numbers

r"""The effective stepsize of Adam and AMSGrad after spikes, with the same bias correction in both.

The gradients are 10 in round 1 and, in the first row, in every tenth round after it; all others are 0.1.  A rule
returns the numerator m'_t and the denominator W_t of the step alpha m'_t / W_t.  Drawn is the rate

    r_t = alpha (m'_t / m_t) / W_t,

with which the step is r_t m_t, where m_t is the moving average without correction.  alpha = 10^-3 is constant,
beta1 = 0.9, beta2 = 0.999.

* No correction, as in Reddi, Kale, Kumar (2018): AMSGrad's rate does not grow.  With a spike in every tenth round
  Adam's grows by half a percent between two spikes, and the two look the same: v_t averages over about
  1/(1 - beta2) = 1000 rounds, which contain a hundred spikes.
* PyTorch corrects the maximum of the uncorrected v_t: after one early spike AMSGrad's rate grows as well, to
  6.57 times its least value, which it has in round 12.
* optax corrects v_t before the maximum: the maximum then keeps the large early values of the corrected v_t.  W_t does
  not decrease, and the rate falls with 1/(1 - beta1^t) only.

Figures that compare Adam with correction to AMSGrad without differ by 1/sqrt(1 - beta2) = 31.6 in round 1, for any
gradients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regretlab._utils.types import Array
from regretlab.analysis.plots import legend_below, new_figure
from regretlab.learners import Adam, Algorithm1, AMSGrad, OptaxAMSGrad, TorchAdam, TorchAMSGrad
from regretlab.schedules import Constant

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "draw", "fingerprint", "rates"]

QUICK = {"horizon": 300}

LR = Constant(1e-3)
BETAS = {"beta1": 0.9, "beta2": 0.999}
FORMS = {
    "no correction": (Adam(LR, **BETAS), AMSGrad(LR, **BETAS)),
    "PyTorch's correction": (TorchAdam(LR, **BETAS, eps=0.0), TorchAMSGrad(LR, **BETAS, eps=0.0)),
    "optax's correction": (TorchAdam(LR, **BETAS, eps=0.0), OptaxAMSGrad(LR, **BETAS, eps=0.0)),
}
PATTERNS = {"10 in every tenth round": 10, "10 in round 1 only": 10**9}


def gradients(period: int, horizon: int) -> Array:
    """The gradients 10, 0.1, ..., 0.1, 10, ... of all rounds, shape (horizon,); 10 once in ``period`` rounds."""
    return np.where(np.arange(horizon) % period == 0, 10.0, 0.1)


def rates(learner: Algorithm1, g: Array) -> Array:
    """The rates r_t = alpha_t (m'_t / m_t) / W_t on the gradients g of shape (T,), by the learner's rule."""
    rule, names = learner.signature()
    moments = dict.fromkeys(learner.moment_names, 0.0)
    t = np.arange(1, g.size + 1)
    schedule_values = {name: schedule(t) for name, schedule in learner.schedules.items()}
    found = np.empty(g.size)
    for k in range(g.size):
        arguments = {"g": g[k], "t": k + 1, **{name: each[k] for name, each in schedule_values.items()}, **moments}
        numbers, m, w = rule(*[arguments[name] for name in names])
        moments = dict(zip(moments, numbers, strict=True))
        found[k] = schedule_values["alpha"][k] * (m / moments["m"]) / w
    return found


def compute(horizon: int = 10_000) -> pd.DataFrame:
    """Compute the rates at all rounds up to 100, then at log-spaced ones.

    Returns
    -------
    DataFrame
        gradients, form (of the bias correction), learner, t, rate.
    """
    import pandas as pd

    late = np.geomspace(100, max(100, horizon), 200).round().astype(np.int64)
    t = np.union1d(np.arange(1, 101), late)
    t = t[t <= horizon]
    parts = []
    for pattern, period in PATTERNS.items():
        g = gradients(period, horizon)
        for form, pair in FORMS.items():
            for name, learner in zip(("Adam", "AMSGrad"), pair, strict=True):
                columns = {
                    "gradients": pattern,
                    "form": form,
                    "learner": name,
                    "t": t,
                    "rate": rates(learner, g)[t - 1],
                }
                parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the rates: a row for each pattern of gradients, a column for each form of bias correction."""
    figure = new_figure(11.0, 6.2)
    panels = figure.subplots(len(PATTERNS), len(FORMS), sharex=True, sharey=True)
    line_styles = {"AMSGrad": ("#0072B2", "-"), "Adam": ("#D55E00", "--")}  # dashes, since the curves may coincide
    for row, pattern in zip(panels, PATTERNS, strict=True):
        for axes, form in zip(row, FORMS, strict=True):
            for name, (colour, line) in line_styles.items():
                own = frame[(frame["gradients"] == pattern) & (frame["form"] == form) & (frame["learner"] == name)]
                axes.plot(own["t"], own["rate"], color=colour, linestyle=line, linewidth=1.3, label=name)
            axes.set(xscale="log", yscale="log", xlabel="round $t$", ylabel=r"rate $r_t$ of a step $r_t m_t$")
            axes.set_title(f"{form}\n$g_t$: {pattern}, else 0.1", fontsize="medium")
            axes.label_outer()
    figure.suptitle(
        r"Effective stepsize, with the same bias correction in Adam and AMSGrad;  $\alpha = 10^{-3}$, $\beta_1 = 0.9$,"
        r" $\beta_2 = 0.999$, no $\epsilon$",
        fontsize="medium",
    )
    legend_below(figure)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, and the first, least and last rate of every curve, and the round of the least."""
    numbers = {"T": float(frame["t"].max())}
    for (pattern, form, name), rows in frame.groupby(["gradients", "form", "learner"], sort=False):
        rate, key = rows["rate"].to_numpy(), f"{pattern}, {form}, {name}"
        numbers |= {f"{key}: r_1": rate[0], f"{key}: least r_t": rate.min(), f"{key}: r_T": rate[-1]}
        least = rate <= rate.min() * (1.0 + 1e-9)
        numbers[f"{key}: round of the least"] = float(rows["t"].to_numpy()[least.argmax()])
    return numbers

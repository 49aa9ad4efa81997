r"""How fast regret grows: exponents with intervals, and the verdicts of :mod:`regretlab.analysis.scaling`.

* OGD, AdaGrad, AMSGrad and AdamNC on random signs, f_t(x) = +-x on [-1, 1]: sqrt T, since every learner has
  E R_T = E|S_T| ~ sqrt(2 T / pi) there;
* Adam on the sequence of Theorem 1 of Reddi, Kale, Kumar (2018): linear; AMSGrad on the same: sqrt T;
* AMSGrad with a constant stepsize on x, -x, x, ...: linear;
* OGD with alpha_t = 1/(mu t) on random least squares with mu = 1 (Hazan, Agarwal, Kale 2007): log T.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

import regretlab as rl
from regretlab.analysis.horizons import default_horizons
from regretlab.analysis.plots import new_figure
from regretlab.analysis.scaling import FORMS, measure
from regretlab.learners import OGD, AdaGrad, Adam, AdamNC, AMSGrad
from regretlab.schedules import Constant, Inverse

from .theorem1 import ALPHA, BETA2, C

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

QUICK = {"horizon": 2**12, "seeds": range(32)}

INTERVAL = rl.sets.Box(-1.0, 1.0)
SIGNS, THEOREM1, ALTERNATING = rl.losses.Rademacher(), rl.losses.Mod3(C), rl.losses.Periodic([1.0, -1.0])
LEAST_SQUARES = rl.losses.RandomLeastSquares(d=2, mu=1.0)

CASES = {
    "OGD, random signs": (OGD(0.5), SIGNS, INTERVAL, 0.0),
    "AdaGrad, random signs": (AdaGrad(0.5), SIGNS, INTERVAL, 0.0),
    "AMSGrad, random signs": (AMSGrad(0.5), SIGNS, INTERVAL, 0.0),
    "AdamNC, random signs": (AdamNC(0.5), SIGNS, INTERVAL, 0.0),
    "Adam, Theorem 1": (Adam(ALPHA, beta1=0.0, beta2=BETA2), THEOREM1, INTERVAL, 1.0),
    "AMSGrad, Theorem 1": (AMSGrad(ALPHA, beta1=0.0, beta2=BETA2), THEOREM1, INTERVAL, 1.0),
    "AMSGrad, constant stepsize, x, -x, ...": (AMSGrad(Constant(0.5)), ALTERNATING, INTERVAL, 0.0),
    "OGD, 1/t, least squares": (OGD(Inverse(1.0)), LEAST_SQUARES, rl.sets.L2Ball(3.0), 0.0),
}
_COLOURS = {"log T": "#009E73", "sqrt T": "#0072B2", "linear": "#D55E00", "undecided": "0.5"}
_SHORTER = 8  # times fewer rounds, and four times fewer seeds, where comparators are found numerically


def compute(horizon: int = 2**16, seeds: Sequence[int] = range(96)) -> pd.DataFrame:
    """Play every case up to about ``horizon`` rounds (least squares: an eighth of that, on a quarter of the seeds).

    Returns
    -------
    DataFrame
        case, verdict, exponent, low, high (its interval), T, mean (of R_T over the seeds), error (standard error).
    """
    import pandas as pd

    parts = []
    for case, (learner, losses, F, start) in CASES.items():
        solved = losses is LEAST_SQUARES
        longest = horizon // _SHORTER if solved else horizon
        chosen = [0] if losses in (THEOREM1, ALTERNATING) else list(seeds)[: len(seeds) // 4 if solved else None]
        horizons = [T for T in default_horizons(losses) if T <= longest]
        found = measure(learner, losses, F, horizons=horizons, seeds=chosen, start=start)
        table = found.table
        columns = {
            "case": case,
            "verdict": found.verdict,
            "exponent": found.exponent,
            "low": found.low,
            "high": found.high,
            "T": table.index,
            "mean": table["mean"].to_numpy(),
            "error": table["std"].to_numpy() / np.sqrt(found.regret.shape[1]),
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the mean regret with two standard errors, and the exponents with their intervals."""
    figure = new_figure(11.0, 4.4)
    left, right = figure.subplots(1, 2)
    cases = frame.groupby("case", sort=False)
    for i, (case, rows) in enumerate(cases):
        first = rows.iloc[0]
        colour = _COLOURS[first["verdict"]]
        left.errorbar(rows["T"], rows["mean"], 2.0 * rows["error"], color=colour, marker="o", ms=2.5, lw=0.9, alpha=0.8)
        low, high = np.clip([first["low"], first["high"]], -1.0, 2.0)
        right.plot([low, high], [-i, -i], color=colour, linewidth=4.0, alpha=0.4, solid_capstyle="butt")
        right.plot(first["exponent"], -i, "o", color=colour, ms=5)
        right.annotate(f"{case}: {first['verdict']}", (-0.45, -i + 0.18), fontsize="small")
    left.set(xscale="log", yscale="log", xlabel="horizon $T$", ylabel="mean regret $R_T$")
    for a in FORMS.values():
        right.axvline(a, color="0.6", linestyle=":", linewidth=1.0, zorder=0)
    right.set_xlim(-0.5, 1.25)
    right.set_ylim(-len(cases) + 0.5, 0.8)
    right.set_xticks(list(FORMS.values()), [f"{a:g}\n{name}" for name, a in FORMS.items()])
    right.set_yticks([])
    right.set_xlabel("exponent $a$ in $R_T \\sim b + c\\,T^a$")
    left.set_title("regret, with two standard errors", fontsize="medium")
    right.set_title("exponents, with intervals at confidence 0.99", fontsize="medium")
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """By case T, the mean of R_T, and the exponent with its interval."""
    numbers: dict[str, float] = {}
    for case, rows in frame.groupby("case", sort=False):
        last = rows.iloc[-1]
        numbers |= {f"{case}: {name}": float(last[name]) for name in ("T", "mean", "exponent", "low", "high")}
    return numbers

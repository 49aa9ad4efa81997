r"""Regret beside its tightest certificate, for learners of Algorithm 1 on six sequences.

Solid lines are R_t.  The dashed line of the same colour is a bound of :mod:`regretlab.certificates`: of the
theorems whose hypotheses hold, the one with the smallest bound at the horizon.  The dotted line is d D G t, an upper
bound of every regret: a certificate above it says nothing.  R_t <= 0 is left out, since the axes are logarithmic.

* Every learner has a certificate: the master inequality does not require a monotone metric.  It is the only theorem
  that applies to Adam, and to AdaBound while its bounds do not bind.  In each period of the counterexamples
  their metric falls and rises again, so that the bound grows as T^{3/2} and says nothing.
* Where the metric does not fall, bounds grow as sqrt(t).  On sequences that are hard for a learner, such as signs
  for OGD, they are two to ten times its regret.  Where momentum averages the gradients away, as on
  x, -x, ..., they are several hundred times its regret.

All start at the default x_1, with beta1 = 0.9 and beta2 = 0.99 (mod 3: beta1 = 0 and beta2 = 0.1, as in Theorem 1;
AdamX: beta_{1,t} = 0.9 * 0.99^{t-1}) and alpha_t = alpha/sqrt(t) with alpha = 0.5; for OGD alpha = D_2/(sqrt(2) G_2).
The bounds of AdaBound are half and twice the stepsize of OGD.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import regretlab as rl
from regretlab.analysis.plots import legend_below, new_figure, styles
from regretlab.certificates import certify
from regretlab.learners import (
    OGD,
    AdaBound,
    AdaGrad,
    Adam,
    AdamNC,
    AdamX,
    Algorithm1,
    AMSGrad,
    NosAdam,
    Padam,
)
from regretlab.losses import Losses, Mod3, Periodic, Rademacher, RandomLogistic, ReddiOnline, ReddiStochastic
from regretlab.schedules import Geometric
from regretlab.sets import Box

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "draw", "fingerprint", "learners"]

D, CONVEX = 5, "random logistic losses, d = 5"


class Case(NamedTuple):
    """A loss sequence on [-1, 1]^d, the maximum G of ||g_t||_2, and the betas."""

    losses: Losses
    G: float
    beta1: float = 0.9
    beta2: float = 0.99


CASES = {
    "mod 3, C = 3": Case(Mod3(3.0), 3.0, 0.0, 0.1),
    "1010, -10, online": Case(ReddiOnline(), 1010.0),
    "1010, -10, stochastic": Case(ReddiStochastic(), 1010.0),
    "random signs": Case(Rademacher(), 1.0),
    "alternating signs": Case(Periodic([1.0, -1.0]), 1.0),
    CONVEX: Case(RandomLogistic(D), sqrt(D)),
}
_NOTES = {"mod 3, C = 3": r"$\beta_1 = 0$: AdamNC is AdaGrad, AdamX is AMSGrad"}
QUICK = {"horizon": 100, "cases": ("mod 3, C = 3", "random signs")}


def learners(case: Case) -> dict[str, Algorithm1]:
    """The learners with the betas of a case, and alpha = 0.5, or eta = D_2/(sqrt(2) G) for OGD and AdaBound."""
    d, (_, G, beta1, beta2) = case.losses.dimension, case
    alpha = 0.5
    eta = 2.0 * sqrt(d) / (sqrt(2.0) * G)
    return {
        "OGD": OGD(eta),
        "AdaGrad": AdaGrad(alpha),
        "Adam": Adam(alpha, beta1=beta1, beta2=beta2),
        "AMSGrad": AMSGrad(alpha, beta1=beta1, beta2=beta2),
        "AdamNC": AdamNC(alpha, beta1=beta1),
        "AdamX": AdamX(alpha, beta1=Geometric(beta1, ratio=0.99), beta2=beta2),
        "AdaBound": AdaBound(alpha, beta1=beta1, beta2=beta2, lower=0.5 * eta, upper=2.0 * eta),
        "Padam": Padam(alpha, beta1=beta1, beta2=beta2, p=0.25),
        "NosAdam": NosAdam(alpha, beta1=beta1),
    }


def compute(horizon: int = 2**17, cases: Sequence[str] = tuple(CASES)) -> pd.DataFrame:
    """Play every learner on every sequence and certify it; the logistic losses for a sixteenth of the rounds.

    Returns
    -------
    DataFrame
        case, learner, theorem (of the smallest bound at the horizon), t, regret, bound, trivial (d D G_t t).
    """
    import pandas as pd

    parts = []
    for name in cases:
        case = CASES[name]
        T = horizon // 16 if name == CONVEX else horizon
        t = np.unique(np.append(np.geomspace(10, T, 49 if name != CONVEX else 13).astype(int), T))
        named = learners(case)
        games = rl.play_all(named.values(), case.losses, Box(-1.0, 1.0), T, checkpoints=t, ledger=True)
        for learner, game in zip(named, games, strict=True):
            found = certify(game)
            if not found.certified or len(found.violations):
                raise AssertionError(f"{learner} on {name}:\n{found!r}")
            G = pd.Series(game.record.ledger[:, list(game.state.ledger).index("largest")].max(axis=1), game.record.t)
            curve = found.curve.loc[found.curve.index >= 10, ["regret", "bound"]]
            more = {"case": name, "learner": learner, "theorem": found.theorem.name}
            trivial = game.point.size * game.feasible_set.diameter() * G.loc[curve.index] * curve.index
            parts.append(curve.assign(**more, trivial=trivial).reset_index())
    table = pd.concat(parts, ignore_index=True)
    return table[["case", "learner", "theorem", "t", "regret", "bound", "trivial"]]


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the regrets and bounds of each sequence on axes of their own."""
    cases = frame["case"].unique()
    figure = new_figure(11.0, 3.4 * ((len(cases) + 2) // 3) + 0.8)
    grid = figure.subplots((len(cases) + 2) // 3, 3, squeeze=False)
    line_styles = styles(learners(CASES[cases[0]]))
    for axes, case in zip(grid.flat, cases, strict=False):
        note = _panel(axes, frame[frame["case"] == case], line_styles)
        axes.set_title(f"{case}\n{note}", fontsize="medium")
    for axes in list(grid.flat)[len(cases) :]:
        axes.set_visible(False)
    for row in grid:
        row[0].set_ylabel("regret and its bound")
    figure.suptitle(
        r"Regret $R_t$ (solid, where it is positive) and its tightest certificate (dashed)", fontsize="large"
    )
    legend_below(figure, columns=6)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, line_styles: dict[str, dict[str, Any]]) -> str:
    """Draw the curves of a case, and return the second line of its title."""
    curves = rows.groupby("learner", sort=False)
    for width, (learner, curve) in zip(np.linspace(3.4, 1.0, len(curves)), curves, strict=True):
        colour = line_styles[str(learner)]["color"]
        regret = curve["regret"].where(curve["regret"] > 0.0)
        axes.plot(curve["t"], regret, color=colour, label=str(learner), linewidth=width)
        axes.plot(curve["t"], curve["bound"], color=colour, linestyle=(0, (4, 2)), linewidth=0.7 * width)
    trivial = rows.groupby("t")["trivial"].max()
    axes.plot(trivial.index, trivial, color="0.45", linestyle=":", linewidth=1.2, label=r"trivial bound $d\,D\,G\,t$")
    axes.set(xscale="log", yscale="log", xlabel="round $t$")
    last = rows[(rows["t"] == rows["t"].max()) & (rows["regret"] > 0.0)]["regret"]
    axes.set_ylim(last.min() / 30.0, 3.0 * trivial.max())
    notes = [_NOTES[case] for case in rows["case"].unique() if case in _NOTES]
    if left_out := rows.loc[rows["regret"] <= 0.0, "learner"].nunique():
        who = "1 learner" if left_out == 1 else f"{left_out} learners"
        notes.append(f"left out: some $R_t \\leq 0$ of {who}")
    return "; ".join(notes)


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, and by sequence and learner R_T, its bound and max_t R_t/bound_t."""
    numbers = {f"{case}: T": float(rows["t"].max()) for case, rows in frame.groupby("case", sort=False)}
    for (case, learner), rows in frame.groupby(["case", "learner"], sort=False):
        last = rows.iloc[-1]
        numbers[f"{case}, {learner}: R_T"] = float(last["regret"])
        numbers[f"{case}, {learner}: bound"] = float(last["bound"])
        numbers[f"{case}, {learner}: max R_t/bound"] = float((rows["regret"] / rows["bound"]).max())
    return numbers

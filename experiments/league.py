r"""A league table: every learner of the package on eight sequences, with the same stepsize and the same betas.

alpha_t = 0.5 / sqrt(t) for learners whose steps do not scale with the gradients, 0.5 / (G sqrt t) for
those whose steps do, where G bounds the gradients.  The betas belong to the sequence and are in its
title.  No learner is tuned.  A cell shows

* the average regret R_T / T, for random sequences its mean over 8 to 32 seeds;
* in one dimension the point x_T, for random sequences its median over the seeds;
* R_T divided by the tightest certified bound (of the first seed), if that is below the trivial bound d D G T;
* as its colour, the growth of the regret from round T/64 on by :mod:`regretlab.analysis.scaling`; earlier
  rounds do not count, since learners have not arrived yet.  "less than linear" means: linear growth is
  excluded, log T and sqrt T are undecided.  "linear" holds for these rounds: a slow learner, such as OGD with
  stepsizes divided by G = 1010, may still have sublinear regret later.

Learners whose step depends on all coordinates at once are played round by round in Python, hence for
fewer rounds.  Exponential weights play on the simplex in R^2 with the gradients (g, -g): this is the game on
[-1, 1] with x = p_1 - p_2.

The first column counts the moments per coordinate in the state of a game with d = 3, and how many of them
differ between coordinates; one copy of the others would do for all coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import regretlab as rl
from regretlab._utils.types import Array, Rounds
from regretlab.analysis.plots import new_figure
from regretlab.analysis.scaling import FORMS, NEAR, Scaling, fit
from regretlab.certificates import certificates
from regretlab.learners import Algorithm1, ExponentiatedGradient, FixedShare, Hedge, Learner
from regretlab.losses import LinearLosses

from .league_entries import INTERVAL, PROBLEMS, learners

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["PROBLEMS", "QUICK", "compute", "draw", "fingerprint", "kept", "learners"]

FEW_SEEDS = 8
DOUBLINGS = 6  # the verdict is about the rounds from T/64 = T/2^6 on
QUICK = {"problems": ["mod3, C = 3", "random signs"], "names": ["OGD", "Adam", "AMSGrad", "CoinBetting"], "fewer": 9}


@dataclass(frozen=True)
class _OnSimplex(LinearLosses):
    """f_t(p) = <(g_t, -g_t), p>: with x = p_1 - p_2 in [-1, 1] the same game as <g_t, x>."""

    losses: LinearLosses

    def gradients(self, t: Rounds) -> Array:
        raise NotImplementedError("see block")

    def block(self, start: int, stop: int, seed: int) -> Array:
        g = self.losses.block(start, stop, seed)
        return np.concatenate([g, -g], axis=1)


def compute(
    problems: Sequence[str] = tuple(PROBLEMS), names: Sequence[str] | None = None, fewer: int = 0
) -> pd.DataFrame:
    """Play the league.

    Parameters
    ----------
    problems, names : sequences of str
        Names of PROBLEMS and of learners; by default all.
    fewer : int
        How many times the horizons are halved.

    Returns
    -------
    DataFrame
        learner, kept, differ, problem, T, seeds, average_regret, x_T, verdict, exponent (of the regret), theorem,
        of_bound (R_T / bound), growth (the exponent of the bound); NaN and "" where a number does not exist.
    """
    import pandas as pd

    rows = []
    for name in problems:
        for label, learner in learners(PROBLEMS[name]).items():
            if names is None or label in names:
                rows.append({"learner": label} | kept(learner) | {"problem": name} | _cell(learner, name, fewer))
    order = list(dict.fromkeys(row["learner"] for row in rows))
    frame = pd.DataFrame(rows)
    return frame.sort_values("learner", key=lambda column: column.map(order.index), kind="stable", ignore_index=True)


def _cell(learner: Learner, name: str, fewer: int) -> dict[str, Any]:
    """The columns of the table for one learner on one problem."""
    problem = PROBLEMS[name]
    losses, F = problem.losses, problem.feasible_set
    compiled = isinstance(learner, Algorithm1)
    empty = {"T": 0, "seeds": 0, "average_regret": np.nan, "x_T": np.nan, "verdict": "", "exponent": np.nan}
    empty |= {"theorem": "", "of_bound": np.nan, "growth": np.nan}
    if isinstance(learner, ExponentiatedGradient | FixedShare | Hedge):
        if not isinstance(losses, LinearLosses):
            return empty | {"verdict": "needs a simplex"}
        losses, F = _OnSimplex(losses), rl.sets.Simplex(2)
    try:
        learner.check(losses)
    except ValueError:
        return empty | {"verdict": "not for such losses"}
    horizons = problem.horizons(max(5, (problem.doublings if compiled else problem.few) - fewer))
    games = [  # one after the other, so that a learner is compiled once for all linear sequences
        rl.play(learner, losses, F, horizons[-1], seed=seed, checkpoints=horizons, ledger=True)
        for seed in range(problem.seeds if compiled else min(FEW_SEEDS, problem.seeds))
    ]
    if problem.mu:
        horizons = [t for t in games[0].regret.index if t >= 32]  # the rounds with a comparator
    late = int(np.searchsorted(horizons, horizons[-1] / 2**DOUBLINGS))
    R = np.array([game.regret["regret"].loc[horizons] for game in games]).T
    found, points = fit(horizons[late:], R[late:]), [game.state.point for game in games]
    last = [p[0] - p[1] if isinstance(losses, _OnSimplex) else p[0] for p in points]
    cell = {
        "T": horizons[-1],
        "seeds": len(games),
        "average_regret": float(R[-1].mean()) / horizons[-1],
        "x_T": float(np.median(last)) if points[0].size == 1 or isinstance(losses, _OnSimplex) else np.nan,
        "verdict": _verdict(found),
        "exponent": found.exponent,
    }
    with suppress(TypeError):  # it keeps no ledger
        certified = [each for each in certificates(games[0]) if each.certified and not each.vacuous]
        if certified:
            best = min(certified, key=lambda each: float(f"{each.total:.9e}"))
            ratio = float(best.curve["regret"].iloc[-1]) / best.total
            cell |= {"theorem": best.theorem.name, "of_bound": ratio, "growth": best.growth}
    return empty | cell


def _memory(rows: pd.DataFrame) -> str:
    """The first column: the moments per coordinate and how many of them differ, or d for a matrix."""
    kept, differ = int(rows["kept"].iloc[0]), int(rows["differ"].iloc[0])
    return "d" if kept < 0 else f"{kept} ({differ})"


def _verdict(found: Scaling) -> str:
    """The verdict on the regret: no growth, log T, sqrt T, linear, sublinear or undecided."""
    if found.high == -np.inf:
        return "no growth"
    return "sublinear" if found.verdict == "undecided" and found.high < FORMS["linear"] - NEAR else found.verdict


def kept(learner: Learner) -> dict[str, int]:
    """The number of moments per coordinate, and how many of them differ between coordinates; -1 for a matrix.

    Both are counted in the state after 30 rounds in R^3.
    """
    F = rl.sets.Simplex(3) if isinstance(learner, ExponentiatedGradient | FixedShare | Hedge) else INTERVAL
    start = [0.2, 0.3, 0.5]
    state = learner.start(F, start)
    for t in range(30):
        state = learner.update(state, 0.5 * np.cos((1.0 + t) * np.array([1.0, 1.5, 2.0])))
    if any(moment.shape == (3, 3) for moment in state.moments.values()):  # a matrix: d numbers per coordinate
        return {"kept": -1, "differ": -1}
    rows = [row for moment in state.moments.values() if moment.shape[-1] == 3 for row in moment.reshape(-1, 3)]
    return {"kept": len(rows), "differ": sum(bool(np.ptp(row) > 0.0) for row in rows)}


# -- the figure --------------------------------------------------------------------

_COLOURS = {
    "no growth": "#A6DBB9",
    "log T": "#A6DBB9",
    "sqrt T": "#8FC1E3",
    "sublinear": "#D3E6F5",
    "undecided": "#E8E8E8",
    "linear": "#F2A57E",
    "": "#FFFFFF",
}


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the table: a row for each learner, a column for each sequence."""
    from matplotlib.patches import Rectangle

    names, problems = list(dict.fromkeys(frame["learner"])), list(dict.fromkeys(frame["problem"]))
    wide = 1.75
    figure = new_figure(3.9 + wide * len(problems), 1.9 + 0.235 * len(names))
    axes = figure.subplots()
    axes.set_xlim(-2.0, len(problems))
    axes.set_ylim(len(names), -1.9)
    axes.set_axis_off()
    small: Any = {"fontsize": 8.0, "va": "center"}
    for j, problem in enumerate(problems):
        own = frame[frame["problem"] == problem]
        most, least = own["T"].max(), own["T"][own["T"] > 0].min()
        rounds = f"$T$ = {most:,}" + (f" ({least:,})" if least < most else "")
        title = f"{PROBLEMS[str(problem)].title}\n{rounds}\n$R_T/T$     $x_T$     of bound"
        axes.text(j + 0.5, -0.95, title, fontsize=7.5, ha="center", va="center")
    memory = "numbers kept per\ncoordinate besides $x$\n(that differ)"
    axes.text(-0.45, -0.6, memory, fontsize=7.5, ha="center", va="center")
    for i, name in enumerate(names):
        rows = frame[frame["learner"] == name].set_index("problem")
        python = "*" if rows["T"].max() < frame["T"].max() and not _is_compiled(str(name)) else ""
        axes.text(-2.0, i + 0.5, f"{name}{python}", **small)
        axes.text(-0.45, i + 0.5, _memory(rows), ha="center", **small)
        for j, problem in enumerate(problems):
            row = rows.loc[problem]
            colour = _COLOURS.get(_text(row["verdict"]), _COLOURS[""])
            axes.add_patch(Rectangle((j, i), 1.0, 1.0, facecolor=colour, edgecolor="white", linewidth=1.0))
            if np.isfinite(row["average_regret"]):
                axes.text(j + 0.33, i + 0.5, _short(row["average_regret"]), ha="right", **small)
                if np.isfinite(row["x_T"]):
                    axes.text(j + 0.63, i + 0.5, f"{row['x_T']:+.2f}".replace("-", "\u2212"), ha="right", **small)
                axes.text(j + 0.96, i + 0.5, _share(row["of_bound"], row["growth"]), ha="right", **small)
            else:
                axes.text(j + 0.5, i + 0.5, row["verdict"], ha="center", color="0.4", **small)
    handles = [Rectangle((0, 0), 1, 1, facecolor=colour) for verdict, colour in _COLOURS.items() if verdict][1:]
    labels = ["log T, or not at all", "sqrt T", "less than linear", "undecided", "linear"]
    title = "regret up to $T$ grows like"
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False, title=title)
    figure.suptitle(
        r"Every learner, untuned, with $\alpha_t = 0.5/\sqrt{t}$ (over $G$ where steps scale with the gradients)."
        "  * round by round in Python, for the fewer rounds in brackets.\n"
        "of bound: $R_T$ over the tightest certified bound; \u2020: the bound itself is linear; "
        "none: no theorem applies, or only a vacuous bound.\nThe best point is $-1$ for mod-3 with $C=3$, 1010/$-$10 "
        "and ADOPT's toy in the long run, and $+1$ for mod-3 with $C=1.9$.  "
        "Often quoted: $2d$ numbers for Adam, $3d$ for AMSGrad.",
        fontsize="medium",
    )
    return figure


def _is_compiled(name: str) -> bool:
    """Whether the learner of this name is played by compiled code."""
    return issubclass(getattr(rl.learners, name), Algorithm1)


def _text(value: object) -> str:
    """A text of the table; pandas reads the empty text of a CSV file as NaN."""
    return value if isinstance(value, str) else ""


def _share(of_bound: float, growth: float) -> str:
    """R_T / bound in per cent, with a dagger if the bound is linear."""
    if not np.isfinite(of_bound):
        return "none"
    share = "\u2264 0" if of_bound <= 0.0 else f"{of_bound:.1%}" if of_bound >= 1e-3 else "< 0.1%"
    return share + ("\u2020" if growth > FORMS["linear"] - NEAR else "")


def _short(value: float) -> str:
    """A number with three decimals, or its power of ten."""
    text = f"{value:.3f}" if abs(value) >= 1e-3 else f"{value:.0e}".replace("e-0", "e-")
    return text.replace("-", "\u2212")


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """R_T / T by learner and sequence, and by learner the number of moments."""
    numbers: dict[str, float] = {}
    for name, rows in frame.groupby("learner", sort=False):
        numbers |= {f"{name}: kept": float(rows["kept"].iloc[0]), f"{name}: differ": float(rows["differ"].iloc[0])}
        numbers |= {
            f"{name}, {problem}: R_T/T": float(value)
            for problem, value in zip(rows["problem"], rows["average_regret"], strict=True)
            if np.isfinite(value)
        }
    return numbers

r"""An audit of theorems: the largest R_t / bound_t of every theorem of :mod:`regretlab.certificates`.

Each game is compared with the bounds whose hypotheses it satisfies, at the checkpoints from
round 100 on (in the first rounds the regret may equal a bound only because few rounds are played):

* *suite*: learners of the theorems, with constant and decaying beta_1, on random,
  periodic, adaptive and quadratic losses, on boxes, balls and simplices of dimension 1 to 10;
* *built*: the games of ``tight.py``, built to come close to a bound.  They show that the bounds of OGD and
  AdaGrad and, for beta_1 = 0, those of AMSGrad and AdamNC cannot be improved by a constant factor.

A ratio above 1 refutes a claim.  Two are refuted: Theorem 4.1 of Kingma, Ba (2015), and Theorem 4 of
Reddi, Kale, Kumar (2018) as submitted, without alpha in its first term.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import regretlab as rl
from regretlab.analysis.plots import legend_below, new_figure
from regretlab.certificates import THEOREMS, Quantities
from regretlab.learners import (
    OGD,
    AdaBound,
    AdaGrad,
    AdaGradNorm,
    Adam,
    AdamNC,
    AdamX,
    AMSBound,
    AMSGrad,
    DualAveraging,
    ExponentiatedGradient,
    Hedge,
    Learner,
    NosAdam,
    Padam,
    RMSProp,
    SAdam,
)
from regretlab.losses import CirclingQuadratics, Losses, Periodic, Rademacher, RandomLinear, SignAdversary
from regretlab.schedules import Constant, Geometric, Inverse
from regretlab.sets import Box, FeasibleSet, L2Ball, Simplex

from .tight import pairs

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from regretlab.game import Game

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

QUICK = {"horizon": 128, "every": 25}

_SHORT = 1024  # rounds where a round is slow: a projection, a comparator or a sequence in Python

FROM = 100
"""The first round at which the ratio counts."""

LEARNERS: tuple[Learner, ...] = (
    OGD(1.0),
    OGD(Constant(0.02)),
    OGD(Inverse(1.0)),
    AdaGrad(1.0),
    RMSProp(0.5, beta2=0.5),
    Adam(0.5, beta1=0.9, beta2=0.99),
    Adam(0.5, beta1=Geometric(0.9, ratio=0.9), beta2=0.9),
    AMSGrad(0.5, beta1=0.0, beta2=0.5),
    AMSGrad(0.5, beta1=0.9, beta2=0.99),
    AMSGrad(0.5, beta1=Geometric(0.9, ratio=0.9), beta2=0.99),
    AMSGrad(0.5, beta1=Inverse(0.9), beta2=0.99),
    AdamNC(0.5, beta1=0.0),
    AdamNC(0.5, beta1=0.9),
    AdamNC(0.5, beta1=Geometric(0.9, ratio=0.9)),
    AdamX(0.5, beta1=Geometric(0.9, ratio=0.9)),
    AdamX(0.5, beta1=Inverse(0.9)),
    AdaBound(0.5, beta1=0.9),
    AMSBound(0.5, beta1=0.9),
    Padam(0.5, beta1=0.9),
    NosAdam(0.5, beta1=0.9),
    NosAdam(0.5, beta1=0.0),
    SAdam(Inverse(150.0), beta1=0.5),
    AdaGradNorm(1.0),
    DualAveraging(1.0),
    Hedge(0.5),
    ExponentiatedGradient(Constant(0.02)),
)


def sequences(d: int) -> dict[str, Losses]:
    """The losses of the suite in dimension d."""
    spikes = np.where((np.arange(11)[:, None] - np.arange(d)) % 11 == 0, 12.0, -1.0)  # sums to +2, as in Theorem 2
    signs = np.outer([1.0, -1.0], 1.0 + np.arange(d))
    return {
        "random signs": Rademacher(d),
        "Gaussian, drifting": RandomLinear(d, mean=0.1),
        "spikes": Periodic(spikes),
        "alternating": Periodic(signs),
        "adaptive": SignAdversary(d),
        "quadratic": CirclingQuadratics(radius=0.5, period=11, d=d, mu=1.0),
    }


SETS = {"box": Box(-1.0, 1.0), "ball": L2Ball(1.0), "simplex": Simplex()}


class Played(NamedTuple):
    """A game, its suite, and short names of its losses and its set."""

    suite: str
    losses: str
    set: str
    game: Game


def _games(T: int, every: int) -> Iterator[Played]:
    """Every ``every``-th game of both suites, interpreted: to compile so many rules would take longer."""
    for k, (name, (i, kind)) in enumerate(product(SETS, enumerate(sequences(1)))):
        d = max(1 + (3 * i + 4 * k // len(sequences(1))) % 10, 2 if name == "simplex" else 1)
        horizon = T if name == "box" and kind not in ("adaptive", "quadratic") else min(T, _SHORT)
        chosen = [each for j, each in enumerate(LEARNERS) if (k * len(LEARNERS) + j) % every == 0]
        losses, t = sequences(d)[kind], rounds(horizon)
        chosen = [each for each in chosen if _plays(each, losses, SETS[name].with_dimension(d))]
        for game in rl.play_all(chosen, losses, SETS[name], horizon, checkpoints=t, ledger=True, compiled=False):
            yield Played("suite", kind, name, game)
    for learner, losses in islice(pairs(T), 0, None, every):
        t = rounds(T)
        F = Box(-1.0, 1.0)
        game = rl.play(learner, losses, F, T, start=1.0, checkpoints=t, ledger=True, compiled=False)
        yield Played("built", repr(losses), "interval", game)


def _plays(learner: Learner, losses: Losses, F: FeasibleSet) -> bool:
    """Whether a learner accepts these losses and this set."""
    try:
        learner.check(losses)
        learner.start(F)
    except ValueError:
        return False
    return True


def rounds(T: int) -> list[int]:
    """Eight rounds per decade, from 1 on, and the last."""
    t = np.round(10.0 ** np.arange(0.0, np.log10(T), 0.125)).astype(int)
    return [*np.unique(t).tolist(), T]


def compute(horizon: int = 2**13, every: int = 1) -> pd.DataFrame:
    """Play every ``every``-th game, and compare its regret with the bounds of all theorems about its learner.

    Returns
    -------
    DataFrame
        theorem, true (False for a false claim), suite, games (the number that satisfy the hypotheses), ratio
        (the largest R_t/bound_t), t, learner, losses, set, d (where it is attained), and anywhere (the largest
        ratio from round 1 on).
    """
    import pandas as pd

    rows = []
    for played in _games(horizon, every):
        game = played.game
        where = {"learner": repr(game.learner), "losses": played.losses, "set": played.set, "d": game.point.size}
        for name, ratio in _ratios(game).items():
            later = ratio[ratio.index >= FROM]
            found = {"ratio": later.max(), "t": later.idxmax(), "anywhere": ratio.max()}
            rows.append({"theorem": name, "true": THEOREMS[name].true, "suite": played.suite, **found, **where})
    table = pd.DataFrame(rows)
    groups = table.groupby(["theorem", "true", "suite"], sort=True)
    most = table.loc[groups["ratio"].idxmax()].set_index(["theorem", "true", "suite"])
    most = most.assign(games=groups.size(), anywhere=groups["anywhere"].max()).reset_index()
    return most[["theorem", "true", "suite", "games", "ratio", "t", "learner", "losses", "set", "d", "anywhere"]]


def _ratios(game: Game) -> dict[str, pd.Series[float]]:
    """R_t/bound_t, by round, of every theorem and claim whose hypotheses hold for the game."""
    regret = game.regret["regret"]
    quantities = Quantities(game, regret.index.to_numpy())
    found = {}
    about = {name: theorem for name, theorem in THEOREMS.items() if theorem.fits(game.learner)}
    for name, theorem in about.items():
        with np.errstate(all="ignore"):  # from hyperparameters outside the range of a theorem
            terms, hypotheses = theorem.evaluate(quantities)
        bound = sum(terms.values(), np.zeros(len(regret)))
        if all(h.holds for h in hypotheses) and np.isfinite(bound).all() and bound[-1] > 0.0:
            found[name] = (regret / bound)[bound > 0.0]
    return found


_LIMIT = 1.2  # larger ratios are cut off in the figure
_COLOURS = {True: ("#9ECAE1", "#0072B2"), False: ("#FDBF8F", "#D55E00")}
_KINDS = {True: "a theorem", False: "a false claim or a misprint"}


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the largest ratio of each theorem: as a bar that in the suite, as a marker that in the built games."""
    figure = new_figure(10.0, 8.2)
    axes = figure.subplots()
    most = frame.groupby(["true", "theorem"])["ratio"].max().sort_values()
    places = [(true, theorem) for true in (False, True) for theorem in most[true].index]
    y = {theorem: k + (1.0 if true else 0.0) for k, (true, theorem) in enumerate(places)}
    for (true, suite), rows in frame.groupby(["true", "suite"], sort=False):
        (light, dark), kind = _COLOURS[bool(true)], _KINDS[bool(true)]
        at, ratio = rows["theorem"].map(y), rows["ratio"].clip(0.0, _LIMIT)
        if suite == "suite":
            axes.barh(at, ratio, height=0.62, color=light, label=f"{kind}: random and adversarial games")
        else:
            beyond = rows["ratio"] > _LIMIT
            axes.plot(ratio[~beyond], at[~beyond], "D", color=dark, ms=6, label=f"{kind}: games built to attain it")
            axes.plot(ratio[beyond], at[beyond], ">", color=dark, ms=9)
    for true, theorem in places:
        ratio = most[true, theorem]
        x = 1.0 if 0.88 < ratio < 1.0 + 1e-9 else min(ratio, _LIMIT)  # no number on the line at 1
        text = f"{ratio:.2f}" if ratio > _LIMIT else f"{ratio:.3f}"
        axes.text(x + 0.025, y[theorem], text, va="center", size=9, color=_COLOURS[true][1])
    axes.axvline(1.0, color="0.2", linewidth=1.2)
    axes.set_yticks(list(y.values()), list(y))
    for tick, (true, _) in zip(axes.get_yticklabels(), places, strict=True):
        tick.set_color("black" if true else _COLOURS[False][1])
    axes.set_ylim(-0.7, max(y.values()) + 0.7)
    axes.set_xlim(0.0, _LIMIT + 0.12)
    axes.set_xlabel(
        f"largest $R_t/\\mathrm{{bound}}_t$ over games and checkpoints $t \\geq {FROM}$, cut off at {_LIMIT}"
    )
    figure.suptitle(
        f"An audit of theorems: {frame['games'].sum():,} times a regret is compared with a bound,\n"
        "and it exceeds the bounds of false claims only",
        fontsize="large",
    )
    legend_below(figure, columns=2)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """By theorem and suite: the number of games, and the largest ratio from round 100 and from round 1 on."""
    numbers: dict[str, float] = {}
    for _, row in frame.iterrows():
        case = f"{row['theorem']}, {row['suite']}"
        numbers |= {f"{case}: games": float(row["games"]), f"{case}: ratio": float(row["ratio"])}
        numbers[f"{case}: ratio from t = 1 on"] = float(row["anywhere"])
    return numbers

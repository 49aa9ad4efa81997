"""Certificates: upper bounds on the regret of a game, computed from the game, with each hypothesis checked on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regretlab._utils.types import Array
from regretlab.certificates.quantities import Hypothesis, Quantities
from regretlab.learners.base import Algorithm1, Learner

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["THEOREMS", "Bound", "Certificate", "Theorem", "theorem"]

TOLERANCE = 1e-9
"""Part of a bound that the rounding of its terms, and of coordinates of weight zero, can make up."""


class Bound(NamedTuple):
    """What a theorem says of a game: the terms whose sum bounds R_t, at the checkpoints, and its hypotheses."""

    terms: dict[str, Array]
    hypotheses: list[Hypothesis]


@dataclass(frozen=True)
class Theorem:
    """A bound with a name and a source.

    ``learners`` are the classes it is about.  ``true`` says whether it is a theorem:
    a claim that is false, or a printing with a mistake, can be evaluated by name
    but certifies nothing.
    """

    name: str
    source: str
    formula: str
    learners: tuple[type[Learner], ...]
    function: Callable[[Quantities], Bound]
    true: bool

    def fits(self, learner: Learner) -> bool:
        """Whether it is about this learner: of one of the classes, or with the rule of one."""
        return any(
            isinstance(learner, cls) or (isinstance(learner, Algorithm1) and learner.rule is getattr(cls, "rule", None))
            for cls in self.learners
        )

    def evaluate(self, q: Quantities) -> Bound:
        """Terms and hypotheses for a game, the first of them that it is about the learner."""
        terms, hypotheses = self.function(q)
        names = " or ".join(cls.__name__ for cls in self.learners)
        who = Hypothesis(f"the rule of {names}", self.fits(q.learner), type(q.learner).__name__)
        return Bound(terms, [who, *hypotheses])


THEOREMS: dict[str, Theorem] = {}
"""All theorems by name."""


def theorem(
    source: str, *learners: type[Learner], true: bool = True
) -> Callable[[Callable[[Quantities], Bound]], Callable[[Quantities], Bound]]:
    """Enter a function into :data:`THEOREMS` under its own name; the formula is its docstring's first paragraph."""

    def enter(function: Callable[[Quantities], Bound]) -> Callable[[Quantities], Bound]:
        name = function.__name__
        formula = " ".join((function.__doc__ or "").split("\n\n")[0].split())
        THEOREMS[name] = Theorem(name, source, formula, learners, function, true)
        return function

    return enter


@dataclass(frozen=True, eq=False)
class Certificate:
    """The right-hand side of one theorem beside the regret of one game.

    Attributes
    ----------
    theorem : Theorem
        Its name, source and formula.
    curve : DataFrame by round t
        The terms of the bound; ``bound``, their sum; ``regret`` and its error bar
        ``gap`` (the regret lies in [regret, regret + gap]); and ``slack`` = bound - regret.
    hypotheses : tuple of Hypothesis
        Name, whether it holds, what was measured, the first round of violation.
    trivial_bound : float
        d D G T, which no regret exceeds.
    rounding : Series by round t
        How far the rounding of the losses may have moved the regret.
    sharper : str
        Where the bound is vacuous, the name of a theorem that says more of this game, if there is one.
    """

    theorem: Theorem
    curve: pd.DataFrame
    hypotheses: tuple[Hypothesis, ...]
    trivial_bound: float
    rounding: pd.Series[float]
    sharper: str = ""

    @property
    def terms(self) -> dict[str, float]:
        """The terms of the bound at the horizon."""
        names = list(self.curve.columns[: self.curve.columns.get_loc("bound")])
        return {name: float(self.curve[name].iloc[-1]) for name in names}

    @property
    def total(self) -> float:
        """The bound on R_T."""
        return float(self.curve["bound"].iloc[-1])

    @property
    def certified(self) -> bool:
        """Whether this is a theorem, all its hypotheses hold, and the bound is finite."""
        return self.theorem.true and all(h.holds for h in self.hypotheses) and bool(np.isfinite(self.total))

    @property
    def vacuous(self) -> bool:
        """Whether the bound says no more than that R_T <= d D G T."""
        return not self.total < self.trivial_bound

    @property
    def violations(self) -> pd.DataFrame:
        """The rows of the curve where the regret is above the bound, by more than rounding."""
        curve = self.curve
        return curve[curve["slack"] < -TOLERANCE * (curve["bound"].abs() + curve["regret"].abs()) - self.rounding]

    @property
    def tightness(self) -> float:
        """max_t R_t / bound_t: how much of the bound was used."""
        ratio = (self.curve["regret"] / self.curve["bound"]).to_numpy()
        return float(np.nanmax(ratio, initial=-np.inf)) if np.isfinite(ratio).any() else float("nan")

    @property
    def growth(self) -> float:
        """The exponent of t in the bound over the last decade of the curve; well above 1/2, the bound tells little."""
        bound = self.curve["bound"]
        last = bound[bound.index >= bound.index[-1] / 10.0]
        if len(last) < 2 or not np.isfinite(last).all() or (last <= 0.0).any():
            return float("nan")
        return float(np.log(last.iloc[-1] / last.iloc[0]) / np.log(last.index[-1] / last.index[0]))

    def __repr__(self) -> str:
        last = self.curve.iloc[-1]
        state = "certified" if self.certified else "not certified"
        bound = f"bound {self.total:.6g} ~ t^{self.growth:.2f}"
        lines = [
            f"Certificate {self.theorem.name}: {state}",
            f"  {self.theorem.source}",
            f"  {self.theorem.formula}",
            f"  T = {self.curve.index[-1]:,}: R_T = {last['regret']:.6g}, {bound}, slack {last['slack']:.6g}",
        ]
        lines += [f"    {name:<44} {value:>14.6g}" for name, value in self.terms.items()]
        for h in self.hypotheses:
            at = f", first at round {h.first_violated:,}" if h.first_violated else ""
            lines.append(f"  {'holds' if h.holds else 'FAILS'}  {h.name}: {h.measured}{at}")
        if len(self.violations):
            lines.append(f"  VIOLATED at t = {', '.join(f'{t:,}' for t in self.violations.index[:5])}")
        if self.vacuous:
            better = f"; {self.sharper} says more" if self.sharper else ""
            lines.append(f"  VACUOUS: R_T <= d D G T = {self.trivial_bound:.6g} without any theorem{better}")
        if not self.theorem.true:
            lines.append("  This claim is not a theorem: see paper_notes.md.")
        return "\n".join(lines)

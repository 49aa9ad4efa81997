"""Theorems by name, and certificates: the bound of a theorem beside the regret of a game."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regretlab._utils.copies import copied
from regretlab._utils.extending import overrides
from regretlab._utils.types import Array
from regretlab.certificates.quantities import Hypothesis, Quantities
from regretlab.learners.base import Algorithm1, Learner
from regretlab.learners.vector import VectorLearner

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["THEOREMS", "Bound", "Certificate", "CertificateViolated", "Theorem", "theorem"]

_COLUMNS = frozenset({"bound", "regret", "gap", "slack"})

TOLERANCE = 1e-9
"""The relative error that rounding of the terms, and coordinates with W_{t,i} = 0, may cause in a bound."""


class Bound(NamedTuple):
    """R_t <= the sum of the terms, if the hypotheses hold: what the function of a theorem returns for a game."""

    terms: dict[str, Array]
    """The terms by name, each (h,) at the h checkpoints."""
    hypotheses: list[Hypothesis]
    """The conditions of the theorem, each checked on the game."""


@dataclass(frozen=True)
class Theorem:
    """A bound on the regret, with its name and its source.

    Attributes
    ----------
    name : str
        The key in :data:`THEOREMS`.
    source : str
        Authors, year, number of the theorem.
    formula : str
        R_T <= ...
    learners : tuple of classes
        The learners for which it is stated.
    function : callable
        From :class:`Quantities` to a :class:`Bound`.
    true : bool
        False for a claim that is false or printed with a mistake.  Such a claim can be evaluated by name, but
        certifies nothing.
    """

    name: str
    source: str
    formula: str
    learners: tuple[type[Learner], ...]
    function: Callable[[Quantities], Bound]
    true: bool

    def fits(self, learner: Learner) -> bool:
        """Whether the theorem is stated for what this learner plays: it has the rule and the steps of a class in
        ``learners``.

        A subclass may have other hyperparameters, other defaults and another ``stepsize``: hypotheses are about them.
        A theorem for :class:`Algorithm1` holds for any rule.
        """
        return any(_plays_as(learner, cls) for cls in self.learners)

    def evaluate(self, q: Quantities) -> Bound:
        """Terms and hypotheses for a game; the first hypothesis is that the theorem is stated for the learner.

        ``TypeError`` if the learner lacks what the theorem needs, such as a row of the ledger or a hyperparameter, or
        if the theorem's function does not return a :class:`Bound`.
        """
        bound = self.function(q)
        if not isinstance(bound, Bound) or not bound.terms or not _COLUMNS.isdisjoint(bound.terms):
            raise TypeError(
                f"the theorem {self.name} returned {bound!r}; it must return Bound(terms, hypotheses), with a name for "
                f"each term other than {', '.join(sorted(_COLUMNS))}"
            )
        terms = {name: self._at_checkpoints(q, name, values) for name, values in bound.terms.items()}
        names = " or ".join(cls.__name__ for cls in self.learners)
        who = Hypothesis(f"the rule of {names}", self.fits(q.learner), type(q.learner).__name__)
        return Bound(terms, [who, *bound.hypotheses])

    def _at_checkpoints(self, q: Quantities, name: str, values: Array) -> Array:
        """A term as floats (h,)."""
        term = np.asarray(values)
        if term.dtype.kind not in "fiu" or term.shape not in ((), q.t.shape):
            raise TypeError(
                f"the theorem {self.name} has {values!r} as its term {name}; it must be a number for each of the "
                f"{q.t.size} checkpoints"
            )
        return np.broadcast_to(term.astype(np.float64), q.t.shape)


_LEDGER = ("ledger_names", "with_ledger")
_ALGORITHM1 = ("start", "update", "binding", "binding_with_ledger", *_LEDGER)
_RULE = ("signature", "given", "schedules", "moment_names")
_VECTOR = ("start", "update", "step", "value", "schedules", "moment_names", "_sums", *_LEDGER)


def _plays_as(learner: Learner, cls: type[Learner]) -> bool:
    """Whether a learner plays what the class ``cls`` plays with the same schedules, and keeps the same ledger."""
    kind = type(learner)
    if not issubclass(cls, Algorithm1):
        names = _VECTOR if issubclass(cls, VectorLearner) else ("start", "update", *_LEDGER)
        return isinstance(learner, cls) and not overrides(kind, cls, *names)
    if not isinstance(learner, Algorithm1) or overrides(kind, cls, *_ALGORITHM1):
        return False
    if not hasattr(cls, "rule"):  # for any rule
        return True
    rule, arguments = learner.signature()
    moments = tuple(name for name in arguments if name not in {"g", "t", *(field.name for field in fields(cls))})
    return rule is cls.rule and not overrides(kind, cls, *_RULE) and learner.moment_names == moments


def formula_of(function: Callable[..., Bound]) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join((function.__doc__ or "").split("\n\n")[0].split())


THEOREMS: dict[str, Theorem] = {}
"""All theorems by name, in the order of ``regretlab list``; among equal bounds :func:`certify` takes the first."""


def theorem(
    source: str, *learners: type[Learner], true: bool = True
) -> Callable[[Callable[[Quantities], Bound]], Callable[[Quantities], Bound]]:
    """A decorator that adds a theorem to :data:`THEOREMS`, under the name of the decorated function.

    The function takes :class:`Quantities` and returns a :class:`Bound`.  The first paragraph of its docstring is the
    formula.  :func:`certify` then uses the theorem for games of these learners.  It replaces a theorem of the same
    name.

    Parameters
    ----------
    source : str
        Authors, year, number of the theorem.
    *learners : classes of Learner
        The learners for which it is stated.
    true : bool
        Whether it is proved: False for a claim that is only compared with games.

    Raises
    ------
    TypeError
        When ``source`` is not a string, there are no ``learners``, or one of them is not a class of learners.

    Examples
    --------
    >>> import regretlab as rl
    >>> from regretlab.certificates import THEOREMS, Bound, theorem
    >>> @theorem("Hölder's inequality", rl.learners.OGD)
    ... def without_learning(q):
    ...     "R_T <= d D G T."
    ...     return Bound({"d D G T": q.d * q.D * q.G * q.t}, [q.convex(), q.bounded()])
    >>> game = rl.play(rl.learners.OGD(alpha=0.5), rl.losses.Mod3(C=3.0), rl.sets.Box(-1.0, 1.0), 100)
    >>> found = rl.certify(game, "without_learning")
    >>> found.certified, found.total
    (True, 600.0)
    >>> del THEOREMS["without_learning"]
    """
    if not isinstance(source, str):
        raise TypeError(f"source={source!r} must be a string: the decorator is used as @theorem(source, *learners)")
    if not learners or not all(isinstance(cls, type) and issubclass(cls, Learner) for cls in learners):
        raise TypeError(f"learners={learners!r} must be classes of learners, at least one")

    def enter(function: Callable[[Quantities], Bound]) -> Callable[[Quantities], Bound]:
        name = function.__name__
        formula = formula_of(function)
        THEOREMS[name] = Theorem(name, source, formula, learners, function, true)
        return function

    return enter


class CertificateViolated(ValueError):
    """A regret is above the bound of a theorem whose hypotheses hold, as far as the game shows.

    The losses are not convex, their gradients are wrong, a set projects wrongly, or the theorem is not one.
    ``certificate`` has the numbers.
    """

    def __init__(self, message: str, certificate: Certificate | None = None) -> None:  # unpickling gives the message
        super().__init__(message)
        self.certificate = certificate


@copied("curve", "rounding")
@dataclass(frozen=True, eq=False)
class Certificate:
    """The bound of one theorem for one game: R_t <= bound_t at the checkpoints t, if the hypotheses hold.

    Its ``repr`` shows all of it in a few lines.

    Attributes
    ----------
    theorem : Theorem
        The theorem, with its name, source and formula.
    curve : DataFrame by round t
        A column for each term of the bound; ``bound``, their sum; ``regret`` and its error bar ``gap`` (the regret lies
        in [regret, regret + gap]); and ``slack`` = bound - regret.  All are in the unit of the losses.
    hypotheses : tuple of Hypothesis
        Each has what was measured, whether the hypothesis holds, and the first round in which it fails.
    trivial_bound : float
        d D G T, which no regret exceeds.
    rounding : Series by round t
        An upper bound of the rounding error of the regret.
    sharper : str
        If this bound is vacuous, the name of a theorem that certifies a smaller bound than the trivial one; else empty.
    """

    theorem: Theorem
    curve: pd.DataFrame
    hypotheses: tuple[Hypothesis, ...]
    trivial_bound: float
    rounding: pd.Series[float]
    sharper: str = ""

    @property
    def terms(self) -> dict[str, float]:
        """The terms of the bound at the horizon, by name."""
        curve = self.curve
        names = list(curve.columns[: curve.columns.get_loc("bound")])
        return {name: float(curve[name].iloc[-1]) for name in names}

    @property
    def total(self) -> float:
        """The bound on R_T."""
        return float(self.curve["bound"].iloc[-1])

    @property
    def certified(self) -> bool:
        """Whether this is a theorem, all its hypotheses hold, and the bound is finite and not below the regret."""
        return self.applies and not len(self.violations)

    @property
    def applies(self) -> bool:
        """Whether this is a theorem, all its hypotheses hold, and the bound is finite."""
        return self.theorem.true and all(h.holds for h in self.hypotheses) and bool(np.isfinite(self.total))

    @property
    def vacuous(self) -> bool:
        """Whether the bound is no smaller than d D G T."""
        return not self.total < self.trivial_bound

    @property
    def violations(self) -> pd.DataFrame:
        """The rows of the curve where the regret is above the bound by more than rounding."""
        curve = self.curve
        return curve[curve["slack"] < -TOLERANCE * (curve["bound"].abs() + curve["regret"].abs()) - self.rounding]

    @property
    def tightness(self) -> float:
        """max_t R_t / bound_t, the share of the bound that was used; NaN if there is no finite ratio."""
        curve = self.curve
        ratio = (curve["regret"] / curve["bound"]).to_numpy()
        return float(np.nanmax(ratio, initial=-np.inf)) if np.isfinite(ratio).any() else float("nan")

    @property
    def growth(self) -> float:
        """The exponent a of bound_t ~ t^a over the last decade of rounds.

        NaN if that decade has a single checkpoint, or a bound in it is not positive and finite.

        A bound with an exponent near 1 says nothing about convergence of R_T / T.
        """
        bound = self.curve["bound"]
        last = bound[bound.index >= bound.index[-1] / 10.0]
        if len(last) < 2 or not np.isfinite(last).all() or (last <= 0.0).any():
            return float("nan")
        return float(np.log(last.iloc[-1] / last.iloc[0]) / np.log(last.index[-1] / last.index[0]))

    def __repr__(self) -> str:
        curve, above = self.curve, self.violations.index
        last, T = curve.iloc[-1], curve.index[-1]
        state = "certified" if self.certified else "not certified"
        bound = f"bound {self.total:.6g} ~ t^{self.growth:.2f}"
        lines = [
            f"Certificate {self.theorem.name}: {state}{', but vacuous' if self.certified and self.vacuous else ''}",
            f"  {self.theorem.source}",
            f"  {self.theorem.formula}",
            f"  T = {T:,}: R_T = {last['regret']:.6g}, {bound}, slack {last['slack']:.6g}",
        ]
        lines += [f"    {name:<44} {value:>14.6g}" for name, value in self.terms.items()]
        for h in self.hypotheses:
            at = f", first at round {h.first_violated:,}" if h.first_violated else ""
            lines.append(f"  {'holds' if h.holds else 'FAILS'}  {h.name}: {h.measured}{at}")
        if len(above):
            lines.append(f"  VIOLATED at t = {', '.join(f'{t:,}' for t in above[:5])}")
        if self.vacuous:
            sharper = f"; {self.sharper} says more" if self.sharper else ""
            lines.append(f"  VACUOUS: R_T <= d D G T = {self.trivial_bound:.6g} without any theorem{sharper}")
        if not self.theorem.true:
            lines.append("  This claim is not a theorem: see paper_notes.md.")
        return "\n".join(lines)

"""Certifying a game: one theorem by name, or the tightest that applies."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from regretlab._utils.validation import nearest
from regretlab.certificates.certificate import THEOREMS, Certificate, Theorem
from regretlab.certificates.quantities import Quantities
from regretlab.engine.replay import with_ledger
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.base import Algorithm1
from regretlab.regret import best_in_hindsight, regret_frame

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["certificates", "certify", "theorem_named"]

_EPS = 1e-14


def certify(game: Trajectory, theorem: str | None = None) -> Certificate:
    """An upper bound on the regret of ``game``, at every checkpoint, with each hypothesis checked on the game.

    Parameters
    ----------
    game : Trajectory
        Played without a ledger, it is played again with one.
    theorem : str, optional
        A name of :data:`regretlab.certificates.THEOREMS`; by default the certified
        one with the smallest bound at the horizon.

    Returns
    -------
    Certificate
        Also where a hypothesis fails: then it says which and from which round, and
        is marked as not certified.  On an unbounded set terms are infinite, and
        the regret may not exist.

    Raises
    ------
    ValueError
        For a name that is not there, or a game of no rounds.
    TypeError
        For a learner that keeps no ledger, that no theorem is about, or that lacks
        what the theorem is about.
    """
    if theorem is not None:
        found = _evaluated(game, [theorem_named(theorem)])[0]
        better = certify(game) if found.vacuous else found
        return found if better.vacuous else dataclasses.replace(found, sharper=better.theorem.name)
    every = certificates(game)
    certified = [c for c in every if c.certified]
    if not certified and not isinstance(game.learner, Algorithm1):
        raise TypeError(f"there is no theorem about {game.learner!r} whose hypotheses hold")
    master = (c for c in every if c.theorem.name == "master")
    return min(certified, key=lambda c: float(f"{c.total:.9e}")) if certified else next(master)


def certificates(game: Trajectory) -> list[Certificate]:
    """Every true theorem that is about the game's learner, evaluated on the game."""
    return _evaluated(game, [each for each in THEOREMS.values() if each.true and each.fits(game.learner)])


def theorem_named(name: str) -> Theorem:
    """The theorem of that name; ``ValueError`` with the nearest names if there is none."""
    if name not in THEOREMS:
        raise ValueError(f"theorem={name!r} is not there{nearest(str(name), sorted(THEOREMS))}")
    return THEOREMS[name]


def _evaluated(game: Trajectory, theorems: list[Theorem]) -> list[Certificate]:
    if game.horizon == 0:
        raise ValueError("the game has no rounds yet: a certificate is about a played game")
    regret = _regret(game)
    q = Quantities(with_ledger(game), regret.index.to_numpy())
    return [_certificate(q, regret, each) for each in theorems]


def _regret(game: Trajectory) -> pd.DataFrame:
    """Columns regret, gap and rounding, by round; NaN on a set without a best point."""
    import pandas as pd

    if not game.feasible_set.bounded:
        return pd.DataFrame({"regret": np.nan, "gap": 0.0, "rounding": 0.0}, index=pd.Index(game.record.t, name="t"))
    frame = regret_frame(best_in_hindsight(game))
    rounding = _EPS * (frame["loss"].abs() + frame["comparator_loss"].abs())
    return pd.DataFrame({"regret": frame["regret"], "gap": frame.get("gap", 0.0), "rounding": rounding})


def _certificate(q: Quantities, regret: pd.DataFrame, theorem: Theorem) -> Certificate:
    with np.errstate(all="ignore"):
        terms, hypotheses = theorem.evaluate(q)
        curve = regret.assign(bound=sum(terms.values()))
        for i, (name, values) in enumerate(terms.items()):
            curve.insert(i, name, values)
    curve["slack"] = curve["bound"] - curve["regret"]
    columns = [*terms, "bound", "regret", "gap", "slack"]
    trivial = q.d * q.D * float(q.G[-1]) * q.T
    return Certificate(theorem, curve[columns], tuple(hypotheses), trivial, regret["rounding"])

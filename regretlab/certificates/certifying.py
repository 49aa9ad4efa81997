"""Certificates of a game: of one theorem by name, of all that are stated for its learner, or the smallest bound."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from regretlab._utils.validation import nearest
from regretlab.certificates.certificate import THEOREMS, Certificate, CertificateViolated, Theorem
from regretlab.certificates.quantities import Quantities
from regretlab.engine.replay import with_ledger
from regretlab.engine.trajectory import Trajectory, check_played
from regretlab.regret import best_in_hindsight, regret_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["certificates", "certify", "theorem_named"]

_EPS = 1e-14  # upper bound of the relative rounding error of a sum of losses


def certify(game: Trajectory, theorem: str | None = None) -> Certificate:
    """An upper bound on the regret, R_t <= bound_t at every checkpoint t, with each hypothesis checked on the game.

    Parameters
    ----------
    game : Game
        Of at least one round.  A game without a ledger (the running sums that theorems need) is played again with one:
        give ``ledger=True`` to :func:`regretlab.play` to avoid that.
    theorem : str, optional
        A name in :data:`regretlab.certificates.THEOREMS`; ``regretlab list`` shows them.  By default the theorem with
        the smallest bound at the horizon among those whose hypotheses hold, or else the master inequality.

    Returns
    -------
    Certificate
        The bound, its terms and the regret, in the unit of the losses, and the hypotheses.  If a hypothesis fails, the
        certificate says so, with the first round in which it fails, and is not ``certified``.  On an unbounded set
        terms may be infinite and the regret NaN.

    Raises
    ------
    TypeError
        When ``game`` is not a game; when no theorem is stated for the learner, or it keeps no ledger, or lacks what
        ``theorem`` needs.
    ValueError
        When there is no theorem of this name; when the game has no rounds, or is another one when it is played again;
        and, without a name, when theorems are stated for the learner, but the hypotheses of none hold and there is no
        master inequality, since the learner is not of Algorithm 1.
    CertificateViolated
        A ValueError: when the regret is above a bound whose hypotheses hold.  Then the losses are not convex, a
        gradient or a projection is wrong, or the theorem is.

    Examples
    --------
    >>> import regretlab as rl
    >>> learner = rl.learners.AMSGrad(alpha=1.0, beta1=0.5)
    >>> game = rl.play(learner, rl.losses.Mod3(C=3.0), rl.sets.Box(-1.0, 1.0), 300, ledger=True)
    >>> found = rl.certify(game)
    >>> found.theorem.name, found.certified, round(found.total, 2)
    ('amsgrad_constant_beta1_posterior', True, 134.67)
    >>> vacuous = rl.certify(game, "amsgrad_theorem4_iclr")
    >>> vacuous.total > vacuous.trivial_bound, vacuous.sharper
    (True, 'amsgrad_constant_beta1_posterior')
    """
    if theorem is not None:
        found = _evaluated(game, [theorem_named(theorem)])[0]
        best = _smallest(certificates(game)) if found.vacuous else None
        return found if best is None or best.vacuous else dataclasses.replace(found, sharper=best.theorem.name)
    every = certificates(game)
    best = _smallest(every) or next((each for each in every if each.theorem.name == "master"), None)
    if best is not None:
        return best
    if not every:
        raise TypeError(f"there is no theorem about {game.learner!r}, or about what it overrides")
    failed = [f"{each.theorem.name}: {h.name} ({h.measured})" for each in every for h in each.hypotheses if not h.holds]
    raise ValueError(f"the hypotheses of no theorem about {game.learner!r} hold: {'; '.join(failed)}")


def certificates(game: Trajectory) -> list[Certificate]:
    """The certificates of all true theorems that are stated for the game's learner, certified or not.

    Parameters
    ----------
    game : Game
        As for :func:`certify`, and with the same errors.

    Returns
    -------
    list of Certificate
        In the order of :data:`regretlab.certificates.THEOREMS`; empty if there are none.
    """
    check_played(game)
    return _evaluated(game, [each for each in THEOREMS.values() if each.true and each.fits(game.learner)])


def theorem_named(name: str) -> Theorem:
    """The theorem of this name; ``ValueError`` with the nearest names if there is none."""
    if not isinstance(name, str):
        raise TypeError(f"theorem={name!r} must be the name of a theorem")
    if name not in THEOREMS:
        raise ValueError(f"theorem={name!r} is not there{nearest(name, sorted(THEOREMS))}")
    return THEOREMS[name]


def _smallest(every: list[Certificate]) -> Certificate | None:
    """The certified one with the smallest bound at the horizon, or None; the first of those that agree to 10 digits."""
    certified = [each for each in every if each.certified]
    return min(certified, key=lambda each: float(f"{each.total:.9e}"), default=None)


def _evaluated(game: Trajectory, theorems: list[Theorem]) -> list[Certificate]:
    """The certificates of these theorems."""
    check_played(game)
    regret = _regret(game)
    q = Quantities(with_ledger(game), regret.index.to_numpy())
    found = [_certificate(q, regret, each) for each in theorems]
    for each in found:
        refuse_violated(game, each)
    return found


def refuse_violated(game: Trajectory, found: Certificate) -> None:
    """Raise ``CertificateViolated`` when all hypotheses hold and a regret is above the bound."""
    if not found.applies:
        return
    above = found.violations
    if len(above):
        t, first = above.index[0], above.iloc[0]
        raise CertificateViolated(
            f"round {t:,}: the regret of {game.learner!r} on {game.losses!r} is {first['regret']:.9g}, above the bound "
            f"{first['bound']:.9g} of {found.theorem.name}, whose hypotheses hold; the losses are not convex, their "
            "gradients or a projection are wrong (check_losses and check_set find out), or the theorem is",
            found,
        )


def _regret(game: Trajectory) -> pd.DataFrame:
    """Columns regret, gap and rounding, by round; the regret is NaN on an unbounded set, where it may not exist."""
    import pandas as pd

    if not game.feasible_set.bounded:
        return pd.DataFrame({"regret": np.nan, "gap": 0.0, "rounding": 0.0}, index=pd.Index(game.record.t, name="t"))
    frame = regret_frame(best_in_hindsight(game))
    rounding = rounding_of(frame)
    return pd.DataFrame({"regret": frame["regret"], "gap": frame.get("gap", 0.0), "rounding": rounding})


def rounding_of(frame: pd.DataFrame) -> pd.Series[float]:
    """An upper bound of the rounding error of each regret of a table with the columns loss and comparator_loss."""
    return _EPS * (frame["loss"].abs() + frame["comparator_loss"].abs())


def _certificate(q: Quantities, regret: pd.DataFrame, theorem: Theorem) -> Certificate:
    """The certificate of one theorem."""
    with np.errstate(all="ignore"):
        terms, hypotheses = theorem.evaluate(q)
        terms = {name: np.where(np.isnan(values), np.inf, values) for name, values in terms.items()}  # inf * 0
        curve = regret.assign(bound=sum(terms.values()))
        for i, (name, values) in enumerate(terms.items()):
            curve.insert(i, name, values)
        trivial_bound = float(q.d * q.D * q.G[-1] * q.T)
    curve["slack"] = curve["bound"] - curve["regret"]
    columns = [*terms, "bound", "regret", "gap", "slack"]
    return Certificate(theorem, curve[columns], tuple(hypotheses), trivial_bound, regret["rounding"])

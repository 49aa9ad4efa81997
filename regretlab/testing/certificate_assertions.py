"""The assertion that no theorem about regret is violated."""

from __future__ import annotations

from collections.abc import Iterable

from regretlab._utils.types import ArrayLike
from regretlab.certificates import Certificate, CertificateViolated, certificates, certify
from regretlab.engine.trajectory import Trajectory
from regretlab.game import play_all
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet
from regretlab.testing.common import CheckFailed
from regretlab.testing.replay_code import replay_code

__all__ = ["assert_no_certificate_violation"]

_SHOWN = 12  # rows of a table


def assert_no_certificate_violation(
    learner: Learner,
    losses: Losses,
    feasible_set: FeasibleSet,
    horizon: int,
    *,
    theorem: str | None = None,
    seeds: Iterable[int] = (0,),
    checkpoints: Iterable[int] | None = None,
    start: ArrayLike | None = None,
    compiled: bool | None = None,
    progress: bool | None = None,
) -> None:
    """Assert that R_t <= bound_t at every checkpoint t, for each theorem whose hypotheses hold for the game.

    A violation is a mistake in the learner, the losses (not convex, or wrong gradients), the projection, or the
    theorem.  It is a failure, too, when no theorem applies, or when all bounds are vacuous at the horizon: no regret
    could break those, and nothing would be asserted.  As in :func:`assert_regret_below`, there is no averaging over
    seeds, and R_t is the lower end of [regret, regret + gap].

    Parameters
    ----------
    learner : Learner
    losses : Losses
    feasible_set : FeasibleSet
    horizon : int
        T, the number of rounds.
    theorem : str, optional
        One of :data:`regretlab.certificates.THEOREMS`; by default all that apply to the learner.  For a
        named theorem the assertion also fails when a hypothesis does not hold, or when that theorem is known to be
        wrong; its bound may be vacuous.
    seeds : iterable of int
        At least one.
    checkpoints : iterable of int, optional
        The rounds t; by default about 32 per decade.
    start : float or array (d,), optional
        x_1 in F; by default the point of F nearest to the origin.
    compiled : bool, optional
        Whether to compile the loop over rounds; by default where that is faster.
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.

    Raises
    ------
    CheckFailed
        An AssertionError: with the certificate, the checkpoints at which the regret is above the bound, and the code
        that plays the game again; also when no theorem applies.
    TypeError, ValueError
        When the parts do not fit together, there is no seed, or no theorem has that name.
    GameError, GameInterrupted
        When a round fails, or on Ctrl-C.

    Examples
    --------
    >>> import regretlab as rl
    >>> from regretlab.testing import assert_no_certificate_violation
    >>> learner, losses = rl.learners.AMSGrad(alpha=0.5), rl.losses.Rademacher()
    >>> assert_no_certificate_violation(learner, losses, rl.sets.Box(-1.0, 1.0), horizon=300, seeds=range(2))
    """
    chosen = None if checkpoints is None else [int(t) for t in checkpoints]
    games = play_all(
        [learner],
        losses,
        feasible_set,
        horizon,
        seeds=seeds,
        start=start,
        checkpoints=chosen,
        ledger=True,
        compiled=compiled,
        progress=progress,
    )
    if not games:
        raise ValueError("seeds is empty: there is no game to certify")
    for game in games:
        failed, above = _failure(game, theorem)
        if failed:
            shown = "" if above is None else f"{above!r}\n{_table(above)}"
            raise CheckFailed(f"{failed} for seed {game.seed}\n{shown}{replay_code(game, chosen, start)}")


def _table(found: Certificate) -> str:
    """The first checkpoints at which the regret is above the bound, or nothing."""
    table = found.violations[["regret", "bound", "slack"]].head(_SHOWN)
    return f"{table.to_string(float_format='{:.6g}'.format)}\n" if len(table) else ""


def _failure(game: Trajectory, theorem: str | None) -> tuple[str, Certificate | None]:
    """What is wrong, or nothing, and the certificate that shows it."""
    try:
        found = certificates(game) if theorem is None else [certify(game, theorem)]
    except CertificateViolated as error:
        broken = error.certificate
        assert broken is not None
        return f"{broken.theorem.name} is broken, first in round {broken.violations.index[0]:,}", broken
    certified = [each for each in found if each.certified]
    if theorem is not None:
        return ("", None) if certified else (f"{theorem} is not certified", found[0])
    if not certified:
        return f"no certificate applies to {game.learner!r}", next(iter(found), None)
    if all(each.vacuous for each in certified):
        return f"every bound is vacuous, which no regret of {game.learner!r} could exceed,", certified[0]
    return "", None

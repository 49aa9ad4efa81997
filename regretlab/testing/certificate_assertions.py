"""The assertion that no theorem about regret is violated."""

from __future__ import annotations

from collections.abc import Iterable

from regretlab._utils.types import ArrayLike
from regretlab.certificates import certificates, certify
from regretlab.game import play_all
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet
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
    theorem.  As in :func:`assert_regret_below`, there is no averaging over seeds, and R_t is the lower end of
    [regret, regret + gap].

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
        wrong.
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
    AssertionError
        With the certificate, the checkpoints at which the regret is above the bound, and the code that plays the game
        again.
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
        for found in certificates(game) if theorem is None else [certify(game, theorem)]:
            above = found.violations
            if not found.certified and theorem is not None:
                reason = "is not certified"
            elif found.certified and len(above):
                reason = f"is broken, first in round {above.index[0]:,}"
            else:
                continue
            table = above[["regret", "bound", "slack"]].head(_SHOWN)
            raise AssertionError(
                f"{found.theorem.name} {reason} for seed {game.seed}\n{found!r}\n"
                + (f"{table.to_string(float_format='{:.6g}'.format)}\n" if len(table) else "")
                + replay_code(game, chosen, start)
            )

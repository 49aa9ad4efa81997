"""Assertions for your own test suite: how fast regret grows, and that it stays below a bound or a certificate.

Each plays the games it is about.  A failure prints the table of what was measured and the code that
plays the worst game again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.analysis.horizons import AnyLearner, default_horizons, play_to
from regretlab.analysis.scaling import fit
from regretlab.certificates import certificates, certify
from regretlab.engine.trajectory import Trajectory
from regretlab.game import play_all
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet

__all__ = ["assert_no_certificate_violation", "assert_regret_below", "assert_sublinear_regret"]

_CONFIDENCE = 0.999
_SHOWN = 12  # rows of a table
_IMPORTS = "; ".join(f"from regretlab.{part} import *" for part in ("game", "learners", "losses", "schedules", "sets"))


# -- growth ------------------------------------------------------------------------


def assert_sublinear_regret(
    learner: AnyLearner,
    losses: Losses,
    feasible_set: FeasibleSet,
    *,
    exponent: float = 0.5,
    horizons: Iterable[int] | None = None,
    seeds: Iterable[int] = range(32),
    tolerance: float = 0.05,
    **options: Any,
) -> None:
    """Fail when R_T grows faster than T^exponent.

    The games fail when the whole interval of :func:`regretlab.analysis.scaling.fit`, at confidence 0.999, lies above
    ``exponent + tolerance``.  Regret that is negative, or does not grow beyond its noise, passes: O(T^a) is an
    upper bound.

    In 1,000 repetitions on sqrt T |N(0, 1)| with noise like a random walk there was no false alarm, with 8 to 64
    seeds and the horizons 2^5, ..., 2^16 or 2^8, ..., 2^13, nor for OGD and AMSGrad on random signs with 16 and
    32 seeds.  What is caught depends on the range more than on the seeds: T/10 in the noise of a walk in all of
    1,000 repetitions with 16 seeds for either range; T^0.75 in twice that noise in all with the first range, in
    22% with the second.

    Parameters
    ----------
    learner : Learner, or a function horizon -> Learner
        Played once to the longest horizon and read at all of them; or anew for each horizon.
    losses, feasible_set
        What to play on.
    exponent : float
        a in R_T = O(T^a); 0.5 for the guarantees of Reddi et al. (2018).
    horizons : iterable of int
        At least four over at least four doublings, by default :func:`regretlab.analysis.horizons.default_horizons`;
        multiples of the period where the sequence has one.
    seeds : iterable of int
        At least eight; for a sequence that is not random one is enough.
    tolerance : float
        Room for logarithms and short horizons.
    options
        Further keywords of :func:`regretlab.play`.

    Raises
    ------
    AssertionError
        With the table of the regret and the code that plays the worst game again.
    ValueError
        When there are too few horizons or seeds to say anything.
    """
    chosen = default_horizons(losses) if horizons is None else horizons
    rounds, regret, games = play_to(learner, losses, feasible_set, chosen, seeds, **options)
    found = fit(rounds, regret, confidence=_CONFIDENCE)
    if np.isnan(found.exponent):
        raise ValueError(f"horizons={rounds}, {len(games)} seeds: {found.reason}")
    if found.low <= exponent + tolerance:
        return
    table = found.table[["mean", "std", "max"]].assign(**{f"mean / T^{exponent:g}": found.regret.mean(axis=1)})
    table.iloc[:, -1] /= found.horizons**exponent
    worst = games[int(np.argmax(regret[-1]))]
    raise AssertionError(
        f"the regret of {worst.learner!r} on {losses!r} grows like T^{found.exponent:.3f} "
        f"(interval [{found.low:.3f}, {found.high:.3f}] at confidence {_CONFIDENCE:g}), faster than T^{exponent:g}\n"
        f"{table.to_string(float_format='{:.6g}'.format)}\n"
        f"seed with the largest regret: {worst.seed}\n{_replay(worst, rounds, options)}"
    )


# -- bounds ------------------------------------------------------------------------


def assert_regret_below(
    bound: float | Callable[[Array], ArrayLike],
    learner: Learner,
    losses: Losses,
    feasible_set: FeasibleSet,
    horizon: int,
    *,
    seeds: Iterable[int] = (0,),
    checkpoints: Iterable[int] | None = None,
    **options: Any,
) -> None:
    """Fail when R_t > bound(t) at a checkpoint t of a game.

    A bound that holds for every sequence, as those of theorems do, must hold for every seed: nothing is
    averaged and no chance is allowed for.  Where comparators are found numerically, R_t is the lower end of
    [regret, regret + gap]: what fails is above the bound for certain.

    Parameters
    ----------
    bound : float, or a function of an array of rounds (n,) -> (n,)
        Not nan; inf is no bound.
    learner, losses, feasible_set, horizon
        What to play, and for how many rounds.
    seeds : iterable of int
    checkpoints : iterable of int, optional
        Where R_t is compared; by default about 32 rounds per decade.
    options
        Further keywords of :func:`regretlab.play`.

    Raises
    ------
    AssertionError
        With the checkpoints where the worst game is above the bound, and the code that plays it again.
    """
    chosen = None if checkpoints is None else [int(t) for t in checkpoints]
    games = play_all([learner], losses, feasible_set, horizon, seeds=seeds, checkpoints=chosen, **options)
    if not games:
        raise ValueError("seeds is empty: there is no game to compare with the bound")
    t = games[0].regret.index.to_numpy()
    values = np.asarray(bound(t.astype(np.float64)) if callable(bound) else bound, dtype=np.float64)
    if values.shape not in ((), t.shape) or np.isnan(values).any():
        raise ValueError(
            f"bound={bound!r} gave {values!r} for {t.size} rounds; it must be one number for each, not nan"
        )
    excess = np.array([game.regret["regret"].to_numpy() for game in games]) - values
    above = excess > 0.0
    if not above.any():
        return
    worst = int(np.argmax(excess.max(axis=1)))
    table = games[worst].regret.assign(bound=values, excess=excess[worst])[above[worst]]
    hidden = len(table) - _SHOWN
    table = table[["regret", "bound", "excess"]].sort_values("excess", ascending=False).head(_SHOWN).sort_index()
    raise AssertionError(
        f"the regret of {learner!r} on {losses!r} is above the bound in {int(above.any(axis=1).sum())} of "
        f"{len(games)} games, first in round {t[above.any(axis=0)][0]:,}; the worst has seed {games[worst].seed}:\n"
        f"{table.to_string(float_format='{:.6g}'.format)}\n"
        + (f"and {hidden} more checkpoints\n" if hidden > 0 else "")
        + _replay(games[worst], chosen, options)
    )


# -- certificates --------------------------------------------------------------------


def assert_no_certificate_violation(
    learner: Learner,
    losses: Losses,
    feasible_set: FeasibleSet,
    horizon: int,
    *,
    theorem: str | None = None,
    seeds: Iterable[int] = (0,),
    checkpoints: Iterable[int] | None = None,
    **options: Any,
) -> None:
    """Fail when the regret is above a bound that is a theorem whose hypotheses hold for the game.

    That would be a mistake in a learner, a sequence (losses that are not convex, gradients that are none), a
    projection, or a theorem: nothing is averaged and no chance is allowed for.  As for
    :func:`assert_regret_below`, R_t is the lower end of [regret, regret + gap].

    Parameters
    ----------
    learner, losses, feasible_set, horizon
        What to play, and for how many rounds.
    theorem : str, optional
        One of :data:`regretlab.certificates.THEOREMS`; by default all that apply.  With a name, a hypothesis
        that does not hold, or a claim that is no theorem, fails too.
    seeds, checkpoints, options
        As for :func:`assert_regret_below`.

    Raises
    ------
    AssertionError
        With the certificate, the checkpoints where the regret is above it, and the code that plays that game again.
    """
    chosen = None if checkpoints is None else [int(t) for t in checkpoints]
    games = play_all([learner], losses, feasible_set, horizon, seeds=seeds, checkpoints=chosen, ledger=True, **options)
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
                + _replay(game, chosen, options)
            )


# -- messages ----------------------------------------------------------------------


def _replay(game: Trajectory, checkpoints: list[int] | None, options: dict[str, Any]) -> str:
    """The code that plays ``game`` again."""
    F = re.sub(r"\)\^\d+", ")", repr(game.feasible_set))  # its dimension is that of the losses
    further = {"seed": game.seed, "checkpoints": checkpoints, "start": options.get("start")}
    keywords = "".join(f", {name}={value!r}" for name, value in further.items() if value is not None)
    play = f"play({game.learner!r}, {game.losses!r}, {F}, {game.horizon}{keywords})"
    return f"play it again:\n    {_IMPORTS}\n    game = {play}"

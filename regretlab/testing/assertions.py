"""Assertions for your own test suite: that regret grows no faster than a power of T, or stays below a bound.

Each assertion plays its own games.  On failure it prints the measured regret, and code that plays the worst game again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.analysis.horizons import AnyLearner, default_horizons, play_to
from regretlab.analysis.scaling import fit
from regretlab.game import play_all
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet
from regretlab.testing.replay_code import replay_code

__all__ = ["assert_regret_below", "assert_sublinear_regret"]

_CONFIDENCE = 0.999
_SHOWN = 12  # rows of a table


def assert_sublinear_regret(
    learner: AnyLearner,
    losses: Losses,
    feasible_set: FeasibleSet,
    *,
    exponent: float = 0.5,
    horizons: Iterable[int] | None = None,
    seeds: Iterable[int] = range(32),
    tolerance: float = 0.05,
    start: ArrayLike | None = None,
    compiled: bool | None = None,
    progress: bool | None = None,
) -> None:
    """Assert that R_T = O(T^exponent): fail when a fit shows, with high confidence, that R_T grows faster.

    :func:`regretlab.analysis.scaling.fit` estimates the exponent of R_T.  The assertion fails when the whole interval
    of this estimate, at confidence 0.999, lies above ``exponent + tolerance``.  Regret that is negative, or does not
    grow beyond its noise, passes: O(T^a) is an upper bound.

    There was no false alarm in 1,000 repetitions with R_T = sqrt T |N(0, 1)| and noise like a random walk, for 8 to 64
    seeds and the horizons 2^5, ..., 2^16 or 2^8, ..., 2^13, nor for OGD and AMSGrad on random signs with 16 and 32
    seeds.  With 16 seeds, R_T = T/10 with that noise failed in all of 1,000 repetitions, with either set of horizons.
    R_T = T^0.75 with twice that noise failed in all of them with the first set, and in 22% with the second.  So a long
    range of horizons counts more than many seeds.

    Parameters
    ----------
    learner : Learner, or a function horizon -> Learner
        A learner plays one game for each seed to the longest horizon, and R_T is taken at the shorter ones on the way.
        A function makes a learner for each horizon, and each of them plays new games.
    losses : Losses
    feasible_set : FeasibleSet
    exponent : float
        a in R_T = O(T^a); 0.5 for the guarantees of Reddi et al. (2018).
    horizons : iterable of int
        At least four, the longest at least 16 times the shortest; multiples of the period of a periodic sequence.
        By default :func:`regretlab.analysis.horizons.default_horizons`.
    seeds : iterable of int
        At least eight; for a sequence that is not random one is enough.
    tolerance : float
        By how much the lower end of the interval may exceed ``exponent``: room for logarithms and short horizons.
    start : float or array (d,), optional
        x_1 in F; by default the point of F nearest to the origin.
    compiled : bool, optional
        Whether to compile the loop over rounds; by default where that is faster.
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.

    Raises
    ------
    AssertionError
        With a table of the regret, and the code that plays the game with the largest regret again.
    TypeError, ValueError
        When the parts do not fit together, or there are too few horizons or seeds to estimate an exponent.
    GameError, GameInterrupted
        When a round fails, or on Ctrl-C.

    Examples
    --------
    >>> import regretlab as rl
    >>> from regretlab.testing import assert_sublinear_regret
    >>> learner, losses = rl.learners.AMSGrad(alpha=0.5), rl.losses.Mod3(C=3.0)
    >>> assert_sublinear_regret(learner, losses, rl.sets.Box(-1.0, 1.0), horizons=[48, 96, 192, 384, 768], seeds=[0])
    """
    chosen = default_horizons(losses) if horizons is None else horizons
    rounds, regret, games = play_to(
        learner, losses, feasible_set, chosen, seeds, start=start, compiled=compiled, progress=progress
    )
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
        f"seed with the largest regret: {worst.seed}\n{replay_code(worst, rounds, start)}"
    )


def assert_regret_below(
    bound: float | Callable[[Array], ArrayLike],
    learner: Learner,
    losses: Losses,
    feasible_set: FeasibleSet,
    horizon: int,
    *,
    seeds: Iterable[int] = (0,),
    checkpoints: Iterable[int] | None = None,
    start: ArrayLike | None = None,
    compiled: bool | None = None,
    progress: bool | None = None,
) -> None:
    """Assert that R_t <= bound(t) at every checkpoint t, for every seed.

    There is no averaging over seeds: a bound that holds for every sequence of losses, as those of theorems do, holds
    for every seed.  Where comparators are found numerically, R_t is the lower end of [regret, regret + gap], so that
    numerical error is no failure.

    Parameters
    ----------
    bound : float, or a function of an array of rounds (n,) -> (n,)
        Not NaN; inf where there is no bound.
    learner : Learner
    losses : Losses
    feasible_set : FeasibleSet
    horizon : int
        T, the number of rounds.
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
        With the checkpoints at which the worst game is above the bound, and the code that plays that game again.
    TypeError, ValueError
        When the parts do not fit together, there is no seed, or the bound is not a number for each round.
    GameError, GameInterrupted
        When a round fails, or on Ctrl-C.

    Examples
    --------
    >>> import numpy as np
    >>> import regretlab as rl
    >>> from regretlab.testing import assert_regret_below
    >>> learner, losses = rl.learners.AMSGrad(alpha=0.5), rl.losses.Mod3(C=3.0)
    >>> assert_regret_below(lambda t: 4.0 * np.sqrt(t), learner, losses, rl.sets.Box(-1.0, 1.0), horizon=1000)
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
        compiled=compiled,
        progress=progress,
    )
    if not games:
        raise ValueError("seeds is empty: there is no game to compare with the bound")
    t = games[0].regret.index.to_numpy()
    values = np.asarray(bound(t.astype(np.float64)) if callable(bound) else bound, dtype=np.float64)
    if values.shape not in ((), t.shape) or np.isnan(values).any():
        raise ValueError(f"bound={bound!r} gave {values!r} for {t.size} rounds; it must be a number for each, not nan")
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
        + replay_code(games[worst], chosen, start)
    )

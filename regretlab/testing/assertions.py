"""Assertions for your own test suite: that regret grows no faster than a power of T, or stays below a bound.

Each assertion plays its own games.  On failure it prints the measured regret, and code that plays the worst game again.

An assertion that passes has shown something: it would have failed for a learner that never moves from x_1.  If that one
passes, too, the assertion fails.  On fair random signs, for instance, every learner has regret of order sqrt(T).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import finite, reals, within
from regretlab.analysis.growth import average
from regretlab.analysis.horizons import AnyLearner, check_distinct, default_horizons, play_to
from regretlab.analysis.scaling import fit
from regretlab.game import Game, play_all
from regretlab.learners.base import Algorithm1, Learner
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet
from regretlab.testing.replay_code import replay_code

__all__ = ["assert_regret_below", "assert_sublinear_regret"]

_CONFIDENCE = 0.999
_SHOWN = 12  # rows of a table
_ANOTHER = "choose losses with a drift, such as Rademacher(drift=0.3) or Mod3(), another start, or longer games"


@dataclass(frozen=True)
class Unmoved(Algorithm1):
    """x_{t+1} = x_t: stays at x_1, as a control."""

    @staticmethod
    def rule(g: float) -> tuple[tuple[()], float, float]:
        return (), 0.0 * g, 1.0


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

    The assertion also fails when the regret of a learner that stays at x_1 does not grow faster than T^(exponent +
    tolerance), with confidence 0.99, since then it would pass for any mistake; and when the mean regret at the longest
    horizon is not less than that of this learner.

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
        a in R_T = O(T^a); 0.5 for the guarantees of Reddi et al. (2018).  ``exponent + tolerance`` is below 1, since
        R_T = O(T) holds for every learner on a bounded set.
    horizons : iterable of int
        At least four, the longest at least 16 times the shortest; multiples of the period of a periodic sequence.
        By default :func:`regretlab.analysis.horizons.default_horizons`.
    seeds : iterable of int
        At least eight, none twice; for a sequence that is not random one is enough, and more count as one.
    tolerance : float
        By how much the lower end of the interval may exceed ``exponent``, at least 0: room for logarithms and short
        horizons.
    start : float or array (d,), optional
        x_1 in F; by default the point of F nearest to the origin.
    compiled : bool, optional
        Whether to compile the loop over rounds; by default where that is faster.
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.

    Raises
    ------
    AssertionError
        With a table of the regret, and the code that plays the game with the largest regret again; when a learner that
        stays at x_1 passes, too, or does as well.
    TypeError, ValueError
        When the parts do not fit together, an argument is out of range, or there are too few horizons or seeds to
        estimate an exponent.
    GameError, GameInterrupted
        When a round fails, or on Ctrl-C.

    Examples
    --------
    >>> import regretlab as rl
    >>> from regretlab.testing import assert_sublinear_regret
    >>> learner, losses = rl.learners.AMSGrad(alpha=0.5), rl.losses.Mod3(C=3.0)
    >>> assert_sublinear_regret(learner, losses, rl.sets.Box(-1.0, 1.0), horizons=[48, 96, 192, 384, 768], seeds=[0])
    """
    finite(exponent=exponent)
    within("[0, inf)", tolerance=tolerance)
    if exponent + tolerance >= 1.0:
        raise ValueError(
            f"exponent={exponent!r} and tolerance={tolerance!r} must have a sum below 1: every learner has R_T = O(T)"
        )
    chosen, drawn = default_horizons(losses) if horizons is None else _listed(horizons=horizons), _listed(seeds=seeds)
    options: Any = {"start": start, "compiled": compiled, "progress": progress}
    rounds, regret, games = play_to(learner, losses, feasible_set, chosen, drawn, **options)
    found = fit(rounds, regret, confidence=_CONFIDENCE)
    if np.isnan(found.exponent):
        raise ValueError(f"horizons={rounds}, {len(games)} seeds: {found.reason}")
    if found.low <= exponent + tolerance:
        _, unmoved, _ = play_to(Unmoved(), losses, feasible_set, chosen, drawn, **options)
        control = fit(rounds, unmoved)
        if not control.low > exponent + tolerance:
            raise AssertionError(
                f"this assertion cannot fail on {losses!r}: a learner that never moves from x_1 passes, too, with the "
                f"exponent {control.exponent:.3f} in [{control.low:.3f}, {control.high:.3f}]; {_ANOTHER}"
            )
        if not average(regret[-1]) < average(unmoved[-1]):
            raise AssertionError(
                f"the regret of {games[0].learner!r} on {losses!r} is {average(regret[-1]):.6g} at T = {rounds[-1]:,}, "
                f"not less than the {average(unmoved[-1]):.6g} of a learner that never moves from x_1: a wrong sign, a "
                "wrong stepsize, or horizons that are too short to tell"
            )
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
    numerical error is no failure.  The assertion also fails when a learner that stays at x_1 is below the bound, too,
    at every checkpoint and for every seed: then the bound is vacuous on these losses.

    Parameters
    ----------
    bound : float, or a function of an array of rounds (n,) -> (n,)
        Real numbers, not NaN; inf where there is no bound.
    learner : Learner
    losses : Losses
    feasible_set : FeasibleSet
    horizon : int
        T, the number of rounds.
    seeds : iterable of int
        At least one, none twice.
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
        With the checkpoints at which the worst game is above the bound, and the code that plays that game again; when a
        learner that stays at x_1 is below the bound, too.
    TypeError, ValueError
        When the parts do not fit together, there is no seed or one stands twice, or the bound is not a number for each
        round.
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
    if isinstance(bound, Learner):
        raise TypeError(f"bound={bound!r} is a learner; the order is bound, learner, losses, feasible_set, horizon")
    chosen, drawn = None if checkpoints is None else _listed(checkpoints=checkpoints), _listed(seeds=seeds)
    if not drawn:
        raise ValueError("seeds is empty: there is no game to compare with the bound")
    check_distinct(drawn)
    options: Any = {"seeds": drawn, "start": start, "checkpoints": chosen, "compiled": compiled, "progress": progress}
    games = play_all([learner], losses, feasible_set, horizon, **options)
    t = games[0].regret.index.to_numpy()
    values = reals("bound", bound(t.astype(np.float64)) if callable(bound) else bound)
    if values.shape not in ((), t.shape) or np.isnan(values).any():
        raise ValueError(f"bound={bound!r} gave {values!r} for {t.size} rounds; it must be a number for each, not nan")
    excess = _regrets(games) - values
    above = excess > 0.0
    if not above.any():
        unmoved = _regrets(play_all([Unmoved()], losses, feasible_set, horizon, **options))
        if (unmoved > values).any():
            return
        raise AssertionError(
            f"this bound cannot fail on {losses!r}: a learner that never moves from x_1 stays below it, too, with a "
            f"regret of at most {unmoved.max():.6g} in {len(games)} games of {t[-1]:,} rounds; {_ANOTHER}"
        )
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


def _regrets(games: Sequence[Game]) -> Array:
    """(games, n): R_t at the checkpoints."""
    return np.array([game.regret["regret"].to_numpy() for game in games])


def _listed(**given: Iterable[int]) -> list[int]:
    """An argument as a list; ``TypeError`` if it is a text or cannot be one."""
    ((name, value),) = given.items()
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise TypeError(f"{name}={value!r} must be several integers, such as a list or a range")
    return list(value)

"""Assertions for your own test suite."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from regretlab.comparison import play_all
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.scaling import growth
from regretlab.sets import FeasibleSet

__all__ = ["assert_sublinear_regret"]

_HORIZONS = tuple(2**k for k in range(10, 18))


def assert_sublinear_regret(
    learner: Learner,
    losses: Losses,
    feasible_set: FeasibleSet,
    *,
    exponent: float = 0.5,
    horizons: Iterable[int] = _HORIZONS,
    seeds: Iterable[int] = range(32),
    tolerance: float = 0.05,
    **options: Any,
) -> None:
    """Fail when the regret grows faster than T^exponent.

    The games are played once to the longest horizon and read at all of them;
    they fail when the whole interval of :func:`regretlab.scaling.growth` lies
    above ``exponent + tolerance``.  Negative regret passes: O(T^a) is an upper bound.

    Parameters
    ----------
    learner, losses, feasible_set
        What to play.
    exponent : float
        a in R_T = O(T^a); 0.5 for the guarantees of Reddi et al. (2018).
    horizons : iterable of int
        At least four, over as many doublings as you can afford.
    seeds : iterable of int
        For a sequence that is not random one is enough.
    tolerance : float
        Room for logarithms and short horizons.
    options
        Further keywords of :func:`regretlab.play`.

    Raises
    ------
    AssertionError
        With the table of the regret and the worst seed.
    """
    rounds, chosen = sorted(set(horizons)), list(seeds)
    games = play_all([learner], losses, feasible_set, rounds[-1], seeds=chosen, checkpoints=rounds, **options)
    frames = [game.regret["regret"].loc[rounds] for game in games]
    regret = np.array(frames).T
    found = growth(rounds, regret)
    if found.low <= exponent + tolerance:
        return
    worst = chosen[int(np.argmax(regret[-1]))]
    lines = [f"{'T':>12} {'mean R_T':>14} {'max R_T':>14} {f'mean / T^{exponent:g}':>16}"]
    for T, row in zip(rounds, regret, strict=True):
        lines.append(f"{T:>12,} {row.mean():>14.6g} {row.max():>14.6g} {row.mean() / T**exponent:>16.6g}")
    raise AssertionError(
        f"the regret of {learner!r} on {losses!r} grows like T^{found.exponent:.3f} "
        f"(interval [{found.low:.3f}, {found.high:.3f}]), faster than T^{exponent:g}\n"
        + "\n".join(lines)
        + f"\nseed with the largest regret: {worst}"
    )

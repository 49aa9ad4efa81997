"""The best points in hindsight, u = argmin_{u in F} sum_s f_s(u), with a bound on how far from it they are."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from regretlab._typing import Array, Rounds
from regretlab.comparators.accelerated import accelerate
from regretlab.comparators.bracket import Bracket
from regretlab.comparators.bundle import Bundle
from regretlab.comparators.descent import Newton, Secants, descend_smoothed
from regretlab.comparators.interval import minimize_on_interval
from regretlab.comparators.links import LinkSums
from regretlab.comparators.quadratic import Quadratic
from regretlab.comparators.sums import Sums, Total, sums_of

if TYPE_CHECKING:
    from regretlab.game import Game

__all__ = ["Best", "ComparatorWarning", "Solver", "minimize_sums", "progress", "sums_at", "warn_of"]

_DENSE = 1000  # dimension from which no matrix is kept


class ComparatorWarning(UserWarning):
    """A best point in hindsight was not found as exactly as it should be; the gap says how exactly it was."""


class Best(NamedTuple):
    """A point u of F, F(u), and how far that may be above the minimum."""

    point: Array
    value: float
    gap: float
    tolerated: bool
    """Whether the gap is at most 1e-8 of 1 + max(|sum_s f_s(x_s)|, sum_s |f_s(u)|)."""


class Solver:
    """Minimises sums of losses over spans of rounds, each from where the last one ended.

    * d = 1: closing in on the change of sign of the subgradient.
    * d > 1000: accelerated projected gradients.
    * Links with kinks: Newton's method on smoothed links, then kink by kink.
    * Other links, and whatever else is smooth: Newton's method, with secants for
      second derivatives beyond d = 64 or where only values and gradients are known.
    * What these do not solve: a bundle of tangents.
    """

    def __init__(self, sums: Sums, u: Array | None = None) -> None:
        self.sums = sums
        self.u = sums.feasible_set.nearest_to_origin() if u is None else u
        self._quadratic, self._secants = Quadratic(sums.feasible_set), Secants()
        self._rounds, self._steepness = 0, 0.0

    def minimize(self, start: int, stop: int, paid: float) -> Best:
        """The best point for the rounds start, ..., stop - 1, in which ``paid`` was paid."""
        sums, span, bracket = self.sums, (start, stop), Bracket(self.sums, paid)
        if self._rounds:
            self._secants.scale((stop - start) / self._rounds)
            self._steepness *= (stop - start) / self._rounds
        self._rounds = stop - start
        if self.u.size == 1:
            minimize_on_interval(sums, span, self.u, bracket)
        elif self.u.size > _DENSE:
            self._steepness = accelerate(sums, span, self.u, bracket, self._steepness)
        else:
            newton = Newton(sums, span, self.u, bracket, self._quadratic, self._secants)
            if isinstance(sums, LinkSums) and not sums.smooth:
                descend_smoothed(newton, sums)
            else:
                newton.run()
                if not bracket.done and not sums.smooth:
                    Bundle(newton.tangents).narrow(sums, span, bracket, self._quadratic)
        self.u = bracket.point
        return Best(bracket.point, bracket.value, bracket.gap, bracket.tolerated)


_solved: WeakKeyDictionary[Game, dict[int, Best]] = WeakKeyDictionary()


def minimize_sums(game: Game, t: Rounds) -> tuple[Array, Array, Array]:
    """u_t = argmin_{u in F} sum_{s<=t} f_s(u): points (h, d), values (h,) and gaps (h,).

    What was found for a game is remembered.

    Warns
    -----
    ComparatorWarning
        Once for a game, when a gap is not small.
    """
    known = _solved.setdefault(game, {})
    todo = [int(stop) for stop in t if int(stop) not in known]
    if todo:
        before = max((s for s in known if s < todo[0]), default=None)
        solver = Solver(sums_of(game), None if before is None else known[before].point)
        paid = dict(zip(game.record.t.tolist(), game.record.loss.sum(axis=(1, 2)).tolist(), strict=True))
        told = not all(best.tolerated for best in known.values())
        with progress(sum(todo)) as tick:
            for stop in todo:
                known[stop] = solver.minimize(1, stop + 1, paid.get(stop, 0.0))
                tick(stop)
        if not told:
            warn_of(game, {stop: known[stop] for stop in todo})
    found = [known[int(stop)] for stop in t]
    points = np.array([best.point for best in found]).reshape(len(found), game.state.point.size)
    return points, np.array([best.value for best in found]), np.array([best.gap for best in found])


def warn_of(game: Game, found: dict[int, Best]) -> None:
    """Warn of the widest gap, if it is not tolerated."""
    wide = [stop for stop, best in found.items() if not best.tolerated]
    if wide:
        worst = max(wide, key=lambda stop: found[stop].gap)
        warnings.warn(
            f"the best point of {game.feasible_set!r} for {game.losses!r} up to round t = {worst:,} is only known "
            f"up to a gap of {found[worst].gap:.3g}, beside a sum of {found[worst].value:.6g}"
            + (f", and so at {len(wide) - 1} more rounds" if len(wide) > 1 else "")
            + "; the regret lies between the columns regret and regret + gap",
            ComparatorWarning,
            stacklevel=2,
        )


@contextmanager
def progress(rounds: int) -> Iterator[Callable[[int], object]]:
    """A progress bar, on a terminal, for a search through this many rounds."""
    from tqdm import tqdm  # imported when used: it would slow down the import of the package

    with tqdm(
        total=rounds, desc="comparators", unit=" rounds", unit_scale=True, disable=None, delay=1.0, leave=False
    ) as bar:
        yield bar.update


def sums_at(game: Game, t: Rounds, u: Array) -> Array:
    """(h,): sum_{s<=t} f_s(u) for increasing rounds t of shape (h,)."""
    sums, total, start, values = sums_of(game), Total(), 1, []
    for stop in t:
        total.add(sums.value(u, start, int(stop) + 1))
        values.append(total.value)
        start = int(stop) + 1
    return np.array(values, dtype=np.float64)

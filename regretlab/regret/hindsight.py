"""The best points in hindsight, u = argmin_{u in F} sum_s f_s(u), with a bound on how far from it they are."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

import numpy as np

from regretlab._utils.types import Array, Rounds
from regretlab.engine.trajectory import Trajectory
from regretlab.regret.cumulative_loss import Sums, Total
from regretlab.regret.cumulative_prediction_loss import PredictionSums, sums_of
from regretlab.regret.solvers.accelerated_gradient import accelerate
from regretlab.regret.solvers.bundle import Bundle
from regretlab.regret.solvers.newton import Newton, Secants, descend_measured, descend_smoothed
from regretlab.regret.solvers.one_dimensional import minimize_on_interval
from regretlab.regret.solvers.optimality_gap import TOLERATED, Bracket
from regretlab.regret.solvers.quadratic_program import QuadraticSolver

__all__ = ["Best", "ComparatorWarning", "Solver", "minimize_sums", "progress", "sums_at", "warn_of"]

_NEWTON = 64  # dimension up to which matrices cost nothing
_DENSE = 1000  # dimension beyond which no matrix is kept


class ComparatorWarning(UserWarning):
    """A best point in hindsight was not found as exactly as it should be; the gap says how exactly it was."""


class Best(NamedTuple):
    """A point u of F, F(u), how far that may be above the minimum, and sum_s |f_s(u)|."""

    point: Array
    value: float
    gap: float
    size: float

    def tolerated(self, paid: float = 0.0) -> bool:
        """Whether the gap is at most 1e-8 of 1 + max(|paid|, sum_s |f_s(u)|), ``paid`` being sum_s f_s(x_s)."""
        return self.gap <= TOLERATED * (1.0 + max(abs(paid), self.size))


class Solver:
    """Minimises sums of losses over spans of rounds, each from where the last one ended.

    * d = 1: closing in on the change of sign of the subgradient.
    * 1 < d <= 64: Newton's method; where only values and gradients are known, with
      secants for second derivatives.
    * d > 64: accelerated projected gradients.  What these leave open, up to d = 1000:
      Newton's method, with differences of gradients, and secants from there on,
      for second derivatives that the sum cannot tell.
    * Links with kinks, 1 < d <= 1000: Newton's method on smoothed links, then kink by kink.
    * What these do not solve: a bundle of tangents.

    What is paid by a learner is not among the arguments: the answer is the same for all.
    """

    def __init__(self, sums: Sums, u: Array | None = None) -> None:
        self.sums = sums
        self.u = sums.feasible_set.nearest_to_origin() if u is None else u
        self._quadratic, self._secants = QuadraticSolver(sums.feasible_set), Secants()
        self._rounds, self._steepness = 0, 0.0

    def minimize(self, start: int, stop: int) -> Best:
        """The best point for the rounds start, ..., stop - 1."""
        sums, span, bracket, d = self.sums, (start, stop), Bracket(self.sums), self.u.size
        if self._rounds:
            self._secants.scale((stop - start) / self._rounds)
            self._steepness *= (stop - start) / self._rounds
        self._rounds = stop - start
        origin = sums.feasible_set.nearest_to_origin()  # what a learner plays first: it says what a small gap is
        bracket.add(origin, sums.at(origin, *span))
        kinks = isinstance(sums, PredictionSums) and not sums.smooth
        if d == 1:
            minimize_on_interval(sums, span, self.u, bracket)
        elif d > _DENSE or (d > _NEWTON and not kinks):
            self._steepness = accelerate(sums, span, self.u, bracket, self._steepness)
        if 1 < d <= _DENSE and not (bracket.done or (bracket.tolerated and d > _NEWTON)):
            u = bracket.point if d > _NEWTON else self.u
            newton = Newton(sums, span, u, bracket, self._quadratic, self._secants)
            if isinstance(sums, PredictionSums) and kinks:
                descend_smoothed(newton, sums)
            elif d > _NEWTON and not sums.bends:
                descend_measured(newton)
            else:
                newton.run()
            if not bracket.done and sums.smooth is None:
                Bundle(newton.tangents).narrow(sums, span, bracket, self._quadratic)
                self._secants = Secants()  # those across a kink are of no use to the next span
        self.u = bracket.point
        return Best(bracket.point, bracket.value, bracket.gap, bracket.size)


class _Known:
    """The best points found for prefixes of one sequence on one set at one seed."""

    def __init__(self, game: Trajectory) -> None:
        self.parts = game.losses, game.feasible_set  # alive for as long as this is, so that their ids are their own
        self.best: dict[int, Best] = {}


_known: WeakKeyDictionary[Trajectory, _Known] = WeakKeyDictionary()
_shared: WeakValueDictionary[Any, _Known] = WeakValueDictionary()


def minimize_sums(game: Trajectory, t: Rounds, near: Array | None = None) -> tuple[Array, Array, Array]:
    """u_t = argmin_{u in F} sum_{s<=t} f_s(u): points (h, d), values (h,) and gaps (h,) for increasing t.

    What was found is remembered for as long as there is a game of the same
    sequence, set and seed, and is the same for all of them: it does not depend on
    the learner.  ``near`` (h, d) are points of F to start from.

    Warns
    -----
    ComparatorWarning
        Once for a game, when a gap is not small beside what its learner paid.
    """
    known, asked = _known_of(game).best, [int(stop) for stop in t]
    todo = {stop: i for i, stop in enumerate(asked) if stop not in known}
    if todo:
        before = max((s for s in known if s < min(todo)), default=None)
        solver = Solver(sums_of(game), None if before is None else known[before].point)
        with progress(sum(todo)) as tick:
            for stop, i in todo.items():
                solver.u = solver.u if near is None else near[i]
                known[stop] = solver.minimize(1, stop + 1)
                tick(stop)
    if game not in _warned:
        paid = dict(zip(game.record.t.tolist(), game.record.loss.sum(axis=(1, 2)).tolist(), strict=True))
        wide = {stop: known[stop] for stop in asked if not known[stop].tolerated(paid.get(stop, 0.0))}
        if wide:
            _warned.add(game)
            warn_of(game, wide)
    found = [known[stop] for stop in asked]
    points = np.array([best.point for best in found]).reshape(len(found), game.state.point.size)
    return points, np.array([best.value for best in found]), np.array([best.gap for best in found])


_warned: WeakSet[Trajectory] = WeakSet()


def _known_of(game: Trajectory) -> _Known:
    """What is known of the sums of a game, shared with those of equal sequence, set and seed."""
    known = _known.get(game)
    if known is None:
        key = (_identity(game.losses), _identity(game.feasible_set), game.seed)
        known = _known[game] = _shared.setdefault(key, _Known(game))
    return known


def _identity(value: object) -> object:
    """What is equal for equal values: the value, or for one that cannot be compared its id."""
    try:
        hash(value)
    except TypeError:
        return id(value)
    return value


def warn_of(game: Trajectory, wide: dict[int, Best]) -> None:
    """Warn of the widest of these gaps."""
    worst = max(wide, key=lambda stop: wide[stop].gap)
    warnings.warn(
        f"the best point of {game.feasible_set!r} for {game.losses!r} up to round t = {worst:,} is only known "
        f"up to a gap of {wide[worst].gap:.3g}, beside a sum of {wide[worst].value:.6g}"
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


def sums_at(game: Trajectory, t: Rounds, u: Array) -> Array:
    """(h,): sum_{s<=t} f_s(u) for increasing rounds t of shape (h,)."""
    sums, total, start, values = sums_of(game), Total(), 1, []
    for stop in t:
        total.add(sums.value(u, start, int(stop) + 1))
        values.append(total.value)
        start = int(stop) + 1
    return np.array(values, dtype=np.float64)

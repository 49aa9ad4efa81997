"""The best point in hindsight, u = argmin_{v in F} S(v) with S(v) = sum_s f_s(v), and an upper bound on its error."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

import numpy as np

from regretlab._utils.extending import shipped
from regretlab._utils.progress import progress_bar
from regretlab._utils.types import Array, Rounds
from regretlab.engine.trajectory import Trajectory
from regretlab.regret.claims import check_least, check_unchanged
from regretlab.regret.cumulative_loss import Sums, Total
from regretlab.regret.cumulative_prediction_loss import PredictionSums, sums_of
from regretlab.regret.evidence import Evidence, trusted
from regretlab.regret.identity import identity
from regretlab.regret.solvers.accelerated_gradient import accelerate
from regretlab.regret.solvers.bundle import Bundle
from regretlab.regret.solvers.newton import Newton, QuasiNewton, minimize_with_differences, minimize_with_smoothing
from regretlab.regret.solvers.one_dimensional import minimize_on_interval
from regretlab.regret.solvers.optimality_gap import WARN_ABOVE, Minimum
from regretlab.regret.solvers.quadratic_program import QuadraticSolver

__all__ = [
    "Best",
    "ComparatorWarning",
    "Solver",
    "evidence_of",
    "minimize_sums",
    "sums_at",
    "warn_of_gaps",
]

_NEWTON = 64  # dimension up to which matrices cost next to nothing
_DENSE = 1000  # dimension beyond which no (d, d) matrix is kept
_TANGENTS = 64  # so many minorants are compared with the sums at other points
_PROBED = 8  # rounds
_ENDS = 4  # coordinates


class ComparatorWarning(UserWarning):
    """A best point in hindsight is less exact than it should be; the column gap says how exact it is."""


class Best(NamedTuple):
    """A point u of the feasible set F, S(u), an upper bound on S(u) - min_{v in F} S(v), and sum_s |f_s(u)|."""

    point: Array
    value: float
    gap: float
    size: float

    def tolerated(self, paid: float = 0.0) -> bool:
        """Whether the gap is at most 1e-8 of 1 + max(|paid|, sum_s |f_s(u)|), with paid = sum_s f_s(x_s)."""
        return self.gap <= WARN_ABOVE * (1.0 + max(abs(paid), self.size))


class Solver:
    """Minimises a cumulative loss S over F for one span of rounds after another, each from the last best point.

    * d = 1: closing in on the sign change of the subgradient.
    * 1 < d <= 64: Newton's method, with a BFGS approximation where the Hessian is not known.
    * d > 64: accelerated projected gradients.  If the gap is still large and d <= 1000: Newton's method, with a Hessian
      by differences of gradients where it is not known.
    * 1 < d <= 1000, pointwise losses with kinks: Newton's method on smoothed losses, then kink by kink.
    * 1 < d <= 1000, where S may have kinks and the gap is still large: then a proximal bundle method, too.

    The answer does not depend on what a learner paid, so that all learners share it.

    Parameters
    ----------
    loss : Sums
        On a bounded set.
    u : array (d,), optional
        Where to start; by default the point of the set that is nearest to the origin.
    evidence : Evidence, optional
        Sums at other points, which no lower bound may exceed; for the rounds that are asked for.
    """

    def __init__(self, loss: Sums, u: Array | None = None, evidence: Evidence | None = None) -> None:
        self.loss, self.evidence = loss, evidence
        self.u = loss.feasible_set.nearest_to_origin() if u is None else u
        self._quadratic, self._quasi_newton = QuadraticSolver(loss.feasible_set), QuasiNewton()
        self._rounds, self._steepness = 0, 0.0

    def minimize(self, start: int, stop: int) -> Best:
        """The best point for the rounds start, ..., stop - 1."""
        minimum, d = Minimum(self.loss, start, stop, 0 if self.evidence is None else _TANGENTS), self.u.size
        self._rescale(stop - start)
        # where learners start by default: an ordinary point, so that aim is small beside the losses there
        minimum.evaluate(self.loss.feasible_set.nearest_to_origin())
        kinked = isinstance(self.loss, PredictionSums) and not self.loss.smooth
        if d == 1:
            minimize_on_interval(minimum, self.u)
        elif d > _DENSE or (d > _NEWTON and not kinked):
            self._steepness = accelerate(minimum, self.u, self._steepness)
        if 1 < d <= _DENSE and not (minimum.done or (minimum.tolerated and d > _NEWTON)):
            self._minimize_with_matrices(minimum)
        if self.evidence is not None:
            minimum.lower = min(minimum.lower, self.evidence.check(start, stop, minimum.tangents))
        self.u = minimum.point
        return Best(minimum.point, minimum.value, minimum.gap, minimum.size)

    def _rescale(self, rounds: int) -> None:
        """Scale the approximate Hessian and the Lipschitz constant of the last span to one of so many rounds."""
        if self._rounds:
            self._quasi_newton.scale(rounds / self._rounds)
            self._steepness *= rounds / self._rounds
        self._rounds = rounds

    def _minimize_with_matrices(self, minimum: Minimum) -> None:
        """Run Newton's method, and then the bundle method if a gap is left and S may have kinks."""
        loss, large = self.loss, self.u.size > _NEWTON
        newton = Newton(minimum, minimum.point if large else self.u, self._quadratic, self._quasi_newton)
        if isinstance(loss, PredictionSums) and not loss.smooth:
            minimize_with_smoothing(newton, loss)
        elif large and not loss.has_hessian:
            minimize_with_differences(newton)
        else:
            newton.run()
        if not minimum.done and loss.smooth is None:
            Bundle(newton.evaluations).minimize(minimum, self._quadratic)
            self._quasi_newton = QuasiNewton()  # an approximate Hessian across kinks is useless for the next span


class _Cache:
    """The best points found so far for one sequence, set and seed; the keys of ``best`` are last rounds of prefixes."""

    def __init__(self, game: Trajectory) -> None:
        self.keys = game.losses, game.feasible_set  # references keep their ids from being used again
        self.best: dict[int, Best] = {}
        rounds = np.unique(np.geomspace(1, max(game.horizon, 1), _PROBED).astype(int)) if game.horizon else ()
        self._paid = {int(s): self._probe(game, int(s)) for s in rounds}

    def fits(self, game: Trajectory) -> bool:
        """Whether the losses of the game are still those of this cache, in some of its rounds at one point."""
        return shipped(type(game.losses)) or all(
            self._probe(game, s) == paid for s, paid in self._paid.items() if s <= game.horizon
        )

    def _probe(self, game: Trajectory, s: int) -> float:
        if shipped(type(game.losses)):
            return 0.0
        x = game.feasible_set.minimize_linear(np.sin(np.arange(1.0, game.state.point.size + 1.0)))
        return float(game.losses.reveal(s, x, game.seed).value(0.3 * x + 0.7 * game.feasible_set.nearest_to_origin()))


_cache_of_game: WeakKeyDictionary[Trajectory, _Cache] = WeakKeyDictionary()
_caches: WeakValueDictionary[Any, _Cache] = WeakValueDictionary()
_warned: WeakSet[Trajectory] = WeakSet()


def minimize_sums(game: Trajectory, t: Rounds, near: Array | None = None) -> tuple[Array, Array, Array]:
    """u_t = argmin_{u in F} sum_{s<=t} f_s(u): points (h, d), values (h,) and gaps (h,) for increasing t.

    The results do not depend on the learner.  They are cached for as long as a game with the same sequence, set and
    seed exists.  A sequence of your own is the same only if it is the same object, with the same content.

    Parameters
    ----------
    game : Trajectory
        Its losses can be evaluated at any point, and its set is bounded.
    t : array of int (h,)
        Increasing rounds, at least 1.
    near : array (h, d), optional
        Points of F to start from.

    Warns
    -----
    ComparatorWarning
        Once for a game, when a gap is not small beside what its learner paid.
    """
    cached, asked = _cache(game).best, [int(stop) for stop in t]
    todo = {stop: i for i, stop in enumerate(asked) if stop not in cached}
    if todo:
        before = max((s for s in cached if s < min(todo)), default=None)
        loss = sums_of(game)
        solver = Solver(loss, None if before is None else cached[before].point, evidence_of(game, loss, list(todo)))
        with progress_bar(sum(todo), description="comparators") as tick:
            for stop, i in todo.items():
                solver.u = solver.u if near is None else near[i]
                cached[stop] = solver.minimize(1, stop + 1)
                tick(stop)
    if game not in _warned:
        paid = dict(zip(game.record.t.tolist(), game.record.loss.sum(axis=(1, 2)).tolist(), strict=True))
        wide = {stop: cached[stop] for stop in asked if not cached[stop].tolerated(paid.get(stop, 0.0))}
        if wide:
            _warned.add(game)
            warn_of_gaps(game, wide)
    found = [cached[stop] for stop in asked]
    points = np.array([best.point for best in found]).reshape(len(found), game.state.point.size)
    return points, np.array([best.value for best in found]), np.array([best.gap for best in found])


def _cache(game: Trajectory) -> _Cache:
    """The cache of a game, shared by all games with the same sequence, set and seed."""
    cache = _cache_of_game.get(game)
    if cache is None:
        key = identity(game.losses), identity(game.feasible_set), game.seed
        cache = _caches.get(key)
        if cache is None or not cache.fits(game):
            cache = _caches[key] = _Cache(game)
        _cache_of_game[game] = cache
    return cache


def evidence_of(game: Trajectory, loss: Sums, stops: Sequence[int]) -> Evidence | None:
    """What the bounds on sums of the rounds 1, ..., t are compared with; None where nothing has to be checked.

    Raises
    ------
    ValueError
        When a loss is not convex, has a wrong gradient, or is not what the learner paid; when the set does not minimise
        linear functions.
    """
    if trusted(game.losses) and shipped(type(game.feasible_set)):
        return None
    if not shipped(type(game.losses)):
        check_unchanged(game, loss)
    F, d = game.feasible_set, game.state.point.size
    axes = np.eye(min(_ENDS, d), d)
    for c in (*axes, *-axes) if F.bounded else ():
        check_least(F, c, F.minimize_linear(c), game.record.point)
    return Evidence(game, loss, stops)


def warn_of_gaps(game: Trajectory, wide: dict[int, Best]) -> None:
    """Warn of the largest gap in ``wide``, which has the best points by the last round of their sums."""
    worst = max(wide, key=lambda stop: wide[stop].gap)
    warnings.warn(
        f"the best point of {game.feasible_set!r} for {game.losses!r} up to round t = {worst:,} is only known "
        f"up to a gap of {wide[worst].gap:.3g}, beside a sum of {wide[worst].value:.6g}"
        + (f", and so at {len(wide) - 1} more rounds" if len(wide) > 1 else "")
        + "; the regret lies between the columns regret and regret + gap",
        ComparatorWarning,
        stacklevel=2,
    )


def sums_at(game: Trajectory, t: Rounds, u: Array) -> Array:
    """(h,): sum_{s<=t} f_s(u) for increasing rounds t of shape (h,) and a point u (d,)."""
    loss, total, start, values = sums_of(game), Total(), 1, []
    for stop in t:
        total.add(loss.value(u, start, int(stop) + 1))
        values.append(total.value)
        start = int(stop) + 1
    return np.array(values, dtype=np.float64)

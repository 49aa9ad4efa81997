"""Comparators that move: what a path u_1, u_2, ... in F would have paid, and its length."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab.engine.replay import replay
from regretlab.engine.trajectory import Trajectory
from regretlab.losses.base import AdaptiveLosses, LinearLosses
from regretlab.regret.cumulative_loss import Total
from regretlab.regret.cumulative_prediction_loss import sums_of

__all__ = ["follow"]

_BLOCK = 4096  # rounds
_TOLERANCE = 1e-12


def follow(game: Trajectory, path: ArrayLike | Callable[[Rounds], ArrayLike]) -> tuple[Array, Array, Array, Array]:
    """At the checkpoints t: u_t (h, d), sum_{s<=t} f_s(u_s), zeros, and sum_{2<=s<=t} ||u_s - u_{s-1}||_2.

    ``path`` is an array (T, d) or a function of an array of rounds (n,) that
    gives (n, d); for d = 1 also (T,) or (n,).

    Raises
    ------
    ValueError
        For a wrong shape, NaN, or a point that is not in F.
    """
    d, h = game.state.point.size, len(game.record.t)
    points, losses, lengths = np.empty((h, d)), np.empty(h), np.empty(h)
    paid, length, last = Total(), Total(), None
    given: Any = path if callable(path) else _as_points(game, path, game.horizon)
    for start, cost in _costs(game):
        rounds = np.arange(start, cost.rounds + start)
        u = _as_points(game, given(rounds), len(rounds)) if callable(given) else given[rounds - 1]
        _check_inside(game, u, start, last)
        moved = np.linalg.norm(np.diff(u, axis=0, prepend=u[:1] if last is None else last[None]), axis=1)
        each = cost(u)
        here = np.flatnonzero((game.record.t >= start) & (game.record.t < start + len(rounds)))
        after = 0
        for i in here:
            stop = int(game.record.t[i]) - start + 1
            paid.add(math.fsum(each[after:stop].ravel()))
            length.add(math.fsum(moved[after:stop]))
            points[i], losses[i], lengths[i], after = u[stop - 1], paid.value, length.value, stop
        paid.add(math.fsum(each[after:].ravel()))
        length.add(math.fsum(moved[after:]))
        last = u[-1]
    return points, losses, np.zeros(h), lengths


class _Cost:
    """f_s(u_s), or its parts by coordinate, of a block of rounds, from the rows u_s."""

    def __init__(self, rounds: int, of: Callable[[Array], Array]) -> None:
        self.rounds, self._of = rounds, of

    def __call__(self, u: Array) -> Array:
        return self._of(u)


def _costs(game: Trajectory) -> Iterator[tuple[int, _Cost]]:
    """The first round of each block, and how to pay for it."""
    T = game.horizon
    if isinstance(game.losses, AdaptiveLosses):
        for played in replay(game):
            g = np.diff(played.gradient, axis=0) + np.diff(played.gradient_error, axis=0)
            yield int(played.t[0]), _Cost(len(g), g.__mul__)
        return
    sums = None if isinstance(game.losses, LinearLosses) else sums_of(game)
    for start in range(1, T + 1, _BLOCK):
        stop = min(start + _BLOCK, T + 1)
        if sums is None:
            assert isinstance(game.losses, LinearLosses)
            g = game.losses.block(start, stop, game.seed)
            yield start, _Cost(stop - start, g.__mul__)
        else:
            yield start, _Cost(stop - start, _at(sums, start))


def _at(sums: Any, start: int) -> Callable[[Array], Array]:
    return lambda u: sums.at_path(u, start)


def _as_points(game: Trajectory, given: object, n: int) -> Array:
    d = game.state.point.size
    points = np.asarray(given, dtype=np.float64)
    if points.shape == (n,) and d == 1:
        points = points[:, None]
    if points.shape != (n, d):
        raise ValueError(f"path has shape {points.shape}; it must be ({n}, {d}): a point for each of {n} rounds")
    return points


def _check_inside(game: Trajectory, u: Array, start: int, last: Array | None) -> None:
    for k, point in enumerate(u):
        if last is not None and np.array_equal(point, last):
            continue
        if not (np.isfinite(point).all() and game.feasible_set.contains(point, _TOLERANCE)):
            raise ValueError(f"path: u_{start + k} = {point} is not a point of {game.feasible_set!r}")
        last = point

"""Dynamic regret: the losses along a comparator path u_1, u_2, ... in F, and its length."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab._utils.validation import reals
from regretlab.engine.replay import replay
from regretlab.engine.trajectory import Trajectory
from regretlab.losses.base import AdaptiveLosses, LinearLosses
from regretlab.regret.cumulative_loss import Total
from regretlab.regret.cumulative_prediction_loss import sums_of
from regretlab.regret.requirements import check_oblivious, slack_of

__all__ = ["losses_along_path"]

_BLOCK = 4096  # rounds

Block = tuple[int, int, Callable[[Array], Array]]
"""The first round of a block, its number of rounds n, and a function of u (n, d) that returns the losses f_s(u_s):
(n,), or (n, d) by coordinate."""


def losses_along_path(
    game: Trajectory, path: ArrayLike | Callable[[Rounds], ArrayLike]
) -> tuple[Array, Array, Array, Array]:
    """At the h checkpoints t: u_t, sum_{s<=t} f_s(u_s), a gap of zero, and sum_{2<=s<=t} ||u_s - u_{s-1}||_2.

    The shapes are (h, d), (h,), (h,) and (h,).

    Parameters
    ----------
    game : Trajectory
    path : array (T, d), or function of an array of rounds (n,) that returns (n, d)
        For d = 1 also (T,) or (n,).

    Raises
    ------
    ValueError
        For a wrong shape, NaN, or a point that is not in F.
    TypeError
        When the path is not made of real numbers; for an adaptive sequence that is not linear.
    """
    check_oblivious(game)
    d, h = game.state.point.size, len(game.record.t)
    points, losses, lengths = np.empty((h, d)), np.empty(h), np.empty(h)
    paid, length, last = Total(), Total(), None
    given: Any = path if callable(path) else _as_points(game, path, game.horizon)
    for start, n, losses_at in _blocks(game):
        rounds = np.arange(start, start + n)
        u = _as_points(game, given(rounds), n) if callable(given) else given[rounds - 1]
        _check_inside(game, u, start, last)
        moved = np.linalg.norm(np.diff(u, axis=0, prepend=u[:1] if last is None else last[None]), axis=1)
        each = losses_at(u)
        done = 0
        for i in np.flatnonzero((game.record.t >= start) & (game.record.t < start + n)):
            stop = int(game.record.t[i]) - start + 1
            paid.add(math.fsum(each[done:stop].ravel()))
            length.add(math.fsum(moved[done:stop]))
            points[i], losses[i], lengths[i], done = u[stop - 1], paid.value, length.value, stop
        paid.add(math.fsum(each[done:].ravel()))
        length.add(math.fsum(moved[done:]))
        last = u[-1]
    return points, losses, np.zeros(h), lengths


def _blocks(game: Trajectory) -> Iterator[Block]:
    """The rounds of the game, block by block; an adaptive adversary has the gradients that it chose in the game."""
    if isinstance(game.losses, AdaptiveLosses):
        for played in replay(game):
            g = np.diff(played.gradient, axis=0) + np.diff(played.gradient_error, axis=0)
            yield int(played.t[0]), len(g), g.__mul__
        return
    loss = sums_of(game)
    for start in range(1, game.horizon + 1, _BLOCK):
        n = min(_BLOCK, game.horizon + 1 - start)
        if isinstance(game.losses, LinearLosses):
            yield start, n, game.losses.block(start, start + n, game.seed).__mul__
        else:
            yield start, n, partial(loss.along, start=start)


def _as_points(game: Trajectory, given: object, n: int) -> Array:
    """The points of n rounds as an array (n, d); ``ValueError`` for another shape."""
    d = game.state.point.size
    points = reals("path", given)  # type: ignore[arg-type]
    if points.shape == (n,) and d == 1:
        points = points[:, None]
    if points.shape != (n, d):
        raise ValueError(f"path has shape {points.shape}; it must be ({n}, {d}): a point for each of {n} rounds")
    return points


def _check_inside(game: Trajectory, u: Array, start: int, last: Array | None) -> None:
    """Raise ``ValueError`` unless the points are in F; a point that equals the one before is not checked again."""
    slack = slack_of(game.feasible_set)
    for k, point in enumerate(u):
        if last is not None and np.array_equal(point, last):
            continue
        if not (np.isfinite(point).all() and game.feasible_set.contains(point, slack)):
            raise ValueError(f"path: u_{start + k} = {point} is not a point of {game.feasible_set!r}")
        last = point

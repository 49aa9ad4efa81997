"""Whether losses are convex with right gradients: their values at a few points of F, which no bound may contradict.

A lower bound of a cumulative loss trusts the gradients, and that the losses are convex.  So losses that this package
does not know to be convex are evaluated at points of F beside those that a solver chooses.  If f_t(v) lies below the
tangent of f_t at another point, f_t is not convex or its gradient is wrong, and there is no regret.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NoReturn

import numpy as np

from regretlab._utils.extending import shipped
from regretlab._utils.types import Array
from regretlab.engine.trajectory import Trajectory
from regretlab.losses.base import Loss, Losses
from regretlab.losses.linear_predictions import PredictionLosses
from regretlab.regret.cumulative_loss import CallableSums, Sums, Tangent

__all__ = ["SLACK", "Evidence", "points_of", "trusted"]

SLACK = 1e-6
"""A contradiction below this times the size of the losses may be rounding: losses in single precision are allowed."""

_ENDS, _MIXED, _NEAR = 3, 6, (1e-1, 1e-2, 1e-3)  # how many points of F, and distances of pairs of them
_SUMMED = 12  # points at which all rounds are evaluated
_ROUNDS = 64
_BLOCK = 256  # rounds


def trusted(losses: Losses) -> bool:
    """Whether the losses are convex by construction: a class of this package, or its pointwise loss of predictions."""
    if isinstance(losses, PredictionLosses):
        kept = type(losses).reveal is PredictionLosses.reveal
        return kept and shipped(type(losses.link)) and float(losses.mu) >= 0.0
    return shipped(type(losses))


def points_of(game: Trajectory) -> Array:
    """(k, d): points of F: some that were played, and if F is bounded, extreme points, points between, near pairs."""
    F, d, rng = game.feasible_set, game.state.point.size, np.random.default_rng(0)
    h = len(game.record.t)
    played = [game.state.point, *game.record.point[np.unique(np.linspace(0, h - 1, 3).astype(int))]]
    if not F.bounded:
        return np.array(played)
    axes = np.eye(min(_ENDS, d), d)
    towards = np.vstack([axes, -axes, rng.standard_normal((_ENDS if d > 1 else 0, d))])
    ends = np.asarray(F.minimize_linear(towards))
    if not shipped(type(F)):  # its projection is another source of extreme points
        far = 100.0 * float(F.diameter(2)) + float(np.abs(ends).max())
        ends = np.vstack([ends, *(F.project(-far * c / np.linalg.norm(c)) for c in towards)])
    mixed = rng.dirichlet(np.ones(len(ends)), _MIXED) @ ends
    near = [mixed[i] + step * (mixed[i + 1] - mixed[i]) for i, step in enumerate(_NEAR)]
    some, more = [*played, *ends[: 2 * _ENDS], *mixed], [*ends[2 * _ENDS :], *near]
    return np.array(list({point.tobytes(): point for point in [*some, *more]}.values()))  # each point once, in order


class Evidence:
    """The sums of losses over rounds 1, ..., t at points of F, for some t.

    Parameters
    ----------
    game : Trajectory
        Its losses can be evaluated at any point.
    loss : Sums
        Of the same game.
    stops : sequence of int
        The rounds t.

    Raises
    ------
    ValueError
        When a loss of some 64 rounds is not convex on these points, or the losses have a method ``prefix_sum`` that
        gives other sums.
    """

    def __init__(self, game: Trajectory, loss: Sums, stops: Sequence[int]) -> None:
        self.loss, points = loss, points_of(game)
        self.points = points[:_SUMMED]
        self.values = {0: np.zeros(len(self.points))}
        ends = sorted({*stops} - {0})
        T = ends[-1] if ends else 0
        spread = np.unique(np.linspace(1, T, _ROUNDS).astype(int)), np.geomspace(1, max(T, 1), _ROUNDS).astype(int)
        for s in np.unique(np.concatenate(spread)).tolist() if T else ():
            _check_round(loss, s, points)
        for before, stop in pairwise([0, *ends]):
            self.values[stop] = self.values[before] + self._sum(before + 1, stop + 1)
        if isinstance(loss, CallableSums) and loss.by_prefix:
            self._check_prefix_sums(loss, ends)

    def _sum(self, start: int, stop: int) -> Array:
        """(k,): the sum of the rounds start, ..., stop - 1 at each point; inf where a loss is not finite."""
        total = np.zeros(len(self.points))
        for first in range(start, stop, _BLOCK):
            n = min(_BLOCK, stop - first)
            if isinstance(self.loss, CallableSums):
                points = list(self.points.copy())
                rounds = (_reveal(self.loss, s, points[0]) for s in range(first, first + n))
                with np.errstate(all="ignore"):
                    total += np.array([[_value(f, v) for v in points] for f in rounds]).sum(axis=0)
            else:
                total += [self.loss.along(np.broadcast_to(v, (n, v.size)), first).sum() for v in self.points]
        return total

    def _check_prefix_sums(self, loss: CallableSums, ends: list[int]) -> None:
        name = type(loss.losses).__name__
        for t in ends:
            summed = self.values[t]
            claimed = np.array([_value(loss.prefix(t), v) for v in self.points])
            wrong = np.abs(claimed - summed) > SLACK * (np.abs(summed).max(where=np.isfinite(summed), initial=0.0))
            if wrong.any():
                i = int(wrong.argmax())
                raise ValueError(
                    f"{name}.prefix_sum({t}) is {claimed[i]} at {self.points[i]}, but f_1, ..., f_{t} sum to "
                    f"{summed[i]} there; the method must give the sum of the losses that {name} reveals"
                )

    def check(self, start: int, stop: int, tangents: Sequence[tuple[Array, Tangent]]) -> float:
        """The smallest sum of the rounds start, ..., stop - 1 at a point of F, which no lower bound may exceed.

        ``tangents`` has minorants of this sum with the points where they were found.

        Raises
        ------
        ValueError
            When one of them is above the sum at a point of F; the message names a round.
        """
        values = self.values[stop - 1] - self.values[start - 1]
        known = np.isfinite(values)
        at = np.vstack([self.points[known], *(u for u, _ in tangents)])
        values = np.concatenate([values[known], [found.value for _, found in tangents]])
        for u, found in tangents:
            size = np.maximum(np.abs(values), found.size) + float(np.abs(found.gradient) @ self.loss.reach)
            with np.errstate(all="ignore"):
                below = (values - found.constant - at @ found.gradient) / np.maximum(size, 1e-300)
            if below.min() < -SLACK:
                self._blame(start, stop, u, at[int(below.argmin())])
        return float(values.min(initial=np.inf))

    def _blame(self, start: int, stop: int, u: Array, v: Array) -> NoReturn:
        """Raise an error that names the round whose loss contradicts its tangent at u most."""
        pair, worst, blamed = np.array([u, v]), 0.0, start
        for s in range(start, stop):
            f = _reveal(self.loss, s, u)
            below = _value(f, v) - _value(f, u) - float(_gradient(f, u) @ (v - u))
            if below < worst:
                worst, blamed = below, s
        _check_round(self.loss, blamed, pair, 0.0)
        raise ValueError(
            f"{type(self.loss.losses).__name__}: the sum of the rounds {start}, ..., {stop - 1} is not convex, or its "
            f"gradient is wrong: at {v} it lies below its tangent at {u}, so that no regret is known"
        )


def _check_round(loss: Sums, s: int, points: Array, slack: float = SLACK) -> None:
    """Raise ``ValueError`` when f_s lies below one of its tangents at these points."""
    f, own = _reveal(loss, s, points[0]), points.copy()
    with np.errstate(all="ignore"):
        values, gradients = np.array([_value(f, v) for v in own]), np.array([_gradient(f, v) for v in own])
    known = np.isfinite(values) & np.isfinite(gradients).all(axis=1)
    if not known.any():
        return
    x, f_x, g = points[known], values[known], gradients[known]
    with np.errstate(all="ignore"):
        tangents = f_x[:, None] + g @ x.T - (g * x).sum(axis=1, keepdims=True)  # row i: that at x_i
        scale = np.abs(f_x).max() + (np.abs(g) @ np.abs(x).max(axis=0)).max()
        below = f_x - tangents
    if below.min() < -slack * scale:
        i, j = np.unravel_index(int(below.argmin()), below.shape)
        raise ValueError(
            f"{type(loss.losses).__name__}: round {s} has a loss that is not convex, or a wrong gradient, so that no "
            f"regret is known: f_{s}({x[j]}) = {f_x[j]:.6g} is below the tangent of f_{s} at {x[i]}, "
            f"{tangents[i, j]:.6g}; see check_losses"
        )


def _reveal(loss: Sums, s: int, x: Array) -> Loss:
    return loss.losses.reveal(s, x.copy(), loss.seed)


def _value(f: Loss, v: Array) -> float:
    """f(v), or inf where it is not known: a loss may be infinite at the end of a set."""
    try:
        value = float(f.value(v))
    except (ArithmeticError, ValueError):
        return np.inf
    return value if math.isfinite(value) else np.inf


def _gradient(f: Loss, v: Array) -> Array:
    """A subgradient at v (d,), or NaN where it is not known."""
    try:
        return np.asarray(f.gradient(v), dtype=np.float64).reshape(v.shape)
    except (ArithmeticError, ValueError):
        return np.full(v.shape, np.nan)

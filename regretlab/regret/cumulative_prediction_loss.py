"""Cumulative losses of linear predictions, S(u) = sum_s [(1/b) sum_j ell(<a_sj, u>, y_sj) + (mu/2) ||u||^2].

With smoothing of half-width h >= 0, a row with the prediction z = <a, u> contributes an affine minorant of ell.  The
tangents of ell at z - h and z + h lie below ell, and so does every line through their crossing with a slope between
theirs.  The minorant is such a line: its slope is the average over [z - h, z + h] of the slope of the larger tangent.
For a piecewise linear ell with one kink in that interval, this is the average of the derivative of ell.  So a solver
of smooth problems, run with smaller and smaller h, finds minima and lower bounds of sums that are not smooth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from regretlab._utils.types import Array
from regretlab.engine.trajectory import Trajectory
from regretlab.kernels.prediction_sums import compiles, each_value, pointwise_kinks, pointwise_terms
from regretlab.losses.examples import OverExamples
from regretlab.losses.linear_predictions import PredictionLosses
from regretlab.losses.shortcuts import is_shortcut
from regretlab.regret.cumulative_loss import CACHED, EPS, CallableSums, Sums, Tangent, Total
from regretlab.sets import FeasibleSet

__all__ = ["PiecewiseLinear", "PredictionSums", "Rows", "sums_of"]

_ROWS, _NUMBERS = 1024, 2**20  # at most, in a block
_BATCH = 64  # how many rows are added up without compensation of rounding errors
_COMPILE_FROM = 2000  # rows


class Rows(NamedTuple):
    """A block of m rows of features and labels."""

    a: Array
    """(m, d): the features."""
    y: Array
    """(m,): the labels."""
    far: Array
    """(m,): sum_i |a_i| max_{v in F} |v_i|, an upper bound of |<a, v>| on the feasible set F."""
    weight: Array
    """(m,): how often each row counts."""


class PiecewiseLinear(NamedTuple):
    """A minorant of a cumulative loss that keeps some of its kinks:

        P(v) = constant + <g, v> + sum_j w_j max(low_j (<a_j, v> - k_j), high_j (<a_j, v> - k_j)) + (mu/2) ||v||^2.

    ``gradient`` is g.  ``model_error`` bounds how far the cumulative loss is above P at points u and v, and between
    them, for which :meth:`PredictionSums.piecewise_linear` made P.  ``rounding_error`` bounds the rounding errors of P.
    """

    a: Array
    w: Array
    k: Array
    low: Array
    high: Array
    constant: float
    gradient: Array
    mu: float
    model_error: float
    rounding_error: float


class PredictionSums(Sums):
    """S(u) = sum_s f_s(u), computed by compiled loops over blocks of rows.

    Rows are cached up to a fixed number, and the others generated again for each pass.  If the rounds repeat the same
    examples, the sum is over examples, each weighted by how often it occurs.
    """

    has_hessian = True

    def __init__(self, losses: PredictionLosses, feasible_set: FeasibleSet, seed: int, rounds: int) -> None:
        super().__init__(losses, feasible_set, seed)
        self.predictions = losses
        self.smooth = losses.link.smooth
        self.parameters = losses.link.parameters()
        self.batch = losses.data(1, 2, seed)[0].shape[1]
        given = isinstance(losses, OverExamples) and is_shortcut(type(losses), "data")
        self.examples: OverExamples | None = losses if given else None  # type: ignore[assignment]
        self._per_block = max(1, min(_ROWS, _NUMBERS // losses.dimension) // self.batch)
        self._compiled = rounds * self.batch >= _COMPILE_FROM and compiles(losses.oracle, len(self.parameters))
        self._terms = pointwise_terms(losses.oracle, self._compiled)
        self._blocks: dict[int, Rows] = {}
        self._room = CACHED
        self._counted: dict[int, Array] = {}
        self._far: Array | None = None

    def at(self, u: Array, start: int, stop: int, width: float = 0.0, *, hessian: bool = False) -> Tangent:
        d = u.size
        value, constant, gradient = Total(), Total(), Total(np.zeros(d))
        curvature = np.zeros((d, d) if hessian else 0)
        size, error, kinks = 0.0, 0.0, 0
        for a, y, far, weight in self.rows(start, stop):
            slope, second = np.empty(len(a)), np.zeros(len(a))
            out = np.zeros(8)
            with np.errstate(all="ignore"):
                self._terms(a @ u, y, far, weight, width, hessian, self.parameters, slope, second, out)
                gradient.add(_combined(slope, a))
                if hessian:
                    curvature += (a.T * second) @ a
            value.add(out[0], out[1])
            constant.add(out[2], out[3])
            size += out[4]
            error += _rounding_error(a, out[5], out[6])
            kinks += int(out[7])
        self._finite(float(value.value), u, start, stop, gradient.value)
        b, mu = self.batch, self._mu(start, stop)
        square = 0.5 * mu * float(u @ u)
        error = error / b + self._square_error(mu)
        return Tangent(
            float(value.value) / b + square,
            gradient.value / b + mu * u,
            float(constant.value) / b - square,
            error,
            error,
            size / b + square,
            curvature / b + mu * np.eye(d) if hessian else None,
            kinks,
        )

    def along(self, points: Array, start: int) -> Array:
        stop = start + len(points)
        a, y = self.predictions.data(start, stop, self.seed)
        value, p = self.predictions.oracle.value, self.parameters
        z = np.einsum("nbd,nd->nb", a, points)
        paid = each_value(value, self._compiled)(z.ravel(), np.array(y).ravel(), p).reshape(z.shape).mean(axis=1)
        return np.asarray(paid + 0.5 * float(self.predictions.mu) * np.einsum("nd,nd->n", points, points))

    def piecewise_linear(
        self, u: Array, v: Array, start: int, stop: int, width: float, most: int
    ) -> PiecewiseLinear | None:
        """The minorant of S that keeps the kinks near u, v and the points between; None for more than ``most`` kinks.

        The interval of a row reaches from ``width`` below to ``width`` above its predictions at u and v.  If the slope
        changes there, the row contributes its tangents at both ends, otherwise one tangent.
        """
        split = pointwise_kinks(self.predictions.oracle, self._compiled)
        parts, constant, gradient, model_error, error = [], Total(), Total(np.zeros(u.size)), 0.0, 0.0
        for a, y, far, weight in self.rows(start, stop):
            at_u, at_v, table = a @ u, a @ v, np.empty((6, len(a)))
            split(np.minimum(at_u, at_v) - width, np.maximum(at_u, at_v) + width, y, self.parameters, table)
            place, level, low, high, above, size = table
            kinked = high > low
            parts.append((a[kinked], weight[kinked], place[kinked], low[kinked], high[kinked]))
            most -= int(kinked.sum())
            if most < 0:
                return None
            constant.add(float(np.sum(weight * (level - np.where(kinked, 0.0, low * place)))))
            gradient.add(_combined(np.where(kinked, 0.0, weight * low), a))
            model_error += float(weight @ above)
            steep = weight * np.maximum(np.abs(low), np.abs(high))
            error += _rounding_error(a, float(steep @ far), float(weight @ size))
        a, weight, place, low, high = (np.concatenate(column) for column in zip(*parts, strict=True))
        b, mu = self.batch, self._mu(start, stop)
        return PiecewiseLinear(
            *(a, weight / b, place, low, high),
            *(float(constant.value) / b, gradient.value / b, mu),
            *(model_error / b, error / b + self._square_error(mu)),
        )

    def _mu(self, start: int, stop: int) -> float:
        """The modulus of strong convexity mu, summed over these rounds."""
        return (stop - start) * float(self.predictions.mu)

    def _square_error(self, mu: float) -> float:
        """An upper bound on the rounding errors of (mu/2) ||v||^2 and its tangents."""
        return (self.reach.size + 10) * EPS * mu * float(self.reach @ self.reach)

    def width(self, start: int, stop: int) -> float:
        """A half-width h such that [z - h, z + h] has all kinks of every row, if these are in [-|y| - 1, |y| + 1]."""
        most = 0.0
        for _, y, far, _ in self.rows(start, stop):
            most = max(most, float((2.0 * far + np.abs(y)).max()))
        return most + 1.0

    def count(self, start: int, stop: int) -> int:
        """The number of rows that :meth:`rows` gives."""
        n = (stop - start) * int(self.batch)
        return n if self.examples is None else min(n, len(np.asarray(self.examples.features)))

    def rows(self, start: int, stop: int) -> Iterator[Rows]:
        """The rows of the rounds start, ..., stop - 1, block by block."""
        if self.examples is not None and self.count(start, stop) < (stop - start) * self.batch:
            yield from self._distinct_rows(self.examples, start, stop)
            return
        n, b = self._per_block, self.batch
        for i in range((start - 1) // n, (stop - 2) // n + 1):
            first = i * n + 1
            skip, end = max(start - first, 0), min(stop - first, n)
            if i not in self._blocks and self._room >= n * b * (self.reach.size + 3):
                self._blocks[i] = self._generated(first, first + n)
                self._room -= n * b * (self.reach.size + 3)
            if i in self._blocks:
                yield Rows(*(array[skip * b : end * b] for array in self._blocks[i]))
            else:
                yield self._generated(first + skip, first + end)

    def _distinct_rows(self, examples: OverExamples, start: int, stop: int) -> Iterator[Rows]:
        """Every example once, weighted by how often it occurs in the rounds start, ..., stop - 1."""
        features, targets = np.asarray(examples.features), np.asarray(examples.targets)  # type: ignore[attr-defined]
        if self._far is None:
            self._far = np.abs(features) @ self.reach
        times = self._counts(examples, stop - 1) - self._counts(examples, start - 1)
        for i in range(0, len(features), _ROWS):
            here = slice(i, i + _ROWS)
            yield Rows(features[here], targets[here].copy(), self._far[here], times[here])

    def _counts(self, examples: OverExamples, t: int) -> Array:
        """(n,): how often each example occurs in the rounds 1..t; the last two answers are cached."""
        if t not in self._counted:
            self._counted = dict(list(self._counted.items())[-1:])
            self._counted[t] = examples.counts(t, self.seed).astype(np.float64)
        return self._counted[t]

    def _generated(self, start: int, stop: int) -> Rows:
        """The rows of the rounds start, ..., stop - 1, generated by the sequence."""
        a, y = self.predictions.data(start, stop, self.seed)
        a = a.reshape(-1, a.shape[2])
        return Rows(a, np.array(y).reshape(-1), np.abs(a) @ self.reach, np.ones(len(a)))


def sums_of(game: Trajectory) -> Sums:
    """The cumulative loss of a game's sequence, on the game's feasible set."""
    if isinstance(game.losses, PredictionLosses):
        return PredictionSums(game.losses, game.feasible_set, game.seed, game.horizon)
    return CallableSums(game.losses, game.feasible_set, game.seed)


def _combined(weights: Array, a: Array) -> Array:
    """(d,): sum_j w_j a_j, added up in batches of rows and then over batches, so that each term meets few roundings."""
    whole = len(a) - len(a) % _BATCH
    parts = weights[:whole].reshape(-1, 1, _BATCH) @ a[:whole].reshape(-1, _BATCH, a.shape[1])
    return np.asarray(parts[:, 0].sum(axis=0) + weights[whole:] @ a[whole:])


def _rounding_error(a: Array, steep: float, other: float) -> float:
    """An upper bound on the rounding errors of a block of rows.

    ``steep`` is the sum of |slope| times ``far``: it bounds the products <a, v> and the sums of slopes times rows.
    ``other`` is the sum of all other numbers that are rounded.
    """
    rows, d = a.shape
    return float(EPS * (2 * (d + 2 * _BATCH + rows // _BATCH + 8) * steep + 16 * other))

"""Sums of losses of linear predictions, F(u) = sum_s (1/b) sum_j ell(<a_sj, u>, y_sj) + (mu/2) ||u||^2.

A row at z = <a, u> with the width h >= 0 contributes this minorant.  The
tangents of ell at z - h and z + h lie below ell, and so does every line through
their crossing with a slope between theirs.  The slope is their mean over
[z - h, z + h]: for a link with one kink there, exactly the derivative of ell
averaged over that interval.  So a solver of smooth problems, run with smaller
and smaller h, finds minima and lower bounds of sums that are not smooth.
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
from regretlab.regret.cumulative_loss import EPS, KEPT, CallableSums, Sums, Tangent, Total
from regretlab.sets import FeasibleSet

__all__ = ["Kinks", "PredictionSums", "Rows", "sums_of"]

_ROWS, _NUMBERS = 1024, 2**20  # at most, in a block
_TOGETHER = 64  # rows added up without caring for rounding errors
_COMPILE_FROM = 2000  # rows

Rows = tuple[Array, Array, Array, Array]
"""a (m, d), y (m,), max_{v in F} sum_i |a_i v_i| (m,), and the weight of each row (m,)."""


class Kinks(NamedTuple):
    """A minorant of a sum of losses that keeps some of its kinks:

        F(v) = constant + <g, v> + sum_j w_j max(low_j (<a_j, v> - k_j), high_j (<a_j, v> - k_j)) + (mu/2) ||v||^2.

    ``gradient`` is g, ``strong`` mu.  Of the sum of losses it is below, ``missed`` bounds how far F is
    below it near the kinks that are kept; ``noise`` bounds the rounding errors of F.
    """

    a: Array
    w: Array
    k: Array
    low: Array
    high: Array
    constant: float
    gradient: Array
    strong: float
    missed: float
    noise: float


class PredictionSums(Sums):
    """F(u) = sum_s f_s(u), row by row in compiled blocks.

    Rows are kept in memory up to a fixed number and generated again beyond it;
    rounds that go through the same examples again and again are summed example by
    example, each with the number of times it occurred.
    """

    bends = True

    def __init__(self, losses: PredictionLosses, feasible_set: FeasibleSet, seed: int, rounds: int) -> None:
        super().__init__(losses, feasible_set, seed)
        self.link = losses
        self.smooth = losses.link.smooth
        self.parameters = losses.link.parameters()
        self.batch = losses.data(1, 2, seed)[0].shape[1]
        self.examples = losses if isinstance(losses, OverExamples) else None
        self._per_block = max(1, min(_ROWS, _NUMBERS // losses.dimension) // self.batch)
        self._compiled = rounds * self.batch >= _COMPILE_FROM and compiles(losses.oracle, len(self.parameters))
        self._terms = pointwise_terms(losses.oracle, self._compiled)
        self._kept: dict[int, Rows] = {}
        self._room = KEPT
        self._counted: dict[int, Array] = {}
        self._far: Array | None = None

    def at(self, u: Array, start: int, stop: int, width: float = 0.0, *, bend: bool = False) -> Tangent:
        d = u.size
        value, constant, gradient = Total(), Total(), Total(np.zeros(d))
        curvature = np.zeros((d, d) if bend else 0)
        size, noise, kinks = 0.0, 0.0, 0
        for a, y, far, weight in self.rows(start, stop):
            slope, second = np.empty(len(a)), np.zeros(len(a))
            out = np.zeros(8)
            with np.errstate(all="ignore"):
                self._terms(a @ u, y, far, weight, width, bend, self.parameters, slope, second, out)
                gradient.add(_combined(slope, a))
                if bend:
                    curvature += (a.T * second) @ a
            value.add(out[0], out[1])
            constant.add(out[2], out[3])
            size += out[4]
            noise += _noise(a, out[5], out[6])
            kinks += int(out[7])
        self._finite(float(value.value), u, start, stop, gradient.value)
        b, strong = self.batch, (stop - start) * float(self.link.mu)
        square = 0.5 * strong * float(u @ u)
        noise = noise / b + (d + 10) * EPS * strong * float(self.reach @ self.reach)
        return Tangent(
            float(value.value) / b + square,
            gradient.value / b + strong * u,
            float(constant.value) / b - square,
            noise,
            noise,
            size / b + square,
            curvature / b + strong * np.eye(d) if bend else None,
            kinks,
        )

    def at_path(self, points: Array, start: int) -> Array:
        stop = start + len(points)
        a, y = self.link.data(start, stop, self.seed)
        value, p = self.link.oracle.value, self.parameters
        z = np.einsum("nbd,nd->nb", a, points)
        paid = each_value(value, self._compiled)(z.ravel(), np.array(y).ravel(), p).reshape(z.shape).mean(axis=1)
        return np.asarray(paid + 0.5 * float(self.link.mu) * np.einsum("nd,nd->n", points, points))

    def kinks(self, u: Array, v: Array, start: int, stop: int, width: float, most: int) -> Kinks | None:
        """The minorant of F that keeps the kinks near u, v and the points between them, if there are ``most`` at most.

        A row whose slope changes between ``width`` below and ``width`` above its
        predictions at u and v contributes its tangents at both ends, any other
        row one tangent.
        """
        split = pointwise_kinks(self.link.oracle, self._compiled)
        parts, constant, gradient, missed, noise = [], Total(), Total(np.zeros(u.size)), 0.0, 0.0
        for a, y, far, weight in self.rows(start, stop):
            at_u, at_v, table = a @ u, a @ v, np.empty((6, len(a)))
            split(np.minimum(at_u, at_v) - width, np.maximum(at_u, at_v) + width, y, self.parameters, table)
            place, level, low, high, above, size = table
            bent = high > low
            parts.append((a[bent], weight[bent], place[bent], low[bent], high[bent]))
            most -= int(bent.sum())
            if most < 0:
                return None
            constant.add(float(np.sum(weight * (level - np.where(bent, 0.0, low * place)))))
            gradient.add(_combined(np.where(bent, 0.0, weight * low), a))
            missed += float(weight @ above)
            steep = weight * np.maximum(np.abs(low), np.abs(high))
            noise += _noise(a, float(steep @ far), float(weight @ size))
        a, weight, place, low, high = (np.concatenate(column) for column in zip(*parts, strict=True))
        b, strong = self.batch, (stop - start) * float(self.link.mu)
        noise += (u.size + 10) * EPS * strong * b * float(self.reach @ self.reach)
        return Kinks(
            *(a, weight / b, place, low, high),
            *(float(constant.value) / b, gradient.value / b, strong),
            *(missed / b, noise / b),
        )

    def width(self, start: int, stop: int) -> float:
        """A half-width of smoothing that reaches the kinks of all rows, if these are at most one beyond the labels."""
        most = 0.0
        for _, y, far, _ in self.rows(start, stop):
            most = max(most, float((2.0 * far + np.abs(y)).max()))
        return most + 1.0

    def count(self, start: int, stop: int) -> int:
        """The number of rows that :meth:`rows` gives."""
        n = (stop - start) * int(self.batch)
        return n if self.examples is None else min(n, len(np.asarray(self.examples.features)))

    def rows(self, start: int, stop: int) -> Iterator[Rows]:
        """Blocks of the rows of the rounds start, ..., stop - 1."""
        if self.examples is not None and self.count(start, stop) < (stop - start) * self.batch:
            yield from self._by_example(self.examples, start, stop)
            return
        n, b = self._per_block, self.batch
        for i in range((start - 1) // n, (stop - 2) // n + 1):
            first = i * n + 1
            skip, end = max(start - first, 0), min(stop - first, n)
            if i not in self._kept and self._room >= n * b * (self.reach.size + 3):
                self._kept[i] = self._generated(first, first + n)
                self._room -= n * b * (self.reach.size + 3)
            if i in self._kept:
                a, y, far, weight = (array[skip * b : end * b] for array in self._kept[i])
                yield a, y, far, weight
            else:
                yield self._generated(first + skip, first + end)

    def _by_example(self, examples: OverExamples, start: int, stop: int) -> Iterator[Rows]:
        features, targets = np.asarray(examples.features), np.asarray(examples.targets)  # type: ignore[attr-defined]
        if self._far is None:
            self._far = np.abs(features) @ self.reach
        times = self._counts(examples, stop - 1) - self._counts(examples, start - 1)
        for i in range(0, len(features), _ROWS):
            here = slice(i, i + _ROWS)
            yield features[here], targets[here].copy(), self._far[here], times[here]

    def _counts(self, examples: OverExamples, t: int) -> Array:
        """How often each example occurs in the rounds 1..t; the last two answers are kept."""
        if t not in self._counted:
            self._counted = dict(list(self._counted.items())[-1:])
            self._counted[t] = examples.counts(t, self.seed).astype(np.float64)
        return self._counted[t]

    def _generated(self, start: int, stop: int) -> Rows:
        a, y = self.link.data(start, stop, self.seed)
        a = a.reshape(-1, a.shape[2])
        return a, np.array(y).reshape(-1), np.abs(a) @ self.reach, np.ones(len(a))


def sums_of(game: Trajectory) -> Sums:
    """The losses of a game, for evaluation at any point."""
    if isinstance(game.losses, PredictionLosses):
        return PredictionSums(game.losses, game.feasible_set, game.seed, game.horizon)
    return CallableSums(game.losses, game.feasible_set, game.seed)


def _combined(weights: Array, a: Array) -> Array:
    """sum_j w_j a_j, ``_TOGETHER`` rows and then these sums, so that each term meets few roundings."""
    whole = len(a) - len(a) % _TOGETHER
    parts = weights[:whole].reshape(-1, 1, _TOGETHER) @ a[:whole].reshape(-1, _TOGETHER, a.shape[1])
    return np.asarray(parts[:, 0].sum(axis=0) + weights[whole:] @ a[whole:])


def _noise(a: Array, spread: float, other: float) -> float:
    """Bound of the rounding errors of products <a, v>, of sums of rows times slopes, and of everything else."""
    rows, d = a.shape
    return float(EPS * (2 * (d + 2 * _TOGETHER + rows // _TOGETHER + 8) * spread + 16 * other))

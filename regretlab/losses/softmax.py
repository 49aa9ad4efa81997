"""Multiclass softmax regression over given examples.

f_t(X) = (1/b) sum_{j in B_t} [logsumexp(X a_j) - (X a_j)_{y_j}] + (mu/2) ||X||^2 for a matrix X (k, d);
the learner's point is x = vec(X), the rows of X one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regretlab._utils.extending import not_overridable
from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import whole, within
from regretlab.losses import arguments
from regretlab.losses.base import ConvexLosses, Loss
from regretlab.losses.examples import OverExamples, Sampling, Shuffling
from regretlab.losses.shortcuts import shortcut

__all__ = ["SampledSoftmaxRegression", "ShuffledSoftmaxRegression", "SoftmaxRegression"]

_EXAMPLES_PER_PRODUCT = 64  # with few classes, one product of all examples takes 1.5 times as long


@dataclass(frozen=True, eq=False, repr=False)
class SoftmaxRegression(OverExamples, ConvexLosses):
    """f_t(X) = (1/b) sum_{j in B_t} [logsumexp(X a_j) - (X a_j)_{y_j}] + (mu/2) ||X||^2, x = vec(X), in order.

    Parameters
    ----------
    features : array (N, d)
        a_1, ..., a_N.
    labels : array (N,)
        y_1, ..., y_N, each one of 0, ..., k - 1.  Unless ``classes`` is given, each of these occurs.
    batch : int
        b, how many examples a round has.
    classes : int, optional
        k, at least 2; by default the number of different labels.
    mu : float
        Modulus of strong convexity of the added term, at least 0.

    Raises
    ------
    TypeError
        For arrays of anything but numbers, or ``batch``, ``classes`` or ``mu`` of a wrong type.
    ValueError
        For shapes that disagree, features that are not finite, labels other than 0, ..., k - 1, ``batch`` < 1,
        ``classes`` < 2 or ``mu`` < 0.
    """

    features: ArrayLike
    labels: ArrayLike
    batch: int = 1
    classes: int | None = None
    mu: float = 0.0

    def __post_init__(self) -> None:
        whole(1, batch=self.batch)
        within("[0, inf)", mu=self.mu)
        if self.classes is not None:
            whole(2, classes=self.classes)
        a = arguments.features(self.features)
        y = arguments.class_labels(self.labels, len(a), self.classes)
        object.__setattr__(self, "features", a)
        object.__setattr__(self, "labels", y)
        object.__setattr__(self, "classes", self.classes or int(y.max()) + 1)

    @property
    def dimension(self) -> int:  # type: ignore[override]
        """k d."""
        return self._k * int(np.asarray(self.features).shape[1])

    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        rows = self._examples_of_round(t, seed)
        a, y = np.asarray(self.features)[rows], np.asarray(self.labels)[rows]
        f = _CrossEntropy(a, y, 1.0 / self.batch, self._k, self.mu)
        return Loss(f.value, f.gradient)

    @not_overridable("override reveal; other losses derive from ConvexLosses")
    def value(self, t: int, x: Array, seed: int = 0) -> float:
        return self.reveal(t, x, seed).value(x)

    @not_overridable("override reveal; other losses derive from ConvexLosses")
    def gradient(self, t: int, x: Array, seed: int = 0) -> Array:
        return self.reveal(t, x, seed).gradient(x)

    @shortcut("reveal")
    def prefix_sum(self, t: int, seed: int = 0) -> Loss:
        """f_1 + ... + f_t as one function.

        Whatever t is, its value and gradient together take two matrix products with all features.
        """
        weights = self.counts(t, seed) / self.batch
        f = _CrossEntropy(np.asarray(self.features), np.asarray(self.labels), weights, self._k, t * self.mu)
        return Loss(f.value, f.gradient)

    @property
    def _k(self) -> int:
        """The number of classes."""
        assert self.classes is not None  # __post_init__ has set it
        return self.classes


@dataclass(frozen=True, eq=False, repr=False)
class ShuffledSoftmaxRegression(Shuffling, SoftmaxRegression):
    """f_t(X) = (1/b) sum_{j in B_t} [logsumexp(X a_j) - (X a_j)_{y_j}] + (mu/2) ||X||^2, shuffled in each epoch.

    Parameters and errors are those of :class:`SoftmaxRegression`; the seed and the epoch decide the order.
    """


@dataclass(frozen=True, eq=False, repr=False)
class SampledSoftmaxRegression(Sampling, SoftmaxRegression):
    """f_t(X) = (1/b) sum_{j in B_t} [logsumexp(X a_j) - (X a_j)_{y_j}] + (mu/2) ||X||^2, with replacement.

    Parameters and errors are those of :class:`SoftmaxRegression`.  E f_t(X) is the mean
    of the bracket over all N examples, plus (mu/2) ||X||^2.
    """


class _CrossEntropy:
    """sum_j w_j [logsumexp(X a_j) - (X a_j)_{y_j}] + (mu/2) ||X||^2; value and gradient share the products X a_j."""

    def __init__(self, a: Array, y: NDArray[Any], weights: Array | float, k: int, mu: float) -> None:
        self.a, self.y, self.weights, self.k, self.mu = a, y, weights, k, mu
        self.cached: tuple[Array, float, Array] | None = None  # the last x, with what _forward returned

    def value(self, x: Array) -> float:
        return self._forward(x)[0]

    def gradient(self, x: Array) -> Array:
        g = (self._forward(x)[1] @ self.a).ravel()
        return g + self.mu * x if self.mu else g

    def _forward(self, x: Array) -> tuple[float, Array]:
        """The value at x, and (k, n): in column j the derivative in X a_j, w_j (softmax(X a_j) - e_{y_j})."""
        if self.cached is not None and (x is self.cached[0] or np.array_equal(self.cached[0], x)):
            return self.cached[1:]
        n = len(self.y)
        X, z, columns = x.reshape(self.k, -1), np.empty((self.k, n)), np.arange(n)
        for j in range(0, n, _EXAMPLES_PER_PRODUCT):
            np.matmul(X, self.a[j : j + _EXAMPLES_PER_PRODUCT].T, out=z[:, j : j + _EXAMPLES_PER_PRODUCT])
        z -= z.max(axis=0)
        own = z[self.y, columns]
        np.exp(z, out=z)
        total = z.sum(axis=0)
        value = float(((np.log(total) - own) * self.weights).sum())
        if self.mu:
            value += 0.5 * self.mu * float(x @ x)
        z *= self.weights / total
        z[self.y, columns] -= self.weights
        constant = x.base is None and not x.flags.writeable  # a point of a learner's state needs no copy
        self.cached = x if constant else x.copy(), value, z
        return value, z

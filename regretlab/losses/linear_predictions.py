"""Losses of linear predictions: f_t(x) = mean_j ell(<a_tj, x>, y_tj) + (mu/2) ||x||^2.

A sequence gives the rows a_tj and labels y_tj of many rounds at once, and compiled loops play it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from regretlab._utils.extending import not_overridable
from regretlab._utils.types import Array, Rounds
from regretlab._utils.validation import within
from regretlab.kernels import PointwiseOracle, prediction_loss
from regretlab.losses.base import DRAWN_TOGETHER, BlockLosses, Loss, generator
from regretlab.losses.pointwise import PointwiseLoss, Squared
from regretlab.losses.shortcuts import ask, named

__all__ = ["PredictionLosses", "RandomPredictionLosses"]

_SQUARED = Squared()
_COMPILE_FROM = 256
"""Compile for rounds with at least so many numbers; the results have the same bits either way."""


class PredictionLosses(BlockLosses):
    """f_t(x) = (1/b) sum_{j<=b} ell(<a_tj, x>, y_tj) + (mu/2) ||x||^2.

    A sequence of your own is a frozen dataclass with ``link``, the pointwise loss ell (a
    :class:`~regretlab.losses.PointwiseLoss`), if need be ``mu``, and one method, ``rows``.
    """

    link: PointwiseLoss = _SQUARED
    mu: float = 0.0
    best_in_hindsight: ClassVar[Callable[..., Any] | None] = None

    @abstractmethod
    def rows(self, t: Rounds) -> tuple[Array, Array]:
        """a (n, b, d) or (n, d) and y (n, b) or (n,) for the rounds ``t``, an int64 array (n,)."""

    def data(self, start: int, stop: int, seed: int) -> tuple[Array, ...]:
        """a (n, b, d) and y (n, b) of the rounds start, ..., stop - 1."""
        return self._validated(ask(self.rows, np.arange(start, stop), seed=seed), stop - start)

    @cached_property
    @named
    def dimension(self) -> int:  # type: ignore[override]
        return int(self._checked_data(self.data(1, 3, 0), 2)[0].shape[2])

    @not_overridable(
        "override rows, sample or data; losses that are no functions of predictions derive from ConvexLosses"
    )
    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        a, y = (array[0] for array in self.data(t, t + 1, seed))
        loss = prediction_loss(self.oracle, a.size >= _COMPILE_FROM)
        cached: tuple[Array, float, Array] | None = None  # the last point, with the value and the gradient there

        def at(u: Array) -> tuple[Array, float, Array]:
            nonlocal cached
            if cached is None or not np.array_equal(cached[0], u):
                x = np.array(u, dtype=np.float64)
                g = np.empty(x.size)
                cached = x, float(loss(a, y, *self.constants, x, g)), g
            return cached

        return Loss(lambda u: at(u)[1], lambda u: at(u)[2].copy())

    @cached_property
    @not_overridable("the rows of a round decide it")
    def size(self) -> int:
        """b d, how many numbers the rows of a round have."""
        return int(self._checked_data(self.data(1, 2, 0), 1)[0].size)

    @cached_property
    @not_overridable("override link or mu")
    def constants(self) -> tuple[float, tuple[float, ...]]:
        """mu and the fields of the pointwise loss, as the compiled loops take them."""
        within("[0, inf)", **{f"{type(self).__name__}.mu": self.mu})
        return float(self.mu), self._pointwise.parameters()

    @property
    @not_overridable("override link")
    def oracle(self) -> PointwiseOracle:
        """Value and derivative of the pointwise loss, as the compiled loops take them."""
        return PointwiseOracle(*self._pointwise.functions())

    @property
    def _pointwise(self) -> PointwiseLoss:
        """The link, checked to be a pointwise loss."""
        if not isinstance(self.link, PointwiseLoss):
            name = f"{type(self).__name__}.link={self.link!r}"
            raise TypeError(f"{name} must be a PointwiseLoss, e.g. regretlab.losses.Logistic()")
        return self.link

    def _validated(self, answer: Any, n: int) -> tuple[Array, ...]:
        name = f"{type(self).__name__}.{'sample' if isinstance(self, RandomPredictionLosses) else 'rows'}"
        if not (isinstance(answer, tuple) and len(answer) == 2):
            raise TypeError(f"{name} returned {type(answer).__name__}; it must return the rows a and the labels y")
        a, y = (np.asarray(part) for part in answer)
        for part in (a, y):
            if part.dtype.kind not in "fiub":
                raise TypeError(f"{name} returned {part.dtype} for {n} rounds; it must return real numbers")
        a, y = (a[:, None, :], y[:, None]) if a.ndim == 2 and y.ndim == 1 else (a, y)
        if a.ndim != 3 or y.shape != a.shape[:2] or len(a) != n or 0 in a.shape[1:]:
            raise ValueError(
                f"{name} returned a of shape {a.shape} and y of shape {y.shape} for {n} rounds; "
                f"they must be ({n}, d) and ({n},), or with b rows in a round ({n}, b, d) and ({n}, b)"
            )
        labels = np.ascontiguousarray(y, dtype=np.float64)
        self._pointwise.check_labels(labels)
        return np.ascontiguousarray(a, dtype=np.float64), labels


class RandomPredictionLosses(PredictionLosses):
    """f_t(x) = (1/b) sum_{j<=b} ell(<a_tj, x>, y_tj) + (mu/2) ||x||^2 with random rows and labels.

    A sequence of your own defines ``link``, if need be ``mu``, and one method, ``sample``.
    """

    @abstractmethod
    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """a (n, b, d) or (n, d) and y (n, b) or (n,) of n consecutive rounds, drawn from ``rng``."""

    @not_overridable("override sample; a sequence whose rows are not drawn derives from PredictionLosses")
    def rows(self, t: Rounds) -> tuple[Array, Array]:
        raise NotImplementedError(f"{type(self).__name__} is random: use data(start, stop, seed)")

    def data(self, start: int, stop: int, seed: int) -> tuple[Array, ...]:
        drawn = self._draw(start, stop, seed, self._rounds_per_block)
        return tuple(part if part.base is None else part.copy() for part in drawn)  # no views of the cached block

    @cached_property
    @named
    def dimension(self) -> int:  # type: ignore[override]
        return self._round_shape[1]

    @cached_property
    def _round_shape(self) -> tuple[int, int]:
        """(b, d)."""
        a, _ = self._validated(self.sample(generator(0, 0), 2), 2)
        return a.shape[1], a.shape[2]

    @cached_property
    def _rounds_per_block(self) -> int:
        b, d = self._round_shape
        return max(1, DRAWN_TOGETHER // (b * d))

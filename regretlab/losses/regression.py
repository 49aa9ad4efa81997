"""Losses of linear predictions: f_t(x) = mean_j ell(<a_tj, x>, y_tj) + (mu/2) ||x||^2.

A sequence gives its rows a_tj and labels y_tj for an array of rounds, and plays
at compiled speed.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from regretlab._typing import Array, ArrayLike, Rounds
from regretlab.kernels import link_loss
from regretlab.losses.base import Loss, Losses, drawn_blocks
from regretlab.losses.links import Link, Squared

__all__ = ["Examples", "LinkLosses", "RandomLinkLosses"]


class LinkLosses(Losses):
    """f_t(x) = (1/b) sum_{j<=b} ell(<a_tj, x>, y_tj) + (mu/2) ||x||^2.

    A sequence of your own is a frozen dataclass with ``link`` (a
    :class:`~regretlab.losses.Link`), perhaps ``mu``, and one method, ``rows``.
    """

    link: Link = Squared()
    mu: float = 0.0

    @abstractmethod
    def rows(self, t: Rounds) -> tuple[Array, Array]:
        """a (n, b, d) or (n, d) and y (n, b) or (n,) for the rounds ``t``, an int64 array (n,)."""

    def data(self, start: int, stop: int, seed: int) -> tuple[Array, Array]:
        """a (n, b, d) and y (n, b) of the rounds start, ..., stop - 1."""
        return self._checked(self.rows(np.arange(start, stop)), stop - start)

    @cached_property
    def dimension(self) -> int:  # type: ignore[override]
        return int(self.data(1, 3, 0)[0].shape[2])

    def reveal(self, t: int, x: Array, seed: int) -> Loss:
        a, y = (array[0] for array in self.data(t, t + 1, seed))
        value, derivative = self.link.functions()
        p = self.link.parameters()

        def both(u: Array) -> tuple[float, Array]:
            g = np.empty(u.size)
            return link_loss(a, y, self.mu, u, g, value, derivative, p), g

        return Loss(lambda u: both(u)[0], lambda u: both(u)[1])

    def _checked(self, answer: Any, n: int) -> tuple[Array, Array]:
        name = f"{type(self).__name__}.{'sample' if isinstance(self, RandomLinkLosses) else 'rows'}"
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
        self.link.check_labels(labels)
        return np.ascontiguousarray(a, dtype=np.float64), labels


class RandomLinkLosses(LinkLosses):
    """Losses of linear predictions with random rows and labels."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """a (n, b, d) or (n, d) and y (n, b) or (n,) of n consecutive rounds."""

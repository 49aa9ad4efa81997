"""Losses over given examples: in order, shuffled anew in each epoch, or drawn with replacement.

A sequence is an endless list of examples with the positions 0, 1, 2, ...: either independent draws, or one epoch (a
pass over all N examples) after the other.  Round t takes the positions (t - 1) b, ..., t b - 1, where b is ``batch``,
so a round may begin in one epoch and end in the next.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from regretlab._utils.extending import not_overridable
from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab._utils.validation import whole, within
from regretlab.losses import arguments
from regretlab.losses.base import DRAWN_TOGETHER, generator
from regretlab.losses.linear_predictions import PredictionLosses
from regretlab.losses.pointwise import PointwiseLoss, Squared
from regretlab.losses.shortcuts import shortcut

__all__ = ["Examples", "OverExamples", "SampledExamples", "Sampling", "ShuffledExamples", "Shuffling"]

_SQUARED = Squared()


def _examples_in(losses: OverExamples, t: Rounds, seed: int) -> Rounds:
    """(n, b): what ``examples`` answers for the rounds t (n,); ``ValueError`` unless it is indices of examples."""
    found: Rounds = np.asarray(losses.examples(t, seed))
    N, name = losses._n_examples, f"{type(losses).__name__}.examples"
    if found.shape != (len(t), losses.batch) or found.dtype.kind not in "iu":
        shape = f"{found.dtype} of shape {found.shape} for {len(t)} rounds"
        raise ValueError(f"{name} returned {shape}; it must be integers ({len(t)}, {losses.batch})")
    if found.size and not 0 <= found.min() <= found.max() < N:
        raise ValueError(f"{name} returned the index {found.min() if found.min() < 0 else found.max()} of {N} examples")
    return found


def _asked(losses: OverExamples, t: int, seed: int) -> Rounds:
    """(b,): the examples of round t, from ``examples``."""
    return np.asarray(_examples_in(losses, np.array([t]), seed)[0])


def _counted(losses: OverExamples, t: int, seed: int = 0) -> Rounds:
    """(N,): how often each example occurs in the rounds 1, ..., t, from ``examples``."""
    total = np.zeros(losses._n_examples, dtype=np.int64)
    for first in range(1, t + 1, DRAWN_TOGETHER):
        asked = _examples_in(losses, np.arange(first, min(first + DRAWN_TOGETHER, t + 1)), seed)
        total += np.bincount(asked.ravel(), minlength=len(total))
    return total


class OverExamples(ABC):
    """Losses of given examples, the rows of ``features``: ``batch`` of them in a round, in order, epoch after epoch."""

    features: ArrayLike
    batch: int

    def examples(self, t: Rounds, seed: int = 0) -> Rounds:
        """(n, b): the indices, from 0 to N - 1, of the examples in the rounds ``t`` (n,)."""
        rounds = np.asarray(t, dtype=np.int64)
        return self._examples_at((rounds[:, None] - 1) * self.batch + np.arange(self.batch), seed)

    @shortcut("examples", slow=_counted)
    @not_overridable("override examples")
    def counts(self, t: int, seed: int = 0) -> Rounds:
        """(N,): how often each example occurs in the rounds 1, ..., t.

        Divided by b, these are the weights of the N examples in f_1 + ... + f_t.
        """
        epochs, rest = divmod(t * self.batch, self._n_examples)
        return epochs + self._occurrences(epochs * self._n_examples, rest, seed)

    @shortcut("examples", slow=_asked)
    def _examples_of_round(self, t: int, seed: int) -> slice | Rounds:
        """The examples of round t, as a slice where they are consecutive rows."""
        first = (t - 1) * self.batch % self._n_examples
        if first + self.batch <= self._n_examples:
            return slice(first, first + self.batch)
        return self._consecutive(first, self.batch, seed)

    @property
    def _n_examples(self) -> int:
        """N."""
        return len(np.asarray(self.features))

    def _occurrences(self, first: int, n: int, seed: int) -> Rounds:
        """(N,): how often each example is at the positions first, ..., first + n - 1."""
        return np.bincount(self._consecutive(first, n, seed), minlength=self._n_examples)

    def _examples_at(self, position: Rounds, seed: int) -> Rounds:
        """The examples at these positions."""
        return position % self._n_examples

    def _consecutive(self, first: int, n: int, seed: int) -> Rounds:
        """(n,): the examples at the positions first, ..., first + n - 1."""
        return self._examples_at(np.arange(first, first + n), seed)

    def __repr__(self) -> str:
        return arguments.shown(self)


class _InTables(OverExamples):
    """Examples that are drawn L positions at a time.

    Table k holds the examples at the positions k L, ..., (k + 1) L - 1.  The generator of (seed, k) draws it.
    """

    @property
    @abstractmethod
    def _table_length(self) -> int:
        """L, how many positions a table has."""

    @abstractmethod
    def _draw_table(self, rng: np.random.Generator) -> Rounds:
        """(L,): the examples in one table, drawn from ``rng``."""

    @shortcut("examples", slow=_asked)
    def _examples_of_round(self, t: int, seed: int) -> slice | Rounds:
        return self._consecutive((t - 1) * self.batch, self.batch, seed)

    def _examples_at(self, position: Rounds, seed: int) -> Rounds:
        flat, L = position.ravel(), self._table_length
        found = np.empty_like(flat)
        order = np.argsort(flat, kind="stable")
        ends = np.flatnonzero(np.diff(flat[order] // L)) + 1
        for here in np.split(order, ends) if flat.size else ():  # the positions that lie in one table
            k = int(flat[here[0]]) // L
            found[here] = self._cached_table(k, seed)[flat[here] - k * L]
        return found.reshape(position.shape)

    def _consecutive(self, first: int, n: int, seed: int) -> Rounds:
        L, last = self._table_length, first + n
        tables = range(first // L, max(first // L + 1, -(-last // L)))  # at least one table, even if n = 0
        parts = [self._cached_table(k, seed)[max(first - k * L, 0) : last - k * L] for k in tables]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _cached_table(self, k: int, seed: int) -> Rounds:
        """(L,): table k; the last two tables are cached."""
        cached: tuple[tuple[tuple[int, int], Rounds], ...] = self.__dict__.get("_cached_tables", ())
        for key, table in cached:
            if key == (k, seed):
                return table
        table = self._draw_table(generator(seed, k))
        self.__dict__["_cached_tables"] = (*cached[-1:], ((k, seed), table))
        return table


class Shuffling(_InTables):
    """Examples in a uniformly random order, drawn anew for each epoch."""

    @property
    def _table_length(self) -> int:
        return self._n_examples * max(1, DRAWN_TOGETHER // self._n_examples)  # whole epochs

    def _draw_table(self, rng: np.random.Generator) -> Rounds:
        epochs = np.tile(np.arange(self._n_examples), (self._table_length // self._n_examples, 1))
        return rng.permuted(epochs, axis=1).ravel()


class Sampling(_InTables):
    """Examples drawn independently and uniformly, with replacement."""

    @property
    def _table_length(self) -> int:
        return DRAWN_TOGETHER

    def _draw_table(self, rng: np.random.Generator) -> Rounds:
        return rng.integers(self._n_examples, size=DRAWN_TOGETHER)

    @shortcut("examples", slow=_counted)
    @not_overridable("override examples")
    def counts(self, t: int, seed: int = 0) -> Rounds:
        last = t * self.batch
        steps = range(0, last, DRAWN_TOGETHER)
        parts = (self._occurrences(p, min(DRAWN_TOGETHER, last - p), seed) for p in steps)
        return sum(parts, np.zeros(self._n_examples, dtype=np.int64))


@dataclass(frozen=True, eq=False, repr=False)
class Examples(OverExamples, PredictionLosses):
    """f_t(x) = (1/b) sum_{j in B_t} ell(<a_j, x>, y_j) + (mu/2) ||x||^2 over given examples, in order.

    Parameters
    ----------
    features : array (N, d)
        a_1, ..., a_N.
    targets : array (N,)
        y_1, ..., y_N.
    link : PointwiseLoss
        The pointwise loss ell.
    batch : int
        b, how many examples a round has.
    mu : float
        Modulus of strong convexity of the added term, at least 0.

    Raises
    ------
    TypeError
        For arrays of anything but numbers, a ``link`` that is no pointwise loss, a ``batch`` or ``mu`` of a wrong type.
    ValueError
        For shapes that disagree, numbers that are not finite, labels that the pointwise loss does not allow,
        ``batch`` < 1 or ``mu`` < 0.
    """

    features: ArrayLike
    targets: ArrayLike
    link: PointwiseLoss = _SQUARED
    batch: int = 1
    mu: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.link, PointwiseLoss):
            raise TypeError(f"link={self.link!r} must be a PointwiseLoss, e.g. regretlab.losses.Logistic()")
        whole(1, batch=self.batch)
        within("[0, inf)", mu=self.mu)
        a = arguments.features(self.features)
        y = arguments.targets(self.targets, len(a))
        self.link.check_labels(y)
        object.__setattr__(self, "features", a)
        object.__setattr__(self, "targets", y)

    @property
    def dimension(self) -> int:  # type: ignore[override]
        return int(np.asarray(self.features).shape[1])

    def rows(self, t: Rounds, seed: int = 0) -> tuple[Array, Array]:
        return self._rows(_examples_in(self, np.asarray(t), seed))

    @shortcut("rows", "examples", slow=PredictionLosses.data)
    def data(self, start: int, stop: int, seed: int) -> tuple[Array, ...]:
        n = stop - start
        return self._rows(self._consecutive((start - 1) * self.batch, n * self.batch, seed).reshape(n, self.batch))

    def _rows(self, index: Rounds) -> tuple[Array, Array]:
        """a (n, b, d) and y (n, b) of the examples ``index`` (n, b); ``take`` is several times faster than a[index]."""
        return np.asarray(self.features).take(index, axis=0), np.asarray(self.targets).take(index)


@dataclass(frozen=True, eq=False, repr=False)
class ShuffledExamples(Shuffling, Examples):
    """f_t(x) = (1/b) sum_{j in B_t} ell(<a_j, x>, y_j) + (mu/2) ||x||^2, examples shuffled anew in each epoch.

    Parameters and errors are those of :class:`Examples`; the seed and the epoch decide the order.
    """


@dataclass(frozen=True, eq=False, repr=False)
class SampledExamples(Sampling, Examples):
    """f_t(x) = (1/b) sum_{j in B_t} ell(<a_j, x>, y_j) + (mu/2) ||x||^2, examples drawn with replacement.

    Parameters and errors are those of :class:`Examples`.  E f_t(x) is the mean of
    ell(<a_j, x>, y_j) over all N examples, plus (mu/2) ||x||^2.
    """

"""What is written down of a game: sums of losses and gradients at checkpoints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from regretlab._utils.types import Array, Rounds

__all__ = ["Checkpoints", "Record"]

_PER_DECADE = 32
_DECADES = 18


@dataclass(frozen=True, eq=False)
class Record:
    """The checkpoints t of a game, and what was known after round t.

    Sums are kept as a sum and its rounding error, so that they stay exact to
    about one part in 1e16 however many rounds there are.

    Attributes
    ----------
    t : int array (h,)
    point : array (h, d), the point x_t played in round t
    loss : array (h, 2, d), sum_{s<=t} f_s(x_s) by coordinate (for losses that are
        not a sum over coordinates, all of it at coordinate 0), and its rounding error
    gradient : array (h, 2, d), sum_{s<=t} g_s, and its rounding error
    ledger : array (h, M, d), the learner's ledger after round t, if it keeps one
    """

    t: Rounds
    point: Array
    loss: Array
    gradient: Array
    ledger: Array

    @classmethod
    def empty(cls, d: int, entries: int = 0) -> Record:
        shapes = ((d,), (2, d), (2, d), (entries, d))
        return cls(np.empty(0, np.int64), *(np.empty((0, *shape)) for shape in shapes))

    @classmethod
    def join(cls, parts: Iterable[Record]) -> Record:
        """The records in ``parts``, one after the other."""
        parts = list(parts)
        parts = [part for part in parts if part.t.size] or parts[:1]
        if len(parts) == 1:
            return parts[0]
        columns = zip(*(part.columns() for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def rows(self, index: slice | list[int]) -> Record:
        """The rows that ``index`` selects, a slice, mask or array."""
        return Record(self.t[index], *(column[index] for column in self.columns()[1:]))

    def columns(self) -> tuple[Rounds, Array, Array, Array, Array]:
        """t, point, loss, gradient, ledger."""
        return self.t, self.point, self.loss, self.gradient, self.ledger


@dataclass(frozen=True)
class Checkpoints:
    """Which rounds to record: ``rounds``, or if None about 32 per decade; always the first and the last played."""

    rounds: tuple[int, ...] | None = None

    @classmethod
    def of(cls, rounds: Iterable[int] | Checkpoints | None) -> Checkpoints:
        """Checked and sorted."""
        if rounds is None or isinstance(rounds, Checkpoints):
            return rounds or cls()
        array = np.array([rounds] if np.isscalar(rounds) else list(rounds))
        if array.size == 0 or array.dtype.kind not in "iu" or array.min() < 1:
            raise ValueError(f"checkpoints={rounds!r} must be rounds: integers from 1 on")
        return cls(tuple(np.unique(array).tolist()))

    def between(self, after: int, until: int) -> Rounds:
        """The checkpoints in (after, until]; the last round played is recorded besides."""
        t = self._rounds
        return t[np.searchsorted(t, after, "right") : np.searchsorted(t, until, "right")]

    def __contains__(self, t: int) -> bool:
        return self.between(t - 1, t).size == 1

    @cached_property
    def _rounds(self) -> Rounds:
        return _log_spaced() if self.rounds is None else np.union1d(np.array(self.rounds, dtype=np.int64), [1])


@cache
def _log_spaced() -> Rounds:
    """The default checkpoints, about 32 per decade; at the first use, since np.unique takes long to load."""
    return np.unique(np.round(10.0 ** (np.arange(_DECADES * _PER_DECADE) / _PER_DECADE)).astype(np.int64))

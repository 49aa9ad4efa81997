"""The record of a game: points and sums at its checkpoints."""

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
    """The points of a game at its h checkpoints t, and the sums up to them.

    Each sum is stored with its rounding error; together they are exact to about one
    part in 1e16 for any number of rounds.

    Attributes
    ----------
    t : int array (h,), the checkpoints
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
    def empty(cls, d: int, ledger_rows: int = 0) -> Record:
        """A record of dimension d without checkpoints."""
        shapes = ((d,), (2, d), (2, d), (ledger_rows, d))
        return cls(np.empty(0, np.int64), *(np.empty((0, *shape)) for shape in shapes))

    @classmethod
    def join(cls, parts: Iterable[Record]) -> Record:
        """One record with the checkpoints of all ``parts``, in their order."""
        parts = list(parts)
        parts = [part for part in parts if part.t.size] or parts[:1]
        if len(parts) == 1:
            return parts[0]
        columns = zip(*(part.columns() for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def read_only(self) -> Record:
        """This record, with arrays that cannot be written to."""
        for column in self.columns():
            column.setflags(write=False)
        return self

    def __setstate__(self, columns: dict[str, Array]) -> None:  # copies and pickles of arrays can be written to
        self.__dict__.update(columns)
        self.read_only()

    def rows(self, index: slice | list[int]) -> Record:
        """The checkpoints that ``index`` selects."""
        return Record(self.t[index], *(column[index] for column in self.columns()[1:]))

    def columns(self) -> tuple[Rounds, Array, Array, Array, Array]:
        """t, point, loss, gradient, ledger."""
        return self.t, self.point, self.loss, self.gradient, self.ledger


@dataclass(frozen=True)
class Checkpoints:
    """The rounds to record, by default about 32 per decade; besides these, always the first and the last one."""

    rounds: tuple[int, ...] | None = None

    @classmethod
    def of(cls, rounds: Iterable[int] | Checkpoints | None) -> Checkpoints:
        """The checkpoints that a user asks for, checked and sorted.

        Raises
        ------
        TypeError
            When ``rounds`` are not integers.
        ValueError
            When there is none, or one is below 1.
        """
        if rounds is None or isinstance(rounds, Checkpoints):
            return rounds or cls()
        array = np.array([rounds] if np.isscalar(rounds) else list(rounds))
        integers = array.dtype.kind in "iu"
        if array.size == 0 or not integers or array.min() < 1:
            wrong = TypeError if array.size and not integers else ValueError
            raise wrong(f"checkpoints={rounds!r} must be rounds: integers of at least 1")
        return cls(tuple(np.unique(array).tolist()))

    def between(self, after: int, until: int) -> Rounds:
        """The checkpoints in (after, until]; a game also records its last round."""
        t = self._rounds
        return t[np.searchsorted(t, after, "right") : np.searchsorted(t, until, "right")]

    def __contains__(self, t: int) -> bool:
        return self.between(t - 1, t).size == 1

    @cached_property
    def _rounds(self) -> Rounds:
        if self.rounds is None:
            return _log_spaced()
        rounds = np.union1d(np.array(self.rounds, dtype=np.int64), [1])
        rounds.setflags(write=False)
        return rounds


@cache
def _log_spaced() -> Rounds:
    """The default checkpoints, about 32 per decade; computed at first use, because np.unique is slow to load."""
    rounds = np.unique(np.round(10.0 ** (np.arange(_DECADES * _PER_DECADE) / _PER_DECADE)).astype(np.int64))
    rounds.setflags(write=False)
    return rounds

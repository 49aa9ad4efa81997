"""Arrays where a processor reads and writes them fastest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from regretlab._utils.types import Array

__all__ = ["Aligned"]

_LINE = 8  # numbers in a cache line


class Aligned(NamedTuple):
    """Arrays in one piece of memory, each from the beginning of a cache line on, with a line between them.

    There a processor reads and writes them fastest.  Wherever else an allocator
    puts them, vectors may lie across two lines, or a whole page behind one another.
    """

    memory: Array
    arrays: tuple[Array, ...]

    @classmethod
    def of(cls, *arrays: Array) -> Aligned:
        """Copies of ``arrays``; between them is zero."""
        starts = np.cumsum([0, *(-(-array.size // _LINE) * _LINE + _LINE for array in arrays)])
        memory = np.zeros(starts[-1] + _LINE)
        memory = memory[-(memory.ctypes.data // memory.itemsize) % _LINE :][: starts[-1]]
        copies = tuple(memory[i : i + a.size].reshape(a.shape) for i, a in zip(starts[:-1], arrays, strict=True))
        for copy, array in zip(copies, arrays, strict=True):
            copy[...] = array
        return cls(memory, copies)

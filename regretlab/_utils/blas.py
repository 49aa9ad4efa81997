"""One thread for BLAS, so that a matrix product has the same bits on any number of cores."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["one_blas_thread"]

_lock = threading.Lock()
_inside = threading.local()  # .nested: the blocks that this thread of Python is in
_threads = 0  # threads of Python that are in a block
_before: dict[str, int] = {}  # by the path of a library: its number of threads before the first one entered


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let BLAS use one thread inside the block; also a decorator.

    With several threads BLAS splits a long sum, and the last bits depend on the number of threads: on the machine, on
    ``OPENBLAS_NUM_THREADS``, on Dask, whose workers have one.  The limit holds for the process until its last thread
    of Python leaves its block.
    """
    outermost = not getattr(_inside, "nested", 0)
    if outermost:
        _limit()
    _inside.nested = getattr(_inside, "nested", 0) + 1
    try:
        yield
    finally:
        _inside.nested -= 1
        if outermost:
            _restore()


def _limit() -> None:
    global _threads
    with _lock:
        _threads += 1
        for library in _libraries("scipy.linalg" in sys.modules):
            _before.setdefault(library.filepath, library.num_threads)
            _set(library, 1)


def _restore() -> None:
    global _threads
    with _lock:
        _threads -= 1
        for library in _libraries("scipy.linalg" in sys.modules):
            each = getattr(library, "threading_layer", None) == "openmp"  # there each thread has a limit of its own
            if library.filepath in _before and (each or not _threads):
                _set(library, _before[library.filepath])
        if not _threads:
            _before.clear()


def _set(library: Any, n: int) -> None:
    """Set the number of threads from any thread of Python; threadpoolctl would obey only the first that did so."""
    if hasattr(library, "clear_controlling_thread"):
        library.clear_controlling_thread(force=True)
    library.set_num_threads(n)


@cache
def _libraries(scipy: bool) -> list[Any]:
    """The BLAS libraries of numpy, and of scipy if that is loaded; looking for them takes a millisecond."""
    import numpy  # noqa: F401  its BLAS must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


def _after_fork() -> None:
    """Another thread of the parent may have held the lock; in the child there is no such thread."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

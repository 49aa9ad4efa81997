"""One thread for BLAS, so that a matrix product has the same bits on any number of cores."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["one_blas_thread"]

_lock = threading.Lock()
_inside = threading.local()  # .nested: the blocks that this thread of Python is in
_limits: list[list[int]] = []  # for each thread that is in a block: the numbers of threads of BLAS before the first one


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
    with _lock:
        _limits.append(_limits[0] if _limits else [library.num_threads for library in _libraries()])
        for library in _libraries():
            _set(library, 1)


def _restore() -> None:
    with _lock:
        before = _limits.pop()
        for library, n in zip(_libraries(), before, strict=True):
            if not _limits or getattr(library, "threading_layer", None) == "openmp":  # there each thread has its limit
                _set(library, n)


def _set(library: Any, n: int) -> None:
    """Set the number of threads from any thread of Python; threadpoolctl would obey only the first that did so."""
    if hasattr(library, "clear_controlling_thread"):
        library.clear_controlling_thread(force=True)
    library.set_num_threads(n)


@cache
def _libraries() -> list[Any]:
    """The BLAS libraries that numpy uses; looking for them takes a millisecond."""
    import numpy  # noqa: F401  its BLAS must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


def _after_fork() -> None:
    """Another thread of the parent may have held the lock; in the child there is no such thread."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

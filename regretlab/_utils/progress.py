"""A progress bar in rounds."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["no_progress_bars", "progress_bar"]

_allowed = ContextVar("_allowed", default=True)


@contextmanager
def progress_bar(
    total: int, progress: bool | None = None, *, initial: int = 0, description: str | None = None
) -> Iterator[Callable[[int], object]]:
    """Show a progress bar of ``total`` rounds; yields the function that adds a number of rounds to it.

    Without a bar no object of tqdm is made: each one takes a lock that forked processes share, and that stays taken
    when one of them is killed.

    Parameters
    ----------
    total, initial : int
        The number of rounds, and how many of them are played already.
    progress : bool, optional
        Whether to show the bar; by default on a terminal, in a process that no other one has started, and outside of
        :func:`no_progress_bars`.
    description : str, optional
        Stands before the bar.
    """
    if progress is None:
        main = multiprocessing.parent_process() is None
        progress = _allowed.get() and main and sys.stderr is not None and sys.stderr.isatty()
    if not progress:
        yield lambda rounds: None
        return
    from tqdm import tqdm  # imported when used: it would slow down the import of the package

    with tqdm(
        total=total, initial=initial, desc=description, unit=" rounds", unit_scale=True, delay=1.0, leave=False
    ) as bar:
        yield bar.update


@contextmanager
def no_progress_bars() -> Iterator[None]:
    """Inside the block there is no progress bar unless it is asked for."""
    token = _allowed.set(False)
    try:
        yield
    finally:
        _allowed.reset(token)

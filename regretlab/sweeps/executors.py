"""Tasks on any executor of concurrent.futures' kind; those whose worker dies are run again."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

__all__ = ["Workers", "outcomes"]

_ATTEMPTS = 3

Task = TypeVar("Task")
Workers = Executor | Callable[[], Executor]
"""An executor, or a function that makes one; then it is closed in the end, and made anew when its workers die."""


def threads() -> Executor:
    """A thread for every core that this process may use: compiled loops run side by side in them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ThreadPoolExecutor(cores, thread_name_prefix="sweep")


def outcomes(
    function: Callable[[Task], Any], tasks: Iterator[Task], executor: Workers | None = None
) -> Iterator[tuple[Task, Any]]:
    """Every task with what ``function`` returns for it, or the exception of its third attempt, as they finish.

    A task fails when its worker dies, or cannot be reached.  Where all workers
    die with one, as in a pool of processes, those that ran at the time are tried
    again one at a time, so that the one to blame fails alone.

    Raises
    ------
    TypeError
        When ``executor`` is neither.
    BrokenExecutor
        When the executor breaks and there is no function to make another.
    """
    if not (executor is None or callable(executor) or hasattr(executor, "submit")):
        raise TypeError(f"executor={executor!r} is neither an executor nor a function that makes one")
    make = executor if callable(executor) else None if executor else threads
    pool: Executor = make() if make else executor  # type: ignore[assignment]
    again: deque[tuple[Task, int]] = deque()
    suspects: deque[tuple[Task, int]] = deque()
    running: dict[Future[Any], tuple[Task, int]] = {}
    broken = False

    def submit(task: Task, attempt: int) -> None:
        running[pool.submit(function, task)] = task, attempt

    try:
        while True:
            if broken and not running:
                if make is None:
                    raise BrokenExecutor(
                        "the workers of the executor died; with a function that makes executors instead, such as "
                        "executor=ProcessPoolExecutor, others take over. What is finished is kept in the sweep's folder"
                    )
                pool.shutdown(wait=False)
                pool, broken = make(), False
            while not broken and len(running) < _ahead(pool):
                if suspects:
                    if not running:
                        submit(*suspects.popleft())
                    break
                if again:
                    submit(*again.popleft())
                elif (task := next(tasks, None)) is not None:
                    submit(task, 1)
                else:
                    break
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                task, attempt = running.pop(future)
                try:
                    outcome = future.result()
                except Exception as error:
                    died = isinstance(error, BrokenExecutor)
                    broken = broken or died
                    if attempt < _ATTEMPTS:
                        (suspects if died else again).append((task, attempt + 1))
                        continue
                    outcome = error
                yield task, outcome
    finally:
        for future in running:
            future.cancel()
        if make is not None:
            pool.shutdown(wait=True)


def _ahead(pool: Executor) -> float:
    """Tasks to hand out at a time: a few for each worker of a pool here, all to a cluster, which has its own queue."""
    workers = getattr(pool, "_max_workers", None)
    return 2 * workers if isinstance(workers, int) else float("inf")

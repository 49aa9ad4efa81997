"""Run tasks on any executor like those of :mod:`concurrent.futures`; a task that fails is run up to three times."""

from __future__ import annotations

import os
import pickle
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import suppress
from typing import Any, Generic, NamedTuple, TypeVar

__all__ = ["Workers", "outcomes"]

_ATTEMPTS = 3
_STUCK = 10.0  # seconds without a result after which it is asked whether a worker has died unnoticed

Task = TypeVar("Task")
Workers = Executor | Callable[[], Executor]
"""An executor, which the caller closes; or a function that makes one.

An executor that the function makes is closed here, and replaced if it breaks.
"""


def threads() -> Executor:
    """An executor with a thread for each core that this process may use; compiled loops run in parallel in them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ThreadPoolExecutor(cores, thread_name_prefix="sweep")


class _Attempt(NamedTuple, Generic[Task]):
    """The ``number``-th time that a task is run."""

    task: Task
    number: int


class _Queue(Generic[Task]):
    """Tasks that wait: new ones, those that failed, and suspects.

    When a worker dies, its pool of processes breaks, and with the task that killed it all running tasks fail.  These
    tasks are suspects: each is run again without others beside it, so that only the task to blame fails.
    """

    def __init__(self, tasks: Iterator[Task]) -> None:
        self._new = tasks
        self._failed: deque[_Attempt[Task]] = deque()
        self._suspects: deque[_Attempt[Task]] = deque()

    def ready(self, running: int, limit: float) -> Iterator[_Attempt[Task]]:
        """Attempts to start while ``running`` others run, so that at most ``limit`` run at the same time."""
        if self._suspects:
            if not running:
                yield self._suspects.popleft()
            return
        while running < limit and (attempt := self._next()):
            yield attempt
            running += 1

    def _next(self) -> _Attempt[Task] | None:
        """A failed task, or a new one; None if there are no more."""
        if self._failed:
            return self._failed.popleft()
        for task in self._new:
            return _Attempt(task, 1)
        return None

    def retry(self, attempt: _Attempt[Task], error: Exception) -> bool:
        """Queue the task again unless this was its third attempt; returns whether it is queued."""
        if attempt.number == _ATTEMPTS:
            return False
        queue = self._suspects if isinstance(error, BrokenExecutor) else self._failed
        queue.append(_Attempt(attempt.task, attempt.number + 1))
        return True

    def put_back(self, attempt: _Attempt[Task]) -> None:
        """Queue an attempt that was not started."""
        self._suspects.appendleft(attempt)


def outcomes(
    function: Callable[[Task], Any], tasks: Iterator[Task], executor: Workers | None = None
) -> Iterator[tuple[Task, Any]]:
    """Yield, in the order of finishing, each task and what ``function`` returns for it or raises at the third attempt.

    Parameters
    ----------
    function : callable
        Sent to the workers with each task.
    tasks : iterator
        The next task is taken when a worker is about to be free.
    executor : Executor, or function that makes one; optional
        By default a thread for each core.

    Raises
    ------
    TypeError
        When ``executor`` is neither an executor nor a function that makes one.
    BrokenExecutor
        When the executor breaks and there is no function to make another, or the workers of another die at once.
    """
    if not (executor is None or callable(executor) or hasattr(executor, "submit")):
        raise TypeError(f"executor={executor!r} is neither an executor nor a function that makes one")
    make = executor if callable(executor) else None if executor else threads
    pool: Executor = _made(make) if make else executor  # type: ignore[assignment]
    queue = _Queue(tasks)
    running: dict[Future[Any], _Attempt[Task]] = {}
    broken = False
    try:
        while True:
            if broken and not running:
                pool, broken = _replacement(pool, make), False
            if not broken:
                broken = _start(pool, function, queue, running)
            if not running:
                if broken:
                    continue
                return
            for future in _finished(pool, running):
                attempt = running.pop(future)
                try:
                    outcome = future.result()
                except Exception as error:
                    broken = broken or isinstance(error, BrokenExecutor)
                    if queue.retry(attempt, error):
                        continue
                    outcome = error
                yield attempt.task, outcome
    finally:
        for future in running:
            future.cancel()
        if make is not None:
            pool.shutdown(wait=True)


def _start(
    pool: Executor, function: Callable[[Task], Any], queue: _Queue[Task], running: dict[Future[Any], _Attempt[Task]]
) -> bool:
    """Start as many attempts as the pool has room for; returns whether the pool was broken already."""
    for attempt in queue.ready(len(running), _limit(pool)):
        try:
            if isinstance(pool, ProcessPoolExecutor):
                future = pool.submit(_unpacked, function, _Packed(attempt.task))  # type: ignore[arg-type]
            else:
                future = pool.submit(function, attempt.task)
        except BrokenExecutor:
            queue.put_back(attempt)
            return True
        running[future] = attempt
    return False


class _Packed:
    """A task that a worker of a process pool unpacks when it runs it.

    A task that cannot be unpacked, because its module cannot be imported there, would kill the worker otherwise.
    """

    def __init__(self, task: Any) -> None:
        self.task = task

    def __reduce__(self) -> tuple[type[bytes], tuple[bytes]]:
        return bytes, (pickle.dumps(self.task),)


def _unpacked(function: Callable[[Any], Any], packed: bytes) -> Any:
    """Run a function on a task of :class:`_Packed`; runs on the worker."""
    return function(pickle.loads(packed))


def _made(make: Callable[[], Executor]) -> Executor:
    """The executor that the function makes."""
    pool = make()
    if not hasattr(pool, "submit"):
        raise TypeError(f"executor={make!r} makes {pool!r}, which is no executor: it has no method submit")
    return pool


def _replacement(broken: Executor, make: Callable[[], Executor] | None) -> Executor:
    """A new executor in place of one whose workers died, tried out: its workers can do the simplest task."""
    if make is None:
        raise BrokenExecutor(
            "the workers of the executor died; with a function that makes executors instead, such as "
            "executor=ProcessPoolExecutor, others take over. What is finished is kept in the sweep's folder. "
            + _AT_THE_START
        )
    patience = float(_ATTEMPTS)
    while True:
        broken.shutdown(wait=False)
        broken = pool = _made(make)
        processes: dict[int, Any] = {}
        try:
            task = pool.submit(os.getpid)
            processes = dict(getattr(pool, "_processes", None) or {})
            task.result()
            return pool
        except BrokenExecutor as error:
            killed = processes and not any((process.exitcode or 0) > 0 for process in processes.values())
            patience -= 0.1 if killed else 1.0  # by somebody else, perhaps because memory is short
            if patience <= 0.0:
                reason = f"the workers of the executor die as soon as they start. {_AT_THE_START}"
                raise BrokenExecutor(reason) from error


_AT_THE_START = (
    "Processes that are spawned import the main script: in a script the call must stand below "
    'if __name__ == "__main__":, and in an interactive session the classes must be in a module'
)


def _finished(pool: Executor, running: Iterable[Future[Any]]) -> set[Future[Any]]:
    """Those that are finished, after a wait; perhaps none.

    A pool of processes does not notice that a worker has died while it wrote a result, and waits for the rest forever.
    It gets an end here, so that it is broken like any other whose worker dies.
    """
    done = wait(running, timeout=_STUCK, return_when=FIRST_COMPLETED).done
    workers = list((getattr(pool, "_processes", None) or {}).values()) if isinstance(pool, ProcessPoolExecutor) else []
    if not done and any(worker.exitcode for worker in workers):
        for worker in workers:
            worker.kill()
        with suppress(AttributeError, OSError):  # the last end of the pipe that is open for writing
            pool._result_queue._writer.close()  # type: ignore[attr-defined]
    workers_of = getattr(getattr(pool, "_client", None), "nthreads", None)  # of a cluster of Dask
    if not done and workers_of is not None and not workers_of():
        warnings.warn(
            "the cluster has no worker, perhaps because it gave up starting those that died; the sweep waits for one. "
            "It can be stopped: with a folder, what is finished is kept",
            RuntimeWarning,
            stacklevel=2,
        )
    return done


def _limit(pool: Executor) -> float:
    """How many tasks may run or wait in the pool: two for each worker; any number for a cluster, which has a queue."""
    workers = getattr(pool, "_max_workers", None)
    return 2 * workers if isinstance(workers, int) else float("inf")

"""What is timed: AMSGrad on the online sequence of Reddi, Kale, Kumar (2018), Section 5, with its running regret.

A *player* plays T rounds of L such games, which differ in alpha, beta1 and
beta2, and returns the time per round.  Time is CPU time of one thread, so that it
depends little on what else the machine does.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np


class Outcome(NamedTuple):
    """What a player returns: the time, and the end of the first and of the last game."""

    ns: float
    """Nanoseconds per round of one game."""
    x: tuple[float, float]
    """x_{T+1}."""
    regret: tuple[float, float]
    """R_T."""


Player = Callable[[int, int], Outcome]
"""A function of T and L."""


def hyperparameters(lanes: int) -> list[tuple[float, float, float]]:
    """(alpha, beta1, beta2) of each game: from (0.5, 0.9, 0.99) to (1, 0.8, 0.999) in equal steps."""
    shares = [i / max(1, lanes - 1) for i in range(lanes)]
    return [(0.5 + 0.5 * s, 0.9 - 0.1 * s, 0.99 + 0.009 * s) for s in shares]


def gradients(horizon: int) -> np.ndarray:
    """(T,): 1010 in the rounds t = 1 mod 101, else -10."""
    g = np.full(horizon, -10.0)
    g[::101] = 1010.0
    return g


class Stopwatch:
    """CPU time between ``start`` and ``stop``, in nanoseconds."""

    start = stop = 0

    def per(self, horizon: int, lanes: int) -> float:
        return (self.stop - self.start) / horizon / lanes


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Take the time of a block, without garbage collections."""
    watch = Stopwatch()
    gc.collect()
    gc.disable()
    try:
        watch.start = time.process_time_ns()
        yield watch
        watch.stop = time.process_time_ns()
    finally:
        gc.enable()


def ends(values: object) -> tuple[float, float]:
    """The first and the last of some numbers."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    return float(flat[0]), float(flat[-1])

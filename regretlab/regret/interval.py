"""Interval regret: the largest regret over windows of consecutive rounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab.engine.replay import Played, replay
from regretlab.engine.trajectory import Trajectory
from regretlab.losses.base import AdaptiveLosses, LinearLosses
from regretlab.regret.cumulative_prediction_loss import sums_of
from regretlab.regret.hindsight import Best, Solver, progress, warn_of

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["largest_regret"]

_STEPS_LINEAR, _STEPS = 64, 2  # steps by which a window moves by its own length
_SHORTEST = 64  # the shortest windows have a 64th of the rounds, where each of them takes a solver


class Window(NamedTuple):
    """The worst window: its rounds first..last, what was paid in it, the least a fixed point pays, and the gap."""

    first: int
    last: int
    loss: float
    comparator_loss: float
    gap: float

    @property
    def regret(self) -> float:
        return self.loss - self.comparator_loss


def largest_regret(game: Trajectory, lengths: ArrayLike | None, stride: int | None) -> pd.DataFrame:
    """For each length the window with the largest regret: see :meth:`regretlab.Game.interval_regret`."""
    import pandas as pd

    T, linear = game.horizon, isinstance(game.losses, LinearLosses | AdaptiveLosses)
    chosen = _lengths(T, lengths, T if linear else _SHORTEST)
    if stride is not None and (isinstance(stride, bool) or not isinstance(stride, int | np.integer) or stride < 1):
        raise ValueError(f"stride={stride!r} must be a number of rounds: an integer of at least 1")
    steps = _STEPS_LINEAR if linear else _STEPS
    kinds = [_Windows(w, int(stride or max(1, w // steps))) for w in chosen]
    for played in replay(game):
        for kind in kinds:
            for part in kind.ending_in(played):
                if linear:
                    kind.take_worst(part, _least_linear(game, part))
                else:
                    kind.parts.append(part)
    if not linear and kinds:
        _solve(game, kinds)
    rows = [kind.worst for kind in kinds if kind.worst is not None]
    frame = pd.DataFrame(rows, columns=list(Window._fields), index=pd.Index(chosen, name="length"))
    frame.insert(4, "regret", frame["loss"] - frame["comparator_loss"])
    frame.insert(5, "average_regret", frame["regret"] / frame.index)
    return frame if frame["gap"].any() else frame.drop(columns="gap")


class _Part(NamedTuple):
    """Windows by their first rounds (n,), with the loss (n,) and the gradients (n, d) summed over each."""

    first: Rounds
    loss: Array
    gradient: Array


@dataclass(eq=False)
class _Windows:
    """Windows of a length that start at the rounds 1, 1 + stride, 1 + 2 stride, ..."""

    length: int
    stride: int
    worst: Window | None = None
    parts: list[_Part] = field(default_factory=list)
    _open: Array = field(default_factory=lambda: np.empty((0, 0)))  # sums before the first round, of windows not over
    _first: int = 1  # first round of the first of them

    def ending_in(self, played: Played) -> Iterator[_Part]:
        """The windows that end in these rounds."""
        before, last = int(played.t[0]) - 1, int(played.t[-1])
        sums = np.column_stack([played.loss, played.loss_error, played.gradient, played.gradient_error])
        k = np.arange(-(-before // self.stride) * self.stride, last, self.stride)  # rounds before which a window starts
        opened = sums[k - before]
        self._open = opened if not self._open.size else np.concatenate([self._open, opened])
        n = max(0, (last - self.length - (self._first - 1)) // self.stride + 1) if last >= self.length else 0
        n = min(n, len(self._open))
        if n > 0:
            first = self._first + self.stride * np.arange(n)
            change = sums[first + self.length - 1 - before] - self._open[:n]
            d = played.gradient.shape[1]
            self._open, self._first = self._open[n:].copy(), self._first + n * self.stride
            yield _Part(first, change[:, 0] + change[:, 1], change[:, 2 : 2 + d] + change[:, 2 + d :])

    def take_worst(self, part: _Part, least: Array, gap: Array | None = None) -> None:
        """Remember the worst of these windows, given the least that a fixed point pays in each."""
        i = int(np.argmax(part.loss - least))
        first, wide = int(part.first[i]), 0.0 if gap is None else float(gap[i])
        found = Window(first, first + self.length - 1, float(part.loss[i]), float(least[i]), wide)
        if gap is not None:  # another window may be worse, up to its gap
            found = found._replace(gap=float((part.loss - least + gap).max()) - found.regret)
        if self.worst is None or found.regret > self.worst.regret:
            self.worst = found


def _least_linear(game: Trajectory, part: _Part) -> Array:
    """min_{u in F} <G, u> for the sums G of gradients."""
    u = game.feasible_set.minimize_linear(part.gradient)
    return np.asarray((part.gradient * u).sum(axis=1))


def _solve(game: Trajectory, kinds: list[_Windows]) -> None:
    sums, wide = sums_of(game), {}
    parts = [_Part(*(np.concatenate(column) for column in zip(*kind.parts, strict=True))) for kind in kinds]
    with progress(sum(kind.length * len(part.first) for kind, part in zip(kinds, parts, strict=True))) as tick:
        for kind, part in zip(kinds, parts, strict=True):
            solver, best = Solver(sums), list[Best]()
            for first, paid in zip(part.first.tolist(), part.loss.tolist(), strict=True):
                best.append(solver.minimize(first, first + kind.length))
                if not best[-1].tolerated(paid):
                    wide[first + kind.length - 1] = best[-1]
                tick(kind.length)
            kind.take_worst(part, np.array([b.value for b in best]), np.array([b.gap for b in best]))
    if wide:
        warn_of(game, wide)


def _lengths(T: int, lengths: ArrayLike | None, fraction: int) -> list[int]:
    """The lengths asked for, or T, T/2, T/4, ... down to T / ``fraction``."""
    if lengths is None:
        halved = [T // 2**k for k in range(T.bit_length()) if 2**k <= max(fraction, 1)]
        return sorted({w for w in halved if w >= 1})
    array = np.atleast_1d(np.asarray(lengths))
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iu" or array.min() < 1 or array.max() > T:
        raise ValueError(f"lengths={lengths!r} must be numbers of rounds: integers from 1 to the horizon {T}")
    return sorted({int(w) for w in array})

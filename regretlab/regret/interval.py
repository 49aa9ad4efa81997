"""Interval regret: the largest regret over windows of consecutive rounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regretlab._utils.blas import one_blas_thread
from regretlab._utils.progress import progress_bar
from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab._utils.validation import whole
from regretlab.engine.replay import Played, replay
from regretlab.engine.trajectory import Trajectory
from regretlab.regret.claims import check_least
from regretlab.regret.cumulative_prediction_loss import sums_of
from regretlab.regret.hindsight import Best, Solver, evidence_of, warn_of_gaps
from regretlab.regret.requirements import check_bounded, check_oblivious

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["interval_regret"]

_STEPS_LINEAR, _STEPS = 64, 2  # the default stride is the length divided by this
_SHORTEST = 64  # the shortest windows by default are T/64 rounds long if each of them takes a solver


class Window(NamedTuple):
    """The rounds first, ..., last: the learner's loss, the best fixed point's loss, and the gap of that loss."""

    first: int
    last: int
    loss: float
    comparator_loss: float
    gap: float

    @property
    def regret(self) -> float:
        return self.loss - self.comparator_loss


@one_blas_thread()
def interval_regret(game: Trajectory, lengths: ArrayLike | None = None, stride: int | None = None) -> pd.DataFrame:
    """max over windows [r, r + w) of sum_{r<=s<r+w} f_s(x_s) - min_{u in F} sum_{r<=s<r+w} f_s(u), for each length w.

    A table with a row for each length: the window with the largest regret, among those that start at the rounds
    r = 1, 1 + stride, 1 + 2 stride, ...  Its columns are first, last, loss, comparator_loss, regret, average_regret,
    and gap if one is not zero.  The maximum lies in [regret, regret + gap].

    Parameters
    ----------
    game : Trajectory
    lengths : array of int, optional
        By default T, T/2, T/4, ...: down to 1 for linear losses, to T/64 for others.
    stride : int, optional
        Rounds between the starts of windows of length w; by default w/64 for linear losses, w/2 for others.

    Raises
    ------
    TypeError
        When ``lengths`` or ``stride`` are not integers; for an adaptive sequence that is not linear.
    ValueError
        When ``lengths`` or ``stride`` are below 1, or a length is above the horizon; when F is unbounded; when the
        losses contradict what is said of them, as for the regret.
    """
    import pandas as pd

    check_oblivious(game)
    check_bounded(game.feasible_set)
    T, linear = game.horizon, bool(game.losses.linear)
    chosen = _lengths(T, lengths, T if linear else _SHORTEST)
    if stride is not None:
        whole(1, stride=stride)
    steps = _STEPS_LINEAR if linear else _STEPS
    windows = [_Windows(w, int(stride or max(1, w // steps))) for w in chosen]
    for played in replay(game):
        for group in windows:
            ended = group.ending_in(played)
            if linear and ended is not None:
                group.keep_worst(ended, _least_linear(game, ended))
            elif ended is not None:
                group.ended.append(ended)
    if not linear and windows:
        _solve(game, windows)
    rows = [group.worst for group in windows if group.worst is not None]
    frame = pd.DataFrame(rows, columns=list(Window._fields), index=pd.Index(chosen, name="length"))
    frame.insert(4, "regret", frame["loss"] - frame["comparator_loss"])
    frame.insert(5, "average_regret", frame["regret"] / frame.index)
    return frame if frame["gap"].any() else frame.drop(columns="gap")


class _Ended(NamedTuple):
    """n windows: their first rounds (n,), and the sums of losses (n,) and gradients (n, d) over each."""

    first: Rounds
    loss: Array
    gradient: Array


@dataclass(eq=False)
class _Windows:
    """The windows of one length that start at the rounds 1, 1 + stride, 1 + 2 stride, ...

    Attributes
    ----------
    worst : Window or None
        The window with the largest regret so far.
    ended : list of _Ended
        Windows whose comparators are still to be found.
    """

    length: int
    stride: int
    worst: Window | None = None
    ended: list[_Ended] = field(default_factory=list)
    _open: Array = field(default_factory=lambda: np.empty((0, 0)))  # sums up to the start of each window under way
    _first: int = 1  # first round of the first window under way

    def ending_in(self, played: Played) -> _Ended | None:
        """The windows that end in the rounds of ``played``; None if there are none."""
        before, last = int(played.t[0]) - 1, int(played.t[-1])
        sums = np.column_stack([played.loss, played.loss_error, played.gradient, played.gradient_error])
        k = np.arange(-(-before // self.stride) * self.stride, last, self.stride)  # rounds after which a window starts
        opened = sums[k - before]
        self._open = opened if not self._open.size else np.concatenate([self._open, opened])
        n = max(0, (last - self.length - (self._first - 1)) // self.stride + 1) if last >= self.length else 0
        n = min(n, len(self._open))
        if n == 0:
            return None
        first = self._first + self.stride * np.arange(n)
        change = sums[first + self.length - 1 - before] - self._open[:n]
        d = played.gradient.shape[1]
        self._open, self._first = self._open[n:].copy(), self._first + n * self.stride
        return _Ended(first, change[:, 0] + change[:, 1], change[:, 2 : 2 + d] + change[:, 2 + d :])

    def keep_worst(self, ended: _Ended, least: Array, gap: Array | float = 0.0) -> None:
        """Update ``worst`` by these windows, given the losses of the best fixed points and their gaps."""
        i = int(np.argmax(ended.loss - least))
        first = int(ended.first[i])
        found = Window(first, first + self.length - 1, float(ended.loss[i]), float(least[i]), 0.0)
        # the regret of another window may be larger, up to its gap
        found = found._replace(gap=float((ended.loss - least + gap).max()) - found.regret)
        if self.worst is None or found.regret > self.worst.regret:
            self.worst = found


def _least_linear(game: Trajectory, ended: _Ended) -> Array:
    """(n,): min_{u in F} <G, u> for the sum G of gradients over each window."""
    u = game.feasible_set.minimize_linear(ended.gradient)
    check_least(game.feasible_set, ended.gradient[-1], u[-1], game.record.point)
    return np.asarray((ended.gradient * u).sum(axis=1))


def _solve(game: Trajectory, windows: list[_Windows]) -> None:
    """Find the worst window of each length, with a solver for the best point of every window; warn of wide gaps."""
    loss, wide = sums_of(game), {}
    ends = {r + k for group in windows for ended in group.ended for r in ended.first for k in (-1, group.length - 1)}
    evidence = evidence_of(game, loss, sorted(map(int, ends)))
    rounds = sum(group.length * sum(len(ended.first) for ended in group.ended) for group in windows)
    with progress_bar(rounds, description="comparators") as tick:
        for group in windows:
            every = _Ended(*(np.concatenate(column) for column in zip(*group.ended, strict=True)))
            solver, best = Solver(loss, evidence=evidence), list[Best]()
            for first, paid in zip(every.first.tolist(), every.loss.tolist(), strict=True):
                best.append(solver.minimize(first, first + group.length))
                if not best[-1].tolerated(paid):
                    wide[first + group.length - 1] = best[-1]
                tick(group.length)
            group.keep_worst(every, np.array([b.value for b in best]), np.array([b.gap for b in best]))
    if wide:
        warn_of_gaps(game, wide)


def _lengths(T: int, lengths: ArrayLike | None, fraction: int) -> list[int]:
    """The lengths asked for, or T, T/2, T/4, ... down to T / ``fraction``, in increasing order."""
    if lengths is None:
        halved = [T // 2**k for k in range(T.bit_length()) if 2**k <= max(fraction, 1)]
        return sorted({w for w in halved if w >= 1})
    array = np.atleast_1d(np.asarray(lengths))
    allowed = f"lengths={lengths!r} must be numbers of rounds: integers from 1 to the horizon {T}"
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(allowed)
    if array.ndim != 1 or array.size == 0 or array.min() < 1 or array.max() > T:
        raise ValueError(allowed)
    return sorted({int(w) for w in array})

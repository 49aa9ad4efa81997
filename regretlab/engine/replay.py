"""The same game played once more: with every round recorded, or with a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from regretlab._utils.types import Array, Rounds
from regretlab.engine.checkpoints import Checkpoints, Record
from regretlab.engine.driver import advance
from regretlab.engine.memory import beginning, check_same
from regretlab.engine.trajectory import Trajectory
from regretlab.kernels import two_sum

__all__ = ["Played", "replay", "with_ledger"]

_NUMBERS = 2**19  # numbers in the record of a block


@dataclass(frozen=True)
class _EveryRound(Checkpoints):
    def between(self, after: int, until: int) -> Rounds:
        return np.arange(after + 1, until + 1)


@dataclass(frozen=True, eq=False)
class Played:
    """A block of n rounds r, ..., r + n - 1, and sums over all rounds s < r + i, for i = 0, ..., n.

    Attributes
    ----------
    t : int array (n,)
        The rounds of the block.
    loss, loss_error : arrays (n + 1,)
        sum_{s<r+i} f_s(x_s), and its rounding error; with it, differences of the sums are exact.
    gradient, gradient_error : arrays (n + 1, d)
        sum_{s<r+i} g_s, and its rounding error.
    """

    t: Rounds
    loss: Array
    loss_error: Array
    gradient: Array
    gradient_error: Array


def replay(game: Trajectory) -> Iterator[Played]:
    """Play a game once more, and yield its rounds block by block.

    Raises
    ------
    ValueError
        When it is another game this time, because the answers of its learner or sequence depend on more than their
        arguments.
    """
    d, T = game.state.point.size, game.horizon
    if T == 0:
        return
    again = beginning(game, Trajectory, checkpoints=_EveryRound())
    block, sums, seen = max(1, _NUMBERS // (5 * d + 1)), np.zeros((1, 2, 2, d)), list[Record]()
    for after in range(0, T, block):
        advance([again], min(after + block, T), progress=False)
        record, again.record = again.record, Record.empty(d)
        seen.append(record.rows(np.flatnonzero(np.isin(record.t, game.record.t)).tolist()))
        sums = np.concatenate([sums[-1:], np.stack([record.loss, record.gradient], axis=1)])
        loss = _joined(sums[:, 0])
        yield Played(record.t, *loss, sums[:, 1, 0], sums[:, 1, 1])
    again.record = Record.join(seen)
    check_same(game, again)


Kind = TypeVar("Kind", bound=Trajectory)

_LEDGERS: WeakKeyDictionary[Trajectory, Trajectory] = WeakKeyDictionary()
"""For each game without a ledger, the same game with one."""


def with_ledger(game: Kind) -> Kind:
    """``game`` if it has a ledger; else a game of the same class with the same rounds and a ledger.

    The new game is kept for as long as ``game`` lives, so that each round is played again only once.

    Raises
    ------
    TypeError
        When the learner is of a class that keeps no ledger.
    ValueError
        When it is another game this time, as for :func:`replay`.
    """
    if game.state.ledger:
        return game
    if not game.learner.ledger_names():
        raise TypeError(
            f"{game.learner!r} keeps no ledger, which a certificate is made from; a class with an update of its own, "
            "or around another learner, has none"
        )
    again: Any = _LEDGERS.get(game)
    if again is None or again.horizon > game.horizon:  # a caller may have played it on
        again = beginning(game, type(game), checkpoints=game.checkpoints, ledger=True)
    advance([again], game.horizon)
    check_same(game, again)
    _LEDGERS[game] = again
    return again  # type: ignore[no-any-return]


def _joined(sums: Array) -> tuple[Array, Array]:
    """(n,) and (n,): the totals over coordinates of sums with rounding errors (n, 2, d), and their rounding errors."""
    total, error = sums[:, 0, 0], sums[:, 1].sum(axis=1)
    for column in sums[:, 0, 1:].T:
        total, error = two_sum(total, error, column)  # type: ignore[arg-type,assignment]
    return total, error

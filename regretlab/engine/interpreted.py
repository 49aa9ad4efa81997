"""One game of any learner on any losses and any set, in Python: the reference that compiled loops agree with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from regretlab._utils.types import Array
from regretlab.engine.batch import Batch, Draws, block_data, loss_and_gradient
from regretlab.engine.checkpoints import Record
from regretlab.engine.errors import failure
from regretlab.engine.membership import check_state, is_shipped, size_of
from regretlab.engine.trajectory import Trajectory
from regretlab.kernels import two_sum
from regretlab.learners.base import State
from regretlab.losses.base import LinearLosses

__all__ = ["InterpretedGame"]


class _Committed(NamedTuple):
    """The game after its last committed round."""

    state: State
    loss: Array
    gradient: Array
    records: int
    """How many of the batch's ``records`` belong to committed rounds."""
    last: Record | None
    """The record of the last round, if it is not a checkpoint."""


class InterpretedGame(Batch):
    """A batch of one game, played with its learner's ``update``, round by round."""

    block = 256

    def __init__(self, game: Trajectory) -> None:
        self.game = game
        self.records: list[Record] = []
        """A record for each checkpoint."""
        trusted = is_shipped(game.learner) and is_shipped(game.feasible_set)
        self.checked_set = None if trusted else game.feasible_set
        """F, unless the classes of learner and F are those of this package, whose points need no check."""
        self.size = 0.0 if trusted else size_of(game.feasible_set, game.state.point)
        self.committed = _Committed(game.state, game.loss, game.gradient, 0, None)

    @property
    def t(self) -> int:
        return self.committed.state.t

    def play(self, stop: int, horizon: int, draws: Draws, compiled: bool | None) -> None:
        game = self.game
        start = self.t + 1
        checkpoints = set(game.checkpoints.between(self.t, stop).tolist())
        G = block_data(game, start, stop)[0] if isinstance(game.losses, LinearLosses) else None
        for t in range(start, stop + 1):
            state, loss, gradient, *_ = self.committed
            x = state.point
            try:
                with np.errstate(all="ignore"):
                    f, g = self._loss_terms(t, x) if G is None else (G[t - start] * x, G[t - start])
                    loss = np.array(two_sum(loss[0], loss[1], f))  # type: ignore[arg-type]
                    gradient = np.array(two_sum(gradient[0], gradient[1], g))  # type: ignore[arg-type]
                    after = game.learner.update(state, g)
                check_state(after, t, x, self.checked_set, self.size)
                if not np.isfinite(loss).all():
                    raise FloatingPointError(f"the loss is {f.sum()}, their sum {loss[0].sum()}")
                if not np.isfinite(gradient).all():
                    raise FloatingPointError(f"the gradient is {g}, their sum {gradient[0]}")
            except Exception as error:
                raise failure(game, t, error) from error
            ledger_rows = np.array(list(after.ledger.values())).reshape(1, -1, x.size)
            last = Record(np.array([t]), x[None], loss[None], gradient[None], ledger_rows)
            if t in checkpoints:
                self.records.append(last)
            self.committed = _Committed(after, loss, gradient, len(self.records), None if t in checkpoints else last)

    def finish(self) -> None:
        state, loss, gradient, records, last = self.committed
        self.game.append(state, loss, gradient, [*self.records[:records], *([last] if last else [])])

    def _loss_terms(self, t: int, x: Array) -> tuple[Array, Array]:
        """f_t(x_t) as an array (d,), all of it at the first coordinate, and g_t."""
        f = np.zeros(x.size)
        f[0], g = loss_and_gradient(self.game, t, x)
        return f, g

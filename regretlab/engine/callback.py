"""A batch of games whose losses are Python callbacks, round by round; the learners' step is compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regretlab._utils.types import Array
from regretlab.engine.batch import Draws, loss_and_gradient
from regretlab.engine.compiled import CompiledBatch
from regretlab.engine.trajectory import Trajectory
from regretlab.kernels import compose_joint, reveal_given

__all__ = ["CallbackBatch"]

_COMPILE_FROM = 64  # cells; fewer are faster in the interpreter


class CallbackBatch(CompiledBatch):
    """Games with any losses: in each round Python evaluates f_t(x_t) and g_t, then one call updates all learners."""

    block = 64

    def __init__(self, games: Sequence[Trajectory]) -> None:
        super().__init__(games)
        self.geometry = np.array([game.feasible_set.numbers() for game in games])
        self.answers: dict[int, tuple[Array, ...]] = {}
        """f_t(x_t) and g_t by round t, for rounds not committed yet, so that no slow loss is evaluated twice."""

    def play(self, stop: int, horizon: int, draws: Draws, compiled: bool | None) -> None:
        if compiled is None and self.coefficients.shape[1] < _COMPILE_FROM:
            compiled = False
        try:
            super().play(stop, horizon, draws, compiled)
        except KeyboardInterrupt:
            if self.answers:
                self._commit(max(self.answers), (), bool(compiled))
            raise
        self.answers = {t: answer for t, answer in self.answers.items() if t > self.t}

    def _data(self, stop: int, draws: Draws) -> tuple[Any, ...]:
        return ()

    def _loop(
        self, t0: int, n: int, data: tuple[Any, ...], schedule_values: Array, compiled: bool, arrays: Any
    ) -> None:
        x, state, loss, gradient, recorded, *record = arrays
        step = compose_joint(self.binding.call, reveal_given, self.games[0].feasible_set.projection, compiled)
        i, nothing = 0, tuple(column[:0] for column in (recorded, *record))
        for k in range(n):
            t = t0 + k
            if t not in self.answers:
                self.answers[t] = self._evaluate(t, x)
            now = i < recorded.size and recorded[i] == t
            rows = tuple(column[i : i + 1] for column in (recorded, *record)) if now else nothing
            values = schedule_values[:, k : k + 1]
            step(t, 1, self.answers[t], self.coefficients, values, self.geometry, x, state, loss, gradient, *rows)
            i += now

    def _evaluate(self, t: int, x: Array) -> tuple[Array, Array]:
        """f_t(x_t) (L,) and g_t (L, d) of the L games."""
        points = [point.copy() for point in x.reshape(len(self.games), self.d)]
        for point in points:  # separate arrays, so that a sequence can recognize a point by its ``id``
            point.setflags(write=False)
        answers = [loss_and_gradient(game, t, point) for game, point in zip(self.games, points, strict=True)]
        values, gradients = zip(*answers, strict=True)
        return np.array(values), gradients[0][None] if len(gradients) == 1 else np.stack(gradients)

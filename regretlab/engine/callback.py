"""Games whose losses are asked in Python, round by round, for learners and sets that the compiled loops know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regretlab._utils.types import Array
from regretlab.engine.compiled import CompiledBatch, Draws, ask
from regretlab.engine.trajectory import Trajectory
from regretlab.kernels import compose_joint, reveal_given

__all__ = ["CallbackBatch"]

_COMPILE_FROM = 64  # cells; fewer are over sooner without


class CallbackBatch(CompiledBatch):
    """Any losses: f_t(x_t) and g_t are asked of the sequence, the learner's turn is a loop over one round."""

    block = 64

    def __init__(self, games: Sequence[Trajectory]) -> None:
        super().__init__(games)
        self.geometry = np.array([game.feasible_set.parameters() for game in games])
        self.told: dict[int, tuple[Array, ...]] = {}
        """Answers to rounds that are not committed yet, so that no slow sequence is asked again."""

    def play(self, stop: int, horizon: int, draws: Draws, compiled: bool | None) -> None:
        if compiled is None and self.coefficients.shape[1] < _COMPILE_FROM:
            compiled = False
        try:
            super().play(stop, horizon, draws, compiled)
        except KeyboardInterrupt:
            if self.told:
                self._commit(max(self.told), (), bool(compiled))
            raise
        self.told = {t: told for t, told in self.told.items() if t > self.t}

    def _data(self, stop: int, draws: Draws) -> tuple[Any, ...]:
        return ()

    def _loop(self, t0: int, n: int, data: tuple[Any, ...], shapes: Array, compiled: bool, arrays: Any) -> None:
        x, state, loss, gradient, hits, *record = arrays
        turn = compose_joint(self.binding.call, reveal_given, self.games[0].feasible_set.projection, compiled)
        i, nothing = 0, tuple(column[:0] for column in (hits, *record))
        for k in range(n):
            if t0 + k not in self.told:
                points = [point.copy() for point in x.reshape(len(self.games), self.d)]
                for point in points:  # arrays of their own, so that a sequence knows a point again by its identity
                    point.setflags(write=False)
                answers = [ask(game, t0 + k, point) for game, point in zip(self.games, points, strict=True)]
                values, gradients = zip(*answers, strict=True)
                one = len(gradients) == 1
                self.told[t0 + k] = (np.array(values), gradients[0][None] if one else np.stack(gradients))
            hit = i < hits.size and hits[i] == t0 + k
            rows = tuple(column[i : i + 1] for column in (hits, *record)) if hit else nothing
            told, now = self.told[t0 + k], shapes[:, k : k + 1]
            turn(t0 + k, 1, told, self.coefficients, now, self.geometry, x, state, loss, gradient, *rows)
            i += hit

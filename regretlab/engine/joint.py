"""A batch of games whose losses or sets couple the coordinates; one call of the loop plays many rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regretlab._utils.types import Array
from regretlab.engine.batch import Draws
from regretlab.engine.compiled import CompiledBatch, rounds_in_block
from regretlab.engine.trajectory import Trajectory
from regretlab.kernels import compose_joint, reveal_linear, reveal_with
from regretlab.losses.linear_predictions import PredictionLosses

__all__ = ["JointBatch"]


class JointBatch(CompiledBatch):
    """Games with linear losses on sets that couple the coordinates, or with one sequence of prediction losses."""

    def __init__(self, games: Sequence[Trajectory]) -> None:
        super().__init__(games)
        self.geometry = np.array([game.feasible_set.numbers() for game in games])
        seeds = list(dict.fromkeys(game.seed for game in games))
        self.seeds = seeds
        self.which = np.array([seeds.index(game.seed) for game in games])

    @property
    def block(self) -> int:
        losses = self.games[0].losses
        per_round = losses.size if isinstance(losses, PredictionLosses) else self.d * len(self.games)
        return rounds_in_block(per_round)

    def _data(self, stop: int, draws: Draws) -> tuple[Any, ...]:
        losses = self.games[0].losses
        if not isinstance(losses, PredictionLosses):
            return (self._gradients(stop, draws),)
        draws = self._add_missing(stop, draws)
        columns = zip(*(draws[id(losses), seed] for seed in self.seeds), strict=True)
        a, y = (parts[0][None] if len(parts) == 1 else np.stack(parts) for parts in columns)
        return a, y, self.which, *losses.constants

    def _loop(
        self, t0: int, n: int, data: tuple[Any, ...], schedule_values: Array, compiled: bool, arrays: Any
    ) -> None:
        game = self.games[0]
        reveal = reveal_with(game.losses.oracle) if isinstance(game.losses, PredictionLosses) else reveal_linear
        play = compose_joint(self.binding.call, reveal, game.feasible_set.projection, compiled)
        play(t0, n, data, self.coefficients, schedule_values, self.geometry, *arrays)

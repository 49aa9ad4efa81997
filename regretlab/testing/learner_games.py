"""The check that a game equals, bit for bit, calling ``update`` round by round, and the losses for that game."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regretlab._utils.types import Array, Rounds
from regretlab.engine.errors import GameError
from regretlab.game import Game, play_all
from regretlab.learners import Learner, State
from regretlab.losses.base import ConvexLosses, LinearLosses, Losses
from regretlab.sets import FeasibleSet
from regretlab.testing.common import fail

__all__ = ["GivenGradients", "check_games"]

_WAYS = {
    "a game": (False, False, False),
    "a game beside others": (True, False, False),
    "a game with a ledger": (False, True, False),
    "a game with a ledger beside others": (True, True, False),
    "a compiled game": (False, False, True),
    "a compiled game with a ledger beside others": (True, True, True),
}
"""The ways to play a game: side by side with others or not, with a ledger or not, compiled or not."""


@dataclass(frozen=True)
class GivenGradients(LinearLosses):
    """f_t(x) = <g_t, x>, where given gradients g_1, ..., g_n repeat."""

    rows: tuple[tuple[float, ...], ...]

    @staticmethod
    def drawn(d: int, n: int, seed: int, largest: float = np.inf) -> GivenGradients:
        """n random gradients of many magnitudes; the last coordinate is zero at first, and some gradients are zero.

        They are scaled down if a number in them is larger than ``largest``.
        """
        rng = np.random.default_rng(seed)
        G = rng.standard_normal((n, d)) * 10.0 ** rng.uniform(-2.0, 2.0, (n, 1))
        G[: n // 4, -1] = 0.0
        G[n // 3 : n // 3 + 2] = 0.0
        G *= min(1.0, largest / float(np.abs(G).max()))
        return GivenGradients(tuple(map(tuple, G.tolist())))

    def gradients(self, t: Rounds) -> Array:
        return np.array(self.rows)[(t - 1) % len(self.rows)]


@dataclass(frozen=True)
class _GivenAsConvex(ConvexLosses):
    """Losses with the same gradients and mu = 1, for learners that accept strongly convex losses only."""

    given: GivenGradients
    mu: float = 1.0

    @property
    def dimension(self) -> int:  # type: ignore[override]
        return self.given.dimension

    def value(self, t: int, x: Array) -> float:
        return float(self.given.gradients(np.array([t]))[0] @ x)

    def gradient(self, t: int, x: Array) -> Array:
        return np.asarray(self.given.gradients(np.array([t]))[0])


def check_games(learner: Learner, F: FeasibleSet, losses: GivenGradients, states: list[State], compiled: bool) -> None:
    """Check that a game, and a compiled one if ``compiled``, has the points and moments of ``states``, bit for bit."""
    rounds, met = len(losses.rows), _losses_for(learner, losses)
    ways: dict[str, dict[str, Array]] = {}
    for way, (side_by_side, ledger, compile_it) in _WAYS.items():
        if (compile_it and not compiled) or (ledger and not learner.ledger_names()):
            continue
        learners, recorded = [learner] * (3 if side_by_side else 1), range(1, rounds + 1)
        try:
            games = play_all(learners, met, F, rounds, checkpoints=recorded, ledger=ledger, compiled=compile_it)
        except GameError as error:
            fail(f"{type(learner).__name__} cannot play {way}: {error}", error)
        ways |= {way if j == 0 else f"{way}, number {j + 1}": _played(game) for j, game in enumerate(games)}
    by_hand = {"stepping by hand": _path(states)}
    (first, path), *others = (by_hand | ways).items()
    for second, other in others:
        for what in path:
            different = (path[what] != other[what]).any(axis=-1)
            if different.any():
                k = int(np.argmax(different))
                t = k + 1 if what == "point" else rounds
                fail(
                    f"{type(learner).__name__} on {F!r}: {first} and {second} differ: {what} of round {t} is "
                    f"{path[what][k].tolist()} and {other[what][k].tolist()}; they must have the same bits"
                )


def _losses_for(learner: Learner, losses: GivenGradients) -> Losses:
    """Losses with these gradients that the learner accepts."""
    try:
        learner.check(losses)
    except ValueError:
        return _GivenAsConvex(losses)
    return losses


def _path(states: list[State]) -> dict[str, Array]:
    """The points of all states, (n, d), and the last moments, (1, ...)."""
    last = {name: array[None] for name, array in states[-1].moments.items()}
    return {"point": np.array([state.point for state in states]), **last}


def _played(game: Game) -> dict[str, Array]:
    """The points of a game, (n, d), and its last moments, (1, ...)."""
    last = {name: array[None] for name, array in game.state.moments.items()}
    return {"point": np.vstack([game.record.point, game.point]), **last}

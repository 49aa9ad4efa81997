"""The exceptions that stop a game before its horizon; the game keeps the rounds played so far."""

from __future__ import annotations

from collections.abc import Sequence

from regretlab._utils.messages import user_function
from regretlab.engine.trajectory import Trajectory
from regretlab.kernels.compiling import Uncompilable

__all__ = ["GameError", "GameInterrupted", "failure", "where"]


class GameError(RuntimeError):
    """A game could not go on at round ``t``; ``games`` holds all games with the rounds played before the error."""

    def __init__(self, message: str, t: int = 0) -> None:  # unpickling calls this with the message alone
        super().__init__(message)
        self.t = t
        self.games: Sequence[Trajectory] = ()
        self.failed: Trajectory | None = None

    @property
    def game(self) -> Trajectory:
        """The game that failed."""
        return self.games[0] if self.failed is None else self.failed


class GameInterrupted(KeyboardInterrupt):
    """Ctrl-C while games were played; ``games`` holds the games with the rounds played so far."""

    games: Sequence[Trajectory] = ()

    @property
    def game(self) -> Trajectory:
        """The first of ``games``."""
        return self.games[0]


def failure(game: Trajectory, t: int, reason: str | Exception) -> GameError:
    """The ``GameError`` of round t; its message names round, learner, sequence and seed."""
    if isinstance(reason, Uncompilable):
        reason = f"the rule cannot be compiled, but compiled=False plays it: {reason}"
    plain = isinstance(reason, str | ArithmeticError | TypeError | ValueError)
    kept = f"the {t - 1} rounds before it are kept in this error's .games" if t > 1 else "no round was played"
    error = GameError(
        f"round {t}: {reason if plain else repr(reason)}{where(reason)} (learner {game.learner!r}, "
        f"losses {game.losses!r}, seed {game.seed}); {kept}",
        t,
    )
    error.failed = game
    return error


def where(reason: str | Exception) -> str:
    """The function of a user in which an error was raised, and what an earlier handler has noted."""
    if isinstance(reason, str):
        return ""
    places = [user_function(reason), *getattr(reason, "__notes__", ())]
    return "".join(f", in {place}" for place in places if place)

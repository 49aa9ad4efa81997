"""Online convex optimization: learners, loss sequences, feasible sets, and the regret between them."""

from regretlab import learners, losses, schedules, sets
from regretlab.checks import check_losses
from regretlab.comparison import compare, play_all, tidy
from regretlab.errors import GameError, GameInterrupted
from regretlab.game import Game, play

__all__ = [
    "Game",
    "GameError",
    "GameInterrupted",
    "check_losses",
    "compare",
    "learners",
    "losses",
    "play",
    "play_all",
    "schedules",
    "sets",
    "tidy",
]

__version__ = "0.1.0"

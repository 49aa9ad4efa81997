"""Online convex optimization: learners, loss sequences, feasible sets, and the regret between them."""

from regretlab import certificates, learners, losses, periodic, schedules, sets, sweeps
from regretlab.by_name import ByName
from regretlab.certificates import certify
from regretlab.checks import CheckFailed, check_learner, check_losses, check_set
from regretlab.comparison import compare, play_all, tidy
from regretlab.errors import GameError, GameInterrupted
from regretlab.game import Game, play
from regretlab.sweeps import sweep

__all__ = [
    "ByName",
    "CheckFailed",
    "Game",
    "GameError",
    "GameInterrupted",
    "certificates",
    "certify",
    "check_learner",
    "check_losses",
    "check_set",
    "compare",
    "learners",
    "losses",
    "periodic",
    "play",
    "play_all",
    "schedules",
    "sets",
    "sweep",
    "sweeps",
    "tidy",
]

__version__ = "0.1.0"

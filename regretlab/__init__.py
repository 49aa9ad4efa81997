"""Online convex optimization: learners, loss sequences, feasible sets, and the regret between them."""

from regretlab import certificates, learners, losses, schedules, sets, sweeps
from regretlab._utils.version import __version__
from regretlab.analysis import periodic, plots, scaling
from regretlab.certificates import certify
from regretlab.engine.errors import GameError, GameInterrupted
from regretlab.game import Game, compare, play, play_all, to_frame
from regretlab.learners.dict_learner import DictLearner
from regretlab.sweeps import sweep
from regretlab.testing import CheckFailed, check_learner, check_losses, check_set

__all__ = [
    "CheckFailed",
    "DictLearner",
    "Game",
    "GameError",
    "GameInterrupted",
    "__version__",
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
    "plots",
    "scaling",
    "schedules",
    "sets",
    "sweep",
    "sweeps",
    "to_frame",
]

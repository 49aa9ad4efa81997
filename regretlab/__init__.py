"""Online convex optimization: learners, loss sequences, feasible sets, and the regret between them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from regretlab import certificates, learners, losses, schedules, sets
from regretlab._utils.version import __version__
from regretlab.certificates import certify
from regretlab.engine.errors import GameError, GameInterrupted
from regretlab.game import Game, compare, play, play_all, to_frame
from regretlab.learners.dict_learner import DictLearner

if TYPE_CHECKING:
    from regretlab import sweeps, testing
    from regretlab.analysis import periodic, plots, scaling
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
    "testing",
    "to_frame",
]

_ON_FIRST_USE = {  # public name: its module, and its name there ("": the module itself)
    "CheckFailed": ("testing", "CheckFailed"),
    "check_learner": ("testing", "check_learner"),
    "check_losses": ("testing", "check_losses"),
    "check_set": ("testing", "check_set"),
    "periodic": ("analysis.periodic", ""),
    "plots": ("analysis.plots", ""),
    "scaling": ("analysis.scaling", ""),
    "sweep": ("sweeps", "sweep"),
    "sweeps": ("sweeps", ""),
    "testing": ("testing", ""),
}


def __getattr__(name: str) -> Any:
    """A public name that is imported when it is first used, so that ``import regretlab`` stays quick."""
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, inside = _ON_FIRST_USE[name]
    value: Any = importlib.import_module(f"{__name__}.{module}")
    globals()[name] = value = getattr(value, inside) if inside else value
    return value


def __dir__() -> list[str]:
    return __all__

"""The code that plays a game again, for the messages of assertions that fail."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from regretlab._utils.types import ArrayLike
from regretlab.engine.serialization import specification
from regretlab.engine.trajectory import Trajectory

__all__ = ["replay_code"]

_IMPORTS = "; ".join(f"from regretlab.{part} import *" for part in ("game", "learners", "losses", "schedules", "sets"))


def replay_code(game: Trajectory, checkpoints: list[int] | None = None, start: ArrayLike | None = None) -> str:
    """``play it again:``, then lines of Python that leave an equal game in the variable ``game``.

    The learner, the losses and the set are written as their repr if this evaluates to an equal object.  The repr of a
    class of your own does not: then the code has the name of the argument, and a comment says what to put there.
    """
    names: dict[str, Any] = {}
    exec(_IMPORTS, names)
    parts, missing = [], []
    for name in ("learner", "losses", "feasible_set"):
        part = getattr(game, name)
        text = re.sub(r"\)\^\d+$", ")", repr(part))  # Box(0, 1)^3 takes its dimension from the losses
        parts.append(text if _evaluates_to(text, part, game, names) else name)
        missing += [] if parts[-1] == text else [f"    # {name} is {text}\n"]
    keywords = {
        "seed": game.seed,
        "checkpoints": checkpoints,
        "start": None if start is None else np.asarray(start, dtype=np.float64).tolist(),
    }
    parts.append(str(game.horizon))
    parts += [f"{name}={value!r}" for name, value in keywords.items() if value is not None]
    return f"play it again:\n    {_IMPORTS}\n{''.join(missing)}    game = play({', '.join(parts)})"


def _evaluates_to(text: str, part: object, game: Trajectory, names: dict[str, Any]) -> bool:
    """Whether ``text`` is Python for an object that is equal to ``part``."""
    try:
        found = eval(text, names)
        found = found.with_dimension(game.point.size) if part is game.feasible_set else found
        return bool(specification(found) == specification(part))
    except Exception:  # a repr may be any text
        return False

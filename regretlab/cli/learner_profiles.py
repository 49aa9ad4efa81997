"""What there is to know of a learner before it plays: its formula, its memory, and what its docstring says of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from regretlab._utils.types import ArrayLike
from regretlab.game import play_all
from regretlab.learners import Algorithm1, DecoupledWeightDecay, DoublingTrick, L2Penalty, Learner
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["profile", "regrets"]

_SECTIONS = ("Claim", "Guarantee", "Counterexample")
_NONE = "none stated"
_ROLE = re.compile(r":\w+:`[~.]*(?:[\w.]*\.)?(\w+)`")


def profile(learner: Learner) -> dict[str, str]:
    """rule, kept, claim, guarantee and counterexample of a learner, each in one line.

    ``rule`` is the formula that its docstring opens with; ``kept`` says how many numbers it keeps for each coordinate
    besides x, and their names; the others are the paragraphs of the docstring with these titles, or
    "none stated".
    """
    lines = {"rule": _line((inspect.getdoc(learner) or "").split("\n\n")[0]), "kept": _kept(learner)}
    return lines | {title.lower(): _section(learner, title) for title in _SECTIONS}


def summary(cls: type[Learner]) -> str:
    """One line on a class of learners: its formula, what it keeps, its guarantee and a known counterexample."""
    parts = [_line((inspect.getdoc(cls) or "").split("\n\n")[0])]
    try:
        parts.append(f"Keeps {_kept(cls())}.")
    except TypeError:  # it is made of another learner
        parts.append("Keeps what its learner keeps.")
    parts += [f"{title}: {_section(cls, title)}" for title in _SECTIONS[1:] if _section(cls, title) != _NONE]
    return " ".join(parts)


def regrets(
    learners: Mapping[str, Learner],
    losses: Losses,
    feasible_set: FeasibleSet,
    horizon: int,
    *,
    seed: int = 0,
    start: ArrayLike | None = None,
) -> pd.DataFrame:
    """Each learner's regret, average regret and loss after ``horizon`` rounds, the smallest regret first.

    Where the comparator is found numerically there is a column ``gap``: the regret lies in [regret, regret + gap].
    """
    import pandas as pd

    games = play_all(learners.values(), losses, feasible_set, horizon, seeds=[seed], start=start, checkpoints=[horizon])
    columns: dict[str, Any] = {name: game.regret.iloc[-1] for name, game in zip(learners, games, strict=True)}
    frame = pd.DataFrame(columns).T
    shown = [name for name in ("regret", "gap", "average_regret", "loss") if name in frame]
    return frame[shown].sort_values("regret", kind="stable")


def _kept(learner: Learner) -> str:
    """``2 per coordinate: m, v``."""
    inner: object = learner
    while isinstance(inner, L2Penalty | DecoupledWeightDecay | DoublingTrick):  # which keep nothing of their own
        inner = inner.learner
    memory = inner.moment_names if isinstance(inner, Algorithm1) else getattr(inner, "memory", None)
    if memory is None:
        return "unknown"
    return f"{len(memory)} per coordinate besides x" + (f": {', '.join(memory)}" if memory else "")


def _section(learner: Learner | type[Learner], title: str) -> str:
    text = inspect.getdoc(learner) or ""
    found = re.search(rf"^{title}: (.*?)(?=^\w+: |^$|\Z)", text, re.DOTALL | re.MULTILINE)
    return _line(found[1]) if found else _NONE


def _line(text: str) -> str:
    return " ".join(_ROLE.sub(r"\1", text).replace("``", "").split())

"""Summaries of learners: the formula, the moments they keep, and the claims and guarantees of their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from regretlab._utils.types import ArrayLike
from regretlab.game import compare
from regretlab.learners import DecoupledWeightDecay, DoublingTrick, L2Penalty, Learner
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["profile", "regrets"]

_SECTIONS = ("Claim", "Guarantee", "Counterexample")
_NONE = "none stated"
_ROLE = re.compile(r":\w+:`[~.]*(?:[\w.]*\.)?(\w+)`")


def profile(learner: Learner) -> dict[str, str]:
    """The rule, kept, claim, guarantee and counterexample of a learner, each in one line.

    ``rule`` is the formula that its docstring opens with; ``kept`` the number and the names of the moments
    it keeps for each coordinate besides x; the others are the paragraphs of the docstring with these
    titles, or "none stated".
    """
    lines = {"rule": _line((inspect.getdoc(learner) or "").split("\n\n")[0]), "kept": _kept(learner)}
    return lines | {title.lower(): _section(learner, title) for title in _SECTIONS}


def summary(cls: type[Learner]) -> str:
    """One line on a class of learners: its formula, its moments, its guarantee and a known counterexample."""
    parts = [_line((inspect.getdoc(cls) or "").split("\n\n")[0])]
    try:
        parts.append(f"Keeps {_kept(cls())}.")
    except TypeError:  # it wraps another learner
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
    """A table of regret, average regret and loss of every learner after ``horizon`` rounds, the smallest regret first.

    If the comparator is found numerically there is a column ``gap``: the regret lies in [regret, regret + gap].
    """
    frame = compare(learners, losses, feasible_set, horizon, seeds=[seed], start=start, checkpoints=[horizon])
    last = frame.drop_duplicates("learner", keep="last").set_index("learner").rename_axis(None)
    shown = [name for name in ("regret", "gap", "average_regret", "loss") if name in last]
    return last[shown].sort_values("regret", kind="stable")


def _kept(learner: Learner) -> str:
    """The number and the names of the moments of a learner: ``2 per coordinate besides x: m, v``."""
    inner: object = learner
    while isinstance(inner, L2Penalty | DecoupledWeightDecay | DoublingTrick):  # these have no moments of their own
        inner = inner.learner
    moments = getattr(inner, "moment_names", None)
    if moments is None:
        return "unknown"
    return f"{len(moments)} per coordinate besides x" + (f": {', '.join(moments)}" if moments else "")


def _section(learner: Learner | type[Learner], title: str) -> str:
    """The paragraph of the docstring that begins with ``title:``, or "none stated"."""
    text = inspect.getdoc(learner) or ""
    found = re.search(rf"^{title}: (.*?)(?=^\w+: |^$|\Z)", text, re.DOTALL | re.MULTILINE)
    return _line(found[1]) if found else _NONE


def _line(text: str) -> str:
    """The text in one line, without the markup of reStructuredText."""
    return " ".join(_ROLE.sub(r"\1", text).replace("``", "").split())

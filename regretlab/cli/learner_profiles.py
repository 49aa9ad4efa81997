"""Summaries of learners: the formula, the stepsize, the moments, and the claims and guarantees of their docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from regretlab._utils.types import ArrayLike
from regretlab.analysis.memory import memory
from regretlab.game import compare
from regretlab.learners import Combinator, Learner
from regretlab.learners.combinators import Wrapper
from regretlab.losses.base import Losses
from regretlab.schedules import Constant, Schedule
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["plain", "profile", "regrets", "summary"]

_SECTIONS = ("Claim", "Guarantee", "Counterexample")
_NONE = "none stated"
_ROLE = re.compile(r":\w+:`[~.]*(?:[\w.]*\.)?(\w+)`")


def profile(learner: Learner) -> dict[str, str]:
    """The rule, stepsize, moments, claim, guarantee and counterexample of a learner, each in one line.

    ``rule`` is the formula that opens the learner's docstring.  ``stepsize`` is its alpha_t, such as
    ``0.5 / sqrt(t)`` or ``0.001 constant``.  ``moments`` are the number and the names of the moments
    it keeps for each coordinate besides x.  The others are the paragraphs of the docstring with these
    titles, or "none stated".
    """
    lines = {"rule": plain((inspect.getdoc(learner) or "").split("\n\n")[0])}
    lines |= {"stepsize": _stepsize(learner), "moments": _moments(learner)}
    return lines | {title.lower(): _section(learner, title) for title in _SECTIONS}


def summary(cls: type[Learner]) -> str:
    """One line on a class of learners: formula, stepsize, moments, guarantee and a known counterexample.

    The stepsize is the schedule that a number alpha stands for: ``Stepsize alpha / sqrt(t)`` or
    ``Stepsize alpha constant``.
    """
    parts = [plain((inspect.getdoc(cls) or "").split("\n\n")[0])]
    if issubclass(cls, Combinator | Wrapper):
        parts.append("Stepsize and moments of its learner.")
    else:
        if "alpha" in {field.name for field in dataclasses.fields(cls)}:  # type: ignore[arg-type]
            parts.append(f"Stepsize {_formula(cls.stepsize, 'alpha')}.")
        parts.append(f"Keeps {_moments(cls())}.")
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


def _stepsize(learner: Learner) -> str:
    """alpha_t of a learner: ``0.5 / sqrt(t)``, ``0.001 constant``, or its schedule; "none" without an alpha."""
    inner = _unwrapped(learner)
    alpha: Schedule | None = getattr(inner, "schedules", {}).get("alpha")
    if alpha is None:
        return "none"
    return _formula(type(alpha), f"{alpha.scale:g}") if type(alpha) is inner.stepsize else repr(alpha)


def _formula(schedule: type[Schedule], scale: str) -> str:
    """The formula in a schedule's docstring with ``scale`` put in, such as ``alpha / t``; else ``Name(alpha)``."""
    if schedule is Constant:
        return f"{scale} constant"
    found = re.match(r"value_t = (scale .*?)(?:[,;]|\.?$)", (inspect.getdoc(schedule) or "").partition("\n")[0])
    return found[1].replace("scale", scale) if found else f"{schedule.__name__}({scale})"


def _unwrapped(learner: Learner) -> Learner:
    """The innermost learner of a wrapper, which has the stepsize and the moments; any other learner itself."""
    while isinstance(learner, Wrapper):
        learner = learner.learner
    return learner


def _moments(learner: Learner) -> str:
    """How many numbers a learner keeps, and their names: ``2 per coordinate besides x: m, v``; or "unknown"."""
    try:
        return str(memory(learner))
    except Exception:  # a learner of a user may need another set
        return "unknown"


def _section(learner: Learner | type[Learner], title: str) -> str:
    """The paragraph of the docstring that begins with ``title:``, or "none stated"."""
    text = inspect.getdoc(learner) or ""
    found = re.search(rf"^{title}: (.*?)(?=^\w+: |^$|\Z)", text, re.DOTALL | re.MULTILINE)
    return plain(found[1]) if found else _NONE


def plain(text: str) -> str:
    """The text in one line, without the markup of reStructuredText."""
    return " ".join(_ROLE.sub(r"\1", text).replace("``", "").split())

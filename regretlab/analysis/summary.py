"""A game in a few lines, as text and as HTML: what is played, x_{T+1}, R_T and R_T/T."""

from __future__ import annotations

from html import escape

import numpy as np

from regretlab.engine.trajectory import Trajectory
from regretlab.regret.measures import last_linear_regret

__all__ = ["as_html", "as_text"]


def as_text(game: Trajectory) -> str:
    """A summary of the game as lines of text."""
    lines = [f"  {name:<12}  {text}" for name, text in _rows(game).items()]
    return "\n".join([f"Game of {game.horizon:,} rounds", *lines])


def as_html(game: Trajectory) -> str:
    """A summary of the game as an HTML table."""
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in _rows(game).items())
    return f"<table><caption>Game of {game.horizon:,} rounds</caption>{rows}</table>"


def _rows(game: Trajectory) -> dict[str, str]:
    """Name and text of each row; the last is the regret if the comparator has a closed form, else the loss."""
    rows = {
        "learner": repr(game.learner),
        "losses": repr(game.losses),
        "feasible set": repr(game.feasible_set),
        "seed": str(game.seed),
        "x_{T+1}": np.array2string(game.point, precision=6, threshold=8),
    }
    if game.horizon and game.losses.linear and game.feasible_set.bounded:
        last = last_linear_regret(game)
        rows |= {"R_T": f"{last:.6g}", "R_T/T": f"{last / game.horizon:.6g}"}
    elif game.horizon:
        rows["loss"] = f"{game.loss.sum():.6g}"
    return rows

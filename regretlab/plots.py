"""Pictures of games: average regret, regret on log-log axes, points played."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regretlab.game import Game


def plot_game(game: Game) -> Figure:
    raise NotImplementedError

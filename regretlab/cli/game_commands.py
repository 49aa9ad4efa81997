"""The commands that play one game: ``regretlab play`` and ``regretlab extend``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regretlab.cli.click_helpers import (
    FAILED,
    INTERRUPTED,
    bad_input,
    check_folder,
    examples,
    one_line,
    rounds,
    writing,
)

if TYPE_CHECKING:
    import pandas as pd

    from regretlab.game import Game

__all__ = ["extend", "play"]


def _outputs(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say how far to play and where to write the game."""
    file = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option("--save", type=file, help="Write the game to a file; 'regretlab extend' goes on with it."),
        click.option("--csv", type=file, help="Write regret and points at the checkpoints to a file."),
        click.option("--plot", type=file, help="Draw regret and points to a file: .png, .pdf, .svg, ..."),
        click.option("--horizon", type=rounds, required=True, metavar="T", help="Number of rounds, e.g. 1e6."),
    ):
        command = option(command)
    return command


@click.command(
    epilog=examples(
        "regretlab play adam:alpha=0.5,beta1=0,beta2=0.1 mod3:C=3 --set box:-1,1 --horizon 1e6 --plot out.png",
        "regretlab play 'amsgrad:alpha=constant(0.001),beta1=geometric(0.9,ratio=0.99)' reddionline --horizon 1e6",
        "regretlab play ogd:1 'periodic:[[3,0],[-1,1]]' --set 'box:[-1,-2],[1,2]' --start 0,2 --horizon 1000",
        "regretlab play ogd mymodule.Sawtooth:p=5 --horizon 1e5 --save game.npz",
        "regretlab play amsgrad reddionline --horizon 1e5 --certify tightest",
    )
)
@click.argument("learner")
@click.argument("losses")
@click.option("--set", "feasible_set", metavar="SET", default="box:-1,1", show_default=True, help="The feasible set F.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides the draws of a random sequence.")
@click.option("--start", metavar="X", help="x_1, e.g. 0.5 or 0.5,-1; by default the point of F nearest to the origin.")
@click.option(
    "--certify",
    metavar="THEOREM",
    help="Print the bound of this theorem beside the regret, its hypotheses checked; 'tightest' picks one.",
)
@_outputs
def play(
    learner: str,
    losses: str,
    feasible_set: str,
    seed: int,
    start: str | None,
    certify: str | None,
    **how: Any,
) -> None:
    """Play LEARNER against LOSSES and print the regret.

    Ctrl-C stops; what was played so far is printed and written.
    """
    from regretlab.certificates import theorem_named
    from regretlab.cli import parsing as names
    from regretlab.game import Game

    with bad_input():
        x = None if start is None else names.point_from(start)
        parts = names.LEARNERS.read(learner), names.LOSSES.read(losses), names.SETS.read(feasible_set)
        if certify not in (None, "tightest"):
            theorem_named(str(certify))
        game = Game(*parts, seed=seed, start=x, ledger=certify is not None)
        if certify is not None:
            game.with_ledger()  # or say that this learner keeps none
    _go_on(game, certify=certify, **how)


@click.command(
    epilog=examples(
        "regretlab play adam mod3 --horizon 1e6 --save game.npz",
        "regretlab extend game.npz --horizon 1e7 --plot out.png",
    )
)
@click.argument("game", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_outputs
def extend(game: Path, save: Path | None, **how: Any) -> None:
    """Go on with a saved GAME until T rounds are played.

    The longer game replaces GAME, unless --save names another file. It has the same bits as
    a game played to T at once.
    """
    from regretlab.game import Game

    with bad_input():
        saved = Game.load(game)
    _go_on(saved, save=save or game, **how)


def _go_on(
    game: Game, horizon: int, plot: Path | None, csv: Path | None, save: Path | None, certify: str | None = None
) -> None:
    """Play until the horizon, then print and write the game; also what an error or Ctrl-C leaves of it."""
    from regretlab._utils.files import whole_file
    from regretlab.engine.errors import GameError, GameInterrupted

    with bad_input():
        if horizon < game.horizon:
            raise ValueError(f"horizon={horizon}: {game.horizon} rounds are played already")
        _check_outputs(game, plot, csv, save)
    code = 0
    try:
        game.extend(horizon)
    except GameInterrupted:
        click.echo(f"Stopped after round {game.horizon:,} of {horizon:,}.", err=True)
        code = INTERRUPTED
    except GameError as error:
        click.echo(f"Error: {one_line(error)}", err=True)
        code = FAILED
    if game.horizon:
        if save:  # first: nothing that happens later can lose the game
            with writing(save):
                game.save(save)
        click.echo(repr(game))
        regret = _numbers(game)
        click.echo(f"\n{_table(regret)}\n")
        if certify is not None:
            click.echo(f"{game.certify(None if certify == 'tightest' else certify)!r}\n")
        if csv:
            with writing(csv), whole_file(csv) as file:
                regret.join(game.points).to_csv(file)
        if plot:
            with writing(plot), whole_file(plot) as file:
                game.plot().savefig(file, format=_format(plot))
    sys.exit(code)


def _numbers(game: Game) -> pd.DataFrame:
    """The regret; on an unbounded set, where there need be no best point, what was paid."""
    if game.feasible_set.bounded:
        return game.regret
    import pandas as pd

    paid = game.record.loss.sum(axis=(1, 2))
    click.echo("The set is unbounded: there need be no best point, and no regret.", err=True)
    return pd.DataFrame({"loss": paid}, index=pd.Index(game.record.t, name="t"))


def _table(regret: pd.DataFrame) -> str:
    """The regret at the first checkpoint of every decade, and at the last."""
    shown = ~regret.index.astype(str).str.len().duplicated()
    shown[-1] = True
    return regret[shown].reset_index().to_string(index=False, float_format="{:.6g}".format)


def _check_outputs(game: Game, plot: Path | None, csv: Path | None, save: Path | None) -> None:
    """Object to whatever would keep the outputs from being written, before the first round."""
    from regretlab.engine.specification import specification

    paths = [path for path in (plot, csv, save) if path]
    for path in paths:
        check_folder(path.parent)
    if len(set(paths)) < len(paths):
        raise ValueError("--plot, --csv and --save must name different files")
    if save:
        for part in (game.learner, game.losses, game.feasible_set):
            specification(part)
    if plot:
        from matplotlib.backend_bases import FigureCanvasBase

        formats = FigureCanvasBase.get_supported_filetypes()
        if _format(plot) not in formats:
            raise ValueError(f"--plot {plot}: no format for pictures; there are: {', '.join(sorted(formats))}")


def _format(path: Path) -> str:
    return path.suffix.lower().lstrip(".") or "png"

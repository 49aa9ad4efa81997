"""The commands that play one game: ``regretlab play`` and ``regretlab extend``."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regretlab._utils.messages import one_line
from regretlab._utils.types import ArrayLike
from regretlab.cli.click_helpers import (
    INTERRUPTED,
    Results,
    Typed,
    bad_input,
    check_output,
    examples,
    game_parts,
    point,
    rounds,
)

if TYPE_CHECKING:
    import pandas as pd

    from regretlab.certificates import Certificate
    from regretlab.game import Game

__all__ = ["extend", "play"]


def _outputs(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options --horizon, --save, --csv and --plot to a command."""
    file = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option(
            "--save", type=file, help="Save the game to this file, from which 'regretlab extend' continues it."
        ),
        click.option("--csv", type=file, help="Write the regrets and points at the checkpoints to this file."),
        click.option("--plot", type=file, help="Draw regret and points to this file: .png, .pdf, .svg, ..."),
        click.option("--horizon", type=rounds, required=True, metavar="T", help="The number of rounds, e.g. 1e6."),
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
@game_parts
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="The seed of a random loss sequence, at least 0.",
)
@click.option(
    "--start",
    metavar="X",
    type=point,
    help="The first point x_1, e.g. 0.5 or 0.5,-1; default: the point of F nearest to the origin.",
)
@click.option(
    "--certify",
    metavar="THEOREM",
    help="Check the hypotheses of this theorem and print its bound beside the regret; 'tightest' takes the theorem "
    "with the smallest bound. 'regretlab list' has the names.",
)
@_outputs
def play(
    learner: Typed,
    losses: Typed,
    feasible_set: Typed,
    seed: int,
    start: ArrayLike | None,
    certify: str | None,
    horizon: int,
    plot: Path | None,
    csv: Path | None,
    save: Path | None,
) -> int:
    """Play LEARNER against LOSSES and print the regret.

    Ctrl-C stops the game; the rounds played so far are printed and written.
    """
    from regretlab.certificates import theorem_named
    from regretlab.engine.errors import GameError
    from regretlab.game import Game

    if certify not in (None, "tightest"):
        with bad_input("--certify"):
            theorem_named(str(certify))

    def new() -> Game:
        return Game(learner.part, losses.part, feasible_set.part, seed=seed, start=start, ledger=certify is not None)

    with bad_input():
        game = new()
    if certify is not None:
        with bad_input("--certify"), suppress(GameError, ValueError):
            _certified(new().with_ledger().extend(1), certify)  # a TypeError if the theorem is about other learners
    return _extend(game, horizon=horizon, plot=plot, csv=csv, save=save, certify=certify)


@click.command(
    epilog=examples(
        "regretlab play adam mod3 --horizon 1e6 --save game.npz",
        "regretlab extend game.npz --horizon 1e7 --plot out.png",
    )
)
@click.argument("game", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--trust",
    metavar="MODULE",
    multiple=True,
    help="Import this module, of the current folder or installed, if the game is of a class in it: importing a module "
    "runs it, so without this nothing is imported. May be given several times.",
)
@_outputs
def extend(
    game: Path, trust: tuple[str, ...], horizon: int, plot: Path | None, csv: Path | None, save: Path | None
) -> int:
    """Continue a saved GAME until T rounds are played.

    The longer game replaces GAME, unless --save names another file. It equals, bit for bit, a game
    played to T at once.
    """
    from regretlab.cli.parsing import import_from_here
    from regretlab.game import Game

    with bad_input():
        if trust:
            import_from_here()
        if save and {game.resolve()} & {path.resolve() for path in (plot, csv) if path}:
            raise ValueError(f"--plot and --csv must not replace the game {game}")
        try:
            saved = Game.load(game, trust=trust)
        except ValueError as error:
            raise ValueError(re.sub(r"load with trust=\['([\w.]+)'\]", r"add --trust \1", str(error))) from error
    return _extend(saved, horizon=horizon, plot=plot, csv=csv, save=save or game)


# -- playing, printing, writing ---------------------------------------------------------


def _extend(
    game: Game, *, horizon: int, plot: Path | None, csv: Path | None, save: Path | None, certify: str | None = None
) -> int:
    """Play until the horizon, an error or Ctrl-C; then write the rounds played, and print last."""
    from regretlab.engine.errors import GameError, GameInterrupted

    with bad_input():
        if horizon < game.horizon:
            raise ValueError(f"--horizon {horizon}: {game.horizon} rounds are played already")
        _check_outputs(game, plot, csv, save)
    interrupted, results = False, Results()
    try:
        game.extend(horizon)
    except GameInterrupted:
        click.echo(f"Stopped after round {game.horizon:,} of {horizon:,}.", err=True)
        interrupted = True
    except GameError as error:
        results.failures.append(one_line(error))
    if game.horizon:
        _write_and_show(game, results, plot, csv, save, certify)
    code = results.show()
    return INTERRUPTED if interrupted else code


def _write_and_show(
    game: Game, results: Results, plot: Path | None, csv: Path | None, save: Path | None, certify: str | None
) -> None:
    """Write the files, the game first, so that no later error can lose it."""
    from regretlab._utils.files import whole_file

    if save:
        with results.writing(save):
            game.save(save)
    regret = None
    with results.attempt("show the regret"):
        regret = _numbers(game)
        results.lines.append(f"{game!r}\n\n{_table(regret)}\n")
    if certify is not None:
        with results.attempt("certify the game"):
            results.lines.append(f"{_certified(game, certify)!r}\n")
    if csv and regret is not None:
        with results.writing(csv), whole_file(csv) as file:
            regret.join(game.points).to_csv(file)
    if plot:
        with results.writing(plot), whole_file(plot) as file:
            game.plot().savefig(file, format=_format(plot))


def _certified(game: Game, theorem: str) -> Certificate:
    return game.certify(None if theorem == "tightest" else theorem)


def _numbers(game: Game) -> pd.DataFrame:
    """The table of regrets; on an unbounded set, where no best point may exist, the learner's cumulative loss."""
    if game.feasible_set.bounded:
        return game.regret
    import pandas as pd

    losses = game.record.loss.sum(axis=(1, 2))
    click.echo("The set is unbounded: a best point need not exist, so no regret is computed.", err=True)
    return pd.DataFrame({"loss": losses}, index=pd.Index(game.record.t, name="t"))


def _table(regret: pd.DataFrame) -> str:
    """The regret at the first checkpoint of every decade and at the last, as text."""
    shown = ~regret.index.astype(str).str.len().duplicated()
    shown[-1] = True
    return regret[shown].reset_index().to_string(index=False, float_format="{:.6g}".format)


def _check_outputs(game: Game, plot: Path | None, csv: Path | None, save: Path | None) -> None:
    """Raise an error, before the first round, if one of the files could not be written."""
    from regretlab.engine.serialization import specification

    paths = [path for path in (plot, csv, save) if path]
    for path in paths:
        check_output(path)
    if len({path.resolve() for path in paths}) < len(paths):
        raise ValueError("--plot, --csv and --save must name different files")
    if save:
        for part in (game.learner, game.losses, game.feasible_set):
            specification(part)
    if plot:
        from matplotlib.backend_bases import FigureCanvasBase

        formats = FigureCanvasBase.get_supported_filetypes()
        if _format(plot) not in formats:
            raise ValueError(f"--plot {plot}: unknown format; known are: {', '.join(sorted(formats))}")


def _format(path: Path) -> str:
    """The format of a picture, from the suffix of its file; png without a suffix."""
    return path.suffix.lower().lstrip(".") or "png"

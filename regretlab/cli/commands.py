"""The command line: ``regretlab list``, ``compare``, ``play``, ``extend``, ``sweep`` and ``reproduce``.

A command imports what it needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from regretlab._utils.messages import one_line
from regretlab._utils.types import ArrayLike
from regretlab._utils.version import __version__
from regretlab.cli.click_helpers import (
    Commands,
    Typed,
    bad_input,
    check_folder,
    examples,
    part,
    point,
    rounds,
)
from regretlab.cli.game_commands import extend, play
from regretlab.cli.sweep_command import sweep

__all__ = ["main"]


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        "regretlab list",
        "regretlab play adam:alpha=0.5,beta1=0,beta2=0.1 mod3:C=3 --set box:-1,1 --horizon 1e6",
        "regretlab reproduce figure1",
    ),
)
@click.version_option(__version__, prog_name="regretlab")
def main() -> None:
    """Online convex optimization: play a learner against a loss sequence and see its regret.

    Learners, loss sequences and sets are written name:values, with the values in order or by
    name; 'regretlab list' shows what there is. Your own classes go by module and name:
    mymodule.Sawtooth:p=5 is the class Sawtooth in mymodule.py of the current folder.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)


# -- list ------------------------------------------------------------------------------


@main.command(
    "list",
    short_help="List learners, losses, sets and theorems.",
    epilog=examples("regretlab list", "regretlab list | grep -i amsgrad"),
)
def list_() -> None:
    """Show the learners, loss sequences, sets, schedules, pointwise losses and theorems.

    Each line has what to type, with the default values, and the formula. For learners there are
    also the moments they keep and, where they are known, a guarantee and a counterexample.
    """
    from regretlab.certificates import THEOREMS
    from regretlab.cli.learner_profiles import summary
    from regretlab.cli.parsing import KINDS, LEARNERS

    wide = not sys.stdout.isatty()  # in a pipe one line each, for grep; on a terminal wrapped lines
    sections = {kind.plural: kind.listing() for kind in KINDS}
    sections["learners"] = dict(zip(LEARNERS.listing(), map(summary, LEARNERS.classes().values()), strict=True))
    sections["theorems"] = {name: theorem.source for name, theorem in THEOREMS.items()}
    for heading, lines in sections.items():
        formatter = click.HelpFormatter(width=sys.maxsize if wide else None)
        with formatter.section(heading.capitalize()):
            formatter.write_dl(list(lines.items()), col_max=80 if wide else 40)
        click.echo(formatter.getvalue())


# -- compare ---------------------------------------------------------------------------


@main.command(
    short_help="Compare learners, with or without a game.",
    epilog=examples(
        "regretlab compare adam amsgrad adopt",
        "regretlab compare adam:alpha=0.5,beta1=0,beta2=0.1 amsgrad ogd --on mod3:C=3 --horizon 1e5",
        "regretlab compare adagrad coinbetting --on rademacher:d=2 --set box:-1,1 --horizon 1e4 --seed 7",
    ),
)
@click.argument("learners", nargs=-1, required=True, metavar="LEARNER...", type=part("LEARNERS"))
@click.option("--on", "losses", metavar="LOSSES", type=part("LOSSES"), help="Play all learners on this loss sequence.")
@click.option(
    "--set", "feasible_set", metavar="SET", type=part("SETS"), help="With --on: the feasible set F; default: box:-1,1."
)
@click.option("--horizon", type=rounds, metavar="T", help="With --on, required: the number of rounds, e.g. 1e5.")
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(min=0),
    help="With --on: the seed of a random loss sequence, at least 0; default: 0.",
)
@click.option(
    "--start",
    metavar="X",
    type=point,
    help="With --on: the first point x_1, e.g. 0.5 or 0.5,-1; default: the point of F nearest to the origin.",
)
def compare(
    learners: tuple[Typed, ...],
    losses: Typed | None,
    feasible_set: Typed | None,
    horizon: int | None,
    seed: int | None,
    start: ArrayLike | None,
) -> None:
    """Compare learners: formula, moments, claim, guarantee, counterexample.

    For each learner this prints its formula, the moments it keeps per coordinate besides x, and the
    claim, guarantee and counterexample of its documentation. With --on LOSSES --horizon T all are
    played, and their regrets after T rounds are printed too.
    """
    from regretlab.cli.learner_profiles import profile, regrets
    from regretlab.engine.errors import GameError

    named: dict[str, Any] = {learner.text: learner.part for learner in learners}
    table = None
    with bad_input():
        options = {"--set": feasible_set, "--horizon": horizon, "--seed": seed, "--start": start}
        given = [option for option, value in options.items() if value is not None]
        if losses is None and given:
            raise ValueError(f"{', '.join(given)} without --on LOSSES: there is no game to play")
        if losses is not None:
            if horizon is None:
                raise ValueError(f"--on {losses.text} needs --horizon T")
            F = feasible_set or part("SETS")("box:-1,1")
            try:
                table = regrets(named, losses.part, F.part, horizon, seed=seed or 0, start=start)
            except GameError as error:
                raise click.ClickException(one_line(error)) from error
            heading = f"{losses.text} on {F.text}, T = {horizon:,}:"
    formatter = click.HelpFormatter()
    for text, learner in named.items():
        with formatter.section(text):
            formatter.write_dl(list(profile(learner).items()))
    click.echo(formatter.getvalue().rstrip())
    if table is not None:
        click.echo(f"\n{heading}\n")
        click.echo(table.to_string(float_format="{:.6g}".format))


main.add_command(play)
main.add_command(extend)
main.add_command(sweep)


# -- reproduce -------------------------------------------------------------------------


@main.command(
    epilog=examples(
        "regretlab reproduce figure1",
        "regretlab reproduce all --quick",
        "regretlab reproduce figure2 --mnist mnist",
    )
)
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the figures and their data, made if it does not exist; default: 'figures', "
    "with --quick 'figures/quick'.",
)
@click.option("--quick", is_flag=True, help="Play short horizons, to see that everything works.")
@click.option(
    "--mnist",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="For figure2: the folder with MNIST's test digits, t10k-images-idx3-ubyte and "
    "t10k-labels-idx1-ubyte, each with or without .gz, to play on; the files are named figure2_mnist.",
)
def reproduce(names: tuple[str, ...], out: Path | None, quick: bool, mnist: Path | None) -> None:
    """Compute and draw the figures NAME..., or all of them.

    Without a NAME the names are printed. figure2 needs scikit-learn for its digits, unless --mnist
    is given: pip install 'regretlab[experiments]'. network needs PyTorch: pip install
    'regretlab[torch]'. 'all' skips those for which a package is missing.
    """
    from regretlab import losses
    from regretlab._utils.validation import nearest
    from regretlab.engine.errors import GameError
    from regretlab.experiments import EXPERIMENTS
    from regretlab.experiments import reproduce as run

    known = [*EXPERIMENTS, "all"]
    if not names:
        click.echo("\n".join(known))
        return
    folder = out or Path("figures", *(["quick"] if quick else []))
    wanted = {name.lower() for name in names}
    with bad_input():
        for name in names:
            if name.lower() not in known:
                raise ValueError(f"there is no experiment {name!r}{nearest(name, known)}")
        if mnist is not None:
            if wanted != {"figure2"}:
                raise ValueError(f"--mnist {mnist}: only figure2 plays on MNIST, and {', '.join(names)} was asked for")
            losses.mnist(mnist)  # raises an error if the folder lacks the files
        folder.mkdir(parents=True, exist_ok=True)
        check_folder(folder)
    for name in EXPERIMENTS:
        if wanted & {name, "all"}:
            try:
                for path in run(name, folder, quick=quick, mnist=mnist):
                    click.echo(f"wrote {path}")
            except (GameError, OSError, ImportError) as error:
                if isinstance(error, ImportError) and name not in wanted:
                    click.echo(f"skipped {name}: {one_line(error)}", err=True)
                    continue
                raise click.ClickException(f"{name}: {one_line(error)}") from error

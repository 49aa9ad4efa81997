"""The command ``regretlab``: ``list``, ``compare``, ``reproduce``, ``help``, ``version``, and those that play games.

A command imports what it needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regretlab._utils.messages import one_line
from regretlab._utils.types import ArrayLike
from regretlab._utils.version import __version__
from regretlab.cli.click_helpers import (
    Commands,
    Results,
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

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["main"]


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        "regretlab list",
        "regretlab play adam:alpha=0.5,beta1=0,beta2=0.1 mod3:C=3 --set box:-1,1 --horizon 1e6",
        "regretlab reproduce figure1",
    ),
)
@click.version_option(__version__, prog_name="regretlab")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Online convex optimization: play a learner against a loss sequence and see its regret.

    Learners, loss sequences and sets are written name:values, with the values in order or by
    name; 'regretlab list' shows what there is. Your own classes go by module and name:
    mymodule.Sawtooth:p=5 is the class Sawtooth in mymodule.py of the current folder, which is
    imported, that is, run.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@main.command("help", epilog=examples("regretlab help", "regretlab help sweep"))
@click.argument("command", required=False)
@click.pass_context
def help_(ctx: click.Context, command: str | None) -> None:
    """Show the help page of COMMAND, or the list of commands."""
    from regretlab._utils.validation import nearest

    parent = ctx.find_root()
    if command is None:
        click.echo(parent.get_help())
        return
    with bad_input():
        if command not in main.commands:
            raise ValueError(f"there is no command {command!r}{nearest(command, main.commands)}")
    page = main.commands[command]
    click.echo(page.get_help(click.Context(page, info_name=command, parent=parent)))


@main.command(epilog=examples("regretlab version"))
def version() -> None:
    """Show the version."""
    click.echo(f"regretlab, version {__version__}")


# -- list ------------------------------------------------------------------------------


@main.command(
    "list",
    short_help="List learners, losses, sets and theorems.",
    epilog=examples("regretlab list", "regretlab list losses", "regretlab list amsgrad", "regretlab list 'adam*'"),
)
@click.argument("what", required=False, metavar="[KIND|PATTERN]")
def list_(what: str | None) -> None:
    """Show the learners, loss sequences, sets, schedules, pointwise losses and theorems.

    KIND is one of these: only they are shown. PATTERN is a part of a line, or a name with * and ?:
    only what matches is shown.

    Each line has what to type, with the default values, and the formula. For learners there are
    also the moments they keep and, where they are known, a guarantee and a counterexample.
    """
    from regretlab.certificates import THEOREMS
    from regretlab.cli.learner_profiles import summary
    from regretlab.cli.parsing import KINDS, LEARNERS

    sections: dict[str, Mapping[str, str]] = {kind.plural: kind.listing() for kind in KINDS}
    sections["learners"] = dict(zip(LEARNERS.listing(), map(summary, LEARNERS.classes().values()), strict=True))
    sections["theorems"] = {name: theorem.source for name, theorem in THEOREMS.items()}
    with bad_input():
        sections = _selected(sections, what)
    for heading, lines in sections.items():
        _print_definitions(lines, heading.capitalize())


def _print_definitions(lines: Mapping[str, str], heading: str = "") -> None:
    """Print names and what they mean, in a pipe in one line each, for grep, on a terminal in wrapped lines."""
    wide = not sys.stdout.isatty()
    formatter = click.HelpFormatter(width=sys.maxsize if wide else None)
    with formatter.section(heading) if heading else nullcontext():
        formatter.write_dl(list(lines.items()), col_max=80 if wide else 40)
    click.echo(formatter.getvalue(), nl=bool(heading))


def _selected(sections: Mapping[str, Mapping[str, str]], what: str | None) -> dict[str, Mapping[str, str]]:
    """The section called ``what``, in the singular or the plural; else in all sections the lines that match it."""
    sought = (what or "").lower().strip()
    headings = {name: heading for heading in sections for name in (heading, heading.rstrip("s"), heading[:-2])}
    headings |= dict.fromkeys(("losses", "loss", "sequence", "sequences"), "loss sequences")
    if sought in headings:
        return {headings[sought]: sections[headings[sought]]}

    def matches(typed: str, text: str) -> bool:
        name = typed.partition(":")[0].partition("(")[0].lower()
        return sought in f"{typed} {text}".lower() or fnmatchcase(name, sought)

    found = {heading: {k: v for k, v in lines.items() if matches(k, v)} for heading, lines in sections.items()}
    if not any(found.values()):
        raise ValueError(f"{what!r} is in no line of the list; the kinds are: {', '.join(sections)}")
    return {heading: lines for heading, lines in found.items() if lines}


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
) -> int:
    """Compare learners: formula, moments, claim, guarantee, counterexample.

    For each learner this prints its formula, the moments it keeps per coordinate besides x, and the
    claim, guarantee and counterexample of its documentation. With --on LOSSES --horizon T all are
    played, and their regrets after T rounds are printed too.
    """
    from regretlab.cli.learner_profiles import profile

    texts = [learner.text for learner in learners]
    again = [texts[:i].count(text) for i, text in enumerate(texts)]
    labels = [f"{text} #{n + 1}" if n else text for text, n in zip(texts, again, strict=True)]
    named: dict[str, Any] = dict(zip(labels, (learner.part for learner in learners), strict=True))
    table, results = None, Results()
    with bad_input():
        options = {"--set": feasible_set, "--horizon": horizon, "--seed": seed, "--start": start}
        given = [option for option, value in options.items() if value is not None]
        if losses is None and given:
            raise ValueError(f"{', '.join(given)} without --on LOSSES: there is no game to play")
        if losses is not None:
            if horizon is None:
                raise ValueError(f"--on {losses.text} needs --horizon T")
            F = feasible_set or part("SETS")("box:-1,1")
            table = _table(results, named, losses.part, F.part, horizon, seed=seed or 0, start=start)
    for text, learner in named.items():
        formatter = click.HelpFormatter()
        with formatter.section(text):
            formatter.write_dl(list(profile(learner).items()))
        results.lines.append(formatter.getvalue())
    results.lines[-1] = results.lines[-1].rstrip()
    if losses is not None and table is not None:
        results.lines.append(f"\n{losses.text} on {F.text}, T = {horizon:,}:\n")
        results.lines.append(table.to_string(float_format="{:.6g}".format))
    return results.show()


def _table(results: Results, named: Mapping[str, Any], *game: Any, **options: Any) -> pd.DataFrame | None:
    """The regrets of all learners that play to the end; the failures of the others are added to ``results``."""
    from regretlab.cli.learner_profiles import regrets
    from regretlab.engine.errors import GameError

    try:
        return regrets(named, *game, **options)
    except GameError:  # of one of the games, which were played side by side
        import pandas as pd

    tables = []
    for label, learner in named.items():
        with results.attempt(f"play {label}"):
            tables.append(regrets({label: learner}, *game, **options))
    return pd.concat(tables).sort_values("regret", kind="stable") if tables else None


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
def reproduce(names: tuple[str, ...], out: Path | None, quick: bool, mnist: Path | None) -> int:
    """Compute and draw the figures NAME..., or all of them.

    Without a NAME the names are printed, each with what the figure shows. figure2 needs
    scikit-learn for its digits, unless --mnist is given: pip install 'regretlab[experiments]'.
    network needs PyTorch: pip install 'regretlab[torch]'. 'all' skips those for which a package is
    missing.
    """
    from regretlab import losses
    from regretlab._utils.validation import nearest
    from regretlab.cli.learner_profiles import plain
    from regretlab.experiments import EXPERIMENTS
    from regretlab.experiments import reproduce as run

    known = [*EXPERIMENTS, "all"]
    if not names:
        shown = {
            name: plain((inspect.getdoc(module) or "").partition("\n\n")[0]) for name, module in EXPERIMENTS.items()
        }
        _print_definitions({**shown, "all": "All of them."})
        return 0
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
    results = Results()
    for name in EXPERIMENTS:
        if wanted & {name, "all"}:
            with results.attempt(f"reproduce {name}"):
                try:
                    for path in run(name, folder, quick=quick, mnist=mnist):
                        click.echo(f"wrote {path}")
                except ImportError as error:
                    if name in wanted:
                        raise
                    click.echo(f"skipped {name}: {one_line(error)}", err=True)
    return results.show()

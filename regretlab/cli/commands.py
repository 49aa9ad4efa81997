"""The command line: ``regretlab list``, ``compare``, ``play``, ``extend``, ``sweep`` and ``reproduce``.

A command imports what it needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regretlab._utils.version import __version__
from regretlab.cli.click_helpers import Commands, bad_input, check_folder, examples, one_line, rounds, writing
from regretlab.cli.game_commands import extend, play

if TYPE_CHECKING:
    pass

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


@main.command("list", epilog=examples("regretlab list", "regretlab list | grep -i amsgrad"))
def list_() -> None:
    """Show the learners, loss sequences, sets, schedules, links and theorems.

    Each as it is typed, with the defaults of its fields, and its formula; of learners also
    what they keep, a guarantee and a counterexample where one is known.
    """
    from regretlab.certificates import THEOREMS
    from regretlab.cli.learner_profiles import summary
    from regretlab.cli.parsing import KINDS, LEARNERS

    wide = not sys.stdout.isatty()  # one line each for grep, wrapped lines for the eye
    sections = {f"{kind.noun}s".capitalize(): kind.texts() for kind in KINDS}
    sections["Learners"] = dict(zip(LEARNERS.texts(), map(summary, LEARNERS.classes().values()), strict=True))
    for heading, texts in (sections | {"Theorems": {name: each.source for name, each in THEOREMS.items()}}).items():
        formatter = click.HelpFormatter(width=sys.maxsize if wide else None)
        with formatter.section(heading):
            formatter.write_dl(list(texts.items()), col_max=80 if wide else 40)
        click.echo(formatter.getvalue())


# -- compare ---------------------------------------------------------------------------


@main.command(
    epilog=examples(
        "regretlab compare adam amsgrad adopt",
        "regretlab compare adam:alpha=0.5,beta1=0,beta2=0.1 amsgrad ogd --on mod3:C=3 --horizon 1e5",
        "regretlab compare adagrad coinbetting --on rademacher:d=2 --set box:-1,1 --horizon 1e4 --seed 7",
    )
)
@click.argument("learners", nargs=-1, required=True, metavar="LEARNER...")
@click.option(
    "--on", "losses", metavar="LOSSES", help="Play all of them on this sequence, and show the regret of each."
)
@click.option("--set", "feasible_set", metavar="SET", help="With --on: the feasible set F; by default box:-1,1.")
@click.option("--horizon", type=rounds, metavar="T", help="With --on: number of rounds, e.g. 1e5.")
@click.option("--seed", type=int, help="With --on: decides the draws of a random sequence; by default 0.")
@click.option("--start", metavar="X", help="With --on: x_1, e.g. 0.5 or 0.5,-1.")
def compare(
    learners: tuple[str, ...],
    losses: str | None,
    feasible_set: str | None,
    horizon: int | None,
    seed: int | None,
    start: str | None,
) -> None:
    """Compare learners: formula, memory, claim, guarantee, counterexample.

    Of each: its formula, the numbers it keeps per coordinate besides x, and what its documentation
    says. With --on LOSSES --horizon T also the regret of each after T rounds.
    """
    from regretlab.cli import parsing as names
    from regretlab.cli.learner_profiles import profile, regrets
    from regretlab.engine.errors import GameError

    with bad_input():
        read = {text: names.LEARNERS.read(text) for text in learners}
        options = {"--set": feasible_set, "--horizon": horizon, "--seed": seed, "--start": start}
        given = [option for option, value in options.items() if value is not None]
        if losses is None and given:
            raise ValueError(f"{', '.join(given)} without --on LOSSES: there is no game to play")
        if losses is not None and horizon is None:
            raise ValueError(f"--on {losses} needs --horizon T")
        table = None
        if losses is not None and horizon is not None:
            parts = names.LOSSES.read(losses), names.SETS.read(feasible_set or "box:-1,1")
            x = None if start is None else names.point_from(start)
            try:
                table = regrets(read, *parts, horizon, seed=seed or 0, start=x)
            except GameError as error:
                raise click.ClickException(one_line(error)) from error
    formatter = click.HelpFormatter()
    for text, learner in read.items():
        with formatter.section(text):
            formatter.write_dl(list(profile(learner).items()))
    click.echo(formatter.getvalue().rstrip())
    if table is not None:
        click.echo(f"\n{losses} on {feasible_set or 'box:-1,1'}, T = {horizon:,}:\n")
        click.echo(table.to_string(float_format="{:.6g}".format))


main.add_command(play)
main.add_command(extend)


# -- sweep -----------------------------------------------------------------------------


@main.command(
    epilog=examples(
        "regretlab sweep adam:alpha=1,beta1=0 mod3 --over C=2.1:6:40 --over beta2=0.1,0.5 --horizon 1e5 --out t.csv",
        "regretlab sweep ogd rademacher --over alpha=0.1,1 --over seed=0,1 --horizon 1e6 --folder results --out t.csv",
    )
)
@click.argument("learner")
@click.argument("losses")
@click.option("--set", "feasible_set", metavar="SET", default="box:-1,1", show_default=True, help="The feasible set F.")
@click.option("--over", multiple=True, required=True, metavar="NAME=VALUES", help="A list, or low:high:number.")
@click.option("--horizon", type=rounds, required=True, metavar="T", help="Number of rounds, e.g. 1e6.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), help="Keep finished work; go on from there."
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The table: .csv or .parquet."
)
def sweep(
    learner: str, losses: str, feasible_set: str, over: tuple[str, ...], horizon: int, folder: Path | None, out: Path
) -> None:
    """Play a game at every point of a grid and write a table of the regrets.

    Each --over names a parameter of LEARNER, LOSSES or the set, or the seed. Points that are
    invalid or fail have the reason in the column error.
    """
    from regretlab._utils.files import whole_file
    from regretlab.cli import parsing as names
    from regretlab.sweeps import sweep as run

    with bad_input():
        check_folder(out.parent)
        if out.suffix not in (".csv", ".parquet"):
            raise ValueError(f"--out {out}: the table is a .csv or a .parquet")
        if out.suffix == ".parquet" and find_spec("pyarrow") is None:
            raise ValueError(f"--out {out}: a .parquet needs pyarrow: pip install 'regretlab[parquet]'")
        grid = {}
        for text in over:
            name, _, values = text.partition("=")
            if name in grid:
                raise ValueError(f"--over {text}: {name} is given twice")
            grid[name] = names.values_from(values)
        parts = names.LEARNERS.read(learner), names.LOSSES.read(losses), names.SETS.read(feasible_set)
        frame = run(*parts, grid, horizon, folder=folder)
    with writing(out), whole_file(out) as file:
        if out.suffix == ".csv":
            frame.to_csv(file, index=False)
        else:
            frame.to_parquet(file)
    if failed := int(frame["error"].notna().sum()):
        click.echo(f"{failed:,} of {len(frame):,} games have an error, see the column error.", err=True)


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
    help="Folder for the pictures and their data, made if it is not there; by default 'figures', "
    "with --quick 'figures/quick'.",
)
@click.option("--quick", is_flag=True, help="Short horizons: to see that everything works.")
@click.option(
    "--mnist",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="For figure2: play on the MNIST test digits in this folder, t10k-images-idx3-ubyte and "
    "t10k-labels-idx1-ubyte, each as it is or with .gz; writes figure2_mnist.",
)
def reproduce(names: tuple[str, ...], out: Path | None, quick: bool, mnist: Path | None) -> None:
    """Make the figures NAME..., or all of them.

    Without a NAME, the names there are. figure2 needs scikit-learn for its digits, unless
    --mnist says where others are: pip install 'regretlab[experiments]'; network needs PyTorch:
    pip install 'regretlab[torch]'. 'all' goes on without those that cannot be made.
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
            losses.mnist(mnist)  # objects to a folder without the files
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


if __name__ == "__main__":
    main()

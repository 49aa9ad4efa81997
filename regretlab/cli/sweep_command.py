"""The command ``regretlab sweep``: games on a grid of parameters."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from regretlab.cli.click_helpers import (
    Results,
    Typed,
    bad_input,
    check_output,
    examples,
    game_parts,
    rounds,
    variation,
)

__all__ = ["sweep"]


@click.command(
    short_help="Play games on a grid of parameters.",
    epilog=examples(
        "regretlab sweep adam:alpha=1,beta1=0 mod3 --over C=2.1:6:40 --over beta2=0.1,0.5 --horizon 1e5 --out t.csv",
        "regretlab sweep ogd rademacher --over alpha=0.1,1 --over seed=0,1 --horizon 1e6 --folder results --out t.csv",
    ),
)
@game_parts
@click.option(
    "--over",
    "grid",
    type=variation,
    multiple=True,
    required=True,
    metavar="NAME=VALUES",
    help="Vary the parameter NAME: VALUES is a list, 0.1,0.5, or low:high:number, 2:6:40 for 40 evenly spaced "
    "numbers, and 0:9:10 for the integers from 0 to 9. May be given several times; all combinations are played.",
)
@click.option("--horizon", type=rounds, required=True, metavar="T", help="The number of rounds of a game, e.g. 1e6.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep finished games here; the same sweep, started again, plays only the others.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write the table to, a .csv or a .parquet.",
)
def sweep(
    learner: Typed,
    losses: Typed,
    feasible_set: Typed,
    grid: tuple[tuple[str, list[Any]], ...],
    horizon: int,
    folder: Path | None,
    out: Path,
) -> int:
    """Play a game at every point of a grid and write a table of the regrets.

    Each --over names a parameter of LEARNER, LOSSES or the set, or the seed. For a point that is
    invalid or whose game fails, the column error of the table has the reason; when all fail, the
    exit code is 1.
    """
    from regretlab._utils.files import whole_file
    from regretlab.cli.parsing import check_size
    from regretlab.sweeps import sweep as run

    with bad_input():
        check_output(out)
        if out.suffix not in (".csv", ".parquet"):
            raise ValueError(f"--out {out}: the table is a .csv or a .parquet")
        if out.suffix == ".parquet" and find_spec("pyarrow") is None:
            raise ValueError(f"--out {out}: a .parquet needs pyarrow: pip install 'regretlab[parquet]'")
        names = [name for name, _ in grid]
        if repeated := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"--over: {repeated[0]} is given twice")
        for name, values in grid:
            for given in (learner, losses, feasible_set):
                for value in values:
                    check_size(type(given.part), name.rpartition(".")[2], value)
    with bad_input("--over", argument="points"):
        frame = run(learner.part, losses.part, feasible_set.part, dict(grid), horizon, folder=folder)
    results = Results()
    with results.writing(out), whole_file(out) as file:
        if out.suffix == ".csv":
            frame.to_csv(file, index=False)
        else:
            frame.to_parquet(file)
    errors = frame.loc[frame["loss"].isna(), "error"]
    unknown = frame["error"].notna().sum() - len(errors)
    if unknown:
        click.echo(f"{unknown:,} of {len(frame):,} points have no regret; the column error has the reasons.", err=True)
    if len(errors) == len(frame):
        results.failures.append(f"all {len(frame):,} points failed, the first of them because {errors.iloc[0]}")
    elif len(errors):
        click.echo(f"{len(errors):,} of {len(frame):,} points failed; the column error has the reasons.", err=True)
    return results.show()

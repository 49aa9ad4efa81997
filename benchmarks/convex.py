"""Convex losses and weighted projections, timed: ``python benchmarks/convex.py --out figures``.

Prints tables and writes ``benchmarks_convex.csv`` and ``benchmarks_convex.md``.  Takes about five minutes, with
--quick half of one.  With --mnist FOLDER the softmax games are on the digits in that folder.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from players import FLAGS, STRICT, compiler_version
from problem import stopwatch

import regretlab as rl
from regretlab._utils.files import whole_file
from regretlab.kernels.compiling import jit

SOURCE = Path(__file__).with_name("convex.c")
D, ROWS = 10, 50_000
ALPHA = 0.5
SIZES = {"box": 0.5, "ball": 1.0}
BATCH = 128
ROUNDS = 10_000  # of softmax regression
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "MKL", "OMP", "BLIS", "VECLIB_MAXIMUM")}

INTRODUCTION = """\
Times are CPU time of one thread, without compilation.  Competitors play in turns, many times.  A ratio is the median
over the turns, with the smallest and the largest ratio beside it.

**Least squares.** AMSGrad on f_t(x) = (<a_t, x> - y_t)^2 / 2 at d = 10, one game through `rl.play`, against
`convex.c`, compiled with -O3 -march=native -ffp-contract=off.  Both use compensated summation.  "rows of an array":
both read a_t and y_t from the same array.  "rows drawn": `RandomLeastSquares` draws them while it plays, while the
loop in C reads them from an array.  "drawing alone" is the time of `losses.data`.

**Projections.** The compiled `projection` of the rows of an array, in one loop that copies each row first.  Each point
is outside of the set, and the weights are 10^u with u uniform.

**Softmax.** AMSGrad on softmax regression (784 features, 10 classes, 128 examples in a round, {rounds:,} rounds)
through `rl.play`, against the two matrix products X a^T and s a of each round alone, on the same batches, in the same
process, with one thread for the matrix products.  Batches in order are views of the features.  Shuffled batches have
to be gathered first, in any program, so the competitor gathers them, too.  On a ball each projection reads all 7840
coordinates about eight times, which the products do not.
"""


class Row(NamedTuple):
    """One measurement; ``ratio`` is the time over that of the row above it without a ratio."""

    measure: str
    what: str
    ns: float
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    """What ``ratio``, or without one ``ns``, should not exceed."""

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        return "met" if (self.ns if self.ratio is None else self.ratio) <= self.limit else "missed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and repetitions: rough figures")
    parser.add_argument("--out", type=Path, default=Path("figures"), help="folder of the results (default: figures)")
    parser.add_argument("--mnist", type=Path, help="folder with MNIST's test digits (default: random numbers)")
    parser.add_argument("--softmax", action="store_true", help=argparse.SUPPRESS)  # in a process of its own
    options = parser.parse_args()
    if options.softmax:
        print(json.dumps(softmax(options.quick, options.mnist)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        rows = [*least_squares(options.quick, Path(scratch)), *projections(options.quick)]
    rows += alone_with_one_thread(options.quick, options.mnist)
    setup = described(options.quick)
    print(f"{setup}\n\n{tables(rows, mark='')}")
    write(options.out, rows, setup)


def in_turns(measure: str, players: dict[str, Callable[[], float]], turns: int, limits: dict[str, float]) -> list[Row]:
    """The times of the players, which return nanoseconds, and their ratios to the first player."""
    for play in players.values():
        play()  # compiles, allocates
    times = np.array([[play() for play in players.values()] for _ in range(turns)])
    ratios = times / times[:, :1]
    rows = []
    for i, (what, own) in enumerate(zip(players, times.T, strict=True)):
        compared = (statistics.median(ratios[:, i]), ratios[:, i].min(), ratios[:, i].max()) if i else ()
        rows.append(Row(measure, what, float(np.median(own)), *map(float, compared), limit=limits.get(what)))
    print(measure, file=sys.stderr)
    return rows


# -- least squares against C -------------------------------------------------------


def least_squares(quick: bool, scratch: Path) -> list[Row]:
    """One game at d = 10 on a box and on a ball."""
    horizon, turns = (100_000, 5) if quick else (500_000, 7)
    rng = np.random.default_rng(0)
    a = rng.uniform(-1.0, 1.0, (ROWS, D))
    y = a @ np.linspace(0.4, 0.8, D) + 0.1 * rng.standard_normal(ROWS)
    table = scratch / "rows"
    np.column_stack([a, y]).tofile(table)
    program = compiled_c(scratch)
    given, drawn = rl.losses.Examples(a, y), rl.losses.RandomLeastSquares(d=D)
    rows: list[Row] = []
    for name, feasible_set in {"box": rl.sets.Box(-0.5, 0.5), "ball": rl.sets.L2Ball(1.0)}.items():
        players = {
            "rows of an array": lambda F=feasible_set: game(given, F, horizon)[0],
            "rows drawn": lambda F=feasible_set: game(drawn, F, horizon)[0],
            "drawing alone": lambda: drawing(drawn, horizon),
        }
        if program is not None:
            command = [str(program), name, str(SIZES[name]), str(table), str(ROWS), str(horizon)]
            check_same(game(given, feasible_set, horizon)[1], run(command))
            players = {"C": lambda command=command: run(command)["ns"], **players}
        rows += in_turns(f"Least squares on a {name}, d = {D}", players, turns, {"rows of an array": 3.0})
    return rows


def game(losses: rl.losses.Losses, feasible_set: rl.sets.FeasibleSet, horizon: int) -> tuple[float, rl.Game]:
    """Nanoseconds per round, and the game."""
    with stopwatch() as watch:
        played = rl.play(rl.learners.AMSGrad(ALPHA), losses, feasible_set, horizon, progress=False)
    return watch.per(horizon, 1), played


def drawing(losses: rl.losses.RandomLeastSquares, horizon: int) -> float:
    """Nanoseconds per round for the data alone, in blocks."""
    with stopwatch() as watch:
        for start in range(1, horizon + 1, 16_384):
            losses.data(start, min(start + 16_384, horizon + 1), 0)
    return watch.per(horizon, 1)


def compiled_c(scratch: Path) -> Path | None:
    """The program, if there is a compiler."""
    compiler, program = shutil.which(os.environ.get("CC", "cc")), scratch / "convex"
    if compiler is None:
        return None
    subprocess.run([compiler, *FLAGS, STRICT, str(SOURCE), "-o", str(program), "-lm"], check=True)
    return program


def run(command: Sequence[str]) -> Any:
    """The answer of the program."""
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def check_same(ours: rl.Game, theirs: Any) -> None:
    """Both have played the same game."""
    pairs = [(ours.loss.sum(), theirs["loss"]), (ours.gradient.sum(), theirs["gradients"])]
    for one, other in [*pairs, *zip(ours.point, theirs["x"], strict=True)]:
        if not abs(one - other) <= 1e-7 * max(1.0, abs(one)):
            raise AssertionError(f"regretlab ends at {ours.point}, loss {ours.loss.sum()}, C at {theirs}")


# -- projections -------------------------------------------------------------------


def projections(quick: bool) -> list[Row]:
    """Nanoseconds per call at d = 10, compiled."""
    turns, n = (3, 2_000) if quick else (15, 20_000)
    sets = {
        "simplex": rl.sets.Simplex(D),
        "L2 ball": rl.sets.L2Ball(1.0),
        "L1 ball": rl.sets.L1Ball(1.0, D),
        "capped simplex": rl.sets.CappedSimplex(D, 0.3),
    }
    rows = []
    for name, feasible_set in sets.items():
        loop, p = over_rows(feasible_set.projection), feasible_set.parameters()
        for span in (1, 8):
            rng = np.random.default_rng(0)
            points, weights = 2.0 * rng.standard_normal((n, D)), 10.0 ** rng.uniform(-span, span, (n, D))
            times = [project(loop, points, weights, p) for _ in range(turns + 1)][1:]
            limit = 1000.0 if name in ("simplex", "L2 ball") else None
            what = f"{name}, weights 1e-{span}..1e{span}"
            rows.append(Row(f"Projections, d = {D}, per call", what, statistics.median(times), limit=limit))
    print("Projections", file=sys.stderr)
    return rows


def over_rows(projection: Callable[[Any, Any, Any], None]) -> Callable[[Any, Any, Any, Any], None]:
    """A compiled loop that projects each row of an array."""

    def loop(points, weights, p, x):  # type: ignore[no-untyped-def]
        for k in range(points.shape[0]):
            x[:] = points[k]
            projection(x, weights[k], p)

    return jit(loop, keep=True)


def project(loop: Callable[[Any, Any, Any, Any], None], points: np.ndarray, weights: np.ndarray, p: Any) -> float:
    """Nanoseconds per row."""
    x = np.empty(points.shape[1])
    with stopwatch() as watch:
        loop(points, weights, p, x)
    return watch.per(len(points), 1)


# -- softmax against the matrix products -------------------------------------------


def alone_with_one_thread(quick: bool, folder: Path | None) -> list[Row]:
    """:func:`softmax` in a process whose matrix products have one thread."""
    command = [sys.executable, __file__, "--softmax", *(["--quick"] if quick else [])]
    command += ["--mnist", str(folder)] if folder else []
    done = subprocess.run(command, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, text=True, check=True)
    return [Row(*row) for row in json.loads(done.stdout)]


def softmax(quick: bool, folder: Path | None) -> list[Row]:
    """Games on batches in order, and shuffled, against the products of the same batches."""
    horizon, turns = (1_000, 3) if quick else (ROUNDS, 3)
    if folder is None:
        rng = np.random.default_rng(0)
        features, labels = rng.random((10_000, 784)), rng.integers(10, size=10_000)
    else:
        features, labels = rl.losses.mnist(folder)
    rows = []
    sequences = {
        "in order": rl.losses.SoftmaxRegression(features, labels, batch=BATCH, classes=10),
        "shuffled": rl.losses.ShuffledSoftmaxRegression(features, labels, batch=BATCH, classes=10),
    }
    for order, losses in sequences.items():
        alone = {"the matrix products alone": lambda losses=losses: products(losses, horizon)}
        if order == "shuffled":
            both = lambda losses=losses: products(losses, horizon, gather=True)  # noqa: E731
            alone = {"gathering and the matrix products": both, **alone}
        games = {"without a constraint": rl.sets.Reals(), "on a ball": rl.sets.L2Ball(5.0)}
        players = {what: lambda F=F, losses=losses: game(losses, F, horizon)[0] for what, F in games.items()}
        where = "MNIST" if folder else "random features"
        measure = f"Softmax regression, {where}, 784 x 10, {BATCH} examples in a round, {order}"
        rows += in_turns(measure, alone | players, turns, {"without a constraint": 1.5})
    return rows


def products(losses: rl.losses.SoftmaxRegression, horizon: int, gather: bool = False) -> float:
    """Nanoseconds per round of X a^T and s a for the batches a of the rounds, and with ``gather`` of copying these."""
    features = np.asarray(losses.features)
    X, s = np.full((10, features.shape[1]), 0.01), np.full((10, BATCH), 0.1)
    spent = 0.0
    for first in range(1, horizon + 1, 50):
        rounds = np.arange(first, min(first + 50, horizon + 1))
        chosen = losses.examples(rounds)
        batches = [] if gather else [gathered(features, rows) for rows in chosen]
        with stopwatch() as watch:
            for a in (gathered(features, rows) for rows in chosen) if gather else batches:
                X @ a.T
                s @ a
        spent += watch.per(1, 1)
    return spent / horizon


def gathered(features: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """A view of rows that follow each other, else a copy: what the game works with."""
    if rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
        return features[rows[0] : rows[-1] + 1]
    return features[rows]


# -- results -----------------------------------------------------------------------


def tables(rows: Sequence[Row], *, mark: str) -> str:
    """A table for each measure."""
    parts = []
    for measure in dict.fromkeys(row.measure for row in rows):
        head = ("", "ns", "ratio", "between", "target", "")
        lines = [head] + [cells(row) for row in rows if row.measure == measure]
        widths = [max(3, *(len(line[i]) for line in lines)) for i in range(len(head))]
        lines.insert(1, tuple("-" * widths[i] if i == 0 else "-" * (widths[i] - 1) + ":" for i in range(len(head))))
        text = [
            "| " + " | ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) + " |"
            for line in lines
        ]
        parts.append(f"{mark}{measure}\n\n" + "\n".join(text))
    return "\n\n".join(parts) + "\n"


def cells(row: Row) -> tuple[str, ...]:
    between = "" if row.low is None else f"{row.low:.3g} - {row.high:.3g}"
    ratio = "" if row.ratio is None else f"{row.ratio:.3g}"
    target = "" if row.limit is None else f"<= {row.limit:g}" + (" ns" if row.ratio is None else "")
    return row.what, f"{row.ns:,.0f}", ratio, between, target, row.verdict


def write(folder: Path, rows: Sequence[Row], setup: str) -> None:
    """``benchmarks_convex.csv`` and ``benchmarks_convex.md``, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([*Row._fields, "verdict"])
    for row in rows:
        plain = [f"{value:.6g}" if isinstance(value, float) else value for value in row]
        writer.writerow([*("" if value is None else value for value in plain), row.verdict])
    introduction = INTRODUCTION.format(rounds=ROUNDS)
    page = f"# Benchmarks of convex losses\n\n{introduction}\n{setup}\n\n{tables(rows, mark='## ')}"
    for name, text in (("benchmarks_convex.csv", table.getvalue()), ("benchmarks_convex.md", page)):
        with whole_file(folder / name) as file:
            file.write(text.encode())


def described(quick: bool) -> str:
    """The versions of everything that took part."""
    versions = ", ".join([f"Python {platform.python_version()}", *(f"{n} {version(n)}" for n in ("numpy", "numba"))])
    rough = "; quick run, rough figures" if quick else ""
    return f"{platform.system()} {platform.machine()}; {versions}; {compiler_version()}{rough}"


if __name__ == "__main__":
    main()

"""Measurements as printed tables, as a Markdown page and as a csv file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from regretlab._utils.files import whole_file

INTRODUCTION = """\
AMSGrad on the online sequence of Reddi et al. (2018), Section 5, on [-1, 1], with alpha_t = alpha/sqrt(t) and its
running regret.  Games side by side differ in alpha, beta1 and beta2 and meet the same gradients.  Times are CPU time of
one thread, for one round of one game, without compilation.  Each competitor plays right after regretlab, many times.
A ratio is the median, over these pairs, of the competitor's time divided by regretlab's: above 1 the competitor is
slower.

The C loops and regretlab use compensated summation for the loss and the gradients; the others use plain sums.  Strict C
is compiled with -ffp-contract=off, so that the compiler does not fuse multiplications and additions; contracted C may
fuse them.  "roots ahead" computes 1/sqrt(t) for a block of rounds at once.  optax runs in a scan of jax.  "regret of
each round" returns R_t of every round; "last regret only" returns R_T, and so does less than the others, which record
the regret at all checkpoints.  torch corrects for bias, which the paper's method does not.
"""


class Line(NamedTuple):
    """One measured number."""

    measure: str
    who: str
    value: float | None
    """None: could not be measured, and ``note`` says why."""
    unit: str
    ratio: float | None = None
    """Times regretlab: the median, then the smallest and the largest of the pairs."""
    low: float | None = None
    high: float | None = None
    note: str = ""


class Target(NamedTuple):
    """The largest value that a number should have, or the smallest with ``at_least``."""

    what: str
    measured: float | None
    limit: float
    at_least: bool = False

    @property
    def verdict(self) -> str:
        if self.measured is None:
            return "not measured"
        return "met" if (self.measured >= self.limit if self.at_least else self.measured <= self.limit) else "missed"


def tables(lines: Sequence[Line], targets: Sequence[Target], *, mark: str) -> str:
    """Every measure as a table, and the targets; ``mark`` begins a heading."""
    parts = []
    for measure, group in groupby(lines, key=lambda line: line.measure):
        rows = list(group)
        if any(line.ratio is not None for line in rows):
            head = ["", rows[0].unit, "times regretlab", "between"]
            cells = [[line.who, _value(line), _number(line.ratio), _range(line)] for line in rows]
        else:
            head, cells = ["", rows[0].unit], [[line.who, _value(line)] for line in rows]
        parts.append(f"{mark}{measure}\n\n{_aligned(head, cells)}")
    cells = [
        [target.what, _number(target.measured), f"{'>=' if target.at_least else '<='} {target.limit:g}", target.verdict]
        for target in targets
    ]
    parts.append(f"{mark}Targets\n\n{_aligned(['', 'measured', 'target', ''], cells)}")
    return "\n\n".join(parts) + "\n"


def write(folder: Path, lines: Sequence[Line], targets: Sequence[Target], setup: str) -> None:
    """``benchmarks.csv`` and ``benchmarks.md``, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(Line._fields)
    writer.writerows([_plain(value) for value in line] for line in lines)
    page = f"# Benchmarks\n\n{INTRODUCTION}\n{setup}\n\n{tables(lines, targets, mark='## ')}"
    for name, text in (("benchmarks.csv", table.getvalue()), ("benchmarks.md", page)):
        with whole_file(folder / name) as file:
            file.write(text.encode())


def _plain(value: float | str | None) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.3g}"


def _value(line: Line) -> str:
    return line.note if line.value is None else _number(line.value)


def _range(line: Line) -> str:
    return "" if line.low is None else f"{_number(line.low)} - {_number(line.high)}"


def _aligned(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that reads as text and as Markdown: first column to the left, the others to the right."""
    table = [head, *rows]
    widths = [max(3, *(len(row[i]) for row in table)) for i in range(len(head))]
    dashes = ["-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    lines = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in table]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [lines[0], dashes, *lines[1:]])

"""Time per round against C, optax, torch and numpy; start-up time; memory: ``python benchmarks/run.py``.

Prints tables and writes ``benchmarks.csv`` and ``benchmarks.md``.  Takes a few
minutes, with --quick about one.  A peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import costs

if TYPE_CHECKING:
    from problem import Outcome, Player
    from report import Line, Target


class Workload(NamedTuple):
    """What regretlab plays: ``lanes`` games side by side, of ``horizon`` rounds each."""

    name: str
    ours: Player
    lanes: int
    horizon: int


class Competitor(NamedTuple):
    """Another player, timed over ``work`` rounds in all games together (None: as many as regretlab plays)."""

    name: str
    make: Callable[[], Player]
    work: int | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and repetitions: rough figures")
    parser.add_argument("--out", type=Path, default=Path("figures"), help="folder of the results (default: figures)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        lines = list(measured_costs(options.quick, Path(scratch, "cache")))  # first: see costs.py
        lines = [*measured_times(options.quick, Path(scratch)), *lines]
    import report

    goals = targets(lines)
    setup = described(options.quick)
    print(f"{setup}\n\n{report.tables(lines, goals, mark='')}")
    report.write(options.out, lines, goals, setup)


# -- time per round ----------------------------------------------------------------


def measured_times(quick: bool, scratch: Path) -> Iterator[Line]:
    """Time per game-round of regretlab and of all competitors, pair by pair."""
    from players import many_games, one_game

    scale, repetitions = (10, 3) if quick else (1, 7)
    for workload in (
        Workload("One game", one_game, 1, 10**7 // scale),
        Workload("1 lane", many_games, 1, 10**7 // scale),
        Workload("64 lanes", many_games, 64, 10**7 // scale),
        Workload("1024 lanes", many_games, 1024, 10**6 // scale),
    ):
        yield from compared(workload, competitors(workload.lanes, scratch), repetitions)


def competitors(lanes: int, scratch: Path) -> list[Competitor]:
    """The other players of this many games."""
    from peers import PEERS
    from players import STRICT, reference, with_ledger

    kinds = {"fused": "one loop", "ahead": "roots ahead"} if lanes == 1 else {"lanes": "lanes"}
    loops = [
        Competitor(f"C, {text}, {rounding}", lambda kind=kind, flags=flags: reference(scratch, *flags)(kind))
        for rounding, flags in (("strict", (STRICT,)), ("contracted", ()))
        for kind, text in kinds.items()
    ]
    work = {"optax": 10**6 if lanes == 1 else 5 * 10**6, "torch": 500 * lanes, "numpy": 5000 * lanes}
    loops.append(Competitor("regretlab with a certificate", lambda: with_ledger))
    return loops + [Competitor(name, make, work[name.replace(",", "").split()[0]]) for name, make in PEERS.items()]


def compared(workload: Workload, others: list[Competitor], repetitions: int) -> Iterator[Line]:
    """regretlab first, then every competitor with its ratio."""
    from report import Line

    measure = f"{workload.name}: ns per game-round"
    workload.ours(20_000, workload.lanes)  # compiles
    our_times, rest = [], []
    for other in others:
        try:
            player = other.make()
        except (ImportError, FileNotFoundError):
            rest.append(Line(measure, other.name, None, "ns", note="not installed"))
            continue
        horizon = workload.horizon if other.work is None else max(1, other.work // workload.lanes)
        player(horizon, workload.lanes)  # compiles, allocates
        pairs = [
            (workload.ours(workload.horizon, workload.lanes), player(horizon, workload.lanes))
            for _ in range(repetitions if other.work is None else 3)
        ]
        if other.work is None:
            check_same(*pairs[0])
        our_times += [ours.ns for ours, _ in pairs]
        ratios = [theirs.ns / ours.ns for ours, theirs in pairs]
        time = statistics.median(theirs.ns for _, theirs in pairs)
        rest.append(Line(measure, other.name, time, "ns", statistics.median(ratios), min(ratios), max(ratios)))
        print(f"{measure}: {other.name}", file=sys.stderr)
    if not our_times:
        our_times = [workload.ours(workload.horizon, workload.lanes).ns for _ in range(repetitions)]
    yield from [Line(measure, "regretlab", statistics.median(our_times), "ns", 1.0), *rest]


def check_same(ours: Outcome, theirs: Outcome) -> None:
    """Both have played the same game."""
    for a, b in zip((*ours.x, *ours.regret), (*theirs.x, *theirs.regret), strict=True):
        if not abs(a - b) <= 1e-9 * max(1.0, abs(a)):
            raise AssertionError(f"regretlab ends at {ours}, C at {theirs}")


# -- other costs -------------------------------------------------------------------


def measured_costs(quick: bool, cache: Path) -> Iterator[Line]:
    """Import, first calls and memory, with compiled functions in the folder ``cache``."""
    cache.mkdir()
    loaded = costs.importing(3 if quick else 7)
    cold, warm = costs.first_call(cache), costs.first_call(cache)
    memory = {T: costs.peak_memory(T, cache) for T in ((10**5, 10**6, 10**7) if quick else (10**6, 10**7, 10**8))}
    from report import Line

    yield Line("Start", "import regretlab", loaded.seconds, "s")
    yield Line("Start", "first play, nothing compiled yet", cold.play, "s")
    yield Line("Start", "first play_all, nothing compiled yet", cold.play_all, "s")
    yield Line("Start", "first play of a second process", warm.play, "s")
    yield Line("Start", "first play_all of a second process", warm.play_all, "s")
    yield Line("Counts", "of pandas and matplotlib, imported with regretlab", len(loaded.heavy), "number")
    yield Line("Counts", "files of compiled functions, first process", cold.files, "number")
    yield Line("Counts", "files a second process adds or changes", warm.files, "number")
    for T, peak in memory.items():
        yield Line("Peak memory of a process with one game", f"T = {T:,}", peak, "MiB")


# -- the targets -------------------------------------------------------------------


def targets(lines: list[Line]) -> list[Target]:
    """The project's goals for speed and memory, and how they were met in this run."""
    from report import Target

    found = {(line.measure.split(":")[0], line.who): line for line in lines}

    def over(workload: str, who: str) -> float | None:
        ratio = found[workload, who].ratio
        return None if ratio is None else 1.0 / ratio

    peaks = [line.value for line in lines if line.unit == "MiB" and line.value is not None]
    return [
        Target("one game: time over that of C in one loop", over("One game", "C, one loop, strict"), 1.5),
        Target("64 lanes: time over that of C", over("64 lanes", "C, lanes, strict"), 1.2),
        Target("1024 lanes: time over that of C", over("1024 lanes", "C, lanes, strict"), 1.2),
        *[
            Target(f"{lanes}: times as fast as {who}", found[lanes, who].ratio, 10.0, at_least=True)
            for who in ("optax, regret of each round", "optax, last regret only")
            for lanes in ("64 lanes", "1024 lanes")
        ],
        *[
            Target(f"{games}: time with a certificate over that without", cost, 2.0)
            for games in ("One game", "64 lanes", "1024 lanes")
            if (line := found.get((games, "regretlab with a certificate"))) and (cost := line.ratio)
        ],
        Target("growth of peak memory in T, MiB", peaks[-1] - peaks[0], 50.0),
        Target("import, s", found["Start", "import regretlab"].value, 0.5),
        Target("files a second process adds", found["Counts", "files a second process adds or changes"].value, 0.0),
    ]


def described(quick: bool) -> str:
    """The versions of everything that took part."""
    from players import compiler_version

    versions = [f"Python {platform.python_version()}"]
    for name in ("numpy", "numba", "jax", "optax", "torch"):
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} not installed")
    return f"{platform.system()} {platform.machine()}; {', '.join(versions)}; {compiler_version()}" + (
        "; quick run, rough figures" if quick else ""
    )


if __name__ == "__main__":
    main()

"""Faults put in by machine: how many of them do the tests notice?  ``make mutants``, or ``python tests/mutants.py -h``.

A mutant is the package with one small fault: a sign, an operator, a constant, an argument or a statement left out.  A
random sample of all such faults is tried, each in a copy of the tree, with the tests that execute the changed line (the
quickest first, those of the file that mirrors the module before others) until one fails.  A fault that no test notices
is a survivor: either the tests are too weak, or the mutant computes the same.

First the tests run once without a fault, under the package ``coverage``, to find out which test executes which line.
The answer is kept in the folder of the report for as long as no file changes.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import importlib.util
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from mutant_faults import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[1]
MODULES = ("kernels", "learners", "certificates", "regret", "sweeps", "testing", "torch.py")
_QUICKEST = 150  # of the tests that execute a line so many are noted

ALSO = ("conformance", "game", "hostile", "claims", "paper")
"""Tests that run beside those whose names begin with a package of ``MODULES``; others take minutes and add little."""

HEAVY = ("numpy", "numba", "pandas", "scipy.optimize", "scipy.special", "matplotlib", "torch")
"""What is imported once, before the processes of the mutants are forked."""


# -- which test executes which line ----------------------------------------------------


class Watch:
    """A plugin of pytest that notes the seconds of each test that passes, and the lines that it executes."""

    def __init__(self, tree: Path) -> None:
        import coverage

        self.tree, self.seconds = tree, Counter[str]()
        self.failed: set[str] = set()
        self.coverage = coverage.Coverage(
            data_file=None, source=[str(tree / "regretlab")], config_file=False, messages=False
        )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration
        if not report.passed:
            self.failed.add(report.nodeid)

    def found(self) -> dict[str, Any]:
        """The seconds of each test that passes, and for each line of a file its quickest tests."""
        data, lines = self.coverage.get_data(), {}
        for file in data.measured_files():
            path = Path(file).relative_to(self.tree).as_posix()
            by_line = data.contexts_by_lineno(file)
            passing = {n: {*tests} - self.failed - {""} for n, tests in by_line.items()}
            lines[path] = {n: sorted(tests, key=self.seconds.__getitem__)[:_QUICKEST] for n, tests in passing.items()}
        return {"seconds": {test: s for test, s in self.seconds.items() if test not in self.failed}, "lines": lines}


def watch(tree: Path, files: list[str], result: Path) -> None:
    """Run test files under coverage, and write what was found to a file; in a process of its own."""
    _enter(tree, result.with_suffix(".log"))
    plugin = Watch(tree)
    plugin.coverage.start()
    pytest.main([*_OPTIONS, "-m", "not slow", *files], plugins=[plugin])
    plugin.coverage.stop()
    result.write_text(json.dumps(plugin.found()))


def tests_of_lines(tree: Path, kept: Path, jobs: int) -> dict[str, Any]:
    """The answer of :meth:`Watch.found` for all test files; from ``kept`` if no file has changed."""
    digest = hashlib.sha256()
    for file in sorted([*tree.rglob("*.py"), *tree.glob("tests/data/**/*.json")]):
        digest.update(file.read_bytes())
    answer = kept / f"lines-{digest.hexdigest()[:16]}.json"
    if not answer.exists():
        kinds = tuple(f"test_{name.removesuffix('.py')}" for name in (*MODULES, *ALSO))
        files = [f"tests/{file.name}" for file in tree.glob("tests/test_*.py") if file.name.startswith(kinds)]
        files.sort(key=lambda name: -(tree / name).stat().st_size)
        parts = [(files[i::jobs], kept / f"part-{i}.json") for i in range(jobs)]
        processes = [_fork(watch, tree, *part) for part in parts]
        for process in processes:
            process.join()
        found: dict[str, Any] = {"seconds": {}, "lines": {}}
        for _, path in parts:
            part = json.loads(path.read_text())
            found["seconds"] |= part["seconds"]
            for name, lines in part["lines"].items():
                for line, tests in lines.items():
                    found["lines"].setdefault(name, {}).setdefault(line, []).extend(tests)
        answer.write_text(json.dumps(found))
    return json.loads(answer.read_text())  # type: ignore[no-any-return]


def chosen_tests(mutant: Mutant, found: dict[str, Any]) -> list[str]:
    """The tests for a mutant in the order in which they run.

    First the 20 quickest of the mirroring files that execute the line, then the others that execute it, then the rest
    of the mirroring files.  For a line that no test is seen to execute (of a class, or only compiled): the tests that
    execute others of the module.
    """
    seconds, lines = found["seconds"], found["lines"].get(mutant.path, {})
    executing = {test for line in range(mutant.lines[0], mutant.lines[1] + 1) for test in lines.get(str(line), ())}
    executing = executing or {test for tests in lines.values() for test in tests}
    package, _, module = mutant.path.removeprefix("regretlab/").removesuffix(".py").rpartition("/")
    package = package.replace("/", "_")
    mirrors = [f"tests/test_{name}.py" for name in (f"{package}_{module}".strip("_"), package) if name]
    mirrored = {test for test in seconds if test.startswith(tuple(mirrors))}
    quick = sorted(executing, key=seconds.__getitem__)
    first = [test for test in quick if test in mirrored][:20]
    rest = sorted(mirrored, key=seconds.__getitem__)
    return list(dict.fromkeys([*quick[:5], *first, *quick, *rest]))


# -- running the tests on a mutant -----------------------------------------------------

_OPTIONS = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--tb=no"]


class Chosen:
    """A plugin of pytest that runs the chosen tests in this order, until the time is over; a hanging test is killed."""

    def __init__(self, tests: list[str], seconds: float, expected: dict[str, float]) -> None:
        self.place, self.expected = {test: i for i, test in enumerate(tests)}, expected
        self.end, self.over, self.by = time.process_time() + seconds, False, ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        mine = (item for item in items if item.nodeid in self.place)
        items[:] = sorted(mine, key=lambda item: self.place[item.nodeid])

    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        self.over = self.over or time.process_time() > self.end
        signal.alarm(120 + int(20 * self.expected[item.nodeid]))  # ends the process; long, as fresh code is compiled
        return True if self.over else None

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.by = report.nodeid if report.failed else self.by


def run_tests(tree: Path, tests: list[str], seconds: float, expected: dict[str, float], result: Path) -> None:
    """Run the tests until one fails, write its name to ``result`` and exit with 1; in a process of its own."""
    _enter(tree)
    plugin = Chosen(tests, seconds, expected)
    code = pytest.main([*_OPTIONS, "-x", *sorted({test.partition("::")[0] for test in tests})], plugins=[plugin])
    result.write_text(plugin.by)
    os._exit(int(code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)))


def _enter(tree: Path, log: str | Path = os.devnull) -> None:
    """Make ``tree`` the place from which the package is imported, here and in processes that are started."""
    os.setsid()
    os.chdir(tree)
    sys.path[:0] = [str(tree), str(tree / "tests")]
    os.environ |= {"PYTHONPATH": str(tree), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # other plugins take long to load
    output = os.open(log, os.O_RDWR | os.O_CREAT)
    for stream in (0, 1, 2):
        os.dup2(output, stream)


def _fork(function: Any, *arguments: Any) -> Any:
    """A process that runs the function, forked so that it need not import the heavy libraries again."""
    process = multiprocessing.get_context("fork").Process(target=function, args=arguments)
    process.start()
    return process


def first_failure(tree: Path, tests: list[str], found: dict[str, Any], seconds: float) -> str:
    """The first of the tests that fails, in a process of its own; an empty text if none does."""
    if not tests:
        return ""
    result = tree / "noticed-by"
    result.write_text("a crash, or a test that hangs")
    process = _fork(run_tests, tree, tests, seconds, found["seconds"], result)
    process.join(10 * seconds + 600)
    with suppress(ProcessLookupError):  # and processes that its tests have started
        os.killpg(process.pid, signal.SIGKILL)
    process.join()
    return "" if process.exitcode == 0 else result.read_text() or "an error before the tests"


def try_mutant(
    tree: Path, mutant: Mutant, found: dict[str, Any], sound: dict[str, bool], seconds: float
) -> dict[str, Any]:
    """Whether a mutant is noticed, and by which test.

    ``sound`` says of tests whether they pass here without a fault; those that do not are left out from then on.
    """
    path = tree / mutant.path
    source, stamp, start = path.read_bytes(), path.stat(), time.monotonic()
    changed = source[: mutant.start] + mutant.text.encode() + source[mutant.stop :]
    while True:
        tests = [test for test in chosen_tests(mutant, found) if sound.get(test, True)]
        try:
            path.write_bytes(changed)
            os.utime(path, (stamp.st_atime, stamp.st_mtime + 10))  # so that compiled bytes of the original are not used
            by = first_failure(tree, tests[:15], found, seconds) or first_failure(tree, tests[15:], found, seconds)
        finally:
            path.write_bytes(source)
            os.utime(path, (stamp.st_atime, stamp.st_mtime))
            Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
        if by not in found["seconds"]:
            break
        if by not in sound:
            sound[by] = not first_failure(tree, [by], found, seconds)
        if sound[by]:
            break
    lines = [text.decode().splitlines() for text in (source, changed)]
    diff = list(difflib.unified_diff(*lines, n=0, lineterm=""))[3:]  # type: ignore[misc,arg-type]
    return mutant._asdict() | {"by": by, "diff": diff, "seconds": round(time.monotonic() - start, 1)}


def work(
    tree: Path, mutants: list[Mutant], turn: Any, end: float, found: dict[str, Any], answers: Path, seconds: float
) -> None:
    """Try mutants in a copy of the tree, in turn with other processes, and write a line of JSON for each."""
    for name in HEAVY if len(mutants) > 50 else ():
        with suppress(ImportError):
            importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder, answers.open("w") as file:
        copy, sound = Path(folder) / "tree", dict[str, bool]()
        shutil.copytree(tree, copy)
        quick = sorted(found["seconds"], key=found["seconds"].__getitem__)[:5]
        if failed := first_failure(copy, quick, found, seconds):
            raise RuntimeError(f"the tests do not run without a fault: {failed}")
        while time.time() < end:
            with turn.get_lock():
                i, turn.value = turn.value, turn.value + 1
            if i >= len(mutants):
                break
            file.write(json.dumps(try_mutant(copy, mutants[i], found, sound, seconds)) + "\n")
            file.flush()


def copied(root: Path, folder: Path) -> Path:
    """A copy of the files under version control, as they are now."""
    tree = folder / "tree"
    names = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, text=True, check=True).stdout
    for name in names.split("\0"):
        if name and (root / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, tree / name)
    for file in root.glob("regretlab/*/__pycache__/*.nb?"):  # what is compiled already
        (tree / file.relative_to(root)).parent.mkdir(exist_ok=True)
        shutil.copy2(file, tree / file.relative_to(root))
    return tree


def report(answers: list[dict[str, Any]], possible: int, out: Path) -> str:
    """Write ``mutants.json`` and ``mutants.md`` in the folder ``out``, and return the line with the score."""
    noticed = [answer for answer in answers if answer["by"]]
    score = f"{len(noticed)} of {len(answers)} mutants noticed"
    score += f" ({len(noticed) / len(answers):.0%}); {possible} are possible" if answers else ""
    rows = ["# Mutants", "", f"{score}.", "", "| package | tried | noticed |", "|---|---|---|"]
    tried, seen = (Counter(answer["path"].split("/")[1] for answer in each) for each in (answers, noticed))
    rows += [f"| {name} | {n} | {seen[name]} |" for name, n in sorted(tried.items())]
    rows += ["", "## Not noticed"]
    for answer in sorted((each for each in answers if not each["by"]), key=lambda each: each["path"]):
        place = f"{answer['path']}:{answer['lines'][0]} ({answer['kind']}, {answer['seconds']} s)"
        rows += ["", place, "```diff", *answer["diff"], "```"]
    (out / "mutants.json").write_text(json.dumps(answers, indent=1))
    (out / "mutants.md").write_text("\n".join(rows) + "\n")
    return score


def main() -> None:
    """Read the command line, try the mutants, and report."""
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--modules", nargs="+", default=MODULES, help="packages or files below regretlab/")
    parse.add_argument("--number", type=int, default=300, help="how many mutants (300)")
    parse.add_argument("--seed", type=int, default=0, help="which ones (0)")
    parse.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parse.add_argument("--budget", type=float, default=60.0, help="minutes after which no further one is begun (60)")
    parse.add_argument("--seconds", type=float, default=45.0, help="of processor time for the tests of one mutant (45)")
    parse.add_argument("--root", type=Path, default=ROOT, help="the tree")
    parse.add_argument("--out", type=Path, default=ROOT / "build" / "mutants", help="folder of the report")
    options = parse.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    end = time.time() + 60.0 * options.budget
    with tempfile.TemporaryDirectory() as folder:
        tree = copied(options.root.resolve(), Path(folder))
        found = tests_of_lines(tree, options.out.resolve(), options.jobs)
        wanted = [tree / "regretlab" / name for name in options.modules]
        files = [file for path in wanted for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
        possible = [mutant for file in files for mutant in mutants_of(file, tree)]
        sample = random.Random(options.seed).sample(possible, min(options.number, len(possible)))
        print(f"{len(found['seconds'])} tests, {len(possible)} mutants; trying {len(sample)}", flush=True)
        turn = multiprocessing.get_context("fork").Value("i", 0)
        lines = [options.out.resolve() / f"answers-{i}.jsonl" for i in range(options.jobs)]
        workers = [_fork(work, tree, sample, turn, end, found, file, options.seconds) for file in lines]
        for worker in workers:
            worker.join()
        if any(worker.exitcode for worker in workers):
            sys.exit("a process has failed, so there is no score")
    answers = [json.loads(line) for file in lines for line in file.read_text().splitlines()]
    print(report(answers, len(possible), options.out) + f"; see {options.out / 'mutants.md'}")


if __name__ == "__main__":
    main()

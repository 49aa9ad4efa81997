"""Thousands of mutated command lines: each gives the game that it means, or one line that says what is wrong.

The suite tries a few hundred.  To try more::

    python tests/test_cli_texts.py 5000

which also limits the memory, and counts what it finds.
"""

from __future__ import annotations

import contextlib
import re
import signal
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from regretlab.cli import main, parsing

FOREIGN = "zz_foreign"
"""A module in the current folder.  Nothing may call its function, and nothing but a dotted name may import it."""

SOURCE = "import os\nos.mkdir('imported')\ndef f(*args, **keywords):\n    os.mkdir('called')\n"
DOORS = frozenset({"os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen", "socket.connect"})
SECONDS = 2
UNNAMED = r"Error: (\w*(Key|Attribute|Index|Recursion|Name|UnboundLocal|Assertion)Error|\S+$|.{0,20}$)"

LEARNERS = ["adam", "ogd:1", "adam:alpha=0.5,beta1=0,beta2=0.1", "AMSGrad(alpha=constant(0.001))", "hedge",
            "amsgrad:beta1=geometric(0.9,ratio=0.99)", "withepsilon:adam,eps=1e-8", "adagrad:alpha=10**-1",
            "adashift:n=2", "dualaveraging", "l2penalty:ogd(0.1),decay=1/10",
            "doublingtrick:ogd(constant(1))", "adabound:lower=0.1"]  # fmt: skip
LOSSES = ["mod3", "mod3:C=3", "periodic:[3,-1,-1]", "periodic:[5]+[-1]*3", "rademacher:d=1,drift=0.5", "reddionline",
          "examples:[[1]],[1],link=huber(2)", "randomlinear:mean=-1,std=2", "reddistochastic:p=0.5"]  # fmt: skip
SETS = ["box:-1,1", "box:[-1],[1]", "l2ball:1", "reals", "simplex:1", "product:[box(0,1)]", "linfball:radius=pi"]
POINTS = ["0.5", "-1", "[1/4]", "0"]
RANGES = ["0:3:4", "0.1:0.9:3", "0.1,0.5", "1,2", "constant(0.1),0.1", "1:2:2"]
NAMES = ["alpha", "beta1", "C", "seed", "start", "losses", "learner.alpha", "q", "lo"]
WORDS = [*LEARNERS, *LOSSES, *SETS, *POINTS, *RANGES, "learners", "theorems", "adam*", "play", "10", "1e1"]
FRAGMENTS = [
    f"{FOREIGN}.f", f"{FOREIGN}.f()", f"{FOREIGN}:f", FOREIGN, f"'{FOREIGN}.f'", f"__import__('{FOREIGN}')",
    "os.system('mkdir called')", "builtins.print", "antigravity.fly()", "numpy.ones",
    "regretlab.losses.mnist('x')", "().__class__", "lambda: 1", "[x for x in (1,)]", "{'a': 1}", "a[0]",
    "f'{1}'", "(yield)", "await x", "x:=1", "*a", "**a", "9**9**9**9", "10**10**10", "10**400", "1e400",
    "-1e308", "9" * 400, "0x" + "f" * 300, "1_0", "1j", "b'x'", "...", "[1]*10**9", "[[1]*9999]*9999",
    "[" * 60 + "]" * 60, "(" * 250 + ")" * 250, "-" * 9999 + "1", "1+" * 999 + "1", "True", "None", "nan",
    "inf", "-inf", "''", "'a'*9", "'\\d'", "\x00", "\n", "\t", "é", "𝟏", "\udcff", "#", ";", "\\", "%s", "1/0",
    "0/0", "0**-1", "(-8)**(1/3)", "inf-inf", "1<2", "not 1", "1 if 1 else 2", "''.join([])", "simplex(10**9)",
    "rademacher(d=10**9)", "1:2", "0:1:10**9", "0:1:0", "::", "=", ",", ":", "(", ")", "[", "]", ".", "-", "*",
    "1", "0", "-1", "2",
]  # fmt: skip


def choice(rng: np.random.Generator, items: Any) -> Any:
    return items[int(rng.integers(len(items)))]


def mutated(rng: np.random.Generator, text: str) -> str:
    """The text with a few fragments put in, parts left out, doubled or exchanged with those of another text."""
    for _ in range(int(rng.integers(0, 4))):
        tokens = re.findall(r"\w+|\W", text) or [""]
        i, j = sorted(int(k) for k in rng.integers(0, len(tokens) + 1, 2))
        other = re.findall(r"\w+|\W", choice(rng, WORDS))
        k = int(rng.integers(len(other)))
        part = choice(rng, ([], tokens[i:j] * 2, [choice(rng, FRAGMENTS)], [choice(rng, FRAGMENTS)], other[k : k + 3]))
        text = "".join([*tokens[:i], *part, *tokens[j if rng.random() < 0.5 else i :]])
    return text


def command_line(rng: np.random.Generator) -> list[str]:
    """A command line of which each text has been mutated, or left as it is."""

    def text(valid: list[str]) -> str:
        word = choice(rng, valid)
        return mutated(rng, word) if rng.random() < 0.4 else word

    game = [text(LEARNERS), text(LOSSES), *(["--set", text(SETS)] if rng.random() < 0.5 else [])]
    rounds = text(["10", "1e1", "7"])
    with contextlib.suppress(ValueError):
        rounds = "10" if float(rounds) > 1000 else rounds  # none that takes long
    horizon = ["--horizon", rounds]
    command = choice(rng, ("play", "play", "play", "compare", "sweep", "sweep", "list", "help"))
    if command == "play":
        more = [option for name, valid in (("--start", POINTS), ("--seed", ["0", "3"])) if rng.random() < 0.4
                for option in (name, text(valid))]  # fmt: skip
        return [command, *game, *horizon, *more]
    if command == "compare":
        return [command, game[0], text(LEARNERS), *(["--on", game[1], *horizon] if rng.random() < 0.5 else [])]
    if command == "sweep":
        over = f"{choice(rng, NAMES)}={text(RANGES)}"
        return [
            command,
            *game,
            *horizon,
            "--over",
            mutated(rng, over) if rng.random() < 0.1 else over,
            "--out",
            "t.csv",
        ]
    return [command, text(WORDS)]


# -- what a text means, by Python itself --------------------------------------------------------------------


class Names(dict[str, Any]):
    """The classes of the package by name, in upper or lower case."""

    def __missing__(self, name: str) -> Any:
        return self[name.lower()] if name.lower() in self else super().__missing__(name)  # type: ignore[misc]


def meaning(text: str, kinds: tuple[parsing.Kind, ...] = parsing.KINDS) -> Any:
    """The object that Python makes of name:values written as a call, or of the values themselves."""
    names = Names(inf=np.inf, nan=np.nan, pi=np.pi)
    for kind in kinds[::-1]:
        names.update(kind.classes())

    def called(name: re.Match[str]) -> str:  # a class without values has its defaults
        return f"{name[0]}()" if isinstance(names.get(name[0].lower()), type) else name[0]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(re.sub(r"\b[^\W\d]\w*\b(?!\s*[(=])", called, text.strip()), {"__builtins__": {}}, names)


def part_meant(text: str, kind: parsing.Kind) -> str:
    name, colon, values = text.strip().partition(":")
    return repr(meaning(f"{name.strip()}({values})" if colon and "(" not in name else text, (kind, *parsing.KINDS)))


def check_meaning(line: list[str], output: str) -> None:
    """The command did what its texts say, as Python understands them; module.Class is not tried."""
    if line[0] == "sweep":
        name, _, values = line[line.index("--over") + 1].partition("=")
        low, high, n = values.split(":") if ":" in values else ("", "", "")
        expected = np.linspace(float(meaning(low)), meaning(high), meaning(n)) if n else meaning(f"[{values}]")
        table = pd.read_csv("t.csv")
        assert len(table) == len(expected)
        if all(type(value) in (int, float) for value in np.asarray(expected, dtype=object)):
            assert table[name].to_numpy(dtype=float) == pytest.approx(np.asarray(expected, dtype=float))
    if line[0] != "play":
        return
    options = dict(zip(line[3::2], line[4::2], strict=True))
    rows = dict(re.findall(r"^  (learner|losses|seed) +(.*)$", output, re.MULTILINE))
    assert rows["learner"] == part_meant(line[1], parsing.LEARNERS)
    assert rows["losses"] == part_meant(line[2], parsing.LOSSES)
    assert int(rows["seed"]) == int(options.get("--seed", "0"))
    assert f"Game of {int(float(options['--horizon'])):,} rounds" in output
    if "--start" in options:
        start = meaning(options["--start"])
        assert all(type(value) in (int, float) for value in (start if isinstance(start, list | tuple) else [start]))


# -- trying -------------------------------------------------------------------------------------------------


class Watch:
    """Counts what is found; calls of foreign code are seen by an audit hook, which cannot be taken away again."""

    events: list[str] | None = None

    @classmethod
    def install(cls) -> None:
        if not hasattr(cls, "hooked"):
            cls.hooked = True
            sys.addaudithook(cls.hook)

    @classmethod
    def hook(cls, event: str, args: Any) -> None:
        if cls.events is not None and (event in DOORS or (event == "import" and args[0] == "antigravity")):
            cls.events.append(event)


class Hang(BaseException):
    """A command took too long."""


def stop(*_: Any) -> None:
    raise Hang


def tried(line: list[str]) -> str:
    """What is wrong with the answer to a command line, in a word or two; an empty text if nothing is."""
    Watch.events = []
    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of this process, whatever else the machine does
    try:
        result = CliRunner().invoke(main, line)
    except Hang:
        return "hang"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        events, Watch.events = Watch.events, None
    dotted = any(f"{FOREIGN}." in text for text in line)
    if events or Path("called").exists() or (Path("imported").exists() and not dotted):
        return "foreign code"
    sys.modules.pop(FOREIGN, None)
    with contextlib.suppress(OSError):
        Path("imported").rmdir()
    if result.exception and not isinstance(result.exception, SystemExit):
        return f"traceback: {result.exception!r}"
    if result.exit_code:
        errors = [each for each in result.stderr.splitlines() if each.startswith("Error: ")]
        if len(errors) != 1 or re.match(UNNAMED, errors[0]) or result.exit_code not in (1, 2):
            return f"no reason: {result.exit_code} {result.stderr[:300]!r}"
        return ""
    try:
        check_meaning(line, result.stdout)
    except Exception as error:
        return f"no meaning: {error!r:.300}"
    return ""


def found(number: int, seed: int = 0) -> dict[str, list[list[str]]]:
    """The command lines, among ``number`` mutated ones, that have a wrong answer, by what is wrong."""
    Watch.install()
    Path(f"{FOREIGN}.py").write_text(SOURCE)
    wrong: dict[str, list[list[str]]] = {}
    for k in range(number):
        line = command_line(np.random.default_rng([seed, k]))
        if answer := tried(line):
            wrong.setdefault(answer, []).append(line)
    return wrong


@pytest.mark.skipif(not hasattr(signal, "SIGPROF"), reason="the time limit needs Unix")
def test_mutated_command_lines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert found(200) == {}


if __name__ == "__main__":
    import resource

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        warnings.simplefilter("ignore")
        tried(["play", "adam", "mod3", "--horizon", "10"])  # imports what games need
        tried(["sweep", "adam", "mod3", "--horizon", "10", "--over", "C=3", "--out", "t.csv"])
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))
        wrong = found(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
        print(Counter({kind: len(lines) for kind, lines in wrong.items()}))
        for kind, lines in wrong.items():
            print(kind, *[[text[:200] for text in line] for line in lines[:3]], sep="\n   ")

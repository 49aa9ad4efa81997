"""regretlab through its public functions, and the C loops of ``reference.c``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

from problem import Outcome, Player, hyperparameters, stopwatch

import regretlab as rl

SOURCE = Path(__file__).with_name("reference.c")
FLAGS = ("-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math")
STRICT = "-ffp-contract=off"
"""Rounds a * b and then the sum, as IEEE arithmetic and regretlab do; by default C compilers fuse the two."""


def one_game(horizon: int, lanes: int) -> Outcome:
    """``rl.play`` and the table ``game.regret``."""
    (learner,) = _learners(lanes)
    with stopwatch() as watch:
        game = rl.play(learner, rl.losses.ReddiOnline(), rl.sets.Box(-1.0, 1.0), horizon, progress=False)
        table = game.regret
    x, regret = float(game.point[0]), float(table["regret"].iloc[-1])
    return Outcome(watch.per(horizon, lanes), (x, x), (regret, regret))


def many_games(horizon: int, lanes: int) -> Outcome:
    """``rl.play_all``; the tables are made after the time is taken."""
    learners = _learners(lanes)
    with stopwatch() as watch:
        games = rl.play_all(learners, rl.losses.ReddiOnline(), rl.sets.Box(-1.0, 1.0), horizon, progress=False)
    first, last = games[0], games[-1]
    return Outcome(
        watch.per(horizon, lanes),
        (float(first.point[0]), float(last.point[0])),
        (float(first.regret["regret"].iloc[-1]), float(last.regret["regret"].iloc[-1])),
    )


def with_ledger(horizon: int, lanes: int) -> Outcome:
    """``rl.play_all`` with the ledger that certificates need, and the certificate of the last game."""
    learners = _learners(lanes)
    options: dict[str, bool] = {"progress": False, "ledger": True}
    with stopwatch() as watch:
        games = rl.play_all(learners, rl.losses.ReddiOnline(), rl.sets.Box(-1.0, 1.0), horizon, **options)
        certificate = games[-1].certify("amsgrad_constant_beta1")
    first, last = games[0], games[-1]
    ends = (float(first.regret["regret"].iloc[-1]), float(certificate.curve["regret"].iloc[-1]))
    return Outcome(watch.per(horizon, lanes), (float(first.point[0]), float(last.point[0])), ends)


def _learners(lanes: int) -> list[rl.learners.AMSGrad]:
    return [rl.learners.AMSGrad(*each) for each in hyperparameters(lanes)]


@cache
def reference(folder: Path, *flags: str) -> Callable[[str], Player]:
    """The players fused, ahead and lanes, compiled into ``folder`` by ``$CC`` or cc.

    Raises
    ------
    FileNotFoundError
        When there is no compiler.
    """
    compiler = _compiler()
    if compiler is None:
        raise FileNotFoundError("there is no C compiler")
    program = folder / "-".join(["reference", *(flag.strip("-") for flag in flags)])
    subprocess.run([compiler, *FLAGS, *flags, str(SOURCE), "-o", str(program), "-lm"], check=True)

    def player(kind: str) -> Player:
        def play(horizon: int, lanes: int) -> Outcome:
            command = [str(program), kind, str(horizon), str(lanes)]
            answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            return Outcome(answer["ns"], tuple(answer["x"]), tuple(answer["regret"]))

        return play

    return player


def compiler_version() -> str:
    """The first line of the compiler's description of itself."""
    compiler = _compiler()
    if compiler is None:
        return "no C compiler"
    said = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout
    return said.partition("\n")[0]


def _compiler() -> str | None:
    return shutil.which(os.environ.get("CC", "cc"))

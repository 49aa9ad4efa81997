"""Command lines: texts that would run something, compute for ever or mean nothing; closed pipes; games that fail."""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

import pandas as pd
from click.testing import CliRunner

from hostile import program
from regretlab.cli import main, parsing

MINE = """
import regretlab as rl
from dataclasses import dataclass
from pathlib import Path

@dataclass(frozen=True)
class Box(rl.sets.Box):
    lo: float = -2.0
    hi: float = 2.0

@dataclass(frozen=True)
class Spoilt(rl.losses.LinearLosses):
    at: int = 5
    def gradients(self, t):
        return (1.0 * (t != self.at) / (t != self.at))[:, None]

@dataclass(frozen=True)
class Broken(rl.losses.LinearLosses):
    p: int = 1
    def __post_init__(self):
        {}[self.p]
    def gradients(self, t):
        return t[:, None] * 1.0

@dataclass(frozen=True)
class Leaves(rl.losses.AdaptiveLosses):
    def answer(self, t, x):
        raise SystemExit(0)

class NotAKind:
    def __init__(self, *args):
        Path("called").touch()

def function(*args, **keywords):
    Path("called").touch()
    return rl.learners.Adam()

number = 3
"""
LEAVES = "raise SystemExit('a script')"


@contextlib.contextmanager
def folder():
    """A folder with the modules of a careless user, in which everything happens."""
    path = sys.path[:]
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        Path("mine_hostile.py").write_text(MINE)
        Path("leaves_hostile.py").write_text(LEAVES)
        try:
            yield Path(name)
        finally:
            sys.path[:] = path
            for module in ("mine_hostile", "leaves_hostile"):
                sys.modules.pop(module, None)


def shell(*line):
    """What a command line prints; its one line of error is raised as a ValueError."""
    with folder():
        return run(*line)


def run(*line):
    result = CliRunner().invoke(main, line)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert not Path("called").exists(), "a function was called"
    if result.exit_code:
        assert result.stderr.count("\n") == 1, result.stderr
        raise ValueError(result.stderr)
    return result.stdout


def play(learner="adam", losses="mod3", *options):
    return shell("play", learner, losses, "--horizon", "10", *options)


# -- a text runs nothing -------------------------------------------------------------------


@program(refused="builtins.print is not a learner: builtins is a module of Python itself")
def a_function_for_a_learner():
    play("builtins.print:'ran'")


@program(refused="os is a module of Python itself")
def a_command_of_the_system_for_a_stepsize():
    play("adam:alpha=os.system('touch called')")


@program(refused="os is a module of Python itself")
def a_command_of_the_system_for_the_losses():
    play("adam", "os.system:'touch called'")


@program(refused="os is a module of Python itself")
def a_command_of_the_system_for_the_constant():
    play("adam", "mod3:os.system('touch called')")


@program(refused="os is a module of Python itself")
def a_command_of_the_system_for_the_set():
    play("adam", "mod3", "--set", "box:os.system('touch called'),1")


@program(refused="os is a module of Python itself")
def a_command_of_the_system_for_the_start():
    play("adam", "mod3", "--start", "os.system('touch called')")


@program(refused="os is a module of Python itself")
def a_command_of_the_system_for_a_grid():
    shell("sweep", "adam", "mod3", "--over", "C=os.system('touch called')", "--horizon", "9", "--out", "t.csv")


@program(refused="subprocess is a module of Python itself")
def a_command_of_the_system_for_a_range():
    shell("sweep", "adam", "mod3", "--over", "C=0:1:subprocess.call('true')", "--horizon", "9", "--out", "t.csv")


@program(refused="os is a module of Python itself")
def a_command_of_the_system_in_a_comparison():
    shell("compare", "adam", "ogd:os.system('touch called')")


@program(refused="mine_hostile.function is not a learner but of type function; only classes of this kind are called")
def a_function_of_ones_own():
    play("mine_hostile.function:1")


@program(refused="mine_hostile.function is not a schedule or pointwise loss but of type function")
def a_function_of_ones_own_for_a_schedule():
    play("ogd:alpha=mine_hostile.function")


@program(refused="mine_hostile.NotAKind is not a loss sequence but another class")
def a_class_of_another_kind():
    play("ogd", "mine_hostile.NotAKind:1")


@program(refused="mine_hostile.Box is not a learner but another class")
def a_set_for_a_learner():
    play("mine_hostile.Box")


@program(refused="mine_hostile.number is not a set but of type int")
def a_number_for_a_set():
    play("ogd", "mod3", "--set", "mine_hostile.number")


@program(refused="is not a schedule or pointwise loss but of type")
def a_function_of_an_installed_package():
    play("ogd:alpha=numpy.ones")


@program(refused="importing leaves_hostile failed: SystemExit: a script")
def a_script_for_a_module():
    play("leaves_hostile.X")


@program(refused="mine_hostile.Broken: KeyError: 1")
def a_class_whose_constructor_fails():
    play("ogd", "mine_hostile.Broken")


@program(refused="did you mean mine_hostile.Box?")
def a_colon_for_a_dot():
    play("ogd", "mod3", "--set", "mine_hostile:Box")


@program(right=1)
def a_class_of_ones_own():
    return play("ogd", "mod3", "--set", "mine_hostile.Box:hi=1").count("Game of 10 rounds")


@program(right=0)
def a_module_in_the_folder_shadows_nothing():
    """A command without a dotted name imports nothing from the current folder."""
    with folder() as here:
        Path("sklearn.py").write_text("raise SystemExit")
        run("play", "adam", "mod3", "--horizon", "10")
        return str(here) in sys.path


# -- texts that compute for ever, or mean nothing ------------------------------------------


@program(refused="larger than the largest float")
def a_tower_of_powers():
    play("ogd:alpha=9**9**9**9")


@program(refused="cannot read the point '10**400'")
def a_start_beyond_the_floats():
    play("adam", "mod3", "--start", "10**400")


@program(refused="up to 100,000 entries")
def a_pattern_of_a_billion():
    play("ogd", "periodic:[1]*10**9")


@program(refused="has more than 100,000 entries")
def lists_of_lists_of_lists():
    play("ogd", "periodic:[[[1]*999]*999]*999")


@program(refused="nested more than 50 deep")
def a_deep_list():
    play("ogd", "periodic:" + "[" * 55 + "1" + "]" * 55)


@program(refused="cannot read")
def a_deeper_list():
    play("ogd", "periodic:" + "[" * 5000 + "1" + "]" * 5000)


@program(refused="at most 20,000 characters")
def a_long_text():
    play("ogd", f"periodic:[{'1,' * 20_000}1]")


@program(refused="dimension=1000000000 is too large for the command line: at most 100,000 is allowed here")
def a_simplex_that_no_memory_holds():
    play("hedge", "rademacher:d=2", "--set", "simplex:10**9")


@program(refused="d=1000000000 is too large for the command line: at most 100,000 is allowed here")
def a_grid_that_no_memory_holds():
    shell("sweep", "ogd", "rademacher", "--over", "losses.d=1,10**9", "--horizon", "9", "--out", "t.csv")


@program(refused="n=1000000000 is too large for the command line: at most 1,000 is allowed here")
def a_rule_of_a_billion_arguments():
    play("adashift:n=10**9")


@program(refused="is not a number of rounds: an integer from 1 to 1e15")
def a_horizon_beyond_the_integers():
    shell("play", "adam", "mod3", "--horizon", "1e300")


@program(refused="cannot read the point 'True'")
def a_truth_for_a_start():
    play("adam", "mod3", "--start", "True")


@program(refused="cannot read the point \"'1'\"")
def a_text_for_a_start():
    play("adam", "mod3", "--start", "'1'")


@program(refused="cannot read the point 'None'")
def nothing_for_a_start():
    play("adam", "mod3", "--start", "None")


@program(refused="not a real number")
def a_complex_stepsize():
    play("ogd:alpha=(-8)**(1/3)")


# -- ranges and sweeps ---------------------------------------------------------------------


def sweep(over, *more):
    """The table of a sweep."""
    with folder():
        run("sweep", "adam", "mod3", "--over", over, "--horizon", "9", "--out", "t.csv", *more)
        return pd.read_csv("t.csv")


@program(right=[0, 1, 2, 3])
def a_range_of_seeds():
    return sweep("seed=0:3:4")["seed"].tolist()


@program(right=[2.0, 2.5, 3.0])
def a_range_of_numbers():
    return sweep("C=2:3:3")["C"].tolist()


@program(refused="a range is low:high:number, such as 0:1:11")
def a_range_without_a_number():
    sweep("beta2=0.1:0.9")


@program(refused="low and high are finite")
def an_infinite_range():
    sweep("beta2=0:inf:3")


@program(refused="all 4 points failed, the first of them because seed=0.0 must be an integer")
def a_sweep_of_which_nothing_is_played():
    sweep("seed=0:1:4")


@program(right=[True, False])
def a_sweep_of_which_half_is_played():
    return sweep("beta2=0.1,2")["error"].isna().tolist()


@program(refused="all 2 points failed")
def a_sweep_on_losses_that_are_no_numbers():
    with folder():
        run("sweep", "adam", "mine_hostile.Spoilt", "--over", "at=3,4", "--horizon", "9", "--out", "t.csv")


@program(refused="must name different files")
def two_names_of_one_file():
    play("adam", "mod3", "--csv", "o.csv", "--plot", "./o.csv")


@program(refused="must not replace the game")
def the_table_in_place_of_the_game():
    with folder():
        run("play", "adam", "mod3", "--horizon", "9", "--save", "g.npz")
        run("extend", "g.npz", "--horizon", "20", "--save", "h.npz", "--csv", "g.npz")


@program(refused="round 5")
def a_game_that_fails_keeps_its_rounds():
    with folder():
        try:
            run("play", "adam", "mine_hostile.Spoilt", "--horizon", "9", "--csv", "o.csv")
        finally:
            assert pd.read_csv("o.csv").t.iloc[-1] == 4


@program(refused="a class of this game calls sys.exit(0)")
def losses_that_leave():
    play("ogd", "mine_hostile.Leaves")


@program(refused="this theorem is about other learners")
def a_theorem_about_other_learners():
    play("dualaveraging", "reddistochastic", "--certify", "master_schedule")


@program(right=2)
def the_same_learner_twice():
    return sum(line.startswith("adam") and "0." in line for line in shell(
        "compare", "adam", "adam", "--on", "mod3", "--horizon", "9").splitlines())  # fmt: skip


# -- standard output and files -------------------------------------------------------------


class Full:
    """A stream on a full disk, or a closed pipe."""

    encoding = "utf-8"

    def __init__(self, number):
        self.error = OSError(number, os.strerror(number))

    def write(self, _):
        raise self.error

    def flush(self):
        raise self.error

    def isatty(self):
        return False


def outcome(number, *line):
    """Exit code and error lines of a command whose standard output fails with this error."""
    stderr = io.StringIO()
    with folder(), mock.patch("sys.stdout", Full(number)), mock.patch("sys.stderr", stderr):
        try:
            main(line)
        except SystemExit as end:
            return [
                end.code,
                stderr.getvalue().count("\n"),
                len([path for path in Path().iterdir() if path.suffix != ".py"]),
            ]


@program(right=[0, 0, 2])
def a_closed_pipe_loses_no_file():
    return outcome(32, "play", "adam", "mod3", "--horizon", "9", "--csv", "o.csv", "--save", "g.npz")


@program(right=[1, 1, 2])
def a_full_disk_under_standard_output_loses_no_file():
    return outcome(28, "play", "adam", "mod3", "--horizon", "9", "--csv", "o.csv", "--save", "g.npz")


@program(right=[0, 0, 0, 1, 1, 0])
def a_list_that_nobody_reads():
    return [*outcome(32, "list"), *outcome(28, "list")]


@program(right=0)
def help_that_nobody_reads():
    return sum(sum(outcome(32, *line.split())) for line in ("--help", "help play", "version", "reproduce"))


@program(right=[0, 0, 1])
def a_sweep_that_nobody_reads():
    return outcome(32, "sweep", "adam", "mod3", "--over", "C=3,4", "--horizon", "9", "--out", "t.csv")


@program(right=[2, 1, 0])
def bad_input_that_nobody_reads():
    return outcome(32, "play", "adam", "mod4", "--horizon", "9")


@program(right=[0, 0])
def a_process_whose_output_is_closed():
    """A real pipe whose reader has gone, and no standard output at all."""
    codes = []
    for close in (False, True):
        read, write = os.pipe()
        os.close(read)
        command = [sys.executable, "-m", "regretlab", "list", "sets"]
        end = subprocess.run(
            ["sh", "-c", 'exec "$@" >&-', "sh", *command] if close else command,
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
        )
        os.close(write)
        codes.append(end.returncode + len(end.stderr))
    return codes


# -- doors ---------------------------------------------------------------------------------


@program(right=[1, 1, 1, 0])
def one_kind_of_the_list():
    text = shell("list", "learners")
    return ["  AMSGrad:" in text, shell("list", "learner") == text, "Learners:" in text, "  Mod3:" in text]


@program(right=[2, 3])
def one_pattern_of_the_list():
    starred = [line.split(":")[0] for line in shell("list", "*amsgrad").splitlines() if line.startswith("  ")]
    return [
        shell("list", "OGD:").count("OGD:alpha"),  # OptimisticOGD, too
        len({"  AMSGrad", "  TorchAMSGrad", "  KerasAMSGrad"} & {*starred}),
    ]


@program(refused="is in no line of the list; the kinds are: learners, loss sequences, sets")
def a_pattern_that_nothing_has():
    shell("list", "zzz")


@program(right=1)
def help_of_a_command():
    return shell("help", "play") == shell("play", "--help")


@program(refused="there is no command 'plya'; did you mean play?")
def help_of_no_command():
    shell("help", "plya")


@program(right=1)
def the_value_of_an_integer_range_is_an_integer():
    return all(type(value) is int for value in parsing.values_from("0:10:11"))

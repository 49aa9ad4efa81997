"""The commands, run in this process unless a test needs another one; short games are interpreted, not compiled."""

import os
import re
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import regretlab as rl
from regretlab.cli import main
from regretlab.game import Game

MINE = """
from dataclasses import dataclass
from pathlib import Path
import regretlab as rl

@dataclass(frozen=True)
class Sawtooth(rl.losses.LinearLosses):
    '''f_t(x) = c_t x with c_t = (t mod p) - q.'''
    p: int = 5
    q: float = 1.5
    def gradients(self, t):
        return ((t % self.p) - self.q)[:, None]

@dataclass(frozen=True)
class Touching(Sawtooth):
    '''Makes the file "playing" when a late round is played.'''
    def gradients(self, t):
        if t[0] > 1000:
            Path("playing").touch()
        return super().gradients(t)

@dataclass(frozen=True)
class Cut(rl.losses.AdaptiveLosses):
    '''Raises KeyboardInterrupt in round 500.'''
    def answer(self, t, x):
        if t == 500:
            raise KeyboardInterrupt
        return [1.0]

@dataclass(frozen=True)
class Stops(rl.learners.VectorLearner):
    '''Its step in round 3 is not finite.'''
    moment_names = ()
    def step(self, t, g, x, moments, F):
        return x * (float("nan") if t == 3 else 1.0), moments

@dataclass(frozen=True)
class Spoilt(rl.losses.LinearLosses):
    '''The gradient of round ``at`` is not finite.'''
    at: int = 500
    def gradients(self, t):
        return (1.0 / (t != self.at))[:, None]

@dataclass(frozen=True)
class Halving(rl.schedules.Schedule):
    def shape(self, t):
        return 1.0 / t
"""


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A function that runs a command line in a folder with mine_cli.py; its result has exit_code, stdout, stderr."""
    (tmp_path / "mine_cli.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "mine_cli", raising=False)
    with np.errstate(divide="ignore"):
        yield lambda *args: CliRunner().invoke(main, list(args))


def is_one_line(text: str) -> bool:
    return text.startswith("Error: ") and text.count("\n") == 1


# -- list --------------------------------------------------------------------------------


def test_list_has_a_line_for_everything(shell):
    result = shell("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    for start in ("Learners:", "Loss sequences:", "Sets:", "Schedules:", "Pointwise losses:", "Theorems:"):
        assert start in lines
    (adam,) = [line for line in lines if line.startswith("  Adam:")]
    assert re.search(r"^  Adam:alpha=0.1,beta1=0.9,beta2=0.99 +m_t = beta1 m_{t-1}.*x_{t\+1} = Pi_F", adam)
    (mod3,) = [line for line in lines if line.startswith("  Mod3:")]
    assert mod3.endswith("f_t(x) = C x if t mod 3 = 1, else -x.")
    for line, below in zip(lines, [*lines[1:], ""], strict=True):  # a formula beside each name, or below a long one
        if re.match(r"  \w", line):
            assert re.search(r"\S  +\S", line) or re.match(r" {10,}\S", below)


# -- compare -------------------------------------------------------------------------------


def test_compare_prints_what_learners_are(shell):
    result = shell("compare", "adam", "adopt:beta1=0", "ogd")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    adam, adopt, ogd = re.split("adopt:beta1=0: | ogd: ", text)
    assert adam.startswith("adam: rule m_t = beta1 m_{t-1} + (1 - beta1) g_t,")
    assert "moments 2 per coordinate besides x: m, v" in adam
    assert (
        "claim R_T = O(sqrt T) (Theorem 4.1), which is false. guarantee none stated counterexample Theorems 1" in adam
    )
    assert "counterexample on f_t = C x if t mod 3 = 1" in adopt
    assert "moments 0 per coordinate besides x claim none stated guarantee with alpha_t = D_2" in ogd
    assert "regret" not in text


def test_compare_plays_on_a_sequence(shell):
    args = ("compare", "ogd:0.5", "adam:0.5,0,0.1", "coinbetting:G=3", "--on", "mod3:C=3", "--horizon", "600")
    result = shell(*args, "--start", "1")
    assert result.exit_code == 0
    head, _, table = result.stdout.partition("mod3:C=3 on box:-1,1, T = 600:")
    assert "adam:0.5,0,0.1:" in head
    rows = {line.split()[0]: [float(number) for number in line.split()[1:]] for line in table.splitlines()[3:]}
    learners = {
        "ogd:0.5": rl.learners.OGD(0.5),
        "adam:0.5,0,0.1": rl.learners.Adam(0.5, 0.0, 0.1),
        "coinbetting:G=3": rl.learners.CoinBetting(G=3),
    }
    expected = {
        name: rl.play(learner, rl.losses.Mod3(3), rl.sets.Box(-1, 1), 600, start=1.0).regret.iloc[-1]
        for name, learner in learners.items()
    }
    assert rows.keys() == expected.keys()
    assert list(rows) == sorted(rows, key=lambda name: expected[name]["regret"])
    for name, row in rows.items():
        assert row == pytest.approx(expected[name][["regret", "average_regret", "loss"]].to_numpy(), rel=1e-5)


def test_compare_shows_the_gap_of_numerical_comparators(shell):
    result = shell("compare", "ogd", "adagrad", "--on", "randomlogistic:d=2", "--horizon", "50", "--seed", "4")
    assert result.exit_code == 0
    assert re.search(r"regret +gap +average_regret +loss", result.stdout)


@pytest.mark.parametrize(
    ("args", "message", "code"),
    [
        (("adamm",), "there is no learner 'adamm'; did you mean Adam", 2),
        ((), "Missing argument 'LEARNER...'", 2),
        (("adam", "--horizon", "10"), "--horizon without --on LOSSES: there is no game to play", 2),
        (("adam", "--set", "box", "--seed", "1"), "--set, --seed without --on LOSSES", 2),
        (("adam", "--on", "mod3"), "--on mod3 needs --horizon T", 2),
        (("adam", "--on", "mod4", "--horizon", "10"), "there is no loss sequence 'mod4'", 2),
        (("hedge", "--on", "mod3", "--horizon", "10"), "Hedge needs a Simplex", 2),
        (("adam", "--on", "mod3", "--horizon", "10", "--start", "7"), "start=[7.] is not in", 2),
        (("adam", "--on", "mine_cli.Spoilt", "--horizon", "1e3"), "round 500", 1),
    ],
)
def test_what_cannot_be_compared(shell, args, message, code):
    result = shell("compare", *args)
    assert result.exit_code == code
    assert message in result.stderr
    assert is_one_line(result.stderr)


def test_some_learners_of_a_comparison_fail(shell):
    """The others are shown; a failure is one line and exit code 1."""
    args = ("ogd", "mine_cli.Stops", "ogd", "--on", "mod3", "--horizon", "20")
    result = shell("compare", *args)
    assert result.exit_code == 1
    assert is_one_line(result.stderr)
    assert result.stderr.startswith("Error: cannot play mine_cli.Stops: round 3")
    rows = [line.split()[0] for line in result.stdout.partition("T = 20:")[2].splitlines()[3:]]
    assert rows == ["ogd", "ogd"]
    assert "ogd #2" in result.stdout


# -- play ----------------------------------------------------------------------------------


def test_play_prints_what_the_game_says(shell):
    result = shell("play", "adam:alpha=0.5,beta1=0,beta2=0.1", "mod3:C=3", "--set", "box:-1,1", "--horizon", "2e3")
    game = rl.play(rl.learners.Adam(0.5, 0, 0.1), rl.losses.Mod3(3), rl.sets.Box(-1, 1), 2000)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.startswith(repr(game))
    table = [line.split() for line in result.stdout.partition("\n\n")[2].splitlines() if line]
    assert table[0] == ["t", "loss", "comparator_loss", "regret", "average_regret"]
    assert [row[0] for row in table[1:]] == ["1", "10", "100", "1000", "2000"]
    assert [float(row[3]) for row in table[1:]] == pytest.approx(game.regret.regret[[1, 10, 100, 1000, 2000]], rel=1e-5)


def test_play_writes_files(shell, tmp_path):
    args = ("play", "ogd:1", "rademacher:d=2", "--seed", "3", "--start", "0.5,-1", "--horizon", "1e3")
    result = shell(*args, "--csv", "out.csv", "--plot", "out.png", "--save", "game.npz")
    assert result.exit_code == 0
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file() and p.suffix != ".py") == [
        "game.npz",
        "out.csv",
        "out.png",
    ]
    assert Path("out.png").read_bytes().startswith(b"\x89PNG")
    game = Game.load("game.npz")
    assert (game.horizon, game.seed) == (1000, 3)
    assert game.record.point[0].tolist() == [0.5, -1.0]
    pd.testing.assert_frame_equal(pd.read_csv("out.csv", index_col="t"), game.regret.join(game.points), rtol=1e-15)
    for name in ("game.npz", "out.csv", "out.png"):
        assert f"wrote {name}\n" in result.stdout


def test_the_suffix_decides_the_picture(shell):
    assert shell("play", "ogd", "mod3", "--horizon", "10", "--plot", "out.svg").exit_code == 0
    assert Path("out.svg").read_text().startswith("<?xml")


def test_ones_own_classes_are_found_in_the_current_folder(shell):
    result = shell("play", "ogd:alpha=mine_cli.Halving", "mine_cli.Sawtooth:p=2,q=0.5", "--horizon", "100")
    assert result.exit_code == 0
    assert "Sawtooth(p=2, q=0.5)" in result.stdout


@pytest.mark.parametrize("horizon", ["1000", "1e3", "1_000", "1000.0"])
def test_horizons(shell, horizon):
    assert shell("play", "ogd", "mod3", "--horizon", horizon).stdout.startswith("Game of 1,000 rounds")


# -- extend --------------------------------------------------------------------------------


def test_extend_goes_on_with_the_same_bits(shell):
    shell("play", "amsgrad", "mine_cli.Sawtooth", "--horizon", "1000", "--save", "half.npz")
    result = shell("extend", "half.npz", "--horizon", "2000", "--save", "all.npz", "--csv", "all.csv")
    assert result.exit_code == 0
    whole = shell("play", "amsgrad", "mine_cli.Sawtooth", "--horizon", "2000", "--csv", "once.csv")
    assert result.stdout.partition("\n")[2].partition("wrote")[0] == whole.stdout.partition("wrote")[0]
    assert Path("all.csv").read_bytes() == Path("once.csv").read_bytes()
    assert Game.load("half.npz").horizon == 1000

    assert shell("extend", "half.npz", "--horizon", "3000").exit_code == 0
    assert Game.load("half.npz").horizon == 3000


def test_a_game_of_ones_own_class_is_loaded_when_its_module_is_trusted(shell, monkeypatch):
    shell("play", "amsgrad", "mine_cli.Sawtooth", "--horizon", "100", "--save", "game.npz")
    monkeypatch.delitem(sys.modules, "mine_cli")
    result = shell("extend", "game.npz", "--horizon", "200")
    assert result.exit_code == 2
    assert is_one_line(result.stderr)
    assert "mine_cli" not in sys.modules
    assert "--trust mine_cli" in result.stderr
    assert shell("extend", "game.npz", "--horizon", "200", "--trust", "mine_cli").exit_code == 0


@pytest.mark.skipif(os.name == "nt", reason="named pipes are files on Unix")
def test_outputs_follow_links_and_fill_pipes(shell):
    Path("folder").mkdir()
    Path("link.csv").symlink_to("folder/table.csv")
    assert shell("play", "ogd", "mod3", "--horizon", "10", "--csv", "link.csv").exit_code == 0
    assert Path("link.csv").is_symlink()
    assert Path("folder/table.csv").read_text().startswith("t,loss")
    os.mkfifo("pipe")
    reader = subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE, text=True)
    assert shell("sweep", "ogd", "mod3", "--over", "C=3,4", "--horizon", "10", "--out", "link.csv").exit_code == 0
    assert shell("play", "ogd", "mod3", "--horizon", "10", "--csv", "pipe").exit_code == 0
    assert reader.communicate(timeout=30)[0].startswith("t,loss")
    assert Path("pipe").is_fifo()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("game.npz", "--horizon", "50"), "--horizon 50: 100 rounds are played already"),
        (("missing.npz", "--horizon", "50"), "'missing.npz' does not exist"),
        (("mine_cli.py", "--horizon", "50"), "mine_cli.py cannot be loaded: it is damaged, or no file of regretlab"),
    ],
)
def test_what_cannot_be_extended(shell, args, message):
    shell("play", "ogd", "mod3", "--horizon", "100", "--save", "game.npz")
    before = Path("game.npz").read_bytes()
    result = shell("extend", *args)
    assert result.exit_code == 2
    assert is_one_line(result.stderr)
    assert message in result.stderr
    assert Path("game.npz").read_bytes() == before


# -- bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            "play adamm mod3 --horizon 10",
            "Invalid value for 'LEARNER': there is no learner 'adamm'; did you mean Adam or SAdam?",
        ),
        ("play adam mod4 --horizon 10", "there is no loss sequence 'mod4'; did you mean Mod3?"),
        (
            "play adam mod3 --set bx:-1,1 --horizon 10",
            "Invalid value for '--set': there is no set 'bx'; did you mean Box?",
        ),
        ("play mod3 adam --horizon 10", "mod3 is a loss sequence, not a learner"),
        ("play adam mod3:c=1 --horizon 10", "mod3: there is no field 'c'; did you mean C?"),
        ("play adam:beta1=1 mod3 --horizon 10", "adam: beta1=1 must be in [0, 1)"),
        ("play adam mod3 --set box:1,-1 --horizon 10", "box: lo=1.0 > hi=-1.0"),
        ("play adam mod3 --set box:[0,0],[1,1] --horizon 10", "dimension"),
        ("play adam mod3 --start 2 --horizon 10", "start=[2.] is not in"),
        ("play adam mod3 --start a --horizon 10", "Invalid value for '--start': cannot read the point 'a'"),
        ("play adam mod3 --seed -1 --horizon 10", "Invalid value for '--seed': -1 is not in the range x>=0"),
        ("play adam mod3 --seed x --horizon 10", "'x' is not a valid integer"),
        ("play adam mod3 --horizon 0", "0 is not a number of rounds"),
        ("play adam mod3 --horizon -5", "-5 is not a number of rounds"),
        ("play adam mod3 --horizon 1.5", "1.5 is not a number of rounds"),
        ("play adam mod3 --horizon abc", "abc is not a number of rounds"),
        ("play adam mod3 --horizon inf", "inf is not a number of rounds"),
        ("play adam mod3 --horizon nan", "nan is not a number of rounds"),
        ("play adam mod3", "Missing option '--horizon'. (see 'regretlab play --help')"),
        ("play adam --horizon 10", "Missing argument 'LOSSES'."),
        ("play adam mod3 --horzion 10", "No such option '--horzion'"),
        ("play adam mod3 --horizon 10 --certify ogdd", "--certify: theorem='ogdd'"),
        ("plya adam mod3", "No such command 'plya'"),
        ("play adam mod3 --horizon 10 --csv no/out.csv", "cannot write to the folder no: No such file or directory"),
        ("play adam mod3 --horizon 10 --save mine_cli.py/g.npz", "cannot write to the folder mine_cli.py: Not a dir"),
        ("play adam mod3 --horizon 10 --plot .", "is a directory"),
        ("play adam mod3 --horizon 10 --plot out.xyz", "--plot out.xyz: unknown format; known are: "),
        ("play adam mod3 --horizon 10 --plot out --csv out", "must name different files"),
        ("play ogd mod3 --horizon 10 --plot g.png --csv ./g.png", "must name different files"),
        ("play ogd mod3 --horizon 1e300", "1e300 is not a number of rounds: an integer from 1 to 1e15"),
        ("play ogd mod3 --horizon 10 --start 10**400", "cannot read the point '10**400': "),
        ("play ogd:alpha=9**9**9**9 mod3 --horizon 10", "larger than the largest float"),
        (
            "play builtins.print:'ran' mod3 --horizon 10",
            "builtins.print is not a learner: builtins is a module of Python",
        ),
        (
            "play ogd mine_cli:Sawtooth --horizon 10",
            "there is no loss sequence 'mine_cli'; did you mean mine_cli.Sawtooth",
        ),
        (
            "play dualaveraging reddistochastic --horizon 10 --certify master_schedule",
            "--certify: DualAveraging(alpha=0.1) has no 'rise': this theorem is about other learners",
        ),
        ("list no-such-thing", "'no-such-thing' is in no line of the list; the kinds are: learners, loss sequences"),
        ("help plya", "there is no command 'plya'; did you mean play?"),
        ("--no-such-option", "No such option"),
        ("play ogd mine_cli.Swtooth --horizon 10", "mine_cli.py; did you mean Sawtooth"),
        ("play ogd missing_module.Sawtooth --horizon 10", "No module named 'missing_module'"),
    ],
)
def test_bad_input_gives_one_line_before_the_first_round(shell, monkeypatch, args, message):
    if "master_schedule" not in args:  # whether it is about this learner is seen after one round of another game
        monkeypatch.setattr(Game, "extend", lambda *_: pytest.fail("a round was played"))
    result = CliRunner().invoke(main, args.split(), prog_name="regretlab")
    assert result.exit_code == 2
    assert message in result.stderr
    assert is_one_line(result.stderr)
    assert result.stdout == ""


# -- games that stop -------------------------------------------------------------------------


def test_ctrl_c_keeps_what_was_played(shell):
    result = shell("play", "ogd", "mine_cli.Cut", "--horizon", "1e10", "--csv", "part.csv", "--plot", "part.png")
    assert result.exit_code == 130
    assert result.stderr == "Stopped after round 499 of 10,000,000,000.\n"
    assert result.stdout.startswith("Game of 499 rounds")
    assert pd.read_csv("part.csv").t.iloc[-1] == 499
    assert Path("part.png").exists()


def test_a_round_that_fails_keeps_what_was_played(shell):
    result = shell("play", "ogd", "mine_cli.Spoilt", "--horizon", "1e3", "--save", "part.npz")
    assert result.exit_code == 1
    assert is_one_line(result.stderr)
    assert "round 500" in result.stderr
    assert result.stdout.splitlines()[:2] == ["wrote part.npz", "Game of 499 rounds"]
    assert Game.load("part.npz").horizon == 499


def test_nothing_is_written_of_no_round(shell):
    result = shell("play", "ogd", "mine_cli.Spoilt:at=1", "--horizon", "1e3", "--save", "part.npz", "--csv", "part.csv")
    assert result.exit_code == 1
    assert "round 1" in result.stderr
    assert result.stdout == ""
    assert not Path("part.npz").exists()
    assert not Path("part.csv").exists()


def test_a_file_that_cannot_be_written_in_the_end(shell, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    result = shell("play", "ogd", "mod3", "--horizon", "100", "--save", "game.npz", "--csv", "out.csv")
    assert result.exit_code == 1
    assert result.stderr == "Error: cannot write out.csv: No space left on device\n"
    assert Path("game.npz").exists()
    assert not Path("out.csv").exists()


# -- sweep -----------------------------------------------------------------------------------


def test_sweep_writes_the_table_and_goes_on_from_its_folder(shell):
    line = ["sweep", "adam:beta1=0", "mine_cli.Sawtooth", "--over", "beta2=0.1,1.5", "--over", "q=1:2:3"]
    result = shell(*line, "--horizon", "60", "--folder", "results", "--out", "t.csv")
    assert result.exit_code == 0
    assert result.stdout == "wrote t.csv\n"
    assert result.stderr == "3 of 6 points failed; the column error has the reasons.\n"
    table = pd.read_csv("t.csv")
    assert table["q"].tolist() == [1.0, 1.5, 2.0] * 2
    sawtooth = sys.modules["mine_cli"].Sawtooth(q=1.5)
    game = rl.play(rl.learners.Adam(beta1=0.0, beta2=0.1), sawtooth, rl.sets.Box(-1.0, 1.0), 60)
    assert table["regret"][1] == pytest.approx(game.regret["regret"][60], rel=1e-12)
    (kept,) = Path("results").glob("*.npz")
    stamp = kept.stat().st_mtime_ns
    assert shell(*line, "--horizon", "60", "--folder", "results", "--out", "again.csv").exit_code == 0
    assert Path("again.csv").read_bytes() == Path("t.csv").read_bytes()
    assert kept.stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--over", "beta3=0.1", "--out", "t.csv"), "--over: there is no parameter 'beta3'; did you mean"),
        (("--over", "beta2=", "--out", "t.csv"), "--over: beta2 has no values"),
        (("--over", "beta2=a b", "--out", "t.csv"), "'--over': beta2=a b: cannot read"),
        (("--over", "beta2=0.1", "--over", "beta2=0.2", "--out", "t.csv"), "--over: beta2 is given twice"),
        (("--over", "beta2", "--out", "t.csv"), "'--over': beta2: write NAME=VALUES"),
        (("--over", "beta2=0.1", "--out", "t.txt"), "a .csv or a .parquet"),
        (("--over", "beta2=0.1", "--out", "none/t.csv"), "cannot write to the folder none"),
    ],
)
def test_a_sweep_that_cannot_be_played(shell, arguments, message):
    result = shell("sweep", "adam", "mod3", "--horizon", "10", *arguments)
    assert result.exit_code == 2
    assert is_one_line(result.stderr)
    assert message in result.stderr
    assert not list(Path().glob("t.*"))


# -- reproduce -------------------------------------------------------------------------------


@pytest.fixture
def experiments(monkeypatch):
    """Two experiments that write a file each and remember how they were called."""
    calls = []

    def reproduce(name, folder, quick=False, mnist=None):
        calls.append((name, quick, *([mnist] if mnist else [])))
        if name == "broken":
            raise rl.GameError("round 7: it broke", 7)
        (folder / f"{name}.png").write_text("picture")
        return [folder / f"{name}.png"]

    module = types.ModuleType("regretlab.experiments")
    module.EXPERIMENTS = {"figure1": None, "theorem1": None, "broken": None}
    module.reproduce = reproduce
    module.calls = calls
    monkeypatch.setitem(sys.modules, "regretlab.experiments", module)
    return module


def test_reproduce(shell, experiments):
    result = shell("reproduce", "Theorem1", "figure1", "figure1", "--out", "new/folder", "--quick")
    assert result.exit_code == 0
    assert experiments.calls == [("figure1", True), ("theorem1", True)]
    assert result.stdout == "wrote new/folder/figure1.png\nwrote new/folder/theorem1.png\n"


def test_reproduce_all(shell, experiments):
    del experiments.EXPERIMENTS["broken"]
    result = shell("reproduce", "all")
    assert result.exit_code == 0
    assert experiments.calls == [("figure1", False), ("theorem1", False)]
    assert Path("figures/theorem1.png").exists()


def test_a_quick_run_leaves_the_full_figures_alone(shell, experiments):
    Path("figures").mkdir()
    Path("figures/figure1.png").write_text("the full figure")
    assert shell("reproduce", "figure1", "--quick").stdout == "wrote figures/quick/figure1.png\n"
    assert Path("figures/figure1.png").read_text() == "the full figure"
    assert shell("reproduce", "figure1", "--quick", "--out", "figures").stdout == "wrote figures/figure1.png\n"
    assert Path("figures/figure1.png").read_text() == "picture"
    assert "figures/quick" in shell("reproduce", "--help").stdout


def test_figure2_on_the_digits_of_a_folder(shell, experiments):
    experiments.EXPERIMENTS["figure2"] = None
    Path("digits").mkdir()
    Path("digits/t10k-images-idx3-ubyte").write_bytes(bytes([0, 0, 8, 3, *[0, 0, 0, 1] * 3, 255]))
    Path("digits/t10k-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 1, 7]))
    assert shell("reproduce", "Figure2", "--mnist", "digits").exit_code == 0
    assert experiments.calls == [("figure2", False, Path("digits"))]


@pytest.mark.parametrize("names", [("figure1",), ("all",), ("figure2", "theorem1")], ids="+".join)
def test_other_figures_do_not_play_on_mnist(shell, experiments, names):
    experiments.EXPERIMENTS["figure2"] = None
    result = shell("reproduce", *names, "--mnist", "digits")
    assert result.exit_code == 2
    assert f"--mnist digits: only figure2 plays on MNIST, and {', '.join(names)} was asked for" in result.stderr
    assert is_one_line(result.stderr)
    assert not experiments.calls


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_without_mnist(shell, experiments, made):
    experiments.EXPERIMENTS["figure2"] = None
    if made:
        Path("digits").mkdir()
    result = shell("reproduce", "figure2", "--mnist", "digits")
    assert result.exit_code == 2
    assert "digits has neither t10k-images-idx3-ubyte nor t10k-images-idx3-ubyte.gz" in result.stderr
    assert is_one_line(result.stderr)
    assert not Path("figures").exists()


def test_figure2_without_scikit_learn_names_what_to_install(shell, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    result = shell("reproduce", "figure2", "--quick")
    assert result.exit_code == 1
    assert "figure2: scikit-learn is needed for its digits: pip install 'regretlab[experiments]'" in result.stderr
    assert is_one_line(result.stderr)
    assert not any(Path("figures/quick").iterdir())


def test_reproduce_all_goes_on_without_what_is_not_installed(shell, experiments, monkeypatch):
    def missing(name, *_, **__):
        if name == "broken":
            raise ImportError("PyTorch is needed: pip install 'regretlab[torch]'")
        experiments.calls.append(name)
        return []

    experiments.EXPERIMENTS["last"] = None
    monkeypatch.setattr(experiments, "reproduce", missing)
    result = shell("reproduce", "all")
    assert result.exit_code == 0
    assert experiments.calls == ["figure1", "theorem1", "last"]
    assert result.stderr == "skipped broken: PyTorch is needed: pip install 'regretlab[torch]'\n"
    named = shell("reproduce", "broken", "all")
    assert named.exit_code == 1
    assert is_one_line(named.stderr)


def test_a_figure_that_fails_does_not_stop_the_others(shell, experiments):
    experiments.EXPERIMENTS["last"] = None
    result = shell("reproduce", "all")
    assert result.exit_code == 1
    assert [name for name, _ in experiments.calls] == ["figure1", "theorem1", "broken", "last"]
    assert result.stderr == "Error: cannot reproduce broken: round 7: it broke\n"


def test_reproduce_prints_the_names(shell, experiments):
    result = shell("reproduce")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["figure1", "theorem1", "broken", "all"]
    assert not Path("figures").exists()


@pytest.mark.parametrize(
    ("args", "message", "code"),
    [
        (("figure2",), "there is no experiment 'figure2'; did you mean figure1?", 2),
        (("zzz",), "there is no experiment 'zzz'; there are: figure1, theorem1, broken, all", 2),
        (("figure1", "--out", "mine_cli.py"), "is a file", 2),
        (("figure1", "--out", "mine_cli.py/figures"), "Not a directory", 2),
        (("broken",), "broken: round 7: it broke", 1),
    ],
)
def test_what_cannot_be_reproduced(shell, experiments, args, message, code):
    result = shell("reproduce", *args)
    assert result.exit_code == code
    assert message in result.stderr
    assert is_one_line(result.stderr)


def test_ctrl_c_in_reproduce(shell, experiments, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments, "reproduce", stop)
    result = shell("reproduce", "figure1")
    assert result.exit_code == 130
    assert result.stderr == "Stopped.\n"


def test_the_experiments_there_are_can_be_reproduced():
    from regretlab.experiments import EXPERIMENTS

    result = CliRunner().invoke(main, ["reproduce"])
    lines = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert list(lines) == [*EXPERIMENTS, "all"]
    assert lines["phase_diagram"].startswith("Where Adam fails on mod-3")
    assert all(len(text) > 25 and "`" not in text for name, text in lines.items() if name != "all")
    assert all(name == name.lower() for name in EXPERIMENTS)


# -- help and processes ------------------------------------------------------------------------


def test_version(shell):
    assert shell("--version").stdout == f"regretlab, version {rl.__version__}\n"


@pytest.mark.parametrize("command", [[], *([name] for name in main.commands)], ids=" ".join)
def test_help_has_an_example(shell, command):
    result = shell(*command, "--help")
    assert result.exit_code == 0
    assert "Examples:\n    regretlab" in result.stdout


def test_the_examples_of_help_run(shell):
    """Every game in a help page is played, to a shorter horizon."""
    Path("mymodule.py").write_text(MINE)
    text = "\n".join(command.epilog for command in (main, *main.commands.values()))
    lines = [
        re.sub(r"1e[567]", "2e2", line.strip()) for line in text.splitlines() if " play " in line or "extend" in line
    ]
    assert len(lines) >= 7
    for line in lines:
        args = [arg.strip("'") for arg in line.split()]
        result = shell(*args[1:])
        assert result.exit_code == 0, line + result.output


SHELL = "from regretlab.cli import main; main(prog_name='regretlab')"
LISTENS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # a job in the background does not


def run(*args: str, cwd: Path, code: str = f"{LISTENS}; {SHELL}"):
    return subprocess.Popen(
        [sys.executable, "-c", code, *args], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_help_does_not_wait_for_pandas_and_matplotlib(tmp_path):
    code = (
        "import sys\nfrom regretlab.cli import main\nmain(['play', '--help'], standalone_mode=False)\n"
        "print(sorted({'pandas', 'matplotlib', 'tqdm'} & set(sys.modules)))"
    )
    process = run(cwd=tmp_path, code=code)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.endswith("\n[]\n")


def test_python_m_regretlab_is_the_command(tmp_path):
    command = [sys.executable, "-m", "regretlab", "play", "--help"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.startswith("Usage: regretlab play [OPTIONS] LEARNER LOSSES\n")


@pytest.mark.skipif(os.name == "nt", reason="SIGINT as a terminal sends it")
def test_ctrl_c_in_a_long_game(tmp_path):
    """SIGINT in a compiled game of 1e10 rounds: it ends soon, prints its part and leaves a file that goes on."""
    (tmp_path / "mine_cli.py").write_text(MINE)
    process = run("play", "ogd", "mine_cli.Touching", "--horizon", "1e10", "--save", "game.npz", cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "playing").exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    rounds = int(re.fullmatch(r"Stopped after round ([\d,]+) of 10,000,000,000\.\n", err)[1].replace(",", ""))
    assert out.startswith(f"wrote game.npz\nGame of {rounds:,} rounds\n")

    process = run("extend", "game.npz", "--trust", "mine_cli", "--horizon", str(rounds + 1000), cwd=tmp_path)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert f"Game of {rounds + 1000:,} rounds\n" in out


def test_an_unbounded_set_has_no_regret():
    result = CliRunner().invoke(main, ["play", "adam", "mod3", "--set", "reals", "--horizon", "10"])
    assert result.exit_code == 0
    assert "no regret" in result.output
    assert "loss" in result.output


def test_games_on_an_unbounded_set_have_a_loss_and_have_not_failed(shell):
    line = ["sweep", "ogd", "mod3", "--set", "reals", "--over", "alpha=0.1,0.2", "--horizon", "9", "--out", "t.csv"]
    result = shell(*line)
    assert result.exit_code == 0
    assert result.stderr == "2 of 2 points have no regret; the column error has the reasons.\n"
    assert pd.read_csv("t.csv")["loss"].notna().all()

"""The pages name files, classes and commands that exist; their examples run; tests compute the numbers of the notes."""

import ast
import math
import re
import shlex
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from noted import noted, numbers
from periodic_patterns import ONLINE, spike
from pieces import INTERVAL
from scipy import optimize
from test_paper import theorem_1

import regretlab as rl
from regretlab import play
from regretlab.analysis.periodic import adam_drift as drift
from regretlab.analysis.periodic import beta2_star as boundary
from regretlab.certificates import THEOREMS, certify
from regretlab.cli import main
from regretlab.learners import Adam, AdamNC, AMSGrad, DelayedAdam, EpsilonInsideRoot
from regretlab.schedules import Constant, Geometric

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "paper_notes.md", "CONTRIBUTING.md"]
NOTES = "paper_notes.md"


def _text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def _fenced(page):
    return re.findall(r"^```(\w*)\n(.*?)^```", _text(page), flags=re.DOTALL | re.MULTILINE)


def _prose(page):
    """The text of a page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", _text(page), flags=re.DOTALL | re.MULTILINE)


def _spans(page):
    """The code spans of a page, outside its fenced blocks."""
    return re.findall(r"`([^`\n]+)`", _prose(page))


@cache
def _names(path):
    """The names that a Python file defines at its top level."""
    names = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


# -- what the pages refer to --------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_exist(page):
    text = _text(page)
    named = re.findall(r"`((?:regretlab|tests|experiments|figures|benchmarks)/[\w./]*)`", text)
    named += re.findall(r"\]\(([\w./]+)\)", text)
    named += [f"regretlab/{name}" for name in re.findall(r"`(\w+(?:\.py|/))`", text)]
    missing = [
        name for name in named if not (ROOT / name).exists() and not (ROOT / name.removeprefix("regretlab/")).exists()
    ]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_names_stand_in_the_files_that_they_link_to(page):
    text = _text(page)
    links = re.findall(r"\[`([\w.]+)`\]\(([\w./]+\.py)\)", text) + [
        (name, path) for path, name in re.findall(r"`(tests/\w+\.py)::(\w+)`", text)
    ]
    assert links or page != NOTES
    assert [(name, path) for name, path in links if name not in _names(path)] == []


@pytest.mark.parametrize("page", PAGES)
def test_headings_that_a_page_links_to_exist(page):
    headings = re.findall(r"^#+ (.*)$", _text(page), flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]*)\)", _text(page))) <= anchors


@pytest.mark.parametrize("page", PAGES)
def test_names_that_a_page_uses_exist(page):
    for space, name in re.findall(r"`(?:rl\.)?(losses|schedules|learners|sets)\.(\w+)", _text(page)):
        if name != "py":
            assert hasattr(getattr(rl, space), name), f"{space}.{name}"


def test_classes_theorems_and_tests_of_the_notes_exist():
    classes = {name for space in (rl.learners, rl.losses, rl.sets, rl.schedules) for name in dir(space)}
    spans = set(_spans(NOTES))
    assert {span for span in spans if re.fullmatch(r"[A-Z]\w+", span)} <= classes
    about = r"(ogd|adagrad|amsgrad|adamnc|adamx|adabound|kingma_ba)_\w+|master|master_schedule"
    assert {span for span in spans if re.fullmatch(about, span)} <= set(THEOREMS)
    linked = set(re.findall(r"\[`(test_\w+)`\]\(", _text(NOTES)))
    assert {span for span in spans if re.fullmatch(r"test_\w+", span)} == linked


def test_the_table_has_every_statement():
    rows = [line.split("|")[1] for line in _text(NOTES).splitlines() if line.startswith("| [")]
    first = {re.match(r" \[([^\]]*)\]", row).group(1) for row in rows}
    paper = {f"Theorem {n}" for n in range(1, 7)} | {f"Algorithm {n}" for n in (1, 2, 3)}
    assert first >= paper | {"Corollary 1", "Corollary 2", "Figure 1", "Figure 2, convex part"}
    for name in THEOREMS:
        assert f"[`{name}`]" in _text(NOTES), f"no word on {name}"


def test_every_claim_has_its_test():
    claims = re.findall(r"^(\d+)\. \*", _text(NOTES).partition("## Common wrong claims")[2], flags=re.MULTILINE)
    assert claims == [str(n) for n in range(1, 21)]
    tests = {name for name in _names("tests/test_claims.py") if name.startswith("test_claim_")}
    assert sorted(int(name.split("_")[2]) for name in tests) == [n for n in range(1, 21) if n != 19]


def test_numbers_of_the_notes_are_those_that_tests_compute():
    computed = set()
    for path in (ROOT / "tests").glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in numbers():
                computed.add(node.value)
    assert computed == set(numbers())
    assert len(computed) > 40


def test_formulas_of_the_notes_are_not_taken_for_emphasis():
    """No underscore follows a sign or a space, and no asterisk stands between letters: Markdown would set italics."""
    text = re.sub(r"`[^`\n]*`|\]\([^)]*\)", "", _prose(NOTES))
    assert re.findall(r"[^\w\s]_\S+|(?<=\s)_\S+|\w\*\w+", text) == []


# -- commands ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_experiments_that_a_page_reproduces_exist(page):
    from regretlab.experiments import EXPERIMENTS

    for name in re.findall(r"regretlab reproduce (\w+)", _text(page)):
        assert name == "all" or name in EXPERIMENTS


def _run(command):
    result = CliRunner().invoke(main, shlex.split(command)[1:])
    assert result.exit_code == 0, f"{command}\n{result.output}"
    return result.output


def test_commands_of_the_notes_run(tmp_path, monkeypatch):
    """Every command in a code span runs, here for 200 rounds, and certifies by the theorem that it names."""
    monkeypatch.chdir(tmp_path)
    commands = [span for span in _spans(NOTES) if span.startswith("regretlab ") and "reproduce" not in span]
    assert len(commands) > 15
    for command in commands:
        output = _run(re.sub(r"--horizon \S+", "--horizon 200", command))
        named = re.search(r"--certify (\w+)", command)
        if named and named.group(1) != "tightest":
            assert f"Certificate {named.group(1)}:" in output


def test_commands_of_the_notes_print_what_the_notes_say(tmp_path, monkeypatch):
    """In a fenced block of the language console, each line below a command is a line of the command's output."""
    monkeypatch.chdir(tmp_path)
    blocks = [text for language, text in _fenced(NOTES) if language == "console"]
    assert blocks
    for block in blocks:
        output = set()
        for line in block.splitlines():
            if line.startswith("$ "):
                output = {" ".join(each.split()) for each in _run(line[2:]).splitlines()}
            else:
                assert " ".join(line.split()) in output, line


# -- statements of the notes that no other file tests ---------------------------------------------------


def test_theorem_1_in_numbers():
    for constant, name in ((False, "R_T/T with alpha/sqrt(t)"), (True, "R_T/T with a constant alpha")):
        game = play(theorem_1(3.0, constant), rl.losses.Mod3(3.0), INTERVAL, 300_000, start=[1.0])
        assert float(game.regret["average_regret"].iloc[-1]) == noted(name)
    assert boundary(3.0) == noted("beta2* at C = 3")


def test_periods_of_theorem_2():
    """The smallest C with C = 2n, beta2^n C^2 <= 1 and n sqrt(1-beta2)(1-gamma) >= 4, and the smallest C with h < 0."""

    def sufficient(b1, b2):
        n = 1
        while not (b2**n * (2 * n) ** 2 <= 1.0 and n * math.sqrt(1.0 - b2) * (1.0 - b1 / math.sqrt(b2)) >= 4.0):
            n += 1
        return 2 * n

    assert sufficient(0.0, 0.5) == 16
    assert sufficient(0.9, 0.999) == noted("C of the proof at (0.9, 0.999)")
    signs = [drift(spike(float(C), 1.0, C), 0.9, 0.999) < 0.0 for C in range(3, 90)]
    assert 3 + signs.index(True) == noted("smallest period on which Adam fails")
    assert all(signs[signs.index(True) :])


@pytest.mark.parametrize(("period", "end"), [(72, -1.0), (74, 1.0)])
def test_adam_with_the_usual_betas_fails_from_period_74_on(period, end):
    learner = Adam(alpha=Constant(0.01), beta1=0.9, beta2=0.999)
    game = play(learner, rl.losses.ReddiTheorem2(C=period), INTERVAL, 10**7)
    assert game.point[0] == pytest.approx(end, abs=0.15)


def test_theorem_3_in_exact_expectation():
    """E[x_{t+1} - x_t] >= 0 in every round at the C of the proof, but not at C = 4.

    The 2^T histories are the coordinates of one game, so that the expectation is a finite sum.
    """
    b1, b2, delta = 0.0, 0.5, 1.0
    gamma = b1 / math.sqrt(b2)
    K = 2.0 * (1.0 - b1) / math.sqrt(b2 * (1.0 - b2))
    B = 1.0 / math.sqrt(1.0 - b2) + b1 * K / (1.0 - gamma)
    C = max(2.0 * (1.0 + delta), 4.0 * (1.0 + delta) ** 3 * B**2 / (1.0 - b1) ** 2)
    assert noted("C of Theorem 3 at (0, 0.5)") == C
    T = 12
    spikes = (np.arange(2**T) >> np.arange(T)[:, None]) & 1
    for slope, wrong in ((C, True), (4.0, False)):
        p = (1.0 + delta) / (slope + 1.0)
        chance = np.prod(np.where(spikes, p, 1.0 - p), axis=0)
        assert math.fsum(chance) == pytest.approx(1.0, rel=1e-12)
        histories = rl.losses.Periodic(np.where(spikes, slope, -1.0))
        everywhere = rl.sets.Reals(2**T)
        game = play(Adam(0.5, b1, b2), histories, everywhere, T, checkpoints=range(1, T + 1), compiled=False)
        steps = np.diff(np.vstack([game.record.point, game.point]), axis=0)
        assert all(math.fsum(chance * step) >= 0.0 for step in steps) == wrong


def test_theorem_6_holds_from_the_third_block_on():
    """The printed constants give x_4 < 1 and then x_{3k+1} = 1; the machine-checked ones give R_T >= 2 s T/3."""
    C, T = 3.0, 3000
    b2 = 2.0 / ((1.0 + C * C) * C * C)
    learner = EpsilonInsideRoot(Adam(0.9 * math.sqrt(1.0 - b2), beta1=0.0, beta2=b2), eps=1.0)
    game = play(learner, rl.losses.Mod3(C), INTERVAL, T, start=[1.0], checkpoints=range(1, T + 1))
    starts = game.record.point[::3, 0]
    assert starts[1] == noted("x_4 in Theorem 6")
    assert (starts[2:] == 1.0).all()
    assert float(game.regret["average_regret"].iloc[-1]) > (2.0 * C - 4.0) / 3.0
    for s in (1e-3, 1.0, 50.0):
        for alpha in (0.5, Constant(0.5)):
            learner = EpsilonInsideRoot(Adam(alpha, beta1=0.0, beta2=0.01), eps=s * s / 100.0)
            losses = rl.losses.Periodic([3.0 * s, -s, -s])
            R = play(learner, losses, INTERVAL, T, start=[1.0], checkpoints=range(3, T + 1, 3)).regret["regret"]
            assert (R.loc[3:] >= (2.0 * s / 3.0) * R.loc[3:].index * (1.0 - 1e-12)).all()


def test_example_3_2_in_numbers():
    learner = AMSGrad(alpha=0.001, beta1=Geometric(0.9, ratio=0.001), beta2=0.999)
    game = play(learner, rl.losses.ReddiOnline(), INTERVAL, 3, start=[1.0], checkpoints=[1, 2, 3])
    assert float(game.record.point[1, 0]) == noted("x_2 in Example 3.2")
    assert float(game.record.point[2, 0]) == noted("x_3 in Example 3.2")


def test_printed_corollaries_have_a_term_of_another_unit():
    """Measuring x in another unit changes no regret and no term of a bound, except the term that lacks alpha."""
    c, T, b1 = 1e-3, 300, Geometric(0.9, 0.9)
    cases = [
        (lambda a: AMSGrad(a, b1), "amsgrad_corollary1_printed", "decay of beta_1"),
        (lambda a: AdamNC(a, b1), "adamnc_corollary2_printed", "decay of beta_1"),
        (lambda a: AMSGrad(a, b1), "amsgrad_theorem4_submission", "D^2 sqrt(T) A"),
    ]
    for make, printed, term in cases:
        here = play(make(0.5), rl.losses.Periodic([3.0, -1.0]), INTERVAL, T)
        there = play(make(0.5 * c), rl.losses.Periodic([3.0 / c, -1.0 / c]), rl.sets.Box(-c, c), T)
        assert there.regret["regret"].iloc[-1] == pytest.approx(here.regret["regret"].iloc[-1], rel=1e-9)
        for name in (printed, printed.replace("_printed", "").replace("submission", "iclr")):
            terms = certify(here, name).terms, certify(there, name).terms
            changed = {each for each in terms[0] if terms[1][each] != pytest.approx(terms[0][each], rel=1e-9)}
            assert changed == ({term} if name == printed else set())
            if changed:
                assert terms[1][term] == pytest.approx(c * terms[0][term], rel=1e-9)


def test_figure_1_in_numbers():
    """vhat tends to the largest v of a period; a distance of 1 takes (101 sqrt(vhat)/20)^2 rounds at alpha = 1."""
    P, b2 = 101, 0.99
    squares = np.array([1010.0**2] + [100.0] * (P - 1))
    v = (1.0 - b2) * (b2 ** np.arange(P) @ np.roll(squares[::-1], 1)) / (1.0 - b2**P)
    assert math.sqrt(v) == noted("sqrt(vhat) in Figure 1")
    assert P * math.sqrt(v) / 20.0 == noted("root of AMSGrad's rounds, times alpha")
    star = optimize.brentq(lambda b: drift(ONLINE, 0.9, b), 0.999, 0.9999, xtol=1e-13)
    assert star == noted("beta2* in Figure 1")
    state = play(AMSGrad(0.5), rl.losses.ReddiOnline(), INTERVAL, 50 * P).state
    assert float(state.moments["vhat"][0]) == pytest.approx(v, rel=1e-6)


def test_the_bound_of_kingma_and_ba_breaks():
    game = play(Adam(0.85, 0.0, 0.1), rl.losses.Mod3(3.0), INTERVAL, 3000, start=[1.0], checkpoints=range(1, 3001))
    claim = certify(game, "kingma_ba_theorem41")
    assert all(h.holds for h in claim.hypotheses)
    assert int(claim.violations.index[0]) == noted("the round that breaks Kingma and Ba's bound")


def test_the_bound_needs_the_momentum_that_is_no_average():
    """Delayed Adam makes no step in round 1, where R_1 = D G; all terms of the bound but that of e_t are 0 there."""
    for name, beta1 in (("master", 0.9), ("master_schedule", Geometric(0.9, 0.9))):
        game = play(DelayedAdam(beta1=beta1), rl.losses.Periodic([1.0]), INTERVAL, 1, start=[1.0])
        found = certify(game, name)
        assert found.certified
        assert found.violations.empty
        *others, missed = found.terms.values()
        assert others == [0.0] * len(others)
        assert missed == pytest.approx(2.0, rel=1e-15)
        assert float(game.regret["regret"].iloc[-1]) == 2.0


# -- the changelog and the citation -----------------------------------------------------------------------


def _found(name):
    """The object of a dotted public name such as ``losses.SignAdversary``, or None."""
    here = rl
    for part in name.removeprefix("rl.").removeprefix("regretlab.").split("."):
        here = getattr(here, part, None)
    return here


def test_renames_of_the_changelog_are_true():
    """In the first table of a version, a name on the left is gone and the name on the right exists."""
    rows = re.findall(r"^\| `([\w.]+)`[^|]* \| `([\w.]+)`[^|]* \|$", _text("CHANGELOG.md"), flags=re.MULTILINE)
    renamed = [
        (old, new) for old, new in rows if re.match(r"(rl|losses|learners|certificates|Certificate|regret)\.", new)
    ]
    assert len(renamed) >= 10
    for old, new in renamed:
        old, new = (re.sub(r"^Certificate\.", "certificates.Certificate.", name) for name in (old, new))
        assert _found(old) is None, f"{old} is still there"
        fields = rl.certificates.Certificate.__dataclass_fields__
        assert _found(new) is not None or new.rpartition(".")[2] in fields, f"{new} is not there"


def test_the_version_is_the_same_everywhere():
    assert re.search(r"^version: (\S+)$", _text("CITATION.cff"), flags=re.MULTILINE).group(1) == rl.__version__
    assert re.search(r"^## (\S+)", _text("CHANGELOG.md"), flags=re.MULTILINE).group(1) == rl.__version__


# -- the readme -----------------------------------------------------------------------------------------


def test_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    snippets = [text for language, text in _fenced("README.md") if language == "python"]
    assert len(snippets) >= 6
    names = {"__name__": "readme"}
    for snippet in snippets:
        exec(compile(snippet, "README.md", "exec"), names)
    assert names["adam"].horizon == 3 * 10**6
    assert names["adam"].point[0] > 0.9
    assert names["game"].horizon == 2000
    assert {"regret", "average_regret"} <= set(names["frame"].columns)
    assert names["tracking"].horizon == 500


def test_commands_of_the_readme_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [line for _, text in _fenced("README.md") for line in text.splitlines()]
    commands = [line for line in lines if line.startswith("regretlab ")]
    assert len(commands) >= 3
    for command in commands:
        result = CliRunner().invoke(main, shlex.split(command)[1:])
        assert result.exit_code == 0, f"{command}\n{result.output}"
    assert (tmp_path / "out.png").stat().st_size > 10_000
    assert (tmp_path / "quick" / "figure1.png").exists()


def test_make_targets_of_the_readme_exist():
    targets = re.findall(r"^make (\w+)", _text("README.md"), flags=re.MULTILINE)
    assert set(targets) >= {"figures", "test"}
    for target in targets:
        assert re.search(rf"^{target}:", _text("Makefile"), flags=re.MULTILINE)

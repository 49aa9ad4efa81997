"""The notes and the README refer to files, names and commands that exist; the README's snippets run."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import regretlab as rl

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "paper_notes.md", "CONTRIBUTING.md"]


def _text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def _fenced(page):
    return re.findall(r"^```(\w*)\n(.*?)^```", _text(page), flags=re.DOTALL | re.MULTILINE)


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
def test_names_that_a_page_uses_exist(page):
    for space, name in re.findall(r"`(?:rl\.)?(losses|schedules|learners|sets)\.(\w+)", _text(page)):
        if name != "py":
            assert hasattr(getattr(rl, space), name), f"{space}.{name}"


@pytest.mark.parametrize("page", PAGES)
def test_experiments_that_a_page_reproduces_exist(page):
    from regretlab.experiments import EXPERIMENTS

    for name in re.findall(r"regretlab reproduce (\w+)", _text(page)):
        assert name == "all" or name in EXPERIMENTS


@pytest.mark.parametrize(("period", "end"), [(72, -1.0), (74, 1.0)])
def test_adam_with_the_usual_betas_fails_from_period_74_on(period, end):
    learner = rl.learners.Adam(alpha=rl.schedules.Constant(0.01), beta1=0.9, beta2=0.999)
    game = rl.play(learner, rl.losses.ReddiTheorem2(C=period), rl.sets.Box(-1.0, 1.0), 10**7)
    assert game.point[0] == pytest.approx(end, abs=0.15)


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
    from regretlab.cli import main

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

"""The tool that puts faults in: its mutants are programs, and it tells those that tests notice from the others."""

import ast
import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import missing, peer
from mutant_faults import mutants_of

ROOT = Path(__file__).resolve().parents[1]


def texts(tmp_path, source):
    """Each mutant of a source as (kind, the changed program)."""
    path = tmp_path / "source.py"
    path.write_text(textwrap.dedent(source))
    data = path.read_bytes()
    return {
        (m.kind, ast.unparse(ast.parse(data[: m.start] + m.text.encode() + data[m.stop :])).splitlines()[-1].strip())
        for m in mutants_of(path, tmp_path)
    }


def test_the_faults_of_a_line(tmp_path):
    assert texts(tmp_path, "s += -a * min(b[1:], key=k) if x < y and not z else {'u': v}") == {
        ("statement left out", "pass"),
        ("operator", "s -= -a * min(b[1:], key=k) if x < y and (not z) else {'u': v}"),
        ("operator", "s += -a / min(b[1:], key=k) if x < y and (not z) else {'u': v}"),
        ("sign or not", "s += a * min(b[1:], key=k) if x < y and (not z) else {'u': v}"),
        ("sign or not", "s += -a * min(b[1:], key=k) if x < y and z else {'u': v}"),
        ("name", "s += -a * max(b[1:], key=k) if x < y and (not z) else {'u': v}"),
        ("keyword left out", "s += -a * min(b[1:]) if x < y and (not z) else {'u': v}"),
        ("slice", "s += -a * min(b[:], key=k) if x < y and (not z) else {'u': v}"),
        ("constant + 1", "s += -a * min(b[2:], key=k) if x < y and (not z) else {'u': v}"),
        ("constant - 1", "s += -a * min(b[0:], key=k) if x < y and (not z) else {'u': v}"),
        ("comparison", "s += -a * min(b[1:], key=k) if x <= y and (not z) else {'u': v}"),
        ("and/or", "s += -a * min(b[1:], key=k) if x < y or not z else {'u': v}"),
        ("key left out", "s += -a * min(b[1:], key=k) if x < y and (not z) else {}"),
    }


def test_texts_and_annotations_have_no_faults(tmp_path):
    source = '''
        """One + 1."""
        from typing import TypeVar
        __all__ = ["a" + "b"]
        T = TypeVar("T", bound=int)
        def f(x: int | Literal[1]) -> Literal[2]:
            """Two."""
            raise ValueError(f"{x + 1}" + "three")
    '''
    assert texts(tmp_path, source) == {("statement left out", "pass")}


def test_every_mutant_is_another_program():
    for name in ("regret/measures.py", "learners/adam.py", "torch.py"):
        path = ROOT / "regretlab" / name
        data = path.read_bytes()
        mutants = list(mutants_of(path, ROOT))
        assert len(mutants) > 20
        for mutant in mutants:
            ast.parse(data[: mutant.start] + mutant.text.encode() + data[mutant.stop :])
            assert mutant.lines[0] <= data[: mutant.start].count(b"\n") + 1


@pytest.mark.slow
def test_what_is_noticed_and_what_is_not(tmp_path):
    peer("coverage", "mutants")
    if shutil.which("git") is None:
        missing("there is no git")
    files = {
        "regretlab/__init__.py": "",
        "regretlab/learners/__init__.py": "",
        "regretlab/learners/tiny.py": """
            def double(x):
                return 2 * x
            def larger(x, y):
                return x if x > y else y
        """,
        "tests/test_learners_tiny.py": """
            from regretlab.learners.tiny import double, larger
            def test_double():
                assert double(3) == 6
            def test_larger():
                assert larger(1, 2) == 2
            def test_that_fails_without_a_fault():
                assert double(0) == 1
        """,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text))
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "add", "."], check=True)
    arguments = ["--root", tmp_path, "--out", tmp_path / "out", "--modules", "learners/tiny.py", "--jobs", "1"]
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "mutants.py", *arguments], capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers = json.loads((tmp_path / "out" / "mutants.json").read_text())
    noticed = {answer["lines"][0] for answer in answers if answer["by"]}
    missed = {(answer["lines"][0], answer["kind"]) for answer in answers if not answer["by"]}
    assert noticed == {3, 5}
    assert missed == {(5, "comparison")}  # x >= y computes the same
    assert {answer["by"] for answer in answers if answer["by"]} == {
        "tests/test_learners_tiny.py::test_double",
        "tests/test_learners_tiny.py::test_larger",
    }
    assert f"{len(answers) - len(missed)} of {len(answers)} mutants noticed" in done.stdout
    assert (
        "-    return x if x > y else y\n+    return x if (x >= y) else y" in (tmp_path / "out/mutants.md").read_text()
    )

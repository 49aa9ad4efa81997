"""Mutated files are refused or read right; a small share of what ``hostile.mutated_files`` can try."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ALLOWED = {"refused", "the same", "what the forged file says", "goes on no further", "foreign", "memory"}


@pytest.mark.parametrize(("kind", "n"), [("games", 250), ("chunks", 120)])
def test_no_mutated_file_is_another_game(kind, n):
    """In a process of its own, which has 1 GiB of memory more than it needs."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "hostile.mutated_files", kind, str(n)],
        cwd=Path(__file__).parent,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert set(found) <= ALLOWED
    assert found["foreign"] == found["memory"] == 0
    assert found["refused"] > n / 2
    assert sum(found.get(each, 0) for each in ("refused", "the same", "what the forged file says")) == n

"""The numbers of paper_notes.md, by name, for the tests that compute them.

A code span `name = number` on that page is a number that some test recomputes and compares with ``noted("name")``, to
the digits that are written there.
"""

import re
from functools import cache
from pathlib import Path

import pytest

NOTES = Path(__file__).parent.parent / "paper_notes.md"


@cache
def numbers() -> dict[str, str]:
    """The numbers of the page by name, each as it is written there."""
    found: dict[str, str] = {}
    for name, number in re.findall(r"`([^`\n]+?) = ([+-]?\d[\d_]*(?:\.\d+)?)`", NOTES.read_text(encoding="utf-8")):
        if found.setdefault(name, number) != number:
            raise ValueError(f"paper_notes.md says {name} = {found[name]} and {name} = {number}")
    return found


def noted(name: str) -> object:
    """The number of that name, to compare with ``==``: up to half a unit of its last decimal; an integer exactly."""
    number = numbers()[name].replace("_", "")
    decimals = len(number.partition(".")[2])
    return pytest.approx(float(number), rel=0.0, abs=0.5 * 10.0**-decimals if decimals else 1e-12 * float(number))

"""Small programs of hostile or careless users, a table for each part of the package.

To add one, write a function in the module of its part, and decorate it with what is right::

    @program(right=70.0)                      # the numbers it must return
    @program(refused="gradients")             # an error whose message has this text
    @program(right=70.0, or_refused="gradients")

``tests/test_hostile.py`` runs them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from regretlab.testing import CheckFailed

__all__ = ["PROGRAMS", "Program", "program"]

REFUSALS = (TypeError, ValueError, ArithmeticError, OSError, RuntimeError, CheckFailed)
"""The kinds of errors that are a refusal, if their message says enough."""

SHORTEST = 25
"""A shorter message names no cause."""


class Program(NamedTuple):
    """A program, and what is right: numbers, or a refusal whose message has a text."""

    run: Callable[[], Any]
    right: Any
    refused: str | None

    def __str__(self) -> str:
        return f"{self.run.__module__.rpartition('.')[2]}.{self.run.__name__}"


PROGRAMS: list[Program] = []


def program(*, right: Any = ..., refused: str | None = None, or_refused: str | None = None) -> Callable[[Any], Any]:
    """A decorator that adds a function to the table."""
    if (right is ...) == (refused is None):
        raise ValueError("give either right, possibly with or_refused, or refused")

    def add(run: Callable[[], Any]) -> Callable[[], Any]:
        PROGRAMS.append(Program(run, right, or_refused if refused is None else refused))
        return run

    return add

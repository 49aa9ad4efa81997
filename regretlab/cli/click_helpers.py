"""What the commands share: argument types, one-line error messages, exit codes and checks of output files."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import click

from regretlab._utils.messages import one_line
from regretlab._utils.types import ArrayLike

__all__ = [
    "FAILED",
    "INTERRUPTED",
    "Commands",
    "Typed",
    "bad_input",
    "check_folder",
    "examples",
    "game_parts",
    "part",
    "point",
    "rounds",
    "variation",
    "writing",
]

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
"""Exit codes: a round failed or a file could not be written; the input is invalid; Ctrl-C."""


class BadInput(click.ClickException):
    """The input is invalid, and no round was played."""

    exit_code = BAD_INPUT


class Commands(click.Group):
    """A group of commands that reports invalid input in one line and ends with exit code 130 on Ctrl-C."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:  # click would print two lines of usage before the message
            where = (error.ctx or ctx).command_path
            raise BadInput(f"{error.format_message()} (see '{where} --help')") from error
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            sys.exit(INTERRUPTED)


@contextmanager
def bad_input(option: str = "", *, argument: str = "") -> Iterator[None]:
    """Report TypeError, ValueError and OSError as invalid input, with the name of the option before the message.

    If ``argument`` is given, ``option`` replaces it where a message starts with ``argument:``.
    """
    try:
        yield
    except (TypeError, ValueError, OSError) as error:
        message = one_line(error)
        if argument and message.startswith(f"{argument}: "):
            message = f"{option}{message.removeprefix(argument)}"
        elif option and not argument:
            message = f"{option}: {message}"
        raise BadInput(message) from error


# -- types of arguments and options ----------------------------------------------------


class Typed(NamedTuple):
    """A learner, loss sequence or set, and the text it was read from."""

    text: str
    part: Any


def part(kind: str) -> Callable[[str], Typed]:
    """The type of an argument that is a learner, loss sequence or set: ``kind`` is LEARNERS, LOSSES or SETS."""

    def read(text: str) -> Typed:
        from regretlab.cli import parsing

        try:
            return Typed(text, getattr(parsing, kind).read(text))
        except ValueError as error:
            raise click.BadParameter(one_line(error)) from error

    return read


def game_parts(command: Callable[..., None]) -> Callable[..., None]:
    """Add the arguments LEARNER and LOSSES and the option --set to a command."""
    for parameter in (
        click.option(
            "--set",
            "feasible_set",
            metavar="SET",
            type=part("SETS"),
            default="box:-1,1",
            show_default=True,
            help="The feasible set F.",
        ),
        click.argument("losses", type=part("LOSSES")),
        click.argument("learner", type=part("LEARNERS")),
    ):
        command = parameter(command)
    return command


def point(text: str) -> ArrayLike:
    """The point that ``text`` describes, for instance ``0.5`` or ``0.5,-1``."""
    from regretlab.cli import parsing

    try:
        return parsing.point_from(text)
    except ValueError as error:
        raise click.BadParameter(one_line(error)) from error


def variation(text: str) -> tuple[str, list[Any]]:
    """The name and the values that ``text`` describes, for instance ``beta2=0.1,0.5`` or ``C=2:6:40``."""
    from regretlab.cli import parsing

    name, equals, values = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text}: write NAME=VALUES, for instance beta2=0.1,0.5 or C=2:6:40")
    try:
        return name, parsing.values_from(values)
    except ValueError as error:
        raise click.BadParameter(f"{text}: {one_line(error)}") from error


def rounds(text: str) -> int:
    """The number of rounds that ``text`` describes, for instance ``1000`` or ``1e6``."""
    for kind in (int, float):
        with suppress(ValueError, OverflowError):
            number = kind(text)
            if number >= 1 and number == int(number):
                return int(number)
    raise click.BadParameter(f"{text} is not a number of rounds: an integer of at least 1, such as 1000 or 1e6")


# -- help pages and output files -------------------------------------------------------


def examples(*lines: str) -> str:
    r"""Examples for the end of a help page; ``\b`` makes click keep their line breaks."""
    return "\n".join(["\b", "Examples:", *[f"  {line}" for line in lines]])


def check_folder(folder: Path) -> None:
    """Raise ``OSError`` unless files can be written to ``folder``."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"cannot write to the folder {folder}: {error.strerror}") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Print that ``path`` was written, or end the command with the reason why it could not be written."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from error
    click.echo(f"wrote {path}")

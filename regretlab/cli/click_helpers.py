"""How the commands behave in a shell: errors in one line, exit codes, checked options and output files."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

__all__ = [
    "FAILED",
    "INTERRUPTED",
    "Commands",
    "bad_input",
    "check_folder",
    "examples",
    "one_line",
    "rounds",
    "writing",
]

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
"""Exit codes: a round or a file failed, what was typed cannot be played, Ctrl-C."""


class BadInput(click.ClickException):
    """What was typed cannot be played."""

    exit_code = BAD_INPUT


class Commands(click.Group):
    """Commands that report bad input in one line, and Ctrl-C by the exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:  # without the two lines of usage
            where = (error.ctx or ctx).command_path
            raise BadInput(f"{error.format_message()} (see '{where} --help')") from error
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            sys.exit(INTERRUPTED)


@contextmanager
def bad_input() -> Iterator[None]:
    """Report what the parts of a game or the file system object to as bad input."""
    try:
        yield
    except (TypeError, ValueError, OSError) as error:
        raise BadInput(one_line(error)) from error


def one_line(error: BaseException) -> str:
    """The message of an error without its line breaks."""
    return " ".join(str(error).split())


def rounds(text: str) -> int:
    """A number of rounds; ``1e6`` is one, too."""
    for kind in (int, float):
        with suppress(ValueError, OverflowError):
            number = kind(text)
            if number >= 1 and number == int(number):
                return int(number)
    raise click.BadParameter(f"{text} is not a number of rounds: an integer of at least 1, such as 1000 or 1e6")


def examples(*lines: str) -> str:
    r"""Examples for the end of a help page, with their line breaks kept (``\b`` to the parser)."""
    return "\n".join(["\b", "Examples:", *[f"  {line}" for line in lines]])


def check_folder(folder: Path) -> None:
    """``OSError`` unless files can be written to ``folder``."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"cannot write to the folder {folder}: {error.strerror}") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell that ``path`` was written, or why it could not be."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from error
    click.echo(f"wrote {path}")

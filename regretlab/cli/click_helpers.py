"""What the commands share: argument types, one-line error messages, exit codes, and what is printed and written."""

from __future__ import annotations

import errno
import io
import os
import sys
import tempfile
import warnings
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
    "Results",
    "Typed",
    "bad_input",
    "check_folder",
    "check_output",
    "examples",
    "fail",
    "game_parts",
    "part",
    "point",
    "rounds",
    "variation",
]

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
"""Exit codes: a round failed or a file could not be written; the input is invalid; Ctrl-C."""

_MOST_ROUNDS = 10**15


class BadInput(click.ClickException):
    """The input is invalid, and no round was played."""

    exit_code = BAD_INPUT


class Commands(click.Group):
    """A group of commands, which return exit codes; any failure is one line and an exit code, 130 for Ctrl-C.

    A command goes on when nobody reads what it prints (``| head -1``).  When standard output cannot be written for
    another reason, such as a full disk, the command does its work and then says so.
    """

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        streams = sys.stdout, sys.stderr = _Patient(sys.stdout), _Patient(sys.stderr)
        show = warnings.showwarning
        try:
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            code = self._exit_code(*args, **extra)
            problem = streams[0].problem
            if problem and not code:
                code = fail(f"cannot write to standard output: {problem.strerror or problem}")
        finally:
            warnings.showwarning = show
            sys.stdout, sys.stderr = (stream.end() for stream in streams)
        if standalone_mode:
            sys.exit(code)
        return code

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # click would print an empty line
            raise click.Abort from None
        except SystemExit as end:
            raise click.ClickException(f"a class of this game calls sys.exit({end.code!r})") from end

    def _exit_code(self, *args: Any, **extra: Any) -> Any:
        """Run a command line and report its failure; return the exit code."""
        try:
            return super().main(*args, standalone_mode=False, **extra) or 0  # type: ignore[call-overload]
        except SystemExit as end:  # of the completion of words in a shell
            return end.code
        except click.Abort:
            click.echo("Stopped.", err=True)
            return INTERRUPTED
        except click.UsageError as error:  # click would print two lines of usage before the message
            where = error.ctx.command_path if error.ctx else "regretlab"
            return fail(f"{error.format_message()} (see '{where} --help')", BAD_INPUT)
        except click.ClickException as error:
            return fail(error.format_message(), error.exit_code)
        except MemoryError as error:
            return fail(f"there is not enough memory for this game: {error}")
        except Exception as error:
            return fail(one_line(error))


class _Patient(io.TextIOBase):
    """A text stream that never fails: it is silent after an error, which it keeps unless a pipe was closed."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.broken = stream, stream is None
        self.problem: OSError | None = None
        with suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors="backslashreplace")

    @property
    def encoding(self) -> Any:  # type: ignore[override]
        return getattr(self.stream, "encoding", "utf-8")

    def isatty(self) -> bool:
        return not self.broken and self.stream.isatty()

    def fileno(self) -> int:
        return int(self.stream.fileno())

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._do("write", text)
        return len(text)

    def flush(self) -> None:
        self._do("flush")

    def _do(self, method: str, *args: str) -> None:
        try:
            if not self.broken:
                getattr(self.stream, method)(*args)
        except OSError as error:
            self.broken = True
            self.problem = None if error.errno == errno.EPIPE else error
            with suppress(AttributeError, OSError, ValueError):  # else Python would complain at its end
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())

    def end(self) -> Any:
        """Write what is left; return the stream."""
        self.flush()
        return self.stream


def _show_warning(message: Warning | str, *_: Any) -> None:
    """Print a warning in one line."""
    click.echo(f"Warning: {' '.join(str(message).split())}", err=True)


def fail(message: str, code: int = FAILED) -> int:
    """Print an error message in one line; return the exit code."""
    click.echo(f"Error: {' '.join(message.split())}", err=True)
    return code


class Results:
    """What a command prints when all its files are written, and what failed on the way."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.failures: list[str] = []

    @contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """Go on after an error, and keep the reason why one cannot do ``what``."""
        try:
            yield
        except Exception as error:  # whatever it is, it must not keep the other files from being written
            reason = error.strerror if isinstance(error, OSError) and error.strerror else one_line(error)
            self.failures.append(f"cannot {what}: {reason}")

    @contextmanager
    def writing(self, path: Path) -> Iterator[None]:
        """Like :meth:`attempt`; when nothing fails, the command prints that ``path`` was written."""
        failed = len(self.failures)
        with self.attempt(f"write {path}"):
            yield
        if len(self.failures) == failed:
            self.lines.append(f"wrote {path}")

    def show(self) -> int:
        """Print the lines, then what failed in one line; return the exit code."""
        if self.lines:
            click.echo("\n".join(self.lines))
        return fail("; ".join(self.failures)) if self.failures else 0


@contextmanager
def bad_input(option: str = "", *, argument: str = "") -> Iterator[None]:
    """Report TypeError, ValueError and OSError as invalid input, with the name of the option before the message.

    If ``argument`` is given, ``option`` replaces it where a message starts with ``argument:``.
    """
    try:
        yield
    except (TypeError, ValueError, OSError, ArithmeticError) as error:
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


def game_parts(command: Callable[..., int]) -> Callable[..., int]:
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
    if not (name and equals and len(name) <= 100):
        raise click.BadParameter(f"{text[:100]}: write NAME=VALUES, for instance beta2=0.1,0.5 or C=2:6:40")
    try:
        return name, parsing.values_from(values)
    except ValueError as error:
        raise click.BadParameter(f"{text[:100]}: {one_line(error)}") from error


def rounds(text: str) -> int:
    """The number of rounds that ``text`` describes, for instance ``1000`` or ``1e6``."""
    for kind in (int, float):
        with suppress(ValueError, OverflowError):
            number = kind(text)
            if 1 <= number <= _MOST_ROUNDS and number == int(number):
                return int(number)
    raise click.BadParameter(
        f"{text[:60] or 'nothing'} is not a number of rounds: an integer from 1 to 1e15, such as 1000 or 1e6"
    )


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


def check_output(path: Path) -> None:
    """Raise an error, before the work begins, unless a file can be written to ``path``; a device or a pipe can."""
    if path.is_socket() or path.is_block_device():
        raise ValueError(f"cannot write {path}: it is a socket or a disk")
    if not path.exists():
        check_folder(Path(os.path.realpath(path)).parent if path.is_symlink() else path.parent)
    elif not os.access(path, os.W_OK):
        raise OSError(f"cannot write {path}: it is write-protected")

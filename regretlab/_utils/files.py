"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

__all__ = ["remove_abandoned", "whole_file"]

_ABANDONED = 86400.0
"""Seconds after which a temporary file of another machine, where nobody can ask for the writer, is abandoned."""


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file, open for writing bytes, whose content ``path`` gets when the block ends without an error.

    A symbolic link is followed.  A file that is replaced keeps its permissions, its owner and its other names.
    A device or a named pipe is written to; so is the standard output, as /dev/stdout.

    Raises
    ------
    OSError
        When the file cannot be written, or is a folder, a socket or a disk.
    """
    try:
        found: os.stat_result | None = os.stat(path)  # noqa: PTH116  the path may be a number in /proc
    except FileNotFoundError:
        found = None
    if found is None or (_replaceable(found) and _has_room(path)):
        with _replaced(Path(os.path.realpath(path)), found) as file:
            yield file
        return
    _refuse(path, found.st_mode)
    buffer = io.BytesIO()
    yield buffer
    _write_to(path, found, buffer.getbuffer())


def _replaceable(found: os.stat_result) -> bool:
    """Whether a new file may take the place of this one: a regular file with one name, and not the standard output."""
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and _standard(found) is None


def _has_room(path: str | os.PathLike[str]) -> bool:
    return os.access(Path(os.path.realpath(path)).parent, os.W_OK | os.X_OK)


def _standard(found: os.stat_result) -> int | None:
    """The standard output or error, if they go to this file."""
    for number in (1, 2):
        with suppress(OSError):
            if os.path.samestat(os.fstat(number), found):
                return number
    return None


def _refuse(path: str | os.PathLike[str], mode: int) -> None:
    """Raise an error for what cannot be written to."""
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder", os.fspath(path))
    if stat.S_ISSOCK(mode) or stat.S_ISBLK(mode):
        kind = "socket" if stat.S_ISSOCK(mode) else "disk"
        raise OSError(errno.EINVAL, f"is a {kind}; give the name of a file", os.fspath(path))


def _write_to(path: str | os.PathLike[str], found: os.stat_result, content: memoryview) -> None:
    """Write ``content`` to a file that nothing may take the place of."""
    number = _standard(found)
    if number is None:
        number = os.open(path, os.O_WRONLY)
    else:
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, ValueError):
                stream.flush()
        number = os.dup(number)
    with os.fdopen(number, "wb") as file:
        file.write(content)
        if stat.S_ISREG(found.st_mode) and _standard(found) is None:
            file.truncate()


@contextmanager
def _replaced(target: Path, found: os.stat_result | None) -> Iterator[IO[bytes]]:
    """A temporary file that replaces ``target``, which has the state ``found``, when the block ends."""
    if found is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "is write-protected", str(target))
    prefix = f".{target.name[:100]}.{_machine()}-{os.getpid()}-"
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=prefix)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if found is None:
            umask = os.umask(0)
            os.umask(umask)
            Path(name).chmod(0o666 & ~umask)  # the permissions that open() would have set
        else:
            with suppress(OSError, AttributeError):  # only the superuser gives a file to others
                os.chown(name, found.st_uid, found.st_gid)
            Path(name).chmod(found.st_mode & 0o777)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@cache
def _machine() -> str:
    """A short name of this machine, as far as the numbers of its processes go: a container has its own."""
    import socket

    parts = [socket.gethostname()]
    with suppress(OSError):
        parts += [Path("/proc/sys/kernel/random/boot_id").read_text(), str(Path("/proc/self/ns/pid").readlink())]
    return f"{zlib.crc32(repr(parts).encode()):08x}"


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary files in ``folder`` of writers that have died; those of live writers stay."""
    temporaries = list(folder.glob(".*.npz.*")) + list(folder.glob(".*.json.*"))
    if not temporaries:
        return
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=folder) as file:
        now = os.fstat(file.fileno()).st_mtime  # by the clock that the other files have their times from
        for path in temporaries:
            with suppress(OSError):
                if _writer_is_dead(path, now):
                    path.unlink()


def _writer_is_dead(path: Path, now: float) -> bool:
    machine, _, rest = path.name.rpartition(".")[2].partition("-")
    number = rest.partition("-")[0]
    if machine == _machine() and number.isdecimal():
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
        return False
    return path.stat().st_mtime < now - _ABANDONED

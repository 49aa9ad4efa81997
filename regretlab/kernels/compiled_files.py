"""Compiled code in files, which is machine code: it is loaded only if nobody else can have written it.

A file belongs to the user and nobody else may write to it or to its folder; it begins with a hash of the rest.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba

__all__ = ["CompiledFiles", "private_folder"]

_FOREIGN = stat.S_IWGRP | stat.S_IWOTH
_HASH = hashlib.sha256().digest_size


def _belongs_to_user(state: os.stat_result) -> bool:
    """Whether a file or folder is the user's, and nobody else may write to it; there are no owners on Windows."""
    return not hasattr(os, "geteuid") or (state.st_uid == os.geteuid() and not state.st_mode & _FOREIGN)


def private_folder(folder: str | os.PathLike[str]) -> Path | None:
    """``folder``, made if it does not exist, if others cannot write to it; else one of the user's own; else None."""
    name = f"regretlab-{os.geteuid()}" if hasattr(os, "geteuid") else "regretlab"
    for path in (Path(folder), Path(tempfile.gettempdir()) / name):
        with suppress(OSError):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _belongs_to_user(path.lstat() if path.name == name else path.stat()):
                return path
    return None


class CompiledFiles:
    """The files of one function, one for each tuple of types of its arguments.

    numba calls ``load``, ``save`` and ``flush``; the names of the files say what the code was compiled from and for.
    """

    def __init__(self, folder: Path, name: str, identity: str) -> None:
        self.folder, self.name, self.identity = folder, name, identity

    def path(self, key: tuple[Any, ...]) -> Path:
        """The file for a key that numba has made of types and processor."""
        versions = numba.__version__, sys.implementation.cache_tag
        digest = hashlib.sha256(repr((self.identity, versions, key)).encode()).hexdigest()
        return self.folder / f"{self.name}-{digest[:32]}.nbc"

    def load(self, key: tuple[Any, ...]) -> Any:
        """What was saved under a key; None if there is no such file, or it is not the one that was written."""
        try:
            with self.path(key).open("rb") as file:
                if not _belongs_to_user(os.fstat(file.fileno())):
                    return None
                content = file.read()
        except OSError:
            return None
        digest, data = content[:_HASH], content[_HASH:]
        return pickle.loads(data) if hashlib.sha256(data).digest() == digest else None

    def save(self, key: tuple[Any, ...], data: Any) -> None:
        """Keep what was compiled."""
        from numba.core.serialize import dumps

        packed = dumps(data)  # type: ignore[no-untyped-call]
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=f"{self.name}.")  # nobody else may read or write it
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(packed).digest() + packed)
            Path(name).replace(self.path(key))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def flush(self) -> None:
        """Nothing is kept in memory."""

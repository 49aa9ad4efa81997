"""Files that are written atomically, and ``.npz`` archives of arrays with a JSON head."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["read_npz", "whole_file"]

_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, KeyError, TypeError, EOFError, ValueError)
"""What numpy raises when it reads a damaged file."""


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A temporary file, open for writing bytes, that replaces ``path`` when the block ends without an error."""
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)  # the permissions that open() would have set
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_npz(path: str | os.PathLike[str]) -> tuple[Any, dict[str, NDArray[Any]]]:
    """The entry ``head`` of an ``.npz`` file, decoded from JSON, and the other arrays of the file by name.

    Raises
    ------
    OSError
        When the file cannot be opened.
    ValueError
        When the file is damaged, or is not an ``.npz`` file with a JSON ``head``.
    """
    with Path(path).open("rb") as raw:  # np.load does not close a damaged file
        try:
            with np.load(raw, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            return json.loads(str(arrays.pop("head"))), arrays
        except _DAMAGE as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error

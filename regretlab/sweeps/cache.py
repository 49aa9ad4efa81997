"""The folder of a sweep: a file for each finished chunk, named by a hash of all that decides the rows of the chunk."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from regretlab._utils import version
from regretlab._utils.archives import read_npz, write_npz
from regretlab._utils.files import remove_abandoned, whole_file
from regretlab._utils.messages import one_line
from regretlab.engine.serialization import class_path, specification
from regretlab.kernels.fingerprints import fingerprint_of_all
from regretlab.sweeps.chunks import Chunk
from regretlab.sweeps.playing import MEASURES, Rows

__all__ = ["Folder", "chunk_key", "describe"]

_FORMAT = 2
_MARK = "sweep.json"
_LONGEST = 4096  # bytes of the mark
_COLUMNS = ("point", "t", "measures", "x")


class Folder:
    """Finished chunks by key; several sweeps may use one folder at the same time.

    Each file is written whole or not at all, and nobody changes it afterwards.

    Raises
    ------
    ValueError
        When the folder has another format, or a file in it is damaged.
    OSError
        When a file cannot be written or read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        mark = self.path / _MARK
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if not mark.exists():
                with whole_file(mark) as file:
                    file.write((json.dumps({"format": _FORMAT, "regretlab": version.__version__}) + "\n").encode())
        except OSError as error:
            raise OSError(
                error.errno, f"cannot write to the folder {self.path} of the sweep: {error.strerror}"
            ) from error
        try:
            if not mark.is_file():
                raise ValueError("it is no file")
            with mark.open("rb") as file:
                head = json.loads(file.read(_LONGEST))
            found = head["format"]
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{mark} is damaged, so it is not known what the folder holds; use another one") from error
        if found != _FORMAT:
            writer = head.get("regretlab", "0.1.0")  # 0.1.0 did not write its version
            raise ValueError(
                f"{mark}: the folder has format {found}, written by regretlab {writer}; this version, "
                f"{version.__version__}, has format {_FORMAT} and cannot use its games. Choose another folder; "
                "this one is left as it is"
            )
        remove_abandoned(self.path)  # left by sweeps that were killed while they wrote

    def file(self, key: str) -> Path:
        """The path of the file for the chunk with this key; the file exists if the chunk is finished."""
        return self.path / f"{key}.npz"

    def read(self, key: str, points: int) -> Rows | None:
        """The rows of the chunk with this key and number of points; None if the chunk is not finished."""
        path = self.file(key)
        try:
            head, columns = read_npz(path)
            rows = Rows(**columns, errors={int(i): text for i, text in head["errors"].items()})
            intact = head["key"] == key and _fits(rows, points)
        except FileNotFoundError:
            return None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged ({one_line(error)}); remove it to play its games again") from error
        if not intact:
            raise ValueError(f"{path} is not the file it was written as; remove it to play its games again")
        return rows

    def write(self, key: str, rows: Rows) -> None:
        """Write the rows of a finished chunk, unless another sweep has written them already."""
        path = self.file(key)
        if path.exists():
            return
        head = {"key": key, "regretlab": version.__version__, "errors": rows.errors}
        columns = {name: getattr(rows, name) for name in _COLUMNS}
        try:
            with whole_file(path) as file:
                write_npz(file, head, columns)
        except OSError as error:
            reason = f"cannot write {path}: {error.strerror}; the chunks that are finished are kept"
            raise OSError(error.errno, reason) from error


def _fits(rows: Rows, points: int) -> bool:
    """Whether the columns have the types and shapes they are written with, and each of the ``points`` has a row."""
    n = len(rows.point)
    columns = {"point": ("<i8", (n,)), "t": ("<i8", (n,)), "measures": ("<f8", (n, len(MEASURES)))}
    return (
        all((getattr(rows, name).dtype.str, getattr(rows, name).shape) == each for name, each in columns.items())
        and (rows.x.dtype.str, rows.x.shape[:-1], rows.x.ndim) == ("<f8", (n,), 2)
        and np.array_equal(np.unique(rows.point), np.arange(points))
        and set(rows.errors) <= set(range(points))
    )


# -- what decides the rows -------------------------------------------------------------


def chunk_key(chunk: Chunk, known: dict[int, Any] | None = None) -> str:
    """The name of a chunk's file: a hash of the text of :func:`describe` and of the codes of the points.

    ``known`` keeps, for one sweep, what :func:`describe` says of each object.

    Raises
    ------
    TypeError
        When a part or a value cannot be saved, such as a schedule that is a function; when its code uses a value that
        no text identifies, such as a generator or a file.
    """
    digest = hashlib.sha256(describe(chunk, known).encode())
    digest.update(np.ascontiguousarray(chunk.points.codes, dtype="<i4").tobytes())
    return digest.hexdigest()[:32]


def describe(chunk: Chunk, known: dict[int, Any] | None = None) -> str:
    """A JSON text: the version, the rounds, and the values of the parameters and templates with their fingerprints."""
    known = {} if known is None else known
    columns = zip(chunk.parameters, chunk.points.values.values(), strict=True)
    varied = {parameter.part for parameter in chunk.parameters if not parameter.field}
    return json.dumps(
        {
            "format": _FORMAT,
            "regretlab": version.__version__,
            "rounds": [chunk.horizon, *chunk.rounds],
            "parameters": [
                [*parameter, [_describe(value, known) for value in column]] for parameter, column in columns
            ],
            "templates": {part: _describe(of, known) for part, of in chunk.templates.items() if part not in varied},
        }
    )


def _describe(value: Any, known: dict[int, Any]) -> Any:
    """None, a number or a string as it is; else what it is in words, and the fingerprint of all that decides it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if id(value) not in known:
        words = class_path(value) if isinstance(value, type) else specification(value, [])
        known[id(value)] = value, [words, fingerprint_of_all(value)]  # the value too, so that its id stays its own
    return known[id(value)][1]

"""The folder of a sweep: a file for each finished chunk, named by a hash of all that decides the rows of the chunk."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from regretlab._utils import version
from regretlab._utils.files import read_npz, whole_file
from regretlab._utils.messages import one_line
from regretlab._utils.types import Array
from regretlab.engine.serialization import class_path, specification
from regretlab.kernels.fingerprints import Unidentifiable, fingerprint
from regretlab.learners.base import Algorithm1, Learner
from regretlab.sweeps.chunks import Chunk
from regretlab.sweeps.playing import MEASURES, Rows

__all__ = ["Folder", "chunk_key", "describe"]

_FORMAT = 2
_MARK = "sweep.json"
_ABANDONED = 3600.0  # seconds after which nobody is still writing to a file
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
            head = json.loads(mark.read_bytes())
            found = head["format"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{mark} is damaged, so it is not known what the folder holds; use another one") from error
        if found != _FORMAT:
            writer = head.get("regretlab", "0.1.0")  # 0.1.0 did not write its version
            raise ValueError(
                f"{mark}: the folder has format {found}, written by regretlab {writer}; this version, "
                f"{version.__version__}, has format {_FORMAT} and cannot use its games. Choose another folder; "
                "this one is left as it is"
            )
        for temporary in self.path.glob(".*.npz.*"):  # left by sweeps that were killed while they wrote
            with suppress(OSError):
                if temporary.stat().st_mtime < time.time() - _ABANDONED:
                    temporary.unlink()

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
                np.savez(file, head=np.array(json.dumps(head)), **columns)
        except OSError as error:
            reason = f"cannot write {path}: {error.strerror}; the chunks that are finished are kept"
            raise OSError(error.errno, reason) from error


def _fits(rows: Rows, points: int) -> bool:
    """Whether the columns have the same length, and each of the ``points`` points has a row."""
    n = len(rows.point)
    complete = np.array_equal(np.unique(rows.point), np.arange(points))
    return complete and rows.t.shape == (n,) and rows.measures.shape == (n, len(MEASURES)) and len(rows.x) == n


# -- what decides the rows -------------------------------------------------------------


def chunk_key(chunk: Chunk) -> str:
    """The name of a chunk's file: a hash of the text of :func:`describe` and of the codes of the points.

    Raises
    ------
    TypeError
        When a part or a value cannot be saved, such as a schedule that is a function.
    """
    digest = hashlib.sha256(describe(chunk).encode())
    digest.update(np.ascontiguousarray(chunk.points.codes, dtype="<i4").tobytes())
    return digest.hexdigest()[:32]


def describe(chunk: Chunk) -> str:
    """A JSON text: the version, the rounds, the values of the parameters, the templates, and hashes of users' code."""
    columns = zip(chunk.parameters, chunk.points.values.values(), strict=True)
    varied = {parameter.part for parameter in chunk.parameters if not parameter.field}
    return json.dumps(
        {
            "format": _FORMAT,
            "regretlab": version.__version__,
            "rounds": [chunk.horizon, *chunk.rounds],
            "parameters": [[*parameter, [_describe(value) for value in column]] for parameter, column in columns],
            "templates": {part: _describe(of) for part, of in chunk.templates.items() if part not in varied},
        }
    )


def _describe(value: Any) -> Any:
    """None, a number or a string as it is; a class as [path, code]; else [specification, arrays, code]."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, type):
        return [class_path(value), _code(value)]
    arrays: list[Array] = []
    json_value = specification(value, arrays)
    contents = [[array.dtype.str, array.shape, hashlib.sha256(array.tobytes()).hexdigest()] for array in arrays]
    return [json_value, contents, sorted({_code(cls) for cls in _classes(value)})]


def _classes(value: Any) -> Iterator[type[Any]]:
    """The class of a part, and those of the parts in its fields."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _classes(item)
    elif dataclasses.is_dataclass(value):
        yield type(value)
        for field in dataclasses.fields(value):
            yield from _classes(getattr(value, field.name, None))


def _code(cls: type[Any]) -> str:
    """A hash of a learner's rule and of the methods in users' classes; the version stands for the code of regretlab."""
    functions = [cls.rule] if issubclass(cls, Algorithm1) and hasattr(cls, "rule") else []
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] not in ("regretlab", "builtins", "abc"):
            functions += [getattr(f, "__func__", getattr(f, "fget", f)) for f in vars(base).values()]
    digest = hashlib.sha256()
    for function in functions:
        if hasattr(function, "__code__"):
            digest.update(_identity(function).encode())
    if issubclass(cls, Learner) and isinstance(cls.stepsize, type):  # what a number given as alpha means
        digest.update(f"{class_path(cls.stepsize)} {_code(cls.stepsize)}".encode())
    return digest.hexdigest()


def _identity(function: Any) -> str:
    """The fingerprint of a function; its code alone if it uses a value that has no fingerprint."""
    try:
        return fingerprint(function)
    except Unidentifiable:
        return fingerprint(function.__code__)

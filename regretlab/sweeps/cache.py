"""The folder of a sweep: a file for every finished chunk, named after all that decides its numbers."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import time
import types
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from regretlab._utils import version
from regretlab._utils.files import whole_file
from regretlab._utils.types import Array
from regretlab.engine.serialization import specification
from regretlab.kernels.fingerprints import Unidentifiable, fingerprint
from regretlab.learners.base import Algorithm1
from regretlab.sweeps.chunks import NUMBERS, Chunk, Rows

__all__ = ["Folder", "chunk_key"]

_FORMAT = 1
_MARK = "sweep.json"
_OLD = 3600.0  # seconds: nobody writes to a file for so long
_COLUMNS = ("point", "t", "numbers", "x")
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, KeyError, TypeError, EOFError, ValueError)


class Folder:
    """Finished chunks by key; several sweeps may use one folder, also at the same time.

    A file is written whole or not at all, and never changed.

    Raises
    ------
    ValueError
        When the folder was written by a version with another format, or a file
        in it is damaged.
    OSError
        When a file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        mark = self.path / _MARK
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if not mark.exists():
                with whole_file(mark) as file:
                    file.write((json.dumps({"format": _FORMAT}) + "\n").encode())
        except OSError as error:
            raise OSError(
                error.errno, f"cannot write to the folder {self.path} of the sweep: {error.strerror}"
            ) from error
        try:
            version = json.loads(mark.read_bytes())["format"]
        except _DAMAGE as error:
            raise ValueError(f"{mark} is damaged, so it is not known what the folder holds; take another") from error
        if version != _FORMAT:
            raise ValueError(f"{mark}: the folder has format {version}, this version of regretlab has format {_FORMAT}")
        for left in self.path.glob(".*.npz.*"):  # by sweeps that were killed while they wrote
            with suppress(OSError):
                if left.stat().st_mtime < time.time() - _OLD:
                    left.unlink()

    def file(self, key: str) -> Path:
        """Where the chunk with this key is, or will be."""
        return self.path / f"{key}.npz"

    def read(self, key: str, points: int) -> Rows | None:
        """The rows of a chunk of so many points; None if it is not finished."""
        path = self.file(key)
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                head, columns = json.loads(str(file["head"])), {name: file[name] for name in _COLUMNS}
            rows = Rows(**columns, errors={int(i): text for i, text in head["errors"].items()})
            fine = head["key"] == key and _fits(rows, points)
        except FileNotFoundError:
            return None
        except _DAMAGE as error:
            raise ValueError(f"{path} is damaged ({error}); remove it to play its games again") from error
        if not fine:
            raise ValueError(f"{path} is not the file it was written as; remove it to play its games again")
        return rows

    def write(self, key: str, rows: Rows) -> None:
        """Keep a finished chunk, unless another sweep has meanwhile."""
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
    n = len(rows.point)
    whole = np.array_equal(np.unique(rows.point), np.arange(points))
    return whole and rows.t.shape == (n,) and rows.numbers.shape == (n, len(NUMBERS)) and len(rows.x) == n


# -- what decides the numbers ----------------------------------------------------------


def chunk_key(chunk: Chunk) -> str:
    """Hash of the version, the rounds, the points, and the code of parts that are not this package's.

    Raises
    ------
    TypeError
        When a part or a value cannot be written down, such as a schedule that is a function.
    """
    digest = hashlib.sha256()
    digest.update(json.dumps([_FORMAT, version.__version__, chunk.horizon, list(chunk.rounds)]).encode())
    for place, column in zip(chunk.places, chunk.points.values.values(), strict=True):
        digest.update(json.dumps([*place, [_text(value) for value in column]]).encode())
    given = {place.part for place in chunk.places if not place.field}
    digest.update(json.dumps({part: _text(of) for part, of in chunk.templates.items() if part not in given}).encode())
    digest.update(np.ascontiguousarray(chunk.points.codes, dtype="<i4").tobytes())
    return digest.hexdigest()[:32]


def _text(value: Any) -> str:
    """A value, or a part with the code that it brings."""
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, type):
        return json.dumps([f"{value.__module__}:{value.__qualname__}", _code(value)])
    held: list[Array] = []
    text = specification(value, held)
    data = [[a.dtype.str, a.shape, hashlib.sha256(a.tobytes()).hexdigest()] for a in held]
    return json.dumps([text, data, sorted({_code(of) for of in _classes(value)})])


def _classes(value: Any) -> Iterator[type[Any]]:
    """The classes of a part and of the parts it is made of."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _classes(item)
    elif dataclasses.is_dataclass(value):
        yield type(value)
        for field in dataclasses.fields(value):
            yield from _classes(getattr(value, field.name, None))


def _code(cls: type[Any]) -> str:
    """The rule of a learner, and the methods of a class that is not this package's, whose version says all."""
    functions = [cls.rule] if issubclass(cls, Algorithm1) and hasattr(cls, "rule") else []
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] not in ("regretlab", "builtins", "abc"):
            functions += [getattr(f, "__func__", getattr(f, "fget", f)) for f in vars(base).values()]
    digest = hashlib.sha256()
    for function in functions:
        if hasattr(function, "__code__"):
            digest.update(_identity(function).encode())
    return digest.hexdigest()


def _identity(function: Any) -> str:
    """The fingerprint, or that of the code alone if the function uses what has none."""
    try:
        return fingerprint(function)
    except Unidentifiable:
        return repr(_plain_code(function.__code__))


def _plain_code(code: types.CodeType) -> tuple[Any, ...]:
    constants: list[Any] = []
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            constants.append(_plain_code(constant))
        else:  # a frozenset is in no order of its own
            constants.append(sorted(map(repr, constant)) if isinstance(constant, frozenset) else repr(constant))
    return code.co_code, code.co_names, constants

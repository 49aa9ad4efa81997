"""``.npz`` archives of arrays with a JSON head, which are checked before they are believed.

The head lists the data type, shape and SHA-256 of each array; a hash of the head is an array of its own.  Whatever a
damaged or forged file claims, no more memory is asked for than the file is long plus 128 MiB: large arrays are not
compressed.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Archive", "read_npz", "reading_npz", "write_npz"]

_PACKED = 2**27
"""How many bytes an archive may hold compressed, unpacked."""

_HEAD = 2**26
"""The largest head, in bytes; numpy needs four for a letter."""

_KINDS = frozenset("biufcSU")
"""The kinds of data types that an array may have; the others can hold objects."""


def write_npz(file: IO[bytes], head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write ``head`` and ``arrays`` to an open file, which :func:`numpy.load` can read too."""
    for name, array in arrays.items():
        if array.dtype.kind not in _KINDS:
            raise TypeError(f"the array {name} has data of type {array.dtype}; it can only be saved with numbers")
    listed = {name: [array.dtype.str, array.shape, _digest(array)] for name, array in arrays.items()}
    text = json.dumps({**head, "arrays": listed})
    members = {"head": np.array(text), "sha256": np.array(hashlib.sha256(text.encode()).hexdigest()), **arrays}
    if members["head"].nbytes > _HEAD:
        raise ValueError(f"the fields of the parts take {len(text)} letters as text; keep large data in numpy arrays")
    packed = 0
    with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
        for name, array in members.items():
            small = packed + array.nbytes + 2**16 <= _PACKED
            packed += (array.nbytes + 2**16) * small
            member = zipfile.ZipInfo(f"{name}.npy")
            member.compress_type = zipfile.ZIP_DEFLATED if small else zipfile.ZIP_STORED
            with archive.open(member, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=False)


class Archive:
    """An open archive: its head, and its arrays, which are read when they are asked for.

    Raises
    ------
    ValueError
        When the file, its head or an array is not what was written.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file)
        size = file.seek(0, os.SEEK_END)
        self._members: dict[str, zipfile.ZipInfo] = {}
        packed = 0
        for member in self._zip.infolist():
            if member.filename in self._members or not member.filename.endswith(".npy") or member.flag_bits & 1:
                raise ValueError(f"the file has an entry {member.filename!r} that it should not have")
            if member.compress_type == zipfile.ZIP_DEFLATED:
                packed += member.file_size
            elif member.compress_type != zipfile.ZIP_STORED or not member.file_size == member.compress_size <= size:
                raise ValueError(f"the entry {member.filename} has another size than it says")
            self._members[member.filename] = member
        if packed > _PACKED:
            raise ValueError(f"the file has {packed} bytes unpacked, more than the {_PACKED} that are ever compressed")
        text = str(self._array("head", ()))
        self.head: dict[str, Any] = json.loads(text)
        self._listed: dict[str, Any] = self.head.pop("arrays", {})
        self.names = tuple(self._listed)
        self.unread = set(self.names)
        """The arrays that nobody has asked for."""
        if "sha256.npy" not in self._members:  # written by an earlier version; it has no array that can be believed
            return
        if hashlib.sha256(text.encode()).hexdigest() != str(self._array("sha256", ())):
            raise ValueError("the head is not the one that was written")
        if {f"{name}.npy" for name in ("head", "sha256", *self.names)} != set(self._members):
            raise ValueError("the arrays are not those that the head lists")

    def size(self, name: str) -> int:
        """How many numbers the head says that an array has."""
        return math.prod(self._listed[name][1])

    def array(self, name: str, shape: tuple[int, ...] | None = None, dtype: Any = None) -> NDArray[Any]:
        """An array; it must have this shape and data type, where they are given, and the content that was written."""
        if name not in self._listed or "sha256.npy" not in self._members:
            raise ValueError(f"the array {name} is missing")
        kind, size, digest = self._listed[name]
        self.unread.discard(name)
        if shape is not None and tuple(size) != shape:
            raise ValueError(f"the array {name} has shape {tuple(size)}; it must be {shape}")
        if dtype is not None and np.dtype(kind) != dtype:
            raise ValueError(f"the array {name} has numbers of type {np.dtype(kind)}; they must be {np.dtype(dtype)}")
        array = self._array(name, tuple(size))
        if array.dtype.str != kind or _digest(array) != digest:
            raise ValueError(f"the array {name} is not the one that was written")
        return array

    def _array(self, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
        """An array of this shape, whose size is compared with that of its entry before it is read."""
        member = self._members.get(f"{name}.npy")
        if member is None or (name in ("head", "sha256") and member.file_size > _HEAD + 2**16):
            raise ValueError(f"the {name} is missing or too large")
        with self._zip.open(member) as stream:
            version = np.lib.format.read_magic(stream)
            readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            if version not in readers:
                raise ValueError(f"the array {name} has the format {version}")
            found, fortran, dtype = readers[version](stream)
            n = math.prod(found)
            if found != shape or dtype.kind not in _KINDS or dtype.itemsize * n != member.file_size - stream.tell():
                raise ValueError(f"the array {name} has shape {found} and type {dtype}; it should have shape {shape}")
            array = np.empty(n, dtype)
            rest = _bytes(array)
            while rest and (read := stream.readinto(rest)):  # type: ignore[attr-defined]
                rest = rest[read:]
            if rest or stream.read(1):
                raise ValueError(f"the array {name} is cut off, or has more numbers than it says")
        return array.reshape(found, order="F" if fortran else "C")


@contextmanager
def reading_npz(path: str | os.PathLike[str]) -> Iterator[Archive]:
    """An archive that :func:`write_npz` wrote, open for reading in a block.

    Raises
    ------
    OSError
        When the file cannot be opened.
    ValueError
        When the file is damaged or of another kind.
    """
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise ValueError(f"{path} is no file: it is a folder, a pipe or a device")
    with Path(path).open("rb") as file:
        try:
            yield Archive(file)
        except ValueError:
            raise
        except Exception as error:  # whatever zipfile and json raise when they read a damaged file
            raise ValueError(f"it is damaged, or no file of regretlab ({type(error).__name__}: {error})") from error


def read_npz(path: str | os.PathLike[str]) -> tuple[Any, dict[str, NDArray[Any]]]:
    """The head of an archive and all of its arrays by name; errors are those of :func:`reading_npz`."""
    with reading_npz(path) as archive:
        return archive.head, {name: archive.array(name) for name in archive.names}


def _digest(array: NDArray[Any]) -> str:
    return hashlib.sha256(_bytes(np.ascontiguousarray(array))).hexdigest()


def _bytes(array: NDArray[Any]) -> memoryview:
    """The memory of a contiguous array."""
    return array.reshape(-1).view(np.uint8).data

"""Examples from files: IDX, the format of MNIST."""

from __future__ import annotations

import gzip
import math
import os
import stat
import struct
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from regretlab._utils.types import Array

__all__ = ["mnist", "read_idx"]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
_LIMIT = 2**30  # bytes that are unpacked at most, since a small file may hold any number of them


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """The array in an IDX file, compressed with gzip or not.

    An IDX file holds two zero bytes, one byte for the type, one for the number of
    dimensions, four for each dimension, and then the numbers, the index of the last
    dimension running fastest; all big-endian.

    Raises
    ------
    ValueError
        When the file is not of this format, damaged, truncated or too long, or takes more than 1 GiB when unpacked; the
        message names the file.
    OSError
        When the file cannot be read.
    """
    with Path(path).open("rb") as file:
        if file.peek(2)[:2] != _GZIP:
            status = os.fstat(file.fileno())
            return _read(path, file, status.st_size if stat.S_ISREG(status.st_mode) else _LIMIT)
        try:
            with gzip.open(file) as unpacked:
                return _read(path, unpacked, _LIMIT)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} is a damaged gzip file: {error}") from error


def _read(path: str | os.PathLike[str], file: IO[bytes] | gzip.GzipFile, most: int) -> NDArray[Any]:
    """The array in a file of at most so many bytes; no more is read than the header says."""
    raw = file.read(4)
    if len(raw) < 4 or raw[:2] != b"\0\0":
        raise ValueError(f"{path} is not an IDX file: it starts with {raw[:4].hex(' ') or 'nothing'}, not with 00 00")
    code, ndim = raw[2], raw[3]
    if code not in _TYPES:
        known = ", ".join(f"{key:02x}" for key in _TYPES)
        raise ValueError(f"{path} has the type code {code:02x}; an IDX file has one of {known}")
    if ndim == 0:
        raise ValueError(f"{path} has 0 dimensions; an IDX file has at least 1")
    head = file.read(4 * ndim)
    if len(head) < 4 * ndim:
        sizes = f"the {ndim} dimensions take {4 + 4 * ndim} bytes, and it has {4 + len(head)}"
        raise ValueError(f"{path} is truncated: {sizes}")
    shape = struct.unpack(f">{ndim}I", head)
    dtype = np.dtype(_TYPES[code])
    expected = math.prod(shape) * dtype.itemsize
    sizes = f"dimensions {shape} of {dtype.itemsize}-byte numbers take {expected} bytes"
    if expected > most:
        if most == _LIMIT:
            raise ValueError(f"{path} is too large: {sizes}; at most {_LIMIT} are unpacked, gunzip it first")
        raise ValueError(f"{path} is truncated: {sizes}, and the file has {most}")
    numbers = file.read(expected + 1)
    if len(numbers) != expected:
        problem = "has trailing bytes" if len(numbers) > expected else "is truncated"
        found = "more" if len(numbers) > expected else len(numbers)
        raise ValueError(f"{path} {problem}: {sizes}, and {found} follow the header")
    return np.frombuffer(numbers, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def mnist(folder: str | os.PathLike[str], part: str = "t10k") -> tuple[Array, NDArray[np.int64]]:
    """MNIST's features (N, 784), grey levels scaled to [0, 1], and labels (N,), digits 0..9.

    Parameters
    ----------
    folder : path
        Holds, for ``"t10k"``, ``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``, each as it is or with ``.gz``.
    part : str
        ``"t10k"``, the 10 000 test digits, or ``"train"``, the 60 000 training digits.

    Raises
    ------
    FileNotFoundError
        When a file is not there.
    ValueError
        For another ``part``; when a file is damaged or does not hold digits; when the numbers of images and labels
        differ.  The message names the file.
    """
    if part not in ("t10k", "train"):
        raise ValueError(f"part={part!r} must be 't10k' or 'train'")
    images, labels = (_found(Path(folder), f"{part}-{name}-ubyte") for name in ("images-idx3", "labels-idx1"))
    pixels, digits = read_idx(images), read_idx(labels)
    for path, array, ndim in ((images, pixels, 3), (labels, digits, 1)):
        if array.dtype != np.uint8 or array.ndim != ndim or array.size == 0:
            raise ValueError(f"{path} holds {array.dtype} of shape {array.shape}; MNIST has uint8 in {ndim} dimensions")
    if len(pixels) != len(digits):
        raise ValueError(f"{images} has {len(pixels)} images and {labels} has {len(digits)} labels")
    if digits.max() > 9:
        i = int(np.argmax(digits > 9))
        raise ValueError(f"{labels}: label {digits[i]} at index {i} is not a digit 0..9")
    return pixels.reshape(len(pixels), -1) / 255.0, digits.astype(np.int64)


def _found(folder: Path, name: str) -> Path:
    """The file ``name`` or ``name.gz``."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"{folder} has neither {name} nor {name}.gz")

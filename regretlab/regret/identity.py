"""Which objects may share results: what they are made of, and not what their ``==`` says."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from regretlab._utils.extending import shipped

__all__ = ["identity"]

_ATOMS = (bool, int, float, complex, str, bytes, type(None))
_SMALL = 2**16  # numbers; a larger array that is read-only counts as itself, not as its content


def identity(value: Any, within: frozenset[int] = frozenset()) -> object:
    """A key: as long as ``value`` exists, an object with an equal key behaves in the same way.

    Objects of this package are what their fields are.  Any other object is only itself, since its methods may use more
    than its fields; its fields are in the key nevertheless, as they may change.
    """
    if type(value) in _ATOMS:
        return type(value), repr(value)  # -0.0 and 0.0, 1 and True are equal
    if isinstance(value, np.ndarray) and value.size > _SMALL and not value.flags.writeable:
        return np.ndarray, id(value)
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        return np.ndarray, value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, np.generic):
        return type(value), value.tobytes()
    if id(value) in within:
        return id(value)
    within |= {id(value)}
    if isinstance(value, np.ndarray):
        return value.shape, tuple(identity(part, within) for part in value.ravel())
    if isinstance(value, dict):
        return type(value), tuple((identity(key, within), identity(part, within)) for key, part in value.items())
    if isinstance(value, tuple | list | set | frozenset):
        return type(value), tuple(identity(part, within) for part in value)
    if isinstance(value, type | ModuleType | FunctionType | BuiltinFunctionType | MethodType):
        return id(value)
    parts = tuple((name, identity(part, within)) for name, part in _parts(value).items())
    return (type(value), parts) if shipped(type(value)) else (id(value), parts)


def _parts(value: Any) -> dict[str, Any]:
    """The fields of an object and its public attributes, without those that were computed from them."""
    fields = [field.name for field in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else []
    found = {name: getattr(value, name) for name in fields if hasattr(value, name)}
    for name, part in getattr(value, "__dict__", {}).items():
        if not (name.startswith("_") or isinstance(getattr(type(value), name, None), cached_property)):
            found.setdefault(name, part)
    return found

"""A hash of all that decides what a function computes."""

from __future__ import annotations

import hashlib
import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np

__all__ = ["Unidentifiable", "fingerprint", "identity", "known_by_name", "references"]

_KNOWN = frozenset({"builtins", "cmath", "math", "numba", "numpy", "operator"})
"""Modules that are known by name: numba brings its own versions of their functions."""

_PLAIN = (types.NoneType, types.EllipsisType, bool, int, float, complex, str, bytes)
"""Types whose values have the same repr in every process."""


class Unidentifiable(Exception):
    """A function has no fingerprint, because no text identifies a value to which it refers in every process."""


def fingerprint(function: Callable[..., Any] | types.CodeType) -> str:
    """Hash of all that decides what ``function`` computes; the same in every process.

    The hash covers the bytecode and constants, the names in the code, the default
    values, and the closure variables and globals to which the code refers; likewise
    those of every function among them, also of functions in modules.  The hash of a
    code object covers the code alone.

    Raises
    ------
    Unidentifiable
        When one of these values is no constant, function, ufunc, module, type of a known module or tuple of these.
    """
    digest = hashlib.sha256()
    for part in _content(function, (), {}):
        digest.update(repr(part).encode() + b"\0")
    return digest.hexdigest()


def identity(function: Callable[..., Any]) -> str:
    """The fingerprint, or an empty string for a function without one."""
    with suppress(Unidentifiable):
        return fingerprint(function)
    return ""


def known_by_name(value: types.FunctionType | types.ModuleType) -> bool:
    """Whether numba brings its own version of a function or a module: one of math, numpy, ..."""
    name = value.__name__ if isinstance(value, types.ModuleType) else value.__module__
    return (name or "").partition(".")[0] in _KNOWN


def references(
    value: types.FunctionType | types.ModuleType, names: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], dict[str, Any], dict[str, Any]]:
    """The names in the code of a function, and by name the closure variables and the globals to which it refers.

    For a module: the given ``names``, which are those of the code that uses the module; no closure variables; and the
    attributes of the module with one of these names.
    """
    space, closure = vars(value), {}
    if isinstance(value, types.FunctionType):
        code, space, names = value.__code__, value.__globals__, _names_in(value.__code__)
        cells = zip(code.co_freevars, value.__closure__ or (), strict=True)
        closure = {name: cell.cell_contents for name, cell in cells}
    return names, closure, {name: space[name] for name in names if name in space}


def _names_in(code: types.CodeType) -> tuple[str, ...]:
    """The names of globals and attributes in the code, and in the code of the functions defined inside."""
    inner = [_names_in(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return sum(inner, code.co_names)


def _content(value: Any, names: tuple[str, ...], seen: dict[Any, int]) -> Iterator[object]:
    """All that decides what ``value`` means to code with these names, as objects with the same repr in every process.

    ``seen`` numbers the functions and modules visited before, which may refer to each other in circles.
    """
    if hasattr(value, "py_func"):  # compiled already, perhaps with options of its own
        yield sorted(map(repr, getattr(value, "targetoptions", {}).items()))
        value = value.py_func
    if isinstance(value, types.FunctionType | types.ModuleType):
        yield from _content_of_references(value, names, seen)
    elif isinstance(value, types.CodeType):
        yield value.co_code, value.co_names, value.co_varnames, value.co_freevars
        yield value.co_flags, value.co_argcount, value.co_kwonlyargcount
        yield from _content(value.co_consts, names, seen)
    elif isinstance(value, tuple):
        yield type(value).__name__, getattr(value, "_fields", None), len(value)
        for item in value:
            yield from _content(item, names, seen)
    elif isinstance(value, frozenset):  # its order differs between processes
        yield "frozenset", sorted(map(repr, value))
    else:
        yield type(value).__name__, value if isinstance(value, _PLAIN) else _name(value)


def _content_of_references(value: Any, names: tuple[str, ...], seen: dict[Any, int]) -> Iterator[object]:
    """The content of a function or a module, and of what it refers to."""
    visit = (value, names) if isinstance(value, types.ModuleType) else value
    if visit in seen:
        yield "seen", seen[visit]
        return
    seen[visit] = len(seen)
    if isinstance(value, types.ModuleType):
        yield value.__name__
        if known_by_name(value):
            return
    names, closure, named = references(value, names)
    if isinstance(value, types.FunctionType):
        keywords = tuple(sorted((value.__kwdefaults__ or {}).items()))
        yield from _content((value.__code__, value.__defaults__, keywords), names, seen)
    for name, referred in (*closure.items(), *named.items()):
        yield name
        yield from _content(referred, names, seen)


def _name(value: Any) -> tuple[str, str]:
    """The module and name of a function written in C, a ufunc or a type of a known module; else ``Unidentifiable``."""
    if isinstance(value, types.BuiltinFunctionType) and isinstance(value.__self__, types.ModuleType):
        return value.__module__, value.__name__  # a method of an object would depend on that object
    if isinstance(value, np.ufunc):
        return "ufunc", value.__name__
    if isinstance(value, type) and value.__module__ in _KNOWN:
        return value.__module__, value.__qualname__
    raise Unidentifiable(f"{value!r} of type {type(value).__name__}")

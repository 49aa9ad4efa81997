"""A name for what a function computes: a hash of all that decides it."""

from __future__ import annotations

import hashlib
import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

__all__ = ["Unidentifiable", "fingerprint", "identity", "known", "names_in"]

_KNOWN = frozenset({"builtins", "cmath", "math", "numba", "numpy", "operator"})
"""Modules whose functions are known by name: numba brings its own versions of them."""


class Unidentifiable(Exception):
    """A function uses a value whose content cannot be named, so it has no fingerprint."""


def fingerprint(function: Callable[..., Any]) -> str:
    """Hash of all that decides what ``function`` computes.

    Bytecode and constants, names used, default values, closure variables and
    the global names it refers to, functions among them followed recursively,
    also those it takes from a module.

    Raises
    ------
    Unidentifiable
        When a value met on the way is neither code, number, string, module nor
        a tuple of these.
    """
    digest = hashlib.sha256()
    seen: dict[tuple[int, tuple[str, ...]], int] = {}

    def add(*parts: object) -> None:
        for part in parts:
            digest.update(repr(part).encode() + b"\0")

    def walk_code(code: types.CodeType) -> None:
        add(code.co_code, code.co_names, code.co_varnames, code.co_freevars)
        add(code.co_flags, code.co_argcount, code.co_kwonlyargcount)
        for constant in code.co_consts:
            walk(constant)

    def walk_names(names: tuple[str, ...], space: Mapping[str, object]) -> None:
        for name in names:
            if name in space:
                add(name)
                walk(space[name], names)

    def walk(value: object, names: tuple[str, ...] = ()) -> None:
        if hasattr(value, "py_func"):  # compiled already, perhaps with options of its own
            add(sorted(map(repr, getattr(value, "targetoptions", {}).items())))
            value = value.py_func
        if isinstance(value, types.FunctionType | types.ModuleType):
            visit = (id(value), names if isinstance(value, types.ModuleType) else ())
            if visit in seen:
                add("seen", seen[visit])
                return
            seen[visit] = len(seen)
        if isinstance(value, types.FunctionType):
            names = names_in(value.__code__)
            walk_code(value.__code__)
            for default in (*(value.__defaults__ or ()), *sorted((value.__kwdefaults__ or {}).items())):
                walk(default, names)
            for cell in value.__closure__ or ():
                walk(cell.cell_contents, names)
            walk_names(names, value.__globals__)
        elif isinstance(value, types.ModuleType):
            add(value.__name__)
            if not known(value):
                walk_names(names, vars(value))
        elif isinstance(value, types.CodeType):
            walk_code(value)
        elif isinstance(value, types.BuiltinFunctionType):
            add(value.__module__, value.__name__)
        elif isinstance(value, type) and value.__module__ in _KNOWN:
            add(value.__module__, value.__qualname__)
        elif value is None or value is ... or isinstance(value, bool | int | float | complex | str | bytes):
            add(type(value).__name__, value)
        elif isinstance(value, tuple):
            add(type(value).__name__, getattr(value, "_fields", None), len(value))
            for item in value:
                walk(item, names)
        elif isinstance(value, frozenset):  # in no order of its own
            add("frozenset", sorted(map(repr, value)))
        elif type(value).__name__ == "ufunc":
            add("ufunc", getattr(value, "__name__", ""))
        else:
            raise Unidentifiable(f"{value!r} of type {type(value).__name__}")

    walk(function)
    return digest.hexdigest()


def identity(function: Callable[..., Any]) -> str:
    """The fingerprint, or nothing for a function without one."""
    with suppress(Unidentifiable):
        return fingerprint(function)
    return ""


def names_in(code: types.CodeType) -> tuple[str, ...]:
    """Names of globals and attributes that the code refers to."""
    inner = [names_in(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return sum(inner, code.co_names)


def known(value: types.FunctionType | types.ModuleType) -> bool:
    """Whether a function or module is known by name."""
    name = value.__name__ if isinstance(value, types.ModuleType) else value.__module__
    return (name or "").partition(".")[0] in _KNOWN

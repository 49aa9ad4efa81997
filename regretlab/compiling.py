"""Compile plain Python arithmetic, and find the result again in a later process.

A round loop is a closure over the functions it is composed of: a learner's
rule, an oracle, a projection.  numba can keep compiled closures on disk, but by
default it files them under an identity that is random in every process, so the
file is never found again and a new one is added at each run.  Here they are
filed under a :func:`fingerprint` of everything the closure computes with.  An
edited rule has another fingerprint, so it is never served a stale result.

This is the only module that touches numba.
"""

from __future__ import annotations

import hashlib
import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba

FunctionCache: Any
try:  # where numba keeps its index of compiled functions (not a documented interface)
    from numba.core.caching import FunctionCache
except ImportError:  # a future numba: everything works, only slower
    FunctionCache = None

__all__ = ["fingerprint", "jit"]


class Unidentifiable(Exception):
    """A function uses a value whose content cannot be named, so it has no fingerprint."""


def fingerprint(function: Callable[..., Any]) -> str:
    """Hash of all that decides what ``function`` computes.

    Bytecode and constants, names used, default values, closure variables and
    the global names it refers to, functions among them followed recursively.

    Raises
    ------
    Unidentifiable
        When a value met on the way is neither code, number, string, module nor
        a tuple of these.
    """
    digest = hashlib.sha256()
    seen: set[int] = set()

    def add(*parts: object) -> None:
        for part in parts:
            digest.update(repr(part).encode() + b"\0")

    def walk_code(code: types.CodeType) -> None:
        add(code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_argcount)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                walk_code(constant)
            else:
                add(type(constant).__name__, constant)

    def walk(value: object) -> None:
        value = getattr(value, "py_func", value)
        if isinstance(value, types.FunctionType):
            if id(value) in seen:
                return
            seen.add(id(value))
            walk_code(value.__code__)
            for default in value.__defaults__ or ():
                walk(default)
            for cell in value.__closure__ or ():
                walk(cell.cell_contents)
            for name in _global_names(value.__code__):
                if name in value.__globals__:
                    add(name)
                    walk(value.__globals__[name])
        elif isinstance(value, types.BuiltinFunctionType | types.ModuleType):
            add(value.__name__)
        elif isinstance(value, type):
            add(value.__module__, value.__qualname__)
        elif value is None or isinstance(value, bool | int | float | complex | str):
            add(type(value).__name__, value)
        elif isinstance(value, tuple):
            add("tuple", len(value))
            for item in value:
                walk(item)
        elif type(value).__name__ == "ufunc":
            add("ufunc", getattr(value, "__name__", ""))
        else:
            raise Unidentifiable(f"{value!r} of type {type(value).__name__}")

    walk(function)
    return digest.hexdigest()


def _global_names(code: types.CodeType) -> list[str]:
    names = list(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names += _global_names(constant)
    return names


def jit(function: Callable[..., Any], *, keep: bool = False) -> Callable[..., Any]:
    """Compile ``function`` on its first call, with IEEE arithmetic and without the GIL.

    Parameters
    ----------
    function : function
        Scalar arithmetic or loops over arrays.
    keep : bool
        Keep the compiled result on disk under the function's fingerprint.  A
        function without a fingerprint is compiled anew in each process.
    """
    compiled: Any = numba.njit(error_model="numpy", nogil=True)(function)
    if keep and FunctionCache is not None:
        # no fingerprint, no folder to write to, or another numba: compile, do not keep
        with suppress(Unidentifiable, RuntimeError, AttributeError, TypeError):
            compiled._cache = _FingerprintCache(function, fingerprint(function))
    return compiled  # type: ignore[no-any-return]


if FunctionCache is not None:

    class _FingerprintCache(FunctionCache):  # type: ignore[misc]
        """numba's on-disk cache with the closure variables' identity replaced."""

        def __init__(self, function: Callable[..., Any], identity: str) -> None:
            super().__init__(function)  # type: ignore[no-untyped-call]
            self._identity = identity

        def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
            return (sig, codegen.magic_tuple(), self._identity)

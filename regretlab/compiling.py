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
import math
import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numba
import numpy as np
from numba.core.errors import NumbaError as Uncompilable

FunctionCache: Any
IndexDataCacheFile: Any
try:  # where numba keeps its index of compiled functions (not a documented interface)
    from numba.core.caching import FunctionCache, IndexDataCacheFile
except ImportError:  # a future numba: everything works, only slower
    FunctionCache = None

__all__ = ["Uncompilable", "fingerprint", "identity", "interpreted", "jit"]


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
            names = _names(value.__code__)
            walk_code(value.__code__)
            for default in (*(value.__defaults__ or ()), *sorted((value.__kwdefaults__ or {}).items())):
                walk(default, names)
            for cell in value.__closure__ or ():
                walk(cell.cell_contents, names)
            walk_names(names, value.__globals__)
        elif isinstance(value, types.ModuleType):
            add(value.__name__)
            if not _known(value):
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


def _names(code: types.CodeType) -> tuple[str, ...]:
    """Names of globals and attributes that the code refers to."""
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return sum(inner, code.co_names)


def jit(function: Callable[..., Any], *, keep: bool = False) -> Callable[..., Any]:
    """Compile ``function`` on its first call, with IEEE arithmetic and without the GIL.

    The plain functions that it calls, by name or in a module, are compiled too.
    The first call raises Uncompilable where they use what cannot be compiled.

    Parameters
    ----------
    function : function
        Scalar arithmetic or loops over arrays.
    keep : bool
        Keep the compiled result on disk under the function's fingerprint.  A
        function without a fingerprint is compiled anew in each process.
    """
    # numba takes a function that another one calls only if it is compiled already
    compile_one = numba.njit(error_model="numpy", nogil=True)
    compiled: Any = _rebuilt(function, (), {}, lambda value: value, compile_one)
    if keep and FunctionCache is not None:
        with suppress(Exception):  # no fingerprint, no folder to write to, or another numba: compile, do not keep
            compiled._cache = _FingerprintCache(function, fingerprint(function))
    return compiled  # type: ignore[no-any-return]


def _rebuilt(
    value: Any, names: tuple[str, ...], made: dict[Any, Any], leaf: Callable[[Any], Any], finish: Callable[[Any], Any]
) -> Any:
    """``value`` with all that it refers to by the given names rebuilt: functions, and modules with functions.

    ``leaf`` is applied to what is known by name, such as the functions of math;
    ``finish`` to a copy of each function.  ``made`` holds what is done, or begun:
    functions may call each other.
    """
    if not isinstance(value, types.FunctionType | types.ModuleType) or _known(value):
        return leaf(value)
    if isinstance(value, types.ModuleType):
        if (value, names) not in made:
            made[value, names] = types.ModuleType(value.__name__)
            space = vars(made[value, names])
            space |= vars(value)
            space |= {name: _rebuilt(space[name], names, made, leaf, finish) for name in names if name in space}
        return made[value, names]
    if value not in made:
        names, space, old = _names(value.__code__), dict(value.__globals__), value.__closure__ or ()
        new = tuple(types.CellType() for _ in old)
        copy = types.FunctionType(value.__code__, space, value.__name__, value.__defaults__, new)
        copy.__qualname__, copy.__module__ = value.__qualname__, value.__module__
        copy.__kwdefaults__ = value.__kwdefaults__
        made[value] = finish(copy)
        space |= {name: _rebuilt(space[name], names, made, leaf, finish) for name in names if name in space}
        for to, cell in zip(new, old, strict=True):
            to.cell_contents = _rebuilt(cell.cell_contents, names, made, leaf, finish)
    return made[value]


def interpreted(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` with the functions of ``math`` answering as in compiled code.

    That is, with inf or NaN where Python raises, and with numbers of numpy, which
    can be divided by zero: what compiled and interpreted loops compute is the same.
    """
    return _rebuilt(function, (), {}, _as_compiled, lambda copy: copy)  # type: ignore[no-any-return]


def _as_compiled(value: Any) -> Any:
    """A function of ``math``, or the module, with IEEE results."""
    if value is math:
        module = types.ModuleType("math")
        vars(module).update({name: _as_compiled(each) for name, each in vars(math).items()})
        return module
    if not isinstance(value, types.BuiltinFunctionType) or value.__module__ != "math":
        return value
    in_numpy = getattr(np, {"pow": "power"}.get(value.__name__, value.__name__), None)

    def answer(*numbers: Any) -> Any:
        try:
            result = value(*numbers)
        except (ValueError, OverflowError):
            if in_numpy is None:
                raise
            result = in_numpy(*numbers)
        return np.float64(result) if isinstance(result, float) else result

    return answer


def _known(value: types.FunctionType | types.ModuleType) -> bool:
    name = value.__name__ if isinstance(value, types.ModuleType) else value.__module__
    return (name or "").partition(".")[0] in _KNOWN


if FunctionCache is not None:

    class _FingerprintCache(FunctionCache):  # type: ignore[misc]
        """numba's on-disk cache with the closure variables' identity replaced.

        Each fingerprint has files of its own: numba numbers the files of one
        function without a lock, so that two processes could take the same number.
        """

        def __init__(self, function: Callable[..., Any], identity: str) -> None:
            super().__init__(function)
            self._identity = identity
            self._cache_file = IndexDataCacheFile(
                self._cache_path, f"{self._impl.filename_base}-{identity[:16]}", self._impl.locator.get_source_stamp()
            )

        def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
            return (sig, codegen.magic_tuple(), self._identity)

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            with suppress(Exception):  # a damaged file
                return super().load_overload(sig, target_context)
            return None

        def save_overload(self, sig: Any, data: Any) -> None:
            with suppress(Exception):  # a full or a read-only disk
                super().save_overload(sig, data)

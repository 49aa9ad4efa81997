"""Compile plain Python arithmetic, and cache the compiled code on disk for later processes.

A round loop is a closure over the functions it is composed of: a learner's
rule, an oracle, a projection.  numba keys its cache on disk by an identity of the
closure that is random in every process: it never finds a file again, and adds a new
one at each run.  Here the key is a fingerprint of everything the closure computes
with (:mod:`regretlab.kernels.fingerprints`).  An edited rule has another
fingerprint, so the cache never returns a stale result.

Only this module compiles.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba
import numpy as np
from numba.core.errors import NumbaError as Uncompilable

from regretlab.kernels.compiled_files import CompiledFiles, private_folder
from regretlab.kernels.fingerprints import fingerprint
from regretlab.kernels.references import known_by_name, references

FunctionCache: Any
try:  # how numba keeps compiled functions (not a documented interface)
    from numba.core.caching import FunctionCache
except ImportError:  # a future numba: everything works, only slower
    FunctionCache = None

__all__ = ["Uncompilable", "interpreted", "jit"]


def jit(function: Callable[..., Any], *, keep: bool = False) -> Callable[..., Any]:
    """Compile ``function`` on its first call, with IEEE arithmetic and without the GIL.

    This also compiles the plain functions that it calls, by name or in a module.

    Parameters
    ----------
    function : function
        Scalar arithmetic or loops over arrays.
    keep : bool
        Cache the compiled result on disk under the function's fingerprint.  A
        function without a fingerprint is compiled anew in each process.

    Raises
    ------
    Uncompilable
        At the first call, when one of these functions cannot be compiled.
    """

    # numba compiles a function only if the functions that it calls are compiled already
    def compile_one(copy: Callable[..., Any]) -> Any:
        inside = copy.__code__ is not function.__code__  # a call inside a loop prevents its vectorization
        return numba.njit(copy, error_model="numpy", nogil=True, forceinline=inside)

    compiled: Any = _rebuilt(function, lambda value: value, compile_one)
    if keep and FunctionCache is not None:
        with suppress(Exception):  # no fingerprint, no folder to write to, or another numba: compile, do not keep
            compiled._cache = _FingerprintCache(function, fingerprint(function))
    return compiled  # type: ignore[no-any-return]


def _rebuilt(function: Callable[..., Any], leaf: Callable[[Any], Any], finish: Callable[[Any], Any]) -> Any:
    """A copy of ``function`` in which the functions and modules that it refers to are copies too.

    Each copied function is replaced by ``finish(copy)``, and each other value by
    ``leaf(value)``; functions of math, numpy and other modules that are known by name
    count as other values.
    """
    made: dict[Any, Any] = {}  # finished, or begun: functions may call each other

    def rebuild(value: Any, names: frozenset[str] = frozenset()) -> Any:
        if not isinstance(value, types.FunctionType | types.ModuleType) or known_by_name(value):
            return leaf(value)
        key = (value, names) if isinstance(value, types.ModuleType) else value
        if key not in made:
            names, closure, named = references(value, names)
            cells = {name: types.CellType() for name in closure}
            if isinstance(value, types.ModuleType):
                made[key] = types.ModuleType(value.__name__)
                space = vars(made[key])
                space |= vars(value)
            else:
                space, defaults = dict(value.__globals__), value.__defaults__
                copy = types.FunctionType(value.__code__, space, value.__name__, defaults, tuple(cells.values()))
                copy.__qualname__, copy.__module__ = value.__qualname__, value.__module__
                copy.__kwdefaults__ = value.__kwdefaults__
                made[key] = finish(copy)
            space |= {name: rebuild(referred, names) for name, referred in named.items()}
            for name, referred in closure.items():
                cells[name].cell_contents = rebuild(referred, names)
        return made[key]

    return rebuild(function)


def interpreted(function: Callable[..., Any]) -> Callable[..., Any]:
    """A copy of ``function`` with IEEE arithmetic, which computes in the interpreter what :func:`jit` computes.

    In this copy the functions of ``math`` return inf or NaN where Python raises.  Their
    floats are those of numpy, which can be divided by zero.
    """
    return _rebuilt(function, _as_compiled, lambda copy: copy)  # type: ignore[no-any-return]


def _as_compiled(value: Any) -> Any:
    """``math``, or a function of it, with IEEE results; any other value as it is."""
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


if FunctionCache is not None:

    class _FingerprintCache(FunctionCache):  # type: ignore[misc]
        """numba's cache on disk, with a fingerprint in place of the identity of the closure variables.

        numba keeps an index of the files of a function, which it believes and changes without a lock; here the name of
        a file says what is in it, and a hash whether it still is.
        """

        def __init__(self, function: Callable[..., Any], identity: str) -> None:
            super().__init__(function)
            folder = private_folder(self._cache_path)
            if folder is None:
                raise OSError("there is no folder that nobody else can write to")
            self._cache_file = CompiledFiles(folder, self._impl.filename_base, identity)

        def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
            return (str(sig), codegen.magic_tuple())

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            with suppress(Exception):  # a damaged file
                return super().load_overload(sig, target_context)
            return None

        def save_overload(self, sig: Any, data: Any) -> None:
            with suppress(Exception):  # a full or a read-only disk
                super().save_overload(sig, data)

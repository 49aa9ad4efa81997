"""Compile plain Python arithmetic, and find the result again in a later process.

A round loop is a closure over the functions it is composed of: a learner's
rule, an oracle, a projection.  numba can keep compiled closures on disk, but by
default it files them under an identity that is random in every process, so the
file is never found again and a new one is added at each run.  Here they are
filed under a fingerprint of everything the closure computes with
(:mod:`regretlab.kernels.fingerprints`).  An edited rule has another fingerprint, so it is
never served a stale result.

This is the only module that touches numba.
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

from regretlab.kernels.fingerprints import fingerprint, known, names_in

FunctionCache: Any
IndexDataCacheFile: Any
try:  # where numba keeps its index of compiled functions (not a documented interface)
    from numba.core.caching import FunctionCache, IndexDataCacheFile
except ImportError:  # a future numba: everything works, only slower
    FunctionCache = None

__all__ = ["Uncompilable", "interpreted", "jit"]


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
    def compile_one(copy: Callable[..., Any]) -> Any:
        inside = copy.__code__ is not function.__code__  # a call inside a loop keeps it from working on many cells
        return numba.njit(copy, error_model="numpy", nogil=True, forceinline=inside)

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
    if not isinstance(value, types.FunctionType | types.ModuleType) or known(value):
        return leaf(value)
    if isinstance(value, types.ModuleType):
        if (value, names) not in made:
            made[value, names] = types.ModuleType(value.__name__)
            space = vars(made[value, names])
            space |= vars(value)
            space |= {name: _rebuilt(space[name], names, made, leaf, finish) for name in names if name in space}
        return made[value, names]
    if value not in made:
        names, space, old = names_in(value.__code__), dict(value.__globals__), value.__closure__ or ()
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

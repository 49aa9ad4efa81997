"""Visits the constants, functions and modules to which a function refers, and hashes what they say."""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import numpy as np

from regretlab.kernels.references import KNOWN, known_by_name, read, references

__all__ = ["PLAIN", "Unidentifiable", "Walk", "in_words"]

PLAIN = (types.NoneType, types.EllipsisType, types.NotImplementedType, bool, int, float, complex, str, bytes)
"""Types whose values have the same repr in every process."""


class Unidentifiable(TypeError):
    """No text identifies, in every process, a value to which a function refers."""


class Walk:
    """Hashes all that decides what a function means, in an order that is the same in every process.

    It knows what compiled code can hold as a constant, and refuses any other value.
    """

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.seen: dict[int, tuple[Any, int]] = {}
        """Functions and classes visited before, which may refer to each other in circles, and their numbers."""
        self.failed: dict[int, Unidentifiable] = {}
        self.open: list[int] = []
        """The containers and objects that are being visited."""
        self.modules: dict[int, tuple[types.ModuleType, set[str]]] = {}
        """The users' modules, and the names that have been visited in them."""
        self.mentioned: set[str] = {"__getattr__"}
        """The names of attributes in all code."""
        self.trail: list[str] = []
        self.kinds: list[tuple[Any, Callable[[Any], None]]] = [
            (types.FunctionType, self.function),
            (types.ModuleType, self.module),
            (types.CodeType, self.code),
            (tuple, self.items),
            (frozenset, self.unordered),
        ]
        """How to visit a value of each kind; the first that fits counts."""

    def hash(self, value: Any) -> str:
        """The hash of ``value``."""
        with self.inside(str(getattr(value, "__qualname__", None) or type(value).__qualname__)):
            self.value(value)
            while self.visit_modules():
                pass
        return self.digest.hexdigest()

    def put(self, *parts: object) -> None:
        self.digest.update(repr(parts).encode(errors="surrogatepass") + b"\0")

    def each(self, *values: Any) -> None:
        """Visit ``values`` in their order."""
        for value in values:
            self.value(value)

    def named(self, name: str, value: Any) -> None:
        """Visit what the code calls ``name``."""
        self.put(name)
        with self.inside(name):
            self.value(value)

    @contextmanager
    def inside(self, name: str) -> Any:
        self.trail.append(name)
        yield
        self.trail.pop()  # not after an error, whose message needs the trail

    def refuse(self, what: str) -> Unidentifiable:
        return Unidentifiable(
            f"{' -> '.join(self.trail)}: {what}, so that no text identifies what is computed; keep what decides the "
            "numbers in fields, constants, arrays or functions"
        )

    # -- values ----------------------------------------------------------------------------

    def value(self, value: Any) -> None:
        """Visit a value of any kind."""
        if type(value).__module__.partition(".")[0] == "numba":
            value = self._compiled(value)
        if isinstance(value, PLAIN) and type(value).__module__ == "builtins":
            self.put(type(value).__name__, hex(value) if type(value) is int else value)
            return
        for kinds, visit in self.kinds:
            if isinstance(value, kinds):
                visit(value)
                return
        self.other(value)

    def _compiled(self, value: Any) -> Any:
        """The Python function of a function that numba has compiled, perhaps with options of its own."""
        value = getattr(value, "_dispatcher", value)
        self.put(sorted(map(repr, getattr(value, "targetoptions", {}).items())))
        return getattr(value, "py_func", getattr(value, "_pyfunc", value))

    def other(self, value: Any) -> None:
        """Visit a function written in C, a ufunc or a type of a known module; refuse anything else."""
        if isinstance(value, types.BuiltinFunctionType) and isinstance(value.__self__, types.ModuleType):
            self.put("function", value.__module__, value.__name__)  # a method of an object would depend on that object
        elif isinstance(value, np.ufunc):
            self.ufunc(value)
        elif isinstance(value, type) and value.__module__.partition(".")[0] in KNOWN:
            self.put("type", value.__module__, value.__qualname__)
        else:
            raise self.refuse(f"{in_words(value)} is no constant")

    def ufunc(self, value: Any) -> None:
        name = value.__name__
        if not any(getattr(sys.modules.get(each), name, None) is value for each in ("numpy", "scipy.special")):
            raise self.refuse(f"{in_words(value)} hides a function of Python")
        self.put("ufunc", name)

    @contextmanager
    def opened(self, value: Any) -> Any:
        """Whether ``value`` is new here, and not inside itself."""
        new = id(value) not in self.open
        if not new:
            self.put("inside", self.open.index(id(value)))
        self.open.append(id(value))
        yield new
        self.open.pop()

    def items(self, value: Any) -> None:
        with self.opened(value) as new:
            if new:
                self.put(type(value).__name__, getattr(value, "_fields", None), len(value))
                self.each(*tuple.__iter__(value) if isinstance(value, tuple) else list.__iter__(value))

    def unordered(self, value: Any) -> None:
        parts = []
        for item in value:  # the order of a set differs between processes
            alone = type(self)()
            alone.trail, alone.open = list(self.trail), list(self.open)
            parts.append(alone.hash(item))
            self.mentioned |= alone.mentioned
        self.put(type(value).__name__, sorted(parts))

    # -- code ------------------------------------------------------------------------------

    def code(self, code: types.CodeType) -> None:
        *content, constants = read(code).content
        self.put(*content)
        self.each(constants)

    @contextmanager
    def once(self, value: Any) -> Any:
        """Whether a function or class is new; an earlier failure is raised again."""
        if id(value) in self.failed:
            raise self.failed[id(value)]
        if id(value) in self.seen:
            self.put("seen", self.seen[id(value)][1])
            yield False
            return
        self.seen[id(value)] = (value, len(self.seen))
        try:
            yield True
        except Unidentifiable as error:
            self.failed[id(value)] = error
            raise

    def function(self, function: types.FunctionType) -> None:
        with self.once(function) as new:
            if new:
                self.content_of(function)

    def content_of(self, function: types.FunctionType) -> None:
        """The code of a function, its defaults and closure variables, and the globals that it mentions."""
        self.code(function.__code__)
        self.value(function.__defaults__)
        self.each(*sorted((function.__kwdefaults__ or {}).items()))
        names, closure, named = references(function)
        for name, value in closure.items():
            self.named(name, value)
        if self.is_users(function):
            self.mentioned |= names
            for name, value in named.items():
                self.named(name, value)
            self.reached_otherwise(function, closure)

    def is_users(self, function: types.FunctionType) -> bool:
        """Whether a function is not in a library."""
        return not known_by_name(function)

    def reached_otherwise(self, function: types.FunctionType, closure: dict[str, Any]) -> None:
        """Visit what a function uses beside its globals and closure variables; compiled code has no other ways."""

    def module(self, module: types.ModuleType) -> None:
        self.put(module.__name__)
        if not known_by_name(module):
            self.modules.setdefault(id(module), (module, set()))

    def visit_modules(self) -> bool:
        """Visit the attributes of users' modules that code mentions; whether there may be more now."""
        more = False
        for module, done in list(self.modules.values()):
            space = vars(module)
            for name in sorted(self.mentioned - done):
                done.add(name)
                if name in space:
                    more = True
                    self.named(f"{module.__name__}.{name}", space[name])
        return more


def in_words(value: Any) -> str:
    """A few words for ``value``, without its place in memory."""
    name = getattr(value, "__qualname__", "") or getattr(value, "__name__", "")
    return f"{name or 'it'}, of type {type(value).__name__},"

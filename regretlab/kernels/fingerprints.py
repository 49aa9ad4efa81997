"""A hash of all that decides what a function, a class or an object computes."""

from __future__ import annotations

import builtins
import copyreg
import dataclasses
import functools
import hashlib
import importlib.machinery
import sys
import threading
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from regretlab.kernels.references import hidden, imported, library, read, resolves
from regretlab.kernels.walk import PLAIN, Unidentifiable, Walk, in_words

__all__ = ["Unidentifiable", "altered", "fingerprint", "fingerprint_of_all", "identity"]

_DESCRIPTORS = (
    *(types.WrapperDescriptorType, types.MethodDescriptorType, types.ClassMethodDescriptorType),
    *(types.GetSetDescriptorType, types.MemberDescriptorType),
)
_SAYS_NOTHING = frozenset(
    {
        *("__abstractmethods__", "__annotate_func__", "__annotations__", "__dataclass_params__", "__dict__", "__doc__"),
        *("__firstlineno__", "__match_args__", "__module__", "__orig_bases__", "__parameters__", "__repr__"),
        *("__slotnames__", "__static_attributes__", "__str__", "__weakref__", "_abc_impl", "_repr_html_"),
    }
)
"""Attributes of a class that decide no number."""

_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_TEXTS = frozenset({"__annotations__", "__doc__"})
_FIELD = ("name", "default", "default_factory", "init", "metadata")
_DYNAMIC = frozenset({"__dict__", "getattr", "globals", "vars"})
"""Code that uses one of these may read any attribute of a module."""


def fingerprint(function: Callable[..., Any] | types.CodeType) -> str:
    """Hash of all that decides what a compiled ``function`` computes; the same in every process.

    The hash covers the bytecode and constants, the names in the code, the default
    values, and the closure variables and globals to which the code refers; likewise
    those of every function among them, also of functions in modules.  The hash of a
    code object covers the code alone.

    Raises
    ------
    Unidentifiable
        When one of these values is no constant, function, ufunc, module, type of a known module or tuple of these.
    """
    return Walk().hash(function)


def fingerprint_of_all(value: Any) -> str:
    """Hash of all that decides what a class, an object or a function computes; the same in every process.

    Beside what :func:`fingerprint` covers: the classes and attributes of objects, containers and arrays by content,
    the attributes of classes and their bases, and functions however they are wrapped.  Regretlab, the standard library
    and other installed packages count by their version, unless something of them has been replaced.

    Raises
    ------
    Unidentifiable
        When the code uses a value that no text identifies, such as a generator, or reads a file, a clock or the
        environment.
    """
    try:
        return _CompleteWalk().hash(value)
    except RecursionError as error:
        raise Unidentifiable(f"{in_words(value)} is nested too deeply to be identified") from error
    except Unidentifiable:
        raise
    except Exception as error:  # an object of a user may raise anything
        raise Unidentifiable(
            f"{in_words(value)} uses an object that cannot be looked at: {type(error).__name__}: {error}"
        ) from error


def identity(function: Callable[..., Any]) -> str:
    """The fingerprint of all that ``function`` uses, or an empty string for a function without one.

    Arrays and lists count by content: compiled code has what was in them when it was compiled.
    """
    with suppress(Unidentifiable):
        return fingerprint_of_all(function)
    return ""


class _CompleteWalk(Walk):
    """A walk that also knows classes, objects, containers and arrays, and whatever wraps a function."""

    def __init__(self) -> None:
        super().__init__()
        self.unused: list[tuple[str, Unidentifiable]] = []
        """Attributes of classes without an identity, which matter if the code mentions them."""
        self.kinds += [
            (type, self.cls),
            ((staticmethod, classmethod), lambda f: self.each("wrapped", type(f).__name__, f.__func__)),
            (property, lambda f: self.each("property", f.fget, f.fset, f.fdel)),
            (functools.cached_property, lambda f: self.each("cached property", f.func)),
            (functools._lru_cache_wrapper, lambda f: self.each("cached", f.__wrapped__)),
            (types.MethodType, lambda f: self.each("method", f.__func__, f.__self__)),
            (_DESCRIPTORS, lambda f: self.each("descriptor", f.__name__, f.__objclass__)),
            (list, self.items),
            (set, self.unordered),
            (types.MappingProxyType, self.mapping),
            (np.ndarray, self.array),
            (dataclasses.Field, lambda f: self.each("field", *(getattr(f, name) for name in _FIELD))),
        ]

    def hash(self, value: Any) -> str:
        super().hash(value)
        for attribute, error in self.unused:
            if attribute in self.mentioned:
                raise error
        for name in sorted(_TEXTS & self.mentioned):  # a docstring that decides a number
            self.put(name, [str(getattr(each, name, None)) for each, _ in self.seen.values()])
        return self.digest.hexdigest()

    def value(self, value: Any) -> None:
        if type(value) is dict:
            self.mapping(value)
        else:
            super().value(value)

    # -- containers ------------------------------------------------------------------------

    def items(self, value: Any) -> None:
        super().items(value)
        self._own(value)

    def unordered(self, value: Any) -> None:
        super().unordered(value)
        self._own(value)

    def mapping(self, value: Mapping[Any, Any]) -> None:
        with self.opened(value) as new:
            if new:
                self.put("mapping", len(value))
                for key, item in value.items():
                    self.value(key)
                    self.named(repr(key) if isinstance(key, PLAIN) else "[...]", item)

    def array(self, value: Any) -> None:
        self.put("array", repr(value.dtype), value.shape)
        if value.dtype.hasobject:
            self.each(*value.ravel().tolist())
        else:
            self.put(hashlib.sha256(np.ascontiguousarray(np.asarray(value)).tobytes()).hexdigest())
        if isinstance(value, np.ma.MaskedArray):
            self.array(np.ma.getmaskarray(value))
        self._own(value)

    def _own(self, value: Any) -> None:
        """The class and attributes of a value whose class is not the container itself."""
        if type(value).__module__ not in ("builtins", "numpy", "numpy.ma"):
            self.cls(type(value))
            self._attributes(value)

    # -- functions and modules ---------------------------------------------------------------

    def function(self, function: types.FunctionType) -> None:
        found = "" if self.is_users(function) else resolves(function)
        if hasattr(function, "registry") and hasattr(function, "dispatch"):  # of functools.singledispatch
            self.mapping(function.registry)
        elif not found:
            super().function(function)
        elif hidden(function):
            raise self.refuse(f"{in_words(function)} reads what is outside of the program")
        else:
            self.put(found, function.__qualname__)

    def content_of(self, function: types.FunctionType) -> None:
        super().content_of(function)
        for name, value in sorted(vars(function).items()):
            self.named(name, value)

    def is_users(self, function: types.FunctionType) -> bool:
        return not library(function.__globals__.get("__name__"), function.__globals__)

    def reached_otherwise(self, function: types.FunctionType, closure: dict[str, Any]) -> None:
        """Visit builtins, modules imported inside a function, attributes of libraries, and names given as strings."""
        space, reading = function.__globals__, read(function.__code__)
        names = {*reading.attributes, *reading.globals}
        for name in reading.globals:
            if name not in space and hidden(getattr(builtins, name, None)):
                with self.inside(name):
                    raise self.refuse("it reads what is outside of the program, or runs a text")
        if {"read_text", "read_bytes"} & names:
            raise self.refuse("it reads a file")
        modules = [module for name, level in reading.imports for module in imported(name, level, space)]
        if {"import_module", "__import__", "modules"} & names:
            modules += [sys.modules[name] for name in sorted(reading.strings) if name in sys.modules]
        if "globals" in reading.globals and space.get("__name__") in sys.modules:
            modules.append(sys.modules[space["__name__"]])
        for module in modules:
            self.named(module.__name__, module)
        self.mentioned |= _DYNAMIC & names
        for root, *attributes in reading.chains:
            self._in_library(closure.get(root, space.get(root)), attributes)

    def _in_library(self, value: Any, attributes: list[str]) -> None:
        """What ``value.a.b`` is, where ``value`` is a module of a library, if it depends on a state."""
        while attributes and isinstance(value, types.ModuleType) and library(value.__name__):
            value = vars(value).get(attributes.pop(0))
            if isinstance(value, types.BuiltinFunctionType) and not isinstance(value.__self__, types.ModuleType):
                self.value(value)  # such as np.random.rand, a method of a generator
            elif isinstance(value, types.MethodType | list) or hidden(value):  # or sys.argv
                self.value(value)

    def module(self, module: types.ModuleType) -> None:
        file = getattr(module, "__file__", None) or ""
        if found := library(module.__name__, vars(module)):
            self.put(found)
        elif file.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES)):
            self.put(module.__name__, hashlib.sha256(Path(file).read_bytes()).hexdigest())
        else:
            super().module(module)

    def visit_modules(self) -> bool:
        more = super().visit_modules()
        if _DYNAMIC & self.mentioned:  # any attribute of a module may be meant
            for module, done in list(self.modules.values()):
                for name in sorted(name for name in vars(module) if not name.startswith("__") and name not in done):
                    done.add(name)
                    more = True
                    self._if_possible(f"{module.__name__}.{name}", name, vars(module)[name])
        return more

    def _if_possible(self, label: str, name: str, value: Any) -> None:
        """Visit an attribute; that it has no identity matters only if code mentions it."""
        depth, opened = len(self.trail), len(self.open)
        try:
            self.named(label, value)
        except Unidentifiable as error:
            del self.trail[depth:], self.open[opened:]
            self.unused.append((name, error))

    # -- classes and objects -----------------------------------------------------------------

    def cls(self, cls: type[Any]) -> None:
        found = resolves(cls)
        own = library(cls.__module__).endswith(" of regretlab")
        self.put("class", found, cls.__qualname__)
        if (found and not own) or (cls.__module__ == "builtins" and not cls.__flags__ & (1 << 9)):  # written in C
            return
        with self.once(cls) as new:
            if not new:
                return
            self.each(*([] if type(cls).__module__ in ("abc", "builtins") else [type(cls)]), *cls.__bases__)
            for name, value in sorted(vars(cls).items()):
                if name in _SAYS_NOTHING or (own and _unchanged(value)):
                    if isinstance(value, staticmethod):  # rules and links: their code counts too
                        self.put(name)
                        self.code(value.__func__.__code__)
                elif own or name.startswith("__") or _promised(cls, name):
                    self.named(name, value)
                else:
                    self._if_possible(name, name, value)

    def other(self, value: Any) -> None:
        """Visit an object of any other class: its class, its attributes, and what pickle would write of it."""
        if isinstance(value, np.ufunc):
            self.ufunc(value)
        elif hidden(value):
            raise self.refuse(f"{in_words(value)} reads what is outside of the program, or runs a text")
        elif callable(value) and (found := resolves(value)):
            self.put(found, value.__qualname__)
        elif isinstance(value, types.BuiltinFunctionType):
            self.each("method", value.__name__, value.__self__)
        elif type(value) not in _LOCKS:
            with self.opened(value) as new:
                if new:
                    self._object(value)

    def _object(self, value: Any) -> None:
        self.cls(type(value))
        found = resolves(type(value))
        whole = bool(found) and not found.endswith(" of regretlab")  # a library says itself what its objects are
        if not whole:
            self._attributes(value)
        for part in self._reduced(value, whole):
            self.each(*part) if isinstance(part, Iterator) else self.value(part)

    def _reduced(self, value: Any, whole: bool) -> Iterable[Any]:
        """What pickle would write of an object; its attributes only if ``whole``, or if its class says how."""
        cls: Any = type(value)
        special = copyreg.dispatch_table.get(cls)
        default = cls.__reduce_ex__ is object.__reduce_ex__ and cls.__reduce__ is object.__reduce__
        try:
            if special or whole or not default:
                reduced = special(value) if special else value.__reduce_ex__(4)
                return (reduced,) if isinstance(reduced, str) else reduced
            _, arguments, _, *more = tuple(object.__reduce_ex__(value, 4))
            return (arguments[1:], *more)
        except Exception as error:
            raise self.refuse(f"{in_words(value)} has no identity ({error})") from error

    def _attributes(self, value: Any) -> None:
        """What an object has in ``__dict__`` and slots, except what is computed once and kept."""
        space, changed = dict(getattr(value, "__dict__", {})), altered(value)
        ours = False
        for base in type(value).__mro__:
            ours |= base.__module__.partition(".")[0] == "regretlab"
            for name, attribute in vars(base).items():
                if isinstance(attribute, functools.cached_property) and name not in changed:
                    space.pop(name, None)
                elif isinstance(attribute, types.MemberDescriptorType) and base.__module__ != "builtins":
                    with suppress(AttributeError):
                        space[name] = attribute.__get__(value)
        for name, attribute in sorted(space.items()):
            if not (ours and name.startswith("_") and name not in self.mentioned):  # what regretlab keeps for itself
                self.named(name, attribute)


def altered(value: Any) -> list[str]:
    """The names of the cached properties of ``value`` that keep something else by now than their class computes.

    They are those of users' classes: what the classes of regretlab keep is read-only.
    """
    found: dict[str, functools.cached_property[Any]] = {}
    for base in type(value).__mro__:
        for name, attribute in vars(base).items():
            if isinstance(attribute, functools.cached_property) and not library(base.__module__):
                found.setdefault(name, attribute)
    space = getattr(value, "__dict__", {})
    return [name for name, each in found.items() if name in space and _differ(space[name], each.func(value))]


def _differ(one: Any, other: Any) -> bool:
    return _CompleteWalk().hash(one) != _CompleteWalk().hash(other)


def _unchanged(value: Any) -> bool:
    """Whether an attribute of a class of regretlab is a function or other object of regretlab itself."""
    if isinstance(value, dict) and all(isinstance(each, dataclasses.Field) for each in value.values()):
        return True  # the fields, which __init__ knows as well
    value = getattr(value, "__func__", getattr(value, "fget", getattr(value, "func", value)))
    value = getattr(value, "__wrapped__", value)
    if isinstance(value, types.FunctionType):
        return bool(library(value.__globals__.get("__name__"), value.__globals__)) or value.__module__ is None
    return not isinstance(value, (*PLAIN, type, tuple, list, dict, set, np.ndarray))


def _promised(cls: type[Any], name: str) -> bool:
    """Whether a base in a library has this attribute, whose code may then ask for it."""
    return any(name in vars(base) for base in cls.__mro__[1:] if library(base.__module__))

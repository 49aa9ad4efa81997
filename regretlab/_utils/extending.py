"""What a subclass may override: whatever it defines is used, or the class is refused.

A fast path often answers without calling a method: the games of a periodic sequence read its pattern and never call
``gradients``.  The base class marks such a method with :func:`not_overridable`, which names what to override instead.
"""

from __future__ import annotations

import dataclasses
import difflib
import dis
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache, cached_property, partial
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any, ClassVar, Self, TypeGuard, TypeVar
from weakref import WeakSet

__all__ = ["Extensible", "mentioned", "not_overridable", "overrides", "shipped", "unchanged", "unused_fields"]

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_NEAR = 0.87
"""From this similarity on, one name is likely a misspelling of another (1 means equal)."""

_NUMBERS = re.compile(r"^(?!.*ClassVar).*\b(int|float|bool|Array|ArrayLike|ndarray)\b")

_DECLARED: WeakSet[type] = WeakSet()
"""The classes of which an object has been made."""


def not_overridable(instead: str) -> Callable[[F], F]:
    """A decorator for a method that a subclass cannot override; ``instead`` says what to do, e.g. "override pattern".

    It goes below ``property``, ``cached_property``, ``staticmethod`` or ``classmethod``.
    """

    def mark(function: F) -> F:
        function.__instead__ = instead  # type: ignore[attr-defined]
        return function

    return mark


def overrides(cls: type, base: type, *names: str) -> tuple[str, ...]:
    """The attributes among ``names`` that ``cls`` does not have from ``base``."""
    found = inspect.getattr_static
    return tuple(name for name in names if found(cls, name, None) is not found(base, name, None))


def unchanged(value: object, *kinds: type[T]) -> TypeGuard[T]:
    """Whether ``value`` is an object of one of these dataclasses, or of a subclass that overrides none of its methods.

    What is known about a class in closed form holds for these objects, and for no others.
    """
    return type(value) in kinds or any(isinstance(value, k) and _keeps(type(value), k) for k in kinds)  # type: ignore[arg-type]


@cache
def _keeps(cls: Any, kind: type) -> bool:
    """Whether ``cls`` has the methods of its base ``kind``."""
    return not overrides(cls, kind, *_methods(kind))


def _methods(kind: type) -> tuple[str, ...]:
    """The methods and properties of a dataclass, inherited ones too, but not those that Python calls, save __call__."""
    bodies = [vars(base) for base in kind.__mro__ if base is not object]
    found = {name for body in bodies for name, value in body.items() if callable(_function(value))}
    fields = {field.name for field in dataclasses.fields(kind)}
    return tuple(sorted(name for name in found - fields if name == "__call__" or not name.startswith("__")))


class Extensible:
    """A base class whose subclasses define nothing that is ignored.

    Raises
    ------
    TypeError
        When a class is made that overrides a method marked by :func:`not_overridable`; that adds one of ``hooks``, or
        a public method with nearly such a name, although nothing calls it.  When the first object of a class is made
        that declares fields, or new defaults of fields, without a ``@dataclass`` of its own.
    """

    hooks: ClassVar[frozenset[str]] = frozenset()
    """The names of methods and constants that some class of this family asks for."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for mixin in cls.__mro__:
            if mixin is cls or not (issubclass(mixin, Extensible) or shipped(mixin) or mixin is object):
                for name in vars(mixin):
                    _refuse_marked(cls, mixin, name)
        for name in vars(cls):
            if not (name.startswith("_") or shipped(cls) or "hooks" in vars(cls)):
                _refuse_uncalled(cls, name)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:  # noqa: ARG004 - they are those of __init__
        if cls not in _DECLARED:
            _refuse_undeclared(cls)
            _DECLARED.add(cls)
        return super().__new__(cls)


def _refuse_marked(cls: type, mixin: type, name: str) -> None:
    """Refuse an attribute of ``cls``, or of a class it mixes in, that overrides a method marked as not overridable."""
    for base in cls.__mro__[cls.__mro__.index(mixin) + 1 :]:
        if name in vars(base):
            instead = getattr(_function(vars(base)[name]), "__instead__", None)
            if instead is not None:
                why = f"which nothing would call: {base.__name__} decides without it; {instead}"
                raise TypeError(f"{cls.__name__} overrides {name}, {why}")
            return


def _refuse_uncalled(cls: type[Extensible], name: str) -> None:
    """Refuse an attribute that no base has and nothing calls, if its name is, or nearly is, one with a meaning."""
    inherited = (name in vars(base) or name in vars(base).get("__annotations__", ()) for base in cls.__mro__[1:])
    routine = inspect.isroutine(_function(vars(cls)[name]))
    if any(inherited) or name in mentioned(cls) or (not routine and _hands_itself_on(cls)):
        return
    parent = cls.__mro__[1]
    if name in cls.hooks:
        asked = ", ".join(sorted(n for base in cls.__mro__[1:] for n in getattr(base, "__abstractmethods__", ())))
        hint = f"a subclass of {parent.__name__} defines {asked}" if asked else f"{parent.__name__} has no such method"
        raise TypeError(f"{cls.__name__} defines {name}, which nothing would call: {hint}")
    if routine:
        known = {*cls.hooks, *(n for n in dir(parent) if not n.startswith("_"))}
        near = next(iter(difflib.get_close_matches(name, known, 1, _NEAR)), name)
        if near.rstrip("s") != name.rstrip("s"):
            raise TypeError(f"{cls.__name__} defines {name}, which nothing would call: did you mean {near}?")


def _refuse_undeclared(cls: type) -> None:
    """Refuse a class that declares fields, or defaults of its parents' fields, without a ``@dataclass`` of its own."""
    for klass in (k for k in cls.__mro__ if issubclass(k, Extensible) and not (shipped(k) or "hooks" in vars(k))):
        body, bases = vars(klass), klass.__mro__[1:]
        fields = {field.name for base in bases if dataclasses.is_dataclass(base) for field in dataclasses.fields(base)}
        kinds = {name: "ClassVar" in str(kind) for name, kind in body.get("__annotations__", {}).items()}
        if "__dataclass_fields__" in body:
            slots = {name for name in body if inspect.ismemberdescriptor(body[name])}
            ignored = [name for name in body if name in fields and name not in kinds.keys() | slots]
        else:
            constants = {name for base in bases for name in vars(base)} & body.keys() - fields
            new = [name for name, constant in kinds.items() if not constant and name not in constants]
            ignored = [*new, *(name for name in body if name in fields)]
        for name in ignored:
            line = f"{name} = {body[name]!r}" if name in body else name
            raise TypeError(
                f"{klass.__name__} declares {line}, which would be ignored: it is no field of this class yet; write "
                f"@dataclass(frozen=True) above the class, and {name}: <type> = <default> in it"
            )


def unused_fields(cls: type) -> list[str]:
    """The fields of numbers that classes outside this package declare and no method uses; none if one gets ``self``."""
    own = [base for base in cls.__mro__ if issubclass(base, Extensible) and not shipped(base)]
    kinds = {name: str(kind) for base in own for name, kind in vars(base).get("__annotations__", {}).items()}
    members = [(name, _function(value)) for base in cls.__mro__ for name, value in vars(base).items()]
    bodies = [f.__code__ for name, f in members if isinstance(f, FunctionType) and not _generated(name, f)]
    known = {name for base in cls.__mro__ if shipped(base) for name in vars(base)}
    known |= {name for body in bodies for name in (*_names(body), *body.co_varnames[: body.co_argcount])}
    unused = [name for name, kind in kinds.items() if name not in known and _NUMBERS.search(kind)]
    return unused if unused and not _hands_itself_on(cls) else []


def _hands_itself_on(cls: type) -> bool:
    """Whether a method of a class outside this package hands its object to a function, which may use any field."""
    members = [pair for base in cls.__mro__ if not (shipped(base) or base is object) for pair in vars(base).items()]
    bodies = [f.__code__ for name, f in ((name, _function(value)) for name, value in members)
              if isinstance(f, FunctionType) and not _generated(name, f)]  # fmt: skip
    return any(_hands_on(body, body.co_varnames[:1]) for body in bodies)


def _hands_on(code: CodeType, first: tuple[str, ...]) -> bool:
    """Whether a function does anything with its first argument but ask for an attribute."""
    lines = list(dis.get_instructions(code))
    uses = [after.opname for line, after in pairwise(lines) if line.opname.startswith("LOAD_") and line.argval in first]
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    closed = {"LOAD_ATTR", "LOAD_METHOD", "LOAD_CLOSURE", "BUILD_TUPLE"}
    return not closed.issuperset(uses) or any(_hands_on(code, first) for code in inner)


def shipped(cls: type) -> bool:
    """Whether a class is one of this package."""
    return f"{cls.__module__}.".startswith("regretlab.")


def mentioned(cls: type) -> set[str]:
    """The names that the functions of ``cls`` mention, and those of its bases outside this package."""
    classes = [cls, *(base for base in cls.__mro__[1:] if not shipped(base))]
    members = [(name, _function(value)) for klass in classes for name, value in vars(klass).items()]
    bodies = [f.__code__ for name, f in members if isinstance(f, FunctionType) and not _generated(name, f)]
    return {name for body in bodies for name in _names(body)}


def _generated(name: str, function: FunctionType) -> bool:
    """Whether ``@dataclass`` has written a function; it mentions each field."""
    return name.startswith("__") and function.__code__.co_filename in ("<string>", dataclasses.__file__)


def _names(code: CodeType) -> Iterator[str]:
    """The global and attribute names in a code object and the functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
        elif isinstance(constant, str):  # getattr(self, "sample")
            yield constant


def _function(value: Any) -> Any:
    """The function behind a property, a cached property, a static or class method, or a partial."""
    if isinstance(value, property):
        return value.fget
    if isinstance(value, cached_property):
        return value.func
    if isinstance(value, staticmethod | classmethod):
        return value.__func__
    return value.func if isinstance(value, partial) else value

"""Fields of a user's class that decide nothing, because none of its methods reads them."""

from __future__ import annotations

import dataclasses
import dis
from collections.abc import Iterator
from functools import cache, cached_property
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any

from regretlab._utils.extending import shipped

__all__ = ["refuse_unused_fields"]

_BY_NAME = {"vars", "fields", "asdict", "astuple", "getattr", "replace", "__dict__"}
_WRITTEN = {"__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__replace__", "__getstate__"}
_WRITTEN |= {"__setstate__", "__lt__", "__le__", "__gt__", "__ge__"}
"""What the decorator ``dataclass`` writes."""

_OF_SELF = {"LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "LOAD_SUPER_ATTR", "LOAD_SUPER_METHOD"}


@cache
def refuse_unused_fields(cls: Any) -> None:
    """``TypeError`` for a field that a user adds to a class and none of the user's methods reads; a text is a label.

    In doubt, as when a method passes ``self`` on, a field counts as read.
    """
    if not hasattr(cls, "__dataclass_fields__"):
        return
    users = [base for base in cls.__mro__ if not shipped(base) and base is not object]
    bodies = [value for base in users for name, value in vars(base).items() if name not in _WRITTEN]
    codes = [(body, f.__code__) for body in bodies if isinstance(f := _function(body), FunctionType)]
    if any(not vars(base)["__dataclass_params__"].init for base in users if "__dataclass_params__" in vars(base)):
        return
    read = {name for _, code in codes for name in _names(code)}
    if read & _BY_NAME or any(_passes_on(code) for body, code in codes if not isinstance(body, staticmethod)):
        return
    # what a base of regretlab has under this name, its methods ask for: a dimension, a link
    known = {name for base in cls.__mro__ if shipped(base) for name in (*vars(base), *_fields_of(base))}
    for field in dataclasses.fields(cls):
        if not (field.name in known | read or field.type in (str, "str") or isinstance(field.default, str)):
            raise TypeError(
                f"{cls.__name__} has the field {field.name}, which decides nothing: none of its methods reads it"
            )


def _fields_of(cls: type[Any]) -> tuple[str, ...]:
    return tuple(vars(cls).get("__dataclass_fields__", ()))


def _function(value: Any) -> Any:
    """The function behind a property, a cached property, a static method or a class method."""
    if isinstance(value, property | cached_property):
        return value.fget if isinstance(value, property) else value.func
    return value.__func__ if isinstance(value, staticmethod | classmethod) else value


def _names(code: CodeType) -> Iterator[str]:
    """The names in a code object and in the functions inside it, those in texts included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
        elif isinstance(constant, str):
            yield constant


def _passes_on(code: CodeType) -> bool:
    """Whether a method may give its first argument to another function, which may read any field."""
    own = code.co_varnames[:1]
    if not own or own[0] in code.co_cellvars:
        return True
    loads = [(one, two) for one, two in pairwise(dis.get_instructions(code)) if one.opname.startswith("LOAD_FAST")]
    return any(own[0] in (one.argval, *_pair(one.argval)) and two.opname not in _OF_SELF for one, two in loads)


def _pair(argument: object) -> tuple[object, ...]:
    """The variables that an instruction loads, if it loads several."""
    return argument if isinstance(argument, tuple) else ()

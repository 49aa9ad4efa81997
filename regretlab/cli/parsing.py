"""Learners, loss sequences and sets from one-line texts, as they are typed in a shell.

A text is ``name:values``, for instance ``adam:alpha=0.5,beta1=0,beta2=0.1`` or
``box:-1,1``: the name of a class, then its fields, in order or by keyword.

* Names of this package are found in the ``__all__`` of its modules; case does
  not matter.  A dotted name is imported, e.g. ``mymodule.Sawtooth:p=5``.
* Values are numbers (``1/10`` and ``10**6`` too), strings, lists, and schedules,
  links or other parts written as calls: ``beta1=geometric(0.9, ratio=0.99)``.

Texts are parsed, never evaluated as Python.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from regretlab import learners, losses, schedules, sets
from regretlab._utils.types import ArrayLike
from regretlab._utils.validation import nearest
from regretlab.learners import Learner
from regretlab.losses import Losses, PointwiseLoss
from regretlab.schedules import Schedule
from regretlab.sets import FeasibleSet

__all__ = ["KINDS", "LEARNERS", "LINKS", "LOSSES", "SCHEDULES", "SETS", "Kind", "point_from", "values_from"]


class Kind(NamedTuple):
    """What is described by texts of the same kind, and the module that lists the classes there are."""

    noun: str
    base: type[Any]
    module: ModuleType
    template: str = "{}:{}"

    def classes(self) -> dict[str, type[Any]]:
        """The classes to choose from by lower-case name: dataclasses that can be instantiated."""
        listed = (getattr(self.module, name) for name in sorted(self.module.__all__, key=str.lower))
        return {cls.__name__.lower(): cls for cls in listed if _is_concrete(cls, self.base)}

    def texts(self) -> dict[str, str]:
        """What to type for each class, with the defaults of its fields, and what its docstring opens with."""
        classes = self.classes().values()
        return {self.template.format(cls.__name__, _fields(cls)).rstrip(":"): _opening(cls) for cls in classes}

    def read(self, text: str) -> Any:
        """The part that ``text`` describes.

        Raises
        ------
        ValueError
            For a name or a field that is not there, with the nearest that is; for a
            text that cannot be read; or for values that the class does not take.
        """
        parts = re.fullmatch(r"([^:(]*)(?::(.*)|\((.*)\))?", text.strip(), re.DOTALL)
        call = _parsed(f"_({parts[2] or parts[3] or ''})", text) if parts else None
        if parts is None or not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            raise ValueError(_UNREADABLE.format(text))
        name = parts[1].strip()
        part = _made(name, call, [self])
        if not isinstance(part, self.base):
            raise ValueError(f"{name} is not a {self.noun} but of type {type(part).__name__}")
        return part


LEARNERS = Kind("learner", Learner, learners)
LOSSES = Kind("loss sequence", Losses, losses)
SETS = Kind("set", FeasibleSet, sets)
SCHEDULES = Kind("schedule", Schedule, schedules, "{}({})")
LINKS = Kind("link", PointwiseLoss, losses, "{}({})")
KINDS = (LEARNERS, LOSSES, SETS, SCHEDULES, LINKS)

_VALUES = (SCHEDULES, LINKS, LEARNERS, LOSSES, SETS)
_UNREADABLE = "cannot read {!r}: write name:value,... or name:field=value,..."
_NUMBERS = {"inf": math.inf, "nan": math.nan, "pi": math.pi}
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


def point_from(text: str) -> ArrayLike:
    """The point that ``text`` describes, ``0.5``, ``0.5,-1`` or ``[0.5,-1]``; ``ValueError`` for anything else."""
    try:
        return np.asarray(_value(_parsed(text, text)), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"cannot read the point {text!r}: write a number or a list such as [0.5,-1]") from error


def values_from(text: str) -> list[Any]:
    """The values of a list such as ``0.1,0.5`` or ``constant(0.1),0.1``; ``0:1:11`` is 11 evenly spaced numbers."""
    try:
        low, high, n = (_value(_parsed(part, part)) for part in text.split(":"))
        return np.linspace(low, high, n).tolist()  # type: ignore[no-any-return]
    except (TypeError, ValueError):
        return [_value(item) for item in getattr(_parsed(f"[{text}]", text), "elts", ())]


# -- reading ---------------------------------------------------------------------------


def _parsed(source: str, text: str) -> ast.expr:
    try:
        return ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise ValueError(_UNREADABLE.format(text)) from error


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None as constant):
            return constant
        case ast.List(elts=items):
            return [_value(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(_value(item) for item in items)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _computed(node, op, operand)
        case ast.BinOp(op=op, left=left, right=right) if type(op) in _OPERATORS:
            return _computed(node, op, left, right)
        case ast.Name(id=name) if name in _NUMBERS:
            return _NUMBERS[name]
        case ast.Name() | ast.Attribute():
            return _made(ast.unparse(node), None, _VALUES)
        case ast.Call(func=ast.Name() | ast.Attribute() as function):
            return _made(ast.unparse(function), node, _VALUES)
    raise ValueError(f"cannot read {ast.unparse(node)!r}: a value is a number, a list or a call like constant(0.1)")


def _computed(node: ast.expr, op: ast.AST, *operands: ast.expr) -> Any:
    try:
        return _OPERATORS[type(op)](*(_value(operand) for operand in operands))
    except (TypeError, ArithmeticError) as error:
        raise ValueError(f"cannot compute {ast.unparse(node)}: {error}") from error


def _made(name: str, call: ast.Call | None, kinds: Sequence[Kind]) -> Any:
    """What is called ``name``; a class or function with the values of ``call``, a class without them too."""
    thing = _imported(name) if "." in name else _found(name, kinds)
    if not isinstance(thing, type) and (call is None or not (call.args or call.keywords)):
        return thing
    if not callable(thing):
        raise ValueError(f"{name} takes no values: it is of type {type(thing).__name__}")
    args = [_value(node) for node in call.args] if call else []
    keywords: dict[str, Any] = {}
    for keyword in call.keywords if call else []:
        if keyword.arg is None or keyword.arg in keywords:
            raise ValueError(f"{name}: {ast.unparse(keyword)!r} is out of place or given twice")
        keywords[keyword.arg] = _value(keyword.value)
    try:
        _check_fields(inspect.signature(thing), args, keywords)
        return thing(*args, **keywords)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ValueError(f"{name}: {error}") from error


def _check_fields(signature: inspect.Signature, args: list[Any], keywords: Mapping[str, Any]) -> None:
    fields = signature.parameters
    if not any(field.kind is field.VAR_KEYWORD for field in fields.values()):
        for key in keywords:
            if key not in fields:
                raise ValueError(f"there is no field {key!r}{nearest(key, fields)}")
    try:
        signature.bind(*args, **keywords)
    except TypeError as error:
        raise ValueError(f"{error}; the fields are: {', '.join(fields) or 'none'}") from error


def _found(name: str, kinds: Sequence[Kind]) -> type[Any]:
    for kind in kinds:
        if name.lower() in kind.classes():
            return kind.classes()[name.lower()]
    noun = kinds[0].noun if len(kinds) == 1 else "number, schedule or link"
    for other in KINDS:
        if name.lower() in other.classes():
            raise ValueError(f"{name} is a {other.noun}, not a {noun}")
    names = [cls.__name__ for kind in kinds[:2] for cls in kind.classes().values()]
    raise ValueError(f"there is no {noun} {name!r}{nearest(name, names)}")


def _imported(name: str) -> Any:
    module_name, _, attribute = name.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # whatever a module does when it is imported
        raise ValueError(f"{name}: importing {module_name} failed: {type(error).__name__}: {error}") from error
    if not hasattr(module, attribute):
        public = [key for key in vars(module) if not key.startswith("_")]
        where = getattr(module, "__file__", None) or module_name
        raise ValueError(f"there is no {attribute!r} in {where}{nearest(attribute, public)}")
    return getattr(module, attribute)


# -- what there is ---------------------------------------------------------------------


def _is_concrete(cls: Any, base: type[Any]) -> bool:
    if not (isinstance(cls, type) and issubclass(cls, base) and dataclasses.is_dataclass(cls)):
        return False
    return not inspect.isabstract(cls) and (not issubclass(cls, learners.Algorithm1) or hasattr(cls, "rule"))


def _fields(cls: type[Any]) -> str:
    """``alpha=0.1,beta1=0.9``; a field without a default is ``values=...``."""
    return ",".join(f"{field.name}={_default(field)}" for field in dataclasses.fields(cls) if field.init)


def _default(field: dataclasses.Field[Any]) -> str:
    missing = dataclasses.MISSING
    value = field.default if field.default_factory is missing else field.default_factory()
    if value is missing:
        return "..."
    return f"{value.__module__}.{value.__name__}" if hasattr(value, "__name__") else repr(value)


def _opening(cls: type[Any]) -> str:
    """The first paragraph of the docstring, a formula as a rule, in one line."""
    return " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())

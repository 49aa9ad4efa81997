"""Learners, loss sequences and sets from the one-line texts that are typed in a shell.

A text is ``name:values``, for instance ``adam:alpha=0.5,beta1=0,beta2=0.1`` or
``box:-1,1``: the name of a class, then the values of its fields, in order or by keyword.

* A name is one in the ``__all__`` of a module of this package, in upper or lower case;
  or a dotted name, which is imported: ``mymodule.Sawtooth:p=5``.
* Values are numbers (``1/10`` and ``10**6`` too), strings, lists, and schedules,
  pointwise losses or other parts written as calls: ``beta1=geometric(0.9, ratio=0.99)``.

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

__all__ = ["KINDS", "LEARNERS", "LOSSES", "POINTWISE_LOSSES", "SCHEDULES", "SETS", "Kind", "point_from", "values_from"]


class Kind(NamedTuple):
    """One kind of objects that texts describe: learners, loss sequences, sets, schedules or pointwise losses.

    ``base`` is the class from which all derive.  ``module`` lists them in its ``__all__``.  ``template``
    is a format string for what to type, from the name of a class and its fields.
    """

    noun: str
    plural: str
    base: type[Any]
    module: ModuleType
    template: str = "{}:{}"

    def classes(self) -> dict[str, type[Any]]:
        """The public classes of this kind that can be instantiated, by name in lower case."""
        listed = (getattr(self.module, name) for name in sorted(self.module.__all__, key=str.lower))
        return {cls.__name__.lower(): cls for cls in listed if _is_concrete(cls, self.base)}

    def listing(self) -> dict[str, str]:
        """What to type for each class, with the defaults of its fields, and the first paragraph of its docstring."""
        classes = self.classes().values()
        return {self.template.format(cls.__name__, _fields(cls)).rstrip(":"): _opening(cls) for cls in classes}

    def read(self, text: str) -> Any:
        """The object that ``text`` describes.

        Raises
        ------
        ValueError
            If a name or a field does not exist (the message has the nearest one that does), the
            text cannot be parsed, or the class refuses the values.
        """
        unreadable = f"cannot read {text!r}: write name:value,... or name:field=value,..."
        parts = re.fullmatch(r"([^:(]*)(?::(.*)|\((.*)\))?", text.strip(), re.DOTALL)
        call = _parsed(f"_({parts[2] or parts[3] or ''})", unreadable) if parts else None
        if parts is None or not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            raise ValueError(unreadable)
        name = parts[1].strip()
        part = _made(name, call, [self])
        if not isinstance(part, self.base):
            raise ValueError(f"{name} is not a {self.noun} but of type {type(part).__name__}")
        return part


LEARNERS = Kind("learner", "learners", Learner, learners)
LOSSES = Kind("loss sequence", "loss sequences", Losses, losses)
SETS = Kind("set", "sets", FeasibleSet, sets)
SCHEDULES = Kind("schedule", "schedules", Schedule, schedules, "{}({})")
POINTWISE_LOSSES = Kind("pointwise loss", "pointwise losses", PointwiseLoss, losses, "{}({})")
KINDS = (LEARNERS, LOSSES, SETS, SCHEDULES, POINTWISE_LOSSES)

_VALUES = (SCHEDULES, POINTWISE_LOSSES, LEARNERS, LOSSES, SETS)  # the kinds a value may be of, looked up in this order
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
    unreadable = f"cannot read the point {text!r}: write a number or a list such as [0.5,-1]"
    try:
        return np.asarray(_value(_parsed(text, unreadable)), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(unreadable) from error


def values_from(text: str) -> list[Any]:
    """The values of a list such as ``0.1,0.5`` or ``constant(0.1),0.1``; ``0:1:11`` is 11 evenly spaced numbers.

    ``ValueError`` for anything else.
    """
    unreadable = f"cannot read {text!r}: write a list such as 0.1,0.5, or low:high:number"
    try:
        low, high, n = (_value(_parsed(number, unreadable)) for number in text.split(":"))
        return np.linspace(low, high, n).tolist()  # type: ignore[no-any-return]
    except (TypeError, ValueError):
        return [_value(item) for item in getattr(_parsed(f"[{text}]", unreadable), "elts", ())]


# -- reading ---------------------------------------------------------------------------


def _parsed(source: str, unreadable: str) -> ast.expr:
    """The syntax tree of an expression; ``ValueError`` with the message ``unreadable`` for any other text."""
    try:
        return ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise ValueError(unreadable) from error


def _value(node: ast.expr) -> Any:
    """The value of an expression: a number, string, list or tuple, or an object made by a call."""
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
    """The value of ``node``, the operation ``op`` on the operands."""
    try:
        return _OPERATORS[type(op)](*(_value(operand) for operand in operands))
    except (TypeError, ArithmeticError) as error:
        raise ValueError(f"cannot compute {ast.unparse(node)}: {error}") from error


def _made(name: str, call: ast.Call | None, kinds: Sequence[Kind]) -> Any:
    """The object called ``name``: a class or function is called with the values of ``call``.

    Without values a class is instantiated with its defaults, and a function is returned as it is.
    """
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
    """Raise ``ValueError`` unless the values fit the signature; the message names the fields."""
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
    """The class of this package called ``name``, of the first of ``kinds`` that has one; else ``ValueError``."""
    for kind in kinds:
        if name.lower() in kind.classes():
            return kind.classes()[name.lower()]
    noun = kinds[0].noun if len(kinds) == 1 else "number, schedule or pointwise loss"
    for other in KINDS:
        if name.lower() in other.classes():
            raise ValueError(f"{name} is a {other.noun}, not a {noun}")
    names = [cls.__name__ for kind in kinds[:2] for cls in kind.classes().values()]
    raise ValueError(f"there is no {noun} {name!r}{nearest(name, names)}")


def _imported(name: str) -> Any:
    """The attribute of a module that a dotted name stands for; ``ValueError`` if there is none."""
    module_name, _, attribute = name.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # a module may raise anything while it is imported
        raise ValueError(f"{name}: importing {module_name} failed: {type(error).__name__}: {error}") from error
    if not hasattr(module, attribute):
        public = [key for key in vars(module) if not key.startswith("_")]
        where = getattr(module, "__file__", None) or module_name
        raise ValueError(f"there is no {attribute!r} in {where}{nearest(attribute, public)}")
    return getattr(module, attribute)


# -- listing ---------------------------------------------------------------------------


def _is_concrete(cls: Any, base: type[Any]) -> bool:
    """Whether ``cls`` is a dataclass derived from ``base`` that can be instantiated."""
    if not (isinstance(cls, type) and issubclass(cls, base) and dataclasses.is_dataclass(cls)):
        return False
    return not inspect.isabstract(cls) and (not issubclass(cls, learners.Algorithm1) or hasattr(cls, "rule"))


def _fields(cls: type[Any]) -> str:
    """The fields with their defaults, ``alpha=0.1,beta1=0.9``; one without a default is ``values=...``."""
    return ",".join(f"{field.name}={_default(field)}" for field in dataclasses.fields(cls) if field.init)


def _default(field: dataclasses.Field[Any]) -> str:
    """The default of a field as it is typed, or ``...`` if it has none."""
    missing = dataclasses.MISSING
    value = field.default if field.default_factory is missing else field.default_factory()
    if value is missing:
        return "..."
    return f"{value.__module__}.{value.__name__}" if hasattr(value, "__name__") else repr(value)


def _opening(cls: type[Any]) -> str:
    """The first paragraph of the docstring, which is usually a formula, in one line."""
    return " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())

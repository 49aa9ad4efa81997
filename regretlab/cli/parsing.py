"""Learners, loss sequences and sets from the one-line texts that are typed in a shell.

A text is ``name:values``, for instance ``adam:alpha=0.5,beta1=0,beta2=0.1`` or
``box:-1,1``: the name of a class, then the values of its fields, in order or by keyword.

* A name is one in the ``__all__`` of a module of this package, in upper or lower case; or a dotted name,
  ``mymodule.Sawtooth:p=5``: a class in a module of the current folder or of an installed package, which is imported.
* Values are numbers (``1/10`` and ``10**6`` too), strings, lists, and schedules,
  pointwise losses or other parts written as calls: ``beta1=geometric(0.9, ratio=0.99)``.

Texts are parsed, never evaluated as Python: nothing is called but a class that is a learner, a loss sequence, a set, a
schedule or a pointwise loss.  Length, depth, lists and powers have bounds, so that reading a text ends at once.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import math
import operator
import re
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from regretlab import learners, losses, schedules, sets
from regretlab._utils.messages import one_line
from regretlab._utils.types import ArrayLike
from regretlab._utils.validation import nearest
from regretlab.learners import Learner
from regretlab.losses import Losses, PointwiseLoss
from regretlab.schedules import Schedule
from regretlab.sets import FeasibleSet

__all__ = [
    "KINDS",
    "LEARNERS",
    "LOSSES",
    "POINTWISE_LOSSES",
    "SCHEDULES",
    "SETS",
    "Kind",
    "check_size",
    "import_from_here",
    "point_from",
    "values_from",
]

_LONGEST, _DEEPEST, _ENTRIES = 20_000, 50, 100_000
"""Bounds on the characters of a text, the depth of its syntax tree and the entries of its lists."""

_LARGEST = dict.fromkeys(("classes", "d", "dimension"), 100_000) | {"batch": 10**6, "period": 10**7, "n": 1_000}
"""Bounds on the fields of this package's classes that decide how much memory a game takes."""


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
        return _classes(self)

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
        unreadable = f"cannot read {_short(text)!r}: write name:value,... or name:field=value,..."
        parts = re.fullmatch(r"([^:(]*)(?::(.*)|\((.*)\))?", text.strip(), re.DOTALL)
        name = parts[1].strip() if parts else ""
        self._check_name(name, text)
        call = _parsed(f"_({parts[2] or parts[3] or ''})", unreadable) if parts else None
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            raise ValueError(unreadable)
        return _made(name, call, [self])

    def _check_name(self, name: str, text: str) -> None:
        """``ValueError`` for what cannot be a name, and for module:Class, which is written module.Class."""
        if not re.fullmatch(r"[\w.-]{0,200}", name):
            raise ValueError(f"cannot read {_short(text)!r}: {_short(name)!r} is not the name of a {self.noun}")
        other = re.match(rf"{re.escape(name)}\s*:\s*([^\W\d]\w*)\s*(?=[:(]|$)", text.strip())
        if other and name.isidentifier() and not any(name.lower() in kind.classes() for kind in KINDS):
            raise ValueError(f"there is no {self.noun} {name!r}; did you mean {name}.{other[1]}?")


@cache
def _classes(kind: Kind) -> dict[str, type[Any]]:
    listed = (getattr(kind.module, name) for name in sorted(kind.module.__all__, key=str.lower))
    return {cls.__name__.lower(): cls for cls in listed if _is_concrete(cls, kind.base)}


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
    wanted = "write a number or a list such as [0.5,-1]"
    try:
        value = _value(_parsed(text, wanted))
        if not all(map(_is_number, value if isinstance(value, list | tuple) and value else [value])):
            raise ValueError(wanted)
    except ValueError as error:
        raise ValueError(f"cannot read the point {_short(text)!r}: {error}") from error
    return np.asarray(value, dtype=np.float64)


def values_from(text: str) -> list[Any]:
    """The values of a list such as ``0.1,0.5`` or ``constant(0.1),0.1``; ``0:1:11`` is 11 evenly spaced numbers.

    A range is of integers where its ends and its step are, ``0:3:4`` for instance.  ``ValueError`` for anything else.
    """
    wanted = "write a list such as 0.1,0.5, or a range low:high:number, such as 0:1:11"
    unreadable = f"cannot read {_short(text)!r}: {wanted}"
    try:
        items = _parsed(f"[{text}]", unreadable)
    except ValueError:
        if ":" not in text:
            raise
        return _range(text)
    if not isinstance(items, ast.List):
        raise ValueError(unreadable)
    return [_value(item) for item in items.elts]


def _range(text: str) -> list[Any]:
    """The numbers low, ..., high of a range ``low:high:number``."""
    unreadable = f"cannot read {_short(text)!r}: a range is low:high:number, such as 0:1:11"
    parts = [_value(_parsed(part, unreadable)) for part in text.split(":")]
    if len(parts) != 3 or not all(map(_is_number, parts)):
        raise ValueError(unreadable)
    low, high, n = parts
    if not (isinstance(n, int) and 1 <= n <= _ENTRIES):
        raise ValueError(f"{unreadable}; the number is an integer from 1 to {_ENTRIES:,}")
    if not _is_finite(high - low):
        raise ValueError(f"{unreadable}; low and high are finite")
    if isinstance(low, int) and isinstance(high, int) and (n == 1 or (high - low) % (n - 1) == 0):
        return [low + i * ((high - low) // max(1, n - 1)) for i in range(n)]
    return np.linspace(float(low), float(high), n).tolist()  # type: ignore[no-any-return]


# -- reading ---------------------------------------------------------------------------


def _short(text: str) -> str:
    """The text, or its beginning if it is long."""
    return text if len(text) <= 200 else f"{text[:200]}..."


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _parsed(source: str, unreadable: str) -> ast.expr:
    """The syntax tree of an expression; ``ValueError`` with the message ``unreadable`` for any other text."""
    if len(source) > _LONGEST:
        raise ValueError(f"a text has at most {_LONGEST:,} characters, and this one {len(source):,}: write a class")
    try:
        with warnings.catch_warnings():  # of strings such as '\d'
            warnings.simplefilter("ignore")
            tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(unreadable) from error
    level: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise ValueError(f"cannot read {_short(source)!r}: it is nested more than {_DEEPEST} deep")
    return tree


def _value(node: ast.expr) -> Any:
    """The value of an expression: a number, string, list or tuple, or an object made by a call."""
    value = _read(node)
    if isinstance(node, ast.Constant) and _is_number(value) and not _is_finite(value):
        raise ValueError("cannot read a number that is larger than the largest float, 1.8e308")
    if isinstance(value, list | tuple) and _entries(value) > _ENTRIES:
        raise ValueError(f"{_short(ast.unparse(node))!r} has more than {_ENTRIES:,} entries: write a class")
    return value


def _read(node: ast.expr) -> Any:
    """The value of an expression, of any size."""
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
    shown = _short(ast.unparse(node))
    raise ValueError(f"cannot read {shown!r}: a value is a number, a list or a call like constant(0.1)")


def _computed(node: ast.expr, op: ast.AST, *operands: ast.expr) -> Any:
    """The value of ``node``, the operation ``op`` on numbers or lists."""
    values, problem = [_value(operand) for operand in operands], f"cannot compute {_short(ast.unparse(node))}"
    lists = [value for value in values if isinstance(value, list | tuple)]
    if lists and not _is_fine_for_lists(op, values):
        raise ValueError(f"{problem}: lists are joined, [1]+[2], or repeated, [1]*3, up to {_ENTRIES:,} entries")
    if not lists and not all(map(_is_number, values)):
        raise ValueError(f"{problem}: + - * / and ** are for numbers")
    if isinstance(op, ast.Pow) and _bits(*values) > sys.float_info.max_exp:
        raise ValueError(f"{problem}: it is larger than the largest float")
    try:
        value = _OPERATORS[type(op)](*values)
    except ArithmeticError as error:
        raise ValueError(f"{problem}: {error}") from error
    if isinstance(value, complex) or value != value:
        raise ValueError(f"{problem}: it is not a real number")
    if not lists and all(map(_is_finite, values)) and not _is_finite(value):
        raise ValueError(f"{problem}: it is larger than the largest float")
    return value


def _is_fine_for_lists(op: ast.AST, values: Sequence[Any]) -> bool:
    """Whether ``op`` joins two lists, or repeats a list so often that it stays within the bound."""
    kinds = {type(value) for value in values}
    if isinstance(op, ast.Add):
        return len(values) == 2 and len(kinds) == 1
    if not (isinstance(op, ast.Mult) and kinds in ({list, int}, {tuple, int})):
        return False
    times, items = values if isinstance(values[0], int) else reversed(values)
    return bool(times * len(items) <= _ENTRIES)


def _bits(base: Any, exponent: Any) -> int:
    """The number of bits of base ** exponent, rounded down; 0 unless both are integers."""
    integers = isinstance(base, int) and isinstance(exponent, int)
    return exponent * (abs(base).bit_length() - 1) if integers else 0


def _is_finite(number: float) -> bool:
    return -sys.float_info.max <= number <= sys.float_info.max


def _entries(value: Sequence[Any]) -> int:
    """The number of entries of a list of lists; the count stops above the largest allowed one."""
    total = 0
    for item in value:
        total += 1 + (_entries(item) if isinstance(item, list | tuple) else 0)
        if total > _ENTRIES:
            break
    return total


def _made(name: str, call: ast.Call | None, kinds: Sequence[Kind]) -> Any:
    """The object called ``name``, of one of ``kinds``: a class is called with the values of ``call``, if any."""
    thing = _imported(name, kinds) if "." in name else _found(name, kinds)
    args = [_value(node) for node in call.args] if call else []
    keywords: dict[str, Any] = {}
    for keyword in call.keywords if call else []:
        if keyword.arg is None or keyword.arg in keywords:
            raise ValueError(f"{name}: {_short(ast.unparse(keyword))!r} is out of place or given twice")
        keywords[keyword.arg] = _value(keyword.value)
    if not isinstance(thing, type):
        if args or keywords:
            raise ValueError(f"{name} takes no values: it is of type {type(thing).__name__}, not a class")
        return thing
    try:
        _check_fields(thing, args, keywords)
        return thing(*args, **keywords)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ValueError(f"{name}: {error}") from error
    except Exception as error:  # a class of one's own may raise anything
        raise ValueError(f"{name}: {one_line(error)}") from error


def _check_fields(cls: type[Any], args: list[Any], keywords: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` unless the values fit the fields of a class; the message names the fields."""
    signature = inspect.signature(cls)
    fields = signature.parameters
    if not any(field.kind is field.VAR_KEYWORD for field in fields.values()):
        for key in keywords:
            if key not in fields:
                raise ValueError(f"there is no field {key!r}{nearest(key, fields)}")
    try:
        values = signature.bind(*args, **keywords).arguments
    except TypeError as error:
        raise ValueError(f"{error}; the fields are: {', '.join(fields) or 'none'}") from error
    for name, value in values.items():
        check_size(cls, name, value)


def check_size(cls: type[Any], name: str, value: object) -> None:
    """``ValueError`` for a field of a class of this package that is too large for the memory."""
    largest = _LARGEST.get(name, math.inf) if cls.__module__.startswith("regretlab.") else math.inf
    if isinstance(value, int | float) and value > largest and name in inspect.signature(cls).parameters:
        raise ValueError(f"{name}={value} is too large for the command line: at most {largest:,} is allowed here")


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


def import_from_here() -> None:
    """Let modules of the current folder be imported, after those that are installed."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)


def _imported(name: str, kinds: Sequence[Kind]) -> Any:
    """The class or object of one of ``kinds`` that a dotted name stands for, in a module that is imported.

    Raises
    ------
    ValueError
        When there is no such module or no such name in it, or when it stands for something else, a function for
        instance.  Modules of Python itself have no learners: they are not imported.
    """
    module_name, _, attribute = name.rpartition(".")
    package, noun = name.partition(".")[0], kinds[0].noun if len(kinds) == 1 else "schedule or pointwise loss"
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"{name!r} is not a name: write module.Class for a class of your own")
    if package in sys.stdlib_module_names:
        raise ValueError(f"{name} is not a {noun}: {package} is a module of Python itself; name your own differently")
    try:
        import_from_here()
        module = importlib.import_module(module_name)
        thing = getattr(module, attribute, None)
    except (Exception, SystemExit) as error:  # a module may raise anything while it is imported
        raise ValueError(f"{name}: importing {module_name} failed: {one_line(error)}") from error
    if thing is None:
        public = [key for key in vars(module) if not key.startswith("_")]
        where = getattr(module, "__file__", None) or module_name
        raise ValueError(f"there is no {attribute!r} in {where}{nearest(attribute, public)}")
    bases = tuple(kind.base for kind in kinds)
    if not (isinstance(thing, bases) or (isinstance(thing, type) and issubclass(thing, bases))):
        what = "another class" if isinstance(thing, type) else f"of type {type(thing).__name__}"
        raise ValueError(f"{name} is not a {noun} but {what}; only classes of this kind are called")
    return thing


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
    """The default of a field as it is typed, or ``...`` if it has none or it is a function."""
    missing = dataclasses.MISSING
    value = field.default if field.default_factory is missing else field.default_factory()
    return "..." if value is missing or hasattr(value, "__name__") else repr(value)


def _opening(cls: type[Any]) -> str:
    """The first paragraph of the docstring, which is usually a formula, in one line."""
    return " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())

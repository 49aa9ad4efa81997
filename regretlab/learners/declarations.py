"""What the class of a learner declares: each field, and each argument of a rule, means what it says."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import inspect
import random
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from regretlab._utils.extending import Extensible, mentioned, shipped

__all__ = ["check_answer", "check_fields", "nearest_name", "read_rule"]

_OF_LOOP = {
    "g": "the gradient",
    "t": "the round",
    "x": "what a reader takes for the point x_t, which no rule sees",
}
_READS_ALL = {"fields", "asdict", "astuple", "vars", "__dict__", "getattr", "__dataclass_fields__"}
"""Names in a method that may read every field."""


def read_rule(cls: type) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """The static method ``rule`` of a class, and the names of its arguments."""
    rule: Any = next((vars(base)["rule"] for base in cls.__mro__ if "rule" in vars(base)), None)
    rule = rule.__func__ if isinstance(rule, staticmethod) else rule
    if not inspect.isfunction(rule):
        raise TypeError(f"{cls.__name__} needs a static method rule(g, ...) -> (moments...), m, w")
    return rule, _arguments(rule, cls.__name__)


@cache
def _arguments(rule: Callable[..., Any], name: str) -> tuple[str, ...]:
    """The names of the arguments of a class's rule."""
    parameters = inspect.signature(rule).parameters
    if next(iter(parameters), "") == "self":
        raise TypeError(f"{name}.rule{inspect.signature(rule)} takes self: a rule is a function, write @staticmethod")
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD, p.KEYWORD_ONLY) for p in parameters.values()):
        raise TypeError(f"{name}.rule{inspect.signature(rule)}: a rule names each of its arguments")
    return tuple(parameters)


def check_fields(cls: type[Any], arguments: Sequence[str], root: type, kept: Sequence[str]) -> None:
    """``TypeError`` for a field that a rule's ``arguments`` and the methods of the class leave unused.

    Also for fields named like what a loop supplies.  The methods of ``root`` and its bases and the fields ``kept``
    do not matter.
    """
    classes = [base for base in cls.__mro__[:-1] if base not in root.__mro__]
    asked: set[str] = set(arguments).union(*map(_read_by, classes))
    names = [field.name for field in dataclasses.fields(cls) if field.name not in kept]
    for name in names if arguments else ():
        if name in _OF_LOOP:
            raise TypeError(f"{cls.__name__} has a field {name}, but in a rule {name} is {_OF_LOOP[name]}: rename it")
    bodies = (vars(base).items() for base in classes)
    _check_constants(cls, names, asked)
    wrapped = any(
        hasattr(getattr(value, "__func__", value), "__wrapped__")
        for body in bodies
        for name, value in body
        if not name.startswith("__")
    )
    for name in names if not (wrapped or asked & _READS_ALL) else ():
        if name not in asked:
            near = nearest_name(name, set(arguments) - set(names))
            why = f"its rule takes {', '.join(arguments)}{near}" if arguments else "none of its methods reads it"
            raise TypeError(f"{cls.__name__} has a field {name}, which decides nothing: {why}")


def _check_constants(cls: type[Any], names: Sequence[str], asked: set[str]) -> None:
    """``TypeError`` for a constant of a class that nothing reads and that is nearly called like a field."""
    for base in (each for each in cls.__mro__ if issubclass(each, Extensible) and not shipped(each)):
        for name, value in vars(base).items():
            unknown = not (name.startswith("_") or callable(value) or name in asked or name in names)
            if (
                unknown
                and not any(name in vars(k) for k in base.__mro__[1:])
                and (near := nearest_name(name, set(names)))
            ):
                raise TypeError(f"{base.__name__} defines {name} = {value!r}, which nothing reads{near}")


def _read_by(cls: type) -> set[str]:
    """The names that the methods of a class mention, and the functions of its module that they call."""
    names, space = mentioned(cls), vars(sys.modules.get(cls.__module__, object))
    helpers = [space[name] for name in names if inspect.isfunction(space.get(name))]
    return names.union(*(helper.__code__.co_names for helper in helpers))


def nearest_name(name: str, others: set[str]) -> str:
    """A question that proposes one of the names if it is nearly ``name``, else nothing."""
    near = difflib.get_close_matches(name, sorted(others - {name}), 1, 0.8)
    return f"; did you mean {near[0]}?" if near else ""


def check_answer(
    call: str,
    answer: Any,
    rule: Callable[..., Any],
    names: Sequence[str],
    moments: Sequence[str],
    at: Mapping[str, float],
) -> None:
    """``TypeError`` unless the answer of a rule has the form ((moments...), m, w), the moments in their order.

    ``call`` says how the rule was called, ``at`` has the values of the hyperparameters.
    """
    if not (isinstance(answer, tuple) and len(answer) == 3 and isinstance(answer[0], tuple)):
        raise TypeError(f"{call} returned {answer!r}; it must return (moments...), m, w")
    if len(answer[0]) != len(moments):
        near = "".join(nearest_name(name, set(at)) for name in moments)
        point = "; a rule does not see the point x_t" if "x" in moments else ""
        raise TypeError(
            f"{call} returns {len(answer[0])} moments; its arguments besides g, t and the fields "
            f"{list(at)} are {list(moments)}, and each of them is a moment{near}{point}"
        )
    for value in (*answer[0], *answer[1:]):
        with suppress(TypeError, ValueError):
            float(value)
            continue
        raise TypeError(f"{call} returned {answer!r}; moments, m and w must be numbers")
    order = _written_order(rule, moments) or _probed_order(rule, names, moments, at)
    if order:
        raise TypeError(f"{call} returns its moments in the order {order}; it must be that of its arguments, {moments}")


def _written_order(rule: Callable[..., Any], moments: Sequence[str]) -> tuple[str, ...] | None:
    """The moments in the order of a return statement, if the rule assigns them new values and returns them permuted."""
    try:
        tree: Any = ast.parse(textwrap.dedent(inspect.getsource(rule))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return None
    if not isinstance(tree, ast.FunctionDef):
        return None
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and node.value.elts:
            first = node.value.elts[0]
            order = tuple(getattr(each, "id", "") for each in first.elts) if isinstance(first, ast.Tuple) else ()
            if set(order) == set(moments) <= assigned and order != tuple(moments):
                return order
    return None


def _probed_order(
    rule: Callable[..., Any], names: Sequence[str], moments: Sequence[str], at: Mapping[str, float]
) -> tuple[str, ...] | None:
    """The moments with two of them exchanged, if each of the two goes into the other's place only; for expressions."""
    if rule.__name__ != "<lambda>":
        return None
    draw, K = random.Random(0), len(moments)
    moves = [[False] * K for _ in moments]
    for g in (0.7, -1.3, 0.4):
        values = {**at, "g": g, "t": 2, **{name: draw.uniform(0.2, 1.0) for name in moments}}
        with suppress(ArithmeticError, ValueError):
            before = rule(*[values[name] for name in names])[0]
            for j, name in enumerate(moments):
                after = rule(*[{**values, name: 1.5 * values[name]}[each] for each in names])[0]
                for i in range(K):
                    moves[i][j] |= bool(before[i] != after[i])
    for i in range(K):
        for j in range(i):
            if moves[i][j] and moves[j][i] and not (moves[i][i] or moves[j][j]):
                order = list(moments)
                order[i], order[j] = order[j], order[i]
                return tuple(order)
    return None

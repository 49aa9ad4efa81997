"""The small faults that can be put into a module: see :mod:`mutants`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Mutant", "mutants_of"]


class Mutant(NamedTuple):
    """The bytes start, ..., stop - 1 of a file are replaced by ``text``; ``lines`` are those of the statement."""

    path: str
    lines: tuple[int, int]
    kind: str
    start: int
    stop: int
    text: str


SWAPS: dict[type[ast.AST], Any] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr,
}  # fmt: skip
NAMES = {"min": "max", "minimum": "maximum", "any": "all", "argmin": "argmax", "floor": "ceil", "zeros": "ones",
         "zeros_like": "ones_like", "sqrt": "abs", "cumsum": "array", "amin": "amax"}  # fmt: skip
NAMES |= {new: old for old, new in NAMES.items() if old not in ("sqrt", "cumsum")}


def faults(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """The faults of one node: a word for each, and the node that replaces it (None: ``pass``)."""
    match node:
        case ast.Compare(left=left, ops=[op, *ops], comparators=others):
            yield "comparison", ast.Compare(left, [SWAPS[type(op)](), *ops], others)
        case ast.BoolOp(op=op, values=values):
            yield "and/or", ast.BoolOp(SWAPS[type(op)](), values)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in SWAPS:
            yield "operator", ast.BinOp(left, SWAPS[type(op)](), right)
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield "sign or not", operand
        case ast.AugAssign(target=target, op=op, value=value):
            if type(op) in SWAPS:
                yield "operator", ast.AugAssign(target, SWAPS[type(op)](), value)
            yield "statement left out", None
        case ast.Constant(value=bool() as value):
            yield "constant", ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield "constant + 1", ast.Constant(value + 1)
            yield "constant - 1", ast.Constant(value - 1)
        case ast.Subscript(value=value, slice=ast.Slice(lower=lower, upper=upper, step=step)) if lower or upper:
            yield "slice", ast.Subscript(value, ast.Slice(None, upper, step) if lower else ast.Slice(lower, None, step))
        case ast.Call(func=func, args=args, keywords=[*kept, last]) if last.arg != "strict":
            yield "keyword left out", ast.Call(func, args, kept)
            if kept:
                yield "keyword left out", ast.Call(func, args, [*kept[1:], last])
        case ast.Dict(keys=[_, *keys], values=[_, *values]):
            yield "key left out", ast.Dict(keys, values)
        case ast.Name(id=name, ctx=ast.Load()) if name in NAMES:
            yield "name", ast.Name(NAMES[name])
        case ast.Attribute(value=value, attr=name, ctx=ast.Load()) if name in NAMES:
            yield "name", ast.Attribute(value, NAMES[name])
        case ast.If(test=test):
            yield "condition", ast.UnaryOp(ast.Not(), test)
        case ast.Return(value=ast.expr()):
            yield "return left out", None
        case ast.Assign(targets=[ast.Name() | ast.Tuple()]):  # without it a name would be missing
            pass
        case ast.Raise() | ast.Expr() | ast.Assign() | ast.Delete() | ast.Continue() | ast.Break():
            yield "statement left out", None


def mutants_of(path: Path, root: Path) -> Iterator[Mutant]:
    """All mutants of a file."""
    source = path.read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node, statement in _nodes(ast.parse(source).body):
        for kind, new in faults(node):
            at: Any = node.test if isinstance(node, ast.If) else node
            text = "pass" if new is None else f"({ast.unparse(new)})" if isinstance(new, ast.expr) else ast.unparse(new)
            if isinstance(node, ast.Constant) and isinstance(new, ast.Constant) and not str(new.value).startswith("-"):
                text = text[1:-1]
            body = getattr(statement, "body", None)  # of a compound statement only the head
            last = max(statement.lineno, body[0].lineno - 1) if body else statement.end_lineno or statement.lineno
            yield Mutant(
                path.relative_to(root).as_posix(), (statement.lineno, last), kind,
                starts[at.lineno - 1] + at.col_offset, starts[at.end_lineno - 1] + at.end_col_offset, text,
            )  # fmt: skip


def _nodes(body: Iterable[ast.stmt]) -> Iterator[tuple[ast.AST, ast.stmt]]:
    """Each node in which a fault may be, and the statement (or the head of a compound one) that it belongs to."""
    for statement in body:
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Expr(value=ast.Constant()):  # a docstring
                continue
            case ast.Assign(targets=[ast.Name(id=name)]) if name.startswith("__") or "TypeVar" in ast.dump(statement):
                continue
            case ast.FunctionDef(name="__repr__" | "__str__" | "__dir__"):
                continue
        if isinstance(statement, ast.Assert) or not isinstance(statement, ast.AnnAssign):
            yield statement, statement
        if isinstance(statement, ast.Raise):  # its text is for people
            continue
        inner: list[ast.stmt] = []
        for name, field in ast.iter_fields(statement):
            if name in ("annotation", "returns", "decorator_list", "bases", "type_params"):
                continue
            for part in field if isinstance(field, list) else [field]:
                if isinstance(part, ast.stmt):
                    inner.append(part)
                elif isinstance(part, ast.ExceptHandler | ast.match_case):
                    inner += part.body
                elif isinstance(part, ast.AST):
                    yield from ((node, statement) for node in _expressions(part))
        yield from _nodes(inner)


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    """The expressions inside of one, without texts, annotations and the members of ``X | Y`` of types."""
    if isinstance(node, ast.JoinedStr):
        return
    if isinstance(node, ast.expr):
        yield node
    for name, field in ast.iter_fields(node):
        for part in field if isinstance(field, list) else [field]:
            if isinstance(part, ast.AST) and name not in ("annotation", "op", "ops", "ctx"):
                yield from _expressions(part)

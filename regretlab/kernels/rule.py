"""Scalar arithmetic of one cell, and how a loop calls a learner's rule on it.

A *cell* is one coordinate of one game.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from math import inf, nan
from typing import Any, NamedTuple

__all__ = [
    "TILE",
    "CellFunctions",
    "RuleCall",
    "cell_functions",
    "checked_step",
    "clip",
    "positive_weights",
    "resting_step",
    "scaled_step",
    "traced",
    "two_sum",
]


TILE = 32
"""The number of cells in a tile: a small array with all numbers of these cells, kept while a loop goes over rounds."""


class RuleCall(NamedTuple):
    """How a loop fills the arguments of a rule at round t, in the rule's own order.

    ``arguments`` has one entry for each argument:

    - ``"g"``, ``"x"`` or ``"t"``: the gradient, the point, the round;
    - ``"state"``: the next of the rule's moments;
    - a pair (p, q): the hyperparameter coefficients[p] * schedule_values[q] at round t, or coefficients[p] if q = -1.

    The loop calls the account, if there is one, after the rule; the account returns the
    new ledger rows.  Its arguments may also be ``"m"``, ``"w"`` and ``"ratio"``, for m_t, W_t and m_t / W_t; its
    ``"state"`` entries are rows of the ledger, which follow the moments in the state.
    """

    rule: Callable[..., Any]
    arguments: tuple[str | tuple[int, int], ...]
    stepsize: tuple[int, int]
    """The pair (p, q) of alpha_t."""
    identity: str = ""
    """A name for what the rule computes, which changes when a function that it calls is defined again."""
    account: Callable[..., Any] | None = None
    account_arguments: tuple[str | tuple[int, int], ...] = ()
    divide: Callable[[float, float], float] | None = None
    """m_t / W_t: ``scaled_step`` (if None), ``checked_step`` or ``resting_step``."""


def two_sum(total: float, error: float, term: float) -> tuple[float, float]:
    """The rounded total + term, and ``error`` plus the rounding error of this sum (Knuth's TwoSum, which is exact)."""
    new = total + term
    part = new - total
    return new, error + ((total - (new - part)) + (term - part))


def scaled_step(m: float, w: float) -> float:
    """m / w with 0/0 := 0: a coordinate without any gradient so far does not move.  NaN for w <= 0 and m != 0.

    The NaN becomes the next point, so that the check at the end of a block finds it.
    """
    resting = 0.0 if m == 0.0 else nan  # computed in any case, it costs the compiled loops almost nothing
    return resting if w <= 0.0 else m / w


def checked_step(m: float, w: float) -> float:
    """The same, but NaN for an infinite w too."""
    if 0.0 < w < inf:
        return m / w
    return 0.0 if m == 0.0 and w == 0.0 else nan


def resting_step(m: float, w: float) -> float:
    """The same for rules that rest while W_t = 0: m/0 := 0."""
    if 0.0 < w < inf:
        return m / w
    return 0.0 if w == 0.0 else nan


def traced(square: float, g: float) -> float:
    """``square``, or NaN where g != 0 has left no trace in it, because g^2 underflows to 0."""
    return nan if square == 0.0 and g != 0.0 else square


def clip(y: float, lower: float, upper: float) -> float:
    """The projection of a number onto [lower, upper]; NaN stays NaN."""
    return lower if y < lower else (upper if y > upper else y)


def positive_weights(w: Any) -> None:
    """Replace zero weights (of coordinates without any gradient so far) by 1e-12 times the largest weight, in place.

    A weighted projection needs positive weights; with these it is near its limit for
    w_i -> 0.  If all weights are zero, they become one.  A negative weight becomes NaN.
    """
    rare = False  # zeros are rare, and a search for them is faster than one for the largest weight
    for i in range(w.size):
        rare |= w[i] <= 0.0
    if not rare:
        return
    top = 0.0
    for i in range(w.size):
        top = max(top, w[i])
    least = 1e-12 * top if top > 0.0 else 1.0
    for i in range(w.size):
        if w[i] <= 0.0:
            w[i] = least if w[i] == 0.0 else nan


class CellFunctions(NamedTuple):
    """Functions that read and write the numbers of a cell, and call the rule on them.

    A cell has P coefficients, and a state of K moments and M ledger rows.
    """

    load: Callable[..., Any]
    """The state in column c of an array: a tuple of K + M numbers."""
    store: Callable[..., Any]
    """Write the state to column c of an array."""
    scales: Callable[..., Any]
    """The P coefficients in column c of an array."""
    load_in_tile: Callable[..., Any]
    """The state of cell e of a tile."""
    store_in_tile: Callable[..., Any]
    """Write the state of cell e of a tile."""
    scales_in_tile: Callable[..., Any]
    """The coefficients of cell e of a tile."""
    apply: Callable[..., Any]
    """Call the rule, and the account if there is one; returns the state after round t, m_t and W_t."""
    divide: Callable[..., Any]
    """m_t / W_t."""
    stepsize: Callable[..., Any]
    """alpha_t."""
    record_ledger: Callable[..., Any]
    """Write the ledger rows of a state to entry i of a record."""
    tile_rows: int
    """How many numbers a tile holds for each cell."""


def cell_functions(call: RuleCall, first: int = 0) -> CellFunctions:
    """The functions of a cell for a rule; in a tile, the coefficients begin at row ``first``, and the state follows.

    The functions are made from source text, because the number of rows and the order
    of the rule's arguments must be known when a loop is compiled.
    """
    states = itertools.count()
    slots = [slot for slot in (*call.arguments, *call.account_arguments, call.stepsize) if not isinstance(slot, str)]
    P = 1 + max(p for p, _ in slots)

    def value(slot: tuple[int, int]) -> str:
        p, q = slot
        return f"h[{p}]" if q < 0 else f"h[{p}] * schedule_values[{q}, k]"

    def filled(arguments: tuple[str | tuple[int, int], ...]) -> str:
        others = {"ratio": "divide(m, w)"}  # not a variable, which would prevent the loop's vectorization
        texts = (
            value(a) if isinstance(a, tuple) else f"s[{next(states)}]" if a == "state" else others.get(a, a)
            for a in arguments
        )
        return ", ".join(texts)

    rule = filled(call.arguments)
    K = next(states)
    states = itertools.count(K)
    account = filled(call.account_arguments)
    M = next(states) - K
    tile = [f"tile[{(first + p) * TILE} + e]" for p in range(P + K + M)]

    def read(places: list[str]) -> str:
        return "return (" + "".join(f"{place}, " for place in places) + ")"

    def write(places: list[str], j: int = 0) -> list[str]:
        return [*(f"    {place} = s[{j + i}]" for i, place in enumerate(places)), "    return"]

    source = "\n".join(
        [
            "def load(state, c): " + read([f"state[{j}, c]" for j in range(K + M)]),
            "def store(state, c, s):",
            *write([f"state[{j}, c]" for j in range(K + M)]),
            "def scales(coefficients, c): " + read([f"coefficients[{p}, c]" for p in range(P)]),
            "def load_in_tile(tile, e): " + read(tile[P:]),
            "def store_in_tile(tile, e, s):",
            *write(tile[P:]),
            "def scales_in_tile(tile, e): " + read(tile[:P]),
            "def apply(t, k, g, x, s, h, schedule_values):",
            f"    moments, m, w = rule({rule})",
            f"    return moments{f' + account({account})' if call.account else ''}, m, w",
            f"def stepsize(k, h, schedule_values): return {value(call.stepsize)}",
            "def record_ledger(ledger_rows, i, c, s):",
            *write([f"ledger_rows[i, {j}, c]" for j in range(M)], K),
        ]
    )
    functions: dict[str, Any] = {"rule": call.rule, "account": call.account, "divide": call.divide or scaled_step}
    exec(source, functions)
    written = {name: functions[name] for name in CellFunctions._fields[:-1]}
    return CellFunctions(tile_rows=first + P + K + M, **written)

"""Scalar arithmetic of one cell, and how a loop calls a learner's rule on it.

A *cell* is one coordinate of one game.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["TILE", "Adaptors", "RuleCall", "adaptors", "clip", "positive_weights", "scaled_step", "two_sum"]


TILE = 32
"""Cells in a tile, a piece of memory that a loop over rounds works in."""


class RuleCall(NamedTuple):
    """How the arguments of a rule are filled at round t, in the rule's own order.

    ``arguments`` has one entry per argument: ``"g"``, ``"x"``, ``"t"``, ``"state"``
    (the next row of the state), or a pair (p, q): row p of the coefficients
    times row q of the shapes (q = -1: constant).  An account, if there is one, is
    called after the rule, also with ``"m"``, ``"w"`` and numbers in plain text;
    its rows of the state come after the rule's.
    """

    rule: Callable[..., Any]
    arguments: tuple[str | tuple[int, int], ...]
    stepsize: tuple[int, int]
    identity: str = ""
    """A name for what the rule computes, should the functions it calls be defined anew."""
    account: Callable[..., Any] | None = None
    account_arguments: tuple[str | tuple[int, int], ...] = ()
    """The arguments of the account."""


def two_sum(total: float, error: float, term: float) -> tuple[float, float]:
    """total + term with the rounding error collected in ``error`` (Knuth's exact TwoSum)."""
    new = total + term
    part = new - total
    return new, error + ((total - (new - part)) + (term - part))


def scaled_step(m: float, w: float) -> float:
    """m / w with 0/0 := 0: a coordinate without any gradient so far does not move."""
    return 0.0 if w == 0.0 else m / w


def clip(y: float, lower: float, upper: float) -> float:
    """The projection of a number onto [lower, upper]; NaN stays NaN."""
    return lower if y < lower else (upper if y > upper else y)


def positive_weights(w: Any) -> None:
    """Raise weights of zero, of coordinates without any gradient so far, to a tiny part of the largest.

    So such a coordinate is projected near the limit w_i -> 0; without any
    positive weight all of them are one.
    """
    zeros = False  # there are hardly ever any, and to look for them is faster than to find the largest
    for i in range(w.size):
        zeros |= w[i] == 0.0
    if not zeros:
        return
    top = 0.0
    for i in range(w.size):
        top = max(top, w[i])
    least = 1e-12 * top if top > 0.0 else 1.0
    for i in range(w.size):
        if w[i] == 0.0:
            w[i] = least


class Adaptors(NamedTuple):
    """Functions that read and write the numbers of a cell, and call the rule on them.

    ``load`` reads a state of K numbers at (state, c) and ``store`` writes it;
    ``hyper`` reads the P coefficients; ``near``, ``nearby`` and ``back`` are the
    same for cell e of a tile, whose coefficients start at row ``first``, the state
    after them.  ``apply`` calls the rule, and the account; ``alpha`` is alpha_t;
    ``note`` records the numbers of the account, ``rows`` is that of rows in a tile.
    """

    load: Callable[..., Any]
    store: Callable[..., Any]
    hyper: Callable[..., Any]
    near: Callable[..., Any]
    back: Callable[..., Any]
    nearby: Callable[..., Any]
    apply: Callable[..., Any]
    alpha: Callable[..., Any]
    note: Callable[..., Any]
    rows: int


def adaptors(call: RuleCall, first: int = 0) -> Adaptors:
    """The functions for a call.

    Their text depends on the numbers of rows and on the order of the rule's
    arguments, which a compiled loop must know beforehand.
    """
    states = itertools.count()
    slots = [slot for slot in (*call.arguments, *call.account_arguments, call.stepsize) if not isinstance(slot, str)]
    P = 1 + max(p for p, _ in slots)

    def value(slot: tuple[int, int]) -> str:
        p, q = slot
        return f"h[{p}]" if q < 0 else f"h[{p}] * shape[{q}, k]"

    def filled(arguments: tuple[str | tuple[int, int], ...]) -> str:
        texts = (value(a) if isinstance(a, tuple) else f"s[{next(states)}]" if a == "state" else a for a in arguments)
        return ", ".join(texts)

    rule = filled(call.arguments)
    K = next(states)
    states = itertools.count(K)
    account = filled(call.account_arguments)
    M = next(states) - K
    tile = [f"b[{(first + p) * TILE} + e]" for p in range(P + K + M)]

    def read(places: list[str]) -> str:
        return "return (" + "".join(f"{place}, " for place in places) + ")"

    def write(places: list[str], j: int = 0) -> list[str]:
        return [*(f"    {place} = s[{j + i}]" for i, place in enumerate(places)), "    return"]

    source = "\n".join(
        [
            "def load(state, c): " + read([f"state[{j}, c]" for j in range(K + M)]),
            "def store(state, c, s):",
            *write([f"state[{j}, c]" for j in range(K + M)]),
            "def hyper(coef, c): " + read([f"coef[{p}, c]" for p in range(P)]),
            "def near(b, e): " + read(tile[P:]),
            "def back(b, e, s):",
            *write(tile[P:]),
            "def nearby(b, e): " + read(tile[:P]),
            "def apply(t, k, g, x, s, h, shape):",
            f"    kept, m, w = rule({rule})",
            f"    return kept{f' + account({account})' if call.account else ''}, m, w",
            f"def alpha(k, h, shape): return {value(call.stepsize)}",
            "def note(notes, i, c, s):",
            *write([f"notes[i, {j}, c]" for j in range(M)], K),
        ]
    )
    functions: dict[str, Any] = {"rule": call.rule, "account": call.account}
    exec(source, functions)
    return Adaptors(rows=first + P + K + M, **{name: functions[name] for name in Adaptors._fields[:-1]})

"""Scalar arithmetic of one cell, and how a loop calls a learner's rule on it.

A *cell* is one coordinate of one game.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Binding", "adaptors", "clip", "positive_weights", "scaled_step", "two_sum"]


class Binding(NamedTuple):
    """How the arguments of a rule are filled at round t, in the rule's own order.

    ``arguments`` has one entry per argument: ``"g"``, ``"t"``, ``"state"`` (the
    next row of the state), or a pair (p, q): row p of the coefficients times
    row q of the shapes (q = -1: constant).
    """

    rule: Callable[..., Any]
    arguments: tuple[str | tuple[int, int], ...]
    stepsize: tuple[int, int]
    identity: str = ""
    """A name for what the rule computes, should the functions it calls be defined anew."""


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


def adaptors(binding: Binding) -> list[Callable[..., Any]]:
    """Functions that read and write a state of K numbers and call the rule on them.

    Their text depends on K and on the order of the rule's arguments, which a
    compiled loop must know beforehand.
    """

    def value(slot: tuple[int, int]) -> str:
        p, q = slot
        return f"coef[{p}, c]" if q < 0 else f"coef[{p}, c] * shape[{q}, k]"

    K, call = 0, []
    for argument in binding.arguments:
        if argument == "state":
            call.append(f"s[{K}]")
            K += 1
        else:
            call.append(argument if isinstance(argument, str) else value(argument))
    source = "\n".join(
        [
            "def load(state, c): return (" + "".join(f"state[{j}, c], " for j in range(K)) + ")",
            "def store(state, c, s):",
            *[f"    state[{j}, c] = s[{j}]" for j in range(K)],
            "    return",
            f"def apply(t, k, c, g, s, coef, shape): return rule({', '.join(call)})",
            f"def alpha(k, c, coef, shape): return {value(binding.stepsize)}",
        ]
    )
    functions: dict[str, Any] = {"rule": binding.rule}
    exec(source, functions)
    return [functions[name] for name in ("load", "store", "apply", "alpha")]

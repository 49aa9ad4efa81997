"""The round loops, composed from a learner's rule and an oracle.

A *cell* is one coordinate of one game.  All arrays keep their cells in rows
that may share a gradient: R rows of B cells, cell c = r * B + b.  Games played
side by side against one sequence have R = d rows with a cell per game; otherwise
there is a single row.  ``x`` is (R*B,), the learner's state (K, R*B).

The same source runs compiled and interpreted, with the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from regretlab.compiling import jit

__all__ = ["Binding", "Loops", "compose", "each", "shared"]


class Binding(NamedTuple):
    """How the arguments of a rule are filled at round t, in the rule's own order.

    ``arguments`` has one entry per argument: ``"g"``, ``"t"``, ``"state"`` (the
    next row of the state), or a pair (p, q): row p of the coefficients times
    row q of the shapes (q = -1: constant).
    """

    rule: Callable[..., Any]
    arguments: tuple[str | tuple[int, int], ...]
    stepsize: tuple[int, int]


class Loops(NamedTuple):
    """The three ways to apply one rule; each is compiled on its first call."""

    by_cell: Callable[..., None]
    """Rounds inside cells, state in registers: fastest for a few cells."""
    by_round: Callable[..., None]
    """Cells inside rounds, so that the processor works on many cells at once."""
    half_step: Callable[..., None]
    """One round up to, not including, the projection; for any set and any losses."""


# -- oracles: g_t at one cell ------------------------------------------------------


def shared(G: Any, k: int, r: int, b: int, x: float) -> float:
    """A linear loss whose gradient is the same for all cells of a row."""
    return G[k, r, 0]  # type: ignore[no-any-return]


def each(G: Any, k: int, r: int, b: int, x: float) -> float:
    """A linear loss with a gradient for every cell."""
    return G[k, r, b]  # type: ignore[no-any-return]


# -- scalar arithmetic -------------------------------------------------------------


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


# -- composition -------------------------------------------------------------------


@cache
def compose(binding: Binding, oracle: Callable[..., float], compiled: bool) -> Loops:
    """Algorithm 1 with the given rule, on linear losses and a box: x <- Pi(x - alpha_t m / w).

    Arguments of ``by_cell`` and ``by_round``: the first round t0; G (n, R, 1 or
    B) gradients; coefficients (P, R*B) and shapes (Q, n) of the schedules; lower,
    upper (R*B,) bounds; then what is updated in place: x (R*B,), state (K, R*B),
    loss (2, R*B) and gradient sums (2, R or R*B), each a sum and its rounding
    error; hits (h,), the rounds t0..t0+n-1 to record; and, with h entries each,
    the records of x, loss and gradient sums.
    """
    wrap: Callable[..., Any] = jit if compiled else _as_it_is
    keep: Callable[..., Any] = (lambda f: jit(f, keep=True)) if compiled else _as_it_is
    per_row = oracle is shared
    load, store, apply, alpha = _adaptors(binding, wrap)
    gradient, add, ratio, project = wrap(oracle), wrap(two_sum), wrap(scaled_step), wrap(clip)

    def by_cell(t0, G, coef, shape, lower, upper, x, state, loss, gsum, hits, xs, losses, gsums):  # type: ignore[no-untyped-def]
        B = x.size // G.shape[1]
        for c in range(x.size):
            r, b = c // B, c % B
            q, sums = (r, b == 0) if per_row else (c, True)
            point, s = x[c], load(state, c)
            f, f_err, total, total_err = loss[0, c], loss[1, c], gsum[0, q], gsum[1, q]
            i = 0
            next_hit = hits[0] if hits.size > 0 else 0
            for k in range(G.shape[0]):
                t = t0 + k
                g = gradient(G, k, r, b, point)
                f, f_err = add(f, f_err, g * point)
                if sums:
                    total, total_err = add(total, total_err, g)
                if t == next_hit:
                    xs[i, c], losses[i, 0, c], losses[i, 1, c] = point, f, f_err
                    if sums:
                        gsums[i, 0, q], gsums[i, 1, q] = total, total_err
                    i += 1
                    next_hit = hits[i] if i < hits.size else 0
                s, m, w = apply(t, k, c, g, s, coef, shape)
                point = project(point - alpha(k, c, coef, shape) * ratio(m, w), lower[c], upper[c])
            x[c], loss[0, c], loss[1, c] = point, f, f_err
            if sums:
                gsum[0, q], gsum[1, q] = total, total_err
            store(state, c, s)

    def by_round(t0, G, coef, shape, lower, upper, x, state, loss, gsum, hits, xs, losses, gsums):  # type: ignore[no-untyped-def]
        R = G.shape[1]
        B = x.size // R
        i = 0
        for k in range(G.shape[0]):
            t = t0 + k
            hit = i < hits.size and hits[i] == t
            if hit:
                xs[i] = x
            for r in range(R):
                if per_row:
                    gsum[0, r], gsum[1, r] = add(gsum[0, r], gsum[1, r], G[k, r, 0])
                for b in range(B):
                    c = r * B + b
                    g = gradient(G, k, r, b, x[c])
                    loss[0, c], loss[1, c] = add(loss[0, c], loss[1, c], g * x[c])
                    if not per_row:
                        gsum[0, c], gsum[1, c] = add(gsum[0, c], gsum[1, c], g)
                    s, m, w = apply(t, k, c, g, load(state, c), coef, shape)
                    store(state, c, s)
                    x[c] = project(x[c] - alpha(k, c, coef, shape) * ratio(m, w), lower[c], upper[c])
            if hit:
                losses[i] = loss
                gsums[i] = gsum
                i += 1

    def half_step(t, g, coef, shape, x, state, weights):  # type: ignore[no-untyped-def]
        for c in range(x.size):
            s, m, w = apply(t, 0, c, g[c], load(state, c), coef, shape)
            store(state, c, s)
            x[c] -= alpha(0, c, coef, shape) * ratio(m, w)
            weights[c] = w

    return Loops(keep(by_cell), keep(by_round), keep(half_step))


def _as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def _adaptors(binding: Binding, wrap: Callable[..., Any]) -> list[Callable[..., Any]]:
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
    functions: dict[str, Any] = {"rule": wrap(binding.rule)}
    exec(source, functions)
    return [wrap(functions[name]) for name in ("load", "store", "apply", "alpha")]

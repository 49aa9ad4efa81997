"""Round loops for linear losses on boxes, where every cell is on its own.

All arrays keep their cells in rows that may share a gradient: R rows of B cells,
cell c = r * B + b.  Games played side by side against one sequence have R = d
rows with a cell for each game; otherwise there is a single row.  ``x`` is (R*B,),
the learner's state (K, R*B).

The same source runs compiled and interpreted, with the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from regretlab.compiling import interpreted, jit
from regretlab.kernels.rule import Binding, adaptors, clip, positive_weights, scaled_step, two_sum

__all__ = ["Loops", "compose", "each", "shared"]


class Loops(NamedTuple):
    """The three ways to apply one rule; each is compiled on its first call."""

    by_cell: Callable[..., None]
    """Rounds inside cells, state in registers: fastest for a few cells."""
    by_round: Callable[..., None]
    """Cells inside rounds, so that the processor works on many cells at once."""
    half_step: Callable[..., None]
    """One round up to, not including, the projection; for any set and any losses."""


def shared(G: Any, k: int, r: int, b: int, x: float) -> float:
    """A linear loss whose gradient is the same for all cells of a row."""
    return G[k, r, 0]  # type: ignore[no-any-return]


def each(G: Any, k: int, r: int, b: int, x: float) -> float:
    """A linear loss with a gradient for every cell."""
    return G[k, r, b]  # type: ignore[no-any-return]


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
    per_row = oracle is shared
    load, store, apply, alpha = adaptors(binding)

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
                g = oracle(G, k, r, b, point)
                f, f_err = two_sum(f, f_err, g * point)
                if sums:
                    total, total_err = two_sum(total, total_err, g)
                if t == next_hit:
                    xs[i, c], losses[i, 0, c], losses[i, 1, c] = point, f, f_err
                    if sums:
                        gsums[i, 0, q], gsums[i, 1, q] = total, total_err
                    i += 1
                    next_hit = hits[i] if i < hits.size else 0
                s, m, w = apply(t, k, c, g, s, coef, shape)
                point = clip(point - alpha(k, c, coef, shape) * scaled_step(m, w), lower[c], upper[c])
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
            if hit:  # by loops: whole arrays take seconds to compile
                for c in range(x.size):
                    xs[i, c] = x[c]
            for r in range(R):
                if per_row:
                    gsum[0, r], gsum[1, r] = two_sum(gsum[0, r], gsum[1, r], G[k, r, 0])
                for b in range(B):
                    c = r * B + b
                    g = oracle(G, k, r, b, x[c])
                    loss[0, c], loss[1, c] = two_sum(loss[0, c], loss[1, c], g * x[c])
                    if not per_row:
                        gsum[0, c], gsum[1, c] = two_sum(gsum[0, c], gsum[1, c], g)
                    s, m, w = apply(t, k, c, g, load(state, c), coef, shape)
                    store(state, c, s)
                    x[c] = clip(x[c] - alpha(k, c, coef, shape) * scaled_step(m, w), lower[c], upper[c])
            if hit:
                for e in range(2):
                    for c in range(x.size):
                        losses[i, e, c] = loss[e, c]
                    for q in range(gsum.shape[1]):
                        gsums[i, e, q] = gsum[e, q]
                i += 1

    def half_step(t, g, coef, shape, x, state, weights):  # type: ignore[no-untyped-def]
        for c in range(x.size):
            s, m, w = apply(t, 0, c, g[c], load(state, c), coef, shape)
            store(state, c, s)
            x[c] -= alpha(0, c, coef, shape) * scaled_step(m, w)
            weights[c] = w
        positive_weights(weights)

    loops = Loops(by_cell, by_round, half_step)
    return Loops(*(jit(loop, keep=True) if compiled else interpreted(loop) for loop in loops))

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

import numpy as np

from regretlab.kernels.compiling import interpreted, jit
from regretlab.kernels.rule import TILE, RuleCall, adaptors, clip, positive_weights, scaled_step, two_sum

__all__ = ["Loops", "compose", "each", "shared"]


class Loops(NamedTuple):
    """The ways to apply one rule; each is compiled on its first call."""

    by_cell: Callable[..., None]
    """Rounds inside cells, state in registers: fastest for a few cells."""
    by_tile: Callable[..., None]
    """Cells inside rounds inside tiles, so that the processor works on many cells at once."""
    half_step: Callable[..., None]
    """One round up to, not including, the projection, for any set and losses; coefficients (P, 1) of all cells."""
    positive_weights: Callable[[Any], None]
    """What the weights of a round need before a projection."""


def shared(G: Any, k: int, r: int, b: int, x: float) -> float:
    """A linear loss whose gradient is the same for all cells of a row."""
    return G[k, r, 0]  # type: ignore[no-any-return]


def each(G: Any, k: int, r: int, b: int, x: float) -> float:
    """A linear loss with a gradient for every cell."""
    return G[k, r, b]  # type: ignore[no-any-return]


@cache
def compose(call: RuleCall, oracle: Callable[..., float], compiled: bool) -> Loops:
    """Algorithm 1 with the given rule, on linear losses and a box: x <- Pi(x - alpha_t m / w).

    Arguments of ``by_cell`` and ``by_tile``: the first round t0; G (n, R, 1 or
    B) gradients; coefficients (P, R*B) and shapes (Q, n) of the schedules; lower,
    upper (R*B,) bounds; then what is updated in place: x (R*B,), state (K, R*B),
    loss (2, R*B) and gradient sums (2, R or R*B), each a sum and its rounding
    error; hits (h,), the rounds t0..t0+n-1 to record; and, with h entries each,
    the records of x, loss, gradient sums, and the numbers of the account.
    """
    per_row = oracle is shared
    load, store, hyper, near, back, nearby, apply, alpha, note, rows = adaptors(call, first=7)

    def by_cell(t0, G, coef, shape, lower, upper, x, state, loss, gsum, hits, xs, losses, gsums, notes):  # type: ignore[no-untyped-def]
        B = x.size // G.shape[1]
        for c in range(x.size):
            r, b = c // B, c % B
            q, sums = (r, b == 0) if per_row else (c, True)
            point, s, h = x[c], load(state, c), hyper(coef, c)
            f, f_err, total, total_err = loss[0, c], loss[1, c], gsum[0, q], gsum[1, q]
            i = 0
            next_hit = hits[0] if hits.size > 0 else 0
            for k in range(G.shape[0]):
                t = t0 + k
                g = oracle(G, k, r, b, point)
                f, f_err = two_sum(f, f_err, g * point)
                if sums:
                    total, total_err = two_sum(total, total_err, g)
                s, m, w = apply(t, k, g, point, s, h, shape)
                if t == next_hit:
                    xs[i, c], losses[i, 0, c], losses[i, 1, c] = point, f, f_err
                    if sums:
                        gsums[i, 0, q], gsums[i, 1, q] = total, total_err
                    note(notes, i, c, s)
                    i += 1
                    next_hit = hits[i] if i < hits.size else 0
                point = clip(point - alpha(k, h, shape) * scaled_step(m, w), lower[c], upper[c])
            x[c], loss[0, c], loss[1, c] = point, f, f_err
            if sums:
                gsum[0, q], gsum[1, q] = total, total_err
            store(state, c, s)

    def by_tile(t0, G, coef, shape, lower, upper, x, state, loss, gsum, hits, xs, losses, gsums, notes):  # type: ignore[no-untyped-def]
        # Rows of a tile: x, lower, upper, loss and its error, gradient sum and its error, coefficients, state.
        # Their distances are known when this is compiled: so are all cells that can be worked on at once.
        B, P = x.size // G.shape[1], coef.shape[0]
        tile = np.empty(rows * TILE)
        for r in range(G.shape[1]):
            total, total_err = gsum[0, r], gsum[1, r]
            for left in range(0, B, TILE):
                start, n = r * B + left, min(TILE, B - left)
                for e in range(n):
                    c = start + e
                    tile[e], tile[TILE + e], tile[2 * TILE + e] = x[c], lower[c], upper[c]
                    tile[3 * TILE + e], tile[4 * TILE + e] = loss[0, c], loss[1, c]
                    if not per_row:
                        tile[5 * TILE + e], tile[6 * TILE + e] = gsum[0, c], gsum[1, c]
                    for p in range(P):
                        tile[(7 + p) * TILE + e] = coef[p, c]
                    for j in range(state.shape[0]):
                        tile[(7 + P + j) * TILE + e] = state[j, c]
                i = 0
                for k in range(G.shape[0]):
                    t = t0 + k
                    hit = i < hits.size and hits[i] == t
                    if hit:  # by loops: whole arrays take seconds to compile
                        for e in range(n):
                            xs[i, start + e] = tile[e]
                    if per_row and left == 0:
                        total, total_err = two_sum(total, total_err, G[k, r, 0])
                        if hit:
                            gsums[i, 0, r], gsums[i, 1, r] = total, total_err
                    for e in range(n):
                        point, h = tile[e], nearby(tile, e)
                        g = oracle(G, k, r, left + e, point)
                        f, f_err = two_sum(tile[3 * TILE + e], tile[4 * TILE + e], g * point)
                        tile[3 * TILE + e], tile[4 * TILE + e] = f, f_err
                        if not per_row:
                            u, u_err = two_sum(tile[5 * TILE + e], tile[6 * TILE + e], g)
                            tile[5 * TILE + e], tile[6 * TILE + e] = u, u_err
                        s, m, w = apply(t, k, g, point, near(tile, e), h, shape)
                        back(tile, e, s)
                        y = point - alpha(k, h, shape) * scaled_step(m, w)
                        tile[e] = clip(y, tile[TILE + e], tile[2 * TILE + e])
                    if hit:
                        for e in range(n):
                            c = start + e
                            losses[i, 0, c], losses[i, 1, c] = tile[3 * TILE + e], tile[4 * TILE + e]
                            if not per_row:
                                gsums[i, 0, c], gsums[i, 1, c] = tile[5 * TILE + e], tile[6 * TILE + e]
                            note(notes, i, c, near(tile, e))
                        i += 1
                for e in range(n):
                    c = start + e
                    x[c], loss[0, c], loss[1, c] = tile[e], tile[3 * TILE + e], tile[4 * TILE + e]
                    if not per_row:
                        gsum[0, c], gsum[1, c] = tile[5 * TILE + e], tile[6 * TILE + e]
                    for j in range(state.shape[0]):
                        state[j, c] = tile[(7 + P + j) * TILE + e]
            if per_row:
                gsum[0, r], gsum[1, r] = total, total_err

    def half_step(t, g, coef, shape, x, state, weights):  # type: ignore[no-untyped-def]
        h = hyper(coef, 0)
        for c in range(x.size):
            s, m, w = apply(t, 0, g[c], x[c], load(state, c), h, shape)
            store(state, c, s)
            x[c] -= alpha(0, h, shape) * scaled_step(m, w)
            weights[c] = w

    loops = Loops(by_cell, by_tile, half_step, positive_weights)
    return Loops(*(jit(loop, keep=True) if compiled else interpreted(loop) for loop in loops))

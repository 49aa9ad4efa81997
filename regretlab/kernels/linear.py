"""Round loops for linear losses on boxes, where no cell depends on another one.

The cells of a batch of games stand in R rows of B cells, cell c = r * B + b.  Games
against one sequence have R = d rows, one for each coordinate, with a cell for each
game: all cells of a row meet the same gradient.  Otherwise R = 1.  ``x`` is (R*B,),
the learners' state (K, R*B).

The same source runs compiled and interpreted, and gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from regretlab.kernels.compiling import interpreted, jit
from regretlab.kernels.rule import (
    TILE,
    CellFunctions,
    RuleCall,
    cell_functions,
    clip,
    positive_weights,
    two_sum,
)

__all__ = ["Loops", "cell_gradient", "compose", "row_gradient"]

_LOWER, _UPPER, _LOSS, _LOSS_ERROR, _SUM, _SUM_ERROR = (TILE * row for row in range(1, 7))
"""Where a tile keeps the bounds, and the sums of losses and gradients with their rounding errors; x is at 0."""
_REST = 7
"""The row of a tile where the coefficients, then the state, begin."""


class Loops(NamedTuple):
    """The ways to apply one rule; each is compiled on its first call."""

    by_cell: Callable[..., None]
    """Loops over cells, then rounds, with the state of a cell in registers: fastest for a few cells."""
    by_tile: Callable[..., None]
    """Loops over tiles, then rounds, then the cells of a tile, so that the inner loop vectorizes."""
    half_step: Callable[..., None]
    """One round without the projection, x <- x - alpha_t m / w, for any set and losses; coefficients (P, 1)."""
    positive_weights: Callable[[Any], None]
    """Makes the weights w of a round positive, for the projection that follows."""


def row_gradient(G: Any, k: int, r: int, b: int) -> float:
    """The gradient of cell b of row r in round k, the same for all cells of the row: G is (n, R, 1)."""
    return G[k, r, 0]  # type: ignore[no-any-return]


def cell_gradient(G: Any, k: int, r: int, b: int) -> float:
    """The gradient of cell b of row r in round k: G is (n, R, B)."""
    return G[k, r, b]  # type: ignore[no-any-return]


@cache
def compose(call: RuleCall, oracle: Callable[..., float], compiled: bool) -> Loops:
    """The loops of Algorithm 1 of Reddi et al. (2018), x <- Pi(x - alpha_t m / w), on linear losses and a box.

    ``oracle`` is ``row_gradient`` or ``cell_gradient``.  The arguments of ``by_cell``
    and ``by_tile`` are the first round t0; the gradients G (n, R, 1 or B);
    coefficients (P, R*B) and schedule values (Q, n); the bounds lower, upper (R*B,);
    then the arrays that the loop updates in place: x (R*B,), state (K, R*B), loss
    (2, R*B) and gradient sums (2, R or R*B), where row 0 is the sum and row 1 its
    rounding error; the rounds among t0, ..., t0 + n - 1 to record, (h,); and the arrays
    that the loop fills with h entries each: x, loss, gradient sums and ledger rows.
    """
    do = cell_functions(call, first=_REST)
    loops = Loops(_by_cell(do, oracle), _by_tile(do, oracle), _half_step(do), positive_weights)
    return Loops(*(jit(loop, keep=True) if compiled else interpreted(loop) for loop in loops))


def _by_cell(do: CellFunctions, oracle: Callable[..., float]) -> Callable[..., None]:
    per_row = oracle is row_gradient
    load, store, scales, apply, divide, stepsize, record_ledger = (
        do.load, do.store, do.scales, do.apply, do.divide, do.stepsize, do.record_ledger
    )  # fmt: skip

    def by_cell(  # type: ignore[no-untyped-def]
        t0, G, coefficients, schedule_values, lower, upper, x, state, loss, gsum,
        recorded, xs, losses, gsums, ledger_rows,
    ):  # fmt: skip
        B = x.size // G.shape[1]
        for c in range(x.size):
            r, b = c // B, c % B
            q, sums = (r, b == 0) if per_row else (c, True)
            point, s, h = x[c], load(state, c), scales(coefficients, c)
            f, f_err, total, total_err = loss[0, c], loss[1, c], gsum[0, q], gsum[1, q]
            i = 0
            next_recorded = recorded[0] if recorded.size > 0 else 0
            for k in range(G.shape[0]):
                t = t0 + k
                g = oracle(G, k, r, b)
                f, f_err = two_sum(f, f_err, g * point)
                if sums:
                    total, total_err = two_sum(total, total_err, g)
                s, m, w = apply(t, k, g, point, s, h, schedule_values)
                if t == next_recorded:
                    xs[i, c], losses[i, 0, c], losses[i, 1, c] = point, f, f_err
                    if sums:
                        gsums[i, 0, q], gsums[i, 1, q] = total, total_err
                    record_ledger(ledger_rows, i, c, s)
                    i += 1
                    next_recorded = recorded[i] if i < recorded.size else 0
                point = clip(point - stepsize(k, h, schedule_values) * divide(m, w), lower[c], upper[c])
            x[c], loss[0, c], loss[1, c] = point, f, f_err
            if sums:
                gsum[0, q], gsum[1, q] = total, total_err
            store(state, c, s)

    return by_cell


def _by_tile(do: CellFunctions, oracle: Callable[..., float]) -> Callable[..., None]:  # noqa: C901 - see by_tile
    per_row, rows = oracle is row_gradient, do.tile_rows
    load, store, scales, apply, divide, stepsize, record_ledger = (
        do.load_in_tile, do.store_in_tile, do.scales_in_tile, do.apply, do.divide, do.stepsize, do.record_ledger
    )  # fmt: skip

    def by_tile(  # type: ignore[no-untyped-def]  # noqa: C901 - split into functions it compiles 1.4 times as long
        t0, G, coefficients, schedule_values, lower, upper, x, state, loss, gsum,
        recorded, xs, losses, gsums, ledger_rows,
    ):  # fmt: skip
        # TILE is known at compile time, and so is the distance between rows of a tile: loops over its cells vectorize
        B, P = x.size // G.shape[1], coefficients.shape[0]
        tile = np.empty(rows * TILE)
        for r in range(G.shape[1]):
            total, total_err = gsum[0, r], gsum[1, r]
            for left in range(0, B, TILE):
                start, n = r * B + left, min(TILE, B - left)
                for e in range(n):
                    c = start + e
                    tile[e], tile[_LOWER + e], tile[_UPPER + e] = x[c], lower[c], upper[c]
                    tile[_LOSS + e], tile[_LOSS_ERROR + e] = loss[0, c], loss[1, c]
                    if not per_row:
                        tile[_SUM + e], tile[_SUM_ERROR + e] = gsum[0, c], gsum[1, c]
                    for p in range(P):
                        tile[(_REST + p) * TILE + e] = coefficients[p, c]
                    for j in range(state.shape[0]):
                        tile[(_REST + P + j) * TILE + e] = state[j, c]
                i = 0
                for k in range(G.shape[0]):
                    t = t0 + k
                    now = i < recorded.size and recorded[i] == t
                    if now:  # number by number: copies of whole arrays take seconds to compile
                        for e in range(n):
                            xs[i, start + e] = tile[e]
                    if per_row and left == 0:
                        total, total_err = two_sum(total, total_err, G[k, r, 0])
                        if now:
                            gsums[i, 0, r], gsums[i, 1, r] = total, total_err
                    for e in range(n):
                        point, h = tile[e], scales(tile, e)
                        g = oracle(G, k, r, left + e)
                        f, f_err = two_sum(tile[_LOSS + e], tile[_LOSS_ERROR + e], g * point)
                        tile[_LOSS + e], tile[_LOSS_ERROR + e] = f, f_err
                        if not per_row:
                            u, u_err = two_sum(tile[_SUM + e], tile[_SUM_ERROR + e], g)
                            tile[_SUM + e], tile[_SUM_ERROR + e] = u, u_err
                        s, m, w = apply(t, k, g, point, load(tile, e), h, schedule_values)
                        store(tile, e, s)
                        y = point - stepsize(k, h, schedule_values) * divide(m, w)
                        tile[e] = clip(y, tile[_LOWER + e], tile[_UPPER + e])
                    if now:
                        for e in range(n):
                            c = start + e
                            losses[i, 0, c], losses[i, 1, c] = tile[_LOSS + e], tile[_LOSS_ERROR + e]
                            if not per_row:
                                gsums[i, 0, c], gsums[i, 1, c] = tile[_SUM + e], tile[_SUM_ERROR + e]
                            record_ledger(ledger_rows, i, c, load(tile, e))
                        i += 1
                for e in range(n):
                    c = start + e
                    x[c], loss[0, c], loss[1, c] = tile[e], tile[_LOSS + e], tile[_LOSS_ERROR + e]
                    if not per_row:
                        gsum[0, c], gsum[1, c] = tile[_SUM + e], tile[_SUM_ERROR + e]
                    for j in range(state.shape[0]):
                        state[j, c] = tile[(_REST + P + j) * TILE + e]
            if per_row:
                gsum[0, r], gsum[1, r] = total, total_err

    return by_tile


def _half_step(do: CellFunctions) -> Callable[..., None]:
    load, store, scales, apply, divide, stepsize = do.load, do.store, do.scales, do.apply, do.divide, do.stepsize

    def half_step(t, g, coefficients, schedule_values, x, state, weights):  # type: ignore[no-untyped-def]
        h = scales(coefficients, 0)
        for c in range(x.size):
            s, m, w = apply(t, 0, g[c], x[c], load(state, c), h, schedule_values)
            store(state, c, s)
            x[c] -= stepsize(0, h, schedule_values) * divide(m, w)
            weights[c] = w

    return half_step

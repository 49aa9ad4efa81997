"""Round loops for losses or sets that couple the coordinates of a game.

The cells of a game are next to each other: game j of L has the cells j*d, ..., j*d + d - 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from regretlab.kernels.compiling import interpreted, jit
from regretlab.kernels.rule import RuleCall, cell_functions, positive_weights, two_sum

__all__ = [
    "PointwiseOracle",
    "compose_joint",
    "prediction_loss",
    "reveal_given",
    "reveal_linear",
    "reveal_with",
]


class PointwiseOracle(NamedTuple):
    """The scalar functions of a pointwise loss: ell(z, y, *p) and its derivative in z."""

    value: Callable[..., float]
    derivative: Callable[..., float]


@cache
def prediction_loss(oracle: PointwiseOracle, compiled: bool) -> Callable[..., float]:
    """A function that computes f(x) = (1/b) sum_j ell(<a_j, x>, y_j) + (mu/2) ||x||^2 and its gradient.

    Its arguments are the rows a (b, d), the labels y (b,), mu, the parameters p of ell,
    x (d,) and g (d,).  It fills g with the gradient and returns the value.
    """
    loss = _loss(oracle)
    return jit(loss, keep=True) if compiled else interpreted(loss)


def _loss(oracle: PointwiseOracle) -> Callable[..., float]:
    ell, slope = oracle

    def loss(a, y, mu, p, x, g):  # type: ignore[no-untyped-def]
        b, d = a.shape
        f = 0.0
        for i in range(d):
            f += x[i] * x[i]
            g[i] = mu * x[i]
        f *= 0.5 * mu
        for j in range(b):
            z = 0.0
            for i in range(d):
                z += a[j, i] * x[i]
            f += ell(z, y[j], *p) / b
            c = slope(z, y[j], *p) / b
            for i in range(d):
                g[i] += c * a[j, i]
        return f

    return loss


@cache
def compose_joint(
    call: RuleCall, reveal: Callable[..., int], projection: Callable[..., None], compiled: bool
) -> Callable[..., None]:
    """The loop of Algorithm 1 of Reddi et al. (2018) with a rule, for losses or sets that couple the coordinates.

    The loop runs over rounds, then games, then the cells of a game.  ``reveal`` is one of
    the functions below.  It computes f_t(x_t) and g_t from the data of the rounds, and
    returns the number of terms whose sum is f_t(x_t): d, one for each coordinate, or 1.
    The arguments of the loop are the first round t0 and the number of rounds n; the data;
    coefficients (P, L*d) and schedule values (Q, n); geometry (L, k), the parameters of
    the sets; then those of ``by_tile`` (:func:`regretlab.kernels.linear.compose`) from x on.
    """
    do = cell_functions(call)
    load, store, scales, apply, divide, stepsize, record_ledger = (
        do.load, do.store, do.scales, do.apply, do.divide, do.stepsize, do.record_ledger
    )  # fmt: skip

    def by_game(  # type: ignore[no-untyped-def]
        t0, n, data, coefficients, schedule_values, geometry, x, state, loss, gsum,
        recorded, xs, losses, gsums, ledger_rows,
    ):  # fmt: skip
        games = geometry.shape[0]
        d = x.size // games
        f, g, w = np.empty(d), np.empty(d), np.empty(d)
        i = 0
        for k in range(n):
            t = t0 + k
            now = i < recorded.size and recorded[i] == t
            if now:  # number by number: copies of whole arrays take seconds to compile
                for c in range(x.size):
                    xs[i, c] = x[c]
            for j in range(games):
                own = x[j * d : (j + 1) * d]
                for e in range(reveal(k, j, data, own, f, g)):
                    c = j * d + e
                    loss[0, c], loss[1, c] = two_sum(loss[0, c], loss[1, c], f[e])
                for e in range(d):
                    c = j * d + e
                    gsum[0, c], gsum[1, c] = two_sum(gsum[0, c], gsum[1, c], g[e])
                for e in range(d):  # a loop of its own, because loops with few arrays vectorize also for small d
                    c = j * d + e
                    h = scales(coefficients, c)
                    s, m, w[e] = apply(t, k, g[e], x[c], load(state, c), h, schedule_values)
                    store(state, c, s)
                    x[c] -= stepsize(k, h, schedule_values) * divide(m, w[e])
                positive_weights(w)
                projection(own, w, geometry[j])
            if now:
                for c in range(x.size):
                    losses[i, 0, c], losses[i, 1, c] = loss[0, c], loss[1, c]
                    gsums[i, 0, c], gsums[i, 1, c] = gsum[0, c], gsum[1, c]
                    record_ledger(ledger_rows, i, c, load(state, c))
                i += 1

    return jit(by_game, keep=True) if compiled else interpreted(by_game)


def reveal_linear(k: int, j: int, data: Any, x: Any, f: Any, g: Any) -> int:
    """Fill f with the d terms of f_t(x), and g with g_t, for linear losses: data = (G,), the gradients (n, 1, L*d)."""
    G = data[0]
    for i in range(x.size):
        g[i] = G[k, 0, j * x.size + i]
        f[i] = g[i] * x[i]
    return x.size  # type: ignore[no-any-return]


def reveal_given(k: int, j: int, data: Any, x: Any, f: Any, g: Any) -> int:
    """Fill f[0] with f_t(x), and g with g_t, for a single round: data = (values (L,), gradients (L, d))."""
    values, gradients = data
    for i in range(x.size):
        g[i] = gradients[j, i]
    f[0] = values[j]
    return 1


@cache
def reveal_with(oracle: PointwiseOracle) -> Callable[..., int]:
    """A function that fills f[0] with f_t(x), and g with the gradient, for losses of linear predictions.

    data = (a (U, n, b, d), y (U, n, b), which (L,), mu, p), where game j meets the rows which[j] of the U draws.
    """
    loss = _loss(oracle)

    def reveal(k, j, data, x, f, g):  # type: ignore[no-untyped-def]
        a, y, which, mu, p = data
        f[0] = loss(a[which[j], k], y[which[j], k], mu, p, x, g)
        return 1

    return reveal

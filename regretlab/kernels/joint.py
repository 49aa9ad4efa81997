"""Round loops for losses or sets that look at all coordinates of a game at once.

The cells of a game are next to each other: game j has the cells j*d, ..., j*d + d - 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from regretlab.kernels.compiling import interpreted, jit
from regretlab.kernels.rule import RuleCall, adaptors, positive_weights, scaled_step, two_sum

__all__ = [
    "PointwiseOracle",
    "compose_joint",
    "prediction_loss",
    "reveal_given",
    "reveal_linear",
    "reveal_with",
]


class PointwiseOracle(NamedTuple):
    """The scalar functions of a link: ell(z, y, *p) and its derivative in z."""

    value: Callable[..., float]
    derivative: Callable[..., float]


@cache
def prediction_loss(link: PointwiseOracle, compiled: bool) -> Callable[..., float]:
    """f(x) = (1/b) sum_j ell(<a_j, x>, y_j) + (mu/2) ||x||^2 and its gradient, for rows a (b, d).

    The function returned takes a, y, mu, the link's parameters p, x and g: it
    fills g (d,) and returns the value.
    """
    loss = _loss(link)
    return jit(loss, keep=True) if compiled else interpreted(loss)


def _loss(link: PointwiseOracle) -> Callable[..., float]:
    ell, slope = link

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
    """Algorithm 1 for losses or sets that look at all coordinates of a game: a loop over rounds, games, cells.

    ``reveal`` is how f_t(x_t) and g_t are had from the data of the rounds, one of
    the functions below; it returns how many numbers f_t(x_t) is the sum of: d, one
    for each coordinate, or 1.  Arguments of the loop: the first round t0 and the number
    of rounds n; the data; coefficients and shapes; geometry (L, k), the parameters
    of the sets; then as in ``by_tile``.
    """
    do = adaptors(call)
    load, store, hyper, apply, alpha, note = do.load, do.store, do.hyper, do.apply, do.alpha, do.note

    def by_game(t0, n, data, coef, shape, geometry, x, state, loss, gsum, hits, xs, losses, gsums, notes):  # type: ignore[no-untyped-def]
        games = geometry.shape[0]
        d = x.size // games
        f, g, w = np.empty(d), np.empty(d), np.empty(d)
        i = 0
        for k in range(n):
            t = t0 + k
            hit = i < hits.size and hits[i] == t
            if hit:  # by loops: whole arrays take seconds to compile
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
                for e in range(d):  # loops with few arrays each work on many cells at once also where d is small
                    c = j * d + e
                    h = hyper(coef, c)
                    s, m, w[e] = apply(t, k, g[e], x[c], load(state, c), h, shape)
                    store(state, c, s)
                    x[c] -= alpha(k, h, shape) * scaled_step(m, w[e])
                positive_weights(w)
                projection(own, w, geometry[j])
            if hit:
                for e in range(2):
                    for c in range(x.size):
                        losses[i, e, c], gsums[i, e, c] = loss[e, c], gsum[e, c]
                for c in range(x.size):
                    note(notes, i, c, load(state, c))
                i += 1

    return jit(by_game, keep=True) if compiled else interpreted(by_game)


def reveal_linear(k: int, j: int, data: Any, x: Any, f: Any, g: Any) -> int:
    """f_t(x) by coordinate and g_t, for linear losses with the gradients data = (G,), G (n, 1, L*d)."""
    G = data[0]
    for i in range(x.size):
        g[i] = G[k, 0, j * x.size + i]
        f[i] = g[i] * x[i]
    return x.size  # type: ignore[no-any-return]


def reveal_given(k: int, j: int, data: Any, x: Any, f: Any, g: Any) -> int:
    """f_t(x), a single number, and g_t, for one round with data = (values (L,), gradients (L, d))."""
    values, gradients = data
    for i in range(x.size):
        g[i] = gradients[j, i]
    f[0] = values[j]
    return 1


@cache
def reveal_with(link: PointwiseOracle) -> Callable[..., int]:
    """f_t(x), a single number, and its gradient, for losses of linear predictions.

    With data = (a (U, n, b, d), y (U, n, b), which (L,), mu, p): game j meets the rows of which[j].
    """
    loss = _loss(link)

    def reveal(k, j, data, x, f, g):  # type: ignore[no-untyped-def]
        a, y, which, mu, p = data
        f[0] = loss(a[which[j], k], y[which[j], k], mu, p, x, g)
        return 1

    return reveal

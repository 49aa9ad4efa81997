"""What certificates need to know of a game, added up in the loop that plays it.

For one coordinate, with w_t = W_t / alpha_t and w_0 = m_0 = 0, after round t:

    m            m_t (0 where W_t = 0: then no step is made)
    weight       w_t
    rise         sum_s [w_s - w_{s-1}]_+
    least        min_s Gamma_s, Gamma_s = w_s - w_{s-1}, Gamma_1 = w_1
    falls        number of rounds with Gamma_s < 0 by more than rounding
    first_fall   the first of them, or 0
    momentum     sum_s beta_{1,s} w_s
    step         sum_s alpha_s m_s^2 / W_s
    square       sum_s g_s^2
    largest      max_s |g_s|
    mismatch     sum_s |m_s - beta_{1,s} m_{s-1} - (1 - beta_{1,s}) g_s|
    x            x_t
    travelled    sum_{s<t} |x_{s+1} - x_s|

and, where beta_1 or beta_2 is not constant (the mismatch then has, for rounds with W_s = 0 too, the
beta_{1,s} |g_s - m_{s-1}| that lag leaves out),

    lag          sum_s beta_{1,s} alpha_s (g_s - m_{s-1})^2 / W_s
    zeta2        max_s (sum_{r<=s} g_r^2) / w_s^2

An account is called after a learner's rule.  Its arguments say what it needs, as
those of a rule do: ``g``, ``x``, ``m``, ``w`` (that is W_t), ``t``, ``alpha``,
``per_alpha`` (1/alpha_t), ``beta1``, and any other name is a number it keeps, 0 at
the start.  It returns these, in the order of its arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from regretlab.kernels import scaled_step

__all__ = ["ROUNDING", "account", "account_scheduled", "names_kept_by"]

ROUNDING = 1e-12
"""A weight that falls by less than this part of it has not fallen but been rounded."""


def account(
    g: float,
    x: float,
    m: float,
    w: float,
    t: int,
    alpha: float,
    per_alpha: float,
    beta1: float,
    m_: float,
    weight: float,
    rise: float,
    least: float,
    falls: float,
    first_fall: float,
    momentum: float,
    step: float,
    square: float,
    largest: float,
    mismatch: float,
    x_: float,
    travelled: float,
) -> Any:
    """The entries for constant beta_1, beta_2 (m_ and x_ are m and x of the round before)."""
    moved = alpha * scaled_step(m, w)
    m = m if w > 0.0 else 0.0
    new = w * per_alpha
    gamma = new - weight
    fell = gamma < -ROUNDING * weight
    rise += gamma if gamma > 0.0 else 0.0
    least = gamma if (t == 1 or gamma < least) else least
    falls += 1.0 if fell else 0.0
    first_fall = float(t) if (fell and first_fall == 0.0) else first_fall
    momentum += beta1 * new
    step += moved * m
    square += g * g
    largest = max(largest, abs(g))
    mismatch += abs(m - (beta1 * m_ + (1.0 - beta1) * g))
    travelled += 0.0 if t == 1 else abs(x - x_)
    return m, new, rise, least, falls, first_fall, momentum, step, square, largest, mismatch, x, travelled


def account_scheduled(
    g: float,
    x: float,
    m: float,
    w: float,
    t: int,
    alpha: float,
    per_alpha: float,
    beta1: float,
    m_: float,
    weight: float,
    rise: float,
    least: float,
    falls: float,
    first_fall: float,
    momentum: float,
    step: float,
    square: float,
    largest: float,
    mismatch: float,
    x_: float,
    travelled: float,
    lag: float,
    zeta2: float,
) -> Any:
    """The entries for any beta_{1,t}, beta_{2,t}: those of :func:`account`, lag and zeta2."""
    lag += beta1 * alpha * scaled_step(g - m_, w) * (g - m_)
    mismatch += 0.0 if w > 0.0 else beta1 * abs(g - m_)  # what lag leaves out
    zeta2 = max(zeta2, scaled_step(square + g * g, w * w * per_alpha * per_alpha))
    kept = account(
        g, x, m, w, t, alpha, per_alpha, beta1,
        m_, weight, rise, least, falls, first_fall, momentum, step, square, largest, mismatch, x_, travelled,
    )  # fmt: skip
    return (*kept, lag, zeta2)


_GIVEN = ("g", "x", "m", "w", "t", "alpha", "per_alpha", "beta1")


def names_kept_by(account: Callable[..., Any]) -> tuple[str, ...]:
    """The names of what an account keeps."""
    return tuple(name.rstrip("_") for name in inspect.signature(account).parameters if name not in _GIVEN)

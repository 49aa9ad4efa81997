"""The ledger of a game: running sums that certificates need, updated in the loop that plays the game.

For one coordinate, with w_t = W_t / alpha_t and w_0 = m_0 = 0, after round t:

    m            m_t, or 0 if W_t = 0 (then x_t makes no step)
    weight       w_t
    rise         sum_s [w_s - w_{s-1}]_+
    least        min_s Gamma_s, where Gamma_s = w_s - w_{s-1}
    falls        number of rounds with Gamma_s < -ROUNDING w_{s-1}
    first_fall   the first of them, or 0
    momentum     sum_s beta_{1,s} w_s
    step         sum_s alpha_s m_s^2 / W_s
    square       sum_s g_s^2
    largest      max_s |g_s|
    mismatch     sum_s |m_s - beta_{1,s} m_{s-1} - (1 - beta_{1,s}) g_s|
    x            x_t
    travelled    sum_{s<t} |x_{s+1} - x_s|

If beta_1 or beta_2 is not constant, there are two more rows,

    lag          sum_s beta_{1,s} alpha_s (g_s - m_{s-1})^2 / W_s over the rounds with W_s > 0
    zeta2        max_s (sum_{r<=s} g_r^2) / w_s^2

and ``mismatch`` also sums beta_{1,s} |g_s - m_{s-1}| over the rounds with W_s = 0.

In each round the loop calls the learner's rule, then a function that updates the ledger: an *account*.
An account may take ``g``, ``x``, ``m``, ``w`` (W_t), ``ratio`` (m_t / W_t, 0 where the coordinate rests), ``t``,
``alpha``, ``per_alpha`` (1/alpha_t) and ``beta1``; every other argument is a row of the ledger, 0 at the start.
These names are the account's: a rule may give them another meaning.
The account returns the new rows in the order of its arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from regretlab.kernels import resting_step

__all__ = ["ROUNDING", "account", "account_scheduled", "names_in_ledger"]

ROUNDING = 1e-12
"""A relative decrease of w_t by at most this much counts as rounding."""


# The arguments are floats, but t is an int.  Those in the second line are the rows of the ledger before the round;
# m_ = m_{t-1} and x_ = x_{t-1}.  A compiled loop fills arguments by name, so each function lists all of them.
# fmt: off


def account(  # type: ignore[no-untyped-def]
    g, x, m, w, ratio, t, alpha, per_alpha, beta1,
    m_, weight, rise, least, falls, first_fall, momentum, step, square, largest, mismatch, x_, travelled,
) -> Any:
    """The rows after round t, for constant beta_1 and beta_2."""
    moved = alpha * ratio
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


def account_scheduled(  # type: ignore[no-untyped-def]
    g, x, m, w, ratio, t, alpha, per_alpha, beta1,
    m_, weight, rise, least, falls, first_fall, momentum, step, square, largest, mismatch, x_, travelled, lag, zeta2,
) -> Any:
    """The rows after round t, for any beta_{1,t} and beta_{2,t}."""
    lag += beta1 * alpha * resting_step(g - m_, w) * (g - m_)
    mismatch += 0.0 if w > 0.0 else beta1 * abs(g - m_)  # lag leaves these rounds out
    zeta2 = max(zeta2, resting_step(square + g * g, w * w * per_alpha * per_alpha))
    rows = account(
        g, x, m, w, ratio, t, alpha, per_alpha, beta1,
        m_, weight, rise, least, falls, first_fall, momentum, step, square, largest, mismatch, x_, travelled,
    )
    return (*rows, lag, zeta2)


# fmt: on

_LOOP = ("g", "x", "m", "w", "ratio", "t", "alpha", "per_alpha", "beta1")


def names_in_ledger(account: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the ledger rows that ``account`` updates, in order."""
    return tuple(name.rstrip("_") for name in inspect.signature(account).parameters if name not in _LOOP)

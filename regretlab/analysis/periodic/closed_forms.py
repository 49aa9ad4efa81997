"""Closed forms for Adam on periodic linear losses: its moments, its drift, and where the drift changes sign."""

from __future__ import annotations

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import whole
from regretlab.losses.counterexamples import PeriodicLosses, ReddiOnline, period_of

__all__ = ["adam_drift", "average", "beta2_star", "first_order_beta2", "smallest_failing_period"]


def average(values: ArrayLike, beta: ArrayLike) -> Array:
    """m_k = (1 - beta) sum_{j<P} beta^j g_{k-j} / (1 - beta^P): the limit cycle of m_t = beta m_{t-1} + (1 - beta) g_t.

    Parameters
    ----------
    values : array (..., P)
        g_1, ..., g_P, a period.
    beta : float or array (...)
        In [0, 1), of a shape that broadcasts with the leading axes of ``values``.

    Returns
    -------
    array (..., P)
        m_1, ..., m_P.

    Raises
    ------
    ValueError
        For beta outside [0, 1).

    Examples
    --------
    >>> import regretlab as rl
    >>> rl.periodic.average([3.0, -1.0, -1.0], 0.5).round(4)
    array([ 1.2857,  0.1429, -0.4286])
    """
    g = np.asarray(values, dtype=np.float64)
    beta = np.asarray(beta, dtype=np.float64)
    if not ((beta >= 0.0) & (beta < 1.0)).all():
        raise ValueError(f"beta={beta} must be in [0, 1)")
    with np.errstate(divide="ignore"):
        log_beta = np.log(beta)
    m = (1.0 - beta)[..., None] * g
    n, power = 1, beta
    while (power > 1e-300).any():  # m_k = (1 - beta) sum_{j<n} beta^j g_{k-j}
        m = m + power[..., None] * np.roll(m, n % g.shape[-1], axis=-1)
        n *= 2
        power = np.exp(n * log_beta)
    return m


def adam_drift(pattern: ArrayLike, beta1: ArrayLike, beta2: ArrayLike) -> Array:
    """h = sum_{k<=P} m_k / sqrt(v_k) over the limit cycle of Adam: a period moves x by about -alpha_t h.

    Parameters
    ----------
    pattern : array (P,)
        A period of gradients, at least one of them not 0.
    beta1, beta2 : floats or arrays
        In [0, 1), of shapes that broadcast.

    Returns
    -------
    array
        Of the common shape of beta1 and beta2.

    Raises
    ------
    ValueError
        For a pattern that is all zero or not of shape (P,), and betas outside [0, 1).

    Examples
    --------
    >>> import regretlab as rl
    >>> rl.periodic.adam_drift([3.0, -1.0, -1.0], 0.9, [0.1, 0.999]).round(3)
    array([0.605, 0.522])
    """
    g = np.asarray(pattern, dtype=np.float64)
    if g.ndim != 1 or not g.any():
        raise ValueError(f"pattern={pattern!r} must be numbers (P,) that are not all zero")
    h: Array = np.einsum("...k,...k->...", average(g, beta1), 1.0 / np.sqrt(average(g * g, beta2)))
    return h


def beta2_star(C: ArrayLike, beta1: float = 0.0) -> Array:
    """beta2*(C): on f_t(x) = C x if t mod 3 = 1, else -x, Adam goes to the wrong end +1 for beta2 just below beta2*.

    It is the largest root of h = sum_k m_k / sqrt(v_k) in beta2, or 0 where Adam fails for no beta2.  For beta1 = 0
    there is exactly one root, and Adam fails for all beta2 < beta2*.

    Parameters
    ----------
    C : float or array
        Larger than 2, so that the best point is -1.
    beta1 : float
        In [0, 1).

    Returns
    -------
    array of the shape of C

    Raises
    ------
    ValueError
        For C <= 2, or beta1 outside [0, 1).

    Examples
    --------
    >>> import regretlab as rl
    >>> rl.periodic.beta2_star([2.5, 3.0]).round(6)
    array([0.629188, 0.472313])
    """
    from scipy.optimize import brentq

    C = np.asarray(C, dtype=np.float64)
    if not (np.isfinite(C) & (C > 2.0)).all():
        raise ValueError(f"C={C} must be larger than 2: otherwise -1 is not the best point")
    logit = np.linspace(-35.0, 35.0, 701)
    grid = np.unique(1.0 / (1.0 + np.exp(-logit)))
    star = np.zeros(C.shape)
    for i, c in np.ndenumerate(C):

        def h(beta2: float, pattern: tuple[float, ...] = (c, -1.0, -1.0)) -> float:
            return float(adam_drift(pattern, beta1, beta2))

        fails = np.flatnonzero(adam_drift((c, -1.0, -1.0), beta1, grid) < 0.0)
        if fails.size:
            star[i] = brentq(h, float(grid[fails[-1]]), float(grid[fails[-1] + 1]), xtol=1e-16)
    return star


def smallest_failing_period(beta1: float, beta2: float, *, largest: int = 10**5) -> int:
    """C_min(beta1, beta2): the smallest C for which Adam fails on f_t(x) = C x if t mod C = 1, else -x.

    By Theorem 2 of Reddi, Kale, Kumar (2018), Adam fails for some C if beta1 < sqrt(beta2).  The search doubles C and
    then bisects.  It assumes that Adam fails for all larger C too; this is not proved, but holds in computations.

    Parameters
    ----------
    beta1, beta2 : float
        In [0, 1).
    largest : int
        At least 2; powers of two above it are not tried.

    Raises
    ------
    ValueError
        When Adam fails for no power of two up to ``largest``; for ``largest`` < 2, and betas outside [0, 1).

    Examples
    --------
    >>> import regretlab as rl
    >>> rl.periodic.smallest_failing_period(0.9, 0.99)
    30
    """
    whole(2, largest=largest)

    def fails(C: int) -> bool:
        return bool(adam_drift(ReddiOnline(float(C), 1.0, C).pattern[:, 0], beta1, beta2) < 0.0)

    low, high = 1, 2
    while not fails(high):
        low, high = high, 2 * high
        if high > largest:
            raise ValueError(f"beta1={beta1!r}, beta2={beta2!r}: Adam fails for no period up to {low}")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fails(middle) else (middle, high)
    return high


def first_order_beta2(losses: PeriodicLosses) -> float:
    """1 - 2 vbar sum_k g_k / sum_k g_k w_k: beta2* for beta1 = 0 to first order in 1 - beta2*, the safe-beta2 rule.

    vbar is the mean of g_k^2 over a period, and w_k the running sum of g_k^2 - vbar, shifted to the mean zero:
    v_k = vbar + (1 - beta2) w_k + O((1 - beta2)^2) in the limit cycle.  For larger beta2 Adam without momentum, that is
    RMSProp, goes to the best point.  The result is 0 where Adam fails for no beta2, to first order.

    Parameters
    ----------
    losses : PeriodicLosses
        In one dimension.

    Raises
    ------
    ValueError
        For losses in more than one dimension, or whose gradients have the sum 0.
    """
    g = period_of(losses)[:, 0]
    if losses.dimension != 1 or not g.sum():
        raise ValueError(f"losses={losses!r} must be one-dimensional with gradients whose sum is not 0")
    v = (g * g).mean()
    w = np.cumsum(g * g - v)
    w -= w.mean()
    correlation = g @ w
    return max(0.0, 1.0 - 2.0 * v * float(g.sum()) / correlation) if g.sum() * correlation > 0.0 else 0.0

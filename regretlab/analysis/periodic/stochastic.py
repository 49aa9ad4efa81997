"""Adam's exact drift on independent gradients that take two values, as those of Reddi, Kale, Kumar (2018)."""

from __future__ import annotations

from math import log, pi, sqrt

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array
from regretlab.losses.stochastic import ReddiStochastic, ReddiTheorem3

__all__ = ["first_order_stochastic_beta2", "stochastic_beta2_star", "stochastic_drift"]

_CHUNK = 2**20


def stochastic_drift(losses: ReddiStochastic | ReddiTheorem3, beta1: float, beta2: float) -> float:
    """E[m / sqrt v] in the stationary state of Adam on independent g = a with probability p, else -b.

    A round moves x by -alpha_t times this number, in expectation.  Let c_j = (1 - beta2) beta2^j.  Because of
    1/sqrt(v) = (2/sqrt pi) int_0^inf exp(-s^2 v) ds,

        E[m / sqrt v] = (2/sqrt pi) int_0^inf  prod_j phi_j  sum_j (1 - beta1) beta1^j psi_j / phi_j  ds,
        phi_j = E exp(-s^2 c_j g^2),   psi_j = E g exp(-s^2 c_j g^2).

    The integral is computed by the trapezoidal rule in u, s = exp(u - exp(-u)) / sqrt(E g^2).  The step is halved until
    the sum changes by less than 1e-13 of E|g| / sqrt(E g^2).

    Parameters
    ----------
    losses : ReddiStochastic or ReddiTheorem3
        They decide a, b and p.
    beta1, beta2 : float
        In [0, 1).

    Returns
    -------
    float
        Positive if x drifts to the lower end, which is the best point if E g > 0.

    Raises
    ------
    ValueError
        For betas outside [0, 1), or gradients that do not take two values other than 0.
    TypeError
        For other losses.
    RuntimeError
        When the integral has not settled at 4096 points.

    Examples
    --------
    >>> import regretlab as rl
    >>> round(rl.periodic.stochastic_drift(rl.losses.ReddiStochastic(), 0.9, 0.99), 6)
    -0.059139
    """
    a, b, p = _two_points(losses)
    for name, beta in (("beta1", beta1), ("beta2", beta2)):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"{name}={beta!r} must be in [0, 1)")
    scale = sqrt(p * a * a + (1.0 - p) * b * b)
    size = (p * a + (1.0 - p) * b) / scale

    def integral(first: float, step: float, n: int) -> float:
        u = first + step * np.arange(n)
        s = np.exp(u - np.exp(-u)) / scale
        return float((_integrand(s, a, b, p, beta1, beta2) * s * (1.0 + np.exp(-u))).sum())

    low, high = -4.0, log(7.0 * scale / min(a, b)) + 0.1  # beyond them exp(-exp(4)) and exp(-s^2 min(a, b)^2) are 0
    n = 32
    h = (high - low) / n
    total = integral(low, h, n + 1)
    before = np.inf
    while abs(total * h - before) > 1e-13 * size:
        if n >= 2**12:
            raise RuntimeError(f"the quadrature on {losses!r} at beta1={beta1!r}, beta2={beta2!r} does not settle")
        before = total * h
        total += integral(low + 0.5 * h, h, n)
        n, h = 2 * n, h / 2.0
    return 2.0 / sqrt(pi) * total * h


def stochastic_beta2_star(losses: ReddiStochastic | ReddiTheorem3, beta1: float = 0.0) -> float:
    """beta2* at which :func:`stochastic_drift` is 0: for smaller beta2 Adam drifts away from the best point.

    Parameters
    ----------
    losses : ReddiStochastic or ReddiTheorem3
    beta1 : float
        In [0, 1).

    Raises
    ------
    ValueError
        When E g is not positive, or there is no change of sign around the first-order value.
    TypeError, RuntimeError
        As for :func:`stochastic_drift`.
    """
    from scipy.optimize import brentq

    q = 1.0 - first_order_stochastic_beta2(losses)
    bracket = (1.0 - min(4.0 * q, 1.0 - 1e-9), 1.0 - q / 4.0)
    at = [stochastic_drift(losses, beta1, beta2) for beta2 in bracket]
    if at[0] * at[1] > 0.0:
        raise ValueError(
            f"the drift on {losses!r} does not change sign: {at[0]:.6g} and {at[1]:.6g} at beta2={bracket}"
        )
    return float(brentq(lambda beta2: stochastic_drift(losses, beta1, beta2), *bracket, xtol=1e-12))


def first_order_stochastic_beta2(losses: ReddiStochastic | ReddiTheorem3) -> float:
    """1 - 2 mu E g^2 / (E g^3 - mu E g^2), mu = E g > 0: beta2* to first order in 1 - beta2*, the safe-beta2 rule.

    The result is 0 where Adam fails for no beta2, to first order.

    Raises
    ------
    ValueError
        When mu <= 0: the best point is not the lower end.
    TypeError
        For losses other than ReddiStochastic and ReddiTheorem3.
    """
    a, b, p = _two_points(losses)
    mu, second, third = (p * a**k + (1.0 - p) * (-b) ** k for k in (1, 2, 3))
    if mu <= 0.0:
        raise ValueError(f"losses={losses!r} have the mean slope {mu:.6g}, which must be positive")
    skew = third - mu * second
    return max(0.0, 1.0 - 2.0 * mu * second / skew) if skew > 0.0 else 0.0


def _two_points(losses: ReddiStochastic | ReddiTheorem3) -> tuple[float, float, float]:
    """(a, b, p): gradients a with probability p, else -b."""
    if isinstance(losses, ReddiStochastic) and unchanged(losses, ReddiStochastic):
        a, b, p = losses.height, losses.slope, losses.p
    elif isinstance(losses, ReddiTheorem3) and unchanged(losses, ReddiTheorem3):
        a, b, p = losses.C, 1.0, (1.0 + losses.delta) / (losses.C + 1.0)
    else:
        raise TypeError(f"losses={losses!r} must be ReddiStochastic or ReddiTheorem3")
    if not (a > 0.0 and b > 0.0 and 0.0 < p < 1.0):
        raise ValueError(f"losses={losses!r} must have slopes a, -b with a, b > 0 and a probability inside (0, 1)")
    return a, b, p


def _integrand(s: Array, a: float, b: float, p: float, beta1: float, beta2: float) -> Array:
    """prod_j phi_j sum_j (1 - beta1) beta1^j psi_j / phi_j at the points s: (n,)."""
    y = s * s * (1.0 - beta2)  # s^2 c_j = y beta2^j
    return np.array([_at(each, a, b, p, beta1, beta2) for each in y.tolist()])


def _at(y: float, a: float, b: float, p: float, beta1: float, beta2: float) -> float:
    """The integrand for s^2 c_0 = y.

    For all j from the first one with s^2 c_j max(a, b)^2 < 1e-3, :func:`_rest` sums log phi_j by cumulants of g^2.  The
    sum with beta1^j ends where beta1^j < 1e-18.
    """
    top = max(a, b) ** 2
    decay = -log(beta2) if beta2 > 0.0 else np.inf
    J = 1 + int(max(0.0, log(y * top / 1e-3) / decay)) if y > 0.0 else 1
    M = 1 if beta1 == 0.0 else 1 + int(41.5 / -log(beta1))
    logs, weighted = 0.0, 0.0
    for start in range(0, max(J, M), _CHUNK):
        j = np.arange(start, min(start + _CHUNK, max(J, M)))
        x = y * beta2**j
        up, down = p * np.exp(-x * a * a), (1.0 - p) * np.exp(-x * b * b)
        phi = up + down
        logs += float(np.log(phi[: max(0, J - start)]).sum())
        weighted += float((beta1**j * (a * up - b * down) / phi).sum())
    return (1.0 - beta1) * weighted * float(np.exp(logs + _rest(y * beta2**J, a, b, p, beta2)))


def _rest(x: float, a: float, b: float, p: float, beta2: float) -> float:
    """sum_{j>=0} log E exp(-x beta2^j g^2) = -x b^2 / (1 - beta2) + sum_n kappa_n z^n / (n! (1 - beta2^n)).

    Here z = -x (a^2 - b^2), and kappa_n are the cumulants of a Bernoulli variable with mean p.  The first five suffice
    for x max(a, b)^2 <= 1e-3.
    """
    q = p * (1.0 - p)
    cumulants = (p, q, q * (1.0 - 2.0 * p), q * (1.0 - 6.0 * q), q * (1.0 - 2.0 * p) * (1.0 - 12.0 * q))
    z, term, total = -x * (a * a - b * b), 1.0, -x * b * b / (1.0 - beta2)
    for n, kappa in enumerate(cumulants, start=1):
        term *= z / n
        total += kappa * term / -np.expm1(n * log(beta2)) if beta2 > 0.0 else kappa * term
    return total

"""Compensated (double-double) arithmetic for projections, with the same bits compiled or interpreted.

With extreme weights and distances, the multiplier tau of a projection may be 1e20 times larger than the projected
point.  So tau is the sum high + low of two floats, and products are computed with their rounding errors (Dekker, "A
floating-point technique for extending the available precision", 1971).
"""

from __future__ import annotations

import math
from typing import Any

from regretlab.kernels import two_sum

__all__ = ["EPS", "add", "exact_sum", "middle", "shifted", "two_product", "two_sum", "unit", "weight"]

EPS = 2.0**-52
"""The distance from 1 to the next larger float."""

_SPLITTER = 2.0**27 + 1.0
_SMALLEST = 2.0**-523


def exact_sum(*terms: float) -> float:
    """The exact sum, rounded once; NaN when a term is not finite or the sum overflows."""
    try:
        total = math.fsum(terms)
    except (ValueError, OverflowError):
        return math.nan
    return total if math.isfinite(total) else math.nan


def two_product(a: float, b: float) -> tuple[float, float]:
    """a * b and its rounding error."""
    product = a * b
    c = _SPLITTER * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = _SPLITTER * b
    b_high = c - (c - b)
    b_low = b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def add(high: float, low: float, term: float) -> tuple[float, float]:
    """(high + low) + term, as a pair (high, low)."""
    high, low = two_sum(high, low, term)
    total = high + low
    return total, low - (total - high)


def middle(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    """(a + b) / 2 of two pairs (high, low)."""
    high, low = add(0.5 * a[0], 0.5 * a[1], 0.5 * b[0])
    return add(high, low, 0.5 * b[1])


def shifted(y: float, high: float, low: float, w: float, inverse: float) -> float:
    """y - (high + low) / w with ``inverse`` = 1 / w, accurate to the last bits even when nearly all of y cancels.

    A result far below zero is computed in plain arithmetic: callers replace it by 0.
    """
    quotient = high * inverse
    t = y - quotient
    if t <= -0.001 * abs(quotient) or not abs(quotient) < math.inf:
        return t
    product, error = two_product(quotient, w)
    return t - (((high - product) - error) + low) * inverse


def unit(w: Any) -> float:
    """The power of two that scales the largest weight to about 2^500."""
    largest = 0.0
    for i in range(len(w)):
        if w[i] > largest:
            largest = w[i]
    return math.ldexp(1.0, min(500 - math.frexp(largest)[1], 1000))


def weight(w: float, scale: float) -> float:
    """w * scale, but at least 2^-523, so that neither 1 / w nor products with it overflow; NaN stays NaN."""
    scaled = w * scale
    return _SMALLEST if scaled < _SMALLEST else scaled

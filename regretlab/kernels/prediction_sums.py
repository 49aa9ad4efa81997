"""Compiled sums over rows z_j, y_j of a link ell(z, y): values, minorants and second derivatives."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from regretlab._utils.types import Array
from regretlab.kernels import PointwiseOracle, two_sum
from regretlab.kernels.compiling import jit

__all__ = ["compiles", "each_value", "pointwise_kinks", "pointwise_terms"]

_STEP = 1e-5  # in z, relative to 1 + |z|: the differences of a derivative that tell the second one


@cache
def compiles(link: PointwiseOracle, parameters: int) -> bool:
    """Whether the functions of a link with this many parameters are scalar arithmetic that can be compiled."""
    one = np.ones(1)
    try:
        pointwise_terms(link, True)(
            one, one, one, one, 1.0, True, (1.0,) * parameters, one.copy(), one.copy(), np.empty(8)
        )
    except Exception:  # whatever the compiler says
        return False
    return True


@cache
def pointwise_terms(link: PointwiseOracle, compiled: bool) -> Callable[..., None]:
    """Sums over rows: value and constant of the minorant, each with its rounding error; size; slopes times how far
    predictions go, and other numbers that are rounded; and the number of kinks in reach of the smoothing.

    They go into ``out``; the minorants' slopes and the second derivatives, times
    the weights, into ``slope`` and ``second``.
    """
    ell, derivative = link

    def terms(z, y, far, weight, h, bend, p, slope, second, out):  # type: ignore[no-untyped-def]
        value = value_error = constant = constant_error = size = spread = noise = kinks = 0.0
        for j in range(z.size):
            v, label, times = z[j], y[j], weight[j]
            f = ell(v, label, *p)
            left, right = v - h, v + h
            span = right - left
            if span > 0.0:
                f0, f1 = ell(left, label, *p), ell(right, label, *p)
                s0, s1 = derivative(left, label, *p), derivative(right, label, *p)
                c, k = s0, 0.0
                if s1 > s0:
                    kinks += 1.0
                    k = min(max((s1 * span - (f1 - f0)) / (s1 - s0), 0.0), span)
                    c = min(max((s0 * k + s1 * (span - k)) / span, s0), s1)
                low = min(f0 + s0 * k, f1 - s1 * (span - k)) - c * (left + k)
                second[j] = times * max(s1 - s0, 0.0) / span
                steep = max(abs(s0), abs(s1))
            else:
                c = derivative(v, label, *p)
                low = f - c * v
                steep = abs(c)
                if bend:
                    step = _STEP * (1.0 + abs(v))
                    rise = derivative(v + step, label, *p) - derivative(v - step, label, *p)
                    second[j] = times * max(rise, 0.0) / (2.0 * step)
            slope[j] = times * c
            value, value_error = two_sum(value, value_error, times * f)
            constant, constant_error = two_sum(constant, constant_error, times * low)
            size += times * abs(f)
            spread += times * steep * far[j]
            noise += times * (steep * (2.0 * h + abs(label) + 1.0) + abs(f) + abs(low))
        out[0], out[1], out[2], out[3] = value, value_error, constant, constant_error
        out[4], out[5], out[6], out[7] = size, spread, noise, kinks

    return jit(terms, keep=True) if compiled else terms


@cache
def pointwise_kinks(link: PointwiseOracle, compiled: bool) -> Callable[..., None]:
    """The tangents at both ends of an interval: where they cross, the value there, their slopes.

    Also how far the link is above the crossing, 0 if the tangents are all of it,
    and the size of these numbers.
    """
    ell, derivative = link

    def kinks(left, right, y, p, table):  # type: ignore[no-untyped-def]
        for j in range(y.size):
            x0, x1, label = left[j], right[j], y[j]
            f0, f1 = ell(x0, label, *p), ell(x1, label, *p)
            s0, s1 = derivative(x0, label, *p), derivative(x1, label, *p)
            span, k = x1 - x0, 0.0
            if s1 > s0:
                k = min(max((s1 * span - (f1 - f0)) / (s1 - s0), 0.0), span)
            level = min(f0 + s0 * k, f1 - s1 * (span - k))
            table[0, j], table[1, j], table[2, j], table[3, j] = x0 + k, level, s0, s1
            table[4, j] = ell(x0 + k, label, *p) - level
            table[5, j] = max(abs(s0), abs(s1)) * (span + abs(x0 + k) + abs(label) + 1.0) + abs(f0) + abs(f1)

    return jit(kinks, keep=True) if compiled else kinks


@cache
def each_value(value: Callable[..., float], compiled: bool) -> Callable[..., Array]:
    """ell(z_j, y_j) for every j."""

    def each(z, y, p):  # type: ignore[no-untyped-def]
        out = np.empty(z.size)
        for j in range(z.size):
            out[j] = value(z[j], y[j], *p)
        return out

    return jit(each, keep=True) if compiled else each

"""Compiled sums of pointwise losses ell(z_j, y_j) over rows j: values, affine lower bounds, second derivatives, kinks.

z_j = <a_j, u> is the prediction for row j and y_j its label.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from regretlab._utils.types import Array
from regretlab.kernels import PointwiseOracle, two_sum
from regretlab.kernels.compiling import jit

__all__ = ["compiles", "each_value", "pointwise_kinks", "pointwise_terms"]

_STEP = 1e-5  # step of the difference quotient for a second derivative, relative to 1 + |z|


@cache
def compiles(oracle: PointwiseOracle, parameters: int) -> bool:
    """Whether the functions of a pointwise loss with this many parameters can be compiled."""
    one = np.ones(1)
    try:
        pointwise_terms(oracle, True)(
            one, one, one, one, 1.0, True, (1.0,) * parameters, one.copy(), one.copy(), np.empty(8)
        )
    except Exception:  # the compiler may raise anything
        return False
    return True


@cache
def pointwise_terms(oracle: PointwiseOracle, compiled: bool) -> Callable[..., None]:
    """A function that sums ell(z_j, y_j) and affine lower bounds c_j z + b_j <= ell(z, y_j), with weights, over rows.

    The slope c_j is a derivative of ell at z_j for h = 0; for h > 0 it is the slope at
    z_j of ell averaged over [z - h, z + h].  The arguments of the function are z and y;
    ``far``, where far_j is an upper bound of |<a_j, v>| over v in F; the weights; h;
    whether to compute second derivatives where h = 0; the parameters of ell; and three
    arrays that the function fills: ``slope`` with weight_j c_j, ``second`` with weight_j
    times the second derivative, and ``out`` with

    0, 1   sum weight_j ell(z_j, y_j), and its rounding error
    2, 3   sum weight_j b_j, and its rounding error
    4      sum weight_j |ell(z_j, y_j)|
    5      sum weight_j steep_j far_j, where steep_j is the largest slope in absolute value
    6      the size of the other numbers that enter the sums, as a measure of rounding errors
    7      the number of rows for which the slope of ell grows between z_j - h and z_j + h
    """
    ell, derivative = oracle

    def terms(z, y, far, weight, h, with_second, p, slope, second, out):  # type: ignore[no-untyped-def]
        value = value_error = constant = constant_error = size = spread = rounded = kinks = 0.0
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
                if with_second:
                    step = _STEP * (1.0 + abs(v))
                    rise = derivative(v + step, label, *p) - derivative(v - step, label, *p)
                    second[j] = times * max(rise, 0.0) / (2.0 * step)
            slope[j] = times * c
            value, value_error = two_sum(value, value_error, times * f)
            constant, constant_error = two_sum(constant, constant_error, times * low)
            size += times * abs(f)
            spread += times * steep * far[j]
            rounded += times * (steep * (2.0 * h + abs(label) + 1.0) + abs(f) + abs(low))
        out[0], out[1], out[2], out[3] = value, value_error, constant, constant_error
        out[4], out[5], out[6], out[7] = size, spread, rounded, kinks

    return jit(terms, keep=True) if compiled else terms


@cache
def pointwise_kinks(oracle: PointwiseOracle, compiled: bool) -> Callable[..., None]:
    """A function that bounds each ell(., y_j) from below by its tangents at the ends of [left_j, right_j].

    It fills a table (6, rows).  Column j has the point where the two tangents cross,
    their value there, the slopes of the left and of the right tangent, how far ell lies
    above the crossing (0 if ell is the maximum of the tangents), and the size of these
    numbers, as a measure of rounding errors.
    """
    ell, derivative = oracle

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
    """A function that returns ell(z_j, y_j) for all j."""

    def each(z, y, p):  # type: ignore[no-untyped-def]
        out = np.empty(z.size)
        for j in range(z.size):
            out[j] = value(z[j], y[j], *p)
        return out

    return jit(each, keep=True) if compiled else each

"""Whether values and slopes of losses can be those of convex functions: tests at a few points, for games and checks."""

from __future__ import annotations

import numpy as np

from regretlab._utils.types import Array
from regretlab.losses.base import Loss
from regretlab.losses.pointwise import PointwiseLoss
from regretlab.sets import FeasibleSet

__all__ = ["far_points", "fault_of", "pointwise_fault"]

_LABELS = 8  # labels at which a pointwise loss is evaluated, at most


def far_points(feasible_set: FeasibleSet, x: Array, g: Array) -> list[Array]:
    """Two points of F: the projections of points far from x, down and up the slope g."""
    with np.errstate(all="ignore"):
        far = feasible_set.diameter() if feasible_set.bounded else 1.0 + float(np.abs(x).max())
        away = far * np.where(g < 0.0, -1.0, 1.0)
        return [np.asarray(feasible_set.project(y), dtype=np.float64) for y in (x - away, x + away)]


def fault_of(
    f: Loss,
    x: Array,
    value: float,
    g: Array,
    y: Array,
    *,
    tolerance: float,
    floor: float,
    linear: bool,
    mu: float = 0.0,
) -> str | None:
    """What is wrong with f(x) = ``value`` and the subgradient g at x, given f(y); None if nothing is, or f(y) is NaN.

    A mu-strongly convex f has f(y) >= f(x) + <g, y - x> + (mu/2) ||y - x||^2.  Convex ones have mu = 0, and
    f((x + y) / 2) <= (f(x) + f(y)) / 2.  A linear f has f(y) = <g, y>.

    ``tolerance`` is relative to the numbers compared; differences below ``floor`` are rounding errors in any case.
    """
    move = y - x
    with np.errstate(all="ignore"):
        at_y, middle = float(f.value(y.copy())), float(f.value(x + 0.5 * move))
        rise, size = float(g @ move), float(np.abs(g) @ (np.abs(move) + 1e-6 * (np.abs(x) + np.abs(y))))
        slack = floor + tolerance * (abs(value) + abs(at_y) + size)
        if not np.isfinite([at_y, middle, slack]).all():
            return None
        if middle > 0.5 * (value + at_y) + slack:
            return f"not convex: f = {value} at {x}, {at_y} at {y}, but {middle} half-way between them"
        if at_y < value + rise - slack:
            hint = "; its negative would be one here" if at_y >= value - rise - slack else ""
            return f"{g} is no subgradient at {x}: f = {value} there, {at_y} < {value + rise} at {y}{hint}"
        if linear:
            for u, there in ((x, value), (y, at_y)):
                if abs(there - float(g @ u)) > slack:
                    return f"not linear, though the class says linear = True: f = {there} at {u}, but <g, x> = {g @ u}"
        square = 0.5 * mu * float(move @ move)
        if at_y < value + rise + square - slack - tolerance * square:
            return (
                f"not {mu}-strongly convex, though the class says mu = {mu}: f = {value} at {x} with the subgradient "
                f"{g}, and {at_y} < {value + rise + square} at {y}"
            )
    return None


def pointwise_fault(link: PointwiseLoss, labels: Array, z: Array, tolerance: float) -> str | None:
    """What is wrong with the value or derivative of a pointwise loss at predictions z (n,), for some of the labels."""
    labels, p = np.unique(labels), link.parameters()
    for label in labels[np.linspace(0, len(labels) - 1, min(_LABELS, len(labels))).astype(int)].tolist():
        with np.errstate(all="ignore"):
            values, slopes = (np.array([float(f(float(u), label, *p)) for u in z]) for f in link.functions())
            wrong = _fault_on_grid(values, slopes, z, tolerance)
        if wrong is not None:
            return f"its pointwise loss {link!r} at the label {label} {wrong}"
    return None


def _fault_on_grid(values: Array, slopes: Array, z: Array, tolerance: float) -> str | None:
    """What is wrong with values and slopes of a convex function at increasing points z."""
    if not (np.isfinite(values).all() and np.isfinite(slopes).all()):
        k = int(np.argmin(np.isfinite(values) & np.isfinite(slopes)))
        return f"is not finite: value {values[k]} and derivative {slopes[k]} at z = {z[k]}"
    step, rise = np.diff(z), np.diff(values)
    slack = tolerance * (np.abs(values[1:]) + np.abs(values[:-1]) + step * np.abs(slopes).max())
    wrong = (slopes[:-1] * step > rise + slack) | (rise > slopes[1:] * step + slack)
    if not wrong.any():
        return None
    k = int(np.argmax(wrong))
    where = f"derivative {slopes[k]} at z = {z[k]}, {slopes[k + 1]} at {z[k + 1]}, where ell rises by {rise[k]}"
    if ((-slopes[:-1] * step <= rise + slack) & (rise <= -slopes[1:] * step + slack)).all():
        return f"has a derivative with the wrong sign: its negative would be right ({where})"
    falls = wrong & (np.diff(slopes) * step < -slack)
    if falls.any():
        k = int(np.argmax(falls))
        return (
            f"is not convex: its derivative falls from {slopes[k]} at z = {z[k]} to {slopes[k + 1]} at z = {z[k + 1]}"
        )
    return f"has a derivative that does not belong to its value: {where}"

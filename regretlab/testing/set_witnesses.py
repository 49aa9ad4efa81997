"""Points of a set from several sources, so that no method of the set is judged by itself alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from regretlab._utils.types import Array
from regretlab._utils.validation import reals
from regretlab.sets import FeasibleSet
from regretlab.testing.common import fail

__all__ = ["Witnesses", "ask", "ask_contains", "ask_diameter", "ask_point", "witnesses"]

_FAR = 1e6
_FARTHEST = 1e24
_GROWS = 1e-3


class Witnesses(NamedTuple):
    """Points of a set, and how large it is.

    Attributes
    ----------
    points : array (n, d)
        Points of F: projections of far points in several metrics, minimisers of linear functions, the point nearest to
        the origin, and convex mixtures of these.
    size : float
        The largest coordinate of a point.
    spread : float
        How far the points are from the one nearest to the origin.
    directions : array (k, d)
        The costs c for which <c, x> was minimised.
    minimizers : array (k, d)
        What minimize_linear gave for them; NaN where it refuses.
    grows : bool
        Whether the projections of farther and farther points go farther and farther, as on an unbounded set.
    """

    points: Array
    size: float
    spread: float
    directions: Array
    minimizers: Array
    grows: bool


def witnesses(F: FeasibleSet, rng: np.random.Generator) -> Witnesses:
    """Points of F, which has a dimension."""
    first = ask_point(F, "nearest_to_origin")
    d = first.size
    C = np.vstack([np.eye(d), -np.eye(d), rng.standard_normal((8, d)) * 10.0 ** rng.integers(-3, 4, (8, 1))])
    unit = C / np.abs(C).max(axis=1, keepdims=True)
    far, grows = _reach(F, first, unit)
    if grows:
        far = _boundary(F, first, unit)
    sources = [first]
    for c in unit:
        for w in (np.ones(d), 10.0 ** rng.uniform(-1.0, 1.0, d)):
            distance = far * (10.0 ** rng.uniform(-1.0, 2.0) if grows else 1.0)
            sources.append(ask_point(F, "project", first - distance * c / w, w))
    minimizers = np.array([_minimizer(F, c) for c in C])
    ends = np.vstack([sources, minimizers[np.isfinite(minimizers).all(axis=1)]])
    points = np.vstack([ends, rng.dirichlet(np.ones(len(ends)), 20) @ ends, 0.5 * (ends + ends[::-1])])
    size = float(np.abs(points).max())
    return Witnesses(points, size, float(np.abs(points - first).max()), C, minimizers, grows)


def _reach(F: FeasibleSet, first: Array, directions: Array) -> tuple[float, bool]:
    """A distance from ``first`` that is large beside the set, and whether the set extends as far."""
    base = float(np.abs(first).max()) or 1.0
    r = base
    while True:
        r *= _FAR
        spread = max(float(np.abs(ask_point(F, "project", first + r * u) - first).max()) for u in directions)
        if spread <= _GROWS * r:
            return (1e4 * spread if spread > 1e-12 * base else _FAR * base), False
        if r >= _FARTHEST * base:
            return r, True


def _boundary(F: FeasibleSet, first: Array, directions: Array) -> float:
    """About the distance from ``first`` to where an unbounded set ends, or 1 if it does not end there."""
    low, high = -60.0, 24.0

    def outside(exponent: float) -> bool:
        moved = (ask_point(F, "project", y) - y for y in first + 10.0**exponent * directions)
        return any(float(np.abs(move).max()) > 1e-3 * 10.0**exponent for move in moved)

    base = float(np.abs(first).max())
    if base > 0.0 or not outside(high) or outside(low):
        return base or 1.0
    while high - low > 0.5:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if outside(middle) else (middle, high)
    return float(10.0**high)


def _minimizer(F: FeasibleSet, c: Array) -> Array:
    """(d,): what minimize_linear gives for c; NaN if it refuses, which an unbounded set may do."""
    try:
        F.minimize_linear(c)
    except ValueError as error:
        if F.bounded:
            fail(f"{F!r} is bounded, but minimize_linear({c}) raises ValueError: {error}", error)
        return np.full(c.size, np.nan)
    except Exception as error:
        fail(f"{F!r}: minimize_linear({c}) fails: {type(error).__name__}: {error}", error)
    return ask_point(F, "minimize_linear", c)


def ask(F: FeasibleSet, method: str, *arguments: Any) -> Any:
    """What a method of F answers; a failure of the check if it raises an error."""
    try:
        return getattr(F, method)(*arguments)
    except Exception as error:
        fail(f"{F!r}: {_call(method, arguments)} fails: {type(error).__name__}: {error}", error)


def ask_point(F: FeasibleSet, method: str, *arguments: Any) -> Array:
    """(d,): a point that a method of F answers."""
    answer = ask(F, method, *arguments)
    try:
        x = np.array(reals("it", answer))
    except TypeError as error:
        fail(f"{F!r}: {_call(method, arguments)} is {answer!r}, not real numbers", error)
    if x.shape != (F.dimension,) or not np.isfinite(x).all():
        fail(f"{F!r}: {_call(method, arguments)} is {answer!r}; it must be {F.dimension} finite numbers")
    return x


def ask_contains(F: FeasibleSet, x: Array, tolerance: float = 0.0) -> bool:
    """Whether F contains x, up to ``tolerance``."""
    answer = ask(F, "contains", x, tolerance)
    if not isinstance(answer, bool | np.bool_):
        fail(f"{F!r}: contains({x}, {tolerance}) is {answer!r}; it must be True or False")
    return bool(answer)


def ask_diameter(F: FeasibleSet, norm: float) -> float:
    """The diameter of F in the inf-norm or the 2-norm."""
    answer = ask(F, "diameter", norm)
    try:
        D = reals("it", answer)
    except TypeError as error:
        fail(f"{F!r}: diameter({norm}) is {answer!r}, not a number", error)
    if D.shape != () or not D >= 0.0:
        fail(f"{F!r}: diameter({norm}) is {answer!r}; it must be a number, 0 or positive")
    return float(D)


def _call(method: str, arguments: tuple[Any, ...]) -> str:
    """The text of a call."""
    return f"{method}({', '.join(map(str, arguments))})"

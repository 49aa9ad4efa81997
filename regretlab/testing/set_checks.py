"""Is a set what it says? Projections in every metric, linear minimization, diameters, membership."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from regretlab._utils.types import Array
from regretlab.kernels.compiling import Uncompilable, jit
from regretlab.sets import FeasibleSet
from regretlab.testing.common import check_frozen, check_value, fail, points

__all__ = ["check_set"]

_SPANS = (0.0, 1.0, 3.0, 8.0)
"""The weights of a case are 10^u with u uniform on [-span, span]."""


def check_set(
    feasible_set: FeasibleSet,
    *,
    dimension: int = 3,
    cases: int = 64,
    tolerance: float = 1e-9,
    compiled: bool = True,
    seed: int = 0,
) -> None:
    """Check the promises of a feasible set.

    * It is a frozen dataclass, and a value: equal to a set with the same content.
    * x = project(y, w) is in F; it is y for y in F; <w (y - x), z - x> <= 0 for all z in F,
      which is to say that no point of F is nearer to y in the metric w; in that
      metric two projections are no farther apart than what was projected; a
      multiple of w gives the same.
    * ``projection``, if there is one, gives what ``_project`` gives, also compiled.
    * ``contains`` knows points of F from points that are clearly not in F, and
      x_1, the point nearest to the origin, is in F.
    * No point of F has a smaller <c, x> than ``minimize_linear(c)``; no two points
      of F are farther apart than ``diameter``.  An unbounded set may refuse a c.

    Parameters
    ----------
    feasible_set : FeasibleSet
    dimension : int
        Of a set that has none of its own.
    cases : int
        Points and weights to project; the weights span up to sixteen orders of magnitude.
    tolerance : float
        Relative to the size of the numbers in a comparison; more for a projection that iterates.
    compiled : bool
        Whether to compile ``projection``.
    seed : int
        Of the points, weights and directions.

    Raises
    ------
    CheckFailed
        With the points and the weights that break the promise.
    """
    check_frozen(feasible_set)
    check_value(feasible_set)
    F = feasible_set.with_dimension(feasible_set.dimension or dimension)
    _check_start(F, tolerance)
    rng = np.random.default_rng(seed)
    known = points(F, rng)
    _check_members(F, known, tolerance)
    _check_linear(F, known, rng, tolerance)
    _check_diameter(F, known, tolerance)
    drawn = [_draw(known, _SPANS[i % len(_SPANS)], rng) for i in range(cases)]
    for case, other in zip(drawn, drawn[1:] + drawn[:1], strict=True):
        _check_projection(F, case, known, tolerance)
        _check_distances(F, case, other.y, tolerance)
    if F.projection is not None:
        _check_scalar(F, drawn, compiled, tolerance)


class _Case(NamedTuple):
    """A point to project in a metric."""

    y: Array
    w: Array

    def __str__(self) -> str:
        return f"y = {self.y}, w = {self.w}"

    def distance(self, x: Array) -> float:
        """sum_i w_i (x_i - y_i)^2."""
        return float(self.w @ (x - self.y) ** 2)


def _draw(known: Array, span: float, rng: np.random.Generator) -> _Case:
    d, scale = known.shape[1], float(np.abs(known).max()) or 1.0
    w = 10.0 ** rng.uniform(-span, span, d)
    y = known[rng.integers(len(known))] + scale * 10.0 ** rng.uniform(-3.0, 3.0) * rng.standard_normal(d)
    return _Case(np.round(y, 2) if rng.random() < 0.2 else y, w)  # with ties


def _check_start(F: FeasibleSet, tolerance: float) -> None:
    try:
        x = F.nearest_to_origin()
    except Exception as error:
        fail(f"{F!r} has no point nearest to the origin to start from: {error}", error)
    if x.shape != (F.dimension,) or not np.isfinite(x).all():
        fail(f"{F!r}: the point nearest to the origin is {x}; it must be {F.dimension} finite numbers")
    if not F.contains(x, tolerance * (1.0 + float(np.abs(x).max()))):
        fail(f"{F!r} does not contain {x}, its own point nearest to the origin: project leaves F, or contains is wrong")


def _check_members(F: FeasibleSet, known: Array, tolerance: float) -> None:
    ones = np.ones(known.shape[1])
    for z in known:
        near = tolerance * (1.0 + float(np.abs(z).max()))
        if not F.contains(z, near):
            how = "a mixture of points of F, which must be convex, or one that minimize_linear or project gave"
            fail(f"{F!r} does not contain {z}, {how}")
        x = F.project(z, ones)
        if not np.abs(x - z).max() <= 10.0 * near:
            fail(f"{F!r} contains {z}, but project moves it to {x}; a point of F is its own projection")


def _check_linear(F: FeasibleSet, known: Array, rng: np.random.Generator, tolerance: float) -> None:
    """minimize_linear in F, not above any known point, the same for many directions at once."""
    d = known.shape[1]
    C = np.vstack([np.eye(d), -np.eye(d), rng.standard_normal((8, d)) * 10.0 ** rng.integers(-3, 4, (8, 1))])
    found, answered = [], []
    for c in C:
        try:
            x = np.asarray(F.minimize_linear(c), dtype=np.float64)
        except ValueError as error:
            if F.bounded:
                fail(f"{F!r} is bounded, but minimize_linear({c}) raises ValueError: {error}", error)
            continue
        if x.shape != c.shape:
            fail(f"{F!r}: minimize_linear({c}) has shape {x.shape}; it must be a point of F, {c.shape}")
        if not F.contains(x, tolerance * (1.0 + float(np.abs(x).max()))):
            fail(f"{F!r}: minimize_linear({c}) = {x} is not in F")
        values = known @ c
        best = int(np.argmin(values))
        slack = tolerance * float(np.abs(c) @ (np.abs(x) + np.abs(known[best])))
        if values[best] < c @ x - slack:
            hint = "; it maximizes" if c @ x >= values.max() - slack else ""
            z = known[best]
            fail(f"{F!r}: minimize_linear({c}) = {x} with <c, x> = {c @ x}, but <c, z> = {c @ z} at z = {z} of F{hint}")
        found.append(x)
        answered.append(c)
    if len(found) < 2:
        return
    together = np.asarray(F.minimize_linear(np.array(answered)))
    if together.shape != (len(found), d) or not np.allclose(together, found, rtol=tolerance, atol=tolerance):
        fail(f"{F!r}: minimize_linear of many directions at once, (n, d), is not that of each one in a row of its own")


def _check_diameter(F: FeasibleSet, known: Array, tolerance: float) -> None:
    if F.bounded != bool(np.isfinite(F.diameter())):
        fail(f"{F!r} has bounded = {F.bounded} and the diameter {F.diameter()}")
    pool = known
    if F.bounded:
        unit = np.eye(known.shape[1])
        pool = np.vstack([known, F.minimize_linear(unit), F.minimize_linear(-unit)])
    apart = pool[:, None] - pool[None]
    for norm in (np.inf, 2):
        distances = np.linalg.norm(apart, norm, axis=-1)
        i, j = np.unravel_index(int(np.argmax(distances)), distances.shape)
        D, most = F.diameter(norm), float(distances[i, j])
        if not D >= most - tolerance * (most + float(np.abs(pool).max())):
            ends = f"{pool[i]} and {pool[j]}"
            fail(f"{F!r} has the diameter {D} in the norm {norm}, but its points {ends} are {most} apart")


def _project(F: FeasibleSet, case: _Case) -> Array:
    y, w = case.y.copy(), case.w.copy()
    try:
        x = np.asarray(F.project(y, w), dtype=np.float64)
    except Exception as error:
        fail(f"{F!r}: project fails for {case}: {type(error).__name__}: {error}", error)
    if not (np.array_equal(y, case.y) and np.array_equal(w, case.w)):
        fail(f"{F!r}: project changes the arrays it is given: {case} became y = {y}, w = {w}")
    if x.shape != y.shape or not np.isfinite(x).all():
        fail(f"{F!r}: project gives {x} for {case}; it must be {y.size} finite numbers")
    return x


def _check_projection(F: FeasibleSet, case: _Case, known: Array, tolerance: float) -> None:
    y, w = case
    x = _project(F, case)
    near = tolerance * (1.0 + float(np.abs(x).max()))
    if not F.contains(x, near):
        fail(f"{F!r}: project leaves F: {case} is projected to {x}")
    moved = float(np.abs(x - y).max())
    if F.contains(y) and moved > 10.0 * tolerance * (1.0 + float(np.abs(y).max())):
        nearest = _project(F, _Case(y, np.ones_like(y)))
        fail(f"{F!r} contains y = {y}, but project moves it to {x} (w = {w}) and {nearest} (w = 1)")
    again = _project(F, _Case(x, w))
    if not np.abs(again - x).max() <= 10.0 * near:
        fail(f"{F!r}: {case} is projected to {x}, which is projected to {again}; a projection stays where it is")
    normal = w * (y - x)
    for z in _candidates(F, normal, known):
        terms = np.abs(normal) * (np.abs(z) + np.abs(x)) + w * (np.abs(x) + np.abs(z)) * np.abs(z - x)
        inner = float(normal @ (z - x))
        if inner > tolerance * float(terms.sum()):
            _fail_nearer(F, case, x, z, inner)


def _candidates(F: FeasibleSet, normal: Array, known: Array) -> Array:
    """Points z of F, among them the one with the largest <normal, z>, if there is one."""
    try:
        return np.vstack([F.minimize_linear(-normal), known])
    except ValueError:
        return known


def _fail_nearer(F: FeasibleSet, case: _Case, x: Array, z: Array, inner: float) -> None:
    """x is not the projection, since <w (y - x), z - x> > 0: a point on the way to z is nearer to y."""
    share = min(1.0, inner / float(case.w @ (z - x) ** 2))
    u = x + share * (z - x)
    euclidean = F.project(case.y)
    hint = "; x is the Euclidean projection: the weights are not used" if np.allclose(x, euclidean, 1e-9) else ""
    fail(
        f"{F!r}: project does not give the nearest point in the metric w: {case} is projected to x = {x} with "
        f"sum_i w_i (x_i - y_i)^2 = {case.distance(x)}, but at {u} of F it is {case.distance(u)} "
        f"(<w (y - x), z - x> = {inner} > 0 for z = {z}){hint if case.w.min() < case.w.max() else ''}"
    )


def _check_distances(F: FeasibleSet, case: _Case, other: Array, tolerance: float) -> None:
    """Projections are not farther apart than what was projected; a multiple of w is the same metric."""
    y, w = case
    x, x_other = _project(F, case), _project(F, _Case(other, w))
    apart, before = (float(np.sqrt(w @ (a - b) ** 2)) for a, b in ((x, x_other), (y, other)))
    size = float(np.sqrt(w @ (np.abs(x) + np.abs(x_other)) ** 2))
    if apart > before + tolerance * (before + size):
        fail(
            f"{F!r}: in the metric w = {w} the points {y} and {other} are {before} apart, but their projections "
            f"{x} and {x_other} are {apart} apart; a projection onto a convex set expands no distance"
        )
    for factor in (2.0**-30, 2.0**30):
        scaled = _project(F, _Case(y, factor * w))
        if float(np.sqrt(w @ (scaled - x) ** 2)) > tolerance * (before + size):
            fail(f"{F!r}: {case} is projected to {x}, with the weights {factor} w to {scaled}; only ratios may matter")


def _check_scalar(F: FeasibleSet, drawn: list[_Case], compiled: bool, tolerance: float) -> None:
    """``projection``, interpreted and compiled, against ``_project``."""
    ways = {"projection": F.projection}
    if compiled:
        ways["the compiled projection"] = jit(F.projection, keep=True)
    for case in drawn:
        expected = _project(F, case)
        results = {}
        for name, way in ways.items():
            x = case.y.copy()
            try:
                with np.errstate(all="ignore"):
                    way(x, case.w.copy(), np.array(F.parameters(), dtype=np.float64))
            except Uncompilable as error:
                fail(f"{F!r}: projection cannot be compiled: {_summary(error)}", error)
            except Exception as error:
                fail(f"{F!r}: {name} fails for {case}: {type(error).__name__}: {error}", error)
            if not np.abs(x - expected).max() <= tolerance * (1.0 + float(np.abs(expected).max())):
                fail(f"{F!r}: {name} gives {x} for {case}, _project gives {expected}")
            results[name] = x
        if compiled and len({x.tobytes() for x in results.values()}) > 1:
            both = " and ".join(f"{name} {x.tolist()}" for name, x in results.items())
            fail(f"{F!r}: for {case} {both} differ; they must have the same bits")


def _summary(error: BaseException) -> str:
    """The first lines of a long message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])

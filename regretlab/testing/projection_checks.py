"""Checks of a set's projection: it is the nearest point in every metric, and has the same bits when compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from regretlab._utils.types import Array
from regretlab.kernels.compiling import Uncompilable, jit
from regretlab.sets import FeasibleSet
from regretlab.testing.common import fail
from regretlab.testing.set_witnesses import Witnesses, ask_contains, ask_point

__all__ = ["Case", "check_projections", "check_ways", "draw"]


class Case(NamedTuple):
    """A point y (d,) to project in the metric w (d,)."""

    y: Array
    w: Array

    def __str__(self) -> str:
        return f"y = {self.y}, w = {self.w}"

    def distance(self, x: Array) -> float:
        """sum_i w_i (x_i - y_i)^2."""
        return float(self.w @ (x - self.y) ** 2)


def draw(known: Witnesses, span: float, rng: np.random.Generator) -> Case:
    """A random case near points of a set, with weights between 10^-span and 10^span."""
    d, scale = known.points.shape[1], float(rng.choice([known.spread, known.size])) or 1.0
    w = 10.0 ** rng.uniform(-span, span, d)
    move = scale * 10.0 ** rng.uniform(-3.0, 3.0) * rng.standard_normal(d)
    y = known.points[rng.integers(len(known.points))] + move
    grid = 0.01 * scale  # rounded, so that coordinates may be equal
    return Case(grid * np.round(y / grid) if rng.random() < 0.2 else y, w)


def check_projections(F: FeasibleSet, cases: Sequence[Case], known: Witnesses, tolerance: float) -> None:
    """Check ``project`` for each case, against points of F and against the next case."""
    for case, other in zip(cases, [*cases[1:], *cases[:1]], strict=True):
        _check_nearest(F, case, known, tolerance)
        _check_distances(F, case, other.y, tolerance)
        plain, ones = ask_point(F, "project", case.y), _project(F, Case(case.y, np.ones_like(case.w)))
        if not np.abs(plain - ones).max() <= tolerance * known.size:
            fail(f"{F!r}: project({case.y}) is {plain}, but {ones} with all weights 1, which is the default")


def _project(F: FeasibleSet, case: Case) -> Array:
    """(d,): the projection; checks that it is finite, and that ``project`` neither fails nor changes an argument."""
    y, w = case.y.copy(), case.w.copy()
    x = ask_point(F, "project", y, w)
    if not (np.array_equal(y, case.y) and np.array_equal(w, case.w)):
        fail(f"{F!r}: project changes the arrays it is given: {case} became y = {y}, w = {w}")
    return x


def _check_nearest(F: FeasibleSet, case: Case, known: Witnesses, tolerance: float) -> None:
    """Check that the projection x is in F, is its own projection, and that <w (y - x), z - x> <= 0 for z in F."""
    y, w = case
    x = _project(F, case)
    near = tolerance * max(known.size, float(np.abs(x).max()))
    if not ask_contains(F, x, near):
        fail(f"{F!r}: project leaves F: {case} is projected to {x}")
    moved = float(np.abs(x - y).max())
    if ask_contains(F, y) and moved > 10.0 * max(near, tolerance * float(np.abs(y).max())):
        nearest = _project(F, Case(y, np.ones_like(y)))
        fail(f"{F!r} contains y = {y}, but project moves it to {x} (w = {w}) and {nearest} (w = 1)")
    again = _project(F, Case(x, w))
    if not np.abs(_project(F, case) - x).max() <= near:
        fail(f"{F!r}: {case} is projected to {x}, and to another point when asked again")
    if not np.abs(again - x).max() <= 10.0 * near:
        fail(f"{F!r}: {case} is projected to {x}, which is projected to {again}; a projection stays where it is")
    normal, rounding = w * (y - x), 1e-6 * np.abs(known.points).max(axis=0)
    for z in _candidates(F, normal, known.points):
        both = np.maximum(np.abs(z) + np.abs(x), rounding)
        terms = np.abs(normal) * both + w * both * np.abs(z - x)
        inner = float(normal @ (z - x))
        if inner > tolerance * float(terms.sum()):
            _fail_nearer(F, case, x, z, inner)


def _candidates(F: FeasibleSet, normal: Array, known: Array) -> Array:
    """(n, d): points z of F, the first with the largest <normal, z> if there is a largest."""
    try:
        return np.vstack([F.minimize_linear(-normal), known])
    except ValueError:
        return known


def _fail_nearer(F: FeasibleSet, case: Case, x: Array, z: Array, inner: float) -> None:
    """Fail for an x with <w (y - x), z - x> > 0: show the point between x and z that is nearer to y."""
    share = min(1.0, inner / float(case.w @ (z - x) ** 2))
    u = x + share * (z - x)
    euclidean = F.project(case.y)
    hint = "; x is the Euclidean projection: the weights are not used" if np.allclose(x, euclidean, 1e-9) else ""
    fail(
        f"{F!r}: project does not give the nearest point in the metric w: {case} is projected to x = {x} with "
        f"sum_i w_i (x_i - y_i)^2 = {case.distance(x)}, but at {u} of F it is {case.distance(u)} "
        f"(<w (y - x), z - x> = {inner} > 0 for z = {z}){hint if case.w.min() < case.w.max() else ''}"
    )


def _check_distances(F: FeasibleSet, case: Case, other: Array, tolerance: float) -> None:
    """Check that two projections are no farther apart than the points projected, and that only ratios of w matter."""
    y, w = case
    x, x_other = _project(F, case), _project(F, Case(other, w))
    apart, before = (float(np.sqrt(w @ (a - b) ** 2)) for a, b in ((x, x_other), (y, other)))
    size = float(np.sqrt(w @ (np.abs(x) + np.abs(x_other)) ** 2))
    if apart > before + tolerance * (before + size):
        fail(
            f"{F!r}: in the metric w = {w} the points {y} and {other} are {before} apart, but their projections "
            f"{x} and {x_other} are {apart} apart; a projection onto a convex set expands no distance"
        )
    for factor in (2.0**-30, 2.0**30):
        scaled = _project(F, Case(y, factor * w))
        if float(np.sqrt(w @ (scaled - x) ** 2)) > tolerance * (before + size):
            fail(f"{F!r}: {case} is projected to {x}, with the weights {factor} w to {scaled}; only ratios may matter")


def check_ways(F: FeasibleSet, cases: Sequence[Case], known: Witnesses, compiled: bool, tolerance: float) -> None:
    """Check that each way in which a class writes its projection gives what ``project`` gives.

    ``projection`` must, if ``compiled``, have the same bits when it is compiled.
    """
    written = {name: _depth(F, name) for name in ("project", "_project", "projection")}
    ways: dict[str, Callable[[Array, Array], Array]] = {"the projection of games": F.step_onto}
    if written["_project"] <= written["project"]:
        ways["_project"] = F._project
    if F.projection is not None and written["projection"] <= min(written["project"], written["_project"]):
        ways["projection"] = _in_place(F, F.projection)
        if compiled:
            ways["the compiled projection"] = _in_place(F, jit(F.projection, keep=True))
    for case in cases:
        expected, results = _project(F, case), {}
        for name, way in ways.items():
            try:
                with np.errstate(all="ignore"):
                    x = way(case.y.copy(), case.w.copy())
            except Uncompilable as error:
                fail(f"{F!r}: projection cannot be compiled: {_summary(error)}", error)
            except Exception as error:
                fail(f"{F!r}: {name} fails for {case}: {type(error).__name__}: {error}", error)
            if not np.abs(x - expected).max() <= tolerance * max(known.size, float(np.abs(expected).max())):
                fail(f"{F!r}: {name} gives {x} for {case}, project gives {expected}")
            results[name] = x
        same = {name: x for name, x in results.items() if name in ("projection", "the compiled projection")}
        if len({x.tobytes() for x in same.values()}) > 1:
            both = " and ".join(f"{name} {x.tolist()}" for name, x in same.items())
            fail(f"{F!r}: for {case} {both} differ; they must have the same bits")


def _depth(F: FeasibleSet, name: str) -> int:
    """How far up in the bases of F's class the attribute ``name`` is written."""
    return next(k for k, base in enumerate(type(F).__mro__) if name in vars(base))


def _in_place(F: FeasibleSet, projection: Callable[[Array, Array, Array], None]) -> Callable[[Array, Array], Array]:
    """The function of y and w that calls a ``projection``, which writes into y."""

    def way(y: Array, w: Array) -> Array:
        projection(y, w, np.array(F.parameters(), dtype=np.float64))
        return y

    return way


def _summary(error: BaseException) -> str:
    """The first three lines of an error message, joined to one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])

"""Checks of a feasible set: members, linear minimization, diameters, and projections in weighted metrics."""

from __future__ import annotations

import numpy as np

from regretlab._utils.types import Array
from regretlab._utils.validation import whole, within
from regretlab.sets import FeasibleSet
from regretlab.sets.arguments import length
from regretlab.testing.common import check_frozen, check_value, fail
from regretlab.testing.projection_checks import check_projections, check_ways, draw
from regretlab.testing.set_witnesses import Witnesses, ask, ask_contains, ask_diameter, ask_point, witnesses

__all__ = ["check_set"]

_SPANS = (0.0, 1.0, 3.0, 8.0)
"""The weights of a projection are 10^u with u uniform on [-span, span], for each span in turn."""


def check_set(
    feasible_set: FeasibleSet,
    *,
    dimension: int = 3,
    cases: int = 64,
    tolerance: float = 1e-9,
    compiled: bool = True,
    seed: int = 0,
) -> None:
    """Check a feasible set of your own, at random points and weights.

    * It is a frozen dataclass, and equal to a copy of itself, with the same hash.
    * x = project(y, w) is in F, and y itself if y is in F.  It is the nearest point
      in the metric w: <w (y - x), z - x> <= 0 for all z in F.  Two projections are no
      farther apart than the points projected.  Only the ratios of weights matter, and
      without weights all are 1.  The same question has the same answer.
    * ``projection`` and ``_project``, if the class defines them, give what ``project``
      gives, and ``projection`` the same bits when compiled.
    * ``contains`` is true of points of F, and false of points just outside.
    * No point of F has a smaller <c, x> than ``minimize_linear(c)``; an unbounded set
      may raise ValueError.  No two points of F are farther apart than ``diameter``,
      and F is as wide.  ``bounded`` is true unless projections of far points are far.
    * No point of F is nearer to the origin than ``nearest_to_origin()``.
    * ``with_dimension`` gives the same set; one with a dimension accepts no other.

    The points of F come from projections of far points in several metrics, from
    ``minimize_linear`` and from mixtures, so that no method is judged by itself alone.

    Parameters
    ----------
    feasible_set : FeasibleSet
    dimension : int
        d, for a set that takes any dimension.
    cases : int
        How many random points to project, with weights over up to sixteen orders of magnitude.
    tolerance : float
        Relative to the largest coordinate of points of F.  Give a larger one for an iterative projection that stops
        early.
    compiled : bool
        Whether to check the compiled ``projection`` too.
    seed : int
        The seed of the random points, weights and directions.

    Raises
    ------
    TypeError, ValueError
        For arguments of a wrong type or out of range.
    CheckFailed
        With the points and weights that show what is wrong.

    Examples
    --------
    >>> import regretlab as rl
    >>> rl.check_set(rl.sets.Simplex(), dimension=4, cases=16, compiled=False)
    """
    if not isinstance(feasible_set, FeasibleSet):
        hint = f": it is a class, give an object, such as {feasible_set.__name__}()" if _is_set(feasible_set) else ""
        raise TypeError(f"feasible_set={feasible_set!r} must be a feasible set{hint}")
    whole(1, dimension=dimension, cases=cases)
    within("(0, 1)", tolerance=tolerance)
    check_frozen(feasible_set)
    check_value(feasible_set)
    d = feasible_set.dimension or dimension
    F = ask(feasible_set, "with_dimension", d)
    if not isinstance(F, FeasibleSet) or F.dimension != d:
        fail(f"{feasible_set!r}: with_dimension({d}) is {F!r}; it must be this set in R^{d}")
    rng = np.random.default_rng(seed)
    known = witnesses(F, rng)
    _check_members(F, known, tolerance)
    _check_start(F, known, tolerance)
    _check_linear(F, known, tolerance)
    _check_bounded(F, known)
    _check_diameter(F, known, tolerance)
    drawn = [draw(known, _SPANS[i % len(_SPANS)], rng) for i in range(cases)]
    check_projections(F, drawn, known, tolerance)
    check_ways(F, drawn, known, compiled, tolerance)
    _check_dimension(feasible_set, F, known, tolerance)


def _is_set(value: object) -> bool:
    """Whether ``value`` is a class of sets."""
    return isinstance(value, type) and issubclass(value, FeasibleSet)


def _check_start(F: FeasibleSet, known: Witnesses, tolerance: float) -> None:
    """Check that no point of F is nearer to the origin than the one that says so."""
    x, z = known.points[0], known.points
    lengths = np.array([length(point) for point in z])
    k = int(np.argmin(lengths))
    if lengths[k] < lengths[0] - tolerance * known.size:
        fail(f"{F!r}: nearest_to_origin() is {x}, but {z[k]} of F is nearer to the origin")
    projected = ask_point(F, "project", np.zeros(x.size))
    if not np.abs(projected - x).max() <= 10.0 * tolerance * known.size:
        fail(f"{F!r}: nearest_to_origin() is {x}, but project moves the origin to {projected}")


def _check_members(F: FeasibleSet, known: Witnesses, tolerance: float) -> None:
    """Check ``contains`` at points of F, which ``project`` must not move, and at points just outside F."""
    near = tolerance * known.size
    if not ask_contains(F, x := known.points[0], near):
        fail(f"{F!r} does not contain {x}, its own point nearest to the origin: project leaves F, or contains is wrong")
    for z in known.points:
        if not ask_contains(F, z, near):
            how = "a mixture of points of F, which must be convex, or one that minimize_linear or project gave"
            fail(f"{F!r} does not contain {z}, {how}")
        x = ask_point(F, "project", z, np.ones(z.size))
        if not np.abs(x - z).max() <= 10.0 * near:
            fail(f"{F!r} contains {z}, but project moves it to {x}; a point of F is its own projection")
    away = max(known.spread, 1e-3 * known.size)
    for c in known.directions:
        y = known.points[0] - 3.0 * away * c / np.abs(c).max()
        x = ask_point(F, "project", y)
        distance = length(y - x)
        for part in (1e-5 * known.size, 1e-2 * away):
            if distance > part > 100.0 * near and ask_contains(F, outside := x + part / distance * (y - x)):
                moved = ask_point(F, "project", outside)
                fail(f"{F!r} contains {outside}, but project moves it to {moved}; a point of F is its own projection")


def _check_linear(F: FeasibleSet, known: Witnesses, tolerance: float) -> None:
    """Check that minimize_linear gives points of F with the least <c, x>, for one c and for many at once."""
    z = known.points
    sizes = np.abs(z).max(axis=0)
    finite = np.isfinite(known.minimizers).all(axis=1)
    solved, found = known.directions[finite], known.minimizers[finite]
    for c, x in zip(solved, found, strict=True):
        values = z @ c
        best = int(np.argmin(values))
        slack = tolerance * float(np.abs(c) @ sizes)
        if values[best] < c @ x - slack:
            hint = "; it maximizes" if c @ x >= values.max() - slack else ""
            u = z[best]
            fail(f"{F!r}: minimize_linear({c}) = {x} with <c, x> = {c @ x}, but <c, z> = {c @ u} at z = {u} of F{hint}")
    if len(found) < 2:
        return
    together = np.asarray(ask(F, "minimize_linear", solved))
    if together.shape != found.shape or not np.allclose(together, found, rtol=tolerance, atol=tolerance * known.size):
        fail(f"{F!r}: minimize_linear of many directions at once, (n, d), is not that of each one in a row of its own")


def _check_bounded(F: FeasibleSet, known: Witnesses) -> None:
    """Check ``bounded``: projections of far points go farther and farther on an unbounded set, and on no other."""
    D = ask_diameter(F, np.inf)
    if F.bounded is not True and F.bounded is not False and not isinstance(F.bounded, np.bool_):
        fail(f"{F!r}: bounded is {F.bounded!r}; it must be True or False")
    if F.bounded != bool(np.isfinite(D)):
        fail(f"{F!r} has bounded = {bool(F.bounded)} and the diameter {D}")
    if not (F.bounded or known.grows):
        fail(f"{F!r} has bounded = False, but no projection is farther than {known.spread} from {known.points[0]}")


def _check_diameter(F: FeasibleSet, known: Witnesses, tolerance: float) -> None:
    """Check that no two points of F are farther apart than the diameter, nor all two much nearer."""
    z, d = known.points, known.points.shape[1]
    widths = np.full(d, np.inf)
    if F.bounded:
        low, high = known.minimizers[:d].diagonal(), known.minimizers[d : 2 * d].diagonal()
        widths = high - low
    apart = z[:, None] - z[None]
    for norm, most in ((np.inf, float(widths.max())), (2, length(widths) if F.bounded else np.inf)):
        distances = np.abs(apart).max(axis=-1) if norm == np.inf else known.size * _lengths(apart / (known.size or 1.0))
        i, j = np.unravel_index(int(np.argmax(distances)), distances.shape)
        D, least = ask_diameter(F, norm), float(distances[i, j])
        slack = tolerance * (least + known.size)
        if not D >= least - slack:
            fail(f"{F!r} has the diameter {D} in the norm {norm}, but its points {z[i]} and {z[j]} are {least} apart")
        if D > most + slack:
            fail(f"{F!r} has the diameter {D} in the norm {norm}, but it is only {widths} wide, by minimize_linear")


def _lengths(x: Array) -> Array:
    """The 2-norms along the last axis."""
    return np.asarray(np.linalg.norm(x, axis=-1))


def _check_dimension(given: FeasibleSet, F: FeasibleSet, known: Witnesses, tolerance: float) -> None:
    """Check that the set answers as before it got the dimension, and that a set with a dimension accepts no other."""
    d, finite = known.points.shape[1], np.isfinite(known.minimizers).all(axis=1)
    asked = [("project", y) for y in known.points[0] + known.spread * np.linspace(-2.0, 3.0, 2 * d).reshape(2, d)]
    asked += [("minimize_linear", c) for c in known.directions[finite]]
    for method, argument in asked:
        try:
            answer = np.asarray(getattr(given, method)(argument))
        except ValueError:
            if given.dimension is None:  # it may need one
                continue
            raise
        expected = ask_point(F, method, argument)
        if answer.shape != expected.shape or not np.abs(answer - expected).max() <= 10.0 * tolerance * known.size:
            fail(f"{given!r}: {method}({argument}) is {answer}, but {expected} after with_dimension({d})")
    if given.dimension is not None:
        try:
            other = given.with_dimension(d + 1)
        except ValueError:
            return
        fail(f"{given!r}: with_dimension({d + 1}) is {other!r}; it must raise ValueError, since the set is in R^{d}")

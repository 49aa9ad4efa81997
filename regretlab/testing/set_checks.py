"""Checks of a feasible set: members, linear minimization, diameters, and projections in weighted metrics."""

from __future__ import annotations

import numpy as np

from regretlab._utils.types import Array
from regretlab.sets import FeasibleSet
from regretlab.testing.common import check_frozen, check_value, fail, points
from regretlab.testing.projection_checks import check_projections, check_scalar_projection, draw

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
      farther apart than the points projected.  Only the ratios of weights matter.
    * ``projection``, if there is one, gives what ``_project`` gives, and the same
      bits when compiled.
    * ``contains`` is true of points of F, among them the one nearest to the origin,
      and false of points clearly outside.
    * No point of F has a smaller <c, x> than ``minimize_linear(c)``; an unbounded set
      may raise ValueError.  No two points of F are farther apart than ``diameter``.

    Parameters
    ----------
    feasible_set : FeasibleSet
    dimension : int
        d, for a set that takes any dimension.
    cases : int
        How many random points to project, with weights over up to sixteen orders of magnitude.
    tolerance : float
        Relative to the size of the numbers compared.  Give a larger one for an iterative projection that stops early.
    compiled : bool
        Whether to check the compiled ``projection`` too.
    seed : int
        The seed of the random points, weights and directions.

    Raises
    ------
    CheckFailed
        With the points and weights that show what is wrong.

    Examples
    --------
    >>> import regretlab as rl
    >>> rl.check_set(rl.sets.Simplex(), dimension=4, cases=16, compiled=False)
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
    drawn = [draw(known, _SPANS[i % len(_SPANS)], rng) for i in range(cases)]
    check_projections(F, drawn, known, tolerance)
    if F.projection is not None:
        check_scalar_projection(F, drawn, compiled, tolerance)


def _check_start(F: FeasibleSet, tolerance: float) -> None:
    """Check the point nearest to the origin."""
    try:
        x = F.nearest_to_origin()
    except Exception as error:
        fail(f"{F!r} has no point nearest to the origin to start from: {error}", error)
    if x.shape != (F.dimension,) or not np.isfinite(x).all():
        fail(f"{F!r}: the point nearest to the origin is {x}; it must be {F.dimension} finite numbers")
    if not F.contains(x, tolerance * (1.0 + float(np.abs(x).max()))):
        fail(f"{F!r} does not contain {x}, its own point nearest to the origin: project leaves F, or contains is wrong")


def _check_members(F: FeasibleSet, known: Array, tolerance: float) -> None:
    """Check that ``contains`` is true of points of F, and that ``project`` does not move them."""
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
    """Check that minimize_linear gives points of F with the least <c, x>, for one c and for many at once."""
    d = known.shape[1]
    C = np.vstack([np.eye(d), -np.eye(d), rng.standard_normal((8, d)) * 10.0 ** rng.integers(-3, 4, (8, 1))])
    found, solved = [], []
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
        solved.append(c)
    if len(found) < 2:
        return
    together = np.asarray(F.minimize_linear(np.array(solved)))
    if together.shape != (len(found), d) or not np.allclose(together, found, rtol=tolerance, atol=tolerance):
        fail(f"{F!r}: minimize_linear of many directions at once, (n, d), is not that of each one in a row of its own")


def _check_diameter(F: FeasibleSet, known: Array, tolerance: float) -> None:
    """Check that no two points of F are farther apart than the diameter, which is finite only if F is bounded."""
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

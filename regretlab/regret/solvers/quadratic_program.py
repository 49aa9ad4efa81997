"""Quadratic programs over a feasible set: min_{v in F} <g, v - u> + (1/2) <v - u, H (v - u)>.

Each step of Newton's method for a cumulative loss solves one.  It has d variables, however many rounds there are.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array
from regretlab.sets import Box, FeasibleSet, L2Ball, LinfBall, Polytope

__all__ = ["QuadraticSolver", "step_length"]

_MOST_STEPS = 1000
_IDLE = 20  # stop after 2 d plus so many steps that do not make the gap smaller
_ROUNDING = 1e-15
_RIDGE = 1e-14
_OVERSHOOT = 0.1  # largest slope at the end of a step, relative to minus the slope at its start
_HALVINGS = 60


class QuadraticSolver:
    """Minimises quadratic functions over one feasible set.

    * If the minimiser over R^d is in F, it is the answer.
    * Box: daqp, in the coordinates that no bound holds fixed.
    * Euclidean ball: a rotation, which leaves the ball as it is, makes H diagonal; the answer is the projection of the
      minimiser over R^d in the metric H.
    * Polytope {A x <= b}: daqp.
    * Any other set: Wolfe's method ("Finding the nearest point in a polytope", 1976) in the metric H.  Atoms are points
      of F that minimise linear functions.  Wolfe's method minimises over the convex hull of some atoms, then adds the
      atom that minimises <gradient, .> for the gradient at that minimiser, and so on.  On a polytope it ends after
      finitely many steps, and it is invariant to the scaling of H.  The next call starts from the last atoms.
    """

    def __init__(self, feasible_set: FeasibleSet) -> None:
        self.feasible_set = feasible_set
        self._atoms: Array | None = None
        self._weights: Array = np.ones(1)

    def inside(self, v: Array) -> Array:
        """v if v is in F, otherwise its projection: rounding may have moved v out of F."""
        return v if self.feasible_set.contains(v) else self.feasible_set.project(v)

    def minimize(self, g: Array, H: Array, u: Array, aim: float) -> Array:
        """A point of F whose value is at most ``aim`` above the minimum, up to rounding errors.

        H is symmetric and positive semidefinite; a small multiple of the identity is added to it.
        """
        H = H + max(1e-13 * float(np.trace(H)) / u.size, 1e-300) * np.eye(u.size)
        free = u + _solve(H, -g)
        if np.isfinite(free).all() and self.feasible_set.contains(free):
            return free
        F, found = self.feasible_set, None
        if unchanged(F, Box) or unchanged(F, LinfBall):
            found = _on_box(F if isinstance(F, Box) else F.box, g, H, u, aim)
        elif unchanged(F, Polytope):
            found = _on_polytope(F, g, H, u)
        elif unchanged(F, L2Ball):
            found = self.inside(_on_ball(F, g, H, u))
        return self._by_atoms(g, H, u, aim) if found is None else found

    def _by_atoms(self, g: Array, H: Array, u: Array, aim: float) -> Array:
        """The minimiser over F, by Wolfe's method."""
        F = self.feasible_set
        atoms, weights = self._atoms, self._weights
        if atoms is None:
            atoms, weights = F.minimize_linear(g)[None], np.ones(1)
        else:
            atoms, weights = _minimize_over_hull(atoms, weights, g, H, u)
        best, least, idle = u, np.inf, 0
        for _ in range(_MOST_STEPS):
            v = weights @ atoms
            slope = g + H @ (v - u)
            atom = F.minimize_linear(slope)
            gap = float(slope @ (v - atom))
            idle += 1
            if gap < least:
                idle = 0 if gap < 0.9 * least else idle
                best, least = v, gap
                self._atoms, self._weights = atoms, weights
            rounding = _ROUNDING * float(np.abs(slope) @ (np.abs(v) + np.abs(atom)))
            if gap <= max(aim, rounding) or idle > _IDLE + 2 * v.size or (atoms == atom).all(axis=1).any():
                break
            atoms, weights = np.vstack([atoms, atom]), np.append(weights, 0.0)
            atoms, weights = _minimize_over_hull(atoms, weights, g, H, u)
        return best


def _on_box(box: Box, g: Array, H: Array, u: Array, aim: float) -> Array | None:
    """The minimiser over a box; None if daqp fails.

    A bound holds a coordinate fixed if it is active at the current point v and -gradient points out of the box.  daqp
    minimises over the other coordinates, which gives the next v.  So daqp, whose time grows with the number of active
    bounds, has to find few of them.
    """
    lo, hi = (np.broadcast_to(bound, u.shape) for bound in (box.lo, box.hi))
    H = H + 1e-30 * float(np.abs(g).max()) / (float((hi - lo).max()) or 1.0) * np.eye(u.size)  # prevents overflow
    v = np.clip(u, lo, hi)
    for _ in range(_MOST_STEPS):
        gradient = g + H @ (v - u)
        if float(gradient @ (v - box.minimize_linear(gradient))) <= aim:
            break
        free = ~(((v <= lo) & (gradient > 0.0)) | ((v >= hi) & (gradient < 0.0)))
        low, high = lo[free], hi[free]
        unit = 1.0 / np.sqrt(np.diagonal(H)[free])  # H has a unit diagonal in these units
        longest = float(np.abs(unit * gradient[free]).max())
        scaled = unit * H[np.ix_(free, free)] * unit[:, None]
        bounds = ((bound - v[free]) / (longest * unit) for bound in (high, low))
        found = _daqp(scaled, unit * gradient[free] / longest, np.empty((0, unit.size)), *bounds)
        if found is None:
            return None
        step, multipliers = found
        # exactly on the active bounds: a distance of one rounding would spoil the slope along the step
        inner = np.clip(v[free] + longest * unit * step, low, high)
        after = v.copy()
        after[free] = np.where(multipliers > 0.0, high, np.where(multipliers < 0.0, low, inner))
        if np.array_equal(after, v):
            break
        v = after
    return v


def _on_polytope(polytope: Polytope, g: Array, H: Array, u: Array) -> Array | None:
    """The minimiser over {A x <= b}; None if daqp fails."""
    norms = np.maximum(np.linalg.norm(polytope.A, axis=1), 1e-300)
    found = _daqp(H, g, np.ascontiguousarray(polytope.A / norms[:, None]), (polytope.b - polytope.A @ u) / norms)
    return None if found is None else polytope.project(u + found[0])


def _on_ball(ball: L2Ball, g: Array, H: Array, u: Array) -> Array:
    """The minimiser over a Euclidean ball, up to rounding."""
    center = 0.0 if ball.center is None else ball.center
    size = max(float(np.abs(H).max()), 1e-30 * float(np.abs(g).max()) / ball.radius)  # prevents overflow
    eigenvalues, V = np.linalg.eigh(H / size)
    metric = np.maximum(eigenvalues, _RIDGE)
    free = V.T @ (u - center) - V.T @ (g / size) / metric
    return np.asarray(center + V @ L2Ball(ball.radius, dimension=u.size).project(free, metric))


def _daqp(H: Array, g: Array, A: Array, upper: Array, lower: Array | None = None) -> tuple[Array, Array] | None:
    """argmin_x <g, x> + (1/2) <x, H x>, and the multipliers of the constraints; None if daqp fails.

    The constraints are lower <= x <= upper if A has no rows, otherwise lower <= A x <= upper.  daqp starts from the
    constraints that it takes to be active at x = 0.
    """
    size = float(np.trace(H)) / len(H)
    with np.errstate(all="ignore"):
        problem = H / size, g / size, A, upper, lower
    if not all(np.isfinite(part).all() for part in problem if part is not None):
        return None
    start, most = np.zeros(len(H)), 1000 + 20 * len(H)
    solve = importlib.import_module("daqp").solve
    x, _, flag, info = solve(*problem, primal_start=start, primal_tol=1e-12, dual_tol=1e-14, iter_limit=most)
    return (x, info["lam"]) if flag == 1 and np.isfinite(x).all() else None


def step_length(slope: Callable[[float], float]) -> float:
    """A length in (0, 1] at which ``slope``, an increasing function that is negative at 0, is near zero.

    The length is 1 if slope(1) is at most a tenth of -slope(0); otherwise the rule of false position finds it.
    """
    first = slope(0.0)
    near, far, at_near, at_far = 0.0, 1.0, first, slope(1.0)
    if at_far <= -_OVERSHOOT * first:
        return 1.0
    length = 1.0
    for _ in range(_HALVINGS):
        length = near + (far - near) * min(max(-at_near / (at_far - at_near), 0.05), 0.95)
        at = slope(length)
        if abs(at) <= -_OVERSHOOT * first:
            break
        near, at_near, far, at_far = (near, at_near, length, at) if at > 0.0 else (length, at, far, at_far)
    return length


def _minimize_over_hull(atoms: Array, weights: Array, g: Array, H: Array, u: Array) -> tuple[Array, Array]:
    """The atoms whose combination minimises over the convex hull of all, and their weights, each > 0 and of sum 1."""
    while len(weights) > 1:
        target = _affine_weights(atoms, weights, g, H, u)
        outside = target < 0.0
        if not outside.any():
            return atoms, target
        ratio = np.where(outside, weights / np.where(outside, weights - target, 1.0), np.inf)
        first = int(np.argmin(ratio))
        weights = weights + min(ratio[first], 1.0) * (target - weights)
        weights[first] = 0.0
        kept = weights > 0.0
        atoms, weights = atoms[kept], weights[kept] / weights[kept].sum()
    return atoms, np.ones(1)


def _affine_weights(atoms: Array, weights: Array, g: Array, H: Array, u: Array) -> Array:
    """The weights, of sum 1 and any sign, of the minimiser over the affine hull of the atoms."""
    base = int(np.argmax(weights))
    sides = np.delete(atoms, base, axis=0) - atoms[base]
    length = np.linalg.norm(sides, axis=1)
    sides /= length[:, None]
    found = _solve(sides @ H @ sides.T, -sides @ (g + H @ (atoms[base] - u))) / length
    return np.insert(found, base, 1.0 - found.sum())


def _solve(M: Array, r: Array) -> Array:
    """M^{-1} r for a symmetric, positive semidefinite M, scaled to a unit diagonal and with a small ridge."""
    scale = np.sqrt(np.maximum(np.diagonal(M), 1e-300))
    scaled = M / np.outer(scale, scale) + _RIDGE * len(M) * np.eye(len(M))
    with np.errstate(all="ignore"):
        try:
            return np.asarray(np.linalg.solve(scaled, r / scale) / scale)
        except np.linalg.LinAlgError:
            return np.asarray(np.linalg.lstsq(scaled, r / scale, rcond=1e-14)[0] / scale)

"""Quadratics over a feasible set: min_{v in F} <g, v - u> + (1/2) <v - u, H (v - u)>.

They are the steps of Newton's method for F_t: of the dimension d, however many
rounds there are.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from regretlab._utils.types import Array
from regretlab.sets import Box, FeasibleSet, L2Ball, LinfBall, Polytope

__all__ = ["Quadratic", "step_length"]

Flags = NDArray[np.bool_]

_MOST_STEPS = 1000
_IDLE = 20  # steps that do not narrow the gap
_ROUNDING = 1e-15
_RIDGE = 1e-14
_OVERSHOOT = 0.1  # slope at the end of a step, relative to that at its start
_HALVINGS = 60


class Quadratic:
    """Minimises quadratics over one feasible set; what it finds is where it starts from the next time.

    * Where the minimum over R^d is in F it is that.
    * On a box: Newton steps in the coordinates that are not held by a bound, cut
      off at the bounds.
    * On a Euclidean ball: in coordinates in which H is diagonal that ball is the
      same, and the minimum is the projection of the one over R^d in the metric H.
    * On a polytope {A x <= b}: the solver that projects onto it.
    * On any other set: Wolfe's method ("Finding the nearest point in a polytope",
      1976) in the metric of H.  It holds points z_1..z_k that have minimised
      linear functions over F, solves for the minimum over their convex hull, and
      adds the minimiser of the gradient there.  It ends after finitely many steps
      on a polytope, and the scaling of H does not matter.
    """

    def __init__(self, feasible_set: FeasibleSet) -> None:
        self.feasible_set = feasible_set
        self._atoms: Array | None = None
        self._weights: Array = np.ones(1)

    def inside(self, v: Array) -> Array:
        """v, or if rounding has moved it out of F, its projection."""
        return v if self.feasible_set.contains(v) else self.feasible_set.project(v)

    def minimize(self, g: Array, H: Array, u: Array, aim: float) -> Array:
        """A point of F whose value is above the minimum by ``aim`` at most, or by rounding errors."""
        H = H + max(1e-13 * float(np.trace(H)) / u.size, 1e-300) * np.eye(u.size)
        free = u + _solve(H, -g)
        if np.isfinite(free).all() and self.feasible_set.contains(free):
            return free
        F = self.feasible_set
        if isinstance(F, Box | LinfBall):
            return self._on_a_box(F if isinstance(F, Box) else F.box, g, H, u, aim)
        if isinstance(F, L2Ball):
            return self._on_a_ball(F, g, H, u)
        if isinstance(F, Polytope):
            found = self._on_a_polytope(F, g, H, u)
            if found is not None:
                return found
        return self._by_atoms(g, H, u, aim)

    def _on_a_box(self, box: Box, g: Array, H: Array, u: Array, aim: float) -> Array:
        lo, hi = (np.broadcast_to(bound, u.shape) for bound in (box.lo, box.hi))
        v = np.clip(u, lo, hi)
        for _ in range(_MOST_STEPS):
            slope = g + H @ (v - u)
            if float(slope @ (v - box.minimize_linear(slope))) <= aim:
                break
            held = ((v <= lo) & (slope > 0.0)) | ((v >= hi) & (slope < 0.0))
            step = _free_step(H, slope, held, v <= lo, v >= hi)
            with np.errstate(all="ignore"):
                room = np.where(step > 0.0, (hi - v) / step, np.where(step < 0.0, (lo - v) / step, np.inf))
            first = min(1.0, float(room.min()))  # up to the first bound it is downhill all the way
            length = 1.0
            while length > first:
                moved = np.clip(v + length * step, lo, hi) - v
                if float(slope @ moved) + 0.5 * float(moved @ H @ moved) < 0.1 * float(slope @ moved) < 0.0:
                    break
                length *= 0.5
            trial = np.clip(v + max(length, first) * step, lo, hi)
            if np.array_equal(trial, v):
                break
            v = trial
        return v

    def _on_a_ball(self, ball: L2Ball, g: Array, H: Array, u: Array) -> Array:
        center = 0.0 if ball.center is None else ball.center
        size = max(float(np.abs(H).max()), 1e-30 * float(np.abs(g).max()) / ball.radius)  # or else it overflows
        eigenvalues, V = np.linalg.eigh(H / size)
        metric = np.maximum(eigenvalues, _RIDGE)
        free = V.T @ (u - center) - V.T @ (g / size) / metric
        nearest = V @ L2Ball(ball.radius, dimension=u.size).project(free, metric)
        return self.inside(center + nearest)

    def _on_a_polytope(self, polytope: Polytope, g: Array, H: Array, u: Array) -> Array | None:
        solve = importlib.import_module("daqp").solve
        length = np.maximum(np.linalg.norm(polytope.A, axis=1), 1e-300)
        size = float(np.trace(H)) / len(H)
        A, b = polytope.A / length[:, None], (polytope.b - polytope.A @ u) / length
        step, _, flag, _ = solve(H / size, g / size, np.ascontiguousarray(A), b, primal_tol=1e-12, dual_tol=1e-14)
        return polytope.project(u + step) if flag == 1 and np.isfinite(step).all() else None

    def _by_atoms(self, g: Array, H: Array, u: Array, aim: float) -> Array:
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


def step_length(slope: Callable[[float], float]) -> float:
    """A length in (0, 1] at which the increasing slope along a step, negative at 0, is near zero.

    1 if the slope is not far above zero there; otherwise by the rule of false position.
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


def _free_step(H: Array, slope: Array, held: Flags, at_lo: Flags, at_hi: Flags) -> Array:
    """Newton's step in the coordinates that are not held; those it would push out of the box are held too."""
    held = held.copy()
    while True:
        step, free = np.zeros_like(slope), ~held
        step[free] = _solve(H[np.ix_(free, free)], -slope[free])
        out = free & ((at_lo & (step < 0.0)) | (at_hi & (step > 0.0)))
        if not out.any():
            return step
        held |= out


def _minimize_over_hull(atoms: Array, weights: Array, g: Array, H: Array, u: Array) -> tuple[Array, Array]:
    """The points among ``atoms`` whose convex hull has the minimum inside, and their weights in it."""
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
    """Weights, of sum 1 and any sign, of the minimum over the affine hull of the atoms."""
    base = int(np.argmax(weights))
    sides = np.delete(atoms, base, axis=0) - atoms[base]
    length = np.linalg.norm(sides, axis=1)
    sides /= length[:, None]
    found = _solve(sides @ H @ sides.T, -sides @ (g + H @ (atoms[base] - u))) / length
    return np.insert(found, base, 1.0 - found.sum())


def _solve(M: Array, r: Array) -> Array:
    """M^{-1} r for a symmetric, positive (semi)definite M, scaled to a unit diagonal."""
    scale = np.sqrt(np.maximum(np.diagonal(M), 1e-300))
    scaled = M / np.outer(scale, scale) + _RIDGE * len(M) * np.eye(len(M))
    with np.errstate(all="ignore"):
        try:
            return np.asarray(np.linalg.solve(scaled, r / scale) / scale)
        except np.linalg.LinAlgError:
            return np.asarray(np.linalg.lstsq(scaled, r / scale, rcond=1e-14)[0] / scale)

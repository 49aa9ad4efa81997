"""Weighted projection onto {A x <= b}, starting from a guess of the constraints that are active."""

from __future__ import annotations

import math

import numpy as np

from regretlab._utils.types import Array
from regretlab.sets.compensated import EPS

__all__ = ["onto_equations", "project_from"]

_DEPENDENT = 1e-13
_PASSES = 5


def project_from(guess: list[int], A: Array, b: Array, y: Array, w: Array) -> Array | None:
    """argmin_{A x <= b} sum_i w_i (x_i - y_i)^2 to the last digits, or None if the iteration fails.

    This is the dual active-set method of Goldfarb and Idnani ("A numerically stable
    dual method for solving strictly convex quadratic programs", 1983).  Each iterate
    is the projection of y onto the equations of a working set, with multipliers
    >= 0; if ``guess`` is the active set, the first iterate is the answer.  The
    factorization A W^-1/2 = L Q is orthogonalized twice, so that it stays
    accurate when the weights span sixteen orders of magnitude.
    """
    working = _WorkingSet(A, b, y, np.sqrt(w.max() / w))
    for j in guess:
        working.add(j)
    working.solve()
    while working.rows and min(working.multipliers) < 0.0:
        working.drop(int(np.argmin(working.multipliers)))
        working.solve()
    size, lengths = np.abs(A), np.linalg.norm(working.S, axis=1)
    for _ in range(10 * sum(A.shape) + 100):
        over = A @ working.x - b
        over[over <= 8.0 * EPS * (size @ np.abs(working.x) + np.abs(b))] = 0.0
        over[working.rows] = 0.0
        if not over.any():
            return working.x
        if not working.enter(int(np.argmax(over / lengths))):
            return None
        working.solve()
    return None


def onto_equations(rows: list[int], A: Array, b: Array, y: Array) -> Array:
    """The point nearest to y with <a_j, x> = b_j for these rows j, but not for those that depend on earlier ones."""
    working = _WorkingSet(A, b, y, np.ones_like(y))
    for j in rows:
        working.add(j)
    working.solve()
    return working.x


class _WorkingSet:
    """A set of linearly independent rows, the projection x of y onto their equations, and its multipliers.

    S is A W^-1/2 up to a factor.  Its rows in the set are L Q: Q has orthonormal rows, and L is lower triangular.
    """

    def __init__(self, A: Array, b: Array, y: Array, root: Array) -> None:
        self.A, self.b, self.y, self.root = A, b, y, root
        self.S = A * root
        self.rows: list[int] = []
        self.Q: Array = np.empty((0, y.size))
        self.L: Array = np.empty((0, 0))
        self.x: Array = y.copy()
        self.multipliers: Array = np.empty(0)

    def components(self, s: Array) -> tuple[Array, Array]:
        """c and z with s = c Q + z, where z is orthogonal to the rows of Q."""
        c = self.Q @ s
        z = s - c @ self.Q
        again = self.Q @ z
        return c + again, z - again @ self.Q

    def add(self, j: int) -> bool:
        """Add row j, unless it depends linearly on the rows in the set; return whether it was added."""
        c, z = self.components(self.S[j])
        length = float(np.linalg.norm(z))
        k = len(self.rows)
        if k == self.y.size or length <= _DEPENDENT * np.linalg.norm(self.S[j]):
            return False
        L = np.zeros((k + 1, k + 1))
        L[:k, :k], L[k, :k], L[k, k] = self.L, c, length
        self.L, self.Q = L, np.vstack([self.Q, z / length])
        self.rows.append(j)
        self.multipliers = np.append(self.multipliers, 0.0)
        return True

    def drop(self, k: int) -> None:
        """Remove the k-th row from the set."""
        rows, multipliers = self.rows[k + 1 :], np.delete(self.multipliers, k)
        self.rows, self.Q, self.L = self.rows[:k], self.Q[:k], self.L[:k, :k]
        for j in rows:
            self.add(j)
        self.multipliers = multipliers

    def solve(self) -> None:
        """Compute x, the projection of y onto the equations of the set, and its multipliers."""
        self.x, moved = self.y.copy(), np.zeros(len(self.rows))
        for _ in range(_PASSES if self.rows else 0):
            terms = np.column_stack([self.A[self.rows] * self.x, -self.b[self.rows]])
            over = np.array([math.fsum(row) for row in terms])
            if (np.abs(over) <= EPS * np.abs(terms).sum(axis=1)).all():
                break
            t = np.linalg.solve(self.L, over)
            moved += t
            self.x = self.x - self.root * (t @ self.Q)
        self.multipliers = np.asarray(np.linalg.solve(self.L.T, moved), dtype=np.float64)

    def enter(self, p: int) -> bool:
        """Raise the multiplier of the violated row p until p holds, and add p; return whether that is possible.

        Remove each row whose multiplier falls to 0 on the way.
        """
        multiplier, self.multipliers = 0.0, np.maximum(self.multipliers, 0.0)
        for _ in range(len(self.rows) + 1):
            c, z = self.components(self.S[p])
            r = np.linalg.solve(self.L.T, c)
            square = float(z @ z)
            free = len(self.rows) < self.y.size and square > (_DEPENDENT * np.linalg.norm(self.S[p])) ** 2
            full = float(self.A[p] @ self.x - self.b[p]) / square if free else math.inf
            falling = r > 0.0
            steps = np.where(falling, self.multipliers / np.where(falling, r, 1.0), math.inf)
            step = min(full, float(steps.min(initial=math.inf)))
            if step == math.inf:
                return False
            self.multipliers = np.maximum(self.multipliers - step * r, 0.0)
            multiplier += step
            if free:
                self.x = self.x - step * self.root * z
            if step == full:
                self.add(p)
                self.multipliers[-1] = multiplier
                return True
            self.drop(int(np.argmin(steps)))
        return False

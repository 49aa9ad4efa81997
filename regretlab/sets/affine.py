"""Affine subspaces: several linear equations at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.sets.arguments import directions, euclidean, point, short, store_equations
from regretlab.sets.base import FeasibleSet
from regretlab.sets.compensated import EPS, exact_sum, unit, weight
from regretlab.sets.halfspace import excess, normalized

__all__ = ["Affine"]

_DEPENDENT = 1e-11
_PASSES = 6


@dataclass(frozen=True, eq=False)
class Affine(FeasibleSet):
    """F = {x : A x = b}.

    Parameters
    ----------
    A : array (k, d)
        Its rows may be linearly dependent, as long as the equations have a solution.
    b : array (k,)

    Raises
    ------
    TypeError, ValueError
        For arrays of a wrong type or shape, A = 0, or equations that contradict each other.

    Notes
    -----
    The projection in the metric w is y - W^-1 A^T (A W^-1 A^T)^-1 (A y - b), W = diag(w).
    Gram-Schmidt with pivoting computes A W^-1/2 = L Q, orthogonalizing each row
    twice (Giraud, Langou, Rozložník, "The loss of orthogonality in the
    Gram-Schmidt orthogonalization process", 2005).  The projection is repeated
    until A x - b is as small as rounding allows.
    """

    A: Array
    b: Array

    def __post_init__(self) -> None:
        A, b = store_equations(self)
        if not self.independent.size:
            raise ValueError(f"A={short(A)} must not be zero")
        x = self.nearest_to_origin()
        over = np.abs([exact_sum(*row, -value) for row, value in zip(A * x, b, strict=True)])
        wrong = ~(over <= 1e3 * _DEPENDENT * (np.abs(b) + np.abs(A) @ np.abs(x)))
        if wrong.any():
            k = int(np.argmax(wrong))
            raise ValueError(f"A={short(A)}, b={short(b)}: the equations contradict each other, at row {k}")

    def __repr__(self) -> str:
        return f"Affine({short(self.A)}, {short(self.b)})"

    @property
    def dimension(self) -> int:
        return int(self.A.shape[1])

    @cached_property
    def independent(self) -> Array:
        """(r, 1 + d): rows b_j, a_j of independent equations that imply the others, each divided by a power of two."""
        rows = np.array([normalized(a, b) for a, b in zip(self.A, self.b, strict=True) if a.any()])
        if not rows.size:
            return rows
        rest = rows[:, 1:] / np.linalg.norm(rows[:, 1:], axis=1, keepdims=True)
        chosen: list[int] = []
        while len(chosen) < min(rest.shape):
            sizes = np.linalg.norm(rest, axis=1)
            j = int(np.argmax(sizes))
            if sizes[j] <= _DEPENDENT:
                break
            chosen.append(j)
            q = rest[j] / sizes[j]
            for _ in range(2):
                rest -= np.outer(rest @ q, q)
            rest[j] = 0.0
        found = rows[sorted(chosen)]
        found.setflags(write=False)
        return found

    @staticmethod
    def projection(x: Any, w: Any, p: Any) -> None:
        """Project x in place, as the class notes say; p holds k, then b_j, a_j for each of the k equations."""
        solve(x, w, p)

    def parameters(self) -> Array:
        return np.concatenate([[float(len(self.independent))], self.independent.ravel()])

    def contains(self, x: ArrayLike, tolerance: float = 0.0) -> bool:
        terms = self.A * point(x, self.dimension)
        rounding = 4.0 * EPS * (np.abs(self.b) + np.abs(terms).sum(axis=1))
        over = [exact_sum(*row, -value) for row, value in zip(terms, self.b, strict=True)]
        return bool((np.abs(over) <= tolerance * np.abs(self.A).max(axis=1) + rounding).all())

    def diameter(self, norm: float = np.inf) -> float:
        euclidean(norm)
        return 0.0 if len(self.independent) == self.dimension else np.inf

    def minimize_linear(self, c: ArrayLike) -> Array:
        costs = directions(c, self.dimension)
        flat = costs.reshape(-1, self.dimension)
        rows = self.independent[:, 1:]
        aside = np.abs(flat - flat @ np.linalg.pinv(rows) @ rows).max(axis=1)
        wrong = aside > 1e2 * _DEPENDENT * np.abs(flat).max(axis=1)
        if wrong.any():
            first = flat[int(np.argmax(wrong))]
            raise ValueError(f"<c, x> has no minimum over {self!r}, which is unbounded towards -c, c={first!r}")
        return np.broadcast_to(self.nearest_to_origin(), costs.shape).copy()


def solve(x: Any, w: Any, p: Any) -> None:
    """Project x in place onto k equations, p = (k, b_1, a_1, ..., b_k, a_k)."""
    d, k, scale = len(x), int(p[0]), unit(w)
    root, Q, L, order, t = np.empty(d), np.empty((k, d)), np.zeros((k, k)), np.arange(k), np.empty(k)
    for i in range(d):
        root[i] = 1.0 / math.sqrt(weight(w[i], scale))
        for j in range(k):
            Q[j, i] = p[2 + j * (d + 1) + i] * root[i]
    factorize(Q, L, order)
    for _ in range(_PASSES):
        if residual(t, x, p, L, order):
            break
        for i in range(d):
            move = 0.0
            for s in range(k):
                move += t[s] * Q[s, i]
            x[i] -= move * root[i]


def factorize(Q: Any, L: Any, order: Any) -> None:
    """Factor Q, in place, into L and orthonormal (or zero) rows; ``order`` becomes the order of the pivots."""
    k = len(order)
    for s in range(k):
        exchange(Q, L, order, s, longest(Q, s))
        for _ in range(2):  # the second pass subtracts what rounding left
            for r in range(s):
                subtract(Q, L, s, r)
        L[s, s] = math.sqrt(dot(Q, s, s))
        if L[s, s] > 0.0:
            for i in range(Q.shape[1]):
                Q[s, i] /= L[s, s]
        for r in range(s + 1, k):
            subtract(Q, L, r, s)


def residual(t: Any, x: Any, p: Any, L: Any, order: Any) -> bool:
    """Whether A x = b up to rounding; t becomes the solution of L t = A x - b, with the rows in ``order``."""
    done = True
    for s in range(len(order)):
        at = 1 + order[s] * (len(x) + 1)
        t[s], rounding = excess(x, p, at + 1, p[at])
        done = done and abs(t[s]) <= rounding
        for r in range(s):
            t[s] -= L[s, r] * t[r]
        t[s] = t[s] / L[s, s] if L[s, s] != 0.0 else 0.0
    return done


def dot(Q: Any, r: int, s: int) -> float:
    """<Q_r, Q_s>."""
    total = 0.0
    for i in range(Q.shape[1]):
        total += Q[r, i] * Q[s, i]
    return total


def subtract(Q: Any, L: Any, r: int, s: int) -> None:
    """Subtract from Q_r its component along the unit vector Q_s, and add the coefficient to L_rs."""
    part = dot(Q, r, s)
    L[r, s] += part
    for i in range(Q.shape[1]):
        Q[r, i] -= part * Q[s, i]


def longest(Q: Any, s: int) -> int:
    """The index of the longest of the rows s, s + 1, ... of Q."""
    best, most = s, dot(Q, s, s)
    for r in range(s + 1, Q.shape[0]):
        square = dot(Q, r, r)
        if square > most:
            best, most = r, square
    return best


def exchange(Q: Any, L: Any, order: Any, r: int, s: int) -> None:
    """Exchange the rows r and s >= r of Q, of ``order``, and of the columns 0, ..., r - 1 of L."""
    if r == s:
        return
    order[r], order[s] = order[s], order[r]
    for i in range(Q.shape[1]):
        Q[r, i], Q[s, i] = Q[s, i], Q[r, i]
    for j in range(r):
        L[r, j], L[s, j] = L[s, j], L[r, j]

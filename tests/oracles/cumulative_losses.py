"""Cumulative losses of predictions in numpy, and their minima by cvxpy, without the code under test."""

import math
import warnings
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from regretlab.losses import Absolute, Hinge, Logistic, RandomConvexLosses, Squared
from regretlab.sets import Box, L1Ball, L2Ball, Simplex

LINKS = {"squared": Squared(), "logistic": Logistic(), "absolute": Absolute(), "hinge": Hinge()}


def set_of(kind, d, rng):
    """A feasible set, and the constraints that say the same to cvxpy."""
    r = float(rng.uniform(0.2, 1.5))
    if kind == "box":
        lo = rng.uniform(-1.0, 0.3, d)
        hi = lo + rng.uniform(0.1, 1.5, d)
        return Box(lo, hi), lambda x: [x >= lo, x <= hi]
    if kind == "ball":
        centre = rng.uniform(-0.5, 0.5, d)
        return L2Ball(r, centre), lambda x: [cp.norm(x - centre, 2) <= r]
    if kind == "simplex":
        return Simplex(d, r), lambda x: [x >= 0, cp.sum(x) == r]
    return L1Ball(r, d), lambda x: [cp.norm(x, 1) <= r]


def value_of(link, z, y):
    """The link in numpy, written once more."""
    return {
        "Squared": lambda: 0.5 * (z - y) ** 2,
        "Absolute": lambda: np.abs(z - y),
        "Logistic": lambda: np.logaddexp(0.0, -y * z),
        "Hinge": lambda: np.maximum(0.0, 1.0 - y * z),
        "Quantile": lambda: np.where(z < y, link.q * (y - z), (1.0 - link.q) * (z - y)),
        "Huber": lambda: np.where(
            np.abs(z - y) <= link.delta, 0.5 * (z - y) ** 2, link.delta * (np.abs(z - y) - 0.5 * link.delta)
        ),
    }[type(link).__name__]()


def objective_of(name, z, y):
    """The link for cvxpy, summed."""
    return {
        "squared": lambda: 0.5 * cp.sum_squares(z - y),
        "absolute": lambda: cp.sum(cp.abs(z - y)),
        "logistic": lambda: cp.sum(cp.logistic(-cp.multiply(y, z))),
        "hinge": lambda: cp.sum(cp.pos(1 - cp.multiply(y, z))),
    }[name]()


def problem(name, d, T, batch, rng):
    a = rng.standard_normal((T * batch, d)) * rng.uniform(0.3, 3.0, d)
    z = a @ rng.standard_normal(d) + rng.uniform(0.0, 2.0) * rng.standard_normal(T * batch)
    return a, (np.where(z >= 0.0, 1.0, -1.0) if LINKS[name].labels else z)


def data_of(game, t):
    """All rows of the rounds 1..t."""
    a, y = game.losses.data(1, t + 1, game.seed)
    return a.reshape(-1, a.shape[2]), y.ravel()


def exact(game, t, u):
    """sum_{s<=t} f_s(u), without the code under test."""
    a, y = data_of(game, t)
    return math.fsum(value_of(game.losses.link, a @ u, y)) * t / len(y) + 0.5 * t * game.losses.mu * float(u @ u)


def solved(objective, constraints):
    """The minimum, by a solver that says that it found it."""
    peer = cp.Problem(cp.Minimize(objective), constraints)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the first one gives up now and then
        peer.solve(solver="CLARABEL")
        if peer.status != "optimal":
            peer.solve(solver="SCS", eps=1e-9)
    assert peer.status == "optimal"
    return peer.value


def agree(some, others):
    for one, other in zip(some, others, strict=True):
        assert one.value - one.gap <= other.value
        assert other.value - other.gap <= one.value


@dataclass(frozen=True)
class Clouds(RandomConvexLosses):
    """f_t(x) = <x - z_t, A (x - z_t)>/2 with z_t ~ N(0, 1), and A of condition 1e4."""

    d: int = 4

    @property
    def dimension(self):
        return self.d

    @property
    def A(self):
        H = np.fromfunction(lambda i, j: 1.0 / (i + j + 1.0), (self.d, self.d))
        return H + 1e-4 * np.eye(self.d)

    def draw(self, rng):
        return rng.standard_normal(self.d)

    def value(self, z, x):
        return 0.5 * float((x - z) @ self.A @ (x - z))

    def gradient(self, z, x):
        return self.A @ (x - z)

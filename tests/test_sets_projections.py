"""Weighted projections: printed values, exact arithmetic, the variational inequality; and the other methods of a set.

``python tests/test_sets_projections.py 100000`` measures the variational inequality on so many cases per set (or of the
kinds named after the number).
"""

import itertools
import json
import math
import pickle
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from conftest import label
from numpy.testing import assert_allclose, assert_array_equal
from oracles import exact_projections as exact
from scipy.spatial import ConvexHull

from regretlab import sets
from regretlab.engine.serialization import from_specification, specification
from regretlab.kernels.compiling import jit
from regretlab.sets import (
    Affine,
    Box,
    CappedSimplex,
    Halfspace,
    Hyperplane,
    L1Ball,
    L2Ball,
    LinfBall,
    Polytope,
    Product,
    Reals,
    Simplex,
)

EPS = 2.0**-52
WIDE = np.longdouble
REFERENCE = json.loads((Path(__file__).parent / "oracles" / "weighted_projections.json").read_text())["cases"]


# -- random sets and random points ----------------------------------------------------------------


def size(rng):
    return 10.0 ** rng.uniform(-3, 3)


def box(rng, d):
    ends = np.sort(rng.standard_normal((2, d)) * size(rng), axis=0)
    ends[1] = np.where(rng.random(d) < 0.1, ends[0], ends[1])
    return Box(*ends)


def capped(rng, d):
    cap = size(rng)
    return CappedSimplex(d, cap, mass=cap * d * rng.choice([rng.uniform(0.01, 1.0), 0.5, 1.0]))


def ball(rng, d, kind=L2Ball):
    return kind(size(rng), rng.choice([0.0, 1.0, 30.0]) * rng.standard_normal(d))


def plane(rng, d, kind=Hyperplane):
    a = rng.standard_normal(d) * 10.0 ** rng.uniform(-2, 2, d)
    a[rng.random(d) < 0.2] = 0.0
    a[rng.integers(d)] = 1.0
    return kind(a, rng.standard_normal() * size(rng))


def affine(rng, d):
    k = int(rng.integers(1, min(d, 4) + 1))
    return Affine(rng.standard_normal((k, d)), rng.standard_normal(k) * size(rng))


def product(rng, d):
    """A random product; of few kinds of factors, since each kind is compiled anew."""
    if d < 3:
        return Product(*(simplex(rng, 1) for _ in range(d)))
    k = int(rng.integers(1, d - 1))
    return Product(ball(rng, k), simplex(rng, 1), simplex(rng, d - k - 1))


def simplex(rng, d):
    return Simplex(d, size(rng))


def l1_ball(rng, d):
    return L1Ball(size(rng), d)


@dataclass(frozen=True, eq=False)
class Hull(Polytope):
    """A polytope that knows its vertices, so that linear functions are minimized exactly."""

    vertices: tuple[tuple[float, ...], ...] = ()

    def minimize_linear(self, c):
        vertices = np.array(self.vertices)
        return vertices[np.argmin(np.asarray(c) @ vertices.T, axis=-1)]


def hull(rng, d):
    """The convex hull of random points or of +-e_i, in many dimensions a random simplex."""
    if d == 1:
        low, high = np.sort(rng.standard_normal(2))
        return Hull([[1.0], [-2.0], [3.0]], [high, -2.0 * low, 3.0 * high], ((low,), (high,)))
    if d <= 8 and rng.random() < 0.3:
        signs = np.array(list(itertools.product([-1.0, 1.0], repeat=d)))
        return Hull(signs, np.ones(2**d), _tuples(np.vstack([np.eye(d), -np.eye(d)])))
    if d <= 5:
        found = ConvexHull(rng.standard_normal((4 * d, d)))
        return Hull(found.equations[:, :-1], -found.equations[:, -1], _tuples(found.points[found.vertices]))
    corners = np.vstack([np.eye(d), -np.ones(d)]) + 0.1 * rng.standard_normal((d + 1, d)) / math.sqrt(d)
    shares = np.linalg.inv(np.column_stack([corners, np.ones(d + 1)]))  # x = sum of shares >= 0 of the corners
    return Hull(-shares[:-1].T, shares[-1], _tuples(corners))


def _tuples(rows):
    return tuple(map(tuple, rows.tolist()))


BOUNDED = {
    "box": box,
    "l2 ball": ball,
    "l1 ball": l1_ball,
    "linf ball": lambda rng, d: ball(rng, d, LinfBall),
    "simplex": simplex,
    "capped simplex": capped,
    "product": product,
}
UNBOUNDED = {
    "hyperplane": plane,
    "halfspace": lambda rng, d: plane(rng, d, Halfspace),
    "affine": affine,
    "reals": lambda rng, d: Reals(d),
}
COMPILED = BOUNDED | UNBOUNDED
ALL = COMPILED | {"polytope": hull}
DIMENSIONS = (1, 2, 3, 5, 10, 30, 100, 300, 1000)

every = pytest.mark.parametrize("kind", ALL)
compilable = pytest.mark.parametrize("kind", COMPILED)


def points(rng, F, n):
    """n points and weights for one set: near, far, tied, with zeros, on the boundary and just off it."""
    d = F.dimension
    W = 10.0 ** rng.uniform(-8, 8, (n, d))
    Y = rng.standard_normal((n, d)) * 10.0 ** rng.uniform(-3, 3, (n, 1))
    for i in range(n):
        match rng.integers(10):
            case 0:
                W[i] = 1.0
            case 1:
                W[i] = 10.0 ** rng.integers(-8, 9, d)
            case 2:
                Y[i] *= 10.0 ** rng.uniform(0, 9)
            case 3:
                Y[i] *= 10.0 ** rng.uniform(-6, 6, d)
            case 4:
                Y[i], W[i] = np.round(Y[i] * 4.0) / 4.0, 10.0 ** rng.integers(-1, 2, d)
            case 5:
                Y[i, rng.random(d) < 0.5] = 0.0
            case 6:  # w * y nearly all the same, so that many coordinates take part
                Y[i] = (rng.standard_normal() + 1e-3 * rng.standard_normal(d)) / W[i]
            case 7:
                Y[i] = 0.0
            case 8:
                Y[i] = F._project(Y[i], W[i])
            case 9:
                Y[i] = F._project(Y[i], W[i]) * (1.0 + rng.choice([-1.0, 1.0], d) * 10.0 ** rng.uniform(-17, -3))
    return np.clip(Y, -1e12, 1e12), W


@cache
def rows(projection):
    """The projection of the rows of an array, compiled."""
    project = jit(projection)

    def all_rows(X, W, p):
        for k in range(X.shape[0]):
            project(X[k], W[k], p)

    return jit(all_rows, keep=True)


def projected(F, Y, W):
    X = Y.copy()
    if F.projection is None or isinstance(F, Product):
        for k in range(len(Y)):
            X[k] = F._project(Y[k], W[k])
    else:
        rows(F.projection)(X, W, np.array(F.parameters()))
    return X


def cases(kind, n, seed=0):
    """About n cases, (F, Y, W, projections), over all dimensions, fewer in the large ones."""
    rng = np.random.default_rng([seed, n])
    dimensions = [d for d in DIMENSIONS if kind != "polytope" or d <= 30]
    share = np.array([min(1.0, 30.0 / d) for d in dimensions])
    for d, many in zip(dimensions, np.ceil(n * share / share.sum()).astype(int), strict=True):
        for batch in np.array_split(np.arange(many), min(many, 12 + many // 2000)):
            F = ALL[kind](rng, d)
            Y, W = points(rng, F, batch.size)
            yield F, Y, W, projected(F, Y, W)


# -- the variational inequality -------------------------------------------------------------------


def violation(F, Y, W, X):
    """max over z in F of <w (y - x), z - x>, relative to the size of its terms and of their rounding in x.

    That is sum_i |w_i (y_i - x_i)| (|z_i| + |x_i|) + w_i |x_i| |z_i - x_i|: also a
    projection that is right to the last bit has errors eps w_i |x_i| in w (y - x),
    or eps w_i |c_i| in a ball around c.
    """
    if isinstance(F, Hyperplane | Halfspace | Affine | Reals):
        return normal_violation(F, Y, W, X)
    G = W.astype(WIDE) * (Y.astype(WIDE) - X)
    Z = F.minimize_linear(-G.astype(float))
    center = getattr(F, "center", None)
    size = np.abs(X) + (0.0 if center is None else np.abs(center))
    terms = np.abs(G) * (np.abs(Z) + size) + W * size * np.abs(Z - X)
    return ratio((G * (Z - X)).sum(axis=1), terms.sum(axis=1))


def normal_violation(F, Y, W, X):
    """For sets without a largest <w (y - x), z>: how far w (y - x) is from the span of the rows."""
    G = W.astype(WIDE) * (Y.astype(WIDE) - X)
    size = W * (np.abs(Y) + np.abs(X))
    if isinstance(F, Reals):
        return np.abs(G).max(axis=1)
    if isinstance(F, Affine):
        null = np.linalg.svd(F.A, full_matrices=True)[2][len(F.A) :]
        if not len(null):
            return np.zeros(len(Y))
        return ratio(np.abs(G @ null.T), size @ np.abs(null.T)).max(axis=1)
    j = np.argmax(ratio(np.abs(G) * (F.a != 0.0), size), axis=1)  # where the multiple of a is known best
    multiple = ratio(np.take_along_axis(G, j[:, None], axis=1), F.a[j][:, None])
    wrong = ratio(np.abs(G - multiple * F.a), size + np.abs(multiple * F.a)).max(axis=1)
    return np.maximum(wrong, ratio(-multiple * np.abs(F.a), size).max(axis=1)) if isinstance(F, Halfspace) else wrong


def ratio(a, b):
    """a / b with 0/0 = 0."""
    return a / np.where(b == 0.0, 1.0, b)


def worst(kind, n, seed=0):
    """(cases, largest violation, cases outside of F)."""
    number, largest, outside = 0, 0.0, 0
    for F, Y, W, X in cases(kind, n, seed):
        assert np.isfinite(X).all(), F
        number += len(X)
        largest = max(largest, float(violation(F, Y, W, X).max()))
        outside += sum(not F.contains(x) for x in X)
    return number, largest, outside


@every
def test_variational_inequality_and_feasibility(kind):
    number, largest, outside = worst(kind, 300 if kind == "polytope" else 3000)
    assert number >= 300
    assert largest <= 1e-12
    assert outside == 0


def test_the_variational_inequality_finds_the_euclidean_projection():
    """The same measure of a projection in the wrong metric."""
    rng = np.random.default_rng(1)
    for F in (L2Ball(1.0, np.zeros(4)), Simplex(4), L1Ball(1.0, 4), CappedSimplex(4, 0.4)):
        Y, W = rng.standard_normal((50, 4)), 10.0 ** rng.uniform(-1, 1, (50, 4))
        euclidean = np.array([F.project(y) for y in Y])
        weighted = np.array([F.project(y, w) for y, w in zip(Y, W, strict=True)])
        assert np.median(np.abs(euclidean - weighted).max(axis=1)) > 0.01
        assert np.median(violation(F, Y, W, euclidean)) > 1e-3
        assert violation(F, Y, W, weighted).max() < 1e-14


# -- independent numbers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("F", "printed"),
    [
        (Simplex(3), ("0.2", "0.8", "0")),
        (L1Ball(1.0, 3), (1 / 7, 4 / 7, -2 / 7)),
        (L2Ball(1.0), ("0.354457299425", "0.756879488822", "-0.549084203274")),
        (Halfspace([1.0, 1.0, 1.0], 1.0), (3 / 7, 12 / 7, -8 / 7)),
        (Hyperplane([1.0, 1.0, 1.0], 1.0), (3 / 7, 12 / 7, -8 / 7)),
    ],
    ids=label,
)
def test_printed_values(F, printed):
    x = F.project([0.5, 2.0, -1.0], [4.0, 1.0, 2.0])
    for value, known in zip(x, printed, strict=True):
        if isinstance(known, str):
            assert round(value, len(known.partition(".")[2])) == float(known)
        else:
            assert value == pytest.approx(known, rel=4 * EPS)


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: f"{case['set']}-{case['d']}-{case['metric']}")
def test_reference_cases(case):
    d = case["d"]
    F = {
        "box[-1,1]": Box(-1.0, 1.0),
        "l2ball r=1": L2Ball(1.0),
        "l1ball r=1": L1Ball(1.0, d),
        "simplex": Simplex(d),
        "capped simplex cap=0.5": CappedSimplex(d, 0.5),
        "halfspace a=(1..d), b=1": Halfspace(np.arange(1.0, d + 1.0), 1.0),
    }[case["set"]]
    assert_allclose(F.project(case["y"], case["w"]), case["x"], rtol=0.0, atol=case["trust_to"])


EXACT = {
    "simplex": lambda F, y, w: exact.fill(y, w, F.mass),
    "capped simplex": lambda F, y, w: exact.fill(y, w, F.mass, F.cap),
    "l1 ball": lambda F, y, w: exact.l1_ball(y, w, F.radius),
    "l2 ball": lambda F, y, w: exact.l2_ball(y, w, F.radius, F.center),
    "hyperplane": lambda F, y, w: exact.affine(y, w, [F.a], [F.b]),
    "halfspace": lambda F, y, w: exact.halfspace(y, w, F.a, F.b),
    "affine": lambda F, y, w: exact.affine(y, w, F.A, F.b),
}


@pytest.mark.parametrize("kind", EXACT)
def test_exact_arithmetic(kind):
    """The error is of the size of rounding x itself, except that affine sets also round y."""
    rng = np.random.default_rng(3)
    for d in (1, 2, 3, 5, 12):
        F = ALL[kind](rng, d)
        Y, W = points(rng, F, 12)
        for y, w in zip(Y, W, strict=True):
            x, right = F.project(y, w), EXACT[kind](F, y, w)
            error = max(abs(float(type(v)(float(u)) - v)) for u, v in zip(x, right, strict=True))
            scale = max(float(abs(v)) for v in right)
            if kind in UNBOUNDED:
                scale = max(scale, np.abs(y).max())
            assert error <= 64 * EPS * scale, (F, y, w, x)


@pytest.mark.parametrize("d", [1, 2, 4, 6, 25])
def test_sets_that_are_polytopes(d):
    """The quadratic program and the closed forms find the same points."""
    rng = np.random.default_rng(d)
    one, unit = np.ones((1, d)), np.eye(d)
    cap = min(1.0, 1.5 / d)
    a = rng.standard_normal(d)
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=min(d, 6))))
    pairs = [
        (Box(-np.ones(d), np.ones(d)), Polytope(np.vstack([unit, -unit, unit]), np.ones(3 * d))),
        (Simplex(d), Polytope(np.vstack([-unit, one, -one]), [*np.zeros(d), 1.0, -1.0])),
        (CappedSimplex(d, cap), Polytope(np.vstack([-unit, unit, one, -one]), [0.0] * d + [cap] * d + [1.0, -1.0])),
        (Halfspace(a, 0.3), Polytope(a[None], [0.3])),
    ]
    if d <= 6:
        pairs.append((L1Ball(1.0, d), Polytope(signs, np.ones(2**d))))
    for F, P in pairs:
        for spread in (0, 4, 8):
            for _ in range(3):
                y, w = rng.standard_normal(d) * 10.0 ** rng.uniform(-1, 4), 10.0 ** rng.uniform(-spread, spread, d)
                x = F.project(y, w)
                assert_allclose(P.project(y, w), x, rtol=0.0, atol=1e-14 * max(1.0, np.abs(x).max()))
        assert P.bounded == F.bounded
        assert P.diameter() == pytest.approx(F.diameter(), abs=1e-9)
        if F.bounded and d <= 6:
            assert P.diameter(2) >= F.diameter(2) * (1.0 - 1e-9)
            c = rng.standard_normal((3, d))
            found, known = P.minimize_linear(c), F.minimize_linear(c)
            assert_allclose((c * found).sum(axis=1), (c * known).sum(axis=1), rtol=1e-12, atol=1e-12)
            assert all(P.contains(x) for x in found)


# -- what makes a projection ----------------------------------------------------------------------


@every
def test_points_of_the_set_stay(kind):
    """Projections exactly, as long as no equations are involved."""
    for F, _, W, X in cases(kind, 200):
        again = projected(F, X, W[::-1].copy())
        error = np.abs(again - X).max(axis=1)
        exactly = kind not in ("hyperplane", "halfspace", "affine")
        assert (error <= (0.0 if exactly else 16 * EPS * np.abs(X).max(axis=1))).all(), F


@pytest.mark.parametrize(
    "kind", ["box", "l2 ball", "l1 ball", "linf ball", "halfspace", "reals", "product", "polytope"]
)
def test_the_interior_is_left_alone(kind):
    rng = np.random.default_rng(5)
    for d in (1, 2, 5, 70):
        F = hull(rng, min(d, 5)) if kind == "polytope" else ALL[kind](rng, d)
        d = F.dimension
        factors = F.factors if isinstance(F, Product) else (F,)
        if any(isinstance(part, Simplex) for part in factors):
            F = Product(*(L1Ball(part.mass, part.dimension) if isinstance(part, Simplex) else part for part in factors))
        ends = [projected(F, *(a[None] for a in (rng.standard_normal(d) * 1e3, np.ones(d))))[0] for _ in range(4)]
        inside = np.mean(ends, axis=0)
        if not F.contains(inside):  # the mean of points of F rounded out of it
            continue
        for w in (np.ones(d), 10.0 ** rng.uniform(-8, 8, d)):
            assert_array_equal(F.project(inside, w), inside)


@every
def test_distances_in_the_metric_do_not_grow(kind):
    for F, Y, W, X in cases(kind, 300, seed=1):
        other = Y[::-1] * 1.5
        for y, z, w, x in zip(Y, other, W, X, strict=True):
            p = F._project(z, w)
            before, after = (math.sqrt((w * (a - b) ** 2).sum()) for a, b in ((y, z), (x, p)))
            rounding = 64 * EPS * math.sqrt((w * (x**2 + p**2 + (y**2 + z**2 if kind in UNBOUNDED else 0.0))).sum())
            assert after <= before * (1.0 + 1e-12) + rounding, F


@every
def test_the_unit_of_the_weights_does_not_matter(kind):
    for F, Y, W, X in cases(kind, 150, seed=2):
        if kind != "polytope":
            assert_array_equal(projected(F, Y, W * 2.0**100), X)
            assert_array_equal(projected(F, Y, W * 2.0**-400), X)
        size = np.abs(X).max(axis=1, keepdims=True) + np.abs(Y).max(axis=1, keepdims=True)
        assert (np.abs(projected(F, Y, W * 3.7e-30) - X) <= 1e-13 * size).all()  # the product is rounded


@compilable
def test_compiled_and_interpreted_have_the_same_bits(kind):
    rng = np.random.default_rng(7)
    for d in (1, 2, 3, 10, 80):
        F = COMPILED[kind](rng, d)
        Y, W = points(rng, F, 12)
        p = np.array(F.parameters())
        interpreted, compiled = Y.copy(), Y.copy()
        rows(F.projection)(compiled, W, p)
        with np.errstate(all="ignore"):
            for x, w in zip(interpreted, W, strict=True):
                F.projection(x, w, p)
        assert_array_equal(interpreted.view(np.int64), compiled.view(np.int64))
        assert_array_equal([F.project(y, w) for y, w in zip(Y, W, strict=True)], compiled)


@compilable
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300, -1e300])
def test_nothing_hangs(kind, bad):
    rng = np.random.default_rng(11)
    for d in (1, 3, 1000):
        F = COMPILED[kind](rng, d)
        p = np.array(F.parameters())
        x, w = rng.standard_normal(d), np.ones(d)
        for where in (0, slice(None)):
            X, W = np.stack([x, x]), np.stack([w, w])
            X[0, where], W[1, where] = bad, abs(bad)
            rows(F.projection)(X, W, p)
            if np.isnan(bad):
                assert np.isnan(X[0]).any()
    if abs(bad) == np.inf and kind not in ("box", "linf ball", "reals"):
        y = np.zeros(3)
        y[0] = bad
        F = COMPILED[kind](rng, 3)
        try:
            assert F.contains(F.project(y))
        except ValueError as error:
            assert "overflows" in str(error)  # noqa: PT017


def test_extreme_weights():
    """Ratios up to the smallest part that a loop leaves of a weight of zero, and weights at the ends of the range."""
    tiny = np.finfo(float).tiny
    assert_allclose(Simplex(2).project([0.5, 2.0], [1.0, tiny]), [0.5, 0.5], rtol=1e-15)
    assert_allclose(L1Ball(1.0, 2).project([0.5, -2.0], [1.0, tiny]), [0.5, -0.5], rtol=1e-15)
    assert_allclose(L2Ball(1.0).project([0.6, 2.0], [1.0, tiny]), [0.6, 0.8], rtol=1e-15)
    assert_allclose(Halfspace([1.0, 1.0], 1.0).project([0.6, 2.0], [1.0, tiny]), [0.6, 0.4], rtol=1e-15)
    assert_allclose(Affine([[1.0, 1.0]], [1.0]).project([0.6, 2.0], [1.0, tiny]), [0.6, 0.4], rtol=1e-15)
    for scale in (1e-300, 1e300, 5e-324):
        w = np.array([3.0, 1.0]) * scale
        assert_allclose(Simplex(2).project([2.0, 2.0], w), Simplex(2).project([2.0, 2.0], w / scale), rtol=1e-15)
        assert_allclose(L2Ball(1.0).project([2.0, 2.0], w), L2Ball(1.0).project([2.0, 2.0], w / scale), rtol=1e-15)


@pytest.mark.parametrize("d", [1, 7, 200])
def test_products_project_their_factors(d):
    rng = np.random.default_rng(d)
    factors = [simplex(rng, d), simplex(rng, d), ball(rng, d + 1), box(rng, 2), Product(capped(rng, 3), Reals(2))]
    w, y = 10.0 ** rng.uniform(-4, 4, 3 * d + 8), rng.standard_normal(3 * d + 8) * 3.0
    ends = np.cumsum([F.dimension for F in factors])[:-1]
    parts = [F.project(a, b) for F, a, b in zip(factors, np.split(y, ends), np.split(w, ends), strict=True)]
    assert_array_equal(Product(*factors).project(y, w), np.concatenate(parts))
    factors[3] = Polytope([[1.0, 1.0]], [0.5])  # not compilable
    parts[3] = factors[3].project(*(np.split(a, ends)[3] for a in (y, w)))
    F = Product(*factors)
    assert F.projection is None
    assert_array_equal(F.project(y, w), np.concatenate(parts))


# -- the other questions --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*BOUNDED, "polytope"])
@pytest.mark.parametrize("d", [1, 2, 5, 9])
def test_minimize_linear_and_diameters(kind, d):
    rng = np.random.default_rng(d)
    F = ALL[kind](rng, d)
    c = rng.standard_normal((2, 40, d))
    extreme = F.minimize_linear(c)
    assert extreme.shape == c.shape
    assert all(F.contains(x) for x in extreme.reshape(-1, d)) or kind == "polytope"
    members = np.array([F.project(y, w) for y, w in zip(*points(rng, F, 60), strict=True)])
    scale = np.abs(members).max() + np.abs(extreme).max()
    least = np.einsum("...i,...i", c, extreme)
    assert (np.einsum("...i,ji->...j", c, members) >= least[..., None] - 1e-13 * d * scale).all()
    assert F.bounded
    apart = extreme.reshape(-1, 1, d) - extreme.reshape(1, -1, d)
    for norm in (2, np.inf):
        longest = np.linalg.norm(apart, norm, axis=-1).max()
        assert longest <= F.diameter(norm) * (1.0 + 1e-12)
    corners = F.minimize_linear(np.vstack([np.eye(d), -np.eye(d)]))
    if kind != "polytope" or d <= 5:
        assert np.abs(corners[:d] - corners[d:]).max() == pytest.approx(F.diameter(), rel=1e-9)
    if kind != "polytope":
        with pytest.raises(ValueError, match="norm=3"):
            F.diameter(3) if kind not in ("box", "linf ball") else ball(rng, d).diameter(3)


@pytest.mark.parametrize(
    ("F", "euclidean"),
    [
        (L2Ball(1.5), 3.0),
        (L1Ball(1.5, 4), 3.0),
        (LinfBall(1.0, dimension=4), 4.0),
        (Simplex(3, 2.0), 2.0 * math.sqrt(2.0)),
        (Simplex(1), 0.0),
        (CappedSimplex(4, 0.5), 1.0),  # (1, 1, 0, 0) / 2 and (0, 0, 1, 1) / 2
        (CappedSimplex(3, 0.5), math.sqrt(0.5)),  # (1, 1, 0) / 2 and (0, 1, 1) / 2
        (CappedSimplex(2, 0.5), 0.0),
        (Product(Box([-1.0], [1.0]), L2Ball(1.0, dimension=2)), math.sqrt(8.0)),
        (Hyperplane([2.0], 1.0), 0.0),
        (Affine([[1.0, 1.0], [1.0, -1.0]], [1.0, 0.0]), 0.0),
        (Hyperplane([1.0, 1.0], 1.0), math.inf),
        (Halfspace([1.0], 1.0), math.inf),
        (Affine([[1.0, 1.0, 0.0], [1.0, -1.0, 0.0]], [1.0, 0.0]), math.inf),
        (Reals(2), math.inf),
        (Polytope([[1.0, 0.0], [-1.0, 0.0]], [1.0, 1.0]), math.inf),
        (Polytope([[1.0], [-1.0]], [1.0, 1.0]), 2.0),
        (Product(Reals(1), Simplex(2)), math.inf),
    ],
    ids=label,
)
def test_euclidean_diameters(F, euclidean):
    assert F.diameter(2) == pytest.approx(euclidean, rel=1e-9, abs=1e-12)
    assert F.bounded == (euclidean < math.inf)


@pytest.mark.parametrize(
    ("F", "c", "x"),
    [
        (Hyperplane([1.0, 2.0], 5.0), [-2.0, -4.0], [1.0, 2.0]),
        (Halfspace([1.0, 2.0], 5.0), [-1.0, -2.0], [1.0, 2.0]),
        (Affine([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [3.0, 4.0]), [1.0, -7.0, 0.0], [3.0, 4.0, 0.0]),
        (Reals(2), [0.0, 0.0], [0.0, 0.0]),
        (Polytope([[1.0, 0.0]], [2.0]), [-1.0, 0.0], [2.0, 0.0]),
    ],
    ids=label,
)
def test_linear_minima_over_unbounded_sets(F, c, x):
    found = F.minimize_linear(c)
    assert np.dot(c, found) == pytest.approx(np.dot(c, x), rel=1e-12)
    assert F.contains(found)
    assert F.minimize_linear([c, c]).shape == (2, len(c))
    for wrong in ([1.0, 2.5, 0.1][: len(c)], [0.0] * (len(c) - 1) + [1.0]):
        with pytest.raises(ValueError, match=r"no minimum.*unbounded"):
            F.minimize_linear(wrong)


@every
def test_the_start_is_the_nearest_point_to_the_origin(kind):
    F = ALL[kind](np.random.default_rng(0), 4)
    x = F.nearest_to_origin()
    assert F.contains(x)
    assert violation(F, np.zeros((1, 4)), np.ones((1, 4)), x[None])[0] <= 1e-12


@every
def test_membership(kind):
    rng = np.random.default_rng(8)
    F = ALL[kind](rng, 4)
    x = F.nearest_to_origin()
    assert not F.contains([np.nan, *x[1:]])
    if kind not in ("reals", "product"):
        w = np.ones(4)
        away = next(y for y in rng.standard_normal((99, 4)) * 1e4 if not F.contains(y))
        p = F.project(away, w)
        step = (away - p) / np.abs(away - p).max()
        assert not F.contains(p + 1e-3 * step)
        assert F.contains(p + 1e-3 * step, tolerance=1.0)
    assert not F.contains([np.inf, -np.inf, *x[2:]])
    with pytest.raises(ValueError, match=r"shape|broadcast"):
        F.contains(np.zeros(5))
    if kind != "polytope":  # one with vertices of its own
        with pytest.raises(ValueError, match=r"shape|broadcast"):
            F.minimize_linear(np.zeros((3, 5)))


@every
def test_sets_are_values(kind):
    F, G = (ALL[kind](np.random.default_rng(4), 3) for _ in range(2))
    assert F == G
    assert hash(F) == hash(G)
    assert ALL[kind](np.random.default_rng(5), 3) != F or kind == "reals"
    assert F != Box(-7.0, 7.0)
    assert pickle.loads(pickle.dumps(F)) == F
    if kind != "polytope":
        assert from_specification(json.loads(json.dumps(specification(F)))) == F
        if kind != "box":
            assert eval(repr(F), vars(sets)) == F
    assert F.with_dimension(3) is F
    with pytest.raises(ValueError, match=r"dimension 3.*dimension 4"):
        F.with_dimension(4)


def test_arrays_are_read_only_copies():
    a = np.ones(2)
    for F, name in ((L2Ball(1.0, a), "center"), (Halfspace(a, 1.0), "a"), (Affine([a], [1.0]), "A")):
        a[:] = 5.0
        assert getattr(F, name).max() == 1.0
        with pytest.raises(ValueError, match="read-only"):
            getattr(F, name)[...] = 2.0
        a[:] = 1.0
    assert "32" not in repr(Halfspace(np.arange(1.0, 33.0), 1.0)).replace("32.0", "")
    assert "array (33,)" in repr(Halfspace(np.arange(1.0, 34.0), 1.0))


@pytest.mark.parametrize(
    "F", [L2Ball(1.0), L1Ball(1.0), LinfBall(1.0), Simplex(), CappedSimplex(None, 0.5), Reals()], ids=label
)
def test_open_dimensions(F):
    assert F.dimension is None
    assert F.with_dimension(3).dimension == 3
    assert F.with_dimension(3) == type(F)(**{**F.__dict__, "dimension": 3}) or isinstance(F, LinfBall)
    assert F.project([0.3, 0.4, 5.0]).shape == (3,)
    with pytest.raises(ValueError, match="no dimension"):
        F.nearest_to_origin()
    assert_array_equal(F.project([3.0, 0.4, 5.0]), F.with_dimension(3).project([3.0, 0.4, 5.0]))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: L2Ball(0.0), ValueError, r"radius=0.0 must be a positive number"),
        (lambda: L2Ball(np.nan), ValueError, r"radius=nan must be a positive number"),
        (lambda: L1Ball(-1.0, 2), ValueError, r"radius=-1.0 must be a positive number"),
        (lambda: LinfBall(np.inf), ValueError, r"radius=inf must be a positive number"),
        (lambda: L2Ball("1"), TypeError, r"radius='1' must be a positive number"),
        (lambda: L2Ball(True), TypeError, r"radius=True must be a positive number"),
        (lambda: L2Ball(1.0, [0.0, np.nan]), ValueError, r"center\[1\]=nan must be a finite number"),
        (lambda: L2Ball(1.0, [[0.0]]), ValueError, r"center has shape \(1, 1\)"),
        (lambda: L2Ball(1.0, [0.0, 0.0], 3), ValueError, r"dimension=3.*center has shape \(2,\)"),
        (lambda: L1Ball(1.0, 0), ValueError, r"dimension=0 must be an integer of at least 1"),
        (lambda: Simplex(2.0), TypeError, r"dimension=2.0 must be an integer of at least 1"),
        (lambda: Simplex(2, 0.0), ValueError, r"mass=0.0 must be a positive number"),
        (lambda: CappedSimplex(3, 0.3), ValueError, r"cap=0.3.*mass=1.0.*empty.*at least 0.33"),
        (lambda: CappedSimplex(None, 0.3).with_dimension(3), ValueError, r"cap=0.3.*empty"),
        (lambda: CappedSimplex(None, 0.3).project([1.0, 2.0, 3.0]), ValueError, r"cap=0.3.*empty"),
        (lambda: CappedSimplex(3, 0.0), ValueError, r"cap=0.0 must be a positive number"),
        (lambda: Halfspace([0.0, 0.0], 1.0), ValueError, r"a=.*must not be zero"),
        (lambda: Hyperplane([], 1.0), ValueError, r"a has shape \(0,\)"),
        (lambda: Hyperplane([1.0], [1.0, 2.0]), TypeError, r"b=\[1.0, 2.0\] must be a finite number"),
        (lambda: Hyperplane(["x"], 1.0), TypeError, r"a=\['x'\] must be an array"),
        (lambda: Affine([[1.0, 1.0], [2.0, 2.0]], [1.0, 3.0]), ValueError, r"A=.*b=.*contradict each other, at row"),
        (lambda: Affine([[0.0, 0.0]], [0.0]), ValueError, r"A=.*must not be zero"),
        (lambda: Affine([[1.0, 0.0], [0.0, 0.0]], [0.0, 1.0]), ValueError, r"contradict.*at row 1"),
        (lambda: Affine([[1.0, 1.0]], [1.0, 3.0]), ValueError, r"b has shape \(2,\), A has shape \(1, 2\)"),
        (lambda: Affine([1.0, 1.0], [1.0]), ValueError, r"A has shape \(2,\)"),
        (lambda: Polytope([[1.0], [-1.0]], [-1.0, -1.0]), ValueError, r"A=.*b=.*no point satisfies.*empty"),
        (lambda: Polytope([[0.0]], [-1.0]), ValueError, r"no point satisfies"),
        (lambda: Polytope([[1.0]], [-1.0, 2.0]), ValueError, r"b has shape \(2,\)"),
        (lambda: Product(), TypeError, r"at least one set"),
        (lambda: Product(Simplex()), ValueError, r"sets\[0\]=Simplex.*no dimension"),
        (lambda: Product(Simplex(2), 3.0), TypeError, r"sets\[1\]=3.0 must be a feasible set"),
        (lambda: CappedSimplex(cap=0.5).diameter(), ValueError, "no dimension"),
    ],
)
def test_bad_sets(make, error, message):
    with pytest.raises(error, match=message):
        make()


@every
@pytest.mark.parametrize("weights", [[1.0, 0.0], [1.0, -1.0], [1.0, np.nan], [np.inf, 1.0]])
def test_bad_weights(kind, weights):
    F = ALL[kind](np.random.default_rng(0), 2)
    with pytest.raises(ValueError, match=r"weights\[\d\]=.*positive and finite"):
        F.project([9.0, 9.0], weights)


def test_equations_may_repeat_each_other():
    F = Affine([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [0.0, 0.0, 0.0], [1.0, -1.0, 0.0]], [1.0, 2.0, 0.0, 0.0])
    assert_allclose(F.project([0.5, 2.0, -1.0]), [13 / 12, 13 / 12, -7 / 6], rtol=1e-15)
    assert not F.bounded


def test_polytopes_without_constraints():
    P = Polytope([[0.0, 0.0]], [1.0])
    assert P.project([1.0, 2.0]).tolist() == [1.0, 2.0]
    assert not P.bounded
    with pytest.raises(ValueError, match="no minimum"):
        P.minimize_linear([1.0, 0.0])


def test_polytopes_name_the_missing_solver(monkeypatch):
    P = Polytope([[1.0]], [1.0])
    monkeypatch.setitem(sys.modules, "daqp", None)
    with pytest.raises(ImportError, match="pip install daqp"):
        P.project([2.0])
    assert P.project([0.5]).tolist() == [0.5]


if __name__ == "__main__":
    for kind in sys.argv[2:] or ALL:
        began = time.perf_counter()
        number, largest, outside = worst(kind, int(float(sys.argv[1])), seed=1)
        print(
            f"{kind:15} {number} cases, violation {largest:.1e}, outside {outside}, {time.perf_counter() - began:.0f} s"
        )

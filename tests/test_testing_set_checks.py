"""check_set passes the sets of the package, and names what is wrong with broken ones."""

import dataclasses
import re
from dataclasses import dataclass

import numpy as np
import pytest
from check_helpers import concrete, failure, type_name
from conftest import label

from regretlab import check_set
from regretlab import sets as S

INTERVAL = S.Box(-1.0, 1.0)
SETS = [
    INTERVAL,
    S.Box([-1.0, 0.0, 3.0], [1.0, 0.0, 5.0]),
    S.LinfBall(2.0, [1.0, -2.0]),
    S.L2Ball(1.0),
    S.L2Ball(0.01, [30.0, 1.0]),
    S.L1Ball(3.0),
    S.Simplex(),
    S.Simplex(1),
    S.Simplex(4, mass=250.0),
    S.CappedSimplex(5, 0.3),
    S.Halfspace([1.0, -2.0, 1e3], 0.5),
    S.Hyperplane([1.0, 2.0], 1.0),
    S.Affine([[1.0, 2.0, 3.0], [0.0, 1.0, 1.0]], [1.0, 2.0]),
    S.Polytope([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [1.0, 0.0, 0.0]),
    S.Reals(),
    S.Product(S.Box(-1.0, 1.0).with_dimension(2), S.Reals(1)),
]


# -- the sets of the package ---------------------------------------------------------------------


@pytest.mark.parametrize("feasible_set", SETS, ids=label)
def test_every_set(feasible_set):
    check_set(feasible_set)
    check_set(feasible_set, dimension=5, seed=1, cases=20, tolerance=1e-12, compiled=False)


def test_no_set_is_left_out():
    assert concrete(S, S.FeasibleSet) <= {type(F) for F in SETS}


# -- sets that are wrong -------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Disc(S.FeasibleSet):
    """||x|| <= 1 in R^2, as a user writes it."""

    @property
    def dimension(self):
        return 2

    def _project(self, y, weights):
        return S.L2Ball(1.0)._project(y, weights)

    def contains(self, x, tolerance=0.0):
        return bool(np.linalg.norm(x) <= 1.0 + 1e-15 + tolerance)

    def diameter(self, norm=np.inf):
        return 2.0

    def minimize_linear(self, c):
        return -np.asarray(c) / np.maximum(np.linalg.norm(c, axis=-1, keepdims=True), 1e-300)


@dataclass(frozen=True, eq=False)
class Euclidean(Disc):
    def _project(self, y, weights):
        return y / max(1.0, np.linalg.norm(y))


@dataclass(frozen=True, eq=False)
class Squared(Disc):
    """The metric of w^2."""

    def _project(self, y, weights):
        return super()._project(y, weights**2)


@dataclass(frozen=True, eq=False)
class Loose(Disc):
    def _project(self, y, weights):
        return y / max(1.0, np.linalg.norm(y) / 1.01)


@dataclass(frozen=True, eq=False)
class Shrinking(Disc):
    def _project(self, y, weights):
        return 0.999 * super()._project(y, weights)


@dataclass(frozen=True, eq=False)
class Rim(Disc):
    """Only the circle, which is not convex."""

    def _project(self, y, weights):
        n = np.linalg.norm(y)
        return y / n if n > 0.0 else np.array([1.0, 0.0])

    def contains(self, x, tolerance=0.0):
        return bool(abs(np.linalg.norm(x) - 1.0) <= 1e-12 + tolerance)


@dataclass(frozen=True, eq=False)
class Maximizes(Disc):
    def minimize_linear(self, c):
        return -super().minimize_linear(c)


@dataclass(frozen=True, eq=False)
class Sloppy(Disc):
    """Right for each direction alone."""

    def minimize_linear(self, c):
        return -np.asarray(c) / np.linalg.norm(c)


@dataclass(frozen=True, eq=False)
class Refusing(Disc):
    def minimize_linear(self, c):
        if np.asarray(c).ravel()[0] == 0.0:
            raise ValueError("not today")
        return super().minimize_linear(c)


@dataclass(frozen=True, eq=False)
class Small(Disc):
    def diameter(self, norm=np.inf):
        return 1.9


@dataclass(frozen=True, eq=False)
class Boundless(Disc):
    @property
    def bounded(self):
        return False


@dataclass(frozen=True, eq=False)
class Welcoming(Disc):
    def contains(self, x, tolerance=0.0):
        return True


@dataclass(frozen=True, eq=False)
class Strict(Disc):
    def contains(self, x, tolerance=0.0):
        return bool(np.linalg.norm(x) <= 0.9)


@dataclass(frozen=True, eq=False)
class Overwriting(Disc):
    def _project(self, y, weights):
        y[:] = super()._project(y, weights)
        return y


@dataclass(frozen=True, eq=False)
class Scaled(Disc):
    """Only right for weights of about one."""

    def _project(self, y, weights):
        return super()._project(y, np.minimum(weights, 1e6))


@dataclass(frozen=True, eq=False)
class Nowhere(Disc):
    def _project(self, y, weights):
        return np.full(2, np.nan)


@dataclass(frozen=True, eq=False)
class TwoWays(Disc):
    """A projection for the loops that is another one."""

    _project = Disc._project

    @staticmethod
    def projection(x, w, p):
        n = np.sqrt(x[0] * x[0] + x[1] * x[1])
        if n > 1.0:
            x[0] /= n
            x[1] /= n


@dataclass(frozen=True, eq=False)
class Uncompilable(S.Box):
    @staticmethod
    def projection(x, w, p):
        for i in range(len(x)):
            x[i] = eval("min(max(v, lo), hi)", {"v": x[i], "lo": p[0], "hi": p[-1]})


@dataclass(frozen=True)
class OwnComparison(Disc):
    """With ``eq`` the dataclass compares arrays, which have no truth."""

    center: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(2))

    def nearest_to_origin(self):
        return self.center.copy()


@dataclass(frozen=True, eq=False)
class ByIdentity(Disc):
    __eq__ = object.__eq__
    __hash__ = object.__hash__


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Euclidean, r"nearest point in the metric w: y = .*, w = .* \(<w .* > 0 .*the weights are not used"),
        (Squared, r"does not give the nearest point in the metric w: .* but at .* of F it is .* > 0 for z = [^;]*$"),
        (Loose, r"does not contain \[-1\.01 +0\. *\], .* or one that minimize_linear or project gave"),
        (Shrinking, r"but project moves it to .*; a point of F is its own projection"),
        (Rim, r"does not contain .*, a mixture of points of F, which must be convex"),
        (Maximizes, r"minimize_linear\(.*\) = .* but <c, z> = .* at z = .* of F; it maximizes"),
        (Sloppy, r"of many directions at once"),
        (Refusing, r"is bounded, but minimize_linear\(.*\) raises ValueError: not today"),
        (Small, r"has the diameter 1\.9 in the norm inf, but its points .* are 2\.0 apart"),
        (Boundless, r"has bounded = False and the diameter 2\.0"),
        (Welcoming, r"contains \[.*\], but project moves it to"),
        (Strict, r"does not contain"),
        (Overwriting, r"project changes the arrays it is given"),
        (Scaled, r"nearest point in the metric w|only ratios may matter"),
        (Nowhere, r"nearest_to_origin\(\) fails: ValueError: the projection of y=.* does not exist"),
        (TwoWays, r": projection gives .* for y = .*, w = .*, project gives"),
        (Uncompilable, r"projection cannot be compiled"),
        (OwnComparison, r"cannot be compared and be a key .*eq=False"),
        (ByIdentity, r"is not equal to a copy of itself"),
    ],
    ids=type_name,
)
def test_broken_sets(kind, message):
    found = failure(check_set, kind())
    assert re.search(message, found), found
    assert kind.__name__ in found or kind is Uncompilable


def test_the_good_disc():
    check_set(Disc())


def test_the_point_shown_for_a_wrong_metric_is_nearer():
    """The two squared distances in the message, and the point, are as it says."""
    found = failure(check_set, Euclidean())
    pattern = r"y = \[(.*?)\], w = \[(.*?)\] .* x = \[(.*?)\] with .*? = (\S+), but at \[(.*?)\] of F it is (\S+) "
    numbers = re.search(pattern, found)
    y, w, x, u = (np.array(numbers[k].split(), dtype=float) for k in (1, 2, 3, 5))
    at_x, at_u = float(numbers[4]), float(numbers[6])
    assert at_u < at_x
    assert w @ (x - y) ** 2 == pytest.approx(at_x, rel=1e-5)
    assert w @ (u - y) ** 2 == pytest.approx(at_u, rel=1e-5)
    assert np.linalg.norm(u) <= 1.0 + 1e-7


def test_a_set_that_is_no_frozen_dataclass():
    @dataclass(eq=False)
    class Open(S.FeasibleSet):
        dimension = 2
        _project, contains = Disc._project, Disc.contains
        diameter, minimize_linear = Disc.diameter, Disc.minimize_linear

    assert "Open is not a frozen dataclass" in failure(check_set, Open())

"""What check_losses, check_set and check_learner ask: everything here answers, and what is broken is named."""

import dataclasses
import itertools
import re
from dataclasses import dataclass

import conformance
import numpy as np
import pieces
import pytest
from conftest import label
from test_losses_predictions import ALL as CONVEX_SEQUENCES

from regretlab import CheckFailed, check_learner, check_losses, check_set
from regretlab import losses as L
from regretlab import sets as S
from regretlab.learners import OGD, Adam, Algorithm1, AMSGrad, Learner, State

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


def name(value):
    return value.__name__ if isinstance(value, type) else type(value).__name__


def failure(check, *arguments, **options):
    """The message of the check, which must fail."""
    with pytest.raises(CheckFailed) as caught:
        check(*arguments, **options)
    return str(caught.value)


# -- what is here passes ----------------------------------------------------------------------


@pytest.mark.parametrize("feasible_set", SETS, ids=label)
def test_every_set(feasible_set):
    check_set(feasible_set)
    check_set(feasible_set, dimension=5, seed=1, cases=20, tolerance=1e-12, compiled=False)


@pytest.mark.parametrize("case", conformance.LEARNERS, ids=lambda case: repr(case.learner)[:40])
def test_every_learner(case):
    check_learner(case.learner, INTERVAL)
    check_learner(case.learner, compiled=False, seed=3)
    for F in (S.Simplex(3), S.Halfspace([1.0, -2.0], 0.5), S.Reals(2)):
        check_learner(case.learner, F, compiled=False)


def test_a_learner_on_a_compiled_ball():
    check_learner(AMSGrad())


@pytest.mark.parametrize("learner", [pieces.Averaging(), pieces.Frozen(), pieces.Amplifier()], ids=name)
def test_learners_of_a_user(learner):
    check_learner(learner, compiled=False)


@pytest.mark.parametrize("sequence", [*conformance.SEQUENCES, *CONVEX_SEQUENCES], ids=name)
def test_every_sequence(sequence):
    for feasible_set in (S.L2Ball(1.0), S.Reals()):
        check_losses(sequence, feasible_set, rounds=12 if sequence.dimension < 100 else 3)


def test_no_class_is_left_out():
    def concrete(module, kind):
        found = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, kind)]
        return {cls for cls in found if dataclasses.is_dataclass(cls) and not cls.__abstractmethods__}

    assert concrete(S, S.FeasibleSet) <= {type(F) for F in SETS}
    assert concrete(L, L.Losses) <= {type(f) for f in (*conformance.SEQUENCES, *CONVEX_SEQUENCES)}


# -- sequences that are not what they say -----------------------------------------------------


@dataclass(frozen=True)
class WrongSign(pieces.Squares):
    def gradient(self, t, x):
        return -super().gradient(t, x)


@dataclass(frozen=True)
class NotConvex(pieces.Squares):
    def value(self, t, x):
        return -super().value(t, x)


@dataclass(frozen=True)
class Halved(pieces.Squares):
    def gradient(self, t, x):
        return 0.5 * super().gradient(t, x)


@dataclass(frozen=True)
class Infinite(pieces.Squares):
    def value(self, t, x):
        return np.inf


@dataclass(frozen=True)
class Meddling(pieces.Squares):
    def gradient(self, t, x):
        x -= self.centre(t)
        return 2.0 * x


CALLS = itertools.count()


@dataclass(frozen=True)
class CountsCalls(L.LinearLosses):
    """Each call goes on where the last one ended, whatever the rounds."""

    def gradients(self, t):
        return np.array([[float(next(CALLS))] for _ in t])


@dataclass(frozen=True)
class CountsCallsConvex(pieces.Squares):
    def centre(self, t):
        return np.full(self.d, 0.1 * np.sin(next(CALLS)))


@dataclass(frozen=True)
class Positional(L.LinearLosses):
    """A row depends on its place in the block."""

    def gradients(self, t):
        return np.cos(np.arange(len(t)))[:, None] + (t % 2)[:, None]


@dataclass(frozen=True)
class Sorted(L.LinearLosses):
    """A row depends on the order in which rounds are asked."""

    def gradients(self, t):
        return np.cos(np.sort(t))[:, None]


@dataclass(frozen=True)
class OwnSeed(L.RandomLinearLosses):
    def sample(self, rng, n):
        return np.random.default_rng(7).standard_normal((n, 1))


@dataclass(frozen=True)
class OwnSeedConvex(pieces.NoisySquares):
    table = np.random.default_rng(7).uniform(size=100)

    def reveal(self, t, x, seed):
        z = self.table[t % 100]
        return L.Loss(lambda u: self.value(z, u), lambda u: self.gradient(z, u))


@dataclass(frozen=True)
class OwnSeedRows(L.RandomLeastSquares):
    def data(self, start, stop, seed):
        return super().data(start, stop, 0)


@dataclass(frozen=True)
class Unseeded(pieces.NoisySquares):
    def draw(self, rng):
        return np.random.default_rng().uniform()


@dataclass(frozen=True)
class Wave(L.PointwiseLoss):
    """ell(z, y) = sin(z - y): its derivative is not monotone."""

    @staticmethod
    def value(z, y):
        return np.sin(z - y)

    @staticmethod
    def derivative(z, y):
        return np.cos(z - y)


@dataclass(frozen=True)
class Upside(L.Squared):
    @staticmethod
    def derivative(z, y):
        return y - z


@dataclass(frozen=True)
class Steep(L.Squared):
    @staticmethod
    def derivative(z, y):
        return 3.0 * (z - y)


@dataclass(frozen=True)
class Dented(L.Absolute):
    """Not convex on a stretch that few chords meet."""

    @staticmethod
    def value(z, y):
        return abs(z - y) + max(0.0, 0.05 - abs(z - y - 0.4))

    @staticmethod
    def derivative(z, y):
        r = z - y
        return (1.0 if r > 0.0 else -1.0) + (0.0 if abs(r - 0.4) >= 0.05 else (1.0 if r < 0.4 else -1.0))


def over(link):
    return L.Examples([[1.0, 0.5], [0.25, -1.0], [1.0, 1.0]], [0.5, -0.25, 1.0], link)


class Thawed(pieces.Squares):
    pass


@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        (WrongSign(d=2), r"round \d+: .* is no subgradient at .*; its negative would be one here"),
        (NotConvex(d=2), r"NotConvex: round 1 is not convex: f = .* half-way between them"),
        (Halved(d=2), r"is no subgradient at .* < .* at \[[^]]*\]$"),
        (Infinite(), r"value inf at .* not finite"),
        (Meddling(), r"changes the point it is given"),
        (CountsCalls(), r"round 1 has the gradient .* in the block of rounds 1\.\.\d+ and .* on the round only"),
        (CountsCallsConvex(), r"asked again after other rounds, .* the round, the point and the seed only"),
        (Positional(), r"has the gradient .* in the block of rounds"),
        (Sorted(), r"asked together, and one by one, give different gradients"),
        (OwnSeed(), r"seeds 0 and 1 give the same 64 rounds; it is not seedable"),
        (OwnSeedConvex(), r"seeds 0 and 1 give the same 64 rounds; it is not seedable"),
        (OwnSeedRows(), r"seeds 0 and 1 give the same 64 rounds; it is not seedable"),
        (Unseeded(), r"asked again after other rounds"),
        (over(Wave()), r"link Wave\(\) at the label .* is not convex: its derivative falls from .* at z = "),
        (over(Upside()), r"link Upside\(\) .* wrong sign: its negative would be right"),
        (over(Steep()), r"link Steep\(\) .* does not belong to its value"),
        (over(Dented()), r"link Dented\(\) .* is not convex: its derivative falls"),
    ],
    ids=name,
)
def test_broken_sequences(sequence, message):
    assert re.search(message, failure(check_losses, sequence, INTERVAL))


def test_a_sequence_that_is_no_frozen_dataclass():
    class Plain(L.LinearLosses):
        def gradients(self, t):
            return np.ones((len(t), 1))

    assert "Plain is not a frozen dataclass" in failure(check_losses, Plain(), INTERVAL)


def test_a_sequence_of_one_constant_round_has_no_seed_to_use():
    check_losses(L.Rademacher(d=2, drift=1.0), INTERVAL)


# -- sets that are not what they say ----------------------------------------------------------


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


@dataclass(frozen=True, eq=False)
class ByIdentity(Disc):
    __eq__ = object.__eq__
    __hash__ = object.__hash__


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Euclidean, r"nearest point in the metric w: y = .*, w = .* \(<w .* > 0 .*the weights are not used"),
        (Squared, r"does not give the nearest point in the metric w: .* but at .* of F it is .* > 0 for z = [^;]*$"),
        (Loose, r"project leaves F: y = .*, w = .* is projected to"),
        (Shrinking, r"but project moves it to .*; a point of F is its own projection"),
        (Rim, r"does not contain .*, a mixture of points of F, which must be convex"),
        (Maximizes, r"minimize_linear\(.*\) = .* but <c, z> = .* at z = .* of F; it maximizes"),
        (Sloppy, r"of many directions at once"),
        (Refusing, r"is bounded, but minimize_linear\(.*\) raises ValueError: not today"),
        (Small, r"has the diameter 1\.9 in the norm inf, but its points .* are 2\.0 apart"),
        (Boundless, r"has bounded = False and the diameter 2\.0"),
        (Welcoming, r"contains y = .*, but project moves it to"),
        (Strict, r"does not contain"),
        (Overwriting, r"project changes the arrays it is given"),
        (Scaled, r"nearest point in the metric w|only ratios may matter"),
        (Nowhere, r"has no point nearest to the origin to start from"),
        (TwoWays, r": projection gives .* for y = .*, w = .*, _project gives"),
        (Uncompilable, r"projection cannot be compiled"),
        (OwnComparison, r"cannot be compared and be a key .*eq=False"),
        (ByIdentity, r"is not equal to a copy of itself"),
    ],
    ids=name,
)
def test_broken_sets(kind, message):
    found = failure(check_set, kind())
    assert re.search(message, found), found
    assert kind.__name__ in found or kind is Uncompilable


def test_the_good_disc():
    check_set(Disc())


def test_the_witness_of_a_wrong_metric_is_nearer():
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


# -- learners that are not what they say ------------------------------------------------------


@dataclass(frozen=True)
class Descent(Learner):
    """Projected gradient steps of 0.1, as a user writes them."""

    def start(self, feasible_set, point=None):
        x = feasible_set.nearest_to_origin() if point is None else np.array(point, dtype=float)
        return State(0, x, {"sum": np.zeros(x.size)}, feasible_set)

    def update(self, state, gradient):
        total = state.moments["sum"] + gradient
        x = state.feasible_set.project(state.point - 0.1 * gradient)
        return State(state.t + 1, x, {"sum": total}, state.feasible_set)


@dataclass(frozen=True)
class InPlace(Descent):
    def update(self, state, gradient):
        state.moments["sum"] += gradient
        return super().update(state, gradient)


@dataclass(frozen=True)
class ForcedInPlace(Descent):
    def update(self, state, gradient):
        state.moments["sum"].setflags(write=True)
        state.moments["sum"][:] += gradient
        return super().update(state, gradient)


@dataclass(frozen=True)
class Remembers(Descent):
    def update(self, state, gradient):
        state.moments["seen"] = gradient
        return State(state.t + 1, state.point, {"sum": state.moments["sum"].copy()}, state.feasible_set)


@dataclass(frozen=True)
class Leaves(Descent):
    def update(self, state, gradient):
        return State(state.t + 1, state.point - 0.1 * gradient, state.moments, state.feasible_set)


COUNTER = itertools.count(1)


@dataclass(frozen=True)
class GlobalCounter(Descent):
    def update(self, state, gradient):
        return super().update(state, gradient / next(COUNTER))


@dataclass(frozen=True)
class KeepsGradient(Descent):
    def update(self, state, gradient):
        after = super().update(state, gradient)
        return State(after.t, after.point, {"sum": gradient}, after.feasible_set)


@dataclass(frozen=True)
class NoPoint(Descent):
    def update(self, state, gradient):
        return state.point


@dataclass(frozen=True)
class ForgetsTheRound(Descent):
    def update(self, state, gradient):
        return dataclasses.replace(super().update(state, gradient), t=state.t)


@dataclass(frozen=True)
class Undeclared(Descent):
    def update(self, state, gradient):
        after = super().update(state, gradient)
        return State(after.t, after.point, {**after.moments, "more": np.zeros(after.point.size)}, after.feasible_set)


@dataclass(frozen=True)
class StartsElsewhere(Descent):
    def start(self, feasible_set, point=None):
        return super().start(feasible_set)


@dataclass(frozen=True)
class Unchecked(Descent):
    alpha: float = 0.1


@dataclass(frozen=True)
class NotANumber(Descent):
    def update(self, state, gradient):
        with np.errstate(all="ignore"):
            step = gradient / np.abs(gradient)
        return State(state.t + 1, state.point, {"sum": step}, state.feasible_set)


@dataclass(frozen=True)
class OtherSet(Descent):
    def update(self, state, gradient):
        after = super().update(state, gradient)
        return State(after.t, after.point, after.moments, S.Reals(after.point.size))


@dataclass(frozen=True)
class Writable(Descent):
    def update(self, state, gradient):
        after = super().update(state, gradient)
        after.moments["sum"].setflags(write=True)
        return after


@dataclass(frozen=True)
class Hidden(Adam):
    """Starts without the second moment."""

    def start(self, feasible_set, point=None):
        state = OGD().start(feasible_set, point)
        return State(0, state.point, {"m": np.zeros(state.point.size)}, state.feasible_set)


@dataclass(frozen=True)
class Drifts(Algorithm1):
    """Moves without a gradient."""

    @staticmethod
    def rule(g):
        return (), g + 0.1, 1.0


@dataclass(frozen=True)
class TwoGames(Algorithm1):
    """A rule that asks whether it is compiled."""

    @staticmethod
    def rule(g, s):
        return (s + g * g,), g * (1.0 if isinstance(g, np.float64) else 2.0), 1.0


@dataclass(frozen=True)
class Texts(Algorithm1):
    """A rule that cannot be compiled."""

    @staticmethod
    def rule(g, s):
        return (s + float(f"{g}"),), g, 1.0


@dataclass
class Mutable(Descent.__base__):
    def start(self, feasible_set, point=None):
        return Descent().start(feasible_set, point)

    def update(self, state, gradient):
        return Descent().update(state, gradient)


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (InPlace(), r"round 1, .* update raises ValueError: .*read-only; a state is a value: make new arrays"),
        (ForcedInPlace(), r"round \d+: update changes the state it is given: sum was .* and is"),
        (Remembers(), r"update changes the state it is given: seen was None and is"),
        (Leaves(), r"round \d+, gradient .*: the point x_\d+ = .* is not in Box\(-1\.0, 1\.0\)\^3; project it"),
        (GlobalCounter(), r"update gives point = .* and, from the same state again, .* state and the gradient only"),
        (KeepsGradient(), r"keeps the gradient's own array"),
        (NoPoint(), r"update returned array\(.*\); it must return a State"),
        (ForgetsTheRound(), r"returned a State with t=0 .*; it must have t=1"),
        (Undeclared(), r"the moments \['sum', 'more'\]; it must have t=1 and, as before, \['sum'\]"),
        (StartsElsewhere(), r"x_1 must be the point it was given"),
        (Unchecked(), r"Unchecked takes alpha=-1\.0; it must raise ValueError where it is made"),
        (NotANumber(), r"a zero gradient in the first round leaves sum = \[nan nan nan\]; 0/0 must be 0"),
        (OtherSet(), r"with the set Reals\(dimension=3\); it must be Box"),
        (Writable(), r"sum can be written to; a state is read-only"),
        (Hidden(), r"has the moments \['m'\]; memory\(\) declares \['m', 'v'\]"),
        (Drifts(), r"a zero gradient in the first round moves x_1"),
        (Texts(), r"cannot play a compiled game"),
        (Mutable(), r"Mutable is not a frozen dataclass"),
        (Adam, r"is not a Learner; make an instance of it"),
        (0.1, r"0\.1 is not a Learner"),
    ],
    ids=name,
)
def test_broken_learners(learner, message):
    found = failure(check_learner, learner)
    assert re.search(message, found), found


def test_the_good_descent():
    check_learner(Descent())

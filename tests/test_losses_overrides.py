"""Whatever a class of losses overrides decides the numbers, in games, comparators and checks, or is refused.

The oracle is the slow path: ``reveal``, round by round, in plain Python.
"""

import dataclasses
import inspect
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from conformance import Bowls, Distances
from hypothesis import given, settings
from hypothesis import strategies as st

import regretlab as rl
from regretlab import losses as L
from regretlab.learners import OGD
from regretlab.regret.measures import best_in_hindsight

T = 6
RNG = np.random.default_rng(3)
A, Y = RNG.uniform(-1.0, 1.0, (4, 2)), RNG.standard_normal(4)
SIGNS = np.where(Y > 0.0, 1.0, -1.0)


@dataclass(frozen=True)
class Turning(L.LinearLosses):
    def gradients(self, t):
        return np.stack([np.cos(t), np.sin(t)], axis=1)


@dataclass(frozen=True)
class Rows(L.PredictionLosses):
    def rows(self, t):
        return np.stack([np.cos(t), np.sin(t)], axis=1), np.cos(2.0 * t)


@dataclass(frozen=True)
class DrawnRows(L.RandomPredictionLosses):
    def sample(self, rng, n):
        return rng.random((n, 2)), rng.random(n)


@dataclass(frozen=True)
class Centres(L.Quadratics):
    def centres(self, t):
        return np.stack([np.cos(t), np.sin(t)], axis=1)


SEQUENCES = [
    Turning(), Rows(), DrawnRows(), Centres(), Bowls(), Distances(), L.Mod3(), L.ReddiOnline(5.0, 1.0, 4),
    L.ReddiTheorem2(4), L.Periodic(A), L.SignAdversary(2), L.ReddiStochastic(2.0, 1.0, 0.5), L.ReddiTheorem3(3.0),
    L.Rademacher(2), L.RandomLinear(2), L.Examples(A, Y, batch=2), L.ShuffledExamples(A, SIGNS, L.Logistic()),
    L.SampledExamples(A, Y, mu=0.1), L.SoftmaxRegression(A, [0, 1, 0, 1], batch=3),
    L.ShuffledSoftmaxRegression(A, [0, 1, 0, 1]), L.SampledSoftmaxRegression(A, [0, 1, 0, 1]),
    L.PeriodicQuadratics(A), L.CirclingQuadratics(period=5), L.WalkingQuadratics(d=2, step=0.3),
    L.RandomLeastSquares(d=2), L.RandomAbsolute(d=2), L.RandomLogistic(d=2),
]  # fmt: skip


def names_of(sequence):
    """The public methods and properties that a subclass could override, but not the dimension."""
    fields = {field.name for field in dataclasses.fields(sequence)}
    found = {name: inspect.getattr_static(type(sequence), name) for name in dir(type(sequence)) if name[0] != "_"}
    kept = (name for name, value in found.items() if callable(value) or isinstance(value, property | cached_property))
    return sorted(set(kept) - fields - {"dimension", "minimum"})  # minimum: of the tests' own classes


def test_no_class_is_left_out():
    public = {value for name in L.__all__ if inspect.isclass(value := getattr(L, name)) and issubclass(value, L.Losses)}
    assert {kind for kind in public if not inspect.isabstract(kind)} <= {type(sequence) for sequence in SEQUENCES}


def halved(answer):
    """Another answer of the same kind; losses that are convex stay convex."""
    if isinstance(answer, L.Loss):
        return L.Loss(lambda u: 0.5 * answer.value(u), lambda u: 0.5 * np.asarray(answer.gradient(u)))
    if isinstance(answer, tuple):
        return (halved(answer[0]), *answer[1:])
    array = np.asarray(answer)
    return (array + 1) % 4 if array.dtype.kind == "i" else 0.5 * array if array.ndim else 0.5 * float(answer)


def overriding(sequence, names):
    """The sequence, as one of a class that overrides ``names``."""
    body = {}
    for name in names:
        old = inspect.getattr_static(type(sequence), name)
        if isinstance(old, property | cached_property):
            get = old.fget if isinstance(old, property) else old.func
            body[name] = property(lambda self, get=get: halved(get(self)))
        elif name == "sample" and isinstance(sequence, L.RandomPredictionLosses):
            body[name] = lambda self, rng, n, old=old: halved(old(self, rng, n))
        else:
            body[name] = lambda self, *a, old=old, **k: halved(old(self, *a, **k))
    kind = dataclass(frozen=True, eq=False)(type("Own", (type(sequence),), body))
    return kind(**{f.name: getattr(sequence, f.name) for f in dataclasses.fields(sequence) if f.init})


def slow_game(sequence, F, seed, alpha):
    """x_{T+1}, and the sums of losses and gradients, of OGD on a sequence whose rounds are revealed one by one."""
    d = sequence.dimension
    x, paid, total = F.with_dimension(d).nearest_to_origin(), [], np.zeros(d)
    for t in range(1, T + 1):
        f = sequence.reveal(t, x, seed)
        g = np.asarray(f.gradient(x), dtype=np.float64)
        paid.append(f.value(x))
        total = total + g
        x = F.with_dimension(d).project(x - alpha / math.sqrt(t) * g)
    return [*x, math.fsum(paid), *total]


def played(game):
    return [*game.point, game.loss.sum(), *game.gradient.sum(axis=0)]


def check_against_the_slow_path(sequence, fresh):
    """Every kind of game and its best point, against a fresh copy of the sequence; returns what was found."""
    found = []
    for F in (rl.sets.Box(-1.0, 1.0), rl.sets.L2Ball(1.0)):
        games = rl.play_all([OGD(alpha=0.3), OGD(alpha=0.7)], sequence, F, T, seeds=(0, 1), compiled=False)
        games.append(rl.play(OGD(alpha=0.3), sequence, F, T, seed=1, compiled=False))
        for game in games:
            slow = slow_game(fresh, F, game.seed, game.learner.alpha)
            np.testing.assert_allclose(played(game), slow, rtol=1e-9, atol=1e-12)
            found += slow
    best = best_in_hindsight(games[0])
    u, value, gap = best.point[-1], best.loss[-1], best.gap[-1]
    if isinstance(sequence, L.AdaptiveLosses):
        return [*found, value]

    def total(x):
        return math.fsum(fresh.reveal(t, x, games[0].seed).value(x) for t in range(1, T + 1))

    others = [games[0].feasible_set.project(x) for x in RNG.standard_normal((20, u.size))]
    assert total(u) == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert value - gap <= min(map(total, others)) + 1e-9
    return [*found, value]


def says_why(error):
    assert len(str(error)) >= 25, f"{error!r} does not say why"


REFUSED = (TypeError, ValueError, rl.GameError)


@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda value: type(value).__name__)
def test_each_method_alone_decides_the_numbers_or_is_refused(sequence):
    plain = check_against_the_slow_path(sequence, dataclasses.replace(sequence))
    used = []
    for name in names_of(sequence):
        try:
            own = overriding(sequence, [name])
            found = check_against_the_slow_path(own, overriding(sequence, [name]))
        except REFUSED as error:
            says_why(error)
            continue
        assert found != plain, f"{name} is ignored"
        used.append(name)
    assert used or isinstance(sequence, L.SignAdversary)


@settings(max_examples=40)
@given(data=st.data(), sequence=st.sampled_from(SEQUENCES))
def test_any_methods_together(data, sequence):
    names = data.draw(st.sets(st.sampled_from(names_of(sequence)), min_size=1, max_size=4))
    try:
        own, fresh = overriding(sequence, names), overriding(sequence, names)
        check_against_the_slow_path(own, fresh)
        rl.check_losses(fresh, rl.sets.Box(-1.0, 1.0), rounds=3)
    except (*REFUSED, rl.testing.CheckFailed) as error:
        says_why(error)

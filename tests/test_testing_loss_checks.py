"""check_losses passes the sequences of the package, and names what is wrong with broken ones."""

import itertools
import re
from dataclasses import dataclass

import conformance
import numpy as np
import pieces
import pytest
from check_helpers import concrete, failure, type_name
from test_losses_predictions import ALL as CONVEX_SEQUENCES

from regretlab import check_losses
from regretlab import losses as L
from regretlab import sets as S

INTERVAL = S.Box(-1.0, 1.0)


# -- the sequences of the package ----------------------------------------------------------------


@pytest.mark.parametrize("sequence", [*conformance.SEQUENCES, *CONVEX_SEQUENCES], ids=type_name)
def test_every_sequence(sequence):
    for feasible_set in (S.L2Ball(1.0), S.Reals()):
        check_losses(sequence, feasible_set, rounds=12 if sequence.dimension < 100 else 3)


def test_no_sequence_is_left_out():
    assert concrete(L, L.Losses) <= {type(f) for f in (*conformance.SEQUENCES, *CONVEX_SEQUENCES)}


# -- sequences that are wrong --------------------------------------------------------------------


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
    """A row depends on the order in which rounds are computed."""

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
        (CountsCallsConvex(), r"again after other rounds, .* the round, the point and the seed only"),
        (Positional(), r"has the gradient .* in the block of rounds"),
        (Sorted(), r"together and one at a time give different gradients"),
        (OwnSeed(), r"seeds 0 and 1 give the same 64 rounds; it is not seedable"),
        (OwnSeedConvex(), r"seeds 0 and 1 give the same 64 rounds; it is not seedable"),
        (OwnSeedRows(), r"seeds 0 and 1 give the same 64 rounds; it is not seedable"),
        (Unseeded(), r"again after other rounds"),
        (over(Wave()), r"pointwise loss Wave\(\) at the label .* is not convex: its derivative falls from .* at z = "),
        (over(Upside()), r"pointwise loss Upside\(\) .* wrong sign: its negative would be right"),
        (over(Steep()), r"pointwise loss Steep\(\) .* does not belong to its value"),
        (over(Dented()), r"pointwise loss Dented\(\) .* is not convex: its derivative falls"),
    ],
    ids=type_name,
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


RNG = np.random.default_rng(9)
FEATURES, REAL = RNG.uniform(-1.0, 1.0, (12, 3)), RNG.standard_normal(12)
SIGNS, CLASSES = np.where(REAL > 0.0, 1.0, -1.0), np.arange(12) % 3


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize(("scale", "size"), [(1e-12, 1e12), (1e12, 1e-12)])
def test_shipped_sequences_pass_at_every_scale(scale, size, d):
    a, y = scale * FEATURES[:, :d], scale * REAL
    for sequence in (
        L.Examples(a, y, L.Squared(), batch=2),
        L.Examples(a, y, L.Absolute()),
        L.ShuffledExamples(a, y, L.Huber(scale)),
        L.SampledExamples(a, y, L.Quantile(0.3)),
        L.Examples(a, SIGNS, L.Logistic(), batch=3),
        L.Examples(a, SIGNS, L.Hinge(), mu=scale),
        L.Examples(a, y, L.Linear()),
        L.SoftmaxRegression(a, CLASSES, batch=2),
        L.ShuffledSoftmaxRegression(a, CLASSES, mu=scale),
        L.PeriodicQuadratics(a * size, mu=scale),
        L.CirclingQuadratics(d=d, radius=size, period=7, mu=scale),
        L.WalkingQuadratics(d=d, step=0.3 * size, radius=size, mu=scale),
        L.Periodic(a),
        L.RandomLinear(d=d, mean=scale, std=scale),
        L.SignAdversary(d=d, slope=scale),
    ):
        for feasible_set in (S.L2Ball(size), S.Box(size, 1.001 * size)):
            check_losses(sequence, feasible_set, rounds=2)

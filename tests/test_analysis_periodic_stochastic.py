"""Adam's drift on independent gradients, against sums over all histories, quadrature and games."""

import itertools
import math

import numpy as np
import pytest
from scipy import integrate

from regretlab import play_all
from regretlab.analysis.periodic import (
    first_order_stochastic_beta2,
    stochastic_beta2_star,
    stochastic_drift,
)
from regretlab.analysis.periodic.stochastic import _at
from regretlab.learners import (
    Adam,
)
from regretlab.losses import Mod3, ReddiStochastic, ReddiTheorem3
from regretlab.schedules import Constant
from regretlab.sets import Box

CURVES = [  # height, slope, p, beta1, by beta2 = .1, .5, .9, .99, .999
    (1010.0, 10.0, 0.01, 0.0, (-0.951315, -0.882939, -0.563883, -0.061112, -0.003013)),
    (1010.0, 10.0, 0.01, 0.9, (-0.303363, -0.578019, -0.541039, -0.059139, -0.002971)),
    (100.0, 10.0, 0.1, 0.0, (-0.708000, -0.499017, -0.112850, +0.016907, +0.028968)),
    (100.0, 10.0, 0.1, 0.9, (-0.069221, -0.146244, -0.061867, +0.017993, +0.028980)),
]


@pytest.mark.parametrize(("height", "slope", "p", "beta1", "known"), CURVES)
def test_stochastic_drift(height, slope, p, beta1, known):
    sequence = ReddiStochastic(height, slope, p)
    found = [stochastic_drift(sequence, beta1, beta2) for beta2 in (0.1, 0.5, 0.9, 0.99, 0.999)]
    assert found == pytest.approx(known, rel=0.0, abs=5.1e-7)


@pytest.mark.parametrize("sequence", [ReddiTheorem3(3.0, 0.5), ReddiStochastic(2.0, 7.0, 0.9)], ids=repr)
@pytest.mark.parametrize(("beta1", "beta2"), [(0.0, 0.0), (0.0, 0.1), (0.1, 0.1), (0.15, 0.02)])
def test_stochastic_drift_against_all_histories(sequence, beta1, beta2):
    """E[m / sqrt v] as a sum over the 2^13 last gradients; what is older weighs less than 1e-12."""
    if isinstance(sequence, ReddiTheorem3):
        a, b, p = sequence.C, 1.0, (1.0 + sequence.delta) / (sequence.C + 1.0)
    else:
        a, b, p = sequence.height, sequence.slope, sequence.p
    n = 13
    up = np.array(list(itertools.product([True, False], repeat=n)))
    g = np.where(up, a, -b)
    chance = np.where(up, p, 1.0 - p).prod(axis=1)
    m = ((1.0 - beta1) * beta1 ** np.arange(n) * g).sum(axis=1) + beta1**n * chance @ g[:, 0]
    v = ((1.0 - beta2) * beta2 ** np.arange(n) * g * g).sum(axis=1) + beta2**n * chance @ g[:, 0] ** 2
    tail = max(beta1, beta2) ** n * 30.0
    assert stochastic_drift(sequence, beta1, beta2) == pytest.approx(chance @ (m / np.sqrt(v)), abs=1e-12 + tail)


@pytest.mark.parametrize(
    ("sequence", "a", "b", "p", "beta1", "beta2"),
    [
        (ReddiStochastic(), 1010.0, 10.0, 0.01, 0.9, 0.99),
        (ReddiTheorem3(209.0, 1.0), 209.0, 1.0, 2.0 / 210.0, 0.0, 0.9),
    ],
    ids=repr,
)
def test_the_quadrature_is_good_to_1e_12(sequence, a, b, p, beta1, beta2):
    """Against adaptive Gauss-Kronrod quadrature of the same integrand."""

    def integrand(s):
        return _at(s * s * (1.0 - beta2), a, b, p, beta1, beta2)

    ends = sorted(x / y for x in (0.0, 0.1, 0.3, 1.0, 3.0, 8.0) for y in (a, b))
    pieces = [integrate.quad(integrand, *c, epsabs=1e-15, epsrel=1e-12)[0] for c in itertools.pairwise(ends)]
    expected = 2.0 / math.sqrt(math.pi) * math.fsum(pieces)
    assert stochastic_drift(sequence, beta1, beta2) == pytest.approx(expected, rel=0.0, abs=1e-12)


def test_stochastic_boundaries():
    online, toy = ReddiStochastic(), ReddiStochastic(100.0, 10.0, 0.1)
    assert stochastic_beta2_star(toy) == pytest.approx(0.97773737, abs=5.1e-9)
    assert stochastic_beta2_star(toy, 0.9) == pytest.approx(0.97305540, abs=5.1e-9)
    for beta1, star in ((0.0, 0.99960000), (0.9, 0.99959860)):
        assert stochastic_drift(online, beta1, star - 1e-8) < 0.0 < stochastic_drift(online, beta1, star + 1e-8)
    for k, q, exact in ((10, 2.224e-2, 2.226e-2), (50, 8.163e-4, 8.1634e-4)):
        sequence = ReddiStochastic(float(k * k), float(k), 1.0 / k)
        assert 1.0 - first_order_stochastic_beta2(sequence) == pytest.approx(q, rel=2e-4)
        below, above = (stochastic_drift(sequence, 0.0, 1.0 - exact * factor) for factor in (1.0005, 0.9995))
        assert below < 0.0 < above
    assert 1.0 - first_order_stochastic_beta2(online) == pytest.approx(4.0000e-4, rel=1e-5)


def test_theorem_3_needs_no_large_C():
    """The smallest C, by (beta1, beta2) and delta, at which i.i.d. losses turn Adam round."""
    for betas, delta, C in [((0.0, 0.5), 1.0, 6), ((0.0, 0.5), 0.1, 2), ((0.0, 0.9), 1.0, 24), ((0.9, 0.9), 1.0, 32),
                            ((0.9, 0.99), 0.1, 23), ((0.0, 0.99), 1.0, 209)]:  # fmt: skip
        assert (
            stochastic_drift(ReddiTheorem3(C - 1.0, delta), *betas)
            > 0.0
            > stochastic_drift(ReddiTheorem3(float(C), delta), *betas)
        )


def test_stochastic_drift_against_a_simulation():
    """The mean of m/sqrt v over 256 games of 2e4 rounds, within 7 standard errors; the seeds are fixed."""
    T, settled = 20_000, 1_000
    sequence = ReddiStochastic(100.0, 10.0, 0.1)
    for beta1, beta2 in ((0.0, 0.9), (0.9, 0.98)):
        games = play_all(
            [Adam(Constant(1.0), beta1, beta2)], sequence, Box(-1e9, 1e9), T, seeds=range(256), checkpoints=[settled]
        )
        moved = np.array([game.points["x_1"][settled] - float(game.point[0]) for game in games]) / (T - settled + 1)
        error = moved.std(ddof=1) / math.sqrt(len(games))
        assert moved.mean() == pytest.approx(stochastic_drift(sequence, beta1, beta2), abs=7.0 * error)
        assert error < 0.002


def test_bad_arguments():
    with pytest.raises(ValueError, match="beta2=1"):
        stochastic_drift(ReddiStochastic(), 0.9, 1.0)
    with pytest.raises(ValueError, match="probability inside"):
        stochastic_drift(ReddiStochastic(p=0.0), 0.9, 0.99)
    with pytest.raises(TypeError, match="must be ReddiStochastic or ReddiTheorem3"):
        stochastic_drift(Mod3(), 0.9, 0.99)
    with pytest.raises(ValueError, match=r"mean slope -.* must be positive"):
        stochastic_beta2_star(ReddiStochastic(p=0.001))

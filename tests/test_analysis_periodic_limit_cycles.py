"""The limit cycle of any learner's moments, against many updates of the learner."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from periodic_patterns import ONLINE, h3, mod3, spike

from regretlab import play
from regretlab.analysis.periodic import (
    adam_drift,
    average,
    limit_cycle,
)
from regretlab.learners import (
    ADOPT,
    OGD,
    ACProp,
    AdaBelief,
    AdaBound,
    AdaGrad,
    Adam,
    AdamNC,
    AdaShift,
    Algorithm1,
    AMSBelief,
    AMSBound,
    AMSGrad,
    BiasCorrected,
    DelayedAdam,
    Nadam,
    NosAdam,
    OGDMomentum,
    OptaxAMSGrad,
    Padam,
    QHAdam,
    RMSProp,
    SAdam,
    TorchAdam,
    TorchAMSGrad,
    UnmaximizedPadam,
    WithEpsilon,
    Yogi,
)
from regretlab.losses import Periodic
from regretlab.schedules import Constant, Geometric, Inverse, InversePower
from regretlab.sets import Box


@dataclass(frozen=True)
class Thrifty(Algorithm1):
    """A user's own learner: an average of an average."""

    alpha: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.9

    @staticmethod
    def rule(g, m, n, v, beta1, beta2):
        m = beta1 * m + (1.0 - beta1) * g
        n = beta1 * n + (1.0 - beta1) * m / math.sqrt(1.0 + v)
        v = beta2 * v + (1.0 - beta2) * (g - m) * (g - m)
        return (m, n, v), n, 1.0


@dataclass(frozen=True)
class Winding(Algorithm1):
    """m and n depend on each other: no chain of averages, but they settle."""

    alpha: float = 0.1

    @staticmethod
    def rule(g, m, n):
        return (0.95 * n + g, 0.9 * m), m, 1.0


@dataclass(frozen=True)
class Hoarding(Algorithm1):
    """s grows for ever."""

    alpha: float = 0.1

    @staticmethod
    def rule(g, s):
        return (s + g * g,), g, s + g * g


ONE = Constant(1.0)
FAMILY = [
    OGD(ONE),
    OGDMomentum(ONE, beta1=0.8),
    RMSProp(ONE, beta2=0.9),
    Adam(ONE, beta1=0.8, beta2=0.9),
    AMSGrad(ONE, beta1=0.8, beta2=0.9),
    DelayedAdam(ONE, beta1=0.8, beta2=0.9),
    ADOPT(ONE, beta1=0.8, beta2=0.9),
    ACProp(ONE, beta1=0.8, beta2=0.9),
    AdaShift(ONE, beta1=0.8, beta2=0.9, n=4),
    AdaBelief(ONE, beta1=0.8, beta2=0.9),
    AMSBelief(ONE, beta1=0.8, beta2=0.9),
    QHAdam(ONE, beta1=0.8, beta2=0.9, nu1=0.7, nu2=0.6),
    Nadam(ONE, beta1=0.8, beta2=0.9),
    Padam(ONE, beta1=0.8, beta2=0.9, p=0.25),
    UnmaximizedPadam(ONE, beta1=0.8, beta2=0.9, p=0.25),
    Yogi(ONE, beta1=0.8, beta2=0.75),
    TorchAdam(ONE, beta1=0.8, beta2=0.9, eps=0.1),
    TorchAMSGrad(ONE, beta1=0.8, beta2=0.9),
    OptaxAMSGrad(ONE, beta1=0.8, beta2=0.9),
    AdaBound(ONE, beta1=0.8, beta2=0.9, lower=0.03, upper=0.4),
    AMSBound(ONE, beta1=0.8, beta2=0.9, lower=0.03, upper=0.4),
    BiasCorrected(Adam(ONE, beta1=0.8, beta2=0.9)),
    WithEpsilon(Yogi(ONE, beta1=0.8, beta2=0.75), 0.5),
    Thrifty(ONE, beta1=0.8, beta2=0.9),
    Winding(ONE),
]
PLAYED = (AMSGrad, AMSBelief, Padam, TorchAMSGrad, OptaxAMSGrad, AMSBound, AdaBound, AdaShift, Yogi, Winding)


@pytest.mark.parametrize("learner", FAMILY, ids=repr)
@pytest.mark.parametrize("pattern", [[4.0, -1.0, 0.0, -1.5, -1.0], [-2.0, 0.5]], ids=str)
def test_the_limit_cycle_is_where_updates_lead(learner, pattern):
    """All moments, and the way x goes in a period, after many updates by hand."""
    cycle = limit_cycle(learner, pattern)
    P, L = len(pattern), len(cycle.m)
    state = learner.start(Box(-1e9, 1e9))
    for t in range(800 // L * L):
        state = learner.update(state, pattern[t % P])
    before = float(state.point[0])
    for k in range(L):
        state = learner.update(state, pattern[k % P])
        if k % P == P - 1 and cycle.periods == 1:
            for name, values in cycle.moments.items():
                assert state.moments[name][0] == pytest.approx(values[k], rel=1e-9, abs=1e-9), name
    assert before - float(state.point[0]) == pytest.approx(cycle.drift * cycle.periods, rel=1e-8, abs=1e-8)
    assert cycle.m.size == cycle.w.size == P * cycle.periods


@pytest.mark.parametrize("learner", FAMILY, ids=repr)
def test_averages_are_solved_for_and_nothing_else_is(learner):
    """Chains of averages take no rounds however slowly they forget; the others are played from their start."""
    if not isinstance(getattr(learner, "learner", learner), PLAYED):
        assert limit_cycle(learner, mod3(3.0), rounds=0).periods == 1
    else:
        with pytest.raises(RuntimeError, match="do not repeat within"):
            limit_cycle(learner, spike(30.0, 1.0, 7), rounds=0)


def test_slow_averages_in_closed_form():
    """beta2 = 1 - 1e-9 forgets in 1e10 rounds."""
    cycle = limit_cycle(Adam(beta1=0.9, beta2=1.0 - 1e-9), ONLINE)
    assert cycle.moments["v"] == pytest.approx(average(np.square(ONLINE), 1.0 - 1e-9), rel=1e-6)
    assert limit_cycle(Adam(beta1=0.9, beta2=0.999), ONLINE).drift == pytest.approx(
        float(adam_drift(ONLINE, 0.9, 0.999)), rel=1e-12
    )


def test_the_error_bar_covers_the_rounding():
    for beta2 in (0.1, 0.9, 0.999, 1.0 - 1e-6):
        cycle = limit_cycle(RMSProp(beta2=beta2), mod3(3.0))
        exact = float(h3(3.0, beta2))
        assert abs(cycle.drift - exact) <= cycle.error < 1e-8


@pytest.mark.parametrize(
    "learner", [AdaGrad(ONE), AdamNC(ONE, 0.9), NosAdam(ONE, 0.9), NosAdam(ONE, 0.9, b=2.0)], ids=repr
)
def test_running_means_tend_to_the_mean(learner):
    """x moves by -h in the period after round 4000, where v is still O(1/t) off."""
    g = np.array(spike(30.0, 1.0, 10))
    cycle = limit_cycle(learner, g)
    assert cycle.moments["v"] == pytest.approx(np.full(10, (g * g).mean()), rel=1e-15)
    assert cycle.drift == pytest.approx(g.sum() / math.sqrt((g * g).mean()), rel=1e-13)
    game = play(learner, Periodic(g), Box(-1e9, 1e9), 4010, checkpoints=[4001], compiled=False)
    assert game.points["x_1"][4001] - float(game.point[0]) == pytest.approx(cycle.drift, rel=5e-3)


def test_bad_arguments():
    for learner in (Adam(beta1=Geometric(0.9)), SAdam(), AdamNC(beta1=Geometric(0.9)), AdaBound()):
        with pytest.raises(ValueError, match=r"(beta1|beta2|lower)=.* varies with the round"):
            limit_cycle(learner, mod3(3.0))
    with pytest.raises(ValueError, match=r"b=.* varies with the round"):
        limit_cycle(NosAdam(b=Geometric(1.0, ratio=0.99999)), mod3(3.0))
    inverse, power = (limit_cycle(NosAdam(b=b), mod3(3.0)) for b in (Inverse(1.0), InversePower(1.0, gamma=1.0)))
    assert inverse.drift == power.drift
    for learner in (Hoarding(), SAdam(beta2=0.9)):
        with pytest.raises(RuntimeError, match="do not repeat within"):
            limit_cycle(learner, mod3(3.0), rounds=10_000)
    with pytest.raises(ValueError, match="zero everywhere"):
        limit_cycle(Adam(), [0.0, 0.0])
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        limit_cycle(Adam(), np.ones((2, 2)))
    with pytest.raises(TypeError, match="not in the form of Algorithm 1"):
        limit_cycle("adam", [1.0])

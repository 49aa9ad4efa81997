"""Certificates against comparators that change: the bounds by hand, their hypotheses, and what is not certified."""

import dataclasses
import math

import numpy as np
import pytest

from regretlab import play
from regretlab.certificates import CertificateViolated, certify_intervals, certify_path
from regretlab.learners import OGD, Ader, AMSGrad, FixedShare, Restarts, StronglyAdaptive
from regretlab.losses import LinearLosses
from regretlab.schedules import Constant, InverseSqrt
from regretlab.sets import L2Ball, Simplex

T = 60
BALL = L2Ball(1.5, dimension=3)


class Drifting(LinearLosses):
    """Unequal coordinates; the largest gradient is neither in the first nor in the last round."""

    scale = 1.0

    def gradients(self, t):
        angle = np.stack([np.cos(t / 9.0), np.sin(t / 7.0), 0.2 * np.cos(t)], axis=1)
        return self.scale * angle * (0.3 + 0.2 * np.sin(t / 5.0))[:, None]


class Positive(Drifting):
    def gradients(self, t):
        return 0.5 + super().gradients(t)


def history(game, losses):
    return losses.block(1, game.horizon + 1, 0)


def vertices(mass=1.0):
    """A path with three switches."""
    return mass * np.eye(3)[np.repeat([0, 2, 1, 2], [10, 5, 25, 20])]


@pytest.mark.parametrize("mass", [1.0, 2.5])
def test_fixed_share_by_hand(mass):
    losses, alpha, share = Positive(), 0.3, 0.05
    game = play(FixedShare(Constant(alpha), share), losses, Simplex(3, mass=mass), T)
    found = certify_path(game, vertices(mass))
    G = history(game, losses)
    prior = math.log(3) + 3 * math.log(3 / share) + (T - 1 - 3) * math.log(1 / (1 - share))
    bound = mass * prior / alpha + alpha / (8 * mass) * float(((mass * np.ptp(G, axis=1)) ** 2).sum())
    assert found.certified
    assert found.total == pytest.approx(bound, rel=1e-12)
    frame = game.dynamic_regret(vertices(mass))
    np.testing.assert_allclose(found.curve["regret"], frame["regret"])
    t = int(found.curve.index[found.curve.index < 16][-1])  # one or two switches
    m = 1 if t <= 15 else 2
    m = 0 if t <= 10 else m
    prior = math.log(3) + m * math.log(3 / share) + (t - 1 - m) * math.log(1 / (1 - share))
    bound = mass * prior / alpha + alpha / (8 * mass) * float(((mass * np.ptp(G[:t], axis=1)) ** 2).sum())
    assert found.curve.loc[t, "bound"] == pytest.approx(bound, rel=1e-12)
    assert found.trivial_bound == pytest.approx(mass * float(np.ptp(G, axis=1).sum()), rel=1e-12)


def test_what_fixed_share_does_not_certify():
    losses, F = Positive(), Simplex(3)
    path = vertices()
    path[20] = [0.5, 0.5, 0.0]
    steady = FixedShare(Constant(0.3), 0.05)
    failing = {
        "u_t vertices": (steady, path, None),
        "x_1 uniform": (steady, vertices(), [0.2, 0.3, 0.5]),
        "alpha_t = alpha, share_t = share": (FixedShare(InverseSqrt(0.3), 0.05), vertices(), None),
    }
    for name, (learner, u, start) in failing.items():
        found = certify_path(play(learner, losses, F, T, start=start), u)
        assert [h.name for h in found.hypotheses if not h.holds] == [name]
        assert not found.certified
    assert (
        next(h for h in certify_path(play(steady, losses, F, T), path).hypotheses if not h.holds).first_violated == 21
    )


def test_ader_by_hand():
    losses, horizon = Drifting(), 80
    game = play(Ader(horizon, G=0.8), losses, BALL, T)
    u = BALL.minimize_linear(np.repeat([[1.0, 0.0, 0.0], [0.0, -1.0, 0.2]], T // 2, axis=0))
    found = certify_path(game, u)
    P, D = float(np.linalg.norm(np.diff(u, axis=0), axis=1).sum()), 3.0
    k = math.floor(math.log2(1 + 4 * P / (7 * D)) / 2) + 1
    bound = 0.75 * 0.8 * math.sqrt(2 * horizon * (7 * D**2 + 4 * D * P))
    bound += 0.8 * D * math.sqrt(2 * horizon) / 4 * (1 + 2 * math.log(k + 1))
    assert found.total == pytest.approx(bound, rel=1e-12)
    assert found.certified
    assert found.curve["bound"].iloc[0] < found.total  # the path has not moved yet
    norms = np.linalg.norm(history(game, losses), axis=1)
    assert f"{norms.max():.6g}" in next(h.measured for h in found.hypotheses if "G" in h.name)


def test_restarts_by_hand():
    losses, every = Drifting(), 25
    game = play(Restarts(OGD(0.7), every), losses, BALL, T)
    u = np.repeat(
        BALL.minimize_linear(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])), [25, 25, 10], axis=0
    )
    found = certify_path(game, u)
    norms = np.linalg.norm(history(game, losses), axis=1)
    assert norms[-1] < norms.max() > norms[0]
    c = 9.0 / (2 * 0.7) + 0.7 * norms.max() ** 2
    assert found.total == pytest.approx(c * (2 * 5.0 + math.sqrt(10.0)), rel=1e-12)
    assert found.certified
    late = np.roll(u, 1, axis=0)
    late[0] = u[0]
    missed = certify_path(game, late)
    assert not missed.certified
    assert next(h for h in missed.hypotheses if not h.holds).first_violated == 27
    other = certify_path(play(Restarts(AMSGrad(0.7), every), losses, BALL, T), u)
    assert not other.certified
    assert math.isinf(other.total)


def test_the_strongly_adaptive_learner_by_hand():
    losses = Drifting()
    game = play(StronglyAdaptive(OGD(2.0), G=0.7), losses, BALL, T)
    found = certify_intervals(game, [4, 16, 60])
    c, D = 9.0 / 4.0 + 2.0 * 0.49, 3.0
    for n in (4, 16, 60):
        bound = 4 * c / (math.sqrt(2) - 1) * math.sqrt(n) + 40 * 0.7 * D * math.log(T + 1) * math.sqrt(n)
        assert found.curve.loc[n, "bound"] == pytest.approx(bound, rel=1e-12)
    assert found.certified
    table = game.interval_regret([4, 16, 60])["regret"].sort_index()
    np.testing.assert_allclose(found.curve["regret"], table)


def test_a_subclass_that_overrides_nothing_is_certified():
    class Same(Ader):
        pass

    game = play(Same(T), Drifting(), BALL, T)
    assert certify_path(game, np.tile(game.record.point[0], (T, 1))).certified


def test_another_learner_is_refused():
    game = play(OGD(0.1), Drifting(), BALL, 10)
    with pytest.raises(TypeError, match=r"no such theorem about OGD.*Ader"):
        certify_path(game, np.zeros((10, 3)))
    with pytest.raises(TypeError, match=r"no such theorem about OGD.*StronglyAdaptive"):
        certify_intervals(game)

    @dataclasses.dataclass(frozen=True)
    class Own(Ader):
        def update(self, state, gradient):
            return super().update(state, -np.asarray(gradient))

    with pytest.raises(TypeError, match="no such theorem about"):
        certify_path(play(Own(10), Drifting(), BALL, 10), np.zeros((10, 3)))


def test_a_violated_bound():
    found = certify_path(play(Ader(T), Drifting(), BALL, T), np.zeros((T, 3)))
    from regretlab.certificates.certifying import refuse_violated

    curve = found.curve.assign(bound=found.curve["regret"] - 1.0, slack=-1.0)
    with pytest.raises(CertificateViolated, match="above the bound"):
        refuse_violated(play(Ader(T), Drifting(), BALL, T), dataclasses.replace(found, curve=curve))

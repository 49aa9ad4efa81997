"""Learners for comparators that change: formulas by independent loops, and their bounds on drifting games."""

import math

import numpy as np
import pytest

from regretlab import Game, play
from regretlab.learners import (
    OGD,
    Ader,
    AMSGrad,
    DualAveraging,
    ExponentiatedGradient,
    FixedShare,
    Hedge,
    OnlineNewtonStep,
    Restarts,
    SAdam,
    StronglyAdaptive,
)
from regretlab.losses import LinearLosses
from regretlab.schedules import Constant
from regretlab.sets import Box, L2Ball, Reals, Simplex

BALL, SIMPLEX = L2Ball(1.5, dimension=3), Simplex(3)


class Steps(LinearLosses):
    """f_t(x) = x in the first half, then -x: whoever stays where the first half leads pays linearly."""

    half = 1000

    def gradients(self, t):
        return np.where(t <= self.half, 1.0, -1.0)[:, None]


def unit(rng, T, d=3):
    """Gradients of length at most 1 that drift: an average of noise around a slowly turning direction."""
    angle = np.cumsum(rng.standard_normal((T, d)), axis=0) * rng.uniform(0.01, 1.0) + 0.5 * rng.standard_normal((T, d))
    return angle / np.maximum(1.0, np.linalg.norm(angle, axis=1, keepdims=True))


def points(learner, F, G, start=None):
    state = learner.start(F, start)
    path = [state.point]
    for g in G:
        state = learner.update(state, g)
        path.append(state.point)
    return np.array(path)


# -- formulas ----------------------------------------------------------------------------------------


def test_fixed_share():
    G, w, path = np.random.default_rng(0).random((60, 3)), np.full(3, 1 / 3), [np.full(3, 2 / 3)]
    for g in G:
        new = w * np.exp(-0.5 * g)
        w = 0.9 * new / new.sum() + 0.1 / 3
        path.append(2.0 * w)
    found = points(FixedShare(Constant(0.5), 0.1), Simplex(3, mass=2.0), G)
    np.testing.assert_allclose(found, path, rtol=1e-12)


def test_fixed_share_without_a_share_is_exponentiated_gradient():
    G = np.random.default_rng(1).random((60, 3))
    one, other = (points(each, SIMPLEX, G) for each in (FixedShare(0.5, share=0.0), ExponentiatedGradient(0.5)))
    np.testing.assert_allclose(one, other, rtol=1e-11)


@pytest.mark.parametrize("learner", [OGD(0.3), AMSGrad(0.3)], ids=["OGD", "AMSGrad"])
def test_restarts(learner):
    G = np.random.default_rng(2).standard_normal((50, 3))
    path, x = [], BALL.nearest_to_origin()
    for begin in range(0, 50, 20):
        part = points(learner, BALL, G[begin : begin + 20], x)
        path.extend(part[:-1])
        x = part[-1]
    np.testing.assert_array_equal(points(Restarts(learner, 20), BALL, G), [*path, x])


@pytest.mark.parametrize("F", [BALL, SIMPLEX], ids=["ball", "simplex"])
def test_ader(F):
    T = 60
    G, D = 2.0 * unit(np.random.default_rng(3), T), F.diameter(2)
    N = math.ceil(0.5 * math.log2(1 + 4 * T / 7)) + 1
    eta = [2 ** (i - 1) * D / 2.0 * math.sqrt(7 / (2 * T)) for i in range(1, N + 1)]
    w = np.array([(1 + 1 / N) / (i * (i + 1)) for i in range(1, N + 1)])
    assert w.sum() == pytest.approx(1.0)
    experts, path = [F.nearest_to_origin()] * N, [F.nearest_to_origin()]
    for g in G:
        w = w * np.exp([-math.sqrt(8 / T) / (2.0 * D) * float(g @ (x - path[-1])) for x in experts])
        experts = [F.project(x - e * g) for x, e in zip(experts, eta, strict=True)]
        path.append(sum(a * x for a, x in zip(w / w.sum(), experts, strict=True)))
    np.testing.assert_allclose(points(Ader(T, G=2.0), F, G), path, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("base", [OGD(0.3), AMSGrad(0.3)], ids=["OGD", "AMSGrad"])
def test_strongly_adaptive(base):
    """A loop over intervals by their ends, written from the paper."""
    T, F = 40, BALL
    G, D = unit(np.random.default_rng(4), T), BALL.diameter(2)
    x, live, path = F.nearest_to_origin(), {}, []
    for t in range(1, T + 1):
        before = path[-1] if path else x
        for k in range(7):
            if t % 2**k == 0:
                live[k] = [base.start(F, before), min(0.5, 2 ** (-k / 2))]
        total = sum(w for _, w in live.values())
        path.append(sum(w * state.point for state, w in live.values()) / total)
        for k, (state, w) in live.items():
            r = float(G[t - 1] @ (path[-1] - state.point)) / D
            live[k] = [base.update(state, G[t - 1]), w * (1 + min(0.5, 2 ** (-k / 2)) * r)]
    np.testing.assert_allclose(points(StronglyAdaptive(base), F, G)[:-1], path, rtol=1e-11, atol=1e-13)


# -- bounds ------------------------------------------------------------------------------------------


def test_the_bound_of_fixed_share_on_drifting_games():
    largest = 0.0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        T, d, m = 40, 3, int(rng.integers(0, 6))
        switches = np.sort(rng.choice(np.arange(1, T), m, replace=False))
        best = np.repeat(rng.integers(d, size=m + 1), np.diff([0, *switches, T]))
        G = rng.random((T, d))
        G[np.arange(T), best] *= rng.random()
        alpha, share = 10.0 ** rng.uniform(-1, 0.5), rng.uniform(0.01, 0.5)
        x = points(FixedShare(Constant(alpha), share), Simplex(d), G)[:-1]
        regret = float((G * x).sum() - G[np.arange(T), best].sum())
        m = int((np.diff(best) != 0).sum())
        prior = math.log(d) + m * math.log(d / share) + (T - 1 - m) * math.log(1 / (1 - share))
        largest = max(largest, regret / (prior / alpha + alpha * T / 8))
    assert 0.1 < largest <= 1.0


def ader_bound(T, G, D, path_length):
    k = math.floor(0.5 * math.log2(1 + 4 * path_length / (7 * D))) + 1
    descent = 0.75 * G * math.sqrt(2 * T * (7 * D * D + 4 * D * path_length))
    return descent + G * D * math.sqrt(2 * T) / 4 * (1 + 2 * math.log(k + 1))


def test_the_bound_of_ader_on_drifting_games():
    largest = 0.0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        T = int(rng.integers(2, 25))
        G, F = unit(rng, T), BALL
        every = int(rng.integers(1, T + 1))  # the best points of stretches of rounds
        u = np.concatenate(
            [
                np.tile(F.minimize_linear(part.sum(axis=0)), (len(part), 1))
                for part in np.split(G, range(every, T, every))
            ]
        )
        regret = float((G * (points(Ader(T), F, G)[:-1] - u)).sum())
        length = float(np.linalg.norm(np.diff(u, axis=0), axis=1).sum())
        largest = max(largest, regret / ader_bound(T, 1.0, F.diameter(2), length))
    assert 0.05 < largest <= 1.0


def test_the_bound_of_the_strongly_adaptive_learner_on_drifting_games():
    """On every interval; c = 1.5 D G from OGD's theorem with alpha = D/G."""
    F, T, largest = BALL, 8, 0.0
    D = F.diameter(2)
    for seed in range(1000):
        G = unit(np.random.default_rng(seed), T)
        x = points(StronglyAdaptive(OGD(D)), F, G)[:-1]
        paid, S = (
            np.concatenate([[0.0], np.cumsum((G * x).sum(axis=1))]),
            np.vstack([np.zeros(3), np.cumsum(G, axis=0)]),
        )
        r, s = np.triu_indices(T + 1, 1)
        sums = S[s] - S[r]
        regret = paid[s] - paid[r] + 1.5 * np.linalg.norm(sums, axis=1)
        root = np.sqrt(s - r)
        bound = 4 * 1.5 * D / (math.sqrt(2) - 1) * root + 40 * D * np.log(s + 1) * root
        largest = max(largest, float((regret / bound).max()))
    assert 0.001 < largest <= 1.0


@pytest.mark.slow
def test_a_static_learner_pays_linearly_where_they_do_not():
    """The best point changes once, at T/2; each pays against the two best points u = -1, then +1."""
    T, F = 2000, Box(-1.0, 1.0)
    path = np.where(np.arange(1, T + 1) <= T // 2, -1.0, 1.0)[:, None]

    def dynamic(learner):
        return play(learner, Steps(), F, T).dynamic_regret(path)["regret"].iloc[-1]

    assert dynamic(DualAveraging(1.0)) > 0.5 * T
    for learner in (Ader(T), StronglyAdaptive(OGD(2.0)), Restarts(OGD(1.0), 100)):
        assert dynamic(learner) < 0.1 * T
    assert dynamic(Ader(T)) <= ader_bound(T, 1.0, 2.0, 2.0)

    class OnTheSimplex(LinearLosses):
        def gradients(self, t):
            return np.stack([np.where(t <= T // 2, 1.0, 0.0), np.where(t <= T // 2, 0.0, 1.0)], axis=1)

    u = np.stack([path[:, 0] > 0, path[:, 0] < 0], axis=1).astype(float)
    alpha = math.sqrt(8 * math.log(2) / T)
    paid = [
        play(each, OnTheSimplex(), Simplex(2), T).dynamic_regret(u)["regret"].iloc[-1]
        for each in (Hedge(Constant(alpha)), FixedShare(Constant(0.1), 1 / T))
    ]
    assert paid[0] > 0.4 * T
    assert (
        paid[1] <= (math.log(2) + math.log(2 * T) + (T - 2) * math.log(1 / (1 - 1 / T))) / 0.1 + 0.1 * T / 8 < 0.15 * T
    )


def test_on_every_interval_a_static_learner_pays_and_the_strongly_adaptive_one_does_not():
    def worst(learner):
        return play(learner, Steps(), Box(-1.0, 1.0), 2000).interval_regret([1000], stride=100)["regret"].iloc[0]

    assert worst(DualAveraging(1.0)) > 500.0
    assert worst(StronglyAdaptive(OGD(2.0))) < 200.0


# -- states and bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize("learner", [Ader(50), StronglyAdaptive(), Restarts(OGD(0.3), 7), FixedShare(0.3)], ids=repr)
def test_extend_save_and_load(learner, tmp_path):
    F = Simplex(2) if isinstance(learner, FixedShare) else L2Ball(1.0, dimension=2)

    class Turning(LinearLosses):
        def gradients(self, t):
            return np.stack([np.cos(t / 5.0), np.sin(t / 5.0)], axis=1)

    whole = play(learner, Turning(), F, 50)
    part = play(learner, Turning(), F, 20)
    before = {name: array.copy() for name, array in part.state.moments.items()}
    state = part.state
    assert part.extend(50).point.tobytes() == whole.point.tobytes()
    assert all(np.array_equal(before[name], array) for name, array in state.moments.items())  # a state is a value


def test_ader_from_a_file(tmp_path):
    from regretlab.losses import Rademacher

    game = play(Ader(50), Rademacher(d=1), Box(-1.0, 1.0), 20)
    game.save(tmp_path / "game.npz")
    assert Game.load(tmp_path / "game.npz").extend(50).point.tobytes() == game.extend(50).point.tobytes()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Ader(0), r"horizon=0"),
        (lambda: Ader(10, G=-1.0), r"G=-1.0"),
        (lambda: Ader(10).start(Reals(2)), r"Ader needs a bounded set"),
        (
            lambda: Ader(10).update(Ader(10).start(BALL), [2.0, 0.0, 0.0]),
            r"round 1: Ader with G=1.0 needs \|\|g\|\|_2 <= G",
        ),
        (lambda: points(Ader(3), BALL, np.zeros((4, 3))), r"round 4: this Ader is made for horizon=3 rounds"),
        (lambda: StronglyAdaptive(OnlineNewtonStep()), r"is not in the form of Algorithm 1"),
        (lambda: play(StronglyAdaptive(SAdam()), Steps(), Box(-1.0, 1.0), 5), r"no mu > 0: SAdam"),
        (lambda: StronglyAdaptive().start(Reals(2)), r"StronglyAdaptive needs a bounded set"),
        (lambda: points(StronglyAdaptive(), BALL, [[0.0, 3.0, 0.0]]), r"needs \|\|g\|\|_2 <= G"),
        (lambda: Restarts(OGD(), 0), r"every=0"),
        (lambda: Restarts("ogd"), r"learner='ogd' must be a learner"),
        (lambda: FixedShare(share=1.0), r"share=1.0 must be in \[0, 1\)"),
        (lambda: FixedShare().start(BALL), r"FixedShare needs a Simplex"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()

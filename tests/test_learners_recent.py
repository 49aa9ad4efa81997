"""Learners of 2019 to 2026: each formula by an independent loop, in d = 3, on a ball, a simplex and a box."""

import math

import numpy as np
import pytest
from noted import noted

from regretlab import play
from regretlab.learners import (
    MADGRAD,
    OGD,
    Adam,
    Adan,
    AdEMAMix,
    ClippedADOPT,
    ClippedGD,
    DoG,
    Lion,
    NormalizedGD,
    OptimisticAdaGrad,
    OptimisticOGD,
    RAdam,
    RMSProp,
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
    SignSGD,
    TorchAdam,
)
from regretlab.losses import Mod3, Periodic, Rademacher, ReddiOnline
from regretlab.schedules import Constant, InverseSqrt
from regretlab.sets import Box, L2Ball, Simplex

T = 120
BALL, SIMPLEX, CUBOID = L2Ball(1.5, dimension=3), Simplex(3), Box([-1.0, -0.2, -3.0], [0.5, 2.0, 3.0])


def gradients(seed=0):
    """Spikes, zeros, unequal coordinates; the first gradient has a zero."""
    rng = np.random.default_rng(seed)
    G = rng.standard_normal((T, 3)) * [1.0, 0.1, 10.0]
    G[rng.random((T, 3)) < 0.2] = 0.0
    G[rng.random((T, 3)) < 0.03] *= 100.0
    G[40:50], G[0, 1] = 0.0, 0.0
    return G


def points(learner, F, G):
    state = learner.start(F)
    path = [state.point]
    for g in G:
        state = learner.update(state, g)
        path.append(state.point)
    return np.array(path)


def ema(G, beta):
    """The averages of g_1..g_t with weights (1 - beta) beta^(t-s), one by one."""
    return np.array([sum((1 - beta) * beta ** (t - s) * G[s] for s in range(t + 1)) for t in range(len(G))])


def descend(F, G, directions, metrics, alpha):
    """x_{t+1} = Pi_F^W(x_t - alpha_t d_t / W_t)."""
    x = F.nearest_to_origin()
    path = [x]
    for t, (d, w) in enumerate(zip(directions, metrics, strict=True), start=1):
        step = np.divide(d, w, out=np.zeros(3), where=w > 0.0)
        x = F.project(x - alpha(t) * step, np.where(w > 0.0, w, 1.0))
        path.append(x)
    return np.array(path)


def signs(G):
    return np.sign(G), np.ones_like(G)


def lion(G, b1=0.9, b2=0.99):
    before = np.vstack([np.zeros(3), ema(G, b2)[:-1]])
    return np.sign(b1 * before + (1 - b1) * G), np.ones_like(G)


def rectified(G, b1=0.9, b2=0.999, eps=1e-8):
    directions, metrics = [], []
    m, v = ema(G, b1), ema(G**2, b2)
    for t in range(1, len(G) + 1):
        rho_inf = 2 / (1 - b2) - 1
        rho = rho_inf - 2 * t * b2**t / (1 - b2**t)
        directions.append(m[t - 1] / (1 - b1**t))
        if rho > 5:
            r = math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
            metrics.append((np.sqrt(v[t - 1]) + eps) / (r * math.sqrt(1 - b2**t)))
        else:
            metrics.append(np.ones(3))
    return directions, metrics


def adan(G, b1=0.98, b2=0.92, b3=0.99, eps=1e-8):
    change = np.vstack([np.zeros(3), np.diff(G, axis=0)])
    t = np.arange(1, len(G) + 1)[:, None]
    m, v, n = ema(G, b1), ema(change, b2), ema((G + b2 * change) ** 2, b3)
    return m / (1 - b1**t) + b2 * v / (1 - b2**t), np.sqrt(n / (1 - b3**t)) + eps


def ademamix(G, b1=0.9, b2=0.999, b3=0.9999, mix=5.0, eps=1e-8):
    t = np.arange(1, len(G) + 1)[:, None]
    return ema(G, b1) / (1 - b1**t) + mix * ema(G, b3), np.sqrt(ema(G**2, b2) / (1 - b2**t)) + eps


def clipped_adopt(G, b1=0.9, b2=0.9999, eps=1e-6):
    v, m, directions = G[0] ** 2, np.zeros(3), [np.zeros(3)]
    for t, g in enumerate(G[1:], start=1):
        c = t**0.25
        m = b1 * m + (1 - b1) * np.clip(g / np.maximum(np.sqrt(v), eps), -c, c)
        v = b2 * v + (1 - b2) * g * g
        directions.append(m)
    return directions, np.ones_like(G)


def normalized(G):
    norms = np.linalg.norm(G, axis=1, keepdims=True)
    return np.divide(G, norms, out=np.zeros_like(G), where=norms > 0), np.ones_like(G)


def clipped(G, c=0.5):
    norms = np.linalg.norm(G, axis=1, keepdims=True)
    return G * np.minimum(1.0, c / np.where(norms > 0, norms, c)), np.ones_like(G)


FORMULAS = [
    (SignSGD(0.3), signs),
    (Lion(0.3), lion),
    (RAdam(0.3), rectified),
    (Adan(0.3), adan),
    (AdEMAMix(0.3), ademamix),
    (ClippedADOPT(0.3), clipped_adopt),
    (NormalizedGD(0.3), normalized),
    (ClippedGD(0.3, c=0.5), clipped),
]


@pytest.mark.parametrize("F", [BALL, SIMPLEX, CUBOID], ids=["ball", "simplex", "box"])
@pytest.mark.parametrize(("learner", "formula"), FORMULAS, ids=lambda each: type(each).__name__)
def test_the_formula(learner, formula, F):
    G = gradients()
    directions, metrics = formula(G)
    expected = descend(F, G, directions, metrics, lambda t: 0.3 / math.sqrt(t))
    np.testing.assert_allclose(points(learner, F, G), expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("F", [BALL, SIMPLEX, CUBOID], ids=["ball", "simplex", "box"])
def test_dog(F):
    G = gradients(1)
    x = first = F.nearest_to_origin()
    path, far, total = [x], 1e-2 * (1.0 + np.linalg.norm(x)), 0.0
    for g in G:
        far, total = max(far, np.linalg.norm(x - first)), total + g @ g
        x = F.project(x - far / math.sqrt(total + 1e-8) * g)
        path.append(x)
    np.testing.assert_allclose(points(DoG(first=1e-2), F, G), path, rtol=1e-12, atol=1e-13)
    assert far > 0.1  # it has left the start


@pytest.mark.parametrize("F", [BALL, SIMPLEX, CUBOID], ids=["ball", "simplex", "box"])
def test_madgrad(F):
    G, alpha, c = gradients(2), 0.05, 0.1
    x = first = F.nearest_to_origin()
    path, s, v = [x], np.zeros(3), np.zeros(3)
    for k, g in enumerate(G):
        weight = alpha * math.sqrt(k + 1)
        s, v = s + weight * g, v + weight * g * g
        w = np.cbrt(v) + 1e-6
        x = (1 - c) * x + c * F.project(first - s / w, w)
        path.append(x)
    np.testing.assert_allclose(points(MADGRAD(alpha), F, G), path, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("F", [BALL, SIMPLEX, CUBOID], ids=["ball", "simplex", "box"])
@pytest.mark.parametrize("adam", [False, True], ids=["SGD", "AdamW"])
def test_schedule_free(adam, F):
    """The average of z_2..z_{t+1} with equal weights; the game plays between it and z."""
    G, alpha, beta = gradients(3), 0.05, 0.8
    learner = ScheduleFreeAdamW(alpha, beta, 0.9, decay=0.2) if adam else ScheduleFreeSGD(alpha, beta)
    z = [F.nearest_to_origin()]
    y, path, v = z[0], [z[0]], ema(G**2, 0.9)
    for t, g in enumerate(G, start=1):
        w = np.sqrt(v[t - 1] / (1 - 0.9**t)) + 1e-8 if adam else np.ones(3)
        z.append(F.project(z[-1] - alpha * (g / w + (0.2 * y if adam else 0.0)), w))
        y = (1 - beta) * z[-1] + beta * np.mean(z[1:], axis=0)
        path.append(y)
    np.testing.assert_allclose(points(learner, F, G), path, rtol=1e-10, atol=1e-11)
    state = learner.start(F)
    for g in G:
        state = learner.update(state, g)
    np.testing.assert_allclose(state.moments["x"], np.mean(z[1:], axis=0), rtol=1e-10, atol=1e-11)


def test_schedule_free_without_averaging():
    G = gradients(4)
    one, other = points(ScheduleFreeSGD(0.05, beta1=0.0), BALL, G), points(OGD(Constant(0.05)), BALL, G)
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)
    one = points(ScheduleFreeAdamW(0.05, beta1=0.0), BALL, G)
    other = points(TorchAdam(0.05, beta1=0.0), BALL, G)
    np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-11)


def test_coordinates_without_gradients_stay_without_eps():
    G = np.zeros((20, 3))
    G[:, 1] = 1.0
    for learner in (ScheduleFreeAdamW(0.05, eps=0.0), MADGRAD(0.05, eps=0.0)):
        x = points(learner, BALL, G)
        assert (x[:, [0, 2]] == 0.0).all()
        assert x[-1, 1] < -0.01


def test_the_defaults():
    made = [
        "SignSGD(alpha=0.1)", "Lion(alpha=0.1, beta1=0.9, beta2=0.99)",
        "RAdam(alpha=0.1, beta1=0.9, beta2=0.999, eps=1e-08)",
        "Adan(alpha=0.1, beta1=0.98, beta2=0.92, beta3=0.99, eps=1e-08)",
        "AdEMAMix(alpha=0.1, beta1=0.9, beta2=0.999, beta3=0.9999, mix=5.0, eps=1e-08)",
        "ClippedADOPT(alpha=0.1, beta1=0.9, beta2=0.9999, eps=1e-06)", "NormalizedGD(alpha=0.1)",
        "ClippedGD(alpha=0.1, c=1.0)", "DoG(alpha=1.0, first=1e-06, eps=1e-08)", "OptimisticOGD(alpha=0.1)",
        "OptimisticAdaGrad(alpha=1.0)", "ScheduleFreeSGD(alpha=1.0, beta1=0.9)",
        "ScheduleFreeAdamW(alpha=0.0025, beta1=0.9, beta2=0.999, eps=1e-08, decay=0.0)",
        "MADGRAD(alpha=0.01, beta1=0.9, eps=1e-06)",
    ]  # fmt: skip
    classes = {cls.__name__: cls for cls in globals().values() if isinstance(cls, type)}
    assert [repr(classes[text.partition("(")[0]]()) for text in made] == made


class Oracle(OptimisticOGD):
    """The hint is the next gradient."""

    def hint(self, t, g):
        return gradients(5)[t] if t < T else np.zeros(3)


class NoHint(OptimisticOGD):
    def hint(self, t, g):
        return np.zeros_like(g)


@pytest.mark.parametrize("F", [BALL, SIMPLEX, CUBOID], ids=["ball", "simplex", "box"])
def test_optimistic_descent(F):
    G, y = gradients(5), F.nearest_to_origin()
    path = [y]
    for t, g in enumerate(G, start=1):
        y = F.project(y - 0.3 / math.sqrt(t) * g)
        path.append(F.project(y - 0.3 / math.sqrt(t + 1) * g))
    np.testing.assert_allclose(points(OptimisticOGD(0.3), F, G), path, rtol=1e-12, atol=1e-13)


def test_hints_of_ones_own():
    G = gradients(5)
    np.testing.assert_array_equal(points(NoHint(0.3), BALL, G), points(OGD(0.3), BALL, G))
    u, alpha = np.array([0.1, -0.5, 1.0]), 0.3
    x = points(Oracle(Constant(alpha)), BALL, G)[:-1]
    regret = float((G * (x - u)).sum())
    first = float(G[0] @ G[0])  # the only hint that is wrong is that of round 1, which is 0
    assert regret <= (np.linalg.norm(u - x[0]) ** 2 / (2 * alpha) + alpha / 2 * first) * (1 + 1e-12)


@pytest.mark.parametrize("alpha", [Constant(0.05), InverseSqrt(0.3)], ids=repr)
@pytest.mark.parametrize("F", [BALL, SIMPLEX, CUBOID], ids=["ball", "simplex", "box"])
def test_the_bound_of_optimistic_descent(alpha, F):
    for seed in range(10):
        G = np.cumsum(np.random.default_rng(seed).standard_normal((T, 3)), axis=0) * 0.3  # hints that are nearly right
        regret = float(
            (G * points(OptimisticOGD(alpha), F, G)[:-1]).sum() - G.sum(axis=0) @ F.minimize_linear(G.sum(axis=0))
        )
        error = G - np.vstack([np.zeros(3), G[:-1]])
        steps = alpha(np.arange(1, T + 1))
        bound = F.diameter(2) ** 2 / (2 * steps[-1]) + (steps[:, None] * error**2).sum() / 2
        assert regret <= bound


def test_optimistic_adagrad():
    G, y, s, h = gradients(6), np.zeros(3), np.zeros(3), np.zeros(3)
    path = [y]

    def rate():
        return np.where(s > 0, 0.7 / np.sqrt(np.where(s > 0, s, 1.0)), 0.0)

    for g in G:
        y = np.clip(y - rate() * g, CUBOID.lo, CUBOID.hi)
        s = s + (g - h) ** 2
        h = g
        path.append(np.clip(y - rate() * h, CUBOID.lo, CUBOID.hi))
    np.testing.assert_allclose(points(OptimisticAdaGrad(0.7), CUBOID, G), path, rtol=1e-12, atol=1e-13)
    with pytest.raises(ValueError, match="OptimisticAdaGrad needs a Box"):
        OptimisticAdaGrad().start(BALL)


def test_the_bound_of_optimistic_adagrad():
    sides = np.asarray(CUBOID.hi) - np.asarray(CUBOID.lo)
    largest = 0.0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        alpha = 10.0 ** rng.uniform(-1, 1)
        G = gradients(seed) if seed % 2 else np.cumsum(rng.standard_normal((T, 3)), axis=0)
        x = points(OptimisticAdaGrad(alpha), CUBOID, G)[:-1]
        best = np.where(G.sum(axis=0) > 0, CUBOID.lo, CUBOID.hi)
        regret = (G * (x - best)).sum(axis=0)
        root = np.sqrt(((G - np.vstack([np.zeros(3), G[:-1]])) ** 2).sum(axis=0))
        bound = (sides**2 / (2 * alpha) + math.sqrt(2) * alpha + (2 + math.sqrt(2)) * sides) * root
        largest = max(largest, float((regret / bound).max()))
    assert 0.01 < largest <= 1.0


def test_a_hint_of_a_wrong_shape_is_refused():
    class Short(OptimisticOGD):
        def hint(self, t, g):
            return g[:1]

    with pytest.raises(ValueError, match=r"hint is .* after round 1: it must be 3 finite numbers"):
        points(Short(0.1), BALL, gradients())


# -- where they go wrong --------------------------------------------------------------------------

INTERVAL = Box(-1.0, 1.0)


@pytest.mark.parametrize(("T", "name"), [(10**5, "Lion's R_T/T at T = 1e5"), (10**6, "Lion's R_T/T at T = 1e6")])
def test_lion_goes_to_the_wrong_end_on_the_papers_figure_1(T, name):
    game = play(Lion(0.5), ReddiOnline(), INTERVAL, T, start=0.0)
    assert game.regret["average_regret"].iloc[-1] == noted(name)


def test_lions_theorem_block_by_block():
    """If c_t has m rounds < 0 and p < m rounds > 0 in each period, x moves up by (m - p) alpha_t, to +1."""
    P, m = 101, 0.0
    gradient = ReddiOnline().block(1, P + 1, 0)[:, 0]
    for _ in range(60):  # |m - its limit| shrinks by 0.99^101 in each period
        c = []
        for g in gradient:
            c.append(0.9 * m + 0.1 * g)
            m = 0.99 * m + 0.01 * g
    c = np.array(c)
    assert (c < 0).sum() == noted("rounds of Figure 1 in which Lion's average is negative") == P - (c > 0).sum()
    assert np.abs(c).min() > 0.026  # far from 0, so that rounding decides no sign
    game = play(Lion(Constant(1e-3)), ReddiOnline(), Box(-100.0, 100.0), 60 * P, checkpoints=range(P, 60 * P + 1, P))
    moved = np.diff(game.points["x_1"].to_numpy())[-20:]
    np.testing.assert_allclose(moved, 25e-3, rtol=1e-9)
    long = play(Lion(0.5), ReddiOnline(), INTERVAL, 10**6, checkpoints=range(10**6 - 20 * P, 10**6 + 1, P))
    assert (long.points["x_1"].iloc[-20:] > 0.9).all()


@pytest.mark.parametrize("learner", [SignSGD(0.5), NormalizedGD(0.5), ClippedGD(0.5)], ids=repr)
def test_sign_methods_fail_on_mod3(learner):
    T = 60_000 if isinstance(learner, SignSGD) else 3_000
    game = play(learner, Mod3(C=3.0), INTERVAL, T)
    assert game.point[0] > 0.9
    assert game.regret["average_regret"].iloc[-1] == pytest.approx(2.0 / 3.0, rel=0.05)


def test_sign_descent_is_adam_without_memory():
    G = gradients(7)
    one, other = points(SignSGD(0.3), CUBOID, G), points(RMSProp(0.3, beta2=1e-30), CUBOID, G)
    np.testing.assert_allclose(one, other, atol=1e-9)


def test_successors_fail_where_adam_fails():
    """In the long run RAdam is a bias-corrected Adam, and so is AdEMAMix without its slow average."""
    short = Periodic([3.0, -1.0, -1.0])
    for learner in (RAdam(0.5, 0.0, 0.1), AdEMAMix(0.5, 0.0, 0.1, mix=0.0), Adam(0.5, 0.0, 0.1)):
        if isinstance(learner, RAdam):
            continue  # with beta2 = 0.1, rho_inf < 5: it is gradient descent throughout
        assert play(learner, short, INTERVAL, 3000).point[0] > 0.9
    assert play(RAdam(0.5, 0.0, 0.1), short, INTERVAL, 3000).point[0] < -0.9
    assert play(RAdam(0.5, 0.9, 0.99), ReddiOnline(), INTERVAL, 400_000).point[0] > 0.9


def test_clipping_keeps_the_first_steps_of_adopt_short():
    G = np.array([[1e-8] * 3, [1.0] * 3, [1.0] * 3])
    from regretlab.learners import ADOPT
    from regretlab.sets import Reals

    assert abs(points(ClippedADOPT(Constant(0.1)), Reals(3), G)).max() <= 0.1
    assert abs(points(ADOPT(Constant(0.1)), Reals(3), G)).max() > 1e5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ClippedGD(c=0.0), r"c=0.0 must be positive"),
        (lambda: DoG(first=0.0), r"first=0.0 must be positive"),
        (lambda: DoG(eps=-1.0), r"eps=-1.0 must be 0 or positive"),
        (lambda: Lion(beta2=1.0), r"beta2=1.0 must be in \(0, 1\)"),
        (lambda: Adan(beta3=1.5), r"beta3=1.5 must be in \[0, 1\)"),
        (lambda: AdEMAMix(mix=-1.0), r"mix=-1.0 must be 0 or positive"),
        (lambda: RAdam(beta2=InverseSqrt(0.9)), r"beta2=.* must be a number: rho_t is defined for a constant beta2"),
        (lambda: ScheduleFreeAdamW(decay=-0.1), r"decay=-0.1 must be 0 or positive"),
        (lambda: MADGRAD(alpha=0.0), r"alpha=0.0 must be positive"),
        (lambda: OptimisticOGD(alpha=math.nan), r"alpha=nan must be positive"),
    ],
)
def test_bad_numbers_are_refused_before_round_1(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_none_of_them_needs_a_horizon():
    for learner in (DoG(first=0.1), ScheduleFreeSGD(0.1), OptimisticAdaGrad(0.5), NormalizedGD(0.3)):
        game = play(learner, Rademacher(drift=0.3), INTERVAL, 400)
        more = play(learner, Rademacher(drift=0.3), INTERVAL, 200).extend(400)
        assert game.point.tobytes() == more.point.tobytes()
        assert game.regret["average_regret"].iloc[-1] < 0.2

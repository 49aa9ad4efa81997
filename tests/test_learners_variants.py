"""The relatives of Adam: which way they drift, which are the same method, and what the combinators make of them."""

import dataclasses
import inspect
import math
from dataclasses import dataclass

import numpy as np
import pytest

from regretlab import Game, GameError, play, play_all
from regretlab import learners as family
from regretlab.cli.parsing import LEARNERS
from regretlab.engine.serialization import from_specification, specification
from regretlab.kernels.fingerprints import fingerprint
from regretlab.learners import (
    ADOPT,
    OGD,
    ACProp,
    AdaBelief,
    AdaBound,
    AdaGrad,
    Adam,
    AdamNC,
    AdamX,
    AdaShift,
    Algorithm1,
    AMSBelief,
    AMSBound,
    AMSGrad,
    BiasCorrected,
    Combinator,
    DecoupledWeightDecay,
    DelayedAdam,
    EpsilonInsideRoot,
    FirstMomentCorrected,
    KerasAMSGrad,
    L2Penalty,
    Nadam,
    NosAdam,
    OGDMomentum,
    OptaxAMSGrad,
    Padam,
    QHAdam,
    RMSProp,
    SAdam,
    TextbookAMSGrad,
    TorchAdam,
    TorchAMSGrad,
    TorchNAdam,
    UnmaximizedPadam,
    WithEpsilon,
    Yogi,
)
from regretlab.learners.adabound import LowerBound, UpperBound
from regretlab.learners.combinators import _compose
from regretlab.losses import Mod3, Periodic, PeriodicQuadratics, RandomLinear, SignAdversary
from regretlab.schedules import Constant, Geometric, Inverse, InversePower, InverseSqrt
from regretlab.sets import Box
from regretlab.testing import check_learner

WIDE = Box(-1e9, 1e9)


def points(learner, gradients, feasible_set=WIDE):
    state = learner.start(feasible_set)
    path = [state.point]
    for g in gradients:
        state = learner.update(state, g)
        path.append(state.point)
    return np.array(path)


def spiky(n=200):
    rng = np.random.default_rng(1)
    return rng.standard_normal(n) * np.where(rng.random(n) < 0.1, 30.0, 1.0)


# -- drift: the sum of m_t / W_t over a period, positive towards -1 -----------------------------


def drift(learner, pattern, periods, averaged=1):
    """The mean sum of m_t / W_t over the last ``averaged`` periods, the gradients being those of a line."""
    rule, names = learner.signature()
    fixed = {name: float(schedule(1)) for name, schedule in learner.schedules.items()}
    moments = dict.fromkeys(learner.moment_names, 0.0)
    sums = []
    for k in range(periods):
        total = 0.0
        for j, g in enumerate(pattern):
            known = {"g": g, "t": k * len(pattern) + j + 1, **fixed, **moments}
            values, m, w = rule(*[known[name] for name in names])
            moments = dict(zip(moments, values, strict=True))
            total += m / w if w else 0.0
        sums.append(total)
    return math.fsum(sums[-averaged:]) / averaged


FIGURE1, MOD3 = [1010.0] + [-10.0] * 100, [3.0, -1.0, -1.0]
SETTINGS = {
    "Figure 1": (FIGURE1, 0.9, 0.99, 80),
    "Figure 1, beta2=0.999": (FIGURE1, 0.9, 0.999, 350),
    "mod 3": (MOD3, 0.0, 0.1, 60),
    "mod 3, usual betas": (MOD3, 0.9, 0.999, 9000),
}
DRIFTS = {
    Adam: (-1.9009, -0.1050, -0.6809, +0.5222),
    DelayedAdam: (-1.4210, -0.0594, +1.786, +0.5223),
    ADOPT: (+2.8981, +0.3513, +1.786, +0.5230),
    ACProp: (+3.1537, +0.3799, None, +0.5606),
    AdaBelief: (-2.0177, -0.1071, None, +0.5600),
    AMSGrad: (+0.0788, +0.0966, +0.3491, +0.5220),
}


@pytest.mark.parametrize("setting", range(4), ids=list(SETTINGS))
@pytest.mark.parametrize("learner", DRIFTS)
def test_drift_on_periodic_sequences(learner, setting):
    pattern, beta1, beta2, periods = list(SETTINGS.values())[setting]
    expected = DRIFTS[learner][setting]
    if expected is None:  # beta1 = 0: s_t = 0, and it does not move
        assert drift(learner(beta1=beta1, beta2=beta2), pattern, periods) == 0.0
    else:
        assert drift(learner(beta1=beta1, beta2=beta2), pattern, periods) == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize("setting", range(4), ids=list(SETTINGS))
def test_adashift_of_one_round_and_adopt_have_the_same_drift_for_every_beta1(setting):
    pattern, _, beta2, periods = list(SETTINGS.values())[setting]
    expected = DRIFTS[ADOPT][setting]
    assert drift(AdaShift(n=1, beta2=beta2), pattern, periods) == pytest.approx(expected, abs=6e-5)
    for beta1 in (0.0, 0.5, 0.9):
        assert drift(ADOPT(beta1=beta1, beta2=beta2), pattern, periods) == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize(
    ("pattern", "beta1", "beta2", "p", "expected"),
    [
        (FIGURE1, 0.9, 0.99, 0.25, -9.186),
        (FIGURE1, 0.9, 0.99, 0.125, -13.108),
        (FIGURE1, 0.9, 0.999, 0.25, -0.033),
        (FIGURE1, 0.9, 0.999, 0.125, +1.523),
        (MOD3, 0.0, 0.1, 0.125, +0.380),
        (MOD3, 0.9, 0.999, 0.125, +0.850),
    ],
)
def test_drift_of_padam_without_the_maximum(pattern, beta1, beta2, p, expected):
    periods = 350 if pattern is FIGURE1 else 9000
    learner = UnmaximizedPadam(beta1=beta1, beta2=beta2, p=p)
    assert drift(learner, pattern, periods) == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize(
    ("pattern", "beta1", "beta2", "periods", "expected"),
    [
        (FIGURE1, 0.9, 0.99, 700, 0.0099),
        (FIGURE1, 0.9, 0.999, 3000, 0.0099),
        (MOD3, 0.0, 0.1, 400, 0.2555),  # a cycle of ten periods
        (MOD3, 0.9, 0.999, 40_000, 0.3334),
    ],
)
def test_drift_of_yogi_on_average(pattern, beta1, beta2, periods, expected):
    """v_t moves by amounts that need not fit into a period."""
    averaged = 200 if pattern is FIGURE1 else 10 if periods == 400 else 20_000
    assert drift(Yogi(beta1=beta1, beta2=beta2), pattern, periods, averaged) == pytest.approx(expected, abs=6e-5)


def test_bias_correction_and_eps_do_not_change_the_drift():
    for learner in (BiasCorrected(Adam(beta2=0.99)), TorchAdam(beta2=0.99)):
        assert drift(learner, FIGURE1, 80) == pytest.approx(-1.900855, abs=1e-5)


GOLDEN = (1.0 + math.sqrt(5.0)) / 2.0


@pytest.mark.parametrize("beta1", [0.0, 0.9])
@pytest.mark.parametrize(("C", "wrong"), [(1.68, False), (1.70, True), (1.95, True)])
def test_adopt_fails_between_its_threshold_and_two(C, wrong, beta1):
    """For C < 2 the optimum is +1; C_lo(1/2) = 1.692109525."""
    assert (drift(ADOPT(beta1=beta1, beta2=0.5), [C, -1.0, -1.0], 400) > 0.0) == wrong
    assert drift(Adam(beta1=beta1, beta2=0.5), [C, -1.0, -1.0], 400) < 0.0


def test_the_threshold_of_adopt_is_the_golden_ratio_for_small_beta2():
    for C, wrong in ((GOLDEN - 1e-3, False), (GOLDEN + 1e-3, True)):
        assert (drift(ADOPT(beta1=0.0, beta2=1e-9), [C, -1.0, -1.0], 50) > 0.0) == wrong


@pytest.mark.parametrize(("beta2", "threshold"), [(0.5, 1.481703), (0.9, 1.910930)])
def test_acprop_fails_below_two(beta2, threshold):
    for C, wrong in ((threshold - 1e-5, False), (threshold + 1e-5, True)):
        assert (drift(ACProp(beta1=0.5, beta2=beta2), [C, -1.0, -1.0], 800) > 0.0) == wrong


def test_adopt_plays_as_it_drifts():
    """C = 1.9: at -1 instead of +1, R_T/T tends to 2 (2 - C)/3."""
    game = play(ADOPT(alpha=0.5, beta1=0.9, beta2=0.5), Mod3(C=1.9), Box(), 200_000)
    assert game.point[0] == -1.0
    assert game.regret["average_regret"].iloc[-1] == pytest.approx(0.2 / 3.0, abs=2e-3)
    assert play(Adam(alpha=0.5, beta1=0.9, beta2=0.5), Mod3(C=1.9), Box(), 200_000).point[0] > 0.99


# -- the same method by another name ------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AdaGrad(0.4), AdamNC(0.4, beta1=0.0)),
        (AdamX(0.4, beta1=0.7, beta2=0.8), AMSGrad(0.4, beta1=0.7, beta2=0.8)),
        (Padam(0.4, p=0.5), AMSGrad(0.4)),
        (UnmaximizedPadam(0.4, p=0.5), Adam(0.4)),
        (NosAdam(0.4, b=1.0), AdamNC(0.4)),
        (NosAdam(0.4, b=InversePower(7.0, gamma=0.0)), AdamNC(0.4)),
        (QHAdam(0.4, beta1=0.9, beta2=0.8, nu1=1.0, nu2=1.0), Adam(0.4, beta1=0.9, beta2=0.8)),
        (QHAdam(0.4, beta1=0.9, beta2=0.8, nu1=0.0, nu2=1.0), RMSProp(0.4, beta2=0.8)),
        (AdaBound(0.4, lower=1e-9, upper=1e9), Adam(0.4)),
        (AMSBound(0.4, lower=1e-9, upper=1e9), AMSGrad(0.4)),
        (AdaBound(0.4, lower=0.02, upper=0.02), OGDMomentum(0.02)),
        (OGDMomentum(0.4, beta1=0.0), OGD(0.4)),
        (Nadam(0.4, beta1=0.0), BiasCorrected(Adam(0.4, beta1=0.0))),
        (TorchNAdam(InverseSqrt(0.4), momentum_decay=1e9), WithEpsilon(Nadam(0.4, beta2=0.999), 1e-8)),
        (TorchAdam(InverseSqrt(0.4), eps=0.1), WithEpsilon(BiasCorrected(Adam(0.4, beta2=0.999)), 0.1)),
        (TorchAMSGrad(InverseSqrt(0.4), eps=0.1), WithEpsilon(BiasCorrected(AMSGrad(0.4, beta2=0.999)), 0.1)),
        (KerasAMSGrad(InverseSqrt(0.4), eps=0.1), BiasCorrected(WithEpsilon(AMSGrad(0.4, beta2=0.999), 0.1))),
        (
            TextbookAMSGrad(InverseSqrt(0.4), eps=0.1),
            WithEpsilon(FirstMomentCorrected(AMSGrad(0.4, beta2=0.999)), 0.1),
        ),
        (WithEpsilon(Yogi(0.4), 0.0), Yogi(0.4)),
        (EpsilonInsideRoot(Yogi(0.4), 0.0), Yogi(0.4)),
        (L2Penalty(AMSGrad(0.4), 0.0), AMSGrad(0.4)),
        (DecoupledWeightDecay(AMSGrad(0.4), 0.0), AMSGrad(0.4)),
        (L2Penalty(OGD(0.4), 0.3), DecoupledWeightDecay(OGD(0.4), 0.3)),
        (BiasCorrected(AdamNC(0.4, beta1=0.0)), AdamNC(0.4, beta1=0.0)),  # the weights 1/t have the sum 1
    ],
    ids=repr,
)
def test_the_same_points(one, other):
    g = spiky()
    np.testing.assert_allclose(points(one, g), points(other, g), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AdamX(0.4, beta1=Geometric(0.9, 0.9)), AMSGrad(0.4, beta1=Geometric(0.9, 0.9))),
        (Padam(0.4), UnmaximizedPadam(0.4)),
        (NosAdam(0.4), AdamNC(0.4)),
        (Yogi(0.4), Adam(0.4)),
        (AMSBelief(0.4), AdaBelief(0.4)),
        (AdaBound(0.4), AMSBound(0.4)),
        (DelayedAdam(0.4), Adam(0.4)),
        (AdaShift(0.4, n=2), AdaShift(0.4, n=3)),
        (TorchAMSGrad(InverseSqrt(0.4)), OptaxAMSGrad(InverseSqrt(0.4))),
        (TorchAMSGrad(InverseSqrt(0.4), eps=0.1), KerasAMSGrad(InverseSqrt(0.4), eps=0.1)),
        (TextbookAMSGrad(InverseSqrt(0.4)), TorchAMSGrad(InverseSqrt(0.4))),
        (TextbookAMSGrad(InverseSqrt(0.4)), WithEpsilon(AMSGrad(0.4, beta2=0.999))),
        (WithEpsilon(Adam(0.4), 0.1), EpsilonInsideRoot(Adam(0.4), 0.1)),
        (L2Penalty(Adam(0.4), 0.3), DecoupledWeightDecay(Adam(0.4), 0.3)),
    ],
    ids=repr,
)
def test_two_methods(one, other):
    g = spiky()
    assert np.abs(points(one, g) - points(other, g)).max() > 1e-3


def test_adamx_is_amsgrad_to_the_bit_for_a_constant_beta1():
    assert points(AdamX(0.4, beta1=0.7), spiky()).tolist() == points(AMSGrad(0.4, beta1=0.7), spiky()).tolist()


@pytest.mark.parametrize("beta1", [Geometric(0.9, 0.5), Inverse(0.9), Geometric(0.99, 0.999)])
def test_adamx_keeps_what_the_proof_needs(beta1):
    """sqrt(vhat_t) / (alpha_t (1 - beta_{1,t})) does not decrease; AMSGrad's does."""
    decreases = {}
    for learner in (AdamX(0.1, beta1=beta1), AMSGrad(0.1, beta1=beta1)):
        state, scaled = learner.start(WIDE), []
        for t, g in enumerate(spiky(), start=1):
            state = learner.update(state, g)
            schedules = learner.schedules
            scaled.append(float(np.sqrt(state.moments["vhat"][0]) / schedules["alpha"](t) / (1.0 - beta1(t))))
        decreases[type(learner)] = (np.diff(scaled) < -1e-12 * np.array(scaled[1:])).any()
    assert not decreases[AdamX]
    assert decreases[AMSGrad]


# -- AdaBound -------------------------------------------------------------------------------------


def test_the_bounds_of_adabound_depend_on_beta2():
    for beta2 in (0.9, Constant(0.999)):
        learner, rate = AdaBound(beta2=beta2), 1.0 - getattr(beta2, "scale", beta2)
        assert learner.schedules["lower"] == LowerBound(0.1, rate)
        assert learner.schedules["upper"] == UpperBound(0.1, rate)
    again = dataclasses.replace(AdaBound(beta2=0.9), beta2=0.5)
    assert again.schedules["upper"](1) == pytest.approx(0.1 * (1.0 + 1.0 / 0.5))
    assert again.schedules["lower"](3) == pytest.approx(0.1 * (1.0 - 1.0 / (0.5 * 3 + 1.0)))
    assert AdaBound(lower=0.05).schedules["upper"] == AdaBound().schedules["upper"]


@pytest.mark.parametrize("learner", [AdaBound, AMSBound])
@pytest.mark.parametrize("alpha", [0.5, Constant(0.5), Inverse(0.5)])
def test_the_stepsize_of_adabound_is_between_the_bounds(learner, alpha):
    """eta_t = (alpha_t / alpha_1) etahat_t with etahat_t between lower_t and upper_t."""
    instance = learner(alpha, beta1=0.0, beta2=0.9)
    g = np.where(np.arange(200) < 100, spiky(), 1e-9 * spiky())
    t = np.arange(1, 201)
    state, eta = instance.start(WIDE), np.empty(200)
    for k in range(200):
        state = instance.update(dataclasses.replace(state, point=np.zeros(1)), g[k])
        eta[k] = -state.point[0] / g[k]
    etahat = eta / instance.schedules["alpha"](t) * instance.schedules["alpha"](1)
    lower, upper = (instance.schedules[name](t) for name in ("lower", "upper"))
    assert (etahat >= lower * (1 - 1e-12)).all()
    assert (etahat <= upper * (1 + 1e-12)).all()
    assert np.isclose(etahat, lower, rtol=1e-12).any()
    assert np.isclose(etahat, upper, rtol=1e-12)[100:].any() == (learner is AdaBound)


# -- bounds that the docstrings state -----------------------------------------------------------------


def played(learner, losses, d, T=600):
    """R_T and g_1..g_T, on [-1, 1]^d."""
    game = play(learner, losses, Box(), T, checkpoints=range(1, T + 1))
    x = game.record.point
    g = np.array([losses.reveal(t, x[t - 1], game.seed).gradient(x[t - 1]) for t in range(1, T + 1)])
    assert g.shape == (T, d)
    return float(game.regret["regret"].iloc[-1]), g


@pytest.mark.parametrize("beta1", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("pattern", [[1.0, -1.0], [0.9, 0.8, -1.0, 0.3], [[1.0, 0.0], [-1.0, 0.5]]])
def test_the_regret_of_sadam_is_logarithmic(pattern, beta1):
    D, G, mu, delta = 2.0, 2.0, 1.0, 0.5
    d = np.atleast_2d(np.array(pattern).T).shape[0]
    alpha = G**2 / mu
    R, g = played(SAdam(alpha, beta1=beta1, delta=delta), PeriodicQuadratics(pattern, mu), d)
    rest = alpha * (1.0 + beta1) / (2.0 * (1.0 - beta1)) * np.log1p((g**2).sum(axis=0) / delta).sum()
    assert np.abs(g).max() <= G
    assert R <= d * delta * D**2 / (2.0 * alpha) + beta1 / (1.0 - beta1) * d * G * D + rest


@pytest.mark.parametrize("gamma", [0.0, 0.1, 0.5])
@pytest.mark.parametrize(
    "losses", [Mod3(C=3.0), Periodic(FIGURE1), SignAdversary(), RandomLinear(mean=0.2)], ids=lambda x: type(x).__name__
)
def test_the_bound_of_nosadam(losses, gamma):
    alpha, D = 0.7, 2.0
    R, g = played(NosAdam(alpha, beta1=0.0, b=InversePower(gamma=gamma)), losses, 1)
    t = np.arange(1.0, len(g) + 1.0)
    b = t**-gamma
    B, weighted = np.cumsum(b), (b[:, None] * g**2).sum(axis=0)
    first = D**2 / (2.0 * alpha) * np.sqrt(len(g) * weighted / B[-1]).sum()
    assert R <= first + alpha * (np.sqrt(B / t) / b).max() * np.sqrt(weighted).sum()


# -- PyTorch's AMSGrad ------------------------------------------------------------------------------


def test_the_rate_of_torch_amsgrad_rises_from_the_twelfth_round_on():
    """Its factor sqrt(1 - beta2^t) / (1 - beta1^t) is smallest at t = 12 and grows by 6.57."""
    learner, state, factor, rate = TorchAMSGrad(Constant(1.0)), None, [], []
    state = learner.start(WIDE)
    for g in [100.0] + [0.0] * 5000:
        state = learner.update(state, g)
        c1, c2, vhat = (float(state.moments[name][0]) for name in ("c1", "c2", "vhat"))
        factor.append(math.sqrt(c2) / c1)
        rate.append(factor[-1] / math.sqrt(vhat))
    t = np.arange(1.0, 5002.0)
    np.testing.assert_allclose(factor, np.sqrt(1.0 - 0.999**t) / (1.0 - 0.9**t), rtol=1e-11)
    assert int(np.argmin(factor)) + 1 == 12
    assert [round(factor[n - 1], k) for n, k in ((1, 3), (12, 4), (1000, 3), (5000, 3))] == [
        0.316,
        0.1522,
        0.795,
        0.997,
    ]
    assert max(rate[11:]) / rate[11] == pytest.approx(1.0 / 0.1522, rel=5e-3)
    assert (np.diff(rate[12:]) > 0.0).all()


def test_the_denominator_of_optax_amsgrad_never_decreases():
    state, w = OptaxAMSGrad().start(WIDE), []
    for g in spiky():
        state = OptaxAMSGrad().update(state, g)
        w.append(float(state.moments["vhat"][0]))
    assert (np.diff(w) >= 0.0).all()


# -- hyperparameters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Padam(p=0.0), r"p=0.0 must be in \(0, 1/2\]"),
        (lambda: UnmaximizedPadam(p=0.75), r"p=0.75 must be in \(0, 1/2\]"),
        (lambda: QHAdam(nu1=1.5), r"nu1=1.5 must be in \[0, 1\]"),
        (lambda: QHAdam(nu2=-0.5), r"nu2=-0.5 must be in \[0, 1\]"),
        (lambda: NosAdam(b=0.0), r"b=0.0 must be positive"),
        (lambda: NosAdam(b=InversePower(-1.0)), r"b=InversePower.* is -1.0 at round 1: it must be positive"),
        (lambda: InversePower(gamma=-1.0), r"gamma=-1.0: a power schedule needs 0 <= gamma < inf"),
        (lambda: SAdam(delta=0.0), r"delta=0.0 must be positive"),
        (lambda: AdaShift(n=0), r"n=0 must be a whole number from 1 on"),
        (lambda: AdaShift(n=2.5), r"n=2.5 must be a whole number from 1 on"),
        (lambda: AdaShift(n=True), r"n=True must be a whole number from 1 on"),
        (lambda: TorchAdam(eps=-1.0), r"eps=-1.0 must be 0 or positive"),
        (lambda: TorchNAdam(momentum_decay=-1.0), r"momentum_decay=-1.0 must be 0 or positive"),
        (lambda: WithEpsilon(Adam(), eps=math.nan), r"eps=nan must be 0 or positive"),
        (lambda: L2Penalty(Adam(), decay=-0.1), r"decay=-0.1 must be 0 or positive"),
        (lambda: DecoupledWeightDecay(Adam(), decay=math.inf), r"decay=inf must be 0 or positive"),
        (lambda: AdaBound(lower=0.0), r"lower=0.0 must be positive"),
        (lambda: AMSBound(upper=-1.0), r"upper=-1.0 must be positive"),
        (lambda: AdaBound(lower=1.0, upper=0.5), r"lower=1.0 is 1.0 at round 1: it must be at most 0.5"),
        (lambda: AdaBound(upper=Inverse(0.5), lower=1e-3), r"lower=0.001 is 0.001 at round \d+: it must be at most"),
        (lambda: AdaBound(beta2=Inverse(0.5)), r"beta2=Inverse.* lower and upper have to be given"),
        (lambda: AdaBound(beta2=1.5), r"beta2=1.5 must be in \(0, 1\)"),
        (lambda: LowerBound(rate=0.0), r"rate=0.0 must be positive"),
        (lambda: UpperBound(rate=math.inf), r"rate=inf must be positive"),
    ],
)
def test_a_value_outside_the_range_is_named_with_the_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AdaBound(lower="0.1"), r"lower='0.1': a hyperparameter is a number, a schedule or a function"),
        (lambda: WithEpsilon(Adam(), eps=None), r"eps=None: a hyperparameter is a number"),
        (lambda: WithEpsilon("adam"), r"learner='adam' is not in the form of Algorithm 1"),
        (lambda: BiasCorrected(L2Penalty(Adam())), r"learner=L2Penalty.* is not in the form of Algorithm 1"),
        (lambda: BiasCorrected(OGD()), r"learner=OGD\(alpha=0.1\) has no beta1 and no beta2"),
        (lambda: BiasCorrected(RMSProp()), r"learner=RMSProp.* has no beta1"),
        (lambda: WithEpsilon(TorchAdam()), r"learner=TorchAdam.* has eps already"),
        (lambda: WithEpsilon(EpsilonInsideRoot(Adam())), r"learner=EpsilonInsideRoot.* has eps already"),
        (lambda: L2Penalty(Adam), r"learner=<class .*> must be a learner of the class Learner"),
        (lambda: DecoupledWeightDecay(L2Penalty(Adam())), r"must be a learner of the class Algorithm1"),
    ],
)
def test_a_value_of_another_type_is_named(make, message):
    with pytest.raises(TypeError, match=message):
        make()


# -- 0/0 := 0, and the scale of the gradients -----------------------------------------------------------

ALL = [AdamX(), Yogi(), AdaBelief(), AMSBelief(), QHAdam(), Nadam(), NosAdam(), DelayedAdam(), ACProp(), ADOPT()]
ALL += [AdaShift(n=2), BiasCorrected(Adam()), BiasCorrected(AMSGrad()), Padam(), UnmaximizedPadam(), AdaBound()]
ALL += [SAdam(), TorchAdam(), OptaxAMSGrad(), TorchNAdam(), OGDMomentum(), WithEpsilon(AMSGrad())]


@pytest.mark.parametrize("learner", ALL, ids=repr)
def test_a_coordinate_without_a_gradient_does_not_move(learner):
    g = np.array([[0.0, 1.0], [0.0, -2.0], [0.0, 0.0], [3.0, 0.5], [2.0, 1.0], [-1.0, 1.0], [2.0, 2.0]])
    x = points(learner, g, Box(-5.0, 5.0).with_dimension(2))
    assert (x[:4, 0] == 0.0).all()
    assert x[-1, 0] != 0.0
    assert (x[-1] != x[-2]).any()


@pytest.mark.parametrize("learner", ALL[:13], ids=repr)
@pytest.mark.parametrize("scale", [1e-100, 1e-3, 1e100])
def test_the_scale_of_the_gradients_does_not_matter(learner, scale):
    g = spiky(50)
    np.testing.assert_allclose(points(learner, g * scale), points(learner, g), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("learner", [DelayedAdam(0.5), ACProp(0.5), ADOPT(0.5), AdaShift(0.5, n=1), AdaShift(0.5, n=4)])
def test_delayed_learners_wait_until_they_know_the_scale(learner):
    x = points(learner, spiky(10))[:, 0]
    n = getattr(learner, "n", 1)
    assert (x[: n + 1] == 0.0).all()
    assert x[n + 1] != 0.0


def test_adabelief_stands_still_without_momentum():
    assert (points(AdaBelief(beta1=0.0), spiky(20)) == 0.0).all()


# -- combinators ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Doubled(Combinator):
    """A combinator of one's own: m'_t = m_t factor, and the largest |g_t| as a moment of its own."""

    factor: float = 2.0

    @staticmethod
    def rule(moments, m, w, g, largest, factor, t):
        return (*moments, max(largest, abs(g) + 0.0 * t)), factor * m, w


def test_a_combinator_of_ones_own():
    learner = Doubled(AMSGrad(0.2), 2.0)
    assert learner.moment_names == ("m", "v", "vhat", "largest")
    assert list(learner.schedules) == ["alpha", "beta1", "beta2", "factor"]
    np.testing.assert_allclose(points(learner, spiky()), points(AMSGrad(0.4), spiky()), rtol=1e-12, atol=1e-12)
    check_learner(learner)


def test_a_combinator_checks_what_its_learner_checks():
    def p(t):
        return np.where(t == 777, 0.75, 0.25)  # a round that is not looked at beforehand

    with pytest.raises(GameError, match=r"p=.* is 0.75 at round 777: it must be in"):
        play(WithEpsilon(Padam(p=p), 0.1), Mod3(), Box(), 1000, compiled=False)


def test_combinators_take_turns_with_rules_of_other_learners():
    """Different rules inside the same combinator are played side by side only with their likes."""
    inner = [OGD(0.3), Adam(0.3), AMSGrad(0.3), Adam(0.6), AdaShift(0.3, n=2), AdaShift(0.3, n=3)]
    learners = [WithEpsilon(each, 0.1) for each in inner]
    games = play_all(learners, RandomLinear(d=3), Box(), 60, checkpoints=range(1, 61), compiled=False)
    for learner, game in zip(learners, games, strict=True):
        alone = play(learner, RandomLinear(d=3), Box(), 60, checkpoints=range(1, 61), compiled=False)
        assert game.learner == learner
        assert game.record.point.tobytes() == alone.record.point.tobytes()


def test_a_composed_rule_is_one_function_and_has_one_fingerprint():
    """So it is compiled once, and found again by a later process."""
    one, other = WithEpsilon(BiasCorrected(Adam(0.1)), 0.1), WithEpsilon(BiasCorrected(Adam(0.2)), 0.2)
    assert one.signature()[0] is other.signature()[0]
    assert AdaShift(n=4).signature()[0] is AdaShift(0.7, n=4).signature()[0]
    anew = _compose.__wrapped__(WithEpsilon.rule, ("eps",), *Adam.signature(Adam()))[0]
    rule = WithEpsilon(Adam()).signature()[0]
    assert anew is not rule
    assert fingerprint(anew) == fingerprint(rule)
    different = [WithEpsilon(Adam()), WithEpsilon(AMSGrad()), EpsilonInsideRoot(Adam()), WithEpsilon(RMSProp())]
    assert len({fingerprint(learner.signature()[0]) for learner in different}) == 4


@pytest.mark.parametrize(
    "learner",
    [
        WithEpsilon(BiasCorrected(Adam(0.5)), 0.1),
        DecoupledWeightDecay(TorchAdam()),
        AdaBound(),
        AdaShift(n=3),
        NosAdam(),
    ],
    ids=repr,
)
def test_learners_are_saved_as_text_and_are_values(learner):
    again = from_specification(specification(learner))
    assert again == learner
    assert hash(again) == hash(learner)
    assert again is not learner
    assert points(again, spiky(30)).tobytes() == points(learner, spiky(30)).tobytes()


@pytest.mark.parametrize(
    ("text", "learner"),
    [
        (
            "withepsilon:learner=biascorrected(learner=adam(alpha=0.5)),eps=0.1",
            WithEpsilon(BiasCorrected(Adam(0.5)), 0.1),
        ),
        ("adabound:upper=inverse(5),lower=1e-9", AdaBound(upper=Inverse(5.0), lower=1e-9)),
        ("adashift:n=2", AdaShift(n=2)),
    ],
)
def test_they_have_names_on_the_command_line(text, learner):
    assert LEARNERS.read(text) == learner


@pytest.mark.parametrize(
    "learner",
    [L2Penalty(Adam(0.5), 0.3), DecoupledWeightDecay(TorchAdam(InverseSqrt(0.5)), 0.3)],
    ids=lambda x: type(x).__name__,
)
def test_weight_decay_keeps_the_promises_of_a_learner(learner):
    check_learner(learner)
    game = Game(learner, Mod3(C=3.0), Box())
    game.extend(30)
    assert game.horizon == 30


def test_decoupled_decay_shrinks_without_a_gradient_and_the_penalty_pulls():
    state = DecoupledWeightDecay(Adam(Constant(0.5)), 0.2).start(Box(), [1.0])
    after = DecoupledWeightDecay(Adam(Constant(0.5)), 0.2).update(state, [0.0])
    assert after.point.tolist() == [0.9]
    assert after.moments["v"].tolist() == [0.0]
    penalty = L2Penalty(RMSProp(Constant(0.5), beta2=0.75), 0.2)
    after = penalty.update(penalty.start(Box(), [1.0]), [0.0])
    assert after.point.tolist() == [0.0]  # g = 0.2, W = 0.1: a step of 1


# -- documentation ------------------------------------------------------------------------------------------

LISTED = [cls for cls in LEARNERS.classes().values() if cls.__module__.startswith("regretlab.")]


@pytest.mark.parametrize("cls", LISTED, ids=lambda cls: cls.__name__)
def test_every_learner_says_what_is_known_about_it(cls):
    text = inspect.getdoc(cls)
    assert "=" in text.split("\n\n")[0] or cls is L2Penalty
    if issubclass(cls, Algorithm1) and not issubclass(cls, Combinator):
        assert "Guarantee:" in text or "Counterexample:" in text


def test_the_list_of_learners_is_complete():
    public = {name for name in family.__all__ if isinstance(getattr(family, name), type)}
    assert public - {cls.__name__ for cls in LISTED} == {
        "Algorithm1",
        "Combinator",
        "Learner",
        "State",
        "VectorLearner",
    }


def test_a_game_drifts_as_its_rule():
    """From the middle of the interval, far from the ends."""
    learner = Adam(Constant(1e-4), 0.9, 0.99)
    game = play(learner, Periodic(FIGURE1), Box(), 101 * 100, checkpoints=[101 * 99 + 1])
    before = float(game.record.point[game.record.t.tolist().index(101 * 99 + 1), 0])
    assert (before - game.point[0]) / 1e-4 == pytest.approx(drift(learner, FIGURE1, 100), rel=1e-6)

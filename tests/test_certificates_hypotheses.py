"""What a theorem assumes: about which learners it is, and every condition, broken in one round after the other."""

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
import pytest
from certificate_pieces import Given, Tilted, hypothesis_of
from pieces import INTERVAL

import regretlab as rl
from regretlab.certificates import THEOREMS, Bound, CertificateViolated, certificates, certify, theorem
from regretlab.learners import Algorithm1
from regretlab.schedules import Constant, Geometric, Inverse, InverseSqrt, OneMinusInverse, Schedule, Values

L = rl.learners
SIGNS = Given(((1.0,), (-1.0,)))


def failing(name, learner, T=20, losses=SIGNS, F=INTERVAL):
    """The conditions of a theorem that fail, with the first round."""
    game = rl.play(learner, losses, F, T, ledger=True, compiled=False)
    return {h.name: h.first_violated for h in certify(game, name).hypotheses if not h.holds}


# -- every condition ----------------------------------------------------------------------------------------


def late(before, after, start):
    """A schedule that changes in round ``start``."""
    return Values(function=lambda t: np.where(t < start, before, after))


FROM = 1_217  # no checkpoint, and behind the first thousand rounds


@pytest.mark.parametrize(
    ("name", "learner", "expected"),
    [
        ("ogd", L.OGD(late(0.1, 0.2, FROM)), {"alpha_t non-increasing": FROM}),
        ("dual_averaging", L.DualAveraging(late(0.1, 0.2, FROM)), {"alpha_t non-increasing": FROM}),
        ("amsgrad_theorem4_iclr", L.AMSGrad(0.1, late(0.5, 0.6, FROM)), {"beta_{1,t} <= beta_{1,1} < 1": FROM}),
        ("adamnc_theorem5", L.AdamNC(0.1, late(0.5, 0.6, FROM)), {"beta_{1,t} <= beta_{1,1} < 1": FROM}),
        ("adamx_theorem51", L.AdamX(0.1, late(0.5, 0.6, FROM)), {"beta_{1,t} <= beta_{1,1} < 1": FROM}),
        ("nosadam", L.NosAdam(0.1, late(0.0, 0.5, FROM)), {"beta_1 = 0": FROM}),
        ("adagrad", L.AdamNC(0.1, late(0.0, 0.5, FROM)), {"beta_1 = 0": FROM}),
    ],
)
def test_schedules_are_checked_in_every_round(name, learner, expected):
    assert failing(name, learner, 1300) == expected


ROOT, CONSTANT = "alpha_t = alpha / sqrt(t)", "alpha_t = alpha"
STILL, DECAYS = "beta_{1,t} = beta_1 < 1", "beta_{1,t} = beta_1 lambda^{t-1}, lambda < 1"
SMALL, BETA2 = "beta_1 < sqrt(beta_2)", "beta_{2,t} = beta_2"
WEAK, MEAN = "v_t the mean of g_s^2", "beta_{2,t} = 1 - 1/t"
LAZY = Values(function=lambda t: 0.5 + 0.4 / t)
STRONG = Tilted(((1.0,), (-1.0,)), 2.0)


@pytest.mark.parametrize(
    ("name", "learner", "expected"),
    [
        ("ogd_root", L.OGD(Constant(0.1)), {ROOT}),
        ("ogd_constant", L.OGD(0.1), {CONSTANT}),
        ("ogd_centred", L.OGD(0.1), {CONSTANT, "F a ball, x_1 its centre"}),
        ("adagrad", L.AdaGrad(Constant(0.1)), {ROOT, WEAK}),
        ("adagrad", L.AdamNC(0.1, 0.0, 0.9), {WEAK}),
        ("adagrad", L.AdamNC(0.1, 0.0, LAZY), {WEAK}),
        ("adagrad_norm", L.AdaGradNorm(Constant(0.1)), {ROOT}),
        ("exponential_weights", L.ExponentiatedGradient(0.1), {CONSTANT}),
        ("amsgrad_schedule", L.AMSGrad(Inverse(0.1)), {ROOT}),
        ("amsgrad_schedule", L.AMSGrad(0.1, 0.9, 0.5), {SMALL}),
        ("amsgrad_schedule", L.AMSGrad(0.1, 0.1, LAZY), {BETA2, SMALL}),
        ("amsgrad_corollary1", L.AMSGrad(0.1, Inverse(0.5)), {DECAYS}),
        ("amsgrad_tran_phong", L.AMSGrad(0.1, 0.9), {DECAYS}),
        ("amsgrad_tran_phong_inverse", L.AMSGrad(0.1, Geometric(0.9, 0.5)), {"beta_{1,t} = beta_1 / t"}),
        ("amsgrad_constant_beta1", L.AMSGrad(0.1, Geometric(0.9, 0.5)), {STILL}),
        ("amsgrad_constant_beta1", L.AMSGrad(Constant(0.1)), {ROOT}),
        ("amsgrad_constant_beta1", L.AMSGrad(0.1, 0.9, 0.81), {SMALL}),
        ("amsgrad_constant_beta1_posterior", L.AMSGrad(0.1, Geometric(0.9, 0.5)), {STILL}),
        ("amsgrad_constant_beta1_posterior", L.AMSGrad(late(0.1, 0.2, 5)), {ROOT, "Gamma_t >= 0"}),
        ("adamnc_constant_beta1", L.AdamNC(0.1, 0.9, 0.9), {MEAN}),
        ("adamnc_constant_beta1", L.AdamNC(0.1, 0.9, OneMinusInverse(0.5)), {MEAN}),
        ("adamnc_constant_beta1", L.AdamNC(0.1, Geometric(0.9, 0.5)), {STILL}),
        ("adamnc_corollary2", L.AdamNC(0.1, 0.9), {DECAYS}),
        ("adamnc_corollary2", L.AdamNC(0.1, Geometric(0.9, 0.5), 0.9), {MEAN}),
        ("adamnc_theorem5", L.AdamNC(0.1, 0.9, 0.9), {"sqrt(v_t)/alpha_t >= ||g_{1:t}||/zeta"}),
        ("adamx_theorem51", L.AdamX(0.1, 0.9, 0.5), {SMALL}),
        ("adabound_savarese", L.AdaBound(0.1, Geometric(0.9, 0.5)), {STILL}),
        ("adabound_savarese", L.AdaBound(Constant(0.1)), {ROOT}),
        ("nosadam", L.NosAdam(0.1, 0.9), {"beta_1 = 0"}),
        ("nosadam", L.NosAdam(Constant(0.1), 0.0), {ROOT, "Gamma_t >= 0"}),
        ("sadam_constant_beta1", L.SAdam(Constant(99.0)), {"alpha_t = alpha/t"}),
        ("sadam_constant_beta1", L.SAdam(99.0, Geometric(0.9, 0.5)), {STILL}),
        ("sadam_constant_beta1", L.SAdam(99.0, beta2=0.9), {MEAN}),
        ("sadam_constant_beta1", L.SAdam(99.0, delta=Inverse(0.1)), {"delta constant"}),
        ("sadam_constant_beta1", L.SAdam(0.3), {"alpha >= G^2/mu"}),
        ("ogd_strongly_convex", L.OGD(Inverse(0.4)), {"alpha_t = 1/(mu t)"}),
        ("ogd_strongly_convex", L.OGD(0.5), {"alpha_t = 1/(mu t)"}),
        ("kingma_ba_theorem41", L.Adam(0.1, Geometric(0.9, 0.5), 0.5), {"beta_1^2 < sqrt(beta_2)"}),
        ("master", L.Adam(0.1, Geometric(0.9, 0.5)), {STILL}),
    ],
)
def test_each_condition_can_fail(name, learner, expected):
    weights = isinstance(learner, L.ExponentiatedGradient)
    losses = STRONG if "sadam" in name or "strongly" in name else Given(((1.0, 0.0),)) if weights else SIGNS
    assert failing(name, learner, 20, losses, rl.sets.Simplex(2) if weights else INTERVAL).keys() == expected


RULE, CONVEX, BOUNDED, G = "the rule of", "f_t convex", "F bounded", "||g_t||_inf <= G"
BELOW, NONE, MU = "beta_{1,t} <= beta_{1,1} < 1", "beta_1 = 0", "f_t mu-strongly convex"
THEOREM4 = [RULE, CONVEX, BOUNDED, G, ROOT, BELOW, BETA2, SMALL]
THEOREM5 = [RULE, CONVEX, BOUNDED, G, ROOT, BELOW]
FALLS, POSITIVE, AVERAGE = "alpha_t non-increasing", "alpha_t > 0", "m_t = beta_1 m_{t-1} + (1 - beta_1) g_t"
CONDITIONS = {
    "ogd": [RULE, CONVEX, BOUNDED, FALLS],
    "ogd_root": [RULE, CONVEX, BOUNDED, G, ROOT],
    "ogd_constant": [RULE, CONVEX, BOUNDED, G, CONSTANT],
    "ogd_centred": [RULE, CONVEX, BOUNDED, CONSTANT, "F a ball, x_1 its centre"],
    "ogd_strongly_convex": [RULE, MU, "alpha_t = 1/(mu t)"],
    "adagrad": [RULE, CONVEX, BOUNDED, ROOT, NONE, WEAK],
    "kingma_ba_theorem41": [RULE, CONVEX, BOUNDED, ROOT, BETA2, DECAYS, "beta_1^2 < sqrt(beta_2)"],
    "amsgrad_constant_beta1": [RULE, CONVEX, BOUNDED, STILL, ROOT, BETA2, SMALL],
    "amsgrad_constant_beta1_posterior": [RULE, CONVEX, BOUNDED, STILL, ROOT, "Gamma_t >= 0", AVERAGE],
    "adamnc_constant_beta1": [RULE, CONVEX, BOUNDED, STILL, ROOT, MEAN],
    "amsgrad_tran_phong": [*THEOREM4, DECAYS],
    "amsgrad_tran_phong_inverse": [*THEOREM4, "beta_{1,t} = beta_1 / t"],
    "adamx_theorem51": THEOREM4,
    "adabound_savarese": [RULE, CONVEX, BOUNDED, STILL, ROOT, "t/lower_t - (t-1)/upper_{t-1} <= M"],
    "adagrad_norm": [RULE, CONVEX, BOUNDED, ROOT],
    "dual_averaging": [RULE, CONVEX, BOUNDED, FALLS],
    "exponential_weights": [RULE, CONVEX, BOUNDED, FALLS],
    "master": [RULE, CONVEX, BOUNDED, POSITIVE, STILL],
    "master_schedule": [RULE, CONVEX, BOUNDED, POSITIVE, "beta_{1,t} >= 0"],
    "amsgrad_schedule": THEOREM4,
    "amsgrad_theorem4_submission": THEOREM4,
    "amsgrad_theorem4_iclr": THEOREM4,
    "amsgrad_theorem4_revised": THEOREM4,
    "amsgrad_corollary1": [*THEOREM4, DECAYS],
    "amsgrad_corollary1_iclr": [*THEOREM4, DECAYS],
    "amsgrad_corollary1_revised": [*THEOREM4, DECAYS],
    "amsgrad_corollary1_printed": [*THEOREM4, DECAYS],
    "adamnc_theorem5": [*THEOREM5, "sqrt(v_t)/alpha_t >= ||g_{1:t}||/zeta", "Gamma_t >= 0"],
    "adamnc_corollary2": [*THEOREM5, DECAYS, MEAN],
    "adamnc_corollary2_printed": [*THEOREM5, DECAYS, MEAN],
    "nosadam": [RULE, CONVEX, BOUNDED, ROOT, "Gamma_t >= 0", NONE],
    "sadam_constant_beta1": [
        RULE, BOUNDED, MU, "alpha >= G^2/mu", "alpha_t = alpha/t", STILL, MEAN, "delta constant"
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", THEOREMS)
def test_the_conditions_of_each_theorem(name):
    cls = THEOREMS[name].learners[0]
    learner = {"nosadam": L.NosAdam(0.1, 0.0), "exponential_weights": L.Hedge()}.get(name) or (
        L.OGD() if cls is Algorithm1 else cls()
    )
    F = rl.sets.Simplex(2) if cls is L.Hedge else rl.sets.Reals(1)
    losses = {L.Hedge: Given(((1.0, 0.0),)), L.SAdam: STRONG}.get(cls, SIGNS)
    found = certify(rl.play(learner, losses, F, 5, ledger=True), name)
    names = [h.name if not h.name.startswith(RULE) else RULE for h in found.hypotheses]
    assert names == CONDITIONS[name]
    if cls is not L.Hedge and BOUNDED in names:
        assert not hypothesis_of(found, BOUNDED).holds
        assert not found.certified


def test_a_stepsize_that_falls_slower_than_the_mean_is_no_adagrad():
    """v_t equals the mean of squares at the checkpoints, but not in between."""
    odd = Values(function=lambda t: np.where(t % 2 == 1, 0.9 - 0.9 * (t == 1), 1.0 - 1.0 / t))
    game = rl.play(L.AdamNC(0.5, 0.0, odd), SIGNS, INTERVAL, 9, checkpoints=[1], ledger=True)
    assert hypothesis_of(certify(game, "adagrad"), WEAK).holds  # the squares are equal: v_t is 1 always
    uneven = Given(((1.0,), (3.0,), (sqrt(5.0),)))
    halved = Values(function=lambda t: np.where(t == 2, 0.9, 1.0 - 1.0 / t) * (t != 3))
    game = rl.play(L.AdamNC(0.5, 0.0, halved), uneven, INTERVAL, 3, checkpoints=[1], ledger=True)
    assert not hypothesis_of(certify(game, "adagrad"), WEAK).holds


class Shrunk:
    """Boxes that understate a diameter."""

    @dataclass(frozen=True, eq=False)
    class Inf(rl.sets.Box):
        def diameter(self, norm=np.inf):
            return super().diameter(norm) * (0.5 if norm == np.inf else 1.0)

    @dataclass(frozen=True, eq=False)
    class Two(rl.sets.Box):
        def diameter(self, norm=np.inf):
            return super().diameter(norm) * (0.9 if norm == 2 else 1.0)

    @dataclass(frozen=True, eq=False)
    class Honest(rl.sets.Box):
        def diameter(self, norm=np.inf):
            return super().diameter(norm)


def test_a_diameter_that_is_too_small_is_found():
    low, high = np.array([-1.0, -1.0]), np.array([1.0, 0.5])
    losses = Given(((1.0, -1.0), (-2.0, 1.0)))
    assert failing("ogd", L.OGD(0.5), 9, losses, Shrunk.Honest(low, high)) == {}
    for cls in (Shrunk.Inf, Shrunk.Two):
        game = rl.play(L.OGD(0.5), losses, cls(low, high), 9, ledger=True, compiled=False)
        found = hypothesis_of(certify(game, "ogd"), BOUNDED)
        assert not found.holds
        assert "two points are 2 apart" in found.measured


def test_sadam_needs_a_stepsize_for_the_largest_gradient_of_the_game():
    late_spike = Tilted(((1.0,), (1.0,), (1.0,), (9.0,), (1.0,)), 2.0)
    learner = L.SAdam(30.0, delta=0.1)
    assert failing("sadam_constant_beta1", learner, 3, late_spike) == {}
    assert failing("sadam_constant_beta1", learner, 5, late_spike) == {"alpha >= G^2/mu": None}


def test_only_strongly_convex_losses_have_their_theorems():
    @dataclass(frozen=True)
    class Boasts(Tilted):
        """Says it is ten times as curved as it is."""

        def value(self, t, x):
            return float(Tilted(self.rows, self.mu / 10.0).value(t, x))

        def gradient(self, t, x):
            return Tilted(self.rows, self.mu / 10.0).gradient(t, x)

    for F in (INTERVAL, rl.sets.Reals(1)):
        game = rl.play(L.OGD(Inverse(0.5)), Boasts(((1.0,), (-1.0,)), 2.0), F, 20)
        found = certify(game, "ogd_strongly_convex")
        assert hypothesis_of(found, "f_t mu-strongly").first_violated == 1
        assert not found.certified
        honest = rl.play(L.OGD(Inverse(0.5)), STRONG, F, 20)
        assert certify(honest, "ogd_strongly_convex").certified
    assert failing("ogd_strongly_convex", L.OGD(Inverse(0.5))).keys() == {
        "f_t mu-strongly convex",
        "alpha_t = 1/(mu t)",
    }


def test_no_momentum_is_momentum_that_decays_at_once():
    """With beta_1 = 0 the corollaries are Theorem 4 and 5 without their second terms, also by beta_1 = 0/t."""
    game = rl.play(L.AMSGrad(0.5, 0.0, 0.9), rl.losses.Mod3(), INTERVAL, 50)
    for name in ("amsgrad_corollary1_iclr", "amsgrad_corollary1_revised"):
        found = certify(game, name)
        assert found.certified
        assert found.total == pytest.approx(certify(game, "amsgrad_theorem4_iclr").total, rel=1e-12)
    unit, root = 4.0 * 3.0 / (2 * 0.5), sqrt(50.0)  # d D^2 G/(2 alpha); t0 = 1
    last = certify(game, "amsgrad_theorem4_iclr").terms["alpha L_T N"]
    assert certify(game, "amsgrad_tran_phong").total == pytest.approx(unit * (1.0 + root) + unit + last, rel=1e-12)
    inverse = certify(game, "amsgrad_tran_phong_inverse")
    assert inverse.certified
    assert inverse.total == pytest.approx(unit * (1.0 + root) + 2.0 * unit * root + last, rel=1e-12)
    mean = rl.play(L.AdamNC(0.5, 0.0), rl.losses.Mod3(), INTERVAL, 50)
    assert certify(mean, "adamnc_corollary2").certified
    starts = L.AMSGrad(0.5, late(0.0, 0.5, 2))
    assert failing("amsgrad_corollary1", starts) == {DECAYS: None, "beta_{1,t} <= beta_{1,1} < 1": 2}
    assert failing("amsgrad_tran_phong_inverse", starts).keys() == {
        "beta_{1,t} = beta_1 / t",
        "beta_{1,t} <= beta_{1,1} < 1",
    }


# -- values that a class allows and a theorem does not --------------------------------------------------------


def test_hyperparameters_outside_the_range_of_a_theorem():
    every = L.AMSGrad.ranges["alpha"]._replace(text="any", holds=np.isfinite)

    @dataclass(frozen=True)
    class Wild(L.AMSGrad):
        ranges = {"alpha": every, "beta1": every, "beta2": every}

    for values, condition in (
        ({"beta1": 1.5}, STILL), ({"beta1": -0.5}, STILL), ({"beta2": 1.5}, BETA2), ({"beta2": -0.5}, BETA2),
        ({"alpha": -0.1}, ROOT),
    ):  # fmt: skip
        learner = Wild(**{"alpha": 0.1, "beta1": 0.5, "beta2": 0.9, **values})
        try:
            game = rl.play(learner, SIGNS, INTERVAL, 5, ledger=True, compiled=False)
        except rl.GameError:
            continue  # no metric, or an overflow
        covered = () if condition == BETA2 else ("master",)  # it holds for any metric
        for name in ("amsgrad_constant_beta1", "amsgrad_schedule", *covered):
            assert not certify(game, name).certified, (values, name)
        assert not hypothesis_of(certify(game, "amsgrad_constant_beta1"), condition).holds


# -- of which learners -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MyDefaults(L.AMSGrad):
    """AMSGrad with a constant stepsize, other defaults, and a field of its own that its ``check`` reads."""

    alpha: float = 0.5
    stepsize = Constant

    def check(self, losses):
        assert losses.dimension < 10


@dataclass(frozen=True)
class SameRule(Algorithm1):
    """Another class with the rule of AMSGrad."""

    beta1: float = 0.9
    beta2: float = 0.99
    rule = staticmethod(L.AMSGrad.rule)


@dataclass(frozen=True)
class Warm(InverseSqrt):
    """Another schedule, though a subclass."""

    def shape(self, t):
        return np.minimum(1.0, t / 10.0)


@dataclass(frozen=True)
class Slow(InverseSqrt):
    """InverseSqrt with another default."""

    scale: float = 0.01


def test_subclasses_with_other_values_keep_their_theorems():
    for learner in (MyDefaults(InverseSqrt(0.1)), SameRule(0.1), L.AMSGrad(Slow())):
        found = {each.theorem.name: each.certified for each in certificates(rl.play(learner, SIGNS, INTERVAL, 30))}
        assert found["amsgrad_schedule"]
        assert found["amsgrad_constant_beta1_posterior"]
        assert found["master"]
    assert failing("amsgrad_schedule", MyDefaults()) == {ROOT: None}
    assert failing("amsgrad_schedule", L.AMSGrad(Warm(0.1))) == {ROOT: None}
    assert THEOREMS["adagrad"].fits(L.AdamNC())
    assert THEOREMS["adamnc_theorem5"].fits(L.Adam(0.1, 0.9, OneMinusInverse()))


class Changes:
    """Subclasses that play something else than their parents."""

    @dataclass(frozen=True)
    class Up(L.AMSGrad):
        @staticmethod
        def rule(g, m, v, vhat, beta1, beta2):
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g * g
            vhat = max(vhat, v)
            return (m, v, vhat), -m, sqrt(vhat)

    @dataclass(frozen=True)
    class Forgets(Algorithm1):
        """Has a hyperparameter in place of the maximum, and keeps beta1 between rounds."""

        beta2: float = 0.99
        vhat: float = 1.0
        rule = staticmethod(L.AMSGrad.rule)

    @dataclass(frozen=True)
    class Norm(L.AdaGradNorm):
        def step(self, t, g, x, moments, F):
            return super().step(t, -g, x, moments, F)

    @dataclass(frozen=True)
    class Dual(L.DualAveraging):
        def value(self, name, t):
            return 2.0 * super().value(name, t)


@pytest.mark.parametrize(
    ("learner", "names"),
    [
        (Changes.Up(0.5, 0.0), {"master", "master_schedule"}),
        (Changes.Forgets(0.5), {"master", "master_schedule"}),
        (L.WithEpsilon(L.AMSGrad()), {"master", "master_schedule"}),
        (L.BiasCorrected(L.AMSGrad()), {"master", "master_schedule"}),
        (L.AdaShift(n=2), {"master", "master_schedule"}),
        (L.TorchAMSGrad(), {"master", "master_schedule"}),
        (Changes.Norm(), set()),
        (Changes.Dual(), set()),
        (L.L2Penalty(L.AMSGrad()), set()),
        (L.AdamX(), {"adamx_theorem51", "master", "master_schedule"}),
        (L.AdaBound(), {"adabound_savarese", "master", "master_schedule"}),
        (L.OnlineNewtonStep(), set()),
    ],
)
def test_a_theorem_is_about_what_is_played(learner, names):
    assert {name for name, each in THEOREMS.items() if each.fits(learner)} == names


def overriding(base, **body):
    """A subclass, or None if the class cannot be made."""
    try:
        return dataclass(frozen=True)(type("Own", (base,), body))
    except TypeError:
        return None


@pytest.mark.parametrize("base", [L.OGD, L.AMSGrad, L.AdaBound, L.AdaGradNorm, L.Hedge, L.DualAveraging])
@pytest.mark.parametrize(
    "name",
    [
        "start", "update", "signature", "given", "schedules", "moment_names", "binding", "binding_with_ledger",
        "step", "ledger_names", "with_ledger", "value", "_sums",
    ],
)  # fmt: skip
def test_whoever_overrides_a_method_has_no_theorem_or_no_class(base, name):
    inherited = getattr(base, name, None)
    if inherited is None:
        return
    body = lambda self, *args, **more: inherited(self, *args, **more)  # noqa: E731
    if isinstance(inherited, property | cached_property):
        body = property(lambda self: inherited.__get__(self, type(self)))
    if name == "moment_names" and isinstance(inherited, tuple):
        body = (*inherited, "more")
    cls = overriding(base, **{name: body})
    if cls is not None:
        fitting = {key for key, each in THEOREMS.items() if each.fits(cls())}
        assert fitting <= {"master", "master_schedule"}
        covered = {"signature", "given", "schedules", "moment_names"}  # for the proof of the master inequality
        assert name in covered or not fitting


def test_a_theorem_about_a_class_that_overrides_update_is_about_that_class():
    class Halved(L.OGD):
        def update(self, state, gradient):
            return super().update(state, 0.5 * np.asarray(gradient, float))

    @theorem("me (2026)", Halved)
    def halved(q):
        "R_T <= d D G T."
        return Bound({"d D G T": q.d * q.D * q.G * q.t}, [q.convex(), q.bounded()])

    try:
        assert THEOREMS["halved"].fits(Halved())
        assert not THEOREMS["halved"].fits(L.OGD())
        assert not any(THEOREMS[name].fits(Halved()) for name in ("ogd", "ogd_root", "master"))
    finally:
        del THEOREMS["halved"]


# -- a losing bound ---------------------------------------------------------------------------------------------


@pytest.fixture
def too_small():
    @theorem("nobody (2026)", L.OGD)
    def no_regret(q):
        "R_T <= 0."
        return Bound({"0": 0.0 * q.t}, [q.convex()])

    yield
    del THEOREMS["no_regret"]


@pytest.mark.usefixtures("too_small")
def test_a_losing_bound_is_an_error():
    game = rl.play(L.OGD(), rl.losses.Mod3(), INTERVAL, 20)
    message = r"round 1: the regret of OGD.* on Mod3.* is 3, above the bound 0 of no_regret, whose hypotheses hold"
    for ask in (lambda: certify(game), lambda: certify(game, "no_regret"), lambda: certificates(game), game.certify):
        with pytest.raises(CertificateViolated, match=message) as raised:
            ask()
        found = raised.value.certificate
        assert not found.certified
        assert found.applies
        assert found.violations.index[0] == 1
        assert "certified" not in repr(found).splitlines()[0].replace("not certified", "")
    assert certify(game, "ogd").certified


# -- the same game ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moody(Schedule):
    """Steps that depend on a list."""

    moods: tuple = ([0.1],)

    def shape(self, t):
        return np.full(t.shape, self.moods[0][0])


@pytest.mark.parametrize("ask", [lambda g: g.certify(), lambda g: g.diagnose(), lambda g: g.interval_regret()])
def test_another_game_the_second_time_is_an_error(ask):
    moods = [0.1]
    learner = L.OGD(Moody(1.0, (moods,)))
    game = rl.play(learner, rl.losses.Mod3(), INTERVAL, 20)
    assert ask(game) is not None
    longer = rl.play(L.OGD(Moody(1.0, (moods,))), rl.losses.Mod3(), INTERVAL, 20)
    moods[0] = 0.3
    with pytest.raises(ValueError, match=r"played again, OGD\(alpha=Moody.* against Mod3.* paid"):
        ask(longer)

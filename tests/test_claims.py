"""Twenty common claims about AMSGrad that are wrong or imprecise, with a computation that shows why for each but one.

The order is that of "Common wrong claims" in paper_notes.md, and the numbers there are computed here (``noted``).
"""

import math
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pytest
from noted import noted
from periodic_patterns import mod3
from pieces import INTERVAL
from scipy import optimize

from regretlab import losses, play
from regretlab.analysis.periodic import adam_drift as drift
from regretlab.analysis.periodic import beta2_star as boundary
from regretlab.certificates import certify
from regretlab.learners import (
    OGD,
    AdaBound,
    Adam,
    AdamNC,
    Algorithm1,
    AMSBound,
    AMSGrad,
    BiasCorrected,
    DecoupledWeightDecay,
    EpsilonInsideRoot,
    L2Penalty,
    Padam,
    TorchAdam,
    TorchAMSGrad,
    WithEpsilon,
)
from regretlab.schedules import Constant, Geometric, InverseSqrt, OneMinusInverse
from regretlab.sets import Reals

ALTERNATING = losses.Periodic([1.0, -1.0])
LINE = Reals(1)


def average(game):
    """R_T/T."""
    return float(game.regret["average_regret"].iloc[-1])


def end(game):
    """x_{T+1} in one dimension."""
    return float(game.point[0])


def doubling(blocks):
    """Signs in blocks of length 1, 2, 4, ..."""
    return losses.Periodic(np.concatenate([(-1.0) ** k * np.ones(2**k) for k in range(blocks)]))


def after(learner, gradients, F=LINE, start=0.0):
    """The learner's state after these gradients, updated one by one."""
    state = learner.start(F, [start])
    for g in gradients:
        state = learner.update(state, [g])
    return state


# -- 1 to 5: what the algorithm is and what is proved of it -------------------------------------------


def test_claim_01_nc_is_for_no_correction():
    """NC: beta_{2,t} is not constant. With or without a correction Adam goes to the wrong end, AdamNC does not."""
    assert AdamNC().schedules["beta2"] == OneMinusInverse()
    g = [3.0, -1.0, 4.0, -1.0, 5.0]
    assert float(after(AdamNC(), g).moments["v"][0]) == pytest.approx(np.mean(np.square(g)), rel=1e-15)
    adam, adamnc, corrected = (
        play(learner, losses.ReddiOnline(), INTERVAL, 1_000_000)
        for learner in (Adam(0.5), AdamNC(0.5), BiasCorrected(Adam(0.5)))
    )
    assert min(end(adam), end(corrected)) > 0.99
    assert end(adamnc) < -0.9


def test_claim_02_sqrt_regret_with_a_constant_stepsize():
    """On x, -x, ... R_T/T tends to alpha (1-beta1)/(2(1+beta1)) with a constant stepsize, to 0 with alpha/sqrt(t)."""
    constant, decaying = (play(AMSGrad(alpha), ALTERNATING, INTERVAL, 10**6) for alpha in (Constant(1.0), 1.0))
    assert average(constant) == noted("R_T/T of a constant stepsize")
    assert average(constant) == pytest.approx(1.0 / 38.0, rel=1e-3)
    assert average(decaying) < 0.01 * average(constant)
    assert certify(constant).growth == pytest.approx(1.0, abs=0.01)
    assert certify(decaying).growth == pytest.approx(0.5, abs=0.01)
    unbounded = certify(play(AMSGrad(1.0), ALTERNATING, LINE, 100), "amsgrad_schedule")
    assert unbounded.total == math.inf


def test_claim_03_a_bound_without_its_constants():
    """1/((1-beta1)^2 (1-gamma) sqrt(1-beta2)) at the usual betas; d, gamma < 1 and sqrt(ln T) matter as well."""
    b1, b2 = 0.9, 0.999
    T, alpha = 1000, 0.5
    game = play(AMSGrad(alpha, Geometric(b1, 0.5), b2), ALTERNATING, INTERVAL, T)
    L_N = sqrt(1.0 + math.log(T)) * sqrt(T)
    printed = certify(game, "amsgrad_theorem4_iclr").terms["alpha L_T N"] / (alpha * L_N)
    assert printed == noted("1/((1-beta1)^2 (1-gamma) sqrt(1-beta2))")
    constant = certify(play(AMSGrad(alpha, b1, b2), ALTERNATING, INTERVAL, T), "amsgrad_constant_beta1")
    assert constant.terms["alpha L_T N"] / (alpha * L_N) == noted("1/sqrt((1-beta2)(1-beta1^2/beta2))")
    pair = play(AMSGrad(alpha, Geometric(b1, 0.5), b2), losses.Periodic([[1.0, 1.0], [-1.0, -1.0]]), INTERVAL, T)
    for name in ("amsgrad_theorem4_iclr", "amsgrad_corollary1"):
        assert certify(pair, name).total == pytest.approx(2.0 * certify(game, name).total, rel=1e-12)  # d = 2
        beyond = certify(play(AMSGrad(alpha, Geometric(b1, 0.5), 0.81), ALTERNATING, INTERVAL, 10), name)
        assert not beyond.certified  # gamma = 1
        assert beyond.total == math.inf


def test_claim_04_the_maximum_of_all_squared_gradients():
    """vhat is the maximum of the averages v_t: after one spike (1 - beta2) g^2; the rate is 31.6 times larger."""
    spike = 7.0
    vhat = float(after(AMSGrad(beta2=0.999), [spike] + [0.0] * 50).moments["vhat"][0])
    assert vhat / spike**2 == noted("vhat/g^2 after a spike")
    assert sqrt(spike**2 / vhat) == noted("rate after a spike, of that for max g^2")


def test_claim_05_average_regret_tends_to_zero():
    """Signs in doubling blocks: R_T/T goes to -2/3, and x_T from one end to the other for ever."""
    games = [play(AMSGrad(1.0), doubling(n), INTERVAL, 2**n - 1) for n in (15, 16, 20)]
    assert average(games[1]) == noted("R_T/T on doubling blocks, T = 65535")
    assert average(games[2]) == pytest.approx(-2.0 / 3.0, abs=0.01)
    assert [end(game) for game in games[:2]] == [-1.0, 1.0]


# -- 6 to 8: the counterexample ------------------------------------------------------------------------


def test_claim_06_adam_fails_on_the_mod_3_sequence():
    """Not with the usual betas: there h > 0, and Adam goes to -1. It takes beta2 < beta2* and a small beta1."""
    assert drift(mod3(3.0), 0.9, 0.999) == noted("h at (0.9, 0.999)")
    assert drift(mod3(3.0), 0.0, 0.1) == noted("h at (0, 0.1)")
    assert boundary(3.0) == noted("beta2* at C = 3")
    usual = play(Adam(0.5, 0.9, 0.999), losses.Mod3(3.0), INTERVAL, 100_000)
    assert end(usual) < -0.99
    assert average(usual) < 1e-3
    # momentum rescues it too: for beta1 = 0.5 no beta2 makes it fail at C = 3
    assert min(drift(mod3(3.0), 0.5, b) for b in np.linspace(0.001, 0.999, 200)) > 0.0
    # without a feasible set there is no best point to compare with
    nowhere = play(Adam(0.5, 0.0, 0.1), losses.Mod3(3.0), LINE, 3000)
    with pytest.raises(ValueError, match="unbounded"):
        _ = nowhere.regret


def test_claim_07_adam_fails_by_overshooting():
    """The large gradient moves x by less than the two small ones together, as v_t contains it. Gamma_t < 0."""
    alpha = 0.5
    game = play(
        Adam(Constant(alpha), beta1=0.0, beta2=0.1), losses.Mod3(3.0), LINE, 60, checkpoints=[58, 59, 60], ledger=True
    )
    x = np.append(game.record.point[-3:, 0], game.point[0])
    down, up, more = np.diff(x) / alpha
    assert -down == noted("way down in a period")
    assert up + more == noted("way up in a period")
    assert game.state.ledger["least"][0] < 0.0
    assert down > -1.0 / sqrt(0.9)  # no step is longer than alpha / sqrt(1 - beta2)


def test_claim_08_eps_cures_it():
    """eps shifts the boundary on one problem, inside the root and outside by different amounts; scaling undoes it."""

    def h(eps, inside):
        b, g = 0.1, np.array([3.0, -1.0, -1.0])
        v = [sum(b**j * g[k - j] ** 2 for j in range(3)) * (1.0 - b) / (1.0 - b**3) for k in range(3)]
        return float(sum(g[k] / (sqrt(v[k] + eps) if inside else sqrt(v[k]) + eps) for k in range(3)))

    adam = Adam(0.5, beta1=0.0, beta2=0.1)
    for wrap, inside, name in (
        (WithEpsilon, False, "eps outside the root"),
        (EpsilonInsideRoot, True, "eps inside the root"),
    ):
        star = optimize.brentq(h, 1e-9, 50.0, args=(inside,), xtol=1e-13)
        assert star == noted(name)
        for eps, wrong in ((0.8 * star, True), (1.25 * star, False)):
            game = play(wrap(adam, eps=eps), losses.Mod3(3.0), INTERVAL, 300_000)
            assert (end(game) > 0.9) == wrong
            assert (end(game) < -0.9) != wrong
            s = 100.0  # the same eps, the slopes a hundred times as large: it fails again
            scaled = play(wrap(adam, eps=eps), losses.Periodic([3.0 * s, -s, -s]), INTERVAL, 30_000)
            assert end(scaled) > 0.9


# -- 9 to 12: what implementations do ------------------------------------------------------------------


@dataclass(frozen=True)
class FirstMomentCorrected(Algorithm1):
    """m_t / (1 - beta1^t) over sqrt(vhat_t): bias correction of m alone."""

    alpha: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.999

    @staticmethod
    def rule(g, m, v, vhat, c, beta1, beta2):
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        vhat = max(vhat, v)
        c = beta1 * c + (1.0 - beta1)
        return (m, v, vhat, c), m / c, sqrt(vhat)


def test_claim_09_bias_correction_of_m_alone_is_the_original():
    """The first step, in units of alpha: paper, m alone corrected, both corrected."""
    for learner, name in (
        (AMSGrad(1.0, 0.9, 0.999), "first step in the paper"),
        (FirstMomentCorrected(1.0), "first step with m corrected"),
        (TorchAMSGrad(1.0, eps=0.0), "first step in PyTorch"),
    ):
        assert -float(after(learner, [5.0]).point[0]) == noted(name)


def rates(rule, gradients, b1=0.9, b2=0.999):
    """m'_t / (m_t W_t) after each gradient, for a step m'_t / W_t with alpha_t = 1: the factor of the average m_t."""
    moments, found = (0.0,) * 5, []
    for g in gradients:
        moments, m, w = rule(g, *moments, b1, b2, 0.0)
        found.append(m / moments[0] / w)
    return np.array(found)


def test_claim_10_torch_amsgrad_is_the_papers():
    """After a spike its rate has the factor sqrt(1 - beta2^t)/(1 - beta1^t), which falls, then rises 6.57 times."""
    rate = rates(TorchAMSGrad.rule, [100.0] + [0.01] * 20_000)
    factor = rate * sqrt(0.001) * 100.0  # vhat_t = (1 - beta2) 100^2 from round 1 on
    t = 1 + int(factor.argmin())
    assert t == noted("round of the least factor")
    for at, name in ((1, "factor at t = 1"), (12, "factor at t = 12"), (1000, "factor at t = 1000")):
        assert factor[at - 1] == noted(name)
    assert factor[-1] / factor.min() == noted("rise of the rate")


def test_claim_11_the_effective_stepsize_only_falls():
    """True of AMSGrad; false of PyTorch's with a constant stepsize; with alpha/sqrt(t) true of it again.

    t/(1 - beta2^t) increases, so that vhat_t t/(1 - beta2^t) does not fall; and |m_t| <= (1 - beta1^t) G
    makes sum |e_t| <= 2 beta1 G/(1 - beta1).
    """
    rng = np.random.default_rng(7)
    gradients = rng.standard_normal(2000) * 10.0 ** rng.integers(-3, 3, 2000)
    gradients[0] = 1e4
    sequence = losses.Periodic(gradients)
    falls = {
        (cls, kind): play(cls(alpha), sequence, INTERVAL, 2000, ledger=True).state.ledger["falls"][0]
        for cls in (AMSGrad, TorchAMSGrad)
        for kind, alpha in (("constant", Constant(0.1)), ("root", InverseSqrt(0.1)))
    }
    assert falls[AMSGrad, "constant"] == falls[AMSGrad, "root"] == 0
    assert falls[TorchAMSGrad, "constant"] == noted("rounds with a falling metric, of 2000")
    assert falls[TorchAMSGrad, "root"] == 0
    corrected = play(TorchAMSGrad(InverseSqrt(0.1)), sequence, INTERVAL, 2000, ledger=True).state.ledger
    assert 0.0 < corrected["mismatch"][0] <= 2.0 * 0.9 / (1.0 - 0.9) * corrected["largest"][0]
    t = np.arange(1.0, 1e5)
    for b2 in (0.1, 0.9, 0.999):
        assert (np.diff(t / (1.0 - b2**t)) > 0.0).all()


def test_claim_12_weight_decay_is_weight_decay():
    """From x = 1, one round with g = 0: as an L2 penalty Adam makes a full step of it, decoupled it is decay."""
    adam = TorchAdam(Constant(0.1), eps=0.0)
    assert float(after(L2Penalty(adam, decay=0.01), [0.0], start=1.0).point[0]) == noted("x_2 with the L2 penalty")
    decoupled = after(DecoupledWeightDecay(adam, decay=0.01), [0.0], start=1.0)
    assert float(decoupled.point[0]) == noted("x_2 with decoupled decay")


# -- 13 to 20: around it ---------------------------------------------------------------------------------


def test_claim_13_a_third_more_memory():
    """Numbers per parameter: Adam keeps m, v and AMSGrad m, v, vhat; a third more only if the parameter is counted."""
    adam, amsgrad = len(Adam().moment_names), len(AMSGrad().moment_names)
    assert adam == noted("numbers kept by Adam")
    assert amsgrad == noted("numbers kept by AMSGrad")
    more = [100.0 * (amsgrad - adam) / (adam + other) for other in (0, 1, 2)]
    assert more == pytest.approx([50.0, 100.0 / 3.0, 25.0])


def test_claim_14_adabound_is_amsgrad_with_bounds():
    """AdaBound clips alpha/sqrt(v_t), AMSBound alpha/sqrt(vhat_t); with idle bounds AdaBound is Adam and fails."""
    wide = {"lower": 1e-9, "upper": 1e9}
    T = 3000
    for bounded, plain in ((AdaBound, Adam), (AMSBound, AMSGrad)):
        two = [
            play(learner, losses.Mod3(3.0), INTERVAL, T, start=[1.0], checkpoints=range(1, T + 1))
            for learner in (bounded(0.5, 0.0, 0.1, **wide), plain(0.5, 0.0, 0.1))
        ]
        assert two[0].record.point.tolist() == two[1].record.point.tolist()
        assert (average(two[0]) > 2.0 / 3.0) == (plain is Adam)
    t = np.arange(1, 10**6)
    schedules = AdaBound(beta2=0.999).schedules
    lower, upper = schedules["lower"](t), schedules["upper"](t)
    M = float(np.max(t / lower - np.append(0.0, t[:-1] / upper[:-1])))
    limit = (1.0 + 2.0 / (1.0 - 0.999)) / 0.1
    assert limit == noted("M for AdaBound's default bounds")
    assert M == pytest.approx(limit, rel=1e-2)
    assert limit > M


def test_claim_15_amsgrads_rate_starts_below_adams():
    """A corrected v beside an uncorrected maximum: at t = 1 the rates differ by 1/sqrt(1 - beta2) by construction."""
    _, _, of_adam = TorchAdam.rule(2.0, 0.0, 0.0, 0.0, 0.0, 0.9, 0.999, 0.0)
    _, _, of_amsgrad = AMSGrad.rule(2.0, 0.0, 0.0, 0.0, 0.9, 0.999)
    assert of_adam / of_amsgrad == noted("ratio of the rates at t = 1")


def test_claim_16_a_falling_loss_is_falling_regret():
    """f_t(x) = x^2 + n_t x, n_t = 6, -1, ..., -1 of period 7: of two learners one has less x_t^2 and more regret."""
    T = 7 * 2000
    noise = np.array([6.0] + [-1.0] * 6)
    sequence = losses.PeriodicQuadratics(-0.5 * noise, mu=2.0)  # (x + n_t/2)^2: the same up to n_t^2/4
    squares, averages = [], []
    for alpha in (Constant(0.1), 0.5):
        game = play(AMSGrad(alpha, 0.9, 0.999), sequence, INTERVAL, T, checkpoints=range(1, T + 1))
        x = game.record.point[:, 0]
        regret = math.fsum(x**2 + np.tile(noise, T // 7) * x)  # the best point is 0, as the noise has mean 0
        assert game.regret_against([0.0])["regret"].iloc[-1] == pytest.approx(regret, rel=1e-9)
        squares.append(np.mean(x**2))
        averages.append(regret / T)
    assert squares[0] == noted("mean of x_t^2 with noise")
    assert averages[0] == noted("R_T/T with noise")
    assert squares[0] < squares[1]
    assert averages[0] > 5.0 * averages[1]


def test_claim_17_x_mod_3():
    """Rounds are counted from 1, and the root is taken: otherwise the first step and R_1 are others."""
    for sequence, first in ((losses.Mod3(3.0), 3.0), (losses.ReddiOnline(), 1010.0)):
        game = play(OGD(1.0), sequence, INTERVAL, 1, start=[1.0])
        assert float(game.regret["regret"].iloc[0]) == 2.0 * first
        assert float(sequence.block(1, 2, 0)[0, 0]) == first
    late = losses.Periodic([-1.0, 3.0, -1.0])  # t = 0, 1, 2: what a loop from 0 plays
    assert float(play(OGD(1.0), late, INTERVAL, 1, start=[1.0]).regret["regret"].iloc[0]) == 0.0
    adam = Adam(1.0, 0.0, 0.1)
    for s in (1.0, 50.0):  # m/sqrt(v) does not see the unit of the gradients; m/v does
        assert after(adam, [s]).point == pytest.approx(after(adam, [1.0]).point, rel=1e-15)


def test_claim_18_the_evaluation_of_amsgrad_that_is_padam():
    """The paper that is cited for it proposes Padam, whose member p = 1/2 is AMSGrad."""
    two = [
        play(learner, losses.ReddiOnline(), INTERVAL, 500, checkpoints=range(1, 501)).record.point
        for learner in (Padam(0.5, p=0.5), AMSGrad(0.5))
    ]
    np.testing.assert_allclose(*two, rtol=0.0, atol=1e-13)
    assert "arXiv:1806.06763" in (Padam.__doc__ or "")


def test_claim_20_gradients_are_bounded():
    """Not those of x^2 on the whole line: with alpha = 1.1 they grow by 1.2 in each round. On an interval they are."""
    square = losses.PeriodicQuadratics([0.0], mu=2.0)
    wild = play(OGD(Constant(1.1)), square, LINE, 50, start=[1.0], ledger=True)
    assert wild.state.ledger["largest"][0] == pytest.approx(2.0 * 1.2**49, rel=1e-9)
    certificate = certify(wild, "ogd_constant")
    assert not certificate.certified
    assert [h.name for h in certificate.hypotheses if not h.holds] == ["F bounded"]
    tame = play(OGD(Constant(1.1)), square, INTERVAL, 50, start=[1.0], ledger=True)
    assert tame.state.ledger["largest"][0] <= 2.0
    assert certify(tame, "ogd_constant").certified

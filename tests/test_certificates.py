"""Certificates: no game breaks a theorem, and what is false is found to be false."""

import math

import numpy as np
import pytest
from certificate_pieces import Given, Pursuing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pieces import INTERVAL, cube

import regretlab as rl
from regretlab import play
from regretlab.certificates import THEOREMS, Quantities, certificates, certify
from regretlab.certificates.certificate import TOLERANCE
from regretlab.schedules import Constant, Geometric, Inverse, InverseSqrt, OneMinusInverse, Values

TRUE = [name for name, each in THEOREMS.items() if each.true]


positive = st.floats(0.01, 10.0)
below_one = st.floats(0.0, 0.99)
inside = st.floats(0.01, 0.999)
beta1s = st.one_of(
    below_one,
    st.builds(Geometric, below_one, st.floats(0.0, 0.99)),
    st.builds(Inverse, below_one),
    st.just(Values(function=lambda t: 0.5 + 0.4 * np.cos(t))),
)
alphas = st.one_of(
    positive, st.builds(Constant, positive), st.builds(Inverse, positive), st.builds(InverseSqrt, positive)
)


@st.composite
def learners(draw):
    root = draw(st.sampled_from([True, True, True, False]))
    alpha = draw(positive if root else alphas)
    beta1 = draw(st.one_of(beta1s, st.sampled_from([0.0, 0.9])))
    beta2 = draw(inside)
    L = rl.learners
    kind = draw(st.sampled_from([
        "OGD", "AdaGrad", "RMSProp", "Adam", "AMSGrad", "AMSGrad", "AdamNC", "AdamX", "AdaBound", "AMSBound",
        "Padam", "NosAdam", "Yogi", "ADOPT", "DelayedAdam", "AdaBelief",
    ]))  # fmt: skip
    cls = getattr(L, kind)
    if kind in ("OGD", "AdaGrad"):
        return cls(alpha=alpha)
    if kind == "RMSProp":
        return cls(alpha=alpha, beta2=beta2)
    if kind == "AdamNC":
        return cls(alpha=alpha, beta1=beta1, beta2=draw(st.sampled_from([OneMinusInverse(), 0.9])))
    if kind == "NosAdam":
        return cls(alpha=alpha, beta1=beta1)
    if kind in ("AdaBound", "AMSBound"):
        bounds = draw(st.sampled_from([{}, {"lower": 0.05, "upper": 5.0}]))
        return cls(alpha=alpha, beta1=beta1, beta2=beta2, **bounds)
    return cls(alpha=alpha, beta1=beta1, beta2=beta2)


numbers = st.sampled_from([0.0, 0.0, 1.0, -1.0, 0.1, -0.3, 30.0, -1000.0])


@st.composite
def sequences(draw, d):
    kind = draw(st.sampled_from(["given", "given", "given", "random", "opposing", "pursuing", "quadratic"]))
    if kind == "given":
        rows = draw(st.lists(st.lists(numbers, min_size=d, max_size=d).map(tuple), min_size=1, max_size=12))
        return Given(tuple(rows))
    if kind == "random":
        return rl.losses.Rademacher(d=d)
    if kind == "opposing":
        return rl.losses.SignAdversary(d=d, slope=draw(positive))
    if kind == "pursuing":
        return Pursuing(d, draw(st.integers(1, 12)))
    return rl.losses.CirclingQuadratics(radius=draw(positive), period=draw(st.integers(2, 20)), d=d, mu=draw(positive))


@st.composite
def sets(draw, d):
    corner, size = draw(st.floats(-2.0, 0.0)), draw(positive)
    return draw(st.sampled_from([
        rl.sets.Box(np.full(d, corner), np.full(d, corner + size)),
        rl.sets.L2Ball(size, np.full(d, corner)),
        rl.sets.L1Ball(size, d),
        rl.sets.Simplex(d, size),
        rl.sets.LinfBall(size, dimension=d),
        rl.sets.Product(*[rl.sets.Box(np.array([corner]), np.array([corner + size]))] * d),
    ]))  # fmt: skip


def proven(game):
    """(name, bound at the checkpoints) of every true theorem whose hypotheses hold for the game."""
    q = Quantities(game.with_ledger(), game.regret.index.to_numpy())
    for name in (name for name in TRUE if THEOREMS[name].fits(game.learner)):
        with np.errstate(all="ignore"):
            terms, hypotheses = THEOREMS[name].evaluate(q)
        if all(h.holds for h in hypotheses):
            yield name, sum(terms.values())


@settings(max_examples=2000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data(), learners(), st.integers(1, 3), st.integers(1, 48))
def test_no_game_breaks_a_theorem(data, learner, d, T):
    F = data.draw(sets(d))
    losses = data.draw(sequences(d))
    game = play(learner, losses, F, T, ledger=True, compiled=False, checkpoints=range(1, T + 1))
    frame = game.regret
    regret = frame["regret"].to_numpy()
    rounding = 1e-14 * (frame["loss"].abs() + frame["comparator_loss"].abs()).to_numpy()
    names = set()
    for name, bound in proven(game):
        names.add(name)
        assert (regret <= bound + TOLERANCE * (np.abs(bound) + np.abs(regret)) + rounding).all(), name
    assert names & {"master", "master_schedule"}


COUNTEREXAMPLES = [
    (rl.losses.Mod3(C=3.0), {"alpha": 0.9 * math.sqrt(0.9), "beta1": 0.0, "beta2": 0.1}),
    (rl.losses.Mod3(C=10.0), {"alpha": 0.5, "beta1": 0.0, "beta2": 1.0 / 101.0}),
    (rl.losses.ReddiOnline(), {"alpha": 0.5, "beta1": 0.9, "beta2": 0.99}),
    (rl.losses.ReddiStochastic(), {"alpha": 0.5, "beta1": 0.9, "beta2": 0.99}),
    (rl.losses.ReddiTheorem2(C=74), {"alpha": 0.5, "beta1": 0.9, "beta2": 0.999}),
]


@pytest.mark.parametrize(("losses", "values"), COUNTEREXAMPLES)
@pytest.mark.parametrize("name", ["Adam", "AMSGrad", "AdamNC", "AdamX", "AdaBound", "DelayedAdam", "ADOPT"])
def test_no_counterexample_breaks_a_theorem(losses, values, name):
    keep = {k: v for k, v in values.items() if name != "AdamNC" or k != "beta2"}
    game = play(getattr(rl.learners, name)(**keep), losses, INTERVAL, 20_000, start=[1.0], ledger=True)
    for each in certificates(game):
        assert not each.certified or each.violations.empty, each


@pytest.mark.parametrize(
    ("learner", "F", "name"),
    [
        (rl.learners.AdaGradNorm(alpha=0.7), rl.sets.L2Ball(1.0, dimension=3), "adagrad_norm"),
        (rl.learners.DualAveraging(alpha=0.7), rl.sets.L1Ball(2.0, 3), "dual_averaging"),
        (rl.learners.DualAveraging(alpha=Constant(0.1)), cube(3), "dual_averaging"),
        (rl.learners.Hedge(alpha=0.5), rl.sets.Simplex(3, 2.0), "exponential_weights"),
        (rl.learners.ExponentiatedGradient(alpha=Constant(0.1)), rl.sets.Simplex(3), "exponential_weights"),
        (rl.learners.NosAdam(alpha=0.5, beta1=0.0), cube(3), "nosadam"),
        (
            rl.learners.SAdam(alpha=Inverse(30.0)),
            rl.sets.Box(np.full(3, -0.2), np.full(3, 0.2)),
            "sadam_constant_beta1",
        ),
    ],
)
@pytest.mark.parametrize("adversary", ["random", "opposing", "pursuing", "spikes"])
def test_no_game_of_other_learners_breaks_their_theorem(learner, F, name, adversary):
    rng = np.random.default_rng(5)
    spikes = rng.standard_normal((17, 3)) * rng.choice([0.0, 1.0, 40.0], (17, 1))
    losses = {
        "random": rl.losses.Rademacher(d=3),
        "opposing": rl.losses.SignAdversary(d=3),
        "pursuing": Pursuing(3, 7),
        "spikes": Given(tuple(map(tuple, spikes))),
    }[adversary]
    if name == "sadam_constant_beta1":
        losses = rl.losses.PeriodicQuadratics(rng.standard_normal((5, 3)), mu=1.0)
    game = play(learner, losses, F, 200, checkpoints=range(1, 201))
    found = certify(game, name)
    assert found.certified, found
    assert found.violations.empty
    assert certify(game).total <= found.total


# -- what is false is found to be false --------------------------------------------------------------


def test_the_claim_of_kingma_and_ba_is_broken_by_theorem_1():
    learner = rl.learners.Adam(alpha=0.9 * math.sqrt(0.9), beta1=0.0, beta2=0.1)
    claim = certify(play(learner, rl.losses.Mod3(C=3.0), INTERVAL, 3000, start=[1.0]), "kingma_ba_theorem41")
    assert all(h.holds for h in claim.hypotheses)
    assert not claim.certified
    assert claim.violations.index[-1] == 3000
    assert "VIOLATED" in repr(claim)
    assert "not a theorem" in repr(claim)


def test_printings_without_alpha_are_broken():
    """Small or large stepsizes: the terms that lack alpha do not follow the regret."""
    small = rl.learners.AMSGrad(alpha=1e-3, beta1=0.0, beta2=0.99)
    game = play(small, Given(((1.0,),)), INTERVAL, 200, start=[1.0])
    assert not certify(game, "amsgrad_theorem4_submission").violations.empty
    assert certify(game, "amsgrad_theorem4_iclr").violations.empty


def test_forms_of_theorem_4_are_told_apart():
    learner = rl.learners.AMSGrad(alpha=0.5, beta1=Geometric(0.9, 0.9), beta2=0.99)
    game = play(learner, rl.losses.ReddiOnline(), INTERVAL, 10_000)
    iclr, revised, submission, sharp = (
        certify(game, f"amsgrad_{name}")
        for name in ("theorem4_iclr", "theorem4_revised", "theorem4_submission", "schedule")
    )
    first, second, last = iclr.terms
    assert submission.terms[first] == pytest.approx(0.5 * iclr.terms[first])  # alpha = 1/2 is missing
    assert revised.terms[second] == pytest.approx(2.0 / (1.0 - 0.9) * iclr.terms[second])
    assert revised.terms[last] == iclr.terms[last]
    assert sharp.total < iclr.total < revised.total
    assert [c.certified for c in (iclr, revised, submission, sharp)] == [True, True, False, True]


def test_theorem_4_with_a_constant_beta1_is_vacuous():
    game = play(rl.learners.AMSGrad(alpha=0.5), rl.losses.ReddiOnline(), INTERVAL, 10**5)
    printed = certify(game, "amsgrad_theorem4_iclr")
    assert printed.certified
    assert printed.vacuous
    assert printed.growth == pytest.approx(1.5, abs=0.05)
    assert printed.sharper == certify(game).theorem.name == "amsgrad_constant_beta1_posterior"
    assert not certify(game).vacuous
    assert certify(game).growth == pytest.approx(0.5, abs=0.05)
    assert "VACUOUS" in repr(printed)
    assert printed.sharper in repr(printed)


def test_the_step_of_the_printed_proof_fails_at_round_2():
    """Tran, Phong (2019), Example 3.2: the difference that is bounded by a larger factor is negative."""
    b1, beta2, alpha, u = Geometric(0.9, 0.001), 0.999, 0.001, -1.0
    learner = rl.learners.AMSGrad(alpha=alpha, beta1=b1, beta2=beta2)
    game = play(learner, rl.losses.ReddiOnline(), INTERVAL, 3, start=[1.0], checkpoints=[1, 2, 3], ledger=True)
    x = game.record.point[:, 0]
    assert x[1:] == pytest.approx([0.9968377223, 0.9970569035], abs=1e-10)
    w = game.record.ledger[:, list(game.state.ledger).index("weight"), 0]
    differences = (x[:2] - u) ** 2 - (x[1:] - u) ** 2
    assert differences[1] < 0.0
    left = sum(w[t] / (2.0 * (1.0 - float(b1(t + 1)))) * differences[t] for t in range(2))
    right = sum(w[t] / (2.0 * (1.0 - float(b1(1)))) * differences[t] for t in range(2))
    assert left > right  # the printed step says <=
    for each in certificates(game):
        assert not each.certified or each.violations.empty


# -- how tight they get --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("learner", "name", "reached"),
    [
        (rl.learners.AdaGrad(alpha=math.sqrt(2.0)), "adagrad", 163 / 493),
        (
            rl.learners.AMSGrad(alpha=math.sqrt(2.0), beta1=0.0, beta2=0.99),
            "amsgrad_constant_beta1_posterior",
            197 / 547,
        ),
    ],
)
def test_alternating_signs_use_a_third_of_the_bound(learner, name, reached):
    game = play(learner, Given(((1.0,), (-1.0,))), INTERVAL, 10_000, start=[1.0])
    found = certify(game, name)
    assert found.violations.empty
    assert found.tightness > 0.9 * reached

"""What certify returns: hypotheses with what was measured, sharper bounds, errors, names."""

import math
import re

import numpy as np
import pytest
from certificate_pieces import Given, hypothesis_of
from click.testing import CliRunner
from pieces import INTERVAL, cube

import regretlab as rl
from regretlab import play
from regretlab.certificates import THEOREMS, Bound, certificates, certify, theorem
from regretlab.cli import main
from regretlab.schedules import Values


def test_learners_without_a_theorem():
    game = play(rl.learners.OnlineFrankWolfe(), Given(), INTERVAL, 20)
    with pytest.raises(TypeError, match="no theorem about OnlineFrankWolfe"):
        certify(game)
    with pytest.raises(TypeError, match=r"OnlineFrankWolfe.* has no 'rise': this theorem is about other learners"):
        certify(game, "master")


@pytest.mark.parametrize("learner", [rl.learners.AMSGrad(), rl.learners.OGD(), rl.learners.AdaGradNorm()])
@pytest.mark.parametrize("name", THEOREMS)
def test_any_theorem_can_be_asked_of_any_game(learner, name):
    """The answer is a certificate, not certified where the theorem is about other learners, or a clear error."""
    game = play(learner, Given(((1.0,), (-1.0,))), INTERVAL, 20)
    try:
        found = certify(game, name)
    except TypeError:
        with pytest.raises(TypeError, match="this theorem is about other learners"):
            certify(game, name)
        fits = THEOREMS[name].fits(learner)
        assert not fits
    else:
        assert found.certified <= THEOREMS[name].fits(learner)
        assert name in repr(found)


def test_a_hypothesis_that_fails_is_named_with_its_round():
    learner = rl.learners.Adam(alpha=0.5, beta1=0.0, beta2=0.1)
    game = play(learner, rl.losses.Mod3(C=3.0), INTERVAL, 300)
    ams = certify(game, "amsgrad_constant_beta1_posterior")
    assert not ams.certified
    assert hypothesis_of(ams, "Gamma_t").first_violated == 2
    assert "first at round 2" in repr(ams)
    assert math.isfinite(ams.total)
    rising = play(rl.learners.OGD(alpha=Values(function=lambda t: np.where(t < 20, 0.1, 0.2))), Given(), INTERVAL, 50)
    assert hypothesis_of(certify(rising, "ogd"), "alpha_t non-inc").first_violated == 20
    growing = play(rl.learners.AMSGrad(beta1=Values(function=lambda t: 0.5 + 0.4 * (t > 6))), Given(), INTERVAL, 50)
    assert hypothesis_of(certify(growing, "amsgrad_schedule"), "beta_{1,t} <=").first_violated == 7


def test_momentum_that_starts_in_round_2_is_momentum():
    learner = rl.learners.AdamNC(alpha=0.5, beta1=Values(function=lambda t: 0.9 * (t > 1)))
    found = certify(play(learner, rl.losses.Mod3(C=3.0), INTERVAL, 50), "adagrad")
    assert hypothesis_of(found, "beta_1 = 0").measured == "0.9"
    assert not found.certified


def test_a_theorem_by_name_needs_no_other_that_holds():
    """Exponential weights with a rising stepsize: nothing is certified, and the one bound is asked for by name."""
    learner = rl.learners.Hedge(alpha=Values(function=lambda t: 1e-5 * t))
    game = play(learner, Given(((1.0, 0.0),)), rl.sets.Simplex(2), 20)
    with pytest.raises(ValueError, match=r"no theorem about Hedge.* hold: exponential_weights: alpha_t non-increasing"):
        certify(game)
    found = certify(game, "exponential_weights")
    assert found.vacuous
    assert not found.certified
    assert found.sharper == ""


def test_only_a_vacuous_certificate_names_a_sharper_one():
    found = certify(play(rl.learners.OGD(alpha=1.0), rl.losses.Mod3(C=3.0), INTERVAL, 300), "ogd_root")
    assert not found.vacuous
    assert found.sharper == ""


def test_adam_is_certified_by_the_master_inequality_which_blows_up():
    learner = rl.learners.Adam(alpha=0.5, beta1=0.0, beta2=0.1)
    found = certify(play(learner, rl.losses.Mod3(C=3.0), INTERVAL, 10_000))
    assert found.theorem.name in ("master", "master_schedule")
    assert found.certified
    assert found.vacuous
    assert found.growth == pytest.approx(1.5, abs=0.01)


def test_momentum_that_is_no_moving_average_enters_the_bound():
    game = play(rl.learners.ADOPT(), rl.losses.ReddiOnline(), INTERVAL, 500)
    found = certify(game, "master")
    assert found.terms["momentum that is no average"] > 1000.0
    assert found.violations.empty


def test_an_unbounded_set_has_infinite_terms():
    game = play(rl.learners.OGD(alpha=0.1), Given(((1.0,), (-1.0,))), rl.sets.Reals(1), 20)
    found = certify(game, "ogd_root")
    assert not found.certified
    assert hypothesis_of(found, "F bounded").holds is False
    assert found.terms["D_2^2 sqrt(T)/(2 alpha)"] == math.inf
    assert math.isfinite(found.terms["alpha (sqrt(T) - 1/2) G_2^2"])
    assert np.isnan(found.curve["regret"]).all()
    assert repr(found)


def test_gamma_of_one_and_more_has_an_infinite_bound():
    game = play(rl.learners.AMSGrad(beta1=0.9, beta2=0.5), Given(), INTERVAL, 20)
    found = certify(game, "amsgrad_constant_beta1")
    assert not found.certified
    assert found.total == math.inf
    assert certify(game).certified


def test_bad_input():
    game = rl.game.Game(rl.learners.AMSGrad(), Given(), INTERVAL)
    with pytest.raises(ValueError, match="no rounds"):
        certify(game)
    game.extend(3)
    with pytest.raises(ValueError, match=r"did you mean .*amsgrad_schedule"):
        certify(game, "amsgrad_schedul")
    with pytest.raises(TypeError, match="theorem=4 must be the name of a theorem"):
        certify(game, 4)
    for function in (certify, certificates):
        with pytest.raises(TypeError, match=r"game=AMSGrad\(.* is not a Game"):
            function(game.learner)


def test_theorems_are_added_with_a_source_and_learners():
    with pytest.raises(TypeError, match=r"source=<function.* must be a string"):
        theorem(lambda q: None)
    for learners in ((), (rl.learners.OGD(),), ("OGD",), (int,)):
        with pytest.raises(TypeError, match=r"learners=\(.* must be classes of learners"):
            theorem("Me (2026)", *learners)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda q: {"a": q.t}, r"my_bound returned \{'a': .*it must return Bound\(terms, hypotheses\)"),
        (lambda q: None, "my_bound returned None"),
        (lambda q: Bound({}, []), "my_bound returned Bound"),
        (lambda q: Bound({"regret": q.t}, []), "with a name for each term other than bound, gap, regret, slack"),
        (lambda q: Bound({"a": q.t[:-1]}, []), "as its term a; it must be a number for each of the 5 checkpoints"),
        (lambda q: Bound({"a": "7"}, []), "my_bound has '7' as its term a"),
        (lambda q: Bound({"a": 1j * q.t}, []), "as its term a"),
    ],
)
def test_a_theorem_of_ones_own_returns_terms(answer, words):
    @theorem("me (2026)", rl.learners.OGD)
    def my_bound(q):
        "R_T <= something."
        return answer(q)

    try:
        with pytest.raises(TypeError, match=words):
            certify(play(rl.learners.OGD(), Given(), INTERVAL, 5), "my_bound")
    finally:
        del THEOREMS["my_bound"]


def test_the_curve_and_the_error_bar():
    losses = rl.losses.RandomLeastSquares(d=2)
    game = play(rl.learners.AMSGrad(alpha=0.5), losses, cube(2), 400, seed=3)
    found = game.certify()
    assert list(found.curve.columns[-4:]) == ["bound", "regret", "gap", "slack"]
    assert (found.curve["gap"] > 0.0).any()
    curve = found.curve
    assert curve["slack"].to_numpy() == pytest.approx((curve["bound"] - curve["regret"]).to_numpy())
    assert sum(found.terms.values()) == pytest.approx(found.total)
    assert 0.0 < found.tightness < 1.0


def test_every_theorem_has_a_formula_and_a_source():
    for name, each in THEOREMS.items():
        assert each.name == name
        assert "<=" in each.formula or not each.true
        assert re.search(r"(19|20)\d\d", each.source), name
        assert each.learners


def test_from_the_shell():
    run = CliRunner().invoke(main, ["play", "amsgrad", "reddionline", "--horizon", "1000", "--certify", "tightest"])
    assert run.exit_code == 0
    assert "Certificate amsgrad_constant_beta1_posterior: certified" in run.output
    run = CliRunner().invoke(main, ["play", "amsgrad", "mod3", "--horizon", "9", "--certify", "theorem4"])
    assert run.exit_code == 2
    assert "did you mean" in run.output
    assert "kingma_ba_theorem41" in CliRunner().invoke(main, ["list"]).output


def test_a_game_with_a_ledger_that_was_played_on_does_not_answer_for_the_shorter_game():
    game = play(rl.learners.AMSGrad(), Given(((1.0,), (-1.0,))), INTERVAL, 20)
    trivial_bound = certify(game, "master").trivial_bound
    assert game.with_ledger() is game.with_ledger()
    game.with_ledger().extend(500)
    assert certify(game, "master").trivial_bound == trivial_bound
    assert game.with_ledger().horizon == 20
    assert game.extend(30).with_ledger().horizon == 30

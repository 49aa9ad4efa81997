"""Figures of the family of learners: cheap parts are computed again, and the stored numbers support the claims."""

import sys
from math import sqrt

import numpy as np
import pytest
from stored_figures import FIGURES, data, stored

import regretlab as rl
from regretlab import experiments
from regretlab.cli import parsing as names
from regretlab.learners import ADOPT, Adam, AMSGrad, DecoupledWeightDecay, Hedge

adopt_regret, adopt_toy, league = experiments.adopt_regret, experiments.adopt_toy, experiments.league
network, noisy_quadratic, spikes = experiments.network, experiments.noisy_quadratic, experiments.spikes

MODULES = {
    "league": league,
    "adopt_toy": adopt_toy,
    "adopt_regret": adopt_regret,
    "spikes": spikes,
    "noisy_quadratic": noisy_quadratic,
    "network": network,
}
INTERVAL = rl.sets.Box(-1.0, 1.0)


@pytest.mark.parametrize("name", MODULES)
def test_nothing_in_the_picture_is_cut_off(name):
    figure = MODULES[name].draw(data(name))
    figure.draw_without_rendering()
    for part in (figure._suptitle, *figure.legends, *(axes.title for axes in figure.axes)):
        view = part.get_window_extent()
        assert figure.bbox.x0 <= view.x0 <= view.x1 <= figure.bbox.x1
    assert (FIGURES / f"{name}.csv").stat().st_size < 300_000


# -- the league ----------------------------------------------------------------------


def test_every_learner_plays_in_the_league():
    everyone = {cls.__name__ for cls in names.LEARNERS.classes().values()}
    for problem in league.PROBLEMS.values():
        assert set(league.learners(problem)) == everyone
    frame = data("league")
    assert set(frame["learner"]) == everyone
    assert (frame.groupby("learner")["problem"].nunique() == len(league.PROBLEMS)).all()
    empty = frame[frame["average_regret"].isna()]
    on_simplices = empty[empty["verdict"] == "needs a simplex"]
    assert set(on_simplices["learner"]) == {"Hedge", "ExponentiatedGradient", "FixedShare"}
    assert set(on_simplices["problem"]) == {"abrupt least squares"}
    refused = empty[empty["verdict"] == "not for such losses"]
    assert set(refused["learner"]) == {"OnlineNewtonStep", "SAdam"}
    assert "abrupt least squares" not in set(refused["problem"])
    assert len(on_simplices) + len(refused) == len(empty)


def test_cells_of_the_league_come_out_the_same():
    """A compiled game, one played round by round, and one on the simplex."""
    frame = data("league").set_index(["problem", "learner"])
    for problem, name in (("mod3, C = 3", "AMSGrad"), ("mod3, C = 1.9", "AdaGradNorm"), ("mod3, C = 3", "Hedge")):
        cell, expected = (
            league._cell(league.learners(league.PROBLEMS[problem])[name], problem, 0),
            frame.loc[problem, name],
        )
        assert cell["average_regret"] == pytest.approx(expected["average_regret"], rel=1e-9)
        assert cell["x_T"] == pytest.approx(expected["x_T"], rel=1e-9)
        assert cell["verdict"] == expected["verdict"]


def test_what_the_league_says_of_the_papers_sequences():
    frame = data("league").set_index(["problem", "learner"])
    adams = ["RMSProp", "Adam", "BiasCorrected", "TorchAdam", "Nadam", "QHAdam", "WithEpsilon", "EpsilonInsideRoot"]
    for name in adams:
        assert frame.loc[("mod3, C = 3", name), "verdict"] == "linear"
        assert frame.loc[("mod3, C = 3", name), "average_regret"] >= 2.0 / 3.0  # (2C - 4)/3, Theorem 1
        assert frame.loc[("mod3, C = 1.9", name), "x_T"] > 0.99  # there Adam never fails
    for name in ("ADOPT", "AdaShift", "DelayedAdam", "ACProp"):
        assert frame.loc[("mod3, C = 3", name), "x_T"] < -0.99
        assert frame.loc[("mod3, C = 1.9", name), "x_T"] < -0.99  # the wrong end
        assert frame.loc[("mod3, C = 1.9", name), "average_regret"] > 2.0 * (2.0 - 1.9) / 3.0
    for name in ("AMSGrad", "AdamX", "AMSBound", "Padam", "AdaGrad", "OGD"):
        for problem in ("mod3, C = 3", "mod3, C = 1.9"):
            assert abs(frame.loc[(problem, name), "x_T"]) > 0.99
            assert frame.loc[(problem, name), "average_regret"] < 0.01
            assert 0.0 < frame.loc[(problem, name), "of_bound"] < 1.0
    assert not (frame["of_bound"] > 1.0).any()  # no theorem is violated


@pytest.mark.parametrize(
    ("learner", "kept", "differ"),
    [(Adam(), 2, 2), (AMSGrad(), 3, 3), (rl.learners.OGD(), 0, 0), (ADOPT(), 2, 2), (rl.learners.TorchAdam(), 4, 2),
     (rl.learners.AdaGradNorm(), 1, 0), (rl.learners.AdaShift(n=4), 6, 5), (DecoupledWeightDecay(Adam()), 2, 2)],
)  # fmt: skip
def test_numbers_kept(learner, kept, differ):
    assert league.kept(learner) == {"kept": kept, "differ": differ}


def test_the_simplex_game_is_the_game_on_the_interval():
    """For any learner's points: the loss of p with (g, -g) is that of x = p_1 - p_2, and so is the regret."""
    losses = rl.losses.Rademacher()
    game = rl.play(Hedge(0.3), league._OnSimplex(losses), rl.sets.Simplex(2), 50, checkpoints=range(1, 51))
    x = game.points["x_1"] - game.points["x_2"]
    g = losses.block(1, 51, 0)[:, 0]
    regret = np.cumsum(g * x) + np.abs(np.cumsum(g))
    np.testing.assert_allclose(game.regret["regret"], regret, atol=1e-12)


# -- ADOPT -----------------------------------------------------------------------------


def test_the_boundary_of_adopt():
    assert adopt_regret.boundary(0.0) == pytest.approx((1.0 + sqrt(5.0)) / 2.0, abs=1e-9)
    assert adopt_regret.boundary(0.5) == pytest.approx(1.692109525, abs=5e-10)


@pytest.mark.parametrize(("C", "beta2"), [(1.3, 0.5), (1.9, 0.1), (3.0, 0.5)])
def test_the_drift_is_what_adopt_does_in_a_period(C, beta2):
    """In the long run, by the rule, for two values of beta1."""
    for beta1 in (0.0, 0.5):
        learner = ADOPT(rl.schedules.Constant(1.0), beta1=beta1, beta2=beta2)
        state, points = learner.start(rl.sets.Reals(1)), []
        for g in [C, -1.0, -1.0] * 60:
            state = learner.update(state, g)
            points.append(state.point[0])
        assert points[-1] - points[-4] == pytest.approx(-adopt_regret.drift(C, beta2), rel=1e-8)


def test_adopt_at_1_9_goes_to_the_wrong_end():
    """T = 3e5, beta1 = 0, beta2 as small as allowed: x = -0.9986 and R_T/T = 0.0681 (reference values)."""
    learner = ADOPT(0.5, beta1=0.0, beta2=adopt_regret.SMALLEST)
    game = rl.play(learner, rl.losses.Mod3(1.9), INTERVAL, 300_000, checkpoints=[300_000])
    x, average = game.state.point[0], game.regret["average_regret"].iloc[-1]
    assert x == pytest.approx(-0.9986, abs=5e-5)
    assert average == pytest.approx(0.0681, abs=5e-5)
    numbers = stored("adopt_regret")
    assert numbers["beta1 = 0, beta2 = 1e-12, C = 1.9: x"] == pytest.approx(x, rel=1e-9)
    assert numbers["beta1 = 0, beta2 = 1e-12, C = 1.9: R_T/T"] == pytest.approx(average, rel=1e-9)


def test_adopt_fails_on_one_side_of_the_boundary_only():
    adopt = data("adopt_regret").query("learner == 'ADOPT'")
    far = adopt[(adopt["C"] - adopt["C_lo"]).abs() > 0.005]
    wrong = far["C"] > far["C_lo"]
    assert wrong.any()
    assert not wrong.all()
    assert (far["x"][wrong] < -0.99).all()
    assert (far["x"][~wrong] > 0.99).all()
    arrived = far[far["C"] > far["C_lo"] + 0.02]  # nearer to the boundary the way takes long
    assert (arrived["average_regret"] > 0.99 * 2.0 * (2.0 - arrived["C"]) / 3.0).all()
    others = data("adopt_regret").query("learner != 'ADOPT' and C < 1.95 and beta1 == 0.0")
    assert (others["x"] > 0.99).all()


def test_adopt_regret_comes_out_the_same():
    frame = adopt_regret.compute(slopes=[1.9])
    both = frame.merge(data("adopt_regret"), on=["learner", "beta1", "beta2", "C", "T"])
    assert len(both) == 12
    for column in ("x", "average_regret"):
        np.testing.assert_allclose(both[f"{column}_x"], both[f"{column}_y"], rtol=1e-9)


def test_adopt_toy_comes_out_the_same_up_to_round_1000():
    frame, drawn = adopt_toy.compute(horizon=1000, ks=(10,), beta2s=(0.5,)), data("adopt_toy")
    both = frame.merge(drawn, on=["k", "beta2", "quantity", "learner", "t"])
    assert both["t"].nunique() >= 3
    for column in ("low", "value", "high"):
        np.testing.assert_allclose(both[f"{column}_x"], both[f"{column}_y"], rtol=1e-9, atol=1e-15)


def test_adopt_toy_says_who_goes_where():
    numbers = stored("adopt_toy")
    for k, beta2 in ((10, 0.1), (10, 0.5), (50, 0.1), (50, 0.5)):
        assert numbers[f"k = {k}, beta2 = {beta2}, Adam: median x_T"] > 0.99
        assert numbers[f"k = {k}, beta2 = {beta2}, ADOPT: median x_T"] < -0.9
    assert numbers["k = 10, beta2 = 0.999, Adam: median x_T"] < -0.99  # above its threshold, 0.9731
    assert numbers["k = 50, beta2 = 0.999, Adam: median x_T"] > 0.0  # below it, 0.9992
    t = np.array([1, 2, 101])
    np.testing.assert_allclose(adopt_toy.ALPHA(t), [0.01, 0.01 / sqrt(1.01), 0.01 / sqrt(2.0)])


# -- spikes ------------------------------------------------------------------------------


def test_spikes_come_out_the_same():
    assert spikes.fingerprint(spikes.compute()) == pytest.approx(stored("spikes"), rel=1e-9)


def test_rates_are_those_of_the_formulas():
    g, t = spikes.gradients(10, 300), np.arange(1, 301)
    assert g[:12].tolist() == [10.0, *[0.1] * 9, 10.0, 0.1]
    decay = 0.999 ** np.arange(300)
    v = 0.001 * np.convolve(g * g, decay)[:300]
    vmax = np.maximum.accumulate(v)
    c1, c2 = 1.0 - 0.9**t, 1.0 - 0.999**t
    expected = {
        "no correction": (1e-3 / np.sqrt(v), 1e-3 / np.sqrt(vmax)),
        "PyTorch's correction": (1e-3 * np.sqrt(c2 / v) / c1, 1e-3 * np.sqrt(c2 / vmax) / c1),
        "optax's correction": (1e-3 * np.sqrt(c2 / v) / c1, 1e-3 / np.sqrt(np.maximum.accumulate(v / c2)) / c1),
    }
    for form, pair in spikes.FORMS.items():
        for learner, rate in zip(pair, expected[form], strict=True):
            np.testing.assert_allclose(spikes.rates(learner, g), rate, rtol=1e-10)


def test_pytorchs_amsgrad_rate_grows_after_one_spike_and_the_papers_does_not():
    numbers, key = stored("spikes"), "10 in round 1 only"
    torch = f"{key}, PyTorch's correction, AMSGrad"
    assert numbers[f"{torch}: round of the least"] == 12
    assert numbers[f"{torch}: r_T"] / numbers[f"{torch}: least r_t"] == pytest.approx(6.57, abs=0.01)
    amsgrad = data("spikes").query("learner == 'AMSGrad' and form != \"PyTorch's correction\"")
    for _, rows in amsgrad.groupby(["form", "gradients"]):
        assert (np.diff(rows["rate"]) <= 1e-12 * rows["rate"].iloc[0]).all()
    first = {form: numbers[f"{key}, {form}, Adam: r_1"] for form in spikes.FORMS}
    assert first["no correction"] / first["PyTorch's correction"] == pytest.approx(sqrt(10.0))  # (1-b1)/sqrt(1-b2)


# -- the noisy quadratic ------------------------------------------------------------------


def test_spiked_quadratics_are_the_same_in_blocks_and_by_round():
    losses = noisy_quadratic.SpikedQuadratics(up=0.3)
    c = losses.block(1, 9000, 5)[:, 0]
    np.testing.assert_array_equal(losses.block(4000, 8500, 5)[:, 0], c[3999:8499])
    spike = np.arange(1, 9000) % 7 == 0
    assert set(np.abs(c[spike])) == {10.0}
    assert (c[spike] > 0).mean() == pytest.approx(0.3, abs=0.08)  # over six standard deviations
    assert np.abs(c[~spike]).max() < 1.0
    assert c[~spike].std() == pytest.approx(0.1, abs=0.01)
    assert (losses.block(1, 100, 6) != losses.block(1, 100, 5)).any()


def test_a_noisy_quadratic_by_hand():
    """OGD with 1/t, against the best point in closed form."""
    frame = noisy_quadratic.compute(horizon=140, seeds=[0])
    own = frame.query("spikes == 'always down' and learner == 'OGD' and quantity == 'R_t/t'").set_index("t")["value"]
    c = noisy_quadratic.PROBLEMS["always down"].block(1, 141, 0)[:, 0]
    x, paid = 2.0, 0.0
    for t in range(1, 141):
        paid += 0.5 * (x - c[t - 1]) ** 2
        x = np.clip(x - (x - c[t - 1]) / t, -2.0, 2.0)
    best = 0.5 * ((np.clip(c.mean(), -2.0, 2.0) - c) ** 2).sum()
    assert own[140] == pytest.approx((paid - best) / 140, rel=1e-9)


def test_regret_of_the_noisy_quadratic_vanishes_at_the_best_point():
    numbers = stored("noisy_quadratic")
    for spikes_, u in (("either sign", 0.0), ("always down", -10.0 / 7.0)):
        for learner in noisy_quadratic.LEARNERS:
            assert numbers[f"{spikes_}, {learner}: median R_T/T"] < 0.01
            assert numbers[f"{spikes_}, {learner}: median x_T"] == pytest.approx(u, abs=0.1)


# -- the network ----------------------------------------------------------------------------


def test_network_comes_out_the_same_up_to_round_20():
    pytest.importorskip("torch")
    both = network.compute(horizon=20).merge(data("network"), on=["quantity", "learner", "t"])
    assert both["t"].nunique() >= 5
    for column in ("low", "value", "high"):
        np.testing.assert_allclose(both[f"{column}_x"], both[f"{column}_y"], rtol=1e-6)


def test_the_network_learns():
    numbers = stored("network")
    for name in network.LEARNERS:
        assert numbers[f"{name}: median training loss"] < 2.0 * network.NOISE**2
        assert numbers[f"{name}: median held-out loss"] < network.NOISE**2


def test_without_torch_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"pip install 'regretlab\[torch\]'"):
        network.compute(**network.QUICK)

"""The figures on certificates, the audit of theorems, stepsizes after a spike and constant stepsizes."""

from math import sqrt

import numpy as np
import pytest
from stored_figures import data, stored

import regretlab as rl
from regretlab import experiments
from regretlab.certificates import THEOREMS
from regretlab.experiments import tight
from regretlab.learners import OGD, AdaGrad
from regretlab.sets import Box

audit, certificates = experiments.audit, experiments.certificates
constant_stepsize, spike = experiments.constant_stepsize, experiments.spike

EXACT = 1e-9  # relative
MODULES = {"audit": audit, "certificates": certificates, "spike": spike, "constant_stepsize": constant_stepsize}


# -- what is in figures/ is what the code computes ---------------------------------


def test_spike_and_constant_stepsize_come_out_the_same():
    for name in ("spike", "constant_stepsize"):
        module = MODULES[name]
        assert module.fingerprint(module.compute()) == pytest.approx(stored(name), rel=EXACT)


@pytest.mark.parametrize("case", ["mod 3, C = 3", "alternating signs"])
def test_certificates_come_out_the_same(case):
    numbers = certificates.fingerprint(certificates.compute(cases=[case]))
    expected = {key: value for key, value in stored("certificates").items() if key.startswith(case)}
    assert numbers == pytest.approx(expected, rel=EXACT)
    assert len(numbers) == 1 + 3 * 9


def test_the_games_built_against_bounds_come_out_the_same():
    """The games that attain the ratios in the rows "built", played again."""
    table = data("audit").query("suite == 'built' and set == 'interval'")
    games = {(repr(learner), repr(losses)): (learner, losses) for learner, losses in tight.pairs(2**13)}
    done = {}
    for row in table.itertuples():
        key = (row.learner, row.losses)
        if key not in done:
            learner, losses = games[key]
            t = audit.rounds(2**13)
            done[key] = audit._ratios(
                rl.play(learner, losses, Box(-1.0, 1.0), 2**13, start=1.0, checkpoints=t, ledger=True)
            )
        assert done[key][row.theorem].loc[row.t] == pytest.approx(row.ratio, rel=EXACT)
    assert len(done) >= 6


# -- the audit ---------------------------------------------------------------------


def test_no_theorem_is_broken_and_all_are_looked_at():
    table = data("audit")
    assert set(table["theorem"]) == set(THEOREMS)
    assert (table["true"] == table["theorem"].map(lambda name: THEOREMS[name].true)).all()
    true = table[table["true"]]
    assert (true[["ratio", "anywhere"]] <= 1.0 + EXACT).all(axis=None)
    assert (true.groupby("theorem")["games"].sum() >= 3).all()
    assert table["games"].sum() > 2000
    assert (table["t"] >= audit.FROM).all()


def test_false_claims_are_broken():
    most = data("audit").groupby("theorem")["ratio"].max()
    assert most["kingma_ba_theorem41"] > 7.0
    assert most["amsgrad_theorem4_submission"] > 4.0


@pytest.mark.parametrize(("theorem", "least"), [
    ("ogd", 1.0), ("ogd_constant", 1.0), ("ogd_strongly_convex", 1.0), ("master", 1.0), ("master_schedule", 1.0),
    ("amsgrad_constant_beta1_posterior", 0.99), ("amsgrad_schedule", 0.99), ("ogd_centred", 0.99),
    ("adagrad", 0.98), ("adamnc_constant_beta1", 0.98), ("ogd_root", 0.98),
    ("adamnc_theorem5", 0.96), ("adamnc_corollary2", 0.96), ("amsgrad_corollary1", 0.95),
    ("adabound_savarese", 0.94), ("amsgrad_constant_beta1", 0.94), ("adamx_theorem51", 0.94),
    ("amsgrad_tran_phong", 0.92), ("amsgrad_theorem4_iclr", 0.47), ("amsgrad_theorem4_revised", 0.47),
    ("amsgrad_tran_phong_inverse", 0.32),
])  # fmt: skip
def test_bounds_are_nearly_attained(theorem, least):
    assert data("audit").groupby("theorem")["ratio"].max()[theorem] >= least - EXACT


def history(gradients, steps, T):
    """x_1 = 1 and x_{t+1} = clip(x_t - step_t g_t): the regret against the better end of [-1, 1]."""
    x, paid = 1.0, 0.0
    for g, step in zip(gradients, steps, strict=True):
        paid += g * x
        x = min(1.0, max(-1.0, x - step * g))
    return paid + abs(gradients.sum())


def test_adagrad_against_numpy():
    T, a = 2**13, 0.2
    growing = tight.GrowingHold(T // 2, 16.0 / T)
    losses = tight.GrowingHold(T // 2, 16.0 / T, 2.0 * growing.sum / (a * (T // 2)))
    g = losses.gradients(np.arange(1, T + 1))[:, 0]
    norm = np.sqrt(np.cumsum(g**2))
    np.testing.assert_allclose(norm[1 : T // 2], growing.sum * np.abs(g[1 : T // 2]), rtol=1e-9)
    ratio = history(g, a / norm, T) / ((2.0 / a + a) * norm[-1])  # D^2/(2 a) = 2/a
    assert ratio == pytest.approx(stored("audit")["adagrad, built: ratio"], rel=1e-6)
    assert ratio > 163 / 493  # what x, -x, x, ... attains
    game = rl.play(AdaGrad(a), losses, Box(-1.0, 1.0), T, start=1.0)
    assert game.regret["regret"].iloc[-1] == pytest.approx(ratio * (2.0 / a + a) * norm[-1], rel=1e-9)


def test_amsgrad_against_numpy():
    T, a, beta2 = 2**13, 0.2, 0.05
    run = int(2.0 * sqrt(T) / a)
    g = tight.Hold(0.0, T - run).gradients(np.arange(1, T + 1))[:, 0]
    vhat = np.maximum.accumulate(np.append(np.zeros(T - run), 1.0 - beta2 ** np.arange(1, run + 1)))
    steps = np.divide(a / np.sqrt(np.arange(1, T + 1)), np.sqrt(vhat), out=np.zeros(T), where=vhat > 0.0)
    bound = 2.0 * sqrt(T) / a * sqrt(vhat[-1]) + a * sqrt(1.0 + np.log(T)) * sqrt(run / (1.0 - beta2))
    ratio = history(g, steps, T) / bound
    assert ratio == pytest.approx(stored("audit")["amsgrad_constant_beta1, built: ratio"], rel=1e-6)
    assert ratio > 197 / 547  # what x, -x, x, ... attains


def test_a_held_learner_stays_where_it_is():
    even = np.arange(2, 2**12 + 1, 2)
    for learner, losses in ((OGD(0.5), tight.Hold()), (AdaGrad(0.5), tight.GrowingHold())):
        game = rl.play(learner, losses, Box(-1.0, 1.0), 2**12, start=1.0, checkpoints=np.append(even - 1, even))
        far = game.points["x_1"].loc[even if isinstance(losses, tight.GrowingHold) else even - 1]
        np.testing.assert_allclose(far, 1.0, atol=1e-12)
        assert (game.points["x_1"] < 1.0 - 1e-4).any()


# -- certificates ------------------------------------------------------------------


def test_regret_is_below_its_certificate_everywhere():
    table = data("certificates")
    assert (table["regret"] <= table["bound"] * (1.0 + EXACT)).all()
    assert table.groupby("case")["learner"].nunique().tolist() == [9] * 6
    assert table["theorem"].map(lambda name: THEOREMS[name].true).all()


def test_bounds_grow_as_the_root_of_t_but_for_adam_where_its_metric_falls():
    table = data("certificates")
    for case, adam in (("mod 3, C = 3", 1.5), ("1010, -10, online", 1.5), ("alternating signs", 0.5)):
        rows = table[table["case"] == case].set_index("t")
        for learner, exponent in (("Adam", adam), ("AMSGrad", 0.5), ("AdaGrad", 0.5), ("OGD", 0.5)):
            bound = rows.loc[rows["learner"] == learner, "bound"]
            last = bound[bound.index >= bound.index[-1] / 10]
            slope = np.polyfit(np.log(last.index), np.log(last), 1)[0]
            assert slope == pytest.approx(exponent, abs=0.12), (case, learner)


# -- the spike ---------------------------------------------------------------------


def test_rates_after_the_spike():
    numbers = stored("spike")
    t = np.arange(1.0, numbers["T"] + 1.0)
    factor = np.sqrt(1.0 - 0.999**t) / (1.0 - 0.9**t)
    assert 1 + factor.argmin() == 12
    for gradient in ("0.1", "1", "10"):  # too small to renew the maximum
        case = f"constant, later gradients {gradient}"
        assert numbers[f"{case}, TorchAMSGrad: rise"] == pytest.approx(factor[-1] / factor.min(), rel=EXACT)
        assert numbers[f"{case}, TorchAMSGrad: rise"] == pytest.approx(6.57, abs=0.005)
        assert numbers[f"{case}, TorchAMSGrad: round of the least rate"] == 12
        assert numbers[f"{case}, AMSGrad: rate_T/alpha"] == pytest.approx(1.0 / sqrt(0.001 * 1000.0**2), rel=EXACT)
    assert numbers["constant, later gradients 1000, TorchAMSGrad: rise"] == 1.0
    rises = {key: value for key, value in numbers.items() if key.endswith(": rise")}
    for key, value in rises.items():
        if ", AMSGrad" in key or ("sqrt" in key and "Torch" in key):
            assert value == pytest.approx(1.0, abs=1e-12), key


def test_adam_forgets_the_spike():
    numbers = stored("spike")
    v = 1.0 + 0.999 ** (numbers["T"] - 1) * (0.001 * 1000.0**2 - 1.0)  # v_1 = 1000, then towards 1
    assert numbers["constant, later gradients 1, Adam: rate_T/alpha"] == pytest.approx(1.0 / sqrt(v), rel=EXACT)


# -- the constant stepsize ---------------------------------------------------------


def test_average_regret_tends_to_its_limit():
    table = data("constant_stepsize")
    last = table[table["t"] == 10**6]
    constant, falling = (last[last["stepsize"] == name] for name in constant_stepsize.STEPSIZES)
    assert len(constant) == len(falling) == 9
    limit = 0.5 * constant["alpha"] * (1.0 - constant["beta1"]) / (1.0 + constant["beta1"])
    assert constant["value"].to_numpy() == pytest.approx(limit.to_numpy(), rel=2e-4)
    assert (falling["value"] * 1000.0).to_numpy() == pytest.approx(2.0 * limit.to_numpy(), rel=0.1)


def test_whole_periods_are_played():
    with pytest.raises(ValueError, match="horizon=101"):
        constant_stepsize.compute(101)


# -- the pictures ------------------------------------------------------------------


@pytest.mark.parametrize("name", MODULES)
def test_the_data_in_figures_make_the_picture(name):
    figure = MODULES[name].draw(data(name))
    figure.draw_without_rendering()
    for axes in figure.axes:
        view = axes.get_tightbbox()
        assert figure.bbox.x0 - 1.0 <= view.x0 < view.x1 <= figure.bbox.x1 + 1.0
        assert axes.get_xlabel()
    for legend in figure.legends:
        box = legend.get_window_extent()
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
    title = figure._suptitle.get_window_extent()
    assert figure.bbox.x0 <= title.x0 < title.x1 <= figure.bbox.x1

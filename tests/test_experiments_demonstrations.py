"""The three demonstrations of tutorials: the numbers of independent loops, and what they do not show."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import peer
from stored_figures import data

from regretlab import experiments
from regretlab.learners import L2Penalty, TextbookAMSGrad
from regretlab.losses import Periodic
from regretlab.schedules import Constant
from regretlab.sets import Box, Reals

demonstrations = experiments.demonstrations
NUMBERS = json.loads((Path(__file__).parent / "data" / "demonstrations.json").read_text())
QUANTITIES = {
    "adam_v": ("Adam", "v"),
    "vmax": ("AMSGrad", "v"),
    "adam_rate": ("Adam", "rate"),
    "amsgrad_rate": ("AMSGrad", "rate"),
    "adam_x_next": ("Adam", "x"),
    "amsgrad_x_next": ("AMSGrad", "x"),
    "adam_f": ("Adam", "f"),
    "amsgrad_f": ("AMSGrad", "f"),
}


@pytest.mark.parametrize(("demonstration", "name"), [("spikes", "demo1"), ("quadratic", "demo3")])
def test_the_tables_are_those_of_independent_loops(demonstration, name):
    frame = demonstrations._table([*demonstrations._spikes(), *demonstrations._quadratic()])
    by = frame[frame["demonstration"] == demonstration].set_index(["learner", "quantity", "t"])["value"]
    for row in NUMBERS[name]["rows"]:
        for column, value in zip(NUMBERS[name]["columns"][1:], row[1:], strict=True):
            assert by[(*QUANTITIES[column], row[0])] == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_the_losses_of_the_network():
    torch = peer("torch")
    last = 300 if torch.__version__.startswith("2.13.0") else 1  # other versions may sum in another order
    frame = demonstrations._table(list(demonstrations._network(last)))
    for learner, key in (("Adam", "adam_first_last"), ("AMSGrad", "amsgrad_first_last")):
        found = frame[frame["learner"] == learner]["value"]
        assert [found.iloc[0], found.iloc[-1]] == pytest.approx(
            [NUMBERS["demo2"][key][k] for k in (0, -(last > 1))], abs=1e-5
        )


def test_the_stored_table_is_the_one_computed():
    frame = demonstrations._table([*demonstrations._spikes(), *demonstrations._quadratic()])
    old = data("demonstrations")
    old = old[old["demonstration"] != "network"].reset_index(drop=True)
    assert frame.drop(columns="value").equals(old.drop(columns="value"))
    np.testing.assert_allclose(frame["value"], old["value"], rtol=1e-10, atol=1e-12)


def textbook(gradients, lr, eps=1e-8, beta1=0.9, beta2=0.999, decay=0.0, start=0.0):
    """The class that tutorials give, by an independent loop: x_1, x_2, ... on R^d."""
    x = np.full(np.shape(gradients)[1:], start)
    m, v, vmax, path = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x), []
    for t, gradient in enumerate(gradients, start=1):
        g = gradient + decay * x
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        vmax = np.maximum(vmax, v)
        x = x - lr * (m / (1 - beta1**t)) / (np.sqrt(vmax) + eps)
        path.append(x)
    return np.array(path)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_textbook_amsgrad_is_the_tutorials(decay):
    G = np.random.default_rng(0).standard_normal((200, 3)) * [1.0, 30.0, 0.01]
    G[50:60] = 0.0
    learner = TextbookAMSGrad(alpha=0.01)
    learner = L2Penalty(learner, decay) if decay else learner
    state, path = learner.start(Reals(3), np.full(3, 0.5)), []
    for g in G:
        state = learner.update(state, g)
        path.append(state.point)
    np.testing.assert_allclose(path, textbook(G, 0.01, decay=decay, start=0.5), rtol=1e-12, atol=1e-14)


def test_textbook_amsgrad_in_torch_with_l2_decay():
    torch = peer("torch")
    from regretlab.torch import Optimizer

    G = np.random.default_rng(1).standard_normal((50, 3)) * [1.0, 30.0, 0.01]
    x = torch.nn.Parameter(torch.full((3,), 0.5, dtype=torch.float64))
    optimizer = Optimizer([x], TextbookAMSGrad(alpha=0.01), l2_penalty=0.1)
    for g in G:
        x.grad = torch.from_numpy(g.copy())
        optimizer.step()
    np.testing.assert_allclose(x.detach().numpy(), textbook(G, 0.01, decay=0.1, start=0.5)[-1], rtol=1e-12)


def test_textbook_amsgrad_on_dictionaries_of_arrays():
    from regretlab.learners.dict_learner import DictLearner

    G = np.random.default_rng(2).standard_normal((20, 3))
    learner = DictLearner(TextbookAMSGrad(alpha=0.01))
    state = learner.start({"W": np.zeros((1, 2)), "b": np.zeros(1)})
    for g in G:
        state = learner.update(state, {"W": g[None, :2], "b": g[2:]})
    path = textbook(G, 0.01)
    np.testing.assert_allclose(state.params["W"], path[-1][None, :2], rtol=1e-12)
    np.testing.assert_allclose(state.params["b"], path[-1][2:], rtol=1e-12)


def test_the_first_step_of_the_tutorials_amsgrad():
    """alpha / sqrt(1 - beta2) whatever the gradient, 31.6 alpha."""
    learner = TextbookAMSGrad(alpha=1e-3, eps=0.0)
    for g in (1e-6, 1.0, -1e6):
        x = learner.update(learner.start(Reals(1)), [g]).point[0]
        assert x == pytest.approx(-np.sign(g) * 1e-3 / np.sqrt(1e-3), rel=1e-12)


def test_with_a_constant_rate_the_regret_is_linear():
    """R_T/T tends to alpha (1 - beta1) / (2 (1 + beta1)) on gradients 1, -1, 1, -1, ..."""
    from regretlab import play

    alpha, T = 0.1, 40_000
    rate = (
        play(TextbookAMSGrad(alpha=alpha), Periodic([1.0, -1.0]), Box(-1.0, 1.0), T).regret["average_regret"].iloc[-1]
    )
    assert rate == pytest.approx(alpha * 0.1 / (2.0 * 1.9), rel=0.06)
    falling = play(TextbookAMSGrad(alpha=Constant(alpha / 200.0)), Periodic([1.0, -1.0]), Box(-1.0, 1.0), T)
    assert falling.regret["average_regret"].iloc[-1] == pytest.approx(rate / 200.0, rel=0.1)

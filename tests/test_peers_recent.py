"""Learners of 2019 to 2026 beside the code of others: 1,000 rounds with spikes and zeros, in d = 3."""

import warnings

import numpy as np
import pytest
from conftest import peer

from regretlab.learners import (
    MADGRAD,
    Adan,
    AdEMAMix,
    ClippedADOPT,
    ClippedGD,
    DoG,
    Lion,
    NormalizedGD,
    OptimisticOGD,
    RAdam,
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
    SignSGD,
)
from regretlab.schedules import Constant
from regretlab.sets import Reals

T, START, LR = 1000, 0.3, 0.01


def gradients():
    rng = np.random.default_rng(5)
    G = rng.standard_normal((T, 3)) * [1.0, 0.1, 10.0]
    G[rng.random((T, 3)) < 0.2] = 0.0
    G[rng.random((T, 3)) < 0.02] *= 100.0
    G[300:330], G[0, 1] = 0.0, 0.0
    return G


def ours(learner):
    state, path = learner.start(Reals(3), np.full(3, START)), []
    for g in gradients():
        state = learner.update(state, g)
        path.append(state.point)
    return np.array(path)


def torch_path(make):
    torch = peer("torch")
    x = torch.nn.Parameter(torch.full((3,), START, dtype=torch.float64))
    optimizer, path = make(x), []
    getattr(optimizer, "train", lambda: None)()
    for g in gradients():
        x.grad = torch.from_numpy(g.copy())
        optimizer.step()
        path.append(x.detach().numpy().copy())
    return np.array(path)


def optax_path(make):
    jax, optax = peer("jax"), peer("optax")
    with jax.enable_x64(True):
        transformation = make(optax)
        x = jax.numpy.full(3, START)
        state, path = transformation.init(x), []

        @jax.jit
        def step(x, state, g):
            updates, state = transformation.update(g, state, x)
            return optax.apply_updates(x, updates), state

        for g in gradients():
            x, state = step(x, state, jax.numpy.asarray(g))
            path.append(np.asarray(x))
    return np.array(path)


def close(one, other):
    assert np.isfinite(other).all()
    assert np.abs(np.diff(other, axis=0)).max() > 1e-4  # it moves
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12 * np.abs(other).max())


OPTAX = [
    (Lion(Constant(LR)), lambda optax: optax.lion(LR, b1=0.9, b2=0.99, weight_decay=0.0)),
    (SignSGD(Constant(LR)), lambda optax: optax.sign_sgd(LR)),
    (AdEMAMix(Constant(LR)), lambda optax: optax.contrib.ademamix(LR, weight_decay=0.0)),
    (ClippedADOPT(Constant(LR)), lambda optax: optax.contrib.adopt(LR)),
    (ClippedGD(Constant(LR), c=0.5), lambda optax: optax.chain(optax.clip_by_global_norm(0.5), optax.scale(-LR))),
    (
        NormalizedGD(Constant(LR)),
        lambda optax: optax.chain(optax.normalize_by_update_norm(eps=1e-300), optax.scale(-LR)),  # eps for 0/0 alone
    ),
    (DoG(first=0.1), lambda optax: optax.contrib.dog(1.0, ("heuristic", 0.1), eps=1e-8)),
]


@pytest.mark.parametrize(("learner", "make"), OPTAX, ids=lambda each: type(each).__name__)
def test_optax(learner, make):
    close(ours(learner), optax_path(make))


def test_optax_is_optimistic_from_round_2_on():
    """optax sets g_0 = g_1, so that its first step is alpha g_1; h_1 = 0 gives 2 alpha g_1."""
    theirs = optax_path(lambda optax: optax.optimistic_gradient_descent(LR))
    close(ours(OptimisticOGD(Constant(LR))) + LR * gradients()[0], theirs)


def test_optax_has_another_adan():
    """It multiplies the differences by 1 - beta2, where the authors multiply by beta2."""
    assert np.abs(ours(Adan(Constant(LR))) - optax_path(lambda optax: optax.adan(LR))).max() > 0.1


def test_torch_radam():
    torch = peer("torch")
    close(ours(RAdam(Constant(LR))), torch_path(lambda x: torch.optim.RAdam([x], lr=LR)))


@pytest.mark.parametrize(
    ("learner", "name", "options"),
    [
        (Adan(Constant(LR)), "Adan", {"foreach": False, "max_grad_norm": 0.0, "weight_decay": 0.0}),
        (MADGRAD(LR + 1e-6), "MADGRAD", {"eps": 1e-6, "weight_decay": 0.0}),  # it adds eps to the rate
        (AdEMAMix(Constant(LR)), "AdEMAMix", {"weight_decay": 0.0}),
    ],
    ids=lambda each: type(each).__name__,
)
def test_pytorch_optimizer(learner, name, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = peer("pytorch_optimizer")
        theirs = torch_path(lambda x: getattr(package, name)([x], lr=LR, **options))
    close(ours(learner), theirs)


def test_schedulefree():
    package = peer("schedulefree")
    close(ours(ScheduleFreeSGD(0.1)), torch_path(lambda x: package.SGDScheduleFree([x], lr=0.1, momentum=0.9)))
    theirs = torch_path(lambda x: package.AdamWScheduleFree([x], lr=LR, weight_decay=0.1))
    close(ours(ScheduleFreeAdamW(LR, decay=0.1)), theirs)

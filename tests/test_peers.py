"""The same trajectories as other libraries, where they can be made to play the paper's algorithms.

The peers are left out where they are not installed; with CI set, that is a failure.
"""

import warnings

import numpy as np
import pytest
from conftest import peer

from regretlab import play
from regretlab.learners import (
    ADOPT,
    OGD,
    ACProp,
    AdaBelief,
    AdaGrad,
    Adam,
    AdamNC,
    Algorithm1,
    AMSGrad,
    BiasCorrected,
    DecoupledWeightDecay,
    KerasAMSGrad,
    L2Penalty,
    Nadam,
    OGDMomentum,
    OptaxAMSGrad,
    RMSProp,
    TorchAdam,
    TorchAMSGrad,
    TorchNAdam,
    WithEpsilon,
    Yogi,
)
from regretlab.losses import Periodic
from regretlab.schedules import Constant, InverseSqrt
from regretlab.sets import Box

T, D, ALPHA, BETA1, BETA2 = 1000, 4, 0.5, 0.9, 0.99
ROUNDS = np.arange(1.0, T + 1.0)
LO, HI = np.array([-1.0, -0.1, -3.0, 0.5]), np.array([1.0, 0.1, 4.0, 2.0])
START = np.array([0.0, 0.05, -1.0, 2.0])


def gradients():
    """Four coordinates of a thousand rounds: noise, a periodic spike, zeros most of the time, decades of scale.

    No coordinate starts with a zero: there 0/0 is NaN for the peers.
    """
    t = np.arange(1, T + 1)
    rng = np.random.default_rng(20)
    g = np.stack(
        [
            rng.standard_normal(T) + 0.1,
            np.where(t % 101 == 1, 1010.0, -10.0),
            np.where(t % 7 == 1, np.cos(t), 0.0),
            rng.standard_normal(T) * 10.0 ** rng.integers(-6, 7, T),
        ],
        axis=1,
    )
    g[500:520] = 0.0
    g[700] = [1e5, -1e5, 1e5, -1e8]
    return g


G = gradients()


def trajectory(learner, compiled=False):
    """x_1..x_{T+1}."""
    game = play(learner, Periodic(G), Box(LO, HI), T, start=START, checkpoints=range(1, T + 1), compiled=compiled)
    return np.vstack([game.record.point, game.point])


def test_the_gradients_are_worth_comparing_on():
    x = trajectory(AMSGrad(ALPHA, BETA1, BETA2))
    inside = ((x > LO) & (x < HI)).mean(axis=0)
    assert (inside > 0.05).all()
    assert (inside < 0.999).any()
    assert (G == 0.0).mean() > 0.2
    assert (G[0] != 0.0).all()


def test_a_missing_peer_is_skipped_and_fails_where_ci_is_set(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no_such_library is not installed"):
        peer("no_such_library")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no_such_library is not installed"):
        peer("no_such_library")


# -- torch ------------------------------------------------------------------------------------


@pytest.fixture
def torch():
    module = peer("torch")
    kind = module.get_default_dtype()
    yield module
    module.set_default_dtype(kind)


def torch_trajectory(torch, make, stepsize):
    """The points of an optimizer; its learning rate is set before each step, its point projected after it.

    Everything is in double precision: NAdam has mu_1...mu_t in the default type.
    """
    torch.set_default_dtype(torch.float64)
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    lo, hi = torch.tensor(LO), torch.tensor(HI)
    optimizer = make([x])
    points = [START]
    for g, lr in zip(torch.tensor(G), stepsize.tolist(), strict=True):
        optimizer.param_groups[0]["lr"] = lr
        x.grad = g.clone()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            optimizer.step()
        with torch.no_grad():
            x.copy_(torch.minimum(torch.maximum(x, lo), hi))
        points.append(x.detach().numpy().copy())
    return np.array(points)


UNBIASED = (1.0 - BETA1**ROUNDS) / np.sqrt(1.0 - BETA2**ROUNDS)  # undoes torch's bias correction


@pytest.mark.parametrize(
    ("learner", "name", "options", "stepsize"),
    [
        (AdamNC(ALPHA, beta1=0.0), "Adagrad", {"eps": 0.0}, np.full(T, ALPHA)),
        (AdaGrad(ALPHA), "Adagrad", {"eps": 0.0}, np.full(T, ALPHA)),
        (AdaGrad(Constant(0.05)), "Adagrad", {"eps": 0.0}, 0.05 * np.sqrt(ROUNDS)),
        (OGD(ALPHA), "SGD", {}, ALPHA / np.sqrt(ROUNDS)),
        (RMSProp(ALPHA, BETA2), "RMSprop", {"alpha": BETA2, "eps": 0.0}, ALPHA / np.sqrt(ROUNDS)),
        (
            Adam(ALPHA, BETA1, BETA2),
            "Adam",
            {"betas": (BETA1, BETA2), "eps": 0.0},
            ALPHA / np.sqrt(ROUNDS) * UNBIASED,
        ),
        (
            AMSGrad(ALPHA, BETA1, BETA2),
            "Adam",
            {"betas": (BETA1, BETA2), "eps": 0.0, "amsgrad": True},
            ALPHA / np.sqrt(ROUNDS) * UNBIASED,
        ),
        (
            AMSGrad(Constant(0.01), BETA1, BETA2),
            "Adam",
            {"betas": (BETA1, BETA2), "eps": 0.0, "amsgrad": True},
            0.01 * UNBIASED,
        ),
    ],
    ids=lambda value: repr(value) if hasattr(value, "rule") else "",
)
def test_torch(torch, learner, name, options, stepsize):
    theirs = torch_trajectory(torch, lambda x: getattr(torch.optim, name)(x, lr=1.0, **options), stepsize)
    assert np.isfinite(theirs).all()
    for compiled in (False, True):
        np.testing.assert_allclose(trajectory(learner, compiled), theirs, rtol=0.0, atol=1e-12)


ROOT = ALPHA / np.sqrt(ROUNDS)
BETAS = {"betas": (BETA1, BETA2)}


@pytest.mark.parametrize(
    ("learner", "name", "options", "stepsize"),
    [
        (TorchAdam(InverseSqrt(ALPHA), BETA1, BETA2), "Adam", BETAS, ROOT),
        (TorchAdam(beta2=0.9, eps=0.1), "Adam", {"betas": (0.9, 0.9), "eps": 0.1}, np.full(T, 1e-3)),
        (WithEpsilon(BiasCorrected(Adam(ALPHA, BETA1, BETA2)), 0.1), "Adam", {**BETAS, "eps": 0.1}, ROOT),
        (TorchAMSGrad(InverseSqrt(ALPHA), BETA1, BETA2), "Adam", {**BETAS, "amsgrad": True}, ROOT),
        (TorchAMSGrad(InverseSqrt(ALPHA), BETA1, BETA2, eps=0.1), "Adam", {**BETAS, "amsgrad": True, "eps": 0.1}, ROOT),
        (TorchNAdam(InverseSqrt(ALPHA), BETA1, BETA2), "NAdam", BETAS, ROOT),
        (
            TorchNAdam(InverseSqrt(ALPHA), BETA1, BETA2, momentum_decay=0.1),
            "NAdam",
            {**BETAS, "momentum_decay": 0.1},
            ROOT,
        ),
        (WithEpsilon(RMSProp(ALPHA, BETA2), 0.1), "RMSprop", {"alpha": BETA2, "eps": 0.1}, ROOT),
        (OGDMomentum(ALPHA, BETA1), "SGD", {"momentum": BETA1}, (1.0 - BETA1) * ROOT),
        (
            DecoupledWeightDecay(TorchAdam(InverseSqrt(ALPHA), BETA1, BETA2), 0.3),
            "AdamW",
            {**BETAS, "weight_decay": 0.3},
            ROOT,
        ),
        (
            DecoupledWeightDecay(TorchAMSGrad(InverseSqrt(ALPHA), BETA1, BETA2), 0.3),
            "AdamW",
            {**BETAS, "weight_decay": 0.3, "amsgrad": True},
            ROOT,
        ),
        (L2Penalty(TorchAdam(InverseSqrt(ALPHA), BETA1, BETA2), 0.3), "Adam", {**BETAS, "weight_decay": 0.3}, ROOT),
        (L2Penalty(OGD(ALPHA), 0.3), "SGD", {"weight_decay": 0.3}, ROOT),
        (DecoupledWeightDecay(OGD(ALPHA), 0.3), "SGD", {"weight_decay": 0.3}, ROOT),
    ],
    ids=lambda value: repr(value) if hasattr(value, "update") and hasattr(value, "start") else "",
)
def test_torch_as_it_comes(torch, learner, name, options, stepsize):
    theirs = torch_trajectory(torch, lambda x: getattr(torch.optim, name)(x, lr=1.0, **options), stepsize)
    assert np.isfinite(theirs).all()
    for compiled in (False, True) if isinstance(learner, Algorithm1) else (False,):
        np.testing.assert_allclose(trajectory(learner, compiled), theirs, rtol=0.0, atol=1e-12)


def test_keras_adds_eps_before_the_correction(torch):
    """Its formula, m_t lr sqrt(1 - beta2^t) / (1 - beta1^t) / (sqrt vhat_t + eps), is PyTorch's for another eps."""
    learner, eps = KerasAMSGrad(InverseSqrt(ALPHA), BETA1, BETA2, eps=0.1), 0.1
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([x], amsgrad=True, **BETAS)
    lo, hi = torch.tensor(LO), torch.tensor(HI)
    theirs = [START]
    for t, g in enumerate(torch.tensor(G), start=1):
        optimizer.param_groups[0].update(lr=ALPHA / t**0.5, eps=eps / (1.0 - BETA2**t) ** 0.5)
        x.grad = g.clone()
        optimizer.step()
        with torch.no_grad():
            x.copy_(torch.minimum(torch.maximum(x, lo), hi))
        theirs.append(x.detach().numpy().copy())
    np.testing.assert_allclose(trajectory(learner), np.array(theirs), rtol=0.0, atol=1e-12)


@pytest.fixture
def keras(torch):
    """Keras on PyTorch, in double precision."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("KERAS_BACKEND", "torch")
        keras = peer("keras")
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield keras
    keras.config.set_floatx(before)


def test_keras(keras):
    x = keras.Variable(START, dtype="float64")
    optimizer = keras.optimizers.Adam(ALPHA, BETA1, BETA2, epsilon=0.1, amsgrad=True)
    optimizer.build([x])
    theirs = [START]
    for t, g in enumerate(G, start=1):
        optimizer.learning_rate = ALPHA / t**0.5
        optimizer.apply_gradients([(keras.ops.convert_to_tensor(g, dtype="float64"), x)])
        x.assign(keras.ops.clip(x, LO, HI))
        theirs.append(x.value.detach().numpy().copy())
    learner = KerasAMSGrad(InverseSqrt(ALPHA), BETA1, BETA2, eps=0.1)
    np.testing.assert_allclose(trajectory(learner), np.array(theirs), rtol=0.0, atol=1e-12)


def test_torch_as_it_comes_is_another_algorithm(torch):
    """Its bias correction is not in the paper: with the paper's stepsize the points differ visibly."""
    options = {"betas": (BETA1, BETA2), "eps": 0.0, "amsgrad": True}
    theirs = torch_trajectory(torch, lambda x: torch.optim.Adam(x, lr=1.0, **options), 0.01 * np.ones(T))
    assert np.abs(trajectory(AMSGrad(Constant(0.01), BETA1, BETA2)) - theirs).max() > 1e-2


# -- optax ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def optax():
    return peer("optax")


def optax_trajectory(optax, optimizer):
    jax = peer("jax")
    enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else peer("jax.experimental").enable_x64
    with warnings.catch_warnings(), enable_x64(True):
        warnings.simplefilter("ignore")
        jnp = jax.numpy
        lo, hi = jnp.asarray(LO), jnp.asarray(HI)

        def step(carry, g):
            x, state = carry
            change, state = optimizer.update(g, state, x)
            x = jnp.clip(optax.apply_updates(x, change), lo, hi)
            return (x, state), x

        x = jnp.asarray(START)
        _, points = jax.lax.scan(step, (x, optimizer.init(x)), jnp.asarray(G))
        assert points.dtype == np.float64
        return np.vstack([START, np.asarray(points)])


def optax_amsgrad(optax, stepsize, corrected=False):
    return optax.amsgrad(
        stepsize,
        b1=BETA1,
        b2=BETA2,
        eps=0.0,
        eps_root=0.0,
        bias_correction_mu=corrected,
        bias_correction_nu=corrected,
    )


def root(count):
    """optax counts from 0."""
    return ALPHA / (count + 1.0) ** 0.5


@pytest.mark.parametrize(
    ("learner", "stepsize"),
    [(AMSGrad(ALPHA, BETA1, BETA2), root), (AMSGrad(Constant(0.01), BETA1, BETA2), 0.01)],
    ids=["root", "constant"],
)
def test_optax_amsgrad_without_bias_correction(optax, learner, stepsize):
    theirs = optax_trajectory(optax, optax_amsgrad(optax, stepsize))
    assert np.isfinite(theirs).all()
    for compiled in (False, True):
        np.testing.assert_allclose(trajectory(learner, compiled), theirs, rtol=0.0, atol=1e-12)


def asynchronous(count):
    """optax's ACProp corrects the bias of s_{t-1}, averages (g_t - m_{t-1})^2, and moves at once."""
    before = count + (count == 0)
    return (count > 0) * root(count) / (1.0 - BETA2**before) ** 0.5 / BETA1


@pytest.mark.parametrize(
    ("learner", "make"),
    [
        (TorchAdam(InverseSqrt(ALPHA), BETA1, BETA2), lambda optax: optax.adam(root, BETA1, BETA2)),
        (TorchAdam(InverseSqrt(ALPHA), BETA1, BETA2, eps=0.1), lambda optax: optax.adam(root, BETA1, BETA2, eps=0.1)),
        (OptaxAMSGrad(InverseSqrt(ALPHA), BETA1, BETA2), lambda optax: optax.amsgrad(root, BETA1, BETA2)),
        (OptaxAMSGrad(beta2=0.9, eps=0.1), lambda optax: optax.amsgrad(1e-3, 0.9, 0.9, eps=0.1)),
        (Nadam(ALPHA, BETA1, BETA2), lambda optax: optax.nadam(root, BETA1, BETA2, eps=0.0)),
        (
            BiasCorrected(AdaBelief(ALPHA, BETA1, BETA2)),
            lambda optax: optax.adabelief(root, BETA1, BETA2, eps=0.0, eps_root=0.0),
        ),
        (
            WithEpsilon(BiasCorrected(Yogi(ALPHA, BETA1, BETA2)), 1e-3),
            lambda optax: optax.chain(
                optax.scale_by_yogi(BETA1, BETA2, eps=1e-3, initial_accumulator_value=0.0),
                optax.scale_by_learning_rate(root),
            ),
        ),
        (
            ADOPT(ALPHA, BETA1, BETA2),
            lambda optax: optax.contrib.adopt(root, BETA1, BETA2, eps=1e-200, use_clipping=False),
        ),
        (ACProp(ALPHA, BETA1, BETA2), lambda optax: optax.contrib.acprop(asynchronous, BETA1, BETA2, 0.0, 0.0)),
        (
            DecoupledWeightDecay(TorchAdam(InverseSqrt(ALPHA), BETA1, BETA2), 0.3),
            lambda optax: optax.adamw(root, BETA1, BETA2, weight_decay=0.3),
        ),
    ],
    ids=lambda value: repr(value) if hasattr(value, "update") and hasattr(value, "start") else "",
)
def test_optax(optax, learner, make):
    theirs = optax_trajectory(optax, make(optax))
    assert np.isfinite(theirs).all()
    for compiled in (False, True) if isinstance(learner, Algorithm1) else (False,):
        np.testing.assert_allclose(trajectory(learner, compiled), theirs, rtol=0.0, atol=1e-12)


def test_optax_as_it_comes_is_another_algorithm(optax):
    theirs = optax_trajectory(optax, optax_amsgrad(optax, 0.01, corrected=True))
    assert np.abs(trajectory(AMSGrad(Constant(0.01), BETA1, BETA2)) - theirs).max() > 1e-2

"""Learners as optimizers of PyTorch: the bits of the rule, the interface of torch."""

import io

import numpy as np
import pytest
from conftest import peer

import regretlab as rl
from regretlab.schedules import Constant, Geometric


@pytest.fixture(scope="module")
def torch():
    return peer("torch")


@pytest.fixture(scope="module")
def Optimizer(torch):
    from regretlab.torch import Optimizer

    return Optimizer


LEARNERS = [
    rl.learners.AMSGrad(alpha=0.1),
    rl.learners.AMSGrad(alpha=Constant(0.01), beta1=Geometric(0.9, 0.9)),
    rl.learners.AdamNC(alpha=0.2),
    rl.learners.ADOPT(alpha=0.1),
    rl.learners.WithEpsilon(rl.learners.BiasCorrected(rl.learners.Adam(alpha=0.1)), 1e-8),
]
SETS = [None, rl.sets.Box(-0.5, 0.5), rl.sets.L2Ball(1.0), rl.sets.Simplex(80)]


def parameters(torch, shapes, dtype=None):
    return [torch.nn.Parameter(torch.zeros(shape, dtype=dtype or torch.float64)) for shape in shapes]


def give(torch, params, g):
    start = 0
    for p in params:
        p.grad = torch.from_numpy(g[start : start + p.numel()].copy()).view(p.shape).to(p.dtype)
        start += p.numel()


def vector(params):
    return np.concatenate([p.detach().reshape(-1).numpy() for p in params])


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("F", SETS, ids=repr)
def test_the_bits_of_the_rule(torch, Optimizer, learner, F):
    params = parameters(torch, [(8, 8), (16,)])
    optimizer = Optimizer(params, learner, F)
    state = learner.start((F or rl.sets.Reals()).with_dimension(80), vector(params))
    rng = np.random.default_rng(0)
    for _ in range(40):
        g = rng.standard_normal(80) * rng.choice([0.0, 1.0, 100.0], 80)
        give(torch, params, g)
        optimizer.step()
        state = learner.update(state, g)
        assert np.array_equal(vector(params), state.point)


def test_decay_in_two_ways(torch, Optimizer):
    learner, rng = rl.learners.AMSGrad(alpha=0.1), np.random.default_rng(0)
    for keyword, cls in (("l2_penalty", rl.learners.L2Penalty), ("weight_decay", rl.learners.DecoupledWeightDecay)):
        params = parameters(torch, [(5,)])
        optimizer, decayed = Optimizer(params, learner, **{keyword: 0.3}), cls(learner, 0.3)
        state = decayed.start(rl.sets.Reals(5))
        for _ in range(20):
            g = rng.standard_normal(5)
            give(torch, params, g)
            optimizer.step()
            state = decayed.update(state, g)
            assert vector(params) == pytest.approx(state.point, rel=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch_adam_is_torch_adam(torch, Optimizer, dtype):
    dtype = getattr(torch, dtype)
    ours, theirs = parameters(torch, [(70,)], dtype), parameters(torch, [(70,)], dtype)
    a = Optimizer(ours, rl.learners.TorchAdam(alpha=0.01))
    b = torch.optim.Adam(theirs, lr=0.01, foreach=False)
    rng = np.random.default_rng(0)
    for _ in range(100):
        g = rng.standard_normal(70)
        for params, optimizer in ((ours, a), (theirs, b)):
            give(torch, params, g)
            optimizer.step()
    assert vector(ours) == pytest.approx(vector(theirs), rel=1e-12 if dtype == torch.float64 else 1e-4, abs=1e-6)


def test_a_saved_optimizer_goes_on_with_the_same_bits(torch, Optimizer):
    learner, rng = rl.learners.AMSGrad(alpha=0.1), np.random.default_rng(0)
    gradients = rng.standard_normal((40, 6))

    def groups(params):
        return [{"params": params[:1]}, {"params": params[1:], "learner": rl.learners.Adam(), "lr": 0.5}]

    whole = parameters(torch, [(4,), (2,)])
    optimizer = Optimizer(groups(whole), learner, rl.sets.LinfBall(0.7))
    for k, g in enumerate(gradients):
        if k == 25:
            file = io.BytesIO()
            torch.save(optimizer.state_dict(), file)
            params = [torch.nn.Parameter(p.detach().clone()) for p in whole]
        give(torch, whole, g)
        optimizer.step()
    again = Optimizer(groups(params), learner, rl.sets.LinfBall(0.7))
    file.seek(0)
    again.load_state_dict(torch.load(file))  # tensors, numbers and strings only
    for g in gradients[25:]:
        give(torch, params, g)
        again.step()
    assert np.array_equal(vector(params), vector(whole))
    other = Optimizer(groups(params), rl.learners.AMSGrad(alpha=0.2), rl.sets.LinfBall(0.7))
    with pytest.raises(ValueError, match="group 0 was saved with learner=AMSGrad"):
        other.load_state_dict(optimizer.state_dict())
    with pytest.raises(ValueError, match="2 groups were saved, here there are 1"):
        Optimizer(params, learner).load_state_dict(optimizer.state_dict())


def test_schedulers_change_the_stepsize(torch, Optimizer):
    params = parameters(torch, [(1,)])
    optimizer = Optimizer(params, rl.learners.OGD(alpha=Constant(0.1)))
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    for expected in (-0.1, -0.15, -0.175):
        give(torch, params, np.ones(1))
        optimizer.step()
        scheduler.step()
        assert vector(params)[0] == pytest.approx(expected)


def test_a_network_trains(torch, Optimizer):
    torch.manual_seed(0)
    x = torch.linspace(-2.0, 2.0, 64)[:, None]
    y = torch.sin(2.0 * x)
    net = torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    optimizer = Optimizer(net.parameters(), rl.learners.AMSGrad(alpha=Constant(0.02), beta2=0.999))

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(net(x), y)
        loss.backward()
        return loss

    first = optimizer.step(closure).item()
    for _ in range(400):
        last = optimizer.step(closure).item()
    assert last < 0.05 * first


def test_parameters_without_a_gradient(torch, Optimizer):
    params = parameters(torch, [(3,), (3,)])
    optimizer = Optimizer(params, rl.learners.AMSGrad())
    params[0].grad = torch.ones(3, dtype=torch.float64)
    optimizer.step()
    assert optimizer.state[params[0]]["t"] == 1
    assert params[1] not in optimizer.state
    assert not params[1].any()


def test_parameters_that_are_not_contiguous(torch, Optimizer):
    p = torch.nn.Parameter(torch.zeros((4, 3), dtype=torch.float64).t())
    optimizer = Optimizer([p], rl.learners.OGD(alpha=1.0))
    p.grad = torch.arange(12, dtype=torch.float64).view(4, 3).t()
    optimizer.step()
    assert torch.equal(p.detach(), -p.grad)


def test_parameters_outside_are_projected_when_added(torch, Optimizer):
    params = [torch.nn.Parameter(torch.full((2,), 3.0, dtype=torch.float64))]
    Optimizer(params, rl.learners.AMSGrad(), rl.sets.L2Ball(1.0))
    assert vector(params) == pytest.approx([np.sqrt(0.5)] * 2)


def test_bad_input(torch, Optimizer):
    params, learner = parameters(torch, [(3,)]), rl.learners.AMSGrad()
    for arguments, error, message in [
        ((params, rl.learners.AMSGrad), TypeError, "not in the form of Algorithm 1"),
        ((params, rl.learners.Hedge()), TypeError, "not in the form of Algorithm 1"),
        ((params, learner, "box"), TypeError, "is not a FeasibleSet"),
        ((params, learner, rl.sets.Simplex(4)), ValueError, "has dimension 4, the group has 3 numbers"),
        ((parameters(torch, [(3,)], torch.float16), learner), TypeError, "float16"),
        ((parameters(torch, [(3,)], torch.complex64), learner), TypeError, "complex64"),
    ]:
        with pytest.raises(error, match=message):
            Optimizer(*arguments)
    for name in ("lr", "weight_decay", "l2_penalty"):
        with pytest.raises(ValueError, match=f"{name}=-1"):
            Optimizer(params, learner, **{name: -1.0})
    rows = torch.nn.Embedding(5, 2, sparse=True, dtype=torch.float64)
    optimizer = Optimizer(rows.parameters(), learner)
    rows(torch.tensor([1, 3])).sum().backward()
    with pytest.raises(TypeError, match="a gradient is sparse"):
        optimizer.step()

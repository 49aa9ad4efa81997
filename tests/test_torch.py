"""Learners as optimizers of PyTorch: the bits of the rule, the interface of torch."""

import dataclasses
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


@pytest.mark.parametrize("lr", [0.25, 1.0, 4.0])
def test_decay_follows_the_rate(torch, Optimizer, lr):
    """With lr, alpha_t is lr times as large: in the step and in the decoupled decay, but not in the penalty."""
    rng = np.random.default_rng(0)
    for keyword, cls in (("l2_penalty", rl.learners.L2Penalty), ("weight_decay", rl.learners.DecoupledWeightDecay)):
        params = parameters(torch, [(5,)])
        optimizer = Optimizer(params, rl.learners.AMSGrad(alpha=0.1), lr=lr, **{keyword: 0.3})
        state = (decayed := cls(rl.learners.AMSGrad(alpha=0.1 * lr), 0.3)).start(rl.sets.Reals(5))
        for _ in range(20):
            g = rng.standard_normal(5)
            give(torch, params, g)
            optimizer.step()
            state = decayed.update(state, g)
        assert vector(params) == pytest.approx(state.point, rel=1e-12)


def test_decay_by_hand_while_a_scheduler_changes_the_rate(torch, Optimizer):
    """x <- (1 - lr_t alpha_t decay) x - lr_t alpha_t g with alpha_t = 0.1 / sqrt t, lr_t = 0, 1/2, 1, 3/2."""
    params = [torch.nn.Parameter(torch.ones(1, dtype=torch.float64))]
    optimizer = Optimizer(params, rl.learners.OGD(alpha=0.1), weight_decay=0.3)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: k / 2)
    x = 1.0
    for k in range(4):
        give(torch, params, np.ones(1))
        optimizer.step()
        scheduler.step()
        alpha = k / 2 * 0.1 / np.sqrt(k + 1)
        x = (1 - alpha * 0.3) * x - alpha
        assert vector(params)[0] == pytest.approx(x, rel=1e-14)


def test_single_precision_is_double_precision_rounded_in_each_round(torch, Optimizer):
    """The state and the point of ``learner.update``, rounded after each round."""
    learner, rng = rl.learners.AMSGrad(alpha=0.1), np.random.default_rng(0)
    for F in (rl.sets.Reals(80), rl.sets.L2Ball(0.5, dimension=80)):
        params = parameters(torch, [(80,)], torch.float32)
        optimizer, state = Optimizer(params, learner, F), learner.start(F)
        for _ in range(20):
            g = rng.standard_normal(80).astype(np.float32)
            give(torch, params, g)
            optimizer.step()
            state = learner.update(state, g.astype(float))
            moments = {name: row.astype(np.float32).astype(float) for name, row in state.moments.items()}
            state = dataclasses.replace(state, point=state.point.astype(np.float32).astype(float), moments=moments)
            assert np.array_equal(vector(params), state.point.astype(np.float32))


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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["AMSGrad", "AdaBound", "TorchAdam"])
def test_a_network_through_a_warm_up_a_batch_of_nan_and_a_file(torch, Optimizer, dtype, name):
    """The NaN changes nothing; resumed from a file in the middle, it ends with the same bits."""
    torch.manual_seed(0)
    x = torch.linspace(-2.0, 2.0, 32, dtype=getattr(torch, dtype))[:, None]
    y = torch.sin(2.0 * x)
    learner = getattr(rl.learners, name)(alpha=Constant(0.02))

    def made(weights=None):
        net = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)).to(x.dtype)
        if weights:
            net.load_state_dict(weights)
        optimizer = Optimizer(net.named_parameters(), learner, weight_decay=1e-3)
        return net, optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: min(1.0, k / 10))

    def step(net, optimizer, scheduler, inputs=x):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(net(inputs), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        return loss.item()

    run = made()
    first = step(*run)
    for k in range(100):
        if k == 5:
            before = [p.clone() for p in run[0].parameters()]
            with pytest.raises(FloatingPointError, match=r"the gradient of parameter '0.weight' in round 7 is nan"):
                step(*run, inputs=x * float("nan"))
            run[2].step()
            assert all(torch.equal(p, q) for p, q in zip(before, run[0].parameters(), strict=True))
        if k == 50:
            file = io.BytesIO()
            torch.save([each.state_dict() for each in run], file)
        last = step(*run)
    assert last < 0.5 * first
    file.seek(0)
    saved = torch.load(file)  # tensors, numbers and strings only
    again = made(saved[0])
    again[1].load_state_dict(saved[1])
    again[2].load_state_dict(saved[2])
    for _ in range(50, 100):
        step(*again)
    assert all(torch.equal(p, q) for p, q in zip(run[0].parameters(), again[0].parameters(), strict=True))


def test_rates_that_are_tensors(torch, Optimizer):
    points = []
    for lr in (0.5, torch.tensor(0.5, dtype=torch.float64)):
        params = parameters(torch, [(3,)])
        optimizer = Optimizer(params, rl.learners.AMSGrad(alpha=0.1), lr=lr)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        for _ in range(5):
            give(torch, params, np.ones(3))
            optimizer.step()
            scheduler.step()
        file = io.BytesIO()
        torch.save(optimizer.state_dict(), file)
        file.seek(0)
        other = Optimizer(params, rl.learners.AMSGrad(alpha=0.1), lr=lr)
        other.load_state_dict(torch.load(file))
        give(torch, params, np.ones(3))
        other.step()
        points.append(vector(params))
    assert np.array_equal(*points)


def test_maximize(torch, Optimizer):
    down, up = parameters(torch, [(3,)]), parameters(torch, [(3,)])
    optimizers = Optimizer(down, rl.learners.AMSGrad()), Optimizer(up, rl.learners.AMSGrad(), maximize=True)
    for params, optimizer, sign in ((down, optimizers[0], -1.0), (up, optimizers[1], 1.0)):
        give(torch, params, sign * np.arange(3.0))
        optimizer.step()
    assert np.array_equal(vector(down), vector(up))


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

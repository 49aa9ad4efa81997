"""Learners as optimizers of PyTorch; without torch there is nothing to try."""

import copy
from dataclasses import dataclass
from math import sqrt

import numpy as np

import regretlab as rl
from hostile import program
from regretlab.learners import Algorithm1
from regretlab.schedules import Constant, Schedule, Values

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]
else:
    from regretlab.torch import Optimizer

L, F = rl.learners, rl.sets


def torch_program(**expected):
    """Like ``program``, for programs that need torch."""
    return program(**expected) if torch else lambda run: run


def parameter(*values, dtype="float64"):
    return torch.nn.Parameter(torch.tensor(values, dtype=getattr(torch, dtype)))


def step(optimizer, p, *gradient):
    p.grad = torch.tensor(gradient, dtype=p.dtype)
    optimizer.step()


# -- gradients that are no numbers ---------------------------------------------------------


@torch_program(
    refused="the step of parameter 0 of group 0 in round 1: W = 0 at coordinate 0 in round 1, but m is not 0"
)
def a_metric_of_zero():
    @dataclass(frozen=True)
    class Zero(Algorithm1):
        @staticmethod
        def rule(g, v):
            return (v + g,), g, max(v, 0.0)

    p = parameter(0.0)
    step(Optimizer([p], Zero()), p, 1.0)


@torch_program(
    refused="the step of parameter 0 of group 0 in round 1 underflows: the square of g=1e-200 at coordinate 0 is 0"
)
def a_square_that_underflows():
    p = parameter(0.0)
    step(Optimizer([p], L.AMSGrad()), p, 1e-200)


@torch_program(refused="the gradient of parameter 0 of group 0 in round 1 is nan at its entry 0")
def a_gradient_of_nan():
    p = parameter(1.0, 1.0)
    step(Optimizer([p], L.AMSGrad(alpha=Constant(0.1))), p, float("nan"), 1.0)


@torch_program(refused="the step of parameter 0 of group 0 in round 1 overflows torch.float32")
def a_square_that_overflows_in_single_precision():
    p = parameter(1.0, 1.0, dtype="float32")
    step(Optimizer([p], L.AMSGrad(alpha=Constant(0.1))), p, 1e30, 1.0)


@torch_program(refused="parameter 0 of group 0 in round 3 is -inf at its entry 1")
def an_infinite_gradient_in_a_later_round():
    p = parameter(1.0, 1.0)
    optimizer = Optimizer([p], L.AMSGrad())
    for g in (1.0, 2.0, -float("inf")):
        step(optimizer, p, 1.0, g)


@torch_program(right=[0.5, 0.5, 2, 2])
def nothing_changes_when_another_group_fails():
    p, q = parameter(1.0), parameter(1.0)
    optimizer = Optimizer([{"params": [p]}, {"params": [q]}], L.OGD(alpha=Constant(0.25)))
    for g in (1.0, 1.0, float("nan")):
        p.grad, q.grad = torch.ones(1, dtype=torch.float64), torch.tensor([g], dtype=torch.float64)
        try:
            optimizer.step()
        except FloatingPointError:
            break
    return [p.item(), q.item(), optimizer.state[p]["t"], optimizer.state[q]["t"]]


@torch_program(refused="parameter 'bias' in round 1 is nan")
def a_projection_does_not_hide_which_parameter_it_was():
    p, q = parameter(0.1), parameter(0.1)
    optimizer = Optimizer([("weight", p), ("bias", q)], L.AMSGrad(), F.L2Ball(1.0))
    p.grad = torch.ones(1, dtype=torch.float64)
    step(optimizer, q, float("nan"))


@torch_program(refused="the step of parameter 'bias' in round 1 overflows: gradient [1.e+200]")
def a_projection_does_not_spread_an_overflow():
    p, q = parameter(0.1), parameter(0.1)
    optimizer = Optimizer([("weight", p), ("bias", q)], L.AMSGrad(), F.L2Ball(1.0))
    p.grad = torch.ones(1, dtype=torch.float64)
    step(optimizer, q, 1e200)


@torch_program(refused="in round 1 is inf at its entry 0")
def a_penalty_that_overflows():
    p = parameter(1e300)
    step(Optimizer([p], L.OGD(), l2_penalty=1e300), p, 1.0)


@torch_program(refused="the step of parameter 0 of group 0 in round 1 overflows")
def a_decay_that_overflows():
    p = parameter(1e300)
    step(Optimizer([p], L.OGD(), weight_decay=1e300), p, 1.0)


@torch_program(refused="the step of parameter 0 of group 0 in round 1 overflows")
def a_parameter_that_is_nan():
    p = parameter(float("nan"))
    step(Optimizer([p], L.OGD()), p, 1.0)


@torch_program(refused="a parameter is not finite, so that it cannot be projected")
def a_start_that_is_nan():
    Optimizer([parameter(float("nan"))], L.OGD(), F.L2Ball(1.0))


def _learners():
    every = (getattr(L, name) for name in L.__all__)
    classes = [c for c in every if isinstance(c, type) and issubclass(c, Algorithm1) and hasattr(c, "rule")]
    return [c(L.Adam()) if issubclass(c, L.Combinator) else c() for c in classes]


@torch_program(right=0)
def learners_that_go_on_after_a_gradient_of_nan():
    return _unharmed(float("nan"))


@torch_program(right=0)
def learners_that_go_on_after_an_infinite_gradient():
    return _unharmed(float("inf"))


def _unharmed(bad):
    """How many learners, precisions, sets and kinds of decay go on after the gradient ``bad`` in round 2."""
    survivors = 0
    for learner in _learners():
        for dtype in ("float32", "float64"):
            for F_, options in (
                (None, {}),
                (F.Box(-1.0, 1.0), {"maximize": True}),
                (F.L2Ball(1.0), {"weight_decay": 0.1}),
            ):
                p = parameter(0.1, 0.1, dtype=dtype)
                optimizer = Optimizer([p], learner, F_, **options)
                step(optimizer, p, 1.0, 1.0)
                before = p.tolist()
                try:
                    step(optimizer, p, 1.0, bad)
                    survivors += 1
                except FloatingPointError as error:
                    survivors += p.tolist() != before or "round 2" not in str(error) or optimizer.state[p]["t"] != 1
    return survivors


@torch_program(right=0)
def squares_that_overflow_freeze_no_coordinate():
    """After 1e200, whose square overflows, a step is as by hand, or an error."""
    frozen = 0
    for learner in _learners():
        p, state = parameter(0.0), learner.start(F.Reals(1))
        optimizer = Optimizer([p], learner)
        try:
            for g in (1e200, 1.0, 1.0):
                step(optimizer, p, g)
                state = learner.update(state, [g])
        except FloatingPointError:
            continue
        frozen += p.item() != state.point[0]
    return frozen


# -- base rate, precision, overrides -------------------------------------------------------


def warmed_up(learner, factor, rounds=60, **options):
    """x after gradients of 1, with lr = factor(k) times its first value in round k = 0, 1, ..."""
    p = parameter(0.0)
    optimizer = Optimizer([p], learner, **options)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    for _ in range(rounds):
        step(optimizer, p, 1.0)
        scheduler.step()
    return p.item()


def bounded_by_hand(base, factor, rounds=60, final=0.1, maximum=False):
    """AdaBound on gradients of 1: eta_t = factor * Clip(base / sqrt v_t, lower_t, upper_t)."""
    x = m = v = vhat = 0.0
    for t in range(1, rounds + 1):
        m, v = 0.9 * m + 0.1, 0.99 * v + 0.01
        vhat = max(v, vhat) if maximum else v
        low, high = final * (1 - 1 / (0.01 * t + 1)), final * (1 + 1 / (0.01 * t))
        x -= factor(t - 1) * min(max(base / sqrt(vhat), low), high) * m
    return x


@torch_program(right=-1.4864059086389922)
def adabound_in_a_warm_up():
    return warmed_up(L.AdaBound(alpha=Constant(0.01)), lambda k: min(1.0, (k + 1) / 5))


@torch_program(right=[0.0] * 5)
def adabound_and_amsbound_as_by_hand():
    def from_zero(k):
        return min(1.0, k / 5)

    def falling(k):
        return 0.5 ** (k // 20)

    ada, ams = L.AdaBound(alpha=Constant(0.01)), L.AMSBound(alpha=Constant(0.01))
    tenth = {"lr": 0.1}
    return [
        warmed_up(ada, from_zero) - bounded_by_hand(0.01, from_zero),
        warmed_up(ams, from_zero) - bounded_by_hand(0.01, from_zero, maximum=True),
        warmed_up(ada, falling) - bounded_by_hand(0.01, falling),
        warmed_up(L.AdaBound(alpha=Constant(0.1)), from_zero, **tenth) - bounded_by_hand(0.01, from_zero),
        warmed_up(L.WithEpsilon(ada, eps=0.0), from_zero) - bounded_by_hand(0.01, from_zero),
    ]


@torch_program(right=-0.1)
def a_rate_of_zero_at_construction():
    p = parameter(0.0)
    optimizer = Optimizer([p], L.AdaBound(alpha=Constant(1.0), beta1=0.0, lower=0.05, upper=0.1), lr=0.0)
    step(optimizer, p, 1.0)
    optimizer.param_groups[0]["lr"] = 1.0
    step(optimizer, p, 1.0)
    return p.item()


def _converted(method, steps=0):
    model = torch.nn.Linear(1, 1, bias=False)
    optimizer = Optimizer(model.parameters(), L.AMSGrad(alpha=0.1))
    for k in range(steps + 1):
        if k == steps:
            getattr(model, method)()
        model.weight.grad = torch.ones_like(model.weight)
        optimizer.step()


@torch_program(
    refused="parameter 0 of group 0 was torch.float32 (1, 1) on cpu when its optimizer was made, and is torch.float16"
)
def a_model_in_half_precision():
    _converted("half")


@torch_program(refused="and is torch.bfloat16 (1, 1) on cpu: make a new optimizer")
def a_model_in_bfloat16_after_two_rounds():
    _converted("bfloat16", 2)


@torch_program(refused="and is torch.float64 (1, 1) on cpu: make a new optimizer")
def a_model_in_double_precision_after_a_round():
    _converted("double", 1)


@torch_program(refused="was torch.float64 (2,) on cpu when its optimizer was made, and is torch.float64 (3,) on cpu")
def a_parameter_of_another_shape():
    p = parameter(0.0, 0.0)
    optimizer = Optimizer([p], L.OGD())
    p.data = torch.zeros(3, dtype=torch.float64)
    step(optimizer, p, 1.0, 1.0, 1.0)


@torch_program(refused="update")
def a_learner_with_an_update_of_its_own():
    @dataclass(frozen=True)
    class Negative(L.Adam):
        def update(self, state, gradient):
            return super().update(state, -np.asarray(gradient, dtype=float))

    Optimizer([parameter(0.0)], Negative())


@torch_program(refused="start")
def a_learner_with_a_start_of_its_own():
    @dataclass(frozen=True)
    class Elsewhere(L.Adam):
        def start(self, feasible_set, point=None):
            return super().start(feasible_set, 1.0)

    Optimizer([parameter(0.0)], Elsewhere())


@torch_program(refused="update")
def an_update_of_its_own_inside_a_combinator():
    @dataclass(frozen=True)
    class Double(L.Adam):
        def update(self, state, gradient):
            return super().update(super().update(state, gradient), gradient)

    Optimizer([parameter(0.0)], L.WithEpsilon(L.BiasCorrected(Double())))


@torch_program(right=0.25)
def a_set_whose_project_is_overridden():
    class Small(F.Box):
        def project(self, y, weights=None):
            return np.full(np.size(y), 0.25)

    p = parameter(1.0)
    step(Optimizer([p], L.OGD(), Small(-1.0, 1.0)), p, 1.0)
    return p.item()


@torch_program(right=[-0.05, -0.075])
def a_tensor_as_lr():
    p, points = parameter(0.0), []
    optimizer = Optimizer([p], L.OGD(alpha=Constant(0.1)), lr=torch.tensor(0.5))
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    for _ in range(2):
        step(optimizer, p, 1.0)
        scheduler.step()
        points.append(p.item())
    return points


@torch_program(refused="lr=tensor([0.1000, 0.2000]) must be a number in [0, inf)")
def a_tensor_of_two_rates():
    Optimizer([parameter(0.0)], L.OGD(), lr=torch.tensor([0.1, 0.2]))


@torch_program(refused="lr='0.1' must be a number in [0, inf)")
def a_text_as_lr():
    Optimizer([parameter(0.0)], L.OGD(), lr="0.1")


@torch_program(refused="lr=-1.0 must be a number in [0, inf)")
def a_rate_that_a_scheduler_makes_negative():
    warmed_up(L.OGD(), lambda k: -1.0, 1)


@torch_program(refused="lr=nan must be a number in [0, inf)")
def a_rate_that_becomes_nan():
    warmed_up(L.OGD(), lambda k: float("nan"), 1)


@torch_program(refused="maximize=1 must be True or False")
def maximize_is_no_number():
    Optimizer([parameter(0.0)], L.OGD(), maximize=1)


@torch_program(right=[0.1, 0.0])
def maximize_changes_the_sign_before_the_penalty():
    p, q = parameter(0.0), parameter(1.0)
    step(Optimizer([p], L.OGD(alpha=Constant(0.1)), maximize=True), p, 1.0)
    step(Optimizer([q], L.OGD(alpha=Constant(0.1)), maximize=True, l2_penalty=11.0), q, 1.0)
    return [p.item(), q.item()]


@torch_program(right=[0.9, 0.0])
def the_decay_follows_lr():
    """x (1 - lr alpha decay), and with the learner of frameworks too: by hand 1 - 0.5 * 0.1 * 2, 1 - 0.5 * 0.1 * 20."""
    points = []
    for decay in (2.0, 20.0):
        p = parameter(1.0)
        step(Optimizer([p], L.OGD(alpha=Constant(0.1)), lr=0.5, weight_decay=decay), p, 0.0)
        points.append(p.item())
    return points


@torch_program(
    refused="learner=<class 'regretlab.learners.adam.AMSGrad'> is not in the form of Algorithm 1; write AMSGrad(...)"
)
def a_class_instead_of_a_learner():
    Optimizer([parameter(0.0)], L.AMSGrad)


# -- groups and saved states ---------------------------------------------------------------


@torch_program(refused="a parameter group has no option 'feasible_sets'; did you mean feasible_set?")
def a_misspelt_set_of_a_group():
    Optimizer([{"params": [parameter(0.5)], "feasible_sets": F.Box(-1.0, 1.0)}], L.OGD())


@torch_program(refused="a parameter group has no option 'alpha'")
def a_stepsize_of_a_group():
    Optimizer([{"params": [parameter(0.5)], "alpha": 9.0}], L.OGD())


@torch_program(refused="a parameter group has no option 'weightdecay'; did you mean weight_decay?")
def a_misspelt_decay_of_a_later_group():
    Optimizer([parameter(0.5)], L.OGD()).add_param_group({"params": [parameter(0.5)], "weightdecay": 0.1})


@torch_program(right=0.4)
def a_group_with_a_name():
    p = parameter(0.5)
    step(Optimizer([{"params": [p], "name": "head", "initial_lr": 1.0}], L.OGD(alpha=0.1)), p, 1.0)
    return p.item()


def _loaded(saved, other):
    """The parameter of ``other``, an optimizer, after it loads the state of ``saved`` and makes a step."""
    p = saved.param_groups[0]["params"][0]
    step(saved, p, *[1.0] * p.numel())
    other.load_state_dict(saved.state_dict())


def _vector(value=0.1, n=20):
    return parameter(*[value] * n)


@torch_program(refused="group 0 was saved with feasible_set=Box")
def a_box_that_differs_where_its_text_has_dots():
    hi = np.arange(1.0, 21.0)
    other = np.where(hi == 11.0, 0.5, hi)
    _loaded(Optimizer([_vector()], L.OGD(), F.Box(-hi, hi)), Optimizer([_vector()], L.OGD(), F.Box(-other, other)))


@torch_program(refused="group 0 was saved with feasible_set=")
def a_polytope_that_differs_in_one_entry():
    A, b = np.vstack([np.eye(20), -np.eye(20)]), np.ones(40)
    changed = b.copy()
    changed[17] = 1.5
    _loaded(*(Optimizer([_vector()], L.OGD(), F.Polytope(A, each)) for each in (b, changed)))


@torch_program(refused="group 0 was saved with learner=")
def a_schedule_with_other_values():
    @dataclass(frozen=True)
    class Table(Schedule):
        table: tuple[float, ...] = (0.1,)

        def shape(self, t):
            return np.asarray(self.table)[np.minimum(t, len(self.table)) - 1]

        def __repr__(self):
            return "Table(...)"

    _loaded(*(Optimizer([_vector()], L.OGD(alpha=Table(table=(0.1, second)))) for second in (0.1, 0.2)))


@torch_program(refused="group 0 was saved with learner=")
def a_schedule_whose_function_differs():
    one, two = Values(function=lambda t: 0.1 / t), Values(function=lambda t: 0.1 / t**2)
    _loaded(Optimizer([_vector()], L.OGD(alpha=one)), Optimizer([_vector()], L.OGD(alpha=two)))


@torch_program(refused="group 0 was saved with learner=")
def a_rule_that_was_edited():
    classes = []
    for sign in (1.0, -1.0):

        @dataclass(frozen=True)
        class Signed(Algorithm1):
            @staticmethod
            def rule(g, m):
                return (m + sign * g,), sign * g, 1.0  # noqa: B023 - each class has its own

        classes.append(Signed)
        if sign > 0:
            saved = Optimizer([_vector()], Signed())
            state = _stepped(saved)
    Optimizer([_vector()], classes[1]()).load_state_dict(state)


def _stepped(optimizer, **changed):
    """The state after one step, with these values in its first group."""
    for p in (p for group in optimizer.param_groups for p in group["params"]):
        p.grad = torch.ones_like(p)
    optimizer.step()
    state = copy.deepcopy(optimizer.state_dict())
    state["param_groups"][0].update(changed)
    return state


@torch_program(refused="lr=-1.0 must be a number in [0, inf)")
def a_saved_rate_below_zero():
    Optimizer([_vector()], L.OGD()).load_state_dict(_stepped(Optimizer([_vector()], L.OGD()), lr=-1.0))


@torch_program(refused="weight_decay=nan must be a number in [0, inf)")
def a_saved_decay_that_is_nan():
    Optimizer([_vector()], L.OGD()).load_state_dict(_stepped(Optimizer([_vector()], L.OGD()), weight_decay=np.nan))


@torch_program(refused="base_lr=0.0 must be a number in (0, inf)")
def a_saved_base_rate_of_zero():
    Optimizer([_vector()], L.OGD()).load_state_dict(_stepped(Optimizer([_vector()], L.OGD()), base_lr=0.0))


@torch_program(refused="maximize='yes' must be True or False")
def a_saved_text_for_maximize():
    Optimizer([_vector()], L.OGD()).load_state_dict(_stepped(Optimizer([_vector()], L.OGD()), maximize="yes"))


def _two_groups(*, swapped, **second):
    groups = [{"params": [_vector()]}, {"params": [_vector()], **second}]
    return Optimizer(groups[::-1] if swapped else groups, L.AMSGrad())


@torch_program(refused="the groups were saved in another order")
def groups_with_rates_in_another_order():
    _two_groups(swapped=True, lr=0.1).load_state_dict(_stepped(_two_groups(swapped=False, lr=0.1)))


@torch_program(refused="the groups were saved in another order")
def groups_with_learners_in_another_order():
    _two_groups(swapped=True, learner=L.Adam()).load_state_dict(_stepped(_two_groups(swapped=False, learner=L.Adam())))


@torch_program(refused="the groups were saved in another order")
def groups_with_sets_in_another_order():
    ball = F.L2Ball(1.0)
    _two_groups(swapped=True, feasible_set=ball).load_state_dict(
        _stepped(_two_groups(swapped=False, feasible_set=ball))
    )


@torch_program(
    refused="group 0 was saved with parameters ['torch.float64 (2,) on cpu', 'torch.float64 (3,) on cpu'], here they"
)
def parameters_in_another_order():
    two, three = (lambda: _vector(n=2)), (lambda: _vector(n=3))
    state = _stepped(Optimizer([two(), three()], L.OGD()))
    Optimizer([three(), two()], L.OGD()).load_state_dict(state)


@torch_program(refused="group 0 was saved with param_names ['a', 'b'], here they are ['b', 'a']")
def names_in_another_order():
    state = _stepped(Optimizer([("a", _vector()), ("b", _vector())], L.OGD()))
    Optimizer([("b", _vector()), ("a", _vector())], L.OGD()).load_state_dict(state)


@torch_program(refused="group 0 was saved with parameters ['torch.float32 (2,) on cpu']")
def a_state_of_another_precision():
    state = _stepped(Optimizer([parameter(0.0, 0.0, dtype="float32")], L.AMSGrad()))
    Optimizer([_vector(n=2)], L.AMSGrad()).load_state_dict(state)


@torch_program(refused="group 0 was saved by regretlab 0.1.0")
def a_state_of_an_earlier_version():
    state = _stepped(Optimizer([_vector()], L.TorchAdam(alpha=1e-3)))
    for key in ("regretlab", "learner_fingerprint", "feasible_set_fingerprint", "parameters", "base_lr"):
        del state["param_groups"][0][key]
    Optimizer([_vector()], L.TorchAdam(alpha=1e-3)).load_state_dict(state)


def _with_state(**changed):
    state = _stepped(Optimizer([_vector(n=2)], L.AMSGrad()))
    state["state"][0].update(changed)
    Optimizer([_vector(n=2)], L.AMSGrad()).load_state_dict(state)


@torch_program(
    refused="the saved moments of parameter 0 of group 0 are (2, 2) of torch.float64: they must be (3, 2) finite"
)
def a_state_with_fewer_moments():
    _with_state(moments=torch.zeros((2, 2), dtype=torch.float64))


@torch_program(refused="the saved moments of parameter 0 of group 0 are")
def a_state_with_moments_of_nan():
    _with_state(moments=torch.full((3, 2), float("nan"), dtype=torch.float64))


@torch_program(refused="the saved moments of parameter 0 of group 0 are (3, 2) of torch.float32")
def a_state_with_moments_of_another_precision():
    _with_state(moments=torch.zeros((3, 2)))


@torch_program(refused="the saved round of parameter 0 of group 0=0 must be an integer of at least 1")
def a_state_before_the_first_round():
    _with_state(t=0)


@torch_program(refused="the saved round of parameter 0 of group 0=True must be an integer of at least 1")
def a_state_in_round_true():
    _with_state(t=True)


@torch_program(refused="is that of another optimizer: it has ['exp_avg', 'moments', 't']")
def a_state_with_keys_of_torch():
    _with_state(exp_avg=torch.zeros(2))

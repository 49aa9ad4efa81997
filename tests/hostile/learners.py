"""Learners: names, metrics, underflow, what is built around them, states of others, points outside F, checks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from math import inf, nan, sqrt

import numpy as np

import regretlab as rl
from hostile import program

L, S, F, W = rl.learners, rl.losses, rl.sets, rl.schedules
BOX, WIDE = F.Box(-1.0, 1.0), F.Box(-100.0, 100.0)
CONSTANT = W.Constant(0.01)


def made(name, base, **body):
    """A subclass with the decorator, in one line."""
    return dataclass(frozen=True)(type(name, (base,), body))


def rule(function, *, base=L.Algorithm1, **body):
    return made("Mine", base, rule=staticmethod(function), **body)


def end(learner, gradients, F_=BOX, rounds=20, **options):
    """x_{T+1} of a game."""
    return rl.play(learner, S.Periodic(gradients), F_, rounds, **{"compiled": False, **options}).point.tolist()


def by_hand(learner, gradients, F_=BOX, rounds=20):
    state = learner.start(F_.with_dimension(np.atleast_2d(np.asarray(gradients).T).T.shape[-1]))
    for t in range(rounds):
        state = learner.update(state, gradients[t % len(gradients)])
    return state.point.tolist()


# -- A1: a rule's own names ---------------------------------------------------------------------------------------


def momentum(name):
    """Momentum whose factor is a kept number called ``name``: x_{T+1} by plain Python, then all ways to play."""
    space = {}
    exec(
        f"def f(g, m, {name}):\n    m = {name} * m + (1 - {name}) * g\n    return (m, .5 * ({name} + .9)), m, 1.0\n",
        space,
    )
    learner = rule(space["f"])(alpha=CONSTANT)
    m = b = x = 0.0
    for t in range(20):
        m = b * m + (1 - b) * [1.0, -3.0][t % 2]
        b = 0.5 * (b + 0.9)
        x = min(max(x - 0.01 * m, -1.0), 1.0)
    alone = end(learner, [1.0, -3.0])
    with_ledger = end(learner, [1.0, -3.0], ledger=True)
    beside = rl.play_all([learner] * 3, S.Periodic([1.0, -3.0]), BOX, 20, compiled=False, ledger=True)
    return [alone[0] - x, with_ledger[0] - x, *(float(game.point[0]) - x for game in beside)]


def _name(name):
    def run():
        return momentum(name)

    run.__name__ = f"a_kept_number_called_{name}"
    return program(right=[0.0] * 5)(run)


for each in ("beta1", "beta2", "per_alpha", "x", "w", "ratio", "weight", "step", "outer", "inner", "divide", "h", "s"):
    _name(each)


@program(right=[0.0, 0.0])
def a_field_called_per_alpha_is_the_field():
    mine = rule(lambda g, per_alpha: ((), g * per_alpha, 1.0), per_alpha=0.5, __annotations__={"per_alpha": float})
    learner = mine(alpha=CONSTANT)
    return [end(learner, [1.0])[0] + 0.1, end(learner, [1.0], ledger=True)[0] + 0.1]


@program(right=[0.0, 0.0])
def names_of_the_composed_rule():
    mine = rule(lambda g, outer, inner: ((outer + g, inner), g + inner, 1.0), base=L.Algorithm1)
    learner = L.WithEpsilon(mine(alpha=CONSTANT), eps=1.0)
    return [end(learner, [1.0])[0] + 0.1, end(learner, [1.0], ledger=True)[0] + 0.1]


@program(refused="has a field t, but in a rule t is the round")
def a_field_called_t():
    return end(rule(lambda g, t: ((), g * t, 1.0), t=5.0, __annotations__={"t": float})(), [1.0])


@program(refused="has a field g, but in a rule g is the gradient")
def a_field_called_g():
    return end(rule(lambda g: ((), g, 1.0), g=5.0, __annotations__={"g": float})(), [1.0])


@program(refused="has a field x, but")
def a_field_called_x():
    return end(rule(lambda g, x: ((), g * x, 1.0), x=5.0, __annotations__={"x": float})(), [1.0])


@program(refused="a rule does not see the point x_t")
def an_argument_x_taken_for_the_point():
    return end(rule(lambda g, x: ((), g + 0.1 * x, 1.0))(), [1.0])


# -- A6: the decorator --------------------------------------------------------------------------------------------


@program(refused="@dataclass(frozen=True)")
def defaults_without_a_decorator():
    class MyAdam(L.Adam):
        beta1: float = 0.0
        beta2: float = 0.1

    return end(MyAdam(alpha=0.5), [1.0])


@program(refused="@dataclass(frozen=True)")
def a_default_without_annotation_or_decorator():
    class MyAdam(L.Adam):
        beta2 = 0.1

    return end(MyAdam(alpha=0.5), [1.0])


@program(refused="@dataclass(frozen=True)")
def a_new_field_without_a_decorator():
    class Slower(L.Algorithm1):
        rate: float = 0.5

        @staticmethod
        def rule(g, rate):
            return (), rate * g, 1.0

    return end(Slower(), [1.0])


@program(right=[-0.2])
def a_rule_without_a_decorator():
    class Mine(L.Algorithm1):
        @staticmethod
        def rule(g):
            return (), g, 1.0

    return end(Mine(alpha=CONSTANT), [1.0])


# -- A7: what is overridden -----------------------------------------------------------------------------------------

Neg = made("Neg", L.Adam, update=lambda self, state, g: L.Adam.update(self, state, -np.asarray(g, float)))
Warm = made(
    "Warm", L.Adam, start=lambda self, F, point=None: dataclasses.replace(
        L.Adam.start(self, F, point), moments={"m": np.ones(1), "v": np.ones(1)}
    )
)  # fmt: skip


@program(right=[1.0])
def an_update_of_ones_own():
    return end(Neg(alpha=0.5), [1.0])


@program(right=[0.0])
def a_start_of_ones_own():
    return [end(Warm(alpha=0.1), [1.0, -2.0])[0] - by_hand(Warm(alpha=0.1), [1.0, -2.0])[0]]


@program(refused="Neg has its own update, which WithEpsilon does not call")
def an_update_under_eps():
    return end(L.WithEpsilon(Neg(alpha=0.5), eps=0.0), [1.0])


@program(refused="has its own update, which BiasCorrected does not call")
def an_update_under_two_combinators():
    return end(L.WithEpsilon(L.BiasCorrected(Neg(alpha=0.5)), eps=0.0), [1.0])


@program(refused="Warm has its own start, which EpsilonInsideRoot does not call")
def a_start_under_a_combinator():
    return end(L.EpsilonInsideRoot(Warm(alpha=0.5), eps=0.0), [1.0])


@program(right=[0.0, 0.0])
def an_update_under_wrappers():
    decayed, doubled = L.DecoupledWeightDecay(Neg(alpha=0.1), 0.0), L.DoublingTrick(Neg(alpha=W.Constant(0.1)))
    plain, flipped = end(Neg(alpha=0.1), [1.0, -2.0]), end(L.DoublingTrick(L.Adam(alpha=W.Constant(0.1))), [-1.0, 2.0])
    return [end(decayed, [1.0, -2.0])[0] - plain[0], end(doubled, [1.0, -2.0])[0] - flipped[0]]


@program(right=1.0)
def an_update_on_dictionaries():
    learner = rl.DictLearner(Neg(alpha=W.Constant(0.1), beta1=0.0, beta2=0.75))
    state = learner.update(learner.start({"a": np.zeros(1)}), {"a": np.ones(1)})
    return state.params["a"][0] / 0.2


@program(refused="Neg has its own update, which limit_cycle does not call")
def an_update_in_a_limit_cycle():
    return rl.periodic.limit_cycle(Neg(), [1.0, -2.0]).drift


@program(refused="Neg has its own update")
def an_update_in_a_prediction():
    return rl.periodic.predict(Neg(), [1.0, -2.0], BOX).end


@program(right=-0.5)
def a_rule_of_ones_own_in_a_limit_cycle():
    mine = rule(lambda g, s: ((g,), g, 2.0), base=L.AdaGrad)
    return rl.periodic.limit_cycle(mine(), [1.0, -2.0]).drift


@program(refused="w must be positive and finite")
def a_negative_metric_in_a_limit_cycle():
    return rl.periodic.limit_cycle(rule(lambda g: ((), g, -1.0))(), [1.0, -2.0]).drift


@program(right=[0.2])
def a_rule_of_ones_own_for_adashift():
    return end(rule(lambda g, v, c, window, beta1, beta2, t: ((v, c), -g, 1.0), base=L.AdaShift)(alpha=CONSTANT), [1.0])


@program(refused="moment_names")
def moment_names_of_ones_own():
    return end(made("Mine", L.Adam, moment_names=("m",))(), [1.0])


@program(refused="ledger_names")
def ledger_names_of_ones_own():
    return end(made("Mine", L.Adam, ledger_names=lambda self: ("x",))(), [1.0], ledger=True)


@program(refused="with_ledger")
def a_ledger_of_ones_own():
    return end(made("Mine", L.Adam, with_ledger=lambda self, state: state)(), [1.0], ledger=True)


@program(refused="keeps no ledger")
def an_update_of_ones_own_has_no_certificate():
    return rl.play(Neg(), S.Periodic([1.0]), BOX, 10).with_ledger().point


@program(refused="a combinator changes the rule alone")
def an_update_in_a_combinator():
    mine = made("Mine", L.WithEpsilon, update=lambda self, state, g: L.WithEpsilon.update(self, state, -g))
    return end(mine(L.Adam()), [1.0])


@program(refused="did you mean update")
def a_misspelt_update():
    return end(made("Mine", L.Adam, updates_=lambda self, state, g: state, updat=lambda self, state, g: state)(), [1.0])


@program(refused="which nothing would call")
def a_rule_without_algorithm_1():
    body = {"start": lambda self, F, point=None: None, "update": lambda self, state, g: None}
    return end(rule(lambda g: ((), g, 1.0), base=L.Learner, **body)(), [1.0])


@program(right=[-0.2])
def schedules_of_ones_own():
    schedules = property(lambda self: {"alpha": W.Constant(0.01)})
    return end(made("Mine", L.OGD, schedules=schedules)(alpha=5.0), [1.0])


@program(refused="Neg has its own update")
def refusing_by_name():
    from regretlab.learners.base import refuse_own_methods

    refuse_own_methods(L.Adam(), "Optimizer")
    refuse_own_methods(Neg(), "Optimizer", "update")


# -- combinators around learners that they do not fit ---------------------------------------------------------------


@program(refused="not sqrt v_t")
def a_bias_correction_of_padam():
    return end(L.BiasCorrected(L.Padam()), [1.0])


@program(refused="not sqrt v_t")
def a_bias_correction_of_sadam():
    return L.BiasCorrected(L.SAdam())


@program(refused="not sqrt v_t")
def a_bias_correction_of_padam_with_eps():
    return L.BiasCorrected(L.WithEpsilon(L.Padam()))


@program(right=[0.0])
def a_bias_correction_of_padam_that_is_amsgrad():
    one, other = L.BiasCorrected(L.Padam(p=0.5)), L.BiasCorrected(L.AMSGrad())
    return [end(one, [1.0, -2.0])[0] - end(other, [1.0, -2.0])[0]]


@program(refused="no average with beta1")
def a_bias_correction_of_adashift():
    return L.BiasCorrected(L.AdaShift())


@program(refused="has c1, c2 already")
def a_bias_correction_twice():
    return L.BiasCorrected(L.WithEpsilon(L.BiasCorrected(L.Adam())))


@program(refused="has c1, c2 already")
def a_bias_correction_of_torchadam():
    return L.BiasCorrected(L.TorchAdam())


@program(refused="has s already")
def a_kept_number_with_a_name_of_the_learner():
    mine = rule(lambda moments, m, w, s: ((*moments, s + m), s + m, w), base=L.Combinator)
    return end(mine(L.AdaGrad()), [1.0])


# -- A10: sums, not points -------------------------------------------------------------------------------------------


def exponential_weights(cls, d, gradients, alpha):
    """The largest difference to softmax(-alpha S_t), by hand."""
    learner = cls(alpha=W.Constant(alpha))
    state, total, worst = learner.start(F.Simplex(d)), np.zeros(d), 0.0
    for g in gradients:
        state, total = learner.update(state, g), total + g
        logs = -alpha * total
        shares = np.exp(logs - logs.max())
        worst = max(worst, float(np.abs(state.point - shares / shares.sum()).max()))
    return worst


@program(right=[0.0, 0.0])
def experts_that_change():
    g = [[0.0, 1000.0], [1000.0, 0.0]]
    return [exponential_weights(cls, 2, np.array(g), 1.0) for cls in (L.Hedge, L.ExponentiatedGradient)]


@program(right=[0.0, 0.0])
def many_experts_in_long_games_that_change():
    rng = np.random.default_rng(0)
    g = np.vstack(
        [rng.uniform(size=(400, 5)) * [1.0, 9.0, 9.0, 9.0, 3.0], rng.uniform(size=(800, 5)) * [9, 1, 9, 9, 9]]
    )
    return [exponential_weights(cls, 5, g, 2.0) for cls in (L.Hedge, L.ExponentiatedGradient)]


@program(right=0.0)
def experts_with_a_mass_and_a_start():
    x1, S1, alpha = np.array([0.5, 1.0, 0.5]), np.array([3.0, -1.0, 2.0]), 0.5
    learner = L.ExponentiatedGradient(alpha=W.Constant(alpha))
    state = learner.start(F.Simplex(3, mass=2.0), x1)
    for _ in range(7):
        state = learner.update(state, S1)
    shares = x1 * np.exp(-7 * alpha * S1)
    return float(np.abs(state.point - 2.0 * shares / shares.sum()).max())


# -- A11: points outside F -------------------------------------------------------------------------------------------


def walker(at=1, first=0.0):
    """Leaves the box in round ``at``, by its own update."""
    return made(
        "Walker",
        L.Learner,
        start=lambda self, F, point=None: L.State(0, np.full(1, first), {}, F),
        update=lambda self, s, g: L.State(s.t + 1, s.point + (2.0 if s.t + 1 == at else 0.0), {}, s.feasible_set),
    )()


@program(refused="round 1: the learner's next point x_2 = [2.] is not in Box(-1.0, 1.0)")
def leaving_in_the_first_round():
    return end(walker(), [1.0])


@program(refused="round 19:")
def leaving_in_a_late_round():
    return end(walker(19), [1.0])


@program(refused="Walker.start returned x_1=[3.], which is not in")
def starting_outside():
    return end(walker(first=3.0), [1.0], rounds=0)


@program(refused="is not in")
def a_set_whose_projection_is_outside():
    mine = dataclass(frozen=True, eq=False)(
        type("Mine", (F.Box,), {"project": lambda self, y, weights=None: np.atleast_1d(np.asarray(y, float)) + 9.0})
    )
    return end(L.AdaGradNorm(), [1.0], mine(-1.0, 1.0))


@program(right=[0.0])
def a_point_outside_by_rounding():
    class Mine(L.Learner):
        def start(self, F, point=None):
            return L.State(0, F.nearest_to_origin(), {}, F)

        def update(self, state, gradient):
            return L.State(state.t + 1, np.full(1, 1e12 * (1 + 1e-15)), {}, state.feasible_set)

    return [end(Mine(), [1.0], F.Box(-1e12, 1e12))[0] / 1e12 - 1.0]


def starts(**wrong):
    first = {"t": 0, "point": np.zeros(1), "moments": {}, **wrong}
    body = {"start": lambda self, F, point=None: L.State(first["t"], first["point"], first["moments"], F)}
    return made("Mine", L.OGD, **body)()


@program(refused="t must be 0")
def a_start_in_another_round():
    return end(starts(t=3), [1.0])


@program(refused="the point real (1,)")
def a_start_of_another_dimension():
    return end(starts(point=np.zeros(2)), [1.0])


@program(refused="its rule keeps []")
def a_start_with_other_moments():
    return end(starts(moments={"m": np.zeros(1)}), [1.0])


@program(refused="of floats")
def a_start_of_whole_numbers():
    return end(starts(point=np.zeros(1, dtype=int)), [1.0])


@program(refused="must return a State")
def a_start_that_is_no_state():
    return end(made("Mine", L.OGD, start=lambda self, F, point=None: np.zeros(1))(), [1.0])


@program(refused="was given start=[0.5]")
def a_start_elsewhere():
    return end(starts(), [1.0], start=0.5)


# -- A12: memory ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Noisy(L.Learner):
    """Adds noise from a generator of its own."""

    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0), compare=False)

    def start(self, feasible_set, point=None):
        return L.OGD().start(feasible_set, point)

    def update(self, state, gradient):
        return L.OGD().update(state, gradient + self.rng.standard_normal(1))


@program(right=[0.0], or_refused="remember")
def a_learner_with_a_generator_beside_another():
    noisy = Noisy()
    games = rl.play_all([noisy, noisy], S.Periodic([1.0]), BOX, 10)
    return [float(games[0].point[0] - games[1].point[0])]


# -- A14, C4: W must be a metric -------------------------------------------------------------------------------------


def _underflow(name):
    def run():
        return end(getattr(L, name)(), [1e-170], rounds=50)

    run.__name__ = f"a_square_that_underflows_in_{name.lower()}"
    return program(refused="underflows")(run)


for each in ("Adam", "AMSGrad", "RMSProp", "AdaGrad", "AdamNC", "AdamX", "DelayedAdam", "ADOPT", "ACProp", "AdaShift",
             "AdaBelief", "AMSBelief", "Padam", "QHAdam", "Yogi", "NosAdam", "Nadam", "AdaGradNorm"):  # fmt: skip
    _underflow(each)


@program(refused="round 3: the step of round 3 underflows: the square of g=1e-170 at coordinate 1 is 0")
def an_underflow_in_a_late_round_and_coordinate():
    return end(L.AMSGrad(), [[1.0, 0.0], [2.0, 0.0], [0.0, 1e-170]])


@program(refused="round 5: the step of round 5 underflows")
def an_underflow_in_a_lane():
    g = np.zeros((9, 1))
    g[4] = 1e-170
    return [
        game.point for game in rl.play_all([L.AMSGrad(a) for a in (0.1, 0.2)], S.Periodic(g), BOX, 9, compiled=False)
    ]


@program(refused="round 2: the step of round 2 underflows")
def an_underflow_on_a_ball():
    return end(L.AMSGrad(), [[0.0, 0.0], [1e-170, 0.0]], F.L2Ball(1.0))


@program(refused="underflows")
def an_underflow_in_an_update():
    return L.Adam().update(L.Adam().start(BOX), [1e-170]).point


@program(right=[0.0, 0.0])
def gradients_of_zero_are_no_step():
    return end(L.AMSGrad(), [0.0]) + end(L.AMSGrad(), [[0.0, 0.0]], F.L2Ball(1.0))[:1]


@program(right=[0.0, 0.0, 0.0])
def the_unit_of_the_gradients_does_not_matter():
    ends = [end(L.AMSGrad(0.1), [s, -2.0 * s])[0] for s in (1.0, 1e-120, 1e-150, 1e120)]
    return [x - ends[0] for x in ends[1:]]


def _metric(name, w, text, at=1):
    def run():
        return end(rule(lambda g, t: ((), g, w if t >= at else 1.0))(), [1.0], rounds=9)

    def on_ball():
        return end(rule(lambda g, t: ((), g, w if t >= at else 1.0))(), [[1.0, 1.0]], F.L2Ball(1.0), rounds=9)

    def in_update():
        learner = rule(lambda g, t: ((), g, w if t >= at else 1.0))()
        return by_hand(learner, [1.0], rounds=9)

    for where, each in {"": run, "_on_a_ball": on_ball, "_in_updates": in_update}.items():
        each.__name__ = f"a_metric_{name}_from_round_{at}{where}"
        program(refused=text)(each)


for at in (1, 7):
    _metric("negative", -1.0, "W = -1.0 at coordinate 0 is no metric", at)
    _metric("infinite", inf, "W = inf at coordinate 0 is no metric", at)
    _metric("nan", nan, "W = nan at coordinate 0 is no metric", at)
    _metric("zero", 0.0, "W = 0 at coordinate 0", at)


@program(right=[0.0])
def a_class_that_rests_at_zero():
    return end(rule(lambda g: ((), g, 0.0 * g), rests_at_zero=True)(), [1.0])


@program(right=[0.0])
def delayed_adam_rests_in_the_first_round():
    return end(L.DelayedAdam(), [1.0], rounds=1)


@program(right=[-1.0])
def delayed_adam_with_eps_does_not_rest():
    return end(L.WithEpsilon(L.DelayedAdam()), [1.0], rounds=1)


# -- B1: fields and answers ------------------------------------------------------------------------------------------


@program(refused="has a field beta_2, which decides nothing")
def a_field_that_no_rule_uses():
    return rule(lambda g: ((), g, 1.0), beta_2=0.5, __annotations__={"beta_2": float})()


@program(refused="has a field beta2, which decides nothing")
def an_inherited_field_of_a_replaced_rule():
    return rule(lambda g, m, beta1: ((beta1 * m + g,), m, 1.0), base=L.Adam)()


@program(refused="did you mean beta_2?")
def an_argument_that_is_nearly_a_field():
    return rule(lambda g, m, beta_2: ((beta_2 * m + g,), m, 1.0), beta2=0.5, __annotations__={"beta2": float})()


@program(refused="has a field eps, which decides nothing")
def a_field_that_no_step_uses():
    step = lambda self, t, g, x, moments, F: (F.project(x - 0.1 * g), {})  # noqa: E731
    return made("Mine", L.VectorLearner, step=step, eps=0.5, __annotations__={"eps": float})()


@program(refused="has a field eps, which decides nothing")
def a_field_of_a_combinator_that_no_rule_uses():
    mine = rule(lambda moments, m, w: (moments, m, w), base=L.Combinator, eps=0.5, __annotations__={"eps": float})
    return mine(L.Adam())


@program(refused="has a field rate, which decides nothing")
def a_field_that_no_update_uses():
    body = {"start": lambda self, F, point=None: L.OGD().start(F, point), "update": lambda self, s, g: s}
    return made("Mine", L.Learner, rate=0.5, __annotations__={"rate": float}, **body)()


@program(right=[-0.5])
def a_field_that_a_helper_uses():
    return [Helped().update(Helped().start(BOX), [1.0]).point[0]]


def _step_of(learner, state, gradient):
    return L.State(state.t + 1, state.point - learner.rate * np.asarray(gradient), {}, state.feasible_set)


@dataclass(frozen=True)
class Helped(L.Learner):
    rate: float = 0.5

    def start(self, feasible_set, point=None):
        return L.OGD().start(feasible_set, point)

    def update(self, state, gradient):
        return _step_of(self, state, gradient)


@program(refused="returns its moments in the order")
def kept_numbers_in_another_order():
    @dataclass(frozen=True)
    class Mine(L.Adam):
        @staticmethod
        def rule(g, m, v, beta1, beta2):
            m = beta1 * m + (1.0 - beta1) * g
            v = beta2 * v + (1.0 - beta2) * g * g
            return (v, m), m, sqrt(v)

    return Mine()


@program(refused="returns its moments in the order")
def kept_numbers_in_another_order_with_a_maximum():
    @dataclass(frozen=True)
    class Mine(L.AMSGrad):
        @staticmethod
        def rule(g, m, v, vhat, beta1, beta2):
            m = beta1 * m + (1.0 - beta1) * g
            v = beta2 * v + (1.0 - beta2) * g * g
            vhat = max(vhat, v)
            return (m, vhat, v), m, sqrt(vhat)

    return Mine()


@program(refused="returns its moments in the order")
def kept_numbers_in_another_order_in_an_expression():
    return rule(lambda g, m, v, beta1, beta2: ((beta2 * v + g * g, beta1 * m + g), m, sqrt(v) + 1.0), base=L.Adam)()


@program(right=[-0.1])
def kept_numbers_that_are_shifted():
    @dataclass(frozen=True)
    class Lagged(L.Algorithm1):
        @staticmethod
        def rule(g, last, before):
            return (g, last), before, 1.0

    return end(Lagged(alpha=CONSTANT), [1.0], rounds=12)


@program(refused="returns 1 moments")
def one_number_less():
    return rule(lambda g, m, v: ((m + g,), m, 1.0))()


@program(refused="must be numbers")
def an_answer_of_texts():
    return rule(lambda g, m: (("m",), g, 1.0))()


@program(refused="names each of its arguments")
def a_rule_with_a_star():
    return rule(lambda g, *more: (more, g, 1.0))()


# -- C3, C4: the check -------------------------------------------------------------------------------------------------


@program(right=1.0)
def coin_betting_passes_the_check():
    rl.check_learner(L.CoinBetting(), compiled=False)
    rl.check_learner(L.CoinBetting(G=1e-9), BOX, compiled=False)
    return 1.0


@program(right=1.0)
def experts_pass_the_check():
    rl.check_learner(L.Hedge(), compiled=False)
    return 1.0


@program(refused="climbs")
def the_check_finds_a_wrong_sign():
    rl.check_learner(rule(lambda g: ((), -g, 1.0))(), compiled=False)


@program(refused="stands still")
def the_check_finds_a_frozen_learner():
    rl.check_learner(rule(lambda g: ((), 0.0 * g, 1.0))(), compiled=False)


@program(refused="is no metric")
def the_check_finds_a_negative_metric():
    rl.check_learner(rule(lambda g, s: ((s + g * g,), g, -sqrt(s + g * g)))(), compiled=False)


# -- D2: states of other learners -----------------------------------------------------------------------------------


def _states(name, owner, reader, text):
    def run():
        return reader.update(owner.update(owner.start(BOX), [1.0]), [1.0]).point

    run.__name__ = f"a_state_of_{name}"
    program(refused=text)(run)


_states("rmsprop_for_adagrad", L.RMSProp(), L.AdaGrad(), "has the moments ['v'], but AdaGrad(alpha=0.1) keeps ['s']")
_states("adam_for_amsgrad", L.Adam(), L.AMSGrad(), "keeps ['m', 'v', 'vhat']")
_states("amsgrad_for_adam", L.AMSGrad(), L.Adam(), "has the moments ['m', 'v', 'vhat']")
_states("ogd_for_dual_averaging", L.OGD(), L.DualAveraging(), "keeps ['x1', 's']")
_states("adam_for_a_penalty", L.Adam(), L.L2Penalty(L.AMSGrad()), "keeps ['m', 'v', 'vhat']")


@program(refused="in this order")
def a_state_with_permuted_moments():
    state = L.Adam().start(BOX)
    moments = dict(reversed(state.moments.items()))
    return L.Adam().update(dataclasses.replace(state, moments=moments), [1.0]).point


@program(refused="v has shape (2,)")
def a_state_of_another_dimension():
    state = L.Adam().start(BOX)
    return L.Adam().update(dataclasses.replace(state, moments={"m": np.zeros(1), "v": np.zeros(2)}), [1.0]).point


@program(refused="keeps ['m', 'v', 'vhat']")
def a_dictionary_of_another_learner():
    state = rl.DictLearner(L.Adam()).start({"a": np.zeros(2)})
    return rl.DictLearner(L.AMSGrad()).update(state, {"a": np.zeros(2)}).params


@program(refused="ledger rows")
def a_ledger_of_another_learner():
    state = dataclasses.replace(L.Adam().start(BOX), ledger={"square": np.zeros(1)})
    return L.Adam().update(state, [1.0]).point


@program(refused="round 6:")
def a_beta_that_leaves_its_range_in_a_lane():
    late = lambda t: np.where(t == 6, 0.6, 0.1)  # noqa: E731
    fine, bad = (L.OGDMomentum(beta1=W.Values(scale, late)) for scale in (1.0, 1.9))
    return [game.point for game in rl.play_all([fine, bad], S.Periodic([1.0]), BOX, 20, compiled=False)]


@program(right=[0.0])
def a_saved_game_of_a_learner_with_its_own_update():
    import tempfile
    from pathlib import Path

    game = rl.play(Saved(alpha=0.1), S.Periodic([1.0, -3.0]), BOX, 10)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "game.npz")
        game.save(path)
        again = rl.Game.load(path, trust=[__name__]) if _TRUSTS else rl.Game.load(path)
    return [float(again.extend(20).point[0]) - end(Saved(alpha=0.1), [1.0, -3.0])[0]]


@program(right=[0.0])
def a_sweep_of_a_learner_with_its_own_update():
    frame = rl.sweep(Saved(), S.Periodic([1.0, -3.0]), BOX, {"alpha": [0.1]}, 20)
    return [
        float(frame["regret"][0]) - float(rl.play(Saved(0.1), S.Periodic([1.0, -3.0]), BOX, 20).regret.regret.iloc[-1])
    ]


@dataclass(frozen=True)
class Saved(L.Adam):
    def update(self, state, gradient):
        return super().update(state, -np.asarray(gradient, dtype=float))


_TRUSTS = "trust" in rl.Game.load.__code__.co_varnames


@program(refused="did you mean beta1?")
def a_constant_that_is_nearly_a_field():
    return end(type("Mine", (L.Adam,), {"beta_1": 0.3})(), [1.0])


@program(right=[-0.2])
def a_constant_with_a_name_of_its_own():
    return end(type("Mine", (L.OGD,), {"colour": "red"})(alpha=CONSTANT), [1.0])


@program(refused="write @staticmethod")
def a_rule_with_self():
    return end(type("Mine", (L.OGD,), {"rule": lambda self, g: ((), g, 1.0)})(), [1.0])

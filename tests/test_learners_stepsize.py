"""A number given as stepsize means what the class's ``stepsize`` says, wherever it is given."""

import copy
import inspect
import pickle
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest
from conftest import label, peer
from pieces import INTERVAL, Sawtooth, assert_same, bits

from regretlab import DictLearner, Game, play, sweep
from regretlab import learners as family
from regretlab.cli.parsing import LEARNERS
from regretlab.learners import (
    MADGRAD,
    OGD,
    AdaBound,
    Adam,
    AdaShift,
    Algorithm1,
    AMSGrad,
    BiasCorrected,
    Combinator,
    DecoupledWeightDecay,
    DoG,
    DoublingTrick,
    EpsilonInsideRoot,
    KerasAMSGrad,
    L2Penalty,
    Learner,
    OnlineFrankWolfe,
    OptaxAMSGrad,
    OptimisticAdaGrad,
    Padam,
    SAdam,
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
    TextbookAMSGrad,
    TorchAdam,
    TorchAMSGrad,
    TorchNAdam,
    VectorLearner,
    WithEpsilon,
)
from regretlab.losses import CirclingQuadratics
from regretlab.schedules import (
    Constant,
    Geometric,
    Inverse,
    InversePower,
    InverseSqrt,
    OneMinusInverse,
    Schedule,
    Values,
)
from regretlab.sets import Box

FRAMEWORKS = [TorchAdam, TorchAMSGrad, KerasAMSGrad, OptaxAMSGrad, TextbookAMSGrad, TorchNAdam]
CLASSES = [cls for cls in LEARNERS.classes().values() if "alpha" in {field.name for field in fields(cls) if field.init}]
CONSTANT = [*FRAMEWORKS, DoG, MADGRAD, OptimisticAdaGrad, ScheduleFreeAdamW, ScheduleFreeSGD]
OTHER_THAN_ROOT = {**dict.fromkeys(CONSTANT, Constant), SAdam: Inverse, OnlineFrankWolfe: InversePower(gamma=0.75)}
FORMULA = {Constant: "alpha_t = alpha", Inverse: "alpha_t = alpha / t", InverseSqrt: "alpha_t = alpha / sqrt(t)"}
ROUNDS = np.arange(1, 300)


@dataclass(frozen=True)
class Steady(Adam):
    """A user's subclass with another meaning."""

    stepsize = Constant


@dataclass(frozen=True)
class MyTorchAdam(TorchAdam):
    """A user's subclass that inherits the meaning."""

    beta1: float = 0.5


@dataclass(frozen=True)
class Falls(Adam):
    """A user's learner with the stepsizes of SAdam."""

    stepsize = Inverse


@dataclass(frozen=True)
class Halved(Combinator):
    """A user's combinator."""

    @staticmethod
    def rule(moments, m, w):
        return moments, 0.5 * m, w


@dataclass(frozen=True)
class Plain(VectorLearner):
    """A user's learner of all coordinates at once, over t."""

    alpha: float = 0.5

    stepsize = Inverse

    def step(self, t, g, x, moments, F):
        return F.project(x - self.value("alpha", t) * g), {}


def game(learner, T=200, **options):
    losses = CirclingQuadratics(mu=1.0, d=1) if isinstance(learner, SAdam) else Sawtooth()
    return play(learner, losses, INTERVAL, T, checkpoints=range(1, T + 1), compiled=False, **options)


def by_hand(learner):
    state, path = learner.start(Box(-5.0, 5.0).with_dimension(2)), []
    for g in np.random.default_rng(3).standard_normal((40, 2)):
        state = learner.update(state, g)
        path.append(state.point)
    return np.array(path)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_default_and_the_same_number_are_one_learner(cls):
    default = cls()
    assert type(default.alpha) is float  # a number is written as one, and means what it means when it is given
    assert cls(alpha=default.alpha) == default
    assert cls(alpha=default.alpha).schedules == default.schedules
    of = OTHER_THAN_ROOT.get(cls, InverseSqrt)
    expected = replace(of, scale=0.5) if isinstance(of, Schedule) else of(0.5)
    assert bits(cls(alpha=0.5).schedules["alpha"](ROUNDS)) == bits(expected(ROUNDS))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_docstring_says_the_schedule(cls):
    formula = inspect.getdoc(cls).split("\n\n")[0].replace("\n", " ")
    stated = FORMULA.get(cls.stepsize, "alpha_t = alpha / t^(3/4)")
    in_words = "eta_t = etahat_t / sqrt(t)" if cls.__name__ in ("AdaBound", "AMSBound") else stated
    assert formula.rstrip(".").endswith(in_words) or f"{in_words}," in formula or f"{in_words}:" in formula


@pytest.mark.parametrize("cls", FRAMEWORKS, ids=lambda cls: cls.__name__)
def test_of_the_frameworks_in_bits(cls):
    default = cls().alpha
    for other in (
        cls(alpha=default),
        cls(default),
        cls(alpha=Constant(default)),
        LEARNERS.read(f"{cls.__name__.lower()}:alpha={default!r}"),
    ):
        assert_same(game(cls()), game(other))
        assert bits(by_hand(cls())) == bits(by_hand(other))
    assert bits(by_hand(cls())) != bits(by_hand(cls(alpha=InverseSqrt(default))))


def test_of_the_papers_learners():
    for learner in (Adam(alpha=0.5), LEARNERS.read("adam:alpha=0.5")):
        assert learner.schedules["alpha"] == InverseSqrt(0.5)
        assert bits(by_hand(learner)) == bits(by_hand(Adam(alpha=InverseSqrt(0.5))))
        assert_same(game(learner), game(Adam(alpha=InverseSqrt(0.5))))
    assert LEARNERS.read("sadam:alpha=2").schedules["alpha"] == Inverse(2.0)
    assert LEARNERS.read("torchadam:alpha=inversesqrt(0.1)").schedules["alpha"] == InverseSqrt(0.1)
    assert_same(game(SAdam(alpha=2.0)), game(SAdam(alpha=Inverse(2.0))))


@pytest.mark.parametrize("cls", [Adam, TorchAdam, SAdam, AdaBound], ids=lambda cls: cls.__name__)
def test_any_other_number_is_constant(cls):
    constants = {field.name: 0.25 for field in fields(cls) if field.name != "alpha"}
    schedules = cls(**constants).schedules
    assert {name: schedules[name] for name in constants} == dict.fromkeys(constants, Constant(0.25))


# -- learners made from another one ----------------------------------------------------------------------


def with_eps(learner):
    return WithEpsilon(learner, 0.1)


@pytest.mark.parametrize("make", [Halved, L2Penalty, DecoupledWeightDecay, lambda each: Halved(Halved(each))])
def test_a_combinator_takes_the_meaning_of_its_learner(make):
    for inner, schedule in ((TorchAdam(0.25), Constant(0.25)), (AMSGrad(0.25), InverseSqrt(0.25))):
        number, explicit = make(inner), make(replace(inner, alpha=schedule))
        assert number.stepsize is type(schedule)
        assert bits(by_hand(number)) == bits(by_hand(explicit))
        assert_same(game(number, 60), game(explicit, 60))


@pytest.mark.parametrize(
    "make", [BiasCorrected, with_eps, EpsilonInsideRoot, lambda each: with_eps(BiasCorrected(each))]
)
def test_corrections_and_eps_take_the_meaning_of_their_learner(make):
    for inner, schedule in (
        (Steady(0.25), Constant(0.25)),
        (AMSGrad(0.25), InverseSqrt(0.25)),
        (Falls(0.5), Inverse(0.5)),
    ):
        assert make(inner).schedules["alpha"] == schedule
        assert make(inner).stepsize is type(schedule)
        assert bits(by_hand(make(inner))) == bits(by_hand(make(replace(inner, alpha=schedule))))


def test_the_doubling_trick_takes_a_number_that_is_a_constant():
    assert bits(by_hand(DoublingTrick(TorchAdam(0.1)))) == bits(by_hand(DoublingTrick(TorchAdam(Constant(0.1)))))
    with pytest.raises(TypeError, match="with a constant stepsize"):
        DoublingTrick(Adam(0.1))


def test_the_doubling_trick_of_a_combinator():
    inner = BiasCorrected(Adam(Constant(0.4), beta2=0.9))
    doubled, by_phase = by_hand(DoublingTrick(inner)), []
    state = inner.start(Box(-5.0, 5.0).with_dimension(2))
    for t, g in enumerate(np.random.default_rng(3).standard_normal((40, 2)), start=1):
        first = 2 ** (t.bit_length() - 1)
        phase = BiasCorrected(Adam(Constant(0.4 / np.sqrt(first)), beta2=0.9))
        state = phase.update(phase.start(state.feasible_set, state.point) if t == first else state, g)
        by_phase.append(state.point)
    assert bits(doubled) == bits(np.array(by_phase))


def test_on_dictionaries():
    state = DictLearner(TorchAdam(alpha=1e-3)).start({"a": np.zeros(2)})
    default = DictLearner(TorchAdam()).start({"a": np.zeros(2)})
    for g in np.random.default_rng(0).standard_normal((20, 2)):
        state = DictLearner(TorchAdam(alpha=1e-3)).update(state, {"a": g})
        default = DictLearner(TorchAdam()).update(default, {"a": g})
    assert bits(state.params["a"]) == bits(default.params["a"])


# -- sweeps, files, torch ----------------------------------------------------------------------------------


def test_sweeps_over_alpha():
    for template in (TorchAdam, TorchAdam()):
        frame = sweep(template, Sawtooth(), INTERVAL, {"alpha": [1e-3, Constant(1e-3), InverseSqrt(1e-3)]}, 100)
        regret = frame["regret"].tolist()
        assert regret[0] == regret[1] == game(TorchAdam(), 100).regret["regret"].iloc[-1]
        assert regret[2] != regret[0]
    frame = sweep(Adam, Sawtooth(), INTERVAL, {"alpha": [0.5, InverseSqrt(0.5), Constant(0.5)]}, 100)
    regret = frame["regret"].tolist()
    assert regret[0] == regret[1] != regret[2]


@pytest.mark.parametrize("learner", [TorchAdam(1e-2), Steady(0.25), BiasCorrected(Steady(0.25)), SAdam(2.0)], ids=repr)
def test_saved_and_loaded(learner, tmp_path):
    path = tmp_path / "game.npz"
    whole = game(learner)
    game(learner, 80).save(path)
    again = Game.load(path)
    assert again.learner == learner
    assert again.learner.schedules == learner.schedules
    again.extend(200)
    assert bits(again.point) == bits(whole.point)


def test_the_torch_bridge():
    torch = peer("torch")
    from regretlab.torch import Optimizer

    gradients = np.random.default_rng(0).standard_normal((30, 70))
    ends = {}
    for name, learner in {
        "default": TorchAdam(),
        "number": TorchAdam(alpha=1e-3),
        "schedule": TorchAdam(alpha=Constant(1e-3)),
        "root": TorchAdam(alpha=InverseSqrt(1e-3)),
    }.items():
        x = torch.nn.Parameter(torch.zeros(70, dtype=torch.float64))
        optimizer = Optimizer([x], learner)
        for g in gradients:
            x.grad = torch.from_numpy(g.copy())
            optimizer.step()
        ends[name] = bits(x.detach().numpy())
    assert ends["default"] == ends["number"] == ends["schedule"] != ends["root"]


# -- copies and reprs ----------------------------------------------------------------------------------------

VALUES = [cls() for cls in LEARNERS.classes().values() if all(f.name != "learner" for f in fields(cls))]
VALUES += [TorchAdam(1e-3), Adam(0.5), Adam(Constant(0.5), Geometric(0.9), OneMinusInverse()), AdaShift(n=3)]
VALUES += [with_eps(BiasCorrected(Adam(0.5))), Halved(TorchAdam(0.5)), L2Penalty(TorchAdam()), Plain(2.0), Steady(2.0)]
VALUES += [
    DecoupledWeightDecay(TorchNAdam(), 0.1),
    DoublingTrick(TorchAdam(0.1)),
    MyTorchAdam(0.5),
    EpsilonInsideRoot(OGD()),
]


@pytest.mark.parametrize("learner", VALUES, ids=repr)
def test_the_repr_makes_the_learner_again(learner):
    import regretlab.learners.adabound
    import regretlab.schedules

    names = vars(regretlab.schedules) | vars(regretlab.learners.adabound) | vars(family) | globals()
    again = eval(repr(learner), names)
    assert again == learner
    assert repr(again) == repr(learner)
    assert getattr(again, "schedules", None) == getattr(learner, "schedules", None)


@pytest.mark.parametrize("learner", VALUES, ids=repr)
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x)), replace])
def test_a_copy_means_the_same(learner, duplicate):
    again = duplicate(learner)
    assert again == learner
    assert again.stepsize is learner.stepsize
    assert getattr(again, "schedules", None) == getattr(learner, "schedules", None)
    if isinstance(learner, Algorithm1):
        assert again.ranges.keys() == learner.ranges.keys()


def test_a_copy_of_a_combinator_checks_the_values_of_its_learner():
    learner = WithEpsilon(Padam(p=Values(function=lambda t: np.where(t == 777, 0.75, 0.25))), 0.1)
    with pytest.raises(ValueError, match=r"is 0.75 at round 777"):
        copy.copy(learner).binding.schedule_values(np.array([777]))


# -- what a class may state ----------------------------------------------------------------------------------


def test_a_subclass_states_its_own():
    assert Steady(0.25).schedules["alpha"] == Constant(0.25)
    assert MyTorchAdam(0.25).schedules["alpha"] == Constant(0.25)
    assert Plain().schedules["alpha"] == Inverse(0.5)
    assert by_hand(Plain())[0].tolist() == (-0.5 * np.random.default_rng(3).standard_normal((40, 2))[0]).tolist()


@dataclass(frozen=True)
class Falling(Schedule):
    """A user's schedule, which is negative from round 10 on."""

    def shape(self, t):
        return 1.0 - t / 10.0


def test_the_values_of_a_stated_schedule_are_checked():
    @dataclass(frozen=True)
    class Wrong(Adam):
        stepsize = Falling

    with pytest.raises(ValueError, match=r"alpha=0.1 is .* at round 1\d: it must be positive"):
        Wrong()
    with pytest.raises(ValueError, match=r"alpha=-1.0 must be positive"):
        Steady(-1.0)


@pytest.mark.parametrize("value", [0.1, Constant(), "constant", None, float, lambda a: Constant(a)], ids=label)
@pytest.mark.parametrize("base", [Adam, TorchAdam, Plain, Halved, L2Penalty, DoublingTrick], ids=lambda x: x.__name__)
def test_what_is_no_class_of_schedules_is_a_type_error(base, value):
    made = dataclass(frozen=True)(type("Mine", (base,), {"stepsize": value, "__annotations__": {}}))
    inner = [TorchAdam()] if issubclass(base, Combinator) or base in (L2Penalty, DoublingTrick) else []
    with pytest.raises(TypeError, match=r"Mine.stepsize=.* must be a class of schedules"):
        made(*inner)
    with pytest.raises(TypeError, match=r"Mine.stepsize=.* must be a class of schedules"):
        made(*inner, **({} if inner else {"alpha": Constant(0.1)}))


def test_a_learner_without_hyperparameters_states_one_too():
    @dataclass(frozen=True)
    class Still(Learner):
        stepsize = 3

        def start(self, feasible_set, point=None):
            raise NotImplementedError

        def update(self, state, gradient):
            raise NotImplementedError

    with pytest.raises(TypeError, match=r"Still.stepsize=3 must be a class of schedules"):
        Still()

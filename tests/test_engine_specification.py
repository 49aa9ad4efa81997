"""Everything a game is made of can be written as text and read back the same."""

import dataclasses
import inspect
import json
from math import inf

import numpy as np
import pieces
import pytest
from conftest import label
from hypothesis import given, settings
from hypothesis import strategies as st
from pieces import INTERVAL, assert_same

import regretlab as rl
from regretlab import losses as L
from regretlab import schedules as S
from regretlab import sets
from regretlab.engine.checkpoints import Checkpoints
from regretlab.engine.specification import from_specification, specification
from regretlab.learners import OGD, Adam, AdamNC, AMSGrad, Learner


def made_without_arguments(package):
    """One of each class that a package of this library shows and that needs no arguments."""
    kinds = (Learner, L.Losses, L.PointwiseLoss, sets.FeasibleSet, S.Schedule)
    for name in package.__all__:
        cls = getattr(package, name)
        if inspect.isclass(cls) and issubclass(cls, kinds) and not inspect.isabstract(cls):
            try:
                yield cls()
            except (TypeError, ValueError):  # it needs arguments, or is a base
                continue


LEARNERS = [
    *made_without_arguments(rl.learners),
    OGD(alpha=S.Constant(0.25)),
    Adam(alpha=S.InverseSqrt(0.5), beta1=S.Geometric(0.9, ratio=0.7), beta2=0.999),
    AMSGrad(alpha=S.Inverse(2.0), beta1=S.Inverse(0.9)),
    rl.learners.WithEpsilon(rl.learners.BiasCorrected(Adam(beta1=S.Inverse(0.9))), eps=S.Inverse(0.1)),
    rl.learners.BiasCorrected(AMSGrad()),
    rl.learners.EpsilonInsideRoot(Adam(), 0.1),
    rl.learners.L2Penalty(Adam(), 0.1),
    rl.learners.DoublingTrick(OGD(alpha=S.Constant(0.5))),
    rl.learners.DecoupledWeightDecay(Adam(), 0.1),
    AdamNC(beta2=S.OneMinusInverse()),
    OGD(alpha=pieces.Table(0.5, (1.0, 0.25))),
    OGD(alpha=pieces.Table(0.5, [1.0, 0.25])),
    OGD(alpha=pieces.Table(0.5, np.array([1.0, 0.25]))),
    OGD(alpha=np.float64(0.1)),
    OGD(alpha=np.float32(0.1)),
    OGD(alpha=1),
    pieces.Averaging(0.7),
    pieces.Frozen(),
]
LOSSES = [
    *(losses for losses in made_without_arguments(L) if isinstance(losses, L.Losses)),
    L.Periodic([1.0, -2.0, 0.5]),
    L.Periodic([[1.0, 0.0], [0.0, -1.0]]),
    L.Mod3(np.float64(5.5)),
    L.ReddiOnline(height=1e3, slope=0.1, period=np.int64(7)),
    L.Rademacher(3, drift=-0.25),
    pieces.Sawtooth(7, 2.5),
    pieces.Derived(5.0),
    pieces.Distances(2),
    pieces.NoisySquares(),
]
SETS = [
    *made_without_arguments(sets),
    sets.Box(0.0, 1.0),
    sets.Box([-1.0, -2.0, 0.1], [1.0, 0.5, 0.1]),
    sets.Box(-0.1, [0.1, 0.2]),
    pieces.PythonBox([-1.0], [1.0]),
]


def kind(x):
    return type(x).__name__


def again(value):
    """``value`` by way of text."""
    return from_specification(json.loads(json.dumps(specification(value))))


def accepted(learner):
    """Losses that the learner does not object to."""
    try:
        learner.check(pieces.Waves())
    except ValueError:
        return L.CirclingQuadratics(d=1)
    return pieces.Waves()


@pytest.mark.parametrize("learner", LEARNERS, ids=kind)
def test_learners(learner, tmp_path):
    copy = again(learner)
    assert type(copy) is type(learner)
    assert specification(copy) == specification(learner)
    on_simplices = isinstance(learner, rl.learners.Hedge | rl.learners.ExponentiatedGradient)
    F = rl.sets.Simplex() if on_simplices else INTERVAL
    losses = accepted(learner)
    game = rl.play(learner, losses, F, 20)
    game.save(tmp_path / "game")
    assert_same(rl.Game.load(tmp_path / "game").extend(35), game.extend(35))
    assert_same(game, rl.play(learner, losses, F, 35))


@pytest.mark.parametrize("losses", LOSSES, ids=kind)
def test_losses(losses, tmp_path):
    copy = again(losses)
    assert type(copy) is type(losses)
    assert specification(copy) == specification(losses)
    assert copy.dimension == losses.dimension
    x = np.full(losses.dimension, 0.25)
    for t in (1, 2, 77):
        f, g = (sequence.reveal(t, x, 3) for sequence in (losses, copy))
        assert f.value(x) == g.value(x)
        assert np.array_equal(f.gradient(x), g.gradient(x))
    game = rl.play(OGD(), losses, INTERVAL, 6, seed=3)
    game.save(tmp_path / "game")
    loaded = rl.Game.load(tmp_path / "game").extend(9)
    assert pieces.contents(loaded) == pieces.contents(game.extend(9))


@pytest.mark.parametrize("F", SETS, ids=label)
def test_sets(F):
    copy = again(F)
    assert type(copy) is type(F)
    assert specification(copy) == specification(F)
    assert copy.dimension == F.dimension
    d = F.dimension or 3
    one, other = F.with_dimension(d), copy.with_dimension(d)
    y = np.linspace(-2.0, 1.5, d)
    assert np.array_equal(one.project(y), other.project(y))


LINKS = [
    link for link in made_without_arguments(L) if isinstance(link, L.PointwiseLoss) and dataclasses.is_dataclass(link)
]


@pytest.mark.parametrize("link", [*LINKS, L.Huber(0.25)], ids=label)
def test_links(link):
    copy = again(link)
    assert copy == link
    assert copy.parameters() == link.parameters()


SCHEDULES = [*made_without_arguments(S), S.Geometric(0.5, 0.25), pieces.Table(2.0, (1.0, 3.0))]


@pytest.mark.parametrize("schedule", [s for s in SCHEDULES if not isinstance(s, S.Values)], ids=label)
def test_schedules(schedule):
    copy = again(schedule)
    assert copy == schedule
    t = np.arange(1, 50)
    assert np.array_equal(copy(t), schedule(t))


def test_every_shipped_schedule_but_functions_can_be_saved():
    with pytest.raises(TypeError, match="function"):
        specification(S.Values(function=np.ones_like))


@pytest.mark.parametrize("checkpoints", [Checkpoints(), Checkpoints.of([5, 2, 9])], ids=label)
def test_checkpoints(checkpoints):
    assert again(checkpoints) == checkpoints


plain = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text()


@settings(max_examples=50)
@given(st.recursive(plain, lambda x: st.lists(x, max_size=4) | st.lists(x, max_size=4).map(tuple), max_leaves=12))
def test_numbers_text_lists_and_tuples(value):
    copy = again(value)
    assert copy == value
    assert repr(copy) == repr(value)  # 1, 1.0 and True are different, and so are lists and tuples


@pytest.mark.parametrize(
    "array", [np.array([1.5, -0.0, inf]), np.arange(4), np.zeros((2, 3)), np.array([True, False]), np.float32([0.1])]
)
def test_arrays(array):
    copy = again(array)
    assert copy.dtype == array.dtype
    assert copy.shape == array.shape
    assert copy.tobytes() == array.tobytes()


def test_nan():
    assert np.isnan(again(float("nan")))


# -- what cannot be written down --------------------------------------------------------------


def stepsize(t):
    return 1.0 / t


@pytest.mark.parametrize(
    "value",
    [stepsize, lambda t: 1.0 / t, np.sqrt, object(), {1.0}, {"a": 1}, Adam, rl, 1j, b"bytes", np.array([1j])],
    ids=label,
)
def test_what_has_no_specification(value):
    with pytest.raises(TypeError):
        json.dumps(specification(value))


@pytest.mark.parametrize("field", ["alpha", "beta1", "beta2"])
@pytest.mark.parametrize("how", ["function", "lambda", "schedule"])
def test_functions_as_schedules_are_refused_by_name(field, how, tmp_path):
    function = {"function": stepsize, "lambda": lambda t: 0.5 / t, "schedule": S.Values(0.5, stepsize)}[how]
    if field != "alpha":
        function = S.Values(0.5, stepsize) if how == "schedule" else (lambda t: 0.5 / t)
    game = rl.play(Adam(**{field: function}), L.Mod3(), INTERVAL, 5)
    with pytest.raises(TypeError, match=r"function|lambda"):
        game.save(tmp_path / "game")
    assert list(tmp_path.iterdir()) == []


def test_classes_that_nobody_could_find_again():
    @dataclasses.dataclass(frozen=True)
    class Local(L.LinearLosses):
        def gradients(self, t):
            return np.ones((len(t), 1))

    with pytest.raises(TypeError, match="Local is defined inside a function"):
        specification(Local())


def test_classes_that_are_no_dataclasses():
    with pytest.raises(TypeError, match="dataclass"):
        specification(pieces.Following())


def test_dataclasses_of_other_kinds():
    with pytest.raises(TypeError, match="cannot be saved"):
        specification(Foreign())
    with pytest.raises(ValueError, match="not a learner"):
        from_specification({"class": f"{__name__}:Foreign", "fields": {}})


@dataclasses.dataclass(frozen=True)
class Foreign:
    a: int = 1


def test_only_classes_of_this_kind_are_made():
    """A file can name any module, but nothing in it is called unless it is a piece of a game."""
    for name in ("os:getcwd", "subprocess:Popen", "builtins:eval", "regretlab:play", "regretlab:Game"):
        with pytest.raises(ValueError, match=name.partition(":")[2]):
            from_specification({"class": name, "fields": {}})


def test_shipped_pieces_are_covered():
    assert {type(x) for x in LEARNERS} >= {cls for cls in vars(rl.learners).values() if concrete(cls, Learner)}


def concrete(cls, base):
    bases = (base, rl.learners.Algorithm1, rl.learners.Combinator, rl.learners.VectorLearner)
    return inspect.isclass(cls) and issubclass(cls, base) and cls not in bases

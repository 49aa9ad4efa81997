"""Every learner on every sequence and every set; the tables and checks are in conformance.py."""

import dataclasses
import inspect

import conformance
import numpy as np
import pytest
from conformance import CURVED, HORIZON, LEARNERS, SEQUENCES, SETS, accepts, short_game

from regretlab import Game, learners, losses, play, play_all, sets
from regretlab.learners import (
    OGD,
    AdaGrad,
    Adam,
    AdamNC,
    AdaShift,
    Algorithm1,
    AMSGrad,
    BiasCorrected,
    Combinator,
    RMSProp,
)
from regretlab.losses import LinearLosses
from regretlab.schedules import Constant, Geometric, InverseSqrt, OneMinusInverse


def _name(value):
    return value.__name__ if callable(value) else type(value).__name__


# The learners of Reddi et al. (2018) meet every sequence on every set; the others every sequence, on the sets in turn.
IN_THE_PAPER = (OGD, AdaGrad, RMSProp, Adam, AMSGrad, AdamNC)
MEETINGS = {
    f"{type(case.learner).__name__}{i}-{_name(sequence)}-{_name(make_set)}": (case, sequence, make_set)
    for i, case in enumerate(LEARNERS)
    for j, sequence in enumerate(SEQUENCES)
    for k, make_set in enumerate(SETS)
    if accepts(case.learner, sequence) and (isinstance(case.learner, IN_THE_PAPER) or k == (i + j) % len(SETS))
}


@pytest.mark.parametrize(("case", "sequence", "make_set"), MEETINGS.values(), ids=list(MEETINGS))
def test_every_game_is_the_game_of_the_paper(case, sequence, make_set):
    feasible_set, start = make_set(sequence.dimension)
    game = short_game(case.learner, sequence, feasible_set, start)
    conformance.check_points(game, start)
    conformance.check_rounds(game, case)
    conformance.check_by_hand(game)
    conformance.check_regret(game)
    conformance.check_values(case.learner, sequence, feasible_set)
    # the objects above have a game behind them; a second one, and one of new objects, are the same game
    conformance.check_same_bits(short_game(case.learner, sequence, feasible_set, start), game)
    twins = (dataclasses.replace(value) for value in (case.learner, sequence, feasible_set))
    conformance.check_same_bits(short_game(*twins, start), game)


# Sequences in d >= 2 whose coordinates have gradients of other sizes, so that no metric is a multiple of another one.
UNEVEN = (
    losses.Periodic([[1.0, -8.0, 0.25], [0.5, -1.0, 0.5], [-2.0, -4.0, 0.125], [1.0, 2.0, 0.0]]),
    conformance.Bowls(),  # for learners that need strongly convex losses
)
PROJECTED = [
    (case, next(s for s in UNEVEN if accepts(case.learner, s)), make_set) for case in LEARNERS for make_set in CURVED
]


@pytest.mark.parametrize(
    ("case", "sequence", "make_set"), PROJECTED, ids=[f"{_name(c.learner)}-{_name(F)}" for c, _, F in PROJECTED]
)
def test_every_learner_projects_in_its_own_metric(case, sequence, make_set):
    feasible_set, start = make_set(sequence.dimension)
    game = short_game(case.learner, sequence, feasible_set, start)
    assert conformance.check_projections(game, case) > 5
    conformance.check_by_hand(game)


@dataclasses.dataclass(frozen=True)
class _Squared(AMSGrad):
    """The steps of AMSGrad, and the metric of W^2."""

    @staticmethod
    def rule(g, m, v, vhat, beta1, beta2):
        moments, m, w = AMSGrad.rule(g, m, v, vhat, beta1, beta2)
        return moments, m * w, w * w


@dataclasses.dataclass(frozen=True)
class _Euclidean(AMSGrad):
    """The steps of AMSGrad, and the metric of W = 1."""

    @staticmethod
    def rule(g, m, v, vhat, beta1, beta2):
        moments, m, w = AMSGrad.rule(g, m, v, vhat, beta1, beta2)
        return moments, m / w if w > 0.0 else 0.0, 1.0


@pytest.mark.parametrize("make_set", CURVED, ids=_name)
@pytest.mark.parametrize("wrong", [_Squared, _Euclidean])
def test_another_metric_is_noticed(wrong, make_set):
    case = next(case for case in LEARNERS if type(case.learner) is AMSGrad)
    learner = wrong(*dataclasses.astuple(case.learner))
    game = short_game(learner, UNEVEN[0], *make_set(3))
    with pytest.raises(AssertionError):
        conformance.check_projections(game, case)


@pytest.mark.parametrize("sequence", [s for s in SEQUENCES if isinstance(s, LinearLosses)], ids=_name)
def test_on_a_seed_all_learners_meet_the_same_sequence(sequence):
    games = play_all(
        [case.learner for case in LEARNERS if accepts(case.learner, sequence)],
        sequence,
        sets.Box(),
        HORIZON,
        seeds=(0, 1),
        checkpoints=range(1, HORIZON + 1),
        compiled=False,
    )
    met = {(game.seed, game.record.gradient.tobytes()) for game in games}
    assert len(met) == 2
    random = isinstance(sequence, losses.RandomLinearLosses)
    assert len({gradients for _, gradients in met}) == (2 if random else 1)


def test_the_tables_leave_no_class_out():
    def concrete(module, *kinds):
        found = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, kinds)]
        return {cls for cls in found if dataclasses.is_dataclass(cls) and not inspect.isabstract(cls)}

    assert not concrete(learners, Algorithm1) - {Algorithm1, Combinator} - {type(case.learner) for case in LEARNERS}
    linear = concrete(losses, losses.LinearLosses, losses.AdaptiveLosses)
    assert not linear - {type(sequence) for sequence in SEQUENCES}


# The plainest learner of each class and each set of schedules that vary: each of them is compiled on its own.
COMPILED = {
    str(case.learner.binding.call): case.learner
    for case in reversed(LEARNERS)
    if accepts(case.learner, losses.RandomLinear())
    and not any(type(schedule).__name__ == "Values" for schedule in case.learner.schedules.values())
}.values()

# Every way to arrange games, by variants of the learner, seeds, and d; the last for all learners.
LOOPS = {
    "by cell": (1, 1, 1),
    "by round": (1, 1, 9),
    "shared by cell": (3, 1, 2),
    "shared by round": (4, 1, 3),
    "seeds by cell": (2, 3, 1),
    "seeds by round": (2, 3, 2),
}
SCHEDULED = AMSGrad(alpha=InverseSqrt(0.5), beta1=Geometric(0.9, ratio=0.5), beta2=OneMinusInverse())
PAIRS = [(learner, loop) for learner in (OGD(alpha=Constant(0.2)), SCHEDULED) for loop in LOOPS]
PAIRS += [(learner, "seeds by round") for learner in COMPILED]


def _variants(learner, n):
    """n learners of one kind with other stepsizes."""
    if isinstance(learner, Combinator):
        return [dataclasses.replace(learner, learner=inner) for inner in _variants(learner.learner, n)]
    schedule = learner.schedules["alpha"]
    return [
        dataclasses.replace(learner, alpha=dataclasses.replace(schedule, scale=schedule.scale * (1.0 + k)))
        for k in range(n)
    ]


@pytest.mark.parametrize(("learner", "loop"), PAIRS, ids=[f"{_name(learner)}-{loop}" for learner, loop in PAIRS])
def test_compiled_and_interpreted_games_have_the_same_bits(learner, loop):
    variants, seeds, d = LOOPS[loop]
    T = 700
    box = sets.Box(-1.0 - np.arange(d), 0.5 * np.ones(d))
    sequence = losses.RandomLinear(d=d, mean=0.2, std=2.0)
    options = {"seeds": range(seeds), "checkpoints": [1, 2, 3, 50, T]}
    compiled = play_all(_variants(learner, variants), sequence, box, T, compiled=True, **options)
    for game in compiled:
        alone = Game(game.learner, sequence, box, seed=game.seed, checkpoints=[1, 2, 3, 50, T])
        conformance.check_same_bits(alone.extend(T, compiled=False), game)


# Single steps call a rule as the loops above do, so a few learners suffice: the paper's, a combinator, and AdaShift.
STEPPED = [x for x in COMPILED if isinstance(x, (*IN_THE_PAPER, BiasCorrected, AdaShift))]


@pytest.mark.parametrize("learner", STEPPED, ids=_name)
def test_compiled_steps_by_hand_have_the_bits_of_the_game(learner):
    d, T = 70, 12  # so many coordinates are stepped by compiled code
    game = play(learner, losses.RandomLinear(d=d), sets.Box(), T, checkpoints=range(1, T + 1), compiled=False)
    conformance.check_by_hand(game)

"""check_learner passes the learners of the package, and names what is wrong with broken ones."""

import dataclasses
import itertools
import re
from dataclasses import dataclass, fields
from math import sqrt

import conformance
import numpy as np
import pieces
import pytest
from check_helpers import failure, type_name

from regretlab import check_learner
from regretlab import sets as S
from regretlab.cli.parsing import LEARNERS
from regretlab.learners import (
    OGD,
    Adam,
    Algorithm1,
    AMSGrad,
    BiasCorrected,
    CoinBetting,
    DecoupledWeightDecay,
    DoublingTrick,
    EpsilonInsideRoot,
    FirstMomentCorrected,
    L2Penalty,
    Learner,
    Restarts,
    State,
    StronglyAdaptive,
    WithEpsilon,
)
from regretlab.schedules import Constant

INTERVAL = S.Box(-1.0, 1.0)


# -- the learners of the package -----------------------------------------------------------------


@pytest.mark.parametrize("case", conformance.LEARNERS, ids=lambda case: repr(case.learner)[:40])
def test_every_learner(case):
    compiled = case.learner == AMSGrad()  # conformance compiles the others
    check_learner(case.learner, INTERVAL, compiled=compiled)
    for F in (S.Simplex(3), S.Halfspace([1.0, -2.0], 0.5), S.Reals(2)):
        check_learner(case.learner, F, compiled=False, seed=3)


SHIPPED = [cls() for cls in LEARNERS.classes().values() if all(each.name != "learner" for each in fields(cls))]
SHIPPED += [wrap(OGD(Constant(0.1))) for wrap in (WithEpsilon, EpsilonInsideRoot, DoublingTrick, DecoupledWeightDecay)]
SHIPPED += [BiasCorrected(Adam()), FirstMomentCorrected(AMSGrad()), L2Penalty(CoinBetting()), L2Penalty(AMSGrad())]
SHIPPED += [Restarts(OGD(), 3), StronglyAdaptive()]


@pytest.mark.parametrize("learner", SHIPPED, ids=type_name)
def test_every_shipped_learner_on_the_usual_sets(learner):
    check_learner(learner, compiled=False)


def test_a_learner_on_a_compiled_ball():
    check_learner(AMSGrad())


@pytest.mark.parametrize("learner", [pieces.Averaging(), pieces.Amplifier()], ids=type_name)
def test_learners_of_a_user(learner):
    check_learner(learner, compiled=False)


# -- learners that are wrong ---------------------------------------------------------------------


@dataclass(frozen=True)
class Descent(Learner):
    """Projected gradient steps of 0.1, as a user writes them."""

    def start(self, feasible_set, point=None):
        x = feasible_set.nearest_to_origin() if point is None else np.array(point, dtype=float)
        return State(0, x, {"sum": np.zeros(x.size)}, feasible_set)

    def update(self, state, gradient):
        total = state.moments["sum"] + gradient
        x = state.feasible_set.project(state.point - 0.1 * gradient)
        return State(state.t + 1, x, {"sum": total}, state.feasible_set)


@dataclass(frozen=True)
class InPlace(Descent):
    def update(self, state, gradient):
        state.moments["sum"] += gradient
        return super().update(state, gradient)


@dataclass(frozen=True)
class ForcedInPlace(Descent):
    def update(self, state, gradient):
        state.moments["sum"].setflags(write=True)
        state.moments["sum"][:] += gradient
        return super().update(state, gradient)


@dataclass(frozen=True)
class Remembers(Descent):
    def update(self, state, gradient):
        state.moments["seen"] = gradient
        return State(state.t + 1, state.point, {"sum": state.moments["sum"].copy()}, state.feasible_set)


@dataclass(frozen=True)
class Leaves(Descent):
    def update(self, state, gradient):
        return State(state.t + 1, state.point - 0.1 * gradient, state.moments, state.feasible_set)


COUNTER = itertools.count(1)


@dataclass(frozen=True)
class GlobalCounter(Descent):
    def update(self, state, gradient):
        return super().update(state, gradient / next(COUNTER))


@dataclass(frozen=True)
class KeepsGradient(Descent):
    def update(self, state, gradient):
        after = super().update(state, gradient)
        return State(after.t, after.point, {"sum": gradient}, after.feasible_set)


@dataclass(frozen=True)
class NoPoint(Descent):
    def update(self, state, gradient):
        return state.point


@dataclass(frozen=True)
class ForgetsTheRound(Descent):
    def update(self, state, gradient):
        return dataclasses.replace(super().update(state, gradient), t=state.t)


@dataclass(frozen=True)
class Undeclared(Descent):
    def update(self, state, gradient):
        after = super().update(state, gradient)
        return State(after.t, after.point, {**after.moments, "more": np.zeros(after.point.size)}, after.feasible_set)


@dataclass(frozen=True)
class StartsElsewhere(Descent):
    def start(self, feasible_set, point=None):
        return super().start(feasible_set)


@dataclass(frozen=True)
class Unchecked(Descent):
    alpha: float = 0.1

    def update(self, state, gradient):
        return super().update(state, self.alpha * gradient)


@dataclass(frozen=True)
class NotANumber(Descent):
    def update(self, state, gradient):
        with np.errstate(all="ignore"):
            step = gradient / np.abs(gradient)
        return State(state.t + 1, state.point, {"sum": step}, state.feasible_set)


@dataclass(frozen=True)
class OtherSet(Descent):
    def update(self, state, gradient):
        after = super().update(state, gradient)
        return State(after.t, after.point, after.moments, S.Reals(after.point.size))


@dataclass(frozen=True)
class Writable(Descent):
    def update(self, state, gradient):
        after = super().update(state, gradient)
        after.moments["sum"].setflags(write=True)
        return after


@dataclass(frozen=True)
class Hidden(Adam):
    """Starts without the second moment."""

    def start(self, feasible_set, point=None):
        state = OGD().start(feasible_set, point)
        return State(0, state.point, {"m": np.zeros(state.point.size)}, state.feasible_set)


@dataclass(frozen=True)
class Drifts(Algorithm1):
    """Moves without a gradient."""

    @staticmethod
    def rule(g):
        return (), g + 0.1, 1.0


@dataclass(frozen=True)
class Climbs(Algorithm1):
    @staticmethod
    def rule(g):
        return (), -g, 1.0


@dataclass(frozen=True)
class OneSided(Algorithm1):
    """Goes down in coordinates with positive gradients only."""

    @staticmethod
    def rule(g):
        return (), abs(g), 1.0


@dataclass(frozen=True)
class Rests(Algorithm1):
    @staticmethod
    def rule(g, m):
        return (m + g,), 0.0 * g, 1.0


@dataclass(frozen=True)
class Uphill(Descent):
    def update(self, state, gradient):
        return super().update(state, -np.asarray(gradient))


@dataclass(frozen=True)
class Negative(Algorithm1):
    @staticmethod
    def rule(g, s):
        return (s + g * g,), g, -sqrt(s + g * g)


@dataclass(frozen=True)
class NegativeLater(Algorithm1):
    @staticmethod
    def rule(g, t):
        return (), g, 1.0 if t < 20 else -1.0


@dataclass(frozen=True)
class TwoGames(Algorithm1):
    """A rule that asks whether it is compiled."""

    @staticmethod
    def rule(g, s):
        return (s + g * g,), g * (1.0 if isinstance(g, np.float64) else 2.0), 1.0


@dataclass(frozen=True)
class Texts(Algorithm1):
    """A rule that cannot be compiled."""

    @staticmethod
    def rule(g, s):
        return (s + float(f"{g}"),), g, 1.0


@dataclass
class Mutable(Descent.__base__):
    def start(self, feasible_set, point=None):
        return Descent().start(feasible_set, point)

    def update(self, state, gradient):
        return Descent().update(state, gradient)


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (InPlace(), r"round 1, .* update raises ValueError: .*read-only; a state is a value: make new arrays"),
        (ForcedInPlace(), r"round \d+: update changes the state it is given: sum was .* and is"),
        (Remembers(), r"update changes the state it is given: seen was None and is"),
        (Leaves(), r"round \d+, gradient .*: the point x_\d+ = .* is not in Box\(-1\.0, 1\.0\)\^3; project it"),
        (GlobalCounter(), r"update gives point = .* and, from the same state again, .* state and the gradient only"),
        (KeepsGradient(), r"keeps the gradient's own array"),
        (NoPoint(), r"update returned array\(.*\); it must return a State"),
        (ForgetsTheRound(), r"returned a State with t=0 .*; it must have t=1"),
        (Undeclared(), r"the moments \['sum', 'more'\]; it must have t=1 and, as before, \['sum'\]"),
        (StartsElsewhere(), r"x_1 must be the point it was given"),
        (Unchecked(), r"Unchecked takes alpha=-1\.0; it must raise ValueError where it is made"),
        (NotANumber(), r"a zero gradient in the first round leaves sum = \[nan nan nan\]; 0/0 must be 0"),
        (OtherSet(), r"with the set Reals\(dimension=3\); it must be Box"),
        (Writable(), r"sum can be written to; a state is read-only"),
        (Hidden(), r"has the moments \['m'\]; moment_names are \['m', 'v'\]"),
        (Drifts(), r"a zero gradient in the first round moves x_1"),
        (Texts(), r"cannot play a compiled game"),
        (Climbs(), r"Climbs climbs: in \d+ rounds with the gradient"),
        (OneSided(), r"OneSided climbs"),
        (Rests(), r"Rests stands still at x_1 ="),
        (pieces.Frozen(), r"Frozen stands still at x_1 ="),
        (Uphill(), r"Uphill climbs"),
        (Negative(), r"W = -.* at coordinate 0 is no metric"),
        (NegativeLater(), r"round 20, .*W = -1\.0 at coordinate \d is no metric"),
        (Mutable(), r"Mutable is not a frozen dataclass"),
        (Adam, r"is not a Learner; make an instance of it"),
        (0.1, r"0\.1 is not a Learner"),
    ],
    ids=type_name,
)
def test_broken_learners(learner, message):
    found = failure(check_learner, learner)
    assert re.search(message, found), found


def test_the_good_descent():
    check_learner(Descent())

"""Assertions: learners that are wrong must fail them, and what cannot fail says so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import regretlab as rl
from hostile import program
from regretlab import learners as L
from regretlab import losses as S
from regretlab import sets as F
from regretlab.testing import assert_no_certificate_violation, assert_regret_below, assert_sublinear_regret

B = F.Box(-1.0, 1.0)
DRIFT = S.Rademacher(drift=0.3)
GROWTH = {"horizons": [16, 32, 64, 128, 256, 512], "compiled": False}


@dataclass(frozen=True)
class WrongSign(L.Algorithm1):
    @staticmethod
    def rule(g):
        return (), -g, 1.0


@dataclass(frozen=True)
class Still(L.Algorithm1):
    @staticmethod
    def rule(g):
        return (), 0.0 * g, 1.0


@dataclass(frozen=True)
class Leaves(L.Learner):
    def start(self, feasible_set, point=None):
        return L.State(0, np.zeros(1), {}, feasible_set)

    def update(self, state, gradient):
        return L.State(state.t + 1, state.point - 3.0 * np.asarray(gradient), {}, state.feasible_set)


def outcome(assertion, *args, **how):
    """ "passes", or the beginning of what the assertion or the game says."""
    try:
        assertion(*args, **how)
    except (AssertionError, rl.GameError) as error:
        return type(error).__name__
    return "passes"


FAILS = ("AssertionError", "CheckFailed", "GameError")
WRONG = (WrongSign(), WrongSign(0.5), Still(), Leaves())
SEQUENCES = {
    "fair": (S.Rademacher(), range(8)),
    "drift": (DRIFT, range(8)),
    "mod3": (S.Mod3(), (0,)),
    "alternating": (S.Periodic([1.0, -1.0]), (0,)),
    "adversary": (S.SignAdversary(), (0,)),
    "quadratics": (S.PeriodicQuadratics([0.5, 0.1]), (0,)),
}


def add(name, run, **right):
    run.__name__, run.__module__ = name, __name__
    program(**right)(run)


for kind, (losses, seeds) in SEQUENCES.items():
    for k, learner in enumerate(WRONG):

        def grows(losses=losses, seeds=seeds, learner=learner):
            return outcome(assert_sublinear_regret, learner, losses, B, seeds=seeds, **GROWTH) in FAILS

        def below(losses=losses, seeds=seeds, learner=learner):
            bound = lambda t: 4.5 * np.sqrt(t)  # noqa: E731
            return outcome(assert_regret_below, bound, learner, losses, B, 512, seeds=seeds, compiled=False) in FAILS

        add(f"growth_of_wrong_learner_{k}_on_{kind}", grows, right=True)
        add(f"bound_of_wrong_learner_{k}_on_{kind}", below, right=True)


@program(right=True)
def learners_that_are_right_pass():
    growth = [outcome(assert_sublinear_regret, L.OGD(0.5), losses, B, seeds=seeds, **GROWTH) for losses, seeds in (
        (DRIFT, range(8)), (S.Mod3(), (0,)))]  # fmt: skip
    bound = outcome(assert_regret_below, lambda t: 4.5 * np.sqrt(t), L.OGD(0.5), S.Mod3(), B, 512, compiled=False)
    return {*growth, bound} == {"passes"}


@program(right=True)
def a_wrong_sign_on_fair_signs():
    """The README's example of old."""
    return outcome(
        assert_sublinear_regret, WrongSign(0.5), S.Rademacher(), B, horizons=[2**k for k in range(5, 10)],
        seeds=range(16), compiled=False,
    ) == "AssertionError"  # fmt: skip


@program(right=True)
def no_certificate_applies():
    one = outcome(assert_no_certificate_violation, L.OnlineNewtonStep(), S.RandomLeastSquares(d=1), B, 10)
    other = outcome(assert_no_certificate_violation, L.OGD(), S.Mod3(), F.Reals(), 10)
    return one in FAILS and other in FAILS


for name, bound in {"infinite": np.inf, "huge": 1e300, "infinite_by_round": lambda t: np.inf * t}.items():

    def vacuous(bound=bound):
        return outcome(assert_regret_below, bound, L.OGD(), S.Mod3(), B, 100, compiled=False)

    add(f"a_bound_that_is_{name}", lambda run=vacuous: run() == "AssertionError", right=True)


@program(right=True)
def a_game_that_starts_at_the_best_point():
    return outcome(assert_regret_below, 5.0, L.OGD(), S.Mod3(), B, 300, start=-1.0, compiled=False) == "AssertionError"


@program(right=True)
def a_set_of_one_point():
    return outcome(assert_regret_below, 1.0, L.OGD(), S.Mod3(), F.Box(0.5, 0.5), 30, compiled=False) == "AssertionError"


def slip(name, refused, call):
    add(f"slip_{name}", call, refused=refused)


def grows(**how):
    return lambda: assert_sublinear_regret(L.OGD(), DRIFT, B, **(GROWTH | {"seeds": range(8)} | how))


def below(bound, **how):
    return lambda: assert_regret_below(bound, L.OGD(), S.Mod3(), B, 50, compiled=False, **how)


slip("seeds_twice", "stands twice", grows(seeds=[0, 1, 2, 3, 4, 5, 6, 6]))
slip("no_seeds", "seeds", grows(seeds=[]))
slip("seeds_of_text", "seed", grows(seeds=list("01234567")))
slip("seeds_of_floats", "seed", grows(seeds=[0.5 + k for k in range(8)]))
slip("no_horizons", "horizons", grows(horizons=[]))
slip("horizons_of_text", "horizon", grows(horizons=["16", "32", "64", "256"]))
slip("horizons_of_bools", "horizon", grows(horizons=[True, 16, 32, 64]))
slip("horizons_of_halves", "horizon", grows(horizons=[16.5, 32, 64, 256]))
slip("exponent_of_text", "exponent", grows(exponent="0.5"))
slip("exponent_of_bool", "exponent", grows(exponent=True))
slip("exponent_complex", "exponent", grows(exponent=0.5j))
slip("exponent_nan", "exponent", grows(exponent=np.nan))
slip("exponent_linear", "every learner", grows(exponent=1.0))
slip("tolerance_wide", "every learner", grows(tolerance=0.6))
slip("tolerance_negative", "tolerance", grows(tolerance=-1.0))
slip("one_seed_of_random_losses_in_eight", "needs at least", grows(seeds=range(3)))
slip("few_horizons", "needs at least", grows(horizons=[16, 32, 64]))
slip("bound_of_text", "bound", below("5"))
slip("bound_complex", "bound", below(5 + 0j))
slip("bound_of_bool", "bound", below(True))
slip("bound_nan", "bound", below(np.nan))
slip("bound_none", "bound", below(None))
slip("bound_of_another_shape", "bound", below(lambda t: t[:-1]))
slip("bound_seeds_twice", "stands twice", below(5.0, seeds=[0, 0]))
slip("bound_no_seeds", "seeds", below(5.0, seeds=[]))
slip("checkpoints_of_halves", "checkpoints", below(5.0, checkpoints=[7.5]))
slip("checkpoints_of_text", "checkpoints", below(5.0, checkpoints=["7"]))
slip("checkpoints_none_at_all", "checkpoints", below(5.0, checkpoints=[]))
slip("bound_last", "order", lambda: assert_regret_below(L.OGD(), S.Mod3(), B, 100, 5.0))
slip("seeds_one_number", "seeds", grows(seeds=5))
slip("seeds_a_text", "seeds", grows(seeds="01234567"))
slip("horizons_one_number", "horizons", grows(horizons=64))
slip("bound_seeds_one_number", "seeds", below(5.0, seeds=5))
slip("checkpoints_one_number", "checkpoints", below(5.0, checkpoints=7))
slip("bound_of_no_learner", "Learner", lambda: assert_regret_below(5.0, S.Mod3(), S.Mod3(), B, 100))

"""Assertions for test suites: what passes, what fails, and messages that play the worst game again."""

import re
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from certificate_pieces import Given
from pieces import INTERVAL, Squares, cube

import regretlab as rl
from regretlab.analysis.horizons import play_to
from regretlab.certificates import THEOREMS, Bound, theorem
from regretlab.learners import OGD, Adam, Algorithm1, AMSGrad, Learner, State
from regretlab.losses import Mod3, Periodic, PeriodicQuadratics, Rademacher, SignAdversary
from regretlab.schedules import Constant
from regretlab.testing import assert_no_certificate_violation, assert_regret_below, assert_sublinear_regret

BETA2 = 0.1  # Theorem 1 of Reddi et al. (2018) for C = 3
ALPHA = 0.9 * sqrt(1.0 - BETA2)
THEOREM1 = Adam(ALPHA, beta1=0.0, beta2=BETA2)


# -- growth and bounds -------------------------------------------------------------------


def replayed(message):
    """The game that the last lines of a message play."""
    names = {}
    exec("\n".join(line.strip() for line in message.partition("play it again:\n")[2].splitlines()), names)
    return names["game"]


@dataclass(frozen=True)
class Climbs(Algorithm1):
    """OGD with the wrong sign."""

    @staticmethod
    def rule(g):
        return (), -g, 1.0


@dataclass(frozen=True)
class Stays(Algorithm1):
    """Never moves."""

    @staticmethod
    def rule(g):
        return (), 0.0 * g, 1.0


@dataclass(frozen=True)
class Leaves(Learner):
    """Gradient descent without a projection."""

    def start(self, feasible_set, point=None):
        return State(0, np.zeros(1) if point is None else np.array(point, ndmin=1), {}, feasible_set)

    def update(self, state, gradient):
        return State(state.t + 1, state.point - 3.0 * np.asarray(gradient), {}, state.feasible_set)


DRIFT = Rademacher(drift=0.3)
SHORT = {"horizons": [2**k for k in range(4, 13)], "seeds": range(16)}


def test_sublinear_regret_passes():
    assert_sublinear_regret(AMSGrad(0.5), DRIFT, INTERVAL, **SHORT)
    assert_sublinear_regret(OGD(0.5), Mod3(), INTERVAL, seeds=[0])
    assert_sublinear_regret(lambda n: OGD(Constant(n**-0.5)), DRIFT, INTERVAL, **SHORT)
    options = {"seeds": [0], "start": 1.0, "compiled": False}
    assert_sublinear_regret(OGD(0.5), PeriodicQuadratics([0.4, 0.2]), INTERVAL, **options, horizons=[8, 16, 32, 128])
    assert_sublinear_regret(OGD(0.5), SignAdversary(), INTERVAL, **options, horizons=[8, 16, 32, 128])


@pytest.mark.parametrize("learner", [Climbs(), Stays(), Leaves()], ids=lambda learner: type(learner).__name__)
@pytest.mark.parametrize("losses", [Mod3(), DRIFT, Squares(), Rademacher()], ids=lambda losses: repr(losses)[:16])
def test_learners_that_are_wrong_fail_every_assertion(learner, losses):
    """Whatever the losses, fair signs too: each is an AssertionError, or a round out of the set."""
    options = {"start": 1.0} if isinstance(losses, Squares) else {}
    seeds = range(8) if isinstance(losses, Rademacher) else [0]
    short = [16, 32, 64, 128, 256]
    with pytest.raises((AssertionError, rl.GameError)):
        assert_sublinear_regret(learner, losses, INTERVAL, horizons=short, seeds=seeds, compiled=False, **options)
    with pytest.raises((AssertionError, rl.GameError)):
        assert_regret_below(
            lambda t: 4.5 * np.sqrt(t), learner, losses, INTERVAL, 256, seeds=seeds, compiled=False, **options
        )


def test_an_assertion_that_cannot_fail_says_so():
    with pytest.raises(AssertionError, match=r"cannot fail on Rademacher.* never moves from x_1 .*in \[.*drift"):
        assert_sublinear_regret(AMSGrad(0.5), Rademacher(), INTERVAL, **SHORT)
    with pytest.raises(AssertionError, match="cannot fail on Mod3"):  # starts at the best point
        assert_sublinear_regret(OGD(0.5), Mod3(), INTERVAL, seeds=[0], start=-1.0)
    for bound in (np.inf, 1e9, lambda t: 67.0 + 0.0 * t):  # staying at 0 costs 198/3 on Mod3
        with pytest.raises(AssertionError, match=r"bound cannot fail on Mod3.*at most 66 in 1 games of 198 rounds"):
            assert_regret_below(bound, OGD(0.5), Mod3(), INTERVAL, 198)
    assert_regret_below(65.0, OGD(0.5), Mod3(), INTERVAL, 198)


def test_regret_above_that_of_a_learner_that_never_moves_fails():
    """It climbs slowly at first: too short a game for an exponent."""
    losses, options = PeriodicQuadratics([0.5, 0.1]), {"horizons": [16, 32, 64, 128, 256, 512], "compiled": False}
    with pytest.raises(AssertionError, match=r"is 402.296 at T = 512, not less than the 23.04 of a learner that never"):
        assert_sublinear_regret(Climbs(0.1), losses, INTERVAL, seeds=[0], **options)


def test_the_tolerance_is_room_above_the_exponent():
    learner, losses = OGD(0.5), Periodic([3.0, -1.0])  # at -1, or one step of 0.5 / sqrt(t) beside it
    assert_sublinear_regret(learner, losses, INTERVAL, exponent=0.46, seeds=[0])
    assert_sublinear_regret(learner, losses, INTERVAL, exponent=0.3, tolerance=0.25, seeds=[0])
    with pytest.raises(AssertionError, match=r"faster than T\^0\.44"):
        assert_sublinear_regret(learner, losses, INTERVAL, exponent=0.44, seeds=[0])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"exponent": 1.0}, ValueError, "every learner"),
        ({"exponent": 0.5, "tolerance": 0.5}, ValueError, "every learner"),
        ({"exponent": "0.5"}, TypeError, "exponent="),
        ({"exponent": 0.5 + 0j}, TypeError, "exponent="),
        ({"exponent": np.nan}, ValueError, "exponent="),
        ({"tolerance": -0.1}, ValueError, "tolerance="),
        ({"tolerance": True}, TypeError, "tolerance="),
        ({"seeds": [0, 1, 2, 3, 4, 5, 6, 7, 3]}, ValueError, "3 stands twice"),
        ({"seeds": []}, ValueError, "seeds="),
        ({"horizons": []}, ValueError, "horizons="),
        ({"horizons": ["16", "32", "64", "256"]}, TypeError, "horizon="),
        ({"horizons": [16.5, 32, 64, 256]}, ValueError, "horizon="),
    ],
)
def test_arguments_of_sublinear_regret(options, error, message):
    with pytest.raises(error, match=message):
        assert_sublinear_regret(
            OGD(0.5), DRIFT, INTERVAL, **({"horizons": [4, 8, 16, 64], "seeds": range(8)} | options)
        )


def test_the_example_of_the_readme_can_fail():
    """It fails for a wrong sign, for a learner that never moves, and passes as it stands (tests/test_doctests.py)."""
    text = (Path(__file__).parents[1] / "README.md").read_text()
    code = next(part for part in text.split("```python\n")[1:] if "assert_sublinear_regret(" in part).split("```")[0]
    for wrong in ("Climbs()", "Stays()"):
        names = {"rl": rl, "interval": INTERVAL, "Climbs": Climbs, "Stays": Stays}
        bad = code.replace("AMSGradNC(alpha=0.5)", wrong, 1)
        assert bad != code
        with pytest.raises(AssertionError, match=r"grows like|never moves"):
            exec(bad, names)


def test_linear_regret_fails_with_the_table_and_the_game():
    with pytest.raises(AssertionError, match=r"grows like T\^0\.99\d .*faster than T\^0\.5") as raised:
        assert_sublinear_regret(THEOREM1, Mod3(3.0), INTERVAL, seeds=[0, 5], start=1.0)
    message = str(raised.value)
    game = replayed(message)
    assert f"{game.regret['regret'].iloc[-1]:.6g}" in message
    assert "mean / T^0.5" in message
    assert (game.seed, game.horizon, game.record.point[0]) == (0, 98304, 1.0)
    with pytest.raises(AssertionError, match=r"OGD\(alpha=Constant\(scale=0.5\)\)"):
        assert_sublinear_regret(lambda n: OGD(Constant(0.5)), Periodic([1.0, -1.0]), INTERVAL, seeds=[0])


def test_random_linear_regret_fails_and_names_the_worst_seed():
    options = {"horizons": [2**k for k in range(4, 12)], "seeds": range(16)}
    still = OGD(1e-6)  # stays at 0, where every round costs the drift
    with pytest.raises(AssertionError) as raised:
        assert_sublinear_regret(still, Rademacher(d=2, drift=0.3), INTERVAL, **options)
    _, regret, games = play_to(still, Rademacher(d=2, drift=0.3), INTERVAL, **options)
    game = replayed(str(raised.value))
    assert game.seed == games[int(np.argmax(regret[-1]))].seed
    assert game.regret["regret"].iloc[-1] == regret[-1].max()


@pytest.mark.parametrize("options", [{"horizons": [8, 16, 32]}, {"seeds": range(3)}])
def test_too_little_is_an_error_and_no_success(options):
    with pytest.raises(ValueError, match="needs at least"):
        assert_sublinear_regret(OGD(0.5), Rademacher(), INTERVAL, **({"horizons": [2**k for k in range(9)]} | options))


def test_regret_below_a_bound():
    alpha, D, G = 0.5, 2.0, 1.0

    def bound(t):  # Zinkevich (2003), with sum_t t^-1/2 <= 2 sqrt T
        return (D**2 / (2.0 * alpha) + alpha * G**2) * np.sqrt(t)

    assert_regret_below(bound, OGD(alpha), DRIFT, INTERVAL, 4096, seeds=range(32))
    assert_regret_below(lambda t: np.where(t < 4096, np.inf, bound(t)), OGD(alpha), DRIFT, INTERVAL, 4096)


def test_regret_above_a_bound_names_checkpoints_and_the_worst_game():
    seeds = range(20, 28)
    games = rl.play_all([OGD(0.5)], Rademacher(), INTERVAL, 1000, seeds=seeds, start=-0.25)
    regrets = [game.regret["regret"] for game in games]
    limit = sorted(regret.max() for regret in regrets)[-3]  # two games are above it
    with pytest.raises(AssertionError) as raised:
        assert_regret_below(lambda t: 0.0 * t + limit, OGD(0.5), Rademacher(), INTERVAL, 1000, seeds=seeds, start=-0.25)
    message = str(raised.value)
    worst = int(np.argmax([regret.max() for regret in regrets]))
    assert "in 2 of 8 games" in message
    assert f"seed {seeds[worst]}:" in message
    game = replayed(message)
    np.testing.assert_array_equal(game.regret["regret"], regrets[worst])
    shown = [int(line.split()[0]) for line in message.splitlines() if re.match(r"\d+ ", line)]
    assert shown
    assert (regrets[worst].loc[shown] > limit).all()
    first = min(regret.index[regret > limit].min() for regret in regrets if (regret > limit).any())
    assert f"first in round {first:,};" in message


def test_a_bound_is_checked_at_the_checkpoints_asked_for():
    def steep(t):
        return np.where(t == 7.0, -1.0, 1e9)

    assert_regret_below(lambda t: np.minimum(steep(t), 3 * t**0.5), OGD(0.5), Mod3(), INTERVAL, 999, checkpoints=[6])
    with pytest.raises(AssertionError, match=r"first in round 7;[\s\S]*checkpoints=\[7\]"):
        assert_regret_below(steep, OGD(0.5), Mod3(), INTERVAL, 100, checkpoints=[7])


@pytest.mark.parametrize("bound", [np.nan, lambda t: t[:-1], lambda t: t * np.nan, [1.0, 2.0]])
def test_bad_bounds(bound):
    with pytest.raises(ValueError, match="bound="):
        assert_regret_below(bound, OGD(0.5), Mod3(), INTERVAL, 100)
    with pytest.raises(ValueError, match="seeds is empty"):
        assert_regret_below(1.0, OGD(0.5), Mod3(), INTERVAL, 100, seeds=[])
    with pytest.raises(ValueError, match="1 stands twice"):
        assert_regret_below(1.0, OGD(0.5), Mod3(), INTERVAL, 100, seeds=[1, 1])


@pytest.mark.parametrize("bound", ["5", 5j, True, None, lambda t: t + 0j, ["1"], lambda t: t > 0])
def test_bounds_that_are_no_numbers(bound):
    with pytest.raises(TypeError, match="bound="):
        assert_regret_below(bound, OGD(0.5), Mod3(), INTERVAL, 100)


def test_the_bound_comes_first():
    with pytest.raises(TypeError, match="the order is bound, learner, losses"):
        assert_regret_below(OGD(0.5), Mod3(), INTERVAL, 100, 5.0)


@pytest.mark.parametrize("checkpoints", [[7.5], ["7"], [True], [7j], []])
def test_checkpoints_of_bounds_are_not_cast(checkpoints):
    with pytest.raises((TypeError, ValueError), match="checkpoints="):
        assert_regret_below(1.0, OGD(0.5), Mod3(), INTERVAL, 100, checkpoints=checkpoints)


# -- certificates ----------------------------------------------------------------------


def test_assertion():
    losses = rl.losses.Rademacher(d=2)
    assert_no_certificate_violation(AMSGrad(alpha=1.0, beta1=0.5), losses, cube(2), 1000, seeds=range(3))
    assert_no_certificate_violation(AMSGrad(), Given(), INTERVAL, 300, theorem="master")


@pytest.fixture
def too_small():
    """A false theorem about gradient descent: no regret."""

    @theorem("nobody (2026)", OGD)
    def no_regret(q):
        "R_T <= 0."
        return Bound({"0": 0.0 * q.t}, [q.convex()])

    yield no_regret
    del THEOREMS["no_regret"]


@pytest.mark.usefixtures("too_small")
@pytest.mark.parametrize("options", [{}, {"theorem": "no_regret"}])
def test_a_violation_shows_the_certificate_and_how_to_play_it_again(options):
    with pytest.raises(AssertionError, match=r"no_regret is broken, first in round \d+ for seed 0") as raised:
        assert_no_certificate_violation(OGD(alpha=0.1), Mod3(), INTERVAL, 50, **options)
    assert "holds  f_t convex" in str(raised.value)
    assert re.search(r"\n1 .* -3\n", str(raised.value))  # the table
    assert "play it again:" in str(raised.value)


@dataclass(frozen=True)
class Climbs(rl.learners.Algorithm1):
    """Gradient ascent."""

    @staticmethod
    def rule(g):
        return (), -g, 1.0


@pytest.mark.parametrize(
    ("learner", "losses", "F", "words"),
    [
        (rl.learners.OnlineNewtonStep(), rl.losses.RandomLeastSquares(d=1), INTERVAL, "no certificate applies"),
        (OGD(), Mod3(), rl.sets.Reals(), "no certificate applies"),
        (Climbs(0.5), Mod3(), INTERVAL, "every bound is vacuous"),
        (OGD(1e-9), Mod3(), INTERVAL, "every bound is vacuous"),
        (Adam(0.5, 0.0, 0.1), Mod3(), INTERVAL, "every bound is vacuous"),
    ],
)
def test_an_assertion_that_could_not_fail_fails(learner, losses, F, words):
    with pytest.raises(AssertionError, match=words):
        assert_no_certificate_violation(learner, losses, F, 100)


def test_a_named_theorem_has_to_hold():
    with pytest.raises(AssertionError, match="amsgrad_schedule is not certified"):
        assert_no_certificate_violation(rl.learners.Adam(), Given(), INTERVAL, 30, theorem="amsgrad_schedule")
    with pytest.raises(ValueError, match="seeds is empty"):
        assert_no_certificate_violation(rl.learners.Adam(), Given(), INTERVAL, 30, seeds=[])

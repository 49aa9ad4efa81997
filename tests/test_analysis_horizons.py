"""Regret at several horizons, of one long game or of games played anew."""

import pytest

import regretlab as rl
from regretlab.analysis.horizons import default_horizons, play_to
from regretlab.analysis.scaling import measure
from regretlab.learners import OGD
from regretlab.losses import Mod3, Periodic, Rademacher, RandomLeastSquares
from regretlab.schedules import Constant

INTERVAL = rl.sets.Box(-1.0, 1.0)


def test_learners_that_know_the_horizon_are_played_anew():
    calls = []

    def learner(horizon):
        calls.append(horizon)
        return OGD(Constant(horizon**-0.5))

    horizons = [32, 64, 256, 128, 512]
    found = measure(learner, Periodic([1.0, -1.0]), INTERVAL, horizons=horizons, seeds=[0])
    assert calls == sorted(horizons)
    for n, regret in zip(calls, found.regret[:, 0], strict=True):
        game = rl.play(OGD(Constant(n**-0.5)), Periodic([1.0, -1.0]), INTERVAL, n)
        assert regret == game.regret["regret"].iloc[-1]
    assert found.verdict == "sqrt T"
    fixed = measure(OGD(Constant(0.1)), Periodic([1.0, -1.0]), INTERVAL, horizons=horizons, seeds=[0])
    assert fixed.verdict == "linear"


def test_one_long_game_is_read_at_all_horizons():
    rounds, regret, games = play_to(OGD(0.5), Rademacher(), INTERVAL, [64, 16, 64.0], [3, 1])
    assert rounds == [16, 64]
    assert [game.seed for game in games] == [3, 1]
    for column, seed in enumerate((3, 1)):
        for row, n in enumerate(rounds):
            again = rl.play(OGD(0.5), Rademacher(), INTERVAL, n, seed=seed).regret["regret"].iloc[-1]
            assert regret[row, column] == again


def test_default_horizons_are_multiples_of_the_period():
    assert default_horizons(Rademacher()) == [2**k for k in range(5, 17)]
    assert default_horizons(Mod3())[0] == 48
    assert default_horizons(rl.losses.ReddiOnline())[0] == 101


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"horizons": []}, "at least one of each"),
        ({"seeds": []}, "at least one of each"),
        ({"horizons": [0, 5]}, "horizon=0"),
    ],
)
def test_bad_games(arguments, message):
    with pytest.raises(ValueError, match=message):
        measure(OGD(0.5), Rademacher(), INTERVAL, **arguments)
    with pytest.raises(TypeError, match="is not a Learner"):
        measure("OGD", Rademacher(), INTERVAL)
    with pytest.raises(TypeError, match="make an instance of it"):  # not a function of the horizon, OGD(alpha=T)
        measure(OGD, Rademacher(), INTERVAL)
    with pytest.raises(TypeError, match="unexpected keyword argument 'strat'"):
        measure(OGD(0.5), Rademacher(), INTERVAL, strat=1.0)


def test_horizons_at_which_no_comparator_is_found_are_named():
    with pytest.raises(ValueError, match=r"a factor 1\.34 or more"):
        measure(OGD(0.5), RandomLeastSquares(d=2), rl.sets.L2Ball(1.0), horizons=range(100, 110), seeds=[0])

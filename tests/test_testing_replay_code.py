"""The code in the message of a failed assertion plays the game again."""

from dataclasses import dataclass

import numpy as np
import pytest

from regretlab import learners, losses, play, schedules, sets
from regretlab.testing import assert_regret_below
from regretlab.testing.replay_code import replay_code


@dataclass(frozen=True)
class Mine(losses.LinearLosses):
    """f_t(x) = x."""

    def gradients(self, t):
        return np.ones((t.size, 1))


def run(code, **names):
    """The game that the code plays; ``names`` are what it asks for."""
    exec("\n".join(line.strip() for line in code.splitlines()[1:]), names)
    return names["game"]


@pytest.mark.parametrize(
    ("learner", "sequence", "feasible_set", "start"),
    [
        (learners.OGD(0.5), losses.Mod3(), sets.Box(-1.0, 1.0), None),
        (learners.AMSGrad(schedules.Constant(0.1)), losses.Rademacher(d=3), sets.Box(-1.0, 1.0), 0.25),
        (learners.AMSGrad(), losses.Rademacher(d=3), sets.Box([0.0, -1.0, 2.0], [1.0, 0.0, 3.0]), None),
        (learners.Adam(), losses.RandomLeastSquares(d=2), sets.L2Ball(1.0), np.array([0.5, -0.5])),
        (learners.BiasCorrected(learners.Adam()), losses.Periodic([1.0, -2.0]), sets.Simplex(), None),
    ],
)
def test_the_code_alone_plays_an_equal_game(learner, sequence, feasible_set, start):
    game = play(learner, sequence, feasible_set, 50, seed=3, start=start, checkpoints=[7, 20])
    code = replay_code(game, [7, 20], start)
    assert code.startswith("play it again:\n    from regretlab.game import *")
    again = run(code)
    assert (again.learner, again.feasible_set) == (game.learner, game.feasible_set)
    assert again.seed == 3
    assert again.record.t.tolist() == game.record.t.tolist() == [1, 7, 20, 50]
    assert again.record.point.tobytes() == game.record.point.tobytes()


def test_an_object_whose_repr_is_no_code_is_asked_for_by_name():
    learner, wide = learners.OGD(lambda t: 0.5 / t), sets.Box(np.arange(-12.0, 0.0), np.arange(12.0))
    game = play(learner, Mine(), sets.Box(-1.0, 1.0), 10)
    code = replay_code(game)
    assert f"# learner is {learner!r}\n" in code
    assert "# losses is Mine()\n" in code
    assert code.endswith("game = play(learner, losses, Box(-1.0, 1.0), 10, seed=0)")
    assert run(code, learner=learner, losses=Mine()).point.tolist() == game.point.tolist()
    third = sets.Box(0.0, [1.0, 1.0 / 3.0])  # its repr is rounded
    assert replay_code(play(learners.OGD(), losses.Rademacher(d=2), third, 10)).endswith("feasible_set, 10, seed=0)")
    game = play(learners.OGD(), losses.Rademacher(d=12), wide, 10)
    assert replay_code(game).endswith("feasible_set, 10, seed=0)")
    assert run(replay_code(game), feasible_set=wide).point.tolist() == game.point.tolist()


def test_a_misspelt_keyword_is_named():
    with pytest.raises(TypeError, match="checkpoint'"):
        assert_regret_below(1.0, learners.OGD(), Mine(), sets.Box(-1.0, 1.0), 10, checkpoint=[5])

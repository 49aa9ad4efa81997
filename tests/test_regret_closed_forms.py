"""Closed forms of a user's own are compared with the losses before they are believed."""

from dataclasses import dataclass

import numpy as np
import pytest
from pieces import INTERVAL, Squares, cube

from regretlab import play
from regretlab.learners import OGD
from regretlab.sets import L2Ball, Reals

T = 60


@dataclass(frozen=True)
class Claimed(Squares):
    """Squares with their best points in closed form: means of centres, projected, all of it a little wrong if asked."""

    move: float = 0.0
    add: float = 0.0
    late: int = 1

    def best_in_hindsight(self, feasible_set, t, seed=0):
        c = np.array([self.centre(s) for s in range(1, int(t[-1]) + 1)])
        wrong = np.asarray(t) >= self.late
        points = np.array([feasible_set.project(c[:s].mean(axis=0)) for s in t]) + self.move * wrong[:, None]
        sums = np.array([((u - c[:s]) ** 2).sum() for s, u in zip(t, points, strict=True)]) + self.add * wrong
        return points, sums


@pytest.mark.parametrize("F", [cube(2), L2Ball(0.05, dimension=2), Reals(2)], ids=str)
def test_a_closed_form_that_is_right_is_taken_as_it_is(F):
    losses = Claimed(2)
    frame = play(OGD(0.1), losses, F, T).regret
    assert list(frame.columns) == ["loss", "comparator_loss", "regret", "average_regret"]
    _, sums = losses.best_in_hindsight(F, frame.index.to_numpy())
    assert frame["comparator_loss"].tolist() == sums.tolist()


@pytest.mark.parametrize("late", [1, 20, T])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"add": 0.5}, r"says .* for t = \d+, but f_1"),
        ({"add": -0.5}, r"says .* for t = \d+, but f_1"),
        ({"move": 0.1}, r"sum to .*, and to .* at another point"),
        ({"move": 3.0}, r"is not a point of"),
    ],
)
def test_a_closed_form_that_is_wrong_is_refused(wrong, message, late):
    losses = Claimed(2, **wrong, late=late)
    with pytest.raises(ValueError, match=rf"Claimed.best_in_hindsight.*{message}"):
        play(OGD(), losses, cube(2), T).regret  # noqa: B018
    with pytest.raises(ValueError, match=r"Claimed.best_in_hindsight"):
        play(OGD(), losses, cube(2), T).regret_against_best()


def test_points_on_an_unbounded_set_are_compared_with_those_played():
    with pytest.raises(ValueError, match=r"Claimed.best_in_hindsight.* at another point"):
        play(OGD(), Claimed(1, move=2.0), Reals(1), T).regret  # noqa: B018


def test_every_round_that_is_asked_for_is_compared():
    losses = Claimed(2, add=0.5, late=21)
    game = play(OGD(), losses, cube(2), T, checkpoints=range(1, T + 1))
    assert len(game.regret_at([18, 19, 20])) == 3
    with pytest.raises(ValueError, match="for t = 21,"):
        game.regret_at([19, 20, 21])


@pytest.mark.parametrize("answer", [None, 3.0, (1.0, 2.0, 3.0), (["0.5"] * 14, [0.0] * 14), (0.5j, 1.0)])
def test_what_is_no_closed_form(answer):
    @dataclass(frozen=True)
    class Odd(Squares):
        def best_in_hindsight(self, feasible_set, t, seed=0):
            return answer

    with pytest.raises(TypeError, match=r"Odd.best_in_hindsight"):
        play(OGD(), Odd(1), INTERVAL, T).regret  # noqa: B018


def test_shapes_of_a_closed_form():
    @dataclass(frozen=True)
    class Flat(Claimed):
        def best_in_hindsight(self, feasible_set, t, seed=0):
            points, sums = super().best_in_hindsight(feasible_set, t, seed)
            return points[:, 0], sums

    with pytest.raises(ValueError, match=r"Flat.best_in_hindsight returned shapes \(\d+,\) and"):
        play(OGD(), Flat(1), INTERVAL, T).regret  # noqa: B018

"""Parts of games that remember: which ones do, and what counts as the same game."""

import dataclasses
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest
from pieces import INTERVAL, Waves

import regretlab as rl
from regretlab.engine.memory import _memory, check_same, has_changed, separate
from regretlab.learners import OGD, AMSGrad
from regretlab.losses import Mod3


def shipped():
    """An object of every public class that can be made without arguments."""
    for package in (rl.learners, rl.losses, rl.sets, rl.schedules):
        for name in package.__all__:
            try:
                made = getattr(package, name)()
            except (TypeError, ValueError, FileNotFoundError):
                continue
            if dataclasses.is_dataclass(made):
                yield made


def test_nothing_that_is_shipped_remembers_before_or_after_a_game():
    found = list(shipped())
    assert len(found) > 60
    assert [part for part in found if list(_memory(part))] == []
    games = rl.play_all([OGD(), AMSGrad(), rl.learners.DualAveraging()], rl.losses.Rademacher(), INTERVAL, 30)
    games.append(rl.play(OGD(), rl.losses.RandomLeastSquares(d=1), INTERVAL, 30))
    for game in games:
        _ = game.regret
        assert not [leaf for part in (game.learner, game.losses, game.feasible_set) for leaf in _memory(part)]


@dataclass(frozen=True, eq=False)
class Holds(Waves):
    """A sequence with something in a field."""

    thing: object = None


@pytest.mark.parametrize(
    ("thing", "remembers"),
    [
        (1.0, False),
        ("text", False),
        ((1, (2, "x")), False),
        (np.float64(3.0), False),
        (Mod3(), False),
        (np.broadcast_to(np.zeros(3), (3,)), False),  # cannot be written to
        (np.zeros(2**17), False),  # data
        (np.sqrt, False),
        ([], True),
        ({}, True),
        ({1}, True),
        (((), [1]), True),
        (np.zeros(3), True),
        (np.random.default_rng(0), True),
        (iter([1]), True),
        (object(), True),
        (partial(np.full, 3), True),
    ],
)
def test_what_remembers(thing, remembers):
    assert bool(list(_memory(Holds(thing=thing)))) == remembers


def test_a_sequence_of_many_rounds_at_once_is_shared_unless_it_holds_a_generator():
    for thing, shared in (([1], True), (np.random.default_rng(0), False)):
        losses = Holds(thing=thing)
        games = [rl.Game(OGD(), losses, INTERVAL) for _ in range(3)]
        separate(games)
        assert games[0].losses is losses
        assert (games[1].losses is losses) == shared
        assert len({id(game.losses) for game in games}) == (1 if shared else 3)


@dataclass(frozen=True)
class Counts(rl.losses.AdaptiveLosses):
    seen: list = field(default_factory=list, compare=False)

    def answer(self, t, x):
        self.seen.append(t)
        return np.array([1.0 + t % 3])


def test_a_game_is_played_again_only_after_another_one():
    losses = Counts()
    game = rl.play(OGD(), losses, INTERVAL, 10)
    assert not has_changed(game)
    game.extend(20)
    assert len(losses.seen) == 20
    rl.play(OGD(), losses, INTERVAL, 5)
    assert has_changed(game)
    game.extend(30)
    assert len(losses.seen) == 20 + 5 + 20 + 10


def test_the_same_game_up_to_rounding():
    game = rl.play(AMSGrad(0.5), Waves(2), rl.sets.Box([-1.0, -1.0], [1.0, 1.0]), 50)
    for name, index in (("loss", (0, 1)), ("gradient", (0, 0)), ("point", (1,)), ("t", None)):
        for change in (1e-12, 1e-6):
            other = rl.play(AMSGrad(0.5), Waves(2), rl.sets.Box([-1.0, -1.0], [1.0, 1.0]), 50)
            check_same(game, other)
            if name == "t":
                other = rl.play(AMSGrad(0.5 + change), Waves(2), other.feasible_set, 50)
            elif name == "point":
                record = other.record.point.copy()
                record[3, 1] += change
                object.__setattr__(other.record, "point", record)
            else:
                sums = getattr(other, name).copy()
                sums[index] += change * max(1.0, np.abs(sums).max())
                setattr(other, name, sums)
            if change < 1e-9:
                check_same(game, other)
            else:
                with pytest.raises(ValueError, match=r"played again, AMSGrad.* against Waves.* paid"):
                    check_same(game, other)


def test_a_record_is_compared_at_the_checkpoints_of_both():
    few, many = (rl.play(OGD(), Mod3(), INTERVAL, 30, checkpoints=t) for t in ([7], range(1, 31)))
    check_same(few, many)
    check_same(many, few)
    point = few.record.point.copy()
    point[1] += 0.1
    object.__setattr__(few.record, "point", point)
    with pytest.raises(ValueError, match="went elsewhere"):
        check_same(few, many)

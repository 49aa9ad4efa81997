"""Comparators are shared by what objects are, not by what their == says."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from pieces import INTERVAL, Squares, cube

from regretlab import play
from regretlab.learners import OGD
from regretlab.losses import ConvexLosses, Examples, PointwiseLoss, RandomLogistic, Squared
from regretlab.regret.identity import identity
from regretlab.sets import Box


def test_objects_of_this_package_are_their_fields():
    assert identity(RandomLogistic(2)) == identity(RandomLogistic(2))
    assert identity(RandomLogistic(2)) != identity(RandomLogistic(2, mu=0.1))
    assert identity(cube(2)) == identity(cube(2)) != identity(Box([-1.0, -1.0], [1.0, 0.5]))
    assert identity(Examples(np.eye(2), np.ones(2))) == identity(Examples(np.eye(2), np.ones(2)))
    assert identity(Examples(np.eye(2), np.ones(2))) != identity(Examples(np.eye(2), np.zeros(2)))


def test_other_objects_are_themselves_and_their_content():
    one, other = Squares(1), Squares(1)
    assert one == other
    assert identity(one) == identity(one)
    assert identity(one) != identity(other)

    @dataclass(frozen=True)
    class Own(Squared):
        pass

    link = Own()
    assert identity(Examples(np.eye(2), np.ones(2), link)) == identity(Examples(np.eye(2), np.ones(2), link))
    assert identity(Examples(np.eye(2), np.ones(2), link)) != identity(Examples(np.eye(2), np.ones(2), Own()))


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w.array.__setitem__(0, 5.0),
        lambda w: w.objects.__setitem__(0, "b"),
        lambda w: w.items.append(1),
        lambda w: w.table.update(a=2),
        lambda w: w.some.add(3),
        lambda w: w.nested[0].__setitem__("k", 1),
        lambda w: object.__setattr__(w, "note", 1.0),
    ],
)
def test_what_changes_in_place_changes_the_key(change):
    @dataclass(frozen=True, eq=False)
    class Holds:
        array: object = field(default_factory=lambda: np.zeros(2))
        objects: object = field(default_factory=lambda: np.array(["a", None], dtype=object))
        items: list = field(default_factory=list)
        table: dict = field(default_factory=lambda: {"a": 1})
        some: set = field(default_factory=set)
        nested: tuple = field(default_factory=lambda: ({"k": 0},))

    held = Holds()
    before = identity(held)
    assert identity(held) == before
    change(held)
    assert identity(held) != before


def test_numbers_that_are_equal_and_different():
    keys = [identity(value) for value in (0.0, -0.0, 0, False, 1, True, 1.0, np.float64(1.0), np.float32(1.0), "1")]
    assert len(set(keys)) == len(keys)
    assert identity(float("nan")) == identity(float("nan"))


def test_a_cycle_ends_and_large_arrays_are_not_read():
    loop = []
    loop.append(loop)
    identity(loop)
    large = np.zeros(2**16 + 1)
    written = identity(large)
    large.setflags(write=False)
    assert identity(large) == identity(large) != written
    assert identity(large) != identity(large.copy())


@dataclass(frozen=True)
class Shifted(ConvexLosses):
    """(x - c)^2 + c; two of them are equal."""

    c: float = field(default=0.0, compare=False)

    def value(self, t, x):
        return float((x[0] - self.c) ** 2 + self.c)

    def gradient(self, t, x):
        return 2.0 * (x - self.c)


def test_equal_sequences_that_differ_have_their_own_comparators():
    games = [play(OGD(), Shifted(c), INTERVAL, 20) for c in (0.9, -0.9, 0.5)]
    found = [game.regret["comparator_loss"].iloc[-1] for game in games]
    assert found == pytest.approx([18.0, -18.0, 10.0])


def test_equal_sets_that_differ_have_their_own_comparators():
    class Any(Box):
        def __eq__(self, other):
            return isinstance(other, Any)

        def __hash__(self):
            return 1

    losses = Shifted(0.9)
    games = [play(OGD(), losses, Any(-1.0, hi), 10) for hi in (1.0, 0.4)]
    found = [game.regret["comparator_loss"].iloc[-1] for game in games]
    assert found == pytest.approx([9.0, 9.0 + 10 * 0.25])


def test_a_sequence_whose_code_reads_what_changes():
    centre = [0.9]

    @dataclass(frozen=True)
    class Reads(ConvexLosses):
        def value(self, t, x):
            return float((x[0] - centre[0]) ** 2 + centre[0])

        def gradient(self, t, x):
            return 2.0 * (x - centre[0])

    losses = Reads()
    one = play(OGD(), losses, INTERVAL, 20)
    assert one.regret["comparator_loss"].iloc[-1] == pytest.approx(18.0)
    centre[0] = -0.9
    assert play(OGD(), losses, INTERVAL, 20).regret["comparator_loss"].iloc[-1] == pytest.approx(-18.0)
    assert one.regret["comparator_loss"].iloc[-1] == pytest.approx(18.0)


def test_equal_links_that_differ():
    @dataclass(frozen=True)
    class Away(PointwiseLoss):
        by: float = field(default=0.0, compare=False)

        @staticmethod
        def value(z, y, by):
            return (z - y) * (z - y) + by

        @staticmethod
        def derivative(z, y, by):
            return 2.0 * (z - y) + 0.0 * by

    a, y = np.ones((20, 1)), np.full(20, 0.5)
    games = [play(OGD(), Examples(a, y, Away(by)), INTERVAL, 20, compiled=False) for by in (0.0, 0.1)]
    assert [game.regret["comparator_loss"].iloc[-1] for game in games] == pytest.approx([0.0, 2.0], abs=1e-9)

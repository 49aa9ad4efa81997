"""The numbers that learners keep, by count and by hand."""

import pytest

from regretlab import learners as L
from regretlab.analysis.memory import Memory, memory
from regretlab.schedules import Constant


@pytest.mark.parametrize(
    ("learner", "expected", "text"),
    [
        (L.OGD(), (0, 0, 0), "0 per coordinate besides x"),
        (L.Adam(), (2, 0, 0), "2 per coordinate besides x: m, v"),
        (L.AMSGrad(), (3, 0, 0), "3 per coordinate besides x: m, v, vhat"),
        (L.AdaShift(n=4), (6, 0, 0), "6 per coordinate besides x: v, c, g1, g2, g3, g4"),
        (L.FullMatrixAdaGrad(), (0, 1, 0), "d per coordinate besides x: "),
        (L.OnlineNewtonStep(), (0, 1, 0), "d per coordinate besides x: "),
        (L.Hedge(), (2, 0, 0), "2 per coordinate besides x: "),
        (L.Ader(100), (4, 0, 4), "4 per coordinate besides x and 4 more: points, logs"),
        (L.L2Penalty(L.Adam()), (2, 0, 0), "2 per coordinate besides x: m, v"),
        (L.DoublingTrick(L.OGD(Constant(1.0))), (0, 0, 0), "0 per coordinate besides x"),
    ],
    ids=lambda each: repr(each) if isinstance(each, L.Learner) else "",
)
def test_the_count(learner, expected, text):
    found = memory(learner)
    assert (found.per_coordinate, found.matrix, found.fixed) == expected
    assert str(found).startswith(text)


def test_a_matrix_and_more():
    assert str(Memory(2, 1, 0)) == "d + 2 per coordinate besides x"
    assert str(Memory(0, 2, 3)) == "2 d per coordinate besides x and 3 more"

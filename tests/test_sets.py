"""Boxes: projection, membership, diameters, linear minimisation, bad bounds."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regretlab.sets import Box

numbers = st.floats(-1e6, 1e6)


@st.composite
def problems(draw):
    """A box, a point, weights over eight decades, and a point of the box."""
    d = draw(st.integers(1, 5))
    ends = np.sort(draw(arrays(float, (2, d), elements=numbers)), axis=0)
    y = draw(arrays(float, d, elements=st.floats(-1e7, 1e7)))
    weights = 10.0 ** draw(arrays(float, d, elements=st.floats(-4, 4)))
    share = draw(arrays(float, d, elements=st.floats(0, 1)))
    z = np.clip(ends[0] + share * (ends[1] - ends[0]), *ends)
    return Box(*ends), y, weights, z


# -- projection -------------------------------------------------------------------------------


@given(problems())
def test_projection_is_the_nearest_point_in_the_weighted_metric(problem):
    box, y, w, z = problem
    p = box.project(y, w)
    assert box.contains(p)
    for other in [z, *itertools.product(*zip(box.lo, box.hi, strict=True))]:
        assert (w * (y - p)) @ (other - p) <= 0.0  # the variational inequality, of each sign for itself


@given(problems())
def test_projection_is_clipping_whatever_the_weights(problem):
    box, y, w, _ = problem
    by_hand = [min(max(y_i, lo), hi) for y_i, lo, hi in zip(y, box.lo, box.hi, strict=True)]
    for weights in (w, None, 3.0, np.ones_like(y)):
        assert box.project(y, weights).tolist() == by_hand


@given(problems(), st.integers(0, 2**32 - 1))
def test_projection_leaves_points_of_the_box_and_expands_no_distance(problem, seed):
    box, y, w, z = problem
    assert np.array_equal(box.project(z, w), z)
    p = box.project(y, w)
    assert np.array_equal(box.project(p, w), p)
    other = y + np.random.default_rng(seed).standard_normal(y.size) * np.abs(y - z)
    q = box.project(other, w)
    assert (w * (p - q) ** 2).sum() <= (w * (y - other) ** 2).sum() * (1 + 1e-12)


def test_projection_makes_a_new_point_and_keeps_its_arguments():
    box = Box([-1.0, -1.0], [1.0, 1.0])
    y, w = np.array([0.5, 3.0]), np.array([1.0, 2.0])
    p = box.project(y, w)
    p[0] = 9.0
    assert y.tolist() == [0.5, 3.0]
    assert w.tolist() == [1.0, 2.0]
    assert box.project([0.5, 3.0]).tolist() == [0.5, 1.0]


def test_projection_of_an_infinite_point_is_an_end():
    assert Box(-1.0, 2.0).project([np.inf]).tolist() == [2.0]
    assert Box(-1.0, 2.0).project([-np.inf]).tolist() == [-1.0]


@pytest.mark.parametrize(
    ("y", "weights", "message"),
    [
        ([0.0, np.nan], None, r"y=.*NaN at coordinate 1"),
        ([0.0], None, r"y has shape \(1,\).*needs \(2,\)"),
        ([[0.0, 0.0]], None, r"y has shape \(1, 2\)"),
        ([0.0, 0.0], [1.0, 0.0], r"weights\[1\]=.*0.0.*positive and finite"),
        ([0.0, 0.0], [-1.0, 1.0], r"weights\[0\]=.*-1.0.*positive and finite"),
        ([0.0, 0.0], [1.0, np.inf], r"weights\[1\]=.*inf.*positive and finite"),
        ([0.0, 0.0], [np.nan, 1.0], r"weights\[0\]=.*nan.*positive and finite"),
        ([0.0, 0.0], [1.0, 1.0, 1.0], r"shape"),
    ],
)
def test_bad_arguments_of_a_projection(y, weights, message):
    with pytest.raises(ValueError, match=message):
        Box([-1.0, -1.0], [1.0, 1.0]).project(y, weights)


# -- the other questions ----------------------------------------------------------------------


def test_contains():
    box = Box([-1.0, 0.0], [1.0, 2.0])
    assert box.contains([-1.0, 2.0])
    assert box.contains([0.0, 1.0])
    above = np.nextafter(2.0, 3.0)
    assert not box.contains([0.0, above])
    assert not box.contains([np.nextafter(-1.0, -2.0), 1.0])
    assert box.contains([0.0, above], tolerance=1e-12)
    assert not box.contains([0.0, 2.1], tolerance=0.05)
    assert not box.contains([np.nan, 1.0])
    assert not box.contains([0.0, np.inf])


@given(problems())
def test_diameters_are_those_of_the_vertices(problem):
    box, *_ = problem
    vertices = [np.array(v) for v in itertools.product(*zip(box.lo, box.hi, strict=True))]
    apart = [u - v for u in vertices for v in vertices]
    assert box.diameter() == max(np.abs(difference).max() for difference in apart)
    longest = max(np.sqrt((difference**2).sum()) for difference in apart)
    assert box.diameter(norm=2) == pytest.approx(longest, rel=1e-12, abs=0.0)


def test_diameters_of_an_interval():
    assert Box(-1.0, 1.0).diameter() == 2.0
    with pytest.raises(ValueError, match=r"norm=2.*with_dimension"):
        Box(-1.0, 1.0).diameter(norm=2)
    assert Box(-1.0, 1.0).with_dimension(9).diameter(norm=2) == pytest.approx(6.0, rel=1e-15)


@given(problems(), st.data())
def test_minimize_linear_is_no_worse_than_any_vertex(problem, data):
    box, y, _, z = problem
    c = data.draw(arrays(float, y.size, elements=numbers))
    u = box.minimize_linear(c)
    assert u.shape == c.shape
    assert box.contains(u)
    for vertex in itertools.product(*zip(box.lo, box.hi, strict=True)):
        assert (c * u <= c * np.array(vertex)).all()  # coordinate by coordinate, so also their sum
    assert (c * u <= c * z).all()


def test_minimize_linear_takes_many_at_once():
    box = Box([-1.0, 0.0], [1.0, 5.0])
    many = np.array([[[1.0, -1.0], [-1.0, 1.0]], [[2.0, 2.0], [-2.0, -2.0]]])
    assert box.minimize_linear(many).tolist() == [[[-1.0, 5.0], [1.0, 0.0]], [[-1.0, 0.0], [1.0, 5.0]]]


# -- bounds -----------------------------------------------------------------------------------


def test_two_numbers_take_the_dimension_of_the_sequence():
    interval = Box(-1, 2)
    assert interval.dimension is None
    assert interval.with_dimension(3) == Box([-1, -1, -1], [2, 2, 2])
    assert interval == Box(-1.0, 2.0)
    with pytest.raises(ValueError, match="dimension"):
        interval.nearest_to_origin()


def test_a_number_goes_with_an_array():
    box = Box(0.0, [1.0, 2.0])
    assert box.dimension == 2
    assert box.lo.tolist() == [0.0, 0.0]
    assert Box([0.0, -1.0], 3.0).hi.tolist() == [3.0, 3.0]
    assert box.with_dimension(2) is box
    with pytest.raises(ValueError, match=r"dimension 2.*dimension 3"):
        box.with_dimension(3)


def test_the_nearest_point_to_the_origin():
    assert Box([-1.0, 2.0, -5.0], [1.0, 3.0, -4.0]).nearest_to_origin().tolist() == [0.0, 2.0, -4.0]


def test_a_box_keeps_no_hold_on_what_it_was_made_of():
    lo, hi = np.zeros(2), np.ones(2)
    box = Box(lo, hi)
    lo[0] = hi[0] = 9.0
    assert box == Box([0.0, 0.0], [1.0, 1.0])
    with pytest.raises(ValueError, match="read-only"):
        box.lo[0] = 9.0
    shared = Box(0.0, [1.0, 2.0])  # broadcast bounds are no exception
    with pytest.raises(ValueError, match="read-only"):
        shared.lo[0] = 9.0


def test_equal_boxes_are_one_key():
    boxes = {Box(-1.0, 1.0), Box(-1, 1), Box([-1.0], [1.0]), Box([-1, -1], 1.0), Box([-1, -1], [1, 1])}
    assert len(boxes) == 3
    assert Box(-1.0, 1.0) != Box(-1.0, 2.0)
    assert Box(-1.0, 1.0) != "Box(-1.0, 1.0)"
    assert eval(repr(Box([0.0, -1.5], [1.0, 2.0]))) == Box([0.0, -1.5], [1.0, 2.0])


def test_the_sign_of_zero_makes_no_other_box():
    assert Box(-0.0, 1.0) == Box(0.0, 1.0)
    assert hash(Box(-0.0, 1.0)) == hash(Box(0.0, 1.0))


@pytest.mark.parametrize(
    ("lo", "hi", "message"),
    [
        (1.0, -1.0, r"lo=1.0 > hi=-1.0 at coordinate 0"),
        ([0.0, 3.0], [1.0, 2.0], r"lo=3.0 > hi=2.0 at coordinate 1"),
        (np.nan, 1.0, r"lo=nan.*finite"),
        (0.0, np.inf, r"hi=inf.*finite"),
        ([0.0, -np.inf], [1.0, 1.0], r"lo\[1\]=-inf must be a finite number"),
        ([0.0, 0.0], [1.0, 1.0, 1.0], r"lo has shape \(2,\) and hi has shape \(3,\)"),
        ([[0.0]], 1.0, r"lo has shape \(1, 1\)"),
        (0.0, [], r"hi has shape \(0,\)"),
    ],
)
def test_bad_bounds(lo, hi, message):
    with pytest.raises(ValueError, match=message):
        Box(lo, hi)


@pytest.mark.parametrize("lo", ["-1", True, None, [0.0, "1"], [[0.0], [0.0, 1.0]], 1j])
def test_bounds_of_a_wrong_type(lo):
    with pytest.raises(TypeError, match=r"lo=.* must be an array \(\) or \(d,\) of real numbers"):
        Box(lo, 2.0)


def test_a_point_is_a_box():
    box = Box(0.5, 0.5)
    assert box.project([7.0]).tolist() == [0.5]
    assert box.diameter() == 0.0

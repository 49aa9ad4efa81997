"""The shared scalar arithmetic, compiled and interpreted."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from regretlab.kernels import checked_step, clip, positive_weights, resting_step, scaled_step, traced, two_sum
from regretlab.kernels.compiling import jit

# products and sums of these stay far from overflow and underflow, where no sum of two numbers is exact
numbers = st.floats(-1e150, 1e150).filter(lambda x: x == 0.0 or abs(x) > 1e-150)

WAYS = [pytest.param(lambda f: f, id="interpreted"), pytest.param(jit, id="compiled")]


@pytest.fixture(params=WAYS, scope="module")
def arithmetic(request):
    return [request.param(f) for f in (two_sum, scaled_step, clip)]


@given(total=numbers, term=numbers)
@example(total=1.0, term=1e-30)
@example(total=1e16, term=1.0)
@example(total=-1.0, term=1.0 - 2**-53)
def test_two_sum_is_exact(arithmetic, total, term):
    add, _, _ = arithmetic
    new, error = add(total, 0.0, term)
    assert new == total + term
    assert Fraction(float(new)) + Fraction(float(error)) == Fraction(total) + Fraction(term)


@given(terms=st.lists(numbers, min_size=1, max_size=40))
@example(terms=[1e100, 1.0, -1e100])
@example(terms=[1.0] + [2.0**-53] * 39)
def test_two_sum_of_many_terms(arithmetic, terms):
    add, _, _ = arithmetic
    total = error = 0.0
    for term in terms:
        total, error = add(total, error, term)
    exact = math.fsum(terms)
    bound = 2.0**-50 * abs(exact) + len(terms) ** 2 * 2.0**-104 * math.fsum(abs(term) for term in terms)
    assert abs(Fraction(float(total)) + Fraction(float(error)) - Fraction(exact)) <= Fraction(bound)


def test_two_sum_of_arrays_is_that_of_their_numbers():
    rng = np.random.default_rng(0)
    total, error, term = rng.standard_normal((3, 50)) * 10.0 ** rng.integers(-9, 9, (3, 50))
    both = two_sum(total, error, term)
    one_by_one = np.array([two_sum(*row) for row in zip(total, error, term, strict=True)]).T
    assert np.array_equal(both, one_by_one)


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_is_not_hidden_by_sums(arithmetic, bad):
    add, _, _ = arithmetic
    with np.errstate(all="ignore"):
        total, error = add(1.0, 0.0, bad)
        for term in (1.0, -bad, 2.0):
            total, error = add(total, error, term)
    assert not math.isfinite(total)


def test_nothing_divided_by_nothing_is_nothing(arithmetic):
    _, step, _ = arithmetic
    assert step(0.0, 0.0) == 0.0
    assert step(-0.0, 0.0) == 0.0
    assert step(3.0, 2.0) == 1.5
    assert math.isnan(step(math.nan, 1.0))
    assert math.isnan(step(1.0, math.nan))


@pytest.mark.parametrize("way", WAYS)
def test_a_moment_over_no_metric_is_no_number(way):
    """The NaN becomes a point, where the check at the end of a block finds it."""
    plain, checked, resting = (way(f) for f in (scaled_step, checked_step, resting_step))
    for w in (-1.0, -1e-300, -math.inf, math.nan):
        assert all(math.isnan(step(5.0, w)) for step in (plain, checked, resting))
    for m in (5.0, -1e-320, math.inf):
        assert math.isnan(plain(m, 0.0))
        assert math.isnan(checked(m, -0.0))
        assert resting(m, 0.0) == 0.0
    assert math.isnan(checked(5.0, math.inf))
    assert math.isnan(resting(5.0, math.inf))


@pytest.mark.parametrize("way", WAYS)
def test_a_square_that_underflows_leaves_a_nan(way):
    seen = way(traced)
    assert math.isnan(seen(0.0, 1e-170))
    assert seen(0.0, 0.0) == 0.0
    assert seen(2.0, 1e-170) == 2.0


def test_weights_become_positive_but_negative_ones_no_numbers():
    w = np.array([0.0, 2.0, -1.0, 1.0])
    positive_weights(w)
    assert w[[0, 1, 3]].tolist() == [2e-12, 2.0, 1.0]
    assert math.isnan(w[2])


def test_clip(arithmetic):
    _, _, project = arithmetic
    for y, expected in ((-2.0, -1.0), (-1.0, -1.0), (0.25, 0.25), (3.0, 3.0), (3.5, 3.0), (math.inf, 3.0)):
        assert project(y, -1.0, 3.0) == expected
    assert project(7.0, 2.0, 2.0) == 2.0
    assert math.isnan(project(math.nan, -1.0, 3.0))
    assert math.copysign(1.0, project(-0.0, 0.0, 1.0)) == -1.0  # in F, so it is not touched

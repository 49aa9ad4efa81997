"""Checks of arguments: what is a number, what is in range, and what the message says."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from regretlab._utils import validation

ALL = {
    "finite": validation.finite,
    "positive": validation.positive,
    "within": lambda **values: validation.within("[0, 4]", **values),
    "whole": lambda **values: validation.whole(1, **values),
    "rounds_to_play": lambda horizon: validation.rounds_to_play(horizon),
}


@pytest.mark.parametrize("check", ALL)
@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)])
def test_integers_are_numbers(check, value):
    ALL[check](horizon=value)


@pytest.mark.parametrize("check", ["finite", "positive", "within", "rounds_to_play"])
@pytest.mark.parametrize("value", [3.0, np.float32(3.0), np.float64(3.0), np.array(3.0), Fraction(3)])
def test_real_numbers(check, value):
    ALL[check](horizon=value)


@pytest.mark.parametrize("check", ALL)
@pytest.mark.parametrize(
    "value", ["3", "ten", None, True, np.True_, np.array(True), 3j, [3], np.array([3]), np.array("3"), Decimal(3), int]
)
def test_what_is_no_number_is_a_type_error(check, value):
    with pytest.raises(TypeError, match=r"^horizon=.+ must be an? .+"):
        ALL[check](horizon=value)


@pytest.mark.parametrize("value", [3.0, 1.5, math.nan, np.float64(3.0), np.array(3.0), Fraction(3)])
def test_a_whole_number_is_no_float(value):
    with pytest.raises(TypeError, match=r"^n=.* must be an integer of at least 1$"):
        validation.whole(1, n=value)


@pytest.mark.parametrize(
    ("check", "value", "allowed"),
    [
        ("finite", math.nan, "a finite number"),
        ("finite", -math.inf, "a finite number"),
        ("finite", np.float64(math.inf), "a finite number"),
        ("finite", 10**400, "a finite number"),
        ("positive", 0, "a positive number"),
        ("positive", -1.5, "a positive number"),
        ("positive", math.nan, "a positive number"),
        ("positive", math.inf, "a positive number"),
        ("within", -1, r"a number in \[0, 4\]"),
        ("within", 4.5, r"a number in \[0, 4\]"),
        ("within", math.nan, r"a number in \[0, 4\]"),
        ("whole", 0, "an integer of at least 1"),
        ("whole", np.int64(-2), "an integer of at least 1"),
        ("rounds_to_play", 0, "a number of rounds: an integer of at least 1"),
        ("rounds_to_play", -1, "a number of rounds: an integer of at least 1"),
        ("rounds_to_play", 1.5, "a number of rounds: an integer of at least 1"),
        ("rounds_to_play", 0.5, "a number of rounds: an integer of at least 1"),
        ("rounds_to_play", math.nan, "a number of rounds: an integer of at least 1"),
        ("rounds_to_play", math.inf, "a number of rounds: an integer of at least 1"),
    ],
)
def test_what_is_out_of_range_is_a_value_error(check, value, allowed):
    with pytest.raises(ValueError, match=rf"^horizon=.+ must be {allowed}$"):
        ALL[check](horizon=value)


def test_the_message_names_the_first_wrong_argument_and_its_value():
    with pytest.raises(ValueError, match=r"^b=-1\.5 must be a positive number$"):
        validation.positive(a=1.0, b=-1.5, c="no number")


def test_large_integers():
    validation.whole(0, seed=2**3000)
    assert validation.rounds_to_play(10**17 + 1) == 10**17 + 1


def test_rounds_to_play_is_an_integer():
    for horizon in (1e6, np.float32(1e6), 10**6, np.int32(10**6), np.array(1e6)):
        rounds = validation.rounds_to_play(horizon)
        assert rounds == 10**6
        assert type(rounds) is int


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        ("[0, 1]", (0, 0.5, 1), (-1e-300, 1.0 + 2e-16)),
        ("[0, 1)", (0, 1.0 - 2e-16), (1, 1.5, -0.1)),
        ("(0, 1]", (5e-324, 1), (0, -0.0, 1.1)),
        ("(0, 1)", (0.5,), (0, 1)),
        ("[-1, inf)", (-1, 1e308), (-1.1, math.inf)),
        ("(-inf, 0.25]", (-1e308, 0.25), (0.3, -math.inf)),
    ],
)
def test_intervals(interval, inside, outside):
    for value in inside:
        validation.within(interval, x=value)
    for value in outside:
        with pytest.raises(ValueError, match=r"^x=") as caught:
            validation.within(interval, x=value)
        assert str(caught.value).endswith(f" must be a number in {interval}")


# -- arrays ------------------------------------------------------------------------


def test_an_array_is_a_read_only_copy():
    given = np.asfortranarray(np.arange(6).reshape(2, 3))
    array = validation.real_array("a", given, "(k, n)", 2)
    assert array.tolist() == given.tolist()
    assert array.dtype == np.float64
    assert array.flags.c_contiguous
    assert not array.flags.writeable
    assert not np.shares_memory(array, given)


def test_an_array_may_have_one_of_several_dimensions():
    for value in (1.0, [1.0, 2.0]):
        assert validation.real_array("a", value, "() or (n,)", 0, 1).tolist() == value


def test_labels_may_be_true_and_false_in_an_array():
    assert validation.real_array("labels", [True, False], "(N,)", 1, boolean=True).tolist() == [1.0, 0.0]
    with pytest.raises(TypeError, match="labels=True must be an array"):
        validation.real_array("labels", True, "(N,)", 0, 1, boolean=True)


@pytest.mark.parametrize(
    "value",
    [
        "1",
        ["1"],
        [1, "2"],
        [None],
        [[1.0], [1.0, 2.0]],
        [1j],
        True,
        [True],
        None,
        {},
        [Decimal(1)],
        np.ma.array([1.0, 2.0], mask=[True, False]),
    ],
)
def test_an_array_of_something_else_is_a_type_error(value):
    with pytest.raises(TypeError, match=r"^a=.+ must be an array \(\) or \(n,\) of real numbers$"):
        validation.real_array("a", value, "() or (n,)", 0, 1)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1.0]], r"^a has shape \(1, 1\); it must be \(n,\) and not empty$"),
        (1.0, r"^a has shape \(\); it must be \(n,\) and not empty$"),
        ([], r"^a has shape \(0,\); it must be \(n,\) and not empty$"),
        ([1.0, math.nan, math.inf], r"^a\[1\]=nan must be a finite number$"),
    ],
)
def test_an_array_of_a_wrong_shape_or_value_is_a_value_error(value, message):
    with pytest.raises(ValueError, match=message):
        validation.real_array("a", value, "(n,)", 1)


def test_the_place_of_a_number_that_is_not_finite():
    with pytest.raises(ValueError, match=r"^a\[1, 0\]=-inf must be a finite number$"):
        validation.real_array("a", [[0.0, 1.0], [-math.inf, 1.0]], "(k, n)", 2)
    with pytest.raises(ValueError, match=r"^a=nan must be a finite number$"):
        validation.real_array("a", math.nan, "()", 0)


def test_reals_are_an_array_of_any_shape_without_a_copy():
    given = np.array([[1.0, math.nan], [math.inf, 2.0]])
    assert validation.reals("a", given) is given
    assert validation.reals("a", np.float32(0.5)).shape == ()
    for value in (1j, "0.5", True, [True], [None], [1, "2"], [[1.0], [1.0, 2.0]]):
        with pytest.raises(TypeError, match=r"^a=.+ must be real numbers$"):
            validation.reals("a", value)


def test_a_number_may_be_infinite():
    validation.number(a=math.inf, b=math.nan, c=np.float32(1.0))
    with pytest.raises(TypeError, match=r"^a='1' must be a number$"):
        validation.number(a="1")

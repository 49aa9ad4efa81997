"""What a subclass defines is used, or the class is refused."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import pytest

from regretlab._utils.extending import Extensible, not_overridable, overrides


class Root(Extensible, ABC):
    hooks = frozenset({"gradients", "pattern", "sample"})
    dimension: int = 1
    mu: ClassVar[float] = 0.0

    @abstractmethod
    def gradients(self, t): ...


@dataclass(frozen=True)
class Table(Root):
    C: float = 3.0
    link: ClassVar[float] = 1.0

    @not_overridable("override pattern")
    def gradients(self, t):
        return self.pattern * t

    @property
    def pattern(self):
        return self.C

    @property
    @not_overridable("override pattern")
    def size(self):
        return 1

    @cached_property
    @not_overridable("override pattern")
    def table(self):
        return 1

    @staticmethod
    @not_overridable("override pattern")
    def period():
        return 1


@pytest.mark.parametrize("name", ["gradients", "size", "table", "period"])
def test_a_marked_method_is_not_overridden(name):
    with pytest.raises(TypeError, match=rf"Own overrides {name}.*Table decides without it; override pattern"):
        type("Own", (Table,), {name: lambda self, *t: 7.0})


def test_a_marked_method_is_not_overridden_further_down():
    middle = type("Middle", (Table,), {"pattern": property(lambda self: 2.0)})
    assert middle().gradients(3) == 6.0
    with pytest.raises(TypeError, match="Own overrides gradients"):
        type("Own", (middle,), {"gradients": lambda self, t: 7.0})


def test_a_hook_that_nothing_calls_is_refused():
    with pytest.raises(
        TypeError, match="Own defines sample, which nothing would call: a subclass of Root defines grad"
    ):
        type("Own", (Root,), {"gradients": lambda self, t: 7.0, "sample": lambda self: 7.0})
    for calls in (lambda self, t: self.sample(), lambda self, t: getattr(self, "sample")()):  # noqa: B009
        assert type("Own", (Root,), {"gradients": calls, "sample": lambda self: 7.0})().gradients(1) == 7.0


def test_a_misspelt_method_is_refused():
    with pytest.raises(TypeError, match="Own defines gradeints, which nothing would call: did you mean gradients"):
        type("Own", (Table,), {"gradeints": lambda self, t: 7.0})
    for fine in ({"gradient_norms": lambda self: 1}, {"patterns": lambda self: 1}, {"anything": 3}):
        type("Own", (Table,), fine)


class Bare(Table):
    C: float = 4.0


class Unannotated(Table):
    C = 4.0


@dataclass(frozen=True)
class DecoratedButUnannotated(Table):
    C = 4.0


class NewField(Table):
    slope: float = 1.0


class WithInit(Table):
    slope: float

    def __init__(self):
        object.__setattr__(self, "slope", 1.0)


class OfABareClass(Bare):
    pass


@pytest.mark.parametrize("cls", [Bare, Unannotated, DecoratedButUnannotated, NewField, WithInit, OfABareClass])
def test_fields_without_a_decorator_are_refused(cls):
    for _ in range(2):
        with pytest.raises(TypeError, match=r"declares (C|slope).*@dataclass\(frozen=True\)"):
            cls()


def test_methods_and_constants_need_no_decorator():
    class Constants(Table):
        mu = 2.0
        link = 2.0
        dimension: int = 3
        CONSTANT: ClassVar[float] = 4.0
        anything = 5

        def helper(self):
            return 1

    @dataclass(frozen=True)
    class Fields(Constants):
        C: float = 5.0
        slope: float = 1.0

    assert Constants(C=2.0).gradients(2) == 4.0
    assert Fields().C == 5.0


def test_overrides_names_what_a_class_does_not_have_from_its_base():
    own = type("Own", (Table,), {"pattern": 1.0})
    assert overrides(own, Table, "pattern", "gradients") == ("pattern",)

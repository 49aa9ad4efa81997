"""Pointwise losses: convex functions ell(z, y) of a prediction z = <a, x> and a label y.

Each is a frozen dataclass with two static methods in scalar arithmetic, ``value`` and ``derivative`` (a subderivative
in z).  After z and y they take fields of the class.  The loops over rounds compile them.
"""

from __future__ import annotations

import dataclasses
import inspect
from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log1p
from typing import Any, ClassVar, Self

import numpy as np

from regretlab._utils.extending import Extensible, mentioned, not_overridable
from regretlab._utils.types import Array
from regretlab._utils.validation import finite, positive, within

__all__ = ["Absolute", "Hinge", "Huber", "Linear", "Logistic", "PointwiseLoss", "Quantile", "Squared"]


class PointwiseLoss(Extensible, ABC):
    """A function ell(z, y), convex in z: a frozen dataclass with the static methods ``value`` and ``derivative``.

    Raises
    ------
    TypeError
        When the first object of a class is made that lacks one of the two, that misses a ``@staticmethod``, or has a
        field that neither of them takes.
    """

    hooks = frozenset(
        ["check_labels", "derivative", "functions", "gradient", "labels", "parameters", "smooth", "value"]
    )
    value: ClassVar[Callable[..., float]]
    derivative: ClassVar[Callable[..., float]]
    labels: ClassVar[tuple[float, ...] | None] = None
    """The labels that are allowed; None for all real numbers."""
    smooth: ClassVar[bool] = True
    """Whether the derivative is continuous in z."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        loss = super().__new__(cls, *args, **kwargs)
        for name in ("value", "derivative"):
            function = getattr(cls, name, None)
            if not callable(function):
                what = "ell(z, y)" if name == "value" else "a subderivative of ell(z, y) in z"
                raise TypeError(f"{cls.__name__} has no {name}: define a static method {name}(z, y), {what}")
            first = next(iter(inspect.signature(function).parameters), "")
            if first in ("self", "cls") or inspect.ismethod(function):
                raise TypeError(f"{cls.__name__}.{name} takes no self: write @staticmethod above it")
        _check_fields(cls)
        return loss

    @not_overridable("override value and derivative")
    def functions(self) -> tuple[Callable[..., float], Callable[..., float]]:
        """The functions ``value`` and ``derivative``."""
        return type(self).value, type(self).derivative

    @not_overridable("the fields that value and derivative take decide it")
    def parameters(self) -> tuple[float, ...]:
        """The values of the fields that ``value`` and ``derivative`` take after z and y, in their order."""
        names = _check_fields(type(self))
        finite(**{f"{type(self).__name__}.{name}": getattr(self, name) for name in names})
        return tuple(float(getattr(self, name)) for name in names)

    def check_labels(self, y: Array) -> None:
        """Raise ``ValueError`` for the first label that is not finite or not one of ``labels``."""
        bad = ~np.isfinite(y) if self.labels is None else ~np.isin(y, self.labels)
        if bad.any():
            at = tuple(int(i) for i in np.argwhere(bad)[0])
            allowed = "finite" if self.labels is None else f"one of {self.labels}"
            raise ValueError(f"label {y[at]} at index {at}: a label of {type(self).__name__} must be {allowed}")


def _check_fields(cls: type[PointwiseLoss]) -> list[str]:
    """The fields that ``value`` and ``derivative`` take after z and y; a ``TypeError`` unless these are all fields."""
    fields: set[str] = {f.name for f in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set()
    orders = [list(inspect.signature(function).parameters)[2:] for function in (cls.value, cls.derivative)]
    if orders[0] != orders[1] or set(orders[0]) - fields:
        raise TypeError(
            f"{cls.__name__}: value and derivative take {orders[0]} and {orders[1]} after z and y; "
            f"both must take the same fields of {sorted(fields)} in the same order"
        )
    unused = sorted(fields - set(orders[0]) - mentioned(cls))
    if unused:
        raise TypeError(
            f"{cls.__name__} has the fields {unused}, which value and derivative do not take: nothing uses them"
        )
    return orders[0]


@dataclass(frozen=True)
class Linear(PointwiseLoss):
    """ell(z, y) = z - y."""

    @staticmethod
    def value(z: float, y: float) -> float:
        return z - y

    @staticmethod
    def derivative(z: float, y: float) -> float:  # noqa: ARG004
        return 1.0


@dataclass(frozen=True)
class Squared(PointwiseLoss):
    """ell(z, y) = (z - y)^2 / 2."""

    @staticmethod
    def value(z: float, y: float) -> float:
        return 0.5 * (z - y) * (z - y)

    @staticmethod
    def derivative(z: float, y: float) -> float:
        return z - y


@dataclass(frozen=True)
class Absolute(PointwiseLoss):
    """ell(z, y) = |z - y|."""

    smooth: ClassVar[bool] = False

    @staticmethod
    def value(z: float, y: float) -> float:
        return abs(z - y)

    @staticmethod
    def derivative(z: float, y: float) -> float:
        return 1.0 if z > y else (-1.0 if z < y else 0.0)


@dataclass(frozen=True)
class Huber(PointwiseLoss):
    """ell(z, y) = r^2 / 2 for |r| <= delta, else delta (|r| - delta / 2), with r = z - y."""

    delta: float = 1.0

    def __post_init__(self) -> None:
        positive(delta=self.delta)

    @staticmethod
    def value(z: float, y: float, delta: float) -> float:
        r = abs(z - y)
        return 0.5 * r * r if r <= delta else delta * (r - 0.5 * delta)

    @staticmethod
    def derivative(z: float, y: float, delta: float) -> float:
        r = z - y
        return delta if r > delta else (-delta if r < -delta else r)


@dataclass(frozen=True)
class Logistic(PointwiseLoss):
    """ell(z, y) = ln(1 + exp(-y z)) for labels y = -1, +1."""

    labels: ClassVar[tuple[float, ...] | None] = (-1.0, 1.0)

    @staticmethod
    def value(z: float, y: float) -> float:
        s = y * z
        return log1p(exp(-abs(s))) + max(-s, 0.0)

    @staticmethod
    def derivative(z: float, y: float) -> float:
        s = y * z
        e = exp(-abs(s))
        return -y * (e if s > 0.0 else 1.0) / (1.0 + e)


@dataclass(frozen=True)
class Hinge(PointwiseLoss):
    """ell(z, y) = max(0, 1 - y z) for labels y = -1, +1."""

    labels: ClassVar[tuple[float, ...] | None] = (-1.0, 1.0)
    smooth: ClassVar[bool] = False

    @staticmethod
    def value(z: float, y: float) -> float:
        return max(0.0, 1.0 - y * z)

    @staticmethod
    def derivative(z: float, y: float) -> float:
        return -y if y * z < 1.0 else 0.0


@dataclass(frozen=True)
class Quantile(PointwiseLoss):
    """ell(z, y) = q (y - z) for z < y, else (1 - q)(z - y): E ell(z, y) is least where z is the q-quantile of y."""

    smooth: ClassVar[bool] = False
    q: float = 0.5

    def __post_init__(self) -> None:
        within("(0, 1)", q=self.q)

    @staticmethod
    def value(z: float, y: float, q: float) -> float:
        return q * (y - z) if z < y else (1.0 - q) * (z - y)

    @staticmethod
    def derivative(z: float, y: float, q: float) -> float:
        return -q if z < y else (1.0 - q if z > y else 0.0)

"""Schedules: how alpha_t, beta_{1,t} and beta_{2,t} depend on the round t = 1, 2, ...

Every schedule is a number times a function of the round, ``scale * shape(t)``.  One loop
plays all games whose learners have the same shapes, at any scales.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from regretlab._utils.extending import Extensible, not_overridable, unchanged
from regretlab._utils.types import Array, Rounds
from regretlab._utils.unused_fields import refuse_unused_fields
from regretlab._utils.validation import number, reals

__all__ = [
    "Constant",
    "Geometric",
    "Inverse",
    "InversePower",
    "InverseSqrt",
    "OneMinusInverse",
    "Schedule",
    "Values",
]


_NORMAL = 707.0  # exp(-707) is a normal float


@dataclass(frozen=True)
class Schedule(Extensible, ABC):
    """value_t = scale * shape(t).

    A schedule of your own is a frozen dataclass with one method, ``shape``, which gets an int64
    array of rounds and returns a float array with one value for each of them.  A value depends on
    its round alone, not on the other rounds in the array or on earlier calls.

    Raises
    ------
    TypeError
        When ``scale`` is no number, or the class has a field that none of its methods reads.  Also when a class is made
        that overrides anything but ``shape``.
    """

    scale: float = 1.0

    hooks: ClassVar[frozenset[str]] = frozenset({"shape"})

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls, *args, **kwargs)
        refuse_unused_fields(cls)
        return made

    def __post_init__(self) -> None:
        number(scale=self.scale)
        if isinstance(self.scale, np.ndarray):
            object.__setattr__(self, "scale", float(self.scale))

    @abstractmethod
    def shape(self, t: Rounds) -> Array:
        """The values at the rounds ``t`` for scale one, in an array with the shape of ``t``."""

    @not_overridable("override shape")
    def __call__(self, t: int | Rounds) -> Array:
        """The value at round ``t``, or at each of an array of rounds; rounds start at 1."""
        return self.scale * self.unit(np.asarray(t))

    @not_overridable("override shape")
    def unit(self, t: Rounds) -> Array:
        """``shape(t)`` as floats; ``TypeError`` unless they are real numbers, ``ValueError`` unless one per round."""
        values = self.shape(t)
        if not (type(values) is np.ndarray and values.dtype == np.float64):
            values = reals(f"{type(self).__name__}.shape(t)", values, f"an array of real numbers, in {self!r}")
        if values.shape != t.shape:
            hint = f"; for a constant write schedules.Constant({float(values)!r})" if values.ndim == 0 else ""
            raise ValueError(
                f"{self!r} returned an array of shape {values.shape} for rounds of shape {t.shape}; "
                f"it must return one value per round{hint}"
            )
        return values

    @not_overridable("override shape")
    def same_shape(self) -> Schedule:
        """This schedule at scale one: equal for schedules that differ only in scale."""
        return dataclasses.replace(self, scale=1.0)


@dataclass(frozen=True)
class Constant(Schedule):
    """value_t = scale."""

    def shape(self, t: Rounds) -> Array:
        return np.ones(t.shape)


@dataclass(frozen=True)
class InverseSqrt(Schedule):
    """value_t = scale / sqrt(t), the stepsize of the theorems of Reddi et al. (2018)."""

    def shape(self, t: Rounds) -> Array:
        root: Array = 1.0 / np.sqrt(t)
        return root


@dataclass(frozen=True)
class Inverse(Schedule):
    """value_t = scale / t; with beta_{1,t} = scale / t, AMSGrad still has R_T = O(sqrt T)."""

    def shape(self, t: Rounds) -> Array:
        inverse: Array = 1.0 / t
        return inverse


@dataclass(frozen=True)
class InversePower(Schedule):
    """value_t = scale / t^gamma: constant for gamma = 0, InverseSqrt for 1/2, Inverse for 1."""

    gamma: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        number(gamma=self.gamma)
        if not 0.0 <= self.gamma < np.inf:
            raise ValueError(f"gamma={self.gamma!r}: a power schedule needs 0 <= gamma < inf")

    def shape(self, t: Rounds) -> Array:
        power: Array = np.power(t.astype(np.float64), -self.gamma)
        return power


@dataclass(frozen=True)
class Geometric(Schedule):
    """value_t = scale * ratio^(t-1), the beta_{1,t} of Corollary 1 of Reddi et al. (2018), where ratio is lambda.

    A power below 1e-307 is rounded to 0.
    """

    ratio: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        number(ratio=self.ratio)
        if not 0.0 <= self.ratio < 1.0:
            raise ValueError(f"ratio={self.ratio!r}: a geometric schedule needs 0 <= ratio < 1")

    def shape(self, t: Rounds) -> Array:
        power: Array = np.zeros(t.shape)
        normal = (t - 1.0) * -math.log(self.ratio or 0.5) < _NORMAL  # subnormal floats are slow
        np.power(self.ratio, t - 1.0, out=power, where=normal)
        return power


@dataclass(frozen=True)
class OneMinusInverse(Schedule):
    """value_t = scale * (1 - 1/t); as beta_{2,t} it makes v_t of AdamNC the mean of g_1^2, ..., g_t^2."""

    def shape(self, t: Rounds) -> Array:
        values: Array = 1.0 - 1.0 / t
        return values


@dataclass(frozen=True)
class Values(Schedule):
    """value_t = scale * function(t), for a function of an array of rounds that returns one value per round."""

    function: Callable[[Rounds], Array] = np.ones_like

    def __post_init__(self) -> None:
        super().__post_init__()
        if not callable(self.function):
            raise TypeError(f"function={self.function!r} must be a function of an array of rounds")

    def shape(self, t: Rounds) -> Array:
        return self.function(t)


def power_of(schedule: Schedule) -> float:
    """The gamma with value_t = scale / t^gamma, or NaN for another schedule."""
    if unchanged(schedule, InversePower):
        return float(schedule.gamma)
    powers: dict[Any, float] = {Constant: 0.0, InverseSqrt: 0.5, Inverse: 1.0}
    return next((power for kind, power in powers.items() if unchanged(schedule, kind)), math.nan)


def __dir__() -> list[str]:
    return __all__

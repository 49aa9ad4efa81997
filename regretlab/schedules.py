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

import numpy as np

from regretlab._utils.types import Array, Rounds

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
class Schedule(ABC):
    """value_t = scale * shape(t).

    A schedule of your own is a frozen dataclass with one method, ``shape``, which gets an int64
    array of rounds and returns a float array with one value for each of them.
    """

    scale: float = 1.0

    @abstractmethod
    def shape(self, t: Rounds) -> Array:
        """The values at the rounds ``t`` for scale one, in an array with the shape of ``t``."""

    def __call__(self, t: int | Rounds) -> Array:
        """The value at round ``t``, or at each of an array of rounds; rounds start at 1."""
        return self.scale * self.unit(np.asarray(t))

    def unit(self, t: Rounds) -> Array:
        """``shape(t)`` as floats; ``ValueError`` unless there is one value per round."""
        values = np.asarray(self.shape(t), dtype=np.float64)
        if values.shape != t.shape:
            raise ValueError(
                f"{self!r} returned an array of shape {values.shape} for rounds of shape {t.shape}; "
                "it must return one value per round, e.g. np.full(t.shape, 0.1) for a constant"
            )
        return values

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

    def shape(self, t: Rounds) -> Array:
        return self.function(t)


def __dir__() -> list[str]:
    return __all__

"""Periodic linear losses, among them the counterexamples of Reddi, Kale, Kumar (2018)."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from regretlab._utils.extending import not_overridable
from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab._utils.validation import positive, real_array, whole
from regretlab.losses.arguments import LONGEST
from regretlab.losses.base import LinearLosses, read_only
from regretlab.losses.shortcuts import is_shortcut, named, shortcut

__all__ = ["Mod3", "Periodic", "PeriodicLosses", "ReddiOnline", "ReddiTheorem2", "period_of"]

_LONGEST_TABLE = 2**16  # numbers, beside one period


class PeriodicLosses(LinearLosses):
    """f_t(x) = <p_{(t-1) mod P}, x> for a pattern p_0, ..., p_{P-1} of gradients."""

    @property
    @abstractmethod
    def pattern(self) -> Array:
        """(P, d): the gradients of rounds 1..P."""

    def gradients(self, t: Rounds) -> Array:
        return self.one_period[(t - 1) % len(self.one_period)]

    @shortcut("gradients", slow=LinearLosses.block)
    def block(self, start: int, stop: int, seed: int) -> Array:
        first = (start - 1) % len(self.one_period)
        if first + stop - start > len(self._table):
            return super().block(start, stop, seed)
        return self._table[first : first + stop - start]

    @cached_property
    @named
    def dimension(self) -> int:  # type: ignore[override]
        return int((self.one_period if is_shortcut(type(self), "block") else self.block(1, 3, 0)).shape[1])

    @cached_property
    @not_overridable("override pattern")
    def one_period(self) -> Array:
        """(P, d): the pattern, after the checks of its type and shape; a read-only copy."""
        return self._validated(np.array(self.pattern), len(self.pattern))[0]

    @cached_property
    def _table(self) -> Array:
        """The pattern repeated many times, so that a block of rounds is a slice of it."""
        return read_only(np.tile(self.one_period, (1 + _LONGEST_TABLE // self.one_period.size, 1)))


def period_of(losses: PeriodicLosses) -> Array:
    """(P, d): the gradients of one period; ``TypeError`` if a subclass overrides ``gradients`` or ``block``."""
    if not is_shortcut(type(losses), "block"):
        raise TypeError(f"losses={losses!r} override gradients or block, so that pattern does not decide them")
    return losses.one_period


@dataclass(frozen=True, eq=False)
class Periodic(PeriodicLosses):
    """f_t(x) = <p_{(t-1) mod P}, x> for any pattern: numbers (P,) in one dimension, or an array (P, d)."""

    values: ArrayLike

    def __post_init__(self) -> None:
        values = real_array("values", self.values, "(P,) or (P, d)", 1, 2)
        rows = values.tolist()
        object.__setattr__(self, "values", tuple(map(tuple, rows)) if values.ndim == 2 else tuple(rows))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(values={np.asarray(self.values).tolist()})"

    @cached_property
    def pattern(self) -> Array:
        p = np.asarray(self.values, dtype=np.float64)
        return read_only(p[:, None] if p.ndim == 1 else p)


@dataclass(frozen=True)
class Mod3(PeriodicLosses):
    """f_t(x) = C x if t mod 3 = 1, else -x.

    Theorem 1 of Reddi et al. (2018): on [-1, 1] with C > 2 the best point is -1.
    Adam with beta1 = 0, beta2 = 1/(1 + C^2), x_1 = 1 and stepsizes alpha/sqrt(t),
    alpha < sqrt(1 - beta2), is at +1 at the start of every period of 3 rounds, so
    R_T/T >= (2C - 4)/3 after every period.  This needs a small beta2: at C = 3,
    Adam with the usual betas (0.9, 0.999) converges to -1.
    """

    C: float = 3.0

    def __post_init__(self) -> None:
        positive(C=self.C)

    @cached_property
    def pattern(self) -> Array:
        return read_only(np.array([[self.C], [-1.0], [-1.0]]))


@dataclass(frozen=True)
class ReddiOnline(PeriodicLosses):
    """f_t(x) = height x if t mod period = 1, else -slope x; by default 1010, 10, 101.

    The synthetic online problem of Section 5 and Figure 1 of Reddi et al. (2018).
    The default slopes of a period sum to +10, so on [-1, 1] the best point is -1.
    """

    height: float = 1010.0
    slope: float = 10.0
    period: int = 101

    def __post_init__(self) -> None:
        positive(height=self.height, slope=self.slope)
        whole(2, period=self.period)
        _check_period(period=self.period)

    @cached_property
    def pattern(self) -> Array:
        return _spike(self.height, self.slope, self.period)


@dataclass(frozen=True)
class ReddiTheorem2(PeriodicLosses):
    """f_t(x) = C x if t mod C = 1, else -x, with C an even integer.

    Theorem 2 of Reddi et al. (2018): for any beta1 < sqrt(beta2) there is a C for
    which Adam has liminf R_T/T >= 2/C on [-1, 1]; the best point is -1.
    """

    C: int = 74

    def __post_init__(self) -> None:
        whole(2, C=self.C)
        _check_period(C=self.C)
        if self.C % 2:
            raise ValueError(f"C={self.C} must be an even integer")

    @cached_property
    def pattern(self) -> Array:
        return _spike(float(self.C), 1.0, self.C)


def _check_period(**period: int) -> None:
    """Check that a table of one period fits into memory."""
    for name, P in period.items():
        if P > LONGEST:
            raise ValueError(f"{name}={P!r} is the length of a period, which must be at most {LONGEST}")


def _spike(height: float, slope: float, period: int) -> Array:
    """(P, 1): ``height`` in the first round of a period of P rounds, -``slope`` in the others."""
    pattern = np.full((period, 1), -slope)
    pattern[0] = height
    return read_only(pattern)

"""Random linear losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regretlab._utils.types import Array
from regretlab._utils.validation import finite, positive, within
from regretlab.losses.arguments import dimension
from regretlab.losses.base import RandomLinearLosses

__all__ = ["Rademacher", "RandomLinear", "ReddiStochastic", "ReddiTheorem3"]


@dataclass(frozen=True)
class ReddiStochastic(RandomLinearLosses):
    """f_t(x) = height x with probability p, else -slope x, independently; by default 1010, 0.01, 10.

    The synthetic stochastic problem of Section 5 and Figure 1 of Reddi et al.
    (2018).  The default mean slope is +0.2, so on [-1, 1] the best point is -1 in the long run.
    """

    height: float = 1010.0
    slope: float = 10.0
    p: float = 0.01

    def __post_init__(self) -> None:
        positive(height=self.height, slope=self.slope)
        within("[0, 1]", p=self.p)

    def sample(self, rng: np.random.Generator, n: int) -> Array:
        return np.where(rng.random((n, 1)) < self.p, self.height, -self.slope)


@dataclass(frozen=True)
class ReddiTheorem3(RandomLinearLosses):
    """f_t(x) = C x with probability (1 + delta)/(C + 1), else -x, independently: E f_t(x) = delta x.

    Theorem 3 of Reddi et al. (2018): for every beta1 < sqrt(beta2) and delta there is
    a C for which Adam, run from 0 without projection, has E[x_{t+1} - x_t] >= 0 in
    every round, although the best point of [-1, 1] is -1.
    """

    C: float = 10.0
    delta: float = 1.0

    def __post_init__(self) -> None:
        positive(C=self.C, delta=self.delta)
        if self.C < self.delta:
            raise ValueError(f"C={self.C!r}, delta={self.delta!r}: the losses need 0 < delta <= C")

    def sample(self, rng: np.random.Generator, n: int) -> Array:
        return np.where(rng.random((n, 1)) < (1.0 + self.delta) / (self.C + 1.0), self.C, -1.0)


@dataclass(frozen=True)
class Rademacher(RandomLinearLosses):
    """f_t(x) = <g_t, x> with independent signs: P(g_{t,i} = 1) = (1 + drift)/2, else -1.

    With drift = 0, on [-1, 1]^d, every learner has E R_T = d E|S_T| where S_T is
    a sum of T signs: its own loss has mean zero, whatever it plays.
    """

    d: int = 1
    drift: float = 0.0

    def __post_init__(self) -> None:
        dimension(d=self.d)
        within("[-1, 1]", drift=self.drift)

    def sample(self, rng: np.random.Generator, n: int) -> Array:
        return np.where(rng.random((n, self.d)) < 0.5 * (1.0 + self.drift), 1.0, -1.0)


@dataclass(frozen=True)
class RandomLinear(RandomLinearLosses):
    """f_t(x) = <g_t, x> with independent g_{t,i} ~ N(mean, std^2)."""

    d: int = 1
    mean: float = 0.0
    std: float = 1.0

    def __post_init__(self) -> None:
        dimension(d=self.d)
        finite(mean=self.mean)
        within("[0, inf)", std=self.std)

    def sample(self, rng: np.random.Generator, n: int) -> Array:
        return self.mean + self.std * rng.standard_normal((n, self.d))

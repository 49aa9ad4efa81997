"""Random convex losses with a true parameter: least squares, absolute deviations, logistic regression."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from regretlab._utils.extending import not_overridable
from regretlab._utils.types import Array, Rounds
from regretlab._utils.validation import reals, whole, within
from regretlab.losses.arguments import dimension
from regretlab.losses.base import generator, read_only
from regretlab.losses.linear_predictions import RandomPredictionLosses
from regretlab.losses.pointwise import Absolute, Logistic, Squared

__all__ = ["RandomAbsolute", "RandomLeastSquares", "RandomLogistic", "RandomModel"]

_NEVER_PLAYED = 2**63 - 1
"""The block whose generator draws the true parameter; no game has so many rounds."""


@dataclass(frozen=True)
class RandomModel(RandomPredictionLosses):
    """f_t(x) = ell(<a_t, x>, y_t) + (mu/2) ||x||^2, where y_t is <a_t, theta_t> with noise.

    Features: a_{t,i} = s_i u_{t,i} with u_{t,i} independent and uniform on
    [-1, 1], or 0 with probability 1 - density; the scales s_i fall
    geometrically from s_1 = 1 to s_d = 1 / conditioning.  So |a_{t,i}| <= 1, and
    E a_t a_t^T = (density / 3) diag(s_1^2, ..., s_d^2).

    True parameter: without drift, theta_t = p, a uniformly random unit vector that
    the seed determines.  With drift, theta_t moves along the square with the corners
    p, q, -p, -q, where q is a second random unit vector, orthogonal to p (0 if d = 1).
    It goes round once in 1 / drift rounds at constant speed: on a side,
    ||theta_{t+1} - theta_t|| = 4 sqrt(2) drift (4 drift if d = 1).  From round
    ``change`` on, the sign is the opposite: -theta_t.

    Parameters
    ----------
    d : int
        Dimension.
    conditioning : float
        Ratio of the largest to the smallest scale of a feature, at least 1.
    density : float
        Probability that a feature is not zero, in (0, 1].
    noise : float
        Scale of the noise, at least 0.
    drift : float
        Turns of the true parameter per round, in [0, 1/4].
    change : int, optional
        The first round with the opposite true parameter.
    mu : float
        Modulus of strong convexity of the added term, at least 0.

    Raises
    ------
    TypeError
        For a value of a wrong type.
    ValueError
        For a value outside these ranges.
    """

    d: int = 10
    conditioning: float = 1.0
    density: float = 1.0
    noise: float = 0.1
    drift: float = 0.0
    change: int | None = None
    mu: float = 0.0

    def __post_init__(self) -> None:
        dimension(d=self.d)
        within("[1, inf)", conditioning=self.conditioning)
        within("(0, 1]", density=self.density)
        within("[0, 0.25]", drift=self.drift)
        within("[0, inf)", noise=self.noise, mu=self.mu)
        if self.change is not None:
            whole(1, change=self.change)

    @abstractmethod
    def noises(self, rng: np.random.Generator, n: int) -> Array:
        """(n, ...): the random numbers that the labels of n rounds depend on, besides <a_t, theta_t>."""

    @abstractmethod
    def labels(self, signal: Array, noises: Array) -> Array:
        """(n,): y_t, from <a_t, theta_t> (n,) and the noises (n, ...)."""

    @property
    def dimension(self) -> int:  # type: ignore[override]
        return self.d

    @cached_property
    def scales(self) -> Array:
        """(d,): the scales s_1, ..., s_d of the features."""
        return read_only(self.conditioning ** -np.linspace(0.0, 1.0, self.d))

    def true_parameter(self, t: Rounds, seed: int = 0) -> Array:
        """(n, d): theta_t for the rounds ``t`` (n,)."""
        p, q = self._corners(seed)
        rounds = np.asarray(t, dtype=np.float64)
        if self.drift == 0.0:
            theta = np.broadcast_to(p, (rounds.size, self.d))
        else:
            sides: Array = 4.0 * self.drift * (rounds - 1.0)
            theta = _wave(sides)[:, None] * p + _wave(sides - 1.0)[:, None] * q
        return theta if self.change is None else np.where((rounds < self.change)[:, None], theta, -theta)

    def features(self, rng: np.random.Generator, n: int) -> Array:
        """(n, d): the features of n consecutive rounds, drawn from ``rng``."""
        a: Array = (2.0 * rng.random((n, self.d)) - 1.0) * self.scales
        if self.density < 1.0:
            a *= rng.random((n, self.d)) < self.density
        return a

    @not_overridable("override features, noises or labels; rows and labels of your own: RandomPredictionLosses")
    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Features (n, d) and noises (n, ...) of n consecutive rounds."""
        return self.features(rng, n), self.noises(rng, n)

    def data(self, start: int, stop: int, seed: int) -> tuple[Array, ...]:
        a, noises = super().data(start, stop, seed)
        # elementwise, not a matrix product: a round must have the same bits in any block
        y = self.labels((a * self.true_parameter(np.arange(start, stop), seed)).sum(axis=1), noises)
        return self._checked_data((a, y), stop - start)

    def _corners(self, seed: int) -> tuple[Array, Array]:
        """p and q, each (d,); those of the last seed are cached."""
        key, corners = self.__dict__.get("_last_corners", (None, None))
        if key != seed:
            p, q = generator(seed, _NEVER_PLAYED).standard_normal((2, self.d))
            p /= np.sqrt((p * p).sum())
            q -= (p * q).sum() * p
            corners = p, (q / np.sqrt((q * q).sum()) if self.d > 1 else np.zeros(1))
            self.__dict__["_last_corners"] = (seed, corners)
        return corners  # type: ignore[no-any-return]

    @cached_property
    def _round_shape(self) -> tuple[int, int]:
        return 1, self.d

    def _checked_data(self, data: Any, n: int) -> tuple[Array, ...]:
        return super()._validated(data, n)

    def _validated(self, answer: Any, n: int) -> tuple[Array, ...]:
        name, (a, noises) = type(self).__name__, answer  # what sample gives: noises, not labels
        a, noises = reals(f"{name}.features", a), reals(f"{name}.noises", noises)
        if a.shape != (n, self.d) or noises.shape[:1] != (n,):
            raise ValueError(
                f"{name}.features returned shape {a.shape} and noises shape {noises.shape} for {n} rounds; "
                f"they must be ({n}, {self.d}) and ({n}, ...)"
            )
        return a, noises


@dataclass(frozen=True)
class RandomLeastSquares(RandomModel):
    """f_t(x) = (<a_t, x> - y_t)^2 / 2 + (mu/2) ||x||^2 with y_t = <a_t, theta_t> + noise N(0, 1).

    Here noise N(0, 1) is the field ``noise`` times a standard normal number.
    Features, true parameter and the fields are those of :class:`RandomModel`;
    at mu = 0, E f_t has its minimum at theta_t.
    """

    link = Squared()

    def noises(self, rng: np.random.Generator, n: int) -> Array:
        return rng.standard_normal(n)

    def labels(self, signal: Array, noises: Array) -> Array:
        return signal + self.noise * noises


@dataclass(frozen=True)
class RandomAbsolute(RandomModel):
    """f_t(x) = |<a_t, x> - y_t| + (mu/2) ||x||^2 with y_t = <a_t, theta_t> + noise Laplace(0, 1).

    Here noise Laplace(0, 1) is the field ``noise`` times a Laplace number of scale 1.
    Features, true parameter and the fields are those of :class:`RandomModel`;
    at mu = 0, E f_t has its minimum at theta_t, and |g_{t,i}| <= 1.
    """

    link = Absolute()

    def noises(self, rng: np.random.Generator, n: int) -> Array:
        return rng.laplace(size=n)

    def labels(self, signal: Array, noises: Array) -> Array:
        return signal + self.noise * noises


@dataclass(frozen=True)
class RandomLogistic(RandomModel):
    """f_t(x) = ln(1 + exp(-y_t <a_t, x>)) + (mu/2) ||x||^2 with y_t = sign(<a_t, theta_t> + noise Logistic(0, 1)).

    Then y_t is flipped with probability ``flip``.  Features, true parameter and
    the other fields are those of :class:`RandomModel`; |g_{t,i}| <= 1 at mu = 0.
    With noise = 1 and flip = 0, the default, the labels are those of the logistic
    model, P(y_t = 1) = 1 / (1 + exp(-<a_t, theta_t>)), so that at mu = 0, E f_t
    has its minimum at theta_t.  With noise = 0 and flip = 0, and a theta that does
    not move, the hyperplane <a, theta> = 0 separates the two labels.
    """

    link = Logistic()
    noise: float = 1.0
    flip: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        within("[0, 1]", flip=self.flip)

    def noises(self, rng: np.random.Generator, n: int) -> Array:
        return np.stack([rng.logistic(size=n), rng.random(n)], axis=1)

    def labels(self, signal: Array, noises: Array) -> Array:
        y = np.where(signal + self.noise * noises[:, 0] >= 0.0, 1.0, -1.0)
        return np.where(noises[:, 1] < self.flip, -y, y)


def _wave(s: Array) -> Array:
    """The triangle wave of period 4 that is 1 at 0, 0 at 1 and -1 at 2."""
    return np.abs(np.mod(s, 4.0) - 2.0) - 1.0

"""Loss sequences for the tests of certificates, and a hypothesis of a certificate by name."""

from dataclasses import dataclass

import numpy as np

import regretlab as rl


@dataclass(frozen=True)
class Given(rl.losses.LinearLosses):
    """f_t(x) = <g_t, x> for gradients that are given, again and again."""

    rows: tuple = ((1.0,),)

    def gradients(self, t):
        rows = np.array(self.rows, dtype=float)
        return rows[(t - 1) % len(rows)]


@dataclass(frozen=True)
class Tilted(rl.losses.ConvexLosses):
    """f_t(x) = <g_t, x> + (mu/2) ||x||^2 for gradients that are given, again and again."""

    rows: tuple
    mu: float

    @property
    def dimension(self):
        return len(self.rows[0])

    def value(self, t, x):
        return float(self.rows[(t - 1) % len(self.rows)] @ x + 0.5 * self.mu * x @ x)

    def gradient(self, t, x):
        return self.rows[(t - 1) % len(self.rows)] + self.mu * x


@dataclass(frozen=True)
class Pursuing(rl.losses.AdaptiveLosses):
    """The slope points away from where the learner was last driven to: slow waves against its steps."""

    d: int = 1
    length: int = 5

    @property
    def dimension(self):
        return self.d

    def answer(self, t, x):
        return np.where((t // self.length) % 2 == 0, 1.0, -1.0) * (1.0 + np.abs(x))


def hypothesis_of(certificate, start):
    return next(h for h in certificate.hypotheses if h.name.startswith(start))

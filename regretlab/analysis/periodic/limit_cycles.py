"""The limit cycle of a learner's moments on a periodic sequence of gradients, computed with the learner's own rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array, ArrayLike
from regretlab.analysis.periodic.closed_forms import average
from regretlab.analysis.periodic.period_map import EPS, PeriodMap, Round, fixed_point
from regretlab.kernels.rule import checked_step, resting_step, scaled_step
from regretlab.learners import AdaGrad, AdamNC, Algorithm1, NosAdam
from regretlab.learners.base import refuse_own_methods
from regretlab.schedules import Constant, OneMinusInverse, power_of

__all__ = ["LimitCycle", "limit_cycle"]


@dataclass(frozen=True, eq=False)
class LimitCycle:
    """The cycle to which the moments of one coordinate converge on gradients of period P.

    Attributes
    ----------
    periods : int
        Length of the cycle in periods, so that the cycle has L = periods * P rounds; 1 for exponential averages.
    moments : dict of arrays (L,)
        The moments that converge to a cycle, e.g. m and v, after each of its rounds.
    m, w : arrays (L,)
        The step of a round is -alpha_t m / w.
    memory : float
        About the number of rounds after which the initial moments no longer matter; rounding errors add up over as
        many.
    """

    periods: int
    moments: Mapping[str, Array]
    m: Array
    w: Array
    memory: float

    @property
    def steps(self) -> Array:
        """m / w in each round of the cycle, with 0/0 := 0: (L,)."""
        return np.array([scaled_step(m, w) for m, w in zip(self.m, self.w, strict=True)])

    @property
    def drift(self) -> float:
        """h = sum_k m_k / w_k over a period, a mean over the cycle's periods: a period moves x by about -alpha_t h."""
        return float(self.steps.sum()) / self.periods

    @property
    def error(self) -> float:
        """About how far :attr:`drift` may be off by rounding."""
        rates = np.array([resting_step(1.0, w) for w in self.w])
        return EPS * self.memory * float(np.abs(self.m).max() * rates.sum()) / self.periods


def limit_cycle(learner: Algorithm1, gradients: ArrayLike, *, rounds: int = 10**6) -> LimitCycle:
    """The limit cycle of m, w and all moments of a learner on the gradients g_1, ..., g_P, g_1, ..., g_P, ...

    * A moment that is an exponential average k <- a k + b, where b depends on the gradient and on other such moments,
      is mapped by a period to A k + B with 0 <= A < 1.  It converges to B / (1 - A) at the ends of periods.  Newton's
      method on the learner's rule finds these values for all such moments together.
    * For AdaGrad, AdamNC (beta_{2,t} = 1 - 1/t) and NosAdam (weights t^-gamma, gamma <= 1), v_t is a Cesaro mean of
      g^2, which converges to vbar = (1/P) sum_k g_k^2, and m_t is an exponential average.
    * Any other rule, e.g. with a running maximum, is played from round 1 until its moments have repeated
      themselves to 1e-10 for half of all rounds played.

    Parameters
    ----------
    learner : Algorithm1
        Its hyperparameters other than alpha must not depend on t, except for beta2 of AdamNC and the weights of
        NosAdam as above.
    gradients : array (P,)
        A period, not all zero.
    rounds : int
        The largest number of rounds to play.

    Raises
    ------
    TypeError
        For a learner that is not of Algorithm 1.
    ValueError
        When the gradients are all zero or not a finite array (P,), or a hyperparameter varies with t.
    RuntimeError
        When nothing repeats within ``rounds``.

    Examples
    --------
    >>> import regretlab as rl
    >>> cycle = rl.periodic.limit_cycle(rl.learners.Adam(beta1=0.5, beta2=0.25), [2.5, -1.0, -1.0])
    >>> cycle.moments["v"].round(3)
    array([5.  , 2.  , 1.25])
    >>> abs(cycle.drift) < 1e-14
    True
    """
    g = np.asarray(gradients, dtype=np.float64)
    refuse_own_methods(learner, "limit_cycle")
    if g.ndim != 1 or g.size == 0 or not np.isfinite(g).all():
        raise ValueError(f"gradients has shape {g.shape}: a period is finite numbers (P,) with P >= 1")
    if not g.any():
        raise ValueError("gradients are zero everywhere: no learner moves, and there is no drift")
    if unchanged(learner, AdaGrad, AdamNC, NosAdam) and _is_cesaro(learner):
        return _cesaro(learner, g)
    F = PeriodMap.of(learner, g)
    found = None if F.varying else fixed_point(F)
    if found is None:
        return _played(F, rounds, learner)
    moments, memory = found
    return _cycle(F, F.play(moments), 1, memory)


def _cycle(F: PeriodMap, played: Sequence[Round], periods: int, memory: float) -> LimitCycle:
    """The limit cycle that consists of these rounds."""
    _check_metric(played)
    moments, m, w = zip(*played, strict=True)
    columns = np.array(moments, dtype=np.float64).reshape(len(played), len(F.places))
    by_name = {name: columns[:, i] for i, name in enumerate(F.places)}
    return LimitCycle(periods, by_name, np.array(m, dtype=np.float64), np.array(w, dtype=np.float64), memory)


def _check_metric(played: Sequence[Round]) -> None:
    """``ValueError`` unless w is positive and finite, or 0 where m is 0, in each round."""
    for _, m, w in played:
        if np.isnan(checked_step(m, w)):
            raise ValueError(f"the rule returns m = {m} and w = {w}: w must be positive and finite, or 0 where m is 0")


def _is_cesaro(learner: Algorithm1) -> bool:
    """Whether v_t is a weighted mean of all g_s^2, with equal weights or s^-gamma, 0 <= gamma <= 1."""
    if isinstance(learner, AdaGrad):
        return True
    if isinstance(learner, AdamNC):
        beta2 = learner.schedules["beta2"]
        return unchanged(beta2, OneMinusInverse) and beta2.scale == 1.0
    return power_of(learner.schedules["b"]) <= 1.0


def _cesaro(learner: Algorithm1, g: Array) -> LimitCycle:
    """The limit cycle for v_t -> vbar; ``ValueError`` if beta1 varies with the round."""
    beta1 = Constant(0.0) if isinstance(learner, AdaGrad) else learner.schedules["beta1"]
    if not unchanged(beta1, Constant):
        raise ValueError(f"beta1={beta1!r} of {learner!r} varies with the round: it must be constant")
    v = np.full(g.size, (g * g).mean())
    m = average(g, beta1.scale)
    return LimitCycle(1, {"m": m, "v": v}, m, np.sqrt(v), g.size / (1.0 - beta1.scale))


def _played(F: PeriodMap, rounds: int, learner: Algorithm1) -> LimitCycle:
    """The limit cycle of a rule that is played from round 1; ``RuntimeError`` if there is none within ``rounds``.

    The moments are compared after n = 8, 16, 32, ... periods: they have reached a cycle if the last n/2 periods consist
    of repetitions.  This is long enough to tell a cycle from moments that still converge, however slowly.
    """
    P, moments, n = len(F.gradients), (0.0,) * len(F.places), 8
    rows: list[list[float]] = []
    while n * P <= max(rounds, 8 * P):
        while len(rows) < n:
            played = F.play(moments, first=len(rows) * P + 1)
            _check_metric(played)
            moments = played[-1][0]
            rows.append([*moments, sum(scaled_step(m, w) for _, m, w in played)])
        if periods := _repeats(np.array(rows[n // 2 :])):
            return _cycle(F, F.play(moments, first=n * P + 1, periods=periods), periods, float(n * P))
        n *= 2
    raise RuntimeError(
        f"the moments of {learner!r} do not repeat within {n // 2 * P} rounds: "
        f"they have no limit cycle, or reach it later than rounds={rounds}"
    )


def _repeats(rows: Array) -> int:
    """The smallest L <= n/2 with rows[i] = rows[i + L] for all i, to 1e-10 of a column's largest entry; 0 if none."""
    n, close = len(rows), 1e-10 * np.abs(rows).max(axis=0)
    for L in range(1, n // 2 + 1):
        if (np.abs(rows[-1] - rows[-1 - L]) <= close).all():
            repeated = np.tile(rows[n - L :], (-(-n // L), 1))[-n:]
            if (np.abs(rows - repeated) <= close).all():
                return L
    return 0

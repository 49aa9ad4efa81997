"""The limit cycle of a learner's moments on a periodic sequence of gradients, from the learner's own rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.analysis.periodic.closed_forms import average
from regretlab.kernels.rule import scaled_step
from regretlab.learners import AdaGrad, AdamNC, Algorithm1, NosAdam
from regretlab.schedules import Constant, OneMinusInverse

__all__ = ["LimitCycle", "limit_cycle"]

_EPS = float(np.finfo(np.float64).eps)
_NEWTON = 8

_Kept = tuple[float, ...]


@dataclass(frozen=True, eq=False)
class LimitCycle:
    """What one coordinate's moments repeat, long after round 1, on gradients of period P.

    Attributes
    ----------
    periods : int
        How many periods the cycle takes: L = periods * P rounds; 1 for exponential averages.
    kept : dict of arrays (L,)
        The kept numbers that have a limit, after each round, e.g. m and v.
    m, w : arrays (L,)
        The step of a round is -alpha_t m / w.
    memory : float
        Rounds after which the start is forgotten, about; rounding errors add up over so many.
    """

    periods: int
    kept: Mapping[str, Array]
    m: Array
    w: Array
    memory: float

    @property
    def steps(self) -> Array:
        """(L,): m / w, with 0/0 := 0."""
        return np.array([scaled_step(m, w) for m, w in zip(self.m, self.w, strict=True)])

    @property
    def drift(self) -> float:
        """h = sum_k m_k / w_k over a period, the mean over the cycle's periods: x moves by about -alpha_t h."""
        return float(self.steps.sum()) / self.periods

    @property
    def error(self) -> float:
        """How far rounding may have put :attr:`drift` off, about."""
        rates = np.array([scaled_step(1.0, w) for w in self.w])
        return _EPS * self.memory * float(np.abs(self.m).max() * rates.sum()) / self.periods


def limit_cycle(learner: Algorithm1, gradients: ArrayLike, *, rounds: int = 10**6) -> LimitCycle:
    """m, W and all kept numbers of a learner over the cycle they tend to on g_1, ..., g_P, g_1, ..., g_P, ...

    * A number that is an exponential average k <- a k + b, of what the gradients and other such numbers
      say, is mapped by a period to A k + B, 0 <= A < 1, and tends to k = B / (1 - A) at the end of
      periods: the closed form, solved for all of them together through the rule
      itself (Newton's method, which ends after a step for each link of the chain g -> v -> m).
    * AdaGrad, AdamNC (beta_{2,t} = 1 - 1/t) and NosAdam (weights t^-gamma, gamma <= 1) have
      Cesaro means of g^2 for v_t: they tend to vbar = (1/P) sum_k g_k^2, and m_t is an exponential average.
    * Any other rule, e.g. with a running maximum, is played from the start until its numbers repeat, to
      1e-10 and for as many rounds as it took to get there.

    Parameters
    ----------
    learner : Algorithm1
        With hyperparameters that do not depend on t, apart from alpha.
    gradients : array (P,)
        A period, not all zero.
    rounds : int
        To play at most.

    Raises
    ------
    ValueError
        When the gradients are all zero or no period, or a hyperparameter varies with t.
    RuntimeError
        When nothing repeats within ``rounds``.
    """
    g = np.asarray(gradients, dtype=np.float64)
    if not isinstance(learner, Algorithm1):
        raise TypeError(f"learner={learner!r} is not in the form of Algorithm 1")
    if g.ndim != 1 or g.size == 0 or not np.isfinite(g).all():
        raise ValueError(f"gradients has shape {g.shape}: a period is finite numbers (P,) with P >= 1")
    if not g.any():
        raise ValueError("gradients are zero everywhere: no learner moves, and there is no drift")
    if isinstance(learner, AdaGrad | AdamNC | NosAdam) and _takes_means(learner):
        return _cesaro(learner, g)
    rule = _Rule.of(learner)
    found = None if rule.timed else _averages(rule, g.tolist())
    return found or _played(rule, g.tolist(), rounds, learner)


# -- the rule over a period ----------------------------------------------------------------


@dataclass(frozen=True)
class _Rule:
    """A rule with its constant hyperparameters filled in; ``timed`` says where it asks for alpha_t or t."""

    function: Callable[..., Any]
    arguments: tuple[float, ...]
    kept: Mapping[str, int]
    g: int
    timed: Mapping[int, Callable[..., Any]]

    @classmethod
    def of(cls, learner: Algorithm1) -> _Rule:
        function, names = learner.signature()
        schedules = {name: schedule for name, schedule in learner.schedules.items() if name in names}
        fixed = {name: schedule.scale for name, schedule in schedules.items() if isinstance(schedule, Constant)}
        timed: dict[int, Callable[..., Any]] = {
            names.index(name): schedules[name] for name in schedules.keys() - fixed.keys()
        }
        for name in schedules.keys() - fixed.keys() - {"alpha"}:
            raise ValueError(
                f"{name}={schedules[name]!r} of {learner!r} varies with the round: "
                "a hyperparameter other than alpha must be constant for the moments to become periodic"
            )
        if "t" in names:
            timed[names.index("t")] = lambda rounds: rounds
        kept = {name: names.index(name) for name in learner.moment_names}
        return cls(function, tuple(fixed.get(name, 0.0) for name in names), kept, names.index("g"), timed)

    def period(self, gradients: list[float], kept: _Kept, first: int = 1) -> list[tuple[_Kept, float, float]]:
        """(kept numbers after the round, m, w) for the rounds first, first + 1, ..."""
        arguments, places, trace = list(self.arguments), self.kept.values(), []
        rounds = np.arange(first, first + len(gradients))
        timed = [(place, values(rounds).tolist()) for place, values in self.timed.items()]
        for k, g in enumerate(gradients):
            arguments[self.g] = g
            for place, values in timed:
                arguments[place] = values[k]
            for place, number in zip(places, kept, strict=True):
                arguments[place] = number
            kept, m, w = self.function(*arguments)
            trace.append((kept, m, w))
        return trace

    def after(self, gradients: list[float], kept: Array) -> Array:
        """The kept numbers after a period that starts with ``kept``."""
        return np.array(self.period(gradients, tuple(kept.tolist()))[-1][0], dtype=np.float64)


def _cycle(rule: _Rule, trace: Sequence[tuple[_Kept, float, float]], periods: int, memory: float) -> LimitCycle:
    kept, m, w = zip(*trace, strict=True)
    numbers = np.array(kept, dtype=np.float64).reshape(len(trace), len(rule.kept))
    moments = {name: numbers[:, i] for i, name in enumerate(rule.kept)}
    return LimitCycle(periods, moments, np.array(m, dtype=np.float64), np.array(w, dtype=np.float64), memory)


# -- exponential averages ------------------------------------------------------------------


def _averages(rule: _Rule, gradients: list[float]) -> LimitCycle | None:
    """The closed form, or None where a kept number is no exponential average.

    A period maps the kept numbers by k -> F(k).  They are averages if no circle of numbers
    depends on one another, and each F_i is affine in its own k_i with the same slope in [0, 1)
    everywhere: then F has one fixed point, which attracts every start.
    """
    K, P = len(rule.kept), len(gradients)
    if not K:
        return _cycle(rule, rule.period(gradients, ()), 1, float(P))
    try:
        kept = (0.0,) * K
        for _ in range(2):
            trace = rule.period(gradients, kept)
            kept = trace[-1][0]
        k = np.array(kept, dtype=np.float64)
        size = np.abs([numbers for numbers, _, _ in trace]).max(axis=0)
        size[size == 0.0] = 1.0
        slopes, moved = [np.diag(_jacobian(rule, gradients, k, size))], np.inf
        for step in range(_NEWTON + K):
            J = _jacobian(rule, gradients, k, size)
            change = np.linalg.solve(np.eye(K) - J, rule.after(gradients, k) - k)
            k = k + change
            size = np.maximum(size, np.abs(k))
            before, moved = moved, float(np.abs(change / size).max())
            if moved == 0.0 or (step > K and moved >= before):
                break
        slopes += [np.diag(_jacobian(rule, gradients, k, delta)) for delta in (size, 2.0 * size)]
    except (ArithmeticError, ValueError, np.linalg.LinAlgError):  # e.g. the root of a negative number
        return None
    slope = float(slopes[0].max())
    memory = P / (1.0 - slope) if slope < 1.0 else np.inf
    same = all(np.abs(one - other).max() < 1e-12 for one, other in pairwise(slopes))
    links = (J != 0.0) & ~np.eye(K, dtype=bool)
    chain = not np.linalg.matrix_power(links.astype(np.int64), K).any()
    if not (same and chain and 0.0 <= slopes[0].min() and slope < 1.0 and min(moved, before) < 64.0 * _EPS * memory):
        return None
    return _cycle(rule, rule.period(gradients, tuple(k.tolist())), 1, memory)


def _jacobian(rule: _Rule, gradients: list[float], k: Array, size: Array) -> Array:
    """(K, K): (F(k + size_j e_j) - F(k)) / size_j, exact for the averages themselves."""
    F = rule.after(gradients, k)
    columns = [(rule.after(gradients, k + step) - F) / size[j] for j, step in enumerate(np.diag(size))]
    return np.array(columns).T


# -- means and everything else -------------------------------------------------------------


def _takes_means(learner: AdaGrad | AdamNC | NosAdam) -> bool:
    """Whether the weights of the g_s^2 in v_t are those of a mean, or t^-gamma with gamma <= 1."""
    if isinstance(learner, AdaGrad):
        return True
    if isinstance(learner, AdamNC):
        return learner.schedules["beta2"] == OneMinusInverse()
    b = learner.schedules["b"]
    return isinstance(b, Constant) or 0.0 <= getattr(b, "gamma", np.inf) <= 1.0


def _cesaro(learner: AdaGrad | AdamNC | NosAdam, g: Array) -> LimitCycle:
    beta1 = Constant(0.0) if isinstance(learner, AdaGrad) else learner.schedules["beta1"]
    if not isinstance(beta1, Constant):
        raise ValueError(f"beta1={beta1!r} of {learner!r} varies with the round: it must be constant")
    v = np.full(g.size, (g * g).mean())
    m = average(g, beta1.scale)
    return LimitCycle(1, {"m": m, "v": v}, m, np.sqrt(v), g.size / (1.0 - beta1.scale))


def _played(rule: _Rule, gradients: list[float], rounds: int, learner: Algorithm1) -> LimitCycle:
    """The rule played from the start until the second half of all periods repeats a stretch of itself.

    Half of all rounds is the point: what still creeps towards its limit, however slowly, is not taken for it.
    """
    P, kept, n = len(gradients), (0.0,) * len(rule.kept), 8
    rows: list[list[float]] = []
    while n * P <= max(rounds, 8 * P):
        while len(rows) < n:
            trace = rule.period(gradients, kept, len(rows) * P + 1)
            kept = trace[-1][0]
            rows.append([*kept, sum(scaled_step(m, w) for _, m, w in trace)])
        if periods := _repeats(np.array(rows[n // 2 :])):
            trace = rule.period(gradients * periods, kept, n * P + 1)
            return _cycle(rule, trace, periods, float(n * P))
        n *= 2
    raise RuntimeError(
        f"the moments of {learner!r} do not repeat within {n // 2 * P} rounds: "
        f"they have no limit cycle, or reach it later than rounds={rounds}"
    )


def _repeats(rows: Array) -> int:
    """The least L <= n/2 with rows[i] = rows[i + L] for all i, to 1e-10 of the largest in a column; 0 if none."""
    n, close = len(rows), 1e-10 * np.abs(rows).max(axis=0)
    for L in range(1, n // 2 + 1):
        if (np.abs(rows[-1] - rows[-1 - L]) <= close).all():
            repeated = np.tile(rows[n - L :], (-(-n // L), 1))[-n:]
            if (np.abs(rows - repeated) <= close).all():
                return L
    return 0

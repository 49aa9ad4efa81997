"""Certificates against comparators that change: bounds on the regret along a path, and on that of every interval.

They read as those of :func:`regretlab.certify`: a bound at each checkpoint, or for each length, beside the regret.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab.certificates.certificate import Bound, Certificate, Theorem, formula_of
from regretlab.certificates.certifying import refuse_violated, rounding_of
from regretlab.certificates.quantities import Hypothesis
from regretlab.engine.replay import replay
from regretlab.engine.trajectory import Trajectory, check_played
from regretlab.learners.changing_environments import Ader, FixedShare, Restarts, StronglyAdaptive
from regretlab.learners.gradient_descent import OGD
from regretlab.regret.measures import against_path, interval_regret, regret_frame
from regretlab.schedules import Constant, InverseSqrt
from regretlab.sets import Simplex

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["certify_intervals", "certify_path"]

_BLOCK = 4096  # rounds

Path = ArrayLike | Callable[[Rounds], ArrayLike]


@dataclass(frozen=True)
class _Changing:
    """A game against a comparator that changes, in the notation of the theorems.

    Attributes
    ----------
    game : Trajectory
    t : int array (h,)
        The checkpoints, or for intervals their lengths.
    P : array (h,)
        sum_{2<=s<=t} ||u_s - u_{s-1}||_2.
    path : array (T, d), or function of an array of rounds
        u_1, u_2, ...
    """

    game: Trajectory
    t: Rounds
    P: Array
    path: Any = None

    @property
    def learner(self) -> Any:
        """The game's learner."""
        return self.game.learner

    @property
    def D_2(self) -> float:
        """The Euclidean diameter of F."""
        return float(self.game.feasible_set.diameter(2))

    @cached_property
    def sums(self) -> tuple[Array, Array, float]:
        """sum_{s<=t} r_s (h,), sum_{s<=t} r_s^2 (h,) and max_t ||g_t||_2, where r_s = max_{x, y in F} <g_s, x - y>."""
        F, at = self.game.feasible_set, self.t
        found, longest, done, total = [], 0.0, 0, np.zeros(2)
        for played in replay(self.game):
            g = np.diff(played.gradient, axis=0) + np.diff(played.gradient_error, axis=0)
            r = ((F.minimize_linear(-g) - F.minimize_linear(g)) * g).sum(axis=1)
            both = total + np.cumsum(np.stack([r, r * r], axis=1), axis=0)
            here = at[(at > done) & (at <= done + len(r))]
            found.append(both[here - done - 1])
            longest = max(longest, float(np.linalg.norm(g, axis=1).max()))
            total, done = both[-1], done + len(r)
        widths, squares = np.concatenate(found).T
        return widths, squares, longest

    def rounds_where(self, holds: Callable[[Rounds, Array], Array]) -> int | None:
        """The first round of the path for which ``holds`` of rounds (n,) and points (n, d) is False, else None."""
        d, T = self.game.point.size, self.game.horizon
        for start in range(1, T + 1, _BLOCK):
            t = np.arange(start, min(start + _BLOCK, T + 1))
            u = np.asarray(self.path(t) if callable(self.path) else np.asarray(self.path)[t - 1], dtype=np.float64)
            fine = holds(t, u.reshape(len(t), d))
            if not fine.all():
                return int(t[int(np.argmin(fine))])
        return None


def _bounded(q: _Changing) -> Hypothesis:
    return Hypothesis("F bounded", math.isfinite(q.D_2), f"D_2 = {q.D_2:.6g}")


def _ogd(learner: Any) -> Hypothesis:
    """The learner inside is OGD with alpha / sqrt(t)."""
    inner = learner.learner
    holds = unchanged(inner, OGD) and unchanged(inner.schedules["alpha"], InverseSqrt)
    return Hypothesis("its learner is OGD with alpha / sqrt(t)", holds, repr(inner))


def _c(q: _Changing, G: float) -> float:
    """c with R_T <= c sqrt(T) for OGD with alpha / sqrt(t): D_2^2/(2 alpha) + alpha G_2^2; inf for other learners."""
    inner = q.learner.learner
    if not isinstance(inner, OGD):
        return math.inf
    a = float(inner.schedules["alpha"].scale)
    return q.D_2**2 / (2.0 * a) + a * G**2


def fixed_share(q: _Changing) -> Bound:
    """R_T(u_1..u_T) <= (mass/alpha) [ln d + m ln(d/share) + (T-1-m) ln(1/(1-share))] + alpha/(8 mass) sum_t r_t^2.

    m is the number of switches of a path of vertices, and r_t = mass (max_i g_{t,i} - min_i g_{t,i}).
    """
    learner = q.learner
    F: Any = q.game.feasible_set
    d, mass = q.game.point.size, float(F.mass)
    alpha, share = (learner.schedules[name] for name in ("alpha", "share"))
    m: Array = np.rint(q.P / (mass * math.sqrt(2.0)))
    a, s = float(alpha.scale), float(share.scale)
    with np.errstate(all="ignore"):
        switches = m * np.log(d / s) if s > 0.0 else np.where(m > 0.0, np.inf, 0.0)
    terms: dict[str, Array] = {
        "ln d": np.full(q.t.size, mass / a * math.log(d)),
        "switches": mass / a * switches,
        "share": mass / a * (q.t - 1.0 - m) * -float(np.log1p(-s)),
        "alpha sum_t r_t^2": a / (8.0 * mass) * q.sums[1],
    }
    first = q.game.record.point[0]
    constant = unchanged(alpha, Constant) and unchanged(share, Constant)
    bad = q.rounds_where(lambda t, u: u.max(axis=1) >= mass * (1.0 - 1e-12))
    return Bound(
        terms,
        [
            Hypothesis("F a simplex", unchanged(F, Simplex), repr(F)),
            Hypothesis("x_1 uniform", bool(np.allclose(first, mass / d, rtol=1e-12)), f"x_1 = {first}"),
            Hypothesis("alpha_t = alpha, share_t = share", constant, f"{alpha!r}, {share!r}"),
            Hypothesis("u_t vertices", bad is None, f"{int(m[-1])} switches", bad),
        ],
    )


def ader(q: _Changing) -> Bound:
    """R_T(u_1..u_T) <= (3 G/4) sqrt(2 T (7 D_2^2 + 4 D_2 P_T)) + (G D_2 sqrt(2 T)/4) (1 + 2 ln(k + 1)).

    P_T = sum_t ||u_t - u_{t-1}||_2, k = floor(log2(1 + 4 P_T/(7 D_2))/2) + 1, and T is the learner's horizon.  The same
    bound with P_t holds after t < T rounds.
    """
    learner = q.learner
    G, T, D = learner.G, learner.horizon, q.D_2
    k = np.floor(np.log2(1.0 + 4.0 * q.P / (7.0 * D)) / 2.0) + 1.0 if D > 0.0 else np.ones(q.t.size)
    terms = {
        "descents": 0.75 * G * np.sqrt(2.0 * T * (7.0 * D**2 + 4.0 * D * q.P)),
        "weights": G * D * math.sqrt(2.0 * T) / 4.0 * (1.0 + 2.0 * np.log(k + 1.0)),
    }
    seen = q.sums[2]
    gradients = Hypothesis("||g_t||_2 <= G", seen <= G * (1.0 + 1e-12), f"max ||g_t||_2 = {seen:.6g}, G = {G:g}")
    return Bound(terms, [_bounded(q), gradients])


def restarts(q: _Changing) -> Bound:
    """R_T(u_1..u_T) <= c (floor(T/every) sqrt(every) + sqrt(T mod every)), c = D_2^2/(2 alpha) + alpha G_2^2,
    for a path that changes only where the learner restarts.

    The learner is OGD with alpha/sqrt(t), which has R_n <= c sqrt(n) from any start.
    """
    learner = q.learner
    every, c = learner.every, _c(q, q.sums[2])
    full, rest = np.divmod(q.t, every)
    terms = {"phases": c * (full * math.sqrt(every) + np.sqrt(rest))}
    last: list[Array] = []

    def stays(t: Rounds, u: Array) -> Array:
        before = np.vstack([last[-1][None] if last else u[:1], u[:-1]])
        last[:] = [u[-1]]
        fine: Array = np.logical_or((before == u).all(axis=1), t % every == 1 % every)
        return fine

    bad = q.rounds_where(stays)
    changes = Hypothesis("u_t changes at restarts", bad is None, f"every {every} rounds", bad)
    return Bound(terms, [_bounded(q), _ogd(learner), changes])


def strongly_adaptive(q: _Changing) -> Bound:
    """On every interval of n rounds up to T: regret <= (4 c/(sqrt 2 - 1)) sqrt(n) + 40 G D_2 ln(T + 1) sqrt(n),
    c = D_2^2/(2 alpha) + alpha G^2.

    The learner is OGD with alpha/sqrt(t), which has R_n <= c sqrt(n) from any start.
    """
    learner = q.learner
    G, root = learner.G, np.sqrt(q.t)
    terms = {
        "the learner": 4.0 * _c(q, G) / (math.sqrt(2.0) - 1.0) * root,
        "weights": 40.0 * G * q.D_2 * math.log(q.game.horizon + 1.0) * root,
    }
    return Bound(terms, [_bounded(q), _ogd(learner)])


def _stated(source: str, cls: type, function: Any) -> Theorem:
    return Theorem(function.__name__, source, formula_of(function), (cls,), function, true=True)


_PATH = (
    _stated("Herbster, Warmuth (1998); Cesa-Bianchi, Lugosi (2006), Section 5.2", FixedShare, fixed_share),
    _stated("Zhang, Lu, Zhou (2018), arXiv:1810.10815, Theorem 4, with the range G D_2", Ader, ader),
    _stated("Besbes, Gur, Zeevi (2015), and Zinkevich (2003) in each phase", Restarts, restarts),
)
_INTERVALS = (_stated("Daniely, Gonen, Shalev-Shwartz (2015), Theorem 1", StronglyAdaptive, strongly_adaptive),)


def certify_path(game: Trajectory, path: Path) -> Certificate:
    """An upper bound on the regret along a path: sum_{s<=t} [f_s(x_s) - f_s(u_s)] <= bound_t at every checkpoint t.

    Parameters
    ----------
    game : Game
        Of FixedShare, Ader or Restarts.
    path : array (T, d), or function of an array of rounds (n,) that returns (n, d)
        u_1, u_2, ... in F; for d = 1 also (T,) or (n,).

    Returns
    -------
    Certificate
        The bound, its terms and the dynamic regret by round, and the hypotheses, each checked on the game.

    Raises
    ------
    TypeError
        When no theorem is stated for the learner; as for :meth:`regretlab.Game.dynamic_regret`.
    ValueError
        When the game has no rounds; as for :meth:`regretlab.Game.dynamic_regret`.
    CertificateViolated
        A ValueError: when the regret is above a bound whose hypotheses hold.

    Examples
    --------
    >>> import numpy as np
    >>> import regretlab as rl
    >>> game = rl.play(rl.learners.Ader(300, G=3.0), rl.losses.Mod3(C=3.0), rl.sets.Box(-1.0, 1.0), 300)
    >>> found = rl.certificates.certify_path(game, np.full(300, -1.0))
    >>> found.certified, round(found.total, 1)
    (True, 379.3)
    """
    theorem = _the_one(game, _PATH)
    regret = regret_frame(against_path(game, path))
    q = _Changing(game, regret.index.to_numpy(), regret["path_length"].to_numpy(), path)
    return _certificate(q, theorem, regret, float(q.sums[0][-1]))


def certify_intervals(game: Trajectory, lengths: ArrayLike | None = None, stride: int | None = None) -> Certificate:
    """An upper bound, for each length n, on the regret of every interval of n rounds.

    Parameters
    ----------
    game : Game
        Of StronglyAdaptive.
    lengths, stride : optional
        As for :meth:`regretlab.Game.interval_regret`, with which the bound is compared.

    Returns
    -------
    Certificate
        By length: the bound, its terms and the largest regret found; and the hypotheses, each checked on the game.

    Raises
    ------
    TypeError, ValueError, CertificateViolated
        As for :func:`certify_path` and :meth:`regretlab.Game.interval_regret`.
    """
    theorem = _the_one(game, _INTERVALS)
    table = interval_regret(game, lengths, stride).sort_index()
    n = table.index.to_numpy()
    q = _Changing(game, n, np.zeros(n.size))
    return _certificate(q, theorem, table, game.learner.G * q.D_2 * float(n[-1]))  # type: ignore[attr-defined]


def _the_one(game: Trajectory, theorems: tuple[Theorem, ...]) -> Theorem:
    """The theorem that is stated for the game's learner; ``TypeError`` if there is none."""
    check_played(game)
    for each in theorems:
        if each.fits(game.learner):
            return each
    names = ", ".join(cls.__name__ for each in theorems for cls in each.learners)
    raise TypeError(f"there is no such theorem about {game.learner!r}; there are theorems about {names}")


def _certificate(q: _Changing, theorem: Theorem, table: pd.DataFrame, trivial_bound: float) -> Certificate:
    """The certificate of a theorem beside a table with the columns loss, comparator_loss and regret, perhaps gap."""
    import pandas as pd

    terms, hypotheses = theorem.evaluate(q)  # type: ignore[arg-type]
    curve = pd.DataFrame({**terms, "bound": sum(terms.values())}, index=table.index)
    curve["regret"] = table["regret"]
    curve["gap"] = table.get("gap", 0.0)
    curve["slack"] = curve["bound"] - curve["regret"]
    found = Certificate(theorem, curve, tuple(hypotheses), trivial_bound, rounding_of(table))
    refuse_violated(q.game, found)
    return found

"""Learners that divide by a second moment of past gradients only, without g_t.

Adam fails since v_t contains a rare large g_t and scales it down; v_{t-1} does not contain it.
The second moment starts at 0, and a coordinate whose denominator is 0 does
not move (0/0 := 0, and here also m/0 := 0, ``rests_at_zero``): the first gradient only sets the scale.
The projection is in the metric W_t of the step, e.g. sqrt v_{t-1}; in ADOPT it is Euclidean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import Any, ClassVar

from regretlab.kernels import traced
from regretlab.learners.base import Algorithm1
from regretlab.learners.declarations import read_rule
from regretlab.learners.hyperparameters import POSITIVE, Hyperparameter

__all__ = ["ADOPT", "ACProp", "AdaShift", "ClippedADOPT", "DelayedAdam"]


@dataclass(frozen=True)
class DelayedAdam(Algorithm1):
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t,   v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,
    x_{t+1} = Pi_F^{sqrt v_{t-1}}(x_t - alpha_t m_t / sqrt v_{t-1}),   alpha_t = alpha / sqrt(t).

    Savarese, McAllester, Babu, Maire (2019), arXiv:1912.01823, without eps.

    Claim: the nonconvex rate of SGD.
    Counterexample: with momentum it fails on the losses of Figure 1 of Reddi et al. (2018), as Adam does.
    The delay alone does not help; :class:`ADOPT` also divides before it averages.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99

    rests_at_zero: ClassVar = True

    @staticmethod
    def rule(g: float, m: float, v: float, beta1: float, beta2: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        return (m, traced(beta2 * v + (1.0 - beta2) * g * g, g)), m, sqrt(v)


@dataclass(frozen=True)
class ACProp(Algorithm1):
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t,   s_t = beta2 s_{t-1} + (1 - beta2) (g_t - m_t)^2,
    x_{t+1} = Pi_F^{sqrt s_{t-1}}(x_t - alpha_t g_t / sqrt s_{t-1}),   alpha_t = alpha / sqrt(t).

    Zhuang, Ding, Tang, Dvornek, Tatikonda, Duncan (2021), arXiv:2110.05454.  The numerator is
    g_t, not m_t.  For beta1 = 0, s_t is 0 and the learner does not move.

    Claim: it converges for all beta1, beta2 on f_t = P x if t mod P = 1, else -x; O(1/sqrt T) for
    nonconvex problems.
    Counterexample: on f_t = C x if t mod 3 = 1, else -x with some C < 2, where the optimum is +1,
    it goes to -1; e.g. beta1 = 0.5, beta2 = 0.5 and C > 1.4818.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99

    rests_at_zero: ClassVar = True

    @staticmethod
    def rule(g: float, m: float, s: float, beta1: float, beta2: float) -> Any:
        m = beta1 * m + (1.0 - beta1) * g
        return (m, traced(beta2 * s + (1.0 - beta2) * (g - m) * (g - m), g - m)), g, sqrt(s)


@dataclass(frozen=True)
class ADOPT(Algorithm1):
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t / sqrt v_{t-1},   v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,
    x_{t+1} = Pi_F(x_t - alpha_t m_t),   alpha_t = alpha / sqrt(t).

    Taniguchi, Harada, Minegishi, Oshima, Jeong, Nagahara, Iiyama, Suzuki, Iwasawa, Matsuo
    (2024), arXiv:2411.02853, without eps and without the clipping in the authors' code.
    The first nonzero g_t of a coordinate sets v_t = g_t^2, and the coordinate does not move in that round.
    The division comes before the average, so the step is alpha_t m_t and the projection is Euclidean.

    Claim: O(1/sqrt T) for smooth nonconvex problems and any beta2.
    Counterexample: on f_t = C x if t mod 3 = 1, else -x with C in (C_lo(beta2), 2), where the
    optimum is +1, it goes to -1 for every beta1; C_lo(0) is the golden ratio, C_lo(1/2) = 1.6921.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99

    @staticmethod
    def rule(g: float, m: float, v: float, beta1: float, beta2: float) -> Any:
        if v == 0.0:
            return (m, traced(g * g, g)), 0.0, 1.0
        m = beta1 * m + (1.0 - beta1) * g / sqrt(v)
        return (m, beta2 * v + (1.0 - beta2) * g * g), m, 1.0


@dataclass(frozen=True)
class ClippedADOPT(Algorithm1):
    """m_t = beta1 m_{t-1} + (1 - beta1) clip(g_t / max(sqrt v_{t-1}, eps), (t - 1)^{1/4}),
    v_t = beta2 v_{t-1} + (1 - beta2) g_t^2,   v_1 = g_1^2,   m_1 = 0,   clip(a, c) = min(max(a, -c), c),
    x_{t+1} = Pi_F(x_t - alpha_t m_t),   alpha_t = alpha / sqrt(t).

    The revised form of :class:`ADOPT`, Taniguchi et al. (2024), arXiv:2411.02853, and of the authors' code.  Without
    the clip, which grows, its first steps are as large as g_2 / |g_1|.

    Claim: O(1/sqrt T) for smooth nonconvex problems and any beta2.
    Counterexample: those of :class:`ADOPT`, since after finitely many rounds of a periodic sequence nothing is clipped.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.9999
    eps: Hyperparameter = 1e-6

    ranges: ClassVar = Algorithm1.ranges | {"eps": POSITIVE}

    @staticmethod
    def rule(g: float, m: float, v: float, beta1: float, beta2: float, eps: float, t: int) -> Any:
        if t == 1:
            return (m, g * g), 0.0, 1.0
        c = sqrt(sqrt(t - 1.0))
        m = beta1 * m + (1.0 - beta1) * min(max(g / max(sqrt(v), eps), -c), c)
        return (m, beta2 * v + (1.0 - beta2) * g * g), m, 1.0


@dataclass(frozen=True)
class AdaShift(Algorithm1):
    """m_t = sum_{i<n} beta1^i g_{t-i} / sum_{i<n} beta1^i,   v_t = beta2 v_{t-1} + (1 - beta2) g_{t-n}^2,
    x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t),   W_t = sqrt(v_t / (1 - beta2^{t-n})),
    alpha_t = alpha / sqrt(t).

    Zhou, Zhang, Lu, Wang, Zhang, Yu (2018), arXiv:1810.00143, with single coordinates as blocks: the
    paper's phi, a maximum over a block of coordinates, is the identity.  The bias correction is the
    paper's, and nothing moves in the first n rounds.  The last n gradients are moments, so each n has
    a rule of its own.

    Claim: v_t is uncorrelated with g_t, so on independent losses the expected step has the right direction.
    Counterexample: as for :class:`ADOPT`; for n = 1 both have the same total step per period.

    Raises
    ------
    ValueError
        When n is not a whole number from 1 on.
    """

    alpha: Hyperparameter = 0.1
    beta1: Hyperparameter = 0.9
    beta2: Hyperparameter = 0.99
    n: int = 10

    rests_at_zero: ClassVar = True

    def __post_init__(self) -> None:
        if isinstance(self.n, bool) or not isinstance(self.n, int) or self.n < 1:
            raise ValueError(f"n={self.n!r} must be a whole number from 1 on")
        super().__post_init__()

    def signature(self) -> tuple[Callable[..., Any], tuple[str, ...]]:
        """The rule for n, with the moments g1 = g_{t-1}, ..., gn = g_{t-n}, and the names of its arguments."""
        return _shifted(read_rule(type(self))[0], self.n)

    def given(self) -> dict[str, object]:
        """The hyperparameters by name, as they were given."""
        return {name: value for name, value in super().given().items() if name != "n"}

    @staticmethod
    def rule(g: float, v: float, c: float, window: Any, beta1: float, beta2: float, t: int) -> Any:
        """((v_t, c_t), m_t, W_t) for any n, from window = (g_{t-1}, ..., g_{t-n}); the caller shifts the window."""
        n = len(window)
        m, total, weight = g, 1.0, 1.0
        for i in range(n - 1):
            weight *= beta1
            m += weight * window[i]
            total += weight
        v = traced(beta2 * v + (1.0 - beta2) * window[n - 1] * window[n - 1], window[n - 1])
        if t > n:
            c = beta2 * c + (1.0 - beta2)  # 1 - beta2^(t-n)
        return (v, c), m / total, sqrt(v / c) if c > 0.0 else 0.0


@cache
def _shifted(general: Callable[..., Any], n: int) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """AdaShift's rule ``general`` with one argument for each of the n gradients, and the names of its arguments.

    The rule is written as text, since a compiled loop fills the arguments by name.
    """
    window = tuple(f"g{i}" for i in range(1, n + 1))
    names = ("g", "v", "c", *window, "beta1", "beta2", "t")
    source = (
        f"def rule({', '.join(names)}):\n"
        f"    (v, c), m, w = general(g, v, c, ({', '.join(window)},), beta1, beta2, t)\n"
        f"    return (v, c, {', '.join(('g', *window[:-1]))}), m, w"
    )
    functions: dict[str, Any] = {"general": general}
    exec(source, functions)
    return functions["rule"], names

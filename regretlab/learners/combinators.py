"""Learners made from another learner: bias correction, eps outside or inside the root, two kinds of weight decay."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from math import sqrt
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from regretlab._utils.types import ArrayLike
from regretlab.learners.base import Algorithm1, Learner
from regretlab.learners.hyperparameters import NONNEGATIVE, Hyperparameter, as_schedules
from regretlab.learners.state import State
from regretlab.schedules import Schedule
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    from regretlab.losses.base import Losses

__all__ = [
    "BiasCorrected",
    "Combinator",
    "DecoupledWeightDecay",
    "EpsilonInsideRoot",
    "L2Penalty",
    "WithEpsilon",
    "Wrapper",
]

Rule = Callable[..., Any]


@dataclass(frozen=True)
class Combinator(Algorithm1):
    """(moments, m_t, W_t) -> (moments', m'_t, W'_t): changes what another learner's rule returns.

    A combinator is a frozen dataclass with a field ``learner`` and one static method
    ``rule``, in scalar arithmetic.  Its first three arguments are what the learner's rule has returned:
    the moments, m_t and W_t.  The names of the others say what they are, as for any learner: g, t, fields of
    the combinator, hyperparameters of the learner, and moments of the combinator, which the rule appends to
    the moments it returns.  Both rules are compiled into one loop.

    The combinator takes alpha, and the meaning of a number alpha, from the learner.

    Raises
    ------
    TypeError
        When ``learner`` is not in the form of Algorithm 1, or its rule has an argument with the name of one of the
        combinator's fields.
    """

    alpha: Hyperparameter = field(init=False, repr=False, compare=False)
    learner: Algorithm1

    def __post_init__(self) -> None:
        if not isinstance(self.learner, Algorithm1):
            raise TypeError(f"learner={self.learner!r} is not in the form of Algorithm 1")
        own = {each.name for each in dataclasses.fields(self)} - {"alpha", "learner"}
        if taken := own & set(self.learner.signature()[1]):
            raise TypeError(f"learner={self.learner!r} has {', '.join(sorted(taken))} already")
        self._take_from_learner()
        super().__post_init__()

    def _take_from_learner(self) -> None:
        object.__setattr__(self, "alpha", self.learner.alpha)
        object.__setattr__(self, "stepsize", self.learner.stepsize)
        object.__setattr__(self, "ranges", self.learner.ranges | type(self).ranges)

    def __setstate__(self, fields: Mapping[str, Any]) -> None:
        self.__dict__.update(fields)
        self._take_from_learner()

    def check(self, losses: Losses) -> None:
        self.learner.check(losses)

    def signature(self) -> tuple[Rule, tuple[str, ...]]:
        """The combinator's rule after the learner's, as one function, and the names of its arguments."""
        return _compose(type(self).rule, *self.learner.signature())

    def given(self) -> dict[str, object]:
        """The hyperparameters by name, the learner's first, as they were given."""
        return self.learner.given() | {name: value for name, value in super().given().items() if name != "learner"}

    @cached_property
    def schedules(self) -> dict[str, Schedule]:
        """The hyperparameters that the method uses, as schedules; alpha is first."""
        own = {name: value for name, value in super().given().items() if name not in ("alpha", "learner")}
        return self.learner.schedules | as_schedules(own, self.ranges, self.stepsize)


@cache
def _compose(outer: Rule, inner: Rule, names: tuple[str, ...]) -> tuple[Rule, tuple[str, ...]]:
    """The rule outer(*inner(...), ...) and the names of its arguments, for an inner rule with arguments ``names``.

    Written as text, since a compiled loop fills the arguments by name.
    """
    more = list(inspect.signature(outer).parameters)[3:]
    together = (*names, *(name for name in more if name not in names))
    source = f"def rule({', '.join(together)}):\n    return outer(*inner({', '.join(names)}), {', '.join(more)})"
    functions: dict[str, Any] = {"outer": outer, "inner": inner}
    exec(source, functions)
    return functions["rule"], together


@dataclass(frozen=True)
class WithEpsilon(Combinator):
    """W'_t = W_t + eps: eps outside the root, as in the frameworks: x_t - alpha_t m_t / (sqrt v_t + eps).

    eps has the units of a gradient.  Theorem 6 of Reddi, Kale, Kumar (2018) is about eps
    inside the root.  Its argument holds here too: multiply the theorem's losses by a large number, and eps is
    negligible.
    """

    eps: Hyperparameter = 1e-8

    ranges: ClassVar = Algorithm1.ranges | {"eps": NONNEGATIVE}

    @staticmethod
    def rule(moments: Any, m: float, w: float, eps: float) -> Any:
        return moments, m, w + eps


@dataclass(frozen=True)
class EpsilonInsideRoot(Combinator):
    """W'_t = sqrt(W_t^2 + eps): eps inside the root, x_t - alpha_t m_t / sqrt(v_t + eps).

    Equation (3) of Reddi, Kale, Kumar (2018); eps has the units of a squared gradient.
    Counterexample: for every eps there are losses on which R_T/T of Adam with this eps does not tend
    to 0 (Theorem 6).
    """

    eps: Hyperparameter = 1e-8

    ranges: ClassVar = Algorithm1.ranges | {"eps": NONNEGATIVE}

    @staticmethod
    def rule(moments: Any, m: float, w: float, eps: float) -> Any:
        return moments, m, sqrt(w * w + eps)


@dataclass(frozen=True)
class BiasCorrected(Combinator):
    """m'_t = m_t / (1 - beta1^t),   W'_t = W_t / sqrt(1 - beta2^t): bias correction.

    Kingma, Ba (2015), arXiv:1412.6980: the correction makes up for moving averages that start at zero.  The
    code divides by the total weights of the averages, c_t = beta_t c_{t-1} + (1 - beta_t), c_0 = 0, which are
    1 - beta^t for a constant beta and right for any other.  The correction of W_t is meant for W_t = sqrt v_t.
    For AMSGrad and other learners with a maximum it corrects the maximum of the uncorrected v_t, as PyTorch
    does: the rate 1 / W'_t may then grow, but alpha_t / W'_t with alpha_t = alpha / sqrt(t) does not.

    Raises
    ------
    TypeError
        For a learner without beta1 or without beta2.
    """

    def __post_init__(self) -> None:
        if isinstance(self.learner, Algorithm1) and (missing := {"beta1", "beta2"} - set(self.learner.schedules)):
            raise TypeError(f"learner={self.learner!r} has no {' and no '.join(sorted(missing))}")
        super().__post_init__()

    @staticmethod
    def rule(moments: Any, m: float, w: float, c1: float, c2: float, beta1: float, beta2: float) -> Any:
        c1 = beta1 * c1 + (1.0 - beta1)
        c2 = beta2 * c2 + (1.0 - beta2)
        return (*moments, c1, c2), m / c1, w / sqrt(c2)


# -- learners whose update depends on x_t, which a rule does not see ---------------------------


@dataclass(frozen=True)
class Wrapper(Learner):
    """Another learner, ``learner``, with the same start and a changed update.

    The wrapper takes alpha, and the meaning of a number alpha, from the learner.
    """

    learner: Learner

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.learner, Learner):
            object.__setattr__(self, "stepsize", self.learner.stepsize)

    def check(self, losses: Losses) -> None:
        self.learner.check(losses)

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        return self.learner.start(feasible_set, point)


@dataclass(frozen=True)
class L2Penalty(Wrapper):
    """The learner on f_t(x) + (decay/2) ||x||^2: it sees the gradient g_t + decay x_t.

    Frameworks call this the ``weight_decay`` of SGD or Adam.  The penalty's gradient enters the
    moments too, unlike in :class:`DecoupledWeightDecay`; with a plain :class:`OGD` both give
    the same points.  A game's regret is that of the losses alone.  alpha is the learner's.
    """

    learner: Learner
    decay: float = 1e-2

    def __post_init__(self) -> None:
        _check_decay(self.decay)
        _check_learner(self.learner, Learner)
        super().__post_init__()

    def update(self, state: State, gradient: ArrayLike) -> State:
        return self.learner.update(state, np.asarray(gradient, dtype=np.float64) + self.decay * state.point)


@dataclass(frozen=True)
class DecoupledWeightDecay(Wrapper):
    """x_{t+1} = Pi_F^{W_t}((1 - alpha_t decay) x_t - alpha_t m_t / W_t).

    Loshchilov, Hutter (2019), arXiv:1711.05101, whose AdamW is this with a bias-corrected
    Adam.  The decay enters neither m_t nor W_t.  A game's regret is that of the losses alone.
    alpha is the learner's.
    """

    learner: Algorithm1
    decay: float = 1e-2

    def __post_init__(self) -> None:
        _check_decay(self.decay)
        _check_learner(self.learner, Algorithm1)
        super().__post_init__()

    def update(self, state: State, gradient: ArrayLike) -> State:
        alpha = float(self.learner.schedules["alpha"](state.t + 1))
        shrunk = (1.0 - alpha * self.decay) * state.point
        return self.learner.update(dataclasses.replace(state, point=shrunk), gradient)


def _check_decay(decay: object) -> None:
    if isinstance(decay, bool) or not isinstance(decay, Real):
        raise TypeError(f"decay={decay!r} must be a number")
    if not 0.0 <= float(decay) < np.inf:
        raise ValueError(f"decay={decay!r} must be 0 or positive")


def _check_learner(learner: object, kind: Any) -> None:
    if not isinstance(learner, kind):
        raise TypeError(f"learner={learner!r} must be a learner of the class {kind.__name__}")

"""Learners made from another learner: bias correction, eps outside or inside the root, two kinds of weight decay."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from math import sqrt
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from regretlab._utils.extending import overrides
from regretlab._utils.types import Array, ArrayLike
from regretlab.kernels import scaled_step
from regretlab.learners.base import Algorithm1, Learner, refuse_own_methods
from regretlab.learners.declarations import check_fields, read_rule
from regretlab.learners.hyperparameters import NONNEGATIVE, Hyperparameter, as_schedules
from regretlab.learners.state import State, checked_gradient
from regretlab.schedules import Schedule
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    from regretlab.losses.base import Losses

__all__ = [
    "BiasCorrected",
    "Combinator",
    "DecoupledWeightDecay",
    "EpsilonInsideRoot",
    "FirstMomentCorrected",
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
        refuse_own_methods(self.learner, type(self).__name__)
        own = {each.name for each in dataclasses.fields(self) if each.init} - {"learner"}
        own |= set(self._more()) - {"g", "t", *self.learner.given()}
        if taken := own & set(self.learner.signature()[1]):
            raise TypeError(f"learner={self.learner!r} has {', '.join(sorted(taken))} already")
        self._take_from_learner()
        super().__post_init__()
        _refuse_stepsize(type(self), Combinator)

    def _take_from_learner(self) -> None:
        object.__setattr__(self, "alpha", self.learner.alpha)
        object.__setattr__(self, "stepsize", self.learner.stepsize)
        object.__setattr__(self, "rests_at_zero", self.learner.rests_at_zero or type(self).rests_at_zero)
        object.__setattr__(self, "ranges", self.learner.ranges | type(self).ranges)

    def __setstate__(self, fields: Mapping[str, Any]) -> None:
        self.__dict__.update(fields)
        self._take_from_learner()

    def check(self, losses: Losses) -> None:
        self.learner.check(losses)

    @classmethod
    def _check_declared(cls) -> None:
        check_fields(cls, read_rule(cls)[1], Combinator, ("alpha", "learner"))
        for name in overrides(cls, Combinator, "start", "update"):
            raise TypeError(f"{cls.__name__} defines {name}, but a combinator changes the rule alone")

    def _divide(self) -> Callable[[float, float], float]:
        own, inner = super()._divide(), self.learner._divide()
        return own if inner is scaled_step else inner

    def _more(self) -> tuple[str, ...]:
        """The arguments of the combinator's own rule after moments, m and w."""
        return read_rule(type(self))[1][3:]

    def signature(self) -> tuple[Rule, tuple[str, ...]]:
        """The combinator's rule after the learner's, as one function, and the names of its arguments."""
        return _compose(read_rule(type(self))[0], self._more(), *self.learner.signature())

    def given(self) -> dict[str, object]:
        """The hyperparameters by name, the learner's first, as they were given."""
        return self.learner.given() | {name: value for name, value in super().given().items() if name != "learner"}

    @cached_property
    def schedules(self) -> dict[str, Schedule]:
        """The hyperparameters that the method uses, as schedules; alpha is first."""
        own = {name: value for name, value in super().given().items() if name not in ("alpha", "learner")}
        return self.learner.schedules | as_schedules(own, self.ranges, self.stepsize)


@cache
def _compose(outer: Rule, more: tuple[str, ...], inner: Rule, names: tuple[str, ...]) -> tuple[Rule, tuple[str, ...]]:
    """The rule outer(*inner(...), ...) and the names of its arguments, for rules with these names of arguments.

    Written as text, since compiled functions take a fixed number of arguments; numbered, since names may be any.
    """
    together = (*names, *(name for name in more if name not in names))
    number = {name: f"a{i}" for i, name in enumerate(together)}
    first, then, every = (", ".join(number[name] for name in part) for part in (names, more, together))
    source = f"def rule({every}):\n    return outer(*inner({first}), {then})"
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
        For a learner without beta1 or without beta2, or for which the correction would be wrong: its m_t is no average
        with the weights of beta1, or its W_t does not scale like sqrt v_t.
    """

    def __post_init__(self) -> None:
        if isinstance(self.learner, Algorithm1) and (missing := {"beta1", "beta2"} - set(self.learner.schedules)):
            raise TypeError(f"learner={self.learner!r} has no {' and no '.join(sorted(missing))}")
        super().__post_init__()
        _check_averages(self.learner)

    @staticmethod
    def rule(moments: Any, m: float, w: float, c1: float, c2: float, beta1: float, beta2: float) -> Any:
        c1 = beta1 * c1 + (1.0 - beta1)
        c2 = beta2 * c2 + (1.0 - beta2)
        return (*moments, c1, c2), m / c1, w / sqrt(c2)


_SIZES = (1e-3, 1.0, 1e3)
"""First gradients with which a combinator looks at a learner."""


def _first_step(learner: Algorithm1) -> tuple[Array, Array]:
    """m_1 and W_1 for the first gradients ``_SIZES``, eps left out."""
    while type(learner) in (WithEpsilon, EpsilonInsideRoot):
        learner = learner.learner  # type: ignore[attr-defined]
    rule, names = learner.signature()
    at_one = {name: float(schedule(1)) for name, schedule in learner.schedules.items()}
    first = [rule(*[at_one.get(name, g if name == "g" else float(name == "t")) for name in names]) for g in _SIZES]
    return np.array([m for _, m, _ in first]), np.array([w for *_, w in first])


def _check_first_moment(learner: Algorithm1, m: Array) -> None:
    """``TypeError`` unless m_1 = (1 - beta_1) g_1."""
    if not np.allclose(m, (1.0 - float(learner.schedules["beta1"](1))) * np.array(_SIZES), 1e-9, 0.0):
        raise TypeError(f"learner={learner!r}: its m_t is no average with beta1 that starts at 0; nothing to correct")


def _check_averages(learner: Algorithm1) -> None:
    """``TypeError`` unless m_1 = (1 - beta_1) g_1, and W_1 is proportional to g_1 and positive, eps left out."""
    m, w = _first_step(learner)
    _check_first_moment(learner, m)
    if not np.allclose(w, w[1] * np.array(_SIZES), 1e-9, 0.0) or (m[1] < 1.0 and not w[1] > 0.0):
        raise TypeError(
            f"learner={learner!r}: its W_t is not sqrt v_t for an average v_t of g_1^2, ..., g_t^2, "
            f"which the correction is for: W_1 = {w.tolist()} for g_1 = {list(_SIZES)}"
        )


@dataclass(frozen=True)
class FirstMomentCorrected(Combinator):
    """m'_t = m_t / (1 - beta1^t),   W'_t = W_t: bias correction of the first moment only.

    The code divides by the total weight of the average, as :class:`BiasCorrected` does.

    Guarantee: that of the learner with the stepsize alpha_t / (1 - beta1^t), which does not increase if alpha_t
    does not.  For a constant beta1 it is at most alpha_t / (1 - beta1), and it tends to alpha_t.

    Raises
    ------
    TypeError
        For a learner without beta1, or whose m_t is not that average.
    """

    def __post_init__(self) -> None:
        if isinstance(self.learner, Algorithm1) and "beta1" not in self.learner.schedules:
            raise TypeError(f"learner={self.learner!r} has no beta1")
        super().__post_init__()
        _check_first_moment(self.learner, _first_step(self.learner)[0])

    @staticmethod
    def rule(moments: Any, m: float, w: float, c1: float, beta1: float) -> Any:
        c1 = beta1 * c1 + (1.0 - beta1)
        return (*moments, c1), m / c1, w


# -- learners whose update depends on x_t, which a rule does not see ---------------------------


@dataclass(frozen=True)
class Wrapper(Learner):
    """Another learner, ``learner``, with the same start and a changed update.

    The wrapper takes alpha, and the meaning of a number alpha, from the learner.
    """

    learner: Learner

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_stepsize(type(self), Wrapper)
        if isinstance(self.learner, Learner):
            object.__setattr__(self, "stepsize", self.learner.stepsize)

    @property
    def largest_gradient(self) -> float:
        return self.learner.largest_gradient

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
        return self.learner.update(state, checked_gradient(state, gradient) + self.decay * state.point)


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


def _refuse_stepsize(cls: type, base: type) -> None:
    """``TypeError`` for a class with its own ``stepsize``."""
    if overrides(cls, base, "stepsize"):
        raise TypeError(f"{cls.__name__} defines stepsize, which is taken from its learner")


def _check_decay(decay: object) -> None:
    if isinstance(decay, bool) or not isinstance(decay, Real):
        raise TypeError(f"decay={decay!r} must be a number")
    if not 0.0 <= float(decay) < np.inf:
        raise ValueError(f"decay={decay!r} must be 0 or positive")


def _check_learner(learner: object, kind: Any) -> None:
    if not isinstance(learner, kind):
        raise TypeError(f"learner={learner!r} must be a learner of the class {kind.__name__}")

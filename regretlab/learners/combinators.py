"""Learners made of another one: bias correction, eps in two places, and two kinds of weight decay."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from regretlab._utils.types import ArrayLike
from regretlab.learners.base import FINITE, Algorithm1, Hyperparameter, Learner, Range, State, as_schedule
from regretlab.schedules import Schedule
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    from regretlab.losses.base import Losses

__all__ = ["BiasCorrected", "Combinator", "DecoupledWeightDecay", "EpsilonInsideRoot", "L2Penalty", "WithEpsilon"]

NONNEGATIVE = Range("0 or positive", lambda a: a >= 0.0)


@dataclass(frozen=True)
class Combinator(Algorithm1):
    """(kept, m_t, W_t) -> (kept', m'_t, W'_t): Algorithm 1 with what another learner's rule returns, changed.

    A combinator is a frozen dataclass with a field ``learner`` and one static method
    ``rule``, in scalar arithmetic.  Its first arguments are ``kept``, ``m`` and ``w``, what the
    learner's rule has returned; the others are found by name, as for a learner: g, t,
    its own fields, the learner's hyperparameters, and numbers of its own to keep, which
    it adds to ``kept``.  It is compiled into the loops together with the learner's rule.

    Raises
    ------
    TypeError
        When ``learner`` is not a learner in the form of Algorithm 1, or its rule uses one of the
        combinator's names.
    """

    alpha: Hyperparameter = field(init=False, repr=False, compare=False)
    learner: Algorithm1

    def __post_init__(self) -> None:
        if not isinstance(self.learner, Algorithm1):
            raise TypeError(f"learner={self.learner!r} is not in the form of Algorithm 1")
        object.__setattr__(self, "alpha", self.learner.alpha)
        object.__setattr__(self, "ranges", self.learner.ranges | type(self).ranges)
        own = {each.name for each in dataclasses.fields(self)} - {"alpha", "learner"}
        if taken := own & set(self.learner.signature()[1]):
            raise TypeError(f"learner={self.learner!r} has {', '.join(sorted(taken))} already")
        super().__post_init__()

    def check(self, losses: Losses) -> None:
        self.learner.check(losses)

    def signature(self) -> tuple[Callable[..., Any], tuple[str, ...]]:
        """The composed rule and the names of its arguments."""
        return _compose(type(self).rule, *self.learner.signature())

    def given(self) -> dict[str, object]:
        """What was given for each hyperparameter, the learner's among them."""
        return self.learner.given() | {name: value for name, value in super().given().items() if name != "learner"}

    @cached_property
    def schedules(self) -> dict[str, Schedule]:
        """The hyperparameters that are used, alpha first, as schedules."""
        own = {name: value for name, value in super().given().items() if name not in ("alpha", "learner")}
        checked = {name: as_schedule(name, value, self.ranges.get(name, FINITE)) for name, value in own.items()}
        return self.learner.schedules | checked


@cache
def _compose(
    outer: Callable[..., Any], inner: Callable[..., Any], names: tuple[str, ...]
) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """The rule outer(*inner(...), ...), as the text of a function: compiled code must know its arguments."""
    more = list(inspect.signature(outer).parameters)[3:]
    together = (*names, *(name for name in more if name not in names))
    source = f"def rule({', '.join(together)}):\n    return outer(*inner({', '.join(names)}), {', '.join(more)})"
    functions: dict[str, Any] = {"outer": outer, "inner": inner}
    exec(source, functions)
    return functions["rule"], together


@dataclass(frozen=True)
class WithEpsilon(Combinator):
    """W'_t = W_t + eps: eps outside the root, as the frameworks have it, x_t - alpha_t m_t / (sqrt v_t + eps).

    eps has the units of a gradient.  Theorem 6 of Reddi, Kale, Kumar (2018) is about the form
    inside the root; here too a multiple of its losses makes eps negligible.
    """

    eps: Hyperparameter = 1e-8

    ranges: ClassVar = Algorithm1.ranges | {"eps": NONNEGATIVE}

    @staticmethod
    def rule(kept: Any, m: float, w: float, eps: float) -> Any:
        return kept, m, w + eps


@dataclass(frozen=True)
class EpsilonInsideRoot(Combinator):
    """W'_t = sqrt(W_t^2 + eps): eps inside the root, x_t - alpha_t m_t / sqrt(v_t + eps).

    Equation (3) of Reddi, Kale, Kumar (2018); eps has the units of a squared gradient.
    Counterexample: for every eps there are losses on which Adam with it has R_T/T not -> 0
    (Theorem 6).
    """

    eps: Hyperparameter = 1e-8

    ranges: ClassVar = Algorithm1.ranges | {"eps": NONNEGATIVE}

    @staticmethod
    def rule(kept: Any, m: float, w: float, eps: float) -> Any:
        return kept, m, sqrt(w * w + eps)


@dataclass(frozen=True)
class BiasCorrected(Combinator):
    """m'_t = m_t / (1 - beta1^t),   W'_t = W_t / sqrt(1 - beta2^t): bias correction.

    Kingma, Ba (2015), arXiv:1412.6980: of averages that start at zero.  The two factors
    are the sums c1_t and c2_t of the weights so far, c_t = beta c_{t-1} + (1 - beta), which is also
    what they have to be for a beta that depends on t.  Of AMSGrad, and other learners
    with a maximum, it corrects the maximum of the uncorrected v_t, as PyTorch does: the rate
    1 / W'_t may then grow; alpha_t / W'_t with alpha_t = alpha / sqrt(t) does not.

    Raises
    ------
    TypeError
        For a learner without beta1 and beta2.
    """

    def __post_init__(self) -> None:
        if isinstance(self.learner, Algorithm1) and (missing := {"beta1", "beta2"} - set(self.learner.schedules)):
            raise TypeError(f"learner={self.learner!r} has no {' and no '.join(sorted(missing))}")
        super().__post_init__()

    @staticmethod
    def rule(kept: Any, m: float, w: float, c1: float, c2: float, beta1: float, beta2: float) -> Any:
        c1 = beta1 * c1 + (1.0 - beta1)
        c2 = beta2 * c2 + (1.0 - beta2)
        return (*kept, c1, c2), m / c1, w / sqrt(c2)


# -- the point enters the step: played round by round ------------------------------------------


@dataclass(frozen=True)
class L2Penalty(Learner):
    """The learner on f_t(x) + (decay/2) ||x||^2: it sees g_t + decay x_t.

    What frameworks call ``weight_decay`` of SGD or Adam.  The penalty's gradient enters the
    moments too, unlike in :class:`DecoupledWeightDecay`; with a plain :class:`OGD` the two are
    the same.  A game's regret is that of the losses alone.
    """

    learner: Learner
    decay: float = 1e-2

    def __post_init__(self) -> None:
        _check_decay(self.decay)
        _check_learner(self.learner, Learner)

    def check(self, losses: Losses) -> None:
        self.learner.check(losses)

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        return self.learner.start(feasible_set, point)

    def update(self, state: State, gradient: ArrayLike) -> State:
        return self.learner.update(state, np.asarray(gradient, dtype=np.float64) + self.decay * state.point)


@dataclass(frozen=True)
class DecoupledWeightDecay(Learner):
    """x_{t+1} = Pi_F^{W_t}((1 - alpha_t decay) x_t - alpha_t m_t / W_t).

    Loshchilov, Hutter (2019), arXiv:1711.05101, whose AdamW is this with a bias-corrected
    Adam.  The decay enters neither m_t nor W_t.  A game's regret is that of the losses alone.
    """

    learner: Algorithm1
    decay: float = 1e-2

    def __post_init__(self) -> None:
        _check_decay(self.decay)
        _check_learner(self.learner, Algorithm1)

    def check(self, losses: Losses) -> None:
        self.learner.check(losses)

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        return self.learner.start(feasible_set, point)

    def update(self, state: State, gradient: ArrayLike) -> State:
        alpha = float(self.learner.schedules["alpha"](state.t + 1))
        shrunk = (1.0 - alpha * self.decay) * state.point
        return self.learner.update(dataclasses.replace(state, point=shrunk), gradient)


def _check_decay(decay: object) -> None:
    if not (isinstance(decay, int | float) and 0.0 <= decay < np.inf):
        raise ValueError(f"decay={decay!r} must be 0 or positive")


def _check_learner(learner: object, kind: Any) -> None:
    if not isinstance(learner, kind):
        raise TypeError(f"learner={learner!r} must be a learner of the class {kind.__name__}")

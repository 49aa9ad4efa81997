"""What every learner has: hyperparameters, a state that holds x_t, and an update (state, g_t) -> state."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self
from weakref import WeakKeyDictionary, WeakSet

import numpy as np

from regretlab._utils.extending import Extensible, not_overridable, overrides, shipped
from regretlab._utils.types import ArrayLike
from regretlab.kernels import checked_step, compose, resting_step, row_gradient, scaled_step
from regretlab.learners.binding import RuleBinding
from regretlab.learners.declarations import check_answer, check_fields, read_rule
from regretlab.learners.hyperparameters import BETA, POSITIVE, Hyperparameter, Range, as_schedules
from regretlab.learners.state import State, check_kept, check_step, checked_gradient, first_state
from regretlab.schedules import InverseSqrt, Schedule
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    from regretlab.losses.base import Losses

__all__ = ["Algorithm1", "Learner", "State", "refuse_own_methods"]

_CHECKED: WeakKeyDictionary[Callable[..., Any], set[tuple[str, ...]]] = WeakKeyDictionary()
"""For each rule that a test call has checked: the tuples of moment names it was checked with."""

_DECLARED: WeakSet[type] = WeakSet()
"""The classes of learners whose fields are checked."""

_COMPILE_FROM = 64
"""Dimension from which :meth:`Algorithm1.update` is compiled; the bits are the same either way."""


class Learner(Extensible, ABC):
    """An online learner: a frozen dataclass of hyperparameters with ``start`` and ``update``.

    A number a given as alpha means the schedule ``stepsize(a)``.  By default ``stepsize`` is
    :class:`~regretlab.schedules.InverseSqrt`, hence alpha_t = a / sqrt(t); a subclass may set another class.

    Raises
    ------
    TypeError
        When ``stepsize`` is not a class of schedules, or a field of the class decides nothing.
    """

    hooks: ClassVar[frozenset[str]] = frozenset(
        {"rule", "step", "start", "update", "check", "stepsize", "largest_gradient", "rests_at_zero"}
    )
    stepsize: ClassVar[type[Schedule]] = InverseSqrt

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:  # noqa: ARG004 - they are those of __init__
        learner = super().__new__(cls)
        if cls not in _DECLARED and dataclasses.is_dataclass(cls):
            cls._check_declared()
            _DECLARED.add(cls)
        return learner

    @classmethod
    def _check_declared(cls) -> None:
        check_fields(cls, (), Learner, ())

    def __post_init__(self) -> None:
        cls = type(self)
        if not (isinstance(cls.stepsize, type) and issubclass(cls.stepsize, Schedule)):
            raise TypeError(f"{cls.__name__}.stepsize={cls.stepsize!r} must be a class of schedules, e.g. Constant")

    @abstractmethod
    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        """The state before round 1, at x_1 = ``point`` (default: the point of F nearest to the origin)."""

    @abstractmethod
    def update(self, state: State, gradient: ArrayLike) -> State:
        """The state after a round with ``gradient`` at ``state.point``."""

    def check(self, losses: Losses) -> None:
        """Raise ``ValueError`` for losses that the learner is not made for; called before round 1."""

    @property
    def largest_gradient(self) -> float:
        """The largest |g_{t,i}| that the learner is made for; infinite unless a class overrides this."""
        return float("inf")

    def ledger_names(self) -> tuple[str, ...]:
        """The rows of the ledger that ``update`` maintains; none unless a class overrides this."""
        return ()

    @not_overridable("override ledger_names and update")
    def with_ledger(self, state: State) -> State:
        """A state before round 1 with a ledger of zeros added (:mod:`regretlab.learners.ledger`)."""
        return replace(state, ledger={name: np.zeros(state.point.size) for name in self.ledger_names()})


@dataclass(frozen=True)
class Algorithm1(Learner):
    """The generic adaptive method, Algorithm 1 of Reddi, Kale, Kumar (2018).

        m_t = phi_t(g_1..g_t),   V_t = psi_t(g_1..g_t),
        x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t),   W_t = V_t^{1/2},   0/0 := 0,

    coordinatewise, with Pi_F^W(y) = argmin_{x in F} sum_i W_i (x_i - y_i)^2.

    A learner is a frozen dataclass with one static method, ``rule``, in scalar
    arithmetic.  The names of its arguments say what they are: ``g`` is g_{t,i},
    ``t`` the round, a field of the class that hyperparameter's value at
    round t.  Any other name is a moment, a number kept between rounds, 0 at the start.
    The rule returns the new moments in the order of its arguments, then m_t, then
    W_t = sqrt(V_t)::

        @dataclass(frozen=True)
        class AMSGrad(Algorithm1):
            alpha: Hyperparameter = 0.1
            beta1: Hyperparameter = 0.9
            beta2: Hyperparameter = 0.99

            @staticmethod
            def rule(g, m, v, vhat, beta1, beta2):
                m = beta1 * m + (1.0 - beta1) * g
                v = beta2 * v + (1.0 - beta2) * g * g
                vhat = max(vhat, v)
                return (m, v, vhat), m, sqrt(vhat)

    Hyperparameters
    ---------------
    alpha : the stepsize alpha_t > 0.  A number a means ``stepsize(a)``: alpha_t = a / sqrt(t)
    unless the class has ``stepsize = Constant``, ``Inverse`` or another class of schedules.
    beta1, beta2 : a number is constant; 0 <= beta1 < 1, 0 < beta2 < 1 (a schedule beta2 may be 0).
    Each may be a schedule (:mod:`regretlab.schedules`) or a function of an array of rounds.
    Any other field of a subclass is a hyperparameter too, and a number is constant; ``ranges`` maps its
    name to the allowed values.

    W_t is positive and finite, or 0 where m_t is 0; a game stops at another W_t.  A class with
    ``rests_at_zero = True`` makes no step where W_t = 0, whatever m_t is.

    Raises
    ------
    TypeError
        For a rule that does not return ((moments...), m, w), moments in another order, and a field that no rule uses.
    """

    alpha: Hyperparameter = 0.1

    rests_at_zero: ClassVar[bool] = False
    rule: ClassVar[Callable[..., Any]]
    ranges: ClassVar[dict[str, Range]] = {
        "alpha": POSITIVE,
        "beta1": BETA,
        "beta2": BETA,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.schedules  # raises for bad values
        self._check_rule()

    def __getstate__(self) -> dict[str, Any]:
        """The fields; cached properties are computed again after a copy or a pickle."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @classmethod
    def _check_declared(cls) -> None:
        check_fields(cls, read_rule(cls)[1], Algorithm1, ("alpha",))

    # -- the rule and its arguments ---------------------------------------------------

    def signature(self) -> tuple[Callable[..., Any], tuple[str, ...]]:
        """The rule and the names of its arguments; learners with the same rule share one function."""
        rule, names = read_rule(type(self))
        if "g" not in names:
            raise TypeError(f"{type(self).__name__}.rule({', '.join(names)}) does not take g, the gradient")
        return rule, names

    @cached_property
    @not_overridable("the moments are the arguments of rule that are no fields")
    def kept(self) -> tuple[str, ...]:
        """:attr:`moment_names`, computed once."""
        return self.moment_names

    @property
    @not_overridable("the moments are the arguments of rule that are no fields")
    def moment_names(self) -> tuple[str, ...]:
        """The moments: what the rule keeps between rounds for each coordinate, besides x_t."""
        given = {*self.given(), "g", "t"}
        return tuple(name for name in self.signature()[1] if name not in given)

    def given(self) -> dict[str, object]:
        """The hyperparameters by name, as they were given."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def _check_rule(self) -> None:
        """Call the rule once; ``TypeError`` unless it returns as many moments as it takes."""
        (rule, names), moments = self.signature(), self.moment_names
        checked = _CHECKED.setdefault(rule, set())
        if moments in checked:
            return
        at_one = {name: float(schedule(1)) for name, schedule in self.schedules.items()}
        call = f"{type(self).__name__}.rule({', '.join(names)})"
        answer = rule(*[at_one.get(name, 1 if name == "t" else 0.5) for name in names])
        check_answer(call, answer, rule, names, moments, at_one)
        checked.add(moments)

    @cached_property
    def schedules(self) -> dict[str, Schedule]:
        """The hyperparameters that the method uses, as schedules; alpha is first."""
        given = self.given()
        used = ["alpha"] + [name for name in self.signature()[1] if name in given and name != "alpha"]
        return as_schedules({name: given[name] for name in used}, self.ranges, type(self).stepsize)

    def _divide(self) -> Callable[[float, float], float]:
        """The function that computes m_t / W_t; an infinite W_t is sought only in rules from outside this package."""
        if self.rests_at_zero:
            return resting_step
        sources = (next(k for k in type(self).__mro__ if name in vars(k)) for name in ("rule", "signature"))
        return scaled_step if all(map(shipped, sources)) else checked_step

    @cached_property
    @not_overridable("override rule")
    def binding(self) -> RuleBinding:
        """How a loop calls the rule."""
        return RuleBinding.of(*self.signature(), self.schedules, self.ranges, divide=self._divide())

    @cached_property
    @not_overridable("override rule")
    def binding_with_ledger(self) -> RuleBinding:
        """How a loop calls the rule and updates the ledger (:mod:`regretlab.learners.ledger`)."""
        return RuleBinding.of(*self.signature(), self.schedules, self.ranges, divide=self._divide(), ledger=True)

    # -- round by round ---------------------------------------------------------------

    @not_overridable("an account of the loops keeps the ledger of a rule")
    def ledger_names(self) -> tuple[str, ...]:
        """The rows of the ledger that ``update`` maintains; none for a class with an ``update`` of its own."""
        return () if overrides(type(self), Algorithm1, "update") else self.binding_with_ledger.ledger_names

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        """The state before round 1: x_1 = ``point``, all moments zero.

        Raises
        ------
        ValueError
            When ``point`` is not in ``feasible_set`` or has another dimension.
        """
        for name in ("binding", "binding_with_ledger"):  # what the rule uses may have changed since the last game
            if name in self.__dict__:
                self.__dict__[name].forget_call()
        return first_state(feasible_set, point, self.kept)

    def update(self, state: State, gradient: ArrayLike) -> State:
        """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t); ``state`` itself stays valid.

        Raises
        ------
        ValueError
            For a gradient of the wrong shape, or with NaN or infinities.
        FloatingPointError
            When the step overflows, e.g. g^2 is larger than the largest float.
        """
        check_kept(self, state, self.kept, self.ledger_names)
        g, t = checked_gradient(state, gradient), state.t + 1
        binding = self.binding_with_ledger if state.ledger else self.binding
        x, rows, weights = state.point.copy(), state.stacked(), np.empty(g.size)
        loops = compose(binding.call, row_gradient, g.size >= _COMPILE_FROM)
        with np.errstate(all="ignore"):
            loops.half_step(
                t, g, binding.coefficients()[:, None], binding.schedule_values(np.array([t])), x, rows, weights
            )
            check_step(t, g, x, rows, weights, state.point)
            loops.positive_weights(weights)
        x = state.feasible_set.step_onto(x, weights)
        if not np.isfinite(x).all():
            raise FloatingPointError(f"the step of round {t} overflows: gradient {g}, point {x}")
        return state.after(t, x, rows)


def refuse_own_methods(learner: object, by: str, *names: str) -> None:
    """``TypeError`` when ``learner``, of Algorithm 1, has one of these methods of its own, which ``by`` does not call.

    Parameters
    ----------
    learner : Algorithm1
    by : str
        Who reads the rule alone, e.g. the name of a combinator.
    names : str
        By default ``start`` and ``update``.
    """
    if not isinstance(learner, Algorithm1):
        raise TypeError(f"learner={learner!r} is not in the form of Algorithm 1")
    for name in overrides(type(learner), Algorithm1, *(names or ("start", "update"))):
        raise TypeError(
            f"learner={learner!r}: {type(learner).__name__} has its own {name}, which {by} does not call: "
            "it reads the rule alone; override rule"
        )

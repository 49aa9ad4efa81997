"""Learners: hyperparameters, and a rule (state, g_t) -> state whose state holds x_t."""

from __future__ import annotations

import dataclasses
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.kernels import compose, shared
from regretlab.learners.binding import BETA, FINITE, POSITIVE, Hyperparameter, Range, RuleBinding, as_schedule
from regretlab.schedules import Schedule
from regretlab.sets import FeasibleSet

if TYPE_CHECKING:
    from regretlab.losses.base import Losses

__all__ = ["FINITE", "POSITIVE", "Algorithm1", "Hyperparameter", "Learner", "Range", "State", "as_schedule"]

_CHECKED: WeakKeyDictionary[Callable[..., Any], set[tuple[str, ...]]] = WeakKeyDictionary()
"""The rules that were called once, and the names of what they keep."""

_COMPILE_FROM = 64
"""Dimension from which stepping by hand is compiled; the bits are the same either way."""


@dataclass(frozen=True, eq=False)
class State:
    """What a learner knows after t rounds. A value: an update makes a new one.

    Attributes
    ----------
    t : int
        Rounds played so far.
    point : array (d,)
        x_{t+1}, the point the learner plays next.
    moments : dict of arrays (d,)
        The learner's memory by the names of its rule, e.g. m, v, vhat.
    feasible_set : FeasibleSet
        F, of dimension d.
    ledger : dict of arrays (d,)
        What certificates need to know (:mod:`regretlab.learners.ledger`); empty where nobody asked for it.
    """

    t: int
    point: Array
    moments: Mapping[str, Array]
    feasible_set: FeasibleSet
    ledger: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for array in (self.point, *self.moments.values(), *self.ledger.values()):
            array.setflags(write=False)

    def stacked(self) -> Array:
        """(K, d): the moments, then the ledger."""
        rows = [*self.moments.values(), *self.ledger.values()]
        return np.array(rows, dtype=np.float64).reshape(len(rows), self.point.size)

    def after(self, t: int, point: Array, numbers: Array) -> State:
        """The state after round t, with what is kept as in :meth:`numbers`."""
        K = len(self.moments)
        moments = dict(zip(self.moments, numbers[:K], strict=True))
        return State(t, point, moments, self.feasible_set, dict(zip(self.ledger, numbers[K:], strict=True)))


class Learner(ABC):
    """An online learner: a frozen dataclass of hyperparameters with ``start`` and ``update``."""

    @abstractmethod
    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        """The state before round 1, at x_1 = ``point`` (default: the point of F nearest to the origin)."""

    @abstractmethod
    def update(self, state: State, gradient: ArrayLike) -> State:
        """The state after a round in which ``gradient`` was seen at ``state.point``."""

    def check(self, losses: Losses) -> None:  # noqa: B027 - most learners play on any losses
        """``ValueError``, before round 1, for losses that the learner is not made for; it says what would work."""

    def ledger_names(self) -> tuple[str, ...]:
        """Names of what its updates add to the ledger of a state that has one; none, unless a class says so."""
        return ()

    def with_ledger(self, state: State) -> State:
        """The state before round 1 with a ledger for certificates (:mod:`regretlab.learners.ledger`)."""
        return replace(state, ledger={name: np.zeros(state.point.size) for name in self.ledger_names()})


@dataclass(frozen=True)
class Algorithm1(Learner):
    """The generic adaptive method, Algorithm 1 of Reddi, Kale, Kumar (2018).

        m_t = phi_t(g_1..g_t),   V_t = psi_t(g_1..g_t),
        x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t),   W_t = V_t^{1/2},   0/0 := 0,

    coordinatewise, with Pi_F^W(y) = argmin_{x in F} sum_i W_i (x_i - y_i)^2.

    A learner is a frozen dataclass with one static method, ``rule``, in scalar
    arithmetic.  Its arguments say what it needs, by name: ``g`` is g_{t,i},
    ``t`` the round, a field of the class is that hyperparameter's value at
    round t, and any other name is a number kept between rounds, 0 at the start.
    It returns the kept numbers in the order of its arguments, then m_t, then
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
    alpha : the stepsize; a number a means a / sqrt(t).
    beta1, beta2 : a number means that constant; 0 <= beta1 < 1, 0 < beta2 < 1.
    Each may be a schedule (:mod:`regretlab.schedules`) or a function of t.
    ``ranges`` says by name what else a class allows for its fields.
    """

    alpha: Hyperparameter = 0.1

    rule: ClassVar[Callable[..., Any]]
    ranges: ClassVar[dict[str, Range]] = {
        "alpha": POSITIVE,
        "beta1": BETA,
        "beta2": BETA,
    }

    def __post_init__(self) -> None:
        _ = self.schedules  # bad values and bad rules are reported where they are written
        self._check_rule()

    def __getstate__(self) -> dict[str, Any]:
        """The fields: what follows from them is found again."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    # -- what the rule says ---------------------------------------------------------

    def signature(self) -> tuple[Callable[..., Any], tuple[str, ...]]:
        """The rule and the names of its arguments, one function for all learners with the same rule."""
        return _read_rule(type(self))

    @property
    def moment_names(self) -> tuple[str, ...]:
        """Names of the numbers kept per coordinate between rounds, besides x_t."""
        given = {*self.given(), "g", "t"}
        return tuple(name for name in self.signature()[1] if name not in given)

    def given(self) -> dict[str, object]:
        """What was given for each hyperparameter."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def _check_rule(self) -> None:
        """Call a rule once, so that a misspelt argument is not taken for a number to keep."""
        (rule, names), kept = self.signature(), self.moment_names
        checked = _CHECKED.setdefault(rule, set())
        if kept in checked:
            return
        at_one = {name: float(schedule(1)) for name, schedule in self.schedules.items()}
        call = f"{type(self).__name__}.rule({', '.join(names)})"
        answer = rule(*[at_one.get(name, 1 if name == "t" else 0.5) for name in names])
        if not (isinstance(answer, tuple) and len(answer) == 3 and isinstance(answer[0], tuple)):
            raise TypeError(f"{call} returned {answer!r}; it must return (kept numbers...), m, w")
        if len(answer[0]) != len(kept):
            raise TypeError(
                f"{call} returns {len(answer[0])} kept numbers; its arguments besides g, t and the fields "
                f"{list(self.schedules)} are {list(kept)}, and each of them is kept between rounds"
            )
        checked.add(kept)

    @cached_property
    def schedules(self) -> dict[str, Schedule]:
        """The hyperparameters the method uses, alpha first, as schedules."""
        given = self.given()
        used = ["alpha"] + [name for name in self.signature()[1] if name in given and name != "alpha"]
        return {name: as_schedule(name, given[name], self.ranges.get(name, FINITE)) for name in used}

    @cached_property
    def binding(self) -> RuleBinding:
        """How a loop calls the rule."""
        return RuleBinding.of(*self.signature(), self.schedules, self.ranges)

    @cached_property
    def binding_with_ledger(self) -> RuleBinding:
        """How a loop calls the rule, and an account of it (:mod:`regretlab.learners.ledger`)."""
        return RuleBinding.of(*self.signature(), self.schedules, self.ranges, ledger=True)

    # -- by hand --------------------------------------------------------------------

    def ledger_names(self) -> tuple[str, ...]:
        """Names of what its updates add to the ledger of a state that has one."""
        return self.binding_with_ledger.ledger_names

    def start(self, feasible_set: FeasibleSet, point: ArrayLike | None = None) -> State:
        """The state before round 1: x_1 = ``point``, all moments zero.

        Raises
        ------
        ValueError
            When ``point`` is not in ``feasible_set`` or has another dimension.
        """
        return first_state(feasible_set, point, self.moment_names)

    def update(self, state: State, gradient: ArrayLike) -> State:
        """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t); ``state`` itself stays valid.

        Raises
        ------
        ValueError
            For a gradient of the wrong shape, or with NaN or infinities.
        FloatingPointError
            When the step overflows, e.g. g^2 is larger than the largest float.
        """
        g, t = checked_gradient(state, gradient), state.t + 1
        binding = self.binding_with_ledger if state.ledger else self.binding
        x, numbers, weights = state.point.copy(), state.stacked(), np.empty(g.size)
        loops = compose(binding.call, shared, g.size >= _COMPILE_FROM)
        with np.errstate(all="ignore"):
            loops.half_step(
                t, g, binding.coefficients()[:, None], binding.schedule_values(np.array([t])), x, numbers, weights
            )
            loops.positive_weights(weights)
        x = state.feasible_set._project(x, weights)
        if not (np.isfinite(numbers).all() and np.isfinite(weights).all() and np.isfinite(x).all()):
            moments = numbers[: len(state.moments)].tolist()
            raise FloatingPointError(f"the step of round {t} overflows: gradient {g}, moments {moments}, point {x}")
        return state.after(t, x, numbers)


def first_state(feasible_set: FeasibleSet, point: ArrayLike | None, memory: Iterable[str]) -> State:
    """The state before round 1: x_1 = ``point``, by default the point of F nearest to the origin, all memory zero."""
    if point is None:
        if feasible_set.dimension is None:
            feasible_set = feasible_set.with_dimension(1)
        x = feasible_set.nearest_to_origin()
    else:
        x = np.array(point, dtype=np.float64, ndmin=1)
        if x.ndim != 1:
            raise ValueError(f"start has shape {x.shape}: x_1 is a number or an array (d,)")
        feasible_set = feasible_set.with_dimension(x.size)
        if not feasible_set.contains(x):
            raise ValueError(f"start={x} is not in {feasible_set!r}")
    return State(0, x, {name: np.zeros(x.size) for name in memory}, feasible_set)


def checked_gradient(state: State, gradient: ArrayLike) -> Array:
    """A copy of ``gradient``, finite and of the shape of the point; otherwise ``ValueError`` with the round."""
    g = np.array(gradient, dtype=np.float64, ndmin=1)
    if g.shape != state.point.shape:
        raise ValueError(f"gradient has shape {g.shape} at round {state.t + 1}, the point has {state.point.shape}")
    if not np.isfinite(g).all():
        raise ValueError(f"gradient={g} at round {state.t + 1} is not finite")
    return g


@cache
def _read_rule(cls: type[Algorithm1]) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """The static method ``rule`` of a class, and its arguments."""
    rule = inspect.getattr_static(cls, "rule", None)
    rule = rule.__func__ if isinstance(rule, staticmethod) else rule
    if not inspect.isfunction(rule):
        raise TypeError(f"{cls.__name__} needs a static method rule(g, ...) -> (kept...), m, w")
    names = tuple(inspect.signature(rule).parameters)
    if "g" not in names:
        raise TypeError(f"{cls.__name__}.rule({', '.join(names)}) does not take g, the gradient")
    return rule, names

"""How a loop over rounds calls a learner's rule: which array fills which argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array, Rounds
from regretlab.kernels import RuleCall, checked_step
from regretlab.kernels.fingerprints import identity
from regretlab.learners.hyperparameters import FINITE, STAYS_IN_RANGE, Range, check_range
from regretlab.learners.ledger import account, account_scheduled, names_in_ledger
from regretlab.schedules import Constant, Schedule

__all__ = ["RuleBinding"]

_OF_RULE = ("g", "t")
_OF_ACCOUNT = ("g", "x", "m", "w", "ratio", "t")
"""The arguments of a rule, and of an account (:mod:`regretlab.learners.ledger`), that the loop itself supplies."""


@dataclass(frozen=True)
class _Reciprocal(Schedule):
    """value_t = scale / s_t, where s is the shape of the schedule ``of``."""

    of: Schedule = field(default_factory=Constant)

    def shape(self, t: Rounds) -> Array:
        reciprocal: Array = 1.0 / self.of.unit(t)
        return reciprocal


@dataclass(frozen=True)
class RuleBinding:
    """A rule, bound to the schedules of its hyperparameters.

    At round t, hyperparameter number p has the value ``coefficients()[p]``, multiplied by its row of
    ``schedule_values(t)`` unless it is constant.

    Attributes
    ----------
    schedules : dict
        The schedule of each hyperparameter, in the order of the coefficients.
    ranges : dict
        The allowed values of each hyperparameter.
    make_call : function
        Makes the :class:`~regretlab.kernels.RuleCall`.
    ledger_names : tuple of str
        The rows of the ledger; empty without one.
    """

    schedules: Mapping[str, Schedule]
    ranges: Mapping[str, Range]
    make_call: Callable[[], RuleCall]
    ledger_names: tuple[str, ...] = ()

    @cached_property
    def call(self) -> RuleCall:
        """How the loop fills the arguments; made at first use, since one loop for many games asks only one of them."""
        return self.make_call()

    def forget_call(self) -> None:
        """Make the call again at its next use."""
        self.__dict__.pop("call", None)

    @classmethod
    def of(
        cls,
        rule: Callable[..., Any],
        names: Sequence[str],
        schedules: Mapping[str, Schedule],
        ranges: Mapping[str, Range],
        *,
        divide: Callable[[float, float], float] = checked_step,
        ledger: bool = False,
    ) -> RuleBinding:
        """The binding of a rule with arguments ``names``; with ``ledger``, an account follows it in each round.

        ``divide`` computes m_t / W_t.  The schedules of an account have names of their own, which no argument of a
        rule can have.
        """
        own = _slots(schedules)

        def make_call() -> RuleCall:
            return RuleCall(rule, _filled(names, own, _OF_RULE), own["alpha"], identity(rule), divide=divide)

        if not ledger:
            return cls(schedules, ranges, make_call)
        alpha, beta1 = schedules["alpha"], schedules.get("beta1", Constant(0.0))
        constant = unchanged(beta1, Constant) and unchanged(schedules.get("beta2", beta1), Constant)
        chosen = account if constant else account_scheduled
        of_account = {} if "beta1" in schedules else {"beta1": beta1}
        of_account["per_alpha"] = _reciprocal(alpha)
        together = {**schedules, **{f"{name} of the ledger": each for name, each in of_account.items()}}
        slots = _slots(together)
        seen = {name: slots.get(f"{name} of the ledger", slots.get(name)) for name in ("alpha", "beta1", "per_alpha")}
        arguments = _filled(list(inspect.signature(chosen).parameters), seen, _OF_ACCOUNT)
        return cls(
            together,
            ranges,
            lambda: make_call()._replace(account=chosen, account_arguments=arguments),
            names_in_ledger(chosen),
        )

    @cached_property
    def _varying(self) -> tuple[tuple[str, Schedule], ...]:
        """The schedules that are not constant, by name."""
        return tuple((name, s) for name, s in self.schedules.items() if not unchanged(s, Constant))

    def schedule_values(self, t: Rounds) -> Array:
        """(Q, n): the Q schedules that are not constant, at scale one, at the rounds ``t`` of shape (n,).

        Raises
        ------
        ValueError
            When a hyperparameter is out of its range at one of the rounds.
        """
        rows = []
        for name, schedule in self._varying:
            rows.append(schedule.unit(t))
            if type(schedule) not in STAYS_IN_RANGE:
                check_range(name, schedule, t, schedule.scale * rows[-1], self.ranges.get(name, FINITE))
        return rows[0][None] if len(rows) == 1 else np.array(rows).reshape(len(rows), t.size)

    def coefficients(self) -> Array:
        """(P,): the scales of the schedules."""
        return np.array([s.scale for s in self.schedules.values()], dtype=np.float64)


def _reciprocal(schedule: Schedule) -> Schedule:
    """1 / value_t; constant if the schedule is."""
    if unchanged(schedule, Constant):
        return Constant(1.0 / schedule.scale)
    return _Reciprocal(1.0 / schedule.scale, schedule)


def _slots(schedules: Mapping[str, Schedule]) -> dict[str, tuple[int, int]]:
    """(p, q) of each hyperparameter: its rows in the coefficients and in the schedule values; q = -1 if constant."""
    slots, q = {}, 0
    for p, (name, schedule) in enumerate(schedules.items()):
        constant = unchanged(schedule, Constant)
        slots[name] = (p, -1 if constant else q)
        q += not constant
    return slots


def _filled(
    names: Sequence[str], slots: Mapping[str, Any], of_loop: tuple[str, ...]
) -> tuple[str | tuple[int, int], ...]:
    """What fills each argument: its own name if the loop supplies it, a slot, or "state", the next row of the state."""
    return tuple(name if name in of_loop else slots.get(name, "state") for name in names)

"""The state of a learner between two rounds, and checks of x_1 and of gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab._utils.validation import real_array, reals
from regretlab.sets import FeasibleSet

__all__ = ["State", "check_kept", "check_step", "checked_gradient", "first_state"]


_SMALL = 1.5e-154
"""The square of a smaller number is not a normal float."""


@dataclass(frozen=True, eq=False)
class State:
    """The state of a learner after t rounds.  It is read-only: an update returns a new one.

    Attributes
    ----------
    t : int
        Rounds played so far.
    point : array (d,)
        x_{t+1}, the point the learner plays next.
    moments : dict of arrays (d,)
        What the learner keeps between rounds, by name, e.g. m, v, vhat; (d, d) for full-matrix learners.
    feasible_set : FeasibleSet
        F, of dimension d.
    ledger : dict of arrays (d,)
        Running sums that certificates need (:mod:`regretlab.learners.ledger`); empty in a game without a ledger.
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

    def after(self, t: int, point: Array, stacked: Array) -> State:
        """The state after round t, with moments and ledger as in :meth:`stacked`."""
        K = len(self.moments)
        moments = dict(zip(self.moments, stacked[:K], strict=True))
        return State(t, point, moments, self.feasible_set, dict(zip(self.ledger, stacked[K:], strict=True)))


def first_state(feasible_set: FeasibleSet, point: ArrayLike | None, moment_names: Iterable[str]) -> State:
    """The state before round 1: x_1 = ``point`` (default: the point of F nearest to the origin), all moments zero."""
    if point is None:
        if feasible_set.dimension is None:
            feasible_set = feasible_set.with_dimension(1)
        x = feasible_set.nearest_to_origin()
        x = x if feasible_set.shipped else real_array("nearest_to_origin()", x, "(d,)", 1)
    else:
        x = np.atleast_1d(real_array("start", point, "() or (d,)", 0, 1))
        feasible_set = feasible_set.with_dimension(x.size)
        if not feasible_set.contains(x):
            raise ValueError(f"start={x} is not in {feasible_set!r}")
    return State(0, x, {name: np.zeros(x.size) for name in moment_names}, feasible_set)


def checked_gradient(state: State, gradient: ArrayLike) -> Array:
    """A copy of ``gradient``; ``ValueError``, with the round, unless it is finite and has the shape of the point."""
    plain = type(gradient) is np.ndarray and gradient.dtype == np.float64
    g = np.array(gradient if plain else reals(f"gradient of round {state.t + 1}", gradient), ndmin=1)
    if g.shape != state.point.shape:
        raise ValueError(f"gradient has shape {g.shape} at round {state.t + 1}, the point has {state.point.shape}")
    if not np.isfinite(g).all():
        raise ValueError(f"gradient={g} at round {state.t + 1} is not finite")
    return g


def check_kept(learner: object, state: State, names: tuple[str, ...], ledger: Callable[[], tuple[str, ...]]) -> None:
    """``ValueError`` unless a state has the moments ``names`` and no ledger or the rows ``ledger()``, in this order."""
    if not isinstance(state, State):
        raise TypeError(f"state={state!r} is not a State; start makes the first one")
    for what, arrays, kept in (
        ("moments", state.moments, names),
        ("ledger rows", state.ledger, ledger() if state.ledger else ()),
    ):
        if tuple(arrays) != kept:
            raise ValueError(
                f"the state has the {what} {list(arrays)}, but {learner!r} keeps {list(kept)}, in this order: "
                "the state of another learner?"
            )
        for name, array in arrays.items():
            if array.shape[-1:] != state.point.shape:
                raise ValueError(f"the state's {name} has shape {array.shape}, its point has {state.point.shape}")


def check_step(t: int, g: Array, x: Array, rows: Array, weights: Array, x_before: Array) -> None:
    """An error with the cause unless x_t - alpha_t m_t / W_t, the moments and W_t of round t are numbers, and W_t >= 0.

    ``x`` may be infinite, since a projection follows.
    """
    if not np.isnan(x).any() and np.isfinite(rows).all() and weights.min() >= 0.0 and weights.max() < np.inf:
        return
    where = f"gradient {g}, moments {rows.tolist()}, point {x_before}"
    small = np.flatnonzero((np.abs(g) < _SMALL) & (g != 0.0) & (np.isnan(rows).any(axis=0) | (weights == 0.0)))
    if small.size:
        i = int(small[0])
        raise FloatingPointError(f"the step of round {t} underflows: the square of g={g[i]} at coordinate {i} is 0")
    if not np.isfinite(rows).all():
        raise FloatingPointError(f"the step of round {t} overflows: {where}")
    bad = np.flatnonzero(~((weights >= 0.0) & (weights < np.inf)))
    if bad.size:
        i = int(bad[0])
        raise ValueError(f"W = {weights[i]} at coordinate {i} is no metric: W_t must be positive and finite; {where}")
    i = int(np.isnan(x).argmax())
    if weights[i] == 0.0:
        raise FloatingPointError(
            f"W = 0 at coordinate {i} in round {t}, but m is not 0, so m/W is infinite: {where}; "
            "only 0/0 is no step, unless the class has rests_at_zero = True"
        )
    raise FloatingPointError(f"the step of round {t} overflows: {where}")

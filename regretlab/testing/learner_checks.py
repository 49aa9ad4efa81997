"""Checks of a learner: hyperparameters, read-only states, points in F, and games that equal its updates bit for bit."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.learners import Algorithm1, Learner, State
from regretlab.sets import Box, FeasibleSet, L2Ball, Simplex
from regretlab.testing.common import check_frozen, check_value, fail
from regretlab.testing.learner_games import GivenGradients, check_games

__all__ = ["check_learner"]

_TOLERANCE = 1e-9
_SHORT, _LONG = 128, 1024  # rounds with a constant gradient: for a learner that moves, and for one that does not
_BAD: Mapping[str, tuple[float, ...]] = {
    "alpha": (-1.0, math.nan, math.inf),
    "beta1": (-0.5, 1.0, math.nan),
    "beta2": (-0.5, 1.5, math.nan),
}
"""Values of a hyperparameter that a learner must refuse."""


def check_learner(
    learner: Learner,
    feasible_set: FeasibleSet | None = None,
    *,
    rounds: int = 32,
    compiled: bool = True,
    seed: int = 0,
) -> None:
    """Check a learner of your own, by calling its methods and by playing games.

    * It is a frozen dataclass, and equal to a copy of itself, with the same hash.
      Its class refuses alpha, beta1 or beta2 out of range when a learner is made.
    * x_1 is the point given to ``start``, by default the point of F nearest to the
      origin.
    * ``update`` depends on the state and the gradient only, changes neither, and
      returns a new, read-only state.
    * Every point is in F.  With a zero gradient in the first round, where a rule
      may meet 0/0, the state stays finite; Algorithm 1 stays at x_1.
    * The state always has the moments that the learner declares.
    * On a constant gradient g the learner moves, and <g, x_t - x_1> < 0 on average: it goes down, not up.
    * A game has, bit for bit, the points and moments of calling ``update`` round by
      round: with and without a ledger, alone and beside others; for Algorithm 1, also when compiled.

    No gradient is larger than half of ``learner.largest_gradient``.

    Parameters
    ----------
    learner : Learner
    feasible_set : FeasibleSet, optional
        F; by default Box(-1, 1) and L2Ball(1) in three dimensions, or a simplex if ``start`` refuses both.
    rounds : int
        How many rounds to play.
    compiled : bool
        For Algorithm 1: whether to check a compiled game too.
    seed : int
        The seed of the random gradients.

    Raises
    ------
    CheckFailed
        With the round, the state and the gradient that show what is wrong.

    Examples
    --------
    >>> import regretlab as rl
    >>> rl.check_learner(rl.learners.AMSGrad(alpha=0.5), rl.sets.Box(-1.0, 1.0), compiled=False)
    """
    if not isinstance(learner, Learner):
        fail(f"{learner!r} is not a Learner{'; make an instance of it' if isinstance(learner, type) else ''}")
    check_frozen(learner)
    check_value(learner)
    _check_hyperparameters(learner)
    for F in _usual_sets(learner) if feasible_set is None else [feasible_set]:
        given = F.with_dimension(F.dimension or 3)
        losses = GivenGradients.drawn(given.dimension or 3, rounds, seed, 0.5 * learner.largest_gradient)
        _check_start(learner, given)
        _check_zero(learner, given)
        _check_descent(learner, given)
        states = _check_steps(learner, given, losses.gradients(np.arange(1, rounds + 1)))
        check_games(learner, given, losses, states, compiled and isinstance(learner, Algorithm1))


def _usual_sets(learner: Learner) -> list[FeasibleSet]:
    """A box and a ball, as far as the learner accepts them; a simplex if it accepts neither."""
    accepted: list[FeasibleSet] = []
    for F in (Box(-1.0, 1.0), L2Ball(1.0)):
        with suppress(ValueError):
            learner.start(F.with_dimension(3))
            accepted.append(F)
    return accepted or [Simplex(3)]


def _check_hyperparameters(learner: Learner) -> None:
    """Check that values out of range are refused when a learner is made."""
    named = [field.name for field in dataclasses.fields(learner) if field.init]  # type: ignore[arg-type]
    for name in named:
        for value in _BAD.get(name, ()):
            try:
                dataclasses.replace(learner, **{name: value})  # type: ignore[type-var]
            except (TypeError, ValueError):
                continue
            fail(
                f"{type(learner).__name__} takes {name}={value}; it must raise ValueError where it is made "
                f"(in __post_init__), not play with it"
            )


def _check_start(learner: Learner, F: FeasibleSet) -> None:
    """Check the state before round 1, from the default point and from a given one."""
    default, name = F.nearest_to_origin(), type(learner).__name__
    for point, expected in ((None, default), (other := _another(F, default), other)):
        state = learner.start(F, point)
        if not isinstance(state, State):
            fail(f"{name}.start returned {state!r}; it must return a State")
        if state.t != 0 or not np.array_equal(state.point, expected):
            how = "the point of F nearest to the origin" if point is None else "the point it was given"
            fail(f"{name}.start({F!r}, {point}) has t={state.t}, x_1={state.point}; x_1 must be {how}, {expected}")
        if isinstance(learner, Algorithm1) and tuple(state.moments) != learner.moment_names:
            fail(f"{name}.start has the moments {list(state.moments)}; moment_names are {list(learner.moment_names)}")
        _check_arrays(f"{name}.start", learner, state, F)


def _another(F: FeasibleSet, x: Array) -> Array:
    """A point of F near x, and other than x if F has one."""
    return F.project(x + np.linspace(0.3, 0.5, x.size))


def _check_zero(learner: Learner, F: FeasibleSet) -> None:
    """Check that a zero gradient in round 1 leaves a finite state (0/0 := 0), and Algorithm 1 at x_1."""
    name, before = type(learner).__name__, learner.start(F)
    after = _update(learner, before, np.zeros_like(before.point))
    for what, array in {"point": after.point, **after.moments}.items():
        if not np.isfinite(array).all():
            fail(f"{name}: a zero gradient in the first round leaves {what} = {array}; 0/0 must be 0")
    moved = np.abs(after.point - before.point).max()
    if isinstance(learner, Algorithm1) and moved > _TOLERANCE * (1.0 + np.abs(before.point).max()):
        fail(f"{name}: a zero gradient in the first round moves x_1 = {before.point} to {after.point}")


def _check_descent(learner: Learner, F: FeasibleSet) -> None:
    """Check that a constant gradient moves the learner, and down: x_t - x_1 has a negative product with it on average.

    On a box also coordinate by coordinate, for Algorithm 1.
    """
    name, state = type(learner).__name__, learner.start(F)
    first = state.point
    away = np.linspace(0.5, -0.3, first.size) * max(1.0, float(np.abs(first).max()))
    others = (F.project(first + away), F.project(first - away))
    g = max((first - u for u in others), key=lambda step: float(np.abs(step).max()))
    if not g.any():
        return  # F is a point
    g = g * min(1.0, 0.5 * learner.largest_gradient) / np.abs(g).max()
    moved = np.zeros_like(first)
    for t in range(_LONG):
        state = _update(learner, state, g)
        moved = moved + (state.point - first)
        if t >= _SHORT and moved.any():
            break
    if not moved.any():
        fail(f"{name} stands still at x_1 = {first}: {_LONG} rounds with the gradient {g} have not moved it")
    down, size = g * moved, float(np.abs(g * moved).max())
    if down.sum() >= -_TOLERANCE * size:
        fail(f"{name} climbs: in {t + 1} rounds with the gradient {g}, sum_t <g, x_t - x_1> is {down.sum()}")
    if isinstance(learner, Algorithm1) and type(F) is Box and (down > _TOLERANCE * size).any():
        i = int(down.argmax())
        fail(f"{name} climbs in coordinate {i}: with the gradient {g[i]}, sum_t (x_t - x_1) is {moved[i]}")


def _check_steps(learner: Learner, F: FeasibleSet, G: Array) -> list[State]:
    """The states after 0, 1, ... rounds; checks each state, and that repeating an update gives the same bits."""
    name = type(learner).__name__
    states = [learner.start(F)]
    contents = [_contents(states[0])]
    for t, g in enumerate(G, start=1):
        before, given = states[-1], g.copy()
        after = _update(learner, before, given)
        where = f"{name}: round {t}, gradient {g}"
        _check_unchanged(where, before, contents[-1])
        if not np.array_equal(given, g):
            fail(f"{where}: update changes the gradient it is given to {given}")
        if after.t != t or list(after.moments) != list(before.moments):
            fail(
                f"{where}: update returned a State with t={after.t} and the moments {list(after.moments)}; "
                f"it must have t={t} and, as before, {list(before.moments)}"
            )
        if after.feasible_set != F:
            fail(f"{where}: update returned a State with the set {after.feasible_set!r}; it must be {F!r}")
        _check_arrays(where, learner, after, F)
        arrays = (after.point, *after.moments.values())
        if any(np.shares_memory(array, given) for array in arrays):
            fail(f"{where}: the state keeps the gradient's own array; it must copy it, as the caller may change it")
        states.append(after)
        contents.append(_contents(after))
    for t, g in enumerate(G, start=1):
        _check_unchanged(f"{name}: after all rounds", states[t - 1], contents[t - 1])
        again = _contents(_update(learner, states[t - 1], g))
        for what, value in again.items():
            if not np.array_equal(value, contents[t][what]):
                fail(
                    f"{name}: round {t}, gradient {g}: update gives {what} = {contents[t][what]} and, from the same "
                    f"state again, {value}; it may depend on the state and the gradient only"
                )
    return states


def _update(learner: Learner, state: State, gradient: ArrayLike) -> State:
    """The next state; checks that the update returns one and does not change ``state``."""
    where = f"{type(learner).__name__}: round {state.t + 1}"
    contents = _contents(state)
    try:
        after = learner.update(state, gradient)
    except Exception as error:
        hint = "; a state is a value: make new arrays" if "read-only" in str(error) else ""
        fail(f"{where}, gradient {np.asarray(gradient)}: update raises {type(error).__name__}: {error}{hint}", error)
    _check_unchanged(where, state, contents)
    if not isinstance(after, State):
        fail(f"{where}: update returned {after!r}; it must return a State")
    return after


def _check_unchanged(where: str, state: State, contents: dict[str, Any]) -> None:
    """Check that a state still has these contents."""
    now = _contents(state)
    for what in {**contents, **now}:
        before, after = contents.get(what), now.get(what)
        if before is None or after is None or not np.array_equal(before, after, equal_nan=True):
            fail(f"{where}: update changes the state it is given: {what} was {before} and is {after}")


def _check_arrays(where: str, learner: Learner, state: State, F: FeasibleSet) -> None:
    """Check that the arrays of a state are finite, read-only and of the right shape, and that its point is in F."""
    x = state.point
    for what, array in {"point": x, **state.moments}.items():
        by_coordinate = array is x or isinstance(learner, Algorithm1)
        if not isinstance(array, np.ndarray) or (by_coordinate and array.shape != (F.dimension,)):
            fail(f"{where}: {what} is {array!r}; it must be an array ({F.dimension},)")
        if not np.isfinite(array).all():
            fail(f"{where}: {what} = {array} is not finite")
        if array.flags.writeable:
            fail(f"{where}: {what} can be written to; a state is read-only")
    if not F.contains(x, _TOLERANCE * (1.0 + float(np.abs(x).max()))):
        fail(f"{where}: the point x_{state.t + 1} = {x} is not in {F!r}; project it, in the learner's metric")


def _contents(state: State) -> dict[str, Any]:
    """Copies of the round, the point and the moments of a state."""
    return {"t": state.t, "point": state.point.copy(), **{name: np.copy(m) for name, m in state.moments.items()}}

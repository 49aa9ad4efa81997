"""Is a learner what it says? A state that is a value, points in F, hyperparameters checked, one game however played."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab.engine.errors import GameError
from regretlab.game import Game, play
from regretlab.learners.base import Algorithm1, Learner, State
from regretlab.losses.base import ConvexLosses, LinearLosses, Losses
from regretlab.sets import Box, FeasibleSet, L2Ball
from regretlab.testing.common import check_frozen, check_value, fail

__all__ = ["check_learner"]

_TOLERANCE = 1e-9
_BAD: Mapping[str, tuple[float, ...]] = {
    "alpha": (-1.0, math.nan, math.inf),
    "beta1": (-0.5, 1.0, math.nan),
    "beta2": (-0.5, 1.5, math.nan),
}
"""Values that no method of this kind can mean."""


def check_learner(
    learner: Learner,
    feasible_set: FeasibleSet | None = None,
    *,
    rounds: int = 32,
    compiled: bool = True,
    seed: int = 0,
) -> None:
    """Check the promises of a learner, by stepping it by hand and by playing games.

    * It is a frozen dataclass, equal to a copy of itself, and can be a key; a
      hyperparameter alpha, beta1 or beta2 that makes no sense is a ValueError.
    * x_1 is the point it is given, by default the point of F nearest to the origin.
    * A state is a value: read-only, and as it was after any number of updates;
      an update depends on the state and the gradient only.
    * Every point is in F.  A zero gradient in the first round, where a method may
      meet 0/0, leaves a finite state; one of Algorithm 1 stays at x_1.
    * The names of the moments are those declared by ``memory``, always.
    * A game has the bits of stepping by hand; for Algorithm 1, also compiled.

    Parameters
    ----------
    learner : Learner
    feasible_set : FeasibleSet, optional
        By default a box and a ball, one after the other.
    rounds : int
        How many to play.
    compiled : bool
        Whether to compile a game.
    seed : int
        Of the gradients.

    Raises
    ------
    CheckFailed
        With the round, the states and the gradient that break the promise.
    """
    if not isinstance(learner, Learner):
        fail(f"{learner!r} is not a Learner{'; make an instance of it' if isinstance(learner, type) else ''}")
    check_frozen(learner)
    check_value(learner)
    _check_hyperparameters(learner)
    for F in [Box(-1.0, 1.0), L2Ball(1.0)] if feasible_set is None else [feasible_set]:
        given = F.with_dimension(F.dimension or 3)
        losses = _Given.drawn(given.dimension or 3, rounds, seed)
        _check_start(learner, given)
        _check_zero(learner, given)
        states = _check_steps(learner, given, losses.gradients(np.arange(1, rounds + 1)))
        _check_games(learner, given, losses, states, compiled and isinstance(learner, Algorithm1))


@dataclass(frozen=True)
class _Given(LinearLosses):
    """f_t(x) = <g_t, x> with the rows of a table."""

    rows: tuple[tuple[float, ...], ...]

    @staticmethod
    def drawn(d: int, n: int, seed: int) -> _Given:
        """n rounds of all magnitudes; the last coordinate sees nothing at first, and some rounds are zero."""
        rng = np.random.default_rng(seed)
        G = rng.standard_normal((n, d)) * 10.0 ** rng.uniform(-2.0, 2.0, (n, 1))
        G[: n // 4, -1] = 0.0
        G[n // 3 : n // 3 + 2] = 0.0
        return _Given(tuple(map(tuple, G.tolist())))

    def gradients(self, t: Rounds) -> Array:
        return np.array(self.rows)[(t - 1) % len(self.rows)]


@dataclass(frozen=True)
class _Told(ConvexLosses):
    """The same gradients for learners that refuse linear losses: what they would see of strongly convex ones."""

    given: _Given
    mu: float = 1.0

    @property
    def dimension(self) -> int:  # type: ignore[override]
        return self.given.dimension

    def value(self, t: int, x: Array) -> float:
        return float(self.given.gradients(np.array([t]))[0] @ x)

    def gradient(self, t: int, x: Array) -> Array:
        return np.asarray(self.given.gradients(np.array([t]))[0])


def _check_hyperparameters(learner: Learner) -> None:
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
    default, name = F.nearest_to_origin(), type(learner).__name__
    for point, expected in ((None, default), (other := _another(F, default), other)):
        state = learner.start(F, point)
        if not isinstance(state, State):
            fail(f"{name}.start returned {state!r}; it must return a State")
        if state.t != 0 or not np.array_equal(state.point, expected):
            how = "the point of F nearest to the origin" if point is None else "the point it was given"
            fail(f"{name}.start({F!r}, {point}) has t={state.t}, x_1={state.point}; x_1 must be {how}, {expected}")
        if isinstance(learner, Algorithm1) and tuple(state.moments) != learner.moment_names:
            fail(f"{name}.start has the moments {list(state.moments)}; memory() declares {list(learner.moment_names)}")
        _check_arrays(f"{name}.start", learner, state, F)


def _another(F: FeasibleSet, x: Array) -> Array:
    """A point of F, if possible not the default start."""
    return F.project(x + np.linspace(0.3, 0.5, x.size))


def _check_zero(learner: Learner, F: FeasibleSet) -> None:
    """0/0 := 0 in a first round without a gradient."""
    name, before = type(learner).__name__, learner.start(F)
    after = _update(learner, before, np.zeros_like(before.point))
    for what, array in {"point": after.point, **after.moments}.items():
        if not np.isfinite(array).all():
            fail(f"{name}: a zero gradient in the first round leaves {what} = {array}; 0/0 must be 0")
    moved = np.abs(after.point - before.point).max()
    if isinstance(learner, Algorithm1) and moved > _TOLERANCE * (1.0 + np.abs(before.point).max()):
        fail(f"{name}: a zero gradient in the first round moves x_1 = {before.point} to {after.point}")


def _check_steps(learner: Learner, F: FeasibleSet, G: Array) -> list[State]:
    """The states after 0, 1, ..., rounds; then all updates again, which must give the same bits."""
    name = type(learner).__name__
    states = [learner.start(F)]
    kept = [_contents(states[0])]
    for t, g in enumerate(G, start=1):
        before, given = states[-1], g.copy()
        after = _update(learner, before, given)
        where = f"{name}: round {t}, gradient {g}"
        _check_unchanged(where, before, kept[-1])
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
        kept.append(_contents(after))
    for t, g in enumerate(G, start=1):
        _check_unchanged(f"{name}: after all rounds", states[t - 1], kept[t - 1])
        again = _contents(_update(learner, states[t - 1], g))
        for what, value in again.items():
            if not np.array_equal(value, kept[t][what]):
                fail(
                    f"{name}: round {t}, gradient {g}: update gives {what} = {kept[t][what]} and, from the same state "
                    f"again, {value}; it may depend on the state and the gradient only"
                )
    return states


def _update(learner: Learner, state: State, gradient: ArrayLike) -> State:
    where = f"{type(learner).__name__}: round {state.t + 1}"
    kept = _contents(state)
    try:
        after = learner.update(state, gradient)
    except Exception as error:
        hint = "; a state is a value: make new arrays" if "read-only" in str(error) else ""
        fail(f"{where}, gradient {np.asarray(gradient)}: update raises {type(error).__name__}: {error}{hint}", error)
    _check_unchanged(where, state, kept)
    if not isinstance(after, State):
        fail(f"{where}: update returned {after!r}; it must return a State")
    return after


def _check_unchanged(where: str, state: State, kept: dict[str, Any]) -> None:
    now = _contents(state)
    for what in {**kept, **now}:
        before, after = kept.get(what), now.get(what)
        if before is None or after is None or not np.array_equal(before, after, equal_nan=True):
            fail(f"{where}: update changes the state it is given: {what} was {before} and is {after}")


def _check_arrays(where: str, learner: Learner, state: State, F: FeasibleSet) -> None:
    """Finite and read-only arrays, (d,) where there is a number for each coordinate, and a point of F."""
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


def _check_games(learner: Learner, F: FeasibleSet, losses: _Given, states: list[State], compiled: bool) -> None:
    rounds, met = len(losses.rows), _accepted(learner, losses)
    games = {}
    for way in (False, True) if compiled else (False,):
        try:
            games[way] = play(learner, met, F, rounds, checkpoints=range(1, rounds + 1), compiled=way)
        except GameError as error:
            fail(f"{type(learner).__name__} cannot play a {'compiled ' if way else ''}game: {error}", error)
    by_hand = {"stepping by hand": _path(states)}
    ways = {"a compiled game" if way else "a game": _played(game) for way, game in games.items()}
    (first, path), *others = (by_hand | ways).items()
    for second, other in others:
        for what in path:
            different = (path[what] != other[what]).any(axis=-1)
            if different.any():
                k = int(np.argmax(different))
                t = k + 1 if what == "point" else rounds
                fail(
                    f"{type(learner).__name__} on {F!r}: {first} and {second} differ: {what} of round {t} is "
                    f"{path[what][k].tolist()} and {other[what][k].tolist()}; they must have the same bits"
                )


def _accepted(learner: Learner, losses: _Given) -> Losses:
    """Losses with these gradients that the learner does not object to."""
    try:
        learner.check(losses)
    except ValueError:
        return _Told(losses)
    return losses


def _path(states: list[State]) -> dict[str, Array]:
    """All points, and the last moments."""
    last = {name: array[None] for name, array in states[-1].moments.items()}
    return {"point": np.array([state.point for state in states]), **last}


def _played(game: Game) -> dict[str, Array]:
    last = {name: array[None] for name, array in game.state.moments.items()}
    return {"point": np.vstack([game.record.point, game.point]), **last}


def _contents(state: State) -> dict[str, Any]:
    """Copies of all that a state holds."""
    return {"t": state.t, "point": state.point.copy(), **{name: np.copy(m) for name, m in state.moments.items()}}

"""Is a sequence what it says? Convex, with the right gradient, the same whenever it is asked, seedable."""

from __future__ import annotations

import dataclasses
from typing import NoReturn

import numpy as np

from regretlab._typing import Array, Rounds
from regretlab.losses.base import AdaptiveLosses, LinearLosses, Losses, RandomLinearLosses
from regretlab.sets import FeasibleSet

__all__ = ["CheckFailed", "check_losses"]

_PAIRS = 8  # pairs of points per round
_RELATIVE = 1e-9


class CheckFailed(AssertionError):
    """A piece breaks a promise; the message says which one and shows a witness."""


def check_losses(losses: Losses, feasible_set: FeasibleSet, *, rounds: int = 64, seed: int = 0) -> None:
    """Check the promises of a loss sequence on a feasible set.

    * It is a frozen dataclass, and its dimension is that of the set.
    * Asked again, in another order or in another block, a round gives the same
      bits; a random sequence gives others with another seed.
    * f_t is finite and convex on F: f((x+y)/2) <= (f(x) + f(y))/2.
    * g is a subgradient of f_t at x: f(y) >= f(x) + <g, y - x>.

    Parameters
    ----------
    losses : Losses
    feasible_set : FeasibleSet
        Points are sampled from it.
    rounds : int
        How many of the first rounds to look at; some late ones are looked at too.
    seed : int
        Of the sequence and of the sampled points.

    Raises
    ------
    CheckFailed
        With the round, the points and the values that break the promise.
    ValueError, TypeError
        When the sequence and the set do not fit together.
    """
    name = type(losses).__name__
    if not (dataclasses.is_dataclass(losses) and losses.__dataclass_params__.frozen):
        _fail(f"{name} is not a frozen dataclass; write @dataclass(frozen=True), so that playing cannot change it")
    F = feasible_set.with_dimension(losses.dimension)
    points = _points(F, np.random.default_rng(seed))
    asked = np.unique(np.concatenate([np.arange(1, rounds + 1), [10**4, 10**4 + 1, 10**6 + 3]]))
    if isinstance(losses, LinearLosses):
        _check_blocks(losses, asked, seed)
    if isinstance(losses, RandomLinearLosses):
        _check_seeds(losses, rounds, seed)
    _check_repeatable(losses, asked, points, seed)
    for t in asked.tolist():
        for k in range(_PAIRS):
            x, y = points[(t + k) % len(points)], points[(t + 3 * k + 1) % len(points)]
            _check_round(losses, t, x, y, seed)


def _points(F: FeasibleSet, rng: np.random.Generator) -> Array:
    """Points of F: extreme ones, the nearest to the origin, and mixtures of these."""
    d = F.nearest_to_origin().size
    extreme = F.minimize_linear(rng.standard_normal((12, d)))
    corners = np.vstack([F.nearest_to_origin(), extreme])
    return np.vstack([corners, rng.dirichlet(np.ones(len(corners)), 20) @ corners])


def _check_blocks(losses: LinearLosses, asked: Rounds, seed: int) -> None:
    n = len(asked)
    together = np.concatenate([losses.block(int(t), int(t) + 1, seed) for t in asked])
    run = losses.block(1, n + 1, seed)
    for start, stop in ((1, n // 2), (n // 2, n + 1), (1, 2)):
        part = losses.block(start, stop, seed)
        if not np.array_equal(part, run[start - 1 : stop - 1]):
            k = int(np.argmax((part != run[start - 1 : stop - 1]).any(axis=1)))
            _fail(
                f"{type(losses).__name__}: round {start + k} has gradient {part[k]} in the block of rounds "
                f"{start}..{stop - 1} and {run[start - 1 + k]} in the block 1..{n}; it may depend on the round only"
            )
    if not isinstance(losses, RandomLinearLosses):
        order = np.random.default_rng(seed).permutation(n)
        shuffled = np.asarray(losses.gradients(asked[order]), dtype=np.float64)
        if shuffled.shape != together.shape or not np.array_equal(shuffled, together[order]):
            _fail(
                f"{type(losses).__name__}.gradients: the rounds {asked[order][:4]}... asked together, and one by one, "
                "give different gradients; each row may depend on its own round only"
            )


def _check_seeds(losses: RandomLinearLosses, rounds: int, seed: int) -> None:
    first, other = (losses.block(1, rounds + 1, s) for s in (seed, seed + 1))
    if np.array_equal(first, other) and len(np.unique(losses.block(1, 4097, seed), axis=0)) > 1:
        _fail(
            f"{type(losses).__name__}: seeds {seed} and {seed + 1} give the same {rounds} rounds; "
            "draw from the generator that sample(rng, n) is given"
        )


def _check_repeatable(losses: Losses, asked: Rounds, points: Array, seed: int) -> None:
    def ask(t: int) -> tuple[float, Array]:
        x = points[t % len(points)].copy()
        f = losses.reveal(t, x, seed)
        value, gradient = float(f.value(x)), np.array(f.gradient(x), dtype=np.float64, ndmin=1)
        if not np.array_equal(x, points[t % len(points)]):
            _fail(f"{type(losses).__name__}: round {t} changes the point it is given")
        return value, gradient

    rounds = asked.tolist()
    first = {t: ask(t) for t in rounds}
    for t in reversed(rounds):
        (f, g), (again, g_again) = first[t], ask(t)
        if not (f == again or (np.isnan(f) and np.isnan(again))) or not np.array_equal(g, g_again, equal_nan=True):
            _fail(
                f"{type(losses).__name__}: round {t} gives value {f}, gradient {g} and, asked again after other "
                f"rounds, {again}, {g_again}; it may depend on the round, the point and the seed only"
            )


def _check_round(losses: Losses, t: int, x: Array, y: Array, seed: int) -> None:
    name = f"{type(losses).__name__}: round {t}"
    f = losses.reveal(t, x, seed)
    g = np.array(f.gradient(x), dtype=np.float64, ndmin=1)
    if g.shape != x.shape:
        _fail(f"{name}: the gradient has shape {g.shape}, the point {x.shape}")
    at_x, at_y, middle = (float(f.value(u)) for u in (x, y, 0.5 * (x + y)))
    if not (np.isfinite([at_x, at_y, middle]).all() and np.isfinite(g).all()):
        _fail(f"{name}: value {at_x} at {x}, {at_y} at {y}, gradient {g}: not finite")
    slack = _RELATIVE * (1.0 + abs(at_x) + abs(at_y) + float(np.abs(g) @ np.abs(y - x)))
    if middle > 0.5 * (at_x + at_y) + slack:
        _fail(f"{name} is not convex: f = {at_x} at {x}, {at_y} at {y}, but {middle} half-way between them")
    if isinstance(losses, LinearLosses | AdaptiveLosses):
        return  # the value is made from the gradient
    below = at_x + float(g @ (y - x))
    if at_y < below - slack:
        hint = "; its negative would be one here" if at_y >= at_x - float(g @ (y - x)) - slack else ""
        _fail(f"{name}: {g} is no subgradient at {x}: f = {at_x} there, {at_y} < {below} at {y}{hint}")


def _fail(message: str) -> NoReturn:
    raise CheckFailed(message)

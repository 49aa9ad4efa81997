"""Checks of a loss sequence: convexity, gradients, the same rounds at every call, other rounds with another seed."""

from __future__ import annotations

import numpy as np

from regretlab._utils.types import Array, Rounds
from regretlab.losses.base import (
    AdaptiveLosses,
    BlockLosses,
    LinearLosses,
    Losses,
    RandomConvexLosses,
    RandomLinearLosses,
)
from regretlab.losses.examples import Sampling, Shuffling
from regretlab.losses.linear_predictions import PredictionLosses, RandomPredictionLosses
from regretlab.sets import FeasibleSet
from regretlab.testing.common import check_frozen, fail, points

__all__ = ["check_losses"]

_PAIRS = 8  # pairs of points per round
_RELATIVE = 1e-9
_GRID = 257  # predictions at which a pointwise loss is evaluated
_RANDOM = (RandomLinearLosses, RandomPredictionLosses, RandomConvexLosses, Sampling, Shuffling)


def check_losses(losses: Losses, feasible_set: FeasibleSet, *, rounds: int = 64, seed: int = 0) -> None:
    """Check a loss sequence of your own on a feasible set.

    * It is a frozen dataclass, and its dimension is that of the set.
    * A round has the same bits at every call, in any order of calls and any block
      of rounds; a random sequence has other rounds with another seed.
    * f_t is finite and convex on F: f((x + y) / 2) <= (f(x) + f(y)) / 2.
    * g is a subgradient of f_t at x: f(y) >= f(x) + <g, y - x>.
    * A pointwise loss ell(z, y) is convex in z: its derivative does not decrease,
      and is the derivative of its value.

    Parameters
    ----------
    losses : Losses
    feasible_set : FeasibleSet
        F, from which points are sampled.
    rounds : int
        Check this many rounds, from round 1 on, and rounds 10^4, 10^4 + 1 and 10^6 + 3.
    seed : int
        The seed of the sequence and of the sampled points.

    Raises
    ------
    CheckFailed
        With the round, the points and the values that show what is wrong.
    TypeError, ValueError
        When the sequence and the set have different dimensions, or a method returns a wrong type or shape.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import regretlab as rl
    >>> @dataclass(frozen=True)
    ... class Parabolas(rl.losses.ConvexLosses):
    ...     center: float = 0.5
    ...
    ...     def value(self, t, x):
    ...         return (x[0] - self.center) ** 2
    ...
    ...     def gradient(self, t, x):
    ...         return 2.0 * (x - self.center)
    >>> rl.check_losses(Parabolas(), rl.sets.Box(-1.0, 1.0), rounds=8)
    """
    check_frozen(losses)
    F = feasible_set.with_dimension(losses.dimension)
    known = points(F, np.random.default_rng(seed))
    chosen = np.unique(np.concatenate([np.arange(1, rounds + 1), [10**4, 10**4 + 1, 10**6 + 3]]))
    if isinstance(losses, BlockLosses):
        _check_blocks(losses, len(chosen), seed)
    if isinstance(losses, LinearLosses) and not isinstance(losses, RandomLinearLosses):
        _check_order(losses, chosen, seed)
    if isinstance(losses, _RANDOM):
        _check_seeds(losses, rounds, known[-1], seed)
    _check_repeatable(losses, chosen, known, seed)
    if isinstance(losses, PredictionLosses):
        _check_pointwise_loss(losses, rounds, known, seed)
    for t in chosen.tolist():
        for k in range(_PAIRS):
            x, y = known[(t + k) % len(known)], known[(t + 3 * k + 1) % len(known)]
            _check_round(losses, t, x, y, seed)


def _check_blocks(losses: BlockLosses, n: int, seed: int) -> None:
    """Check that a round has the same gradient, or rows and labels, in every block of rounds."""
    whole = [part.copy() for part in losses.data(1, n + 1, seed)]
    what = ["gradient"] if isinstance(losses, LinearLosses) else ["rows", "labels"]
    for start, stop in ((1, n // 2), (n // 2, n + 1), (1, 2)):
        for name, part, run in zip(what, losses.data(start, stop, seed), whole, strict=True):
            other = run[start - 1 : stop - 1]
            if not np.array_equal(part, other):
                k = int(np.argmax((part != other).reshape(len(part), -1).any(axis=1)))
                fail(
                    f"{type(losses).__name__}: round {start + k} has the {name} {part[k]} in the block of rounds "
                    f"{start}..{stop - 1} and {other[k]} in the block 1..{n}; it may depend on the round only"
                )


def _check_order(losses: LinearLosses, chosen: Rounds, seed: int) -> None:
    """Check that ``gradients`` returns the same for several rounds together as for one at a time."""
    one_by_one = np.concatenate([losses.block(int(t), int(t) + 1, seed) for t in chosen])
    order = np.random.default_rng(seed).permutation(len(chosen))
    shuffled = np.asarray(losses.gradients(chosen[order]), dtype=np.float64)
    if shuffled.shape != one_by_one.shape or not np.array_equal(shuffled, one_by_one[order]):
        fail(
            f"{type(losses).__name__}.gradients: the rounds {chosen[order][:4]}... computed together and one at a "
            "time give different gradients; each row may depend on its own round only"
        )


def _check_seeds(losses: Losses, rounds: int, x: Array, seed: int) -> None:
    """Check that another seed gives other rounds, unless all rounds are alike."""

    def contents(s: int) -> list[bytes]:
        if isinstance(losses, BlockLosses):
            parts = losses.data(1, rounds + 1, s)
            return [b"".join(part[k].tobytes() for part in parts) for k in range(rounds)]
        revealed = [losses.reveal(t, x, s) for t in range(1, rounds + 1)]
        return [repr(float(f.value(x))).encode() + np.asarray(f.gradient(x)).tobytes() for f in revealed]

    first = contents(seed)
    if len(set(first)) > 1 and first == contents(seed + 1):
        fail(
            f"{type(losses).__name__}: seeds {seed} and {seed + 1} give the same {rounds} rounds; "
            "it is not seedable: all draws must come from the generator that sample or draw is given"
        )


def _check_pointwise_loss(losses: PredictionLosses, rounds: int, known: Array, seed: int) -> None:
    """Check value and derivative of the pointwise loss over the range of predictions, for up to eight of the labels."""
    a, y = losses.data(1, rounds + 1, seed)
    predictions = a.reshape(-1, a.shape[-1]) @ known.T
    z = np.linspace(predictions.min(), predictions.max(), _GRID)
    ell, slope = losses.link.functions()
    p, labels = losses.link.parameters(), np.unique(y)
    for label in labels[np.linspace(0, len(labels) - 1, min(8, len(labels))).astype(int)].tolist():
        values, slopes = (np.array([float(f(float(u), label, *p)) for u in z]) for f in (ell, slope))
        name = f"{type(losses).__name__}: its pointwise loss {losses.link!r} at the label {label}"
        if not (np.isfinite(values).all() and np.isfinite(slopes).all()):
            k = int(np.argmin(np.isfinite(values) & np.isfinite(slopes)))
            fail(f"{name} is not finite: value {values[k]} and derivative {slopes[k]} at z = {z[k]}")
        step = np.diff(z)
        slack = _RELATIVE * (1.0 + np.abs(values[1:]) + np.abs(values[:-1]) + step * np.abs(slopes).max())
        rise = np.diff(values)
        wrong = (slopes[:-1] * step > rise + slack) | (rise > slopes[1:] * step + slack)
        if not wrong.any():
            continue
        k = int(np.argmax(wrong))
        where = f"derivative {slopes[k]} at z = {z[k]}, {slopes[k + 1]} at {z[k + 1]}, where ell rises by {rise[k]}"
        if ((-slopes[:-1] * step <= rise + slack) & (rise <= -slopes[1:] * step + slack)).all():
            fail(f"{name} has a derivative with the wrong sign: its negative would be right ({where})")
        if (np.diff(slopes)[wrong] * step[wrong] < -slack[wrong]).any():
            k = int(np.argmax(wrong & (np.diff(slopes) * step < -slack)))
            fail(
                f"{name} is not convex: its derivative falls from {slopes[k]} at z = {z[k]} "
                f"to {slopes[k + 1]} at z = {z[k + 1]}"
            )
        fail(f"{name} has a derivative that does not belong to its value: {where}")


def _check_repeatable(losses: Losses, chosen: Rounds, known: Array, seed: int) -> None:
    """Check that value and gradient of a round are the same again after other rounds were evaluated."""

    def evaluated(t: int) -> tuple[float, Array]:
        x = known[t % len(known)].copy()
        f = losses.reveal(t, x, seed)
        value, gradient = float(f.value(x)), np.array(f.gradient(x), dtype=np.float64, ndmin=1)
        if not np.array_equal(x, known[t % len(known)]):
            fail(f"{type(losses).__name__}: round {t} changes the point it is given")
        return value, gradient

    rounds = chosen.tolist()
    first = {t: evaluated(t) for t in rounds}
    for t in reversed(rounds):
        (f, g), (again, g_again) = first[t], evaluated(t)
        if not (f == again or (np.isnan(f) and np.isnan(again))) or not np.array_equal(g, g_again, equal_nan=True):
            fail(
                f"{type(losses).__name__}: round {t} gives value {f}, gradient {g} and, again after other "
                f"rounds, {again}, {g_again}; it may depend on the round, the point and the seed only"
            )


def _check_round(losses: Losses, t: int, x: Array, y: Array, seed: int) -> None:
    """Check that f_t is finite at x and y, convex between them, and that its gradient at x is a subgradient."""
    name = f"{type(losses).__name__}: round {t}"
    f = losses.reveal(t, x, seed)
    g = np.array(f.gradient(x), dtype=np.float64, ndmin=1)
    if g.shape != x.shape:
        fail(f"{name}: the gradient has shape {g.shape}, the point {x.shape}")
    at_x, at_y, middle = (float(f.value(u)) for u in (x, y, 0.5 * (x + y)))
    if not (np.isfinite([at_x, at_y, middle]).all() and np.isfinite(g).all()):
        fail(f"{name}: value {at_x} at {x}, {at_y} at {y}, gradient {g}: not finite")
    slack = _RELATIVE * (1.0 + abs(at_x) + abs(at_y) + float(np.abs(g) @ np.abs(y - x)))
    if middle > 0.5 * (at_x + at_y) + slack:
        fail(f"{name} is not convex: f = {at_x} at {x}, {at_y} at {y}, but {middle} half-way between them")
    if isinstance(losses, LinearLosses | AdaptiveLosses):
        return  # the value is made from the gradient
    below = at_x + float(g @ (y - x))
    if at_y < below - slack:
        hint = "; its negative would be one here" if at_y >= at_x - float(g @ (y - x)) - slack else ""
        fail(f"{name}: {g} is no subgradient at {x}: f = {at_x} there, {at_y} < {below} at {y}{hint}")

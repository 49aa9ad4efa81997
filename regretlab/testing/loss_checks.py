"""Checks of a loss sequence: convexity, gradients, the same rounds at every call, other rounds with another seed."""

from __future__ import annotations

import numpy as np

from regretlab._utils.types import Array, Rounds
from regretlab._utils.validation import whole
from regretlab.engine.errors import where
from regretlab.losses.base import BlockLosses, LinearLosses, Losses, RandomConvexLosses, RandomLinearLosses
from regretlab.losses.convexity import fault_of, pointwise_fault
from regretlab.losses.examples import Sampling, Shuffling
from regretlab.losses.linear_predictions import PredictionLosses, RandomPredictionLosses
from regretlab.sets import FeasibleSet
from regretlab.testing.common import CheckFailed, check_frozen, fail, points
from regretlab.testing.loss_claims import check_claims, gradient_of, value_of

__all__ = ["check_losses"]

_PAIRS = 8  # pairs of points per round
_NEAR = 1e-4
_LINE = 17  # points on a line, per round
_FAR = (10**4, 10**4 + 1, 10**6 + 3)  # rounds
_RELATIVE = 1e-9
_ROUNDING = 1e-14  # beside the largest |f_t| of all rounds
_GRID = 257  # predictions at which a pointwise loss is evaluated
_RANDOM = (RandomLinearLosses, RandomPredictionLosses, RandomConvexLosses, Sampling, Shuffling)


def check_losses(losses: Losses, feasible_set: FeasibleSet, *, rounds: int = 64, seed: int = 0) -> None:
    """Check a loss sequence of your own on a feasible set.

    * It is a frozen dataclass, and its dimension is that of the set.
    * A round has the same bits at every call, in any order of calls and any block
      of rounds; a random sequence has other rounds with another seed.
    * f_t is finite and convex on F: f((x + y) / 2) <= (f(x) + f(y)) / 2.
    * g is a subgradient of f_t at x: f(y) >= f(x) + <g, y - x> + (mu/2) ||y - x||^2,
      with the ``mu`` of the sequence if it has one.
    * A pointwise loss ell(z, y) is convex in z: its derivative does not decrease,
      and is the derivative of its value.
    * What else the class says of f_t is true: ``linear``, ``best_in_hindsight``, ``prefix_sum``, ``counts``, and each
      method that gives what another one gives, such as ``block`` and ``gradients``.

    Tolerances are relative to the numbers compared.

    Parameters
    ----------
    losses : Losses
    feasible_set : FeasibleSet
        F, from which points are sampled.
    rounds : int
        Check this many rounds, from round 1 on, and rounds 10^4, 10^4 + 1 and 10^6 + 3, unless the sequence has an end
        before.
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
    whole(1, rounds=rounds)
    check_frozen(losses)
    try:
        _check(losses, feasible_set, rounds, seed)
    except CheckFailed:
        raise
    except Exception as error:
        place = where(error)
        if not place:
            raise
        fail(f"{type(losses).__name__}: {error!r}{place}", error)


def _check(losses: Losses, feasible_set: FeasibleSet, rounds: int, seed: int) -> None:
    F = feasible_set.with_dimension(losses.dimension)
    known = points(F, np.random.default_rng(seed))
    for t in range(1, rounds + 1):
        error = _error_in(losses, t, known[0], seed)
        if error is not None and t > 1:
            last = f"if the sequence ends there, check it with rounds={t - 1}"
            fail(f"{type(losses).__name__}: round {t} fails, and those before do not: {error!r}; {last}", error)
    far = [t for t in _FAR if t > rounds and _error_in(losses, t, known[0], seed) is None]
    chosen = np.array([*range(1, rounds + 1), *far])
    if isinstance(losses, BlockLosses):
        _check_blocks(losses, rounds, seed)
    if isinstance(losses, _RANDOM):
        _check_seeds(losses, rounds, known[-1], seed)
    largest = _check_repeatable(losses, chosen, known, seed)
    if isinstance(losses, PredictionLosses):
        _check_pointwise_loss(losses, rounds, known, seed)
    for t in chosen.tolist():
        _check_round(losses, t, known, seed, _ROUNDING * largest)
    check_claims(losses, F, chosen, known, seed)


def _error_in(losses: Losses, t: int, x: Array, seed: int) -> Exception | None:
    """What a sequence raises in round t, for instance at its end."""
    try:
        losses.reveal(t, x.copy(), seed).gradient(x.copy())
    except Exception as error:
        return error
    return None


def _check_blocks(losses: BlockLosses, n: int, seed: int) -> None:
    """Check that a round has the same gradient, or rows and labels, in every block of rounds."""
    together = [part.copy() for part in losses.data(1, n + 1, seed)]
    what = ["gradient"] if isinstance(losses, LinearLosses) else ["rows", "labels"]
    half = max(n // 2, 1)
    for start, stop in ((1, half + 1), (half, n + 1), (1, 2)):
        for name, part, run in zip(what, losses.data(start, stop, seed), together, strict=True):
            other = run[start - 1 : stop - 1]
            if not np.array_equal(part, other):
                k = int(np.argmax((part != other).reshape(len(part), -1).any(axis=1)))
                fail(
                    f"{type(losses).__name__}: round {start + k} has the {name} {part[k]} in the block of rounds "
                    f"{start}..{stop - 1} and {other[k]} in the block 1..{n}; it may depend on the round only"
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
    """Check value and derivative of the pointwise loss over the range of predictions."""
    a, y = losses.data(1, rounds + 1, seed)
    predictions = a.reshape(-1, a.shape[-1]) @ known.T
    z = np.linspace(predictions.min(), predictions.max(), _GRID)
    fault = pointwise_fault(losses.link, y, z, _RELATIVE)
    if fault is not None:
        fail(f"{type(losses).__name__}: {fault}")


def _check_repeatable(losses: Losses, chosen: Rounds, known: Array, seed: int) -> float:
    """Check that value and gradient of a round are the same again after other rounds; returns the largest |f_t|."""

    def evaluated(t: int) -> tuple[float, Array]:
        x = known[t % len(known)].copy()
        f = losses.reveal(t, x, seed)
        answer = value_of(losses, f, t, x), gradient_of(losses, f, t, x)
        if not np.array_equal(x, known[t % len(known)]):
            fail(f"{type(losses).__name__}: round {t} changes the point it is given")
        return answer

    rounds = chosen.tolist()
    first = {t: evaluated(t) for t in rounds}
    for t in reversed(rounds):
        (f, g), (again, g_again) = first[t], evaluated(t)
        if not (f == again or (np.isnan(f) and np.isnan(again))) or not np.array_equal(g, g_again, equal_nan=True):
            fail(
                f"{type(losses).__name__}: round {t} gives value {f}, gradient {g} and, again after other "
                f"rounds, {again}, {g_again}; it may depend on the round, the point and the seed only"
            )
    return max(abs(f) for f, _ in first.values())


def _check_round(losses: Losses, t: int, known: Array, seed: int, floor: float) -> None:
    """Check that f_t is finite, convex between points and along a line, and that its gradients are subgradients."""
    name = f"{type(losses).__name__}: round {t}"
    n, linear = len(known), losses.linear
    mu = 0.0 if linear else float(getattr(losses, "mu", 0.0))
    for k in range(_PAIRS):
        x, y = known[(t + k) % n], known[(t + 3 * k + 1) % n]
        f = losses.reveal(t, x, seed)
        g, at_x, at_y = gradient_of(losses, f, t, x), value_of(losses, f, t, x), value_of(losses, f, t, y)
        if not (np.isfinite([at_x, at_y]).all() and np.isfinite(g).all()):
            fail(f"{name}: value {at_x} at {x}, {at_y} at {y}, gradient {g}: not finite")
        for z in (y, x + _NEAR * (y - x)):  # near x, a gradient that is slightly wrong is found
            fault = fault_of(f, x, at_x, g, z, tolerance=_RELATIVE, floor=floor, linear=linear, mu=mu)
            if fault is not None:
                fail(f"{name} is {fault}" if fault.startswith("not ") else f"{name}: {fault}")
    line = np.linspace(known[(7 * t) % n], known[(11 * t + 5) % n], _LINE)
    f = losses.reveal(t, line[0], seed)
    values = np.array([value_of(losses, f, t, u) for u in line])
    above = values[1:-1] - 0.5 * (values[:-2] + values[2:])
    k = int(np.argmax(above))
    if above[k] > floor + _RELATIVE * np.abs(values).max():
        x, y, middle = line[k], line[k + 2], values[k + 1]
        fail(
            f"{name} is not convex: f = {values[k]} at {x}, {values[k + 2]} at {y}, but {middle} half-way between them"
        )

"""Checks of what a loss sequence says of itself beside f_t, and of methods that give what another one gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike, Rounds
from regretlab._utils.validation import reals
from regretlab.losses.base import (
    ConvexLosses,
    LinearLosses,
    Loss,
    Losses,
    RandomConvexLosses,
    RandomLinearLosses,
    generator,
)
from regretlab.losses.convexity import fault_of
from regretlab.losses.examples import OverExamples
from regretlab.losses.linear_predictions import PredictionLosses, RandomPredictionLosses
from regretlab.losses.quadratic import Quadratics
from regretlab.losses.shortcuts import ask
from regretlab.sets import FeasibleSet
from regretlab.testing.common import fail

__all__ = ["check_claims", "gradient_of", "value_of"]

_RELATIVE = 1e-9


def value_of(losses: Losses, f: Loss, t: int, x: Array) -> float:
    """f_t(x); an error unless it is a real number."""
    value = reals(f"{type(losses).__name__}: round {t}: the value", f.value(x), "a real number")
    if value.ndim:
        fail(f"{type(losses).__name__}: round {t}: the value is {value!r}, an array; it must be a number")
    return float(value)


def gradient_of(losses: Losses, f: Loss, t: int, x: Array) -> Array:
    """(d,): a copy of the gradient of f_t at x; an error unless it is real numbers of that shape."""
    g = np.array(reals(f"{type(losses).__name__}: round {t}: the gradient", f.gradient(x)), ndmin=1)
    if g.shape != x.shape:
        fail(f"{type(losses).__name__}: round {t}: the gradient has shape {g.shape}, the point {x.shape}")
    return g


def check_claims(losses: Losses, F: FeasibleSet, chosen: Rounds, known: Array, seed: int) -> None:
    """Check all that a sequence says of itself beside ``reveal``, in the rounds ``chosen`` and at points of F."""
    last = int((chosen == np.arange(1, len(chosen) + 1)).sum())  # rounds without a gap
    stops = sorted({1, min(2, last), (last + 2) // 3, last})
    _check_order(losses, chosen, seed)
    _check_definitions(losses, chosen[:8].tolist(), known, seed)
    if isinstance(losses, OverExamples):
        asked = np.asarray(losses.examples(np.arange(1, last + 1), seed))
        counted = np.bincount(asked.ravel(), minlength=len(np.asarray(losses.features)))
        _same(losses, f"counts({last})", losses.counts(last, seed), f"examples of the rounds 1..{last}", counted)
    best, prefix = (getattr(losses, name, None) for name in ("best_in_hindsight", "prefix_sum"))
    if best is None and prefix is None:
        return
    for t in stops:
        sums = _sums(losses, t, known, seed)
        if prefix is not None:
            _check_prefix_sum(losses, prefix(t, seed), t, sums, known)
        if best is not None:
            _check_best(losses, F, best(F, np.array([t]), seed), t, sums, known, seed)


def _check_order(losses: Losses, chosen: Rounds, seed: int) -> None:
    """Check that a method that is asked for several rounds together gives the same for one at a time."""
    order = np.random.default_rng(seed).permutation(len(chosen))
    one: Callable[[int], tuple[Array, ...]]
    if isinstance(losses, LinearLosses) and not isinstance(losses, RandomLinearLosses):
        name, one = "gradients", lambda t: (losses.block(t, t + 1, seed),)
    elif isinstance(losses, Quadratics):
        name, one = "centres", lambda t: (losses.block(t, t + 1, seed),)
    elif isinstance(losses, PredictionLosses) and not isinstance(losses, RandomPredictionLosses):
        name, one = "rows", lambda t: losses.data(t, t + 1, seed)
    else:
        return
    try:
        asked = ask(getattr(losses, name), chosen[order], seed=seed)
    except NotImplementedError:  # a class that defines block instead
        return
    answers = asked if isinstance(asked, tuple) else (asked,)
    alone = [np.concatenate(parts)[order] for parts in zip(*(one(int(t)) for t in chosen), strict=True)]
    for part, other in zip(alone, answers, strict=True):
        if part.size != np.size(other) or not np.array_equal(part, np.asarray(other).reshape(part.shape)):
            fail(
                f"{type(losses).__name__}.{name}: the rounds {chosen[order][:4]}... computed together and one at a "
                f"time give different {name}; each row may depend on its own round only"
            )


def _check_definitions(losses: Losses, rounds: list[int], known: Array, seed: int) -> None:
    """Check that ``value`` and ``gradient`` are those of ``reveal``, where a class overrides it."""
    base = next((kind for kind in (ConvexLosses, RandomConvexLosses) if isinstance(losses, kind)), None)
    if base is None or type(losses).reveal is base.reveal:
        return
    for t in rounds:
        x = known[t % len(known)]
        z = losses.draw(generator(seed, t)) if isinstance(losses, RandomConvexLosses) else t
        revealed = losses.reveal(t, x, seed)._asdict()
        for name in ("value", "gradient"):
            try:
                own = ask(getattr(losses, name), z, x.copy(), seed=seed)
            except NotImplementedError:  # a class that defines reveal instead
                continue
            _same(losses, f"the {name} of round {t} at {x}", own, "reveal", revealed[name](x))


def _same(losses: Losses, what: str, one: ArrayLike, other_name: str, other: ArrayLike) -> None:
    """Check that two methods give the same."""
    a, b = reals(what, one), reals(other_name, other)
    if a.shape != b.shape or not np.allclose(a, b, rtol=_RELATIVE, atol=_RELATIVE * float(np.abs(b).max(initial=0.0))):
        fail(f"{type(losses).__name__}: {what} is {a}, but {other_name} gives {b}")


def _sums(losses: Losses, t: int, points: Array, seed: int) -> Array:
    """(2, n): f_1 + ... + f_t at n points, and |f_1| + ... + |f_t|."""
    total = np.zeros((2, len(points)))
    for s in range(1, t + 1):
        f = losses.reveal(s, points[0], seed)
        values = np.array([value_of(losses, f, s, x) for x in points])
        total += [values, np.abs(values)]
    return total


def _check_prefix_sum(losses: Losses, S: Loss, t: int, sums: Array, known: Array) -> None:
    """Check the values and gradients of ``prefix_sum(t, seed)``."""
    name = f"{type(losses).__name__}.prefix_sum({t})"
    values = np.array([value_of(losses, S, t, x) for x in known])
    slack = _RELATIVE * (sums[1] + np.abs(values))
    k = int(np.argmax(np.abs(values - sums[0]) - slack))
    if not abs(values[k] - sums[0, k]) <= slack[k]:
        fail(f"{name} is {values[k]} at {known[k]}, but f_1, ..., f_{t} sum to {sums[0, k]} there")
    for k in range(len(known)):
        x, y = known[k], known[(3 * k + 1) % len(known)]
        g = gradient_of(losses, S, t, x)
        fault = fault_of(S, x, values[k], g, y, tolerance=_RELATIVE, floor=1e-5 * float(slack.max()), linear=False)
        if fault is not None:
            fail(f"{name}: {fault}")


def _check_best(
    losses: Losses, F: FeasibleSet, answer: Any, t: int, sums: Array, known: Array, seed: int
) -> None:  # fmt: skip
    """Check that ``best_in_hindsight`` gives a point of F and its sum, and that no known point has a smaller one."""
    name = f"{type(losses).__name__}.best_in_hindsight"
    u, value = (np.asarray(part, dtype=np.float64) for part in answer)
    if u.shape != (1, known.shape[1]) or value.shape != (1,):
        fail(f"{name} returned shapes {u.shape} and {value.shape} for 1 round; they must be (1, d) and (1,)")
    if not F.contains(u[0], _RELATIVE * float(np.abs(u).max())):
        fail(f"{name}: {u[0]}, for t = {t}, is not a point of {F!r}")
    at_u = _sums(losses, t, u, seed)[:, 0]
    slack = _RELATIVE * (at_u[1] + float(sums[1].max()))
    if not abs(value[0] - at_u[0]) <= slack:
        fail(f"{name} says {value[0]} for t = {t}, but f_1, ..., f_{t} sum to {at_u[0]} at {u[0]}")
    k = int(np.argmin(sums[0]))
    if sums[0, k] < at_u[0] - slack:
        fail(f"{name}: f_1, ..., f_{t} sum to {at_u[0]} at {u[0]}, and to {sums[0, k]} at {known[k]}")

"""Best points that a sequence gives in closed form, compared with its losses."""

from __future__ import annotations

import numpy as np

from regretlab._utils.extending import shipped
from regretlab._utils.types import Array, Rounds
from regretlab._utils.validation import reals
from regretlab.engine.trajectory import Trajectory
from regretlab.regret.cumulative_prediction_loss import sums_of
from regretlab.regret.evidence import SLACK, Evidence
from regretlab.regret.hindsight import Solver, evidence_of

__all__ = ["closed_form"]


def closed_form(game: Trajectory, t: Rounds) -> tuple[Array, Array]:
    """The points (h, d) and sums (h,) that the method ``best_in_hindsight`` of the losses gives for increasing t (h,).

    Those of a class of your own are compared with the losses.

    Raises
    ------
    TypeError
        When the method returns anything but two arrays of real numbers.
    ValueError
        When an array has another shape, a point is not in F, its sum is another one, or a point of F has a smaller sum.
    """
    losses, F = game.losses, game.feasible_set
    name = f"{type(losses).__name__}.best_in_hindsight"
    answer = losses.best_in_hindsight(F, t, game.seed)  # type: ignore[attr-defined]
    if not (isinstance(answer, tuple) and len(answer) == 2):
        raise TypeError(f"{name} returned {type(answer).__name__}; it must return points (h, d) and sums (h,)")
    points, sums = (reals(name, part) for part in answer)
    if points.shape != (len(t), game.state.point.size) or sums.shape != (len(t),):
        raise ValueError(f"{name} returned shapes {points.shape} and {sums.shape} for {len(t)} rounds")
    if shipped(type(losses)):
        return points, sums
    loss, solver = sums_of(game), None
    known = evidence_of(game, loss, [int(stop) for stop in t]) or Evidence(game, loss, [int(stop) for stop in t])
    for stop, u, value in zip(t.tolist(), points, sums.tolist(), strict=True):
        if not F.contains(u, SLACK):
            raise ValueError(f"{name}: {u}, for t = {stop}, is not a point of {F!r}")
        there = loss.value(u, 1, stop + 1)
        least = known.check(1, stop + 1, [])
        size = abs(there) + (abs(least) if np.isfinite(least) else 0.0)
        if F.bounded and least >= there - SLACK * size:
            solver = solver or Solver(loss, u)
            solver.u = u
            found = solver.minimize(1, stop + 1)
            least, size = found.value, size + found.size
        if not abs(value - there) <= SLACK * size:
            raise ValueError(
                f"{name} says {value:.6g} for t = {stop}, but f_1, ..., f_{stop} sum to {there:.6g} at {u}"
            )
        if least < there - SLACK * size:
            raise ValueError(
                f"{name}: f_1, ..., f_{stop} sum to {there:.6g} at {u}, and to {least:.6g} at another point"
            )
    return points, sums

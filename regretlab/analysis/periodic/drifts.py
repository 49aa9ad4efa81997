"""The drift of a learner on periodic linear losses, and the hyperparameter at which it changes sign."""

from __future__ import annotations

import dataclasses

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.analysis.periodic.limit_cycles import LimitCycle, limit_cycle
from regretlab.learners import Algorithm1
from regretlab.losses.counterexamples import Periodic, PeriodicLosses, period_of

__all__ = ["boundary", "cycles_of", "drift", "periodic_losses"]


def drift(learner: Algorithm1, losses: PeriodicLosses | ArrayLike, *, rounds: int = 10**6) -> Array:
    """h = sum_k m_k / w_k over a period of the limit cycle, by coordinate (d,): a period moves x by about -alpha_t h.

    The sum of alpha_t m_t / w_t over a period differs from alpha_t h by O(t^{-3/2}) for alpha_t = alpha / sqrt(t),
    which is summable: x_t goes to the lower end of an interval if h > 0, and to the upper one if h < 0.

    Parameters
    ----------
    learner : Algorithm1
        Its hyperparameters other than alpha must not depend on t.
    losses : PeriodicLosses, or an array (P,) or (P, d) of gradients
    rounds : int
        The largest number of rounds to play where the limit cycle has no closed form, see :func:`limit_cycle`.

    Raises
    ------
    TypeError, ValueError, RuntimeError
        As for :func:`limit_cycle`; also for losses that are not periodic, or zero in a coordinate.

    Examples
    --------
    >>> import regretlab as rl
    >>> rl.periodic.drift(rl.learners.Adam(beta1=0.0, beta2=0.1), rl.losses.Mod3(C=3.0)).round(4)
    array([-0.6809])
    """
    return np.array([cycle.drift for cycle in cycles_of(learner, periodic_losses(losses), rounds)])


def boundary(
    learner: Algorithm1,
    losses: PeriodicLosses,
    parameter: str,
    bracket: tuple[float, float],
    *,
    rounds: int = 10**6,
) -> float:
    """The value of a hyperparameter, or of a field of the losses, at which the drift h changes sign.

    Parameters
    ----------
    learner : Algorithm1
    losses : PeriodicLosses
        In one dimension.
    parameter : str
        A field of either the learner or the losses, such as ``"beta2"``.
    bracket : (float, float)
        Two values of the parameter whose drifts have opposite signs.
    rounds : int
        The largest number of rounds to play where the limit cycle has no closed form, see :func:`limit_cycle`.

    Raises
    ------
    ValueError
        When the drift has the same sign at both ends of the bracket, the losses are not one-dimensional, or neither or
        both of ``learner`` and ``losses`` have a field of that name; and as for :func:`drift`.
    TypeError, RuntimeError
        As for :func:`drift`.

    Examples
    --------
    >>> import regretlab as rl
    >>> adam, losses = rl.learners.Adam(beta1=0.9), rl.losses.ReddiOnline()
    >>> round(rl.periodic.boundary(adam, losses, "beta2", (0.99, 0.9999)), 6)
    0.999516
    """
    from scipy.optimize import brentq

    sequence = periodic_losses(losses)
    if sequence.dimension != 1:
        raise ValueError(f"losses={losses!r} have dimension {sequence.dimension}: a boundary is that of one coordinate")
    names = [{field.name for field in dataclasses.fields(part) if field.init} for part in (learner, sequence)]  # type: ignore[arg-type]
    if (parameter in names[0]) == (parameter in names[1]):
        raise ValueError(
            f"parameter={parameter!r} must be a field of the learner or of the losses: {sorted(names[0] ^ names[1])}"
        )

    def h(value: float) -> float:
        if parameter in names[0]:
            return float(drift(dataclasses.replace(learner, **{parameter: value}), sequence, rounds=rounds)[0])
        changed = dataclasses.replace(sequence, **{parameter: value})  # type: ignore[type-var]
        return float(drift(learner, changed, rounds=rounds)[0])

    low, high = bracket
    at = h(low), h(high)
    if at[0] * at[1] > 0.0:
        raise ValueError(
            f"bracket={bracket!r}: the drift does not change sign, it is {at[0]:.6g} at {parameter}={low!r} "
            f"and {at[1]:.6g} at {high!r}"
        )
    return float(brentq(h, low, high, xtol=1e-15))


def periodic_losses(losses: PeriodicLosses | ArrayLike) -> PeriodicLosses:
    """Periodic losses, given as such or as an array of gradients; ``TypeError`` for anything else."""
    if isinstance(losses, PeriodicLosses):
        period_of(losses)
        return losses
    try:
        return Periodic(losses)
    except TypeError as error:
        raise TypeError(f"losses={losses!r} are not periodic: give PeriodicLosses or an array of gradients") from error


def cycles_of(learner: Algorithm1, losses: PeriodicLosses, rounds: int) -> list[LimitCycle]:
    """The limit cycle of each coordinate; ``ValueError`` if the gradients of one are all zero."""
    known: dict[bytes, LimitCycle] = {}  # coordinates often have the same gradients
    columns = [np.ascontiguousarray(column) for column in period_of(losses).T]
    for i, column in enumerate(columns):
        if not column.any():
            raise ValueError(f"losses={losses!r}: the gradients of coordinate {i} are zero everywhere, it never moves")
        if column.tobytes() not in known:
            known[column.tobytes()] = limit_cycle(learner, column, rounds=rounds)
    return [known[column.tobytes()] for column in columns]

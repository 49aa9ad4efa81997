"""Learners on a dictionary of arrays, such as the named parameters of a model; the user supplies the gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.learners.base import Learner
from regretlab.learners.state import State
from regretlab.sets import FeasibleSet, Reals

__all__ = ["DictLearner", "DictState"]


@dataclass(frozen=True, eq=False)
class DictState:
    """A learner's state, with its arrays by name.  It is read-only: an update returns a new one.

    Attributes
    ----------
    state : State
        The learner's state, in which all arrays are one vector (d,).
    shapes : dict
        The shape of each array by name, in the order of the vector.
    """

    state: State
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def t(self) -> int:
        """Rounds played."""
        return self.state.t

    @property
    def params(self) -> dict[str, Array]:
        """x_{t+1}, what the learner plays next."""
        return self._named(self.state.point)

    @property
    def moments(self) -> dict[str, dict[str, Array]]:
        """What the learner's rule keeps between rounds, e.g. ``moments["vhat"]["W"]``."""
        return {name: self._named(moment) for name, moment in self.state.moments.items()}

    def _named(self, vector: Array) -> dict[str, Array]:
        """The entries of ``vector`` as arrays by name."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes.values()])
        parts = np.split(vector, ends[:-1])
        return {name: part.reshape(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}


@dataclass(frozen=True)
class DictLearner:
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t) where x_t is a dictionary of arrays.

    You compute the gradients and call ``update`` once a round.  All arrays together form one point of F,
    in the order of the dictionary given to ``start``: F may couple coordinates of different arrays, and the
    projection is that of the whole model.

    Parameters
    ----------
    learner : Learner
        Any learner; its class says what a number alpha means.

    Raises
    ------
    TypeError
        When ``learner`` is not a learner.

    Examples
    --------
    The state has the arrays x_{t+1} as ``params`` and the learner's moments as ``moments``:

    >>> import numpy as np
    >>> from regretlab import DictLearner, learners
    >>> model = DictLearner(learners.AMSGrad(alpha=0.5, beta1=0.0, beta2=0.75))
    >>> state = model.start({"W": np.zeros((2, 2)), "b": np.zeros(2)})
    >>> state = model.update(state, {"W": np.eye(2), "b": np.array([2.0, -2.0])})
    >>> state.params["W"]
    array([[-1.,  0.],
           [ 0., -1.]])
    >>> state.moments["vhat"]["b"]
    array([1., 1.])
    """

    learner: Learner

    def __post_init__(self) -> None:
        if not isinstance(self.learner, Learner):
            raise TypeError(f"learner={self.learner!r} is not a Learner")

    def start(self, params: Mapping[str, ArrayLike], feasible_set: FeasibleSet | None = None) -> DictState:
        """The state before round 1, at x_1 = ``params``.

        Parameters
        ----------
        params : dict of arrays
            Arrays of any shape by name, at least one; d is the number of all their entries.
        feasible_set : FeasibleSet, optional
            F, of dimension d; by default all of R^d.

        Raises
        ------
        ValueError
            For no parameters, parameters that are not finite or not in F, or a set of another dimension.
        """
        shapes = {name: np.shape(array) for name, array in params.items()}
        if not shapes:
            raise ValueError("params is empty: a model needs parameters")
        F = Reals() if feasible_set is None else feasible_set
        return DictState(self.learner.start(F, _vector("params", params, shapes)), shapes)

    def update(self, state: DictState, grads: Mapping[str, ArrayLike]) -> DictState:
        """The state after a round with the gradients ``grads`` at ``state.params``; ``state`` stays valid.

        Parameters
        ----------
        state : DictState
        grads : dict of arrays
            The names and shapes of ``state.params``, in any order.

        Raises
        ------
        ValueError
            When a name is missing or unknown, a shape is wrong, or a gradient is not finite.
        FloatingPointError
            When the step overflows.
        """
        return DictState(self.learner.update(state.state, _vector("grads", grads, state.shapes)), state.shapes)


def _vector(what: str, arrays: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> Array:
    """The arrays in the order of ``shapes``, as one vector; ``ValueError`` for a wrong name or shape, NaN or inf."""
    if set(arrays) != set(shapes):
        raise ValueError(f"{what} has the names {sorted(arrays)}; they must be {sorted(shapes)}")
    for name, shape in shapes.items():
        if np.shape(arrays[name]) != shape:
            raise ValueError(f"{what}[{name!r}] has shape {np.shape(arrays[name])}; it must be {shape}")
        if not np.isfinite(np.asarray(arrays[name], dtype=np.float64)).all():
            raise ValueError(f"{what}[{name!r}] is not finite")
    return np.concatenate([np.asarray(arrays[name], dtype=np.float64).ravel() for name in shapes])

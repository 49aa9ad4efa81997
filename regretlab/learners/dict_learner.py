"""Learners by hand on a dictionary of arrays, such as the parameters of a model by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from regretlab._utils.types import Array, ArrayLike
from regretlab.learners.base import Learner, State
from regretlab.sets import FeasibleSet, Reals

__all__ = ["DictLearner", "DictState"]


@dataclass(frozen=True, eq=False)
class DictState:
    """A learner's state, read as dictionaries of arrays. A value, as a state is.

    Attributes
    ----------
    state : State
        The arrays one after the other in a single vector.
    shapes : dict
        The shape of each array by name.
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
        """The learner's memory by the names of its rule, e.g. ``moments["vhat"]["W"]``."""
        return {name: self._named(moment) for name, moment in self.state.moments.items()}

    def _named(self, vector: Array) -> dict[str, Array]:
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes.values()])
        parts = np.split(vector, ends[:-1])
        return {name: part.reshape(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}


@dataclass(frozen=True)
class DictLearner:
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t) where x_t is a dictionary of arrays::

        model = DictLearner(AMSGrad(alpha=0.01))
        state = model.start({"W": W, "b": b})
        state = model.update(state, {"W": grad_W, "b": grad_b})
        state.params["W"]

    All arrays together are one point of F, so that a set that ties coordinates
    together, and the metric of its projection, are those of the whole model.
    """

    learner: Learner

    def __post_init__(self) -> None:
        if not isinstance(self.learner, Learner):
            raise TypeError(f"learner={self.learner!r} is not a Learner")

    def start(self, params: Mapping[str, ArrayLike], feasible_set: FeasibleSet | None = None) -> DictState:
        """The state before round 1, at x_1 = ``params``; F is R^d by default.

        Raises
        ------
        ValueError
            For no parameters, parameters that are not in F, or a set of another dimension.
        """
        shapes = {name: np.shape(array) for name, array in params.items()}
        if not shapes:
            raise ValueError("params is empty: a model needs parameters")
        F = Reals() if feasible_set is None else feasible_set
        return DictState(self.learner.start(F, _vector("params", params, shapes)), shapes)

    def update(self, state: DictState, grads: Mapping[str, ArrayLike]) -> DictState:
        """The state after a round in which ``grads`` were seen at ``state.params``.

        Raises
        ------
        ValueError
            When a name is missing or unknown, a shape is wrong, or a gradient is not finite.
        FloatingPointError
            When the step overflows.
        """
        return DictState(self.learner.update(state.state, _vector("grads", grads, state.shapes)), state.shapes)


def _vector(what: str, arrays: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> Array:
    """The arrays in the order of ``shapes``, in one vector, checked."""
    if set(arrays) != set(shapes):
        raise ValueError(f"{what} has the names {sorted(arrays)}; they must be {sorted(shapes)}")
    for name, shape in shapes.items():
        if np.shape(arrays[name]) != shape:
            raise ValueError(f"{what}[{name!r}] has shape {np.shape(arrays[name])}; it must be {shape}")
        if not np.isfinite(np.asarray(arrays[name], dtype=np.float64)).all():
            raise ValueError(f"{what}[{name!r}] is not finite")
    return np.concatenate([np.asarray(arrays[name], dtype=np.float64).ravel() for name in shapes])

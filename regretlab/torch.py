"""Learners as optimizers of PyTorch: ``from regretlab.torch import Optimizer``.

Nothing else in the package imports torch; install ``regretlab[torch]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from regretlab._utils.extending import unchanged
from regretlab._utils.types import Array
from regretlab._utils.validation import nearest, whole, within
from regretlab._utils.version import __version__
from regretlab.kernels import compose, row_gradient
from regretlab.kernels.fingerprints import fingerprint_of_all
from regretlab.learners.base import Algorithm1, refuse_own_methods
from regretlab.learners.state import check_step
from regretlab.sets import Box, FeasibleSet, Reals

__all__ = ["Optimizer"]

_COMPILE_FROM = 64  # entries of a parameter from which its step is compiled; the bits are the same either way
_TYPES = {torch.float32: np.float32, torch.float64: np.float64}
_NUMBERS = ("lr", "weight_decay", "l2_penalty")
_OF_TORCH = ("params", "param_names", "initial_lr", "name")
"""Keys of a group that torch and its schedulers know, and the label that users give it."""
_PARTS = ("learner", "feasible_set")


@dataclass
class _Update:
    """What a round makes of one parameter; nothing is written before the rounds of all parameters are computed."""

    parameter: Any
    name: str
    t: int
    gradient: Array
    x: Array
    weights: Array
    moments: Array

    def check(self) -> None:
        """``FloatingPointError`` with the cause, unless the point before the projection and the moments are finite."""
        if _all_finite(self.x) and _all_finite(self.moments):
            return
        try:
            check_step(self.t, self.gradient, self.x, self.moments, self.weights, _vector(self.parameter))
        except (FloatingPointError, ValueError) as error:
            reason = f": {error}".replace(f": the step of round {self.t} ", " ")[:300]
            raise FloatingPointError(
                f"the step of {self.name} in round {self.t}{reason}; nothing was changed"
            ) from error

    def round(self) -> None:
        """Round to the parameter's precision; ``FloatingPointError`` when a number to be stored is not finite."""
        dtype = self.parameter.dtype
        x, moments = _rounded(self.x, dtype), _rounded(self.moments, dtype)
        if not (_all_finite(x) and _all_finite(moments)):
            self.check()
            raise FloatingPointError(
                f"the step of {self.name} in round {self.t} overflows {dtype}; nothing was changed"
            )
        self.x, self.moments = x, moments

    def write(self, state: dict[str, Any]) -> None:
        """Change the parameter and its state."""
        _write(self.parameter, self.x)
        state["t"], state["moments"] = self.t, torch.from_numpy(self.moments)


class Optimizer(torch.optim.Optimizer):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t) for the parameters x of a model, by a learner of Algorithm 1.

    The rule is the learner's own, as in games: for parameters in double precision and lr = 1 the
    numbers are those of ``learner.update``, bit for bit.  In single precision each step is computed
    in double and then rounded, and so are the moments.  There is no bias correction and no eps
    unless the learner has them: ``learners.TorchAdam()`` is ``torch.optim.Adam()``.

    Parameters
    ----------
    params : iterable of parameters, or of dicts that define groups
        Tensors of any shape, in single or double precision on the CPU.  They keep precision, device and shape: move
        or convert a model before its optimizer is made.  A group may have its own ``learner``, ``feasible_set``,
        ``lr``, ``weight_decay``, ``l2_penalty`` and ``maximize``, and a ``name``.
    learner : Algorithm1
        Its alpha_t is the stepsize; a number alpha means the same as in games: alpha / sqrt(t) for the papers'
        learners, a constant for TorchAdam and the other frameworks' learners.
    feasible_set : FeasibleSet, optional
        F, for all parameters of a group as one vector (d,), in the order of the group; by default
        all of R^d.  Parameters outside F are projected onto it when the group is added.
    lr : float or tensor of one number
        A factor of alpha_t, which torch's schedulers change.  A rule that uses alpha itself, such as AdaBound's, gets
        alpha_t times the lr at construction, or alpha_t if that is 0; a later change of lr scales its steps.
    weight_decay : float
        Decoupled: x_t is first multiplied by 1 - lr alpha_t weight_decay.
    l2_penalty : float
        Adds l2_penalty * x_t to the gradient, hence to the moments.
    maximize : bool
        Whether to maximize: the gradient changes its sign, before a penalty is added.

    Raises
    ------
    TypeError
        For a learner that is not in the form of Algorithm 1, or that has an ``update`` or ``start`` of its own, which
        the optimizer would not call; a ``feasible_set`` that is not a FeasibleSet; parameters that are not in single or
        double precision on the CPU; a key of a group that is none of those above.
    ValueError
        For a set whose dimension is not that of the group, parameters that are not finite and have to be projected, and
        for a negative, infinite or NaN ``lr``, ``weight_decay`` or ``l2_penalty``.

    Notes
    -----
    A parameter without a gradient does not change, and its round number does not increase.
    But if F couples the coordinates of a group, the missing gradient counts as 0.

    Examples
    --------
    >>> import torch
    >>> from regretlab import learners, sets
    >>> from regretlab.torch import Optimizer
    >>> x = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
    >>> optimizer = Optimizer([x], learners.OGD(alpha=1.0), sets.Box(-1.0, 1.0))
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     loss = 0.5 * x[0] - 4.0 * x[1]
    ...     loss.backward()
    ...     optimizer.step()
    >>> x.detach().numpy().round(3)  # -0.5 - 0.5 / sqrt(2), and the upper bound of the box
    array([-0.854,  1.   ])
    """

    def __init__(
        self,
        params: Any,
        learner: Algorithm1,
        feasible_set: FeasibleSet | None = None,
        *,
        lr: float = 1.0,
        weight_decay: float = 0.0,
        l2_penalty: float = 0.0,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "learner": learner,
            "feasible_set": feasible_set,
            "lr": lr,
            "weight_decay": weight_decay,
            "l2_penalty": l2_penalty,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Check and add a group; project its parameters onto its feasible set."""
        for key in param_group if isinstance(param_group, dict) else ():
            if key not in self.defaults and key not in _OF_TORCH:
                raise TypeError(f"a parameter group has no option {key!r}{nearest(str(key), self.defaults)}")
        super().add_param_group(param_group)
        try:
            self._check(self.param_groups[-1])
        except Exception:
            self.param_groups.pop()
            raise

    def _check(self, group: dict[str, Any]) -> None:
        """Check a group, give its feasible set the group's dimension, and project the parameters onto the set."""
        F = group["feasible_set"]
        _check_learner(group["learner"])
        _check_options(group)
        group["base_lr"] = _number(group, "lr") or 1.0
        for p in group["params"]:
            if p.dtype not in _TYPES or p.device.type != "cpu":
                raise TypeError(f"a parameter is {p.dtype} on {p.device}: it must be float32 or float64 on the CPU")
        group["parameters"] = [_kind(p) for p in group["params"]]
        if F is None:
            group["feasible_set"] = F = Reals()
        if not isinstance(F, FeasibleSet):
            raise TypeError(f"feasible_set={F!r} is not a FeasibleSet")
        d = sum(p.numel() for p in group["params"])
        if F.dimension not in (None, d):
            raise ValueError(f"feasible_set={F!r} has dimension {F.dimension}, the group has {d} numbers")
        group["feasible_set"] = F = F.with_dimension(d)
        if not unchanged(F, Reals):
            points = [_vector(p) for p in group["params"]]
            if not np.isfinite(np.concatenate(points)).all():
                raise ValueError(f"a parameter is not finite, so that it cannot be projected onto {F!r}")
            projected = _projected(group, points, [np.ones_like(x) for x in points])
            for p, x in zip(group["params"], projected, strict=True):
                _write(p, x)

    # -- a round ----------------------------------------------------------------------

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Play one round with the gradients that the parameters have; return what ``closure`` returns, if given.

        ``closure`` is called first, to compute the loss and its gradients.

        Raises
        ------
        TypeError
            For a sparse gradient, and a parameter whose precision, device or shape has changed.
        ValueError
            For an ``lr`` or decay out of range.
        FloatingPointError
            For a gradient that is not finite, or a step that overflows; the message names parameter and round.

        After an error all parameters and states are as before.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        updates = [update for i, group in enumerate(self.param_groups) for update in self._round(i, group)]
        for update in updates:
            update.write(self.state[update.parameter])
        return loss

    def _round(self, i: int, group: dict[str, Any]) -> list[_Update]:
        """What a round makes of the parameters of group ``i``."""
        F = group["feasible_set"]
        separable = unchanged(F, Reals, Box)
        _check_options(group)
        updates = []
        for p, kind, name in zip(group["params"], group["parameters"], _names(group, i), strict=True):
            if _kind(p) != kind:
                raise TypeError(
                    f"{name} was {kind} when its optimizer was made, and is {_kind(p)}: make a new optimizer"
                )
            if p.grad is not None or not separable:
                updates.append(self._half_step(group, p, name))
                if not separable:  # before the projection spreads it to other parameters
                    updates[-1].check()
        if not unchanged(F, Reals) and updates:
            points = _projected(group, [update.x for update in updates], [update.weights for update in updates])
            for update, x in zip(updates, points, strict=True):
                update.x = x
        for update in updates:
            update.round()
        return updates

    def _half_step(self, group: dict[str, Any], p: torch.Tensor, name: str) -> _Update:
        """x_t - alpha_t m_t / W_t, with W_t and the moments."""
        learner, state, x = group["learner"], self.state.get(p) or {"t": 0}, _vector(p)
        lr, base, t = _number(group, "lr"), group["base_lr"], state["t"] + 1
        moments = state["moments"].numpy() if t > 1 else np.zeros((len(learner.moment_names), x.size))
        g = self._gradient(group, p, x, f"{name} in round {t}")
        if group["weight_decay"]:
            x *= 1.0 - float(learner.schedules["alpha"](t)) * lr * _number(group, "weight_decay")
        binding, later = learner.binding, 1.0
        coefficients, values = binding.coefficients()[:, None], binding.schedule_values(np.array([t]))
        if binding.call.stepsize in binding.call.arguments:  # the rule uses alpha
            coefficients[0], later = coefficients[0] * base, lr / base
        else:
            coefficients[0] *= lr
        update = _Update(p, name, t, g, x, np.empty_like(x), moments.astype(np.float64))
        half_step = compose(binding.call, row_gradient, x.size >= _COMPILE_FROM).half_step
        with np.errstate(all="ignore"):
            y = x if later == 1.0 else np.zeros_like(x)
            half_step(t, g, coefficients, values, y, update.moments, update.weights)
            update.x = y if later == 1.0 else x + later * y
        return update

    def _gradient(self, group: dict[str, Any], p: torch.Tensor, x: Array, where: str) -> Array:
        """The gradient at x that the learner sees; ``FloatingPointError`` if it is not finite."""
        if p.grad is None:
            g = np.zeros_like(x)
        elif p.grad.is_sparse:
            raise TypeError("a gradient is sparse: make it dense, e.g. with sparse=False in the layer")
        else:
            g = _vector(p.grad)
        if group["maximize"]:
            g = -g
        if group["l2_penalty"]:
            with np.errstate(all="ignore"):
                g = g + _number(group, "l2_penalty") * x
        if not _all_finite(g):
            at = int(np.argmin(np.isfinite(g)))
            raise FloatingPointError(f"the gradient of {where} is {g[at]} at its entry {at}; nothing was changed")
        return g

    # -- saving and loading -----------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state in torch's format; of the learner and the set of each group it has the repr and a fingerprint.

        Raises
        ------
        TypeError
            When no text identifies what a learner or a set computes.
        """
        state: dict[str, Any] = super().state_dict()
        for group in state["param_groups"]:
            group |= {f"{part}_fingerprint": fingerprint_of_all(group[part]) for part in _PARTS}
            group |= {part: repr(group[part]) for part in _PARTS} | {"regretlab": __version__}
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` of an optimizer with the same learners, sets and parameters has returned.

        Raises
        ------
        ValueError
            When the groups are others or in another order: their number, learners, sets, or the names, precisions and
            shapes of their parameters; when a number of a group or the state of a parameter is out of range; when an
            earlier version has written the state, whose learners may mean another stepsize.
        """
        groups, own = state_dict["param_groups"], self.state_dict()["param_groups"]
        if len(groups) != len(own):
            raise ValueError(f"{len(groups)} groups were saved, here there are {len(own)}")
        kinds, here = ([_group_kind(group) for group in each] for each in (groups, own))
        if kinds != here and sorted(kinds) == sorted(here):
            raise ValueError("the groups were saved in another order than they have here")
        restored = []
        for i, (saved, mine) in enumerate(zip(groups, own, strict=True)):
            _check_same(i, saved, mine)
            kept = {key: value for key, value in saved.items() if key not in mine.keys() - self.param_groups[i].keys()}
            restored.append(kept | {part: self.param_groups[i][part] for part in _PARTS})
            _check_options(restored[-1])
            within("(0, inf)", base_lr=restored[-1]["base_lr"])
        self._check_states(state_dict["state"], groups)
        super().load_state_dict({**state_dict, "param_groups": restored})

    def _check_states(self, states: dict[Any, Any], groups: list[dict[str, Any]]) -> None:
        """``ValueError`` unless each saved state is that of a parameter after at least one round."""
        parameters = {
            index: (name, p, len(group["learner"].moment_names))
            for i, (group, saved) in enumerate(zip(self.param_groups, groups, strict=True))
            for index, p, name in zip(saved["params"], group["params"], _names(group, i), strict=True)
        }
        for index, state in states.items():
            name, p, rows = parameters.get(index, (f"parameter {index}", None, 0))
            t, moments = (state.get(key) for key in ("t", "moments"))
            shape = (rows, 0 if p is None else p.numel())
            if p is None or state.keys() != {"t", "moments"} or not isinstance(moments, torch.Tensor):
                raise ValueError(f"the saved state of {name} is that of another optimizer: it has {sorted(state)}")
            whole(1, **{f"the saved round of {name}": t})
            if moments.shape != shape or moments.dtype != p.dtype or not moments.isfinite().all():
                found = f"{tuple(moments.shape)} of {moments.dtype}"
                raise ValueError(f"the saved moments of {name} are {found}: they must be {shape} finite {p.dtype}")


# -- groups ----------------------------------------------------------------------------


def _check_learner(learner: object) -> None:
    """``TypeError`` unless the optimizer does what ``learner.update`` does."""
    if isinstance(learner, type):
        raise TypeError(
            f"learner={learner!r} is not in the form of Algorithm 1; write {learner.__name__}(...), an object"
        )
    refuse_own_methods(learner, "the optimizer")


def _check_options(group: dict[str, Any]) -> None:
    """Raise an error unless the numbers of a group are in range, and ``maximize`` is True or False."""
    for name in _NUMBERS:
        _number(group, name)
    if not isinstance(group["maximize"], bool):
        raise TypeError(f"maximize={group['maximize']!r} must be True or False")


def _number(group: dict[str, Any], name: str) -> float:
    """A number >= 0 of a group, which may be a tensor with one entry."""
    value = group[name]
    if type(value) is float and 0.0 <= value < np.inf:
        return value
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    within("[0, inf)", **{name: value})
    return float(value)


def _kind(p: torch.Tensor) -> str:
    """Precision, shape and device of a parameter, such as ``torch.float32 (3, 2) on cpu``."""
    return _text(p.dtype, p.shape, p.device)


@lru_cache(maxsize=4096)
def _text(dtype: Any, shape: Any, device: Any) -> str:
    return f"{dtype} {tuple(shape)} on {device}"


def _names(group: dict[str, Any], i: int) -> Iterator[str]:
    """What messages call the parameters of group ``i``."""
    own = group.get("param_names")
    for k in range(len(group["params"])):
        yield f"parameter {own[k]!r}" if own else f"parameter {k} of group {i}"


def _all_finite(numbers: Array) -> bool:
    """Whether all numbers are finite; their sum, which is faster, shows it unless it overflows."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(numbers.sum()) or np.isfinite(numbers).all())


def _rounded(numbers: Array, dtype: Any) -> Any:
    """The numbers in the precision of a parameter."""
    with np.errstate(all="ignore"):
        return numbers.astype(_TYPES[dtype], copy=False)


@torch.no_grad()
def _write(p: torch.Tensor, x: Array) -> None:
    """Change the entries of a parameter to x, rounded to its precision."""
    if p.is_contiguous():
        np.copyto(p.detach().view(-1).numpy(), x, casting="same_kind")
    else:
        p.copy_(torch.from_numpy(x).view(p.shape))


def _vector(tensor: torch.Tensor) -> Array:
    """A copy of the entries of a tensor in double precision."""
    return np.array(tensor.detach().reshape(-1).numpy(), dtype=np.float64)


def _projected(group: dict[str, Any], points: list[Array], weights: list[Array]) -> list[Array]:
    """The projections of the points of a group, as one vector, in the metric of the weights W_t >= 0."""
    y, w = np.concatenate(points), np.concatenate(weights)
    compose(group["learner"].binding.call, row_gradient, y.size >= _COMPILE_FROM).positive_weights(w)
    ends = np.cumsum([x.size for x in points])[:-1]
    return [x.copy() for x in np.split(group["feasible_set"].step_onto(y, w), ends)]


def _group_kind(group: dict[str, Any]) -> str:
    """All by which a saved group can be told from another one."""
    keys = (
        *(f"{part}_fingerprint" for part in _PARTS),
        "parameters",
        "param_names",
        "base_lr",
        *_NUMBERS[1:],
        "maximize",
    )
    return repr([group.get(key) for key in keys])


def _check_same(i: int, saved: dict[str, Any], own: dict[str, Any]) -> None:
    """``ValueError`` unless a saved group has the learner, the set and the parameters that ``own`` has."""
    if saved.get("regretlab") != __version__:
        version = saved.get("regretlab", "0.1.0")
        raise ValueError(f"group {i} was saved by regretlab {version}, this is {__version__}: a learner may differ")
    for part in _PARTS:
        if saved.get(f"{part}_fingerprint") != own[f"{part}_fingerprint"]:
            other = "the same text, but other arrays or code" if saved[part] == own[part] else own[part]
            raise ValueError(f"group {i} was saved with {part}={saved[part]}, here it is {other}")
    for key in ("parameters", "param_names"):
        if saved.get(key) != own.get(key) and (key == "parameters" or (key in saved and key in own)):
            raise ValueError(f"group {i} was saved with {key} {saved.get(key)}, here they are {own.get(key)}")

"""Learners as optimizers of PyTorch: ``from regretlab.torch import Optimizer``.

Nothing else in the package imports torch; install ``regretlab[torch]``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from regretlab._utils.extending import unchanged
from regretlab.kernels import compose, row_gradient
from regretlab.learners.base import Algorithm1
from regretlab.sets import Box, FeasibleSet, Reals

__all__ = ["Optimizer"]

_COMPILE_FROM = 64  # entries of a parameter from which its step is compiled; the bits are the same either way
_TYPES = (torch.float32, torch.float64)


class Optimizer(torch.optim.Optimizer):
    """x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t) for the parameters x of a model, by a learner of Algorithm 1.

    The rule is the learner's own, as in games: for parameters in double precision the
    numbers are those of ``learner.update``, bit for bit.  In single precision each step is computed
    in double and then rounded, and so are the moments.  There is no bias correction and no eps
    unless the learner has them: ``learners.TorchAdam()`` is ``torch.optim.Adam()``.

    Parameters
    ----------
    params : iterable of parameters, or of dicts that define groups
        Tensors of any shape, in single or double precision on the CPU.  A group may have its own
        ``learner``, ``feasible_set``, ``lr``, ``weight_decay`` and ``l2_penalty``.
    learner : Algorithm1
        Its alpha_t is the stepsize; a number alpha means the same as in games: alpha / sqrt(t) for the papers'
        learners, a constant for TorchAdam and the other frameworks' learners.
    feasible_set : FeasibleSet, optional
        F, for all parameters of a group as one vector (d,), in the order of the group; by default
        all of R^d.  Parameters outside F are projected onto it when the group is added.
    lr : float
        A factor of alpha_t, which torch's schedulers change.
    weight_decay : float
        Decoupled: x_t is first multiplied by 1 - lr alpha_t weight_decay.
    l2_penalty : float
        Adds l2_penalty * x_t to the gradient, hence to the moments.

    Raises
    ------
    TypeError
        For a learner that is not in the form of Algorithm 1, a ``feasible_set`` that is not a FeasibleSet,
        and parameters that are not in single or double precision on the CPU.
    ValueError
        For a set whose dimension is not that of the group, and for a negative, infinite or NaN ``lr``,
        ``weight_decay`` or ``l2_penalty``.

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
    ) -> None:
        defaults = {
            "learner": learner,
            "feasible_set": feasible_set,
            "lr": lr,
            "weight_decay": weight_decay,
            "l2_penalty": l2_penalty,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Check and add a group; project its parameters onto its feasible set."""
        super().add_param_group(param_group)
        try:
            self._check(self.param_groups[-1])
        except Exception:
            self.param_groups.pop()
            raise

    def _check(self, group: dict[str, Any]) -> None:
        """Check a group, give its feasible set the group's dimension, and project the parameters onto the set."""
        learner, F = group["learner"], group["feasible_set"]
        if not isinstance(learner, Algorithm1):
            raise TypeError(f"learner={learner!r} is not in the form of Algorithm 1")
        for name in ("lr", "weight_decay", "l2_penalty"):
            if not 0.0 <= group[name] < np.inf:
                raise ValueError(f"{name}={group[name]!r} must be 0 or positive")
        for p in group["params"]:
            if p.dtype not in _TYPES or p.device.type != "cpu":
                raise TypeError(f"a parameter is {p.dtype} on {p.device}: it must be float32 or float64 on the CPU")
        if F is None:
            group["feasible_set"] = F = Reals()
        if not isinstance(F, FeasibleSet):
            raise TypeError(f"feasible_set={F!r} is not a FeasibleSet")
        d = sum(p.numel() for p in group["params"])
        if F.dimension not in (None, d):
            raise ValueError(f"feasible_set={F!r} has dimension {F.dimension}, the group has {d} numbers")
        group["feasible_set"] = F = F.with_dimension(d)
        if not unchanged(F, Reals):
            self._project(group, np.ones(d))

    # -- a round ----------------------------------------------------------------------

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Play one round with the gradients that the parameters have; return what ``closure`` returns, if given.

        ``closure`` is called first, to compute the loss and its gradients.

        Raises
        ------
        TypeError
            For a sparse gradient.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            self._round(group)
        return loss

    def _round(self, group: dict[str, Any]) -> None:
        """One round for the parameters of a group."""
        F = group["feasible_set"]
        separable = unchanged(F, Reals, Box)
        weights = []
        for p in group["params"]:
            if p.grad is None and separable:
                weights.append(np.ones(p.numel()))
                continue
            if p.grad is not None and p.grad.is_sparse:
                raise TypeError("a gradient is sparse: make it dense, e.g. with sparse=False in the layer")
            weights.append(self._half_step(group, p))
        if not unchanged(F, Reals):
            self._project(group, np.concatenate(weights))

    def _half_step(self, group: dict[str, Any], p: torch.Tensor) -> Any:
        """Write x_t - alpha_t m_t / W_t to the parameter ``p``; return W_t."""
        binding = group["learner"].binding
        state = self.state[p]
        if not state:
            state["t"] = 0
            rows = len(group["learner"].moment_names)
            state["moments"] = torch.zeros((rows, p.numel()), dtype=p.dtype)
        state["t"] += 1
        coefficients, values = binding.coefficients()[:, None], binding.schedule_values(np.array([state["t"]]))
        coefficients[0] *= group["lr"]
        flat = p.detach().contiguous().view(-1)
        x = flat.numpy()
        g = np.zeros_like(x) if p.grad is None else p.grad.detach().to(p.dtype).contiguous().view(-1).numpy()
        if group["l2_penalty"]:
            g = g + group["l2_penalty"] * x
        if group["weight_decay"]:
            alpha = float(group["learner"].schedules["alpha"](state["t"])) * group["lr"]
            x *= 1.0 - alpha * group["weight_decay"]
        half_step = compose(binding.call, row_gradient, x.size >= _COMPILE_FROM).half_step
        weights = np.empty_like(x)
        with np.errstate(all="ignore"):
            half_step(state["t"], g, coefficients, values, x, state["moments"].numpy(), weights)
        if flat.data_ptr() != p.data_ptr():
            p.copy_(flat.view(p.shape))
        return weights

    @torch.no_grad()
    def _project(self, group: dict[str, Any], weights: Any) -> None:
        """Replace the parameters of a group by their projection in the metric ``weights`` >= 0."""
        x = np.concatenate([p.detach().reshape(-1).double().numpy() for p in group["params"]])
        weights = weights.astype(np.float64)
        compose(group["learner"].binding.call, row_gradient, x.size >= _COMPILE_FROM).positive_weights(weights)
        y = group["feasible_set"].step_onto(x, weights)
        start = 0
        for p in group["params"]:
            p.copy_(torch.from_numpy(y[start : start + p.numel()]).view(p.shape))
            start += p.numel()

    # -- saving and loading -----------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state in torch's format, with the learner and the feasible set of each group as their repr."""
        state: dict[str, Any] = super().state_dict()
        for group in state["param_groups"]:
            group |= {name: repr(group[name]) for name in ("learner", "feasible_set")}
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` of an optimizer with the same learners and sets has returned.

        Raises
        ------
        ValueError
            When the number of groups, a learner or a set differs.
        """
        groups, restored = state_dict["param_groups"], []
        if len(groups) != len(self.param_groups):
            raise ValueError(f"{len(groups)} groups were saved, here there are {len(self.param_groups)}")
        for i, (saved, own) in enumerate(zip(groups, self.param_groups, strict=True)):
            for name in ("learner", "feasible_set"):
                if saved[name] != repr(own[name]):
                    raise ValueError(f"group {i} was saved with {name}={saved[name]}, here it is {own[name]!r}")
            restored.append({**saved, "learner": own["learner"], "feasible_set": own["feasible_set"]})
        super().load_state_dict({**state_dict, "param_groups": restored})

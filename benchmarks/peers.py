"""Players of other libraries: a numpy class, optax in one compiled scan, torch round by round.

They sum their losses plainly, without the rounding errors that regretlab and
the C loops keep.  ``PEERS`` maps a name to a function that imports the library
and returns a player; it raises ImportError where the library is missing.
"""

from __future__ import annotations

import inspect
import math
import os
import warnings
from collections.abc import Callable
from functools import cache

import numpy as np
from problem import Outcome, Player, ends, gradients, hyperparameters, stopwatch


class NumpyAMSGrad:
    """AMSGrad as one would write it with numpy, on an array of coordinates; here a coordinate per game."""

    def __init__(self, alpha: np.ndarray, beta1: np.ndarray, beta2: np.ndarray) -> None:
        self.alpha, self.beta1, self.beta2 = alpha, beta1, beta2
        self.t = 0
        self.x, self.m, self.v, self.vhat = np.zeros((4, alpha.size))

    def update(self, g: np.ndarray) -> None:
        self.t += 1
        self.m = self.beta1 * self.m + (1.0 - self.beta1) * g
        self.v = self.beta2 * self.v + (1.0 - self.beta2) * g * g
        self.vhat = np.maximum(self.vhat, self.v)
        w = np.sqrt(self.vhat)
        step = np.divide(self.m, w, out=np.zeros_like(w), where=w != 0.0)
        self.x = np.clip(self.x - self.alpha / math.sqrt(self.t) * step, -1.0, 1.0)


def numpy_player() -> Player:
    def play(horizon: int, lanes: int) -> Outcome:
        learner = NumpyAMSGrad(*np.array(hyperparameters(lanes)).T)
        loss, total = np.zeros(lanes), np.zeros(lanes)
        rows = np.repeat(gradients(horizon)[:, None], lanes, axis=1)
        with stopwatch() as watch:
            for g in rows:
                loss += g * learner.x
                total += g
                learner.update(g)
            regret = loss + np.abs(total)
        return Outcome(watch.per(horizon, lanes), ends(learner.x), ends(regret))

    return play


def optax_player(each_round: bool) -> Player:
    """The update of ``optax.amsgrad`` and a clip under ``lax.scan``, over games under ``vmap``; float64, compiled.

    ``each_round``: hand out R_t of all rounds, which is how a scan keeps a running
    regret; else that of the last round only.
    """
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jax
        import optax
    jnp = jax.numpy
    known = inspect.signature(optax.amsgrad).parameters
    paper = {name: False for name in ("bias_correction_mu", "bias_correction_nu") if name in known}
    if hasattr(jax, "enable_x64"):
        in_float64 = jax.enable_x64
    else:
        from jax.experimental import enable_x64 as in_float64

    def game(alpha, beta1, beta2, g):  # type: ignore[no-untyped-def]
        method = optax.amsgrad(lambda count: alpha / jnp.sqrt(count + 1.0), b1=beta1, b2=beta2, eps=0.0, **paper)

        def one_round(carry, g):  # type: ignore[no-untyped-def]
            x, state, loss, total = carry
            step, state = method.update(g, state)
            loss, total = loss + g * x, total + g
            regret = loss + jnp.abs(total) if each_round else None
            return (jnp.clip(x + step, -1.0, 1.0), state, loss, total), regret

        zero = jnp.zeros(())
        (x, _, loss, total), regrets = jax.lax.scan(one_round, (zero, method.init(zero), zero, zero), g)
        return x, regrets if each_round else loss + jnp.abs(total)

    @cache
    def compiled(horizon: int, lanes: int):  # type: ignore[no-untyped-def]
        data = (*jnp.asarray(hyperparameters(lanes)).T, jnp.asarray(gradients(horizon)))
        program = jax.jit(jax.vmap(game, in_axes=(0, 0, 0, None))).lower(*data).compile()
        jax.block_until_ready(program(*data))
        return program, data

    def play(horizon: int, lanes: int) -> Outcome:
        with in_float64(True):
            program, data = compiled(horizon, lanes)
            with stopwatch() as watch:
                x, regret = jax.block_until_ready(program(*data))
        return Outcome(watch.per(horizon, lanes), ends(x), ends(regret[:, -1] if each_round else regret))

    return play


def torch_player() -> Player:
    """``torch.optim.Adam(amsgrad=True)`` with autograd, which corrects for bias: as much work as the paper's method.

    A tensor of L coordinates, all with the hyperparameters of the first game.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
    alpha, *betas = hyperparameters(1)[0]

    def play(horizon: int, lanes: int) -> Outcome:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        x = torch.zeros(lanes, dtype=torch.float64, requires_grad=True)
        method = torch.optim.Adam([x], lr=alpha, betas=tuple(betas), eps=0.0, amsgrad=True)
        total, loss = torch.zeros_like(x), torch.zeros_like(x)
        with stopwatch() as watch:
            for t, g in enumerate(gradients(horizon).tolist(), start=1):
                method.param_groups[0]["lr"] = alpha / math.sqrt(t)
                method.zero_grad()
                paid = g * x
                paid.sum().backward()
                method.step()
                with torch.no_grad():
                    x.clamp_(-1.0, 1.0)
                    loss += paid
                    total += g
            regret = (loss + total.abs()).detach()
        torch.set_num_threads(threads)
        return Outcome(watch.per(horizon, lanes), ends(x.detach()), ends(regret))

    return play


PEERS: dict[str, Callable[[], Player]] = {
    "optax, regret of each round": lambda: optax_player(each_round=True),
    "optax, last regret only": lambda: optax_player(each_round=False),
    "torch": torch_player,
    "numpy class": numpy_player,
}

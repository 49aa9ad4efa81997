r"""Three demonstrations that tutorials give for AMSGrad, in their exact settings, and what each can show.

They compare Adam, ``TorchAdam``, with the AMSGrad of tutorials, :class:`~regretlab.learners.TextbookAMSGrad`
(in the second one with PyTorch's), at betas (0.9, 0.999), eps = 1e-8, with a constant rate and no feasible set.

1. *A spike every ten rounds.*  g_t = 10 if t mod 10 = 1, else 0.1; x_1 = 5, lr = 0.1.  The effective rate is
   lr / (sqrt(v_t / (1 - beta2^t)) + eps) of Adam, lr / (sqrt(vhat_t) + eps) of AMSGrad.
   Shows that vhat_t never falls, while v_t falls between spikes by 1%.  It cannot compare the rates: Adam's v_t is
   corrected for its bias and AMSGrad's vhat_t is not, which alone makes AMSGrad's rate 31.6 times Adam's in round 1.
   The gradients do not depend on x, so that x_t says nothing about optimization.
2. *A network, 10 -> 32 -> 1.*  y = sin(x_1 + ... + x_10) + 0.1 N(0, 1) on 200 points, full batch, lr = 0.001, single
   precision.  Shows that both train, to losses 0.1% apart.  It shows no advantage of either: one seed, one network,
   the training loss alone; and the loss is not convex, so that no theorem on regret applies.
3. *A noisy quadratic.*  f(x) = x^2, g_t = 2 x_t + n_t with n_t = 5 N(0, 1) if t mod 7 = 0, else 0.1 N(0, 1); x_1 = 5,
   lr = 0.1.  AMSGrad is faster at first, because its first step is 31.6 lr.  It cannot show convergence or regret: it
   reports x_{t+1}^2, not the losses that the learners saw; gradients are not bounded, since R is not; one seed.

The same three questions with bounded sets, regret and many seeds: the experiments spikes, network and noisy_quadratic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regretlab.analysis.plots import legend_below, new_figure, styles
from regretlab.learners import Algorithm1, TextbookAMSGrad, TorchAdam
from regretlab.sets import Reals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pandas as pd
    from matplotlib.figure import Figure

    from regretlab.learners import State

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

QUICK = {"steps": 20}

NETWORK = {"Adam": {}, "AMSGrad": {"amsgrad": True}}
"""The arguments of torch.optim.Adam, by learner."""

TITLES = {
    "spikes": "1. a spike every ten rounds: effective rate",
    "network": r"2. network $10 \to 32 \to 1$: training loss",
    "quadratic": r"3. noisy $x^2$, a spike every seven rounds",
}


def learners(lr: float) -> dict[str, Algorithm1]:
    """Adam and the AMSGrad of tutorials, with their default betas and eps."""
    return {"Adam": TorchAdam(alpha=lr), "AMSGrad": TextbookAMSGrad(alpha=lr)}


def compute(steps: int = 300) -> pd.DataFrame:
    """Play the first and the third demonstration, and train the network of the second for ``steps`` steps.

    Returns
    -------
    DataFrame
        demonstration, learner, t, quantity, value.  The quantities are v (v_t of Adam, vhat_t of AMSGrad), rate and x
        (x_{t+1}) of the first, loss (before step t) of the second, x and f (at x_{t+1}) of the third demonstration.

    Raises
    ------
    ImportError
        Without PyTorch; the message names the extra that installs it.
    """
    return _table([*_spikes(), *_network(steps), *_quadratic()])


def _table(rows: Iterable[tuple[str, str, int, str, float]]) -> pd.DataFrame:
    """The rows as a table."""
    import pandas as pd

    return pd.DataFrame(rows, columns=["demonstration", "learner", "t", "quantity", "value"])


def _states(learner: Algorithm1, horizon: int, gradient: Callable[[int, float], float]) -> Iterator[State]:
    """The states after each round, from x_1 = 5 on the real line; ``gradient`` is g_t of t and x_t."""
    state = learner.start(Reals(), [5.0])
    for t in range(1, horizon + 1):
        state = learner.update(state, [gradient(t, float(state.point[0]))])
        yield state


def _spikes() -> Iterator[tuple[str, str, int, str, float]]:
    """The rows of the first demonstration."""
    lr = 0.1
    for name, learner in learners(lr).items():
        for state in _states(learner, 50, lambda t, x: 10.0 if t % 10 == 1 else 0.1):
            moments = {key: float(value[0]) for key, value in state.moments.items()}
            v = moments.get("vhat", moments["v"])
            root = np.sqrt(v / moments["c2"] if name == "Adam" else v)
            values = {"v": v, "rate": lr / (root + 1e-8), "x": float(state.point[0])}
            yield from (("spikes", name, state.t, quantity, value) for quantity, value in values.items())


def _network(steps: int) -> Iterator[tuple[str, str, int, str, float]]:
    """The rows of the second demonstration."""
    try:
        import torch
    except ImportError as error:
        raise ImportError("PyTorch is needed to train a network: pip install 'regretlab[torch]'") from error
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in another order would change the last digits
    try:
        for name, options in NETWORK.items():
            for t, loss in enumerate(_losses(torch, steps, options), start=1):
                yield "network", name, t, "loss", loss
    finally:
        torch.set_num_threads(threads)


def _losses(torch: Any, steps: int, options: dict[str, bool]) -> Iterator[float]:
    """The training loss before each step of ``torch.optim.Adam`` with these options."""
    with torch.random.fork_rng(devices=[]):  # the caller's own draws stay as they are
        torch.manual_seed(42)
        a = torch.randn(200, 10)
        y = torch.sin(a.sum(dim=1, keepdim=True)) + 0.1 * torch.randn(200, 1)
        torch.manual_seed(42)
        model = torch.nn.Sequential(torch.nn.Linear(10, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, **options)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(a), y)
        loss.backward()
        optimizer.step()
        yield loss.item()


def _quadratic() -> Iterator[tuple[str, str, int, str, float]]:
    """The rows of the third demonstration; both learners meet the same noise."""
    draws = np.random.RandomState(42)  # the generator of the demonstration
    noise = [draws.randn() * (5.0 if t % 7 == 0 else 0.1) for t in range(1, 101)]
    for name, learner in learners(0.1).items():
        for state in _states(learner, len(noise), lambda t, x: 2.0 * x + noise[t - 1]):
            x = float(state.point[0])
            yield "quadratic", name, state.t, "x", x
            yield "quadratic", name, state.t, "f", x * x


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the rates of the first demonstration, the losses of the second and x_t of the third."""
    figure = new_figure(11.0, 4.3)
    line_styles = styles(["Adam", "AMSGrad"])
    line_styles["AMSGrad"]["linestyle"] = "--"  # the two losses coincide
    shown = {"spikes": "rate", "network": "loss", "quadratic": "x"}
    labels = ("effective rate", "mean square", "$x_{t+1}$")
    for axes, (demonstration, quantity), label in zip(figure.subplots(1, 3), shown.items(), labels, strict=True):
        own = frame[(frame["demonstration"] == demonstration) & (frame["quantity"] == quantity)]
        for learner, rows in own.groupby("learner", sort=False):
            axes.plot(rows["t"], rows["value"], label=str(learner), **line_styles[str(learner)])
        axes.set_title(TITLES[demonstration], fontsize="medium")
        axes.set(xlabel="round $t$", ylabel=label)
    rates, _, points = figure.axes
    rates.set_yscale("log")
    points.axhline(0.0, color="0.45", linestyle=":", linewidth=1.2, label="minimum of $x^2$")
    figure.suptitle(
        "Three demonstrations of tutorials.  1: AMSGrad's rate is larger because only Adam's $v_t$ is bias-corrected.  "
        "2: no difference.\n3: AMSGrad is faster at first because its first step is 31.6 lr.  "
        "None of them shows regret or convergence",
        fontsize="medium",
    )
    legend_below(figure)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """The first and the last value of each quantity, for each demonstration and learner."""
    numbers = {}
    for (demonstration, learner, quantity), rows in frame.groupby(["demonstration", "learner", "quantity"], sort=False):
        name = f"{demonstration}, {learner}: {quantity}"
        numbers[f"{name} in round 1"] = float(rows["value"].iloc[0])
        numbers[f"{name} in round {rows['t'].iloc[-1]}"] = float(rows["value"].iloc[-1])
    return numbers

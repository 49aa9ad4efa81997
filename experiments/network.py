r"""A small network trained with PyTorch by learners of this package: Adam and AMSGrad.

Regression of y = sin(3 x) + 0.1 N(0, 1) on 256 points in [-1, 1] by 1 -> 64 -> 1 with tanh, minibatches of 32, in
double precision.  alpha = 10^-2 is constant, beta1 = 0.9, beta2 = 0.999.  With bias correction the learners
are ``torch.optim.Adam`` without and with ``amsgrad=True``; the learners of the papers have no bias correction.

The losses are not convex, so that no theorem on regret applies, and one small problem says little about
others.  It shows that the learners of the games train networks too, and that on an easy problem the
maximum in AMSGrad makes little difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regretlab.analysis.plots import bands, draw_bands, legend_below, new_figure, styles
from regretlab.learners import Adam, AMSGrad, TorchAdam, TorchAMSGrad
from regretlab.schedules import Constant

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

QUICK = {"horizon": 20, "seeds": range(1)}

LR = Constant(1e-2)
LEARNERS = {
    "Adam": Adam(LR, beta1=0.9, beta2=0.999),
    "Adam, bias-corrected": TorchAdam(LR, beta1=0.9, beta2=0.999),
    "AMSGrad": AMSGrad(LR, beta1=0.9, beta2=0.999),
    "AMSGrad, bias-corrected": TorchAMSGrad(LR, beta1=0.9, beta2=0.999),
}
EXAMPLES, BATCH, HIDDEN, NOISE = 256, 32, 64, 0.1


def compute(horizon: int = 1500, seeds: Sequence[int] = range(5)) -> pd.DataFrame:
    """Train with every learner; a seed decides data, initial weights and minibatches, the same for all learners.

    Returns
    -------
    DataFrame
        quantity (training loss over all examples, held-out loss without noise), learner, t, and low, value,
        high: minimum, median and maximum over the seeds.

    Raises
    ------
    ImportError
        Without PyTorch; the message names the extra that installs it.
    """
    import pandas as pd

    try:
        import torch
    except ImportError as error:
        raise ImportError("PyTorch is needed to train a network: pip install 'regretlab[torch]'") from error

    rounds = np.unique(np.geomspace(1, horizon, 40).round().astype(np.int64))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for such small matrices several threads are up to ten times slower
    try:
        rows = [
            {"learner": name, "seed": seed, "t": t, "training loss": loss, "held-out loss": held_out}
            for seed in seeds
            for name in LEARNERS
            for t, loss, held_out in _train(torch, name, seed, rounds)
        ]
    finally:
        torch.set_num_threads(threads)
    frame, extremes = pd.DataFrame(rows), (0.0, 0.5, 1.0)
    parts = [
        bands(frame, each, quantiles=extremes).assign(quantity=each) for each in ("training loss", "held-out loss")
    ]
    return pd.concat(parts, ignore_index=True)[["quantity", "learner", "t", "low", "value", "high"]]


def _train(torch: Any, name: str, seed: int, rounds: Any) -> list[tuple[int, float, float]]:
    """(t, training loss, held-out loss) for every t in ``rounds``, each before the step of round t."""
    from regretlab.torch import Optimizer

    rng = np.random.default_rng(seed)
    x, grid = rng.uniform(-1.0, 1.0, (EXAMPLES, 1)), np.linspace(-1.0, 1.0, 201)[:, None]
    y = np.sin(3.0 * x) + NOISE * rng.standard_normal(x.shape)
    data, held = (torch.from_numpy(a) for a in (x, grid)), torch.from_numpy(np.sin(3.0 * grid))
    (a, unseen), b = data, torch.from_numpy(y)
    model = torch.nn.Sequential(torch.nn.Linear(1, HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, 1)).double()
    with torch.no_grad():
        for p in model.parameters():  # drawn by numpy, whose draws do not depend on its version
            p.copy_(torch.from_numpy(rng.uniform(-1.0, 1.0, tuple(p.shape)) / np.sqrt(p.shape[-1])))
    optimizer, loss = Optimizer(model.parameters(), LEARNERS[name]), torch.nn.functional.mse_loss
    found = []
    for t in range(1, int(rounds[-1]) + 1):
        if t in rounds:
            with torch.no_grad():
                found.append((t, float(loss(model(a), b)), float(loss(model(unseen), held))))
        batch = torch.from_numpy(rng.choice(EXAMPLES, BATCH, replace=False))
        optimizer.zero_grad()
        loss(model(a[batch]), b[batch]).backward()
        optimizer.step()
    return found


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the training and the held-out loss."""
    figure = new_figure(11.0, 4.2)
    line_styles = styles(LEARNERS)
    for axes, (quantity, rows) in zip(figure.subplots(1, 2), frame.groupby("quantity", sort=False), strict=True):
        draw_bands(axes, rows, line_styles=line_styles)
        axes.set_yscale("log")
        axes.set_ylabel(f"{quantity} (mean square)")
        axes.set_title(str(quantity), fontsize="medium")
    figure.axes[0].axhline(NOISE**2, color="0.45", linestyle=":", linewidth=1.2, label="variance of the noise")
    figure.suptitle(
        r"1 $\to$ 64 $\to$ 1 with tanh, minibatches of 32; $\alpha = 10^{-2}$ constant, $\beta_1 = 0.9$,"
        r" $\beta_2 = 0.999$.  Medians and ranges over the seeds.  Not convex",
        fontsize="medium",
    )
    legend_below(figure)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, and the medians of the last losses."""
    T = frame["t"].max()
    last = frame.loc[frame["t"] == T, ["learner", "quantity", "value"]].itertuples(index=False, name=None)
    return {"T": float(T)} | {f"{learner}: median {quantity}": float(value) for learner, quantity, value in last}

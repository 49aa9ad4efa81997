r"""The convex panel of Figure 2 of Reddi, Kale, Kumar, "On the Convergence of Adam and Beyond" (ICLR 2018).

Multiclass logistic regression with minibatches of 128, beta1 = 0.9, beta2 in
{0.99, 0.999} and alpha_t = alpha / sqrt(t), for Adam and AMSGrad.  The paper
plays on MNIST; by default the data are scikit-learn's bundled digits, 8 x 8
pixels, and with the folder of MNIST's files they are its 10 000 test digits.
A fifth of the examples, chosen at random, is held out.  The four axes show

* the loss f_t(x_t), averaged over the rounds since the previous point of the curve;
* the loss at x_t on the held-out examples;
* beyond the paper, the regret R_t against the best point in hindsight.  That point
  is found numerically, at a few rounds, and the error bar is [R_t, R_t + gap];
* beyond the paper, R_T / T for every alpha of the grid.

A curve is that of the alpha with the least R_T.  The paper states neither its
grid for alpha, nor a feasible set, nor x_1, nor the number of rounds.  Here they are
ALPHAS, the ball ||x||_2 <= 10, x_1 = 0 and T = 2000.  The theorems need a
bounded set; on separable examples the best point is on its boundary.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import regretlab as rl
from regretlab.analysis.plots import draw_bands, legend_below, new_figure, styles
from regretlab.learners import Adam, AMSGrad
from regretlab.regret import ComparatorWarning, minimize_sums
from regretlab.regret.measures import total

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

QUICK = {"horizon": 60, "alphas": (0.03, 0.1), "radius": 1.0, "solved": (30,)}

ALPHAS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
BATCH = 128
SOLVED = (100, 300, 1000)
_POINTS = 60


def compute(
    folder: str | os.PathLike[str] | None = None,
    horizon: int = 2000,
    alphas: Sequence[float] = ALPHAS,
    radius: float = 10.0,
    solved: Sequence[int] = SOLVED,
) -> pd.DataFrame:
    """Play every learner with every alpha, and find the best points in hindsight.

    Parameters
    ----------
    folder : path, optional
        Holds MNIST's test digits, see :func:`regretlab.losses.mnist`; by default
        the data are scikit-learn's digits.
    horizon : int
        The number of rounds T.
    alphas : sequence of float
        The grid of stepsizes.
    radius : float
        The feasible set is the ball ||x||_2 <= radius.
    solved : sequence of int
        Rounds at which the regret is computed, besides the last.

    Returns
    -------
    DataFrame
        data, radius, quantity (loss, held-out loss, R_t or R_T/T), learner, alpha, t, and
        low, value, high; for regrets high = value + gap.
    """
    import pandas as pd

    (a, y), (held_a, held_y), data = _examples(folder)
    losses = rl.losses.ShuffledSoftmaxRegression(a, y, batch=BATCH, classes=10)
    held_out = rl.losses.SoftmaxRegression(held_a, held_y, batch=len(held_y), classes=10)
    F = rl.sets.L2Ball(radius)
    solved = sorted({t for t in solved if t < horizon} | {horizon})
    even = np.ceil(np.linspace(0, horizon, _POINTS + 1)[1:]).astype(int)
    learners = {
        f"{kind.__name__}, beta2 = {beta2}": [kind(alpha, beta1=0.9, beta2=beta2) for alpha in alphas]
        for kind in (Adam, AMSGrad)
        for beta2 in (0.99, 0.999)
    }
    grid = [learner for each in learners.values() for learner in each]
    games = rl.play_all(grid, losses, F, horizon, checkpoints=np.union1d(even, solved))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ComparatorWarning)  # a wide gap is drawn as an error bar
        _, least, gaps = minimize_sums(games[0], np.array(solved))  # the same for all games
    best, gap = pd.Series(least, index=solved), pd.Series(gaps, index=solved)

    parts = []
    for k, label in enumerate(learners):
        own = games[k * len(alphas) : (k + 1) * len(alphas)]
        paid = [pd.Series(total(game.record.loss), index=game.record.t) for game in own]
        regrets = [sums[solved] - best for sums in paid]
        for alpha, R in zip(alphas, regrets, strict=True):
            parts.append(_rows("R_T/T", label, alpha, R.tail(1) / horizon, gap.tail(1) / horizon))
        i = int(np.argmin([R.iloc[-1] for R in regrets]))
        sums = paid[i][np.union1d([1], even)]
        mean = (sums.diff() / sums.index.to_series().diff()).iloc[1:]
        points = own[i].points.loc[even]
        held = pd.Series([held_out.value(1, x) for x in points.to_numpy()], index=even)
        parts += [
            _rows("loss", label, alphas[i], mean),
            _rows("held-out loss", label, alphas[i], held),
            _rows("R_t", label, alphas[i], regrets[i], gap),
        ]
    return pd.concat(parts, ignore_index=True).assign(data=data, radius=radius)[
        ["data", "radius", "quantity", "learner", "alpha", "t", "low", "value", "high"]
    ]


def _rows(
    quantity: str, learner: str, alpha: float, values: pd.Series[float], gap: pd.Series[float] | float = 0.0
) -> pd.DataFrame:
    """Rows of the table for one curve; ``high`` is value + gap."""
    import pandas as pd

    columns = {"low": values, "value": values, "high": values + gap}
    table = pd.DataFrame(columns).rename_axis("t").reset_index()
    return table.assign(quantity=quantity, learner=learner, alpha=alpha)


def _examples(
    folder: str | os.PathLike[str] | None,
) -> tuple[tuple[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]], str]:
    """The examples to play on and the held-out ones, as features in [0, 1] and labels, and a description."""
    if folder is None:
        try:
            from sklearn.datasets import load_digits
        except ImportError as error:
            raise ImportError("scikit-learn is needed for its digits: pip install 'regretlab[experiments]'") from error
        a, y = load_digits(return_X_y=True)
        a, name = a / 16.0, "scikit-learn's digits"
    else:
        (a, y), name = rl.losses.mnist(folder), "MNIST's test digits"
    order = np.random.default_rng(0).permutation(len(y))
    held, kept = order[: len(y) // 5], order[len(y) // 5 :]
    return (a[kept], y[kept]), (a[held], y[held]), f"{len(kept)} of {name}, d = {10 * a.shape[1]}"


def draw(frame: pd.DataFrame) -> Figure:
    """Draw loss, held-out loss, regret with error bars, and average regret over alpha."""
    figure = new_figure(11.0, 7.6)
    (upper_left, upper_right), (lower_left, lower_right) = figure.subplots(2, 2)
    quantities = dict(list(frame.groupby("quantity", sort=False)))
    chosen = quantities["R_t"].groupby("learner", sort=False)["alpha"].first()
    names = {str(label): f"{_math(str(label))}, $\\alpha = {alpha:g}$" for label, alpha in chosen.items()}
    line_styles = {names[label]: dict(style) for label, style in styles(names).items()}
    for label in names.values():
        if label.startswith("Adam,"):  # the curve of AMSGrad often covers it
            line_styles[label] |= {"linewidth": 3.5, "alpha": 0.45}

    for axes, quantity in ((upper_left, "loss"), (upper_right, "held-out loss")):
        rows = quantities[quantity]
        draw_bands(axes, rows.assign(learner=rows["learner"].map(names)), line_styles=line_styles)
        axes.set_xscale("linear")
        axes.set_ylabel(quantity)
    upper_left.set_title(r"loss $f_t(x_t)$, mean over the rounds since the point before", fontsize="medium")
    upper_right.set_title("loss at $x_t$ on the fifth that is held out", fontsize="medium")

    regret = quantities["R_t"]
    regret = regret.assign(learner=regret["learner"].map(names))
    _error_bars(lower_left, regret, "t", line_styles)
    widest = float((regret["high"] - regret["low"]).max())
    lower_left.set_xlabel("round $t$")
    lower_left.set_ylabel("regret $R_t$")
    lower_left.set_title(
        f"regret against the best point in hindsight; error bars: up to {widest:.1g}", fontsize="medium"
    )
    T = float(regret["t"].max())
    t = np.array([float(regret["t"].min()), T])
    guide = float(regret.loc[regret["t"] == T, "value"].min())
    lower_left.plot(t, guide * np.sqrt(t / T), color="0.45", linestyle=(0, (1, 2)), label=r"guide $\propto\sqrt{t}$")

    grid = quantities["R_T/T"]
    _error_bars(lower_right, grid.assign(learner=grid["learner"].map(names)), "alpha", line_styles)
    lower_right.set_xlabel(r"$\alpha$")
    lower_right.set_ylabel("average regret $R_T/T$")
    lower_right.set_title(r"average regret for every $\alpha$ of the grid", fontsize="medium")

    setting = rf"$\beta_1 = 0.9$, $\alpha_t = \alpha/\sqrt{{t}}$, $\|x\|_2 \leq {frame['radius'].iloc[0]:g}$, $x_1 = 0$"
    figure.suptitle(
        f"Logistic regression of ten classes on {frame['data'].iloc[0]}: minibatch {BATCH}, {setting}\n"
        r"(the paper does not state its grid for $\alpha$, a feasible set, $x_1$ or $T$; each curve's $\alpha$ has the "
        "least $R_T$ of the grid)",
        fontsize="medium",
    )
    legend_below(figure, columns=3)
    return figure


def _error_bars(axes: Axes, rows: pd.DataFrame, x: str, line_styles: dict[str, dict[str, Any]]) -> None:
    """Draw a line for each learner on log-log axes, with error bars from low to high."""
    for label, own in rows.groupby("learner", sort=False):
        own = own[own["value"] > 0.0]
        above = np.stack([own["value"] - own["low"], own["high"] - own["value"]])
        axes.errorbar(
            own[x], own["value"], yerr=above, label=str(label), marker="o", ms=3, capsize=3, **line_styles[str(label)]
        )
    axes.set(xscale="log", yscale="log")


def _math(label: str) -> str:
    """The label with beta2 as a formula."""
    return label.replace("beta2 = ", r"$\beta_2 = $")


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """T, and for every learner the chosen alpha, R_T, the held-out loss at T, and R_T / T for every alpha."""
    T = frame["t"].max()
    numbers = {"T": float(T)}
    last = frame[frame["t"] == T]
    for learner, rows in last.groupby("learner", sort=False):
        by_quantity = rows.set_index("quantity")
        numbers[f"{learner}: alpha"] = float(by_quantity.loc["R_t", "alpha"])
        numbers[f"{learner}: R_T"] = float(by_quantity.loc["R_t", "value"])
        numbers[f"{learner}: held-out loss at T"] = float(by_quantity.loc["held-out loss", "value"])
        grid = rows[rows["quantity"] == "R_T/T"]
        for alpha, value in zip(grid["alpha"], grid["value"], strict=True):
            numbers[f"{learner}, alpha = {alpha:g}: R_T/T"] = float(value)
    return numbers

r"""The shortest period on which Adam fails, as a function of its betas.

Theorem 2 of Reddi, Kale, Kumar (2018): for f_t(x) = C x if t mod C = 1, else -x, on [-1, 1] the best point is -1,
and for every beta1 < sqrt(beta2) Adam's R_T / T stays at 2/C or above if C is large enough.  The sign of the
drift in the limit cycle of Adam's moments decides what is large enough: Adam fails for C >= C_min(beta1, beta2).
With beta1 = 0, C_min is about 2 / sqrt(1 - beta2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regretlab.analysis.periodic import smallest_failing_period
from regretlab.analysis.plots import legend_below, new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["QUICK", "compute", "draw", "fingerprint"]

QUICK = {"points": 7}

LEVELS = (10, 30, 100, 300, 1000)
USUAL = ((0.0, 0.99), (0.0, 0.999), (0.9, 0.99), (0.9, 0.999), (0.9, 0.9999), (0.99, 0.999))


def compute(points: int = 46) -> pd.DataFrame:
    """Compute C_min on a grid that is uniform in log(1 - beta), and at the usual betas.

    Returns
    -------
    DataFrame
        quantity ("map" or "usual"), beta1, beta2, value: C_min.
    """
    import pandas as pd

    beta1 = 1.0 - np.geomspace(1.0, 1e-3, points)
    beta2 = 1.0 - np.geomspace(0.9, 1e-5, points)
    pairs = [("map", float(a), float(b)) for b in beta2 for a in beta1] + [("usual", *pair) for pair in USUAL]
    table = pd.DataFrame(pairs, columns=["quantity", "beta1", "beta2"])
    return table.assign(value=[smallest_failing_period(a, b) for _, a, b in pairs])


def draw(frame: pd.DataFrame) -> Figure:
    """Draw C_min with level lines over both betas, and over beta2 for beta1 = 0, 0.9 and 0.99."""
    from matplotlib.colors import LogNorm

    figure = new_figure(11.0, 4.8)
    left, right = figure.subplots(1, 2)
    table = frame[frame["quantity"] == "map"].pivot_table(index="beta2", columns="beta1", values="value")
    x, y, C = 1.0 - table.columns.to_numpy(), 1.0 - table.index.to_numpy(), table.to_numpy()
    mesh = left.pcolormesh(x, y, C, norm=LogNorm(), cmap="viridis", shading="gouraud", rasterized=True)
    figure.colorbar(mesh, ax=left, label=r"$C_{\min}$")
    lines = left.contour(x, y, C, levels=LEVELS, colors="white", linewidths=0.9)
    left.clabel(lines, fmt="%d", fontsize="small")
    root = np.geomspace(y.min(), y.max(), 200)
    left.plot(1.0 - np.sqrt(1.0 - root), root, color="black", linestyle=":", label=r"$\beta_1 = \sqrt{\beta_2}$")
    for beta1, beta2, value in frame.loc[frame["quantity"] == "usual", ["beta1", "beta2", "value"]].to_numpy():
        left.plot(1.0 - beta1, 1.0 - beta2, "k+", ms=9, mew=1.5, clip_on=False)
        text = f"({beta1:g}, {beta2:g}): {value:.0f}"
        box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.0}
        left.annotate(text, (1.0 - beta1, 1.0 - beta2), (6, 5), textcoords="offset points", fontsize="small", bbox=box)
    left.set_xscale("log")
    left.set_yscale("log")
    left.set_xlim(1.0, 1e-3)
    left.set_ylim(y.max(), y.min())
    left.set_xlabel(r"$1 - \beta_1$")
    left.set_ylabel(r"$1 - \beta_2$")
    left.set_title(r"$C_{\min}$ over both betas", fontsize="medium")
    for at, colour in ((0.0, "#0072B2"), (0.9, "#D55E00"), (0.99, "#009E73")):
        column = int(np.argmin(np.abs(1.0 - x - at)))
        right.plot(y, C[:, column], color=colour, label=rf"$\beta_1 = {1.0 - x[column]:.3g}$")
    right.plot(y, 2.0 / np.sqrt(y), color="0.3", linestyle=(0, (4, 3)), label=r"$2/\sqrt{1 - \beta_2}$")
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_xlim(y.max(), y.min())
    right.set_xlabel(r"$1 - \beta_2$")
    right.set_ylabel(r"$C_{\min}$")
    right.set_title(r"$C_{\min}$ over $\beta_2$", fontsize="medium")
    figure.suptitle(r"The smallest $C$ for which Adam fails on $C x$ once in $C$ rounds, else $-x$", fontsize="large")
    legend_below(figure)
    return figure


def fingerprint(frame: pd.DataFrame) -> dict[str, float]:
    """C_min at the usual betas; its minimum, maximum and geometric mean over the grid."""
    usual, grid = (frame[frame["quantity"] == name] for name in ("usual", "map"))
    names = [f"C_min({a:g}, {b:g})" for a, b in usual[["beta1", "beta2"]].to_numpy()]
    numbers = dict(zip(names, usual["value"].astype(float), strict=True))
    C = grid["value"].to_numpy(dtype=np.float64)
    whole = {"least": C.min(), "largest": C.max(), "geometric mean": np.exp(np.log(C).mean())}
    return numbers | {f"map: {name}": float(value) for name, value in whole.items()}

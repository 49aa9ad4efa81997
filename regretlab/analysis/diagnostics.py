r"""Diagnostics of a game: the learner's metric, its effective stepsizes, the gradients, the distance travelled.

For each coordinate i, with V_t and alpha_t of Algorithm 1 of Reddi, Kale, Kumar (2018),

    Gamma_{t,i} = sqrt(V_{t,i})/alpha_t - sqrt(V_{t-1,i})/alpha_{t-1},   eta_{t,i} = alpha_t/sqrt(V_{t,i}).

Their proofs need Gamma_t >= 0 in every round, that is, effective stepsizes eta_t that never increase.  Gamma_t is
measured in every round (:mod:`regretlab.learners.ledger`), eta_t at the checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regretlab._utils.copies import copied
from regretlab._utils.types import Array
from regretlab.analysis.curves import draw_bands
from regretlab.analysis.plots import legend_below, new_figure
from regretlab.engine.replay import with_ledger
from regretlab.engine.trajectory import Trajectory, check_played

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


__all__ = ["Diagnosis", "diagnose"]


@copied("curve", "coordinates")
@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Diagnostics of one game: two tables, copied when they are read, a :meth:`plot`, and a summary as the ``repr``.

    Attributes
    ----------
    title : str
        Names of learner, losses and set.
    curve : DataFrame by round t, a checkpoint
        ``least_gamma``: min over s <= t and i of Gamma_{s,i}.
        ``falls``: the number of rounds s <= t with Gamma_{s,i} < 0, for the coordinate with the most.
        ``stepsize_min``, ``stepsize_median``, ``stepsize_max``: of eta_{t,i} over i with V_{t,i} > 0; NaN if none.
        ``G_inf``: max over s <= t of ||g_s||_inf.
        ``travelled``: sum over s < t of ||x_{s+1} - x_s||_1.
    coordinates : DataFrame by coordinate i = 1..d
        ``least_gamma``: min over t of Gamma_{t,i}.
        ``falls``, ``fraction``: the number of rounds with Gamma_{t,i} < 0, and their share.
        ``first_fall``: the first of these rounds, or 0.
        ``stepsize``: eta_{T,i}; NaN where V_{T,i} = 0.
        ``rise``: max of eta_{t,i}/eta_{s,i} over checkpoints s <= t; 1 if eta never increases.
        ``G_inf``, ``travelled``: max over t of |g_{t,i}|, and sum over t < T of |x_{t+1,i} - x_{t,i}|.
    """

    title: str
    curve: pd.DataFrame
    coordinates: pd.DataFrame

    @property
    def monotone(self) -> bool:
        """Whether Gamma_t >= 0 in every coordinate and round, up to rounding."""
        return self.first_violation is None

    @property
    def first_violation(self) -> int | None:
        """The first round with Gamma_{t,i} < 0 for some i, or None."""
        first = self.coordinates["first_fall"]
        return int(first[first > 0].min()) if (first > 0).any() else None

    def __repr__(self) -> str:
        T, last, each = self.curve.index[-1], self.curve.iloc[-1], self.coordinates
        gamma = f"min {last['least_gamma']:.6g}"
        if self.first_violation is None:
            gamma += ", never negative"
        else:
            where = f"{(each['falls'] > 0).sum()} of {len(each)} coordinates"
            gamma += (
                f", first negative in round {self.first_violation:,}; in {each['fraction'].max():.3g} of the rounds"
            )
            gamma += f" ({where})" if len(each) > 1 else ""
        low, mid, high = (last[f"stepsize_{name}"] for name in ("min", "median", "max"))
        stepsize = f"{mid:.6g}" if len(each) == 1 else f"min {low:.6g}, median {mid:.6g}, max {high:.6g}"
        stepsize += " now; " + ("never rises" if self.monotone else f"rises, up to {each['rise'].max():.4g} times")
        stepsize = "no step was made" if np.isnan(mid) else stepsize
        rows = {
            "Gamma_t": gamma,
            "alpha_t/sqrt(V_t)": stepsize,
            "G_inf": f"{last['G_inf']:.6g}",
            "travelled": f"{last['travelled']:.6g} (1-norm)",
        }
        lines = [f"  {name:<18} {text}" for name, text in rows.items()]
        return "\n".join([f"Diagnosis after {T:,} rounds: {self.title}", *lines])

    def plot(self) -> Figure:
        """A figure: effective stepsizes over coordinates; share of the rounds with Gamma < 0; distance travelled."""
        figure = new_figure(11.0, 3.9)
        left, centre, right = figure.subplots(1, 3)
        c, t = self.curve, self.curve.index.to_numpy()
        sizes = {"low": c["stepsize_min"], "value": c["stepsize_median"], "high": c["stepsize_max"]}
        label = "one coordinate" if len(self.coordinates) == 1 else "median and range over coordinates"
        draw_bands(left, c.reset_index()[["t"]].assign(learner=label, **{k: v.to_numpy() for k, v in sizes.items()}))
        left.set_yscale("log")
        left.set_ylabel(r"effective stepsize $\alpha_t/\sqrt{V_t}$")
        centre.plot(t, c["falls"] / t, color="#D55E00", label=r"share of the rounds $s \leq t$ with $\Gamma_s < 0$")
        centre.set_ylim(-0.03, 1.03)
        centre.set_ylabel(r"share of rounds with $\Gamma_s < 0$")
        if self.first_violation is not None:
            name = f"first in round {self.first_violation:,}"
            centre.axvline(self.first_violation, color="0.45", linestyle=":", linewidth=1.2, label=name)
        right.plot(t, c["travelled"], color="#0072B2", label=r"$\sum_{s<t} \|x_{s+1} - x_s\|_1$")
        right.set_ylabel("distance travelled")
        for axes in (centre, right):
            axes.set_xscale("log")
            axes.set_xlabel("round $t$")
        figure.suptitle(self.title, fontsize="medium", parse_math=False)
        legend_below(figure)
        return figure


def diagnose(game: Trajectory) -> Diagnosis:
    """Gamma_t, effective stepsizes, gradients and distance travelled in ``game``.

    Parameters
    ----------
    game : Game
        Of at least one round.  A game without a ledger (running sums over its rounds) is played again with one.

    Returns
    -------
    Diagnosis

    Raises
    ------
    ValueError
        For a game of no rounds, or one that is another game when it is played again.
    TypeError
        For anything but a game, and for a learner that is not of Algorithm 1, and so has no metric.

    Examples
    --------
    >>> import regretlab as rl
    >>> game = rl.play(rl.learners.Adam(0.5, beta1=0.0, beta2=0.1), rl.losses.Mod3(C=3.0), rl.sets.Box(-1.0, 1.0), 300)
    >>> game.diagnose()
    Diagnosis after 300 rounds: Adam against Mod3 on a Box
      Gamma_t            min -53.544, first negative in round 2; in 0.667 of the rounds
      alpha_t/sqrt(V_t)  0.0278803 now; rises, up to 2.695 times
      G_inf              3
      travelled          13.009 (1-norm)
    """
    import pandas as pd

    check_played(game)
    game = with_ledger(game)
    if "weight" not in game.state.ledger:
        raise TypeError(f"{game.learner!r} keeps no ledger of a metric: diagnostics are for learners of Algorithm 1")
    record = game.record
    sums = dict(zip(game.state.ledger, np.moveaxis(record.ledger, 1, 0), strict=True))  # each (h, d)
    weight = sums["weight"]
    eta = np.divide(1.0, weight, out=np.full_like(weight, np.nan), where=weight > 0.0)  # NaN where no step is made
    low, middle, high = (_over_coordinates(eta, q) for q in (np.min, np.median, np.max))
    columns = {
        "least_gamma": sums["least"].min(axis=1),
        "falls": sums["falls"].max(axis=1).astype(np.int64),
        "stepsize_min": low,
        "stepsize_median": middle,
        "stepsize_max": high,
        "G_inf": sums["largest"].max(axis=1),
        "travelled": sums["travelled"].sum(axis=1),
    }
    least = np.fmin.accumulate(eta, axis=0)
    coordinates = {
        "least_gamma": sums["least"][-1],
        "falls": sums["falls"][-1].astype(np.int64),
        "first_fall": sums["first_fall"][-1].astype(np.int64),
        "fraction": sums["falls"][-1] / game.horizon,
        "stepsize": eta[-1],
        "rise": np.fmax.reduce(np.where(sums["falls"][-1] > 0.0, eta / least, np.minimum(eta / least, 1.0)), axis=0),
        "G_inf": sums["largest"][-1],
        "travelled": sums["travelled"][-1],
    }
    learner, losses, F = (type(part).__name__ for part in (game.learner, game.losses, game.feasible_set))
    return Diagnosis(
        f"{learner} against {losses} on a {F}",
        pd.DataFrame(columns, index=pd.Index(record.t, name="t")),
        pd.DataFrame(coordinates, index=pd.RangeIndex(1, game.point.size + 1, name="i")),
    )


def _over_coordinates(eta: Array, statistic: Callable[[Array], Any]) -> Array:
    """A statistic of each row of eta (h, d) over the coordinates that are not NaN: (h,)."""
    return np.array([statistic(row[~np.isnan(row)]) if not np.isnan(row).all() else np.nan for row in eta])

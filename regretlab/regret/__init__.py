"""Regret of played games, and the comparators in it: fixed points, paths and windows; the best ones with error bars.

To read: ``measures`` (what the regrets are), ``hindsight`` (which solver for which sum of losses),
``cumulative_loss`` and ``cumulative_prediction_loss`` (the affine minorants that bound a minimum from below) and
``solvers.optimality_gap`` (the error bar, and why it can be trusted).  The solvers only choose points to look at;
none of them can make an error bar too small.
"""

from regretlab.regret.cumulative_loss import Sums, Tangent
from regretlab.regret.cumulative_prediction_loss import sums_of
from regretlab.regret.hindsight import Best, ComparatorWarning, Solver, minimize_sums, sums_at
from regretlab.regret.measures import Comparators, best_in_hindsight, regret_frame

__all__ = [
    "Best",
    "ComparatorWarning",
    "Comparators",
    "Solver",
    "Sums",
    "Tangent",
    "best_in_hindsight",
    "minimize_sums",
    "regret_frame",
    "sums_at",
    "sums_of",
]

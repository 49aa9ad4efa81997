"""Regret of played games: against the best point, a given point, a path, and over windows of rounds.

How to read this package: ``measures`` defines the regrets and returns them as tables.  It takes comparators from
``hindsight`` (the best fixed point: which solver for which losses, and the cache), ``dynamic`` (paths) and ``interval``
(windows).  ``requirements`` checks that a game has such a comparator.  ``evidence``, ``claims`` and ``closed_forms``
compare what sequences and sets of your own say of themselves with their values; ``identity`` says which games share
comparators.  These modules evaluate the losses again, through ``cumulative_loss`` and ``cumulative_prediction_loss``:
the sum of the losses at any point, with an affine minorant that bounds the minimum of the sum from below.
``solvers.optimality_gap`` turns these bounds into the column ``gap``, and says why one can trust the gap: the other
solvers choose points to evaluate and minorants to combine, and no choice makes the gap too small.
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

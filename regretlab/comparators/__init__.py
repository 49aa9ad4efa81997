"""Comparators: the points, and the paths, that a learner's loss is compared with; the best ones with error bars."""

from regretlab.comparators.hindsight import Best, ComparatorWarning, Solver, minimize_sums, sums_at
from regretlab.comparators.sums import Sums, Tangent, sums_of

__all__ = ["Best", "ComparatorWarning", "Solver", "Sums", "Tangent", "minimize_sums", "sums_at", "sums_of"]

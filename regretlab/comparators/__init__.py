"""Comparators: the points, and the paths, that a learner's loss is compared with; the best ones with error bars.

To read: ``bracket`` (what the error bar is, and why it can be trusted), ``sums`` and
``links`` (the minorants that it is made of), ``hindsight`` (which method for which
sum).  The methods themselves only choose points to look at; none of them can
make an error bar too small.
"""

from regretlab.comparators.hindsight import Best, ComparatorWarning, Solver, minimize_sums, sums_at
from regretlab.comparators.sums import Sums, Tangent, sums_of

__all__ = ["Best", "ComparatorWarning", "Solver", "Sums", "Tangent", "minimize_sums", "sums_at", "sums_of"]

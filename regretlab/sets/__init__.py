"""Feasible sets F: convex, closed, and able to project in a learner's own metric."""

from regretlab.sets.base import FeasibleSet
from regretlab.sets.box import Box

__all__ = ["Box", "FeasibleSet"]

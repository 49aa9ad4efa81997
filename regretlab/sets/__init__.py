"""Feasible sets F: convex, closed, and able to project in a weighted metric."""

from regretlab.sets.affine import Affine
from regretlab.sets.ball import L2Ball
from regretlab.sets.base import FeasibleSet
from regretlab.sets.box import Box, LinfBall, Reals
from regretlab.sets.halfspace import Halfspace, Hyperplane
from regretlab.sets.polytope import Polytope
from regretlab.sets.product import Product
from regretlab.sets.simplex import CappedSimplex, L1Ball, Simplex

__all__ = [
    "Affine",
    "Box",
    "CappedSimplex",
    "FeasibleSet",
    "Halfspace",
    "Hyperplane",
    "L1Ball",
    "L2Ball",
    "LinfBall",
    "Polytope",
    "Product",
    "Reals",
    "Simplex",
]


def __dir__() -> list[str]:
    return __all__

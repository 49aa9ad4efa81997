"""Sweeps: a game at every point of a grid, a list or a random design, in one table."""

from regretlab.sweeps.points import Points, log_uniform, random_points, uniform
from regretlab.sweeps.run import sweep

__all__ = ["Points", "log_uniform", "random_points", "sweep", "uniform"]


def __dir__() -> list[str]:
    return __all__

"""Many games: a grid, a list or a random design of points, played in chunks that are kept, by any executor."""

from regretlab.sweeps.points import Points, log_uniform, random_points, uniform
from regretlab.sweeps.run import sweep

__all__ = ["Points", "log_uniform", "random_points", "sweep", "uniform"]

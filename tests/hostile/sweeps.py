"""Sweeps: workers that die, sequences that remember, parts that are equal and different, names and values of points."""

import sys
import tempfile
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

import regretlab as rl
from hostile import program

L, S, F, W = rl.learners, rl.losses, rl.sets, rl.schedules
B, BALL = F.Box(-1.0, 1.0), F.L2Ball(1.0)
UP = S.Periodic([1.0])


def last(frame, *names):
    """The values of some columns in the last round of each game."""
    return frame.groupby(level=0).last()[list(names)].to_numpy().ravel().tolist()


# -- J3, J4: executors that break ------------------------------------------------------


class Breaks(ThreadPoolExecutor):
    """The n-th pool that is made takes ``takes[n]`` tasks and then says that a worker has died."""

    takes = []

    def __init__(self):
        super().__init__(1)
        self.left = self.takes.pop(0) if self.takes else 10**9

    def submit(self, function, *arguments):
        self.left -= 1
        if self.left < 0:
            raise BrokenExecutor("a worker has died")
        return super().submit(function, *arguments)


def through(*takes, points=4):
    Breaks.takes = list(takes)
    losses = [Steep(k) for k in range(points)]  # written in Python: a chunk each, if games are long
    return rl.sweep(L.OGD(W.Constant(0.1)), Steep, B, {"losses": losses}, 3, executor=Breaks)["loss"].sum()


@dataclass(frozen=True)
class Steep(S.ConvexLosses):
    """f_t(x) = k (1 - x)."""

    k: float = 1.0

    def value(self, t, x):
        return float(self.k * (1.0 - x[0]))

    def gradient(self, t, x):
        return np.array([-float(self.k)])


RIGHT = sum(k * (3 - 0.1 * k * 3) for k in range(4))  # x_t = 0.1 k (t - 1)


@program(right=RIGHT)
def a_pool_that_takes_no_task():
    return through(0)


@program(right=RIGHT)
def a_second_pool_that_takes_one_task():
    return through(0, 1)


@program(refused="die as soon as they start")
def pools_that_never_take_a_task():
    return through(0, 0, 0, 0, 0, 0)


@program(refused="with a function that makes executors")
def a_given_pool_that_takes_no_task():
    Breaks.takes = [0]
    return rl.sweep(L.OGD(), S.Mod3, B, {"C": [3.0]}, 3, executor=Breaks())


@program(refused="no executor")
def a_function_that_makes_no_executor():
    return rl.sweep(L.OGD(), S.Mod3, B, {"C": [3.0]}, 3, executor=list)


@program(refused="executor=2")
def a_number_of_workers_for_an_executor():
    return rl.sweep(L.OGD(), S.Mod3, B, {"C": [3.0]}, 3, executor=2)


@program(refused="progress='no'")
def a_text_for_progress():
    return rl.sweep(L.OGD(), S.Mod3, B, {"C": [3.0]}, 3, progress="no")


@program(right=0)
def progress_bars_when_progress_is_off():
    """None is made, in the caller, a worker or a comparator, however a terminal looks."""
    import tqdm

    made, bar, stderr = [], tqdm.tqdm, sys.stderr
    try:
        tqdm.tqdm = lambda *a, **k: made.append(k) or bar(*a, **k)
        rl.sweep(L.OGD(), S.RandomLeastSquares(2), BALL, {"seed": [0, 1]}, 9, progress=False)
        rl.play(L.OGD(), S.RandomLeastSquares(2), BALL, 9, progress=False)
        sys.stderr = None  # as in a program without a console
        rl.play(L.OGD(), UP, B, 9)
        rl.sweep(L.OGD(), S.Mod3, B, {"C": [3.0]}, 9)
    finally:
        tqdm.tqdm, sys.stderr = bar, stderr
    return len(made)


# -- A4, A5, A12 in sweeps: what is equal, what remembers ------------------------------


@dataclass(frozen=True)
class Shifted(S.ConvexLosses):
    """f_t(x) = (x - c)^2 + c; all are equal."""

    c: float = field(default=0.0, compare=False)

    def value(self, t, x):
        return float((x[0] - self.c) ** 2 + self.c)

    def gradient(self, t, x):
        return 2 * (x - self.c)


@program(right=[18.0, -18.0])
def equal_sequences_in_a_grid():
    points = {"losses": [Shifted(0.9), Shifted(-0.9)]}
    return last(rl.sweep(L.OGD(), Shifted, B, points, 20), "comparator_loss")


@program(right=[18.0, -18.0])
def equal_sequences_in_a_list():
    points = [{"losses": Shifted(0.9)}, {"losses": Shifted(-0.9)}]
    return last(rl.sweep(L.OGD(), Shifted, B, points, 20), "comparator_loss")


@program(right=[18.0, -18.0])
def a_field_that_is_not_compared():
    return last(rl.sweep(L.OGD(), Shifted, B, {"c": [0.9, -0.9]}, 20), "comparator_loss")


@dataclass(frozen=True)
class Ramp(W.Schedule):
    n: int = field(default=10, compare=False)

    def shape(self, t):
        return np.minimum(1.0, t / self.n)


@program(right=[-0.1 * 1.5, -0.1 * 0.015])
def equal_schedules_in_a_grid():
    return last(rl.sweep(L.OGD(), UP, B, {"alpha": [Ramp(0.1, n=10), Ramp(0.1, n=1000)]}, 6), "x_1")


@program(right=[-0.1 * 1.5, -0.1 * 0.015])
def equal_schedules_in_a_list():
    points = [{"alpha": Ramp(0.1, n=10)}, {"alpha": Ramp(0.1, n=1000)}]
    return last(rl.sweep(L.OGD(), UP, B, points, 6), "x_1")


@dataclass(frozen=True)
class Orthogonal(S.AdaptiveLosses):
    """g_t is a unit vector orthogonal to x_t and to g_1 + ... + g_{t-1}."""

    dimension = 3
    G: list = field(default_factory=lambda: [np.zeros(3)], compare=False)

    def answer(self, t, x):
        if t == 1:
            self.G[:] = [np.zeros(3)]
        g = np.linalg.svd(np.array([x, self.G[0]]))[2][-1]
        self.G[0] = self.G[0] + g
        return g


@program(right=[7.0, 7.0, 7.0])  # sqrt(49), as alone
def an_adversary_that_remembers():
    learners = [L.OGD(alpha=0.5), L.AMSGrad(alpha=0.5), L.AdaGrad(alpha=0.5)]
    return last(rl.sweep(L.OGD(), Orthogonal(), F.L2Ball(1.0), {"learner": learners}, 49), "regret")


@program(right=[7.0, 7.0])
def an_adversary_that_remembers_in_threads():
    pool = partial(ThreadPoolExecutor, 2)
    grid = {"alpha": [0.5, 0.6]}
    return last(rl.sweep(L.OGD(), Orthogonal(), F.L2Ball(1.0), grid, 49, executor=pool), "regret")


# -- A15, F4: values ---------------------------------------------------------------------


@program(refused="stands twice")
def a_seed_that_stands_twice():
    return rl.sweep(L.OGD(), S.Mod3, B, {"seed": [0, 1, 1]}, 3)


@program(refused="stands twice")
def a_stepsize_that_stands_twice():
    return rl.sweep(L.OGD(), S.Mod3, B, {"alpha": [1, 1.0]}, 3)


@program(refused="stands twice")
def a_learner_that_stands_twice():
    learner = L.OGD()
    return rl.sweep(L.OGD(), S.Mod3, B, {"learner": [learner, learner]}, 3)


@program(right=[0.0, 1.0, 2.0])
def numpy_integers_are_integers():
    frame = rl.sweep(L.OGD(), S.Rademacher(1, 0.1), B, {"seed": np.arange(3)}, 3)
    assert frame["error"].isna().all()
    return frame["seed"].tolist()


@program(right=[-0.1, -0.2])
def numpy_floats_are_floats():
    grid = {"alpha": [np.float32(0.1), np.float64(0.2)]}
    return last(rl.sweep(L.OGD(), UP, B, grid, 2), "x_1")


def only_error(points, learner=L.OGD, losses=S.Mod3):
    """The error of the only game as an exception."""
    error = rl.sweep(learner, losses, B, points, 3)["error"]
    if error.tolist() != [None]:
        raise ValueError(error[0])
    return error.tolist()


@program(refused="seed=0.5")
def half_a_seed():
    return only_error({"seed": [0.5]})


@program(refused="alpha")
def a_complex_stepsize():
    return only_error({"alpha": [1j]})


@program(refused="alpha")
def a_text_for_a_stepsize():
    return only_error({"alpha": ["0.5"]})


@program(refused="C=")
def a_text_for_a_field_of_the_sequence():
    return only_error({"C": ["3"]})


@program(refused="start")
def a_complex_start():
    return only_error({"start": [0.5j]})


@program(refused="start")
def a_text_for_a_start():
    return only_error({"start": ["0.5"]})


@program(refused="beta2")
def not_a_number_for_a_factor():
    return only_error({"beta2": [float("nan")]}, L.Adam)


@program(refused="did you mean beta2")
def a_misspelt_name():
    return rl.sweep(L.Adam, S.Mod3, B, {"beta_2": [0.5]}, 3)


@program(refused="did you mean learner")
def a_misspelt_part():
    return rl.sweep(L.Adam, S.Mod3, B, {"learners": [L.OGD()]}, 3)


@program(refused="did you mean seed")
def seeds_for_seed():
    return rl.sweep(L.Adam, S.Mod3, B, {"seeds": [0, 1]}, 3)


@dataclass(frozen=True)
class Sloped(S.LinearLosses):
    """f_t(x) = alpha x."""

    alpha: float = 1.0

    def gradients(self, t):
        return np.full((len(t), 1), self.alpha)


@program(refused="write learner.alpha")
def a_name_of_two_parts():
    return rl.sweep(L.OGD, Sloped, B, {"alpha": [0.1]}, 3)


@program(refused="given twice")
def a_name_with_and_without_its_part():
    return rl.sweep(L.OGD, S.Mod3, B, {"C": [3.0], "losses.C": [4.0]}, 3)


@program(refused="list of values")
def a_number_for_a_list():
    return rl.sweep(L.OGD, S.Mod3, B, {"C": 3.0}, 3)


@program(refused="horizon")
def a_horizon_of_two_and_a_half():
    return rl.sweep(L.OGD, S.Mod3, B, {"C": [3.0]}, 2.5)


@program(refused="is not a Learner")
def parts_in_another_order():
    return rl.sweep(S.Mod3, L.OGD, B, {"C": [3.0]}, 3)


@program(refused="codes")
def points_with_a_code_too_large():
    return rl.sweep(L.OGD, S.Mod3, B, rl.sweeps.Points({"C": [3.0]}, np.array([[1]])), 3)


@program(refused="codes")
def points_with_a_negative_code():
    return rl.sweep(L.OGD, S.Mod3, B, rl.sweeps.Points({"C": [3.0, 4.0]}, np.array([[-1]])), 3)


@program(refused="codes")
def points_with_codes_that_are_not_integers():
    return rl.sweep(L.OGD, S.Mod3, B, rl.sweeps.Points({"C": [3.0, 4.0]}, np.array([[0.5]])), 3)


@program(refused="codes")
def points_with_too_few_columns():
    return rl.sweep(L.OGD, S.Mod3, B, rl.sweeps.Points({"C": [3.0], "seed": [0]}, np.array([[0]])), 3)


@program(refused="complex")
def a_range_that_draws_complex_numbers():
    return rl.sweeps.random_points({"alpha": lambda rng, n: rng.random(n) + 0j}, 3)


# -- I.1, I.8: games without a comparator; games that fail -----------------------------


@program(right=[-0.5 - 0.5 / 2**0.5, -0.5])
def an_unbounded_set_keeps_loss_and_point():
    frame = rl.sweep(L.OGD(), UP, F.Reals(), {"alpha": [0.5]}, 3, checkpoints=[2])
    assert frame["regret"].isna().all()
    assert frame["error"].str.contains("unbounded").all()
    return [frame["x_1"].iloc[-1], frame["loss"].iloc[0]]


@program(right=1)
def an_error_is_none_or_a_text():
    kinds = set()
    for points in ({"beta2": [0.5]}, {"beta2": [0.5, 2.0]}, {"beta2": [2.0]}):
        kinds |= {type(error) for error in rl.sweep(L.Adam, S.Mod3, B, points, 3)["error"]}
    return int(kinds == {str, type(None)})


@dataclass(frozen=True)
class Fails(S.ConvexLosses):
    """Raises in round k."""

    k: int = 2

    def value(self, t, x):
        return float(x[0] ** 2)

    def gradient(self, t, x):
        if t == self.k:
            raise KeyError("mine")
        return 2 * x


@program(right=[1, 3, 3])
def the_other_games_go_on():
    frame = rl.sweep(L.OGD(), Fails, B, {"k": [2, 9, 10]}, 3)
    assert "round 2" in frame["error"][0]
    return frame["t"].tolist()


@program(right=[1.0, 1.0])
def a_folder_twice():
    """The second time nothing is played, and the table is the same."""
    with tempfile.TemporaryDirectory() as folder:
        first = rl.sweep(L.OGD(), S.Mod3, B, {"C": [3.0, 4.0]}, 9, folder=folder)
        before = {path: path.stat().st_mtime_ns for path in Path(folder).iterdir()}
        second = rl.sweep(L.OGD(), S.Mod3, B, {"C": [3.0, 4.0]}, 9, folder=folder)
        after = {path: path.stat().st_mtime_ns for path in Path(folder).iterdir()}
    return [float(first.equals(second)), float(before == after)]

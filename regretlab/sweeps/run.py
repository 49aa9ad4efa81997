"""Run a sweep: cut it into chunks, play the chunks that are not finished, and put all rows in one table."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from regretlab._utils import version
from regretlab._utils.messages import one_line
from regretlab._utils.progress import no_progress_bars, progress_bar
from regretlab._utils.types import Rounds
from regretlab._utils.validation import flag, rounds_to_play
from regretlab.engine.checkpoints import Checkpoints
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet
from regretlab.sweeps.cache import Folder, chunk_key
from regretlab.sweeps.chunks import Chunk, cut
from regretlab.sweeps.executors import Workers, outcomes
from regretlab.sweeps.parameters import find_parameters
from regretlab.sweeps.playing import MEASURES, Rows, play_chunk
from regretlab.sweeps.points import Design, Points
from regretlab.sweeps.table import table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["sweep"]


def sweep(
    learner: Learner | type[Learner],
    losses: Losses | type[Losses],
    feasible_set: FeasibleSet | type[FeasibleSet],
    points: Design,
    horizon: int,
    *,
    checkpoints: Iterable[int] | None = None,
    folder: str | os.PathLike[str] | None = None,
    executor: Workers | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Play one game at each point of a grid, a list or a random design, and return one table of the regrets

        R_t = sum_{s<=t} f_s(x_s) - min_{u in F} sum_{s<=t} f_s(u).

    Games that have the same losses and seed have the same draws.  Every row has the bits of the game played alone with
    :func:`regretlab.play`.

    Parameters
    ----------
    learner : Learner, or class of learners
    losses : Losses, or class of loss sequences
    feasible_set : FeasibleSet, or class of sets
        The game that the points vary.  At each point a class is called with the fields that the point names; an
        instance is copied with these fields replaced.
    points : mapping, iterable of mappings, or Points
        A grid, such as ``{"beta2": [0.1, 0.5], "C": [3.0, 6.0], "seed": range(8)}``: all combinations, the last name
        fastest.  Or a list of points, such as ``[{"beta2": 0.1, "C": 3.0}, {"beta2": 0.5, "C": 6.0}]``.  Or random
        points, from :func:`regretlab.sweeps.random_points`.

        A name is a field of the learner, losses or set, such as ``beta2`` (``learner.alpha`` where more than one of
        them has it); ``seed`` (an integer of at least 0; by default 0); ``start`` (x_1, a number or an array (d,); by
        default the point of F nearest to the origin); or ``learner``, ``losses`` or ``feasible_set``, for a whole one.
    horizon : int
        T, the number of rounds of each game, at least 1.
    checkpoints : iterable of int, optional
        Rounds of at least 1 that have a row in the table; round T always has one.  Rounds after T are left out.  For
        losses that are not linear, only about eight of the rounds per decade have a row.
    folder : path, optional
        A folder for finished chunks, made if it does not exist: the same sweep, started again, plays only what is not
        finished.  Sweeps that run at the same time with one folder share the work.
    executor : Executor, or function that makes one; optional
        Where the games are played: by default in a thread for each core.  Anything like the executors of
        :mod:`concurrent.futures`: ``ProcessPoolExecutor``, ``get_executor`` of a Dask client, ``MPIPoolExecutor`` of
        mpi4py.  An executor that a function makes is closed at the end, and replaced when its workers die; a given
        executor is left open.  The choice changes no bit of the table, except that products of matrices (comparators
        of losses that are not linear, learners with a full matrix) have other last bits on another kind of processor.
    progress : bool, optional
        Whether to show a progress bar, in rounds; by default on a terminal.

    Returns
    -------
    DataFrame
        A row for each point and each of its checkpoints, in the order of the points.  Columns:

        - a column for each name of the points; a learner, sequence or set is shown by its class, or by all its fields
          if several have the same class
        - ``seed``
        - ``t``: the round
        - ``loss``: sum_{s<=t} f_s(x_s)
        - ``comparator_loss``: min_{u in F} sum_{s<=t} f_s(u)
        - ``regret`` and ``average_regret``: R_t and R_t / t
        - ``gap``, if a solver found a comparator: R_t lies in [regret, regret + gap]
        - ``x_1``, ..., ``x_d``: the point x_t
        - ``error``: None, or why numbers are missing

        A point that is invalid, or whose game fails, has one row: ``error`` is the message, and ``t`` the number of
        rounds that were played.  A game without a best point in hindsight, as on an unbounded set, has its loss and
        x_t.  The other games go on.  ``frame.attrs`` has the version of regretlab, the parts and the horizon.

    Raises
    ------
    TypeError
        Before round 1: when a part, ``points`` or ``executor`` is of the wrong kind, or when ``folder`` is given and a
        part cannot be saved, such as a schedule that is a function.
    ValueError
        Before round 1: when a name of ``points`` is unknown or ambiguous, there is no point, ``horizon`` or a
        checkpoint is not a round, or the folder has another format or a damaged file.
    OSError
        When a file cannot be read or written; finished chunks are kept.
    RuntimeError
        When no chunk could be played, for example because the losses cannot be sent to another process.
    BrokenExecutor
        When the workers of a given executor die; if ``executor`` is a function, it makes another executor instead,
        unless those workers die as they start, as in a script without ``if __name__ == "__main__":``.

    Examples
    --------
    Adam (alpha_t = 0.5 / sqrt t, beta1 = 0) on the counterexample of Reddi et al. for two constants C and two beta2:

    >>> import regretlab as rl
    >>> adam, interval = rl.learners.Adam(alpha=0.5, beta1=0.0), rl.sets.Box(-1.0, 1.0)
    >>> frame = rl.sweep(adam, rl.losses.Mod3, interval, {"C": [3.0, 6.0], "beta2": [0.1, 0.9]}, 99, checkpoints=[9])
    >>> frame[["C", "beta2", "t", "regret", "x_1"]].round(2)
         C  beta2   t  regret   x_1
    0  3.0    0.1   9    4.55  0.06
    1  3.0    0.1  99   63.12  0.99
    2  3.0    0.9   9    5.33 -0.82
    3  3.0    0.9  99   12.37 -0.97
    4  6.0    0.1   9   12.89 -0.19
    5  6.0    0.1  99  173.91  0.55
    6  6.0    0.9   9    8.88 -0.94
    7  6.0    0.9  99   16.93 -0.99
    """
    T = rounds_to_play(horizon)
    flag(progress=progress)
    rounds = (*(t for t in Checkpoints.of(checkpoints).rounds or () if t < T), T)
    templates = {"learner": learner, "losses": losses, "feasible_set": feasible_set}
    chosen = Points.of(points)
    whole = Chunk(templates, find_parameters(chosen.names, chosen.values, templates), chosen, T, rounds)
    results: list[tuple[Rounds, Rows]] = []
    failure: Exception | None = None
    played = False
    for index, outcome in _results(whole, Folder(folder) if folder is not None else None, executor, progress):
        if isinstance(outcome, Rows):
            played = True
            results.append((index, outcome))
        else:
            failure = outcome
            results.append((index, _failed(len(index), outcome)))
    if failure and not played:
        raise RuntimeError(f"no games could be played: {_reason(failure)}") from failure
    return table(whole, results)


class _Task(NamedTuple):
    """A chunk to play, and the version of regretlab that the worker must have.

    ``points`` are the indices of its points, ``key`` is its key and ``file`` its file, if the sweep has a folder.
    """

    points: Rounds
    key: str
    file: str
    chunk: Chunk
    version: str


def _results(
    whole: Chunk, folder: Folder | None, executor: Workers | None, progress: bool | None
) -> Iterator[tuple[Rounds, Rows | Exception]]:
    """For each chunk the indices of its points, and its rows or an error; chunks found in the folder come first."""
    todo, finished, T = [], 0, whole.horizon
    known: dict[int, Any] = {}
    for index in cut(whole):
        key = chunk_key(whole.select(index), known) if folder else ""
        if folder and (rows := folder.read(key, len(index))):
            finished += len(index) * T
            yield index, rows
        else:
            todo.append((index, key))
    if folder:  # in random order, so that sweeps with the same folder play different chunks first
        random.SystemRandom().shuffle(todo)

    def tasks() -> Iterator[_Task]:
        for index, key in todo:
            file = os.path.abspath(folder.file(key)) if folder else ""  # noqa: PTH100  workers may be in another folder
            yield _Task(index, key, file, whole.select(index), version.__version__)

    with progress_bar(len(whole.points) * T, progress, initial=finished) as tick:
        for task, outcome in outcomes(_play, tasks(), executor):
            rows = outcome
            if folder and isinstance(rows, Rows):
                folder.write(task.key, rows)
            elif folder and rows is None:  # finished by another sweep, or damaged; removed since by nobody but the user
                rows = folder.read(task.key, len(task.points)) or play_chunk(task.chunk)
            yield task.points, rows
            tick(len(task.points) * T)


def _play(task: _Task) -> Rows | None:
    """The rows of a task's chunk, or None if its file exists by now; runs on the worker."""
    if task.version != version.__version__:
        raise RuntimeError(
            f"the worker has regretlab {version.__version__}, the sweep is of {task.version}; install the same version"
        )
    if task.file and Path(task.file).exists():
        return None
    with no_progress_bars():
        return play_chunk(task.chunk)


def _reason(error: Exception) -> str:
    """The message of an error, and a hint if the worker lacks a module or a name of one."""
    if not isinstance(error, ImportError | AttributeError):
        return one_line(error)
    if "regretlab" in str(error):
        return f"{one_line(error)}; do the workers have regretlab {version.__version__}?"
    return f"{one_line(error)}; the classes of a sweep must be in a module that the workers can import"


def _failed(n: int, error: Exception) -> Rows:
    """The rows of a chunk of n points that failed three times."""
    text = f"its worker failed three times: {_reason(error)}"
    nothing = np.full((n, len(MEASURES)), np.nan)
    return Rows(np.arange(n), np.zeros(n, np.int64), nothing, nothing[:, :1], dict.fromkeys(range(n), text))

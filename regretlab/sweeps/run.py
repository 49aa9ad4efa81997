"""Many games and one table of them."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from regretlab._utils import version
from regretlab._utils.types import Rounds
from regretlab._utils.validation import rounds_to_play
from regretlab.engine.checkpoints import Checkpoints
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet
from regretlab.sweeps.cache import Folder, chunk_key
from regretlab.sweeps.chunks import NUMBERS, Chunk, Rows, cut, one_line, play_chunk
from regretlab.sweeps.parameters import places
from regretlab.sweeps.points import Design, Points

if TYPE_CHECKING:
    import pandas as pd

    from regretlab.sweeps.executors import Workers

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
    """Play a game at every point, and put the results in one table.

    Parameters
    ----------
    learner, losses, feasible_set : parts of a game, or classes of them
        What the points are variations of.
    points : mapping, list of mappings, or Points
        A grid such as ``{"beta2": [0.1, 0.5], "C": [3.0, 6.0], "seed": range(8)}``,
        of all combinations; a list of points; or random ones
        (:func:`regretlab.sweeps.random_points`).  A name is a field of the learner,
        the sequence or the set (``learner.alpha`` where several have it), ``seed``,
        ``start``, or ``learner``, ``losses``, ``feasible_set`` for the whole part.
    horizon : int
        T.
    checkpoints : iterable of int, optional
        Rounds with a row besides T.  Where comparators are found numerically there
        are rows for some eight rounds per decade.
    folder : path, optional
        Finished chunks are kept there, and a sweep that is started again goes on
        where it was.  Sweeps may share a folder, also at the same time: then they
        share the work.
    executor : Executor, or function that makes one, optional
        Anything like those of :mod:`concurrent.futures`: ``ProcessPoolExecutor``, the
        ``get_executor`` of a Dask client, mpi4py's ``MPIPoolExecutor``; by default
        threads.  It does not change a bit of the result.
    progress : bool, optional
        Show a progress bar; by default on a terminal.

    Returns
    -------
    DataFrame
        In the order of the points: a column for every name, seed, t, loss,
        comparator_loss, regret, average_regret, gap if there is one, x_1..x_d, error.
        A point that is invalid or fails has one row: with the message, the rounds
        it could play, and no other number.

    Raises
    ------
    TypeError, ValueError
        For names that no part has, when there is no point, or when the folder holds
        a damaged file or one of another version.
    OSError
        When a result cannot be written; what is finished is kept.
    RuntimeError
        When no chunk could be played at all.
    """
    T = rounds_to_play(horizon)
    rounds = (*(t for t in Checkpoints.of(checkpoints).rounds or () if t < T), T)
    templates = {"learner": learner, "losses": losses, "feasible_set": feasible_set}
    chosen = Points.of(points)
    whole = Chunk(templates, places(chosen.names, chosen.values, templates), chosen, T, rounds)
    results: list[tuple[Rounds, Rows]] = []
    failure: Exception | None = None
    played = False
    for index, outcome in _results(whole, Folder(folder) if folder is not None else None, executor, progress):
        played = played or isinstance(outcome, Rows)
        failure = failure if isinstance(outcome, Rows) else outcome
        results.append((index, outcome if isinstance(outcome, Rows) else _failed(len(index), outcome)))
    if failure and not played:
        raise RuntimeError(f"no games could be played: {one_line(failure)}") from failure
    return _table(whole, results)


class _Task(NamedTuple):
    points: Rounds
    key: str
    chunk: Chunk
    version: str


def _results(
    whole: Chunk, folder: Folder | None, executor: Workers | None, progress: bool | None
) -> Iterator[tuple[Rounds, Rows | Exception]]:
    """The rows of every chunk, or why it could not be played: those in the folder, then those that are played now."""
    from tqdm import tqdm

    from regretlab.sweeps.executors import outcomes  # it loads what executors need

    todo, finished, T = [], 0, whole.horizon
    for index in cut(whole):
        key = chunk_key(whole.select(index)) if folder else ""
        if folder and (rows := folder.read(key, len(index))):
            finished += len(index) * T
            yield index, rows
        else:
            todo.append((index, key))
    if folder:  # in an order of its own: another sweep with this folder does other chunks first
        random.SystemRandom().shuffle(todo)
    found: list[tuple[Rounds, Rows]] = []

    def tasks() -> Iterator[_Task]:
        for index, key in todo:
            rows = folder.read(key, len(index)) if folder else None
            if rows:  # finished by another sweep in the meantime
                found.append((index, rows))
            else:
                yield _Task(index, key, whole.select(index), version.__version__)

    with tqdm(
        total=len(whole.points) * T, initial=finished, unit=" rounds", unit_scale=True, delay=1.0, leave=False,
        disable=None if progress is None else not progress,
    ) as bar:  # fmt: skip
        for task, outcome in outcomes(_run, tasks(), executor):
            if folder and isinstance(outcome, Rows):
                folder.write(task.key, outcome)
            yield task.points, outcome
            bar.update(len(task.points) * T)
    yield from found


def _run(task: _Task) -> Rows:
    if task.version != version.__version__:
        raise RuntimeError(f"the worker has regretlab {version.__version__}, the sweep is of {task.version}")
    return play_chunk(task.chunk)


def _failed(n: int, error: Exception) -> Rows:
    """The rows of a chunk of n points whose worker died again and again."""
    text = f"its worker failed three times: {one_line(error)}"
    nothing = np.full((n, len(NUMBERS)), np.nan)
    return Rows(np.arange(n), np.zeros(n, np.int64), nothing, nothing[:, :1], dict.fromkeys(range(n), text))


def _table(whole: Chunk, results: Sequence[tuple[Rounds, Rows]]) -> pd.DataFrame:
    import pandas as pd

    point = np.concatenate([index[rows.point] for index, rows in results])
    order = np.argsort(point, kind="stable")
    point = point[order]
    t = np.concatenate([rows.t for _, rows in results])[order]
    columns: dict[str, Any] = {}
    for k, (name, values) in enumerate(whole.points.values.items()):
        columns[name] = _shown(values)[whole.points.codes[point, k]]
    if "seed" not in columns:
        columns["seed"] = np.zeros(len(point), np.int64)
    columns["t"] = t
    numbers = np.concatenate([rows.numbers for _, rows in results])[order]
    columns |= {name: numbers[:, k] for k, name in enumerate(NUMBERS[:3])}
    columns["average_regret"] = columns["regret"] / np.maximum(t, 1)
    if not np.isnan(numbers[:, 3]).all():
        columns["gap"] = numbers[:, 3]
    d = max(rows.x.shape[1] for _, rows in results)
    x = np.full((len(point), d), np.nan)
    stop = 0
    for _, rows in results:
        x[stop : stop + len(rows.t), : rows.x.shape[1]] = rows.x
        stop += len(rows.t)
    columns |= {f"x_{i + 1}": x[order, i] for i in range(d)}
    errors = np.full(len(whole.points), None, dtype=object)
    for index, rows in results:
        for i, text in rows.errors.items():
            errors[index[i]] = text
    columns["error"] = errors[point]
    return pd.DataFrame(columns)


def _shown(values: list[Any]) -> Any:
    """An array of the values of a parameter: numbers as they are, parts by their class if that tells them apart."""
    if all(isinstance(value, bool) for value in values) or all(type(value) in (int, float) for value in values):
        return np.array(values)
    if all(isinstance(value, int | float | str | None) for value in values):
        return np.array(values, dtype=object)
    names = [value.__name__ if isinstance(value, type) else type(value).__name__ for value in values]
    return np.array(names if len(set(names)) == len(names) else [repr(value) for value in values], dtype=object)

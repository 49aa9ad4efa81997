"""The table of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regretlab._utils import version
from regretlab._utils.types import Rounds
from regretlab.sweeps.chunks import Chunk
from regretlab.sweeps.playing import MEASURES, Rows, padded

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["table"]


def table(whole: Chunk, results: Sequence[tuple[Rounds, Rows]]) -> pd.DataFrame:
    """The rows of all chunks in the order of the points; a result is the indices of a chunk's points, and its rows."""
    import pandas as pd

    point = np.concatenate([index[rows.point] for index, rows in results])
    order = np.argsort(point, kind="stable")
    point = point[order]
    t = np.concatenate([rows.t for _, rows in results])[order]
    measures = np.concatenate([rows.measures for _, rows in results])[order]
    columns: dict[str, Any] = {}
    for k, (name, values) in enumerate(whole.points.values.items()):
        columns[name] = _labels(values)[whole.points.codes[point, k]]
    if "seed" not in columns:
        columns["seed"] = np.zeros(len(point), np.int64)
    columns["t"] = t
    columns |= {name: measures[:, k] for k, name in enumerate(MEASURES[:3])}
    columns["average_regret"] = columns["regret"] / np.maximum(t, 1)
    if not np.isnan(measures[:, 3]).all():
        columns["gap"] = measures[:, 3]
    columns |= {f"x_{i + 1}": column for i, column in enumerate(padded([rows.x for _, rows in results])[order].T)}
    columns["error"] = pd.Series(_errors(len(whole.points), results)[point], dtype=object)  # None and str, no NaN
    frame = pd.DataFrame(columns)
    frame.attrs = {
        "regretlab": version.__version__,
        **{part: value.__name__ if isinstance(value, type) else repr(value) for part, value in whole.templates.items()},
        "horizon": whole.horizon,
    }
    return frame


def _errors(n: int, results: Sequence[tuple[Rounds, Rows]]) -> Any:
    """(n,): for each of n points the reason why it has no measures, or None."""
    errors = np.full(n, None, dtype=object)
    for index, rows in results:
        for i, text in rows.errors.items():
            errors[index[i]] = text
    return errors


def _labels(values: list[Any]) -> Any:
    """An array of the values of a parameter as the table shows them.

    It shows numbers and strings as they are, and other values by their class, or by their repr if several values have
    the same class.
    """
    if all(isinstance(value, bool) for value in values) or all(type(value) in (int, float) for value in values):
        return np.array(values)
    if all(isinstance(value, int | float | str | None) for value in values):
        return np.array(values, dtype=object)
    names = [value.__name__ if isinstance(value, type) else type(value).__name__ for value in values]
    return np.array(names if len(set(names)) == len(names) else [repr(value) for value in values], dtype=object)

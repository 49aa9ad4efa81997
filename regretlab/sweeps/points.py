"""The points of a sweep: for each game a value of every parameter that varies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regretlab._utils.types import Array

__all__ = ["Design", "Points", "log_uniform", "random_points", "uniform"]

Codes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Points:
    """n points: point i has ``values[name][codes[i, k]]`` for the k-th name.

    Made from what a user writes by :meth:`of`; points are numbers in an array,
    so that a million of them are small.
    """

    values: dict[str, list[Any]]
    codes: Codes

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.values)

    @classmethod
    def of(cls, design: Design) -> Points:
        """Of a grid ``{"beta2": [0.1, 0.5], "seed": range(8)}``, all combinations in order; or of a list of points.

        Raises
        ------
        TypeError, ValueError
            When there is no point, or the points have different names.
        """
        if isinstance(design, Points):
            points = design
        elif isinstance(design, Mapping):
            points = cls._grid(design)
        else:
            points = cls._list(list(design))
        if not len(points):
            raise ValueError(f"points={design!r}: there is no point to play")
        return points

    @classmethod
    def _grid(cls, grid: Mapping[str, Iterable[Any]]) -> Points:
        values = {}
        for name, given in grid.items():
            if isinstance(given, str) or not isinstance(given, Iterable):
                raise TypeError(f"points: {name}={given!r} must be a list of values, if only of one")
            values[_name(name)] = [_plain(value) for value in given]
            if not values[name]:
                raise ValueError(f"points: {name} has no values, so the grid is empty")
        shape = [len(column) for column in values.values()]
        codes = np.unravel_index(np.arange(int(np.prod(shape, dtype=np.int64))), shape) if shape else ()
        return cls(values, np.stack(codes, axis=1).astype(np.int32) if shape else np.zeros((1, 0), np.int32))

    @classmethod
    def _list(cls, points: list[Mapping[str, Any]]) -> Points:
        for i, point in enumerate(points):
            if not isinstance(point, Mapping):
                raise TypeError(f"points[{i}]={point!r} must be a mapping from names to values")
            if point.keys() != points[0].keys():
                raise ValueError(f"points[{i}] has the names {list(point)}, points[0] has {list(points[0])}")
        names = [_name(name) for name in points[0]] if points else []
        return cls.columns({name: [point[name] for point in points] for name in names}, len(points))

    @classmethod
    def columns(cls, columns: Mapping[str, Iterable[Any]], n: int) -> Points:
        """n points from a column of values for every name; equal values are kept once."""
        values: dict[str, list[Any]] = {}
        codes = np.zeros((n, len(columns)), dtype=np.int32)
        for k, (name, column) in enumerate(columns.items()):
            if isinstance(column, np.ndarray) and column.ndim == 1 and column.dtype.kind in "fiu":
                distinct, codes[:, k] = np.unique(column, return_inverse=True)
                values[name] = distinct.tolist()
                continue
            known: dict[Any, int] = {}
            values[name] = []
            for i, value in enumerate(map(_plain, column)):
                key = _key(value)
                if key not in known:
                    known[key] = len(values[name])
                    values[name].append(value)
                codes[i, k] = known[key]
        return cls(values, codes)


Design = Points | Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]]
"""What a user may write for points."""


def random_points(ranges: Mapping[str, Any], n: int, seed: int = 0) -> Points:
    """n independent random points.

    Parameters
    ----------
    ranges : mapping
        For every name a list of values to choose from, or a function (rng, n) ->
        n values, such as :func:`uniform` and :func:`log_uniform` give.
    n, seed : int
        Names draw from streams of their own; with a larger n the first points stay the same.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise ValueError(f"n={n!r} must be a number of points: an integer of at least 1")
    columns: dict[str, Any] = {}
    streams = np.random.SeedSequence(seed).spawn(len(ranges))
    for (name, given), stream in zip(ranges.items(), streams, strict=True):
        rng = np.random.default_rng(stream)
        if callable(given):
            columns[_name(name)] = np.asarray(given(rng, n))
            if len(columns[name]) != n:
                raise ValueError(f"ranges: {name} drew {len(columns[name])} values instead of {n}")
        elif isinstance(given, str) or not isinstance(given, Iterable) or not (choices := list(given)):
            raise ValueError(f"ranges: {name}={given!r} must be a list of values, or a function (rng, n) -> n values")
        else:
            values = np.array(choices) if all(type(each) in (int, float) for each in choices) else choices
            index = (rng.random(n) * len(choices)).astype(np.int64)
            columns[_name(name)] = values[index] if isinstance(values, np.ndarray) else [values[i] for i in index]
    return Points.columns(columns, int(n))


def uniform(low: float, high: float) -> Callable[[np.random.Generator, int], Array]:
    """Uniform on [low, high), for :func:`random_points`."""
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(f"low={low!r}, high={high!r} must be finite numbers with low < high")
    return lambda rng, n: low + (high - low) * rng.random(n)


def log_uniform(low: float, high: float) -> Callable[[np.random.Generator, int], Array]:
    """exp of uniform on [log low, log high), for :func:`random_points`."""
    if not (np.isfinite([low, high]).all() and 0.0 < low < high):
        raise ValueError(f"low={low!r}, high={high!r} must be finite numbers with 0 < low < high")
    return lambda rng, n: low * (high / low) ** rng.random(n)


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"points: {name!r} must be the name of a parameter")
    return name


def _key(value: Any) -> Any:
    """The same for equal values; a value that cannot be hashed equals itself alone."""
    try:
        hash(value)
    except TypeError:
        return id(value)
    return type(value), value


def _plain(value: Any) -> Any:
    """A number of numpy as one of Python."""
    return value.item() if isinstance(value, np.generic) else value

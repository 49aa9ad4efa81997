"""The points of a sweep: for each game, a value of every parameter that varies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regretlab._utils.types import Array
from regretlab._utils.validation import finite, positive, whole

__all__ = ["Design", "Points", "log_uniform", "random_points", "uniform"]

Codes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Points:
    """n points: point i has the value ``values[name][codes[i, k]]`` of the k-th parameter, whose name is ``name``.

    Each distinct value is stored once, so that a million points take little memory.

    Attributes
    ----------
    values : dict
        The distinct values of each parameter, by name.
    codes : int array (n, number of parameters)
        The index in ``values[name]`` of each point's value of each parameter.

    Raises
    ------
    TypeError, ValueError
        When ``codes`` has no such indices.
    """

    values: dict[str, list[Any]]
    codes: Codes

    def __post_init__(self) -> None:
        codes, sizes = np.asarray(self.codes), [len(column) for column in self.values.values()]
        if codes.dtype.kind not in "iu":
            raise TypeError(f"codes has the type {codes.dtype}; it must be an array of integers")
        if codes.ndim != 2 or codes.shape[1] != len(sizes):
            raise ValueError(f"codes has shape {codes.shape}; it must have a column for each of the {len(sizes)} names")
        if (codes < 0).any() or (codes >= np.array(sizes, dtype=np.int64)).any():
            raise ValueError(f"codes must be at least 0, and below the numbers of values, {sizes}")

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return tuple(self.values)

    @classmethod
    def of(cls, design: Design) -> Points:
        """The points of a design: a grid ``{"beta2": [0.1, 0.5], "seed": range(8)}``, a list of points, or Points.

        The points of a grid are all combinations, and the last name varies fastest.

        Raises
        ------
        TypeError
            When a name is not a string, a parameter of a grid has no list of values, or a point is not a mapping.
        ValueError
            When there is no point, or the points of a list have different names.
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
        for name, column in grid.items():
            if isinstance(column, str) or not isinstance(column, Iterable):
                raise TypeError(f"points: {name}={column!r} must be a list of values, if only of one")
            values[_checked_name(name)] = [_without_numpy(value) for value in column]
            if not values[name]:
                raise ValueError(f"points: {name} has no values, so the grid is empty")
            _check_distinct(name, values[name])
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
        names = [_checked_name(name) for name in points[0]] if points else []
        return cls.columns({name: [point[name] for point in points] for name in names}, len(points))

    @classmethod
    def columns(cls, columns: Mapping[str, Iterable[Any]], n: int) -> Points:
        """n points; ``columns`` has for each parameter its n values."""
        values: dict[str, list[Any]] = {}
        codes = np.zeros((n, len(columns)), dtype=np.int32)
        for k, (name, column) in enumerate(columns.items()):
            if isinstance(column, np.ndarray) and column.ndim == 1 and column.dtype.kind in "fiu":
                distinct, codes[:, k] = np.unique(column, return_inverse=True)
                values[name] = distinct.tolist()
                continue
            index: dict[Any, int] = {}
            values[name] = []
            for i, value in enumerate(map(_without_numpy, column)):
                key = _key(value)
                if key not in index:
                    index[key] = len(values[name])
                    values[name].append(value)
                codes[i, k] = index[key]
        return cls(values, codes)


Design = Points | Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]]
"""What a sweep accepts as points."""


def random_points(ranges: Mapping[str, Any], n: int, seed: int = 0) -> Points:
    """n independent random points for :func:`regretlab.sweep`.

    Parameters
    ----------
    ranges : mapping
        By the name of each parameter, a list of values that are equally likely, or a function (rng, n) -> n values
        with ``rng`` a ``numpy.random.Generator``; :func:`uniform` and :func:`log_uniform` return such functions.
    n : int
        The number of points, at least 1.
    seed : int
        At least 0; it decides the points.  Each parameter has a random stream of its own.  With a larger n the first
        points stay the same.

    Returns
    -------
    Points

    Raises
    ------
    TypeError
        When ``n`` or ``seed`` is not an integer, or a range is neither a list nor a function.
    ValueError
        When ``n`` or ``seed`` is too small, a list is empty, or a function does not return n values.

    Examples
    --------
    >>> import regretlab as rl
    >>> from regretlab.sweeps import log_uniform, random_points
    >>> points = random_points({"alpha": log_uniform(1e-3, 1.0), "seed": range(100)}, n=50)
    >>> len(points), points.names
    (50, ('alpha', 'seed'))
    >>> len(rl.sweep(rl.learners.AMSGrad, rl.losses.Rademacher(), rl.sets.Box(-1.0, 1.0), points, 20))
    50
    """
    whole(1, n=n)
    whole(0, seed=seed)
    columns: dict[str, Any] = {}
    streams = np.random.SeedSequence(seed).spawn(len(ranges))
    for (name, values), stream in zip(ranges.items(), streams, strict=True):
        columns[_checked_name(name)] = _draw(name, values, int(n), np.random.default_rng(stream))
    return Points.columns(columns, int(n))


def _draw(name: str, values: Any, n: int, rng: np.random.Generator) -> Any:
    """n values of the parameter ``name``: an array, or a list of choices that are not all numbers."""
    if callable(values):
        drawn = np.asarray(values(rng, n))
        if drawn.shape[:1] != (n,):
            raise ValueError(f"ranges: {name} drew an array of shape {drawn.shape} instead of {n} values")
        if drawn.dtype.kind == "c":
            raise TypeError(f"ranges: {name} drew complex numbers; no parameter of a game is complex")
        return drawn
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"ranges: {name}={values!r} must be a list of values, or a function (rng, n) -> n values")
    choices = list(values)
    if not choices:
        raise ValueError(f"ranges: {name}={values!r} must be a list of at least one value")
    index = (rng.random(n) * len(choices)).astype(np.int64)
    if all(type(choice) in (int, float) for choice in choices):
        return np.array(choices)[index]
    return [choices[i] for i in index]


def uniform(low: float, high: float) -> Callable[[np.random.Generator, int], Array]:
    """A function (rng, n) -> array (n,) of independent draws, uniform on [low, high); for :func:`random_points`.

    Parameters
    ----------
    low, high : float
        Finite, low < high.

    Raises
    ------
    TypeError, ValueError
        When ``low`` and ``high`` are not such numbers.

    Examples
    --------
    >>> import numpy as np
    >>> uniform(0.0, 2.0)(np.random.default_rng(0), 3).round(3)
    array([1.274, 0.54 , 0.082])
    """
    finite(low=low, high=high)
    if not low < high:
        raise ValueError(f"low={low!r} must be below high={high!r}")
    return lambda rng, n: low + (high - low) * rng.random(n)


def log_uniform(low: float, high: float) -> Callable[[np.random.Generator, int], Array]:
    """A function (rng, n) -> array (n,) of independent draws z in [low, high), with log z uniform.

    For :func:`random_points`; the usual choice for stepsizes.

    Parameters
    ----------
    low, high : float
        Finite, 0 < low < high.

    Raises
    ------
    TypeError, ValueError
        When ``low`` and ``high`` are not such numbers.

    Examples
    --------
    >>> import numpy as np
    >>> log_uniform(1e-3, 1.0)(np.random.default_rng(0), 3).round(4)
    array([0.0814, 0.0064, 0.0013])
    """
    positive(low=low, high=high)
    if not low < high:
        raise ValueError(f"low={low!r} must be below high={high!r}")
    return lambda rng, n: low * (high / low) ** rng.random(n)


def _checked_name(name: object) -> str:
    """``name``, which must be a string."""
    if not isinstance(name, str):
        raise TypeError(f"points: {name!r} must be the name of a parameter")
    return name


def _check_distinct(name: str, values: list[Any]) -> None:
    """Refuse a number, string or object that stands twice among the values of a grid."""
    seen = set()
    for value in values:
        key = value if isinstance(value, bool | int | float | str) else id(value)
        if key in seen and value is not None:
            raise ValueError(f"points: {name}={value!r} stands twice, so the same games would be played twice")
        seen.add(key)


def _key(value: Any) -> Any:
    """A key that numbers and strings share if they are the same; parts may be equal and different."""
    return (type(value), str(value)) if isinstance(value, bool | int | float | str) else id(value)


def _without_numpy(value: Any) -> Any:
    """A numpy scalar as a Python number, anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value

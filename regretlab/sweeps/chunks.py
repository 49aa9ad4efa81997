"""Chunks: the pieces in which a sweep is played and its rows are kept, each about a second of games."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from regretlab._utils.types import Rounds
from regretlab.losses.base import BlockLosses, LinearLosses
from regretlab.sweeps.parameters import Parameter, with_fields
from regretlab.sweeps.points import Points

__all__ = ["Chunk", "cut", "same_draws"]

_GAMES = 8192  # the largest number of games in a chunk
_LANES = 32  # the smallest, unless a round is as slow as in Python: the compiled loops play so many side by side
_ROUNDS = 2**29  # rounds of a chunk, over all its games of linear losses in one dimension: about a second
_PYTHON = 2**14  # a round of losses written in Python takes as long as this many of linear losses with d = 1
_MULTIPLE = 256  # a chunk of more games than this has a multiple of it, so that batches are full


@dataclass(frozen=True, eq=False)
class Chunk:
    """Points of a sweep, and all that decides the games at these points.

    Attributes
    ----------
    templates : dict
        The learner, the losses and the set that the points vary: instances or classes.
    parameters : list of Parameter
        The parameter of each column of ``points``.
    points : Points
    horizon : int
        T.
    rounds : tuple of int
        The rounds that have a row in the table.
    """

    templates: dict[str, Any]
    parameters: list[Parameter]
    points: Points
    horizon: int
    rounds: tuple[int, ...]

    def select(self, index: Rounds) -> Chunk:
        """The chunk of the points ``index`` alone; it keeps only the values that these points have."""
        codes = self.points.codes[index]
        values = {}
        for k, (name, column) in enumerate(self.points.values.items()):
            used, inverse = np.unique(codes[:, k], return_inverse=True)
            values[name] = [column[i] for i in used]
            codes[:, k] = inverse
        return Chunk(self.templates, self.parameters, Points(values, codes), self.horizon, self.rounds)

    def part(self, i: int, name: str) -> Any:
        """The learner, losses or set of point i, made anew."""
        values = self._values(i)
        template = values.pop(Parameter(name), self.templates.get(name))
        return with_fields(template, {each.field: value for each, value in values.items() if each.part == name})

    def part_key(self, i: int, names: Sequence[str]) -> tuple[int, ...]:
        """A key of point i: points with the same key have the same parts ``names``."""
        return tuple(int(self.points.codes[i, k]) for k, each in enumerate(self.parameters) if each.part in names)

    def value(self, i: int, name: str, default: Any) -> Any:
        """The seed or start of point i; ``default`` if it is not a parameter of the sweep."""
        return self._values(i).get(Parameter(name), default)

    def _values(self, i: int) -> dict[Parameter, Any]:
        """The value of every parameter at point i."""
        row = self.points.codes[i].tolist()
        return {each: column[c] for each, column, c in zip(self.parameters, self._columns, row, strict=True)}

    @cached_property
    def _columns(self) -> list[list[Any]]:
        return list(self.points.values.values())


# -- cutting a sweep into chunks -------------------------------------------------------


def cut(whole: Chunk) -> list[Rounds]:
    """For each chunk, the indices of its points.

    Points that share losses and seed are next to each other, and in the same chunk unless they are too many for it:
    their games have the same draws, and are played side by side.
    """
    points, order = whole.points, _order(whole)
    n = _games_in_chunk(whole)
    stops = np.append(same_draws(whole, order)[1:], len(points))
    pieces, start = [], 0
    while start < len(points):
        last = int(np.searchsorted(stops, start + n, "right")) - 1
        stop = int(stops[last]) if last >= 0 and stops[last] > start else min(start + n, len(points))
        pieces.append(order[start:stop])
        start = stop
    return pieces


def _order(chunk: Chunk) -> Rounds:
    """The indices of the points, sorted by losses and seed first, and then by set."""
    weight = {"losses": 0, "seed": 1, "feasible_set": 2, "learner": 3, "start": 4}
    parameters = chunk.parameters
    columns = sorted(range(len(parameters)), key=lambda k: (weight[parameters[k].part], parameters[k].field))
    codes = chunk.points.codes
    return np.lexsort([codes[:, k] for k in reversed(columns)]) if columns else np.arange(len(codes))


def same_draws(chunk: Chunk, order: Rounds) -> Rounds:
    """The positions in ``order`` at which a run of points with the same losses and seed begins."""
    columns = [k for k, each in enumerate(chunk.parameters) if each.part in ("losses", "seed")]
    codes = chunk.points.codes[order][:, columns]
    changes = (codes[1:] != codes[:-1]).any(axis=1)
    return np.concatenate([[0], 1 + np.flatnonzero(changes)])


def _games_in_chunk(chunk: Chunk) -> int:
    """How many games take about a second; depends on losses and horizon alone, not on the number of points."""
    candidates: Any = chunk.points.values.get("losses", [chunk.templates["losses"]])
    cost = 1
    for losses in candidates:
        cls = losses if isinstance(losses, type) else type(losses)
        d = 1 if isinstance(losses, type) else int(losses.dimension)
        cost = max(cost, d if issubclass(cls, LinearLosses) else 64 * d if issubclass(cls, BlockLosses) else _PYTHON)
    most = max(min(_GAMES, _ROUNDS // (cost * chunk.horizon)), 1 if cost >= _PYTHON else _LANES)
    for multiple in (_MULTIPLE, _LANES):
        if most > multiple:
            return most - most % multiple
    return most

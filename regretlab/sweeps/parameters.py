"""What the names of a sweep mean: fields of the parts of a game, whole parts, seed and start."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from regretlab._utils.validation import nearest
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet

__all__ = ["KINDS", "Place", "make", "places"]

KINDS: dict[str, type[Any]] = {"learner": Learner, "losses": Losses, "feasible_set": FeasibleSet}
"""The parts of a game."""

_OF_THE_GAME = ("seed", "start")


class Place(NamedTuple):
    """Where a value goes: a field of a part of the game; the part itself, or the game, if there is no ``field``."""

    part: str
    field: str = ""


def places(names: Sequence[str], values: Mapping[str, Sequence[Any]], templates: Mapping[str, Any]) -> list[Place]:
    """The place of every name; a field of more than one part is written ``learner.alpha``.

    Raises
    ------
    TypeError
        When a part is not what it should be.
    ValueError
        For a name that no part has, with the nearest that is there; or that several have.
    """
    candidates = {part: list(values.get(part, [templates[part]])) for part in KINDS}
    for part, choices in candidates.items():
        for choice in choices:
            of = choice if isinstance(choice, type) else type(choice)
            if not issubclass(of, KINDS[part]):
                raise TypeError(f"{part}={choice!r} is not a {KINDS[part].__name__}")
    fields = {part: {name for choice in choices for name in fields_of(choice)} for part, choices in candidates.items()}
    found = [_place(name, fields) for name in names]
    for name, place in zip(names, found, strict=True):
        if found.count(place) > 1:
            raise ValueError(f"points: {name} is given twice, with and without its part")
    return found


def _place(name: str, fields: Mapping[str, set[str]]) -> Place:
    part, _, field = name.partition(".")
    if field and part in fields:
        if field not in fields[part]:
            raise ValueError(f"points: the {part} has no parameter {field!r}{nearest(field, sorted(fields[part]))}")
        return Place(part, field)
    if name in (*KINDS, *_OF_THE_GAME):
        return Place(name)
    having = [part for part in fields if name in fields[part]]
    if len(having) > 1:
        raise ValueError(f"points: {name} is a parameter of {' and of '.join(having)}; write {having[0]}.{name}")
    if not having:
        there = sorted({*_OF_THE_GAME, *KINDS}.union(*fields.values()))
        raise ValueError(f"points: there is no parameter {name!r}{nearest(name, there)}")
    return Place(having[0], name)


def fields_of(template: Any) -> list[str]:
    """The parameters of a part, or of a class of parts."""
    if not dataclasses.is_dataclass(template):
        return []
    return [field.name for field in dataclasses.fields(template) if field.init]


def make(template: Any, given: Mapping[str, Any]) -> Any:
    """The part with the fields ``given``."""
    for name in given:
        if name not in fields_of(template):
            of = template if isinstance(template, type) else type(template)
            raise ValueError(f"{of.__name__} has no parameter {name!r}")
    if isinstance(template, type):
        return template(**given)
    return dataclasses.replace(template, **given) if given else template

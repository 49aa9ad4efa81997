"""What a name in a sweep stands for: a field of the learner, losses or set; one of these parts; seed or start."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from regretlab._utils.validation import nearest
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet

__all__ = ["PARTS", "Parameter", "find_parameters", "with_fields"]

PARTS: dict[str, type[Any]] = {"learner": Learner, "losses": Losses, "feasible_set": FeasibleSet}
"""The parts of a game, and the class of each."""

_OF_THE_GAME = ("seed", "start")


class Parameter(NamedTuple):
    """The field ``field`` of the part ``part`` of a game; with ``field=""`` the whole part, ``seed`` or ``start``."""

    part: str
    field: str = ""


def find_parameters(
    names: Sequence[str], values: Mapping[str, Sequence[Any]], templates: Mapping[str, Any]
) -> list[Parameter]:
    """The parameter that each name stands for.

    Parameters
    ----------
    names : sequence of str
        Such as ``"alpha"``; ``"learner.alpha"`` where more than one part has the field; ``"losses"`` or ``"seed"``.
    values : mapping
        The values of each name.  Values of a whole part may have fields that the template lacks.
    templates : mapping
        The learner, losses and set of the sweep, or their classes.

    Raises
    ------
    TypeError
        When a template or value of a part is of the wrong kind.
    ValueError
        When no part has a field of that name (the message suggests the nearest), when several parts have one, or when
        two names stand for the same parameter.
    """
    candidates = {part: list(values.get(part, [templates[part]])) for part in PARTS}
    for part, choices in candidates.items():
        for choice in choices:
            cls = choice if isinstance(choice, type) else type(choice)
            if not issubclass(cls, PARTS[part]):
                raise TypeError(f"{part}={choice!r} is not a {PARTS[part].__name__}")
    fields = {part: {name for choice in choices for name in _fields(choice)} for part, choices in candidates.items()}
    parameters = [_find(name, fields) for name in names]
    for name, parameter in zip(names, parameters, strict=True):
        if parameters.count(parameter) > 1:
            raise ValueError(f"points: {name} is given twice, with and without its part")
    return parameters


def _find(name: str, fields: Mapping[str, set[str]]) -> Parameter:
    """The parameter called ``name``, where the parts have these fields."""
    part, _, field = name.partition(".")
    if field and part in fields:
        if field not in fields[part]:
            raise ValueError(f"points: the {part} has no parameter {field!r}{nearest(field, sorted(fields[part]))}")
        return Parameter(part, field)
    if name in (*PARTS, *_OF_THE_GAME):
        return Parameter(name)
    having = [part for part in fields if name in fields[part]]
    if len(having) > 1:
        raise ValueError(f"points: {name} is a parameter of {' and of '.join(having)}; write {having[0]}.{name}")
    if not having:
        allowed = sorted({*_OF_THE_GAME, *PARTS}.union(*fields.values()))
        raise ValueError(f"points: there is no parameter {name!r}{nearest(name, allowed)}")
    return Parameter(having[0], name)


def _fields(template: Any) -> list[str]:
    """The names of the fields of a part, or of a class of parts."""
    if not dataclasses.is_dataclass(template):
        return []
    return [field.name for field in dataclasses.fields(template) if field.init]


def with_fields(template: Any, fields: Mapping[str, Any]) -> Any:
    """A part with these values of its fields: an instance of the class ``template``, or a copy of the part.

    Raises
    ------
    ValueError
        When the part lacks one of the fields.  An error that its class raises for a value passes through.
    """
    for name in fields:
        if name not in _fields(template):
            cls = template if isinstance(template, type) else type(template)
            raise ValueError(f"{cls.__name__} has no parameter {name!r}")
    if isinstance(template, type):
        return template(**fields)
    return dataclasses.replace(template, **fields) if fields else template

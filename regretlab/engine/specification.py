"""Learners, sequences and sets as plain text: what a saved game remembers of them."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from regretlab._utils.types import Array
from regretlab.engine.checkpoints import Checkpoints
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.losses.pointwise import PointwiseLoss
from regretlab.schedules import Schedule
from regretlab.sets import FeasibleSet

__all__ = ["from_specification", "specification"]

_KINDS = (Learner, Losses, PointwiseLoss, FeasibleSet, Schedule, Checkpoints)


def specification(value: object, held: list[Array] | None = None) -> Any:
    """``value`` as JSON: numbers, strings, lists, and dataclasses by class name and fields.

    Arrays are added to the list ``held``, if there is one, and named by their place in it.

    Raises
    ------
    TypeError
        For anything else, functions among them; a schedule that is to be saved
        is a :class:`~regretlab.schedules.Schedule`, not a function.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if held is None:
            return {"array": value.tolist(), "dtype": str(value.dtype)}
        held.append(value)
        return {"held": len(held) - 1}
    if isinstance(value, tuple | list):
        return {type(value).__name__: [specification(item, held) for item in value]}
    if dataclasses.is_dataclass(value) and isinstance(value, _KINDS):
        cls = type(value)
        if "<locals>" in cls.__qualname__:
            raise TypeError(f"{cls.__qualname__} is defined inside a function, so a saved game could not find it again")
        given = [field.name for field in dataclasses.fields(value) if field.init]  # type: ignore[arg-type]
        fields = {name: specification(getattr(value, name), held) for name in given}
        return {"class": f"{cls.__module__}:{cls.__qualname__}", "fields": fields}
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot be saved; use a frozen dataclass of numbers")


def from_specification(text: Any, held: Sequence[Array] = ()) -> Any:
    """The value that :func:`specification` described, with the arrays it added to ``held``.

    Raises
    ------
    ValueError
        When the class is not there, is none of this package's kinds, or has
        other fields than it had.
    """
    if not isinstance(text, dict):
        return text
    if "array" in text:
        return np.array(text["array"], dtype=text["dtype"])
    if "held" in text:
        return held[text["held"]]
    if "class" not in text:
        ((kind, items),) = text.items()
        return {"tuple": tuple, "list": list}[kind](from_specification(item, held) for item in items)
    module, _, name = text["class"].partition(":")
    try:
        cls: Any = importlib.import_module(module)
        for part in name.split("."):
            cls = getattr(cls, part)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"the saved game needs the class {name} of the module {module}, which is not there") from error
    if not (isinstance(cls, type) and issubclass(cls, _KINDS)):
        raise ValueError(f"{text['class']} is not a learner, a sequence, a set or a schedule")
    fields = {key: from_specification(item, held) for key, item in text["fields"].items()}
    try:
        return cls(**fields)
    except TypeError as error:
        raise ValueError(f"{text['class']} cannot be made from the saved fields {fields}: {error}") from error

"""Learners, loss sequences, feasible sets and schedules as JSON: each by its class and fields."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from regretlab._utils.types import Array
from regretlab.learners.base import Learner
from regretlab.losses.base import Losses
from regretlab.losses.pointwise import PointwiseLoss
from regretlab.schedules import Schedule
from regretlab.sets import FeasibleSet

__all__ = ["class_path", "classes_in", "find_class", "from_specification", "parts_of", "specification"]

_KINDS = (Learner, Losses, PointwiseLoss, FeasibleSet, Schedule)
_NUMBERS = frozenset("biufc")
_ENTRIES = 2**24
"""The most bytes in an array that is written as text."""


def specification(value: object, arrays: list[Array] | None = None) -> Any:
    """``value`` as JSON: numbers, strings, lists, tuples, arrays, and dataclasses by class and fields.

    Parameters
    ----------
    value : object
        A learner, loss sequence, pointwise loss, feasible set or schedule, or a value of one of their fields.
    arrays : list, optional
        Arrays are appended to it, and the JSON has their index; without it the JSON has their entries.

    Raises
    ------
    TypeError
        For anything else, functions among them: a schedule that is to be saved is a
        :class:`~regretlab.schedules.Schedule`, not a function.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if arrays is None:
            return {"entries": value.tolist(), "dtype": str(value.dtype)}
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if type(value) in (tuple, list):
        return {type(value).__name__: [specification(item, arrays) for item in value]}  # type: ignore[attr-defined]
    if dataclasses.is_dataclass(value) and isinstance(value, _KINDS):
        cls = type(value)
        if "<locals>" in cls.__qualname__:
            raise TypeError(f"{cls.__qualname__} is defined inside a function, so a saved game could not find it again")
        fields = {
            field.name: specification(getattr(value, field.name), arrays)
            for field in dataclasses.fields(value)  # type: ignore[arg-type]
            if field.init
        }
        return {"class": class_path(cls), "fields": fields}
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot be saved; use a frozen dataclass of numbers")


def from_specification(
    json_value: Any, arrays: Sequence[Array] = (), *, kind: type[Any] | None = None, trust: Iterable[str] = ()
) -> Any:
    """The object that :func:`specification` described, with the ``arrays`` that it collected.

    Parameters
    ----------
    json_value : any
        What :func:`specification` returned, or another text claims to be that.
    arrays : sequence of arrays
    kind : class, optional
        What the object must be, such as ``Learner``.
    trust : iterable of str
        Modules that may be imported; without them only classes in modules that are imported already are found.

    Raises
    ------
    ValueError
        When the class does not exist, is no part of a game, or has other fields than when it was saved.
    """
    if not isinstance(json_value, dict):
        return json_value
    if set(json_value) == {"class", "fields"}:
        return _made(json_value, arrays, kind, trust)
    if set(json_value) == {"entries", "dtype"}:
        dtype = np.dtype(json_value["dtype"])
        array = np.array(json_value["entries"])
        if dtype.kind not in _NUMBERS or dtype.itemsize * array.size > _ENTRIES:
            raise ValueError(f"an array of {array.size} entries of type {dtype} is too large, or not of numbers")
        return array.astype(dtype)
    ((name, content),) = json_value.items() if len(json_value) == 1 else [("", None)]
    if name == "array" and type(content) is int and 0 <= content < len(arrays):
        return arrays[content]
    if name in ("tuple", "list") and isinstance(content, list):
        return {"tuple": tuple, "list": list}[name](from_specification(item, arrays, trust=trust) for item in content)
    raise ValueError(f"{sorted(json_value)} are no value of a field")


def _made(json_value: dict[str, Any], arrays: Sequence[Array], kind: type[Any] | None, trust: Iterable[str]) -> Any:
    """The object of a class with the given fields, both looked at before anything is called."""
    cls, values = find_class(json_value["class"], trust), json_value["fields"]
    if kind is not None and kind not in cls.__mro__:
        raise ValueError(f"{json_value['class']} is not a {kind.__name__}")
    names = {field.name for field in dataclasses.fields(cls) if field.init}
    if not isinstance(values, dict) or set(values) != names:
        found = sorted(values) if isinstance(values, dict) else values
        raise ValueError(f"{json_value['class']} was saved with the fields {found}; it has {sorted(names)}")
    fields = {name: from_specification(item, arrays, trust=trust) for name, item in values.items()}
    try:
        return cls(**fields)
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"{json_value['class']} cannot be made from the saved fields {fields}: {type(error).__name__}: {error}"
        ) from error


def parts_of(value: Any) -> Iterator[Any]:
    """A part of a game, and the parts in its fields."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from parts_of(item)
    elif isinstance(value, _KINDS):
        yield value
        for field in dataclasses.fields(value):  # type: ignore[arg-type]
            if field.init:
                yield from parts_of(getattr(value, field.name))


def classes_in(json_value: Any) -> Iterator[str]:
    """The paths of all classes in what :func:`specification` returned."""
    if isinstance(json_value, dict):
        if isinstance(json_value.get("class"), str):
            yield json_value["class"]
        json_value = list(json_value.values())
    if isinstance(json_value, list):
        for item in json_value:
            yield from classes_in(item)


def class_path(cls: type[Any]) -> str:
    """The path ``module:name`` under which files name a class.

    For a class of this package it is the shortest at which the class is public, such as ``regretlab.learners:Adam``:
    files stay readable when private modules are moved.  For any other class it is the module that defines it.
    """
    module, name = cls.__module__, cls.__qualname__
    if _is_ours(module):
        parents = module.split(".")
        for package in (".".join(parents[: i + 1]) for i in range(len(parents))):
            if name in getattr(sys.modules.get(package), "__all__", ()):
                return f"{package}:{name}"
    return f"{module}:{name}"


def find_class(path: Any, trust: Iterable[str] = ()) -> Any:
    """The class at a path that :func:`class_path` gave, looked up without running anything but an allowed import.

    ``ValueError`` if there is none that a file may name.
    """
    module, _, name = path.partition(":") if isinstance(path, str) else ("", "", "")
    if module not in sys.modules and any(module == each or module.startswith(f"{each}.") for each in trust):
        try:
            importlib.import_module(module)
        except (Exception, SystemExit) as error:
            raise ValueError(f"the module {module} cannot be imported: {type(error).__name__}: {error}") from error
    if not (module and isinstance(sys.modules.get(module), ModuleType)):
        raise ValueError(
            f"the file needs the class {name} of the module {module!r}, which is not imported; import it first, or, if "
            f"you trust the code in it, load with trust=[{module.partition('.')[0]!r}]"
        )
    cls: Any = sys.modules[module]
    for part in name.split("."):
        cls = vars(cls).get(part) if isinstance(cls, type | ModuleType) else None
    if cls is None:
        raise ValueError(f"the file needs the class {name} of the module {module}, which is not there")
    if not (isinstance(cls, type) and any(kind in cls.__mro__ for kind in _KINDS)):
        raise ValueError(f"{path} is not a learner, a sequence, a set or a schedule")
    if _is_ours(module) and class_path(cls) != path:
        raise ValueError(f"{path} is not public: saved games name this class {class_path(cls)}")
    if not dataclasses.is_dataclass(cls) or inspect.isabstract(cls):
        raise ValueError(f"{path} is a base class or no dataclass, so no object of it can have been saved")
    return cls


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "regretlab"

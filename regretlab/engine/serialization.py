"""Saved games: learner, losses and feasible set as JSON, everything else as arrays, in one ``.npz`` file."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from regretlab._utils import version
from regretlab._utils.files import read_npz, whole_file
from regretlab._utils.types import Array
from regretlab.engine.checkpoints import Record
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.base import Learner, State
from regretlab.losses.base import Losses
from regretlab.losses.pointwise import PointwiseLoss
from regretlab.schedules import Schedule
from regretlab.sets import FeasibleSet

__all__ = ["class_path", "from_specification", "load_game", "save_game", "specification"]

Kind = TypeVar("Kind", bound=Trajectory)

_FORMAT = 3
_PARTS = ("learner", "losses", "feasible_set")
_KINDS = (Learner, Losses, PointwiseLoss, FeasibleSet, Schedule)
_SUMS = ("loss", "gradient")
_RECORD = tuple(field.name for field in dataclasses.fields(Record))


# -- objects as JSON -------------------------------------------------------------------


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


def from_specification(json_value: Any, arrays: Sequence[Array] = ()) -> Any:
    """The object that :func:`specification` described, with the ``arrays`` that it collected.

    Raises
    ------
    ValueError
        When the class does not exist, is no part of a game, or has other fields than when it was saved.
    """
    if not isinstance(json_value, dict):
        return json_value
    if "entries" in json_value:
        return np.array(json_value["entries"], dtype=json_value["dtype"])
    if "array" in json_value:
        return arrays[json_value["array"]]
    if "class" not in json_value:
        ((name, items),) = json_value.items()
        return {"tuple": tuple, "list": list}[name](from_specification(item, arrays) for item in items)
    cls = _find_class(json_value["class"])
    fields = {name: from_specification(item, arrays) for name, item in json_value["fields"].items()}
    try:
        return cls(**fields)
    except TypeError as error:
        raise ValueError(f"{json_value['class']} cannot be made from the saved fields {fields}: {error}") from error


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


def _find_class(path: str) -> Any:
    """The class at a path that :func:`class_path` gave; ``ValueError`` if there is none that a file may name."""
    module, _, name = path.partition(":")
    try:
        cls: Any = importlib.import_module(module)
        for part in name.split("."):
            cls = getattr(cls, part)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"the saved game needs the class {name} of the module {module}, which is not there") from error
    if not (isinstance(cls, type) and issubclass(cls, _KINDS)):
        raise ValueError(f"{path} is not a learner, a sequence, a set or a schedule")
    if _is_ours(module) and class_path(cls) != path:
        raise ValueError(f"{path} is not public: saved games name this class {class_path(cls)}")
    return cls


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "regretlab"


# -- games as files --------------------------------------------------------------------


def save_game(game: Trajectory, path: str | os.PathLike[str]) -> None:
    """Write the game to ``path``, whole or not at all; see :meth:`regretlab.Game.save`."""
    collected: list[Array] = []
    state = game.state
    head = {
        "format": _FORMAT,
        "regretlab": version.__version__,
        **{part: specification(getattr(game, part), collected) for part in _PARTS},
        "checkpoints": game.checkpoints.rounds,
        "seed": game.seed,
        "t": game.horizon,
        "moments": list(state.moments),
        "ledger": list(state.ledger),
    }
    arrays = {
        "point": state.point,
        **{name: getattr(game, name) for name in _SUMS},
        **{f"record_{name}": getattr(game.record, name) for name in _RECORD},
        **{f"moment_{name}": moment for name, moment in state.moments.items()},
        **{f"ledger_{name}": row for name, row in state.ledger.items()},
        **{f"array_{i}": array for i, array in enumerate(collected)},
    }
    with whole_file(path) as file:
        np.savez_compressed(file, head=np.array(json.dumps(head)), **arrays)


def load_game(path: str | os.PathLike[str], kind: type[Kind]) -> Kind:
    """The game that :func:`save_game` wrote, as an instance of ``kind``; see :meth:`regretlab.Game.load`."""
    head, arrays = _read(path)
    try:
        collected = [arrays[f"array_{i}"] for i in range(sum(name.startswith("array_") for name in arrays))]
        learner, losses, feasible_set = (from_specification(head[part], collected) for part in _PARTS)
        game = kind(learner, losses, feasible_set, seed=head["seed"], checkpoints=head["checkpoints"])
        moments = {name: arrays[f"moment_{name}"] for name in head["moments"]}
        ledger = {name: arrays[f"ledger_{name}"] for name in head["ledger"]}
        game.state = State(head["t"], arrays["point"], moments, game.feasible_set, ledger)
        game.loss, game.gradient = (arrays[name] for name in _SUMS)
        t, *columns = (arrays[f"record_{name}"] for name in _RECORD)
        game.record = Record(t.astype(np.int64), *columns)
    except (KeyError, IndexError) as error:
        raise ValueError(f"{path} is not a saved game, or it is damaged: {error} is missing") from error
    return game


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """The head and the arrays of a saved game; ``ValueError`` if the file is damaged or of another format."""
    try:
        head, arrays = read_npz(path)
        found = head["format"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a saved game, or it is damaged") from error
    if found != _FORMAT:
        writer = head.get("regretlab", "0.1.0")  # 0.1.0 did not write its version
        raise ValueError(
            f"{path} has format {found}, written by regretlab {writer}; this version, {version.__version__}, reads "
            f"format {_FORMAT}. Play the game again, or load it with regretlab {writer}"
        )
    return head, arrays

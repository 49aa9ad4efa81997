"""A game as one file: its parts as text, its numbers as arrays."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from typing import Any, TypeVar

import numpy as np

from regretlab._utils.files import whole_file
from regretlab._utils.types import Array
from regretlab.engine.checkpoints import Record
from regretlab.engine.specification import from_specification, specification
from regretlab.engine.trajectory import Trajectory
from regretlab.learners.base import State

__all__ = ["load_game", "save_game"]

Kind = TypeVar("Kind", bound=Trajectory)

_FORMAT = 2
_PARTS = ("learner", "losses", "feasible_set", "checkpoints")
_RECORD = ("t", "point", "loss", "gradient", "ledger")
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, KeyError, TypeError, EOFError, ValueError)


def save_game(game: Trajectory, path: str | os.PathLike[str]) -> None:
    """Write the game to ``path``, whole or not at all; see :meth:`regretlab.Game.save`."""
    held: list[Array] = []
    head = {
        "format": _FORMAT,
        **{part: specification(getattr(game, part), held) for part in _PARTS},
        "seed": game.seed,
        "t": game.horizon,
        "moments": list(game.state.moments),
        "ledger": list(game.state.ledger),
    }
    arrays = {
        "point": game.state.point,
        "loss": game.loss,
        "gradient": game.gradient,
        **{f"record_{name}": getattr(game.record, name) for name in _RECORD},
        **{f"moment_{name}": array for name, array in game.state.moments.items()},
        **{f"ledger_{name}": array for name, array in game.state.ledger.items()},
        **{f"held_{i}": array for i, array in enumerate(held)},
    }
    with whole_file(path) as file:
        np.savez_compressed(file, head=np.array(json.dumps(head)), **arrays)


def load_game(path: str | os.PathLike[str], kind: type[Kind]) -> Kind:
    """The game that :func:`save_game` wrote; see :meth:`regretlab.Game.load`."""
    head, arrays = _read(path)
    try:
        held = [arrays[f"held_{i}"] for i in range(sum(name.startswith("held_") for name in arrays))]
        learner, losses, feasible_set, checkpoints = (from_specification(head[part], held) for part in _PARTS)
        game = kind(learner, losses, feasible_set, seed=head["seed"], checkpoints=checkpoints)
        moments = {name: arrays[f"moment_{name}"] for name in head["moments"]}
        ledger = {name: arrays[f"ledger_{name}"] for name in head["ledger"]}
        game.state = State(head["t"], arrays["point"], moments, game.feasible_set, ledger)
        game.loss, game.gradient = arrays["loss"], arrays["gradient"]
        t, *columns = (arrays[f"record_{name}"] for name in _RECORD)
        game.record = Record(t.astype(np.int64), *columns)
    except (KeyError, IndexError) as error:
        raise ValueError(f"{path} is not a saved game, or it is damaged: {error} is missing") from error
    return game


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    with open(path, "rb") as raw:  # noqa: PTH123
        try:
            with np.load(raw, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            head = json.loads(str(arrays["head"]))
            version = head["format"]
        except _DAMAGE as error:
            raise ValueError(f"{path} is not a saved game, or it is damaged") from error
    if version != _FORMAT:
        raise ValueError(f"{path} has format {version}, this version reads format {_FORMAT}")
    return head, arrays

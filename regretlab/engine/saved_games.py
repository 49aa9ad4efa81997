"""Saved games: learner, losses and feasible set as JSON, everything else as arrays, in one ``.npz`` file.

A file also has a fingerprint of the code of each class that it names.  Reading believes nothing: whatever the loops
index is compared with the learner's own start, and no code is imported that the reader has not allowed.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np

from regretlab._utils import version
from regretlab._utils.archives import Archive, reading_npz, write_npz
from regretlab._utils.files import whole_file
from regretlab._utils.types import Array
from regretlab.engine.checkpoints import Checkpoints, Record
from regretlab.engine.serialization import (
    class_path,
    classes_in,
    find_class,
    from_specification,
    parts_of,
    specification,
)
from regretlab.engine.trajectory import Trajectory
from regretlab.kernels.fingerprints import altered, fingerprint_of_all
from regretlab.learners.base import Algorithm1, Learner, State
from regretlab.losses.base import Losses
from regretlab.sets import FeasibleSet

__all__ = ["load_game", "save_game"]

Kind = TypeVar("Kind", bound=Trajectory)

_FORMAT = 4
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_PARTS = {"learner": Learner, "losses": Losses, "feasible_set": FeasibleSet}
_DIMENSION = 2**20
"""A larger dimension in a file is compared with the point in it at once."""

_SLACK = 1e-8
"""How far from F a point may be, relative to its largest coordinate and 1: projections round."""


def save_game(game: Trajectory, path: str | os.PathLike[str]) -> None:
    """Write the game to ``path``, whole or not at all; see :meth:`regretlab.Game.save`."""
    collected: list[Array] = []
    state = game.state
    parts = {part: specification(getattr(game, part), collected) for part in _PARTS}
    head = {
        "format": _FORMAT,
        "regretlab": version.__version__,
        "python": _PYTHON,
        **parts,
        "code": _code([getattr(game, part) for part in _PARTS]),
        "checkpoints": game.checkpoints.rounds,
        "seed": game.seed,
        "t": game.horizon,
        "moments": list(state.moments),
        "ledger": list(state.ledger),
    }
    arrays = {
        "point": state.point,
        "loss": game.loss,
        "gradient": game.gradient,
        **{f"record_{name}": getattr(game.record, name) for name in Record.__dataclass_fields__},
        **{f"moment_{name}": moment for name, moment in state.moments.items()},
        **{f"ledger_{name}": row for name, row in state.ledger.items()},
        **{f"array_{i}": array for i, array in enumerate(collected)},
    }
    with whole_file(path) as file:
        write_npz(file, head, arrays)


def _code(parts: list[Any]) -> dict[str, str]:
    """The fingerprints of the classes of all parts, by path; ``TypeError`` for a part that was changed in place."""
    code = {}
    for part in parts_of(parts):
        if names := altered(part):
            raise TypeError(
                f"{', '.join(names)} of {part!r} was changed in place, and a file keeps only what the class "
                "computes from the fields; make a new object"
            )
        code[class_path(type(part))] = fingerprint_of_all(type(part))
    return code


def load_game(path: str | os.PathLike[str], kind: type[Kind], trust: Iterable[str] = ()) -> Kind:
    """The game that :func:`save_game` wrote, as an instance of ``kind``; see :meth:`regretlab.Game.load`."""
    trust = (trust,) if isinstance(trust, str) else tuple(trust)
    try:
        with reading_npz(path) as archive:
            _check_format(archive.head)
            return _game(archive, kind, trust)
    except ValueError as error:
        raise ValueError(f"{path} cannot be loaded: {error}") from error


def _check_format(head: dict[str, Any]) -> None:
    """``ValueError`` for a game of another format, a warning for one of another version of the package or of Python."""
    found, writer = head.get("format"), head.get("regretlab", "0.1.0")  # 0.1.0 did not write its version
    if found != _FORMAT:
        raise ValueError(
            f"it has format {found}, written by regretlab {writer}; this version, {version.__version__}, reads "
            f"format {_FORMAT}. Play the game again, or load it with regretlab {writer}"
        )


def _game(archive: Archive, kind: type[Kind], trust: tuple[str, ...]) -> Kind:
    head = archive.head
    _check_code(head, trust)
    collected = [archive.array(f"array_{i}") for i in range(sum(name.startswith("array_") for name in archive.names))]
    for name in ("d", "dimension"):  # before a sequence makes arrays of this dimension
        d = head["losses"]["fields"].get(name)
        if type(d) is int and d > max(archive.size("point"), _DIMENSION):
            raise ValueError(f"the losses have {name}={d}, and the point has {archive.size('point')} coordinates")
    parts = [from_specification(head[name], collected, kind=each, trust=trust) for name, each in _PARTS.items()]
    d = parts[1].dimension
    seed, t, rounds = head["seed"], head["t"], head["checkpoints"]
    if type(seed) is not int or type(t) is not int or t < 0:
        raise ValueError(f"seed={seed!r} and t={t!r} must be integers of at least 0")
    point = archive.array("point", (d,), np.float64)
    game = kind(*parts, seed=seed, checkpoints=rounds, ledger=bool(head["ledger"]))
    game.state = State(t, point, _moments(archive, game), game.feasible_set, _ledger(archive, game))
    game.loss, game.gradient = (archive.array(name, (2, d), np.float64) for name in ("loss", "gradient"))
    game.record = _record(archive, game.checkpoints, game.state).read_only()
    if archive.unread:
        raise ValueError(f"it has arrays that no game of {type(parts[0]).__name__} has: {sorted(archive.unread)}")
    _check_numbers(game)
    game.close()
    return game


def _check_code(head: dict[str, Any], trust: tuple[str, ...]) -> None:
    """``ValueError`` when the code of a class has changed; a warning when that cannot be known."""
    named = set(classes_in([head[part] for part in _PARTS]))
    classes = {path: find_class(path, trust) for path in sorted(named)}
    if set(head["code"]) != named:
        raise ValueError(f"it has the code of {sorted(head['code'])} and objects of {sorted(named)}")
    if (writer := head["regretlab"]) != version.__version__ or head["python"] != _PYTHON:
        warnings.warn(
            f"the game was saved by regretlab {writer} with Python {head['python']}, this is {version.__version__} "
            f"with {_PYTHON}: whether {', '.join(named)} compute the same is not known",
            stacklevel=5,
        )
        return
    for path, cls in classes.items():
        if fingerprint_of_all(cls) != head["code"][path]:
            raise ValueError(
                f"the code of {path} has changed since the game was saved: its methods, or a function, a constant or a "
                "library that they use, or a container that they fill while they play (functools.cache is none). The "
                "rounds to come would be those of another game; play it again from the start, or restore the code"
            )


def _moments(archive: Archive, game: Trajectory) -> dict[str, Array]:
    """The learner's moments, with the names, shapes and types that it gives them itself."""
    names, learner, expected = archive.head["moments"], game.learner, game.state.moments
    if game_is_on := archive.head["t"] > 0 and not isinstance(learner, Algorithm1):
        zeros = np.zeros(game.state.point.size)
        expected = learner.update(game.state, zeros).moments  # some learners begin with less than they keep
    if names != list(expected):
        raise ValueError(f"the file has the moments {names}; {type(learner).__name__} keeps {list(expected)}")
    free = game_is_on and not type(learner).__module__.startswith("regretlab.")  # may keep more from round to round
    moments = {
        name: archive.array(f"moment_{name}", None if free else array.shape, array.dtype)
        for name, array in expected.items()
    }
    for name, array in moments.items():
        if np.isfinite(expected[name]).all() and not np.isfinite(array).all():
            raise ValueError(f"the moment {name} is not finite")
    return moments


def _ledger(archive: Archive, game: Trajectory) -> dict[str, Array]:
    names, own = archive.head["ledger"], list(game.state.ledger)
    if names != own:
        raise ValueError(f"the file has the ledger {names}; {type(game.learner).__name__} keeps {own}")
    return {name: archive.array(f"ledger_{name}", game.state.point.shape, np.float64) for name in names}


def _record(archive: Archive, checkpoints: Checkpoints, state: State) -> Record:
    """The record of the checkpoints up to round t, the last one."""
    rounds, d = checkpoints.between(0, state.t), state.point.size
    if state.t not in (0, *rounds[-1:]):
        rounds = np.append(rounds, state.t)
    t = archive.array("record_t", rounds.shape, np.int64)
    if not np.array_equal(t, rounds):
        raise ValueError(f"the file has a record of the rounds {t}; a game of {state.t} rounds has one of {rounds}")
    shapes = {"point": (d,), "loss": (2, d), "gradient": (2, d), "ledger": (len(state.ledger), d)}
    return Record(t, *(archive.array(f"record_{name}", (t.size, *each), np.float64) for name, each in shapes.items()))


def _check_numbers(game: Trajectory) -> None:
    """``ValueError`` unless all numbers are finite, the points are in F, and the last record has the sums."""
    record, state = game.record, game.state
    for name, array in {"point": state.point, "loss": game.loss, "gradient": game.gradient, **vars(record)}.items():
        if not np.isfinite(array).all():
            raise ValueError(f"the {name} of the game is not finite")
    for x in (state.point, *record.point):
        if not game.feasible_set.contains(x, _SLACK * (1.0 + float(np.abs(x).max()))):
            raise ValueError(f"the point {x} is not in {game.feasible_set!r}")
    ledger = np.array([*state.ledger.values()]).reshape(len(state.ledger), state.point.size)
    sums = [(record.loss, game.loss), (record.gradient, game.gradient), (record.ledger, ledger)]
    if state.t and not all(np.array_equal(column[-1], own) for column, own in sums):
        raise ValueError(f"the record of round {state.t} is not that of the sums after it")

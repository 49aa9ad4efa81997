"""Mutations of saved games and of the files of a sweep's folder: damage, and forgeries whose checksums are right.

``games(n)`` and ``chunks(n)`` try n mutations and return what came of them; ``python -m hostile.mutated_files games
5000`` prints it.  What is loaded must be what was written, or, for a forgery, exactly what the file says.
"""

from __future__ import annotations

import copy
import io
import json
import random
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pieces

import regretlab as rl
from regretlab._utils.archives import Archive, write_npz
from regretlab.engine.serialization import from_specification
from regretlab.sweeps import cache

__all__ = ["chunks", "games"]

L, S, F = rl.learners, rl.losses, rl.sets
SENTINEL = "evil_sentinel"
ODD = [
    *(None, True, False, -1, 0, 1, 2, 7, 10**9, 2**62, 10**400, 0.5, -0.0, float("nan"), float("inf"), "", "x", "mv"),
    *([], [0], [3, 1], ["m"], ["x", "y"], {}, {"array": 0}, {"array": 10**9}, {"tuple": [1]}, {"list": {}}),
    {"entries": [1.0], "dtype": "f8"},
    {"entries": [1], "dtype": "O"},
    *(
        {"class": name, "fields": {}}
        for name in (
            *("os:system", "builtins:eval", "subprocess:Popen", f"{SENTINEL}:Evil", "regretlab.cli:main", ":", "x"),
            *("regretlab.learners:Adam", "regretlab.losses:Mod3", "regretlab.sets:Box", "pieces:Waves", "sys:modules"),
        )
    ),
]


def saved() -> list[bytes]:
    """Files of games of different kinds."""
    box = F.Box(-1.0, 1.0)
    played = [
        rl.play(L.Adam(0.3), S.Rademacher(2), pieces.cube(2), 40, seed=8, checkpoints=[3, 30]),
        rl.play(L.AMSGrad(), pieces.Waves(), box, 30, ledger=True),
        rl.play(L.OGD(alpha=rl.schedules.Inverse(0.5)), S.Periodic([[1.0, -2.0], [0.5, 1.0]]), F.L2Ball(1.0), 25),
        rl.play(L.FullMatrixAdaGrad(), pieces.Waves(2), F.L2Ball(1.0), 12),
        rl.play(pieces.Averaging(), pieces.Squares(2), box, 20),
        rl.play(L.BiasCorrected(L.Adam()), S.Examples(np.eye(3), np.ones(3), S.Huber(0.5)), F.Box(-2.0, 2.0), 20),
        rl.play(L.Hedge(), pieces.Waves(3), F.Simplex(), 15),
        rl.Game(L.Adam(), pieces.Waves(), box, start=0.5),
    ]
    files = []
    with tempfile.TemporaryDirectory() as folder:
        for game in played:
            game.save(Path(folder) / "game")
            files.append((Path(folder) / "game").read_bytes())
    return files


# -- mutations -----------------------------------------------------------------------------


def damaged(rng: random.Random, content: bytes) -> bytes:
    """Bytes that are changed, left out, doubled or cut off."""
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 8])):
        i, n = rng.randrange(len(data)), rng.choice([1, 1, 4, 64])
        how = rng.randrange(6)
        if how == 0:
            data[i] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[i : i + n] = rng.randbytes(n)
        elif how == 2:
            del data[i : i + n]
        elif how == 3:
            data[i:i] = data[i : i + n]
        elif how == 4:
            del data[i:]
        else:
            data[i : i + n] = bytes(n)
        if not data:
            break
    return bytes(data)


def repacked(rng: random.Random, content: bytes) -> bytes:
    """The entries of the archive in another form: other headers, names, sizes and kinds of compression."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = [(name, file.read(name)) for name in file.namelist()]
    i = rng.randrange(len(members))
    name, data = members[i]
    how = rng.randrange(7)
    if how == 0:
        members[i] = (name, data.replace(b"(", b"(10000000000, ", 1).replace(b" " * 13, b"", 1))
    elif how == 1:
        members[i] = (name, data + bytes(2**28 if rng.random() < 0.05 else 2**10))
    elif how == 2:
        members[i] = (rng.choice(["../x.npy", "/x.npy", "x", name.upper(), "moment_m.npy", "head.npy"]), data)
    elif how == 3:
        del members[i]
    elif how == 4:
        j = rng.randrange(len(members))
        members[i], members[j] = (name, members[j][1]), (members[j][0], data)
    elif how == 5:
        members[i] = (name, data.replace(b"<f8", rng.choice([b"<i8", b">f8", b"|O8", b"<U2", b"<c8", b"|V8"])))
    else:
        members.append(("more.npy", data))
    stream = io.BytesIO()
    kind = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
    with zipfile.ZipFile(stream, "w", kind) as file:
        for name, data in members:
            file.writestr(name, data)
    return stream.getvalue()


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of each place in a JSON value."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def forged(rng: random.Random, content: bytes) -> bytes:
    """Another head or other arrays, with checksums of their own."""
    archive = Archive(io.BytesIO(content))
    head, arrays = copy.deepcopy(archive.head), {name: archive.array(name) for name in archive.names}
    for _ in range(rng.choice([1, 1, 1, 2])):
        if rng.random() < 0.6:
            container, key = rng.choice(list(places(head)))
            how = rng.randrange(4)
            if how == 0:
                del container[key]
            elif how == 1 and isinstance(container, dict):
                container[rng.choice(["x", "array", "class", "fields"])] = container.pop(key)
            elif how == 2 and isinstance(container[key], int | float) and type(container[key]) is not bool:
                container[key] = container[key] * rng.choice([-1, 2, 10**9]) + rng.choice([0, 1])
            else:
                container[key] = copy.deepcopy(rng.choice(ODD))
        elif arrays:
            name = rng.choice(list(arrays))
            arrays |= changed_array(rng, name, arrays.pop(name))
    stream = io.BytesIO()
    write_npz(stream, head, arrays)
    return stream.getvalue()


def changed_array(rng: random.Random, name: str, array: Any) -> dict[str, Any]:
    how = rng.randrange(9)
    if how == 0:
        return {}
    if how == 1:
        return {name + "x": array}
    if how == 2 and array.size:
        array = array.astype(np.float64)
        array.flat[rng.randrange(array.size)] = rng.choice([np.nan, np.inf, 1e300, -5.0, 0.25])
        return {name: array}
    others: list[Callable[[], Any]] = [
        lambda: array[:-1] if array.ndim else array.reshape(1),
        lambda: np.concatenate([array, array]) if array.ndim else array,
        lambda: array.astype(np.float32),
        lambda: array.astype(str),
        lambda: array[..., None],
        lambda: np.zeros(2**20) if rng.random() < 0.1 else np.zeros((0, 3)),
        lambda: array[::-1] if array.ndim else -array,
    ]
    return {name: np.ascontiguousarray(rng.choice(others)())}


# -- what comes of them ----------------------------------------------------------------------


def _content(game: Any) -> Any:
    return (
        [repr(part) for part in (game.learner, game.losses, game.feasible_set, game.seed, game.checkpoints)],
        pieces.contents(game),
        {name: pieces.bits(row) for name, row in game.state.ledger.items()},
    )


def _says(content: bytes) -> Any:
    """What a file says: its parts, the other entries of its head, and its arrays bit by bit."""
    archive = Archive(io.BytesIO(content))
    arrays = {name: archive.array(name) for name in archive.names}
    fields = [arrays[f"array_{i}"] for i in range(sum(name.startswith("array_") for name in arrays))]
    parts = [repr(from_specification(archive.head.get(name), fields)) for name in ("learner", "losses", "feasible_set")]
    rest = {name: archive.head.get(name) for name in ("seed", "t", "checkpoints", "moments", "ledger")}
    return parts, rest, {name: pieces.bits(array) for name, array in arrays.items() if name[:6] != "array_"}


def _foreign(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether an event of the interpreter runs something that no file of numbers should."""
    if event == "import":
        return arguments[0] in (SENTINEL, "evil")
    return event in ("os.system", "subprocess.Popen", "pickle.find_class", "os.exec", "socket.connect")


def games(n: int, seed: int = 0) -> Counter[str]:
    """What came of loading n mutated games."""
    files, rng, found = saved(), random.Random(seed), Counter[str]()
    events = _listen()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{SENTINEL}.py").write_text("import evil\nclass Evil: pass\n")
        sys.path.insert(0, folder)
        path, again = Path(folder) / "game", Path(folder) / "again"
        original = []
        for content in files:
            path.write_bytes(content)
            original.append(_content(rl.Game.load(path)))
        for k in range(n):
            i = rng.randrange(len(files))
            mutate = rng.choice([damaged, repacked, forged, forged])
            content = mutate(rng, files[i])
            path.write_bytes(content)
            try:
                game = rl.Game.load(path)
            except (ValueError, OSError) as error:
                found["refused" if len(str(error)) > 25 + len(str(path)) else "refused without a reason"] += 1
                found["memory"] += "MemoryError" in str(error)
                continue
            except BaseException as error:
                found[f"{type(error).__name__} of mutation {k}: {error}"] += 1
                continue
            if _content(game) == original[i]:
                found["the same"] += 1
                continue
            game.save(again)
            right = mutate is forged and _says(again.read_bytes()) == _says(content)
            found["what the forged file says" if right else f"silently another game: mutation {k}"] += 1
            if right and game.losses.dimension < 100 and k % 10 == 0:
                before = len(events)
                try:
                    game.extend(min(game.horizon, 10**6) + 3, compiled=k % 50 == 0)
                except (rl.GameError, ValueError):
                    found["goes on no further"] += 1
                del events[before:]  # compiled loops are unpickled, from files that only the user can write to
        sys.path.remove(folder)
    found["foreign"] += len(events)
    return found


def chunks(n: int, seed: int = 0) -> Counter[str]:
    """What came of reading n mutated files of a sweep's folder."""
    rng, found, events = random.Random(seed), Counter[str](), _listen()
    with tempfile.TemporaryDirectory() as name:
        grid = {"C": [3.0, 0.5, 5.0], "beta1": [0.0, 2.0]}  # two of each are no games
        rl.sweep(L.Adam(), S.Mod3(), F.Box(-1.0, 1.0), grid, 40, checkpoints=[5], folder=name)
        folder = cache.Folder(name)
        (path,) = folder.path.glob("*.npz")
        content, key, points = path.read_bytes(), path.stem, 6
        rows = folder.read(key, points)
        for k in range(n):
            mutate = rng.choice([damaged, damaged, repacked, forged])
            mutated = mutate(rng, content)
            path.write_bytes(mutated)
            try:
                read = folder.read(key, points)
            except (ValueError, OSError) as error:
                found["refused" if len(str(error)) > 25 + len(str(path)) else "refused without a reason"] += 1
                found["memory"] += "MemoryError" in str(error)
                continue
            except BaseException as error:
                found[f"{type(error).__name__} of mutation {k}: {error}"] += 1
                continue
            assert rows is not None
            assert read is not None
            same = all(pieces.bits(getattr(read, each)) == pieces.bits(getattr(rows, each)) for each in cache._COLUMNS)
            if same and read.errors == rows.errors:
                found["the same"] += 1
            elif mutate is forged and all(
                pieces.bits(getattr(read, each)) == _says(mutated)[2][each] for each in cache._COLUMNS
            ):
                found["what the forged file says"] += 1
            else:
                found[f"silently other rows: mutation {k}"] += 1
    found["foreign"] += len(events)
    return found


def _listen() -> list[str]:
    """A list that gets the name of each event that no file of numbers should cause."""
    events: list[str] = []
    sys.addaudithook(lambda event, arguments: events.append(event) if _foreign(event, arguments) else None)
    return events


if __name__ == "__main__":
    import resource

    one, n, seed = {"games": games, "chunks": chunks}[sys.argv[1]], int(sys.argv[2]), int((sys.argv[3:] or ["0"])[0])
    saved()  # everything is imported by now
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))
    print(json.dumps(one(n, seed)))

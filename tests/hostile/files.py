"""Files, folders and caches: stale numbers, states of other rules, names that are links or pipes, foreign code."""

from __future__ import annotations

import importlib
import json
import os
import stat
import sys
import tempfile
import threading
import types
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import regretlab as rl
from hostile import program
from regretlab._utils.archives import Archive, write_npz
from regretlab.kernels import compiling

L, S, F, W = rl.learners, rl.losses, rl.sets, rl.schedules
B, up = F.Box(-1.0, 1.0), S.Periodic([1.0])


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def module(name: str, text: str, **values: Any) -> types.ModuleType:
    made = sys.modules[name] = types.ModuleType(name)
    vars(made).update(values)
    exec("import numpy as np, regretlab as rl, functools\nfrom dataclasses import dataclass\n" + text, vars(made))
    return made


def regret(losses: Any, where: Path | None = None, learner: Any = None, K: Any = B, T: int = 50) -> float:
    return float(rl.sweep(learner or L.OGD(), losses, K, {"seed": [0]}, T, folder=where).regret[0])


SAW = "np.where(t % 3 == 1, 3.0, -1.0)[:, None]"


def saws(K: float) -> list[Any]:
    text = "TABLE = K * np.array([3.0, -1.0, -1.0])\nSET = {'k': K}\n"
    for i, (slope, body) in enumerate((
        ("1.0", "TABLE[(t - 1) % 3][:, None]"), ("K", f"self.slope * {SAW}"), ("1.0", f"SET['k'] * {SAW}"),
    )):  # fmt: skip
        text += f"@dataclass(frozen=True)\nclass C{i}(rl.losses.LinearLosses):\n    slope = {slope}\n"
        text += f"    def gradients(self, t): return {body}\n"
    own = module("own_saws", text, K=K)
    return [own.C0(), own.C1(), own.C2()]


@program(right=0.0)
def a_folder_serves_nothing_stale() -> float:
    with folder() as one:
        _ = [regret(saw, one) for saw in saws(1.0)]
        return max(abs(regret(saw, one) - regret(saw)) for saw in saws(2.0))


@program(right=0.0)
def a_folder_serves_nothing_stale_of_a_rule_with_an_array() -> float:
    text = (
        "@dataclass(frozen=True)\nclass R(rl.learners.Algorithm1):\n    @staticmethod\n"
        "    def rule(g, t): return (), TABLE[t % 2] * g, 1.0\n"
    )
    with folder() as one:
        own = module("own_rule", text, TABLE=np.array([1.0, 2.0]))
        regret(S.Mod3(), one, own.R())
        own.TABLE[:] = 5.0
        return regret(S.Mod3(), one, own.R()) - regret(S.Mod3(), None, own.R())


@program(right=[-17.0, -29.0])
def a_rule_with_an_array_that_changes_is_compiled_again() -> list[float]:
    own = module(
        "own_table",
        "class R(rl.learners.OGD):\n    @staticmethod\n    def rule(g): return (), TABLE[0] * g, 1.0\n",
        TABLE=np.array([1.0]),
    )
    points = []
    for rate in (17.0, 29.0):
        own.TABLE[0] = rate
        points.append(rl.play(own.R(alpha=W.Constant(0.01)), up, F.Box(-1e6, 1e6), 100, compiled=True).point[0])
    return points


@program(right=[-1.0, -2.0, -6.0] * 2)
def a_learner_whose_rule_uses_what_has_changed() -> list[float]:
    text = "class R(rl.learners.OGD):\n    @staticmethod\n    def rule(g): return (), K * TABLE[0] * g, 1.0\n"
    own = module("own_learner", text, K=1.0, TABLE=np.array([1.0]))
    learner, points = own.R(alpha=W.Constant(0.01)), []
    for compiled in (True, False):
        for own.K, own.TABLE[0] in ((1.0, 1.0), (2.0, 1.0), (2.0, 3.0)):
            points.append(rl.play(learner, up, F.Box(-1e6, 1e6), 100, compiled=compiled).point[0])
    return points


@program(refused="the code of own_saved:Saw has changed")
def a_saved_game_does_not_go_on_with_other_code() -> float:
    text = (
        "@dataclass(frozen=True)\nclass Saw(rl.losses.LinearLosses):\n"
        "    def gradients(self, t): return K * (t % 3)[:, None]\n"
    )
    with folder() as one:
        rl.play(L.OGD(0.5), module("own_saved", text, K=1.0).Saw(), B, 30).save(one / "g")
        module("own_saved", text, K=2.0)
        return float(rl.Game.load(one / "g").extend(60).regret.loss.iloc[-1])


def linked(write: Any) -> bool:
    """Whether a file is written through a link, which stays."""
    with folder() as one:
        (one / "real").mkdir()
        (one / "link").symlink_to(one / "real" / "file")
        write(one / "link")
        return (one / "link").is_symlink() and (one / "real" / "file").exists()


@program(right=True)
def a_link_is_followed_by_save() -> bool:
    return linked(rl.play(L.OGD(), up, B, 5).save)


@program(right=True)
def a_pipe_is_written_to() -> bool:
    with folder() as one:
        os.mkfifo(one / "pipe")
        got: list[bytes] = []
        reader = threading.Thread(target=lambda: got.append((one / "pipe").read_bytes()))
        reader.start()
        game = rl.play(L.OGD(), up, B, 5)
        game.save(one / "pipe")
        reader.join(20)
        (one / "copy").write_bytes(got[0])
        return (one / "pipe").is_fifo() and bool(rl.Game.load(one / "copy").point == game.point)


@program(right=[True, 0o600])
def a_device_is_not_replaced() -> list[Any]:
    with folder() as one:
        device = one / "null"
        try:
            os.mknod(device, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
            device.open("rb").close()
        except OSError:
            return [True, 0o600]  # devices cannot be made here
        rl.play(L.OGD(), up, B, 5).save(device)
        return [device.is_char_device(), stat.S_IMODE(device.stat().st_mode)]


@program(right=0o604)
def a_file_keeps_its_permissions() -> int:
    with folder() as one:
        (one / "g").touch()
        (one / "g").chmod(0o604)
        rl.play(L.OGD(), up, B, 5).save(one / "g")
        return stat.S_IMODE((one / "g").stat().st_mode)


@program(refused="is a folder")
def a_folder_is_not_replaced() -> None:
    with folder() as one:
        rl.play(L.OGD(), up, B, 5).save(one)


# -- states and files that do not fit ----------------------------------------------------------


def changed(head: dict[str, Any] | None = None, learner: Any = None, horizon: int = 60, **arrays: Any) -> float:
    """Load a game with other fields in its head or other arrays, with checksums that are right, and play on."""
    with folder() as one:
        rl.play(learner or L.Adam(), S.Mod3(), B, 30).save(one / "g")
        with (one / "g").open("rb") as file:
            archive = Archive(file)
            kept = {name: archive.array(name) for name in archive.names}
        with (one / "g").open("wb") as file:
            write_npz(file, archive.head | (head or {}), kept | arrays)
        return float(rl.Game.load(one / "g").extend(horizon).point[0])


@program(refused="moments")
def a_file_with_a_moment_too_few() -> float:
    return changed({"moments": ["m"]})


@program(refused="moments")
def a_file_with_moments_in_another_order() -> float:
    return changed({"moments": ["v", "m"]})


@program(refused="ledger")
def a_file_with_a_ledger_of_its_own() -> float:
    return changed({"ledger": ["x"]})


@program(refused="t=True")
def a_file_that_counts_with_truth_values() -> float:
    return changed({"t": True})


@program(refused="record_t")
def a_file_that_has_played_nothing() -> float:
    return changed({"t": 0})


@program(refused="float32")
def a_file_in_single_precision() -> float:
    return changed(moment_m=np.zeros(1, np.float32))


@program(refused="not finite")
def a_file_with_a_moment_that_is_no_number() -> float:
    return changed(moment_v=np.array([np.nan]))


@program(refused="is not in")
def a_file_with_a_point_outside() -> float:
    return changed(point=np.array([2.0]))


@program(refused="was saved with the fields")
def a_file_with_a_field_that_is_none() -> float:
    return changed({"learner": {"class": "regretlab.learners:Adam", "fields": {"gamma": 1.0}}})


@program(refused="cannot be made")
def a_file_with_a_number_beyond_the_floats() -> float:
    fields = {"alpha": 10**400, "beta1": 0.9, "beta2": 0.99}
    return changed({"learner": {"class": "regretlab.learners:Adam", "fields": fields}})


@program(refused="not a learner")
def a_file_that_names_a_function() -> float:
    return changed({"learner": {"class": "os:system", "fields": {"command": "true"}}})


@program(refused="trust=['evil_module']")
def a_file_that_names_a_module() -> float:
    return changed({"learner": {"class": "evil_module:Learner", "fields": {}}})


@program(refused="not imported")
def a_file_that_names_the_command_line() -> float:
    sys.modules.pop("regretlab.__main__", None)
    return changed({"learner": {"class": "regretlab.__main__:main", "fields": {}}})


@program(refused="shape")
def a_file_whose_header_claims_more_than_it_has() -> float:
    with folder() as one:
        rl.play(L.Adam(), S.Mod3(), B, 30).save(one / "g")
        with zipfile.ZipFile(one / "g") as file:
            members = {name: file.read(name) for name in file.namelist()}
        members["moment_m.npy"] = members["moment_m.npy"].replace(b"(1,), }" + b" " * 10, b"(10000000000,), }")
        with zipfile.ZipFile(one / "g", "w") as file:
            for name, data in members.items():
                file.writestr(name, data)
        return float(rl.Game.load(one / "g").point[0])


@program(refused="unpacked")
def a_file_that_unpacks_to_too_much() -> float:
    with folder() as one:
        with zipfile.ZipFile(one / "g", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            for i in range(10):
                file.writestr(f"{i}.npy", bytes(2**24))
        return float(rl.Game.load(one / "g").point[0])


@program(refused="sha256")
def a_file_with_a_pickle() -> float:
    with folder() as one:
        np.savez(one / "g.npz", head=np.array(json.dumps({"format": 4})), sha256=np.array([object()]))
        return float(rl.Game.load(one / "g.npz").point[0])


@program(right=[30, 60])
def a_trusted_module_is_imported() -> list[int]:
    with folder() as one:
        text = "import regretlab as rl\nfrom dataclasses import dataclass\n"
        text += "@dataclass(frozen=True)\nclass Saw(rl.losses.Mod3): pass\n"
        (one / "trusted_saw.py").write_text(text)
        sys.path.insert(0, str(one))
        try:
            rl.play(L.OGD(), importlib.import_module("trusted_saw").Saw(), B, 30).save(one / "g")
            del sys.modules["trusted_saw"]
            game = rl.Game.load(one / "g", trust=["trusted_saw"])
            return [game.horizon, game.extend(60).horizon]
        finally:
            sys.path.remove(str(one))


@program(right=13.189903632789388, or_refused="is damaged")
def a_chunk_that_was_changed() -> float:
    with folder() as one:
        regret(S.Mod3(), one)
        (file,) = one.glob("*.npz")
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
        return regret(S.Mod3(), one)


@program(refused="sweep.json")
def a_folder_whose_mark_is_a_pipe() -> float:
    with folder() as one:
        os.mkfifo(one / "sweep.json")
        return regret(S.Mod3(), one)


# -- the compile cache -------------------------------------------------------------------------


def scaled(x: float) -> float:
    return 3.25 * x


def compiled_after(change: Any) -> float:
    """What a function gives whose compiled code on disk was changed."""
    import numba

    before = numba.config.CACHE_DIR
    with folder() as one:
        numba.config.CACHE_DIR = str(one)
        try:
            compiling.jit(scaled, keep=True)(1.0)
            (file,) = [each for each in one.rglob("*") if each.is_file()]
            change(file)
            return float(compiling.jit(scaled, keep=True)(2.0))
        finally:
            numba.config.CACHE_DIR = before


@program(right=6.5)
def random_bytes_in_compiled_code() -> float:
    def change(file: Path) -> None:
        data = bytearray(file.read_bytes())
        data[-3000:-2936] = np.random.default_rng(1).bytes(64)
        file.write_bytes(data)

    return compiled_after(change)


@program(right=6.5)
def compiled_code_that_others_can_write() -> float:
    def change(file: Path) -> None:
        file.write_bytes(b"cos\nsystem\n(S'touch planted'\ntR.")
        file.chmod(0o666)
        file.parent.chmod(0o777)

    return compiled_after(change)


@dataclass(frozen=True)
class Reading(S.LinearLosses):
    path: str = os.devnull

    def gradients(self, t: Any) -> Any:
        with Path(self.path).open() as file:
            return np.full((len(t), 1), float(len(file.read()) + 1))


@program(right=50.0, or_refused="no text identifies")
def numbers_that_are_read_from_a_file() -> float:
    with folder() as one:
        data = one / "data"
        data.write_text("")
        regret(Reading(str(data)), one / "sweep")
        data.write_text("x" * 10)
        return regret(Reading(str(data)), one / "sweep") * 0 + 50.0

"""Saved games: parts as text, one file, written whole or not at all, and read back bit for bit or refused."""

import dataclasses
import errno
import hashlib
import importlib
import inspect
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
import zipfile
from math import inf
from pathlib import Path

import numpy as np
import pieces
import pytest
from conftest import label
from hypothesis import given, settings
from hypothesis import strategies as st
from pieces import INTERVAL, Averaging, NoisySquares, Squares, Waves, assert_same, contents, cube

import regretlab as rl
from regretlab import losses as L
from regretlab import play, sets
from regretlab import schedules as S
from regretlab._utils.archives import Archive, read_npz, write_npz
from regretlab._utils.files import _machine, remove_abandoned, whole_file
from regretlab._utils.version import __version__
from regretlab.engine import saved_games
from regretlab.engine.serialization import class_path, classes_in, from_specification, specification
from regretlab.kernels.fingerprints import fingerprint_of_all
from regretlab.learners import OGD, Adam, AdamNC, AMSGrad, Learner


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# -- files in general ------------------------------------------------------------------


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "file"
    with whole_file(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interrupted_write_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def write():
        with whole_file(path) as file:
            file.write(b"half of the new")
            file.flush()
            raise error

    with pytest.raises(error):
        write()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_failed_rename_leaves_the_old_file(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"), whole_file(tmp_path / "folder") as file:
        file.write(b"new")
    assert names(tmp_path) == ["folder"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"), whole_file(tmp_path / "nowhere" / "file"):
        pass


def test_permissions_are_those_of_an_ordinary_file(tmp_path):
    (tmp_path / "ordinary").write_bytes(b"")
    with whole_file(tmp_path / "whole"):
        pass
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ordinary", "whole")]
    assert modes[0] == modes[1]


def test_a_name_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with whole_file("file") as file:
        file.write(b"here")
    assert (tmp_path / "file").read_bytes() == b"here"


def write(path, content=b"new"):
    with whole_file(path) as file:
        file.write(content)


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "file")
    (tmp_path / "second").symlink_to("link")
    for name in ("link", "second", "link"):  # at first the file is not there
        write(tmp_path / name, name.encode())
        assert (tmp_path / "real" / "file").read_bytes() == name.encode()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "second").is_symlink()
    assert names(tmp_path / "real") == ["file"]


def test_a_circle_of_links(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="a"):
        write(tmp_path / "a")
    assert (tmp_path / "a").is_symlink()


def test_a_file_that_is_replaced_keeps_its_permissions_and_owner(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
    before = path.stat()
    write(path)
    after = path.stat()
    assert path.read_bytes() == b"new"
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_all_names_of_a_file_have_the_new_content(tmp_path):
    (tmp_path / "one").write_bytes(b"a long old content")
    (tmp_path / "other").hardlink_to(tmp_path / "one")
    write(tmp_path / "one")
    assert (tmp_path / "other").read_bytes() == b"new"
    assert names(tmp_path) == ["one", "other"]


def test_a_named_pipe_is_written_to(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read = []
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    write(path)
    reader.join(10)
    assert read == [b"new"]
    assert path.is_fifo()


def test_a_device_is_written_to(tmp_path):
    path = tmp_path / "zero"
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
        path.open("rb").close()
    except OSError:
        pytest.skip("devices cannot be made here")
    write(path)
    assert path.is_char_device()
    assert names(tmp_path) == ["zero"]


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a path to a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(OSError, match="is a socket; give the name of a file"):
            write("socket")
    assert Path("socket").is_socket()


def test_a_failed_write_to_a_pipe_writes_nothing(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for a reader

    def fail():
        with whole_file(tmp_path / "pipe") as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()


def test_the_standard_output_is_written_to(tmp_path):
    """Also where it goes to a file, which may not be replaced: what is printed later would be lost."""
    script = (
        "import sys; from regretlab._utils.files import whole_file; print('before')\n"
        "with whole_file(sys.argv[1]) as file: file.write(b'content\\n')\nprint('after')"
    )
    (tmp_path / "link").symlink_to("/proc/self/fd/1")
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", script, tmp_path / "link"], stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "before\ncontent\nafter\n"
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "link"], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"before\ncontent\nafter\n"


def test_temporary_files_of_dead_writers_are_removed(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    files = {
        f".a.npz.{_machine()}-{os.getpid()}-x": True,
        f".b.npz.{_machine()}-{dead.pid}-x": False,
        f".c.npz.00000000-{dead.pid}-x": True,  # nobody here knows whether it lives
        f".d.npz.00000000-{dead.pid}-x": False,  # two days old
        ".e.npz.abcdefgh": True,
        "f.npz": True,
    }
    for name in files:
        (tmp_path / name).write_bytes(b"")
    old = (tmp_path / "f.npz").stat().st_mtime - 2 * 86400
    os.utime(tmp_path / [*files][3], (old, old))
    remove_abandoned(tmp_path)
    assert names(tmp_path) == sorted(name for name, stays in files.items() if stays)


def test_a_clock_that_is_ahead_removes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1e11)
    (tmp_path / ".a.npz.abcdefgh").write_bytes(b"")
    remove_abandoned(tmp_path)
    assert names(tmp_path) == [".a.npz.abcdefgh"]


# -- archives --------------------------------------------------------------------------


def archive_of(path, head, arrays):
    with path.open("wb") as file:
        write_npz(file, head, arrays)
    return path


def test_an_archive_is_what_was_written(tmp_path):
    arrays = {
        "a": np.arange(6.0).reshape(2, 3), "b": np.asfortranarray(np.arange(6).reshape(2, 3)), "c": np.float32(2.5),
        "empty": np.empty((0, 4)), "large": np.zeros(2**24 + 2**10), "words": np.array(["one", "three"]),
    }  # fmt: skip
    path = archive_of(tmp_path / "a.npz", {"key": [1, None]}, {name: np.asarray(each) for name, each in arrays.items()})
    head, found = read_npz(path)
    assert head == {"key": [1, None]}
    for name, array in arrays.items():
        assert found[name].dtype == np.asarray(array).dtype
        assert np.array_equal(found[name], array)
    with np.load(path) as file:
        assert np.array_equal(file["b"], arrays["b"])
    assert path.stat().st_size > arrays["large"].nbytes  # more than 128 MiB are not compressed


@pytest.mark.parametrize("content", [b"\x00" * 2**28, b""], ids=["a bomb", "nothing"])
def test_an_entry_of_another_size(tmp_path, content):
    path = archive_of(tmp_path / "a.npz", {}, {"a": np.ones(3)})
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data + content if name == "a.npy" and content else data[: 10**9 if content else 130])
    with pytest.raises(ValueError, match=r"a\.npz|unpacked|array|shape|cut off"):
        read_npz(path)


def test_a_header_that_claims_too_much_asks_for_no_memory(tmp_path):
    path = archive_of(tmp_path / "a.npz", {}, {"a": np.ones(3)})
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    members["a.npy"] = (
        members["a.npy"].replace(b"'shape': (3,), }", b"'shape': (10000000000,), }").replace(b" " * 10, b"", 1)
    )
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    with pytest.raises(ValueError, match="shape"):
        read_npz(path)


def test_objects_are_neither_written_nor_read(tmp_path):
    with pytest.raises(TypeError, match="can only be saved with numbers"):
        archive_of(tmp_path / "a.npz", {}, {"a": np.array([None])})
    np.savez(tmp_path / "b.npz", head=np.array("{}"), sha256=np.array([None]))
    with pytest.raises(ValueError, match="sha256"):
        read_npz(tmp_path / "b.npz")


def test_what_is_no_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(ValueError, match="a pipe or a device"):
        rl.Game.load(tmp_path / "pipe.npz")


# -- games -----------------------------------------------------------------------------


@pytest.fixture
def game():
    return play(Adam(0.3), rl.losses.Rademacher(2), cube(2), 40, seed=8, start=[0.1, -0.2], checkpoints=[3, 30])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "game.npz"


def test_a_loaded_game_is_the_same(game, path):
    assert game.save(path) is None
    loaded = rl.Game.load(path)
    assert_same(loaded, game)
    for name in ("learner", "losses", "feasible_set", "seed", "checkpoints"):
        assert getattr(loaded, name) == getattr(game, name)
    assert repr(loaded) == repr(game)
    assert names(path.parent) == ["game.npz"]
    assert_same(loaded.extend(90), game.extend(90))


def test_a_path_is_taken_as_it_is(game, tmp_path):
    for path in (tmp_path / "no suffix", str(tmp_path / "text"), tmp_path / "other.dat"):
        game.save(path)
        assert_same(rl.Game.load(path), game)
    assert names(tmp_path) == ["no suffix", "other.dat", "text"]


def test_a_game_before_its_first_round(path):
    game = rl.Game(AMSGrad(), Waves(), INTERVAL, start=0.5)
    game.save(path)
    loaded = rl.Game.load(path)
    assert contents(loaded) == contents(game)
    assert_same(loaded.extend(20), play(AMSGrad(), Waves(), INTERVAL, 20, start=0.5))


def test_a_game_after_an_error(path):
    from pieces import Fails

    with pytest.raises(rl.GameError) as caught:
        play(Adam(), Fails(30, np.nan), INTERVAL, 60)
    caught.value.game.save(path)
    assert_same(rl.Game.load(path), play(Adam(), Fails(30, np.nan), INTERVAL, 29))


@pytest.mark.parametrize("losses", [Squares(2), NoisySquares(), rl.losses.SignAdversary(2)], ids=label)
@pytest.mark.parametrize("learner", [AMSGrad(), Averaging()], ids=label)
def test_games_that_are_not_linear_or_not_of_algorithm_1(learner, losses, path):
    whole = play(learner, losses, INTERVAL, 30, seed=2)
    play(learner, losses, INTERVAL, 13, seed=2).save(path)
    assert contents(rl.Game.load(path).extend(30)) == contents(whole)


def test_saving_again_replaces_the_file(game, path):
    game.save(path)
    game.extend(60).save(path)
    assert_same(rl.Game.load(path), game)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), OSError(errno.ENOSPC, "No space left")])
def test_an_interrupted_save_leaves_the_old_file(game, path, monkeypatch, error):
    game.save(path)
    before, old = path.read_bytes(), contents(game)
    game.extend(50)

    def stopped(file, head, arrays):
        file.write(b"half a game")
        raise error

    monkeypatch.setattr(saved_games, "write_npz", stopped)
    with pytest.raises(type(error)):
        game.save(path)
    assert path.read_bytes() == before
    assert names(path.parent) == ["game.npz"]
    assert contents(rl.Game.load(path)) == old


def test_what_cannot_be_saved_leaves_the_old_file(game, path):
    game.save(path)
    before = path.read_bytes()
    with pytest.raises(TypeError, match="lambda"):
        play(OGD(alpha=lambda t: 1.0 / t), Waves(), INTERVAL, 5).save(path)
    assert path.read_bytes() == before
    assert names(path.parent) == ["game.npz"]


# -- files that are no games ---------------------------------------------------------------

# numpy forgets to close a file that is damaged


def rewrite(path, head=None, **changed):
    """Change fields of the head of a saved game, or whole arrays (None: left out), and make new checksums."""
    with path.open("rb") as file:
        archive = Archive(file)
        arrays = {name: archive.array(name) for name in archive.names} | changed
    arrays = {name: array for name, array in arrays.items() if array is not None}
    with path.open("wb") as file:
        write_npz(file, archive.head | (head or {}), arrays)


def with_head(path, text):
    """Replace the head of a saved game by a text."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    digest = hashlib.sha256(text.encode()).hexdigest()
    np.savez(path, **arrays | {"head": np.array(text), "sha256": np.array(digest)})


def test_a_file_that_is_missing(path):
    with pytest.raises(FileNotFoundError, match=r"game\.npz"):
        rl.Game.load(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"a text file", b"\x93NUMPY", bytes(range(256)) * 9])
def test_a_file_that_is_something_else(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"game\.npz"):
        rl.Game.load(path)


def test_other_archives(path):
    np.savez(path, a=np.ones(3))
    with pytest.raises(ValueError, match=r"game\.npz cannot be loaded"):
        rl.Game.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("head", "{}")
    with pytest.raises(ValueError, match=r"game\.npz"):
        rl.Game.load(path)


def test_a_truncated_file(game, path):
    game.save(path)
    content = path.read_bytes()
    for size in {*range(0, len(content), 97), len(content) - 1}:
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match=r"game\.npz"):
            rl.Game.load(path)


def test_a_damaged_file_is_refused_or_read_right(game, path):
    """Every 7th byte changed in turn: never another game, and no error but a ValueError."""
    game.save(path)
    content, good, refused = path.read_bytes(), contents(game), 0
    for k in range(0, len(content), 7):
        path.write_bytes(content[:k] + bytes([content[k] ^ 0xFF]) + content[k + 1 :])
        try:
            assert contents(rl.Game.load(path)) == good
        except ValueError:
            refused += 1
    assert refused > len(content) / 7 / 2


def test_a_damaged_file_is_never_another_game(game, path):
    game.save(path)
    content, good = path.read_bytes(), contents(game)
    for k in range(0, len(content), 11):
        path.write_bytes(content[:k] + bytes([content[k] ^ 0x11]) + content[k + 1 :])
        try:
            loaded = rl.Game.load(path)
        except Exception:
            continue
        assert contents(loaded) == good


def test_another_format(game, path):
    game.save(path)
    rewrite(path, {"format": 999, "regretlab": "7.0"})
    with pytest.raises(ValueError, match=r"game\.npz .*has format 999, written by regretlab 7\.0; .* reads format 4"):
        rl.Game.load(path)


def test_a_game_of_the_first_format_is_refused_with_the_reason(path):
    shutil.copy(Path(__file__).parent / "data" / "game_of_format_2.npz", path)
    with pytest.raises(ValueError, match=r"game\.npz .*has format 2, written by regretlab 0\.1\.0") as caught:
        rl.Game.load(path)
    assert f"this version, {__version__}, reads format 4" in str(caught.value)
    assert "Play the game again, or load it with regretlab 0.1.0" in str(caught.value)


@pytest.mark.parametrize("head", ["[]", "{}", "3", "null", '"text"', '{"format": 1}'])
def test_a_head_that_is_none(game, path, head):
    game.save(path)
    with_head(path, head)
    with pytest.raises(ValueError, match=r"game\.npz"):
        rl.Game.load(path)


def test_a_file_with_one_array(path):
    with path.open("wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(ValueError, match=r"game\.npz"):
        rl.Game.load(path)


@pytest.mark.parametrize("name", ["point", "loss", "gradient", "record_t", "record_point", "record_loss", "moment_m"])
def test_a_missing_array(game, path, name):
    game.save(path)
    rewrite(path, **{name: None})
    with pytest.raises(ValueError, match=r"game\.npz"):
        rl.Game.load(path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_such_module:Learner", "no_such_module"),
        ("regretlab.learners:Madam", "Madam"),
        ("regretlab.learners:Adam.Inner", "Adam.Inner"),
        ("regretlab.learners.adam:Adam", "not public: .* regretlab.learners:Adam"),
        ("regretlab.engine.trajectory:Learner", "not public: .* regretlab.learners:Learner"),
        ("os:system", "os:system"),
        ("os:PathLike", "os:PathLike"),
        ("builtins:dict", "builtins:dict"),
        (":Adam", "not imported"),
    ],
)
def test_a_class_that_is_not_there(game, path, name, words):
    game.save(path)
    rewrite(path, {"learner": {"class": name, "fields": {}}})
    with pytest.raises(ValueError, match=words):
        rl.Game.load(path)


def test_a_class_whose_fields_have_changed(game, path):
    game.save(path)
    rewrite(path, {"learner": {"class": "regretlab.learners:Adam", "fields": {"gamma": 1.0}}})
    with pytest.raises(ValueError, match="gamma"):
        rl.Game.load(path)


def test_a_class_of_the_wrong_kind(game, path):
    game.save(path)
    mod3 = {"class": "regretlab.losses:Mod3", "fields": {"C": 3.0}}
    code = {class_path(cls): fingerprint_of_all(cls) for cls in (L.Mod3, L.Rademacher, sets.Box)}
    rewrite(path, {"learner": mod3, "code": code})
    with pytest.raises(ValueError, match=r"losses:Mod3 is not a Learner"):
        rl.Game.load(path)


CHANGES = {
    "a moment too few": {"moments": ["m"]},
    "moments in another order": {"moments": ["v", "m"]},
    "no moments": {"moments": []},
    "moments as a text": {"moments": "mv"},
    "rows of a ledger": {"ledger": ["x"]},
    "t = 0": {"t": 0},
    "t = True": {"t": True},
    "another t": {"t": 39},
    "a huge t": {"t": 10**400},
    "t = 40.0": {"t": 40.0},
    "a negative seed": {"seed": -1},
    "a seed that is true": {"seed": True},
    "a seed that is a text": {"seed": "8"},
    "checkpoints that are a text": {"checkpoints": "3"},
    "other checkpoints": {"checkpoints": [4, 30]},
    "a huge checkpoint": {"checkpoints": [10**400]},
    "no code": {"code": {}},
    "code that is a list": {"code": []},
}
ARRAYS = {
    "a moment of another shape": {"moment_m": np.zeros(3)},
    "a moment of single precision": {"moment_m": np.zeros(2, np.float32)},
    "a moment of texts": {"moment_m": np.array(["0", "1"])},
    "a moment that is no number": {"moment_v": np.array([np.nan, 0.0])},
    "a point outside F": {"point": np.array([0.0, 1.5])},
    "a recorded point outside F": {"record_point": np.full((3, 2), 2.0)},
    "a point of another dimension": {"point": np.zeros(3)},
    "a sum of another shape": {"loss": np.zeros(2)},
    "another sum": {"gradient": np.zeros((2, 2))},
    "a record without its last round": {"record_t": np.array([1, 3])},
    "a record of other rounds": {"record_t": np.array([1, 4, 30, 40])},
    "a record of floats": {"record_t": np.array([1.0, 3.0, 30.0, 40.0])},
    "a record with a ledger": {"record_ledger": np.zeros((4, 1, 2))},
    "an array too many": {"moment_x": np.zeros(2)},
}


@pytest.mark.parametrize("name", [*CHANGES, *ARRAYS])
def test_a_forged_game_is_refused(game, path, name):
    """What the loops index has been compared with what the learner keeps, whatever the checksums say."""
    game.save(path)
    rewrite(path, CHANGES.get(name), **ARRAYS.get(name, {}))
    with pytest.raises(ValueError, match=r"game\.npz cannot be loaded: .{20}"):
        rl.Game.load(path)


def test_a_ledger_is_checked(path):
    play(AMSGrad(), Waves(), INTERVAL, 30, ledger=True).save(path)
    assert_same(rl.Game.load(path).extend(50), play(AMSGrad(), Waves(), INTERVAL, 50))
    for names in ([], ["m"]):
        rewrite(path, {"ledger": names})
        with pytest.raises(ValueError, match="ledger"):
            rl.Game.load(path)


@pytest.mark.parametrize("field", [10**400, "x", [1], {"entries": [1], "dtype": "O"}, {"array": 9}, {"set": [1]}, {}])
def test_a_field_that_cannot_be(game, path, field):
    game.save(path)
    head = json.loads(json.dumps(specification(game.learner)))
    head["fields"]["beta1"] = field
    rewrite(path, {"learner": head})
    with pytest.raises(ValueError, match=r"game\.npz cannot be loaded"):
        rl.Game.load(path)


def test_a_dimension_that_the_point_does_not_have_asks_for_no_memory(path):
    play(OGD(), Waves(2), cube(2), 5).save(path)
    rewrite(path, {"losses": {"class": "pieces:Waves", "fields": {"d": 10**12}}})
    with pytest.raises(ValueError, match="the losses have d=1000000000000, and the point has 2 coordinates"):
        rl.Game.load(path)


def test_a_head_that_is_nested_too_deeply(game, path):
    game.save(path)
    with_head(path, '{"format": 4, "learner": ' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(ValueError, match=r"game\.npz cannot be loaded: .*RecursionError"):
        rl.Game.load(path)


MINE = """
import regretlab as rl
from dataclasses import dataclass
print("imported")
@dataclass(frozen=True)
class Saw(rl.losses.LinearLosses):
    def gradients(self, t): return (t % 3)[:, None]
def function(): print("called")
class Foreign:
    def __init__(self, **fields): print("made")
"""


@pytest.fixture
def mine(tmp_path, monkeypatch, path):
    """The file of a game of a class in a module that is not imported any more."""
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("mine")
    play(OGD(), module.Saw(), INTERVAL, 30).save(path)
    del sys.modules["mine"]
    yield path
    sys.modules.pop("mine", None)


def test_a_file_imports_only_what_is_trusted(mine, capsys):
    capsys.readouterr()
    for trust in ((), ["min"], ["mine.inside"], ["other"]):
        with pytest.raises(ValueError, match=r"not imported; import it first, or, .* trust=\['mine'\]"):
            rl.Game.load(mine, trust=trust)
    assert "mine" not in sys.modules
    assert capsys.readouterr().out == ""
    assert rl.Game.load(mine, trust=["mine"]).extend(60).horizon == 60
    del sys.modules["mine"]
    assert rl.Game.load(mine, trust="mine").horizon == 30  # one module
    assert rl.Game.load(mine).horizon == 30  # imported by now


@pytest.mark.parametrize("name", ["function", "Foreign", "rl.Game", "Saw.gradients", "dataclass"])
def test_a_trusted_module_is_not_called(mine, capsys, name):
    rewrite(mine, {"losses": {"class": f"mine:{name}", "fields": {}}})
    with pytest.raises(ValueError, match=r"is not there|is not a learner|is not a Losses"):
        rl.Game.load(mine, trust=["mine"])
    assert capsys.readouterr().out == "imported\n"


@pytest.mark.parametrize("body", ["raise SystemExit", "import sys; sys.exit(3)", "1 / 0", "def ("])
def test_a_trusted_module_that_cannot_be_imported(mine, tmp_path, body):
    (tmp_path / "mine.py").write_text(body)
    importlib.invalidate_caches()
    shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
    with pytest.raises(ValueError, match="the module mine cannot be imported"):
        rl.Game.load(mine, trust=["mine"])


def test_another_version_is_told(game, path, monkeypatch):
    game.save(path)
    monkeypatch.setattr(rl._utils.version, "__version__", "0.0.0")
    with pytest.warns(UserWarning, match=r"was saved by regretlab .*, this is 0\.0\.0"):
        assert_same(rl.Game.load(path), game)


def test_a_rule_that_keeps_one_number_less(path):
    """The compiled loop wrote beyond the state, and the process was aborted."""

    def learner(n):
        names = ", ".join("abc"[:n])
        space = {"__name__": __name__}
        exec(f"def rule(g, {names}): return ({names},), g, 1.0", space)
        cls = type("Keeping", (rl.learners.Algorithm1,), {"rule": staticmethod(space["rule"]), "__module__": __name__})
        globals()["Keeping"] = dataclasses.dataclass(frozen=True)(cls)
        return Keeping()  # noqa: F821

    play(learner(3), Waves(40), cube(40), 20).save(path)
    for n in (1, 2):
        learner(n)
        with pytest.raises(ValueError, match=r"the code of .*Keeping has changed"):
            rl.Game.load(path)
        code = {class_path(cls): fingerprint_of_all(cls) for cls in (type(learner(n)), Waves, sets.Box)}
        rewrite(path, {"code": code})
        with pytest.raises(ValueError, match=r"has the moments \['a', 'b', 'c'\]"):
            rl.Game.load(path)


# -- parts as text ---------------------------------------------------------------------


def made_without_arguments(package):
    """One of each class that a package of this library shows and that needs no arguments."""
    kinds = (Learner, L.Losses, L.PointwiseLoss, sets.FeasibleSet, S.Schedule)
    for name in package.__all__:
        cls = getattr(package, name)
        if inspect.isclass(cls) and issubclass(cls, kinds) and not inspect.isabstract(cls):
            try:
                yield cls()
            except (TypeError, ValueError):  # it needs arguments, or is a base
                continue


LEARNERS = [
    *made_without_arguments(rl.learners),
    OGD(alpha=S.Constant(0.25)),
    Adam(alpha=S.InverseSqrt(0.5), beta1=S.Geometric(0.9, ratio=0.7), beta2=0.999),
    AMSGrad(alpha=S.Inverse(2.0), beta1=S.Inverse(0.9)),
    rl.learners.WithEpsilon(rl.learners.BiasCorrected(Adam(beta1=S.Inverse(0.9))), eps=S.Inverse(0.1)),
    rl.learners.BiasCorrected(AMSGrad()),
    rl.learners.FirstMomentCorrected(AMSGrad()),
    rl.learners.Restarts(rl.learners.OGD(), 7),
    rl.learners.EpsilonInsideRoot(Adam(), 0.1),
    rl.learners.L2Penalty(Adam(), 0.1),
    rl.learners.DoublingTrick(OGD(alpha=S.Constant(0.5))),
    rl.learners.DecoupledWeightDecay(Adam(), 0.1),
    AdamNC(beta2=S.OneMinusInverse()),
    OGD(alpha=pieces.Table(0.5, (1.0, 0.25))),
    OGD(alpha=pieces.Table(0.5, [1.0, 0.25])),
    OGD(alpha=pieces.Table(0.5, np.array([1.0, 0.25]))),
    OGD(alpha=np.float64(0.1)),
    OGD(alpha=np.float32(0.1)),
    OGD(alpha=1),
    pieces.Averaging(0.7),
    pieces.Frozen(),
]
LOSSES = [
    *(losses for losses in made_without_arguments(L) if isinstance(losses, L.Losses)),
    L.Periodic([1.0, -2.0, 0.5]),
    L.Periodic([[1.0, 0.0], [0.0, -1.0]]),
    L.Mod3(np.float64(5.5)),
    L.ReddiOnline(height=1e3, slope=0.1, period=np.int64(7)),
    L.Rademacher(3, drift=-0.25),
    pieces.Sawtooth(7, 2.5),
    pieces.Derived(5.0),
    pieces.Distances(2),
    pieces.NoisySquares(),
]
SETS = [
    *made_without_arguments(sets),
    sets.Box(0.0, 1.0),
    sets.Box([-1.0, -2.0, 0.1], [1.0, 0.5, 0.1]),
    sets.Box(-0.1, [0.1, 0.2]),
    pieces.PythonBox([-1.0], [1.0]),
]


def kind(x):
    return type(x).__name__


def again(value):
    """``value`` by way of text."""
    return from_specification(json.loads(json.dumps(specification(value))))


def accepted(learner):
    """Losses that the learner does not object to."""
    try:
        learner.check(pieces.Waves())
    except ValueError:
        return L.CirclingQuadratics(d=1)
    return pieces.Waves()


@pytest.mark.parametrize("learner", LEARNERS, ids=kind)
def test_learners(learner, tmp_path):
    copy = again(learner)
    assert type(copy) is type(learner)
    assert specification(copy) == specification(learner)
    on_simplices = isinstance(learner, rl.learners.Hedge | rl.learners.ExponentiatedGradient | rl.learners.FixedShare)
    F = rl.sets.Simplex() if on_simplices else INTERVAL
    losses = accepted(learner)
    game = rl.play(learner, losses, F, 20)
    game.save(tmp_path / "game")
    assert_same(rl.Game.load(tmp_path / "game").extend(35), game.extend(35))
    assert_same(game, rl.play(learner, losses, F, 35))


@pytest.mark.parametrize("losses", LOSSES, ids=kind)
def test_losses(losses, tmp_path):
    copy = again(losses)
    assert type(copy) is type(losses)
    assert specification(copy) == specification(losses)
    assert copy.dimension == losses.dimension
    x = np.full(losses.dimension, 0.25)
    for t in (1, 2, 77):
        f, g = (sequence.reveal(t, x, 3) for sequence in (losses, copy))
        assert f.value(x) == g.value(x)
        assert np.array_equal(f.gradient(x), g.gradient(x))
    game = rl.play(OGD(), losses, INTERVAL, 6, seed=3)
    game.save(tmp_path / "game")
    loaded = rl.Game.load(tmp_path / "game").extend(9)
    assert pieces.contents(loaded) == pieces.contents(game.extend(9))


@pytest.mark.parametrize("F", SETS, ids=label)
def test_sets(F):
    copy = again(F)
    assert type(copy) is type(F)
    assert specification(copy) == specification(F)
    assert copy.dimension == F.dimension
    d = F.dimension or 3
    one, other = F.with_dimension(d), copy.with_dimension(d)
    y = np.linspace(-2.0, 1.5, d)
    assert np.array_equal(one.project(y), other.project(y))


LINKS = [
    link for link in made_without_arguments(L) if isinstance(link, L.PointwiseLoss) and dataclasses.is_dataclass(link)
]


@pytest.mark.parametrize("link", [*LINKS, L.Huber(0.25)], ids=label)
def test_links(link):
    copy = again(link)
    assert copy == link
    assert copy.parameters() == link.parameters()


SCHEDULES = [
    *(schedule for schedule in made_without_arguments(S) if not isinstance(schedule, S.Values)),
    S.Geometric(0.5, 0.25),
    pieces.Table(2.0, (1.0, 3.0)),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=label)
def test_schedules(schedule):
    copy = again(schedule)
    assert copy == schedule
    t = np.arange(1, 50)
    assert np.array_equal(copy(t), schedule(t))


def test_every_shipped_schedule_but_functions_can_be_saved():
    with pytest.raises(TypeError, match="function"):
        specification(S.Values(function=np.ones_like))


plain = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text()


@settings(max_examples=50)
@given(st.recursive(plain, lambda x: st.lists(x, max_size=4) | st.lists(x, max_size=4).map(tuple), max_leaves=12))
def test_numbers_text_lists_and_tuples(value):
    copy = again(value)
    assert copy == value
    assert repr(copy) == repr(value)  # 1, 1.0 and True are different, and so are lists and tuples


@pytest.mark.parametrize(
    "array", [np.array([1.5, -0.0, inf]), np.arange(4), np.zeros((2, 3)), np.array([True, False]), np.float32([0.1])]
)
def test_arrays(array):
    copy = again(array)
    assert copy.dtype == array.dtype
    assert copy.shape == array.shape
    assert copy.tobytes() == array.tobytes()


def test_nan():
    assert np.isnan(again(float("nan")))


# -- what cannot be saved --------------------------------------------------------------


def stepsize(t):
    return 1.0 / t


@pytest.mark.parametrize(
    "value",
    [stepsize, lambda t: 1.0 / t, np.sqrt, object(), {1.0}, {"a": 1}, Adam, rl, 1j, b"bytes", np.array([1j])],
    ids=label,
)
def test_what_has_no_specification(value):
    with pytest.raises(TypeError):
        json.dumps(specification(value))


@pytest.mark.parametrize("field", ["alpha", "beta1", "beta2"])
@pytest.mark.parametrize("how", ["function", "lambda", "schedule"])
def test_functions_as_schedules_are_refused_by_name(field, how, tmp_path):
    function = {"function": stepsize, "lambda": lambda t: 0.5 / t, "schedule": S.Values(0.5, stepsize)}[how]
    if field != "alpha":
        function = S.Values(0.5, stepsize) if how == "schedule" else (lambda t: 0.5 / t)
    game = rl.play(Adam(**{field: function}), L.Mod3(), INTERVAL, 5)
    with pytest.raises(TypeError, match=r"function|lambda"):
        game.save(tmp_path / "game")
    assert list(tmp_path.iterdir()) == []


def test_classes_that_nobody_could_find_again():
    @dataclasses.dataclass(frozen=True)
    class Local(L.LinearLosses):
        def gradients(self, t):
            return np.ones((len(t), 1))

    with pytest.raises(TypeError, match="Local is defined inside a function"):
        specification(Local())


def test_classes_that_are_no_dataclasses():
    with pytest.raises(TypeError, match="dataclass"):
        specification(pieces.Following())


def test_dataclasses_of_other_kinds():
    with pytest.raises(TypeError, match="cannot be saved"):
        specification(Foreign())
    with pytest.raises(ValueError, match="not a learner"):
        from_specification({"class": f"{__name__}:Foreign", "fields": {}})


@dataclasses.dataclass(frozen=True)
class Foreign:
    a: int = 1


def test_only_classes_of_this_kind_are_made():
    """A file can name any module, but nothing in it is called unless it is a piece of a game."""
    for name in ("os:getcwd", "subprocess:Popen", "builtins:eval", "regretlab:play", "regretlab:Game"):
        with pytest.raises(ValueError, match=name.partition(":")[2]):
            from_specification({"class": name, "fields": {}})


@pytest.mark.parametrize("value", [*LEARNERS, *LOSSES, *SETS, *LINKS, *SCHEDULES], ids=kind)
def test_classes_are_named_by_their_public_path(value):
    public = {f"regretlab.{package.__name__.split('.')[1]}": package for package in (rl.learners, L, sets, S)}
    paths = list(classes_in(specification(value)))
    assert paths
    for package, _, name in (path.partition(":") for path in paths):
        assert package == "pieces" or name in public[package].__all__


def test_the_path_of_a_class():
    assert class_path(Adam) == "regretlab.learners:Adam"
    assert class_path(L.Mod3) == "regretlab.losses:Mod3"
    assert class_path(sets.Box) == "regretlab.sets:Box"
    assert class_path(S.Constant) == "regretlab.schedules:Constant"
    assert class_path(pieces.Waves) == "pieces:Waves"


def test_a_file_says_what_it_holds_in_public_words(game, path):
    game.save(path)
    with np.load(path) as file:
        head = json.loads(str(file["head"]))
    assert head["checkpoints"] == [3, 30]
    assert head["regretlab"] == __version__
    assert list(classes_in(head)) == ["regretlab.learners:Adam", "regretlab.losses:Rademacher", "regretlab.sets:Box"]


def test_shipped_pieces_are_covered():
    assert {type(x) for x in LEARNERS} >= {cls for cls in vars(rl.learners).values() if concrete(cls, Learner)}


def concrete(cls, base):
    bases = (base, rl.learners.Algorithm1, rl.learners.Combinator, rl.learners.VectorLearner)
    return inspect.isclass(cls) and issubclass(cls, base) and cls not in bases

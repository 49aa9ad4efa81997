"""Saved games: one file, written whole or not at all, and read back bit for bit or refused."""

import errno
import json
import stat
import zipfile

import numpy as np
import pytest
from conftest import label
from pieces import INTERVAL, Averaging, NoisySquares, Squares, Waves, assert_same, contents, cube

import regretlab as rl
from regretlab import play
from regretlab._utils.files import whole_file
from regretlab.learners import OGD, Adam, AMSGrad


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

    def stopped(file, **arrays):
        file.write(b"half a game")
        raise error

    monkeypatch.setattr(np, "savez_compressed", stopped)
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
    """Change what a saved game's file holds: fields of its head, or whole arrays (None: left out)."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    if isinstance(head, dict):
        arrays["head"] = np.array(json.dumps(json.loads(str(arrays["head"])) | head))
    elif head is not None:
        arrays["head"] = np.array(head)
    arrays |= changed
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


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
    with pytest.raises(ValueError, match=r"game\.npz.*not a saved game"):
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
    rewrite(path, {"format": 999})
    with pytest.raises(ValueError, match=r"game\.npz has format 999, this version reads format 2"):
        rl.Game.load(path)


@pytest.mark.parametrize("head", ["[]", "{}", "3", "null", '"text"', '{"format": 1}'])
def test_a_head_that_is_none(game, path, head):
    game.save(path)
    rewrite(path, head)
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
        ("regretlab.learners.adam:Madam", "Madam"),
        ("regretlab.learners.adam:Adam.Inner", "Adam.Inner"),
        ("os:system", "os:system"),
        ("os:PathLike", "os:PathLike"),
        ("builtins:dict", "builtins:dict"),
        (":Adam", "Empty module"),
    ],
)
def test_a_class_that_is_not_there(game, path, name, words):
    game.save(path)
    rewrite(path, {"learner": {"class": name, "fields": {}}})
    with pytest.raises(ValueError, match=words):
        rl.Game.load(path)


def test_a_class_whose_fields_have_changed(game, path):
    game.save(path)
    rewrite(path, {"learner": {"class": "regretlab.learners.adam:Adam", "fields": {"gamma": 1.0}}})
    with pytest.raises(ValueError, match="gamma"):
        rl.Game.load(path)


def test_a_class_of_the_wrong_kind(game, path):
    game.save(path)
    rewrite(path, {"learner": {"class": "regretlab.losses.counterexamples:Mod3", "fields": {"C": 3.0}}})
    with pytest.raises(TypeError, match="learner=Mod3"):
        rl.Game.load(path)

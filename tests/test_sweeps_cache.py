"""The key of a sweep's folder, and the code of a saved game: no edit is overlooked, and nothing else is refused."""

import sys
import types
from dataclasses import dataclass

import numpy as np
import pytest
from hostile.edits import EDITS, IN_PLACE, ORDINARY, REFUSED, module

import regretlab as rl
from regretlab.kernels.fingerprints import fingerprint_of_all
from regretlab.sweeps import run

T = 20


@pytest.fixture(autouse=True)
def _own_modules():
    yield
    for name in ("own", "helper"):
        sys.modules.pop(name, None)


@pytest.fixture
def played(monkeypatch):
    """The chunks that are played and not found in a folder."""
    found = []
    play_chunk = run.play_chunk
    monkeypatch.setattr(run, "play_chunk", lambda chunk: found.append(chunk) or play_chunk(chunk))
    return found


def swept(game, folder=None):
    frame = rl.sweep(*game, {"seed": [0]}, T, folder=folder)
    assert frame.error.tolist() == [None]
    return frame


def made(game):
    """The parts of a game as objects."""
    return [part() if isinstance(part, type) else part for part in game]


def numbers(game):
    return [game.loss.tolist(), game.gradient.tolist(), game.point.tolist()]


@pytest.mark.parametrize("name", EDITS)
def test_a_folder_does_not_serve_the_numbers_of_another_text(name, tmp_path, played):
    before = swept(module(EDITS[name], 1.0).game(), tmp_path)
    after = swept(module(EDITS[name], 2.0).game(), tmp_path)
    assert after.equals(swept(module(EDITS[name], 2.0).game()))
    assert not after.equals(before)
    played.clear()
    assert swept(module(EDITS[name], 1.0).game(), tmp_path).equals(before)
    assert swept(module(EDITS[name], 2.0).game(), tmp_path).equals(after)
    assert not played


@pytest.mark.parametrize("name", EDITS)
def test_a_saved_game_does_not_go_on_with_another_text(name, tmp_path):
    path, parts = tmp_path / "game", made(module(EDITS[name], 1.0).game())
    rl.play(*parts, T).save(path)
    whole = numbers(rl.play(*parts, 2 * T))
    module(EDITS[name], 1.0)
    assert numbers(rl.Game.load(path).extend(2 * T)) == whole
    module(EDITS[name], 2.0)
    with pytest.raises(ValueError, match=r"the code of own:\w+ has changed since the game was saved"):
        rl.Game.load(path)


@pytest.mark.parametrize("name", IN_PLACE)
def test_what_is_changed_while_the_program_runs(name, tmp_path):
    text, statement = IN_PLACE[name]
    own = module(text, 1.0)
    own.PARTS = made(own.game())
    before = swept(own.PARTS, tmp_path)
    rl.play(*own.PARTS, T).save(tmp_path / "game")
    exec(statement, vars(own))
    after = swept(own.PARTS, tmp_path)
    assert after.equals(swept(own.PARTS))
    assert not after.equals(before)
    if name == "cached property":  # the file was written before, and has nothing of it
        with pytest.raises(TypeError, match="changed in place"):
            rl.play(*own.PARTS, T).save(tmp_path / "game")
    else:
        with pytest.raises(ValueError, match="the code of own:Own has changed"):
            rl.Game.load(tmp_path / "game")


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_identity_is_refused_by_name(name, tmp_path):
    game = made(module(REFUSED[name], 1.0).game())
    with pytest.raises(TypeError, match=r"Own -> gradients.*no text identifies") as caught:
        rl.sweep(*game, {"seed": [0]}, T, folder=tmp_path / "folder")
    assert " at 0x" not in str(caught.value)
    with pytest.raises(TypeError, match="no text identifies"):
        rl.Game(*game).save(tmp_path / "game")
    assert not (tmp_path / "game").exists()


@pytest.mark.parametrize("name", ORDINARY)
def test_what_has_an_identity_is_kept(name, tmp_path, played):
    before = swept(module(ORDINARY[name], 1.0).game(), tmp_path)
    played.clear()
    assert swept(module(ORDINARY[name], 1.0).game(), tmp_path).equals(before)
    assert not played
    game = rl.play(*made(module(ORDINARY[name], 1.0).game()), T)
    game.save(tmp_path / "game")
    module(ORDINARY[name], 1.0)
    assert numbers(rl.Game.load(tmp_path / "game")) == numbers(game)


def test_there_are_enough_of_each():
    assert len(EDITS) >= 40
    assert len(ORDINARY) >= 20


# -- what the fingerprint is not about --------------------------------------------------------


@pytest.mark.parametrize(
    "edit",
    [
        ("def gradients(self, t): return K", "def gradients(self, t):\n        # a comment\n        return K"),
        ("def gradients(self, t): return", "def gradients(self, t):\n        'A docstring.'\n        return"),
        ("class Own", "UNUSED = 3.0\nclass Own"),
    ],
    ids=["comment", "docstring", "constant of something else"],
)
def test_an_edit_that_changes_nothing(edit):
    text = EDITS["global number"]
    edited = text.replace("@dataclass(frozen=True)\nclass Own", "class Own").replace(*edit)
    edited = edited.replace("class Own", "@dataclass(frozen=True)\nclass Own")
    assert edited != text
    one, other = (fingerprint_of_all(module(each, 1.0).Own) for each in (text, edited))
    assert one == other


def test_a_docstring_that_is_also_a_value_counts():
    def of(word):
        space = {}
        exec(f"def f():\n    {word!r}\n    return {word!r}", space)
        return fingerprint_of_all(space["f"])

    assert of("one") != of("two")


def test_objects_that_refer_to_each_other():
    def ring(k):
        one, other = types.SimpleNamespace(k=k), types.SimpleNamespace(k=1)
        one.other, other.other = other, one
        return one

    assert fingerprint_of_all(ring(1)) == fingerprint_of_all(ring(1)) != fingerprint_of_all(ring(2))
    items = [1]
    items.append(items)
    assert fingerprint_of_all(items) == fingerprint_of_all(items)


def test_what_is_nested_too_deeply_is_refused():
    deep = []
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(TypeError, match="nested too deeply"):
        fingerprint_of_all(deep)


def test_an_object_that_cannot_be_looked_at_is_refused():
    class Raising:
        def __getattr__(self, name):
            raise KeyError(name)

    with pytest.raises(TypeError, match="an object that cannot be looked at: KeyError"):
        fingerprint_of_all({"one": Raising()})


@dataclass(frozen=True)
class Kept(rl.losses.LinearLosses):
    """Keeps something for itself, as regretlab's own classes do."""

    def gradients(self, t):
        self.__dict__.setdefault("_rows", []).append(len(t))
        return np.ones((len(t), 1))


def test_what_regretlab_keeps_for_itself_is_not_in_the_key():
    losses = rl.losses.Rademacher(2)
    before = fingerprint_of_all(losses)
    rl.play(rl.learners.OGD(), losses, rl.sets.Box(-1.0, 1.0), 5)
    assert "_last_block" in vars(losses)
    assert fingerprint_of_all(losses) == before
    own = Kept()
    before = fingerprint_of_all(own)
    own.gradients(np.arange(3))
    assert fingerprint_of_all(own) != before

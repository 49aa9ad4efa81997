"""Compiled functions are found again in a later process, and never served stale."""

import hashlib
import importlib.util
import json
import os
import pickle
import subprocess
import sys
import tempfile
import textwrap
import types
from collections import namedtuple
from math import sqrt
from pathlib import Path

import numba
import numpy as np
import pytest
from conftest import label
from pieces import INTERVAL, LEARNERS, Waves, assert_same, bits, from_hex

import regretlab as rl
from regretlab import kernels
from regretlab.kernels import compiling
from regretlab.kernels.compiling import jit
from regretlab.kernels.fingerprints import Unidentifiable, fingerprint
from regretlab.learners import Algorithm1

# -- fingerprints: what changes them -----------------------------------------------------


def written(source, **names):
    """The function ``f`` that a file with this text defines."""
    space = dict(names)
    exec(textwrap.dedent(source), space)
    return space["f"]


def closing_over(value, other=0.0):
    def f(x):
        return x * value + other

    return f


def module(source, name="helpers"):
    made = types.ModuleType(name)
    exec(textwrap.dedent(source), made.__dict__)
    return made


def doubled(x):
    return 2.0 * x


def tripled(x):
    return 3.0 * x


PLAIN = "def f(x): return x + 1.0"
CALLS = "def g(x): return {}\ndef f(x): return g(x)"
DEEP = "def h(x): return {}\ndef g(x): return h(x)\ndef f(x): return g(x)"
ORDER = "def f(x): return a(b(c(x)))"
POINT = "def f(x): return p.u * x"
SIDEWAYS = "def g(x): return lib.two(x)\ndef f(x): return lib.one(x) + g(x)"

EDITS = {
    "operation": (PLAIN, "def f(x): return x - 1.0"),
    "constant": (PLAIN, "def f(x): return x + 2.0"),
    "type of a constant": (PLAIN, "def f(x): return x + 1"),
    "sign of zero": ("def f(x): return x * 0.0", "def f(x): return x * -0.0"),
    "constant in a tuple": ("def f(x): return x in (1, 2)", "def f(x): return x in (1, 3)"),
    "constant in a set": ("def f(x): return x in {1, 2}", "def f(x): return x in {1, 3}"),
    "order of arguments": ("def f(x, y): return x - y", "def f(y, x): return x - y"),
    "function called": ("def f(x): return abs(x)", "def f(x): return int(x)"),
    "attribute": ("def f(x): return x.real", "def f(x): return x.imag"),
    "default": ("def f(x, a=1.0): return a * x", "def f(x, a=2.0): return a * x"),
    "keyword default": ("def f(x, *, a=1.0): return a * x", "def f(x, *, a=2.0): return a * x"),
    "helper": (CALLS.format("x + 1.0"), CALLS.format("x + 2.0")),
    "helper's helper": (DEEP.format("x + 1.0"), DEEP.format("x + 2.0")),
    "helper's default": (
        "def g(x, a=1.0): return a * x\ndef f(x): return g(x)",
        "def g(x, a=2.0): return a * x\ndef f(x): return g(x)",
    ),
    "inner function": (
        "def f(x):\n    def g(y): return y + 1.0\n    return g(x)",
        "def f(x):\n    def g(y): return y + 2.0\n    return g(x)",
    ),
    "lambda": ("f = lambda x: x + 1.0", "f = lambda x: x + 2.0"),
    "global number": ("C = 1.0\ndef f(x): return C * x", "C = 2.0\ndef f(x): return C * x"),
    "type of a global": ("C = 1\ndef f(x): return C * x", "C = True\ndef f(x): return C * x"),
    "global tuple": ("C = (1.0, 2.0)\ndef f(x): return C[1] * x", "C = (1.0, 3.0)\ndef f(x): return C[1] * x"),
    "global of a helper": (
        "C = 1.0\ndef g(x): return C * x\ndef f(x): return g(x)",
        "C = 2.0\ndef g(x): return C * x\ndef f(x): return g(x)",
    ),
    "global of an inner function": (
        "C = 1.0\ndef f(x):\n    def g(y): return C * y\n    return g(x)",
        "C = 2.0\ndef f(x):\n    def g(y): return C * y\n    return g(x)",
    ),
    "name that becomes a global": ("def f(x): return max(x, 0.0)", "max = min\ndef f(x): return max(x, 0.0)"),
    "module of the same function": (
        "from math import sqrt\ndef f(x): return sqrt(x)",
        "from cmath import sqrt\ndef f(x): return sqrt(x)",
    ),
    "module under the same name": (
        "import math as m\ndef f(x): return m.sqrt(x)",
        "import cmath as m\ndef f(x): return m.sqrt(x)",
    ),
    "ufunc": ("from numpy import sin as s\ndef f(x): return s(x)", "from numpy import cos as s\ndef f(x): return s(x)"),
    "type": ("T = float\ndef f(x): return T(x)", "T = int\ndef f(x): return T(x)"),
}  # fmt: skip

PAIRS = {name: tuple(map(written, pair)) for name, pair in EDITS.items()} | {
    "closure number": (closing_over(1.0), closing_over(2.0)),
    "closure function": (closing_over(doubled), closing_over(tripled)),
    "which closure variable": (closing_over(1.0, 2.0), closing_over(2.0, 1.0)),
    "default that is a function": (
        written("def f(x, h=h): return h(x)", h=doubled),
        written("def f(x, h=h): return h(x)", h=tripled),
    ),
    # with a, b, c all met before, only the order tells them apart
    "which function met before": (
        written(ORDER, a=doubled, b=tripled, c=doubled),
        written(ORDER, a=doubled, b=tripled, c=tripled),
    ),
    "function of a module": (
        written("def f(x): return lib.h(x)", lib=module("def h(x): return x + 1.0")),
        written("def f(x): return lib.h(x)", lib=module("def h(x): return x + 2.0")),
    ),
    "number of a module": (
        written("def f(x): return lib.C * x", lib=module("C = 1.0")),
        written("def f(x): return lib.C * x", lib=module("C = 2.0")),
    ),
    "module met twice": (
        written(SIDEWAYS, lib=module("def one(x): return x\ndef two(x): return x + 1.0")),
        written(SIDEWAYS, lib=module("def one(x): return x\ndef two(x): return x + 2.0")),
    ),
    "module in a closure": (
        written("def make(lib):\n    def f(x): return lib.h(x)\n    return f\nf = make(lib)", lib=module("h = abs")),
        written("def make(lib):\n    def f(x): return lib.h(x)\n    return f\nf = make(lib)", lib=module("h = int")),
    ),
    "options of a compiled helper": (
        written("def f(x): return h(x)", h=numba.njit(doubled)),
        written("def f(x): return h(x)", h=numba.njit(fastmath=True)(doubled)),
    ),
    "compiled helper": (
        written("def f(x): return h(x)", h=numba.njit(doubled)),
        written("def f(x): return h(x)", h=numba.njit(tripled)),
    ),
    "fields of a named tuple": (
        written(POINT, p=namedtuple("P", "u v")(1.0, 2.0)),
        written(POINT, p=namedtuple("P", "v u")(1.0, 2.0)),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_an_edit_changes_the_fingerprint(name):
    before, after = PAIRS[name]
    assert fingerprint(before) != fingerprint(after)


@pytest.mark.parametrize("name", EDITS)
def test_the_same_text_has_the_same_fingerprint(name):
    for text in EDITS[name]:
        assert fingerprint(written(text)) == fingerprint(written("\n\n" + text + "\n# a comment\n"))


def test_modules_inside_modules():
    def using(C):
        lib = module("", "lib")
        lib.sub = module(f"C = {C}\ndef h(x): return C * x", "lib.sub")
        lib.sub.lib = lib  # as packages are, in a circle
        return written("def f(x): return lib.sub.h(x)", lib=lib)

    assert fingerprint(using(1.0)) == fingerprint(using(1.0)) != fingerprint(using(2.0))


def test_functions_that_call_each_other():
    text = "def even(x): return x == 0 or odd(x - 1)\ndef odd(x): return x != 0 and even(x - {})\nf = even"
    assert fingerprint(written(text.format(1))) == fingerprint(written(text.format(1)))
    assert fingerprint(written(text.format(1))) != fingerprint(written(text.format(3)))


def test_the_code_of_a_function_alone():
    """Where a function refers to something without a fingerprint, its code still has one."""
    f, g = (written(text, C=[1.0]) for text in ("def f(x): return C or x", "def f(x): return x or C"))
    assert fingerprint(f.__code__) != fingerprint(g.__code__)
    assert fingerprint(f.__code__) == fingerprint(written("def f(x): return C or x", C=[2.0]).__code__)


def test_a_compiled_function_and_its_source_differ_only_in_options():
    assert fingerprint(jit(doubled)) == fingerprint(jit(doubled))
    assert fingerprint(jit(doubled)) != fingerprint(numba.njit(doubled))


@pytest.mark.parametrize(
    "value",
    [np.ones(3), [1.0], {"a": 1.0}, {"a": 1.0}.get, {1.0}, object(), np.int64, rl.Game, LEARNERS[0]],
    ids=label,
)
def test_what_has_no_fingerprint(value):
    f = written("def f(x): return x if C is None else x + 1.0", C=value)
    if value is np.int64:
        assert fingerprint(f)
        return
    with pytest.raises(Unidentifiable):
        fingerprint(f)
    with pytest.raises(Unidentifiable):
        fingerprint(closing_over(value))


ALL_FINGERPRINTS = """
    import regretlab as rl
    from regretlab import kernels
    from regretlab.kernels.compiling import fingerprint
    from regretlab.learners import AdaGrad, Adam, AdamNC, AMSGrad, OGD, RMSProp
    for learner in (OGD(), AdaGrad(), RMSProp(), Adam(), AMSGrad(), AdamNC(), Adam(beta1=rl.schedules.Inverse(0.9))):
        for oracle in (kernels.row_gradient, kernels.cell_gradient):
            loops = kernels.compose(learner.binding.call, oracle, True)
            for loop in loops:
                print(type(learner).__name__, oracle.__name__, loop.__name__, fingerprint(loop))
    def f(x): return x in {"a", "b", "c", "d"}
    print("a set of words", fingerprint(f))
"""


def run(script, *arguments, **environment):
    """What a Python process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script), *map(str, arguments)],
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | {k: str(v) for k, v in environment.items()},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_fingerprints_are_the_same_in_another_process():
    first, second = (run(ALL_FINGERPRINTS, PYTHONHASHSEED=seed) for seed in (1, 2))
    assert first == second
    prints = [line.split()[-1] for line in first.splitlines()]
    assert all(len(digest) == hashlib.sha256().digest_size * 2 for digest in prints)
    # half a step is the same with both oracles, and what it does to weights of zero for all learners
    assert len(set(prints)) == len(prints) - 7 - 13


# -- compiled code on disk -----------------------------------------------------------------


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder where compiled functions are kept during a test."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder))
    return folder


def files(folder):
    """Name, size, time and content of all files below ``folder``."""
    found = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns, p.stat().st_ino, p.read_bytes()) for p in sorted(found)}


def cache_counts(function):
    return sum(function.stats.cache_hits.values()), sum(function.stats.cache_misses.values())


def test_kept_functions_are_found_again(cache):
    assert jit(closing_over(3.0), keep=True)(2.0) == 6.0
    before = files(cache)
    assert before
    again = jit(closing_over(3.0), keep=True)
    assert again(2.0) == 6.0
    assert cache_counts(again) == (1, 0)
    assert files(cache) == before
    other = jit(closing_over(4.0), keep=True)
    assert other(2.0) == 8.0
    assert cache_counts(other) == (0, 1)


def test_functions_are_not_kept_unless_asked(cache):
    assert jit(closing_over(3.5))(2.0) == 7.0
    assert files(cache) == {}


def test_no_two_functions_share_a_file(cache):
    """Else two processes that compile at the same time could mix them up: numba does not lock its index."""
    jit(closing_over(5.0), keep=True)(2.0)
    before = files(cache)
    jit(closing_over(6.0), keep=True)(2.0)
    after = files(cache)
    assert before.items() < after.items()


def test_each_type_of_argument_is_kept(cache):
    f = jit(closing_over(1.5), keep=True)
    f(2.0)
    f(2)
    again = jit(closing_over(1.5), keep=True)
    assert (again(2), again(2.0)) == (3.0, 3.0)
    assert cache_counts(again) == (2, 0)


def test_what_has_no_fingerprint_is_compiled_and_not_kept(cache):
    f = jit(closing_over(np.array([1.0, 2.0])), keep=True)
    assert f(2.0).tolist() == [2.0, 4.0]
    assert files(cache) == {}


def test_damaged_files_are_compiled_anew(cache):
    jit(closing_over(7.0), keep=True)(2.0)
    for damage in (b"", b"not a pickle", None):
        for name, (*_, content) in files(cache).items():
            Path(name).write_bytes(content[: len(content) // 2] if damage is None else damage)
        assert jit(closing_over(7.0), keep=True)(2.0) == 14.0


def test_random_bytes_in_a_file_are_not_run(cache):
    """Where a file was believed, the process died of a segmentation fault."""
    jit(closing_over(7.5), keep=True)(2.0)
    ((name, (*_, content)),) = files(cache).items()
    rng = np.random.default_rng(0)
    for _ in range(6):
        damaged = bytearray(content)
        start = int(rng.integers(len(content) - 64))
        damaged[start : start + 64] = rng.bytes(64)
        Path(name).write_bytes(damaged)
        again = jit(closing_over(7.5), keep=True)
        assert again(2.0) == 15.0
        assert cache_counts(again) == (0, 1)
        assert Path(name).read_bytes()[:32] == hashlib.sha256(Path(name).read_bytes()[32:]).digest()


class Planted:
    def __reduce__(self):
        return Path.touch, (Path("planted"),)


@pytest.mark.parametrize("how", ["others may write to it", "it is another user's"])
def test_a_file_that_others_can_write_is_not_read(cache, tmp_path, monkeypatch, how):
    monkeypatch.chdir(tmp_path)
    jit(closing_over(8.5), keep=True)(2.0)
    ((name, _),) = files(cache).items()
    data = pickle.dumps(Planted())
    Path(name).write_bytes(hashlib.sha256(data).digest() + data)
    if how == "others may write to it":
        Path(name).chmod(0o666)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert jit(closing_over(8.5), keep=True)(2.0) == 17.0
    assert not Path("planted").exists()


def test_a_folder_that_others_can_write_is_not_used(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    jit(closing_over(9.5), keep=True)(2.0)
    before = files(cache)
    for folder in cache.iterdir():
        folder.chmod(0o777)
    again = jit(closing_over(9.5), keep=True)
    assert again(2.0) == 19.0
    assert cache_counts(again) == (0, 1)
    assert files(cache) == before
    own = tmp_path / f"regretlab-{os.geteuid()}"
    assert len(files(own)) == 1  # kept where nobody else can write
    assert cache_counts_of_another(9.5) == (1, 0)
    own.chmod(0o777)
    assert cache_counts_of_another(9.5) == (0, 1)  # nowhere


def cache_counts_of_another(value):
    function = jit(closing_over(value), keep=True)
    function(2.0)
    return cache_counts(function)


def test_a_full_disk_is_no_error(cache, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compiling.CompiledFiles, "save", full)
    assert jit(closing_over(8.0), keep=True)(2.0) == 16.0


class Bad:
    def __init__(self, error):
        self.error = error

    def __call__(self, *_):
        raise self.error


@pytest.mark.parametrize(
    "error", [RuntimeError("no locator"), AttributeError("_impl"), TypeError("argument"), OSError(30)]
)
def test_a_numba_that_keeps_files_otherwise(cache, monkeypatch, error):
    monkeypatch.setattr(compiling, "_FingerprintCache", Bad(error))
    assert jit(closing_over(9.0), keep=True)(2.0) == 18.0
    assert files(cache) == {}


def own_learner():
    class Own(Algorithm1):
        @staticmethod
        def rule(g, v):
            v = v + 0.75 * g * g
            return (v,), g, sqrt(v)

    return Own()


def test_without_the_hook_games_are_the_same(cache, monkeypatch):
    with_hook = rl.play(own_learner(), Waves(), INTERVAL, 50, compiled=True)
    kept = files(cache)
    assert kept
    monkeypatch.setattr(compiling, "FunctionCache", None)
    without = rl.play(own_learner(), Waves(), INTERVAL, 50, compiled=True)
    assert_same(with_hook, without)
    assert_same(with_hook, rl.play(own_learner(), Waves(), INTERVAL, 50, compiled=False))
    assert files(cache) == kept


def test_a_numba_without_the_module_for_files(cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba.core.caching", None)
    specification = importlib.util.spec_from_file_location("compiling_elsewhere", compiling.__file__)
    elsewhere = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(elsewhere)
    assert elsewhere.FunctionCache is None
    assert elsewhere.jit(closing_over(10.0), keep=True)(2.0) == 20.0
    assert elsewhere.fingerprint(doubled) == fingerprint(doubled)
    assert files(cache) == {}


def test_arithmetic_is_ieee():
    assert jit(lambda x: 1.0 / x)(0.0) == np.inf
    assert jit(lambda x, y: (x + y) - x)(1e16, 1.0) == 0.0
    assert jit(lambda x: x * 0.1 + x * 0.2)(3.0) == 3.0 * 0.1 + 3.0 * 0.2
    assert np.isnan(jit(lambda x: x * 0.0)(np.inf))
    assert jit(lambda x: x != x)(np.nan)


# -- across processes ------------------------------------------------------------------------

RULE = """
from math import sqrt
import my_library

A = 1.25

def weight(v):
    return 1.5 * sqrt(v)

def rule(g, v):
    v = 0.5 * v + A * g * g
    return (v,), my_library.direction(g), weight(v)
"""
LIBRARY = """
def direction(g):
    return 2.5 * g
"""
GAME = """
    import json, sys
    from numba.core import event
    sys.path.insert(0, sys.argv[1])
    import my_rule
    import regretlab as rl

    class Mine(rl.learners.Algorithm1):
        rule = staticmethod(my_rule.rule)

    with event.install_recorder("numba:compile") as recorder:
        learners = [Mine(alpha=0.1 * (k + 1)) for k in range(int(sys.argv[2]))]
        games = rl.play_all(learners, rl.losses.RandomLinear(1), rl.sets.Box(-1.0, 1.0), 120, compiled=True)
    points = [game.point.tobytes().hex() for game in games]
    moments = [game.state.moments["v"].tobytes().hex() for game in games]
    print(json.dumps([len(recorder.buffer), points, moments]))
"""


def edit(path, before, after):
    """Change a source file, but not its size nor its time."""
    text, stat = path.read_text(), path.stat()
    assert text.count(before) == 1
    assert len(before) == len(after)
    path.write_text(text.replace(before, after))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def interpreted(folder, n):
    """The same game without any compiler, from the files as they are now."""
    library = module((folder / "my_library.py").read_text(), "my_library")
    text = (folder / "my_rule.py").read_text().replace("import my_library", "")
    rule = module(text, "my_rule")
    rule.my_library = library
    learner = type("Mine", (Algorithm1,), {"rule": staticmethod(rule.rule), "__module__": __name__})
    learners = [learner(alpha=0.1 * (k + 1)) for k in range(n)]
    games = rl.play_all(learners, rl.losses.RandomLinear(1), INTERVAL, 120, compiled=False)
    return [[bits(game.point) for game in games], [bits(game.state.moments["v"]) for game in games]]


@pytest.mark.slow
def test_a_second_process_compiles_nothing_and_an_edited_rule_is_never_stale(tmp_path):
    """Five processes in a row, on one folder of compiled files."""
    cache = tmp_path / "cache"
    rule, library = tmp_path / "my_rule.py", tmp_path / "my_library.py"
    rule.write_text(RULE)
    library.write_text(LIBRARY)

    def play(n):
        compilations, *answers = json.loads(run(GAME, tmp_path, n, NUMBA_CACHE_DIR=cache, PYTHONHASHSEED="random"))
        numbers = [[bits(np.array([from_hex(x)])) for x in answer] for answer in answers]
        assert numbers == interpreted(tmp_path, n)
        return compilations

    assert play(1) > 0
    before = files(cache)
    assert before
    assert play(1) == 0
    assert files(cache) == before
    for path, old, new in (
        (rule, "1.5 * sqrt", "3.5 * sqrt"),
        (library, "2.5 * g", "4.5 * g"),
    ):
        edit(path, old, new)
        assert play(1) > 0
    assert before.items() <= files(cache).items()
    edit(library, "4.5 * g", "2.5 * g")  # and back again
    edit(rule, "3.5 * sqrt", "1.5 * sqrt")
    now = files(cache)
    assert play(1) == 0
    assert files(cache) == now


@pytest.mark.slow
def test_shipped_learners_are_found_again_by_a_second_process(tmp_path):
    script = """
        from numba.core import event
        import regretlab as rl
        F, losses = rl.sets.Box(-1.0, 1.0), rl.losses.Rademacher(2)
        with event.install_recorder("numba:compile") as recorder:
            rl.play(rl.learners.AMSGrad(), losses, F, 20_000)
            state = rl.learners.OGD().start(rl.sets.Box(-1.0, 1.0).with_dimension(200))
            rl.learners.OGD().update(state, [1.0] * 200)
        print(len(recorder.buffer))
    """
    assert int(run(script, NUMBA_CACHE_DIR=tmp_path)) > 0
    before = files(tmp_path)
    assert int(run(script, NUMBA_CACHE_DIR=tmp_path)) == 0
    assert files(tmp_path) == before


# -- within a process ----------------------------------------------------------------------------


def learner_with(rule):
    return type("Mine", (Algorithm1,), {"rule": staticmethod(rule), "__module__": __name__})()


def test_a_rule_that_is_defined_again_is_compiled_again(cache):
    """As in a notebook, where a cell is edited and run again."""
    games = []
    for factor in (1.0, 2.0):
        rule = written(f"def f(g, v): return (v + {factor} * abs(g),), g, 1.0 + v")
        games.append([rl.play(learner_with(rule), Waves(), INTERVAL, 60, compiled=how) for how in (True, False)])
    for compiled, plain in games:
        assert contents_of(compiled) == contents_of(plain)
    assert contents_of(games[0][0]) != contents_of(games[1][0])


def contents_of(game):
    return bits(game.point), bits(game.state.moments["v"])


def test_a_helper_that_is_defined_again_is_compiled_again(cache):
    """As in a notebook, where only the cell with the helper is edited and run again."""
    rule = written("def h(x): return x + 1.0\ndef f(g, v): return (v + h(g),), g, 1.0")
    rl.play(learner_with(rule), Waves(), INTERVAL, 60, compiled=True)
    exec("def h(x): return x + 2.0", rule.__globals__)
    games = [rl.play(learner_with(rule), Waves(), INTERVAL, 60, compiled=how) for how in (True, False)]
    assert contents_of(games[0]) == contents_of(games[1])


def test_a_rule_that_cannot_be_compiled_says_so(cache):
    rule = written("def f(g, v): return (v + eval('g * g'),), g, 1.0")
    learner = learner_with(rule)
    assert rl.play(learner, Waves(), INTERVAL, 30).horizon == 30
    with pytest.raises(rl.GameError, match=r"(?s)^round 1: the rule cannot be compiled, .*eval") as caught:
        rl.play(learner, Waves(), INTERVAL, 30, compiled=True)
    assert isinstance(caught.value.__cause__, compiling.Uncompilable)
    assert caught.value.game.extend(30, compiled=False).horizon == 30


HELPERS = {
    "helper": "def h(x): return 2.0 * x\ndef f(x): return x + h(x)",
    "helper's helper": "def k(x): return 2.0 * x\ndef h(x): return k(x) + 1.0\ndef f(x): return h(x)",
    "lambda with a default": "h = lambda x, y=0.5: x * y\ndef f(x): return h(x) + h(x, 2.0)",
    "closure": "def make(c):\n    def h(x): return c * x\n    def f(x): return h(x)\n    return f\nf = make(0.3)",
    "recursion": "def h(n): return 1.0 if n <= 0 else 2.0 * h(n - 1)\ndef f(x): return x * h(3)",
    "inner function": "def f(x):\n    def h(y): return 2.0 * y\n    return h(x)",
    "compiled already": "import numba\n@numba.njit\ndef h(x): return 2.0 * x\ndef f(x): return h(x)",
    "math and numpy": "import math, numpy as np\ndef f(x): return np.sqrt(x) + math.exp(0.0) + max(x, 0.5)",
}


@pytest.mark.parametrize("name", HELPERS)
def test_compiled_functions_may_call_plain_ones(name):
    f = written(HELPERS[name])
    assert jit(f)(2.5) == f(2.5)


def test_compiling_changes_nothing_of_what_it_compiles():
    helper = written("def h(x): return 2.0 * x\ndef f(x): return h(x)")
    space = dict(helper.__globals__)
    assert jit(helper)(4.0) == 8.0
    assert helper.__globals__ == space
    assert type(helper.__globals__["h"]) is types.FunctionType
    library = module("def h(x): return 2.0 * x")
    assert jit(written("def f(x): return lib.h(x)", lib=library))(4.0) == 8.0
    assert type(library.h) is types.FunctionType


def test_loops_are_composed_once_per_rule():
    a, b = rl.learners.Adam(alpha=0.1), rl.learners.Adam(alpha=0.7, beta2=0.5)
    loops = kernels.compose(a.binding.call, kernels.cell_gradient, True)
    assert kernels.compose(b.binding.call, kernels.cell_gradient, True) is loops
    assert kernels.compose(a.binding.call, kernels.cell_gradient, False) is not loops

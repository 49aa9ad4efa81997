# ruff: noqa: E501 - a text for each edit, in one line
"""Edits to a user's module between two runs, and what no edit may change: texts of modules that define ``game()``.

In each text K is a constant of the module that a user changes from 1 to 2, and ``helper`` another module of the
user's.  To add an edit, add a text to ``EDITS``; to add one that happens while the program runs, add a text and a
statement to ``IN_PLACE``.
"""

from __future__ import annotations

import sys
import textwrap
import types

__all__ = ["EDITS", "IN_PLACE", "ORDINARY", "REFUSED", "module"]

HEAD = """
import functools, math, enum, operator, collections, decimal, types, typing
import numpy as np, regretlab as rl, helper
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
LinearLosses, Algorithm1, Box, OGD = rl.losses.LinearLosses, rl.learners.Algorithm1, rl.sets.Box, rl.learners.OGD
def saw(t): return np.where(t % 3 == 1, 3.0, -1.0)[:, None]
def game(): return OGD(), Own(), Box(-1.0, 1.0)
"""

HELPER = """
import types
K = {K}
TABLE = [0.0, K]
class Config: rate = K
sub = types.ModuleType("helper.sub")
sub.TABLE = {{"k": K}}
def scale(t): return K + 0.0 * t[:, None]
def shifted(x, by=K): return x * by
def __getattr__(name):
    if name == "LAZY": return K
    raise AttributeError(name)
"""


def losses(expression: str, before: str = "", body: str = "") -> str:
    """A module with a loss sequence whose gradients at rounds t are ``expression``, as often as saw(t)."""
    return (
        f"{textwrap.dedent(before)}\n@dataclass(frozen=True)\nclass Own(LinearLosses):\n"
        f"{textwrap.indent(textwrap.dedent(body), '    ')}\n    def gradients(self, t): return {expression}\n"
    )


def module(text: str, K: float) -> types.ModuleType:
    """The module ``own`` with this text, after an edit of the constant K there and in the module ``helper``."""
    for name, source in (("helper", HELPER.format(K=K)), ("own", f"K = {K}\n{HEAD}\n{text}")):
        made = sys.modules[name] = types.ModuleType(name)
        exec(compile(source, f"<{name}>", "exec"), vars(made))
    return sys.modules["own"]


EDITS: dict[str, str] = {
    # constants and containers
    "global number": losses("K * saw(t)"),
    "class attribute": losses("self.slope * saw(t)", body="slope = K"),
    "class variable": losses("self.slope * saw(t)", body="slope: typing.ClassVar[float] = K"),
    "dictionary as a class attribute": losses("self.slope['a'][0] * saw(t)", body="slope = {'a': [K]}"),
    "array": losses("TABLE[(t - 1) % 3][:, None]", "TABLE = K * np.array([3.0, -1.0, -1.0])"),
    "array of objects": losses("TABLE[0] * saw(t)", "TABLE = np.array([K, None])"),
    "structured array": losses("TABLE['k'][0] * saw(t)", "TABLE = np.array([(K, 1)], dtype=[('k', float), ('n', int)])"),
    "masked array": losses(
        "TABLE.filled(1.0)[0] * saw(t)", "TABLE = np.ma.array([7.0], mask=[K == 1.0])"
    ),
    "numpy number": losses("C * saw(t)", "C = np.float32(K)"),
    "list": losses("C[0] * saw(t)", "C = [K]"),
    "tuple of arrays": losses("C[0][0] * saw(t)", "C = (np.array([K]), 'name')"),
    "dictionary": losses("C['k'] * saw(t)", "C = {'k': K}"),
    "key of a dictionary": losses("max(C) * saw(t)", "C = {K: 'k'}"),
    "order of a dictionary": losses("next(iter(C.values())) * saw(t)", "C = {1: 1.0, 2: 2.0} if K == 1.0 else {2: 2.0, 1: 1.0}"),
    "nested containers": losses("C['a'][1]['b'][0] * saw(t)", "C = {'a': [0, {'b': (K,)}]}"),
    "set": losses("max(C) * saw(t)", "C = {K, 0.5}"),
    "default dictionary": losses("C.default_factory() * saw(t)", "C = collections.defaultdict(lambda: K)"),
    "deque": losses("C[-1] * saw(t)", "C = collections.deque([0.0, K])"),
    "named tuple": losses("C.k * saw(t)", "C = collections.namedtuple('C', 'k n')(K, 3)"),
    "namespace": losses("C.k * saw(t)", "C = types.SimpleNamespace(k=K)"),
    "read-only mapping": losses("C['k'] * saw(t)", "C = types.MappingProxyType({'k': K})"),
    "decimal": losses("float(C) * saw(t)", "C = decimal.Decimal(K)"),
    "range": losses("len(C) * saw(t)", "C = range(int(K))"),
    "number of one's own": losses("C * saw(t)", "class Unit(float): pass\nC = Unit(K)"),
    "list of one's own": losses("C.k * saw(t)", "class A(list): pass\nC = A([1.0])\nC.k = K"),
    "array of one's own": losses("C.k * saw(t)", "class A(np.ndarray): k = K\nC = np.ones(1).view(A)"),
    "dictionary of one's own": losses("C['no'] * saw(t)", "class A(dict):\n    def __missing__(self, key): return K\nC = A(a=1.0)"),
    "large integer": losses("(C % 5) * saw(t)", "C = 5 ** 3000 + int(K)"),
    "text": losses("len(C) * saw(t)", "C = 'x' * int(K)"),
    # classes and objects of one's own
    "attribute of a class": losses("C.k * saw(t)", "class C: k = K"),
    "attribute of an object": losses("C.k * saw(t)", "class A:\n    def __init__(self): self.k = K\nC = A()"),
    "slots": losses("C.k * saw(t)", "class A:\n    __slots__ = ('k',)\n    def __init__(self): self.k = K\nC = A()"),
    "dataclass as configuration": losses("C.k * saw(t)", "@dataclass\nclass A:\n    k: float = 1.0\nC = A(K)"),
    "enumeration": losses("C.FAST.value * saw(t)", "class C(enum.Enum): FAST = K"),
    "object that is called": losses("C() * saw(t)", "class A:\n    def __init__(self, k): self.k = k\n    def __call__(self): return self.k\nC = A(K)"),
    "method of an object": losses("C() * saw(t)", "class A:\n    def __init__(self, k): self.k = k\n    def get(self): return self.k\nC = A(K).get"),
    "method of a list": losses("C(0) * saw(t)", "C = [K].__getitem__"),
    "descriptor": losses("self.k * saw(t)", "class D:\n    def __init__(self, k): self.k = k\n    def __get__(self, one, cls): return self.k", "k = D(K)"),
    "base class": losses("self.k * saw(t)", "class Base: k = K").replace("(LinearLosses)", "(Base, LinearLosses)"),
    "super": losses("super().gradients(t)", "class Base(LinearLosses):\n    def gradients(self, t): return K * saw(t)").replace("Own(LinearLosses)", "Own(Base)"),
    "metaclass": losses("C.k * saw(t)", "class M(type): k = K\nclass C(metaclass=M): pass"),
    "class decorator": losses("self.k * saw(t)", "def give(cls):\n    cls.k = K\n    return cls").replace("@dataclass", "@give\n@dataclass"),
    "default of a field": losses("self.c * saw(t)", body="c: float = K") + "def game(): return OGD(), Own, Box(-1.0, 1.0)\n",
    "factory of a field": losses("self.c[0] * saw(t)", body="c: tuple = field(default_factory=lambda: (K,))") + "def game(): return OGD(), Own, Box(-1.0, 1.0)\n",
    "metadata of a field": losses("self.__dataclass_fields__['c'].metadata['k'] * saw(t)", body="c: float = field(default=1.0, metadata={'k': K})"),
    # functions
    "helper": losses("h() * saw(t)", "def h(): return K"),
    "helper of a helper": losses("h() * saw(t)", "def g(): return K\ndef h(): return g()"),
    "closure": losses("h() * saw(t)", "def make(k):\n    def h(): return k\n    return h\nh = make(K)"),
    "default argument": losses("k * saw(t)").replace("self, t", "self, t, k=K"),
    "keyword argument": losses("k * saw(t)").replace("self, t", "self, t, *, k=K"),
    "lambda in a dictionary": losses("C['f']() * saw(t)", "C = {'f': lambda: K}"),
    "attribute of a function": losses("h.k * saw(t)", "def h(): pass\nh.k = K"),
    "function inside a function": losses("sum(k for k in [K]) * saw(t)"),
    "partial": losses("h() * saw(t)", "def g(k): return k\nh = partial(g, K)"),
    "partial method": losses("self.g() * saw(t)", body="def f(self, k): return k\ng = functools.partialmethod(f, K)"),
    "wrapper": losses("h() * saw(t)", "def times(k):\n    def wrap(f):\n        @functools.wraps(f)\n        def inner(): return k * f()\n        return inner\n    return wrap\n@times(K)\ndef h(): return 1.0"),
    "wrapper of a method": losses("self.h() * saw(t)", "def times(k):\n    def wrap(f):\n        @functools.wraps(f)\n        def inner(self): return k * f(self)\n        return inner\n    return wrap", "@times(K)\ndef h(self): return 1.0"),
    "wrapper that bears numpy's name": losses("h(1.0) * saw(t)", "@functools.wraps(np.sin)\ndef h(x): return K * x"),
    "cached function": losses("h() * saw(t)", "@lru_cache\ndef h(): return K"),
    "cached method": losses("self.h() * saw(t)", body="@lru_cache\ndef h(self): return K"),
    "cached property": losses("self.h * saw(t)", body="@cached_property\ndef h(self): return K"),
    "property": losses("self.h * saw(t)", body="@property\ndef h(self): return K"),
    "static method": losses("self.h() * saw(t)", body="@staticmethod\ndef h(): return K"),
    "class method": losses("self.h() * saw(t)", body="@classmethod\ndef h(cls): return K"),
    "single dispatch": losses("h(1) * saw(t)", "@functools.singledispatch\ndef h(x): return 0.0\n@h.register\ndef _(x: int): return K"),
    "methodcaller": losses("C([1.0, 2.0]) * saw(t)", "C = operator.itemgetter(int(K) - 1)"),
    "which function": losses("h(3.0) * saw(t)", "h = math.sqrt if K == 1.0 else math.exp"),
    "vectorized function": losses("h(saw(t))", "h = np.vectorize(lambda x: K * x)"),
    "polynomial": losses("C(1.0) * saw(t)", "C = np.poly1d([K])"),
    "generator of random numbers": losses("(C.standard_normal() if len(t) > 99 else 1.0) * saw(t) * K", "C = np.random.default_rng(int(K))"),
    "spline": losses("C(0.5) * saw(t)", "from scipy.interpolate import CubicSpline\nC = CubicSpline([0.0, 1.0], [K, K])"),
    "sparse matrix": losses("C[0, 0] * saw(t)", "from scipy.sparse import csr_matrix\nC = csr_matrix([[K]])"),
    "series of pandas": losses("C['k'] * saw(t)", "import pandas as pd\nC = pd.Series({'k': K})"),
    "docstring that decides": losses("float(self.__doc__) * saw(t)").replace("class Own(LinearLosses):", "class Own(LinearLosses):\n    __doc__ = str(K)"),
    "context of contextlib": losses("h() * saw(t)", "import contextlib\n@contextlib.contextmanager\ndef c(): yield K\ndef h():\n    with c() as k: return k"),
    "compiled function": losses("h() * saw(t)", "import numba\n@numba.njit\ndef h(): return K"),
    "function of the C library": losses("h(4.0) * saw(t)", "h = math.sqrt if K == 1.0 else math.exp2 if hasattr(math, 'exp2') else math.exp"),
    "argument of the program": losses("sys.argv[-1] * saw(t)", "import sys\nsys.argv[-1:] = [K]"),
    "map": losses("list(map(h, [1.0]))[0] * saw(t)", "h = lambda x: K * x"),
    "named tuple with a method": losses("C(1).k() * saw(t)", "class C(typing.NamedTuple):\n    n: int\n    def k(self): return K"),
    "attribute set on the instance": losses("self.k * saw(t)", body="def __post_init__(self): object.__setattr__(self, 'k', K)"),
    "method of a class of functions": losses("C.f.g() * saw(t)", "class C:\n    class f:\n        @staticmethod\n        def g(): return K"),
    # other modules
    "attribute of a module": losses("helper.K * saw(t)"),
    "list in a module": losses("helper.TABLE[1] * saw(t)"),
    "class in a module": losses("helper.Config.rate * saw(t)"),
    "module in a module": losses("helper.sub.TABLE['k'] * saw(t)"),
    "function of a module": losses("helper.scale(t) * saw(t)"),
    "function imported from a module": losses("shifted(saw(t))", "from helper import shifted"),
    "module under another name": losses("m.K * saw(t)", "m = helper"),
    "module in a class": losses("self.m.K * saw(t)", body="m = helper"),
    "module as an argument": losses("get(helper) * saw(t)", "def get(m): return m.K"),
    "module in a dictionary": losses("C['m'].K * saw(t)", "C = {'m': helper}"),
    "import inside a function": losses("h() * saw(t)", "def h():\n    import helper as inside\n    return inside.K"),
    "from import inside a function": losses("h() * saw(t)", "def h():\n    from helper import K as k\n    return k"),
    "getattr": losses("getattr(helper, 'K') * saw(t)"),
    "getattr of a name put together": losses("getattr(helper, 'k'.upper()) * saw(t)"),
    "globals": losses("globals()['K'] * saw(t)"),
    "import_module": losses("importlib.import_module('helper').K * saw(t)", "import importlib"),
    "lazy attribute of a module": losses("helper.LAZY * saw(t)"),
    # other parts of a game
    "rule": """
class Plain(Algorithm1):
    @staticmethod
    def rule(g, s): return (s + abs(g),), K * g, 1.0
def game(): return Plain(), rl.losses.Mod3(), Box(-1.0, 1.0)
""",
    "helper of a rule": """
def h(x): return TABLE[0] * x
TABLE = (K, 0.0)
class Plain(Algorithm1):
    @staticmethod
    def rule(g): return (), h(g), 1.0
def game(): return Plain(), rl.losses.Mod3(), Box(-1.0, 1.0)
""",
    "meaning of a stepsize": """
class Plain(OGD): stepsize = rl.schedules.Constant if K == 1.0 else rl.schedules.Inverse
def game(): return Plain(), rl.losses.Mod3(), Box(-1.0, 1.0)
""",
    "update": """
@dataclass(frozen=True)
class Slow(rl.learners.Learner):
    def start(self, F, point=None): return rl.learners.State(0, np.zeros(1), {}, F)
    def update(self, s, g): return rl.learners.State(s.t + 1, s.feasible_set.project(s.point - 0.1 * K * np.asarray(g)), {}, s.feasible_set)
def game(): return Slow(), rl.losses.Mod3(), Box(-1.0, 1.0)
""",
    "learner in a learner": """
class Plain(Algorithm1):
    @staticmethod
    def rule(g): return (), K * g, 1.0
def game(): return rl.learners.WithEpsilon(Plain(), 0.1), rl.losses.Mod3(), Box(-1.0, 1.0)
""",
    "schedule": """
@dataclass(frozen=True)
class Steps(rl.schedules.Schedule):
    def shape(self, t): return K / (K + t)
def game(): return OGD(alpha=Steps(0.3)), rl.losses.Mod3(), Box(-1.0, 1.0)
""",
    "link": """
@dataclass(frozen=True)
class Power(rl.losses.PointwiseLoss):
    @staticmethod
    def value(z, y): return K * (z - y) * (z - y)
    @staticmethod
    def derivative(z, y): return 2.0 * K * (z - y)
def game(): return OGD(), rl.losses.Examples(np.array([[1.0], [0.5]]), np.array([0.3, 0.1]), Power()), Box(-1.0, 1.0)
""",
    "feasible set": """
@dataclass(frozen=True, eq=False)
class Short(rl.sets.FeasibleSet):
    dimension: int = 1
    def _project(self, y, weights): return np.clip(y, -K, K)
    def contains(self, x, tolerance=0.0): return bool((np.abs(x) <= K + 1e-9).all())
    def diameter(self, norm=np.inf): return 2.0 * K
    def minimize_linear(self, c): return -K * np.sign(c)
def game(): return OGD(alpha=9.0), rl.losses.Mod3(), Short()
""",
    "convex losses": """
@dataclass(frozen=True)
class Squares(rl.losses.ConvexLosses):
    def value(self, t, x): return K * float(((x - 0.5) ** 2).sum())
    def gradient(self, t, x): return 2.0 * K * (x - 0.5)
def game(): return OGD(), Squares(), Box(-1.0, 1.0)
""",
}  # fmt: skip

IN_PLACE: dict[str, tuple[str, str]] = {
    "array": (losses("C[0] * saw(t)", "C = np.array([1.0])"), "C[0] = 2.0"),
    "list": (losses("C[0] * saw(t)", "C = [1.0]"), "C[0] = 2.0"),
    "dictionary": (losses("C['k'] * saw(t)", "C = {'k': 1.0}"), "C['k'] = 2.0"),
    "global": (losses("C * saw(t)", "C = 1.0"), "C = 2.0"),
    "helper": (losses("h() * saw(t)", "def h(): return 1.0"), "def h(): return 2.0"),
    "attribute of another module": (losses("helper.K * saw(t)"), "helper.K = 2.0"),
    "array in a closure": (losses("h() * saw(t)", "C = np.array([1.0])\ndef make(c): return lambda: c[0]\nh = make(C)"), "C[:] = 2.0"),
    "default that is a list": (losses("c[0] * saw(t)", "C = [1.0]").replace("self, t", "self, t, c=C"), "C[0] = 2.0"),
    "class attribute": (losses("self.c * saw(t)", body="c = 1.0"), "Own.c = 2.0"),
    "method": (losses("saw(t)"), "Own.gradients = lambda self, t: 2.0 * saw(t)"),
    "attribute of an object": (losses("C.k * saw(t)", "C = types.SimpleNamespace(k=1.0)"), "C.k = 2.0"),
    "cached property": (losses("self.c[0] * saw(t)", body="@cached_property\ndef c(self): return [1.0]"), "PARTS[1].c[0] = 2.0"),
}  # fmt: skip

REFUSED: dict[str, str] = {
    "generator": losses("next(C) * saw(t)", "C = (1.0 for _ in range(99))"),
    "file": losses("h() * saw(t)", "def h():\n    with open(rl.__file__) as file: return len(file.read(1))"),
    "file of numpy": losses("np.fromfile(rl.__file__, 'u1', 1).size * saw(t)"),
    "text of a file": losses("len(PATH.read_text()[:1]) * saw(t)", "import pathlib\nPATH = pathlib.Path(rl.__file__)"),
    "environment": losses("float(os.environ.get('K', 1)) * saw(t)", "import os"),
    "variable of the environment": losses("float(getenv('K') or 1) * saw(t)", "from os import getenv"),
    "clock": losses("(time.time() > 0) * saw(t)", "import time"),
    "text that is run": losses("eval('K') * saw(t)"),
    "ufunc of a function": losses("C(saw(t)).astype(float)", "C = np.frompyfunc(lambda x: K * x, 1, 1)"),
    "iterator": losses("len(C) * saw(t)", "C = [iter(zip([1.0], [2.0]))]\nC[0] = (c for c in C)"),
}  # fmt: skip

ORDINARY: dict[str, str] = {
    **{name: EDITS[name] for name in (
        "global number", "class attribute", "array", "dictionary", "dataclass as configuration", "helper", "closure",
        "partial", "wrapper", "cached property", "cached function", "function of a module", "super", "enumeration",
        "vectorized function", "rule", "schedule", "link", "feasible set", "convex losses", "spline",
    )},
    "logger": losses("log.debug('now') or saw(t)", "import logging\nlog = logging.getLogger('own')"),
    "constructor that reads a file": losses("self.c * saw(t)", body="c: float = 1.0\n@classmethod\ndef from_csv(cls, path):\n    with open(path) as file: return cls(float(file.read()))"),
    "what is not used": losses("saw(t)", "PLAN = (n for n in range(3))\nimport os\nHERE = os.environ"),
    "attribute that is not used": losses("saw(t)", body="plan = iter([1.0])"),
    "lock": losses("h() * saw(t)", "import threading\nlock = threading.Lock()\ndef h():\n    with lock: return 1.0"),
    "numpy and scipy": losses("np.clip(expit(np.linalg.norm(saw(t), axis=1)), 0.0, 1.0)[:, None]", "from scipy.special import expit"),
    "random sequence": """
@dataclass(frozen=True)
class Noise(rl.losses.RandomLinearLosses):
    scale: float = 0.5
    def sample(self, rng, n): return self.scale * rng.standard_normal((n, 1))
def game(): return OGD(), Noise(), Box(-1.0, 1.0)
""",
    "type hints": losses("saw(t)", "T = typing.TypeVar('T')\nclass A(typing.Generic[T]): pass", "kind: typing.ClassVar[A[int]] = A()"),
    "abstract base": losses("self.k() * saw(t)", "import abc\nclass Base(abc.ABC):\n    @abc.abstractmethod\n    def k(self): ...", "def k(self): return 1.0").replace("(LinearLosses)", "(Base, LinearLosses)"),
}  # fmt: skip

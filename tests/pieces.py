"""Sequences, learners, sets and schedules as users write them, good and bad, and what `the same game` means."""

import importlib
import os
import signal
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import regretlab as rl
from regretlab.learners import Algorithm1, Learner, State
from regretlab.losses import ConvexLosses, LinearLosses, Losses, RandomConvexLosses
from regretlab.schedules import Schedule

INTERVAL = rl.sets.Box(-1.0, 1.0)
LEARNERS = [getattr(rl.learners, name)() for name in ("OGD", "AdaGrad", "RMSProp", "Adam", "AMSGrad", "AdamNC")]


def cube(d):
    return rl.sets.Box(np.full(d, -1.0), np.full(d, 1.0))


def bits(array):
    """The bytes of an array of floats or ints, so that -0.0 and 0.0 differ and NaN equals NaN."""
    array = np.ascontiguousarray(array)
    return array.dtype.str, array.shape, array.tobytes()


def contents(game):
    """All that a game knows, bit for bit."""
    record = game.record
    return {
        "t": game.horizon,
        "point": bits(game.point),
        **{name: bits(moment) for name, moment in game.state.moments.items()},
        "loss": bits(game.loss),
        "gradient": bits(game.gradient),
        "record.t": bits(record.t),
        "record.point": bits(record.point),
        "record.loss": bits(record.loss),
        "record.gradient": bits(record.gradient),
    }


def assert_same(game, other):
    """Same bits: point, moments, sums, record, and the tables made of them."""
    assert contents(game) == contents(other)
    assert game.regret.equals(other.regret)
    assert list(game.regret.columns) == list(other.regret.columns)
    assert game.points.equals(other.points)


def from_hex(text):
    return struct.unpack("<d", bytes.fromhex(text))[0]


# -- sequences -----------------------------------------------------------------------


@dataclass(frozen=True)
class Waves(LinearLosses):
    """g_{t,i} = cos(t (i + 1) / 3) + i / 4: no two rounds alike, no randomness."""

    d: int = 1

    def gradients(self, t):
        i = np.arange(self.d)
        return np.cos(np.asarray(t)[:, None] * (i + 1) / 3.0) + i / 4.0


@dataclass(frozen=True)
class Sawtooth(LinearLosses):
    """f_t(x) = c_t x with c_t = (t mod p) - q."""

    p: int = 5
    q: float = 1.5

    def gradients(self, t):
        return ((t % self.p) - self.q)[:, None]


@dataclass(frozen=True)
class Fails(LinearLosses):
    """Waves until round ``at``, where the answer is replaced by ``with_`` or given up with an exception."""

    at: int
    with_: object
    d: int = 1

    def gradients(self, t):
        g = Waves(self.d).gradients(t)
        here = np.flatnonzero(t == self.at)
        if here.size:
            if isinstance(self.with_, BaseException):
                raise self.with_
            if callable(self.with_):
                return self.with_(g)
            g[here, -1] = self.with_
        return g


@dataclass(frozen=True)
class Interrupted(LinearLosses):
    """Waves, but Ctrl-C is pressed the first time that round ``at`` is asked for."""

    at: int
    d: int = 1
    pressed: list = field(default_factory=list, compare=False)

    def gradients(self, t):
        if self.at in t and not self.pressed:
            self.pressed.append(True)
            raise KeyboardInterrupt
        return Waves(self.d).gradients(t)


@dataclass(frozen=True)
class Squares(ConvexLosses):
    """f_t(x) = |x - z_t|^2, z_t = 0.7 cos(t, 2t, ...)."""

    d: int = 1

    @property
    def dimension(self):
        return self.d

    def centre(self, t):
        return 0.7 * np.cos(t * np.arange(1, self.d + 1))

    def value(self, t, x):
        return float(((x - self.centre(t)) ** 2).sum())

    def gradient(self, t, x):
        return 2.0 * (x - self.centre(t))


@dataclass(frozen=True)
class Distances(Squares):
    """f_t(x) = |x - z_t|_1: the same sequence without smoothness."""

    def value(self, t, x):
        return float(np.abs(x - self.centre(t)).sum())

    def gradient(self, t, x):
        return np.sign(x - self.centre(t))


@dataclass(frozen=True)
class NoisySquares(RandomConvexLosses):
    """f_t(x) = (x - z_t)^2 with z_t uniform on [-1, 1]."""

    def draw(self, rng):
        return rng.uniform(-1.0, 1.0)

    def value(self, z, x):
        return float((x[0] - z) ** 2)

    def gradient(self, z, x):
        return 2.0 * (x - z)


@dataclass(frozen=True)
class FailsConvex(ConvexLosses):
    """(x - 1/2)^2 until round ``at``, where value or gradient is replaced."""

    at: int
    value_: object = None
    gradient_: object = None
    d: int = 1

    @property
    def dimension(self):
        return self.d

    def _answer(self, t, replaced, good):
        if t != self.at or replaced is None:
            return good
        if isinstance(replaced, BaseException):
            raise replaced
        return replaced

    def value(self, t, x):
        return self._answer(t, self.value_, float(((x - 0.5) ** 2).sum()))

    def gradient(self, t, x):
        return self._answer(t, self.gradient_, 2.0 * (x - 0.5))


class Following(Losses):
    """Neither linear nor oblivious: f_t(u) = |u - x_t|."""

    def reveal(self, t, x, seed):
        centre = x.copy()
        return rl.losses.Loss(lambda u: float(np.abs(u - centre).sum()), lambda u: np.sign(u - centre))


# -- sets, schedules, learners ---------------------------------------------------------


class JointBox(rl.sets.Box):
    """A set that is no Box to the driver, with the same points and the same projection."""


class PythonBox(rl.sets.Box):
    """A set whose projection is in plain numpy, so that its games go round by round."""

    def _project(self, y, weights):
        return np.where(y < self.lo, self.lo, np.where(y > self.hi, self.hi, y))


@dataclass(frozen=True)
class Table(Schedule):
    """Values from a list, again and again."""

    table: object = (1.0, 0.5, 0.25)

    def shape(self, t):
        return np.asarray(self.table, dtype=np.float64)[(t - 1) % len(self.table)]


@dataclass(frozen=True)
class Pause(Schedule):
    """1/sqrt(t), but it cannot answer for round ``at``; rounds of its own choice are checked when it is made."""

    at: int = 123

    def shape(self, t):
        if t.ndim and self.at in t:
            raise LookupError(f"no stepsize for round {self.at}")
        return 1.0 / np.sqrt(t)


@dataclass(frozen=True)
class Averaging(Learner):
    """Not of Algorithm 1: x_{t+1} = Pi_F(-rate mean(g_1..g_t)), in a few lines of numpy."""

    rate: float = 0.3

    def start(self, feasible_set, point=None):
        x = feasible_set.nearest_to_origin() if point is None else np.array(point, dtype=np.float64)
        return State(0, x, {"sum": np.zeros(x.size)}, feasible_set)

    def update(self, state, gradient):
        total = state.moments["sum"] + np.asarray(gradient)
        t = state.t + 1
        return State(t, state.feasible_set.project(-self.rate * total / t), {"sum": total}, state.feasible_set)


@dataclass(frozen=True)
class Frozen(rl.learners.Adam):
    """Of Algorithm 1, but with an update of its own: it never moves."""

    def update(self, state, gradient):
        return State(state.t + 1, state.point, state.moments, state.feasible_set)


@dataclass(frozen=True)
class Amplifier(Algorithm1):
    """Its moment is gain * sum g^2, which overflows only for a large gain."""

    gain: float = 1.0

    @staticmethod
    def rule(g, total, gain):
        return (total + gain * g * g,), g, 1.0


@dataclass(frozen=True)
class Derived(LinearLosses):
    """A field that is computed, not given."""

    C: float = 3.0
    half: float = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "half", self.C / 2.0)

    def gradients(self, t):
        return np.where(t % 3 == 1, self.C, -self.half)[:, None]


@dataclass(frozen=True)
class Deadly(LinearLosses):
    """f_t(x) = slope x; where ``fatal``, the process dies as long as ``deaths`` has fewer than ``times`` bytes."""

    slope: float = 1.0
    fatal: bool = False
    times: int = 0
    deaths: str = ""

    def gradients(self, t):
        if self.fatal:
            with Path(self.deaths).open("a+") as file:
                if file.tell() < self.times:
                    file.write("x")
                    file.flush()
                    os.kill(os.getpid(), signal.SIGKILL)
        return np.full((len(t), 1), self.slope)


@dataclass(frozen=True)
class HalfWritten(LinearLosses):
    """f_t(x) = slope x; where ``fatal``, the first process dies after it has written half of what it sends next."""

    slope: float = 1.0
    fatal: bool = False
    deaths: str = ""

    def gradients(self, t):
        if self.fatal and not Path(self.deaths).exists():
            Path(self.deaths).touch()
            connection = importlib.import_module("multiprocessing.connection").Connection

            def half(self, buffer, write=None):
                os.write(self.fileno(), bytes(buffer)[: len(buffer) // 2])
                os.kill(os.getpid(), signal.SIGKILL)

            connection._send = half
        return np.full((len(t), 1), self.slope)

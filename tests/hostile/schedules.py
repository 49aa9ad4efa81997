"""Schedules of one's own: overridden methods, equal schedules that are different, memory, wrong values."""

import dataclasses
from dataclasses import dataclass, field

import numpy as np

import regretlab as rl

from . import program

L, S, F, W = rl.learners, rl.losses, rl.sets, rl.schedules
B, WIDE, UP = F.Box(-1.0, 1.0), F.Box(-100.0, 100.0), S.Periodic([1.0])


def made(name, base, **body):
    """A decorated subclass in one line."""
    return dataclass(frozen=True)(type(name, (base,), body))


def warm(self, t):
    return np.minimum(1.0, t / 10)


def warmed(scale):
    """The same values as a function."""
    return lambda t: scale * np.minimum(1.0, t / 10)


@dataclass(frozen=True)
class Ramp(W.Schedule):
    n: int = field(default=10, compare=False)

    def shape(self, t):
        return np.minimum(1.0, t / self.n)


@dataclass(frozen=True)
class Alike(W.Schedule):
    """All of these are equal and have one hash."""

    n: int = 10

    def shape(self, t):
        return np.minimum(1.0, t / self.n)

    def __eq__(self, other):
        return isinstance(other, Alike)

    def __hash__(self):
        return 1


@dataclass(frozen=True)
class OfItsScale(W.Schedule):
    """A shape that depends on the scale: value_t = scale * (1 if scale > 0.2 else 0.5)."""

    def shape(self, t):
        return np.full(t.shape, 1.0 if self.scale > 0.2 else 0.5)


@dataclass(frozen=True, eq=False)
class Table(W.Schedule):
    values: np.ndarray = field(default_factory=lambda: np.ones(3))

    def shape(self, t):
        return self.values[(t - 1) % len(self.values)]


def end(alpha, T=5, **how):
    return rl.play(L.OGD(alpha=alpha), UP, WIDE, T, **how).point[0]


def ends(learners, T=6, losses=UP, F=WIDE):
    return [game.point[0] for game in rl.play_all(learners, losses, F, T, compiled=False)]


# -- the override is used ----------------------------------------------------------------------------


@program(right=-0.15)
def constant_with_a_shape():
    return end(made("Warm", W.Constant, shape=warm)(0.1))


@program(right=[-0.15] * 6)
def each_shipped_schedule_with_a_shape():
    kinds = (W.InverseSqrt, W.Inverse, W.InversePower, W.Geometric, W.OneMinusInverse, W.Values)
    return [end(made("Warm", kind, shape=warm)(0.1)) for kind in kinds]


@program(right=-0.15)
def constant_with_a_shape_in_a_subclass_of_a_subclass():
    return end(made("Mine", made("Warm", W.Constant, shape=warm))(0.1))


@program(right=[0.0, 0.0, 0.0])
def constant_with_a_shape_as_alpha_and_betas_with_ledger_and_compiled():
    Warm = made("Warm", W.Constant, shape=warm)
    T, own = 20, L.Adam(alpha=Warm(0.1), beta1=Warm(0.9), beta2=Warm(0.9))
    by_function = L.Adam(alpha=warmed(0.1), beta1=warmed(0.9), beta2=warmed(0.9))
    x = rl.play(by_function, S.Mod3(), B, T, compiled=False).point[0]
    games = [rl.play(own, S.Mod3(), B, T), rl.play(own, S.Mod3(), B, T, ledger=True), rl.play(own, S.Mod3(), B, T)]
    return [game.point[0] - x for game in games]


@program(refused="constant stepsize")
def doubling_trick_with_a_warm_constant():
    return L.DoublingTrick(L.OGD(alpha=made("Warm", W.Constant, shape=warm)(0.1)))


@program(refused="must be a number")
def coin_betting_with_a_warm_constant():
    return L.CoinBetting(G=made("Warm", W.Constant, shape=warm)(1.0))


@program(refused="varies")
def periodic_prediction_with_a_warm_beta():
    return rl.periodic.predict(L.Adam(beta1=0.0, beta2=made("Warm", W.Constant, shape=warm)(0.5)), S.Mod3(), B)


@program(refused="alpha/t^gamma")
def periodic_prediction_with_another_root():
    flat = made("Flat", W.InverseSqrt, shape=lambda self, t: np.ones(t.shape))
    return rl.periodic.predict(L.Adam(alpha=flat(0.1), beta1=0.0, beta2=0.1), S.Mod3(), B)


@program(right=False)
def certificate_for_a_constant_that_is_none():
    alternating = made("Alternating", W.Constant, shape=lambda self, t: np.where(t % 2 == 0, 3.0, 1.0))
    game = rl.play(L.OGD(alpha=alternating(0.1)), UP, B, 50, compiled=False)
    return game.certify("ogd_constant").certified


@program(right=False)
def certificate_for_a_root_that_is_none():
    flat = made("Flat", W.InverseSqrt, shape=lambda self, t: np.ones(t.shape))
    return rl.play(L.AdaGrad(alpha=flat(0.1)), UP, B, 50, compiled=False).certify("adagrad").certified


@program(refused="override shape")
def constant_with_a_call():
    return end(made("Twice", W.Constant, __call__=lambda self, t: 2.0 * self.scale + 0.0 * t)(0.1))


@program(refused="override shape")
def inverse_with_a_unit():
    return end(made("Twice", W.Inverse, unit=lambda self, t: 2.0 / t)(0.1))


@program(refused="override shape")
def schedule_with_a_same_shape():
    return made("Own", Ramp, same_shape=lambda self: self)


@program(refused="did you mean shape")
def constant_with_shapes():
    return made("Warm", W.Constant, shapee=warm)


@program(refused="@dataclass")
def constant_with_a_default_and_no_decorator():
    class Small(W.Constant):
        scale: float = 0.01

    return end(Small())


@program(refused="@dataclass")
def schedule_with_a_field_and_no_decorator():
    class Late(W.InverseSqrt):
        after: int = 100

        def shape(self, t):
            return 1.0 / np.sqrt(np.maximum(1, t - self.after))

    return end(Late(0.1))


# -- equal and different -----------------------------------------------------------------------------


@program(right=[-0.21, -0.0021])
def ramps_whose_length_is_not_compared():
    return ends([L.OGD(alpha=Ramp(0.1, n=10)), L.OGD(alpha=Ramp(0.1, n=1000))])


@program(right=[-0.21, -0.0021])
def ramps_that_say_they_are_equal():
    return ends([L.OGD(alpha=Alike(0.1, n=10)), L.OGD(alpha=Alike(0.1, n=1000))])


@program(right=[0.0, 0.0])
def betas_whose_length_is_not_compared():
    learners = [L.Adam(alpha=0.5, beta1=Ramp(0.9, n=n), beta2=0.5) for n in (10, 1000)]
    x = [rl.play(learner, S.Mod3(), B, 30, compiled=False).point[0] for learner in learners]
    return np.subtract(ends(learners, 30, S.Mod3(), B), x)


@program(right=[-0.15, -0.0015])
def ramps_in_compare():
    frame = rl.compare({"a": L.OGD(alpha=Ramp(0.1, n=10)), "b": L.OGD(alpha=Ramp(0.1, n=1000))}, UP, WIDE, 6)
    return frame[frame.t == 6].x_1.tolist()


@program(right=[-3.0, -0.6])
def shapes_that_depend_on_the_scale():
    return ends([L.OGD(alpha=OfItsScale(0.5)), L.OGD(alpha=OfItsScale(0.2))])


@program(right=[-0.6, -1.2])
def tables_of_equal_length():
    return ends([L.OGD(alpha=Table(0.1)), L.OGD(alpha=Table(0.1, values=np.full(3, 2.0)))])


@program(right=[-0.6, -1.2])
def constants_of_a_class_changed_by_hand():
    Own = made("Own", W.Schedule, factor=1.0, shape=lambda self, t: np.full(t.shape, self.factor))
    one, two = Own(0.1), Own(0.1)
    object.__setattr__(two, "factor", 2.0)
    return ends([L.OGD(alpha=one), L.OGD(alpha=two)])


@program(right=[-0.6, -1.2])
def slots():
    @dataclass(frozen=True, slots=True)
    class Slotted(W.Schedule):
        factor: float = 1.0

        def shape(self, t):
            return np.full(t.shape, self.factor)

    return ends([L.OGD(alpha=Slotted(0.1)), L.OGD(alpha=Slotted(0.1, factor=2.0))])


# -- values ------------------------------------------------------------------------------------------


@program(refused="real numbers")
def complex_values():
    return end(lambda t: 0.1 + 1j * t)


@program(refused="real numbers")
def values_of_true_and_false():
    return end(lambda t: t > 0)


@program(refused="real numbers")
def texts():
    return end(lambda t: np.full(t.shape, "0.1"))


@program(refused="real numbers")
def objects():
    return end(lambda t: np.array([None] * t.size))


@program(refused="one value per round")
def one_value_for_all_rounds():
    return end(lambda t: 0.1)


@program(refused="depend on its round alone")
def a_generator_with_memory():
    rng = np.random.default_rng(0)
    return end(lambda t: 0.1 + rng.random(t.shape))


@program(refused="depend on its round alone")
def divided_by_the_largest_round_asked():
    return end(lambda t: t / t.max())


@program(refused="depend on its round alone")
def divided_by_the_number_of_rounds_asked():
    return end(lambda t: t / t.size)


@program(refused="depend on its round alone")
def a_running_sum():
    return end(lambda t: 0.1 * np.cumsum(np.ones(t.shape)))


@program(refused="depend on its round alone")
def a_counter_in_a_field():
    @dataclass(frozen=True)
    class Counter(W.Schedule):
        calls: list = field(default_factory=list, compare=False)

        def shape(self, t):
            self.calls.append(t)
            return np.full(t.shape, 1.0 / len(self.calls))

    return end(Counter(0.1))


@program(refused="no values at the rounds")
def a_table_that_ends():
    return end(lambda t: np.array([0.1, 0.2, 0.3])[t - 1])


@program(refused="NameError")
def an_error_in_the_function():
    return end(lambda t: undefined * t)  # noqa: F821


@program(refused="scale='0.1' must be a number")
def a_text_as_scale():
    return end(W.InverseSqrt("0.1"))


@program(refused="scale=1j must be a number")
def a_complex_scale():
    return W.Constant(1j)


@program(refused="scale=True must be a number")
def true_as_scale():
    return W.Inverse(True)


@program(refused="scale=array([0.1, 0.2]) must be a number")
def two_scales():
    return W.Constant(np.array([0.1, 0.2]))


@program(right=-0.5)
def a_number_of_numpy_as_scale():
    return end(W.Constant(np.array(0.1)))


@program(refused="ratio='0.5' must be a number")
def a_text_as_ratio():
    return W.Geometric(0.9, ratio="0.5")


@program(refused="function=0.1 must be a function")
def a_number_as_function():
    return W.Values(function=0.1)


@program(refused="must be positive")
def an_infinite_scale():
    return end(W.Inverse(np.inf))


@program(right=-0.15)
def a_schedule_replaced():
    Warm = made("Warm", W.Constant, shape=warm)
    return end(dataclasses.replace(Warm(0.3), scale=0.1))


# -- fields that decide nothing ----------------------------------------------------------------------


@program(refused="n, which decides nothing")
def a_field_that_no_method_reads():
    @dataclass(frozen=True)
    class Warm(W.InverseSqrt):
        n: int = 10

    return end(Warm(0.1))


@program(refused="length, which decides nothing")
def a_field_beside_the_one_that_is_read():
    @dataclass(frozen=True)
    class Longer(Ramp):
        length: int = 20

    return end(Longer(0.1))


@program(right=[-0.15, -0.15, -0.15])
def fields_that_are_read_somewhere_or_are_labels():
    def ramp(schedule, t):
        return np.minimum(1.0, t / schedule.n)

    @dataclass(frozen=True)
    class Passed(W.Schedule):
        n: int = 10
        note: str = "a text decides nothing, and says so"

        def shape(self, t):
            return ramp(self, t)

    @dataclass(frozen=True)
    class Inner(W.Schedule):
        n: int = 10

        def shape(self, t):
            return np.array([min(1.0, s / self.n) for s in t.ravel()]).reshape(t.shape)

    @dataclass(frozen=True)
    class Derived(Ramp):
        @property
        def length(self):
            return self.n

        def shape(self, t):
            return super().shape(t)

    return [end(kind(0.1)) for kind in (Passed, Inner, Derived)]


@program(refused="read-only")
def a_function_that_changes_the_rounds():
    def doubled(t):
        t *= 2
        return 0.1 / t

    return end(doubled)


@program(refused="schedules.Constant(0.1)")
def a_function_that_is_constant():
    return end(lambda t: 0.1)


@program(refused="is a class")
def a_class_of_schedules():
    return end(W.Constant)

"""Loss sequences: overridden methods, closed forms, losses that are not convex, arrays from outside."""

import copy
import gzip
import pickle
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import regretlab as rl

from . import program

L, S, F, W = rl.learners, rl.losses, rl.sets, rl.schedules
B, DISC = F.Box(-1.0, 1.0), F.L2Ball(1.0)
OGD = L.OGD(alpha=0.5)
A = np.array([[1.0, 0.5], [0.25, -1.0], [-0.5, 0.75]])
Y = np.array([0.5, -0.25, 1.0])


def made(name, base, **body):
    """A decorated subclass in one line."""
    return dataclass(frozen=True, eq=False)(type(name, base if isinstance(base, tuple) else (base,), body))


def gradient_sum(losses, feasible_set=B, T=10, learner=OGD, **how):
    return rl.play(learner, losses, feasible_set, T, compiled=False, **how).gradient.sum()


def last(losses, feasible_set=B, T=50, learner=OGD):
    return rl.play(learner, losses, feasible_set, T, compiled=False).regret.iloc[-1]


def ones(t):
    return np.ones((len(t), 1))


# -- methods of sequences that are overridden --------------------------------------------------------


@program(right=70.0)
def mod3_with_gradients_of_its_own():
    return gradient_sum(made("Sevens", S.Mod3, gradients=lambda self, t: 7.0 * ones(t))())


@program(right=[70.0, 70.0])
def mod3_with_gradients_of_its_own_side_by_side():
    sevens = made("Sevens", S.Mod3, gradients=lambda self, t: 7.0 * ones(t))()
    games = rl.play_all([OGD, L.OGD(alpha=0.1)], sevens, B, 10, compiled=False)
    return [game.gradient.sum() for game in games]


@program(right=-70.0)
def mod3_with_gradients_of_its_own_against_its_best_point():
    return last(made("Sevens", S.Mod3, gradients=lambda self, t: 7.0 * ones(t))(), T=10).comparator_loss


@program(right=70.0)
def mod3_with_gradients_from_a_mixin():
    mixin = type("Mixin", (), {"gradients": lambda self, t: 7.0 * ones(t)})
    return gradient_sum(made("Sevens", (mixin, S.Mod3))())


@program(right=40.0)
def gradients_of_a_grandchild_with_another_pattern():
    sevens = made("Sevens", S.Mod3, gradients=lambda self, t: 7.0 * ones(t))
    fours = made("Fours", sevens, gradients=lambda self, t: 4.0 * ones(t))
    return gradient_sum(fours())


@program(right=20.0)
def mod3_with_another_pattern():
    return gradient_sum(made("Twos", S.Mod3, pattern=property(lambda self: np.array([[2.0]])))())


@program(right=20.0)
def mod3_with_a_constant_pattern():
    return gradient_sum(made("Twos", S.Mod3, pattern=np.array([[2.0]]))())


@program(refused="override pattern")
def one_period_overridden():
    return gradient_sum(made("Twos", S.Mod3, one_period=np.array([[2.0]]))())


@program(right=50.0)
def mod3_with_a_block_of_its_own():
    return gradient_sum(made("Fives", S.Mod3, block=lambda self, a, b, seed: np.full((b - a, 1), 5.0))())


@program(refused="gradients")
def the_limit_cycle_of_a_pattern_that_is_not_played():
    return rl.periodic.drift(
        L.Adam(beta1=0.0, beta2=0.1), made("Sevens", S.Mod3, gradients=lambda self, t: 7.0 * ones(t))()
    )


@program(refused="drift")
def the_stochastic_drift_of_other_draws():
    own = made("Own", S.ReddiStochastic, sample=lambda self, rng, n: np.ones((n, 1)))
    try:
        return rl.periodic.stochastic_drift(own(), 0.9, 0.99)
    except TypeError as error:
        raise TypeError(f"drift: {error}") from error


@program(refused="override gradients")
def linear_losses_that_reveal_absolute_values():
    made(
        "Abs",
        S.LinearLosses,
        gradients=lambda self, t: ones(t),
        reveal=lambda self, t, x, seed: S.Loss(lambda u: float(abs(u[0])), np.sign),
    )


@program(refused="override gradients")
def linear_losses_with_data_of_their_own():
    made("Own", S.Mod3, data=lambda self, a, b, seed: (np.ones((b - a, 1)),))


@program(refused="override answer")
def an_adversary_of_quadratics():
    @dataclass(frozen=True)
    class Answer(S.AdaptiveLosses):
        def answer(self, t, x):
            raise NotImplementedError

        def reveal(self, t, x, seed):
            c = -np.sign(x[0]) or 1.0
            return S.Loss(lambda u: float((u[0] - c) ** 2), lambda u: 2 * (u - c))

    return rl.play(L.OGD(alpha=0.5), Answer(), B, 100).regret.iloc[-1].tolist()


@program(refused="linear")
def an_adversary_that_says_it_is_not_linear():
    return last(made("Own", S.AdaptiveLosses, linear=False, answer=lambda self, t, x: np.sign(x) + 0.5)())


@program(refused="linear")
def prediction_losses_that_say_they_are_linear():
    return last(made("Own", S.Examples, linear=True)(A, Y), DISC)


@program(refused="override sample")
def random_gradients_that_are_not_drawn():
    made("Own", S.Rademacher, gradients=lambda self, t: ones(t))


@program(right=10.0)
def other_draws():
    return gradient_sum(made("Own", S.Rademacher, sample=lambda self, rng, n: np.ones((n, 1)))())


@program(right=[5.0, 15.0])
def gradients_that_depend_on_the_seed():
    own = made("Own", S.LinearLosses, gradients=lambda self, t, seed=0: (0.5 + seed) * ones(t))
    return [gradient_sum(own(), seed=seed) for seed in (0, 1)]


@program(refused="twice")
def draws_into_one_array():
    buffer = np.empty((4096, 1))

    def sample(self, rng, n):
        buffer[:] = rng.standard_normal((4096, 1))
        return buffer[:n]

    return gradient_sum(made("Own", S.Rademacher, sample=sample)(), T=9000)


def rows(self, t):
    return np.tile([[1.0, 0.0]], (len(t), 1)), np.zeros(len(t))


@program(right=[0.0, 0.0])
def examples_with_rows_of_their_own():
    """f_t(x) = x_1^2 / 2 from x_1 = 0."""
    return [gradient_sum(made("Own", base, rows=rows)(A, Y), DISC) for base in (S.Examples, S.ShuffledExamples)]


@program(right=0.0)
def the_best_point_of_examples_with_rows_of_their_own():
    return last(made("Own", S.Examples, rows=rows)(A, Y), DISC).comparator_loss


def first(self, t, seed=0):
    return np.zeros((len(t), self.batch), dtype=np.int64)


@program(right=[0.0, 0.0, 0.0])
def examples_in_an_order_of_their_own():
    """Always the first example: a point with <a_1, u> = y_1 pays nothing."""
    return [
        last(made("Own", base, examples=first)(A, Y), DISC, 12).comparator_loss
        for base in (S.Examples, S.ShuffledExamples, S.SampledExamples)
    ]


@program(right=[3 * np.log(2.0)] * 3)
def softmax_regression_in_an_order_of_its_own():
    """On a set with the point 0 alone."""
    return [
        last(made("Own", base, examples=first)(A, [0, 1, 0]), F.Box(-1e-9, 1e-9), 3).comparator_loss
        for base in (S.SoftmaxRegression, S.ShuffledSoftmaxRegression, S.SampledSoftmaxRegression)
    ]


@program(refused="override examples")
def examples_that_are_counted_wrongly():
    made("Own", S.Examples, counts=lambda self, t, seed=0: np.ones(3))


@program(refused="override reveal")
def softmax_regression_with_a_value_of_its_own():
    made("Own", S.SoftmaxRegression, value=lambda self, t, x, seed=0: 0.0)


@program(right=[10.0, 10.0])
def softmax_regression_that_reveals_something_else():
    """f_t(x) = 1 + x_1^2, also for the comparator."""
    own = made(
        "Own",
        S.SoftmaxRegression,
        reveal=lambda self, t, x, seed: S.Loss(
            lambda u: 1.0 + float(u[0] ** 2), lambda u: 2.0 * u * (np.arange(u.size) == 0)
        ),
    )
    row = last(own(A, [0, 1, 0]), DISC, 10)
    return [row.loss, row.comparator_loss]


@program(right=0.0)
def walking_quadratics_with_centres_of_their_own():
    own = made("Own", S.WalkingQuadratics, centres=lambda self, t, seed=0: np.zeros((len(t), 1)))
    return last(own(), B).loss


@program(right=20.0)
def circling_quadratics_with_centres_of_their_own():
    own = made("Own", S.CirclingQuadratics, centres=lambda self, t: np.full((len(t), 2), [0.0, 3.0]))
    return last(own(), DISC, 10).comparator_loss


@program(refused="override centres")
def quadratics_with_rows():
    made("Own", S.CirclingQuadratics, rows=rows)


@program(refused="features")
def a_random_model_that_draws_labels():
    made("Own", S.RandomLeastSquares, sample=lambda self, rng, n: (np.ones((n, 10)), np.zeros(n)))


@program(right=0.0)
def a_random_model_with_features_of_its_own():
    own = made("Own", S.RandomLeastSquares, features=lambda self, rng, n: np.zeros((n, 10)))
    return gradient_sum(own(), F.L2Ball(1.0))


@program(refused="label")
def a_random_model_with_labels_that_its_loss_does_not_allow():
    own = made("Own", S.RandomLogistic, labels=lambda self, signal, noises: np.where(signal > 0.0, 1.0, 0.0))
    return gradient_sum(own(d=2), DISC)


@program(right=[9.0, 9.0])
def random_convex_losses_that_reveal_something_else():
    own = made(
        "Own",
        S.RandomConvexLosses,
        draw=lambda self, rng: rng.random(),
        value=lambda self, z, x: z * float(x[0]),
        gradient=lambda self, z, x: np.array([z]),
        reveal=lambda self, t, x, seed: S.Loss(lambda u: 0.9 + 0.0 * u[0], lambda u: np.zeros(1)),
    )
    row = last(own(), B, 10)
    return [row.loss, row.comparator_loss]


@program(right=[9.0, 9.0])
def convex_losses_that_reveal():
    own = made(
        "Own",
        S.ConvexLosses,
        value=lambda self, t, x: 7.0,
        gradient=lambda self, t, x: np.ones(1),
        reveal=lambda self, t, x, seed: S.Loss(lambda u: 0.9 + 0.0 * u[0], lambda u: np.zeros(1)),
    )
    row = last(own(), B, 10)
    return [row.loss, row.comparator_loss]


@program(refused="value")
def a_check_of_convex_losses_that_say_two_things():
    own = made(
        "Own",
        S.ConvexLosses,
        value=lambda self, t, x: 7.0,
        gradient=lambda self, t, x: np.ones(1),
        reveal=lambda self, t, x, seed: S.Loss(lambda u: 0.9 + 0.0 * u[0], lambda u: np.zeros(1)),
    )
    rl.check_losses(own(), B)


ADDED = {
    "value": (S.LinearLosses, {"gradients": lambda self, t: ones(t)}),
    "gradients": (S.ConvexLosses, {"value": lambda self, t, x: 0.0, "gradient": lambda self, t, x: 0 * x}),
    "rows": (S.LinearLosses, {"gradients": lambda self, t: ones(t)}),
    "sample": (S.LinearLosses, {"gradients": lambda self, t: ones(t)}),
    "centres": (S.PredictionLosses, {"rows": rows}),
    "pattern": (S.LinearLosses, {"gradients": lambda self, t: ones(t)}),
    "prefix_sum": (S.LinearLosses, {"gradients": lambda self, t: ones(t)}),
    "best_in_hindsight": (S.AdaptiveLosses, {"answer": lambda self, t, x: np.ones(1)}),
    "answer": (S.LinearLosses, {"gradients": lambda self, t: ones(t)}),
    "draw": (S.ConvexLosses, {"value": lambda self, t, x: 0.0, "gradient": lambda self, t, x: 0 * x}),
}


def _added(name):
    def run():
        base, body = ADDED[name]
        made("Own", base, **body, **{name: lambda self, *a: 1.0})

    run.__name__ = f"a_method_{name}_that_nothing_calls"
    run.__module__ = __name__
    return program(refused=name)(run)


for _name in ADDED:
    _added(_name)


@program(refused="gradients")
def a_misspelt_method():
    made("Own", S.Mod3, gradiens=lambda self, t: ones(t))


# -- what a class says of itself ---------------------------------------------------------------------


@program(right=0.52)
def an_inherited_comparator_of_other_losses():
    other = made("Other", S.CirclingQuadratics, link=S.Absolute())
    return round(float(last(other(), DISC, learner=L.OGD()).regret), 2)


def claims(value, gradient, **body):
    return made("Claims", S.ConvexLosses, linear=True, value=value, gradient=gradient, **body)()


@program(refused="not linear")
def parabolas_that_say_they_are_linear():
    return last(claims(lambda self, t, x: float((x[0] - 1) ** 2), lambda self, t, x: 2 * (x - 1)))


@program(refused="not linear")
def absolute_values_that_say_they_are_linear():
    return last(claims(lambda self, t, x: float(abs(x[0] - 0.5)), lambda self, t, x: np.sign(x - 0.5)))


@program(refused="not linear")
def affine_losses_that_say_they_are_linear():
    return last(claims(lambda self, t, x: float(x[0] + 1.0), lambda self, t, x: np.ones(1)))


@program(refused="not linear")
def losses_that_are_linear_in_the_beginning():
    def value(self, t, x):
        return float(x[0]) if t < 30 else float(max(x[0], 2.0 * x[0]))

    return last(claims(value, lambda self, t, x: np.ones(1) if t < 30 or x[0] <= 0 else 2 * np.ones(1)), T=100)


@program(right=-50.0)
def linear_losses_in_python():
    return last(claims(lambda self, t, x: float(x[0]), lambda self, t, x: np.ones(1))).comparator_loss


@program(refused="linear = ")
def a_check_of_parabolas_that_say_they_are_linear():
    rl.check_losses(claims(lambda self, t, x: float((x[0] - 1) ** 2), lambda self, t, x: 2 * (x - 1)), B)


def bowl(self, t, x):
    return float((x[0] - 0.5) ** 2)


def slope(self, t, x):
    return 2 * (x - 0.5)


@program(right=0.0)
def an_inherited_closed_form_of_a_class_of_ones_own():
    """The parent's sums are those of (x - 1/2)^2; the child plays x^2."""
    parent = made(
        "Parent",
        S.ConvexLosses,
        value=bowl,
        gradient=slope,
        prefix_sum=lambda self, t, seed=0: S.Loss(lambda u: t * bowl(self, 1, u), lambda u: t * slope(self, 1, u)),
    )
    child = made("Child", parent, value=lambda self, t, x: float(x[0] ** 2), gradient=lambda self, t, x: 2 * x)
    return last(child(), B).comparator_loss


@program(refused="prefix_sum(1) is")
def a_check_of_sums_that_are_wrong():
    own = made(
        "Own",
        S.ConvexLosses,
        value=bowl,
        gradient=slope,
        prefix_sum=lambda self, t, seed=0: S.Loss(lambda u: float(u @ u), lambda u: 2 * u),
    )
    rl.check_losses(own(), B)


@program(refused="prefix_sum")
def a_check_of_sums_with_wrong_gradients():
    own = made(
        "Own",
        S.ConvexLosses,
        value=bowl,
        gradient=slope,
        prefix_sum=lambda self, t, seed=0: S.Loss(lambda u: t * bowl(self, 1, u), lambda u: slope(self, 1, u) / 3),
    )
    rl.check_losses(own(), B)


@program(refused="best_in_hindsight")
def a_check_of_a_best_point_that_is_not_the_best():
    own = made(
        "Own",
        S.ConvexLosses,
        value=bowl,
        gradient=slope,
        best_in_hindsight=lambda self, K, t, seed=0: (np.zeros((len(t), 1)), 0.25 * np.asarray(t, float)),
    )
    rl.check_losses(own(), B)


@program(refused="best_in_hindsight says")
def a_check_of_a_best_point_with_a_wrong_sum():
    own = made(
        "Own",
        S.ConvexLosses,
        value=bowl,
        gradient=slope,
        best_in_hindsight=lambda self, K, t, seed=0: (np.full((len(t), 1), 0.5), np.ones(len(t))),
    )
    rl.check_losses(own(), B)


@program(refused="mu = 5.0")
def a_check_of_losses_that_are_less_convex_than_they_say():
    rl.check_losses(made("Own", S.ConvexLosses, mu=5.0, value=bowl, gradient=slope)(), B)


@program(right=0.0)
def a_check_of_losses_as_convex_as_they_say():
    rl.check_losses(made("Own", S.ConvexLosses, mu=2.0, value=bowl, gradient=slope)(), B)
    return 0.0


@program(refused="SAdam")
def a_mean_called_mu_is_no_strong_convexity():
    @dataclass(frozen=True)
    class Drifting(S.LinearLosses):
        mu: float = 0.3

        def gradients(self, t):
            return self.mu + np.cos(t)[:, None]

    return gradient_sum(Drifting(), learner=L.SAdam())


# -- losses that are not convex ----------------------------------------------------------------------


def wave(frequency):
    return made(
        "Wave",
        S.ConvexLosses,
        value=lambda self, t, x: float(np.cos(frequency * x[0])),
        gradient=lambda self, t, x: -frequency * np.sin(frequency * x),
    )()


@program(refused="not convex")
def waves():
    return last(wave(3.0))


@program(refused="not convex")
def a_check_of_waves():
    rl.check_losses(wave(3.0), B)


@program(refused="not convex")
def a_check_of_fine_waves():
    rl.check_losses(wave(40.0), B)


@program(refused="not convex")
def losses_that_are_convex_in_most_rounds():
    own = made(
        "Own",
        S.ConvexLosses,
        value=lambda self, t, x: float((x @ x) * (1 if t % 16 else -1)),
        gradient=lambda self, t, x: 2 * x * (1 if t % 16 else -1),
    )
    return last(own(), T=40)


@program(refused="subgradient")
def gradients_with_the_wrong_sign():
    own = made("Own", S.ConvexLosses, value=bowl, gradient=lambda self, t, x: -2 * (x - 0.5))
    return last(own())


@program(refused="not convex")
def random_losses_that_are_not_convex():
    own = made(
        "Own",
        S.RandomConvexLosses,
        dimension=3,
        draw=lambda self, rng: rng.random(3),
        value=lambda self, z, x: -float(z @ x**2),
        gradient=lambda self, z, x: -2 * z * x,
    )
    return last(own(), F.L2Ball(2.0))


def link(value, derivative):
    return made("Own", S.PointwiseLoss, value=staticmethod(value), derivative=staticmethod(derivative))()


@program(refused="not convex")
def a_pointwise_loss_that_is_not_convex():
    waves = link(lambda z, y: np.cos(3.0 * (z - y)), lambda z, y: -3.0 * np.sin(3.0 * (z - y)))
    return last(S.Examples(A, Y, waves), DISC)


@program(refused="wrong sign")
def a_pointwise_loss_with_the_wrong_sign():
    return last(S.Examples(A, Y, link(lambda z, y: 0.5 * (z - y) ** 2, lambda z, y: y - z)), DISC)


# -- pointwise losses --------------------------------------------------------------------------------


@program(refused="derivative")
def a_pointwise_loss_without_a_derivative():
    made("Own", S.PointwiseLoss, value=staticmethod(lambda z, y: z - y))()


@program(refused="@staticmethod")
def a_pointwise_loss_with_self():
    @dataclass(frozen=True)
    class Own(S.PointwiseLoss):
        def value(self, z, y):
            return z - y

        def derivative(self, z, y):
            return 1.0

    Own()


@program(refused="did you mean derivative")
def a_pointwise_loss_with_a_misspelt_derivative():
    made("Own", S.Squared, derivativ=staticmethod(lambda z, y: 0.0))


@program(refused="Own.value")
def a_pointwise_loss_with_an_unknown_name():
    @dataclass(frozen=True)
    class Own(S.PointwiseLoss):
        @staticmethod
        def value(z, y):
            return unknown * (z - y)  # noqa: F821

        @staticmethod
        def derivative(z, y):
            return 1.0

    return last(S.Examples(A, Y, Own()), DISC)


@program(refused="delta")
def a_field_that_a_pointwise_loss_does_not_use():
    @dataclass(frozen=True)
    class Own(S.Huber):
        @staticmethod
        def value(z, y):
            return abs(z - y)

        @staticmethod
        def derivative(z, y):
            return np.sign(z - y)

    Own(delta=5.0)


@program(refused="in the same order")
def a_pointwise_loss_with_fields_in_two_orders():
    @dataclass(frozen=True)
    class Own(S.PointwiseLoss):
        a: float = 1.0
        b: float = 2.0

        @staticmethod
        def value(z, y, a, b):
            return a * z + b

        @staticmethod
        def derivative(z, y, b, a):
            return a

    Own()


@program(refused="@dataclass")
def a_pointwise_loss_without_its_decorator():
    class Own(S.Huber):
        delta: float = 3.0

    Own()


@program(refused="override value and derivative")
def a_pointwise_loss_with_functions_of_its_own():
    made("Own", S.Squared, functions=lambda self: (abs, np.sign))


# -- classes without their decorator -----------------------------------------------------------------


@program(refused="@dataclass")
def mod3_without_its_decorator():
    class Own(S.Mod3):
        C: float = 5.0

    return gradient_sum(Own())


@program(refused="@dataclass")
def linear_losses_without_their_decorator():
    class Own(S.LinearLosses):
        slope: float = 5.0

        def gradients(self, t):
            return self.slope * ones(t)

    return gradient_sum(Own())


@program(refused="@dataclass")
def a_child_of_ones_own_class_without_its_decorator():
    @dataclass(frozen=True)
    class Parent(S.LinearLosses):
        slope: float = 5.0

        def gradients(self, t):
            return self.slope * ones(t)

    class Child(Parent):
        slope = 2.0

    return gradient_sum(Child())


@program(right=50.0)
def a_method_in_a_child_without_a_decorator():
    class Own(S.Mod3):
        def gradients(self, t):
            return 5.0 * ones(t)

    return gradient_sum(Own())


# -- what is missing, and errors in what is there ----------------------------------------------------


def _missing(base, method):
    def run():
        made("Own", getattr(S, base))()

    run.__name__ = f"{base}_without_{method}"
    run.__module__ = __name__
    return program(refused=method)(run)


for _base, _method in (
    ("LinearLosses", "gradients(t)"),
    ("RandomLinearLosses", "sample(rng, n)"),
    ("AdaptiveLosses", "answer(t, x)"),
    ("RandomConvexLosses", "draw(rng)"),
    ("ConvexLosses", "gradient(t, x)"),
    ("PredictionLosses", "rows(t)"),
    ("RandomPredictionLosses", "sample(rng, n)"),
    ("Quadratics", "centres(t)"),
    ("PeriodicLosses", "pattern"),
):
    _missing(_base, _method)

C3 = np.array([1.0, 2.0, 3.0])


@program(refused="write dimension = 3")
def a_forgotten_dimension():
    own = made(
        "Q3",
        S.ConvexLosses,
        value=lambda self, t, x: float(((x - C3) ** 2).sum()),
        gradient=lambda self, t, x: 2 * (x - C3),
    )
    return gradient_sum(own(), F.L2Ball(1.0))


@program(refused="says no dimension, so d = 1")
def a_forgotten_dimension_with_an_index():
    own = made("Q3", S.ConvexLosses, value=lambda self, t, x: x[2], gradient=lambda self, t, x: np.ones(3))
    return gradient_sum(own(), F.L2Ball(1.0))


@program(refused="write dimension = 3")
def an_adversary_without_its_dimension():
    return gradient_sum(made("Own", S.AdaptiveLosses, answer=lambda self, t, x: np.ones(3))(), F.L2Ball(1.0))


class _Unknown(S.AdaptiveLosses):
    def answer(self, t, x):
        return unknown  # noqa: F821


@program(refused="_Unknown.answer")
def an_adversary_with_an_unknown_name():
    return gradient_sum(_Unknown())


# -- numbers that are none ---------------------------------------------------------------------------

COMPLEX, TEXT, OBJECT = np.ones((3, 2), complex), np.full((3, 2), "1"), np.full((3, 2), None)


def _unreal(kind, array):
    def run():
        if kind == "features":
            S.Examples(array, Y)
        elif kind == "targets":
            S.Examples(A, array[:, 0])
        elif kind == "labels":
            S.SoftmaxRegression(A, array[:, 0])
        elif kind == "pattern":
            S.PeriodicQuadratics(array)
        elif kind == "values":
            S.Periodic(array)
        elif kind == "gradients":
            gradient_sum(made("Own", S.LinearLosses, gradients=lambda self, t: array[:1].repeat(len(t), 0))(), DISC)
        elif kind == "rows":
            gradient_sum(
                made("Own", S.PredictionLosses, rows=lambda self, t: (array[:1].repeat(len(t), 0), np.ones(len(t))))(),
                DISC,
            )
        elif kind == "centres":
            gradient_sum(made("Own", S.Quadratics, centres=lambda self, t: array[:1].repeat(len(t), 0))(), DISC)
        elif kind == "answer":
            gradient_sum(made("Own", S.AdaptiveLosses, dimension=2, answer=lambda self, t, x: array[0])(), DISC)

    run.__name__ = f"{kind}_of_{array.dtype.kind}"
    run.__module__ = __name__
    return program(refused="real numbers")(run)


for _kind in ("features", "targets", "labels", "pattern", "values", "gradients", "rows", "centres", "answer"):
    for _array in (COMPLEX, TEXT, OBJECT):
        _unreal(_kind, _array)


@program(refused="real number")
def a_loss_that_is_a_text():
    own = made("Own", S.ConvexLosses, value=lambda self, t, x: "0.5", gradient=lambda self, t, x: x)
    return gradient_sum(own())


@program(refused="real number")
def a_loss_that_is_complex():
    own = made("Own", S.ConvexLosses, value=lambda self, t, x: 1j, gradient=lambda self, t, x: x)
    return gradient_sum(own())


@program(refused="real number")
def a_check_of_gradients_that_are_complex():
    own = made("Own", S.ConvexLosses, value=lambda self, t, x: 0.0, gradient=lambda self, t, x: 0j * x)
    rl.check_losses(own(), B)


@program(refused="not all of 0, 1, ..., k - 1")
def classes_from_1_on():
    S.SoftmaxRegression(A, [1, 2, 3])


@program(refused="not all of 0, 1, ..., k - 1")
def classes_with_a_gap():
    S.SoftmaxRegression(A, [0, 2, 0])


@program(right=8.0)
def classes_with_a_gap_and_their_number():
    return S.SoftmaxRegression(A, [0, 2, 0], classes=4).dimension


@program(refused="label")
def labels_0_and_1_for_a_logistic_loss():
    S.Examples(A, [0.0, 1.0, 1.0], S.Logistic())


@program(refused="height=-5.0")
def a_negative_height():
    S.ReddiStochastic(height=-5.0)


@program(refused="slope=0")
def a_slope_of_zero():
    S.ReddiStochastic(slope=0)


@program(refused="period=10000000000 is")
def a_period_that_fits_into_no_memory():
    return gradient_sum(S.ReddiOnline(period=10**10))


# -- arrays that stay open ---------------------------------------------------------------------------


def _written(make, where):
    def run():
        where(make())[...] = 99.0

    run.__name__ = f"writing_into_{make().__class__.__name__}"
    run.__module__ = __name__
    return program(refused="read-only")(run)


for _make, _where in (
    (S.Mod3, lambda s: s.pattern),
    (S.ReddiOnline, lambda s: s.pattern),
    (S.ReddiTheorem2, lambda s: s.one_period),
    (lambda: S.Periodic([1.0, 2.0]), lambda s: s.pattern),
    (lambda: S.Examples(A, Y), lambda s: s.features),
    (lambda: S.ShuffledExamples(A, Y), lambda s: s.targets),
    (lambda: S.SoftmaxRegression(A, [0, 1, 0]), lambda s: s.labels),
    (lambda: S.PeriodicQuadratics(A), lambda s: s.pattern),
):
    _written(_make, _where)


@program(refused="item assignment")
def writing_into_the_values_of_periodic_losses():
    S.Periodic([1.0, 2.0]).values[0] = 9.0


@program(right=[3.0, 3.0])
def a_pattern_that_its_owner_changes():
    table = np.array([[1.0]])
    own = made("Own", S.PeriodicLosses, pattern=property(lambda self: table))()
    before = gradient_sum(own, T=3)
    table[0] = 5.0
    return [before, gradient_sum(own, T=3)]


@program(right=[0.5, 0.5])
def features_that_their_owner_changes():
    a = A.copy()
    own = S.Examples(a, Y)
    a[:] = 0.0
    x = np.zeros(2)
    return (-own.reveal(1, x, 0).gradient(x) / A[0]).tolist()


@program(refused="read-only")
def centres_that_somebody_writes_to():
    S.CirclingQuadratics().centres(np.array([1, 2]))
    S.CirclingQuadratics()._pattern[0] = 1.0


# -- checks at every scale ---------------------------------------------------------------------------

SCALES = 10.0 ** np.arange(-12, 13, 6)


def scaled(s, r, turn=1.0, value_turn=1.0):
    """f_t(x) = s |x - c_t|^2 / r^2 on a set of size r; ``turn`` spoils the gradient."""
    return made(
        "Scaled",
        S.ConvexLosses,
        dimension=2,
        value=lambda self, t, x: value_turn * s * float((((x - r * np.cos(t)) / r) ** 2).sum()),
        gradient=lambda self, t, x: turn * 2 * s * (x - r * np.cos(t)) / r**2,
    )()


@program(right=0.0)
def checks_of_right_losses_at_all_scales():
    for s in SCALES:
        for r in SCALES:
            rl.check_losses(scaled(s, r), F.L2Ball(r), rounds=4)
    return 0.0


def _found(spoilt):
    found = 0
    for s in SCALES:
        for r in SCALES:
            try:
                rl.check_losses(scaled(s, r, **spoilt), F.L2Ball(r), rounds=4)
            except rl.testing.CheckFailed:
                found += 1
    return found


@program(right=25)
def checks_find_a_wrong_sign_at_all_scales():
    return _found({"turn": -1.0})


@program(right=25)
def checks_find_half_a_gradient_at_all_scales():
    return _found({"turn": 0.5})


@program(right=25)
def checks_find_concave_losses_at_all_scales():
    return _found({"value_turn": -1.0, "turn": -1.0})


@program(right=25)
def checks_find_gradients_that_are_off_by_a_hundredth():
    return _found({"turn": 0.99})


# -- sequences with an end ---------------------------------------------------------------------------


def table(n):
    c = np.linspace(-1.0, 1.0, n)
    return made(
        "Table",
        S.ConvexLosses,
        value=lambda self, t, x: float((x[0] - c[t - 1]) ** 2),
        gradient=lambda self, t, x: 2 * (x - c[t - 1]),
    )()


@program(right=0.0)
def a_check_of_a_sequence_with_an_end():
    rl.check_losses(table(100), B)
    return 0.0


@program(refused="check it with rounds=20")
def a_check_of_a_sequence_that_ends_soon():
    rl.check_losses(table(20), B)


@program(right=0.0)
def a_check_of_a_table_of_gradients():
    g = np.cos(np.arange(100.0))[:, None]
    rl.check_losses(made("Table", S.LinearLosses, gradients=lambda self, t: g[t - 1])(), B)
    return 0.0


# -- files -------------------------------------------------------------------------------------------


def read(raw):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits"
        path.write_bytes(raw)
        return S.read_idx(path)


@program(refused="trailing bytes")
def a_small_file_that_unpacks_to_much():
    head = struct.pack(">BBBB1I", 0, 0, 8, 1, 4)
    return read(gzip.compress(head + bytes(10**7)))


@program(refused="too large")
def a_header_of_gibibytes():
    head = struct.pack(">BBBB3I", 0, 0, 8, 3, 10**5, 10**3, 10**3)
    return read(gzip.compress(head + bytes(100)))


@program(refused="truncated")
def a_header_of_gibibytes_in_a_plain_file():
    return read(struct.pack(">BBBB3I", 0, 0, 0x0E, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1) + bytes(100))


@program(refused="truncated")
def a_header_that_ends():
    return read(struct.pack(">BBBB", 0, 0, 8, 200) + bytes(12))


# -- more that was ignored, or taken at its face -----------------------------------------------------


@program(right=[0.0, 1.0, 4.0])
def values_that_depend_on_the_seed():
    own = made(
        "Own",
        S.ConvexLosses,
        value=lambda self, t, x, seed=0: float((x[0] - seed) ** 2),
        gradient=lambda self, t, x, seed=0: 2 * (x - seed),
    )
    return [float(rl.play(OGD, own(), B, 1, seed=seed, compiled=False).loss.sum()) for seed in (0, 1, 2)]


@program(right=[1.0, 2.0])
def answers_that_depend_on_the_seed():
    own = made("Own", S.AdaptiveLosses, answer=lambda self, t, x, seed: np.array([1.0 + seed]))
    return [gradient_sum(own(), T=1, seed=seed) for seed in (0, 1)]


@program(refused="mu=-1.0")
def a_negative_modulus():
    return gradient_sum(made("Own", S.PredictionLosses, mu=-1.0, rows=rows)(), DISC)


@program(refused="e.g. regretlab.losses.Logistic()")
def a_link_that_is_a_class():
    return gradient_sum(made("Own", S.PredictionLosses, link=S.Logistic, rows=rows)(), DISC)


@program(refused="index -1 of 3 examples")
def a_negative_index_of_an_example():
    own = made("Own", S.Examples, examples=lambda self, t, seed=0: np.full((len(t), 1), -1))
    return gradient_sum(own(A, Y), DISC)


@program(refused="index 3 of 3 examples")
def an_index_beyond_the_examples():
    own = made("Own", S.SoftmaxRegression, examples=lambda self, t, seed=0: np.full((len(t), 1), 3))
    return gradient_sum(own(A, [0, 1, 0]), DISC)


@program(refused="field scale")
def a_field_that_nothing_uses():
    @dataclass(frozen=True)
    class Own(S.LinearLosses):
        scale: float = 5.0

        def gradients(self, t):
            return ones(t)

    return gradient_sum(Own())


@program(right=10.0)
def a_text_that_nothing_uses():
    @dataclass(frozen=True)
    class Own(S.LinearLosses):
        label: str = "ones"

        def gradients(self, t):
            return ones(t)

    return gradient_sum(Own())


@program(right=50.0)
def a_field_that_a_function_uses():
    def slopes(own, t):
        return own.scale * ones(t)

    @dataclass(frozen=True)
    class Own(S.LinearLosses):
        scale: float = 5.0

        def gradients(self, t):
            return slopes(self, t)

    return gradient_sum(Own())


@program(refused="override gradients")
def a_mixin_that_reveals():
    mixin = type("Mixin", (), {"reveal": lambda self, t, x, seed: S.Loss(lambda u: 0.0, lambda u: u)})
    made("Own", (mixin, S.Mod3))


@program(refused="the gradients have dimension 1, the game has 3")
def a_dimension_that_the_pattern_has_not():
    own = made("Own", S.Mod3, dimension=3)()
    rl.play_all([OGD, L.OGD(alpha=0.1)], own, B, 5, seeds=(0, 1), compiled=False)


@program(refused="real numbers")
def a_block_of_complex_numbers():
    return gradient_sum(made("Own", S.Mod3, block=lambda self, a, b, seed: 1j * np.ones((b - a, 1)))(), DISC)


@program(refused="returned shape (0, 1)")
def a_block_without_rounds():
    return gradient_sum(made("Own", S.Mod3, dimension=1, block=lambda self, a, b, seed: np.ones((0, 1)))(), DISC)


@program(refused="returned a of shape")
def data_of_too_many_rounds():
    own = made("Own", S.Examples, data=lambda self, a, b, seed: (np.ones((b - a + 1, 1, 2)), np.ones((b - a + 1, 1))))
    return gradient_sum(own(A, Y), DISC)


@program(refused="_nothing.answer")
def a_name_error_in_a_helper():
    class _nothing(S.AdaptiveLosses):
        def answer(self, t, x):
            return self.undefined

    return gradient_sum(_nothing())


@program(refused="read-only")
def the_scales_of_a_random_model():
    S.RandomLeastSquares(d=3).scales[0] = 9.0


@program(refused="rows")
def a_check_of_rows_and_data_that_differ():
    own = made("Own", S.Examples, data=lambda self, a, b, seed: (np.ones((b - a, 1, 2)), np.ones((b - a, 1))))
    rl.check_losses(own(A, Y), DISC)


@program(refused="gradients")
def a_check_of_gradients_and_blocks_that_differ():
    own = made("Own", S.Mod3, block=lambda self, a, b, seed: np.full((b - a, 1), 5.0))
    rl.check_losses(own(), B)


@program(refused="d=10000000000")
def a_dimension_that_fits_into_no_memory():
    return gradient_sum(S.Rademacher(d=10**10))


@program(refused="times d=10000000")
def a_circle_that_fits_into_no_memory():
    return gradient_sum(S.CirclingQuadratics(d=10**7, period=10**7))


@program(right=70.0)
def gradients_that_are_put_into_a_class_later():
    own = made("Sevens", S.Mod3)
    own.gradients = lambda self, t: 7.0 * ones(t)
    return gradient_sum(own())


@program(refused="not convex")
def losses_that_are_not_convex_every_seventh_round():
    own = made(
        "Own",
        S.ConvexLosses,
        value=lambda self, t, x: float((x @ x) * (1 if t % 7 != 3 else -1)),
        gradient=lambda self, t, x: 2 * x * (1 if t % 7 != 3 else -1),
    )
    return last(own(), T=40)


@program(refused="must be a method, or None")
def a_best_point_that_is_a_number():
    made("Own", S.ConvexLosses, value=bowl, gradient=slope, best_in_hindsight=0.5)


@program(refused="must be an integer")
def a_dimension_that_is_a_method():
    own = made("Own", S.ConvexLosses, value=bowl, gradient=slope, dimension=lambda self: 3)
    return gradient_sum(own())


@program(right=0.0)
def a_closed_form_that_is_taken_back():
    own = made("Own", S.CirclingQuadratics, best_in_hindsight=None)
    return round(last(own(), DISC, 10).regret - last(S.CirclingQuadratics(), DISC, 10).regret, 9)


@program(refused="read-only")
def a_copy_of_examples():
    copy.deepcopy(S.Examples(A, Y)).features[0] = 9.0


@program(refused="read-only")
def examples_from_a_pickle():
    pickle.loads(pickle.dumps(S.Mod3())).pattern[0] = 9.0


@program(right=20.0)
def a_constant_that_a_function_uses():
    def slopes(own, t):
        return own.batch * ones(t)

    @dataclass(frozen=True)
    class Own(S.LinearLosses):
        batch: float = 2.0

        def gradients(self, t):
            return slopes(self, t)

    return gradient_sum(Own())


@program(refused="_Undefined.gradients")
def gradients_with_an_unknown_name():
    return gradient_sum(_Undefined())


class _Undefined(S.LinearLosses):
    def gradients(self, t):
        return undefined  # noqa: F821


@program(refused="_Odd.sample")
def a_sample_with_a_misspelt_method():
    return gradient_sum(_Odd())


class _Odd(S.RandomLinearLosses):
    def sample(self, rng, n):
        return rng.norma(n)

"""Regrets: closed forms that are wrong, caches, losses that are not convex, comparators that are none, units."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

import regretlab as rl
from hostile import program
from regretlab import learners as L
from regretlab import losses as S
from regretlab import sets as F

B = F.Box(-1.0, 1.0)
fit = rl.scaling.fit
DISC = F.L2Ball(1.0, dimension=2)


def last(losses, feasible_set=B, T=50, learner=None, **how):
    """The last row of the regret, with a gap of 0 where there is none."""
    frame = rl.play(learner or L.OGD(), losses, feasible_set, T, **how).regret
    row = frame.iloc[-1].to_dict()
    return SimpleNamespace(**{"gap": 0.0, **row})


def made(name, base, **body):
    return dataclass(frozen=True)(type(name, (base,), body))


@dataclass(frozen=True)
class Squares(S.ConvexLosses):
    """(x - c)^2, which has its best point at c, where it pays nothing."""

    c: float = 0.5

    def value(self, t, x):
        return float((x[0] - self.c) ** 2)

    def gradient(self, t, x):
        return 2.0 * (x - self.c)


# -- A3: what a class says of itself in closed form ---------------------------------------


@program(right=1.587, or_refused="best_in_hindsight")
def an_inherited_comparator_of_other_losses():
    Other = made("Other", S.CirclingQuadratics, link=S.Absolute())
    return round(last(Other(), DISC).comparator_loss, 3)


@program(refused="linear")
def losses_that_say_they_are_linear():
    return last(dataclass(frozen=True)(type("Claims", (Squares,), {"linear": True}))()).comparator_loss


@program(refused="round 37")
def losses_that_are_linear_in_all_rounds_but_one():
    @dataclass(frozen=True)
    class Almost(S.ConvexLosses):
        linear = True

        def value(self, t, x):
            return float(np.sin(t) * x[0] + (0.25 * x[0] ** 2 if t == 37 else 0.0))

        def gradient(self, t, x):
            return np.array([np.sin(t) + (0.5 * x[0] if t == 37 else 0.0)])

    return last(Almost()).comparator_loss


@program(refused="linear")
def linear_losses_with_a_constant():
    @dataclass(frozen=True)
    class Affine(S.ConvexLosses):
        linear = True

        def value(self, t, x):
            return float(x[0]) + 1.0

        def gradient(self, t, x):
            return np.ones(1)

    return last(Affine()).comparator_loss


@program(refused="linear")
def linear_losses_against_a_point():
    cls = dataclass(frozen=True)(type("Claims", (Squares,), {"linear": True}))
    return rl.play(L.OGD(), cls(), B, 20).regret_against(0.5).regret.iloc[-1]


@program(right=-50.0)
def losses_that_say_so_and_are_linear():
    @dataclass(frozen=True)
    class Line(S.ConvexLosses):
        linear = True

        def value(self, t, x):
            return float(x[0])

        def gradient(self, t, x):
            return np.ones(1)

    return last(Line()).comparator_loss


def with_closed_form(answer):
    return dataclass(frozen=True)(
        type("Closed", (Squares,), {"best_in_hindsight": lambda self, F, t, seed=0: answer(np.asarray(t))})
    )()


@program(refused="best_in_hindsight")
def a_closed_form_with_another_value():
    return last(with_closed_form(lambda t: (np.full((len(t), 1), 0.5), -1.0 * t))).comparator_loss


@program(refused="best_in_hindsight")
def a_closed_form_with_another_point():
    return last(with_closed_form(lambda t: (np.full((len(t), 1), 0.4), 0.01 * t))).comparator_loss


@program(refused="best_in_hindsight")
def a_closed_form_outside_the_set():
    losses = dataclasses.replace(with_closed_form(lambda t: (np.full((len(t), 1), 2.0), 0.0 * t)), c=2.0)
    return last(losses).comparator_loss


@program(refused="best_in_hindsight")
def a_closed_form_that_is_wrong_late():
    return last(with_closed_form(lambda t: (np.where(t < 40, 0.5, 0.0)[:, None], np.where(t < 40, 0.0, 0.25 * t))))


@program(refused="best_in_hindsight")
def a_closed_form_on_an_unbounded_set():
    closed = with_closed_form(lambda t: (np.full((len(t), 1), 3.0), 6.25 * t))
    return last(closed, F.Reals()).comparator_loss


@program(refused="best_in_hindsight")
def a_closed_form_of_another_shape():
    return last(with_closed_form(lambda t: (np.full(len(t), 0.5), 0.0 * t))).comparator_loss


@program(right=0.0)
def a_closed_form_that_is_right():
    return last(with_closed_form(lambda t: (np.full((len(t), 1), 0.5), 0.0 * t))).comparator_loss


@program(right=20.0)
def a_closed_form_at_a_kink_that_is_right():
    """The median of 1, 0, -1: the gap of a tangent is not 0 there."""

    @dataclass(frozen=True)
    class Median(S.ConvexLosses):
        def value(self, t, x):
            return float(abs(x[0] - (t % 3 - 1)))

        def gradient(self, t, x):
            return np.sign(x - (t % 3 - 1)) + (x == t % 3 - 1)

        def best_in_hindsight(self, feasible_set, t, seed=0):
            c = np.arange(1, t[-1] + 1) % 3 - 1.0
            u = np.array([np.median(c[:s]) for s in t])
            return u[:, None], np.array([np.abs(c[:s] - v).sum() for s, v in zip(t, u, strict=True)])

    return last(Median(), T=30).comparator_loss


def with_prefix_sum(factor):
    def prefix_sum(self, t, seed=0):
        n = factor(t)
        return S.Loss(lambda u: n * float((u[0] - self.c) ** 2) + t - n, lambda u: n * 2.0 * (u - self.c))

    return dataclass(frozen=True)(type("Prefix", (Squares,), {"prefix_sum": prefix_sum}))()


@program(refused="prefix_sum")
def a_prefix_sum_of_other_losses():
    return last(with_prefix_sum(lambda t: 2.0 * t)).regret


@program(refused="prefix_sum")
def a_prefix_sum_that_is_one_round_late():
    return last(with_prefix_sum(lambda t: t - 1.0)).regret


@program(right=0.0)
def a_prefix_sum_that_is_right():
    return last(with_prefix_sum(lambda t: 1.0 * t)).comparator_loss


@program(refused="prefix_sum")
def a_prefix_sum_inside_intervals():
    return rl.play(L.OGD(), with_prefix_sum(lambda t: 2.0 * t), B, 40).interval_regret([8]).regret.iloc[0]


@program(refused="not convex, or its gradient is wrong")
def a_prefix_sum_with_a_wrong_gradient():
    cls = type(
        "Prefix",
        (Squares,),
        {"prefix_sum": lambda self, t, seed=0: S.Loss(
            lambda u: t * float((u[0] - self.c) ** 2), lambda u: -2.0 * t * (u - self.c)
        )},
    )  # fmt: skip
    return last(dataclass(frozen=True)(cls)()).regret


# -- A4: the comparator of another sequence -------------------------------------------------


@dataclass(frozen=True)
class Shifted(S.ConvexLosses):
    c: float = field(default=0.0, compare=False)

    def value(self, t, x):
        return float((x[0] - self.c) ** 2 + self.c)

    def gradient(self, t, x):
        return 2.0 * (x - self.c)


@program(right=[18.0, -18.0])
def sequences_that_are_equal_and_different():
    games = [rl.play(L.OGD(), Shifted(c), B, 20) for c in (0.9, -0.9)]
    return [game.regret.comparator_loss.iloc[-1] for game in games]


@program(right=[18.0, -18.0])
def sequences_that_say_they_are_equal():
    cls = type("Same", (Shifted,), {"__eq__": lambda a, b: True, "__hash__": lambda a: 7})
    Same = dataclass(frozen=True, eq=False)(cls)
    games = [rl.play(L.OGD(), Same(c), B, 20) for c in (0.9, -0.9)]
    return [game.regret.comparator_loss.iloc[-1] for game in games]


@program(right=[18.0, -18.0], or_refused="has changed")
def one_sequence_that_changes_its_array():
    @dataclass(frozen=True, eq=False)
    class Moving(S.ConvexLosses):
        c: np.ndarray

        def value(self, t, x):
            return float((x[0] - self.c[0]) ** 2 + self.c[0])

        def gradient(self, t, x):
            return 2.0 * (x - self.c)

    losses = Moving(np.array([0.9]))
    one = rl.play(L.OGD(), losses, B, 20)
    first = one.regret.comparator_loss.iloc[-1]
    losses.c[0] = -0.9
    return [first, rl.play(L.OGD(), losses, B, 20).regret.comparator_loss.iloc[-1]]


@program(right=[18.0, -18.0])
def one_sequence_that_reads_a_table_that_changes():
    table = [0.9]

    @dataclass(frozen=True)
    class Reads(S.ConvexLosses):
        def value(self, t, x):
            return float((x[0] - table[0]) ** 2 + table[0])

        def gradient(self, t, x):
            return 2.0 * (x - table[0])

    losses, found = Reads(), []
    games = []
    for c in (0.9, -0.9):
        table[0] = c
        games.append(rl.play(L.OGD(), losses, B, 20))
        found.append(games[-1].regret.comparator_loss.iloc[-1])
    return found


@program(refused="has changed")
def a_sequence_that_changed_after_its_game():
    table = [0.9]

    @dataclass(frozen=True)
    class Reads(S.ConvexLosses):
        def value(self, t, x):
            return float((x[0] - table[0]) ** 2 + table[0])

        def gradient(self, t, x):
            return 2.0 * (x - table[0])

    game = rl.play(L.OGD(), Reads(), B, 20)
    table[0] = -0.9
    return game.regret.regret.iloc[-1]


@program(right=[0.0, 0.8])
def sets_that_are_equal_and_different():
    @dataclass(frozen=True, eq=False)
    class Ray(F.Box):
        """An interval that claims to be any other one."""

        def __eq__(self, other):
            return isinstance(other, Ray)

        def __hash__(self):
            return 3

    losses, games = Squares(0.5), []
    for hi in (1.0, 0.3):
        games.append(rl.play(L.OGD(), losses, Ray(-1.0, hi), 20))
    return [round(game.regret.comparator_loss.iloc[-1], 9) for game in games]


@program(right=[0.0, 0.8])
def links_that_are_equal_and_different():
    @dataclass(frozen=True)
    class Away(S.PointwiseLoss):
        by: float = field(default=0.0, compare=False)

        @staticmethod
        def value(z, y, by):
            return (z - y) * (z - y) + by

        @staticmethod
        def derivative(z, y, by):
            return 2.0 * (z - y)

    a, y, games = np.ones((20, 1)), np.full(20, 0.5), []
    for by in (0.0, 0.04):
        games.append(rl.play(L.OGD(), S.Examples(a, y, Away(by)), B, 20, compiled=False))
    return [round(game.regret.comparator_loss.iloc[-1], 9) for game in games]


# -- A9: losses that are not convex ---------------------------------------------------------


def curve(value, slope, d=1):
    body = {"dimension": d, "value": lambda self, t, x: float(value(t, x)), "gradient": lambda self, t, x: slope(t, x)}
    return made("Curve", S.ConvexLosses, **body)()


@program(refused="onvex")
def a_wave():
    return last(curve(lambda t, x: np.cos(3 * x[0]), lambda t, x: -3 * np.sin(3 * x)), T=100).regret


@program(refused="onvex")
def a_certificate_for_a_wave():
    losses = curve(lambda t, x: np.cos(3 * x[0]), lambda t, x: -3 * np.sin(3 * x))
    return rl.play(L.OGD(), losses, B, 100).certify().certified


@program(refused="onvex")
def a_wave_with_its_best_points_inside():
    wave = curve(lambda t, x: np.cos(2 * np.pi * x[0]), lambda t, x: -2 * np.pi * np.sin(2 * np.pi * x))
    return last(wave).regret


@program(refused="onvex")
def a_quick_wave():
    return last(curve(lambda t, x: np.cos(40 * x[0]), lambda t, x: -40 * np.sin(40 * x))).regret


@program(refused="onvex")
def a_concave_loss():
    return last(curve(lambda t, x: -(x[0] ** 2), lambda t, x: -2 * x)).regret


@program(refused="subgradient")
def two_wells():
    losses = curve(lambda t, x: x[0] ** 4 - x[0] ** 2 + 0.1 * x[0], lambda t, x: 4 * x**3 - 2 * x + 0.1)
    return last(losses).regret


@program(refused="onvex")
def a_square_root():
    return last(curve(lambda t, x: np.sqrt(abs(x[0] - 0.3)), lambda t, x: np.sign(x - 0.3))).regret


@program(refused="not convex")
def a_loss_that_is_not_convex_in_some_rounds():
    losses = curve(
        lambda t, x: np.cos(3 * x[0]) if t % 10 == 7 else 0.01 * x[0] ** 2,
        lambda t, x: -3 * np.sin(3 * x) if t % 10 == 7 else 0.02 * x,
    )
    return last(losses, T=400).regret


@program(refused="round 777 ")
def one_large_round_that_is_not_convex():
    losses = curve(
        lambda t, x: 1e6 * np.cos(3 * x[0]) if t == 777 else 0.01 * x[0] ** 2,
        lambda t, x: -3e6 * np.sin(3 * x) if t == 777 else 0.02 * x,
    )
    return last(losses, T=1000).regret


@program(refused="onvex")
def a_saddle_in_the_plane():
    losses = curve(lambda t, x: x[0] ** 2 - x[1] ** 2, lambda t, x: np.array([2 * x[0], -2 * x[1]]), 2)
    return last(losses, DISC).regret


@program(refused="onvex")
def a_product_on_the_simplex():
    losses = curve(lambda t, x: x[0] * x[1] * x[2], lambda t, x: np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]]), 3)
    return last(losses, F.Simplex(3)).regret


@program(refused="subgradient")
def a_bump_in_five_dimensions():
    losses = curve(lambda t, x: np.exp(-4 * x @ x), lambda t, x: -8 * x * np.exp(-4 * x @ x), 5)
    return last(losses, F.L2Ball(1.0)).regret


@program(refused="subgradient")
def a_gradient_of_the_wrong_sign():
    return last(curve(lambda t, x: (x[0] - 0.5) ** 2, lambda t, x: -2 * (x - 0.5))).regret


@program(refused="onvex")
def a_gradient_that_is_beside_the_point():
    return last(curve(lambda t, x: (x[0] - 0.3) ** 2, lambda t, x: 2 * (x - 0.3) + 0.05)).regret


@program(refused="subgradient")
def a_gradient_with_coordinates_exchanged():
    losses = curve(lambda t, x: (x[0] - 0.3) ** 2 + 4 * x[1] ** 2, lambda t, x: np.array([8 * x[1], 2 * x[0] - 0.6]), 2)
    return last(losses, DISC).regret


@program(refused="onvex")
def a_random_loss_that_is_not_convex():
    @dataclass(frozen=True)
    class Noise(S.RandomConvexLosses):
        def draw(self, rng):
            return rng.uniform(0.0, 0.1)

        def value(self, z, x):
            return float(np.cos(3 * x[0] + z))

        def gradient(self, z, x):
            return -3 * np.sin(3 * x + z)

    return last(Noise()).regret


@program(refused="onvex")
def a_link_that_is_not_convex():
    @dataclass(frozen=True)
    class Sigmoid(S.PointwiseLoss):
        @staticmethod
        def value(z, y):
            return (z - y) * (z - y) / (1.0 + (z - y) * (z - y))

        @staticmethod
        def derivative(z, y):
            return 2.0 * (z - y) / (1.0 + (z - y) * (z - y)) ** 2

    losses = S.Examples(np.array([[3.0], [-2.0]]), np.array([1.0, 2.0]), Sigmoid())
    return last(losses, T=40, compiled=False).regret


@program(refused="onvex")
def a_link_with_a_wrong_derivative():
    @dataclass(frozen=True)
    class Wrong(S.PointwiseLoss):
        @staticmethod
        def value(z, y):
            return (z - y) * (z - y)

        @staticmethod
        def derivative(z, y):
            return y - z

    losses = S.Examples(np.array([[3.0, 1.0], [-2.0, 0.5]]), np.array([1.0, 2.0]), Wrong())
    return last(losses, DISC, T=40, compiled=False).regret


@program(refused="mu")
def a_modulus_below_zero():
    @dataclass(frozen=True)
    class Bent(S.PredictionLosses):
        link = S.Absolute()
        mu = -3.0

        def rows(self, t):
            return np.ones((len(t), 1)), np.zeros(len(t))

    return last(Bent(), T=40).regret


@program(refused="onvex")
def a_wave_in_intervals():
    losses = curve(lambda t, x: np.cos(3 * x[0]), lambda t, x: -3 * np.sin(3 * x))
    return rl.play(L.OGD(), losses, B, 64).interval_regret([16]).regret.iloc[0]


@program(right=0.0)
def a_loss_that_is_infinite_at_an_end():
    """-log(x_1 x_2) on the simplex is convex, although no vertex has a value."""
    losses = curve(lambda t, x: -np.log(x[0] * x[1]) - np.log(4.0), lambda t, x: -1.0 / x, 2)
    return round(last(losses, F.Simplex(2)).comparator_loss, 9)


@program(right=0.0)
def a_loss_in_single_precision():
    losses = curve(
        lambda t, x: np.float32((np.float32(x[0]) - np.float32(0.25)) ** 2 + np.float32(3.0)),
        lambda t, x: (2 * (x.astype(np.float32) - np.float32(0.25))).astype(np.float64),
    )
    return round(last(losses).comparator_loss - 150.0, 4)


@program(right=0.0)
def sums_that_are_convex_although_some_rounds_are_flat():
    losses = curve(lambda t, x: (t % 2) * (x[0] - 0.25) ** 2, lambda t, x: (t % 2) * 2 * (x - 0.25))
    return round(last(losses).comparator_loss, 9)


# -- C1: sets that do not minimise ------------------------------------------------------------


@program(right=-33.0, or_refused="minimize_linear")
def a_set_that_minimises_half_way():
    body = {"minimize_linear": lambda self, c: 0.5 * F.Box.minimize_linear(self, c)}
    Half = dataclass(frozen=True, eq=False)(type("Half", (F.Box,), body))
    return last(S.Mod3(), Half(-1.0, 1.0), T=99).comparator_loss


@program(right=0.0, or_refused="minimize_linear")
def a_set_that_minimises_half_way_under_a_solver():
    body = {"minimize_linear": lambda self, c: 0.5 * F.Box.minimize_linear(self, c)}
    Half = dataclass(frozen=True, eq=False)(type("Half", (F.Box,), body))
    row = last(Squares(0.9), Half(-1.0, 1.0), T=30)
    return 0.0 if row.comparator_loss - row.gap <= 1e-12 else row.comparator_loss - row.gap


# -- infinite and unbounded -------------------------------------------------------------------


@program(refused="regret_against")
def convex_losses_on_an_unbounded_set():
    return last(Squares(), F.Reals()).regret


@program(refused="regret_against")
def linear_losses_on_an_unbounded_set():
    return last(S.Mod3(), F.Reals()).regret


@program(refused="regret_against")
def intervals_on_a_half_space():
    return rl.play(L.OGD(), S.Mod3(), F.Halfspace([1.0], 0.5), 20).interval_regret().regret.iloc[0]


@program(refused="infinite")
def a_comparator_whose_loss_is_infinite():
    losses = curve(lambda t, x: 1.0 / (1.0 - x[0]) if x[0] < 1.0 else np.inf, lambda t, x: 1.0 / (1.0 - x) ** 2)
    return rl.play(L.OGD(), losses, B, 5).regret_against(1.0).regret.iloc[-1]


# -- A14: units -----------------------------------------------------------------------------


def unit(scale):
    T = np.array([2**k for k in range(5, 13)])
    R = np.sqrt(T)[:, None] * np.abs(np.random.default_rng(0).standard_normal((8, 16)))
    found = fit(T, scale * R)
    return [found.exponent, found.low, found.high]


for k in (1e-300, 1e-160, 1e-150, 1e150, 1e160, 1e300):
    run = lambda k=k: np.array(unit(k)) - np.array(unit(1.0))  # noqa: E731
    run.__name__, run.__module__ = f"a_growth_times_{k:g}", __name__
    program(right=[0.0] * 3)(run)


@program(right=[0.25, 0.25, 0.25])
def the_table_of_a_growth_does_not_overflow():
    T = np.array([2**k for k in range(5, 13)])
    R = np.sqrt(T)[:, None] * np.abs(np.random.default_rng(0).standard_normal((8, 16)))
    ratio = fit(T, 1e300 * R).table / fit(T, R).table / 4e300
    return ratio[["mean", "std", "max"]].iloc[-1].tolist()


def in_units(scale):
    """(x - 1/2)^2 and its kin, times ``scale``: the comparator's loss, over the scale."""
    losses = curve(
        lambda t, x: scale * ((x[0] - 0.3) ** 2 + abs(x[1] - 0.1 * (t % 3))),
        lambda t, x: scale * np.array([2 * (x[0] - 0.3), np.sign(x[1] - 0.1 * (t % 3))]),
        2,
    )
    row = last(losses, DISC, T=30, learner=L.OGD(0.1 / scale))
    return round(row.comparator_loss / scale, 6), row.gap / scale < 1e-6


for k in (1e-150, 1e-12, 1e-6, 1e6, 1e12, 1e150):
    run = lambda k=k: in_units(k)  # noqa: E731
    run.__name__, run.__module__ = f"losses_times_{k:g}", __name__
    program(right=[2.0, True])(run)


# -- A15: slips -----------------------------------------------------------------------------


def slip(call, refused):
    run = lambda: call(rl.play(L.OGD(), S.Mod3(), B, 12))  # noqa: E731
    run.__name__, run.__module__ = f"slip_{len(SLIPS)}", __name__
    SLIPS.append(program(refused=refused)(run))


SLIPS: list = []
slip(lambda game: game.regret_against(1j), "u=")
slip(lambda game: game.regret_against("0.5"), "u=")
slip(lambda game: game.regret_against(True), "u=")
slip(lambda game: game.regret_against([0.5 + 0j]), "u=")
slip(lambda game: game.regret_against([[0.5]]), "u has shape")
slip(lambda game: game.regret_against(np.array(["0.5"])), "u=")
slip(lambda game: game.regret_against(None), "u=")
slip(lambda game: game.regret_against(np.nan), "finite")
slip(lambda game: game.dynamic_regret(np.zeros(12) + 0j), "path")
slip(lambda game: game.dynamic_regret(["0.5"] * 12), "path")
slip(lambda game: game.dynamic_regret([True] * 12), "path")
slip(lambda game: game.dynamic_regret(np.full(12, None)), "path")
slip(lambda game: game.dynamic_regret(lambda t: (0.5 + 0j) * t / t), "path")
slip(lambda game: game.dynamic_regret(np.full(12, np.nan)), "not a point")
slip(lambda game: game.interval_regret([2.0]), "lengths")
slip(lambda game: game.interval_regret(["2"]), "lengths")
slip(lambda game: game.interval_regret([True]), "lengths")
slip(lambda game: game.interval_regret([2j]), "lengths")
slip(lambda game: game.interval_regret([4], stride=1.5), "stride")
slip(lambda game: game.interval_regret([4], stride=True), "stride")
slip(lambda game: game.regret_at([1j]), "rounds")
slip(lambda game: game.regret_at(["1"]), "rounds")
slip(lambda game: fit([1, 2, 4, 8, 16], np.arange(5) + 0j), "regret")
slip(lambda game: fit([1, 2, 4, 8, 16], ["1", "2", "3", "4", "5"]), "regret")
slip(lambda game: fit([1, 2, 4, 8, 16], [True] * 5), "regret")
slip(lambda game: fit([1 + 0j, 2, 4, 8, 16], np.arange(5)), "horizons")
slip(lambda game: fit(["1", "2", "4", "8", "16"], np.arange(5)), "horizons")
slip(lambda game: fit([1, 2, 4, 8, 16], np.arange(5), confidence="0.9"), "confidence")
slip(lambda game: fit([1, 2, 4, 8, 16], np.arange(5), confidence=True), "confidence")
slip(lambda game: fit([1, 2, 4, 8, 16], [[1], [2], [3], [4], [5, 6]]), "regret")
slip(lambda game: rl.scaling.measure(L.OGD(), S.Rademacher(), B, horizons=[4, 8, 16, 64], seeds=[1] * 8), "seeds")

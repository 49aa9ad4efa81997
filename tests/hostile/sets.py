"""Feasible sets: overridden methods, sets that contradict themselves, other units, arrays from outside."""

from dataclasses import dataclass, field

import numpy as np

import regretlab as rl

from . import program

L, S, F, W = rl.learners, rl.losses, rl.sets, rl.schedules
B, UP = F.Box(-1.0, 1.0), S.Periodic([1.0])
CENTRED = F.L2Ball(1.0, np.zeros(2))
METHODS = ("project", "contains", "minimize_linear", "diameter", "nearest_to_origin")
OGD = L.OGD(alpha=0.5)
THREE = S.Periodic([[1.0, -2.0, 0.5], [0.5, 1.0, -1.0]])


def made(name, base, **body):
    """A decorated subclass in one line."""
    return dataclass(frozen=True, eq=False)(type(name, (base,), body))


def end(feasible_set, losses=UP, T=30, learner=OGD, **how):
    return rl.play(learner, losses, feasible_set, T, **how).point


def halved(base, *names):
    """A subclass in which the answers of these methods are half of what they should be."""
    return scaled(base, 0.5, *names)


def scaled(base, factor, *names):
    """A subclass in which points and numbers that these methods answer are so many times as large.

    Its ``contains`` is that of the set that is so many times as large.
    """

    def times(name):
        inherited = getattr(base, name)
        if name == "contains":
            return lambda self, x, tolerance=0.0: inherited(self, np.asarray(x) / factor, tolerance)
        if name == "project":
            return lambda self, y, weights=None: factor * inherited(self, np.asarray(y) / factor, weights)
        return lambda self, *arguments: factor * inherited(self, *arguments)

    return made("Scaled", base, **{name: times(name) for name in names})


def check(feasible_set, **how):
    return rl.check_set(feasible_set, cases=16, compiled=False, **how)


@dataclass(frozen=True, eq=False)
class Disc(F.FeasibleSet):
    """A disc in the plane as a user writes it."""

    radius: float = 1.0
    dimension = 2

    def project(self, y, weights=None):
        return F.L2Ball(self.radius, dimension=2).project(y, weights)

    def contains(self, x, tolerance=0.0):
        return bool(np.linalg.norm(x) <= self.radius * (1.0 + 1e-12) + tolerance)

    def diameter(self, norm=np.inf):
        return 2.0 * self.radius

    def minimize_linear(self, c):
        return F.L2Ball(self.radius, dimension=2).minimize_linear(c)


# -- what a set overrides is used --------------------------------------------------------------------


@program(right=rl.play(L.AMSGrad(), S.Periodic([[1.0, 2.0]]), CENTRED, 3, compiled=False).point)
def a_disc_that_has_the_public_methods():
    body = {name: (lambda n: lambda self, *a, **k: getattr(CENTRED, n)(*a, **k))(name) for name in METHODS}
    return end(
        made("Disc", F.FeasibleSet, dimension=2, bounded=True, **body)(), S.Periodic([[1.0, 2.0]]), 3, L.AMSGrad()
    )


@program(right=[-0.5, -0.5, -0.5])
def a_box_with_a_project():
    half = made("Half", F.Box, project=lambda self, y, weights=None: np.clip(y, -0.5, 0.5))(-1.0, 1.0)
    return [end(half)[0], end(half, compiled=True)[0], end(half, compiled=False)[0]]


@program(right=[-0.5, -0.5])
def a_box_with_a_project_side_by_side():
    half = made("Half", F.Box, project=lambda self, y, weights=None: np.clip(y, -0.5, 0.5))(-1.0, 1.0)
    return [game.point[0] for game in rl.play_all([OGD, L.OGD(alpha=0.4)], UP, half, 30)]


@program(right=-0.5)
def a_box_with_a_private_project():
    return end(made("Half", F.Box, _project=lambda self, y, w: np.clip(y, -0.5, 0.5))(-1.0, 1.0))[0]


@program(right=[-0.5, -1.0])
def a_factor_with_a_project():
    half = made("Half", F.Box, project=lambda self, y, weights=None: np.clip(y, -0.5, 0.5))
    return end(F.Product(half([-1.0], [1.0]), F.Box([-1.0], [1.0])), S.Periodic([[1.0, 1.0]]))


def clipped_first(self, y, weights=None):
    return F.Box.project(self, np.clip(y, -0.5, 0.5), weights)


@program(right=-0.5)
def a_project_that_calls_super():
    return end(made("Half", F.Box, project=clipped_first)(-1.0, 1.0))[0]


@program(right=-0.25)
def a_projection_below_a_project_that_asks_it():
    Half = made("Half", F.Box, project=clipped_first)
    return end(made("Quarter", Half, _project=lambda self, y, w: np.clip(y, -0.25, 0.25))(-1.0, 1.0))[0]


@program(refused="override project")
def a_projection_below_a_project_that_does_not():
    Half = made("Half", F.Box, project=lambda self, y, weights=None: np.clip(y, -0.5, 0.5))
    return made("Quarter", Half, _project=lambda self, y, w: np.clip(y, -0.25, 0.25))


@program(right=-0.5)
def a_scalar_projection_of_a_polytope():
    def projection(x, w, p):
        x[0] = min(max(x[0], -0.5), 0.5)

    half = made("Half", F.Polytope, projection=staticmethod(projection))
    return end(half([[1.0], [-1.0]], [1.0, 1.0]), compiled=False)[0]


@program(right=-0.5)
def parameters_of_a_smaller_box():
    return end(made("Half", F.Box, parameters=lambda self: np.array([-0.5, 0.5]))(-1.0, 1.0), compiled=False)[0]


@program(right=0.75)
def a_start_of_its_own():
    own = made("Own", F.Box, nearest_to_origin=lambda self: np.full(self.dimension, 0.75))
    return rl.play(OGD, UP, own(-1.0, 1.0), 2, compiled=False).record.point[0, 0]


@program(refused="is not in")
def a_start_outside():
    return end(made("Own", F.Box, nearest_to_origin=lambda self: np.full(self.dimension, 1.75))(-1.0, 1.0))


@program(refused="start=[0.75] is not in")
def a_smaller_contains():
    inner = made("Inner", F.Box, contains=lambda self, x, tolerance=0.0: bool(np.abs(x).max() <= 0.5 + tolerance))
    return end(inner(-1.0, 1.0), start=0.75)


@program(right=-1.0)
def a_dimension_of_its_own():
    own = made("Own", F.Box, with_dimension=lambda self, d: F.Box(-np.ones(d), np.ones(d)))
    return end(own(-7.0, 7.0))[0]


@program(right=2.0)
def a_linear_minimum_of_its_own():
    """The comparator is 0: regret T - 1 of a learner that stands at -1, for losses x, against u = 0, is negative."""
    zero = made("Zero", F.Box, minimize_linear=lambda self, c: np.zeros_like(np.asarray(c, float)))
    try:
        return rl.play(OGD, UP, zero(-1.0, 1.0), 3, compiled=False).regret.regret.iloc[-1]
    except ValueError as error:  # it is told that -1 is better
        return 2.0 if "minimize_linear" in str(error) else None


@program(refused="needs a Box")
def coin_betting_on_half_a_box():
    half = made("Half", F.Box, project=lambda self, y, weights=None: np.clip(y, -0.5, 0.5))
    return end(half(-1.0, 1.0), learner=L.CoinBetting())


@program(refused="needs a Simplex")
def hedge_on_a_part_of_a_simplex():
    part = made("Part", F.Simplex, contains=lambda self, x, tolerance=0.0: bool(np.max(x) <= 0.6 + tolerance))
    return end(part(2), S.Periodic([[1.0, 0.0]]), learner=L.Hedge())


@program(refused="projects in a full matrix")
def full_matrix_on_half_a_ball():
    half = made("Half", F.L2Ball, project=lambda self, y, weights=None: F.L2Ball(0.5).project(y, weights))
    return end(half(1.0), THREE, learner=L.FullMatrixAdaGrad())


@program(refused="must be a Box")
def prediction_on_half_a_box():
    half = made("Half", F.Box, project=lambda self, y, weights=None: np.clip(y, -0.5, 0.5))
    return rl.periodic.predict(L.Adam(beta1=0.0, beta2=0.1), S.Mod3(), half(-1.0, 1.0))


@program(right=[-0.5, -0.5])
def a_box_with_a_project_in_one_step():
    half = made("Half", F.Box, project=lambda self, y, weights=None: np.clip(y, -0.5, 0.5))(-1.0, 1.0)
    steep = L.OGD(alpha=9.0)
    return [steep.update(steep.start(half, [0.0]), [1.0]).point[0], end(half, T=1, learner=steep)[0]]


# -- classes that cannot be used ---------------------------------------------------------------------


@program(refused="must allow the call project(y, weights)")
def a_project_without_weights():
    return made("Own", F.Box, project=lambda self, y: np.clip(y, -1, 1))


@program(refused="must allow the call project(y)")
def a_project_that_needs_weights():
    return made("Own", F.Box, project=lambda self, y, weights: np.clip(y, -1, 1))


@program(refused="must allow the call contains(x, tolerance)")
def a_contains_without_a_tolerance():
    return made("Own", F.Box, contains=lambda self, x: True)


@program(refused="must allow the call diameter(norm)")
def a_diameter_without_a_norm():
    return made("Own", F.Box, diameter=lambda self: 2.0)


@program(refused="must be a method")
def a_diameter_that_is_a_number():
    return made("Own", F.Box, diameter=2.0)


@program(refused="must be a method")
def a_diameter_that_is_a_field():
    @dataclass(frozen=True)
    class Own(F.Box):
        diameter: float = 2.0

    return Own()


@program(refused="write @property above it")
def a_bounded_that_is_a_method():
    return made("Own", F.Box, bounded=lambda self: True)


@program(refused="@staticmethod")
def a_projection_with_self():
    return made("Own", F.Box, projection=lambda self, x, w, p: None)


@program(refused="did you mean minimize_linear")
def a_misspelt_method():
    return made("Own", F.Box, minimise_linear=lambda self, c: c)


@program(refused="abstract method")
def a_set_without_a_diameter():
    body = {name: getattr(Disc, name) for name in ("project", "contains", "minimize_linear")}
    return made("Own", F.FeasibleSet, dimension=2, **body)()


def without_project():
    body = {name: getattr(Disc, name) for name in ("contains", "minimize_linear", "diameter")}
    return made("Own", F.FeasibleSet, dimension=2, radius=1.0, **body)()


@program(refused="must define project(self, y, weights=None)")
def a_set_without_a_projection():
    return end(without_project(), S.Periodic([[1.0, 2.0]]))


@program(refused="must define project(self, y, weights=None)")
def a_set_without_a_projection_that_is_checked():
    return check(without_project())


@program(refused="@dataclass")
def a_default_without_a_decorator():
    class Small(F.L2Ball):
        radius: float = 0.5

    return Small()


@program(refused="@dataclass")
def a_field_without_a_decorator():
    class Named(Disc):
        name: str = "disc"

    return Named()


# -- projections that answer something else ----------------------------------------------------------


def answering(answer):
    return end(
        made("Own", Disc, project=lambda self, y, weights=None: answer(np.asarray(y)))(), S.Periodic([[1.0, 2.0]])
    )


@program(refused="has shape (1, 2)")
def a_projection_with_a_row():
    return answering(lambda y: 0.1 * y[None])


@program(refused="real numbers")
def a_projection_that_is_complex():
    return answering(lambda y: 0.1j * y)


@program(refused="real numbers")
def a_projection_that_is_none():
    return answering(lambda y: None)


@program(refused="real numbers")
def a_projection_that_is_text():
    return answering(lambda y: ["0", "0"])


@program(refused="which is not in")
def a_scalar_projection_that_leaves_the_set():
    leaving = made("Leaving", F.Box, projection=staticmethod(lambda x, w, p: None))(-1.0, 1.0)
    return end(leaving, compiled=False)


@program(refused="which is not in")
def a_factor_whose_projection_leaves_it():
    leaving = made("Leaving", F.Box, projection=staticmethod(lambda x, w, p: None))
    return end(F.Product(leaving([-1.0], [1.0]), F.Box([-1.0], [1.0])), S.Periodic([[1.0, 1.0]]), compiled=False)


@program(refused="is not in")
def a_project_that_does_nothing():
    return end(made("Leaving", F.Box, project=lambda self, y, weights=None: np.asarray(y))(-1.0, 1.0))


def stops_early(x, w, p):
    norm = np.sqrt(x[0] * x[0] + x[1] * x[1])
    if norm > 1.0:
        x[0], x[1] = x[0] / norm * (1.0 + 1e-8), x[1] / norm * (1.0 + 1e-8)


@program(right=[1.0, 1.0])
def iterative_projections_that_stop_early():
    """They leave the set by a hundred-millionth."""
    early = made("Early", F.L2Ball, project=lambda self, y, weights=None: F.L2Ball.project(self, y) * (1.0 + 1e-8))
    scalar = made("Scalar", F.L2Ball, projection=staticmethod(stops_early))
    steps = S.Periodic([[1.0, -1.0]])
    return [float(np.linalg.norm(end(kind(1.0), steps, compiled=False))) for kind in (early, scalar)]


@program(right=[0.0, -1.0])
def a_halfspace_whose_projection_rounds():
    def project(self, y, weights=None):
        return np.array([max(y[0], 0.0) - 1e-17, y[1]])

    half = made("Half", F.Halfspace, project=project)([-1.0, 0.0], 0.0)
    return end(half, S.Periodic([[1.0, 0.0], [0.0, 1.0]]), T=2, learner=L.OGD(alpha=W.Constant(1.0)))


# -- check_set finds one wrong method, and two that are wrong alike ----------------------------------


BASES = {
    "box": lambda base: base(-1.0, 1.0),
    "ball": lambda base: base(1.0, [0.25, -0.5]),
    "simplex": lambda base: base(3),
    "capped": lambda base: base(4, 0.5),
    "octahedron": lambda base: base(1.5, 3),
    "disc": lambda base: base(2.0),
    "polytope": lambda base: base([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [1.0, 0.0, 0.0]),
}
CLASSES = (F.Box, F.L2Ball, F.Simplex, F.CappedSimplex, F.L1Ball, Disc, F.Polytope)
WRONG = [("project",), ("contains",), ("minimize_linear",), ("diameter",)]
WRONG += [(a, b) for i, (a,) in enumerate(WRONG) for (b,) in WRONG[i + 1 :]]


def found(factor, several):
    """How many sets of which one method is wrong by a factor, or one of ``several``, pass the check."""
    passed = []
    for base, make in zip(CLASSES, BASES.values(), strict=True):
        for names in several:
            wrong = make(scaled(base, factor, *names))
            try:
                rl.check_set(wrong, cases=4, compiled=False)
            except rl.testing.CheckFailed:
                continue
            passed.append((base.__name__, names))
    return len(passed)


@program(right=0)
def methods_that_are_too_small():
    return found(0.5, WRONG)


@program(right=0)
def methods_that_are_too_large():
    return found(2.0, WRONG)


@program(right=0)
def methods_that_are_slightly_too_large():
    return found(1.001, WRONG[:4])


@program(right=0)
def methods_that_are_slightly_too_small():
    return found(0.999, WRONG[:4])


@program(right=0)
def products_with_a_wrong_factor():
    passed = 0
    for names in WRONG:
        for factor in (0.5, 2.0):
            wrong = F.Product(scaled(F.Box, factor, *names)([-1.0], [1.0]), F.L2Ball(1.0, dimension=2))
            try:
                check(wrong)
            except rl.testing.CheckFailed:
                continue
            passed += 1
    return passed


@program(refused="minimize_linear")
def half_the_linear_minimum_and_half_the_diameter():
    return check(halved(F.Box, "minimize_linear", "diameter")(-1.0, 1.0))


@program(refused="is nearer to the origin")
def a_start_that_is_not_the_nearest():
    return check(made("Own", F.Box, nearest_to_origin=lambda self: np.full(self.dimension, 0.75))(-1.0, 1.0))


@program(refused="bounded")
def a_box_that_says_it_is_unbounded():
    own = made("Own", F.Box, bounded=property(lambda self: False), diameter=lambda self, norm=np.inf: np.inf)
    return check(own(-1.0, 1.0))


@program(refused="is bounded, but")
def a_halfspace_that_says_it_is_bounded():
    own = made("Own", F.Halfspace, bounded=True, diameter=lambda self, norm=np.inf: 2.0)
    return check(own([1.0, 2.0], 1.0))


@program(refused="project gives")
def two_projections_that_differ():
    own = made(
        "Own",
        Disc,
        project=Disc.project,
        _project=lambda self, y, w: np.asarray(y) / max(1.0, float(np.linalg.norm(y))),
    )
    return check(own())


@program(refused="default")
def default_weights_that_are_not_one():
    def project(self, y, weights=None):
        y = np.asarray(y, float)
        return F.L2Ball(self.radius).project(y, np.arange(1.0, y.size + 1.0) if weights is None else weights)

    return check(made("Own", Disc, project=project)())


@program(refused="asked again")
def a_projection_with_a_generator():
    @dataclass(frozen=True, eq=False)
    class Random(Disc):
        rng: object = field(default_factory=lambda: np.random.default_rng(0))

        def project(self, y, weights=None):
            x = Disc.project(self, y, weights)
            return x * (1.0 - 1e-7 * self.rng.random()) if np.linalg.norm(x) > 0.999999 else x

        def contains(self, x, tolerance=0.0):
            return Disc.contains(self, x, tolerance)

        def __eq__(self, other):
            return type(other) is Random

        def __hash__(self):
            return 0

    return rl.check_set(Random(), cases=16, compiled=False, tolerance=1e-6 * 1e-2)


@program(refused="with_dimension")
def another_set_in_each_dimension():
    own = made(
        "Own", F.Box, with_dimension=lambda self, d: F.Box(2.0 * self.lo * np.ones(d), 2.0 * self.hi * np.ones(d))
    )
    return check(own(-1.0, 1.0))


@program(refused="must raise ValueError")
def a_set_for_every_dimension():
    return check(made("Own", Disc, with_dimension=lambda self, d: self)())


@program(refused="must be True or False")
def a_contains_without_an_answer():
    return check(made("Own", Disc, contains=lambda self, x, tolerance=0.0: None)())


@program(refused="contains([")
def a_contains_with_an_error():
    return check(made("Own", Disc, contains=lambda self, x, tolerance=0.0: undefined)())  # noqa: F821


@program(refused="it is a class")
def a_class_that_is_checked():
    return rl.check_set(F.Box)


@program(refused="must be a feasible set")
def a_number_that_is_checked():
    return rl.check_set(3)


# -- units -------------------------------------------------------------------------------------------


CORNER = [[1.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]


@program(right=None)
def a_polytope_with_faces_through_the_origin():
    return rl.check_set(F.Polytope(CORNER, [1.0, 0.0, 0.0, 1.0, 0.0]))


@program(right=0)
def wrong_sets_in_small_and_large_units():
    passed = 0
    for unit in (1e-12, 1e-6, 1e6, 1e12):
        for names in WRONG:
            for wrong in (scaled(F.Box, 1.01, *names)(-unit, unit), scaled(F.L2Ball, 0.99, *names)(unit, dimension=2)):
                try:
                    rl.check_set(wrong, cases=4, compiled=False)
                except rl.testing.CheckFailed:
                    continue
                passed += 1
    return passed


@program(refused="metric")
def the_euclidean_projection_of_a_tiny_disc():
    def project(self, y, weights=None):
        return np.asarray(y) * (self.radius / max(self.radius, float(np.linalg.norm(y))))

    return check(made("Own", Disc, project=project)(1e-12))


@program(refused="but project moves it")
def an_absolute_slack_beside_a_tiny_disc():
    def contains(self, x, tolerance=0.0):
        return bool(np.linalg.norm(x) <= self.radius + 1e-9 + tolerance)

    return check(made("Own", Disc, contains=contains)(1e-12))


@program(right=[2.0**1.5 * 1e200, 2.0**1.5 * 1e-300])
def diameters_of_huge_and_tiny_boxes():
    return [F.Box(-s, s).with_dimension(2).diameter(2) for s in (1e200, 1e-300)]


@program(refused="hi - lo overflows")
def a_box_from_end_to_end_of_the_floats():
    return F.Box(-1e308, 1e308)


@program(refused="twice this number overflows")
def a_ball_whose_diameter_overflows():
    return F.L2Ball(1e308)


@program(refused="overflow")
def a_ball_around_the_end_of_the_floats():
    return F.LinfBall(1e307, [1.7e308])


@program(right=1e10)
def a_point_so_far_that_its_square_overflows():
    return F.L2Ball(1e10).project([1e160])[0]


@program(right=[3e-30, 3e-200], or_refused="overflows or does not exist")
def points_far_from_tiny_balls():
    return [F.L1Ball(s, 2).project([1.0, 0.5])[0] for s in (3e-30, 3e-200)]


@program(right=1e100)
def a_vertex_of_a_huge_polytope():
    return F.Polytope([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [1e100, 0.0, 0.0]).minimize_linear([-1.0, 0.0])[0]


@program(refused="is empty")
def a_tiny_polytope_that_is_empty():
    return F.Polytope([[1.0], [-1.0]], [-1e-12, -1e-12])


@program(refused="overflow")
def a_halfspace_beyond_the_floats():
    return F.Halfspace([1e-300], 1e300)


@program(right=[1e-12, 1e12])
def a_game_in_other_units():
    return [
        -end(F.Box(-s, s), S.Periodic([s]), learner=L.AdaGrad(alpha=s), T=20, compiled=False)[0] for s in (1e-12, 1e12)
    ]


# -- arguments ---------------------------------------------------------------------------------------


@program(refused="give both")
def an_interval_as_one_argument():
    return F.Box([-1, 1])


@program(refused="give both")
def an_array_as_one_argument():
    return F.Box(np.array([-1.0, -2.0]))


@program(right=[-1.0, 1.0])
def one_number_is_the_lower_end():
    box = F.Box(-1.0)
    return [box.lo, box.hi]


@program(refused="lo='-1'")
def texts_as_ends():
    return F.Box("-1", "1")


@program(refused="lo=[True, False]")
def truths_as_ends():
    return F.Box([True, False], [2.0, 2.0])


@program(refused="center=")
def a_complex_centre():
    return F.L2Ball(1.0, [1j, 0.0])


@program(refused="a=[")
def objects_as_a_normal():
    return F.Halfspace([None, 1.0], 1.0)


@program(refused="b=[")
def texts_as_right_hand_sides():
    return F.Polytope([[1.0], [-1.0]], ["1", "1"])


@program(refused="must be real numbers")
def a_masked_point():
    return F.L2Ball(1.0).project(np.ma.array([3.0, 4.0], mask=[False, True]))


@program(refused="start=1j")
def a_complex_start():
    return end(B, start=1j)


@program(refused="start='0.5'")
def a_text_as_start():
    return OGD.start(B, "0.5")


@program(refused="start=True")
def true_as_start():
    return OGD.start(B, True)


@program(refused="gradient of round 1=")
def a_complex_gradient():
    return OGD.update(OGD.start(B), [1j])


@program(refused="gradient of round 1=")
def a_text_as_gradient():
    return OGD.update(OGD.start(B), ["1"])


@program(refused="y='2'")
def a_text_is_projected():
    return B.project("2")


@program(refused="weights=")
def complex_weights():
    return B.project([2.0], [1j])


@program(refused="positive and finite")
def a_negative_weight():
    return F.L2Ball(1.0).project([3.0, 4.0], [1.0, -1.0])


@program(refused="x has shape (1,)")
def a_point_of_another_dimension():
    return F.Box([-1.0, 0.0], [1.0, 1.0]).contains([0.5])


@program(refused="c has shape (1,)")
def costs_of_another_dimension():
    return F.Box([-1.0, 0.0], [1.0, 1.0]).minimize_linear([0.5])


@program(refused="must be finite")
def costs_that_are_no_number():
    return B.minimize_linear([np.nan])


@program(refused="norm=3")
def another_norm():
    return F.Box([-1.0], [1.0]).diameter(3)


@program(refused="read-only")
def writing_to_a_box():
    F.Box([-1.0], [1.0]).lo[0] = 5.0


@program(refused="read-only")
def writing_to_equations():
    F.Affine([[1.0, 2.0]], [1.0]).independent[0] = 5.0


@program(right=[0.0, 0.0])
def writing_to_what_was_given():
    centre = np.zeros(2)
    ball = F.L2Ball(1.0, centre)
    centre[:] = 5.0
    ball.nearest_to_origin()[:] = 5.0
    return ball.nearest_to_origin()


@program(refused="for R^3 write L2Ball(1.0, dimension=3)")
def a_dimension_as_centre():
    return F.L2Ball(1.0, 3)


@program(refused="dimension='3' must be an integer")
def a_text_as_dimension():
    return B.with_dimension("3")


@program(right=[1.0 / 11.0] * 3)
def a_set_that_counts_its_projections_alone_and_side_by_side():
    @dataclass(frozen=True, eq=False)
    class Counting(F.Box):
        calls: list = field(default_factory=list)

        def project(self, y, weights=None):
            self.calls.append(1)
            return np.clip(y, -1.0 / len(self.calls), 1.0 / len(self.calls))

    alone = end(Counting(-1.0, 1.0), T=10)
    return [-alone[0], *(-game.point[0] for game in rl.play_all([OGD, OGD], UP, Counting(-1.0, 1.0), 10))]


@program(refused="slack, which decides nothing")
def a_field_of_a_set_that_no_method_reads():
    @dataclass(frozen=True, eq=False)
    class Slack(F.Box):
        slack: float = 0.1

    return end(Slack(-1.0, 1.0))


@program(right=-1.0)
def a_set_that_is_no_dataclass():
    class Interval(F.FeasibleSet):
        dimension = 1
        project = staticmethod(lambda y, weights=None: np.clip(y, -1.0, 1.0))
        contains = staticmethod(lambda x, tolerance=0.0: bool(abs(x[0]) <= 1.0 + tolerance))
        diameter = staticmethod(lambda norm=np.inf: 2.0)
        minimize_linear = staticmethod(lambda c: -np.sign(c))

    return end(Interval())[0]


# -- answers that are none, found before round 1 -----------------------------------------------------


def own_box(**body):
    return end(made("Own", F.Box, **body)(-1.0, 1.0))


@program(refused="with_dimension(1) returned None")
def no_set_in_a_dimension():
    return own_box(with_dimension=lambda self, d: None)


@program(refused="whose dimension is 2")
def a_set_in_another_dimension():
    return own_box(with_dimension=lambda self, d: F.Box([-1.0, -1.0], [1.0, 1.0]))


@program(refused="nearest_to_origin() has shape (3,)")
def a_start_of_another_dimension():
    return own_box(nearest_to_origin=lambda self: np.zeros(3))


@program(refused="must be True or False")
def a_contains_that_is_an_array():
    return own_box(contains=lambda self, x, tolerance=0.0: np.abs(x) <= 1.0)


@program(refused="parameters()=array([-0.-1.j,  1.+0.j])")
def complex_parameters():
    return own_box(parameters=lambda self: np.array([-1j, 1.0]))


@program(refused="Box needs (2,)")
def a_parameter_too_few():
    return own_box(parameters=lambda self: np.array([-1.0]))


@program(refused="Own.minimize_linear(c)=None")
def no_linear_minimum():
    return own_box(minimize_linear=lambda self, c: None)


@program(refused="Own.minimize_linear(c)=array([0.+1.j])")
def a_complex_linear_minimum():
    return own_box(minimize_linear=lambda self, c: 1j * np.sign(c))


@program(refused="Own.minimize_linear(c) of two rows c has shape (1,)")
def a_linear_minimum_for_one_row_only():
    return own_box(minimize_linear=lambda self, c: np.array([-1.0]))


@program(refused="Own.diameter()='2'")
def a_text_as_diameter():
    return own_box(diameter=lambda self, norm=2: "2")


@program(refused="0 or positive")
def a_negative_diameter():
    return own_box(diameter=lambda self, norm=2: -2.0)

"""Certificates and diagnoses: learners that a theorem is not about, second games, conditions, assertions."""

from dataclasses import dataclass, field
from math import sqrt

import numpy as np

import regretlab as rl
from regretlab.certificates import THEOREMS, Bound, certificates, theorem
from regretlab.testing import assert_no_certificate_violation

from . import program

L, S, F, W = rl.learners, rl.losses, rl.sets, rl.schedules
B, UP = F.Box(-1.0, 1.0), S.Periodic([1.0])
SIGNS = S.Periodic([1.0, -1.0])


def made(name, base, **body):
    """A decorated subclass in one line."""
    return dataclass(frozen=True)(type(name, base if isinstance(base, tuple) else (base,), body))


def play(learner, losses=UP, feasible_set=B, T=200, **how):
    return rl.play(learner, losses, feasible_set, T, compiled=False, **how)


def names(game):
    """How many theorems other than the master inequality certify the game."""
    return sum(each.certified for each in certificates(game) if not each.theorem.name.startswith("master"))


def sound(game, name=None):
    """Whether the certificate says nothing, or something true."""
    found = game.certify(name)
    above = found.curve["regret"] > found.curve["bound"] * (1.0 + 1e-9)
    return float(not found.certified or not above.any())


def learner_that(base, **body):
    return made("Own", base, **body)(alpha=0.5)


# -- a rule that is not the theorem's --------------------------------------------------------------------


def climbing(base):
    """A subclass whose rule climbs."""
    inner = base.rule

    def flip(answer):
        moments, m, w = answer
        return moments, -m, w

    rules = {
        L.OGD: lambda g: flip(inner(g)),
        L.AdaGrad: lambda g, s, t: flip(inner(g, s, t)),
        L.AMSGrad: lambda g, m, v, vhat, beta1, beta2: flip(inner(g, m, v, vhat, beta1, beta2)),
        L.AdamNC: lambda g, m, v, beta1, beta2: flip(inner(g, m, v, beta1, beta2)),
        L.NosAdam: lambda g, m, s, B, beta1, b: flip(inner(g, m, s, B, beta1, b)),
    }
    return made(f"Up{base.__name__}", base, rule=staticmethod(rules[base]))(alpha=0.5)


@program(right=[0, 0, 0, 0, 0])
def climbing_subclasses_have_no_theorem_of_their_own():
    return [names(play(climbing(base))) for base in (L.OGD, L.AdaGrad, L.AMSGrad, L.AdamNC, L.NosAdam)]


@program(right=[1.0] * 5)
def what_certifies_climbing_subclasses_is_true():
    return [sound(play(climbing(base))) for base in (L.OGD, L.AdaGrad, L.AMSGrad, L.AdamNC, L.NosAdam)]


@program(right=0.0)
def up_by_name_is_not_certified():
    return float(play(climbing(L.AMSGrad)).certify("amsgrad_schedule").certified)


@program(right=0, or_refused="ledger")
def another_update():
    return names(
        play(learner_that(L.OGD, update=lambda self, s, g: L.OGD.update(self, s, -np.asarray(g, float))), ledger=True)
    )


@program(right=0, or_refused="ledger")
def an_update_that_passes_on_less_than_it_plays():
    own = learner_that(L.AMSGrad, update=lambda self, s, g: L.AMSGrad.update(self, s, 0.01 * np.asarray(g, float)))
    return names(play(own, ledger=True))


@program(right=0, or_refused="start")
def another_start():
    return names(play(learner_that(L.AMSGrad, start=lambda self, F, point=None: L.AMSGrad.start(self, F, [1.0]))))


@program(right=0, or_refused="signature")
def another_signature():
    up = climbing(L.AMSGrad)
    return names(play(learner_that(L.AMSGrad, signature=lambda self: up.signature())))


@program(right=0, or_refused="schedules")
def schedules_that_say_another_stepsize():
    constant = {"alpha": W.Constant(0.5), "beta1": W.Constant(0.9), "beta2": W.Constant(0.99)}
    return names(play(learner_that(L.AMSGrad, schedules=property(lambda self: constant))))


@program(right=0, or_refused="Own")
def another_binding():
    other = L.OGD(alpha=0.5)
    return names(play(learner_that(L.OGD, binding=property(lambda self: climbing(L.OGD).binding or other))))


@program(right=0, or_refused="ledger")
def a_ledger_that_forgets_the_gradients():
    own = learner_that(L.AdaGradNorm, _sums=lambda self, t, g, ledger: L.AdaGradNorm._sums(self, t, 0.0 * g, ledger))
    return names(play(own))


@program(right=0)
def another_step_of_dual_averaging():
    step = L.DualAveraging.step
    own = learner_that(L.DualAveraging, step=lambda self, t, g, x, moments, F: step(self, t, -g, x, moments, F))
    return names(play(own))


@program(right=0)
def another_value_of_adagrad_norm():
    own = learner_that(L.AdaGradNorm, value=lambda self, name, t: 3.0)
    return names(play(own))


@program(right=0, or_refused="shape")
def a_stepsize_that_looks_like_a_root():
    warm = made("Warm", W.InverseSqrt, shape=lambda self, t: np.minimum(1.0, t / 10.0))
    return sum(each.certified for each in certificates(play(L.AMSGrad(alpha=warm(0.5)))) if "amsg" in each.theorem.name)


@program(right=[0, 0], or_refused="shape")
def betas_that_look_constant_or_geometric():
    late = made("Late", W.Constant, shape=lambda self, t: np.where(t > 100, 1.0, 0.0))
    slow = made("Slow", W.Geometric, shape=lambda self, t: np.ones(t.shape))
    games = [play(L.AMSGrad(0.5, late(0.9))), play(L.AMSGrad(0.5, slow(0.9)))]
    found = [{each.theorem.name: each.certified for each in certificates(game)} for game in games]
    return [found[0]["amsgrad_constant_beta1"], found[1]["amsgrad_corollary1"]]


@program(right=[0, 0])
def a_mean_that_is_none():
    half = made("Half", W.OneMinusInverse, shape=lambda self, t: 0.5 - 0.5 / t)
    game = play(L.AdamNC(0.5, 0.0, half()), S.Mod3())
    return [game.certify(name).certified for name in ("adagrad", "adamnc_constant_beta1")]


@program(right=[True, True, True])
def subclasses_with_other_defaults_keep_their_theorems():
    @dataclass(frozen=True)
    class Mine(L.AMSGrad):
        alpha: float = 0.7
        beta1: float = 0.5

    @dataclass(frozen=True)
    class Steady(L.OGD):
        stepsize = W.Constant

    @dataclass(frozen=True)
    class Same(L.Algorithm1):
        beta1: float = 0.5
        beta2: float = 0.99
        rule = staticmethod(L.AMSGrad.rule)

    by_name = (Mine(), "amsgrad_schedule"), (Steady(0.1), "ogd_constant"), (Same(), "amsgrad_constant_beta1")
    return [play(learner).certify(name).certified for learner, name in by_name]


@program(right=0)
def two_parents():
    class Both(L.AdaBound, L.AMSGrad):
        """Plays the rule of AdaBound."""

    return sum(each.certified for each in certificates(play(Both())) if each.theorem.name.startswith("amsgrad"))


@program(refused="no theorem about")
def a_penalty_has_no_theorem():
    return play(L.OnlineNewtonStep(), S.RandomLeastSquares(d=1), T=30).certify()


# -- conditions --------------------------------------------------------------------------------------------


@program(right=[0, 0])
def a_stepsize_that_rises_late():
    rising = W.Values(function=lambda t: np.where(t < 1500, 0.01, 0.9))
    return [play(cls(alpha=rising), T=1600).certify(name).certified for cls, name in (
        (L.OGD, "ogd"), (L.DualAveraging, "dual_averaging"))]  # fmt: skip


@program(right=0)
def momentum_that_comes_late():
    late = W.Values(function=lambda t: np.where(t < 1500, 0.0, 0.9))
    return play(L.AdamNC(0.5, late), T=1600).certify("adagrad").certified


@program(right=[0, 0, 0], or_refused="round")
def ranges_that_a_class_opens():
    anything = {name: L.AMSGrad.ranges["alpha"]._replace(holds=np.isfinite) for name in ("alpha", "beta1", "beta2")}
    wild = made("Wild", L.AMSGrad, ranges=anything)
    return [
        play(learner, T=5).certify("amsgrad_constant_beta1").certified
        for learner in (wild(0.5, 1.5), wild(0.5, -0.5), wild(-0.5, 0.5))
    ]


@program(right=0.0)
def losses_that_boast_of_their_curvature():
    @dataclass(frozen=True)
    class Flat(S.ConvexLosses):
        mu: float = 5.0

        def value(self, t, x):
            return float(0.05 * x @ x - x[0])

        def gradient(self, t, x):
            return 0.1 * x - 1.0

    return float(play(L.OGD(W.Inverse(0.2)), Flat()).certify("ogd_strongly_convex").certified)


@program(right=[0.0, 0.0], or_refused="convex")
def losses_that_are_not_convex():
    @dataclass(frozen=True)
    class Wave(S.ConvexLosses):
        def value(self, t, x):
            return float(np.cos(3 * x[0]))

        def gradient(self, t, x):
            return -3 * np.sin(3 * x)

    @dataclass(frozen=True)
    class Later(Wave):
        def value(self, t, x):
            return super().value(t, x) if t % 7 == 0 else float(x @ x)

        def gradient(self, t, x):
            return super().gradient(t, x) if t % 7 == 0 else 2 * x

    return [float(play(L.OGD(), losses()).certify().certified) for losses in (Wave, Later)]


@program(refused="above the bound")
def a_losing_bound():
    @theorem("nobody (2026)", L.OGD)
    def nothing(q):
        "R_T <= 0."
        return Bound({"0": 0.0 * q.t}, [])

    try:
        return play(L.OGD(0.01)).certify().total
    finally:
        del THEOREMS["nothing"]


@program(right=[0.0, 0.0, 0.0])
def terms_on_an_unbounded_set_are_numbers():
    zero = S.Periodic([[0.0, 0.0], [0.0, 1.0]])
    games = [
        play(cls, zero, F.Reals(2), 10) for cls in (L.AMSGrad(0.1, 0.0), L.ADOPT(0.1), L.Adam(0.1, W.Inverse(0.9)))
    ]
    return [
        float(sum(each.curve.drop(columns=["regret", "slack"]).isna().to_numpy().sum() for each in certificates(game)))
        for game in games
    ]


@program(right=0.0)
def sets_at_the_end_of_the_floats():
    game = play(L.AMSGrad(0.1), SIGNS, F.Box(-1e200, 1e200), 10)
    return float(any(each.certified and np.isnan(each.total) for each in certificates(game)))


# -- another game the second time --------------------------------------------------------------------------


@dataclass(frozen=True)
class Counting(S.AdaptiveLosses):
    """Answers with what it was asked before."""

    seen: list = field(default_factory=list, compare=False)

    def answer(self, t, x):
        self.seen.append(x[0])
        return np.array([1.0 if len(self.seen) % 5 else -2.0])


@dataclass(frozen=True)
class Noisy(S.AdaptiveLosses):
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0), compare=False)

    def answer(self, t, x):
        return self.rng.standard_normal(1)


@dataclass(frozen=True)
class Resets(Counting):
    """The same, from the start whenever a game starts."""

    def answer(self, t, x):
        if t == 1:
            self.seen.clear()
        return super().answer(t, x)


@program(refused="played again")
def certify_a_game_against_a_generator():
    return play(L.OGD(0.1), Noisy()).certify().total


@program(refused="played again")
def diagnose_a_game_against_a_generator():
    return play(L.OGD(0.1), Noisy()).diagnose().coordinates["travelled"].iloc[0]


@program(refused="played again")
def certify_a_game_against_one_that_counts():
    return play(L.OGD(0.1), Counting(), T=33).certify().total


@program(right=1.0)
def certify_a_game_against_one_that_starts_anew():
    return sound(play(L.OGD(0.1), Resets(), T=33))


@program(refused="played again")
def certify_a_game_whose_learner_was_replaced():
    game = play(L.OGD(0.1), SIGNS)
    game.learner = L.OGD(0.2)
    return game.certify().total


@program(refused="played again")
def diagnose_a_game_whose_losses_were_replaced():
    game = play(L.AMSGrad(0.1), SIGNS)
    game.losses = S.Mod3()
    return game.diagnose().curve["G_inf"].iloc[-1]


@program(right=1.0)
def an_account_of_a_game_that_goes_on_elsewhere():
    losses = Resets()
    game = play(L.OGD(0.1), losses, T=33)
    play(L.OGD(0.5), losses, T=17)
    return sound(game)


# -- what is no game ---------------------------------------------------------------------------------------


@program(refused="is not a Game")
def certify_a_learner():
    return rl.certify(L.OGD())


@program(refused="is not a Game")
def certify_the_class_of_games():
    return rl.certify(rl.Game)


@program(refused="is not a Game")
def certify_a_table():
    return rl.certify(play(L.OGD()).regret)


@program(refused="is not a Game")
def diagnose_a_table():
    return rl.analysis.diagnostics.diagnose(play(L.OGD()).regret)


@program(refused="is not a Game")
def plot_a_list():
    return rl.plots.plot_game([play(L.OGD())])


@program(refused="must be a table of compare")
def plot_a_game_as_a_comparison():
    return rl.plots.plot_comparison(play(L.OGD()).regret)


@program(refused="no rounds yet")
def certify_before_the_first_round():
    return rl.Game(L.OGD(), UP, B).certify()


@program(refused="did you mean amsgrad_schedule")
def a_theorem_that_is_misspelt():
    return play(L.AMSGrad()).certify("amsgrad_shedule")


@program(refused="must be the name of a theorem")
def a_theorem_that_is_a_list():
    return play(L.AMSGrad()).certify(["amsgrad_schedule"])


@program(refused="other learners")
def a_theorem_about_other_learners():
    return play(L.DualAveraging()).certify("master_schedule")


# -- assertions that assert something ---------------------------------------------------------------------


@program(refused="no certificate applies")
def an_assertion_without_a_theorem():
    return assert_no_certificate_violation(L.OnlineNewtonStep(), S.RandomLeastSquares(d=1), B, 10, compiled=False)


@program(refused="no certificate applies")
def an_assertion_on_an_unbounded_set():
    return assert_no_certificate_violation(L.OGD(), S.Mod3(), F.Reals(), 10, compiled=False)


@program(refused="vacuous")
def an_assertion_about_a_learner_that_climbs():
    return assert_no_certificate_violation(climbing(L.AMSGrad), S.Mod3(), B, 500, compiled=False)


@program(refused="vacuous")
def an_assertion_about_a_learner_that_hardly_moves():
    return assert_no_certificate_violation(L.AMSGrad(alpha=1e-6), S.Mod3(), B, 500, compiled=False)


@program(
    refused="no certificate applies",
)
def an_assertion_about_a_learner_that_leaves_the_game_to_another_update():
    own = learner_that(L.DualAveraging, step=lambda self, t, g, x, m, F: (x, dict(m)))
    return assert_no_certificate_violation(own, S.Mod3(), B, 500, compiled=False)


@program(right=0.0)
def an_assertion_that_holds():
    learner = L.AMSGrad(alpha=1.0, beta1=0.5)
    return float(assert_no_certificate_violation(learner, S.Rademacher(), B, 1000, compiled=False) is not None)


# -- values that cannot be written to -----------------------------------------------------------------------


@program(right=0.0)
def writing_to_the_tables_of_a_certificate_changes_nothing():
    found = play(L.AMSGrad()).certify()
    before = repr(found)
    found.curve.iloc[:, :] = 0.0
    found.curve["bound"] = -1.0
    found.rounding.iloc[:] = 9.0
    found.terms.clear()
    return float(repr(found) != before or not found.certified)


@program(right=0.0)
def writing_to_the_tables_of_a_diagnosis_changes_nothing():
    found = play(L.AMSGrad()).diagnose()
    before = repr(found)
    found.curve.iloc[:, :] = 0.0
    found.coordinates["first_fall"] = 3
    return float(repr(found) != before or not found.monotone)


@program(refused="read-only")
def a_theorem_that_writes_to_the_quantities():
    @theorem("nobody (2026)", L.OGD)
    def greedy(q):
        "R_T <= d D G T."
        q.t[:] = 1.0
        return Bound({"0": q.d * q.D * q.G * q.t}, [])

    try:
        return play(L.OGD()).certify("greedy").total
    finally:
        del THEOREMS["greedy"]


@program(right=sqrt(2.0))
def a_diagnosis_of_two_coordinates():
    game = play(L.OGD(0.5), S.Periodic([[1.0, 0.0], [0.0, -1.0]]), F.Box([-1.0, -1.0], [1.0, 1.0]), 2)
    return game.diagnose().curve["stepsize_min"].iloc[-1] * 4.0

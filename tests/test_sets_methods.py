"""Classes of sets: what they override is used in games and comparators, or refused; check_set passes what is right."""

from dataclasses import dataclass

import numpy as np
import pytest
from hostile.sets import CLASSES, Disc, made, scaled
from hypothesis import given, settings
from hypothesis import strategies as st

import regretlab as rl
from regretlab import sets as S
from regretlab._utils.extending import unchanged
from regretlab.learners import OGD, AMSGrad

REFUSALS = (TypeError, ValueError, rl.GameError, rl.testing.CheckFailed)
METHODS = ["project", "contains", "minimize_linear", "diameter", "nearest_to_origin"]

# -- random classes of users --------------------------------------------------------------------


@st.composite
def sets_of_users(draw):
    """A set of a user: some methods of a set in R^2, or of a factor of a product, answer for another set."""
    kind = draw(st.sampled_from([*CLASSES[:5], Disc]))
    names = draw(st.lists(st.sampled_from(METHODS), unique=True, max_size=5))
    cls = scaled(kind, draw(st.sampled_from([0.5, 0.9, 1.0, 1.5])), *names)
    if draw(st.booleans()):
        cls = made("Below", cls)  # a subclass of the user's own class
    one = {S.Box: lambda: cls(-np.ones(2), np.array([0.5, 2.0])), S.CappedSimplex: lambda: cls(2, 0.75)}
    one |= {S.Simplex: lambda: cls(2), S.L1Ball: lambda: cls(1.25, 2), S.L2Ball: lambda: cls(1.0, [0.25, -0.5])}
    F = one.get(kind, lambda: cls(1.25))()
    return S.Product(S.Box([-1.0], [1.0]), F) if draw(st.booleans()) else F


def by_hand(learner, F, G):
    """x_1, ..., x_{T+1}, with ``project`` asked in each round."""
    x, v, vhat = [F.nearest_to_origin()], np.zeros(G.shape[1]), np.zeros(G.shape[1])
    for t, g in enumerate(G, start=1):
        v = 0.5 * v + 0.5 * g * g
        vhat = np.maximum(vhat, v)
        w = np.sqrt(vhat) if isinstance(learner, AMSGrad) else np.ones(g.size)
        x.append(F.project(x[-1] - 0.5 / np.sqrt(t) * g / w, w))
    return np.array(x)


@settings(max_examples=40, deadline=None)
@given(sets_of_users(), st.integers(0, 10**6))
def test_a_game_on_any_set_of_a_user_asks_its_project_or_is_refused(F, seed):
    T = 12
    G = np.random.default_rng(seed).standard_normal((T, F.dimension)) + 0.5
    learners = [OGD(alpha=0.5), AMSGrad(alpha=0.5, beta1=0.0, beta2=0.5), OGD(alpha=0.5)]
    refusal = None
    try:
        games = rl.play_all(learners, rl.losses.Periodic(G), F, T, checkpoints=range(1, T + 1), compiled=False)
        compared = [game.regret.comparator_loss.iloc[-1] for game in games]
    except REFUSALS as error:
        refusal = str(error)
    if refusal is not None:
        assert len(refusal) >= 25
        assert not F.shipped
        return
    for game, comparator in zip(games, compared, strict=True):
        x = np.vstack([game.record.point, game.point])
        np.testing.assert_allclose(x, by_hand(game.learner, F, G), rtol=0.0, atol=1e-12)
        total = G.sum(axis=0)
        assert comparator == pytest.approx(float(total @ F.minimize_linear(total)), abs=1e-12)


# -- what is right passes -----------------------------------------------------------------------


def units(s):
    """Sets of this package in a unit s."""
    return [
        S.Box(-s, s),
        S.Box(0.5 * s, s),
        S.Box(s, s),
        S.Box([-s, 0.0, 3.0 * s], [s, 0.0, 5.0 * s]),
        S.LinfBall(2.0 * s, [s, -2.0 * s]),
        S.L2Ball(s),
        S.L2Ball(0.01 * s, [30.0 * s, s]),
        S.L1Ball(3.0 * s),
        S.Simplex(mass=s),
        S.CappedSimplex(5, 0.3 * s, s),
        S.Halfspace([1.0, -2.0, 1e3], 0.5 * s),
        S.Halfspace([s, -2.0 * s, 3.0 * s], -0.5 * s),
        S.Hyperplane([1.0, 2.0], s),
        S.Affine([[1.0, 2.0, 3.0], [0.0, s, s]], [s, 2.0 * s]),
        S.Polytope([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [s, 0.0, 0.0]),
        S.Polytope([[s, 0.0], [-s, 0.0]], [s, s]),
        S.Product(S.Box(-s, s).with_dimension(2), S.L2Ball(s, dimension=2)),
        S.Product(S.Simplex(2), S.Reals(1)),
        S.Reals(),
        Disc(s),
    ]


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_every_set_passes_in_every_unit(unit):
    for F in units(unit):
        for d in (1, 3) if F.dimension is None else (F.dimension,):
            rl.check_set(F, dimension=d, cases=8, compiled=False, seed=d)


# -- what is known of a class -------------------------------------------------------------------


def test_what_is_known_of_a_class_holds_if_no_method_is_overridden():
    @dataclass(frozen=True, eq=False)
    class Labelled(S.Box):
        label: str = ""

        def __repr__(self):
            return self.label

        def area(self):
            return float(np.prod(np.subtract(self.hi, self.lo)))

    assert unchanged(S.Box(), S.Box)
    assert unchanged(Labelled(), S.Reals, S.Box)
    assert not unchanged(Labelled(), S.L2Ball)
    for name in METHODS:
        assert not unchanged(scaled(S.Box, 1.0, name)(), S.Box)
    assert not unchanged(made("Own", S.Box, bounded=True)(), S.Box)


def test_a_subclass_that_overrides_nothing_has_the_projection_of_its_base():
    assert made("Own", S.L2Ball)(1.0).scalar_projection is S.L2Ball.projection
    assert scaled(S.L2Ball, 1.0, "project")(1.0).scalar_projection is None
    assert S.Polytope([[1.0]], [1.0]).scalar_projection is None
    product = S.Product(S.Box([0.0], [1.0]), made("Own", S.L2Ball)(1.0, dimension=1))
    assert product.scalar_projection is product.projection is not None
    assert not product.shipped
    assert S.Product(S.Box([0.0], [1.0]), scaled(S.L2Ball, 1.0, "project")(1.0, dimension=1)).projection is None


def test_any_signature_that_allows_the_calls_of_the_package_is_accepted():
    made("Own", S.Box, project=lambda self, *args: S.Box.project(self, *args))
    made("Own", S.Box, project=lambda self, y, w=None, how="fast": S.Box.project(self, y, w))
    made("Own", S.Box, contains=lambda self, x, tol=0.0: True, diameter=lambda self, p=2: 2.0)
    made("Own", S.Box, bounded=property(lambda self: True), projection=staticmethod(lambda x, w, p: None))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"project": lambda self, y: y}, r"Own\.project\(self, y\) must allow the call project\(y, weights\)"),
        ({"minimize_linear": lambda self: 0}, r"must allow the call minimize_linear\(c\)"),
        ({"nearest_to_origin": lambda self, d: 0}, r"must allow the call nearest_to_origin\(\)"),
        ({"with_dimension": lambda self: 0}, r"must allow the call with_dimension\(d\)"),
        ({"parameters": lambda self, x: 0}, r"must allow the call parameters\(\)"),
        ({"diameter": property(lambda self: 2.0)}, r"Own\.diameter=.* must be a method, diameter\(self, norm\)"),
        ({"dimension": lambda self: 2}, r"Own\.dimension is a method; write @property above it"),
    ],
)
def test_methods_that_cannot_be_called_are_refused_when_the_class_is_made(body, message):
    with pytest.raises(TypeError, match=message):
        made("Own", S.Box, **body)

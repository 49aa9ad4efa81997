"""Rules and learners of users, drawn at random: games equal ``update`` in plain Python, whatever their names are."""

from contextlib import nullcontext
from dataclasses import dataclass, field, make_dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import regretlab as rl
from regretlab.cli.parsing import LEARNERS
from regretlab.learners import OGD, Algorithm1, ExponentiatedGradient, Hedge, State, WithEpsilon
from regretlab.schedules import Constant, InverseSqrt

GRADIENTS = np.random.default_rng(0).standard_normal((13, 2))
GRADIENTS[:2, 0] = 0.0
LOSSES = rl.losses.Periodic(GRADIENTS)
SETS = (rl.sets.Box(-0.3, 0.2), rl.sets.L2Ball(0.3))
ROUNDS = 30

NAMES = (
    "beta1", "beta2", "per_alpha", "x", "m", "w", "ratio", "weight", "rise",
    "h", "s", "k", "tile", "rule", "outer", "inner", "account", "divide",
    "schedule_values", "moments", "square", "largest", "a0", "lag", "c1",
)  # fmt: skip
"""Names that mean something to the loops, the ledger or the composed rules."""


@st.composite
def rules(draw):
    """A random learner of Algorithm 1, and the same in plain Python: (learner, step(t, g, kept) -> kept, m, w)."""
    names = draw(st.permutations(NAMES))
    kept, fields = names[: draw(st.integers(0, 3))], names[3 : 3 + draw(st.integers(0, 2))]
    fields = tuple(name for name in fields if name not in ("x", "rule"))
    factors = [draw(st.sampled_from([0.0, 0.25, 0.5, 0.9])) for _ in kept]
    values = {name: draw(st.sampled_from([0.1, 0.5, 0.75])) for name in fields}
    uses_t = draw(st.booleans())
    arguments = draw(st.permutations(["g", *kept, *fields, *(["t"] if uses_t else [])]))
    order = [name for name in arguments if name in kept]
    new = {name: f"{factor} * {name} + {(1 - factor)} * g" for name, factor in zip(kept, factors, strict=True)}
    m = " + ".join(["g", *(f"0.5 * {name}" for name in order), *(f"{name} * g" for name in fields)])
    w = "1.0 + 0.5 * g * g" + (" + 1.0 / t" if uses_t else "")
    source = f"def rule({', '.join(arguments)}):\n    return ({''.join(new[name] + ', ' for name in order)}), {m}, {w}"
    space = {}
    exec(source, space)
    body = {"rule": staticmethod(space["rule"])}
    alpha = draw(st.sampled_from([0.05, Constant(0.02)]))
    cls = make_dataclass(
        "Drawn", [(name, float, field(default=value)) for name, value in values.items()],
        bases=(Algorithm1,), namespace=body, frozen=True,
    )  # fmt: skip
    schedule = InverseSqrt(alpha) if isinstance(alpha, float) else alpha

    def step(t, g, numbers):
        filled = {**dict(zip(order, numbers, strict=True)), **values, "g": g, "t": t}
        return space["rule"](*[filled[name] for name in arguments])

    return cls(alpha=alpha), step, lambda t: float(schedule(t)), len(order)


def in_plain_python(step, alpha, K, F, eps=0.0):
    """The points x_1, ..., x_{T+1} of Algorithm 1, coordinate by coordinate."""
    x, kept, path = np.zeros(2), [(0.0,) * K] * 2, [np.zeros(2)]
    for t in range(1, ROUNDS + 1):
        answers = [step(t, float(g), numbers) for g, numbers in zip(GRADIENTS[(t - 1) % 13], kept, strict=True)]
        kept = [numbers for numbers, _, _ in answers]
        w = np.array([w + eps for *_, w in answers])
        x = F.project(x - alpha(t) * np.array([m for _, m, _ in answers]) / w, w)
        path.append(x)
    return np.array(path)


def path_of(game):
    return np.vstack([game.record.point, game.point])


@given(drawn=rules(), F=st.sampled_from(SETS))
@settings(max_examples=60, deadline=None)
def test_a_drawn_rule_is_what_it_says_with_a_ledger_and_beside_others(drawn, F):
    learner, step, alpha, K = drawn
    expected = in_plain_python(step, alpha, K, F.with_dimension(2))
    options = {"checkpoints": range(1, ROUNDS + 1), "compiled": False}
    alone = path_of(rl.play(learner, LOSSES, F, ROUNDS, **options))
    np.testing.assert_allclose(alone, expected, rtol=1e-12, atol=1e-14)
    kept = rl.play(learner, LOSSES, F, ROUNDS, ledger=True, **options)
    assert np.array_equal(path_of(kept), alone)
    for ledger in (False, True):
        for game in rl.play_all([learner] * 5, LOSSES, F, ROUNDS, ledger=ledger, **options):
            assert np.array_equal(path_of(game), alone)
    state = learner.with_ledger(learner.start(F.with_dimension(2)))
    for t in range(ROUNDS):
        state = learner.update(state, GRADIENTS[t % 13])
    assert np.array_equal(state.point, alone[-1])
    for name, row in state.ledger.items():
        assert np.array_equal(row, kept.state.ledger[name]), name


@given(drawn=rules(), F=st.sampled_from(SETS))
@settings(max_examples=25, deadline=None)
def test_a_drawn_rule_under_a_combinator(drawn, F):
    learner, step, alpha, K = drawn
    expected = in_plain_python(step, alpha, K, F.with_dimension(2), eps=0.5)
    for ledger in (False, True):
        game = rl.play(WithEpsilon(learner, 0.5), LOSSES, F, ROUNDS, ledger=ledger, compiled=False)
        np.testing.assert_allclose(game.point, expected[-1], rtol=1e-12, atol=1e-14)


def own_update(self, state, gradient):
    """A quarter of the step of the parent."""
    return self.parent.update(self, state, 0.25 * np.asarray(gradient))


def own_start(self, feasible_set, point=None):
    """The parent's, but 0.1 away."""
    state = self.parent.start(self, feasible_set, point)
    return State(0, state.point + 0.1, state.moments, state.feasible_set)


def own_check(self, losses):
    if losses.dimension != 2:
        raise ValueError(f"losses={losses!r}: this learner is for two dimensions")


OWN = {
    "update": own_update,
    "start": own_start,
    "check": own_check,
    "schedules": property(lambda self: {**self.parent.schedules.func(self), "alpha": Constant(0.03)}),
    "rule": staticmethod(lambda g: ((), 0.5 * g, 2.0)),
    "ranges": {"alpha": Algorithm1.ranges["alpha"]},
    "stepsize": Constant,
}


@given(chosen=st.sets(st.sampled_from(sorted(OWN))), wrapped=st.booleans(), F=st.sampled_from(SETS))
@settings(max_examples=60, deadline=None)
def test_whatever_a_learner_overrides_is_used_or_refused(chosen, wrapped, F):
    """The oracle calls ``start`` and ``update`` round by round."""
    cls = dataclass(frozen=True)(type("Mine", (OGD,), {"parent": OGD, **{name: OWN[name] for name in chosen}}))
    learner = cls(alpha=0.05)
    if wrapped and chosen & {"update", "start"}:
        with pytest.raises(TypeError, match=r"Mine has its own (start|update), which WithEpsilon does not call"):
            WithEpsilon(learner, 0.5)
    with pytest.raises(ValueError, match="two dimensions") if "check" in chosen else nullcontext():
        rl.play(learner, rl.losses.Mod3(), rl.sets.Box(-1.0, 1.0), 3, compiled=False)
    state = learner.start(F.with_dimension(2))
    first = state.point
    for t in range(ROUNDS):
        state = learner.update(state, GRADIENTS[t % 13])
    alpha = Constant(0.03) if "schedules" in chosen else Constant(0.05) if "stepsize" in chosen else InverseSqrt(0.05)
    factor = (0.25 if "update" in chosen else 1.0) * (0.25 if "rule" in chosen else 1.0)
    x = np.full(2, 0.1 if "start" in chosen else 0.0)
    assert np.array_equal(first, x)
    for t in range(ROUNDS):
        x = F.with_dimension(2).project(x - factor * float(alpha(t + 1)) * GRADIENTS[t % 13])
    np.testing.assert_allclose(state.point, x, rtol=1e-12)
    games = [rl.play(learner, LOSSES, F, ROUNDS, compiled=False), *rl.play_all([learner] * 5, LOSSES, F, ROUNDS)]
    games.append(rl.play(learner, LOSSES, F, ROUNDS, compiled=False, ledger=True))
    for game in games:
        assert np.array_equal(game.point, state.point)


@given(
    experts=st.integers(2, 5), scale=st.sampled_from([1.0, 30.0, 1000.0]), seed=st.integers(0, 99),
    cls=st.sampled_from([Hedge, ExponentiatedGradient]),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_exponential_weights_are_a_softmax_of_the_sums(experts, scale, seed, cls):
    """Also after a change of the best expert, when a weight has been 0 for long."""
    rng = np.random.default_rng(seed)
    g = scale * rng.uniform(size=(60, experts))
    g[:30, 0], g[30:, 1] = 0.0, 0.0
    learner = cls(alpha=Constant(1.0))
    state, total = learner.start(rl.sets.Simplex(experts)), np.zeros(experts)
    for each in g:
        state, total = learner.update(state, each), total + each
        shares = np.exp(total.min() - total)
        np.testing.assert_allclose(state.point, shares / shares.sum(), rtol=1e-8, atol=1e-300)


SHIPPED = [cls() for cls in LEARNERS.classes().values() if all(f != "learner" for f in cls.__dataclass_fields__)]


@pytest.mark.parametrize("learner", [each for each in SHIPPED if each.ledger_names()], ids=lambda x: type(x).__name__)
def test_a_ledger_never_changes_a_game_of_a_shipped_learner(learner):
    experts = isinstance(learner, Hedge | ExponentiatedGradient)
    for F in (rl.sets.Simplex(2),) if experts else (*SETS, rl.sets.Simplex(2)):
        for met in (LOSSES, rl.losses.CirclingQuadratics()):
            try:
                plain = rl.play(learner, met, F, ROUNDS, compiled=False)
            except (ValueError, rl.GameError):
                continue
            for game in (rl.play(learner, met, F, ROUNDS, compiled=False, ledger=True),
                         *rl.play_all([learner] * 2, met, F, ROUNDS, compiled=False, ledger=True)):  # fmt: skip
                assert np.array_equal(path_of(game), path_of(plain))

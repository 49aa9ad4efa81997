"""Learners with a full matrix as their metric, the doubling trick, and what learners say of losses before round 1."""

import math

import numpy as np
import pytest
from pieces import INTERVAL, cube

import regretlab as rl
from regretlab import play
from regretlab.learners import (
    OGD,
    AdaGrad,
    DoublingTrick,
    FullMatrixAdaGrad,
    OnlineNewtonStep,
    SAdam,
    WithEpsilon,
)
from regretlab.learners.full_matrix import _project
from regretlab.schedules import Constant
from regretlab.testing import check_learner

RNG = np.random.default_rng(0)
SETS = [
    rl.sets.Box(np.full(3, -0.5), np.array([0.5, 9.0, 2.0])),
    rl.sets.L2Ball(0.7, np.array([0.1, -0.2, 0.0])),
    rl.sets.Simplex(3, 1.5),
    rl.sets.Polytope(np.vstack([np.eye(3), -np.eye(3), np.ones((1, 3))]), np.array([1.0] * 6 + [0.5])),
]


def matrices(n):
    for _ in range(n):
        B = RNG.standard_normal((3, 3)) * 10.0 ** RNG.uniform(-2, 2, (3, 1))
        yield B @ B.T + 1e-3 * np.eye(3)


@pytest.mark.parametrize("F", SETS, ids=lambda F: type(F).__name__)
def test_projections_satisfy_the_variational_inequality(F):
    """<M (y - p), z - p> <= 0 for all z in F: it is largest at the minimizer of <-M (y - p), z>."""
    for M in matrices(40):
        y = 3.0 * RNG.standard_normal(3)
        p = _project(F, y, M)
        assert F.contains(p, 1e-12)
        normal = M @ (y - p)
        z = F.minimize_linear(-normal)
        assert normal @ (z - p) <= 1e-7 * (1.0 + np.abs(normal).max() * 50.0)


def test_diagonal_matrices_are_weights():
    for F in SETS:
        w = np.array([0.3, 2.0, 5.0])
        y = np.array([2.0, -1.0, 3.0])
        assert _project(F, y, np.diag(w)) == pytest.approx(F.project(y, w), abs=1e-9)


@pytest.mark.parametrize(
    "learner", [FullMatrixAdaGrad(0.7), OnlineNewtonStep(0.5)], ids=lambda each: type(each).__name__
)
def test_promises(learner):
    check_learner(learner)
    check_learner(learner, rl.sets.Simplex(3))


def test_full_matrices_in_one_dimension_are_adagrad():
    full = play(FullMatrixAdaGrad(0.5, eps=1e-300), rl.losses.Rademacher(), INTERVAL, 300)
    diagonal = play(AdaGrad(0.5), rl.losses.Rademacher(), INTERVAL, 300)
    assert full.record.point == pytest.approx(diagonal.record.point, abs=1e-12)


def test_bound_of_full_matrices():
    eta = 1.0
    ball = rl.sets.L2Ball(1.0, dimension=3)
    game = play(FullMatrixAdaGrad(eta), rl.losses.Rademacher(d=3), ball, 400)
    A = game.state.moments["A"]
    trace = np.sqrt(np.linalg.eigvalsh(A)).sum()
    assert A == pytest.approx(sum(np.outer(g, g) for g in rl.losses.Rademacher(d=3).data(1, 401, 0)[0]))
    assert 0.0 < game.regret["regret"].iloc[-1] <= (4.0 / (2.0 * eta) + eta) * trace


def test_newton_steps_have_logarithmic_regret_on_squares():
    """f_t(x) = (<a_t, x> - y_t)^2 / 2 on a ball is exp-concave with alpha = 1/max (<a, x> - y)^2."""
    rng = np.random.default_rng(1)
    T, d, D = 600, 2, 2.0
    a = rng.standard_normal((T, d))
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    y = np.clip(a @ np.array([0.5, -0.3]) + 0.3 * rng.standard_normal(T), -1.0, 1.0)
    losses = rl.losses.Examples(a, y, rl.losses.Squared())
    gamma = 0.5 * min(1.0 / (2.0 * D), 1.0 / 4.0)
    game = play(OnlineNewtonStep(gamma, eps=1.0 / (gamma * D) ** 2), losses, rl.sets.L2Ball(1.0), T)
    bound = (d * math.log(1.0 + T / (4.0 * d)) + 1.0) / (2.0 * gamma)
    last = game.regret.iloc[-1]
    assert last["regret"] + last["gap"] <= bound


def test_the_doubling_trick_begins_anew_at_powers_of_two():
    learner = DoublingTrick(OGD(alpha=Constant(0.8)))
    x = play(learner, rl.losses.Mod3(C=3.0), rl.sets.Box(-1e9, 1e9), 40, checkpoints=range(1, 41)).record.point[:, 0]
    g = rl.losses.Mod3(C=3.0).gradients(np.arange(1, 40))[:, 0]
    phase = 2.0 ** np.floor(np.log2(np.arange(1, 40)))
    assert np.diff(x) == pytest.approx(-0.8 / np.sqrt(phase) * g)
    momentum = DoublingTrick(rl.learners.AMSGrad(alpha=Constant(0.5)))
    state = momentum.start(INTERVAL)
    for _ in range(7):
        state = momentum.update(state, [1.0])
    assert momentum.update(state, [1.0]).moments["m"] == pytest.approx([0.1])
    check_learner(momentum)


def test_the_doubling_trick_has_its_bound():
    """c sqrt(T) with c = (D^2/(2 alpha) + alpha G^2 / 2) for every phase."""
    game = play(DoublingTrick(OGD(alpha=Constant(2.0))), rl.losses.Rademacher(), INTERVAL, 3000)
    regret = game.regret["regret"]
    bound = math.sqrt(2.0) / (math.sqrt(2.0) - 1.0) * 2.0 * np.sqrt(regret.index.to_numpy())
    assert (regret <= bound).all()


def test_what_does_not_fit_is_said_before_round_1():
    linear = rl.losses.Rademacher(d=2)
    for learner, F, message in [
        (OnlineNewtonStep(), cube(2), "linear, hence not exp-concave.*FullMatrixAdaGrad play on them"),
        (SAdam(), cube(2), "no mu > 0: SAdam.*AMSGrad or AdamNC"),
        (WithEpsilon(SAdam()), cube(2), "no mu > 0: SAdam"),
        (rl.learners.Hedge(), cube(2), "needs a Simplex"),
        (FullMatrixAdaGrad(), rl.sets.L1Ball(1.0, 2), "onto Reals, Box, L2Ball, Simplex, Polytope only"),
    ]:
        with pytest.raises(ValueError, match=message):
            play(learner, linear, F, 10)
    with pytest.raises(TypeError, match="a constant stepsize"):
        DoublingTrick(OGD(alpha=1.0))
    assert play(SAdam(), rl.losses.CirclingQuadratics(mu=1.0), INTERVAL, 10).horizon == 10

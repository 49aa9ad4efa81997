"""Dictionaries of arrays: the same numbers as for the vector of all of them."""

import numpy as np
import pytest
from pieces import bits

import regretlab as rl
from regretlab import DictLearner


def arrays(rng):
    return {"W": rng.standard_normal((3, 2)), "b": rng.standard_normal(2), "scale": np.array(rng.standard_normal())}


def flat(named):
    return np.concatenate([array.ravel() for array in named.values()])


@pytest.mark.parametrize("F", [None, rl.sets.L2Ball(3.0), rl.sets.Box(-5.0, 5.0)])
@pytest.mark.parametrize("learner", [rl.learners.AMSGrad(), rl.learners.TorchAdam(), rl.learners.OGD()])
def test_the_same_numbers_as_for_one_vector(F, learner):
    rng = np.random.default_rng(0)
    params = {name: 0.1 * array for name, array in arrays(rng).items()}
    named = DictLearner(learner).start(params, F)
    state = learner.start(F or rl.sets.Reals(), flat(params))
    first = named
    for _ in range(30):
        grads = arrays(rng)
        named, state = (
            DictLearner(learner).update(named, dict(reversed(grads.items()))),
            learner.update(state, flat(grads)),
        )
        assert bits(flat(named.params)) == bits(state.point)
    assert named.t == 30
    assert {name: array.shape for name, array in named.params.items()} == {"W": (3, 2), "b": (2,), "scale": ()}
    for name, moment in state.moments.items():
        assert bits(flat(named.moments[name])) == bits(moment)
    assert bits(flat(first.params)) == bits(flat(params))  # old states stay valid


def test_a_set_ties_all_arrays_together_in_the_metric():
    rng = np.random.default_rng(1)
    model, ball = DictLearner(rl.learners.AMSGrad(alpha=5.0)), rl.sets.L2Ball(1.0)
    state = model.start({"a": np.zeros(2), "b": np.zeros(3)}, ball)
    for _ in range(5):
        before = state
        grads = {"a": rng.standard_normal(2), "b": 100.0 * rng.standard_normal(3)}
        state = model.update(state, grads)
    assert np.linalg.norm(flat(state.params)) == pytest.approx(1.0)
    W = np.sqrt(flat(state.moments["vhat"]))
    step = flat(before.params) - 5.0 / np.sqrt(5.0) * flat(state.moments["m"]) / W
    assert flat(state.params) == pytest.approx(ball.project(step, W), abs=1e-12)
    assert not np.allclose(flat(state.params), ball.project(step), atol=1e-3)


def test_bad_input():
    model = DictLearner(rl.learners.AMSGrad())
    state = model.start({"W": np.zeros((2, 2)), "b": np.zeros(2)})
    for grads, message in [
        ({"W": np.zeros((2, 2))}, r"grads has the names \['W'\]; they must be \['W', 'b'\]"),
        ({"W": np.zeros((2, 2)), "b": np.zeros(2), "c": 1.0}, "must be"),
        ({"W": np.zeros(4), "b": np.zeros(2)}, r"grads\['W'\] has shape \(4,\); it must be \(2, 2\)"),
        ({"W": np.full((2, 2), np.nan), "b": np.zeros(2)}, r"grads\['W'\] is not finite"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.update(state, grads)
    with pytest.raises(ValueError, match="params is empty"):
        model.start({})
    with pytest.raises(ValueError, match="not in"):
        model.start({"a": np.full(2, 9.0)}, rl.sets.Box(-1.0, 1.0))
    with pytest.raises(ValueError, match="dimension"):
        model.start({"a": np.zeros(2)}, rl.sets.L1Ball(1.0, 3))
    with pytest.raises(TypeError, match="is not a Learner"):
        DictLearner(rl.learners.AMSGrad)

"""What there is to know of a learner before it plays."""

import numpy as np
import pytest

import regretlab as rl
from regretlab import learners
from regretlab.cli import parsing as names
from regretlab.cli.learner_profiles import profile, regrets, summary
from regretlab.schedules import Constant

MADE_OF_ANOTHER = (
    "BiasCorrected",
    "WithEpsilon",
    "EpsilonInsideRoot",
    "FirstMomentCorrected",
    "Restarts",
    "L2Penalty",
    "DecoupledWeightDecay",
    "DoublingTrick",
    "FirstMomentCorrected",
    "Restarts",
)


@pytest.mark.parametrize("name", sorted(cls.__name__ for cls in names.LEARNERS.classes().values()))
def test_every_learner_has_a_profile(name):
    cls = getattr(learners, name)
    inner = learners.OGD(Constant(1.0)) if name == "DoublingTrick" else learners.Adam()
    learner = cls(inner) if name in MADE_OF_ANOTHER else cls()
    lines = profile(learner)
    assert list(lines) == ["rule", "stepsize", "moments", "claim", "guarantee", "counterexample"]
    assert all(text and "\n" not in text and "`" not in text for text in lines.values())
    simplex = name in ("Hedge", "ExponentiatedGradient", "FixedShare")
    state = learner.start(rl.sets.Simplex(2) if simplex else rl.sets.Box(-1.0, 1.0), None if simplex else [0.0, 0.0])
    number, _, names_of_moments = lines["moments"].partition(" per coordinate besides x")
    matrix = sum(moment.shape == (2, 2) for moment in state.moments.values())
    if name not in ("Ader", "StronglyAdaptive"):  # which keep several points
        assert number == ("d" if matrix else str(len(state.moments)))
    assert names_of_moments.partition(": ")[2] == ", ".join(state.moments)
    for title in ("Claim", "Guarantee", "Counterexample"):
        assert (lines[title.lower()] == "none stated") == (f"\n    {title}: " not in (cls.__doc__ or ""))


def test_a_section_ends_where_the_next_begins():
    lines = profile(learners.AdaBound())
    assert lines["claim"] == "R_T = O(sqrt T)."
    assert lines["counterexample"].startswith("the proof needs 1/eta_t not to decrease")
    assert lines["counterexample"].endswith("until they are active this is Adam.")
    assert lines["guarantee"].endswith("with a large constant.")


def test_a_class_without_documentation_has_a_profile():
    class Silent(learners.Learner):
        def start(self, feasible_set, point=None):
            raise NotImplementedError

        def update(self, state, gradient):
            raise NotImplementedError

    Silent.__doc__ = ""
    assert profile(Silent())["moments"] == "unknown"
    assert profile(Silent())["stepsize"] == "none"


@pytest.mark.parametrize(
    ("learner", "stepsize"),
    [
        (learners.Adam(alpha=0.5), "0.5 / sqrt(t)"),
        (learners.Adam(alpha=Constant(0.5)), "Constant(scale=0.5)"),
        (learners.TorchAdam(), "0.001 constant"),
        (learners.SAdam(), "1 / t"),
        (learners.OnlineFrankWolfe(), "0.1 / t^(3/4)"),
        (learners.L2Penalty(learners.BiasCorrected(learners.Adam(2.0))), "2 / sqrt(t)"),
        (learners.DoublingTrick(learners.TorchAdam()), "0.001 constant"),
        (learners.CoinBetting(), "none"),
    ],
    ids=repr,
)
def test_the_stepsize_of_a_learner(learner, stepsize):
    assert profile(learner)["stepsize"] == stepsize


def test_regrets_are_sorted():
    played = {"slow": learners.OGD(1e-6), "fast": learners.OGD(1.0)}
    frame = regrets(played, rl.losses.Mod3(3.0), rl.sets.Box(-1.0, 1.0), 90, start=1.0)
    assert list(frame.index) == ["fast", "slow"]
    assert list(frame) == ["regret", "average_regret", "loss"]
    np.testing.assert_allclose(frame["regret"] / 90, frame["average_regret"])


@pytest.mark.parametrize("name", sorted(cls.__name__ for cls in names.LEARNERS.classes().values()))
def test_the_summary_of_a_class(name):
    cls = getattr(learners, name)
    text = summary(cls)
    assert "\n" not in text
    if name in MADE_OF_ANOTHER:
        assert "Stepsize and moments of its learner." in text
        return
    assert "Keeps" in text
    stepsize = {"Constant": "alpha constant", "Inverse": "alpha / t", "InverseThreeQuarters": "alpha / t^(3/4)"}
    if "alpha" in cls.__dataclass_fields__:
        assert f" Stepsize {stepsize.get(cls.stepsize.__name__, 'alpha / sqrt(t)')}. " in text
    else:
        assert "Stepsize" not in text
    for title in ("Guarantee", "Counterexample"):
        assert (f" {title}: " in text) == (f"\n    {title}: " in (cls.__doc__ or ""))

"""For your own test suite: checks of learners, losses and feasible sets, and assertions about regret."""

from regretlab.testing.assertions import assert_regret_below, assert_sublinear_regret
from regretlab.testing.certificate_assertions import assert_no_certificate_violation
from regretlab.testing.common import CheckFailed
from regretlab.testing.learner_checks import check_learner
from regretlab.testing.loss_checks import check_losses
from regretlab.testing.set_checks import check_set

__all__ = [
    "CheckFailed",
    "assert_no_certificate_violation",
    "assert_regret_below",
    "assert_sublinear_regret",
    "check_learner",
    "check_losses",
    "check_set",
]


def __dir__() -> list[str]:
    return __all__

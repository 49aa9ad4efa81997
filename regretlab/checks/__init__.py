"""Is a piece what it says? Checks of sequences, sets and learners that name a broken promise and show a witness."""

from regretlab.checks.learners import check_learner
from regretlab.checks.losses import check_losses
from regretlab.checks.sets import check_set
from regretlab.checks.witness import CheckFailed

__all__ = ["CheckFailed", "check_learner", "check_losses", "check_set"]

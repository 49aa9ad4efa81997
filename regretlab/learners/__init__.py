"""Online learners; each is one rule beside its paper."""

from regretlab.learners.adam import Adam, AdamNC, AdamX, AMSGrad, RMSProp
from regretlab.learners.base import Algorithm1, Learner, State
from regretlab.learners.bounded import AdaBound, AMSBound
from regretlab.learners.gradient import OGD, AdaGrad

__all__ = [
    "OGD",
    "AMSBound",
    "AMSGrad",
    "AdaBound",
    "AdaGrad",
    "Adam",
    "AdamNC",
    "AdamX",
    "Algorithm1",
    "Learner",
    "RMSProp",
    "State",
]

"""Online learners; each is one rule beside its paper."""

from regretlab.learners.adam import Adam, AdamNC, AMSGrad, RMSProp
from regretlab.learners.base import Algorithm1, Learner, State
from regretlab.learners.gradient import OGD, AdaGrad

__all__ = ["OGD", "AMSGrad", "AdaGrad", "Adam", "AdamNC", "Algorithm1", "Learner", "RMSProp", "State"]

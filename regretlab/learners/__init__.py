"""Online learners: each class is one method, with its formula, its paper and what is known about its regret."""

from regretlab.learners.adabound import AdaBound, AMSBound
from regretlab.learners.adam import Adam, AdamNC, AdamX, AMSGrad, RMSProp
from regretlab.learners.adam_successors import Adan, AdEMAMix, RAdam
from regretlab.learners.adam_variants import (
    AdaBelief,
    AMSBelief,
    Nadam,
    NosAdam,
    Padam,
    QHAdam,
    SAdam,
    UnmaximizedPadam,
    Yogi,
)
from regretlab.learners.base import Algorithm1, Learner
from regretlab.learners.bounded_steps import ClippedGD, NormalizedGD
from regretlab.learners.changing_environments import Ader, FixedShare, Restarts, StronglyAdaptive
from regretlab.learners.coin_betting import CoinBetting
from regretlab.learners.combinators import (
    BiasCorrected,
    Combinator,
    DecoupledWeightDecay,
    EpsilonInsideRoot,
    FirstMomentCorrected,
    L2Penalty,
    WithEpsilon,
)
from regretlab.learners.delayed import ADOPT, ACProp, AdaShift, ClippedADOPT, DelayedAdam
from regretlab.learners.doubling import DoublingTrick
from regretlab.learners.experts import ExponentiatedGradient, Hedge
from regretlab.learners.frameworks import (
    KerasAMSGrad,
    OptaxAMSGrad,
    TextbookAMSGrad,
    TorchAdam,
    TorchAMSGrad,
    TorchNAdam,
)
from regretlab.learners.ftrl import DualAveraging, OnlineFrankWolfe
from regretlab.learners.full_matrix import FullMatrixAdaGrad, OnlineNewtonStep
from regretlab.learners.gradient_descent import OGD, AdaGrad, OGDMomentum
from regretlab.learners.madgrad import MADGRAD
from regretlab.learners.optimistic import OptimisticAdaGrad, OptimisticOGD
from regretlab.learners.parameter_free import DoG
from regretlab.learners.schedule_free import ScheduleFreeAdamW, ScheduleFreeSGD
from regretlab.learners.sign_methods import Lion, SignSGD
from regretlab.learners.state import State
from regretlab.learners.vector import AdaGradNorm, AvaGrad, VectorLearner

__all__ = [
    "ADOPT",
    "MADGRAD",
    "OGD",
    "ACProp",
    "AMSBelief",
    "AMSBound",
    "AMSGrad",
    "AdEMAMix",
    "AdaBelief",
    "AdaBound",
    "AdaGrad",
    "AdaGradNorm",
    "AdaShift",
    "Adam",
    "AdamNC",
    "AdamX",
    "Adan",
    "Ader",
    "Algorithm1",
    "AvaGrad",
    "BiasCorrected",
    "ClippedADOPT",
    "ClippedGD",
    "CoinBetting",
    "Combinator",
    "DecoupledWeightDecay",
    "DelayedAdam",
    "DoG",
    "DoublingTrick",
    "DualAveraging",
    "EpsilonInsideRoot",
    "ExponentiatedGradient",
    "FirstMomentCorrected",
    "FixedShare",
    "FullMatrixAdaGrad",
    "Hedge",
    "KerasAMSGrad",
    "L2Penalty",
    "Learner",
    "Lion",
    "Nadam",
    "NormalizedGD",
    "NosAdam",
    "OGDMomentum",
    "OnlineFrankWolfe",
    "OnlineNewtonStep",
    "OptaxAMSGrad",
    "OptimisticAdaGrad",
    "OptimisticOGD",
    "Padam",
    "QHAdam",
    "RAdam",
    "RMSProp",
    "Restarts",
    "SAdam",
    "ScheduleFreeAdamW",
    "ScheduleFreeSGD",
    "SignSGD",
    "State",
    "StronglyAdaptive",
    "TextbookAMSGrad",
    "TorchAMSGrad",
    "TorchAdam",
    "TorchNAdam",
    "UnmaximizedPadam",
    "VectorLearner",
    "WithEpsilon",
    "Yogi",
]


def __dir__() -> list[str]:
    return __all__

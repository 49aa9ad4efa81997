"""The loss sequences and the learners of the league table."""

from __future__ import annotations

from dataclasses import dataclass

import regretlab as rl
from regretlab.learners import (
    ADOPT,
    MADGRAD,
    OGD,
    ACProp,
    AdaBelief,
    AdaBound,
    AdaGrad,
    AdaGradNorm,
    Adam,
    AdamNC,
    AdamX,
    Adan,
    AdaShift,
    AdEMAMix,
    Ader,
    AMSBelief,
    AMSBound,
    AMSGrad,
    AvaGrad,
    BiasCorrected,
    ClippedADOPT,
    ClippedGD,
    CoinBetting,
    DecoupledWeightDecay,
    DelayedAdam,
    DoG,
    DoublingTrick,
    DualAveraging,
    EpsilonInsideRoot,
    ExponentiatedGradient,
    FirstMomentCorrected,
    FixedShare,
    FullMatrixAdaGrad,
    Hedge,
    KerasAMSGrad,
    L2Penalty,
    Learner,
    Lion,
    Nadam,
    NormalizedGD,
    NosAdam,
    OGDMomentum,
    OnlineFrankWolfe,
    OnlineNewtonStep,
    OptaxAMSGrad,
    OptimisticAdaGrad,
    OptimisticOGD,
    Padam,
    QHAdam,
    RAdam,
    Restarts,
    RMSProp,
    SAdam,
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
    SignSGD,
    StronglyAdaptive,
    TextbookAMSGrad,
    TorchAdam,
    TorchAMSGrad,
    TorchNAdam,
    UnmaximizedPadam,
    WithEpsilon,
    Yogi,
)
from regretlab.learners.adabound import LowerBound, UpperBound
from regretlab.schedules import Constant, Geometric, Inverse, InversePower, InverseSqrt

__all__ = ["PROBLEMS", "Problem", "learners"]

ALPHA = 0.5
INTERVAL = rl.sets.Box(-1.0, 1.0)
P = 1 / 8  # Padam's power


@dataclass(frozen=True)
class Problem:
    """A loss sequence on a set, the betas, the bound G, and the rounds.

    T is period 2^doublings for compiled learners, period 2^few for those in Python.
    """

    title: str
    losses: rl.losses.Losses
    beta1: float
    beta2: float
    G: float
    period: int
    doublings: int
    few: int
    seeds: int = 1
    mu: float = 0.0
    feasible_set: rl.sets.FeasibleSet = INTERVAL

    def horizons(self, doublings: int) -> list[int]:
        """The rounds period 2^k for k = 0, ..., doublings, from round 32 on."""
        return [self.period * 2**k for k in range(doublings + 1) if self.period * 2**k >= 32]


PROBLEMS = {
    "mod3, C = 3": Problem("mod-3, $C=3$\nbetas 0, 0.1", rl.losses.Mod3(3.0), 0.0, 0.1, 3.0, 3, 15, 11),
    "mod3, C = 1.9": Problem("mod-3, $C=1.9$\nbetas 0, 0.1", rl.losses.Mod3(1.9), 0.0, 0.1, 1.9, 3, 15, 11),
    "1010 online": Problem(
        "1010/$-$10 online\nbetas 0.9, 0.99", rl.losses.ReddiOnline(), 0.9, 0.99, 1010.0, 101, 14, 7
    ),
    "1010 stochastic": Problem(
        "1010/$-$10 stochastic\nbetas 0.9, 0.99", rl.losses.ReddiStochastic(), 0.9, 0.99, 1010.0, 1, 20, 9, 8
    ),
    "ADOPT's toy": Problem(
        "ADOPT's toy, $k=10$\nbetas 0.9, 0.5",
        rl.losses.ReddiStochastic(height=100.0, slope=10.0, p=0.1),
        0.9, 0.5, 100.0, 1, 17, 9, 32,
    ),
    "random signs": Problem("random signs\nbetas 0.9, 0.99", rl.losses.Rademacher(), 0.9, 0.99, 1.0, 1, 17, 9, 32),
    "alternating signs": Problem(
        "$x, -x, x, \\ldots$\nbetas 0.9, 0.99", rl.losses.Periodic([1.0, -1.0]), 0.9, 0.99, 1.0, 2, 16, 11
    ),
    "abrupt least squares": Problem(
        "least squares, $\\mu=1$, abrupt\nbetas 0.9, 0.99",
        rl.losses.RandomLeastSquares(d=2, mu=1.0, change=129),
        0.9, 0.99, 6.0, 1, 10, 9, 8, 1.0, INTERVAL,
    ),
}  # fmt: skip


def learners(problem: Problem) -> dict[str, Learner]:
    """All learners by the name of their class, with the betas and the stepsize for a problem."""
    a, b1, b2, G = ALPHA, problem.beta1, problem.beta2, problem.G
    centred = max(b1, 0.5)  # with beta1 = 0 the centred gradient g_t - m_t is 0, and these learners do not move
    lower, upper = LowerBound(a / G, 1.0 - b2), UpperBound(a / G, 1.0 - b2)
    few = problem.horizons(problem.few)[-1]  # the rounds of learners that are played round by round
    strong = OGD(Inverse(1.0 / problem.mu)) if problem.mu else OGD(a / G)
    league = [
        strong,
        OGDMomentum(a / G, b1),
        DualAveraging(a / G),
        OnlineFrankWolfe(InversePower(a / G, 0.75)),
        CoinBetting(G=G),
        DoublingTrick(OGD(Constant(a / G))),
        OptimisticOGD(a / G),
        OptimisticAdaGrad(a),
        ClippedGD(a),
        NormalizedGD(a),
        DoG(),
        ScheduleFreeSGD(InverseSqrt(a / G)),
        Restarts(OGD(a / G), 1000),
        Ader(few, G),
        StronglyAdaptive(OGD(a / G), G),
        ExponentiatedGradient(a / G),
        Hedge(a / G),
        FixedShare(a / G),
        AdaGrad(a),
        AdaGradNorm(a),
        FullMatrixAdaGrad(a),
        OnlineNewtonStep(),
        SignSGD(a),
        Lion(a, b1, b2),
        RMSProp(a, b2),
        Adam(a, b1, b2),
        BiasCorrected(Adam(a, b1, b2)),
        WithEpsilon(Adam(a, b1, b2)),
        FirstMomentCorrected(AMSGrad(a, b1, b2)),
        EpsilonInsideRoot(Adam(a, b1, b2)),
        L2Penalty(Adam(a, b1, b2)),
        DecoupledWeightDecay(Adam(a, b1, b2)),
        TorchAdam(InverseSqrt(a), b1, b2),
        TorchNAdam(InverseSqrt(a), b1, b2),
        Nadam(a, b1, b2),
        RAdam(a, b1, b2),
        QHAdam(a, b1, b2),
        Adan(a, b1, beta3=b2),
        AdEMAMix(a, b1, b2),
        ScheduleFreeAdamW(InverseSqrt(a), b1, b2),
        MADGRAD(a**1.5 / G**0.5),
        AdaBelief(a, centred, b2),
        Yogi(a, b1, b2),
        UnmaximizedPadam(a * G ** (2 * P - 1), b1, b2, p=P),
        AdaBound(a, b1, b2, lower, upper),
        DelayedAdam(a, b1, b2),
        AvaGrad(a / G, b1, b2),
        ADOPT(a, b1, b2),
        ClippedADOPT(a, b1, b2),
        AdaShift(a, b1, b2),
        ACProp(a, centred, b2),
        AMSGrad(a, b1, b2),
        TorchAMSGrad(InverseSqrt(a), b1, b2),
        KerasAMSGrad(InverseSqrt(a), b1, b2),
        OptaxAMSGrad(InverseSqrt(a), b1, b2),
        TextbookAMSGrad(InverseSqrt(a), b1, b2),
        AdamX(a, Geometric(b1, 0.99), b2),
        AMSBound(a, b1, b2, lower, upper),
        AMSBelief(a, centred, b2),
        Padam(a * G ** (2 * P - 1), b1, b2, p=P),
        AdamNC(a, b1),
        NosAdam(a, b1),
        SAdam(Inverse(G * G / (problem.mu or 1.0)), b1),
    ]
    return {type(learner).__name__: learner for learner in league}

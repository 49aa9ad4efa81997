"""Where a game on periodic linear losses ends, computed without playing it.

On f_t(x) = <g_t, x> with gradients g_1, ..., g_P, g_1, ..., g_P, ... the moments of a learner of Algorithm 1 converge
to a limit cycle.  The sign of the drift h = sum_{k<=P} m_k / w_k over this cycle tells to which end of an
interval x_t goes.
"""

from regretlab.analysis.periodic.closed_forms import (
    adam_drift,
    average,
    beta2_star,
    first_order_beta2,
    smallest_failing_period,
)
from regretlab.analysis.periodic.drifts import boundary, drift
from regretlab.analysis.periodic.limit_cycles import LimitCycle, limit_cycle
from regretlab.analysis.periodic.predictions import Prediction, predict, travel_time
from regretlab.analysis.periodic.stochastic import (
    first_order_stochastic_beta2,
    stochastic_beta2_star,
    stochastic_drift,
)

__all__ = [
    "LimitCycle",
    "Prediction",
    "adam_drift",
    "average",
    "beta2_star",
    "boundary",
    "drift",
    "first_order_beta2",
    "first_order_stochastic_beta2",
    "limit_cycle",
    "predict",
    "smallest_failing_period",
    "stochastic_beta2_star",
    "stochastic_drift",
    "travel_time",
]


def __dir__() -> list[str]:
    return __all__

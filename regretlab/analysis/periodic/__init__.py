"""Where a game on periodic linear losses ends, before it is played.

On f_t(x) = <g_t, x> with g_1, ..., g_P, g_1, ... the moments of a learner of Algorithm 1 tend to a limit
cycle, and the sign of its drift h = sum_{k<=P} m_k / w_k says to which end of an interval x_t goes.
"""

from regretlab.analysis.periodic.closed_forms import (
    adam_drift,
    average,
    beta2_star,
    first_order_beta2,
    smallest_failing_period,
)
from regretlab.analysis.periodic.limit_cycles import LimitCycle, limit_cycle
from regretlab.analysis.periodic.predictions import Prediction, boundary, drift, predict, travel_time
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

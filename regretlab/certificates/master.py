"""The master inequality: a bound for every learner of Algorithm 1, even if its metric is not monotone.

Let w_t = W_t / alpha_t, w_0 = 0 and Delta_t = x_t - u for a u in F.  The projected step
x_{t+1} = Pi_F^{W_t}(x_t - alpha_t m_t / W_t) implies

    <m_t, x_t - u> <= (1/2) sum_i w_{t,i} (Delta_{t,i}^2 - Delta_{t+1,i}^2) + (alpha_t/2) sum_i m_{t,i}^2 / W_{t,i}.

Summed over t, the first part is at most (D^2/2) sum_i sum_t [w_{t,i} - w_{t-1,i}]_+, for any metric.  It remains to
replace m_t by g_t: ``master`` does this for a constant beta_1, ``master_schedule`` for any beta_{1,t}.  Where m_t is
not a moving average of gradients, the bound has one more term, with the differences e_t between the two.
"""

from __future__ import annotations

from regretlab.certificates.certificate import Bound, theorem
from regretlab.certificates.measurements import inverse, product
from regretlab.certificates.quantities import Quantities
from regretlab.learners.base import Algorithm1

__all__ = ["master", "master_schedule"]

_SOURCE = "Alacaoglu, Malitsky, Mertikopoulos, Cevher (2020), arXiv 2003.09729, for any weights"


@theorem(_SOURCE, Algorithm1)
def master(q: Quantities) -> Bound:
    """R_T <= (D^2/2) sum_i sum_t [w_{t,i} - w_{t-1,i}]_+ + beta_1/(1-beta_1) (D^2/4) sum_i w_{T,i}
    + (1+beta_1)/(2(1-beta_1)) sum_t alpha_t sum_i m_{t,i}^2 / W_{t,i} + D/(1-beta_1) sum_t ||e_t||_1.

    w_t = W_t/alpha_t, and e_t = m_t - beta_1 m_{t-1} - (1-beta_1) g_t is 0 for a
    moving average.  The proof uses (1-beta_1) g_t = m_t - beta_1 m_{t-1} - e_t and
    <m_t, x_t - x_{t+1}> <= alpha_t ||m_t||^2_{1/W_t}.
    """
    b1, D = q.b1, q.D
    terms = {
        "rises of the metric": product(0.5, D**2, q.sum("rise")),
        "last momentum": product(b1, inverse(1.0 - b1), 0.25, D**2, q.sum("weight")),
        "steps": 0.5 * (1.0 + b1) * inverse(1.0 - b1) * q.sum("step"),
        "momentum that is no average": product(D, inverse(1.0 - b1), q.sum("mismatch")),
    }
    return Bound(terms, [q.convex(), q.bounded(), q.positive_stepsize(), q.constant_beta1()])


@theorem(_SOURCE + "; Young's inequality for beta_{1,t}", Algorithm1)
def master_schedule(q: Quantities) -> Bound:
    """R_T <= (D^2/2) sum_i sum_t [w_{t,i} - w_{t-1,i}]_+ + (D^2/2) sum_t sum_i beta_{1,t} w_{t,i}
    + (1/2) sum_t alpha_t sum_i (m_{t,i}^2 + beta_{1,t} (g_{t,i} - m_{t-1,i})^2) / W_{t,i} + D sum_t ||e_t||_1.

    w_t = W_t/alpha_t, and e_t = m_t - beta_{1,t} m_{t-1} - (1-beta_{1,t}) g_t is 0 for a
    moving average.  The proof uses g_t = m_t + beta_{1,t} (g_t - m_{t-1}) - e_t and holds for any beta_{1,t} >= 0.
    """
    D = q.D
    terms = {
        "rises of the metric": product(0.5, D**2, q.sum("rise")),
        "sum of beta_{1,t} w_t": product(0.5, D**2, q.S),
        "steps": 0.5 * q.sum("step"),
        "lags of the momentum": 0.5 * q.lag,
        "momentum that is no average": product(D, q.sum("mismatch")),
    }
    return Bound(terms, [q.convex(), q.bounded(), q.positive_stepsize(), q.nonnegative_beta1()])

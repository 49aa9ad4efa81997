"""Newton's method for cumulative losses S; if S has kinks, on smoothed losses first and then kink by kink."""

from __future__ import annotations

import numpy as np

from regretlab._utils.types import Array
from regretlab.regret.cumulative_loss import Sums, Tangent
from regretlab.regret.cumulative_prediction_loss import PredictionSums
from regretlab.regret.solvers.optimality_gap import Minimum
from regretlab.regret.solvers.piecewise_linear import minimize_piecewise_linear
from regretlab.regret.solvers.quadratic_program import QuadraticSolver

__all__ = ["MOST_KINKS", "Newton", "QuasiNewton", "minimize_with_differences", "minimize_with_smoothing"]

MOST_KINKS = 2000
"""At most so many rows keep their kinks when tangents replace the other rows."""

_PER_MEASUREMENT = 10  # passes after which the Hessian is measured again
_APART = 1e-5  # distance of points for differences of gradients, relative to the reach of the feasible set
_MOST_PASSES = 200
_IDLE = 12  # stop after d plus so many passes that do not halve the gap
_NARROWER = 0.3  # factor of the width of smoothing
_OVERSHOOT = 0.1  # largest slope at the end of a step, relative to minus the slope at its start
_POLISHES = 8


class QuasiNewton:
    """An approximate Hessian of S: BFGS updates by the gradients at successive points, or differences of gradients."""

    def __init__(self) -> None:
        self._matrix: Array | None = None
        self._last: tuple[Array, Array] | None = None

    def hessian(self, u: Array, gradient: Array, diameter: float) -> Array:
        """(d, d): the approximate Hessian at u, updated by the gradient there."""
        if self._last is not None:
            s, y = u - self._last[0], gradient - self._last[1]
            rise = float(s @ y)
            if rise > 1e-12 * float(np.linalg.norm(s) * np.linalg.norm(y)) > 0.0:
                B = float(y @ y) / rise * np.eye(u.size) if self._matrix is None else self._matrix
                Bs = B @ s
                self._matrix = B - np.outer(Bs, Bs) / float(s @ Bs) + np.outer(y, y) / rise
        self._last = u, gradient
        if self._matrix is None:
            return max(float(np.linalg.norm(gradient)), 1e-300) / diameter * np.eye(u.size)
        return self._matrix

    def measure(self, loss: Sums, start: int, stop: int, u: Array, gradient: Array) -> None:
        """Replace the Hessian by differences of gradients near u, in every direction in which F extends.

        For each i, u + s_i is the projection of u + h e_i or u - h e_i onto the feasible set F, whichever is farther
        from u.  With y_i the change of the gradient from u to u + s_i, the matrix is the symmetric part of the
        least-squares solution of B s_i = y_i for all i.
        """
        F, d = loss.feasible_set, u.size
        apart = _APART * max(float(loss.reach.max()), 1e-300)
        S, Y = np.zeros((d, d)), np.zeros((d, d))
        for i in range(d):
            aside = np.zeros(d)
            aside[i] = apart
            S[i] = max((F.project(u + s) - u for s in (aside, -aside)), key=np.linalg.norm)
            if S[i].any():
                Y[i] = loss.at(u + S[i], start, stop).gradient - gradient
        B = np.linalg.solve(S.T @ S + 1e-12 * apart**2 * np.eye(d), S.T @ Y)
        B = 0.5 * (B + B.T)
        self._matrix, self._last = B + 1e-9 * max(float(np.abs(B).max()), 1e-300) * np.eye(d), (u, gradient)

    def scale(self, factor: float) -> None:
        """Multiply the Hessian by ``factor``, for a sum over ``factor`` times as many rounds."""
        self._last = None
        if self._matrix is not None:
            self._matrix = factor * self._matrix


class Newton:
    """Newton's method for S, smoothed over intervals of half-width ``width``, from the point u on.

    The Hessian is that of S if :class:`Sums` can give it, and otherwise the approximation by ``quasi_newton``.  In the
    second case ``evaluations`` keeps the results at all points so far, for :class:`Bundle` to start from.
    """

    def __init__(self, minimum: Minimum, u: Array, quadratic: QuadraticSolver, quasi_newton: QuasiNewton) -> None:
        self.minimum, self.quadratic, self.quasi_newton = minimum, quadratic, quasi_newton
        self.width, self.damping = 0.0, 0.0
        self.evaluations: list[Tangent] = []
        self._last = minimum.evaluations + _MOST_PASSES
        self.go_to(u)

    def go_to(self, u: Array) -> None:
        """Evaluate S at u, where the next step starts."""
        self.u, self.here = u, self._evaluate(u)
        self.gap = self.minimum.frank_wolfe_gap

    @property
    def exhausted(self) -> bool:
        """Whether Newton's method has made all the passes over the rounds that it may make."""
        return self.minimum.evaluations >= self._last

    def run(self, most: int | None = None) -> None:
        """Take steps until the minimum is done, or no step is found, or S may have kinks and the gap stops falling.

        Make at most ``most`` passes over the rounds, give or take the last step.
        """
        minimum = self.minimum
        best, since = minimum.gap, minimum.evaluations
        last = self._last if most is None else minimum.evaluations + most
        while minimum.evaluations < last and not minimum.done and self.step():
            if minimum.gap < 0.5 * best:
                best, since = minimum.gap, minimum.evaluations
            elif minimum.loss.smooth is None and minimum.evaluations > since + _IDLE + self.u.size:
                return  # S may have kinks

    def step(self) -> bool:
        """Minimise the quadratic model and step towards its minimiser; return whether a step was found.

        Lengths 1 and then shorter ones are tried; the first one is taken at whose end the slope along the step is at
        most a tenth of minus the slope at its start.
        """
        H, gradient = self.here.hessian, self.here.gradient
        if H is None:
            H = self.quasi_newton.hessian(self.u, gradient, self.minimum.loss.diameter)
        if self.damping > 0.0:
            H = H + self.damping * (float(np.trace(H)) or 1.0) / len(H) * np.eye(len(H))
        aim = max(1e-4 * self.gap, 0.1 * self.minimum.aim)
        step = self.quadratic.minimize(gradient, H, self.u, aim) - self.u
        slope = float(gradient @ step)
        length = 1.0
        while slope < 0.0 and length > 1e-10 and not self.exhausted:
            v = self.quadratic.inside(self.u + length * step)
            after = self._evaluate(v)
            end = float(after.gradient @ step)
            if end <= -_OVERSHOOT * slope:
                self.u, self.here, self.gap = v, after, self.minimum.frank_wolfe_gap
                self.damping *= 0.1 if length == 1.0 else 10.0
                return True
            length *= min(0.9, max(0.05, -slope / (end - slope)))
        return False

    def _evaluate(self, u: Array) -> Tangent:
        """S at u, with its Hessian if there is one."""
        with_hessian = self.minimum.loss.has_hessian
        found = self.minimum.evaluate(u, self.width, hessian=with_hessian)
        if not with_hessian:
            self.evaluations.append(found)
        return found


def minimize_with_differences(newton: Newton) -> None:
    """Run Newton's method with a Hessian from differences of gradients, updated by BFGS.

    The Hessian is measured again after about ten passes, as long as the gap halves in between.  A measurement takes a
    pass for each of the d directions.
    """
    minimum, gap = newton.minimum, np.inf
    while not minimum.tolerated and minimum.gap <= 0.5 * gap:
        gap = minimum.gap
        newton.quasi_newton.measure(minimum.loss, minimum.start, minimum.stop, newton.u, newton.here.gradient)
        newton.run(_PER_MEASUREMENT)


def minimize_with_smoothing(newton: Newton, loss: PredictionSums) -> None:
    """Minimise a sum of losses with kinks: smoothed less and less, and in the end kink by kink.

    Each pointwise loss is averaged over an interval of half-width h.  Once the Frank-Wolfe gap of the smoothed problem
    is below half the smoothing error, h gets smaller, until few kinks are left in these intervals.  Then these kinks
    are kept, and tangents replace all other rows (:mod:`regretlab.regret.solvers.piecewise_linear`).  With few rows in
    all, the method first tries to keep all their kinks, without smoothing.
    """
    minimum = newton.minimum
    start, stop = minimum.start, minimum.stop
    if loss.count(start, stop) <= MOST_KINKS:
        newton.width = loss.width(start, stop)
        if _polish(newton, loss):
            return
    newton.width = max(newton.here.size / (stop - start), 1e-300)
    newton.damping, smallest = 1e-9, 1e-14 * newton.width
    newton.go_to(minimum.point)
    while not newton.exhausted and not minimum.done and newton.width > smallest:
        here = newton.here
        smoothing_error = here.value - here.constant - float(here.gradient @ newton.u)
        if newton.gap > max(0.5 * smoothing_error, 0.1 * minimum.aim):
            if not newton.step():
                return
        elif newton.here.kinks <= MOST_KINKS // 2 and _polish(newton, loss):
            return
        else:
            newton.width *= _NARROWER
            newton.go_to(newton.u)


def _polish(newton: Newton, loss: PredictionSums) -> bool:
    """Minimise S, keeping only the kinks near the best point and the last minimiser; whether the gap is small."""
    minimum, other = newton.minimum, newton.u
    for _ in range(_POLISHES):
        centre = minimum.point
        model = loss.piecewise_linear(centre, other, minimum.start, minimum.stop, newton.width, MOST_KINKS)
        if model is None or model.model_error > minimum.aim:
            return False
        other, lower = minimize_piecewise_linear(model, centre, 0.3 * minimum.aim, newton.quadratic, minimum.least)
        minimum.add_lower_bound(lower - model.rounding_error)
        minimum.evaluate(other)
        if minimum.gap <= max(minimum.aim, 3.0 * model.rounding_error):
            return True
        if other is centre:
            return False
    return False

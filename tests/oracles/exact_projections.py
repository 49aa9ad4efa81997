"""Weighted projections in exact or sixty-digit arithmetic, by other routes than the package's."""

from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 60


def exact(numbers):
    return [Fraction(float(v)) for v in numbers]


def fill(y, w, mass, cap=None):
    """x_i = min(cap, max(0, y_i - tau / w_i)) of sum mass: bisection over the breakpoints, then one division."""
    y, w, (mass,) = exact(y), exact(w), exact([mass])
    cap = mass if cap is None else min(mass, *exact([cap]))
    ends = sorted({b * a for a, b in zip(y, w, strict=True)} | {b * (a - cap) for a, b in zip(y, w, strict=True)})

    def at(tau):
        return [min(cap, max(Fraction(0), a - tau / b)) for a, b in zip(y, w, strict=True)]

    below, above = 0, len(ends) - 1
    while above - below > 1:
        k = (above + below) // 2
        below, above = (k, above) if sum(at(ends[k])) >= mass else (below, k)
    x = at((ends[below] + ends[above]) / 2)
    free = [i for i, v in enumerate(x) if 0 < v < cap]
    if not free:
        return at(ends[below])
    rest = mass - sum(v for i, v in enumerate(x) if i not in free)
    return at((sum(y[i] for i in free) - rest) / sum(1 / w[i] for i in free))


def l1_ball(y, w, radius):
    if sum(map(abs, exact(y))) <= Fraction(radius):
        return exact(y)
    return [v if a >= 0 else -v for a, v in zip(y, fill([abs(a) for a in y], w, radius), strict=True)]


def l2_ball(y, w, radius, center):
    """By Newton's method on the secular equation from the left, in sixty digits."""
    number = lambda values: [Decimal(float(v)) for v in values]  # noqa: E731
    c, w, r = number(center), number(w), Decimal(float(radius))
    u = [a - b for a, b in zip(number(y), c, strict=True)]
    if sum(v * v for v in u) <= r * r:
        return number(y)
    lam = max(Decimal(0), *(a * (abs(b) / r - 1) for a, b in zip(w, u, strict=True)))
    for _ in range(500):
        q = [a * b / (a + lam) for a, b in zip(w, u, strict=True)]
        norm = sum(v * v for v in q).sqrt()
        step = norm * norm / sum(v * v / (a + lam) for v, a in zip(q, w, strict=True)) * (norm / r - 1)
        if step <= lam * Decimal(10) ** -50:
            break
        lam += step
    return [a + b * v / (b + lam) for a, b, v in zip(c, w, u, strict=True)]


def affine(y, w, A, b):
    """By Gauss's elimination of (A W^-1 A^T) t = A y - b; the rows of A are independent."""
    y, w, b = exact(y), exact(w), exact(b)
    A = [exact(row) for row in A]
    system = [
        [sum(p * q / v for p, q, v in zip(row, other, w, strict=True)) for other in A]
        + [sum(p * q for p, q in zip(row, y, strict=True)) - value]
        for row, value in zip(A, b, strict=True)
    ]
    for i in range(len(A)):
        pivot = next(r for r in range(i, len(A)) if system[r][i] != 0)
        system[i], system[pivot] = system[pivot], system[i]
        system[i] = [v / system[i][i] for v in system[i]]
        for r in range(len(A)):
            if r != i:
                system[r] = [v - system[r][i] * u for v, u in zip(system[r], system[i], strict=True)]
    return [y[i] - sum(row[i] * t[-1] for row, t in zip(A, system, strict=True)) / w[i] for i in range(len(y))]


def halfspace(y, w, a, b):
    inside = sum(p * q for p, q in zip(exact(a), exact(y), strict=True)) <= Fraction(float(b))
    return exact(y) if inside else affine(y, w, [a], [b])

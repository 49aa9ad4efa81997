"""Periods of gradients, and Adam's drift on the mod-3 sequence in 50 digits."""

from decimal import Decimal, localcontext


def mod3(C):
    """The period of f_t(x) = C x if t mod 3 = 1, else -x."""
    return [C, -1.0, -1.0]


def spike(height, slope, period):
    """One large gradient, then small ones of the other sign."""
    return [height] + [-slope] * (period - 1)


ONLINE = spike(1010.0, 10.0, 101)


def h3(C, b):
    """h = C/sqrt v1 - 1/sqrt v2 - 1/sqrt v3 for Adam with beta1 = 0 on the mod-3 sequence, in 50 digits."""
    with localcontext(prec=50):
        C, b = Decimal(C), Decimal(b)
        S = 1 + b + b * b
        v = (C * C + b + b * b) / S, (1 + b * C * C + b * b) / S, (1 + b + b * b * C * C) / S
        return C / v[0].sqrt() - 1 / v[1].sqrt() - 1 / v[2].sqrt()

"""Theorems as code: upper bounds on the regret of a played game, with every hypothesis checked on the game.

:func:`certify` returns the smallest bound that is proved for a game, or that of one theorem, and :func:`certificates`
all of them.  :func:`certify_path` and :func:`certify_intervals` do so for comparators that
change.  :data:`THEOREMS` has the theorems by name, and :func:`theorem` adds one of your own.
"""

from regretlab.certificates import classical, constant_beta1, errata, ftrl, master, reddi, variants
from regretlab.certificates.certificate import THEOREMS, Bound, Certificate, CertificateViolated, Theorem, theorem
from regretlab.certificates.certifying import certificates, certify, theorem_named
from regretlab.certificates.changing import certify_intervals, certify_path
from regretlab.certificates.quantities import Hypothesis, Quantities

SOURCES = (classical, constant_beta1, errata, ftrl, master, reddi, variants)
"""The modules that state theorems, in the order of :data:`THEOREMS`."""

__all__ = [
    "THEOREMS",
    "Bound",
    "Certificate",
    "CertificateViolated",
    "Hypothesis",
    "Quantities",
    "Theorem",
    "certificates",
    "certify",
    "certify_intervals",
    "certify_path",
    "theorem",
    "theorem_named",
]


def __dir__() -> list[str]:
    return __all__

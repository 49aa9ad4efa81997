"""Theorems as code: certificates that bound the regret of a played game, with every hypothesis checked on it."""

from regretlab.certificates import classical, constant_beta1, errata, ftrl, master, reddi, variants
from regretlab.certificates.certificate import THEOREMS, Bound, Certificate, Theorem, theorem
from regretlab.certificates.certifying import certificates, certify, theorem_named
from regretlab.certificates.quantities import Hypothesis, Quantities

SOURCES = (classical, constant_beta1, errata, ftrl, master, reddi, variants)
"""The modules that state theorems, in the order of :data:`THEOREMS`."""

__all__ = [
    "THEOREMS",
    "Bound",
    "Certificate",
    "Hypothesis",
    "Quantities",
    "Theorem",
    "certificates",
    "certify",
    "theorem",
    "theorem_named",
]

"""Theorems as code: certificates that bound the regret of a played game, with every hypothesis checked on it."""

from regretlab.certificates.certificate import THEOREMS, Bound, Certificate, Theorem, theorem
from regretlab.certificates.certify import certificates, certify, theorem_named
from regretlab.certificates.facts import Facts, Hypothesis

__all__ = [
    "THEOREMS",
    "Bound",
    "Certificate",
    "Facts",
    "Hypothesis",
    "Theorem",
    "certificates",
    "certify",
    "theorem",
    "theorem_named",
]

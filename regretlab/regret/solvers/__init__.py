"""Solvers for the best point in hindsight: they choose the points to evaluate; no choice makes the gap too small."""

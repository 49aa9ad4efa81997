"""Solvers for the best point in hindsight: they choose the points to evaluate; none can make an error bar too small."""

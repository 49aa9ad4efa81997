"""Solvers for the best point in hindsight: each chooses points to look at, none can make an error bar too small."""

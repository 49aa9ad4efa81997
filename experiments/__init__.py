"""One module per published figure: compute() -> DataFrame, draw(frame) -> Figure.

Installed as ``regretlab.experiments``.
"""

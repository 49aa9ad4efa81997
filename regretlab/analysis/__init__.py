"""What can be computed from played games, and about a sequence before it is played.

* :mod:`~regretlab.analysis.plots` (also ``rl.plots``): figures of games, and curves for figures of your own.
* :mod:`~regretlab.analysis.scaling` (also ``rl.scaling``): the exponent of the growth of regret with the horizon.
* :mod:`~regretlab.analysis.periodic` (also ``rl.periodic``): where a game on periodic losses ends, without playing it.
* :mod:`~regretlab.analysis.diagnostics`: a learner's metric, stepsizes, gradients and distance travelled in a game.
* :mod:`~regretlab.analysis.horizons`: the regret at several horizons.
* :mod:`~regretlab.analysis.tables`: several games in one table.
* :mod:`~regretlab.analysis.summary`: a game in a few lines, as text and as HTML.
"""

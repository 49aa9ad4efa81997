"""One module per published figure: compute() -> DataFrame, draw(frame) -> Figure, fingerprint(frame) -> numbers.

Installed as ``regretlab.experiments``.  :func:`reproduce` writes the figure, its
data, and its fingerprint, a few numbers that the tests compute again::

    from regretlab.experiments import reproduce
    reproduce("figure1", "figures")
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType

from regretlab._utils.files import whole_file

from . import (
    adopt_regret,
    adopt_toy,
    audit,
    c_min,
    certificates,
    constant_stepsize,
    demonstrations,
    divergence_region,
    figure1,
    figure2,
    league,
    network,
    noisy_quadratic,
    phase_diagram,
    random_convex,
    scaling,
    speed_of_learners,
    spike,
    spikes,
    stochastic_drift,
    theorem1,
)

__all__ = ["EXPERIMENTS", "reproduce"]

EXPERIMENTS: dict[str, ModuleType] = {
    "figure1": figure1,
    "theorem1": theorem1,
    "figure2": figure2,
    "random_convex": random_convex,
    "scaling": scaling,
    "divergence_region": divergence_region,
    "c_min": c_min,
    "stochastic_drift": stochastic_drift,
    "speed_of_learners": speed_of_learners,
    "league": league,
    "adopt_toy": adopt_toy,
    "adopt_regret": adopt_regret,
    "spikes": spikes,
    "noisy_quadratic": noisy_quadratic,
    "network": network,
    "demonstrations": demonstrations,
    "phase_diagram": phase_diagram,
    "certificates": certificates,
    "audit": audit,
    "spike": spike,
    "constant_stepsize": constant_stepsize,
}
"""The figures by name.

Each module has ``compute(**sizes)``, which returns the table of what is drawn; ``draw``, which
returns the figure of a table; ``fingerprint``, which returns a few numbers of it by name, to compare
two runs by; and ``QUICK``, the sizes of a run that takes seconds.
"""


def reproduce(
    name: str, folder: str | os.PathLike[str], quick: bool = False, *, mnist: str | os.PathLike[str] | None = None
) -> list[Path]:
    """Compute and draw the figure ``name``; write name.png, name.csv and name.json to ``folder``.

    An error leaves no half-written file, and a second run writes the same bytes.

    Parameters
    ----------
    name : str
        One of EXPERIMENTS.
    folder : path
        Is made if it does not exist.
    quick : bool
        Short horizons: all of the code runs, but the numbers are not those of the figure.
    mnist : path, optional
        For figure2: the folder with MNIST's files, to play on instead of
        scikit-learn's digits.  The files are then figure2_mnist.png, .csv and .json.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ValueError
        If there is no such experiment, or ``mnist`` is given for another one than figure2.
    ImportError
        If the experiment needs a package that is not installed; the message names it.
    """
    if name not in EXPERIMENTS:
        raise ValueError(f"there is no experiment {name!r}; there are: {', '.join(EXPERIMENTS)}")
    if mnist is not None and name != "figure2":
        raise ValueError(f"mnist={os.fspath(mnist)!r}: {name} does not play on MNIST, only figure2 does")
    import matplotlib.style

    Path(folder).mkdir(parents=True, exist_ok=True)
    experiment = EXPERIMENTS[name]
    sizes = experiment.QUICK if quick else {}
    frame = experiment.compute(**sizes) if mnist is None else experiment.compute(folder=mnist, **sizes)
    stem = name if mnist is None else f"{name}_mnist"
    numbers = {key: float(f"{value:.12g}") for key, value in experiment.fingerprint(frame).items()}
    png, csv, fingerprint = (Path(folder) / f"{stem}.{suffix}" for suffix in ("png", "csv", "json"))
    with matplotlib.style.context("default"), whole_file(png) as file:  # not the user's own style
        experiment.draw(frame).savefig(file, format="png", dpi=150, metadata={"Software": None})
    with whole_file(csv) as file:
        file.write(frame.to_csv(index=False, float_format="%.12g", lineterminator="\n").encode())
    with whole_file(fingerprint) as file:
        file.write((json.dumps(numbers, indent=2) + "\n").encode())
    return [png, csv, fingerprint]

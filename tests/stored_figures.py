"""The published figures in figures/: their fingerprints and their data."""

import json
from pathlib import Path

import pandas as pd

FIGURES = Path(__file__).parents[1] / "figures"


def stored(name: str) -> dict[str, float]:
    """The fingerprint of a figure."""
    return json.loads((FIGURES / f"{name}.json").read_text())


def data(name: str) -> pd.DataFrame:
    """The table from which a figure is drawn."""
    return pd.read_csv(FIGURES / f"{name}.csv")

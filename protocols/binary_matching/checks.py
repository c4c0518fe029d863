"""Nothing may differ from sets; closed forms must be exact, counts within what chance gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import IDENTITY, Check
from htm_brian.protocols.binary_matching.measurement import KINDS

THREAD = "discussion: Why don't HTM neuron synapses model long term potentiation and depression?"
SETS = "the overlap of two sets, by Python's own"
FRACTIONS = "sums of exact fractions"
COUNTS = "four standard errors of a count"


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold segments against sets, closed forms against fractions and counts."""
    error = np.abs(dataset.closed_form / dataset.exact - 1)
    away = np.abs(dataset.counted - dataset.expected) / dataset.standard_error
    found = [Check("segments that differ from sets", int(dataset.wrong.sum()), "1", 0, 0, SETS)]
    found += [
        Check(
            f"{kind}: closed form over fractions less 1, largest",
            float(error.where(dataset.kind == kind).max()),
            "1",
            None,
            1e-6,
            FRACTIONS,
        )
        for kind in KINDS
    ]
    found += [
        Check(
            f"counted less closed form, {name}, standard errors",
            float(away.sel(count=name)),
            "1",
            None,
            4,
            COUNTS,
        )
        for name in dataset["count"].to_numpy().tolist()
    ]
    return [Check(**{**vars(each), "role": IDENTITY}) for each in found]


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return how many cases there were, and how many of them match."""
    cases = int(dataset.cases)
    return {
        "segments shown a pattern": cases,
        "share of them that match": float(dataset.matching.sum() / cases),
        "smallest probability that was compared": float(dataset.exact.min()),
    }

"""The range against the control's and against the closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.protocols.dynamic_range.stimulus import DETERMINISTIC

THREAD = "discussion: Why don't HTM neuron synapses model long term potentiation and depression?"
REVIEW = "Rusakov, Savtchenko & Latham 2020, Trends Neurosci (PMC7902755)"
WIDER = f"{THREAD}: stochastic release increases the dynamic range; htm_brian's target: 20 %"
CLOSED_FORM = "closed form: square root of 1 + CV² of the synapse"


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the ranges against the control and the closed form."""
    stochastic = dataset.drop_sel(synapse=DETERMINISTIC)
    shift = np.abs(stochastic.middle / dataset.middle.sel(synapse=DETERMINISTIC) - 1)
    error = np.abs(stochastic.ratio / stochastic.widening - 1)
    return [
        *(
            Check(
                f"10-90 % range over control's, {name}", float(one.ratio), "1", 1.2, None, WIDER
            ).against(float(one.ratio_low), float(one.ratio_high))
            for name in stochastic.synapse.to_numpy()
            for one in [stochastic.sel(synapse=name)]
        ),
        Check(
            "that ratio over the closed form less 1, largest of all synapses",
            float(error.max(skipna=False)),
            "1",
            None,
            0.1,
            CLOSED_FORM,
        ),
        Check(
            "rate at which half of the cells fire, largest relative shift against control",
            float(shift.max(skipna=False)),
            "1",
            None,
            0.05,
            "the mean is matched",
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return range, ratio with its interval, and closed form of every synapse."""
    found: dict[str, Any] = {}
    for name in dataset.synapse.to_numpy():
        one = dataset.sel(synapse=name)
        found[f"10-90 % range, {name}, Hz"] = float(one.range)
        if name != DETERMINISTIC:
            found[f"over control's, {name}"] = float(one.ratio)
            found[f"over control's, 95 % interval, {name}"] = (
                f"{float(one.ratio_low):.2f} to {float(one.ratio_high):.2f}"
            )
            found[f"over control's, closed form, {name}"] = float(one.widening)
    return found

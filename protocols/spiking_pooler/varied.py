"""Overlap where a parameter of the model is a tenth off."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from htm_brian.network.spatial_pooler import SpikingSpatialPooler, mean_overlap
from htm_brian.parameters import Model, load_model

if TYPE_CHECKING:
    from htm_brian.protocols.spiking_pooler import SpikingPoolerParameters
    from htm_brian.protocols.spiking_pooler.stimulus import Shown

CHANGES = (-0.1, 0.1)
THRESHOLD = "cell.threshold"
"""Of which the distance from rest is changed."""

PARAMETERS = (
    "cell.membrane_capacitance",
    "cell.leak_conductance",
    THRESHOLD,
    "feedforward.conductance",
    "feedforward.rise_time_constant",
    "feedforward.decay_time_constant",
    "inhibition.feedforward_conductance",
    "inhibition.feedforward_delay",
    "inhibition.decay_time_constant",
    "inhibition.recruiting_share",
    "excitability.spread",
)
"""Those that decide without noise, but for potentials that the threshold's condition has as a ratio
with these, and for delays of a time step or two."""


def varied_overlap(p: SpikingPoolerParameters, shown: Shown, seed: int) -> NDArray[np.float64]:
    """Return the mean overlap for each of `PARAMETERS` and `CHANGES`; NaN where it is left out."""
    found = np.full((len(PARAMETERS), len(CHANGES)), np.nan)
    if p.varied_inputs == 0:
        return found
    every = max(1, len(shown.inputs) // p.varied_inputs)
    some = type(shown)(shown.inputs[::every][: p.varied_inputs], shown.pooler, [])
    wanted, model = some.chosen_by(shown.pooler), load_model(p.model)
    for row, path in enumerate(PARAMETERS):
        for place, change in enumerate(CHANGES):
            chooser = SpikingSpatialPooler(
                deepcopy(shown.pooler),
                model=changed(model, path, change),
                release="reliable",
                noise="none",
                seed=1000 * p.seed + seed,
            )
            found[row, place] = mean_overlap(wanted, some.chosen_by(chooser))
    return found


def changed(model: Model, path: str, change: float) -> Model:
    """Return the model with one parameter that share larger."""
    table, key = path.split(".")
    value = model[table][key]
    if path == THRESHOLD:
        rest = model[table]["resting_potential"]
        return model.with_values({path: value + change * (value - rest)})
    return model.with_values({path: value * (1 + change)})

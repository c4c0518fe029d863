"""Efficacy, permanence and the set of connected synapses, from before the first train on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from htm_brian.protocols.spaced_theta_bursts.stimulus import RESPONSE
from htm_brian.protocols.strength_and_permanence.stimulus import (
    BLOCKED,
    HOUR,
    REPETITIONS,
    look_at,
)
from htm_brian.synapses.plasticity.consolidation import ConsolidatedTrains
from htm_brian.synapses.plasticity.structural_permanence import StructuralPermanence

if TYPE_CHECKING:
    from htm_brian.protocols.strength_and_permanence import StrengthAndPermanenceParameters

LOOKS = ("efficacy", "permanence", "connected")
BEFORE = 60.0
"""Seconds before the first train."""


def courses(parameters: StrengthAndPermanenceParameters, rule: StructuralPermanence) -> xr.Dataset:
    """Follow silent synapses of some cells, a quarter of them without stimulus."""
    times = look_at(parameters.hours)
    owner = np.repeat(np.arange(parameters.cells), parameters.synapses)
    stimulated = np.arange(len(owner)) % 4 < 3
    found = np.zeros((len(LOOKS), len(REPETITIONS), len(times), len(owner)))
    for place, (name, train) in enumerate(REPETITIONS.items()):
        own = rule.with_values(protein_synthesis=0.0) if name == BLOCKED else rule
        cells = ConsolidatedTrains(own, owner, seed=parameters.seed + place)
        spikes = train + BEFORE
        pre = [spikes if given else np.empty(0) for given in stimulated]
        # The first look finds the synapses as they were made.
        for number, time in enumerate(times + BEFORE):
            now = spikes[spikes <= time]
            cells.run(
                [each[each <= time] for each in pre],
                [now + RESPONSE] * len(owner),
                look_at=[time],
            )
            for which, look in enumerate(LOOKS):
                found[which, place, number] = cells.value(look)
    return xr.Dataset(
        {
            look: (("repetition", "time", "synapse"), values, {"units": "1"})
            for look, values in zip(LOOKS, found, strict=True)
        },
        coords={
            "repetition": list(REPETITIONS),
            "time": ("time", times / HOUR, {"units": "h"}),
            "stimulated": ("synapse", stimulated),
        },
        attrs={"connected_permanence": float(rule.table["connected_permanence"])},
    )

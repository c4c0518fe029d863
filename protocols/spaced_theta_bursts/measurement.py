"""Potentiation by some trains, in the whole model, without its parts, and in a plain one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.protocols.spaced_theta_bursts.stimulus import MINUTE, RESPONSE, trains
from htm_brian.synapses.plasticity.calcium_based import CalciumBased
from htm_brian.synapses.plasticity.consolidation import ConsolidatedTrains
from htm_brian.synapses.plasticity.tagging_capture import TaggingCapture
from htm_brian.synapses.plasticity.trains import Trains

if TYPE_CHECKING:
    from htm_brian.protocols.spaced_theta_bursts import SpacedThetaBurstsParameters

Potentiation = NDArray[np.float64]

WHOLE = "whole"
NO_PROTEINS, NO_TAG, NO_MATURATION, NO_SATURATION = (
    "no proteins",
    "no tag",
    "no maturation of the tag",
    "no saturation of the early phase",
)

FAR = {"potentiated_level": 10.0, "potentiation_rate": 200.0}


def variants(rule: TaggingCapture) -> dict[str, TaggingCapture]:
    """Return the rule, and the rule without each part of the mechanism.

    Without saturation the first train does as much as with it, but the level that the early phase
    goes to is so far away that the next one does the same again.
    """
    table = rule.table
    return {
        WHOLE: rule,
        NO_PROTEINS: rule.with_values(protein_synthesis=0.0),
        NO_TAG: rule.with_values(tag_threshold=10.0),
        NO_MATURATION: rule.with_values(tag_maturation=0 * table["tag_maturation"]),
        NO_SATURATION: rule.with_values(**FAR),
    }


def potentiation(
    parameters: SpacedThetaBurstsParameters, rule: TaggingCapture, stream: int
) -> Potentiation:
    """Return the potentiation in percent, by number of trains, interval and cell."""
    found = np.zeros((parameters.trains, len(parameters.intervals), parameters.cells))
    owner = np.repeat(np.arange(parameters.cells), parameters.synapses)
    for number in range(1, parameters.trains + 1):
        for place, interval in enumerate(parameters.intervals):
            if number == 1 and place > 0:  # one train has no interval
                found[0, place] = found[0, 0]
                continue
            spikes = trains(number, interval * MINUTE)
            seed = parameters.seed + 100 * stream + 10 * number + place
            cells = ConsolidatedTrains(rule, owner, seed=seed)
            (efficacy,) = cells.run(
                [spikes] * len(owner),
                [spikes + RESPONSE] * len(owner),
                look_at=[_looked_at(parameters, number, interval)],
            )
            mean = efficacy.reshape(parameters.cells, parameters.synapses).mean(axis=1)
            found[number - 1, place] = 100 * (mean - 1)
    return found


def plain(parameters: SpacedThetaBurstsParameters, rule: CalciumBased) -> Potentiation:
    """Return the same of a calcium rule without late phase, by trains and interval."""
    found = np.zeros((parameters.trains, len(parameters.intervals)))
    n, table = parameters.plain_synapses, rule.table
    up = np.arange(n) >= round(n * float(table["initial_down_share"]))
    strength = 1 + (float(table["strength_ratio"]) - 1) * up
    for number in range(1, parameters.trains + 1):
        for place, interval in enumerate(parameters.intervals):
            if number == 1 and place > 0:
                found[0, place] = found[0, 0]
                continue
            spikes = trains(number, interval * MINUTE)
            synapses = Trains(rule, n, seed=parameters.seed + 10 * number + place)
            synapses.state["efficacy"][:] = up
            (after,) = synapses.run(
                [spikes] * n,
                [spikes + RESPONSE] * n,
                look_at=[_looked_at(parameters, number, interval)],
                look="strength",
            )
            found[number - 1, place] = 100 * (after.mean() / strength.mean() - 1)
    return found


def _looked_at(parameters: SpacedThetaBurstsParameters, number: int, interval: float) -> float:
    """Return when the potentiation is measured: some time after the last train."""
    last = (number - 1) * interval
    return float((last + float(parameters.observed_after) / MINUTE) * MINUTE)


def as_dataset(
    parameters: SpacedThetaBurstsParameters,
    found: dict[str, Potentiation],
    without: Potentiation,
) -> xr.Dataset:
    """Put the potentiations into one dataset."""
    return xr.Dataset(
        {
            "potentiation": (
                ("variant", "trains", "interval", "cell"),
                np.stack(list(found.values())),
                {"units": "%"},
            ),
            "plain": (("trains", "interval"), without, {"units": "%"}),
        },
        coords={
            "variant": list(found),
            "trains": np.arange(1, parameters.trains + 1),
            "interval": ("interval", list(parameters.intervals), {"units": "min"}),
        },
    )

"""Efficacies of a strong and a weak pathway onto the same cells, for hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.protocols.consolidation.stimulus import (
    CAPTURE_GAPS,
    DEPOTENTIATION_DELAYS,
    HOUR,
    LOW_FREQUENCY,
    MINUTE,
    SECOND_AT_100_HZ,
    STRONG,
    WEAK,
    Train,
)
from htm_brian.synapses.plasticity.consolidation import ConsolidatedTrains
from htm_brian.synapses.plasticity.tagging_capture import TaggingCapture

if TYPE_CHECKING:
    from htm_brian.protocols.consolidation import ConsolidationParameters

STRONG_END, WEAK_END = float(STRONG[-1]) + 0.3, float(WEAK[-1]) + 0.3
"""When the calcium of the last spike is gone."""
COURSES = ("strong", "strong, no proteins", "weak")
STATES = ("early", "late")


class Cells:
    """Cells that each have a pathway of several synapses and one synapse of another pathway.

    Parameters
    ----------
    parameters : ConsolidationParameters
    rule : TaggingCapture
    number : int
        Of the experiment: cells of different ones have different noise.
    """

    def __init__(
        self, parameters: ConsolidationParameters, rule: TaggingCapture, number: int
    ) -> None:
        self._pathway = np.tile([True] * parameters.synapses + [False], parameters.cells)
        self._cells = parameters.cells
        owner = np.repeat(np.arange(parameters.cells), parameters.synapses + 1)
        self.trains = ConsolidatedTrains(rule, owner, seed=parameters.seed + number)

    def run(
        self, pathway: Train, other: Train, look_at: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float64]]:
        """Give the two pathways their spikes; return efficacies by look and cell."""
        pre = [pathway if strong else other for strong in self._pathway]
        seen = self.trains.run(pre, [[]] * len(pre), look_at=look_at)
        shape = len(look_at), self._cells, -1
        return {
            "pathway": seen[:, self._pathway].reshape(shape).mean(axis=2),
            "other": seen[:, ~self._pathway],
        }


def courses(parameters: ConsolidationParameters, rule: TaggingCapture, number: int) -> xr.Dataset:
    """Follow a strong tetanus, with proteins and without, and a weak one, for eight hours."""
    late = np.linspace(10 * MINUTE, 8 * HOUR, parameters.looks) + STRONG_END
    times = np.concatenate([[STRONG_END], late])
    blocked = rule.with_values(protein_synthesis=0.0)
    nothing = np.empty(0)
    efficacy = np.zeros((len(COURSES), len(times), parameters.cells))
    states = np.zeros((len(STATES), 2, parameters.cells))
    for place, kind in enumerate(COURSES):
        cells = Cells(parameters, blocked if "no" in kind else rule, 10 * number + place)
        weak = kind == "weak"
        looks = times - STRONG_END + WEAK_END if weak else times
        pathway, other = (nothing, WEAK) if weak else (STRONG, nothing)
        seen = cells.run(pathway, other, looks)
        efficacy[place] = seen["other" if weak else "pathway"]
    cells = Cells(parameters, rule, 10 * number)
    for place, look in enumerate((STRONG_END, 8 * HOUR)):
        cells.run(STRONG if place == 0 else nothing, nothing, np.array([look]))
        for which, name in enumerate(STATES):
            values = cells.trains.synapses[name][cells._pathway]
            states[which, place] = values.reshape(parameters.cells, -1).mean(axis=1)
    return xr.Dataset(
        {
            "course": (("stimulus", "time", "cell"), efficacy, {"units": "1"}),
            "phase": (("state", "moment", "cell"), states, {"units": "1"}),
        },
        coords={
            "stimulus": list(COURSES),
            "time": ("time", (times - STRONG_END) / HOUR, {"units": "h"}),
            "state": list(STATES),
            "moment": ["end of the tetanus", "8 h"],
        },
    )


def capture(parameters: ConsolidationParameters, rule: TaggingCapture, number: int) -> xr.Dataset:
    """Give a weak tetanus before or after a strong one on the other synapses of the cells."""
    proteins = ("made", "blocked")
    shape = len(proteins), len(CAPTURE_GAPS), parameters.cells
    first, last = np.zeros(shape), np.zeros(shape)
    for which, kind in enumerate(proteins):
        own = rule if kind == "made" else rule.with_values(protein_synthesis=0.0)
        for place, gap in enumerate(CAPTURE_GAPS):
            cells = Cells(parameters, own, 1000 + 100 * number + 10 * which + place)
            start = -gap * HOUR if gap < 0 else 0.0
            weak = start + gap * HOUR
            looks = np.array([weak + WEAK_END, max(start, weak) + 8 * HOUR])
            seen = cells.run(STRONG + start, WEAK + weak, looks)["other"] - 1
            first[which, place], last[which, place] = seen
    dims = ("proteins", "gap", "cell")
    return xr.Dataset(
        {
            "weak_at_once": (dims, first, {"units": "1"}),
            "weak_at_last": (dims, last, {"units": "1"}),
        },
        coords={"proteins": list(proteins), "gap": ("gap", list(CAPTURE_GAPS), {"units": "h"})},
    )


def depotentiation(
    parameters: ConsolidationParameters, rule: TaggingCapture, number: int
) -> xr.Dataset:
    """Give low-frequency bursts some time after a second at 100 Hz, and none at all."""
    left = np.zeros((len(DEPOTENTIATION_DELAYS), parameters.cells))
    alone = Cells(parameters, rule, 5000 + 100 * number)
    look = np.array([8 * HOUR])
    nothing = np.empty(0)
    whole = alone.run(SECOND_AT_100_HZ, nothing, look)["pathway"][0] - 1
    for place, delay in enumerate(DEPOTENTIATION_DELAYS):
        cells = Cells(parameters, rule, 5001 + 100 * number + place)
        both = np.concatenate([SECOND_AT_100_HZ, LOW_FREQUENCY + delay * MINUTE])
        left[place] = cells.run(both, nothing, look)["pathway"][0] - 1
    return xr.Dataset(
        {
            "potentiation": ("cell", whole, {"units": "1"}),
            "potentiation_left": (("delay", "cell"), left, {"units": "1"}),
        },
        coords={"delay": ("delay", list(DEPOTENTIATION_DELAYS), {"units": "min"})},
    )

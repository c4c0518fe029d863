"""Cells of the spiking memory against those of the abstract one, and against the race."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.engine.compiling import code_generation
from htm_brian.experiment.progress import Progress
from htm_brian.network.column_race import column_race, spikes_of
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.parameters import Model
from htm_brian.protocols.in_vivo.stimulus import Condition
from htm_brian.randomness import stream
from htm_brian.streams.predicted_sets import PREDICTED_SHARE, predicted_sets

if TYPE_CHECKING:
    from htm_brian.protocols.in_vivo import InVivoParameters

MEASURED = {
    "jaccard": "of active cells, spiking and abstract",
    "right_predicted": "share of the predicted columns with the cells of the abstract memory",
    "right_unpredicted": "share of the other columns that fire as a whole",
    "anomaly_difference": "of spikes, spiking less abstract",
    "unprompted": "share of the predicted cells that fire though their column is not driven",
}
RACED = {
    "race_jaccard": "of active cells, in drawn columns",
    "closed_predicted": "closed form of right_predicted",
    "closed_unpredicted": "closed form of right_unpredicted",
    "closed_unprompted": "closed form of unprompted",
    "window": "until when spikes recruit inhibition, ms after the volley",
}
CAUSES = ("noise", "spread", "column_jitter", "neuron_jitter", "variation", "neurons", "cells")
"""Fields of `Condition` that are kept."""
DRAWN = 2000
"""Columns of the race, in each condition."""


def measure_all(
    parameters: InVivoParameters, network: Model, cell: Model, progress: Progress
) -> tuple[xr.Dataset, bool]:
    """Return the figures of every condition and seed, and whether no run was stopped."""
    conditions = parameters.conditions
    shape = len(conditions), parameters.seeds
    measured = {name: np.full(shape, np.nan) for name in MEASURED}
    raced = {name: np.full(len(conditions), np.nan) for name in RACED}
    progress.begin("networks in noise", shape[0] * shape[1])
    with code_generation(parameters.codegen):
        for row, condition in enumerate(conditions):
            for name, value in race_of(condition, network, cell, parameters.seed).items():
                raced[name][row] = value
            for number in range(parameters.seeds):
                if progress.interrupted:
                    break
                found = run_network(parameters, condition, network, cell, number)
                for name, value in found.items():
                    measured[name][row, number] = value
                progress.advance()
    dataset = xr.Dataset(
        {
            **{name: (("condition", "network"), values) for name, values in measured.items()},
            **{name: (("condition",), values) for name, values in raced.items()},
            **{
                name: (("condition",), [getattr(each, name) for each in conditions])
                for name in CAUSES
            },
        },
        coords={"condition": [each.name for each in conditions]},
    )
    for name, meaning in {**MEASURED, **RACED}.items():
        dataset[name].attrs["long_name"] = meaning
    return dataset, not progress.interrupted


def race_of(condition: Condition, network: Model, cell: Model, seed: int) -> dict[str, float]:
    """Return what the race says of a condition's columns."""
    model = condition.model(network)
    race = column_race(cell, model, condition.cells, condition.neurons)
    columns = max(50, DRAWN // condition.neurons)
    rng = stream(seed, "race", condition.name)
    hits, wholes = 0.0, 0.0
    for predicted, share in ((1, PREDICTED_SHARE), (0, 1 - PREDICTED_SHARE)):
        found = race.run(columns, rng, predicted)
        hits += share * found.hits
        wholes += share * found.either
    closed = race.right()
    period = float(model["element"]["period"])
    return {
        "race_jaccard": hits / wholes,
        "closed_predicted": closed[0],
        "closed_unpredicted": closed[1],
        "closed_unprompted": 1 - float(np.exp(-spikes_of(cell, model).unprompted * period)),
        "window": 1e3 * race.window,
    }


def run_network(
    parameters: InVivoParameters, condition: Condition, network: Model, cell: Model, number: int
) -> dict[str, float]:
    """Run one network over its stimulus, and hold it against the abstract memory."""
    columns, active, cells = parameters.columns, parameters.active, condition.cells
    rng = stream(parameters.seed, "stimulus", number)
    sets, segments = predicted_sets(columns, cells, active, parameters.elements, rng)
    enough = round(0.4 * active)
    thresholds = {"activation_threshold": enough, "min_threshold": enough}
    abstract = TemporalMemory(columns, cells, **thresholds, max_new_synapses=active)
    spiking = SpikingTemporalMemory(
        columns,
        cells,
        **thresholds,
        max_new_synapses=active,
        seed=parameters.seed + number,
        model=condition.model(network),
        cell_model=cell,
        neurons_per_cell=condition.neurons,
        unchecked=True,
    )
    for memory in (abstract, spiking):
        memory.import_segments(segments)
    tally = Tally(cells)
    for chosen in sets:
        predicted = abstract.predictive_cells
        own = spiking.predictive_cells
        for memory in (abstract, spiking):
            memory.compute(chosen, learn=False)
        if chosen is not sets[0]:
            tally.add(chosen, predicted, own, abstract, spiking)
    return tally.figures()


class Tally:
    """Counts cells and columns over elements."""

    def __init__(self, cells: int) -> None:
        self._cells = cells
        self._counts: dict[str, float] = dict.fromkeys(
            ("both", "either", "elements", "surprise", "waiting", "unprompted"), 0.0
        )
        self._right: dict[bool, list[bool]] = {True: [], False: []}

    def add(
        self,
        chosen: NDArray[np.int64],
        predicted: NDArray[np.int64],
        own: NDArray[np.int64],
        abstract: TemporalMemory,
        spiking: SpikingTemporalMemory,
    ) -> None:
        """Take an element in."""
        counts, wanted, found = self._counts, abstract.active_cells, spiking.active_cells
        counts["both"] += len(np.intersect1d(wanted, found))
        counts["either"] += len(np.union1d(wanted, found))
        counts["surprise"] += spiking.anomaly - abstract.anomaly
        counts["elements"] += 1
        idle = own[~np.isin(own // self._cells, chosen)]
        counts["waiting"] += len(idle)
        counts["unprompted"] += int(np.isin(idle, found).sum())
        wrong = np.unique(np.setxor1d(wanted, found) // self._cells)
        foreseen = np.isin(chosen, predicted // self._cells)
        for column, was_foreseen in zip(chosen, foreseen, strict=True):
            self._right[bool(was_foreseen)].append(column not in wrong)

    def figures(self) -> dict[str, float]:
        """Return the shares, NaN where there was nothing to count."""
        counts = self._counts
        idle = counts["waiting"]
        return {
            "jaccard": counts["both"] / counts["either"],
            "right_predicted": _mean(self._right[True]),
            "right_unpredicted": _mean(self._right[False]),
            "anomaly_difference": counts["surprise"] / counts["elements"],
            "unprompted": counts["unprompted"] / idle if idle else float("nan"),
        }


def _mean(values: list[bool]) -> float:
    return float(np.mean(values)) if values else float("nan")

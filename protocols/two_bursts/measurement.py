"""Networks of trees with feedback at their tufts: bursts of columns, and bursts of cells."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import Synapses, ms, second
from brian2.groups.neurongroup import NeuronGroup
from numpy.typing import NDArray

from htm_brian.cells.biophysical import places
from htm_brian.electrophysiology.stimulation import Stimulus, stimulate
from htm_brian.electrophysiology.traces import width_above
from htm_brian.engine.arrays import raw
from htm_brian.engine.compiling import code_generation, connect_pairs
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress, SilentProgress
from htm_brian.network.minicolumns import due_cells
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.network.tree_layer import measured_threshold
from htm_brian.parameters import Model
from htm_brian.protocols.two_bursts.example import Example
from htm_brian.protocols.two_bursts.stimulus import Element, Setting, Task, draw_task
from htm_brian.randomness import stream
from htm_brian.sdr.cell_bursts import Events, find_events

if TYPE_CHECKING:
    from htm_brian.protocols.two_bursts import TwoBurstsParameters

Models = tuple[Model, Model]

LEVEL, EVENT = -40.0, 15.0
"""mV and ms: a calcium spike holds the nexus above the one for the other, as in `bac_firing`."""
MOST_TUFT_SYNAPSES = 80
COUNTED = {
    "columns": "driven columns",
    "column_bursts": "driven columns that burst",
    "columns_fired": "driven columns of which more than half of the cells fired, early or late",
    "events": "events of single cells: predicted ones of predicted columns, all of the others",
    "cell_bursts": "events that are bursts",
}
"""By element, prediction and feedback."""
OTHERS = {
    "all_events": "events of all cells of an element",
    "all_bursts": "of these, bursts",
    "alone_cells": "cells with feedback and no volley",
    "alone_fired": "of these, those that fired",
    "false_cells": "predicted cells whose column is not driven",
    "false_fired": "of these, those that fired",
}
"""By element."""


def calcium_threshold(cell: Model, step: float) -> int:
    """Return how many tuft synapses, active at once, make a calcium spike in a resting cell.

    Parameters
    ----------
    cell : Model
        Of level 2, with a nexus.
    step : float
        Seconds.

    Raises
    ------
    InputError
        If none does.
    """
    tuft = [place for place in places(cell, "nmda") if place.startswith("tuft")]
    stimulus = Stimulus(MOST_TUFT_SYNAPSES)
    for number in range(1, MOST_TUFT_SYNAPSES + 1):
        for synapse in range(number):
            stimulus.glutamate(number - 1, tuft[synapse % len(tuft)], 10e-3)
    traces = stimulate(
        cell, stimulus, 100 * ms, step * second, SilentProgress(), ("v_nexus",), sample=5
    )
    width = width_above(1e3 * traces.time, traces.potential("nexus"), LEVEL)
    enough = np.flatnonzero(width >= EVENT)
    if not len(enough):
        raise InputError(
            f"{MOST_TUFT_SYNAPSES} tuft synapses must make a calcium spike, and do not "
            f"({cell.file})"
        )
    return int(enough[0]) + 1


class Feedback:
    """Axons that end on the tufts of a column's cells, one for each part of the tuft.

    Parameters
    ----------
    memory : SpikingTemporalMemory
        Of level 2; axons and synapses join its network.
    synapses : float
        That a cell's tuft gets from a volley of feedback; all release.
    """

    def __init__(self, memory: SpikingTemporalMemory, synapses: float) -> None:
        layer = memory.layer
        cells, clock = layer.cells, layer.clock
        tuft = [place for place in cells.compartments if place.startswith("tuft")]
        self._parts = len(tuft)
        self.axons: NeuronGroup = due_cells(memory.columns * self._parts, clock, "feedback_axons")
        self.synapses: Synapses = cells.synapses_from(
            self.axons, "tuft", delay=layer.model["relay"]["delay"], name="feedback_synapses"
        )
        source = np.repeat(np.arange(len(self.axons)), memory.cells_per_column)
        cell = np.tile(np.arange(memory.cells_per_column), len(self.axons))
        connect_pairs(self.synapses, source, source // self._parts * memory.cells_per_column + cell)
        self.synapses.weight = synapses / self._parts
        self._clock = clock
        memory.network.add(self.axons, self.synapses)

    def to(self, columns: NDArray[np.int64]) -> None:
        """Let feedback arrive together with the next volley."""
        axons = columns[:, np.newaxis] * self._parts + np.arange(self._parts)
        raw(self.axons, "due")[axons.ravel()] = float(raw(self._clock, "t")[0])


def measure(p: TwoBurstsParameters, models: Models, progress: Progress) -> tuple[xr.Dataset, bool]:
    """Return counts of every setting, network and element, and whether no run was stopped."""
    tasks = [draw_task(p, stream(p.seed, "stimulus", number)) for number in range(p.networks)]
    branches = max(int(np.bincount(task.segments.owner).max()) for task in tasks)
    network, cell = models[0], models[1].with_values({"basal.branches": branches})
    threshold = measured_threshold(network, cell, p.active)
    alone = calcium_threshold(cell, float(network["element"]["time_step"]))
    progress.begin("networks", len(p.settings) * p.networks)
    found: list[list[xr.Dataset]] = []
    example = Example(tasks[0], p.cells)
    with code_generation(p.codegen):
        for setting in p.settings:
            memory = _memory(p, setting, (network, cell), threshold, branches)
            feedback = Feedback(memory, round(setting.dose * alone))
            if not found:
                example.watch(memory)
            memory.network.store("before")
            found.append([])
            for number, task in enumerate(tasks):
                if progress.interrupted:
                    return xr.Dataset(), False
                memory.network.restore("before")
                start = monotonic()
                first = not number and len(found) == 1
                part = _run(memory, feedback, task, example if first else None)
                part["seconds"] = (monotonic() - start) / len(task.elements)
                found[-1].append(part)
                progress.advance()
    dataset = xr.concat([xr.concat(each, "network") for each in found], "setting")
    dataset = dataset.assign_coords(setting=[setting.name for setting in p.settings])
    dataset.attrs = {
        "threshold": threshold,
        "branches": branches,
        "calcium_threshold": alone,
        "cells_per_column": p.cells,
    }
    return dataset.merge(example.dataset(), combine_attrs="no_conflicts"), True


def count(
    element: Element,
    predicted: NDArray[np.int64],
    bursting: NDArray[np.int64],
    events: Events,
    cells: int,
) -> dict[str, NDArray[np.int64] | int]:
    """Count bursts of columns and of cells in one element.

    Parameters
    ----------
    element : Element
    predicted : ndarray of int
        Cells in a plateau when the volley came.
    bursting : ndarray of int
        Columns that burst.
    events : Events
        Of single cells.
    cells : int
        To a column.
    """
    found: dict[str, NDArray[np.int64] | int] = {
        name: np.zeros((2, 2), dtype=np.int64) for name in COUNTED
    }
    columns_ahead = np.unique(predicted // cells)
    fired = np.unique(events.cells)
    n_fired = np.bincount(fired // cells, minlength=int(element.driven.max(initial=0)) + 1)
    for column in element.driven:
        at = int(column in columns_ahead), int(column in element.feedback)
        its = events.cells // cells == column
        if at[0]:
            its &= np.isin(events.cells, predicted)
        numbers = (
            1,
            int(column in bursting),
            int(2 * n_fired[column] > cells),
            int(its.sum()),
            int(events.bursts[its].sum()),
        )
        for name, number in zip(COUNTED, numbers, strict=True):
            found[name][at] += number  # type: ignore[index]
    alone = np.isin(fired // cells, element.alone)
    false = predicted[~np.isin(predicted // cells, element.driven)]
    found |= {
        "all_events": len(events.cells),
        "all_bursts": int(events.bursts.sum()),
        "alone_cells": cells * len(element.alone),
        "alone_fired": int(alone.sum()),
        "false_cells": len(false),
        "false_fired": len(np.intersect1d(false, fired)),
    }
    return found


def _memory(
    p: TwoBurstsParameters, setting: Setting, models: Models, threshold: int, branches: int
) -> SpikingTemporalMemory:
    return SpikingTemporalMemory(
        p.columns,
        p.cells,
        activation_threshold=threshold,
        min_threshold=threshold,
        max_new_synapses=p.active,
        max_segments_per_cell=branches,
        seed=p.seed,
        model=setting.model(models[0]),
        cell_model=models[1],
        release=setting.release,
    )


def _run(
    memory: SpikingTemporalMemory, feedback: Feedback, task: Task, example: Example | None
) -> xr.Dataset:
    """Give a network the segments and the elements of a task; the first element is not counted."""
    memory.import_segments(task.segments)
    counts: list[dict[str, NDArray[np.int64] | int]] = []
    shares: list[tuple[float, float]] = []
    for number, element in enumerate(task.elements):
        predicted = memory.predictive_cells
        feedback.to(np.concatenate([element.feedback, element.alone]))
        memory.compute(element.driven, learn=False)
        events = find_events(memory.spike_cells, memory.spike_times)
        bursting = memory.column_bursts
        counts.append(count(element, predicted, bursting, events, memory.cells_per_column))
        if example is not None:
            example.after(number, memory)
        n_driven = len(element.driven)
        shares.append((len(element.foreseen) / n_driven, len(element.feedback) / n_driven))
    dims: dict[str, tuple[str, ...]] = {
        name: ("element", "predicted", "feedback") for name in COUNTED
    }
    dims |= {name: ("element",) for name in OTHERS}
    meanings = COUNTED | OTHERS
    dataset = xr.Dataset(
        {
            name: (
                dims[name],
                np.array([each[name] for each in counts[1:]]),
                {"long_name": meanings[name], "units": "1"},
            )
            for name in meanings
        },
        coords={"predicted": [False, True], "feedback": [False, True]},
    )
    for place, name in enumerate(("foreseen_share", "feedback_share")):
        dataset[name] = ("element", np.array(shares)[1:, place], {"units": "1"})
    return dataset

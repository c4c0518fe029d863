"""Networks of both levels with the same segments, held against the abstract memory cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.comparison.columns import right_columns
from htm_brian.comparison.margin import Margin
from htm_brian.comparison.recording import Recorder, Recording, record
from htm_brian.comparison.step_figures import jaccard
from htm_brian.comparison.validation import exact_steps
from htm_brian.engine.compiling import code_generation
from htm_brian.experiment.progress import Progress
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.network.tree_layer import measured_threshold
from htm_brian.parameters import Model
from htm_brian.protocols.three_levels.example import Example
from htm_brian.protocols.three_levels.stimulus import QUIET, Condition
from htm_brian.randomness import stream
from htm_brian.sdr.ragged import Ragged
from htm_brian.streams.predicted_sets import predicted_sets

if TYPE_CHECKING:
    from htm_brian.protocols.three_levels import ThreeLevelsParameters

Models = tuple[Model, Model]
Task = tuple[Ragged, SegmentTable]

LEVELS = (1, 2)
MEASURED = {
    "exact": "share of elements with the same active and predictive cells",
    "exact_clear": "the same of elements in which no overlap is near the threshold",
    "clear": "share of elements in which no overlap is near the threshold",
    "same_predictive": "share of elements with the same predictive cells",
    "jaccard": "of active cells, spiking and abstract",
    "right_columns": "share of driven columns with the same active cells",
    "seconds": "seconds for an element",
}


def measure(
    parameters: ThreeLevelsParameters, reduced: Models, trees: Models, progress: Progress
) -> tuple[xr.Dataset, bool]:
    """Return the figures of every condition, level and network, and whether no run was stopped."""
    p = parameters
    tasks = [_task(p, number) for number in range(p.networks)]
    # A cell has as many branches as any of them needs.
    branches = max(int(np.bincount(segments.owner).max()) for _, segments in tasks)
    trees = trees[0], trees[1].with_values({"basal.branches": branches})
    threshold = measured_threshold(*trees, p.active)
    shape = len(p.conditions), len(LEVELS), p.networks
    found = {name: np.full(shape, np.nan) for name in MEASURED}
    wanted = [_abstract(p, threshold, task) for task in tasks]
    example = Example(tasks[0][0], wanted[0], p.cells)
    progress.begin("networks of levels 1 and 2", int(np.prod(shape)))
    with code_generation(p.codegen):
        for row, condition in enumerate(p.conditions):
            for place, models in enumerate((reduced, trees)):
                memory = _spiking(p, condition, models, threshold, branches)
                looked_at = condition.name == QUIET
                for number, (task, reference) in enumerate(zip(tasks, wanted, strict=True)):
                    if progress.interrupted:
                        return xr.Dataset(), False
                    watch = example.watch(memory, LEVELS[place]) if looked_at else None
                    own, seconds = _run(memory, task, watch)
                    margin = Margin(task[1], threshold, memory.connected_permanence)
                    for name, value in compare(reference, own, margin).items():
                        found[name][row, place, number] = value
                    found["seconds"][row, place, number] = seconds
                    looked_at = False
                    progress.advance()
    dims = "condition", "level", "network"
    units = {name: "s" if name == "seconds" else "1" for name in MEASURED}
    dataset = xr.Dataset(
        {
            name: (dims, values, {"long_name": MEASURED[name], "units": units[name]})
            for name, values in found.items()
        },
        coords={
            "condition": [each.name for each in p.conditions],
            "level": list(LEVELS),
        },
        attrs={"threshold": threshold, "branches": branches, "cells_per_column": p.cells},
    )
    return dataset.merge(example.dataset(), combine_attrs="no_conflicts"), True


def compare(reference: Recording, own: Recording, margin: Margin) -> dict[str, float]:
    """Return how far a network agrees with the abstract memory, from its second element on."""
    clear = margin.clear_steps(reference)[1:]
    reference, own = reference.part(1), own.part(1)
    same = exact_steps(reference, own)
    return {
        "exact": float(same.mean()),
        "exact_clear": float(same[clear].mean()) if clear.any() else float("nan"),
        "clear": float(clear.mean()),
        "same_predictive": float(exact_steps(reference, own, ["predictive_cells"]).mean()),
        "jaccard": float(jaccard(own["active_cells"], reference["active_cells"]).mean()),
        "right_columns": right_columns(reference, own),
    }


def _task(p: ThreeLevelsParameters, number: int) -> Task:
    rng = stream(p.seed, "stimulus", number)
    sets, segments = predicted_sets(p.columns, p.cells, p.active, p.elements, rng)
    return Ragged.from_sets(sets), segments


def _abstract(p: ThreeLevelsParameters, threshold: int, task: Task) -> Recording:
    memory = TemporalMemory(
        p.columns,
        p.cells,
        activation_threshold=threshold,
        min_threshold=threshold,
        max_new_synapses=p.active,
    )
    return _run(memory, task)[0]


def _spiking(
    p: ThreeLevelsParameters, condition: Condition, models: Models, threshold: int, branches: int
) -> SpikingTemporalMemory:
    return SpikingTemporalMemory(
        p.columns,
        p.cells,
        activation_threshold=threshold,
        min_threshold=threshold,
        max_new_synapses=p.active,
        max_segments_per_cell=branches,
        seed=p.seed,
        model=condition.model(models[0]),
        cell_model=models[1],
        release=condition.release,
        unchecked=models[1].level == 1,
    )


def _run(
    memory: TemporalMemory | SpikingTemporalMemory,
    task: Task,
    after_step: Callable[[int], bool] | None = None,
) -> tuple[Recording, float]:
    """Give a memory the segments and the elements of a task; return also seconds an element."""
    sets, segments = task
    memory.import_segments(segments)
    recorder = Recorder(memory.columns, memory.cells_per_column)
    start = monotonic()
    record(memory, sets, recorder, learn=False, after_step=after_step)
    return recorder.recording(), (monotonic() - start) / len(sets)

"""Runs of both memories on the streams, and the dataset of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.cells.spread import spread_by
from htm_brian.engine.compiling import code_generation
from htm_brian.experiment.processes import GRACE, AfterStep, WorkerPool
from htm_brian.experiment.progress import Progress
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.parameters import Model, load_model
from htm_brian.streams.sequences_in_noise import NEW_SEQUENCES, SEQUENCES, smoothed, stream

if TYPE_CHECKING:
    from htm_brian.protocols.full_size import FullSizeParameters

RELEASE, NOISE = CONDITIONS = ("release", "release and noise")
ABSTRACT = "level 0"
SWITCHED, DAMAGED = "other sequences", "cells die"


@dataclass(frozen=True)
class Course:
    """What a memory did with a stream.

    Parameters
    ----------
    right : ndarray of float, shape (2, elements)
        Share of predicted columns that became active: where sequences change, and where cells die.
    seconds : ndarray of float, shape (elements,)
        Processor time of each element where sequences change.
    segments : int
        At the switch.
    """

    right: NDArray[np.float64]
    seconds: NDArray[np.float64]
    segments: int


def models(condition: str, p: FullSizeParameters) -> tuple[Model, Model]:
    """Return the models of the network and of its cells in a condition."""
    if condition == RELEASE:
        return load_model("minicolumns"), load_model("l5_reduced")
    changes = {"membrane_noise.standard_deviation": p.noise, **spread_by(0.0)}
    return load_model("minicolumns_in_vivo").with_values(changes), load_model("l5_in_vivo")


def measure_all(p: FullSizeParameters, progress: Progress) -> dict[tuple[str, int], Course]:
    """Run each memory on each stream; those that were stopped are left out."""
    keys = [(level, number) for number in range(p.seeds) for level in (ABSTRACT, *p.conditions)]
    names = {f"{level} | {number}": (level, number) for level, number in keys}
    length = p.elements + (p.elements - p.switch)
    label = "elements of the streams"
    progress.begin(label, length * len(names))
    with WorkerPool(p.jobs) as pool:
        for name, key in names.items():
            pool.submit(name, course, *key, p)
        pool.follow(dict.fromkeys(names, length), progress, GRACE, label)
        found = {key: pool.results.get(name) for name, key in names.items()}
    return {key: value for key, value in found.items() if value is not None}


def course(level: str, number: int, p: FullSizeParameters, after_step: AfterStep) -> Course | None:
    """Run one memory on one stream, twice after the switch; None if stopped."""
    with code_generation(p.codegen):
        run = _Run(level, p.seed + number, p, after_step)
        changed, order_of_death = run.elements(NEW_SEQUENCES)
        same, _ = run.elements(SEQUENCES)
        memory = run.memory()
        before = run.feed(memory, changed[: p.switch])
        table = memory.export_segments()
        after = run.feed(memory, changed[p.switch :])
        seconds = np.array(run.seconds)
        survivor = run.memory()
        survivor.import_segments(table)
        survivor.kill_cells(order_of_death[: round(p.death * survivor.n_cells)])
        damaged = run.feed(survivor, same[p.switch :])
        if run.stopped:
            return None
        right = np.array([[*before, *after], [*before, *damaged]])
        return Course(right, seconds, table.n_segments)


class _Run:
    """One memory on one stream."""

    def __init__(self, level: str, seed: int, p: FullSizeParameters, after_step: AfterStep) -> None:
        self._level, self._seed, self._p, self._after_step = level, seed, p, after_step
        self._done, self.stopped = 0, False
        self.seconds: list[float] = []

    def elements(
        self, sequences_after: Sequence[str]
    ) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
        p = self._p
        size = p.columns, p.cells_per_column, p.n_active
        return stream(*size, p.elements, p.switch, self._seed, sequences_after)

    def memory(self) -> TemporalMemory | SpikingTemporalMemory:
        """Return an untrained memory with the paper's parameters."""
        p = self._p
        size: dict[str, Any] = {
            "columns": p.columns,
            "cells_per_column": p.cells_per_column,
            "activation_threshold": p.threshold,
            "min_threshold": p.threshold,
            "max_new_synapses": p.n_active,
            "predicted_decrement": 0.01,
            "seed": self._seed,
        }
        if self._level == ABSTRACT:
            return TemporalMemory(**size)
        model, cell_model = models(self._level, p)
        return SpikingTemporalMemory(**size, model=model, cell_model=cell_model)

    def feed(
        self, memory: TemporalMemory | SpikingTemporalMemory, elements: list[NDArray[np.int64]]
    ) -> list[float]:
        """Return, for each element, the share of predicted columns that became active."""
        right = []
        for columns in elements:
            if self.stopped:
                break
            start = process_time()
            memory.compute(columns)
            self.seconds.append(process_time() - start)
            right.append(_share_right(memory, columns))
            self._done += 1
            self.stopped = not self._after_step(self._done)
        return right


def _share_right(
    memory: TemporalMemory | SpikingTemporalMemory, columns: NDArray[np.int64]
) -> float:
    """Return which share of the predicted columns became active as foreseen."""
    if isinstance(memory, TemporalMemory):
        predicted, foreseen = memory.predicted_columns, memory.predicted_columns
    else:
        predicted, foreseen = memory.plateau_columns, memory.predicted_columns
    return len(np.intersect1d(foreseen, columns)) / len(predicted) if len(predicted) else 0.0


def to_dataset(p: FullSizeParameters, found: dict[tuple[str, int], Course]) -> xr.Dataset:
    """Return smoothed accuracies, processor times and segments of the streams that all levels ran.

    It is empty where there are none.
    """
    levels = (ABSTRACT, *p.conditions)
    numbers = [n for n in range(p.seeds) if all((level, n) in found for level in levels)]
    if not numbers:
        return xr.Dataset()
    runs = [[found[level, number] for number in numbers] for level in levels]
    accuracy = [[[smoothed(row) for row in run.right] for run in of_level] for of_level in runs]
    order = ("level", "number")
    return xr.Dataset(
        {
            "accuracy": ((*order, "event", "element"), np.array(accuracy, dtype=np.float32)),
            "seconds": (
                (*order, "element"),
                np.array([[run.seconds for run in of_level] for of_level in runs]),
                {"units": "s"},
            ),
            "segments": (order, [[run.segments for run in of_level] for of_level in runs]),
        },
        coords={
            "level": list(levels),
            "number": numbers,
            "event": [SWITCHED, DAMAGED],
            "element": np.arange(p.elements),
        },
        attrs={"switch": p.switch},
    )

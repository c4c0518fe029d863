"""The runs that a comparison of two levels is made of: one temporal memory over one stream.

Every run is a function of plain, picklable things, so it can be done here or in a worker process
(`htm_brian.experiment.processes`), and returns what it has when it is told to stop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from time import monotonic
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.comparison.recording import Recorder, Recording, record
from htm_brian.parameters import Model, load_model
from htm_brian.sdr.ragged import Ragged

AfterStep = Callable[[int], bool]

ABSTRACT = ("abstract", *(f"abstract_{which}" for which in range(2, 7)))
"""Names of the runs of level 0 that differ only in their seed."""

KEPT_ELEMENTS = 48
"""Elements at the end of a spiking run whose spikes are kept: a day of half-hours."""

SEQUENCE_MEMORY = "Hawkins & Ahmad 2016, Front Neural Circuits 10:23, sequence memory"


@dataclass(frozen=True)
class MemoryParameters:
    """Size and learning of a temporal memory, the same for every level.

    The rule is that of the sequence memory of Hawkins & Ahmad 2016: a segment samples up to 40 of
    the active cells, and 15 of them are enough. Where fewer columns are active a segment can have
    no more synapses than these, and the thresholds keep their share. That a segment needs so few
    of its synapses is what lets releases fail without loss.

    Parameters
    ----------
    columns, cells_per_column, activation_threshold, min_threshold, max_new_synapses, \
initial_permanence, connected_permanence, permanence_increment, permanence_decrement, \
predicted_decrement
        As for `TemporalMemory`.
    """

    columns: int
    cells_per_column: int
    activation_threshold: int = 15
    min_threshold: int = 15
    max_new_synapses: int = 40
    initial_permanence: float = 0.21
    connected_permanence: float = 0.5
    permanence_increment: float = 0.1
    permanence_decrement: float = 0.1
    predicted_decrement: float = 0.01

    @classmethod
    def for_size(cls, columns: int, cells_per_column: int, active: int) -> MemoryParameters:
        """Return the parameters for `active` active columns at a time.

        Examples
        --------
        >>> small = MemoryParameters.for_size(64, 4, active=8)
        >>> small.activation_threshold, small.min_threshold, small.max_new_synapses
        (3, 3, 8)
        """
        synapses = min(40, active)
        return cls(
            columns,
            cells_per_column,
            activation_threshold=max(1, round(synapses * 15 / 40)),
            min_threshold=max(1, round(synapses * 15 / 40)),
            max_new_synapses=synapses,
        )

    def rows(self) -> list[tuple[str, object, str, str, None, None, str]]:
        """Return the parameters for a report, as `htm_brian.parameters.Model.rows` does."""
        notes = {
            "activation_threshold": "15 of 40 synapses, or that share of fewer",
            "min_threshold": "15 of 40 synapses, or that share of fewer",
            "max_new_synapses": "40, or as many as there are active columns",
        }
        asked = "asked for"
        return [
            (
                f"memory.{name}",
                value,
                "1",
                asked if name in ("columns", "cells_per_column") else SEQUENCE_MEMORY,
                None,
                None,
                notes.get(name, ""),
            )
            for name, value in asdict(self).items()
        ]


@dataclass(frozen=True)
class SpikingRun:
    """What a run of the spiking memory depends on.

    Parameters
    ----------
    memory : MemoryParameters
    seed : int
    model, cell_model : str or Model
        Models, or names or paths of model files.
    release : {"model", "reliable"}
        Reliable: without noise, either.
    codegen : {"auto", "cython", "numpy"}
        Brian2's code generation.
    segments : SegmentTable, optional
        Segments of another memory: the run uses them and learns nothing.
    neurons_per_cell : int
    rule : str
        By which synapses learn, see `htm_brian.synapses.plasticity.network_rules`.
    """

    memory: MemoryParameters
    seed: int
    model: str | Model
    cell_model: str | Model
    release: str = "model"
    codegen: str = "auto"
    segments: SegmentTable | None = None
    neurons_per_cell: int = 1
    rule: str = "counter"


@dataclass(frozen=True)
class Spikes:
    """Spikes of the last elements of a run.

    Parameters
    ----------
    element : ndarray of int32
        Step of each spike.
    cell : ndarray of int32
    time, start : ndarray of float64
        Seconds since the start of the element, and that start, in seconds of the simulation.
    """

    element: NDArray[np.int32]
    cell: NDArray[np.int32]
    time: NDArray[np.float64]
    start: NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """What one memory did.

    Parameters
    ----------
    recording : Recording
    seconds : float
        Wall-clock time of the steps.
    segments : SegmentTable
        Segments and synapses at the end.
    spikes : Spikes, optional
        Of a spiking memory.
    """

    recording: Recording
    seconds: float
    segments: SegmentTable
    spikes: Spikes | None = None


def abstract_recordings(runs: Mapping[str, Run]) -> list[Recording]:
    """Return what the abstract memories recorded that came as far as the first, in their order."""
    found = [runs[name].recording for name in ABSTRACT if name in runs]
    return [one for one in found if len(one) == len(found[0])]


def run_abstract(
    memory: TemporalMemory, stream: Ragged, after_step: AfterStep, *, learn: bool = True
) -> Run:
    """Feed `stream` to an abstract memory; it goes on from the state that it has."""
    recorder = Recorder(memory.columns, memory.cells_per_column)
    start = monotonic()
    record(memory, stream, recorder, learn=learn, after_step=after_step)
    return Run(recorder.recording(), monotonic() - start, memory.export_segments())


def run_spiking(run: SpikingRun, stream: Ragged, after_step: AfterStep) -> Run:
    """Build a spiking memory and feed `stream` to it; it learns unless segments are given."""
    # Brian2 is slow to import and not needed by whoever runs the abstract level alone.
    from htm_brian.engine.compiling import code_generation
    from htm_brian.network.temporal_memory import SpikingTemporalMemory
    from htm_brian.synapses.plasticity.network_rules import network_rule

    known = run.memory
    steps = known.permanence_increment, known.permanence_decrement, known.predicted_decrement
    cell_model = load_model(run.cell_model)
    trees = cell_model.level == 2
    with code_generation(run.codegen):
        memory = SpikingTemporalMemory(
            **asdict(run.memory),
            max_segments_per_cell=int(cell_model["basal"]["branches"]) if trees else 255,
            seed=run.seed,
            model=run.model,
            cell_model=cell_model,
            release=run.release,
            noise="none" if run.release == "reliable" else "model",
            neurons_per_cell=run.neurons_per_cell,
            rule=network_rule(run.rule, *steps),
        )
        if run.segments is not None:
            memory.import_segments(run.segments)
        kept: deque[_Element] = deque(maxlen=KEPT_ELEMENTS)

        def keep_spikes(done: int) -> bool:
            times = memory.spike_times.copy()
            kept.append((done - 1, memory.spike_cells.copy(), times, memory.element_start))
            return after_step(done)

        recorder = Recorder(run.memory.columns, run.memory.cells_per_column)
        start = monotonic()
        record(memory, stream, recorder, learn=run.segments is None, after_step=keep_spikes)
        return Run(recorder.recording(), monotonic() - start, memory.export_segments(), _join(kept))


_Element: TypeAlias = tuple[int, NDArray[np.int64], NDArray[np.float64], float]


def _join(kept: Collection[_Element]) -> Spikes:
    if not kept:
        return Spikes(*(np.empty(0, kind) for kind in (np.int32, np.int32, float, float)))
    steps, cells, times, starts = zip(*kept, strict=True)
    counts = [len(each) for each in cells]
    return Spikes(
        np.repeat(np.array(steps, dtype=np.int32), counts),
        np.concatenate(cells).astype(np.int32),
        np.concatenate(times),
        np.repeat(np.array(starts), counts),
    )

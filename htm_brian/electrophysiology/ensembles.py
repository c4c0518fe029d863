"""Run ensembles of noisy cells: static currents for each, or time courses for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import brian2
import numpy as np
from brian2 import Network, Quantity, SpikeMonitor, ms, pA, second
from numpy.typing import NDArray

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.compiling import uncompiled
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.running import play, run_watched
from htm_brian.parameters import Model
from htm_brian.randomness import brian2_seed
from htm_brian.sdr.cell_bursts import Events, find_events

COURSE_STEP = 1e-3
"""Seconds; a time course holds one value for that long."""


class Spikes(NamedTuple):
    """Spikes of a group, in the order of the time steps that they fall into.

    Attributes
    ----------
    cells : ndarray of int
    times : ndarray of float
        In seconds.
    """

    cells: NDArray[np.int64]
    times: NDArray[np.float64]

    def events(self, start: float) -> Events:
        """Return the events that begin at `start` (seconds) or later."""
        return find_events(self.cells, self.times).after(start)


def run_ensembles(
    model: Model,
    currents: Mapping[str, NDArray[np.float64]],
    cells_each: int,
    duration: Quantity,
    time_step: Quantity,
    seed: int,
    progress: Progress,
    description: str,
) -> Spikes | None:
    """Run one ensemble for each pair of static currents; None if the run was stopped.

    Parameters
    ----------
    model : Model
        Of a pyramidal cell with backgrounds.
    currents : mapping of str to ndarray of shape (n_ensembles,)
        In pA, by the variable of the cells that takes it.
    cells_each : int
        Cells of one ensemble.
    duration, time_step : Quantity
        Of the simulation.
    seed : int
        Of Brian2's random numbers.
    progress : Progress
        Told of every tenth.
    description : str
        For the progress bar, and names the stream of random numbers.
    """
    with uncompiled():
        n = len(next(iter(currents.values())))
        cells = PyramidalCells(n * cells_each, model, dt=time_step)
        for name, values in currents.items():
            setattr(cells, name, np.repeat(values, cells_each) * pA)
        monitor = SpikeMonitor(cells, "last_spike_time")
        brian2.seed(brian2_seed(seed, description))
        network = Network(cells, monitor)
        complete = run_watched(network, duration, progress, description, [cells])
    return spikes_of(monitor) if complete else None


def run_courses(
    model: Model,
    courses: Mapping[str, NDArray[np.float64]],
    n_cells: int,
    time_step: Quantity,
    seed: int,
    progress: Progress,
    description: str,
) -> Spikes | None:
    """Run one ensemble under currents that change every millisecond; None if it was stopped.

    Parameters as of `run_ensembles`, but `courses` in pA, of shape (n_milliseconds,).
    """
    with uncompiled():
        cells = PyramidalCells(n_cells, model, dt=time_step)
        in_amperes = {name: values * 1e-12 for name, values in courses.items()}
        length = len(next(iter(courses.values())))
        change = play(cells, in_amperes, COURSE_STEP * second)
        monitor = SpikeMonitor(cells, "last_spike_time")
        brian2.seed(brian2_seed(seed, description))
        network = Network(cells, change, monitor)
        complete = run_watched(network, length * ms, progress, description, [cells])
    return spikes_of(monitor) if complete else None


def spikes_of(monitor: SpikeMonitor) -> Spikes:
    """Return what a monitor of `last_spike_time` recorded."""
    return Spikes(
        np.asarray(monitor.i[:], dtype=np.int64), np.asarray(monitor.last_spike_time / second)
    )

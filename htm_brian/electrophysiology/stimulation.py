"""Stimulate many cells of level 2 at once: synapses that fire at given times, and electrodes.

Every condition of an experiment is a cell of one Brian2 group. Synapses reach it as a user's
would, one event each; electrodes have a current for each cell and step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from brian2 import (
    Network,
    NetworkOperation,
    Quantity,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    amp,
    second,
)
from numpy.typing import ArrayLike, NDArray

from htm_brian.cells.biophysical import on_glutamate
from htm_brian.cells.group import Cells
from htm_brian.engine.arrays import raw
from htm_brian.engine.compiling import uncompiled
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.running import play, run_watched
from htm_brian.mechanisms.dendrite import potential
from htm_brian.mechanisms.mechanism import variable_name
from htm_brian.parameters import Model


@dataclass
class Stimulus:
    """What the cells get: synapses that fire, electrodes, and parameters of their own.

    Parameters
    ----------
    n_cells : int
        One for each condition.
    """

    n_cells: int
    events: dict[str, list[tuple[int, NDArray[np.float64]]]] = field(default_factory=dict)
    currents: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    values: dict[str, Quantity | NDArray[np.float64]] = field(default_factory=dict)

    def synapses(self, cell: int, on_pre: str, times: ArrayLike) -> None:
        """Let one synapse fire at each of `times` (seconds), and do `on_pre` to the cell."""
        self.events.setdefault(on_pre, []).append((cell, np.atleast_1d(np.asarray(times, float))))

    def glutamate(self, cell: int, compartment: str, times: ArrayLike) -> None:
        """Let one synapse with AMPA and NMDA receptors fire at each of `times` (seconds)."""
        self.synapses(cell, on_glutamate(compartment), times)


@dataclass(frozen=True)
class Traces:
    """What was recorded.

    Attributes
    ----------
    time : ndarray
        Seconds.
    variables : dict of str to ndarray of shape (n_cells, n_times)
        In SI units.
    spikes : list of ndarray
        Of each cell, seconds.
    complete : bool
        False if the run was stopped.
    """

    time: NDArray[np.float64]
    variables: dict[str, NDArray[np.float64]]
    spikes: list[NDArray[np.float64]]
    complete: bool

    def potential(self, compartment: str) -> NDArray[np.float64]:
        """Return the potential of a compartment in mV."""
        return self.variables[potential(compartment)] * 1e3


def stimulate(
    model: Model,
    stimulus: Stimulus,
    duration: Quantity,
    time_step: Quantity,
    progress: Progress,
    record: Collection[str] = ("v",),
    sample: int = 1,
    description: str = "one cell for each condition",
) -> Traces:
    """Run the cells.

    Parameters
    ----------
    model : Model
        Of level 2.
    stimulus : Stimulus
        Its `currents` go by compartment, in amperes, of shape (n_steps, n_cells) or (n_cells,).
    duration, time_step : Quantity
        Of the simulation.
    progress : Progress
        Told of every tenth.
    record : collection of str
        Variables.
    sample : int
        Steps from one recorded value to the next.
    description : str
        For the progress bar.

    Raises
    ------
    NotFiniteError
        If the state does not stay finite.
    """
    with uncompiled():
        cells = Cells(stimulus.n_cells, model, dt=time_step, per_cell=tuple(stimulus.values))
        for path, value in stimulus.values.items():
            setattr(cells, variable_name(*path.split(".")), value)
        monitor = StateMonitor(cells, list(record), record=True, dt=sample * time_step)
        objects = [
            cells,
            monitor,
            *_wire(cells, stimulus.events),
            *_inject(cells, stimulus.currents),
        ]
        spikes = None
        if "last_spike_time" in cells.variables:
            spikes = SpikeMonitor(cells, "last_spike_time")
            objects.append(spikes)
        complete = run_watched(Network(objects), duration, progress, description, [cells])
    trains = spikes.values("last_spike_time") if spikes is not None else {}
    return Traces(
        np.asarray(monitor.t / second),
        {name: np.array(raw(monitor, name)).T for name in record},
        [np.asarray(trains.get(cell, ())) for cell in range(stimulus.n_cells)],
        complete,
    )


def evenly(begin: float, span: float, n: int) -> NDArray[np.float64]:
    """Return `n` times, evenly over a span."""
    return begin + span * (np.arange(n) + 0.5) / max(n, 1)


def _wire(
    cells: Cells, events: Mapping[str, Sequence[tuple[int, NDArray[np.float64]]]]
) -> list[object]:
    """Return the presynaptic cells, one for each event, and their synapses."""
    made: list[object] = []
    for on_pre, given in events.items():
        times = np.concatenate([times for _, times in given])
        targets = np.concatenate([np.full(len(times), cell) for cell, times in given])
        if not len(times):
            continue
        sources = SpikeGeneratorGroup(
            len(times), np.arange(len(times)), times * second, clock=cells.clock
        )
        synapses = Synapses(sources, cells, on_pre=on_pre, clock=cells.clock)
        synapses.connect(i=np.arange(len(times)), j=targets)
        made += [sources, synapses]
    return made


def _inject(cells: Cells, currents: Mapping[str, NDArray[np.float64]]) -> list[NetworkOperation]:
    """Set constant currents, and return what changes the others at each step."""
    names = {
        place: "injected_current" if place == "soma" else f"injected_current_{place}"
        for place in currents
    }
    changing = {}
    for place, values in currents.items():
        if values.ndim == 1:
            setattr(cells, names[place], values * amp)
        else:
            changing[names[place]] = values
    return [play(cells, changing, cells.clock.dt)] if changing else []

"""Some elements to look at: spikes, potentials and sets of cells of every level."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from brian2 import StateMonitor, ms
from numpy.typing import NDArray

from htm_brian.cells import tree
from htm_brian.comparison.recording import Recording
from htm_brian.engine.arrays import raw
from htm_brian.mechanisms.dendrite import potential
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.network.tree_layer import TreeLayer
from htm_brian.sdr.ragged import Ragged

FIRST, SHOWN = 1, 3
"""The first element that is shown, and how many there are."""
STEP = 0.5 * ms


class Example:
    """Keeps what is shown of the elements from `FIRST` on.

    Parameters
    ----------
    sets : Ragged
        Driven columns.
    reference : Recording
        Of the abstract memory.
    cells : int
        To a column.

    Notes
    -----
    Two cells of one column are shown: one that is predicted for the last of the elements and then
    driven, and its neighbour, which is not predicted.
    """

    def __init__(self, sets: Ragged, reference: Recording, cells: int) -> None:
        self._sets, self._cells = sets, cells
        last = FIRST + SHOWN - 1
        ahead = reference["predictive_cells"][last - 1]
        self.predicted = int(ahead[np.isin(ahead // cells, sets[last])][0])
        column = self.predicted // cells
        others = np.setdiff1d(column * cells + np.arange(cells), ahead)
        self.neighbour = int(others[0])
        self._variables: dict[str, tuple] = {}
        self._keep_sets(0, reference)
        self._n_cells = reference.n_cells

    def watch(self, memory: SpikingTemporalMemory, level: int) -> Callable[[int], bool]:
        """Record a memory; returns what is to be called after each step."""
        layer, shown = memory.layer, np.sort([self.predicted, self.neighbour])
        if isinstance(layer, TreeLayer):
            cells = layer.cells
            outer = tree.outermost(cells.parameters, "basal", 0)
            variables = ["v", potential(outer)]
        else:
            cells, variables = layer.neurons, ["v", "v_basal"]
        monitor = StateMonitor(cells, variables, record=shown, dt=STEP, name="potentials_shown")
        memory.network.add(monitor)
        spikes: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        actives, predictives, begins = [], [], []

        def after_step(done: int) -> bool:
            if FIRST < done <= FIRST + SHOWN:
                begins.append(memory.events.start)
                spikes.append((memory.spike_cells.copy(), memory.spike_times.copy()))
                actives.append(memory.active_cells)
                predictives.append(memory.predictive_cells)
            if done == FIRST + SHOWN:
                self._keep(level, monitor, variables, shown, begins, spikes)
                self._keep_cells(level, actives, predictives)
                memory.network.remove(monitor)
            return True

        return after_step

    def dataset(self) -> xr.Dataset:
        """Return what was kept."""
        attributes = {"predicted_cell": self.predicted, "neighbour_cell": self.neighbour}
        return xr.Dataset(self._variables, attrs=attributes)

    def _keep_sets(self, level: int, recording: Recording) -> None:
        shown = range(FIRST, FIRST + SHOWN)
        self._n_cells = recording.n_cells
        self._keep_cells(
            level,
            [recording["active_cells"][k].astype(np.int64) for k in shown],
            [recording["predictive_cells"][k].astype(np.int64) for k in shown],
        )
        driven = np.zeros((SHOWN, recording.columns), dtype=np.int8)
        for row, k in enumerate(shown):
            driven[row, self._sets[k]] = 1
        self._variables["driven_columns"] = (("element", "column"), driven, {"units": "1"})

    def _keep_cells(
        self, level: int, actives: list[NDArray[np.int64]], predictives: list[NDArray[np.int64]]
    ) -> None:
        for name, sets in (("active", actives), ("predictive", predictives)):
            bits = np.zeros((SHOWN, self._n_cells), dtype=np.int8)
            for row, cells in enumerate(sets):
                bits[row, cells] = 1
            self._variables[f"{name}_{level}"] = (("element", "cell"), bits, {"units": "1"})

    def _keep(
        self,
        level: int,
        monitor: StateMonitor,
        variables: list[str],
        shown: NDArray[np.int64],
        begins: list[float],
        spikes: list[tuple[NDArray[np.int64], NDArray[np.float64]]],
    ) -> None:
        """Keep potentials and spikes, by time since the first element that is shown."""
        period = begins[1] - begins[0]
        time = raw(monitor, "t") - begins[0]
        during = (time >= 0) & (time < SHOWN * period)
        order = np.searchsorted(shown, [self.predicted, self.neighbour])
        dims = "cell_shown", f"time_{level}"
        for name, variable in zip(("soma", "branch"), variables, strict=True):
            traces = 1e3 * raw(monitor, variable)[during][:, order].T
            self._variables[f"{name}_{level}"] = (dims, traces, {"units": "mV"})
        self._variables[f"time_{level}"] = ((dims[1],), 1e3 * time[during], {"units": "ms"})
        self._variables[f"period_{level}"] = ((), 1e3 * period, {"units": "ms"})
        every = [1e3 * (t + k * period) for k, (_, t) in enumerate(spikes)]
        self._variables[f"spike_time_{level}"] = (
            (f"spike_{level}",),
            np.concatenate(every),
            {"units": "ms"},
        )
        self._variables[f"spike_cell_{level}"] = (
            (f"spike_{level}",),
            np.concatenate([cells for cells, _ in spikes]),
            {"units": "1"},
        )

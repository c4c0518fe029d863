"""One element to look at: all spikes of its columns, potentials of all its predicted cells."""

from __future__ import annotations

import numpy as np
import xarray as xr
from brian2 import StateMonitor, ms
from numpy.typing import NDArray

from htm_brian.engine.arrays import raw
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.protocols.two_bursts.stimulus import Task

BEFORE = 5e-3
"""Seconds before the volley that are shown."""
POTENTIALS = {"v": "soma", "v_nexus": "nexus"}


class Example:
    """Keeps what is shown of the element whose shares are nearest to a half.

    Parameters
    ----------
    task : Task
    cells : int
        To a column.
    """

    def __init__(self, task: Task, cells: int) -> None:
        n_driven = len(task.elements[0].driven)
        away = [
            abs(len(each.foreseen) / n_driven - 0.5) + abs(len(each.feedback) / n_driven - 0.5)
            for each in task.elements[1:]
        ]
        self._number = 1 + int(np.argmin(away))
        self._element = task.elements[self._number]
        self._cells = cells
        self._shown = np.sort(self._element.foreseen_cells)
        self._kept: xr.Dataset = xr.Dataset()

    def watch(self, memory: SpikingTemporalMemory) -> None:
        """Record the potentials of the predicted cells, or of one cell where there is none."""
        self._monitor = StateMonitor(
            memory.layer.cells,
            list(POTENTIALS),
            record=self._shown if len(self._shown) else [0],
            dt=0.5 * ms,
            name="potentials_shown",
        )
        memory.network.add(self._monitor)

    def after(self, number: int, memory: SpikingTemporalMemory) -> None:
        """Keep spikes and potentials once the element that is shown is over."""
        if number != self._number:
            return
        start, stop = memory.events.start, memory.events.stop
        time = raw(self._monitor, "t") - start
        during = time >= -BEFORE
        traces = {
            f"{name}_shown": (
                ("cell_shown", "time"),
                1e3 * raw(self._monitor, variable)[during][:, : len(self._shown)].T,
                {"units": "mV"},
            )
            for variable, name in POTENTIALS.items()
        }
        feedback = np.isin(self._shown // self._cells, self._element.feedback)
        self._kept = xr.Dataset(
            traces
            | {
                "shown_with_feedback": (("cell_shown",), feedback, {"units": "1"}),
                **self._raster(memory.spike_cells, memory.spike_times),
            },
            coords={"time": ("time", 1e3 * time[during], {"units": "ms"})},
            attrs={"period": 1e3 * (stop - start)},
        )

    def dataset(self) -> xr.Dataset:
        """Return what was kept."""
        return self._kept

    def _raster(
        self, cells: NDArray[np.int64], times: NDArray[np.float64]
    ) -> dict[str, tuple[tuple[str, ...], NDArray, dict[str, str]]]:
        """Return spikes by row: predicted columns first, in each half those without feedback."""
        element, per_column = self._element, self._cells
        foreseen = np.isin(element.driven, element.foreseen)
        feedback = np.isin(element.driven, element.feedback)
        order = np.lexsort((feedback, ~foreseen))
        columns = element.driven[order]
        place_of = {int(column): place for place, column in enumerate(columns)}
        its = np.isin(cells // per_column, columns)
        place = np.array([place_of[int(c)] for c in cells[its] // per_column], dtype=np.int64)
        return {
            "spike_row": (
                ("spike",),
                place * per_column + cells[its] % per_column,
                {"units": "1"},
            ),
            "spike_time": (("spike",), 1e3 * times[its], {"units": "ms"}),
            "row_predicted": (("row",), np.repeat(foreseen[order], per_column), {"units": "1"}),
            "row_with_feedback": (
                ("row",),
                np.repeat(feedback[order], per_column),
                {"units": "1"},
            ),
        }

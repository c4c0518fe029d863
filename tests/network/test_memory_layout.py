"""Moving a group's arrays changes where they lie and nothing else."""

import numpy as np
from brian2 import Network, SpikeMonitor, ms, mV

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.network.memory_layout import PAGE, keep_apart

VARIABLES = ["v", "v_proximal", "v_basal", "v_apical", "adaptation", "g_inhibition"]


def spikes(apart: bool) -> tuple[list[int], list[float], PyramidalCells]:
    cells = PyramidalCells(5, dt=0.25 * ms)
    cells.v_basal = np.linspace(-70, -60, 5) * mV
    if apart:
        keep_apart(cells)
    cells.feedforward_conductance = cells.feedforward_volley_conductance * np.linspace(0.8, 1.2, 5)
    monitor = SpikeMonitor(cells)
    Network(cells, monitor).run(20 * ms)
    return monitor.i[:].tolist(), monitor.t[:].tolist(), cells


def test_a_group_whose_arrays_were_moved_spikes_as_before() -> None:
    moved, times, cells = spikes(apart=True)
    starts = {cells.variables[name].get_value().ctypes.data % PAGE // 64 for name in VARIABLES}
    assert len(starts) == len(VARIABLES), "each array begins in another line of the page"
    assert (moved, times) == spikes(apart=False)[:2]
    assert len(moved) == 5

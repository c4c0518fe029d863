"""What is done for the processor changes no result."""

import numpy as np
from brian2 import Network, SpikeMonitor, amp, ms, mV, siemens

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.processor import PAGE, drop_faded, keep_apart
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.parameters import load_model

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


def test_only_what_has_faded_is_set_to_zero() -> None:
    cells = PyramidalCells(4)
    cells.g_inhibition = [1e-310, 1e-250, 1e-30, 1e-9] * siemens
    cells.adaptation = [0, -1e-300, 1e-12, -1e-12] * amp
    drop_faded(cells, ["g_inhibition", "adaptation"])
    assert (cells.g_inhibition[:] / siemens).tolist() == [0, 0, 1e-30, 1e-9]
    assert (cells.adaptation[:] / amp).tolist() == [0, 0, 1e-12, -1e-12]
    SteppedNetwork(cells)


def test_a_silent_network_has_no_subnormal_numbers() -> None:
    """Without care, inhibition is subnormal after 28 elements, with this time constant."""
    model = load_model("l5_reduced").with_values({"inhibition.time_constant": 2 * ms})
    tm = SpikingTemporalMemory(4, 2, cell_model=model)
    tm.compute([0, 1])
    for _ in range(40):
        tm.compute([], learn=False)
    values = tm.layer.cells.variables["g_inhibition"].get_value()
    assert (values == 0).all()

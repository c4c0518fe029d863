"""Until when a first spike is early: between those of predicted and of unpredicted columns."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, SpikeMonitor, ms, nS

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.errors import InputError
from htm_brian.network.latency import early_until, first_spikes
from htm_brian.parameters import load_model


@pytest.mark.parametrize(
    ("network", "cell"),
    [("minicolumns", "l5_reduced"), ("minicolumns_slow", "l5_reduced_fitted_brief")],
)
def test_first_spikes_are_those_of_brian2s_cell(network: str, cell: str) -> None:
    model = load_model(cell)
    cells = PyramidalCells(3, cell, dt=0.05 * ms)
    spikes = SpikeMonitor(cells, "last_spike_time")
    net = Network(cells, spikes)
    cells.basal_conductance = np.arange(3) * model["branch"]["plateau_conductance"]
    net.run(60 * ms)
    cells.feedforward_conductance = model["feedforward"]["volley_conductance"]
    net.run(30 * ms)
    measured = [spikes.last_spike_time[spikes.i == cell][0] / ms - 60 for cell in range(3)]
    found = 1e3 * first_spikes(model, [0, 1, 2])
    assert found == pytest.approx(measured, abs=0.1)
    limit = 1e3 * early_until(load_model(network), model)
    relay = load_model(network)["relay"]["delay"] / ms
    assert found[1] + relay < limit < found[0] + relay, f"{found} ms, early until {limit:.2f} ms"


def test_a_volley_that_fires_nobody_is_refused() -> None:
    weak = load_model("l5_reduced").with_values({"feedforward.volley_conductance": 50 * nS})
    assert np.isinf(first_spikes(weak, [0])).all()
    with pytest.raises(InputError, match="a volley must fire a cell at rest"):
        early_until(load_model("minicolumns"), weak)

"""The delayed rectifier: its gate in closed form, what spikes open, and rates that saturate."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Equations, Network, NeuronGroup, SpikeMonitor, ms, mV, nA, nS, pF, prefs

from htm_brian.cells.group import Cells
from htm_brian.mechanisms import delayed_rectifier
from htm_brian.mechanisms.mechanism import assign
from htm_brian.parameters import load_model

MODEL = "l5_spike_initiation"


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(prefs, "codegen.target", "numpy")


def test_gate_and_current_at_held_potentials() -> None:
    table = load_model(MODEL)["delayed_rectifier"]
    places = np.array([-85.0, -60.0, -11.0, 20.0])
    group = NeuronGroup(
        len(places),
        delayed_rectifier.equations(table) + Equations("v : volt"),
        method="exponential_euler",
        dt=1 * ms,
    )
    assign(group, table)
    group.v = places * mV
    Network(group).run(5 * ms)
    steady = 1 / (1 + np.exp((-11 - places) / 12))
    tau = float(table["time_constant"] / ms)
    gate = steady * (1 - np.exp(-5 / tau))
    np.testing.assert_allclose(group.rectifier_gate[:], gate, rtol=1e-9)
    current = float(table["conductance"] / nS) * gate**2 * (-85 - places) * 1e-3
    np.testing.assert_allclose(group.delayed_rectifier_current[:] / nA, current, rtol=1e-9)


def test_spikes_open_a_share_of_what_is_shut() -> None:
    """The gate after spikes whose times are known, its steady value by the potential left out."""
    table = load_model(MODEL)["delayed_rectifier"]
    held = Equations("v : volt")
    group = NeuronGroup(
        1,
        delayed_rectifier.equations(table) + held,
        threshold="True",
        reset=delayed_rectifier.ON_SPIKE,
        method="exponential_euler",
        dt=1 * ms,
    )
    assign(group, table)
    group.v = -300 * mV  # nothing else opens the gate
    Network(group).run(4 * ms)
    share, tau = float(table["spike_share"]), float(table["time_constant"] / ms)
    gate = 0.0
    for _ in range(4):
        gate *= np.exp(-1 / tau)
        gate += share * (1 - gate)
    assert float(group.rectifier_gate[0]) == pytest.approx(gate, rel=1e-6)


def test_rates_saturate_as_without_it_they_do_not() -> None:
    model = load_model(MODEL).with_values(
        {
            "soma.membrane_capacitance": 174 * pF,
            "spike.reset_potential": -65 * mV,
            "spike.refractory_period": 2 * ms,
            "spike_initiation.rise": 6 * mV,
            "spike_initiation.recovery_time_constant": 60 * ms,
            "delayed_rectifier.spike_share": 0.2,
            "delayed_rectifier.time_constant": 8 * ms,
        }
    )
    cells = Cells(4, model, dt=0.1 * ms, per_cell=["delayed_rectifier.conductance"])
    cells.delayed_rectifier_conductance = np.array([0, 0, 800, 800]) * nS
    cells.injected_current = np.array([1, 3, 1, 3]) * nA
    spikes = SpikeMonitor(cells)
    Network(cells, spikes).run(150 * ms)
    without, with_it = spikes.count[:2], spikes.count[2:]
    assert (with_it < without).all() and with_it[0] > 1, spikes.count
    assert with_it[1] - with_it[0] < 0.8 * (without[1] - without[0]), spikes.count

"""The M-current: its gate against the rates of Adams et al., and what it does to a cell."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Equations, Network, NeuronGroup, SpikeMonitor, ms, mV, nA, nS, prefs
from numpy.typing import NDArray

from htm_brian.cells.group import Cells
from htm_brian.mechanisms import m_current
from htm_brian.mechanisms.mechanism import assign
from htm_brian.parameters import load_model

POTENTIALS = np.arange(-90.0, 21.0, 5.0)


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(prefs, "codegen.target", "numpy")


def rates_of_adams() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return opening and closing in 1/ms: Im.mod of ModelDB 139653, 21 degrees, to 34 by 2.3."""
    quicker = 2.3 ** ((34 - 21) / 10)
    opening = 3.3e-3 * np.exp(2.5 * 0.04 * (POTENTIALS + 35))
    closing = 3.3e-3 * np.exp(-2.5 * 0.04 * (POTENTIALS + 35))
    return quicker * opening, quicker * closing


def clamped() -> tuple[NeuronGroup, Network]:
    """Return cells held at `POTENTIALS`, their gates shut."""
    table = load_model("l5_m_current")["m_current"]
    held = Equations("v : volt\ntuft_area : metre**2")
    group = NeuronGroup(
        len(POTENTIALS),
        m_current.equations(table) + held,
        method="exponential_euler",
        dt=5 * ms,  # exact whatever the step, at a held potential
    )
    assign(group, table)
    group.v = POTENTIALS * mV
    return group, Network(group)


def test_the_gate_tends_to_the_share_and_with_the_time_constant_of_adams() -> None:
    opening, closing = rates_of_adams()
    group, network = clamped()
    network.run(20 * ms)
    tau = 1 / (opening + closing)
    steady = opening * tau
    np.testing.assert_allclose(group.m_steady_gate_soma[:], steady, rtol=1e-9)
    np.testing.assert_allclose(group.m_gate_time_constant_soma[:] / ms, tau, rtol=1e-3)
    np.testing.assert_allclose(group.m_gate_soma[:], steady * (1 - np.exp(-20 / tau)), rtol=1e-3)
    assert tau.max() == pytest.approx(51.3, abs=0.1)


def test_the_current_is_outward_above_the_reversal_and_nothing_at_rest() -> None:
    group, network = clamped()
    network.run(2000 * ms)
    current = group.m_current_soma[:] / nA
    at = {v: i for v, i in zip(POTENTIALS, current, strict=True)}
    assert at[-85.0] == 0
    assert at[-70.0] == pytest.approx(-50 * 15e-3 / (1 + np.exp(7)), rel=1e-3)
    assert at[-35.0] == pytest.approx(-50 * 50e-3 / 2, rel=1e-3)


def test_it_lowers_the_rate() -> None:
    """Most near threshold: without spikes' own depolarisation, strong currents outrun it."""
    cells = Cells(12, "l5_m_current", per_cell=["m_current.soma_conductance"], dt=0.2 * ms)
    cells.m_current_soma_conductance = np.repeat([0, 50], 6) * nS
    cells.injected_current = np.tile(np.linspace(0.25, 0.75, 6), 2) * nA
    spikes = SpikeMonitor(cells)
    Network(cells, spikes).run(250 * ms)
    without, with_it = spikes.count[:6], spikes.count[6:]
    assert (with_it <= without).all(), (with_it, without)
    assert 2 < with_it.sum() < 0.95 * without.sum(), (with_it, without)


def test_a_cell_at_rest_stays_there() -> None:
    cells = Cells(1, "l5_m_current", dt=0.5 * ms)
    gate = float(cells.m_gate_tuft_1[0])
    assert gate == pytest.approx(1 / (1 + np.exp(7)))
    Network(cells).run(100 * ms)
    assert cells.v[0] / mV == pytest.approx(-70, abs=0.1)
    assert float(cells.m_gate_tuft_1[0]) == pytest.approx(gate, rel=0.03)

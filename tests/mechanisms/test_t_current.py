"""The T-current alone: its sigmoids, its time constants, and what frees it of inactivation."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Equations, Network, NeuronGroup, ms, mV, nA, nS
from numpy.typing import NDArray

from htm_brian.cells.group import Cells
from htm_brian.mechanisms import t_current
from htm_brian.mechanisms.mechanism import assign
from htm_brian.parameters import load_model

POTENTIALS = np.arange(-100, -39, 2.0)


def clamped(potentials: NDArray[np.float64]) -> tuple[NeuronGroup, Network]:
    """Return cells held at given potentials (mV), the gate shut."""
    table = load_model("thalamic_relay")["t_current"]
    group = NeuronGroup(
        len(potentials),
        t_current.equations(table) + Equations("v : volt"),
        method="exponential_euler",
        dt=0.1 * ms,
    )
    assign(group, table)
    group.v = potentials * mV
    network = Network(group)
    network.run(0.1 * ms)  # what is constant over a step is computed by a step
    group.t_activation = group.t_inactivation = 0
    return group, network


def test_steady_states_are_those_of_destexhe() -> None:
    """Destexhe 1996, IT.mod, with their shift of 2 mV."""
    cells, _ = clamped(POTENTIALS)
    shifted = POTENTIALS + 2
    np.testing.assert_allclose(
        cells.t_steady_activation[:], 1 / (1 + np.exp(-(shifted + 57) / 6.2)), rtol=1e-12
    )
    np.testing.assert_allclose(
        cells.t_steady_inactivation[:], 1 / (1 + np.exp((shifted + 81) / 4)), rtol=1e-12
    )


def test_time_constant_of_the_gate_is_near_that_of_destexhe() -> None:
    """Destexhe 1996, IT.mod, at 36 degrees with a Q10 of 3."""
    shifted = POTENTIALS + 2
    theirs = 30.8 + (211.4 + np.exp((shifted + 113.2) / 5)) / (1 + np.exp((shifted + 84) / 3.2))
    ours = clamped(POTENTIALS)[0].t_gate_time_constant[:] / ms
    np.testing.assert_allclose(ours, theirs / 3**1.2, atol=11)


def test_the_gate_opens_exponentially_when_hyperpolarised() -> None:
    cells, network = clamped(np.array([-100.0]))
    network.run(80 * ms)
    steady, tau = cells.t_steady_inactivation[0], cells.t_gate_time_constant[0] / ms
    assert cells.t_inactivation[0] == pytest.approx(steady * (1 - np.exp(-80 / tau)), rel=1e-6)
    assert tau == pytest.approx(80, rel=0.01)


def test_no_current_without_conductance_and_an_inward_one_with_it() -> None:
    cells, _ = clamped(np.array([-50.0, -50.0]))
    cells.t_inactivation = [0, 1]
    cells.t_activation = 1
    np.testing.assert_allclose(cells.t_current / nA, [0, 70 * 0.17])
    cells.t_current_conductance = 0 * nS
    assert not cells.t_current[:].any()


def test_a_relay_cell_at_rest_has_its_gates_where_they_stay() -> None:
    cells = Cells(1, "thalamic_relay", dt=0.1 * ms)
    gates = float(cells.t_inactivation[0]), float(cells.t_activation[0])
    assert gates == pytest.approx((1 / (1 + np.exp(18 / 4)), 1 / (1 + np.exp(6 / 6.2))))
    Network(cells).run(300 * ms)
    # The little that leaks through both gates at rest depolarises by the window current.
    assert -65 < cells.v[0] / mV < -63.5
    assert cells.compartments == ["soma"]

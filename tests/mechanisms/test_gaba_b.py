"""GABA-B receptors: their decay and the potential they hold a cell at, in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, ms, mV, nS, pA, prefs

from htm_brian.cells.group import Cells
from htm_brian.parameters import load_model


def test_a_spike_opens_a_slow_conductance_towards_the_potassium_potential(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(prefs, "codegen.target", "numpy")
    model = load_model("thalamic_relay_awake").with_values(
        {"t_current.conductance": 0 * nS, "soma_background.standard_deviation": 0 * pA}
    )
    cells = Cells(1, model, dt=0.1 * ms)
    axon = SpikeGeneratorGroup(1, [0], [0] * ms, dt=0.1 * ms)
    synapses = cells.synapses_from(axon, "soma", ["gaba_b"])
    synapses.connect()
    synapses.weight = 200
    network = Network(cells, axon, synapses)
    network.run(100.1 * ms)
    unitary, tau = (model["gaba_b"][key] for key in ("unitary_conductance", "time_constant"))
    left = 200 * float(unitary / nS) * np.exp(-100.1 / float(tau / ms))
    conductance = float(cells.gaba_b_soma[0] / nS)
    assert conductance == pytest.approx(left, rel=0.01)
    # The conductance changes slowly, so the potential is near its steady state.
    leak, rest = float(model["soma"]["leak_conductance"] / nS), -65.0
    inward = float(model["soma_background"]["mean"] / pA)
    steady = (leak * rest + conductance * -95 + inward) / (leak + conductance)
    assert float(cells.v[0] / mV) == pytest.approx(steady, abs=1.5)

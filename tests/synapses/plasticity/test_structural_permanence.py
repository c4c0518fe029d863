"""A permanence follows the late phase slowly, and connects a silent synapse at its threshold."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, ms, mV

from htm_brian.synapses.plasticity.consolidation import ConsolidatedTrains
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
from htm_brian.synapses.plasticity.structural_permanence import StructuralPermanence

RULE = StructuralPermanence("structural_permanence").with_values(noise=0.0)
HOUR = 3600.0


def test_the_permanence_is_a_filter_of_the_late_phase() -> None:
    """A late phase that stands still: b goes to g z as 1 - exp(-t / tau)."""
    trains = ConsolidatedTrains(RULE, [0, 0])
    trains.synapses["late"][:] = [0.5, -0.4]
    tau, gain = (float(RULE.table[k]) for k in ("structural_time_constant", "permanence_gain"))
    times = np.array([1.0, 3.0, 30.0]) * HOUR
    found = trains.run([[], []], [[], []], look_at=times, look="permanence")
    wanted = 0.3 + gain * np.outer(1 - np.exp(-times / tau), [0.5, -0.4])
    assert found == pytest.approx(wanted, abs=1e-12)


def test_short_looks_come_to_the_filter_of_a_late_phase_that_changes() -> None:
    """Against the filter's equation, integrated from the recorded late phase."""
    burst = 0.01 * np.arange(100)
    step = 240.0
    times = step * np.arange(1, 120)
    found = {}
    for look in ("late", "permanence"):
        trains = ConsolidatedTrains(RULE, [0, 0, 0])
        found[look] = trains.run([burst] * 3, [[]] * 3, look_at=times, look=look)[:, 0]
    tau, gain = (float(RULE.table[k]) for k in ("structural_time_constant", "permanence_gain"))
    ages = times[-1] - times
    wanted = 0.3 + gain * np.sum(found["late"] * np.exp(-ages / tau)) * step / tau
    assert found["late"][-1] > 0.4
    assert found["permanence"][-1] == pytest.approx(wanted, abs=1e-3)


def test_a_silent_synapse_is_heard_at_a_depolarised_cell_only() -> None:
    """Liao, Hessler & Malinow 1995: NMDA currents at +40 mV, nothing at rest."""
    axon = SpikeGeneratorGroup(1, [0], [1] * ms)
    cells = NeuronGroup(
        4,
        """hold : volt
        dnmda/dt = -nmda/(50*ms) : 1
        dampa_open/dt = -ampa_open/(2*ms) : 1
        dcharge/dt = (ampa_open + nmda/(1 + 0.28*exp(-62*hold/volt)))*hold/mV/second : 1""",
        threshold="hold > 1*volt",
        reset="",
        method="euler",
    )
    cells.hold = [-70, 40, -70, 40] * mV
    synapses = PlasticSynapses(axon, cells, RULE, on_pre="ampa_open_post += 5*ampa\nnmda_post += 1")
    synapses.connect()
    synapses.first_permanence = [0.3, 0.3, 0.6, 0.6]
    Network(axon, cells, synapses).run(200 * ms)
    rest, depolarised, rest_connected, depolarised_connected = cells.charge[:]
    assert abs(rest) < 0.2 * abs(rest_connected)
    assert depolarised > 0.6 * depolarised_connected > 0
    assert synapses.connected[:].tolist() == [0, 0, 1, 1]
    assert synapses.calcium[0] == synapses.calcium[2] > 0, "a silent synapse learns, too"

"""Hours pass in one step where nothing happens, and are refused where something does."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, ms, second

from htm_brian.engine.leaping import leap
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.errors import InputError
from htm_brian.synapses.plasticity.consolidation import ConsolidatedTrains, Consolidation
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
from htm_brian.synapses.plasticity.tagging_capture import TaggingCapture
from htm_brian.synapses.structural import StructuralSynapses


@pytest.mark.parametrize("kind", [Network, SteppedNetwork])
def test_eight_hours_of_tagging_and_capture_are_those_of_the_closed_form(
    kind: type[Network],
) -> None:
    rule = TaggingCapture("tagging_capture").with_values(noise=0.0, presynaptic_delay=19 * ms)
    train = 0.0005 + 0.01 * np.arange(60)
    later = train + 2 * 3600
    spikes = np.concatenate([train, later])
    axons = SpikeGeneratorGroup(
        3, np.repeat(np.arange(3), len(spikes)), np.tile(spikes, 3) * second, dt=1 * ms
    )
    cell = SpikeGeneratorGroup(1, [], [] * ms, dt=1 * ms)
    synapses = PlasticSynapses(axons, cell, rule)
    synapses.connect()
    proteins = Consolidation(synapses, rule)
    network = kind(axons, cell, synapses)
    go = network.run if kind is Network else network.advance
    go(1 * second)
    leap(network, 7199 * second)
    go(1 * second)
    leap(network, 21599 * second)
    go(1 * ms)
    # Brian2 puts spikes on its grid.
    trains = ConsolidatedTrains(rule, [0, 0, 0])
    on_grid = np.round(spikes * 1000 - 0.5) / 1000
    times = np.array([1, 7200, 7201, 8 * 3600.0])
    late = trains.run([on_grid] * 3, [[]] * 3, look_at=times, look="late")
    assert late[-1].min() > 0.5
    assert synapses.late[:] == pytest.approx(late[-1], abs=1e-9)
    assert proteins.cells.protein[:] == pytest.approx(trains.proteins["protein"], abs=1e-9)


def test_time_in_which_something_happens_is_refused() -> None:
    axon = SpikeGeneratorGroup(1, [0, 0], [1, 50] * ms, name="axon")
    cell = NeuronGroup(1, "v : 1", threshold="v > 5", reset="v = 0")
    synapses = Synapses(axon, cell, on_pre="v_post += 1", delay=5 * ms, name="link")
    synapses.connect()
    structural = Synapses(axon, cell, on_pre="v_post += 1", name="growing")
    StructuralSynapses(structural, 2).grow([0], [0], delay=9 * ms)
    network = Network(axon, cell, synapses, structural)
    with pytest.raises(InputError, match="axon has a spike at 0.001 s; run until then"):
        leap(network, 2 * ms)
    network.run(2 * ms)
    with pytest.raises(InputError, match=r"spikes are under way on (link|growing)_pre"):
        leap(network, 2 * ms)
    network.run(6 * ms)
    with pytest.raises(InputError, match="spikes are under way on growing_pre"):
        leap(network, 2 * ms)
    network.run(4 * ms)
    assert cell.v[:].tolist() == [2]
    leap(network, 37 * ms)
    with pytest.raises(InputError, match=r"axon has a spike at 0.05 s"):
        leap(network, 2 * ms)
    network.run(12 * ms)
    assert cell.v[:].tolist() == [4]
    with pytest.raises(InputError, match="duration must be at least 0"):
        leap(network, -1 * ms)

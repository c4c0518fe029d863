"""The rules of hours, of seconds and of bursts, in C++ standalone: as from the trains, to 1e-9."""

from __future__ import annotations

from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, ms, second
from numpy.typing import NDArray

from htm_brian.synapses.plasticity.behavioural_time_scale import BehaviouralTimeScale
from htm_brian.synapses.plasticity.burst_dependent import BurstDependent
from htm_brian.synapses.plasticity.consolidation import ConsolidatedTrains, Consolidation
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
from htm_brian.synapses.plasticity.structural_permanence import StructuralPermanence
from htm_brian.synapses.plasticity.trains import Trains

TAGS = StructuralPermanence("structural_permanence").with_values(
    noise=0.0,
    tag_maturation=0.4 * second,
    tag_threshold=0.02,
    synthesis_threshold=0.05,
    early_time_constant=2 * second,
    potentiation_rate=8.0,
    depression_rate=2.0,
    protein_time_constant=7 * second,
    late_time_constant=4 * second,
    structural_time_constant=9 * second * 60,
)
BURSTS = BurstDependent("burst_dependent").with_values(burst_interval=16.5 * ms)
PLACE = BehaviouralTimeScale("behavioural_time_scale_place")
PLATEAUS = [0.3, 0.42, 1.5]


def trains(n: int, seed: int, number: int) -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return [np.sort(rng.permutation(900)[:number]) * 0.002 + 0.0012 for _ in range(n)]


def group(spikes: list[NDArray[np.float64]]) -> SpikeGeneratorGroup:
    who = np.repeat(np.arange(len(spikes)), [len(train) for train in spikes])
    return SpikeGeneratorGroup(len(spikes), who, np.concatenate(spikes) * second, dt=0.4 * ms)


@pytest.mark.slow
@pytest.mark.standalone
def test_standalone_and_the_trains_agree(tmp_path: Path) -> None:
    brian2.set_device("cpp_standalone", directory=str(tmp_path), build_on_run=True)
    pre, post = trains(2, 4, 60), trains(2, 5, 30)
    axons, cells = group(pre), group(post)
    now = " or ".join(f"abs(t - {onset}*second) < dt/2" for onset in PLATEAUS)
    places = NeuronGroup(2, "", events={"plateau": now}, dt=0.4 * ms)
    tagged = PlasticSynapses(axons, cells, TAGS, name="tagged")
    taught = PlasticSynapses(axons, cells, BURSTS, name="taught")
    placed = PlasticSynapses(axons, places, PLACE, name="placed")
    for synapses in (tagged, taught, placed):
        synapses.connect(j="i")
    proteins = Consolidation(tagged, TAGS, dt=0.5 * second)
    Network(axons, cells, places, tagged, taught, placed).run(3.001 * second)

    slow = ConsolidatedTrains(TAGS, [0, 1])
    slow.between_looks = 0.5
    slow.run(pre, post, look_at=[1, 2, 2.5, 3])
    assert np.abs(slow.synapses["late"]).max() > 1e-3
    for name in ("early", "late", "built"):
        found = getattr(tagged, name)[:]
        assert found == pytest.approx(slow.synapses[name], abs=1e-9), name
    assert proteins.cells.protein[:] == pytest.approx(slow.proteins["protein"], abs=1e-9)
    for synapses, rule, events in ((taught, BURSTS, {}), (placed, PLACE, {"plateau": PLATEAUS})):
        exact = Trains(rule, 2)
        fired = post if rule is BURSTS else [[], []]
        exact.run(pre, fired, **{name: [times] * 2 for name, times in events.items()})
        assert synapses.efficacy[:] == pytest.approx(exact.state["efficacy"], abs=1e-9)
        assert np.ptp(synapses.efficacy[:]) > 0

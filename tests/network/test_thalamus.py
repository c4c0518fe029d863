"""The thalamus of a layer: who drives whom, and the two modes of its cells."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, SpikeMonitor, ms, mV, nS, pA, prefs
from brian2 import seed as set_seed

from htm_brian.cells.group import Cells
from htm_brian.engine.compiling import code_generation
from htm_brian.network.event_layer import EventLayer
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.network.thalamus import Thalamus
from htm_brian.parameters import load_model


def thalamus_of(memory: SpikingTemporalMemory, **changes: object) -> Thalamus:
    assert isinstance(memory.layer, EventLayer)
    return Thalamus(
        memory.layer,
        load_model("thalamocortical_loop").with_values(changes),
        load_model("thalamic_relay_awake"),
        load_model("reticular"),
        thalamocortical=load_model("thalamocortical"),
        corticothalamic=load_model("layer6_to_layer4"),
        seed=1,
    )


def test_only_columns_whose_relay_cells_reach_layer_4_get_a_volley() -> None:
    with code_generation("numpy"):
        memory = SpikingTemporalMemory(12, 4, 4, 3, seed=1)
        # Layer 4 of no column can fire: relay cells spike in vain.
        quiet = {"layer4.threshold": 30 * mV, "layer4.noise": 0 * mV}
        thalamus = thalamus_of(memory, **quiet)
        memory.compute([2, 5])
        relays = np.unique(np.asarray(thalamus.relay_spikes.i) // thalamus.per_column)
        assert relays.tolist() == [2, 5]
        assert memory.driven_columns.size == memory.active_columns.size == 0
        thalamus.layer4.threshold = 2 * mV
        memory.compute([2, 5])
        assert memory.driven_columns.tolist() == memory.column_bursts.tolist() == [2, 5]
        assert np.unique(np.asarray(thalamus.layer6_spikes.i)).tolist() == []


@pytest.mark.parametrize(("awake", "bursts"), [(True, False), (False, True)])
def test_reticular_cells_burst_when_hyperpolarised_and_fire_tonically_awake(
    awake: bool, bursts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(prefs, "codegen.target", "numpy")
    set_seed(1)
    model = load_model("reticular")
    if not awake:
        model = model.with_values({"soma_background.mean": -80 * pA})
    cells = Cells(10, model, dt=0.25 * ms)
    spikes = SpikeMonitor(cells)
    network = Network(cells, spikes)
    network.run(300 * ms)
    late = spikes.t > 150 * ms
    assert late.sum() <= 3
    before = spikes.count[:].copy()
    cells.ampa_soma = 14 * nS if awake else 24 * nS
    network.run(60 * ms)
    sizes = spikes.count[:] - before
    if bursts:
        assert sizes.min() >= 3, sizes
    else:
        assert 1 <= sizes.mean() <= 3, sizes

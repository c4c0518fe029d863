"""A layer of level-2 cells: what it refuses, what its synapses open, what is measured on a cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from brian2 import Clock, Network, Synapses, ms, mV, nS

from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.compiling import uncompiled
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, expected
from htm_brian.errors import InputError
from htm_brian.network import tree_layer
from htm_brian.network.distal_synapses import DistalParameters
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.network.tree_dendrites import TreeDendrites, require_branches
from htm_brian.network.tree_response import TreeResponse, tree_response
from htm_brian.network.wiring import SegmentWiring
from htm_brian.parameters import load_model

CELL = load_model("l23_pyramidal").with_values({"basal.branches": 2})
NETWORK = load_model("minicolumns_trees")
MEASURED = TreeResponse(
    volley=17,
    strength=1.7,
    resting=7e-3,
    latency=np.linspace(7e-3, 3e-3, 21),
    branch=np.linspace(-0.07, -0.03, 21),
    silenced_until=7e-3,
    window=5e-3,
    pulse=40e-9,
    threshold=14,
    plateau_level=-0.05,
)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tree_layer, "tree_response", lambda *_: MEASURED)
    yield


def memory(**options: object) -> SpikingTemporalMemory:
    given: dict[str, object] = {
        "activation_threshold": 14,
        "min_threshold": 14,
        "max_segments_per_cell": 2,
        "model": NETWORK,
        "cell_model": CELL,
    }
    return SpikingTemporalMemory(**({"columns": 4, "cells_per_column": 2} | given | options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"activation_threshold": 15}, "activation_threshold must be 14, which the branches of"),
        ({"max_segments_per_cell": 3}, "max_segments_per_cell must be at most 2, got 3"),
        ({"model": "minicolumns"}, "need a network of level 2, such as minicolumns_trees"),
        ({"neurons_per_cell": 4}, "a cell of level 2 is one neuron, got 4"),
        ({"cell_model": "l5_reduced"}, "cells of level 1 need a network of level 1"),
    ],
)
@pytest.mark.usefixtures("measured")
def test_what_a_layer_of_trees_is_not_made_of_is_refused_in_one_line(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        memory(**options)
    assert "\n" not in str(caught.value)


def dendrites() -> tuple[PyramidalCells, TreeDendrites]:
    clock = Clock(0.1 * ms, name="cell_clock")
    cells = PyramidalCells(3, CELL, clock=clock, name="pyramidal_cells")
    parameters = DistalParameters(1.0, 2 * ms, 30 * ms, 0.5)
    looks = Clock(1 * ms, name="branch_clock")
    return cells, TreeDendrites(cells, parameters, -0.05, looks, synapses=16)


def test_a_segment_has_a_branch_of_its_cell_and_its_connected_synapses_open_receptors_there() -> (
    None
):
    with uncompiled():
        cells, made = dendrites()
        table = SegmentTable(
            [2, 2], [0, 2, 4], [0, 1, 0, 1], np.array([0.6, 0.6, 0.6, 0.4]), n_cells=3
        )
        store = SegmentStore.from_table(table)
        wiring = SegmentWiring(store, made)
        wiring.follow()
        assert made.branch.tolist() == [0, 1]
        synapses = made.distal.synapses
        run(cells, synapses)
        opened = [float(getattr(cells, f"nmda_open_basal_{k}_1")[2] / nS) for k in (0, 1)]
        assert opened[1] > 0.3
        assert opened[0] == pytest.approx(2 * opened[1]), "the fourth synapse is not connected"
        assert made.releases_since(0.0)[0].size == 4, "it releases all the same"
        assert made.state(0.0).depolarisation.tolist() == [2.0, 2.0]


def run(cells: PyramidalCells, synapses: Synapses) -> None:
    """Let cells 0 and 1 spike at once, and run until their synapses have opened."""
    cells.v[:2] = cells.spike_threshold + 1 * mV
    with expected([ORDER_OF_EXECUTION]):
        Network(cells, synapses).run(3 * ms)


def test_more_segments_than_branches_are_refused_in_one_line() -> None:
    require_branches(np.array([1, 1, 0, -1, -1, -1]), CELL)
    with pytest.raises(InputError, match="cell 1 has 3 segments and 2 branches; set branches to 3"):
        require_branches(np.array([1, 1, 0, 1, -1]), CELL)


def test_branches_stay_with_their_segments() -> None:
    with uncompiled():
        _, made = dendrites()
        made.set_owners(np.array([2, 2, 0]))
        assert made.branch.tolist() == [0, 1, 0]
        made.set_owners(np.array([-1, 2, 0, 2]))
        assert made.branch.tolist() == [0, 1, 0, 0], "the free branch, not that of segment 1"


@pytest.mark.slow
def test_more_synapses_lead_by_more_and_the_threshold_is_where_the_window_closes() -> None:
    found = tree_response(CELL.with_table(NETWORK["gaba"]), NETWORK, 20)
    assert (np.diff(found.lead) >= -1e-4).all()
    assert found.latency[found.threshold] <= found.window < found.latency[found.threshold - 1]
    assert found.branch[found.threshold - 1] < found.plateau_level < found.branch[found.threshold]
    assert 8 <= found.threshold <= 18
    assert found.window < found.silenced_until < found.resting
    assert 10e-9 < found.pulse < 150e-9, "more would leave the cell hyperpolarised"


@pytest.mark.slow
@pytest.mark.usefixtures("measured")
def test_a_memory_of_trees_that_was_saved_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = memory(columns=8, cells_per_column=4, min_threshold=4, max_new_synapses=16)
    columns = [np.arange(5), np.arange(3, 8)] * 3
    for each in columns[:3]:
        whole.compute(each)
    whole.save(tmp_path / "memory.npz")
    loaded = SpikingTemporalMemory.load(tmp_path / "memory.npz")
    trace: list[list[object]] = [[], []]
    for tm, found in zip((loaded, whole), trace, strict=True):
        brian2_state = np.random.get_state()  # noqa: NPY002
        for each in columns[3:]:
            tm.compute(each)
            found.append([tm.spike_cells.tolist(), tm.spike_times.tolist(), tm.anomaly])
            found.append([tm.events.plateau_onsets.tolist(), tm.predictive_cells.tolist()])
        np.random.set_state(brian2_state)  # noqa: NPY002
    assert trace[0] == trace[1]
    assert sum(len(spikes[0]) for spikes in trace[0][::2]) > 0  # type: ignore[index]
    assert loaded.n_segments > 0
    assert loaded.export_segments() == whole.export_segments()

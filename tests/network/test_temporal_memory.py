"""What the spiking temporal memory must do, on nets small enough for the numpy target."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import SpikeMonitor, prefs

from htm_brian.abstract.segments.store import SegmentTable
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.errors import InputError
from htm_brian.network import event_layer as module
from htm_brian.network.temporal_memory import SpikingTemporalMemory

COLUMNS, CELLS, ACTIVE = 32, 4, 6
SMALL = {
    "activation_threshold": 4,
    "min_threshold": 3,
    "max_new_synapses": 6,
    "permanence_decrement": 0.05,
    "seed": 3,
}


def patterns(number: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.sort(rng.choice(COLUMNS, ACTIVE, replace=False)) for _ in range(number)]


def memory(release: str = "reliable", **changes: object) -> SpikingTemporalMemory:
    return SpikingTemporalMemory(COLUMNS, CELLS, release=release, **{**SMALL, **changes})


def test_an_unpredicted_minicolumn_fires_as_a_whole_and_once() -> None:
    tm = memory()
    columns = patterns(1)[0]
    tm.compute(columns)
    whole = (columns[:, np.newaxis] * CELLS + np.arange(CELLS)).ravel()
    assert tm.active_cells.tolist() == whole.tolist()
    assert sorted(tm.spike_cells.tolist()) == whole.tolist()
    assert tm.column_bursts.tolist() == columns.tolist()
    assert tm.anomaly == 1.0
    assert (tm.winner_cells // CELLS).tolist() == columns.tolist()
    first = {c: tm.spike_times[tm.spike_cells // CELLS == c].min() for c in columns}
    for winner in tm.winner_cells:
        assert tm.spike_times[tm.spike_cells == winner][0] == first[winner // CELLS]


def test_a_predicted_cell_fires_first_and_silences_its_minicolumn() -> None:
    """Claim of "Why neurons have thousands of synapses": a predicted cell inhibits its column."""
    first, second = patterns(2)
    tm = memory()
    presynaptic = first[:4] * CELLS
    predicted = int(second[0] * CELLS + 2)
    tm.import_segments(
        SegmentTable([predicted], [0, 4], presynaptic, [0.6] * 4, n_cells=COLUMNS * CELLS)
    )
    tm.compute(first, learn=False)
    assert tm.predictive_cells.tolist() == [predicted]
    tm.compute(second, learn=False)
    column = second[0]
    assert tm.active_cells[tm.active_cells // CELLS == column].tolist() == [predicted]
    assert tm.column_bursts.tolist() == second[1:].tolist()
    assert tm.predicted_columns.tolist() == [column]
    # The predicted cell, and no other, fires a burst.
    assert tm.cell_bursts.tolist() == [predicted]
    assert tm.anomaly == pytest.approx(5 / 6)
    lead = tm.spike_times[tm.spike_cells // CELLS != column].min() - tm.spike_times.min()
    assert 0.002 <= lead <= 0.015, f"the predicted cell leads by {lead * 1e3:.2f} ms"


def test_one_synapse_below_the_threshold_predicts_nothing() -> None:
    first, second = patterns(2)
    tm = memory()
    cell = int(second[0] * CELLS)
    table = SegmentTable(
        [cell], [0, 4], first[:4] * CELLS, [0.6, 0.6, 0.6, 0.4], n_cells=COLUMNS * CELLS
    )
    tm.import_segments(table)
    tm.compute(first, learn=False)
    assert tm.predictive_cells.size == 0
    tm.compute(second, learn=False)
    assert tm.column_bursts.tolist() == second.tolist()
    # Below the threshold, yet depolarised: it is the first of its column to spike.
    assert cell in tm.winner_cells


def test_matching_branches_do_not_outrun_the_inhibition_of_a_predicted_cell() -> None:
    """Three branches, each just below a plateau of twenty synapses, on a cell of the column."""
    first, second = patterns(2)
    tm = memory(activation_threshold=20, min_threshold=8)
    firing = (first[:, np.newaxis] * CELLS + np.arange(CELLS)).ravel()[:20]
    predicted, depolarised = int(second[0] * CELLS), int(second[0] * CELLS + 1)
    table = SegmentTable(
        [predicted, depolarised, depolarised, depolarised],
        [0, 20, 40, 60, 80],
        np.tile(firing, 4),
        [0.6] * 20 + [0.2] * 60,
        n_cells=COLUMNS * CELLS,
    )
    tm.import_segments(table)
    tm.compute(first, learn=False)
    assert tm.predictive_cells.tolist() == [predicted]
    tm.compute(second, learn=False)
    column = tm.active_cells[tm.active_cells // CELLS == second[0]]
    assert column.tolist() == [predicted]


def test_a_plateau_covers_the_next_element_and_no_more() -> None:
    first, second = patterns(2)
    tm = memory()
    cell = int(second[0] * CELLS)
    tm.import_segments(
        SegmentTable([cell], [0, 4], first[:4] * CELLS, [0.6] * 4, n_cells=COLUMNS * CELLS)
    )
    tm.compute(first, learn=False)
    assert tm.predictive_cells.tolist() == [cell]
    tm.compute([], learn=False)
    assert tm.predictive_cells.size == 0
    assert tm.active_cells.size == 0 and tm.anomaly == 0.0


def test_an_old_plateau_ends_with_the_next_element_once_predicted_cells_had_their_time() -> None:
    first, second = patterns(2)
    tm = memory()
    cell = int(second[0] * CELLS)
    tm.import_segments(
        SegmentTable([cell], [0, 4], first[:4] * CELLS, [0.6] * 4, n_cells=COLUMNS * CELLS)
    )
    tm.compute(first, learn=False)
    (planned,) = tm.events.plateau_ends
    tm.compute(second, learn=False)
    (end,) = tm.events.plateau_ends
    assert end == pytest.approx(tm.events.start + tm.layer.early_until.max())
    assert end < planned
    assert tm.spike_times[tm.spike_cells == cell][0] < end - tm.events.start


def test_the_best_matching_cell_wins_whatever_the_cells_did_before() -> None:
    """One cell of a column fired a burst in the element before, the others were silenced."""
    first, second, third = patterns(3)
    (column,) = np.intersect1d(second, third)[:1]
    fired, sister = int(column * CELLS + 1), int(column * CELLS + 2)
    others = second[second != column][:5] * CELLS
    table = SegmentTable(
        [fired, fired, sister],
        [0, 4, 9, 12],
        [*(first[:4] * CELLS), *others, *others[:3]],
        [0.6] * 4 + [0.2] * 8,
        n_cells=COLUMNS * CELLS,
    )
    tm = memory()
    tm.import_segments(table)
    for columns in (first, second):
        tm.compute(columns, learn=False)
    assert tm.active_cells[tm.active_cells // CELLS == column].tolist() == [fired]
    assert fired in tm.best_matching_cells and sister not in tm.best_matching_cells
    tm.compute(third, learn=False)
    assert column in tm.column_bursts
    assert tm.winner_cells[tm.winner_cells // CELLS == column].tolist() == [fired]


def test_lasting_input_keeps_its_prediction() -> None:
    """The same element again and again renews the plateau each time."""
    (only,) = patterns(1)
    tm = memory()
    cells = only * CELLS
    owner = np.repeat(cells, 1)
    indptr = np.arange(0, 6 * (ACTIVE) + 1, ACTIVE)
    table = SegmentTable(
        owner, indptr, np.tile(cells, ACTIVE), [0.6] * ACTIVE**2, n_cells=COLUMNS * CELLS
    )
    tm.import_segments(table)
    for step in range(8):
        tm.compute(only, learn=False)
        assert tm.predictive_cells.tolist() == cells.tolist(), f"step {step}"
        if step > 0:
            assert tm.active_cells.tolist() == cells.tolist(), f"step {step}"


def test_a_sequence_is_learned_and_the_abstract_memory_can_run_it() -> None:
    sequence = patterns(4, seed=1)
    tm = memory()
    for _ in range(5):
        for columns in sequence:
            tm.compute(columns)
        tm.reset()
    anomaly = []
    for columns in sequence:
        tm.compute(columns, learn=False)
        anomaly.append(tm.anomaly)
    assert anomaly == [1.0, 0.0, 0.0, 0.0]
    abstract = TemporalMemory(COLUMNS, CELLS, **SMALL)
    abstract.import_segments(tm.export_segments())
    for k, columns in enumerate(sequence):
        abstract.compute(columns, learn=False)
        assert abstract.anomaly == anomaly[k]
    tm.reset()
    assert tm.predictive_cells.size == tm.active_cells.size == tm.winner_cells.size == 0


def test_a_transplanted_network_does_what_the_abstract_memory_does() -> None:
    rng = np.random.default_rng(5)
    alphabet = patterns(8, seed=2)
    stream = [alphabet[k] for k in rng.integers(8, size=400)]
    abstract = TemporalMemory(COLUMNS, CELLS, **SMALL)
    for columns in stream:
        abstract.compute(columns)
    table = abstract.export_segments()
    tm = memory()
    tm.import_segments(table)
    abstract.reset()
    for columns in stream[:40]:
        abstract.compute(columns, learn=False)
        tm.compute(columns, learn=False)
        assert tm.active_cells.tolist() == abstract.active_cells.tolist()
        assert tm.predictive_cells.tolist() == abstract.predictive_cells.tolist()
        assert tm.anomaly == abstract.anomaly
    again = tm.export_segments()
    assert np.array_equal(again.presynaptic, table.presynaptic)
    assert np.array_equal(again.permanence, table.permanence)


def test_branches_and_synapses_outgrow_their_first_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INITIAL_BRANCHES", 2)
    monkeypatch.setattr(module, "SYNAPSES_PER_BRANCH", 1)
    small = memory()
    monkeypatch.undo()
    large = memory()
    sequence = patterns(3, seed=1) * 3
    results = []
    for tm in (small, large):
        brian2.seed(3)
        results.append([])
        for columns in sequence:
            tm.compute(columns)
            results[-1].append((tm.active_cells.tolist(), tm.predictive_cells.tolist()))
    assert small.layer.dendrites.capacity > 2
    assert results[0] == results[1]


@pytest.mark.parametrize("permanence", [0.5, 0.6, 1.0])
def test_releases_that_fail_lose_predictions(permanence: float) -> None:
    """The fewer, the better the synapses have learned."""
    (first,) = patterns(1)
    others = np.setdiff1d(np.arange(COLUMNS * CELLS), first[:, np.newaxis] * CELLS + range(CELLS))
    n = len(others)
    table = SegmentTable(
        others,
        np.arange(0, 4 * n + 1, 4),
        np.tile(first[:4] * CELLS, n),
        [permanence] * 4 * n,
        n_cells=COLUMNS * CELLS,
    )
    predicted = {}
    for release in ("reliable", "model"):
        tm = memory(release=release)
        tm.import_segments(table)
        tm.compute(first, learn=False)
        predicted[release] = len(tm.predictive_cells) / n
    assert predicted["reliable"] == 1.0
    # The cells of `first` are not predicted, so they spike once, and all four must be transmitted.
    # At permanence 0.6 a connection has 1.2 times the sites of one that is just connected.
    sites = 1 + 2 * (permanence - 0.5)
    just_connected = tm.layer.dendrites.distal.synapses.transmission_probability[:]
    expected = (1 - (1 - just_connected) ** sites) ** 4
    error = 4 * np.sqrt(expected * (1 - expected) / n)
    assert predicted["model"] == pytest.approx(expected, abs=error)


def test_a_user_adds_a_monitor_to_the_network() -> None:
    tm = memory()
    monitor = SpikeMonitor(tm.layer.minicolumns.relay)
    tm.network.add(monitor)
    columns = patterns(1)[0]
    tm.compute(columns)
    assert sorted(monitor.i[:].tolist()) == columns.tolist()


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ([3, 1], "sorted"),
        ([1, 1], "repeats"),
        ([1, COLUMNS], r"\[0, 32\), got 32"),
        ([-1, 2], "got -1"),
        ([0.5], "integers"),
        ([[1, 2]], "one-dimensional"),
    ],
)
def test_wrong_columns_are_refused(columns: list, fault: str) -> None:
    with pytest.raises((ValueError, TypeError), match=fault):
        memory().compute(columns)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"release": "sometimes"}, "release must be"),
        ({"columns": 0}, "columns must"),
        ({"permanence_increment": -0.1}, r"increment must lie in \[0.0, 1.0\], got -0.1"),
        ({"initial_permanence": 1.5}, "initial_permanence must"),
        ({"model": "no_such_model"}, "unknown model"),
        ({"activation_threshold": 0}, "activation_threshold must"),
    ],
)
def test_wrong_parameters_are_refused(changes: dict, fault: str) -> None:
    arguments: dict = {"columns": COLUMNS, "cells_per_column": CELLS, **SMALL, **changes}
    with pytest.raises(ValueError, match=fault):
        SpikingTemporalMemory(**arguments)


@pytest.mark.slow
def test_cython_and_numpy_give_the_same_spikes() -> None:
    spikes = {}
    for target in ("numpy", "cython"):
        prefs.codegen.target = target
        tm = memory(model="minicolumns")
        tm.layer.minicolumns.feedforward.variation = 0
        spikes[target] = []
        for columns in patterns(4, seed=1) * 2:
            tm.compute(columns, learn=False)
            spikes[target].append((tm.spike_cells.tolist(), tm.spike_times.round(7).tolist()))
    assert spikes["numpy"] == spikes["cython"]


def test_store_and_restore_take_segments_and_predictions_along() -> None:
    tm = memory(release="model")
    sequence = patterns(3, seed=1) * 2
    for columns in sequence:
        tm.compute(columns)
    tm.network.store()
    known = tm.export_segments()

    def go_on() -> list:
        found = []
        for columns in patterns(5, seed=8):
            tm.compute(columns)
            found.append([tm.active_cells.tolist(), tm.predictive_cells.tolist(), tm.anomaly])
        return [*found, tm.export_segments().permanence.tolist()]

    first = go_on()
    assert tm.export_segments() != known
    for _ in range(2):
        tm.network.restore(restore_random_state=True)
        assert tm.export_segments() == known
        assert np.shares_memory(
            tm.store.arrays.permanence, tm.layer.dendrites.distal.array("permanence")
        )
        assert go_on() == first


def test_a_state_from_before_branches_outgrew_their_room_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "INITIAL_BRANCHES", 2)
    tm = memory()
    tm.network.store()
    for columns in patterns(2):
        tm.compute(columns)
    with pytest.raises(InputError, match="stored with room for 2 branches, and the layer has"):
        tm.network.restore()

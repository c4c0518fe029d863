"""The spiking memory takes the arguments of the abstract one, and refuses what that one refuses."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from brian2 import prefs

from htm_brian.abstract.permanence import IncidenceRate
from htm_brian.abstract.segments.store import SegmentTable
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.errors import InputError
from htm_brian.network.temporal_memory import SpikingTemporalMemory

SIZE = {
    "columns": 16,
    "cells_per_column": 2,
    "activation_threshold": 4,
    "min_threshold": 3,
    "max_new_synapses": 4,
}


def spiking(**changes: object) -> SpikingTemporalMemory:
    return SpikingTemporalMemory(**{**SIZE, "release": "reliable", **changes})  # type: ignore[arg-type]


def test_both_have_the_same_defaults() -> None:
    abstract = inspect.signature(TemporalMemory).parameters
    shared = [name for name in inspect.signature(SpikingTemporalMemory).parameters]
    for name in shared:
        if name in abstract:
            default = inspect.signature(SpikingTemporalMemory).parameters[name].default
            assert default == abstract[name].default, name
    assert len(set(shared) & set(abstract)) >= 13


def test_permanences_left_out_are_those_of_the_rule() -> None:
    rule = IncidenceRate(10, 0.2)
    abstract = TemporalMemory(**SIZE, permanence_rule=rule).parameters  # type: ignore[arg-type]
    found = spiking(permanence_rule=rule).parameters
    for name in ("initial_permanence", "connected_permanence"):
        assert getattr(found, name) == getattr(abstract, name) == 0.2


@pytest.mark.parametrize(
    "changes",
    [
        {"min_threshold": 400},
        {"max_new_synapses": 0},
        {"columns": 0},
        {"predicted_decrement": 2.0},
        {"connected_permanence": -1.0},
        {"seed": -1},
    ],
)
def test_both_refuse_alike(changes: dict) -> None:
    with pytest.raises(InputError) as abstract:
        TemporalMemory(**{**SIZE, **changes})
    with pytest.raises(InputError) as found:
        spiking(**changes)
    assert str(found.value) == str(abstract.value)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"cell_model": "l5_thick_tufted"}, "need a network of level 2, such as minicolumns_trees"),
        ({"model": "l5_reduced"}, "model must be of a network, such as minicolumns"),
        ({"release": "sometimes"}, "release must be"),
    ],
)
def test_a_wrong_model_is_refused_in_one_line_before_anything_is_built(
    changes: dict, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("htm_brian.network.event_layer.PyramidalCells", None)
    with pytest.raises(InputError, match=fault) as error:
        spiking(**changes)
    assert "\n" not in str(error.value)


def table(columns: int) -> SegmentTable:
    n_cells = columns * 2
    return SegmentTable(
        [n_cells - 1], [0, 4], np.arange(n_cells - 5, n_cells - 1), [0.6] * 4, n_cells=n_cells
    )


def test_segments_of_a_memory_of_another_size_are_refused() -> None:
    small = spiking()
    small.import_segments(table(16))
    with pytest.raises(InputError, match="must be for 32 cells and 32 presynaptic cells, got 64"):
        small.import_segments(table(32))
    assert small.export_segments() == table(16)


def test_the_seed_decides_after_an_import_too() -> None:
    random = []
    for seed in (1, 2):
        memory = spiking(seed=seed)
        before = memory.store.arrays.random.copy()
        memory.import_segments(table(16))
        assert (memory.store.arrays.random == before).all()
        random.append(before.tolist())
    assert random[0] != random[1]


def test_dead_cells_are_out_for_good_in_both() -> None:
    prefs.codegen.target = "numpy"
    first, second = np.arange(0, 4), np.arange(6, 10)
    dead = np.arange(13, 16)  # the second cell of column 6, and both of 7
    counts, tables = [], []
    for tm in (TemporalMemory(**SIZE), spiking()):  # type: ignore[arg-type]
        for _ in range(6):
            tm.compute(first)
            tm.compute(second)
        before = tm.export_segments()
        tm.kill_cells(dead)
        assert len(tm.active_cells) == 0
        left = tm.export_segments()
        assert len(left.owner) == np.isin(before.owner, dead, invert=True).sum()
        with pytest.raises(InputError, match="segment of a dead cell"):
            tm.import_segments(before)
        for _ in range(3):
            tm.compute(first)
            tm.compute(second)
        assert not np.isin(tm.active_cells, dead).any()
        assert not np.isin(tm.winner_cells, dead).any()
        tables.append(tm.export_segments())
        assert not np.isin(tables[-1].owner, dead).any()
        counts.append(len(tm.active_cells))
    assert counts[0] == counts[1]
    assert np.isin(6, tables[1].owner // 2) == np.isin(6, tables[0].owner // 2)


def test_killing_what_is_no_cell_is_refused() -> None:
    for tm in (TemporalMemory(**SIZE), spiking()):  # type: ignore[arg-type]
        with pytest.raises(InputError, match=r"cells must .* got 32"):
            tm.kill_cells([32])


def test_the_dead_stay_dead_in_a_restored_network() -> None:
    prefs.codegen.target = "numpy"
    tm = spiking()
    tm.compute(np.arange(4))
    tm.network.store("alive")
    tm.kill_cells([0, 1])
    tm.compute(np.arange(4))
    assert not np.isin([0, 1], tm.active_cells).any()
    tm.network.store("dead")
    tm.network.restore("alive")
    tm.compute(np.arange(4))
    assert np.isin([0, 1], tm.active_cells).all()
    tm.network.restore("dead")
    tm.compute(np.arange(4))
    assert not np.isin([0, 1], tm.active_cells).any()

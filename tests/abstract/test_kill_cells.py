"""A memory of which cells died is a memory with fewer cells."""

import numpy as np
import pytest

from htm_brian.abstract.temporal_memory import TemporalMemory

COLUMNS, CELLS, LIVING = 60, 6, 2


def memory(cells_per_column, **options):
    return TemporalMemory(
        COLUMNS,
        cells_per_column,
        activation_threshold=5,
        min_threshold=4,
        max_new_synapses=8,
        predicted_decrement=0.02,
        seed=3,
        **options,
    )


@pytest.fixture
def living():
    """Two cells of each column, sorted, so that cell i of the small memory is living[i]."""
    rng = np.random.default_rng(1)
    chosen = [np.sort(rng.choice(CELLS, LIVING, replace=False)) for _ in range(COLUMNS)]
    return np.concatenate([CELLS * column + cells for column, cells in enumerate(chosen)])


@pytest.mark.parametrize("tie_break", ["random", "lowest_index"])
@pytest.mark.parametrize("reuse", [False, True])
def test_all_but_two_cells_dead_is_a_memory_of_two_cells_a_column(living, tie_break, reuse):
    options = {"tie_break": tie_break, "reuse_previous_winner": reuse}
    large, small = memory(CELLS, **options), memory(LIVING, **options)
    large.kill_cells(np.setdiff1d(np.arange(large.n_cells), living))
    rng = np.random.default_rng(2)
    patterns = [np.sort(rng.choice(COLUMNS, 8, replace=False)) for _ in range(9)]
    for step in range(400):
        new = rng.random() < 0.2
        pattern = np.sort(rng.choice(COLUMNS, 8, replace=False)) if new else patterns[step % 9]
        for tm in (large, small):
            tm.compute(pattern)
        for name in ("active_cells", "winner_cells", "predictive_cells"):
            assert getattr(large, name).tolist() == living[getattr(small, name)].tolist()
        assert large.anomaly == small.anomaly
    one, other = large.export_segments(), small.export_segments()
    assert one.n_synapses > 1000
    assert one.owner.tolist() == living[other.owner].tolist()
    assert one.presynaptic.tolist() == living[other.presynaptic].tolist()
    assert one.permanence.tolist() == other.permanence.tolist()


def test_segments_of_dead_cells_are_not_imported():
    """They would predict their cells, which would then fire."""
    teacher, damaged = memory(CELLS), memory(CELLS)
    for _ in range(3):
        for first in (0, 10, 20):
            teacher.compute(np.arange(first, first + 10))
    table = teacher.export_segments()
    cell = int(table.owner[0])
    damaged.kill_cells([cell])
    with pytest.raises(ValueError, match=f"no segment of a dead cell, got {cell}"):
        damaged.import_segments(table)
    assert damaged.n_segments == 0

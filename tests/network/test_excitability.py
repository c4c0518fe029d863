"""Cells of an unpredicted column take turns: the one with the fewest branches is first."""

from __future__ import annotations

import numpy as np

from htm_brian.network.excitability import of_cells
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.parameters import load_model

MODEL = load_model("minicolumns")
TABLE = MODEL["excitability"]
COLUMNS, CELLS = 16, 6


def test_a_cell_waits_until_the_others_of_its_column_had_their_turn() -> None:
    owner = np.array([0, 0, 0, 1, 2, 3, 5, -1])
    found = of_cells(owner, n_cells=8, cells_per_column=4, table=TABLE)
    waits = 1 - float(TABLE["held_back"])
    assert found.tolist() == [waits, 1, 1, 1, 1, waits, 1, 1]


def share_of_fewest(held_back: float) -> float:
    """Return how often, in columns with no match, the winner is one of the cells used least."""
    model = MODEL.with_values({"excitability.held_back": held_back})
    memory = SpikingTemporalMemory(
        COLUMNS, CELLS, 4, 4, max_new_synapses=6, model=model, release="reliable", seed=3
    )
    rng = np.random.default_rng(1)
    fewest = due = 0
    for _ in range(60):
        before = np.bincount(memory.store.owner[memory.store.owner >= 0], minlength=memory.n_cells)
        matching = memory.best_matching_cells // CELLS
        memory.compute(np.sort(rng.choice(COLUMNS, 6, replace=False)))
        for column in np.setdiff1d(memory.column_bursts, matching):
            cells = column * CELLS + np.arange(CELLS)
            winner = np.intersect1d(memory.winner_cells, cells)
            due += 1
            fewest += before[winner].min() == before[cells].min()
    assert due > 100
    return fewest / due


def test_the_cell_that_learned_least_wins_where_nothing_matches() -> None:
    assert share_of_fewest(float(TABLE["held_back"])) > 0.95
    assert share_of_fewest(0.0) < 0.8

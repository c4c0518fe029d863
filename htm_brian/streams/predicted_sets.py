"""Random sets of columns one after the other, and segments that predict half of each.

For networks that are given their segments: which of a set's columns answer with one cell, and which
as a whole, is known beforehand.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from htm_brian.abstract.segments.table import SegmentTable

PREDICTED_SHARE = 0.5
"""Of the columns of an element."""
FALSE_SHARE = 0.25
"""Predicted cells whose columns are not driven, per column that is."""
PERMANENCE = 0.6
"""Of every synapse; all are connected."""


def predicted_sets(
    columns: int, cells: int, active: int, elements: int, rng: Generator
) -> tuple[list[NDArray[np.int64]], SegmentTable]:
    """Return sets of active columns, and segments that predict a cell in half of each set.

    They predict some cells of other columns as well. A segment's synapses come from one cell of
    each column of the set before.
    """
    sets, owners, sources = [], [], []
    before = np.empty(0, dtype=np.int64)
    for _ in range(elements):
        chosen = np.sort(rng.choice(columns, active, replace=False))
        winners = chosen * cells + rng.integers(0, cells, active)
        if before.size:
            others = rng.choice(
                np.setdiff1d(np.arange(columns), chosen), round(FALSE_SHARE * active), replace=False
            )
            right = rng.permutation(winners)[: round(PREDICTED_SHARE * active)]
            for cell in (*right, *(others * cells)):
                owners.append(int(cell))
                sources.append(before)
        sets.append(chosen)
        before = winners
    presynaptic = np.concatenate(sources).astype(np.int32)
    table = SegmentTable(
        np.array(owners, dtype=np.int32),
        np.arange(len(owners) + 1) * active,
        presynaptic,
        np.full(len(presynaptic), PERMANENCE, dtype=np.float32),
        n_cells=columns * cells,
    )
    return sets, table

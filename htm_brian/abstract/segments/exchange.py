"""Segments of a store as a table, and segments of a table into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.kernels import store_kernels as kernels
from htm_brian.abstract.segments import layout
from htm_brian.abstract.segments.table import SegmentTable, check_table
from htm_brian.errors import InputError

if TYPE_CHECKING:
    from htm_brian.abstract.segments.reading import SegmentReader
    from htm_brian.abstract.segments.store import SegmentStore


def table_of(store: SegmentReader) -> SegmentTable:
    """Return all segments, by cell and then by age."""
    segments = store.segments
    indptr = np.zeros(len(segments) + 1, dtype=np.int64)
    np.cumsum(store.arrays.segments["count"][segments], out=indptr[1:])
    flat = store.flat(segments)
    return SegmentTable(
        store.arrays.segments["owner"][segments],
        indptr,
        flat.presynaptic,
        flat.permanence,
        n_cells=store.n_cells,
        n_inputs=store.n_inputs,
    )


def append(store: SegmentStore, table: SegmentTable, iteration: int) -> NDArray[np.int32]:
    """Add the segments of a table and return their numbers, row by row.

    Raises
    ------
    InputError
        Where the table is for other numbers of cells, or exceeds a limit of the store; nothing is
        changed then.
    """
    check_table(table)
    if table.n_cells != store.n_cells or table.n_inputs != store.n_inputs:
        raise InputError(
            f"the table must be for {store.n_cells} cells and {store.n_inputs} presynaptic "
            f"cells, got {table.n_cells} and {table.n_inputs}"
        )
    counts = np.diff(table.indptr)
    if counts.size and counts.max() > store.max_synapses_per_segment:
        raise InputError(
            f"a segment must have at most max_synapses_per_segment = "
            f"{store.max_synapses_per_segment} synapses, got {counts.max()}"
        )
    per_cell = store.segments_per_cell + np.bincount(table.owner, minlength=store.n_cells)
    if per_cell.max() > store.max_segments_per_cell:
        raise InputError(
            f"a cell must have at most max_segments_per_cell = "
            f"{store.max_segments_per_cell} segments, got {per_cell.max()}"
        )
    created = store.create(table.owner, iteration)
    n_new = np.bincount(table.presynaptic, minlength=store.n_inputs)
    list_of, later = store.arrays.list_of, n_new.copy()
    later[list_of >= 0] += store.arrays.lists["count"][list_of[list_of >= 0]]
    store.reserve(
        slots=int((counts + layout.BLOCK).sum()),
        entries=int(layout.SIZES[np.searchsorted(layout.SIZES, later)].sum()),
        lists=int(((n_new > 0) & (list_of < 0)).sum()),
    )
    kernels.widen_lists(store.arrays, n_new)
    kernels.append_synapses(
        store.arrays, created, table.indptr, table.presynaptic, table.permanence
    )
    return created

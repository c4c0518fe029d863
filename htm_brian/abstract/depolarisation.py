"""Which segments of a store an input reaches: the active and the matching ones.

The memories of `apical_tiebreak` ask this for basal and for apical segments.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.indices import NOTHING, Indices, mask_of
from htm_brian.abstract.kernels import apical_kernels
from htm_brian.abstract.segments import layout
from htm_brian.abstract.segments.store import SegmentStore


class Depolarisation(NamedTuple):
    """Segments of one kind that the present input reaches, by cell and then by age."""

    active: Indices
    matching: Indices
    potential: NDArray[np.int64]  # of the matching ones
    active_potential: NDArray[np.int64]  # of the active ones


AT_REST = Depolarisation(NOTHING, NOTHING, NOTHING, NOTHING)


def reached(
    store: SegmentStore,
    inputs: Indices,
    connected_permanence: float,
    activation_threshold: int,
    min_threshold: int,
    reduced_threshold: int | None = None,
    eased: NDArray[np.bool_] | None = None,
) -> Depolarisation:
    """Return the active and the matching segments.

    Parameters
    ----------
    store : SegmentStore
    inputs : ndarray of int
        Active presynaptic cells, sorted.
    connected_permanence : float
        From which a synapse is connected.
    activation_threshold : int
        Connected active synapses from which a segment is active.
    min_threshold : int
        Active synapses, connected or not, from which a segment matches.
    reduced_threshold : int, optional
        Instead of `activation_threshold`, for segments of the cells that are `eased`.
    eased : ndarray of bool, shape (n_cells,), optional
    """
    if not len(inputs):
        return AT_REST
    reduced = activation_threshold if reduced_threshold is None else reduced_threshold
    end = int(store.arrays.counters[layout.SEGMENT_END])
    segments = np.empty(end, dtype=np.int32)
    counts = np.empty(end, dtype=np.int16)
    connected = np.empty(end)
    n = apical_kernels.reach(
        store.arrays,
        inputs,
        mask_of(store.n_inputs, inputs),
        connected_permanence,
        min(min_threshold, reduced),
        counts,
        segments,
        connected,
    )
    found, connected = segments[:n].astype(np.int64), connected[:n]
    potential = counts[found].astype(np.int64)
    active = connected >= activation_threshold
    if eased is not None:
        active |= eased[store.owner[found]] & (connected >= reduced)
    matching = potential >= min_threshold
    return Depolarisation(found[active], found[matching], potential[matching], potential[active])


def best_of_columns(
    owner: NDArray[np.int64], potential: NDArray[np.int64], cells_per_column: int
) -> NDArray[np.int64]:
    """Return the cells that have the best matching segment of their column, all of equals.

    Parameters
    ----------
    owner : ndarray of int, shape (n_segments,)
        Cell of each matching segment.
    potential : ndarray of int, shape (n_segments,)
        Its active synapses.
    cells_per_column : int

    Returns
    -------
    ndarray of int
        Sorted, each once.

    Examples
    --------
    >>> best_of_columns(np.array([0, 1, 3, 6]), np.array([7, 9, 9, 5]), 4).tolist()
    [1, 3, 6]
    """
    if not len(owner):
        return np.empty(0, dtype=np.int64)
    column = owner // cells_per_column
    best = np.zeros(int(column.max()) + 1, dtype=np.int64)
    np.maximum.at(best, column, potential)
    return np.unique(owner[potential == best[column]])

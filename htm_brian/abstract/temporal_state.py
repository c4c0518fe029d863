"""The present of a temporal memory: its arrays at rest, with more room, saved and restored.

What the arrays hold stands in `htm_brian.abstract.kernels.temporal_layout`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.indices import mask_of
from htm_brian.abstract.kernels import temporal_layout
from htm_brian.abstract.kernels.temporal_layout import MemoryArrays
from htm_brian.abstract.segments.arrays import resized

_ROOMS = {
    "active_cells": temporal_layout.ROOM_CELLS,
    "winner_cells": temporal_layout.ROOM_CELLS,
    "matching": temporal_layout.ROOM_MATCHING,
    "active": temporal_layout.ROOM_MATCHING,
    "work": temporal_layout.ROOM_WORK,
}


def at_rest(columns: int, n_inputs: int) -> MemoryArrays:
    """Return the arrays of a memory in which nothing is active, with no room yet."""
    return MemoryArrays(
        active_cells=np.zeros((2, 0), dtype=np.int32),
        winner_cells=np.zeros((2, 0), dtype=np.int32),
        active_mask=np.zeros(n_inputs, dtype=np.bool_),
        dead=np.zeros(0, dtype=np.bool_),
        columns=np.zeros((3, columns), dtype=np.int32),
        potential=np.zeros(0, dtype=np.int16),
        matching=np.zeros(0, dtype=np.int32),
        active=np.zeros(0, dtype=np.int32),
        work=np.zeros((3, 0), dtype=np.int32),
        numbers=np.zeros(temporal_layout.N_NUMBERS, dtype=np.int64),
    )


def with_room(memory: MemoryArrays, n_segments: int) -> MemoryArrays:
    """Return the arrays at the lengths that the store and the step ask for.

    Parameters
    ----------
    memory : MemoryArrays
        Their ``numbers`` say how much room the step found missing.
    n_segments : int
        Records of the store.
    """
    for name, room in _ROOMS.items():
        array, wanted = getattr(memory, name), int(memory.numbers[room])
        if wanted > array.shape[-1]:
            memory = memory._replace(**{name: resized(array.T, wanted + wanted // 8).T.copy()})
    if n_segments != len(memory.potential):
        memory = memory._replace(potential=resized(memory.potential, n_segments))
    return memory


def to_members(memory: MemoryArrays, n_segments: int) -> dict[str, NDArray]:
    """Return what has to be saved, by name; `n_segments` is where the store's segments end."""
    numbers = memory.numbers
    row = numbers[temporal_layout.ROW]
    return {
        "active_cells": memory.active_cells[row, : numbers[temporal_layout.N_ACTIVE_INPUTS]],
        "winner_cells": memory.winner_cells[row, : numbers[temporal_layout.N_CANDIDATES]],
        "columns": memory.columns,
        "dead": np.flatnonzero(memory.dead),
        "potential": memory.potential[:n_segments],
        "matching": memory.matching[: numbers[temporal_layout.N_MATCHING]].copy(),
        "active": memory.active[: numbers[temporal_layout.N_ACTIVE_SEGMENTS]].copy(),
        "numbers": numbers,
    }


def from_members(
    memory: MemoryArrays, members: Mapping[str, NDArray], n_segments: int, n_cells: int
) -> MemoryArrays:
    """Return the arrays with what `to_members` gave; `memory` are those of a new memory."""
    numbers = memory.numbers
    numbers[:] = members["numbers"]
    numbers[temporal_layout.ROOM_CELLS] = len(members["active_cells"])
    numbers[temporal_layout.ROOM_MATCHING] = len(members["matching"])
    memory = with_room(memory, n_segments)
    row = numbers[temporal_layout.ROW]
    for name in ("active_cells", "winner_cells"):
        getattr(memory, name)[row, : len(members[name])] = members[name]
    for name in ("columns", "potential", "matching", "active"):
        getattr(memory, name)[: len(members[name])] = members[name]
    memory.active_mask[members["active_cells"]] = True
    if len(members["dead"]):
        memory = memory._replace(dead=mask_of(n_cells, members["dead"]))
    return memory

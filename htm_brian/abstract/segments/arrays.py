"""The arrays of a segment store: empty ones, and longer ones when room runs out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.kernels import store_kernels as kernels
from htm_brian.abstract.segments import layout
from htm_brian.abstract.segments.layout import StoreArrays
from htm_brian.errors import InputError

Scalar = TypeVar("Scalar", bound=np.generic)
Memory = Callable[[int], NDArray[np.float32]]
"""Returns room for so many permanences, or more; what was there stays at its slot."""


def empty_arrays(
    n_cells: int,
    n_inputs: int,
    max_segments_per_cell: int,
    max_synapses_per_segment: int,
    permanence_bits: int,
    stochastic: bool,
    remove_weakest: bool,
    seed: int,
) -> StoreArrays:
    """Return the arrays of a store without segments."""
    counters = np.zeros(layout.N_COUNTERS, dtype=np.int64)
    counters[layout.FREE_SEGMENT] = -1
    counters[layout.MAX_SEGMENTS] = max_segments_per_cell
    counters[layout.MAX_SYNAPSES] = max_synapses_per_segment
    counters[layout.BITS] = permanence_bits
    counters[layout.STOCHASTIC] = stochastic
    counters[layout.REMOVE_WEAKEST] = remove_weakest
    n_block_sizes = -(-max_synapses_per_segment // layout.BLOCK) + 1
    return StoreArrays(
        segments=np.zeros(0, dtype=layout.SEGMENT),
        last=np.full(n_cells, -1, dtype=np.int32),
        list_of=np.full(n_inputs, -1, dtype=np.int32),
        lists=np.zeros(0, dtype=layout.LIST),
        entries=np.empty(0, dtype=np.int32),
        presynaptic=np.empty(0, dtype=np.int32),
        permanence=np.empty(0, np.float32) if permanence_bits == 32 else np.empty(0, np.uint8),
        revisions=np.zeros((0, 2), dtype=np.int64),
        free_blocks=np.full(n_block_sizes, -1, dtype=np.int32),
        free_lists=np.full(len(layout.SIZES), -1, dtype=np.int32),
        counters=counters,
        random=np.random.SeedSequence(seed).generate_state(1, np.uint64).astype(np.uint64),
    )


def with_room(
    arrays: StoreArrays,
    segments: int,
    slots: int,
    entries: int,
    lists: int,
    memory: Memory | None = None,
) -> StoreArrays:
    """Return the arrays with room for so many further segments, slots, entries and lists.

    The permanences are in `memory`, where there is one.
    """
    counters = arrays.counters
    n = int(counters[layout.SEGMENT_END]) + segments
    if n > len(arrays.segments):
        arrays = arrays._replace(segments=resized(arrays.segments, _with_spare(n)))
        if counters[layout.FOLLOWED]:
            arrays = arrays._replace(revisions=resized(arrays.revisions, len(arrays.segments)))
    n = int(counters[layout.N_LISTS]) + lists
    if n > len(arrays.lists):
        size = min(_with_spare(n), len(arrays.list_of))
        arrays = arrays._replace(lists=resized(arrays.lists, size))
    if counters[layout.SLOT_END] + slots > len(arrays.presynaptic):
        arrays = _with_slots(arrays, slots, memory)
    if counters[layout.ENTRY_END] + entries > len(arrays.entries):
        arrays = _with_entries(arrays, entries)
    return arrays


def followed(arrays: StoreArrays) -> StoreArrays:
    """Return the arrays with revisions, by which all that is there has changed just now."""
    if arrays.counters[layout.FOLLOWED]:
        return arrays
    arrays.counters[layout.FOLLOWED] = 1
    shape = (len(arrays.segments), 2)
    return arrays._replace(revisions=np.full(shape, arrays.counters[layout.REVISION]))


def in_memory(arrays: StoreArrays, memory: Memory) -> StoreArrays:
    """Return the arrays with the permanences, and as many slots, in `memory`."""
    end = int(arrays.counters[layout.SLOT_END])
    permanence = memory(end)
    permanence[:end] = arrays.permanence[:end]
    return arrays._replace(
        presynaptic=resized(arrays.presynaptic[:end], len(permanence)), permanence=permanence
    )


def _with_slots(arrays: StoreArrays, slots: int, memory: Memory | None) -> StoreArrays:
    """Copy the slots into longer arrays; without the gaps, where these are an eighth."""
    counters = arrays.counters
    end, gaps = int(counters[layout.SLOT_END]), int(counters[layout.FREE_SLOTS])
    compact = 8 * gaps > end
    size = _with_spare(end + slots - compact * gaps)
    bits = int(counters[layout.BITS])
    per_byte = 1 if bits == 32 else 8 // bits
    used = -(-end // per_byte)
    before = arrays.permanence[:used]
    if memory is None:
        permanence = np.empty(-(-size // per_byte), dtype=before.dtype)
    else:
        # A copy, since the memory may be the same, or another and the old one gone.
        before = before.copy()
        permanence = memory(size)
        size = len(permanence)
    presynaptic = np.empty(size, dtype=np.int32)
    if compact:
        kernels.compact_slots(arrays._replace(permanence=before), presynaptic, permanence)
    else:
        presynaptic[:end] = arrays.presynaptic[:end]
        permanence[:used] = before
    return arrays._replace(presynaptic=presynaptic, permanence=permanence)


def _with_entries(arrays: StoreArrays, entries: int) -> StoreArrays:
    """Copy the entries into a longer array; without the gaps, where these are an eighth."""
    counters = arrays.counters
    end, gaps = int(counters[layout.ENTRY_END]), int(counters[layout.FREE_ENTRIES])
    compact = 8 * gaps > end
    longer = np.empty(_with_spare(end + entries - compact * gaps), dtype=np.int32)
    if compact:
        lists = np.zeros_like(arrays.lists)
        kernels.compact_entries(arrays, longer, lists)
        arrays = arrays._replace(lists=lists)
    else:
        longer[:end] = arrays.entries[:end]
    return arrays._replace(entries=longer)


def resized(array: NDArray[Scalar], size: int) -> NDArray[Scalar]:
    """Return a copy with so many rows, the new ones zero."""
    copy = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    n = min(size, len(array))
    copy[:n] = array[:n]
    return copy


def _with_spare(needed: int) -> int:
    """Return a size with some to spare, so that growing costs little on average."""
    if needed >= 2**31:
        raise InputError(f"a store must have less than 2**31 synapses, got room for {needed}")
    return needed + needed // 16 + 64

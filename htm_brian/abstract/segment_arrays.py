"""The arrays of a segment store: empty ones, and longer ones when room runs out."""

from __future__ import annotations

import numpy as np

from htm_brian.abstract import kernels
from htm_brian.abstract.kernels import StoreArrays


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
    counters = np.zeros(kernels.N_COUNTERS, dtype=np.int64)
    counters[kernels.FREE_SEGMENT] = -1
    counters[kernels.MAX_SEGMENTS] = max_segments_per_cell
    counters[kernels.MAX_SYNAPSES] = max_synapses_per_segment
    counters[kernels.BITS] = permanence_bits
    counters[kernels.STOCHASTIC] = stochastic
    counters[kernels.REMOVE_WEAKEST] = remove_weakest
    cells = np.zeros(n_cells, dtype=kernels.CELL)
    cells["first"] = cells["last"] = -1
    n_block_sizes = -(-max_synapses_per_segment // kernels.BLOCK) + 1
    return StoreArrays(
        segments=np.zeros(0, dtype=kernels.SEGMENT),
        cells=cells,
        inputs=np.zeros(n_inputs, dtype=kernels.INPUT),
        entries=np.empty(0, dtype=np.int32),
        presynaptic=np.empty(0, dtype=np.int32),
        permanence=np.empty(0, np.float32) if permanence_bits == 32 else np.empty(0, np.uint8),
        free_blocks=np.full(n_block_sizes, -1, dtype=np.int32),
        free_lists=np.full(len(kernels.SIZES), -1, dtype=np.int32),
        counters=counters,
        random=np.random.SeedSequence(seed).generate_state(1, np.uint64).astype(np.uint64),
        marks=np.zeros(n_inputs, dtype=np.uint8),
        scratch=np.empty(n_inputs, dtype=np.int32),
    )


def with_room(arrays: StoreArrays, segments: int, slots: int, entries: int) -> StoreArrays:
    """Return the arrays with room for so many further segments, slots and entries."""
    counters = arrays.counters
    n = int(counters[kernels.SEGMENT_END]) + segments
    if n > len(arrays.segments):
        longer = np.zeros(_with_spare(n), dtype=kernels.SEGMENT)
        longer[: len(arrays.segments)] = arrays.segments
        arrays = arrays._replace(segments=longer)
    if counters[kernels.SLOT_END] + slots > len(arrays.presynaptic):
        arrays = _with_slots(arrays, slots)
    if counters[kernels.ENTRY_END] + entries > len(arrays.entries):
        arrays = _with_entries(arrays, entries)
    return arrays


def _with_slots(arrays: StoreArrays, slots: int) -> StoreArrays:
    """Copy the slots into longer arrays; without the gaps, where these are a quarter."""
    counters = arrays.counters
    end, gaps = int(counters[kernels.SLOT_END]), int(counters[kernels.FREE_SLOTS])
    compact = 4 * gaps > end
    size = _with_spare(end + slots - compact * gaps)
    bits = int(counters[kernels.BITS])
    per_byte = 1 if bits == 32 else 8 // bits
    presynaptic = np.empty(size, dtype=np.int32)
    permanence = np.empty(-(-size // per_byte), dtype=arrays.permanence.dtype)
    if compact:
        kernels.compact_slots(arrays, presynaptic, permanence)
    else:
        used = -(-end // per_byte)
        presynaptic[:end] = arrays.presynaptic[:end]
        permanence[:used] = arrays.permanence[:used]
    return arrays._replace(presynaptic=presynaptic, permanence=permanence)


def _with_entries(arrays: StoreArrays, entries: int) -> StoreArrays:
    """Copy the entries into a longer array; without the gaps, where these are a quarter."""
    counters = arrays.counters
    end, gaps = int(counters[kernels.ENTRY_END]), int(counters[kernels.FREE_ENTRIES])
    compact = 4 * gaps > end
    longer = np.empty(_with_spare(end + entries - compact * gaps), dtype=np.int32)
    if compact:
        kernels.compact_entries(arrays, longer)
    else:
        longer[:end] = arrays.entries[:end]
    return arrays._replace(entries=longer)


def _with_spare(needed: int) -> int:
    """Return a size with some to spare, so that growing costs little on average."""
    if needed >= 2**31:
        raise ValueError(f"a store must have less than 2**31 synapses, got room for {needed}")
    return needed + needed // 8 + 1024

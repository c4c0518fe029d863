# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""How segments come and go, and the lists of them; see `kernels` for what Python calls."""

import math

import numpy as np
from numba import njit

from htm_brian.abstract.segments.layout import (
    BITS,
    BLOCK,
    ENTRY_END,
    FOLLOWED,
    FREE_ENTRIES,
    FREE_SEGMENT,
    FREE_SLOTS,
    MAX_SEGMENTS,
    N_LISTS,
    N_SEGMENTS,
    N_SYNAPSES,
    PERMANENCE,
    REMOVE_WEAKEST,
    REVISION,
    SEGMENT_END,
    SERIAL,
    SIZES,
    SLOT_END,
    STRUCTURE,
    load,
    save,
)

# Helpers of the inner loops take few arrays or none: for each array that is passed, Numba counts a
# reference up and down.


@njit
def note_change(revisions, segment, revision, structure):
    """Write down that a segment changed."""
    revisions[segment, PERMANENCE] = revision
    if structure:
        revisions[segment, STRUCTURE] = revision


# Lists of segments by presynaptic cell.


@njit
def own_list(store, cell):
    """Return the number of the list of `cell`, which is made if need be."""
    number = np.int64(store.list_of[cell])
    if number < 0:
        number = store.counters[N_LISTS]
        store.counters[N_LISTS] += 1
        store.list_of[cell] = number
        entry = store.lists[number]
        entry.start = 0
        entry.count = 0
        entry.size = 0
    return number


@njit
def widen_list(store, number, count):
    """Move a list to a larger block if its own cannot hold `count` entries."""
    entry = store.lists[number]
    if SIZES[entry.size] >= count:
        return
    size = np.int64(entry.size)
    while SIZES[size] < count:
        size += 1
    counters, entries, free_lists = store.counters, store.entries, store.free_lists
    start = np.int64(free_lists[size])
    if start >= 0:
        free_lists[size] = entries[start]
        counters[FREE_ENTRIES] -= SIZES[size]
    else:
        start = counters[ENTRY_END]
        counters[ENTRY_END] += SIZES[size]
    for k in range(entry.count):
        entries[start + k] = entries[entry.start + k]
    if entry.size > 0:
        entries[entry.start] = free_lists[entry.size]
        free_lists[entry.size] = entry.start
        counters[FREE_ENTRIES] += SIZES[entry.size]
    entry.start = start
    entry.size = size


@njit
def remove_entry(store, cell, segment):
    """Put the last entry of the list in the place of this one."""
    entry = store.lists[store.list_of[cell]]
    entries = store.entries
    for k in range(entry.start, entry.start + entry.count):
        if entries[k] == segment:
            entry.count -= 1
            entries[k] = entries[entry.start + entry.count]
            return


@njit
def list_room(store, cells, n_new):
    """Return the entries, and the lists, that `n_new` synapses from each of `cells` may take."""
    entries = np.int64(0)
    lists = np.int64(0)
    for cell in cells:
        size = np.int64(0)
        count = np.int64(n_new)
        number = store.list_of[cell]
        if number < 0:
            lists += 1
        else:
            size = np.int64(store.lists[number].size)
            count += store.lists[number].count
        while SIZES[size] < count:
            size += 1
            entries += SIZES[size]
    return entries, lists


@njit
def compact_entries(store, entries, lists):
    """Move all lists, without gaps and in the order of the cells, into new arrays."""
    counters = store.counters
    end = 0
    n = 0
    for cell in range(len(store.list_of)):
        if store.list_of[cell] < 0:
            continue
        entry = store.lists[store.list_of[cell]]
        size = 0
        while SIZES[size] < entry.count:
            size += 1
        for k in range(entry.count):
            entries[end + k] = store.entries[entry.start + k]
        lists[n].start = end
        lists[n].count = entry.count
        lists[n].size = size
        store.list_of[cell] = n
        end += SIZES[size]
        n += 1
    store.free_lists[:] = -1
    counters[ENTRY_END] = end
    counters[FREE_ENTRIES] = 0


# Segments: creation and removal.


@njit
def free_block(presynaptic, free_blocks, counters, start, capacity):
    """Put a block of slots first among the free ones of its size."""
    if capacity > 0:
        size = capacity // BLOCK
        presynaptic[start] = free_blocks[size]
        free_blocks[size] = start
        counters[FREE_SLOTS] += capacity


@njit
def take_block(presynaptic, free_blocks, counters, capacity):
    """Return the start of a free block of slots, or of a new one."""
    size = capacity // BLOCK
    start = np.int64(free_blocks[size])
    if start >= 0:
        free_blocks[size] = presynaptic[start]
        counters[FREE_SLOTS] -= capacity
    else:
        start = counters[SLOT_END]
        counters[SLOT_END] += capacity
    return start


@njit
def compact_slots(store, presynaptic, permanence):
    """Move all blocks, without gaps, into new arrays of slots."""
    counters = store.counters
    bits = counters[BITS]
    end = 0
    for segment in range(counters[SEGMENT_END]):
        record = store.segments[segment]
        if record.owner < 0:
            continue
        for i in range(record.count):
            presynaptic[end + i] = store.presynaptic[record.start + i]
            p = load(store.permanence, record.start + i, bits)
            save(permanence, end + i, p, bits, np.float32(0.5))
        record.start = end
        record.capacity = (record.count + BLOCK - 1) // BLOCK * BLOCK
        end += record.capacity
    store.free_blocks[:] = -1
    counters[SLOT_END] = end
    counters[FREE_SLOTS] = 0


@njit
def segments_of_cell(store, cell):
    """Return how many segments a cell has."""
    last = store.last[cell]
    return np.int64(store.segments[last].of_cell) if last >= 0 else np.int64(0)


@njit
def remove_segment(store, segment):
    """Remove a living segment with its synapses."""
    records, counters = store.segments, store.counters
    record = records[segment]
    for i in range(record.start, record.start + record.count):
        remove_entry(store, store.presynaptic[i], segment)
    counters[N_SYNAPSES] -= record.count
    free_block(store.presynaptic, store.free_blocks, counters, record.start, record.capacity)

    cell = record.owner
    last = store.last[cell]
    n_left = records[last].of_cell - 1
    if n_left == 0:
        store.last[cell] = -1
    else:
        before = last
        while records[before].next != segment:
            before = records[before].next
        records[before].next = record.next
        if last == segment:
            last = before
            store.last[cell] = before
        records[last].of_cell = n_left

    record.owner = -1
    record.count = 0
    record.capacity = 0
    if counters[FOLLOWED] != 0:
        note_change(store.revisions, segment, counters[REVISION], True)
    record.next = counters[FREE_SEGMENT]
    counters[FREE_SEGMENT] = segment
    counters[N_SEGMENTS] -= 1


@njit
def remove_segments(store, segments):
    """Remove segments; one that is free already is passed over."""
    store.counters[REVISION] += 1
    for segment in segments:
        if store.segments[segment].owner >= 0:
            remove_segment(store, segment)


@njit
def _sum_of_squares(store, segment):
    record = store.segments[segment]
    total = 0.0
    for i in range(record.start, record.start + record.count):
        p = np.float64(load(store.permanence, i, store.counters[BITS]))
        total += p * p
    return total


@njit
def _segment_to_evict(store, cell):
    """Return the least recently used (or weakest) segment of a full cell; of equals the oldest."""
    last = store.last[cell]
    segment = store.segments[last].next
    chosen = segment
    least = math.inf
    while True:
        if store.counters[REMOVE_WEAKEST] != 0:
            score = _sum_of_squares(store, segment)
        else:
            score = np.float64(store.segments[segment].last_used)
        if score < least:
            least = score
            chosen = segment
        if segment == last:
            return chosen
        segment = store.segments[segment].next


@njit
def create_segments(store, owners, iteration, created):
    """Create an empty segment on each cell of `owners`; write their numbers into `created`."""
    records, counters = store.segments, store.counters
    counters[REVISION] += 1
    for k in range(len(owners)):
        owner = owners[k]
        while segments_of_cell(store, owner) >= counters[MAX_SEGMENTS]:
            remove_segment(store, _segment_to_evict(store, owner))
        n_before = segments_of_cell(store, owner)
        segment = counters[FREE_SEGMENT]
        if segment >= 0:
            counters[FREE_SEGMENT] = records[segment].next
        else:
            segment = counters[SEGMENT_END]
            counters[SEGMENT_END] += 1
        record = records[segment]
        record.owner = owner
        record.next = segment
        record.start = 0
        record.count = 0
        record.capacity = 0
        record.serial = counters[SERIAL]
        record.last_used = iteration
        if n_before > 0:
            record.next = records[store.last[owner]].next
            records[store.last[owner]].next = segment
        record.of_cell = n_before + 1
        store.last[owner] = segment
        if counters[FOLLOWED] != 0:
            note_change(store.revisions, segment, counters[REVISION], True)
        counters[SERIAL] += 1
        counters[N_SEGMENTS] += 1
        created[k] = segment

# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""How segments and synapses come, change and go; see `kernels` for what Python calls."""

import math

import numpy as np
from numba import njit

from htm_brian.abstract.segment_layout import (
    BITS,
    BLOCK,
    ENTRY_END,
    FOLLOWED,
    FREE_ENTRIES,
    FREE_SEGMENT,
    FREE_SLOTS,
    LARGEST,
    MAX_SEGMENTS,
    MAX_SYNAPSES,
    N_LISTS,
    N_SEGMENTS,
    N_SYNAPSES,
    PERMANENCE,
    RANDOM_STEP,
    REMOVE_WEAKEST,
    REVISION,
    SEGMENT_END,
    SERIAL,
    SIZES,
    SLOT_END,
    STOCHASTIC,
    STRUCTURE,
    load,
    random_below,
    random_share,
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
def _remove_entry(store, cell, segment):
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
def _free_block(presynaptic, free_blocks, counters, start, capacity):
    if capacity > 0:
        size = capacity // BLOCK
        presynaptic[start] = free_blocks[size]
        free_blocks[size] = start
        counters[FREE_SLOTS] += capacity


@njit
def _take_block(presynaptic, free_blocks, counters, capacity):
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
def _remove_segment(store, segment):
    records, counters = store.segments, store.counters
    record = records[segment]
    for i in range(record.start, record.start + record.count):
        _remove_entry(store, store.presynaptic[i], segment)
    counters[N_SYNAPSES] -= record.count
    _free_block(store.presynaptic, store.free_blocks, counters, record.start, record.capacity)

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
            _remove_segment(store, segment)


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
            _remove_segment(store, _segment_to_evict(store, owner))
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


# Learning.


@njit
def adapt_segments(store, segments, active, keep, gain_active, gain_inactive, prune_below):
    """Apply p <- clip(keep p + gain); remove synapses below `prune_below`, then empty segments.

    A permanence that the rule leaves as it is is not rounded anew.
    """
    records, counters = store.segments, store.counters
    presynaptic, permanence = store.presynaptic, store.permanence
    bits = counters[BITS]
    factor, prune = np.float32(keep), np.float32(prune_below)
    up, down = np.float32(gain_active), np.float32(gain_inactive)
    stochastic = counters[STOCHASTIC] != 0
    random = store.random[0]
    counters[REVISION] += 1
    for segment in segments:
        record = records[segment]
        if record.owner < 0:
            continue
        start = np.int64(record.start)
        to = start
        for i in range(start, start + record.count):
            cell = presynaptic[i]
            old = load(permanence, i, bits)
            p = old * factor + (up if active[cell] else down)
            p = min(max(p, np.float32(0.0)), np.float32(1.0))
            if p != old:
                rounding = np.float32(0.5)
                if stochastic:
                    random += RANDOM_STEP
                    rounding = random_share(random)
                save(permanence, to, p, bits, rounding)
                p = load(permanence, to, bits)
            elif to != i:
                save(permanence, to, p, bits, np.float32(0.5))
            if p < prune:
                _remove_entry(store, cell, segment)
            else:
                presynaptic[to] = cell
                to += 1
        lost = start + record.count - to
        if counters[FOLLOWED] != 0:
            note_change(store.revisions, segment, counters[REVISION], lost > 0)
        if lost > 0:
            counters[N_SYNAPSES] -= lost
            record.count = to - start
            if record.count == 0:
                _remove_segment(store, segment)
    store.random[0] = random


@njit
def _place(candidates, cell):
    """Return where `cell` stands among the sorted candidates, or -1."""
    low, high = 0, len(candidates)
    while low < high:
        middle = (low + high) >> 1
        if candidates[middle] < cell:
            low = middle + 1
        else:
            high = middle
    return low if low < len(candidates) and candidates[low] == cell else -1


@njit
def _remove_weakest(store, segment, n, candidates):
    """Remove the `n` weakest synapses of a segment, oldest first among equals.

    Synapses from candidates are kept. Two permanences within 1e-5 count as equal, as in NuPIC.
    """
    record = store.segments[segment]
    presynaptic, permanence = store.presynaptic, store.permanence
    bits = store.counters[BITS]
    for _ in range(n):
        weakest = np.int64(-1)
        least = np.float32(math.inf)
        for i in range(record.start, record.start + record.count):
            p = load(permanence, i, bits)
            if p < least - np.float32(1e-5) and _place(candidates, presynaptic[i]) < 0:
                weakest = np.int64(i)
                least = p
        if weakest < 0:
            break
        _remove_entry(store, presynaptic[weakest], segment)
        for i in range(weakest, record.start + record.count - 1):
            presynaptic[i] = presynaptic[i + 1]
            save(permanence, i, load(permanence, i + 1, bits), bits, np.float32(0.5))
        record.count -= 1
        store.counters[N_SYNAPSES] -= 1


@njit
def make_room(record, presynaptic, permanence, free_blocks, counters, count):
    """Move a segment to a larger block if its own cannot hold `count` synapses."""
    if record.capacity >= count:
        return
    capacity = (count + BLOCK - 1) // BLOCK * BLOCK
    bits = counters[BITS]
    start = _take_block(presynaptic, free_blocks, counters, capacity)
    for i in range(record.count):
        presynaptic[start + i] = presynaptic[record.start + i]
        p = load(permanence, record.start + i, bits)
        save(permanence, start + i, p, bits, np.float32(0.5))
    _free_block(presynaptic, free_blocks, counters, record.start, record.capacity)
    record.start = start
    record.capacity = capacity


@njit
def _free_candidates(presynaptic, start, count, candidates, taken, free):
    """List the candidates that a segment has no synapse from; return how many."""
    taken[:] = False
    for i in range(start, start + count):
        place = _place(candidates, presynaptic[i])
        if place >= 0:
            taken[place] = True
    n_free = 0
    for place in range(len(candidates)):
        if not taken[place]:
            free[n_free] = candidates[place]
            n_free += 1
    return n_free


@njit
def grow_segments(store, segments, wanted, candidates, initial, lowest_index):
    """Grow up to `wanted[k]` synapses on ``segments[k]`` to `candidates` (sorted, distinct).

    Cells that the segment has synapses from are passed over. Beyond the limit on synapses the
    weakest make room, but none from a candidate. The choice is random, or the first candidates.
    """
    records, counters = store.segments, store.counters
    presynaptic, permanence = store.presynaptic, store.permanence
    entries = store.entries
    taken = np.empty(len(candidates), dtype=np.bool_)
    free = np.empty(len(candidates), dtype=np.int32)
    start_value = np.float32(initial)
    bits = counters[BITS]
    stochastic = counters[STOCHASTIC] != 0
    random = store.random[0]
    limit = counters[MAX_SYNAPSES]
    counters[REVISION] += 1
    for k in range(len(segments)):
        segment = segments[k]
        record = records[segment]
        if record.owner < 0 or wanted[k] <= 0:
            continue
        n_free = _free_candidates(presynaptic, record.start, record.count, candidates, taken, free)
        n = min(np.int64(wanted[k]), n_free)
        overrun = record.count + n - limit
        if overrun > 0:
            _remove_weakest(store, segment, overrun, candidates)
            n = min(n, limit - record.count)
        if n <= 0:
            continue
        if record.capacity < record.count + n:
            make_room(
                record, presynaptic, permanence, store.free_blocks, counters, record.count + n
            )
        start = np.int64(record.start) + record.count
        for i in range(n):
            if not lowest_index:
                random += RANDOM_STEP
                j = i + random_below(random, n_free - i)
                free[i], free[j] = free[j], free[i]
            rounding = np.float32(0.5)
            if stochastic:
                random += RANDOM_STEP
                rounding = random_share(random)
            cell = free[i]
            presynaptic[start + i] = cell
            save(permanence, start + i, start_value, bits, rounding)
            number = store.list_of[cell]
            if number < 0:
                number = own_list(store, cell)
            entry = store.lists[number]
            if entry.count == SIZES[entry.size]:
                widen_list(store, number, entry.count + 1)
            entries[entry.start + entry.count] = segment
            entry.count += 1
        record.count += n
        if counters[FOLLOWED] != 0:
            note_change(store.revisions, segment, counters[REVISION], True)
        counters[N_SYNAPSES] += n
        counters[LARGEST] = max(counters[LARGEST], np.int64(record.count))
    store.random[0] = random

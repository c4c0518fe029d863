# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""How synapses learn, grow and are pruned; see `kernels` for what Python calls."""

import math

import numpy as np
from numba import njit

from htm_brian.abstract.kernels.segment_kernels import (
    free_block,
    note_change,
    own_list,
    remove_entry,
    remove_segment,
    take_block,
    widen_list,
)
from htm_brian.abstract.segments.layout import (
    BITS,
    BLOCK,
    FOLLOWED,
    LARGEST,
    MAX_SYNAPSES,
    N_SYNAPSES,
    RANDOM_STEP,
    REVISION,
    SIZES,
    STOCHASTIC,
    load,
    random_below,
    random_share,
    save,
)


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
                remove_entry(store, cell, segment)
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
                remove_segment(store, segment)
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
        remove_entry(store, presynaptic[weakest], segment)
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
    start = take_block(presynaptic, free_blocks, counters, capacity)
    for i in range(record.count):
        presynaptic[start + i] = presynaptic[record.start + i]
        p = load(permanence, record.start + i, bits)
        save(permanence, start + i, p, bits, np.float32(0.5))
    free_block(presynaptic, free_blocks, counters, record.start, record.capacity)
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

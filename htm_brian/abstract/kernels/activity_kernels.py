# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""What an activity reaches, and copies of synapses; see `kernels` for what Python calls.

Overlaps are counted event by event: each active presynaptic cell adds one to the segments of its
list. The list holds no permanences; only the few segments whose potential overlap reaches a
threshold are then read for their connected synapses. That is exact, since the connected overlap
never exceeds the potential one, and it makes a change of permanence cost nothing in the index.
"""

import math

import numpy as np
from numba import njit

from htm_brian.abstract.kernels.learning_kernels import make_room
from htm_brian.abstract.kernels.segment_kernels import note_change, own_list, widen_list
from htm_brian.abstract.segments.layout import (
    BITS,
    FOLLOWED,
    LARGEST,
    N_SYNAPSES,
    RANDOM_STEP,
    REVISION,
    SEGMENT_END,
    STOCHASTIC,
    load,
    random_share,
    save,
)

_SCANNED = 64
"""Segments whose largest count is looked at first."""


@njit
def _sort_by_cell(records, segments):
    """Sort segments by cell, then by age, in place (Shell's sort: the lists are short)."""
    gap = 1
    while gap < len(segments) // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, len(segments)):
            segment = segments[i]
            owner = records[segment].owner
            serial = records[segment].serial
            j = i
            while j >= gap:
                other = records[segments[j - gap]]
                if other.owner < owner or (other.owner == owner and other.serial < serial):
                    break
                segments[j] = segments[j - gap]
                j -= gap
            segments[j] = segment
        gap //= 3


@njit
def find_matching(store, active_inputs, minimum, potential, found):
    """Count potential overlaps; list segments with at least `minimum` (>= 1), by cell and age.

    Return their number. Where that is more than `found` can hold, the list is not complete.
    """
    list_of, lists, entries = store.list_of, store.lists, store.entries
    end = store.counters[SEGMENT_END]
    counts = potential[:end]
    counts[:] = 0
    for cell in active_inputs:
        number = list_of[cell]
        if number < 0:
            continue
        # Unsigned indices spare the test for negative ones, a third of this loop's time.
        k = np.uintp(lists[number].start)
        stop = k + np.uintp(lists[number].count)
        while k < stop:
            counts[np.uintp(entries[k])] += np.int16(1)
            k += np.uintp(1)
    n = 0
    for first in range(0, end, _SCANNED):
        last = min(first + _SCANNED, end)
        largest = np.int16(0)
        for segment in range(np.uintp(first), np.uintp(last)):
            largest = max(largest, counts[segment])
        if largest >= minimum:
            for segment in range(first, last):
                if counts[segment] >= minimum:
                    if n < len(found):
                        found[n] = segment
                    n += 1
    if n <= len(found):
        _sort_by_cell(store.segments, found[:n])
    return n


@njit
def _connected_overlap(presynaptic, permanence, start, stop, bits, active, connected, slope):
    """Return the number of connected active synapses, or the sum of their sigmoid weights."""
    if math.isinf(slope):
        threshold = np.float32(connected - 1e-5)
        n = 0
        for i in range(start, stop):
            if active[presynaptic[i]] and load(permanence, i, bits) >= threshold:
                n += 1
        return np.float64(n)
    total = 0.0
    for i in range(start, stop):
        if active[presynaptic[i]]:
            p = np.float64(load(permanence, i, bits))
            total += 1.0 / (1.0 + math.exp(-slope * (p - connected)))
    return total


@njit
def connected_overlaps(store, segments, active, connected, slope, overlaps):
    """Write the connected overlap of each of `segments` into `overlaps`."""
    presynaptic, permanence, bits = store.presynaptic, store.permanence, store.counters[BITS]
    for k in range(len(segments)):
        record = store.segments[segments[k]]
        start, stop = record.start, record.start + record.count
        overlaps[k] = _connected_overlap(
            presynaptic, permanence, start, stop, bits, active, connected, slope
        )


@njit
def find_active(store, segments, active, connected, slope, threshold, potential, found):
    """List those of `segments` whose connected overlap reaches `threshold`."""
    presynaptic, permanence, bits = store.presynaptic, store.permanence, store.counters[BITS]
    n = 0
    for segment in segments:
        if potential[segment] < threshold:
            continue
        record = store.segments[segment]
        start, stop = record.start, record.start + record.count
        overlap = _connected_overlap(
            presynaptic, permanence, start, stop, bits, active, connected, slope
        )
        if overlap >= threshold:
            found[n] = segment
            n += 1
    return n


# Copies.


@njit
def gather_synapses(store, segments, segment_of, presynaptic, permanence):
    """Write all synapses of `segments`, one after the other, into the three flat arrays."""
    bits = store.counters[BITS]
    n = 0
    for segment in segments:
        record = store.segments[segment]
        for i in range(record.start, record.start + record.count):
            segment_of[n] = segment
            presynaptic[n] = store.presynaptic[i]
            permanence[n] = load(store.permanence, i, bits)
            n += 1


@njit
def append_synapses(store, segments, indptr, presynaptic, permanence):
    """Give empty segments the synapses ``indptr[k]:indptr[k + 1]`` of flat arrays.

    The lists of the presynaptic cells must have been widened before.
    """
    counters = store.counters
    counters[REVISION] += 1
    random = store.random[0]
    for k in range(len(segments)):
        segment = segments[k]
        record = store.segments[segment]
        n = indptr[k + 1] - indptr[k]
        make_room(record, store.presynaptic, store.permanence, store.free_blocks, counters, n)
        for i in range(n):
            cell = presynaptic[indptr[k] + i]
            rounding = np.float32(0.5)
            if counters[STOCHASTIC] != 0:
                random += RANDOM_STEP
                rounding = random_share(random)
            store.presynaptic[record.start + i] = cell
            p = permanence[indptr[k] + i]
            save(store.permanence, record.start + i, p, counters[BITS], rounding)
            entry = store.lists[store.list_of[cell]]
            store.entries[entry.start + entry.count] = segment
            entry.count += 1
        record.count = n
        if counters[FOLLOWED] != 0:
            note_change(store.revisions, segment, counters[REVISION], True)
        counters[N_SYNAPSES] += n
        counters[LARGEST] = max(counters[LARGEST], np.int64(n))
    store.random[0] = random


@njit
def write_permanences(store, segments, permanence):
    """Overwrite the permanences of `segments`, in the order of `gather_synapses`."""
    counters = store.counters
    counters[REVISION] += 1
    random = store.random[0]
    n = 0
    for segment in segments:
        record = store.segments[segment]
        for i in range(record.start, record.start + record.count):
            if load(store.permanence, i, counters[BITS]) != permanence[n]:
                rounding = np.float32(0.5)
                if counters[STOCHASTIC] != 0:
                    random += RANDOM_STEP
                    rounding = random_share(random)
                save(store.permanence, i, permanence[n], counters[BITS], rounding)
            n += 1
        if counters[FOLLOWED] != 0:
            note_change(store.revisions, segment, counters[REVISION], False)
    store.random[0] = random


@njit
def widen_lists(store, n_new):
    """Make room in the list of each presynaptic cell for `n_new` of its own further entries."""
    for cell in range(len(n_new)):
        if n_new[cell] > 0:
            number = own_list(store, cell)
            widen_list(store, number, store.lists[number].count + n_new[cell])

# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""Compiled loops of the segment store.

All of them are in one file because Numba's cache on disk watches only the file of the function that
is called: a kernel split over two files would go on running its old other half.

The store's arrays travel as one `StoreArrays`:

===============  =====================================================================
``segments``     one record a segment (`SEGMENT`); `owner` is -1 for a free one
``cells``        one record a cell (`CELL`): list of its segments in order of creation
``inputs``       one record a presynaptic cell (`INPUT`): where its list of segments is
``entries``      those lists: the segments that have a synapse from the cell, in no order
``presynaptic``  slots: presynaptic cell of each synapse, segments in contiguous blocks
``permanence``   slots: float32, or packed levels of 8, 4 or 2 bits in uint8
``free_blocks``  for each size of a block of slots the first free one; it names the next
``free_lists``   the same for blocks of entries, by index into `SIZES`
``counters``     the integers below (``N_SEGMENTS`` ...)
``random``       state of the random stream
``marks``        a byte a presynaptic cell, all zero between calls
``scratch``      an integer a presynaptic cell
===============  =====================================================================

Overlaps are counted event by event: each active presynaptic cell adds one to the segments of its
list. The list holds no permanences; only the few segments whose potential overlap reaches a
threshold are then read for their connected synapses. That is exact, since the connected overlap
never exceeds the potential one, and it makes a change of permanence cost nothing in the index.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, types
from numba.extending import overload
from numpy.typing import NDArray

BLOCK = 4
"""A segment's block has a multiple of so many slots."""


def _list_sizes():
    """Return the sizes of blocks of entries: each a quarter more than the one before."""
    sizes = [0, BLOCK]
    while sizes[-1] < 2**31:
        sizes.append((sizes[-1] + max(sizes[-1] // 4, 1) + BLOCK - 1) // BLOCK * BLOCK)
    return np.array(sizes)


SIZES = _list_sizes()

SEGMENT = np.dtype(
    [
        ("owner", np.int32),
        ("next", np.int32),
        ("start", np.int64),
        ("count", np.int32),
        ("capacity", np.int32),
        ("serial", np.int64),
        ("last_used", np.int64),
        ("structure_revision", np.int64),
        ("permanence_revision", np.int64),
    ]
)
CELL = np.dtype([("first", np.int32), ("last", np.int32), ("count", np.int32)])
INPUT = np.dtype([("start", np.int32), ("count", np.int32), ("size", np.int32)])

(
    N_SEGMENTS,
    SEGMENT_END,
    FREE_SEGMENT,
    N_SYNAPSES,
    SLOT_END,
    FREE_SLOTS,
    ENTRY_END,
    FREE_ENTRIES,
    SERIAL,
    REVISION,
    LARGEST,
    MAX_SEGMENTS,
    MAX_SYNAPSES,
    BITS,
    STOCHASTIC,
    REMOVE_WEAKEST,
    N_COUNTERS,
) = range(17)


class StoreArrays(NamedTuple):
    """Arrays of a segment store; see the module's table."""

    segments: NDArray[np.void]
    cells: NDArray[np.void]
    inputs: NDArray[np.void]
    entries: NDArray[np.int32]
    presynaptic: NDArray[np.int32]
    permanence: NDArray[np.float32] | NDArray[np.uint8]
    free_blocks: NDArray[np.int32]
    free_lists: NDArray[np.int32]
    counters: NDArray[np.int64]
    random: NDArray[np.uint64]
    marks: NDArray[np.uint8]
    scratch: NDArray[np.int32]


# Random stream: SplitMix64. The loops keep its one word of state in a variable, add `RANDOM_STEP`
# for each draw, and write it back at their end. Like the other helpers of the inner loops these
# take few arrays or none: for each array that is passed, Numba counts a reference up and down.

RANDOM_STEP = np.uint64(0x9E3779B97F4A7C15)


@njit
def _random_bits(state):
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) >> np.uint64(32)


@njit
def random_below(state, n):
    """Return a random integer in [0, n)."""
    return np.int64((_random_bits(state) * np.uint64(n)) >> np.uint64(32))


@njit
def _random_share(state):
    """Return a random float32 in [0, 1)."""
    return np.float32(_random_bits(state) >> np.uint64(8)) * np.float32(2.0**-24)


# Permanences: float32, or levels 0 ... 2^bits - 1 packed into bytes.


def _load(permanence, slot, bits):
    """Return a permanence as float32."""
    raise NotImplementedError("only inside compiled code")


def _save(permanence, slot, value, bits, rounding):
    """Write a permanence; `rounding` in [0, 1) is added before a level is cut to an integer."""
    raise NotImplementedError("only inside compiled code")


@overload(_load, inline="always")
def _load_overload(permanence, slot, bits):
    if isinstance(permanence.dtype, types.Float):
        return lambda permanence, slot, bits: permanence[slot]

    def packed(permanence, slot, bits):
        per_byte = 8 // bits
        top = (1 << bits) - 1
        level = (np.int64(permanence[slot // per_byte]) >> (slot % per_byte * bits)) & top
        return np.float32(level / top)

    return packed


@overload(_save, inline="always")
def _save_overload(permanence, slot, value, bits, rounding):
    if isinstance(permanence.dtype, types.Float):

        def plain(permanence, slot, value, bits, rounding):
            permanence[slot] = value

        return plain

    def packed(permanence, slot, value, bits, rounding):
        per_byte = 8 // bits
        top = (1 << bits) - 1
        shift = slot % per_byte * bits
        level = min(np.int64(math.floor(value * top + rounding)), top)
        byte = np.int64(permanence[slot // per_byte]) & ~(top << shift)
        permanence[slot // per_byte] = np.uint8(byte | (level << shift))

    return packed


# Lists of segments by presynaptic cell.


@njit
def _widen_list(store, cell, count):
    """Move the list of `cell` to a larger block if its own cannot hold `count` entries."""
    entry = store.inputs[cell]
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
    entry = store.inputs[cell]
    entries = store.entries
    for k in range(entry.start, entry.start + entry.count):
        if entries[k] == segment:
            entry.count -= 1
            entries[k] = entries[entry.start + entry.count]
            return


@njit(cache=True)
def list_room(store, cells, n_new):
    """Return the entries that `n_new` further ones for each of `cells` may take at most."""
    room = np.int64(0)
    for cell in cells:
        entry = store.inputs[cell]
        size = np.int64(entry.size)
        while SIZES[size] < entry.count + n_new:
            size += 1
            room += SIZES[size]
    return room


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
def _remove_segment(store, segment):
    records, counters = store.segments, store.counters
    record = records[segment]
    for i in range(record.start, record.start + record.count):
        _remove_entry(store, store.presynaptic[i], segment)
    counters[N_SYNAPSES] -= record.count
    _free_block(store.presynaptic, store.free_blocks, counters, record.start, record.capacity)

    cell = store.cells[record.owner]
    before = np.int32(-1)
    here = cell.first
    while here != segment:
        before = here
        here = records[here].next
    if before < 0:
        cell.first = record.next
    else:
        records[before].next = record.next
    if cell.last == segment:
        cell.last = before
    cell.count -= 1

    record.owner = -1
    record.count = 0
    record.capacity = 0
    record.structure_revision = counters[REVISION]
    record.next = counters[FREE_SEGMENT]
    counters[FREE_SEGMENT] = segment
    counters[N_SEGMENTS] -= 1


@njit(cache=True)
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
        p = np.float64(_load(store.permanence, i, store.counters[BITS]))
        total += p * p
    return total


@njit
def _segment_to_evict(store, cell):
    """Return the least recently used (or weakest) segment of a full cell; of equals the oldest."""
    chosen = store.cells[cell].first
    least = math.inf
    segment = chosen
    while segment >= 0:
        if store.counters[REMOVE_WEAKEST] != 0:
            score = _sum_of_squares(store, segment)
        else:
            score = np.float64(store.segments[segment].last_used)
        if score < least:
            least = score
            chosen = segment
        segment = store.segments[segment].next
    return chosen


@njit(cache=True)
def create_segments(store, owners, iteration, created):
    """Create an empty segment on each cell of `owners`; write their numbers into `created`."""
    records, counters = store.segments, store.counters
    counters[REVISION] += 1
    for k in range(len(owners)):
        owner = owners[k]
        cell = store.cells[owner]
        while cell.count >= counters[MAX_SEGMENTS]:
            _remove_segment(store, _segment_to_evict(store, owner))
        segment = counters[FREE_SEGMENT]
        if segment >= 0:
            counters[FREE_SEGMENT] = records[segment].next
        else:
            segment = counters[SEGMENT_END]
            counters[SEGMENT_END] += 1
        record = records[segment]
        record.owner = owner
        record.next = -1
        record.start = 0
        record.count = 0
        record.capacity = 0
        record.serial = counters[SERIAL]
        record.last_used = iteration
        record.structure_revision = counters[REVISION]
        record.permanence_revision = counters[REVISION]
        if cell.count == 0:
            cell.first = segment
        else:
            records[cell.last].next = segment
        cell.last = segment
        cell.count += 1
        counters[SERIAL] += 1
        counters[N_SEGMENTS] += 1
        created[k] = segment


# Learning.


@njit(cache=True)
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
        start = record.start
        to = start
        for i in range(start, start + record.count):
            cell = presynaptic[i]
            old = _load(permanence, i, bits)
            p = old * factor + (up if active[cell] else down)
            p = min(max(p, np.float32(0.0)), np.float32(1.0))
            if p != old:
                rounding = np.float32(0.5)
                if stochastic:
                    random += RANDOM_STEP
                    rounding = _random_share(random)
                _save(permanence, to, p, bits, rounding)
                p = _load(permanence, to, bits)
            elif to != i:
                _save(permanence, to, p, bits, np.float32(0.5))
            if p < prune:
                _remove_entry(store, cell, segment)
            else:
                presynaptic[to] = cell
                to += 1
        record.permanence_revision = counters[REVISION]
        if to < start + record.count:
            counters[N_SYNAPSES] -= start + record.count - to
            record.count = to - start
            record.structure_revision = counters[REVISION]
            if record.count == 0:
                _remove_segment(store, segment)
    store.random[0] = random


@njit
def _remove_weakest(store, segment, n):
    """Remove the `n` weakest synapses of a segment, oldest first among equals.

    Synapses of marked cells are kept. Two permanences within 1e-5 count as equal, as in NuPIC.
    """
    record = store.segments[segment]
    presynaptic, permanence = store.presynaptic, store.permanence
    bits = store.counters[BITS]
    for _ in range(n):
        weakest = np.int64(-1)
        least = np.float32(math.inf)
        for i in range(record.start, record.start + record.count):
            p = _load(permanence, i, bits)
            if store.marks[presynaptic[i]] == 0 and p < least - np.float32(1e-5):
                weakest = i
                least = p
        if weakest < 0:
            break
        _remove_entry(store, presynaptic[weakest], segment)
        for i in range(weakest, record.start + record.count - 1):
            presynaptic[i] = presynaptic[i + 1]
            _save(permanence, i, _load(permanence, i + 1, bits), bits, np.float32(0.5))
        record.count -= 1
        store.counters[N_SYNAPSES] -= 1


@njit
def _make_room(record, presynaptic, permanence, free_blocks, counters, count):
    """Move a segment to a larger block if its own cannot hold `count` synapses."""
    if record.capacity >= count:
        return
    capacity = (count + BLOCK - 1) // BLOCK * BLOCK
    bits = counters[BITS]
    start = _take_block(presynaptic, free_blocks, counters, capacity)
    for i in range(record.count):
        presynaptic[start + i] = presynaptic[record.start + i]
        p = _load(permanence, record.start + i, bits)
        _save(permanence, start + i, p, bits, np.float32(0.5))
    _free_block(presynaptic, free_blocks, counters, record.start, record.capacity)
    record.start = start
    record.capacity = capacity


@njit(cache=True)
def grow_segments(store, segments, wanted, candidates, initial, lowest_index):
    """Grow up to `wanted[k]` synapses on ``segments[k]`` to `candidates` (sorted, distinct).

    Cells that the segment has synapses from are passed over. Beyond the limit on synapses the
    weakest make room, but none from a candidate. The choice is random, or the first candidates.
    """
    records, counters = store.segments, store.counters
    presynaptic, permanence = store.presynaptic, store.permanence
    inputs, entries = store.inputs, store.entries
    marks, scratch = store.marks, store.scratch
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
        for i in range(record.start, record.start + record.count):
            marks[presynaptic[i]] = 1
        n_free = 0
        for cell in candidates:
            if marks[cell] == 0:
                scratch[n_free] = cell
                n_free += 1
        for i in range(record.start, record.start + record.count):
            marks[presynaptic[i]] = 0

        n = min(np.int64(wanted[k]), n_free)
        overrun = record.count + n - limit
        if overrun > 0:
            for cell in candidates:
                marks[cell] = 1
            _remove_weakest(store, segment, overrun)
            for cell in candidates:
                marks[cell] = 0
            n = min(n, limit - record.count)
        if n <= 0:
            continue
        if record.capacity < record.count + n:
            _make_room(
                record, presynaptic, permanence, store.free_blocks, counters, record.count + n
            )
        start = record.start + record.count
        for i in range(n):
            if not lowest_index:
                random += RANDOM_STEP
                j = i + random_below(random, n_free - i)
                scratch[i], scratch[j] = scratch[j], scratch[i]
            rounding = np.float32(0.5)
            if stochastic:
                random += RANDOM_STEP
                rounding = _random_share(random)
            cell = scratch[i]
            presynaptic[start + i] = cell
            _save(permanence, start + i, start_value, bits, rounding)
            entry = inputs[cell]
            if entry.count == SIZES[entry.size]:
                _widen_list(store, cell, entry.count + 1)
            entries[entry.start + entry.count] = segment
            entry.count += 1
        record.count += n
        record.structure_revision = counters[REVISION]
        record.permanence_revision = counters[REVISION]
        counters[N_SYNAPSES] += n
        counters[LARGEST] = max(counters[LARGEST], np.int64(record.count))
    store.random[0] = random


# Activity.

_SCANNED = 64


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


@njit(cache=True)
def find_matching(store, active_inputs, minimum, potential, found):
    """Count potential overlaps; list segments with at least `minimum` (>= 1), by cell and age."""
    inputs, entries = store.inputs, store.entries
    end = store.counters[SEGMENT_END]
    counts = potential[:end]
    counts[:] = 0
    for cell in active_inputs:
        # Unsigned indices spare the test for negative ones, a third of this loop's time.
        k = np.uintp(inputs[cell].start)
        stop = k + np.uintp(inputs[cell].count)
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
                    found[n] = segment
                    n += 1
    _sort_by_cell(store.segments, found[:n])
    return n


@njit
def _connected_overlap(presynaptic, permanence, start, stop, bits, active, connected, slope):
    """Return the number of connected active synapses, or the sum of their sigmoid weights."""
    if math.isinf(slope):
        threshold = np.float32(connected - 1e-5)
        n = 0
        for i in range(start, stop):
            if active[presynaptic[i]] and _load(permanence, i, bits) >= threshold:
                n += 1
        return np.float64(n)
    total = 0.0
    for i in range(start, stop):
        if active[presynaptic[i]]:
            p = np.float64(_load(permanence, i, bits))
            total += 1.0 / (1.0 + math.exp(-slope * (p - connected)))
    return total


@njit(cache=True)
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


@njit(cache=True)
def gather_synapses(store, segments, segment_of, presynaptic, permanence):
    """Write all synapses of `segments`, one after the other, into the three flat arrays."""
    bits = store.counters[BITS]
    n = 0
    for segment in segments:
        record = store.segments[segment]
        for i in range(record.start, record.start + record.count):
            segment_of[n] = segment
            presynaptic[n] = store.presynaptic[i]
            permanence[n] = _load(store.permanence, i, bits)
            n += 1


@njit(cache=True)
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
        _make_room(record, store.presynaptic, store.permanence, store.free_blocks, counters, n)
        for i in range(n):
            cell = presynaptic[indptr[k] + i]
            rounding = np.float32(0.5)
            if counters[STOCHASTIC] != 0:
                random += RANDOM_STEP
                rounding = _random_share(random)
            store.presynaptic[record.start + i] = cell
            p = permanence[indptr[k] + i]
            _save(store.permanence, record.start + i, p, counters[BITS], rounding)
            entry = store.inputs[cell]
            store.entries[entry.start + entry.count] = segment
            entry.count += 1
        record.count = n
        record.structure_revision = counters[REVISION]
        record.permanence_revision = counters[REVISION]
        counters[N_SYNAPSES] += n
        counters[LARGEST] = max(counters[LARGEST], np.int64(n))
    store.random[0] = random


@njit(cache=True)
def write_permanences(store, segments, permanence):
    """Overwrite the permanences of `segments`, in the order of `gather_synapses`."""
    counters = store.counters
    counters[REVISION] += 1
    random = store.random[0]
    n = 0
    for segment in segments:
        record = store.segments[segment]
        for i in range(record.start, record.start + record.count):
            if _load(store.permanence, i, counters[BITS]) != permanence[n]:
                rounding = np.float32(0.5)
                if counters[STOCHASTIC] != 0:
                    random += RANDOM_STEP
                    rounding = _random_share(random)
                _save(store.permanence, i, permanence[n], counters[BITS], rounding)
            n += 1
        record.permanence_revision = counters[REVISION]
    store.random[0] = random


@njit(cache=True)
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
            p = _load(store.permanence, record.start + i, bits)
            _save(permanence, end + i, p, bits, np.float32(0.5))
        record.start = end
        record.capacity = (record.count + BLOCK - 1) // BLOCK * BLOCK
        end += record.capacity
    store.free_blocks[:] = -1
    counters[SLOT_END] = end
    counters[FREE_SLOTS] = 0


@njit(cache=True)
def widen_lists(store, n_new):
    """Make room in the list of each presynaptic cell for `n_new` of its own further entries."""
    for cell in range(len(n_new)):
        if n_new[cell] > 0:
            _widen_list(store, cell, store.inputs[cell].count + n_new[cell])


@njit(cache=True)
def compact_entries(store, entries):
    """Move all lists, without gaps and in the order of the cells, into a new array."""
    counters = store.counters
    end = 0
    for cell in range(len(store.inputs)):
        entry = store.inputs[cell]
        size = 0
        while SIZES[size] < entry.count:
            size += 1
        for k in range(entry.count):
            entries[end + k] = store.entries[entry.start + k]
        entry.start = end
        entry.size = size
        end += SIZES[size]
    store.free_lists[:] = -1
    counters[ENTRY_END] = end
    counters[FREE_ENTRIES] = 0

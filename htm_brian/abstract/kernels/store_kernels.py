# Compiled functions have no annotations: Numba takes the types from the call.
# mypy: allow-untyped-defs, allow-incomplete-defs, no-check-untyped-defs
"""The compiled loops of the segment store that Python calls.

Numba keeps compiled code on disk, and looks only at the file of the function that is called: one
that calls into other files would go on running their old versions. But what a function closes over
is part of the key it is looked up by. So all that is cached closes over `SOURCES`, a checksum of
the files that it calls into.
"""

import zlib
from pathlib import Path
from types import ModuleType

from numba import njit

from htm_brian.abstract.kernels import activity_kernels, learning_kernels, segment_kernels
from htm_brian.abstract.segments import layout as segment_layout


def checksum(*modules: ModuleType) -> int:
    """Return a checksum of the files of these modules."""
    return zlib.crc32(b"".join(Path(module.__file__ or "").read_bytes() for module in modules))


SOURCES = checksum(segment_layout, segment_kernels, learning_kernels, activity_kernels)


def _entry_points(sources):
    """Return compiled functions that only call others, by name."""

    @njit(cache=True)
    def create_segments(store, owners, iteration, created):
        assert sources >= 0
        segment_kernels.create_segments(store, owners, iteration, created)

    @njit(cache=True)
    def remove_segments(store, segments):
        assert sources >= 0
        segment_kernels.remove_segments(store, segments)

    @njit(cache=True)
    def adapt_segments(store, segments, active, keep, gain_active, gain_inactive, prune_below):
        assert sources >= 0
        learning_kernels.adapt_segments(
            store, segments, active, keep, gain_active, gain_inactive, prune_below
        )

    @njit(cache=True)
    def grow_segments(store, segments, wanted, candidates, initial, lowest_index):
        assert sources >= 0
        learning_kernels.grow_segments(store, segments, wanted, candidates, initial, lowest_index)

    @njit(cache=True)
    def list_room(store, cells, n_new):
        assert sources >= 0
        return segment_kernels.list_room(store, cells, n_new)

    @njit(cache=True)
    def compact_slots(store, presynaptic, permanence):
        assert sources >= 0
        segment_kernels.compact_slots(store, presynaptic, permanence)

    @njit(cache=True)
    def compact_entries(store, entries, lists):
        assert sources >= 0
        segment_kernels.compact_entries(store, entries, lists)

    @njit(cache=True)
    def find_matching(store, active_inputs, minimum, potential, found):
        assert sources >= 0
        return activity_kernels.find_matching(store, active_inputs, minimum, potential, found)

    @njit(cache=True)
    def connected_overlaps(store, segments, active, connected, slope, overlaps):
        assert sources >= 0
        activity_kernels.connected_overlaps(store, segments, active, connected, slope, overlaps)

    @njit(cache=True)
    def gather_synapses(store, segments, segment_of, presynaptic, permanence):
        assert sources >= 0
        activity_kernels.gather_synapses(store, segments, segment_of, presynaptic, permanence)

    @njit(cache=True)
    def append_synapses(store, segments, indptr, presynaptic, permanence):
        assert sources >= 0
        activity_kernels.append_synapses(store, segments, indptr, presynaptic, permanence)

    @njit(cache=True)
    def write_permanences(store, segments, permanence):
        assert sources >= 0
        activity_kernels.write_permanences(store, segments, permanence)

    @njit(cache=True)
    def widen_lists(store, n_new):
        assert sources >= 0
        activity_kernels.widen_lists(store, n_new)

    return (
        create_segments,
        remove_segments,
        adapt_segments,
        grow_segments,
        list_room,
        compact_slots,
        compact_entries,
        find_matching,
        connected_overlaps,
        gather_synapses,
        append_synapses,
        write_permanences,
        widen_lists,
    )


(
    create_segments,
    remove_segments,
    adapt_segments,
    grow_segments,
    list_room,
    compact_slots,
    compact_entries,
    find_matching,
    connected_overlaps,
    gather_synapses,
    append_synapses,
    write_permanences,
    widen_lists,
) = _entry_points(SOURCES)

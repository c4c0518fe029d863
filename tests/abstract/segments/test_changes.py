"""Whoever follows a store knows where every synapse went."""

from __future__ import annotations

import numpy as np

from htm_brian.abstract.permanence import UpDown
from htm_brian.abstract.segments.changes import SlotFollower
from htm_brian.abstract.segments.store import SegmentStore

N_CELLS = 30
Names = dict[int, tuple[int, int]]


def change(store: SegmentStore, rng: np.random.Generator, iteration: int) -> None:
    """Create, grow, adapt and remove at random."""
    created = store.create(rng.integers(N_CELLS, size=rng.integers(1, 12)), iteration)
    created = created[store.owner[created] >= 0]
    store.grow(created, np.flatnonzero(rng.random(N_CELLS) < 0.5), int(rng.integers(1, 9)), 0.45)
    living = np.flatnonzero(store.owner >= 0)
    chosen = rng.permutation(living)[: len(living) // 3]
    store.adapt(chosen, rng.random(N_CELLS) < 0.6, UpDown(0.1, 0.2))
    grown = chosen[store.owner[chosen] >= 0]
    store.grow(grown, np.flatnonzero(rng.random(N_CELLS) < 0.3), 3, 0.45)
    if iteration % 4 == 3:
        living = np.flatnonzero(store.owner >= 0)
        store.remove(rng.permutation(living)[: len(living) // 2])


def names(store: SegmentStore) -> Names:
    """Return for each slot in use the serial number of its segment and the presynaptic cell."""
    found: Names = {}
    for segment in np.flatnonzero(store.owner >= 0):
        record = store.arrays.segments[segment]
        for slot in range(record["start"], record["start"] + record["count"]):
            found[slot] = int(record["serial"]), int(store.arrays.presynaptic[slot])
    return found


def test_the_state_of_a_synapse_follows_it_from_slot_to_slot() -> None:
    rng = np.random.default_rng(0)
    store = SegmentStore(N_CELLS, max_segments_per_cell=4, max_synapses_per_segment=9)
    follower = SlotFollower(store)
    # What a follower keeps by slot: the presynaptic cell, and a mark that is a synapse's own.
    presynaptic = np.full(100_000, -1)
    mark = np.full(100_000, -1)
    born = moved = lost = 0
    was: dict[tuple[int, int], int] = {}
    for iteration in range(60):
        change(store, rng, iteration)
        seen = follower.changes(lambda slots: presynaptic[slots])
        mark[seen.moved_to] = mark[seen.moved_from]
        mark[seen.fresh] = np.arange(born, born + len(seen.fresh))
        presynaptic[seen.now] = seen.presynaptic
        born, moved = born + len(seen.fresh), moved + len(seen.moved_to)
        lost += len(seen.lost)
        now = {name: int(mark[slot]) for slot, name in names(store).items()}
        for name in was.keys() & now.keys():
            assert now[name] == was[name], f"{name} after change {iteration}"
        assert len(set(now.values())) == len(now) == born - lost
        was = now
    assert moved > 100 and lost > 100


def test_what_did_not_change_is_not_told() -> None:
    store = SegmentStore(N_CELLS)
    follower = SlotFollower(store)
    segments = store.create([3, 5])
    store.grow(segments, np.arange(4), 4, 0.5)
    presynaptic = np.zeros(1000, dtype=np.int64)
    assert len(follower.changes(lambda slots: presynaptic[slots]).fresh) == 8
    store.adapt(segments[:1], np.ones(N_CELLS, dtype=bool), UpDown(0.1, 0.1))
    seen = follower.changes(lambda slots: presynaptic[slots])
    assert len(seen.now) == len(seen.before) == 0

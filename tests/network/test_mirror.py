"""After any learning, the synapses in Brian2 are those of the store."""

import numpy as np
from brian2 import Clock, ms

from htm_brian.abstract.permanence import UpDown
from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.network.dendrites import DistalDendrites
from htm_brian.network.mirror import SegmentMirror
from htm_brian.parameters import load_model

N_CELLS, CONNECTED = 30, 0.5

Wiring = list[tuple[int, int, bool]]


def dendrites(branches: int, synapses: int) -> tuple[DistalDendrites, SteppedNetwork]:
    model = load_model("l5_reduced")
    cells = PyramidalCells(N_CELLS, model, clock=Clock(0.25 * ms))
    made = DistalDendrites(
        cells,
        model,
        transmission_probability=1.0,
        delay=2 * ms,
        coincidence_window=20 * ms,
        activation_threshold=4,
        match_threshold=3,
        clock=Clock(1 * ms),
        branches=branches,
        synapses=synapses,
    )
    return made, SteppedNetwork(cells, *made.objects)


def in_store(store: SegmentStore) -> Wiring:
    flat = store.flat()
    connected = flat.permanence >= CONNECTED - 1e-5
    return sorted(
        zip(flat.presynaptic.tolist(), flat.segment.tolist(), connected.tolist(), strict=True)
    )


def in_brian(dendrites: DistalDendrites) -> Wiring:
    """Read the wiring off the queue: where a spike of each cell would go."""
    found: Wiring = []
    distal = dendrites.distal
    for cell in range(N_CELLS):
        queue = distal.synapses.release.queue
        slots = queue._lists.of(np.array([cell]))
        assert (distal.array("_synaptic_pre")[slots] == cell).all()
        branches, weights = distal.array("_synaptic_post")[slots], distal.array("weight")[slots]
        found += [(cell, int(b), bool(w)) for b, w in zip(branches, weights, strict=True)]
    return sorted(found)


def change(store: SegmentStore, rng: np.random.Generator, iteration: int) -> None:
    """Create, grow, adapt and remove at random."""
    created = store.create(rng.integers(N_CELLS, size=rng.integers(1, 12)), iteration)
    created = created[store.owner[created] >= 0]
    candidates = np.flatnonzero(rng.random(N_CELLS) < 0.5)
    store.grow(created, candidates, int(rng.integers(1, 9)), 0.45)
    living = np.flatnonzero(store.owner >= 0)
    chosen = rng.permutation(living)[: len(living) // 3]
    store.adapt(chosen, rng.random(N_CELLS) < 0.6, UpDown(0.1, 0.2))
    if iteration % 4 == 3:
        living = np.flatnonzero(store.owner >= 0)
        store.remove(rng.permutation(living)[: len(living) // 2])


def test_the_mirror_follows_every_change() -> None:
    rng = np.random.default_rng(0)
    store = SegmentStore(N_CELLS, max_segments_per_cell=4, max_synapses_per_segment=9)
    target, network = dendrites(branches=8, synapses=16)
    mirror = SegmentMirror(store, target, CONNECTED)
    rebuilt, grown = 0, 0
    for iteration in range(40):
        change(store, rng, iteration)
        told = mirror.copy()
        rebuilt, grown = rebuilt + told[0], grown + told[1]
        if told[0]:
            network.add(target.objects)
        assert in_brian(target) == in_store(store), f"after change {iteration}"
        owner = store.owner
        axes = target.axis.variables["_synaptic_post"].get_value()[: len(owner)]
        assert (axes[owner >= 0] == owner[owner >= 0]).all()
    assert rebuilt > 1 and grown > 1
    assert len(in_store(store)) > 50
    other = SegmentStore.from_table(store.to_table(), 4, 9)
    SegmentMirror(other, target, CONNECTED).copy()
    assert in_brian(target) == in_store(other)


def test_segments_that_moved_in_the_store_are_copied_to_where_they_are() -> None:
    """Compaction changes no segment, and yet the slots of all of them."""
    store = SegmentStore(N_CELLS)
    target, _ = dendrites(branches=64, synapses=4096)
    mirror = SegmentMirror(store, target, CONNECTED)
    segments = store.create(np.arange(N_CELLS))
    store.grow(segments, np.arange(N_CELLS), 9, 0.6)
    mirror.copy()
    before = store.arrays.segments["start"][segments].copy()
    store.remove(segments[::2])
    mirror.copy()
    store.reserve(slots=len(store.arrays.presynaptic))
    assert (store.arrays.segments["start"][segments[1::2]] != before[1::2]).any()
    mirror.copy()
    assert in_brian(target) == in_store(store)

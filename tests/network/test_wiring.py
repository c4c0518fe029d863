"""After any learning, the synapses in Brian2 are those of the store."""

import numpy as np
from brian2 import Clock, ms, mV

from htm_brian.abstract.permanence import UpDown
from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, TWO_CLOCKS
from htm_brian.network.dendrites import DistalDendrites
from htm_brian.network.distal_synapses import DistalParameters
from htm_brian.network.wiring import SegmentWiring
from htm_brian.parameters import load_model
from htm_brian.synapses.plasticity.between_elements import BetweenElements

N_CELLS, CONNECTED = 30, 0.5

Wiring = list[tuple[int, int, bool]]


def dendrites(branches: int, synapses: int) -> tuple[DistalDendrites, SteppedNetwork]:
    model = load_model("l5_reduced")
    cells = PyramidalCells(N_CELLS, model, clock=Clock(0.25 * ms), name="cells")
    made = DistalDendrites(
        cells,
        model,
        DistalParameters(1.0, 2 * ms, 20 * ms, connected_permanence=CONNECTED - 1e-5),
        BetweenElements(UpDown()),
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
        branches, permanence = distal.array("_synaptic_post")[slots], distal.array("permanence")
        connected = permanence[slots] >= CONNECTED - 1e-5
        found += [(cell, int(b), bool(c)) for b, c in zip(branches, connected, strict=True)]
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


def test_brian_follows_every_change() -> None:
    rng = np.random.default_rng(0)
    store = SegmentStore(N_CELLS, max_segments_per_cell=4, max_synapses_per_segment=9)
    target, network = dendrites(branches=8, synapses=16)
    wiring = SegmentWiring(store, target)
    replaced = 0
    for iteration in range(40):
        change(store, rng, iteration)
        if wiring.follow():
            replaced += 1
            network.add(target.objects)
        assert in_brian(target) == in_store(store), f"after change {iteration}"
        owner = store.owner
        axes = target.axis.variables["_synaptic_post"].get_value()[: len(owner)]
        assert (axes[owner >= 0] == owner[owner >= 0]).all()
    assert replaced > 1
    assert len(in_store(store)) > 50
    other = SegmentStore.from_table(store.to_table(), 4, 9)
    SegmentWiring(other, target).follow()
    assert in_brian(target) == in_store(other)


def test_a_permanence_is_one_number_in_one_place() -> None:
    """What learns in Brian2 the store has, and the other way round, however often room runs out."""
    store = SegmentStore(N_CELLS)
    target, network = dendrites(branches=8, synapses=16)
    wiring = SegmentWiring(store, target)
    for iteration in range(6):
        segments = store.create(np.arange(N_CELLS), iteration)
        store.grow(segments, np.arange(N_CELLS), 9, 0.6)
        if wiring.follow():
            network.add(target.objects)
        assert np.shares_memory(store.arrays.permanence, target.permanences(1))
        slot = int(store.arrays.segments["start"][segments[iteration]])
        target.distal.synapses.permanence[slot] = 0.25
        assert store.synapses(segments[iteration])[1][0] == np.float32(0.25)
    assert target.distal.capacity > 16


class Volley:
    """Cells 0, 1, 2 fire onto one branch of cell 9, which they connect to."""

    def __init__(self) -> None:
        self.store = SegmentStore(N_CELLS)
        self.target, self.network = dendrites(branches=4, synapses=64)
        self.network.expected_warnings = [
            ORDER_OF_EXECUTION,
            *(TWO_CLOCKS.format(name=f"distal_synapses_{end}") for end in ("release", "withdraw")),
        ]
        self.wiring = SegmentWiring(self.store, self.target)
        (self.segment,) = self.store.create([9])
        self.store.grow([self.segment], [0, 1, 2], 3, 0.6, "lowest_index")
        self.wiring.follow()
        self.cells = self.network["cells"]
        self.cells.v = np.where(np.arange(N_CELLS) < 3, -45, -70) * mV

    def tally(self) -> tuple[float, float]:
        branches = self.target.branches
        return float(branches.tally[0]), float(branches.potential_tally[0])


def test_learning_elsewhere_leaves_a_tally_alone() -> None:
    volley = Volley()
    volley.network.advance(5 * ms)
    assert volley.tally() == (3, 3)
    (other,) = volley.store.create([5])
    volley.store.grow([other], np.arange(10), 10, 0.6)
    volley.wiring.follow()
    assert volley.tally() == (3, 3)
    volley.network.advance(10 * ms)
    assert volley.tally() == (3, 3)
    volley.network.advance(10 * ms)
    assert volley.tally() == (0, 0)


def test_a_synapse_that_learns_takes_away_what_it_added() -> None:
    """It was connected when it released, and is not when its window ends."""
    volley = Volley()
    volley.network.advance(5 * ms)
    volley.store.adapt([volley.segment], np.zeros(N_CELLS, dtype=bool), UpDown(0.1, 0.3))
    volley.wiring.follow()
    assert volley.tally() == (3, 3)
    volley.network.advance(20 * ms)
    assert volley.tally() == (0, 0)


def test_a_synapse_that_is_pruned_counts_no_more_and_one_that_moves_does() -> None:
    volley = Volley()
    volley.network.advance(5 * ms)
    active = np.ones(N_CELLS, dtype=bool)
    active[0] = False
    # Cell 0's synapse goes, those of 1 and 2 move up, and the segment to a longer block.
    volley.store.adapt([volley.segment], active, UpDown(0.1, 0.6))
    volley.store.grow([volley.segment], np.arange(20, 29), 9, 0.3)
    volley.wiring.follow()
    assert volley.tally() == (2, 2)
    volley.network.advance(20 * ms)
    assert volley.tally() == (0, 0)


def test_spikes_under_way_move_with_their_synapse_or_are_lost_with_it() -> None:
    volley = Volley()
    volley.network.advance(1 * ms)
    assert volley.tally() == (0, 0)
    active = np.ones(N_CELLS, dtype=bool)
    active[1] = False
    volley.store.adapt([volley.segment], active, UpDown(0.1, 0.6))
    volley.store.grow([volley.segment], np.arange(20, 29), 9, 0.3)
    volley.wiring.follow()
    volley.network.advance(4 * ms)
    assert volley.tally() == (2, 2)


def test_more_branches_keep_what_counts_and_what_is_under_way() -> None:
    volley = Volley()
    volley.network.advance(5 * ms)
    volley.store.create(np.arange(20, 28))
    names = [item.name for item in volley.target.objects]
    assert volley.wiring.follow()
    old = [item for item in volley.network.objects if item.name in names]
    volley.network.remove(old)
    volley.network.add(volley.target.objects)
    assert volley.tally() == (3, 3)
    volley.network.advance(20 * ms)
    assert volley.tally() == (0, 0)

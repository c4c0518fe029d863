"""Synapses that change while the network runs carry exactly the spikes they should."""

import numpy as np
import pytest
from brian2 import Clock, NeuronGroup, Synapses, ms

from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.synapses.structural import RewiredSynapses

DELAY = 4  # time steps


class Layer:
    """Six cells that fire on demand, four targets that count."""

    def __init__(self, capacity: int) -> None:
        clock = Clock(0.25 * ms)
        self.cells = NeuronGroup(
            6, "fires : boolean", threshold="fires", reset="fires = False", clock=clock
        )
        self.targets = NeuronGroup(4, "count : 1", clock=clock)
        synapses = Synapses(
            self.cells,
            self.targets,
            "weight : 1",
            on_pre="count_post += weight",
            delay=DELAY * 0.25 * ms,
            clock=clock,
        )
        self.rewired = RewiredSynapses(synapses, capacity)
        self.network = SteppedNetwork(self.cells, self.targets, synapses)

    def connect(self, slots: list[int], pairs: list[tuple[int, int]]) -> None:
        pre, post = np.array(pairs, dtype=np.int32).reshape(-1, 2).T
        if self.rewired.connect(np.array(slots, dtype=int), pre, post):
            self.network.invalidate()
        self.rewired.array("weight")[:] = 1

    def fire(self, which: list[int], steps: int = 8) -> list[float]:
        self.targets.count = 0
        self.cells.fires[np.array(which, dtype=int)] = True
        self.network.advance(steps * 0.25 * ms)
        return self.targets.count[:].tolist()


def test_slots_that_are_not_in_use_carry_nothing() -> None:
    assert Layer(capacity=8).fire([0, 1, 2, 3, 4, 5]) == [0, 0, 0, 0]


def test_rewired_synapses_carry_spikes_to_their_new_targets() -> None:
    layer = Layer(capacity=8)
    layer.connect([0, 5, 3], [(1, 0), (1, 2), (3, 2)])
    assert layer.fire([1, 3]) == [1, 0, 2, 0]
    layer.connect([5], [(1, 3)])
    assert layer.fire([1, 3]) == [1, 0, 1, 1]
    layer.connect([0], [(3, 0)])
    assert layer.fire([1]) == [0, 0, 0, 1]
    layer.rewired.disconnect(np.array([5]))
    assert layer.fire([1, 3]) == [1, 0, 1, 0]
    layer.rewired.disconnect()
    assert layer.fire([1, 3]) == [0, 0, 0, 0]


def test_more_synapses_than_there_is_room_for() -> None:
    layer = Layer(capacity=2)
    layer.connect([0], [(1, 0)])
    assert layer.fire([1]) == [1, 0, 0, 0]
    layer.connect(list(range(1, 25)), [(i, j) for i in range(6) for j in range(4)])
    assert layer.rewired.capacity >= 25
    assert layer.fire([0, 5]) == [2, 2, 2, 2]
    assert layer.fire([1]) == [2, 1, 1, 1]


def test_a_spike_under_way_arrives_where_it_was_sent() -> None:
    layer = Layer(capacity=4)
    layer.connect([2], [(1, 0)])
    assert layer.fire([1], steps=2) == [0, 0, 0, 0]
    assert layer.rewired.under_way("pre").tolist() == [2]
    layer.rewired.disconnect()
    layer.network.invalidate()
    assert layer.fire([], steps=DELAY) == [1, 0, 0, 0]
    assert layer.rewired.under_way("pre").tolist() == []


def test_random_wirings_equal_a_matrix_product() -> None:
    rng = np.random.default_rng(3)
    layer = Layer(capacity=4)
    wiring: dict[int, tuple[int, int]] = {}
    for _ in range(20):
        slots = rng.permutation(24)[: rng.integers(1, 12)]
        pairs = [(int(rng.integers(6)), int(rng.integers(4))) for _ in slots]
        layer.connect(slots.tolist(), pairs)
        wiring.update(zip(slots.tolist(), pairs, strict=True))
        gone = rng.permutation(24)[:4]
        layer.rewired.disconnect(gone)
        wiring = {slot: pair for slot, pair in wiring.items() if slot not in gone}
        which = np.flatnonzero(rng.random(6) < 0.5)
        expected = [sum(i in which and j == k for i, j in wiring.values()) for k in range(4)]
        assert layer.fire(which.tolist()) == expected


def test_a_network_is_stored_and_restored_with_what_is_under_way() -> None:
    layer = Layer(capacity=4)
    layer.connect([0], [(1, 3)])
    layer.fire([1], steps=2)
    layer.network.store()
    assert layer.fire([], steps=DELAY) == [0, 0, 0, 1]
    layer.network.restore()
    assert layer.fire([], steps=DELAY) == [0, 0, 0, 1]


def test_delays_that_differ_are_refused() -> None:
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    synapses = Synapses(cells, cells, on_pre="v_post += 1")
    with pytest.raises(ValueError, match="pathway 'pre' must have one delay"):
        RewiredSynapses(synapses, capacity=3)
    SteppedNetwork(cells, synapses)

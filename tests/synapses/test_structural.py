"""Synapses that change while the network runs carry exactly the spikes they should."""

import numpy as np
from brian2 import Clock, NeuronGroup, Synapses, ms

from htm_brian.network.stepping import SteppedNetwork
from htm_brian.synapses.structural import RewiredSynapses


def layer(capacity: int) -> tuple[SteppedNetwork, NeuronGroup, NeuronGroup, RewiredSynapses]:
    clock = Clock(0.25 * ms)
    cells = NeuronGroup(6, "fires : boolean", threshold="fires", reset="fires = False", clock=clock)
    targets = NeuronGroup(4, "count : 1", clock=clock)
    synapses = Synapses(
        cells, targets, "weight : 1", on_pre="count_post += weight", delay=1 * ms, clock=clock
    )
    rewired = RewiredSynapses(synapses, capacity)
    network = SteppedNetwork(cells, targets, synapses)
    network.after_prepare.append(rewired.fill_queues)
    return network, cells, targets, rewired


def fire(
    network: SteppedNetwork, cells: NeuronGroup, targets: NeuronGroup, which: list[int]
) -> list:
    targets.count = 0
    cells.fires[which] = True
    network.advance(2 * ms)
    return targets.count[:].tolist()


def connect(
    network: SteppedNetwork, rewired: RewiredSynapses, pairs: list[tuple[int, int]]
) -> None:
    pre, post = np.array(pairs, dtype=np.int32).reshape(-1, 2).T
    if rewired.rewire(pre, post):
        network.invalidate()
    rewired.array("weight")[:] = 1


def test_unused_synapses_carry_nothing() -> None:
    network, cells, targets, _ = layer(capacity=8)
    assert fire(network, cells, targets, [0, 1, 2, 3, 4, 5]) == [0, 0, 0, 0]


def test_rewired_synapses_carry_spikes_to_their_new_targets() -> None:
    network, cells, targets, rewired = layer(capacity=8)
    connect(network, rewired, [(1, 0), (1, 2), (3, 2)])
    assert fire(network, cells, targets, [1, 3]) == [1, 0, 2, 0]
    connect(network, rewired, [(1, 3)])
    assert fire(network, cells, targets, [1, 3]) == [0, 0, 0, 1]
    connect(network, rewired, [])
    assert fire(network, cells, targets, [1, 3]) == [0, 0, 0, 0]


def test_more_synapses_than_there_is_room_for() -> None:
    network, cells, targets, rewired = layer(capacity=2)
    connect(network, rewired, [(1, 0)])
    assert fire(network, cells, targets, [1]) == [1, 0, 0, 0]
    connect(network, rewired, [(i, j) for i in range(6) for j in range(4)])
    assert rewired.capacity >= 24
    assert fire(network, cells, targets, [0, 5]) == [2, 2, 2, 2]
    connect(network, rewired, [(0, 1)])
    assert fire(network, cells, targets, list(range(6))) == [0, 1, 0, 0]


def test_random_wirings_equal_a_matrix_product() -> None:
    rng = np.random.default_rng(3)
    network, cells, targets, rewired = layer(capacity=4)
    for _ in range(10):
        matrix = rng.random((6, 4)) < 0.4
        connect(network, rewired, list(zip(*np.nonzero(matrix), strict=True)))
        which = np.flatnonzero(rng.random(6) < 0.5)
        expected = matrix[which].sum(axis=0)
        assert fire(network, cells, targets, which.tolist()) == expected.tolist()

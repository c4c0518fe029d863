"""Synapses that change while the network runs carry exactly the spikes they should."""

from collections.abc import Callable
from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2 import (
    Clock,
    Network,
    NetworkOperation,
    NeuronGroup,
    SpikeGeneratorGroup,
    Synapses,
    ms,
)

from htm_brian.engine.stepping import SteppedNetwork
from htm_brian.errors import InputError
from htm_brian.synapses.structural import StructuralSynapses

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
        self.rewired = StructuralSynapses(synapses, capacity)
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


def test_a_spike_under_way_does_not_arrive_at_another_pair() -> None:
    layer = Layer(capacity=4)
    layer.connect([2, 3], [(1, 0), (1, 3)])
    assert layer.fire([1], steps=2) == [0, 0, 0, 0]
    layer.connect([2, 3], [(1, 2), (1, 3)])
    assert layer.fire([], steps=DELAY) == [0, 0, 0, 1], "slot 3 is the synapse that it was"
    layer.connect([2], [(4, 2)])
    assert layer.fire([1], steps=2) == [0, 0, 0, 0]
    layer.rewired.disconnect(np.array([3]))
    layer.connect([3], [(0, 0)])
    assert layer.fire([4], steps=2 * DELAY) == [0, 0, 1, 0]


def test_a_delay_that_changes_loses_no_spike() -> None:
    for steps_before, steps_after in ((1, 6), (6, 1), (4, 0)):
        layer = Layer(capacity=4)
        layer.connect([0, 1], [(0, 0), (1, 1)])
        pathway = layer.rewired.synapses.pre
        pathway.delay = steps_before * 0.25 * ms
        assert layer.fire([0], steps=1) == [0, 0, 0, 0]
        pathway.delay = steps_after * 0.25 * ms
        layer.cells.fires[1] = True
        came = []
        for _ in range(9):
            layer.network.advance(0.25 * ms)
            came.append(layer.targets.count[:2].tolist())
        expected = [
            [float(step >= steps_before - 1), float(step >= steps_after)] for step in range(9)
        ]
        assert came == expected


def train(target: str = "numpy") -> tuple[Network, StructuralSynapses, NeuronGroup]:
    """Cells 0 and 1 fire at 1 and 11 ms; their spikes take 3 ms."""
    brian2.prefs.codegen.target = target
    cells = SpikeGeneratorGroup(2, [0, 1, 0, 1], [1, 1, 11, 11] * ms)
    counting = NeuronGroup(4, "x : 1", name="counting")
    synapses = Synapses(cells, counting, "w : 1", on_pre="x_post += 1", delay=3 * ms)
    rewired = StructuralSynapses(synapses, 4)
    rewired.connect([0, 1], [0, 1], [0, 1])
    return Network(cells, counting, synapses), rewired, counting


@pytest.mark.parametrize("in_file", [False, True])
def test_store_and_restore_bring_back_connections_and_spikes_under_way(
    in_file: bool, tmp_path: Path
) -> None:
    network, rewired, counting = train()
    place = {"filename": str(tmp_path / "state")} if in_file else {}
    network.run(2 * ms)
    network.store(**place)
    assert sorted(rewired.under_way("pre").tolist()) == [0, 1]
    network.run(20 * ms)
    assert counting.x[:].tolist() == [2, 2, 0, 0]
    for slot in (2, 40):
        rewired.connect([0, slot], [1, 0], [3, 2])
        network.restore(**place)
        assert rewired.capacity == 4
        network.run(20 * ms)
        assert counting.x[:].tolist() == [2, 2, 0, 0]


def test_a_stepped_network_follows_what_it_restores() -> None:
    layer = Layer(capacity=4)
    layer.connect([0], [(1, 3)])
    layer.network.advance(1 * ms)
    layer.network.store()
    for _ in range(2):
        # Room was made meanwhile, so the arrays that the prepared code knows are others.
        layer.connect([9, 0], [(1, 0), (2, 2)])
        assert layer.fire([1]) == [1, 0, 0, 0]
        layer.network.restore()
        assert layer.fire([1]) == [0, 0, 0, 1]


def test_room_is_made_without_a_word_from_the_caller() -> None:
    layer = Layer(capacity=2)
    layer.network.advance(1 * ms)
    assert layer.rewired.connect([50], [1], [2])
    layer.rewired.array("weight")[:] = 1
    assert layer.fire([1]) == [0, 0, 1, 0]


@pytest.mark.parametrize("stepped", [False, True])
def test_a_running_network_rewires_but_makes_no_room(stepped: bool) -> None:
    layer = Layer(capacity=4)
    layer.connect([0], [(1, 0)])
    rewired, wishes = layer.rewired, [(0, 1), (9, 2)]

    def change() -> None:
        slot, target = wishes.pop(0)
        rewired.connect([slot], [1], [target])

    layer.network.add(NetworkOperation(change, clock=Clock(1 * ms)))
    layer.cells.fires[1] = True
    run: Callable[..., object] = layer.network.advance if stepped else layer.network.run
    with pytest.raises(InputError, match="slot 9 is beyond the capacity of 4, and a network"):
        run(2 * ms)
    assert rewired.capacity == 4
    assert sum(layer.targets.count[:]) == 0, "the spike was under way to the pair that is no more"


@pytest.mark.parametrize("ends", ["source", "target", "both"])
def test_subgroups_are_counted_from_their_first_cell(ends: str) -> None:
    cells = NeuronGroup(8, "", threshold="t < 0.05*ms and i != 7", reset="")
    counting = NeuronGroup(6, "x : 1")
    source = cells if ends == "target" else cells[4:8]
    target = counting if ends == "source" else counting[1:5]
    synapses = Synapses(source, target, on_pre="x_post += 1", delay=0 * ms)
    rewired = StructuralSynapses(synapses, 4)
    rewired.connect([3, 0, 1], [2, 3, 0], [1, 2, 3])
    Network(cells, counting, synapses).run(1 * ms)
    expected = np.zeros(6)
    expected[np.array([1, 3] if ends != "target" else [1, 2, 3]) + (ends != "source")] = 1
    assert counting.x[:].tolist() == expected.tolist()
    with pytest.raises(InputError, match=r"presynaptic must lie in \[0, \d\), got 8"):
        rewired.connect([0], [8], [0])


def test_postsynaptic_spikes_reach_the_synapses_of_their_cell() -> None:
    cells = NeuronGroup(3, "", threshold="t < 0.05*ms and i == 1", reset="")
    others = NeuronGroup(4, "", threshold="t < 0.05*ms and i == 2", reset="")
    synapses = Synapses(
        cells,
        others,
        "came : 1\nreturned : 1",
        on_pre="came += 1",
        on_post="returned += 1",
        delay={"pre": 0 * ms, "post": 0.3 * ms},
    )
    rewired = StructuralSynapses(synapses, 4)
    rewired.connect([0, 1, 2, 3], [1, 1, 0, 0], [2, 0, 2, 3])
    network = Network(cells, others, synapses)
    network.run(0.2 * ms)
    assert rewired.under_way("post").tolist() == [0, 2]
    rewired.connect([0], [1], [1])
    network.run(1 * ms)
    assert rewired.array("came").tolist() == [1, 1, 0, 0]
    assert rewired.array("returned").tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("slots", "pre", "post", "message"),
    [
        ([0], [0], [9], r"postsynaptic must lie in \[0, 4\), got 9"),
        ([0], [0], [-1], r"postsynaptic must lie in \[0, 4\), got -1"),
        ([0], [-1], [0], r"presynaptic must lie in \[0, 2\), got -1"),
        ([0], [2], [0], r"presynaptic must lie in \[0, 2\), got 2"),
        ([-2], [0], [0], r"slots must lie in \[0, .*\), got -2"),
        ([2**40], [0], [0], r"slots must lie in \[0, .*\), got 1099511627776"),
        ([1, 1], [0, 1], [0, 1], "slots must name each slot once, got 1 more than once"),
        ([1, 2], [0], [0, 1], "must be equally long, got 2, 1 and 2"),
        ([0.5], [0], [0], "slots must be a one-dimensional array of integers, got float64"),
        ([[0]], [[0]], [[0]], r"slots must be a one-dimensional array .* shape \(1, 1\)"),
        ([0], [True], [0], "presynaptic must be a one-dimensional array of integers, got bool"),
    ],
)
def test_indices_that_do_not_exist_are_refused_and_change_nothing(
    slots: list, pre: list, post: list, message: str
) -> None:
    network, rewired, counting = train()
    with pytest.raises(InputError, match=message):
        rewired.connect(slots, pre, post)
    assert rewired.capacity == 4
    network.run(20 * ms)
    assert counting.x[:].tolist() == [2, 2, 0, 0]


def test_slots_and_pathways_that_do_not_exist_are_refused() -> None:
    _, rewired, _ = train()
    with pytest.raises(InputError, match=r"slots must lie in \[0, 4\), got 4"):
        rewired.disconnect([4])
    with pytest.raises(InputError, match="pathway must be one of pre, got 'post'"):
        rewired.under_way("post")


def test_what_cannot_be_rewired_is_refused() -> None:
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    taken = Synapses(cells, cells, on_pre="v_post += 1", delay=0 * ms, name="taken")
    StructuralSynapses(taken, capacity=3)
    with pytest.raises(InputError, match="taken must not be structural already"):
        StructuralSynapses(taken, capacity=3)
    named = Synapses(cells, cells, "in_use : 1", on_pre="v_post += 1", name="named")
    with pytest.raises(InputError, match="named must have no variable 'in_use' of its own"):
        StructuralSynapses(named, capacity=3)
    fresh = Synapses(cells, cells, on_pre="v_post += 1", delay=0 * ms)
    with pytest.raises(ValueError, match="capacity must be at least 1, got 0"):
        StructuralSynapses(fresh, capacity=0)
    ran = Synapses(cells, cells, on_pre="v_post += 1", name="ran")
    ran.connect()
    Network(cells, ran).run(0 * ms)
    with pytest.raises(InputError, match="ran must not have run yet, but pathway 'pre' did"):
        StructuralSynapses(ran, capacity=9)


def test_cpp_standalone_is_refused_in_one_line() -> None:
    brian2.set_device("cpp_standalone", build_on_run=False)
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    synapses = Synapses(cells, cells, on_pre="v_post += 1", name="fixed")
    with pytest.raises(InputError, match="fixed cannot be rewired on a standalone device"):
        StructuralSynapses(synapses, capacity=3)

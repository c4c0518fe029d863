"""Synapses that are grown and pruned by their pairs do what Brian2's own do, from birth to end."""

from __future__ import annotations

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
    StateMonitor,
    Synapses,
    ms,
    mV,
    second,
)

from htm_brian.errors import InputError
from htm_brian.synapses.plasticity.plastic_synapses import PlasticSynapses
from htm_brian.synapses.structural import StructuralSynapses

STDP = """
w : 1
dcame/dt = -came/(20*ms) : 1 (event-driven)
dleft/dt = -left/(20*ms) : 1 (event-driven)
"""
ON_PRE = "g_post += w\ncame += 0.1\nw = clip(w - left, 0, 2)"
ON_POST = "left += 0.12\nw = clip(w + came, 0, 2)"


def both_ends(n: int, seed: int) -> tuple[SpikeGeneratorGroup, NeuronGroup]:
    """Cells that fire at random times, and cells that fire at regular ones."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.permutation(400)[:60]) * 0.5
    source = SpikeGeneratorGroup(n, rng.integers(0, n, 60), times * ms)
    target = NeuronGroup(
        n, "g : 1\nevery : second\ntotal : 1", threshold="(t % every) < dt/2", reset=""
    )
    target.every = (rng.integers(6, 20, n) + 0.0) * ms
    return source, target


def stdp(source: object, target: object, **options: object) -> Synapses:
    return Synapses(source, target, STDP, on_pre=ON_PRE, on_post=ON_POST, **options)


def weights(synapses: Synapses) -> dict[tuple[int, int], float]:
    return {
        (int(i), int(j)): float(w)
        for i, j, w in zip(synapses.i[:], synapses.j[:], synapses.w[:], strict=True)
    }


@pytest.mark.parametrize("already", [0, 17])
def test_stdp_with_delays_of_their_own_is_that_of_brian2(already: int) -> None:
    n, rng = 6, np.random.default_rng(5)
    pre, post = np.divmod(rng.permutation(n * n)[:25], n)
    delay, weight = rng.integers(0, 40, 25) * 0.1 * ms, rng.uniform(0.2, 1.5, 25)
    plain_source, plain_target = both_ends(n, 1)
    plain = stdp(plain_source, plain_target)
    plain.connect(i=pre, j=post)
    plain.pre.delay, plain.w = delay, weight
    source, target = both_ends(n, 1)
    synapses = stdp(source, target)
    if already:
        synapses.connect(i=pre[:already], j=post[:already])
        synapses.pre.delay, synapses.w = delay[:already], weight[:already]
    structure = StructuralSynapses(synapses, capacity=30)
    assert len(structure) == already
    structure.grow(pre[already:], post[already:], w=weight[already:], delay=delay[already:])
    Network(plain_source, plain_target, plain).run(200 * ms)
    Network(source, target, synapses).run(200 * ms)
    slots = structure.slots
    found = dict(zip(zip(*structure.pairs(slots), strict=True), slots, strict=True))
    grown = {pair: float(structure.array("w")[slot]) for pair, slot in found.items()}
    assert len(slots) == 25
    assert grown == pytest.approx(weights(plain), abs=1e-12)
    assert target.g[:] == pytest.approx(plain_target.g[:], abs=1e-12)


def test_a_synapse_grown_in_a_run_is_one_that_begins_then() -> None:
    """Another network, begun at that time with the same spikes, has the same weight at the end."""
    source, target = both_ends(4, 2)
    synapses = stdp(source, target, delay={"pre": 2 * ms, "post": 1 * ms})
    structure = StructuralSynapses(synapses, capacity=4)
    structure.grow([0, 1], [0, 1], w=1)

    def cells_time() -> float:
        return float(target.t[:])

    def change() -> None:
        if np.isclose(float(cells_time()), 0.1):
            structure.prune([0])
            assert structure.grow([2], [3], w=0.7).tolist() == [0]

    network = Network(source, target, synapses, NetworkOperation(change, clock=Clock(100 * ms)))
    network.run(200 * ms)
    later, its_target = both_ends(4, 2)
    alone = stdp(later, its_target, delay={"pre": 2 * ms, "post": 1 * ms})
    alone.connect(i=2, j=3)
    alone.active = False
    for pathway in (alone.pre, alone.post):
        pathway.active = False
    network = Network(later, its_target, alone)
    network.run(100 * ms)
    alone.active = True
    for pathway in (alone.pre, alone.post):
        pathway.active = True
    alone.w, alone.lastupdate = 0.7, 0.1 * second
    network.run(100 * ms)
    assert structure.array("w")[0] == pytest.approx(alone.w[0], abs=1e-12)
    assert abs(alone.w[0] - 0.7) > 1e-3, "it learned"


@pytest.mark.parametrize("target", ["numpy", pytest.param("cython", marks=pytest.mark.compiled)])
def test_sums_count_what_is_in_use_and_nothing_else(target: str) -> None:
    brian2.prefs.codegen.target = target
    cells = NeuronGroup(4, "total : 1\nfed : 1")
    synapses = Synapses(
        cells,
        cells,
        "w : 1\ntotal_post = 1/w : 1 (summed)\nfed_pre = w : 1 (summed)",
        name=f"sums_{target}",
    )
    structure = StructuralSynapses(synapses, capacity=8)
    slots = structure.grow([0, 0, 3, 2], [1, 2, 2, 2], w=[1, 2, 4, 8])
    network = Network(cells, synapses)
    network.run(0.2 * ms)  # no warning of 1/w in slots that were never in use
    assert cells.total[:].tolist() == [0, 1, 0.5 + 0.25 + 0.125, 0]
    assert cells.fed[:].tolist() == [3, 0, 8, 4]
    structure.prune(slots[[1, 3]])
    network.run(0.2 * ms)
    assert cells.total[:].tolist() == [0, 1, 0.25, 0]
    assert cells.fed[:].tolist() == [1, 0, 0, 4]


def test_cells_know_how_many_synapses_they_have() -> None:
    cells = NeuronGroup(5, "v : 1", threshold="v > 1", reset="v = 0")
    rng = np.random.default_rng(1)
    synapses = Synapses(cells[1:5], cells, on_pre="v_post += 1")
    structure = StructuralSynapses(synapses, capacity=5)
    alive: dict[int, tuple[int, int]] = {}
    for _ in range(30):
        pre, post = rng.integers(0, 4, 3), rng.integers(0, 5, 3)
        born = structure.grow(pre, post).tolist()
        alive.update({slot: (int(i), int(j)) for slot, i, j in zip(born, pre, post, strict=True)})
        gone = rng.permutation(list(alive))[:2]
        structure.prune(gone)
        for slot in gone:
            del alive[int(slot)]
    pre, post = np.array([alive[slot] for slot in sorted(alive)]).T
    assert structure.slots.tolist() == sorted(alive) and len(structure) == len(alive)
    assert [part.tolist() for part in structure.pairs()] == [pre.tolist(), post.tolist()]
    assert synapses.N_outgoing_pre[1:].tolist() == np.bincount(pre, minlength=4).tolist()
    assert synapses.N_incoming_post.tolist() == np.bincount(post, minlength=5).tolist()
    there = structure.connected(np.repeat(np.arange(4), 5), np.tile(np.arange(5), 4))
    assert np.flatnonzero(there).tolist() == sorted({5 * i + j for i, j in alive.values()})
    Network(cells, synapses).run(0 * ms)


def test_contacts_of_one_pair_have_numbers_of_their_own() -> None:
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    synapses = Synapses(cells, cells, on_pre="v_post += 1", multisynaptic_index="contact")
    structure = StructuralSynapses(synapses, capacity=8)
    slots = structure.grow([0, 0, 1, 0], [1, 1, 1, 1])
    assert structure.array("contact")[slots].tolist() == [0, 1, 0, 2]
    structure.prune(slots[1:2])
    slots = structure.grow([0, 0], [1, 1])
    assert structure.array("contact")[slots].tolist() == [1, 3]
    Network(cells, synapses).run(0 * ms)


def test_spikes_under_way_are_lost_with_what_is_pruned_even_if_the_same_pair_grows_anew() -> None:
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    target = NeuronGroup(2, "x : 1")
    synapses = Synapses(source, target, "w : 1", on_pre="x_post += w")
    structure = StructuralSynapses(synapses, capacity=4)
    slots = structure.grow([0, 0], [0, 1], w=1, delay=[5, 4] * ms)
    network = Network(source, target, synapses)
    network.run(2 * ms)
    assert sorted(structure.under_way("pre").tolist()) == slots.tolist()
    structure.prune(slots[:1])
    assert structure.grow([0], [0], w=100).tolist() == slots[:1].tolist()
    network.run(10 * ms)
    assert target.x[:].tolist() == [0, 1]


@pytest.mark.parametrize("in_file", [False, True])
def test_store_and_restore_bring_back_state_delays_sums_and_counts(
    in_file: bool, tmp_path: Path
) -> None:
    source, target = both_ends(4, 3)
    synapses = Synapses(
        source,
        target,
        STDP + "total_post = w : 1 (summed)",
        on_pre=ON_PRE,
        on_post=ON_POST,
    )
    structure = StructuralSynapses(synapses, capacity=6)
    structure.grow([0, 1, 2], [1, 2, 3], w=[0.5, 1, 1.5], delay=[1, 7, 3] * ms)
    watched = StateMonitor(target, "g", record=True)
    network = Network(source, target, synapses, watched)
    network.run(60 * ms)
    place = {"filename": str(tmp_path / "state")} if in_file else {}
    network.store(**place)

    def rest() -> tuple[object, ...]:
        network.run(60 * ms)
        return (
            structure.array("w")[structure.slots].tolist(),
            structure.slots.tolist(),
            synapses.N_incoming_post.tolist(),
            watched.g[:, -1].tolist(),
            target.total[:].tolist(),
        )

    expected = rest()
    for number in (2, 30):
        structure.prune(structure.slots[:1])
        structure.grow([3] * number, [0] * number, w=2, delay=9 * ms)
        network.run(20 * ms)
        network.restore(**place)
        assert rest() == expected


def test_values_that_a_new_synapse_cannot_have_are_refused_and_change_nothing() -> None:
    cells = NeuronGroup(2, "v : volt", threshold="v > 1*volt", reset="v = 0*volt")
    synapses = Synapses(
        cells,
        cells,
        "w : volt\nshared_by_all : 1 (shared)",
        on_pre={"pre": "v_post += w", "other": "w += 1*mV"},
        delay={"other": 1 * ms},
        name="picky",
    )
    structure = StructuralSynapses(synapses, capacity=2)
    for wrong, message in (
        ({"w": 3}, r"w must be in a unit like volt, got 3"),
        ({"w": [1, 2] * mV}, r"w must be one number or 1, one for each synapse, got shape \(2,\)"),
        ({"weight": 3}, "picky has no variable 'weight'"),
        ({"shared_by_all": 3}, "picky has no variable 'shared_by_all'"),
        ({"delay": 3 * mV}, "delay of pre must be in a unit like second"),
        ({"delay": -1 * ms}, "delay of pre must be at least 0 s"),
        ({"delay": {"other": 1 * ms}}, "but 'other' has one delay for all synapses"),
        ({"delay": {"none": 1 * ms}}, "but 'none' does not exist"),
    ):
        with pytest.raises(InputError, match=message):
            structure.grow([0], [1], **wrong)
    with pytest.raises(InputError, match="must be equally long, got 1 and 2"):
        structure.grow([0], [1, 0])
    with pytest.raises(InputError, match=r"presynaptic must lie in \[0, 2\), got 2"):
        structure.connected([2], [1])
    assert len(structure) == 0
    Network(cells, synapses).run(0 * ms)


def test_a_synapse_that_grows_begins_as_its_rule_says() -> None:
    """One that grows late has the state of one that was there, and never had a spike."""
    source = SpikeGeneratorGroup(2, [0, 0], [101, 130] * ms)
    target = SpikeGeneratorGroup(2, [0], [104] * ms)
    synapses = PlasticSynapses(source, target, "calcium_based_dp", name="grows")
    structure = StructuralSynapses(synapses, capacity=3)
    first = structure.grow([0], [0], efficacy=0.2)
    network = Network(source, target, synapses)
    network.run(100 * ms)
    late = structure.grow([0, 1], [0, 1], efficacy=[0.2, 0.3])
    assert structure.array("last_event")[late] == pytest.approx([0.1, 0.1])
    network.run(100 * ms)
    plain = structure.grow([1], [0])
    assert structure.array("efficacy")[plain].tolist() == [0]
    assert structure.array("calcium")[first] == pytest.approx(structure.array("calcium")[late[:1]])
    assert structure.array("calcium")[first] > 0
    stdp_cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    pairs = PlasticSynapses(stdp_cells, stdp_cells, "pair_stdp", name="pairs")
    growing = StructuralSynapses(pairs, capacity=2)
    assert growing.array("efficacy")[growing.grow([0, 1], [1, 0])].tolist() == [0.5, 0.5]
    Network(stdp_cells, pairs).run(0 * ms)


def test_moved_synapses_keep_their_delay_and_what_is_under_way() -> None:
    source = SpikeGeneratorGroup(1, [0, 0], [1, 11] * ms)
    target = NeuronGroup(2, "last : second\ncame : 1")
    synapses = Synapses(source, target, on_pre="last_post = t\ncame_post += 1")
    structure = StructuralSynapses(synapses, capacity=4)
    slots = structure.grow([0, 0], [0, 1], delay=[5, 2] * ms)
    network = Network(source, target, synapses)
    network.run(2 * ms)
    structure.disconnect(slots)
    structure.move(slots, slots + 2)
    structure.connect(slots + 2, *structure.pairs(slots + 2))
    network.run(20 * ms)
    assert target.came[:].tolist() == [2, 2]
    assert np.round(target.last[:] / ms, 3).tolist() == [16, 13]

"""Groups of which only some members are stepped."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, ms, prefs

from htm_brian.engine.arrays import raw
from htm_brian.engine.awake import AwakeList, can_catch_up

SIZE = 6
CHOSEN = np.array([1, 4])
OTHERS = np.array([0, 2, 3, 5])


def counters(every: float = 0.0) -> NeuronGroup:
    """Return cells that count their steps, spike after three, and add 10 at `every` ms."""
    group = NeuronGroup(
        SIZE,
        "dcount/dt = 1/dt : 1\nextra : 1\nshown = count : 1\nsize : 1 (constant)",
        threshold="count > 2.5 and count < 3.5",
        reset="",
        method="euler",
        dt=1 * ms,
    )
    if every:
        group.run_regularly("extra += size", dt=every * ms, when="start")
    group.size = np.arange(SIZE)
    return group


@pytest.mark.parametrize("target", ["numpy", pytest.param("cython", marks=pytest.mark.compiled)])
def test_members_on_the_list_are_stepped_and_no_others(target: str) -> None:
    prefs.codegen.target = target
    group = counters(every=2.0)
    reader = NeuronGroup(SIZE, "seen : 1", dt=1 * ms)
    sums = Synapses(group, reader, "seen_post = shown_pre + 1 : 1 (summed)")
    sums.connect(j="i")
    awake = AwakeList(group)
    awake.sums(sums)
    awake.put_in_force(True)
    awake.set(CHOSEN)
    spikes = SpikeMonitor(group)
    network = Network(group, reader, sums, spikes)
    network.run(4 * ms)
    assert group.count[CHOSEN].tolist() == [4.0, 4.0]
    assert group.count[OTHERS].tolist() == [0.0] * 4
    assert group.extra[:].tolist() == [0.0, 2.0, 0.0, 0.0, 8.0, 0.0]
    assert spikes.i[:].tolist() == CHOSEN.tolist()
    assert reader.seen[OTHERS].tolist() == [0.0] * 4
    assert (reader.seen[CHOSEN] > 3).all()

    awake.set(OTHERS)
    awake.catch_up(1, 6)  # steps 1 to 5; those of the regular operation are 2 and 4
    assert group.count[OTHERS].tolist() == [5.0] * 4
    assert group.extra[OTHERS].tolist() == (2.0 * OTHERS).tolist()
    assert group.count[CHOSEN].tolist() == [4.0, 4.0]


def test_all_members_are_stepped_again_once_the_list_is_not_in_force() -> None:
    prefs.codegen.target = "numpy"
    group = counters(every=2.0)
    awake = AwakeList(group)
    network = Network(group)
    awake.put_in_force(True)
    awake.set(CHOSEN)
    network.run(1 * ms)
    awake.put_in_force(False)
    network.run(1 * ms)
    assert group.count[CHOSEN].tolist() == [2.0, 2.0]
    assert group.count[OTHERS].tolist() == [1.0] * 4


def test_the_list_is_stored_with_the_network() -> None:
    prefs.codegen.target = "numpy"
    group = counters()
    awake = AwakeList(group)
    network = Network(group)
    awake.set(CHOSEN)
    network.store()
    awake.set(OTHERS)
    network.restore()
    assert awake.members.tolist() == CHOSEN.tolist()
    assert raw(group, "count").tolist() == [0.0] * SIZE


@pytest.mark.parametrize(("every", "able"), [(0.0, True), (2.0, True), (2.5, False)])
def test_steps_apart_need_operations_at_whole_steps(every: float, able: bool) -> None:
    assert can_catch_up(counters(every)) == able


def test_steps_apart_need_one_operation_at_most() -> None:
    group = counters(2.0)
    group.run_regularly("extra += 1", dt=2 * ms)
    assert not can_catch_up(group)

"""Writing behind Brian2's back does what Brian2 would have done."""

import numpy as np
import pytest
from brian2 import Clock, Network, NetworkOperation, NeuronGroup, SpikeMonitor, Synapses, ms

from htm_brian.engine.arrays import empty, enlarge, raw, set_clocks, sum_with
from htm_brian.engine.running import in_a_run


def test_what_is_written_to_the_array_is_the_variables() -> None:
    cells = NeuronGroup(3, "v : volt")
    raw(cells, "v")[1] = 0.25
    assert np.asarray(cells.v).tolist() == [0, 0.25, 0]


def test_room_for_synapses_keeps_what_there_was() -> None:
    cells = NeuronGroup(3, "v : 1")
    synapses = Synapses(cells, cells, "w : 1")
    synapses.connect(i=[1], j=[2])
    synapses.w = 5
    enlarge(synapses, 4)
    assert synapses.w[:].tolist() == [5, 0, 0, 0]
    assert raw(synapses, "_synaptic_post").tolist() == [2, 0, 0, 0]
    Network(cells, synapses).run(0.1 * ms)


def test_an_emptied_monitor_records_on() -> None:
    cells = NeuronGroup(2, "v : 1", threshold="i == 1", reset="")
    spikes = SpikeMonitor(cells)
    network = Network(cells, spikes)
    network.run(0.5 * ms)
    assert len(spikes.i) == 5
    empty(spikes)
    assert len(spikes.i) == 0
    network.run(0.2 * ms)
    assert spikes.i[:].tolist() == [1, 1]


def test_sums_follow_the_clock_that_they_are_given() -> None:
    fine, coarse = Clock(0.1 * ms), Clock(0.5 * ms)
    cells = NeuronGroup(2, "total : 1\ncourse : 1", clock=fine)
    cells.run_regularly("course += total", clock=fine, when="start")
    sources = NeuronGroup(2, "x : 1", clock=coarse)
    sources.run_regularly("x += 1", clock=coarse, when="start")
    synapses = Synapses(sources, cells, "total_post = x_pre : 1 (summed)", clock=coarse)
    synapses.connect(i=[0, 1], j=[0, 1])
    sum_with(synapses, coarse)
    Network(cells, sources, synapses).run(1 * ms)
    # x is 1 from the first step and 2 from the sixth; the sum is there one fine step later.
    assert cells.course[:].tolist() == [4 * 1 + 1 * 1 + 4 * 2, 13]


def test_a_run_knows_that_it_runs() -> None:
    seen = []
    cells = NeuronGroup(1, "x : 1")
    Network(cells, NetworkOperation(lambda: seen.append(in_a_run()))).run(0.1 * ms)
    assert seen == [True]
    assert not in_a_run()


@pytest.mark.parametrize("time", [0.0, 0.3, 0.30001, 0.35, 7.25, 1e6])
def test_clocks_are_set_as_brian2_sets_them(time: float) -> None:
    ours, theirs = Clock(dt=0.1 * ms), Clock(dt=0.1 * ms)
    set_clocks([ours], time * ms)
    theirs._set_t_update_dt(target_t=time * ms)
    assert ours.timestep[:] == theirs.timestep[:]
    assert ours.t_ == theirs.t_


def test_a_clock_whose_step_has_changed_is_set_if_the_time_lies_on_the_new_steps() -> None:
    clock = Clock(dt=0.1 * ms)
    clock.dt = 0.05 * ms
    set_clocks([clock], 0.3 * ms)
    assert clock.timestep[:] == 6
    clock.dt = 0.2 * ms
    with pytest.raises(ValueError, match="dt"):
        set_clocks([clock], 0.3 * ms)

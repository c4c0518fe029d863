"""Advancing in stretches must be the same simulation as one run of Brian2."""

import numpy as np
import pytest
from brian2 import Clock, Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, ms, second

from htm_brian.engine.stepping import SteppedNetwork


def oscillators(network_class: type[Network]) -> tuple[Network, SpikeMonitor, StateMonitor]:
    """Three leaky cells on a fine clock drive a slow integrator on a coarse one."""
    fine, coarse = Clock(0.1 * ms), Clock(0.5 * ms)
    cells = NeuronGroup(
        3,
        "dv/dt = (drive - v)/(10*ms) : 1\ndrive : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
        clock=fine,
    )
    cells.drive = [1.2, 1.5, 2.0]
    slow = NeuronGroup(1, "dx/dt = -x/(20*ms) : 1", method="exact", clock=coarse)
    synapses = Synapses(cells, slow, on_pre="x_post += 1", delay=1.5 * ms, clock=fine)
    synapses.connect(i=[0, 1, 2], j=[0, 0, 0])
    spikes = SpikeMonitor(cells)
    trace = StateMonitor(slow, "x", record=True, clock=coarse)
    return network_class(cells, slow, synapses, spikes, trace), spikes, trace


def test_stretches_equal_one_run_of_brian2(brian2_warnings_are_errors: list[str]) -> None:
    whole, whole_spikes, whole_trace = oscillators(Network)
    whole.run(60 * ms, namespace={})
    stepped, spikes, trace = oscillators(SteppedNetwork)
    for duration in (5, 0.3, 14.7, 20, 20):
        stepped.advance(duration * ms)
    np.testing.assert_array_equal(spikes.i[:], whole_spikes.i[:])
    np.testing.assert_array_equal(spikes.t[:], whole_spikes.t[:])
    np.testing.assert_array_equal(trace.x[:], whole_trace.x[:])
    assert float(stepped.t) == pytest.approx(0.060)
    assert len(spikes.i) > 5
    brian2_warnings_are_errors.clear()  # two clocks; Brian2 says so once a process


def test_a_plain_run_may_follow_a_stretch() -> None:
    whole, whole_spikes, _ = oscillators(Network)
    whole.run(60 * ms, namespace={})
    stepped, spikes, _ = oscillators(SteppedNetwork)
    stepped.advance(25 * ms)
    stepped.run(10 * ms, namespace={})
    stepped.advance(25 * ms)
    np.testing.assert_array_equal(spikes.t[:], whole_spikes.t[:])


def test_an_object_added_between_stretches_takes_part() -> None:
    stepped, _, _ = oscillators(SteppedNetwork)
    stepped.advance(20 * ms)
    late = SpikeMonitor(
        next(item for item in stepped.objects if isinstance(item, NeuronGroup) and len(item) == 3)
    )
    stepped.add(late)
    stepped.advance(20 * ms)
    assert late.num_spikes > 0
    assert float(late.t[0] / second) >= 0.02


def test_preparation_is_announced_and_happens_once() -> None:
    stepped, _, _ = oscillators(SteppedNetwork)
    calls: list[int] = []
    stepped.after_prepare.append(lambda: calls.append(1))
    for _ in range(4):
        stepped.advance(1 * ms)
    assert len(calls) == 1
    stepped.invalidate()
    stepped.advance(1 * ms)
    assert len(calls) == 2


def test_zero_duration_changes_nothing() -> None:
    stepped, spikes, _ = oscillators(SteppedNetwork)
    stepped.advance(0 * ms)
    assert spikes.num_spikes == 0
    assert float(stepped.t) == 0


def test_time_is_measured_object_by_object() -> None:
    stepped, spikes, _ = oscillators(SteppedNetwork)
    stepped.advance(10 * ms)
    seconds = stepped.measure()
    stepped.advance(20 * ms)
    measured = {name.partition("_")[2] for name in seconds}
    assert {"stateupdater", "spike_thresholder", "spike_resetter", "pre"} <= measured
    assert sum(seconds.values()) > 0
    assert spikes.num_spikes > 0


def test_a_group_without_equations_takes_no_part_in_a_step() -> None:
    stepped = SteppedNetwork(NeuronGroup(2, "x : 1", name="idle"))
    stepped.advance(1 * ms)
    seconds = stepped.measure()
    stepped.advance(1 * ms)
    assert seconds == {}


def test_networks_that_share_a_clock_keep_their_own_time() -> None:
    counting = [NeuronGroup(1, "x : 1") for _ in range(2)]
    for group in counting:
        group.run_regularly("x += 1")
    first, second = (SteppedNetwork(group) for group in counting)
    for _ in range(2):
        first.advance(1 * ms)
        second.advance(0.3 * ms)
    assert [float(group.x[0]) for group in counting] == [20, 6]
    assert float(first.t) == pytest.approx(0.002)


def test_what_changes_between_stretches_is_noticed() -> None:
    source = NeuronGroup(1, "", threshold="True", reset="", name="source")
    target = NeuronGroup(2, "x : 1", name="target")
    synapses = Synapses(source, target, on_pre="x_post += 1", delay=0 * ms, name="onto")
    synapses.connect(i=[0], j=[0])
    network = SteppedNetwork(source, target, synapses)
    network.advance(1 * ms)
    assert target.x[:].tolist() == [10, 0]
    synapses.connect(i=[0] * 50, j=[1] * 50)
    network.advance(0.2 * ms)
    assert target.x[:].tolist() == [12, 100]
    synapses.pre.delay = 0.3 * ms
    network.advance(0.4 * ms)
    assert target.x[:].tolist() == [13, 150], "nothing is due for three steps"
    synapses.active = False
    network.advance(1 * ms)
    assert target.x[:].tolist() == [13, 150]

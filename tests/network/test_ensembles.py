"""An ensemble speaks when most of its neurons do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from brian2 import Clock, Network, NeuronGroup, SpikeMonitor, ms, nS

from htm_brian.network.ensembles import Ensembles, majority


@pytest.fixture(autouse=True)
def last_of_several(brian2_warnings_are_errors: list[str]) -> Iterator[None]:
    """Brian2 warns that of neurons that spike in one step any may be the last."""
    yield
    brian2_warnings_are_errors.clear()


def ensemble_spikes(due: list[float], neurons: int) -> tuple[list[int], list[float]]:
    clock, slow = Clock(0.25 * ms), Clock(1 * ms)
    group = NeuronGroup(
        len(due),
        "due : second\nlast_spike_time : second\nbasal_conductance : siemens",
        threshold="abs(t - due) < 0.1*ms",
        reset="last_spike_time = t",
        clock=clock,
    )
    group.due = due * ms
    made = Ensembles(group, neurons, clock, slow)
    made.cells.basal_conductance = np.arange(1, len(made.cells) + 1) * nS
    spikes = SpikeMonitor(made.cells)
    Network(group, *made.objects, spikes).run(60 * ms)
    assert np.asarray(group.basal_conductance / nS) == pytest.approx(
        1 + np.arange(len(due)) // neurons
    )
    return spikes.i[:].tolist(), np.asarray(spikes.t / ms).tolist()


def test_most_is_more_than_half() -> None:
    assert [majority(n) for n in (1, 2, 3, 4, 16)] == [1, 2, 2, 3, 9]


def test_the_ensemble_spikes_with_the_neuron_that_makes_it_most() -> None:
    cells, times = ensemble_spikes([10, 12, 14, 17, 20, 21, 59, 59.5], neurons=4)
    assert cells == [0]
    assert times == pytest.approx([14], abs=0.26)


def test_spikes_that_are_too_far_apart_make_none() -> None:
    assert ensemble_spikes([10, 15, 19, 55], neurons=4)[0] == []


def test_a_burst_of_most_neurons_is_a_burst_of_the_ensemble() -> None:
    first, second = np.array([10, 11, 12, 13]), np.array([20, 21, 22, 23])
    clock = Clock(0.25 * ms)
    group = NeuronGroup(
        4,
        "first : second\nsecond_one : second\nlast_spike_time : second\n"
        "basal_conductance : siemens",
        threshold="abs(t - first) < 0.1*ms or abs(t - second_one) < 0.1*ms",
        reset="last_spike_time = t",
        clock=clock,
    )
    group.first, group.second_one = first * ms, second * ms
    made = Ensembles(group, 4, clock, Clock(1 * ms))
    spikes = SpikeMonitor(made.cells)
    Network(group, *made.objects, spikes).run(40 * ms)
    assert np.asarray(spikes.t / ms) == pytest.approx([12, 22], abs=1.26)

"""The initiation of spikes: the current's closed form, the rheobase that follows, the threshold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2 import (
    Equations,
    Network,
    NeuronGroup,
    Quantity,
    SpikeMonitor,
    ms,
    mV,
    nA,
    nS,
    pF,
    prefs,
)

from htm_brian.cells.group import Cells
from htm_brian.errors import InputError
from htm_brian.mechanisms import spike_initiation
from htm_brian.mechanisms.mechanism import assign
from htm_brian.parameters import Model, load_model

MODEL = "l5_spike_initiation"


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(prefs, "codegen.target", "numpy")


VALUES = {
    "soma.membrane_capacitance": 174 * pF,
    "soma.leak_conductance": 25 * nS,
    "spike.reset_potential": -65 * mV,
    "spike.refractory_period": 2 * ms,
    "spike_initiation.threshold": -55 * mV,
    "spike_initiation.slope": 1.4 * mV,
    "spike_initiation.conductance": 25 * nS,
    "spike_initiation.rise": 6 * mV,
    "spike_initiation.recovery_time_constant": 60 * ms,
}
"""So that no fit of the model changes what is tested."""


def point_cell(changes: dict[str, Quantity] | None = None) -> Model:
    """Return the soma alone, whose leak is the initiation's conductance."""
    whole = load_model(MODEL)
    kept = ("soma", "spike", "spike_initiation")
    bare = replace(whole, tables=tuple(each for each in whole.tables if each.name in kept))
    return bare.with_values(VALUES | (changes or {}))


def test_the_current_is_exponential_and_has_an_end() -> None:
    table = point_cell()["spike_initiation"]
    threshold, slope = (float(table[key]) for key in ("threshold", "slope"))
    g, largest = (float(table[key]) for key in ("conductance", "largest_current"))
    places = threshold + slope * np.array([-5, -1, 0, 1, 40])
    held = Equations("v : volt")
    group = NeuronGroup(len(places), spike_initiation.equations(table) + held, method="euler")
    assign(group, table)
    group.v = places * 1e3 * mV
    network = Network(group)
    network.run(group.dt)
    found = group.spike_initiation_current[:] / nA * 1e-9
    foot = g * slope * np.exp([-5, -1, 0, 1])
    np.testing.assert_allclose(found[:4], foot / (1 + foot / largest), rtol=1e-9)
    np.testing.assert_allclose(found[:4], foot, rtol=0.02)  # exponential there
    assert found[4] == pytest.approx(largest, rel=1e-6)
    group.threshold_shift = 10 * mV
    group.spike_initiation_recovery_time_constant = 1e9 * ms
    group.v = group.v + 10 * mV
    network.run(group.dt)
    np.testing.assert_allclose(group.spike_initiation_current[:] / nA * 1e-9, found, rtol=1e-9)


def test_the_rheobase_is_that_of_the_exponential_integrate_and_fire_cell() -> None:
    """With a leak g the current at the saddle is g (threshold - rest - slope)."""
    model = point_cell()
    table = model["spike_initiation"]
    rheobase = float(table["conductance"]) * float(
        table["threshold"] - model["soma"]["resting_potential"] - table["slope"]
    )
    cells = Cells(2, model, dt=0.1 * ms)
    cells.injected_current = rheobase * np.array([0.98, 1.02]) * 1e9 * nA
    spikes = SpikeMonitor(cells)
    Network(cells, spikes).run(300 * ms)
    assert spikes.count[0] == 0 < spikes.count[1]
    saddle = float(table["threshold"]) * 1e3
    assert saddle - 3 < float(cells.v[0] / mV) < saddle


def test_each_spike_raises_the_threshold_which_comes_back() -> None:
    cells = Cells(1, point_cell(), dt=0.1 * ms)
    cells.injected_current = 1.5 * nA
    spikes = SpikeMonitor(cells)
    Network(cells, spikes).run(120 * ms)
    rise = float(cells.spike_initiation_rise / mV)
    tau = float(cells.spike_initiation_recovery_time_constant / ms)
    # The step that a spike falls into ends before its rise is added.
    since = 120 - (np.asarray(spikes.t / ms) + 0.1)
    expected = (rise * np.exp(-since / tau)).sum()
    assert spikes.count[0] > 3
    assert float(cells.threshold_shift[0] / mV) == pytest.approx(expected, rel=1e-6)


def test_a_cell_is_refractory_for_as_long_as_its_threshold_is_up() -> None:
    """A pulse that is enough from rest is not so soon after a spike, and is so later."""
    model = point_cell({"spike_initiation.rise": 20 * mV})
    cells = Cells(3, model, dt=0.1 * ms)
    spikes = SpikeMonitor(cells)
    network = Network(cells, spikes)
    for begin, until in ((0, 5), (15, 20), (400, 405)):
        network.run((begin * ms) - network.t)
        cells.injected_current = np.array([begin == 0, begin in (0, 15), begin in (0, 400)]) * nA
        network.run((until * ms) - network.t)
        cells.injected_current = 0 * nA
    network.run(20 * ms)
    np.testing.assert_array_equal(spikes.count, [1, 1, 2])


def test_a_smaller_step_moves_no_spike_by_more_than_a_fraction_of_a_millisecond() -> None:
    times = []
    for step in (0.1, 0.0125):
        cells = Cells(1, point_cell(), dt=step * ms)
        cells.injected_current = 1 * nA
        spikes = SpikeMonitor(cells, "last_spike_time")
        Network(cells, spikes).run(40 * ms)
        times.append(np.asarray(spikes.last_spike_time / ms))
    coarse, fine = times
    assert len(coarse) == len(fine) > 2
    np.testing.assert_allclose(coarse[:3], fine[:3], atol=0.3)


def test_a_current_that_ends_at_the_threshold_is_refused() -> None:
    small = {"spike_initiation.largest_current": 1 * nA, "spike_initiation.slope": 6 * mV}
    model = load_model(MODEL).with_values(small | {"spike_initiation.conductance": 100 * nS})
    with pytest.raises(InputError, match="^largest_current must exceed twice that at the thres"):
        Cells(1, model)

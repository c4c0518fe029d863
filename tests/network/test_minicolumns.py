"""When a column's inhibition is recruited, and when its volleys come; cells are stand-ins."""

from __future__ import annotations

import math

import numpy as np
import pytest
from brian2 import Clock, Network, NeuronGroup, SpikeMonitor, StateMonitor, ms, nS, seed

from htm_brian.network.minicolumns import Minicolumns
from htm_brian.parameters import Model, load_model

CELLS = """
feedforward_conductance : siemens
feedforward_volley_conductance : siemens
inhibition_pulse_conductance : siemens
inhibition_proximal_share : 1
proximal_leak_conductance : siemens
proximal_coupling_conductance : siemens
g_inhibition : siemens
due : second
"""


def run(
    due: list[float],
    changes: dict[str, object] | None = None,
    columns: int = 1,
    deviates: float | np.ndarray = 0.0,
    **options: float,
) -> tuple[SpikeMonitor, StateMonitor, SpikeMonitor]:
    """Let the cells of a column spike when told; return interneurons, cells and relay cells."""
    model: Model = load_model("minicolumns").with_values(changes or {})
    clock = Clock(0.25 * ms)
    cells = NeuronGroup(len(due), CELLS, threshold="abs(t - due) < 0.1*ms", reset="", clock=clock)
    cells.due = due * ms
    cells.feedforward_volley_conductance = cells.inhibition_pulse_conductance = 1 * nS
    cells.proximal_leak_conductance = 1 * nS
    made = Minicolumns(
        cells,
        columns,
        model["relay"],
        model["inhibition"],
        clock,
        **options,  # type: ignore
    )
    recruited, relay = SpikeMonitor(made.interneurons), SpikeMonitor(made.relay)
    trace = StateMonitor(cells, ["feedforward_conductance", "g_inhibition"], record=True)
    network = Network(cells, *made.objects, recruited, trace, relay)
    made.drive(np.arange(columns), deviates)
    network.run(40 * ms)
    return recruited, trace, relay


def test_any_first_spike_recruits_where_there_is_no_window() -> None:
    recruited, trace, _ = run([20.0, 21.0, 22.0])
    assert np.asarray(recruited.t / ms) == pytest.approx([20.75])
    onset = np.flatnonzero(trace.g_inhibition[0])[0]
    assert trace.t[onset] / ms == pytest.approx(22.0, abs=0.26)


@pytest.mark.parametrize(("first", "recruits"), [(5.0, True), (8.0, True), (10.0, False)])
def test_a_spike_recruits_only_within_the_window_after_the_volley(
    first: float, recruits: bool
) -> None:
    recruited, trace, _ = run([first, 30.0], window=8.5e-3)
    assert len(recruited.t) == recruits
    assert (np.asarray(trace.g_inhibition) > 0).any() == recruits


def test_it_takes_the_number_of_spikes_that_recruit() -> None:
    assert len(run([5.0, 6.0, 20.0], window=8e-3, recruiting=3)[0].t) == 0
    recruited, _, _ = run([5.0, 6.0, 7.0], window=9e-3, recruiting=3)
    assert np.asarray(recruited.t / ms) == pytest.approx([7.75])


def test_spikes_before_a_volley_count_for_nothing() -> None:
    assert len(run([0.0, 20.0], window=8e-3)[0].t) == 0


def test_the_spikes_of_a_volley_open_as_much_each() -> None:
    _, trace, _ = run(
        [39.0], {"relay.spikes": 3, "relay.spike_interval": 4 * ms, "relay.variation": 0.1}
    )
    conductance = np.asarray(trace.feedforward_conductance[0] / nS)
    steps = np.diff(conductance)
    times = np.asarray(trace.t / ms)[1:][steps > 0]
    assert times == pytest.approx([1.25, 5.25, 9.25])
    assert steps[steps > 0] == pytest.approx(steps[steps > 0][0])
    assert steps.max() != 1.0


def test_jitter_is_shared_by_a_column_and_has_its_standard_deviation() -> None:
    columns = 400
    deviates = np.random.default_rng(1).standard_normal(columns)
    _, _, relay = run([39.0] * columns, {"relay.column_jitter": 2 * ms}, columns, deviates)
    times = np.empty(columns)
    times[relay.i] = relay.t / ms
    assert times == pytest.approx(6 + 2 * np.clip(deviates, -3, 3), abs=0.14)


def test_jitter_of_each_neuron_scatters_its_volley_and_not_the_window(
    brian2_warnings_are_errors: list[str],
) -> None:
    seed(1)
    n = 300
    recruited, trace, _ = run(
        [12.0] + [39.0] * (n - 1), {"relay.neuron_jitter": 2 * ms}, window=7e-3
    )
    opened = np.asarray(trace.feedforward_conductance) > 0
    assert opened.any(axis=1).all()
    times = np.argmax(opened, axis=1) * 0.25
    assert times.mean() == pytest.approx(7.25, abs=0.4)
    assert times.std() == pytest.approx(2, rel=0.15)
    assert len(recruited.t) == 1
    assert math.isclose(float(recruited.t[0] / ms), 12.75)
    brian2_warnings_are_errors.clear()  # one synapse only draws when a cell is due

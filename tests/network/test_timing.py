"""Which plateaus reach the next volley, and by which a network of the fitted cell predicts."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, StateMonitor, Synapses, ms, nS

from htm_brian.abstract.segments.store import SegmentTable
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.cells.reduced_response import plateau_duration, values_of
from htm_brian.mechanisms.branch import DendriticBranches, grows
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.network.timing import branch_threshold, fading_time
from htm_brian.parameters import load_model

FITTED = "l5_reduced_fitted_brief"


def test_half_the_depolarisation_is_left_after_the_fading_time() -> None:
    """Of Brian2's cell, after a plateau of 150 ms."""
    cells = PyramidalCells(1, FITTED, dt=0.1 * ms)
    trace = StateMonitor(cells, "v", record=0)
    net = Network(cells, trace)
    cells.basal_conductance = load_model(FITTED)["branch"]["plateau_conductance"]
    net.run(150 * ms)
    cells.basal_conductance = 0 * nS
    net.run(50 * ms)
    above = trace.v[0] - trace.v[0][0]
    at = np.interp(0.15 + fading_time(load_model(FITTED)), trace.t / (1000 * ms), above)
    assert at / above[round(150 / 0.1)] == pytest.approx(0.5, abs=0.01)


def test_so_it_is_after_a_graded_plateau_which_ends_with_half_its_conductance() -> None:
    model = load_model("l5_reduced_fitted").with_values({"branch.match_conductance": 0 * nS})
    cells = PyramidalCells(1, model, dt=0.1 * ms)
    branches = DendriticBranches(1, model, clock=cells.clock)
    axis = Synapses(branches, cells, "basal_conductance_post = conductance_pre : siemens (summed)")
    axis.connect()
    duration = float(plateau_duration(values_of(model), 1.0 * branches.activation_threshold))
    branches.still_open = branches.activation_threshold * np.exp(
        (0.15 - duration) / values_of(model)["branch.plateau_growth"]
    )
    trace = StateMonitor(cells, "v", record=0)
    Network(cells, branches, axis, trace).run(200 * ms)
    above = trace.v[0] - trace.v[0][0]
    at = np.interp(0.15 + fading_time(model), trace.t / (1000 * ms), above)
    assert at / above.max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("threshold", "interval"), [(8, 65e-3), (15, 65e-3), (15, 90e-3)])
def test_from_its_threshold_on_a_branch_predicts_the_next_volley(
    threshold: int, interval: float
) -> None:
    model = load_model(FITTED)
    values = values_of(model) | {
        "branch.activation_threshold": branch_threshold(model, threshold, interval)
    }
    predicts = plateau_duration(values, [threshold - 1, threshold]) + fading_time(model)
    assert predicts[0] < interval < predicts[1], f"{1e3 * predicts} ms"


def test_plateaus_of_one_length_leave_the_threshold_as_it_is() -> None:
    assert not grows(load_model("l5_reduced")) and grows(load_model(FITTED))
    assert branch_threshold(load_model("l5_reduced"), 15, 1.0) == 15
    # Fitted plateaus and what fades after them reach so far without more synapses.
    assert branch_threshold(load_model(FITTED), 15, 40e-3) == 15


def test_a_network_of_the_fitted_cell_predicts_from_its_threshold_and_once() -> None:
    """At 75 ms: 8 synapses predict, 7 do not; 20 do not predict the element after the next."""
    columns, cells = 64, 2
    tm = SpikingTemporalMemory(
        *(columns, cells, 8, 8),
        seed=1,
        release="reliable",
        model="minicolumns_slow",
        cell_model=FITTED,
    )
    first, second = np.arange(20), np.arange(20, 40)
    owners = (second[:3] * cells).tolist()
    counts = [7, 8, 20]
    synapses = np.concatenate([first[:n] * cells for n in counts])
    start = np.cumsum([0, *counts])
    tm.import_segments(
        SegmentTable(owners, start, synapses, [0.6] * len(synapses), n_cells=columns * cells)
    )
    tm.compute(first, learn=False)
    assert tm.predictive_cells.tolist() == owners[1:]
    tm.compute(second, learn=False)
    active = tm.active_cells[np.isin(tm.active_cells // cells, second[1:3])]
    assert active.tolist() == owners[1:]
    assert tm.predictive_cells.size == 0
    tm.compute(first, learn=False)
    assert tm.predictive_cells.tolist() == owners[1:]


def test_what_the_element_before_left_is_no_match() -> None:
    """The depolarisation of the fitted branch decays in 68 ms, and outlasts an element."""
    slow = SpikingTemporalMemory(
        8, 1, 8, 8, max_new_synapses=20, model="minicolumns_slow", cell_model=FITTED
    )
    tau = load_model(FITTED)["branch"]["match_time_constant"]
    rise, rest = 1 - np.exp(-30 * ms / tau), np.exp(-35 * ms / tau)
    before = 20 * rise * rest * np.exp(-75 * ms / tau)
    smallest = 8 * rise * rest
    assert before > 0.5 * smallest
    assert before < slow.layer.match_level < smallest
    usual = SpikingTemporalMemory(8, 1, 8, 8, max_new_synapses=20)
    tau = load_model("l5_reduced")["branch"]["match_time_constant"]
    smallest = 8 * (1 - np.exp(-30 * ms / tau)) * np.exp(-10 * ms / tau)
    assert usual.layer.match_level == pytest.approx(0.5 * smallest)

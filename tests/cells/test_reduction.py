"""The fit of level 1 to level 2, and the responses that it is made with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brian2 import Network, NetworkOperation, StateMonitor, Synapses, ms, nS

from htm_brian.brian_compiling import uncompiled
from htm_brian.cells.branch import DendriticBranches
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.cells.reduced_response import (
    branch_conductance,
    half_width,
    integrate,
    plateau_duration,
    smallest_volley,
    values_of,
    volley_conductance,
)
from htm_brian.cells.reduction import (
    FIRM,
    FREE,
    Curves,
    fit,
    fit_fall,
    fit_window,
    threshold_in_window,
    together_residuals,
)
from htm_brian.cells.reduction_file import fitted_model, to_toml
from htm_brian.parameters import Model, load_model

STEP = 0.1
"""ms"""
K = np.array([5, 14, 16, 20, 40])
WINDOW = 30.0


@pytest.fixture(scope="module")
def brian() -> dict[str, np.ndarray]:
    """Branches and cells of the fitted model; synapses at 0 ms, and a weak volley at 100 ms."""
    model = load_model("l5_reduced_fitted")
    with uncompiled():
        return _simulate(model)


def _simulate(model: Model) -> dict[str, np.ndarray]:
    cells = PyramidalCells(len(K), model, dt=STEP * ms)
    branches = DendriticBranches(len(K), model, dt=STEP * ms)
    branches.refractory_period = 100 * ms
    axis = Synapses(branches, cells, "basal_conductance_post = conductance_pre : siemens (summed)")
    axis.connect(j="i")

    def act(t: float) -> None:
        now = round(float(t / ms) / STEP)
        if now == 0:
            branches.tally = branches.potential_tally = K
        if now == round(WINDOW / STEP):
            branches.tally = branches.potential_tally = 0
        if now == round(100 / STEP):
            cells.feedforward_conductance += 5 * nS

    acting = NetworkOperation(act, dt=STEP * ms, when="start")
    traces = StateMonitor(cells, ["v", "v_basal"], record=True)
    opened = StateMonitor(branches, "conductance", record=True)
    Network(cells, branches, axis, acting, traces, opened).run(200 * ms)
    rest = float(model["soma"]["resting_potential"])
    return {
        "soma": np.asarray(traces.v).T - rest,
        "branch": np.asarray(traces.v_basal).T - rest,
        "conductance": np.asarray(opened.conductance).T,
    }


def test_the_branch_follows_its_closed_form(brian: dict[str, np.ndarray]) -> None:
    values = values_of(load_model("l5_reduced_fitted"))
    time = np.arange(2000) * STEP * 1e-3
    expected = branch_conductance(values, time, STEP * 1e-3, K, WINDOW * 1e-3)[:, 0]
    # The branch's plateau sets in within a step, and ends with a whole one.
    late = np.abs(brian["conductance"] - expected) > 1e-12
    assert late.sum(axis=0).max() <= 3, f"steps off: {late.sum(axis=0)}"
    assert expected.max() > 10e-9


def test_duration_grows_with_the_logarithm_of_the_synapses() -> None:
    values = {
        "branch.activation_threshold": 15.0,
        "branch.plateau_duration": 20e-3,
        "branch.plateau_growth": 60e-3,
    }
    found = plateau_duration(values, [14, 15, 30, 40])
    np.testing.assert_allclose(found * 1e3, [0, 20, 20 + 60 * np.log(2), 20 + 60 * np.log(8 / 3)])


def test_responses_without_brian2_are_those_with_it(brian: dict[str, np.ndarray]) -> None:
    values = values_of(load_model("l5_reduced_fitted"))
    time = np.arange(2000) * STEP * 1e-3
    branch = branch_conductance(values, time, STEP * 1e-3, K, WINDOW * 1e-3)
    volley = np.broadcast_to(volley_conductance(values, time, 5e-9, 0.1), branch.shape)
    soma, local = integrate(values, STEP * 1e-3, branch, volley)
    # Brian2 records before a step, and its plateau begins a step later.
    for name, found in (("soma", soma), ("branch", local)):
        off = 1e3 * np.abs(brian[name][2:] - found[:-2, 0]).max(axis=0)
        limit = {"soma": 0.1, "branch": 3.0}[name]  # of the branch one step of its steep ends
        assert off.max() < limit, f"{name}: {off} mV"
        peaks = 1e3 * (brian[name].max(axis=0) - found[:, 0].max(axis=0))
        assert np.abs(peaks).max() < 0.1, f"{name}: {peaks} mV"
    widths = half_width(brian["soma"], STEP) - half_width(soma[:, 0], STEP)
    assert np.abs(widths).max() < 0.3, f"{widths} ms"


def test_smallest_volley_is_that_of_the_cell() -> None:
    """Within 1 % of the volley from which Brian2's cells fire."""
    model = load_model("l5_reduced")
    least = float(smallest_volley(values_of(model), 0.125e-3)[0, 0])
    cells = PyramidalCells(2, model, dt=0.125 * ms)
    cells.feedforward_conductance = np.array([0.99, 1.01]) * least / 1e-9 * nS
    Network(cells).run(40 * ms)
    assert (cells.last_spike_time / ms >= 0).tolist() == [False, True]


def synthetic(window: float = 45e-3, fall: float = 0.35) -> tuple[Curves, dict[str, float]]:
    """Return curves of a cell of level 1, and what they were made with."""
    model = load_model("l5_reduced_fitted")
    known = values_of(model) | {
        "branch.activation_threshold": 15.0,
        "branch.plateau_duration": 25e-3,
        "branch.plateau_growth": 50e-3,
        "branch.plateau_conductance": 15e-9,
        "branch.match_conductance": 0.25e-9,
        "branch.match_time_constant": 40e-3,
        "basal.leak_conductance": 2e-9,
        "basal.coupling_conductance": 4e-9,
        "proximal.coupling_conductance": 60e-9,
        "feedforward.time_constant": 30e-3,
    }
    k = np.arange(1.0, 41.0, 3.0)
    spread, held = np.array([10.0, 40, 60, 100]), np.array([5.0, 10])
    strength, delay = np.array([FIRM, 1.4, 1.8]), np.array([10.0, 30, 80])
    none = np.zeros_like
    curves = Curves(
        synapses=k,
        threshold=15.0,
        soma_peak=none(k),
        soma_half_width=none(k),
        branch_peak=none(k),
        branch_half_width=none(k),
        depolarisation=held,
        threshold_of_depolarisation=15 - fall * held,
        spread=spread,
        threshold_of_spread=threshold_in_window(15.0, 1e-3 * spread, window),
        strength=strength,
        lead_of_strength=none(strength),
        delay=delay,
        lead_of_delay=none(delay),
        lead_of_synapses=none(k),
        standard={"synapses": 20.0, "delay": 30.0, "strength": 1.4},
        tuft_synapses=np.array([20.0, 40]),
        earliest=np.array([-40.0, -70]),
        latest=np.array([-3.0, -3]),
        burst_spikes=3.0,
        burst_interval=11.0,
    )
    shaped = {path: np.array([[value]]) for path, value in known.items()}
    # Against zeros, the residuals are the curves.
    made = {name: rows[0] for name, rows in together_residuals(curves, shaped, window).items()}
    for name in ("branch_peak", "soma_half_width", "branch_half_width"):
        made[name] = np.concatenate([np.zeros((k < 15).sum()), made[name]])
    return replace(curves, **made), known


def test_the_fit_recovers_what_synthetic_curves_were_made_with() -> None:
    curves, known = synthetic()
    # One synapse less than the threshold depolarises, too; without a fall that is no matter.
    level = replace(curves, threshold_of_depolarisation=np.full(2, 15.0))
    found = fit(level, load_model("l5_reduced"))
    for path in FREE:
        assert found.values[path] == pytest.approx(known[path], rel=0.05), path
    assert found.window == pytest.approx(45e-3, abs=1.5e-3)
    assert found.values["branch.activation_threshold"] == 15
    assert found.errors["soma_peak"] < 0.02 and found.errors["lead_of_delay"] < 0.05
    assert found.values["burst.apical_spikes"] == 2


def test_fall_and_window_are_recovered() -> None:
    curves, _ = synthetic(window=55e-3, fall=0.4)
    assert fit_fall(curves) == pytest.approx(0.4)
    window, error = fit_window(curves)
    assert window == pytest.approx(55e-3, abs=1.5e-3) and error == 0


def test_synapses_spread_over_less_than_the_window_all_count() -> None:
    needed = threshold_in_window(15.0, np.array([0.0, 10, 50, 100]) * 1e-3, 50e-3)
    assert needed.tolist() == [15, 15, 15, 29]


def test_fitted_file_can_be_read_and_tells_source_and_error(tmp_path: Path) -> None:
    curves, _ = synthetic()
    begun = load_model("l5_reduced")
    found = fit(curves, begun, free=("branch.plateau_conductance", "basal.coupling_conductance"))
    model = fitted_model(begun, found, "mine", "A fitted cell.", "fitted to a test")
    path = tmp_path / "mine.toml"
    path.write_text(to_toml(model, "Two\nlines."), encoding="utf-8")
    read = load_model(path)
    assert [row[:6] for row in read.rows()] == [row[:6] for row in model.rows()]
    fitted = read["branch"].parameter("plateau_conductance")
    assert fitted.source == "fitted to a test"
    assert fitted.note.startswith("rms error: soma peak ") and "has 21.7 nS." in fitted.note
    kept = read["soma"].parameter("membrane_capacitance")
    assert kept.source == begun["soma"].parameter("membrane_capacitance").source
    Network(PyramidalCells(1, read, dt=STEP * ms)).run(STEP * ms)

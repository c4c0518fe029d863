"""The fit of level 1 to level 2, and the responses that it is made with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brian2 import (
    Network,
    NetworkOperation,
    Quantity,
    StateMonitor,
    Synapses,
    get_dimensions,
    ms,
    mV,
    nS,
)

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.cells.reduced_response import (
    Conditions,
    graded_conductance,
    half_width,
    integrate,
    plateau_duration,
    releases,
    smallest_volley,
    values_of,
)
from htm_brian.engine.compiling import uncompiled
from htm_brian.fitting.reduction import (
    FIRM,
    GUESS,
    THINNED,
    fit,
    fit_apical,
    fit_window,
    threshold_in_window,
    together_residuals,
)
from htm_brian.fitting.reduction_curves import Curves, Fit
from htm_brian.fitting.reduction_file import fitted_model, to_toml
from htm_brian.mechanisms.branch import DendriticBranches
from htm_brian.parameters import Model, load_model

STEP = 0.1
"""ms"""
K = np.array([5, 14, 16, 20, 40])
VOLLEY = 3.0
"""nS"""


@pytest.fixture(scope="module")
def brian() -> dict[str, np.ndarray]:
    """Branches and cells of the fitted model; synapses at 0 ms, and a weak volley at 100 ms."""
    model = load_model("l5_reduced_fitted")
    with uncompiled():
        return _simulate(model)


def _simulate(model: Model) -> dict[str, np.ndarray]:
    cells = PyramidalCells(len(K), model, dt=STEP * ms)
    branches = DendriticBranches(len(K), model, dt=STEP * ms)
    axis = Synapses(branches, cells, "basal_conductance_post = conductance_pre : siemens (summed)")
    axis.connect(j="i")
    telling = Synapses(
        cells,
        branches,
        "owner_depolarisation_post = v_pre - resting_potential_pre : volt (summed)",
    )
    telling.connect(j="i")

    def act(t: float) -> None:
        now = round(float(t / ms) / STEP)
        if now == 0:
            branches.still_open = branches.potentially_open = K
        if now == round(100 / STEP):
            cells.feedforward_conductance += VOLLEY * nS

    acting = NetworkOperation(act, dt=STEP * ms, when="start")
    traces = StateMonitor(cells, ["v", "v_basal"], record=True)
    Network(cells, branches, axis, telling, acting, traces).run(200 * ms)
    rest = float(model["soma"]["resting_potential"])
    return {"soma": np.asarray(traces.v).T - rest, "branch": np.asarray(traces.v_basal).T - rest}


def test_graded_conductance_is_the_branchs() -> None:
    model = load_model("l5_reduced_fitted")
    branches = DendriticBranches(40, model, dt=STEP * ms)
    branches.still_open = branches.potentially_open = np.arange(40)
    branches.owner_depolarisation = 10 * mV
    Network(branches).run(0 * ms)
    values = values_of(model)
    expected = graded_conductance(values, np.arange(40.0), owner_depolarisation=0.01)
    np.testing.assert_allclose(np.asarray(branches.conductance), expected)
    assert expected[-1] > values["branch.plateau_conductance"]


def test_releases_are_counted_by_step() -> None:
    made = releases([[0.0, 0.1e-3, 0.26e-3], [0.3e-3, 9.0], []], 4, 0.1e-3)
    assert made.T.tolist() == [[1, 1, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]


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
    released = releases([np.zeros(k) for k in K], 2000, STEP * 1e-3)
    given = Conditions(released, volley=np.full(len(K), VOLLEY * 1e-9), at=0.1)
    soma, local = integrate(values_in_sets(values), STEP * 1e-3, given)
    # Brian2 records before a step, and sums conductances a step later: it may be off by a step.
    for name, found in (("soma", soma), ("branch", local)):
        off = np.abs(brian[name][2:] - found[:-2, 0]).max(axis=0)
        in_a_step = np.abs(np.diff(brian[name], axis=0)).max(axis=0)
        assert (off < 1.01 * in_a_step).all(), f"{name}: {1e3 * off} mV"
        peaks = 1e3 * (brian[name].max(axis=0) - found[:, 0].max(axis=0))
        assert np.abs(peaks).max() < 0.1, f"{name}: {peaks} mV"
    widths = half_width(brian["soma"], STEP) - half_width(soma[:, 0], STEP)
    assert np.abs(widths).max() < 0.3, f"{widths} ms"


def test_a_held_cell_stays_where_it_is_held() -> None:
    values = values_in_sets(values_of(load_model("l5_reduced_fitted")))
    given = Conditions(np.zeros((400, 2)), hold=np.array([0.0, 10e-3]))
    soma, _ = integrate(values, 0.125e-3, given)
    np.testing.assert_allclose(soma[-1, 0], [0, 10e-3], atol=1e-9)


def values_in_sets(values: dict[str, float]) -> dict[str, np.ndarray]:
    """Return one set of parameters."""
    return {path: np.array([[value]]) for path, value in values.items()}


def test_smallest_volley_is_that_of_the_cell() -> None:
    """Within 1 % of the volley from which Brian2's cells fire."""
    model = load_model("l5_reduced")
    least = float(smallest_volley(values_of(model), 0.125e-3)[0, 0])
    cells = PyramidalCells(2, model, dt=0.125 * ms)
    cells.feedforward_conductance = np.array([0.99, 1.01]) * least / 1e-9 * nS
    Network(cells).run(40 * ms)
    assert (cells.last_spike_time / ms >= 0).tolist() == [False, True]


def synthetic() -> tuple[Curves, dict[str, float]]:
    """Return curves of a cell of level 1, and what they were made with."""
    model = load_model("l5_reduced")
    known = GUESS | {
        "branch.plateau_growth": 60e-3,
        "branch.plateau_duration": 25e-3,
        "branch.match_conductance": 0.15e-9,
        "branch.transition_width": 0.5,
        "branch.threshold_fall": 0.0,
        "basal.coupling_conductance": 4e-9,
        "plateau.saturation": 0.3,
        "feedforward.slow_share": 0.25,
    }
    values = values_of(model) | known | {"branch.activation_threshold": 15.0}
    k = np.arange(1.0, 41.0, 3.0)
    spread, held = np.array([10.0, 60]), np.array([5.0, 10])
    strength, delay = np.array([FIRM, 1.4, 1.8]), np.array([10.0, 80])
    none = np.zeros_like
    curves = Curves(
        synapses=k,
        threshold=15.0,
        soma_peak=none(k),
        soma_half_width=none(k),
        branch_peak=none(k),
        branch_half_width=none(k),
        branches_peak=np.zeros(2),
        depolarisation=held,
        threshold_of_depolarisation=np.full(2, 15.0),
        peak_of_hold=np.zeros((2, len(k))),
        spread=spread,
        threshold_of_spread=threshold_in_window(15.0, 1e-3 * spread, 45e-3),
        peak_of_spread=np.zeros((2, len(k))),
        half_width_of_spread=none(spread),
        strength=strength,
        lead_of_strength=none(strength),
        delay=delay,
        lead_of_delay=none(delay),
        lead_of_synapses=none(k),
        standard={"synapses": 20.0, "delay": 30.0, "strength": 1.4},
        tuft_synapses=np.array([20.0, 40]),
        earliest=np.array([-40.0, -70]),
        latest=np.array([3.0, 6]),
        tuft_count=15.0,
        tuft_ahead=15.0,
        burst_spikes=3.0,
        burst_interval=11.0,
    )
    # Against zeros, the residuals are the curves.
    made = {
        name: rows[0]
        for name, rows in together_residuals(curves, values_in_sets(values), 0.0).items()
    }
    for name in ("branch_peak", "soma_half_width", "branch_half_width"):
        made[name] = np.concatenate([np.zeros((k < 15).sum()), made[name]])
    for name in ("peak_of_spread", "peak_of_hold"):
        full = np.zeros((2, len(k)))
        full[:, THINNED] = made[name].reshape(2, -1)
        made[name] = full
    return replace(curves, **made), known


SOME = ("branch.plateau_growth", "branch.transition_width", "plateau.saturation")


def test_the_fit_recovers_what_synthetic_curves_were_made_with() -> None:
    curves, known = synthetic()
    others = {path: value for path, value in known.items() if path not in SOME}
    found = fit(curves, load_model("l5_reduced").with_values(in_units(others)), SOME)
    assert found.values["branch.activation_threshold"] == 15  # its own cell lowers it not at all
    for path in SOME:
        assert found.values[path] == pytest.approx(known[path], rel=0.1), path
    assert found.window == pytest.approx(45e-3, abs=3e-3)
    assert found.errors["soma_peak"] < 0.05 and found.errors["lead_of_delay"] < 0.1
    assert found.values["burst.apical_spikes"] == 2


def in_units(values: dict[str, float]) -> dict[str, object]:
    """Return values with the units of the model."""
    model = load_model("l5_reduced")
    parts = {path: path.partition(".") for path in values}
    return {
        path: Quantity(values[path], dim=get_dimensions(model[table][key]))
        for path, (table, _, key) in parts.items()
    }


def test_the_tufts_burst_is_recovered() -> None:
    """Windows and number that a tuft with a threshold of -50 mV and a rise of 1 has."""
    curves, _ = synthetic()
    model = load_model("l5_reduced_fitted")
    values = values_of(model)
    found, errors = fit_apical(curves, model, values)
    assert set(found) == {
        *("burst.apical_threshold", "burst.apical_recovery", "apical.capacitance"),
    }
    assert errors["burst_window"] < 15 and errors["tuft_count"] <= 2


def test_the_window_is_recovered() -> None:
    spread = np.array([10.0, 40, 60, 100])
    expected = threshold_in_window(15.0, 1e-3 * spread, 55e-3)
    curves = replace(synthetic()[0], spread=spread, threshold_of_spread=expected)
    window, error = fit_window(curves)
    assert window == pytest.approx(55e-3, abs=1.5e-3) and error == 0


def test_synapses_spread_over_less_than_the_window_all_count() -> None:
    needed = threshold_in_window(15.0, np.array([0.0, 10, 50, 100]) * 1e-3, 50e-3)
    assert needed.tolist() == [15, 15, 15, 29]


def test_fitted_file_can_be_read_and_tells_source_and_error(tmp_path: Path) -> None:
    begun = load_model("l5_reduced")
    values = {"branch.plateau_growth": 70e-3, "branch.transition_width": 0.5}
    curves = ("soma_peak", "branch_peak", "branch_half_width", "soma_half_width", "peak_of_spread")
    found = Fit(values, 45e-3, dict.fromkeys(curves, 0.25))
    model = fitted_model(begun, found, "mine", "A fitted cell.", "fitted to a test")
    path = tmp_path / "mine.toml"
    path.write_text(to_toml(model, "Two\nlines."), encoding="utf-8")
    read = load_model(path)
    assert [row[:6] for row in read.rows()] == [row[:6] for row in model.rows()]
    fitted = read["branch"].parameter("transition_width")
    assert fitted.source == "fitted to a test"
    assert fitted.note.startswith("rms error: soma peak ") and "has 0." in fitted.note
    kept = read["soma"].parameter("membrane_capacitance")
    assert kept.source == begun["soma"].parameter("membrane_capacitance").source
    Network(PyramidalCells(1, read, dt=STEP * ms)).run(STEP * ms)

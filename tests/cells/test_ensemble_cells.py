"""Cells of an ensemble and interneurons: background, active dendrite, inhibition, model files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brian2 import (
    Equations,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    device,
    ms,
    mV,
    nS,
    pA,
    second,
    seed,
    set_device,
)
from numpy.typing import NDArray
from scipy.optimize import brentq

from htm_brian import Cells, PyramidalCells, load_model
from htm_brian.engine.integration import LinearlyImplicit
from htm_brian.mechanisms import background, gaba
from htm_brian.mechanisms.mechanism import assign, describe
from htm_brian.parameters import Model


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("naud_sprekeler")


def quiet(name: str = "naud_sprekeler") -> Model:
    """Return a model without its backgrounds."""
    model = load_model(name)
    kept = tuple(table for table in model.tables if not table.name.endswith("background"))
    return replace(model, tables=kept)


# Mechanisms


@pytest.mark.parametrize("step", [0.1, 1.0])
def test_background_has_its_mean_deviation_and_correlation_at_any_step(
    model: Model, step: float
) -> None:
    """4,000 cells, so that chance moves the deviation by 0.3 %: Euler's 2.6 % would be seen."""
    seed(1)
    table = model["dendrite_background"]
    cells = NeuronGroup(4000, background.equations(table), dt=step * ms)
    assign(cells, table)
    cells.run_regularly(background.update("dendrite", step * ms), when="start")
    network = Network(cells)
    network.run(20 * ms)
    before = np.array(cells.dendrite_background_current[:]) * 1e12
    network.run(2 * ms)
    after = np.array(cells.dendrite_background_current[:]) * 1e12
    deviation = np.sqrt((before.var() + after.var()) / 2)
    assert after.mean() == pytest.approx(-270, abs=4 * 450 / np.sqrt(4000))
    assert deviation == pytest.approx(450, rel=0.025)
    assert np.corrcoef(before, after)[0, 1] == pytest.approx(np.exp(-1), abs=0.05)


def test_background_deviation_to_a_percent_over_time(model: Model) -> None:
    seed(2)
    table = model["soma_background"]
    cells = NeuronGroup(1000, background.equations(table), dt=0.4 * ms)
    assign(cells, table)
    cells.run_regularly(background.update("soma", 0.4 * ms), when="start")
    monitor = StateMonitor(cells, "soma_background_deviation", record=True, dt=4 * ms)
    Network(cells, monitor).run(400 * ms)
    late = np.array(monitor.soma_background_deviation[:, 5:] / pA)
    assert late.std() == pytest.approx(450, rel=0.01)


def test_charge_of_an_inhibitory_spike_is_conductance_times_time_constant(model: Model) -> None:
    whole = gaba.equations(model["gaba"]) + Equations(
        "v : volt\ndcharge/dt = gaba_current_soma : coulomb"
    )
    cells = NeuronGroup(1, whole, dt=0.5 * ms, method=LinearlyImplicit(("charge",)))
    assign(cells, model["gaba"])
    cells.v = -60 * mV
    cells.gaba_soma = 2 * nS
    Network(cells).run(200 * ms)
    assert float(cells.charge[0]) == pytest.approx(2e-9 * 10e-3 * -20e-3, rel=1e-6)


def test_dendrite_settles_where_its_currents_cancel() -> None:
    currents = [0, 400, 800]
    cells = PyramidalCells(3, quiet(), dt=0.2 * ms)
    cells.spike_threshold = 50 * mV
    cells.injected_current_dendrite = currents * pA
    Network(cells).run(400 * ms)

    def inward(depolarisation: float, current: float) -> float:  # mV, pA
        sigmoid = 1 / (1 + np.exp((-38 + 70 - depolarisation) / 6))
        return current + 1200 * sigmoid - (170 / 7 + 13) * depolarisation

    expected = [brentq(inward, 0, 100, args=(current,)) for current in currents]
    np.testing.assert_allclose(cells.v_dendrite / mV + 70, expected, atol=1e-3)
    sigmoid = 1 / (1 + np.exp((32 - np.array(expected)) / 6))
    np.testing.assert_allclose(cells.v / mV + 70, 1300 * sigmoid / 23.125, atol=1e-2)


def test_back_propagated_spike_brings_its_charge_whatever_the_step() -> None:
    """2600 pA for 2 ms, although neither begin nor end lies on a step."""
    for step in (0.1, 0.3):
        cells = PyramidalCells(1, quiet(), dt=step * ms)
        cells.last_spike_time = 0.13 * ms
        monitor = StateMonitor(cells, "dendrite_backpropagation", record=0)
        Network(cells, monitor).run(6 * ms)
        covered = float(monitor.dendrite_backpropagation[0].sum()) * step
        assert covered == pytest.approx(2, rel=1e-6)


def test_soma_is_held_at_its_reset_for_the_refractory_period() -> None:
    cells = PyramidalCells(1, quiet(), dt=0.1 * ms)
    cells.injected_current = 1500 * pA
    monitor = StateMonitor(cells, "v", record=0)
    spikes = SpikeMonitor(cells, "last_spike_time")
    Network(cells, monitor, spikes).run(20 * ms)
    since = np.asarray(monitor.t / ms) - float(spikes.last_spike_time[0] / ms)
    v = np.asarray(monitor.v[0] / mV)
    assert v[(since > 0.1) & (since < 2.9)] == pytest.approx(-70, abs=1e-3)
    assert v[since > 3.3][0] > -69.5


def test_tonic_inhibition_shunts_by_its_share_of_the_conductance() -> None:
    cells = PyramidalCells(2, quiet("l5_awake"), dt=0.1 * ms)
    cells.dendrite_regenerative_current = 0 * pA
    cells.injected_current_dendrite = [0, 200] * pA
    Network(cells).run(300 * ms)
    conductance = 170 / 7 + 13
    assert cells.v_dendrite[0] / mV + 70 == pytest.approx(-10 * 5 / (conductance + 5), rel=1e-3)
    effect = (cells.v_dendrite[1] - cells.v_dendrite[0]) / mV
    assert effect == pytest.approx(200 / (conductance + 5), rel=1e-3)


def test_inhibition_and_background_reach_any_compartment_of_a_tree(model: Model) -> None:
    tree = load_model("l5_thick_tufted")
    tables = (model["gaba"], model["soma_background"])
    cells = PyramidalCells(1, replace(tree, tables=(*tree.tables, *tables)), dt=0.1 * ms)
    cells.soma_background_standard_deviation = 0 * pA
    cells.soma_background_mean = 100 * pA
    network = Network(cells)
    network.run(80 * ms)
    before, nexus = float(cells.v[0] / mV), float(cells.v_nexus[0] / mV)
    assert before > -67
    cells.gaba_nexus = 20 * nS
    network.run(5 * ms)
    assert cells.v_nexus[0] / mV < nexus - 3


# Model files


@pytest.mark.parametrize("name", ["naud_sprekeler", "l5_awake"])
def test_every_line_of_the_description_has_its_meaning(name: str) -> None:
    cells = PyramidalCells(1, name)
    Network(cells).run(1 * ms)  # Brian2 warns of a group that was in no run
    assert cells.compartments == ["soma", "dendrite"]
    lines = [line for line in cells.describe().splitlines() if line and line[0] != "#"]
    missing = [line for line in lines if "#" not in line]
    assert not missing
    assert describe(cells.user_equations, {}, cells.parameters)


def test_awake_cell_is_the_other_one_but_for_tonic_inhibition() -> None:
    awake, other = load_model("l5_awake"), load_model("naud_sprekeler")
    values = {row.path: row.value for row in awake.rows() if "tonic" not in row.path}
    assert values == {row.path: row.value for row in other.rows()}


@pytest.mark.parametrize("lost", ["dendrite", "spike"])
def test_a_mechanism_without_what_it_needs_is_refused(lost: str) -> None:
    model = load_model("l5_awake")
    kept = tuple(table for table in model.tables if table.name != lost)
    with pytest.raises(ValueError, match=rf"needs a table \[{lost}\] \(models/l5_awake.toml\)"):
        PyramidalCells(1, replace(model, tables=kept))


# Interneurons


def trains(name: str, currents: list[float]) -> list[NDArray[np.float64]]:
    """Return the spike times (ms) of quiet cells under steady currents (pA)."""
    cells = Cells(len(currents), quiet(name), dt=0.1 * ms)
    cells.injected_current = currents * pA
    spikes = SpikeMonitor(cells, "last_spike_time")
    Network(cells, spikes).run(300 * ms)
    return [np.asarray(v / ms) for v in spikes.values("last_spike_time").values()]


def late_rate(train: NDArray[np.float64]) -> float:
    return float(1e3 / np.diff(train)[-4:].mean())


def test_fast_spiking_cell_is_fast_steep_and_hardly_adapts() -> None:
    """Rheobase 153 +- 10 pA (PMC5511827); 15 +- 15 % accommodation, then 6 % (PMC6573690)."""
    silent, firing, slow, fast = trains("fast_spiking_interneuron", [140, 170, 300, 600])
    assert len(silent) == 0 and len(firing) > 0
    intervals = np.diff(fast)
    assert 0 < 1 - intervals[0] / intervals[-1] < 0.3
    assert late_rate(fast) > 200
    steepness = (late_rate(fast) - late_rate(slow)) / 0.3
    soft, hard = trains("sst_interneuron", [100, 200])
    assert steepness > 1.3 * (late_rate(hard) - late_rate(soft)) / 0.1, "Hz per nA"
    table = load_model("fast_spiking_interneuron")["soma"]
    time_constant = table["membrane_capacitance"] / table["leak_conductance"]
    assert 5 * ms < time_constant < 13 * ms


def test_sst_cell_is_slow_and_adapts() -> None:
    """Last interval 2.14 +- 0.4 of the first at half-maximal firing (PMC7166205); Ma et al. 2006:
    above 300 Mohm and 20 ms, late rates below 100 Hz."""
    (train,) = trains("sst_interneuron", [150])
    intervals = np.diff(train)
    assert 1.74 < intervals[-1] / intervals[0] < 2.54
    assert late_rate(train) < 100
    table = load_model("sst_interneuron")["soma"]
    assert 1 / table["leak_conductance"] > 1 / (3.34 * nS)
    assert table["membrane_capacitance"] / table["leak_conductance"] > 20 * ms


@pytest.mark.parametrize(
    ("name", "low", "high"), [("fast_spiking_interneuron", 5, 20), ("sst_interneuron", 2, 8)]
)
def test_interneurons_fire_in_their_background(name: str, low: float, high: float) -> None:
    seed(1)
    cells = Cells(200, name, dt=0.25 * ms)
    spikes = SpikeMonitor(cells)
    Network(cells, spikes).run(0.5 * second)
    assert low < spikes.num_spikes / 100 < high


# Code paths


@pytest.mark.slow
@pytest.mark.standalone
def test_standalone_equals_numpy_and_draws_backgrounds(tmp_path: Path) -> None:
    def prepare(model: Model) -> tuple[Network, PyramidalCells, SpikeMonitor]:
        cells = PyramidalCells(2000, model, dt=0.1 * ms)
        cells.injected_current = np.linspace(300, 900, 2000) * pA
        cells.injected_current_dendrite = 300 * pA
        spikes = SpikeMonitor(cells, "last_spike_time")
        return Network(cells, spikes), cells, spikes

    silent = {f"{place}_background_standard_deviation": 0 * pA for place in ("soma", "dendrite")}
    network, cells, spikes = prepare(load_model("naud_sprekeler"))
    for name, value in silent.items():
        setattr(cells, name, value)
    network.run(100 * ms)
    reference = np.sort(spikes.last_spike_time / ms)
    assert len(reference) > 1000
    set_device("cpp_standalone", directory=str(tmp_path), build_on_run=False)
    network, cells, spikes = prepare(load_model("naud_sprekeler"))
    network.run(100 * ms)
    device.build(run=False, directory=str(tmp_path))
    device.run(run_args={getattr(cells, name): value for name, value in silent.items()})
    np.testing.assert_allclose(np.sort(spikes.last_spike_time / ms), reference, atol=0.1)
    device.run()
    assert np.std(cells.soma_background_deviation / pA) == pytest.approx(450, rel=0.06)
    assert np.std(cells.dendrite_background_deviation / pA) == pytest.approx(450, rel=0.06)

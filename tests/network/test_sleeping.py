"""Neurons and branches that sleep do what those do that are stepped all the time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from brian2 import StateMonitor, ms, mV, nS, pA, prefs
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from htm_brian.engine.arrays import raw
from htm_brian.network.layer_inhibition import LayerInhibition
from htm_brian.network.sleeping_cells import AWAKE, SINCE
from htm_brian.network.temporal_memory import SpikingTemporalMemory
from htm_brian.parameters import Model, load_model

COLUMNS, CELLS, ACTIVE = 64, 4, 6
SMALL = {"activation_threshold": 4, "min_threshold": 3, "max_new_synapses": 6}
STATE = ("v", "v_proximal", "v_basal", "v_apical", "g_inhibition", "adaptation")


def elements(rounds: int) -> list[NDArray[np.int64]]:
    """Return two sequences again and again, with a random element and an empty one between."""
    rng = np.random.default_rng(5)
    drawn = [np.sort(rng.choice(COLUMNS, ACTIVE, replace=False)) for _ in range(8 + rounds)]
    found = []
    for k in range(rounds):
        found += [*drawn[:4], drawn[8 + k], *drawn[4:8]]
    return [*found, np.empty(0, dtype=np.int64), *drawn[:2]]


def memory(sleeping: bool | None, **more: object) -> SpikingTemporalMemory:
    """Return a small memory."""
    return SpikingTemporalMemory(COLUMNS, CELLS, sleeping=sleeping, seed=3, **{**SMALL, **more})


def in_vivo(deviation: float, **changes: object) -> Model:
    """Return the layer's model with noise of so many mV."""
    noise = {"membrane_noise.standard_deviation": deviation * mV}
    return load_model("minicolumns_in_vivo").with_values({**noise, **changes})


def spikes_of(tm: SpikingTemporalMemory, rounds: int) -> list[tuple[list[int], NDArray]]:
    """Return the spikes of each element, with a pause in the middle."""
    found = []
    for k, columns in enumerate(elements(rounds)):
        if k == 13:
            tm.reset()
        tm.compute(columns)
        found.append((tm.spike_cells.tolist(), tm.spike_times.copy()))
    return found


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="release fails"),
        pytest.param(
            {"model": in_vivo(2.0), "cell_model": "l5_in_vivo", "noise": "none"}, id="slow volleys"
        ),
        pytest.param({"neurons_per_cell": 2}, id="ensembles"),
    ],
)
def test_without_noise_the_same_neurons_spike_at_the_same_times(more: dict) -> None:
    prefs.codegen.target = "numpy"
    slept, stepped = (spikes_of(memory(sleeping, **more), 2) for sleeping in (True, False))
    assert sum(len(cells) for cells, _ in stepped) > 150
    for (cells, times), (others, other_times) in zip(slept, stepped, strict=True):
        assert cells == others
        np.testing.assert_allclose(times, other_times, rtol=0, atol=1e-7)


def test_most_neurons_and_branches_sleep() -> None:
    prefs.codegen.target = "numpy"
    tm = memory(True)
    spikes_of(tm, 2)
    sleeping = tm.layer.sleeping
    assert len(sleeping.awake.members) < 0.3 * len(tm.layer.neurons)
    assert len(sleeping.branches.awake.members) < 0.3 * tm.n_segments
    assert tm.n_segments > 20


def test_neurons_that_were_woken_are_where_they_would_be() -> None:
    prefs.codegen.target = "numpy"
    states = []
    for sleeping in (True, False):
        tm = memory(sleeping)
        for columns in elements(2)[:16]:
            tm.compute(columns)
        if sleeping:
            tm.layer.sleeping.wake()
            assert (raw(tm.layer.neurons, SINCE) == AWAKE).all()
        states.append({name: raw(tm.layer.neurons, name).copy() for name in STATE})
    slept, stepped = states
    for name in STATE:
        scale = {"g_inhibition": 1e-9, "adaptation": 1e-12}.get(name, 1e-3)
        np.testing.assert_allclose(slept[name], stepped[name], rtol=0, atol=2e-3 * scale)
    assert np.ptp(stepped["v"]) > 3e-4


def test_who_watches_potentials_sees_every_neuron() -> None:
    prefs.codegen.target = "numpy"
    traces = []
    for sleeping in (True, False):
        tm = memory(sleeping)
        for columns in elements(1)[:3]:
            tm.compute(columns)
        monitor = StateMonitor(tm.layer.neurons, "v", record=True)
        tm.network.add(monitor)
        for columns in elements(1)[3:6]:
            tm.compute(columns)
        if sleeping:
            assert len(tm.layer.sleeping.awake.members) == COLUMNS * CELLS
        traces.append(monitor.v / mV)
        tm.network.remove(monitor)
        for columns in elements(1)[6:8]:
            tm.compute(columns)
        if sleeping:
            assert len(tm.layer.sleeping.awake.members) < COLUMNS * CELLS
    np.testing.assert_allclose(*traces, rtol=0, atol=2e-3)


def test_a_stored_state_has_its_sleepers() -> None:
    prefs.codegen.target = "numpy"
    tm = memory(True, release="reliable", noise="none")
    for columns in elements(2)[:12]:
        tm.compute(columns)
    tm.network.store()
    found = []
    for _ in range(2):
        tm.network.restore(restore_random_state=True)
        for columns in elements(2)[12:16]:
            tm.compute(columns)
        found.append((tm.spike_cells.tolist(), tm.spike_times.tolist()))
    assert found[0] == found[1]
    assert len(found[0][0]) > 0


def test_branches_that_were_made_anew_sleep_too() -> None:
    prefs.codegen.target = "numpy"
    tm = memory(True)
    rng = np.random.default_rng(1)
    capacity = tm.layer.dendrites.capacity
    while tm.layer.dendrites.capacity == capacity:
        tm.compute(np.sort(rng.choice(COLUMNS, ACTIVE, replace=False)))
    tm.compute(elements(1)[0])
    assert tm.layer.sleeping.branches is tm.layer.dendrites.sleeping
    assert len(tm.layer.dendrites.sleeping.awake.members) < 0.3 * tm.layer.dendrites.capacity


@pytest.fixture(scope="module")
def potentials() -> dict[bool, NDArray[np.float64]]:
    """Return potentials (mV) of undriven neurons in noise as the next volley comes, many times."""
    prefs.codegen.target = "numpy"
    found = {}
    model = in_vivo(2.0, **{f"spread.{key}": 0.0 for key in ("threshold", "leak", "strength")})
    for sleeping in (True, False):
        tm = SpikingTemporalMemory(
            600, 1, sleeping=sleeping, seed=4, model=model, cell_model="l5_in_vivo", unchecked=True
        )
        drawn = []
        for k in range(12):
            tm.compute(np.arange(12) + 12 * (k % 4), learn=False)
            if k >= 6 and k % 2:
                if sleeping:
                    tm.layer.sleeping.wake()
                drawn.append(raw(tm.layer.neurons, "v")[60:].copy())
        found[sleeping] = 1e3 * np.concatenate(drawn)
    return found


def test_in_noise_potentials_are_drawn_from_the_same_distribution(
    potentials: dict[bool, NDArray[np.float64]],
) -> None:
    slept, stepped = potentials[True], potentials[False]
    assert len(slept) == 3 * 540
    assert ks_2samp(slept, stepped).pvalue > 1e-3
    # Standard errors of a mean and a deviation of so many draws are below .05 and .04 mV.
    assert slept.mean() == pytest.approx(stepped.mean(), abs=0.2)
    assert slept.std() == pytest.approx(stepped.std(), abs=0.15)
    assert 1.0 < stepped.std() < 2.1


def test_every_neuron_of_a_predicted_cell_is_awake() -> None:
    prefs.codegen.target = "numpy"
    tm = memory(True, model=in_vivo(2.0), cell_model="l5_in_vivo", neurons_per_cell=8)
    partly = 0
    for columns in elements(2)[:14]:
        tm.compute(columns)
        since = raw(tm.layer.neurons, SINCE).reshape(-1, 8)
        partly += int(((since == AWAKE).any(axis=1) & (since != AWAKE).any(axis=1)).sum())
        driven = raw(tm.layer.neurons, "basal_conductance").reshape(-1, 8)[:, 0] != 0
        assert (since[driven] == AWAKE).all()
    assert partly > 0  # it is not so because the neurons of a cell always sleep together


def test_nobody_sleeps_where_noise_might_reach_the_threshold() -> None:
    prefs.codegen.target = "numpy"
    tm = memory(True, model=in_vivo(5.0), cell_model="l5_in_vivo", unchecked=True)
    for columns in elements(1)[:4]:
        tm.compute(columns)
    assert len(tm.layer.sleeping.awake.members) == COLUMNS * CELLS


def test_a_current_keeps_a_neuron_awake() -> None:
    prefs.codegen.target = "numpy"
    tm = memory(True)
    columns, neuron = np.arange(ACTIVE), COLUMNS * CELLS - 1
    tm.layer.neurons.injected_current[neuron] = 2 * pA
    for _ in range(3):
        tm.compute(columns)
    assert neuron in tm.layer.sleeping.awake.members


def test_cells_with_graded_plateaus_do_not_sleep() -> None:
    tm = memory(True, cell_model="l5_reduced_fitted", unchecked=True)
    assert tm.layer.sleeping is None


def test_small_layers_do_not_sleep_unasked() -> None:
    assert memory(None).layer.sleeping is None


@pytest.mark.parametrize("delay", [18.0, 18.13, 18.24, 18.26, 19.999])
def test_the_steps_of_inhibition_are_those_in_which_its_interneuron_spikes(delay: float) -> None:
    prefs.codegen.target = "numpy"
    model = load_model("minicolumns").with_values({"layer_inhibition.delay": delay * ms})
    tm = memory(True, model=model)
    inhibition: LayerInhibition = tm.layer.inhibition
    conductance = float(model["layer_inhibition"]["conductance"] / nS)
    monitor = StateMonitor(tm.layer.neurons, "g_inhibition", record=[COLUMNS * CELLS - 1])
    tm.network.add(monitor)
    for _ in range(3):
        tm.compute(np.arange(ACTIVE))
    recorded = monitor.g_inhibition[0] / nS
    # A monitor sees a step's end at the start of the next.
    rises = [step for step, (before, now) in enumerate(pairwise(recorded)) if now > before]
    assert [recorded[step + 1] for step in rises] == pytest.approx([conductance] * 3)
    assert inhibition.steps() == rises

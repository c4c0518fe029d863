"""Neurons and branches that sleep do what those do that are stepped all the time."""

from __future__ import annotations

import gc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from brian2 import (
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    mV,
    nA,
    nS,
    pA,
    prefs,
)
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


def test_inhibition_from_before_the_steps_that_are_made_up_for_is_not_lost() -> None:
    prefs.codegen.target = "numpy"
    left = []
    for sleeping in (True, False):
        tm = memory(sleeping)
        for _ in range(5):
            tm.compute(np.arange(ACTIVE))
        # The last inhibition of the layer is then older than what a long sleeper does anew.
        tm.layer.advance(81 * ms)
        if sleeping:
            assert raw(tm.layer.neurons, SINCE)[-1] != AWAKE
            tm.layer.sleeping.wake()
        left.append(float(raw(tm.layer.neurons, "g_inhibition")[-1]))
    assert left[1] > 1e-13
    assert left[0] == pytest.approx(left[1], rel=1e-6, abs=0)


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


def same_spikes(found: list[list[tuple[list[int], NDArray]]]) -> None:
    """Assert that two runs have the same spikes at the same times."""
    assert sum(len(cells) for cells, _ in found[1]) > 20
    for (cells, times), (others, other_times) in zip(*found, strict=True):
        assert cells == others
        np.testing.assert_allclose(times, other_times, rtol=0, atol=1e-7)


@pytest.mark.parametrize(("step", "time", "following"), [(2, 0.5, 3), (3, 0.75, 3)])
def test_who_wakes_does_no_step_that_is_still_to_come(
    step: int, time: float, following: int
) -> None:
    sleeping = memory(True).layer.sleeping
    raw(sleeping.clock, "t")[0] = 0.5e-3
    cells = sleeping.awake._group.clock
    raw(cells, "timestep")[0], raw(cells, "t")[0] = step, time * 1e-3
    assert sleeping._next_step() == following


def stretches(tm: SpikingTemporalMemory, durations: list[float]) -> list[tuple[list[int], NDArray]]:
    """Return the spikes of stretches of so many ms, each with a volley, after one without."""
    found = []
    tm.layer.advance()
    for k, duration in enumerate(durations):
        tm.layer.drive(np.arange(4) + 4 * (k % 5))
        if k == 3:
            tm.layer.drive(np.arange(40, 44))
        events = tm.layer.advance(duration * ms)
        found.append((events.spike_cells.tolist(), events.spike_times - events.start))
    return found


@pytest.mark.parametrize(
    ("durations", "delay"),
    [
        pytest.param([50.0, 1.0, 3.25, 50.0, 7.1, 2.0, 60.0], 18.0, id="volleys on their way"),
        pytest.param([50.0, 18.0, 4.0, 60.0, 18.0, 25.0, 60.0], 18.0, id="inhibition called off"),
        pytest.param([50.0, 18.0, 4.0, 60.0, 18.0, 25.0, 60.0], 17.9, id="called off, between"),
    ],
)
def test_volleys_may_follow_each_other_at_any_time(durations: list[float], delay: float) -> None:
    prefs.codegen.target = "numpy"
    model = load_model("minicolumns").with_values({"layer_inhibition.delay": delay * ms})
    same_spikes(
        [
            stretches(memory(sleeping, model=model, noise="none"), durations)
            for sleeping in (True, False)
        ]
    )


def test_an_interneuron_that_rounding_keeps_silent_has_no_step() -> None:
    prefs.codegen.target = "numpy"
    model = load_model("minicolumns").with_values({"element.time_step": 0.1 * ms})
    inhibition = memory(True, model=model, unchecked=True).layer.inhibition
    dt = float(model["element"]["time_step"])
    for k in range(500):
        inhibition.due = [k * dt + 0.5 * dt, (k + 1) * dt - 0.5 * dt]
        for due, steps in ((due, inhibition._steps_of(due)) for due in inhibition.due):
            near = range(max(k - 1, 0), k + 3)
            assert steps == [n for n in near if n * dt - 0.5 * dt < due <= n * dt + 0.5 * dt][:1]


@pytest.mark.parametrize("drive", [True, False])
def test_a_current_reaches_a_sleeper(drive: bool) -> None:
    prefs.codegen.target = "numpy"
    neuron, found = COLUMNS * CELLS - 1, []
    for sleeping in (True, False):
        tm = memory(sleeping, noise="none")
        for _ in range(4):
            tm.compute(np.arange(ACTIVE))
        if sleeping:
            assert neuron not in tm.layer.sleeping.awake.members
        tm.layer.neurons.injected_current[neuron] = 1 * nA
        if drive:
            tm.layer.drive(np.arange(COLUMNS - ACTIVE, COLUMNS))
        events = tm.layer.advance(50 * ms)
        found.append([(events.spike_cells.tolist(), events.spike_times)])
        tm.layer.neurons.injected_current[neuron] = 0 * nA
    assert np.isin(neuron, found[1][0][0])
    if drive:
        same_spikes(found)
    else:
        assert found[0][0][0] == found[1][0][0]


def test_a_run_of_brian2_heeds_what_was_added(brian2_warnings_are_errors: list[str]) -> None:
    prefs.codegen.target = "numpy"
    neuron, found = COLUMNS * CELLS - 1, []
    for sleeping in (True, False):
        tm = memory(sleeping, noise="none")
        for columns in elements(1)[:5]:
            tm.compute(columns)
        if sleeping:
            assert neuron not in tm.layer.sleeping.awake.members
        now = tm.network.t
        source = SpikeGeneratorGroup(1, [0], [now + 5 * ms], clock=tm.layer.clock)
        synapse = Synapses(source, tm.layer.neurons, on_pre="v_post = -20*mV", clock=tm.layer.clock)
        synapse.connect(i=0, j=neuron)
        monitor = SpikeMonitor(tm.layer.neurons)
        tm.network.add(source, synapse, monitor)
        tm.layer.drive(elements(1)[5])
        tm.network.run(50 * ms)
        spikes = [(monitor.i[:].tolist(), monitor.t / ms)]
        tm.network.remove(source, synapse, monitor)
        for columns in elements(1)[6:]:
            tm.compute(columns)
            spikes.append((tm.spike_cells.tolist(), tm.spike_times.copy()))
        if sleeping:
            assert len(tm.layer.sleeping.awake.members) < COLUMNS * CELLS
        found.append(spikes)
    brian2_warnings_are_errors.clear()  # those that a stretch knows to expect
    assert neuron in found[1][0][0]
    same_spikes(found)


def test_sleepers_of_a_stored_state_wake_for_who_watches() -> None:
    prefs.codegen.target = "numpy"
    found = []
    for sleeping in (True, False):
        tm = memory(sleeping, release="reliable", noise="none")
        for columns in elements(2)[:8]:
            tm.compute(columns)
        monitor = StateMonitor(tm.layer.neurons, "v", record=[0])
        tm.network.add(monitor)
        tm.network.store()
        tm.compute(elements(2)[8])
        tm.network.restore(restore_random_state=True)
        spikes = []
        for columns in elements(2)[8:13]:
            tm.compute(columns)
            spikes.append((tm.spike_cells.tolist(), tm.spike_times.copy()))
            if sleeping:
                assert len(tm.layer.sleeping.awake.members) == COLUMNS * CELLS
        found.append(spikes)
    same_spikes(found)


@pytest.mark.parametrize("watched", [False, True])
def test_sleepers_of_a_file_wake_in_another_memory(watched: bool, tmp_path: Path) -> None:
    prefs.codegen.target = "numpy"
    found = []
    for sleeping in (True, False):
        state, spikes = str(tmp_path / str(sleeping)), []
        for first in (True, False):
            tm = memory(sleeping, release="reliable", noise="none")
            if first:
                for columns in elements(2)[:8]:
                    tm.compute(columns)
            if watched:
                tm.network.add(StateMonitor(tm.layer.neurons, "v", record=[0], name="watcher"))
            if first:
                tm.network.store(filename=state)
                del tm
                gc.collect()
        tm.network.restore(filename=state)
        for columns in elements(2)[8:12]:
            tm.compute(columns)
            spikes.append((tm.spike_cells.tolist(), tm.spike_times.copy()))
        found.append(spikes)
    same_spikes(found)

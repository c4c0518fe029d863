"""A branch as an event: threshold, plateau, depolarisation below the threshold."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, SpikeMonitor, StateMonitor, Synapses, ms, mV, nS, second

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.mechanisms.branch import DendriticBranches, on_release
from htm_brian.parameters import load_model

AMPLITUDE = "Schiller 2000 (abstract): 5.9 mV, SD 1.5"
HALF_WIDTH = "Schiller 2000 (abstract): 64.4 ms, SD 19.8"
AMPLIFICATION = "Schiller 2000 (abstract): 226 %, SD 46"
LOCAL = "Farinella 2011 (abstract): 40-50 mV, 50-100 ms"


def test_plateau_starts_at_the_threshold_and_lasts_its_time() -> None:
    branches = DendriticBranches(4, dt=1 * ms)
    onsets = SpikeMonitor(branches)
    net = Network(branches, onsets)
    net.run(10 * ms)
    branches.tally = [0, 12, 13, 40]
    net.run(1 * ms)
    branches.tally = 0
    assert onsets.i[:].tolist() == [2, 3]
    np.testing.assert_allclose(branches.plateau_onset[2:] / ms, 10)
    np.testing.assert_allclose(branches.plateau_end[2:] / ms, 68)
    assert (branches.plateau_end[:2] < 0 * second).all()
    trace = StateMonitor(branches, "conductance", record=2)
    net.add(trace)
    net.run(60 * ms)
    on = trace.conductance[0] / nS > 0
    assert on.sum() == 57 and on[:57].all()  # of 58 ms, one had passed


def test_lasting_input_prolongs_the_plateau_after_the_refractory_period() -> None:
    branches = DendriticBranches(1, dt=1 * ms)
    branches.tally = 20
    onsets = SpikeMonitor(branches)
    trace = StateMonitor(branches, "conductance", record=0)
    net = Network(branches, onsets, trace)
    net.run(90 * ms)
    branches.tally = 0
    net.run(60 * ms)
    np.testing.assert_allclose(onsets.t / ms, [0, 42, 84])
    on = trace.t[trace.conductance[0] / nS > 0] / ms
    assert on[0] == 1 and on[-1] == 141 and len(on) == 141  # one plateau, up to 84 ms + 58 ms


def test_matching_synapses_depolarise_and_too_few_do_nothing() -> None:
    """Rises as 1 - exp(-t/tau) towards the number of synapses, and decays as exp(-t/tau)."""
    branches = DendriticBranches(3, dt=1 * ms)
    branches.match_threshold = 8
    branches.potential_tally = [7, 8, 20]
    net = Network(branches)
    net.run(30 * ms)
    tau = branches.match_time_constant
    risen = np.array([0, 8, 20]) * (1 - np.exp(-30 * ms / tau))
    np.testing.assert_allclose(branches.depolarisation, risen, rtol=1e-9)
    branches.potential_tally = 0
    net.run(50 * ms)
    left = risen * np.exp(-50 * ms / tau)
    np.testing.assert_allclose(branches.depolarisation, left, rtol=1e-9)
    expected = left * branches.match_conductance / nS
    np.testing.assert_allclose(branches.conductance / nS, expected, rtol=1e-9)


def test_parameters_change_by_name() -> None:
    branches = DendriticBranches(1, dt=1 * ms)
    branches.activation_threshold = 8
    branches.plateau_duration = 100 * ms
    branches.tally = 8
    Network(branches).run(1 * ms)
    assert branches.plateau_end[0] / ms == pytest.approx(100)


def test_plateau_grows_with_the_logarithm_of_the_synapses_above_the_threshold() -> None:
    """What decays as exp(-t/tau) from k to the threshold takes tau log(k/threshold)."""
    branches = DendriticBranches(4, dt=1 * ms)
    branches.plateau_growth = 75 * ms
    synapses = np.array([13, 15, 20, 40])
    branches.tally = synapses
    Network(branches).run(1 * ms)
    np.testing.assert_allclose(branches.plateau_end / ms, 58 + 75 * np.log(synapses / 13))


@pytest.fixture
def fitted() -> DendriticBranches:
    """Two branches with plateaus of 20 ms, and 60 ms more for each e-fold of synapses above 10."""
    model = load_model("l5_reduced_fitted").with_values(
        {
            "branch.activation_threshold": 10,
            "branch.plateau_duration": 20 * ms,
            "branch.plateau_growth": 60 * ms,
        }
    )
    return DendriticBranches(3, model, dt=1 * ms)


def test_late_synapses_prolong_a_plateau_by_what_they_add(fitted: DendriticBranches) -> None:
    """12 synapses that decay for 5 ms and 8 fresh ones; none that are withdrawn shorten it."""
    onsets = SpikeMonitor(fitted)
    net = Network(fitted, onsets)
    fitted.tally = [12, 12, 9]
    net.run(5 * ms)
    fitted.tally = [20, 11, 10]
    net.run(10 * ms)
    assert onsets.count[:].tolist() == [1, 1, 1]
    np.testing.assert_allclose(fitted.plateau_onset / ms, [0, 0, 5])
    still_open = 12 / 10 * np.exp(-5 / 60)
    expected = [25 + 60 * np.log(still_open + 0.8), 20 + 60 * np.log(1.2), 25]
    np.testing.assert_allclose(fitted.plateau_end / ms, expected)


def test_synapses_after_a_plateau_prolong_nothing(fitted: DendriticBranches) -> None:
    net = Network(fitted)
    fitted.tally = [10, 0, 0]
    net.run(25 * ms)
    fitted.tally = 20
    net.run(5 * ms)
    np.testing.assert_allclose(fitted.plateau_end[0] / ms, 20)


def test_a_depolarised_owner_lowers_the_threshold_and_prolongs_the_plateau() -> None:
    """At 0.4/mV, 10 mV take 4 synapses off; however depolarised, one synapse is needed."""
    branches = DendriticBranches(6, dt=1 * ms)
    branches.threshold_fall = 0.4 / mV
    branches.plateau_growth = 75 * ms
    branches.owner_depolarisation = [0, 10, 10, 10, 60, 60] * mV
    branches.tally = [12, 8, 9, 20, 0, 1]
    onsets = SpikeMonitor(branches)
    Network(branches, onsets).run(1 * ms)
    assert onsets.i[:].tolist() == [2, 3, 5]
    np.testing.assert_allclose(branches.plateau_end[2] / ms, 58)
    np.testing.assert_allclose(branches.plateau_end[3] / ms, 58 + 75 * np.log(20 / 9))


def test_to_rest_forgets_everything() -> None:
    branches = DendriticBranches(1, dt=1 * ms)
    branches.tally, branches.depolarisation, branches.owner_depolarisation = 20, 5, 5 * mV
    Network(branches).run(2 * ms)
    branches.to_rest()
    assert branches.conductance[0] / nS == 0
    assert branches.tally[0] == 0 and branches.plateau_onset[0] < 0 * second
    assert branches.owner_depolarisation[0] == 0 * mV


def test_description_names_units_and_sources() -> None:
    branches = DendriticBranches(1)
    Network(branches).run(1 * ms)  # Brian2 warns of a group that was in no run
    text = branches.describe()
    assert "conductance = plateau_conductance*int(t < plateau_end)" in text
    assert "activation_threshold : 1 (shared, constant)  # 13; " in text


@pytest.fixture
def responses() -> dict[str, np.ndarray]:
    """Soma and basal compartment, mV above rest, of resting cells with one branch each.

    Branches with 1 synapse, 20 that are not connected, 13, 20, and a plateau alone.
    """
    cells = PyramidalCells(5, dt=0.1 * ms)
    branches = DendriticBranches(5, dt=1 * ms)
    drive = Synapses(branches, cells, "basal_conductance_post = conductance_pre : siemens (summed)")
    drive.connect(j="i")
    branches.potential_tally = [1, 20, 13, 20, 0]
    branches.tally = [1, 0, 13, 20, 13]
    soma = StateMonitor(cells, ["v", "v_basal"], record=True, dt=0.5 * ms)
    spikes = SpikeMonitor(cells)
    net = Network(cells, branches, drive, soma, spikes)
    net.run(1 * ms)
    branches.tally = 0
    net.run(29 * ms)
    branches.potential_tally = 0
    net.run(171 * ms)
    assert spikes.num_spikes == 0
    return {"t": soma.t / ms, "v": soma.v / mV + 70, "v_basal": soma.v_basal / mV + 70}


ONE, BELOW, AT_THRESHOLD, TWENTY, PLATEAU = range(5)


def test_calibrated_plateau_amplitude_at_the_soma(responses: dict[str, np.ndarray]) -> None:
    peak = responses["v"][PLATEAU].max()
    assert peak == pytest.approx(5.9, abs=0.06), f"{peak:.2f} mV; {AMPLITUDE}"
    for who in (AT_THRESHOLD, TWENTY):  # with the synapses' own conductance on top
        peak = responses["v"][who].max()
        assert 4.4 <= peak <= 7.4, f"{peak:.2f} mV; {AMPLITUDE}"


def test_calibrated_plateau_half_width_at_the_soma(responses: dict[str, np.ndarray]) -> None:
    v = responses["v"][PLATEAU]
    above = responses["t"][v > v.max() / 2]
    width = above[-1] - above[0]
    assert width == pytest.approx(64.4, abs=1), f"{width:.1f} ms; {HALF_WIDTH}"


def test_calibrated_plateau_in_the_compartment(responses: dict[str, np.ndarray]) -> None:
    peak = responses["v_basal"][PLATEAU].max()
    assert peak == pytest.approx(50, abs=0.5), f"{peak:.1f} mV; {LOCAL}"


def test_depolarisation_without_a_plateau_stays_far_below_one(
    responses: dict[str, np.ndarray],
) -> None:
    """At most what Schiller 2000 expects of linear summation, so it cannot pass for a plateau."""
    peak = responses["v"][BELOW].max()
    linear = responses["v"][PLATEAU].max() / 2.26
    assert 0.5 <= peak <= linear, f"{peak:.2f} mV, linear {linear:.2f} mV; {AMPLIFICATION}"
    assert responses["v"][ONE].max() < 1e-6


@pytest.fixture
def graded() -> DendriticBranches:
    """Branches that 10 open synapses sustain, with a transition from 8 to 12."""
    model = load_model("l5_reduced_fitted").with_values(
        {
            "branch.activation_threshold": 10 * np.e**0.25,
            "branch.plateau_duration": 15 * ms,
            "branch.plateau_growth": 60 * ms,
            "branch.plateau_conductance": 4 * nS,
            "branch.match_conductance": 0.1 * nS,
            "branch.transition_width": 0.4,
        }
    )
    return DendriticBranches(5, model, dt=1 * ms)


def test_a_graded_plateau_rises_around_what_sustains_it(graded: DendriticBranches) -> None:
    graded.still_open = [0, 8, 9, 10, 12]
    graded.potentially_open = [5, 8, 9, 10, 12]
    Network(graded).run(0 * ms)
    share = np.array([0, 0, 0.25**2 * 2.5, 0.5, 1])
    np.testing.assert_allclose(
        graded.conductance / nS, 4 * share + 0.1 * np.array([5, 8, 9, 10, 12]), atol=1e-9
    )


def test_half_a_graded_plateau_is_left_when_its_event_ends(graded: DendriticBranches) -> None:
    """Whatever the number of synapses; they close with the time constant by which it grows."""
    synapses = np.array([13, 15, 20, 30, 40])
    graded.tally = graded.still_open = synapses
    net = Network(graded)
    net.run(1 * ms)
    ends = np.array(graded.plateau_end / ms)
    np.testing.assert_allclose(ends, 15 + 60 * np.log(synapses / (10 * np.exp(0.25))))
    net.run(24 * ms)
    np.testing.assert_allclose(graded.still_open, synapses * np.exp(-25 / 60))
    np.testing.assert_allclose(graded.still_open * np.exp((25 - ends) / 60), 10)


def test_a_release_opens_receptors_only_where_plateaus_are_graded() -> None:
    assert on_release(load_model("l5_reduced"), "w") == "tally_post += w\npotential_tally_post += 1"
    graded = on_release(load_model("l5_reduced_fitted"), "w", "n")
    assert "still_open_post += w\npotentially_open_post += n" in graded


def test_a_graded_plateau_needs_a_time_constant() -> None:
    model = load_model("l5_reduced").with_values({"branch.transition_width": 0.4})
    with pytest.raises(ValueError, match="needs a plateau_growth above 0"):
        DendriticBranches(1, model)

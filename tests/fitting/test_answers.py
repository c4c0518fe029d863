"""Answers of candidates, held against the same cells stimulated and measured in the usual way."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

from htm_brian.electrophysiology.stimulation import Stimulus, stimulate
from htm_brian.electrophysiology.traces import after_hyperpolarisations, width_above
from htm_brian.engine.compiling import uncompiled
from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.fitting import answers
from htm_brian.fitting.detailed_cell import FITTED, Condition, Target
from htm_brian.fitting.resting import input_resistance
from htm_brian.parameters import load_model

BURST = Condition("burst", "pulses", FITTED, 1.9, 5, 1, 0, 0.5, 5, 120)
EARLY = Condition("early", "pulses", FITTED, 1.9, 5, 1, 0, 0.5, -30, 120)
SLOW = Condition("slow", "subthreshold", FITTED, -0.2, 500, 1, 0, 0, 5, 500)
STEP = 0.2 * ms
MEASURES = (
    "spikes",
    "latency",
    "first_interval",
    "nexus_peak",
    "nexus_width",
    "after_hyperpolarisation",
)


@pytest.fixture(scope="module")
def model():
    # One basal branch and one of the tuft: what is measured does not depend on how many there are.
    return load_model("l5_thick_tufted").with_values(
        {"basal.branches": 1, "basal.segments": 1, "tuft.branches": 1}
    )


def measured(model, *conditions_and_measures, values=None):
    targets = [Target(each, measure, 1.0) for each, measure in conditions_and_measures]
    with uncompiled():
        return answers.answers(model, targets, values or {}, STEP, SilentProgress())


def test_a_burst_is_measured_as_the_protocols_measure_it(model):
    stimulus = Stimulus(1)
    time = np.arange(700) * 0.2 - 20
    pulse = 1.9e-9 * ((time >= -1e-9) & (time < 5 - 1e-9))
    stimulus.currents["soma"] = pulse[:, None]
    stimulus.currents["nexus"] = 0.5e-9 * answers.NEXUS_INPUT.at(1e-3 * (time - 5))[:, None]
    traces = stimulate(model, stimulus, 140 * ms, STEP, SilentProgress(), record=("v", "v_nexus"))
    spikes = traces.spikes[0] * 1e3 - 20
    time, nexus = traces.time * 1e3, traces.potential("nexus")
    known = [
        len(spikes),
        spikes[0],
        spikes[1] - spikes[0],
        nexus.max(),
        width_above(time, nexus, answers.LEVEL)[0],
        after_hyperpolarisations(time, traces.potential("soma"), [spikes + 20], start=20)[0],
    ]
    found = measured(model, *((BURST, measure) for measure in MEASURES))
    np.testing.assert_allclose(found[0], known, rtol=0.01)


def test_each_candidate_has_its_own_values_and_geometry(model):
    values = {
        "soma.leak_conductance": np.array([12.4e-9, 20e-9]),
        "nexus.length": np.array([110e-6, 300e-6]),
        "hcn.nexus_density": np.array([460.0, 30.0]),
    }
    wanted = [(BURST, "nexus_peak"), (BURST, "spikes"), (BURST, "soma_rest")]
    together = measured(model, *wanted, values=values)
    for k in range(2):
        alone = answers.with_si(model, values, values, k)
        np.testing.assert_allclose(together[k], measured(alone, *wanted)[0], rtol=1e-9)
    assert not np.allclose(together[0], together[1])


def test_an_input_before_the_pulse_counts_from_its_own_beginning(model):
    strong = replace(EARLY, nexus_current=2.5)
    (row,) = measured(model, (strong, "latency"), (strong, "spikes"), (strong, "nexus_peak"))
    assert row[0] < 0  # the input to the nexus alone makes a spike, before the pulse begins
    assert row[1] > 1


def test_a_small_step_has_the_closed_form(model):
    small = replace(SLOW, soma_current=-0.05)
    (row,) = measured(model, (small, "soma_steady"), (small, "soma_largest"), (small, "soma_rise"))
    # 5 %: the h-current is a little curved, and the cell comes to rest beside where it begins.
    assert row[0] == pytest.approx(-5e-11 * input_resistance(model) * 1e3, rel=0.05)
    assert row[1] <= row[0] < 0
    assert row[2] == pytest.approx(0, abs=0.05)


def test_what_an_answer_lacks_has_no_value(model):
    silent = replace(BURST, soma_current=0.1, nexus_current=0.0)
    wanted = ("spikes", "latency", "first_interval", "after_hyperpolarisation")
    (row,) = measured(model, *((silent, measure) for measure in wanted))
    assert row[0] == 0
    assert np.isnan(row[1:]).all()


@pytest.mark.parametrize("name", ["l5_reduced", "passive", "minicolumns"])
def test_only_a_spiking_tree_with_a_nexus_can_be_held_against_the_cell(name):
    with pytest.raises(InputError, match="only a cell of level 2 that spikes and has a nexus"):
        answers.require(load_model(name))

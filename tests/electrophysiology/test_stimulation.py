"""What the cells of a bench get: synapses at their times, currents to their cells, own values."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms

from htm_brian import load_model
from htm_brian.cells.biophysical import on_glutamate
from htm_brian.electrophysiology.stimulation import Stimulus, evenly, stimulate
from htm_brian.experiment.progress import SilentProgress
from htm_brian.fitting.resting import input_resistance


def test_times_lie_evenly_in_the_middle_of_equal_parts() -> None:
    assert evenly(2.0, 8.0, 4).tolist() == [3, 5, 7, 9]
    assert evenly(2.0, 8.0, 0).size == 0


def test_each_cell_gets_its_own_synapses_and_parameters() -> None:
    """Cells 0 and 2 get nothing, cell 1 three synapses, cell 3 the same without NMDA."""
    model = load_model("l5_thick_tufted")
    stimulus = Stimulus(4)
    for cell in (1, 3):
        stimulus.glutamate(cell, "basal_0_0", np.full(3, 5e-3))
    unitary = model["nmda"]["unitary_conductance"]
    stimulus.values["nmda.unitary_conductance"] = unitary * np.array([1, 1, 1, 0])
    found = stimulate(model, stimulus, 20 * ms, 0.1 * ms, SilentProgress())
    soma = found.potential("soma")
    assert found.complete and soma.shape == (4, 200)
    rise = soma[:, -1] - soma[:, 0]
    assert rise[0] == rise[2] and rise[1] > rise[3] > rise[0] + 0.05
    assert (soma[:, found.time < 4.9e-3] == soma[:1, found.time < 4.9e-3]).all()
    assert all(len(train) == 0 for train in found.spikes)


def test_currents_go_to_their_cells_and_steps() -> None:
    """A constant current, and a step that comes later to the other cell."""
    model = load_model("passive")
    current = 1e-12
    step = np.zeros((600, 2))
    step[300:, 1] = current
    constant, later = Stimulus(2), Stimulus(2)
    constant.currents["soma"] = np.array([0.0, current])
    later.currents["soma"] = step
    volts = []
    for stimulus in (constant, later):
        found = stimulate(model, stimulus, 60 * ms, 0.1 * ms, SilentProgress())
        volts.append(found.potential("soma"))
    assert (volts[0][0] == volts[1][0]).all()
    assert volts[1][1, 300:] - volts[1][0, 300:] == pytest.approx(
        volts[0][1, :300] - volts[0][0, :300], abs=1e-9
    )
    assert 0 < volts[0][1, -1] - volts[0][0, -1] <= 1e3 * current * input_resistance(model)


def test_a_synapse_fires_what_it_is_told() -> None:
    stimulus = Stimulus(1)
    stimulus.glutamate(0, "soma", 0.01)
    assert [*stimulus.events] == [on_glutamate("soma")]
    ((cell, times),) = stimulus.events[on_glutamate("soma")]
    assert cell == 0 and times.tolist() == [0.01]

"""The cell solved without a time step, against closed forms where there are any."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, nA, nS, pA, pF, second

from htm_brian.cells.exact import spike_times
from htm_brian.cells.reduced_response import input_conductance
from htm_brian.mechanisms.compartment import COMPARTMENTS
from htm_brian.parameters import Model, load_model


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("l5_reduced")


def nearly_alone(model: Model, increment: float) -> Model:
    """Return the cell with compartments too weakly coupled to matter."""
    weak = {"proximal": 1.0, "basal": 0.1, "apical": 0.1}
    changes = {f"{name}.coupling_conductance": weak[name] * nS for name in COMPARTMENTS}
    changes |= {"proximal.leak_conductance": 1 * nS, "basal.leak_conductance": 0.5 * nS}
    changes |= {"apical.leak_conductance": 0.5 * nS, "adaptation.increment": increment * pA}
    changes |= {"soma.leak_conductance": 100 * nS, "soma.membrane_capacitance": 1000 * pF}
    return model.with_values(changes)


def test_a_soma_alone_fires_at_the_closed_form_interval(model: Model) -> None:
    """``C/g ln(I / (I - g 20 mV))``; `g` is the leak, 100 nS, and at most the couplings, 1.2 nS."""
    times = spike_times(nearly_alone(model, 0.0), 4 * nA, 1 * second)
    shortest, longest = sorted(1e3 / g * np.log(4000 / (4000 - g * 20)) for g in (100, 101.2))
    intervals = np.diff(times) * 1e3
    assert shortest * 0.999 <= intervals.min() <= intervals.max() <= longest * 1.001


def test_rheobase(model: Model) -> None:
    closed = 20e-3 * float(input_conductance(model))
    assert len(spike_times(model, 0.999 * closed * 1e9 * nA, 2 * second)) == 0
    assert len(spike_times(model, 1.001 * closed * 1e9 * nA, 2 * second)) > 0


def test_strong_current_is_held_back_by_the_refractory_period(model: Model) -> None:
    times = spike_times(model, 500 * nA, 100 * ms)
    assert np.diff(times).min() >= 3e-3 - 1e-12
    assert np.diff(times).mean() < 3.5e-3


def test_adaptation_lengthens_the_intervals_up_to_a_limit(model: Model) -> None:
    adapting = model.with_values({"adaptation.increment": 15 * pA})
    intervals = np.diff(spike_times(adapting, 1 * nA, 2 * second))
    assert np.all(np.diff(intervals) > -1e-9)
    assert intervals[-1] / intervals[0] > 1.05
    free = np.diff(spike_times(model.with_values({"adaptation.increment": 0 * pA}), 1 * nA, second))
    assert np.ptp(free[1:]) < 1e-4, "without adaptation nothing changes after the first intervals"

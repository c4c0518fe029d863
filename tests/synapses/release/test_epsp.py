"""Time course of a potential: peak, rise, half-width; and the equations that make it in Brian2."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, StateMonitor, ms, mV

from htm_brian.synapses.release.epsp import TimeCourse


def test_the_equations_make_the_time_course() -> None:
    course = TimeCourse.with_rise_time(1e-3, 16e-3)
    cell = NeuronGroup(1, course.equations(), method="exact")
    cell.drive = 0.7 * mV
    trace = StateMonitor(cell, "v", record=True)
    Network(cell, trace).run(60 * ms)
    expected = 0.7e-3 * course.at(np.asarray(trace.t))
    np.testing.assert_allclose(np.asarray(trace.v[0]), expected, atol=1e-9)


def test_peak_rise_and_half_width_agree_with_the_curve() -> None:
    course = TimeCourse.with_rise_time(0.9e-3, 17.8e-3)
    t = np.linspace(0, 0.2, 400_001)
    v = course.at(t)
    assert t[np.argmax(v)] == pytest.approx(course.time_to_peak, abs=1e-6)
    assert v.max() == pytest.approx(1, abs=1e-9)
    assert np.ptp(t[v >= 0.5]) == pytest.approx(course.half_width, abs=2e-6)
    rising = t[: np.argmax(v)][(v[: np.argmax(v)] >= 0.2) & (v[: np.argmax(v)] <= 0.8)]
    assert np.ptp(rising) == pytest.approx(0.9e-3, abs=2e-6)


@pytest.mark.parametrize("rise_time", [0.0, 9e-3])
def test_a_rise_that_the_decay_does_not_allow(rise_time: float) -> None:
    with pytest.raises(ValueError, match="^rise_time must lie between 0 and"):
        TimeCourse.with_rise_time(rise_time, 10e-3)

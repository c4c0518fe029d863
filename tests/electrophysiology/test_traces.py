"""Features of traces whose answers are known: eFEL with our settings, and without eFEL."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from brian2.units import ms

from htm_brian.electrophysiology.traces import (
    after_hyperpolarisations,
    depolarisations,
    features,
    first,
    step_response,
    width_above,
    with_spikes,
)
from htm_brian.errors import InputError
from htm_brian.synapses.release.epsp import TimeCourse

TIME = np.arange(0, 400, 0.1)
COURSE = TimeCourse(2e-3, 20e-3)
REST = -70.0


def potential(amplitude: float, start: float = 100.0) -> np.ndarray:
    return REST + amplitude * COURSE.at((TIME - start) * 1e-3)


def test_peak_and_half_width_of_a_potential_are_those_of_its_closed_form() -> None:
    found = depolarisations(TIME, [potential(0.1), potential(6)], start=100)
    np.testing.assert_allclose(found.peak, [0.1, 6], rtol=1e-3)
    np.testing.assert_allclose(found.half_width, COURSE.half_width * 1e3, atol=0.2)


def test_a_potential_that_the_trace_cuts_off_has_no_half_width() -> None:
    ends = TIME < 110
    found = depolarisations(TIME[ends], [potential(6)[ends]], start=100)
    assert np.isnan(found.half_width).all() and found.peak[0] == pytest.approx(6, rel=1e-3)


@pytest.mark.parametrize("resistance", [20.0, 40.0])
def test_resistance_time_constant_and_sag_of_a_membrane(resistance: float) -> None:
    begin, end, tau, current = 100.0, 350.0, 15.0, -0.2
    charged = 1 - np.exp(-np.clip(TIME - begin, 0, end - begin) / tau)
    charged *= np.exp(-np.clip(TIME - end, 0, None) / tau)
    trace = REST + current * resistance * charged
    found = step_response(TIME, trace, current, begin, end)
    assert found.resistance == pytest.approx(resistance, rel=1e-3)
    assert found.time_constant == pytest.approx(tau, rel=0.05)
    assert found.sag == pytest.approx(1, abs=1e-3)


def test_drawn_spikes_are_found_where_they_are() -> None:
    spikes = [[120.0, 130.0, 160.0, 200.0], []]
    drawn = with_spikes(TIME, np.full((2, TIME.size), -55.0), spikes)
    found = features(
        TIME, drawn, ["all_ISI_values", "spike_count", "time_to_first_spike"], start=100, end=300
    )
    np.testing.assert_allclose(found["all_ISI_values"][0], [10, 30, 40], atol=1e-6)
    assert [int(each[0]) for each in found["spike_count"]] == [4, 0]
    assert first(found["time_to_first_spike"])[0] == pytest.approx(20)
    assert np.isnan(first(found["time_to_first_spike"])[1])


def test_an_after_hyperpolarisation_is_what_comes_after_the_last_spike() -> None:
    def dips(*depths: float) -> np.ndarray:
        return REST - sum(
            depth * COURSE.at((TIME - 60 * (number + 2)) * 1e-3)
            for number, depth in enumerate(depths)
        )

    traces = [dips(9, 2), dips(3), np.full(TIME.size, REST)]
    found = after_hyperpolarisations(TIME, traces, [[120, 180], [120], []], start=100)
    left = 9 * float(COURSE.at(60e-3))  # of the first dip, when the second spike comes
    assert 2 < found[0] < 2 + left
    assert found[1] == pytest.approx(3, rel=1e-3) and np.isnan(found[2])


def test_settings_of_others_change_nothing() -> None:
    efel = pytest.importorskip("efel")
    efel.set_setting("Threshold", -100.0)
    efel.set_setting("voltage_base_start_perc", 0.1)
    try:
        trace = np.where(TIME < 50, REST - 20, REST)
        found = features(TIME, trace, ["voltage_base", "spike_count"], start=100, end=300)
        assert found["voltage_base"][0][0] == pytest.approx(REST)
        assert found["spike_count"][0][0] == 0
    finally:
        efel.reset()


def test_without_efel_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efel", None)
    with pytest.raises(ModuleNotFoundError, match="pip install efel") as error:
        depolarisations(TIME, [potential(6)], start=100)
    assert "\n" not in str(error.value)


def test_width_above_a_level_is_that_of_the_triangle_at_that_height() -> None:
    time = np.arange(0, 40, 0.1)
    triangle = np.maximum(0, 10 - np.abs(time - 20.03))
    widths = width_above(time, np.array([triangle, 2 * triangle]), [4.0, 4.0])
    assert widths == pytest.approx([12, 16], abs=1e-6)
    assert width_above(time, triangle, 11.0).tolist() == [0]


def test_width_counts_what_is_above_when_the_trace_begins_or_ends() -> None:
    time = np.arange(0, 10, 1.0)
    assert width_above(time, np.full((1, 10), 5.0), 1.0) == pytest.approx([9])


UNEVEN = np.concatenate([np.arange(0, 50, 0.025), np.arange(50, 100, 0.5)])
EVEN = np.arange(0, 100, 0.1)


@pytest.mark.parametrize(
    ("time", "spikes", "message"),
    [
        (UNEVEN, [[75.0]], "time must be evenly spaced and increase, got a step of 0.025 ms at 0"),
        (EVEN[::-1], [[75.0]], "time must be evenly spaced and increase, got a step of -0.1 ms"),
        (EVEN[:1], [[0.0]], "time must have two samples or more, got 1"),
        (EVEN, [[150.0]], "spikes must lie inside the trace, from 0 to 99.9 ms, got 150 ms"),
        (EVEN, [[-1.0]], "spikes must lie inside the trace, from 0 to 99.9 ms, got -1 ms"),
        (EVEN, [[np.nan]], "spikes must be finite, got nan"),
        (EVEN, [], r"spikes must hold a sequence of times for each of 1 traces, got \[\]"),
        (EVEN, [[5.0] * ms], "spikes must be a plain number in ms, got "),
        (EVEN * ms, [[5.0]], "time must be a plain number in ms, got "),
    ],
)
def test_uneven_times_and_spikes_outside_are_refused(
    time: np.ndarray, spikes: list[object], message: str
) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        with_spikes(time, np.full((1, np.size(time)), REST), spikes)  # type: ignore[arg-type]


def test_features_name_what_is_wrong() -> None:
    trace = np.full((1, EVEN.size), REST)
    for changes, message in (
        ({"names": ["voltage_bose"]}, "names must be of eFEL's features, got 'voltage_bose'"),
        ({"names": "voltage_base"}, "names must be a sequence of features' names"),
        ({"start": 10 * ms}, "start must be a plain number in ms"),
        ({"threshold": [1, 2, 3]}, "threshold must be one number or one for each of 1 traces"),
        ({"traces": trace[:, :-1]}, r"traces must have the shape \(n_traces, 1000\) of the time"),
        ({"traces": trace * np.nan}, "traces must be finite, got nan"),
    ):
        arguments = {"traces": trace, "names": ["voltage_base"], "start": 10, "end": 20} | changes
        with pytest.raises(InputError, match=f"^{message}"):
            features(EVEN, **arguments)  # type: ignore[arg-type]

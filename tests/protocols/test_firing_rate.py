"""The protocol on short steps: what it measures, what it demands, what it says beside that."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from brian2 import mA, ms, mV, second

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.firing_rate import draw
from htm_brian.protocols.firing_rate import FiringRateParameters
from htm_brian.protocols.firing_rate.checks import checks
from htm_brian.protocols.firing_rate.current_steps import later_slowing, slope, slowing
from htm_brian.protocols.firing_rate.epsp_summation import VOLLEY
from htm_brian.protocols.firing_rate.rate_detection import deviation
from htm_brian.protocols.firing_rate.reference import HAY_RATES

SHORT = FiringRateParameters(
    n_currents=13,
    duration=200 * ms,
    train_duration=150 * ms,
    n_trials=2000,
    n_branches=60,
    n_detailed_branches=2,
)
TOO_SHORT = {
    "level 2: slope of the rate from 0.619 to 1 nA",
    "level 2: last interspike interval over that after 0.3 s, smallest",
}
"""Steps of 0.2 s end before slow adaptation sets in, and before 0.3 s."""
MISSED = TOO_SHORT | {
    "level 2, AMPA and NMDA: of an EPSP left when the next comes after 25 ms",
    "level 2, AMPA and NMDA: of an EPSP left when the next comes after 12.5 ms",
    "late over first potential in a train less that of the sum of fitted time courses, "
    "level 2, relative",
}
"""What the biophysical cell does not do as layer-5 cells, or as the forum, have it."""


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("firing_rate")(SHORT).run(SilentProgress())


def failed(dataset: xr.Dataset) -> set[str]:
    return {check.name for check in checks(dataset) if not check.passed}


def test_all_checks_hold_but_those_that_the_documents_name(outcome: Outcome) -> None:
    assert failed(outcome.dataset) == MISSED
    paths = [row[0] for row in outcome.parameter_rows]
    assert "feedforward.time_constant" in paths and "nmda.magnesium" in paths


@pytest.mark.parametrize("level", [1, 2])
def test_the_curve_is_silent_below_the_rheobase_and_rises_above(
    outcome: Outcome, level: int
) -> None:
    cell = outcome.dataset.sel(level=level)
    below = cell.current < float(cell.rheobase)
    assert (cell.rate.where(below, drop=True) == 0).all()
    above = cell.rate.where(~below, drop=True)
    # In so short a run the calcium spike at the onset makes most of level 2's lowest rates.
    assert (above > 0).all() and float(above[-1]) > {1: 3, 2: 2.5}[level] * float(above[0])
    assert cell.latency.where(below, drop=True).isnull().all()


def test_the_detailed_cell_stands_beside_it_without_a_verdict(outcome: Outcome) -> None:
    for current, rate in HAY_RATES.items():
        assert outcome.metrics[f"rate at {current:g} nA, Hay 2011, Hz"] == rate
        assert current in outcome.dataset.current
    assert not any("rate at" in check.name for check in outcome.checks)


def test_an_ampa_potential_ends_at_about_40_hz_and_nmda_receptors_prolong_it(
    outcome: Outcome,
) -> None:
    over = outcome.dataset.over
    assert 12.5 < float(over.sel(synapse="AMPA")) <= 25, "overlaps at 80 Hz, not at 40 Hz"
    long = outcome.dataset.half_width
    assert float(long.sel(synapse="AMPA and NMDA")) > 4 * float(long.sel(synapse="AMPA"))
    volley = outcome.dataset.late_over_first.sel(synapse=VOLLEY)
    assert (volley.diff("train") > 0).all()


def test_a_narrower_window_and_a_lower_rate_detect_less(outcome: Outcome) -> None:
    exact = outcome.dataset.detection
    assert (exact.diff("window") >= 0).all() and (exact.diff("input_rate") >= 0).all()
    wrong = exact + 0.2 * (exact < 0.5)
    assert deviation(wrong, exact, 400) > 4 > deviation(exact, exact, 400)


def test_first_last_and_later_intervals_of_a_train() -> None:
    burst_then_regular = [10.0, 15.0, 20.0, 310.0, 350.0, 395.0]
    times = xr.DataArray(
        [[*burst_then_regular, np.nan], [5.0, 9.0] + [np.nan] * 5],
        dims=("current", "spike"),
        coords={"current": [0.5, 1.0]},
    )
    np.testing.assert_allclose(slowing(times), [45 / 5, np.nan])
    np.testing.assert_allclose(later_slowing(times), [45 / 40, np.nan])
    rate = xr.DataArray([5.0, 20.0], dims="current", coords={"current": [0.5, 1.0]})
    assert slope(rate, 0.5, 1.0) == 30


def test_figures(outcome: Outcome) -> None:
    figures = draw(outcome.dataset)
    assert set(figures) == {"current_steps", "presynaptic_rate"}
    for figure in figures.values():
        for axes in figure.axes:
            assert axes.get_xlabel() and axes.get_ylabel() and axes.lines


def test_a_curve_that_falls_and_one_that_is_off_do_not_pass(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong["rate"][:, -1] = 0
    wrong["spike_time"] = wrong.spike_time * 1.02
    wrong["latency"] = -wrong.latency
    wrong["superposed"] = 1.1 * wrong.superposed
    assert failed(wrong) - MISSED == {
        "level 1: steps of the curve on which the rate falls",
        "level 1: mean interspike interval less exact one, largest, relative",
        "level 1: first-spike latency less exact one, largest, relative",
        "level 2: steps of the curve on which the rate falls",
        "level 2: change of the first-spike latency from one current to the next, largest",
        "late over first potential in a train less that of the sum of single ones, any, relative",
    }


def test_a_curve_without_a_spike_fails_and_can_be_drawn(outcome: Outcome) -> None:
    silent = outcome.dataset.copy(deep=True)
    silent["rate"] *= 0
    for name in ("spike_time", "latency", "rheobase"):
        silent[name] *= np.nan
    assert {"level 1: rheobase", "level 2: rheobase"} <= failed(silent)
    draw(silent)


class Stopped(SilentProgress):
    interrupted = True


def test_stopped_half_way() -> None:
    short = FiringRateParameters(n_currents=3, duration=50 * ms)
    result = load_protocol("firing_rate")(short).run(Stopped())
    assert result.partial and not result.passed
    assert draw(result.dataset) == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_currents": 2}, "n_currents must be at least 3, got 2"),
        ({"duration": 0 * second}, r"duration must be positive, got 0\. s"),
        ({"probe_current": 1 * mA}, r"probe_current must be negative, got 1\. mA"),
        ({"model": "nonsense"}, "unknown model 'nonsense'; known models: "),
        (
            {"model": "minicolumns"},
            "minicolumns is a network of level 1 where a cell",
        ),
        ({"detailed_model": "passive"}, r"firing_rate needs a table \[spike\]"),
        ({"duration": 3 * mV}, r"duration must have a unit like s, got 3\. mV"),
        ({"duration": 0.5 * ms}, r"duration must be at least 10 time steps, got 0\.5 ms"),
        ({"train_duration": 50 * ms}, r"train_duration must be at least 100\. ms, got 50\. ms"),
        ({"n_branches": 3}, "n_branches must be at least 50, got 3"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        load_protocol("firing_rate")(FiringRateParameters(**changes))

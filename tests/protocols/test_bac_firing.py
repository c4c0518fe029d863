"""The quick form of the protocol: what it measures, what it demands."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from brian2 import mA, ms, mV

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.bac_firing import draw
from htm_brian.protocols.bac_firing import BACFiringParameters
from htm_brian.protocols.bac_firing.checks import checks
from htm_brian.protocols.bac_firing.measurement import critical_frequency


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("bac_firing").in_quick_form().outcome(SilentProgress())


@pytest.mark.slow
def test_every_check_holds_but_the_rise_and_the_after_hyperpolarisations(outcome: Outcome) -> None:
    missed = {check.name for check in outcome.checks if not check.passed}
    assert missed == {
        "width of the transition at the critical frequency",
        "after-hyperpolarisation, one spike",
        "after-hyperpolarisation, burst",
        *(f"after-hyperpolarisation, train of {n} spikes at 50 Hz" for n in (1, 2, 3)),
    }


def peaks(*values: float) -> xr.DataArray:
    frequencies = np.linspace(30, 200, len(values))
    return xr.DataArray(list(values), dims="frequency", coords={"frequency": frequencies})


def test_critical_frequency_and_width_are_crossings_of_50_and_of_10_and_90_percent() -> None:
    frequencies = np.linspace(30, 200, 69)
    values = -60 + 50 / (1 + np.exp(-(frequencies - 97) / 4))
    middle, width = critical_frequency(peaks(*values))
    assert (middle, width) == pytest.approx((97, 4 * 2 * np.log(9)), rel=0.03)
    ramp = np.linspace(-60, -10, 69)
    assert critical_frequency(peaks(*ramp)) == pytest.approx((115, 0.8 * 170))


def test_a_leap_and_a_slow_rise_after_it_are_one_rise() -> None:
    leap = np.where(np.arange(69) < 30, -60.0, -10.0)
    middle, width = critical_frequency(peaks(*leap))
    assert (middle, width) == pytest.approx((30 + 29.5 * 2.5, 0.8 * 2.5))
    # Half of the way at once, the rest over all further frequencies.
    slow = np.where(np.arange(69) < 30, -60.0, np.linspace(-60 - 50 / 38 * 30 + 25, 15, 69))
    assert critical_frequency(peaks(*slow))[1] > 60


def test_a_flat_curve_has_no_critical_frequency() -> None:
    assert np.isnan(critical_frequency(peaks(*np.linspace(-60, -55, 69)))).all()


@pytest.mark.slow
def test_a_train_makes_five_spikes_and_a_calcium_spike_adds_more(outcome: Outcome) -> None:
    cell = outcome.dataset.sel(layer="layer 5")
    assert (cell.frequency_count.sel(frequency=slice(None, 60)) == 5).all()
    assert (cell.frequency_count.sel(frequency=slice(130, None)) > 5).all()
    assert cell.slow_count.to_numpy().tolist() == [1, 2, 3, 4, 5]


@pytest.mark.slow
def test_the_detailed_cell_stands_beside_it_without_a_verdict(outcome: Outcome) -> None:
    assert outcome.metrics["first interval, ms, Hay 2011"] == 9.7
    assert "peak of the nexus, mV" in outcome.metrics


@pytest.mark.slow
def test_cells_without_a_calcium_spike_do_not_pass(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    here = {"layer": "layer 5"}
    for name in ("alone_width", "with_spike_width", "delay_width"):
        wrong[name].loc[here] = 0.0
    wrong["late_peak"].loc[here] = -60.0
    wrong["basic_count"].loc[here | {"stimulus": "both"}] = 1
    wrong["alone_width"].loc[{"layer": "layer 2/3"}] = 40.0
    failed = {check.name for check in checks(wrong) if not check.passed}
    assert failed >= {
        "spikes after both together",
        "threshold of the calcium spike, lowered by a spike by",
        "earliest input to the nexus, after the spike, that makes a burst",
        "latest input to the nexus, after the spike, that makes a burst",
        "critical frequency",
        "width of the transition at the critical frequency",
        "layer 2/3: longest dendritic event, input up to threefold, alone or with a spike",
    }


@pytest.mark.slow
def test_figures(outcome: Outcome) -> None:
    figures = draw(outcome.dataset)
    assert set(figures) == {"traces", "curves"}
    assert len(figures["traces"].axes) == 8
    assert np.isfinite(outcome.dataset.basic_nexus).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_currents": 2}, "n_currents must be at least 4"),
        ({"soma_current": -1 * mA}, "soma_current must be positive"),
        ({"event_duration": 3 * mV}, "event_duration must have a unit like s, got 3"),
        ({"duration": 100 * ms}, r"duration must be at least 240\. ms"),
        ({"model": "passive"}, r"bac_firing needs a table \[calcium_spike\]"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        load_protocol("bac_firing")(BACFiringParameters(**changes))

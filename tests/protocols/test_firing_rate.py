"""The protocol on a short step: what it measures, what it demands, what it says beside that."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import mA, ms, mV, nA, second

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.firing_rate import draw
from htm_brian.protocols.firing_rate import HAY_RATES, FiringRateParameters, checks

SHORT = FiringRateParameters(n_currents=13, duration=500 * ms)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("firing_rate")(SHORT).run(SilentProgress())


def test_every_check_holds(outcome: Outcome) -> None:
    assert outcome.passed, [check.as_dict() for check in outcome.checks if not check.passed]
    paths = [row[0] for row in outcome.parameter_rows]
    assert "soma.leak_conductance" in paths


def test_the_curve_is_silent_below_the_rheobase_and_rises_above(outcome: Outcome) -> None:
    dataset = outcome.dataset
    below = dataset.current < float(dataset.rheobase)
    assert (dataset.rate.where(below, drop=True) == 0).all()
    assert (dataset.rate.where(~below, drop=True).diff("current") > 0).all()


def test_the_detailed_cell_stands_beside_it_without_a_verdict(outcome: Outcome) -> None:
    for current, rate in HAY_RATES.items():
        assert outcome.metrics[f"rate at {current:g} nA, Hay 2011, Hz"] == rate
        assert current in outcome.dataset.current
    assert not any("Hay" in check.name + check.source for check in outcome.checks)


def test_figure(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    left, right = figure.axes
    assert len(left.lines) == 4 and len(right.lines) >= 2


def test_a_curve_that_falls_and_one_that_is_off_do_not_pass(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong["rate"][-1] = 0
    wrong["spike_time"] = wrong.spike_time * 1.02
    failed = {check.name for check in checks(wrong) if not check.passed}
    assert failed == {
        "steps of the curve on which the rate falls",
        "mean interspike interval less exact one, largest, relative",
    }


def test_a_curve_without_a_spike_fails_and_can_be_drawn() -> None:
    weak = FiringRateParameters(highest_current=0.2 * nA, n_currents=3, duration=20 * ms)
    result = load_protocol("firing_rate")(weak).run(SilentProgress())
    assert not result.passed and np.isnan(float(result.dataset.rheobase))
    draw(result.dataset)


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
        ({"model": "minicolumns"}, r"unknown table \[element\].*models/minicolumns\.toml"),
        ({"duration": 3 * mV}, r"duration must have a unit like s, got 3\. mV"),
        ({"duration": 0.5 * ms}, r"duration must be at least 10 time steps, got 0\.5 ms"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        load_protocol("firing_rate")(FiringRateParameters(**changes))

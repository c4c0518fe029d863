"""The quick form of the protocol: what it measures, what it demands."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, mV, pA

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.relay_modes import draw
from htm_brian.protocols.relay_modes import RelayModesParameters
from htm_brian.protocols.relay_modes.checks import checks
from htm_brian.protocols.relay_modes.measurement import burst_size, n_bursts


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("relay_modes").in_quick_form().outcome(SilentProgress())


def test_every_check_holds(outcome: Outcome) -> None:
    assert outcome.passed, [check.as_dict() for check in outcome.checks if not check.passed]


def test_the_gate_opens_with_the_hyperpolarisation_and_the_burst_with_the_gate(
    outcome: Outcome,
) -> None:
    data = outcome.dataset
    assert (data.gate.diff("duration") > 0).all()
    assert (data.duration_size.diff("duration") >= 0).all()
    assert data.gate[0] < 0.01 and data.gate[-1] > 0.5


def test_the_example_shows_both_modes(outcome: Outcome) -> None:
    spikes = outcome.dataset.spike_time
    burst, tonic, blocked = (np.diff(row[~np.isnan(row)]) for row in spikes.to_numpy())
    assert (burst < 4).sum() >= 1 and tonic.min() > 20 and blocked.min() > 20


def test_a_cell_that_bursts_always_or_never_does_not_pass(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong["duration_size"][:] = 9
    wrong["tonic_bursts"][:] = 1
    wrong["blocked_bursts"][:] = 1
    wrong["tonic_rate"][:] = np.resize([80.0, 20.0], wrong.sizes["tonic_step"])
    failed = [check.name for check in checks(wrong) if not check.passed]
    assert len(failed) == 5, failed
    wrong["duration_size"][:] = 1
    wrong["duration_interval"][:] = np.nan
    failed = [check.name for check in checks(wrong) if not check.passed]
    assert len(failed) == 6, failed


def test_a_burst_comes_after_a_silence_and_has_short_intervals() -> None:
    train = np.array([0.0, 3, 6, 11, 50, 53, 200, 203.9, 300, 400.5])
    assert burst_size(train) == 3
    assert burst_size(train, 1) == 2, "50 comes too soon after 11"
    assert burst_size(train, 250) == 1
    assert burst_size(train, 500) == 0
    assert n_bursts(train, -1) == 2 and n_bursts(train, 150) == 1


def test_figure(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 5


@pytest.mark.slow
def test_the_default_run_passes() -> None:
    outcome = load_protocol("relay_modes")().run(SilentProgress())
    assert outcome.passed, [check.as_dict() for check in outcome.checks if not check.passed]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_steps": 1}, "n_steps must be at least 2"),
        ({"step": -3 * pA}, "step must be positive, got -3"),
        ({"hyperpolarised": 3 * ms}, "hyperpolarised must have a unit like V"),
        ({"hyperpolarised": -50 * mV}, "hyperpolarised must lie below depolarised"),
        ({"highest_step": 50 * pA}, "highest_step must exceed lowest_step"),
        ({"longest": 50 * ms}, r"longest must be at least 150\. ms"),
        ({"model": "l5_thick_tufted"}, r"relay_modes needs a table \[t_current\]"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        load_protocol("relay_modes")(RelayModesParameters(**changes))

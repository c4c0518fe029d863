"""The protocol with few synapses: closed forms, the crossing, and checks that can fail."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome
from htm_brian.figures.stdp_and_frequency import draw
from htm_brian.protocols.stdp_and_frequency import (
    StdpAndFrequency,
    StdpAndFrequencyParameters,
    measurement,
)
from htm_brian.protocols.stdp_and_frequency.checks import checks, expected_at_random

SMALL = StdpAndFrequencyParameters(synapses=800, random_synapses=40)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measurement, "INTERVALS", (-100, -25, 5, 100))
        patch.setattr(measurement, "RATES", (1.0, 5.0, 10.0, 50.0))
        patch.setattr(measurement, "PULSES", 150)
        return StdpAndFrequency(SMALL).run(SilentProgress())


def test_curves_and_random_trains_are_as_their_closed_forms(outcome: Outcome) -> None:
    values = {check.name: check for check in outcome.checks}
    # 800 synapses draw: the bands of the curve are two standard errors of so many.
    for name, check in values.items():
        if "closed form" in name and "random timing" not in name:
            assert check.passed, name
        if "calcium rule" in name:
            middle = 0.5 * (check.low + check.high)
            assert check.value == pytest.approx(middle, abs=0.1), name
    crossing = "hippocampus, 900 pulses: turns from depression to potentiation (claim)"
    assert 5 < values[crossing].value < 10


def test_random_trains_change_as_the_closed_form_at_all_rates(outcome: Outcome) -> None:
    z = (
        outcome.dataset.random - expected_at_random(outcome.dataset)
    ) / outcome.dataset.random_error
    assert abs(z.sel(random_rule=["pair_stdp", "triplet_stdp_cortex"])).max() < 4


def test_a_curve_that_does_not_cross_fails(outcome: Outcome) -> None:
    dataset = outcome.dataset.copy(deep=True)
    dataset["long_train"] = dataset.long_train * 0 + 0.5
    failed = {check.name for check in checks(dataset) if not check.passed}
    assert "hippocampus, 900 pulses: turns from depression to potentiation (claim)" in failed
    assert "hippocampus, 900 pulses at 50 Hz (claim)" in failed


def test_its_figure_is_drawn_from_the_dataset(outcome: Outcome) -> None:
    assert set(draw(outcome.dataset)) == {"stdp_and_frequency"}
    assert np.isfinite(outcome.dataset.timing).all()


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="synapses must be at least 800, got 10"):
        StdpAndFrequencyParameters(synapses=10)

"""The protocol at a coarse step: what it measures, what it demands."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, mV

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.prediction_lead import draw
from htm_brian.protocols.prediction_lead import PredictionLeadParameters, checks

SHORT = PredictionLeadParameters(most_basal=30, duration=220 * ms, time_step=0.1 * ms)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return load_protocol("prediction_lead")(SHORT).run(SilentProgress())


@pytest.mark.slow
def test_every_check_holds(outcome: Outcome) -> None:
    assert outcome.passed, [check.as_dict() for check in outcome.checks if not check.passed]


@pytest.mark.slow
def test_the_stronger_the_volley_the_sooner_the_spike_and_the_smaller_the_lead(
    outcome: Outcome,
) -> None:
    latency, predicted = outcome.dataset.latency, outcome.dataset.predicted_latency
    assert (latency.diff("strength") < 0).all() and (predicted.diff("strength") < 0).all()
    assert ((latency - predicted).diff("strength") < 0).all()


@pytest.mark.slow
def test_few_synapses_on_the_branch_bring_little(outcome: Outcome) -> None:
    lead = outcome.dataset.unpredicted - outcome.dataset.latency_by_basal
    assert float(lead.sel(basal=3)) < 0.25 * float(lead.sel(basal=20))


@pytest.mark.slow
def test_a_cell_that_fires_without_a_volley_does_not_pass(outcome: Outcome) -> None:
    wrong = outcome.dataset.copy(deep=True)
    wrong["spikes_without_volley"][-1] = 1
    wrong["latency_by_delay"][2] = np.nan
    failed = {check.name for check in checks(wrong) if not check.passed}
    assert failed == {
        "most spikes that one NMDA spike alone makes, any number of synapses",
        "smallest lead, NMDA spike 10-50 ms before the volley",
    }


@pytest.mark.slow
def test_figure(outcome: Outcome) -> None:
    (figure,) = draw(outcome.dataset).values()
    assert len(figure.axes) == 4 and all(axes.lines for axes in figure.axes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"volley_strength": 0.5}, "volley_strength must be at least 1"),
        ({"delay": 3 * mV}, "delay must be a positive time"),
        ({"duration": 100 * ms}, "duration must be at least 220 ms"),
        ({"model": "passive"}, r"prediction_lead needs a table \[spike\]"),
    ],
)
def test_bad_parameters(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        load_protocol("prediction_lead")(PredictionLeadParameters(**changes))
